//! Atomics and reductions: scalar, vector, 128 bits.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::memory::{self, Access};
use super::operand::{Address, Width};
use super::step::{Done, Step};
use crate::ir::compute::Compute;
use crate::ir::op::Space;
use crate::ir::{Op, Operand, Reg, Type};
use crate::memory::AtomicOp;

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

const WORDS: &[&str] = &["add", "and", "or", "xor", "exch", "cas", "min", "max", "inc", "dec"];

fn atomic_op(word: &str, ty: Type) -> Result<AtomicOp, Refusal> {
    let bits = ty.bits();
    let integer = !ty.float() && matches!(bits, 32 | 64);
    let half = matches!(ty, Type::F16 | Type::F16x2);
    let brain = matches!(ty, Type::Bf16 | Type::Bf16x2);
    Ok(match word {
        "add" if matches!(ty, Type::F32 | Type::F64) => AtomicOp::AddFloat,
        "add" if half => AtomicOp::AddHalf,
        "min" if half => AtomicOp::MinHalf,
        "max" if half => AtomicOp::MaxHalf,
        "add" if brain => AtomicOp::AddBrain,
        "min" if brain => AtomicOp::MinBrain,
        "max" if brain => AtomicOp::MaxBrain,
        "exch" if integer => AtomicOp::Exchange,
        "cas" if integer || ty == Type::B16 => AtomicOp::CompareExchange,
        _ if !integer => return Err(Refusal::Unsupported),
        "add" => AtomicOp::Add,
        "and" => AtomicOp::And,
        "or" => AtomicOp::Or,
        "xor" => AtomicOp::Xor,
        "min" if ty.signed() => AtomicOp::MinSigned,
        "max" if ty.signed() => AtomicOp::MaxSigned,
        "min" => AtomicOp::MinUnsigned,
        "max" => AtomicOp::MaxUnsigned,
        "inc" if ty == Type::U32 => AtomicOp::IncrementWrap,
        "dec" if ty == Type::U32 => AtomicOp::DecrementWrap,
        _ => return Err(Refusal::Unsupported),
    })
}

/// `atom` and `red`
pub fn atom(step: &mut S<'_, '_, '_, '_>) -> Done {
    let returns = step.form.opcode == "atom";
    let access = memory::access(step);
    let ty = step.form.ty()?;
    let word = WORDS.iter().find(|word| step.form.take(word)).ok_or(Refusal::Unsupported)?;
    let first = usize::from(returns);
    let sources = if *word == "cas" { 2 } else { 1 };
    memory::operands(step, first + 1 + sources, access.policy)?;
    let address = step.address(first)?;
    let space = memory::resolve(step, access.space, &address)?;
    if access.release {
        step.emit(Op::Fence);
    }
    let place = Place { space, address, at: first };
    if ty == Type::B128 {
        wide(step, word, returns, &place)?;
    } else if access.elements > 1 {
        let op = atomic_op(word, ty)?;
        vector(step, (op, ty), returns, &place, &access)?;
    } else {
        let op = atomic_op(word, ty)?;
        scalar(step, (op, ty), returns, &place)?;
    }
    if access.acquire {
        step.emit(Op::Fence);
    }
    Ok(())
}

/// Where an atomic goes, and which operand says so.
struct Place {
    space: Space,
    address: Address,
    at: usize,
}

fn scalar(step: &mut S<'_, '_, '_, '_>, (op, ty): (AtomicOp, Type), returns: bool, place: &Place) -> Done {
    let to = match (returns, step.written(0)?) {
        (false, _) | (true, Written::Name("_")) => None,
        _ => Some(step.target(0, ty)?),
    };
    let (compare, operand) = if op == AtomicOp::CompareExchange {
        (step.source(place.at + 1, ty)?, step.source(place.at + 2, ty)?)
    } else {
        (Operand::Imm(0), step.source(place.at + 1, ty)?)
    };
    let Address { base: address, offset, .. } = place.address;
    let (space, bytes) = (place.space, ty.bytes());
    step.emit(Op::Atomic { space, op, bytes, align: bytes, to, address, offset, operand, compare });
    Ok(())
}

/// Each element is indivisible by itself.
fn vector(
    step: &mut S<'_, '_, '_, '_>,
    (op, ty): (AtomicOp, Type),
    returns: bool,
    place: &Place,
    access: &Access,
) -> Done {
    use AtomicOp::{AddBrain, AddFloat, AddHalf, MaxBrain, MaxHalf, MinBrain, MinHalf};
    let floats = matches!(op, AddFloat | AddHalf | MinHalf | MaxHalf | AddBrain | MinBrain | MaxBrain);
    if !floats || ty == Type::F64 {
        return Err(Refusal::Unsupported);
    }
    let written = memory::vector(step, place.at + 1, access.elements, ty)?;
    let mut sources = Vec::with_capacity(written.len());
    for element in written {
        sources.push(step.source_of(element, ty, Width::Exact)?);
    }
    let mut targets: Vec<Option<Reg>> = vec![None; written.len()];
    if returns {
        for (target, element) in targets.iter_mut().zip(memory::vector(step, 0, access.elements, ty)?) {
            if *element != Written::Name("_") {
                *target = Some(step.target_of(element, ty, Width::Exact)?);
            }
        }
    }
    // A target may be the source of a later element: all are written at the end.
    let fresh: Vec<Option<Reg>> =
        targets.iter().map(|target| target.map(|_| step.body.fresh(ty.bits()))).collect();
    let bytes = ty.bytes();
    for (index, (&operand, &to)) in sources.iter().zip(&fresh).enumerate() {
        step.emit(Op::Atomic {
            space: place.space,
            op,
            bytes,
            align: if index == 0 { bytes * written.len() as u32 } else { bytes },
            to,
            address: place.address.base,
            offset: place.address.offset.wrapping_add(i64::from(bytes) * index as i64),
            operand,
            compare: Operand::Imm(0),
        });
    }
    for (to, from) in targets.into_iter().flatten().zip(fresh.into_iter().flatten()) {
        step.compute(Compute::Copy, to, &[Operand::Reg(from)])?;
    }
    Ok(())
}

/// 128 bits: `exch` and `cas`.
fn wide(step: &mut S<'_, '_, '_, '_>, word: &str, returns: bool, place: &Place) -> Done {
    let to = match (returns, step.written(0)?) {
        (false, _) | (true, Written::Name("_")) => None,
        (true, written) => Some(step.wide_register(written)?),
    };
    let source = |step: &mut S<'_, '_, '_, '_>, index: usize| -> Result<[Operand; 2], Refusal> {
        let written = step.written(index)?;
        Ok(step.wide_register(written)?.map(Operand::Reg))
    };
    let (compare, operand) = match word {
        "exch" => (None, source(step, place.at + 1)?),
        "cas" => (Some(source(step, place.at + 1)?), source(step, place.at + 2)?),
        _ => return Err(Refusal::Unsupported),
    };
    let Address { base: address, offset, .. } = place.address;
    step.emit(Op::AtomicWide { space: place.space, to, address, offset, operand, compare });
    Ok(())
}

//! Bits, comparisons, selections.

use smallvec::SmallVec;

use super::super::ast::Operand as Written;
use super::Refusal;
use super::form::kind;
use super::operand::Width;
use super::step::{Done, Step};
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::{Operand, Reg, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `lop3.or.b32 d|p, a, b, c, table, q`: p is (d != 0) or q.
pub fn lop3(step: &mut S<'_, '_, '_, '_>) -> Done {
    let boolean = step.form.take_any(BOOLEANS).ok_or(Refusal::Unsupported)?;
    let (first, second) = step.pair(0)?;
    let mut from = [Operand::Imm(0); 4];
    for (at, from) in from.iter_mut().enumerate() {
        *from = step.source(at + 1, Type::B32)?;
    }
    let (q, negated) = step.predicate(5)?;
    let value = step.value(Compute::Int(Int::Lop3, Type::B32), 32, &from)?;
    let some = Compute::Compare(Comparison::Ne, Type::B32, false);
    let some = step.value(some, 1, &[value, Operand::Imm(0)])?;
    let q = if negated { step.value(Compute::Int(Int::Not, Type::Pred), 1, &[q])? } else { q };
    let both = step.value(Compute::Int(boolean, Type::Pred), 1, &[some, q])?;
    let to = step.target_of(first, Type::B32, Width::Exact)?;
    step.compute(Compute::Copy, to, &[value])?;
    let Some(second) = second else { return Ok(()) };
    let to = step.target_of(second, Type::Pred, Width::Exact)?;
    step.compute(Compute::Copy, to, &[both])
}

/// `prmt`
pub fn prmt(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("f4e", 0u64), ("b4e", 1), ("rc8", 2), ("ecl", 3), ("ecr", 4), ("rc16", 5)];
    let mode = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b, c) = (step.source(1, ty)?, step.source(2, ty)?, step.source(3, ty)?);
    step.int(Int::PrmtMode, ty, to, &[a, b, c, Operand::Imm(mode)])
}

/// Comparisons: the word, the meaning for floats, signed and unsigned.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("eq", Comparison::Eq),
    ("ne", Comparison::Ne),
    ("lt", Comparison::Lt),
    ("le", Comparison::Le),
    ("gt", Comparison::Gt),
    ("ge", Comparison::Ge),
    ("equ", Comparison::Equ),
    ("neu", Comparison::Neu),
    ("ltu", Comparison::Ltu),
    ("leu", Comparison::Leu),
    ("gtu", Comparison::Gtu),
    ("geu", Comparison::Geu),
    ("num", Comparison::Num),
    ("nan", Comparison::Nan),
];

/// Comparisons that are unsigned whatever the type.
const UNSIGNED: &[(&str, Comparison)] =
    &[("lo", Comparison::Lt), ("ls", Comparison::Le), ("hi", Comparison::Gt), ("hs", Comparison::Ge)];

const BOOLEANS: &[(&str, Int)] = &[("and", Int::And), ("or", Int::Or), ("xor", Int::Xor)];

fn comparison(step: &mut S<'_, '_, '_, '_>, ty: Type) -> Result<(Comparison, Type), Refusal> {
    if let Some(comparison) = step.form.take_any(UNSIGNED) {
        let unsigned = match ty.bits() {
            _ if ty.float() => return Err(Refusal::Unsupported),
            16 => Type::U16,
            32 => Type::U32,
            64 => Type::U64,
            _ => return Err(Refusal::Unsupported),
        };
        return Ok((comparison, unsigned));
    }
    Ok((step.form.take_any(COMPARISONS).ok_or(Refusal::Unsupported)?, ty))
}

/// The value of `cmp[.bool]` for sources 1 and 2 (and predicate 3), and the second one: of two floats in a register the
/// high ones' value, else that of the complement.
fn compare(
    step: &mut S<'_, '_, '_, '_>,
    ty: Type,
    wants_second: bool,
) -> Result<(Operand, Option<Operand>), Refusal> {
    let (comparison, compared) = comparison(step, ty)?;
    let boolean = step.form.take_any(BOOLEANS);
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    let ftz = step.form.has(kind::FTZ);
    let not = Compute::Int(Int::Not, Type::Pred);
    let compute = Compute::Compare(comparison, compared.half().unwrap_or(compared), ftz);
    let mut results: SmallVec<[Operand; 2]> = SmallVec::new();
    match compared.half() {
        Some(half) => {
            for at in [0, half.bits()] {
                let part = [Operand::Imm(u64::from(at)), Operand::Imm(u64::from(half.bits()))];
                let a = step.value(Compute::Extract, half.bits(), &[a, part[0], part[1]])?;
                let b = step.value(Compute::Extract, half.bits(), &[b, part[0], part[1]])?;
                results.push(step.value(compute, 1, &[a, b])?);
            }
        }
        None => {
            results.push(step.value(compute, 1, &[a, b])?);
            if wants_second {
                results.push(step.value(not, 1, &[results[0]])?);
            }
        }
    }
    if let Some(boolean) = boolean {
        let (mut c, negated) = step.predicate(3)?;
        if negated {
            c = step.value(not, 1, &[c])?;
        }
        for result in &mut results {
            *result = step.value(Compute::Int(boolean, Type::Pred), 1, &[*result, c])?;
        }
    }
    Ok((results[0], results.get(1).copied()))
}

/// `setp`
pub fn setp(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = step.form.ty()?;
    let (first, second) = step.pair(0)?;
    let (p, q) = compare(step, ty, second.is_some())?;
    let to = step.target_of(first, Type::Pred, Width::Exact)?;
    step.compute(Compute::Copy, to, &[p])?;
    if let (Some(q), Some(second)) = (q, second) {
        let to = step.target_of(second, Type::Pred, Width::Exact)?;
        step.compute(Compute::Copy, to, &[q])?;
    }
    Ok(())
}

/// `set`
pub fn set(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (result, ty) = step.form.types2()?;
    let (value, high) = compare(step, ty, false)?;
    let to = step.target(0, result)?;
    let Some(high) = high else { return step.compute(Compute::Spread(result), to, &[value]) };
    // A half for each comparison: 1.0, or all ones.
    let half = result.half().unwrap_or(Type::U16);
    if result.bits() != 2 * half.bits() {
        return Err(Refusal::Unsupported);
    }
    let low = step.value(Compute::Spread(half), half.bits(), &[value])?;
    let high = step.value(Compute::Spread(half), half.bits(), &[high])?;
    step.compute(Compute::Combine, to, &[low, high, Operand::Imm(u64::from(half.bits()))])
}

/// `selp`
pub fn selp(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    let (c, negated) = step.predicate(3)?;
    let (a, b) = if negated { (b, a) } else { (a, b) };
    step.compute(Compute::Select, to, &[a, b, c])
}

/// `slct`
pub fn slct(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (ty, sign) = step.form.types2()?;
    if !matches!(sign, Type::S32 | Type::F32) {
        return Err(Refusal::Unsupported);
    }
    let to = step.target(0, ty)?;
    let (a, b, c) = (step.source(1, ty)?, step.source(2, ty)?, step.source(3, sign)?);
    step.compute(Compute::SelectSign(sign, step.form.has(kind::FTZ)), to, &[a, b, c])
}

/// `mov`: a value, an address, or parts and wholes.
pub fn mov(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = step.form.ty()?;
    match (step.written(0)?, step.written(1)?) {
        _ if ty == Type::B128 => move_wide(step),
        (Written::Vector(..), _) => unpack(step, ty),
        (_, Written::Vector(..)) => pack(step, ty),
        _ => {
            let to = step.target(0, ty)?;
            let value = step.source(1, ty)?;
            step.compute(Compute::Copy, to, &[value])
        }
    }
}

/// `mov.b128` between registers of 128 bits and pairs of 64 bits.
fn move_wide(step: &mut S<'_, '_, '_, '_>) -> Done {
    let halves = match *step.written(1)? {
        Written::Vector(..) => match step.elements(1)? {
            [low, high] => [
                step.source_of(low, Type::B64, Width::Exact)?,
                step.source_of(high, Type::B64, Width::Exact)?,
            ],
            parts => return step.error(format!("{} parts of .b128 where 2 are possible", parts.len())),
        },
        written => step.wide_register(&written)?.map(Operand::Reg),
    };
    // The whole may be one of the parts' registers.
    let [low, high] = halves;
    let halves = [step.value(Compute::Copy, 64, &[low])?, step.value(Compute::Copy, 64, &[high])?];
    let to = match *step.written(0)? {
        Written::Vector(..) => match step.elements(0)? {
            [low, high] => [
                step.target_of(low, Type::B64, Width::Exact)?,
                step.target_of(high, Type::B64, Width::Exact)?,
            ],
            parts => return step.error(format!("{} parts of .b128 where 2 are possible", parts.len())),
        },
        written => step.wide_register(&written)?,
    };
    for (to, half) in to.into_iter().zip(halves) {
        step.compute(Compute::Copy, to, &[half])?;
    }
    Ok(())
}

fn part_type(ty: Type, parts: usize) -> Result<Type, Refusal> {
    match ty.bits() as usize / parts.max(1) {
        8 => Ok(Type::B8),
        16 => Ok(Type::B16),
        32 => Ok(Type::B32),
        _ => Err(Refusal::Unsupported),
    }
}

fn unpack(step: &mut S<'_, '_, '_, '_>, ty: Type) -> Done {
    let parts = step.elements(0)?;
    let part = part_type(ty, parts.len())?;
    let value = step.source(1, ty)?;
    // The whole may be one of the parts' registers.
    let value = step.value(Compute::Copy, ty.bits(), &[value])?;
    for (index, written) in parts.iter().enumerate() {
        let to: Reg =
            step.target_of(written, part, if part == Type::B8 { Width::Wider } else { Width::Exact })?;
        let shift = Operand::Imm(index as u64 * u64::from(part.bits()));
        step.compute(Compute::Extract, to, &[value, shift, Operand::Imm(u64::from(part.bits()))])?;
    }
    Ok(())
}

fn pack(step: &mut S<'_, '_, '_, '_>, ty: Type) -> Done {
    let parts = step.elements(1)?;
    let part = part_type(ty, parts.len())?;
    let to = step.target(0, ty)?;
    let mut whole = Operand::Imm(0);
    for (index, written) in parts.iter().enumerate() {
        let value =
            step.source_of(written, part, if part == Type::B8 { Width::Wider } else { Width::Exact })?;
        let shift = Operand::Imm(index as u64 * u64::from(part.bits()));
        let value = match part {
            Type::B8 => step.value(Compute::Extract, 64, &[value, Operand::Imm(0), Operand::Imm(8)])?,
            _ => value,
        };
        whole = step.value(Compute::Combine, ty.bits(), &[whole, value, shift])?;
    }
    step.compute(Compute::Copy, to, &[whole])
}

//! Bits, comparisons, selections.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::form::kind;
use super::operand::Width;
use super::step::{Done, Step};
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::{Operand, Reg, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// Integer ops whose sources have the result's type, those from the second on `.u32` if they are counts.
fn bits(step: &mut S<'_, '_, '_, '_>, op: Int, result: Option<Type>, counts_from: usize) -> Done {
    step.form.takes(0)?;
    let ty = step.form.ty()?;
    let compute = Compute::Int(op, ty);
    let sources = compute.sources();
    step.count(sources + 1, sources + 1)?;
    let to = step.target(0, result.unwrap_or(ty))?;
    let sources = (1..=sources)
        .map(|k| step.source(k, if k >= counts_from { Type::U32 } else { ty }))
        .collect::<Result<Vec<_>, _>>()?;
    step.compute(compute, to, &sources)
}

/// `and`, `or`, `xor`, `not`, `cnot`
pub fn bitwise(step: &mut S<'_, '_, '_, '_>) -> Done {
    let op = match step.form.opcode {
        "and" => Int::And,
        "or" => Int::Or,
        "xor" => Int::Xor,
        "not" => Int::Not,
        _ => Int::CNot,
    };
    bits(step, op, None, usize::MAX)
}

/// `shl` and `shr`
pub fn shift(step: &mut S<'_, '_, '_, '_>) -> Done {
    let op = if step.form.opcode == "shl" { Int::Shl } else { Int::Shr };
    bits(step, op, None, 2)
}

/// `popc`, `clz`, `brev`
pub fn count(step: &mut S<'_, '_, '_, '_>) -> Done {
    match step.form.opcode {
        "popc" => bits(step, Int::Popc, Some(Type::U32), usize::MAX),
        "clz" => bits(step, Int::Clz, Some(Type::U32), usize::MAX),
        _ => bits(step, Int::Brev, None, usize::MAX),
    }
}

/// `bfind`
pub fn bfind(step: &mut S<'_, '_, '_, '_>) -> Done {
    let op = if step.form.take("shiftamt") { Int::BfindShift } else { Int::Bfind };
    bits(step, op, Some(Type::U32), usize::MAX)
}

/// `bfe`
pub fn bfe(step: &mut S<'_, '_, '_, '_>) -> Done {
    bits(step, Int::Bfe, None, 2)
}

/// `bfi`
pub fn bfi(step: &mut S<'_, '_, '_, '_>) -> Done {
    bits(step, Int::Bfi, None, 3)
}

/// `bmsk`
pub fn bmsk(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("clamp", Int::BmskClamp), ("wrap", Int::BmskWrap)];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    bits(step, op, None, 1)
}

/// `szext`
pub fn szext(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("clamp", Int::SzextClamp), ("wrap", Int::SzextWrap)];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    bits(step, op, None, 2)
}

/// `lop3`
pub fn lop3(step: &mut S<'_, '_, '_, '_>) -> Done {
    bits(step, Int::Lop3, None, 4)
}

/// `shf`
pub fn shf(step: &mut S<'_, '_, '_, '_>) -> Done {
    let left = step.form.take("l");
    let right = step.form.take("r");
    let wrap = step.form.take("wrap");
    let clamp = step.form.take("clamp");
    let op = match (left, right, wrap, clamp) {
        (true, false, true, false) => Int::ShfLeftWrap,
        (true, false, false, true) => Int::ShfLeftClamp,
        (false, true, true, false) => Int::ShfRightWrap,
        (false, true, false, true) => Int::ShfRightClamp,
        _ => return Err(Refusal::Unsupported),
    };
    bits(step, op, None, usize::MAX)
}

/// `prmt`
pub fn prmt(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("f4e", 0u64), ("b4e", 1), ("rc8", 2), ("ecl", 3), ("ecr", 4), ("rc16", 5)];
    let Some(mode) = step.form.take_any(&words) else { return bits(step, Int::Prmt, None, usize::MAX) };
    step.form.takes(0)?;
    step.count(4, 4)?;
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

/// The value of `cmp[.bool]` for sources 1 and 2 (and predicate 3), and that of its complement if asked for.
fn compare(
    step: &mut S<'_, '_, '_, '_>,
    ty: Type,
    complement: bool,
) -> Result<(Operand, Option<Operand>), Refusal> {
    let (comparison, compared) = comparison(step, ty)?;
    let boolean = step.form.take_any(BOOLEANS);
    step.form.takes(kind::FTZ)?;
    step.count(if boolean.is_some() { 4 } else { 3 }, if boolean.is_some() { 4 } else { 3 })?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    let ftz = step.form.has(kind::FTZ);
    let result = step.value(Compute::Compare(comparison, compared, ftz), 1, &[a, b])?;
    let not = Compute::Int(Int::Not, Type::Pred);
    let mut second = if complement { Some(step.value(not, 1, &[result])?) } else { None };
    let Some(boolean) = boolean else { return Ok((result, second)) };
    let (mut c, negated) = step.predicate(3)?;
    if negated {
        c = step.value(not, 1, &[c])?;
    }
    let boolean = Compute::Int(boolean, Type::Pred);
    let first = step.value(boolean, 1, &[result, c])?;
    if let Some(value) = second {
        second = Some(step.value(boolean, 1, &[value, c])?);
    }
    Ok((first, second))
}

/// `setp`
pub fn setp(step: &mut S<'_, '_, '_, '_>) -> Done {
    let ty = step.form.ty()?;
    let (first, second) = step.pair(0)?;
    let (p, q) = compare(step, ty, second.is_some())?;
    let to = step.target_of(&first, Type::Pred, Width::Exact)?;
    step.compute(Compute::Copy, to, &[p])?;
    if let (Some(q), Some(second)) = (q, second) {
        let to = step.target_of(&second, Type::Pred, Width::Exact)?;
        step.compute(Compute::Copy, to, &[q])?;
    }
    Ok(())
}

/// `set`
pub fn set(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (result, ty) = step.form.types2()?;
    let (value, _) = compare(step, ty, false)?;
    let to = step.target(0, result)?;
    step.compute(Compute::Spread(result), to, &[value])
}

/// `selp`
pub fn selp(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(0)?;
    step.count(4, 4)?;
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    let (c, negated) = step.predicate(3)?;
    let (a, b) = if negated { (b, a) } else { (a, b) };
    step.compute(Compute::Select, to, &[a, b, c])
}

/// `slct`
pub fn slct(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(kind::FTZ)?;
    step.count(4, 4)?;
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
    step.form.takes(0)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    match (step.written(0)?, step.written(1)?) {
        (Written::Vector(..), _) => unpack(step, ty),
        (_, Written::Vector(..)) => pack(step, ty),
        _ => {
            let to = step.target(0, ty)?;
            let value = step.source(1, ty)?;
            step.compute(Compute::Copy, to, &[value])
        }
    }
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

//! Arithmetic on integers and floats.

use super::Refusal;
use super::form::{Part, kind};
use super::step::{Done, Step};
use crate::ir::compute::{Compute, Float, Int};
use crate::ir::{Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// A float op with as many sources as it takes.
fn float(step: &mut S<'_, '_, '_, '_>, op: Float, kinds: u32) -> Done {
    step.form.takes(kinds)?;
    let ty = step.form.ty()?;
    let compute = Compute::Float(op, ty, step.form.mode());
    step.count(compute.sources() + 1, compute.sources() + 1)?;
    let to = step.target(0, ty)?;
    let sources = (1..=compute.sources()).map(|k| step.source(k, ty)).collect::<Result<Vec<_>, _>>()?;
    step.compute(compute, to, &sources)
}

/// `add`
pub fn add(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Add, kind::FLOAT)
}

/// `sub`
pub fn sub(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Sub, kind::FLOAT)
}

/// `add.cc` and `addc`
pub fn addc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::AddCarry, Int::CarryOut)
}

/// `sub.cc` and `subc`
pub fn subc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::SubBorrow, Int::BorrowOut)
}

fn carry(step: &mut S<'_, '_, '_, '_>, op: Int, out: Int) -> Done {
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    add_with_carry(step, (op, out), ty, to, (a, b))
}

/// The sum goes through a new register, as the target may be a source of the carry.
fn add_with_carry(
    step: &mut S<'_, '_, '_, '_>,
    (op, out): (Int, Int),
    ty: Type,
    to: crate::ir::Reg,
    (a, b): (Operand, Operand),
) -> Done {
    let carry_in = matches!(step.form.opcode, "addc" | "subc" | "madc");
    let flag = step.body.carry();
    let before =
        if carry_in { step.value(Compute::Copy, 1, &[Operand::Reg(flag)])? } else { Operand::Imm(0) };
    if step.form.has(kind::CARRY) {
        step.int(out, ty, flag, &[a, b, before])?;
    }
    step.int(op, ty, to, &[a, b, before])
}

/// `mul` of floats
pub fn mul(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Mul, kind::FLOAT)
}

/// `mad` of floats
pub fn mad(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Fma, kind::FLOAT)
}

/// `mad.cc` and `madc`: half of a product, and a sum with carry.
pub fn madc(step: &mut S<'_, '_, '_, '_>) -> Done {
    let product = if step.form.part == Some(Part::High) { Int::MulHigh } else { Int::MulLow };
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b, c) = (step.source(1, ty)?, step.source(2, ty)?, step.source(3, ty)?);
    let product = step.value(Compute::Int(product, ty), ty.bits(), &[a, b])?;
    add_with_carry(step, (Int::AddCarry, Int::CarryOut), ty, to, (product, c))
}

/// `div`
pub fn div(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Div, kind::FLOAT | kind::APPROX | kind::FULL)
}

/// `neg`
pub fn neg(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Neg, kind::FTZ)
}

/// `abs`
pub fn abs(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::Abs, kind::FTZ)
}

/// `min`
pub fn min(step: &mut S<'_, '_, '_, '_>) -> Done {
    match step.form.has(kind::NAN) {
        true => float(step, Float::MinNan, kind::FTZ | kind::NAN),
        false => float(step, Float::Min, kind::FTZ),
    }
}

/// `max`
pub fn max(step: &mut S<'_, '_, '_, '_>) -> Done {
    match step.form.has(kind::NAN) {
        true => float(step, Float::MaxNan, kind::FTZ | kind::NAN),
        false => float(step, Float::Max, kind::FTZ),
    }
}

/// `fma`
pub fn fma(step: &mut S<'_, '_, '_, '_>) -> Done {
    if step.form.has(kind::RELU) {
        return float(step, Float::FmaRelu, kind::FLOAT | kind::RELU);
    }
    float(step, Float::Fma, kind::FLOAT)
}

/// Float functions of one value.
pub fn function(step: &mut S<'_, '_, '_, '_>) -> Done {
    let gross = step.form.ty()? == Type::F64 && step.form.has(kind::APPROX) && step.form.has(kind::FTZ);
    let op = match step.form.opcode {
        "rcp" if gross => Float::RcpGross,
        "rsqrt" if gross => Float::RsqrtGross,
        "rcp" => Float::Rcp,
        "sqrt" => Float::Sqrt,
        "rsqrt" => Float::Rsqrt,
        "ex2" => Float::Ex2,
        "lg2" => Float::Lg2,
        "sin" => Float::Sin,
        "cos" => Float::Cos,
        "tanh" => Float::Tanh,
        _ => return Err(Refusal::Unsupported),
    };
    float(step, op, kind::ROUNDING | kind::FTZ | kind::APPROX)
}

/// `copysign`: the sign of the first, the rest of the second.
pub fn copysign(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::CopySign, 0)
}

/// `testp`
pub fn testp(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [
        ("finite", Float::IsFinite),
        ("infinite", Float::IsInfinite),
        ("number", Float::IsNumber),
        ("notanumber", Float::IsNan),
        ("normal", Float::IsNormal),
        ("subnormal", Float::IsSubnormal),
    ];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(2, 2)?;
    let ty = step.form.ty()?;
    let to = step.target(0, Type::Pred)?;
    let a = step.source(1, ty)?;
    step.compute(Compute::Float(op, ty, step.form.mode()), to, &[a])
}

/// `dp4a` and `dp2a`
pub fn dot(step: &mut S<'_, '_, '_, '_>) -> Done {
    let high = if step.form.part == Some(Part::High) { 4 } else { 0 };
    let (a_type, b_type) = step.form.types2()?;
    let ty = if a_type.signed() || b_type.signed() { Type::S32 } else { Type::U32 };
    let op = if step.form.opcode == "dp4a" { Int::Dp4a } else { Int::Dp2a };
    let to = step.target(0, Type::B32)?;
    let (a, b) = (step.source(1, Type::B32)?, step.source(2, Type::B32)?);
    let c = step.source(3, Type::B32)?;
    let flags = u64::from(a_type.signed()) | u64::from(b_type.signed()) << 1 | high;
    step.int(op, ty, to, &[a, b, c, Operand::Imm(flags)])
}

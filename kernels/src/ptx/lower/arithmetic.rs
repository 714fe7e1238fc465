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

/// An integer op with as many sources as it takes, all of one type.
fn integer(step: &mut S<'_, '_, '_, '_>, op: Int, kinds: u32) -> Done {
    step.form.takes(kinds)?;
    let ty = step.form.ty()?;
    let compute = Compute::Int(op, ty);
    step.count(compute.sources() + 1, compute.sources() + 1)?;
    let to = step.target(0, ty)?;
    let sources = (1..=compute.sources()).map(|k| step.source(k, ty)).collect::<Result<Vec<_>, _>>()?;
    step.compute(compute, to, &sources)
}

fn is_float(step: &S<'_, '_, '_, '_>) -> Result<bool, Refusal> {
    Ok(step.form.ty()?.float())
}

/// `add`
pub fn add(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? {
        return float(step, Float::Add, kind::FLOAT);
    }
    match (step.form.has(kind::SAT), step.form.has(kind::CARRY)) {
        (true, false) => integer(step, Int::AddSat, kind::SAT),
        (false, true) => carry(step, Int::AddCarry, Int::CarryOut, false),
        _ => integer(step, Int::Add, 0),
    }
}

/// `sub`
pub fn sub(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? {
        return float(step, Float::Sub, kind::FLOAT);
    }
    match (step.form.has(kind::SAT), step.form.has(kind::CARRY)) {
        (true, false) => integer(step, Int::SubSat, kind::SAT),
        (false, true) => carry(step, Int::SubBorrow, Int::BorrowOut, false),
        _ => integer(step, Int::Sub, 0),
    }
}

/// `addc`
pub fn addc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::AddCarry, Int::CarryOut, true)
}

/// `subc`
pub fn subc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::SubBorrow, Int::BorrowOut, true)
}

fn carry(step: &mut S<'_, '_, '_, '_>, op: Int, out: Int, carry_in: bool) -> Done {
    step.form.takes(kind::CARRY)?;
    step.count(3, 3)?;
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    add_with_carry(step, (op, out), ty, to, (a, b), carry_in)
}

/// The sum goes through a new register, as the target may be a source of the carry.
fn add_with_carry(
    step: &mut S<'_, '_, '_, '_>,
    (op, out): (Int, Int),
    ty: Type,
    to: crate::ir::Reg,
    (a, b): (Operand, Operand),
    carry_in: bool,
) -> Done {
    let flag = step.body.carry();
    let before =
        if carry_in { step.value(Compute::Copy, 1, &[Operand::Reg(flag)])? } else { Operand::Imm(0) };
    if step.form.has(kind::CARRY) {
        step.int(out, ty, flag, &[a, b, before])?;
    }
    step.int(op, ty, to, &[a, b, before])
}

/// `mul`
pub fn mul(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? {
        return float(step, Float::Mul, kind::FLOAT);
    }
    match step.form.part {
        Some(Part::Low) => integer(step, Int::MulLow, kind::PART),
        Some(Part::High) => integer(step, Int::MulHigh, kind::PART),
        Some(Part::Wide) => mul_wide(step),
        None => step.error("'mul' of integers needs .lo, .hi or .wide"),
    }
}

fn wide(ty: Type) -> Result<Type, Refusal> {
    Ok(match ty {
        Type::S16 => Type::S32,
        Type::U16 => Type::U32,
        Type::S32 => Type::S64,
        Type::U32 => Type::U64,
        _ => return Err(Refusal::Unsupported),
    })
}

fn mul_wide(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(kind::PART)?;
    step.count(3, 3)?;
    let ty = step.form.ty()?;
    let to = step.target(0, wide(ty)?)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    step.int(Int::MulWide, ty, to, &[a, b])
}

/// `mad`
pub fn mad(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? {
        return float(step, Float::Fma, kind::FLOAT);
    }
    if step.form.has(kind::CARRY) {
        return mad_carry(step, false);
    }
    match (step.form.part, step.form.has(kind::SAT)) {
        (Some(Part::Low), false) => integer(step, Int::MadLow, kind::PART),
        (Some(Part::High), false) => integer(step, Int::MadHigh, kind::PART),
        (Some(Part::High), true) => integer(step, Int::MadHighSat, kind::PART | kind::SAT),
        (Some(Part::Wide), false) => mad_wide(step),
        _ => step.error("'mad' of integers needs .lo, .hi or .wide"),
    }
}

fn mad_wide(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(kind::PART)?;
    step.count(4, 4)?;
    let ty = step.form.ty()?;
    let to = step.target(0, wide(ty)?)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    let c = step.source(3, wide(ty)?)?;
    step.int(Int::MadWide, ty, to, &[a, b, c])
}

/// `madc`
pub fn madc(step: &mut S<'_, '_, '_, '_>) -> Done {
    mad_carry(step, true)
}

fn mad_carry(step: &mut S<'_, '_, '_, '_>, carry_in: bool) -> Done {
    step.form.takes(kind::PART | kind::CARRY)?;
    step.count(4, 4)?;
    let ty = step.form.ty()?;
    let product = match step.form.part {
        Some(Part::Low) => Int::MulLow,
        Some(Part::High) => Int::MulHigh,
        _ => return Err(Refusal::Unsupported),
    };
    let to = step.target(0, ty)?;
    let (a, b, c) = (step.source(1, ty)?, step.source(2, ty)?, step.source(3, ty)?);
    let product = step.value(Compute::Int(product, ty), ty.bits(), &[a, b])?;
    add_with_carry(step, (Int::AddCarry, Int::CarryOut), ty, to, (product, c), carry_in)
}

/// `mul24` and `mad24`
pub fn mul24(step: &mut S<'_, '_, '_, '_>) -> Done {
    let mad = step.form.opcode == "mad24";
    let op = match (step.form.part, mad) {
        (Some(Part::Low), false) => Int::Mul24Low,
        (Some(Part::High), false) => Int::Mul24High,
        (Some(Part::Low), true) => Int::Mad24Low,
        (Some(Part::High), true) => Int::Mad24High,
        _ => return Err(Refusal::Unsupported),
    };
    integer(step, op, kind::PART)
}

/// `sad`
pub fn sad(step: &mut S<'_, '_, '_, '_>) -> Done {
    integer(step, Int::Sad, 0)
}

/// `div`
pub fn div(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? {
        return float(step, Float::Div, kind::FLOAT | kind::APPROX | kind::FULL);
    }
    integer(step, Int::Div, 0)
}

/// `rem`
pub fn rem(step: &mut S<'_, '_, '_, '_>) -> Done {
    integer(step, Int::Rem, 0)
}

/// `neg`
pub fn neg(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? { float(step, Float::Neg, kind::FTZ) } else { integer(step, Int::Neg, 0) }
}

/// `abs`
pub fn abs(step: &mut S<'_, '_, '_, '_>) -> Done {
    if is_float(step)? { float(step, Float::Abs, kind::FTZ) } else { integer(step, Int::Abs, 0) }
}

/// `min`
pub fn min(step: &mut S<'_, '_, '_, '_>) -> Done {
    match (is_float(step)?, step.form.has(kind::NAN)) {
        (true, true) => float(step, Float::MinNan, kind::FTZ | kind::NAN),
        (true, false) => float(step, Float::Min, kind::FTZ),
        _ => integer(step, Int::Min, 0),
    }
}

/// `max`
pub fn max(step: &mut S<'_, '_, '_, '_>) -> Done {
    match (is_float(step)?, step.form.has(kind::NAN)) {
        (true, true) => float(step, Float::MaxNan, kind::FTZ | kind::NAN),
        (true, false) => float(step, Float::Max, kind::FTZ),
        _ => integer(step, Int::Max, 0),
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
    let high = match (step.form.opcode, step.form.take("hi"), step.form.take("lo")) {
        ("dp4a", false, false) => 0,
        ("dp2a", false, true) => 0,
        ("dp2a", true, false) => 4,
        _ => return Err(Refusal::Unsupported),
    };
    step.form.takes(0)?;
    step.count(4, 4)?;
    let (a_type, b_type) = step.form.types2()?;
    if a_type.bits() != 32 || b_type.bits() != 32 || a_type.float() || b_type.float() {
        return Err(Refusal::Unsupported);
    }
    let ty = if a_type.signed() || b_type.signed() { Type::S32 } else { Type::U32 };
    let op = if step.form.opcode == "dp4a" { Int::Dp4a } else { Int::Dp2a };
    let to = step.target(0, Type::B32)?;
    let (a, b) = (step.source(1, Type::B32)?, step.source(2, Type::B32)?);
    let c = step.source(3, Type::B32)?;
    let flags = u64::from(a_type.signed()) | u64::from(b_type.signed()) << 1 | high;
    step.int(op, ty, to, &[a, b, c, Operand::Imm(flags)])
}

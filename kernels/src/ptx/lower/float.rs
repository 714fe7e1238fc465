//! Arithmetic on floats.

use super::Refusal;
use super::form::kind;
use super::step::{Done, Step};
use crate::ir::compute::{Compute, Conversion, Float};
use crate::ir::{Mode, Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// An op with as many sources as it takes, all of one type.
fn float(step: &mut S<'_, '_, '_, '_>, op: Float) -> Done {
    let ty = step.form.ty()?;
    let compute = Compute::Float(op, ty, step.form.mode());
    let to = step.target(0, ty)?;
    let mut sources = [Operand::Imm(0); 4];
    for (place, source) in sources.iter_mut().enumerate().take(compute.sources()) {
        *source = step.source(place + 1, ty)?;
    }
    step.compute(compute, to, &sources)
}

fn op(step: &S<'_, '_, '_, '_>) -> Float {
    match step.form.opcode {
        "add" => Float::Add,
        "sub" => Float::Sub,
        "mul" => Float::Mul,
        "div" if step.form.has(kind::APPROX) => Float::DivApprox,
        "div" => Float::Div,
        _ => Float::Fma,
    }
}

/// `add`, `sub`, `mul`, `div`, `fma`, `mad`
pub fn arithmetic(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, op(step))
}

/// `fma.rn.f32.f16 d, a, b, c`: all but the last source are narrow, and widened exactly.
pub fn mixed(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (ty, narrow) = step.form.types2()?;
    let compute = Compute::Float(op(step), ty, step.form.mode());
    let last = compute.sources();
    let to = step.target(0, ty)?;
    let widen = Conversion { to: ty, from: narrow, mode: Mode::default(), integral: false, finite: false };
    let mut sources = Vec::new();
    for place in 1..last {
        let value = step.source(place, narrow)?;
        sources.push(step.value(Compute::Convert(widen), ty.bits(), &[value])?);
    }
    sources.push(step.source(last, ty)?);
    step.compute(compute, to, &sources)
}

/// `neg` and `abs`
pub fn sign(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, if step.form.opcode == "neg" { Float::Neg } else { Float::Abs })
}

/// `min` and `max`, of two or three
pub fn extreme(step: &mut S<'_, '_, '_, '_>) -> Done {
    let op = match (step.form.opcode, step.form.has(kind::NAN), step.form.take("xorsign")) {
        ("min", false, false) => Float::Min,
        ("min", true, false) => Float::MinNan,
        ("min", false, true) => Float::MinXorSign,
        ("min", true, true) => Float::MinNanXorSign,
        (_, false, false) => Float::Max,
        (_, true, false) => Float::MaxNan,
        (_, false, true) => Float::MaxXorSign,
        (_, true, true) => Float::MaxNanXorSign,
    };
    if step.operands.len() < 4 {
        return float(step, op);
    }
    let (ty, mode) = (step.form.ty()?, step.form.mode());
    let to = step.target(0, ty)?;
    let sizes = step.form.take("abs");
    let mut sources = Vec::new();
    for place in 1..4 {
        let source = step.source(place, ty)?;
        let size = Compute::Float(Float::Abs, ty, mode);
        sources.push(if sizes { step.value(size, ty.bits(), &[source])? } else { source });
    }
    let compute = Compute::Float(op, ty, mode);
    let first: Operand = step.value(compute, ty.bits(), &sources[..2])?;
    step.compute(compute, to, &[first, sources[2]])
}

/// Functions of one value.
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
    float(step, op)
}

/// `copysign`: the sign of the first, the rest of the second.
pub fn copysign(step: &mut S<'_, '_, '_, '_>) -> Done {
    float(step, Float::CopySign)
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
    let ty = step.form.ty()?;
    let to = step.target(0, Type::Pred)?;
    let a = step.source(1, ty)?;
    step.compute(Compute::Float(op, ty, step.form.mode()), to, &[a])
}

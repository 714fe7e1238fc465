//! `cvt` and its relatives.

use super::Refusal;
use super::form::kind;
use super::step::{Done, Step};
use crate::ir::compute::{Compute, Conversion};
use crate::ir::{Mode, Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `cvt`
pub fn cvt(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(kind::FLOAT | kind::INTEGRAL | kind::RELU)?;
    let (to, from) = step.form.types2()?;
    if matches!(to, Type::F16x2 | Type::Bf16x2) {
        return pair(step, to, from);
    }
    step.count(2, 2)?;
    let mut mode = step.form.mode();
    mode.rounding = step.form.integral.or(step.form.rounding).unwrap_or_default();
    let rounds = step.form.has(kind::INTEGRAL | kind::ROUNDING);
    let needs = (from.float() && !to.float()) || (to.float() && !from.float()) || narrows(to, from);
    if needs && !rounds {
        return step.error(format!("'cvt.{to}.{from}' needs a rounding"));
    }
    let conversion = Conversion {
        to,
        from,
        mode,
        integral: to.float() && from.float() && step.form.has(kind::INTEGRAL),
        relu: step.form.has(kind::RELU),
    };
    let target = step.wide_target(0, to)?;
    let source = step.wide_source(1, from)?;
    let bits = u32::from(step.body.registers[target.0 as usize]);
    if bits <= to.bits().max(8) || !to.signed() {
        return step.compute(Compute::Convert(conversion), target, &[source]);
    }
    // A signed result in a wider register is extended over all of it.
    let narrow = step.value(Compute::Convert(conversion), to.bits(), &[source])?;
    let wide = if bits == 64 {
        Type::S64
    } else if bits == 32 {
        Type::S32
    } else {
        Type::S16
    };
    let extend = Conversion { to: wide, from: to, mode: Mode::default(), integral: false, relu: false };
    step.compute(Compute::Convert(extend), target, &[narrow])
}

fn narrows(to: Type, from: Type) -> bool {
    to.float() && from.float() && (to.bits() < from.bits() || (to != from && to.bits() == from.bits()))
}

/// `cvt.rn.f16x2.f32 d, a, b`: a is the upper half.
fn pair(step: &mut S<'_, '_, '_, '_>, to: Type, from: Type) -> Done {
    step.count(3, 3)?;
    if from != Type::F32 || !step.form.has(kind::ROUNDING) {
        return Err(Refusal::Unsupported);
    }
    let half = if to == Type::F16x2 { Type::F16 } else { Type::Bf16 };
    let relu = step.form.has(kind::RELU);
    let conversion = Conversion { to: half, from, mode: step.form.mode(), integral: false, relu };
    let target = step.target(0, to)?;
    let (high, low) = (step.source(1, from)?, step.source(2, from)?);
    let high = step.value(Compute::Convert(conversion), 16, &[high])?;
    let low = step.value(Compute::Convert(conversion), 16, &[low])?;
    step.compute(Compute::Combine, target, &[low, high, Operand::Imm(16)])
}

//! `cvt` and its relatives.

use super::Refusal;
use super::form::kind;
use super::step::{Done, Step};
use crate::ir::compute::{Compute, Conversion, Int};
use crate::ir::{Mode, Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `cvt`
pub fn cvt(step: &mut S<'_, '_, '_, '_>) -> Done {
    let finite = step.form.take("satfinite");
    let (to, from) = step.form.types2()?;
    let mut mode = step.form.mode();
    mode.rounding = step.form.integral.or(step.form.rounding).unwrap_or_default();
    let integral = to.float() && from.float() && step.form.has(kind::INTEGRAL);
    let conversion = Conversion { to, from, mode, integral, finite };
    if let Some(half) = to.half() {
        return pair(step, half, conversion);
    }
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
    let extend = Conversion { to: wide, from: to, mode: Mode::default(), integral: false, finite: false };
    step.compute(Compute::Convert(extend), target, &[narrow])
}

/// Into two floats in one register: `cvt.rn.f16x2.f32 d, a, b`, where a is the upper half, or from a pair.
fn pair(step: &mut S<'_, '_, '_, '_>, to: Type, whole: Conversion) -> Done {
    let target = step.wide_target(0, whole.to)?;
    let (from, high, low) = match whole.from.half() {
        Some(from) => {
            let bits = u64::from(whole.from.bits() / 2);
            let value = step.wide_source(1, whole.from)?;
            let part = |at: u64| [value, Operand::Imm(at), Operand::Imm(bits)];
            let high = step.value(Compute::Extract, from.bits(), &part(bits))?;
            (from, high, step.value(Compute::Extract, from.bits(), &part(0))?)
        }
        None => (whole.from, step.source(1, whole.from)?, step.source(2, whole.from)?),
    };
    let convert = Compute::Convert(Conversion { to, from, ..whole });
    let high = step.value(convert, to.bits(), &[high])?;
    let low = step.value(convert, to.bits(), &[low])?;
    step.compute(Compute::Combine, target, &[low, high, Operand::Imm(u64::from(whole.to.bits() / 2))])
}

/// `cvt.pack.sat.u8.s32.b32 d, a, b, c`: a and b clamped and put together, b below; c shifted in above them.
pub fn pack(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("u4", (false, 4)), ("s4", (true, 4)), ("u2", (false, 2)), ("s2", (true, 2))];
    let (signed, bits) = match (step.form.take_any(&words), step.form.types.first()) {
        (Some(part), _) => part,
        (None, Some(part)) => (part.signed(), part.bits()),
        (None, None) => return Err(Refusal::Unsupported),
    };
    let target = step.target(0, Type::B32)?;
    let (low, high) =
        if signed { (-1i32 << (bits - 1), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) };
    let mut parts = Vec::new();
    for place in [2, 1] {
        let value = step.source(place, Type::S32)?;
        let limit = |limit: i32| Operand::Imm(u64::from(limit as u32));
        let value = step.value(Compute::Int(Int::Max, Type::S32), 32, &[value, limit(low)])?;
        let value = step.value(Compute::Int(Int::Min, Type::S32), 32, &[value, limit(high)])?;
        let cut = [value, Operand::Imm(0), Operand::Imm(u64::from(bits))];
        parts.push(step.value(Compute::Extract, 32, &cut)?);
    }
    let both = [parts[0], parts[1], Operand::Imm(u64::from(bits))];
    if step.operands.len() < 4 {
        return step.compute(Compute::Combine, target, &both);
    }
    let both = step.value(Compute::Combine, 32, &both)?;
    let above = step.source(3, Type::B32)?;
    let cut = [above, Operand::Imm(0), Operand::Imm(u64::from(32 - 2 * bits))];
    let above = step.value(Compute::Extract, 32, &cut)?;
    step.compute(Compute::Combine, target, &[both, above, Operand::Imm(u64::from(2 * bits))])
}

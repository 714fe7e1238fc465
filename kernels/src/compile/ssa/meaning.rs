//! What a pure op gives for numbers: the interpreter's meaning, one lane at a time.

use super::Op;
use crate::interp::{self, Meaning};
use crate::ir::compute::Float;
use crate::ir::{Compute, Type};

/// Whether an op gives a number for numbers, lane by lane, and does nothing else.
pub fn is_number(op: &Op) -> bool {
    matches!(op, Op::Compute(_) | Op::Canonical(_) | Op::Scale(_) | Op::Exponent(_) | Op::Mantissa(_))
}

/// The result of such an op.
pub fn of_op(op: &Op, sources: &[u64]) -> Option<u64> {
    let single = |place: usize| f64::from(f32::from_bits(sources[place] as u32));
    let double = |place: usize| f64::from_bits(sources[place]);
    let narrow = |value: f64| u64::from(interp::canonical(value as f32));
    Some(match op {
        Op::Compute(Compute::Float(Float::RcpGross, Type::F32, _)) => estimate(1.0 / single(0)),
        Op::Compute(Compute::Float(Float::RsqrtGross, Type::F32, _)) => estimate(1.0 / single(0).sqrt()),
        Op::Compute(compute) => return of(*compute, sources),
        Op::Canonical(Type::F32) => u64::from(interp::canonical(f32::from_bits(sources[0] as u32))),
        Op::Canonical(Type::F64) => interp::canonical64(double(0)),
        // An `f32` is far from the ends of `f64`, so that this rounds once.
        Op::Scale(Type::F32) => narrow(scaled(single(0), single(1))),
        Op::Scale(Type::F64) => interp::canonical64(scaled(double(0), double(1))),
        Op::Exponent(Type::F32) => narrow(exponent(single(0))),
        Op::Exponent(Type::F64) => interp::canonical64(exponent(double(0))),
        Op::Mantissa(Type::F32) => narrow(mantissa(single(0))),
        Op::Mantissa(Type::F64) => interp::canonical64(mantissa(double(0))),
        _ => return None,
    })
}

/// 14 bits of an `f32`, as an estimate of the processor may be.
fn estimate(value: f64) -> u64 {
    let bits = interp::canonical(value as f32);
    u64::from(if value.is_finite() { bits & !0x1ff } else { bits })
}

/// An infinite scale decides of a NaN, as for the instruction.
fn scaled(a: f64, b: f64) -> f64 {
    match b {
        f64::INFINITY if a.is_nan() => f64::INFINITY,
        f64::NEG_INFINITY if a.is_nan() => 0.0,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        f64::INFINITY if a == 0.0 => f64::NAN,
        f64::NEG_INFINITY if a.is_infinite() => f64::NAN,
        _ => libm::scalbn(a, b.floor().clamp(-5000.0, 5000.0) as i32),
    }
}

fn exponent(a: f64) -> f64 {
    match a.abs() {
        0.0 => f64::NEG_INFINITY,
        size if size.is_finite() => f64::from(libm::ilogb(size)),
        size => size,
    }
}

fn mantissa(a: f64) -> f64 {
    if a == 0.0 || a.is_infinite() {
        return 1f64.copysign(a);
    }
    if a.is_nan() {
        return a;
    }
    let value = libm::scalbn(a, -libm::ilogb(a));
    if value.abs() < 1.5 { value } else { value / 2.0 }
}

/// The result for these sources, narrow ones in the low bits; `None` if there is no such op.
pub fn of(compute: Compute, sources: &[u64]) -> Option<u64> {
    let lanes: [_; 4] =
        std::array::from_fn(|at| [sources.get(at).copied().unwrap_or(0); interp::lanes::WARP]);
    let mut result = [0; interp::lanes::WARP];
    let [a, b, c, d] = &lanes;
    match interp::meaning(compute)? {
        Meaning::One(run) => run(&mut result, a),
        Meaning::Two(run) => run(&mut result, a, b),
        Meaning::Three(run) => run(&mut result, a, b, c),
        Meaning::Four(run) => run(&mut result, a, b, c, d),
        Meaning::Each(compute) => return Some(interp::each(compute, [a[0], b[0], c[0]])),
    }
    Some(result[0])
}

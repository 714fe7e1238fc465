//! What a pure op gives for numbers: the interpreter's meaning, one lane at a time.

use super::Op;
use crate::interp::{self, Meaning};
use crate::ir::compute::{Float, Int};
use crate::ir::{Compute, Type};

/// Whether an op gives a number for numbers, lane by lane, and does nothing else.
pub fn is_number(op: &Op) -> bool {
    matches!(
        op,
        Op::Compute(_) | Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_)
    )
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
        Op::Bound(Type::F32) => narrow(bound(single(0), single(1))),
        Op::Bound(Type::F64) => interp::canonical64(bound(double(0), double(1))),
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

/// f64::min gives the number beside a NaN.
fn bound(a: f64, b: f64) -> f64 {
    b.min(a.abs()).copysign(a)
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

/// The result of the ops that addresses are made of. The interpreter's meaning is that of a whole warp: it takes far longer.
pub fn usual(compute: Compute, sources: &[u64]) -> Option<u64> {
    let Compute::Int(op, ty) = compute else { return None };
    let bits = match ty {
        Type::U32 | Type::S32 | Type::B32 => 32,
        Type::U64 | Type::S64 | Type::B64 => 64,
        _ => return None,
    };
    let result = match (op, sources) {
        (Int::Add, &[a, b]) => a.wrapping_add(b),
        (Int::Sub, &[a, b]) => a.wrapping_sub(b),
        (Int::MulLow, &[a, b]) => a.wrapping_mul(b),
        (Int::And, &[a, b]) => a & b,
        (Int::Or, &[a, b]) => a | b,
        (Int::Xor, &[a, b]) => a ^ b,
        (Int::Shl, &[_, b]) if b as u32 >= bits => 0,
        (Int::Shl, &[a, b]) => a << (b as u32),
        (Int::Neg, &[a]) => a.wrapping_neg(),
        _ => return None,
    };
    Some(if bits == 32 { result & u64::from(u32::MAX) } else { result })
}

/// The result for these sources, narrow ones in the low bits; `None` if there is no such op.
pub fn of(compute: Compute, sources: &[u64]) -> Option<u64> {
    if let Some(result) = usual(compute, sources) {
        return Some(result);
    }
    of_warp(compute, sources)
}

fn of_warp(compute: Compute, sources: &[u64]) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ops_are_as_the_interpreter_has_them() {
        let ops =
            [Int::Add, Int::Sub, Int::MulLow, Int::And, Int::Or, Int::Xor, Int::Shl, Int::Neg, Int::Shr];
        let types = [Type::U32, Type::S32, Type::B32, Type::U64, Type::S64, Type::B64, Type::U16];
        let numbers =
            [0, 1, 2, 31, 32, 63, 64, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 32, 5 << 40, u64::MAX];
        let mut known = 0;
        for (op, ty) in ops.into_iter().flat_map(|op| types.map(|ty| (op, ty))) {
            for (a, b) in numbers.into_iter().flat_map(|a| numbers.map(|b| (a, b))) {
                // What is above a type's width is zero.
                let cut = |number: u64| number & u64::MAX >> (64 - ty.bits());
                let (a, b) = (cut(a), cut(b));
                let sources = if op == Int::Neg { &[a][..] } else { &[a, b] };
                let compute = Compute::Int(op, ty);
                if let Some(result) = usual(compute, sources) {
                    known += 1;
                    // There is no shift of signed numbers to the left, for instance.
                    let meant = of_warp(compute, sources);
                    assert!(
                        meant.is_none_or(|meant| meant == result),
                        "{op:?} {ty:?} {a:x} {b:x}: {result:x}"
                    );
                }
            }
        }
        assert_eq!(known, 8 * 6 * 13 * 13);
    }
}

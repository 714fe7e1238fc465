//! The meaning of float ops.

use super::lanes::{Meaning, Value, one, three, two};
use super::soft::{F32, F64};
use super::{general, narrow};
use crate::ir::compute::{Compute, Float};
use crate::ir::{Mode, Rounding, Type};

/// The meaning of a float op of a type and mode, if there is one: a loop of its own for what is frequent and the
/// host is good at.
pub fn meaning(op: Float, ty: Type, mode: Mode) -> Option<Meaning> {
    if !general::exists(op, ty) {
        return None;
    }
    let host = mode.rounding == Rounding::Nearest && !mode.relu;
    let frequent = match ty {
        Type::F32 if host => single(op, mode),
        Type::F64 if host && !mode.ftz && !mode.sat => double(op),
        _ => narrow::meaning(op, ty, mode),
    };
    Some(frequent.unwrap_or(Meaning::Each(Compute::Float(op, ty, mode))))
}

/// NaN results have one form. Told by the bits: to a compiler one NaN is as good as another.
pub fn canonical(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits & 0x7fff_ffff > 0x7f80_0000 { F32.nan() as u32 } else { bits }
}

/// The same.
pub fn canonical64(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits & !(1 << 63) > 0x7ff << 52 { F64.nan() } else { bits }
}

/// Denormals become zero of the same sign.
pub fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0f32.copysign(value) } else { value }
}

fn clamp(value: f32) -> f32 {
    if value > 0.0 { if value < 1.0 { value } else { 1.0 } } else { 0.0 }
}

/// A function of floats, chosen by type so that each mode gets a loop of its own.
trait Fun1 {
    fn run(a: f32) -> f32;
}
trait Fun2 {
    fn run(a: f32, b: f32) -> f32;
}
trait Fun3 {
    fn run(a: f32, b: f32, c: f32) -> f32;
}

fn with1<F: Fun1>(mode: Mode) -> Meaning {
    match (mode.ftz, mode.sat) {
        (false, false) => one!(|a: f32| canonical(F::run(a))),
        (true, false) => one!(|a: f32| canonical(flush(F::run(flush(a))))),
        (false, true) => one!(|a: f32| clamp(F::run(a))),
        (true, true) => one!(|a: f32| clamp(flush(F::run(flush(a))))),
    }
}

fn with2<F: Fun2>(mode: Mode) -> Meaning {
    match (mode.ftz, mode.sat) {
        (false, false) => two!(|a: f32, b: f32| canonical(F::run(a, b))),
        (true, false) => two!(|a: f32, b: f32| canonical(flush(F::run(flush(a), flush(b))))),
        (false, true) => two!(|a: f32, b: f32| clamp(F::run(a, b))),
        (true, true) => two!(|a: f32, b: f32| clamp(flush(F::run(flush(a), flush(b))))),
    }
}

fn with3<F: Fun3>(mode: Mode) -> Meaning {
    match (mode.ftz, mode.sat) {
        (false, false) => three!(|a: f32, b: f32, c: f32| canonical(F::run(a, b, c))),
        (true, false) => {
            three!(|a: f32, b: f32, c: f32| canonical(flush(F::run(flush(a), flush(b), flush(c)))))
        }
        (false, true) => three!(|a: f32, b: f32, c: f32| clamp(F::run(a, b, c))),
        (true, true) => three!(|a: f32, b: f32, c: f32| clamp(flush(F::run(flush(a), flush(b), flush(c))))),
    }
}

/// Functions of a name each: `fun!(Add, Fun2, |a, b| a + b)`.
macro_rules! fun {
    ($name:ident, $kind:ident, |$($a:ident),*| $result:expr) => {
        struct $name;
        impl $kind for $name {
            fn run($($a: f32),*) -> f32 {
                $result
            }
        }
    };
}

fun!(Add, Fun2, |a, b| a + b);
fun!(Sub, Fun2, |a, b| a - b);
fun!(Mul, Fun2, |a, b| a * b);
fun!(Div, Fun2, |a, b| a / b);
fun!(DivApprox, Fun2, |a, b| div_approx(a, b));
fun!(Fma, Fun3, |a, b, c| narrow::fma32(a, b, c));
fun!(Rcp, Fun1, |a| 1.0 / a);
fun!(Sqrt, Fun1, |a| a.sqrt());
fun!(Rsqrt, Fun1, |a| (1.0 / f64::from(a).sqrt()) as f32);
fun!(Ex2, Fun1, |a| a.exp2());
fun!(Lg2, Fun1, |a| a.log2());
fun!(Sin, Fun1, |a| a.sin());
fun!(Cos, Fun1, |a| a.cos());
fun!(Tanh, Fun1, |a| a.tanh());
fun!(Min, Fun2, |a, b| least(a, b));
fun!(Max, Fun2, |a, b| -least(-a, -b));

/// The smaller one; a number rather than NaN; -0 before +0.
fn least(a: f32, b: f32) -> f32 {
    if a < b || b.is_nan() || (a == b && a.is_sign_negative()) { a } else { b }
}

/// a / b by way of 1/b, which is 0 for b from 2^126.
fn div_approx(a: f32, b: f32) -> f32 {
    if b.abs() > 2f32.powi(126) { a * 0f32.copysign(b) } else { a / b }
}

fn single(op: Float, mode: Mode) -> Option<Meaning> {
    Some(match op {
        Float::Add => with2::<Add>(mode),
        Float::Sub => with2::<Sub>(mode),
        Float::Mul => with2::<Mul>(mode),
        Float::Div => with2::<Div>(mode),
        Float::DivApprox => with2::<DivApprox>(mode),
        Float::Fma => with3::<Fma>(mode),
        Float::Rcp => with1::<Rcp>(mode),
        Float::Sqrt => with1::<Sqrt>(mode),
        Float::Rsqrt => with1::<Rsqrt>(mode),
        Float::Ex2 => with1::<Ex2>(mode),
        Float::Lg2 => with1::<Lg2>(mode),
        Float::Sin => with1::<Sin>(mode),
        Float::Cos => with1::<Cos>(mode),
        Float::Tanh => with1::<Tanh>(mode),
        Float::Min => with2::<Min>(mode),
        Float::Max => with2::<Max>(mode),
        Float::Neg if !mode.ftz => one!(|a: f32| -a),
        Float::Abs if !mode.ftz => one!(|a: f32| a.abs()),
        Float::CopySign => two!(|a: f32, b: f32| b.copysign(a)),
        _ => return None,
    })
}

fn least64(a: f64, b: f64) -> f64 {
    if a < b || b.is_nan() || (a == b && a.is_sign_negative()) { a } else { b }
}

fn double(op: Float) -> Option<Meaning> {
    Some(match op {
        Float::Add => two!(|a: f64, b: f64| canonical64(a + b)),
        Float::Sub => two!(|a: f64, b: f64| canonical64(a - b)),
        Float::Mul => two!(|a: f64, b: f64| canonical64(a * b)),
        Float::Div => two!(|a: f64, b: f64| canonical64(a / b)),
        Float::Fma => three!(|a: f64, b: f64, c: f64| canonical64(a.mul_add(b, c))),
        Float::Rcp => one!(|a: f64| canonical64(1.0 / a)),
        Float::Sqrt => one!(|a: f64| canonical64(a.sqrt())),
        Float::Rsqrt => one!(|a: f64| canonical64(1.0 / a.sqrt())),
        Float::Min => two!(|a: f64, b: f64| canonical64(least64(a, b))),
        Float::Max => two!(|a: f64, b: f64| canonical64(-least64(-a, -b))),
        Float::Neg => one!(|a: f64| -a),
        Float::Abs => one!(|a: f64| a.abs()),
        Float::CopySign => two!(|a: f64, b: f64| b.copysign(a)),
        _ => return None,
    })
}

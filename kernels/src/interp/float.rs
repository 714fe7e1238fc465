//! The meaning of float ops.

use super::half::{self, BF16, F16, F32, Format};
use super::lanes::{Meaning, Value, one, three, two};
use crate::ir::compute::Float;
use crate::ir::{Mode, Rounding, Type};

/// The meaning of a float op of a type and mode, if there is one.
pub fn meaning(op: Float, ty: Type, mode: Mode) -> Option<Meaning> {
    match ty {
        Type::F32 => single(op, mode),
        Type::F64 => double(op, mode),
        Type::F16 => narrow::<Half>(op, mode),
        Type::Bf16 => narrow::<Brain>(op, mode),
        Type::F16x2 => packed::<Half>(op, mode),
        Type::Bf16x2 => packed::<Brain>(op, mode),
        _ => None,
    }
}

/// NaN results have one form. Told by the bits: to a compiler one NaN is as good as another.
fn canonical(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits & 0x7fff_ffff > 0x7f80_0000 { 0x7fff_ffff } else { bits }
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
fun!(Fma, Fun3, |a, b, c| a.mul_add(b, c));
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
fun!(MinNan, Fun2, |a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { least(a, b) });
fun!(MaxNan, Fun2, |a, b| if a.is_nan() || b.is_nan() { f32::NAN } else { -least(-a, -b) });

/// The smaller one; a number rather than NaN; -0 before +0.
fn least(a: f32, b: f32) -> f32 {
    if a < b || b.is_nan() || (a == b && a.is_sign_negative()) { a } else { b }
}

/// Directed roundings of `f32`, through `f64`; see [`half::to_odd`].
struct Directed<const ROUNDING: u8, const OP: u8>;

const ROUNDINGS: [Rounding; 4] = [Rounding::Nearest, Rounding::Zero, Rounding::Down, Rounding::Up];

fn round<const ROUNDING: u8>(value: f64) -> f32 {
    let rounding = ROUNDINGS[ROUNDING as usize & 3];
    // A sum of opposite values is -0 when rounding down.
    if value == 0.0 {
        return value as f32;
    }
    f32::from_bits(half::narrow(value, F32, rounding) as u32)
}

/// The zero that `a + b` gives when it is exact: -0 towards minus infinity unless both are +0.
fn zero_sum<const ROUNDING: u8>(sum: f64, a: f64, b: f64) -> f64 {
    let cancels = sum == 0.0 && a == -b && (a.is_sign_negative() != b.is_sign_negative());
    if cancels && ROUNDING == 2 { -0.0 } else { sum }
}

impl<const ROUNDING: u8, const OP: u8> Fun2 for Directed<ROUNDING, OP> {
    fn run(a: f32, b: f32) -> f32 {
        let (a, b) = (f64::from(a), f64::from(b));
        round::<ROUNDING>(match OP {
            0 => zero_sum::<ROUNDING>(half::add(a, b), a, b),
            1 => zero_sum::<ROUNDING>(half::add(a, -b), a, -b),
            2 => a * b,
            _ => half::div(a, b),
        })
    }
}

impl<const ROUNDING: u8, const OP: u8> Fun3 for Directed<ROUNDING, OP> {
    fn run(a: f32, b: f32, c: f32) -> f32 {
        let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
        round::<ROUNDING>(zero_sum::<ROUNDING>(half::add(product, c), product, c))
    }
}

impl<const ROUNDING: u8, const OP: u8> Fun1 for Directed<ROUNDING, OP> {
    fn run(a: f32) -> f32 {
        let a = f64::from(a);
        round::<ROUNDING>(if OP == 0 { half::div(1.0, a) } else { half::sqrt(a) })
    }
}

fn directed<const ROUNDING: u8>(op: Float, mode: Mode) -> Option<Meaning> {
    Some(match op {
        Float::Add => with2::<Directed<ROUNDING, 0>>(mode),
        Float::Sub => with2::<Directed<ROUNDING, 1>>(mode),
        Float::Mul => with2::<Directed<ROUNDING, 2>>(mode),
        Float::Div => with2::<Directed<ROUNDING, 3>>(mode),
        Float::Fma => with3::<Directed<ROUNDING, 0>>(mode),
        Float::Rcp => with1::<Directed<ROUNDING, 0>>(mode),
        Float::Sqrt => with1::<Directed<ROUNDING, 1>>(mode),
        _ => return None,
    })
}

fn single(op: Float, mode: Mode) -> Option<Meaning> {
    match mode.rounding {
        Rounding::Nearest => {}
        Rounding::Zero => return directed::<1>(op, mode),
        Rounding::Down => return directed::<2>(op, mode),
        Rounding::Up => return directed::<3>(op, mode),
    }
    Some(match op {
        Float::Add => with2::<Add>(mode),
        Float::Sub => with2::<Sub>(mode),
        Float::Mul => with2::<Mul>(mode),
        Float::Div => with2::<Div>(mode),
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
        Float::MinNan => with2::<MinNan>(mode),
        Float::MaxNan => with2::<MaxNan>(mode),
        Float::Neg if mode.ftz => one!(|a: f32| -flush(a)),
        Float::Abs if mode.ftz => one!(|a: f32| flush(a).abs()),
        Float::Neg => one!(|a: f32| -a),
        Float::Abs => one!(|a: f32| a.abs()),
        Float::CopySign => two!(|a: f32, b: f32| b.copysign(a)),
        Float::IsFinite => one!(|a: f32| a.is_finite()),
        Float::IsInfinite => one!(|a: f32| a.is_infinite()),
        Float::IsNumber => one!(|a: f32| !a.is_nan()),
        Float::IsNan => one!(|a: f32| a.is_nan()),
        Float::IsNormal => one!(|a: f32| a.is_normal()),
        Float::IsSubnormal => one!(|a: f32| a.is_subnormal()),
        Float::FmaRelu | Float::RcpGross | Float::RsqrtGross => return None,
    })
}

fn least64(a: f64, b: f64) -> f64 {
    if a < b || b.is_nan() || (a == b && a.is_sign_negative()) { a } else { b }
}

/// The high half only; denormals are zero.
fn gross(a: f64, result: fn(f64) -> f64) -> f64 {
    let flush = |x: f64| if x.is_subnormal() { 0f64.copysign(x) } else { x };
    let result = flush(result(flush(a)));
    if result.is_nan() { result } else { f64::from_bits(result.to_bits() & !0xffff_ffff) }
}

/// a + b rounded down or up or towards zero; exact sums may be zero of either sign.
fn directed_sum<const ROUNDING: u8>(a: f64, b: f64) -> f64 {
    let (sum, error) = half::two_sum(a, b);
    if sum == 0.0 && ROUNDING == 2 {
        return zero_sum::<ROUNDING>(sum, a, b);
    }
    if !sum.is_finite() {
        let overflow = sum.is_infinite() && a.is_finite() && b.is_finite();
        let kept = match ROUNDING {
            1 => true,
            2 => sum > 0.0,
            _ => sum < 0.0,
        };
        return if overflow && kept { f64::MAX.copysign(sum) } else { sum };
    }
    let (low, high) = (error < 0.0, error > 0.0);
    match ROUNDING {
        1 if (sum > 0.0 && low) || (sum < 0.0 && high) => f64::from_bits(sum.to_bits() - 1),
        2 if low => sum.next_down(),
        3 if high => sum.next_up(),
        _ => sum,
    }
}

fn directed_double<const ROUNDING: u8>(op: Float) -> Option<Meaning> {
    Some(match op {
        Float::Add => two!(|a: f64, b: f64| directed_sum::<ROUNDING>(a, b)),
        Float::Sub => two!(|a: f64, b: f64| directed_sum::<ROUNDING>(a, -b)),
        _ => return None,
    })
}

fn double(op: Float, mode: Mode) -> Option<Meaning> {
    if mode.sat || (mode.ftz && !matches!(op, Float::RcpGross | Float::RsqrtGross)) {
        return None;
    }
    match mode.rounding {
        Rounding::Nearest => {}
        Rounding::Zero => return directed_double::<1>(op),
        Rounding::Down => return directed_double::<2>(op),
        Rounding::Up => return directed_double::<3>(op),
    }
    Some(match op {
        Float::Add => two!(|a: f64, b: f64| a + b),
        Float::Sub => two!(|a: f64, b: f64| a - b),
        Float::Mul => two!(|a: f64, b: f64| a * b),
        Float::Div => two!(|a: f64, b: f64| a / b),
        Float::Fma => three!(|a: f64, b: f64, c: f64| a.mul_add(b, c)),
        Float::Rcp => one!(|a: f64| 1.0 / a),
        Float::Sqrt => one!(|a: f64| a.sqrt()),
        Float::Rsqrt => one!(|a: f64| 1.0 / a.sqrt()),
        Float::RcpGross => one!(|a: f64| gross(a, |a| 1.0 / a)),
        Float::RsqrtGross => one!(|a: f64| gross(a, |a| 1.0 / a.sqrt())),
        Float::Min => two!(|a: f64, b: f64| least64(a, b)),
        Float::Max => two!(|a: f64, b: f64| -least64(-a, -b)),
        Float::Neg => one!(|a: f64| -a),
        Float::Abs => one!(|a: f64| a.abs()),
        Float::CopySign => two!(|a: f64, b: f64| b.copysign(a)),
        Float::IsFinite => one!(|a: f64| a.is_finite()),
        Float::IsInfinite => one!(|a: f64| a.is_infinite()),
        Float::IsNumber => one!(|a: f64| !a.is_nan()),
        Float::IsNan => one!(|a: f64| a.is_nan()),
        Float::IsNormal => one!(|a: f64| a.is_normal()),
        Float::IsSubnormal => one!(|a: f64| a.is_subnormal()),
        _ => return None,
    })
}

/// A 16-bit format.
trait Narrow {
    const FORMAT: Format;
    fn get(bits: u64) -> f64 {
        half::widen(bits & 0xffff, Self::FORMAT)
    }
    fn put(value: f64) -> u64 {
        half::narrow(value, Self::FORMAT, Rounding::Nearest)
    }
}
struct Half;
struct Brain;
impl Narrow for Half {
    const FORMAT: Format = F16;
}
impl Narrow for Brain {
    const FORMAT: Format = BF16;
}

fn least16<N: Narrow>(a: u64, b: u64) -> u64 {
    let (x, y) = (N::get(a), N::get(b));
    if x.is_nan() && y.is_nan() { N::put(f64::NAN) } else { N::put(least64(x, y)) }
}

fn greatest16<N: Narrow>(a: u64, b: u64) -> u64 {
    least16::<N>(a ^ 0x8000, b ^ 0x8000) ^ if N::get(a).is_nan() && N::get(b).is_nan() { 0 } else { 0x8000 }
}

fn apply2<N: Narrow, const OP: u8>(a: u64, b: u64) -> u64 {
    let (x, y) = (N::get(a), N::get(b));
    match OP {
        0 => N::put(half::add(x, y)),
        1 => N::put(half::add(x, -y)),
        2 => N::put(x * y),
        3 => least16::<N>(a, b),
        4 => greatest16::<N>(a, b),
        _ if x.is_nan() || y.is_nan() => N::put(f64::NAN),
        5 => least16::<N>(a, b),
        _ => greatest16::<N>(a, b),
    }
}

fn fma16<N: Narrow>(a: u64, b: u64, c: u64) -> u64 {
    N::put(half::fma(N::get(a), N::get(b), N::get(c)))
}

fn relu16<N: Narrow>(bits: u64) -> u64 {
    let value = N::get(bits);
    if value.is_nan() || value > 0.0 { bits } else { 0 }
}

fn narrow<N: Narrow>(op: Float, mode: Mode) -> Option<Meaning> {
    if mode.ftz || mode.sat || mode.rounding != Rounding::Nearest {
        return None;
    }
    Some(match op {
        Float::Add => two!(|a: u64, b: u64| apply2::<N, 0>(a, b)),
        Float::Sub => two!(|a: u64, b: u64| apply2::<N, 1>(a, b)),
        Float::Mul => two!(|a: u64, b: u64| apply2::<N, 2>(a, b)),
        Float::Min => two!(|a: u64, b: u64| apply2::<N, 3>(a, b)),
        Float::Max => two!(|a: u64, b: u64| apply2::<N, 4>(a, b)),
        Float::MinNan => two!(|a: u64, b: u64| apply2::<N, 5>(a, b)),
        Float::MaxNan => two!(|a: u64, b: u64| apply2::<N, 6>(a, b)),
        Float::Fma => three!(|a: u64, b: u64, c: u64| fma16::<N>(a, b, c)),
        Float::FmaRelu => three!(|a: u64, b: u64, c: u64| relu16::<N>(fma16::<N>(a, b, c))),
        Float::Neg => one!(|a: u64| a ^ 0x8000),
        Float::Abs => one!(|a: u64| a & 0x7fff),
        Float::Ex2 => one!(|a: u64| N::put(N::get(a).exp2())),
        Float::Tanh => one!(|a: u64| N::put(N::get(a).tanh())),
        _ => return None,
    })
}

fn both2(a: u64, b: u64, run: fn(u64, u64) -> u64) -> u64 {
    run(a & 0xffff, b & 0xffff) | run(a >> 16, b >> 16) << 16
}

fn both3(a: u64, b: u64, c: u64, run: fn(u64, u64, u64) -> u64) -> u64 {
    run(a & 0xffff, b & 0xffff, c & 0xffff) | run(a >> 16, b >> 16, c >> 16) << 16
}

fn packed<N: Narrow>(op: Float, mode: Mode) -> Option<Meaning> {
    if mode.ftz || mode.sat || mode.rounding != Rounding::Nearest {
        return None;
    }
    Some(match op {
        Float::Add => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 0>)),
        Float::Sub => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 1>)),
        Float::Mul => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 2>)),
        Float::Min => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 3>)),
        Float::Max => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 4>)),
        Float::MinNan => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 5>)),
        Float::MaxNan => two!(|a: u64, b: u64| both2(a, b, apply2::<N, 6>)),
        Float::Fma => three!(|a: u64, b: u64, c: u64| both3(a, b, c, fma16::<N>)),
        Float::Neg => one!(|a: u64| a ^ 0x8000_8000),
        Float::Abs => one!(|a: u64| a & 0x7fff_7fff),
        _ => return None,
    })
}

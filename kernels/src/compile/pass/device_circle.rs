//! Sines, their inverses and relatives of the device library.

use std::f64::consts::{FRAC_1_PI, FRAC_2_PI, FRAC_PI_2, PI};

use super::device::{in_double, narrow, wide};
use super::expand_float::negative;
use super::formula::Formula;
use crate::compile::ssa::Value;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Float, Mode, Rounding};

/// A function of `f32` in ops, if it is one of these. `compute` is itself, for what is out of reach.
pub fn expand(
    f: &mut Formula<'_, '_>,
    name: &str,
    output: usize,
    compute: Compute,
    args: &[Value],
) -> Option<Value> {
    let a = args[0];
    Some(match (name, output) {
        ("sinf", _) | ("sincosf", 0) => {
            let value = turned(f, a, false);
            unless_far(f, a, compute, value)
        }
        ("cosf", _) | ("sincosf", 1) => {
            let value = turned(f, a, true);
            unless_far(f, a, compute, value)
        }
        ("tanf" | "fast_tanf", _) => {
            let value = in_double(f, |f, args| tan(f, args[0]), args);
            unless_far(f, a, compute, value)
        }
        ("sinpif", _) | ("sincospif", 0) => sinpi(f, a),
        ("cospif", _) | ("sincospif", 1) => cospi(f, a),
        ("atanf", _) => in_double(f, |f, args| atan(f, args[0]), args),
        ("atan2f", _) => in_double(f, |f, args| atan2(f, args[0], args[1]), args),
        ("asinf", _) => in_double(f, |f, args| asin(f, args[0], false), args),
        ("acosf", _) => in_double(f, |f, args| asin(f, args[0], true), args),
        _ => return None,
    })
}

/// From here on an `f64` does not hold the number of turns well enough.
const FAR: f64 = (1 << 30) as f64;

/// Numbers that are too large are left to a call: rarely is there one.
fn unless_far(f: &mut Formula<'_, '_>, a: Value, compute: Compute, value: Value) -> Value {
    let size = f.abs(a);
    let (far, finite) = (f.is(Comparison::Ge, size, FAR), f.is(Comparison::Lt, size, f64::INFINITY));
    let rare = f.e.and(far, finite);
    f.e.unless(rare, compute, &[a], value)
}

/// What π lacks as an `f64`.
const PI_REST: f64 = 1.224_646_799_147_353_2e-16;

/// (sin x / x - 1) / x² of x² for |x| ≤ π/2, its error at most 2^-43.9.
const SIN: [f64; 6] = [
    -0.16666666666520127,
    0.008333333321885478,
    -0.00019841266862685294,
    2.755696271919489e-06,
    -2.5030509066313948e-08,
    1.5413252371165138e-10,
];

/// (cos x - 1) / x² of x² for |x| ≤ π/4, its error at most 2^-43.7.
const COS: [f64; 5] = [
    -0.49999999999521944,
    0.04166666655784436,
    -0.001388888084300066,
    2.4798990117333535e-05,
    -2.7176355502284175e-07,
];

/// a less so many times a multiple of π, of which the rest is given, too.
fn less(f: &mut Formula<'_, '_>, a: Value, turns: Value, unit: f64, rest: f64) -> Value {
    let a = f.fma_by(turns, -unit, a);
    f.fma_by(turns, -rest, a)
}

/// x (1 + x² p(x²))
fn near_zero(f: &mut Formula<'_, '_>, x: Value, coefficients: &[f64]) -> Value {
    let square = f.mul(x, x);
    let sum = f.polynomial(square, coefficients);
    let one = f.c(1.0);
    let factor = f.fma(sum, square, one);
    f.mul(x, factor)
}

/// x = n π + r has sine (-1)ⁿ sin r; x = (n + ½) π + r has cosine -(-1)ⁿ sin r. In `f64`, as `f32`
/// would be off by more than it may be near a quarter of a turn.
fn turned(f: &mut Formula<'_, '_>, a: Value, cosine: bool) -> Value {
    let x = wide(f, a);
    let mut d = Formula::new(f.e, Kind::F64, Mode::default());
    let (inverse, half) = (d.c(FRAC_1_PI), d.c(-0.5));
    let whole = if cosine {
        let turns = d.fma(x, inverse, half);
        d.nearest(turns)
    } else {
        nearest_product(&mut d, x, inverse)
    };
    let turns = if cosine { d.add_by(whole, 0.5) } else { whole };
    let rest = less(&mut d, x, turns, PI, PI_REST);
    let value = near_zero(&mut d, rest, &SIN);
    let parity = d.e.convert_plain(Kind::S32, Kind::F64, Rounding::Nearest, whole);
    let value = narrow(f, value);
    let odd = f.e.left(parity, 31);
    let one = f.e.word(if cosine { 0xbf80_0000 } else { 0x3f80_0000 });
    let sign = f.e.xor(odd, one);
    f.mul(value, sign)
}

/// The integer next to a product, never -0: what is taken off -0 leaves -0 then.
fn nearest_product(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    const ROUNDS: f64 = 6_755_399_441_055_744.0;
    let rounds = f.c(ROUNDS);
    let sum = f.fma(a, b, rounds);
    f.add_by(sum, -ROUNDS)
}

/// Of r between -π/4 and π/4 the quotient of sine and cosine, a quarter of a turn on the other way round.
fn tan(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let inverse = f.c(FRAC_2_PI);
    let whole = nearest_product(f, a, inverse);
    let rest = less(f, a, whole, FRAC_PI_2, PI_REST / 2.0);
    let sine = near_zero(f, rest, &SIN);
    let square = f.mul(rest, rest);
    let sum = f.polynomial(square, &COS);
    let one = f.c(1.0);
    let cosine = f.fma(sum, square, one);
    let half = f.mul_by(whole, 0.5);
    let half_whole = f.nearest(half);
    let odd = f.is_to(Comparison::Ne, half, half_whole);
    let other = f.neg(cosine);
    let (above, below) = (f.e.select(odd, other, sine), f.e.select(odd, sine, cosine));
    f.div(above, below)
}

/// a less the nearest even number.
fn less_even(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let half = f.mul_by(a, 0.5);
    let whole = f.nearest(half);
    f.fma_by(whole, -2.0, a)
}

/// sin πx for |x| ≤ ½.
fn of_half(f: &mut Formula<'_, '_>, x: Value) -> Value {
    let run = |f: &mut Formula<'_, '_>, args: &[Value]| {
        let angle = f.mul_by(args[0], PI);
        near_zero(f, angle, &SIN)
    };
    in_double(f, run, &[x])
}

fn sinpi(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let rest = less_even(f, a);
    let (size, one) = (f.abs(rest), f.c(1.0));
    let one = f.with_sign(rest, one);
    let other = f.sub(one, rest);
    let beyond = f.is(Comparison::Gt, size, 0.5);
    let rest = f.e.select(beyond, other, rest);
    let value = of_half(f, rest);
    // Of integers the sign is that of the argument.
    let zero = f.c(0.0);
    let signed = f.with_sign(a, zero);
    let whole = f.is(Comparison::Eq, rest, 0.0);
    f.e.select(whole, signed, value)
}

fn cospi(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let rest = less_even(f, a);
    let (size, half) = (f.abs(rest), f.c(0.5));
    let rest = f.sub(half, size);
    of_half(f, rest)
}

/// (atan x / x - 1) / x² of x² for |x| ≤ 1, its error at most 2^-34.
const ATAN: [f64; 11] = [
    -0.3333333223493445,
    0.19999932182251423,
    -0.14284250644696578,
    0.11095200817667739,
    -0.08988785025916136,
    0.07269365287846016,
    -0.0547041585545484,
    0.03470429221942888,
    -0.016471203847722687,
    0.004999217731925429,
    -0.0007112880301590116,
];

/// A quarter of a turn less an angle, if so.
fn other_angle(f: &mut Formula<'_, '_>, if_so: Value, whole: f64, angle: Value) -> Value {
    let whole = f.c(whole);
    let other = f.sub(whole, angle);
    f.e.select(if_so, other, angle)
}

fn atan(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let (size, one) = (f.abs(a), f.c(1.0));
    let inverse = f.div(one, size);
    let large = f.is(Comparison::Gt, size, 1.0);
    let ratio = f.e.select(large, inverse, size);
    let angle = near_zero(f, ratio, &ATAN);
    let angle = other_angle(f, large, FRAC_PI_2, angle);
    f.with_sign(a, angle)
}

fn atan2(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let (above, right) = (f.abs(a), f.abs(b));
    let steep = f.is_to(Comparison::Gt, above, right);
    let (less, more) = (f.e.select(steep, right, above), f.e.select(steep, above, right));
    let ratio = f.div(less, more);
    // ∞ / ∞ counts as 1, 0 / 0 as 0.
    let (zero, one) = (f.c(0.0), f.c(1.0));
    let same = f.is_to(Comparison::Eq, less, more);
    let ratio = f.e.select(same, one, ratio);
    let sum = f.add(less, more);
    let none = f.is(Comparison::Eq, sum, 0.0);
    let ratio = f.e.select(none, zero, ratio);
    let angle = near_zero(f, ratio, &ATAN);
    let angle = other_angle(f, steep, FRAC_PI_2, angle);
    let left = negative(f.e, f.ty, b);
    let angle = other_angle(f, left, PI, angle);
    f.with_sign(a, angle)
}

/// The angle whose sine or cosine this is, by both.
fn asin(f: &mut Formula<'_, '_>, a: Value, cosine: bool) -> Value {
    let one = f.c(1.0);
    let (below, above) = (f.sub(one, a), f.add(one, a));
    let square = f.mul(below, above);
    let other = f.op(Float::Sqrt, &[square]);
    if cosine { atan2(f, other, a) } else { atan2(f, a, other) }
}

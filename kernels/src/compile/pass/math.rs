//! Approximate functions of `f32`, within the bounds of PTX.

use super::expand::Expander;
use super::expand_float::nan;
use super::formula::Formula;
use crate::compile::ssa::Value;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Float, Mode, Rounding};

/// A function in other ops. Denormals are no concern here: they are flushed in front, behind, or by the control word.
pub fn expand(e: &mut Expander<'_>, op: Float, mode: Mode, args: &[Value]) -> Option<Value> {
    if mode.rounding != Rounding::Nearest {
        return None;
    }
    let mut f = Formula::new(e, Kind::F32, mode);
    let a = args[0];
    Some(match op {
        Float::Rsqrt => rsqrt(&mut f, a),
        Float::DivApprox => div(&mut f, a, args[1]),
        Float::Ex2 => ex2(&mut f, a),
        Float::Lg2 => lg2(&mut f, a),
        Float::Sin => sin(&mut f, a),
        Float::Cos => cos(&mut f, a),
        Float::Tanh => tanh(&mut f, a),
        _ => return None,
    })
}

/// One step of Newton's method: r + r/2 (1 - a r²). Of 0 and ∞ the estimate is exact, and the step no number: then it
/// is any, as what it is multiplied with is 0 or ∞.
fn rsqrt(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let estimate = f.op(Float::RsqrtGross, &[a]);
    let product = f.mul(a, estimate);
    let one = f.c(1.0);
    let miss = f.fnma(product, estimate, one);
    let miss = f.at_most(miss, 1.0);
    let half = f.mul_by(estimate, 0.5);
    f.fma(half, miss, estimate)
}

/// The reciprocals of the largest numbers count as 0.
fn div(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let size = f.abs(b);
    let large = f.is(Comparison::Gt, size, 2f64.powi(126));
    let infinity = f.c(f64::INFINITY);
    let infinity = f.with_sign(b, infinity);
    let b = f.e.select(large, infinity, b);
    f.div(a, b)
}

/// (2^x - 1) / x for |x| ≤ ½, its error as a part of 2^x at most 2^-28.9.
const EX2: [f64; 6] = [
    0.6931471824645996,
    0.24022647738456726,
    0.055503323674201965,
    0.00961843691766262,
    0.0013398875016719103,
    0.0001535336341476068,
];

/// 2^n 2^x, where n is an integer. Of infinities x is no number, and scaling does not ask for it.
fn ex2(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let whole = f.nearest(a);
    let part = f.sub(a, whole);
    let sum = f.polynomial(part, &EX2);
    let one = f.c(1.0);
    let power = f.fma(sum, part, one);
    f.scale(power, whole)
}

/// The same without denormals, where no control word flushes them: those of the source make 1 anyway.
pub fn ex2_flushed(e: &mut Expander<'_>, a: Value) -> Value {
    let mut f = Formula::new(e, Kind::F32, Mode::default());
    let value = ex2(&mut f, a);
    let normal = f.is(Comparison::Geu, a, -126.0);
    let zero = f.c(0.0);
    f.e.select(normal, value, zero)
}

/// log₂(1 + x) / x for -¼ ≤ x < ½, its error as a part of itself at most 2^-25.1.
const LG2: [f64; 9] = [
    1.4426950216293335,
    -0.7213484644889832,
    0.4809020757675171,
    -0.36057591438293457,
    0.2881915867328644,
    -0.24272355437278748,
    0.21632421016693115,
    -0.1742287278175354,
    0.07806579023599625,
];

fn lg2(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let (significand, exponent) = f.parts(a);
    let part = f.add_by(significand, -1.0);
    // The first term is most of it, and is rounded last but one.
    let first = f.fma_by(part, LG2[0], exponent);
    let rest = f.polynomial(part, &LG2[1..]);
    let square = f.mul(part, part);
    let value = f.fma(rest, square, first);
    let below = f.is(Comparison::Lt, a, 0.0);
    let nan = nan(f.e, f.ty);
    f.e.select(below, nan, value)
}

/// (sin x / x - 1) / x² of x² for |x| ≤ π/2, its error as a part of x³ at most 2^-27.5.
const SIN: [f64; 4] =
    [-0.16666656732559204, 0.008332998491823673, -0.0001980524102691561, 2.5970271053665783e-06];

/// 1½ · 2^23: what is added to it is rounded to an integer.
const ROUNDS: f64 = 12_582_912.0;

/// The beginnings of π, both cut: what is taken off -0 leaves -0.
const PI: [f64; 2] = [3.141592502593994, 1.5099579909783765e-07];

/// What is too large to say on which side of the circle it lies counts as 0, as ∞ and NaN remain.
fn known(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let size = f.abs(a);
    let small = f.is(Comparison::Lt, size, 4_194_304.0);
    let rest = f.sub(a, a);
    f.e.select(small, a, rest)
}

fn sin(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let a = known(f, a);
    let (inverse, rounds) = (f.c(std::f64::consts::FRAC_1_PI), f.c(ROUNDS));
    let sum = f.fma(a, inverse, rounds);
    let half_turns = f.add_by(sum, -ROUNDS);
    turned(f, a, half_turns, half_turns, 0)
}

/// The cosine is a sine, a quarter of a turn on: x = (n + ½) π + r has cosine -(-1)ⁿ sin r.
fn cos(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let a = known(f, a);
    let (inverse, half) = (f.c(std::f64::consts::FRAC_1_PI), f.c(-0.5));
    let before = f.fma(a, inverse, half);
    let sum = f.add_by(before, ROUNDS);
    let half_turns = f.add_by(sum, -ROUNDS);
    let turns = f.add_by(half_turns, 0.5);
    turned(f, a, turns, half_turns, 0x8000_0000)
}

/// sin(a - turns · π) with the sign of the parity of another number, and that of a constant.
fn turned(f: &mut Formula<'_, '_>, a: Value, turns: Value, parity: Value, sign: u32) -> Value {
    let rest = f.fma_by(turns, -PI[0], a);
    let rest = f.fma_by(turns, -PI[1], rest);
    // No other integer comes near.
    let whole = f.e.convert_plain(Kind::S32, Kind::F32, Rounding::Nearest, parity);
    let odd = f.e.left(whole, 31);
    let one = f.e.word(0x3f80_0000 ^ sign);
    let factor = f.e.xor(odd, one);
    let rest = f.mul(rest, factor);
    let square = f.mul(rest, rest);
    let sum = f.polynomial(square, &SIN);
    let one = f.c(1.0);
    let sum = f.fma(sum, square, one);
    f.mul(rest, sum)
}

/// Numerator and denominator of tanh x / x, of x²: good to four digits up to 4.9, where it is nearly 1.
const TANH: [[f64; 4]; 2] = [
    [1.0, 0.1282051282051282, 0.002797202797202797, 7.4000074000074e-06],
    [1.0, 0.46153846153846156, 0.023310023310023312, 0.0002072002072002072],
];

fn tanh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let part = f.at_most(a, 4.9);
    let part = f.at_least(part, -4.9);
    let square = f.mul(part, part);
    let [above, below] = TANH.map(|coefficients| f.polynomial(square, &coefficients));
    let inverse = f.op(Float::RcpGross, &[below]);
    let value = f.mul(part, above);
    let value = f.mul(value, inverse);
    let number = f.is_to(Comparison::Num, a, a);
    let nan = nan(f.e, f.ty);
    f.e.select(number, value, nan)
}

//! Exponentials, logarithms, powers and roots of the device library.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LN_2, LOG2_E, LOG10_2, LOG10_E};

use super::device::in_double;
use super::expand_float::nan;
use super::formula::Formula;
use crate::compile::ssa::Value;
use crate::ir::compute::{Comparison, Float};

/// A function in ops, if it is one of these.
pub fn expand(f: &mut Formula<'_, '_>, name: &str, args: &[Value]) -> Option<Value> {
    let a = args[0];
    Some(match name {
        "expf" | "fast_expf" => exp32(f, a),
        "exp2f" => f.op(Float::Ex2, &[a]),
        "exp10f" | "fast_exp10f" => exp10(f, a),
        "logf" | "fast_logf" => log32(f, a),
        "log2f" => in_double(f, |f, args| log(f, args[0], LOG2_E), args),
        "log10f" | "fast_log10f" => in_double(f, |f, args| log(f, args[0], LOG10_E), args),
        "powf" => in_double(f, |f, args| pow(f, args[0], args[1]), args),
        "fast_powf" => in_double(f, |f, args| fast_pow(f, args[0], args[1]), args),
        "expm1f" => in_double(f, |f, args| expm1(f, args[0]), args),
        "log1pf" => in_double(f, |f, args| log1p(f, args[0]), args),
        "sinhf" => in_double(f, |f, args| sinh(f, args[0]), args),
        "coshf" => in_double(f, |f, args| cosh(f, args[0]), args),
        "tanhf" => in_double(f, |f, args| tanh(f, args[0]), args),
        "asinhf" => in_double(f, |f, args| asinh(f, args[0]), args),
        "acoshf" => in_double(f, |f, args| acosh(f, args[0]), args),
        "atanhf" => in_double(f, |f, args| atanh(f, args[0]), args),
        "cbrtf" => in_double(f, |f, args| cbrt(f, args[0], 1.0 / 3.0), args),
        "rcbrtf" => in_double(f, |f, args| cbrt(f, args[0], -1.0 / 3.0), args),
        "rsqrtf" | "frsqrt_rn" => in_double(f, |f, args| rsqrt(f, args[0]), args),
        "hypotf" | "norm3df" | "norm4df" => in_double(f, |f, args| norm(f, args, false), args),
        "rhypotf" | "rnorm3df" | "rnorm4df" => in_double(f, |f, args| norm(f, args, true), args),
        "erff" => in_double(f, |f, args| erf(f, args[0]), args),
        "erfcf" => in_double(f, |f, args| erfc(f, args[0]), args),
        "erfcxf" => in_double(f, |f, args| erfcx(f, args[0]), args),
        "normcdff" => in_double(f, |f, args| normcdf(f, args[0]), args),
        "exp" => exp(f, a),
        "exp2" => exp2(f, a),
        "log" => log(f, a, 1.0),
        "rsqrt" => near_rsqrt(f, a),
        _ => return None,
    })
}

/// (eˣ - 1 - x) / x² for |x| ≤ ln 2 / 2, its error as a part of eˣ at most 2^-28.3.
const EXP32: [f64; 5] =
    [0.4999999403953552, 0.1666652113199234, 0.04166838899254799, 0.008368710987269878, 0.001381460577249527];

/// ln 2, its first part with zeros at the end.
const LN_2_32: [f64; 2] = [0.693145751953125, 1.428606765330187e-06];

fn exp32(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let turns = f.mul_by(a, LOG2_E);
    let whole = f.nearest(turns);
    let rest = f.fma_by(whole, -LN_2_32[0], a);
    let rest = f.fma_by(whole, -LN_2_32[1], rest);
    let rest = bounded(f, rest);
    let square = f.mul(rest, rest);
    let sum = f.polynomial_in_pairs(rest, square, &EXP32);
    let sum = f.fma(sum, square, rest);
    let power = f.add_by(sum, 1.0);
    f.scale(power, whole)
}

/// The rest of an infinity is no number, that of a number far beyond the range anything: both may be what they like, as
/// long as the sum is greater than 0.
fn bounded(f: &mut Formula<'_, '_>, rest: Value) -> Value {
    f.within(rest, 1.0)
}

/// (10ˣ - 1) / x for |x| ≤ log₁₀ 2 / 2, its error as a part of 10ˣ at most 2^-28.9.
const EXP10: [f64; 6] = [
    2.3025851249694824,
    2.6509487628936768,
    2.0346498489379883,
    1.1712926626205444,
    0.5420253276824951,
    0.20632164180278778,
];

/// log₁₀ 2, its first part with zeros at the end.
const LOG10_2_32: [f64; 2] = [0.301025390625, LOG10_2 - 0.301025390625];

fn exp10(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let turns = f.mul_by(a, 1.0 / LOG10_2);
    let whole = f.nearest(turns);
    let rest = f.fma_by(whole, -LOG10_2_32[0], a);
    let rest = f.fma_by(whole, -LOG10_2_32[1], rest);
    let rest = bounded(f, rest);
    let sum = f.polynomial(rest, &EXP10);
    let one = f.c(1.0);
    let power = f.fma(sum, rest, one);
    f.scale(power, whole)
}

/// (ln(1 + x) - x) / x² for -¼ ≤ x < ½, its error as a part of the logarithm at most 2^-27.6.
const LOG32: [f64; 9] = [
    -0.5,
    0.3333345353603363,
    -0.2500007152557373,
    0.199907124042511,
    -0.1664758026599884,
    0.144805446267128,
    -0.131617933511734,
    0.10454396158456802,
    -0.04497792571783066,
];

fn log32(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let (significand, exponent) = f.parts(a);
    let part = f.add_by(significand, -1.0);
    let sum = f.polynomial(part, &LOG32);
    let square = f.mul(part, part);
    let sum = f.fma(sum, square, part);
    let ln_2 = f.c(LN_2);
    let value = f.fma(exponent, ln_2, sum);
    positive(f, a, value)
}

/// NaN below zero.
fn positive(f: &mut Formula<'_, '_>, a: Value, value: Value) -> Value {
    let below = f.is(Comparison::Lt, a, 0.0);
    let nan = nan(f.e, f.ty);
    f.e.select(below, nan, value)
}

/// (eˣ - 1 - x) / x² for |x| ≤ ln 2 / 2, its error as a part of eˣ at most 2^-57.9.
const EXP: [f64; 10] = [
    0.5000000000000011,
    0.16666666666666413,
    0.041666666666530246,
    0.008333333333494342,
    0.00138888889436035,
    0.0001984126950677076,
    2.48014931294209e-05,
    2.7557586266017966e-06,
    2.7630236579047826e-07,
    2.500007532194185e-08,
];

/// ln 2, its first part with zeros at the end.
const LN_2_64: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];

/// Of `f64`.
fn exp(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let turns = f.mul_by(a, LOG2_E);
    let whole = f.nearest(turns);
    let rest = f.fma_by(whole, -LN_2_64[0], a);
    let rest = f.fma_by(whole, -LN_2_64[1], rest);
    let rest = bounded(f, rest);
    let sum = f.polynomial(rest, &EXP);
    let square = f.mul(rest, rest);
    let sum = f.fma(sum, square, rest);
    let power = f.add_by(sum, 1.0);
    f.scale(power, whole)
}

/// The same of powers of 2.
fn exp2(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let whole = f.nearest(a);
    let rest = f.sub(a, whole);
    let rest = bounded(f, rest);
    let rest = f.mul_by(rest, LN_2);
    let sum = f.polynomial(rest, &EXP);
    let square = f.mul(rest, rest);
    let sum = f.fma(sum, square, rest);
    let power = f.add_by(sum, 1.0);
    f.scale(power, whole)
}

/// (atanh x / x - 1) / x² of x² for |x| ≤ 1/5, its error at most 2^-62.6.
const ATANH: [f64; 8] = [
    0.333333333333333,
    0.20000000000028478,
    0.14285714277883424,
    0.11111112151469295,
    0.09090832754086035,
    0.07695561737046705,
    0.06586705772589328,
    0.06922139510205771,
];

/// The logarithm of an `f64`, times a factor. With x = 1 + r and s = r / (2 + r): ln x = r - (r²/2 - s (r²/2 + R)), where
/// R is of the size of s²: what is rounded is small beside r.
fn log(f: &mut Formula<'_, '_>, a: Value, factor: f64) -> Value {
    let (significand, exponent) = f.parts(a);
    let part = f.add_by(significand, -1.0);
    let below = f.add_by(part, 2.0);
    let ratio = f.div(part, below);
    let square = f.mul(ratio, ratio);
    let sum = f.polynomial(square, &ATANH);
    let sum = f.mul(sum, square);
    let double = f.add(sum, sum);
    let half = f.mul_by(part, 0.5);
    let half = f.mul(half, part);
    let inner = f.add(half, double);
    let low = f.mul_by(exponent, LN_2_64[1]);
    let inner = f.fma(ratio, inner, low);
    let outer = f.sub(half, inner);
    let value = f.sub(part, outer);
    let value = f.fma_by(exponent, LN_2_64[0], value);
    // Of 0 and ∞ the exponent is all there is.
    let finite = f.abs(exponent);
    let finite = f.is(Comparison::Lt, finite, f64::INFINITY);
    let value = f.e.select(finite, value, exponent);
    let value = if factor == 1.0 { value } else { f.mul_by(value, factor) };
    positive(f, a, value)
}

/// x is |a| where it is small, and then with a's sign what a short series has: a + c aⁿ; else the other value.
fn or_series(f: &mut Formula<'_, '_>, a: Value, least: f64, factor: f64, cubic: bool, value: Value) -> Value {
    let size = f.abs(a);
    let small = f.is(Comparison::Lt, size, least);
    let square = f.mul(a, a);
    let power = if cubic { f.mul(square, a) } else { square };
    let series = f.fma_by(power, factor, a);
    // Both are 0 for a zero, whose sign must stay.
    let series = f.with_sign(a, series);
    f.e.select(small, series, value)
}

fn expm1(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let power = exp(f, a);
    let value = f.add_by(power, -1.0);
    or_series(f, a, 2f64.powi(-16), 0.5, false, value)
}

fn log1p(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let sum = f.add_by(a, 1.0);
    let value = log(f, sum, 1.0);
    or_series(f, a, 2f64.powi(-16), -0.5, false, value)
}

/// (e^|a| ± e^-|a|) / 2
fn half_sum(f: &mut Formula<'_, '_>, a: Value, minus: bool) -> Value {
    let size = f.abs(a);
    let power = exp(f, size);
    let one = f.c(1.0);
    let other = f.div(one, power);
    let sum = if minus { f.sub(power, other) } else { f.add(power, other) };
    f.mul_by(sum, 0.5)
}

fn sinh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let value = half_sum(f, a, true);
    let value = f.with_sign(a, value);
    or_series(f, a, 2f64.powi(-10), 1.0 / 6.0, true, value)
}

fn cosh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    half_sum(f, a, false)
}

/// 1 - 2 / (e^2|a| + 1)
fn tanh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let size = f.abs(a);
    let size = f.mul_by(size, 2.0);
    let power = exp(f, size);
    let above = f.add_by(power, 1.0);
    let two = f.c(-2.0);
    let part = f.div(two, above);
    let value = f.add_by(part, 1.0);
    let value = f.with_sign(a, value);
    or_series(f, a, 2f64.powi(-10), -1.0 / 3.0, true, value)
}

/// ln(|a| + √(a² + 1))
fn asinh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let (size, one) = (f.abs(a), f.c(1.0));
    let square = f.fma(a, a, one);
    let root = f.op(Float::Sqrt, &[square]);
    let sum = f.add(size, root);
    let value = log(f, sum, 1.0);
    let value = f.with_sign(a, value);
    or_series(f, a, 2f64.powi(-10), -1.0 / 6.0, true, value)
}

/// ln(a + √(a² - 1))
fn acosh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let less = f.c(-1.0);
    let square = f.fma(a, a, less);
    let root = f.op(Float::Sqrt, &[square]);
    let sum = f.add(a, root);
    let value = log(f, sum, 1.0);
    // Below -1 there is a root as well.
    let below = f.is(Comparison::Lt, a, 1.0);
    let nan = nan(f.e, f.ty);
    f.e.select(below, nan, value)
}

/// ln((1 + a) / (1 - a)) / 2
fn atanh(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let one = f.c(1.0);
    let (above, below) = (f.add(one, a), f.sub(one, a));
    let ratio = f.div(above, below);
    let value = log(f, ratio, 0.5);
    or_series(f, a, 2f64.powi(-10), 1.0 / 3.0, true, value)
}

/// |a| to a power of one third, with a's sign.
fn cbrt(f: &mut Formula<'_, '_>, a: Value, power: f64) -> Value {
    let size = f.abs(a);
    let log = log(f, size, power);
    let value = exp(f, log);
    f.with_sign(a, value)
}

fn rsqrt(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let (one, root) = (f.c(1.0), f.op(Float::Sqrt, &[a]));
    f.div(one, root)
}

/// The same with a step of Newton's method, as both roundings together would be too much. Where that is no number it is any:
/// 0 or ∞ stays.
fn near_rsqrt(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let near = rsqrt(f, a);
    let product = f.mul(a, near);
    let negative = f.neg(product);
    let lost = f.fma(a, near, negative);
    let one = f.c(1.0);
    let miss = f.fma(negative, near, one);
    let miss = f.fnma(lost, near, miss);
    let miss = f.at_most(miss, 1.0);
    let half = f.mul_by(near, 0.5);
    f.fma(half, miss, near)
}

/// √(Σ a²), or one over it: squares of `f32` do not leave the range of `f64`. An infinity counts more than a NaN.
fn norm(f: &mut Formula<'_, '_>, args: &[Value], inverse: bool) -> Value {
    let mut sum = f.mul(args[0], args[0]);
    let mut largest = f.abs(args[0]);
    for &arg in &args[1..] {
        sum = f.fma(arg, arg, sum);
        let size = f.abs(arg);
        largest = f.op(Float::Max, &[largest, size]);
    }
    let root = f.op(Float::Sqrt, &[sum]);
    let infinite = f.is(Comparison::Eq, largest, f64::INFINITY);
    let root = f.e.select(infinite, largest, root);
    let one = f.c(1.0);
    if inverse { f.div(one, root) } else { root }
}

/// ln(erfc x / t) + x² of t = 1 / (1 + x/2) for x ≥ 0, its error at most 2^-32.
const ERFC: [f64; 14] = [
    -1.2655022969314735,
    0.9996605409885677,
    0.3802294269178412,
    0.03580656822273113,
    0.19797666236222505,
    -1.3180040347155977,
    3.351012779896353,
    -7.1498838202053205,
    10.599247424412438,
    -10.067785798639806,
    6.022501541079855,
    -2.1759878316809207,
    0.4220885132928841,
    -0.031359674925765677,
];

/// erf x / x of x² for |x| ≤ ½, its error at most 2^-42.
const ERF: [f64; 7] = [
    1.128379167095382,
    -0.3761263889824245,
    0.11283791365546902,
    -0.02686609979757621,
    0.005223193560770138,
    -0.0008503606898776966,
    0.00010777633126235002,
];

/// t and the exponent of erfc |x| · e^(x²).
fn erfc_parts(f: &mut Formula<'_, '_>, size: Value) -> (Value, Value) {
    let (one, half) = (f.c(1.0), f.c(0.5));
    let below = f.fma(size, half, one);
    let t = f.div(one, below);
    let sum = f.polynomial(t, &ERFC);
    (t, sum)
}

/// erfc |x|
fn erfc_of_size(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let size = f.abs(a);
    let (t, sum) = erfc_parts(f, size);
    let power = f.fnma(size, size, sum);
    let power = exp(f, power);
    f.mul(t, power)
}

fn erfc(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let value = erfc_of_size(f, a);
    let two = f.c(2.0);
    let other = f.sub(two, value);
    let below = f.is(Comparison::Lt, a, 0.0);
    f.e.select(below, other, value)
}

fn erf(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let far = erfc_of_size(f, a);
    let one = f.c(1.0);
    let far = f.sub(one, far);
    let far = f.with_sign(a, far);
    let square = f.mul(a, a);
    let near = f.polynomial(square, &ERF);
    let near = f.mul(near, a);
    let size = f.abs(a);
    let small = f.is(Comparison::Lt, size, 0.5);
    f.e.select(small, near, far)
}

/// e^(x²) erfc x; below zero twice the power less that of |x|.
fn erfcx(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let size = f.abs(a);
    let (t, sum) = erfc_parts(f, size);
    let power = exp(f, sum);
    let value = f.mul(t, power);
    let square = f.mul(a, a);
    let square = exp(f, square);
    let double = f.add(square, square);
    let other = f.sub(double, value);
    let below = f.is(Comparison::Lt, a, 0.0);
    let value = f.e.select(below, other, value);
    // Far out: 1/(x √π) (1 - h + 3 h² - 15 h³ + 105 h⁴), h = 1/(2 x²)
    let one = f.c(1.0);
    let inverse = f.div(one, size);
    let half = f.mul_by(inverse, 0.5);
    let small = f.mul(half, inverse);
    let sum = f.polynomial(small, &[1.0, -1.0, 3.0, -15.0, 105.0]);
    let first = f.mul_by(inverse, FRAC_2_SQRT_PI / 2.0);
    let series = f.mul(first, sum);
    let far = f.is(Comparison::Gt, a, 10.0);
    f.e.select(far, series, value)
}

/// erfc(-x/√2) / 2
fn normcdf(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let at = f.mul_by(a, -FRAC_1_SQRT_2);
    let value = erfc(f, at);
    f.mul_by(value, 0.5)
}

/// |a|^b as the exponential of b ln |a|.
fn power_of_size(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let size = f.abs(a);
    let log = log(f, size, 1.0);
    let product = f.mul(log, b);
    exp(f, product)
}

fn fast_pow(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let log = log(f, a, 1.0);
    let product = f.mul(log, b);
    exp(f, product)
}

/// As the C standard has it.
pub fn pow(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let value = power_of_size(f, a, b);
    // Of a negative number: integers give a sign if they are odd, others no number.
    let whole = f.nearest(b);
    let fraction = f.is_to(Comparison::Ne, whole, b);
    let half = f.mul_by(whole, 0.5);
    let half_whole = f.nearest(half);
    let odd = f.is_to(Comparison::Ne, half, half_whole);
    let odd = {
        let integer = f.is_to(Comparison::Eq, whole, b);
        f.e.and(odd, integer)
    };
    let size = f.abs(value);
    let signed = f.with_sign(a, size);
    let value = f.e.select(odd, signed, value);
    let negative = f.is(Comparison::Lt, a, 0.0);
    let finite = f.is(Comparison::Gt, a, f64::NEG_INFINITY);
    let none = f.e.and(negative, finite);
    let none = f.e.and(none, fraction);
    let nan = nan(f.e, f.ty);
    let value = f.e.select(none, nan, value);
    // 1 to any power, any number to 0, and -1 to infinities.
    let one = f.c(1.0);
    let size = f.abs(b);
    let (to_zero, to_infinity) = (f.is(Comparison::Eq, b, 0.0), f.is(Comparison::Eq, size, f64::INFINITY));
    let (of_one, of_less) = (f.is(Comparison::Eq, a, 1.0), f.is(Comparison::Eq, a, -1.0));
    let both = f.e.and(of_less, to_infinity);
    let any = f.e.or(to_zero, of_one);
    let any = f.e.or(any, both);
    f.e.select(any, one, value)
}

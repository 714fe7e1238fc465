//! Functions of real numbers that neither the standard library nor `libm` has, or not well enough.

use super::wide::{Wide, scaled};

/// π
const PI: Wide = Wide { high: std::f64::consts::PI, low: 1.2246467991473532e-16 };
/// ln 10
const LN_10: Wide = Wide { high: std::f64::consts::LN_10, low: -2.1707562233822494e-16 };

/// 10 to the x.
pub fn exp10(x: f64) -> f64 {
    if x.abs() < 400.0 {
        return scaled(LN_10.mul(x.into()).exp());
    }
    libm::exp10(x)
}

/// Sine or cosine of π times a number of at most 1/4.
fn eighth(x: f64, cosine: bool) -> f64 {
    let at = PI.mul(x.into());
    let (sine, other) = (libm::sin(at.high), libm::cos(at.high));
    if cosine { other - at.low * sine } else { sine + at.low * other }
}

/// What remains of x after the nearest half, and which quarter of the turn that is.
fn halves(x: f64) -> (f64, i64) {
    // From 2^53 on all numbers are even; infinity has no remainder.
    if x.abs() >= 9_007_199_254_740_992.0 {
        return (x % 1.0, 0);
    }
    let turns = x % 2.0;
    let quarter = (2.0 * turns).round_ties_even();
    (turns - quarter / 2.0, quarter as i64)
}

/// sin πx
pub fn sinpi(x: f64) -> f64 {
    let (rest, quarter) = halves(x);
    match quarter & 3 {
        _ if rest == 0.0 && quarter & 1 == 0 => 0f64.copysign(x),
        0 => eighth(rest, false),
        1 => eighth(rest, true),
        2 => -eighth(rest, false),
        _ => -eighth(rest, true),
    }
}

/// cos πx
pub fn cospi(x: f64) -> f64 {
    let (rest, quarter) = halves(x);
    match quarter & 3 {
        _ if rest == 0.0 && quarter & 1 == 1 => 0.0,
        0 => eighth(rest, true),
        1 => -eighth(rest, false),
        2 => -eighth(rest, true),
        _ => eighth(rest, false),
    }
}

/// 1/√x
pub fn rsqrt(x: f64) -> f64 {
    let root = Wide::from(x).sqrt();
    if x == 0.0 || !x.is_finite() || x < 0.0 {
        return 1.0 / x.sqrt();
    }
    Wide::from(1.0).div(root).round()
}

/// 1/∛x
pub fn rcbrt(x: f64) -> f64 {
    let near = 1.0 / libm::cbrt(x);
    if near == 0.0 || !near.is_finite() {
        return near;
    }
    // One step of Newton's method: y (1 + (1 - x y³)/3).
    let square = Wide::product(near, near);
    let rest = Wide::from(1.0).sub(Wide::product(x, near).mul(square));
    near + near * rest.high / 3.0
}

/// √(Σ x²), or one over it.
fn length(numbers: &[f64], inverse: bool) -> f64 {
    let largest = numbers.iter().fold(0f64, |largest, x| largest.max(x.abs()));
    if numbers.iter().any(|x| x.is_infinite()) {
        return if inverse { 0.0 } else { f64::INFINITY };
    }
    if numbers.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    if largest == 0.0 {
        return if inverse { f64::INFINITY } else { 0.0 };
    }
    let power = libm::ilogb(largest);
    let mut sum = Wide::from(0.0);
    for &x in numbers {
        let x = libm::scalbn(x, -power);
        sum = sum.add(Wide::product(x, x));
    }
    match inverse {
        false => scaled((sum.sqrt(), power)),
        true => scaled((Wide::from(1.0).div(sum.sqrt()), -power)),
    }
}

/// √(Σ x²)
pub fn norm(numbers: &[f64]) -> f64 {
    length(numbers, false)
}

/// 1/√(Σ x²)
pub fn rnorm(numbers: &[f64]) -> f64 {
    length(numbers, true)
}

/// The inverse of cosh, of numbers from 1 on.
pub fn acosh(x: f64) -> f64 {
    if x < 1.0 { f64::NAN } else { libm::acosh(x) }
}

/// The exponent; that of 0 and NaN is the least integer, that of infinity the greatest.
pub fn ilogb(x: f64) -> i32 {
    match x {
        _ if x == 0.0 || x.is_nan() => i32::MIN,
        _ if x.is_infinite() => i32::MAX,
        _ => libm::ilogb(x),
    }
}

/// The exponent as a number.
pub fn logb(x: f64) -> f64 {
    match x {
        _ if x == 0.0 => f64::NEG_INFINITY,
        _ if !x.is_finite() => x.abs(),
        _ => f64::from(libm::ilogb(x)),
    }
}

/// The significand in [1/2, 1) and the exponent.
pub fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() { (x, 0) } else { libm::frexp(x) }
}

/// The fraction, with the sign of x.
pub fn fraction(x: f64) -> f64 {
    if x.is_infinite() { 0f64.copysign(x) } else { (x - x.trunc()).copysign(x) }
}

/// IEEE 754's remainder and the low bits of the quotient.
pub fn remquo(x: f64, y: f64) -> (f64, i32) {
    if !x.is_finite() || y.is_nan() || y == 0.0 {
        return (f64::NAN, 0);
    }
    if y.is_infinite() {
        return (x, 0);
    }
    libm::remquo(x, y)
}

/// x times 2 to a power that may be any number.
pub fn scale(x: f64, power: i32) -> f64 {
    libm::scalbn(x, power)
}

/// Rounded to the nearest integer, halves away from 0, and clamped to 64 bits; NaN is what a conversion to 64 bits makes of it.
pub fn to_nearest(x: f64) -> i64 {
    if x.is_nan() { i64::MIN } else { x.round() as i64 }
}

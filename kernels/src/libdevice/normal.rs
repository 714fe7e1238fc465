//! The error function's relatives and the normal distribution.

use super::wide::{Wide, scaled};

/// 2/√π
const TWO_BY_ROOT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
/// 1/√π
const BY_ROOT_PI: f64 = TWO_BY_ROOT_PI / 2.0;
/// 1/√2
const ROOT_HALF: Wide = Wide { high: std::f64::consts::FRAC_1_SQRT_2, low: -4.833646656726457e-17 };
/// From here on the asymptotic series has no error.
const FAR: f64 = 12.0;

/// exp(x²) erfc(x)
pub fn erfcx(x: f64) -> f64 {
    if x < FAR {
        // Below, it is more than any number.
        if x < -27.0 {
            return f64::INFINITY;
        }
        let (square, power) = Wide::product(x, x).exp();
        return scaled((square.mul(libm::erfc(x).into()), power));
    }
    // 1/(x√π) · (1 - 1/(2x²) + 1·3/(2x²)² - …)
    let inverse = 0.5 / x / x;
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 1..16 {
        term *= -inverse * f64::from(2 * k - 1);
        sum += term;
    }
    // NaN comes through here too.
    let first = BY_ROOT_PI / x;
    if first == 0.0 || inverse == 0.0 { first } else { first + first * sum }
}

/// A first guess of the inverse of erf for ln(1 - x²), good to two thousandths.
fn guess(log: f64) -> f64 {
    const A: f64 = 0.147;
    let first = 2.0 / (std::f64::consts::PI * A) + log / 2.0;
    ((first * first - log / A).sqrt() - first).max(0.0).sqrt()
}

/// The inverse of erf.
pub fn erfinv(x: f64) -> f64 {
    let size = x.abs();
    if size > 0.5 {
        // 1 - x is exact here.
        return erfcinv_small(1.0 - size).copysign(x);
    }
    if size < 1e-9 {
        return x / TWO_BY_ROOT_PI;
    }
    let mut y = guess(libm::log1p(-x * x)).copysign(x);
    for _ in 0..3 {
        let step = (libm::erf(y) - x) / (TWO_BY_ROOT_PI * libm::exp(-y * y));
        y -= step / (1.0 + y * step);
    }
    y
}

/// The inverse of erfc up to 1/2, by Newton's method on the logarithm: nearly a parabola.
fn erfcinv_small(p: f64) -> f64 {
    if p == 0.0 {
        return f64::INFINITY;
    }
    if p < 0.0 || p.is_nan() {
        return f64::NAN;
    }
    let log = libm::log(p);
    let mut y = guess(log + libm::log(2.0 - p));
    for _ in 0..6 {
        let scaled = erfcx(y);
        let miss = (-y).mul_add(y, libm::log(scaled) - log);
        y += miss * scaled / TWO_BY_ROOT_PI;
    }
    y
}

/// The inverse of erfc.
pub fn erfcinv(p: f64) -> f64 {
    match p {
        _ if p < 0.5 => erfcinv_small(p),
        _ if p <= 1.5 => erfinv(1.0 - p),
        _ => -erfcinv_small(2.0 - p),
    }
}

/// The normal distribution up to x.
pub fn normcdf(x: f64) -> f64 {
    if x.abs() > 40.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let at = Wide::from(-x).mul(ROOT_HALF);
    // erfc is steep: what the rounded argument lacks counts.
    let slope = TWO_BY_ROOT_PI * libm::exp(-at.high * at.high);
    0.5 * (libm::erfc(at.high) - at.low * slope)
}

/// The inverse of [`normcdf`].
pub fn normcdfinv(p: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfcinv(2.0 * p)
}

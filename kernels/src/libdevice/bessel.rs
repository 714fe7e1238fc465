//! Bessel functions: power series in twice the precision where the zeros near 0 ask for it, `libm` beyond.

use super::wide::{Wide, scaled};

/// Below this the series is used; the bound of units in the last place holds up to here.
const NEAR: f64 = 8.0;
/// Euler's constant.
const EULER: Wide = Wide { high: 0.5772156649015329, low: -4.942915152430645e-18 };
/// 2/π
const TWO_BY_PI: Wide = Wide { high: std::f64::consts::FRAC_2_PI, low: -3.935735335036497e-17 };
/// 1/√(2π)
const BY_ROOT_TWO_PI: Wide = Wide { high: 0.3989422804014327, low: -2.49232720227773e-17 };
/// From here on the modified functions are their asymptotic series.
const FAR: f64 = 30.0;
/// Recurrences of higher orders take too long.
const MOST_ORDER: i32 = 1 << 20;

/// Σ (sign q)^k / (k! (k+n)!) (x/2)^n w(k) with q = (x/2)², where `weight` gives w.
fn series(order: u32, x: f64, sign: f64, mut weight: impl FnMut(u32) -> Wide) -> Wide {
    let half = Wide::from(x / 2.0);
    let square = half.mul(half).mul(sign.into());
    let mut term = if order == 0 { 1.0.into() } else { half };
    let mut sum = term.mul(weight(0));
    for k in 1..200 {
        term = term.mul(square).div((f64::from(k) * f64::from(k + order)).into());
        let more = term.mul(weight(k));
        sum = sum.add(more);
        if more.high.abs() <= sum.high.abs() * 1e-34 {
            break;
        }
    }
    sum
}

/// 1 + 1/2 + … + 1/k, asked for in ascending order.
fn harmonics() -> impl FnMut(u32) -> Wide {
    let (mut sum, mut last) = (Wide::from(0.0), 0);
    move |k| {
        while last < k {
            last += 1;
            sum = sum.add(Wide::from(1.0).div(f64::from(last).into()));
        }
        sum
    }
}

fn plain(order: u32, x: f64) -> Wide {
    series(order, x, -1.0, |_| 1.0.into())
}

/// ln(x/2) + γ
fn log_part(x: f64) -> Wide {
    Wide::from(x).scale(-1).ln().add(EULER)
}

/// J of order 0.
pub fn j0(x: f64) -> f64 {
    if x.abs() < NEAR { plain(0, x).round() } else { libm::j0(x) }
}

/// J of order 1.
pub fn j1(x: f64) -> f64 {
    // The sum of two zeros has no sign.
    if x == 0.0 {
        return x;
    }
    if x.abs() < NEAR { plain(1, x).round() } else { libm::j1(x) }
}

/// Y of order 0.
pub fn y0(x: f64) -> f64 {
    if !(x > 0.0 && x < NEAR) {
        return libm::y0(x);
    }
    let rest = series(0, x, -1.0, harmonics());
    TWO_BY_PI.mul(log_part(x).mul(plain(0, x)).sub(rest)).round()
}

/// Y of order 1.
pub fn y1(x: f64) -> f64 {
    // Below, 1/x is all there is.
    if !(x > 1e-290 && x < NEAR) {
        return libm::y1(x);
    }
    let mut harmonic = harmonics();
    let rest = series(1, x, -1.0, |k| harmonic(k).scale(1).add(Wide::from(1.0).div(f64::from(k + 1).into())));
    let inverse = Wide::from(1.0).div(x.into());
    TWO_BY_PI.mul(log_part(x).mul(plain(1, x)).sub(inverse).sub(rest.scale(-1))).round()
}

/// J of order n; NaN for negative orders, and where the recurrence would take too long.
pub fn jn(order: i32, x: f64) -> f64 {
    match order {
        _ if order < 0 => f64::NAN,
        0 => j0(x),
        1 => j1(x),
        // (x/2)^n / n! is below every number.
        _ if order > MOST_ORDER && x.abs() < f64::from(order) / 2.0 => 0.0,
        _ if order > MOST_ORDER && x.is_finite() => f64::NAN,
        _ => libm::jn(order, x),
    }
}

/// Y of order n; NaN for negative orders, and where the recurrence would take too long.
pub fn yn(order: i32, x: f64) -> f64 {
    match order {
        _ if order < 0 => f64::NAN,
        0 => y0(x),
        1 => y1(x),
        _ if order > MOST_ORDER && x > f64::from(order) / 2.0 && x.is_finite() => f64::NAN,
        _ => libm::yn(order, x),
    }
}

/// The modified functions of order 0 and 1.
fn modified(order: u32, x: f64) -> f64 {
    let size = x.abs();
    let sign = if order == 1 && x.is_sign_negative() { -1.0 } else { 1.0 };
    if x.is_nan() || x == 0.0 {
        return if order == 0 && x == 0.0 { 1.0 } else { x };
    }
    if size < FAR {
        return sign * series(order, size, 1.0, |_| 1.0.into()).round();
    }
    if size > 800.0 {
        return sign * f64::INFINITY;
    }
    // e^x / √(2πx) · (1 - (4n²-1)/(8x) + (4n²-1)(4n²-9)/(2!(8x)²) - …)
    let (mut term, mut sum) = (Wide::from(1.0), Wide::from(1.0));
    for k in 1..60 {
        let odd = f64::from(2 * k - 1);
        let factor = odd * odd - f64::from(4 * order);
        term = term.mul((factor / 8.0).into()).div((f64::from(k) * size).into());
        sum = sum.add(term);
        if term.high.abs() < 1e-33 {
            break;
        }
    }
    let (exponential, power) = Wide::from(size).exp();
    let root = Wide::from(size).sqrt();
    sign * scaled((exponential.mul(BY_ROOT_TWO_PI).mul(sum).div(root), power))
}

/// I of order 0.
pub fn i0(x: f64) -> f64 {
    modified(0, x)
}

/// I of order 1.
pub fn i1(x: f64) -> f64 {
    modified(1, x)
}

//! Narrow floats and exact rounding: every result is rounded once.

use crate::ir::Rounding;

/// A float format of at most 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Stored bits of the significand.
    pub fraction: u32,
    /// Bits of the exponent.
    pub exponent: u32,
}

/// `.f16`
pub const F16: Format = Format { fraction: 10, exponent: 5 };
/// `.bf16`
pub const BF16: Format = Format { fraction: 7, exponent: 8 };
/// `.f32`
pub const F32: Format = Format { fraction: 23, exponent: 8 };

/// A format's value as `f64`, exactly.
pub fn widen(bits: u64, format: Format) -> f64 {
    let exponent = bits >> format.fraction & ((1 << format.exponent) - 1);
    let fraction = bits & ((1 << format.fraction) - 1);
    let negative = bits >> (format.fraction + format.exponent) & 1 == 1;
    let bias = (1i32 << (format.exponent - 1)) - 1;
    let size = if exponent == (1 << format.exponent) - 1 {
        if fraction == 0 { f64::INFINITY } else { f64::NAN }
    } else {
        let normal = u64::from(exponent != 0) << format.fraction;
        let power = (exponent.max(1) as i32) - bias - format.fraction as i32;
        (normal | fraction) as f64 * 2f64.powi(power)
    };
    if negative { -size } else { size }
}

/// The nearest value of a format in the direction asked for. NaN becomes the format's canonical one.
pub fn narrow(value: f64, format: Format, rounding: Rounding) -> u64 {
    let top = (1u64 << format.exponent) - 1;
    let sign = u64::from(value.is_sign_negative()) << (format.fraction + format.exponent);
    if value.is_nan() {
        return (1 << (format.fraction + format.exponent)) - 1;
    }
    let infinity = top << format.fraction;
    if value.is_infinite() {
        return sign | infinity;
    }
    let bits = value.to_bits() & !(1 << 63);
    let exponent = (bits >> 52) as i32;
    let significand = if exponent == 0 { bits } else { bits & ((1 << 52) - 1) | 1 << 52 };
    if significand == 0 {
        return sign;
    }
    let bias = (1i32 << (format.exponent - 1)) - 1;
    // The exponent field the result would have, and how many bits must go; more for denormals.
    let field = exponent.max(1) - 1023 + bias;
    let dropped = (52 - format.fraction as i32) + if field < 1 { 1 - field } else { 0 };
    let (kept, rest, half) = if dropped > 63 {
        (0, 1, 2)
    } else {
        (significand >> dropped, significand & ((1 << dropped) - 1), 1u64 << (dropped - 1))
    };
    let up = match rounding {
        Rounding::Nearest => rest > half || (rest == half && kept & 1 == 1),
        Rounding::Zero => false,
        Rounding::Down => rest != 0 && sign != 0,
        Rounding::Up => rest != 0 && sign == 0,
    };
    // A carry out of the significand runs into the exponent field, as it should.
    let base = if field < 1 { 0 } else { (field as u64 - 1) << format.fraction };
    let result = base + kept + u64::from(up);
    if result < infinity {
        return sign | result;
    }
    let away = match rounding {
        Rounding::Nearest => true,
        Rounding::Zero => false,
        Rounding::Down => sign != 0,
        Rounding::Up => sign == 0,
    };
    sign | if away { infinity } else { infinity - 1 }
}

/// `sum` with the exact error of its rounding folded into the last bit: rounding it again, to a narrower format, in
/// any direction, is as good as rounding the exact value.
pub fn to_odd(sum: f64, error: f64) -> f64 {
    // An error that is NaN comes from infinite operands, whose result is exact.
    let inexact = error.abs() > 0.0;
    if !inexact || sum.to_bits() & 1 == 1 || !sum.is_finite() {
        return sum;
    }
    let away = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if away { sum.to_bits() + 1 } else { sum.to_bits() - 1 })
}

/// a + b and the exact error.
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// a + b, ready to be narrowed.
pub fn add(a: f64, b: f64) -> f64 {
    let (sum, error) = two_sum(a, b);
    to_odd(sum, error)
}

/// a * b + c for factors of at most 26 bits, ready to be narrowed.
pub fn fma(a: f64, b: f64, c: f64) -> f64 {
    add(a * b, c)
}

/// a / b for operands of at most 24 bits, ready to be narrowed.
pub fn div(a: f64, b: f64) -> f64 {
    let quotient = a / b;
    let remainder = (-quotient).mul_add(b, a);
    if b < 0.0 { to_odd(quotient, -remainder) } else { to_odd(quotient, remainder) }
}

/// The root of a, ready to be narrowed.
pub fn sqrt(a: f64) -> f64 {
    let root = a.sqrt();
    to_odd(root, (-root).mul_add(root, a))
}

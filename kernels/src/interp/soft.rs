//! Exact float arithmetic in integers: a result of any format and direction, rounded once.

use std::cmp::Ordering;

use crate::ir::{Rounding, Type};

/// What the largest codes of a format mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// Infinity and NaNs, as IEEE 754 has it.
    Infinity,
    /// Numbers, but for one NaN, all ones.
    OneNan,
    /// Numbers only.
    Numbers,
}

/// A float format of at most 64 bits: sign, exponent, fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Stored bits of the significand.
    pub fraction: u32,
    /// Bits of the exponent.
    pub exponent: u32,
    /// The largest codes.
    pub top: Top,
}

const fn format(exponent: u32, fraction: u32, top: Top) -> Format {
    Format { fraction, exponent, top }
}

/// `.f16`
pub const F16: Format = format(5, 10, Top::Infinity);
/// `.bf16`
pub const BF16: Format = format(8, 7, Top::Infinity);
/// `.tf32` without the 13 bits below it.
pub const TF32: Format = format(8, 10, Top::Infinity);
/// `.f32`
pub const F32: Format = format(8, 23, Top::Infinity);
/// `.f64`
pub const F64: Format = format(11, 52, Top::Infinity);
/// `.e4m3`
pub const E4M3: Format = format(4, 3, Top::OneNan);
/// `.e5m2`
pub const E5M2: Format = format(5, 2, Top::Infinity);
/// `.e2m3`
pub const E2M3: Format = format(2, 3, Top::Numbers);
/// `.e3m2`
pub const E3M2: Format = format(3, 2, Top::Numbers);
/// `.e2m1`
pub const E2M1: Format = format(2, 1, Top::Numbers);

impl Format {
    /// The format of a float type's elements.
    pub fn of(ty: Type) -> Option<Format> {
        Some(match ty.half().unwrap_or(ty) {
            Type::F16 => F16,
            Type::Bf16 => BF16,
            Type::F32 => F32,
            Type::F64 => F64,
            Type::E4m3 => E4M3,
            Type::E5m2 => E5M2,
            Type::E2m3 => E2M3,
            Type::E3m2 => E3M2,
            Type::E2m1 => E2M1,
            _ => return None,
        })
    }

    /// The sign's bit.
    pub const fn sign(self) -> u64 {
        1 << (self.fraction + self.exponent)
    }

    /// All bits below the sign.
    pub const fn magnitude(self) -> u64 {
        self.sign() - 1
    }

    /// The exponent of 1 as it is stored.
    const fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    /// Infinity, where there is one.
    const fn infinity(self) -> u64 {
        self.magnitude() - ((1 << self.fraction) - 1)
    }

    /// The largest number.
    pub const fn largest(self) -> u64 {
        match self.top {
            Top::Infinity => self.infinity() - 1,
            Top::OneNan => self.magnitude() - 1,
            Top::Numbers => self.magnitude(),
        }
    }

    /// 1.0
    pub const fn one(self) -> u64 {
        (self.bias() as u64) << self.fraction
    }

    /// The NaN that operations give: all ones below the sign, in `.f64` the quiet one with the sign set, as the makers
    /// of PTX define their constants. Where there is no NaN, the largest number stands for it.
    pub const fn nan(self) -> u64 {
        if self.fraction == F64.fraction { 0xfff8 << 48 } else { self.magnitude() }
    }

    /// Any NaN.
    pub const fn is_nan(self, bits: u64) -> bool {
        let magnitude = bits & self.magnitude();
        match self.top {
            Top::Infinity => magnitude > self.infinity(),
            Top::OneNan => magnitude == self.magnitude(),
            Top::Numbers => false,
        }
    }

    /// Either infinity.
    pub const fn is_infinite(self, bits: u64) -> bool {
        matches!(self.top, Top::Infinity) && bits & self.magnitude() == self.infinity()
    }

    /// Smaller than all normal numbers, and not zero.
    pub const fn is_subnormal(self, bits: u64) -> bool {
        let magnitude = bits & self.magnitude();
        magnitude != 0 && magnitude >> self.fraction == 0
    }

    /// Denormals become zero of the same sign.
    pub const fn flush(self, bits: u64) -> u64 {
        if self.is_subnormal(bits) { bits & self.sign() } else { bits }
    }

    /// The order of two values that are not NaN; -0 comes before +0.
    pub fn order(self, a: u64, b: u64) -> Ordering {
        let key = |bits: u64| {
            let magnitude = (bits & self.magnitude()) as i64;
            if bits & self.sign() == 0 { magnitude } else { !magnitude }
        };
        key(a).cmp(&key(b))
    }
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// No number.
    Nan,
    /// Infinity; the flag: negative.
    Infinite(bool),
    /// A number.
    Finite(Finite),
}

/// `significand × 2^exponent`. In results the last bit is set as well when anything is left below it; they have 62 bits
/// at least then, so that rounding to any format sees what it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finite {
    /// The sign, of zeros too.
    pub negative: bool,
    /// The power of the last bit.
    pub exponent: i32,
    /// The size.
    pub significand: u64,
}

/// A `Finite` before it is cut to 64 bits.
#[derive(Clone, Copy)]
struct Wide {
    negative: bool,
    exponent: i32,
    significand: u128,
}

impl Wide {
    fn number(self) -> Number {
        let spare = 64u32.saturating_sub(self.significand.leading_zeros());
        let lost = self.significand & ((1 << spare) - 1) != 0;
        Number::Finite(Finite {
            negative: self.negative,
            exponent: self.exponent + spare as i32,
            significand: (self.significand >> spare) as u64 | u64::from(lost),
        })
    }

    /// The same with its first bit at 125: room for a carry.
    fn normal(self) -> Wide {
        let shift = self.significand.leading_zeros() as i32 - 2;
        let significand = if shift >= 0 { self.significand << shift } else { self.significand >> -shift };
        Wide { significand, exponent: self.exponent - shift, ..self }
    }
}

impl Finite {
    fn wide(self) -> Wide {
        let Finite { negative, exponent, significand } = self;
        Wide { negative, exponent, significand: u128::from(significand) }
    }
}

/// What a code means.
pub fn read(bits: u64, format: Format) -> Number {
    let negative = bits & format.sign() != 0;
    if format.is_nan(bits) {
        return Number::Nan;
    }
    if format.is_infinite(bits) {
        return Number::Infinite(negative);
    }
    let field = (bits & format.magnitude()) >> format.fraction;
    let fraction = bits & ((1 << format.fraction) - 1);
    let significand = fraction | u64::from(field != 0) << format.fraction;
    let exponent = (field as i32).max(1) - format.bias() - format.fraction as i32;
    Number::Finite(Finite { negative, exponent, significand })
}

/// An integer.
pub fn integer(value: i128) -> Number {
    Wide { negative: value < 0, exponent: 0, significand: value.unsigned_abs() }.number()
}

/// The value of a format in the direction asked for.
pub fn round(number: Number, format: Format, rounding: Rounding) -> u64 {
    let finite = match number {
        Number::Nan => return format.nan(),
        Number::Infinite(negative) => return sign(format, negative) | beyond(format),
        Number::Finite(finite) => finite,
    };
    let Finite { negative, exponent, significand } = finite;
    if significand == 0 {
        return sign(format, negative);
    }
    let first = exponent + 63 - significand.leading_zeros() as i32;
    let least = 1 - format.bias();
    // Below the normal numbers the last place stays where it is.
    let last = first.max(least) - format.fraction as i32;
    let dropped = last - exponent;
    // What is kept, and what is dropped in units of 2^-64 of the last place.
    let (kept, rest) = match dropped {
        ..=0 => (significand << -dropped, 0),
        1..64 => (significand >> dropped, significand << (64 - dropped)),
        64 => (0, significand),
        _ => (0, 1),
    };
    let half = 1 << 63;
    let up = match rounding {
        Rounding::Nearest => rest > half || (rest == half && kept & 1 == 1),
        Rounding::Away => rest >= half,
        Rounding::Zero => false,
        Rounding::Down => rest != 0 && negative,
        Rounding::Up => rest != 0 && !negative,
    };
    let largest = format.largest();
    if first <= format.bias() + 1 {
        // A carry out of the significand runs into the exponent field, as it should.
        let steps = (first.max(least) - least) as u64;
        let code = (steps << format.fraction) + kept + u64::from(up);
        if code <= largest {
            return sign(format, negative) | code;
        }
    }
    let away = match rounding {
        Rounding::Nearest | Rounding::Away => true,
        Rounding::Zero => false,
        Rounding::Down => negative,
        Rounding::Up => !negative,
    };
    sign(format, negative) | if away { beyond(format) } else { largest }
}

fn sign(format: Format, negative: bool) -> u64 {
    if negative { format.sign() } else { 0 }
}

/// What stands for values above the largest number.
fn beyond(format: Format) -> u64 {
    match format.top {
        Top::Infinity => format.infinity(),
        Top::OneNan => format.nan(),
        Top::Numbers => format.largest(),
    }
}

/// a + b; exact zeros are negative when rounding down, unless both are positive.
fn sum(a: Wide, b: Wide, rounding: Rounding) -> Number {
    let zero = Wide {
        negative: if a.negative == b.negative { a.negative } else { rounding == Rounding::Down },
        exponent: 0,
        significand: 0,
    };
    match (a.significand, b.significand) {
        (0, 0) => return zero.number(),
        (0, _) => return b.number(),
        (_, 0) => return a.number(),
        _ => {}
    }
    let (a, b) = (a.normal(), b.normal());
    let a_first = (a.exponent, a.significand) >= (b.exponent, b.significand);
    let (large, small) = if a_first { (a, b) } else { (b, a) };
    let shift = (large.exponent - small.exponent) as u32;
    // What falls off is kept as one bit: it is far below the last place, as both have 106 bits at most.
    let small_bits = if shift > 126 {
        1
    } else {
        let lost = small.significand & ((1 << shift) - 1) != 0;
        small.significand >> shift | u128::from(lost)
    };
    let significand = if a.negative == b.negative {
        large.significand + small_bits
    } else {
        large.significand - small_bits
    };
    if significand == 0 { zero.number() } else { Wide { significand, ..large }.number() }
}

/// a + b
pub fn add(a: Number, b: Number, rounding: Rounding) -> Number {
    match (a, b) {
        (Number::Nan, _) | (_, Number::Nan) => Number::Nan,
        (Number::Infinite(a), Number::Infinite(b)) if a != b => Number::Nan,
        (Number::Infinite(_), _) => a,
        (_, Number::Infinite(_)) => b,
        (Number::Finite(a), Number::Finite(b)) => sum(a.wide(), b.wide(), rounding),
    }
}

/// -a
pub fn negate(a: Number) -> Number {
    match a {
        Number::Nan => a,
        Number::Infinite(negative) => Number::Infinite(!negative),
        Number::Finite(a) => Number::Finite(Finite { negative: !a.negative, ..a }),
    }
}

fn product(a: Finite, b: Finite) -> Wide {
    Wide {
        negative: a.negative != b.negative,
        exponent: a.exponent + b.exponent,
        significand: u128::from(a.significand) * u128::from(b.significand),
    }
}

/// The infinity or NaN that a product or quotient is, if it is none of numbers.
fn infinite_factor(a: Number, b: Number) -> Option<Number> {
    let negative = |number| match number {
        Number::Infinite(negative) => negative,
        Number::Finite(finite) => finite.negative,
        Number::Nan => false,
    };
    let zero = |number| matches!(number, Number::Finite(Finite { significand: 0, .. }));
    match (a, b) {
        (Number::Nan, _) | (_, Number::Nan) => Some(Number::Nan),
        (Number::Infinite(_), other) | (other, Number::Infinite(_)) if zero(other) => Some(Number::Nan),
        (Number::Infinite(_), _) | (_, Number::Infinite(_)) => {
            Some(Number::Infinite(negative(a) != negative(b)))
        }
        _ => None,
    }
}

/// a * b
pub fn mul(a: Number, b: Number) -> Number {
    match (infinite_factor(a, b), a, b) {
        (Some(result), ..) => result,
        (None, Number::Finite(a), Number::Finite(b)) => product(a, b).number(),
        _ => Number::Nan,
    }
}

/// a * b + c
pub fn fma(a: Number, b: Number, c: Number, rounding: Rounding) -> Number {
    match (infinite_factor(a, b), a, b, c) {
        (Some(result), ..) => add(result, c, rounding),
        (None, Number::Finite(a), Number::Finite(b), Number::Finite(c)) => {
            sum(product(a, b), c.wide(), rounding)
        }
        _ => c,
    }
}

/// a / b
pub fn div(a: Number, b: Number) -> Number {
    let (a, b) = match (a, b) {
        (Number::Finite(a), Number::Finite(b)) => (a, b),
        (Number::Finite(a), Number::Infinite(negative)) => {
            return Number::Finite(Finite { negative: a.negative != negative, exponent: 0, significand: 0 });
        }
        (Number::Infinite(negative), Number::Finite(b)) => {
            return Number::Infinite(negative != b.negative);
        }
        _ => return Number::Nan,
    };
    let negative = a.negative != b.negative;
    match (a.significand, b.significand) {
        (0, 0) => return Number::Nan,
        (_, 0) => return Number::Infinite(negative),
        (0, _) => return Number::Finite(Finite { negative, exponent: 0, significand: 0 }),
        _ => {}
    }
    let dividend = a.wide().normal();
    let divisor = u128::from(b.significand);
    let quotient = dividend.significand / divisor;
    let lost = dividend.significand % divisor != 0;
    let significand = quotient | u128::from(lost);
    Wide { negative, exponent: dividend.exponent - b.exponent, significand }.number()
}

/// The root of a.
pub fn sqrt(a: Number) -> Number {
    let finite = match a {
        Number::Finite(finite) if finite.significand == 0 => return a,
        Number::Finite(finite) if !finite.negative => finite,
        Number::Infinite(false) => return a,
        _ => return Number::Nan,
    };
    let mut wide = finite.wide().normal();
    // The exponent must be even, to be halved.
    if wide.exponent & 1 != 0 {
        wide = Wide { significand: wide.significand << 1, exponent: wide.exponent - 1, ..wide };
    }
    let root = wide.significand.isqrt();
    let lost = root * root != wide.significand;
    let significand = root | u128::from(lost);
    Wide { negative: false, exponent: wide.exponent / 2, significand }.number()
}

/// A format's value as `f64`, exactly.
pub fn widen(bits: u64, format: Format) -> f64 {
    let magnitude = bits & format.magnitude();
    let scale = |power: i32| f64::from_bits(((power + F64.bias()) as u64) << F64.fraction);
    let size = if format.is_nan(bits) {
        f64::NAN
    } else if format.is_infinite(bits) {
        f64::INFINITY
    } else if magnitude >> format.fraction == 0 && format.exponent < F64.exponent {
        magnitude as f64 * scale(1 - format.bias() - format.fraction as i32)
    } else {
        let moved = ((F64.bias() - format.bias()) as u64) << F64.fraction;
        f64::from_bits((magnitude << (F64.fraction - format.fraction)) + moved)
    };
    if bits & format.sign() != 0 { -size } else { size }
}

/// The value of a format in the direction asked for.
pub fn narrow(value: f64, format: Format, rounding: Rounding) -> u64 {
    round(read(value.to_bits(), F64), format, rounding)
}

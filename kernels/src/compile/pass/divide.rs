//! Division of integers: by constants with products, by values through floats of 64 bits.

use super::expand::Expander;
use super::expand_integer::widen;
use crate::compile::ssa::{Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Float, Int, Rounding};

/// A quotient or remainder.
pub fn expand(e: &mut Expander<'_>, op: Int, ty: Kind, a: Value, b: Value) -> Option<Value> {
    let quotient = match (ty, e.number(b)) {
        (Kind::U16 | Kind::S16, _) => return Some(half(e, op, ty, a, b)),
        (Kind::U32 | Kind::S32 | Kind::U64 | Kind::S64, Some(divisor)) if divisor != 0 => {
            match by_constant(e, op, ty, a, divisor) {
                Done::All(value) => return Some(value),
                Done::Quotient(value) => value,
            }
        }
        (Kind::U32, _) => unsigned32(e, a, b),
        (Kind::S32, _) => signed32(e, a, b),
        (Kind::U64, _) => unsigned64(e, a, b),
        (Kind::S64, _) => signed64(e, a, b),
        _ => return None,
    };
    Some(if op == Int::Div { quotient } else { remainder(e, a, b, quotient) })
}

/// a - q b: whatever the quotient by zero is, a is left.
fn remainder(e: &mut Expander<'_>, a: Value, b: Value, quotient: Value) -> Value {
    let product = e.mul(quotient, b);
    e.sub(a, product)
}

/// All ones if the divisor is zero.
fn guarded(e: &mut Expander<'_>, ty: Kind, b: Value, quotient: Value) -> Value {
    let own = Type::of_register(ty.bits());
    let (zero, ones) = (e.constant(own, 0), e.constant(own, u64::MAX >> (64 - ty.bits())));
    let none = e.compare(Comparison::Eq, ty, b, zero);
    e.select(none, ones, quotient)
}

/// 16 bits: the quotient of two `f32` lies on the right side of every integer, as it is off by less than one part of 2^24
/// and no quotient is nearer to the next integer than one part of 2^16.
fn half(e: &mut Expander<'_>, op: Int, ty: Kind, a: Value, b: Value) -> Value {
    let signed = ty == Kind::S16;
    let wide = if signed { Kind::S32 } else { Kind::U32 };
    let (a, b) = (widen(e, a, signed), widen(e, b, signed));
    if e.number(b).is_some_and(|number| number != 0) {
        let value = e.int(op, wide, &[a, b]);
        return e.mask(value, 0xffff);
    }
    let (from, to) = (e.convert(Kind::F32, Kind::S32, a), e.convert(Kind::F32, Kind::S32, b));
    let quotient = e.float(Float::Div, Kind::F32, &[from, to]);
    let quotient = e.convert_plain(Kind::S32, Kind::F32, Rounding::Zero, quotient);
    let quotient = guarded(e, Kind::U32, b, quotient);
    let value = if op == Int::Div { quotient } else { remainder(e, a, b, quotient) };
    e.mask(value, 0xffff)
}

/// As above, with `f64`.
fn unsigned32(e: &mut Expander<'_>, a: Value, b: Value) -> Value {
    let [from, to] = [a, b].map(|value| e.convert(Kind::F64, Kind::U32, value));
    let quotient = e.float(Float::Div, Kind::F64, &[from, to]);
    let quotient = e.convert_plain(Kind::U32, Kind::F64, Rounding::Zero, quotient);
    guarded(e, Kind::U32, b, quotient)
}

/// By -1 it is negated: the least number has no other half.
fn signed32(e: &mut Expander<'_>, a: Value, b: Value) -> Value {
    let [from, to] = [a, b].map(|value| e.convert(Kind::F64, Kind::S32, value));
    let quotient = e.float(Float::Div, Kind::F64, &[from, to]);
    let quotient = e.convert_plain(Kind::S32, Kind::F64, Rounding::Zero, quotient);
    let (zero, ones) = (e.word(0), e.word(u32::MAX));
    let negated = e.sub(zero, a);
    let by_ones = e.compare(Comparison::Eq, Kind::U32, b, ones);
    let quotient = e.select(by_ones, negated, quotient);
    guarded(e, Kind::U32, b, quotient)
}

/// 64 bits: a first quotient is off by some thousands, as a float holds 53 bits; what remains is divided once more, and
/// then it is off by one at most. Divisors with the first bit set are too large for that, but go once or not at all.
fn unsigned64(e: &mut Expander<'_>, a: Value, b: Value) -> Value {
    let [from, to] = [a, b].map(|value| e.convert(Kind::F64, Kind::U64, value));
    let first = e.float(Float::Div, Kind::F64, &[from, to]);
    let first = e.convert_plain(Kind::U64, Kind::F64, Rounding::Zero, first);
    let rest = remainder(e, a, b, first);
    let more = e.convert(Kind::F64, Kind::S64, rest);
    let more = e.float(Float::Div, Kind::F64, &[more, to]);
    let more = e.convert_plain(Kind::S64, Kind::F64, Rounding::Zero, more);
    let rest = remainder(e, rest, b, more);
    let quotient = e.add(first, more);
    let (zero, one, ones) = (e.long(0), e.long(1), e.long(u64::MAX));
    // One less if the rest is below zero, one more if it holds b once more.
    let below = e.compare(Comparison::Lt, Kind::S64, rest, zero);
    let above = e.compare(Comparison::Ge, Kind::S64, rest, b);
    let step = e.select(above, one, zero);
    let step = e.select(below, ones, step);
    let quotient = e.add(quotient, step);
    let once = e.compare(Comparison::Ge, Kind::U64, a, b);
    let once = e.select(once, one, zero);
    let large = e.compare(Comparison::Lt, Kind::S64, b, zero);
    let quotient = e.select(large, once, quotient);
    guarded(e, Kind::U64, b, quotient)
}

fn signed64(e: &mut Expander<'_>, a: Value, b: Value) -> Value {
    let [from, to] = [a, b].map(|value| e.int(Int::Abs, Kind::S64, &[value]));
    let size = unsigned64(e, from, to);
    let signs = e.xor(a, b);
    let sign = e.right_signed(signs, 63);
    let turned = e.xor(size, sign);
    let quotient = e.sub(turned, sign);
    guarded(e, Kind::U64, b, quotient)
}

/// What a constant divisor led to.
enum Done {
    /// The result.
    All(Value),
    /// The quotient; the remainder may still be wanted.
    Quotient(Value),
}

fn by_constant(e: &mut Expander<'_>, op: Int, ty: Kind, a: Value, divisor: u64) -> Done {
    let bits = ty.bits();
    let own = Type::of_register(bits);
    if !ty.signed() {
        if divisor.is_power_of_two() {
            return Done::All(match op {
                Int::Div => e.right(a, divisor.trailing_zeros()),
                _ => e.mask(a, divisor - 1),
            });
        }
        return Done::Quotient(unsigned_constant(e, ty, a, divisor));
    }
    let shift = 64 - bits;
    let size = ((divisor << shift) as i64 >> shift).unsigned_abs();
    let negative = divisor >> (bits - 1) & 1 == 1;
    let quotient = if size.is_power_of_two() {
        let power = size.trailing_zeros();
        if power == 0 {
            a
        } else {
            // Towards zero: a negative number first gets one less than the divisor.
            let sign = e.right_signed(a, bits - 1);
            let extra = e.right(sign, bits - power);
            let sum = e.add(a, extra);
            e.right_signed(sum, power)
        }
    } else {
        signed_constant(e, ty, a, size)
    };
    let zero = e.constant(own, 0);
    Done::Quotient(if negative { e.sub(zero, quotient) } else { quotient })
}

/// The upper half of a product with the first digits of 1/d, rounded up. With p = ⌈log₂ d⌉ and m = ⌈2^(n+p) / d⌉, the error
/// m d - 2^(n+p) is less than d ≤ 2^p, so ⌊a m / 2^(n+p)⌋ is the quotient of all a below 2^n. m has n + 1 bits; the first
/// one is added on its own, halved so that nothing goes over.
fn unsigned_constant(e: &mut Expander<'_>, ty: Kind, a: Value, divisor: u64) -> Value {
    let bits = ty.bits();
    let own = Type::of_register(bits);
    let even = divisor.trailing_zeros();
    let (digits, power) = digits(divisor, bits, bits);
    if digits >> bits == 0 {
        let digits = e.constant(own, digits as u64);
        let high = e.int(Int::MulHigh, ty, &[a, digits]);
        return e.right(high, power);
    }
    if even != 0 {
        // Halved often enough the number has so many bits less that the digits fit.
        let (digits, power) = self::digits(divisor >> even, bits - even, bits);
        debug_assert!(digits >> bits == 0);
        let (a, digits) = (e.right(a, even), e.constant(own, digits as u64));
        let high = e.int(Int::MulHigh, ty, &[a, digits]);
        return e.right(high, power);
    }
    let low = e.constant(own, digits as u64 & u64::MAX >> (64 - bits));
    let high = e.int(Int::MulHigh, ty, &[a, low]);
    let rest = e.sub(a, high);
    let half = e.right(rest, 1);
    let sum = e.add(half, high);
    e.right(sum, power - 1)
}

/// The fewest digits m and the power p such that ⌊a m / 2^(n+p)⌋ is the quotient for all a of so many bits.
fn digits(divisor: u64, bits: u32, n: u32) -> (u128, u32) {
    let mut power = 64 - (divisor - 1).leading_zeros();
    let ceiling = |power: u32| {
        // 2^(n+power) has up to 129 bits: long division by hand for the last one.
        let top = n + power;
        let (mut quotient, mut rest) = (0u128, 1u128);
        for _ in 0..top {
            rest *= 2;
            quotient *= 2;
            if rest >= u128::from(divisor) {
                rest -= u128::from(divisor);
                quotient += 1;
            }
        }
        let error = if rest == 0 { 0 } else { u128::from(divisor) - rest };
        (quotient + u128::from(rest != 0), error)
    };
    // The error may be as large as 2^(n+p) / 2^bits.
    let fits = |error: u128, power: u32| error <= 1u128 << (n + power - bits);
    while power > 0 && fits(ceiling(power - 1).1, power - 1) {
        power -= 1;
    }
    (ceiling(power).0, power)
}

/// The same for numbers with a sign: they have a bit less, and what is below zero is rounded up by one.
fn signed_constant(e: &mut Expander<'_>, ty: Kind, a: Value, size: u64) -> Value {
    let bits = ty.bits();
    let own = Type::of_register(bits);
    let (digits, power) = digits(size, bits - 1, bits);
    // With n - 1 bits of the number, the digits have n at most; as a factor with a sign they may count 2^n too little.
    let number = digits as u64 & u64::MAX >> (64 - bits);
    let factor = e.constant(own, number);
    let mut high = e.int(Int::MulHigh, ty, &[a, factor]);
    if number >> (bits - 1) & 1 == 1 {
        high = e.add(high, a);
    }
    let quotient = e.right_signed(high, power);
    let sign = e.right(a, bits - 1);
    e.add(quotient, sign)
}

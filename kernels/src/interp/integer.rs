//! The meaning of integer ops.

use super::bits;
use super::lanes::{Meaning, Value, one, three, two};
use crate::ir::Type;
use crate::ir::compute::Int;

/// An integer type of PTX.
pub trait Integer: Value + Ord {
    /// Its width.
    const BITS: u32;
    /// Zero.
    const ZERO: Self;
    /// All bits set: what division by zero gives.
    const ONES: Self;
    /// Modulo 2^BITS.
    fn add(self, other: Self) -> Self;
    /// Modulo 2^BITS.
    fn sub(self, other: Self) -> Self;
    /// The low half of the product.
    fn mul(self, other: Self) -> Self;
    /// The high half of the product.
    fn mul_high(self, other: Self) -> Self;
    /// The whole product, for up to 32 bits.
    fn mul_wide(self, other: Self) -> u64;
    /// Clamped to the type's range.
    fn add_sat(self, other: Self) -> Self;
    /// Clamped to the type's range.
    fn sub_sat(self, other: Self) -> Self;
    /// Towards zero.
    fn div(self, other: Self) -> Self;
    /// With the sign of the first.
    fn rem(self, other: Self) -> Self;
    /// Without sign.
    fn abs(self) -> Self;
    /// |a - b|
    fn distance(self, other: Self) -> Self;
    /// Arithmetic if signed; all sign bits beyond the width.
    fn shr(self, by: u32) -> Self;
    /// Low 24 bits, extended.
    fn low24(self) -> i64;
    /// Less than zero.
    fn negative(self) -> bool;
}

macro_rules! integer {
    ($($ty:ty, $unsigned:ty, $wide:ty, $wide_unsigned:ty, $signed:literal);*) => {
        $(impl Integer for $ty {
            const BITS: u32 = <$ty>::BITS;
            const ZERO: Self = 0;
            const ONES: Self = !0;
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            fn mul_high(self, other: Self) -> Self {
                ((self as $wide * other as $wide) >> Self::BITS) as $ty
            }
            fn mul_wide(self, other: Self) -> u64 {
                (self as $wide * other as $wide) as $wide_unsigned as u64
            }
            fn add_sat(self, other: Self) -> Self {
                self.saturating_add(other)
            }
            fn sub_sat(self, other: Self) -> Self {
                self.saturating_sub(other)
            }
            fn div(self, other: Self) -> Self {
                if other == 0 { !0 } else { self.wrapping_div(other) }
            }
            fn rem(self, other: Self) -> Self {
                if other == 0 { self } else { self.wrapping_rem(other) }
            }
            #[allow(unused_comparisons)]
            fn abs(self) -> Self {
                if self < 0 { (0 as $ty).wrapping_sub(self) } else { self }
            }
            fn distance(self, other: Self) -> Self {
                self.abs_diff(other) as $ty
            }
            fn shr(self, by: u32) -> Self {
                if by < Self::BITS {
                    self >> by
                } else if $signed {
                    self >> (Self::BITS - 1)
                } else {
                    0
                }
            }
            fn low24(self) -> i64 {
                let low = self as u64 & 0xff_ffff;
                if $signed { (low << 40) as i64 >> 40 } else { low as i64 }
            }
            #[allow(unused_comparisons)]
            fn negative(self) -> bool {
                self < 0
            }
        })*
    };
}

integer!(
    u16, u16, u32, u32, false;
    i16, u16, i32, u32, true;
    u32, u32, u64, u64, false;
    i32, u32, i64, u64, true;
    u64, u64, u128, u128, false;
    i64, u64, i128, u128, true
);

/// The meaning of an integer op of a type, if there is one.
pub fn meaning(op: Int, ty: Type) -> Option<Meaning> {
    match ty {
        Type::Pred => predicate(op),
        Type::U16 | Type::B16 => typed::<u16>(op).or_else(|| bits::meaning::<u16>(op)),
        Type::S16 => typed::<i16>(op).or_else(|| bits::meaning::<i16>(op)),
        Type::U32 | Type::B32 => {
            typed::<u32>(op).or_else(|| bits::meaning::<u32>(op)).or_else(|| bits::words(op))
        }
        Type::S32 => typed::<i32>(op).or_else(|| bits::meaning::<i32>(op)).or_else(|| bits::words(op)),
        Type::U64 | Type::B64 => typed::<u64>(op).or_else(|| bits::meaning::<u64>(op)),
        Type::S64 => typed::<i64>(op).or_else(|| bits::meaning::<i64>(op)),
        Type::U16x2 => packed::<u16>(op),
        Type::S16x2 => packed::<i16>(op),
        _ => None,
    }
}

fn predicate(op: Int) -> Option<Meaning> {
    Some(match op {
        Int::And => two!(|a: bool, b: bool| a & b),
        Int::Or => two!(|a: bool, b: bool| a | b),
        Int::Xor => two!(|a: bool, b: bool| a ^ b),
        Int::Not => one!(|a: bool| !a),
        _ => return None,
    })
}

fn both<T: Integer>(a: u32, b: u32, run: fn(T, T) -> T) -> u32 {
    let half =
        |shift: u32| run(T::get(u64::from(a >> shift & 0xffff)), T::get(u64::from(b >> shift & 0xffff)));
    (half(0).put() | half(16).put() << 16) as u32
}

/// Two halves at once.
fn packed<T: Integer>(op: Int) -> Option<Meaning> {
    Some(match op {
        Int::Add => two!(|a: u32, b: u32| both::<T>(a, b, T::add)),
        Int::Min => two!(|a: u32, b: u32| both::<T>(a, b, T::min)),
        Int::Max => two!(|a: u32, b: u32| both::<T>(a, b, T::max)),
        Int::MinRelu => two!(|a: u32, b: u32| both::<T>(a, b, |a, b| a.min(b).max(T::ZERO))),
        Int::MaxRelu => two!(|a: u32, b: u32| both::<T>(a, b, |a, b| a.max(b).max(T::ZERO))),
        _ => return None,
    })
}

fn typed<T: Integer>(op: Int) -> Option<Meaning> {
    Some(match op {
        Int::Add => two!(|a: T, b: T| a.add(b)),
        Int::Sub => two!(|a: T, b: T| a.sub(b)),
        Int::AddSat => two!(|a: T, b: T| a.add_sat(b)),
        Int::SubSat => two!(|a: T, b: T| a.sub_sat(b)),
        Int::MulLow => two!(|a: T, b: T| a.mul(b)),
        Int::MulHigh => two!(|a: T, b: T| a.mul_high(b)),
        Int::MulWide => two!(|a: T, b: T| a.mul_wide(b)),
        Int::MadLow => three!(|a: T, b: T, c: T| a.mul(b).add(c)),
        Int::MadHigh => three!(|a: T, b: T, c: T| a.mul_high(b).add(c)),
        Int::MadHighSat => three!(|a: T, b: T, c: T| a.mul_high(b).add_sat(c)),
        Int::MadWide => three!(|a: T, b: T, c: u64| wrap_wide::<T>(a.mul_wide(b).wrapping_add(c))),
        Int::Sad => three!(|a: T, b: T, c: T| c.add(a.distance(b))),
        Int::Div => two!(|a: T, b: T| a.div(b)),
        Int::Rem => two!(|a: T, b: T| a.rem(b)),
        Int::Neg => one!(|a: T| T::ZERO.sub(a)),
        Int::Abs => one!(|a: T| a.abs()),
        Int::Min => two!(|a: T, b: T| a.min(b)),
        Int::Max => two!(|a: T, b: T| a.max(b)),
        Int::MinRelu => two!(|a: T, b: T| a.min(b).max(T::ZERO)),
        Int::MaxRelu => two!(|a: T, b: T| a.max(b).max(T::ZERO)),
        Int::AddCarry => three!(|a: T, b: T, c: u64| a.add(b).add(T::get(c))),
        Int::SubBorrow => three!(|a: T, b: T, c: u64| a.sub(b).sub(T::get(c))),
        Int::CarryOut => three!(|a: u64, b: u64, c: u64| {
            let sum = u128::from(a) + u128::from(b) + u128::from(c);
            sum >> T::BITS != 0
        }),
        Int::BorrowOut => three!(|a: u64, b: u64, c: u64| u128::from(a) < u128::from(b) + u128::from(c)),
        Int::Mul24Low => two!(|a: T, b: T| (a.low24() * b.low24()) as u32),
        Int::Mul24High => two!(|a: T, b: T| ((a.low24() * b.low24()) >> 16) as u32),
        Int::Mad24Low => three!(|a: T, b: T, c: u32| ((a.low24() * b.low24()) as u32).wrapping_add(c)),
        Int::Mad24High => {
            three!(|a: T, b: T, c: u32| (((a.low24() * b.low24()) >> 16) as u32).wrapping_add(c))
        }
        Int::Mad24HighSat => {
            three!(|a: T, b: T, c: i32| (((a.low24() * b.low24()) >> 16) as i32).saturating_add(c))
        }
        Int::SzextClamp => two!(|a: T, b: u32| extend(a, b.min(T::BITS))),
        Int::SzextWrap => two!(|a: T, b: u32| extend(a, b % T::BITS)),
        Int::Shr => two!(|a: T, b: u32| a.shr(b)),
        _ => return None,
    })
}

/// The low bits of a value, with their last one as the sign if the type has one; none of them are zero.
fn extend<T: Integer>(a: T, bits: u32) -> u64 {
    if bits == 0 {
        return 0;
    }
    let above = 64 - bits;
    let signed = T::ONES.negative();
    let value = if signed { (a.put() << above) as i64 >> above } else { (a.put() << above >> above) as i64 };
    T::get(value as u64).put()
}

/// A sum of twice the width of `T`.
fn wrap_wide<T: Integer>(sum: u64) -> u64 {
    if T::BITS == 16 { sum & 0xffff_ffff } else { sum }
}

//! What atomic accesses do to a value: the one meaning that all devices share.

use crate::interp::{canonical, canonical64, general};
use crate::ir::compute::Float;
use crate::ir::{Mode, Type};

/// What an atomic access does to the old value. Values travel in the low bits of a `u64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AtomicOp {
    /// Old plus operand, integer of the access's width.
    Add,
    /// Old plus operand, `f32` or `f64` by width. Denormals count, and NaN has the form that `add` gives it.
    AddFloat,
    /// Old plus operand, for each `f16` in the access's width.
    AddHalf,
    /// The smaller, for each `f16`; a number rather than NaN.
    MinHalf,
    /// The larger, for each `f16`; a number rather than NaN.
    MaxHalf,
    /// Old plus operand, for each `bf16` in the access's width.
    AddBrain,
    /// The smaller, for each `bf16`; a number rather than NaN.
    MinBrain,
    /// The larger, for each `bf16`; a number rather than NaN.
    MaxBrain,
    /// Bitwise.
    And,
    /// Bitwise.
    Or,
    /// Bitwise.
    Xor,
    /// The operand.
    Exchange,
    /// `compare` equal to old: the operand; else unchanged.
    CompareExchange,
    /// Signed.
    MinSigned,
    /// Signed.
    MaxSigned,
    /// Unsigned.
    MinUnsigned,
    /// Unsigned.
    MaxUnsigned,
    /// `old >= operand ? 0 : old + 1`.
    IncrementWrap,
    /// `old == 0 || old > operand ? operand : old - 1`.
    DecrementWrap,
}

impl AtomicOp {
    /// The new value of an access of 2, 4 or 8 bytes. Bits of the arguments beyond its width do not count.
    pub fn apply(self, bytes: u32, old: u64, operand: u64, compare: u64) -> u64 {
        let shift = 64 - bytes.clamp(1, 8) * 8;
        let cut = |value: u64| value << shift >> shift;
        let signed = |value: u64| (value << shift) as i64 >> shift;
        let (old, operand) = (cut(old), cut(operand));
        cut(match self {
            AtomicOp::Add => old.wrapping_add(operand),
            AtomicOp::AddFloat if bytes == 8 => canonical64(f64::from_bits(old) + f64::from_bits(operand)),
            AtomicOp::AddFloat => {
                u64::from(canonical(f32::from_bits(old as u32) + f32::from_bits(operand as u32)))
            }
            AtomicOp::AddHalf => halves(Float::Add, Type::F16, old, operand),
            AtomicOp::MinHalf => halves(Float::Min, Type::F16, old, operand),
            AtomicOp::MaxHalf => halves(Float::Max, Type::F16, old, operand),
            AtomicOp::AddBrain => halves(Float::Add, Type::Bf16, old, operand),
            AtomicOp::MinBrain => halves(Float::Min, Type::Bf16, old, operand),
            AtomicOp::MaxBrain => halves(Float::Max, Type::Bf16, old, operand),
            AtomicOp::And => old & operand,
            AtomicOp::Or => old | operand,
            AtomicOp::Xor => old ^ operand,
            AtomicOp::Exchange => operand,
            AtomicOp::CompareExchange => {
                if old == cut(compare) {
                    operand
                } else {
                    old
                }
            }
            AtomicOp::MinSigned => signed(old).min(signed(operand)) as u64,
            AtomicOp::MaxSigned => signed(old).max(signed(operand)) as u64,
            AtomicOp::MinUnsigned => old.min(operand),
            AtomicOp::MaxUnsigned => old.max(operand),
            AtomicOp::IncrementWrap => {
                if old >= operand {
                    0
                } else {
                    old + 1
                }
            }
            AtomicOp::DecrementWrap => {
                if old == 0 || old > operand {
                    operand
                } else {
                    old - 1
                }
            }
        })
    }
}

/// An op on each 16-bit float of two values.
fn halves(op: Float, ty: Type, a: u64, b: u64) -> u64 {
    let half = |shift: u32| {
        general::float(op, ty, Mode::default(), [a >> shift & 0xffff, b >> shift & 0xffff, 0]) << shift
    };
    half(0) | half(16) | half(32) | half(48)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_are_no_number_have_one_form() {
        let add = |bytes, old, operand| AtomicOp::AddFloat.apply(bytes, old, operand, 0);
        for (old, operand) in [(0x7f80_0000, 0xff80_0000), (0xffc0_1234, 0x3f80_0000), (0, 0x7f80_0001)] {
            assert_eq!(add(4, old, operand), 0x7fff_ffff);
        }
        let (infinity, one) = (0x7ff0 << 48, 1f64.to_bits());
        for (old, operand) in [(infinity, infinity | 1 << 63), (0x7ff8 << 48 | 5, one), (one, infinity | 1)] {
            assert_eq!(add(8, old, operand), 0xfff8 << 48);
        }
    }
}

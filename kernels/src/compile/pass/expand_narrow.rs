//! Floats of 16 bits and packed ones are computed in wider ones.

use super::expand::Expander;
use super::expand_float::{both_singles, relu, saturate, to_odd};
use crate::compile::ssa::Value;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Float, Mode, Rounding};

/// An op in others.
pub fn expand(e: &mut Expander<'_>, op: Float, ty: Kind, mode: Mode, args: &[Value]) -> Option<Value> {
    match ty {
        Kind::F32x2 => Some(both_singles(e, op, mode, args)),
        Kind::F16 | Kind::Bf16 => one(e, op, ty, mode, args),
        Kind::F16x2 | Kind::Bf16x2 => {
            let half = ty.half()?;
            if !mode.ftz
                && let Some(value) = signs(e, op, args, 0x8000_8000)
            {
                return Some(value);
            }
            let low: Vec<Value> = args.iter().map(|&arg| e.mask(arg, 0xffff)).collect();
            let high: Vec<Value> = args.iter().map(|&arg| e.right(arg, 16)).collect();
            let (low, high) = (one(e, op, half, mode, &low)?, one(e, op, half, mode, &high)?);
            let high = e.left(high, 16);
            Some(e.or(low, high))
        }
        _ => None,
    }
}

/// Ops on signs, all at once.
fn signs(e: &mut Expander<'_>, op: Float, args: &[Value], signs: u32) -> Option<Value> {
    match op {
        Float::Neg => {
            let signs = e.word(signs);
            Some(e.xor(args[0], signs))
        }
        Float::Abs => Some(e.mask(args[0], u64::from(!signs & 0x7fff_7fff))),
        Float::CopySign => {
            let sign = e.mask(args[0], signs.into());
            let size = e.mask(args[1], (!signs).into());
            Some(e.or(sign, size))
        }
        _ => None,
    }
}

/// An op on one number in the low half of a word.
fn one(e: &mut Expander<'_>, op: Float, ty: Kind, mode: Mode, args: &[Value]) -> Option<Value> {
    if mode.rounding != Rounding::Nearest {
        return None;
    }
    let args: Vec<Value> = args.iter().map(|&arg| if mode.ftz { flush(e, ty, arg) } else { arg }).collect();
    if let Some(value) = signs(e, op, &args, 0x8000) {
        return Some(value);
    }
    let wide: Vec<Value> = args.iter().map(|&arg| widen(e, ty, arg)).collect();
    let value = match op {
        // 24 bits are twice 11 and two more: rounding twice is rounding once.
        Float::Add | Float::Sub => e.float(op, Kind::F32, &wide),
        Float::Mul if ty == Kind::F16 => e.float(op, Kind::F32, &wide),
        // Not so with three numbers, nor where the wider format has denormals as well.
        Float::Mul | Float::Fma => to_odd(e, op, &wide),
        Float::Min | Float::Max | Float::MinNan | Float::MaxNan => {
            let value = e.float(op, Kind::F32, &wide);
            return Some(narrow_exact(e, ty, value));
        }
        Float::MinXorSign | Float::MaxXorSign | Float::MinNanXorSign | Float::MaxNanXorSign => {
            return Some(xor_sign(e, op, ty, &args, &wide));
        }
        Float::IsFinite | Float::IsInfinite | Float::IsNumber | Float::IsNan => {
            return Some(e.float(op, Kind::F32, &wide));
        }
        Float::Ex2 | Float::Tanh => e.float(op, Kind::F32, &wide),
        _ => return None,
    };
    let value = if mode.sat { saturate(e, value) } else { value };
    let value = if mode.relu { relu(e, value) } else { value };
    let code = narrow(e, ty, Rounding::Nearest, value);
    Some(if mode.ftz { flush(e, ty, code) } else { code })
}

/// The smaller or larger size with the product's sign; NaN has none.
fn xor_sign(e: &mut Expander<'_>, op: Float, ty: Kind, args: &[Value], wide: &[Value]) -> Value {
    let plain = match op {
        Float::MinXorSign => Float::Min,
        Float::MaxXorSign => Float::Max,
        Float::MinNanXorSign => Float::MinNan,
        _ => Float::MaxNan,
    };
    let sizes: Vec<Value> = wide.iter().map(|&value| e.float(Float::Abs, Kind::F32, &[value])).collect();
    let value = e.float(plain, Kind::F32, &sizes);
    let code = narrow_exact(e, ty, value);
    let signs = e.xor(args[0], args[1]);
    let sign = e.mask(signs, 0x8000);
    let code = e.or(code, sign);
    let (none, nan) = (e.compare(Comparison::Nan, Kind::F32, value, value), e.word(0x7fff));
    e.select(none, nan, code)
}

/// Denormals of the narrow format become zero of the same sign.
pub fn flush(e: &mut Expander<'_>, ty: Kind, a: Value) -> Value {
    let exponent = e.mask(a, if ty == Kind::F16 { 0x7c00 } else { 0x7f80 });
    let zero = e.word(0);
    let tiny = e.compare(Comparison::Eq, Kind::U32, exponent, zero);
    let sign = e.mask(a, 0x8000);
    e.select(tiny, sign, a)
}

/// As `f32`; NaN is one of its NaNs.
pub fn widen(e: &mut Expander<'_>, ty: Kind, a: Value) -> Value {
    match ty {
        Kind::F16 => e.convert(Kind::F32, Kind::F16, a),
        _ => e.left(a, 16),
    }
}

/// A number that the narrow format has.
pub fn narrow_exact(e: &mut Expander<'_>, ty: Kind, value: Value) -> Value {
    match ty {
        Kind::F16 => e.convert_plain(Kind::F16, Kind::F32, Rounding::Zero, value),
        _ => e.right(value, 16),
    }
}

/// Rounded to the narrow format.
pub fn narrow(e: &mut Expander<'_>, ty: Kind, rounding: Rounding, value: Value) -> Value {
    match ty {
        Kind::F16 => e.convert_plain(Kind::F16, Kind::F32, rounding, value),
        _ => cut(e, rounding, 16, value),
    }
}

/// An `f32` without so many of its last bits, which are shifted out. NaN becomes all ones.
pub fn cut(e: &mut Expander<'_>, rounding: Rounding, bits: u32, value: Value) -> Value {
    // This NaN stays one without the bits, and nothing carries out of it.
    let nan = e.word(0x7fff_ffff & u32::MAX << bits);
    let none = e.compare(Comparison::Nan, Kind::F32, value, value);
    let value = e.select(none, nan, value);
    let below = e.word((1 << (bits - 1)) - 1);
    let all = (1 << bits) - 1;
    let sum = match rounding {
        Rounding::Zero => value,
        Rounding::Nearest => {
            let last = e.right(value, bits);
            let last = e.mask(last, 1);
            let half = e.add(value, below);
            e.add(half, last)
        }
        Rounding::Away => {
            // The NaN has no bits to be rounded, and half a place is less than its last one.
            let half = e.word(1 << (bits - 1));
            e.add(value, half)
        }
        Rounding::Up | Rounding::Down => {
            // Away from zero on one side of it.
            let sign = e.right_signed(value, 31);
            let mask = if rounding == Rounding::Up { e.not(sign) } else { sign };
            let more = e.mask(mask, all);
            e.add(value, more)
        }
    };
    e.right(sum, bits)
}

/// What is more than the largest number becomes it.
pub fn finite(e: &mut Expander<'_>, ty: Kind, code: Value) -> Value {
    let (size, infinity) = match ty {
        Kind::F16 => (0x7fff, 0x7c00),
        Kind::Bf16 => (0x7fff, 0x7f80),
        // Of the bits that are there.
        _ => (0x3_ffff, 0x3_fc00),
    };
    let (size, infinity, one) = (e.mask(code, size), e.word(infinity), e.word(1));
    let beyond = e.compare(Comparison::Eq, Kind::U32, size, infinity);
    let largest = e.sub(code, one);
    e.select(beyond, largest, code)
}

/// An op on a wider float, both clamps and a rounding that is not the op's own.
pub fn clamped(e: &mut Expander<'_>, mode: Mode, value: Value) -> Value {
    let value = if mode.sat { saturate(e, value) } else { value };
    if mode.relu { relu(e, value) } else { value }
}

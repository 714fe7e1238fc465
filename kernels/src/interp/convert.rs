//! The meaning of conversions and comparisons.

use super::float::flush;
use super::half::{self, BF16, F16, F32};
use super::lanes::{Meaning, Value, one, two};
use crate::ir::compute::{Comparison, Conversion};
use crate::ir::{Mode, Rounding, Type};

/// The meaning of a conversion: its own function if it is a frequent one.
pub fn meaning(conversion: Conversion) -> Option<Meaning> {
    if matches!(conversion.to, Type::Pred | Type::F16x2 | Type::Bf16x2)
        || matches!(conversion.from, Type::Pred | Type::F16x2 | Type::Bf16x2)
        || (conversion.relu && !conversion.to.float())
        || (conversion.mode.sat && conversion.to == Type::F64)
    {
        return None;
    }
    Some(frequent(conversion).unwrap_or(Meaning::Convert(conversion)))
}

fn frequent(conversion: Conversion) -> Option<Meaning> {
    let Conversion { to, from, mode, integral, relu } = conversion;
    if mode.ftz || mode.sat || integral || relu {
        return None;
    }
    let nearest = mode.rounding == Rounding::Nearest;
    Some(match (to.bits(), to.float(), from) {
        (64, false, Type::S32) => one!(|a: i32| i64::from(a)),
        (64, false, Type::U32) => one!(|a: u32| u64::from(a)),
        (32, false, Type::U64 | Type::S64) => one!(|a: u32| a),
        (32, false, Type::U16) => one!(|a: u16| u32::from(a)),
        (32, false, Type::S16) => one!(|a: i16| i32::from(a)),
        (32, false, Type::U8) => one!(|a: u8| u32::from(a)),
        (32, false, Type::S8) => one!(|a: i8| i32::from(a)),
        (16, false, Type::U32 | Type::S32 | Type::U64 | Type::S64) => one!(|a: u16| a),
        (32, true, Type::S32) if nearest => one!(|a: i32| a as f32),
        (32, true, Type::U32) if nearest => one!(|a: u32| a as f32),
        (64, true, Type::S32) => one!(|a: i32| f64::from(a)),
        (64, true, Type::U32) => one!(|a: u32| f64::from(a)),
        (64, true, Type::F32) => one!(|a: f32| f64::from(a)),
        (32, true, Type::F64) if nearest => one!(|a: f64| single(f64::from(a as f32))),
        (32, false, Type::F32) if mode.rounding == Rounding::Zero && to == Type::S32 => {
            one!(|a: f32| a as i32)
        }
        (32, false, Type::F32) if mode.rounding == Rounding::Zero && to == Type::U32 => {
            one!(|a: f32| a as u32)
        }
        _ => return None,
    })
}

fn single(value: f64) -> u64 {
    half::narrow(value, F32, Rounding::Nearest)
}

/// One value, whatever the types.
pub fn convert(bits: u64, conversion: &Conversion) -> u64 {
    match (conversion.from.float(), conversion.to.float()) {
        (false, false) => integer(read(bits, conversion.from), conversion),
        (false, true) => from_integer(read(bits, conversion.from), conversion),
        (true, false) => to_integer(read_float(bits, conversion), conversion),
        (true, true) => float(bits, conversion),
    }
}

fn read(bits: u64, ty: Type) -> i128 {
    let shift = 64 - ty.bits();
    if ty.signed() { i128::from((bits << shift) as i64 >> shift) } else { i128::from(bits << shift >> shift) }
}

/// Exactly, denormals flushed if asked for.
fn read_float(bits: u64, conversion: &Conversion) -> f64 {
    match conversion.from {
        Type::F16 => half::widen(bits & 0xffff, F16),
        Type::Bf16 => half::widen(bits & 0xffff, BF16),
        Type::F32 if conversion.mode.ftz => f64::from(flush(f32::get(bits))),
        Type::F32 => f64::from(f32::get(bits)),
        _ => f64::from_bits(bits),
    }
}

fn mask(value: i128, ty: Type) -> u64 {
    let shift = 64 - ty.bits();
    (value as u64) << shift >> shift
}

fn range(ty: Type) -> (i128, i128) {
    let bits = ty.bits();
    if ty.signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

fn integer(value: i128, conversion: &Conversion) -> u64 {
    let (low, high) = range(conversion.to);
    mask(if conversion.mode.sat { value.clamp(low, high) } else { value }, conversion.to)
}

fn round(value: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Nearest => value.round_ties_even(),
        Rounding::Zero => value.trunc(),
        Rounding::Down => value.floor(),
        Rounding::Up => value.ceil(),
    }
}

/// Out of range is clamped; NaN is 0.
fn to_integer(value: f64, conversion: &Conversion) -> u64 {
    let (low, high) = range(conversion.to);
    let rounded = round(value, conversion.mode.rounding) as i128;
    mask(rounded.clamp(low, high), conversion.to)
}

fn from_integer(value: i128, conversion: &Conversion) -> u64 {
    // A remainder of what `f64` cannot hold goes into the last bit.
    let near = value as f64;
    let error = (value - near as i128) as f64;
    if conversion.to == Type::F64 {
        let rounded = match conversion.mode.rounding {
            Rounding::Down if error < 0.0 => near.next_down(),
            Rounding::Up if error > 0.0 => near.next_up(),
            Rounding::Zero if (near > 0.0 && error < 0.0) || (near < 0.0 && error > 0.0) => {
                f64::from_bits(near.to_bits() - 1)
            }
            _ => near,
        };
        return rounded.to_bits();
    }
    write(half::to_odd(near, error), conversion)
}

/// Into a format narrower than `f64`, with the conversion's mode.
fn write(value: f64, conversion: &Conversion) -> u64 {
    let Mode { rounding, ftz, sat } = conversion.mode;
    let mut value = value;
    if sat {
        value = if value > 0.0 { value.min(1.0) } else { 0.0 };
    }
    if conversion.relu && !value.is_nan() && value <= 0.0 {
        value = 0.0;
    }
    match conversion.to {
        Type::F16 => half::narrow(value, F16, rounding),
        Type::Bf16 => half::narrow(value, BF16, rounding),
        Type::F32 => {
            let bits = half::narrow(value, F32, rounding);
            if ftz { flush(f32::get(bits)).put() } else { bits }
        }
        _ => value.to_bits(),
    }
}

fn float(bits: u64, conversion: &Conversion) -> u64 {
    let mut value = read_float(bits, conversion);
    if conversion.integral {
        value = round(value, conversion.mode.rounding);
    }
    write(value, conversion)
}

/// The meaning of a comparison, if there is one.
pub fn comparison(comparison: Comparison, ty: Type, ftz: bool) -> Option<Meaning> {
    match ty {
        Type::U16 | Type::B16 => ordered::<u16>(comparison),
        Type::S16 => ordered::<i16>(comparison),
        Type::U32 | Type::B32 => ordered::<u32>(comparison),
        Type::S32 => ordered::<i32>(comparison),
        Type::U64 | Type::B64 => ordered::<u64>(comparison),
        Type::S64 => ordered::<i64>(comparison),
        Type::F32 if ftz => floats::<Flushed>(comparison),
        Type::F32 => floats::<f32>(comparison),
        Type::F64 if !ftz => floats::<f64>(comparison),
        Type::F16 if !ftz => floats::<Half>(comparison),
        Type::Bf16 if !ftz => floats::<Brain>(comparison),
        _ => None,
    }
}

/// How a type compares once it is read.
macro_rules! read_as {
    ($name:ident, $read:expr) => {
        #[derive(Clone, Copy, PartialEq, PartialOrd)]
        struct $name(f64);
        impl Value for $name {
            fn get(bits: u64) -> Self {
                let read: fn(u64) -> f64 = $read;
                $name(read(bits))
            }
            fn put(self) -> u64 {
                self.0.to_bits()
            }
        }
    };
}

read_as!(Flushed, |bits| f64::from(flush(f32::get(bits))));
read_as!(Half, |bits| half::widen(bits & 0xffff, F16));
read_as!(Brain, |bits| half::widen(bits & 0xffff, BF16));

fn ordered<T: Value + PartialOrd>(comparison: Comparison) -> Option<Meaning> {
    Some(match comparison {
        Comparison::Eq => two!(|a: T, b: T| a == b),
        Comparison::Ne => two!(|a: T, b: T| a != b),
        Comparison::Lt => two!(|a: T, b: T| a < b),
        Comparison::Le => two!(|a: T, b: T| a <= b),
        Comparison::Gt => two!(|a: T, b: T| a > b),
        Comparison::Ge => two!(|a: T, b: T| a >= b),
        _ => return None,
    })
}

// Negated comparisons are what "or unordered" means.
#[allow(clippy::neg_cmp_op_on_partial_ord, clippy::eq_op, clippy::double_comparisons)]
fn floats<T: Value + PartialOrd>(comparison: Comparison) -> Option<Meaning> {
    Some(match comparison {
        Comparison::Ne => two!(|a: T, b: T| a < b || a > b),
        Comparison::Equ => two!(|a: T, b: T| !(a < b || a > b)),
        Comparison::Neu => two!(|a: T, b: T| a != b),
        Comparison::Ltu => two!(|a: T, b: T| !(a >= b)),
        Comparison::Leu => two!(|a: T, b: T| !(a > b)),
        Comparison::Gtu => two!(|a: T, b: T| !(a <= b)),
        Comparison::Geu => two!(|a: T, b: T| !(a < b)),
        Comparison::Num => two!(|a: T, b: T| a == a && b == b),
        Comparison::Nan => two!(|a: T, b: T| a != a || b != b),
        _ => return ordered::<T>(comparison),
    })
}

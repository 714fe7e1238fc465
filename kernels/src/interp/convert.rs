//! The meaning of conversions.

use super::float::{canonical, canonical64, flush};
use super::general::clamp;
use super::lanes::{Meaning, Value, one};
use super::soft::{self, BF16, F16, Finite, Format, Number, TF32};
use crate::ir::compute::{Compute, Conversion};
use crate::ir::{Mode, Rounding, Type};

/// The meaning of a conversion: its own function if it is a frequent one.
pub fn meaning(conversion: Conversion) -> Option<Meaning> {
    let Conversion { to, from, .. } = conversion;
    let alone = |ty: Type| ty != Type::Pred && ty.half().is_none();
    if !alone(to) || !alone(from) || from == Type::Tf32 {
        return None;
    }
    Some(frequent(conversion).unwrap_or(Meaning::Each(Compute::Convert(conversion))))
}

fn frequent(conversion: Conversion) -> Option<Meaning> {
    let Conversion { to, from, mode, integral, finite } = conversion;
    if mode.ftz || mode.sat || mode.relu || finite {
        return None;
    }
    match (to.float(), from.float()) {
        (false, false) => frequent_integer(to, from),
        (false, true) => frequent_rounded(to, from, mode.rounding),
        (true, _) if integral => frequent_integral(to, from, mode.rounding),
        (true, _) => frequent_float(to, from, mode.rounding),
    }
}

fn frequent_integer(to: Type, from: Type) -> Option<Meaning> {
    Some(match (to.bits(), from) {
        (64, Type::S32) => one!(|a: i32| i64::from(a)),
        (64, Type::U32) => one!(|a: u32| u64::from(a)),
        (32, Type::U64 | Type::S64) => one!(|a: u32| a),
        (32, Type::U16) => one!(|a: u16| u32::from(a)),
        (32, Type::S16) => one!(|a: i16| i32::from(a)),
        (32, Type::U8) => one!(|a: u8| u32::from(a)),
        (32, Type::S8) => one!(|a: i8| i32::from(a)),
        (16, Type::U32 | Type::S32 | Type::U64 | Type::S64) => one!(|a: u16| a),
        _ => return None,
    })
}

/// NaN becomes 0 here.
fn frequent_rounded(to: Type, from: Type, rounding: Rounding) -> Option<Meaning> {
    Some(match (to, from, rounding) {
        (Type::S32, Type::F32, Rounding::Zero) => one!(|a: f32| a as i32),
        (Type::S32, Type::F32, Rounding::Nearest) => one!(|a: f32| a.round_ties_even() as i32),
        (Type::S32, Type::F32, Rounding::Down) => one!(|a: f32| a.floor() as i32),
        (Type::S32, Type::F32, Rounding::Up) => one!(|a: f32| a.ceil() as i32),
        (Type::U32, Type::F32, Rounding::Zero) => one!(|a: f32| a as u32),
        (Type::U32, Type::F32, Rounding::Nearest) => one!(|a: f32| a.round_ties_even() as u32),
        _ => return None,
    })
}

fn frequent_integral(to: Type, from: Type, rounding: Rounding) -> Option<Meaning> {
    Some(match (to, from, rounding) {
        (Type::F32, Type::F32, Rounding::Zero) => one!(|a: f32| canonical(a.trunc())),
        (Type::F32, Type::F32, Rounding::Nearest) => one!(|a: f32| canonical(a.round_ties_even())),
        (Type::F32, Type::F32, Rounding::Down) => one!(|a: f32| canonical(a.floor())),
        (Type::F32, Type::F32, Rounding::Up) => one!(|a: f32| canonical(a.ceil())),
        (Type::F64, Type::F64, Rounding::Zero) => one!(|a: f64| canonical64(a.trunc())),
        (Type::F64, Type::F64, Rounding::Down) => one!(|a: f64| canonical64(a.floor())),
        _ => return None,
    })
}

fn frequent_float(to: Type, from: Type, rounding: Rounding) -> Option<Meaning> {
    let nearest = rounding == Rounding::Nearest;
    Some(match (to, from) {
        (Type::F32, Type::F16) => one!(|a: u64| canonical(soft::widen(a, F16) as f32)),
        (Type::F32, Type::Bf16) => one!(|a: u64| canonical(soft::widen(a, BF16) as f32)),
        (Type::F64, Type::S32) => one!(|a: i32| f64::from(a)),
        (Type::F64, Type::U32) => one!(|a: u32| f64::from(a)),
        (Type::F64, Type::F32) => one!(|a: f32| canonical64(f64::from(a))),
        _ if !nearest => return None,
        (Type::F32, Type::S32) => one!(|a: i32| a as f32),
        (Type::F32, Type::U32) => one!(|a: u32| a as f32),
        (Type::F32, Type::S64) => one!(|a: i64| a as f32),
        (Type::F32, Type::U64) => one!(|a: u64| a as f32),
        (Type::F64, Type::S64) => one!(|a: i64| a as f64),
        (Type::F64, Type::U64) => one!(|a: u64| a as f64),
        (Type::F32, Type::F64) => one!(|a: f64| canonical(a as f32)),
        (Type::F16, Type::F32) => one!(|a: f32| soft::narrow(f64::from(a), F16, Rounding::Nearest)),
        (Type::Bf16, Type::F32) => one!(|a: f32| soft::narrow(f64::from(a), BF16, Rounding::Nearest)),
        _ => return None,
    })
}

/// One value, whatever the types.
pub fn convert(bits: u64, conversion: &Conversion) -> u64 {
    match (conversion.from.float(), conversion.to.float()) {
        (false, false) => integer(read(bits, conversion.from), conversion),
        (false, true) => write(soft::integer(read(bits, conversion.from)), conversion),
        (true, false) => to_integer(read_float(bits, conversion), conversion),
        (true, true) => float(bits, conversion),
    }
}

fn read(bits: u64, ty: Type) -> i128 {
    let shift = 64 - ty.bits();
    if ty.signed() { i128::from((bits << shift) as i64 >> shift) } else { i128::from(bits << shift >> shift) }
}

/// Exactly, `.f32` denormals flushed if asked for.
fn read_float(bits: u64, conversion: &Conversion) -> f64 {
    match Format::of(conversion.from) {
        _ if conversion.from == Type::F32 && conversion.mode.ftz => f64::from(flush(f32::get(bits))),
        Some(format) => soft::widen(bits, format),
        None => f64::NAN,
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
        Rounding::Away => value.round(),
    }
}

/// Out of range is clamped. NaN is 0 among types of 32 bits and less; where either has 64, only the highest bit is set,
/// as the PTX manual has it.
fn to_integer(value: f64, conversion: &Conversion) -> u64 {
    let Conversion { to, from, .. } = *conversion;
    if value.is_nan() {
        let wide = from == Type::F64 || to.bits() == 64;
        return if wide { 1 << (to.bits() - 1) } else { 0 };
    }
    let (low, high) = range(to);
    let rounded = round(value, conversion.mode.rounding) as i128;
    mask(rounded.clamp(low, high), to)
}

/// Into a float format, with the conversion's mode.
fn write(number: Number, conversion: &Conversion) -> u64 {
    let Conversion { to, mode, finite, .. } = *conversion;
    if to == Type::Ue8m0 {
        return write_exponent(number, mode.rounding, finite);
    }
    let Some(format) = Format::of(to).or((to == Type::Tf32).then_some(TF32)) else { return 0 };
    let mut code = soft::round(number, format, mode.rounding);
    if finite && number != Number::Nan && (format.is_infinite(code) || format.is_nan(code)) {
        code = code & format.sign() | format.largest();
    }
    let code = clamp(code, format, Mode { ftz: mode.ftz && to == Type::F32, ..mode });
    match to {
        // All ones, as in `.f32`.
        Type::Tf32 if format.is_nan(code) => soft::F32.nan(),
        Type::Tf32 => code << (soft::F32.fraction - TF32.fraction),
        _ => code,
    }
}

/// 2^(code - 127), 255 is NaN. There is no sign, so that of the value is dropped; nor is there a zero, so what is less
/// than the smallest becomes it.
fn write_exponent(number: Number, rounding: Rounding, finite: bool) -> u64 {
    let largest = if finite { 254 } else { 255 };
    match number {
        Number::Nan => 255,
        Number::Infinite(_) => largest,
        Number::Finite(Finite { significand: 0, .. }) => 0,
        Number::Finite(Finite { exponent, significand, .. }) => {
            let up = rounding == Rounding::Up && !significand.is_power_of_two();
            let power = exponent + significand.ilog2() as i32 + i32::from(up);
            if power > 127 { largest } else { (power + 127).max(0) as u64 }
        }
    }
}

fn float(bits: u64, conversion: &Conversion) -> u64 {
    if conversion.integral {
        let value = round(read_float(bits, conversion), conversion.mode.rounding);
        return write(soft::read(value.to_bits(), soft::F64), conversion);
    }
    let number = match Format::of(conversion.from) {
        Some(format) if conversion.from == Type::F32 && conversion.mode.ftz => {
            soft::read(format.flush(bits), format)
        }
        Some(format) => soft::read(bits, format),
        None => read_exponent(bits),
    };
    write(number, conversion)
}

fn read_exponent(bits: u64) -> Number {
    match bits & 255 {
        255 => Number::Nan,
        code => Number::Finite(Finite { negative: false, exponent: code as i32 - 127, significand: 1 }),
    }
}

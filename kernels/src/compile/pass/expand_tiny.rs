//! Floats of 8, 6 and 4 bits are converted by way of `f32` and `f16`.

use super::expand::Expander;
use super::expand_narrow::{self, clamped, narrow_exact};
use super::formula::Formula;
use crate::compile::ssa::Value;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Conversion, Float, Int, Mode, Rounding};

/// A format: bits of the fraction, the exponent of 1 as it is stored, all bits, and the largest number.
struct Format {
    fraction: u32,
    bias: i32,
    bits: u32,
    largest: f64,
}

fn format(ty: Kind) -> Option<Format> {
    let (fraction, bias, bits, largest) = match ty {
        Kind::E4m3 => (3, 7, 8, 448.0),
        Kind::E5m2 => (2, 15, 8, 57344.0),
        Kind::E2m3 => (3, 1, 6, 7.5),
        Kind::E3m2 => (2, 3, 6, 28.0),
        Kind::E2m1 => (1, 1, 4, 6.0),
        _ => return None,
    };
    Some(Format { fraction, bias, bits, largest })
}

/// A conversion in others.
pub fn expand(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Option<Value> {
    let Conversion { to, from, mode, finite, .. } = conversion;
    let half = |ty| matches!(ty, Kind::F16 | Kind::Bf16);
    let single = |e: &mut Expander<'_>| match from {
        Kind::F32 => Some(a),
        ty if half(ty) => Some(expand_narrow::widen(e, ty, a)),
        _ => None,
    };
    if to == Kind::Ue8m0 {
        let a = single(e)?;
        return Some(to_power(e, mode.rounding, finite, a));
    }
    if from == Kind::Ue8m0 && to == Kind::Bf16 {
        return Some(from_power(e, a));
    }
    if let Some(format) = format(to) {
        if !finite || mode.rounding != Rounding::Nearest {
            return None;
        }
        let a = single(e)?;
        return Some(narrow(e, &format, mode, a));
    }
    let format = format(from).filter(|_| half(to))?;
    let value = widen(e, &format, from, a);
    let value = clamped(e, mode, value);
    Some(narrow_exact(e, to, value))
}

/// Sign and bits are those of an `f16` with another place for the exponent of 1: denormals as well.
fn widen(e: &mut Expander<'_>, format: &Format, ty: Kind, a: Value) -> Value {
    let size = e.mask(a, (1 << (format.bits - 1)) - 1);
    let bits = e.left(size, 10 - format.fraction);
    let sign = e.mask(a, 1 << (format.bits - 1));
    let sign = e.left(sign, 16 - format.bits);
    let code = e.or(bits, sign);
    let value = e.convert(Kind::F32, Kind::F16, code);
    let factor = e.single(2f32.powi(15 - format.bias));
    let value = if format.bias == 15 { value } else { e.float(Float::Mul, Kind::F32, &[value, factor]) };
    if ty != Kind::E4m3 {
        return value;
    }
    let (all, nan) = (e.word(0x7f), e.word(0x7fff_ffff));
    let none = e.compare(Comparison::Eq, Kind::U32, size, all);
    e.select(none, nan, value)
}

/// Rounded at the last place, which from the least exponent on stays where it is.
fn narrow(e: &mut Expander<'_>, format: &Format, mode: Mode, a: Value) -> Value {
    let mut f = Formula::new(e, Kind::F32, Mode::default());
    let least = if mode.relu { 0.0 } else { -format.largest };
    let value = f.at_most(a, format.largest);
    let value = f.at_least(value, least);
    let exponent = f.exponent(value);
    let exponent = f.at_least(exponent, f64::from(1 - format.bias));
    let place = f.add_by(exponent, -f64::from(format.fraction));
    let up = f.neg(place);
    let whole = f.scale(value, up);
    let whole = f.nearest(whole);
    let place = f.add_by(place, f64::from(format.bias - 15));
    let value = f.scale(whole, place);
    let code = e.convert_plain(Kind::F16, Kind::F32, Rounding::Nearest, value);
    let size = e.mask(code, 0x7fff);
    let size = e.right(size, 10 - format.fraction);
    let sign = e.right(code, 15);
    let sign = e.left(sign, format.bits - 1);
    let code = e.or(size, sign);
    // Where there is no NaN, the largest number stands for it.
    let most = e.word((1 << (format.bits - 1)) - 1);
    let none = e.compare(Comparison::Nan, Kind::F32, a, a);
    e.select(none, most, code)
}

/// The exponent alone: that of `f32`, whose denormals are 0 or, rounded up, from half on 1.
fn to_power(e: &mut Expander<'_>, rounding: Rounding, finite: bool, a: Value) -> Value {
    let size = e.mask(a, 0x7fff_ffff);
    let code = if rounding == Rounding::Up {
        let most = e.word(0x7f_ffff);
        let above = e.add(size, most);
        let code = e.right(above, 23);
        let (half, zero) = (e.word(0x40_0000), e.word(0));
        let least = e.compare(Comparison::Le, Kind::U32, size, half);
        e.select(least, zero, code)
    } else {
        e.right(size, 23)
    };
    let (most, nan) = (e.word(if finite { 254 } else { 255 }), e.word(255));
    let code = e.int(Int::Min, Kind::U32, &[code, most]);
    let none = e.compare(Comparison::Nan, Kind::F32, a, a);
    e.select(none, nan, code)
}

/// A power of two as `bf16`: the least one is a denormal.
fn from_power(e: &mut Expander<'_>, a: Value) -> Value {
    let code = e.mask(a, 0xff);
    let value = e.left(code, 7);
    let (zero, least, all, nan) = (e.word(0), e.word(0x40), e.word(0xff), e.word(0x7fff));
    let first = e.compare(Comparison::Eq, Kind::U32, code, zero);
    let value = e.select(first, least, value);
    let none = e.compare(Comparison::Eq, Kind::U32, code, all);
    e.select(none, nan, value)
}

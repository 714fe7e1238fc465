//! The common functions of the device library as ops: which one is what, and those that are a few ops only.

use super::expand::Expander;
use super::expand_bits::join;
use super::expand_convert::canonical;
use super::expand_float::{nan, saturate};
use super::formula::Formula;
use super::{device_circle, device_power};
use crate::compile::ssa::{Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Float, Int, Mode, Rounding};
use crate::libdevice::External;

/// A function in ops, if it is one of these.
pub fn expand(e: &mut Expander<'_>, external: External, args: &[Value]) -> Option<Value> {
    if let Some(compute) = external.op() {
        let value = e.compute(compute, args);
        return Some(value);
    }
    let name = external.row().name.strip_prefix("__nv_")?;
    let (a, output) = (args[0], external.output());
    if let Some(value) = bits(e, name, args) {
        return Some(value);
    }
    let single = Kind::F32;
    match name {
        "floorf" => return Some(e.integral(single, Rounding::Down, a)),
        "ceilf" => return Some(e.integral(single, Rounding::Up, a)),
        "truncf" => return Some(e.integral(single, Rounding::Zero, a)),
        "rintf" | "nearbyintf" => return Some(e.integral(single, Rounding::Nearest, a)),
        "floor" => return Some(e.integral(Kind::F64, Rounding::Down, a)),
        "ceil" => return Some(e.integral(Kind::F64, Rounding::Up, a)),
        "trunc" => return Some(e.integral(Kind::F64, Rounding::Zero, a)),
        "rint" | "nearbyint" => return Some(e.integral(Kind::F64, Rounding::Nearest, a)),
        "modff" if output == 1 => return Some(e.integral(single, Rounding::Zero, a)),
        "modf" if output == 1 => return Some(e.integral(Kind::F64, Rounding::Zero, a)),
        "saturatef" => return Some(saturate(e, a)),
        "nanf" => return Some(nan(e, single)),
        "nan" => return Some(nan(e, Kind::F64)),
        "copysignf" => return Some(e.float(Float::CopySign, single, &[args[1], a])),
        "copysign" => return Some(e.float(Float::CopySign, Kind::F64, &[args[1], a])),
        "fast_sincosf" => {
            let op = if output == 0 { Float::Sin } else { Float::Cos };
            return Some(e.float(op, single, &[a]));
        }
        _ => {}
    }
    let mut f = Formula::new(
        e,
        if external.row().signature.contains('f') { single } else { Kind::F64 },
        Mode::default(),
    );
    match name {
        "roundf" | "round" => Some(round(&mut f, a)),
        "llroundf" | "llround" => {
            let whole = round(&mut f, a);
            let ty = f.ty;
            Some(f.e.convert_rounded(Kind::S64, ty, Rounding::Zero, whole))
        }
        "modff" | "modf" => Some(fraction(&mut f, a)),
        "logbf" | "logb" => Some(f.exponent(a)),
        "ilogbf" | "ilogb" => Some(exponent_number(&mut f, a)),
        "ldexpf" | "ldexp" | "scalbnf" | "scalbn" => {
            let ty = f.ty;
            let power = f.e.convert(ty, Kind::S32, args[1]);
            Some(f.scale(a, power))
        }
        "frexpf" | "frexp" => Some(split(&mut f, a, output == 1)),
        "powif" => {
            // An integer is exact as `f64`.
            let (a, b) = (wide(&mut f, a), f.e.convert(Kind::F64, Kind::S32, args[1]));
            let mut double = Formula::new(f.e, Kind::F64, Mode::default());
            let value = device_power::pow(&mut double, a, b);
            Some(narrow(&mut f, value))
        }
        "fdimf" | "fdim" => Some(above(&mut f, a, args[1])),
        _ => device_power::expand(&mut f, name, args)
            .or_else(|| device_circle::expand(&mut f, name, output, Compute::External(external), args)),
    }
}

/// Halves go away from zero. What is cut off is exact.
fn round(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let whole = f.e.integral(f.ty, Rounding::Zero, a);
    let rest = f.sub(a, whole);
    let rest = f.abs(rest);
    let one = f.c(1.0);
    let step = f.with_sign(a, one);
    let next = f.add(whole, step);
    let up = f.is(Comparison::Ge, rest, 0.5);
    f.e.select(up, next, whole)
}

/// What is cut off, with the sign of all.
fn fraction(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let whole = f.e.integral(f.ty, Rounding::Zero, a);
    let rest = f.sub(a, whole);
    let (size, zero) = (f.abs(a), f.c(0.0));
    let infinite = f.is(Comparison::Eq, size, f64::INFINITY);
    let rest = f.e.select(infinite, zero, rest);
    let value = f.with_sign(a, rest);
    canonical(f.e, f.ty, value)
}

/// The exponent as an integer: the least one for 0 and NaN, the largest for infinity.
fn exponent_number(f: &mut Formula<'_, '_>, a: Value) -> Value {
    let ty = f.ty;
    let exponent = f.exponent(a);
    let number = f.e.convert_rounded(Kind::S32, ty, Rounding::Zero, exponent);
    let (nan, least) = (f.is_to(Comparison::Nan, a, a), f.e.word(0x8000_0000));
    f.e.select(nan, least, number)
}

/// The significand in [½, 1), or its exponent; of what has none itself and 0.
fn split(f: &mut Formula<'_, '_>, a: Value, exponent: bool) -> Value {
    let ty = f.ty;
    let size = f.abs(a);
    let power = f.exponent(a);
    let power = f.add_by(power, 1.0);
    let (some, finite) = (f.is(Comparison::Gt, size, 0.0), f.is(Comparison::Lt, size, f64::INFINITY));
    let known = f.e.and(some, finite);
    if exponent {
        let number = f.e.convert_plain(Kind::S32, ty, Rounding::Zero, power);
        let zero = f.e.word(0);
        return f.e.select(known, number, zero);
    }
    let down = f.neg(power);
    let part = f.scale(a, down);
    let value = f.e.select(known, part, a);
    canonical(f.e, ty, value)
}

/// a - b, if that is above 0.
fn above(f: &mut Formula<'_, '_>, a: Value, b: Value) -> Value {
    let difference = f.sub(a, b);
    let below = f.is_to(Comparison::Le, a, b);
    let zero = f.c(0.0);
    f.e.select(below, zero, difference)
}

/// Integers, and questions about bits.
fn bits(e: &mut Expander<'_>, name: &str, args: &[Value]) -> Option<Value> {
    let (a, b) = (args[0], args.get(1).copied().unwrap_or(args[0]));
    Some(match name {
        "ffs" | "ffsll" => first(e, a, name == "ffsll"),
        "hadd" | "uhadd" | "rhadd" | "urhadd" => mean(e, name, a, b),
        "byte_perm" => {
            let selector = e.mask(args[2], 0x7777);
            e.int(Int::Prmt, Kind::B32, &[a, b, selector])
        }
        "double2hiint" => {
            let high = e.right(a, 32);
            e.fit(high, Type::I32)
        }
        "double2loint" => e.fit(a, Type::I32),
        "hiloint2double" => join(e, b, a),
        "signbitf" => e.right(a, 31),
        "signbitd" => {
            let sign = e.right(a, 63);
            e.fit(sign, Type::I32)
        }
        _ => return None,
    })
}

/// The place of the lowest bit that is set, from 1: that bit alone has as many zeros above it as its place from the top.
fn first(e: &mut Expander<'_>, a: Value, wide: bool) -> Value {
    let (ty, bits, own) = if wide { (Kind::U64, 64, Type::I64) } else { (Kind::U32, 32, Type::I32) };
    let zero = e.constant(own, 0);
    let negated = e.sub(zero, a);
    let lowest = e.and(a, negated);
    let above = e.int(Int::Clz, ty, &[lowest]);
    let bits = e.word(bits);
    e.sub(bits, above)
}

/// Half a sum that does not go over: what both have, and half of what one has.
fn mean(e: &mut Expander<'_>, name: &str, a: Value, b: Value) -> Value {
    let differ = e.xor(a, b);
    let half = if name.contains('u') { e.right(differ, 1) } else { e.right_signed(differ, 1) };
    if name.contains('r') {
        let either = e.or(a, b);
        e.sub(either, half)
    } else {
        let both = e.and(a, b);
        e.add(both, half)
    }
}

/// An `f32` as `f64`.
pub fn wide(f: &mut Formula<'_, '_>, a: Value) -> Value {
    f.e.convert(Kind::F64, Kind::F32, a)
}

/// An `f64` rounded to `f32`.
pub fn narrow(f: &mut Formula<'_, '_>, a: Value) -> Value {
    f.e.convert(Kind::F32, Kind::F64, a)
}

/// Formulas of `f64` in one of `f32`.
pub fn in_double(
    f: &mut Formula<'_, '_>,
    run: impl FnOnce(&mut Formula<'_, '_>, &[Value]) -> Value,
    args: &[Value],
) -> Value {
    let args: Vec<Value> = args.iter().map(|&arg| wide(f, arg)).collect();
    let mut double = Formula::new(f.e, Kind::F64, Mode::default());
    let value = run(&mut double, &args);
    narrow(f, value)
}

//! Conversions become those that exist, with what PTX wants of their edges; comparisons as well.

use super::expand::{Expander, Flush};
use super::expand_float::{constant, convert_to_odd};
use super::expand_narrow::{clamped, cut, finite, flush, narrow, narrow_exact, widen};
use super::expand_tiny;
use crate::compile::ssa::{Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode, Rounding};

/// A conversion in others.
pub fn expand(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Option<Value> {
    let Conversion { to, from, .. } = conversion;
    let known = |ty| matches!(ty, Kind::F16 | Kind::Bf16 | Kind::F32 | Kind::F64);
    match (to.float(), from.float()) {
        (false, false) => Some(integers(e, conversion, a)),
        (true, false) if known(to) => Some(from_integer(e, conversion, a)),
        (false, true) if known(from) => Some(to_integer(e, conversion, a)),
        (true, true) if known(from) && known(to) => Some(floats(e, conversion, a)),
        (true, true) if to == Kind::Tf32 && from == Kind::F32 => Some(tensor(e, conversion, a)),
        (true, true) => expand_tiny::expand(e, conversion, a),
        _ => None,
    }
}

/// A comparison in others.
pub fn compare(
    e: &mut Expander<'_>,
    comparison: Comparison,
    ty: Kind,
    ftz: bool,
    a: Value,
    b: Value,
) -> Option<Value> {
    let [a, b] = [a, b].map(|value| e.fit(value, Type::of_register(ty.bits())));
    Some(match ty {
        Kind::B16 | Kind::U16 | Kind::B32 => e.compare(comparison, Kind::U32, a, b),
        Kind::B64 => e.compare(comparison, Kind::U64, a, b),
        Kind::S16 => {
            // In the upper halves they compare as they are.
            let [a, b] = [a, b].map(|value| e.left(value, 16));
            e.compare(comparison, Kind::S32, a, b)
        }
        Kind::F32 if ftz => {
            let [a, b] = [a, b].map(|value| e.flush_word(value));
            e.compare(comparison, Kind::F32, a, b)
        }
        Kind::F16 | Kind::Bf16 => {
            let [a, b] = [a, b].map(|value| if ftz { flush(e, ty, value) } else { value });
            let [a, b] = [a, b].map(|value| widen(e, ty, value));
            e.compare(comparison, Kind::F32, a, b)
        }
        _ => return None,
    })
}

/// The bits of a type in a register, as a number of 32 or 64.
fn read(e: &mut Expander<'_>, ty: Kind, a: Value) -> Value {
    let a = e.fit(a, Type::of_register(ty.bits()));
    match ty.bits() {
        bits @ (8 | 16) if ty.signed() => {
            let high = e.left(a, 32 - bits);
            e.right_signed(high, 32 - bits)
        }
        bits @ (8 | 16) => e.mask(a, (1 << bits) - 1),
        _ => a,
    }
}

/// What a number of 32 or 64 bits with this sign is in a narrower or wider type.
fn write(e: &mut Expander<'_>, to: Kind, signed: bool, a: Value) -> Value {
    let wide = e.function.ty(a) == Type::I64;
    match to.bits() {
        64 if wide => a,
        64 if signed => e.convert_plain(Kind::S64, Kind::S32, Rounding::Nearest, a),
        64 => e.convert_plain(Kind::U64, Kind::U32, Rounding::Nearest, a),
        bits => {
            let a = e.fit(a, Type::I32);
            if bits == 32 { a } else { e.mask(a, (1 << bits) - 1) }
        }
    }
}

/// The least and the largest number of a type.
fn range(ty: Kind) -> (i128, i128) {
    let bits = ty.bits();
    if ty.signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

fn integers(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { to, from, mode, .. } = conversion;
    let mut value = read(e, from, a);
    if mode.sat {
        let own = e.function.ty(value);
        let kind = match (own, from.signed()) {
            (Type::I64, true) => Kind::S64,
            (Type::I64, false) => Kind::U64,
            (_, true) => Kind::S32,
            (_, false) => Kind::U32,
        };
        let ((low, high), (least, most)) = (range(to), range(from));
        let bits = u64::MAX >> (64 - own.bits());
        if low > least {
            let low = e.constant(own, low as u64 & bits);
            value = e.int(Int::Max, kind, &[value, low]);
        }
        if high < most {
            let high = e.constant(own, high as u64 & bits);
            value = e.int(Int::Min, kind, &[value, high]);
        }
    }
    write(e, to, from.signed(), value)
}

/// As `f64` or, exactly or odd where it is narrowed, as `f32`.
fn from_integer(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { to, from, mode, finite: most, .. } = conversion;
    let value = read(e, from, a);
    let from = match from.bits() {
        8 | 16 => Kind::S32,
        32 if from.signed() => Kind::S32,
        32 => Kind::U32,
        _ if from.signed() => Kind::S64,
        _ => Kind::U64,
    };
    if matches!(to, Kind::F32 | Kind::F64) {
        let value = e.convert_plain(to, from, mode.rounding, value);
        return if mode.sat { saturate(e, to, value) } else { value };
    }
    let value = if matches!(conversion.from.bits(), 8 | 16) {
        e.convert(Kind::F32, Kind::S32, value)
    } else {
        convert_to_odd(e, from, value)
    };
    let value = clamped(e, mode, value);
    let code = narrow(e, to, mode.rounding, value);
    if most { finite(e, to, code) } else { code }
}

fn saturate(e: &mut Expander<'_>, ty: Kind, value: Value) -> Value {
    let (zero, one) = (constant(e, ty, 0.0), constant(e, ty, 1.0));
    let value = e.float(Float::Max, ty, &[value, zero]);
    e.float(Float::Min, ty, &[value, one])
}

/// The instruction gives the least number, or of types without a sign the largest, for whatever it cannot.
fn to_integer(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { to, from, mode, .. } = conversion;
    let mut a = e.fit(a, Type::of_register(from.bits()));
    let directed = matches!(mode.rounding, Rounding::Up | Rounding::Down);
    if mode.ftz && from == Kind::F32 && directed {
        a = e.flush_word(a);
    }
    if matches!(from, Kind::F16 | Kind::Bf16) {
        a = widen(e, from, a);
    }
    let wide = from == Kind::F64 || to.bits() == 64;
    let from = if from == Kind::F64 { Kind::F64 } else { Kind::F32 };
    let own = Type::of_register(to.bits());
    let (least, most) = range(to);
    let at_nan = if wide { 1u64 << (to.bits() - 1) } else { 0 };
    let value = match (to.bits(), to.signed()) {
        (8 | 16, _) => {
            let (least, most) = (constant(e, from, least as f64), constant(e, from, most as f64));
            let clamped = e.float(Float::Min, from, &[a, most]);
            let clamped = e.float(Float::Max, from, &[clamped, least]);
            let value = e.convert_plain(Kind::S32, from, mode.rounding, clamped);
            e.mask(value, (1 << to.bits()) - 1)
        }
        (bits, true) => {
            let kind = if bits == 64 { Kind::S64 } else { Kind::S32 };
            let value = e.convert_plain(kind, from, mode.rounding, a);
            // The first one that is too large, or the largest number itself where the type has it.
            let exact = bits == 32 && from == Kind::F64;
            let limit = if exact { most as f64 } else { -(least as f64) };
            let (limit, most) = (constant(e, from, limit), e.constant(own, most as u64));
            let over = e.compare(Comparison::Ge, from, a, limit);
            let value = e.select(over, most, value);
            if wide {
                // NaN is the least number, as of the instruction.
                return value;
            }
            value
        }
        (bits, false) => {
            let kind = if bits == 64 { Kind::U64 } else { Kind::U32 };
            let zero = constant(e, from, 0.0);
            let above = e.float(Float::Max, from, &[a, zero]);
            let value = e.convert_plain(kind, from, mode.rounding, above);
            if !wide {
                // NaN became 0 above.
                return value;
            }
            value
        }
    };
    let (nan, at_nan) = (e.compare(Comparison::Nan, from, a, a), e.constant(own, at_nan));
    e.select(nan, at_nan, value)
}

fn floats(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { to, from, mode, integral, finite: most } = conversion;
    let a = e.fit(a, Type::of_register(from.bits()));
    let ftz = mode.ftz && (from == Kind::F32 || to == Kind::F32);
    // The control word does it in these.
    let by_control = ftz && e.flush == Flush::Control;
    let both = matches!((to, from), (Kind::F32, Kind::F32 | Kind::F64) | (Kind::F64, Kind::F32));
    if by_control && both && (integral || to != from) {
        let plain = Mode { rounding: mode.rounding, ftz: true, ..Mode::default() };
        let inner = Conversion { mode: plain, finite: false, ..conversion };
        let value = e.raw(Op::Compute(Compute::Convert(inner)), &[a], Type::of_register(to.bits()));
        return if mode.sat { saturate(e, to, value) } else { value };
    }
    let a = if ftz && from == Kind::F32 { e.flush_word(a) } else { a };
    if integral {
        return integral_floats(e, conversion, a);
    }
    let value = match (to, from) {
        (Kind::F64, Kind::F32) => e.convert_plain(to, from, mode.rounding, a),
        (Kind::F32, Kind::F64) => {
            let value = e.convert_plain(to, from, mode.rounding, a);
            if ftz { e.flush_word(value) } else { value }
        }
        (Kind::F64, Kind::F16 | Kind::Bf16) => {
            let single = widen(e, from, a);
            e.convert_plain(Kind::F64, Kind::F32, Rounding::Nearest, single)
        }
        (Kind::F64, _) => canonical(e, Kind::F64, a),
        (Kind::F32, Kind::F16) => widen(e, from, a),
        (Kind::F32, Kind::Bf16) => {
            let value = widen(e, from, a);
            let value = canonical(e, Kind::F32, value);
            if ftz { e.flush_word(value) } else { value }
        }
        (Kind::F32, _) => canonical(e, Kind::F32, a),
        (_, from) => {
            let value = match from {
                Kind::F64 => convert_to_odd(e, from, a),
                Kind::F32 => a,
                from => widen(e, from, a),
            };
            let value = clamped(e, mode, value);
            let code = narrow(e, to, mode.rounding, value);
            return if most { finite(e, to, code) } else { code };
        }
    };
    if mode.sat { saturate(e, to, value) } else { value }
}

/// NaN takes its one form.
pub fn canonical(e: &mut Expander<'_>, ty: Kind, a: Value) -> Value {
    e.raw(Op::Canonical(ty), &[a], Type::of_register(ty.bits()))
}

fn integral_floats(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { to, mode, .. } = conversion;
    if matches!(to, Kind::F32 | Kind::F64) {
        let value = e.integral(to, mode.rounding, a);
        return if mode.sat { saturate(e, to, value) } else { value };
    }
    let wide = widen(e, to, a);
    let value = e.integral(Kind::F32, mode.rounding, wide);
    let value = clamped(e, mode, value);
    narrow_exact(e, to, value)
}

/// `.tf32`: the last 13 bits are zero, but for NaN.
fn tensor(e: &mut Expander<'_>, conversion: Conversion, a: Value) -> Value {
    let Conversion { mode, finite: most, .. } = conversion;
    let code = cut(e, mode.rounding, 13, a);
    let code = if most { finite(e, Kind::Tf32, code) } else { code };
    let value = e.left(code, 13);
    let (nan, all, zero) = (e.compare(Comparison::Nan, Kind::F32, a, a), e.word(0x7fff_ffff), e.word(0));
    let value = if mode.relu {
        let below = e.compare(Comparison::Lt, Kind::S32, value, zero);
        e.select(below, zero, value)
    } else {
        value
    };
    e.select(nan, all, value)
}

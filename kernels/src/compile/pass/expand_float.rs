//! Float ops of 32 and 64 bits that no instruction does become those that exist.

use super::expand::{Expander, Flush};
use super::math;
use crate::compile::ssa::{Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Mode, Rounding};

/// What an op asks of denormals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denormals {
    /// It never meets one, or works on bits, or flushes on its own.
    None,
    /// They are zero.
    Flushed,
    /// They are numbers.
    Kept,
}

/// What an op asks of denormals, if the control word were to say.
pub fn denormals(compute: Compute) -> Denormals {
    use Float::{Abs, CopySign, IsFinite, IsInfinite, IsNan, IsNormal, IsNumber, IsSubnormal, Neg};
    let by = |ftz: bool| if ftz { Denormals::Flushed } else { Denormals::Kept };
    match compute {
        Compute::Float(Neg | Abs | CopySign, ..) => Denormals::None,
        Compute::Float(IsFinite | IsInfinite | IsNan | IsNormal | IsNumber | IsSubnormal, ..) => {
            Denormals::None
        }
        Compute::Float(_, Kind::F32 | Kind::F32x2, mode) => by(mode.ftz),
        // Those of `.f16` are normal numbers where they are computed.
        Compute::Float(_, Kind::F16 | Kind::F16x2, _) => Denormals::None,
        Compute::Float(..) => Denormals::Kept,
        Compute::Compare(_, Kind::F32, ftz) => by(ftz),
        Compute::Compare(_, ty, _) if ty.float() && ty != Kind::F16 => Denormals::Kept,
        Compute::Convert(Conversion { to, from, mode, .. }) => match (to, from) {
            // Nothing of that size comes out of integers and `.f16`.
            (_, Kind::F16) => Denormals::None,
            (_, from) if !from.float() => Denormals::None,
            // What is rounded to nearest or cut does not notice.
            (to, Kind::F32) if (!to.float() || to == Kind::F16) && !directed(mode) => Denormals::None,
            (Kind::F32, _) | (_, Kind::F32) => by(mode.ftz),
            _ => Denormals::Kept,
        },
        Compute::External(external) => match external.row().signature {
            signature if signature.contains(['f', 'd', 'h']) => Denormals::Kept,
            _ => Denormals::None,
        },
        _ => Denormals::None,
    }
}

fn directed(mode: Mode) -> bool {
    matches!(mode.rounding, Rounding::Up | Rounding::Down)
}

/// Whether instructions do an op on `f32` or `f64`, its mode's flags aside.
pub fn legal(op: Float, ty: Kind, mode: Mode) -> bool {
    use Float::{Abs, Add, CopySign, Div, Fma, Max, Min, Mul, Neg, RcpGross, RsqrtGross, Sqrt, Sub};
    match op {
        Add | Sub | Mul | Fma | Div | Sqrt => mode.rounding != Rounding::Away,
        Min | Max => true,
        Neg | Abs | CopySign => !mode.ftz,
        RcpGross | RsqrtGross => ty == Kind::F32,
        _ => false,
    }
}

/// An op in others.
pub fn expand(e: &mut Expander<'_>, op: Float, ty: Kind, mode: Mode, args: &[Value]) -> Option<Value> {
    if mode.relu || (mode.sat && ty == Kind::F64) || (mode.ftz && ty == Kind::F64 && !is_gross(op)) {
        return None;
    }
    if mode.sat {
        let value = e.compute(Compute::Float(op, ty, Mode { sat: false, ..mode }), args);
        return Some(saturate(e, value));
    }
    if mode.ftz && ty == Kind::F32 && !by_itself(op, e.flush) {
        if op == Float::Ex2 && mode.rounding == Rounding::Nearest {
            return Some(math::ex2_flushed(e, args[0]));
        }
        let args: Vec<Value> = args.iter().map(|&arg| e.flush_word(arg)).collect();
        let value = e.compute(Compute::Float(op, ty, Mode { ftz: false, ..mode }), &args);
        return Some(if results_tiny(op) { e.flush_word(value) } else { value });
    }
    let [a, b] = [args[0], args.get(1).copied().unwrap_or(args[0])];
    Some(match op {
        Float::Rcp => {
            let one = constant(e, ty, 1.0);
            e.compute(Compute::Float(Float::Div, ty, mode), &[one, a])
        }
        Float::Rsqrt if ty == Kind::F64 => {
            let (one, root) = (e.double(1.0), e.float(Float::Sqrt, ty, &[a]));
            e.float(Float::Div, ty, &[one, root])
        }
        Float::RcpGross | Float::RsqrtGross => gross(e, op, a),
        Float::DivApprox if ty == Kind::F64 => return None,
        // The control word flushes what is computed, so the result is multiplied by one.
        Float::Min | Float::Max if mode.ftz => {
            let value =
                e.raw(Op::Compute(Compute::Float(op, ty, mode)), &[a, b], Type::of_register(ty.bits()));
            let one = constant(e, ty, 1.0);
            e.compute(Compute::Float(Float::Mul, ty, mode), &[value, one])
        }
        Float::MinNan | Float::MaxNan => {
            let plain = if op == Float::MinNan { Float::Min } else { Float::Max };
            let value = e.float(plain, ty, &[a, b]);
            let nan = nan(e, ty);
            let unordered = e.compare(Comparison::Nan, ty, a, b);
            e.select(unordered, nan, value)
        }
        Float::MinXorSign | Float::MaxXorSign | Float::MinNanXorSign | Float::MaxNanXorSign => {
            xor_sign(e, op, ty, a, b)
        }
        Float::IsFinite | Float::IsInfinite | Float::IsNumber | Float::IsNan => test(e, op, ty, a),
        Float::IsNormal | Float::IsSubnormal => test_size(e, op, ty, a),
        _ if ty == Kind::F32 => return math::expand(e, op, mode, args),
        _ => return None,
    })
}

/// Results without an op of their own in front, of which flushing is somebody else's.
fn by_itself(op: Float, flush: Flush) -> bool {
    let signs = matches!(op, Float::Neg | Float::Abs);
    let bits =
        matches!(op, Float::MinXorSign | Float::MaxXorSign | Float::MinNanXorSign | Float::MaxNanXorSign);
    flush == Flush::Control && !signs && !bits
}

/// Whether numbers that are no denormals can come to one.
fn results_tiny(op: Float) -> bool {
    use Float::{
        Abs, Cos, Lg2, Max, MaxNan, MaxNanXorSign, MaxXorSign, Min, MinNan, MinNanXorSign, MinXorSign,
    };
    use Float::{Neg, Rsqrt, Sin, Sqrt, Tanh};
    let picks =
        matches!(op, Min | Max | MinNan | MaxNan | MinXorSign | MaxXorSign | MinNanXorSign | MaxNanXorSign);
    !picks && !matches!(op, Neg | Abs | Sqrt | Rsqrt | Lg2 | Cos | Sin | Tanh)
}

fn is_gross(op: Float) -> bool {
    matches!(op, Float::RcpGross | Float::RsqrtGross)
}

/// A number of either type.
pub fn constant(e: &mut Expander<'_>, ty: Kind, number: f64) -> Value {
    if ty == Kind::F64 { e.double(number) } else { e.single(number as f32) }
}

/// The one NaN of a type.
pub fn nan(e: &mut Expander<'_>, ty: Kind) -> Value {
    if ty == Kind::F64 { e.long(0xfff8 << 48) } else { e.word(0x7fff_ffff) }
}

/// Clamped to [0, 1], NaN to 0: `f32`.
pub fn saturate(e: &mut Expander<'_>, value: Value) -> Value {
    let (zero, one) = (e.single(0.0), e.single(1.0));
    let value = e.float(Float::Max, Kind::F32, &[value, zero]);
    e.float(Float::Min, Kind::F32, &[value, one])
}

/// The smaller or larger size with the product's sign; NaN has none.
fn xor_sign(e: &mut Expander<'_>, op: Float, ty: Kind, a: Value, b: Value) -> Value {
    let plain = match op {
        Float::MinXorSign => Float::Min,
        Float::MaxXorSign => Float::Max,
        Float::MinNanXorSign => Float::MinNan,
        _ => Float::MaxNan,
    };
    let sizes = [a, b].map(|value| e.float(Float::Abs, ty, &[value]));
    let value = e.float(plain, ty, &sizes);
    let signs = e.xor(a, b);
    let with_sign = e.float(Float::CopySign, ty, &[signs, value]);
    let number = e.compare(Comparison::Num, ty, value, value);
    let nan = nan(e, ty);
    e.select(number, with_sign, nan)
}

fn test(e: &mut Expander<'_>, op: Float, ty: Kind, a: Value) -> Value {
    match op {
        Float::IsNan => e.compare(Comparison::Nan, ty, a, a),
        Float::IsNumber => e.compare(Comparison::Num, ty, a, a),
        _ => {
            let size = e.float(Float::Abs, ty, &[a]);
            let infinity = constant(e, ty, f64::INFINITY);
            let comparison = if op == Float::IsFinite { Comparison::Lt } else { Comparison::Eq };
            e.compare(comparison, ty, size, infinity)
        }
    }
}

/// By bits: the control word must not have a say.
fn test_size(e: &mut Expander<'_>, op: Float, ty: Kind, a: Value) -> Value {
    let (kind, first, span) = match ty {
        Kind::F64 => (Kind::U64, 1u64 << 52, (0x7ff << 52) - (1 << 52)),
        _ => (Kind::U32, 1 << 23, 0x7f80_0000 - (1 << 23)),
    };
    let own = Type::of_register(ty.bits());
    let size = e.mask(a, u64::MAX >> (65 - ty.bits()));
    let from = |e: &mut Expander<'_>, start: u64, count: u64| {
        let (start, count) = (e.constant(own, start), e.constant(own, count));
        let above = e.sub(size, start);
        e.compare(Comparison::Lt, kind, above, count)
    };
    if op == Float::IsSubnormal {
        return from(e, 1, first - 1);
    }
    let normal = from(e, first, span);
    let zero = e.constant(own, 0);
    let none = e.compare(Comparison::Eq, kind, size, zero);
    e.or(normal, none)
}

/// The high half of 1/a or 1/sqrt(a) of the high half; denormals are zero.
fn gross(e: &mut Expander<'_>, op: Float, a: Value) -> Value {
    let a = e.mask(a, !0xffff_ffff);
    let a = flush_long(e, a);
    let root = if op == Float::RsqrtGross { e.float(Float::Sqrt, Kind::F64, &[a]) } else { a };
    let one = e.double(1.0);
    let value = e.float(Float::Div, Kind::F64, &[one, root]);
    let value = e.mask(value, !0xffff_ffff);
    flush_long(e, value)
}

/// Denormals of `f64` become zero of the same sign.
fn flush_long(e: &mut Expander<'_>, a: Value) -> Value {
    let exponent = e.mask(a, 0x7ff << 52);
    let zero = e.long(0);
    let tiny = e.compare(Comparison::Eq, Kind::U64, exponent, zero);
    let sign = e.mask(a, 1 << 63);
    e.select(tiny, sign, a)
}

/// An `f32` with its last bit set if it is not exact, out of the neighbours below and above: rounding it again, to a narrower
/// format, rounds the exact value. Of two neighbours one is odd.
pub fn odd(e: &mut Expander<'_>, down: Value, up: Value) -> Value {
    let last = e.mask(down, 1);
    let zero = e.word(0);
    let even = e.compare(Comparison::Eq, Kind::U32, last, zero);
    e.select(even, up, down)
}

/// An op of `f32` rounded as [`odd`] has it.
pub fn to_odd(e: &mut Expander<'_>, op: Float, args: &[Value]) -> Value {
    let down = e.rounded(op, Kind::F32, Rounding::Down, args);
    let up = e.rounded(op, Kind::F32, Rounding::Up, args);
    odd(e, down, up)
}

/// A conversion to `f32` rounded as [`odd`] has it.
pub fn convert_to_odd(e: &mut Expander<'_>, from: Kind, a: Value) -> Value {
    let down = e.convert_rounded(Kind::F32, from, Rounding::Down, a);
    let up = e.convert_rounded(Kind::F32, from, Rounding::Up, a);
    odd(e, down, up)
}

/// Halves of a register of 64 bits, each an `f32`.
pub fn both_singles(e: &mut Expander<'_>, op: Float, mode: Mode, args: &[Value]) -> Value {
    let part = |e: &mut Expander<'_>, high: bool| {
        let args: Vec<Value> = args
            .iter()
            .map(|&arg| {
                let half = if high { e.right(arg, 32) } else { arg };
                e.fit(half, Type::I32)
            })
            .collect();
        e.compute(Compute::Float(op, Kind::F32, mode), &args)
    };
    let (low, high) = (part(e, false), part(e, true));
    super::expand_bits::join(e, low, high)
}

/// A negative result becomes 0, NaN stays.
pub fn relu(e: &mut Expander<'_>, value: Value) -> Value {
    let zero = e.single(0.0);
    let kept = e.compare(Comparison::Gtu, Kind::F32, value, zero);
    e.select(kept, value, zero)
}

/// Whether a float's sign is set, by bits.
pub fn negative(e: &mut Expander<'_>, ty: Kind, a: Value) -> Value {
    let zero = e.constant(Type::of_register(ty.bits()), 0);
    e.compare(Comparison::Lt, if ty == Kind::F64 { Kind::S64 } else { Kind::S32 }, a, zero)
}

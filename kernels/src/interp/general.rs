//! Float ops in any format and mode, one lane at a time: what has no loop of its own in `float`.

use super::soft::{self, F64, Format};
use crate::ir::compute::Float;
use crate::ir::{Mode, Rounding, Type};

/// Whether an op has a meaning for a type.
pub fn exists(op: Float, ty: Type) -> bool {
    match op {
        Float::RcpGross | Float::RsqrtGross => ty == Type::F64,
        _ => {
            use Type::{Bf16, Bf16x2, F16, F16x2, F32, F32x2, F64};
            matches!(ty, F16 | F16x2 | Bf16 | Bf16x2 | F32 | F32x2 | F64)
        }
    }
}

/// The op's result; of packed types, both halves.
pub fn float(op: Float, ty: Type, mode: Mode, sources: [u64; 3]) -> u64 {
    let Some(format) = Format::of(ty) else { return 0 };
    let Some(half) = ty.half() else { return one(op, format, mode, sources) };
    let part = |shift: u32| {
        let sources = sources.map(|bits| bits >> shift & (u64::MAX >> (64 - half.bits())));
        one(op, format, mode, sources) << shift
    };
    part(0) | part(half.bits())
}

fn one(op: Float, format: Format, mode: Mode, mut sources: [u64; 3]) -> u64 {
    if mode.ftz {
        sources = sources.map(|bits| format.flush(bits));
    }
    let [a, b, _] = sources;
    let magnitude = a & format.magnitude();
    match op {
        Float::Neg => a ^ format.sign(),
        Float::Abs => magnitude,
        Float::CopySign => a & format.sign() | b & format.magnitude(),
        Float::IsFinite => u64::from(!format.is_nan(a) && !format.is_infinite(a)),
        Float::IsInfinite => u64::from(format.is_infinite(a)),
        Float::IsNumber => u64::from(!format.is_nan(a)),
        Float::IsNan => u64::from(format.is_nan(a)),
        Float::IsSubnormal => u64::from(format.is_subnormal(a)),
        // Zeros count as normal.
        Float::IsNormal => {
            let number = !format.is_nan(a) && !format.is_infinite(a);
            u64::from(number && !format.is_subnormal(a))
        }
        Float::Min | Float::Max | Float::MinNan | Float::MaxNan => extreme(op, format, a, b),
        Float::MinXorSign | Float::MaxXorSign | Float::MinNanXorSign | Float::MaxNanXorSign => {
            let result = extreme(op, format, magnitude, b & format.magnitude());
            if format.is_nan(result) { result } else { result | (a ^ b) & format.sign() }
        }
        Float::RcpGross => gross(a, |a| 1.0 / a),
        Float::RsqrtGross => gross(a, |a| 1.0 / a.sqrt()),
        _ => clamp(arithmetic(op, format, mode.rounding, sources), format, mode),
    }
}

/// A number rather than NaN, unless NaN is asked for.
fn extreme(op: Float, format: Format, a: u64, b: u64) -> u64 {
    let passes = matches!(op, Float::MinNan | Float::MaxNan | Float::MinNanXorSign | Float::MaxNanXorSign);
    let least = matches!(op, Float::Min | Float::MinNan | Float::MinXorSign | Float::MinNanXorSign);
    match (format.is_nan(a), format.is_nan(b)) {
        (true, true) => format.nan(),
        (true, false) | (false, true) if passes => format.nan(),
        (true, false) => b,
        (false, true) => a,
        (false, false) => {
            if format.order(a, b).is_lt() == least {
                a
            } else {
                b
            }
        }
    }
}

/// The high half of a result from the high half of `a`; denormals are zero.
fn gross(a: u64, result: fn(f64) -> f64) -> u64 {
    let high = |bits: u64| bits & !0xffff_ffff;
    let result = result(f64::from_bits(F64.flush(high(a)))).to_bits();
    if F64.is_nan(result) { F64.nan() } else { F64.flush(high(result)) }
}

fn arithmetic(op: Float, format: Format, rounding: Rounding, sources: [u64; 3]) -> u64 {
    let [a, b, c] = sources.map(|bits| soft::read(bits, format));
    let exact = match op {
        Float::Add => soft::add(a, b, rounding),
        Float::Sub => soft::add(a, soft::negate(b), rounding),
        Float::Mul => soft::mul(a, b),
        Float::Fma => soft::fma(a, b, c, rounding),
        Float::Div | Float::DivApprox => soft::div(a, b),
        Float::Rcp => soft::div(soft::read(format.one(), format), a),
        Float::Sqrt => soft::sqrt(a),
        _ => return approximate(op, format, sources[0]),
    };
    soft::round(exact, format, rounding)
}

/// Through `f64`: its error is far below the last place of the formats that have these ops.
fn approximate(op: Float, format: Format, a: u64) -> u64 {
    let a = soft::widen(a, format);
    let value = match op {
        Float::Rsqrt => 1.0 / a.sqrt(),
        Float::Ex2 => a.exp2(),
        Float::Lg2 => a.log2(),
        Float::Sin => a.sin(),
        Float::Cos => a.cos(),
        Float::Tanh => a.tanh(),
        _ => f64::NAN,
    };
    soft::narrow(value, format, Rounding::Nearest)
}

/// What the mode does to a rounded result.
pub fn clamp(bits: u64, format: Format, mode: Mode) -> u64 {
    let bits = if mode.ftz { format.flush(bits) } else { bits };
    if !mode.sat && !mode.relu {
        return bits;
    }
    if format.is_nan(bits) {
        return if mode.sat { 0 } else { bits };
    }
    if bits & format.sign() != 0 {
        return 0;
    }
    if mode.sat { bits.min(format.one()) } else { bits }
}

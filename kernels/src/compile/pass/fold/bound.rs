//! The greatest number that a value can be.

use crate::compile::Shape;
use crate::compile::ssa::{Inst, Op, Type, Value};
use crate::interp::lanes::WARP;
use crate::ir;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Special;

/// Of a type; of vectors nothing is known.
pub fn of_type(ty: Type) -> u64 {
    match ty {
        Type::I1 => 1,
        Type::I32 => u32::MAX.into(),
        _ => u64::MAX,
    }
}

/// What fits so many bits.
fn of_bits(bits: u32) -> u64 {
    u64::MAX >> (64 - bits.clamp(1, 64))
}

/// All bits below the highest one.
fn filled(most: u64) -> u64 {
    most.checked_ilog2().map_or(0, |top| of_bits(top + 1))
}

/// Of what an inst makes.
pub fn of_inst(inst: &Inst, ty: Type, most: impl Fn(Value) -> u64, shape: &Shape) -> u64 {
    match inst.op {
        Op::Const(number) => number,
        Op::Load(access) if !access.signed => of_bits(8 * u32::from(access.bytes)),
        Op::Special(special) => of_special(special, shape),
        Op::Compute(compute) if ty.is_scalar() => {
            of_compute(compute, |at| most(inst.args[at]), ty).unwrap_or(u64::MAX)
        }
        _ => u64::MAX,
    }
}

fn of_special(special: Special, shape: &Shape) -> u64 {
    let small = u64::from(u32::MAX >> 1);
    match special {
        Special::Tid(at) => u64::from(shape.block[usize::from(at.min(2))] - 1),
        Special::LaneId => WARP as u64 - 1,
        Special::WarpId => u64::from(shape.threads().div_ceil(WARP as u32) - 1),
        // A grid has fewer blocks than 2³¹ in x, and with a small grid times the threads of a block.
        Special::CtaId(at) if shape.small_grid => small / u64::from(shape.block[usize::from(at.min(2))]),
        Special::NCtaId(at) if shape.small_grid => small / u64::from(shape.block[usize::from(at.min(2))]),
        Special::CtaId(_) | Special::NCtaId(_) => small,
        _ => u64::MAX,
    }
}

fn of_compute(compute: Compute, most: impl Fn(usize) -> u64, ty: Type) -> Option<u64> {
    let whole = of_type(ty);
    let bounded = |sum: Option<u64>| sum.filter(|&sum| sum <= whole);
    Some(match compute {
        Compute::Select => most(0).max(most(1)),
        Compute::Extract => return None,
        Compute::Convert(one) if !one.to.float() && !one.from.float() => {
            let from = of_bits(one.from.bits() - u32::from(one.from.signed()));
            let kept = most(0) <= from && most(0) <= of_bits(one.to.bits());
            if kept { most(0) } else { of_bits(one.to.bits()) }
        }
        Compute::Int(op, kind) => {
            let positive = of_bits(kind.bits() - u32::from(kind.signed()));
            // Signed ops are as unsigned ones where nothing is negative.
            let plain = most(0) <= positive;
            match op {
                Int::And => most(0).min(most(1)),
                Int::Or | Int::Xor => filled(most(0)) | filled(most(1)),
                Int::Add => bounded(most(0).checked_add(most(1)))?,
                Int::MulLow => bounded(most(0).checked_mul(most(1)))?,
                Int::MulWide if plain && most(1) <= positive => bounded(most(0).checked_mul(most(1)))?,
                Int::Min if plain && most(1) <= positive => most(0).min(most(1)),
                Int::Max if plain && most(1) <= positive => most(0).max(most(1)),
                Int::Shr if plain => most(0),
                Int::Div if plain && most(1) <= positive => of_bits(kind.bits()),
                Int::Rem if plain && most(1) <= positive => most(0),
                Int::Popc | Int::Clz => u64::from(kind.bits()),
                Int::MulWide | Int::MadWide => of_bits(2 * kind.bits()).min(whole),
                _ => return of_width(kind, whole),
            }
        }
        _ => return None,
    })
}

/// Results of narrow ops have zeros above.
fn of_width(kind: ir::Type, whole: u64) -> Option<u64> {
    (kind.bits() < 32).then(|| of_bits(kind.bits().max(16)).min(whole))
}

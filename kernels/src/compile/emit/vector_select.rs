//! `Select` on vectors and masks: blends, and ops that leave the lanes outside of a mask as they are.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{Machine, View};
use super::select::{Fold, Select};
use super::vector::plan_of;
use super::vector_codes as codes;
use super::vector_float as float;
use super::vector_mask as mask;
use super::vector_plan::{self as plan, Input, Plan, Write, view};
use super::vector_special;
use crate::compile::ssa::{Inst, Op, Type, Value};
use crate::ir::compute::{Compute, Float};

/// `a` where the mask is set, else `b`.
pub fn select(s: &mut Select<'_>, inst: &Inst, to: VReg) -> Option<()> {
    let ty = s.ty(inst.results[0]);
    let [a, b, mask] = inst.args[..] else { return None };
    if let Type::M { .. } = ty {
        return masks(s, ty, [a, b, mask], to);
    }
    if !matches!(s.ty(mask), Type::M { lanes } if matches!(ty, Type::V { lanes: all, .. } if all == lanes)) {
        return None;
    }
    if can_write(s, a, b) {
        let mask = s.reg(mask);
        return write(s, ty, a, b, mask, to);
    }
    // The other way round, if the opposite of the mask is at hand.
    let flips = can_write(s, b, a) || s.splat(a).is_some();
    if let Some(mask) = if flips { mask::opposite(s, mask) } else { None } {
        if can_write(s, b, a) {
            return write(s, ty, b, a, mask, to);
        }
        return blend(s, ty, b, a, mask, to);
    }
    let mask = s.reg(mask);
    blend(s, ty, a, b, mask, to)
}

/// Whether the inst of a value can write its lanes of a mask over another value.
fn can_write(s: &Select<'_>, value: Value, old: Value) -> bool {
    let Some(inst) = plan::inner(s, value) else { return false };
    match inst.op {
        Op::Compute(Compute::Float(Float::Fma, kind, mode)) => {
            let zero = s.splat(old) == Some(0);
            let legal = float::fits(s.ty(value), kind) && !mode.sat && !mode.relu;
            legal && (zero || float::fma_merges(s, inst, old))
        }
        Op::Compute(compute) => plan_of(s, inst, compute).is_some() || mask::merges(s, value),
        _ => vector_special::plan_of(s, inst).is_some(),
    }
}

/// What [`can_write`] said.
fn write(s: &mut Select<'_>, ty: Type, value: Value, old: Value, mask: VReg, to: VReg) -> Option<()> {
    let inst = plan::inner(s, value)?;
    let zero = s.splat(old) == Some(0);
    if let Op::Compute(Compute::Float(Float::Fma, _, mode)) = inst.op {
        let how = if zero { float::Outside::Zero(mask) } else { float::Outside::Old(mask, old) };
        return float::fma(s, inst, mode.rounding, to, how);
    }
    let how = if zero { Write::Zero(mask) } else { Write::Merge(mask, s.reg(old)) };
    let plan = match inst.op {
        Op::Compute(compute) => plan_of(s, inst, compute),
        _ => vector_special::plan_of(s, inst),
    };
    match plan {
        Some(plan) if plan.to == view(ty) || plan.to == View::Z => {
            plan.emit(s, to, how);
            Some(())
        }
        _ => mask::vector(s, inst.results[0], to, how),
    }
}

/// A blend, or with zero a move.
fn blend(s: &mut Select<'_>, ty: Type, a: Value, b: Value, mask: VReg, to: VReg) -> Option<()> {
    if s.splat(b) == Some(0) {
        let plan = Plan::of(codes::MOVE, ty, &[a])?.fold(Some(Fold::Whole));
        match s.splat(a).filter(|&number| number != 0) {
            // One element of memory, where the mask is set.
            Some(number) => {
                let memory = s.element(ty.bits(), number);
                let code = codes::SPLAT.of(ty)?;
                s.push(plan::start(code, view(ty), to, Write::Zero(mask)).memory(memory));
            }
            None => plan.emit(s, to, Write::Zero(mask)),
        }
        return Some(());
    }
    let plan = Plan::new(codes::BLEND, ty, &[Input::Value(b), Input::Value(a)])?;
    // Both sources are read: a blend is masked without a register that stays.
    plan.emit(s, to, Write::Blend(mask));
    Some(())
}

/// Of masks there is no blend.
fn masks(s: &mut Select<'_>, ty: Type, [a, b, mask]: [Value; 3], to: VReg) -> Option<()> {
    let wide = ty == Type::M { lanes: 16 };
    let pick = |sixteen, eight| if wide { sixteen } else { eight };
    let and = pick(Code::VEX_Kandw_kr_kr_kr, Code::VEX_Kandb_kr_kr_kr);
    let and_not = pick(Code::VEX_Kandnw_kr_kr_kr, Code::VEX_Kandnb_kr_kr_kr);
    let or = pick(Code::VEX_Korw_kr_kr_kr, Code::VEX_Korb_kr_kr_kr);
    let two = |s: &mut Select<'_>, code, to, a, b| {
        s.push(Machine::new(code).def(View::K, to).reg(View::K, a).reg(View::K, b));
    };
    let mask = s.reg(mask);
    if is_none(s, b) {
        let a = s.reg(a);
        two(s, and, to, mask, a);
    } else if is_none(s, a) {
        let b = s.reg(b);
        two(s, and_not, to, mask, b);
    } else {
        let (a, b) = (s.reg(a), s.reg(b));
        let (inside, outside) = (s.fresh(super::machine::MASK), s.fresh(super::machine::MASK));
        two(s, and, inside, mask, a);
        two(s, and_not, outside, mask, b);
        two(s, or, to, inside, outside);
    }
    Some(())
}

fn is_none(s: &Select<'_>, mask: Value) -> bool {
    match s.function.maker(s.origin(mask)) {
        Some(Inst { op: Op::Const(0), .. }) => true,
        Some(Inst { op: Op::Broadcast, args, .. }) => s.constant(args[0]) == Some(0),
        _ => false,
    }
}

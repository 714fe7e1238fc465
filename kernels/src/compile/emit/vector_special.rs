//! Float ops that only vector code has: canonical NaNs, powers of two.

use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{Inst, InstId, Op, Type, Value};
use super::machine::MASK;
use super::select::Select;
use super::vector_codes as codes;
use super::vector_float::fits;
use super::vector_plan::{self as plan, Input, Plan, Write, view};
use crate::ir::Type as Kind;

/// Selects an op of this file.
pub fn select(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let to = s.result(inst.results[0]);
    let done = match plan_of(s, inst) {
        Some(plan) => {
            plan.emit(s, to, Write::All);
            Some(())
        }
        None => canonical_of(s, inst, to),
    };
    done.ok_or_else(|| s.refuse(id, format_args!("{}", inst.op)))
}

/// The instruction of an op that is one.
pub fn plan_of(s: &Select<'_>, inst: &Inst) -> Option<Plan> {
    let ty = s.ty(*inst.results.first()?);
    let args = &inst.args[..];
    let (plan, kind) = match inst.op {
        Op::Scale(kind) => (Plan::of(codes::SCALE, ty, args)?, kind),
        Op::Exponent(kind) => (Plan::of(codes::EXPONENT, ty, args)?, kind),
        // From ¾ to below 1½, with the sign of the source.
        Op::Mantissa(kind) => (Plan::of(codes::MANTISSA, ty, args)?.immediate(3), kind),
        _ => return None,
    };
    fits(ty, kind).then_some(plan)
}

fn canonical_of(s: &mut Select<'_>, inst: &Inst, to: VReg) -> Option<()> {
    let Op::Canonical(kind) = inst.op else { return None };
    let ty = s.ty(inst.results[0]);
    match kind {
        Kind::F64 if fits(ty, kind) => canonical_double(s, ty, inst.args[0], to),
        Kind::F32 if fits(ty, kind) => {
            let a = Input::Register(s.reg(inst.args[0]));
            // Unordered with itself.
            let nan = Plan::new(codes::COMPARE_FLOAT, ty, &[a, a])?.into_mask().immediate(3);
            replace(s, ty, nan, a, 0x7fff_ffff, to)
        }
        _ => None,
    }
}

/// What the mask says becomes a number.
fn replace(s: &mut Select<'_>, ty: Type, nan: Plan, a: Input, number: u64, to: VReg) -> Option<()> {
    let mask = s.fresh(MASK);
    nan.emit(s, mask, Write::All);
    Plan::new(codes::BLEND, ty, &[a, Input::Splat(number)])?.emit(s, to, Write::Blend(mask));
    Some(())
}

/// The processor's own NaN is the canonical one. Quiet and signalling ones become it, all others stay.
fn canonical_double(s: &mut Select<'_>, ty: Type, a: Value, to: VReg) -> Option<()> {
    let a = s.reg(a);
    let table = plan::splat(s, 64, 0x33);
    let machine = plan::change(codes::FIXUP.of(ty)?, view(ty), to, a, Write::All);
    s.push(machine.reg(view(ty), a).memory(table).immediate(0));
    Some(())
}

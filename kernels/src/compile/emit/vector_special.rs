//! Float ops that only vector code has: canonical NaNs, powers of two.

use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{Inst, InstId, Op};
use super::select::Select;
use super::vector_codes as codes;
use super::vector_float::fits;
use super::vector_plan::{self as plan, Plan, Write, view};
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
        // The smaller size, with the sign of the first.
        Op::Bound(kind) => (Plan::of(codes::RANGE, ty, args)?.immediate(2), kind),
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
    if !fits(ty, kind) {
        return None;
    }
    let a = s.reg(inst.args[0]);
    // What quiet and signalling NaNs become, and all others: of `f64` the processor's own NaN, and what was there; of `f32` what was
    // there, the one NaN, and the source. A comparison and a blend would take four times as long.
    let (old, table) = match kind {
        Kind::F64 => (a, 0x33),
        _ => (s.splat_register(32, 0x7fff_ffff), 0x1111_1100),
    };
    let table = plan::splat(s, kind.bits(), table);
    let machine = plan::change(codes::FIXUP.of(ty)?, view(ty), to, old, Write::All);
    s.push(machine.reg(view(ty), a).memory(table).immediate(0));
    Some(())
}

//! Lane-wise ops on vectors and masks.

use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{Inst, InstId, Type};
use super::select::Select;
use super::vector_plan::{Plan, Write};
use super::{
    vector_compare as compare, vector_convert as convert, vector_float as float, vector_integer as integer,
    vector_mask as mask, vector_select as select,
};
use crate::ir::Compute;
use crate::ir::compute::Int;

/// Selects a [`Compute`] whose result or first argument is a vector or a mask. (Copies and what changes no bit do not come here.)
pub fn compute(s: &mut Select<'_>, id: InstId, compute: Compute) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let to = s.result(inst.results[0]);
    lower(s, inst, compute, to).ok_or_else(|| s.refuse(id, format_args!("{compute} on vectors")))
}

/// The instruction of an op that is one, but for logic and FMA.
pub fn plan_of(s: &Select<'_>, inst: &Inst, compute: Compute) -> Option<Plan> {
    if let Type::M { .. } = s.ty(*inst.args.first()?) {
        return None;
    }
    match compute {
        Compute::Int(op, kind) => integer::plan(s, inst, op, kind),
        Compute::Float(op, kind, mode) => float::plan(s, inst, op, kind, mode),
        Compute::Compare(comparison, kind, _) => compare::plan(s, inst, comparison, kind, false),
        Compute::Convert(conversion) => convert::plan(s, inst, &conversion),
        _ => None,
    }
}

fn lower(s: &mut Select<'_>, inst: &Inst, compute: Compute, to: VReg) -> Option<()> {
    if let Some(plan) = plan_of(s, inst, compute) {
        plan.emit(s, to, Write::All);
        return Some(());
    }
    let root = inst.results[0];
    match compute {
        Compute::Int(Int::And | Int::Or | Int::Xor | Int::Not | Int::Lop3, _) => match s.ty(root) {
            Type::M { .. } => mask::mask(s, root, to),
            _ => mask::vector(s, root, to, Write::All),
        },
        Compute::Int(op, kind) => integer::sequence(s, inst, op, kind, to),
        Compute::Float(op, kind, mode) => float::sequence(s, inst, op, kind, mode, to),
        Compute::Convert(conversion) => convert::sequence(s, inst, &conversion, to),
        Compute::Select => select::select(s, inst, to),
        _ => None,
    }
}

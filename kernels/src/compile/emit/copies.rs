//! Values that are mere copies of others, as registers hold them.

use super::super::ssa::{Function, Op, Value};
use crate::ir::compute::{Compute, Int};

/// Of each value the one that it is a mere copy of.
pub fn all(function: &Function) -> Vec<Value> {
    let all = (0..function.values.len() as u32).map(Value);
    all.map(|value| copied(function, value).unwrap_or(value)).collect()
}

/// What a value is a mere copy of, one step.
fn copied(function: &Function, value: Value) -> Option<Value> {
    let inst = function.maker(value)?;
    let copies = match inst.op {
        Op::Compute(Compute::Copy) | Op::Half(0) => true,
        Op::Compute(Compute::Convert(to)) => {
            let (from, to) = (to.from, to.to);
            let same = from.bits() == to.bits();
            let extends = from.bits() == 32 && to.bits() == 64 && !from.signed();
            let free = same || extends && function.ty(value).is_scalar();
            !from.float() && !to.float() && from.bits() >= 32 && free
        }
        // A bit as a number.
        Op::Compute(Compute::Select) if function.ty(value).is_scalar() => {
            let is = |at: usize, number| function.constant(inst.args[at]) == Some(number);
            return (is(0, 1) && is(1, 0)).then_some(inst.args[2]);
        }
        Op::Compute(Compute::Int(Int::And | Int::Or, _)) => inst.args[0] == inst.args[1],
        _ => false,
    };
    copies.then(|| inst.args[0])
}

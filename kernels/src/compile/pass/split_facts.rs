//! Which masks are known not to be empty where: a block behind a branch on `Any` of one.

use super::super::ssa::quick::Set;

use super::super::ssa::order::{Dominators, Order, predecessors};
use super::super::ssa::{BlockId, End, Function, Op, Value};
use crate::ir::compute::{Compute, Int};

/// For each block what holds in it besides what holds in those that dominate it.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    own: Vec<Set<Value>>,
    parent: Vec<Option<BlockId>>,
}

impl Facts {
    /// Collects them.
    pub fn new(function: &Function, order: &Order, dominators: &Dominators) -> Facts {
        let count = function.blocks.len();
        let mut facts = Facts { own: vec![Set::default(); count], parent: dominators.parent.clone() };
        let from = predecessors(function, order);
        for &id in &order.blocks {
            let before = &from[id.0 as usize];
            if let [only] = before[..] {
                facts.own[id.0 as usize].extend(tested(function, only, id));
            }
            let params = &function.block(id).params;
            let resumed = function.resumes.contains(&id);
            for (place, &param) in params.iter().enumerate() {
                let full = |&one: &BlockId| facts.given(function, one, id, place);
                if !resumed && !before.is_empty() && before.iter().all(full) {
                    facts.own[id.0 as usize].insert(param);
                }
            }
        }
        facts
    }

    /// Whether a block gives another one's parameter a mask that is not empty.
    fn given(&self, function: &Function, from: BlockId, to: BlockId, place: usize) -> bool {
        let mut full = true;
        let tested = tested(function, from, to);
        function.block(from).end.targets(|target| {
            if target.block == to {
                let arg = target.args[place];
                full &= tested == Some(arg) || self.holds(function, from, arg);
            }
        });
        full
    }

    /// Whether a mask has a lane set wherever the block runs.
    pub fn holds(&self, function: &Function, block: BlockId, mask: Value) -> bool {
        let mut at = Some(block);
        while let Some(block) = at {
            if self.own[block.0 as usize].contains(&mask) {
                return true;
            }
            at = self.parent[block.0 as usize];
        }
        let Some(inst) = function.maker(mask) else { return false };
        let holds = |place: usize| self.holds(function, block, inst.args[place]);
        match inst.op {
            Op::Entered => true,
            Op::Const(number) => number != 0,
            Op::Compute(Compute::Copy) => holds(0),
            Op::Compute(Compute::Int(Int::Or, _)) => holds(0) || holds(1),
            Op::Compute(Compute::Select) => holds(0) && holds(1),
            _ => false,
        }
    }
}

/// The mask that a branch from one block to another found not empty.
fn tested(function: &Function, from: BlockId, to: BlockId) -> Option<Value> {
    let End::Branch(condition, yes, no) = &function.block(from).end else { return None };
    if (yes.block == to) == (no.block == to) {
        return None;
    }
    let mut on = yes.block == to;
    let mut inst = function.maker(*condition)?;
    while let Op::Compute(Compute::Int(Int::Not, _)) = inst.op {
        on = !on;
        inst = function.maker(inst.args[0])?;
    }
    (on && inst.op == Op::Any).then(|| inst.args[0])
}

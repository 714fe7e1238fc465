//! What a node costs, and whether a test that skips it pays.

use super::emit::Emitter;
use super::plan::next;
use crate::compile::pass::region::Node;
use crate::compile::ssa::{BlockId, Function, Op};
use crate::ir::compute::{Compute, Float, Int};
use crate::ir::op::Space;

/// Of a loop, and of what leaves compiled code.
const MUCH: u32 = 100;

/// A test and a branch that may be guessed wrong, in ops.
const TEST: u32 = 8;

fn of_op(op: &Op) -> u32 {
    match op {
        Op::Const(_) | Op::Special(_) => 0,
        Op::Load(access) if access.space == Space::Param => 1,
        Op::Load(_) | Op::Store(_) => 4,
        Op::Compute(Compute::External(_)) => 20,
        Op::Compute(Compute::Float(Float::Div | Float::Sqrt | Float::Sin | Float::Cos, ..)) => 6,
        Op::Compute(Compute::Int(Int::Div | Int::Rem, _)) => 10,
        Op::Compute(_) | Op::IsSpace(_) | Op::ToGeneric(_) | Op::FromGeneric(_) => 1,
        Op::Shuffle(_) | Op::Vote { .. } | Op::ActiveMask => 3,
        Op::Fence => 2,
        Op::Atomic { .. } | Op::Match { .. } | Op::Reduce(..) => 16,
        _ => MUCH,
    }
}

fn of_block(function: &Function, block: BlockId) -> u32 {
    function.block(block).insts.iter().map(|&inst| of_op(&function.inst(inst).op)).sum()
}

fn touches_memory(function: &Function, block: BlockId) -> bool {
    function.block(block).insts.iter().any(|&inst| match function.inst(inst).op {
        Op::Load(access) => access.space != Space::Param,
        ref op => op.touches_memory(),
    })
}

impl Emitter<'_> {
    /// Whether to test if anybody is there, before a node and all that only it leads to.
    pub(super) fn pays(&self, region: u32, place: u32) -> bool {
        let own = self.regions.region(region);
        let waiting = &self.plan.deferred[region as usize][place as usize];
        let end = next(self.regions, region, waiting).map_or(own.nodes.len() as u32, |(place, _)| place);
        let end = end.min(own.nodes.len() as u32);
        // What runs under the same mask pays together; the rest has tests of its own.
        let mut same = vec![place];
        let (mut cost, mut all, mut memory) = (0, 0, false);
        for at in place..end {
            let (node_cost, node_memory) = match own.nodes[at as usize] {
                Node::Loop(_) => (MUCH, true),
                Node::Block(block) => (of_block(self.function, block), touches_memory(self.function, block)),
            };
            all += node_cost;
            let joins = own.rejoins[at as usize] && same.contains(&own.dominator[at as usize]);
            if at == place || joins {
                same.push(at);
                cost += node_cost;
                memory |= node_memory;
            }
        }
        // Within a loop a masked access or two are cheaper than a branch that may go either way.
        let inside = region != 0;
        cost > TEST || all > 4 * TEST || (memory && !inside)
    }
}

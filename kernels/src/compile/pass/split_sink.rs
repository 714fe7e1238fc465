//! What only one way out of a block needs is computed on that way.

use smallvec::SmallVec;

use super::super::ssa::order::{Dominators, Order, none_each, predecessors, successors};
use super::super::ssa::{BlockId, Function, InstId, Op, Value};

/// Moves pure insts down.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let from = predecessors(function, &order);
    let mut users = users(function, &order);
    for &id in &order.blocks {
        let ways: Vec<BlockId> =
            successors(function, id).into_iter().filter(|way| from[way.0 as usize].len() == 1).collect();
        if ways.is_empty() {
            continue;
        }
        let mut moved: Vec<(BlockId, Vec<InstId>)> = ways.iter().map(|&way| (way, Vec::new())).collect();
        let mut stay = Vec::with_capacity(function.block(id).insts.len());
        let all = std::mem::take(&mut function.block_mut(id).insts);
        for &inst in all.iter().rev() {
            // Those that stay, from the last to the first.
            stay.push(inst);
            let one = function.inst(inst);
            if !one.op.is_pure() || matches!(one.op, Op::Const(_)) {
                continue;
            }
            let inside = |way: BlockId| {
                let mut uses = one.results.iter().flat_map(|&result| &users[result.0 as usize]);
                uses.all(|&user| dominators.dominates(way, user))
            };
            let Some((way, below)) = moved.iter_mut().find(|(way, _)| inside(*way)) else { continue };
            let way = *way;
            below.push(inst);
            stay.pop();
            for arg in &one.args {
                let uses = &mut users[arg.0 as usize];
                if let Some(place) = uses.iter().position(|&user| user == id) {
                    uses[place] = way;
                }
            }
        }
        stay.reverse();
        function.block_mut(id).insts = stay;
        for (way, mut insts) in moved {
            insts.reverse();
            function.block_mut(way).insts.splice(0..0, insts);
        }
    }
}

/// The blocks that use each value, one entry a use.
fn users(function: &Function, order: &Order) -> Vec<SmallVec<[BlockId; 4]>> {
    let mut users = none_each(function.values.len());
    for &id in &order.blocks {
        let block = function.block(id);
        let mut note = |value: Value| users[value.0 as usize].push(id);
        block.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
        block.end.condition().into_iter().for_each(&mut note);
        block.end.targets(|to| to.args.iter().for_each(|&arg| note(arg)));
    }
    users
}

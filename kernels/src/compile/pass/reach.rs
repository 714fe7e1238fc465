//! Values used where they were not made on every way there become values again: zero on the other ways, where nobody
//! wants them.

use crate::compile::ssa::edit::{Repair, rename_in};
use crate::compile::ssa::order::{Dominators, Order, homes};
use crate::compile::ssa::{BlockId, Function, Value};

/// A value that is used where it was not made on all ways there: nobody wants it on the others.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let homes = homes(function, &order);
    let lost = |value: Value, user: BlockId| {
        homes[value.0 as usize].is_some_and(|home| !dominators.dominates(home, user))
    };
    let mut wanted: Vec<(Value, BlockId)> = Vec::new();
    for &id in &order.blocks {
        let mut note = |value| {
            if lost(value, id) {
                wanted.push((value, id));
            }
        };
        let block = function.block(id);
        block.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
        block.end.condition().into_iter().for_each(&mut note);
        block.end.targets(|to| to.args.iter().for_each(|&arg| note(arg)));
    }
    wanted.sort();
    wanted.dedup();
    if wanted.is_empty() {
        return;
    }
    let mut repair = Repair::new(function);
    for uses in wanted.chunk_by(|a, b| a.0 == b.0) {
        let value = uses[0].0;
        let Some(home) = homes[value.0 as usize] else { continue };
        let mut reaching = repair.variable(function.ty(value), &[(home, value)]);
        for &(_, user) in uses {
            let new = reaching.at_start(function, user);
            rename_in(function, user, value, new);
        }
        reaching.finish(function);
    }
}

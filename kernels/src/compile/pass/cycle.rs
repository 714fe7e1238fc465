//! Cycles with several ways in get one: a block that passes on to where each comer wanted to go.
//!
//! Compilers hardly ever write such cycles, so what this costs does not matter; that it works does.

use crate::compile::pass::reach;
use crate::compile::ssa::edit::Builder;
use crate::compile::ssa::order::{Dominators, Few, Loops, Order, predecessors, successors};
use crate::compile::ssa::{BlockId, End, Function, Target, Type, Value};

/// Makes every cycle a loop.
pub fn run(function: &mut Function) {
    let mut changed = false;
    loop {
        let order = Order::new(function);
        let dominators = Dominators::new(function, &order);
        if Loops::new(function, &order, &dominators).reducible {
            break;
        }
        let mut inside = vec![false; function.blocks.len()];
        order.blocks.iter().for_each(|block| inside[block.0 as usize] = true);
        let Some(doors) = find(function, &order, inside) else { break };
        give_one_door(function, &order, &doors);
        changed = true;
    }
    if changed {
        reach::run(function);
    }
}

/// The doors of a cycle that has several.
fn find(function: &Function, order: &Order, inside: Vec<bool>) -> Option<Vec<BlockId>> {
    let predecessors = predecessors(function, order);
    let mut open = vec![inside];
    while let Some(inside) = open.pop() {
        for cycle in cycles(function, order, &predecessors, &inside) {
            let mut within = vec![false; function.blocks.len()];
            cycle.iter().for_each(|block| within[block.0 as usize] = true);
            let is_door =
                |block: &BlockId| predecessors[block.0 as usize].iter().any(|from| !within[from.0 as usize]);
            let doors: Vec<BlockId> = cycle.iter().copied().filter(is_door).collect();
            match doors[..] {
                [header] => {
                    within[header.0 as usize] = false;
                    open.push(within);
                }
                [] => {}
                _ => return Some(doors),
            }
        }
    }
    None
}

/// Sets of blocks, each of which can be reached from all others of its set, without leaving what is given.
fn cycles(function: &Function, order: &Order, predecessors: &[Few], inside: &[bool]) -> Vec<Vec<BlockId>> {
    // Blocks by when a walk forwards is done with them, the last first; then sets by walks backwards.
    let mut done = Vec::new();
    let mut seen = vec![false; function.blocks.len()];
    for &root in order.blocks.iter().filter(|block| inside[block.0 as usize]) {
        let mut open = vec![(root, false)];
        while let Some((block, leave)) = open.pop() {
            if leave {
                done.push(block);
            } else if !std::mem::replace(&mut seen[block.0 as usize], true) {
                open.push((block, true));
                let next = successors(function, block);
                open.extend(next.iter().filter(|to| inside[to.0 as usize]).map(|&to| (to, false)));
            }
        }
    }
    let mut taken = vec![false; function.blocks.len()];
    let mut all = Vec::new();
    for &root in done.iter().rev() {
        let mut set = Vec::new();
        let mut open = vec![root];
        while let Some(block) = open.pop() {
            if inside[block.0 as usize] && !std::mem::replace(&mut taken[block.0 as usize], true) {
                set.push(block);
                open.extend(&predecessors[block.0 as usize]);
            }
        }
        if set.len() > 1 || set.iter().any(|&block| successors(function, block).contains(&block)) {
            all.push(set);
        }
    }
    all
}

/// Leads all edges to the doors through a new block.
fn give_one_door(function: &mut Function, order: &Order, doors: &[BlockId]) {
    let line = function.block(doors[0]).line;
    let hall = function.add_block(line);
    let number = function.add_param(hall, Type::I32);
    let mut types: Vec<Type> = Vec::new();
    // Where the parameters of each door start among those of the hall.
    let mut starts = Vec::new();
    let mut targets = Vec::new();
    for &door in doors {
        starts.push(types.len());
        let own: Vec<Type> = function.block(door).params.iter().map(|&param| function.ty(param)).collect();
        let args: Vec<Value> = own.iter().map(|&ty| function.add_param(hall, ty)).collect();
        types.extend(own);
        targets.push(Target::with(door, &args));
    }
    function.block_mut(hall).end = End::Switch(number, targets);
    for &block in &order.blocks {
        let mut end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
        let mut builder = Builder { line: function.block(block).line, block, function };
        end.targets_mut(|target| {
            let Some(at) = doors.iter().position(|&door| door == target.block) else { return };
            let mut args = vec![builder.constant(Type::I32, at as u64)];
            for (place, &ty) in types.iter().enumerate() {
                let own = place.checked_sub(starts[at]).and_then(|place| target.args.get(place));
                args.push(own.copied().unwrap_or_else(|| builder.constant(ty, 0)));
            }
            *target = Target::with(hall, &args);
        });
        function.block_mut(block).end = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::{parse, same};
    use crate::compile::ssa::verify::{Stage, verify};

    #[test]
    fn a_cycle_with_two_doors_gets_one() {
        let mut function = parse(
            "function f
            b0:
            v0: i1 = const 1
            v1: i32 = const 7
            branch v0, b1, b2(v1)
            b1:
            v2: i32 = const 8
            jump b2(v2)
            b2(v3: i32):
            branch v0, b1, b3
            b3:
            exit",
        );
        run(&mut function);
        verify(&function, Stage::Threads).unwrap();
        same(
            &function,
            "function f
            b0:
            v0: i1 = const 1
            v1: i32 = const 7
            v6: i32 = const 1
            v7: i32 = const 0
            v8: i32 = const 0
            branch v0, b4(v6, v7), b4(v8, v1)
            b1:
            v2: i32 = const 8
            v11: i32 = const 0
            jump b4(v11, v2)
            b2(v3: i32):
            v9: i32 = const 1
            v10: i32 = const 0
            branch v0, b4(v9, v10), b3
            b3:
            exit
            b4(v4: i32, v5: i32):
            switch v4, [b2(v5), b1]",
        );
    }
}

//! The order of blocks in the code: each before those it dominates, loops in one piece.

use super::super::ssa::order::{Few, none_each, successors};
use super::super::ssa::{BlockId, Function};

/// Blocks that are reached, in the order of the code.
#[derive(Debug)]
pub struct Layout {
    /// The entry first.
    pub order: Vec<BlockId>,
    /// Of each block its place in the order; `u32::MAX`: never reached.
    pub place: Vec<u32>,
    /// Of each block the loops around it.
    pub depth: Vec<u32>,
}

/// Orders the blocks of a function.
pub fn run(function: &Function) -> Layout {
    let first = search(function, &vec![0; function.blocks.len()]);
    let depth = depths(function, &first);
    let order = search(function, &depth);
    let mut place = vec![u32::MAX; function.blocks.len()];
    for (at, id) in order.iter().enumerate() {
        place[id.0 as usize] = at as u32;
    }
    Layout { order, place, depth }
}

/// Reverse postorder; of successors, those in fewer loops come last.
fn search(function: &Function, depth: &[u32]) -> Vec<BlockId> {
    let mut seen = vec![false; function.blocks.len()];
    let mut order = Vec::new();
    let next = |id: BlockId| {
        let mut all = successors(function, id);
        // What is visited first comes last in the code.
        all.reverse();
        all.sort_by_key(|to| depth[to.0 as usize]);
        all.reverse();
        all
    };
    let mut stack = vec![(BlockId(0), next(BlockId(0)))];
    seen[0] = true;
    while let Some((id, left)) = stack.last_mut() {
        match left.pop() {
            Some(to) if !std::mem::replace(&mut seen[to.0 as usize], true) => stack.push((to, next(to))),
            Some(_) => {}
            None => {
                order.push(*id);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// How many loops are around each block: what reaches the source of an edge back without passing through its target.
fn depths(function: &Function, order: &[BlockId]) -> Vec<u32> {
    let count = function.blocks.len();
    let mut place = vec![u32::MAX; count];
    for (at, id) in order.iter().enumerate() {
        place[id.0 as usize] = at as u32;
    }
    let mut predecessors: Vec<Few> = none_each(count);
    for &id in order {
        function.block(id).end.targets(|target| predecessors[target.block.0 as usize].push(id));
    }
    let mut depth = vec![0; count];
    let mut within = vec![u32::MAX; count];
    for &head in order {
        let back = |from: &&BlockId| place[from.0 as usize] >= place[head.0 as usize];
        let mut work: Vec<BlockId> = predecessors[head.0 as usize].iter().filter(back).copied().collect();
        if work.is_empty() {
            continue;
        }
        within[head.0 as usize] = head.0;
        depth[head.0 as usize] += 1;
        while let Some(id) = work.pop() {
            // With more than one entry a loop may reach out before its head: that is not in it.
            let earlier = place[id.0 as usize] < place[head.0 as usize];
            if earlier || std::mem::replace(&mut within[id.0 as usize], head.0) == head.0 {
                continue;
            }
            depth[id.0 as usize] += 1;
            work.extend(&predecessors[id.0 as usize]);
        }
    }
    depth
}

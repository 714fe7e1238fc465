//! Dominators and post-dominators, by the fixed point over a good order, and the frontiers they leave.

use super::{Few, Order, predecessors, roots};
use crate::compile::ssa::{BlockId, Function};

/// A tree over blocks: each is under the one that all ways to it (or from it) go through last (or first).
#[derive(Clone, Debug)]
pub struct Dominators {
    /// For each block its parent; `None`: the root, one directly under a root that is no block, or one nobody reaches.
    pub parent: Vec<Option<BlockId>>,
    /// For each block when a walk of the tree enters and leaves it: tests of dominance cost nothing.
    spans: Vec<(u32, u32)>,
    /// Blocks in an order in which parents come first.
    pub top_down: Vec<BlockId>,
}

/// No node: what comes above the root.
const NONE: u32 = u32::MAX;

impl Dominators {
    /// Who dominates whom. With several roots a virtual one is above them all.
    pub fn new(function: &Function, order: &Order) -> Dominators {
        let predecessors = predecessors(function, order);
        let above = |block: BlockId, visit: &mut dyn FnMut(u32)| {
            if roots(function).any(|root| root == block) {
                visit(0);
            }
            predecessors[block.0 as usize].iter().for_each(|&from| visit(order.of(from) + 1));
        };
        Dominators::of(&order.blocks, function.blocks.len(), above)
    }

    /// Who post-dominates whom. A virtual exit is behind all ends, and behind blocks from which no end can be reached
    /// (one for each endless loop).
    pub fn post(function: &Function, order: &Order) -> Dominators {
        let predecessors = predecessors(function, order);
        let (backwards, exits) = backwards(function, order, &predecessors);
        let mut place = vec![NONE; function.blocks.len()];
        (0..).zip(&backwards).for_each(|(at, block): (u32, &BlockId)| place[block.0 as usize] = at);
        let above = |block: BlockId, visit: &mut dyn FnMut(u32)| {
            if exits[block.0 as usize] {
                visit(0);
            }
            function.block(block).end.targets(|to| visit(place[to.block.0 as usize] + 1));
        };
        Dominators::of(&backwards, function.blocks.len(), above)
    }

    /// Nodes are 0, the virtual root, and one more than the place in the order.
    fn of(order: &[BlockId], count: usize, above: impl Fn(BlockId, &mut dyn FnMut(u32))) -> Dominators {
        let mut parents = vec![NONE; order.len() + 1];
        parents[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for (at, &block) in order.iter().enumerate() {
                let mut new = NONE;
                above(block, &mut |other| {
                    if parents[other as usize] != NONE {
                        new = if new == NONE { other } else { meet(&parents, new, other) };
                    }
                });
                if parents[at + 1] != new {
                    parents[at + 1] = new;
                    changed = true;
                }
            }
        }
        // Of one real root the virtual one is nobody's business.
        let mut parent = vec![None; count];
        for (at, &block) in order.iter().enumerate() {
            parent[block.0 as usize] = parents[at + 1].checked_sub(1).map(|above| order[above as usize]);
        }
        let spans = spans(&parents);
        let mut of_block = vec![(1, 0); count];
        order.iter().enumerate().for_each(|(at, block)| of_block[block.0 as usize] = spans[at + 1]);
        Dominators { parent, spans: of_block, top_down: order.to_vec() }
    }

    /// Whether all ways to `b` go through `a`; a block dominates itself.
    pub fn dominates(&self, a: BlockId, b: BlockId) -> bool {
        let (a, b) = (self.spans[a.0 as usize], self.spans[b.0 as usize]);
        a.0 <= b.0 && b.1 <= a.1 && b.0 <= b.1
    }

    /// For each block those directly under it.
    pub fn children(&self) -> Vec<Vec<BlockId>> {
        let mut children = vec![Vec::new(); self.parent.len()];
        for &block in &self.top_down {
            if let Some(parent) = self.parent[block.0 as usize] {
                children[parent.0 as usize].push(block);
            }
        }
        children
    }
}

fn meet(parents: &[u32], mut a: u32, mut b: u32) -> u32 {
    while a != b {
        if a > b {
            a = parents[a as usize];
        } else {
            b = parents[b as usize];
        }
    }
    a
}

/// For each node when a walk enters it, and the last entry below it. Parents have smaller numbers than their children.
fn spans(parents: &[u32]) -> Vec<(u32, u32)> {
    // First how many are below each node and it, and where the next one below it starts.
    let mut spans = vec![(0, 1u32); parents.len()];
    for node in (1..parents.len()).rev() {
        spans[parents[node] as usize].1 += spans[node].1;
    }
    spans[0].0 = 1;
    for node in 1..parents.len() {
        let (parent, size) = (parents[node] as usize, spans[node].1);
        let start = spans[parent].0;
        spans[parent].0 += size;
        spans[node].0 = start + 1;
    }
    // Below a node now all have had their turn: the next one would come behind the last.
    for span in &mut spans {
        let (end, size) = *span;
        *span = (end - size, end - 1);
    }
    spans
}

/// Reached blocks in reverse post-order of the reversed flow, and which have the virtual exit behind them.
fn backwards(function: &Function, order: &Order, predecessors: &[Few]) -> (Vec<BlockId>, Vec<bool>) {
    let count = function.blocks.len();
    let mut exits = vec![false; count];
    let (mut seen, mut blocks) = (vec![false; count], Vec::with_capacity(order.blocks.len()));
    let is_end = |block: &BlockId| {
        let mut any = false;
        function.block(*block).end.targets(|_| any = true);
        !any
    };
    // Then endless loops: the last block in order that is left leads out of one.
    let ends = order.blocks.iter().filter(|block| is_end(block)).chain(order.blocks.iter().rev());
    for &root in ends {
        if seen[root.0 as usize] {
            continue;
        }
        exits[root.0 as usize] = true;
        seen[root.0 as usize] = true;
        let mut open = vec![(root, 0)];
        while let Some((block, at)) = open.last_mut() {
            match predecessors[block.0 as usize].get(*at) {
                Some(&next) => {
                    *at += 1;
                    if !std::mem::replace(&mut seen[next.0 as usize], true) {
                        open.push((next, 0));
                    }
                }
                None => {
                    blocks.push(*block);
                    open.pop();
                }
            }
        }
    }
    blocks.reverse();
    (blocks, exits)
}

/// For each block where its dominance ends: the first blocks that can also be reached around it.
pub fn frontiers(function: &Function, order: &Order, dominators: &Dominators) -> Vec<Vec<BlockId>> {
    let mut frontiers: Vec<Vec<BlockId>> = vec![Vec::new(); function.blocks.len()];
    let predecessors = predecessors(function, order);
    let mut is_root = vec![false; function.blocks.len()];
    roots(function).for_each(|root| is_root[root.0 as usize] = true);
    for &block in &order.blocks {
        let from = &predecessors[block.0 as usize];
        if from.len() + usize::from(is_root[block.0 as usize]) < 2 {
            continue;
        }
        let stop = dominators.parent[block.0 as usize];
        for &one in from {
            let mut runner = Some(one);
            while runner != stop {
                let Some(at) = runner else { break };
                let own = &mut frontiers[at.0 as usize];
                // Visits for one block follow each other.
                if own.last() == Some(&block) {
                    break;
                }
                own.push(block);
                runner = dominators.parent[at.0 as usize];
            }
        }
    }
    frontiers
}

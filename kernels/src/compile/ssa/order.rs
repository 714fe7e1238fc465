//! The shape of a function's control flow: orders, dominators, loops, and which values live where. All of it in near
//! linear time and without recursion.

mod dominators;
mod live;
mod loops;

pub use dominators::{Dominators, frontiers};
pub use live::{BitSet, Liveness, homes};
pub use loops::{Loop, Loops};

use smallvec::SmallVec;

use super::{BlockId, Function};

/// Blocks, hardly ever more than four, which take no more room than a list elsewhere.
pub type Few = SmallVec<[BlockId; 4]>;

/// Which blocks can be reached from the entry or a place where gangs go on.
pub fn reached(function: &Function) -> Vec<bool> {
    let mut reached = vec![false; function.blocks.len()];
    let mut open: Vec<BlockId> = roots(function).collect();
    while let Some(block) = open.pop() {
        if !std::mem::replace(&mut reached[block.0 as usize], true) {
            function.block(block).end.targets(|to| open.push(to.block));
        }
    }
    reached
}

/// Where control comes from outside: the entry and the resumes.
pub fn roots(function: &Function) -> impl Iterator<Item = BlockId> {
    let entry = (!function.blocks.is_empty()).then_some(BlockId(0));
    entry.into_iter().chain(function.resumes.iter().copied().filter(|&block| block != BlockId(0)))
}

/// Reached blocks in an order in which each one comes before those it leads to, back edges aside.
#[derive(Clone, Debug)]
pub struct Order {
    /// The blocks.
    pub blocks: Vec<BlockId>,
    /// For each block its place in there; `u32::MAX`: nobody reaches it.
    pub place: Vec<u32>,
}

impl Order {
    /// Reverse post-order. Resumes count as roots.
    pub fn new(function: &Function) -> Order {
        let count = function.blocks.len();
        let mut blocks = Vec::with_capacity(count);
        let mut place = vec![u32::MAX; count];
        // The last root first, so that the entry ends up in front.
        let all: Few = roots(function).collect();
        for &root in all.iter().rev() {
            visit(function, root, &mut place, &mut blocks);
        }
        blocks.reverse();
        (0..).zip(&blocks).for_each(|(at, block)| place[block.0 as usize] = at);
        Order { blocks, place }
    }

    /// Whether a block is reached.
    pub fn has(&self, block: BlockId) -> bool {
        self.place[block.0 as usize] != u32::MAX
    }

    /// A block's place.
    pub fn of(&self, block: BlockId) -> u32 {
        self.place[block.0 as usize]
    }
}

/// Appends what can be reached and was not seen in post-order. What was seen has some place.
fn visit(function: &Function, root: BlockId, places: &mut [u32], order: &mut Vec<BlockId>) {
    let mut is_new = |block: BlockId| std::mem::replace(&mut places[block.0 as usize], 0) == u32::MAX;
    if !is_new(root) {
        return;
    }
    let mut open = Vec::with_capacity(16);
    open.push((root, successors(function, root)));
    while let Some((block, rest)) = open.last_mut() {
        // Targets are taken from the last on, so that the first one comes first in the reverse.
        match rest.pop() {
            Some(next) => {
                if is_new(next) {
                    open.push((next, successors(function, next)));
                }
            }
            None => {
                order.push(*block);
                open.pop();
            }
        }
    }
}

/// An empty list for each of so many.
pub fn none_each<T: smallvec::Array>(count: usize) -> Vec<SmallVec<T>> {
    std::iter::repeat_with(SmallVec::new).take(count).collect()
}

/// The blocks a block leads to, in order; one that stands there twice is there twice.
pub fn successors(function: &Function, block: BlockId) -> Few {
    let mut all = Few::new();
    function.block(block).end.targets(|to| all.push(to.block));
    all
}

/// For each block the reached blocks that lead to it; one that does so twice is there twice.
pub fn predecessors(function: &Function, order: &Order) -> Vec<Few> {
    let mut all = none_each(function.blocks.len());
    for &block in &order.blocks {
        function.block(block).end.targets(|to| all[to.block.0 as usize].push(block));
    }
    all
}

#[cfg(test)]
mod tests;

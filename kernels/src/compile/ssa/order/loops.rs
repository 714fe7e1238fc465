//! Natural loops: a header, and all blocks from which it can be reached again without leaving it.

use super::{Dominators, Few, Order, none_each, predecessors, successors};
use crate::compile::ssa::{BlockId, Function};

/// A loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loop {
    /// The only way in.
    pub header: BlockId,
    /// Blocks with an edge back to it.
    pub latches: Few,
    /// All blocks, those of inner loops included, in order; the header is the first.
    pub blocks: Vec<BlockId>,
    /// The loop around it, by its index.
    pub parent: Option<u32>,
    /// 1 for an outermost one.
    pub depth: u32,
}

/// All loops of a function.
#[derive(Clone, Debug)]
pub struct Loops {
    /// Outer loops come before inner ones.
    pub all: Vec<Loop>,
    /// For each block the innermost loop it is in, by index.
    pub of: Vec<Option<u32>>,
    /// Every cycle is a natural loop: it has one way in.
    pub reducible: bool,
}

impl Loops {
    /// Finds them.
    pub fn new(function: &Function, order: &Order, dominators: &Dominators) -> Loops {
        let predecessors = predecessors(function, order);
        let mut loops = Loops { all: Vec::new(), of: vec![None; function.blocks.len()], reducible: true };
        let mut latches: Vec<Few> = none_each(function.blocks.len());
        for &block in &order.blocks {
            for to in successors(function, block) {
                if order.of(to) > order.of(block) {
                    continue;
                }
                if dominators.dominates(to, block) {
                    latches[to.0 as usize].push(block);
                } else {
                    loops.reducible = false;
                }
            }
        }
        // Inner headers come later in the order: they are found first and lie inside what is found then.
        for &header in order.blocks.iter().rev() {
            let own = std::mem::take(&mut latches[header.0 as usize]);
            if !own.is_empty() {
                loops.add(header, own, dominators, &predecessors);
            }
        }
        loops.finish(order);
        loops
    }

    /// A loop around those found so far.
    fn add(&mut self, header: BlockId, mut latches: Few, dominators: &Dominators, predecessors: &[Few]) {
        latches.dedup();
        let number = self.all.len() as u32;
        let mut open = Few::from_slice(&latches);
        while let Some(block) = open.pop() {
            let Some(inner) = self.outermost(block) else {
                if dominators.dominates(header, block) {
                    self.of[block.0 as usize] = Some(number);
                    if block != header {
                        open.extend_from_slice(&predecessors[block.0 as usize]);
                    }
                }
                continue;
            };
            // A whole inner loop at once; one that can be entered around the header is none of it.
            if inner != number && dominators.dominates(header, self.all[inner as usize].header) {
                self.all[inner as usize].parent = Some(number);
                open.extend_from_slice(&predecessors[self.all[inner as usize].header.0 as usize]);
            }
        }
        self.of[header.0 as usize] = Some(number);
        self.all.push(Loop { header, latches, blocks: Vec::new(), parent: None, depth: 0 });
    }

    /// The outermost of the loops found so far around a block. The one being found has a number, but is not there yet.
    fn outermost(&self, block: BlockId) -> Option<u32> {
        let mut at = self.of[block.0 as usize]?;
        while let Some(parent) = self.all.get(at as usize).and_then(|one| one.parent) {
            at = parent;
        }
        Some(at)
    }

    /// Outer loops first, depths, blocks.
    fn finish(&mut self, order: &Order) {
        let count = self.all.len() as u32;
        self.all.reverse();
        let turned = |number: u32| count - 1 - number;
        self.of.iter_mut().flatten().for_each(|number| *number = turned(*number));
        for at in 0..self.all.len() {
            let parent = self.all[at].parent.map(turned);
            self.all[at].parent = parent;
            self.all[at].depth = parent.map_or(0, |parent| self.all[parent as usize].depth) + 1;
        }
        for &block in &order.blocks {
            let mut at = self.of[block.0 as usize];
            while let Some(number) = at {
                self.all[number as usize].blocks.push(block);
                at = self.all[number as usize].parent;
            }
        }
    }

    /// How deep in loops a block is; 0: in none.
    pub fn depth(&self, block: BlockId) -> u32 {
        self.of[block.0 as usize].map_or(0, |number| self.all[number as usize].depth)
    }

    /// Whether a block is in a loop, by its index.
    pub fn contains(&self, number: u32, block: BlockId) -> bool {
        let mut at = self.of[block.0 as usize];
        while let Some(one) = at {
            if one == number {
                return true;
            }
            at = self.all[one as usize].parent;
        }
        false
    }
}

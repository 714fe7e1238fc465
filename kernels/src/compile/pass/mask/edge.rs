//! What edges do: masks of their threads, and what is written for these.

use super::emit::{Emitter, Part, Source};
use super::variable::Key;
use crate::compile::pass::region::{LEFT, Node};
use crate::compile::ssa::edit::Builder;
use crate::compile::ssa::{BlockId, End, Target, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::Comparison;

impl Emitter<'_> {
    /// For each target of a block the mask of the threads that go there.
    pub(super) fn edge_masks(&mut self, block: BlockId, end: &End, mask: Value) -> Vec<Value> {
        let line = self.function.block(block).line;
        let mut builder = Builder::new(self.function, block, line);
        // Conditions of the edges; the first of a branch serves both, turned round.
        let mut parts = Vec::new();
        match end {
            End::Branch(condition, ..) => {
                let not = builder.not(*condition);
                for (own, negated) in [(*condition, false), (not, true)] {
                    parts.push((builder.and(mask, own), *condition, negated));
                }
            }
            End::Switch(index, targets) => {
                for number in 0..targets.len() {
                    let constant = builder.constant(Type::I32, number as u64);
                    let last = number + 1 == targets.len();
                    let op = if last { Comparison::Ge } else { Comparison::Eq };
                    let own = builder.compare(op, Kind::U32, *index, constant);
                    parts.push((builder.and(mask, own), own, false));
                }
            }
            _ => {}
        }
        for &(edge, condition, negated) in &parts {
            self.parts.insert(edge, Part { of: mask, condition, negated });
        }
        parts.into_iter().map(|(edge, ..)| edge).collect()
    }

    /// Writes for the threads of an edge what they bring along. `at` is where that happens, `edge` whose edge it is.
    pub(super) fn assign(&mut self, at: BlockId, edge: (BlockId, usize), to: &Target, mask: Value) {
        self.edges.insert(edge, mask);
        if self.goal(to.block) == LEFT {
            return;
        }
        let from = edge.0;
        let back = self
            .regions
            .chain(from)
            .find(|&region| region != 0 && self.regions.region(region).header == to.block);
        if let Some(region) = back {
            let root = self.mask[to.block.0 as usize];
            for (place, &arg) in (0..).zip(&to.args) {
                self.write_for(at, Key::Next(to.block, place), arg, mask, root);
            }
            if !self.plan.pending[region as usize].is_empty() {
                self.add_to(at, Key::Again(to.block), mask);
            }
        } else {
            self.assign_forward(at, from, to, mask);
        }
        self.keep_values(at, from, to.block, mask);
    }

    /// For whom an edge writes. If it alone leaves a loop: for all threads that come to it, since those that stay will leave
    /// some time and write again, and nobody reads before.
    fn writers(&self, from: BlockId, to: BlockId, mask: Value) -> Value {
        let region = self.regions.inner[from.0 as usize];
        let leaves = |to: &&BlockId| !self.regions.contains(region, **to);
        if region == 0
            || !leaves(&&to)
            || self.kept.targets[from.0 as usize].iter().filter(leaves).count() > 1
        {
            return mask;
        }
        self.mask[from.0 as usize].unwrap_or(mask)
    }

    fn assign_forward(&mut self, at: BlockId, from: BlockId, to: &Target, mask: Value) {
        let region = self.regions.home(to.block);
        let place = self.regions.place_at_home(to.block);
        let own = self.regions.region(region);
        let limit = own.header;
        // Before the node that dominates the target nobody can have written anything.
        let (start, root) = match own.nodes[own.dominator[place as usize] as usize] {
            Node::Block(block) => (block, self.mask[block.0 as usize]),
            Node::Loop(inner) => (self.front[inner as usize].map_or(limit, |(front, _)| front), None),
        };
        let writers = self.writers(from, to.block, mask);
        for (at_param, &arg) in (0..).zip(&to.args) {
            let key = Key::Param(to.block, at_param);
            let ty = self.function.ty(arg);
            self.variables.declare(key, ty, [start, limit]);
            self.write_for(at, key, arg, writers, root);
        }
        if matches!(self.source_of_mask(region, place), Source::Variable) {
            self.variables.declare(Key::Mask(to.block), Type::I1, [start, limit]);
            self.add_to(at, Key::Mask(to.block), mask);
        }
    }

    /// Values that leave loops with the threads of an edge.
    fn keep_values(&mut self, at: BlockId, from: BlockId, to: BlockId, mask: Value) {
        let writers = self.writers(from, to, mask);
        for (value, region) in self.kept.leaving(self.regions, from, to) {
            let key = Key::Kept(value, region);
            self.declare_kept(key);
            self.write_for(at, key, value, writers, None);
        }
    }

    pub(super) fn declare_kept(&mut self, key: Key) {
        let Key::Kept(value, region) = key else { return };
        let outer = self.kept.outermost(value, region);
        let front = self.front[outer as usize].expect("a loop is left after it is entered").0;
        let around = self.regions.region(outer).parent.unwrap_or(0);
        let limit = self.regions.region(around).header;
        let ty = self.function.ty(value);
        self.variables.declare(key, ty, [front, limit]);
    }

    /// Adds threads to a mask.
    fn add_to(&mut self, at: BlockId, key: Key, mask: Value) {
        let old = self.variables.read(self.function, key, at);
        if old == mask {
            return;
        }
        let new = if self.variables.is_nothing(old) {
            mask
        } else {
            let line = self.function.block(at).line;
            Builder::new(self.function, at, line).or(old, mask)
        };
        self.variables.write(key, at, new);
    }

    /// Gives a variable a value for the threads of a mask. Of others only those of the root can want what it was.
    fn write_for(&mut self, at: BlockId, key: Key, value: Value, mask: Value, root: Option<Value>) {
        let old = self.variables.read(self.function, key, at);
        if old == value {
            return;
        }
        let new = if self.variables.is_nothing(old) || Some(mask) == root {
            value
        } else {
            let line = self.function.block(at).line;
            let mut builder = Builder::new(self.function, at, line);
            match self.parts.get(&mask) {
                Some(part) if Some(part.of) == root && part.negated => {
                    builder.select(part.condition, old, value)
                }
                Some(part) if Some(part.of) == root => builder.select(part.condition, value, old),
                _ => builder.select(mask, value, old),
            }
        };
        self.variables.write(key, at, new);
    }
}

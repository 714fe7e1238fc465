//! The order of a block's insts: what makes masks waits until it is wanted, for there are seven registers for masks.
//!
//! A gang's vectors come side by side, so in the order they are in, a compare for each of k vectors would be followed by an And
//! for each of them, and so on: all k masks of every step live at once. Here an inst that makes a mask is done when somebody
//! else needs the mask, or as soon as it is the last one that needs another mask: then it takes no register more.

use super::super::ssa::{BlockId, Def, Function, InstId, Type, Value};

/// Blocks with fewer insts that make masks stay as they are.
const FEW: usize = 8;

/// What is known of a function's values.
pub struct Schedule<'a> {
    function: &'a Function,
    /// Uses of each value that are not yet placed.
    left: Vec<u32>,
    /// Of each value the insts of the block that make masks of it.
    users: Vec<Vec<InstId>>,
    /// Of each inst whether it may wait and was not placed yet.
    waits: Vec<bool>,
    /// Of each inst its block.
    homes: Vec<u32>,
    /// Of each inst whether it was placed.
    placed: Vec<bool>,
}

impl<'a> Schedule<'a> {
    /// Counts uses in these blocks.
    pub fn new(function: &'a Function, blocks: &[BlockId]) -> Schedule<'a> {
        let mut left = vec![0; function.values.len()];
        let count = function.insts.len();
        let mut homes = vec![u32::MAX; count];
        for &id in blocks {
            let block = function.block(id);
            for &inst in &block.insts {
                function.inst(inst).uses(|value| left[value.0 as usize] += 1);
                homes[inst.0 as usize] = id.0;
            }
            block.end.condition().into_iter().for_each(|value| left[value.0 as usize] += 1);
            block.end.targets(|target| target.args.iter().for_each(|value| left[value.0 as usize] += 1));
        }
        let users = vec![Vec::new(); function.values.len()];
        Schedule { function, left, users, waits: vec![false; count], homes, placed: vec![false; count] }
    }

    fn is_mask(&self, value: Value) -> bool {
        matches!(self.function.ty(value), Type::M { .. })
    }

    /// The insts of a block in a good order.
    pub fn block(&mut self, id: BlockId) -> Vec<InstId> {
        let insts = &self.function.block(id).insts;
        let function = self.function;
        let makes = |inst: &&InstId| {
            let inst = function.inst(**inst);
            let mask = |&result: &Value| matches!(function.ty(result), Type::M { .. });
            inst.op.is_pure() && inst.results.iter().any(mask) && !inst.args.is_empty()
        };
        let waiting: Vec<InstId> = insts.iter().filter(makes).copied().collect();
        if waiting.len() < FEW {
            insts.iter().for_each(|&inst| function.inst(inst).uses(|value| self.left[value.0 as usize] -= 1));
            return insts.clone();
        }
        for &inst in &waiting {
            self.waits[inst.0 as usize] = true;
            self.function.inst(inst).uses(|value| self.users[value.0 as usize].push(inst));
        }
        let mut order = Vec::with_capacity(insts.len());
        for &inst in insts {
            if !makes(&&inst) {
                self.place(id, inst, &mut order);
            }
        }
        // What only other blocks want, and what nobody does.
        for &inst in &waiting {
            if self.waits[inst.0 as usize] {
                self.place(id, inst, &mut order);
            }
        }
        order
    }

    /// Whether all that an inst needs of its block is placed.
    fn is_ready(&self, block: BlockId, inst: InstId) -> bool {
        self.function.inst(inst).args.iter().all(|&arg| match self.function.def(arg) {
            Def::Inst(maker, _) => {
                let maker = maker.0 as usize;
                self.homes[maker] != block.0 || self.placed[maker]
            }
            _ => true,
        })
    }

    /// Places an inst behind all it needs.
    fn place(&mut self, block: BlockId, inst: InstId, order: &mut Vec<InstId>) {
        self.waits[inst.0 as usize] = false;
        let source = self.function.inst(inst);
        source.uses(|value| {
            if let Def::Inst(maker, _) = self.function.def(value)
                && self.waits[maker.0 as usize]
            {
                self.place(block, maker, order);
            }
        });
        order.push(inst);
        self.placed[inst.0 as usize] = true;
        source.uses(|value| self.left[value.0 as usize] -= 1);
        for &value in source.args.iter().chain(&source.results) {
            self.finish(block, value, order);
        }
    }

    /// Places the last user of a mask that is made here, if nothing else holds it up.
    fn finish(&mut self, block: BlockId, mask: Value, order: &mut Vec<InstId>) {
        if self.left[mask.0 as usize] != 1 || !self.is_mask(mask) {
            return;
        }
        let here = match self.function.def(mask) {
            Def::Param(of, _) => of == block,
            Def::Inst(maker, _) => self.homes[maker.0 as usize] == block.0,
            Def::Gone => false,
        };
        let last = self.users[mask.0 as usize].iter().copied().find(|user| self.waits[user.0 as usize]);
        if let Some(user) = last.filter(|&user| here && self.is_ready(block, user)) {
            self.place(block, user, order);
        }
    }
}

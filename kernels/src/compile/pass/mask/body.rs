//! Insts of a block get its mask, and values of loops as they were when threads left them.

use std::collections::{BTreeMap, BTreeSet};

use super::emit::Emitter;
use super::plan::Plan;
use super::variable::Key;
use crate::compile::pass::region::{LEFT, Regions, destination};
use crate::compile::ssa::edit::Builder;
use crate::compile::ssa::order::{Liveness, homes};
use crate::compile::ssa::{BlockId, Def, End, Function, InstId, Op, Value};
use crate::ir::compute::Compute;
use crate::ir::op::Space;

/// Facts about the function before it changes.
pub(super) struct Kept {
    /// Where each block leads.
    pub(super) targets: Vec<Vec<BlockId>>,
    /// Blocks that only end the thread.
    pub(super) ends: Vec<bool>,
    homes: Vec<Option<BlockId>>,
    /// For each region that threads leave in different rounds: values that are wanted outside.
    values: BTreeMap<u32, BTreeSet<Value>>,
    /// For these the outermost region that a use is outside of.
    outermost: BTreeMap<(Value, u32), u32>,
    /// The loop for which a value was kept that a block uses.
    uses: BTreeMap<(Value, BlockId), u32>,
    /// Where a kept value is live at the start.
    live: BTreeSet<(BlockId, Value)>,
    /// Loads under a guard of which something else than a choice by that guard is made.
    pub(super) bare: BTreeSet<InstId>,
}

impl Kept {
    pub(super) fn new(function: &Function, regions: &Regions, plan: &Plan) -> Kept {
        let blocks = function.blocks.len();
        let mut targets = vec![Vec::new(); blocks];
        for &block in &regions.order.blocks {
            function.block(block).end.targets(|to| targets[block.0 as usize].push(to.block));
        }
        let ends = function.block_ids().map(|block| destination(function, block) == LEFT).collect();
        let mut kept = Kept {
            targets,
            ends,
            homes: homes(function, &regions.order),
            values: BTreeMap::new(),
            outermost: BTreeMap::new(),
            uses: BTreeMap::new(),
            live: BTreeSet::new(),
            bare: BTreeSet::new(),
        };
        kept.find_bare(function, regions);
        if (1..regions.all.len() as u32).any(|region| plan.is_left_in_rounds(region)) {
            kept.find_values(function, regions, plan);
        }
        kept
    }

    fn find_values(&mut self, function: &Function, regions: &Regions, plan: &Plan) {
        for &id in &regions.order.blocks {
            let block = function.block(id);
            let mut note = |value: Value| {
                let Some((region, outer)) = self.left(function, regions, plan, value, id) else { return };
                self.values.entry(region).or_default().insert(value);
                self.uses.insert((value, id), region);
                let outermost = self.outermost.entry((value, region)).or_insert(outer);
                // Outer regions have lower numbers.
                *outermost = outer.min(*outermost);
            };
            block.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
            block.end.condition().into_iter().for_each(&mut note);
            block.end.targets(|to| to.args.iter().for_each(|&arg| note(arg)));
        }
        let all: BTreeSet<Value> = self.values.values().flatten().copied().collect();
        let live = Liveness::new(function, &regions.order);
        for &block in &regions.order.blocks {
            let here = live.live_in[block.0 as usize].iter().filter(|value| all.contains(value));
            self.live.extend(here.map(|&value| (block, value)));
        }
    }

    /// If a value is used outside of a loop around its home that threads leave in different rounds: the innermost such
    /// loop, and the outermost loop that the use is outside of.
    fn left(
        &self,
        function: &Function,
        regions: &Regions,
        plan: &Plan,
        value: Value,
        user: BlockId,
    ) -> Option<(u32, u32)> {
        let home = self.homes[value.0 as usize]?;
        if home == user {
            return None;
        }
        let mut innermost = None;
        let mut outermost = 0;
        for region in regions.chain(home).take_while(|&region| !regions.contains(region, user)) {
            outermost = region;
            if innermost.is_none()
                && plan.is_left_in_rounds(region)
                && !regions.is_invariant(function, &self.homes, value, region)
            {
                innermost = Some(region);
            }
        }
        Some((innermost?, outermost))
    }

    pub(super) fn outermost(&self, value: Value, region: u32) -> u32 {
        self.outermost.get(&(value, region)).copied().unwrap_or(region)
    }

    /// Values to keep on an edge, each with the loop it leaves.
    pub(super) fn leaving(&self, regions: &Regions, from: BlockId, to: BlockId) -> Vec<(Value, u32)> {
        let mut all = Vec::new();
        for region in regions.chain(from).take_while(|&region| !regions.contains(region, to)) {
            let Some(values) = self.values.get(&region) else { continue };
            let live = values.iter().filter(|&&value| self.live.contains(&(to, value)));
            all.extend(live.map(|&value| (value, region)));
        }
        all
    }

    fn find_bare(&mut self, function: &Function, regions: &Regions) {
        // Of each result of a load with a guard: the guard, and the load.
        let mut guarded: BTreeMap<Value, (Value, InstId)> = BTreeMap::new();
        let mut chosen = Vec::new();
        for &id in &regions.order.blocks {
            for &inst in &function.block(id).insts {
                let body = function.inst(inst);
                if let (Op::Load(_), Some(guard)) = (&body.op, body.mask) {
                    guarded.extend(body.results.iter().map(|&result| (result, (guard, inst))));
                }
            }
        }
        if guarded.is_empty() {
            return;
        }
        for &id in &regions.order.blocks {
            let block = function.block(id);
            for &inst in &block.insts {
                let body = function.inst(inst);
                let choice = matches!(body.op, Op::Compute(Compute::Select)).then(|| body.args[2]);
                for (at, arg) in body.args.iter().chain(&body.mask).enumerate() {
                    chosen.push((*arg, choice.filter(|_| at == 0)));
                }
            }
            chosen.extend(block.end.condition().map(|value| (value, None)));
            block.end.targets(|to| chosen.extend(to.args.iter().map(|&arg| (arg, None))));
        }
        for (value, by) in chosen {
            if let Some(&(guard, inst)) = guarded.get(&value)
                && by != Some(guard)
            {
                self.bare.insert(inst);
            }
        }
    }
}

/// Whether an inst may be done only for threads that are there.
fn wants_mask(op: &Op) -> bool {
    match op {
        Op::Load(access) => access.space != Space::Param,
        Op::Store(_) | Op::Atomic { .. } | Op::BarrierReduce { .. } | Op::Runtime(_) => true,
        Op::Trap | Op::NoTarget => true,
        Op::Shuffle(_) | Op::Vote { .. } | Op::Match { .. } | Op::Reduce(..) | Op::ActiveMask => true,
        Op::Matrix(_) => true,
        _ => false,
    }
}

impl Emitter<'_> {
    /// Masks a block's insts.
    pub(super) fn body(&mut self, block: BlockId) {
        let mask = self.mask[block.0 as usize].expect("a block that was entered has a mask");
        let insts = std::mem::take(&mut self.function.block_mut(block).insts);
        let mut guards: BTreeMap<Value, Value> = BTreeMap::new();
        for id in insts {
            self.kept_in_inst(block, id);
            let inst = self.function.inst(id);
            let (line, guard) = (inst.line, inst.mask);
            if wants_mask(&inst.op) || guard.is_some() {
                let own = match guard {
                    None => mask,
                    Some(guard) => *guards
                        .entry(guard)
                        .or_insert_with(|| Builder::new(self.function, block, line).and(mask, guard)),
                };
                self.function.inst_mut(id).mask = Some(own);
            }
            self.function.block_mut(block).insts.push(id);
            if let Some(guard) = guard
                && self.kept.bare.contains(&id)
            {
                self.zero_outside(block, id, guard);
            }
        }
    }

    /// Masked code does not promise zeros for a load from one address: they are put there.
    fn zero_outside(&mut self, block: BlockId, load: InstId, guard: Value) {
        let inst = self.function.inst(load);
        let (line, address) = (inst.line, inst.args[0]);
        if !self.shapes.of(address).is_same_in_vector() {
            return;
        }
        for place in 0..self.function.inst(load).results.len() {
            let old = self.function.inst(load).results[place];
            let ty = self.function.ty(old);
            let fresh = Value(self.function.values.len() as u32);
            self.function.values.push((ty, Def::Inst(load, place as u8)));
            self.function.inst_mut(load).results[place] = fresh;
            let mut builder = Builder::new(self.function, block, line);
            let zero = builder.constant(ty, 0);
            let select = builder.inst(Op::Compute(Compute::Select), &[fresh, zero, guard], None, &[ty]);
            let made = self.function.inst(select).results[0];
            self.function.values[made.0 as usize].1 = Def::Gone;
            self.function.inst_mut(select).results[0] = old;
            self.function.values[old.0 as usize].1 = Def::Inst(select, 0);
        }
    }

    fn kept_in_inst(&mut self, block: BlockId, id: InstId) {
        if self.kept.values.is_empty() {
            return;
        }
        let (mut args, mut mask) = (self.function.inst(id).args.clone(), self.function.inst(id).mask);
        args.iter_mut().chain(&mut mask).for_each(|value| *value = self.as_kept(block, *value));
        let inst = self.function.inst_mut(id);
        (inst.args, inst.mask) = (args, mask);
    }

    pub(super) fn kept_in_end(&mut self, block: BlockId, mut end: End) -> End {
        if !self.kept.values.is_empty() {
            end.values_mut(|value| *value = self.as_kept(block, *value));
        }
        end
    }

    /// A value as a block sees it.
    fn as_kept(&mut self, block: BlockId, value: Value) -> Value {
        match self.kept.uses.get(&(value, block)).copied() {
            None => value,
            Some(region) => {
                let key = Key::Kept(value, region);
                self.declare_kept(key);
                self.variables.read(self.function, key, block)
            }
        }
    }
}

//! How a value differs from thread to thread: not at all, from vector to vector, by a fixed stride, or anyhow.
//!
//! A shape speaks of the threads that come to a place together. A load of one address by a whole gang gives all of its
//! threads the same number, as they run in lock step: it is [`Shape::Uniform`], whoever writes there. Two gangs of a
//! block may read it at different times, so uniform means the same for the block only as far as nobody writes it
//! in between. Where that matters, at barriers, CUDA demands it anyway: a condition around a barrier must be the same for
//! all threads, and one that hangs on a race is not. Ordered loads (volatile, relaxed, acquire) are the exception: they are
//! never more than vector-uniform.
//!
//! In masked code a masked load from one address is uniform too: what threads outside of the mask see is nobody's business.

mod flow;
mod rules;
mod uniform;

pub use uniform::Uniform;

use smallvec::SmallVec;

use crate::compile::Shape as Launch;
use crate::compile::pass::range::Ranges;
use crate::compile::pass::region::Regions;
use crate::compile::ssa::order::{self, Few, Order};
use crate::compile::ssa::{BlockId, Def, Function, InstId, Op, Value};

/// How a value differs. W threads whose numbers follow each other, the first one's a multiple of W, make a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The same for all threads.
    Uniform,
    /// The same for all threads of a vector.
    VectorUniform,
    /// So much more from each thread of a vector to the next (never 0), wrapping in the value's width.
    Affine(i64),
    /// The same, provided that no extension to 64 bits on the way had to do with a wrap within the vector. Who uses it
    /// checks that.
    AffineIfNoWrap(i64),
    /// Anyhow.
    Varying,
}

/// How far threads go apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// All stay together.
    #[default]
    Never,
    /// Vectors go apart, not their threads.
    Vectors,
    /// Threads of one vector do.
    Threads,
}

impl Shape {
    /// The change from a thread to the next, if it is known.
    pub fn stride(self) -> Option<i64> {
        match self {
            Shape::Uniform | Shape::VectorUniform => Some(0),
            Shape::Affine(stride) | Shape::AffineIfNoWrap(stride) => Some(stride),
            Shape::Varying => None,
        }
    }

    /// The same for all threads of a vector.
    pub fn is_same_in_vector(self) -> bool {
        matches!(self, Shape::Uniform | Shape::VectorUniform)
    }

    /// What threads that decide by it do.
    pub fn apart(self) -> Apart {
        match self {
            Shape::Uniform => Apart::Never,
            Shape::VectorUniform => Apart::Vectors,
            _ => Apart::Threads,
        }
    }

    /// One or the other, the same for all threads.
    fn or(self, other: Shape) -> Shape {
        match (self, other) {
            _ if self == other => self,
            (Shape::Uniform, Shape::VectorUniform) | (Shape::VectorUniform, Shape::Uniform) => {
                Shape::VectorUniform
            }
            (Shape::Affine(a) | Shape::AffineIfNoWrap(a), Shape::Affine(b) | Shape::AffineIfNoWrap(b))
                if a == b =>
            {
                Shape::AffineIfNoWrap(a)
            }
            _ => Shape::Varying,
        }
    }

    /// One for some vectors, one for others.
    fn by_vector(self) -> Shape {
        if self == Shape::Uniform { Shape::VectorUniform } else { self }
    }
}

/// What is known of a function's values.
#[derive(Clone, Debug)]
pub struct Shapes {
    of: Vec<Option<Shape>>,
    /// For each block: how far threads are apart that run it; others of them run something else meanwhile. Threads that have
    /// ended do not count. Of the threads stage only.
    pub control: Vec<Apart>,
    /// For each block: how far apart threads are that leave it for different targets. Of the threads stage only.
    pub ends: Vec<Apart>,
    /// For each region: how far apart threads leave it, in different rounds. Of the threads stage only.
    pub rounds: Vec<Apart>,
}

impl Shapes {
    /// Of the threads stage: control flow makes values differ.
    pub fn of_threads(
        function: &Function,
        regions: &Regions,
        launch: &Launch,
        lanes: u8,
        ranges: &Ranges,
    ) -> Shapes {
        let gone = vec![false; function.blocks.len()];
        Solver::new(function, Some((regions, gone)), rules::Facts { function, launch, lanes, ranges }).solve()
    }

    /// The same for threads that wait for each other: those that will not do so any more count as ended. Only good for
    /// blocks from which a barrier can be reached.
    pub fn of_waiting(
        function: &Function,
        regions: &Regions,
        launch: &Launch,
        lanes: u8,
        ranges: &Ranges,
    ) -> Shapes {
        let mut gone = vec![true; function.blocks.len()];
        let waits = |&id: &InstId| matches!(function.inst(id).op, Op::Barrier | Op::BarrierReduce { .. });
        let mut open: Vec<BlockId> = regions.order.blocks.clone();
        open.retain(|&block| function.block(block).insts.iter().any(waits));
        while let Some(block) = open.pop() {
            if std::mem::replace(&mut gone[block.0 as usize], false) {
                open.extend(&regions.predecessors[block.0 as usize]);
            }
        }
        Solver::new(function, Some((regions, gone)), rules::Facts { function, launch, lanes, ranges }).solve()
    }

    /// Of the masked stage: each branch goes one way for all threads.
    pub fn of_masked(function: &Function, launch: &Launch, lanes: u8, ranges: &Ranges) -> Shapes {
        Solver::new(function, None, rules::Facts { function, launch, lanes, ranges }).solve()
    }

    /// A value's shape, where it is made.
    pub fn of(&self, value: Value) -> Shape {
        self.of.get(value.0 as usize).copied().flatten().unwrap_or(Shape::Varying)
    }
}

/// Who uses a value.
#[derive(Clone, Copy, Debug)]
enum User {
    Inst(InstId, BlockId),
    End(BlockId),
    /// Gives it to the parameter of a block.
    Param(BlockId, u16),
}

/// Users of all values, those of one behind those of another.
struct Users {
    all: Vec<User>,
    /// For each value where its own end.
    ends: Vec<u32>,
}

impl Users {
    fn new(function: &Function, order: &Order) -> Users {
        // First how many each has, then where they start, and with each one that comes where the next one will be.
        let mut ends = vec![0; function.values.len()];
        visit_uses(function, order, |value, _| ends[value.0 as usize] += 1);
        let mut count = 0;
        for end in &mut ends {
            count += std::mem::replace(end, count);
        }
        let mut all = vec![User::End(BlockId(0)); count as usize];
        visit_uses(function, order, |value, user| {
            let at = &mut ends[value.0 as usize];
            all[*at as usize] = user;
            *at += 1;
        });
        Users { all, ends }
    }

    fn of(&self, value: Value) -> &[User] {
        let at = value.0 as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[at] as usize]
    }
}

fn visit_uses(function: &Function, order: &Order, mut visit: impl FnMut(Value, User)) {
    for &id in &order.blocks {
        let block = function.block(id);
        for &inst in &block.insts {
            function.inst(inst).uses(|value| visit(value, User::Inst(inst, id)));
        }
        block.end.condition().into_iter().for_each(|value| visit(value, User::End(id)));
        block.end.targets(|to| {
            for (place, &arg) in (0..).zip(&to.args) {
                visit(arg, User::Param(to.block, place));
            }
        });
    }
}

/// What is saved in a slot of the frame, and who restores it.
type Slot = (Option<Shape>, Vec<(InstId, BlockId)>);

struct Solver<'f> {
    function: &'f Function,
    regions: Option<&'f Regions>,
    facts: rules::Facts<'f>,
    order: Order,
    predecessors: Vec<Few>,
    homes: Vec<Option<BlockId>>,
    users: Users,
    /// Per inst: it was looked at. Others will be, in their turn.
    looked: Vec<bool>,
    of: Vec<Option<Shape>>,
    /// Per slot of the frame: what is saved there, and who restores it.
    slots: Vec<Slot>,
    /// Per block: how far apart threads are that meet there.
    joins: Vec<Apart>,
    control: Vec<Apart>,
    rounds: Vec<Apart>,
    /// Per block: what its end was followed up for.
    followed: Vec<Apart>,
    /// Per block: threads that come there do not count any more.
    gone: Vec<bool>,
    work: Vec<User>,
}

impl<'f> Solver<'f> {
    fn new(
        function: &'f Function,
        flow: Option<(&'f Regions, Vec<bool>)>,
        facts: rules::Facts<'f>,
    ) -> Solver<'f> {
        let (regions, gone) = flow.unzip();
        let gone = gone.unwrap_or_default();
        let order = Order::new(function);
        let predecessors = order::predecessors(function, &order);
        let homes = order::homes(function, &order);
        let users = Users::new(function, &order);
        let mut slots = vec![(None, Vec::new()); function.slots.len()];
        let keeps = !slots.is_empty();
        for &id in order.blocks.iter().filter(|_| keeps) {
            for &inst in &function.block(id).insts {
                if let Op::Restore(slot) = function.inst(inst).op {
                    slots[slot as usize].1.push((inst, id));
                }
            }
        }
        let (values, blocks) = (function.values.len(), function.blocks.len());
        Solver {
            function,
            regions,
            facts,
            order,
            predecessors,
            homes,
            users,
            looked: vec![false; function.insts.len()],
            of: vec![None; values],
            slots,
            joins: vec![Apart::Never; blocks],
            control: vec![Apart::Never; blocks],
            rounds: vec![Apart::Never; regions.map_or(0, |regions| regions.all.len())],
            followed: vec![Apart::Never; blocks],
            gone,
            work: Vec::new(),
        }
    }

    fn solve(mut self) -> Shapes {
        for at in 0..self.order.blocks.len() {
            let block = self.order.blocks[at];
            for &inst in &self.function.block(block).insts {
                self.inst(inst, block);
            }
        }
        while let Some(user) = self.work.pop() {
            match user {
                User::Inst(inst, block) => self.inst(inst, block),
                User::End(block) => self.end(block),
                User::Param(block, place) => self.param(block, place),
            }
        }
        Shapes { of: self.of, control: self.control, ends: self.followed, rounds: self.rounds }
    }

    /// A value's shape as seen from a block. What leaves a loop in different rounds is not the same any more.
    fn seen(&self, value: Value, from: BlockId) -> Option<Shape> {
        let shape = self.of[value.0 as usize]?;
        let (Some(regions), Some(home)) = (self.regions, self.homes[value.0 as usize]) else {
            return Some(shape);
        };
        if shape == Shape::Varying || home == from {
            return Some(shape);
        }
        let left = regions.chain(home).take_while(|&region| !regions.contains(region, from));
        let (apart, region) = left
            .map(|region| (self.rounds[region as usize], region))
            .max_by_key(|&(apart, _)| apart)
            .unwrap_or_default();
        Some(match apart {
            Apart::Never => shape,
            _ if regions.is_invariant(self.function, &self.homes, value, region) => shape,
            Apart::Vectors => shape.by_vector(),
            Apart::Threads => Shape::Varying,
        })
    }

    fn set(&mut self, value: Value, shape: Shape) {
        let old = self.of[value.0 as usize];
        let new = old.map_or(shape, |old| old.or(shape));
        if old != Some(new) {
            self.of[value.0 as usize] = Some(new);
            let waits = |user: &&User| !matches!(user, User::Inst(id, _) if !self.looked[id.0 as usize]);
            self.work.extend(self.users.of(value).iter().filter(waits));
        }
    }

    fn inst(&mut self, id: InstId, block: BlockId) {
        self.looked[id.0 as usize] = true;
        let inst = self.function.inst(id);
        let args: Option<SmallVec<[Shape; 4]>> = inst.args.iter().map(|&arg| self.seen(arg, block)).collect();
        let mask = inst.mask.map(|mask| self.seen(mask, block));
        let (Some(args), Some(mask)) = (args, mask.map_or(Some(None), |mask| mask.map(Some))) else {
            return;
        };
        match inst.op {
            Op::Save(slot) => {
                let (old, restores) = &mut self.slots[slot as usize];
                let new = old.map_or(args[0], |old| old.or(args[0]));
                if *old != Some(new) {
                    *old = Some(new);
                    self.work.extend(restores.iter().map(|&(inst, block)| User::Inst(inst, block)));
                }
            }
            Op::Restore(slot) => {
                if let Some(shape) = self.slots[slot as usize].0 {
                    self.set(inst.results[0], shape);
                }
            }
            _ => {
                // In masked code the mask holds the block's: what is outside of it does not count.
                let mask = mask.filter(|_| self.regions.is_some());
                for (place, &result) in inst.results.iter().enumerate() {
                    let shape = self.facts.result(inst, place, &args, mask);
                    self.set(result, shape);
                }
            }
        }
    }

    fn param(&mut self, block: BlockId, place: u16) {
        let param = self.function.block(block).params[place as usize];
        let mut shape = None;
        let mut only = None;
        let mut alone = true;
        for &from in &self.predecessors[block.0 as usize] {
            self.function.block(from).end.targets(|to| {
                if to.block != block {
                    return;
                }
                let arg = to.args[place as usize];
                alone &= only.is_none_or(|only| only == arg);
                only = Some(arg);
                if let Some(seen) = self.seen(arg, block) {
                    shape = Some(shape.map_or(seen, |shape: Shape| shape.or(seen)));
                }
            });
        }
        let Some(shape) = shape else { return };
        let shape = match self.joins[block.0 as usize] {
            Apart::Never => shape,
            _ if alone => shape,
            Apart::Vectors => shape.by_vector(),
            Apart::Threads => Shape::Varying,
        };
        self.set(param, shape);
    }

    fn end(&mut self, block: BlockId) {
        let Some(regions) = self.regions else { return };
        let condition = self.function.block(block).end.condition();
        let Some(shape) = condition.and_then(|value| self.seen(value, block)) else { return };
        let apart = shape.apart();
        if apart > self.followed[block.0 as usize] {
            self.followed[block.0 as usize] = apart;
            self.follow_branch(regions, block, apart);
        }
    }

    /// Threads meet at a block that were apart.
    fn meet(&mut self, block: BlockId, apart: Apart) {
        if apart > self.joins[block.0 as usize] {
            self.joins[block.0 as usize] = apart;
            let params = self.function.block(block).params.len() as u16;
            self.work.extend((0..params).map(|place| User::Param(block, place)));
        }
    }
}

impl Regions {
    /// Whether a value of a region is the same in each round: pure, and made of what comes from outside.
    pub fn is_invariant(
        &self,
        function: &Function,
        homes: &[Option<BlockId>],
        value: Value,
        region: u32,
    ) -> bool {
        self.invariant(function, homes, value, region, 4)
    }

    fn invariant(
        &self,
        function: &Function,
        homes: &[Option<BlockId>],
        value: Value,
        region: u32,
        depth: u32,
    ) -> bool {
        if homes.get(value.0 as usize).copied().flatten().is_none_or(|home| !self.contains(region, home)) {
            return true;
        }
        let Def::Inst(inst, _) = function.def(value) else { return false };
        let inst = function.inst(inst);
        depth > 0
            && inst.op.is_pure()
            && inst.args.iter().all(|&arg| self.invariant(function, homes, arg, region, depth - 1))
    }
}

#[cfg(test)]
mod tests;

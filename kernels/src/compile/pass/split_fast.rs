//! Loops that are there twice: as long as all threads of the gang stay in one it has no masks.
//!
//! Who comes to such a loop, or from its end to its start, goes to the code without masks where one comparison of scalars
//! tells that the whole gang does, else to the ordinary code, and from there never back.

use super::super::ssa::quick::{Map, Set};

use super::super::Refusal;
use super::super::ssa::order::{Loops, Order};
use super::super::ssa::{BlockId, End, Function, Op, Target as To, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_value::Rep;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};

/// Insts times vectors that are worth to be there twice.
const WORTH: usize = 3000;

/// A loop that is there twice.
#[derive(Clone, Debug)]
pub struct Fast {
    /// The parameter of its first block that tells who is in it.
    mask: Value,
    /// Its place among the parameters.
    place: usize,
    /// The only block that leads back.
    latch: BlockId,
    /// Parameters of 32 bits that are extended as signed numbers or not, with their places: without masks they do not wrap.
    wide: Vec<(Value, usize, bool)>,
    /// All of it, in order.
    body: Vec<BlockId>,
    /// The blocks without masks.
    blocks: Vec<BlockId>,
}

impl Split<'_> {
    /// The loops that should be there twice, by their first blocks.
    pub fn fast_loops(&self) -> Map<BlockId, Fast> {
        let (function, order) = (self.from, &self.order);
        let loops = Loops::new(function, order, &self.dominators);
        let mut all = Map::default();
        for one in &loops.all {
            let mut body = one.blocks.clone();
            body.sort_by_key(|&block| order.of(block));
            let inner =
                loops.all.iter().any(|other| other.header != one.header && body.contains(&other.header));
            let from = &self.predecessors[one.header.0 as usize];
            let backs: Vec<BlockId> = from.iter().copied().filter(|back| body.contains(back)).collect();
            let [latch] = backs[..] else { continue };
            let insts: usize = body.iter().map(|&block| function.block(block).insts.len()).sum();
            let waits = body.iter().any(|block| function.resumes.contains(block))
                || body.iter().any(|&block| matches!(function.block(block).end, End::Yield(_)));
            let large = insts * self.plan.vectors as usize > WORTH;
            if inner || waits || large || !is_closed(function, order, &body) {
                continue;
            }
            if let Some((place, mask)) = carried(function, latch, one.header)
                && self.shapes.of(mask) != Shape::Uniform
                && goes_on(function, latch).is_some_and(|(next, _)| self.is_run(next, Some(mask)))
            {
                let wide = self.wide(one.header, &body);
                all.insert(one.header, Fast { mask, place, latch, wide, body, blocks: Vec::new() });
            }
        }
        all
    }

    /// Runs of numbers that a loop carries and extends.
    fn wide(&self, header: BlockId, body: &[BlockId]) -> Vec<(Value, usize, bool)> {
        let function = self.from;
        let params = &function.block(header).params;
        let mut all = Vec::new();
        for &id in body.iter().flat_map(|&block| &function.block(block).insts) {
            let inst = function.inst(id);
            let kind = match inst.op {
                Op::Compute(Compute::Convert(to)) if to.to.bits() == 64 && !to.to.float() => to.from,
                Op::Compute(Compute::Int(Int::MulWide, kind)) => kind,
                _ => continue,
            };
            for arg in inst.args.iter().filter(|_| matches!(kind, Kind::S32 | Kind::U32)) {
                if let Some(place) = params.iter().position(|param| param == arg)
                    && matches!(self.shapes.of(*arg), Shape::Affine(_))
                    && self.is_fixed(*arg)
                    && !all.contains(&(*arg, place, kind.signed()))
                {
                    all.push((*arg, place, kind.signed()));
                }
            }
        }
        all
    }

    /// Whether a mask is another one, with comparisons of runs of numbers.
    pub fn is_run(&self, mask: Value, param: Option<Value>) -> bool {
        let function = self.from;
        let mut open = vec![mask];
        let mut compared = false;
        while let Some(value) = open.pop() {
            if Some(value) == param {
                continue;
            }
            let Some(inst) = function.maker(value) else { return false };
            match inst.op {
                Op::Entered => {}
                Op::Compute(Compute::Int(Int::And, _)) => open.extend(&inst.args),
                Op::Compute(Compute::Int(Int::Not, _)) if is_comparison(function, inst.args[0]) => {
                    open.extend(&inst.args);
                }
                Op::Compute(Compute::Compare(order, kind, _)) if !kind.float() && is_order(order) => {
                    let is_run = |value: Value| {
                        matches!(self.shapes.of(value), Shape::Affine(1..) | Shape::VectorUniform)
                            && self.is_fixed(value)
                    };
                    let uniform = |value: Value| self.shapes.of(value) == Shape::Uniform;
                    let [a, b] = inst.args[..] else { return false };
                    compared = is_run(a) && uniform(b) || is_run(b) && uniform(a);
                    if !compared {
                        return false;
                    }
                }
                _ => return false,
            }
        }
        compared
    }
}

/// Whether values of the loop are only given to others on ways out of it.
fn is_closed(function: &Function, order: &Order, body: &[BlockId]) -> bool {
    let mut own: Set<Value> = Set::default();
    for &id in body {
        let block = function.block(id);
        own.extend(&block.params);
        own.extend(block.insts.iter().flat_map(|&inst| &function.inst(inst).results));
    }
    order.blocks.iter().filter(|id| !body.contains(id)).all(|&id| {
        let block = function.block(id);
        let mut used = block.end.condition().is_some_and(|value| own.contains(&value));
        block.end.targets(|to| used |= to.args.iter().any(|arg| own.contains(arg)));
        for &inst in &block.insts {
            function.inst(inst).uses(|value| used |= own.contains(&value));
        }
        !used
    })
}

/// The mask that the loop goes on with, as a parameter of its first block.
fn carried(function: &Function, latch: BlockId, header: BlockId) -> Option<(usize, Value)> {
    let (mask, args) = goes_on(function, latch)?;
    let End::Branch(_, yes, no) = &function.block(latch).end else { return None };
    let params = &function.block(header).params;
    let mut places = (0..args.len()).filter(|&at| args[at] == mask && function.ty(params[at]) == Type::I1);
    let place = places.next().filter(|_| yes.block == header && no.block != header)?;
    Some((place, params[place]))
}

/// The mask of a branch on `Any`, and what the block behind it is given.
fn goes_on(function: &Function, block: BlockId) -> Option<(Value, &[Value])> {
    let End::Branch(condition, yes, _) = &function.block(block).end else { return None };
    let inst = function.maker(*condition)?;
    (inst.op == Op::Any).then(|| (inst.args[0], &yes.args[..]))
}

fn is_comparison(function: &Function, value: Value) -> bool {
    function.maker(value).is_some_and(|inst| matches!(inst.op, Op::Compute(Compute::Compare(..))))
}

fn is_order(order: Comparison) -> bool {
    matches!(order, Comparison::Lt | Comparison::Le | Comparison::Gt | Comparison::Ge)
}

impl Split<'_> {
    /// Blocks for the code without masks. Those of the ordinary code are there.
    pub fn add_fast(&mut self) {
        for id in self.order.blocks.clone() {
            let Some(fast) = self.fast.get(&id).cloned() else { continue };
            let before = self.take_blocks(&fast, None);
            let blocks = self.with_full(&fast, |split| {
                fast.body.iter().for_each(|&block| split.add_block(block));
                fast.body.iter().map(|block| split.blocks[block]).collect()
            });
            self.take_blocks(&fast, Some(before));
            fast.body.iter().for_each(|&block| {
                self.once[block.0 as usize] = u8::MAX;
                self.receive(block);
            });
            self.fast.insert(id, Fast { blocks, ..fast });
        }
    }

    /// The blocks of a loop, after others took their places.
    fn take_blocks(&mut self, fast: &Fast, new: Option<Vec<BlockId>>) -> Vec<BlockId> {
        let old = fast.body.iter().map(|block| self.blocks[block]).collect();
        for (&block, new) in fast.body.iter().zip(new.into_iter().flatten()) {
            self.blocks.insert(block, new);
        }
        old
    }

    /// While all threads of the gang are in a loop.
    fn with_full<T>(&mut self, fast: &Fast, run: impl FnOnce(&mut Self) -> T) -> T {
        self.full.insert(fast.mask);
        self.sure.extend(fast.wide.iter().map(|&(value, _, signed)| (value, signed)));
        let result = run(self);
        self.full.remove(&fast.mask);
        self.sure.clear();
        result
    }

    /// Whether all threads of the gang go to a loop, with numbers that do not wrap around from the first to the last.
    fn all_go(&mut self, fast: &Fast, mask: Value, to: &To) -> Value {
        let mut all = self.whole(mask);
        for &(_, place, signed) in &fast.wide {
            let kind = if signed { Kind::S32 } else { Kind::U32 };
            let fits = match self.spread(to.args[place]) {
                Some((first, way)) => self.fits_before(first, way, kind),
                None => self.build.same(Type::I1, 0),
            };
            all = self.build.and(all, fits);
        }
        all
    }

    /// The code without masks of the loop that starts at a block, if there is one.
    pub fn fast_loop(&mut self, id: BlockId) -> Result<(), Refusal> {
        let Some(fast) = self.fast.get(&id).cloned() else { return Ok(()) };
        let before = self.take_blocks(&fast, Some(fast.blocks.clone()));
        let entered = self.loops.entered.take();
        let outer = self.inside.replace((id, before[0]));
        self.with_full(&fast, |split| {
            fast.body.iter().for_each(|&block| split.receive(block));
            fast.body.iter().try_for_each(|&block| split.one_block(block))
        })?;
        self.inside = outer;
        self.loops.entered = entered;
        self.take_blocks(&fast, Some(before));
        fast.body.iter().for_each(|&block| self.receive(block));
        Ok(())
    }

    /// Where one goes who comes to a loop that is there twice; `None`: it is not, or one is in it.
    pub fn fast_target(&mut self, to: &To) -> Result<Option<To>, Refusal> {
        let fast = self.fast.get(&to.block).filter(|fast| !fast.body.contains(&self.block)).cloned();
        let Some(fast) = fast else { return Ok(None) };
        let block = self.build.block();
        let here = std::mem::replace(&mut self.build.at, block);
        let mark = self.build.mark();
        let all = self.all_go(&fast, to.args[fast.place], to);
        let slow = self.build.block();
        self.build.at = slow;
        let old = self.made_again(to.args[fast.place])?;
        let masked = self.plain_target(to);
        self.build.end(End::Jump(masked));
        self.set_back(old);
        self.build.forget(mark);
        self.build.at = block;
        let before = self.take_blocks(&fast, Some(fast.blocks.clone()));
        let quick = self.with_full(&fast, |split| split.plain_target(to));
        self.take_blocks(&fast, Some(before));
        self.build.branch(all, quick, To::to(slow));
        self.build.forget(mark);
        self.build.at = here;
        Ok(Some(To::to(block)))
    }

    /// Makes a mask of comparisons once more, so that it need not be there where nobody else asks for it. What was there before.
    fn made_again(&mut self, mask: Value) -> Result<Vec<(Value, Option<Rep>)>, Refusal> {
        let from = self.from;
        let mut order = Vec::new();
        let mut open = vec![mask];
        while let Some(value) = open.pop() {
            let Some(inst) = from.maker(value) else { continue };
            let logic = matches!(inst.op, Op::Compute(Compute::Int(Int::And | Int::Not, _)));
            let whole = matches!(self.rep(value), Rep::Scalar(_));
            if !whole && (logic || matches!(inst.op, Op::Compute(Compute::Compare(..)))) {
                order.push((value, inst));
                open.extend(if logic { &inst.args[..] } else { &[] });
            }
        }
        let mut before = Vec::new();
        for (value, inst) in order.into_iter().rev() {
            if !before.iter().any(|&(other, _)| other == value) {
                before.push((value, self.reps[value.0 as usize].clone()));
                self.one_inst(inst)?;
            }
        }
        Ok(before)
    }

    /// The end of the code without masks: back to its start with all, or on like the ordinary code. Whether it was that.
    pub fn fast_end(&mut self, id: BlockId) -> Result<bool, Refusal> {
        let Some((header, slow)) = self.inside else { return Ok(false) };
        let (fast, from) = (self.fast[&header].clone(), self.from);
        let (Some((mask, _)), End::Branch(condition, yes, no)) =
            (goes_on(from, id).filter(|_| id == fast.latch), &from.block(id).end)
        else {
            return Ok(false);
        };
        let all = self.all_go(&fast, mask, yes);
        self.build.effect(Op::Poll, &[], None, &[]);
        let (stay, leave) = (self.build.block(), self.build.block());
        self.build.branch(all, To::to(stay), To::to(leave));
        let mark = self.build.mark();
        self.build.at = stay;
        let before = self.assume(mask, id)?;
        let to = self.plain_target(yes);
        self.build.end(End::Jump(to));
        self.set_back(before);
        self.build.forget(mark);
        self.build.at = leave;
        let some = self.scalar(*condition);
        let quick = self.blocks.insert(header, slow);
        self.full.remove(&fast.mask);
        let masked = self.plain_target(yes);
        self.full.insert(fast.mask);
        self.blocks.extend(quick.map(|quick| (header, quick)));
        let out = self.target(no)?;
        self.build.branch(some, masked, out);
        self.build.forget(mark);
        Ok(true)
    }

    /// From here on a mask is full, and what hangs on it in a block is made anew. What was there before.
    fn assume(&mut self, mask: Value, block: BlockId) -> Result<Vec<(Value, Option<Rep>)>, Refusal> {
        let mut before = self.set_full(mask);
        let mut changed: Vec<Value> = before.iter().map(|&(value, _)| value).collect();
        let from = self.from;
        for &id in &from.block(block).insts {
            let inst = from.inst(id);
            let [result] = inst.results[..] else { continue };
            let hangs = inst.args.iter().any(|arg| changed.contains(arg)) && !changed.contains(&result);
            if hangs && matches!(inst.op, Op::Compute(_)) {
                before.push((result, self.reps[result.0 as usize].clone()));
                self.one_inst(inst)?;
                changed.push(result);
            }
        }
        Ok(before)
    }
}

#[cfg(test)]
mod tests;

//! Code that is there twice: behind a condition that holds for all threads of the gang it has no masks.

use super::super::Refusal;
use super::super::ssa::{BlockId, End, Op, Target as To, Type, Value};
use super::split::Split;
use super::split_value::{Rep, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};

/// Insts times vectors that are worth to be there twice.
const WORTH: usize = 6000;
/// The same inside of code without masks.
const WORTH_INSIDE: usize = 2000;
/// Branches inside of each other behind which code is there twice.
const DEPTH: u8 = 2;

impl Split<'_> {
    /// The mask of a branch on `Any` of one, if what is behind it should be there twice.
    fn mask_for_two(&self, id: BlockId, condition: Value, yes: &To) -> Option<Value> {
        let inst = self.from.maker(condition)?;
        let behind = yes.block;
        // Only what has no masks is doubled again.
        let doubled = self.once[id.0 as usize];
        if inst.op != Op::Any
            || self.predecessors[behind.0 as usize].len() != 1
            || doubled > self.inside_twice
            || doubled >= DEPTH
        {
            return None;
        }
        let mask = inst.args[0];
        if matches!(self.rep(mask), Rep::Scalar(_)) {
            return None;
        }
        let region = self.behind(behind);
        // Its loops are there twice anyway.
        if region.iter().any(|block| self.fast.contains_key(block)) {
            return None;
        }
        let insts: usize = region.iter().map(|&block| self.from.block(block).insts.len()).sum();
        let masked = |&block: &BlockId| {
            let wants = |&id: &_| {
                let inst = self.from.inst(id);
                inst.mask.is_some() && (inst.op.touches_memory() || matches!(inst.op, Op::Shuffle(_)))
            };
            self.from.block(block).insts.iter().any(wants)
        };
        let worth = if doubled == 0 { WORTH } else { WORTH_INSIDE };
        let fits = insts * self.plan.vectors as usize <= worth;
        (fits && region.iter().any(masked)).then_some(mask)
    }

    /// The blocks that can only be come to through one.
    fn behind(&self, block: BlockId) -> Vec<BlockId> {
        let all = self.order.blocks.iter().copied();
        all.filter(|&other| self.dominators.dominates(block, other)).collect()
    }

    /// If that is worth it, ends the block with a branch to code for gangs that are in the mask as a whole, and goes on at a
    /// new one for others.
    pub fn twice(&mut self, id: BlockId, condition: Value, yes: &To) -> Result<(), Refusal> {
        let Some(mask) = self.mask_for_two(id, condition, yes) else {
            return self.whole_first(condition, yes);
        };
        let all = self.whole(mask);
        if self.build.constant(all).is_some() {
            return Ok(());
        }
        let region = self.behind(yes.block);
        let before: Vec<BlockId> = region.iter().map(|block| self.blocks[block]).collect();
        let reps = self.set_full(mask);
        let entered = self.loops.entered.take();
        region.iter().for_each(|&block| self.add_block(block));
        let to = self.target(yes)?;
        let rest = self.build.block();
        self.build.end(End::Branch(all, to, To::to(rest)));
        self.inside_twice += 1;
        region.iter().for_each(|block| self.once[block.0 as usize] = self.inside_twice);
        for &block in &region {
            self.one_block(block)?;
        }
        self.inside_twice -= 1;
        self.loops.entered = entered;
        self.set_back(reps);
        for (&block, before) in region.iter().zip(before) {
            self.blocks.insert(block, before);
            self.receive(block);
        }
        self.build.at = rest;
        self.block = id;
        self.build.line = self.from.block(id).line;
        Ok(())
    }

    /// If one comparison tells that the whole gang goes a way, nobody asks which threads do.
    fn whole_first(&mut self, condition: Value, yes: &To) -> Result<(), Refusal> {
        let Some(inst) = self.from.maker(condition).filter(|inst| inst.op == Op::Any) else { return Ok(()) };
        let mask = inst.args[0];
        if matches!(self.rep(mask), Rep::Scalar(_)) || !self.is_run(mask, None) {
            return Ok(());
        }
        let all = self.whole(mask);
        if self.build.constant(all).is_none() {
            let to = self.target(yes)?;
            let rest = self.build.block();
            self.build.end(End::Branch(all, to, To::to(rest)));
            self.build.at = rest;
        }
        Ok(())
    }

    /// A mask and those that it is made of, by what they are if it is full: all or nothing.
    pub fn parts(&self, mask: Value) -> Vec<(Value, bool)> {
        let mut all = vec![(mask, true)];
        let mut at = 0;
        while at < all.len() {
            let (value, full) = all[at];
            let op = self.from.maker(value).map(|inst| (&inst.op, &inst.args));
            let (args, full) = match op {
                Some((Op::Compute(Compute::Int(Int::And, _)), args)) if full => (&args[..], true),
                Some((Op::Compute(Compute::Int(Int::Or, _)), args)) if !full => (&args[..], false),
                Some((Op::Compute(Compute::Int(Int::Not, _)), args)) => (&args[..], !full),
                _ => (&[][..], full),
            };
            for &arg in args {
                if !all.iter().any(|&(other, _)| other == arg) {
                    all.push((arg, full));
                }
            }
            at += 1;
        }
        let opposites = self.opposites(&all);
        all.extend(opposites);
        all
    }

    /// Comparisons of the same numbers that hold where those of some masks do not.
    fn opposites(&self, masks: &[(Value, bool)]) -> Vec<(Value, bool)> {
        let compared = |value: Value| {
            let inst = self.from.maker(value)?;
            match (&inst.op, &inst.args[..]) {
                (Op::Compute(Compute::Compare(order, kind, _)), &[a, b]) if !kind.float() => {
                    Some((*order, *kind, a, b))
                }
                _ => None,
            }
        };
        let known: Vec<_> = masks.iter().filter_map(|&(mask, full)| Some((compared(mask)?, full))).collect();
        let mut found = Vec::new();
        if known.is_empty() {
            return found;
        }
        for &block in &self.order.blocks {
            for &id in &self.from.block(block).insts {
                let [result] = self.from.inst(id).results[..] else { continue };
                let Some((order, kind, a, b)) = compared(result) else { continue };
                let against = |&&((other, same, first, second), _): &&(_, bool)| {
                    same == kind
                        && ((first, second) == (a, b) && opposite(other) == Some(order)
                            || (second, first) == (a, b) && opposite(other).and_then(turned) == Some(order))
                };
                if let Some(&(_, full)) = known.iter().find(against)
                    && !masks.iter().any(|&(mask, _)| mask == result)
                {
                    found.push((result, !full));
                }
            }
        }
        found
    }

    /// From here on a mask is full, and others with it. What was there before.
    pub fn set_full(&mut self, mask: Value) -> Vec<(Value, Option<Rep>)> {
        let flags = [0, 1].map(|flag| Rep::Scalar(self.build.same(Type::I1, flag)));
        let parts = self.parts(mask).into_iter();
        parts
            .map(|(part, full)| (part, self.reps[part.0 as usize].replace(flags[usize::from(full)].clone())))
            .collect()
    }

    /// What was there before.
    pub fn set_back(&mut self, before: Vec<(Value, Option<Rep>)>) {
        before.into_iter().for_each(|(value, rep)| self.reps[value.0 as usize] = rep);
    }

    /// Whether all threads of the gang are in a mask.
    pub fn whole(&mut self, mask: Value) -> Value {
        if let Rep::Scalar(scalar) = *self.rep(mask) {
            return scalar;
        }
        let from = self.from;
        let known = match from.maker(mask).map(|inst| (&inst.op, &inst.args[..])) {
            Some((Op::Entered, _)) if self.plan.is_full() => Some(self.build.same(Type::I1, 1)),
            Some((Op::Entered, _)) => {
                let last = self.build.word(self.plan.threads.saturating_sub(self.plan.gang));
                let enough = self.plan.threads >= self.plan.gang;
                let fits = self.build.compare(Comparison::Le, Kind::U32, self.loops.thread, last);
                Some(if enough { fits } else { self.build.same(Type::I1, 0) })
            }
            Some((Op::Compute(Compute::Int(Int::And, _)), &[a, b])) => {
                let (a, b) = (self.whole(a), self.whole(b));
                Some(self.build.and(a, b))
            }
            Some((Op::Compute(Compute::Compare(order, kind, _)), &[a, b])) if !kind.float() => {
                self.whole_range(*order, *kind, a, b)
            }
            Some((Op::Compute(Compute::Int(Int::Not, _)), &[out])) => self.nobody(out),
            _ => None,
        };
        known.unwrap_or_else(|| {
            if let Rep::Scalar(scalar) = self.rep(mask) {
                return *scalar;
            }
            let mut masks: Values = self.units(false).map(|unit| self.lanes(mask, unit)).collect();
            while masks.len() > 1 {
                masks = masks
                    .chunks(2)
                    .map(|pair| if pair.len() == 2 { self.build.and(pair[0], pair[1]) } else { pair[0] })
                    .collect();
            }
            self.build.pure(Op::MaskAll, &[masks[0]], Type::I1)
        })
    }

    /// Whether no thread of the gang is in a mask, where scalars can tell.
    fn nobody(&mut self, mask: Value) -> Option<Value> {
        if let Rep::Scalar(scalar) = *self.rep(mask) {
            return Some(self.build.logic(Int::Not, &[scalar]));
        }
        let from = self.from;
        match from.maker(mask).map(|inst| (&inst.op, &inst.args[..]))? {
            (Op::Compute(Compute::Int(Int::Or, _)), &[a, b]) => {
                let (a, b) = (self.nobody(a)?, self.nobody(b)?);
                Some(self.build.and(a, b))
            }
            (Op::Compute(Compute::Compare(order, kind, _)), &[a, b]) if !kind.float() => {
                self.whole_range(opposite(*order)?, *kind, a, b)
            }
            _ => None,
        }
    }

    /// Whether a comparison of a run of numbers with a uniform one holds for the whole gang: it does if it does at the end.
    fn whole_range(&mut self, order: Comparison, kind: Kind, a: Value, b: Value) -> Option<Value> {
        let is_uniform = |value: Value| matches!(self.rep(value), Rep::Scalar(_));
        let (order, run, bound) = match (is_uniform(a), is_uniform(b)) {
            (false, true) => (order, a, b),
            (true, false) => (turned(order)?, b, a),
            _ => return None,
        };
        let (first, way) = self.spread(run)?;
        // A wrap would show values within this distance of both ends of the range.
        let way_wide = i128::from(way);
        let (low, high) = self.ranges_of(run, kind);
        let (least, most) = limits(kind);
        let whole = if low < least + way_wide && high > most - way_wide {
            self.fits_before(first, way, kind)
        } else {
            self.build.same(Type::I1, 1)
        };
        let end = match order {
            Comparison::Lt | Comparison::Le => self.build.add_number(first, way),
            Comparison::Gt | Comparison::Ge => first,
            _ => return None,
        };
        let bound = self.scalar(bound);
        let holds = self.build.compare(order, kind, end, bound);
        Some(self.build.and(whole, holds))
    }

    /// The lowest number of all in a gang that lie in rows, and how far the highest one is from there.
    pub fn spread(&mut self, run: Value) -> Option<(Value, i64)> {
        let (bases, stride) = self.bases(run)?;
        let (mut near, mut far) = (0, 0);
        for &base in &bases {
            let distance = self.build.distance(bases[0], base)?;
            (near, far) = (near.min(distance), far.max(distance));
        }
        far = (stride >= 0).then(|| far + stride * (i64::from(self.plan.lanes) - 1))?;
        Some((self.build.add_number(bases[0], near), far - near))
    }

    /// Whether a run does not wrap around.
    pub fn fits_before(&mut self, first: Value, way: i64, kind: Kind) -> Value {
        let last = self.build.same(self.build.ty(first), (limits(kind).1 - i128::from(way)) as u64);
        self.build.compare(Comparison::Le, kind, first, last)
    }

    fn ranges_of(&self, value: Value, kind: Kind) -> (i128, i128) {
        if kind.signed() {
            let (low, high) = self.ranges.signed(value);
            (low.into(), high.into())
        } else {
            let (low, high) = self.ranges.unsigned(value);
            (low.into(), high.into())
        }
    }
}

fn limits(kind: Kind) -> (i128, i128) {
    match (kind.signed(), kind.bits()) {
        (true, 64) => (i64::MIN.into(), i64::MAX.into()),
        (true, _) => (i32::MIN.into(), i32::MAX.into()),
        (false, 64) => (0, u64::MAX.into()),
        (false, _) => (0, u32::MAX.into()),
    }
}

/// What holds where another does not.
fn opposite(order: Comparison) -> Option<Comparison> {
    Some(match order {
        Comparison::Lt => Comparison::Ge,
        Comparison::Le => Comparison::Gt,
        Comparison::Gt => Comparison::Le,
        Comparison::Ge => Comparison::Lt,
        _ => return None,
    })
}

/// The same with its sides changed.
fn turned(order: Comparison) -> Option<Comparison> {
    Some(match order {
        Comparison::Lt => Comparison::Gt,
        Comparison::Le => Comparison::Ge,
        Comparison::Gt => Comparison::Lt,
        Comparison::Ge => Comparison::Le,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

//! Operations of warps: a warp's lanes lie in neighbouring vectors, so most are permutations and logic on masks.

use super::super::Refusal;
use super::super::call::What;
use super::super::ssa::{Inst, Op, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_masks::Masks;
use super::split_plan::WARP;
use super::split_value::{Rep, Unit, Values};
use crate::interp::exchange::source_lane;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::{Reduction, Shuffle, Vote};

/// Lanes of masks by a predicate.
pub struct Votes {
    /// Those whose predicate counts.
    pub set: Values,
    /// All of them.
    all: Values,
}

impl Votes {
    /// Those whose predicate does not count.
    pub fn unset(&self, split: &mut Split<'_>) -> Values {
        let pairs = self.set.iter().zip(&self.all);
        pairs
            .map(|(&set, &all)| {
                let not = split.build.logic(Int::Not, &[set]);
                split.build.and(all, not)
            })
            .collect()
    }
}

impl Split<'_> {
    /// Vectors of a warp.
    fn warp_vectors(&self) -> u32 {
        (WARP / u32::from(self.plan.lanes)).max(1)
    }

    /// An op that looks at several lanes of a warp.
    pub fn warp(&mut self, inst: &Inst) -> Result<(), Refusal> {
        let mut masks = self.masks_of(inst);
        let members = match inst.op {
            Op::Shuffle(_) | Op::ActiveMask => None,
            _ => Some(inst.args[1]),
        };
        if let Some(members) = members
            && self.from.constant(members) != Some(0xffff_ffff)
        {
            if !self.is_of_warp(members) {
                return self.warp_call(inst, &masks);
            }
            masks = self.restricted(&masks, members);
        }
        match inst.op {
            Op::ActiveMask => {
                let words = self.words(&masks.each);
                self.set_words(inst.results[0], &words);
            }
            Op::Vote { mode, negated } => self.vote(inst, mode, negated, &masks),
            Op::Reduce(op, ty) => match reduction(op, ty) {
                Some(known) => self.reduce(inst, known, &masks),
                None => return self.warp_call(inst, &masks),
            },
            Op::Shuffle(mode) => self.shuffle(inst, mode, &masks),
            _ => return self.warp_call(inst, &masks),
        }
        Ok(())
    }

    /// By the runtime.
    fn warp_call(&mut self, inst: &Inst, masks: &Masks) -> Result<(), Refusal> {
        let what = match inst.op {
            Op::Shuffle(mode) => What::Shuffle(mode),
            Op::Vote { mode, negated } => What::Vote(mode, negated),
            Op::Match { all } => What::Match(all),
            Op::Reduce(op, ty) => What::Reduce(op, ty),
            _ => return Err(Refusal::new(inst.line, "no operation of warps")),
        };
        self.masked_call(inst, what, masks)
    }

    /// A value that all lanes of a warp have in common.
    fn is_of_warp(&self, value: Value) -> bool {
        let made = |inst: &Inst| match inst.op {
            Op::ActiveMask => true,
            // Lanes with other members have another result.
            Op::Vote { mode: Vote::Ballot, .. } => self.is_of_warp(inst.args[1]),
            _ => false,
        };
        self.shape(value) == Shape::Uniform || self.from.maker(value).is_some_and(made)
    }

    /// Lanes that are members.
    fn restricted(&mut self, masks: &Masks, members: Value) -> Masks {
        let lanes = self.plan.lanes;
        let mut each = Values::new();
        for (vector, &mask) in (0..).zip(&masks.each) {
            let word = self.first(members, vector);
            let amount = self.build.word(vector % self.warp_vectors() * u32::from(lanes));
            let word = self.build.int(Int::Shr, Kind::U32, &[word, amount]);
            let member = self.build.mask(word, lanes);
            each.push(self.build.and(mask, member));
        }
        Masks { each, filled: false }
    }

    /// Masks as a word a warp, for each vector that of its warp.
    fn words(&mut self, masks: &[Value]) -> Values {
        let mut all = Values::new();
        for warp in masks.chunks(self.warp_vectors() as usize) {
            let mut word = self.build.word(0);
            for (place, &mask) in (0..).zip(warp) {
                let bits = self.build.bits(mask);
                let amount = self.build.word(place * u32::from(self.plan.lanes));
                let bits = self.build.int(Int::Shl, Kind::B32, &[bits, amount]);
                word = self.build.int(Int::Or, Kind::B32, &[word, bits]);
            }
            all.extend(std::iter::repeat_n(word, warp.len()));
        }
        all
    }

    fn set_words(&mut self, result: Value, words: &[Value]) {
        self.set(result, Rep::Bases(words.into(), 0));
    }

    /// Lanes by a predicate.
    pub fn votes(&mut self, inst: &Inst, predicate: Value, negated: bool) -> Votes {
        let masks = self.masks_of(inst);
        self.votes_among(predicate, negated, &masks)
    }

    fn votes_among(&mut self, predicate: Value, negated: bool, masks: &Masks) -> Votes {
        let mut set = Values::new();
        for (vector, &mask) in (0..).zip(&masks.each) {
            let mut yes = self.lanes(predicate, Unit::Whole(vector));
            if negated {
                yes = self.build.logic(Int::Not, &[yes]);
            }
            set.push(self.build.and(mask, yes));
        }
        Votes { set, all: masks.each.clone() }
    }

    fn vote(&mut self, inst: &Inst, mode: Vote, negated: bool, masks: &Masks) {
        let votes = self.votes_among(inst.args[0], negated, masks);
        let words = match mode {
            Vote::Ballot => self.words(&votes.set),
            Vote::Any => self.warp_any(&votes.set),
            Vote::All => {
                let unset = votes.unset(self);
                let any = self.warp_any(&unset);
                self.outside(&any)
            }
            Vote::Uniform => {
                let unset = votes.unset(self);
                let (some, others) = (self.warp_any(&votes.set), self.warp_any(&unset));
                let both: Values =
                    some.iter().zip(&others).map(|(&some, &other)| self.build.and(some, other)).collect();
                self.outside(&both)
            }
        };
        self.set_words(inst.results[0], &words);
    }

    /// Whether a warp has any lane of these masks, for each vector.
    fn warp_any(&mut self, masks: &[Value]) -> Values {
        let mut all = Values::new();
        for warp in masks.chunks(self.warp_vectors() as usize) {
            let any = self.build.any(warp);
            all.extend(std::iter::repeat_n(any, warp.len()));
        }
        all
    }

    fn reduce(&mut self, inst: &Inst, (op, kind, neutral): (Int, Kind, u32), masks: &Masks) {
        let mut parts = Values::new();
        for unit in self.units(false) {
            let part = self.lanes(inst.args[0], unit);
            parts.push(match self.mask_of(masks, unit) {
                Some(mask) => {
                    let ty = self.build.ty(part);
                    let rest = self.build.same(ty, neutral.into());
                    self.build.select(mask, part, rest)
                }
                None => part,
            });
        }
        let mut all = Values::new();
        for warp in parts.chunks(self.warp_vectors() as usize) {
            let mut sum = warp[0];
            for &part in &warp[1..] {
                sum = self.build.int(op, kind, &[sum, part]);
            }
            let sum = self.folded(sum, op, kind);
            let sum = self.build.extract(sum, 0);
            all.extend(std::iter::repeat_n(sum, warp.len()));
        }
        self.set_words(inst.results[0], &all);
    }

    fn shuffle(&mut self, inst: &Inst, mode: Shuffle, masks: &Masks) {
        let [value, by, clamp] = inst.args[..] else { return };
        let known = (self.from.constant(by), self.from.constant(clamp));
        let (sources, valid) = match known {
            (Some(by), Some(clamp)) => self.known_sources(mode, by as u32, clamp as u32),
            _ => self.sources(mode, by, clamp),
        };
        if let Some(&result) = inst.results.get(1) {
            self.set(result, Rep::Full(valid));
        }
        if self.shape(value) == Shape::Uniform {
            // Every lane has the same to give.
            let rep = self.rep(value).clone();
            self.set(inst.results[0], rep);
            return;
        }
        let values = self.full(value);
        let words = self.words(&masks.each);
        let full = self.is_full(masks);
        let mut parts = Values::new();
        for (vector, &source) in sources.iter().enumerate() {
            let first = vector / self.warp_vectors() as usize * self.warp_vectors() as usize;
            let warp = &values[first..first + self.warp_vectors() as usize];
            let mut part = self.moved(warp, source);
            if !full {
                let there = self.is_in(words[vector], source);
                part = self.build.select(there, part, values[vector]);
            }
            parts.push(part);
        }
        self.set(inst.results[0], Rep::Full(parts));
    }

    /// In each lane whether a word has the bit that the lane names.
    fn is_in(&mut self, word: Value, places: Value) -> Value {
        let ty = self.build.ty(places);
        let one = self.build.same(ty, 1);
        let bits = self.build.int(Int::Shl, Kind::B32, &[one, places]);
        let all = self.build.broadcast(word, self.plan.lanes);
        let own = self.build.int(Int::And, Kind::B32, &[all, bits]);
        self.is_set(own)
    }

    /// For each vector the lanes of the warp that values come from, and whether they are in range.
    fn known_sources(&mut self, mode: Shuffle, by: u32, clamp: u32) -> (Values, Values) {
        let lanes = u32::from(self.plan.lanes);
        let (mut sources, mut valid) = (Values::new(), Values::new());
        for vector in 0..self.plan.vectors {
            let start = vector % self.warp_vectors() * lanes;
            let all: Vec<(u32, bool)> =
                (start..start + lanes).map(|lane| source_lane(mode, lane, by, clamp)).collect();
            let from = all.iter().map(|&(from, _)| from.into()).collect();
            sources.push(self.build.each(Type::v32(self.plan.lanes), from));
            let flags = all.iter().map(|&(_, valid)| valid.into()).collect();
            valid.push(self.build.constant_of(Type::M { lanes: self.plan.lanes }, flags));
        }
        (sources, valid)
    }

    /// The same by arithmetic, as [`source_lane`] says it.
    fn sources(&mut self, mode: Shuffle, by: Value, clamp: Value) -> (Values, Values) {
        let lanes = u32::from(self.plan.lanes);
        let ty = Type::v32(self.plan.lanes);
        let (mut sources, mut all_valid) = (Values::new(), Values::new());
        let (low, eight) = (self.build.same(ty, 31), self.build.same(ty, 8));
        for vector in 0..self.plan.vectors {
            let start = vector % self.warp_vectors() * lanes;
            let lane = self.steps(ty, start.into(), 1);
            let (by, clamp) = (self.lanes(by, Unit::Whole(vector)), self.lanes(clamp, Unit::Whole(vector)));
            let and = |split: &mut Self, a, b| split.build.int(Int::And, Kind::B32, &[a, b]);
            let by = and(self, by, low);
            let limit = and(self, clamp, low);
            let segment = self.build.int(Int::Shr, Kind::U32, &[clamp, eight]);
            let segment = and(self, segment, low);
            let inside = self.build.int(Int::Not, Kind::B32, &[segment]);
            let first = and(self, lane, segment);
            let rest = and(self, limit, inside);
            let last = self.build.int(Int::Or, Kind::B32, &[first, rest]);
            let from = match mode {
                Shuffle::Up => self.build.int(Int::Sub, Kind::U32, &[lane, by]),
                Shuffle::Down => self.build.add(lane, by),
                Shuffle::Butterfly => self.build.int(Int::Xor, Kind::B32, &[lane, by]),
                Shuffle::Index => {
                    let rest = and(self, by, inside);
                    self.build.int(Int::Or, Kind::B32, &[first, rest])
                }
            };
            let order = if mode == Shuffle::Up { Comparison::Ge } else { Comparison::Le };
            let valid = self.build.compare(order, Kind::S32, from, last);
            let from = and(self, from, low);
            sources.push(self.build.select(valid, from, lane));
            all_valid.push(valid);
        }
        (sources, all_valid)
    }

    /// Lanes of a warp's vectors, by their numbers in the warp.
    fn moved(&mut self, warp: &[Value], sources: Value) -> Value {
        if let [only] = warp[..] {
            return self.build.permute(sources, only);
        }
        if let [low, high] = warp[..] {
            return self.build.permute2(sources, low, high);
        }
        // Pairs of vectors, then one pair or the other by the next bit of the number.
        let lanes = u32::from(self.plan.lanes);
        let mut parts: Vec<Value> =
            warp.chunks(2).map(|pair| self.build.permute2(sources, pair[0], pair[1])).collect();
        let mut bit = lanes * 2;
        while parts.len() > 1 {
            let ty = self.build.ty(sources);
            let mask = self.build.same(ty, bit.into());
            let upper = self.build.int(Int::And, Kind::B32, &[sources, mask]);
            let upper = self.is_set(upper);
            parts = parts.chunks(2).map(|pair| self.build.select(upper, pair[1], pair[0])).collect();
            bit *= 2;
        }
        parts[0]
    }
}

/// Reductions of integers: the op, its type, and what changes nothing.
fn reduction(op: Reduction, ty: Kind) -> Option<(Int, Kind, u32)> {
    if ty.float() {
        return None;
    }
    let signed = ty.signed();
    Some(match op {
        Reduction::Add => (Int::Add, Kind::U32, 0),
        Reduction::And => (Int::And, Kind::B32, u32::MAX),
        Reduction::Or => (Int::Or, Kind::B32, 0),
        Reduction::Xor => (Int::Xor, Kind::B32, 0),
        Reduction::Min if signed => (Int::Min, Kind::S32, i32::MAX as u32),
        Reduction::Max if signed => (Int::Max, Kind::S32, i32::MIN as u32),
        Reduction::Min => (Int::Min, Kind::U32, u32::MAX),
        Reduction::Max => (Int::Max, Kind::U32, 0),
        _ => return None,
    })
}

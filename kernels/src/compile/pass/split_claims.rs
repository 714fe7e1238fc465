//! What a block makes sure of before it does anything: that the claims about its indexes hold. If they do not, it is left.

use std::collections::BTreeMap;

use super::super::Refusal;
use super::super::code::Left;
use super::super::ssa::{End, Inst, Target, Value};
use super::claims::Product;
use super::split::Split;
use super::split_rows::is_column;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};

/// Claims that differ in nothing but a number that is added, and in the way through the block.
type Family = (bool, Vec<(Product, u32)>);

/// Factors that the block shares, and a number.
type Shared<'s> = (&'s [Value], u32);

/// What is added in a family, as signed numbers: the least, and the most with the margin.
type Ends = (i64, i64);

impl Split<'_> {
    /// At the head of a block, behind its place: a branch out if a claim does not hold.
    pub fn make_sure(&mut self) -> Result<(), Refusal> {
        let wraps = self.wraps(None)?;
        if wraps.is_empty() {
            return Ok(());
        }
        let wraps = self.build.either(&wraps);
        let (out, on) = (self.build.block(), self.build.block());
        self.build.end(End::Branch(wraps, Target::to(out), Target::to(on)));
        self.build.at = out;
        let mark = self.build.mark();
        let left = self.build.word(Left::Wrapped as u32);
        self.build.end(End::Return(left));
        self.build.forget(mark);
        self.build.at = on;
        Ok(())
    }

    /// What is true if a claim does not hold, in the block that is at hand or in one of so many behind it in its row of the grid.
    pub fn wraps(&mut self, further: Option<Value>) -> Result<Vec<Value>, Refusal> {
        let mut families: BTreeMap<Family, Ends> = BTreeMap::new();
        for claim in self.claims.clone() {
            let mut sum = claim.sum.clone();
            let number = i64::from(sum.remove(&(None, Vec::new())).unwrap_or(0) as i32);
            let ends = (number, number + i64::from(claim.margin));
            let own = families.entry((claim.signed, sum.into_iter().collect())).or_insert(ends);
            *own = (own.0.min(ends.0), own.1.max(ends.1));
        }
        let mut wraps: Vec<Value> = Vec::new();
        for ((signed, sum), ends) in families {
            wraps.extend(self.leaves(signed, &sum, ends, further)?);
        }
        wraps.retain(|&wraps| self.build.constant(wraps) != Some(0));
        Ok(wraps)
    }

    /// Whether a sum leaves the numbers of 32 bits below or above.
    fn leaves(
        &mut self,
        signed: bool,
        sum: &[(Product, u32)],
        ends: Ends,
        further: Option<Value>,
    ) -> Result<[Value; 2], Refusal> {
        let mut places: BTreeMap<Option<(Value, u32)>, Vec<Shared<'_>>> = BTreeMap::new();
        for ((place, factors), number) in sum {
            places.entry(*place).or_default().push((factors, *number));
        }
        let shared = places.remove(&None).unwrap_or_default();
        let start = self.sum_of(&shared)?;
        let start = self.build.widen(start, signed);
        let (mut least, mut most) = (start, start);
        if let Some(further) = further {
            let times = self.times_of_column(&shared)?;
            let times = self.build.widen(times, true);
            let further = self.build.widen(further, false);
            let way = self.build.multiply(times, further);
            (least, most) = self.reach(least, most, way);
        }
        let (mut before, mut behind) = ends;
        for (place, products) in places {
            let far = place.map_or(0, |(_, far)| i64::from(far));
            let times = self.sum_of(&products)?;
            if let Some(number) = self.build.constant(times) {
                let way = i64::from(number as i32) * far;
                (before, behind) = (before + way.min(0), behind + way.max(0));
                continue;
            }
            let times = self.build.widen(times, true);
            let way = self.build.multiply_number(times, far as u64);
            (least, most) = self.reach(least, most, way);
        }
        let (low, high) =
            if signed { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (0, i64::from(u32::MAX)) };
        let (low, high) = (self.build.long((low - before) as u64), self.build.long((high - behind) as u64));
        let below = self.build.compare(Comparison::Lt, Kind::S64, least, low);
        let above = self.build.compare(Comparison::Gt, Kind::S64, most, high);
        Ok([below, above])
    }

    /// The least and the most of numbers, with a number that something up to all of it is added of.
    fn reach(&mut self, least: Value, most: Value, way: Value) -> (Value, Value) {
        let zero = self.build.long(0);
        let (down, up) = (
            self.build.int(Int::Min, Kind::S64, &[way, zero]),
            self.build.int(Int::Max, Kind::S64, &[way, zero]),
        );
        (self.build.add(least, down), self.build.add(most, up))
    }

    /// How much a sum grows from a block to the next one of its row, where `split_rows` says that it grows by the same each time.
    fn times_of_column(&mut self, sum: &[Shared<'_>]) -> Result<Value, Refusal> {
        let mut products: Vec<(Vec<Value>, u32)> = Vec::new();
        for &(factors, number) in sum {
            let mut factors = factors.to_vec();
            if let Some(at) = factors.iter().position(|&factor| is_column(self.from, factor)) {
                factors.remove(at);
                products.push((factors, number));
            }
        }
        let products: Vec<Shared<'_>> = products.iter().map(|(all, number)| (&all[..], *number)).collect();
        self.sum_of(&products)
    }

    /// A sum of products of numbers that the block shares, in 32 bits.
    pub fn sum_of(&mut self, products: &[Shared<'_>]) -> Result<Value, Refusal> {
        let mut sum = self.build.word(0);
        for &(factors, number) in products {
            let mut product = self.build.word(number);
            for &factor in factors {
                self.early(factor)?;
                let factor = self.scalar(factor);
                product = self.build.multiply(factor, product);
            }
            sum = self.build.add(sum, product);
        }
        Ok(sum)
    }

    /// Works a value out that is known before the block does anything. Its own place comes to the same again.
    fn early(&mut self, value: Value) -> Result<(), Refusal> {
        let from = self.from;
        let Some(inst) = from.maker(value).filter(|_| self.reps[value.0 as usize].is_none()) else {
            return Ok(());
        };
        inst.args.iter().try_for_each(|&arg| self.early(arg))?;
        self.build.line = inst.line;
        self.one_inst(&Inst { mask: None, ..inst.clone() })
    }
}

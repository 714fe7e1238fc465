//! Columns: vectors of a gang whose lanes lie far apart, each one element behind another vector's. Rows of them are read or
//! written at once, and transposed in registers.

use super::super::ssa::{Access, Inst, Op, Type, Value};
use super::split::Split;
use super::split_address::At;
use super::split_build::lanes;
use super::split_masks::Masks;
use super::split_stride::Row;
use super::split_value::Values;

/// Lanes that are as far apart as this, or more, are left to gathers.
const FAR: u64 = 1 << 20;

/// The words that are moved within at first.
const QUAD: u64 = 4;

impl Split<'_> {
    /// Columns side by side, if there are any, and all that a row of them has is accessed.
    pub fn columns(&mut self, inst: &Inst, access: &Access, stride: i64, masks: &Masks) -> Option<Row> {
        let width = self.width();
        let row = width * i64::from(access.bytes);
        let writes = inst.results.is_empty();
        // Written rows must not overlap.
        let apart = !writes || stride.abs() >= row;
        let fits = matches!(self.plan.lanes, 8 | 16) && access.bytes == 4 && stride.unsigned_abs() < FAR;
        if !fits || !apart || !self.is_full(masks) {
            return None;
        }
        let ats = self.columns_at(inst, access);
        (!self.groups(&ats).is_empty()).then_some(Row::Columns(stride))
    }

    /// How many columns make a group.
    fn width(&self) -> i64 {
        i64::from(self.plan.lanes) / 2
    }

    /// Where the first lanes of all vectors lie, element by element.
    fn columns_at(&mut self, inst: &Inst, access: &Access) -> Vec<At> {
        let count = inst.results.len().max(inst.args.len() - 1) as i64;
        let mut ats = Vec::new();
        for place in 0..count {
            for vector in 0..self.plan.vectors {
                let at = self.first_at(access, inst.args[0], vector);
                ats.push(At { offset: at.offset + place * i64::from(access.bytes), ..at });
            }
        }
        ats
    }

    /// Groups of columns that lie side by side, by their places among all.
    fn groups(&self, ats: &[At]) -> Vec<Vec<usize>> {
        let width = self.width() as usize;
        let mut order: Vec<usize> = (0..ats.len()).collect();
        order.sort_by_key(|&place| (ats[place].base, ats[place].offset));
        let follows = |pair: &[usize]| {
            let (a, b) = (ats[pair[0]], ats[pair[1]]);
            a.base == b.base && a.offset + 4 == b.offset
        };
        let (mut groups, mut rest) = (Vec::new(), &order[..]);
        while rest.len() >= width {
            let run = 1 + rest.windows(2).take(width - 1).take_while(|pair| follows(pair)).count();
            if run == width {
                groups.push(rest[..width].to_vec());
            }
            rest = &rest[run..];
        }
        groups
    }

    /// Loads columns: the values of each result one behind the other.
    pub fn load_columns(&mut self, inst: &Inst, access: &Access, masks: &Masks, stride: i64) -> Values {
        let ats = self.columns_at(inst, access);
        let mut parts = vec![None; ats.len()];
        for group in self.groups(&ats) {
            let columns = self.read_rows(access, ats[group[0]], stride);
            group.iter().zip(columns).for_each(|(&place, column)| parts[place] = Some(column));
        }
        let vectors = self.plan.vectors as usize;
        let mut values = Values::new();
        for (own, (place, &result)) in parts.chunks(vectors).zip((0..).zip(&inst.results)) {
            let mut all = Values::new();
            for (vector, &part) in (0..).zip(own) {
                all.push(match part {
                    Some(part) => part,
                    None => self.gather_at(inst, access, masks, (vector, place)),
                });
            }
            let widens = self.from.ty(result) == Type::I64;
            values.extend(if widens { self.extended(&all, access.signed) } else { all });
        }
        values
    }

    /// A row of words for each lane, as columns.
    fn read_rows(&mut self, access: &Access, at: At, stride: i64) -> Vec<Value> {
        let half = Type::v32(self.plan.lanes / 2);
        let row = |split: &mut Self, lane: i64| {
            let access = Access { offset: at.offset + lane * stride, ..*access };
            split.build.read(Op::Load(access), &[at.base], None, half)
        };
        let quad = QUAD as i64;
        let mut parts: Vec<Vec<Value>> = Vec::new();
        for first in (0..i64::from(self.plan.lanes)).step_by(2 * QUAD as usize) {
            // Row i of this quad and of the next one.
            let pairs: Vec<Value> = (first..first + quad)
                .map(|lane| {
                    let (low, high) = (row(self, lane), row(self, lane + quad));
                    self.build.join(low, high)
                })
                .collect();
            parts.push(self.quads_turned(&pairs));
        }
        match &parts[..] {
            [low, high] => [0, 1]
                .iter()
                .flat_map(|&odd| low.iter().zip(high).map(move |(&low, &high)| (odd, low, high)))
                .map(|(odd, low, high)| self.quads_of(odd, low, high))
                .collect(),
            _ => parts.concat(),
        }
    }

    /// Four vectors, each four words of them transposed.
    fn quads_turned(&mut self, rows: &[Value]) -> Vec<Value> {
        let count = u64::from(self.plan.lanes);
        let words = move |high: u64| move |at: u64| at % 2 * count + high * 2 + at / 2;
        let pairs = move |high: u64| move |at: u64| at / 2 * count + high * 2 + at % 2;
        let mut turned = Vec::new();
        for high in [0, 1] {
            let first = self.within_quads(words(high), rows[0], rows[1]);
            let second = self.within_quads(words(high), rows[2], rows[3]);
            turned.push(self.within_quads(pairs(0), first, second));
            turned.push(self.within_quads(pairs(1), first, second));
        }
        turned
    }

    /// Of each four words of two vectors those that `of` says: below the lanes' number those of the first.
    fn within_quads(&mut self, of: impl Fn(u64) -> u64, first: Value, second: Value) -> Value {
        let lane = |lane: u64| lane / QUAD * QUAD + of(lane % QUAD);
        self.of_both(lane, first, second)
    }

    /// The even or odd fours of words of two vectors.
    fn quads_of(&mut self, odd: u64, first: Value, second: Value) -> Value {
        self.of_both(|lane| (lane / QUAD * 2 + odd) * QUAD + lane % QUAD, first, second)
    }

    fn of_both(&mut self, from: impl Fn(u64) -> u64, first: Value, second: Value) -> Value {
        let ty = self.build.ty(first);
        let index = self.build.each(ty, (0..u64::from(lanes(ty))).map(from).collect());
        self.build.permute2(index, first, second)
    }

    /// Stores columns.
    pub fn store_columns(&mut self, inst: &Inst, access: &Access, masks: &Masks, stride: i64) {
        let ats = self.columns_at(inst, access);
        let vectors = self.plan.vectors as usize;
        let mut values = Vec::new();
        for &value in &inst.args[1..] {
            for vector in 0..self.plan.vectors {
                values.push(self.stored(value, access, vector)[0]);
            }
        }
        let groups = self.groups(&ats);
        for group in &groups {
            let columns: Vec<Value> = group.iter().map(|&place| values[place]).collect();
            self.write_rows(access, ats[group[0]], stride, &columns);
        }
        for (at, &value) in values.iter().enumerate() {
            if !groups.iter().any(|group| group.contains(&at)) {
                let place = ((at % vectors) as u32, (at / vectors) as i64);
                self.scatter_at(inst, access, masks, place, value);
            }
        }
    }

    /// Columns, as a row of words for each lane.
    fn write_rows(&mut self, access: &Access, at: At, stride: i64, columns: &[Value]) {
        let quad = QUAD as usize;
        let blocks: Vec<Vec<Value>> = match columns.split_at(quad) {
            (low, []) => vec![low.to_vec()],
            (low, high) => [0, 1]
                .iter()
                .map(|&upper| {
                    low.iter().zip(high).map(|(&low, &high)| self.quads_mixed(upper, low, high)).collect()
                })
                .collect(),
        };
        for (first, block) in (0..).step_by(2 * quad).zip(&blocks) {
            for (lane, pair) in (first..).zip(self.quads_turned(block)) {
                for half in 0..2 {
                    let row = self.build.half(pair, half);
                    let lane = lane + i64::from(half) * QUAD as i64;
                    let access = Access { offset: at.offset + lane * stride, ..*access };
                    self.build.effect(Op::Store(access), &[at.base, row], None, &[]);
                }
            }
        }
    }

    /// The lower or upper fours of words of two vectors in turn.
    fn quads_mixed(&mut self, upper: u64, first: Value, second: Value) -> Value {
        let count = u64::from(self.plan.lanes);
        let from = |lane: u64| {
            let at = lane / QUAD;
            at % 2 * count + count / 2 * upper + at / 2 * QUAD + lane % QUAD
        };
        self.of_both(from, first, second)
    }
}

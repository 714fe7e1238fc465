//! Rows of small structures: wide loads and stores of consecutive words, and permutations that part and join their elements.

use super::super::ssa::{Access, Inst, Op, Type, Value};
use super::split::Split;
use super::split_address::At;
use super::split_build::{lanes, vector_of};
use super::split_masks::Masks;
use super::split_value::{Unit, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::Int;

/// How the elements of lanes that lie in a row are read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// One behind the other.
    Elements,
    /// Narrow ones that make a word of 32 bits together.
    Packed,
    /// A structure of so many words a lane.
    Words(u32),
    /// So many bytes apart, as some of the gang's vectors beside each other are.
    Columns(i64),
}

impl Split<'_> {
    /// How a row with this stride is accessed, if there is more than lane by lane.
    pub fn row(&self, inst: &Inst, access: &Access, stride: i64, masks: &Masks) -> Option<Row> {
        let count = inst.results.len().max(inst.args.len() - 1) as i64;
        let bytes = i64::from(access.bytes);
        if count == 1 && stride == bytes {
            return Some(Row::Elements);
        }
        if bytes < 4 && count * bytes == 4 && stride == 4 {
            return Some(Row::Packed);
        }
        let words = stride / bytes;
        let fits = bytes >= 4 && stride % bytes == 0 && (2..=4).contains(&words) && count <= words;
        // A mask a lane would have to become one a word.
        (fits && self.is_full(masks)).then_some(Row::Words(words as u32))
    }

    /// Where the words of a unit start.
    fn start_of_unit(&mut self, inst: &Inst, access: &Access, unit: Unit, stride: i64) -> At {
        let mut at = self.first_at(access, inst.args[0], unit.vector());
        if let Unit::Half(half) = unit {
            at.offset += i64::from(half % 2) * i64::from(self.lanes_of(unit)) * stride;
        }
        at
    }

    /// Which words of a part have elements that are accessed, as a mask; `None`: all.
    fn words_mask(&mut self, count: u32, words: u32, unit: Unit, part: u32) -> Option<Value> {
        if count == words {
            return None;
        }
        let lanes = self.lanes_of(unit);
        let first = part * u32::from(lanes);
        let wanted = (first..first + u32::from(lanes)).map(|word| u64::from(word % words < count)).collect();
        Some(self.build.constant_of(Type::M { lanes }, wanted))
    }

    /// Loads structures: the values of each result one behind the other.
    pub fn load_structures(&mut self, inst: &Inst, access: &Access, words: u32) -> Values {
        let wide = access.bytes == 8;
        let count = inst.results.len() as u32;
        let stride = i64::from(words) * i64::from(access.bytes);
        let mut all = vec![Values::new(); inst.results.len()];
        for unit in self.units(wide) {
            let at = self.start_of_unit(inst, access, unit, stride);
            let ty = vector_of(if wide { Type::I64 } else { Type::I32 }, self.lanes_of(unit));
            let mut parts = Vec::new();
            for part in 0..words {
                let step = i64::from(part) * i64::from(self.lanes_of(unit)) * i64::from(access.bytes);
                let access = Access { offset: at.offset + step, ..*access };
                let mask = self.words_mask(count, words, unit, part);
                parts.push(self.build.read(Op::Load(access), &[at.base], mask, ty));
            }
            for (element, values) in (0..).zip(&mut all) {
                let places: Vec<u32> = (0..u32::from(lanes(ty))).map(|lane| lane * words + element).collect();
                let picked = self.picked(&parts, &places);
                values.push(picked);
            }
        }
        let mut values = Values::new();
        for (own, &result) in all.iter().zip(&inst.results) {
            let extends = !wide && self.from.ty(result) == Type::I64;
            values.extend(if extends { self.extended(own, access.signed) } else { own.clone() });
        }
        values
    }

    /// Lanes out of up to four vectors behind each other.
    fn picked(&mut self, parts: &[Value], places: &[u32]) -> Value {
        let ty = self.build.ty(parts[0]);
        let count = u32::from(lanes(ty));
        let table = |split: &mut Self, of: &dyn Fn(u32, u32) -> u32| {
            let numbers = (0..).zip(places).map(|(lane, &place)| of(lane, place).into()).collect();
            split.build.each(ty, numbers)
        };
        let low = table(self, &|_, place| if place < 2 * count { place } else { 0 });
        let first = self.build.permute2(low, parts[0], parts[1]);
        match parts[2..] {
            [third] => {
                let index = table(self, &|lane, place| if place < 2 * count { lane } else { place - count });
                self.build.permute2(index, first, third)
            }
            [third, fourth] => {
                let index = table(self, &|_, place| place.saturating_sub(2 * count));
                let second = self.build.permute2(index, third, fourth);
                let upper = places.iter().map(|&place| u64::from(place >= 2 * count)).collect();
                let upper = self.build.constant_of(Type::M { lanes: count as u8 }, upper);
                self.build.select(upper, second, first)
            }
            _ => first,
        }
    }

    /// Stores structures.
    pub fn store_structures(&mut self, inst: &Inst, access: &Access, words: u32) {
        let wide = access.bytes == 8;
        let count = inst.args.len() as u32 - 1;
        let stride = i64::from(words) * i64::from(access.bytes);
        for unit in self.units(wide) {
            let at = self.start_of_unit(inst, access, unit, stride);
            let mut elements = Vec::new();
            for &value in &inst.args[1..] {
                let parts = self.stored(value, access, unit.vector());
                elements.push(match unit {
                    Unit::Half(half) => parts[half as usize % 2],
                    Unit::Whole(_) => parts[0],
                });
            }
            // At least a pair, and what no element is stored to takes anything.
            elements.resize(words.max(2) as usize, elements[0]);
            let size = u32::from(self.lanes_of(unit));
            for part in 0..words {
                let first = part * size;
                let places: Vec<u32> =
                    (first..first + size).map(|word| word % words * size + word / words).collect();
                let value = self.picked(&elements, &places);
                let mask = self.words_mask(count, words, unit, part);
                let step = i64::from(first) * i64::from(access.bytes);
                let access = Access { offset: at.offset + step, ..*access };
                self.build.effect(Op::Store(access), &[at.base, value], mask, &[]);
            }
        }
    }

    /// Loads narrow elements that make words: the values of each result one behind the other.
    pub fn load_packed(&mut self, inst: &Inst, access: &Access, masks: &Masks) -> Values {
        let bits = u32::from(access.bytes) * 8;
        let mut words = Values::new();
        for unit in self.units(false) {
            let at = self.first_at(access, inst.args[0], unit.vector());
            let access = Access { offset: at.offset, bytes: 4, signed: false, ..*access };
            let mask = self.mask_of(masks, unit);
            let ty = Type::v32(self.plan.lanes);
            words.push(self.build.read(Op::Load(access), &[at.base], mask, ty));
        }
        let mut values = Values::new();
        for (place, &result) in (0..).zip(&inst.results) {
            let own: Values = words.iter().map(|&word| self.unpacked(word, place * bits, access)).collect();
            let extends = self.from.ty(result) == Type::I64;
            values.extend(if extends { self.extended(&own, access.signed) } else { own });
        }
        values
    }

    fn unpacked(&mut self, word: Value, shift: u32, access: &Access) -> Value {
        let ty = self.build.ty(word);
        let amount = self.build.same(ty, shift.into());
        let value = self.build.int(Int::Shr, Kind::U32, &[word, amount]);
        self.element_of(value, access)
    }

    /// Stores narrow elements that make words.
    pub fn store_packed(&mut self, inst: &Inst, access: &Access, masks: &Masks) {
        let bits = u64::from(access.bytes) * 8;
        for unit in self.units(false) {
            let at = self.first_at(access, inst.args[0], unit.vector());
            let mut word = None;
            for (place, &value) in (0..).zip(&inst.args[1..]) {
                let part = self.stored(value, access, unit.vector())[0];
                let part = self.low_bits(part, (1 << bits) - 1);
                let ty = self.build.ty(part);
                let amount = self.build.same(ty, place * bits);
                let part = self.build.int(Int::Shl, Kind::B32, &[part, amount]);
                word = Some(match word {
                    Some(word) => self.build.int(Int::Or, Kind::B32, &[word, part]),
                    None => part,
                });
            }
            let Some(word) = word else { continue };
            let mask = self.mask_of(masks, unit);
            let access = Access { offset: at.offset, bytes: 4, ..*access };
            self.build.effect(Op::Store(access), &[at.base, word], mask, &[]);
        }
    }
}

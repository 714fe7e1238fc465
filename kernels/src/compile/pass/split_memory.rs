//! Loads and stores of vector code: scalars, rows, or lane by lane.

use super::super::Refusal;
use super::super::call::What;
use super::super::ssa::{Access, Inst, Op, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_address::{At, Each, Pattern};
use super::split_build::vector_of;
use super::split_masks::Masks;
use super::split_stride::Row;
use super::split_value::{Rep, Unit, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::Space;

/// The check of so many elements, which lie as a whole where such a whole may lie.
fn check_of(access: &Access, count: usize, write: bool) -> What {
    let bytes = u32::from(access.bytes) * count as u32;
    What::Check { bytes, align: bytes, write }
}

impl Split<'_> {
    /// A load.
    pub fn load(&mut self, inst: &Inst, access: &Access) -> Result<(), Refusal> {
        let masks = self.masks_of(inst);
        self.check(inst, access, &masks, check_of(access, inst.results.len(), false))?;
        let address = inst.args[0];
        match self.pattern(access.space, address) {
            Pattern::One => self.load_one(inst, access, &masks),
            pattern => {
                let values = match self.row_when(inst, access, &masks, pattern) {
                    Some((row, fine)) => self.when(
                        fine,
                        |split| Ok(split.load_row(inst, access, &masks, row)),
                        |split| Ok(split.load_each(inst, access, &masks)),
                    )?,
                    None => self.load_each(inst, access, &masks),
                };
                self.set_parts(&inst.results, &values);
            }
        }
        Ok(())
    }

    /// A call that looks whether all lanes may do that, if somebody wants it.
    pub fn check(&mut self, inst: &Inst, access: &Access, masks: &Masks, what: What) -> Result<(), Refusal> {
        if !self.plan.check || access.space == Space::Param {
            return Ok(());
        }
        let addresses = self.addresses(access, inst.args[0]);
        let any = self.any_of(masks);
        let gang = self.plan.gang;
        self.only_when(any, |split| {
            split.call_of(what, gang, Some(masks), &addresses, &[]);
            Ok(())
        })
    }

    /// How lanes in a row are accessed, and when: if no address wraps around.
    fn row_when(
        &mut self,
        inst: &Inst,
        access: &Access,
        masks: &Masks,
        pattern: Pattern,
    ) -> Option<(Row, Value)> {
        match pattern {
            Pattern::Row(stride) => {
                let row = self.row_or_columns(inst, access, stride, masks)?;
                Some((row, self.build.same(Type::I1, 1)))
            }
            Pattern::RowIfNoWrap(stride) => {
                let row = self.row_or_columns(inst, access, stride, masks)?;
                Some((row, self.never_wraps(inst.args[0])?))
            }
            _ => None,
        }
    }

    fn row_or_columns(&mut self, inst: &Inst, access: &Access, stride: i64, masks: &Masks) -> Option<Row> {
        self.row(inst, access, stride, masks).or_else(|| self.columns(inst, access, stride, masks))
    }

    fn load_row(&mut self, inst: &Inst, access: &Access, masks: &Masks, row: Row) -> Values {
        match row {
            Row::Elements => self.load_rows(inst, access, masks),
            Row::Packed => self.load_packed(inst, access, masks),
            Row::Words(words) => self.load_structures(inst, access, words),
            Row::Columns(stride) => self.load_columns(inst, access, masks, stride),
        }
    }

    fn store_row(&mut self, inst: &Inst, access: &Access, masks: &Masks, row: Row) {
        match row {
            Row::Elements => self.store_rows(inst, access, masks),
            Row::Packed => self.store_packed(inst, access, masks),
            Row::Words(words) => self.store_structures(inst, access, words),
            Row::Columns(stride) => self.store_columns(inst, access, masks, stride),
        }
    }

    /// Whether no vector's addresses wrap around.
    fn never_wraps(&mut self, address: Value) -> Option<Value> {
        let mut all = self.build.same(Type::I1, 1);
        for vector in 0..self.plan.vectors {
            let fits = self.no_wrap(address, vector)?;
            all = self.build.and(all, fits);
        }
        Some(all)
    }

    /// The access with another offset. It keeps its space, as a promise.
    fn promised(&self, access: &Access, offset: i64) -> Access {
        Access { offset, ..*access }
    }

    /// One address for the gang, or for each vector.
    fn load_one(&mut self, inst: &Inst, access: &Access, masks: &Masks) {
        let address = inst.args[0];
        let uniform = self.shape(address) == Shape::Uniform;
        let count = if uniform { 1 } else { self.plan.vectors };
        let ats: Vec<At> = (0..count)
            .map(|vector| {
                let at = self.first_at(access, address, vector);
                if uniform && masks.filled {
                    return at;
                }
                let wanted = if uniform {
                    self.any_of(masks)
                } else {
                    self.build.any(&masks.each[vector as usize..=vector as usize])
                };
                self.guarded(at, wanted, inst.results.len(), access)
            })
            .collect();
        for (place, &result) in (0..).zip(&inst.results) {
            let ty = self.from.ty(result);
            let values: Values = ats
                .iter()
                .map(|at| {
                    let access = self.promised(access, at.offset + place * i64::from(access.bytes));
                    self.build.read(Op::Load(access), &[at.base], None, ty)
                })
                .collect();
            let rep = if uniform { Rep::Scalar(values[0]) } else { Rep::Bases(values, 0) };
            let differs = matches!(self.shape(result), Shape::Varying) && !self.is_full(masks);
            self.set(result, rep);
            if differs {
                let rep = self.cleared(result, masks);
                self.set(result, rep);
            }
        }
    }

    /// Zero outside of the mask, for a result that is not the same for all threads there.
    pub fn cleared(&mut self, value: Value, masks: &Masks) -> Rep {
        let halves = self.from.ty(value) == Type::I64;
        let parts = self
            .units(halves)
            .map(|unit| {
                let lanes = self.lanes(value, unit);
                match self.mask_of(masks, unit) {
                    Some(mask) => {
                        let zero = self.build.same(vector_of(self.from.ty(value), self.lanes_of(unit)), 0);
                        self.build.select(mask, lanes, zero)
                    }
                    None => lanes,
                }
            })
            .collect();
        Rep::Full(parts)
    }

    /// An address that nobody may ask for reads zeros then. Parameters are always there.
    fn guarded(&mut self, at: At, wanted: Value, count: usize, access: &Access) -> At {
        let bytes = count as i64 * i64::from(access.bytes);
        if access.space == Space::Param || self.build.constant(wanted).is_some_and(|set| set != 0) {
            return at;
        }
        // What the whole access needs lies in the context's zeros, which are at its start.
        debug_assert!(bytes <= 64);
        let base = self.build.add_number(at.base, at.offset);
        let zeros = self.loops.context;
        At { base: self.build.select(wanted, base, zeros), offset: 0 }
    }

    /// Consecutive elements: vectors of one value, those of 64 bits as two.
    fn load_rows(&mut self, inst: &Inst, access: &Access, masks: &Masks) -> Values {
        let ty = self.from.ty(inst.results[0]);
        let wide = access.bytes == 8;
        let mut parts = Values::new();
        for unit in self.units(wide) {
            let mut at = self.first_at(access, inst.args[0], unit.vector());
            if let Unit::Half(half) = unit {
                at.offset += i64::from(half % 2) * i64::from(self.lanes_of(unit)) * 8;
            }
            let part = vector_of(if wide { Type::I64 } else { Type::I32 }, self.lanes_of(unit));
            let access = self.promised(access, at.offset);
            let mask = self.mask_of(masks, unit);
            parts.push(self.build.read(Op::Load(access), &[at.base], mask, part));
        }
        if wide || ty == Type::I32 { parts } else { self.extended(&parts, access.signed) }
    }

    /// Vectors of 32 bits as halves of 64.
    pub fn extended(&mut self, parts: &[Value], signed: bool) -> Values {
        let mut all = Values::new();
        for &part in parts {
            for half in 0..2 {
                let low = self.build.half(part, half);
                all.push(self.build.widen(low, signed));
            }
        }
        all
    }

    /// Any addresses: the values of each result one behind the other.
    fn load_each(&mut self, inst: &Inst, access: &Access, masks: &Masks) -> Values {
        let vectors = 0..self.plan.vectors;
        let all: Vec<Each> = vectors.map(|vector| self.each_at(access, inst.args[0], vector)).collect();
        let mut values = Values::new();
        for (place, &result) in (0..).zip(&inst.results) {
            let mut parts = Values::new();
            for (vector, each) in (0..).zip(&all) {
                let at = At { offset: each.at.offset + place * i64::from(access.bytes), ..each.at };
                let each = Each { at, ..each.clone() };
                if access.bytes < 4 {
                    parts.push(self.gather_narrow(&each, access, masks, vector));
                } else {
                    parts.extend(self.gather(&each, access, access.bytes, masks, vector));
                }
            }
            let widens = self.from.ty(result) == Type::I64 && access.bytes < 8;
            values.extend(if widens { self.extended(&parts, access.signed) } else { parts });
        }
        values
    }

    /// The words of a vector's lanes, of one of their elements.
    pub fn gather_at(
        &mut self,
        inst: &Inst,
        access: &Access,
        masks: &Masks,
        (vector, place): (u32, i64),
    ) -> Value {
        let each = self.each_with(inst, access, vector, place);
        self.gather(&each, access, access.bytes, masks, vector)[0]
    }

    /// The addresses of a vector's lanes, of one of their elements.
    fn each_with(&mut self, inst: &Inst, access: &Access, vector: u32, place: i64) -> Each {
        let each = self.each_at(access, inst.args[0], vector);
        let at = At { offset: each.at.offset + place * i64::from(access.bytes), ..each.at };
        Each { at, ..each }
    }

    /// The elements of a vector's lanes: one vector of 32 bits, or two of 64.
    fn gather(&mut self, each: &Each, access: &Access, bytes: u8, masks: &Masks, vector: u32) -> Values {
        let op = Op::Gather { space: access.space, bytes, scale: each.scale, offset: each.at.offset as i32 };
        if bytes == 4 && each.index.len() == 1 {
            let mask = self.mask_of(masks, Unit::Whole(vector));
            let ty = Type::v32(self.plan.lanes);
            let value = self.build.read(op, &[each.at.base, each.index[0]], mask, ty);
            return [value].as_slice().into();
        }
        let scalar = if bytes == 8 { Type::I64 } else { Type::I32 };
        let mut halves = Values::new();
        for half in 0..2 {
            let unit = Unit::Half(vector * 2 + half);
            let index = self.half_index(each, half);
            let mask = self.mask_of(masks, unit);
            let ty = vector_of(scalar, self.lanes_of(unit));
            halves.push(self.build.read(op.clone(), &[each.at.base, index], mask, ty));
        }
        if bytes == 8 { halves } else { [self.build.join(halves[0], halves[1])].as_slice().into() }
    }

    /// The index of half a vector.
    pub fn half_index(&mut self, each: &Each, half: u32) -> Value {
        match each.index[..] {
            [whole] => self.build.half(whole, half as u8),
            _ => each.index[half as usize],
        }
    }

    /// Elements of 1 or 2 bytes: the aligned words around them, shifted.
    fn gather_narrow(&mut self, each: &Each, access: &Access, masks: &Masks, vector: u32) -> Value {
        let (aligned, inside) = self.aligned(each, access.bytes);
        let word = self.gather(&aligned, access, 4, masks, vector)[0];
        let amount = self.build.multiply_number(inside, 8);
        let value = self.build.int(Int::Shr, Kind::U32, &[word, amount]);
        self.element_of(value, access)
    }

    /// The narrow element in the low bits of a word.
    pub fn element_of(&mut self, word: Value, access: &Access) -> Value {
        match (access.bytes, access.signed) {
            (1, false) => self.low_bits(word, 0xff),
            (_, false) => self.low_bits(word, 0xffff),
            (1, true) => self.build.convert(Kind::S32, Kind::S8, word),
            (_, true) => self.build.convert(Kind::S32, Kind::S16, word),
        }
    }

    /// The words in which narrow elements lie, and how many bytes into them.
    fn aligned(&mut self, each: &Each, bytes: u8) -> (Each, Value) {
        let start = self.build.add_number(each.at.base, each.at.offset);
        if each.scale >= 4 {
            // Every lane lies as the start does.
            let three = self.build.long(3);
            let inside = self.build.int(Int::And, Kind::B64, &[start, three]);
            let base = self.build.int(Int::Sub, Kind::U64, &[start, inside]);
            let inside = self.build.narrow(inside);
            let inside = self.build.broadcast(inside, self.plan.lanes);
            return (Each { at: At { base, offset: 0 }, ..each.clone() }, inside);
        }
        let start = self.build.narrow(start);
        let mut aligned = Each { index: Values::new(), ..each.clone() };
        let mut places = Values::new();
        let (indexes, scale) = self.counted(each, bytes);
        for index in indexes {
            let ty = self.build.ty(index);
            let lanes = super::split_build::lanes(ty);
            let low = self.build.narrow(index);
            let low = self.build.multiply_number(low, scale.into());
            let start = self.build.broadcast(start, lanes);
            let low = self.build.add(start, low);
            let inside = self.low_bits(low, if bytes == 1 { 3 } else { 2 });
            places.push(inside);
            let back = self.build.same(Type::v32(lanes), scale.trailing_zeros().into());
            let back = self.build.int(Int::Shr, Kind::U32, &[inside, back]);
            let back = if ty.bits() == 64 { self.build.widen(back, false) } else { back };
            let kind = super::split_build::unsigned(ty);
            aligned.index.push(self.build.int(Int::Sub, kind, &[index, back]));
        }
        aligned.scale = scale;
        let inside = if places.len() == 2 { self.build.join(places[0], places[1]) } else { places[0] };
        (aligned, inside)
    }

    /// Indexes that can be lowered to that of an aligned word, and what they count in.
    fn counted(&mut self, each: &Each, bytes: u8) -> (Values, u8) {
        if each.scale <= bytes {
            return (each.index.clone(), each.scale);
        }
        let mut all = Values::new();
        for half in 0..2 {
            let index = self.half_index(each, half);
            let index = self.build.widen(index, true);
            all.push(self.build.multiply_number(index, each.scale.into()));
        }
        (all, 1)
    }

    /// Some bits of every lane.
    pub fn low_bits(&mut self, value: Value, bits: u64) -> Value {
        let ty = self.build.ty(value);
        let mask = self.build.same(ty, bits);
        self.build.int(Int::And, Kind::B32, &[value, mask])
    }

    /// A store.
    pub fn store(&mut self, inst: &Inst, access: &Access) -> Result<(), Refusal> {
        let masks = self.masks_of(inst);
        self.check(inst, access, &masks, check_of(access, inst.args.len() - 1, true))?;
        let address = inst.args[0];
        match self.pattern(access.space, address) {
            Pattern::One => self.store_one(inst, access, &masks)?,
            pattern => match self.row_when(inst, access, &masks, pattern) {
                Some((row, fine)) => {
                    self.when(
                        fine,
                        |split| {
                            split.store_row(inst, access, &masks, row);
                            Ok(Values::new())
                        },
                        |split| {
                            split.store_each(inst, access, &masks);
                            Ok(Values::new())
                        },
                    )?;
                }
                None => self.store_each(inst, access, &masks),
            },
        }
        Ok(())
    }

    /// One address for the gang, or for each vector: the value of the last lane stays there.
    fn store_one(&mut self, inst: &Inst, access: &Access, masks: &Masks) -> Result<(), Refusal> {
        let values = &inst.args[1..];
        let same = |split: &Self, value: Value| matches!(split.shape(value), Shape::Uniform);
        if self.shape(inst.args[0]) == Shape::Uniform && values.iter().all(|&value| same(self, value)) {
            let at = self.first_at(access, inst.args[0], 0);
            let any = self.any_of(masks);
            let mask = if self.build.constant(any) == Some(1) { None } else { Some(any) };
            let values: Values = values.iter().map(|&value| self.scalar(value)).collect();
            self.store_scalars(access, at, &values, mask);
            return Ok(());
        }
        // Of one address only the last vector's value is seen, if it has one.
        let uniform = self.shape(inst.args[0]) == Shape::Uniform;
        let last = self.plan.vectors - 1;
        let first = if uniform && self.is_ones(masks.each[last as usize]) { last } else { 0 };
        for vector in first..=last {
            let mask = masks.each[vector as usize];
            let any = self.build.any(&[mask]);
            self.only_when(any, |split| {
                let at = split.first_at(access, inst.args[0], vector);
                let values: Values =
                    values.iter().map(|&value| split.last_lane(value, mask, vector)).collect();
                split.store_scalars(access, at, &values, None);
                Ok(())
            })?;
        }
        Ok(())
    }

    fn store_scalars(&mut self, access: &Access, at: At, values: &[Value], mask: Option<Value>) {
        for (place, &value) in (0..).zip(values) {
            let access = self.promised(access, at.offset + place * i64::from(access.bytes));
            self.build.effect(Op::Store(access), &[at.base, value], mask, &[]);
        }
    }

    /// The value in the last lane that a mask has.
    fn last_lane(&mut self, value: Value, mask: Value, vector: u32) -> Value {
        if self.is_scalar(value) || matches!(self.rep(value), Rep::Splat(_)) {
            return self.first(value, vector);
        }
        let lanes = self.plan.lanes;
        let wide = self.from.ty(value) == Type::I64;
        if self.is_ones(mask) {
            let unit = if wide { Unit::Half(vector * 2 + 1) } else { Unit::Whole(vector) };
            let part = self.lanes(value, unit);
            return self.build.extract(part, self.lanes_of(unit) - 1);
        }
        let bits = self.build.bits(mask);
        let zeros = self.build.int(Int::Clz, Kind::B32, &[bits]);
        let top = self.build.word(31);
        let lane = self.build.int(Int::Sub, Kind::U32, &[top, zeros]);
        if !wide {
            let index = self.build.broadcast(lane, lanes);
            let part = self.lanes(value, Unit::Whole(vector));
            let part = self.build.permute(index, part);
            return self.build.extract(part, 0);
        }
        let lane = self.build.widen(lane, false);
        let index = self.build.broadcast(lane, lanes / 2);
        let halves = [0, 1].map(|half| self.lanes(value, Unit::Half(vector * 2 + half)));
        let part = self.build.permute2(index, halves[0], halves[1]);
        self.build.extract(part, 0)
    }

    /// What is stored, of 32 bits for elements up to 4 bytes.
    pub fn stored(&mut self, value: Value, access: &Access, vector: u32) -> Values {
        if access.bytes == 8 {
            return [0, 1].iter().map(|half| self.lanes(value, Unit::Half(vector * 2 + half))).collect();
        }
        if self.from.ty(value) != Type::I64 {
            return [self.lanes(value, Unit::Whole(vector))].as_slice().into();
        }
        let halves = [0, 1].map(|half| {
            let lanes = self.lanes(value, Unit::Half(vector * 2 + half));
            self.build.narrow(lanes)
        });
        [self.build.join(halves[0], halves[1])].as_slice().into()
    }

    fn store_rows(&mut self, inst: &Inst, access: &Access, masks: &Masks) {
        for vector in 0..self.plan.vectors {
            let at = self.first_at(access, inst.args[0], vector);
            let parts = self.stored(inst.args[1], access, vector);
            let halves = parts.len() == 2;
            for (place, &part) in (0..).zip(&parts) {
                let unit = if halves { Unit::Half(vector * 2 + place) } else { Unit::Whole(vector) };
                let offset = i64::from(place) * i64::from(self.lanes_of(unit)) * 8;
                let mask = self.mask_of(masks, unit);
                if mask.is_some_and(|mask| self.build.constant(mask) == Some(0)) {
                    continue;
                }
                let access = self.promised(access, at.offset + offset);
                self.build.effect(Op::Store(access), &[at.base, part], mask, &[]);
            }
        }
    }

    fn store_each(&mut self, inst: &Inst, access: &Access, masks: &Masks) {
        for vector in 0..self.plan.vectors {
            let each = self.each_at(access, inst.args[0], vector);
            for (place, &value) in (0..).zip(&inst.args[1..]) {
                let offset = each.at.offset + place * i64::from(access.bytes);
                let (space, bytes, scale) = (access.space, access.bytes, each.scale);
                let op = Op::Scatter { space, bytes, scale, offset: offset as i32 };
                let parts = self.stored(value, access, vector);
                self.scatter(op, &each, &parts, masks, vector);
            }
        }
    }

    /// Words of a vector's lanes, of one of their elements.
    pub fn scatter_at(
        &mut self,
        inst: &Inst,
        access: &Access,
        masks: &Masks,
        (vector, place): (u32, i64),
        value: Value,
    ) {
        let each = self.each_with(inst, access, vector, place);
        let (space, bytes, scale) = (access.space, access.bytes, each.scale);
        let op = Op::Scatter { space, bytes, scale, offset: each.at.offset as i32 };
        self.scatter(op, &each, &[value], masks, vector);
    }

    /// A vector of 32 bits, or two of 64, lane by lane.
    fn scatter(&mut self, op: Op, each: &Each, parts: &[Value], masks: &Masks, vector: u32) {
        if let ([whole], [index]) = (parts, &each.index[..]) {
            let mask = self.mask_of(masks, Unit::Whole(vector));
            self.build.effect(op, &[each.at.base, *index, *whole], mask, &[]);
            return;
        }
        for half in 0..2 {
            let index = self.half_index(each, half);
            let part = match parts {
                [whole] => self.build.half(*whole, half as u8),
                _ => parts[half as usize],
            };
            let mask = self.mask_of(masks, Unit::Half(vector * 2 + half));
            self.build.effect(op.clone(), &[each.at.base, index, part], mask, &[]);
        }
    }

    /// A comparison with zero, as a mask.
    pub fn is_set(&mut self, value: Value) -> Value {
        let ty = self.build.ty(value);
        let zero = self.build.same(ty, 0);
        self.build.compare(Comparison::Ne, super::split_build::unsigned(ty), value, zero)
    }
}

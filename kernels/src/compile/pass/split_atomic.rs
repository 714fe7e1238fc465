//! Atomics of vector code: one op for all lanes where that is the same, else lane by lane, or by a call.

use super::super::Refusal;
use super::super::call::What;
use super::super::ssa::{Access, Inst, Op, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_address::Pattern;
use super::split_build::{lanes, vector_of};
use super::split_masks::Masks;
use super::split_value::{Rep, Unit, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::Int;
use crate::ir::op::Space;
use crate::memory::AtomicOp;

/// Whether there is code for an atomic. Others go to the runtime.
fn is_native(op: AtomicOp, bytes: u8) -> bool {
    let halves = matches!(
        op,
        AtomicOp::AddHalf
            | AtomicOp::MinHalf
            | AtomicOp::MaxHalf
            | AtomicOp::AddBrain
            | AtomicOp::MinBrain
            | AtomicOp::MaxBrain
    );
    !halves && (bytes >= 4 || op != AtomicOp::AddFloat)
}

/// How operands of several lanes come together in one, and what leaves everything as it is.
fn reduction(op: AtomicOp, bytes: u8) -> Option<(Int, Kind, u64)> {
    if bytes < 4 {
        return None;
    }
    let wide = bytes == 8;
    let (unsigned, signed) = if wide { (Kind::U64, Kind::S64) } else { (Kind::U32, Kind::S32) };
    let top = 1 << (u32::from(bytes) * 8 - 1);
    Some(match op {
        AtomicOp::Add => (Int::Add, unsigned, 0),
        AtomicOp::And => (Int::And, unsigned, u64::MAX),
        AtomicOp::Or => (Int::Or, unsigned, 0),
        AtomicOp::Xor => (Int::Xor, unsigned, 0),
        AtomicOp::MinUnsigned => (Int::Min, unsigned, u64::MAX),
        AtomicOp::MaxUnsigned => (Int::Max, unsigned, 0),
        AtomicOp::MinSigned => (Int::Min, signed, top - 1),
        AtomicOp::MaxSigned => (Int::Max, signed, top),
        _ => return None,
    })
}

impl Split<'_> {
    /// An atomic read-modify-write.
    pub fn atomic(&mut self, inst: &Inst, access: &Access, op: AtomicOp, align: u8) -> Result<(), Refusal> {
        let masks = self.masks_of(inst);
        let check = What::Check { bytes: access.bytes.into(), align: align.into(), write: true };
        self.check(inst, access, &masks, check)?;
        if !is_native(op, access.bytes) {
            return self.atomic_call(inst, access, op, &masks);
        }
        let one = self.shape(inst.args[0]) == Shape::Uniform
            && self.pattern(access.space, inst.args[0]) == Pattern::One;
        match reduction(op, access.bytes) {
            Some((int, kind, neutral)) if one && inst.results.is_empty() => {
                self.atomic_of_all(inst, access, op, &masks, (int, kind, neutral));
                Ok(())
            }
            Some((Int::Add, ..)) if one && self.is_scalar(inst.args[1]) && access.bytes == 4 => {
                self.counter(inst, access, &masks);
                Ok(())
            }
            _ => {
                self.atomic_lanes(inst, access, op, &masks);
                Ok(())
            }
        }
    }

    /// All lanes' operands come together in one op of one address.
    fn atomic_of_all(
        &mut self,
        inst: &Inst,
        access: &Access,
        op: AtomicOp,
        masks: &Masks,
        (int, kind, neutral): (Int, Kind, u64),
    ) {
        let operand = inst.args[1];
        let idempotent = !matches!(int, Int::Add | Int::Xor);
        let total = if self.shape(operand) == Shape::Uniform && idempotent {
            self.scalar(operand)
        } else if self.shape(operand) == Shape::Uniform && int == Int::Add {
            let count = self.count(masks);
            let count = if access.bytes == 8 { self.build.widen(count, false) } else { count };
            let each = self.scalar(operand);
            self.build.multiply(count, each)
        } else {
            self.reduced(operand, masks, int, kind, neutral)
        };
        self.atomic_scalar(inst, access, op, masks, total, false);
    }

    fn atomic_scalar(
        &mut self,
        inst: &Inst,
        access: &Access,
        op: AtomicOp,
        masks: &Masks,
        operand: Value,
        wanted: bool,
    ) -> Option<Value> {
        let at = self.first_at(access, inst.args[0], 0);
        let any = self.any_of(masks);
        let mask = if self.build.constant(any) == Some(1) { None } else { Some(any) };
        let access = Access { offset: at.offset, ..*access };
        let ty = self.build.ty(operand);
        let types: &[Type] = if wanted { &[ty] } else { &[] };
        let args = [at.base, operand, operand];
        let id = self.build.effect(Op::Atomic { access, op, align: access.bytes }, &args, mask, types);
        self.build.to.inst(id).results.first().copied()
    }

    /// How many lanes masks have.
    pub fn count(&mut self, masks: &Masks) -> Value {
        let mut sum = self.build.word(0);
        for &mask in &masks.each {
            let bits = self.build.bits(mask);
            let count = self.build.int(Int::Popc, Kind::B32, &[bits]);
            sum = self.build.add(sum, count);
        }
        sum
    }

    /// A value of all lanes of masks as one scalar.
    fn reduced(&mut self, value: Value, masks: &Masks, op: Int, kind: Kind, neutral: u64) -> Value {
        let units = self.units(self.from.ty(value) == Type::I64);
        let mut parts: Vec<Value> = units
            .into_iter()
            .map(|unit| {
                let part = self.lanes(value, unit);
                match self.mask_of(masks, unit) {
                    Some(mask) => {
                        let ty = self.build.ty(part);
                        let rest = self.build.same(ty, neutral);
                        self.build.select(mask, part, rest)
                    }
                    None => part,
                }
            })
            .collect();
        while parts.len() > 1 {
            parts = parts
                .chunks(2)
                .map(|pair| if pair.len() == 2 { self.build.int(op, kind, pair) } else { pair[0] })
                .collect();
        }
        let all = self.folded(parts[0], op, kind);
        self.build.extract(all, 0)
    }

    /// Every lane of the result is all lanes of a vector together.
    pub fn folded(&mut self, vector: Value, op: Int, kind: Kind) -> Value {
        let ty = self.build.ty(vector);
        let count = lanes(ty);
        let mut all = vector;
        let mut distance = count / 2;
        while distance > 0 {
            let index = (0..u64::from(count)).map(|lane| lane ^ u64::from(distance)).collect();
            let index = self.build.each(ty, index);
            let other = self.build.permute(index, all);
            all = self.build.int(op, kind, &[all, other]);
            distance /= 2;
        }
        all
    }

    /// Lanes add the same number in one place: each gets what was there and what the lanes before it added.
    fn counter(&mut self, inst: &Inst, access: &Access, masks: &Masks) {
        let mut sum = self.build.word(0);
        let mut before = Values::new();
        for vector in 0..self.plan.vectors {
            let each = self.first(inst.args[1], vector);
            let bits = self.build.bits(masks.each[vector as usize]);
            let ty = vector_of(Type::I32, self.plan.lanes);
            let lower = (0..u64::from(self.plan.lanes)).map(|lane| (1 << lane) - 1).collect();
            let lower = self.build.each(ty, lower);
            let all = self.build.broadcast(bits, self.plan.lanes);
            let own = self.build.int(Int::And, Kind::B32, &[all, lower]);
            let own = self.build.int(Int::Popc, Kind::B32, &[own]);
            let times = self.build.broadcast(each, self.plan.lanes);
            let own = self.build.multiply(own, times);
            let start = self.build.broadcast(sum, self.plan.lanes);
            before.push(self.build.add(start, own));
            let count = self.build.int(Int::Popc, Kind::B32, &[bits]);
            let part = self.build.multiply(count, each);
            sum = self.build.add(sum, part);
        }
        let wanted = !inst.results.is_empty();
        let old = self.atomic_scalar(inst, access, AtomicOp::Add, masks, sum, wanted);
        if let (Some(old), Some(&result)) = (old, inst.results.first()) {
            let old = self.build.broadcast(old, self.plan.lanes);
            let parts: Values = before.iter().map(|&before| self.build.add(old, before)).collect();
            self.set(result, Rep::Full(parts));
            let rep = self.cleared(result, masks);
            self.set(result, rep);
        }
    }

    /// Lane by lane.
    fn atomic_lanes(&mut self, inst: &Inst, access: &Access, op: AtomicOp, masks: &Masks) {
        let wide = access.bytes == 8;
        let locked = !matches!(access.space, Space::Shared | Space::Local);
        let mut old = Values::new();
        for vector in 0..self.plan.vectors {
            let each = self.each_at(access, inst.args[0], vector);
            let offset = each.at.offset as i32;
            let (space, bytes, scale) = (access.space, access.bytes, each.scale);
            let op = Op::AtomicLanes { space, bytes, scale, offset, op, locked };
            let units = if wide || each.index.len() == 2 {
                vec![Unit::Half(vector * 2), Unit::Half(vector * 2 + 1)]
            } else {
                vec![Unit::Whole(vector)]
            };
            let mut parts = Values::new();
            for &unit in &units {
                let index = match unit {
                    Unit::Half(half) => self.half_index(&each, half % 2),
                    Unit::Whole(_) => each.index[0],
                };
                let operand = self.lanes(inst.args[1], unit);
                let compare = self.lanes(inst.args[2], unit);
                let mask = self.mask_of(masks, unit);
                let args = [each.at.base, index, operand, compare];
                let types: &[Type] = if inst.results.is_empty() { &[] } else { &[self.build.ty(operand)] };
                let id = self.build.effect(op.clone(), &args, mask, types);
                parts.extend(self.build.to.inst(id).results.iter().copied());
            }
            match parts[..] {
                [low, high] if !wide => old.push(self.build.join(low, high)),
                _ => old.extend(parts),
            }
        }
        if !inst.results.is_empty() {
            self.set_parts(&inst.results, &old);
        }
    }

    /// By the runtime, which takes machine addresses.
    fn atomic_call(
        &mut self,
        inst: &Inst,
        access: &Access,
        op: AtomicOp,
        masks: &Masks,
    ) -> Result<(), Refusal> {
        let addresses = self.addresses(access, inst.args[0]);
        let what = What::Atomic(op, access.bytes.into());
        let types: Vec<Type> = inst.results.iter().map(|&result| self.from.ty(result)).collect();
        let mut args = addresses;
        for &arg in &inst.args[1..] {
            args.extend(self.full(arg));
        }
        let any = self.any_of(masks);
        let gang = self.plan.gang;
        let values = self.when(
            any,
            |split| Ok(split.call_of(what, gang, Some(masks), &args, &types)),
            |split| Ok(split.nothing(&types)),
        )?;
        self.set_parts(&inst.results, &values);
        Ok(())
    }
}

//! Special registers of vector code: the thread's place in its block by arithmetic that the block size makes short.

use super::super::Refusal;
use super::super::call::What;
use super::super::context::Context;
use super::super::ssa::{Type, Value};
use super::split::{Field, Split};
use super::split_plan::WARP;
use super::split_value::{Rep, Values};
use crate::interp::RESERVED_BYTES;
use crate::ir::Type as Kind;
use crate::ir::compute::Int;
use crate::ir::op::Special;

/// A number of the threads of a vector.
#[derive(Clone, Debug)]
enum Number {
    /// A scalar that is a multiple of a number, and in each lane something is added; a multiple of 0 is 0.
    Known { base: Value, of: u32, added: Vec<u32> },
    /// A vector.
    Lanes(Value),
}

impl Split<'_> {
    /// A special register.
    pub fn special(&mut self, result: Value, special: Special) -> Result<(), Refusal> {
        let rep = match special {
            Special::Tid(axis) => self.tid(axis),
            Special::NTid(axis) => Rep::Scalar(self.build.word(self.plan.block[usize::from(axis.min(2))])),
            Special::CtaId(axis) => Rep::Scalar(self.loops.place[usize::from(axis.min(2))]),
            Special::NCtaId(axis) => {
                let offset = std::mem::offset_of!(Context, grid) + usize::from(axis.min(2)) * 4;
                Rep::Scalar(self.field(offset, 4))
            }
            Special::LaneId | Special::WarpId => self.warp_number(special == Special::LaneId),
            Special::NWarpId => Rep::Scalar(self.build.word(self.plan.threads.div_ceil(WARP))),
            Special::LaneMaskEq
            | Special::LaneMaskLe
            | Special::LaneMaskLt
            | Special::LaneMaskGe
            | Special::LaneMaskGt => self.lane_mask(special),
            Special::SmId => Rep::Scalar(self.field(std::mem::offset_of!(Context, processor), 4)),
            Special::NSmId => Rep::Scalar(self.field(std::mem::offset_of!(Context, processor) + 4, 4)),
            Special::GridId => Rep::Scalar(self.field(std::mem::offset_of!(Context, grid_id), 8)),
            Special::DynamicSharedSize => {
                Rep::Scalar(self.field(std::mem::offset_of!(Context, dynamic_shared_bytes), 4))
            }
            Special::TotalSharedSize => Rep::Scalar(self.shared_bytes(0)),
            Special::AggregateSharedSize => Rep::Scalar(self.shared_bytes(RESERVED_BYTES)),
            Special::ReservedShared(offset) => {
                let end = self.shared_bytes(15);
                let mask = self.build.word(!15);
                let end = self.build.int(Int::And, Kind::U32, &[end, mask]);
                Rep::Scalar(self.build.add_number(end, offset.into()))
            }
            // Clocks, and what else only the runtime knows.
            _ => {
                let ty = self.from.ty(result);
                let values = self.call_of(What::Special(special), 1, None, &[], &[ty]);
                Rep::Scalar(values[0])
            }
        };
        self.set(result, rep);
        Ok(())
    }

    fn shared_bytes(&mut self, more: u32) -> Value {
        let bytes = self.start_of(Field::SharedBytes);
        let bytes = self.build.narrow(bytes);
        self.build.add_number(bytes, more.into())
    }

    /// The threads of a vector, counted in the block.
    fn threads(&self, vector: u32) -> Number {
        let lanes = u32::from(self.plan.lanes);
        let of = if self.plan.gangs == 1 { 0 } else { self.plan.gang };
        let start = vector * lanes;
        Number::Known { base: self.loops.thread, of, added: (start..start + lanes).collect() }
    }

    fn tid(&mut self, axis: u8) -> Rep {
        let [x, y, _] = self.plan.block;
        let numbers = (0..self.plan.vectors)
            .map(|vector| {
                let threads = self.threads(vector);
                let (rows, column) = self.divide(threads, x, self.plan.threads);
                if axis == 0 {
                    return column;
                }
                let (layer, row) = self.divide(rows, y, self.plan.threads / x);
                if axis == 1 { row } else { layer }
            })
            .collect();
        self.numbers(numbers)
    }

    /// The lane in the warp, or the warp's number.
    fn warp_number(&mut self, lane: bool) -> Rep {
        let numbers = (0..self.plan.vectors)
            .map(|vector| {
                let threads = self.threads(vector);
                // The number of threads is no bound here: every warp has its lanes.
                let (warp, of_lane) = self.divide_open(threads, WARP);
                if lane { of_lane } else { warp }
            })
            .collect();
        self.numbers(numbers)
    }

    fn lane_mask(&mut self, special: Special) -> Rep {
        let lanes = self.warp_number(true);
        let parts: Values = (0..self.plan.vectors)
            .map(|vector| {
                let lane = self.lanes_of_rep(&lanes, vector);
                let ty = self.build.ty(lane);
                let one = self.build.same(ty, 1);
                let own = self.build.int(Int::Shl, Kind::B32, &[one, lane]);
                let all = self.build.same(ty, u64::MAX);
                let lower = self.build.add(own, all);
                let through = self.build.int(Int::Or, Kind::B32, &[own, lower]);
                match special {
                    Special::LaneMaskEq => own,
                    Special::LaneMaskLt => lower,
                    Special::LaneMaskLe => through,
                    Special::LaneMaskGe => self.build.int(Int::Not, Kind::B32, &[lower]),
                    _ => self.build.int(Int::Not, Kind::B32, &[through]),
                }
            })
            .collect();
        Rep::Full(parts)
    }

    /// Quotient and remainder of numbers below an end.
    fn divide(&mut self, number: Number, by: u32, end: u32) -> (Number, Number) {
        if by == end {
            let base = self.build.word(0);
            let added = vec![0; self.plan.lanes.into()];
            return (Number::Known { base, of: 0, added }, number);
        }
        self.divide_open(number, by)
    }

    fn divide_open(&mut self, number: Number, by: u32) -> (Number, Number) {
        let lanes = usize::from(self.plan.lanes);
        let zero = self.build.word(0);
        let nothing = Number::Known { base: zero, of: 0, added: vec![0; lanes] };
        if by == 1 {
            return (number, nothing);
        }
        let (base, of, added) = match number {
            Number::Known { base, of, added } => (base, of, added),
            Number::Lanes(vector) => return self.divide_lanes(vector, by),
        };
        let whole = greatest_divisor(of, by);
        if whole == by {
            let quotient = self.quotient(base, by);
            let high = added.iter().map(|number| number / by).collect();
            let low = added.iter().map(|number| number % by).collect();
            let quotient = Number::Known { base: quotient, of: of / by, added: high };
            return (quotient, Number::Known { base: zero, of: 0, added: low });
        }
        let step = added[0] / whole;
        if added.iter().all(|number| number / whole == step) {
            // No lane crosses a multiple of the divisor that the first one does not.
            let base = self.build.add_number(base, i64::from(step * whole));
            let low = added.iter().map(|number| number - step * whole).collect();
            let quotient = self.quotient(base, by);
            let rest = self.remainder(base, by);
            let quotient = Number::Known { base: quotient, of: 1, added: vec![0; lanes] };
            return (quotient, Number::Known { base: rest, of: whole, added: low });
        }
        let vector = self.vector_of_number(&Number::Known { base, of, added });
        self.divide_lanes(vector, by)
    }

    fn quotient(&mut self, scalar: Value, by: u32) -> Value {
        let (op, number) =
            if by.is_power_of_two() { (Int::Shr, by.trailing_zeros()) } else { (Int::Div, by) };
        let number = self.build.word(number);
        self.build.int(op, Kind::U32, &[scalar, number])
    }

    fn remainder(&mut self, scalar: Value, by: u32) -> Value {
        let (op, number) = if by.is_power_of_two() { (Int::And, by - 1) } else { (Int::Rem, by) };
        let number = self.build.word(number);
        self.build.int(op, Kind::U32, &[scalar, number])
    }

    /// By a multiplication that is exact for all numbers of threads.
    fn divide_lanes(&mut self, vector: Value, by: u32) -> (Number, Number) {
        const SHIFT: u32 = 21;
        let ty = self.build.ty(vector);
        let inverse = self.build.same(ty, u64::from((1u32 << SHIFT).div_ceil(by)));
        let shift = self.build.same(ty, SHIFT.into());
        let product = self.build.multiply(vector, inverse);
        let quotient = self.build.int(Int::Shr, Kind::U32, &[product, shift]);
        let back = self.build.multiply_number(quotient, by.into());
        let rest = self.build.int(Int::Sub, Kind::U32, &[vector, back]);
        (Number::Lanes(quotient), Number::Lanes(rest))
    }

    fn vector_of_number(&mut self, number: &Number) -> Value {
        match number {
            Number::Lanes(vector) => *vector,
            Number::Known { base, added, .. } => {
                let lanes = self.plan.lanes;
                let all = self.build.broadcast(*base, lanes);
                let added = added.iter().map(|&number| number.into()).collect();
                let added = self.build.each(Type::v32(lanes), added);
                self.build.add(all, added)
            }
        }
    }

    /// Scalars if the lanes of all vectors are a run, else vectors.
    fn numbers(&mut self, numbers: Vec<Number>) -> Rep {
        let stride_of = |number: &Number| match number {
            Number::Known { added, .. } => {
                let stride = i64::from(added[1]) - i64::from(added[0]);
                let is_run = added.windows(2).all(|two| i64::from(two[1]) - i64::from(two[0]) == stride);
                is_run.then_some(stride)
            }
            Number::Lanes(_) => None,
        };
        let stride = stride_of(&numbers[0]);
        let run = stride.filter(|&stride| numbers.iter().all(|number| stride_of(number) == Some(stride)));
        let Some(stride) = run else {
            return Rep::Full(numbers.iter().map(|number| self.vector_of_number(number)).collect());
        };
        let mut bases = Values::new();
        for number in &numbers {
            if let Number::Known { base, added, .. } = number {
                bases.push(self.build.add_number(*base, added[0].into()));
            }
        }
        Rep::Bases(bases, stride)
    }

    /// The lanes of a vector of a number of 32 bits.
    fn lanes_of_rep(&mut self, rep: &Rep, vector: u32) -> Value {
        match rep {
            Rep::Bases(bases, stride) => {
                let lanes = self.plan.lanes;
                let all = self.build.broadcast(bases[vector as usize], lanes);
                let steps = self.steps(Type::v32(lanes), 0, *stride);
                self.build.add(all, steps)
            }
            Rep::Full(parts) | Rep::Shifted(parts, _) => parts[vector as usize],
            Rep::Stepped(first, owner, _) => self.step(*owner, *first, vector),
            Rep::Scalar(value) | Rep::Splat(value) => self.build.broadcast(*value, self.plan.lanes),
        }
    }
}

/// A multiple of 0 is a multiple of everything.
fn greatest_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

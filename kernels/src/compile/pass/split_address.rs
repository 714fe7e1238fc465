//! Machine addresses of vector code: scalars where a vector's lanes share one or lie in a row, else a base and an index.

use super::super::Refusal;
use super::super::ssa::{Access, Inst, Op, Type, Value};
use super::shape::Shape;
use super::split::{Field, Split};
use super::split_value::{Rep, Unit, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::op::Space;

/// A scalar address and what is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The address.
    pub base: Value,
    /// Added.
    pub offset: i64,
}

/// An address a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Each {
    /// Of all lanes.
    pub at: At,
    /// One vector of 32-bit numbers, or halves of 64-bit ones.
    pub index: Values,
    /// What the index is multiplied with.
    pub scale: u8,
}

/// How the lanes of a vector are addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// All the same.
    One,
    /// In a row, so many bytes from one to the next.
    Row(i64),
    /// The same if no index wraps around.
    RowIfNoWrap(i64),
    /// Anywhere.
    Each,
}

/// What may be added to a shared or local offset behind its 32 bits: so far beyond its window there is nothing on either
/// side. More than that is added within them.
const SHARED_REACH: i64 = 1 << 20;

/// What is added to an offset of 32 bits behind them, and what within them: they wrap around.
fn short(offset: i64, alone: bool) -> (i64, i64) {
    let offset = i64::from(offset as i32);
    if alone || offset.abs() <= SHARED_REACH { (offset, 0) } else { (0, offset) }
}

impl Split<'_> {
    /// How an address of a space lies.
    pub fn pattern(&self, space: Space, address: Value) -> Pattern {
        if space == Space::Local {
            return Pattern::Each;
        }
        match self.shape(address) {
            Shape::Uniform | Shape::VectorUniform => Pattern::One,
            Shape::Affine(stride) => Pattern::Row(stride),
            Shape::AffineIfNoWrap(stride) => Pattern::RowIfNoWrap(stride),
            Shape::Varying => Pattern::Each,
        }
    }

    /// The address of a vector's first lane.
    pub fn first_at(&mut self, access: &Access, address: Value, vector: u32) -> At {
        let scalar = self.first(address, vector);
        self.at(access.space, scalar, access.offset)
    }

    /// An address or offset in a space as the machine's.
    fn at(&mut self, space: Space, scalar: Value, offset: i64) -> At {
        let (mut scalar, more) = self.apart(scalar, space == Space::Shared);
        let mut offset = offset.wrapping_add(more);
        if space == Space::Shared {
            let inside;
            (offset, inside) = short(offset, self.build.constant(scalar) == Some(0));
            let short = self.build.narrow(scalar);
            scalar = self.build.add_number(short, inside);
        }
        let start = match space {
            Space::Shared => Some(self.start_of(Field::Shared)),
            Space::Param => Some(self.start_of(Field::Parameters)),
            _ => None,
        };
        let scalar = match space {
            Space::Shared => self.build.widen(scalar, true),
            _ => self.build.widen(scalar, false),
        };
        let base = match start {
            Some(start) => self.build.add(start, scalar),
            None => scalar,
        };
        let (base, more) = self.apart(base, false);
        At { base, offset: offset.wrapping_add(more) }
    }

    /// What is left of a scalar when a constant that is added last is taken off. In a number of 32 bits that is right where
    /// it is an offset in shared memory: see [`SHARED_REACH`].
    fn apart(&mut self, scalar: Value, shared: bool) -> (Value, i64) {
        let ty = self.build.ty(scalar);
        if ty == Type::I32 && !shared {
            return (scalar, 0);
        }
        let signed = |number: u64| if ty == Type::I32 { i64::from(number as i32) } else { number as i64 };
        if let (Some(number), true) = (self.build.constant(scalar), shared) {
            return (self.build.same(ty, 0), signed(number));
        }
        let Some((Op::Compute(Compute::Int(Int::Add, _)), &[inner, last])) = self.build.made_by(scalar)
        else {
            return (scalar, 0);
        };
        match self.build.constant(last).map(signed) {
            Some(number) if ty == Type::I64 && i32::try_from(number).is_ok() => (inner, number),
            Some(number) if number.abs() <= SHARED_REACH => (inner, number),
            _ => (scalar, 0),
        }
    }

    /// An address a lane of a vector.
    pub fn each_at(&mut self, access: &Access, address: Value, vector: u32) -> Each {
        let mut each = match access.space {
            Space::Local => self.local(access, address, vector),
            Space::Shared | Space::Param => self.windowed(access, address, vector),
            _ => self.anywhere(access, address, vector),
        };
        // Indexed accesses have offsets of 32 bits.
        if i32::try_from(each.at.offset).is_err() {
            let base = self.build.add_number(each.at.base, each.at.offset);
            each.at = At { base, offset: 0 };
        }
        each
    }

    /// The machine's addresses of all lanes, in halves of vectors.
    pub fn addresses(&mut self, access: &Access, address: Value) -> Vec<Value> {
        let mut addresses = Vec::new();
        for vector in 0..self.plan.vectors {
            let each = self.each_at(access, address, vector);
            let start = self.build.add_number(each.at.base, each.at.offset);
            let start = self.build.broadcast(start, self.plan.lanes / 2);
            for half in 0..2 {
                let index = self.half_index(&each, half);
                let index = self.build.widen(index, true);
                let index = self.build.multiply_number(index, each.scale.into());
                addresses.push(self.build.add(index, start));
            }
        }
        addresses
    }

    /// Each lane's own memory: that of the vector's first thread, and from thread to thread.
    fn local(&mut self, access: &Access, address: Value, vector: u32) -> Each {
        let (base, steps) = self.local_start(vector);
        let mut offset = access.offset;
        let mut index = steps;
        match self.from.constant(address) {
            Some(number) => (offset, _) = short(offset.wrapping_add(number as i64), true),
            None => {
                let inner = self.short_lanes(address, vector);
                let inside;
                (offset, inside) = short(offset, false);
                let inner = self.build.add_number(inner, inside);
                index = self.build.add(index, inner);
            }
        }
        Each { at: At { base, offset }, index: [index].as_slice().into(), scale: 1 }
    }

    /// Where the local memory of a vector's first thread starts, and how far from there that of each lane does.
    fn local_start(&mut self, vector: u32) -> (Value, Value) {
        let lanes = self.plan.lanes;
        let start = self.start_of(Field::Local);
        let stride = self.start_of(Field::LocalStride);
        let thread = self.build.add_number(self.loops.thread, i64::from(vector * u32::from(lanes)));
        let thread = self.build.widen(thread, false);
        let before = self.build.multiply(thread, stride);
        let base = self.build.add(start, before);
        let stride = self.build.narrow(stride);
        let stride = self.build.broadcast(stride, lanes);
        let numbers = self.steps(Type::v32(lanes), 0, 1);
        (base, self.build.multiply(stride, numbers))
    }

    /// The low 32 bits of an address, a lane each.
    fn short_lanes(&mut self, address: Value, vector: u32) -> Value {
        if self.from.ty(address) != Type::I64 {
            return self.lanes(address, Unit::Whole(vector));
        }
        let halves = [vector * 2, vector * 2 + 1].map(|half| {
            let lanes = self.lanes(address, Unit::Half(half));
            self.build.narrow(lanes)
        });
        self.build.join(halves[0], halves[1])
    }

    /// Offsets of 32 bits from where the space starts.
    fn windowed(&mut self, access: &Access, address: Value, vector: u32) -> Each {
        if let Shape::Affine(stride) | Shape::AffineIfNoWrap(stride) = self.shape(address) {
            return self.row_as_each(access, address, vector, stride);
        }
        let shared = access.space == Space::Shared;
        let (mut address, mut offset) = (address, access.offset);
        if let (Some((Int::Add, _, args)), true) = (self.old_int(address), shared) {
            let ty = self.from.ty(address);
            let number = self.from.constant(args[1]).map(|number| match ty {
                Type::I32 => i64::from(number as i32),
                _ => number as i64,
            });
            if let Some(number) = number.filter(|number| number.abs() <= SHARED_REACH) {
                (address, offset) = (args[0], offset.wrapping_add(number));
            }
        }
        let start = if shared { Field::Shared } else { Field::Parameters };
        let mut inside = 0;
        if shared {
            (offset, inside) = short(offset, false);
        }
        let at = At { base: self.start_of(start), offset };
        let (index, scale) = match self.small_index(address).filter(|_| inside == 0) {
            Some((index, scale)) => (self.lanes(index, Unit::Whole(vector)), scale),
            None => {
                let index = self.short_lanes(address, vector);
                (self.build.add_number(index, inside), 1)
            }
        };
        Each { at, index: [index].as_slice().into(), scale }
    }

    /// The value whose multiple an offset of 32 bits is, if the product is in range.
    fn small_index(&self, offset: Value) -> Option<(Value, u8)> {
        let (op, kind, [index, by]) = self.old_int(offset)?;
        let by = self.from.constant(by)?;
        let scale: i64 = match (op, by) {
            (Int::Shl, 1..=3) => 1 << by,
            (Int::MulLow, 2 | 4 | 8) => by as i64,
            _ => return None,
        };
        let (low, high) = self.ranges.signed(index);
        let fits =
            kind.bits() == 32 && low >= i64::from(i32::MIN) / scale && high <= i64::from(i32::MAX) / scale;
        fits.then_some((index, scale as u8))
    }

    /// Lanes in a row that is no run of elements: the first one's address and multiples of the stride.
    fn row_as_each(&mut self, access: &Access, address: Value, vector: u32, stride: i64) -> Each {
        let at = self.first_at(access, address, vector);
        let index = self.steps(Type::v32(self.plan.lanes), 0, stride);
        Each { at, index: [index].as_slice().into(), scale: 1 }
    }

    /// Addresses of 64 bits.
    fn anywhere(&mut self, access: &Access, address: Value, vector: u32) -> Each {
        if let Shape::Affine(stride) = self.shape(address)
            && stride.unsigned_abs() < 1 << 24
        {
            return self.row_as_each(access, address, vector, stride);
        }
        // Scalars that are added go into the base.
        let mut rest = address;
        let mut base: Option<Value> = None;
        while let Some((op, _, args)) = self.old_int(rest) {
            let is_scalar = |value: Value| self.is_scalar(value);
            let (scalar, others) = match (op, args) {
                (Int::Add, [a, b]) if is_scalar(b) => (b, a),
                (Int::Add, [a, b]) if is_scalar(a) => (a, b),
                (Int::Sub, [a, b]) if is_scalar(b) => {
                    let number = self.first(b, vector);
                    let zero = self.build.long(0);
                    let from = base.unwrap_or(zero);
                    base = Some(self.build.int(Int::Sub, Kind::U64, &[from, number]));
                    rest = a;
                    continue;
                }
                _ => break,
            };
            let number = self.first(scalar, vector);
            base = Some(base.map_or(number, |base| self.build.add(base, number)));
            rest = others;
        }
        let base = base.unwrap_or_else(|| self.build.long(0));
        let (base, more) = self.apart(base, false);
        let at = At { base, offset: access.offset.wrapping_add(more) };
        if let Some((index, scale)) = self.short_index(rest) {
            let index = self.lanes(index, Unit::Whole(vector));
            return Each { at, index: [index].as_slice().into(), scale };
        }
        let index = [vector * 2, vector * 2 + 1].map(|half| self.lanes(rest, Unit::Half(half)));
        Each { at, index: index.as_slice().into(), scale: 1 }
    }

    /// The 32-bit value whose signed multiple a value is.
    fn short_index(&self, value: Value) -> Option<(Value, u8)> {
        let scale_of = |number: u64| matches!(number, 1 | 2 | 4 | 8).then_some(number as u8);
        let inst = self.from.maker(value)?;
        match inst.op {
            Op::Compute(Compute::Convert(to)) if to.to.bits() == 64 && !to.to.float() => match to.from {
                Kind::S32 => Some((inst.args[0], 1)),
                Kind::U32 if self.is_small(inst.args[0]) => Some((inst.args[0], 1)),
                _ => None,
            },
            Op::Compute(Compute::Int(Int::MulWide, kind)) if kind.bits() == 32 => {
                let [a, b] = inst.args[..] else { return None };
                let (index, number) = match (self.from.constant(a), self.from.constant(b)) {
                    (_, Some(number)) => (a, number),
                    (Some(number), _) => (b, number),
                    _ => return None,
                };
                let fine = kind.signed() || self.is_small(index);
                Some((index, scale_of(number).filter(|_| fine)?))
            }
            Op::Compute(Compute::Int(op @ (Int::Shl | Int::MulLow), _)) => {
                let (index, inner) = self.short_index(inst.args[0])?;
                let number = self.from.constant(inst.args[1])?;
                let factor = if op == Int::Shl { 1u64.checked_shl(number as u32)? } else { number };
                (inner == 1).then_some(())?;
                Some((index, scale_of(factor)?))
            }
            _ => None,
        }
    }

    /// An unsigned number of 32 bits that is below 2³¹ for sure.
    fn is_small(&self, value: Value) -> bool {
        self.ranges.unsigned(value).1 < 1 << 31
    }

    /// An integer op of the masked function with its arguments.
    fn old_int(&self, value: Value) -> Option<(Int, Kind, [Value; 2])> {
        let inst = self.from.maker(value)?;
        let Op::Compute(Compute::Int(op, kind)) = inst.op else { return None };
        Some((op, kind, inst.args[..].try_into().ok()?))
    }

    /// Whether no 32-bit number that an address is made of wraps around within a vector; `None`: who knows.
    pub fn no_wrap(&mut self, address: Value, vector: u32) -> Option<Value> {
        if !matches!(self.shape(address), Shape::AffineIfNoWrap(_)) {
            let known =
                matches!(self.shape(address), Shape::Uniform | Shape::VectorUniform | Shape::Affine(_));
            return known.then(|| self.build.same(Type::I1, 1));
        }
        if let Some(&origin) = self.origins.get(&address) {
            return self.no_wrap(origin, vector);
        }
        let from = self.from;
        let inst = from.maker(address)?;
        let widens = match inst.op {
            Op::Compute(Compute::Convert(to)) if to.from.bits() == 32 && to.to.bits() == 64 => Some(to.from),
            Op::Compute(Compute::Int(Int::MulWide, kind)) if kind.bits() == 32 => Some(kind),
            Op::Compute(Compute::Copy) => None,
            Op::Compute(Compute::Int(Int::Add | Int::Sub | Int::MulLow | Int::Shl, kind))
                if kind.bits() == 64 =>
            {
                None
            }
            _ => return None,
        };
        let mut all = self.build.same(Type::I1, 1);
        for &arg in &inst.args {
            let fits = match (widens, self.shape(arg)) {
                (Some(kind), Shape::Affine(stride)) => self.fits(arg, vector, stride, kind.signed())?,
                (Some(_), Shape::AffineIfNoWrap(_)) => return None,
                _ => self.no_wrap(arg, vector)?,
            };
            all = self.build.and(all, fits);
        }
        Some(all)
    }

    /// Whether the lanes of a vector of 32-bit numbers stay in range.
    fn fits(&mut self, value: Value, vector: u32, stride: i64, signed: bool) -> Option<Value> {
        if self.sure.contains(&(value, signed)) {
            return Some(self.build.same(Type::I1, 1));
        }
        let first = self.first(value, vector);
        let way = stride.checked_mul(i64::from(self.plan.lanes) - 1)?;
        let (low, high) =
            if signed { (i64::from(i32::MIN), i64::from(i32::MAX)) } else { (0, i64::from(u32::MAX)) };
        let kind = if signed { Kind::S32 } else { Kind::U32 };
        if way.abs() > high - low {
            return None;
        }
        let (comparison, bound) =
            if way >= 0 { (Comparison::Le, high - way) } else { (Comparison::Ge, low - way) };
        let bound = self.build.word(bound as u32);
        Some(self.build.compare(comparison, kind, first, bound))
    }

    /// Whether a generic address is in a space.
    pub fn is_space(&mut self, inst: &Inst, space: Space) -> Result<(), Refusal> {
        let (start, bytes) = match space {
            Space::Generic => {
                let yes = self.build.same(Type::I1, 1);
                self.set(inst.results[0], Rep::Scalar(yes));
                return Ok(());
            }
            Space::Shared => (self.start_of(Field::Shared), self.start_of(Field::SharedBytes)),
            Space::Local => {
                let stride = self.start_of(Field::LocalStride);
                let bytes = self.build.multiply_number(stride, self.plan.threads.into());
                (self.start_of(Field::Local), bytes)
            }
            Space::Global => return self.is_global(inst),
            _ => return Err(Refusal::new(inst.line, "which addresses are constants or parameters")),
        };
        let rep = self.map(inst.args[0], inst.results[0], Type::I1, |split, address| {
            split.is_between(address, start, bytes)
        });
        self.set(inst.results[0], rep);
        Ok(())
    }

    fn is_between(&mut self, address: Value, start: Value, bytes: Value) -> Value {
        let (start, bytes) = (self.like(start, address), self.like(bytes, address));
        let offset = self.build.int(Int::Sub, Kind::U64, &[address, start]);
        self.build.compare(Comparison::Lt, Kind::U64, offset, bytes)
    }

    /// Neither shared nor local. Constants lie among the rest: a program that has any and asks is left to the interpreter by
    /// those who link it.
    fn is_global(&mut self, inst: &Inst) -> Result<(), Refusal> {
        let (shared, shared_bytes) = (self.start_of(Field::Shared), self.start_of(Field::SharedBytes));
        let (local, stride) = (self.start_of(Field::Local), self.start_of(Field::LocalStride));
        let local_bytes = self.build.multiply_number(stride, self.plan.threads.into());
        let rep = self.map(inst.args[0], inst.results[0], Type::I1, |split, address| {
            let one = split.is_between(address, shared, shared_bytes);
            let other = split.is_between(address, local, local_bytes);
            let either = split.build.logic(Int::Or, &[one, other]);
            split.build.logic(Int::Not, &[either])
        });
        self.set(inst.results[0], rep);
        Ok(())
    }

    /// A scalar, or in as many lanes as another value has.
    fn like(&mut self, scalar: Value, other: Value) -> Value {
        match self.build.ty(other) {
            Type::V { lanes, .. } => self.build.broadcast(scalar, lanes),
            _ => scalar,
        }
    }

    /// A function of one value of 64 bits, on scalars or lanes.
    fn map(&mut self, from: Value, to: Value, ty: Type, run: impl Fn(&mut Self, Value) -> Value) -> Rep {
        let scalar = match self.shape(to) {
            Shape::Uniform | Shape::VectorUniform => Some(0),
            Shape::Affine(stride) => Some(stride),
            _ => None,
        };
        if self.stepped_way(to).is_some() {
            let first = self.first(from, 0);
            let first = run(self, first);
            return self.as_stepped(to, first);
        }
        if let Some(stride) = scalar {
            let firsts: Values = (0..self.plan.vectors)
                .map(|vector| {
                    let first = self.first(from, vector);
                    run(self, first)
                })
                .collect();
            return Rep::Bases(firsts, stride);
        }
        let parts: Values = self
            .units(true)
            .map(|unit| {
                let lanes = self.lanes(from, unit);
                run(self, lanes)
            })
            .collect();
        self.gathered(&parts, true, ty)
    }

    /// Between offsets in a space and generic addresses.
    pub fn to_generic(&mut self, inst: &Inst, space: Space, back: bool) -> Result<(), Refusal> {
        let op = if back { Int::Sub } else { Int::Add };
        let (from, to) = (inst.args[0], inst.results[0]);
        let start = match space {
            Space::Generic | Space::Global | Space::Const => {
                let (rep, firsts) = (self.rep(from).clone(), self.firsts.get(&from).cloned());
                self.set(to, rep);
                if let Some(firsts) = firsts {
                    self.firsts.insert(to, firsts);
                }
                return Ok(());
            }
            Space::Local => {
                let rep = self.local_generic(from, op);
                self.set(to, rep);
                return Ok(());
            }
            Space::Shared => self.start_of(Field::Shared),
            Space::Param => self.start_of(Field::Parameters),
        };
        let rep = self.map(from, to, Type::I64, |split, value| {
            let start = split.like(start, value);
            split.build.int(op, Kind::U64, &[value, start])
        });
        self.set(to, rep);
        Ok(())
    }

    /// Every thread's local memory lies elsewhere.
    fn local_generic(&mut self, from: Value, op: Int) -> Rep {
        let mut parts = Values::new();
        for unit in self.units(true) {
            let Unit::Half(half) = unit else { continue };
            let (base, steps) = self.local_start(unit.vector());
            let steps = self.build.half(steps, (half % 2) as u8);
            let steps = self.build.widen(steps, false);
            let base = self.build.broadcast(base, self.lanes_of(unit));
            let start = self.build.add(base, steps);
            let value = self.lanes(from, unit);
            parts.push(self.build.int(op, Kind::U64, &[value, start]));
        }
        Rep::Full(parts)
    }
}

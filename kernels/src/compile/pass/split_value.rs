//! What a value of one thread is in vector code: its representation, and others made of it on demand.

use smallvec::SmallVec;

use super::super::ssa::{Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_build::{self, vector_of};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};

/// Values of vector code.
pub type Values = SmallVec<[Value; 16]>;

/// The representation of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rep {
    /// One scalar for the gang.
    Scalar(Value),
    /// One vector for the gang, with the same in every lane.
    Splat(Value),
    /// A scalar for each vector, that of its first lane, and how much it grows from lane to lane.
    Bases(Values, i64),
    /// A vector of 32 bits or a mask for each vector, or two of 64 bits.
    Full(Values),
    /// A scalar for each vector, that of its first lane; others are as far from there as those of a value of the masked function.
    Shifted(Values, Value),
    /// A scalar for the gang, that of its first lane; other vectors are as far from there as those of a value of the masked
    /// function. How much it grows from lane to lane.
    Stepped(Value, Value, i64),
}

/// What a parameter of a block is passed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// [`Rep::Scalar`].
    Scalar,
    /// [`Rep::Splat`].
    Splat,
    /// [`Rep::Bases`].
    Bases(i64),
    /// [`Rep::Full`].
    Full,
    /// [`Rep::Shifted`].
    Shifted(Value),
    /// [`Rep::Stepped`].
    Stepped(Value, i64),
}

/// Lanes that one inst works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A vector by its number.
    Whole(u32),
    /// Half of one: lanes of 64 bits.
    Half(u32),
}

impl Unit {
    /// The vector.
    pub fn vector(self) -> u32 {
        match self {
            Unit::Whole(vector) => vector,
            Unit::Half(half) => half / 2,
        }
    }
}

impl Split<'_> {
    /// Lanes of a unit.
    pub fn lanes_of(&self, unit: Unit) -> u8 {
        match unit {
            Unit::Whole(_) => self.plan.lanes,
            Unit::Half(_) => self.plan.lanes / 2,
        }
    }

    /// All units, of one kind.
    pub fn units(&self, halves: bool) -> impl Iterator<Item = Unit> + use<> {
        let count = self.plan.vectors * if halves { 2 } else { 1 };
        (0..count).map(move |at| if halves { Unit::Half(at) } else { Unit::Whole(at) })
    }

    /// The shape of a value of the masked function.
    pub fn shape(&self, value: Value) -> Shape {
        match self.shapes.of(value) {
            Shape::Affine(0) => Shape::VectorUniform,
            // Floats are no sums of strides, predicates neither.
            Shape::Affine(_) | Shape::AffineIfNoWrap(_) if self.from.ty(value) == Type::I1 => Shape::Varying,
            shape => shape,
        }
    }

    /// The representation of a value.
    pub fn rep(&self, value: Value) -> &Rep {
        // Insts come in an order in which what they use was made before.
        self.reps[value.0 as usize].as_ref().expect("a value is made before it is used")
    }

    /// Notes it.
    pub fn set(&mut self, value: Value, rep: Rep) {
        let rep = match rep {
            Rep::Bases(bases, 0) if bases.iter().all(|&base| base == bases[0]) => Rep::Scalar(bases[0]),
            rep => rep,
        };
        self.firsts.remove(&value);
        self.reps[value.0 as usize] = Some(rep);
    }

    /// Whether it is there as scalars, without a word from a vector register.
    pub fn is_scalar(&self, value: Value) -> bool {
        matches!(self.rep(value), Rep::Scalar(_) | Rep::Bases(_, 0) | Rep::Stepped(_, _, 0))
    }

    /// The value in the first lane of a vector, as a scalar.
    pub fn first(&mut self, value: Value, vector: u32) -> Value {
        if let Some(firsts) = self.firsts.get(&value) {
            return firsts[vector as usize];
        }
        let wide = self.from.ty(value) == Type::I64;
        match self.rep(value) {
            Rep::Scalar(scalar) => *scalar,
            Rep::Bases(bases, _) | Rep::Shifted(bases, _) => bases[vector as usize],
            &Rep::Stepped(first, owner, _) => self.step(owner, first, vector),
            &Rep::Splat(splat) => self.build.extract(splat, 0),
            Rep::Full(parts) => {
                let part = parts[vector as usize * if wide { 2 } else { 1 }];
                if self.from.ty(value) != Type::I1 {
                    return self.build.extract(part, 0);
                }
                if matches!(self.shape(value), Shape::Uniform | Shape::VectorUniform) {
                    return self.build.any(&[part]);
                }
                let bits = self.build.bits(part);
                let one = self.build.word(1);
                let bit = self.build.int(Int::And, Kind::U32, &[bits, one]);
                let zero = self.build.word(0);
                self.build.compare(Comparison::Ne, Kind::U32, bit, zero)
            }
        }
    }

    /// A uniform value as a scalar.
    pub fn scalar(&mut self, value: Value) -> Value {
        self.first(value, 0)
    }

    /// The lanes of a unit. Values of 64 bits come in halves only.
    pub fn lanes(&mut self, value: Value, unit: Unit) -> Value {
        let lanes = self.lanes_of(unit);
        let wide = self.from.ty(value) == Type::I64;
        let vector = unit.vector() as usize;
        match (self.rep(value), unit) {
            (&Rep::Scalar(scalar), _) => self.build.broadcast(scalar, lanes),
            (Rep::Bases(bases, stride), _) => {
                let (base, stride) = (bases[vector], *stride);
                self.grown(base, stride, unit)
            }
            (&Rep::Stepped(.., stride), _) => {
                let base = self.first(value, unit.vector());
                self.grown(base, stride, unit)
            }
            (Rep::Shifted(bases, origin), _) => {
                let (base, origin) = (bases[vector], *origin);
                let others = self.lanes(origin, unit);
                let first = self.first(origin, unit.vector());
                let kind = split_build::unsigned(self.build.ty(first));
                let way = self.build.int(Int::Sub, kind, &[base, first]);
                let way = self.build.broadcast(way, lanes);
                self.build.add(others, way)
            }
            (&Rep::Splat(splat), Unit::Half(_)) if !wide => self.build.half(splat, 0),
            (&Rep::Splat(splat), _) => splat,
            (Rep::Full(parts), Unit::Half(half)) if wide => parts[half as usize],
            (Rep::Full(parts), Unit::Half(half)) => {
                let part = parts[vector];
                self.build.half(part, (half % 2) as u8)
            }
            (Rep::Full(parts), Unit::Whole(_)) => parts[vector],
        }
    }

    /// A vector whose first lane is a scalar, growing by a stride.
    fn grown(&mut self, base: Value, stride: i64, unit: Unit) -> Value {
        let lanes = self.lanes_of(unit);
        let ty = vector_of(self.build.ty(base), lanes);
        let all = self.build.broadcast(base, lanes);
        if stride == 0 {
            return all;
        }
        let start = if let Unit::Half(half) = unit { i64::from(half % 2) * i64::from(lanes) } else { 0 };
        let steps = self.steps(ty, start, stride);
        self.build.add(all, steps)
    }

    /// A table of multiples of a stride, from some lane on.
    pub fn steps(&mut self, ty: Type, start: i64, stride: i64) -> Value {
        let cut = |number: i64| if ty.bits() == 64 { number as u64 } else { u64::from(number as u32) };
        let count = i64::from(split_build::lanes(ty));
        let numbers = (start..start + count).map(|lane| cut(lane.wrapping_mul(stride))).collect();
        self.build.each(ty, numbers)
    }

    /// All vectors of a value of 32 bits, its masks, or its halves of 64 bits.
    pub fn full(&mut self, value: Value) -> Values {
        let units = self.units(self.from.ty(value) == Type::I64);
        units.map(|unit| self.lanes(value, unit)).collect()
    }

    /// What units came to, as a representation: halves of 32 bits and of masks are joined.
    pub fn gathered(&mut self, parts: &[Value], halves: bool, ty: Type) -> Rep {
        if halves && ty != Type::I64 {
            return Rep::Full(parts.chunks(2).map(|pair| self.build.join(pair[0], pair[1])).collect());
        }
        Rep::Full(Values::from_slice(parts))
    }

    /// How a parameter of this shape is passed.
    pub fn way(&self, value: Value) -> Way {
        if let Some(way) = self.stepped_way(value) {
            return way;
        }
        match self.shape(value) {
            Shape::Uniform if self.floats[value.0 as usize] => Way::Splat,
            Shape::Uniform => Way::Scalar,
            Shape::VectorUniform if self.floats[value.0 as usize] => Way::Full,
            Shape::VectorUniform => Way::Bases(0),
            Shape::Affine(stride) => Way::Bases(stride),
            Shape::AffineIfNoWrap(_) => {
                self.origins.get(&value).map_or(Way::Full, |&origin| Way::Shifted(origin))
            }
            _ => Way::Full,
        }
    }

    /// The types of what is passed.
    pub fn passed_types(&self, way: Way, ty: Type) -> Vec<Type> {
        let count = self.plan.vectors as usize;
        let (lanes, parts) = match ty {
            Type::I64 => (self.plan.lanes / 2, count * 2),
            _ => (self.plan.lanes, count),
        };
        match way {
            Way::Scalar | Way::Stepped(..) => vec![ty],
            Way::Splat => vec![vector_of(ty, lanes)],
            Way::Bases(_) | Way::Shifted(_) => vec![ty; count],
            Way::Full => vec![vector_of(ty, lanes); parts],
        }
    }

    /// A value as it is passed.
    pub fn passed(&mut self, way: Way, value: Value) -> Values {
        match way {
            Way::Scalar | Way::Stepped(..) => [self.first(value, 0)].as_slice().into(),
            Way::Splat => [self.splat(value)].as_slice().into(),
            Way::Bases(_) | Way::Shifted(_) => {
                (0..self.plan.vectors).map(|vector| self.first(value, vector)).collect()
            }
            Way::Full => self.full(value),
        }
    }

    /// What was passed as a representation.
    pub fn received(&mut self, way: Way, values: &[Value]) -> Rep {
        match way {
            Way::Scalar => Rep::Scalar(values[0]),
            Way::Splat => Rep::Splat(values[0]),
            Way::Bases(stride) => Rep::Bases(values.into(), stride),
            Way::Full => Rep::Full(values.into()),
            Way::Shifted(origin) => Rep::Shifted(values.into(), origin),
            Way::Stepped(owner, stride) => Rep::Stepped(values[0], owner, stride),
        }
    }

    /// A uniform value in every lane of one vector.
    pub fn splat(&mut self, value: Value) -> Value {
        self.lanes(value, if self.from.ty(value) == Type::I64 { Unit::Half(0) } else { Unit::Whole(0) })
    }
}

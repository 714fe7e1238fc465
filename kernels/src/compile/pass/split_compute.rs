//! Pure ops of vector code: on scalars where lanes do not differ, else on vectors, or by a call.

use super::super::Refusal;
use super::super::call::What;
use super::super::ssa::{Inst, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_build::vector_of;
use super::split_value::{Rep, Unit, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Float, Int};

/// What takes an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Legal {
    /// Scalars.
    pub scalar: bool,
    /// Vectors.
    pub vector: bool,
}

/// Whether there is code for an op: the list "Legal ops" of README.md.
pub fn legal(compute: Compute) -> Legal {
    let (scalar, vector) = match compute {
        Compute::Copy | Compute::Select => (true, true),
        Compute::Int(op, Kind::Pred) => {
            let known = matches!(op, Int::And | Int::Or | Int::Xor | Int::Not);
            (known, known)
        }
        Compute::Int(op, ty) => legal_int(op, ty),
        Compute::Compare(_, Kind::F32 | Kind::F64, _) => (false, true),
        Compute::Compare(_, ty, _) => (ty.bits() >= 32 && !ty.float(), ty.bits() >= 32 && !ty.float()),
        Compute::Convert(to) => {
            let plain = !to.mode.sat && !to.mode.relu && !to.finite;
            let numbers = |ty: Kind| !ty.float() && !matches!(ty, Kind::Pred | Kind::U16x2 | Kind::S16x2);
            let known = |ty: Kind| numbers(ty) || matches!(ty, Kind::F16 | Kind::F32 | Kind::F64);
            let fine = plain && known(to.to) && known(to.from);
            (fine && numbers(to.to) && numbers(to.from), fine)
        }
        Compute::Float(op, Kind::F32 | Kind::F64, mode) => {
            let known = !matches!(
                op,
                Float::DivApprox
                    | Float::Rcp
                    | Float::Rsqrt
                    | Float::Ex2
                    | Float::Lg2
                    | Float::Sin
                    | Float::Cos
                    | Float::Tanh
                    | Float::MinNan
                    | Float::MaxNan
                    | Float::MinXorSign
                    | Float::MaxXorSign
                    | Float::MinNanXorSign
                    | Float::MaxNanXorSign
                    | Float::IsFinite
                    | Float::IsInfinite
                    | Float::IsNumber
                    | Float::IsNan
                    | Float::IsNormal
                    | Float::IsSubnormal
            );
            (false, known && !mode.sat && !mode.relu)
        }
        _ => (false, false),
    };
    Legal { scalar, vector }
}

fn legal_int(op: Int, ty: Kind) -> (bool, bool) {
    let (word, long) =
        (matches!(ty, Kind::U32 | Kind::S32 | Kind::B32), matches!(ty, Kind::U64 | Kind::S64 | Kind::B64));
    match op {
        Int::Add
        | Int::Sub
        | Int::MulLow
        | Int::And
        | Int::Or
        | Int::Xor
        | Int::Not
        | Int::Shl
        | Int::Shr
        | Int::Min
        | Int::Max
        | Int::Abs
        | Int::Neg
        | Int::Popc
        | Int::Clz => (word || long, word || long),
        Int::MulWide | Int::Lop3 | Int::ShfLeftWrap | Int::ShfRightWrap => (word, word),
        Int::MulHigh => (word || long, word),
        Int::Div | Int::Rem => (word || long, false),
        _ => (false, false),
    }
}

impl Split<'_> {
    /// A pure op.
    pub fn compute(&mut self, inst: &Inst, compute: Compute) -> Result<(), Refusal> {
        let result = inst.results[0];
        let ty = self.from.ty(result);
        let float = self.is_vector_op(inst, compute);
        let rep = match self.shape(result) {
            Shape::Uniform if float => self.splat_op(compute, &inst.args, ty),
            Shape::Uniform => {
                let args: Values = inst.args.iter().map(|&arg| self.scalar(arg)).collect();
                Rep::Scalar(self.scalar_op(compute, &args, ty))
            }
            Shape::VectorUniform | Shape::Affine(_) if !float && self.stepped_way(result).is_some() => {
                let args: Values = inst.args.iter().map(|&arg| self.first(arg, 0)).collect();
                let first = self.scalar_op(compute, &args, ty);
                self.as_stepped(result, first)
            }
            Shape::VectorUniform | Shape::Affine(_) if !float => {
                Rep::Bases(self.first_op(compute, &inst.args, ty), self.stride(result))
            }
            Shape::AffineIfNoWrap(_) if !float => {
                let firsts = self.first_op(compute, &inst.args, ty);
                let rep = self.lane_op(inst, compute);
                self.set(result, rep);
                self.firsts.insert(result, firsts);
                return Ok(());
            }
            _ => self.lane_op(inst, compute),
        };
        self.set(result, rep);
        Ok(())
    }

    fn stride(&self, value: Value) -> i64 {
        if let Shape::Affine(stride) = self.shape(value) { stride } else { 0 }
    }

    /// Scalars cannot do it, or its arguments are vectors anyway.
    fn is_vector_op(&self, inst: &Inst, compute: Compute) -> bool {
        let legal = legal(compute);
        match compute {
            Compute::Copy | Compute::Select => {
                let values = inst.args.iter().take(2);
                let scalar = |&value: &Value| {
                    matches!(
                        self.rep(value),
                        Rep::Scalar(_) | Rep::Bases(..) | Rep::Shifted(..) | Rep::Stepped(..)
                    )
                };
                !values.clone().all(scalar) && !matches!(self.from.ty(inst.args[0]), Type::I1)
            }
            _ => legal.vector && !legal.scalar,
        }
    }

    /// The first lanes of all vectors.
    fn first_op(&mut self, compute: Compute, args: &[Value], ty: Type) -> Values {
        let steps = self.steps_of_vectors(compute, args);
        let vectors = 0..self.plan.vectors;
        let mut all = Values::new();
        for vector in vectors {
            if let (Some(steps), true) = (&steps, vector > 0) {
                all.push(self.build.add_number(all[0], steps[vector as usize]));
                continue;
            }
            let args: Values = args.iter().map(|&arg| self.first(arg, vector)).collect();
            all.push(self.scalar_op(compute, &args, ty));
        }
        all
    }

    /// How far each vector's first lane is from that of the first vector, where a number is widened that does not wrap
    /// around in between: then addresses differ by constants.
    fn steps_of_vectors(&mut self, compute: Compute, args: &[Value]) -> Option<Vec<i64>> {
        let constant = |at: usize| args.get(at).and_then(|&arg| self.from.constant(arg));
        let (value, kind, factor) = match compute {
            Compute::Convert(to) if to.to.bits() == 64 && !to.to.float() => (args[0], to.from, 1),
            Compute::Int(Int::MulWide, kind) => match (constant(0), constant(1)) {
                (_, Some(factor)) => (args[0], kind, factor),
                (Some(factor), _) => (args[1], kind, factor),
                _ => return None,
            },
            _ => return None,
        };
        let factor = match kind {
            Kind::S32 => i64::from(factor as i32),
            Kind::U32 => factor as i64,
            _ => return None,
        };
        let (bases, _) = self.bases(value)?;
        let steps: Option<Vec<i64>> = bases.iter().map(|&base| self.build.distance(bases[0], base)).collect();
        let steps = steps?;
        let way = steps.iter().map(|step| step.abs()).max()?;
        // A wrap would show values within this distance of both ends of the range.
        let sure = if self.sure.contains(&(value, kind.signed())) {
            true
        } else if kind.signed() {
            let (low, high) = self.ranges.signed(value);
            low >= i64::from(i32::MIN) + way || high <= i64::from(i32::MAX) - way
        } else {
            let (low, high) = self.ranges.unsigned(value);
            low >= way as u64 || high <= u64::from(u32::MAX) - way as u64
        };
        sure.then(|| steps.into_iter().map(|step| step.wrapping_mul(factor)).collect())
    }

    /// One op on scalars.
    fn scalar_op(&mut self, compute: Compute, args: &[Value], ty: Type) -> Value {
        let legal = legal(compute);
        if legal.scalar {
            return self.build.compute(compute, args, ty);
        }
        if !legal.vector {
            return self.call_of(What::Compute(compute), 1, None, args, &[ty])[0];
        }
        let lanes = self.lanes_for(args.iter().map(|&arg| self.build.ty(arg)).chain([ty]));
        let args: Values = args.iter().map(|&arg| self.build.broadcast(arg, lanes)).collect();
        let result = self.build.compute(compute, &args, vector_of(ty, lanes));
        if ty == Type::I1 { self.build.any(&[result]) } else { self.build.extract(result, 0) }
    }

    fn lanes_for(&self, mut types: impl Iterator<Item = Type>) -> u8 {
        if types.any(|ty| ty == Type::I64) { self.plan.lanes / 2 } else { self.plan.lanes }
    }

    /// One op on vectors with the same in all lanes.
    fn splat_op(&mut self, compute: Compute, args: &[Value], ty: Type) -> Rep {
        let lanes = self.lanes_for(args.iter().map(|&arg| self.from.ty(arg)).chain([ty]));
        let halves = lanes != self.plan.lanes;
        let unit = if halves { Unit::Half(0) } else { Unit::Whole(0) };
        let args: Values = args.iter().map(|&arg| self.lanes(arg, unit)).collect();
        let result = self.build.compute(compute, &args, vector_of(ty, lanes));
        match ty {
            Type::I1 => Rep::Scalar(self.build.any(&[result])),
            Type::I32 if self.is_number(compute) => Rep::Scalar(self.build.extract(result, 0)),
            Type::I64 if self.is_number(compute) => Rep::Scalar(self.build.extract(result, 0)),
            Type::I32 if halves => Rep::Splat(self.build.join(result, result)),
            _ => Rep::Splat(result),
        }
    }

    /// The result is an integer: uniform ones are scalars.
    fn is_number(&self, compute: Compute) -> bool {
        matches!(compute, Compute::Convert(to) if !to.to.float())
    }

    /// One op for every vector, or half.
    fn lane_op(&mut self, inst: &Inst, compute: Compute) -> Rep {
        let ty = self.from.ty(inst.results[0]);
        if !legal(compute).vector {
            let args: Vec<Value> = inst.args.iter().flat_map(|&arg| self.full(arg)).collect();
            let values = self.call_of(What::Compute(compute), self.plan.gang, None, &args, &[ty]);
            return Rep::Full(values);
        }
        let lanes = self.lanes_for(inst.args.iter().map(|&arg| self.from.ty(arg)).chain([ty]));
        let halves = lanes != self.plan.lanes;
        let mut parts = Values::new();
        for unit in self.units(halves) {
            let args: Values = inst
                .args
                .iter()
                .enumerate()
                .map(|(at, &arg)| self.argument(compute, at, arg, unit))
                .collect();
            parts.push(self.build.compute(compute, &args, vector_of(ty, lanes)));
        }
        self.gathered(&parts, halves, ty)
    }

    /// The argument of an op on lanes. Products of 32 bits are made of lanes of 64.
    fn argument(&mut self, compute: Compute, at: usize, arg: Value, unit: Unit) -> Value {
        let Compute::Int(Int::MulWide, kind) = compute else { return self.lanes(arg, unit) };
        if let (&Rep::Scalar(scalar), true) = (self.rep(arg), at < 2) {
            let wide = self.build.widen(scalar, kind.signed());
            return self.build.broadcast(wide, self.lanes_of(unit));
        }
        let lanes = self.lanes(arg, unit);
        self.build.widen(lanes, kind.signed())
    }
}

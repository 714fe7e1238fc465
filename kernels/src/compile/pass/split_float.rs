//! Float ops that level 1 does not have, on vectors.

use super::super::ssa::{Inst, Op, Type};
use super::shape::Shape;
use super::split::Split;
use super::split_build::vector_of;
use super::split_value::{Rep, Unit, Values};

/// Whether an op is one of these.
pub fn is_one(op: &Op) -> bool {
    matches!(op, Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_))
}

impl Split<'_> {
    /// One op for every vector, or half; a single one where all lanes are the same.
    pub fn float_op(&mut self, inst: &Inst) {
        let result = inst.results[0];
        let ty = self.from.ty(result);
        let halves = ty == Type::I64;
        let uniform = self.shape(result) == Shape::Uniform;
        let units = match uniform {
            true if halves => vec![Unit::Half(0)],
            true => vec![Unit::Whole(0)],
            false => self.units(halves).collect(),
        };
        let mut parts = Values::new();
        for unit in units {
            let args: Values = inst.args.iter().map(|&arg| self.lanes(arg, unit)).collect();
            let vector = vector_of(ty, self.lanes_of(unit));
            parts.push(self.build.pure(inst.op.clone(), &args, vector));
        }
        let rep = if uniform { Rep::Splat(parts[0]) } else { self.gathered(&parts, halves, ty) };
        self.set(result, rep);
    }
}

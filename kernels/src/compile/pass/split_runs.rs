//! Numbers that are as far apart from vector to vector in every round of a loop: the loop carries that of the first vector.

use super::super::ssa::quick::Map;

use super::super::ssa::order::Order;
use super::super::ssa::{Function, Inst, Op, Type, Value};
use super::shape::{Shape, Shapes};
use super::split_plan::Plan;
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::{Space, Special};

/// How far the first lane of each vector of a gang is from that of the first vector.
pub type Steps = Vec<i64>;

/// For each value that is such a number how far.
pub fn all(function: &Function, shapes: &Shapes, order: &Order, plan: &Plan) -> Map<Value, Steps> {
    let mut runs = Runs { function, shapes, plan, of: vec![Known::Yet; function.values.len()] };
    let mut again = true;
    while again {
        again = false;
        for &id in &order.blocks {
            let block = function.block(id);
            for &inst in &block.insts {
                let inst = function.inst(inst);
                for &result in &inst.results {
                    let known = runs.made(inst, result);
                    again |= runs.meet(result, known);
                }
            }
            block.end.targets(|to| {
                for (&param, &arg) in function.block(to.block).params.iter().zip(&to.args) {
                    let known = runs.of[arg.0 as usize].clone();
                    again |= runs.meet(param, known);
                }
            });
        }
    }
    let values = (0..).map(Value).zip(runs.of);
    let regular = |value| matches!(shapes.of(value), Shape::VectorUniform | Shape::Affine(_));
    let known = values.filter(|&(value, _)| regular(value)).filter_map(|(value, known)| match known {
        Known::Steps(steps) => Some((value, steps)),
        _ => None,
    });
    known.collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// Nobody has given it a value.
    Yet,
    /// So far.
    Steps(Steps),
    /// It depends.
    No,
}

struct Runs<'f> {
    function: &'f Function,
    shapes: &'f Shapes,
    plan: &'f Plan,
    of: Vec<Known>,
}

impl Runs<'_> {
    /// Another way to a value. Whether that changes what is known.
    fn meet(&mut self, value: Value, known: Known) -> bool {
        let own = &mut self.of[value.0 as usize];
        let new = match (&*own, known) {
            (Known::Yet, known) => known,
            (_, Known::Yet) => return false,
            (old, known) if *old == known => return false,
            _ => Known::No,
        };
        let changes = new != *own;
        *own = new;
        changes
    }

    fn made(&self, inst: &Inst, result: Value) -> Known {
        let ty = self.function.ty(result);
        if ty == Type::I1 {
            return Known::No;
        }
        if self.shapes.of(result) == Shape::Uniform {
            return Known::Steps(vec![0; self.plan.vectors as usize]);
        }
        match inst.op {
            Op::Special(Special::Tid(axis)) => self.thread(axis).map_or(Known::No, Known::Steps),
            Op::Compute(Compute::Copy) | Op::ToGeneric(Space::Global | Space::Const | Space::Generic) => {
                self.of[inst.args[0].0 as usize].clone()
            }
            Op::Compute(Compute::Int(op, kind)) if kind.bits() == ty.bits() && kind != Kind::Pred => {
                self.sum(op, inst, ty)
            }
            _ => Known::No,
        }
    }

    fn sum(&self, op: Int, inst: &Inst, ty: Type) -> Known {
        let [a, b] = inst.args[..] else { return Known::No };
        let (first, second) = match (&self.of[a.0 as usize], &self.of[b.0 as usize]) {
            (Known::No, _) | (_, Known::No) => return Known::No,
            (Known::Steps(first), Known::Steps(second)) => (first, second),
            _ => return Known::Yet,
        };
        let by = self.function.constant(b).map(|number| number as i64);
        let one = |first: i64, second: i64| match (op, by) {
            (Int::Add, _) => Some(first.wrapping_add(second)),
            (Int::Sub, _) => Some(first.wrapping_sub(second)),
            (Int::MulLow, Some(by)) => Some(first.wrapping_mul(by)),
            (Int::Shl, Some(by)) if by < i64::from(ty.bits()) => Some(first.wrapping_shl(by as u32)),
            _ => None,
        };
        let cut = |step: i64| if ty == Type::I32 { i64::from(step as i32) } else { step };
        let steps: Option<Steps> =
            first.iter().zip(second).map(|(&first, &second)| one(first, second).map(cut)).collect();
        steps.map_or(Known::No, Known::Steps)
    }

    /// Of the thread's place in the block, if all gangs start at the same place of their row or layer.
    fn thread(&self, axis: u8) -> Option<Steps> {
        let [x, y, z] = self.plan.block;
        let (before, side, whole) = match axis {
            0 => (1, x, y == 1 && z == 1),
            1 => (x, y, z == 1),
            _ => (x * y, z, true),
        };
        if side == 1 {
            return Some(vec![0; self.plan.vectors as usize]);
        }
        let (row, gang) = (before * side, self.plan.gang);
        // The last side of a block is never left, so there no gang's place wraps around.
        let regular =
            self.plan.gangs == 1 || gang.is_multiple_of(row) || whole && gang.is_multiple_of(before);
        regular.then(|| {
            let places = (0..self.plan.vectors).map(|vector| vector * u32::from(self.plan.lanes) / before);
            places.map(|place| i64::from(if whole { place } else { place % side })).collect()
        })
    }
}

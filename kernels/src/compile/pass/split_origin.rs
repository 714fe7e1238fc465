//! Pointers that a loop moves on: their lanes stay as far apart as those of the value they started from.

use super::super::ssa::quick::{Map, Set};

use super::super::ssa::order::{Few, Order, predecessors};
use super::super::ssa::{Def, Function, Op, Value};
use super::shape::{Shape, Shapes};
use crate::ir::compute::{Compute, Int};

/// For each such parameter of a block the value outside.
pub fn all(function: &Function, shapes: &Shapes, order: &Order) -> Map<Value, Value> {
    let from = predecessors(function, order);
    let mut origins = Map::default();
    for &block in &order.blocks {
        for &param in &function.block(block).params {
            if matches!(shapes.of(param), Shape::AffineIfNoWrap(_))
                && let Some(origin) = of(function, shapes, &from, param)
            {
                origins.insert(param, origin);
            }
        }
    }
    origins
}

/// The only value that all ways to a parameter start from.
fn of(function: &Function, shapes: &Shapes, from: &[Few], param: Value) -> Option<Value> {
    let mut seen = Set::from_iter([param]);
    let mut open = vec![param];
    let mut origin = None;
    while let Some(value) = open.pop() {
        let Def::Param(block, place) = function.def(value) else {
            if *origin.get_or_insert(value) != value {
                return None;
            }
            continue;
        };
        for &one in &from[block.0 as usize] {
            function.block(one).end.targets(|to| {
                if to.block == block {
                    let start = start(function, shapes, to.args[place as usize]);
                    if seen.insert(start) {
                        open.push(start);
                    }
                }
            });
        }
    }
    origin.filter(|&value| matches!(shapes.of(value), Shape::AffineIfNoWrap(_)))
}

/// What is left of a sum without what all lanes of a vector have in common.
fn start(function: &Function, shapes: &Shapes, mut value: Value) -> Value {
    let same = |value: Value| shapes.of(value).is_same_in_vector();
    while let Some(inst) = function.maker(value) {
        value = match (&inst.op, &inst.args[..]) {
            (Op::Compute(Compute::Int(Int::Add, kind)), &[a, b]) if kind.bits() == 64 && same(b) => a,
            (Op::Compute(Compute::Int(Int::Add, kind)), &[a, b]) if kind.bits() == 64 && same(a) => b,
            (Op::Compute(Compute::Int(Int::Sub, kind)), &[a, b]) if kind.bits() == 64 && same(b) => a,
            _ => break,
        };
    }
    value
}

//! A loop that threads leave by two conditions at once, of which all threads share one, gets two exits.
//!
//! `while (count < limit && x < y)`, where all threads count together: the shared condition needs no mask, only a branch, and
//! the mask of those who stay is that of the other one.

use crate::compile::pass::region::Regions;
use crate::compile::pass::shape::{Apart, Shape, Shapes};
use crate::compile::ssa::{BlockId, End, Function, Op, Target, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};

/// True if there was such a loop: what is known of the function is no longer so.
pub(super) fn run(function: &mut Function, regions: &Regions, shapes: &Shapes) -> bool {
    let mut any = false;
    for &block in &regions.order.blocks {
        if regions.inner[block.0 as usize] == 0 || shapes.ends[block.0 as usize] == Apart::Never {
            continue;
        }
        if let Some((shared, own, stays)) = conditions(function, regions, shapes, block) {
            part(function, block, shared, own, stays);
            any = true;
        }
    }
    any
}

/// Of a block that leaves its loop: the condition that all threads share, the other one, and whether threads stay that
/// meet both (or leave that meet either).
fn conditions(
    function: &Function,
    regions: &Regions,
    shapes: &Shapes,
    block: BlockId,
) -> Option<(Value, Value, bool)> {
    let End::Branch(condition, yes, no) = &function.block(block).end else { return None };
    let inst = function.maker(*condition)?;
    let stays = match inst.op {
        Op::Compute(Compute::Int(Int::And, Kind::Pred)) => true,
        Op::Compute(Compute::Int(Int::Or, Kind::Pred)) => false,
        _ => return None,
    };
    let (stay, leave) = if stays { (yes, no) } else { (no, yes) };
    let region = regions.inner[block.0 as usize];
    if regions.contains(region, leave.block) || !regions.contains(region, stay.block) {
        return None;
    }
    let is_shared = |value| shapes.of(value) == Shape::Uniform;
    match inst.args[..] {
        [a, b] if is_shared(a) && !is_shared(b) => Some((a, b, stays)),
        [a, b] if is_shared(b) && !is_shared(a) => Some((b, a, stays)),
        _ => None,
    }
}

/// Branches by one condition, and in a block of its own by the other.
fn part(function: &mut Function, block: BlockId, shared: Value, own: Value, stays: bool) {
    let line = function.block(block).line;
    let rest = function.add_block(line);
    let end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
    let End::Branch(_, yes, no) = end else { return };
    let first = if stays {
        End::Branch(shared, Target::to(rest), no.clone())
    } else {
        End::Branch(shared, yes.clone(), Target::to(rest))
    };
    function.block_mut(block).end = first;
    function.block_mut(rest).end = End::Branch(own, yes, no);
}

//! Blocks that follow each other in a row of the grid, gang by gang: the first gangs of some of them, then their second ones.
//!
//! Threads that lie side by side mostly touch elements that do. A block of several rows of threads takes a short piece of as many rows
//! of memory, and the next block the pieces behind: the processor sees many short streams, half of them with gaps, and fetches
//! little ahead. The same gang of block after block goes along few rows at once. Nobody can tell the difference but by the
//! time it takes: no thread waits for another, none sees what others of its block alone share, and blocks have no order.

use std::mem::offset_of;

use super::super::Refusal;
use super::super::context::Context;
use super::super::ssa::order::Order;
use super::super::ssa::{BlockId, End, Function, Inst, Op, Target, Type, Value};
use super::claims::Claim;
use super::shape::{Shape, Shapes};
use super::split::Split;
use super::split_plan::{Plan, has_barriers};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::{Space, Special};

/// How many threads of a row of the grid come before the next gang of their blocks: what one gang leaves in the caches is there for the
/// next one.
const LONGEST: u32 = 4096;

/// The widest element of a row, in bytes.
const WIDEST: i64 = 32;

/// Whether it is worth it, and allowed.
pub fn are_better(
    function: &Function,
    plan: &Plan,
    shapes: &Shapes,
    claims: &[Claim],
    order: &Order,
) -> bool {
    let width = plan.block[0];
    let several = plan.gangs > 1 && plan.gang.is_multiple_of(width) && width * 2 <= LONGEST;
    if !several || plan.check || has_barriers(function) {
        return false;
    }
    let mut rows = false;
    // What loops touch may be much, and the same for gangs of a block.
    let once = |id: BlockId| {
        let mut once = true;
        function.block(id).end.targets(|to| once &= order.of(to.block) > order.of(id));
        once
    };
    order.blocks.iter().all(|&id| {
        let mut all = function.block(id).insts.iter();
        once(id) && all.all(|&inst| is_private(shapes, function.inst(inst), &mut rows))
    }) && rows
        && claims.iter().all(|claim| is_linear(function, claim))
}

/// Whether an inst has to do with nobody but its own gang, and touches memory in rows if at all.
fn is_private(shapes: &Shapes, inst: &Inst, rows: &mut bool) -> bool {
    let access = match inst.op {
        Op::Load(access) | Op::Store(access) => access,
        Op::ToGeneric(space) | Op::IsSpace(space) => return space != Space::Shared,
        Op::WarpBarrier => return true,
        ref op => return !op.has_effect() && !op.touches_memory(),
    };
    match access.space {
        Space::Param | Space::Const | Space::Local => true,
        Space::Shared => false,
        Space::Global | Space::Generic => match shapes.of(inst.args[0]) {
            _ if access.ordered => false,
            Shape::Uniform | Shape::VectorUniform => true,
            Shape::Affine(stride) | Shape::AffineIfNoWrap(stride) => {
                *rows = true;
                stride.abs() <= WIDEST
            }
            Shape::Varying => false,
        },
    }
}

/// Whether a claim's sum grows by the same from each block of a row to the next, so that it holds for all of them if it holds at both ends.
fn is_linear(function: &Function, claim: &Claim) -> bool {
    claim.sum.keys().all(|(place, factors)| {
        let own = factors.iter().filter(|&&factor| is_column(function, factor)).count();
        let others = factors.iter().filter(|&&factor| !is_column(function, factor));
        let most = if place.is_some() { 0 } else { 1 };
        own <= most && others.into_iter().all(|&factor| !hangs_on_column(function, factor))
    })
}

/// Whether a value is the block's place in its row of the grid.
pub fn is_column(function: &Function, value: Value) -> bool {
    function.maker(value).is_some_and(|inst| matches!(inst.op, Op::Special(Special::CtaId(0))))
}

/// Whether an early value is made of that.
fn hangs_on_column(function: &Function, value: Value) -> bool {
    is_column(function, value)
        || function
            .maker(value)
            .is_some_and(|inst| inst.args.iter().any(|&arg| hangs_on_column(function, arg)))
}

impl Split<'_> {
    /// At the head of the loop over runs of blocks: the loop over gangs, and inside of it the one over blocks of a run.
    pub fn open_rows(&mut self) -> Result<(), Refusal> {
        let first = self.loops.place[0];
        let width = self.side(0);
        let room = self.build.int(Int::Sub, Kind::U32, &[width, first]);
        let room = self.build.widen(room, false);
        let most = self.build.long((LONGEST / self.plan.block[0]).into());
        let count = self.build.int(Int::Min, Kind::U64, &[self.loops.left, room]);
        let count = self.build.int(Int::Min, Kind::U64, &[count, most]);
        let count = self.build.narrow(count);
        let count = self.sure_of(count)?;
        let behind = self.build.add(first, count);
        self.loops.run = Some((count, behind));
        self.open_gangs();
        let head = self.build.block();
        self.build.end(End::Jump(Target::with(head, &[first])));
        let column = self.build.to.add_param(head, Type::I32);
        let next_gang = self.loops.gang_end;
        self.loops.gang_end = self.build.block();
        let mark = self.build.mark();
        self.build.at = self.loops.gang_end;
        let next = self.build.add_number(column, 1);
        let over = self.build.compare(Comparison::Eq, Kind::U32, next, behind);
        self.build.effect(Op::Poll, &[], None, &[]);
        self.build.end(End::Branch(over, Target::to(next_gang), Target::with(head, &[next])));
        self.build.forget(mark);
        self.build.at = head;
        self.loops.place[0] = column;
        self.note(offset_of!(Context, block), column);
        Ok(())
    }

    /// Of so many blocks one, if not all of them are sure to fit the claims. The first one does.
    fn sure_of(&mut self, count: Value) -> Result<Value, Refusal> {
        let further = self.build.add_number(count, -1);
        let wraps = self.wraps(Some(further))?;
        // What was worked out is the first block's.
        self.reps.fill(None);
        if wraps.is_empty() {
            return Ok(count);
        }
        let wraps = self.build.either(&wraps);
        let one = self.build.word(1);
        Ok(self.build.select(wraps, one, count))
    }
}

#[cfg(test)]
mod tests;

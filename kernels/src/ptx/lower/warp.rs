//! What lanes of a warp and threads of a block do together.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::form::kind;
use super::operand::Width;
use super::special::Meaning;
use super::step::{Done, Step};
use crate::ir::compute::{Comparison, Compute, Float, Int};
use crate::ir::op::{BarrierKind, Reduction, Shuffle, Special, Vote};
use crate::ir::{Mode, Op, Operand, Reg, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `bar` and `barrier`
pub fn barrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    if step.form.take("warp") {
        let mask = step.source(0, Type::B32)?;
        return exchange(step, Op::WarpBarrier { mask });
    }
    if step.form.take("sync") {
        return block_barrier(step, 0, BarrierKind::Sync);
    }
    if step.form.take("arrive") {
        return block_barrier(step, 0, BarrierKind::Arrive);
    }
    reduce_barrier(step)
}

/// Adds an op of several lanes. Those that the guard leaves out take another way: they are not there.
fn exchange(step: &mut S<'_, '_, '_, '_>, op: Op) -> Done {
    step.guarded(|step| {
        step.emit(op);
        Ok(())
    })
}

fn block_barrier(step: &mut S<'_, '_, '_, '_>, at: usize, kind: BarrierKind) -> Done {
    let id = step.source(at, Type::U32)?;
    let last = step.operands.len() - usize::from(matches!(kind, BarrierKind::Reduce { .. }));
    let count = if at + 1 < last { Some(step.source(at + 1, Type::U32)?) } else { None };
    exchange(step, Op::Barrier { id, count, kind })
}

fn reduce_barrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("popc", Reduction::Popc), ("and", Reduction::And), ("or", Reduction::Or)];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    let ty = if op == Reduction::Popc { Type::U32 } else { Type::Pred };
    let to = step.target(0, ty)?;
    let (value, negated) = step.predicate(step.operands.len() - 1)?;
    block_barrier(step, 1, BarrierKind::Reduce { op, to, value, negated })
}

/// The member mask of a `.sync` form, at this operand.
fn mask(step: &mut S<'_, '_, '_, '_>, sync: bool, at: usize) -> Result<Option<Operand>, Refusal> {
    if sync { Ok(Some(step.source(at, Type::B32)?)) } else { Ok(None) }
}

/// What is written behind a bar, if somebody wants it.
fn second<'a>(step: &mut S<'_, '_, '_, 'a>, written: Option<&Written<'a>>) -> Result<Option<Reg>, Refusal> {
    match written {
        Some(Written::Name("_")) | None => Ok(None),
        Some(written) => Ok(Some(step.target_of(written, Type::Pred, Width::Exact)?)),
    }
}

/// `shfl`
pub fn shfl(step: &mut S<'_, '_, '_, '_>) -> Done {
    let sync = step.form.take("sync");
    let modes =
        [("up", Shuffle::Up), ("down", Shuffle::Down), ("bfly", Shuffle::Butterfly), ("idx", Shuffle::Index)];
    let mode = step.form.take_any(&modes).ok_or(Refusal::Unsupported)?;
    let (first, valid) = step.pair(0)?;
    let (value, lane) = (step.source(1, Type::B32)?, step.source(2, Type::B32)?);
    let clamp = step.source(3, Type::B32)?;
    let mask = mask(step, sync, 4)?;
    step.count(4 + usize::from(sync), 4 + usize::from(sync))?;
    let to = step.target_of(first, Type::B32, Width::Exact)?;
    let valid = second(step, valid)?;
    exchange(step, Op::Shuffle { mode, to, valid, value, lane, clamp, mask })
}

/// `vote`
pub fn vote(step: &mut S<'_, '_, '_, '_>) -> Done {
    let sync = step.form.take("sync");
    let modes = [("all", Vote::All), ("any", Vote::Any), ("uni", Vote::Uniform), ("ballot", Vote::Ballot)];
    let mode = step.form.take_any(&modes).ok_or(Refusal::Unsupported)?;
    let to = step.target(0, if mode == Vote::Ballot { Type::B32 } else { Type::Pred })?;
    let (value, negated) = step.predicate(1)?;
    let mask = mask(step, sync, 2)?;
    exchange(step, Op::Vote { mode, to, value, negated, mask })
}

/// `match`
pub fn matching(step: &mut S<'_, '_, '_, '_>) -> Done {
    let all = step.form.take("all");
    let ty = step.form.ty()?;
    let (first, valid) = step.pair(0)?;
    let (value, mask) = (step.source(1, ty)?, step.source(2, Type::B32)?);
    let to = step.target_of(first, Type::B32, Width::Exact)?;
    let valid = second(step, valid)?;
    exchange(step, Op::Match { all, to, valid, value, mask })
}

/// `redux`
pub fn redux(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [
        ("add", Reduction::Add),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("and", Reduction::And),
        ("or", Reduction::Or),
        ("xor", Reduction::Xor),
    ];
    let mut op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    if step.form.has(kind::NAN) {
        op = if op == Reduction::Min { Reduction::MinNan } else { Reduction::MaxNan };
    }
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (mut value, mask) = (step.source(1, ty)?, step.source(2, Type::B32)?);
    if step.form.take("abs") {
        value = step.value(Compute::Float(Float::Abs, ty, Mode::default()), 32, &[value])?;
    }
    exchange(step, Op::Reduce { op, ty, to, value, mask })
}

/// `elect`: the lowest lane of those that are there.
pub fn elect(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (first, valid) = step.pair(0)?;
    let mask = Some(step.source(1, Type::B32)?);
    let to = step.target_of(first, Type::B32, Width::Exact)?;
    let valid = second(step, valid)?;
    step.guarded(|step| {
        let there = step.body.fresh(32);
        let value = Operand::Imm(1);
        step.emit(Op::Vote { mode: Vote::Ballot, to: there, value, negated: false, mask });
        let turned = step.value(Compute::Int(Int::Brev, Type::B32), 32, &[Operand::Reg(there)])?;
        step.int(Int::Clz, Type::B32, to, &[turned])?;
        let Some(valid) = valid else { return Ok(()) };
        let own = step.special(Meaning::Word(Special::LaneId), Type::U32)?;
        let same = Compute::Compare(Comparison::Eq, Type::U32, false);
        step.compute(same, valid, &[Operand::Reg(to), own])
    })
}

/// `activemask`
pub fn activemask(step: &mut S<'_, '_, '_, '_>) -> Done {
    let to = step.target(0, Type::B32)?;
    exchange(step, Op::ActiveMask { to })
}

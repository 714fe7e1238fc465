//! What lanes of a warp and threads of a block do together.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::operand::Width;
use super::step::{Done, Step};
use crate::ir::op::{BarrierKind, Reduction, Shuffle, Vote};
use crate::ir::{Op, Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `bar` and `barrier`
pub fn barrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.take("cta");
    step.form.take("aligned");
    if step.form.take("warp") {
        return warp_barrier(step);
    }
    if step.form.take("sync") {
        step.form.takes(0)?;
        step.count(1, 2)?;
        return block_barrier(step, 0, BarrierKind::Sync);
    }
    if step.form.take("arrive") {
        step.form.takes(0)?;
        step.count(2, 2)?;
        return block_barrier(step, 0, BarrierKind::Arrive);
    }
    if step.form.take("red") {
        return reduce_barrier(step);
    }
    Err(Refusal::Unsupported)
}

fn warp_barrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.take("sync");
    step.form.takes(0)?;
    step.count(1, 1)?;
    let mask = step.source(0, Type::B32)?;
    step.emit(Op::WarpBarrier { mask });
    Ok(())
}

fn block_barrier(step: &mut S<'_, '_, '_, '_>, at: usize, kind: BarrierKind) -> Done {
    let id = step.source(at, Type::U32)?;
    let last = step.operands.len() - usize::from(matches!(kind, BarrierKind::Reduce { .. }));
    let count = if at + 1 < last { Some(step.source(at + 1, Type::U32)?) } else { None };
    step.guarded(|step| {
        step.emit(Op::Barrier { id, count, kind });
        Ok(())
    })
}

fn reduce_barrier(step: &mut S<'_, '_, '_, '_>) -> Done {
    let words = [("popc", Reduction::Popc), ("and", Reduction::And), ("or", Reduction::Or)];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(3, 4)?;
    let ty = if op == Reduction::Popc { Type::U32 } else { Type::Pred };
    let to = step.target(0, ty)?;
    let (value, negated) = step.predicate(step.operands.len() - 1)?;
    block_barrier(step, 1, BarrierKind::Reduce { op, to, value, negated })
}

/// The member mask of a `.sync` form, at this operand.
fn mask(step: &mut S<'_, '_, '_, '_>, sync: bool, at: usize) -> Result<Option<Operand>, Refusal> {
    if sync { Ok(Some(step.source(at, Type::B32)?)) } else { Ok(None) }
}

/// `shfl`
pub fn shfl(step: &mut S<'_, '_, '_, '_>) -> Done {
    let sync = step.form.take("sync");
    let modes =
        [("up", Shuffle::Up), ("down", Shuffle::Down), ("bfly", Shuffle::Butterfly), ("idx", Shuffle::Index)];
    let mode = step.form.take_any(&modes).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(4 + usize::from(sync), 4 + usize::from(sync))?;
    let ty = step.form.ty()?;
    if ty.bits() != 32 {
        return Err(Refusal::Unsupported);
    }
    let (first, second) = step.pair(0)?;
    let (value, lane) = (step.source(1, ty)?, step.source(2, Type::B32)?);
    let clamp = step.source(3, Type::B32)?;
    let mask = mask(step, sync, 4)?;
    let to = step.target_of(&first, ty, Width::Exact)?;
    let valid = match second {
        Some(Written::Name("_")) | None => None,
        Some(second) => Some(step.target_of(&second, Type::Pred, Width::Exact)?),
    };
    step.emit(Op::Shuffle { mode, to, valid, value, lane, clamp, mask });
    Ok(())
}

/// `vote`
pub fn vote(step: &mut S<'_, '_, '_, '_>) -> Done {
    let sync = step.form.take("sync");
    let modes = [("all", Vote::All), ("any", Vote::Any), ("uni", Vote::Uniform), ("ballot", Vote::Ballot)];
    let mode = step.form.take_any(&modes).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(2 + usize::from(sync), 2 + usize::from(sync))?;
    let to = step.target(0, if mode == Vote::Ballot { Type::B32 } else { Type::Pred })?;
    let (value, negated) = step.predicate(1)?;
    let mask = mask(step, sync, 2)?;
    step.emit(Op::Vote { mode, to, value, negated, mask });
    Ok(())
}

/// `match`
pub fn matching(step: &mut S<'_, '_, '_, '_>) -> Done {
    let all = step.form.take_any(&[("all", true), ("any", false)]).ok_or(Refusal::Unsupported)?;
    step.form.take("sync");
    step.form.takes(0)?;
    step.count(3, 3)?;
    let ty = step.form.ty()?;
    let (first, second) = step.pair(0)?;
    let (value, mask) = (step.source(1, ty)?, step.source(2, Type::B32)?);
    let to = step.target_of(&first, Type::B32, Width::Exact)?;
    let valid = match second {
        Some(second) => Some(step.target_of(&second, Type::Pred, Width::Exact)?),
        None => None,
    };
    step.emit(Op::Match { all, to, valid, value, mask });
    Ok(())
}

/// `redux`
pub fn redux(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.take("sync");
    let words = [
        ("add", Reduction::Add),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("and", Reduction::And),
        ("or", Reduction::Or),
        ("xor", Reduction::Xor),
    ];
    let op = step.form.take_any(&words).ok_or(Refusal::Unsupported)?;
    step.form.takes(0)?;
    step.count(3, 3)?;
    let ty = step.form.ty()?;
    if ty.bits() != 32 || ty.float() {
        return Err(Refusal::Unsupported);
    }
    let to = step.target(0, ty)?;
    let (value, mask) = (step.source(1, ty)?, step.source(2, Type::B32)?);
    step.emit(Op::Reduce { op, ty, to, value, mask });
    Ok(())
}

/// `activemask`
pub fn activemask(step: &mut S<'_, '_, '_, '_>) -> Done {
    step.form.takes(0)?;
    step.count(1, 1)?;
    let to = step.target(0, Type::B32)?;
    step.emit(Op::ActiveMask { to });
    Ok(())
}

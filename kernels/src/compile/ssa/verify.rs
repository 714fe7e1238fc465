//! Checks that a function keeps the rules of its stage, which every pass relies on.

mod flow;
mod op;

use super::{Block, BlockId, Function, Inst, Op, Type};

/// How far a function has come; README.md of the compiler says what is what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One thread's view.
    Threads,
    /// One thread's values, a gang's control flow.
    Masked,
    /// The machine's view.
    Vectors,
}

/// The first rule that is broken, with the place where.
pub fn verify(function: &Function, stage: Stage) -> Result<(), String> {
    if function.blocks.is_empty() {
        return Err("no blocks".to_owned());
    }
    flow::verify(function, stage)?;
    let order = super::order::Order::new(function);
    for &id in &order.blocks {
        block(function, stage, id, function.block(id))?;
    }
    Ok(())
}

fn block(function: &Function, stage: Stage, id: BlockId, block: &Block) -> Result<(), String> {
    for &param in &block.params {
        of_stage(function.ty(param), stage).map_err(|what| format!("{id}: {param}: {what}"))?;
    }
    for &inst in &block.insts {
        let inst = function.inst(inst);
        inst_of(function, stage, inst).map_err(|what| format!("{id}: {inst}: {what}"))?;
    }
    Ok(())
}

fn of_stage(ty: Type, stage: Stage) -> Result<(), String> {
    let fine = stage == Stage::Vectors || ty.is_scalar();
    if fine { Ok(()) } else { Err(format!("{ty} before there are vectors")) }
}

fn inst_of(function: &Function, stage: Stage, inst: &Inst) -> Result<(), String> {
    if !allowed(&inst.op, stage) {
        return Err(format!("not in the stage {stage:?}"));
    }
    inst.results.iter().try_for_each(|&result| of_stage(function.ty(result), stage))?;
    if inst.mask.is_some() && (inst.op.is_pure() || matches!(inst.op, Op::Special(_))) {
        return Err("a pure op has no mask".to_owned());
    }
    op::Check { function, stage, inst }.types()
}

fn allowed(op: &Op, stage: Stage) -> bool {
    match op {
        Op::Const(_) | Op::Compute(_) | Op::Load(_) | Op::Store(_) | Op::Atomic { .. } | Op::Fence => true,
        Op::Frame(_) => stage == Stage::Threads,
        Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_) => true,
        Op::Special(_)
        | Op::WarpBarrier
        | Op::Barrier
        | Op::BarrierReduce { .. }
        | Op::Shuffle(_)
        | Op::Vote { .. }
        | Op::Match { .. }
        | Op::Reduce(..)
        | Op::ActiveMask
        | Op::IsSpace(_)
        | Op::ToGeneric(_)
        | Op::FromGeneric(_)
        | Op::Runtime(_)
        | Op::Matrix(_)
        | Op::Trap
        | Op::NoTarget => stage != Stage::Vectors,
        Op::Entered | Op::Any | Op::Count | Op::Total(_) | Op::Restore(_) | Op::Save(_) => {
            stage == Stage::Masked
        }
        Op::Context
        | Op::Argument(_)
        | Op::Table(_)
        | Op::Broadcast
        | Op::Extract(_)
        | Op::Half(_)
        | Op::Join
        | Op::MaskBits
        | Op::BitsMask
        | Op::MaskAny
        | Op::MaskAll
        | Op::Permute
        | Op::Permute2
        | Op::Gather { .. }
        | Op::Scatter { .. }
        | Op::AtomicLanes { .. }
        | Op::Call(_)
        | Op::Poll
        | Op::Prefetch(_) => stage == Stage::Vectors,
    }
}

#[cfg(test)]
mod tests;

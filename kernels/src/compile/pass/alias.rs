//! Which memory an inst reads and writes, in kinds that do not overlap.

use crate::compile::call::What;
use crate::compile::ssa::{Function, Inst, Op};
use crate::ir::op::Space;

/// Kinds of memory: bits of a set.
pub type Kinds = u8;

/// What all threads of the device share.
pub const GLOBAL: Kinds = 1;
/// The block's.
pub const SHARED: Kinds = 2;
/// The thread's.
pub const LOCAL: Kinds = 4;
/// All that can change.
pub const ALL: Kinds = 7;
/// How many kinds there are.
pub const COUNT: usize = 3;

/// What lies in a space; nothing of parameters and constants ever changes.
fn of_space(space: Space) -> Kinds {
    match space {
        Space::Generic => ALL,
        Space::Global => GLOBAL,
        Space::Shared => SHARED,
        Space::Local => LOCAL,
        Space::Param | Space::Const => 0,
    }
}

/// What an inst may read, if all it does is read; `None` for one that must not be moved or merged.
pub fn only_reads(inst: &Inst) -> Option<Kinds> {
    match inst.op {
        Op::Load(access) if !access.ordered => Some(of_space(access.space)),
        Op::Gather { space, .. } => Some(of_space(space)),
        _ => None,
    }
}

/// What an inst may write, or let others write.
pub fn writes(function: &Function, inst: &Inst) -> Kinds {
    match &inst.op {
        Op::Store(access) | Op::Atomic { access, .. } => of_space(access.space),
        // Others may have written before.
        Op::Load(access) if access.ordered => ALL,
        Op::Scatter { space, .. } | Op::AtomicLanes { space, .. } => of_space(*space),
        Op::Fence | Op::WarpBarrier | Op::Barrier | Op::BarrierReduce { .. } | Op::Runtime(_) => ALL,
        Op::Call(number) if !is_pure_call(function, *number) => ALL,
        _ => 0,
    }
}

/// Nothing but a computation, though it takes a call.
pub fn is_pure_call(function: &Function, number: u32) -> bool {
    let call = function.calls.get(number as usize);
    call.is_some_and(|call| {
        matches!(
            call.what,
            What::Compute(_)
                | What::Shuffle(_)
                | What::Vote(..)
                | What::Match(_)
                | What::Reduce(..)
                | What::Matrix(_)
        )
    })
}

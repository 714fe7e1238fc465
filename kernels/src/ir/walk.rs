//! Which registers an op reads and writes.

use super::op::{BarrierKind, Callee, End, Inst, Op, Operand, Reg};

impl Op {
    /// Calls `visit` with each source, in order.
    pub fn sources(&self, mut visit: impl FnMut(Operand)) {
        match self {
            Op::Compute { compute, from, .. } => from[..compute.sources()].iter().for_each(|&a| visit(a)),
            Op::Special { .. } | Op::Fence | Op::ActiveMask { .. } | Op::StackSave { .. } | Op::Sleep => {}
            Op::Load { address, .. } => visit(*address),
            Op::Store { from, address, .. } => {
                visit(*address);
                from.iter().for_each(|&a| visit(a));
            }
            Op::Atomic { address, operand, compare, .. } => {
                [*address, *operand, *compare].into_iter().for_each(visit);
            }
            Op::AtomicWide { address, operand, compare, .. } => {
                visit(*address);
                operand.iter().chain(compare.iter().flatten()).for_each(|&a| visit(a));
            }
            Op::Copy { to, from, read, write, .. } => {
                [to.1, from.1, *read, *write].into_iter().for_each(visit);
            }
            Op::Mbarrier { address, value, .. } => [*address, *value].into_iter().for_each(visit),
            Op::Alloca { bytes, .. } => visit(*bytes),
            Op::StackRestore { from } => visit(*from),
            Op::Barrier { id, count, kind } => {
                visit(*id);
                count.iter().for_each(|&a| visit(a));
                if let BarrierKind::Reduce { value, .. } = kind {
                    visit(*value);
                }
            }
            Op::WarpBarrier { mask } => visit(*mask),
            Op::Shuffle { value, lane, clamp, mask, .. } => {
                [*value, *lane, *clamp].into_iter().chain(*mask).for_each(visit);
            }
            Op::Vote { value, mask, .. } => [*value].into_iter().chain(*mask).for_each(visit),
            Op::Match { value, mask, .. } | Op::Reduce { value, mask, .. } => {
                visit(*value);
                visit(*mask);
            }
            Op::IsSpace { address, .. } | Op::ToGeneric { address, .. } | Op::FromGeneric { address, .. } => {
                visit(*address);
            }
            Op::Matrix { from, .. } => from.iter().for_each(|&a| visit(a)),
            Op::MatrixLoad { address, stride, .. } => [*address, *stride].into_iter().for_each(visit),
            Op::MatrixStore { from, address, stride, .. } => {
                [*address, *stride].into_iter().chain(from.iter().copied()).for_each(visit);
            }
            Op::MatrixTranspose { from, .. } => visit(*from),
            Op::Call { callee, .. } => {
                if let Callee::Pointer(address) = callee {
                    visit(*address);
                }
            }
        }
    }

    /// Calls `visit` with each register it writes.
    pub fn targets(&self, mut visit: impl FnMut(Reg)) {
        match self {
            Op::Compute { to, .. }
            | Op::Special { to, .. }
            | Op::Vote { to, .. }
            | Op::Reduce { to, .. }
            | Op::Alloca { to, .. }
            | Op::StackSave { to }
            | Op::ActiveMask { to }
            | Op::IsSpace { to, .. }
            | Op::ToGeneric { to, .. }
            | Op::FromGeneric { to, .. }
            | Op::MatrixTranspose { to, .. }
            | Op::Barrier { kind: BarrierKind::Reduce { to, .. }, .. } => visit(*to),
            Op::Load { to, .. } => to.iter().flatten().for_each(|&reg| visit(reg)),
            Op::Matrix { to, .. } | Op::MatrixLoad { to, .. } => to.iter().for_each(|&reg| visit(reg)),
            Op::Atomic { to, .. } | Op::Mbarrier { to, .. } => to.iter().for_each(|&reg| visit(reg)),
            Op::AtomicWide { to, .. } => to.iter().flatten().for_each(|&reg| visit(reg)),
            Op::Shuffle { to, valid, .. } | Op::Match { to, valid, .. } => {
                visit(*to);
                valid.iter().for_each(|&reg| visit(reg));
            }
            Op::Store { .. }
            | Op::Copy { .. }
            | Op::StackRestore { .. }
            | Op::Fence
            | Op::MatrixStore { .. }
            | Op::Barrier { .. }
            | Op::WarpBarrier { .. }
            | Op::Call { .. }
            | Op::Sleep => {}
        }
    }
}

impl Inst {
    /// Calls `visit` with each register it reads, its guard included.
    pub fn reads(&self, mut visit: impl FnMut(Reg)) {
        if let Some(guard) = self.guard {
            visit(guard.reg);
        }
        self.op.sources(|source| {
            if let Operand::Reg(reg) = source {
                visit(reg);
            }
        });
    }
}

impl End {
    /// Calls `visit` with each register it reads.
    pub fn reads(&self, mut visit: impl FnMut(Reg)) {
        match self {
            End::Branch(guard, ..) => visit(guard.reg),
            End::Table(Operand::Reg(reg), _) => visit(*reg),
            _ => {}
        }
    }

    /// Calls `visit` with each block it may go to.
    pub fn successors(&self, mut visit: impl FnMut(u32)) {
        match self {
            End::Jump(to) => visit(*to),
            End::Branch(_, a, b) => {
                visit(*a);
                visit(*b);
            }
            End::Table(_, targets) => targets.iter().for_each(|&to| visit(to)),
            End::Return | End::Exit | End::Trap => {}
        }
    }
}

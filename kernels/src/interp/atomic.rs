//! Atomics, lane after lane.
//!
//! Global memory has indivisible accesses of its own. What is in shared and local memory belongs to this thread alone,
//! so there a read and a write will do.

use super::access::resolve;
use super::code::{Access, Slot};
use super::lanes::WARP;
use super::run::Machine;
use super::trouble::{Outcome, memory_fault};
use super::warp::{Group, Warp};
use crate::ir::op::Space;
use crate::memory::AtomicOp;

/// An atomic of 16 bytes.
#[derive(Clone, Debug)]
pub struct WideAtomic {
    /// Where.
    pub access: Access,
    /// Halves of the old value.
    pub to: [Slot; 2],
    /// Halves of the new value.
    pub operand: [Slot; 2],
    /// Halves of what the old value must be; [`Slot::NONE`]: anything.
    pub compare: [Slot; 2],
}

fn place(space: Space, address: u64) -> (Space, u64) {
    if space == Space::Generic { resolve(address) } else { (space, address) }
}

impl Machine<'_> {
    /// An atomic of 2, 4 or 8 bytes.
    pub fn atomic(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        op: AtomicOp,
        access: &Access,
        mask: u32,
    ) -> Outcome<()> {
        let addresses = self.addresses(warp, group, access, mask)?;
        let operands = *warp.lanes(&self.program.pool, group.base, access.values[1]);
        let compares = *warp.lanes(&self.program.pool, group.base, access.values[2]);
        let bytes = u32::from(access.bytes);
        let mut old = [0; WARP];
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            let at = lane as usize;
            let (space, offset) = place(access.space, addresses[at]);
            if space == Space::Global {
                let result = self.memory.atomic(offset, bytes, op, operands[at], compares[at]);
                old[at] = result.map_err(|fault| memory_fault(lane, fault))?;
                continue;
            }
            old[at] = self.read(warp, space, lane, offset, bytes)?;
            let new = op.apply(bytes, old[at], operands[at], compares[at]);
            self.write(warp, space, lane, offset, bytes, new)?;
        }
        if access.values[0] != Slot::NONE {
            warp.set(group.base, access.values[0], mask, &old);
        }
        Ok(())
    }

    /// An exchange of 16 bytes.
    pub fn atomic_wide(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        wide: &WideAtomic,
        mask: u32,
    ) -> Outcome<()> {
        let addresses = self.addresses(warp, group, &wide.access, mask)?;
        let lanes = |warp: &Warp, slots: [Slot; 2]| {
            slots.map(|slot| *warp.lanes(&self.program.pool, group.base, slot))
        };
        let whole = |halves: &[[u64; WARP]; 2], at: usize| {
            u128::from(halves[1][at]) << 64 | u128::from(halves[0][at])
        };
        let operands = lanes(warp, wide.operand);
        let compares = if wide.compare[0] == Slot::NONE { None } else { Some(lanes(warp, wide.compare)) };
        let mut old = [[0; WARP]; 2];
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            let at = lane as usize;
            let (space, offset) = place(wide.access.space, addresses[at]);
            let (new, compare) = (whole(&operands, at), compares.as_ref().map(|halves| whole(halves, at)));
            let seen = if space == Space::Global {
                let result = self.memory.exchange_wide(offset, new, compare);
                result.map_err(|fault| memory_fault(lane, fault))?
            } else {
                let low = self.read(warp, space, lane, offset, 8)?;
                let seen = u128::from(self.read(warp, space, lane, offset + 8, 8)?) << 64 | u128::from(low);
                if compare.is_none_or(|compare| compare == seen) {
                    self.write(warp, space, lane, offset, 8, new as u64)?;
                    self.write(warp, space, lane, offset + 8, 8, (new >> 64) as u64)?;
                }
                seen
            };
            (old[0][at], old[1][at]) = (seen as u64, (seen >> 64) as u64);
        }
        for (slot, old) in wide.to.into_iter().zip(&old) {
            if slot != Slot::NONE {
                warp.set(group.base, slot, mask, old);
            }
        }
        Ok(())
    }
}

//! Local memory that a function adds to its frame while it runs.
//!
//! Frames grow from the bottom of a lane's local memory, what is added from its top; they must not meet. A call keeps
//! each lane's top beside the place to return to, and a return gives back what was added since.

use super::code::Slot;
use super::lanes::{WARP, each};
use super::run::Machine;
use super::trouble::{Outcome, trouble};
use super::warp::{Group, Warp};
use crate::fault::FaultKind;

impl Warp {
    /// The lowest end of the free local memory of some lanes.
    pub fn least_top(&self, mask: u32) -> u32 {
        if !self.adds {
            return self.local_bytes;
        }
        each(mask).map(|lane| self.tops[lane]).min().unwrap_or(0)
    }
}

impl Machine<'_> {
    /// Adds local memory in each lane.
    pub fn alloca(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        (to, bytes, align): (Slot, Slot, u32),
        mask: u32,
    ) -> Outcome<()> {
        let sizes = *warp.lanes(&self.program.pool, group.base, bytes);
        let bottom = group.stack + self.frame_bytes(group.pc);
        let mut results = [0; WARP];
        warp.adds = true;
        for lane in each(mask) {
            let top = u32::try_from(sizes[lane]).ok().and_then(|size| warp.tops[lane].checked_sub(size));
            match top.map(|top| top & !(align - 1)) {
                Some(top) if top >= bottom => {
                    warp.tops[lane] = top;
                    results[lane] = u64::from(top);
                }
                _ => {
                    let words = format!("{} bytes more of local memory than the stack has", sizes[lane]);
                    return trouble(FaultKind::StackOverflow, lane as u32, words);
                }
            }
        }
        warp.set(group.base, to, mask, &results);
        Ok(())
    }

    /// Where what was added ends.
    pub fn stack_save(&mut self, warp: &mut Warp, group: &Group, to: Slot, mask: u32) {
        let tops = warp.tops.map(u64::from);
        warp.set(group.base, to, mask, &tops);
    }

    /// Gives back what was added since a place was saved.
    pub fn stack_restore(&mut self, warp: &mut Warp, group: &Group, from: Slot, mask: u32) -> Outcome<()> {
        let saved = *warp.lanes(&self.program.pool, group.base, from);
        for lane in each(mask) {
            if saved[lane] < u64::from(warp.tops[lane]) || saved[lane] > u64::from(warp.local_bytes) {
                let words = format!("{:#x} is no place that the stack was saved at", saved[lane]);
                return trouble(FaultKind::IllegalInstruction, lane as u32, words);
            }
            warp.tops[lane] = saved[lane] as u32;
        }
        Ok(())
    }
}

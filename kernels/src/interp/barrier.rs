//! The sixteen barriers of a block. See README.md, "Block barriers".

use super::code::{Code, Slot};
use super::run::{Flow, Machine};
use super::trouble::{Outcome, first, trouble};
use super::warp::{Group, Wait, Warp};
use crate::fault::FaultKind;
use crate::ir::op::Reduction;

/// Most warps of a block.
pub const MOST_WARPS: usize = 32;

/// One barrier while threads arrive.
#[derive(Clone, Debug, Default)]
pub struct Barrier {
    /// Somebody has arrived.
    pub open: bool,
    /// Threads expected; 0: all of the block.
    pub expected: u32,
    /// Lanes that have arrived, by warp.
    pub arrived: [u32; MOST_WARPS],
    /// How many of them gave a true predicate.
    pub trues: u32,
    /// How many gave any.
    pub given: u32,
}

/// All of them.
pub type Barriers = [Barrier; 16];

impl Machine<'_> {
    /// A barrier step: the lanes arrive, and wait unless they need not.
    pub fn barrier(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        let (Code::Barrier(id, count) | Code::Arrive(id, count) | Code::BarrierReduce { id, count, .. }) =
            *code
        else {
            return trouble(FaultKind::IllegalInstruction, first(mask), "no barrier");
        };
        let pool = &self.program.pool;
        let lane = first(mask) as usize;
        let id = warp.lanes(pool, group.base, id)[lane];
        let expected = if count == Slot::NONE { 0 } else { warp.lanes(pool, group.base, count)[lane] as u32 };
        if id > 15 {
            return trouble(FaultKind::IllegalInstruction, lane as u32, format!("barrier {id} of 16"));
        }
        if !expected.is_multiple_of(32) || expected > self.warps * 32 {
            let words =
                format!("a barrier for {expected} threads, which is no number of whole warps of the block");
            return trouble(FaultKind::IllegalInstruction, lane as u32, words);
        }
        let given = match *code {
            Code::BarrierReduce { value, negated, .. } => Some(self.bits(warp, group, value, negated) & mask),
            _ => None,
        };
        let barrier = &mut self.barriers[id as usize];
        if barrier.open && barrier.expected != expected {
            let words =
                format!("barrier {id} for {expected} threads while it is open for {}", barrier.expected);
            return trouble(FaultKind::IllegalInstruction, lane as u32, words);
        }
        barrier.open = true;
        barrier.expected = expected;
        barrier.arrived[warp.index as usize] |= mask;
        if let Some(given) = given {
            barrier.trues += given.count_ones();
            barrier.given += mask.count_ones();
        }
        if matches!(code, Code::Arrive(..)) {
            group.pc += 1;
            return Ok(Flow::Next);
        }
        group.wait = Wait::Barrier(id as u8);
        warp.park(*group);
        Ok(Flow::Left)
    }

    /// Lets those go on whose barrier is complete; true if there were any.
    pub fn release_barriers(&mut self, warps: &mut [Warp]) -> bool {
        let mut any = false;
        for id in 0..self.barriers.len() {
            if self.barriers[id].open && complete(&self.barriers[id], warps) {
                let barrier = std::mem::take(&mut self.barriers[id]);
                for warp in warps.iter_mut() {
                    self.release(warp, id as u8, &barrier);
                }
                any = true;
            }
        }
        any
    }

    fn release(&self, warp: &mut Warp, id: u8, barrier: &Barrier) {
        while let Some(at) = warp.groups.iter().position(|group| group.wait == Wait::Barrier(id)) {
            let mut group = warp.groups.swap_remove(at);
            if let Code::BarrierReduce { op, to, .. } = self.program.steps[group.pc as usize].code {
                let result = match op {
                    Reduction::Popc => barrier.trues,
                    Reduction::And => u32::from(barrier.trues == barrier.given),
                    _ => u32::from(barrier.trues != 0),
                };
                warp.set(group.base, to, group.mask, &[u64::from(result); 32]);
            }
            group.pc += 1;
            group.wait = Wait::Ready;
            warp.park(group);
        }
    }
}

/// Whether all that are expected have arrived. Threads that have exited count as there; a warp counts as a whole.
fn complete(barrier: &Barrier, warps: &[Warp]) -> bool {
    let whole = |warp: &Warp| warp.live() & !barrier.arrived[warp.index as usize] == 0;
    if barrier.expected == 0 {
        return warps.iter().all(whole);
    }
    let came = warps.iter().filter(|warp| barrier.arrived[warp.index as usize] != 0 && whole(warp));
    came.count() as u32 * 32 >= barrier.expected
}

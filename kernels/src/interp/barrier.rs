//! The sixteen barriers of a block. See README.md, "Block barriers".

use super::code::{Code, Slot};
use super::run::{Flow, Machine, lanes_with};
use super::trouble::{Outcome, first, trouble};
use super::warp::{Group, Wait, Warp};
use crate::fault::FaultKind;
use crate::ir::op::Reduction;

/// Most warps of a block.
pub const MOST_WARPS: usize = 32;

/// Threads of a warp that have arrived while others have not.
#[derive(Clone, Copy, Debug, Default)]
struct Arrivals {
    lanes: u32,
    /// How many of them gave a true predicate.
    trues: u32,
    /// How many gave any.
    given: u32,
}

/// What waiting threads get.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Threads of warps that have arrived as a whole.
    came: u32,
    /// These warps, for a barrier of all.
    warps: u32,
    trues: u32,
    given: u32,
}

/// One barrier while threads arrive.
#[derive(Clone, Debug, Default)]
pub struct Barrier {
    /// Somebody has arrived.
    open: bool,
    /// Threads expected; 0: all of the block.
    expected: u32,
    arrived: [Arrivals; MOST_WARPS],
    tally: Tally,
}

/// All of them.
pub type Barriers = [Barrier; 16];

impl Barrier {
    /// For a new block.
    pub fn clear(&mut self) {
        if self.open {
            *self = Barrier::default();
        }
    }

    /// Counts a warp if all its threads that are left have arrived; true if so.
    fn count(&mut self, warp: &Warp) -> bool {
        let own = &mut self.arrived[warp.index as usize];
        if own.lanes == 0 || warp.live() & !own.lanes != 0 {
            return false;
        }
        let Arrivals { trues, given, .. } = std::mem::take(own);
        self.tally.came += 32;
        self.tally.warps |= 1 << warp.index;
        self.tally.trues += trues;
        self.tally.given += given;
        true
    }

    /// Whether it expects a number of threads, and they are there.
    fn full(&self) -> bool {
        self.expected != 0 && self.tally.came >= self.expected
    }
}

impl Machine<'_> {
    /// A barrier step: the lanes arrive, and wait unless they need not.
    pub fn barrier(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        let (Code::Barrier(id, count) | Code::Arrive(id, count) | Code::BarrierReduce { id, count, .. }) =
            *code
        else {
            return trouble(FaultKind::IllegalInstruction, first(mask), "no barrier");
        };
        let pool = &self.program.pool;
        if id.uniform() && count.uniform() {
            let count = if count == Slot::NONE { 0 } else { warp.lanes(pool, 0, count)[0] };
            return self.arrive(warp, group, code, (warp.lanes(pool, 0, id)[0], count));
        }
        let ids = *warp.lanes(pool, group.base, id);
        let counts = if count == Slot::NONE { [0; 32] } else { *warp.lanes(pool, group.base, count) };
        let mut left = mask;
        loop {
            let lane = first(left) as usize;
            let same = lanes_with(&ids, ids[lane], left) & lanes_with(&counts, counts[lane], left);
            left &= !same;
            let mut part = Group { mask: same, ..*group };
            let flow = self.arrive(warp, &mut part, code, (ids[lane], counts[lane]))?;
            if left == 0 && part.mask == group.mask {
                *group = part;
                return Ok(flow);
            }
            if matches!(flow, Flow::Next) {
                warp.park(part);
            }
            if left != 0 && self.met {
                warp.park(Group { mask: left, ..*group });
                left = 0;
            }
            if left == 0 {
                return Ok(Flow::Left);
            }
        }
    }

    /// Lanes that name the same barrier and number of threads arrive.
    fn arrive(
        &mut self,
        warp: &mut Warp,
        group: &mut Group,
        code: &Code,
        (id, count): (u64, u64),
    ) -> Outcome<Flow> {
        let arrives = matches!(code, Code::Arrive(..));
        let expected = self.expected(first(group.mask), id, count as u32, arrives)?;
        let given = match *code {
            Code::BarrierReduce { value, negated, .. } => Some(self.bits(warp, group, value, negated)),
            _ => None,
        };
        let barrier = &mut self.barriers[id as usize];
        if barrier.open && barrier.expected != expected {
            let all = |threads: u32| if threads == 0 { self.warps * 32 } else { threads };
            let (this, before) = (all(expected), all(barrier.expected));
            let words = format!("barrier {id} for {this} threads while it is open for {before}");
            return trouble(FaultKind::IllegalInstruction, first(group.mask), words);
        }
        // Nobody arrives twice in one round: neither before the warp was counted, nor where each warp counts once.
        let of_all = expected == 0 && barrier.tally.warps >> warp.index & 1 == 1;
        let again = if of_all { group.mask } else { group.mask & barrier.arrived[warp.index as usize].lanes };
        if again != 0 {
            warp.park(Group { mask: again, wait: Wait::Again(id as u8), ..*group });
            group.mask &= !again;
            if group.mask == 0 {
                return Ok(Flow::Left);
            }
        }
        (barrier.open, barrier.expected) = (true, expected);
        let own = &mut barrier.arrived[warp.index as usize];
        own.lanes |= group.mask;
        if let Some(given) = given {
            own.trues += (given & group.mask).count_ones();
            own.given += group.mask.count_ones();
        }
        if barrier.count(warp) {
            self.met |= barrier.full();
            warp.wake(Wait::Again(id as u8));
        }
        if !arrives {
            warp.park(Group { wait: Wait::Barrier(id as u8), ..*group });
            return Ok(Flow::Left);
        }
        group.pc += 1;
        if !self.met {
            return Ok(Flow::Next);
        }
        warp.park(*group);
        Ok(Flow::Left)
    }

    /// How many threads a barrier is for; 0: all of the block.
    fn expected(&self, lane: u32, id: u64, count: u32, arrives: bool) -> Outcome<u32> {
        let all = self.warps * 32;
        let words = match count {
            _ if id > 15 => format!("barrier {id} of 16"),
            0 if arrives => "arrival at a barrier for no threads".to_owned(),
            _ if !count.is_multiple_of(32) || count > all => {
                format!("a barrier for {count} threads, which is no number of whole warps of the block")
            }
            _ => return Ok(if count == all { 0 } else { count }),
        };
        trouble(FaultKind::IllegalInstruction, lane, words)
    }

    /// Lets those go on whose barrier is complete; true if there were any.
    pub fn release_barriers(&mut self, warps: &mut [Warp]) -> bool {
        self.met = false;
        let mut any = false;
        for id in 0..self.barriers.len() {
            let barrier = &mut self.barriers[id];
            if !barrier.open {
                continue;
            }
            for warp in warps.iter_mut() {
                // Threads that exited since then may have been the last that were missing.
                if !barrier.full() && barrier.count(warp) {
                    warp.wake(Wait::Again(id as u8));
                    any = true;
                }
            }
            let there = |warp: &Warp| warp.live() == 0 || barrier.tally.warps >> warp.index & 1 == 1;
            if !(barrier.full() || barrier.expected == 0 && warps.iter().all(there)) {
                continue;
            }
            let tally = std::mem::take(&mut barrier.tally);
            barrier.open = barrier.arrived.iter().any(|own| own.lanes != 0);
            for warp in warps.iter_mut() {
                self.release(warp, id as u8, tally);
            }
            any = true;
        }
        any
    }

    fn release(&self, warp: &mut Warp, id: u8, tally: Tally) {
        // Who is not counted yet waits for the next round.
        let stay = self.barriers[id as usize].arrived[warp.index as usize].lanes;
        let mut at = 0;
        while let Some(&group) = warp.groups.get(at) {
            if group.wait != Wait::Barrier(id) || group.mask & !stay == 0 {
                at += 1;
                continue;
            }
            warp.groups.swap_remove(at);
            if let Code::BarrierReduce { op, to, .. } = self.program.steps[group.pc as usize].code {
                let result = match op {
                    Reduction::Popc => tally.trues,
                    Reduction::And => u32::from(tally.trues == tally.given),
                    _ => u32::from(tally.trues != 0),
                };
                warp.set(group.base, to, group.mask & !stay, &[u64::from(result); 32]);
            }
            if group.mask & stay != 0 {
                warp.groups.push(Group { mask: group.mask & stay, ..group });
            }
            warp.park(Group { pc: group.pc + 1, mask: group.mask & !stay, wait: Wait::Ready, ..group });
        }
        warp.wake(Wait::Again(id));
    }
}

//! The step loop: one group of a warp at a time, one step for all its lanes.

use super::barrier::Barriers;
use super::code::{Code, Program, Slot, Step};
use super::lanes::{Lanes, WARP};
use super::meaning::each;
use super::product::Room;
use super::trouble::{Outcome, first, trouble};
use super::warp::{Group, SPIN_COST, Warp};
use crate::fault::FaultKind;
use crate::memory::Memory;
use crate::program::{Host, Launch};

/// What all warps of a block see.
pub struct Machine<'m> {
    /// The code.
    pub program: &'m Program,
    /// The launch.
    pub launch: &'m Launch<'m>,
    /// Global memory.
    pub memory: &'m dyn Memory,
    /// The other side.
    pub host: &'m dyn Host,
    /// Shared memory of the block.
    pub shared: &'m mut [u8],
    /// The block's barriers.
    pub barriers: &'m mut Barriers,
    /// Where matrices are while they are multiplied.
    pub room: &'m mut Room,
    /// The block's place in the grid.
    pub block: [u32; 3],
    /// Where dynamic shared memory starts.
    pub dynamic_start: u32,
    /// Where it ends.
    pub dynamic_end: u32,
    /// Warps of the block.
    pub warps: u32,
    /// A barrier has all it expects: those that wait there go on before anybody else arrives.
    pub met: bool,
    /// The last reading of the block's clock.
    pub clock: &'m mut u64,
}

/// Why a warp stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All its threads have exited.
    Done,
    /// All that are left wait for others.
    Blocked,
    /// Its time is up.
    Slice,
    /// It was the last that a block barrier waited for.
    Met,
}

/// What a step leaves of the group.
pub enum Flow {
    /// It goes on at its place, which may have changed.
    Next,
    /// It went on to another place, where other groups may be.
    Moved,
    /// It was put aside, or is gone.
    Left,
    /// Its turn is over.
    Expire,
}

impl Machine<'_> {
    /// Runs a warp until it stops. A fault comes with the place of its step.
    pub fn run(&mut self, warp: &mut Warp) -> Result<Stop, (Box<super::trouble::Trouble>, u32)> {
        warp.expired = 0;
        loop {
            if self.met {
                return Ok(Stop::Met);
            }
            let Some(mut group) = warp.pick() else {
                if warp.live() == 0 {
                    return Ok(Stop::Done);
                }
                if self.meet(warp) {
                    continue;
                }
                return Ok(Stop::Blocked);
            };
            match self.run_group(warp, &mut group) {
                Ok(true) => return Ok(Stop::Slice),
                Ok(false) => {}
                Err(trouble) => return Err((trouble, group.pc)),
            }
        }
    }

    /// Runs a group until another one should; true when the warp's slice is over.
    fn run_group(&mut self, warp: &mut Warp, group: &mut Group) -> Outcome<bool> {
        let program = self.program;
        // Groups that were put aside where they parted may have used up the fuel.
        if warp.fuel <= 0 {
            return self.out_of_fuel(warp, group);
        }
        loop {
            let step = &program.steps[group.pc as usize];
            let mask = self.guarded(warp, group, step);
            let flow = if mask == 0 {
                group.pc += 1;
                Flow::Next
            } else {
                self.step(warp, group, &step.code, mask)?
            };
            match flow {
                Flow::Next => {}
                Flow::Moved if warp.fuel <= 0 => return self.out_of_fuel(warp, group),
                Flow::Moved if warp.groups.is_empty() => {}
                Flow::Moved => {
                    warp.park(*group);
                    return Ok(false);
                }
                Flow::Left => return Ok(false),
                Flow::Expire => return self.expire(warp, group),
            }
        }
    }

    fn out_of_fuel(&self, warp: &mut Warp, group: &mut Group) -> Outcome<bool> {
        if !warp.keeps_turn(group) {
            return self.expire(warp, group);
        }
        if self.host.should_stop() {
            return trouble(FaultKind::Stopped, first(group.mask), "stopped by the host");
        }
        warp.park(*group);
        Ok(false)
    }

    /// Ends a group's turn, and the kernel if the host says so; true when the warp's slice is over.
    fn expire(&self, warp: &mut Warp, group: &mut Group) -> Outcome<bool> {
        let over = warp.expire(group);
        if self.host.should_stop() {
            return trouble(FaultKind::Stopped, first(group.mask), "stopped by the host");
        }
        warp.park(*group);
        Ok(over)
    }

    /// The lanes a step is for.
    fn guarded(&self, warp: &Warp, group: &Group, step: &Step) -> u32 {
        if step.guard == Slot::NONE {
            return group.mask;
        }
        group.mask & self.bits(warp, group, step.guard, step.negated)
    }

    /// A predicate of all lanes as a mask.
    pub fn bits(&self, warp: &Warp, group: &Group, slot: Slot, negated: bool) -> u32 {
        let lanes = warp.lanes(&self.program.pool, group.base, slot);
        let mut bits = 0;
        for (lane, &value) in lanes.iter().enumerate() {
            bits |= (value as u32 & 1) << lane;
        }
        if negated { !bits } else { bits }
    }

    fn step(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        let pool = &self.program.pool;
        let base = group.base;
        let mut result: Lanes = [0; WARP];
        match code {
            Code::One(run, to, a) => {
                run(&mut result, warp.lanes(pool, base, *a));
                warp.set(base, *to, mask, &result);
            }
            Code::Two(run, to, [a, b]) => {
                run(&mut result, warp.lanes(pool, base, *a), warp.lanes(pool, base, *b));
                warp.set(base, *to, mask, &result);
            }
            Code::Three(run, to, [a, b, c]) => {
                let (a, b) = (warp.lanes(pool, base, *a), warp.lanes(pool, base, *b));
                run(&mut result, a, b, warp.lanes(pool, base, *c));
                warp.set(base, *to, mask, &result);
            }
            Code::Four(run, to, [a, b, c, d]) => {
                let (a, b) = (warp.lanes(pool, base, *a), warp.lanes(pool, base, *b));
                run(&mut result, a, b, warp.lanes(pool, base, *c), warp.lanes(pool, base, *d));
                warp.set(base, *to, mask, &result);
            }
            Code::Each(compute, to, [a, b, c]) => {
                let (a, b) = (warp.lanes(pool, base, *a), warp.lanes(pool, base, *b));
                let c = warp.lanes(pool, base, *c);
                for lane in 0..WARP {
                    if mask >> lane & 1 == 1 {
                        result[lane] = each(*compute, [a[lane], b[lane], c[lane]]);
                    }
                }
                warp.set(base, *to, mask, &result);
            }
            Code::Special(special, to) => {
                result = self.special(warp, *special);
                warp.set(base, *to, mask, &result);
            }
            Code::FrameAddress(to, offset) => {
                warp.set(base, *to, mask, &[u64::from(group.stack + offset); WARP]);
            }
            Code::DynamicShared(to, offset) => {
                let address = u64::from(self.dynamic_start).wrapping_add(*offset as u64);
                warp.set(base, *to, mask, &[address; WARP]);
            }
            Code::Load(access) => {
                group.spins |= access.others;
                self.load(warp, group, access, mask)?;
            }
            Code::Store(access) => self.store(warp, group, access, mask)?,
            Code::Atomic(op, access) => {
                group.spins = true;
                self.atomic(warp, group, *op, access, mask)?;
            }
            Code::Fence => self.memory.fence(),
            Code::LoadEight(eight) => {
                group.spins |= eight.access.others;
                self.load_elements(warp, group, &eight.access, &eight.values, mask)?;
            }
            Code::StoreEight(eight) => {
                self.store_elements(warp, group, &eight.access, &eight.values, mask)?;
            }
            _ => return self.control(warp, group, code, mask),
        }
        group.pc += 1;
        Ok(Flow::Next)
    }

    fn control(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        match code {
            Code::Jump(to) => Ok(self.jump(warp, group, *to)),
            Code::Branch { guard, negated, yes, no } => {
                let taken = mask & self.bits(warp, group, *guard, *negated);
                if taken == mask {
                    return Ok(self.jump(warp, group, *yes));
                }
                if taken == 0 {
                    return Ok(self.jump(warp, group, *no));
                }
                // The later place is put aside; going back costs as it does for all.
                let (now, later) = if yes < no { (*yes, *no) } else { (*no, *yes) };
                let now_mask = if yes < no { taken } else { mask & !taken };
                let mut other = *group;
                other.mask = mask & !now_mask;
                other.pc = later;
                warp.park(other);
                group.mask = now_mask;
                Ok(self.jump(warp, group, now))
            }
            Code::Table(at, table) => self.table(warp, group, *at, *table),
            Code::AtomicWide(wide) => {
                group.spins = true;
                self.atomic_wide(warp, group, wide, mask)?;
                group.pc += 1;
                Ok(Flow::Next)
            }
            Code::Mbarrier(op) => self.mbarrier(warp, group, op, mask),
            Code::Copy(_) | Code::Alloca(..) | Code::StackSave(_) | Code::StackRestore(_) => {
                self.bulk(warp, group, code, mask)?;
                group.pc += 1;
                Ok(Flow::Next)
            }
            Code::Exit => {
                warp.exit(group.mask);
                Ok(Flow::Left)
            }
            Code::Trap => trouble(FaultKind::Trap, first(mask), "trap"),
            Code::Unsupported => {
                trouble(FaultKind::Unsupported, first(mask), "a form of instruction that is not supported")
            }
            Code::Sleep => {
                group.pc += 1;
                Ok(Flow::Expire)
            }
            Code::Call(call) => self.call(warp, group, *call, mask),
            Code::Return => self.return_from(warp, group),
            Code::Barrier(..) | Code::Arrive(..) | Code::BarrierReduce { .. } => {
                self.barrier(warp, group, code, mask)
            }
            Code::Matrix(index) => self.matrix(warp, group, *index),
            _ => self.exchange(warp, group, code, mask),
        }
    }

    fn bulk(&mut self, warp: &mut Warp, group: &Group, code: &Code, mask: u32) -> Outcome<()> {
        match code {
            Code::Copy(copy) => self.copy(warp, group, copy, mask),
            Code::Alloca(to, bytes, align) => self.alloca(warp, group, (*to, *bytes, *align), mask),
            Code::StackSave(to) => {
                self.stack_save(warp, group, *to, mask);
                Ok(())
            }
            Code::StackRestore(from) => self.stack_restore(warp, group, *from, mask),
            _ => Ok(()),
        }
    }

    fn jump(&self, warp: &mut Warp, group: &mut Group, to: u32) -> Flow {
        let back = group.pc.checked_sub(to);
        group.pc = to;
        let Some(length) = back else { return Flow::Moved };
        warp.fuel -= if group.spins { SPIN_COST } else { 1 } + long(length);
        group.waits |= group.spins;
        group.spins = false;
        Flow::Moved
    }

    fn table(&mut self, warp: &mut Warp, group: &mut Group, at: Slot, table: u32) -> Outcome<Flow> {
        let indices = *warp.lanes(&self.program.pool, group.base, at);
        let targets = &self.program.tables[table as usize];
        let mut left = group.mask;
        while left != 0 {
            let lane = first(left);
            let index = indices[lane as usize];
            let Some(&target) = targets.get(index as usize) else {
                let words = format!("branch to label {index} of {}", targets.len());
                return trouble(FaultKind::IllegalInstruction, lane, words);
            };
            let mut together = *group;
            together.mask = lanes_with(&indices, index, left);
            left &= !together.mask;
            let _ = self.jump(warp, &mut together, target);
            warp.park(together);
        }
        Ok(Flow::Left)
    }
}

/// What so many steps cost besides the jump or call that leads to them, so that the host is asked in long loops too.
pub fn long(steps: u32) -> i32 {
    (steps >> 8) as i32
}

/// The lanes of a mask whose value this is.
pub fn lanes_with(lanes: &Lanes, value: u64, mask: u32) -> u32 {
    let same = |lane: usize| u32::from(lanes[lane] == value) << lane;
    (0..WARP).fold(0, |all, lane| all | same(lane)) & mask
}

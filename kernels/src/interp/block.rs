//! One block: its warps in turn, until all threads have exited.

use super::barrier::Barriers;
use super::code::{KernelCode, Program as Code};
use super::lanes::{Lanes, WARP};
use super::product::Room;
use super::run::{Machine, Stop};
use super::trouble::Trouble;
use super::warp::{FUEL, Group, Wait, Warp};
use crate::fault::{FaultKind, KernelFault};
use crate::memory::Memory;
use crate::module::Kernel;
use crate::program::{Host, Launch, Progress};

/// Stack of a thread for calls without a known depth, unless the launch says otherwise.
const STACK_BYTES: u32 = 16 << 10;
/// Most shared memory of a block.
const MOST_SHARED: u32 = 1 << 24;
/// Most bytes of the registers of a block.
const MOST_REGISTERS: u64 = 1 << 30;
/// Most local memory of a thread.
pub const MOST_LOCAL: u32 = 1 << 20;
/// Shared memory that the system keeps for itself and for libraries, where a program asks for its place.
pub const RESERVED_BYTES: u32 = 1024;
/// Places named in a deadlock fault.
const MOST_PLACES: usize = 4;

/// Registers, shared and local memory of one block at a time; reused from block to block.
#[derive(Debug, Default)]
pub struct Scratch {
    kernel: usize,
    block: [u32; 3],
    warps: Vec<Warp>,
    count: usize,
    shared: Vec<u8>,
    barriers: Barriers,
    room: Room,
    dynamic_start: u32,
    /// Behind dynamic shared memory: where the reserved part starts, if the program asks for it.
    dynamic_end: u32,
    clock: u64,
}

impl Scratch {
    /// The kernel whose block was started here.
    pub(crate) fn kernel(&self) -> usize {
        self.kernel
    }

    /// Forgets the block that was started here.
    pub(crate) fn forget(&mut self) {
        self.count = 0;
    }
}

/// Threads of a block of a launch that fits a kernel's header, or what is wrong with it.
pub fn misfit(kernel: &Kernel, launch: &Launch<'_>) -> Result<u32, String> {
    let threads = launch.block.iter().try_fold(1u32, |all, &dim| all.checked_mul(dim)).unwrap_or(0);
    if threads == 0 || threads > 1024 || threads > kernel.max_threads {
        return Err(format!("{threads} threads a block where 1 to {} are possible", kernel.max_threads));
    }
    if kernel.required_block.is_some_and(|required| required != launch.block) {
        return Err(format!("a block of {:?} threads, which is not what the kernel requires", launch.block));
    }
    if launch.parameters.len() < kernel.parameter_bytes as usize {
        let (have, want) = (launch.parameters.len(), kernel.parameter_bytes);
        return Err(format!("{have} bytes of parameters where the kernel has {want}"));
    }
    if launch.shared_bytes > MOST_SHARED {
        return Err(format!("{} bytes of shared memory", launch.shared_bytes));
    }
    Ok(threads)
}

/// A kernel of a program: its code and what its header says.
pub struct Target<'p> {
    /// The code of all.
    pub code: &'p Code,
    /// Its index.
    pub index: usize,
    /// Its description.
    pub kernel: &'p Kernel,
}

impl Target<'_> {
    fn code(&self) -> &KernelCode {
        &self.code.kernel
    }

    fn refuse(&self, kind: FaultKind, block: [u32; 3], line: u32, words: String) -> KernelFault {
        KernelFault { kind, kernel: self.kernel.name.clone(), block, thread: [0; 3], line, address: 0, words }
    }

    /// Whether the launch fits the kernel and what it needs.
    fn check(&self, launch: &Launch<'_>, block: [u32; 3]) -> Result<u32, KernelFault> {
        let invalid = |words: String| self.refuse(FaultKind::InvalidLaunch, block, 0, words);
        let threads = misfit(self.kernel, launch).map_err(invalid)?;
        let registers = u64::from(self.code().slots) * size_of::<Lanes>() as u64;
        if registers * u64::from(threads.div_ceil(32)) > MOST_REGISTERS {
            return Err(invalid(format!("{registers} bytes of registers a warp, for {threads} threads")));
        }
        Ok(threads)
    }

    /// Sets a block up.
    pub fn start(
        &self,
        launch: &Launch<'_>,
        block: [u32; 3],
        scratch: &mut Scratch,
    ) -> Result<(), KernelFault> {
        scratch.count = 0;
        let threads = self.check(launch, block)?;
        let code = self.code();
        let mut local_bytes = code.local_bytes;
        if code.unbounded {
            let stack = if launch.stack_bytes == 0 { STACK_BYTES } else { launch.stack_bytes };
            local_bytes = local_bytes.saturating_add(stack);
        }
        if local_bytes > MOST_LOCAL {
            let words = format!("{local_bytes} bytes of local memory a thread, more than {MOST_LOCAL}");
            return Err(self.refuse(FaultKind::InvalidLaunch, block, 0, words));
        }
        let local_bytes = local_bytes.next_multiple_of(16);
        scratch.kernel = self.index;
        scratch.block = block;
        scratch.dynamic_start = code.dynamic_start;
        scratch.count = threads.div_ceil(32) as usize;
        scratch.dynamic_end = code.dynamic_start + launch.shared_bytes;
        let shared_bytes = match self.code.reserved {
            true => scratch.dynamic_end.next_multiple_of(16) + RESERVED_BYTES,
            false => scratch.dynamic_end,
        };
        scratch.shared.clear();
        scratch.shared.resize(shared_bytes as usize, 0);
        scratch.barriers.iter_mut().for_each(|barrier| barrier.clear());
        scratch.clock = 0;
        if scratch.warps.len() < scratch.count {
            scratch.warps.resize_with(scratch.count, Warp::default);
        }
        let entry = &self.code.entries[code.function as usize];
        for (index, warp) in scratch.warps[..scratch.count].iter_mut().enumerate() {
            let first = index as u32 * 32;
            warp.start(index as u32, (threads - first).min(32), launch.block);
            warp.groups.push(Group {
                pc: entry.pc,
                base: 0,
                stack: 0,
                mask: warp.present,
                turn: 0,
                wait: Wait::Ready,
                spins: false,
                waits: false,
                kept: 0,
            });
            if warp.registers.len() < code.slots as usize {
                warp.registers.resize(code.slots as usize, [0; WARP]);
            }
            warp.local_bytes = local_bytes;
            (warp.tops, warp.adds) = ([local_bytes; WARP], false);
            if warp.local.len() < local_bytes as usize * WARP {
                warp.local.resize(local_bytes as usize * WARP, 0);
            }
        }
        Ok(())
    }

    /// Runs a block until it is done or only spins.
    pub fn resume(
        &self,
        launch: &Launch<'_>,
        memory: &dyn Memory,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> Result<Progress, KernelFault> {
        let Scratch {
            block, warps, count, shared, barriers, room, dynamic_start, dynamic_end, clock, ..
        } = scratch;
        let warps = &mut warps[..*count];
        let mut machine = Machine {
            program: self.code,
            launch,
            memory,
            host,
            shared,
            barriers,
            room,
            block: *block,
            dynamic_start: *dynamic_start,
            dynamic_end: *dynamic_end,
            warps: *count as u32,
            met: false,
            clock,
        };
        loop {
            let (mut done, mut ran, mut spun) = (0, false, false);
            for index in 0..warps.len() {
                let warp = &mut warps[index];
                if warp.live() == 0 {
                    done += 1;
                    continue;
                }
                match machine.run(warp) {
                    Ok(Stop::Done) => done += 1,
                    Ok(Stop::Blocked) => {}
                    Ok(Stop::Slice) => (ran, spun) = (true, true),
                    Ok(Stop::Met) => ran |= machine.release_barriers(warps),
                    Err((trouble, pc)) => return Err(self.fault(*block, warp, &trouble, pc)),
                }
            }
            if done == warps.len() {
                return Ok(Progress::Done);
            }
            ran |= machine.release_barriers(warps);
            if !ran {
                return Err(self.deadlock(*block, warps));
            }
            if spun {
                return Ok(Progress::Yielded);
            }
        }
    }

    fn fault(&self, block: [u32; 3], warp: &Warp, trouble: &Trouble, pc: u32) -> KernelFault {
        let lane = trouble.lane as usize % WARP;
        KernelFault {
            kind: trouble.kind,
            kernel: self.kernel.name.clone(),
            block,
            thread: warp.tid.map(|axis| axis[lane] as u32),
            line: self.code.lines.get(pc as usize).copied().unwrap_or(0),
            address: trouble.address,
            words: trouble.words.clone(),
        }
    }

    /// Names the places where threads wait for what will never come.
    fn deadlock(&self, block: [u32; 3], warps: &[Warp]) -> KernelFault {
        let mut waiting = warps.iter().flat_map(|warp| warp.groups.iter().map(move |group| (warp, group)));
        let Some((first_warp, first)) = waiting.next() else {
            let words = "threads are left that nobody runs".to_owned();
            return self.refuse(FaultKind::BarrierDeadlock, block, 0, words);
        };
        let place = |warp: &Warp, group: &Group| {
            let line = self.code.lines.get(group.pc as usize).copied().unwrap_or(0);
            let what = match group.wait {
                Wait::Barrier(id) | Wait::Again(id) => format!("at barrier {id}"),
                Wait::Lanes(members, _) => format!("for lanes {:#x}", members & warp.live() & !group.mask),
                Wait::Ready => "for nothing".to_owned(),
            };
            format!("lanes {:#x} of warp {} wait {what} at line {line}", group.mask, warp.index)
        };
        let mut words = place(first_warp, first);
        let mut count = 1;
        for (warp, group) in waiting {
            count += 1;
            if count <= MOST_PLACES {
                words = format!("{words}; {}", place(warp, group));
            }
        }
        if count > MOST_PLACES {
            words = format!("{words}; and {} more", count - MOST_PLACES);
        }
        let words = format!("deadlock: {words}");
        let lane = first.mask.trailing_zeros();
        let trouble = Trouble { kind: FaultKind::BarrierDeadlock, lane, address: 0, words };
        self.fault(block, first_warp, &trouble, first.pc)
    }
}

impl Warp {
    /// All threads at the start, in the order x, y, z.
    fn start(&mut self, index: u32, threads: u32, block: [u32; 3]) {
        self.index = index;
        self.present = u32::MAX >> (32 - threads);
        self.exited = 0;
        self.fuel = FUEL;
        self.groups.clear();
        self.groups.reserve(WARP);
        for lane in 0..WARP as u32 {
            let thread = index * 32 + lane;
            let [x, y, _] = block;
            let at = [thread % x, thread / x % y, thread / x / y];
            for (axis, at) in self.tid.iter_mut().zip(at) {
                axis[lane as usize] = u64::from(at);
            }
        }
    }
}

//! Calls: frames on the warp's own stacks, so that the caller's stack stays as it is.

use super::code::{CODE_WINDOW, Call, Code, Entry, Target};
use super::lanes::{Lanes, WARP, each};
use super::run::{Flow, Machine, lanes_with, long};
use super::text;
use super::trouble::{Outcome, Trouble, first, trouble};
use super::warp::{Group, Warp};
use crate::fault::FaultKind;
use crate::ir::op::{Passed, Runtime, Space};

/// More slots than these are too deep a call.
const MOST_SLOTS: u32 = 1 << 16;

fn lanes_of(mask: u32) -> impl Iterator<Item = u32> {
    each(mask).map(|lane| lane as u32)
}

/// Copies between two places of a lane's local memory.
fn copy(warp: &mut Warp, mask: u32, from: u32, to: u32, bytes: u32) -> Option<()> {
    for lane in lanes_of(mask) {
        let local = warp.local_of(lane);
        let range = from as usize..(from + bytes) as usize;
        let end = to as usize + bytes as usize;
        if range.end > local.len() || end > local.len() {
            return None;
        }
        local.copy_within(range, to as usize);
    }
    Some(())
}

impl Machine<'_> {
    /// A call step.
    pub fn call(&mut self, warp: &mut Warp, group: &mut Group, call: u32, mask: u32) -> Outcome<Flow> {
        let call = &self.program.calls[call as usize];
        match call.target {
            Target::Function(index) => self.enter(warp, group, call, index, mask),
            Target::Pointer(address) => {
                let addresses = *warp.lanes(&self.program.pool, group.base, address);
                self.enter_by_address(warp, group, call, &addresses, mask)
            }
            Target::Runtime(runtime) => {
                self.runtime(warp, group, call, runtime, mask)?;
                group.pc += 1;
                Ok(Flow::Next)
            }
        }
    }

    fn enter_by_address(
        &mut self,
        warp: &mut Warp,
        group: &mut Group,
        call: &Call,
        addresses: &Lanes,
        mask: u32,
    ) -> Outcome<Flow> {
        let mut left = mask;
        loop {
            let lane = first(left);
            let address = addresses[lane as usize];
            let number = ((address ^ CODE_WINDOW) >> 4).wrapping_sub(1);
            let entry = u32::try_from(number).ok().and_then(|number| self.program.entry_of(number));
            let Some(entry) = entry.filter(|_| address & 15 == 0) else {
                let words = format!("call of {address:#x}, which is no function");
                return trouble(FaultKind::IllegalInstruction, lane, words);
            };
            let mut part = *group;
            part.mask = lanes_with(addresses, address, left);
            left &= !part.mask;
            let part_mask = part.mask;
            let flow = self.enter(warp, &mut part, call, entry, part_mask)?;
            if part_mask == group.mask {
                *group = part;
                return Ok(flow);
            }
            warp.park(part);
            if left == 0 {
                return Ok(Flow::Left);
            }
        }
    }

    fn enter(
        &mut self,
        warp: &mut Warp,
        group: &mut Group,
        call: &Call,
        index: u32,
        mask: u32,
    ) -> Outcome<Flow> {
        let program = self.program;
        let entry = &program.entries[index as usize];
        let caller = frame_of(program.entries.as_slice(), group.pc);
        let base = group.base + caller.slots;
        let stack = (group.stack + caller.frame_bytes).next_multiple_of(entry.frame_align);
        let lane = first(mask);
        let deep = stack + entry.frame_bytes > warp.least_top(mask) || base + entry.slots > MOST_SLOTS;
        if deep {
            return trouble(FaultKind::StackOverflow, lane, "calls deeper than the stack");
        }
        if !fits(&call.arguments, &entry.parameters) || !fits(&call.results, &entry.results) {
            return trouble(FaultKind::IllegalInstruction, lane, "call of a function with other parameters");
        }
        if warp.registers.len() < (base + entry.slots) as usize {
            warp.registers.resize((base + entry.slots) as usize, [0; WARP]);
        }
        for (from, to) in call.arguments.iter().zip(&entry.parameters) {
            let done = copy(warp, mask, group.stack + from.frame, stack + to.frame, from.bytes);
            done.map_or_else(
                || trouble(FaultKind::StackOverflow, lane, "arguments outside of the stack"),
                Ok,
            )?;
        }
        let link = u64::from(group.base) << 32 | u64::from(group.pc);
        warp.set(base, super::code::Slot(0), mask, &[link; WARP]);
        let stacks = warp.tops.map(|top| u64::from(top) << 32 | u64::from(group.stack));
        warp.set(base, super::code::Slot(1), mask, &stacks);
        (group.pc, group.base, group.stack) = (entry.pc, base, stack);
        // A few functions that call each other twice run for ever without a single back edge.
        warp.fuel -= 1;
        group.waits |= group.spins;
        Ok(Flow::Moved)
    }

    /// Back to the callers; lanes that came from different places part.
    pub fn return_from(&mut self, warp: &mut Warp, group: &mut Group) -> Outcome<Flow> {
        let program = self.program;
        let callee = frame_of(program.entries.as_slice(), group.pc);
        warp.fuel -= long(group.pc - callee.pc);
        let links = *warp.lanes(&program.pool, group.base, super::code::Slot(0));
        let kept = *warp.lanes(&program.pool, group.base, super::code::Slot(1));
        let stacks = kept.map(|kept| u64::from(kept as u32));
        for lane in lanes_of(group.mask) {
            warp.tops[lane as usize] = (kept[lane as usize] >> 32) as u32;
        }
        let mut left = group.mask;
        while left != 0 {
            let lane = first(left) as usize;
            let mut part = *group;
            part.mask = lanes_with(&links, links[lane], left) & lanes_with(&stacks, stacks[lane], left);
            left &= !part.mask;
            part.pc = links[lane] as u32;
            part.base = (links[lane] >> 32) as u32;
            part.stack = stacks[lane] as u32;
            if let Code::Call(call) = program.steps[part.pc as usize].code {
                let call = &program.calls[call as usize];
                for (from, to) in callee.results.iter().zip(&call.results) {
                    let (from, to) = (group.stack + from.frame, (part.stack + to.frame, to.bytes));
                    let done = copy(warp, part.mask, from, to.0, to.1);
                    let words = "results outside of the stack";
                    done.map_or_else(|| trouble(FaultKind::StackOverflow, lane as u32, words), Ok)?;
                }
            }
            part.pc += 1;
            if left == 0 && part.mask == group.mask {
                *group = part;
                return Ok(Flow::Moved);
            }
            warp.park(part);
        }
        Ok(Flow::Left)
    }

    fn runtime(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        call: &Call,
        runtime: Runtime,
        mask: u32,
    ) -> Outcome<()> {
        let mut failed = None;
        for lane in lanes_of(mask) {
            let argument = |warp: &mut Warp, index: usize| -> u64 {
                let Some(passed) = call.arguments.get(index) else { return 0 };
                let start = (group.stack + passed.frame) as usize;
                let bytes =
                    warp.local_of(lane).get(start..start + passed.bytes.min(8) as usize).unwrap_or(&[]);
                bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
            };
            let arguments: [u64; 5] = std::array::from_fn(|index| argument(warp, index));
            let result = match runtime {
                Runtime::Vprintf => self.print(warp, lane, arguments[0], arguments[1])?,
                Runtime::AssertFail => {
                    self.assert(warp, lane, &arguments, &mut failed)?;
                    0
                }
                Runtime::Malloc => self.host.malloc(arguments[0]),
                Runtime::Free => {
                    self.host.free(arguments[0]);
                    0
                }
                Runtime::SetConditional => {
                    if !self.host.set_conditional(arguments[0], arguments[1] as u32) {
                        let words = format!("{:#x} is no conditional handle here", arguments[0]);
                        return trouble(FaultKind::IllegalInstruction, lane, words);
                    }
                    0
                }
            };
            if let Some(passed) = call.results.first() {
                let start = (group.stack + passed.frame) as usize;
                let count = passed.bytes.min(8) as usize;
                if let Some(to) = warp.local_of(lane).get_mut(start..start + count) {
                    to.copy_from_slice(&result.to_le_bytes()[..count]);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Local memory of the frame of the function that a step belongs to.
    pub fn frame_bytes(&self, pc: u32) -> u32 {
        frame_of(&self.program.entries, pc).frame_bytes
    }

    /// One thread's `printf`; gives the number of arguments, -1 without a format.
    fn print(&mut self, warp: &mut Warp, lane: u32, format: u64, arguments: u64) -> Outcome<u64> {
        let mut read = |at: u64, into: &mut [u8]| self.run_in(warp, lane, Space::Generic, at, into);
        let (text, count) = text::printed(&mut read, format, arguments)?;
        if format != 0 {
            self.host.print(&text);
        }
        Ok(count)
    }

    /// `__assertfail`: all threads say so, the first is the fault.
    fn assert(
        &mut self,
        warp: &mut Warp,
        lane: u32,
        arguments: &[u64; 5],
        failed: &mut Option<Box<Trouble>>,
    ) -> Outcome<()> {
        let thread = warp.tid.map(|axis| axis[lane as usize % WARP]);
        let mut read = |at: u64, into: &mut [u8]| self.run_in(warp, lane, Space::Generic, at, into);
        let words = text::assertion(&mut read, arguments, self.block, thread)?;
        self.host.complain(format!("{words}.\n").as_bytes());
        if failed.is_none() {
            *failed = trouble::<()>(FaultKind::Assert, lane, words).err();
        }
        Ok(())
    }
}

/// The function a step belongs to.
fn frame_of(entries: &[Entry], pc: u32) -> &Entry {
    let at = entries.partition_point(|entry| entry.pc <= pc);
    &entries[at.saturating_sub(1)]
}

fn fits(given: &[Passed], wanted: &[Passed]) -> bool {
    given.len() == wanted.len() && given.iter().zip(wanted).all(|(a, b)| a.bytes == b.bytes)
}

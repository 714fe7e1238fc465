//! Faults of compiled kernels: what the signal handler notes, and what is told about it.

use stream_hal_kernels::compile::Context;
use stream_hal_kernels::compile::code::{Place, Site};
use stream_hal_kernels::{FaultKind, KernelFault};

use super::super::sync::Engine;
use super::code::Native;

/// A thread that was interrupted at a site.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Interrupted {
    /// The address of the access; 0 where the processor gives none.
    pub(in super::super) address: u64,
    /// The signal.
    pub(in super::super) signal: i32,
    /// The site's number.
    pub(in super::super) site: usize,
    /// General registers, by their numbers in instructions.
    pub(in super::super) registers: [u64; 16],
}

/// The register that holds the context's address in compiled code: `r15`.
const CONTEXT: usize = 15;
/// Where a fault is noted in the context's buffer, which is free then: registers, signal, site.
const SIGNAL: usize = 16;
const SITE: usize = 17;

/// Notes a fault in the context of the thread. Async-signal-safe.
///
/// # Safety
/// The registers are those of a thread at a site of compiled code.
pub(in super::super) unsafe fn note(fault: &Interrupted) {
    let context = std::ptr::with_exposed_provenance_mut::<Context>(fault.registers[CONTEXT] as usize);
    // SAFETY: in compiled code this register is the address of the thread's own context, which nobody else touches.
    let context = unsafe { &mut *context };
    context.fault_address = fault.address;
    context.buffer.0[..16].copy_from_slice(&fault.registers);
    context.buffer.0[SIGNAL] = fault.signal as u64;
    context.buffer.0[SITE] = fault.site as u64;
}

/// What is told about a fault that the fix-up has left the kernel with: the same as of the interpreter.
pub(super) fn explain(native: &Native, kernel: &str, threads: [u32; 3], context: &Context) -> KernelFault {
    let nowhere = Site { at: 0, fixup: 0, line: 0, bytes: 1, write: false, place: Place::Unknown };
    let site = native.code.sites.get(context.buffer.0[SITE] as usize).copied().unwrap_or(nowhere);
    let (lane, address) = place(&site, context);
    let bytes = site.bytes;
    let (kind, address, words) = match context.buffer.0[SIGNAL] as i32 {
        libc::SIGFPE => (FaultKind::IllegalInstruction, 0, "an operation without a result".to_owned()),
        _ => (FaultKind::IllegalAddress, address, format!("illegal access of {bytes} bytes at {address:#x}")),
    };
    let thread = context.thread + context.fault_thread + lane;
    let [x, y, _] = threads.map(|side| side.max(1));
    let thread = [thread % x, thread / x % y, thread / x / y];
    KernelFault {
        kind,
        kernel: kernel.to_owned(),
        block: context.block,
        thread,
        line: site.line,
        address,
        words,
    }
}

/// The first lane at fault, and the address it asked for.
fn place(site: &Site, context: &Context) -> (u32, u64) {
    let asked = if context.fault_mask == 0 { 1 } else { context.fault_mask };
    let first = asked.trailing_zeros();
    let Place::Near { base, index, scale, displacement, step } = site.place else {
        return (first, context.fault_address);
    };
    let register = |number: Option<u8>| number.map_or(0, |number| context.buffer.0[usize::from(number) % 16]);
    let start = register(base)
        .wrapping_add(register(index).wrapping_mul(scale.into()))
        .wrapping_add_signed(displacement.into());
    let (step, fault) = (u64::from(step), context.fault_address);
    // The processor names the first byte it cannot reach; lanes before that had theirs.
    let reached = fault.wrapping_sub(start).checked_div(step).filter(|&lanes| lanes < 64).unwrap_or(0);
    let lane = match asked >> reached {
        0 => first,
        rest => reached as u32 + rest.trailing_zeros(),
    };
    let element = start.wrapping_add(step * u64::from(lane));
    let inside = fault.wrapping_sub(element) < u64::from(site.bytes);
    (lane, if inside { fault } else { element })
}

/// Says where the nearest allocation is, if accesses are checked.
pub(in super::super) fn name_neighbour(engine: &Engine, fault: &mut KernelFault) {
    let named = fault.words.contains(": ");
    if engine.compiler.checks() && fault.kind == FaultKind::IllegalAddress && !named {
        let neighbour = super::check::neighbour(engine, fault.address);
        fault.words = format!("{}: {neighbour}", fault.words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Register 3 is 0x1000 and 5 is 2.
    fn placed(place_of: Place, bytes: u8, mask: u64, fault: u64) -> (u32, u64) {
        let site = Site { at: 0, fixup: 0, line: 0, bytes, write: false, place: place_of };
        let mut context = Context { fault_mask: mask, fault_address: fault, ..Context::default() };
        (context.buffer.0[3], context.buffer.0[5]) = (0x1000, 2);
        place(&site, &context)
    }

    #[test]
    fn the_first_lane_that_is_not_reached_is_blamed() {
        let near = |step| Place::Near { base: Some(3), index: Some(5), scale: 8, displacement: -16, step };
        let everybody = 0xffff;
        assert_eq!(placed(near(4), 4, everybody, 0x1000), (0, 0x1000));
        assert_eq!(placed(near(4), 4, everybody, 0x1020), (8, 0x1020));
        // The processor may name the start of the page though that lane did not ask.
        assert_eq!(placed(near(4), 4, 0xf000, 0x1020), (12, 0x1030));
        assert_eq!(placed(near(8), 4, everybody, 0x1020), (4, 0x1020));
        // An element that lies on both sides of the end.
        assert_eq!(placed(near(4), 4, everybody, 0x1022), (8, 0x1022));
        // No address is given where it is none at all.
        assert_eq!(placed(near(4), 4, 0xfff0, 0), (4, 0x1010));
        // One element for all.
        assert_eq!(placed(near(0), 8, 0xff00, 0x1000), (8, 0x1000));
        assert_eq!(placed(near(0), 8, 0, 0x1004), (0, 0x1004));
        assert_eq!(placed(Place::Lanes, 4, 0xff00, 0x77), (8, 0x77));
        assert_eq!(placed(Place::Unknown, 4, 0xff00, 0x77), (8, 0x77));
    }
}

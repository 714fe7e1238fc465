//! Who was it? A block whose access faulted, once more on the interpreter, with all it writes kept aside.
//!
//! Vectors fault as a whole, so compiled code cannot always tell which thread is to blame. The interpreter can, if the block
//! comes to the same fault again; if it does not, because other blocks have gone on meanwhile or because it takes too long,
//! what compiled code says has to do.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stream_hal_kernels::memory::MemoryFaultKind;
use stream_hal_kernels::{AtomicOp, Host, KernelFault, Launch, Memory, MemoryFault, Program, Scratch};

use super::super::access::Checked;
use super::super::floats::FloatState;

/// How long it may take.
const PATIENCE: Duration = Duration::from_millis(200);
/// Pages kept aside, at most: 16 MiB.
const MOST_PAGES: usize = 4096;
const PAGE: u64 = 4096;

/// The fault as the interpreter tells it, or else as it is.
#[cold]
pub(super) fn told(fault: KernelFault, program: &Program, kernel: usize, launch: &Launch<'_>) -> KernelFault {
    let _floats = FloatState::default_for_kernels();
    let (memory, host) = (Aside::default(), Quiet::new());
    let mut scratch = Box::<Scratch>::default();
    let again = program.run_block(kernel, launch, fault.block, &memory, &host, &mut scratch);
    let gave_up = host.asked.load(Ordering::Relaxed) || memory.full.load(Ordering::Relaxed);
    match again {
        Err(again) if !gave_up && (again.kind, again.line) == (fault.kind, fault.line) => again,
        _ => fault,
    }
}

/// All memory of the process, but what is written stays here.
#[derive(Default)]
struct Aside {
    pages: Mutex<HashMap<u64, Box<[u8; PAGE as usize]>>>,
    full: AtomicBool,
}

impl Aside {
    /// What was written over these bytes.
    fn cover(&self, address: u64, into: &mut [u8]) {
        let pages = self.pages.lock();
        for (at, byte) in (address..).zip(into) {
            if let Some(page) = pages.get(&(at / PAGE)) {
                *byte = page[(at % PAGE) as usize];
            }
        }
    }

    /// Writes bytes of pages that are there and may be written.
    fn keep(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        for (at, &byte) in (address..).zip(from) {
            let mut pages = self.pages.lock();
            if let Some(page) = pages.get_mut(&(at / PAGE)) {
                page[(at % PAGE) as usize] = byte;
                continue;
            }
            drop(pages);
            self.add(at)?;
            if let Some(page) = self.pages.lock().get_mut(&(at / PAGE)) {
                page[(at % PAGE) as usize] = byte;
            }
        }
        Ok(())
    }

    /// Copies a page, if it could be written.
    fn add(&self, at: u64) -> Result<(), MemoryFault> {
        // Adds nothing, but faults as a write does.
        Checked.atomic(at & !3, 4, AtomicOp::Add, 0, 0)?;
        let mut page = Box::new([0; PAGE as usize]);
        Checked.read(at & !(PAGE - 1), &mut page[..])?;
        let mut pages = self.pages.lock();
        if pages.len() >= MOST_PAGES {
            self.full.store(true, Ordering::Relaxed);
            return Err(MemoryFault { address: at, bytes: 1, kind: MemoryFaultKind::Unmapped });
        }
        pages.insert(at / PAGE, page);
        Ok(())
    }
}

impl Memory for Aside {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        let mut value = Checked.load(address, bytes)?.to_le_bytes();
        self.cover(address, &mut value[..bytes as usize]);
        Ok(u64::from_le_bytes(value))
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        Checked.load(address, bytes)?;
        let done = self.keep(address, &value.to_le_bytes()[..bytes.min(8) as usize]);
        // As the access was made, not as it was tried.
        done.map_err(|fault| MemoryFault { address, bytes, ..fault })
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault> {
        let old = self.load(address, bytes)?;
        self.store(address, bytes, op.apply(bytes, old, operand, compare))?;
        Ok(old)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        Checked.read(address, into)?;
        self.cover(address, into);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        self.keep(address, from)
    }

    fn fence(&self) {}
}

/// A host that hands out nothing and does not wait.
struct Quiet {
    start: Instant,
    /// It was asked for what would be seen.
    asked: AtomicBool,
}

impl Quiet {
    fn new() -> Quiet {
        Quiet { start: Instant::now(), asked: AtomicBool::new(false) }
    }
}

impl Host for Quiet {
    fn print(&self, _: &[u8]) {}

    fn clock_ns(&self) -> u64 {
        stream_hal_scheduler::clock::now_ns()
    }

    fn should_stop(&self) -> bool {
        self.start.elapsed() > PATIENCE
    }

    fn malloc(&self, _: u64) -> u64 {
        self.asked.store(true, Ordering::Relaxed);
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::memory;
    use crate::cpu::signal;
    use crate::device::Place;

    #[test]
    fn what_is_written_stays_aside() {
        signal::install();
        let owned = memory::Memory::new(1 << 20, false);
        let at = owned.alloc(8192, Place::Device).unwrap();
        Checked.store(at, 8, 0x1122_3344_5566_7788).unwrap();
        let aside = Aside::default();
        assert_eq!(aside.load(at, 4), Ok(0x5566_7788));
        aside.store(at + 2, 2, 0xabcd).unwrap();
        assert_eq!(aside.load(at, 8), Ok(0x1122_3344_abcd_7788));
        assert_eq!(aside.atomic(at, 4, AtomicOp::Add, 1, 0), Ok(0xabcd_7788));
        aside.write(at + 4094, &[1, 2, 3, 4]).unwrap();
        let mut read = [9; 6];
        aside.read(at + 4093, &mut read[..5]).unwrap();
        assert_eq!(read[1..5], [1, 2, 3, 4]);
        assert_eq!(Checked.load(at, 8), Ok(0x1122_3344_5566_7788), "the memory is as it was");
        assert_eq!(aside.store(16, 4, 1).unwrap_err(), Checked.store(16, 4, 1).unwrap_err());
        assert_eq!(aside.store(at + 1, 4, 1).unwrap_err(), Checked.store(at + 1, 4, 1).unwrap_err());
        // A page that can be read only.
        let text = "text".as_ptr().addr() as u64 & !7;
        assert!(aside.load(text, 8).is_ok());
        assert_eq!(aside.store(text, 4, 1).unwrap_err().address, text);
    }
}

//! The side that runs kernels, for tests: some memory, and what it was told.

use std::sync::Mutex;

use crate::memory::{AtomicOp, Memory, MemoryFault, MemoryFaultKind};
use crate::program::Host;

/// Where the memory starts.
pub const START: u64 = 0x1000;

/// Some memory at one address.
pub struct Flat(pub Mutex<Vec<u8>>);

impl Flat {
    fn range(&self, address: u64, bytes: usize) -> Result<std::ops::Range<usize>, MemoryFault> {
        let start = address.wrapping_sub(START) as usize;
        let inside = start.saturating_add(bytes) <= self.0.lock().unwrap().len();
        let fault = MemoryFault { address, bytes: bytes as u32, kind: MemoryFaultKind::Unmapped };
        if inside { Ok(start..start + bytes) } else { Err(fault) }
    }
}

impl Memory for Flat {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        let mut value = [0; 8];
        self.read(address, &mut value[..bytes as usize])?;
        Ok(u64::from_le_bytes(value))
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        self.write(address, &value.to_le_bytes()[..bytes as usize])
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
        let range = self.range(address, into.len())?;
        into.copy_from_slice(&self.0.lock().unwrap()[range]);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        let range = self.range(address, from.len())?;
        self.0.lock().unwrap()[range].copy_from_slice(from);
        Ok(())
    }

    fn fence(&self) {}
}

/// What a kernel said to the other side.
#[derive(Default)]
pub struct Told(pub Mutex<Vec<String>>);

impl Told {
    fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

impl Host for Told {
    fn print(&self, text: &[u8]) {
        self.push(format!("print {}", String::from_utf8_lossy(text)));
    }

    fn complain(&self, text: &[u8]) {
        self.push(format!("complain {}", String::from_utf8_lossy(text)));
    }

    fn clock_ns(&self) -> u64 {
        0x5_0000_0007
    }

    fn should_stop(&self) -> bool {
        false
    }

    fn malloc(&self, bytes: u64) -> u64 {
        self.push(format!("malloc {bytes}"));
        0x7000 + bytes
    }

    fn free(&self, address: u64) {
        self.push(format!("free {address:#x}"));
    }

    fn set_conditional(&self, handle: u64, value: u32) -> bool {
        self.push(format!("set {handle} {value}"));
        handle < 100
    }
}

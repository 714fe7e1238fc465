//! A device for the sample tests: one arena of memory with gaps between allocations, and a host that keeps what is
//! printed.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use stream_hal_kernels::{AtomicOp, Host, Memory, MemoryFault, memory::MemoryFaultKind};

use crate::runner::Piece;

/// Where the arena starts: nothing lies below. Nothing of a process lies there, so that real memory may stand in for it.
const BASE: u64 = 0x3000_0000_0000;
/// Unmapped bytes after each allocation, so that a stray access is a fault.
const GAP_BYTES: u64 = 4096;
/// An allocation has pages of its own, and lies at their end.
const PAGE_BYTES: u64 = 4096;
/// How long the kernels of a check may run altogether.
const PATIENCE: Duration = Duration::from_secs(120);
/// The most that kernels may hold of what they allocate themselves.
const HEAP_BYTES: u64 = 1 << 16;

#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
    /// Start and size of each allocation, as offsets into `bytes`, ascending.
    allocations: Vec<(u64, u64)>,
    /// Address and size of what kernels allocated and did not free.
    heap: Vec<(u64, u64)>,
    printed: Vec<u8>,
}

impl Arena {
    /// The index of the byte at `address` if `size` bytes there belong to one allocation.
    fn place(&self, address: u64, size: u64) -> Result<usize, MemoryFault> {
        let fault = |kind| MemoryFault { address, bytes: size as u32, kind };
        let offset = address.checked_sub(BASE).ok_or(fault(MemoryFaultKind::Unmapped))?;
        let after = self.allocations.partition_point(|&(start, _)| start <= offset);
        match after.checked_sub(1).map(|index| self.allocations[index]) {
            Some((start, bytes)) if offset + size <= start + bytes => Ok(offset as usize),
            _ => Err(fault(MemoryFaultKind::Unmapped)),
        }
    }

    fn number(&self, address: u64, bytes: u32) -> Result<(usize, u64), MemoryFault> {
        let at = self.place(address, bytes.into())?;
        if !address.is_multiple_of(bytes.into()) {
            return Err(MemoryFault { address, bytes, kind: MemoryFaultKind::Misaligned });
        }
        let mut value = [0; 8];
        value[..bytes as usize].copy_from_slice(&self.bytes[at..at + bytes as usize]);
        Ok((at, u64::from_le_bytes(value)))
    }

    fn allocate(&mut self, content: &[u8]) -> u64 {
        let bytes = content.len() as u64;
        let end = (self.bytes.len() as u64 + bytes.next_multiple_of(256)).next_multiple_of(PAGE_BYTES);
        let start = end - bytes.next_multiple_of(256);
        self.allocations.push((start, bytes));
        self.bytes.resize(start as usize, 0xcd);
        self.bytes.extend(content);
        self.bytes.resize((end + GAP_BYTES) as usize, 0xcd);
        BASE + start
    }
}

/// See the module.
pub struct Device {
    arena: Mutex<Arena>,
    start: Instant,
}

impl Default for Device {
    fn default() -> Device {
        Device { arena: Mutex::default(), start: Instant::now() }
    }
}

impl Device {
    fn arena(&self) -> MutexGuard<'_, Arena> {
        self.arena.lock().unwrap()
    }

    /// Memory with the given content; its address.
    pub fn upload<T: Value>(&self, values: &[T]) -> u64 {
        let content: Vec<u8> = values.iter().flat_map(|value| value.bytes()).collect();
        self.arena().allocate(&content)
    }

    /// `count` values at `address`.
    #[track_caller]
    pub fn download<T: Value>(&self, address: u64, count: usize) -> Vec<T> {
        let mut bytes = vec![0; count * size_of::<T>()];
        self.read(address, &mut bytes).unwrap();
        bytes.chunks_exact(size_of::<T>()).map(T::from_bytes).collect()
    }

    /// Writes one value.
    #[track_caller]
    pub fn write_value<T: Value>(&self, address: u64, value: T) {
        self.write(address, &value.bytes()).unwrap();
    }

    /// All that is allocated.
    pub fn pieces(&self) -> Vec<Piece> {
        let arena = self.arena();
        let ranges =
            arena.allocations.iter().map(|&(start, bytes)| (BASE + start..BASE + start + bytes, bytes));
        ranges.map(|(range, used)| Piece { range, used }).collect()
    }

    /// What kernels printed so far.
    pub fn printed(&self) -> String {
        String::from_utf8(self.arena().printed.clone()).unwrap()
    }

    /// How many allocations of kernels are not freed.
    pub fn held(&self) -> usize {
        self.arena().heap.len()
    }
}

impl Memory for Device {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        self.arena().number(address, bytes).map(|(_, value)| value)
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        let mut arena = self.arena();
        let (at, _) = arena.number(address, bytes)?;
        arena.bytes[at..at + bytes as usize].copy_from_slice(&value.to_le_bytes()[..bytes as usize]);
        Ok(())
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault> {
        let mut arena = self.arena();
        let (at, old) = arena.number(address, bytes)?;
        let new = op.apply(bytes, old, operand, compare);
        arena.bytes[at..at + bytes as usize].copy_from_slice(&new.to_le_bytes()[..bytes as usize]);
        Ok(old)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        let arena = self.arena();
        let at = arena.place(address, into.len() as u64)?;
        into.copy_from_slice(&arena.bytes[at..at + into.len()]);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        let mut arena = self.arena();
        let at = arena.place(address, from.len() as u64)?;
        arena.bytes[at..at + from.len()].copy_from_slice(from);
        Ok(())
    }

    fn fence(&self) {}
}

impl Host for Device {
    fn print(&self, text: &[u8]) {
        self.arena().printed.extend(text);
    }

    fn clock_ns(&self) -> u64 {
        0
    }

    /// A check takes a second at most: what runs on and on spins for ever.
    fn should_stop(&self) -> bool {
        self.start.elapsed() > PATIENCE
    }

    fn malloc(&self, bytes: u64) -> u64 {
        let mut arena = self.arena();
        let held: u64 = arena.heap.iter().map(|(_, bytes)| bytes).sum();
        if bytes > HEAP_BYTES - held {
            return 0;
        }
        let address = arena.allocate(&vec![0xee; bytes as usize]);
        arena.heap.push((address, bytes));
        address
    }

    fn free(&self, address: u64) {
        let mut arena = self.arena();
        let at = arena.heap.iter().position(|&(one, _)| one == address);
        let at = at.unwrap_or_else(|| panic!("{address:#x} was freed and not allocated"));
        arena.heap.remove(at);
        // What is freed is gone: an access to it is a fault.
        arena.allocations.retain(|&(start, _)| BASE + start != address);
    }
}

/// A plain number as device memory holds it.
pub trait Value: Copy {
    fn bytes(&self) -> Vec<u8>;
    fn from_bytes(bytes: &[u8]) -> Self;
}

macro_rules! value {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn bytes(&self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
            fn from_bytes(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().unwrap())
            }
        }
    )*};
}

value!(u8, u16, u32, u64, i32, f32, f64);

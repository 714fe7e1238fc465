//! The memory a kernel sees outside of its own block, as a trait: the device provides it.

mod atomic;
mod log;

use std::sync::{Mutex, PoisonError};

pub use atomic::AtomicOp;
pub use log::{AccessLog, Logged, Ranges};

/// An access that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind:?} at {address:#x}, {bytes} bytes")]
pub struct MemoryFault {
    /// The first byte of the access.
    pub address: u64,
    /// Its size in bytes.
    pub bytes: u32,
    /// What is wrong with it.
    pub kind: MemoryFaultKind,
}

/// Why an access could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryFaultKind {
    /// Nothing is mapped there, or not for this kind of access.
    Unmapped,
    /// Not a multiple of the access's size.
    Misaligned,
}

/// [`Memory::exchange_wide`] by loads and stores under a lock: indivisible among those that are made like this.
pub fn exchange_in_halves<M: Memory + ?Sized>(
    memory: &M,
    address: u64,
    operand: u128,
    compare: Option<u128>,
) -> Result<u128, MemoryFault> {
    if !address.is_multiple_of(16) {
        return Err(MemoryFault { address, bytes: 16, kind: MemoryFaultKind::Misaligned });
    }
    let stripe = &STRIPES[(address >> 4) as usize % STRIPES.len()];
    let _alone = stripe.lock().unwrap_or_else(PoisonError::into_inner);
    let (low, high) = (memory.load(address, 8)?, memory.load(address + 8, 8)?);
    let old = u128::from(high) << 64 | u128::from(low);
    if compare.is_none_or(|compare| compare == old) {
        memory.store(address, 8, operand as u64)?;
        memory.store(address + 8, 8, (operand >> 64) as u64)?;
    }
    Ok(old)
}

/// Locks of wide exchanges on devices that have no instruction for them, by address.
static STRIPES: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];

/// Global (and host) memory. Every access is checked: a bad one is an `Err`, never a crash.
///
/// Aligned accesses of up to 8 bytes are single accesses (they do not tear).
pub trait Memory: Sync {
    /// Reads `bytes` (1, 2, 4 or 8) at `address`, zero-extended.
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault>;

    /// Writes the low `bytes` (1, 2, 4 or 8) of `value` at `address`.
    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault>;

    /// One indivisible read-modify-write of 2, 4 or 8 bytes, sequentially consistent; returns the old value.
    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault>;

    /// One indivisible exchange of 16 bytes at a multiple of 16, sequentially consistent; returns the old value. With
    /// `compare` the operand is only written if that is the old value.
    ///
    /// Without a method of its own a device gets one that is indivisible among those that use it too.
    fn exchange_wide(&self, address: u64, operand: u128, compare: Option<u128>) -> Result<u128, MemoryFault> {
        exchange_in_halves(self, address, operand, compare)
    }

    /// Reads a run of bytes (strings of `vprintf`, constant data).
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault>;

    /// Writes a run of bytes.
    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault>;

    /// A sequentially consistent fence.
    fn fence(&self);
}

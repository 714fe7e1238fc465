//! The null device's memory: real mappings like the cpu's, which cost nothing until they are touched.

use crate::cpu;
use crate::device::Error;

pub(super) use crate::cpu::{ALIGNMENT, Memory};

/// What the device says it has.
pub(super) const TOTAL: u64 = 64 << 30;

pub(super) fn new() -> Memory {
    Memory::new(TOTAL, false)
}

/// Reads memory, checked.
pub(super) fn read(address: u64, into: &mut [u8]) -> Result<(), Error> {
    cpu::read(address, into).map_err(|fault| Error::Invalid(fault.to_string()))
}

/// Writes memory, checked.
pub(super) fn write(address: u64, from: &[u8]) -> Result<(), Error> {
    cpu::write(address, from).map_err(|fault| Error::Invalid(fault.to_string()))
}

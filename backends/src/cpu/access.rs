//! The few instructions that touch a program's memory on behalf of kernels and API calls.
//!
//! They lie in one code range. The signal handler (see `signal.rs`) turns a fault inside that range
//! into a return with the status 1, so a wild pointer is an ordinary `Err` here. None of them uses the
//! stack, so the fix-up can return at once.

use stream_hal_kernels::memory::{MemoryFaultKind, exchange_in_halves};
use stream_hal_kernels::{AtomicOp, Memory, MemoryFault};

/// From here on a fill or copy is worth stores that bypass the caches.
pub(crate) const STREAMING_BYTES: u64 = 1 << 20;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
#[path = "access/x86.rs"]
mod raw;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "access/portable.rs"]
mod raw;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use raw::{code_range, fixup};

/// What a raw access returns: a value, or the address at fault.
#[repr(C)]
#[derive(Clone, Copy)]
struct Answer {
    value: u64,
    fault: u64,
}

impl Answer {
    #[inline(always)]
    fn checked(self, address: u64, bytes: u64) -> Result<u64, MemoryFault> {
        if self.fault == 0 { Ok(self.value) } else { Err(self.to_fault(address, bytes)) }
    }

    #[cold]
    fn to_fault(self, address: u64, bytes: u64) -> MemoryFault {
        // Where the processor gives no address (a non-canonical one), the access's own is the best there is.
        let inside = self.value.wrapping_sub(address) < bytes;
        unmapped(if inside { self.value } else { address }, bytes)
    }
}

#[cold]
fn unmapped(address: u64, bytes: u64) -> MemoryFault {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    MemoryFault { address, bytes, kind: MemoryFaultKind::Unmapped }
}

#[inline(always)]
fn aligned(address: u64, bytes: u32) -> Result<(), MemoryFault> {
    if address & u64::from(bytes).wrapping_sub(1) == 0 {
        return Ok(());
    }
    Err(MemoryFault { address, bytes, kind: MemoryFaultKind::Misaligned })
}

/// Copies `bytes` as if by way of a buffer in between: the ranges may overlap.
#[inline]
pub(crate) fn copy(to: u64, from: u64, bytes: u64) -> Result<(), MemoryFault> {
    if to.wrapping_sub(from) >= bytes {
        // SAFETY: the routine checks every access by the fault handler; plain bytes, no reference of ours.
        let answer = unsafe { raw::copy_forward(to, from, bytes) };
        return copied(answer, to, from, bytes);
    }
    // SAFETY: as above.
    let answer = unsafe { raw::copy_backward(to, from, bytes) };
    copied(answer, to, from, bytes)
}

#[inline(always)]
fn copied(answer: Answer, to: u64, from: u64, bytes: u64) -> Result<(), MemoryFault> {
    if answer.fault == 0 { Ok(()) } else { Err(copy_fault(answer.value, to, from, bytes)) }
}

#[cold]
fn copy_fault(at: u64, to: u64, from: u64, bytes: u64) -> MemoryFault {
    let inside = at.wrapping_sub(to) < bytes || at.wrapping_sub(from) < bytes;
    // Without an address the side that no program can have mapped is to blame.
    let blamed = if from >> 47 != 0 { from } else { to };
    unmapped(if inside { at } else { blamed }, bytes)
}

/// Copies between ranges that do not overlap, past the caches: for large copies.
pub(crate) fn copy_streaming(to: u64, from: u64, bytes: u64) -> Result<(), MemoryFault> {
    let head = to.wrapping_neg() % 64;
    if bytes < head + 64 {
        return copy(to, from, bytes);
    }
    copy(to, from, head)?;
    let (to, from, bytes) = (to + head, from.wrapping_add(head), bytes - head);
    let middle = bytes & !63;
    // SAFETY: as in `copy`; `to` is a multiple of 64 and `middle` too and not 0.
    let answer = unsafe { raw::copy_streaming(to, from, middle) };
    copied(answer, to, from, middle)?;
    copy(to + middle, from.wrapping_add(middle), bytes - middle)
}

/// A fill's value repeated to eight bytes.
pub(crate) fn pattern(value: u32, element_bytes: u8) -> u64 {
    match element_bytes {
        1 => u64::from(value as u8) * 0x0101_0101_0101_0101,
        2 => u64::from(value as u16) * 0x0001_0001_0001_0001,
        _ => u64::from(value) * 0x0000_0001_0000_0001,
    }
}

/// Fills `bytes`, a multiple of the pattern's period, with a pattern from [`pattern`].
#[inline]
pub(crate) fn fill(to: u64, pattern: u64, bytes: u64) -> Result<(), MemoryFault> {
    // SAFETY: as in `copy`.
    let answer = unsafe { raw::fill(to, pattern, bytes) };
    answer.checked(to, bytes).map(drop)
}

/// Like [`fill`], past the caches: for large fills.
pub(crate) fn fill_streaming(to: u64, pattern: u64, bytes: u64) -> Result<(), MemoryFault> {
    let head = to.wrapping_neg() % 64;
    // An unaligned start whose distance is no multiple of the period keeps to ordinary stores.
    if bytes < head + 64 || pattern.rotate_right(8 * (head % 8) as u32) != pattern {
        return fill(to, pattern, bytes);
    }
    fill(to, pattern, head)?;
    let (to, bytes) = (to + head, bytes - head);
    let middle = bytes & !63;
    // SAFETY: as in `copy`; `to` is a multiple of 64 and `middle` too and not 0.
    let answer = unsafe { raw::fill_streaming(to, pattern, middle) };
    answer.checked(to, middle)?;
    fill(to + middle, pattern, bytes - middle)
}

/// Reads into a buffer of ours.
pub(crate) fn read(address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
    let (to, bytes) = (into.as_mut_ptr().addr() as u64, into.len() as u64);
    into.as_mut_ptr().expose_provenance();
    copy(to, address, bytes)
}

/// Writes from a buffer of ours.
pub(crate) fn write(address: u64, from: &[u8]) -> Result<(), MemoryFault> {
    copy(address, from.as_ptr().expose_provenance() as u64, from.len() as u64)
}

/// All memory of the process, checked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checked;

impl Memory for Checked {
    #[inline]
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        aligned(address, bytes)?;
        let routine = match bytes {
            1 => raw::load1,
            2 => raw::load2,
            4 => raw::load4,
            _ => raw::load8,
        };
        // SAFETY: the access is checked by the fault handler.
        let answer = unsafe { routine(address) };
        answer.checked(address, u64::from(bytes))
    }

    #[inline]
    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        aligned(address, bytes)?;
        let routine = match bytes {
            1 => raw::store1,
            2 => raw::store2,
            4 => raw::store4,
            _ => raw::store8,
        };
        // SAFETY: as in `load`.
        let answer = unsafe { routine(address, value) };
        answer.checked(address, u64::from(bytes)).map(drop)
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault> {
        aligned(address, bytes)?;
        let mask = u64::MAX >> (64 - 8 * bytes.min(8));
        let (operand, compare) = (operand & mask, compare & mask);
        match op {
            AtomicOp::Add => add(address, bytes, operand),
            AtomicOp::Exchange => swap(address, bytes, operand),
            AtomicOp::CompareExchange => exchange(address, bytes, compare, operand),
            _ => {
                let mut old = self.load(address, bytes)?;
                loop {
                    let new = op.apply(bytes, old, operand, compare);
                    let seen = exchange(address, bytes, old, new)?;
                    if seen == old {
                        return Ok(old);
                    }
                    old = seen;
                }
            }
        }
    }

    fn exchange_wide(&self, address: u64, operand: u128, compare: Option<u128>) -> Result<u128, MemoryFault> {
        if !raw::exchanges_wide() {
            return exchange_in_halves(self, address, operand, compare);
        }
        aligned(address, 16)?;
        let mut guess = compare.unwrap_or(0);
        loop {
            let seen = exchange_wide(address, guess, operand)?;
            if seen == guess || compare.is_some() {
                return Ok(seen);
            }
            guess = seen;
        }
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        read(address, into)
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        write(address, from)
    }

    fn fence(&self) {
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    }
}

fn add(address: u64, bytes: u32, operand: u64) -> Result<u64, MemoryFault> {
    let routine = match bytes {
        2 => raw::add2,
        4 => raw::add4,
        _ => raw::add8,
    };
    // SAFETY: as in `Checked::load`.
    let answer = unsafe { routine(address, operand) };
    answer.checked(address, u64::from(bytes))
}

fn swap(address: u64, bytes: u32, operand: u64) -> Result<u64, MemoryFault> {
    let routine = match bytes {
        2 => raw::swap2,
        4 => raw::swap4,
        _ => raw::swap8,
    };
    // SAFETY: as in `Checked::load`.
    let answer = unsafe { routine(address, operand) };
    answer.checked(address, u64::from(bytes))
}

fn exchange(address: u64, bytes: u32, compare: u64, new: u64) -> Result<u64, MemoryFault> {
    let routine = match bytes {
        2 => raw::exchange2,
        4 => raw::exchange4,
        _ => raw::exchange8,
    };
    // SAFETY: as in `Checked::load`.
    let answer = unsafe { routine(address, compare, new) };
    answer.checked(address, u64::from(bytes))
}

fn exchange_wide(address: u64, compare: u128, new: u128) -> Result<u128, MemoryFault> {
    let mut words = [compare as u64, (compare >> 64) as u64, new as u64, (new >> 64) as u64];
    // SAFETY: as in `Checked::load`; the four words are ours, and the processor has the instruction: the caller checked.
    let answer = unsafe { raw::exchange_wide(address, words.as_mut_ptr().expose_provenance() as u64) };
    answer.checked(address, 16)?;
    Ok(u128::from(words[1]) << 64 | u128::from(words[0]))
}

#[cfg(test)]
mod tests;

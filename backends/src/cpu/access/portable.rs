//! The raw accesses elsewhere: bulk accesses by the system calls that read and write a process's
//! memory and report a fault as an error; aligned words are probed that way and then accessed.

use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use super::Answer;

const OK: Answer = Answer { value: 0, fault: 0 };

fn fault(address: u64) -> Answer {
    Answer { value: address, fault: 1 }
}

fn span(address: u64, bytes: usize) -> libc::iovec {
    libc::iovec { iov_base: std::ptr::with_exposed_provenance_mut(address as usize), iov_len: bytes }
}

fn transfer(ours: u64, theirs: u64, bytes: usize, write: bool) -> bool {
    let (local, remote) = (span(ours, bytes), span(theirs, bytes));
    // SAFETY: takes no argument.
    let process = unsafe { libc::getpid() };
    let moved = if write {
        // SAFETY: the kernel checks the remote range; the local one is a buffer of ours.
        unsafe { libc::process_vm_writev(process, &local, 1, &remote, 1, 0) }
    } else {
        // SAFETY: as above.
        unsafe { libc::process_vm_readv(process, &local, 1, &remote, 1, 0) }
    };
    moved == bytes as isize
}

fn readable(address: u64, bytes: usize) -> bool {
    let mut buffer = [0u8; 8];
    transfer(buffer.as_mut_ptr().expose_provenance() as u64, address, bytes, false)
}

macro_rules! words {
    ($($atomic:ident $word:ty: $load:ident $store:ident $bytes:literal;)*) => {$(
        pub(super) unsafe fn $load(address: u64) -> Answer {
            if !readable(address, $bytes) {
                return fault(address);
            }
            // SAFETY: it was readable just now, and is aligned: the caller checked.
            let word = unsafe { &*std::ptr::with_exposed_provenance::<$atomic>(address as usize) };
            Answer { value: u64::from(word.load(Ordering::Relaxed)), fault: 0 }
        }

        pub(super) unsafe fn $store(address: u64, value: u64) -> Answer {
            let bytes = (value as $word).to_ne_bytes();
            let ours = bytes.as_ptr().expose_provenance() as u64;
            if transfer(ours, address, $bytes, true) { OK } else { fault(address) }
        }
    )*};
}

words! {
    AtomicU8 u8: load1 store1 1;
    AtomicU16 u16: load2 store2 2;
    AtomicU32 u32: load4 store4 4;
    AtomicU64 u64: load8 store8 8;
}

macro_rules! atomics {
    ($($atomic:ident $word:ty: $add:ident $swap:ident $exchange:ident $bytes:literal;)*) => {$(
        pub(super) unsafe fn $add(address: u64, operand: u64) -> Answer {
            // SAFETY: `word` probes the address.
            unsafe { word::<$atomic>(address, $bytes, |word| {
                u64::from(word.fetch_add(operand as $word, Ordering::SeqCst))
            }) }
        }

        pub(super) unsafe fn $swap(address: u64, operand: u64) -> Answer {
            // SAFETY: `word` probes the address.
            unsafe { word::<$atomic>(address, $bytes, |word| {
                u64::from(word.swap(operand as $word, Ordering::SeqCst))
            }) }
        }

        pub(super) unsafe fn $exchange(address: u64, compare: u64, new: u64) -> Answer {
            // SAFETY: `word` probes the address.
            unsafe { word::<$atomic>(address, $bytes, |word| {
                let order = Ordering::SeqCst;
                match word.compare_exchange(compare as $word, new as $word, order, order) {
                    Ok(old) | Err(old) => u64::from(old),
                }
            }) }
        }
    )*};
}

atomics! {
    AtomicU16 u16: add2 swap2 exchange2 2;
    AtomicU32 u32: add4 swap4 exchange4 4;
    AtomicU64 u64: add8 swap8 exchange8 8;
}

/// # Safety
/// The address is aligned for `T`.
unsafe fn word<T>(address: u64, bytes: usize, access: impl Fn(&T) -> u64) -> Answer {
    if !readable(address, bytes) {
        return fault(address);
    }
    // SAFETY: it was readable just now; read-only memory is not told apart here.
    let word = unsafe { &*std::ptr::with_exposed_provenance::<T>(address as usize) };
    Answer { value: access(word), fault: 0 }
}

/// Not here: a lock does it.
pub(super) fn exchanges_wide() -> bool {
    false
}

pub(super) unsafe fn exchange_wide(address: u64, _words: u64) -> Answer {
    fault(address)
}

fn copy_by_pages(to: u64, from: u64, bytes: u64, backward: bool) -> Answer {
    let mut buffer = [0u8; 4096];
    let ours = buffer.as_mut_ptr().expose_provenance() as u64;
    let mut done = 0;
    while done < bytes {
        let piece = (bytes - done).min(4096);
        let at = if backward { bytes - done - piece } else { done };
        if !transfer(ours, from + at, piece as usize, false) {
            return fault(from + at);
        }
        if !transfer(ours, to + at, piece as usize, true) {
            return fault(to + at);
        }
        done += piece;
    }
    OK
}

pub(super) unsafe fn copy_forward(to: u64, from: u64, bytes: u64) -> Answer {
    copy_by_pages(to, from, bytes, false)
}

pub(super) unsafe fn copy_backward(to: u64, from: u64, bytes: u64) -> Answer {
    copy_by_pages(to, from, bytes, true)
}

pub(super) unsafe fn copy_streaming(to: u64, from: u64, bytes: u64) -> Answer {
    copy_by_pages(to, from, bytes, false)
}

pub(super) unsafe fn fill(to: u64, pattern: u64, bytes: u64) -> Answer {
    let buffer = [pattern.to_ne_bytes(); 512];
    let ours = buffer.as_ptr().expose_provenance() as u64;
    let mut done = 0;
    while done < bytes {
        let piece = (bytes - done).min(4096);
        if !transfer(ours, to + done, piece as usize, true) {
            return fault(to + done);
        }
        done += piece;
    }
    OK
}

pub(super) unsafe fn fill_streaming(to: u64, pattern: u64, bytes: u64) -> Answer {
    // SAFETY: the same contract.
    unsafe { fill(to, pattern, bytes) }
}

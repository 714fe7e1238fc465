//! Atomics, the lock, barriers and hints under one name, so that `tests/model.rs` can compile
//! the protocols of this crate against a model checker instead.

pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

pub use parking_lot::Mutex;

/// One step of a spin loop.
#[inline]
pub fn spin() {
    std::hint::spin_loop();
}

/// Lets another thread run.
pub fn yield_now() {
    std::thread::yield_now();
}

/// Sleeps about this long.
pub fn nap(microseconds: u64) {
    std::thread::sleep(std::time::Duration::from_micros(microseconds));
}

/// The cheap half of an asymmetric barrier: stays a full barrier in effect against a thread that
/// runs [`heavy_barrier`], and costs nothing itself. Only for threads that were told
/// [`asymmetric`] is true; others need a full fence.
/// may: nothing
#[inline]
pub fn light_barrier() {
    std::sync::atomic::compiler_fence(Ordering::SeqCst);
}

/// Whether [`heavy_barrier`] reaches all threads of this process. Decided once.
pub fn asymmetric() -> bool {
    static REGISTERED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *REGISTERED.get_or_init(membarrier::register)
}

/// The dear half: a full barrier on every running thread of the process. False where the system
/// refused; then nothing may be concluded from what is read after it.
/// may: 1 syscall
pub fn heavy_barrier() -> bool {
    fence(Ordering::SeqCst);
    !asymmetric() || membarrier::expedited()
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
mod membarrier {
    const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
    const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;

    fn call(command: libc::c_int) -> bool {
        // SAFETY: membarrier takes three integers and touches no memory of ours.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }

    pub fn register() -> bool {
        call(REGISTER_PRIVATE_EXPEDITED)
    }

    /// A forked child may have lost the registration: ask again before giving up.
    pub fn expedited() -> bool {
        call(PRIVATE_EXPEDITED) || (register() && call(PRIVATE_EXPEDITED))
    }
}

#[cfg(not(target_os = "linux"))]
mod membarrier {
    pub fn register() -> bool {
        false
    }

    pub fn expedited() -> bool {
        false
    }
}

//! The floating point control word while kernels run.

/// The floating point control word of the thread that lends itself to a kernel; dropping it gives it back.
pub(super) struct FloatState(u32);

#[cfg(target_arch = "x86_64")]
impl FloatState {
    /// Keeps the caller's and sets the default: denormals count, rounding to nearest, no traps.
    pub(super) fn default_for_kernels() -> FloatState {
        FloatState::of_kernels(false)
    }

    /// The same, or one that takes denormals for zeros and makes zeros of them.
    pub(super) fn of_kernels(flush: bool) -> FloatState {
        let mut saved = 0u32;
        // SAFETY: stores four bytes into `saved`.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut saved, options(nostack, preserves_flags)) };
        FloatState(saved).set(if flush { 0x9fc0 } else { 0x1f80 })
    }

    fn set(self, word: u32) -> FloatState {
        if self.0 != word {
            // SAFETY: loads a valid control word; compiled code that depends on it runs in kernels only.
            unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags)) };
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for FloatState {
    fn drop(&mut self) {
        let word = self.0;
        // Flags that the kernel raised are not the caller's business either.
        // SAFETY: the word that was stored at the start.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl FloatState {
    pub(super) fn default_for_kernels() -> FloatState {
        FloatState(0)
    }
}

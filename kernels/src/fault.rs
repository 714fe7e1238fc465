//! What stops a kernel: kind, place and words.

use std::fmt;

/// Why a kernel was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// An access where nothing is mapped, or outside of shared, local or parameter memory.
    IllegalAddress,
    /// An access whose address is no multiple of its size.
    MisalignedAddress,
    /// An instruction that cannot be executed with these operands.
    IllegalInstruction,
    /// The device function `__assertfail` was called.
    Assert,
    /// A `trap` instruction.
    Trap,
    /// Calls went deeper than the thread's stack.
    StackOverflow,
    /// All remaining threads wait for others that will never come.
    BarrierDeadlock,
    /// The kernel has an instruction form that is not implemented; nothing was executed.
    Unsupported,
    /// The launch does not fit the kernel: parameters, block size or shared memory.
    InvalidLaunch,
    /// [`crate::Host::should_stop`] said so.
    Stopped,
}

/// A kernel that was stopped, where and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelFault {
    /// What happened.
    pub kind: FaultKind,
    /// The kernel's symbol.
    pub kernel: String,
    /// The block in x, y and z.
    pub block: [u32; 3],
    /// The thread in x, y and z; the first one of those at fault.
    pub thread: [u32; 3],
    /// The line of the PTX text, from 1; 0 when there is none.
    pub line: u32,
    /// The address of the access; 0 for faults without one.
    pub address: u64,
    /// One sentence for people.
    pub words: String,
}

impl fmt::Display for KernelFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [bx, by, bz] = self.block;
        let [tx, ty, tz] = self.thread;
        write!(
            f,
            "{} in kernel {} block ({bx},{by},{bz}) thread ({tx},{ty},{tz}) line {}",
            self.words, self.kernel, self.line
        )
    }
}

impl std::error::Error for KernelFault {}

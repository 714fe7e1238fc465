//! The result: machine code as bytes, with what is needed to run it and to explain its faults.

use super::call::Call;

/// A kernel's machine code for one block size. Position-independent; all jumps are inside of it.
///
/// `extern "sysv64" fn(context: *mut Context, first: u64, count: u64) -> u32`: runs so many blocks from a linear number on.
/// 0: all done; else a [`Left`].
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// The bytes; the entry is the first. Constants follow the code.
    pub bytes: Vec<u8>,
    /// Instructions that may fault, by ascending offset.
    pub sites: Vec<Site>,
    /// What it calls.
    pub calls: Vec<Call>,
    /// Instructions, as a measure.
    pub instructions: u32,
    /// Vectors of a gang.
    pub vectors: u32,
    /// Threads of a gang.
    pub gang: u32,
    /// Gangs of a block.
    pub gangs: u32,
    /// Bytes of a gang's frame, a multiple of 64.
    pub frame_bytes: u32,
    /// Local memory of a thread in bytes, a multiple of 16.
    pub local_bytes: u32,
    /// Static shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// Stack of the machine's thread it takes.
    pub stack_bytes: u32,
    /// Denormals are zero in all its float arithmetic: the control word must say so.
    pub flush: bool,
}

/// Why a compiled function was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Left {
    /// All blocks are done.
    Done = 0,
    /// An access faulted: `Context::fault_*` tell.
    Fault = 1,
    /// A call of the runtime said so; it knows why.
    Call = 2,
    /// Somebody asked for it.
    Stopped = 3,
    /// An index of the next block wraps around, and the code is for others: `Context::block` tells which block it is. It has
    /// not begun.
    Wrapped = 4,
}

/// An instruction that may fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Offset of the instruction.
    pub at: u32,
    /// Offset of the code that notes mask and site in the context and leaves with [`Left::Fault`]. All registers
    /// must be as the fault left them.
    pub fixup: u32,
    /// The line of the PTX text.
    pub line: u32,
    /// Bytes of an element.
    pub bytes: u8,
    /// A write.
    pub write: bool,
    /// Where its address comes from.
    pub place: Place,
}

/// Where the address of an access comes from: tells which of its lanes is at fault. Registers by their numbers in
/// instructions (`rax` 0, `rcx` 1, … `r15` 15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Nobody says. The first lane that asked is blamed.
    #[default]
    Unknown,
    /// Each lane has its own, and lanes ascend: the first one not served is at fault.
    Lanes,
    /// Lanes lie in a row from here on: base plus index times scale plus displacement.
    Near {
        /// A register, if there is one.
        base: Option<u8>,
        /// A register, if there is one.
        index: Option<u8>,
        /// 1, 2, 4 or 8.
        scale: u8,
        /// Added.
        displacement: i32,
        /// Bytes from one lane's element to the next; 0: all lanes ask for the same.
        step: u8,
    },
}

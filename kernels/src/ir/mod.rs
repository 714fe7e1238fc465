//! IR level 1: what one thread does, as basic blocks over typed virtual registers.
//!
//! Not SSA: a register may be written in several places. Predicated instructions keep their guard; predicated
//! branches end blocks. Blocks stand in the order of the text, which schedulers of divergent threads rely on.

pub mod compute;
pub mod matrix;
pub mod op;
pub mod print;
pub mod ty;
pub mod verify;
pub mod walk;

pub use compute::{Compute, Mode, Rounding};
pub use op::{Callee, End, Guard, Inst, Op, Operand, Reg};
pub use ty::Type;

/// A kernel or device function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The symbol.
    pub name: String,
    /// Started by a launch, not by a call.
    pub kernel: bool,
    /// The width of each register in bits; 1 for predicates.
    pub registers: Vec<u8>,
    /// The first one is the entry.
    pub blocks: Vec<Block>,
    /// Where the caller's arguments lie in the frame; empty for kernels.
    pub parameters: Vec<op::Passed>,
    /// Where results lie in the frame when it returns.
    pub results: Vec<op::Passed>,
    /// Bytes of the frame in local memory, a multiple of 16.
    pub frame_bytes: u32,
    /// What the start of the frame is aligned to: 16, or more if a variable asks for it.
    pub frame_align: u32,
    /// What lies in the frame: variables, and what is passed to and from calls. They do not overlap.
    pub variables: Vec<op::Passed>,
    /// Variables in shared memory that it names.
    pub shared: Vec<Shared>,
}

/// A variable in shared memory. Where it lies is known once it is known which functions a kernel reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The symbol.
    pub name: String,
    /// Its number among the variables of the module, the same for all functions; `None`: the function's own.
    pub of_module: Option<u32>,
    /// Size in bytes.
    pub bytes: u32,
    /// Alignment in bytes.
    pub align: u32,
}

/// Instructions without a branch in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// In order.
    pub insts: Vec<Inst>,
    /// What comes then.
    pub end: End,
    /// The line of the end.
    pub line: u32,
}

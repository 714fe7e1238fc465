//! The compiler: a kernel for one block size, from IR to the machine code of one kind of processor. README.md has the stages.

mod build;
pub mod call;
pub mod code;
pub mod context;
mod driver;
pub mod emit;
mod inline;
pub mod pass;
pub mod runtime;
pub mod ssa;
#[cfg(test)]
mod trial;

pub use code::Code;
pub use context::Context;

/// The processor code is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// 32-bit lanes of a vector register: 16 with AVX-512.
    pub lanes: u8,
    /// AVX512-VPOPCNTDQ.
    pub popcnt: bool,
    /// AVX512-VBMI2.
    pub funnel: bool,
    /// AVX512-FP16.
    pub half: bool,
    /// AVX512-BF16.
    pub bfloat: bool,
}

impl Target {
    /// The least that code is made for: AVX-512 with its byte, word, double word, quad word and conflict parts.
    pub const LEAST: Target = Target { lanes: 16, popcnt: false, funnel: false, half: false, bfloat: false };
}

/// What a launch must be like for the code to be its.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Threads of a block.
    pub block: [u32; 3],
    /// In each dimension, threads of the grid are fewer than 2³¹, and indexes do not wrap: a block in which one would is left
    /// (`code::Left::Wrapped`) to the code for a shape that is not small.
    pub small_grid: bool,
}

impl Shape {
    /// Threads of a block.
    pub fn threads(&self) -> u32 {
        self.block.iter().product()
    }
}

/// Wishes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Vectors of a gang; `None`: as registers allow.
    pub vectors: Option<u8>,
    /// Every access is checked against the table of allocations.
    pub check: bool,
}

/// Why a kernel is left to the interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line of the PTX text; 0: the kernel as a whole.
    pub line: u32,
    /// In a few words.
    pub what: String,
}

impl Refusal {
    /// At a line.
    pub fn new(line: u32, what: impl Into<String>) -> Refusal {
        Refusal { line, what: what.into() }
    }
}

//! What tests want to be run: one launch with the memory and the host of their device.

use std::ops::Range;

use stream_hal_kernels::{Host, KernelFault, Launch, Memory, Program, Scratch};

/// A launch of a test.
pub struct Job<'j> {
    pub program: &'j Program,
    /// Which of the module's.
    pub kernel: usize,
    pub launch: &'j Launch<'j>,
    pub memory: &'j dyn Memory,
    pub host: &'j dyn Host,
    /// What of the memory is there, now.
    pub pieces: &'j (dyn Fn() -> Vec<Piece> + Sync),
    /// The same for all launches of a program.
    pub cache: &'j super::Cache,
    /// The test looks at what becomes of accesses outside of the pieces.
    pub strays: bool,
}

/// A part of a device's memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Its addresses.
    pub range: Range<u64>,
    /// So many bytes from the start may be other than zero.
    pub used: u64,
}

/// Runs a whole grid, block after block, until one faults.
pub fn interpret(job: &Job<'_>) -> Result<(), KernelFault> {
    let mut scratch = Scratch::default();
    blocks(job.launch.grid).try_for_each(|at| {
        job.program.run_block(job.kernel, job.launch, at, job.memory, job.host, &mut scratch)
    })
}

/// Every block of a grid, x fastest.
pub fn blocks([wide, high, deep]: [u32; 3]) -> impl Iterator<Item = [u32; 3]> {
    (0..deep).flat_map(move |z| (0..high).flat_map(move |y| (0..wide).map(move |x| [x, y, z])))
}

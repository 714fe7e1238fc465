//! The interpreter: the meaning of every op, run a warp at a time over `dyn Memory`.

use crate::fault::{FaultKind, KernelFault};
use crate::memory::Memory;
use crate::program::{Host, Launch, Program, Progress};

/// Registers, shared and local memory of one block at a time; reused from block to block.
#[derive(Debug, Default)]
pub struct Scratch {}

fn not_yet(program: &Program, kernel: usize, block: [u32; 3]) -> KernelFault {
    let name = program.module().kernels().get(kernel).map_or("", |kernel| &kernel.name);
    KernelFault {
        kind: FaultKind::Unsupported,
        kernel: name.to_owned(),
        block,
        thread: [0; 3],
        line: 0,
        address: 0,
        words: "running PTX is not supported yet".to_owned(),
    }
}

/// Sets a block up in `scratch`.
pub(crate) fn start(
    program: &Program,
    kernel: usize,
    _launch: &Launch<'_>,
    block: [u32; 3],
    _scratch: &mut Scratch,
) -> Result<(), KernelFault> {
    Err(not_yet(program, kernel, block))
}

/// Runs the block in `scratch`.
pub(crate) fn resume(
    program: &Program,
    _launch: &Launch<'_>,
    _memory: &dyn Memory,
    _host: &dyn Host,
    _scratch: &mut Scratch,
) -> Result<Progress, KernelFault> {
    Err(not_yet(program, 0, [0; 3]))
}

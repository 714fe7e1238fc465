//! How many blocks of a kernel fit on a core, and on a device at once.

use crate::launch::Shape;
use crate::module::Function;

/// Blocks of `threads` threads and so much dynamic shared memory that fit on one core at a
/// time; 0 if not even one does.
pub fn blocks(function: &Function, threads: u32, dynamic_shared: usize) -> u32 {
    let device = function.context().device.properties();
    let kernel = function.kernel();
    if threads > kernel.max_threads_per_block {
        return 0;
    }
    let warp = device.warp_size.max(1);
    let rounded = threads.div_ceil(warp) * warp;
    let by_threads = device.max_threads_per_multiprocessor / rounded.max(1);
    let shared = kernel.shared_bytes as usize + dynamic_shared;
    if shared > device.shared_per_block_optin.max(device.shared_per_block) as usize {
        return 0;
    }
    let core = device.shared_per_block_optin.max(device.shared_per_block) as usize;
    let by_shared = core.checked_div(shared).map_or(u32::MAX, |fit| fit as u32);
    let by_registers = match kernel.registers {
        0 => u32::MAX,
        registers => device.registers_per_block / (registers * rounded).max(1),
    };
    by_threads.min(by_shared).min(by_registers.max(1)).min(32)
}

/// Blocks of a shape that a device runs at the same time: the most of a cooperative launch.
pub(crate) fn at_once(function: &Function, shape: &Shape) -> u64 {
    let threads = shape.block.iter().product();
    let cores = function.context().device.properties().multiprocessors;
    u64::from(blocks(function, threads, shape.shared_bytes as usize)) * u64::from(cores)
}

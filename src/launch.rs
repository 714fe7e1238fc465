//! Kernel launches: checked dimensions, packed parameters, one op.

use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Launch};

use crate::error::{Error, Result, What};
use crate::module::Function;
use crate::occupancy;
use crate::rules::Rules;
use crate::stream::{Done, Stream};

/// A grid of blocks and the dynamic shared memory of each, as the program asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z.
    pub block: [u32; 3],
    /// Dynamic shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// All blocks run at once and may synchronise with each other.
    pub cooperative: bool,
}

impl Shape {
    /// Enough blocks of `threads` threads in one dimension for `count` of them; at least one.
    pub const fn linear(count: u32, threads: u32) -> Shape {
        let blocks = if count == 0 || threads == 0 { 1 } else { count.div_ceil(threads) };
        Shape { grid: [blocks, 1, 1], block: [threads, 1, 1], shared_bytes: 0, cooperative: false }
    }
}

/// Makes the op of a launch after checking it against the function and its device.
// Inlined always: an op in a `Result` would be moved through memory twice.
#[inline(always)]
pub fn op(function: &Function, shape: &Shape, parameter_bytes: usize, rules: &Rules) -> Result<Op> {
    let kernel = function.kernel();
    let Shape { grid, block, shared_bytes, cooperative } = *shape;
    let threads = block.iter().map(|&n| u64::from(n)).product::<u64>();
    let (max_grid, max_block) = function.most();
    // One comparison each: a side of 0 becomes the largest number.
    let fits = |size: &[u32; 3], most: &[u32; 3]| (0..3).all(|i| size[i].wrapping_sub(1) < most[i]);
    if !fits(&grid, max_grid)
        || !fits(&block, max_block)
        || threads > u64::from(kernel.max_threads_per_block)
        || shared_bytes > function.dynamic_shared()
        || parameter_bytes != kernel.parameter_bytes as usize
        || kernel.required_block.is_some_and(|required| required != block)
    {
        return Err(refuse(function, shape, parameter_bytes, rules));
    }
    // Blocks that wait for each other must all be there.
    if cooperative {
        check_cooperative(function, shape)?;
    }
    Ok(Op::Launch(Launch {
        function: function.handle(),
        code: kernel.code,
        grid,
        block: block.map(|n| n as u16),
        flags: if cooperative { Launch::COOPERATIVE } else { 0 },
        shared_bytes,
        args: Args { start: 0, bytes: parameter_bytes as u32 },
    }))
}

#[cold]
fn check_cooperative(function: &Function, shape: &Shape) -> Result {
    let most = occupancy::at_once(function, shape);
    let blocks = shape.grid.iter().fold(1u64, |all, &side| all.saturating_mul(side.into()));
    if blocks <= most {
        return Ok(());
    }
    let because = format!("{blocks} blocks in a cooperative launch, the device runs {most} of them at once");
    Err(Error::of(What::CooperativeLaunchTooLarge, "gridDimX", because))
}

/// Says what is wrong with a launch that does not fit.
#[cold]
fn refuse(function: &Function, shape: &Shape, parameter_bytes: usize, rules: &Rules) -> Error {
    let kernel = function.kernel();
    let limits = function.context().device.properties();
    let Shape { grid, block, shared_bytes, .. } = *shape;
    let size = match rules.launch_limits_are_configuration {
        true => What::InvalidConfiguration,
        false => What::InvalidValue,
    };
    let threads = block.iter().map(|&n| u64::from(n)).product::<u64>();
    if let Some(words) = &kernel.refusal {
        return Error::of(What::NotSupported, "f", format!("\"{}\" cannot run here: {words}", kernel.name));
    }
    if kernel.shared_bytes > limits.shared_per_block_optin {
        let (bytes, most) = (kernel.shared_bytes, limits.shared_per_block_optin);
        let because =
            format!("\"{}\" has {bytes} bytes of shared memory, a block at most {most}", kernel.name);
        return Error::of(What::LaunchOutOfResources, "f", because);
    }
    if parameter_bytes != kernel.parameter_bytes as usize {
        let expected = kernel.parameter_bytes;
        return Error::value(
            "extra",
            format!("{parameter_bytes} bytes of parameters, the kernel has {expected}"),
        );
    }
    for (i, name) in ["gridDimX", "gridDimY", "gridDimZ"].into_iter().enumerate() {
        if grid[i] == 0 || grid[i] > limits.max_grid[i] {
            return Error::value(name, format!("{} is not between 1 and {}", grid[i], limits.max_grid[i]));
        }
    }
    for (i, name) in ["blockDimX", "blockDimY", "blockDimZ"].into_iter().enumerate() {
        if block[i] == 0 || block[i] > limits.max_block[i] {
            return Error::of(
                size,
                name,
                format!("{} is not between 1 and {}", block[i], limits.max_block[i]),
            );
        }
    }
    let most = kernel.max_threads_per_block;
    if threads > u64::from(limits.max_threads_per_block) {
        let most = limits.max_threads_per_block;
        return Error::of(
            size,
            "blockDimX",
            format!("{threads} threads in a block, the device allows {most}"),
        );
    }
    if threads > u64::from(most) {
        let because = format!("{threads} threads in a block, \"{}\" allows {most}", kernel.name);
        return Error::of(What::LaunchOutOfResources, "blockDimX", because);
    }
    if let Some(required) = kernel.required_block.filter(|&required| required != block) {
        let because = format!("\"{}\" must be launched with blocks of {required:?}", kernel.name);
        return Error::of(What::LaunchOutOfResources, "blockDimX", because);
    }
    let most = function.dynamic_shared();
    Error::value("sharedMemBytes", format!("{shared_bytes} bytes, the function may use {most}"))
}

/// Launches a function on a stream. `parameters` are packed as the kernel declares them.
///
/// may: 1 RMW (the target's gate) and 1 of the backend's when live; no lock, no alloc, no syscall
#[inline]
pub fn launch(
    stream: &Stream,
    function: &Function,
    shape: &Shape,
    parameters: &[u8],
    rules: &Rules,
) -> Result<Done> {
    // A function runs on the device it was loaded for.
    if !std::ptr::eq(stream.context().device, function.context().device) {
        return Err(Error::of(What::InvalidHandle, "f", "function and stream are of different devices"));
    }
    stream.record(op(function, shape, parameters.len(), rules)?, parameters)
}

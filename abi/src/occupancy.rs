//! How many blocks of a kernel fit on a core.

use std::ffi::{c_int, c_uint};

use stream_hal::error::{Error, Result};
use stream_hal::module::Function;
use stream_hal::occupancy::blocks;

use crate::arg::{Address, Callback, Handle, Out};
use crate::entry::entries;
use crate::function::{by_address, threads};

/// The block size that keeps most threads on a core, and the grid that fills the device with it.
fn best(function: &Function, dynamic_shared: impl Fn(u32) -> usize, limit: c_int) -> (c_int, c_int) {
    let device = function.context().device.properties();
    let most = function.kernel().max_threads_per_block;
    let most = if limit > 0 { most.min(limit as u32) } else { most };
    let warp = device.warp_size.max(1);
    // From the largest down in whole warps; the first of the best is kept.
    let sizes = (1..=most.div_ceil(warp)).rev().map(|warps| (warps * warp).min(most));
    let fit = |size: u32| blocks(function, size, dynamic_shared(size));
    let size = sizes.max_by_key(|&size| (fit(size) * size, size)).unwrap_or(most);
    ((fit(size) * device.multiprocessors) as c_int, size as c_int)
}

fn answer(count: Out<c_int>, function: &Function, size: c_int, dynamic_shared: usize) -> Result {
    let place = count.place("numBlocks")?;
    place.write(blocks(function, threads(size)?, dynamic_shared) as c_int);
    Ok(())
}

/// Caching of globals can be told to be ignored; nothing else is known.
fn check_flags(flags: c_uint) -> Result {
    if flags > 1 { Err(Error::value("flags", format!("{flags:#x} is no occupancy flag"))) } else { Ok(()) }
}

fn answer_best(
    grid: Out<c_int>,
    block: Out<c_int>,
    function: &Function,
    dynamic_shared: impl Fn(u32) -> usize,
    limit: c_int,
) -> Result {
    let (grid, block) = (grid.place("minGridSize")?, block.place("blockSize")?);
    let (blocks, size) = best(function, dynamic_shared, limit);
    grid.write(blocks);
    block.write(size);
    Ok(())
}

/// The dynamic shared memory of a block: told by the program's function, or the same for all.
fn memory(function: Callback, bytes: usize) -> impl Fn(u32) -> usize {
    move |size| if function == Callback(0) { bytes } else { function.size_of_block(size as c_int) }
}

entries! {
    fn cuOccupancyMaxActiveBlocksPerMultiprocessor | hipModuleOccupancyMaxActiveBlocksPerMultiprocessor (
        cx, count: Out<c_int>, function: Handle, size: c_int, bytes: usize
    ) {
        answer(count, &*cx.function(function)?, size, bytes)
    }

    fn cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags
        | hipModuleOccupancyMaxActiveBlocksPerMultiprocessorWithFlags (
        cx, count: Out<c_int>, function: Handle, size: c_int, bytes: usize, flags: c_uint
    ) {
        check_flags(flags)?;
        answer(count, &*cx.function(function)?, size, bytes)
    }

    fn hipOccupancyMaxActiveBlocksPerMultiprocessor (
        cx, count: Out<c_int>, function: Address, size: c_int, bytes: usize
    ) {
        answer(count, &*by_address(cx, function.0)?, size, bytes)
    }

    fn hipOccupancyMaxActiveBlocksPerMultiprocessorWithFlags (
        cx, count: Out<c_int>, function: Address, size: c_int, bytes: usize, flags: c_uint
    ) {
        check_flags(flags)?;
        answer(count, &*by_address(cx, function.0)?, size, bytes)
    }

    fn cuOccupancyMaxPotentialBlockSize (
        cx, grid: Out<c_int>, block: Out<c_int>, function: Handle, told: Callback, bytes: usize, limit: c_int
    ) {
        answer_best(grid, block, &*cx.function(function)?, memory(told, bytes), limit)
    }

    fn cuOccupancyMaxPotentialBlockSizeWithFlags (
        cx, grid: Out<c_int>, block: Out<c_int>, function: Handle, told: Callback, bytes: usize, limit: c_int,
        flags: c_uint
    ) {
        check_flags(flags)?;
        answer_best(grid, block, &*cx.function(function)?, memory(told, bytes), limit)
    }

    fn hipModuleOccupancyMaxPotentialBlockSize (
        cx, grid: Out<c_int>, block: Out<c_int>, function: Handle, bytes: usize, limit: c_int
    ) {
        answer_best(grid, block, &*cx.function(function)?, |_| bytes, limit)
    }

    fn hipModuleOccupancyMaxPotentialBlockSizeWithFlags (
        cx, grid: Out<c_int>, block: Out<c_int>, function: Handle, bytes: usize, limit: c_int, flags: c_uint
    ) {
        check_flags(flags)?;
        answer_best(grid, block, &*cx.function(function)?, |_| bytes, limit)
    }

    fn hipOccupancyMaxPotentialBlockSize (
        cx, grid: Out<c_int>, block: Out<c_int>, function: Address, bytes: usize, limit: c_int
    ) {
        answer_best(grid, block, &*by_address(cx, function.0)?, |_| bytes, limit)
    }

    fn cuOccupancyAvailableDynamicSMemPerBlock (
        cx, bytes: Out<usize>, function: Handle, count: c_int, size: c_int
    ) {
        let place = bytes.place("dynamicSmemSize")?;
        let function = cx.function(function)?;
        place.write(available(&function, threads(count)?, threads(size)?));
        Ok(())
    }

    fn hipOccupancyAvailableDynamicSMemPerBlock (
        cx, bytes: Out<usize>, function: Address, count: c_int, size: c_int
    ) {
        let place = bytes.place("dynamicSmemSize")?;
        let function = by_address(cx, function.0)?;
        place.write(available(&function, threads(count)?, threads(size)?));
        Ok(())
    }
}

/// The most dynamic shared memory with which `count` blocks still fit on a core.
fn available(function: &Function, count: u32, size: u32) -> usize {
    let device = function.context().device.properties();
    let core = device.shared_per_block_optin.max(device.shared_per_block) as usize;
    if blocks(function, size, 0) < count {
        return 0;
    }
    (core / count as usize).saturating_sub(function.kernel().shared_bytes as usize)
}

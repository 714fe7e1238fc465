//! What is known about functions of device code.

use std::collections::HashMap;
use std::ffi::{CString, c_char, c_int, c_uint};
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal::error::{Error, Result, What};
use stream_hal::module::Function;
use stream_hal::objects;
use stream_hal::registered::registered;

use crate::arg::{Address, Handle, Out};
use crate::entry::{Cx, entries};
use crate::types::hip::FunctionAttributes;

const MAX_DYNAMIC_SHARED: c_int = 8;
const CARVEOUT: c_int = 9;

/// An attribute by number; `None` if there is none of that number. // table
fn attribute(function: &Function, number: c_int) -> Option<c_int> {
    let kernel = function.kernel();
    let (major, minor) = function.context().device.properties().compute_capability;
    Some(match number {
        0 => kernel.max_threads_per_block as c_int,
        1 => kernel.shared_bytes as c_int,
        2 => kernel.constant_bytes as c_int,
        3 => kernel.local_bytes as c_int,
        4 => kernel.registers as c_int,
        5 => kernel.ptx_version as c_int,
        6 => (10 * major + minor) as c_int,
        7 => 0,
        MAX_DYNAMIC_SHARED => function.dynamic_shared() as c_int,
        // No wish about how memory is divided.
        CARVEOUT => -1,
        // Clusters are not there.
        10..=17 => 0,
        _ => return None,
    })
}

fn ask(function: &Function, number: c_int) -> Result<c_int> {
    attribute(function, number)
        .ok_or_else(|| Error::value("attrib", format!("{number} is no attribute of a function")))
}

fn set(function: &Function, number: c_int, value: c_int) -> Result {
    match number {
        MAX_DYNAMIC_SHARED => {
            let bytes = u32::try_from(value).map_err(|_| Error::value("value", "must not be negative"))?;
            function.set_dynamic_shared(bytes)
        }
        // A hint.
        CARVEOUT if (-1..=100).contains(&value) => Ok(()),
        10..=15 if value == 0 => Ok(()),
        _ => Err(Error::value("attrib", format!("attribute {number} cannot be set to {value}"))),
    }
}

/// The function of a handle, or the kernel that the program knows by the address of its host
/// function: HIP takes both in the same place.
pub(crate) fn by_address(cx: &Cx, address: u64) -> Result<Arc<Function>> {
    if address == 0 {
        return Err(Error::of(What::InvalidFunction, "func", "must not be null"));
    }
    match objects::find(objects::functions(), "func", address) {
        Ok(function) => Ok(function),
        Err(_) => registered().function(&cx.context()?, address),
    }
}

/// A function's name as C reads it. Names stay for the life of the process.
fn name_of(function: &Function) -> Result<*const c_char> {
    static NAMES: Mutex<Option<HashMap<String, CString>>> = Mutex::new(None);
    let name = &function.kernel().name;
    let mut names = NAMES.lock();
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return Ok(known.as_ptr());
    }
    let text =
        CString::new(name.as_str()).map_err(|_| Error::new(What::Unknown, "a name with a zero in it"))?;
    Ok(names.entry(name.clone()).or_insert(text).as_ptr())
}

/// Offset and size of a parameter; one behind the last is refused.
fn parameter(function: &Function, index: usize) -> Result<(usize, usize)> {
    let found = function.kernel().parameters.get(index);
    let found = found.ok_or_else(|| Error::value("paramIndex", format!("there is no parameter {index}")))?;
    Ok((found.offset as usize, found.bytes as usize))
}

entries! {
    fn cuFuncGetAttribute | hipFuncGetAttribute (cx, value: Out<c_int>, number: c_int, function: Handle) {
        let place = value.place("pi")?;
        place.write(ask(&*cx.function(function)?, number)?);
        Ok(())
    }

    fn cuKernelGetAttribute | hipKernelGetAttribute (
        cx, value: Out<c_int>, number: c_int, kernel: Handle, device: c_int
    ) {
        let place = value.place("pi")?;
        cx.device(device)?;
        place.write(ask(&*cx.function(kernel)?, number)?);
        Ok(())
    }

    fn cuFuncSetAttribute (cx, function: Handle, number: c_int, value: c_int) {
        set(&*cx.function(function)?, number, value)
    }

    fn cuKernelSetAttribute | hipKernelSetAttribute (
        cx, number: c_int, value: c_int, kernel: Handle, device: c_int
    ) {
        cx.device(device)?;
        set(&*cx.function(kernel)?, number, value)
    }

    fn hipFuncSetAttribute (cx, function: Address, number: c_int, value: c_int) {
        set(&*by_address(cx, function.0)?, number, value)
    }

    fn hipFuncGetAttributes (cx, attributes: Out<FunctionAttributes>, function: Address) {
        let place = attributes.place("attr")?;
        let function = by_address(cx, function.0)?;
        let value = |number| attribute(&function, number).unwrap_or(0);
        place.write(FunctionAttributes {
            binary_version: value(6),
            cache_mode: 0,
            constant_bytes: value(2) as usize,
            local_bytes: value(3) as usize,
            max_dynamic_shared: value(MAX_DYNAMIC_SHARED),
            max_threads_per_block: value(0),
            registers: value(4),
            carveout: value(CARVEOUT),
            ptx_version: value(5),
            shared_bytes: value(1) as usize,
        });
        Ok(())
    }

    // Hints about caches and banks: accepted, and there is nothing to do.
    fn cuFuncSetCacheConfig | cuFuncSetSharedMemConfig (cx, function: Handle, config: c_int) {
        cx.function(function)?;
        match config {
            0..=3 => Ok(()),
            _ => Err(Error::value("config", format!("{config} is no configuration"))),
        }
    }

    fn cuKernelSetCacheConfig (cx, kernel: Handle, config: c_int, device: c_int) {
        cx.function(kernel)?;
        cx.device(device)?;
        match config {
            0..=3 => Ok(()),
            _ => Err(Error::value("config", format!("{config} is no configuration"))),
        }
    }

    fn hipFuncSetCacheConfig | hipFuncSetSharedMemConfig (cx, function: Address, config: c_int) {
        by_address(cx, function.0)?;
        match config {
            0..=3 => Ok(()),
            _ => Err(Error::value("config", format!("{config} is no configuration"))),
        }
    }

    fn cuFuncGetName | cuKernelGetName | hipKernelGetName (cx, name: Out<*const c_char>, function: Handle) {
        let place = name.place("name")?;
        place.write(name_of(&*cx.function(function)?)?);
        Ok(())
    }

    fn cuFuncGetParamInfo | cuKernelGetParamInfo | hipKernelGetParamInfo (
        cx, function: Handle, index: usize, offset: Out<usize>, bytes: Out<usize>
    ) {
        let place = offset.place("paramOffset")?;
        let (start, size) = parameter(&*cx.function(function)?, index)?;
        place.write(start);
        bytes.write(size);
        Ok(())
    }

    fn cuFuncGetParamCount | cuKernelGetParamCount (cx, function: Handle, count: Out<usize>) {
        let place = count.place("paramCount")?;
        place.write(cx.function(function)?.kernel().parameters.len());
        Ok(())
    }

    // Functions are there once their module is.
    fn cuFuncIsLoaded (cx, state: Out<c_int>, function: Handle) {
        let place = state.place("state")?;
        cx.function(function)?;
        place.write(1);
        Ok(())
    }

    fn cuFuncLoad (cx, function: Handle) {
        cx.function(function).map(drop)
    }

    // A kernel and its function are one object.
    fn cuKernelGetFunction | hipKernelGetFunction (cx, function: Out<Handle>, kernel: Handle) {
        let place = function.place("pFunc")?;
        place.write(Handle(cx.function(kernel)?.handle()));
        Ok(())
    }

    fn hipGetFuncBySymbol (cx, function: Out<Handle>, symbol: Address) {
        let place = function.place("functionPtr")?;
        place.write(Handle(by_address(cx, symbol.0)?.handle()));
        Ok(())
    }
}

/// For entries that take a block size as C's int.
pub(crate) fn threads(size: c_int) -> Result<c_uint> {
    match u32::try_from(size) {
        Ok(size) if size != 0 => Ok(size),
        _ => Err(Error::value("blockSize", format!("{size} is no number of threads"))),
    }
}

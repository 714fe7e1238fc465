//! Kernel launches.

use std::ffi::{c_uint, c_void};

use stream_hal::error::{Error, Result, What};
use stream_hal::handle;
use stream_hal::launch::{self, Shape};
use stream_hal::module::Function;
use stream_hal::registered::{self, Pushed};
use stream_hal::rules::Api;

use crate::arg::{Address, Array, Handle, In, Out, Parameters, view};
use crate::entry::{Cx, entries};
use crate::function::by_address;
use crate::packed::Packed;
use crate::types::cuda::{LaunchAttribute, LaunchConfig};
use crate::types::hip::{self, Dim3};

/// The keys of the list form of parameters.
const BUFFER_POINTER: usize = 1;
const BUFFER_SIZE: usize = 2;

/// Packs the parameters of a launch, given as one pointer each or as one buffer.
#[inline]
pub(crate) fn pack_into(
    packed: &mut Packed,
    cx: &Cx,
    function: &Function,
    parameters: Parameters,
    extra: Array<*const c_void>,
) -> Result {
    let kernel = function.kernel();
    if !extra.is_null() {
        return pack_buffer(packed, cx, function, parameters, extra);
    }
    if parameters.is_null() && !kernel.parameters.is_empty() {
        return Err(Error::value("kernelParams", format!("\"{}\" has parameters", kernel.name)));
    }
    let place = packed.room(kernel.parameter_bytes as usize);
    for (index, parameter) in kernel.parameters.iter().enumerate() {
        let start = parameter.offset as usize;
        parameters.copy(index, &mut place[start..start + parameter.bytes as usize])?;
    }
    Ok(())
}

#[cold]
fn pack_buffer(
    packed: &mut Packed,
    cx: &Cx,
    function: &Function,
    parameters: Parameters,
    extra: Array<*const c_void>,
) -> Result {
    // One of the two forms, not both.
    if !parameters.is_null() {
        return Err(Error::value("extra", "parameters are given in both forms"));
    }
    let end = if cx.symbol.api == Api::Hip { 3 } else { 0 };
    let (address, bytes) = buffer_of(extra, end)?;
    let kernel = function.kernel();
    let needed = kernel.parameters.iter().map(|p| (p.offset + p.bytes) as usize).max().unwrap_or(0);
    if bytes < needed {
        return Err(Error::value("extra", format!("{bytes} bytes of parameters, the kernel has {needed}")));
    }
    let place = packed.room(kernel.parameter_bytes as usize);
    let given = crate::arg::bytes_at("extra", address, bytes.min(place.len()))?;
    place[..given.len()].copy_from_slice(&given);
    Ok(())
}

/// Address and size of the buffer that a list of keys and values names.
fn buffer_of(extra: Array<*const c_void>, end: usize) -> Result<(u64, usize)> {
    let list = extra.until("extra", 5, |key| key.addr() == end)?;
    let (mut address, mut size) = (None, None);
    for pair in list.chunks(2) {
        match (pair.first().map(|key| key.addr()), pair.get(1)) {
            (Some(BUFFER_POINTER), Some(value)) => address = Some(value.expose_provenance() as u64),
            (Some(BUFFER_SIZE), Some(value)) => {
                size = Some(Array::at(value.cast::<usize>()).get("extra", 1)?[0]);
            }
            _ => return Err(Error::value("extra", "the list holds an unknown key")),
        }
    }
    let missing = || Error::value("extra", "the list must hold a buffer and its size");
    Ok((address.ok_or_else(missing)?, size.ok_or_else(missing)?))
}

/// Launches a function of a module.
#[inline]
fn start(
    cx: &Cx,
    function: Handle,
    shape: &Shape,
    stream: Handle,
    parameters: Parameters,
    extra: Array<*const c_void>,
) -> Result {
    let reading = handle::enter();
    let function = cx.function_in(function, &reading)?;
    let mut packed = Packed::new();
    if let Err(error) = pack_into(&mut packed, cx, function, parameters, extra) {
        return shape_first(cx, function, shape, error);
    }
    cx.on_stream_in(stream, &reading, |stream| {
        launch::launch(stream, function, shape, &packed, cx.rules).map(drop)
    })
}

/// A launch that is wrong in two ways is refused for its shape.
#[cold]
fn shape_first(cx: &Cx, function: &Function, shape: &Shape, error: Error) -> Result {
    launch::op(function, shape, function.kernel().parameter_bytes as usize, cx.rules)?;
    Err(error)
}

/// Launches a kernel that the program knows by its host function.
fn start_registered(
    cx: &Cx,
    function: Address,
    shape: &Shape,
    stream: Handle,
    parameters: Parameters,
) -> Result {
    let function = by_address(cx, function.0)?;
    let none = Array::at(std::ptr::null());
    let mut packed = Packed::new();
    if let Err(error) = pack_into(&mut packed, cx, &function, parameters, none) {
        return shape_first(cx, &function, shape, error);
    }
    cx.on_stream(stream, |stream| launch::launch(stream, &function, shape, &packed, cx.rules)).map(drop)
}

/// Attributes of a launch that mean something here.
const CLUSTER: c_uint = 4;
const COOPERATIVE: c_uint = 2;

/// Whether the attributes ask for a cooperative launch. Hints are passed over; what the device
/// cannot do is refused.
fn is_cooperative(attributes: *const LaunchAttribute, count: c_uint) -> Result<bool> {
    let mut cooperative = false;
    for attribute in Array::at(attributes).get_few("attrs", count as usize, 64)? {
        let value: [u32; 3] = view(&attribute.value);
        match attribute.id {
            COOPERATIVE => cooperative = value[0] != 0,
            CLUSTER if value.iter().any(|&size| size > 1) => {
                return Err(Error::of(What::NotSupported, "attrs", "clusters of blocks are not there"));
            }
            // Ignored entries, cache windows, ways of waiting, early starts, priorities, domains.
            0..=16 => {}
            id => return Err(Error::value("attrs", format!("{id} is no launch attribute"))),
        }
    }
    Ok(cooperative)
}

fn shape_of(config: &LaunchConfig) -> Result<Shape> {
    let LaunchConfig { grid, block, shared_bytes, attributes, count, .. } = *config;
    Ok(Shape { grid, block, shared_bytes, cooperative: is_cooperative(attributes, count)? })
}

/// Dynamic shared memory as some calls pass it.
pub(crate) fn shared(bytes: usize) -> Result<u32> {
    u32::try_from(bytes).map_err(|_| Error::value("sharedMemBytes", format!("{bytes} are too many")))
}

fn shape(grid: Dim3, block: Dim3, shared_bytes: u32, cooperative: bool) -> Shape {
    Shape { grid: grid.list(), block: block.list(), shared_bytes, cooperative }
}

entries! {
    fn cuLaunchKernel | cuLaunchKernel_ptsz | hipModuleLaunchKernel (
        cx, function: Handle, grid_x: c_uint, grid_y: c_uint, grid_z: c_uint, block_x: c_uint, block_y: c_uint,
        block_z: c_uint, shared_bytes: c_uint, stream: Handle, parameters: Parameters, extra: Array<*const c_void>
    ) {
        // Written where it stays: copied as a whole right after, it would wait for its small stores.
        let shape = Shape {
            grid: [grid_x, grid_y, grid_z],
            block: [block_x, block_y, block_z],
            shared_bytes,
            cooperative: false,
        };
        start(cx, function, &shape, stream, parameters, extra)
    }

    fn cuLaunchCooperativeKernel | cuLaunchCooperativeKernel_ptsz | hipModuleLaunchCooperativeKernel (
        cx, function: Handle, grid_x: c_uint, grid_y: c_uint, grid_z: c_uint, block_x: c_uint, block_y: c_uint,
        block_z: c_uint, shared_bytes: c_uint, stream: Handle, parameters: Parameters
    ) {
        let (grid, block) = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
        let shape = Shape { grid, block, shared_bytes, cooperative: true };
        start(cx, function, &shape, stream, parameters, Array::at(std::ptr::null()))
    }

    fn cuLaunchKernelEx | cuLaunchKernelEx_ptsz | hipDrvLaunchKernelEx (
        cx, config: In<LaunchConfig>, function: Handle, parameters: Parameters, extra: Array<*const c_void>
    ) {
        let config = config.get("config")?;
        start(cx, function, &shape_of(&config)?, config.stream, parameters, extra)
    }

    fn hipLaunchKernelExC (cx, config: In<hip::LaunchConfig>, function: Address, parameters: Parameters) {
        let config = config.get("config")?;
        let hip::LaunchConfig { grid, block, shared_bytes, attributes, count, stream } = config;
        let cooperative = is_cooperative(attributes, count)?;
        let shape = Shape { grid, block, shared_bytes: shared(shared_bytes)?, cooperative };
        start_registered(cx, function, &shape, stream, parameters)
    }

    fn hipLaunchKernel | hipLaunchKernel_spt (
        cx, function: Address, grid: Dim3, block: Dim3, parameters: Parameters, bytes: usize, stream: Handle
    ) {
        start_registered(cx, function, &shape(grid, block, shared(bytes)?, false), stream, parameters)
    }

    fn hipLaunchCooperativeKernel | hipLaunchCooperativeKernel_spt (
        cx, function: Address, grid: Dim3, block: Dim3, parameters: Parameters, bytes: c_uint, stream: Handle
    ) {
        start_registered(cx, function, &shape(grid, block, bytes, true), stream, parameters)
    }

    fn hipConfigureCall (_cx, grid: Dim3, block: Dim3, bytes: usize, stream: Handle) {
        registered::push(shape(grid, block, shared(bytes)?, false), stream.0);
        Ok(())
    }

    fn hipSetupArgument (_cx, argument: Address, bytes: usize, offset: usize) {
        let argument = Array::at(std::ptr::with_exposed_provenance::<u8>(argument.0 as usize));
        registered::set_argument(offset, &argument.get_few("arg", bytes, registered::MOST_ARGUMENTS)?)
    }

    fn hipLaunchByPtr (cx, function: Address) {
        let Pushed { shape, stream, mut arguments } = registered::pop()?;
        let function = by_address(cx, function.0)?;
        arguments.resize(function.kernel().parameter_bytes as usize, 0);
        cx.on_stream(Handle(stream), |stream| launch::launch(stream, &function, &shape, &arguments, cx.rules))
            .map(drop)
    }

    fn __hipPushCallConfiguration (_cx, grid: Dim3, block: Dim3, bytes: usize, stream: Handle) {
        registered::push(shape(grid, block, shared(bytes)?, false), stream.0);
        Ok(())
    }

    fn __hipPopCallConfiguration (
        _cx, grid: Out<Dim3>, block: Out<Dim3>, bytes: Out<usize>, stream: Out<Handle>
    ) {
        let Pushed { shape, stream: pushed, .. } = registered::pop()?;
        let size = |[x, y, z]: [u32; 3]| Dim3 { x, y, z };
        grid.write(size(shape.grid));
        block.write(size(shape.block));
        bytes.write(shape.shared_bytes as usize);
        stream.write(Handle(pushed));
        Ok(())
    }
}

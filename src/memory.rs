//! Memory: allocations, what a pointer points to, copies and fills.

use std::sync::Arc;

use smallvec::SmallVec;
use stream_hal_backends::device::Place;
use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Copy, Direction, Fill, Rect, Write};

use crate::capture;
use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::pointers::{Allocation, pointers};
use crate::rules::{Rules, ZeroSize};
use crate::stream::{Done, Stream};

/// Pageable sources of up to this many bytes are staged; larger ones are waited for.
const STAGED: u64 = 64 << 10;

/// Device memory of `bytes` bytes; 0 only where the rules give null for no bytes.
pub fn allocate(context: &Arc<Context>, rules: &Rules, bytes: u64) -> Result<u64> {
    capture::check_unsafe("allocating memory")?;
    allocate_in(context, rules, Allocation { bytes, ..Allocation::default() })
}

/// Host memory that devices reach at the same address. The flags are only remembered.
pub fn allocate_host(context: &Arc<Context>, rules: &Rules, bytes: u64, flags: u32) -> Result<u64> {
    capture::check_unsafe("allocating memory")?;
    allocate_in(context, rules, Allocation { bytes, flags, place: Place::Host, ..Allocation::default() })
}

/// Device memory that the host reads and writes at the same address.
pub fn allocate_managed(context: &Arc<Context>, rules: &Rules, bytes: u64) -> Result<u64> {
    capture::check_unsafe("allocating memory")?;
    if !context.device.properties().integrated {
        return Err(Error::new(What::NotSupported, "the device does not share the host's memory"));
    }
    allocate_in(context, rules, Allocation { bytes, managed: true, ..Allocation::default() })
}

/// Device memory for the work of a stream from now on.
pub fn allocate_on(stream: &Stream, rules: &Rules, bytes: u64) -> Result<u64> {
    if stream.is_capturing() {
        return Err(Error::of(What::NotSupported, "hStream", "memory nodes are not implemented"));
    }
    allocate_in(stream.context(), rules, Allocation { bytes, ..Allocation::default() })
}

/// Gives device memory back when the work of a stream so far is done. No later work may use it.
pub fn free_on(stream: &Stream, address: u64) -> Result {
    if stream.is_capturing() {
        return Err(Error::of(What::NotSupported, "hStream", "memory nodes are not implemented"));
    }
    if address == 0 {
        return Ok(());
    }
    let allocation = owned(address, Place::Device)?;
    let device = crate::runtime::runtime()?.device(allocation.device as i32)?;
    let until = stream.point()?;
    pointers().remove(address)?;
    stream.context().device.retire(vec![until], Box::new(Freed { driver: device.driver.clone(), address }));
    Ok(())
}

/// Device memory that goes back when this is dropped.
struct Freed {
    driver: Arc<dyn stream_hal_backends::Device>,
    address: u64,
}

impl Drop for Freed {
    fn drop(&mut self) {
        if let Err(error) = self.driver.free(self.address, Place::Device) {
            tracing::error!("memory at {:#x} did not go back: {error}", self.address);
        }
    }
}

/// Allocates what is described, base, device and context left out.
fn allocate_in(context: &Arc<Context>, rules: &Rules, wanted: Allocation) -> Result<u64> {
    context.check()?;
    if wanted.bytes == 0 {
        return match rules.zero_size_alloc {
            ZeroSize::Null => Ok(0),
            ZeroSize::Refuse => Err(Error::value("bytesize", "an allocation needs at least one byte")),
        };
    }
    let driver = &context.device.driver;
    let base = driver.alloc(wanted.bytes, wanted.place)?;
    let device = context.device.ordinal as u32;
    if let Err(error) = pointers().insert(Allocation { base, device, context: context.handle(), ..wanted }) {
        driver.free(base, wanted.place)?;
        return Err(error);
    }
    Ok(base)
}

/// A pitch for rows of `width_bytes` that suits accesses of `element_bytes`.
pub fn pitch(width_bytes: u64, element_bytes: u32) -> Result<u64> {
    // The element is 4, 8 or 16 bytes, as the API asks.
    if !matches!(element_bytes, 4 | 8 | 16) {
        return Err(Error::value("ElementSizeBytes", format!("{element_bytes} is not 4, 8 or 16")));
    }
    let pitch = width_bytes.checked_next_multiple_of(512);
    pitch.ok_or_else(|| Error::value("WidthInBytes", "the row is too long"))
}

/// Gives device memory back. Waits for all work of the device's contexts that may use it.
pub fn free(address: u64) -> Result {
    free_in(address, Place::Device)
}

/// Gives host memory back that [`allocate_host`] gave.
pub fn free_host(address: u64) -> Result {
    free_in(address, Place::Host)
}

fn free_in(address: u64, place: Place) -> Result {
    if address == 0 {
        return Ok(());
    }
    capture::check_unsafe("freeing memory")?;
    let allocation = owned(address, place)?;
    let device = crate::runtime::runtime()?.device(allocation.device as i32)?;
    crate::objects::each_context(|context| {
        if context.device.ordinal == device.ordinal {
            context.points().into_iter().for_each(|ticket| device.backend.wait(ticket));
        }
    });
    pointers().remove(allocation.base)?;
    device.driver.free(address, place)?;
    Ok(())
}

/// The allocation of ours that starts at an address.
fn owned(address: u64, place: Place) -> Result<Allocation> {
    let starts = |found: &Allocation| found.base == address && found.place == place && !found.registered;
    let found = pointers().find(address).filter(starts);
    found.ok_or_else(|| Error::value("ptr", format!("{address:#x} is not the start of such an allocation")))
}

/// Every page of a range must be the program's: a length that is too large would let later copies
/// and fills run over what lies behind.
fn check_mapped(context: &Context, address: u64, bytes: u64) -> Result {
    const PAGE: u64 = 4096;
    let last =
        address.checked_add(bytes - 1).ok_or_else(|| Error::value("bytesize", "the range wraps around"))?;
    let mut at = address;
    loop {
        let read = context.device.driver.read(at, &mut [0]);
        read.map_err(|_| Error::value("bytesize", format!("{bytes} bytes, but nothing is at {at:#x}")))?;
        match (at / PAGE + 1).checked_mul(PAGE) {
            Some(next) if next <= last => at = next,
            _ => return Ok(()),
        }
    }
}

/// Pins host memory of the program's own, so that copies of it need no staging. The flags are
/// only remembered.
pub fn register(context: &Arc<Context>, address: u64, bytes: u64, flags: u32) -> Result {
    capture::check_unsafe("registering memory")?;
    if address == 0 || bytes == 0 {
        return Err(Error::value("p", "a range of at least one byte is needed"));
    }
    check_mapped(context, address, bytes)?;
    let allocation = Allocation {
        base: address,
        bytes,
        device: context.device.ordinal as u32,
        place: Place::Host,
        context: context.handle(),
        registered: true,
        flags,
        ..Allocation::default()
    };
    pointers().insert(allocation).map_err(|_| {
        Error::of(
            What::HostMemoryAlreadyRegistered,
            "p",
            "part of the range is registered or allocated already",
        )
    })
}

/// The reverse of [`register`].
pub fn unregister(address: u64) -> Result {
    match pointers().find(address) {
        Some(found) if found.registered && found.base == address => Ok(pointers().remove(address)?),
        _ => Err(Error::of(What::HostMemoryNotRegistered, "p", format!("{address:#x} is not registered"))),
    }
}

/// The allocation that `address` points into.
pub fn find(address: u64) -> Option<Allocation> {
    pointers().find(address)
}

/// The allocation that holds all of `[address, address + bytes)`.
fn device_range(argument: &'static str, address: u64, bytes: u64) -> Result<Allocation> {
    let Some(found) = find(address) else {
        return Err(Error::value(argument, format!("{address:#x} is in no allocation")));
    };
    let left = found.base + found.bytes - address;
    if bytes > left {
        return Err(Error::value(
            argument,
            format!("{bytes} bytes from {address:#x} on, but {left} are left"),
        ));
    }
    Ok(found)
}

/// Checks one end of a copy: a device end must lie in an allocation, a host end must not be null.
fn check_end(argument: &'static str, address: u64, bytes: u64, on_device: Option<bool>) -> Result<End> {
    let end = |found: Allocation| match found.place {
        Place::Device => End::Device(found.device),
        Place::Host => End::Pinned,
    };
    match on_device {
        Some(true) => device_range(argument, address, bytes).map(end),
        // A range that begins in an allocation of ours must stay in it.
        _ if find(address).is_some() => device_range(argument, address, bytes).map(end),
        _ if address == 0 => Err(Error::value(argument, "the address is null")),
        _ if address.checked_add(bytes).is_none() => Err(Error::value(argument, "the range wraps around")),
        _ => Ok(End::Pageable),
    }
}

/// Where one end of a copy lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// In the memory of the device with this number.
    Device(u32),
    /// In host memory that we allocated or that was registered.
    Pinned,
    /// In other host memory.
    Pageable,
}

fn sides(direction: Direction) -> (Option<bool>, Option<bool>) {
    match direction {
        Direction::HostToHost => (Some(false), Some(false)),
        Direction::HostToDevice => (Some(false), Some(true)),
        Direction::DeviceToHost => (Some(true), Some(false)),
        Direction::DeviceToDevice | Direction::PeerToPeer => (Some(true), Some(true)),
        Direction::Unified => (None, None),
    }
}

/// Whether the caller waits for a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The copy is done when the call returns, if an end of it is host memory.
    Yes,
    /// The call returns at once where the memory allows it; pageable host memory may be used again
    /// when the call has returned.
    No,
}

/// Copies `bytes` bytes on a stream.
pub fn copy(
    stream: &Arc<Stream>,
    to: u64,
    from: u64,
    bytes: u64,
    direction: Direction,
    wait: Wait,
) -> Result {
    if wait == Wait::Yes {
        refuse_synchronous(stream)?;
    }
    if bytes == 0 {
        return stream.context().check();
    }
    let (from_side, to_side) = sides(direction);
    let target = check_end("dst", to, bytes, to_side)?;
    let source = check_end("src", from, bytes, from_side)?;
    let op = Op::Copy(Copy { to, from, bytes, direction });
    let idle = is_idle(stream, wait);
    if stream.session() != 0 {
        return stream.record(op, &[]).map(drop);
    }
    let done = match (source, wait) {
        (End::Pageable, Wait::No) if bytes <= STAGED => return copy_staged(stream, to, from, bytes, target),
        _ => stream.record(op, &[])?,
    };
    let pageable = source == End::Pageable || target == End::Pageable;
    let on_host = !matches!((source, target), (End::Device(_), End::Device(_)));
    match wait {
        Wait::Yes if on_host || idle => await_done(stream, done),
        Wait::No if pageable => await_done(stream, done),
        _ => Ok(()),
    }
}

/// Copies between the memories of two contexts: behind all work of both, and before all their work
/// to come. `stream` is the one the copy itself is recorded on.
pub fn copy_peer(
    stream: &Arc<Stream>,
    (to, to_context): (u64, &Context),
    (from, from_context): (u64, &Context),
    bytes: u64,
) -> Result {
    refuse_synchronous(stream)?;
    for context in [to_context, from_context] {
        // Work of another backend cannot be waited for by a stream of this one.
        if context.device.group != stream.context().device.group {
            return Err(Error::of(What::NotSupported, "dstContext", "the devices are of different backends"));
        }
        for ticket in context.points() {
            stream.wait_for(ticket)?;
        }
    }
    copy(stream, to, from, bytes, Direction::PeerToPeer, Wait::Yes)?;
    stream.synchronize()
}

/// The source's bytes travel with the op: the program may reuse them at once.
fn copy_staged(stream: &Arc<Stream>, to: u64, from: u64, bytes: u64, target: End) -> Result {
    let mut staged: SmallVec<[u8; 1024]> = SmallVec::from_elem(0, bytes as usize);
    read_host(stream.context(), from, &mut staged)?;
    let args = Args { start: 0, bytes: bytes as u32 };
    let done = stream.record(Op::Write(Write { to, from, args }), &staged)?;
    if target == End::Pageable { await_done(stream, done) } else { Ok(()) }
}

fn read_host(context: &Context, from: u64, into: &mut [u8]) -> Result {
    let read = context.device.driver.read(from, into);
    read.map_err(|_| Error::value("src", format!("{} bytes at {from:#x} cannot be read", into.len())))
}

/// Whether a synchronous call may as well wait for its op: nothing is before it that could take
/// long. It need not wait between two places of a device, but programs that go on with a stream
/// that is not ordered with this one count on it.
fn is_idle(stream: &Arc<Stream>, wait: Wait) -> bool {
    wait == Wait::Yes && stream.query().is_ok()
}

fn await_done(stream: &Stream, done: Done) -> Result {
    if let Done::Live(ticket) = done {
        stream.hand_over()?;
        stream.context().device.backend.wait(ticket);
    }
    stream.context().check()
}

/// A synchronous call cannot stand in a capture.
fn refuse_synchronous(stream: &Arc<Stream>) -> Result {
    match stream.session() {
        0 => capture::check_unsafe("a synchronous copy"),
        session => Err(capture::refuse(stream, session, "a synchronous copy")),
    }
}

/// Copies a box of rows on a stream.
pub fn copy_rect(stream: &Arc<Stream>, rect: &Rect, direction: Direction, wait: Wait) -> Result {
    if wait == Wait::Yes {
        refuse_synchronous(stream)?;
    }
    if rect.width_bytes == 0 || rect.height == 0 || rect.depth == 0 {
        return stream.context().check();
    }
    let (source, target) = ends_of_rect(rect, direction)?;
    let args = Args { start: 0, bytes: Rect::BYTES as u32 };
    let idle = is_idle(stream, wait);
    let done = stream.record(Op::CopyRect(args), &rect.encode())?;
    let pageable = source == End::Pageable || target == End::Pageable;
    let on_host = !matches!((source, target), (End::Device(_), End::Device(_)));
    if pageable || idle || (wait == Wait::Yes && on_host) { await_done(stream, done) } else { Ok(()) }
}

/// The rules of a copy of rows: where its ends, source and target, lie.
fn ends_of_rect(rect: &Rect, direction: Direction) -> Result<(End, End)> {
    let extent = |pitch: u64, slice: u64, argument| -> Result<u64> {
        // Rows and slices do not overlap.
        if rect.height > 1 && pitch < rect.width_bytes {
            return Err(Error::value(
                argument,
                format!("pitch {pitch} is below the width {}", rect.width_bytes),
            ));
        }
        let rows = pitch.checked_mul(rect.height - 1);
        let slices = slice.checked_mul(rect.depth - 1);
        let all = rows.zip(slices).and_then(|(a, b)| a.checked_add(b)?.checked_add(rect.width_bytes));
        all.ok_or_else(|| Error::value(argument, "the size overflows"))
    };
    let (from_side, to_side) = sides(direction);
    let target = check_end("dst", rect.to, extent(rect.to_pitch, rect.to_slice, "dstPitch")?, to_side)?;
    let source =
        check_end("src", rect.from, extent(rect.from_pitch, rect.from_slice, "srcPitch")?, from_side)?;
    Ok((source, target))
}

/// The rules of a copy of rows in a graph node.
pub fn check_rect(rect: &Rect, direction: Direction) -> Result {
    if rect.width_bytes == 0 || rect.height == 0 || rect.depth == 0 {
        return Err(Error::value("copyParams", "a copy node copies at least one byte"));
    }
    ends_of_rect(rect, direction).map(drop)
}

/// Fills rows of elements with a value.
pub fn fill(stream: &Arc<Stream>, fill: Fill, wait: Wait) -> Result {
    if wait == Wait::Yes {
        refuse_synchronous(stream)?;
    }
    check_fill(&fill)?;
    if fill.width == 0 || fill.height == 0 {
        return stream.context().check();
    }
    let idle = is_idle(stream, wait);
    let done = stream.record(Op::Fill(fill), &[])?;
    let on_host = find(fill.to).is_some_and(|found| found.place == Place::Host);
    if idle || (on_host && wait == Wait::Yes) { await_done(stream, done) } else { Ok(()) }
}

/// The rules of a fill, for streams and graph nodes alike.
pub fn check_fill(fill: &Fill) -> Result {
    let element = u64::from(fill.element_bytes);
    if !matches!(element, 1 | 2 | 4) {
        return Err(Error::value("elementSize", format!("{element} is not 1, 2 or 4")));
    }
    // The address is aligned to the element.
    if !fill.to.is_multiple_of(element) {
        return Err(Error::value("dstDevice", format!("{:#x} is not aligned to {element} bytes", fill.to)));
    }
    if fill.width == 0 || fill.height == 0 {
        return Ok(());
    }
    let row = fill.width.checked_mul(element).ok_or_else(|| Error::value("N", "the size overflows"))?;
    if fill.height > 1 && fill.pitch < row {
        return Err(Error::value("dstPitch", format!("pitch {} is below the width {row}", fill.pitch)));
    }
    let above = if fill.height > 1 { fill.pitch.checked_mul(fill.height - 1) } else { Some(0) };
    let bytes = above.and_then(|above| above.checked_add(row));
    let bytes = bytes.ok_or_else(|| Error::value("Height", "the size overflows"))?;
    device_range("dstDevice", fill.to, bytes).map(drop)
}

/// The rules of a linear copy in a graph node.
pub fn check_copy(copy: &Copy) -> Result {
    let (from_side, to_side) = sides(copy.direction);
    check_end("dst", copy.to, copy.bytes, to_side)?;
    check_end("src", copy.from, copy.bytes, from_side).map(drop)
}

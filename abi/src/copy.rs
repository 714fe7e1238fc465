//! Copies: between any two places, in rows, rectangles and boxes.

use std::ffi::{c_int, c_uint};

use stream_hal::error::{Error, Result, What};
use stream_hal::memory::{self, Wait};
use stream_hal::op::{Direction, Rect};
use stream_hal::rules::Api;

use crate::arg::{Address, Handle, In};
use crate::entry::{Cx, entries};
use crate::types::cuda::{Memcpy2D, Memcpy3D, Side};
use crate::types::hip;

const DEFAULT: Handle = Handle(0);

/// Copies a run of bytes.
#[inline]
fn run(
    cx: &Cx,
    to: Address,
    from: Address,
    bytes: usize,
    direction: Direction,
    stream: Handle,
    wait: Wait,
) -> Result {
    memory::copy(&cx.stream(stream)?, to.0, from.0, bytes as u64, direction, wait)
}

/// HIP's word for a direction.
pub(crate) fn direction(kind: c_uint) -> Result<Direction> {
    match kind {
        0 => Ok(Direction::HostToHost),
        1 => Ok(Direction::HostToDevice),
        2 => Ok(Direction::DeviceToHost),
        3 => Ok(Direction::DeviceToDevice),
        4 => Ok(Direction::Unified),
        1024 => Ok(Direction::DeviceToDevice),
        _ => Err(Error::of(What::InvalidDirection, "kind", format!("{kind} is no direction"))),
    }
}

/// Whether one end of a copy is on the device; `None` if its address tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Host,
    Device,
    Told,
}

/// Where a side of a box begins, and which end it is.
fn side(cx: &Cx, side: &Side, argument: &'static str) -> Result<(u64, End)> {
    let (host, device, array, unified) = match cx.symbol.api {
        Api::Cuda => (1, 2, 3, 4),
        Api::Hip => (1, 2, 10, 11),
    };
    let (base, end) = match side.kind {
        kind if kind == host => (side.host, End::Host),
        kind if kind == device => (side.device, End::Device),
        kind if kind == unified => (side.device, End::Told),
        kind if kind == array => return Err(no_arrays(argument)),
        kind => return Err(Error::value(argument, format!("{kind} is no kind of memory"))),
    };
    let rows =
        (side.z as u64).checked_mul(side.height as u64).and_then(|rows| rows.checked_add(side.y as u64));
    let offset = rows.and_then(|rows| rows.checked_mul(side.pitch as u64)?.checked_add(side.x as u64));
    let start = offset.and_then(|offset| base.0.checked_add(offset));
    Ok((start.ok_or_else(|| Error::value(argument, "the offset overflows"))?, end))
}

pub(crate) fn no_arrays(argument: &'static str) -> Error {
    Error::of(What::NotSupported, argument, "arrays are not implemented")
}

fn between(from: End, to: End) -> Direction {
    match (from, to) {
        (End::Host, End::Host) => Direction::HostToHost,
        (End::Host, End::Device) => Direction::HostToDevice,
        (End::Device, End::Host) => Direction::DeviceToHost,
        (End::Device, End::Device) => Direction::DeviceToDevice,
        _ => Direction::Unified,
    }
}

/// From a slice to the next. Where there is one slice, what was said about others means nothing.
fn slice(pitch: usize, height: usize, depth: usize) -> Result<u64> {
    match pitch.checked_mul(height) {
        Some(bytes) => Ok(bytes as u64),
        None if depth <= 1 => Ok(0),
        None => Err(Error::value("Height", "the size of a slice overflows")),
    }
}

/// A box as the driver API describes it.
pub(crate) fn rect_of_box(cx: &Cx, copy: &Memcpy3D) -> Result<(Rect, Direction)> {
    let (from, from_end) = side(cx, &copy.from, "srcMemoryType")?;
    let (to, to_end) = side(cx, &copy.to, "dstMemoryType")?;
    let rect = Rect {
        to,
        to_pitch: copy.to.pitch as u64,
        to_slice: slice(copy.to.pitch, copy.to.height, copy.depth)?,
        from,
        from_pitch: copy.from.pitch as u64,
        from_slice: slice(copy.from.pitch, copy.from.height, copy.depth)?,
        width_bytes: copy.width_bytes as u64,
        height: copy.height as u64,
        depth: copy.depth as u64,
    };
    Ok((rect, between(from_end, to_end)))
}

/// A rectangle is a box of one slice.
fn rect_of_plane(cx: &Cx, copy: &Memcpy2D) -> Result<(Rect, Direction)> {
    let end = |x, y, kind, host, device, array, pitch| Side {
        x,
        y,
        z: 0,
        level: 0,
        kind,
        host,
        device,
        array,
        context: Handle(0),
        pitch,
        height: 0,
    };
    let c = copy;
    let whole = Memcpy3D {
        from: end(c.from_x, c.from_y, c.from_kind, c.from_host, c.from_device, c.from_array, c.from_pitch),
        to: end(c.to_x, c.to_y, c.to_kind, c.to_host, c.to_device, c.to_array, c.to_pitch),
        width_bytes: c.width_bytes,
        height: c.height,
        depth: 1,
    };
    rect_of_box(cx, &whole)
}

/// HIP's driver form, which has no place for contexts.
pub(crate) fn driver_form(copy: &hip::DriverMemcpy3D) -> Memcpy3D {
    let end = |s: &hip::Side| Side {
        x: s.x,
        y: s.y,
        z: s.z,
        level: s.level,
        kind: s.kind,
        host: s.host,
        device: s.device,
        array: s.array,
        context: Handle(0),
        pitch: s.pitch,
        height: s.height,
    };
    Memcpy3D {
        from: end(&copy.from),
        to: end(&copy.to),
        width_bytes: copy.width_bytes,
        height: copy.height,
        depth: copy.depth,
    }
}

/// A box as HIP's runtime form describes it.
pub(crate) fn rect_of_params(copy: &hip::Memcpy3D) -> Result<(Rect, Direction)> {
    if copy.from_array.0 != 0 || copy.to_array.0 != 0 {
        return Err(no_arrays("p"));
    }
    let start = |at: &hip::Pitched, position: &hip::Position| {
        let rows = (position.z as u64).checked_mul(at.height as u64)?.checked_add(position.y as u64)?;
        at.address.0.checked_add(rows.checked_mul(at.pitch as u64)?.checked_add(position.x as u64)?)
    };
    let overflow = || Error::value("p", "the offset overflows");
    let rect = Rect {
        to: start(&copy.to, &copy.to_position).ok_or_else(overflow)?,
        to_pitch: copy.to.pitch as u64,
        to_slice: slice(copy.to.pitch, copy.to.height, copy.extent.depth)?,
        from: start(&copy.from, &copy.from_position).ok_or_else(overflow)?,
        from_pitch: copy.from.pitch as u64,
        from_slice: slice(copy.from.pitch, copy.from.height, copy.extent.depth)?,
        width_bytes: copy.extent.width as u64,
        height: copy.extent.height as u64,
        depth: copy.extent.depth as u64,
    };
    Ok((rect, direction(copy.kind)?))
}

fn rect(cx: &Cx, (rect, direction): (Rect, Direction), stream: Handle, wait: Wait) -> Result {
    memory::copy_rect(&cx.stream(stream)?, &rect, direction, wait)
}

/// A rectangle given by two pitched addresses.
#[derive(Clone, Copy)]
struct Plane {
    to: Address,
    to_pitch: usize,
    from: Address,
    from_pitch: usize,
    width: usize,
    height: usize,
}

impl Plane {
    fn rect(self, kind: c_uint) -> Result<(Rect, Direction)> {
        let rect = Rect {
            to: self.to.0,
            to_pitch: self.to_pitch as u64,
            to_slice: 0,
            from: self.from.0,
            from_pitch: self.from_pitch as u64,
            from_slice: 0,
            width_bytes: self.width as u64,
            height: self.height as u64,
            depth: 1,
        };
        Ok((rect, direction(kind)?))
    }
}

entries! {
    fn cuMemcpy | cuMemcpy_ptds (cx, to: Address, from: Address, bytes: usize) {
        run(cx, to, from, bytes, Direction::Unified, DEFAULT, Wait::Yes)
    }

    fn cuMemcpyAsync | cuMemcpyAsync_ptsz (cx, to: Address, from: Address, bytes: usize, stream: Handle) {
        run(cx, to, from, bytes, Direction::Unified, stream, Wait::No)
    }

    fn cuMemcpyHtoD_v2 | cuMemcpyHtoD_v2_ptds | hipMemcpyHtoD (cx, to: Address, from: Address, bytes: usize) {
        run(cx, to, from, bytes, Direction::HostToDevice, DEFAULT, Wait::Yes)
    }

    fn cuMemcpyDtoH_v2 | cuMemcpyDtoH_v2_ptds | hipMemcpyDtoH (cx, to: Address, from: Address, bytes: usize) {
        run(cx, to, from, bytes, Direction::DeviceToHost, DEFAULT, Wait::Yes)
    }

    fn cuMemcpyDtoD_v2 | cuMemcpyDtoD_v2_ptds | hipMemcpyDtoD (cx, to: Address, from: Address, bytes: usize) {
        run(cx, to, from, bytes, Direction::DeviceToDevice, DEFAULT, Wait::Yes)
    }

    fn cuMemcpyHtoDAsync_v2 | cuMemcpyHtoDAsync_v2_ptsz | hipMemcpyHtoDAsync (
        cx, to: Address, from: Address, bytes: usize, stream: Handle
    ) {
        run(cx, to, from, bytes, Direction::HostToDevice, stream, Wait::No)
    }

    fn cuMemcpyDtoHAsync_v2 | cuMemcpyDtoHAsync_v2_ptsz | hipMemcpyDtoHAsync (
        cx, to: Address, from: Address, bytes: usize, stream: Handle
    ) {
        run(cx, to, from, bytes, Direction::DeviceToHost, stream, Wait::No)
    }

    fn cuMemcpyDtoDAsync_v2 | cuMemcpyDtoDAsync_v2_ptsz | hipMemcpyDtoDAsync (
        cx, to: Address, from: Address, bytes: usize, stream: Handle
    ) {
        run(cx, to, from, bytes, Direction::DeviceToDevice, stream, Wait::No)
    }

    fn cuMemcpyPeer | cuMemcpyPeer_ptds (
        cx, to: Address, to_context: Handle, from: Address, from_context: Handle, bytes: usize
    ) {
        let (to_context, from_context) = (cx.context_of(to_context)?, cx.context_of(from_context)?);
        memory::copy_peer(&cx.stream(DEFAULT)?, (to.0, &to_context), (from.0, &from_context), bytes as u64)
    }

    fn cuMemcpyPeerAsync | cuMemcpyPeerAsync_ptsz (
        cx, to: Address, to_context: Handle, from: Address, from_context: Handle, bytes: usize, stream: Handle
    ) {
        cx.context_of(to_context)?;
        cx.context_of(from_context)?;
        run(cx, to, from, bytes, Direction::PeerToPeer, stream, Wait::No)
    }

    fn hipMemcpyPeer (cx, to: Address, to_device: c_int, from: Address, from_device: c_int, bytes: usize) {
        let (to_context, from_context) = (cx.device(to_device)?.primary()?, cx.device(from_device)?.primary()?);
        memory::copy_peer(&cx.stream(DEFAULT)?, (to.0, &to_context), (from.0, &from_context), bytes as u64)
    }

    fn hipMemcpyPeerAsync (
        cx, to: Address, to_device: c_int, from: Address, from_device: c_int, bytes: usize, stream: Handle
    ) {
        cx.device(to_device)?;
        cx.device(from_device)?;
        run(cx, to, from, bytes, Direction::PeerToPeer, stream, Wait::No)
    }

    fn hipMemcpy | hipMemcpy_spt (cx, to: Address, from: Address, bytes: usize, kind: c_uint) {
        run(cx, to, from, bytes, direction(kind)?, DEFAULT, Wait::Yes)
    }

    fn hipMemcpyWithStream (cx, to: Address, from: Address, bytes: usize, kind: c_uint, stream: Handle) {
        run(cx, to, from, bytes, direction(kind)?, stream, Wait::Yes)
    }

    fn hipMemcpyAsync | hipMemcpyAsync_spt (
        cx, to: Address, from: Address, bytes: usize, kind: c_uint, stream: Handle
    ) {
        run(cx, to, from, bytes, direction(kind)?, stream, Wait::No)
    }

    fn cuMemcpy2D_v2 | cuMemcpy2D_v2_ptds | cuMemcpy2DUnaligned_v2 | cuMemcpy2DUnaligned_v2_ptds
        | hipMemcpyParam2D | hipDrvMemcpy2DUnaligned (cx, copy: In<Memcpy2D>) {
        rect(cx, rect_of_plane(cx, &copy.get("pCopy")?)?, DEFAULT, Wait::Yes)
    }

    fn cuMemcpy2DAsync_v2 | cuMemcpy2DAsync_v2_ptsz | hipMemcpyParam2DAsync (
        cx, copy: In<Memcpy2D>, stream: Handle
    ) {
        rect(cx, rect_of_plane(cx, &copy.get("pCopy")?)?, stream, Wait::No)
    }

    fn cuMemcpy3D_v2 | cuMemcpy3D_v2_ptds | cuMemcpy3DPeer | cuMemcpy3DPeer_ptds (cx, copy: In<Memcpy3D>) {
        rect(cx, rect_of_box(cx, &copy.get("pCopy")?)?, DEFAULT, Wait::Yes)
    }

    fn cuMemcpy3DAsync_v2 | cuMemcpy3DAsync_v2_ptsz | cuMemcpy3DPeerAsync | cuMemcpy3DPeerAsync_ptsz (
        cx, copy: In<Memcpy3D>, stream: Handle
    ) {
        rect(cx, rect_of_box(cx, &copy.get("pCopy")?)?, stream, Wait::No)
    }

    fn hipDrvMemcpy3D (cx, copy: In<hip::DriverMemcpy3D>) {
        rect(cx, rect_of_box(cx, &driver_form(&copy.get("pCopy")?))?, DEFAULT, Wait::Yes)
    }

    fn hipDrvMemcpy3DAsync (cx, copy: In<hip::DriverMemcpy3D>, stream: Handle) {
        rect(cx, rect_of_box(cx, &driver_form(&copy.get("pCopy")?))?, stream, Wait::No)
    }

    fn hipMemcpy2D | hipMemcpy2D_spt (
        cx, to: Address, to_pitch: usize, from: Address, from_pitch: usize, width: usize, height: usize, kind: c_uint
    ) {
        let plane = Plane { to, to_pitch, from, from_pitch, width, height };
        rect(cx, plane.rect(kind)?, DEFAULT, Wait::Yes)
    }

    fn hipMemcpy2DAsync | hipMemcpy2DAsync_spt (
        cx, to: Address, to_pitch: usize, from: Address, from_pitch: usize, width: usize, height: usize,
        kind: c_uint, stream: Handle
    ) {
        let plane = Plane { to, to_pitch, from, from_pitch, width, height };
        rect(cx, plane.rect(kind)?, stream, Wait::No)
    }

    fn hipMemcpy3D | hipMemcpy3D_spt (cx, copy: In<hip::Memcpy3D>) {
        rect(cx, rect_of_params(&copy.get("p")?)?, DEFAULT, Wait::Yes)
    }

    fn hipMemcpy3DAsync | hipMemcpy3DAsync_spt (cx, copy: In<hip::Memcpy3D>, stream: Handle) {
        rect(cx, rect_of_params(&copy.get("p")?)?, stream, Wait::No)
    }
}

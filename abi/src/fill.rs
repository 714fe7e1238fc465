//! Fills: one value over a row or a rectangle.

use std::ffi::{c_int, c_uchar, c_uint, c_ushort};

use stream_hal::error::{Error, Result};
use stream_hal::memory::{self, Wait};
use stream_hal::op::Fill;

use crate::arg::{Address, Handle};
use crate::entry::{Cx, entries};
use crate::types::hip::{Extent, Pitched};

/// Fills one row of `width` elements.
fn row(
    cx: &Cx,
    to: Address,
    value: u32,
    element_bytes: u8,
    width: usize,
    stream: Handle,
    wait: Wait,
) -> Result {
    rows(cx, Fill { to: to.0, pitch: 0, width: width as u64, height: 1, value, element_bytes }, stream, wait)
}

fn rows(cx: &Cx, fill: Fill, stream: Handle, wait: Wait) -> Result {
    cx.on_stream(stream, |stream| memory::fill(stream, fill, wait))
}

/// A rectangle of elements.
fn rectangle(to: Address, pitch: usize, value: u32, element_bytes: u8, width: usize, height: usize) -> Fill {
    Fill { to: to.0, pitch: pitch as u64, width: width as u64, height: height as u64, value, element_bytes }
}

/// The slices of a box lie behind each other, so that they are rows of one rectangle where a slice
/// is filled to its last row, and rectangles of their own otherwise.
fn slices(cx: &Cx, at: Pitched, value: c_int, extent: Extent, stream: Handle, wait: Wait) -> Result {
    let value = value as u32 & 0xff;
    if extent.height == at.height {
        let height = extent.height.checked_mul(extent.depth);
        let height = height.ok_or_else(|| Error::value("extent", "the size overflows"))?;
        return rows(cx, rectangle(at.address, at.pitch, value, 1, extent.width, height), stream, wait);
    }
    let plane = |to| rectangle(Address(to), at.pitch, value, 1, extent.width, extent.height);
    if extent.width == 0 || extent.height == 0 || extent.depth == 0 {
        return rows(cx, Fill { width: 0, ..plane(at.address.0) }, stream, wait);
    }
    // Slices do not overlap and lie in one allocation: so there are few enough to go through.
    if extent.depth > 1 && (at.height < extent.height || at.pitch < extent.width) {
        let because = format!("slices of {} rows of {} bytes do not hold them", at.height, at.pitch);
        return Err(Error::value("extent", because));
    }
    let slice = at.pitch.checked_mul(at.height);
    let all = slice.and_then(|slice| {
        let rows = at.pitch.checked_mul(extent.height - 1)?.checked_add(extent.width)?;
        slice.checked_mul(extent.depth - 1)?.checked_add(rows)
    });
    let (Some(slice), Some(all)) = (slice, all) else {
        return Err(Error::value("extent", "the size overflows"));
    };
    memory::check_fill(&rectangle(at.address, 0, value, 1, all, 1))?;
    (0..extent.depth)
        .try_for_each(|index| rows(cx, plane(at.address.0 + (slice * index) as u64), stream, wait))
}

const DEFAULT: Handle = Handle(0);

entries! {
    fn cuMemsetD8_v2 | cuMemsetD8_v2_ptds | hipMemsetD8 (cx, to: Address, value: c_uchar, count: usize) {
        row(cx, to, value.into(), 1, count, DEFAULT, Wait::Yes)
    }

    fn cuMemsetD16_v2 | cuMemsetD16_v2_ptds | hipMemsetD16 (cx, to: Address, value: c_ushort, count: usize) {
        row(cx, to, value.into(), 2, count, DEFAULT, Wait::Yes)
    }

    fn cuMemsetD32_v2 | cuMemsetD32_v2_ptds | hipMemsetD32 (cx, to: Address, value: c_uint, count: usize) {
        row(cx, to, value, 4, count, DEFAULT, Wait::Yes)
    }

    fn cuMemsetD8Async | cuMemsetD8Async_ptsz | hipMemsetD8Async (
        cx, to: Address, value: c_uchar, count: usize, stream: Handle
    ) {
        row(cx, to, value.into(), 1, count, stream, Wait::No)
    }

    fn cuMemsetD16Async | cuMemsetD16Async_ptsz | hipMemsetD16Async (
        cx, to: Address, value: c_ushort, count: usize, stream: Handle
    ) {
        row(cx, to, value.into(), 2, count, stream, Wait::No)
    }

    fn cuMemsetD32Async | cuMemsetD32Async_ptsz | hipMemsetD32Async (
        cx, to: Address, value: c_uint, count: usize, stream: Handle
    ) {
        row(cx, to, value, 4, count, stream, Wait::No)
    }

    fn cuMemsetD2D8_v2 | cuMemsetD2D8_v2_ptds | hipMemsetD2D8 (
        cx, to: Address, pitch: usize, value: c_uchar, width: usize, height: usize
    ) {
        rows(cx, rectangle(to, pitch, value.into(), 1, width, height), DEFAULT, Wait::Yes)
    }

    fn cuMemsetD2D16_v2 | cuMemsetD2D16_v2_ptds | hipMemsetD2D16 (
        cx, to: Address, pitch: usize, value: c_ushort, width: usize, height: usize
    ) {
        rows(cx, rectangle(to, pitch, value.into(), 2, width, height), DEFAULT, Wait::Yes)
    }

    fn cuMemsetD2D32_v2 | cuMemsetD2D32_v2_ptds | hipMemsetD2D32 (
        cx, to: Address, pitch: usize, value: c_uint, width: usize, height: usize
    ) {
        rows(cx, rectangle(to, pitch, value, 4, width, height), DEFAULT, Wait::Yes)
    }

    fn cuMemsetD2D8Async | cuMemsetD2D8Async_ptsz | hipMemsetD2D8Async (
        cx, to: Address, pitch: usize, value: c_uchar, width: usize, height: usize, stream: Handle
    ) {
        rows(cx, rectangle(to, pitch, value.into(), 1, width, height), stream, Wait::No)
    }

    fn cuMemsetD2D16Async | cuMemsetD2D16Async_ptsz | hipMemsetD2D16Async (
        cx, to: Address, pitch: usize, value: c_ushort, width: usize, height: usize, stream: Handle
    ) {
        rows(cx, rectangle(to, pitch, value.into(), 2, width, height), stream, Wait::No)
    }

    fn cuMemsetD2D32Async | cuMemsetD2D32Async_ptsz | hipMemsetD2D32Async (
        cx, to: Address, pitch: usize, value: c_uint, width: usize, height: usize, stream: Handle
    ) {
        rows(cx, rectangle(to, pitch, value, 4, width, height), stream, Wait::No)
    }

    fn hipMemset | hipMemset_spt (cx, to: Address, value: c_int, bytes: usize) {
        row(cx, to, value as u32 & 0xff, 1, bytes, DEFAULT, Wait::Yes)
    }

    fn hipMemsetAsync | hipMemsetAsync_spt (cx, to: Address, value: c_int, bytes: usize, stream: Handle) {
        row(cx, to, value as u32 & 0xff, 1, bytes, stream, Wait::No)
    }

    fn hipMemset2D | hipMemset2D_spt (
        cx, to: Address, pitch: usize, value: c_int, width: usize, height: usize
    ) {
        rows(cx, rectangle(to, pitch, value as u32 & 0xff, 1, width, height), DEFAULT, Wait::Yes)
    }

    fn hipMemset2DAsync | hipMemset2DAsync_spt (
        cx, to: Address, pitch: usize, value: c_int, width: usize, height: usize, stream: Handle
    ) {
        rows(cx, rectangle(to, pitch, value as u32 & 0xff, 1, width, height), stream, Wait::No)
    }

    fn hipMemset3D | hipMemset3D_spt (cx, at: Pitched, value: c_int, extent: Extent) {
        slices(cx, at, value, extent, DEFAULT, Wait::Yes)
    }

    fn hipMemset3DAsync | hipMemset3DAsync_spt (
        cx, at: Pitched, value: c_int, extent: Extent, stream: Handle
    ) {
        slices(cx, at, value, extent, stream, Wait::No)
    }
}

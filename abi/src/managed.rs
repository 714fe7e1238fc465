//! Managed memory: hints about where it should be. It stays where it is, and all see it.

use std::ffi::{c_int, c_uint};

use stream_hal::error::{Error, Result};
use stream_hal::memory;
use stream_hal::rules::Api;

use crate::arg::{Address, Handle};
use crate::entry::{Cx, entries};
use crate::types::pool::Location;

/// A device's number that means the host.
const HOST: c_int = -1;
/// Kinds of places: nothing, a device, the host, a part of it, the part of the calling thread.
const DEVICE: c_uint = 1;
const LAST_PLACE: c_uint = 4;

/// A hint is about managed memory, all of it in one allocation.
fn check_range(cx: &Cx, address: Address, bytes: usize) -> Result {
    cx.runtime()?;
    let found = memory::find(address.0).filter(|found| found.managed);
    let found =
        found.ok_or_else(|| Error::value("devPtr", format!("{:#x} is no managed memory", address.0)))?;
    let left = found.base + found.bytes - address.0;
    if bytes == 0 || bytes as u64 > left {
        return Err(Error::value("count", format!("{bytes} bytes, and {left} are left")));
    }
    Ok(())
}

fn check_device(cx: &Cx, device: c_int) -> Result {
    if device == HOST { Ok(()) } else { cx.device(device).map(drop) }
}

fn check_place(cx: &Cx, place: Location) -> Result {
    match place.kind {
        DEVICE => cx.device(place.id).map(drop),
        0..=LAST_PLACE => Ok(()),
        kind => Err(Error::value("location", format!("{kind} is no kind of place"))),
    }
}

/// Read mostly, preferred place, accessed by, each set and unset; and HIP's two ways of caching.
fn check_advice(cx: &Cx, advice: c_uint) -> Result {
    match (advice, cx.symbol.api) {
        (1..=6, _) | (100 | 101, Api::Hip) => Ok(()),
        _ => Err(Error::value("advice", format!("{advice} is no advice"))),
    }
}

entries! {
    fn cuMemAdvise | hipMemAdvise (cx, address: Address, bytes: usize, advice: c_uint, device: c_int) {
        check_range(cx, address, bytes)?;
        check_advice(cx, advice)?;
        check_device(cx, device)
    }

    fn cuMemAdvise_v2 | hipMemAdvise_v2 (cx, address: Address, bytes: usize, advice: c_uint, place: Location) {
        check_range(cx, address, bytes)?;
        check_advice(cx, advice)?;
        check_place(cx, place)
    }

    fn cuMemPrefetchAsync | cuMemPrefetchAsync_ptsz | hipMemPrefetchAsync (
        cx, address: Address, bytes: usize, device: c_int, stream: Handle
    ) {
        check_range(cx, address, bytes)?;
        check_device(cx, device)?;
        cx.stream(stream).map(drop)
    }

    fn cuMemPrefetchAsync_v2 | cuMemPrefetchAsync_v2_ptsz | hipMemPrefetchAsync_v2 (
        cx, address: Address, bytes: usize, place: Location, flags: c_uint, stream: Handle
    ) {
        check_range(cx, address, bytes)?;
        check_place(cx, place)?;
        if flags != 0 {
            return Err(Error::value("flags", "must be 0"));
        }
        cx.stream(stream).map(drop)
    }
}

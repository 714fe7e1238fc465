//! Memory: allocating, freeing, registering, asking.

use std::ffi::c_uint;

use stream_hal::Place;
use stream_hal::error::{Error, Result, What};
use stream_hal::memory;
use stream_hal::pointers::Allocation;
use stream_hal::pool;
use stream_hal::rules::Api;

use crate::arg::{Address, Out};
use crate::entry::{Cx, entries};
use crate::types::hip::{Extent, Pitched};

/// Flags of host memory: portable, mapped, write-combined.
const HOST_FLAGS: c_uint = 0x7;
/// HIP's further ones: uncached, of the user's NUMA node, coherent, not coherent.
const HOST_FLAGS_HIP: c_uint = 0xf000_0000;
const COHERENT: c_uint = 0x4000_0000;
const NON_COHERENT: c_uint = 0x8000_0000;

fn allocate_host(cx: &Cx, address: Out<Address>, bytes: usize, flags: c_uint) -> Result {
    let place = address.place("pp")?;
    let known = if cx.symbol.api == Api::Hip { HOST_FLAGS | HOST_FLAGS_HIP } else { HOST_FLAGS };
    // Only known flags, and memory cannot be coherent and not.
    if flags & !known != 0 || flags & (COHERENT | NON_COHERENT) == COHERENT | NON_COHERENT {
        return Err(Error::value("Flags", format!("{flags:#x} is no set of flags for host memory")));
    }
    place.write(Address(memory::allocate_host(&cx.context()?, cx.rules, bytes as u64, flags)?));
    Ok(())
}

/// Rows of `width` bytes that suit accesses of `element` bytes.
fn allocate_rows(cx: &Cx, width: usize, rows: usize, element: c_uint) -> Result<(Address, usize)> {
    let pitch = memory::pitch(width as u64, element)?;
    let bytes = pitch.checked_mul(rows as u64).ok_or_else(|| Error::value("Height", "the size overflows"))?;
    Ok((Address(memory::allocate(&cx.context()?, cx.rules, bytes)?), pitch as usize))
}

/// The allocation an address lies in.
fn find(cx: &Cx, address: Address) -> Result<Allocation> {
    cx.runtime()?;
    let found = memory::find(address.0);
    found.ok_or_else(|| Error::of(What::NotFound, "dptr", format!("{:#x} is in no allocation", address.0)))
}

/// Host memory of ours or registered, and its flags.
fn find_host(cx: &Cx, address: Address) -> Result<Allocation> {
    let found = find(cx, address).ok().filter(|found| found.place == Place::Host);
    found.ok_or_else(|| Error::value("p", format!("{:#x} is no host memory known here", address.0)))
}

entries! {
    fn cuMemAlloc_v2 | hipMalloc (cx, address: Out<Address>, bytes: usize) {
        let place = address.place("dptr")?;
        place.write(Address(memory::allocate(&cx.context()?, cx.rules, bytes as u64)?));
        Ok(())
    }

    // How caches treat device memory: fine-grained, uncached, contiguous are all met.
    fn hipExtMallocWithFlags (cx, address: Out<Address>, bytes: usize, flags: c_uint) {
        let place = address.place("ptr")?;
        if flags > 4 {
            return Err(Error::value("flags", format!("{flags:#x} is no flag of device memory")));
        }
        place.write(Address(memory::allocate(&cx.context()?, cx.rules, bytes as u64)?));
        Ok(())
    }

    fn cuMemAllocManaged | hipMallocManaged (cx, address: Out<Address>, bytes: usize, flags: c_uint) {
        let place = address.place("dptr")?;
        // Attached to all streams, or to the host first.
        if !matches!(flags, 1 | 2) {
            return Err(Error::value("flags", format!("{flags} is neither global nor host")));
        }
        place.write(Address(memory::allocate_managed(&cx.context()?, cx.rules, bytes as u64)?));
        Ok(())
    }

    fn cuMemAllocPitch_v2 | hipMemAllocPitch (
        cx, address: Out<Address>, pitch: Out<usize>, width: usize, height: usize, element: c_uint
    ) {
        let (address, pitch) = (address.place("dptr")?, pitch.place("pPitch")?);
        let (rows, distance) = allocate_rows(cx, width, height, element)?;
        address.write(rows);
        pitch.write(distance);
        Ok(())
    }

    fn hipMallocPitch (cx, address: Out<Address>, pitch: Out<usize>, width: usize, height: usize) {
        let (address, pitch) = (address.place("ptr")?, pitch.place("pitch")?);
        let (rows, distance) = allocate_rows(cx, width, height, 16)?;
        address.write(rows);
        pitch.write(distance);
        Ok(())
    }

    fn hipMalloc3D (cx, pitched: Out<Pitched>, extent: Extent) {
        let place = pitched.place("pitchedDevPtr")?;
        let rows = extent.height.checked_mul(extent.depth);
        let rows = rows.ok_or_else(|| Error::value("extent", "the size overflows"))?;
        let (address, pitch) = allocate_rows(cx, extent.width, rows, 16)?;
        place.write(Pitched { address, pitch, width: extent.width, height: extent.height });
        Ok(())
    }

    fn cuMemFree_v2 | hipFree (cx, address: Address) {
        cx.runtime()?;
        memory::free(address.0)?;
        pool::forget(address.0);
        Ok(())
    }

    fn cuMemAllocHost_v2 | hipMemAllocHost | hipMallocHost (cx, address: Out<Address>, bytes: usize) {
        allocate_host(cx, address, bytes, 0)
    }

    fn cuMemHostAlloc | hipHostMalloc | hipHostAlloc (cx, address: Out<Address>, bytes: usize, flags: c_uint) {
        allocate_host(cx, address, bytes, flags)
    }

    fn cuMemFreeHost | hipHostFree | hipFreeHost (cx, address: Address) {
        cx.runtime()?;
        memory::free_host(address.0)
    }

    fn cuMemHostRegister | cuMemHostRegister_v2 | hipHostRegister (
        cx, address: Address, bytes: usize, flags: c_uint
    ) {
        if flags & !0x8000_000f != 0 {
            return Err(Error::value("Flags", format!("{flags:#x} is no set of flags for registering")));
        }
        memory::register(&cx.context()?, address.0, bytes as u64, flags)
    }

    fn cuMemHostUnregister | hipHostUnregister (cx, address: Address) {
        cx.runtime()?;
        memory::unregister(address.0)
    }

    fn cuMemHostGetDevicePointer_v2 | hipHostGetDevicePointer (
        cx, device: Out<Address>, host: Address, flags: c_uint
    ) {
        let place = device.place("pdptr")?;
        if flags != 0 {
            return Err(Error::value("Flags", "must be 0"));
        }
        // One address on both sides.
        find_host(cx, host)?;
        place.write(host);
        Ok(())
    }

    fn cuMemHostGetFlags | hipHostGetFlags (cx, flags: Out<c_uint>, host: Address) {
        let place = flags.place("pFlags")?;
        place.write(find_host(cx, host)?.flags);
        Ok(())
    }

    fn cuMemGetAddressRange_v2 | hipMemGetAddressRange (
        cx, base: Out<Address>, bytes: Out<usize>, address: Address
    ) {
        let found = find(cx, address)?;
        base.write(Address(found.base));
        bytes.write(found.bytes as usize);
        Ok(())
    }

    fn hipMemPtrGetInfo (cx, address: Address, bytes: Out<usize>) {
        let place = bytes.place("size")?;
        place.write(find(cx, address)?.bytes as usize);
        Ok(())
    }

    fn cuMemGetInfo_v2 | hipMemGetInfo (cx, free: Out<usize>, total: Out<usize>) {
        let device = cx.context()?.device;
        free.write(device.free_memory() as usize);
        total.write(device.properties().total_memory as usize);
        Ok(())
    }

    // Managed memory stays where it is, seen by all: attaching it to a stream changes nothing.
    fn cuStreamAttachMemAsync | cuStreamAttachMemAsync_ptsz | hipStreamAttachMemAsync (
        cx, stream: crate::arg::Handle, address: Address, _bytes: usize, flags: c_uint
    ) {
        if !matches!(flags, 1 | 2 | 4) {
            return Err(Error::value("flags", format!("{flags} is no way of attaching")));
        }
        cx.stream(stream)?;
        match find(cx, address)? {
            found if found.managed => Ok(()),
            _ => Err(Error::value("dptr", "the memory is not managed")),
        }
    }
}

/// The place of an allocation as both APIs number it: 1 host, 2 device.
pub(crate) fn kind(place: Place) -> c_uint {
    match place {
        Place::Host => 1,
        Place::Device => 2,
    }
}

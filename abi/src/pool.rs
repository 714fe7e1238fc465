//! Memory pools and stream-ordered memory.

use std::ffi::{c_int, c_uint};
use std::sync::Arc;

use stream_hal::error::{Error, Result, What};
use stream_hal::objects;
use stream_hal::pool::{self, Attribute, Pool};

use crate::arg::{Address, Array, Handle, In, Out};
use crate::entry::{Cx, entries};
use crate::types::pool::{Access, Location, PoolProperties};

fn find(cx: &Cx, pool: Handle) -> Result<Arc<Pool>> {
    cx.runtime()?;
    objects::find(objects::pools(), "pool", pool.0)
        .map_err(|error| Error { what: What::InvalidValue, ..error })
}

/// An attribute by number.
fn attribute(number: c_int) -> Result<Attribute> {
    match number {
        1..=3 => Ok(Attribute::Reuse(number as usize - 1)),
        4 => Ok(Attribute::ReleaseThreshold),
        5 => Ok(Attribute::Reserved),
        6 => Ok(Attribute::ReservedHigh),
        7 => Ok(Attribute::Used),
        8 => Ok(Attribute::UsedHigh),
        _ => Err(Error::value("attr", format!("{number} is no attribute of a pool"))),
    }
}

/// The device of a location: a device is all that a pool can be on.
fn device_of(location: &Location) -> Result<c_int> {
    const DEVICE: c_uint = 1;
    match location.kind {
        DEVICE => Ok(location.id),
        kind => Err(Error::of(What::NotSupported, "location", format!("pools on places of kind {kind}"))),
    }
}

entries! {
    fn cuDeviceGetDefaultMemPool | hipDeviceGetDefaultMemPool (cx, pool: Out<Handle>, device: c_int) {
        let place = pool.place("pool_out")?;
        place.write(Handle(pool::default_of(cx.device(device)?)?.handle()));
        Ok(())
    }

    fn cuDeviceGetMemPool | hipDeviceGetMemPool (cx, pool: Out<Handle>, device: c_int) {
        let place = pool.place("pool")?;
        place.write(Handle(pool::current_of(cx.device(device)?)?.handle()));
        Ok(())
    }

    fn cuDeviceSetMemPool | hipDeviceSetMemPool (cx, device: c_int, pool: Handle) {
        pool::set_current(cx.device(device)?, &find(cx, pool)?)
    }

    // Memory of other processes is not there: pools for it are refused.
    fn cuMemPoolCreate | hipMemPoolCreate (cx, pool: Out<Handle>, properties: In<PoolProperties>) {
        let place = pool.place("pool")?;
        let properties = properties.get("poolProps")?;
        if properties.handle_types != 0 {
            return Err(Error::of(What::NotSupported, "poolProps", "pools for other processes are not implemented"));
        }
        let device = cx.device(device_of(&properties.location)?)?;
        place.write(Handle(Pool::create(device)?.handle()));
        Ok(())
    }

    fn cuMemPoolDestroy | hipMemPoolDestroy (cx, pool: Handle) {
        find(cx, pool)?.destroy()
    }

    // Nothing is kept back that could be given up.
    fn cuMemPoolTrimTo | hipMemPoolTrimTo (cx, pool: Handle, _keep: usize) {
        find(cx, pool).map(drop)
    }

    fn cuMemPoolGetAttribute | hipMemPoolGetAttribute (cx, pool: Handle, number: c_int, value: Address) {
        let attribute = attribute(number)?;
        let found = find(cx, pool)?.attribute(attribute);
        match attribute {
            Attribute::Reuse(_) => Out::at(value).place("value")?.write(found as c_int),
            _ => Out::at(value).place("value")?.write(found),
        }
        Ok(())
    }

    fn cuMemPoolSetAttribute | hipMemPoolSetAttribute (cx, pool: Handle, number: c_int, value: Address) {
        let attribute = attribute(number)?;
        let wanted = match attribute {
            Attribute::Reuse(_) => Out::<c_int>::at(value).place("value")?.read() as u64,
            _ => Out::<u64>::at(value).place("value")?.read(),
        };
        find(cx, pool)?.set_attribute(attribute, wanted)
    }

    fn cuMemPoolGetAccess | hipMemPoolGetAccess (
        cx, flags: Out<c_uint>, pool: Handle, location: In<Location>
    ) {
        let place = flags.place("flags")?;
        let device = device_of(&location.get("location")?)?;
        cx.device(device)?;
        place.write(find(cx, pool)?.access(device));
        Ok(())
    }

    fn cuMemPoolSetAccess | hipMemPoolSetAccess (cx, pool: Handle, map: Array<Access>, count: usize) {
        let pool = find(cx, pool)?;
        let wishes = map.get("map", count)?;
        wishes.iter().try_for_each(|wish| pool.set_access(device_of(&wish.location)?, wish.flags))
    }

    fn cuMemAllocAsync | cuMemAllocAsync_ptsz | hipMallocAsync (
        cx, address: Out<Address>, bytes: usize, stream: Handle
    ) {
        let place = address.place("dptr")?;
        let stream = cx.stream(stream)?;
        let pool = pool::current_of(stream.context().device)?;
        place.write(Address(pool.allocate(&stream, cx.rules, bytes as u64)?));
        Ok(())
    }

    fn cuMemAllocFromPoolAsync | cuMemAllocFromPoolAsync_ptsz | hipMallocFromPoolAsync (
        cx, address: Out<Address>, bytes: usize, pool: Handle, stream: Handle
    ) {
        let place = address.place("dptr")?;
        let pool = find(cx, pool)?;
        place.write(Address(pool.allocate(&*cx.stream(stream)?, cx.rules, bytes as u64)?));
        Ok(())
    }

    fn cuMemFreeAsync | cuMemFreeAsync_ptsz | hipFreeAsync (cx, address: Address, stream: Handle) {
        pool::free(&*cx.stream(stream)?, address.0)
    }
}

//! Memory pools: where stream-ordered allocations of a device are counted.
//!
//! A pool keeps no memory back: what is freed goes to the device once the work before it is done.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::device::Device;
use crate::error::{Error, Result, What};
use crate::memory;
use crate::objects;
use crate::rules::Rules;
use crate::runtime::runtime;
use crate::stream::Stream;

/// A pool.
pub struct Pool {
    handle: u64,
    /// Its device.
    pub device: &'static Device,
    /// Whether it is the device's own, which is never destroyed.
    is_default: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Three ways of using freed memory again; remembered, for nothing is kept back.
    reuse: [bool; 3],
    release_threshold: u64,
    used: u64,
    used_high: u64,
    /// Which devices may reach the memory, by number; its own always may.
    access: HashMap<i32, u32>,
}

/// What can be asked of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A way of using memory again, 0 to 2.
    Reuse(usize),
    /// Bytes that would be kept back.
    ReleaseThreshold,
    /// Bytes taken from the device, now. What is used is reserved.
    Reserved,
    /// The most there ever was of it since it was set to 0.
    ReservedHigh,
    /// Bytes in use now.
    Used,
    /// The most there ever was of it since it was set to 0.
    UsedHigh,
}

/// Read and write.
pub const READ_WRITE: u32 = 3;

/// The pools of all devices, and where each allocation came from.
#[derive(Default)]
struct Pools {
    /// By the device's number.
    defaults: HashMap<usize, Arc<Pool>>,
    /// By the device's number, where it is not the default.
    chosen: HashMap<usize, Arc<Pool>>,
    /// Stream-ordered allocations by address, with their sizes.
    live: HashMap<u64, (Arc<Pool>, u64)>,
}

fn pools() -> &'static Mutex<Pools> {
    static POOLS: OnceLock<Mutex<Pools>> = OnceLock::new();
    POOLS.get_or_init(Mutex::default)
}

/// The pool that a device starts with.
pub fn default_of(device: &'static Device) -> Result<Arc<Pool>> {
    if let Some(pool) = pools().lock().defaults.get(&device.ordinal) {
        return Ok(pool.clone());
    }
    let pool = Pool::open(device, true)?;
    Ok(pools().lock().defaults.entry(device.ordinal).or_insert(pool).clone())
}

/// The pool that a device's streams allocate from.
pub fn current_of(device: &'static Device) -> Result<Arc<Pool>> {
    let chosen = pools().lock().chosen.get(&device.ordinal).cloned();
    chosen.map_or_else(|| default_of(device), Ok)
}

/// Chooses the pool that a device's streams allocate from.
pub fn set_current(device: &'static Device, pool: &Arc<Pool>) -> Result {
    // A device allocates from pools of its own.
    if pool.device.ordinal != device.ordinal {
        return Err(Error::value("pool", "the pool is of another device"));
    }
    pools().lock().chosen.insert(device.ordinal, pool.clone());
    Ok(())
}

impl Pool {
    fn open(device: &'static Device, is_default: bool) -> Result<Arc<Pool>> {
        let inner =
            Inner { reuse: [true; 3], release_threshold: 0, used: 0, used_high: 0, access: HashMap::new() };
        objects::register(objects::pools(), |handle| Pool {
            handle,
            device,
            is_default,
            inner: Mutex::new(inner),
        })
    }

    /// A pool of the program's own.
    pub fn create(device: &'static Device) -> Result<Arc<Pool>> {
        Pool::open(device, false)
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Destroys the pool; memory from it stays until it is freed.
    pub fn destroy(&self) -> Result {
        if self.is_default {
            return Err(Error::value("pool", "a device's default pool cannot be destroyed"));
        }
        pools().lock().chosen.retain(|_, chosen| chosen.handle != self.handle);
        objects::remove(objects::pools(), self.handle)
    }

    /// Memory for the work of a stream from now on.
    pub fn allocate(self: &Arc<Pool>, stream: &Stream, rules: &Rules, bytes: u64) -> Result<u64> {
        if stream.context().device.ordinal != self.device.ordinal {
            return Err(Error::of(
                What::NotSupported,
                "pool",
                "the pool is of another device than the stream",
            ));
        }
        let address = memory::allocate_on(stream, rules, bytes)?;
        if address != 0 {
            pools().lock().live.insert(address, (self.clone(), bytes));
            let mut inner = self.inner.lock();
            inner.used += bytes;
            inner.used_high = inner.used_high.max(inner.used);
        }
        Ok(address)
    }

    /// The value of an attribute.
    pub fn attribute(&self, attribute: Attribute) -> u64 {
        let inner = self.inner.lock();
        match attribute {
            Attribute::Reuse(way) => u64::from(inner.reuse[way]),
            Attribute::ReleaseThreshold => inner.release_threshold,
            Attribute::Reserved | Attribute::Used => inner.used,
            Attribute::ReservedHigh | Attribute::UsedHigh => inner.used_high,
        }
    }

    /// Sets an attribute. Peaks can only be forgotten.
    pub fn set_attribute(&self, attribute: Attribute, value: u64) -> Result {
        let mut inner = self.inner.lock();
        match attribute {
            Attribute::Reuse(way) => inner.reuse[way] = value != 0,
            Attribute::ReleaseThreshold => inner.release_threshold = value,
            Attribute::ReservedHigh | Attribute::UsedHigh if value == 0 => inner.used_high = inner.used,
            _ => return Err(Error::value("attr", "the value cannot be set")),
        }
        Ok(())
    }

    /// How a device may reach the memory.
    pub fn access(&self, device: i32) -> u32 {
        if device as usize == self.device.ordinal {
            return READ_WRITE;
        }
        self.inner.lock().access.get(&device).copied().unwrap_or(0)
    }

    /// Sets how a device may reach the memory: 0 not at all, 1 read, 3 read and write.
    pub fn set_access(&self, device: i32, flags: u32) -> Result {
        let other = runtime()?.device(device)?;
        if !matches!(flags, 0 | 1 | READ_WRITE) {
            return Err(Error::value("flags", format!("{flags} is no kind of access")));
        }
        // The device itself keeps its access; others need to reach it.
        if other.ordinal == self.device.ordinal {
            return if flags == READ_WRITE {
                Ok(())
            } else {
                Err(Error::value("flags", "of the pool's own device"))
            };
        }
        if flags != 0 && other.group != self.device.group {
            return Err(Error::of(What::InvalidDevice, "map", "the devices do not reach each other"));
        }
        self.inner.lock().access.insert(device, flags);
        Ok(())
    }
}

/// Gives stream-ordered memory back when the work of a stream so far is done.
pub fn free(stream: &Stream, address: u64) -> Result {
    memory::free_on(stream, address)?;
    forget(address);
    Ok(())
}

/// Memory was freed in whichever way: its pool does not count it any more.
pub fn forget(address: u64) {
    let taken = pools().lock().live.remove(&address);
    if let Some((pool, bytes)) = taken {
        pool.inner.lock().used -= bytes;
    }
}

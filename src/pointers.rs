//! Which allocation a pointer points into.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use parking_lot::RwLock;
use stream_hal_backends::device::Place;

use crate::error::{Error, Result};

/// An allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Its first byte.
    pub base: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of its device.
    pub device: u32,
    /// Device or host memory.
    pub place: Place,
    /// The handle of the context it was made in.
    pub context: u64,
    /// Whether it is the program's own memory, registered.
    pub registered: bool,
    /// A number of its own.
    pub generation: u64,
}

impl Default for Allocation {
    fn default() -> Allocation {
        let place = Place::Device;
        Allocation { base: 0, bytes: 0, device: 0, place, context: 0, registered: false, generation: 0 }
    }
}

/// All allocations of the process, by address. They do not overlap.
#[derive(Default)]
pub struct Pointers {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    by_base: BTreeMap<u64, Allocation>,
    generation: u64,
}

/// The process's allocations.
pub fn pointers() -> &'static Pointers {
    static POINTERS: OnceLock<Pointers> = OnceLock::new();
    POINTERS.get_or_init(Pointers::default)
}

impl Pointers {
    /// Adds an allocation and gives it a generation; refused if it overlaps one that is there.
    pub fn insert(&self, mut allocation: Allocation) -> Result {
        let mut inner = self.inner.write();
        let Some(last) =
            (allocation.bytes != 0).then(|| allocation.base.checked_add(allocation.bytes - 1)).flatten()
        else {
            return Err(Error::value("ptr", "the range is empty or wraps around"));
        };
        if let Some((_, below)) = inner.by_base.range(..=last).next_back()
            && below.base + (below.bytes - 1) >= allocation.base
        {
            return Err(Error::value("ptr", "the range overlaps an allocation"));
        }
        inner.generation += 1;
        allocation.generation = inner.generation;
        inner.by_base.insert(allocation.base, allocation);
        Ok(())
    }

    /// The allocation that holds an address.
    pub fn find(&self, address: u64) -> Option<Allocation> {
        let inner = self.inner.read();
        let (_, found) = inner.by_base.range(..=address).next_back()?;
        (address - found.base < found.bytes).then_some(*found)
    }

    /// Takes out the allocation that starts at `base`.
    pub fn remove(&self, base: u64) -> Result {
        match self.inner.write().by_base.remove(&base) {
            Some(_) => Ok(()),
            None => Err(Error::value("ptr", format!("no allocation starts at {base:#x}"))),
        }
    }
}

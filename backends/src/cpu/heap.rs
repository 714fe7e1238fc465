//! The heap of a context's kernels, for `malloc` and `free` in device code.
//!
//! One mapping of the limit's size between guard pages. What is free and what is taken is written down beside it, where
//! no kernel can reach; so a wild write hurts what kernels allocated, and not us.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use super::memory::{self, PAGE};
use crate::device::{Error, Place};

/// Sizes are multiples of it, and so are addresses.
const ALIGNMENT: u64 = 16;
/// Largest heap.
const MOST_BYTES: u64 = 1 << 40;

/// See the module.
#[derive(Debug)]
pub(super) struct Heap {
    /// Address and size of the reservation, guards included; 0 if there is none.
    mapping: (u64, u64),
    pieces: Mutex<Pieces>,
}

#[derive(Debug, Default)]
struct Pieces {
    /// Size of each that is taken, by address.
    taken: BTreeMap<u64, u64>,
    /// Size of each that is free, by address; no two touch.
    free: BTreeMap<u64, u64>,
    /// The same by size and address.
    by_size: BTreeSet<(u64, u64)>,
}

impl Heap {
    /// A heap of a size. Where the machine does not have it, it holds nothing.
    pub(super) fn new(bytes: u64) -> Heap {
        let bytes = bytes.min(MOST_BYTES).next_multiple_of(PAGE);
        match map(bytes) {
            Ok(mapping) => {
                let mut pieces = Pieces::default();
                pieces.put(mapping.0 + PAGE, bytes);
                Heap { mapping, pieces: Mutex::new(pieces) }
            }
            Err(error) => {
                tracing::warn!(%error, "no memory for the heap of kernels");
                Heap { mapping: (0, 0), pieces: Mutex::default() }
            }
        }
    }

    /// The address of so many bytes; 0 if there is no room, or for none.
    pub(super) fn alloc(&self, bytes: u64) -> u64 {
        if bytes == 0 || bytes > MOST_BYTES {
            return 0;
        }
        self.pieces.lock().take(bytes.next_multiple_of(ALIGNMENT)).unwrap_or(0)
    }

    /// Gives back what was allocated. `false`, and nothing happens, for what is not: never was, or no longer. Null may
    /// be given back always.
    pub(super) fn free(&self, address: u64) -> bool {
        let mut pieces = self.pieces.lock();
        match pieces.taken.remove(&address) {
            Some(bytes) => {
                pieces.put(address, bytes);
                true
            }
            None => address == 0,
        }
    }
}

impl Heap {
    /// Whether all of an access is in one piece that is taken; `None` where the heap is not.
    pub(super) fn holds(&self, address: u64, bytes: u64) -> Option<bool> {
        if address.wrapping_sub(self.mapping.0) >= self.mapping.1 {
            return None;
        }
        let pieces = self.pieces.lock();
        let piece = pieces.taken.range(..=address).next_back();
        Some(piece.is_some_and(|(&start, &size)| address.saturating_add(bytes) <= start + size))
    }
}

/// Reserves and opens so many bytes between guard pages.
fn map(bytes: u64) -> Result<(u64, u64), Error> {
    if bytes == 0 {
        return Err(Error::OutOfMemory("its limit is 0".into()));
    }
    let whole = bytes + 2 * PAGE;
    let mapping = memory::reserve(whole)?;
    memory::open(mapping + PAGE, bytes, Place::Device).inspect_err(|_| memory::unmap(mapping, whole))?;
    Ok((mapping, whole))
}

impl Pieces {
    /// The smallest that will do, and of those the lowest; what is left of it stays free.
    fn take(&mut self, bytes: u64) -> Option<u64> {
        let &(size, address) = self.by_size.range((bytes, 0)..).next()?;
        self.forget(address, size);
        if size > bytes {
            self.remember(address + bytes, size - bytes);
        }
        self.taken.insert(address, bytes);
        Some(address)
    }

    /// Frees a piece, together with free neighbours.
    fn put(&mut self, mut address: u64, mut bytes: u64) {
        if let Some((&before, &size)) = self.free.range(..address).next_back()
            && before + size == address
        {
            self.forget(before, size);
            (address, bytes) = (before, size + bytes);
        }
        if let Some(&size) = self.free.get(&(address + bytes)) {
            self.forget(address + bytes, size);
            bytes += size;
        }
        self.remember(address, bytes);
    }

    fn remember(&mut self, address: u64, bytes: u64) {
        self.free.insert(address, bytes);
        self.by_size.insert((bytes, address));
    }

    fn forget(&mut self, address: u64, bytes: u64) {
        self.free.remove(&address);
        self.by_size.remove(&(bytes, address));
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        if self.mapping.1 != 0 {
            memory::unmap(self.mapping.0, self.mapping.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{access, signal};

    #[test]
    fn pieces_are_apart_and_come_back_whole() {
        signal::install();
        const BYTES: u64 = 1 << 20;
        const SEED: u64 = 5;
        let heap = Heap::new(BYTES);
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut live: BTreeMap<u64, u64> = BTreeMap::new();
        for _ in 0..20_000 {
            if random.u8(..) < 140 {
                let most = 2u64 << random.u32(..13);
                let bytes = random.u64(1..most);
                let address = heap.alloc(bytes);
                if address == 0 {
                    continue;
                }
                assert_eq!(address % ALIGNMENT, 0);
                let before = live.range(..address).next_back();
                assert!(before.is_none_or(|(&at, &size)| at + size <= address), "seed {SEED}");
                let after = live.range(address..).next();
                assert!(after.is_none_or(|(&at, _)| address + bytes <= at), "seed {SEED}");
                live.insert(address, bytes);
            } else if let Some((&address, _)) = live.iter().nth(random.usize(..live.len().max(1))) {
                assert!(!heap.free(address + 1), "no piece starts there");
                assert!(heap.free(address));
                assert!(!heap.free(address), "it is free already");
                live.remove(&address);
            }
        }
        assert!(heap.free(0) && !heap.free(64) && !heap.free(u64::MAX));
        for (&address, &bytes) in &live {
            assert_eq!(heap.holds(address, bytes), Some(true));
            assert_eq!(heap.holds(address, BYTES), Some(false), "no piece is so large");
        }
        assert_eq!(heap.holds(64, 1), None);
        live.into_keys().for_each(|address| assert!(heap.free(address)));
        let all = heap.alloc(BYTES);
        assert!(all != 0 && heap.alloc(1) == 0, "it is whole again");
        assert!(access::fill(all, 7, BYTES).is_ok());
        assert!(access::fill(all + BYTES, 7, 1).is_err() && access::fill(all - 1, 7, 1).is_err());
    }

    /// Together they would be larger than what a process can address. An address of one that has ended says nothing:
    /// another thread may have mapped there since.
    #[test]
    fn a_mapping_ends_with_its_heap() {
        const BYTES: u64 = 4 << 30;
        for n in 0..(1 << 47) / BYTES + 1 {
            assert_ne!(Heap::new(BYTES).alloc(BYTES), 0, "heap {n}");
        }
    }

    #[test]
    fn too_much_and_nothing_are_refused() {
        let heap = Heap::new(PAGE);
        for bytes in [0, PAGE + 1, u64::MAX, u64::MAX - 14] {
            assert_eq!(heap.alloc(bytes), 0, "{bytes}");
        }
        assert_ne!(heap.alloc(PAGE), 0);
        assert_eq!(Heap::new(0).alloc(1), 0);
    }
}

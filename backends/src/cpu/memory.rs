//! Device memory: mappings of our own with guard pages, slabs for small sizes.
//!
//! Sizes up to 64 KiB come from slabs of 1 MiB whose last page is a guard; larger ones have a mapping
//! each with a guard page on both sides, and huge pages from 2 MiB on. With `memcheck` every
//! allocation has its own mapping and ends at the guard page. Device memory is not inherited by forked
//! processes; host memory is, as a program expects of memory it holds itself.

use std::collections::BTreeMap;
use std::io;
use std::ptr;

use parking_lot::Mutex;

use crate::device::{Error, Place};

/// Alignment of every allocation; with `memcheck` 16, so that ends lie close to the guard page.
pub(crate) const ALIGNMENT: u64 = 256;

pub(super) const PAGE: u64 = 4096;
const HUGE: u64 = 2 << 20;
const SLAB: u64 = 1 << 20;
const ARENA: u64 = 64 << 20;
const CLASSES: usize = 9;

/// One device's memory, and the host memory allocated through it.
pub(crate) struct Memory {
    total: u64,
    memcheck: bool,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    used: u64,
    /// Slabs with room, per class and place.
    roomy: [[Vec<u64>; CLASSES]; 2],
    /// By address.
    slabs: BTreeMap<u64, Slab>,
    /// Slabs of arenas that no class uses, per place.
    unused: [Vec<u64>; 2],
    /// Start and size of each reserved arena.
    arenas: Vec<u64>,
    /// By the address given out.
    large: BTreeMap<u64, Large>,
}

struct Slab {
    class: usize,
    place: Place,
    /// A set bit is a free piece.
    free: Vec<u64>,
    free_count: u32,
    pieces: u32,
}

struct Large {
    place: Place,
    /// As asked for.
    bytes: u64,
    counted: u64,
    mapping: u64,
    mapping_bytes: u64,
}

fn row(place: Place) -> usize {
    match place {
        Place::Device => 0,
        Place::Host => 1,
    }
}

fn class_bytes(class: usize) -> u64 {
    ALIGNMENT << class
}

impl Memory {
    /// Memory of `total` bytes; host memory counts as well.
    pub(crate) fn new(total: u64, memcheck: bool) -> Memory {
        Memory { total, memcheck, tables: Mutex::default() }
    }

    /// Bytes not allocated.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.total.saturating_sub(self.tables.lock().used)
    }

    /// At least `bytes`, aligned. No system call for small sizes once a slab of the size has room.
    pub(crate) fn alloc(&self, bytes: u64, place: Place) -> Result<u64, Error> {
        if bytes == 0 {
            return Err(Error::Invalid("an allocation of 0 bytes".into()));
        }
        let mut tables = self.tables.lock();
        let available = self.total.saturating_sub(tables.used);
        if bytes > available {
            return Err(Error::OutOfMemory(format!("{bytes} bytes wanted, {available} left")));
        }
        if self.memcheck || bytes > class_bytes(CLASSES - 1) {
            return tables.alloc_large(bytes, place, self.memcheck);
        }
        let class = bytes.div_ceil(ALIGNMENT).next_power_of_two().trailing_zeros() as usize;
        tables.alloc_small(class, place)
    }

    /// Gives back what [`Memory::alloc`] gave.
    pub(crate) fn free(&self, address: u64, place: Place) -> Result<(), Error> {
        let mut tables = self.tables.lock();
        if let Some(large) = tables.large.get(&address) {
            if large.place != place {
                return Err(Error::Invalid(format!("{address:#x} is memory of the other place")));
            }
            if let Some(large) = tables.large.remove(&address) {
                tables.used -= large.counted;
                drop(tables);
                unmap(large.mapping, large.mapping_bytes);
            }
            return Ok(());
        }
        tables.free_small(address, place)
    }
}

/// How an address lies to an allocation: before its start, in it, or behind its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// Where the allocation starts.
    pub(super) start: u64,
    /// Its size as it was asked for.
    pub(super) bytes: u64,
    /// The access lies in memory, or between guard pages, of the allocation.
    pub(super) ours: bool,
}

impl Neighbour {
    /// Bytes from the address to the allocation.
    pub(super) fn distance(&self, address: u64) -> u64 {
        let end = self.start + self.bytes;
        self.start.saturating_sub(address).max(address.saturating_sub(end))
    }

    /// Whether all of an access is inside.
    pub(super) fn holds(&self, address: u64, bytes: u64) -> bool {
        address >= self.start && address.checked_add(bytes).is_some_and(|end| end <= self.start + self.bytes)
    }
}

impl Memory {
    /// The allocation that is nearest to an address. With `memcheck` all have mappings of their own, and only those count.
    pub(super) fn nearest(&self, address: u64) -> Option<Neighbour> {
        let tables = self.tables.lock();
        let below = tables.large.range(..=address).next_back();
        let above = tables.large.range(address..).next();
        let neighbours = below.into_iter().chain(above).map(|(&start, large)| {
            let ours = (large.mapping..large.mapping + large.mapping_bytes).contains(&address);
            Neighbour { start, bytes: large.bytes, ours }
        });
        neighbours.min_by_key(|neighbour| (!neighbour.ours, neighbour.distance(address)))
    }
}

impl Tables {
    fn alloc_small(&mut self, class: usize, place: Place) -> Result<u64, Error> {
        let base = match self.roomy[row(place)][class].last() {
            Some(&base) => base,
            None => self.new_slab(class, place)?,
        };
        let slab = self.slabs.get_mut(&base).expect("roomy names slabs of the table");
        let word = slab.free.iter().position(|&bits| bits != 0).expect("a roomy slab has a free piece");
        let bit = slab.free[word].trailing_zeros();
        slab.free[word] &= slab.free[word] - 1;
        slab.free_count -= 1;
        if slab.free_count == 0 {
            self.roomy[row(place)][class].pop();
        }
        self.used += class_bytes(class);
        Ok(base + (word as u64 * 64 + u64::from(bit)) * class_bytes(class))
    }

    fn free_small(&mut self, address: u64, place: Place) -> Result<(), Error> {
        let unknown = || Error::Invalid(format!("{address:#x} is not the start of an allocation"));
        let base = address & !(SLAB - 1);
        let slab = self.slabs.get_mut(&base).ok_or_else(unknown)?;
        let (piece, bytes) = ((address - base) / class_bytes(slab.class), class_bytes(slab.class));
        let (word, bit) = ((piece / 64) as usize, 1 << (piece % 64));
        let taken = piece < u64::from(slab.pieces) && slab.free[word] & bit == 0;
        if slab.place != place || !(address - base).is_multiple_of(bytes) || !taken {
            return Err(unknown());
        }
        slab.free[word] |= bit;
        slab.free_count += 1;
        self.used -= bytes;
        let (class, roomy) = (slab.class, slab.free_count);
        let list = &mut self.roomy[row(place)][class];
        if roomy == 1 {
            list.push(base);
        }
        // One empty slab per class stays at hand; others go back.
        if slab.free_count == slab.pieces && list.len() > 1 {
            list.retain(|&one| one != base);
            self.slabs.remove(&base);
            reset(base, SLAB);
            self.unused[row(place)].push(base);
        }
        Ok(())
    }

    fn new_slab(&mut self, class: usize, place: Place) -> Result<u64, Error> {
        if self.unused[row(place)].is_empty() {
            let mapping = reserve(ARENA + SLAB)?;
            self.arenas.push(mapping);
            let first = mapping.next_multiple_of(SLAB);
            self.unused[row(place)].extend((0..ARENA / SLAB).rev().map(|i| first + i * SLAB));
        }
        let base = self.unused[row(place)].pop().expect("filled above");
        if let Err(error) = open(base, SLAB - PAGE, place) {
            self.unused[row(place)].push(base);
            return Err(error);
        }
        let pieces = ((SLAB - PAGE) / class_bytes(class)) as u32;
        let mut free = vec![u64::MAX; pieces as usize / 64];
        if !pieces.is_multiple_of(64) {
            free.push((1 << (pieces % 64)) - 1);
        }
        self.slabs.insert(base, Slab { class, place, free, free_count: pieces, pieces });
        self.roomy[row(place)][class].push(base);
        Ok(base)
    }

    fn alloc_large(&mut self, bytes: u64, place: Place, memcheck: bool) -> Result<u64, Error> {
        let inside = bytes.next_multiple_of(PAGE);
        let align = if inside >= HUGE { HUGE } else { PAGE };
        let mapping_bytes = inside + 2 * PAGE + (align - PAGE);
        let mapping = reserve(mapping_bytes)?;
        let start = (mapping + PAGE).next_multiple_of(align);
        if let Err(error) = open(start, inside, place) {
            unmap(mapping, mapping_bytes);
            return Err(error);
        }
        let address = if memcheck { start + ((inside - bytes) & !15) } else { start };
        self.used += inside;
        self.large.insert(address, Large { place, bytes, counted: inside, mapping, mapping_bytes });
        Ok(address)
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        for &arena in &self.arenas {
            unmap(arena, ARENA + SLAB);
        }
        for large in self.large.values() {
            unmap(large.mapping, large.mapping_bytes);
        }
    }
}

fn pointer(address: u64) -> *mut libc::c_void {
    ptr::with_exposed_provenance_mut(address as usize)
}

/// Reserves addresses without access.
pub(super) fn reserve(bytes: u64) -> Result<u64, Error> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping at an address of the kernel's choice touches nothing of anybody's.
    let at = unsafe { libc::mmap(ptr::null_mut(), bytes as usize, libc::PROT_NONE, flags, -1, 0) };
    if at == libc::MAP_FAILED {
        return Err(out_of_memory(bytes));
    }
    Ok(at.expose_provenance() as u64)
}

/// Makes part of a reservation usable.
pub(super) fn open(address: u64, bytes: u64, place: Place) -> Result<(), Error> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the range lies in a reservation of ours.
    if unsafe { libc::mprotect(pointer(address), bytes as usize, access) } != 0 {
        return Err(out_of_memory(bytes));
    }
    if bytes >= HUGE {
        // SAFETY: as above; advice that may be refused without harm.
        unsafe { libc::madvise(pointer(address), bytes as usize, libc::MADV_HUGEPAGE) };
    }
    if place == Place::Device {
        // SAFETY: as above.
        unsafe { libc::madvise(pointer(address), bytes as usize, libc::MADV_DONTFORK) };
    }
    Ok(())
}

/// Asks for huge pages where a large buffer of ours lies on whole ones: 64 bytes a node fault less.
pub(super) fn want_huge_pages<T>(buffer: &mut [std::mem::MaybeUninit<T>]) {
    let start = (buffer.as_mut_ptr().expose_provenance() as u64).next_multiple_of(HUGE);
    let end = (buffer.as_mut_ptr_range().end.addr() as u64) & !(HUGE - 1);
    if end > start {
        // SAFETY: advice on whole pages inside a buffer that is borrowed mutably; contents stay.
        unsafe { libc::madvise(pointer(start), (end - start) as usize, libc::MADV_HUGEPAGE) };
    }
}

/// Takes access and contents away but keeps the reservation.
pub(super) fn reset(address: u64, bytes: u64) {
    // SAFETY: the range lies in a reservation of ours and nothing is allocated in it.
    unsafe { libc::madvise(pointer(address), bytes as usize, libc::MADV_DONTNEED) };
    // SAFETY: as above.
    unsafe { libc::mprotect(pointer(address), bytes as usize, libc::PROT_NONE) };
}

pub(super) fn unmap(address: u64, bytes: u64) {
    // SAFETY: a whole mapping of ours that nobody uses any more.
    unsafe { libc::munmap(pointer(address), bytes as usize) };
}

fn out_of_memory(bytes: u64) -> Error {
    Error::OutOfMemory(format!("{bytes} bytes: {}", io::Error::last_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{access, signal};

    fn usable(address: u64, bytes: u64) -> bool {
        access::fill(address, 0, 1).is_ok() && access::fill(address + bytes - 1, 0, 1).is_ok()
    }

    /// A model: what is allocated never overlaps, is usable to its last byte and is counted.
    fn random_life(memcheck: bool) {
        signal::install();
        let total = 1 << 30;
        let memory = Memory::new(total, memcheck);
        let mut random = fastrand::Rng::with_seed(7);
        let mut live: BTreeMap<u64, (u64, Place)> = BTreeMap::new();
        for _ in 0..3000 {
            if random.u8(..) < 140 || live.is_empty() {
                let most = 1 << random.u32(1..22);
                let bytes = random.u64(1..most);
                let place = if random.bool() { Place::Device } else { Place::Host };
                let address = memory.alloc(bytes, place).unwrap();
                assert_eq!(address % if memcheck { 16 } else { ALIGNMENT }, 0);
                assert!(usable(address, bytes), "{address:#x} {bytes}");
                let before = live.range(..address).next_back();
                assert!(before.is_none_or(|(&at, &(size, _))| at + size <= address));
                let after = live.range(address..).next();
                assert!(after.is_none_or(|(&at, _)| address + bytes <= at));
                live.insert(address, (bytes, place));
            } else {
                let at = random.usize(..live.len());
                let (&address, &(_, place)) = live.iter().nth(at).unwrap();
                let other = if place == Place::Device { Place::Host } else { Place::Device };
                assert!(memory.free(address, other).is_err());
                assert!(memory.free(address + 8, place).is_err());
                memory.free(address, place).unwrap();
                assert!(memory.free(address, place).is_err(), "double free");
                live.remove(&address);
            }
        }
        for (address, (_, place)) in live {
            memory.free(address, place).unwrap();
        }
        assert_eq!(memory.free_bytes(), total);
    }

    #[test]
    fn allocations_are_apart_usable_and_counted() {
        random_life(false);
    }

    #[test]
    fn checked_allocations_are_apart_usable_and_counted() {
        random_life(true);
    }

    #[test]
    fn guard_pages_stand_around_large_allocations_and_behind_slabs() {
        signal::install();
        let memory = Memory::new(1 << 30, false);
        for bytes in [100_000, 3 << 20] {
            let address = memory.alloc(bytes, Place::Device).unwrap();
            let end = address + bytes.next_multiple_of(PAGE);
            assert!(access::fill(address - 1, 0, 1).is_err());
            assert_eq!(access::fill(end, 0, 1).unwrap_err().address, end);
            memory.free(address, Place::Device).unwrap();
            assert!(access::fill(address, 0, 1).is_err(), "freed");
        }
        let small = memory.alloc(1, Place::Device).unwrap();
        assert!(access::fill((small & !(SLAB - 1)) + SLAB - 1, 0, 1).is_err());
    }

    #[test]
    fn memcheck_finds_the_first_byte_behind() {
        signal::install();
        let memory = Memory::new(1 << 30, true);
        for bytes in [16, 400, 4096, 70_000, 5 << 20] {
            let address = memory.alloc(bytes, Place::Device).unwrap();
            let end = address + bytes.next_multiple_of(16);
            assert!(access::fill(end, 0, 1).is_err(), "{bytes}");
        }
    }

    #[test]
    fn too_much_is_refused_and_nothing_is_lost() {
        let memory = Memory::new(1 << 20, false);
        assert!(matches!(memory.alloc(2 << 20, Place::Device), Err(Error::OutOfMemory(_))));
        assert!(matches!(memory.alloc(0, Place::Device), Err(Error::Invalid(_))));
        let address = memory.alloc(1 << 20, Place::Device).unwrap();
        assert!(matches!(memory.alloc(1, Place::Device), Err(Error::OutOfMemory(_))));
        memory.free(address, Place::Device).unwrap();
        assert_eq!(memory.free_bytes(), 1 << 20);
    }
}

//! The instructions of compiled kernels that may fault, as the signal handler finds them.
//!
//! The handler interrupts anything, so it takes no lock and allocates nothing. Ranges of code stand in entries that are
//! never freed. An entry has a version, odd while it changes: a reader that sees it odd, or changed after it has read,
//! passes over the entry. It misses nothing by that: the code that it was interrupted in is registered as long as it runs,
//! so that entry does not change.

use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering, fence};

use parking_lot::Mutex;
use stream_hal_kernels::compile::code::Site;

const CHUNK: usize = 256;
const CHUNKS: usize = 4096;

#[derive(Default)]
struct Entry {
    version: AtomicU32,
    start: AtomicUsize,
    end: AtomicUsize,
    sites: AtomicPtr<Site>,
    count: AtomicUsize,
}

/// Chunks are made when they are needed and stay.
static ENTRIES: [AtomicPtr<Entry>; CHUNKS] = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS];
/// Entries that were ever used.
static USED: AtomicUsize = AtomicUsize::new(0);
/// Those of them that are not; the lock is for all who change entries.
static FREE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Code whose faults are ours, until it is dropped.
#[derive(Debug)]
pub(super) struct Registered {
    entry: usize,
}

/// Where a fault goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Found {
    /// The address of the code that leaves the kernel.
    pub(in super::super) fixup: usize,
    /// The number of the site.
    pub(in super::super) site: usize,
}

fn entry(number: usize) -> Option<&'static Entry> {
    let chunk = ENTRIES.get(number / CHUNK)?.load(Ordering::Acquire);
    if chunk.is_null() {
        return None;
    }
    // SAFETY: a chunk has so many entries.
    let entry = unsafe { chunk.add(number % CHUNK) };
    // SAFETY: chunks are never freed, and entries are made of atomics.
    Some(unsafe { &*entry })
}

/// Registers code at these addresses. `None`: there are too many.
///
/// # Safety
/// `sites` are ascending, and stay where they are until what is returned is dropped; so does the code.
pub(super) unsafe fn register(code: Range<usize>, sites: &[Site]) -> Option<Registered> {
    let mut free = FREE.lock();
    let number = match free.pop() {
        Some(number) => number,
        None => {
            let number = USED.load(Ordering::Relaxed);
            let chunk = ENTRIES.get(number / CHUNK)?;
            if chunk.load(Ordering::Relaxed).is_null() {
                let entries: Box<[Entry]> = (0..CHUNK).map(|_| Entry::default()).collect();
                chunk.store(Box::leak(entries).as_mut_ptr(), Ordering::Release);
            }
            USED.store(number + 1, Ordering::Release);
            number
        }
    };
    let sites = (sites.as_ptr().cast_mut(), sites.len());
    entry(number)?.set(code, sites);
    Some(Registered { entry: number })
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut free = FREE.lock();
        if let Some(entry) = entry(self.entry) {
            entry.set(0..0, (ptr::null_mut(), 0));
        }
        free.push(self.entry);
    }
}

impl Entry {
    /// One thread at a time.
    fn set(&self, code: Range<usize>, (sites, count): (*mut Site, usize)) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version.wrapping_add(1), Ordering::Relaxed);
        fence(Ordering::Release);
        self.start.store(code.start, Ordering::Relaxed);
        self.end.store(code.end, Ordering::Relaxed);
        self.sites.store(sites, Ordering::Relaxed);
        self.count.store(count, Ordering::Relaxed);
        self.version.store(version.wrapping_add(2), Ordering::Release);
    }

    /// The start of the code and its sites, if the instruction is in it.
    fn with(&self, at: usize) -> Option<(usize, &'static [Site])> {
        let version = self.version.load(Ordering::Acquire);
        let code = self.start.load(Ordering::Relaxed)..self.end.load(Ordering::Relaxed);
        let (sites, count) = (self.sites.load(Ordering::Relaxed), self.count.load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        let changed = version & 1 == 1 || self.version.load(Ordering::Relaxed) != version;
        if changed || !code.contains(&at) || count == 0 {
            return None;
        }
        // SAFETY: the entry was whole when it was read, and it is the interrupted thread's code: registered until that
        // has returned, with its sites.
        Some((code.start, unsafe { std::slice::from_raw_parts(sites, count) }))
    }
}

/// The site of an instruction of the calling thread that has faulted. Async-signal-safe.
pub(in super::super) fn find(at: usize) -> Option<Found> {
    let entries = (0..USED.load(Ordering::Acquire)).filter_map(entry);
    let (start, sites) = entries.filter_map(|entry| entry.with(at)).next()?;
    let site = sites.binary_search_by_key(&(at - start), |site| site.at as usize).ok()?;
    Some(Found { fixup: start + sites[site].fixup as usize, site })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn sites(count: u32) -> Vec<Site> {
        let site =
            |at| Site { at, fixup: at + 1, line: 1, bytes: 4, write: false, place: Default::default() };
        (0..count).map(|number| site(number * 16)).collect()
    }

    #[test]
    fn a_site_is_found_by_its_instruction() {
        let start = 1 << 60;
        let (first, second) = (sites(5), sites(1));
        // SAFETY: the sites outlive what is registered.
        let one = unsafe { register(start..start + 100, &first) }.unwrap();
        // SAFETY: as above.
        let other = unsafe { register(start + 100..start + 200, &second) }.unwrap();
        assert_eq!(find(start + 32), Some(Found { fixup: start + 33, site: 2 }));
        assert_eq!(find(start + 64), Some(Found { fixup: start + 65, site: 4 }));
        assert_eq!(find(start + 100), Some(Found { fixup: start + 101, site: 0 }));
        for no_site in [start - 16, start + 1, start + 80, start + 116, start + 200, 0] {
            assert_eq!(find(no_site), None);
        }
        drop(one);
        assert_eq!(find(start + 32), None);
        assert!(find(start + 100).is_some());
        drop(other);
    }

    /// What stays is found however much others come and go.
    #[test]
    fn changes_beside_it_hide_nothing() {
        let start = 1 << 61;
        let stop = AtomicBool::new(false);
        let mine = sites(3);
        std::thread::scope(|scope| {
            for lane in 1..3 {
                let stop = &stop;
                scope.spawn(move || {
                    let own = sites(2);
                    let place = start + lane * 0x1_0000;
                    while !stop.load(Ordering::Relaxed) {
                        // SAFETY: the sites outlive what is registered.
                        let all: Vec<_> = (0..300)
                            .map(|at| unsafe { register(place + at * 32..place + at * 32 + 32, &own) })
                            .collect();
                        assert!(find(place + 299 * 32 + 16).is_some());
                        drop(all);
                        assert!(find(place + 16).is_none());
                    }
                });
            }
            for _ in 0..200 {
                // SAFETY: the sites outlive what is registered.
                let registered = unsafe { register(start..start + 48, &mine) };
                for _ in 0..20 {
                    assert_eq!(find(start + 16), Some(Found { fixup: start + 17, site: 1 }));
                }
                drop(registered);
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}

//! Time as device work sees it, and the table of time stamps that event records fill.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

/// Nanoseconds since the first use of the clock in this process; never 0.
pub fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64 + 1
}

const CHUNK: usize = 4096;
const CHUNKS: usize = 4096;

/// Time stamps by number, so that an op can name one without a pointer. Chunks never move.
pub struct Stamps {
    chunks: [OnceLock<Box<[AtomicU64]>>; CHUNKS],
    free: Mutex<Free>,
}

struct Free {
    released: Vec<u32>,
    fresh: u32,
}

/// The process's time stamps.
pub fn stamps() -> &'static Stamps {
    static STAMPS: Stamps = Stamps {
        chunks: [const { OnceLock::new() }; CHUNKS],
        free: Mutex::new(Free { released: Vec::new(), fresh: 0 }),
    };
    &STAMPS
}

impl Stamps {
    /// A number of its own, unset; `None` when all 16,777,216 are taken.
    pub fn allocate(&self) -> Option<u32> {
        let mut free = self.free.lock();
        let stamp = match free.released.pop() {
            Some(stamp) => stamp,
            None if (free.fresh as usize) < CHUNK * CHUNKS => {
                free.fresh += 1;
                free.fresh - 1
            }
            None => return None,
        };
        drop(free);
        self.chunks[stamp as usize / CHUNK].get_or_init(|| (0..CHUNK).map(|_| AtomicU64::new(0)).collect());
        self.set(stamp, 0);
        Some(stamp)
    }

    /// Gives a number back.
    pub fn release(&self, stamp: u32) {
        self.free.lock().released.push(stamp);
    }

    /// Sets a stamp. A number that was never allocated is ignored.
    pub fn set(&self, stamp: u32, ns: u64) {
        if let Some(chunk) = self.chunks.get(stamp as usize / CHUNK).and_then(OnceLock::get) {
            chunk[stamp as usize % CHUNK].store(ns, Ordering::Release);
        }
    }

    /// The stamp in nanoseconds; 0 when unset.
    pub fn get(&self, stamp: u32) -> u64 {
        let chunk = self.chunks.get(stamp as usize / CHUNK).and_then(OnceLock::get);
        chunk.map_or(0, |chunk| chunk[stamp as usize % CHUNK].load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_released_stamp_is_unset_when_it_comes_back() {
        let stamp = stamps().allocate().expect("a process starts with all of them");
        stamps().set(stamp, 5);
        assert_eq!(stamps().get(stamp), 5);
        stamps().release(stamp);
        assert_eq!(stamps().get(u32::MAX), 0);
    }
}

//! Memory that was recorded into before and waits to be recorded into again, for the whole process.
//!
//! The second capture of a size finds its memory here: no heap allocation a chunk, and no page
//! faults, which cost more than recording does. What is given back beyond a bound is freed: small
//! pieces have their own, so that one large graph does not make all small ones slow.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many bytes are kept at most in small pieces and in large ones: 256 MiB in all.
pub const KEPT_BYTES: [usize; 2] = [32 << 20, 224 << 20];

/// A piece up to this size in bytes is small.
const SMALL_BYTES: usize = 64 << 10;

/// What may be kept, and what is.
pub(crate) struct Budget {
    limit: [usize; 2],
    kept: [AtomicUsize; 2],
}

impl Budget {
    const fn new(limit: [usize; 2]) -> Budget {
        Budget { limit, kept: [AtomicUsize::new(0), AtomicUsize::new(0)] }
    }

    fn enter(&self, bytes: usize) -> bool {
        let size = usize::from(bytes > SMALL_BYTES);
        let fits = self.kept[size].fetch_add(bytes, Ordering::Relaxed) + bytes <= self.limit[size];
        if !fits {
            self.leave(bytes);
        }
        fits
    }

    fn leave(&self, bytes: usize) {
        self.kept[usize::from(bytes > SMALL_BYTES)].fetch_sub(bytes, Ordering::Relaxed);
    }
}

static PROCESS: Budget = Budget::new(KEPT_BYTES);

/// Kept pieces of one kind, by size class.
pub(crate) struct Shelf<T, const CLASSES: usize> {
    classes: Mutex<[Vec<T>; CLASSES]>,
    budget: &'static Budget,
}

impl<T, const CLASSES: usize> Shelf<T, CLASSES> {
    pub(crate) const fn new() -> Shelf<T, CLASSES> {
        Shelf::with(&PROCESS)
    }

    const fn with(budget: &'static Budget) -> Shelf<T, CLASSES> {
        Shelf { classes: Mutex::new([const { Vec::new() }; CLASSES]), budget }
    }

    /// A kept piece of the class, of the same size in bytes as it was given back with.
    pub(crate) fn take(&self, class: usize, bytes: usize) -> Option<T> {
        let piece = self.classes.lock().unwrap_or_else(PoisonError::into_inner).get_mut(class)?.pop()?;
        self.budget.leave(bytes);
        Some(piece)
    }

    /// Keeps a piece, or drops it if enough is kept or there is no such class.
    pub(crate) fn give(&self, class: usize, piece: T, bytes: usize) {
        if class < CLASSES && self.budget.enter(bytes) {
            self.classes.lock().unwrap_or_else(PoisonError::into_inner)[class].push(piece);
        }
    }
}

/// How many bytes are kept now.
pub fn kept_bytes() -> usize {
    PROCESS.kept.iter().map(|kept| kept.load(Ordering::Relaxed)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_the_bounds_and_no_class_beyond_the_last() {
        static BUDGET: Budget = Budget::new([20, SMALL_BYTES * 3]);
        let shelf: Shelf<u32, 2> = Shelf::with(&BUDGET);
        assert_eq!(shelf.take(0, 8), None);
        for (class, piece, bytes) in [(0, 1, 8), (1, 2, 8), (2, 3, 1), (0, 4, 8), (0, 5, SMALL_BYTES * 2)] {
            shelf.give(class, piece, bytes);
        }
        shelf.give(0, 6, SMALL_BYTES * 2);
        assert_eq!(shelf.take(0, SMALL_BYTES * 2), Some(5));
        assert_eq!([shelf.take(0, 8), shelf.take(0, 8)], [Some(1), None]);
        assert_eq!([shelf.take(1, 8), shelf.take(2, 8)], [Some(2), None]);
        assert_eq!(BUDGET.kept.each_ref().map(|kept| kept.load(Ordering::Relaxed)), [0, 0]);
    }
}

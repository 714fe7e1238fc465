//! Memory that was recorded into before and waits to be recorded into again, for the whole process.
//!
//! The second capture of a size finds its memory here: no heap allocation a chunk, and no page
//! faults, which cost more than recording does. At most [`KEPT_BYTES`] are kept; what is given back
//! beyond that is freed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many bytes are kept at most.
pub const KEPT_BYTES: usize = 256 << 20;

static KEPT: AtomicUsize = AtomicUsize::new(0);

/// Kept pieces of one kind, by size class.
pub(crate) struct Shelf<T, const CLASSES: usize> {
    classes: Mutex<[Vec<T>; CLASSES]>,
}

impl<T, const CLASSES: usize> Shelf<T, CLASSES> {
    pub(crate) const fn new() -> Shelf<T, CLASSES> {
        Shelf { classes: Mutex::new([const { Vec::new() }; CLASSES]) }
    }

    /// A kept piece of the class, of the same size in bytes as it was given back with.
    pub(crate) fn take(&self, class: usize, bytes: usize) -> Option<T> {
        let piece = self.classes.lock().unwrap_or_else(PoisonError::into_inner).get_mut(class)?.pop()?;
        KEPT.fetch_sub(bytes, Ordering::Relaxed);
        Some(piece)
    }

    /// Keeps a piece, or drops it if enough is kept or the class is none.
    pub(crate) fn give(&self, class: usize, piece: T, bytes: usize) {
        if KEPT.fetch_add(bytes, Ordering::Relaxed) + bytes <= KEPT_BYTES {
            let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = classes.get_mut(class) {
                return kept.push(piece);
            }
        }
        KEPT.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// How many bytes are kept now.
pub fn kept_bytes() -> usize {
    KEPT.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_the_bound_and_no_class_beyond_the_last() {
        let shelf: Shelf<u32, 2> = Shelf::new();
        assert_eq!(shelf.take(0, 8), None);
        shelf.give(0, 1, 8);
        shelf.give(1, 2, 8);
        shelf.give(2, 3, 8);
        shelf.give(0, 4, KEPT_BYTES + 1);
        assert_eq!([shelf.take(0, 8), shelf.take(0, 8)], [Some(1), None]);
        assert_eq!([shelf.take(1, 8), shelf.take(2, 8)], [Some(2), None]);
    }
}

//! The packed parameters of one launch: a place that is filled where it stays.

use std::ops::Deref;

/// Parameters of this many bytes need no allocation.
const SMALL: usize = 128;

/// Packed parameters. Not moved after they are written: a move reads in large pieces what was just
/// written in small ones, and waits for that.
pub(crate) struct Packed {
    small: [u8; SMALL],
    large: Vec<u8>,
    bytes: usize,
}

impl Packed {
    /// No parameters.
    #[inline]
    pub fn new() -> Packed {
        Packed { small: [0; SMALL], large: Vec::new(), bytes: 0 }
    }

    /// Makes room for `bytes` bytes, all zero; only once.
    #[inline]
    pub fn room(&mut self, bytes: usize) -> &mut [u8] {
        self.bytes = bytes;
        match self.small.get_mut(..bytes) {
            Some(place) => place,
            None => {
                self.large = vec![0; bytes];
                &mut self.large
            }
        }
    }
}

impl Deref for Packed {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.small.get(..self.bytes).unwrap_or(&self.large)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_parameters_start_as_zeros() {
        for bytes in [0, 1, SMALL, SMALL + 1, 4096] {
            let mut packed = Packed::new();
            assert_eq!(packed.room(bytes), vec![0; bytes]);
            packed.room(bytes).fill(7);
            assert_eq!(*packed, vec![7; bytes]);
        }
    }
}

//! A growing array whose elements never move, so that readers need no lock.

use std::sync::OnceLock;

/// The first chunk holds 32 elements, each further one twice as many.
const FIRST_BITS: u32 = 5;
const CHUNKS: usize = 19;

/// How many elements there can be.
pub const LIMIT: u32 = (1 << (FIRST_BITS + CHUNKS as u32)) - (1 << FIRST_BITS);

/// The array. Elements are made by the caller, a chunk at a time, and stay until it is dropped.
pub struct Chunks<T>([OnceLock<Box<[T]>>; CHUNKS]);

impl<T> Chunks<T> {
    /// No elements yet.
    pub const fn new() -> Chunks<T> {
        Chunks([const { OnceLock::new() }; CHUNKS])
    }

    /// The element, if its chunk was made.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        let (chunk, offset) = place(index);
        self.0.get(chunk)?.get()?.get(offset)
    }

    /// The element of an index below [`LIMIT`]; makes its chunk if need be.
    pub fn get_or_make(&self, index: u32, make: impl Fn() -> T) -> &T {
        let (chunk, offset) = place(index);
        let elements = 1usize << (FIRST_BITS as usize + chunk);
        &self.0[chunk].get_or_init(|| (0..elements).map(|_| make()).collect())[offset]
    }

    /// All elements that were made, in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(OnceLock::get).flatten()
    }
}

#[inline]
fn place(index: u32) -> (usize, usize) {
    let shifted = index + (1 << FIRST_BITS);
    let bits = shifted.ilog2();
    ((bits - FIRST_BITS) as usize, (shifted - (1 << bits)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_fill_chunk_after_chunk() {
        let mut expect = (0, 0);
        for index in 0..100_000 {
            assert_eq!(place(index), expect);
            expect.1 += 1;
            if expect.1 == 1 << (FIRST_BITS as usize + expect.0) {
                expect = (expect.0 + 1, 0);
            }
        }
        assert_eq!(place(LIMIT - 1).0, CHUNKS - 1);
        assert_eq!(place(LIMIT).0, CHUNKS);
    }

    #[test]
    fn elements_stay_where_they_are() {
        let chunks = Chunks::new();
        assert!(chunks.get(0).is_none());
        let first: *const u32 = chunks.get_or_make(0, || 7);
        chunks.get_or_make(1_000, || 8);
        assert_eq!(chunks.get(0).map(|element| element as *const u32), Some(first));
        assert_eq!(chunks.get(1_000), Some(&8));
        assert!(chunks.get(LIMIT).is_none());
    }
}

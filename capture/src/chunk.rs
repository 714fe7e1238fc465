//! Where an index lies when chunks double in size up to a largest, and never move.

/// Chunk 0 holds `1 << FIRST` items, each later one twice as many, up to `1 << TOP`, then all that many.
pub(crate) struct Chunks<const FIRST: u32, const TOP: u32>;

impl<const FIRST: u32, const TOP: u32> Chunks<FIRST, TOP> {
    /// How many sizes of chunk there are.
    pub(crate) const CLASSES: usize = (TOP - FIRST + 1) as usize;

    /// The chunk of an item and its place in there.
    #[inline]
    pub(crate) fn locate(index: usize) -> (usize, usize) {
        let shifted = index + (1 << FIRST);
        let log = shifted.ilog2();
        if log < TOP {
            ((log - FIRST) as usize, shifted - (1 << log))
        } else {
            ((TOP - FIRST) as usize + (shifted >> TOP) - 1, shifted & ((1 << TOP) - 1))
        }
    }

    /// The size class of a chunk.
    pub(crate) fn class(chunk: usize) -> usize {
        chunk.min(Self::CLASSES - 1)
    }

    /// How many items a chunk holds.
    pub(crate) fn size(chunk: usize) -> usize {
        1 << (FIRST as usize + Self::class(chunk))
    }

    /// The index of a chunk's first item.
    pub(crate) fn start(chunk: usize) -> usize {
        let class = Self::class(chunk);
        (1 << (FIRST as usize + class)) - (1 << FIRST) + ((chunk - class) << TOP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other_without_a_gap() {
        type Small = Chunks<2, 5>;
        let mut index = 0;
        for chunk in 0..20 {
            assert_eq!(Small::start(chunk), index);
            for offset in 0..Small::size(chunk) {
                assert_eq!(Small::locate(index), (chunk, offset));
                index += 1;
            }
        }
        assert_eq!((0..6).map(Small::size).collect::<Vec<_>>(), [4, 8, 16, 32, 32, 32]);
    }
}

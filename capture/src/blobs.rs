//! The byte arena: the parameters of ops, each block in one piece, in chunks that never move and are
//! used again.

use crate::chunk;
use crate::op::Args;
use crate::pool::Shelf;

/// 256 bytes first, 1 MiB at most. A longer block has the place of several chunks in a piece of its own.
type Chunks = chunk::Chunks<8, 20>;

const TOP: usize = 1 << 20;

static SHELF: Shelf<Box<[u8]>, { Chunks::CLASSES }> = Shelf::new();

/// Blocks of bytes by their [`Args`].
#[derive(Default)]
pub(crate) struct Blobs {
    /// A chunk that was passed over is empty.
    chunks: Vec<Box<[u8]>>,
    /// Where the next block starts. A multiple of 16.
    next: usize,
    /// The end of the last chunk.
    end: usize,
}

impl Blobs {
    /// Copies a block in; `None` when offsets run out.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<Args> {
        if bytes.is_empty() {
            return Some(Args::NONE);
        }
        if self.next + bytes.len() > self.end {
            self.open(bytes.len())?;
        }
        let args = Args { start: self.next as u32, bytes: bytes.len() as u32 };
        let (chunk, place) = Chunks::locate(self.next);
        self.chunks.get_mut(chunk)?.get_mut(place..place + bytes.len())?.copy_from_slice(bytes);
        self.next = if bytes.len() > TOP { self.end } else { (self.next + bytes.len()).next_multiple_of(16) };
        Some(args)
    }

    /// A block. Nothing if there is no such block.
    #[inline]
    pub(crate) fn get(&self, args: Args) -> &[u8] {
        let (chunk, place) = Chunks::locate(args.start as usize);
        let chunk = self.chunks.get(chunk).map_or(&[][..], |chunk| chunk);
        chunk.get(place..place + args.bytes as usize).unwrap_or(&[])
    }

    /// A block to write into. Nothing if there is no such block.
    pub(crate) fn get_mut(&mut self, args: Args) -> Option<&mut [u8]> {
        let (chunk, place) = Chunks::locate(args.start as usize);
        self.chunks.get_mut(chunk)?.get_mut(place..place + args.bytes as usize)
    }

    /// The next chunk that a block of `bytes` fits into. Changes nothing when offsets run out.
    #[cold]
    fn open(&mut self, bytes: usize) -> Option<()> {
        let mut chunk = self.chunks.len();
        while Chunks::size(chunk) < bytes.min(TOP) {
            chunk += 1;
        }
        let slots = bytes.div_ceil(Chunks::size(chunk));
        let end = Chunks::start(chunk) + slots * Chunks::size(chunk);
        if u32::try_from(end).is_err() {
            return None;
        }
        self.chunks.resize_with(chunk, Box::default);
        let fresh = if slots == 1 { take(chunk) } else { vec![0; bytes].into() };
        self.chunks.push(fresh);
        self.chunks.resize_with(chunk + slots, Box::default);
        (self.next, self.end) = (Chunks::start(chunk), end);
        Some(())
    }
}

fn take(chunk: usize) -> Box<[u8]> {
    let size = Chunks::size(chunk);
    SHELF.take(Chunks::class(chunk), size).unwrap_or_else(|| vec![0; size].into())
}

impl Clone for Blobs {
    fn clone(&self) -> Blobs {
        let copy = |(chunk, bytes): (usize, &[u8])| {
            if bytes.len() != Chunks::size(chunk) {
                return bytes.into();
            }
            let used = self.next.saturating_sub(Chunks::start(chunk)).min(bytes.len());
            let mut copy = take(chunk);
            copy[..used].copy_from_slice(&bytes[..used]);
            copy
        };
        let chunks = self.chunks.iter().map(|chunk| &**chunk).enumerate().map(copy).collect();
        Blobs { chunks, next: self.next, end: self.end }
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        for (chunk, bytes) in self.chunks.drain(..).enumerate() {
            if bytes.len() == Chunks::size(chunk) {
                SHELF.give(Chunks::class(chunk), bytes, Chunks::size(chunk));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_all_sizes_stay_what_they_were() {
        for seed in 0..20 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut blobs = Blobs::default();
            let mut model = Vec::new();
            for _ in 0..200 {
                let limit = [16, 64, 4_000, 70_000][random.usize(..4)];
                let fill = random.u8(..);
                let bytes = vec![fill; random.usize(..limit)];
                let args = blobs.push(&bytes).expect("there is room");
                assert_eq!(args.start % 16, 0);
                model.push((args, bytes));
            }
            let copy = blobs.clone();
            for (args, bytes) in &model {
                assert_eq!((blobs.get(*args), copy.get(*args)), (&bytes[..], &bytes[..]), "seed {seed}");
            }
        }
    }

    #[test]
    fn a_block_may_be_longer_than_any_chunk() {
        let mut blobs = Blobs::default();
        let sizes = [3, TOP, TOP + 1, 5, 3 * TOP, 1, 7 * TOP - 1, 9];
        let blocks: Vec<(Args, Vec<u8>)> = sizes
            .iter()
            .zip(1..)
            .map(|(&size, fill)| (blobs.push(&vec![fill; size]).expect("there is room"), vec![fill; size]))
            .collect();
        let copy = blobs.clone();
        for (args, bytes) in &blocks {
            assert!(blobs.get(*args) == bytes && copy.get(*args) == bytes, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_block_that_is_not_there_is_empty() {
        let mut blobs = Blobs::default();
        assert_eq!(blobs.get(Args { start: 0, bytes: 1 }), &[0; 0]);
        blobs.push(&[1]).expect("there is room");
        assert_eq!(blobs.get(Args { start: 1 << 30, bytes: 1 }), &[0; 0]);
        assert_eq!(blobs.get(Args { start: 0, bytes: u32::MAX }), &[0; 0]);
        assert_eq!(blobs.get(Args::NONE), &[0; 0]);
    }
}

//! A queue of parameter blocks: bytes go in at the back and are given up at the front, in chunks that
//! are used again.

use std::collections::VecDeque;

/// The size of a chunk in bytes. A longer block gets a chunk of its own.
const CHUNK: usize = 16 << 10;

/// How many empty chunks are kept for later.
const SPARE: usize = 16;

/// Where a block lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    /// The chunk's number; numbers grow and wrap.
    chunk: u32,
    start: u32,
    bytes: u32,
}

/// Blocks in the order they were pushed.
#[derive(Default)]
pub(crate) struct Parameters {
    chunks: VecDeque<Box<[u8]>>,
    /// The number of the front chunk.
    first: u32,
    /// Bytes used of the back chunk.
    used: usize,
    spare: Vec<Box<[u8]>>,
}

impl Parameters {
    /// Copies a block in. No block is longer than `u32::MAX` bytes: the rest is cut off.
    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Block {
        if bytes.is_empty() {
            return Block { chunk: self.first, start: 0, bytes: 0 };
        }
        let bytes = &bytes[..bytes.len().min(u32::MAX as usize)];
        let room = self.chunks.back().map_or(0, |chunk| chunk.len());
        if self.used + bytes.len() > room {
            self.open(bytes.len());
        }
        let start = self.used;
        if let Some(chunk) = self.chunks.back_mut() {
            chunk[start..start + bytes.len()].copy_from_slice(bytes);
        }
        self.used = (start + bytes.len()).next_multiple_of(16);
        let chunk = self.first.wrapping_add(self.chunks.len() as u32 - 1);
        Block { chunk, start: start as u32, bytes: bytes.len() as u32 }
    }

    #[cold]
    fn open(&mut self, bytes: usize) {
        let fresh = match self.spare.pop() {
            Some(chunk) if bytes <= CHUNK => chunk,
            spare => {
                self.spare.extend(spare);
                vec![0; bytes.max(CHUNK)].into()
            }
        };
        self.chunks.push_back(fresh);
        self.used = 0;
    }

    /// The bytes of a block that was not given up.
    #[inline]
    pub(crate) fn get(&self, block: Block) -> &[u8] {
        if block.bytes == 0 {
            return &[];
        }
        let chunk = &self.chunks[block.chunk.wrapping_sub(self.first) as usize];
        &chunk[block.start as usize..][..block.bytes as usize]
    }

    /// Gives up all blocks pushed before this one. An empty block gives up nothing.
    #[inline]
    pub(crate) fn release_before(&mut self, block: Block) {
        while block.bytes > 0 && self.first != block.chunk {
            self.release_front();
        }
    }

    /// Gives up all blocks. The next one lies where the memory is still in cache.
    #[inline]
    pub(crate) fn release_all(&mut self) {
        while self.chunks.len() > 1 || self.chunks.front().is_some_and(|chunk| chunk.len() > CHUNK) {
            self.release_front();
        }
        self.used = 0;
    }

    fn release_front(&mut self) {
        self.first = self.first.wrapping_add(1);
        if let Some(chunk) = self.chunks.pop_front()
            && chunk.len() == CHUNK
            && self.spare.len() < SPARE
        {
            self.spare.push(chunk);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_stay_what_they_were_until_given_up() {
        for seed in 0..50 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut queue = Parameters::default();
            let mut model: VecDeque<(Block, Vec<u8>)> = VecDeque::new();
            for _ in 0..500 {
                let long = if random.u8(..) < 8 { 40_000 } else { 600 };
                let bytes: Vec<u8> = (0..random.usize(..long)).map(|_| random.u8(..)).collect();
                model.push_back((queue.push(&bytes), bytes));
                if random.u8(..) < 100 {
                    for _ in 0..random.usize(..6) {
                        model.pop_front();
                    }
                    match model.front() {
                        Some((block, _)) => queue.release_before(*block),
                        None => queue.release_all(),
                    }
                }
                for (block, bytes) in &model {
                    assert_eq!(queue.get(*block), bytes, "seed {seed}");
                }
            }
        }
    }
}

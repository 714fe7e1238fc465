//! The op arena: ops by index, in chunks that never move and are used again.

use crate::chunk;
use crate::op::Op;
use crate::pool::Shelf;

/// 8 ops (512 bytes) first, 65,536 ops (4 MiB) at most.
type Chunks = chunk::Chunks<3, 16>;

static SHELF: Shelf<Vec<Op>, { Chunks::CLASSES }> = Shelf::new();

/// Ops in the order they were pushed.
#[derive(Default)]
pub(crate) struct Ops {
    /// Each has room for all the ops of its chunk from the start.
    chunks: Vec<Vec<Op>>,
    /// How many more ops the last chunk takes.
    room: usize,
}

impl Ops {
    #[inline]
    pub(crate) fn push(&mut self, op: Op) {
        if self.room == 0 {
            self.open();
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(op);
            self.room -= 1;
        }
    }

    /// The op with this index, if there are so many.
    #[inline]
    pub(crate) fn get(&self, index: u32) -> Option<&Op> {
        let (chunk, place) = Chunks::locate(index as usize);
        self.chunks.get(chunk)?.get(place)
    }

    /// The op with this index, if there are so many.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut Op> {
        let (chunk, place) = Chunks::locate(index as usize);
        self.chunks.get_mut(chunk)?.get_mut(place)
    }

    #[cold]
    fn open(&mut self) {
        let next = self.chunks.len();
        self.room = Chunks::size(next);
        self.chunks.push(take(next));
    }
}

fn bytes(chunk: usize) -> usize {
    Chunks::size(chunk) * size_of::<Op>()
}

fn take(chunk: usize) -> Vec<Op> {
    let kept = SHELF.take(Chunks::class(chunk), bytes(chunk));
    kept.unwrap_or_else(|| Vec::with_capacity(Chunks::size(chunk)))
}

impl Clone for Ops {
    fn clone(&self) -> Ops {
        let copy = |(chunk, ops): (usize, &Vec<Op>)| {
            let mut copy = take(chunk);
            copy.extend_from_slice(ops);
            copy
        };
        Ops { chunks: self.chunks.iter().enumerate().map(copy).collect(), room: self.room }
    }
}

impl Drop for Ops {
    fn drop(&mut self) {
        for (chunk, mut ops) in self.chunks.drain(..).enumerate() {
            ops.clear();
            SHELF.give(Chunks::class(chunk), ops, bytes(chunk));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_stay_at_their_index_over_many_chunks_and_in_a_clone() {
        let mut ops = Ops::default();
        assert_eq!(ops.get(0), None);
        for event in 0..150_000 {
            ops.push(Op::EventWait { event });
        }
        *ops.get_mut(70_000).expect("there are more") = Op::Empty;
        let copy = ops.clone();
        drop(ops);
        for index in 0..150_000 {
            let expect = if index == 70_000 { Op::Empty } else { Op::EventWait { event: index as u64 } };
            assert_eq!(copy.get(index), Some(&expect));
        }
        assert_eq!(copy.get(150_000), None);
    }
}

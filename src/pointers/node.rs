//! A node of the tree: up to 16 keys in one go.

use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// Keys of a full node.
pub const KEYS: usize = 16;
/// Keys after the last one; no allocation starts here.
pub const NO_KEY: u64 = u64::MAX;

/// Keys in ascending order and what they lead to: nodes, or in a leaf records.
#[repr(align(64))]
pub struct Node {
    pub keys: [AtomicU64; KEYS],
    links: [AtomicU32; KEYS],
    pub count: AtomicU32,
}

impl Node {
    pub fn new() -> Node {
        Node {
            keys: std::array::from_fn(|_| AtomicU64::new(NO_KEY)),
            links: std::array::from_fn(|_| AtomicU32::new(0)),
            count: AtomicU32::new(0),
        }
    }

    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    #[inline]
    pub fn key(&self, at: usize) -> u64 {
        self.keys[at].load(Ordering::Relaxed)
    }

    #[inline]
    pub fn link(&self, at: usize) -> u32 {
        self.links[at].load(Ordering::Relaxed)
    }

    /// How many keys are at most this one. Looks at all of them: no branch to guess wrong.
    #[inline]
    pub fn rank(&self, key: u64) -> usize {
        let at_most = |other: &AtomicU64| usize::from(other.load(Ordering::Relaxed) <= key);
        let (low, high) = self.keys.split_at(KEYS / 2);
        low.iter().map(at_most).sum::<usize>() + high.iter().map(at_most).sum::<usize>()
    }

    fn set(&self, at: usize, key: u64, link: u32) {
        self.keys[at].store(key, Ordering::Relaxed);
        self.links[at].store(link, Ordering::Relaxed);
    }

    pub fn insert(&self, at: usize, key: u64, link: u32) {
        let count = self.count();
        for to in (at + 1..=count).rev() {
            self.set(to, self.key(to - 1), self.link(to - 1));
        }
        self.set(at, key, link);
        self.count.store(count as u32 + 1, Ordering::Relaxed);
    }

    pub fn remove(&self, at: usize) {
        let count = self.count() - 1;
        for to in at..count {
            self.set(to, self.key(to + 1), self.link(to + 1));
        }
        self.set(count, NO_KEY, 0);
        self.count.store(count as u32, Ordering::Relaxed);
    }

    /// Moves all keys from this place on to an empty node.
    pub fn move_tail(&self, from: usize, to: &Node) {
        for at in 0..KEYS {
            let (key, link) =
                if at + from < KEYS { (self.key(at + from), self.link(at + from)) } else { (NO_KEY, 0) };
            to.set(at, key, link);
        }
        to.count.store((self.count() - from) as u32, Ordering::Relaxed);
        for at in from..KEYS {
            self.set(at, NO_KEY, 0);
        }
        self.count.store(from as u32, Ordering::Relaxed);
    }
}

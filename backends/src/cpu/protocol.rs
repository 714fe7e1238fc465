//! The atomic words of the engine: a lane's state, the set of ready lanes, the state of the pool.
//!
//! README.md of this folder says why no wake-up can be lost; `tests/protocol.rs` runs this file under
//! loom. The parent module names the atomic types, so that this text is what is checked.

use super::atomics::{AtomicU64, Ordering, fence};

/// Some thread executes the lane.
pub const CLAIMED: u64 = 1;
/// The lane's bit is in the ready set, or a worker has taken the bit and not yet looked.
pub const QUEUED: u64 = 2;
/// The lane waits for another lane, which will requeue it.
pub const PARKED: u64 = 4;
/// Somebody waits for a value of the lane.
pub const WAITERS: u64 = 8;
/// The queue was closed: recycle it once its work is done.
pub const CLOSING: u64 = 16;
/// What the lane waited for was reached while it was still claimed.
pub const NUDGED: u64 = 32;

/// A queue has the lane.
pub const OPEN: u64 = 64;

const COUNT_SHIFT: u32 = 8;
const ONE: u64 = 1 << COUNT_SHIFT;

/// How many pieces of work a lane's word says were submitted.
#[inline]
pub fn published(word: u64) -> u64 {
    word >> COUNT_SHIFT
}

/// Whether nobody looks after a lane with these flags: after a publication it must be queued.
#[inline]
pub fn is_unattended(word: u64) -> bool {
    word & (CLAIMED | QUEUED | PARKED) == 0
}

/// Whether somebody executes a lane with these flags.
#[inline]
pub fn is_claimed(word: u64) -> bool {
    word & CLAIMED != 0
}

/// A lane's state: flags, generation and the number of submissions, in one word.
#[derive(Debug, Default)]
pub struct LaneWord(AtomicU64);

/// What came of giving a claim up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Not given up: there is more work.
    More,
    /// Not given up: somebody waits for a value; serve them and try again.
    Waiters,
    /// Not given up: the queue is closed and drained; recycle it.
    Closed,
    /// Not given up: what the lane waits for was reached meanwhile.
    Nudged,
    /// Given up.
    Free,
    /// Given up with work left: put the lane's bit into the ready set and ring for a worker.
    Requeue,
}

impl LaneWord {
    /// A queue gets the lane, which nobody has. The number of submissions goes on.
    pub fn open(&self) {
        self.0.fetch_or(OPEN, Ordering::AcqRel);
    }

    /// Ends the last claim of a closed and drained queue.
    pub fn retire(&self) {
        self.0.fetch_and(!(CLAIMED | CLOSING | NUDGED | OPEN), Ordering::AcqRel);
    }

    /// The word, with all that was published before it.
    #[inline]
    pub fn load(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Whether a queue has the lane.
    #[inline]
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) & OPEN != 0
    }

    /// One more submission: one read-modify-write. Returns its value and the flags before it; see
    /// [`is_unattended`].
    #[inline]
    pub fn publish(&self) -> (u64, u64) {
        let old = self.0.fetch_add(ONE, Ordering::AcqRel);
        (published(old) + 1, old)
    }

    /// Marks the lane as queued unless somebody looks after it. True: set its bit and ring.
    pub fn queue(&self) -> bool {
        self.change(|old| is_unattended(old).then_some(old | QUEUED))
    }

    /// For the worker that took the lane's bit out of the ready set. True: the lane is claimed.
    pub fn take_queued(&self, completed: impl Fn() -> u64) -> bool {
        let mut old = self.load();
        loop {
            let free = old & (CLAIMED | PARKED) == 0;
            let claim = free && (published(old) > completed() || old & CLOSING != 0);
            let new = (old & !QUEUED) | if claim { CLAIMED } else { 0 };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return claim,
                Err(now) => old = now,
            }
        }
    }

    /// Claims the lane for a caller that waits for it, parked or not. False if somebody executes it.
    pub fn claim(&self) -> bool {
        self.change(|old| (old & CLAIMED == 0).then_some((old | CLAIMED) & !(PARKED | NUDGED)))
    }

    /// Gives the claim up. `done` values are completed; with `stop` even if more work is there.
    /// `served`: everybody who waits for up to `done` was told after `done` was stored.
    pub fn release(&self, done: u64, stop: bool, served: bool) -> Release {
        let mut old = self.load();
        loop {
            let more = published(old) > done;
            if old & WAITERS != 0 && !served {
                return Release::Waiters;
            }
            if more && !stop {
                return Release::More;
            }
            if !more && old & CLOSING != 0 {
                return Release::Closed;
            }
            let requeue = more && old & QUEUED == 0;
            let new = (old & !(CLAIMED | NUDGED)) | if requeue { QUEUED } else { 0 };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if requeue => return Release::Requeue,
                Ok(_) => return Release::Free,
                Err(now) => old = now,
            }
        }
    }

    /// Gives the claim up while the lane waits for another one, with which it was registered.
    pub fn park(&self, served: bool) -> Release {
        let mut old = self.load();
        loop {
            if old & WAITERS != 0 && !served {
                return Release::Waiters;
            }
            let nudged = old & NUDGED != 0;
            let new = if nudged { old & !NUDGED } else { (old & !CLAIMED) | PARKED };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) if nudged => return Release::Nudged,
                Ok(_) => return Release::Free,
                Err(now) => old = now,
            }
        }
    }

    /// What a parked lane waits for was reached. True: set its bit and ring.
    pub fn unpark(&self) -> bool {
        let mut old = self.load();
        loop {
            let new = if old & CLAIMED != 0 {
                old | NUDGED
            } else if old & PARKED != 0 {
                (old & !PARKED) | QUEUED
            } else {
                return false;
            };
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                // A parked lane may still have its bit in the set from before; setting it again is harmless.
                Ok(_) => return old & CLAIMED == 0,
                Err(now) => old = now,
            }
        }
    }

    /// Says that somebody waits for a value. What completed before the executor's next release is seen
    /// by the caller after this; what completes later finds the flag.
    pub fn set_waiters(&self) {
        self.0.fetch_or(WAITERS, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Nobody waits any more. Only under the lock of the waiters.
    pub fn clear_waiters(&self) {
        self.0.fetch_and(!WAITERS, Ordering::AcqRel);
    }

    /// Says that the queue is closed. Whoever executes the lane, or claims it next, retires it.
    pub fn close(&self) {
        self.0.fetch_or(CLOSING, Ordering::AcqRel);
    }

    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> bool {
        let mut old = self.load();
        while let Some(new) = next(old) {
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
        false
    }
}

/// How far a lane is, and the lowest value that somebody waits for.
#[derive(Debug)]
pub struct Progress {
    completed: AtomicU64,
    awaited: AtomicU64,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { completed: AtomicU64::new(0), awaited: AtomicU64::new(u64::MAX) }
    }
}

impl Progress {
    /// The highest value that is reached.
    #[inline]
    pub fn completed(&self) -> u64 {
        self.completed.load(Ordering::Acquire)
    }

    /// The claimed lane reached a value. True: somebody waits for it; a registration under way may be
    /// missed here but not in [`Progress::is_due`].
    #[inline]
    pub fn reach(&self, value: u64) -> bool {
        self.completed.store(value, Ordering::Release);
        self.awaited.load(Ordering::Relaxed) <= value
    }

    /// Whether somebody waits for a value that was reached before. Either this sees a registration or
    /// the registration sees the value.
    pub fn is_due(&self, reached: u64) -> bool {
        fence(Ordering::SeqCst);
        self.awaited.load(Ordering::Relaxed) <= reached
    }

    /// Registers somebody who waits for a value, under the lock of the waiters. True: it is reached.
    pub fn register(&self, word: &LaneWord, value: u64) -> bool {
        if value < self.awaited.load(Ordering::Relaxed) {
            self.awaited.store(value, Ordering::Relaxed);
        }
        word.set_waiters();
        self.completed() >= value
    }

    /// Says what is still awaited (`u64::MAX`: nothing), under the lock of the waiters.
    pub fn settle(&self, word: &LaneWord, lowest: u64) {
        self.awaited.store(lowest, Ordering::Relaxed);
        if lowest == u64::MAX {
            word.clear_waiters();
        }
    }
}

/// A set of lane numbers: a bit a lane, and a bit of the summary for each word that may have one.
#[derive(Debug)]
pub struct ReadySet {
    summary: Box<[AtomicU64]>,
    words: Box<[AtomicU64]>,
}

impl ReadySet {
    /// An empty set for numbers below `lanes`.
    pub fn new(lanes: usize) -> ReadySet {
        let words = lanes.div_ceil(64);
        let zeros = |n: usize| (0..n).map(|_| AtomicU64::new(0)).collect();
        ReadySet { summary: zeros(words.div_ceil(64)), words: zeros(words) }
    }

    /// Adds a lane.
    pub fn insert(&self, lane: u32) {
        let word = lane as usize / 64;
        self.words[word].fetch_or(1 << (lane % 64), Ordering::AcqRel);
        self.summary[word / 64].fetch_or(1 << (word % 64), Ordering::AcqRel);
    }

    /// Whether no lane is in it; an insert that has not returned yet may be missed.
    pub fn is_empty(&self) -> bool {
        self.summary.iter().all(|word| word.load(Ordering::Acquire) == 0)
    }

    /// Takes one lane out, the first from `start` on, round about.
    pub fn take(&self, start: u32) -> Option<u32> {
        let first = start as usize / 64 % self.words.len();
        for step in 0..=self.summary.len() {
            let at = (first / 64 + step) % self.summary.len();
            let mut summary = self.summary[at].load(Ordering::Acquire);
            if step == 0 {
                summary &= u64::MAX << (first % 64);
            }
            while summary != 0 {
                let word = at * 64 + summary.trailing_zeros() as usize;
                summary &= summary - 1;
                let from = if step == 0 && word == first { start % 64 } else { 0 };
                if let Some(lane) = self.take_from(word, from) {
                    return Some(lane);
                }
            }
        }
        None
    }

    /// Takes a bit out of one word, the first from bit `from` on, round about.
    fn take_from(&self, word: usize, from: u32) -> Option<u32> {
        let mut bits = self.words[word].load(Ordering::Acquire);
        while bits != 0 {
            let high = bits & (u64::MAX << from);
            let bit = if high != 0 { high } else { bits }.trailing_zeros();
            let old = self.words[word].fetch_and(!(1 << bit), Ordering::AcqRel);
            if old & (1 << bit) != 0 {
                if old == 1 << bit {
                    self.clear_summary(word);
                }
                return Some(word as u32 * 64 + bit);
            }
            bits = old;
        }
        self.clear_summary(word);
        None
    }

    /// The word was seen empty. An insert sets its bit before the summary's, so it is either seen by the
    /// second look here or sets the summary after it was cleared.
    fn clear_summary(&self, word: usize) {
        let bit = 1 << (word % 64);
        self.summary[word / 64].fetch_and(!bit, Ordering::AcqRel);
        if self.words[word].load(Ordering::Acquire) != 0 {
            self.summary[word / 64].fetch_or(bit, Ordering::AcqRel);
        }
    }
}

const SLEEPER: u64 = 1 << 32;
const NAPPER: u64 = 1;

/// How many workers look for work (nappers, in the low half) and how many sleep.
#[derive(Debug, Default)]
pub struct PoolWord(AtomicU64);

impl PoolWord {
    /// How many look for work or nap between two looks.
    pub fn nappers(&self) -> u32 {
        self.0.load(Ordering::Acquire) as u32
    }

    /// How many sleep.
    pub fn sleepers(&self) -> u32 {
        (self.0.load(Ordering::Acquire) >> 32) as u32
    }

    /// A worker begins to look for work.
    pub fn begin_nap(&self) {
        self.0.fetch_add(NAPPER, Ordering::AcqRel);
    }

    /// A worker found work, or ends. It then calls [`PoolWord::call_one`] if more work is ready.
    pub fn end_nap(&self) {
        self.0.fetch_sub(NAPPER, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// A napper is about to sleep. It must look once more afterwards, and may then
    /// [`PoolWord::cancel_sleep`].
    pub fn begin_sleep(&self) {
        self.0.fetch_add(SLEEPER.wrapping_sub(NAPPER), Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// The sleeper found work after all. False: somebody called a sleeper meanwhile, so a token is on
    /// its way that must be taken. Either way the worker counts as a napper afterwards.
    pub fn cancel_sleep(&self) -> bool {
        self.wake_if(|_| true)
    }

    /// After work was made ready: true if nobody looks for work and somebody sleeps. One sleeper then
    /// counts as a napper, and the caller must give a token.
    pub fn call_one(&self) -> bool {
        fence(Ordering::SeqCst);
        self.wake_if(|nappers| nappers == 0)
    }

    /// Calls a sleeper although others may nap.
    pub fn call_another(&self) -> bool {
        self.wake_if(|_| true)
    }

    fn wake_if(&self, wanted: impl Fn(u32) -> bool) -> bool {
        let mut old = self.0.load(Ordering::Acquire);
        while old >> 32 != 0 && wanted(old as u32) {
            let new = old - SLEEPER + NAPPER;
            match self.0.compare_exchange_weak(old, new, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return true,
                Err(now) => old = now,
            }
        }
        false
    }
}

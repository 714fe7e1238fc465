//! A lane: one queue's work, who executes it, how far it is and who waits for it.

use std::cell::UnsafeCell;
use std::sync::Arc;

use crossbeam::utils::CachePadded;
use parking_lot::{Condvar, Mutex};
use stream_hal_scheduler::Health;

use super::protocol::{self, LaneWord, Progress, Release};
use super::ring;

/// The executing side of a lane.
#[derive(Default)]
pub(super) struct Executor {
    pub(super) ring: ring::Consumer,
    pub(super) health: Arc<Health>,
}

#[derive(Default)]
struct Waiters {
    /// Values and the numbers of lanes parked until they are reached.
    lanes: Vec<(u64, u32)>,
    /// Values that sleeping threads wait for.
    threads: Vec<u64>,
}

/// One queue of the backend.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) word: CachePadded<LaneWord>,
    pub(super) progress: CachePadded<Progress>,
    producer: CachePadded<UnsafeCell<ring::Producer>>,
    executor: CachePadded<UnsafeCell<Executor>>,
    shared: ring::Shared,
    waiters: Mutex<Waiters>,
    reached: Condvar,
}

// SAFETY: the producer is used by one thread at a time (the contract of `Backend::submit`), the
// executor by whoever holds the claim.
unsafe impl Sync for Lane {}

/// Proof that this thread alone executes the lane.
pub(super) struct Claim<'a> {
    pub(super) lane: &'a Lane,
}

impl Claim<'_> {
    /// The executing side with what both sides of the ring share.
    #[inline]
    pub(super) fn executor(&mut self) -> (&mut Executor, &ring::Shared) {
        // SAFETY: the claim is exclusive, and it is borrowed mutably.
        (unsafe { &mut *self.lane.executor.get() }, &self.lane.shared)
    }
}

impl Lane {
    /// Opens the lane for a new queue; nobody else knows it yet.
    pub(super) fn open(&self, health: Arc<Health>) {
        // A worker may still hold a claim for a moment because of a bit from before.
        while !self.word.claim() {
            std::hint::spin_loop();
        }
        // SAFETY: claimed.
        unsafe { (*self.executor.get()).health = health };
        self.word.open();
        self.word.release(self.progress.completed(), true, true);
    }

    /// The appending side.
    ///
    /// # Safety
    /// One thread at a time, as `Backend::submit` demands.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "the caller promises to be the only one")]
    pub(super) unsafe fn producer(&self) -> (&mut ring::Producer, &ring::Shared) {
        // SAFETY: the caller's promise.
        (unsafe { &mut *self.producer.get() }, &self.shared)
    }

    /// For the worker that took the lane's bit.
    pub(super) fn take_queued(&self) -> Option<Claim<'_>> {
        self.word.take_queued(|| self.progress.completed()).then_some(Claim { lane: self })
    }

    /// For a caller that waits for the lane.
    pub(super) fn claim(&self) -> Option<Claim<'_>> {
        self.word.claim().then_some(Claim { lane: self })
    }

    /// How many pieces of work were submitted.
    pub(super) fn published(&self) -> u64 {
        protocol::published(self.word.load())
    }

    /// Registers a lane to be requeued when the value is reached. False: it is reached already.
    pub(super) fn park_until(&self, value: u64, lane: u32) -> bool {
        let mut waiters = self.waiters.lock();
        if self.progress.register(&self.word, value) {
            self.settle(&mut waiters);
            return false;
        }
        waiters.lanes.push((value, lane));
        true
    }

    /// Sleeps until the value is reached.
    pub(super) fn sleep_until(&self, value: u64) {
        let mut waiters = self.waiters.lock();
        if self.progress.register(&self.word, value) {
            return self.settle(&mut waiters);
        }
        waiters.threads.push(value);
        while self.progress.completed() < value {
            self.reached.wait(&mut waiters);
        }
    }

    /// Tells everybody who waits for what is reached; `requeue` is called for each parked lane.
    #[cold]
    pub(super) fn serve(&self, mut requeue: impl FnMut(u32)) {
        let done = self.progress.completed();
        let mut waiters = self.waiters.lock();
        waiters.lanes.retain(|&(value, lane)| {
            if value <= done {
                requeue(lane);
            }
            value > done
        });
        let before = waiters.threads.len();
        waiters.threads.retain(|&value| value > done);
        if waiters.threads.len() < before {
            self.reached.notify_all();
        }
        self.settle(&mut waiters);
    }

    fn settle(&self, waiters: &mut Waiters) {
        let lanes = waiters.lanes.iter().map(|&(value, _)| value);
        let lowest = lanes.chain(waiters.threads.iter().copied()).min();
        self.progress.settle(&self.word, lowest.unwrap_or(u64::MAX));
    }

    /// Gives a claim up, or says why not; `requeue` as in [`Lane::serve`].
    pub(super) fn release(&self, stop: bool, requeue: impl FnMut(u32)) -> Release {
        let done = self.progress.completed();
        let outcome = self.word.release(done, stop, false);
        // A closed lane is not given up by a write to its word, so it asks for itself.
        if matches!(outcome, Release::Waiters | Release::Closed) && self.progress.is_due(done) {
            self.serve(requeue);
        }
        if outcome == Release::Waiters { self.word.release(done, stop, true) } else { outcome }
    }

    /// Gives a claim up while the lane waits for another; `requeue` as in [`Lane::serve`].
    pub(super) fn park(&self, requeue: impl FnMut(u32)) -> Release {
        let done = self.progress.completed();
        match self.word.park(false) {
            Release::Waiters => {
                if self.progress.is_due(done) {
                    self.serve(requeue);
                }
                self.word.park(true)
            }
            other => other,
        }
    }

    /// The lane's queue is closed and drained. The caller held the last claim.
    pub(super) fn retire(&self) {
        // SAFETY: the caller's claim ends with the next line only.
        unsafe { (*self.executor.get()).health = Arc::default() };
        self.word.retire();
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let left = self.published() - self.progress.completed();
        let executor = self.executor.get_mut();
        for _ in 0..left {
            // SAFETY: as many records are published and not popped.
            unsafe { executor.ring.front(&self.shared) };
            // SAFETY: `front` was called.
            unsafe { executor.ring.pop() };
        }
        // SAFETY: the lane ends; the ring is empty.
        unsafe { self.producer.get_mut().free(&self.shared) };
    }
}

//! The engine's atomic words under every order of their steps, as loom finds them.
//!
//! The text that is checked is the backend's own; only the atomic types are loom's.

#![allow(clippy::unwrap_used, reason = "a poisoned lock ends the test")]

/// What `protocol.rs` asks its parent module for.
mod atomics {
    pub use loom::sync::atomic::{AtomicU64, Ordering, fence};
}

#[allow(dead_code, reason = "the file belongs to the cpu backend; the models use a part of it")]
#[path = "../src/cpu/protocol.rs"]
mod protocol;

use std::sync::Arc as Shared;

use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;
use protocol::{LaneWord, PoolWord, Progress, ReadySet, Release};

/// A pool of one worker with a few lanes, and no real sleeping: a token stands for a wake-up.
struct World {
    lanes: Vec<Lane>,
    ready: ReadySet,
    pool: PoolWord,
    tokens: AtomicU64,
}

#[derive(Default)]
struct Lane {
    word: LaneWord,
    progress: Progress,
    /// Lane numbers that wait for a value.
    waiters: Mutex<Vec<(u64, u32)>>,
    executing: AtomicBool,
}

impl World {
    fn new(lanes: usize) -> Arc<World> {
        let world = World {
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            ready: ReadySet::new(lanes),
            pool: PoolWord::default(),
            tokens: AtomicU64::new(0),
        };
        world.lanes.iter().for_each(|lane| lane.word.open());
        Arc::new(world)
    }

    fn offer(&self, lane: u32) {
        self.ready.insert(lane);
        if self.pool.call_one() {
            self.tokens.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn submit(&self, lane: u32) {
        let word = &self.lanes[lane as usize].word;
        let (_, before) = word.publish();
        if protocol::is_unattended(before) && word.queue() {
            self.offer(lane);
        }
    }

    fn serve(&self, lane: &Lane) {
        let done = lane.progress.completed();
        let mut waiters = lane.waiters.lock().unwrap();
        waiters.retain(|&(value, waiting)| {
            if value <= done && self.lanes[waiting as usize].word.unpark() {
                self.offer(waiting);
            }
            value > done
        });
        let lowest = waiters.iter().map(|&(value, _)| value).min();
        lane.progress.settle(&lane.word, lowest.unwrap_or(u64::MAX));
    }

    /// Executes a claimed lane up to a value; true: all of it is done.
    fn run(&self, lane: &Lane, until: u64) {
        assert!(!lane.executing.swap(true, Ordering::SeqCst), "two threads execute one lane");
        let mut done = lane.progress.completed();
        while done < until && protocol::published(lane.word.load()) > done {
            done += 1;
            if lane.progress.reach(done) {
                self.serve(lane);
            }
        }
        lane.executing.store(false, Ordering::SeqCst);
    }

    fn release(&self, number: u32, stop: bool) -> bool {
        let lane = &self.lanes[number as usize];
        let done = lane.progress.completed();
        let mut outcome = lane.word.release(done, stop, false);
        if matches!(outcome, Release::Waiters | Release::Closed) && lane.progress.is_due(done) {
            self.serve(lane);
        }
        if outcome == Release::Waiters {
            outcome = lane.word.release(done, stop, true);
        }
        if outcome == Release::Closed {
            lane.word.retire();
            return true;
        }
        if outcome == Release::Requeue {
            self.offer(number);
        }
        matches!(outcome, Release::Free | Release::Requeue)
    }

    /// What a worker does with the ready set; lane 1 waits for one value of lane 0 before its own.
    fn work(&self, chained: bool) {
        while let Some(number) = self.ready.take(0) {
            let lane = &self.lanes[number as usize];
            if !lane.word.take_queued(|| lane.progress.completed()) {
                continue;
            }
            self.pool.end_nap();
            if !self.ready.is_empty() && self.pool.call_one() {
                self.tokens.fetch_add(1, Ordering::SeqCst);
            }
            loop {
                if chained && number == 1 && self.lanes[0].progress.completed() < 1 {
                    if self.park(number) {
                        break;
                    }
                    continue;
                }
                self.run(lane, u64::MAX);
                if self.release(number, false) {
                    break;
                }
            }
            self.pool.begin_nap();
        }
    }

    /// Lane 1 waits for value 1 of lane 0. True: it is parked.
    fn park(&self, number: u32) -> bool {
        let (lane, awaited) = (&self.lanes[number as usize], &self.lanes[0]);
        let mut waiters = awaited.waiters.lock().unwrap();
        if awaited.progress.register(&awaited.word, 1) {
            let lowest = waiters.iter().map(|&(value, _)| value).min();
            awaited.progress.settle(&awaited.word, lowest.unwrap_or(u64::MAX));
            return false;
        }
        waiters.push((1, number));
        drop(waiters);
        lane.word.park(true) == Release::Free
    }

    /// A worker that looks, and goes to sleep when there is nothing: true if it sleeps for good.
    fn look_and_sleep(&self, chained: bool) -> bool {
        self.pool.begin_nap();
        loop {
            self.work(chained);
            self.pool.begin_sleep();
            if !self.ready.is_empty() && self.pool.cancel_sleep() {
                continue;
            }
            // A token that is given later wakes it too: the end of the test looks for that.
            if self.take_token() {
                continue;
            }
            return true;
        }
    }

    fn take_token(&self) -> bool {
        let tokens = self.tokens.load(Ordering::SeqCst);
        tokens > 0
            && self.tokens.compare_exchange(tokens, tokens - 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// After all threads ended: the sleeper wakes if there is a token; then nothing may be left.
    fn settle(&self, chained: bool) {
        while self.take_token() {
            self.work(chained);
            self.pool.begin_sleep();
        }
        for lane in &self.lanes {
            assert_eq!(lane.progress.completed(), protocol::published(lane.word.load()), "work was lost");
        }
    }
}

fn model(bound: usize, body: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(bound);
    builder.check(body);
}

#[test]
fn a_submission_is_never_lost_to_a_worker_that_falls_asleep() {
    model(3, || {
        let world = World::new(1);
        let worker = thread::spawn({
            let world = world.clone();
            move || world.look_and_sleep(false)
        });
        world.submit(0);
        world.submit(0);
        worker.join().unwrap();
        world.settle(false);
    });
}

#[test]
fn submissions_to_two_lanes_are_not_lost() {
    model(2, || {
        let world = World::new(2);
        let worker = thread::spawn({
            let world = world.clone();
            move || world.look_and_sleep(false)
        });
        world.submit(0);
        world.submit(1);
        worker.join().unwrap();
        world.settle(false);
    });
}

#[test]
fn a_waiting_caller_and_a_worker_share_a_lane() {
    model(2, || {
        let world = World::new(1);
        world.pool.begin_nap();
        world.submit(0);
        world.submit(0);
        let worker = thread::spawn({
            let world = world.clone();
            move || {
                world.pool.end_nap();
                world.look_and_sleep(false)
            }
        });
        // The caller waits for the first value only and leaves the second to others.
        let lane = &world.lanes[0];
        if lane.word.claim() {
            world.run(lane, 1);
            assert!(world.release(0, true));
            assert!(lane.progress.completed() >= 1);
        }
        worker.join().unwrap();
        world.settle(false);
    });
}

#[test]
fn a_lane_that_parks_is_requeued_by_whom_it_waits_for() {
    model(2, || {
        let world = World::new(2);
        // Lane 1 is found first or second; lane 0 is executed by a caller at the same time.
        world.lanes[1].word.publish();
        assert!(world.lanes[1].word.queue());
        world.ready.insert(1);
        world.lanes[0].word.publish();
        assert!(world.lanes[0].word.claim());
        let worker = thread::spawn({
            let world = world.clone();
            move || world.look_and_sleep(true)
        });
        world.run(&world.lanes[0], 1);
        world.release(0, true);
        worker.join().unwrap();
        world.settle(true);
    });
}

#[test]
fn a_lane_that_parks_is_requeued_by_a_queue_that_is_closed() {
    model(2, || {
        let world = World::new(2);
        world.lanes[1].word.publish();
        assert!(world.lanes[1].word.queue());
        world.ready.insert(1);
        world.lanes[0].word.publish();
        world.lanes[0].word.close();
        assert!(world.lanes[0].word.claim());
        let worker = thread::spawn({
            let world = world.clone();
            move || world.look_and_sleep(true)
        });
        world.run(&world.lanes[0], 1);
        world.release(0, true);
        worker.join().unwrap();
        world.settle(true);
    });
}

#[test]
fn whoever_registers_is_served_or_sees_the_value() {
    model(3, || {
        let lane = Arc::new(Lane::default());
        let told = Shared::new(std::sync::atomic::AtomicBool::new(false));
        lane.word.publish();
        assert!(lane.word.claim());
        // Somebody waits for a value far away, so that the flag is set from the start.
        lane.progress.register(&lane.word, 9);
        lane.waiters.lock().unwrap().push((9, 0));
        let waiter = thread::spawn({
            let lane = lane.clone();
            move || {
                let mut waiters = lane.waiters.lock().unwrap();
                if lane.progress.register(&lane.word, 1) {
                    return true;
                }
                waiters.push((1, 0));
                false
            }
        });
        let serve = || {
            let done = lane.progress.completed();
            let mut waiters = lane.waiters.lock().unwrap();
            if waiters.iter().any(|&(value, _)| value <= done) {
                told.store(true, std::sync::atomic::Ordering::SeqCst);
            }
            waiters.retain(|&(value, _)| value > done);
            let lowest = waiters.iter().map(|&(value, _)| value).min();
            lane.progress.settle(&lane.word, lowest.unwrap_or(u64::MAX));
        };
        if lane.progress.reach(1) {
            serve();
        }
        if lane.word.release(1, false, false) == Release::Waiters {
            if lane.progress.is_due(1) {
                serve();
            }
            assert_eq!(lane.word.release(1, false, true), Release::Free);
        }
        let seen = waiter.join().unwrap();
        assert!(seen || told.load(std::sync::atomic::Ordering::SeqCst), "a waiter was forgotten");
    });
}

/// A caller that holds a lane while it waits for another one does not give it up in between.
#[test]
fn whoever_registers_is_served_before_the_executor_blocks() {
    model(3, || {
        let lane = Arc::new(Lane::default());
        lane.word.publish();
        lane.word.publish();
        assert!(lane.word.claim());
        let waiter = thread::spawn({
            let lane = lane.clone();
            move || {
                let _waiters = lane.waiters.lock().unwrap();
                lane.progress.register(&lane.word, 1)
            }
        });
        // What the executor does between a value and the next piece of work, which may block.
        let told = lane.progress.reach(1) || lane.progress.is_due(1);
        assert!(waiter.join().unwrap() || told, "a waiter was forgotten");
    });
}

#[test]
fn a_closed_queue_is_retired_exactly_once() {
    model(3, || {
        let world = World::new(1);
        let word = &world.lanes[0].word;
        word.publish();
        let retired = Arc::new(AtomicU64::new(0));
        let executor = {
            let (world, retired) = (world.clone(), retired.clone());
            move |number: u32| {
                let lane = &world.lanes[number as usize];
                if lane.word.claim() {
                    world.run(lane, u64::MAX);
                    let outcome = lane.word.release(lane.progress.completed(), true, true);
                    if outcome == Release::Closed {
                        lane.word.retire();
                        retired.fetch_add(1, Ordering::SeqCst);
                    }
                }
            }
        };
        let other = thread::spawn({
            let executor = executor.clone();
            move || executor(0)
        });
        word.close();
        executor(0);
        other.join().unwrap();
        assert_eq!(retired.load(Ordering::SeqCst), 1);
        assert!(!word.is_open());
    });
}

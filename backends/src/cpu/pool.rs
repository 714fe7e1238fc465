//! The workers: they look for ready lanes, nap, sleep, help with large pieces of work, and grow in
//! number while some of them are blocked. README.md says why no wake-up can be lost.

use std::any::Any;
use std::hint;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::protocol::{PoolWord, ReadySet};

/// How long a worker naps between looks before it sleeps, in microseconds: 1.3 ms in all.
const NAPS_US: [u64; 14] = [20, 20, 30, 50, 50, 70, 100, 100, 100, 100, 150, 150, 150, 200];
/// How long a worker leaves a lane alone that it has just drained.
const GATHER: Duration = Duration::from_micros(20);
/// How long a worker that has helped looks for more before it naps: the next launch of a row finds it awake. A wake-up takes
/// longer.
const LOOKING: Duration = Duration::from_micros(50);
/// A ready lane that no worker took for this long gets a worker of its own.
const PATIENCE: Duration = Duration::from_millis(1);
/// Threads in all.
const MOST_THREADS: u32 = 1024;

/// What the workers execute: one lane, claimed by its number, as far as it goes.
pub(super) trait Lanes: Send + Sync + 'static {
    /// Claims and executes the lane whose bit was taken. False: there was nothing to do.
    fn run_lane(&self, lane: u32, claimed: &mut dyn FnMut()) -> bool;
    /// The pool these lanes belong to.
    fn pool(&self) -> &Pool;
}

/// The state of all workers.
pub(super) struct Pool {
    pub(super) ready: ReadySet,
    word: PoolWord,
    bell: Bell,
    jobs: Mutex<Vec<Arc<Job>>>,
    open_jobs: AtomicU32,
    threads: u32,
    live: AtomicU32,
    taken: AtomicU64,
    stopping: AtomicBool,
    monitor: Monitor,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

/// What sleepers and nappers wait for.
#[derive(Default)]
struct Bell {
    state: Mutex<BellState>,
    tokens: Condvar,
    nudges: Condvar,
}

#[derive(Default)]
struct BellState {
    /// Sleepers that were called and have not woken yet.
    tokens: u32,
    /// How often nappers were told to look at once.
    nudges: u64,
}

impl Bell {
    fn sleep(&self) {
        let mut state = self.state.lock();
        while state.tokens == 0 {
            self.tokens.wait(&mut state);
        }
        state.tokens -= 1;
    }

    fn give_token(&self) {
        self.state.lock().tokens += 1;
        self.tokens.notify_one();
    }

    fn nudges(&self) -> u64 {
        self.state.lock().nudges
    }

    fn nudge(&self) {
        self.state.lock().nudges += 1;
        self.nudges.notify_one();
    }

    /// Naps unless somebody nudged since `seen`.
    fn nap(&self, seen: u64, time: Duration) {
        let mut state = self.state.lock();
        if state.nudges == seen {
            self.nudges.wait_for(&mut state, time);
        }
    }
}

/// Work that several threads may join: each calls `body` once.
struct Job {
    /// Borrowed from the owner's stack; the owner stays until all who entered have left.
    body: &'static (dyn Fn() + Sync),
    /// How many may still join; under the lock of the pool's jobs.
    places: AtomicU32,
    inside: Mutex<u32>,
    left: Condvar,
    /// What a helper panicked with; the owner goes on with it.
    panicked: Mutex<Option<Box<dyn Any + Send>>>,
}

#[derive(Default)]
struct Monitor {
    asleep: Mutex<bool>,
    poked: Condvar,
}

impl Pool {
    /// A pool for `threads` workers and lanes with numbers below `lanes`. No thread is started yet.
    pub(super) fn new(threads: u32, lanes: usize) -> Pool {
        Pool {
            ready: ReadySet::new(lanes),
            word: PoolWord::default(),
            bell: Bell::default(),
            jobs: Mutex::default(),
            open_jobs: AtomicU32::new(0),
            threads,
            live: AtomicU32::new(0),
            taken: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            monitor: Monitor::default(),
            handles: Mutex::default(),
        }
    }

    /// Workers that are always there.
    pub(super) fn threads(&self) -> u32 {
        self.threads
    }

    /// Starts the workers if they are not there yet.
    pub(super) fn start<L: Lanes>(&self, lanes: &Arc<L>) {
        let mut handles = self.handles.lock();
        if !handles.is_empty() || self.stopping.load(Ordering::Relaxed) {
            return;
        }
        for _ in 0..self.threads {
            handles.extend(spawn_worker(lanes, true));
        }
        let lanes = lanes.clone();
        handles.extend(spawn("stream-hal watch", move || lanes.pool().watch(&lanes)));
    }

    /// From now on nothing is begun, and kernels that ask are told to stop.
    pub(super) fn announce_stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Ends the workers and waits for them, except for the thread that calls.
    pub(super) fn stop(&self) {
        self.announce_stop();
        while self.word.call_another() {
            self.bell.give_token();
        }
        self.wake_monitor();
        for handle in mem::take(&mut *self.handles.lock()) {
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// A lane became ready: its word was marked as queued by the caller.
    pub(super) fn offer(&self, lane: u32) {
        self.ready.insert(lane);
        if self.word.call_one() {
            self.bell.give_token();
        }
    }

    /// Makes a napping worker look at once: for work that is worth a wake-up.
    pub(super) fn hurry(&self) {
        if self.word.nappers() > 0 {
            self.bell.nudge();
        }
    }

    /// Calls `body` here and on up to `helpers` other threads at once; returns when all have returned.
    pub(super) fn together(&self, helpers: u32, body: &(dyn Fn() + Sync)) {
        if helpers == 0 {
            return body();
        }
        // SAFETY: `job` is closed and empty before this function returns, so nobody calls it later.
        let body = unsafe { mem::transmute::<&(dyn Fn() + Sync), &'static (dyn Fn() + Sync)>(body) };
        let places = AtomicU32::new(helpers);
        let (inside, left) = (Mutex::new(0), Condvar::new());
        let job = Arc::new(Job { body, places, inside, left, panicked: Mutex::default() });
        // Also when `body` panics here nobody may be left inside.
        let closing = Closing { pool: self, job: &job };
        self.jobs.lock().push(job.clone());
        self.open_jobs.fetch_add(1, Ordering::SeqCst);
        for _ in 0..helpers {
            if self.word.call_another() {
                self.bell.give_token();
            } else {
                self.hurry();
            }
        }
        body();
        drop(closing);
        if let Some(payload) = job.panicked.lock().take() {
            panic::resume_unwind(payload);
        }
    }

    /// Takes a place in the newest job that has one.
    fn join_job(&self) -> Option<Arc<Job>> {
        let mut jobs = self.jobs.lock();
        let job = jobs.last()?.clone();
        *job.inside.lock() += 1;
        if job.places.fetch_sub(1, Ordering::Relaxed) == 1 {
            jobs.pop();
            self.open_jobs.fetch_sub(1, Ordering::SeqCst);
        }
        Some(job)
    }

    fn has_work(&self) -> bool {
        !self.ready.is_empty() || self.open_jobs.load(Ordering::SeqCst) > 0
    }

    /// This worker found work: if it was the last to look and there is more, another must.
    fn leave_search(&self) {
        self.word.end_nap();
        if self.has_work() && self.word.call_one() {
            self.bell.give_token();
        }
    }

    /// A worker's life.
    fn work<L: Lanes>(&self, lanes: &L, permanent: bool) {
        let (mut start, mut naps) = (0, 0);
        let mut drained = None;
        self.word.begin_nap();
        while !self.is_stopping() {
            let nudges = self.bell.nudges();
            if let Some(lane) = self.ready.take(start) {
                start = lane.wrapping_add(1);
                // A lane that was just drained is being filled: both sides are faster if some work gathers.
                if drained == Some(lane) {
                    self.bell.nap(nudges, GATHER);
                }
                drained = Some(lane);
                let mut searching = true;
                let worked = lanes.run_lane(lane, &mut || {
                    searching = false;
                    self.leave_search();
                });
                if !searching {
                    self.word.begin_nap();
                }
                self.taken.fetch_add(u64::from(worked), Ordering::Relaxed);
                naps = 0;
            } else if self.open_jobs.load(Ordering::SeqCst) > 0 {
                self.help();
                (drained, naps) = (None, 0);
            } else if let Some(&nap) = NAPS_US.get(naps) {
                self.bell.nap(nudges, Duration::from_micros(nap));
                (drained, naps) = (None, naps + 1);
            } else if permanent {
                self.sleep();
                naps = 0;
            } else {
                break;
            }
        }
        self.leave_search();
        self.live.fetch_sub(1, Ordering::SeqCst);
    }

    fn help(&self) {
        let Some(job) = self.join_job() else { return };
        self.leave_search();
        if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(job.body)) {
            job.panicked.lock().get_or_insert(payload);
        }
        let mut inside = job.inside.lock();
        *inside -= 1;
        if *inside == 0 {
            job.left.notify_all();
        }
        drop(inside);
        self.word.begin_nap();
        self.look();
    }

    /// Looks for work without a nap, for a while.
    fn look(&self) {
        let start = Instant::now();
        while !self.has_work() && !self.is_stopping() && start.elapsed() < LOOKING {
            for _ in 0..32 {
                hint::spin_loop();
            }
        }
    }

    fn sleep(&self) {
        self.word.begin_sleep();
        let look_again = self.has_work() || self.stopping.load(Ordering::SeqCst);
        if look_again && self.word.cancel_sleep() {
            return;
        }
        self.bell.sleep();
        self.wake_monitor();
    }

    fn wake_monitor(&self) {
        let mut asleep = self.monitor.asleep.lock();
        if *asleep {
            *asleep = false;
            self.monitor.poked.notify_one();
        }
    }

    /// The monitor's life: gives a ready lane that nobody takes a thread of its own.
    fn watch<L: Lanes>(&self, lanes: &Arc<L>) {
        let mut last = None;
        while !self.is_stopping() {
            let blocked = self.word.nappers() == 0 && self.word.sleepers() == 0 && !self.ready.is_empty();
            let taken = blocked.then(|| self.taken.load(Ordering::Relaxed));
            if taken.is_some() && taken == last && self.live.load(Ordering::Relaxed) < MOST_THREADS {
                // Not kept: it ends by itself, and at the latest when it sees the pool stop.
                drop(spawn_worker(lanes, false));
                last = None;
            } else {
                last = taken;
            }
            let mut asleep = self.monitor.asleep.lock();
            if self.word.nappers() == 0 && self.word.sleepers() >= self.live.load(Ordering::SeqCst) {
                *asleep = true;
                while *asleep && !self.is_stopping() {
                    self.monitor.poked.wait(&mut asleep);
                }
            } else {
                self.monitor.poked.wait_for(&mut asleep, PATIENCE);
            }
        }
    }
}

/// Closes a job and waits until nobody is inside.
struct Closing<'a> {
    pool: &'a Pool,
    job: &'a Arc<Job>,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let mut jobs = self.pool.jobs.lock();
        if let Some(at) = jobs.iter().position(|job| Arc::ptr_eq(job, self.job)) {
            jobs.remove(at);
            self.pool.open_jobs.fetch_sub(1, Ordering::SeqCst);
        }
        drop(jobs);
        let mut inside = self.job.inside.lock();
        while *inside > 0 {
            self.job.left.wait(&mut inside);
        }
    }
}

fn spawn_worker<L: Lanes>(lanes: &Arc<L>, permanent: bool) -> Option<JoinHandle<()>> {
    lanes.pool().live.fetch_add(1, Ordering::SeqCst);
    let owned = lanes.clone();
    let handle = spawn("stream-hal work", move || {
        prepare_thread();
        owned.pool().work(&*owned, permanent);
    });
    if handle.is_none() {
        lanes.pool().live.fetch_sub(1, Ordering::SeqCst);
    }
    handle
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    let spawned = thread::Builder::new().name(name.into()).stack_size(8 << 20).spawn(body);
    spawned.inspect_err(|error| tracing::error!(%error, "a thread could not be started")).ok()
}

/// Signals that were sent to the process are for the program's own threads; naps end on time.
fn prepare_thread() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all zeros is a valid set.
        let mut set: libc::sigset_t = unsafe { mem::zeroed() };
        // SAFETY: the set is writable.
        unsafe { libc::sigfillset(&mut set) };
        for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGTRAP]
        {
            // SAFETY: the set is writable.
            unsafe { libc::sigdelset(&mut set, signal) };
        }
        // SAFETY: the set is valid.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &set, std::ptr::null_mut()) };
        // SAFETY: takes plain numbers; 1 µs instead of 50.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1000) };
    }
}

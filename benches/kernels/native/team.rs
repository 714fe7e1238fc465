//! Threads that share a piece of work: the caller, and a helper that waits for parts.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};

type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// How often the helper looks for a new part before it sleeps: some ten microseconds.
const LOOKS: usize = 5_000;

#[derive(Default)]
struct Shared {
    job: Mutex<Option<Job<'static>>>,
    given: AtomicUsize,
    done: AtomicUsize,
}

/// One or two threads.
pub struct Team {
    helper: Option<(Arc<Shared>, Thread)>,
}

impl Team {
    /// Of one thread, the caller's, or of two.
    pub fn new(threads: usize) -> Team {
        let helper = (threads > 1).then(|| {
            let shared = Arc::new(Shared::default());
            let theirs = shared.clone();
            (shared, thread::spawn(move || help(&theirs)).thread().clone())
        });
        Team { helper }
    }

    /// How many parts work is best split into.
    pub fn size(&self) -> usize {
        1 + usize::from(self.helper.is_some())
    }

    /// Splits what follows into parts of whole units, one a thread: the number of units of each.
    pub fn shares(&self, units: usize) -> (usize, usize) {
        let second = if self.size() == 2 { units / 2 } else { 0 };
        (units - second, second)
    }

    /// Does `work` with both parts at once, where there are two threads, or one after the other.
    pub fn both<T: Send>(&self, first: T, second: T, work: impl Fn(T) + Sync) {
        let Some((shared, thread)) = &self.helper else {
            work(first);
            return work(second);
        };
        let job: Job<'_> = Box::new(|| work(second));
        // SAFETY: the job is done before this function returns, whatever happens to the first part.
        let job = unsafe { std::mem::transmute::<Job<'_>, Job<'static>>(job) };
        *shared.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        let number = shared.given.fetch_add(1, Ordering::Release) + 1;
        thread.unpark();
        let mine = catch_unwind(AssertUnwindSafe(|| work(first)));
        let mut looks = 0;
        while shared.done.load(Ordering::Acquire) != number {
            looks += 1;
            // The helper may have been put on this core.
            if looks < LOOKS { std::hint::spin_loop() } else { thread::yield_now() }
        }
        mine.unwrap_or_else(|panic| resume_unwind(panic));
    }
}

fn help(shared: &Shared) {
    let mut seen = 0;
    loop {
        let mut looks = 0;
        while shared.given.load(Ordering::Acquire) == seen {
            looks += 1;
            if looks < LOOKS { std::hint::spin_loop() } else { thread::park() }
        }
        seen += 1;
        let job = shared.job.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(job) = job
            && catch_unwind(AssertUnwindSafe(job)).is_err()
        {
            // The panic has been reported; a result would be wrong.
            std::process::abort();
        }
        shared.done.store(seen, Ordering::Release);
    }
}

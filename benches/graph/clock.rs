//! Time: what this thread spent, which other work on the machine does not change, and the wall's.

use std::time::Instant;

/// Nanoseconds of processor time that this thread has used.
pub fn thread_ns() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists and the structure is ours.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    assert_eq!(result, 0);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// What a piece of work costs this thread.
pub fn thread_cost(work: impl FnOnce()) -> f64 {
    let start = thread_ns();
    work();
    thread_ns() - start
}

/// How long a piece of work takes.
pub fn wall_cost(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    assert!(!values.is_empty(), "something was measured");
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of some runs, after one that is not counted.
pub fn median_of(runs: usize, mut run: impl FnMut() -> f64) -> f64 {
    run();
    median((0..runs).map(|_| run()).collect())
}

//! The simulator's device threads: one picks and executes, one more stands by.
//!
//! The second takes over when the first is held up for long in one op while other work could run; a
//! host function that waits for other work would else never end. Then a third stands by, and so on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::{Inner, State};

/// An op that takes longer than this has the others run beside it.
const PATIENCE: Duration = Duration::from_millis(5);
/// At times the pick is put off by this, so that more queues have something to pick from.
const PAUSE: Duration = Duration::from_micros(100);

#[derive(Default)]
pub(super) struct Pool {
    /// Threads that wait for something to do.
    idle: u32,
    /// Threads that run an op, and since when the last of them does.
    busy: u32,
    since: Option<Instant>,
    pub is_over: bool,
}

/// Makes sure that a thread stands by.
pub(super) fn need_thread(inner: &Arc<Inner>, state: &mut State) {
    if state.pool.idle > 0 {
        return;
    }
    let own = inner.clone();
    let spawned = std::thread::Builder::new().name("stream-hal-sim".into()).spawn(move || serve(&own));
    if spawned.is_ok() {
        state.pool.idle += 1;
    } else if state.pool.busy == 0 {
        // Nobody can run anything: with the context broken, all work is dropped on this thread.
        drain(state);
    }
}

fn drain(state: &mut State) {
    let fault = crate::backend::Fault {
        kind: crate::backend::FaultKind::LaunchFailed,
        what: "the simulator could not start a thread".into(),
    };
    while let Some(job) = state.pick(None) {
        state.queues.health(job.queue).break_with(fault.clone());
        state.queues.done(job.queue, job.lane);
    }
}

fn serve(inner: &Arc<Inner>) {
    let mut state = inner.state.lock();
    while !state.pool.is_over {
        if !may_run(inner, &mut state) {
            continue;
        }
        if state.rng.u8(..8) == 0 {
            inner.changed.wait_for(&mut state, PAUSE);
        }
        let Some(job) = state.pick(None) else { continue };
        state.pool.idle -= 1;
        state.pool.busy += 1;
        state.pool.since = Some(Instant::now());
        need_thread(inner, &mut state);
        inner.run(&mut state, job);
        state.pool.busy -= 1;
        state.pool.idle += 1;
        if state.pool.idle > 2 {
            break;
        }
    }
    state.pool.idle -= 1;
}

/// Whether this thread should pick now; else waits until that may have changed.
fn may_run(inner: &Inner, state: &mut MutexGuard<'_, State>) -> bool {
    if state.queues.ready(None).is_empty() {
        inner.changed.wait(state);
        return false;
    }
    let Some(since) = state.pool.since.filter(|_| state.pool.busy > 0) else { return true };
    let Some(left) = PATIENCE.checked_sub(since.elapsed()) else { return true };
    inner.changed.wait_for(state, left);
    false
}

//! A launch of a prepared plan: in plan order on one thread, or lanes shared with the workers.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::encode::{Exec, Image, Piece};
use super::execute::{self, Site};
use super::ring::Launched;

/// Rounds over all lanes without work before a thread sleeps.
const SPINS: u32 = 64;

/// Runs a launch to its end.
pub(super) fn launch(launched: &mut Launched, site: &Site<'_>) {
    // Submission checked the type.
    let Some(exec) = launched.prepared.as_any().downcast_ref::<Exec>() else { return };
    let mut image = exec.image.lock();
    // The changes stay, also where the context is broken and nothing runs.
    for delta in &launched.deltas {
        image.apply(delta);
    }
    if !site.health.is_whole() {
        return;
    }
    let image = &*image;
    let helpers = execute::helpers(site.engine, image.lanes.len() as u64);
    if helpers == 0 || !image.is_parallel() {
        run_ops(image, 0..image.ops.len() as u32, site);
    } else {
        let run = Run::new(image, site);
        site.engine.pool.together(helpers, &|| run.work());
    }
}

/// Runs ops in plan order. False: a fault ended it.
#[inline]
fn run_ops(image: &Image, ops: std::ops::Range<u32>, site: &Site<'_>) -> bool {
    let place = Cell::new(ops.start);
    let done = execute::guarded(|| {
        for op in &image.ops[ops.start as usize..ops.end as usize] {
            execute::execute(op, &image.args, &Site { node: Some(place.get()), ..*site })?;
            place.set(place.get() + 1);
        }
        Ok(())
    });
    if let Err(fault) = done {
        Site { node: Some(place.get()), ..*site }.report(fault);
    }
    site.health.is_whole()
}

/// One launch whose lanes several threads execute.
struct Run<'a> {
    image: &'a Image,
    site: &'a Site<'a>,
    lanes: Vec<LaneState>,
    left: AtomicU32,
    ended: AtomicBool,
    /// Threads that found nothing to do.
    idle: Mutex<u32>,
    changed: Condvar,
}

#[derive(Default)]
struct LaneState {
    busy: AtomicBool,
    /// Steps done, relative to the lane's first.
    next: AtomicU32,
    /// The lane's value in this launch.
    reached: AtomicU32,
}

impl<'a> Run<'a> {
    fn new(image: &'a Image, site: &'a Site<'a>) -> Run<'a> {
        Run {
            image,
            site,
            lanes: image.lanes.iter().map(|_| LaneState::default()).collect(),
            left: AtomicU32::new(image.steps.len() as u32),
            ended: AtomicBool::new(false),
            idle: Mutex::new(0),
            changed: Condvar::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.left.load(Ordering::Acquire) == 0 || self.ended.load(Ordering::Acquire)
    }

    fn work(&self) {
        let mut spins = 0;
        while !self.is_over() {
            let mut worked = false;
            for lane in 0..self.lanes.len() {
                worked |= self.run_lane(lane);
            }
            spins = if worked { 0 } else { spins + 1 };
            if spins > SPINS {
                self.sleep();
            } else if spins > 0 {
                std::hint::spin_loop();
            }
        }
    }

    /// Runs what is ready of a lane, if no other thread does. True: something was.
    fn run_lane(&self, lane: usize) -> bool {
        let state = &self.lanes[lane];
        let steps = &self.image.lanes[lane];
        if state.next.load(Ordering::Relaxed) >= steps.len() as u32
            || state.busy.load(Ordering::Relaxed)
            || state.busy.swap(true, Ordering::Acquire)
        {
            return false;
        }
        let mut worked = false;
        loop {
            let next = state.next.load(Ordering::Relaxed);
            let Some(&number) = self.image.lane_steps.get((steps.start + next) as usize) else { break };
            let piece = &self.image.steps[number as usize];
            if steps.start + next >= steps.end || !self.is_ready(piece) || self.is_over() {
                break;
            }
            if !run_ops(self.image, piece.ops.clone(), self.site) {
                self.ended.store(true, Ordering::Release);
            }
            state.next.store(next + 1, Ordering::Relaxed);
            state.reached.store(piece.signal, Ordering::Release);
            self.left.fetch_sub(1, Ordering::AcqRel);
            self.wake();
            worked = true;
        }
        state.busy.store(false, Ordering::Release);
        worked
    }

    fn is_ready(&self, piece: &Piece) -> bool {
        let waits = &self.image.waits[piece.waits.start as usize..piece.waits.end as usize];
        waits.iter().all(|wait| self.lanes[wait.lane as usize].reached.load(Ordering::Acquire) >= wait.value)
    }

    fn wake(&self) {
        if *self.idle.lock() > 0 {
            self.changed.notify_all();
        }
    }

    /// Sleeps until a step is done; a change between look and sleep costs a tenth of a millisecond.
    fn sleep(&self) {
        let mut idle = self.idle.lock();
        if self.is_over() {
            return;
        }
        *idle += 1;
        self.changed.wait_for(&mut idle, Duration::from_micros(100));
        *idle -= 1;
    }
}

//! One launch of a prepared plan in the simulator: its lanes, and which of their ops can begin.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use stream_hal_capture::Op;

use super::SimPrepared;
use crate::backend::{Delta, Fault, FaultKind};
use crate::plan::{Batch, Plan, Step};

pub(super) struct Launch {
    prepared: Arc<SimPrepared>,
    deltas: Vec<Delta>,
    has_begun: bool,
    lanes: Vec<Run>,
}

/// A lane under way.
#[derive(Clone, Default)]
struct Run {
    /// Steps done; the lane's value.
    steps: u32,
    /// Places that can begin: what is left between two barriers.
    ready: Vec<u32>,
    running: u32,
    /// The first place behind those.
    next: Option<u32>,
}

/// An op that may begin.
pub(super) struct Ready {
    pub lane: u32,
    pub op: Op,
    pub args: Vec<u8>,
    pub is_enabled: bool,
}

pub(super) fn steps_by_lane(plan: &Plan) -> Vec<Vec<u32>> {
    let mut lanes = vec![Vec::new(); plan.lanes as usize];
    for (step, i) in plan.steps.iter().zip(0..) {
        lanes[batch(step).lane as usize].push(i);
    }
    lanes
}

fn batch(step: &Step) -> &Batch {
    let (Step::Batch(batch) | Step::Host(batch)) = step;
    batch
}

impl Launch {
    pub fn new(prepared: Arc<SimPrepared>, deltas: Vec<Delta>) -> Launch {
        prepared.pending.fetch_add(1, Ordering::AcqRel);
        let lanes = vec![Run::default(); prepared.plan.lanes as usize];
        Launch { prepared, deltas, has_begun: false, lanes }
    }

    /// Its turn has come: its changes take effect. Does nothing the second time.
    pub fn begin(&mut self) -> Result<(), Fault> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        let fault = |what: String| Fault { kind: FaultKind::LaunchFailed, what };
        let was_running = self.prepared.is_running.swap(true, Ordering::AcqRel);
        let applied = self.prepared.apply(&std::mem::take(&mut self.deltas));
        self.advance();
        if was_running {
            return Err(fault("two launches of one exec at a time".into()));
        }
        applied.map_err(|error| fault(error.to_string()))
    }

    pub fn is_ready(&self) -> bool {
        self.has_begun && self.lanes.iter().any(|lane| !lane.ready.is_empty())
    }

    pub fn is_over(&self) -> bool {
        let is_done = |(lane, run): (usize, &Run)| run.steps as usize == self.prepared.steps[lane].len();
        self.has_begun && self.lanes.iter().enumerate().all(is_done)
    }

    pub fn take(&mut self, rng: &mut fastrand::Rng) -> Ready {
        let ready = self.lanes.iter_mut().zip(0u32..).filter(|(run, _)| !run.ready.is_empty());
        let (run, lane) = rng.choice(ready.collect::<Vec<_>>()).expect("a launch that is ready has an op");
        let place = run.ready.swap_remove(rng.usize(..run.ready.len()));
        run.running += 1;
        let entry = &self.prepared.ops.lock()[place as usize];
        Ready { lane, op: entry.op, args: entry.args.clone(), is_enabled: entry.is_enabled }
    }

    pub fn done(&mut self, lane: u32) {
        self.lanes[lane as usize].running -= 1;
        self.advance();
    }

    /// Opens what can begin, until nothing more opens by it.
    fn advance(&mut self) {
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for lane in 0..self.lanes.len() {
                while self.advance_lane(lane) {
                    has_changed = true;
                }
            }
        }
    }

    fn advance_lane(&mut self, lane: usize) -> bool {
        let plan = &self.prepared.plan;
        let run = &self.lanes[lane];
        let Some(&step) = self.prepared.steps[lane].get(run.steps as usize) else { return false };
        let batch = batch(&plan.steps[step as usize]);
        if !run.ready.is_empty() || run.running > 0 {
            return false;
        }
        let from = match run.next {
            Some(next) => next,
            None if batch.waits.iter().all(|wait| self.lanes[wait.lane as usize].steps >= wait.value) => {
                batch.nodes.start
            }
            None => return false,
        };
        let run = &mut self.lanes[lane];
        if from == batch.nodes.end {
            run.steps += 1;
            run.next = None;
            return true;
        }
        let barrier = plan.barriers.get(plan.barriers.partition_point(|&barrier| barrier <= from));
        let end = barrier.map_or(batch.nodes.end, |&barrier| barrier.min(batch.nodes.end));
        run.ready.extend(from..end);
        run.next = Some(end);
        true
    }
}

impl Drop for Launch {
    fn drop(&mut self) {
        if self.has_begun {
            self.prepared.is_running.store(false, Ordering::Release);
        }
        self.prepared.pending.fetch_sub(1, Ordering::AcqRel);
    }
}

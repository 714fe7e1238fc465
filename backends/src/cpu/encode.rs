//! A plan in this backend's form: ops and arguments in plan order, side by side, and steps per lane.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use stream_hal_capture::{Args, Dag, Op};
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::plan::{Plan, Point, Step};
use stream_hal_scheduler::{Delta, Prepared};

use super::memory;
use super::native;
use super::sync::Engine;

/// From this estimate on a plan with several lanes is shared with the workers.
const PARALLEL_NS: u64 = 20_000;
/// From this estimate on it is worth waking a worker that naps.
const HEAVY_NS: u64 = 10_000;

/// A prepared plan.
pub(super) struct Exec {
    pub(super) image: Mutex<Image>,
    places: usize,
    heavy: AtomicBool,
}

/// What a launch runs. Locked by the launch; launches of one plan never overlap.
#[derive(Default)]
pub(super) struct Image {
    pub(super) ops: Vec<Op>,
    pub(super) args: Vec<u8>,
    /// Bytes at hand for the arguments of each op.
    room: Vec<u32>,
    pub(super) steps: Vec<Piece>,
    pub(super) waits: Vec<Point>,
    /// The steps of each lane in order, as a range of `lane_steps`.
    pub(super) lanes: Vec<Range<u32>>,
    pub(super) lane_steps: Vec<u32>,
    cost_ns: u64,
}

/// A step: ops of one lane between two points.
pub(super) struct Piece {
    pub(super) ops: Range<u32>,
    /// A range of the image's waits.
    pub(super) waits: Range<u32>,
    pub(super) signal: u32,
}

impl Prepared for Exec {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Exec {
    /// Whether a launch is worth waking a worker that naps.
    pub(super) fn is_heavy(&self) -> bool {
        self.heavy.load(Ordering::Relaxed)
    }

    /// Whether changes fit this plan.
    pub(super) fn check(&self, engine: &Engine, deltas: &[Delta]) -> Result<(), Error> {
        for delta in deltas {
            if delta.place as usize >= self.places {
                return Err(Error::Invalid(format!("place {} of a plan of {}", delta.place, self.places)));
            }
            let args = delta.op.args();
            if u64::from(args.start) + u64::from(args.bytes) > delta.args.len() as u64 {
                return Err(Error::Invalid(format!("arguments of {} lie outside", delta.op)));
            }
            check_op(engine, &delta.op)?;
        }
        Ok(())
    }

    /// Changes the image now.
    pub(super) fn patch(&self, engine: &Engine, deltas: &[Delta]) -> Result<(), Error> {
        self.check(engine, deltas)?;
        let mut image = self.image.lock();
        for delta in deltas {
            image.apply(delta);
        }
        self.heavy.store(image.cost_ns >= HEAVY_NS, Ordering::Relaxed);
        Ok(())
    }
}

impl Image {
    /// Whether its lanes are worth several threads.
    pub(super) fn is_parallel(&self) -> bool {
        self.lanes.len() > 1 && self.cost_ns >= PARALLEL_NS
    }

    /// Changes one op; its place and the delta's arguments were checked.
    pub(super) fn apply(&mut self, delta: &Delta) {
        let place = delta.place as usize;
        let (Some(slot), Some(room)) = (self.ops.get_mut(place), self.room.get_mut(place)) else { return };
        self.cost_ns = self.cost_ns.saturating_sub(cost_ns(slot));
        if !delta.enabled {
            *slot = Op::Empty;
            return;
        }
        let args = delta.op.args();
        let bytes = &delta.args[args.start as usize..][..args.bytes as usize];
        let mut start = slot.args().start as usize;
        // A disabled op has forgotten its place, so it gets a new one.
        if args.bytes > *room || matches!(slot, Op::Empty) {
            start = self.args.len().next_multiple_of(16);
            self.args.resize(start + bytes.len(), 0);
            *room = args.bytes;
        }
        self.args[start..start + bytes.len()].copy_from_slice(bytes);
        *slot = delta.op.with_args(Args { start: start as u32, bytes: args.bytes });
        self.cost_ns += cost_ns(slot);
    }
}

/// Copies a plan and its ops into an image.
pub(super) fn prepare(engine: &Engine, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
    let mut image = Image { ops: Vec::with_capacity(plan.order.len()), ..Image::default() };
    image.room.reserve(plan.order.len());
    memory::want_huge_pages(image.ops.spare_capacity_mut());
    let dags = plan.dags(dag);
    for place in &plan.order {
        let source = dags.get(place.path as usize).ok_or_else(|| {
            Error::Invalid(format!("path {} of {} in the plan", place.path, plan.paths.len()))
        })?;
        let op = source.op(place.node).map_err(|error| Error::Invalid(error.to_string()))?;
        image.push(engine, op, source)?;
    }
    if image.args.len() > u32::MAX as usize {
        return Err(Error::Invalid("more than 4 GiB of arguments in one graph".into()));
    }
    image.push_steps(plan)?;
    native::prepare(engine, &image.ops);
    let heavy = AtomicBool::new(image.cost_ns >= HEAVY_NS);
    Ok(Arc::new(Exec { places: image.ops.len(), image: Mutex::new(image), heavy }))
}

impl Image {
    #[inline]
    fn push(&mut self, engine: &Engine, op: &Op, source: &Dag) -> Result<(), Error> {
        let args = op.args();
        if args.bytes == 0 {
            if matches!(op, Op::Launch(_) | Op::Graph { .. }) {
                check_op(engine, op)?;
            }
            self.ops.push(*op);
        } else {
            check_op(engine, op)?;
            let start = self.args.len().next_multiple_of(16);
            self.args.resize(start, 0);
            self.args.extend_from_slice(source.args(args));
            self.ops.push(op.with_args(Args { start: start as u32, bytes: args.bytes }));
        }
        self.room.push(args.bytes);
        self.cost_ns = self.cost_ns.saturating_add(cost_ns(op));
        Ok(())
    }

    fn push_steps(&mut self, plan: &Plan) -> Result<(), Error> {
        let mut counts = vec![0u32; plan.lanes as usize];
        for step in &plan.steps {
            let (Step::Batch(batch) | Step::Host(batch)) = step;
            let inside = batch.nodes.end as usize <= plan.order.len() && batch.lane < plan.lanes;
            if !inside || batch.waits.iter().any(|wait| wait.lane >= plan.lanes) {
                return Err(Error::Invalid(format!(
                    "a step of lane {} points outside of its plan",
                    batch.lane
                )));
            }
            counts[batch.lane as usize] += 1;
            let start = self.waits.len() as u32;
            self.waits.extend_from_slice(&batch.waits);
            let waits = start..self.waits.len() as u32;
            self.steps.push(Piece { ops: batch.nodes.clone(), waits, signal: batch.signal });
        }
        let mut start = 0;
        for count in &counts {
            self.lanes.push(start..start);
            start += count;
        }
        self.lane_steps = vec![0; self.steps.len()];
        for (number, step) in plan.steps.iter().enumerate() {
            let (Step::Batch(batch) | Step::Host(batch)) = step;
            let lane = &mut self.lanes[batch.lane as usize];
            self.lane_steps[lane.end as usize] = number as u32;
            lane.end += 1;
        }
        Ok(())
    }
}

/// What cannot run is refused before it is launched.
fn check_op(engine: &Engine, op: &Op) -> Result<(), Error> {
    match op {
        Op::Launch(launch) if engine.code.get(launch.code).is_none() => {
            Err(Error::Invalid(format!("{op} names code {}, which is not loaded", launch.code)))
        }
        Op::Graph { .. } => Err(Error::Invalid("a child graph that was not inlined".into())),
        _ => Ok(()),
    }
}

/// A rough estimate; it decides only whether other threads are asked to help.
fn cost_ns(op: &Op) -> u64 {
    match op {
        Op::Launch(launch) => {
            let sides = launch.grid.iter().map(|&side| u64::from(side));
            let threads = sides.chain(launch.block.iter().map(|&side| u64::from(side)));
            threads.fold(50, u64::saturating_mul)
        }
        Op::Copy(copy) => 10 + copy.bytes / 8,
        Op::Write(write) => 10 + u64::from(write.args.bytes) / 8,
        Op::Fill(fill) => 10 + fill.width.saturating_mul(fill.height) / 4,
        // Unknown, but it may block.
        Op::Host(_) => 1_000,
        Op::CopyRect(_) => 1_000,
        _ => 5,
    }
}

//! The simulator: a backend that runs work in an order drawn from a seed.
//!
//! Every order it takes is legal: queues and plan lanes progress side by side, ops between two
//! barriers come in any order. In its first form it has no thread. Work runs while somebody waits or
//! asks, or at [`Sim::step`], so that one seed gives one run. In its second form a device thread
//! picks, and programs run as they are.

mod device;
mod launch;
mod queues;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use parking_lot::{Condvar, Mutex};
use stream_hal_capture::{Dag, Op};

use crate::backend::{Backend, Caps, Delta, Error, Fault, Flush, Prepared, QueueOptions, Ticket, Work};
use crate::clock;
use crate::execute::Execute;
use crate::plan::Plan;
use launch::{Launch, Ready};
use queues::{Body, Needs, Queues};

/// How a simulator behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where every choice comes from.
    pub seed: u64,
    /// Lanes of a plan.
    pub lanes: u32,
    /// When eager ops are handed over.
    pub flush: Flush,
    /// Whoever waits executes anything that can run, not only what the awaited point depends on. A
    /// program whose waiting thread holds a lock that some other host function wants may hang.
    pub wild: bool,
    /// Threads of its own execute; whoever waits only waits.
    pub threads: bool,
}

impl Options {
    /// One thread, the caller's; four lanes; ops taken at once.
    pub fn new(seed: u64) -> Options {
        Options { seed, lanes: 4, flush: Flush::AtOnce, wild: false, threads: false }
    }
}

/// A backend that runs work in a seeded order.
pub struct Sim {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
    execute: Box<dyn Execute>,
    state: Mutex<State>,
    /// Something was submitted or done, or it is over.
    changed: Condvar,
}

struct State {
    queues: Queues,
    rng: fastrand::Rng,
    /// Ops begun.
    begun: u64,
    /// The op, counted from 0, that fails instead of running.
    failure: Option<(u64, Fault)>,
    pool: device::Pool,
}

impl Sim {
    /// A simulator without threads.
    pub fn new(seed: u64, execute: Box<dyn Execute>) -> Sim {
        Sim::with(Options::new(seed), execute)
    }

    /// A simulator with a device thread, for whole programs.
    pub fn threaded(seed: u64, execute: Box<dyn Execute>) -> Sim {
        Sim::with(Options { threads: true, ..Options::new(seed) }, execute)
    }

    /// A simulator.
    pub fn with(options: Options, execute: Box<dyn Execute>) -> Sim {
        let state = State {
            queues: Queues::default(),
            rng: fastrand::Rng::with_seed(options.seed),
            begun: 0,
            failure: None,
            pool: device::Pool::default(),
        };
        let inner = Inner { options, execute, state: Mutex::new(state), changed: Condvar::new() };
        Sim { inner: Arc::new(inner) }
    }

    /// Runs one op of those that can run; `false` if none can.
    pub fn step(&self) -> bool {
        let mut state = self.inner.state.lock();
        let Some(job) = state.pick(None) else { return false };
        self.inner.run(&mut state, job);
        true
    }

    /// The op that is begun after `ops` others fails with `fault` instead of running.
    pub fn fail_at(&self, ops: u64, fault: Fault) {
        self.inner.state.lock().failure = Some((ops, fault));
    }

    /// How many ops have begun.
    pub fn begun(&self) -> u64 {
        self.inner.state.lock().begun
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.inner.state.lock().pool.is_over = true;
        self.inner.changed.notify_all();
    }
}

/// An op taken out to be run.
struct Job {
    queue: u32,
    /// For an op of a launch: its lane.
    lane: Option<u32>,
    op: Op,
    args: Vec<u8>,
    /// What it does instead of running.
    instead: Option<Result<(), Fault>>,
    time_ns: u64,
}

impl State {
    /// Takes out one of the ops that can run; with `needs`, only of those that are needed.
    fn pick(&mut self, needs: Option<&Needs>) -> Option<Job> {
        let ready = self.queues.ready(needs);
        let &queue = ready.get(self.rng.usize(..ready.len().max(1)))?;
        let (lane, op, args, is_enabled) = self.queues.take(queue, &mut self.rng);
        let mut instead = None;
        if !is_enabled || !self.queues.health(queue).is_whole() {
            instead = Some(Ok(()));
        } else {
            if self.failure.as_ref().is_some_and(|failure| failure.0 == self.begun) {
                instead = self.failure.take().map(|failure| Err(failure.1));
            }
            self.begun += 1;
        }
        Some(Job { queue, lane, op, args, instead, time_ns: self.begun * 1000 })
    }
}

impl Inner {
    /// Runs a job without the lock.
    fn run(&self, state: &mut parking_lot::MutexGuard<'_, State>, job: Job) {
        let Job { queue, lane, op, args, instead, time_ns } = job;
        let health = state.queues.health(queue).clone();
        let result = parking_lot::MutexGuard::unlocked(state, || match (instead, op) {
            (Some(result), _) => result,
            (None, Op::Empty | Op::EventWait { .. }) => Ok(()),
            (None, Op::EventRecord { stamp, .. }) => {
                let now = if self.options.threads { clock::now_ns() } else { time_ns };
                clock::stamps().set(stamp, now);
                Ok(())
            }
            (None, op) => self.execute.execute(&op, &args, &health),
        });
        if let Err(fault) = result {
            health.break_with(fault);
        }
        state.queues.done(queue, lane);
        self.changed.notify_all();
    }

    /// Executes what the ticket needs until it is reached.
    fn drive(&self, ticket: Ticket) {
        let mut state = self.state.lock();
        let mut needs = state.queues.needs(ticket);
        while state.queues.completed(ticket.queue) < ticket.value {
            let wanted = if self.options.wild { None } else { Some(&needs) };
            match state.pick(wanted) {
                Some(job) => self.run(&mut state, job),
                None => {
                    // Another thread runs what is needed, or has yet to submit it.
                    let known = state.queues.needs(ticket);
                    if known == needs {
                        self.changed.wait(&mut state);
                    }
                    needs = state.queues.needs(ticket);
                }
            }
        }
    }
}

/// A plan with its ops, as the simulator keeps it.
struct SimPrepared {
    plan: Plan,
    /// By lane: its steps.
    steps: Vec<Vec<u32>>,
    ops: Mutex<Vec<Entry>>,
    /// Launches submitted and not done.
    pending: AtomicU32,
    is_running: AtomicBool,
}

struct Entry {
    op: Op,
    args: Vec<u8>,
    is_enabled: bool,
}

impl Prepared for SimPrepared {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl SimPrepared {
    fn apply(&self, deltas: &[Delta]) -> Result<(), Error> {
        let mut ops = self.ops.lock();
        if let Some(delta) = deltas.iter().find(|delta| delta.place as usize >= ops.len()) {
            return Err(Error::Invalid(format!("place {} of {}", delta.place, ops.len())));
        }
        for delta in deltas {
            ops[delta.place as usize] =
                Entry { op: delta.op, args: delta.args.clone(), is_enabled: delta.enabled };
        }
        Ok(())
    }

    fn has_pending(&self) -> bool {
        self.pending.load(std::sync::atomic::Ordering::Acquire) > 0
    }
}

/// A prepared plan of any simulator.
fn own(prepared: &Arc<dyn Prepared>) -> Result<Arc<SimPrepared>, Error> {
    let any: Arc<dyn std::any::Any + Send + Sync> = prepared.clone();
    any.downcast().map_err(|_| Error::Invalid("another backend prepared this plan".into()))
}

impl Backend for Sim {
    fn name(&self) -> &str {
        "sim"
    }

    fn caps(&self) -> Caps {
        let Options { lanes, flush, .. } = self.inner.options;
        Caps { whole_graph: true, branches: false, host_calls: true, flush, lanes }
    }

    fn open_queue(&self, options: QueueOptions) -> Result<u32, Error> {
        Ok(self.inner.state.lock().queues.open(options.health))
    }

    fn close_queue(&self, queue: u32) {
        self.inner.state.lock().queues.close(queue);
    }

    fn prepare(&self, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
        let dags = plan.dags(dag);
        let mut ops = Vec::with_capacity(plan.order.len());
        for place in &plan.order {
            let dag = dags[place.path as usize];
            let op = *dag.op(place.node).map_err(|error| Error::Invalid(error.to_string()))?;
            let args = dag.args(op.args()).to_vec();
            let span = stream_hal_capture::op::Args { start: 0, bytes: args.len() as u32 };
            ops.push(Entry { op: op.with_args(span), args, is_enabled: true });
        }
        Ok(Arc::new(SimPrepared {
            steps: launch::steps_by_lane(plan),
            plan: plan.clone(),
            ops: Mutex::new(ops),
            pending: AtomicU32::new(0),
            is_running: AtomicBool::new(false),
        }))
    }

    fn patch(&self, prepared: &Arc<dyn Prepared>, deltas: &[Delta]) -> Result<(), Error> {
        let prepared = own(prepared)?;
        if prepared.has_pending() {
            return Err(Error::Invalid("a plan was patched while a launch of it was pending".into()));
        }
        prepared.apply(deltas)
    }

    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        let (body, waits) = match work {
            Work::Ops { ops, args, waits } => {
                if ops.iter().any(|op| matches!(op, Op::Graph { .. })) {
                    return Err(Error::Invalid("a graph among ops; it goes in as an exec".into()));
                }
                (Body::ops(ops.to_vec(), args.to_vec()), waits)
            }
            Work::Exec { prepared, deltas, waits } => {
                (Body::Exec(Box::new(Launch::new(own(prepared)?, deltas))), waits)
            }
        };
        let mut state = self.inner.state.lock();
        let value = state.queues.submit(queue, body, waits.to_vec());
        if self.inner.options.threads {
            device::need_thread(&self.inner, &mut state);
        }
        self.inner.changed.notify_all();
        Ok(Ticket { queue, value })
    }

    /// Without threads, asking may run an op that the queue's work needs; so polling makes progress.
    fn completed(&self, queue: u32) -> u64 {
        let mut state = self.inner.state.lock();
        if !self.inner.options.threads && state.queues.is_busy(queue) && state.rng.bool() {
            let needs = state.queues.needs_of(queue);
            if let Some(job) = state.pick(Some(&needs)) {
                self.inner.run(&mut state, job);
            }
        }
        state.queues.completed(queue)
    }

    fn wait(&self, ticket: Ticket) {
        if !self.inner.options.threads {
            return self.inner.drive(ticket);
        }
        let mut state = self.inner.state.lock();
        while state.queues.completed(ticket.queue) < ticket.value {
            self.inner.changed.wait(&mut state);
        }
    }
}

//! A decorator over any backend that finds order which nothing keeps.
//!
//! A plan must cover each edge of its graph, or it is not prepared. What is submitted is followed by
//! vector clocks: the runtime says with [`Checker::expect`] which order it owes to its program, and
//! the submissions must show it, whether or not the work happened to run in that order. What is
//! found breaks the context of the queue, is logged, and can be read from [`Checker::found`].

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::backend::{Error, Fault, FaultKind};
use stream_hal_scheduler::plan::Plan;
use stream_hal_scheduler::trace::Trace;
use stream_hal_scheduler::{Backend, Caps, Delta, Health, Prepared, QueueOptions, Ticket, Work, cover};

/// So many findings are kept.
const KEPT: usize = 64;

/// A backend that checks what it is asked to do and has another do it.
pub struct Checker {
    inner: Arc<dyn Backend>,
    name: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    trace: Trace,
    health: HashMap<u32, Arc<Health>>,
    /// Order owed to submissions that are yet to come, by their queue.
    owed: HashMap<u32, Vec<(Ticket, u64)>>,
    found: Vec<String>,
}

/// A prepared plan of the inner backend, and its last launch.
struct Checked {
    inner: Arc<dyn Prepared>,
    places: usize,
    last: Mutex<Option<Ticket>>,
    /// Whose it is.
    of: Weak<dyn Backend>,
}

impl Prepared for Checked {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Checker {
    /// Checks for `inner`.
    pub fn new(inner: Arc<dyn Backend>) -> Checker {
        let name = format!("checker+{}", inner.name());
        Checker { inner, name, state: Mutex::default() }
    }

    /// The program may rely on `before` being done when `after` begins. `after` may be the next
    /// submission of its queue, or one to come.
    pub fn expect(&self, before: Ticket, after: Ticket) {
        let mut state = self.state.lock();
        if state.trace.submitted(after.queue) >= after.value {
            state.check(before, after);
        } else {
            state.owed.entry(after.queue).or_default().push((before, after.value));
        }
    }

    /// What was found so far, in words; the first 64.
    pub fn found(&self) -> Vec<String> {
        self.state.lock().found.clone()
    }

    fn checked<'a>(&self, prepared: &'a Arc<dyn Prepared>) -> Result<&'a Checked, Error> {
        let checked = prepared.as_any().downcast_ref::<Checked>();
        let is_own = |checked: &&Checked| std::ptr::addr_eq(checked.of.as_ptr(), Arc::as_ptr(&self.inner));
        checked.filter(is_own).ok_or_else(|| self.refuse("another backend prepared this plan"))
    }

    fn refuse(&self, why: &str) -> Error {
        tracing::error!(backend = self.name, "{why}");
        Error::Invalid(why.to_owned())
    }
}

impl State {
    /// What the queue's next submission waits for must be submitted, and what it owes be shown.
    fn submit(&mut self, queue: u32, waits: &[Ticket]) -> Ticket {
        for wait in waits {
            if wait.queue == queue {
                self.report(queue, format!("queue {queue} waits for itself"));
            } else if self.trace.submitted(wait.queue) < wait.value {
                let Ticket { queue: other, value } = *wait;
                let what =
                    format!("queue {queue} waits for value {value} of queue {other}, not submitted yet");
                self.report(queue, what);
            }
            if waits.iter().filter(|other| other.queue == wait.queue).count() > 1 {
                self.report(queue, format!("two waits for queue {} at once", wait.queue));
            }
        }
        let ticket = self.trace.submit(queue, waits);
        let owed = self.owed.remove(&queue).unwrap_or_default();
        let (due, later): (Vec<_>, Vec<_>) = owed.into_iter().partition(|&(_, value)| value <= ticket.value);
        for (before, value) in due {
            self.check(before, Ticket { queue, value });
        }
        if !later.is_empty() {
            self.owed.insert(queue, later);
        }
        ticket
    }

    fn check(&mut self, before: Ticket, after: Ticket) {
        if self.trace.is_before(before, after) {
            return;
        }
        let what = format!(
            "nothing orders value {} of queue {} before value {} of queue {}",
            before.value, before.queue, after.value, after.queue
        );
        self.report(after.queue, what);
    }

    fn report(&mut self, queue: u32, what: String) {
        tracing::error!("{what}");
        if let Some(health) = self.health.get(&queue) {
            health.break_with(Fault { kind: FaultKind::LaunchFailed, what: what.clone() });
        }
        if self.found.len() < KEPT {
            self.found.push(what);
        }
    }
}

impl Backend for Checker {
    fn name(&self) -> &str {
        &self.name
    }

    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn open_queue(&self, options: QueueOptions) -> Result<u32, Error> {
        let health = options.health.clone();
        let queue = self.inner.open_queue(options)?;
        let value = self.inner.completed(queue);
        let mut state = self.state.lock();
        let old = state.trace.submitted(queue);
        state.health.insert(queue, health);
        if value < old {
            state
                .report(queue, format!("queue {queue} is used again at value {value}; it had reached {old}"));
        }
        state.trace.open(queue, value);
        Ok(queue)
    }

    fn close_queue(&self, queue: u32) {
        self.inner.close_queue(queue);
    }

    fn prepare(&self, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
        cover::check(dag, plan).map_err(|gap| self.refuse(&gap.to_string()))?;
        let inner = self.inner.prepare(plan, dag)?;
        let of = Arc::downgrade(&self.inner);
        Ok(Arc::new(Checked { inner, places: plan.order.len(), last: Mutex::new(None), of }))
    }

    fn patch(&self, prepared: &Arc<dyn Prepared>, deltas: &[Delta]) -> Result<(), Error> {
        let checked = self.checked(prepared)?;
        if let Some(last) = *checked.last.lock()
            && !self.state.lock().trace.is_seen(last)
        {
            return Err(self.refuse("a plan is patched while nobody has seen its last launch done"));
        }
        if deltas.iter().any(|delta| delta.place as usize >= checked.places) {
            return Err(self.refuse("a delta names a place that the plan does not have"));
        }
        self.inner.patch(&checked.inner, deltas)
    }

    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        let (mine, given) = match work {
            Work::Ops { ops, args, waits } => {
                let fits = |op: &Op| op.args().start as usize + op.args().bytes as usize <= args.len();
                if !ops.iter().all(fits) {
                    return Err(self.refuse("an op's parameters lie outside of those that came with it"));
                }
                let mine = self.state.lock().submit(queue, waits);
                (mine, self.inner.submit(queue, Work::Ops { ops, args, waits }))
            }
            Work::Exec { prepared, deltas, waits } => {
                let checked = self.checked(prepared)?;
                let mut last = checked.last.lock();
                let mut state = self.state.lock();
                let mine = state.submit(queue, waits);
                if let Some(last) = *last {
                    state.check(last, mine);
                }
                drop(state);
                let prepared = &checked.inner;
                let given = self.inner.submit(queue, Work::Exec { prepared, deltas, waits });
                if given.is_ok() {
                    *last = Some(mine);
                }
                (mine, given)
            }
        };
        let given = given.inspect_err(|_| self.state.lock().trace.withdraw(mine))?;
        if mine != given {
            let what = format!("queue {queue} gave value {} where {} was next", given.value, mine.value);
            self.state.lock().report(queue, what);
        }
        Ok(given)
    }

    fn completed(&self, queue: u32) -> u64 {
        let value = self.inner.completed(queue);
        let mut state = self.state.lock();
        if value > state.trace.submitted(queue) {
            let what = format!("queue {queue} has reached value {value}, which was never submitted");
            state.report(queue, what);
        }
        state.trace.see(Ticket { queue, value });
        value
    }

    fn wait(&self, ticket: Ticket) {
        self.inner.wait(ticket);
        let value = self.inner.completed(ticket.queue);
        let mut state = self.state.lock();
        if value < ticket.value {
            let Ticket { queue, value } = ticket;
            state.report(queue, format!("the wait for value {value} of queue {queue} returned too early"));
        }
        state.trace.see(ticket);
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Deref;

    use stream_hal_capture::Node;
    use stream_hal_capture::op::{Args, Fill, Write};
    use stream_hal_scheduler::plan::{self, Options, Step};
    use stream_hal_scheduler::{Exec, Execute, Lane, Sim, sim};

    use super::*;

    struct Nothing;

    impl Execute for Nothing {
        fn execute(&self, _: &Op, _: &[u8], _: &Health) -> Result<(), Fault> {
            Ok(())
        }
    }

    fn op() -> Op {
        Op::Fill(Fill { to: 0x1000, pitch: 0, width: 1, height: 1, value: 0, element_bytes: 4 })
    }

    /// A checker over the simulator, and lanes on it.
    struct World {
        checker: Arc<Checker>,
        health: Arc<Health>,
        lanes: Vec<Lane>,
    }

    impl World {
        fn new(seed: u64) -> World {
            let options = sim::Options { lanes: 1 + seed as u32 % 3, ..sim::Options::new(seed) };
            let checker = Arc::new(Checker::new(Arc::new(Sim::with(options, Box::new(Nothing)))));
            let health = Health::new();
            let options = || QueueOptions { device: 0, priority: 0, health: health.clone() };
            let lanes = (0..3).map(|_| Lane::open(checker.clone(), options()).unwrap()).collect();
            World { health: health.clone(), checker, lanes }
        }
    }

    impl Deref for World {
        type Target = Checker;

        fn deref(&self) -> &Checker {
            &self.checker
        }
    }

    fn graph(edges: &[(u32, u32)], nodes: u32) -> Arc<Dag> {
        let mut dag = Dag::new();
        for _ in 0..nodes {
            dag.add(op(), &[]).unwrap();
        }
        for &(from, to) in edges {
            dag.add_edge(Node(from), Node(to), 0).unwrap();
        }
        Arc::new(dag)
    }

    /// Each part of a plan that keeps an edge is taken out in turn: it is refused every time.
    #[test]
    fn a_plan_that_loses_an_edge_is_not_prepared() {
        let dag = graph(&[(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)], 5);
        for lanes in 1..=3 {
            let world = World::new(1);
            let plan = plan::cut(&dag, Options { lanes, host_calls: true }).unwrap();
            assert!(world.prepare(&plan, &dag).is_ok());
            for barrier in 0..plan.barriers.len() {
                let mut broken = plan.clone();
                broken.barriers.remove(barrier);
                assert!(matches!(world.prepare(&broken, &dag), Err(Error::Invalid(_))), "{broken:?}");
            }
            for step in 0..plan.steps.len() {
                let mut broken = plan.clone();
                let (Step::Batch(batch) | Step::Host(batch)) = &mut broken.steps[step];
                if batch.waits.pop().is_some() {
                    assert!(matches!(world.prepare(&broken, &dag), Err(Error::Invalid(_))), "{broken:?}");
                }
            }
        }
    }

    /// Random programs that owe order between lanes: with all waits nothing is found; each wait left
    /// out in turn is found, though the work may well have run in the right order.
    #[test]
    fn each_wait_left_out_is_found() {
        for seed in 0..60 {
            let (waits, found) = program(seed, usize::MAX);
            assert_eq!(found, Vec::<String>::new(), "seed {seed}");
            for left_out in 0..waits {
                let (_, found) = program(seed, left_out);
                assert!(!found.is_empty(), "seed {seed}, wait {left_out} of {waits}");
            }
        }
    }

    /// Runs a program without its `left_out`th wait; how many there are, and what was found.
    fn program(seed: u64, left_out: usize) -> (usize, Vec<String>) {
        let mut world = World::new(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut exec = Exec::new(world.checker.clone(), &graph(&[(0, 1), (0, 2)], 3)).unwrap();
        let mut waits = 0;
        // What a lane is known to come after, so that each wait made is the only one to show it.
        let mut last = [0u64; 3];
        for _ in 0..20 {
            let (from, to) = (rng.usize(..3), rng.usize(..3));
            last[from] = world.lanes[from].push(op(), &[]).unwrap();
            if from != to {
                let before = Ticket { queue: world.lanes[from].queue(), value: last[from] };
                let queue = world.lanes[to].queue();
                world.expect(before, Ticket { queue, value: world.lanes[to].point().value + 1 });
                // A point that polling has shown to be reached needs no wait.
                if world.completed(before.queue) < before.value {
                    if waits != left_out {
                        world.lanes[to].wait_for(before).unwrap();
                    }
                    waits += 1;
                }
                world.lanes[to].push(op(), &[]).unwrap();
            }
            if rng.u8(..4) == 0 {
                world.lanes[to].launch(&mut exec).unwrap();
            }
        }
        for i in 0..3 {
            let point = world.lanes[i].last().unwrap();
            world.wait(point);
        }
        let found = world.found();
        assert_eq!(world.health.is_whole(), found.is_empty());
        (waits, found)
    }

    #[test]
    fn launches_of_one_plan_must_not_overlap() {
        let world = World::new(1);
        let dag = graph(&[], 2);
        let plan = plan::cut(&dag, Options { lanes: 1, host_calls: true }).unwrap();
        let prepared = world.prepare(&plan, &dag).unwrap();
        let launch = |queue: u32, waits: &[Ticket]| {
            let work = Work::Exec { prepared: &prepared, deltas: Vec::new(), waits };
            world.submit(queue, work).unwrap()
        };
        let first = launch(world.lanes[0].queue(), &[]);
        launch(world.lanes[1].queue(), &[first]);
        assert_eq!(world.found(), Vec::<String>::new());
        launch(world.lanes[2].queue(), &[]);
        assert_eq!(world.found().len(), 1);
        assert!(!world.health.is_whole());
        // None of them was seen done, so the plan may not change under them.
        let delta = Delta { place: 0, op: op(), args: Vec::new(), enabled: true };
        assert!(matches!(world.patch(&prepared, &[delta]), Err(Error::Invalid(_))));
    }

    #[test]
    fn what_a_submission_may_not_say() {
        let world = World::new(1);
        let queue = world.lanes[0].queue();
        let submit =
            |ops: &[Op], waits: &[Ticket]| world.submit(queue, Work::Ops { ops, args: &[0; 8], waits });
        let outside = Op::Write(Write { to: 0, from: 0, args: Args { start: 0, bytes: 16 } });
        assert!(matches!(submit(&[outside], &[]), Err(Error::Invalid(_))));
        assert_eq!(submit(&[op()], &[]), Ok(Ticket { queue, value: 1 }));
        assert_eq!(world.found(), Vec::<String>::new());
        let later = Ticket { queue: world.lanes[1].queue(), value: 1 };
        submit(&[op()], &[later]).unwrap();
        assert_eq!(world.found().len(), 1, "{:?}", world.found());
    }
}

//! Mistakes of ours, put in on purpose: a panic while work is executed breaks its context and nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stream_hal_capture::op::{Args, Fill, Launch, Write};
use stream_hal_capture::{Dag, Op};
use stream_hal_kernels as kernels;
use stream_hal_scheduler::backend::FaultKind;
use stream_hal_scheduler::plan::{self, Options as Cut};
use stream_hal_scheduler::{Backend, Health, QueueOptions, Ticket, Work};

use super::open;
use crate::device::Place;
use crate::{Opened, Options};

/// A write to this address panics.
const PANIC_AT: u64 = 0x0bad_0bad;
/// A launch with so much shared memory panics in all blocks that helping threads run.
const PANIC_BYTES: u32 = 0x0bad;

pub(super) fn at_op(op: &Op) {
    if matches!(op, Op::Write(write) if write.to == PANIC_AT) {
        panic!("injected at an op");
    }
}

pub(super) fn at_block(launch: &kernels::Launch<'_>) {
    if launch.shared_bytes == PANIC_BYTES && std::thread::current().name() == Some("stream-hal work") {
        panic!("injected in block work");
    }
}

fn write() -> Op {
    Op::Write(Write { to: PANIC_AT, from: 0, args: Args { start: 0, bytes: 8 } })
}

fn fill(to: u64, width: u64) -> Op {
    Op::Fill(Fill { to, pitch: 0, width, height: 1, value: 7, element_bytes: 4 })
}

struct World {
    opened: Opened,
    memory: u64,
}

impl World {
    fn new(threads: u32, seed: Option<u64>) -> World {
        let options = Options { cpu_threads: threads, seed, ..Options::default() };
        let opened = open(&options).unwrap();
        let memory = opened.devices[0].alloc(1 << 20, Place::Device).unwrap();
        World { opened, memory }
    }

    fn backend(&self) -> &dyn Backend {
        &*self.opened.backend
    }

    fn queue(&self, health: &Arc<Health>) -> u32 {
        let options = QueueOptions { device: 0, priority: 0, health: health.clone() };
        self.backend().open_queue(options).unwrap()
    }

    fn submit(&self, queue: u32, ops: &[Op]) -> Ticket {
        self.backend().submit(queue, Work::Ops { ops, args: &[0; 8], waits: &[] }).unwrap()
    }

    /// By execution on this thread, or by looking only.
    fn reach(&self, ticket: Ticket, looking: bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while looking && self.backend().completed(ticket.queue) < ticket.value {
            assert!(Instant::now() < end, "nobody executes {ticket:?}");
            std::thread::sleep(Duration::from_micros(50));
        }
        self.backend().wait(ticket);
    }

    /// The context is broken with these words, and its lane and the others go on.
    fn check(&self, queue: u32, health: &Health, words: &str, looking: bool) {
        let fault = health.fault().expect("it panicked");
        assert_eq!(fault.kind, FaultKind::LaunchFailed);
        assert!(fault.what.contains(words), "{}", fault.what);
        let value = |value: u32| {
            let mut bytes = [0; 4];
            self.opened.devices[0].read(self.memory, &mut bytes).unwrap();
            assert_eq!(u32::from_le_bytes(bytes), value);
        };
        self.opened.devices[0].write(self.memory, &[0; 4]).unwrap();
        self.reach(self.submit(queue, &[fill(self.memory, 1)]), looking);
        value(0);
        self.backend().close_queue(queue);
        let whole = Health::new();
        let other = self.queue(&whole);
        self.reach(self.submit(other, &[fill(self.memory, 1)]), looking);
        value(7);
        assert_eq!(whole.fault(), None);
        self.backend().close_queue(other);
    }
}

fn each(story: impl Fn(&World, bool)) {
    for (threads, seed) in [(1, None), (2, None), (2, Some(3))] {
        for looking in [false, true] {
            story(&World::new(threads, seed), looking);
        }
    }
}

#[test]
fn a_panic_in_an_op_breaks_its_context() {
    each(|world, looking| {
        let health = Health::new();
        let queue = world.queue(&health);
        world.submit(queue, &[fill(world.memory, 1)]);
        let ticket = world.submit(queue, &[write(), fill(world.memory, 1)]);
        world.submit(queue, &[fill(world.memory, 1)]);
        world.reach(ticket, looking);
        world.check(queue, &health, "injected at an op", looking);
    });
}

#[test]
fn a_panic_in_a_plan_breaks_its_context() {
    // One lane, and several that are worth several threads.
    for branches in [1, 4] {
        each(|world, looking| {
            let mut dag = Dag::new();
            let root = dag.record(fill(world.memory, 1), &[], &[]).unwrap();
            for branch in 0..branches {
                let at = world.memory + branch * (256 << 10);
                let first = dag.record(fill(at, 64 << 10), &[], &[root]).unwrap();
                let next = match branch {
                    0 => dag.record(write(), &[0; 8], &[first]).unwrap(),
                    _ => first,
                };
                dag.record(fill(at, 64 << 10), &[], &[next]).unwrap();
            }
            let plan = plan::cut(&dag, Cut { lanes: 4, host_calls: true }).unwrap();
            let prepared = world.backend().prepare(&plan, &dag).unwrap();
            let health = Health::new();
            let queue = world.queue(&health);
            let work = Work::Exec { prepared: &prepared, deltas: vec![], waits: &[] };
            world.reach(world.backend().submit(queue, work).unwrap(), looking);
            world.check(queue, &health, "injected at an op", looking);
        });
    }
}

#[test]
fn a_panic_on_a_helping_thread_ends_the_launch() {
    let world = World::new(2, None);
    let source = ".version 7.8 .target sm_80 .address_size 64 .visible .entry spin() { again: bra again; }";
    let module = world.opened.devices[0].load_module(source.as_bytes()).unwrap();
    let launch = Op::Launch(Launch {
        function: 1,
        code: module.kernel(0).unwrap().code,
        grid: [8, 1, 1],
        block: [1, 1, 1],
        flags: 0,
        shared_bytes: PANIC_BYTES,
        args: Args { start: 0, bytes: 0 },
    });
    for looking in [false, true] {
        let health = Health::new();
        let queue = world.queue(&health);
        world.reach(world.submit(queue, &[launch]), looking);
        world.check(queue, &health, "injected in block work", looking);
    }
}

//! A backend with a context, and the ops the stories are made of.
#![allow(dead_code, missing_docs, clippy::unwrap_used, reason = "each test file uses a part of it")]

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;
use stream_hal_backends::device::Place;
use stream_hal_backends::{Device, Opened, Options, in_host_call, open};
use stream_hal_capture::op::{Copy, Direction, Fill, Host};
use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::plan::{self, Plan};
use stream_hal_scheduler::{Backend, Delta, Health, Prepared, QueueOptions, Ticket, Work};

pub fn with_threads(threads: u32) -> Opened {
    open("cpu", &Options { cpu_threads: threads, ..Options::default() }).unwrap()
}

/// Every backend and setting that carries work out.
pub fn configurations() -> Vec<(String, Opened)> {
    let memcheck = Options { memcheck: true, cpu_threads: 2, ..Options::default() };
    let mut all: Vec<_> = [1, 2, 4].map(|n| (format!("cpu, {n} threads"), with_threads(n))).into();
    all.push(("cpu, memcheck".into(), open("cpu", &memcheck).unwrap()));
    all
}

pub struct World {
    pub opened: Opened,
    pub health: Arc<Health>,
}

impl World {
    pub fn new(opened: Opened) -> World {
        World { opened, health: Health::new() }
    }

    pub fn device(&self) -> &dyn Device {
        &*self.opened.devices[0]
    }

    pub fn backend(&self) -> &dyn Backend {
        &*self.opened.backend
    }

    pub fn queue(&self) -> u32 {
        self.queue_of(&self.health)
    }

    pub fn queue_of(&self, health: &Arc<Health>) -> u32 {
        let options = QueueOptions { device: 0, priority: 0, health: health.clone() };
        self.backend().open_queue(options).unwrap()
    }

    pub fn words(&self, count: u64) -> u64 {
        let address = self.device().alloc(count * 4, Place::Device).unwrap();
        self.device().write(address, &vec![0; count as usize * 4]).unwrap();
        address
    }

    pub fn word(&self, address: u64) -> u32 {
        let mut bytes = [0; 4];
        self.device().read(address, &mut bytes).unwrap();
        u32::from_le_bytes(bytes)
    }

    pub fn submit(&self, queue: u32, op: Op, waits: &[Ticket]) -> Ticket {
        self.backend().submit(queue, Work::Ops { ops: &[op], args: &[], waits: &tidy(queue, waits) }).unwrap()
    }

    pub fn launch(
        &self,
        queue: u32,
        prepared: &Arc<dyn Prepared>,
        deltas: Vec<Delta>,
        waits: &[Ticket],
    ) -> Ticket {
        self.backend().submit(queue, Work::Exec { prepared, deltas, waits: &tidy(queue, waits) }).unwrap()
    }

    pub fn prepare(&self, dag: &Dag, lanes: u32) -> (Plan, Arc<dyn Prepared>) {
        let plan = plan::cut(dag, plan::Options { lanes, host_calls: true }).unwrap();
        let prepared = self.backend().prepare(&plan, dag).unwrap();
        (plan, prepared)
    }
}

/// As the scheduler gives waits: none for the queue itself, one for each other queue.
pub fn tidy(queue: u32, waits: &[Ticket]) -> SmallVec<[Ticket; 4]> {
    let mut tidy = SmallVec::<[Ticket; 4]>::new();
    for wait in waits.iter().filter(|wait| wait.queue != queue) {
        match tidy.iter_mut().find(|one| one.queue == wait.queue) {
            Some(one) => one.value = one.value.max(wait.value),
            None => tidy.push(*wait),
        }
    }
    tidy
}

/// Backends over the cpu backend that keep its promises too.
pub fn decorated() -> Vec<(String, Opened)> {
    let seeded = Options { seed: Some(3), cpu_threads: 2, ..Options::default() };
    vec![
        ("cpu in the order of seed 3".into(), open("cpu", &seeded).unwrap()),
        ("checker+cpu".into(), open("checker+cpu", &Options::default()).unwrap()),
    ]
}

pub fn each(story: impl Fn(&World)) {
    each_of(configurations(), story);
}

/// Also on the backends that wrap the cpu backend.
pub fn each_and_decorated(story: impl Fn(&World)) {
    each_of(configurations().into_iter().chain(decorated()).collect(), story);
}

fn each_of(configurations: Vec<(String, Opened)>, story: impl Fn(&World)) {
    for (name, opened) in configurations {
        println!("on {name}");
        story(&World::new(opened));
    }
}

pub fn fill(to: u64, value: u32) -> Op {
    Op::Fill(Fill { to, pitch: 0, width: 1, height: 1, value, element_bytes: 4 })
}

pub fn copy(to: u64, from: u64, bytes: u64) -> Op {
    Op::Copy(Copy { to, from, bytes, direction: Direction::Unified })
}

pub fn host(function: extern "C" fn(*mut c_void), data: *const impl Sized) -> Op {
    let function = function as *const () as usize as u64;
    Op::Host(Host { function, data: data.expose_provenance() as u64, form: Host::PLAIN, stream: 0 })
}

/// A word that host functions count up.
pub extern "C" fn count(data: *mut c_void) {
    // SAFETY: every test passes an `AtomicU64` that outlives the queue.
    let counter = unsafe { &*data.cast::<AtomicU64>() };
    assert!(in_host_call());
    counter.fetch_add(1, Ordering::SeqCst);
}

//! Compiled kernels, with codes made by hand: run, faults, calls, stopping, the control word, compiled once.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod assembler;
mod caching;
mod codes;
mod compiling;
mod lacking;
mod running;
mod wrapping;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Launch};
use stream_hal_kernels::compile::{Code, Refusal, Shape, Target};
use stream_hal_scheduler::{Backend, Health, QueueOptions, Ticket, Work};

use super::super::driver::open_with;
use super::Compiler;
use crate::device::{Module, Place};
use crate::{Opened, Options};

const TARGET: Target = Target { lanes: 16, popcnt: false, funnel: false, half: false, bfloat: false };

/// How often each kernel was compiled.
type Counts = Arc<Mutex<BTreeMap<String, u32>>>;

/// A backend whose kernels are compiled by hand.
struct World {
    opened: Opened,
    module: Option<Arc<dyn Module>>,
    health: Arc<Health>,
    queue: u32,
    counts: Counts,
}

fn by_hand(counts: &Counts, check: bool, hook: impl Fn(&str, Shape) + Send + Sync + 'static) -> Compiler {
    let counts = counts.clone();
    Compiler::with(Some(TARGET), check, move |program, kernel, shape, _, options| -> Result<Code, Refusal> {
        let name = &program.module().kernels()[kernel].name;
        *counts.lock().unwrap().entry(name.clone()).or_default() += 1;
        hook(name, shape);
        codes::code(name, options.check).ok_or_else(|| Refusal::new(3, "it is plain"))
    })
}

impl World {
    fn new(threads: u32) -> World {
        World::with(threads, false, |_, _| ())
    }

    fn with(threads: u32, memcheck: bool, hook: impl Fn(&str, Shape) + Send + Sync + 'static) -> World {
        let options = Options { cpu_threads: threads, memcheck, ..Options::default() };
        let counts = Counts::default();
        let opened = open_with(&options, by_hand(&counts, memcheck, hook)).unwrap();
        World::of(opened, counts)
    }

    fn of(opened: Opened, counts: Counts) -> World {
        let module = opened.devices[0].load_module(codes::source().as_bytes()).unwrap();
        let health = Health::new();
        let options = QueueOptions { device: 0, priority: 0, health: health.clone() };
        let queue = opened.backend.open_queue(options).unwrap();
        World { opened, module: Some(module), health, queue, counts }
    }

    fn backend(&self) -> &dyn Backend {
        &*self.opened.backend
    }

    fn module(&self) -> &dyn Module {
        &**self.module.as_ref().unwrap()
    }

    fn count(&self, name: &str) -> u32 {
        self.counts.lock().unwrap().get(name).copied().unwrap_or(0)
    }

    fn op(&self, name: &str, grid: u32, block: u16) -> Op {
        let index = self.module().kernels().iter().position(|kernel| kernel == name).unwrap();
        Op::Launch(Launch {
            function: 1,
            code: self.module().kernel(index).unwrap().code,
            grid: [grid, 1, 1],
            block: [block, 1, 1],
            flags: 0,
            shared_bytes: 0,
            args: Args { start: 0, bytes: 8 },
        })
    }

    fn submit(&self, op: Op, at: u64) -> Ticket {
        self.submit_to(self.queue, op, at)
    }

    fn submit_to(&self, queue: u32, op: Op, at: u64) -> Ticket {
        self.backend().submit(queue, Work::Ops { ops: &[op], args: &at.to_le_bytes(), waits: &[] }).unwrap()
    }

    /// Runs a kernel to its end.
    fn run(&self, name: &str, grid: u32, block: u16, at: u64) {
        self.backend().wait(self.submit(self.op(name, grid, block), at));
    }

    /// The same in a context of its own; gives the fault it ends with.
    fn fault(&self, op: Op, at: u64) -> String {
        let health = Health::new();
        let options = QueueOptions { device: 0, priority: 0, health: health.clone() };
        let queue = self.backend().open_queue(options).unwrap();
        self.backend().wait(self.submit_to(queue, op, at));
        self.backend().close_queue(queue);
        health.fault().map_or_else(String::new, |fault| format!("{:?}: {}", fault.kind, fault.what))
    }

    fn words(&self, count: u64) -> u64 {
        let address = self.opened.devices[0].alloc(count * 4, Place::Device).unwrap();
        self.opened.devices[0].write(address, &vec![0; count as usize * 4]).unwrap();
        address
    }

    fn read(&self, address: u64, count: usize) -> Vec<u32> {
        let mut bytes = vec![0; count * 4];
        self.opened.devices[0].read(address, &mut bytes).unwrap();
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    }

    fn word(&self, address: u64) -> u32 {
        self.read(address, 1)[0]
    }
}

/// Waits for something that happens on another thread.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}

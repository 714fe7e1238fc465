//! What submitting, waiting, replaying and moving bytes cost on the cpu and null backends. Prints one
//! line per figure: the best of several rounds, since other programs share the machine.
#![allow(missing_docs)]

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use stream_hal_backends::device::Place;
use stream_hal_backends::{Opened, Options, open};
use stream_hal_capture::op::{Copy, Direction, Fill};
use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::plan;
use stream_hal_scheduler::{Health, QueueOptions, Ticket, Work};

const ROUNDS: u32 = 9;

fn fill(to: u64, width: u64, element_bytes: u8) -> Op {
    Op::Fill(Fill { to, pitch: 0, width, height: 1, value: 7, element_bytes })
}

fn best(mut round: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| round()).min().expect("there are rounds")
}

fn line(backend: &str, what: &str, value: f64, unit: &str) {
    println!("{backend:5} {what:44} {value:10.1} {unit}");
}

struct Bench<'a> {
    name: &'a str,
    opened: &'a Opened,
    queue: u32,
    at: u64,
}

impl Bench<'_> {
    fn submit(&self, op: &Op) -> Ticket {
        let work = Work::Ops { ops: std::slice::from_ref(op), args: &[], waits: &[] };
        self.opened.backend.submit(self.queue, work).expect("the queue is open")
    }

    fn wait(&self, ticket: Ticket) {
        self.opened.backend.wait(ticket);
    }

    fn submissions(&self) {
        let (op, count) = (fill(self.at, 1, 4), 2000u32);
        let mut whole = Duration::MAX;
        let call = best(|| {
            let start = Instant::now();
            let mut last = self.submit(&op);
            for _ in 1..count {
                last = self.submit(&op);
            }
            let called = start.elapsed();
            self.wait(last);
            whole = whole.min(start.elapsed());
            called
        });
        line(self.name, "submit, 2,000 in a row", call.as_nanos() as f64 / f64::from(count), "ns");
        line(
            self.name,
            "submit and complete, 2,000 in a row",
            whole.as_nanos() as f64 / f64::from(count),
            "ns",
        );
        let hot = best(|| {
            let start = Instant::now();
            let mut last = self.submit(&op);
            for _ in 1..100 {
                last = self.submit(&op);
            }
            let called = start.elapsed();
            self.wait(last);
            called
        });
        line(self.name, "submit, 100 in a row", hot.as_nanos() as f64 / 100.0, "ns");
        let pair = best(|| {
            let start = Instant::now();
            (0..count).for_each(|_| self.wait(self.submit(&op)));
            start.elapsed()
        });
        line(self.name, "op and wait", pair.as_nanos() as f64 / f64::from(count), "ns");
    }

    fn sleep(&self) {
        let op = fill(self.at, 1, 4);
        let call = best(|| {
            thread::sleep(Duration::from_millis(10));
            let start = Instant::now();
            let ticket = self.submit(&op);
            let called = start.elapsed();
            self.wait(ticket);
            called
        });
        line(self.name, "submit when all workers sleep", call.as_nanos() as f64, "ns");
        let mut seen = Duration::MAX;
        best(|| {
            thread::sleep(Duration::from_millis(10));
            let start = Instant::now();
            let ticket = self.submit(&op);
            while self.opened.backend.completed(self.queue) < ticket.value {
                thread::yield_now();
            }
            seen = seen.min(start.elapsed());
            seen
        });
        line(self.name, "submit to completion by a sleeping worker", seen.as_nanos() as f64, "ns");
    }

    fn replay(&self, nodes: u32) {
        let mut dag = Dag::new();
        let mut before = vec![];
        for _ in 0..nodes {
            let node = dag.add(fill(self.at, 1, 4), &before).expect("in order");
            before = vec![node];
        }
        let plan = plan::cut(&dag, plan::Options { lanes: 2, host_calls: true }).expect("no cycle");
        let mut prepared = None;
        let prepare = best(|| {
            prepared = None;
            let start = Instant::now();
            prepared = Some(self.opened.backend.prepare(&plan, &dag).expect("ops are known"));
            start.elapsed()
        });
        let prepared = prepared.expect("a round was run");
        let each = |time: Duration| time.as_nanos() as f64 / f64::from(nodes);
        line(self.name, &format!("prepare a chain of {nodes}, per node"), each(prepare), "ns");
        let mut call = Duration::MAX;
        let run = best(|| {
            let start = Instant::now();
            let work = Work::Exec { prepared: &prepared, deltas: vec![], waits: &[] };
            let ticket = self.opened.backend.submit(self.queue, work).expect("the queue is open");
            call = call.min(start.elapsed());
            self.wait(ticket);
            start.elapsed()
        });
        line(self.name, &format!("launch call, chain of {nodes}"), call.as_nanos() as f64, "ns");
        line(self.name, &format!("launch and wait, chain of {nodes}, per node"), each(run), "ns");
    }

    fn bytes(&self, size: u64) {
        let alloc = || self.opened.devices[0].alloc(size, Place::Device).expect("there is memory");
        let (to, from) = (alloc(), alloc());
        let speed = |time: Duration| size as f64 / time.as_nanos() as f64;
        let copy = Op::Copy(Copy { to, from, bytes: size, direction: Direction::Unified });
        for (what, op) in [("fill", fill(to, size, 1)), ("fill again", fill(from, size, 1)), ("copy", copy)] {
            let time = best(|| {
                let start = Instant::now();
                self.wait(self.submit(&op));
                start.elapsed()
            });
            line(self.name, &format!("{what} {size} bytes"), speed(time), "GB/s");
            line(self.name, &format!("{what} {size} bytes"), time.as_nanos() as f64, "ns");
        }
        for address in [to, from] {
            self.opened.devices[0].free(address, Place::Device).expect("allocated above");
        }
    }
}

fn libc_bytes(size: usize) {
    let (mut to, from) = (vec![1u8; size], vec![2u8; size]);
    let speed = |time: Duration| size as f64 / time.as_nanos() as f64;
    let time = best(|| {
        let start = Instant::now();
        black_box(&mut to).fill(3);
        start.elapsed()
    });
    line("libc", &format!("memset {size} bytes"), speed(time), "GB/s");
    let time = best(|| {
        let start = Instant::now();
        black_box(&mut to).copy_from_slice(black_box(&from));
        start.elapsed()
    });
    line("libc", &format!("memcpy {size} bytes"), speed(time), "GB/s");
}

fn main() {
    for name in ["cpu", "null"] {
        let opened = open(name, &Options::default()).expect("both are always there");
        let options = QueueOptions { device: 0, priority: 0, health: Health::new() };
        let queue = opened.backend.open_queue(options).expect("device 0 is there");
        let at = opened.devices[0].alloc(4096, Place::Device).expect("there is memory");
        let bench = Bench { name, opened: &opened, queue, at };
        bench.submissions();
        bench.sleep();
        [1, 100, 10_000, 1_000_000].into_iter().for_each(|nodes| bench.replay(nodes));
        if name == "cpu" {
            [4096, 65_536, 256 << 20].into_iter().for_each(|size| bench.bytes(size));
        }
        let churn = best(|| {
            let start = Instant::now();
            for _ in 0..1000 {
                let address = opened.devices[0].alloc(1000, Place::Device).expect("there is memory");
                opened.devices[0].free(address, Place::Device).expect("just allocated");
            }
            start.elapsed()
        });
        line(name, "alloc and free 1,000 bytes", churn.as_nanos() as f64 / 1000.0, "ns");
    }
    libc_bytes(256 << 20);
}

//! What planning costs per node, and what a lane adds to a backend's submit. `cargo bench -p
//! stream-hal-scheduler` prints nanoseconds, best and [median]; under `cargo test` one tiny round runs.

use std::any::Any;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use stream_hal_capture::op::Fill;
use stream_hal_capture::{Dag, Node, Op};
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::plan::{self, Options, Plan};
use stream_hal_scheduler::{
    Backend, Caps, Delta, Exec, Flush, Health, Lane, Prepared, QueueOptions, Ticket, Work,
};

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let sizes: &[u32] = if is_bench { &[1_000, 10_000, 100_000, 1_000_000] } else { &[100] };
    let mut hash = 0u64;
    for (name, make) in SHAPES {
        for &nodes in sizes {
            let dag = make(nodes);
            let rounds = if is_bench { (3_000_000 / nodes).clamp(5, 300) } else { 1 };
            print!("cut {name:12} {nodes:8}");
            for lanes in [1, 4, 16] {
                let times = (0..rounds).map(|_| {
                    let start = Instant::now();
                    let plan = plan::cut(&dag, Options { lanes, host_calls: true });
                    let took = start.elapsed().as_nanos() as f64 / f64::from(nodes);
                    let plan = plan.expect("the shapes have no cycle");
                    hash =
                        hash.wrapping_mul(31).wrapping_add((plan.barriers.len() + plan.steps.len()) as u64);
                    took
                });
                print!("   {lanes:2} lanes {}", spread(times.collect()));
            }
            println!();
        }
    }
    lane(if is_bench { 1_000_000 } else { 10 });
    println!("hash {hash:#x}");
}

fn spread(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:6.1} [{:6.1}]", times[0], times[times.len() / 2])
}

type Shape = (&'static str, fn(u32) -> Dag);

const SHAPES: &[Shape] = &[
    ("chain", |nodes| graph(nodes, |node, before| before.extend(node.checked_sub(1)))),
    ("fork-join", |nodes| {
        graph(nodes, |node, before| match node % 34 {
            0 => before.extend(node.checked_sub(1)),
            33 => before.extend(node - 32..node),
            nth => before.push(node - nth),
        })
    }),
    ("random", |nodes| {
        let mut rng = fastrand::Rng::with_seed(1);
        graph(nodes, move |node, before| {
            if node > 0 {
                before.extend((0..2).map(|_| rng.u32(node.saturating_sub(256)..node)));
            }
        })
    }),
    ("shuffled", shuffled),
];

fn graph(nodes: u32, mut dependencies: impl FnMut(u32, &mut Vec<u32>)) -> Dag {
    let mut dag = Dag::new();
    let mut before = Vec::new();
    for node in 0..nodes {
        before.clear();
        dependencies(node, &mut before);
        before.sort_unstable();
        before.dedup();
        let before: Vec<Node> = before.iter().copied().map(Node).collect();
        dag.add(op(), &before).expect("dependencies are older and distinct");
    }
    dag
}

/// The random shape with its nodes created in any order.
fn shuffled(nodes: u32) -> Dag {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut names: Vec<u32> = (0..nodes).collect();
    rng.shuffle(&mut names);
    let mut dag = graph(nodes, |_, _| ());
    for node in 1..nodes {
        for _ in 0..2 {
            let before = names[rng.u32(node.saturating_sub(256)..node) as usize];
            // The second edge between two nodes is refused, which is as good.
            dag.add_edge(Node(before), Node(names[node as usize]), 0).ok();
        }
    }
    dag
}

fn op() -> Op {
    Op::Fill(Fill { to: 0x1000, pitch: 0, width: 1, height: 1, value: 0, element_bytes: 4 })
}

/// A backend that has done everything as soon as it is asked.
struct Instantly(AtomicU64);

struct Nothing;

impl Prepared for Nothing {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Backend for Instantly {
    fn name(&self) -> &str {
        "instantly"
    }

    fn caps(&self) -> Caps {
        Caps { whole_graph: true, branches: false, host_calls: true, flush: Flush::AtOnce, lanes: 1 }
    }

    fn open_queue(&self, _: QueueOptions) -> Result<u32, Error> {
        Ok(0)
    }

    fn close_queue(&self, _: u32) {}

    fn prepare(&self, _: &Plan, _: &Dag) -> Result<Arc<dyn Prepared>, Error> {
        Ok(Arc::new(Nothing))
    }

    fn patch(&self, _: &Arc<dyn Prepared>, _: &[Delta]) -> Result<(), Error> {
        Ok(())
    }

    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        black_box(&work);
        let value = self.0.load(Ordering::Relaxed) + 1;
        self.0.store(value, Ordering::Release);
        Ok(Ticket { queue, value })
    }

    fn completed(&self, _: u32) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    fn wait(&self, _: Ticket) {}
}

fn lane(count: u32) {
    let backend: Arc<dyn Backend> = Arc::new(Instantly(AtomicU64::new(0)));
    let open = || {
        let options = QueueOptions { device: 0, priority: 0, health: Health::new() };
        Lane::open(backend.clone(), options).expect("the backend refuses nothing")
    };
    let bare = each(count, || {
        let work = Work::Ops { ops: &[black_box(op())], args: &[], waits: &[] };
        black_box(backend.submit(0, work)).is_ok()
    });
    let mut lane = open();
    let push = each(count, || lane.push(black_box(op()), &[]).is_ok());
    let dag = Arc::new(graph(3, |_, _| ()));
    let mut exec = Exec::new(backend.clone(), &dag).expect("three nodes have no cycle");
    let launch = each(count, || lane.launch(&mut exec).is_ok());
    println!("lane: bare submit {bare:.1}, push {push:.1}, launch {launch:.1}");
}

fn each(count: u32, mut act: impl FnMut() -> bool) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        assert!(act(), "the backend refuses nothing");
    }
    start.elapsed().as_nanos() as f64 / f64::from(count)
}

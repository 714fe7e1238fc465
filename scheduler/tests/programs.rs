//! Random programs of lanes and execs on the simulator end as the same program run in sequence.

#![allow(clippy::unwrap_used)]

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stream_hal_capture::op::{Args, Copy, Direction, Fill, Host, Write};
use stream_hal_capture::{Dag, Node, Op};
use stream_hal_scheduler::backend::{self, Backend, Fault, FaultKind, Flush};
use stream_hal_scheduler::exec::{self, Difference};
use stream_hal_scheduler::sim::Options;
use stream_hal_scheduler::{Exec, Execute, Health, Lane, QueueOptions, Sim, Ticket, clock};

const SLOTS: usize = 8;

/// A memory of a few numbers, and what ops do to it. A host call mixes its number in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Memory([u64; SLOTS]);

impl Memory {
    fn run(&mut self, op: &Op, args: &[u8]) {
        match op {
            Op::Fill(fill) => self.0[fill.to as usize] = u64::from(fill.value),
            Op::Copy(copy) => self.0[copy.to as usize] = self.0[copy.from as usize].wrapping_add(1),
            Op::Write(write) => {
                let bytes = &args[write.args.start as usize..][..write.args.bytes as usize];
                self.0[write.to as usize] = u64::from_le_bytes(bytes.try_into().unwrap());
            }
            Op::Host(host) => {
                let slot = &mut self.0[host.data as usize];
                *slot = slot.wrapping_mul(31).wrapping_add(host.function);
            }
            other => panic!("{other}"),
        }
    }
}

/// Which slots an op touches: one written, perhaps one read.
fn slots(op: &Op) -> Vec<usize> {
    match op {
        Op::Fill(fill) => vec![fill.to as usize],
        Op::Copy(copy) => vec![copy.to as usize, copy.from as usize],
        Op::Write(write) => vec![write.to as usize],
        Op::Host(host) => vec![host.data as usize],
        _ => vec![],
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Memory>>);

impl Execute for Shared {
    fn execute(&self, op: &Op, args: &[u8], _: &Health) -> Result<(), Fault> {
        self.0.lock().unwrap().run(op, args);
        Ok(())
    }
}

fn fill(to: usize, value: u32) -> Op {
    Op::Fill(Fill { to: to as u64, pitch: 0, width: 1, height: 1, value, element_bytes: 4 })
}

fn copy(to: usize, from: usize) -> Op {
    Op::Copy(Copy { to: to as u64, from: from as u64, bytes: 8, direction: Direction::Unified })
}

fn host(slot: usize, function: u64) -> Op {
    Op::Host(Host { function, data: slot as u64, form: Host::PLAIN, stream: 0 })
}

fn write(to: usize) -> Op {
    Op::Write(Write { to: to as u64, from: 0, args: Args { start: 0, bytes: 8 } })
}

fn random_op(rng: &mut fastrand::Rng) -> (Op, Vec<u8>) {
    let (a, b) = (rng.usize(..SLOTS), rng.usize(..SLOTS));
    match rng.u8(..4) {
        0 => (fill(a, rng.u32(..)), Vec::new()),
        1 => (copy(a, b), Vec::new()),
        2 => (write(a), rng.u64(..).to_le_bytes().to_vec()),
        _ => (host(a, rng.u64(..)), Vec::new()),
    }
}

/// The same parameters as another op of its kind would have.
fn vary(op: Op, rng: &mut fastrand::Rng) -> (Op, Vec<u8>) {
    match op {
        Op::Fill(f) => (fill(f.to as usize, rng.u32(..)), Vec::new()),
        Op::Host(h) => (host(h.data as usize, rng.u64(..)), Vec::new()),
        Op::Write(w) => (write(w.to as usize), rng.u64(..).to_le_bytes().to_vec()),
        other => (other, Vec::new()),
    }
}

fn queue(health: &Arc<Health>) -> QueueOptions {
    QueueOptions { device: 0, priority: 0, health: health.clone() }
}

/// A graph whose edges are its conflicts, and its ops for the model.
struct Graph {
    dag: Arc<Dag>,
    ops: Vec<(Op, Vec<u8>, bool)>,
    exec: Exec,
}

impl Graph {
    fn random(backend: Arc<dyn Backend>, rng: &mut fastrand::Rng) -> Graph {
        let mut dag = Dag::new();
        let mut ops: Vec<(Op, Vec<u8>, bool)> = Vec::new();
        for _ in 0..rng.usize(1..12) {
            let (op, args) = random_op(rng);
            let span = dag.push_args(&args).unwrap();
            let before: Vec<Node> = (ops.iter().enumerate())
                .filter(|(_, (other, ..))| slots(other).iter().any(|slot| slots(&op).contains(slot)))
                .map(|(i, _)| Node(i as u32))
                .collect();
            dag.add(op.with_args(span), &before).unwrap();
            ops.push((op, args, true));
        }
        let dag = Arc::new(dag);
        let exec = Exec::new(backend, &dag).unwrap();
        Graph { dag, ops, exec }
    }

    fn vary(&mut self, rng: &mut fastrand::Rng) {
        let i = rng.usize(..self.ops.len());
        let place = self.exec.place_of(&[], Node(i as u32)).unwrap();
        match rng.u8(..4) {
            0 => {
                self.ops[i].2 = rng.bool();
                self.exec.set_enabled(place, self.ops[i].2).unwrap();
            }
            1 => {
                let mut dag = Dag::clone(&self.dag);
                for (node, own) in self.ops.iter_mut().enumerate() {
                    let (op, args) = vary(own.0, rng);
                    let span = dag.push_args(&args).unwrap();
                    dag.set_op(Node(node as u32), op.with_args(span)).unwrap();
                    (own.0, own.1) = (op, args);
                }
                self.exec.update_from(&Arc::new(dag)).unwrap();
            }
            _ => {
                let (op, args) = vary(self.ops[i].0, rng);
                self.exec.set_op(place, op, &args).unwrap();
                (self.ops[i].0, self.ops[i].1) = (op, args);
            }
        }
        assert_eq!(self.exec.op(place).map(|(op, args)| (op, args.to_vec())).unwrap().0, self.ops[i].0);
    }

    fn run(&self, memory: &mut Memory) {
        self.ops.iter().filter(|op| op.2).for_each(|(op, args, _)| memory.run(op, args));
    }
}

/// Runs a random program; the simulator's memory and the model's. Without `keep_waits` some waits
/// are left out.
fn program(options: Options, keep_waits: bool) -> (Memory, Memory) {
    let mut rng = fastrand::Rng::with_seed(options.seed ^ 0x5EED);
    let shared = Shared::default();
    let backend: Arc<dyn Backend> = Arc::new(Sim::with(options, Box::new(shared.clone())));
    let health = Health::new();
    let mut lanes: Vec<Lane> = (0..3).map(|_| Lane::open(backend.clone(), queue(&health)).unwrap()).collect();
    let mut graphs: Vec<Graph> = (0..2).map(|_| Graph::random(backend.clone(), &mut rng)).collect();
    let mut model = Memory::default();
    // By slot, the last op of each lane that touched it.
    let mut touched: [[u64; 3]; SLOTS] = [[0; 3]; SLOTS];
    for _ in 0..rng.usize(1..60) {
        let lane = rng.usize(..lanes.len());
        let graph = rng.usize(..graphs.len());
        let is_launch = rng.u8(..4) == 0;
        let (op, args) = random_op(&mut rng);
        if is_launch && rng.bool() {
            graphs[graph].vary(&mut rng);
        }
        let used: Vec<usize> = match is_launch {
            true => graphs[graph].ops.iter().flat_map(|op| slots(&op.0)).collect(),
            false => slots(&op),
        };
        for other in (0..lanes.len()).filter(|&other| other != lane) {
            let value = used.iter().map(|&slot| touched[slot][other]).max().unwrap();
            if value > 0 && (keep_waits || rng.bool()) {
                if !lanes[other].is_flushed(value) {
                    lanes[other].flush().unwrap();
                }
                let queue = lanes[other].queue();
                lanes[lane].wait_for(Ticket { queue, value }).unwrap();
            }
        }
        let value = match is_launch {
            true => lanes[lane].launch(&mut graphs[graph].exec).unwrap(),
            false => lanes[lane].push(op, &args).unwrap(),
        };
        assert_eq!(lanes[lane].point().value, value);
        match is_launch {
            true => graphs[graph].run(&mut model),
            false => model.run(&op, &args),
        }
        used.iter().for_each(|&slot| touched[slot][lane] = value);
        if rng.u8(..20) == 0 {
            backend.wait(lanes[lane].last().unwrap());
            lanes[lane] = Lane::open(backend.clone(), queue(&health)).unwrap();
            touched.iter_mut().for_each(|slot| slot[lane] = 0);
        }
    }
    lanes.iter_mut().for_each(|lane| backend.wait(lane.last().unwrap()));
    assert_eq!(health.fault(), None, "{options:?}");
    let memory = shared.0.lock().unwrap().clone();
    (memory, model)
}

fn options(seed: u64) -> Options {
    Options {
        seed,
        lanes: 1 + seed as u32 % 4,
        flush: if seed.is_multiple_of(2) { Flush::AtOnce } else { Flush::WhenIdle },
        wild: seed.is_multiple_of(3),
        threads: false,
    }
}

#[test]
fn random_programs_end_as_in_sequence() {
    for seed in 0..20_000 {
        let (memory, model) = program(options(seed), true);
        assert_eq!(memory, model, "{:?}", options(seed));
    }
}

#[test]
fn random_programs_end_as_in_sequence_with_device_threads() {
    for seed in 0..60 {
        let options = Options { threads: true, ..options(seed) };
        let (memory, model) = program(options, true);
        assert_eq!(memory, model, "{options:?}");
    }
}

/// The test above can fail: with waits left out many programs end otherwise.
#[test]
fn a_program_without_its_waits_is_found_out() {
    let differs = (0..300).filter(|&seed| {
        let (memory, model) = program(options(seed), false);
        memory != model
    });
    let differs = differs.count();
    assert!(differs > 60, "{differs} of 300");
}

#[test]
fn one_seed_gives_one_run() {
    for seed in 0..20 {
        assert_eq!(program(options(seed), false), program(options(seed), false), "seed {seed}");
    }
}

/// Holds host calls of slot 7 back until told; logs the values of slot 0 that host calls see.
struct Held {
    memory: Mutex<Memory>,
    release: Mutex<Receiver<()>>,
    log: Arc<Mutex<Vec<u64>>>,
}

impl Execute for Held {
    fn execute(&self, op: &Op, args: &[u8], _: &Health) -> Result<(), Fault> {
        match op {
            Op::Host(host) if host.data == 7 => self.release.lock().unwrap().recv().unwrap(),
            Op::Host(_) => {
                let value = self.memory.lock().unwrap().0[0];
                self.log.lock().unwrap().push(value);
            }
            _ => self.memory.lock().unwrap().run(op, args),
        }
        Ok(())
    }
}

#[test]
fn each_of_a_hundred_queued_launches_sees_its_own_values() {
    let (release, released) = channel();
    let log = Arc::new(Mutex::new(Vec::new()));
    let held = Held { memory: Mutex::default(), release: Mutex::new(released), log: log.clone() };
    let backend: Arc<dyn Backend> = Arc::new(Sim::threaded(7, Box::new(held)));
    let mut dag = Dag::new();
    let first = dag.add(fill(0, 1000), &[]).unwrap();
    dag.add(host(0, 0), &[first]).unwrap();
    let mut exec = Exec::new(backend.clone(), &Arc::new(dag)).unwrap();
    let health = Health::new();
    let mut lanes: Vec<Lane> = (0..2).map(|_| Lane::open(backend.clone(), queue(&health)).unwrap()).collect();
    lanes[0].push(host(7, 0), &[]).unwrap();
    let place = exec.place_of(&[], first).unwrap();
    lanes[0].launch(&mut exec).unwrap();
    for i in 1..100 {
        exec.set_op(place, fill(0, 1000 + i), &[]).unwrap();
        assert!(exec.is_pending());
        lanes[i as usize % 2].launch(&mut exec).unwrap();
    }
    assert!(log.lock().unwrap().is_empty());
    release.send(()).unwrap();
    lanes.iter_mut().for_each(|lane| backend.wait(lane.last().unwrap()));
    assert_eq!(*log.lock().unwrap(), (1000..1100).collect::<Vec<u64>>());
    assert_eq!(health.fault(), None);
    // With nothing pending a change goes in place.
    exec.set_op(place, fill(0, 5), &[]).unwrap();
    backend.wait(lanes[0].last().unwrap());
    lanes[0].launch(&mut exec).unwrap();
    backend.wait(lanes[0].last().unwrap());
    assert_eq!(log.lock().unwrap().last(), Some(&5));
}

/// A host function that waits for other device work holds up nobody: another thread takes over.
#[test]
fn a_host_function_may_wait_for_other_work() {
    let (release, released) = channel();
    struct Both(Held, Mutex<std::sync::mpsc::Sender<()>>);
    impl Execute for Both {
        fn execute(&self, op: &Op, args: &[u8], health: &Health) -> Result<(), Fault> {
            match op {
                Op::Fill(_) => self.1.lock().unwrap().send(()).unwrap(),
                _ => self.0.execute(op, args, health)?,
            }
            Ok(())
        }
    }
    let held = Held { memory: Mutex::default(), release: Mutex::new(released), log: Arc::default() };
    let backend: Arc<dyn Backend> = Arc::new(Sim::threaded(1, Box::new(Both(held, Mutex::new(release)))));
    let health = Health::new();
    let mut lanes: Vec<Lane> = (0..2).map(|_| Lane::open(backend.clone(), queue(&health)).unwrap()).collect();
    lanes[0].push(host(7, 0), &[]).unwrap();
    lanes[1].push(fill(0, 0), &[]).unwrap();
    lanes.iter_mut().for_each(|lane| backend.wait(lane.last().unwrap()));
}

#[test]
fn a_thousand_launches_need_no_host_between() {
    let shared = Shared::default();
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(3, Box::new(shared.clone())));
    let mut dag = Dag::new();
    let mut before = dag.add(copy(0, 0), &[]).unwrap();
    for _ in 0..4 {
        before = dag.add(copy(0, 0), &[before]).unwrap();
    }
    let mut exec = Exec::new(backend.clone(), &Arc::new(dag)).unwrap();
    let health = Health::new();
    let mut lanes: Vec<Lane> = (0..3).map(|_| Lane::open(backend.clone(), queue(&health)).unwrap()).collect();
    for i in 0..1000 {
        lanes[i % 3].launch(&mut exec).unwrap();
    }
    backend.wait(exec.last().unwrap());
    assert_eq!(shared.0.lock().unwrap().0[0], 5000);
    assert_eq!(health.fault(), None);
}

/// Waiting runs what the point depends on and nothing else.
#[test]
fn whoever_waits_executes_ancestors_only() {
    for seed in 0..50 {
        let shared = Shared::default();
        let sim = Arc::new(Sim::new(seed, Box::new(shared.clone())));
        let backend: Arc<dyn Backend> = sim.clone();
        let health = Health::new();
        let mut lanes: Vec<Lane> =
            (0..3).map(|_| Lane::open(backend.clone(), queue(&health)).unwrap()).collect();
        lanes[0].push(fill(0, 1), &[]).unwrap();
        lanes[2].push(fill(2, 1), &[]).unwrap();
        lanes[0].push(fill(3, 1), &[]).unwrap();
        let first = Ticket { queue: lanes[0].queue(), value: 1 };
        // Asking may run what queue 0 needs: that much is allowed, and no more.
        lanes[1].wait_for(first).unwrap();
        lanes[1].push(copy(1, 0), &[]).unwrap();
        backend.wait(lanes[1].last().unwrap());
        let memory = shared.0.lock().unwrap().0;
        assert_eq!((memory[0], memory[1], memory[2]), (1, 2, 0), "seed {seed}");
        while sim.step() {}
        assert_eq!(sim.begun(), 4);
    }
}

#[test]
fn a_fault_breaks_the_context_and_later_work_is_dropped() {
    let shared = Shared::default();
    let sim = Arc::new(Sim::new(1, Box::new(shared.clone())));
    let backend: Arc<dyn Backend> = sim.clone();
    let fault = Fault { kind: FaultKind::IllegalAddress, what: "asked for".into() };
    sim.fail_at(1, fault.clone());
    let (health, other) = (Health::new(), Health::new());
    let mut lane = Lane::open(backend.clone(), queue(&health)).unwrap();
    let mut well = Lane::open(backend.clone(), queue(&other)).unwrap();
    for i in 0..3 {
        lane.push(fill(i, 9), &[]).unwrap();
    }
    backend.wait(lane.last().unwrap());
    well.push(fill(5, 9), &[]).unwrap();
    backend.wait(well.last().unwrap());
    assert_eq!(health.fault(), Some(fault));
    assert_eq!((lane.completed(), other.fault()), (3, None));
    assert_eq!(shared.0.lock().unwrap().0, [9, 0, 0, 0, 0, 9, 0, 0]);
}

/// A lane is as its caller sees it: points before and after a flush, waits without ops, drops.
#[test]
fn points_of_a_lane() {
    let options = Options { flush: Flush::WhenIdle, ..Options::new(1) };
    let (release, released) = channel();
    let held = Held { memory: Mutex::default(), release: Mutex::new(released), log: Arc::default() };
    let sim = Sim::with(Options { threads: true, ..options }, Box::new(held));
    let backend: Arc<dyn Backend> = Arc::new(sim);
    let health = Health::new();
    let mut a = Lane::open(backend.clone(), queue(&health)).unwrap();
    let mut b = Lane::open(backend.clone(), queue(&health)).unwrap();
    assert_eq!(a.point(), Ticket { queue: a.queue(), value: 0 });
    // The first op finds the queue idle; those behind it share the open batch's value.
    assert_eq!(a.push(host(7, 0), &[]), Ok(1));
    assert!(a.is_flushed(1));
    assert_eq!(a.push(fill(0, 1), &[]), Ok(2));
    assert_eq!(a.push(fill(0, 2), &[]), Ok(2));
    assert!(!a.is_flushed(2));
    assert_eq!(a.point().value, 2);
    let last = a.last().unwrap();
    assert_eq!(last.value, 2);
    // A wait that no op follows is part of the lane's point.
    b.wait_for(last).unwrap();
    b.wait_for(Ticket { queue: a.queue(), value: 1 }).unwrap();
    assert_eq!(b.point().value, 1);
    assert!(!b.is_flushed(1));
    assert_eq!(b.last().unwrap().value, 1);
    assert_eq!(b.completed(), 0);
    // Its own point, and one that is reached, cost nothing.
    b.wait_for(Ticket { queue: b.queue(), value: 1 }).unwrap();
    b.wait_for(Ticket { queue: a.queue(), value: 0 }).unwrap();
    assert_eq!(b.point().value, 1);
    // 256 ops end the batch.
    for i in 0..256 {
        assert_eq!(a.push(fill(0, i), &[]), Ok(3));
        assert_eq!(a.is_flushed(3), i == 255);
    }
    release.send(()).unwrap();
    backend.wait(a.last().unwrap());
    backend.wait(b.last().unwrap());
    // A number that is used again goes on with its values: old points stay reached.
    let (old, queue_a) = (a.point(), a.queue());
    drop(a);
    let mut again = Lane::open(backend.clone(), queue(&health)).unwrap();
    assert_eq!(again.queue(), queue_a);
    assert!(again.completed() >= old.value);
    assert_eq!(again.push(fill(0, 3), &[]), Ok(old.value + 1));
    assert_eq!(health.fault(), None);
}

/// Of two points of one queue the later counts, whichever came first.
#[test]
fn the_later_of_two_waits_counts() {
    for seed in 0..100 {
        let shared = Shared::default();
        let options = Options { wild: true, ..Options::new(seed) };
        let backend: Arc<dyn Backend> = Arc::new(Sim::with(options, Box::new(shared.clone())));
        let health = Health::new();
        let mut a = Lane::open(backend.clone(), queue(&health)).unwrap();
        let mut b = Lane::open(backend.clone(), queue(&health)).unwrap();
        let first = a.push(fill(0, 1), &[]).unwrap();
        let second = a.push(copy(0, 0), &[]).unwrap();
        let order = if seed.is_multiple_of(2) { [first, second] } else { [second, first] };
        for value in order {
            b.wait_for(Ticket { queue: a.queue(), value }).unwrap();
        }
        b.push(copy(1, 0), &[]).unwrap();
        backend.wait(b.last().unwrap());
        assert_eq!(shared.0.lock().unwrap().0[1], 3, "seed {seed}");
    }
}

#[test]
fn an_update_needs_the_same_shape() {
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(1, Box::new(Shared::default())));
    let make = |ops: &[Op], edges: &[(u32, u32)]| {
        let mut dag = Dag::new();
        for &op in ops {
            dag.add(op, &[]).unwrap();
        }
        edges.iter().for_each(|&(from, to)| dag.add_edge(Node(from), Node(to), 0).unwrap());
        Arc::new(dag)
    };
    let old = make(&[fill(0, 1), fill(1, 1), copy(2, 0)], &[(0, 1), (1, 2)]);
    let mut exec = Exec::new(backend.clone(), &old).unwrap();
    let fills = [fill(0, 5), fill(1, 6), copy(2, 1)];
    assert!(matches!(exec.update_from(&make(&fills[..2], &[(0, 1)])), Err(Difference::Shape(_))));
    assert!(matches!(exec.update_from(&make(&fills, &[(0, 1), (0, 2)])), Err(Difference::Shape(_))));
    let other = make(&[fill(0, 5), host(1, 6), copy(2, 1)], &[(0, 1), (1, 2)]);
    assert!(matches!(exec.update_from(&other), Err(Difference::Shape(_))));
    assert_eq!(exec.op(0).unwrap().0, fill(0, 1), "a refused update changes nothing");
    // Nodes are matched in the order of their creation, whatever their numbers.
    let mut renumbered = Dag::new();
    renumbered.add(host(0, 0), &[]).unwrap();
    let mut before: Vec<Node> = Vec::new();
    for op in fills {
        before = vec![renumbered.add(op, &before).unwrap()];
    }
    renumbered.remove(Node(0)).unwrap();
    exec.update_from(&Arc::new(renumbered)).unwrap();
    assert_eq!((0..3).map(|place| exec.op(place).unwrap().0).collect::<Vec<_>>(), fills);
    assert_eq!(exec.set_op(3, fill(0, 0), &[]), Err(exec::Error::NoSuchPlace(3)));
    assert!(matches!(exec.set_op(0, host(0, 0), &[]), Err(exec::Error::Kind { .. })));
}

/// Ops of children are found by their path, and follow a whole-graph update, each on its own though
/// the child graph is one.
#[test]
fn ops_of_children_are_updated_by_path() {
    let shared = Shared::default();
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(1, Box::new(shared.clone())));
    let make = |values: [u32; 2]| {
        let mut innermost = Dag::new();
        innermost.add(fill(0, values[0]), &[]).unwrap();
        let mut inner = Dag::new();
        let graph = inner.push_child(Arc::new(innermost));
        let deep = inner.add(Op::Graph { graph, nodes: 1 }, &[]).unwrap();
        inner.add(copy(1, 0), &[deep]).unwrap();
        let mut outer = Dag::new();
        let graph = outer.push_child(Arc::new(inner));
        let first = outer.add(Op::Graph { graph, nodes: 2 }, &[]).unwrap();
        let between = outer.add(copy(2, 1), &[first]).unwrap();
        let set = outer.add(fill(3, values[1]), &[between]).unwrap();
        outer.add(Op::Graph { graph, nodes: 2 }, &[set]).unwrap();
        Arc::new(outer)
    };
    let mut exec = Exec::new(backend.clone(), &make([10, 1])).unwrap();
    let mut lane = Lane::open(backend.clone(), queue(&Health::new())).unwrap();
    let mut run = |exec: &mut Exec| {
        lane.launch(exec).unwrap();
        backend.wait(lane.last().unwrap());
        shared.0.lock().unwrap().0[..4].to_vec()
    };
    assert_eq!(exec.len(), 6);
    assert_eq!(run(&mut exec), [10, 11, 12, 1]);
    let deep = |first| [Node(first), Node(0)];
    let places = [0, 3].map(|first| exec.place_of(&deep(first), Node(0)).unwrap());
    assert_ne!(places[0], places[1]);
    assert_eq!(exec.place_of(&[Node(0)], Node(0)), None, "a child graph node has no place");
    assert_eq!(exec.place_of(&deep(1), Node(0)), None);
    exec.set_op(places[1], fill(0, 50), &[]).unwrap();
    assert_eq!(run(&mut exec), [50, 51, 12, 1]);
    exec.update_from(&make([20, 2])).unwrap();
    assert_eq!(run(&mut exec), [20, 21, 22, 2]);
    exec.set_enabled(places[1], false).unwrap();
    exec.set_op(places[0], fill(0, 30), &[]).unwrap();
    assert_eq!(run(&mut exec), [30, 31, 32, 2]);
}

#[test]
fn an_exec_of_another_backend_is_refused() {
    let make = || -> Arc<dyn Backend> { Arc::new(Sim::new(1, Box::new(Shared::default()))) };
    let mut exec = Exec::new(make(), &Arc::new(Dag::new())).unwrap();
    let mut lane = Lane::open(make(), queue(&Health::new())).unwrap();
    assert!(matches!(lane.launch(&mut exec), Err(backend::Error::Invalid(_))));
}

/// Time stamps follow the seeded order and never go back.
#[test]
fn event_records_take_time_stamps() {
    let backend: Arc<dyn Backend> = Arc::new(Sim::new(1, Box::new(Shared::default())));
    let mut lane = Lane::open(backend.clone(), queue(&Health::new())).unwrap();
    let numbers: Vec<u32> = (0..2).map(|_| clock::stamps().allocate().unwrap()).collect();
    for &stamp in &numbers {
        lane.push(Op::EventRecord { event: 0, stamp }, &[]).unwrap();
        lane.push(fill(0, 1), &[]).unwrap();
    }
    backend.wait(lane.last().unwrap());
    let times: Vec<u64> = numbers.iter().map(|&stamp| clock::stamps().get(stamp)).collect();
    assert!(0 < times[0] && times[0] < times[1], "{times:?}");
    numbers.iter().for_each(|&stamp| clock::stamps().release(stamp));
}

/// A launch costs the same for one op and for a hundred thousand.
#[test]
fn a_launch_does_not_grow_with_the_graph() {
    let time = |nodes: u32| {
        let backend: Arc<dyn Backend> = Arc::new(Sim::new(1, Box::new(Shared::default())));
        let mut dag = Dag::new();
        for i in 0..nodes {
            dag.add(fill(0, i), &[]).unwrap();
        }
        let mut exec = Exec::new(backend.clone(), &Arc::new(dag)).unwrap();
        let gate = Lane::open(backend.clone(), queue(&Health::new())).unwrap();
        let mut lane = Lane::open(backend, queue(&Health::new())).unwrap();
        // A point that is never reached keeps the launches waiting.
        lane.wait_for(Ticket { queue: gate.queue(), value: u64::MAX }).unwrap();
        let start = Instant::now();
        for _ in 0..100 {
            lane.launch(&mut exec).unwrap();
        }
        start.elapsed()
    };
    let small = time(1).max(Duration::from_micros(200));
    let large = time(100_000);
    assert!(large < 50 * small, "{small:?} for one op, {large:?} for 100,000");
}

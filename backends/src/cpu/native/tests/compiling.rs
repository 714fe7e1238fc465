//! What is compiled when, and what is not.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, OnceLock};
use std::time::Duration;

use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::plan;
use stream_hal_scheduler::{Health, QueueOptions, Work};

use super::super::cache::{Cache, MOST};
use super::{Counts, World};
use crate::{Options, open};

/// Eight queues launch a kernel for the first time at once.
#[test]
fn a_kernel_is_compiled_once_however_many_ask() {
    for round in 0..10 {
        let world = World::with(2, false, |_, _| std::thread::sleep(Duration::from_millis(5)));
        let at = world.words(64);
        let together = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let options = QueueOptions { device: 0, priority: 0, health: Health::new() };
                    let queue = world.backend().open_queue(options).unwrap();
                    together.wait();
                    for name in ["mark", "other"] {
                        world.backend().wait(world.submit_to(queue, world.op(name, 64, 32), at));
                    }
                });
            }
        });
        assert_eq!((world.count("mark"), world.count("other")), (1, 1), "round {round}");
        assert_eq!(world.read(at, 64), [16; 64]);
    }
}

/// Each of two kernels is compiled only while the other one is too.
#[test]
fn different_kernels_are_compiled_side_by_side() {
    let both = Arc::new(Barrier::new(2));
    let world = World::with(2, false, move |_, _| _ = both.wait());
    let at = world.words(1);
    let mut dag = Dag::new();
    for name in ["mark", "other", "mark"] {
        dag.record(world.op(name, 1, 32), &at.to_le_bytes(), &[]).unwrap();
    }
    let plan = plan::cut(&dag, plan::Options { lanes: 2, host_calls: true }).unwrap();
    let prepared = world.backend().prepare(&plan, &dag).unwrap();
    // All of it when the graph was instantiated.
    assert_eq!((world.count("mark"), world.count("other")), (1, 1));
    let work = Work::Exec { prepared: &prepared, deltas: vec![], waits: &[] };
    world.backend().wait(world.backend().submit(world.queue, work).unwrap());
    assert_eq!(world.word(at), 3);
    assert_eq!((world.count("mark"), world.count("other")), (1, 1));
}

#[test]
fn each_block_size_is_a_version_and_only_so_many_are_kept() {
    let world = World::new(1);
    let at = world.words(1);
    for block in (1..=MOST as u16 + 10).chain(1..=MOST as u16) {
        world.run("mark", 1, block, at);
    }
    assert_eq!(world.count("mark"), MOST as u32);
    // The last ten sizes were interpreted: each thread adds 1000.
    let interpreted: u32 = (MOST as u32 + 1..=MOST as u32 + 10).sum();
    assert_eq!(world.word(at), 2 * MOST as u32 + interpreted * 1000);
}

#[test]
fn grids_whose_indexes_wrap_have_a_version_of_their_own() {
    let cache = Cache::default();
    let version = |grid, block| cache.version(super::super::shape(grid, block)).unwrap() as *const _;
    let small = version([1 << 20, 1, 1], [1024, 1, 1]);
    assert_eq!(small, version([1, 7, 1], [1024, 1, 1]));
    assert_ne!(small, version([1 << 21, 1, 1], [1024, 1, 1]));
    assert_ne!(small, version([1, 1, 1], [1, 1024, 1]));
}

#[test]
fn what_is_refused_is_interpreted_and_not_asked_again() {
    let world = World::new(2);
    let at = world.words(1);
    for round in 1..=3 {
        for name in ["plain", "needy"] {
            world.run(name, 2, 3, at);
            assert_eq!(world.count(name), 1);
        }
        assert_eq!(world.word(at), round * 12_000);
    }
    // Blocks that wait for each other are interpreted at once.
    let Op::Launch(launch) = world.op("mark", 2, 3) else { panic!("a launch") };
    let flags = stream_hal_capture::op::Launch::COOPERATIVE;
    let launch = stream_hal_capture::op::Launch { flags, ..launch };
    world.backend().wait(world.submit(Op::Launch(launch), at));
    assert_eq!((world.word(at), world.count("mark")), (42_000, 0));
}

#[test]
fn a_compiler_that_panics_leaves_the_kernel_to_the_interpreter() {
    let world = World::with(1, false, |name, _| assert_ne!(name, "mark", "injected in the compiler"));
    let at = world.words(1);
    world.run("mark", 1, 1, at);
    world.run("mark", 1, 1, at);
    assert_eq!((world.word(at), world.count("mark"), world.health.fault()), (2000, 1, None));
}

/// Launches that do not fit are refused with the words of the interpreter.
#[test]
fn a_launch_that_does_not_fit_is_the_same_error_either_way() {
    let compiled = World::new(1);
    let options = Options { interpreter: true, cpu_threads: 1, ..Options::default() };
    let interpreted = World::of(open("cpu", &options).unwrap(), Counts::default());
    let launch = |world: &World, name: &str| match world.op(name, 2, 1) {
        Op::Launch(launch) => launch,
        _ => panic!("a launch"),
    };
    type Change = fn(&mut stream_hal_capture::op::Launch);
    let changes: [(Change, &str); 5] = [
        (|launch| launch.block = [0, 1, 1], "0 threads a block where 1 to 64 are possible"),
        (|launch| launch.block = [33, 1, 2], "66 threads a block where 1 to 64 are possible"),
        (|launch| launch.block = [u16::MAX; 3], "0 threads a block"),
        (|launch| launch.args.bytes = 7, "7 bytes of parameters where the kernel has 8"),
        (|launch| launch.shared_bytes = 1 << 25, "33554432 bytes of shared memory"),
    ];
    for (change, words) in changes {
        let fault = |world: &World| {
            let mut launch = launch(world, "small");
            change(&mut launch);
            world.fault(Op::Launch(launch), 0)
        };
        let (one, other) = (fault(&compiled), fault(&interpreted));
        assert!(one == other && one.starts_with(&format!("LaunchFailed: {words}")), "{one}\n{other}");
    }
    assert_eq!(compiled.count("small"), 0);
}

/// A module's code goes with it; what is loaded later may take its place.
#[test]
fn code_is_freed_with_its_module() {
    let mut world = World::new(2);
    let at = world.words(1);
    for _ in 0..200 {
        world.run("mark", 1, 1, at);
        world.module = None;
        let module = world.opened.devices[0].load_module(super::codes::source().as_bytes()).unwrap();
        world.module = Some(module);
    }
    assert_eq!((world.count("mark"), world.word(at)), (200, 200));
}

#[test]
fn while_one_compiles_others_go_on() {
    static GO_ON: OnceLock<()> = OnceLock::new();
    static WAITS: AtomicU32 = AtomicU32::new(0);
    let world = World::with(2, false, |name, _| {
        if name == "other" {
            WAITS.store(1, Ordering::SeqCst);
            GO_ON.wait();
        }
    });
    let at = world.words(1);
    let slow = world.submit(world.op("other", 1, 1), at);
    super::until("it is compiled", || WAITS.load(Ordering::SeqCst) == 1);
    let options = QueueOptions { device: 0, priority: 0, health: Health::new() };
    let queue = world.backend().open_queue(options).unwrap();
    world.backend().wait(world.submit_to(queue, world.op("mark", 1, 1), at));
    assert_eq!(world.word(at), 1);
    GO_ON.set(()).unwrap();
    world.backend().wait(slow);
    assert_eq!(world.word(at), 2);
}

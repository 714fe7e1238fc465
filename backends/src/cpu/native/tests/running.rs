//! Blocks, faults, calls, stopping.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stream_hal_capture::Op;
use stream_hal_scheduler::Health;
use stream_hal_scheduler::QueueOptions;
use stream_hal_scheduler::backend::FaultKind;

use super::{World, until};

#[test]
fn every_block_runs_once_on_any_number_of_threads() {
    for threads in [1, 2, 4] {
        let world = World::new(threads);
        let at = world.words(300_000);
        let mut times = BTreeMap::new();
        for grid in [1, 2, 7, 1000, 65_000, 300_000, 3, 300_000] {
            world.run("mark", grid, 32, at);
            *times.entry(grid as usize).or_insert(0) += 1;
            let expect = |block: usize| times.iter().filter(|(grid, _)| block < **grid).map(|(_, n)| n).sum();
            let words = world.read(at, 300_000);
            assert!((0..words.len()).all(|block| words[block] == expect(block)), "{grid} on {threads}");
        }
        assert_eq!((world.health.fault(), world.count("mark")), (None, 1));
    }
}

#[test]
fn blocks_of_three_dimensions_are_counted_through() {
    let world = World::new(2);
    let at = world.words(60);
    let Op::Launch(launch) = world.op("mark", 1, 1) else { panic!("a launch") };
    world
        .backend()
        .wait(world.submit(Op::Launch(stream_hal_capture::op::Launch { grid: [3, 4, 5], ..launch }), at));
    assert_eq!(world.read(at, 60), [1; 60]);
}

#[test]
fn a_fault_says_where_and_breaks_the_context() {
    for threads in [1, 3] {
        let world = World::new(threads);
        let at = world.words(4);
        for (wild, address) in [(16, "0x18"), (1 << 60, "0x1000000000000008"), (0u64.wrapping_sub(8), "0x0")]
        {
            for grid in [1, 5000] {
                let expect = format!(
                    "IllegalAddress: illegal access of 4 bytes at {address} in kernel poke block (3,0,0) thread (34,0,0) line 12"
                );
                assert_eq!(world.fault(world.op("poke", grid, 64), wild), expect);
                let expect = expect.replace("(34,0,0)", "(2,1,0)");
                let Op::Launch(launch) = world.op("poke", grid, 64) else { panic!("a launch") };
                let launch = stream_hal_capture::op::Launch { block: [32, 2, 1], ..launch };
                assert_eq!(world.fault(Op::Launch(launch), wild), expect);
            }
        }
        world.run("poke", 1, 64, at);
        assert_eq!((world.read(at, 4), world.health.fault()), (vec![0, 0, 7, 0], None), "others go on");
    }
}

/// The interpreter finds the thread that a vector hides, and leaves memory alone.
#[test]
fn the_thread_to_blame_is_found() {
    let world = World::new(1);
    let at = world.words(8);
    // The compiled code faults at 16; interpreted, a block with a good pointer writes and thread 37 faults elsewhere.
    let fault = world.fault(world.op("blame", 8, 64), 16);
    assert!(fault.contains("at 0x20 in kernel blame block (3,0,0) thread (0,0,0) line"), "{fault}");
    let kernel = stream_hal_kernels::KernelFault {
        kind: stream_hal_kernels::FaultKind::IllegalAddress,
        kernel: "blame".into(),
        block: [3, 0, 0],
        thread: [0; 3],
        line: 0,
        address: 0,
        words: "a vector's".into(),
    };
    let module = stream_hal_kernels::Module::parse(&super::codes::source()).unwrap();
    let index = module.kernels().iter().position(|kernel| kernel.name == "blame").unwrap();
    let line = super::codes::source().lines().position(|line| line.contains(" blame(")).unwrap() as u32 + 1;
    let program = std::sync::Arc::new(module).link(&[]).unwrap();
    let parameters = at.to_le_bytes();
    let launch = stream_hal_kernels::Launch {
        grid: [8, 1, 1],
        block: [64, 1, 1],
        parameters: &parameters,
        ..stream_hal_kernels::Launch::default()
    };
    let told = |line| {
        let fault = stream_hal_kernels::KernelFault { line, ..kernel.clone() };
        super::super::reenact::told(fault, &program, index, &launch)
    };
    let found = told(line);
    assert_eq!((found.thread, found.address, found.line), ([37, 0, 0], 4128, line));
    assert_eq!(found.words, "illegal access of 4 bytes at 0x1020");
    assert_eq!(told(line + 1).words, "a vector's", "another line is another fault");
    assert_eq!(world.read(at, 8), [0; 8], "nothing was written");
}

#[test]
fn a_division_that_traps_is_a_fault() {
    let world = World::new(1);
    let expect = "IllegalInstruction: an operation without a result in kernel divide block (0,0,0) thread (5,0,0) line 21";
    assert_eq!(world.fault(world.op("divide", 1, 64), 0), expect);
}

#[test]
fn calls_reach_the_runtime() {
    let world = World::new(2);
    let at = world.words(1);
    world.run("asks", 1, 1, at);
    assert_eq!(world.word(at), 42);
    let fault = world.fault(world.op("gives_up", 100, 256), 0);
    assert!(fault.starts_with("LaunchFailed: trap in kernel gives_up block ("), "{fault}");
    assert!(fault.ends_with("thread (64,0,0) line 9"), "{fault}");
    assert!(world.fault(world.op("lost", 1, 1), 0).contains("call 7, which its code does not list"));
    assert!(world.fault(world.op("strange", 1, 1), 0).contains("77"));
}

#[test]
fn what_a_kernel_needs_is_there() {
    let world = World::new(1);
    let at = world.words(4);
    let Op::Launch(launch) = world.op("rooms", 1, 40) else { panic!("a launch") };
    let launch = stream_hal_capture::op::Launch { shared_bytes: 3000, grid: [1, 6, 1], ..launch };
    world.backend().wait(world.submit(Op::Launch(launch), at));
    assert_eq!(world.health.fault(), None);
    assert_eq!(world.read(at, 4), [8000, 160, 3000, 6]);
}

#[test]
fn a_kernel_that_runs_for_ever_is_left_when_its_context_is() {
    for (threads, grid) in [(1, 1), (2, 1), (3, 500)] {
        let world = World::new(threads);
        let at = world.words(1);
        let ticket = world.submit(world.op("spin", grid, 1), at);
        until("it spins", || world.word(at) == 1);
        world.health.abandon();
        world.backend().wait(ticket);
        assert_eq!(world.health.fault(), None);
    }
}

#[test]
fn a_kernel_that_runs_for_ever_is_left_when_the_backend_ends() {
    for (threads, grid) in [(1, 1), (3, 500)] {
        let world = World::new(threads);
        let at = world.words(1);
        world.submit(world.op("spin", grid, 1), at);
        until("it spins", || world.word(at) == 1);
        drop(world);
    }
}

/// A fault in one block stops those that would run for ever.
#[test]
fn a_fault_elsewhere_stops_a_kernel_of_the_same_context() {
    let world = World::new(3);
    let at = world.words(1);
    let options = QueueOptions { device: 0, priority: 0, health: world.health.clone() };
    let other = world.backend().open_queue(options).unwrap();
    let ticket = world.submit(world.op("spin", 1, 1), at);
    until("it spins", || world.word(at) == 1);
    world.backend().wait(world.submit_to(other, world.op("poke", 1, 1), 16));
    world.backend().wait(ticket);
    assert_eq!(world.health.fault().map(|fault| fault.kind), Some(FaultKind::IllegalAddress));
}

fn control_word() -> u32 {
    let mut word = 0u32;
    // SAFETY: writes the control word into `word`.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut word) };
    word
}

/// The kernel flushes denormals, the runtime does not, and the caller's mode comes back.
#[test]
fn the_control_word_is_the_kernel_s_while_it_runs() {
    let world = World::new(1);
    let at = world.words(2);
    for wanted in [0x1f80u32, 0x7f80] {
        world.opened.devices[0].write(at, &[0, 1, 0, 0, 0, 1, 0, 0]).unwrap();
        // SAFETY: a valid control word; set back below.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &wanted) };
        let ticket = world.submit(world.op("halve", 1, 1), at);
        world.backend().wait(ticket);
        let found = control_word();
        let usual = 0x1f80u32;
        // SAFETY: the default.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &usual) };
        assert_eq!((world.read(at, 2), found), (vec![0, 0x80], wanted));
    }
}

#[test]
fn faults_of_many_threads_are_one() {
    let world = World::new(4);
    for _ in 0..200 {
        let health = Health::new();
        let options = QueueOptions { device: 0, priority: 0, health: health.clone() };
        let queue = world.backend().open_queue(options).unwrap();
        world.backend().wait(world.submit_to(queue, world.op("poke", 4000, 64), 16));
        assert_eq!(health.fault().map(|fault| fault.kind), Some(FaultKind::IllegalAddress));
        world.backend().close_queue(queue);
    }
}

/// With checks the nearest allocation is named, also where memory is mapped.
#[test]
fn checked_accesses_name_the_nearest_allocation() {
    let world = World::with(2, true, |_, _| ());
    // It ends 8 bytes before its guard page. The kernel writes 8 bytes behind the place it gets.
    let at = world.words(102);
    let end = at + 408;
    let expect = format!(
        "IllegalAddress: illegal access of 4 bytes at {end:#x}: 0 bytes behind the allocation of 408 bytes at {at:#x} in kernel poke \
         block (3,0,0) thread (32,0,0) line 12"
    );
    assert_eq!(world.fault(world.op("poke", 1, 64), end - 8), expect);
    let fault = world.fault(world.op("poke", 1, 64), at - 12);
    assert!(fault.contains(&format!("4 bytes before the allocation of 408 bytes at {at:#x}")), "{fault}");
    // Where the processor finds it, the words are added.
    let fault = world.fault(world.op("poke", 1, 64), 16);
    assert!(fault.contains("at 0x18: ") && fault.contains("bytes before the allocation of"), "{fault}");
    world.run("poke", 1, 64, at);
    assert_eq!((world.read(at, 3), world.health.fault()), (vec![0, 0, 7], None));
}

#[test]
fn a_panic_on_a_helping_thread_ends_the_launch() {
    let world = World::new(2);
    let at = world.words(1);
    let Op::Launch(launch) = world.op("spin", 8, 1) else { panic!("a launch") };
    let launch = stream_hal_capture::op::Launch { shared_bytes: 0x0bad, ..launch };
    let ticket = world.submit(Op::Launch(launch), at);
    // A worker takes the lane, and the first block it runs panics.
    until("it was executed", || world.backend().completed(ticket.queue) >= ticket.value);
    let fault = world.health.fault().unwrap();
    assert!(fault.what.contains("injected in block work"), "{}", fault.what);
}

/// What an empty kernel of 1,024 blocks costs from launch to the end of waiting for it.
#[test]
#[ignore = "prints times, which mean something in a release build only"]
fn the_cost_of_a_launch() {
    for threads in [1, 2] {
        let world = World::new(threads);
        for (name, grid) in [("empty", 1), ("empty", 1024), ("mark", 1024), ("plain", 1)] {
            let (op, at) = (world.op(name, grid, 32), world.words(1024));
            let mut best = Duration::MAX;
            for _ in 0..50 {
                let start = Instant::now();
                (0..100).for_each(|_| world.backend().wait(world.submit(op, at)));
                best = best.min(start.elapsed() / 100);
            }
            println!("{name} with {grid} blocks, {threads} threads: {best:?}");
        }
        assert_eq!(world.health.fault(), None);
    }
}

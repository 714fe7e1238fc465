//! The `may:` lines of hot calls, counted: how often memory is allocated, on the null backend.
//!
//! Clocks on shared machines lie, counts do not. One test, because the settings of a process are
//! read once and the count is the process's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use stream_hal::gate::Gate;
use stream_hal::handle::{self, Kind, Table};
use stream_hal::pointers::{Allocation, Pointers};
use stream_hal::{Device, Result, Shape};

/// The system's allocator, counting what each thread asks for.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many allocations this thread makes in `count` turns.
fn allocations(count: u64, mut turn: impl FnMut(u64)) -> u64 {
    let before = ALLOCATIONS.get();
    (0..count).for_each(&mut turn);
    ALLOCATIONS.get() - before
}

fn main() -> Result {
    // What test runners ask first.
    let asks = |name: &str| std::env::args().any(|argument| argument == name);
    if asks("--list") {
        if !asks("--ignored") {
            println!("contracts: test");
        }
        return Ok(());
    }
    // SAFETY: no other thread of this process has started yet.
    unsafe { std::env::set_var("STREAM_HAL_BACKENDS", "null") };
    look_ups();
    launches()
}

fn look_ups() {
    static EVENTS: Table<u32> = Table::new(Kind::Event);
    let event = EVENTS.insert(7).expect("a new table has room");
    let pointers = Pointers::new();
    pointers.insert(Allocation { base: 4096, bytes: 64, ..Allocation::default() }).expect("the map is empty");
    let gate = Gate::new(0);
    let everything = |i: u64| {
        let reading = handle::enter();
        assert_eq!(EVENTS.get(event, &reading), Ok(&7));
        assert!(pointers.find(4096 + i % 64).is_some());
        *gate.lock() += 1;
    };
    // The first call seats the thread and makes the map's hints.
    everything(0);
    check("look up handles and pointers, take a gate", allocations(10_000, everything), 0);
}

fn launches() -> Result {
    const COUNT: u64 = 4_000;
    let device = Device::open(0)?;
    let module = device.module(include_str!("../kernels/samples/ptx/vector_add.ptx"))?;
    let add = module.kernel("vector_add")?;
    let buffer = device.buffer::<f32>(64)?;
    let stream = device.stream()?;
    let launch = |_| {
        // SAFETY: the null backend runs nothing, and the shape covers the buffers exactly.
        let launched =
            unsafe { stream.launch(&add, Shape::linear(64, 64), (&buffer, &buffer, &buffer, 64u32)) };
        launched.expect("a good launch is accepted");
    };
    // Chunks come from the heap the first time; afterwards they are recycled.
    for _ in 0..3 {
        (0..COUNT).for_each(launch);
        stream.synchronize()?;
    }
    check("eager launches", allocations(COUNT, launch), 0);
    check(
        "launch and synchronise",
        allocations(COUNT, |i| {
            launch(i);
            stream.synchronize().expect("nothing can fail on null");
        }),
        0,
    );
    let mut recorded = 0;
    for _ in 0..4 {
        let graph = stream.capture(|_| {
            recorded = allocations(COUNT, launch);
            Ok(())
        })?;
        drop(graph);
    }
    // One for each chunk of some hundreds of ops may be new.
    check("recorded launches", recorded, COUNT / 256);
    let graph = stream.capture(|_| {
        (0..COUNT).for_each(launch);
        Ok(())
    })?;
    let exec = graph.instantiate()?;
    let mut relaunch = |_| stream.launch_graph(&exec).expect("a good graph is accepted");
    (0..4).for_each(&mut relaunch);
    check("graph launches", allocations(100, relaunch), 0);
    stream.synchronize()
}

fn check(what: &str, found: u64, most: u64) {
    println!("{what}: {found} allocations, at most {most}");
    assert!(found <= most, "{what}: {found} allocations, at most {most} are promised");
}

//! What a submission and a wait may cost, counted: no allocation once a queue has run for a while.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use stream_hal_capture::Dag;
use stream_hal_capture::Op;
use stream_hal_capture::op::{Args, Write};
use stream_hal_scheduler::{Ticket, Work};
use world::{World, copy, fill, with_threads};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl Fn()) -> u64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

#[test]
fn nothing_is_allocated_in_a_steady_state() {
    let world = World::new(with_threads(2));
    let (a, b, at) = (world.queue(), world.queue(), world.words(16));
    let mut dag = Dag::new();
    dag.add(fill(at, 1), &[]).unwrap();
    let (_, prepared) = world.prepare(&dag, 1);
    let write = Op::Write(Write { to: at, from: 0, args: Args { start: 0, bytes: 32 } });
    let burst = || {
        let mut last = Ticket { queue: b, value: 0 };
        for n in 0..1000 {
            let first = world.submit(a, fill(at, n), &[]);
            world.backend().submit(a, Work::Ops { ops: &[write], args: &[1; 32], waits: &[] }).unwrap();
            last = world.submit(b, copy(at + 4, at, 4), &[first]);
            world.launch(b, &prepared, vec![], &[]);
        }
        world.backend().wait(last);
        for n in 0..1000 {
            let ticket = world.submit(a, fill(at, n), &[]);
            world.backend().wait(ticket);
        }
    };
    (0..5).for_each(|_| burst());
    // Two lanes that wait for each other may meet in new ways; most rounds must be free of it.
    let rounds: Vec<u64> = (0..20).map(|_| allocations(burst)).collect();
    let free = rounds.iter().filter(|&&count| count == 0).count();
    assert!(free >= 15, "allocations per round of 5,000 submissions: {rounds:?}");
}

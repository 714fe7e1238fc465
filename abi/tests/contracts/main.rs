//! The cost contracts of the hot calls, counted: instructions, atomic read-modify-writes, heap
//! allocations and system calls of each, through the C library as programs use it.
//!
//! A child process sets the scene up and becomes traced; every call is stepped through, instruction by
//! instruction. Counts do not depend on clocks or neighbours. The instruction counts of release builds
//! are compared with `figures.tsv`; `STREAM_HAL_RENEW=1 cargo test --release --test contracts --
//! --nocapture` prints each scene's row for it, where the read-modify-writes are, and which
//! functions the instructions are in.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "../built/mod.rs"]
mod built;
mod child;
mod figures;
mod imports;
mod scene;
mod tracer;

use tracer::{Measured, NotPermitted};

/// What a call may cost.
struct Contract {
    /// Atomic read-modify-writes of the typical call, at most.
    writes: usize,
    /// Heap allocations of a thousand calls, at most: what grows by doubling or by the chunk.
    allocations: u64,
    /// System calls of a thousand calls, at most: those of the allocator when something grows.
    syscalls: u64,
}

/// No allocation and no system call at all.
const fn at_most(writes: usize) -> Contract {
    Contract { writes, allocations: 0, syscalls: 0 }
}

/// What a capture records into grows: vectors by doubling, arenas by the chunk.
const fn growing(writes: usize) -> Contract {
    Contract { writes, allocations: 40, syscalls: 40 }
}

/// The queue of pending work grows by a chunk when more is pending than ever before.
const fn queueing(writes: usize) -> Contract {
    Contract { writes, allocations: 4, syscalls: 4 }
}

fn check(scene: &str, backend: &str, contract: Contract) {
    if let Some(measured) = measure(scene, backend) {
        keep(&format!("{scene} on {backend}"), &measured, &contract);
    }
}

fn measure(scene: &str, backend: &str) -> Option<Measured> {
    match tracer::measure(scene, backend) {
        Ok(measured) => {
            figures::show(scene, backend, &measured);
            Some(measured)
        }
        Err(NotPermitted(because)) => {
            built::skip(scene, &because);
            None
        }
    }
}

fn keep(what: &str, measured: &Measured, contract: &Contract) {
    let typical = &measured.typical;
    assert_eq!(typical.syscalls, 0, "{what}: system calls of one call");
    assert!(
        typical.writes.len() <= contract.writes,
        "{what}: {} read-modify-writes, at most {}:\n{}",
        typical.writes.len(),
        contract.writes,
        figures::places(&typical.writes)
    );
    let (allocations, syscalls) = (measured.allocations, measured.syscalls);
    assert!(
        allocations <= contract.allocations,
        "{what}: {allocations} allocations in {} calls, the first below\n{}",
        child::CALLS,
        figures::places(&measured.callers)
    );
    assert!(syscalls <= contract.syscalls, "{what}: {syscalls} system calls in {} calls", child::CALLS);
}

/// One test for each scene and backend.
macro_rules! contracts {
    ($($name:ident: $scene:literal on $backend:literal, $contract:expr;)*) => {$(
        #[test]
        fn $name() {
            check($scene, $backend, $contract);
        }
    )*};
}

contracts! {
    a_captured_launch: "launch captured" on "cpu", growing(1);
    a_captured_launch_of_hip: "launch captured hip" on "cpu", growing(1);
    a_captured_launch_for_null: "launch captured" on "null", growing(1);
    a_launch: "launch" on "cpu", queueing(2);
    a_launch_of_hip: "launch hip" on "cpu", queueing(2);
    // The null backend's queue is behind a lock: two in the place of one.
    a_launch_on_null: "launch" on "null", queueing(3);
    a_launch_and_a_wait_on_null: "launch and wait" on "null", at_most(8);
    a_graph_of_one_on_cpu: "graph of 1" on "cpu", queueing(4);
    a_graph_of_many_on_cpu: "graph of 100" on "cpu", queueing(4);
    a_query_of_a_stream: "stream query" on "cpu", at_most(1);
    a_query_of_an_event: "event query" on "cpu", at_most(1);
    a_record_of_an_event: "event record" on "cpu", queueing(3);
    a_captured_record_of_an_event: "event record captured" on "cpu", growing(2);
    a_wait_for_an_event: "wait event" on "cpu", queueing(2);
    a_captured_wait_for_an_event: "wait event captured" on "cpu", growing(2);
}

#[test]
fn a_graph_s_launch_costs_the_same_at_any_size() {
    let (Some(one), Some(many)) = (measure("graph of 1", "null"), measure("graph of 10000", "null")) else {
        return;
    };
    let (one, many) = (one.typical.own.len(), many.typical.own.len());
    assert!(many <= one + one / 10, "{many} instructions for 10,000 nodes, {one} for one");
}

/// The measured process, for the other tests.
#[test]
#[ignore = "the other tests run it"]
fn child() {
    child::play();
}

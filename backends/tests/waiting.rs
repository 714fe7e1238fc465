//! Who executes what: waiting callers, workers that sleep, host functions that block.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod world;

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stream_hal_capture::Dag;
use stream_hal_scheduler::{Backend, Ticket};
use world::{World, count, each, fill, host, with_threads};

/// Ends the test process with words instead of hanging it.
fn within(seconds: u64, what: &str, story: impl FnOnce()) {
    let done = Arc::new(AtomicBool::new(false));
    let (seen, what) = (done.clone(), what.to_owned());
    let watch = thread::spawn(move || {
        let end = Instant::now() + Duration::from_secs(seconds);
        while !seen.load(Ordering::SeqCst) {
            if Instant::now() > end {
                eprintln!("{what}: not done after {seconds} s");
                std::process::abort();
            }
            thread::park_timeout(Duration::from_millis(50));
        }
    });
    story();
    done.store(true, Ordering::SeqCst);
    watch.thread().unpark();
    watch.join().unwrap();
}

/// Looks at a queue without ever waiting for it.
fn poll(backend: &dyn Backend, ticket: Ticket) {
    while backend.completed(ticket.queue) < ticket.value {
        thread::sleep(Duration::from_micros(100));
    }
}

extern "C" fn take_lock(data: *mut c_void) {
    // SAFETY: the test passes its mutex, which outlives the queue.
    let lock = unsafe { &*data.cast::<Mutex<u32>>() };
    *lock.lock() += 1;
}

#[test]
fn a_waiting_caller_does_no_work_it_does_not_wait_for() {
    within(20, "caller with a lock", || {
        each(|world| {
            let (a, b, counter) = (world.queue(), world.queue(), AtomicU64::new(0));
            let lock = Mutex::new(0);
            for n in 1..=20 {
                let held = lock.lock();
                let blocked = world.submit(b, host(take_lock, &lock), &[]);
                let free = world.submit(a, host(count, &counter), &[]);
                world.backend().wait(free);
                assert_eq!(counter.load(Ordering::SeqCst), n);
                drop(held);
                world.backend().wait(blocked);
            }
            assert_eq!(*lock.lock(), 20);
        });
    });
}

/// Flags that host functions set and wait for.
struct Steps {
    reached: AtomicU64,
    wanted: [u64; 3],
}

struct Step<'a>(&'a Steps, usize);

extern "C" fn step(data: *mut c_void) {
    // SAFETY: the test passes a `Step` that outlives the queues.
    let step = unsafe { &*data.cast::<Step<'_>>() };
    let steps = step.0;
    while steps.reached.load(Ordering::SeqCst) != steps.wanted[step.1] {
        thread::yield_now();
    }
    steps.reached.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn host_functions_that_wait_for_later_queues_do_not_use_up_the_workers() {
    within(20, "three queues", || {
        each(|world| {
            for _ in 0..5 {
                let steps = Steps { reached: AtomicU64::new(0), wanted: [2, 1, 0] };
                let each = [0, 1, 2].map(|n| Step(&steps, n));
                let tickets = each.each_ref().map(|one| world.submit(world.queue(), host(step, one), &[]));
                tickets.into_iter().for_each(|ticket| poll(world.backend(), ticket));
                assert_eq!(steps.reached.load(Ordering::SeqCst), 3);
            }
        });
    });
}

#[test]
fn a_caller_inside_a_blocked_function_is_freed_by_another_queue() {
    within(20, "caller in a host function", || {
        each(|world| {
            let steps = Steps { reached: AtomicU64::new(0), wanted: [1, 0, 0] };
            let each = [0, 1].map(|n| Step(&steps, n));
            let (a, b) = (world.queue(), world.queue());
            let blocked = world.submit(a, host(step, &each[0]), &[]);
            world.submit(b, host(step, &each[1]), &[]);
            world.backend().wait(blocked);
            assert_eq!(steps.reached.load(Ordering::SeqCst), 2);
        });
    });
}

#[test]
fn work_is_done_for_a_program_that_only_looks_at_memory() {
    within(20, "looking at memory", || {
        each(|world| {
            let counter = AtomicU64::new(0);
            let (a, b) = (world.queue(), world.queue());
            for n in 1..=20 {
                let first = world.submit(a, host(count, &counter), &[]);
                world.submit(b, host(count, &counter), &[first]);
                while counter.load(Ordering::SeqCst) < 2 * n {
                    thread::yield_now();
                }
            }
        });
    });
}

#[test]
fn no_wake_up_is_lost_around_naps_and_sleep() {
    within(30, "naps", || {
        each(|world| {
            let (queue, counter) = (world.queue(), AtomicU64::new(0));
            let mut random = fastrand::Rng::with_seed(5);
            for _ in 0..60 {
                let ticket = world.submit(queue, host(count, &counter), &[]);
                poll(world.backend(), ticket);
                // Around and beyond the 1.3 ms after which workers sleep.
                thread::sleep(Duration::from_micros(random.u64(0..3500)));
            }
            assert_eq!(counter.load(Ordering::SeqCst), 60);
        });
    });
}

#[test]
fn a_long_chain_of_waits_needs_little_stack() {
    within(20, "small stack", || {
        each(|world| {
            let (a, b, at) = (world.queue(), world.queue(), world.words(1));
            let body = || {
                let mut last = Ticket { queue: b, value: 0 };
                for n in 0..20_000 {
                    let first = world.submit(a, fill(at, n), &[last]);
                    last = world.submit(b, fill(at, n + 1), &[first]);
                }
                world.backend().wait(last);
                assert_eq!(world.word(at), 20_000);
            };
            thread::scope(|scope| {
                let small = thread::Builder::new().stack_size(64 << 10);
                small.spawn_scoped(scope, body).unwrap().join().unwrap();
            });
        });
    });
}

#[test]
fn a_chain_through_many_queues_is_followed_without_recursion() {
    within(20, "many queues", || {
        each(|world| {
            let at = world.words(1);
            let mut last = world.submit(world.queue(), fill(at, 0), &[]);
            let mut queues = vec![];
            for n in 1..5000 {
                let queue = world.queue();
                last = world.submit(queue, fill(at, n), &[last]);
                queues.push(queue);
            }
            world.backend().wait(last);
            assert_eq!(world.word(at), 4999);
            queues.into_iter().for_each(|queue| world.backend().close_queue(queue));
        });
    });
}

#[test]
fn threads_that_wait_for_each_others_queues_all_come_through() {
    within(60, "four threads", || {
        each(|world| {
            let points: Vec<AtomicU64> = (0..4).map(|_| AtomicU64::new(0)).collect();
            let queues: Vec<u32> = (0..4).map(|_| world.queue()).collect();
            let at = world.words(4);
            let body = |me: usize| {
                let mut random = fastrand::Rng::with_seed(me as u64);
                for n in 0..2000 {
                    let other = random.usize(0..4);
                    let point = points[other].load(Ordering::SeqCst);
                    let wait = Ticket { queue: queues[other], value: point };
                    let ticket = world.submit(queues[me], fill(at + 4 * me as u64, n), &[wait]);
                    points[me].store(ticket.value, Ordering::SeqCst);
                    match random.u8(0..8) {
                        0 => world.backend().wait(ticket),
                        1 => world.backend().wait(wait),
                        2 => assert!(world.backend().completed(queues[me]) <= ticket.value),
                        _ => {}
                    }
                }
                world.backend().wait(Ticket { queue: queues[me], value: 2000 });
                assert_eq!(world.word(at + 4 * me as u64), 1999);
            };
            thread::scope(|scope| {
                (0..4).for_each(|me| drop(scope.spawn(move || body(me))));
            });
        });
    });
}

#[test]
fn a_plan_with_blocking_host_functions_ends() {
    within(20, "plan", || {
        let world = World::new(with_threads(2));
        let counter = AtomicU64::new(0);
        let mut dag = Dag::new();
        let root = dag.add(host(count, &counter), &[]).unwrap();
        let branches: Vec<_> = (0..50).map(|_| dag.add(host(count, &counter), &[root]).unwrap()).collect();
        dag.add(host(count, &counter), &branches).unwrap();
        let (plan, prepared) = world.prepare(&dag, 4);
        assert!(plan.lanes > 1);
        let queue = world.queue();
        for _ in 0..20 {
            world.launch(queue, &prepared, vec![], &[]);
        }
        let last = world.launch(queue, &prepared, vec![], &[]);
        poll(world.backend(), last);
        assert_eq!(counter.load(Ordering::SeqCst), 21 * 52);
    });
}

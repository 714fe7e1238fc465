//! Handles are found, refused for the right reason, and their objects dropped once, in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// Counts its drops and knows when it is gone.
struct Tracked {
    alive: Arc<AtomicBool>,
    drops: Arc<AtomicUsize>,
}

impl Tracked {
    fn new(drops: &Arc<AtomicUsize>) -> Tracked {
        Tracked { alive: Arc::new(AtomicBool::new(true)), drops: drops.clone() }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        assert!(self.alive.swap(false, Ordering::SeqCst), "dropped twice");
        self.drops.fetch_add(1, Ordering::SeqCst);
    }
}

fn table<T: Send + Sync>(kind: Kind) -> &'static Table<T> {
    Box::leak(Box::new(Table::new(kind)))
}

#[test]
fn every_refusal_has_its_reason() {
    let (events, streams) = (table(Kind::Event), table(Kind::Stream));
    let event = events.insert(1).expect("a new table has room");
    let stream = streams.insert(2).expect("a new table has room");
    let here = 0u32;
    let cases = [
        (event, Ok(&1)),
        (0, Err(HandleError::Null)),
        (1, Err(HandleError::Foreign)),
        (2, Err(HandleError::Foreign)),
        (&raw const here as u64, Err(HandleError::Foreign)),
        (u64::MAX, Err(HandleError::Foreign)),
        (1 << 63 | event, Err(HandleError::Foreign)),
        (stream, Err(HandleError::WrongKind { found: Kind::Stream })),
        (event + 1, Err(HandleError::Stale)),
        (event + (1 << INDEX_BITS), Err(HandleError::Stale)),
        (Kind::Event.tag() | ((1 << INDEX_BITS) - 1), Err(HandleError::Stale)),
    ];
    let reading = enter();
    for (handle, expect) in cases {
        assert_eq!(events.get(handle, &reading), expect, "{handle:#x}");
    }
    assert_eq!(events.remove(stream, &reading), Err(HandleError::WrongKind { found: Kind::Stream }));
    assert_eq!(events.remove(event, &reading), Ok(()));
    assert_eq!(events.remove(event, &reading), Err(HandleError::Stale));
    assert_eq!(events.get(event, &reading), Err(HandleError::Stale));
}

#[test]
fn kinds_keep_their_numbers() {
    for (number, kind) in Kind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, number);
        assert_eq!(Kind::of(kind.tag()), Some(kind));
    }
    assert_eq!(Kind::of(0), None);
}

#[test]
fn an_object_outlives_its_handle_until_the_call_is_left() {
    let drops = Arc::new(AtomicUsize::new(0));
    let events = table(Kind::Event);
    let handle = events.insert(Tracked::new(&drops)).expect("a new table has room");
    let outer = enter();
    let found = events.get(handle, &outer).expect("it was put in");
    {
        let inner = enter();
        events.remove(handle, &inner).expect("it was there");
    }
    assert!(found.alive.load(Ordering::SeqCst), "a nested call ended, not the outer one");
    drop(outer);
    settle_until(|| drops.load(Ordering::SeqCst) == 1);
}

/// Other tests of this process may be inside calls of their own for a moment.
fn settle_until(done: impl Fn() -> bool) {
    for _ in 0..20_000 {
        collect();
        if done() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
    panic!("the graveyard was not emptied");
}

#[test]
fn another_threads_call_delays_the_drop() {
    let drops = Arc::new(AtomicUsize::new(0));
    let events = table(Kind::Event);
    let handle = events.insert(Tracked::new(&drops)).expect("a new table has room");
    let (inside, entered) = std::sync::mpsc::channel();
    let (leave, may_leave) = std::sync::mpsc::channel::<()>();
    let reader = std::thread::spawn(move || {
        let reading = enter();
        let found = events.get(handle, &reading).expect("not removed yet");
        inside.send(()).expect("the test waits for it");
        may_leave.recv().expect("the test sends it");
        assert!(found.alive.load(Ordering::SeqCst));
    });
    entered.recv().expect("the reader sends it");
    events.remove(handle, &enter()).expect("it was there");
    collect();
    assert_eq!(drops.load(Ordering::SeqCst), 0);
    leave.send(()).expect("the reader waits for it");
    reader.join().expect("its assertions hold");
    settle_until(|| drops.load(Ordering::SeqCst) == 1);
}

#[test]
fn a_drop_may_destroy_further_objects() {
    struct Link(u64, &'static Table<Link>, Arc<AtomicUsize>);
    impl Drop for Link {
        fn drop(&mut self) {
            self.2.fetch_add(1, Ordering::SeqCst);
            if self.0 != 0 {
                self.1.remove(self.0, &enter()).expect("each link is removed once");
            }
        }
    }
    const LINKS: usize = 100_000;
    let drops = Arc::new(AtomicUsize::new(0));
    let links: &'static Table<Link> = table(Kind::Context);
    let mut last = 0;
    for _ in 0..LINKS {
        last = links.insert(Link(last, links, drops.clone())).expect("there is room");
    }
    links.remove(last, &enter()).expect("the last link is there");
    settle_until(|| drops.load(Ordering::SeqCst) == LINKS);
}

#[test]
fn slots_rest_and_handles_never_repeat() {
    let events = table(Kind::Event);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..10_000 {
        let handle = events.insert(()).expect("there is room");
        assert!(seen.insert(handle));
        events.remove(handle, &enter()).expect("it was put in");
    }
    // Other tests' calls may hold slots back for a moment, but they do come back.
    let used = events.free.lock().fresh;
    assert!(used < 5_000, "{used} slots for one object at a time");
}

#[test]
fn iteration_finds_exactly_what_is_there() {
    let events = table(Kind::Event);
    let mut handles: Vec<u64> = (0..100).map(|i| events.insert(i).expect("there is room")).collect();
    let reading = enter();
    for handle in handles.extract_if(.., |handle| *handle % 3 == 0) {
        events.remove(handle, &reading).expect("it was put in");
    }
    assert_eq!(events.iter(&reading).map(|(handle, _)| handle).collect::<Vec<_>>(), handles);
}

#[test]
fn a_node_names_its_graph_and_dies_with_it() {
    let graphs = table(Kind::Graph);
    let mut old = Vec::new();
    for round in 0..200u32 {
        let graph = graphs.insert(round).expect("there is room");
        for number in [0, 1, round, (1 << NUMBER_BITS) - 1] {
            let node = node_handle(graph, number).expect("the number fits");
            assert_eq!(Kind::of(node), Some(Kind::Node));
            assert_eq!(graphs.owner(node), Ok((graph, number)));
            assert_eq!(
                graphs.get(node, &enter()),
                Err(HandleError::WrongKind { found: Kind::Node }),
                "a node is no graph"
            );
            old.push(node);
        }
        assert_eq!(graphs.owner(graph), Err(HandleError::WrongKind { found: Kind::Graph }));
        graphs.remove(graph, &enter()).expect("it was put in");
    }
    for node in old {
        assert_eq!(graphs.owner(node), Err(HandleError::Stale));
    }
    let graph = graphs.insert(0).expect("there is room");
    assert_eq!(node_handle(graph, 1 << NUMBER_BITS), Err(Full(Kind::Node)));
    assert_eq!(graphs.owner(0), Err(HandleError::Null));
    assert_eq!(graphs.owner(5), Err(HandleError::Foreign));
}

#[test]
fn a_table_of_graphs_is_full_where_its_nodes_handles_end() {
    let graphs = table(Kind::Graph);
    graphs.free.lock().fresh = graphs.limit() - 1;
    assert!(graphs.insert(()).is_ok());
    assert_eq!(graphs.insert(()), Err(Full(Kind::Graph)));
}

/// Threads create, use and destroy each other's objects in a seeded order.
#[test]
fn seeded_stress() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let (drops, made) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let events: &'static Table<Tracked> = table(Kind::Event);
    let shared: &'static [std::sync::atomic::AtomicU64] =
        Vec::leak((0..16).map(|_| std::sync::atomic::AtomicU64::new(0)).collect());
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (drops, made) = (drops.clone(), made.clone());
            let mut random = fastrand::Rng::with_seed(seed + thread);
            std::thread::spawn(move || {
                for _ in 0..20_000 {
                    let reading = enter();
                    let at = random.usize(..shared.len());
                    let handle = shared[at].load(Ordering::Relaxed);
                    match random.u32(..4) {
                        0 => {
                            let _ = events.remove(handle, &reading);
                        }
                        1 => {
                            made.fetch_add(1, Ordering::SeqCst);
                            let new = events.insert(Tracked::new(&drops)).expect("there is room");
                            let old = shared[at].swap(new, Ordering::Relaxed);
                            let _ = events.remove(old, &reading);
                        }
                        _ => {
                            if let Ok(found) = events.get(handle, &reading) {
                                assert!(found.alive.load(Ordering::SeqCst));
                                if random.u32(..64) == 0 {
                                    std::thread::yield_now();
                                }
                                assert!(found.alive.load(Ordering::SeqCst));
                            }
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("its assertions hold");
    }
    for word in shared {
        let _ = events.remove(word.load(Ordering::Relaxed), &enter());
    }
    settle_until(|| drops.load(Ordering::SeqCst) == made.load(Ordering::SeqCst));
}

/// Prints nanoseconds; run with `--release -- --ignored --nocapture handle`.
#[test]
#[ignore = "a measurement, not a check"]
fn speed() {
    const TURNS: u32 = 1_000_000;
    let time = |name: &str, mut turn: Box<dyn FnMut(u32)>| {
        let best = (0..10).map(|_| {
            let start = std::time::Instant::now();
            (0..TURNS).for_each(&mut turn);
            start.elapsed().as_nanos() as f64 / f64::from(TURNS)
        });
        println!("{name}: {:.2} ns", best.fold(f64::MAX, f64::min));
    };
    static EVENTS: Table<u32> = Table::new(Kind::Event);
    let handles: Vec<u64> = (0..1024).map(|i| EVENTS.insert(i).expect("there is room")).collect();
    time("enter and leave", Box::new(|_| drop(std::hint::black_box(enter()))));
    let reading = enter();
    let mut sum = 0;
    let one = std::hint::black_box(handles[7]);
    time("look up, the same", {
        let reading = enter();
        Box::new(move |_| {
            sum += EVENTS.get(std::hint::black_box(one), &reading).copied().unwrap_or(0);
            std::hint::black_box(sum);
        })
    });
    time(
        "look up, 1,024 in turn",
        Box::new(move |i| {
            let found = EVENTS.get(handles[i as usize % 1024], &reading);
            std::hint::black_box(found.is_ok());
        }),
    );
    let pair = |_| {
        let handle = EVENTS.insert(1).expect("there is room");
        EVENTS.remove(handle, &enter()).expect("it was put in");
    };
    let start = std::time::Instant::now();
    (0..100_000).for_each(pair);
    println!("insert and remove, one thread: {:.0} ns", start.elapsed().as_nanos() as f64 / 1e5);
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        drop(enter());
        let _ = stopped.recv();
    });
    std::thread::sleep(std::time::Duration::from_millis(10));
    let start = std::time::Instant::now();
    (0..100_000).for_each(pair);
    println!("insert and remove, another thread asleep: {:.0} ns", start.elapsed().as_nanos() as f64 / 1e5);
    drop(stop);
    other.join().expect("it only waits");
}

//! What is measured of this library, in a process of its own: prints a name and a value a line.

use crate::clock::{median_of, thread_cost, wall_cost};
use crate::driver::Driver;
use crate::shapes;

/// How large everything is.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// The number of nodes that is large.
    pub large: usize,
    /// The number that is compared with it.
    pub small: usize,
    /// Eager calls without a synchronise in between.
    pub depth: usize,
    pub runs: usize,
}

/// Shapes whose launches are measured against the peer.
pub const LAUNCHED: &[&str] = &["linear", "forkjoin", "random", "diamond", "mixed"];

fn say(name: &str, value: f64) {
    println!("{name} {value}");
}

/// The parts by name; each runs in a fresh process.
pub fn run(part: &str, sizes: Sizes) {
    match part {
        "cold" => cold(sizes),
        "calls" => calls(sizes),
        "build" => build(sizes),
        "launch" => launch(sizes),
        "phases" => phases(sizes),
        "fills" => fills(sizes),
        _ => panic!("there is no part {part}"),
    }
}

fn capture(driver: &Driver, launches: usize) -> f64 {
    driver.begin_capture();
    thread_cost(|| (0..launches).for_each(|_| driver.launch()))
}

/// The first capture of a process.
fn cold(sizes: Sizes) {
    let driver = Driver::open(1);
    say("record.cold", capture(&driver, sizes.large) / sizes.large as f64);
    driver.end_capture();
}

/// Single calls: recorded, eager, and one op with its synchronise.
fn calls(sizes: Sizes) {
    let driver = Driver::open(1);
    let recorded = median_of(sizes.runs, || {
        let cost = capture(&driver, sizes.small);
        let graph = driver.end_capture();
        driver.destroy_graph(graph);
        cost
    });
    say("record.warm", recorded / sizes.small as f64);
    let eager = median_of(sizes.runs, || {
        let cost = thread_cost(|| (0..sizes.depth).for_each(|_| driver.launch()));
        driver.synchronize();
        cost
    });
    say("eager", eager / sizes.depth as f64);
    let turns = median_of(sizes.runs, || {
        thread_cost(|| {
            for _ in 0..sizes.depth {
                driver.launch();
                driver.synchronize();
            }
        })
    });
    say("turn", turns / sizes.depth as f64);
    capture(&driver, 1);
    let graph = driver.end_capture();
    let exec = driver.instantiate(graph);
    let cost = median_of(sizes.runs, || {
        let cost = thread_cost(|| (0..sizes.depth).for_each(|_| driver.launch_graph(exec)));
        driver.synchronize();
        cost
    });
    say("launch.null", cost / sizes.depth as f64);
}

/// Launches behind a held stream, one call.
const QUEUED: usize = 100;

/// The launch call of a graph of fills: queued behind other work, and right after the graph has run,
/// when everything the call touches has left the caches. The null backend has no work to hold, so
/// this is asked of the cpu backend.
fn launch_call(driver: &Driver, name: &str, nodes: usize, runs: usize) {
    let shape = shapes::shape("linear", nodes);
    let graph = driver.build(&shape, true);
    let exec = driver.instantiate(graph);
    let clock = median_of(runs, || thread_cost(|| ()));
    let queued = median_of(runs.min(9), || {
        driver.hold();
        // The first call finds what the last round's work left of the caches.
        driver.launch_graph(exec);
        let cost = thread_cost(|| (0..QUEUED).for_each(|_| driver.launch_graph(exec)));
        driver.let_go();
        driver.synchronize();
        cost
    });
    say(&format!("launch.{name}"), (queued - clock).max(0.0) / QUEUED as f64);
    let after = median_of(runs, || {
        let cost = thread_cost(|| driver.launch_graph(exec));
        driver.synchronize();
        cost
    });
    say(&format!("launch.{name}.after"), (after - clock).max(0.0));
    driver.destroy(graph, exec);
}

/// Record, end and instantiate, per node: captured, and built with edges against creation order.
fn build(sizes: Sizes) {
    let driver = Driver::open(1);
    let nodes = sizes.small * 10;
    let ordered = median_of(sizes.runs.min(7), || {
        let mut made = (0, 0);
        let cost = thread_cost(|| {
            capture(&driver, nodes);
            let graph = driver.end_capture();
            made = (graph, driver.instantiate(graph));
        });
        driver.destroy(made.0, made.1);
        cost
    });
    say("build.ordered", ordered / nodes as f64);
    for name in ["random", "shuffled", "reverse"] {
        let shape = shapes::shape(name, nodes);
        let cost = median_of(sizes.runs.min(7), || {
            let mut made = (0, 0);
            let cost = thread_cost(|| {
                let graph = driver.build(&shape, false);
                made = (graph, driver.instantiate(graph));
            });
            driver.destroy(made.0, made.1);
            cost
        });
        say(&format!("build.{name}"), cost / nodes as f64);
    }
}

/// Launch and synchronise, per node, for each shape.
fn launch(sizes: Sizes) {
    let driver = Driver::open(1);
    for name in LAUNCHED {
        for nodes in [sizes.small / 10, sizes.small] {
            let shape = shapes::shape(name, nodes);
            let graph = driver.build(&shape, false);
            let exec = driver.instantiate(graph);
            let cost = median_of(sizes.runs, || {
                thread_cost(|| {
                    driver.launch_graph(exec);
                    driver.synchronize();
                })
            });
            say(&format!("rerun.{name}.{nodes}"), cost / shape.len() as f64);
            driver.destroy(graph, exec);
        }
    }
}

/// Each phase per node at two sizes, the second time round each.
fn phases(sizes: Sizes) {
    let driver = Driver::open(1);
    for nodes in [sizes.small, sizes.large] {
        let rounds = if nodes == sizes.small { sizes.runs } else { 2 };
        let mut costs: [Vec<f64>; 5] = Default::default();
        for _ in 0..=rounds {
            let (mut graph, mut exec) = (0, 0);
            costs[0].push(capture(&driver, nodes));
            costs[1].push(thread_cost(|| graph = driver.end_capture()));
            costs[2].push(thread_cost(|| exec = driver.instantiate(graph)));
            costs[3].push(thread_cost(|| {
                driver.launch_graph(exec);
                driver.synchronize();
            }));
            costs[4].push(thread_cost(|| driver.destroy(graph, exec)));
        }
        for (phase, mut costs) in PHASES.iter().zip(costs) {
            costs.remove(0);
            say(&format!("phase.{phase}.{nodes}"), crate::clock::median(costs) / nodes as f64);
        }
    }
}

/// The phases of a graph's life.
pub const PHASES: &[&str] = &["record", "end", "instantiate", "launch", "destroy"];

/// Fills of 4 bytes that really happen, and a hash of what they wrote.
fn fills(sizes: Sizes) {
    let driver = Driver::open(sizes.small);
    let eager = median_of(sizes.runs, || {
        let cost = thread_cost(|| (0..sizes.depth).for_each(|i| driver.fill(i, i as u32)));
        driver.synchronize();
        cost
    });
    say("fill.eager", eager / sizes.depth as f64);
    let turns = median_of(sizes.runs, || {
        wall_cost(|| {
            for i in 0..sizes.depth {
                driver.fill(i, i as u32);
                driver.synchronize();
            }
        })
    });
    say("fill.turn", turns / sizes.depth as f64);
    launch_call(&driver, "one", 1, sizes.runs);
    launch_call(&driver, "many", sizes.large, sizes.runs);
    for name in LAUNCHED {
        let shape = shapes::shape(name, sizes.small);
        let graph = driver.build(&shape, true);
        let exec = driver.instantiate(graph);
        let cost = median_of(sizes.runs, || {
            wall_cost(|| {
                driver.launch_graph(exec);
                driver.synchronize();
            })
        });
        say(&format!("fill.{name}"), cost / shape.len() as f64);
        println!("hash.{name} {:#018x}", driver.hash());
        driver.destroy(graph, exec);
    }
}

//! Plans: stated exactly for small graphs, complete for all graphs of up to five nodes, by seed and
//! at a million nodes for large ones.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use stream_hal_capture::op::{Fill, Host};
use stream_hal_capture::{Dag, Node, Op};
use stream_hal_scheduler::cover::{self, Gap};
use stream_hal_scheduler::plan::{self, Batch, Options, Plan, Step};

fn device() -> Op {
    Op::Fill(Fill { to: 0x1000, pitch: 0, width: 1, height: 1, value: 0, element_bytes: 4 })
}

fn host() -> Op {
    Op::Host(Host { function: 1, data: 0, form: Host::PLAIN, stream: 0 })
}

/// A graph in words: `a b<a c<a,b`; a node that begins with `h` is a host node, with `e` empty.
fn graph(text: &str) -> Dag {
    let mut dag = Dag::new();
    let mut names: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let (name, before) = word.split_once('<').unwrap_or((word, ""));
        let find = |name: &str| Node(names.iter().position(|&other| other == name).unwrap() as u32);
        let before: Vec<Node> = before.split(',').filter(|name| !name.is_empty()).map(find).collect();
        let op = match name.as_bytes()[0] {
            b'h' => host(),
            b'e' => Op::Empty,
            _ => device(),
        };
        dag.add(op, &before).unwrap();
        names.push(name);
    }
    dag
}

/// A plan in words: `0: a b | c` is a batch of lane 0 with a barrier before c, `1<0.1: d` one of
/// lane 1 that waits for value 1 of lane 0, `1!` a host step.
fn show(plan: &Plan, text: &str) -> String {
    let names: Vec<&str> = text.split_whitespace().map(|word| word.split('<').next().unwrap()).collect();
    let mut lines = Vec::new();
    for step in &plan.steps {
        let (mark, batch) = match step {
            Step::Batch(batch) => ("", batch),
            Step::Host(batch) => ("!", batch),
        };
        let mut waits: Vec<String> = batch.waits.iter().map(|w| format!("<{}.{}", w.lane, w.value)).collect();
        waits.sort();
        let mut line = format!("{}{mark}{}:", batch.lane, waits.concat());
        for place in batch.nodes.clone() {
            let barrier = if plan.barriers.contains(&place) { " |" } else { "" };
            line += &format!("{barrier} {}", names[plan.order[place as usize].node.0 as usize]);
        }
        lines.push(line);
    }
    lines.join("\n")
}

#[track_caller]
fn check(lanes: u32, text: &str, expect: &[&str]) {
    let dag = graph(text);
    let plan = plan::cut(&dag, Options { lanes, host_calls: false }).unwrap();
    assert_eq!(show(&plan, text), expect.join("\n"), "{text} on {lanes} lanes");
    cover::check(&dag, &plan).unwrap();
}

//   a → b → c
#[test]
fn a_chain_stays_on_its_lane() {
    check(1, "a b<a c<b", &["0: a | b | c"]);
    check(4, "a b<a c<b", &["0: a | b | c"]);
}

//       ┌→ b ─┐
//   a ──┤     ├→ d
//       └→ c ─┘
#[test]
fn a_diamond_waits_once_each_way() {
    check(1, "a b<a c<a d<b,c", &["0: a | b c | d"]);
    check(2, "a b<a c<a d<b,c", &["0: a", "0: b", "1<0.1: c", "0<1.1: d"]);
}

//   a → b        a, c and e need nothing
//   c → d
//   e
#[test]
fn independent_work_gets_lanes_of_its_own() {
    check(3, "a c x b<a d<c", &["0: a | b", "1: c | d", "2: x"]);
    check(2, "a c x b<a d<c", &["0: a x | b", "1: c | d"]);
}

//   a ─┬→ c       each of c, d needs both
//   b ─┴→ d
#[test]
fn a_cross_cuts_behind_what_is_awaited_only() {
    check(2, "a b c<a,b d<a,b", &["0: a", "1: b", "0<1.1: c", "1<0.1: d"]);
}

//   a → b → c,  a → c: b's wait shows a already
#[test]
fn a_wait_that_another_shows_is_not_made() {
    check(2, "a x<a b<a c<a,b", &["0: a", "0: x", "1<0.1: b | c"]);
}

//   a ─┐        ┌→ c
//   b ─┴→ e1 ───┴→ d       e1 is empty
#[test]
fn an_empty_node_costs_nothing() {
    check(1, "a b e1<a,b c<e1 d<e1", &["0: a b | c d"]);
    check(2, "a b e1<a,b c<e1 d<e1", &["0: a", "1: b", "0<1.1: c", "1<0.1: d"]);
    check(2, "e1 e2<e1", &[]);
    check(2, "e1 a<e1 e2<a e3<e2 b<e3", &["0: a | b"]);
}

//   a → h → b       x → y → z beside them
#[test]
fn a_host_node_cuts_only_its_own() {
    check(2, "a x h<a y<x b<h z<y", &["0: a", "1: x | y | z", "2!<0.1: h", "0<2.1: b"]);
    // On one lane what does not depend on h goes before what does.
    check(1, "a h<a b<h x y<x", &["0: a", "1!<0.1: h", "0: x | y", "0<1.1: b"]);
    check(1, "h", &["0!: h"]);
}

#[test]
fn a_backend_that_calls_host_functions_gets_them_in_batches() {
    let text = "a h<a b<h";
    let plan = plan::cut(&graph(text), Options { lanes: 1, host_calls: true }).unwrap();
    assert_eq!(show(&plan, text), "0: a | h | b");
}

#[test]
fn the_least_barriers() {
    let count = |dag: &Dag| plan::cut(dag, Options { lanes: 1, host_calls: true }).unwrap().barriers.len();
    for n in [2, 3, 4, 10, 100, 1000] {
        assert_eq!(count(&chains(1, n)), n as usize - 1, "chain of {n}");
        let mut fan = Dag::new();
        let root = fan.add(device(), &[]).unwrap();
        let leaves: Vec<Node> = (0..n).map(|_| fan.add(device(), &[root]).unwrap()).collect();
        assert_eq!(count(&fan), 1, "fan-out to {n}");
        fan.add(device(), &leaves).unwrap();
        assert_eq!(count(&fan), 2, "diamond of {n}");
    }
    assert_eq!(count(&chains(4, 50)), 49);
}

/// Chains side by side, recorded in turn.
fn chains(count: u32, length: u32) -> Dag {
    let mut dag = Dag::new();
    for i in 0..count * length {
        let before: &[Node] = if i < count { &[] } else { &[Node(i - count)] };
        dag.add(device(), before).unwrap();
    }
    dag
}

#[test]
fn work_spreads_evenly() {
    let plan = plan::cut(&chains(100, 1), Options { lanes: 8, host_calls: true }).unwrap();
    let mut sizes = vec![0; plan.lanes as usize];
    for step in &plan.steps {
        let Step::Batch(batch) = step else { panic!("no host node was asked for") };
        sizes[batch.lane as usize] += batch.nodes.len();
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [12, 12, 12, 12, 13, 13, 13, 13]);
    let plan = plan::cut(&chains(4, 50), Options { lanes: 8, host_calls: true }).unwrap();
    assert_eq!((plan.lanes, plan.steps.len(), plan.barriers.len()), (4, 4, 4 * 49));
    assert!(plan.steps.iter().all(|step| matches!(step, Step::Batch(b) if b.waits.is_empty())));
}

/// Every edge is kept, and without any one wait, barrier or cut an edge is lost. Plans without a
/// part are built here, and the check must find each one out.
fn check_tight(dag: &Dag, plan: &Plan, label: &dyn Fn() -> String) -> usize {
    if let Err(gap) = cover::check(dag, plan) {
        panic!("{gap}\n{}\n{plan:#?}", label());
    }
    let mut removed = 0;
    let mut broken = plan.clone();
    for i in 0..plan.steps.len() {
        for wait in 0..batch(&plan.steps[i]).waits.len() {
            let lost = batch_mut(&mut broken.steps[i]).waits.remove(wait);
            removed += 1;
            assert!(cover::check(dag, &broken).is_err(), "wait {wait} of step {i}\n{}\n{plan:#?}", label());
            batch_mut(&mut broken.steps[i]).waits.insert(wait, lost);
        }
        let signal = std::mem::take(&mut batch_mut(&mut broken.steps[i]).signal);
        assert!(cover::check(dag, &broken).is_err(), "signal of step {i}\n{}\n{plan:#?}", label());
        batch_mut(&mut broken.steps[i]).signal = signal;
        assert!(is_cut_needed(plan, i), "the cut behind step {i}\n{}\n{plan:#?}", label());
    }
    for i in 0..plan.barriers.len() {
        let lost = broken.barriers.remove(i);
        removed += 1;
        assert!(cover::check(dag, &broken).is_err(), "barrier {i}\n{}\n{plan:#?}", label());
        broken.barriers.insert(i, lost);
    }
    removed
}

fn batch(step: &Step) -> &Batch {
    match step {
        Step::Batch(batch) | Step::Host(batch) => batch,
    }
}

fn batch_mut(step: &mut Step) -> &mut Batch {
    match step {
        Step::Batch(batch) | Step::Host(batch) => batch,
    }
}

/// A batch ends where somebody waits for its end, where the next one waits, and at a lane's end.
fn is_cut_needed(plan: &Plan, i: usize) -> bool {
    let this = batch(&plan.steps[i]);
    let is_awaited = plan
        .steps
        .iter()
        .any(|s| batch(s).waits.iter().any(|wait| wait.lane == this.lane && wait.value == this.signal));
    let next = plan.steps[i + 1..].iter().find(|step| batch(step).lane == this.lane);
    is_awaited
        || next.is_none_or(|next| !batch(next).waits.is_empty())
        || matches!(plan.steps[i], Step::Host(_))
}

#[test]
fn every_graph_of_up_to_five_nodes() {
    let mut removed = 0;
    for nodes in 0..=5u32 {
        let pairs: Vec<(u32, u32)> = (0..nodes).flat_map(|to| (0..to).map(move |from| (from, to))).collect();
        // Each node may be a device op, a host op or empty; of five nodes every fifth such choice.
        let kinds = 3u32.pow(nodes);
        let stride = if nodes <= 4 { 1 } else { 5 };
        for edges in 0..1u32 << pairs.len() {
            for mask in (0..kinds).step_by(stride) {
                let mut dag = Dag::new();
                for node in 0..nodes {
                    let before: Vec<Node> = (pairs.iter().enumerate())
                        .filter(|(i, pair)| pair.1 == node && edges >> i & 1 == 1)
                        .map(|(_, pair)| Node(pair.0))
                        .collect();
                    let op = [device(), host(), Op::Empty][(mask / 3u32.pow(node) % 3) as usize];
                    dag.add(op, &before).unwrap();
                }
                for lanes in 1..=3 {
                    let plan = plan::cut(&dag, Options { lanes, host_calls: false }).unwrap();
                    removed += check_tight(&dag, &plan, &|| {
                        format!("{nodes} nodes, edges {edges:#b}, kinds {mask}, {lanes} lanes")
                    });
                }
            }
        }
    }
    assert!(removed > 200_000, "{removed}");
}

fn random(seed: u64, nodes: u32, reach: u32, is_shuffled: bool) -> Dag {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut names: Vec<u32> = (0..nodes).collect();
    if is_shuffled {
        rng.shuffle(&mut names);
    }
    let mut dag = Dag::new();
    for _ in 0..nodes {
        let op = [device(), device(), device(), Op::Empty, host()][rng.usize(0..5)];
        dag.add(op, &[]).unwrap();
    }
    for to in 1..nodes {
        for _ in 0..rng.u32(0..4) {
            let from = rng.u32(to.saturating_sub(reach)..to);
            let (from, to) = (Node(names[from as usize]), Node(names[to as usize]));
            // A double edge is refused, which is as good.
            let _ = dag.add_edge(from, to, 0);
        }
    }
    dag
}

#[test]
fn random_graphs_keep_every_edge() {
    for seed in 0..300 {
        let dag = random(seed, 12 + seed as u32 % 30, 1 + seed as u32 % 16, seed % 2 == 0);
        for (lanes, host_calls) in [(1, false), (2, true), (4, false), (8, true)] {
            let plan = plan::cut(&dag, Options { lanes, host_calls }).unwrap();
            check_tight(&dag, &plan, &|| format!("seed {seed}, {lanes} lanes"));
        }
    }
    for (seed, nodes) in [(1000, 1000), (1001, 3000), (1002, 10_000)] {
        let dag = random(seed, nodes, 256, seed % 2 == 0);
        for (lanes, host_calls) in [(1, true), (3, false), (8, true), (64, true)] {
            let plan = plan::cut(&dag, Options { lanes, host_calls }).unwrap();
            cover::check(&dag, &plan).unwrap_or_else(|gap| panic!("seed {seed}, {lanes} lanes: {gap}"));
        }
    }
}

#[test]
fn random_children_keep_every_edge() {
    for seed in 0..200 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut dags: Vec<Arc<Dag>> = Vec::new();
        for i in 0..4 {
            let nodes = rng.u32(0..7);
            let mut dag = random(rng.u64(..), nodes, 4, rng.bool());
            for node in 0..nodes {
                if i > 0 && rng.u8(0..3) == 0 {
                    let child = dag.push_child(dags[rng.usize(0..i)].clone());
                    dag.set_op(Node(node), Op::Graph { graph: child, nodes: 0 }).unwrap();
                }
            }
            dags.push(Arc::new(dag));
        }
        for (lanes, host_calls) in [(1, true), (1, false), (3, true), (3, false)] {
            let plan = plan::cut(&dags[3], Options { lanes, host_calls }).unwrap();
            check_tight(&dags[3], &plan, &|| format!("seed {seed}, {lanes} lanes"));
        }
    }
}

/// A child that waits and is waited for, inlined in place.
//   a → [ b → c ] → d
#[test]
fn a_child_is_inlined_with_its_path() {
    let mut dag = Dag::new();
    let child = dag.push_child(Arc::new(graph("b c<b")));
    let a = dag.add(device(), &[]).unwrap();
    let inner = dag.add(Op::Graph { graph: child, nodes: 2 }, &[a]).unwrap();
    dag.add(device(), &[inner]).unwrap();
    let plan = plan::cut(&dag, Options { lanes: 2, host_calls: true }).unwrap();
    cover::check(&dag, &plan).unwrap();
    assert_eq!(plan.barriers, [1, 2, 3]);
    let places: Vec<(u32, u32)> = plan.order.iter().map(|place| (place.path, place.node.0)).collect();
    assert_eq!(places, [(0, 0), (1, 0), (1, 1), (0, 2)]);
    assert_eq!(plan.path(1), [inner]);
    assert_eq!(plan.dags(&dag)[1].len(), 2);
}

#[test]
fn children_a_thousand_deep_and_ten_thousand_wide() {
    let mut inner = graph("a b<a");
    for _ in 0..1000 {
        let mut outer = Dag::new();
        let child = outer.push_child(Arc::new(inner));
        let first = outer.add(device(), &[]).unwrap();
        outer.add(Op::Graph { graph: child, nodes: 1 }, &[first]).unwrap();
        inner = outer;
    }
    let plan = plan::cut(&inner, Options { lanes: 4, host_calls: true }).unwrap();
    assert_eq!((plan.order.len(), plan.barriers.len(), plan.path(1000).len()), (1002, 1001, 1000));
    cover::check(&inner, &plan).unwrap();

    let mut wide = Dag::new();
    let child = wide.push_child(Arc::new(graph("a b<a")));
    let root = wide.add(device(), &[]).unwrap();
    let all: Vec<Node> =
        (0..10_000).map(|_| wide.add(Op::Graph { graph: child, nodes: 2 }, &[root]).unwrap()).collect();
    let join = wide.add(Op::Empty, &all).unwrap();
    wide.add(device(), &[join]).unwrap();
    let plan = plan::cut(&wide, Options { lanes: 4, host_calls: true }).unwrap();
    assert_eq!(plan.order.len(), 20_002);
    cover::check(&wide, &plan).unwrap();
}

/// Each level holds the one below twice: 2^40 nodes if it were inlined.
#[test]
fn a_graph_too_large_to_inline_is_refused_before_memory_runs_out() {
    let mut dag = Arc::new(graph("a"));
    for _ in 0..40 {
        let mut outer = Dag::new();
        let child = outer.push_child(dag);
        outer.add(Op::Graph { graph: child, nodes: 0 }, &[]).unwrap();
        outer.add(Op::Graph { graph: child, nodes: 0 }, &[]).unwrap();
        dag = Arc::new(outer);
    }
    assert_eq!(plan::cut(&dag, Options { lanes: 1, host_calls: true }), Err(plan::Error::Full));
}

/// 2^40 ways from top to bottom, 121 nodes.
#[test]
fn a_ladder_of_forty_diamonds() {
    let mut dag = Dag::new();
    let mut top = dag.add(device(), &[]).unwrap();
    for _ in 0..40 {
        let left = dag.add(device(), &[top]).unwrap();
        let right = dag.add(device(), &[top]).unwrap();
        top = dag.add(device(), &[left, right]).unwrap();
    }
    for lanes in 1..=3 {
        let plan = plan::cut(&dag, Options { lanes, host_calls: true }).unwrap();
        check_tight(&dag, &plan, &|| format!("{lanes} lanes"));
    }
}

#[test]
fn cycles_and_missing_children_are_refused() {
    let mut dag = graph("a b<a c<b");
    dag.add_edge(Node(2), Node(1), 0).unwrap();
    let refused = plan::cut(&dag, Options { lanes: 1, host_calls: true });
    assert!(matches!(refused, Err(plan::Error::Cycle(Node(1 | 2)))), "{refused:?}");
    let mut dag = Dag::new();
    let node = dag.add(Op::Graph { graph: 5, nodes: 0 }, &[]).unwrap();
    assert_eq!(plan::cut(&dag, Options { lanes: 1, host_calls: true }), Err(plan::Error::NoChild(node)));
}

/// What removed nodes leave behind orders nothing.
#[test]
fn removed_nodes_leave_no_trace() {
    let mut dag = graph("a b<a c<b d<a");
    dag.remove(Node(1)).unwrap();
    let plan = plan::cut(&dag, Options { lanes: 1, host_calls: true }).unwrap();
    assert_eq!(show(&plan, "a b c d"), "0: a c | d");
    cover::check(&dag, &plan).unwrap();
}

/// The check itself: it names what is not in order.
#[test]
fn the_check_names_the_edge() {
    let dag = graph("a b<a");
    let mut plan = plan::cut(&dag, Options { lanes: 1, host_calls: true }).unwrap();
    plan.barriers.clear();
    assert_eq!(cover::check(&dag, &plan), Err(Gap::Edge(plan.order[0], plan.order[1])));
    plan.order.pop();
    assert!(cover::check(&dag, &plan).is_err());
}

const MILLION: u32 = 1_000_000;

/// Time per node must not grow with the graph by more than the caches explain; a quadratic step
/// would show as a factor of a hundred.
fn check_linear(name: &str, make: impl Fn(u32) -> Dag) {
    for lanes in [1, 8] {
        let time = |nodes| {
            let dag = make(nodes);
            let start = Instant::now();
            let plan = plan::cut(&dag, Options { lanes, host_calls: true }).unwrap();
            let took = start.elapsed();
            assert!(!plan.steps.is_empty());
            took
        };
        let small = time(MILLION / 100).max(Duration::from_micros(500));
        let large = time(MILLION);
        assert!(
            large < 3000 * small,
            "{name} on {lanes} lanes: {small:?} for 10,000, {large:?} for 1,000,000"
        );
    }
}

#[test]
fn a_million_nodes_take_linear_time() {
    check_linear("chain", |n| chains(1, n));
    check_linear("chain, youngest first", |n| {
        let mut dag = chains(n, 1);
        (1..n).for_each(|i| dag.add_edge(Node(i), Node(i - 1), 0).unwrap());
        dag
    });
    check_linear("fan-out and fan-in through one empty node", |n| {
        let mut dag = chains(n / 2, 1);
        let all: Vec<Node> = dag.nodes().collect();
        let join = dag.add(Op::Empty, &all).unwrap();
        (0..n / 2).for_each(|_| {
            dag.add(device(), &[join]).unwrap();
        });
        dag
    });
}

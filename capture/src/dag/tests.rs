//! The DAG against a plain list of edges: all small graphs, random edits, and shapes of a million nodes.

use std::collections::BTreeSet;

use super::*;
use crate::op::Host;

fn op(number: u64) -> Op {
    Op::Host(Host { function: number, data: 0, form: Host::PLAIN, stream: 0 })
}

/// What a DAG means: nodes, and edges in the order they were added.
#[derive(Clone, Default)]
struct Model {
    nodes: BTreeSet<u32>,
    bound: u32,
    edges: Vec<(u32, u32, u8)>,
}

impl Model {
    /// Always the smallest number that may come next.
    fn order(&self) -> Option<Vec<Node>> {
        let (mut left, mut order) = (self.nodes.clone(), Vec::new());
        while !left.is_empty() {
            let waits = |node: &u32| self.edges.iter().any(|(a, b, _)| b == node && left.contains(a));
            let next = *left.iter().find(|node| !waits(node))?;
            left.remove(&next);
            order.push(Node(next));
        }
        Some(order)
    }

    /// All nodes that can be reached from a node over at least one edge.
    fn reach(&self, node: u32) -> BTreeSet<u32> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![node]);
        while let Some(node) = open.pop() {
            let next = self.edges.iter().filter(|edge| edge.0 == node).map(|edge| edge.1);
            open.extend(next.filter(|&next| reached.insert(next)));
        }
        reached
    }

    fn check(&self, dag: &Dag, what: &str) {
        let nodes: Vec<Node> = self.nodes.iter().copied().map(Node).collect();
        assert_eq!(dag.nodes().collect::<Vec<_>>(), nodes, "{what}");
        assert_eq!((dag.len(), dag.bound()), (nodes.len(), self.bound), "{what}");
        let edges: Vec<_> = dag.edges().map(|(a, b, data)| (a.0, b.0, data)).collect();
        assert_eq!(edges, self.edges, "{what}");
        assert_eq!(dag.edge_count(), edges.len(), "{what}");
        assert_eq!(dag.is_ordered(), edges.iter().all(|edge| edge.0 < edge.1), "{what}");
        for node in 0..self.bound {
            let ends = |list: Vec<(Node, u8)>| list.into_iter().map(|(n, d)| (n.0, d)).collect::<Vec<_>>();
            let into: Vec<_> = edges.iter().filter(|e| e.1 == node).map(|e| (e.0, e.2)).collect();
            let out: Vec<_> = edges.iter().filter(|e| e.0 == node).map(|e| (e.1, e.2)).collect();
            assert_eq!(ends(dag.incoming(Node(node)).collect()), into, "{what}");
            assert_eq!(ends(dag.outgoing(Node(node)).collect()), out, "{what}");
            assert_eq!(dag.is_leaf(Node(node)), out.is_empty(), "{what}");
            assert_eq!(dag.contains(Node(node)), self.nodes.contains(&node), "{what}");
        }
        let is_root = |node: &&u32| edges.iter().all(|edge| edge.1 != **node);
        let roots: Vec<Node> = self.nodes.iter().filter(is_root).copied().map(Node).collect();
        assert_eq!(dag.roots().collect::<Vec<_>>(), roots, "{what}");
        self.check_csr(&dag.csr(), what);
        match (dag.order(), self.order()) {
            (Ok(order), Some(expect)) => assert_eq!(order, expect, "{what}"),
            (Err(Error::Cycle(node)), None) => assert!(self.reach(node.0).contains(&node.0), "{what}"),
            (order, expect) => panic!("{what}: {order:?} is not {expect:?}"),
        }
    }

    fn check_csr(&self, csr: &Csr, what: &str) {
        let nodes: Vec<u32> = csr.nodes.iter().map(|node| node.0).collect();
        assert_eq!(nodes, self.nodes.iter().copied().collect::<Vec<_>>(), "{what}");
        assert_eq!(csr.offsets.len(), nodes.len() + 1, "{what}");
        for (position, &node) in nodes.iter().enumerate() {
            let from: Vec<u32> = csr.dependencies(position).iter().map(|&p| nodes[p as usize]).collect();
            let expect: Vec<u32> = self.edges.iter().filter(|e| e.1 == node).map(|e| e.0).collect();
            assert_eq!(from, expect, "{what}");
            assert_eq!(csr.position(Node(node)), Some(position as u32), "{what}");
        }
    }
}

#[test]
fn all_graphs_of_up_to_four_nodes() {
    for size in 0..=4u32 {
        let pairs: Vec<(u32, u32)> =
            (0..size).flat_map(|a| (0..size).map(move |b| (a, b))).filter(|(a, b)| a != b).collect();
        for chosen in 0..1u32 << pairs.len() {
            let mut dag = Dag::new();
            let mut model = Model::default();
            for node in 0..size {
                assert_eq!(dag.add(op(u64::from(node)), &[]), Ok(Node(node)));
                model.nodes.insert(node);
                model.bound += 1;
            }
            for (i, &(a, b)) in pairs.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1) {
                dag.add_edge(Node(a), Node(b), i as u8).expect("each pair stands once");
                model.edges.push((a, b, i as u8));
            }
            model.check(&dag, &format!("graph {chosen:#x} of {size} nodes"));
        }
    }
}

/// One random edit of both. Node numbers may be of removed nodes or of none.
fn edit(random: &mut fastrand::Rng, dag: &mut Dag, model: &mut Model) {
    let any = |random: &mut fastrand::Rng, bound: u32| random.u32(..bound + 2);
    let (a, b) = (any(random, model.bound), any(random, model.bound));
    let missing = [a, b].into_iter().find(|node| !model.nodes.contains(node)).map(Node);
    let place = model.edges.iter().position(|edge| (edge.0, edge.1) == (a, b));
    match random.u32(..10) {
        0..4 => {
            let list: Vec<u32> = (0..random.u32(..4)).map(|_| any(random, model.bound)).collect();
            let dependencies: Vec<Node> = list.iter().copied().map(Node).collect();
            let repeats = list.iter().collect::<BTreeSet<_>>().len() != list.len();
            let missing = list.iter().any(|node| !model.nodes.contains(node));
            let added = dag.add(op(u64::from(model.bound)), &dependencies);
            assert_eq!(added.is_err(), repeats || missing);
            if let Ok(node) = added {
                assert_eq!(node, Node(model.bound));
                model.edges.extend(list.iter().map(|&from| (from, node.0, 0)));
                model.nodes.insert(node.0);
                model.bound += 1;
            }
        }
        4..7 => {
            let expect = match (missing, place) {
                (Some(node), _) => Err(Error::NoSuchNode(node)),
                _ if a == b => Err(Error::SelfEdge(Node(a))),
                (_, Some(_)) => Err(Error::DoubleEdge(Node(a), Node(b))),
                _ => Ok(()),
            };
            let data = random.u8(..);
            assert_eq!(dag.add_edge(Node(a), Node(b), data), expect);
            model.edges.extend(expect.ok().map(|()| (a, b, data)));
        }
        7..9 => {
            let expect = match (missing, place) {
                (Some(node), _) => Err(Error::NoSuchNode(node)),
                (_, None) => Err(Error::NoSuchEdge(Node(a), Node(b))),
                _ => Ok(()),
            };
            assert_eq!(dag.edge(Node(a), Node(b)).map(|_| ()), expect);
            assert_eq!(dag.remove_edge(Node(a), Node(b)), expect);
            model.edges.retain(|edge| (edge.0, edge.1) != (a, b) || expect.is_err());
        }
        _ => {
            let here = model.nodes.remove(&a);
            assert_eq!(dag.remove(Node(a)), if here { Ok(()) } else { Err(Error::NoSuchNode(Node(a))) });
            model.edges.retain(|edge| edge.0 != a && edge.1 != a);
        }
    }
}

#[test]
fn random_edits_do_what_they_do_to_a_list_of_edges() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut dag, mut model) = (Dag::new(), Model::default());
        for step in 0..60 {
            edit(&mut random, &mut dag, &mut model);
            if step % 7 == 0 {
                model.check(&dag, &format!("seed {seed} step {step}"));
            }
            if step % 31 == 0 {
                let copy = dag.clone();
                dag = copy;
            }
        }
        for &node in &model.nodes {
            assert_eq!(dag.op(Node(node)), Ok(&op(u64::from(node))), "seed {seed}");
        }
    }
}

#[test]
fn dense_edges_are_found_and_removed_through_the_index() {
    let (left, right) = (300u32, 300u32);
    let mut dag = Dag::new();
    for i in 0..left + right {
        dag.add(op(u64::from(i)), &[]).expect("there is room");
    }
    let pairs: Vec<(Node, Node)> =
        (0..left).flat_map(|a| (left..left + right).map(move |b| (Node(a), Node(b)))).collect();
    for &(a, b) in &pairs {
        dag.add_edge(a, b, 1).expect("each pair stands once");
    }
    for &(a, b) in &pairs {
        assert_eq!(dag.add_edge(a, b, 1), Err(Error::DoubleEdge(a, b)));
        assert_eq!(dag.edge(a, b), Ok(1));
    }
    for (i, &(a, b)) in pairs.iter().enumerate() {
        if i % 5 != 0 {
            dag.remove_edge(a, b).expect("it was added");
            assert_eq!(dag.edge(a, b), Err(Error::NoSuchEdge(a, b)));
        }
    }
    let left: Vec<_> = dag.edges().map(|(a, b, _)| (a, b)).collect();
    assert_eq!(left, pairs.iter().copied().step_by(5).collect::<Vec<_>>());
}

/// A quadratic step anywhere would take minutes here, where linear ones take milliseconds.
#[test]
fn shapes_of_many_nodes_are_linear() {
    const MANY: u32 = 300_000;
    let all: Vec<Node> = (0..MANY).map(Node).collect();
    let mut shapes: Vec<(&str, Dag)> = Vec::new();
    let free = || {
        let mut dag = Dag::new();
        for _ in 0..MANY {
            dag.add(Op::Empty, &[]).expect("there is room");
        }
        dag
    };
    let edge = |dag: &mut Dag, a: u32, b: u32| dag.add_edge(Node(a), Node(b), 0).expect("it is a new edge");

    let mut fan_in = free();
    fan_in.add(Op::Empty, &all).expect("all are there");
    fan_in.add(Op::Empty, &all.iter().rev().copied().collect::<Vec<_>>()).expect("all are there");
    shapes.push(("fan in at once", fan_in));

    let mut stars = free();
    (1..MANY).for_each(|i| edge(&mut stars, 0, i));
    (1..MANY - 1).for_each(|i| edge(&mut stars, i, MANY - 1));
    shapes.push(("fan out and in by edges", stars));

    let mut reverse = free();
    (1..MANY).for_each(|i| edge(&mut reverse, i, i - 1));
    shapes.push(("chain against creation order", reverse));

    let mut dense = free();
    (0..500).for_each(|a| (500..1000).for_each(|b| edge(&mut dense, a, b)));
    shapes.push(("every edge between two sides", dense));

    for (name, mut dag) in shapes {
        let order = dag.order().expect("there is no cycle");
        assert_eq!(order.len(), dag.len(), "{name}");
        assert_eq!(dag.csr().dependencies.len(), dag.edge_count(), "{name}");
        assert!(crate::difference(&dag, &dag.clone()).is_none(), "{name}");
        // Oldest first is against the order of petgraph's lists.
        let edges: Vec<_> = dag.edges().step_by(2).collect();
        for (a, b, _) in edges {
            dag.remove_edge(a, b).expect("it is there");
        }
        for node in order {
            dag.remove(node).expect("it is there");
        }
        assert_eq!((dag.len(), dag.edge_count()), (0, 0), "{name}");
    }
}

#[test]
fn a_chain_of_a_million_nodes_is_no_matter() {
    let mut dag = Dag::new();
    let mut last = dag.record(op(0), &[0; 8], &[]).expect("there is room");
    for i in 1..1_000_000u64 {
        last = dag.record(op(i), &i.to_le_bytes(), &[last]).expect("there is room");
    }
    let copy = dag.clone();
    drop(dag);
    assert_eq!((copy.len(), copy.edge_count(), copy.is_ordered()), (1_000_000, 999_999, true));
    assert_eq!(copy.order().map(|order| order.len()), Ok(1_000_000));
    assert_eq!(copy.op(Node(999_999)), Ok(&op(999_999)));
}

#[test]
fn parameters_are_replaced_in_place_when_they_fit() {
    use crate::op::Write;
    let write = Op::Write(Write { to: 1, from: 2, args: Args::NONE });
    let mut dag = Dag::new();
    let node = dag.record(write, &[1; 40], &[]).expect("there is room");
    let other = dag.record(write, &[2; 40], &[]).expect("there is room");
    let start = |dag: &Dag| dag.op(node).expect("it is there").args().start;
    let first = start(&dag);
    for (length, moved) in [(40, false), (3, false), (41, true), (41, false), (100_000, true), (0, false)] {
        let bytes = vec![length as u8; length];
        let before = start(&dag);
        dag.replace(node, write, &bytes).expect("the node is there");
        let args = dag.op(node).expect("it is there").args();
        assert_eq!(dag.args(args), bytes);
        assert_eq!(args.start != before, moved, "{length} bytes");
    }
    assert_eq!(first, 0);
    assert_eq!(dag.args(dag.op(other).expect("it is there").args()), [2; 40]);
    assert_eq!(dag.replace(Node(9), write, &[]), Err(Error::NoSuchNode(Node(9))));
}

#[test]
fn edge_data_is_kept_once_and_runs_out() {
    let mut dag = Dag::new();
    assert!(dag.has_plain_edges());
    assert_eq!(dag.push_edge_data([0; 8]), Ok(0));
    for i in 1..=255u8 {
        assert_eq!(dag.push_edge_data([i; 8]), Ok(i));
    }
    assert_eq!(dag.push_edge_data([7; 8]), Ok(7));
    assert_eq!(dag.push_edge_data([1, 2, 3, 4, 5, 6, 7, 8]), Err(Error::Full));
    assert_eq!((dag.edge_data(0), dag.edge_data(9), dag.has_plain_edges()), ([0; 8], [9; 8], false));
}

/// Two DAGs of two nodes, the second with a change.
fn pair(change: fn(&mut Dag)) -> Option<String> {
    let build = || {
        let mut child = Dag::new();
        child.add(Op::Empty, &[]).expect("there is room");
        let mut dag = Dag::new();
        let first = dag.add(op(1), &[]).expect("there is room");
        let second = dag.add(op(2), &[]).expect("there is room");
        dag.add(op(3), &[first, second]).expect("both are there");
        let graph = dag.push_child(Arc::new(child));
        dag.add(Op::Graph { graph, nodes: 1 }, &[]).expect("there is room");
        dag
    };
    let mut changed = build();
    change(&mut changed);
    crate::difference(&build(), &changed).map(|difference| difference.to_string())
}

#[test]
fn a_difference_names_the_node() {
    let text = |change| pair(change).unwrap_or_default();
    assert_eq!(text(|_| {}), "");
    assert_eq!(text(|dag| dag.set_op(Node(0), op(9)).unwrap()), "");
    let again = |dag: &mut Dag| {
        dag.remove_edge(Node(0), Node(2)).unwrap();
        dag.add_edge(Node(0), Node(2), 0).unwrap();
    };
    assert_eq!(text(again), "");
    let fifth = |dag: &mut Dag| assert!(dag.add(Op::Empty, &[]).is_ok());
    assert_eq!(text(fifth), "4 nodes here, 5 there");
    let empty = |dag: &mut Dag| dag.set_op(Node(1), Op::Empty).unwrap();
    assert_eq!(text(empty), "node 1 and node 1 there are different operations");
    let edge = |dag: &mut Dag| dag.add_edge(Node(0), Node(1), 0).unwrap();
    assert_eq!(text(edge), "node 1 and node 1 there have different dependencies");
    let data = |dag: &mut Dag| {
        dag.remove_edge(Node(1), Node(2)).unwrap();
        let data = dag.push_edge_data([1; 8]).unwrap();
        dag.add_edge(Node(1), Node(2), data).unwrap();
    };
    assert_eq!(text(data), "node 2 and node 2 there have different dependencies");
    let child = |dag: &mut Dag| dag.set_child(0, Arc::new(Dag::new())).unwrap();
    assert_eq!(text(child), "in child graph node 3: 1 nodes here, 0 there");
}

#[test]
fn children_nest_deep_and_are_compared_once() {
    let build = |innermost: Op| {
        let mut inner = Dag::new();
        inner.add(innermost, &[]).unwrap();
        for _ in 0..50_000 {
            let mut outer = Dag::new();
            let graph = outer.push_child(Arc::new(inner));
            for _ in 0..2 {
                outer.add(Op::Graph { graph, nodes: 2 }, &[]).unwrap();
            }
            inner = outer;
        }
        inner
    };
    let (one, same, other) = (build(op(1)), build(op(2)), build(Op::Empty));
    assert_eq!(crate::difference(&one, &same), None);
    let difference = crate::difference(&one, &other).expect("the innermost nodes differ");
    assert_eq!((difference.path.len(), difference.node()), (50_000, Some(Node(0))));
}

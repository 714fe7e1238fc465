//! Sessions by example, and random ones against sets of edges.

use std::collections::BTreeSet;

use super::*;
use crate::status::Cause;

fn broken() -> Reason {
    Reason { cause: Cause::ForbiddenCall, call: "cuCtxSynchronize", words: String::new() }
}

fn empty(session: &mut Session, cursor: Cursor) -> Node {
    session.record(cursor, Op::Empty, &[]).expect("the session is whole")
}

fn edges(dag: &Dag) -> BTreeSet<(Node, Node)> {
    dag.nodes().flat_map(|to| dag.dependencies(to).map(move |from| (from, to))).collect()
}

fn fork(session: &mut Session, from: Cursor, to: Cursor) {
    let set = session.event_record(from).expect("the session is whole");
    session.event_wait(to, set).expect("the session is whole");
}

#[test]
fn a_fork_and_a_join_give_a_diamond() {
    let mut session = Session::new(0x10, 1);
    let side = session.join(0x20);
    assert_eq!((session.join(0x20), session.join(0x10)), (side, Cursor::ORIGIN));
    assert_eq!((session.cursor_of(0x20), session.cursor_of(0x30)), (Some(side), None));
    let a = empty(&mut session, Cursor::ORIGIN);
    fork(&mut session, Cursor::ORIGIN, side);
    let b = empty(&mut session, side);
    let c = empty(&mut session, Cursor::ORIGIN);
    fork(&mut session, side, Cursor::ORIGIN);
    let d = empty(&mut session, Cursor::ORIGIN);
    let dag = session.end(0x10).expect("all is joined");
    assert_eq!(edges(&dag), [(a, b), (a, c), (b, d), (c, d)].into());
}

#[test]
fn a_capture_ends_where_it_began_and_once() {
    let mut session = Session::new(1, 1);
    session.join(2);
    assert_eq!(session.end(2).err(), Some(Error::WrongStream { origin: 1, stream: 2 }));
    empty(&mut session, Cursor::ORIGIN);
    assert_eq!(session.end(1).map(|dag| dag.len()), Ok(1));
    assert_eq!(session.end(1).err(), Some(Error::Ended));
    assert_eq!(session.record(Cursor::ORIGIN, Op::Empty, &[]), Err(Error::Ended));
}

#[test]
fn a_broken_session_records_nothing_and_names_the_reason() {
    let mut session = Session::new(1, 1);
    let node = empty(&mut session, Cursor::ORIGIN);
    let status = Arc::clone(session.status());
    std::thread::spawn(move || status.break_with(broken())).join().expect("the thread does not panic");
    let refused = Err(Error::Invalidated(broken()));
    assert_eq!(session.record(Cursor::ORIGIN, Op::Empty, &[]), refused);
    assert_eq!(session.event_record(Cursor::ORIGIN).map(Node), refused);
    assert_eq!(session.event_wait(Cursor::ORIGIN, 0).map(|()| node), refused);
    assert_eq!(session.set_frontier(Cursor::ORIGIN, &[]).map(|()| node), refused);
    assert_eq!(session.end(1).map(|_| node), refused);
    assert_eq!(session.take_dag().len(), 1);
}

#[test]
fn what_is_not_of_the_session_is_refused() {
    let mut session = Session::new(1, 1);
    assert_eq!(session.record(Cursor(1), Op::Empty, &[]), Err(Error::NoSuchCursor(Cursor(1))));
    assert_eq!(session.event_wait(Cursor::ORIGIN, 0), Err(Error::NoSuchSet(0)));
    let missing = Err(Error::Dag(dag::Error::NoSuchNode(Node(0))));
    assert_eq!(session.set_frontier(Cursor::ORIGIN, &[Node(0)]), missing);
    assert_eq!(session.add_frontier(Cursor::ORIGIN, &[Node(0)]), missing);
    let refused = Session::into_graph(Dag::new(), &[Node(0)], 1, 1).err().map(|refused| refused.error);
    assert_eq!(refused.map(Err), Some(missing));
}

#[test]
fn an_unjoined_fork_is_named() {
    let mut session = Session::new(1, 1);
    let side = session.join(2);
    empty(&mut session, Cursor::ORIGIN);
    fork(&mut session, Cursor::ORIGIN, side);
    let node = empty(&mut session, side);
    assert_eq!(session.end(1).err(), Some(Error::Unjoined { stream: 2, node }));
}

#[test]
fn nodes_added_by_hand_and_dropped_dependencies_need_no_join() {
    let mut dag = Dag::new();
    let old = dag.add(Op::Empty, &[]).expect("the graph is empty");
    let Ok(mut session) = Session::into_graph(dag, &[old], 1, 1) else { panic!("the node is there") };
    let (side, other) = (session.join(2), session.join(3));
    let first = empty(&mut session, Cursor::ORIGIN);
    let by_hand = session.dag_mut().add(Op::Empty, &[first]).expect("the node is there");
    session.set_frontier(side, &[by_hand]).expect("the node is there");
    fork(&mut session, Cursor::ORIGIN, other);
    empty(&mut session, other);
    session.set_frontier(other, &[]).expect("an empty frontier is one");
    let dag = session.end(1).expect("nothing needs a join");
    assert_eq!(edges(&dag).len(), 3);
}

#[test]
fn snapshots_of_an_unchanged_frontier_share_a_set() {
    let mut session = Session::new(1, 1);
    let none = session.event_record(Cursor::ORIGIN);
    let node = empty(&mut session, Cursor::ORIGIN);
    let one = session.event_record(Cursor::ORIGIN).expect("the session is whole");
    assert_eq!(session.event_record(Cursor::ORIGIN), Ok(one));
    assert_ne!(none, Ok(one));
    assert_eq!((session.set(0), session.set(one)), (Some(&[][..]), Some(&[node][..])));
    assert_eq!(session.set(2), None);
}

/// What a session means: sets of nodes, and edges.
#[derive(Default)]
struct Model {
    frontiers: Vec<BTreeSet<u32>>,
    edges: BTreeSet<(u32, u32)>,
    /// By hand: not recorded by the session.
    by_hand: BTreeSet<u32>,
    dropped: BTreeSet<u32>,
    nodes: u32,
}

impl Model {
    fn ancestors_or_self(&self, of: &BTreeSet<u32>) -> BTreeSet<u32> {
        let (mut met, mut open) = (of.clone(), of.iter().copied().collect::<Vec<_>>());
        while let Some(node) = open.pop() {
            let before = self.edges.iter().filter(|edge| edge.1 == node).map(|edge| edge.0);
            open.extend(before.filter(|&node| met.insert(node)));
        }
        met
    }

    fn unjoined(&self) -> BTreeSet<u32> {
        let joined = self.ancestors_or_self(&self.frontiers[0]);
        let excepted = |node: &u32| self.by_hand.contains(node) || self.dropped.contains(node);
        let is_leaf = |node: &u32| self.edges.iter().all(|edge| edge.0 != *node);
        (0..self.nodes).filter(|node| is_leaf(node) && !joined.contains(node) && !excepted(node)).collect()
    }

    /// One random call, made on both.
    fn step(
        &mut self,
        random: &mut fastrand::Rng,
        session: &mut Session,
        sets: &mut Vec<(u32, BTreeSet<u32>)>,
    ) {
        let at = random.usize(..self.frontiers.len());
        let cursor = Cursor(at as u32);
        let few = |random: &mut fastrand::Rng, nodes: u32| -> Vec<u32> {
            (0..random.u32(..3)).filter(|_| nodes > 0).map(|_| random.u32(..nodes)).collect()
        };
        let named = |list: &[u32]| list.iter().copied().map(Node).collect::<Vec<_>>();
        match random.u32(..40) {
            0..16 => {
                let op = Op::EventWait { event: u64::from(self.nodes) };
                assert_eq!(session.record(cursor, op, &[]), Ok(Node(self.nodes)));
                self.edges.extend(self.frontiers[at].iter().map(|&from| (from, self.nodes)));
                self.frontiers[at] = [self.nodes].into();
                self.nodes += 1;
            }
            16..26 => {
                let set = session.event_record(cursor).expect("the session is whole");
                sets.push((set, self.frontiers[at].clone()));
            }
            26..36 if !sets.is_empty() => {
                let (set, nodes) = &sets[random.usize(..sets.len())];
                assert_eq!(session.event_wait(cursor, *set), Ok(()));
                self.frontiers[at].extend(nodes);
            }
            36 => {
                let list = few(random, self.nodes);
                assert_eq!(session.set_frontier(cursor, &named(&list)), Ok(()));
                let new: BTreeSet<u32> = list.into_iter().collect();
                self.dropped.extend(self.frontiers[at].difference(&new));
                self.frontiers[at] = new;
            }
            37 => {
                let list = few(random, self.nodes);
                assert_eq!(session.add_frontier(cursor, &named(&list)), Ok(()));
                self.frontiers[at].extend(list);
            }
            38 => {
                let list: BTreeSet<u32> = few(random, self.nodes).into_iter().collect();
                let after: Vec<u32> = list.iter().copied().collect();
                assert_eq!(session.dag_mut().add(Op::Empty, &named(&after)), Ok(Node(self.nodes)));
                self.edges.extend(list.iter().map(|&from| (from, self.nodes)));
                self.by_hand.insert(self.nodes);
                self.nodes += 1;
            }
            _ => {
                session.join(self.frontiers.len() as u64);
                self.frontiers.push(BTreeSet::new());
            }
        }
        let frontier: BTreeSet<u32> = session.frontier(cursor).iter().map(|node| node.0).collect();
        assert_eq!(session.frontier(cursor).len(), frontier.len());
        assert_eq!(frontier, self.frontiers[at]);
    }
}

#[test]
fn random_forks_and_joins_do_what_they_do_to_sets() {
    let (mut whole, mut unjoined) = (0, 0);
    for seed in 0..600 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut model = Model { frontiers: vec![BTreeSet::new()], ..Model::default() };
        let mut session = Session::new(0, seed);
        let mut sets = Vec::new();
        for _ in 0..random.u32(..60) {
            model.step(&mut random, &mut session, &mut sets);
        }
        if random.bool() {
            for at in 1..model.frontiers.len() {
                fork(&mut session, Cursor(at as u32), Cursor::ORIGIN);
                let joined = model.frontiers[at].clone();
                model.frontiers[0].extend(joined);
            }
        }
        for (set, nodes) in &sets {
            let members = session.set(*set).map(|set| set.iter().map(|node| node.0).collect::<BTreeSet<_>>());
            assert_eq!(members.as_ref(), Some(nodes), "seed {seed}");
        }
        let recorded = edges(session.dag()).into_iter().map(|(a, b)| (a.0, b.0)).collect::<BTreeSet<_>>();
        assert_eq!(recorded, model.edges, "seed {seed}");
        assert!(session.dag().is_ordered());
        let expect = model.unjoined();
        match session.end(0) {
            Ok(dag) => {
                assert_eq!((dag.len(), expect.len()), (model.nodes as usize, 0), "seed {seed}");
                whole += 1;
            }
            Err(Error::Unjoined { stream, node }) => {
                assert!(expect.contains(&node.0), "seed {seed}: {node:?} is not among {expect:?}");
                assert!(model.frontiers[stream as usize].contains(&node.0), "seed {seed}");
                unjoined += 1;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
    assert!(whole > 100 && unjoined > 100, "{whole} whole, {unjoined} unjoined");
}

/// A wait costs what its set holds, not what the frontier holds already.
#[test]
fn a_join_of_many_streams_is_linear() {
    const STREAMS: u32 = 100_000;
    let mut session = Session::new(0, 1);
    empty(&mut session, Cursor::ORIGIN);
    for stream in 1..=STREAMS {
        let side = session.join(stream.into());
        fork(&mut session, Cursor::ORIGIN, side);
        empty(&mut session, side);
    }
    for stream in (1..=STREAMS).rev() {
        fork(&mut session, Cursor(stream), Cursor::ORIGIN);
    }
    let last = empty(&mut session, Cursor::ORIGIN);
    let dag = session.end(0).expect("all is joined");
    // The origin's own work before the forks is still in its frontier.
    assert_eq!(dag.dependencies(last).len(), STREAMS as usize + 1);
}

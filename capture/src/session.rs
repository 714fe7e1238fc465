//! A capture session: the streams that take part in one capture, and the DAG they record into.
//!
//! A session is guarded by its owner; only its [`Status`] is shared. Streams are [`Cursor`]s, each
//! with a frontier: the nodes its next op depends on. Events make no nodes: recording one takes a
//! snapshot of a frontier (a *set*), waiting for it merges the set into another frontier.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::dag::{self, Dag, Node};
use crate::frontier::Frontier;
use crate::journal::{Call, Journal, Outcome};
use crate::op::Op;
use crate::status::{Reason, Status};

/// A stream in a session. The stream that began the capture is [`Cursor::ORIGIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(pub u32);

impl Cursor {
    /// The stream that began the capture, and the only one that can end it.
    pub const ORIGIN: Cursor = Cursor(0);
}

/// What a session refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The session was broken before; nothing more is recorded.
    #[error("the capture is broken by {0}")]
    Invalidated(Reason),
    /// A capture ends on the stream where it began.
    #[error("the capture began on stream {origin:#x} and cannot end on stream {stream:#x}")]
    WrongStream {
        /// Where it began.
        origin: u64,
        /// Where it was to end.
        stream: u64,
    },
    /// A stream took part and its work was never joined into the origin.
    #[error("node {} of stream {stream:#x} was never joined into the stream that began the capture", .node.0)]
    Unjoined {
        /// The stream that was not joined.
        stream: u64,
        /// Its last work.
        node: Node,
    },
    /// The session has ended.
    #[error("the capture has ended")]
    Ended,
    /// The cursor is not of this session.
    #[error("cursor {} is not of this capture", .0.0)]
    NoSuchCursor(Cursor),
    /// The set of dependencies is not of this session.
    #[error("dependency set {0} is not of this capture")]
    NoSuchSet(u32),
    /// The DAG refused.
    #[error(transparent)]
    Dag(#[from] dag::Error),
}

/// A session that could not begin, with the DAG it was to record into.
pub struct Refused {
    /// The DAG, unchanged.
    pub dag: Dag,
    /// Why.
    pub error: Error,
}

/// A stream's part of the session.
struct Lane {
    stream: u64,
    frontier: Frontier,
    /// The set that holds `frontier` as it is now, or [`NO_SET`].
    set: u32,
}

const NO_SET: u32 = u32::MAX;

/// One capture, from begin to end.
pub struct Session {
    status: Arc<Status>,
    dag: Dag,
    /// By cursor. Empty once the session has ended.
    lanes: Vec<Lane>,
    cursors: HashMap<u64, Cursor>,
    /// All sets in one list; set `i` is `members[starts[i]..starts[i + 1]]`.
    members: Vec<Node>,
    starts: Vec<u32>,
    /// Node numbers that others took: the DAG's before the capture, and those added by hand during it.
    foreign: Vec<std::ops::Range<u32>>,
    /// The number of the next node if this session adds it.
    next: u32,
    /// Nodes that were taken out of a frontier by [`Session::set_frontier`].
    dropped: Vec<Node>,
    journal: Journal,
    origin: u64,
    id: u64,
}

impl Session {
    /// A capture into a new DAG. `origin` is the handle of the stream that begins it.
    pub fn new(origin: u64, id: u64) -> Session {
        let mut session = Session {
            status: Arc::default(),
            dag: Dag::new(),
            lanes: Vec::new(),
            cursors: HashMap::new(),
            members: Vec::new(),
            starts: vec![0],
            foreign: Vec::new(),
            next: 0,
            dropped: Vec::new(),
            journal: Journal::default(),
            origin,
            id,
        };
        session.join(origin);
        session
    }

    /// A capture into a DAG that is there; the origin's first op depends on `frontier`.
    pub fn into_graph(dag: Dag, frontier: &[Node], origin: u64, id: u64) -> Result<Session, Box<Refused>> {
        if let Some(&node) = frontier.iter().find(|&&node| !dag.contains(node)) {
            return Err(Box::new(Refused { dag, error: dag::Error::NoSuchNode(node).into() }));
        }
        let mut session = Session::new(origin, id);
        session.lanes[0].frontier.replace(frontier);
        session.next = dag.bound();
        session.foreign.push(0..session.next);
        session.dag = dag;
        Ok(session)
    }

    /// The handle of the stream that began the capture.
    pub fn origin(&self) -> u64 {
        self.origin
    }

    /// The capture's number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The word that any thread may set to broken.
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// What is recorded so far.
    pub fn dag(&self) -> &Dag {
        &self.dag
    }

    /// The DAG, for nodes and edges added by hand during the capture.
    pub fn dag_mut(&mut self) -> &mut Dag {
        &mut self.dag
    }

    /// Adds a stream with an empty frontier; a stream of the session keeps its cursor and frontier.
    pub fn join(&mut self, stream: u64) -> Cursor {
        let next = Cursor(self.lanes.len() as u32);
        let cursor = *self.cursors.entry(stream).or_insert(next);
        if cursor == next {
            self.lanes.push(Lane { stream, frontier: Frontier::default(), set: NO_SET });
        }
        cursor
    }

    /// A stream's cursor, if it takes part.
    pub fn cursor_of(&self, stream: u64) -> Option<Cursor> {
        self.cursors.get(&stream).copied()
    }

    /// The streams that take part, the origin first.
    pub fn streams(&self) -> impl Iterator<Item = u64> + '_ {
        self.lanes.iter().map(|lane| lane.stream)
    }

    /// Records an op with its parameters after the cursor's frontier; the frontier becomes the new node.
    /// The op's `Args` are set here.
    ///
    /// may: no RMW, no lock, no syscall, no allocation while the arenas are warm.
    #[inline]
    pub fn record(&mut self, cursor: Cursor, op: Op, args: &[u8]) -> Result<Node, Error> {
        if self.status.is_broken() {
            return Err(self.broken());
        }
        let Some(lane) = self.lanes.get_mut(cursor.0 as usize) else { return Err(self.no_such(cursor)) };
        let args = self.dag.push_args(args)?;
        let node = self.dag.add_distinct(op.with_args(args), lane.frontier.nodes())?;
        lane.frontier.reset(node);
        lane.set = NO_SET;
        if node.0 != self.next {
            self.foreign.push(self.next..node.0);
        }
        self.next = node.0 + 1;
        Ok(node)
    }

    /// The nodes the cursor's next op depends on. Nothing for a cursor that is not there.
    pub fn frontier(&self, cursor: Cursor) -> &[Node] {
        self.lanes.get(cursor.0 as usize).map_or(&[], |lane| lane.frontier.nodes())
    }

    /// Replaces a frontier. Nodes that fall out of it need not be joined.
    pub fn set_frontier(&mut self, cursor: Cursor, nodes: &[Node]) -> Result<(), Error> {
        self.check_nodes(nodes)?;
        let at = self.lane(cursor)?;
        let lane = &mut self.lanes[at];
        let old = std::mem::take(&mut lane.frontier);
        lane.frontier.merge(nodes);
        lane.set = NO_SET;
        self.dropped.extend(old.nodes().iter().filter(|&&node| !lane.frontier.contains(node)));
        Ok(())
    }

    /// Adds to a frontier; nodes that are in it already stay once.
    pub fn add_frontier(&mut self, cursor: Cursor, nodes: &[Node]) -> Result<(), Error> {
        self.check_nodes(nodes)?;
        let at = self.lane(cursor)?;
        let lane = &mut self.lanes[at];
        lane.frontier.merge(nodes);
        lane.set = NO_SET;
        Ok(())
    }

    /// A snapshot of the cursor's frontier, for an event. Snapshots of an unchanged frontier share a set.
    pub fn event_record(&mut self, cursor: Cursor) -> Result<u32, Error> {
        let at = self.lane(cursor)?;
        let lane = &mut self.lanes[at];
        if lane.set == NO_SET {
            let set = self.starts.len() as u32 - 1;
            self.members.extend_from_slice(lane.frontier.nodes());
            let end = u32::try_from(self.members.len()).map_err(|_| dag::Error::Full)?;
            self.starts.push(end);
            lane.set = set;
        }
        Ok(lane.set)
    }

    /// The nodes of a set that [`Session::event_record`] gave.
    pub fn set(&self, set: u32) -> Option<&[Node]> {
        let (start, end) = (self.starts.get(set as usize)?, self.starts.get(set as usize + 1)?);
        self.members.get(*start as usize..*end as usize)
    }

    /// The cursor's next op comes after all nodes of the set, too.
    pub fn event_wait(&mut self, cursor: Cursor, set: u32) -> Result<(), Error> {
        let at = self.lane(cursor)?;
        let (Some(&start), Some(&end)) = (self.starts.get(set as usize), self.starts.get(set as usize + 1))
        else {
            return Err(Error::NoSuchSet(set));
        };
        let lane = &mut self.lanes[at];
        lane.frontier.merge(&self.members[start as usize..end as usize]);
        lane.set = NO_SET;
        Ok(())
    }

    /// Adds a child graph; the number goes into `Op::Graph`.
    pub fn push_child(&mut self, child: Arc<Dag>) -> u64 {
        self.dag.push_child(child)
    }

    /// Ends the capture on the stream where it began. On another stream it goes on as before; in all
    /// other cases it is over, and [`Session::take_dag`] has what was recorded if this is an error.
    ///
    /// Unjoined is a node without a dependent that this session recorded, that is in the frontier of a
    /// stream other than the origin, and that the origin's frontier lacks. So nodes added by hand need
    /// no join, nor do nodes that were taken out of a frontier.
    pub fn end(&mut self, stream: u64) -> Result<Dag, Error> {
        // A capture ends on the stream where it began.
        if stream != self.origin {
            return Err(Error::WrongStream { origin: self.origin, stream });
        }
        if self.lanes.is_empty() {
            return Err(Error::Ended);
        }
        let verdict = self.verdict();
        self.lanes.clear();
        self.cursors.clear();
        verdict.map(|()| self.take_dag())
    }

    /// What was recorded, for a capture that ended with an error or is given up.
    pub fn take_dag(&mut self) -> Dag {
        self.lanes.clear();
        self.cursors.clear();
        std::mem::take(&mut self.dag)
    }

    /// Notes a call in the journal.
    #[inline]
    pub fn note(&mut self, call: &'static str, stream: u64, outcome: Outcome) {
        self.journal.note(call, stream, outcome);
    }

    /// The last 64 calls, oldest first; each prints on one line.
    pub fn journal(&self) -> impl Iterator<Item = &Call> {
        self.journal.calls()
    }

    fn verdict(&self) -> Result<(), Error> {
        if self.status.is_broken() {
            return Err(self.broken());
        }
        match self.unjoined() {
            Some((stream, node)) => Err(Error::Unjoined { stream, node }),
            None => Ok(()),
        }
    }

    /// Every recorded node that is in no frontier has a dependent or was dropped, so the frontiers alone
    /// are looked at.
    fn unjoined(&self) -> Option<(u64, Node)> {
        let (origin, forks) = self.lanes.split_first()?;
        let dropped: HashSet<Node> = self.dropped.iter().copied().collect();
        forks.iter().flat_map(|lane| lane.frontier.nodes().iter().map(|&node| (lane.stream, node))).find(
            |&(_, node)| {
                self.dag.contains(node)
                    && !origin.frontier.contains(node)
                    && self.dag.is_leaf(node)
                    && !dropped.contains(&node)
                    && !self.is_foreign(node)
            },
        )
    }

    fn is_foreign(&self, node: Node) -> bool {
        let after = self.foreign.partition_point(|range| range.start <= node.0);
        let inside = after > 0 && self.foreign[after - 1].contains(&node.0);
        inside || node.0 >= self.next
    }

    fn check_nodes(&self, nodes: &[Node]) -> Result<(), Error> {
        match nodes.iter().find(|&&node| !self.dag.contains(node)) {
            Some(&node) => Err(dag::Error::NoSuchNode(node).into()),
            None => Ok(()),
        }
    }

    /// The lane's index, unless the session is broken.
    fn lane(&self, cursor: Cursor) -> Result<usize, Error> {
        if self.status.is_broken() {
            return Err(self.broken());
        }
        let at = cursor.0 as usize;
        if at < self.lanes.len() { Ok(at) } else { Err(self.no_such(cursor)) }
    }

    #[cold]
    fn no_such(&self, cursor: Cursor) -> Error {
        if self.lanes.is_empty() { Error::Ended } else { Error::NoSuchCursor(cursor) }
    }

    #[cold]
    fn broken(&self) -> Error {
        let reason = self.status.reason().cloned();
        Error::Invalidated(reason.expect("a reason is set before the word is"))
    }
}

#[cfg(test)]
mod tests;

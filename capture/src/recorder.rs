//! The recorder: every stream operation, eager, captured or added to a graph, becomes a node here.
//!
//! Eager and captured differ in the one `match` of [`record`] and nowhere else.

use crate::dag::{Dag, Node};
use crate::live::{Live, Point};
use crate::op::Op;
pub use crate::session::Error;
use crate::session::{Cursor, Session};

/// Where an op goes.
pub enum Target<'a> {
    /// A stream's live DAG: the op is about to run.
    Live {
        /// The stream's live DAG.
        live: &'a mut Live,
        /// The lane value that is reached when the op is done.
        value: u64,
        /// Points of other lanes that come before it.
        after: &'a [Point],
    },
    /// A capture session.
    Session {
        /// The session.
        session: &'a mut Session,
        /// The stream in it.
        cursor: Cursor,
    },
    /// A graph built by hand.
    Graph {
        /// The graph.
        dag: &'a mut Dag,
        /// What the node depends on, without repeats.
        dependencies: &'a [Node],
    },
}

/// What became of an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Its number in the live DAG of its stream.
    Live(u64),
    /// Its node in the DAG of the session or graph.
    Node(Node),
}

/// Records one op with its parameters. The op's `Args` are set here; `args` holds the bytes.
///
/// may: no RMW, no lock, no syscall, no allocation while the arenas are warm.
#[inline]
pub fn record(target: Target<'_>, op: Op, args: &[u8]) -> Result<Recorded, Error> {
    match target {
        Target::Live { live, value, after } => Ok(Recorded::Live(live.record(op, args, value, after))),
        Target::Session { session, cursor } => session.record(cursor, op, args).map(Recorded::Node),
        Target::Graph { dag, dependencies } => Ok(Recorded::Node(dag.record(op, args, dependencies)?)),
    }
}

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
// Inlined always: callers know their target, so its `match` folds away, and the op is not passed on
// the stack (4 ns of 21).
#[inline(always)]
pub fn record(target: Target<'_>, op: Op, args: &[u8]) -> Result<Recorded, Error> {
    match target {
        Target::Live { live, value, after } => Ok(Recorded::Live(live.record(op, args, value, after))),
        Target::Session { session, cursor } => session.record(cursor, op, args).map(Recorded::Node),
        Target::Graph { dag, dependencies } => Ok(Recorded::Node(dag.record(op, args, dependencies)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Args, Write};

    /// The one op, recorded into each kind of target, with its parameters as they are found there.
    #[test]
    fn one_op_goes_to_any_target_with_its_parameters() {
        let op = Op::Write(Write { to: 1, from: 2, args: Args { start: 77, bytes: 99 } });
        let bytes = [1, 2, 3, 4, 5];

        let mut live = Live::new();
        let target = Target::Live { live: &mut live, value: 4, after: &[Point { lane: 1, value: 2 }] };
        assert_eq!(record(target, op, &bytes), Ok(Recorded::Live(1)));
        let entry = live.pending().next().expect("it was recorded");
        let args = entry.op.args();
        assert_eq!((entry.value, &entry.args[args.start as usize..][..args.bytes as usize]), (4, &bytes[..]));

        let mut session = Session::new(1, 1);
        let target = Target::Session { session: &mut session, cursor: Cursor::ORIGIN };
        assert_eq!(record(target, op, &bytes), Ok(Recorded::Node(Node(0))));
        let mut dag = session.end(1).expect("there is one stream");

        let target = Target::Graph { dag: &mut dag, dependencies: &[Node(0)] };
        assert_eq!(record(target, op, &bytes), Ok(Recorded::Node(Node(1))));
        for node in [Node(0), Node(1)] {
            assert_eq!(dag.args(dag.op(node).expect("it was recorded").args()), bytes);
        }
        let target = Target::Graph { dag: &mut dag, dependencies: &[Node(0), Node(0)] };
        let twice = crate::dag::Error::DoubleEdge(Node(0), Node(2));
        assert_eq!(record(target, op, &bytes), Err(Error::Dag(twice)));
    }
}

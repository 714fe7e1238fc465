//! Whether two DAGs have the same shape, so that one may give its ops to an exec of the other.
//!
//! Nodes are matched in the order of their creation, at every depth of child graphs.

use std::collections::HashMap;

use stream_hal_capture::op::Args;
use stream_hal_capture::{Dag, Node, Op};

use crate::backend;
use crate::plan::{Path, Place};

/// Why a whole-graph update is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The DAGs differ; the exec's is the first.
    #[error("{0}")]
    Shape(stream_hal_capture::Difference),
    /// The backend refuses the new parameters.
    #[error(transparent)]
    Backend(#[from] backend::Error),
}

/// Two DAGs of one shape, with their children by path.
pub(crate) struct Shapes<'a> {
    /// By [`Place::path`]: the old DAG and the new one, and which of `names` is theirs.
    dags: Vec<(&'a Dag, &'a Dag, usize)>,
    /// For each pair of DAGs the new name of each old node; empty where the names are the same.
    names: Vec<Vec<Node>>,
}

impl<'a> Shapes<'a> {
    /// Compares the shapes and the kinds of all nodes. `paths` are those of a plan of `old`.
    pub(crate) fn compare(old: &'a Dag, paths: &[Path], new: &'a Dag) -> Result<Shapes<'a>, Difference> {
        if let Some(difference) = stream_hal_capture::difference(old, new) {
            return Err(Difference::Shape(difference));
        }
        let mut shapes = Shapes { dags: vec![(old, new, 0)], names: vec![names(old, new)] };
        // A child that stands in a thousand places is paired once.
        let mut known: HashMap<(*const Dag, *const Dag), usize> = HashMap::new();
        for path in paths {
            let (outer_old, outer_new, _) = shapes.dags[path.parent as usize];
            let at = Place { path: path.parent, node: path.node };
            let (old, new) = (child(outer_old, path.node)?, child(outer_new, shapes.name(at))?);
            let next = shapes.names.len();
            let pair = *known.entry((old, new)).or_insert(next);
            if pair == next {
                shapes.names.push(names(old, new));
            }
            shapes.dags.push((old, new, pair));
        }
        Ok(shapes)
    }

    /// The old op of an old place and its parameters, and the new ones.
    pub(crate) fn ops(&self, at: Place) -> [(Op, &'a [u8]); 2] {
        let (old, new, _) = self.dags[at.path as usize];
        [(old, at.node), (new, self.name(at))].map(|(dag, node)| {
            let op = *dag.op(node).expect("the shapes were compared node by node");
            let args = dag.args(op.args());
            (op.with_args(Args { start: 0, bytes: args.len() as u32 }), args)
        })
    }

    fn name(&self, at: Place) -> Node {
        let names = &self.names[self.dags[at.path as usize].2];
        names.get(at.node.0 as usize).copied().unwrap_or(at.node)
    }
}

fn child(dag: &Dag, node: Node) -> Result<&Dag, Difference> {
    let graph = match dag.op(node) {
        Ok(Op::Graph { graph, .. }) => dag.child(*graph),
        _ => None,
    };
    let missing = || backend::Error::Invalid(format!("child graph node {} has no graph", node.0));
    graph.map(|graph| &**graph).ok_or_else(|| missing().into())
}

/// The new name of each old node; empty where all names are the same.
fn names(old: &Dag, new: &Dag) -> Vec<Node> {
    if old.bound() == new.bound() && old.nodes().eq(new.nodes()) {
        return Vec::new();
    }
    let mut names = vec![Node(0); old.bound() as usize];
    for (was, is) in old.nodes().zip(new.nodes()) {
        names[was.0 as usize] = is;
    }
    names
}

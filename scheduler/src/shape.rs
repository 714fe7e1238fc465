//! Whether two DAGs have the same shape, so that one may give its ops to an exec of the other.
//!
//! Nodes are matched in the order of their creation, at every depth of child graphs.

use std::collections::HashMap;

use stream_hal_capture::{Dag, Node, Op};

use crate::backend;
use crate::plan::{Path, Place};

/// Where a whole-graph update found another graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// The number of nodes differs.
    #[error("the graph has {new} nodes, the exec {old}")]
    Nodes {
        /// In the exec.
        old: usize,
        /// In the new DAG.
        new: usize,
    },
    /// A node depends on other nodes than before.
    #[error("node {} depends on other nodes than in the exec", .0.0)]
    Dependencies(Node),
    /// A node is of another kind than before.
    #[error("node {} is a {new} node, in the exec a {old} node", .node.0)]
    Kind {
        /// The node in the new DAG.
        node: Node,
        /// The kind in the exec.
        old: &'static str,
        /// The kind in the new DAG.
        new: &'static str,
    },
    /// A child graph node of the new DAG names no child.
    #[error("child graph node {} has no graph", .0.0)]
    Child(Node),
    /// The backend refuses the new parameters.
    #[error(transparent)]
    Backend(#[from] backend::Error),
}

/// Two DAGs of one shape, with their children by path.
pub(crate) struct Shapes<'a> {
    /// By [`Place::path`]: the new DAG, and which pair of DAGs it belongs to.
    dags: Vec<(&'a Dag, usize)>,
    /// For each pair compared the new node of each old one; empty where the names are the same.
    names: Vec<Vec<Node>>,
}

impl<'a> Shapes<'a> {
    /// Compares the shapes and kinds of all nodes. `paths` are those of a plan of `old`.
    pub(crate) fn compare(old: &'a Dag, paths: &[Path], new: &'a Dag) -> Result<Shapes<'a>, Difference> {
        let mut shapes = Shapes { dags: Vec::with_capacity(1 + paths.len()), names: Vec::new() };
        let mut olds: Vec<&Dag> = Vec::with_capacity(1 + paths.len());
        // A child that stands in a thousand places is compared once.
        let mut known: HashMap<(*const Dag, *const Dag), usize> = HashMap::new();
        let outermost = [Path { parent: 0, node: Node(0) }];
        for (i, path) in outermost.iter().chain(paths).enumerate() {
            let (was, is) = if i == 0 {
                (old, new)
            } else {
                let parent = path.parent as usize;
                let at = Place { path: path.parent, node: path.node };
                (child(olds[parent], path.node), child(shapes.dags[parent].0, shapes.name(at)))
            };
            let pair = match known.get(&(was as *const Dag, is as *const Dag)) {
                Some(&pair) => pair,
                None => {
                    shapes.names.push(compare_one(was, is)?);
                    known.insert((was, is), shapes.names.len() - 1);
                    shapes.names.len() - 1
                }
            };
            olds.push(was);
            shapes.dags.push((is, pair));
        }
        Ok(shapes)
    }

    /// The new op of an old place, and its parameters.
    pub(crate) fn op(&self, at: Place) -> (Op, &'a [u8]) {
        let dag = self.dags[at.path as usize].0;
        let op = *dag.op(self.name(at)).expect("the shapes were compared node by node");
        (op, dag.args(op.args()))
    }

    fn name(&self, at: Place) -> Node {
        let names = &self.names[self.dags[at.path as usize].1];
        names.get(at.node.0 as usize).copied().unwrap_or(at.node)
    }
}

fn child(dag: &Dag, node: Node) -> &Dag {
    let graph = match dag.op(node) {
        Ok(Op::Graph { graph, .. }) => dag.child(*graph),
        _ => None,
    };
    graph.expect("the old DAG was planned, and the new one has a child node in the same place")
}

/// The new name of each old node; empty where all names are the same.
fn compare_one(old: &Dag, new: &Dag) -> Result<Vec<Node>, Difference> {
    if old.len() != new.len() {
        return Err(Difference::Nodes { old: old.len(), new: new.len() });
    }
    let names: Vec<Node> = if old.bound() == new.bound() && old.nodes().eq(new.nodes()) {
        Vec::new()
    } else {
        let mut names = vec![Node(0); old.bound() as usize];
        for (was, is) in old.nodes().zip(new.nodes()) {
            names[was.0 as usize] = is;
        }
        names
    };
    let name = |node: Node| names.get(node.0 as usize).copied().unwrap_or(node);
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for (was, is) in old.nodes().zip(new.nodes()) {
        let (was_op, is_op) = (old.op(was), new.op(is));
        if let (Ok(was_op), Ok(is_op)) = (was_op, is_op)
            && was_op.kind() != is_op.kind()
        {
            return Err(Difference::Kind { node: is, old: was_op.kind(), new: is_op.kind() });
        }
        if let Ok(Op::Graph { graph, .. }) = is_op
            && new.child(*graph).is_none()
        {
            return Err(Difference::Child(is));
        }
        expected.clear();
        found.clear();
        expected.extend(old.dependencies(was).map(name));
        found.extend(new.dependencies(is));
        expected.sort_unstable();
        found.sort_unstable();
        if expected != found {
            return Err(Difference::Dependencies(is));
        }
    }
    Ok(names)
}

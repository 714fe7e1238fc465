//! What is different in the shape of two DAGs, by name of the node: why an update is not possible.

use std::collections::HashSet;
use std::fmt;

use crate::csr::Csr;
use crate::dag::{Dag, Node};
use crate::op::Op;

/// The first difference found: outer DAGs before inner ones, then in creation order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The child graph nodes of the first DAG that lead to where it is, outermost first.
    pub path: Vec<Node>,
    /// What it is.
    pub kind: Kind,
}

/// Kinds of difference. Nodes are paired in creation order; parameters are not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How many nodes there are.
    Count {
        /// In the first.
        first: usize,
        /// In the second.
        second: usize,
    },
    /// What kind of op the two nodes are.
    Op {
        /// In the first.
        first: Node,
        /// In the second.
        second: Node,
    },
    /// Which nodes, or through which kind of edge, the two nodes depend on.
    Dependencies {
        /// In the first.
        first: Node,
        /// In the second.
        second: Node,
    },
}

impl Difference {
    /// The node of the innermost first DAG, where one is to blame.
    pub fn node(&self) -> Option<Node> {
        match self.kind {
            Kind::Count { .. } => None,
            Kind::Op { first, .. } | Kind::Dependencies { first, .. } => Some(first),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in &self.path {
            write!(f, "in child graph node {}: ", node.0)?;
        }
        match &self.kind {
            Kind::Count { first, second } => write!(f, "{first} nodes here, {second} there"),
            Kind::Op { first, second } => {
                write!(f, "node {} and node {} there are different operations", first.0, second.0)
            }
            Kind::Dependencies { first, second } => {
                write!(f, "node {} and node {} there have different dependencies", first.0, second.0)
            }
        }
    }
}

/// Two DAGs to be compared, and how they were come to.
struct Pair<'a> {
    /// The pair that these are children in, and the child graph node of its first DAG.
    parent: Option<(usize, Node)>,
    first: &'a Dag,
    second: &'a Dag,
}

/// The first difference of shape between two DAGs and, pair by pair, their child graphs.
///
/// The order of a node's dependencies does not matter. Linear, but for sorting the dependencies of
/// nodes where they stand in another order. Two children are compared once, however often they meet.
pub fn difference(first: &Dag, second: &Dag) -> Option<Difference> {
    let mut pairs = vec![Pair { parent: None, first, second }];
    let mut met = HashSet::new();
    let mut next = 0;
    while let Some(&Pair { first, second, .. }) = pairs.get(next) {
        let (a, b) = (first.csr(), second.csr());
        if let Some(kind) = shape(first, second, &a, &b) {
            return Some(Difference { path: path(&pairs, next), kind });
        }
        for (&left, &right) in a.nodes.iter().zip(&b.nodes) {
            if let (Some(first), Some(second)) = (child(first, left), child(second, right))
                && !std::ptr::eq(first, second)
                && met.insert((std::ptr::from_ref(first), std::ptr::from_ref(second)))
            {
                pairs.push(Pair { parent: Some((next, left)), first, second });
            }
        }
        next += 1;
    }
    None
}

fn path(pairs: &[Pair<'_>], mut at: usize) -> Vec<Node> {
    let mut path = Vec::new();
    while let Some((parent, node)) = pairs[at].parent {
        path.push(node);
        at = parent;
    }
    path.reverse();
    path
}

fn child(dag: &Dag, node: Node) -> Option<&Dag> {
    match dag.op(node) {
        Ok(Op::Graph { graph, .. }) => dag.child(*graph).map(|child| &**child),
        _ => None,
    }
}

fn shape(first: &Dag, second: &Dag, a: &Csr, b: &Csr) -> Option<Kind> {
    if a.len() != b.len() {
        return Some(Kind::Count { first: a.len(), second: b.len() });
    }
    let kind = |dag: &Dag, node| dag.op(node).map(Op::kind).ok();
    let plain = first.has_plain_edges() && second.has_plain_edges();
    for (i, (&left, &right)) in a.nodes.iter().zip(&b.nodes).enumerate() {
        if kind(first, left) != kind(second, right) {
            return Some(Kind::Op { first: left, second: right });
        }
        let same = a.dependencies(i) == b.dependencies(i) || sorted(a, i) == sorted(b, i);
        if !same || !plain && edges(first, a, left) != edges(second, b, right) {
            return Some(Kind::Dependencies { first: left, second: right });
        }
    }
    None
}

fn sorted(csr: &Csr, position: usize) -> Vec<u32> {
    let mut dependencies = csr.dependencies(position).to_vec();
    dependencies.sort_unstable();
    dependencies
}

/// A node's dependencies with their edge data.
fn edges(dag: &Dag, csr: &Csr, node: Node) -> Vec<(Option<u32>, [u8; 8])> {
    let edge = |(from, data)| (csr.position(from), dag.edge_data(data));
    let mut edges: Vec<_> = dag.incoming(node).map(edge).collect();
    edges.sort_unstable();
    edges
}

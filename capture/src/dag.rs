//! The DAG of ops: petgraph with thin weights over an op arena.
//!
//! A node's name is its creation number, never reused, so creation order is a topological order
//! until an edge goes from a younger node to an older one; [`Dag::is_ordered`] keeps that one fact.
//! Everything here is linear in nodes and edges, and nothing recurses.

use std::collections::HashSet;
use std::sync::Arc;

use petgraph::Direction::{Incoming, Outgoing};

use crate::blobs::Blobs;
use crate::csr::{self, Csr};
use crate::links::Links;
use crate::op::{Args, Op};
use crate::ops::Ops;
use crate::order;

/// A node's name in its DAG: its creation number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// What an edit of a DAG refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The node never was in this DAG or has been removed.
    #[error("node {} is not in this graph", .0.0)]
    NoSuchNode(Node),
    /// There is such an edge already.
    #[error("there is an edge from node {} to node {} already", .0.0, .1.0)]
    DoubleEdge(Node, Node),
    /// There is no such edge.
    #[error("there is no edge from node {} to node {}", .0.0, .1.0)]
    NoSuchEdge(Node, Node),
    /// A node cannot depend on itself.
    #[error("node {} cannot depend on itself", .0.0)]
    SelfEdge(Node),
    /// Node numbers, argument bytes or kinds of edge data ran out.
    #[error("the graph is full")]
    Full,
    /// The edges form a cycle through this node.
    #[error("the edges form a cycle through node {}", .0.0)]
    Cycle(Node),
}

/// A DAG of ops, with their parameters beside them.
#[derive(Clone, Default)]
pub struct Dag {
    links: Links,
    /// By creation number; those of removed nodes stay.
    ops: Ops,
    args: Blobs,
    children: Vec<Arc<Dag>>,
    /// Edge data by the edges' index less one; index 0 is all zeros.
    edge_data: Vec<[u8; 8]>,
}

/// Up to this many dependencies a repeat is looked for one by one.
const FEW: usize = 16;

impl Dag {
    /// An empty DAG.
    pub fn new() -> Dag {
        Dag::default()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.links.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Creation numbers are below this.
    pub fn bound(&self) -> u32 {
        self.links.bound()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.links.edge_count()
    }

    /// Whether every edge goes from an older to a younger node.
    pub fn is_ordered(&self) -> bool {
        self.links.is_ordered()
    }

    /// Makes room for so many more nodes and edges in one step. Never needed.
    pub fn reserve(&mut self, nodes: usize, edges: usize) {
        self.links.reserve(nodes, edges);
    }

    /// Adds an op with its parameters; its `Args` are set here. Nothing is added if it is refused.
    pub fn record(&mut self, op: Op, args: &[u8], dependencies: &[Node]) -> Result<Node, Error> {
        self.check_distinct(dependencies)?;
        let args = self.push_args(args)?;
        self.add_distinct(op.with_args(args), dependencies)
    }

    /// Adds an op after `dependencies`, which must be nodes of this DAG without repeats.
    /// The op's `Args` must come from [`Dag::push_args`].
    pub fn add(&mut self, op: Op, dependencies: &[Node]) -> Result<Node, Error> {
        self.check_distinct(dependencies)?;
        self.add_distinct(op, dependencies)
    }

    /// Like [`Dag::add`], for dependencies that are known to be without repeats.
    #[inline]
    pub(crate) fn add_distinct(&mut self, op: Op, dependencies: &[Node]) -> Result<Node, Error> {
        for &from in dependencies {
            self.check(from)?;
        }
        let node = self.links.add().ok_or(Error::Full)?;
        for &from in dependencies {
            self.links.connect(from, node, 0);
        }
        self.ops.push(op);
        Ok(node)
    }

    fn check_distinct(&self, dependencies: &[Node]) -> Result<(), Error> {
        let twice = |node| Err(Error::DoubleEdge(node, Node(self.bound())));
        if dependencies.is_sorted_by(|a, b| a < b) {
            return Ok(());
        }
        if dependencies.len() <= FEW {
            let repeat = |&(i, node): &(usize, &Node)| dependencies[..i].contains(node);
            return dependencies.iter().enumerate().find(repeat).map_or(Ok(()), |(_, &node)| twice(node));
        }
        let mut seen = HashSet::with_capacity(dependencies.len());
        dependencies.iter().find(|&&node| !seen.insert(node)).map_or(Ok(()), |&node| twice(node))
    }

    /// Copies parameters into the arena.
    #[inline]
    pub fn push_args(&mut self, bytes: &[u8]) -> Result<Args, Error> {
        self.args.push(bytes).ok_or(Error::Full)
    }

    /// The parameters of an op of this DAG.
    #[inline]
    pub fn args(&self, args: Args) -> &[u8] {
        self.args.get(args)
    }

    /// Adds a child graph; the number goes into `Op::Graph`.
    pub fn push_child(&mut self, child: Arc<Dag>) -> u64 {
        self.children.push(child);
        self.children.len() as u64 - 1
    }

    /// A child graph by its number.
    pub fn child(&self, graph: u64) -> Option<&Arc<Dag>> {
        self.children.get(usize::try_from(graph).ok()?)
    }

    /// Replaces a child graph.
    pub fn set_child(&mut self, graph: u64, child: Arc<Dag>) -> Option<()> {
        *self.children.get_mut(usize::try_from(graph).ok()?)? = child;
        Some(())
    }

    /// Whether the node is in this DAG.
    pub fn contains(&self, node: Node) -> bool {
        self.links.contains(node)
    }

    /// A node's op.
    #[inline]
    pub fn op(&self, node: Node) -> Result<&Op, Error> {
        self.check(node)?;
        self.ops.get(node.0).ok_or(Error::NoSuchNode(node))
    }

    /// Replaces a node's op. Its `Args` must come from [`Dag::push_args`] or be those of the old op.
    pub fn set_op(&mut self, node: Node, op: Op) -> Result<(), Error> {
        self.check(node)?;
        *self.ops.get_mut(node.0).ok_or(Error::NoSuchNode(node))? = op;
        Ok(())
    }

    /// Replaces a node's op and parameters; the op's `Args` are set here. The old parameters' place is
    /// used again where the new ones fit in.
    pub fn replace(&mut self, node: Node, op: Op, args: &[u8]) -> Result<(), Error> {
        let old = self.op(node)?.args();
        let fits = Args { start: old.start, bytes: args.len() as u32 };
        let args = match self.args.get_mut(fits) {
            Some(place) if args.len() <= old.bytes as usize => {
                place.copy_from_slice(args);
                fits
            }
            _ => self.push_args(args)?,
        };
        self.set_op(node, op.with_args(args))
    }

    /// Removes a node and its edges.
    pub fn remove(&mut self, node: Node) -> Result<(), Error> {
        self.check(node)?;
        self.links.remove(node);
        Ok(())
    }

    /// The index of edge data, for [`Dag::add_edge`]; all zeros is 0. There can be 255 others.
    pub fn push_edge_data(&mut self, data: [u8; 8]) -> Result<u8, Error> {
        if data == [0; 8] {
            return Ok(0);
        }
        let at = self.edge_data.iter().position(|&known| known == data).unwrap_or(self.edge_data.len());
        let index = u8::try_from(at + 1).map_err(|_| Error::Full)?;
        if at == self.edge_data.len() {
            self.edge_data.push(data);
        }
        Ok(index)
    }

    /// Edge data by its index; zeros for an index that was not given out.
    pub fn edge_data(&self, index: u8) -> [u8; 8] {
        let at = usize::from(index).checked_sub(1);
        at.and_then(|at| self.edge_data.get(at)).copied().unwrap_or([0; 8])
    }

    /// Whether no edge can have data.
    pub fn has_plain_edges(&self) -> bool {
        self.edge_data.is_empty()
    }

    /// Adds an edge with its data. A double edge is refused; a cycle is found at instantiate.
    pub fn add_edge(&mut self, from: Node, to: Node, data: u8) -> Result<(), Error> {
        self.check(from)?;
        self.check(to)?;
        if from == to {
            return Err(Error::SelfEdge(from));
        }
        if self.links.find(from, to).is_some() {
            return Err(Error::DoubleEdge(from, to));
        }
        self.links.connect(from, to, data);
        Ok(())
    }

    /// Removes an edge.
    pub fn remove_edge(&mut self, from: Node, to: Node) -> Result<(), Error> {
        self.check(from)?;
        self.check(to)?;
        let edge = self.links.find(from, to).ok_or(Error::NoSuchEdge(from, to))?;
        self.links.disconnect(edge);
        Ok(())
    }

    /// The data index of an edge.
    pub fn edge(&self, from: Node, to: Node) -> Result<u8, Error> {
        self.check(from)?;
        self.check(to)?;
        self.links.data(from, to).ok_or(Error::NoSuchEdge(from, to))
    }

    /// All edges with the index of their data, in the order they were added.
    pub fn edges(&self) -> impl Iterator<Item = (Node, Node, u8)> + '_ {
        self.links.edges()
    }

    /// All nodes, oldest first.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.bound()).map(Node).filter(|&node| self.links.contains(node))
    }

    /// All nodes without a dependency, oldest first.
    pub fn roots(&self) -> impl Iterator<Item = Node> + '_ {
        self.nodes().filter(|&node| !self.links.has(node, Incoming))
    }

    /// Whether nothing depends on the node.
    pub fn is_leaf(&self, node: Node) -> bool {
        !self.links.has(node, Outgoing)
    }

    /// What a node depends on, in the order the edges were added. Nothing if the node is not there.
    pub fn dependencies(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + use<> {
        self.incoming(node).map(|(node, _)| node)
    }

    /// What depends on a node, in the order the edges were added. Nothing if the node is not there.
    pub fn dependents(&self, node: Node) -> impl ExactSizeIterator<Item = Node> + use<> {
        self.outgoing(node).map(|(node, _)| node)
    }

    /// Like [`Dag::dependencies`], with the index of each edge's data.
    pub fn incoming(&self, node: Node) -> impl ExactSizeIterator<Item = (Node, u8)> + use<> {
        self.links.neighbours(node, Incoming)
    }

    /// Like [`Dag::dependents`], with the index of each edge's data.
    pub fn outgoing(&self, node: Node) -> impl ExactSizeIterator<Item = (Node, u8)> + use<> {
        self.links.neighbours(node, Outgoing)
    }

    /// All nodes, each after what it depends on: creation order, unless an edge is against it; then
    /// of the nodes that could come next always the one created first.
    pub fn order(&self) -> Result<Vec<Node>, Error> {
        order::order(self)
    }

    /// The dependencies of all nodes as arrays.
    pub fn csr(&self) -> Csr {
        csr::csr(self)
    }

    #[inline]
    fn check(&self, node: Node) -> Result<(), Error> {
        if self.links.contains(node) { Ok(()) } else { Err(Error::NoSuchNode(node)) }
    }
}

impl Drop for Dag {
    /// Children may nest as deep as memory reaches, so they are given up one by one.
    fn drop(&mut self) {
        let mut children = std::mem::take(&mut self.children);
        while let Some(child) = children.pop() {
            if let Some(mut child) = Arc::into_inner(child) {
                children.append(&mut child.children);
            }
        }
    }
}

#[cfg(test)]
mod tests;

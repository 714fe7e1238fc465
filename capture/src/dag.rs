//! The DAG of ops: petgraph with thin weights over an op arena.
//!
//! A node's name is its creation number, never reused, so creation order is a topological order
//! until an edge goes from a younger node to an older one; [`Dag::is_ordered`] keeps that one fact.

use std::sync::Arc;

use petgraph::Direction::{Incoming, Outgoing};
use petgraph::stable_graph::{NodeIndex, StableDiGraph};

use crate::op::{Args, Op};

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
    /// Node numbers or argument bytes ran out.
    #[error("the graph is full")]
    Full,
    /// The edges form a cycle through this node.
    #[error("the edges form a cycle through node {}", .0.0)]
    Cycle(Node),
}

/// A DAG of ops, with their parameters beside them.
#[derive(Clone, Default)]
pub struct Dag {
    graph: StableDiGraph<u32, u8>,
    /// By creation number; `None` once removed.
    places: Vec<Option<NodeIndex>>,
    ops: Vec<Op>,
    args: Vec<u8>,
    children: Vec<Arc<Dag>>,
    unordered: bool,
}

impl Dag {
    /// An empty DAG.
    pub fn new() -> Dag {
        Dag::default()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Creation numbers are below this.
    pub fn bound(&self) -> u32 {
        self.places.len() as u32
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// Whether every edge goes from an older to a younger node.
    pub fn is_ordered(&self) -> bool {
        !self.unordered
    }

    /// Adds an op after `dependencies`, which must be nodes of this DAG without repeats.
    /// The op's `Args` must come from [`Dag::push_args`].
    pub fn add(&mut self, op: Op, dependencies: &[Node]) -> Result<Node, Error> {
        for (i, &from) in dependencies.iter().enumerate() {
            self.place(from)?;
            if dependencies[..i].contains(&from) {
                return Err(Error::DoubleEdge(from, Node(self.bound())));
            }
        }
        let node = Node(self.bound());
        let place = self.graph.add_node(node.0);
        for &from in dependencies {
            let from = self.place(from)?;
            self.graph.add_edge(from, place, 0);
        }
        self.places.push(Some(place));
        self.ops.push(op);
        Ok(node)
    }

    /// Adds an op with its parameters; its `Args` are set here. Nothing is added if it is refused.
    pub fn record(&mut self, op: Op, args: &[u8], dependencies: &[Node]) -> Result<Node, Error> {
        let args = self.push_args(args)?;
        self.add(op.with_args(args), dependencies)
    }

    /// Like [`Dag::add`], for dependencies that are known to be without repeats.
    pub(crate) fn add_distinct(&mut self, op: Op, dependencies: &[Node]) -> Result<Node, Error> {
        self.add(op, dependencies)
    }

    /// Copies parameters into the arena.
    pub fn push_args(&mut self, bytes: &[u8]) -> Result<Args, Error> {
        let start = self.args.len().next_multiple_of(16);
        let end = start + bytes.len();
        if end > u32::MAX as usize {
            return Err(Error::Full);
        }
        self.args.resize(start, 0);
        self.args.extend_from_slice(bytes);
        Ok(Args { start: start as u32, bytes: bytes.len() as u32 })
    }

    /// The parameters of an op of this DAG.
    pub fn args(&self, args: Args) -> &[u8] {
        &self.args[args.start as usize..][..args.bytes as usize]
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

    /// Whether the node is in this DAG.
    pub fn contains(&self, node: Node) -> bool {
        self.place(node).is_ok()
    }

    /// A node's op.
    pub fn op(&self, node: Node) -> Result<&Op, Error> {
        self.place(node)?;
        Ok(&self.ops[node.0 as usize])
    }

    /// Replaces a node's op.
    pub fn set_op(&mut self, node: Node, op: Op) -> Result<(), Error> {
        self.place(node)?;
        self.ops[node.0 as usize] = op;
        Ok(())
    }

    /// Removes a node and its edges.
    pub fn remove(&mut self, node: Node) -> Result<(), Error> {
        let place = self.place(node)?;
        self.graph.remove_node(place);
        self.places[node.0 as usize] = None;
        Ok(())
    }

    /// Adds an edge with its data. A double edge is refused; a cycle is found at instantiate.
    pub fn add_edge(&mut self, from: Node, to: Node, data: u8) -> Result<(), Error> {
        let (a, b) = (self.place(from)?, self.place(to)?);
        if from == to {
            return Err(Error::SelfEdge(from));
        }
        if self.graph.find_edge(a, b).is_some() {
            return Err(Error::DoubleEdge(from, to));
        }
        self.graph.add_edge(a, b, data);
        self.unordered |= from > to;
        Ok(())
    }

    /// Removes an edge.
    pub fn remove_edge(&mut self, from: Node, to: Node) -> Result<(), Error> {
        let (a, b) = (self.place(from)?, self.place(to)?);
        let edge = self.graph.find_edge(a, b).ok_or(Error::NoSuchEdge(from, to))?;
        self.graph.remove_edge(edge);
        Ok(())
    }

    /// All nodes, oldest first.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + '_ {
        (0..self.bound()).map(Node).filter(|node| self.places[node.0 as usize].is_some())
    }

    /// All nodes without a dependency, oldest first.
    pub fn roots(&self) -> impl Iterator<Item = Node> + '_ {
        self.nodes().filter(|&node| self.dependencies(node).next().is_none())
    }

    /// What a node depends on, in no particular order. Nothing if the node is not there.
    pub fn dependencies(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.neighbours(node, Incoming)
    }

    /// What depends on a node, in no particular order. Nothing if the node is not there.
    pub fn dependents(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.neighbours(node, Outgoing)
    }

    fn neighbours(&self, node: Node, direction: petgraph::Direction) -> impl Iterator<Item = Node> + '_ {
        let place = self.place(node).unwrap_or(NodeIndex::end());
        self.graph.neighbors_directed(place, direction).map(|place| Node(self.graph[place]))
    }

    fn place(&self, node: Node) -> Result<NodeIndex, Error> {
        self.places.get(node.0 as usize).copied().flatten().ok_or(Error::NoSuchNode(node))
    }
}

//! The edges of a DAG: petgraph's stable graph, with node indices that are creation numbers.
//!
//! Removed nodes and edges stay where they are, marked as gone. So an index is never given to
//! another node, edges lie in the order they were added, and removal does not walk the lists of
//! a node's neighbours. When most edges are gone the graph is built anew from the others.

use std::collections::HashMap;

use petgraph::Direction::{self, Incoming, Outgoing};
use petgraph::stable_graph::{EdgeIndex, NodeIndex, StableDiGraph};
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use smallvec::SmallVec;

use crate::dag::Node;
use crate::pool::Shelf;

/// An edge's weight: an index into the table of edge data.
#[derive(Clone, Copy)]
struct Edge {
    data: u8,
    gone: bool,
}

/// A node's weight. The op has the node's own index.
#[derive(Clone, Copy, PartialEq)]
enum Life {
    Here,
    Gone,
}

type Graph = StableDiGraph<Life, Edge>;

/// Bytes of a node and of an edge in petgraph, with their links.
const NODE_AND_EDGE_BYTES: usize = 12 + 20;

const CLASSES: usize = 13;

static SHELF: Shelf<Graph, CLASSES> = Shelf::new();

/// A search longer than this builds the index of all edges.
const STEPS: usize = 64;

/// Nodes and edges, by creation number.
#[derive(Default)]
pub(crate) struct Links {
    graph: Graph,
    nodes_gone: usize,
    edges_gone: usize,
    /// How many edges go from a younger node to an older one.
    backward: usize,
    /// All edges by their ends, once a search was long. Without it, edges between nodes that both
    /// have many would make adding quadratic.
    index: Option<HashMap<(u32, u32), EdgeIndex>>,
}

impl Links {
    /// How many nodes there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.graph.node_count() - self.nodes_gone
    }

    /// Creation numbers are below this.
    #[inline]
    pub(crate) fn bound(&self) -> u32 {
        self.graph.node_count() as u32
    }

    /// How many edges there are.
    pub(crate) fn edge_count(&self) -> usize {
        self.graph.edge_count() - self.edges_gone
    }

    /// Whether every edge goes from an older node to a younger one.
    pub(crate) fn is_ordered(&self) -> bool {
        self.backward == 0
    }

    #[inline]
    pub(crate) fn contains(&self, node: Node) -> bool {
        self.graph.node_weight(place(node)) == Some(&Life::Here)
    }

    /// Makes room for so many more nodes and edges.
    #[cold]
    pub(crate) fn reserve(&mut self, nodes: usize, edges: usize) {
        let (nodes, edges) = (self.graph.node_count() + nodes, self.graph.edge_count() + edges);
        let room = self.graph.capacity();
        let class = class_for(nodes.max(edges));
        if nodes <= room.0 && edges <= room.1 {
            return;
        }
        if class < CLASSES {
            return self.move_to(class);
        }
        self.graph.reserve_nodes(nodes - self.graph.node_count());
        self.graph.reserve_edges(edges - self.graph.edge_count());
    }

    /// The next node; `None` when numbers run out.
    #[inline]
    pub(crate) fn add(&mut self) -> Option<Node> {
        if self.graph.node_count() >= self.graph.capacity().0 {
            self.reserve(1, 0);
        }
        let place = self.graph.try_add_node(Life::Here).ok()?;
        Some(Node(place.index() as u32))
    }

    /// Adds an edge between two nodes that are here and have no such edge.
    #[inline]
    pub(crate) fn connect(&mut self, from: Node, to: Node, data: u8) {
        if self.graph.edge_count() >= self.graph.capacity().1 {
            self.reserve(0, 1);
        }
        let edge = self.graph.add_edge(place(from), place(to), Edge { data, gone: false });
        self.backward += usize::from(from > to);
        if let Some(index) = &mut self.index {
            index.insert((from.0, to.0), edge);
        }
    }

    /// The edge between two nodes. Walks the shorter of the two lists.
    pub(crate) fn find(&mut self, from: Node, to: Node) -> Option<EdgeIndex> {
        if self.index.is_none() {
            match self.search(from, to, STEPS) {
                Ok(found) => return found,
                Err(TooLong) => self.build_index(),
            }
        }
        self.index.as_ref().and_then(|index| index.get(&(from.0, to.0)).copied())
    }

    /// An edge's data by its ends.
    pub(crate) fn data(&self, from: Node, to: Node) -> Option<u8> {
        let edge = match &self.index {
            Some(index) => index.get(&(from.0, to.0)).copied(),
            None => self.search(from, to, usize::MAX).unwrap_or(None),
        };
        self.graph.edge_weight(edge?).map(|edge| edge.data)
    }

    fn search(&self, from: Node, to: Node, limit: usize) -> Result<Option<EdgeIndex>, TooLong> {
        let (a, b) = (place(from), place(to));
        let out = self.graph.edges_directed(a, Outgoing);
        for (step, (out, into)) in out.zip(self.graph.edges_directed(b, Incoming)).enumerate() {
            if out.target() == b && !out.weight().gone {
                return Ok(Some(out.id()));
            }
            if into.source() == a && !into.weight().gone {
                return Ok(Some(into.id()));
            }
            if step >= limit {
                return Err(TooLong);
            }
        }
        Ok(None)
    }

    fn build_index(&mut self) {
        let here = self.graph.edge_references().filter(|edge| !edge.weight().gone);
        let ends = here.map(|e| ((e.source().index() as u32, e.target().index() as u32), e.id()));
        self.index = Some(ends.collect());
    }

    /// Removes the edge that [`Links::find`] gave.
    pub(crate) fn disconnect(&mut self, edge: EdgeIndex) {
        self.mark(edge);
        self.tidy();
    }

    /// Removes a node that is here, and its edges.
    pub(crate) fn remove(&mut self, node: Node) {
        for direction in [Incoming, Outgoing] {
            let edges: SmallVec<[EdgeIndex; 8]> = self.here(node, direction).map(|edge| edge.id()).collect();
            for edge in edges {
                self.mark(edge);
            }
        }
        if let Some(life) = self.graph.node_weight_mut(place(node)) {
            *life = Life::Gone;
            self.nodes_gone += 1;
        }
        self.tidy();
    }

    fn mark(&mut self, edge: EdgeIndex) {
        if let Some((from, to)) = self.graph.edge_endpoints(edge) {
            self.backward -= usize::from(from > to);
            if let Some(index) = &mut self.index {
                index.remove(&(from.index() as u32, to.index() as u32));
            }
        }
        if let Some(weight) = self.graph.edge_weight_mut(edge) {
            weight.gone = true;
            self.edges_gone += 1;
        }
    }

    /// Builds the graph anew once more edges are gone than here: linear, and seldom enough.
    fn tidy(&mut self) {
        if self.edges_gone <= self.edge_count() + STEPS {
            return;
        }
        let mut fresh = take(class_for(self.graph.node_count().max(self.edge_count())));
        for &life in self.graph.node_weights() {
            fresh.add_node(life);
        }
        for edge in self.graph.edge_references().filter(|edge| !edge.weight().gone) {
            fresh.add_edge(edge.source(), edge.target(), *edge.weight());
        }
        give(std::mem::replace(&mut self.graph, fresh));
        self.edges_gone = 0;
        self.index = None;
    }

    /// Whether the node has an edge in this direction.
    #[inline]
    pub(crate) fn has(&self, node: Node, direction: Direction) -> bool {
        self.here(node, direction).next().is_some()
    }

    /// The nodes at the other ends with the edges' data, in the order the edges were added.
    pub(crate) fn neighbours(
        &self,
        node: Node,
        direction: Direction,
    ) -> impl DoubleEndedIterator<Item = (Node, u8)> + ExactSizeIterator + use<> {
        let end = |edge: EdgeReference<'_>| match direction {
            Incoming => edge.source(),
            Outgoing => edge.target(),
        };
        // petgraph's lists begin with the edge that was added last.
        let newest_first: SmallVec<[(Node, u8); 8]> = self
            .here(node, direction)
            .map(|edge| (Node(end(edge).index() as u32), edge.weight().data))
            .collect();
        newest_first.into_iter().rev()
    }

    fn here(&self, node: Node, direction: Direction) -> impl Iterator<Item = EdgeReference<'_>> {
        self.graph.edges_directed(place(node), direction).filter(|edge| !edge.weight().gone)
    }

    /// All edges with their data, in the order they were added.
    #[inline]
    pub(crate) fn edges(&self) -> impl Iterator<Item = (Node, Node, u8)> {
        self.graph.edge_references().filter(|edge| !edge.weight().gone).map(|edge| {
            let (from, to) = (edge.source().index() as u32, edge.target().index() as u32);
            (Node(from), Node(to), edge.weight().data)
        })
    }

    /// Moves to a graph of the class: the next one, where amortised growth needs it.
    #[cold]
    fn move_to(&mut self, class: usize) {
        let mut larger = take(class);
        larger.clone_from(&self.graph);
        give(std::mem::replace(&mut self.graph, larger));
    }
}

type EdgeReference<'a> = petgraph::stable_graph::EdgeReference<'a, Edge>;

/// The search took more steps than it may.
struct TooLong;

#[inline]
fn place(node: Node) -> NodeIndex {
    NodeIndex::new(node.0 as usize)
}

/// Room for nodes and for edges: fourfold from class to class up to a million, then twofold.
fn room(class: usize) -> usize {
    if class <= 8 { 16 << (2 * class) } else { 1 << (20 + class - 8) }
}

/// The smallest class with the room. Beyond the last one petgraph grows by itself.
fn class_for(wanted: usize) -> usize {
    (0..CLASSES).find(|&class| room(class) >= wanted).unwrap_or(CLASSES)
}

fn take(class: usize) -> Graph {
    let kept = SHELF.take(class, room(class) * NODE_AND_EDGE_BYTES);
    kept.unwrap_or_else(|| Graph::with_capacity(room(class), room(class)))
}

fn give(mut graph: Graph) {
    let (nodes, edges) = graph.capacity();
    let class = class_for(nodes.min(edges));
    // Only what has exactly the room of its class: the bound of the pool counts on it.
    if nodes > 0 && (nodes, edges) == (room(class), room(class)) {
        graph.clear();
        SHELF.give(class, graph, room(class) * NODE_AND_EDGE_BYTES);
    }
}

impl Clone for Links {
    fn clone(&self) -> Links {
        let mut graph = Graph::default();
        if self.graph.node_count() > 0 {
            graph = take(class_for(self.graph.node_count().max(self.graph.edge_count())));
            // Into memory that is there.
            graph.clone_from(&self.graph);
        }
        let (nodes_gone, edges_gone, backward) = (self.nodes_gone, self.edges_gone, self.backward);
        Links { graph, nodes_gone, edges_gone, backward, index: None }
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        give(std::mem::take(&mut self.graph));
    }
}

//! Graphs as a whole: making, edges, nodes, drawing.

use std::ffi::{c_uint, c_ulonglong};
use std::path::Path;
use std::sync::Arc;

use smallvec::SmallVec;
use stream_hal::Style;
use stream_hal::error::{Error, Result, What};
use stream_hal::graph::Graph;
use stream_hal::{Node, dot, objects};

use crate::arg::{Array, Handle, Out, OutArray, Text};
use crate::entry::{Cx, entries};

/// Nodes by their handles: a few without an allocation.
pub(crate) type Nodes = SmallVec<[Node; 8]>;

/// The nodes of handles; all must be of one graph. Whether they are still there is for the graph to say.
pub(crate) fn nodes(graph: &Graph, argument: &'static str, handles: &[Handle]) -> Result<Nodes> {
    let mut found = Nodes::new();
    for &handle in handles {
        found.push(node(graph, argument, handle)?);
    }
    Ok(found)
}

/// The node of a handle.
#[inline]
fn node(graph: &Graph, argument: &'static str, handle: Handle) -> Result<Node> {
    match objects::graphs().owner(handle.0) {
        Ok((owner, number)) if owner == graph.handle() => Ok(Node(number)),
        Ok(_) => Err(Error::value(argument, format!("{:#x} is a node of another graph", handle.0))),
        Err(error) => Err(Error::value(argument, format!("{:#x}: {error}", handle.0))),
    }
}

/// Nodes that a call passes by pointer and count.
pub(crate) fn dependencies(graph: &Graph, handles: Array<Handle>, count: usize) -> Result<Nodes> {
    if count == 0 {
        return Ok(Nodes::new());
    }
    nodes(graph, "dependencies", &handles.get("dependencies", count)?)
}

/// Edge data that asks for nothing: a full dependency from all of the one node to all of the other.
pub(crate) fn plain_edges(data: Array<[u8; 8]>, count: usize) -> Result {
    if data.is_null() || data.get("edgeData", count)?.iter().all(|edge| *edge == [0; 8]) {
        return Ok(());
    }
    Err(Error::of(What::NotSupported, "edgeData", "edges from ports of kernels are not implemented"))
}

/// Answers a list in the way of both APIs: without a place only how many there are; else as many as
/// there is room for, the rest of the room null.
pub(crate) fn list(
    place: OutArray<Handle>,
    count: Out<usize>,
    handles: impl ExactSizeIterator<Item = Result<Handle>>,
) -> Result {
    let count = count.place("count")?;
    let there = handles.len();
    if place.is_null() {
        count.write(there);
        return Ok(());
    }
    let room = count.room::<Handle>("count")?;
    let answer = handles.take(room).collect::<Result<Vec<_>>>()?;
    count.write(answer.len());
    place.write("nodes", filled_up(answer, room))
}

/// Handles, and null for the rest of the room.
fn filled_up(handles: Vec<Handle>, room: usize) -> impl Iterator<Item = Handle> {
    let rest = room.saturating_sub(handles.len());
    handles.into_iter().chain(std::iter::repeat_n(Handle(0), rest))
}

pub(crate) fn list_nodes(
    graph: &Graph,
    place: OutArray<Handle>,
    count: Out<usize>,
    found: Vec<Node>,
) -> Result {
    list(place, count, found.into_iter().map(|node| graph.node_handle(node).map(Handle)))
}

/// Edges by their two ends.
type Edges = Vec<(Node, Node)>;

/// The two ends of edges, as two lists.
fn edges(
    cx: &Cx,
    graph: Handle,
    from: Array<Handle>,
    to: Array<Handle>,
    count: usize,
) -> Result<(Arc<Graph>, Edges)> {
    let graph = cx.graph("hGraph", graph)?;
    let from = nodes(&graph, "from", &from.get("from", count)?)?;
    let to = nodes(&graph, "to", &to.get("to", count)?)?;
    Ok((graph, from.into_iter().zip(to).collect()))
}

fn add_edges(cx: &Cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, count: usize) -> Result {
    cx.on_graph("hGraph", graph, |graph| {
        // The usual call adds one edge.
        if count == 1 {
            let (from, to) = (from.first("from")?, to.first("to")?);
            return graph.add_edges(&[(node(graph, "from", from)?, node(graph, "to", to)?, 0)]);
        }
        let from = nodes(graph, "from", &from.get("from", count)?)?;
        let to = nodes(graph, "to", &to.get("to", count)?)?;
        let edges: SmallVec<[_; 4]> = from.into_iter().zip(to).map(|(from, to)| (from, to, 0)).collect();
        graph.add_edges(&edges)
    })
}

fn remove_edges(cx: &Cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, count: usize) -> Result {
    let (graph, edges) = edges(cx, graph, from, to, count)?;
    graph.remove_edges(&edges)
}

fn list_edges(
    cx: &Cx,
    graph: Handle,
    from: OutArray<Handle>,
    to: OutArray<Handle>,
    count: Out<usize>,
) -> Result {
    // Both lists or none.
    if from.is_null() != to.is_null() {
        return Err(Error::value("to", "both ends are asked for, or none"));
    }
    let place = count.place("numEdges")?;
    let graph = cx.graph("hGraph", graph)?;
    let found: Vec<(Node, Node)> = graph.with(|dag| dag.edges().map(|(from, to, _)| (from, to)).collect());
    if from.is_null() {
        place.write(found.len());
        return Ok(());
    }
    let room = place.room::<Handle>("numEdges")?;
    let end = |end: fn(&(Node, Node)) -> Node| -> Result<Vec<Handle>> {
        found.iter().take(room).map(|edge| graph.node_handle(end(edge)).map(Handle)).collect()
    };
    from.write("from", filled_up(end(|edge| edge.0)?, room))?;
    to.write("to", filled_up(end(|edge| edge.1)?, room))?;
    place.write(found.len().min(room));
    Ok(())
}

entries! {
    fn cuGraphCreate | hipGraphCreate (cx, graph: Out<Handle>, flags: c_uint) {
        let place = graph.place("phGraph")?;
        if flags != 0 {
            return Err(Error::value("flags", "must be 0"));
        }
        cx.runtime()?;
        place.write(Handle(Graph::create()?.handle()));
        Ok(())
    }

    fn cuGraphDestroy | hipGraphDestroy (cx, graph: Handle) {
        cx.graph("hGraph", graph)?.destroy()
    }

    fn cuGraphClone | hipGraphClone (cx, clone: Out<Handle>, original: Handle) {
        let place = clone.place("phGraphClone")?;
        place.write(Handle(cx.graph("originalGraph", original)?.duplicate()?.handle()));
        Ok(())
    }

    // A clone's nodes keep the numbers of the original's.
    fn cuGraphNodeFindInClone | hipGraphNodeFindInClone (cx, node: Out<Handle>, original: Handle, clone: Handle) {
        let place = node.place("phNode")?;
        let (_, number) = cx.node("hOriginalNode", original)?;
        let clone = cx.graph("hClonedGraph", clone)?;
        if !clone.with(|dag| dag.contains(number)) {
            return Err(Error::value("hOriginalNode", "the clone has no such node"));
        }
        place.write(Handle(clone.node_handle(number)?));
        Ok(())
    }

    fn cuGraphGetNodes | hipGraphGetNodes (cx, graph: Handle, nodes: OutArray<Handle>, count: Out<usize>) {
        let graph = cx.graph("hGraph", graph)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.nodes().collect()))
    }

    fn cuGraphGetRootNodes | hipGraphGetRootNodes (cx, graph: Handle, nodes: OutArray<Handle>, count: Out<usize>) {
        let graph = cx.graph("hGraph", graph)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.roots().collect()))
    }

    fn cuGraphGetEdges | hipGraphGetEdges (
        cx, graph: Handle, from: OutArray<Handle>, to: OutArray<Handle>, count: Out<usize>
    ) {
        list_edges(cx, graph, from, to, count)
    }

    fn cuGraphGetEdges_v2 (
        cx, graph: Handle, from: OutArray<Handle>, to: OutArray<Handle>, data: OutArray<[u8; 8]>, count: Out<usize>
    ) {
        list_edges(cx, graph, from, to, count)?;
        if data.is_null() || from.is_null() {
            return Ok(());
        }
        data.write("edgeData", vec![[0; 8]; count.place("numEdges")?.read()])
    }

    fn cuGraphAddDependencies | hipGraphAddDependencies (
        cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, count: usize
    ) {
        add_edges(cx, graph, from, to, count)
    }

    fn cuGraphAddDependencies_v2 (
        cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, data: Array<[u8; 8]>, count: usize
    ) {
        plain_edges(data, count)?;
        add_edges(cx, graph, from, to, count)
    }

    fn cuGraphRemoveDependencies | hipGraphRemoveDependencies (
        cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, count: usize
    ) {
        remove_edges(cx, graph, from, to, count)
    }

    fn cuGraphRemoveDependencies_v2 (
        cx, graph: Handle, from: Array<Handle>, to: Array<Handle>, data: Array<[u8; 8]>, count: usize
    ) {
        plain_edges(data, count)?;
        remove_edges(cx, graph, from, to, count)
    }

    fn cuGraphGetId (cx, graph: Handle, id: Out<c_uint>) {
        let place = id.place("graphId")?;
        place.write(cx.graph("hGraph", graph)?.handle() as c_uint);
        Ok(())
    }

    // The first flag asks for everything; each other one for a kind of node's parameters.
    fn cuGraphDebugDotPrint | hipGraphDebugDotPrint (cx, graph: Handle, path: Text, flags: c_uint) {
        let path = path.get("path")?;
        let verbose = if cx.rules.dot_flags_whole { flags == 1 } else { flags & 1 != 0 };
        let graph = cx.graph("hGraph", graph)?;
        let title = format!("graph_{:x}", graph.handle());
        let style = Style { verbose, title, ..Style::default() };
        dot::write(Path::new(&*path), &dot::graph(&graph.snapshot(), &style))
    }
}

/// For flags that travel as 64 bits.
pub(crate) type Flags = c_ulonglong;

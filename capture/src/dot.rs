//! Drawings: DAGs and live lanes as DOT, for Graphviz and for reading.
//!
//! The text is built in memory, so that a file that cannot be written is the caller's ordinary error.

use std::collections::{BTreeSet, HashSet};

use dot_writer::{Attributes, DotWriter, Scope};

use crate::dag::{Dag, Node};
use crate::live::{Entry, Live, Point};
use crate::op::Op;

mod label;

use label::Labels;

/// How much a drawing shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Node numbers, full kernel names, addresses, dimensions and parameters, as tables.
    pub verbose: bool,
    /// Child graphs as one node each instead of a cluster with their nodes.
    pub fold_children: bool,
    /// From left to right instead of downwards.
    pub sideways: bool,
    /// Above the drawing. May be empty.
    pub title: String,
}

/// Gives the name of a function by its handle, if it is known.
pub type Names<'a> = &'a dyn Fn(u64) -> Option<String>;

/// A live lane to be drawn.
pub struct LaneView<'a> {
    /// The lane's number, as points name it.
    pub lane: u32,
    /// What people call it, such as the stream's handle. May be empty.
    pub name: String,
    /// Its ops.
    pub live: &'a Live,
    /// The lane value that is reached.
    pub completed: u64,
}

/// Children in children are drawn to this depth.
const DEPTH: usize = 8;

/// Nodes of children in all; a child that would go beyond it is folded. One child may stand in a
/// drawing many times.
const CHILD_NODES: usize = 65_536;

/// Draws a DAG.
pub fn dag(dag: &Dag, style: &Style, names: Names<'_>) -> String {
    let caption = format!("{} nodes, {} edges", dag.len(), dag.edge_count());
    let mut labels = Labels::new(style, names);
    write(dag.len(), style, &caption, |scope| {
        let mut left = if style.fold_children { 0 } else { CHILD_NODES };
        graph(scope, dag, "", DEPTH, &mut left, &mut labels);
    })
}

/// Draws live lanes side by side, with edges from the points that their ops come after.
pub fn live(lanes: &[LaneView<'_>], style: &Style, names: Names<'_>) -> String {
    let nodes = lanes.iter().map(|view| view.live.len()).sum();
    let mut labels = Labels::new(style, names);
    write(nodes, style, "grey is done, red is running, dashed is pending", |scope| {
        let rows: Vec<Vec<Entry<'_>>> =
            lanes.iter().map(|view| view.live.history().chain(view.live.pending()).collect()).collect();
        let mut notes = BTreeSet::new();
        for (view, own) in lanes.iter().zip(&rows) {
            let mut cluster = cluster(scope, view);
            self::notes(&mut cluster, (view, own), (lanes, &rows), &mut notes);
            ops(&mut cluster, (view, own), lanes, &mut labels);
        }
        for (view, own) in lanes.iter().zip(&rows) {
            points(scope, (view, own), (lanes, &rows));
        }
    })
}

fn write(nodes: usize, style: &Style, caption: &str, body: impl FnOnce(&mut Scope<'_, '_>)) -> String {
    let mut bytes = Vec::with_capacity(512 + nodes * 100);
    {
        let mut writer = DotWriter::from(&mut bytes);
        let mut scope = writer.digraph();
        let direction = if style.sideways { "LR" } else { "TB" };
        let title = match style.title.as_str() {
            "" => label::quoted(caption),
            title => format!("{}\\n{caption}", label::quoted(title)),
        };
        scope
            .graph_attributes()
            .set("rankdir", direction, false)
            .set("label", &title, true)
            .set("labelloc", "t", false)
            .set("fontname", "Helvetica", false)
            .set("fontcolor", "#334155", true)
            .set("nodesep", "0.3", false)
            .set("ranksep", "0.35", false);
        scope
            .node_attributes()
            .set("colorscheme", "pastel19", false)
            .set("shape", if style.verbose { "record" } else { "octagon" }, false)
            .set("style", "bold,filled", true)
            .set("fillcolor", "2", false)
            .set("color", "#475569", true)
            .set("fontname", "Helvetica", false)
            .set("fontsize", "11", false)
            .set("margin", if style.verbose { "0.1,0.05" } else { "0.02,0.01" }, true)
            .set("height", "0.35", false);
        scope
            .edge_attributes()
            .set("color", "#64748b", true)
            .set("arrowsize", "0.7", false)
            .set("fontname", "Helvetica", false)
            .set("fontsize", "9", false);
        body(&mut scope);
    }
    // Only text went in, so nothing is lost here.
    String::from_utf8(bytes).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}

/// A kind's shape and colour, unless they are the default, which is a kernel's.
fn looks(op: &Op) -> Option<(&'static str, &'static str)> {
    match op {
        Op::Launch(_) => None,
        Op::Copy(_) | Op::Write(_) | Op::CopyRect(_) => Some(("trapezium", "3")),
        Op::Fill(_) => Some(("invtrapezium", "6")),
        Op::Host(_) => Some(("box", "5")),
        Op::EventRecord { .. } | Op::EventWait { .. } => Some(("ellipse", "4")),
        Op::Empty => Some(("circle", "9")),
        Op::Graph { .. } => Some(("box3d", "7")),
    }
}

/// Nodes, then edges. Recurses into child graphs, at most `depth` deep. Gives the nodes drawn as clusters.
fn graph(
    scope: &mut Scope<'_, '_>,
    dag: &Dag,
    prefix: &str,
    depth: usize,
    left: &mut usize,
    labels: &mut Labels<'_>,
) -> HashSet<Node> {
    let mut open = HashSet::new();
    for node in dag.nodes() {
        let Ok(op) = dag.op(node) else { continue };
        let mut id = String::with_capacity(prefix.len() + 12);
        name(&mut id, prefix, node, false);
        if let Some(child) = unfolded(dag, op, depth, left) {
            open.insert(node);
            opened(scope, &id, node, child, (depth, &mut *left), labels);
            continue;
        }
        let text = labels.op(node.0.into(), op, dag.args(op.args()));
        let mut drawn = scope.node_named(id);
        drawn.set("label", text, true);
        if let Some((shape, colour)) = looks(op) {
            if !labels.verbose {
                drawn.set("shape", shape, false);
            }
            drawn.set("style", "filled", false).set("fillcolor", colour, false);
        }
    }
    let (mut tail, mut head) = (String::new(), String::new());
    for (from, to, data) in dag.edges() {
        name(&mut tail, prefix, from, open.contains(&from));
        name(&mut head, prefix, to, false);
        let edge = scope.edge(&tail, &head);
        if data != 0 {
            let text = label::edge(dag.edge_data(data));
            edge.attributes().set("label", &text, true).set("style", "dashed", false);
        }
    }
    open
}

/// A node's name in the drawing, or the name of the end of its cluster.
fn name(into: &mut String, prefix: &str, node: Node, end: bool) {
    into.clear();
    into.extend([prefix, "n"]);
    label::decimal(into, node.0.into());
    into.push_str(if end { "_end" } else { "" });
}

/// The child graph to be drawn node by node, if the node has one and there is room for it.
fn unfolded<'a>(dag: &'a Dag, op: &Op, depth: usize, left: &mut usize) -> Option<&'a Dag> {
    let Op::Graph { graph, .. } = op else { return None };
    let child = dag.child(*graph)?;
    if depth == 0 || child.len() >= *left {
        return None;
    }
    *left -= child.len() + 1;
    Some(child)
}

/// A child graph as a cluster: what comes before it leads to its head, what comes after starts at its end.
fn opened(
    scope: &mut Scope<'_, '_>,
    id: &str,
    node: Node,
    child: &Dag,
    (depth, left): (usize, &mut usize),
    labels: &mut Labels<'_>,
) {
    let mut cluster = scope.cluster();
    let title = format!("graph node {}, {} nodes", node.0, child.len());
    cluster.set("label", &title, true).set("style", "rounded", false).set("color", "#94a3b8", true);
    cluster.set("bgcolor", "#f8fafc", true).set("fontsize", "11", false);
    for end in [id.to_owned(), format!("{id}_end")] {
        cluster
            .node_named(end)
            .set("label", "", true)
            .set("shape", "point", false)
            .set("width", "0.1", false);
    }
    let prefix = format!("{id}_");
    let open = graph(&mut cluster, child, &prefix, depth - 1, left, labels);
    let end = format!("{id}_end");
    if child.is_empty() {
        cluster.edge(id, &end);
    }
    let mut inner = String::new();
    for root in child.roots() {
        name(&mut inner, &prefix, root, false);
        cluster.edge(id, &inner).attributes().set("style", "dotted", false);
    }
    for leaf in child.nodes().filter(|&leaf| child.is_leaf(leaf)) {
        name(&mut inner, &prefix, leaf, open.contains(&leaf));
        cluster.edge(&inner, &end).attributes().set("style", "dotted", false);
    }
}

/// How far an op is.
#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Done,
    Running,
    Pending,
}

/// A lane and its ops.
type Rows<'a> = (&'a LaneView<'a>, &'a [Entry<'a>]);

/// All lanes and their ops.
type All<'a> = (&'a [LaneView<'a>], &'a [Vec<Entry<'a>>]);

fn cluster<'d, 'w>(scope: &'d mut Scope<'_, 'w>, view: &LaneView<'_>) -> Scope<'d, 'w> {
    let mut cluster = scope.cluster();
    let title = format!("{}\\nlane {}, value {}", label::quoted(&view.name), view.lane, view.completed);
    cluster.set("label", title.trim_start_matches("\\n"), true).set("style", "rounded", false);
    cluster.set("color", "#94a3b8", true).set("bgcolor", "#f8fafc", true).set("fontsize", "11", false);
    cluster
}

/// The lane's ops as a chain.
fn ops(cluster: &mut Scope<'_, '_>, (view, rows): Rows<'_>, lanes: &[LaneView<'_>], labels: &mut Labels<'_>) {
    let first = rows.partition_point(|row| row.value <= view.completed);
    for (i, row) in rows.iter().enumerate() {
        let progress = match i {
            _ if i < first => Progress::Done,
            _ if i == first && is_ready(view, row, lanes) => Progress::Running,
            _ => Progress::Pending,
        };
        let text = labels.op(row.sequence, row.op, row.args);
        let mut drawn = cluster.node_named(format!("l{}_{}", view.lane, row.sequence));
        drawn.set("label", text, true);
        let (shape, colour) = looks(row.op).unwrap_or(("octagon", "2"));
        if !labels.verbose {
            drawn.set("shape", shape, false);
        }
        match progress {
            Progress::Done => drawn.set("style", "filled", false).set("fillcolor", "9", false),
            Progress::Running => drawn.set("fillcolor", colour, false).set("color", "#dc2626", true),
            Progress::Pending => drawn.set("style", "filled,dashed", true).set("fillcolor", colour, false),
        };
        match progress {
            Progress::Done => drawn.set("fontcolor", "#6b7280", true),
            Progress::Running => drawn.set("penwidth", "3", false),
            Progress::Pending => &mut drawn,
        };
    }
    for pair in rows.windows(2) {
        let [from, to] = [pair[0].sequence, pair[1].sequence].map(|n| format!("l{}_{n}", view.lane));
        cluster.edge(from, to);
    }
}

/// Whether all points that the op comes after are reached, as far as they are among the lanes.
fn is_ready(view: &LaneView<'_>, row: &Entry<'_>, lanes: &[LaneView<'_>]) -> bool {
    let reached = |point: &Point| {
        lanes.iter().filter(|lane| lane.lane == point.lane).all(|lane| lane.completed >= point.value)
    };
    view.live.after(row.sequence).iter().all(reached)
}

/// Notes for points whose ops are not kept any more, each in the first lane that waits for it.
fn notes(
    cluster: &mut Scope<'_, '_>,
    (view, rows): Rows<'_>,
    (lanes, all): All<'_>,
    noted: &mut BTreeSet<(u32, u64)>,
) {
    for point in rows.iter().flat_map(|row| view.live.after(row.sequence)) {
        if owner(point, lanes, all).is_none() && noted.insert((point.lane, point.value)) {
            let text = format!("lane {}, value {}", point.lane, point.value);
            let mut note = cluster.node_named(note_name(point));
            note.set("label", &text, true).set("shape", "note", false).set("style", "solid", false);
        }
    }
}

fn note_name(point: Point) -> String {
    format!("p{}_{}", point.lane, point.value)
}

/// Edges from points to the lane's ops behind them. A point starts at the last op that it stands for;
/// where that is not kept any more, at its note.
fn points(scope: &mut Scope<'_, '_>, (view, rows): Rows<'_>, (lanes, all): All<'_>) {
    for row in rows {
        for point in view.live.after(row.sequence) {
            let from = owner(point, lanes, all).unwrap_or_else(|| note_name(point));
            let edge = scope.edge(from, format!("l{}_{}", view.lane, row.sequence));
            edge.attributes().set("color", "#2563eb", true);
        }
    }
}

fn owner(point: Point, lanes: &[LaneView<'_>], rows: &[Vec<Entry<'_>>]) -> Option<String> {
    let at = lanes.iter().position(|view| view.lane == point.lane)?;
    let row = rows[at].partition_point(|row| row.value <= point.value).checked_sub(1)?;
    Some(format!("l{}_{}", point.lane, rows[at][row].sequence))
}

#[cfg(test)]
mod tests;

//! From a DAG to steps: a pure function, without a lock, a clock or a device.

use std::ops::Range;

use smallvec::SmallVec;
use stream_hal_capture::{Dag, Node, Op};

use crate::flatten::{self, Flat};
use crate::{batches, straight};

/// A point of a plan's lane: reached when `value` steps of the lane are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// The plan's lane.
    pub lane: u32,
    /// How many of its steps are done.
    pub value: u32,
}

/// Where an op of a plan comes from: a node of the DAG or of one of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// 0 for the DAG itself, else an index into [`Plan::paths`] plus one. [`Plan::dags`] has the
    /// DAG of each.
    pub path: u32,
    /// The node in that DAG.
    pub node: Node,
}

/// What a launch does, in steps. Steps stand in an order in which they could run one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many lanes the steps use, numbered from 0.
    pub lanes: u32,
    /// The steps.
    pub steps: Vec<Step>,
    /// All ops in the order of the steps; a batch's nodes are a range of it. Empty nodes and child
    /// graph nodes are gone: their edges are contracted, children are inlined.
    pub order: Vec<Place>,
    /// Places in `order`, ascending, that need every earlier op of their batch to be done: an edge
    /// from such an op ends at this place or behind it, before the next barrier.
    pub barriers: Vec<u32>,
    /// The inlined children, each after the one it lies in.
    pub paths: Vec<Path>,
}

/// An inlined child: a child graph node of the DAG at another path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Where the child graph node stands: 0 in the DAG itself, else an index into [`Plan::paths`] plus one.
    pub parent: u32,
    /// The child graph node.
    pub node: Node,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Device ops of one lane, handed over together.
    Batch(Batch),
    /// One host function, called by the scheduler where the backend cannot.
    Host(Batch),
}

/// Ops of one lane between two points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The lane.
    pub lane: u32,
    /// A range of [`Plan::order`].
    pub nodes: Range<u32>,
    /// Points of other lanes that must be reached before the step begins; at most one a lane.
    /// The step before it on its own lane must be done too, which no wait says.
    pub waits: SmallVec<[Point; 2]>,
    /// The value of the lane when the step is done: 1 for its first step, then one more each.
    pub signal: u32,
}

/// What a plan may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Lanes for device ops; 0 counts as 1, and more than [`MAX_LANES`] are not used.
    pub lanes: u32,
    /// The backend calls host functions itself: host nodes stay inside batches.
    pub host_calls: bool,
}

/// More lanes than this are not used.
pub const MAX_LANES: u32 = 32;

/// Why a DAG cannot be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The edges form a cycle.
    #[error("the edges form a cycle through node {}", .0.0)]
    Cycle(Node),
    /// A child graph node names no child.
    #[error("child graph node {} has no graph", .0.0)]
    NoChild(Node),
    /// More nodes than a plan can number once all children are inlined.
    #[error("the graph is too large: over {MAX_NODES} nodes with its children inlined")]
    Full,
}

/// More nodes than this, children inlined, are refused.
pub const MAX_NODES: u32 = 1 << 27;

/// Cuts a DAG into steps. Every edge is kept: by the order of a lane with a barrier or a step's end
/// between, or by waits; and no wait, barrier or cut can be left out without losing an edge.
pub fn cut(dag: &Dag, options: Options) -> Result<Plan, Error> {
    let lanes = options.lanes.clamp(1, MAX_LANES);
    if lanes == 1 && options.host_calls && flatten::is_plain(dag) {
        return straight::cut_plain(dag);
    }
    let flat = Flat::new(dag)?;
    let split_host = flat.has_host && !options.host_calls;
    if lanes == 1 && !split_host {
        return straight::cut(flat);
    }
    Ok(batches::cut(flat, lanes as usize, split_host))
}

/// The DAG at a path of a plan of `dag`. Walks inwards; for all of them use [`Plan::dags`].
pub(crate) fn dag_at<'a>(dag: &'a Dag, paths: &[Path], path: u32) -> Option<&'a Dag> {
    let mut way = Vec::new();
    let mut at = path;
    while at != 0 {
        let step = paths.get(at as usize - 1)?;
        way.push(step.node);
        at = step.parent;
    }
    way.iter().rev().try_fold(dag, |dag, &node| match dag.op(node) {
        Ok(Op::Graph { graph, .. }) => dag.child(*graph).map(|child| &**child),
        _ => None,
    })
}

impl Plan {
    /// The DAG of each path, by [`Place::path`]: `dag` itself, then the inlined children. `dag` must
    /// be the one the plan was cut from.
    pub fn dags<'a>(&self, dag: &'a Dag) -> Vec<&'a Dag> {
        let mut dags = Vec::with_capacity(1 + self.paths.len());
        dags.push(dag);
        for path in &self.paths {
            let parent: &'a Dag = dags[path.parent as usize];
            let child = match parent.op(path.node) {
                Ok(Op::Graph { graph, .. }) => parent.child(*graph),
                _ => None,
            };
            dags.push(child.expect("the plan was cut from this DAG, so each path names a child of it"));
        }
        dags
    }

    /// The child graph nodes of a path from the outermost DAG inwards; nothing for path 0.
    pub fn path(&self, path: u32) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut at = path;
        while let Some(step) = at.checked_sub(1).and_then(|i| self.paths.get(i as usize)) {
            nodes.push(step.node);
            at = step.parent;
        }
        nodes.reverse();
        nodes
    }
}

//! From a DAG to steps: a pure function, without a lock, a clock or a device.

use std::ops::Range;

use smallvec::SmallVec;
use stream_hal_capture::Node;

/// A point of a plan's lane: reached when `value` steps of the lane are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Point {
    /// The plan's lane.
    pub lane: u32,
    /// How many of its steps are done.
    pub value: u32,
}

/// Where an op of a plan comes from: a node of the DAG or of one of its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// 0 for the DAG itself, else an index into [`Plan::paths`] plus one.
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
    /// For each inlined child: the child graph nodes from the outermost DAG inwards.
    pub paths: Vec<Vec<Node>>,
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
    /// Points of other lanes that must be reached first; at most one a lane.
    pub waits: SmallVec<[Point; 2]>,
    /// The value of the lane when the step is done: 1 for its first step, then one more each.
    pub signal: u32,
}

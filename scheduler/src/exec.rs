//! An exec: a DAG planned and prepared once, launched many times, updated in between.
//!
//! Launches of one exec never overlap and need no host in between: each waits for the one before.
//! An update touches later launches only. With no launch pending it patches what the backend holds;
//! else it is kept as a delta and takes effect when the next launch begins.

use std::collections::HashMap;
use std::sync::Arc;

use smallvec::SmallVec;
use stream_hal_capture::op::Args;
use stream_hal_capture::{Dag, Node, Op};

use crate::backend::{self, Backend, Delta, Prepared, Ticket, Work};
use crate::plan::{self, Options, Place, Plan};
pub use crate::shape::Difference;
use crate::shape::Shapes;

/// Why there is no exec, or no update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The DAG cannot be planned.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// The backend refuses it.
    #[error(transparent)]
    Backend(#[from] backend::Error),
    /// The plan has no such place: an empty or child graph node, or none of this graph.
    #[error("the exec has no place {0}")]
    NoSuchPlace(u32),
    /// An op may change its parameters, never its kind.
    #[error("a {old} node cannot become a {new} node")]
    Kind {
        /// The kind in the exec.
        old: &'static str,
        /// The kind asked for.
        new: &'static str,
    },
}

/// A graph ready to launch.
pub struct Exec {
    backend: Arc<dyn Backend>,
    prepared: Arc<dyn Prepared>,
    /// What it was made from.
    dag: Arc<Dag>,
    order: Vec<Place>,
    paths: Vec<plan::Path>,
    /// What each place changed to since then; the launches to come see it.
    changed: HashMap<u32, Change>,
    /// Places whose change the backend does not have yet, each once.
    stashed: Vec<u32>,
    last: Option<Ticket>,
    places: Option<Places>,
}

struct Change {
    delta: Delta,
    stashed: bool,
}

/// The way back from nodes to places; made when first asked for.
struct Places {
    by_place: HashMap<Place, u32>,
    paths: HashMap<plan::Path, u32>,
}

impl Exec {
    /// Plans the DAG for the backend and lets it prepare. The exec shares the DAG: to edit it
    /// afterwards, edit a copy (`Arc::make_mut`).
    pub fn new(backend: Arc<dyn Backend>, dag: &Arc<Dag>) -> Result<Exec, Error> {
        let caps = backend.caps();
        if !caps.whole_graph {
            let why = format!("{} takes no whole graphs", backend.name());
            return Err(backend::Error::NotSupported(why).into());
        }
        let plan = plan::cut(dag, Options { lanes: caps.lanes, host_calls: caps.host_calls })?;
        let prepared = backend.prepare(&plan, dag)?;
        let Plan { order, paths, .. } = plan;
        Ok(Exec {
            backend,
            prepared,
            dag: dag.clone(),
            order,
            paths,
            changed: HashMap::new(),
            stashed: Vec::new(),
            last: None,
            places: None,
        })
    }

    /// The place of a node: `path` holds the child graph nodes from the outermost DAG inwards.
    /// `None` for a node that is not there and for one without work of its own.
    pub fn place_of(&mut self, path: &[Node], node: Node) -> Option<u32> {
        let places = self.places.get_or_insert_with(|| Places::new(&self.order, &self.paths));
        let mut at = 0;
        for &node in path {
            at = *places.paths.get(&plan::Path { parent: at, node })?;
        }
        places.by_place.get(&Place { path: at, node }).copied()
    }

    /// How many ops a launch runs.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether a launch runs nothing.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The DAG it was made from.
    pub fn dag(&self) -> &Arc<Dag> {
        &self.dag
    }

    /// The op at a place as the next launch sees it, and the bytes its `Args` point into.
    pub fn op(&self, place: u32) -> Option<(Op, &[u8])> {
        if let Some(change) = self.changed.get(&place) {
            return Some((change.delta.op, &change.delta.args));
        }
        let Place { path, node } = *self.order.get(place as usize)?;
        let dag = plan::dag_at(&self.dag, &self.paths, path)?;
        let op = *dag.op(node).ok()?;
        let args = dag.args(op.args());
        Some((op.with_args(Args { start: 0, bytes: args.len() as u32 }), args))
    }

    /// Whether the next launch runs the op at a place.
    pub fn is_enabled(&self, place: u32) -> bool {
        self.changed.get(&place).is_none_or(|change| change.delta.enabled)
    }

    /// Gives the op at a place new parameters; `op`'s `Args` are offsets into `args`.
    pub fn set_op(&mut self, place: u32, op: Op, args: &[u8]) -> Result<(), Error> {
        let enabled = self.is_enabled(place);
        self.update(Delta { place, op, args: args.to_vec(), enabled })
    }

    /// Switches the op at a place on or off. An op that is off keeps its order.
    pub fn set_enabled(&mut self, place: u32, enabled: bool) -> Result<(), Error> {
        let (op, args) = self.op(place).ok_or(Error::NoSuchPlace(place))?;
        let args = args.to_vec();
        self.update(Delta { place, op, args, enabled })
    }

    /// Changes one op for all later launches; those already made keep what they had.
    pub fn update(&mut self, delta: Delta) -> Result<(), Error> {
        let (old, _) = self.op(delta.place).ok_or(Error::NoSuchPlace(delta.place))?;
        if old.kind() != delta.op.kind() {
            return Err(Error::Kind { old: old.kind(), new: delta.op.kind() });
        }
        Ok(self.apply(vec![delta])?)
    }

    /// Takes the parameters of all ops from another DAG of the same shape, node by node in the order
    /// of their creation; those that differ change for all later launches. Places and their nodes
    /// stay those of the DAG the exec was made from. On `Err` nothing has changed.
    pub fn update_from(&mut self, dag: &Arc<Dag>) -> Result<(), Difference> {
        let shapes = Shapes::compare(&self.dag, &self.paths, dag)?;
        let mut deltas = Vec::new();
        for (place, &at) in self.order.iter().enumerate() {
            let place = place as u32;
            let [mut old, new] = shapes.ops(at);
            if let Some(Change { delta, .. }) = self.changed.get(&place) {
                old = (delta.op, &delta.args);
            }
            let span = old.0.args();
            let old_args = &old.1[span.start as usize..][..span.bytes as usize];
            if old.0.with_args(Args::NONE) != new.0.with_args(Args::NONE) || old_args != new.1 {
                let (op, args) = (new.0, new.1.to_vec());
                deltas.push(Delta { place, op, args, enabled: self.is_enabled(place) });
            }
        }
        Ok(self.apply(deltas)?)
    }

    /// The DAG as the next launch sees it: the one the exec was made from, with every change in and
    /// ops that are switched off left empty. Shared where nothing has changed.
    pub fn current(&self) -> Arc<Dag> {
        if self.changed.is_empty() {
            return self.dag.clone();
        }
        let mut edited: HashMap<u32, Dag> = HashMap::new();
        for (&place, change) in &self.changed {
            let Place { path, node } = self.order[place as usize];
            if let Some(dag) = self.editable(&mut edited, path) {
                let Delta { op, args, enabled, .. } = &change.delta;
                let span = op.args();
                let bytes = &args[span.start as usize..][..span.bytes as usize];
                let span = dag.push_args(bytes).unwrap_or(Args::NONE);
                let op = if *enabled { op.with_args(span) } else { Op::Empty };
                dag.set_op(node, op).ok();
            }
        }
        // A child comes after its parent among the paths: the innermost are put in first.
        for path in (1..=self.paths.len() as u32).rev() {
            let Some(child) = edited.remove(&path) else { continue };
            let plan::Path { parent, node } = self.paths[path as usize - 1];
            if let Some(dag) = self.editable(&mut edited, parent) {
                let nodes = child.len() as u64;
                let graph = dag.push_child(Arc::new(child));
                dag.set_op(node, Op::Graph { graph, nodes }).ok();
            }
        }
        edited.remove(&0).map_or_else(|| self.dag.clone(), Arc::new)
    }

    /// The copy of the DAG at a path that [`Exec::current`] edits.
    fn editable<'a>(&self, edited: &'a mut HashMap<u32, Dag>, path: u32) -> Option<&'a mut Dag> {
        match edited.entry(path) {
            std::collections::hash_map::Entry::Occupied(entry) => Some(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                let dag = plan::dag_at(&self.dag, &self.paths, path)?;
                Some(entry.insert(dag.clone()))
            }
        }
    }

    /// The last launch.
    pub fn last(&self) -> Option<Ticket> {
        self.last
    }

    /// Whether a launch is under way.
    pub fn is_pending(&self) -> bool {
        self.last.is_some_and(|last| self.backend.completed(last.queue) < last.value)
    }

    /// Launches on a queue after `waits` and after the last launch. Called by the lane.
    pub(crate) fn submit(
        &mut self,
        backend: &Arc<dyn Backend>,
        queue: u32,
        waits: &mut SmallVec<[Ticket; 4]>,
    ) -> Result<Ticket, backend::Error> {
        if !Arc::ptr_eq(backend, &self.backend) {
            let (own, other) = (self.backend.name(), backend.name());
            return Err(backend::Error::Invalid(format!("an exec of {own} launched on a lane of {other}")));
        }
        if let Some(last) = self.last
            && last.queue != queue
            && backend.completed(last.queue) < last.value
        {
            match waits.iter_mut().find(|wait| wait.queue == last.queue) {
                Some(wait) => wait.value = wait.value.max(last.value),
                None => waits.push(last),
            }
        }
        let deltas = if self.stashed.is_empty() { Vec::new() } else { self.stash() };
        let ticket = backend.submit(queue, Work::Exec { prepared: &self.prepared, deltas, waits })?;
        if !self.stashed.is_empty() {
            self.settle();
        }
        self.last = Some(ticket);
        Ok(ticket)
    }

    /// Makes changes in place where no launch is pending, else for the next launch.
    fn apply(&mut self, deltas: Vec<Delta>) -> Result<(), backend::Error> {
        let pending = self.is_pending();
        if !pending {
            let stash = self.stash();
            if !stash.is_empty() {
                self.backend.patch(&self.prepared, &stash)?;
                self.settle();
            }
            if !deltas.is_empty() {
                self.backend.patch(&self.prepared, &deltas)?;
            }
        }
        for delta in deltas {
            let place = delta.place;
            let old = self.changed.insert(place, Change { delta, stashed: pending });
            if pending && !old.is_some_and(|old| old.stashed) {
                self.stashed.push(place);
            }
        }
        Ok(())
    }

    /// The changes that the backend does not have yet.
    #[cold]
    fn stash(&self) -> Vec<Delta> {
        self.stashed.iter().map(|place| self.changed[place].delta.clone()).collect()
    }

    /// The backend has every change now.
    #[cold]
    fn settle(&mut self) {
        for place in self.stashed.drain(..) {
            if let Some(change) = self.changed.get_mut(&place) {
                change.stashed = false;
            }
        }
    }
}

impl Places {
    fn new(order: &[Place], paths: &[plan::Path]) -> Places {
        let by_place = order.iter().zip(0..).map(|(&place, i)| (place, i)).collect();
        let paths = paths.iter().zip(1..).map(|(&path, i)| (path, i)).collect();
        Places { by_place, paths }
    }
}

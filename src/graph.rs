//! Graphs that can be edited: nodes, edges, and the DAG behind them.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use stream_hal_capture::recorder::{self, Recorded, Target};
use stream_hal_capture::{Dag, Node, Op};

use crate::capture;
use crate::error::{Error, Result, What};
use crate::gate::Gate;
use crate::handle;
use crate::objects;

/// A graph. While a capture records into it, its DAG is the capture's.
pub struct Graph {
    handle: u64,
    /// The capture that records into it, 0 for none.
    session: AtomicU64,
    dag: Gate<Body>,
    /// What the graph and its execs keep alive.
    kept: Mutex<Vec<Kept>>,
}

/// A DAG that is shared with execs once it was looked at whole, and has one owner while it is edited:
/// an edit then needs no look at a count.
enum Body {
    Own(Box<Dag>),
    Shared(Arc<Dag>),
}

impl Body {
    /// The DAG to edit; what an exec shares stays as it was.
    #[inline]
    fn own(&mut self) -> &mut Dag {
        if let Body::Shared(dag) = self {
            *self = Body::Own(Box::new(Arc::unwrap_or_clone(std::mem::take(dag))));
        }
        match self {
            Body::Own(dag) => dag,
            Body::Shared(_) => unreachable!("it was made its own just now"),
        }
    }

    fn share(&mut self) -> Arc<Dag> {
        if let Body::Own(dag) = self {
            *self = Body::Shared(Arc::new(std::mem::take(dag)));
        }
        match self {
            Body::Shared(dag) => dag.clone(),
            Body::Own(_) => unreachable!("it was shared just now"),
        }
    }

    fn look(&self) -> &Dag {
        match self {
            Body::Own(dag) => dag,
            Body::Shared(dag) => dag,
        }
    }
}

/// Something that graphs keep alive.
pub type Kept = Arc<dyn Any + Send + Sync>;

impl Graph {
    /// An empty graph.
    pub fn create() -> Result<Arc<Graph>> {
        Graph::of(Arc::default())
    }

    /// A graph of a DAG that is there.
    pub fn of(dag: Arc<Dag>) -> Result<Arc<Graph>> {
        objects::register(objects::graphs(), |handle| Graph {
            handle,
            session: AtomicU64::new(0),
            dag: Gate::new(Body::Shared(dag)),
            kept: Mutex::default(),
        })
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Destroys the graph; execs made from it live on.
    pub fn destroy(&self) -> Result {
        objects::remove(objects::graphs(), self.handle)
    }

    /// A copy with nodes of the same numbers.
    pub fn duplicate(&self) -> Result<Arc<Graph>> {
        let copy = Graph::of(self.snapshot())?;
        *copy.kept.lock() = self.kept();
        Ok(copy)
    }

    /// Keeps something alive as long as this graph, its copies and the execs made from them.
    pub fn keep(&self, what: Kept) {
        self.kept.lock().push(what);
    }

    /// Takes out the first thing of a type that the graph keeps alive and that is `wanted`.
    pub(crate) fn take_kept<T: Any + Send + Sync>(&self, wanted: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let mut kept = self.kept.lock();
        let place = kept.iter().position(|kept| kept.downcast_ref::<T>().is_some_and(&wanted))?;
        kept.remove(place).downcast::<T>().ok()
    }

    /// What the graph keeps alive.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        self.kept.lock().clone()
    }

    pub(crate) fn set_session(&self, session: u64) {
        self.session.store(session, Ordering::Release);
    }

    /// Takes the DAG out for a capture to record into.
    pub(crate) fn take(&self) -> Result<Dag> {
        if self.session.load(Ordering::Acquire) != 0 {
            return Err(Error::of(What::IllegalState, "hGraph", "a capture is recording into the graph"));
        }
        Ok(std::mem::take(self.dag.lock().own()))
    }

    /// Puts a DAG in.
    pub(crate) fn put(&self, dag: Dag) {
        // What was there is dropped outside of the gate.
        let _old = std::mem::replace(&mut *self.dag.lock(), Body::Own(Box::new(dag)));
    }

    /// The DAG as it is now, shared.
    pub fn snapshot(&self) -> Arc<Dag> {
        match self.recording() {
            Some(session) => Arc::new(session.with_dag(|dag| dag.clone())),
            None => self.dag.lock().share(),
        }
    }

    /// The capture that records into the graph.
    #[inline]
    fn recording(&self) -> Option<Arc<capture::Session>> {
        capture::by_handle(self.session.load(Ordering::Acquire))
    }

    /// Calls `look` with the DAG.
    pub fn with<R>(&self, look: impl FnOnce(&Dag) -> R) -> R {
        match self.recording() {
            Some(session) => session.with_dag(|dag| look(dag)),
            None => look(self.dag.lock().look()),
        }
    }

    /// Calls `edit` with the DAG; an exec that shares it keeps the old one.
    ///
    /// may: 1 RMW (the gate) besides what the edit does
    #[inline]
    pub fn edit<R>(&self, edit: impl FnOnce(&mut Dag) -> R) -> R {
        match self.recording() {
            Some(session) => session.with_dag(edit),
            None => edit(self.dag.lock().own()),
        }
    }

    /// Adds a node after its dependencies.
    pub fn add(&self, op: Op, args: &[u8], dependencies: &[Node]) -> Result<Node> {
        self.edit(|dag| {
            let target = Target::Graph { dag, dependencies };
            match recorder::record(target, op, args)? {
                Recorded::Node(node) => Ok(node),
                Recorded::Live(_) => unreachable!("a graph target gives a node"),
            }
        })
    }

    /// Adds a copy of another graph as one node.
    pub fn add_child(&self, child: Arc<Dag>, dependencies: &[Node]) -> Result<Node> {
        let nodes = child.len() as u64;
        let graph = self.edit(|dag| dag.push_child(child));
        self.add(Op::Graph { graph, nodes }, &[], dependencies)
    }

    /// Adds edges with their data: all of them or none.
    pub fn add_edges(&self, edges: &[(Node, Node, u8)]) -> Result {
        self.edit(|dag| {
            for (done, &(from, to, data)) in edges.iter().enumerate() {
                if let Err(error) = dag.add_edge(from, to, data) {
                    for &(from, to, _) in &edges[..done] {
                        dag.remove_edge(from, to)?;
                    }
                    return Err(error.into());
                }
            }
            Ok(())
        })
    }

    /// Removes edges: all of them or none.
    pub fn remove_edges(&self, edges: &[(Node, Node)]) -> Result {
        self.edit(|dag| {
            let mut removed = Vec::with_capacity(edges.len());
            for &(from, to) in edges {
                match dag.remove_edge(from, to) {
                    Ok(_) => removed.push((from, to)),
                    Err(error) => {
                        for (from, to) in removed {
                            dag.add_edge(from, to, 0)?;
                        }
                        return Err(error.into());
                    }
                }
            }
            Ok(())
        })
    }

    /// Removes a node with its edges.
    pub fn remove(&self, node: Node) -> Result {
        Ok(self.edit(|dag| dag.remove(node))?)
    }

    /// A node's op and parameters.
    pub fn op(&self, node: Node) -> Result<(Op, Vec<u8>)> {
        self.with(|dag| {
            let op = *dag.op(node)?;
            Ok((op, dag.args(op.args()).to_vec()))
        })
    }

    /// Changes a node's parameters; its kind stays.
    pub fn set_op(&self, node: Node, op: Op, args: &[u8]) -> Result {
        self.edit(|dag| {
            let old = *dag.op(node)?;
            if old.kind() != op.kind() {
                let because = format!("a {} node cannot become a {} node", old.kind(), op.kind());
                return Err(Error::value("hNode", because));
            }
            let args = if args.is_empty() { op.args() } else { dag.push_args(args)? };
            Ok(dag.set_op(node, op.with_args(args))?)
        })
    }

    /// The handle of a node of this graph.
    pub fn node_handle(&self, node: Node) -> Result<u64> {
        Ok(handle::node_handle(self.handle, node.0)?)
    }
}

/// The graph and node that a node's handle names.
pub fn node(argument: &'static str, handle: u64) -> Result<(Arc<Graph>, Node)> {
    let owner = objects::graphs().owner(handle);
    let (graph, number) =
        owner.map_err(|error| Error::of(What::InvalidHandle, argument, format!("{handle:#x}: {error}")))?;
    let graph = objects::find(objects::graphs(), argument, graph)?;
    let node = Node(number);
    if !graph.with(|dag| dag.contains(node)) {
        return Err(Error::of(What::InvalidHandle, argument, format!("{handle:#x}: the node was destroyed")));
    }
    Ok((graph, node))
}

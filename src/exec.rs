//! Instantiated graphs: checked, planned and prepared once, launched many times.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal_backends as backends;
use stream_hal_capture::{Dag, Node, Op};
use stream_hal_scheduler::exec::{self, Exec};

pub use stream_hal_capture::difference::Kind as DifferenceKind;
pub use stream_hal_scheduler::exec::Difference;

use crate::capture;
use crate::device::Device;
use crate::dot;
use crate::error::{Error, Result, What};
use crate::event::Event;
use crate::gate::Gate;
use crate::graph::{Graph, Kept};
use crate::handle;
use crate::objects;
use crate::stream::Stream;

/// An instantiated graph.
pub struct GraphExec {
    handle: u64,
    /// The graph it was made from: nodes are named by its handles.
    source: u64,
    device: &'static Device,
    exec: Gate<Exec>,
    events: Events,
    /// Modules whose code the nodes run, kept alive. Grows with updates.
    code: Mutex<Vec<Arc<dyn backends::Module>>>,
    /// What the graph kept alive.
    kept: Vec<Kept>,
    flags: u64,
}

/// The events that a launch records and those it waits for.
#[derive(Default)]
struct Events {
    records: Vec<Arc<Event>>,
    waits: Vec<Arc<Event>>,
}

impl GraphExec {
    /// Instantiates a graph for a device.
    pub fn instantiate(graph: &Graph, device: &'static Device, flags: u64) -> Result<Arc<GraphExec>> {
        let dag = graph.snapshot();
        let mut found = Found { device, code: HashMap::new(), events: Events::default(), last: 0 };
        resolve(&dag, &mut found)?;
        let exec = Exec::new(device.backend.clone(), &dag).map_err(refused)?;
        let Found { code, events, .. } = found;
        dot::write_graph(graph.handle(), &dag);
        objects::register(objects::execs(), |handle| GraphExec {
            handle,
            source: graph.handle(),
            device,
            exec: Gate::new(exec),
            events,
            code: Mutex::new(code.into_values().collect()),
            kept: graph.kept(),
            flags,
        })
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// The flags it was instantiated with.
    pub fn flags(&self) -> u64 {
        self.flags
    }

    /// Destroys the exec. A pending launch of it is done all the same.
    pub fn destroy(&self) -> Result {
        objects::remove(objects::execs(), self.handle)
    }

    /// Launches the graph on a stream; on a capturing stream it becomes a child graph node.
    pub fn launch(&self, stream: &Arc<Stream>) -> Result {
        let session = stream.session();
        if session != 0 {
            let dag = self.current();
            return capture::record_graph(stream, session, dag).map(drop);
        }
        if stream.context().device.group != self.device.group {
            let because = "the graph was instantiated for another backend";
            return Err(Error::of(What::InvalidHandle, "hStream", because));
        }
        for event in &self.events.waits {
            event.wait(stream)?;
        }
        let ticket = stream.launch_exec(&mut self.exec.lock(), self.handle)?;
        for event in &self.events.records {
            event.set_point(ticket, stream);
        }
        Ok(())
    }

    /// The graph with all updates in.
    fn current(&self) -> Arc<Dag> {
        self.exec.lock().current()
    }

    /// Sets the parameters of a node for later launches. `node` is a handle in the graph the exec
    /// was made from.
    pub fn set_op(&self, node: Node, op: Op, args: &[u8]) -> Result {
        let mut found =
            Found { device: self.device, code: HashMap::new(), events: Events::default(), last: 0 };
        found.resolve(node, &op)?;
        let mut exec = self.exec.lock();
        let place = place_of(&mut exec, node)?;
        exec.set_op(place, op, args).map_err(refused)?;
        self.code.lock().extend(found.code.into_values());
        Ok(())
    }

    /// Enables or disables a node for later launches. A disabled node keeps its order.
    pub fn set_enabled(&self, node: Node, enabled: bool) -> Result {
        let mut exec = self.exec.lock();
        let place = place_of(&mut exec, node)?;
        exec.set_enabled(place, enabled).map_err(refused)
    }

    /// Whether a node is enabled.
    pub fn is_enabled(&self, node: Node) -> Result<bool> {
        let mut exec = self.exec.lock();
        let place = place_of(&mut exec, node)?;
        Ok(exec.is_enabled(place))
    }

    /// Takes over the parameters of a graph of the same shape, or says where the shapes part.
    pub fn update(&self, graph: &Graph) -> std::result::Result<(), UpdateFailure> {
        let dag = graph.snapshot();
        let mut found =
            Found { device: self.device, code: HashMap::new(), events: Events::default(), last: 0 };
        resolve(&dag, &mut found).map_err(UpdateFailure::Refused)?;
        self.exec.lock().update_from(&dag).map_err(UpdateFailure::Difference)?;
        self.code.lock().extend(found.code.into_values());
        Ok(())
    }

    /// The node of the exec that a node handle of the source graph, or of a copy of it, names.
    pub fn node(&self, argument: &'static str, handle: u64) -> Result<Node> {
        let (owner, number) = objects::graphs()
            .owner(handle)
            .map_err(|error| Error::of(What::InvalidHandle, argument, format!("{handle:#x}: {error}")))?;
        if owner != self.source {
            return Err(Error::value(argument, "the exec was not made from the graph of that node"));
        }
        Ok(Node(number))
    }
}

impl Drop for GraphExec {
    fn drop(&mut self) {
        // A pending launch still runs the code and calls the host functions.
        let until = self.exec.get_mut().last().into_iter().collect();
        let code = std::mem::take(self.code.get_mut());
        let kept = std::mem::take(&mut self.kept);
        self.device.retire(until, Box::new((code, kept)));
    }
}

/// Why an exec could not be updated.
#[derive(Clone, Debug)]
pub enum UpdateFailure {
    /// The graph cannot run at all.
    Refused(Error),
    /// The graphs have different shapes.
    Difference(exec::Difference),
}

fn place_of(exec: &mut Exec, node: Node) -> Result<u32> {
    let place = exec.place_of(&[], node);
    place.ok_or_else(|| Error::value("hNode", format!("node {} does no work of its own in the exec", node.0)))
}

fn refused(error: exec::Error) -> Error {
    match error {
        exec::Error::Backend(error) => error.into(),
        error => Error::value("graph", error.to_string()),
    }
}

/// What the nodes of a graph name, looked up once and held by the exec.
struct Found {
    device: &'static Device,
    /// By function handle.
    code: HashMap<u64, Arc<dyn backends::Module>>,
    events: Events,
    /// The function looked up last: mostly the next node's too.
    last: u64,
}

/// Looks up what all nodes name, children included. A stale one is refused and its node named.
fn resolve(dag: &Arc<Dag>, found: &mut Found) -> Result {
    let mut open = vec![dag.clone()];
    // A child may stand in many places, and its children as well: each is looked at once.
    let mut seen = HashSet::new();
    while let Some(dag) = open.pop() {
        if !seen.insert(Arc::as_ptr(&dag)) {
            continue;
        }
        for node in dag.nodes() {
            let op = dag.op(node)?;
            if let Op::Graph { graph, .. } = op {
                open.extend(dag.child(*graph).cloned());
            }
            found.resolve(node, op)?;
        }
    }
    Ok(())
}

impl Found {
    #[inline]
    fn resolve(&mut self, node: Node, op: &Op) -> Result {
        match op {
            Op::Launch(launch) if launch.function != self.last => self.function(node, launch.function),
            Op::EventRecord { event, .. } => {
                self.events.records.push(event_of(node, *event)?);
                Ok(())
            }
            Op::EventWait { event } => {
                self.events.waits.push(event_of(node, *event)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn function(&mut self, node: Node, handle: u64) -> Result {
        if !self.code.contains_key(&handle) {
            let reading = handle::enter();
            let function = objects::get(objects::functions(), "hGraph", handle, &reading);
            let function = function.map_err(|error| {
                let because = format!("the function of node {} is gone: {}", node.0, error.because);
                Error::of(What::InvalidHandle, "hGraph", because)
            })?;
            if function.context().device.group != self.device.group {
                let because = format!("node {} runs on another backend", node.0);
                return Err(Error::of(What::NotSupported, "hGraph", because));
            }
            self.code.insert(handle, function.code().clone());
        }
        self.last = handle;
        Ok(())
    }
}

fn event_of(node: Node, handle: u64) -> Result<Arc<Event>> {
    objects::find(objects::events(), "hGraph", handle).map_err(|error| {
        let because = format!("the event of node {} is gone: {}", node.0, error.because);
        Error::of(What::InvalidHandle, "hGraph", because)
    })
}

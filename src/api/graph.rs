//! Graphs and their instantiated form.

use std::sync::Arc;

use bytemuck::Pod;
use stream_hal_capture::dot::Style;
use stream_hal_capture::op::{Copy, Direction, Fill};
use stream_hal_capture::{Node, Op};

use super::host::Key;
use super::{Buffer, Device, Kernel, Parameters, Shape};
use crate::error::Result;
use crate::{dot, exec, graph, launch, memory, rules};

/// A graph: captured from a stream, or built node by node.
pub struct Graph {
    inner: Arc<graph::Graph>,
    device: Device,
}

impl Graph {
    /// An empty graph for a device.
    pub fn new(device: &Device) -> Result<Graph> {
        Ok(Graph::of(device, graph::Graph::create()?))
    }

    pub(super) fn of(device: &Device, inner: Arc<graph::Graph>) -> Graph {
        Graph { inner, device: device.clone() }
    }

    /// Adds a kernel launch after `dependencies`.
    ///
    /// # Safety
    /// As for [`super::Stream::launch`], for every launch of the graph.
    pub unsafe fn add_kernel(
        &self,
        kernel: &Kernel,
        shape: Shape,
        parameters: impl Parameters,
        dependencies: &[Node],
    ) -> Result<Node> {
        let packed = kernel.pack(&parameters)?;
        let op = launch::op(&kernel.function, &shape, packed.len(), &rules::CUDA)?;
        self.inner.add(op, &packed, dependencies)
    }

    /// Adds a copy of all of `from` to the start of `to` after `dependencies`.
    pub fn add_copy<T: Pod>(&self, to: &Buffer<T>, from: &Buffer<T>, dependencies: &[Node]) -> Result<Node> {
        let bytes = to.fits(from.len())?;
        let (to, from) = (to.address(), from.address());
        let copy = Copy { to, from, bytes, direction: Direction::DeviceToDevice };
        memory::check_copy(&copy)?;
        self.inner.add(Op::Copy(copy), &[], dependencies)
    }

    /// Adds a fill of `to` with zero bytes after `dependencies`.
    pub fn add_clear<T: Pod>(&self, to: &Buffer<T>, dependencies: &[Node]) -> Result<Node> {
        let (to, width) = (to.address(), to.bytes());
        let zero = Fill { to, pitch: 0, width, height: 1, value: 0, element_bytes: 1 };
        self.inner.add(Op::Fill(zero), &[], dependencies)
    }

    /// Adds a call of `closure` after `dependencies`.
    pub fn add_host(
        &self,
        closure: impl Fn() + Send + Sync + 'static,
        dependencies: &[Node],
    ) -> Result<Node> {
        let key = Key::new(closure);
        let node = self.inner.add(key.op(), &[], dependencies)?;
        self.inner.keep(Arc::new(key));
        Ok(node)
    }

    /// Adds a node that only orders others.
    pub fn add_empty(&self, dependencies: &[Node]) -> Result<Node> {
        self.inner.add(Op::Empty, &[], dependencies)
    }

    /// Adds an edge.
    pub fn add_edge(&self, from: Node, to: Node) -> Result {
        self.inner.add_edges(&[(from, to, 0)])
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.inner.with(|dag| dag.len())
    }

    /// Whether it has no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Plans and prepares the graph.
    ///
    /// # Errors
    /// [`crate::What::InvalidValue`] for a cycle.
    pub fn instantiate(&self) -> Result<GraphExec> {
        let inner = exec::GraphExec::instantiate(&self.inner, self.device.context.device, 0)?;
        Ok(GraphExec { inner })
    }

    /// A drawing in Graphviz' language.
    pub fn dot(&self) -> String {
        dot::graph(&self.inner.snapshot(), &Style { verbose: true, ..Style::default() })
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        self.inner.destroy().ok();
    }
}

/// A graph that is ready to launch with [`super::Stream::launch_graph`].
pub struct GraphExec {
    pub(super) inner: Arc<exec::GraphExec>,
}

impl GraphExec {
    /// Gives a kernel node other parameters, for later launches.
    ///
    /// # Safety
    /// As for [`super::Stream::launch`], for every later launch of the graph.
    pub unsafe fn set_kernel(
        &self,
        node: Node,
        kernel: &Kernel,
        shape: Shape,
        parameters: impl Parameters,
    ) -> Result {
        let packed = kernel.pack(&parameters)?;
        let op = launch::op(&kernel.function, &shape, packed.len(), &rules::CUDA)?;
        self.inner.set_op(node, op, &packed)
    }

    /// Switches a node on or off for later launches. A node that is off keeps its order.
    pub fn set_enabled(&self, node: Node, enabled: bool) -> Result {
        self.inner.set_enabled(node, enabled)
    }
}

impl Drop for GraphExec {
    fn drop(&mut self) {
        self.inner.destroy().ok();
    }
}

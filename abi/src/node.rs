//! Nodes of graphs: adding, asking, changing.

use std::ffi::{c_uint, c_void};
use std::sync::Arc;

use stream_hal::Op;
use stream_hal::error::{Error, Result, What};
use stream_hal::graph::Graph;
use stream_hal::op::{Copy, Direction, Rect};

use crate::arg::{Address, Array, Handle, In, Out, OutArray, Plain, view};
use crate::copy::{rect_of_box, rect_of_params};
use crate::entry::{Cx, entries};
use crate::graph::{dependencies, list_nodes, plain_edges};
use crate::made::{self, Made};
use crate::packed::Packed;
use crate::types::{cuda, hip};

/// Adds a node after others and gives its handle.
pub(crate) fn add(
    cx: &Cx,
    node: Out<Handle>,
    graph: Handle,
    after: Array<Handle>,
    count: usize,
    make: impl FnOnce() -> Result<Made>,
) -> Result {
    let place = node.place("phGraphNode")?;
    cx.on_graph("hGraph", graph, |graph| {
        let after = dependencies(graph, after, count)?;
        let (op, args) = make()?;
        let node = graph.add(op, &args, &after)?;
        place.write(Handle(graph.node_handle(node)?));
        Ok(())
    })
}

/// Adds a kernel node: the kind that graphs have most of, so nothing of it is moved.
#[inline]
fn add_kernel(
    cx: &Cx,
    node: Out<Handle>,
    graph: Handle,
    after: Array<Handle>,
    count: usize,
    params: &cuda::KernelNodeV1,
    kernel: Handle,
) -> Result {
    let place = node.place("phGraphNode")?;
    cx.on_graph("hGraph", graph, |graph| {
        let after = dependencies(graph, after, count)?;
        let mut packed = Packed::new();
        let op = made::kernel_into(&mut packed, cx, params, kernel)?;
        let node = graph.add(op, &packed, &after)?;
        place.write(Handle(graph.node_handle(node)?));
        Ok(())
    })
}

fn add_child(
    cx: &Cx,
    node: Out<Handle>,
    graph: Handle,
    after: Array<Handle>,
    count: usize,
    child: Handle,
) -> Result {
    let place = node.place("phGraphNode")?;
    let graph = cx.graph("hGraph", graph)?;
    let after = dependencies(&graph, after, count)?;
    let node = graph.add_child(cx.graph("childGraph", child)?.snapshot(), &after)?;
    place.write(Handle(graph.node_handle(node)?));
    Ok(())
}

fn add_any(
    cx: &Cx,
    node: Out<Handle>,
    graph: Handle,
    after: Array<Handle>,
    count: usize,
    params: In<cuda::NodeParams>,
) -> Result {
    let params = params.get("nodeParams")?;
    match params.kind {
        made::CHILD => add_child(cx, node, graph, after, count, view(&params.body)),
        _ => add(cx, node, graph, after, count, || made::any(cx, &params)),
    }
}

/// What a node does, refused if it is of another kind.
fn op_of(cx: &Cx, node: Handle, wanted: c_uint) -> Result<(Arc<Graph>, Op, Vec<u8>)> {
    let (graph, number) = cx.node("hNode", node)?;
    let (op, args) = graph.op(number)?;
    if made::kind(&op) != wanted {
        return Err(Error::value("hNode", format!("the node is a {} node", op.kind())));
    }
    Ok((graph, op, args))
}

/// Changes what a node does.
pub(crate) fn set(cx: &Cx, node: Handle, make: impl FnOnce() -> Result<Made>) -> Result {
    let (graph, number) = cx.node("hNode", node)?;
    let (op, args) = make()?;
    graph.set_op(number, op, &args)
}

/// A kernel node's parameters as C reads them; they live as long as the graph.
struct Kept {
    bytes: Vec<u8>,
    /// One address into `bytes` for each parameter.
    addresses: Vec<usize>,
}

/// The description of a kernel node.
fn kernel_of(cx: &Cx, node: Handle) -> Result<cuda::KernelNodeV1> {
    let (graph, op, bytes) = op_of(cx, node, made::KERNEL)?;
    let Op::Launch(launch) = op else { return Err(Error::value("hNode", "the node is no kernel node")) };
    let function = cx.function(Handle(launch.function))?;
    let mut kept = Kept { bytes, addresses: Vec::new() };
    let start = kept.bytes.as_ptr().expose_provenance();
    kept.addresses = function.kernel().parameters.iter().map(|p| start + p.offset as usize).collect();
    let kept = Arc::new(kept);
    let parameters = match kept.addresses.is_empty() {
        true => std::ptr::null(),
        false => kept.addresses.as_ptr().cast::<*const c_void>(),
    };
    graph.keep(kept);
    Ok(cuda::KernelNodeV1 {
        function: Handle(launch.function),
        grid: launch.grid,
        block: launch.block.map(u32::from),
        shared_bytes: launch.shared_bytes,
        parameters,
        extra: std::ptr::null(),
    })
}

/// The description of a copy node, from where it really begins.
fn copy_of(cx: &Cx, node: Handle) -> Result<(Rect, Direction)> {
    let (_, op, args) = op_of(cx, node, made::COPY)?;
    match op {
        Op::Copy(Copy { to, from, bytes, direction }) => {
            let pitches = (bytes, bytes);
            let rect = Rect {
                to,
                to_pitch: pitches.0,
                to_slice: bytes,
                from,
                from_pitch: pitches.1,
                from_slice: bytes,
                width_bytes: bytes,
                height: 1,
                depth: 1,
            };
            Ok((rect, direction))
        }
        _ => {
            let rect =
                Rect::decode(&args).ok_or_else(|| Error::new(What::Unknown, "a copy without its rows"))?;
            Ok((rect, Direction::Unified))
        }
    }
}

/// A box in the driver API's words.
fn box_of((rect, direction): (Rect, Direction)) -> cuda::Memcpy3D {
    let (from_host, to_host) = match direction {
        Direction::HostToHost => (Some(true), Some(true)),
        Direction::HostToDevice => (Some(true), Some(false)),
        Direction::DeviceToHost => (Some(false), Some(true)),
        Direction::DeviceToDevice | Direction::PeerToPeer => (Some(false), Some(false)),
        Direction::Unified => (None, None),
    };
    let side = |address: u64, pitch: u64, slice: u64, on_host: Option<bool>| {
        let (kind, host, device) = match on_host {
            Some(true) => (1, address, 0),
            Some(false) => (2, 0, address),
            None => (4, 0, address),
        };
        let height = slice.checked_div(pitch).unwrap_or(0) as usize;
        let (x, y, z, level, array, context) = (0, 0, 0, 0, Handle(0), Handle(0));
        let (host, device, pitch) = (Address(host), Address(device), pitch as usize);
        cuda::Side { x, y, z, level, kind, host, device, array, context, pitch, height }
    };
    cuda::Memcpy3D {
        from: side(rect.from, rect.from_pitch, rect.from_slice, from_host),
        to: side(rect.to, rect.to_pitch, rect.to_slice, to_host),
        width_bytes: rect.width_bytes as usize,
        height: rect.height as usize,
        depth: rect.depth as usize,
    }
}

/// A box in HIP's words.
fn params_of((rect, direction): (Rect, Direction)) -> hip::Memcpy3D {
    let kind = match direction {
        Direction::HostToHost => 0,
        Direction::HostToDevice => 1,
        Direction::DeviceToHost => 2,
        Direction::DeviceToDevice | Direction::PeerToPeer => 3,
        Direction::Unified => 4,
    };
    let end = |address: u64, pitch: u64, slice: u64| {
        let height = slice.checked_div(pitch).unwrap_or(0) as usize;
        hip::Pitched {
            address: Address(address),
            pitch: pitch as usize,
            width: rect.width_bytes as usize,
            height,
        }
    };
    let start = hip::Position { x: 0, y: 0, z: 0 };
    hip::Memcpy3D {
        from_array: Handle(0),
        from_position: start,
        from: end(rect.from, rect.from_pitch, rect.from_slice),
        to_array: Handle(0),
        to_position: start,
        to: end(rect.to, rect.to_pitch, rect.to_slice),
        extent: hip::Extent {
            width: rect.width_bytes as usize,
            height: rect.height as usize,
            depth: rect.depth as usize,
        },
        kind,
    }
}

fn fill_of(cx: &Cx, node: Handle) -> Result<cuda::MemsetNode> {
    let (_, op, _) = op_of(cx, node, made::FILL)?;
    let Op::Fill(fill) = op else { return Err(Error::value("hNode", "the node is no fill node")) };
    Ok(cuda::MemsetNode {
        to: Address(fill.to),
        pitch: fill.pitch as usize,
        value: fill.value,
        element_bytes: c_uint::from(fill.element_bytes),
        width: fill.width as usize,
        height: fill.height as usize,
    })
}

/// Writes a description that was asked for.
fn answer<T: Plain>(out: Out<T>, describe: impl FnOnce() -> Result<T>) -> Result {
    let place = out.place("nodeParams")?;
    place.write(describe()?);
    Ok(())
}

entries! {
    fn cuGraphAddKernelNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::KernelNodeV1>
    ) {
        add_kernel(cx, node, graph, after, count, &params.get("nodeParams")?, Handle(0))
    }

    fn cuGraphAddKernelNode_v2 (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::KernelNode>
    ) {
        let params = params.get("nodeParams")?;
        add_kernel(cx, node, graph, after, count, &params.v1, params.kernel)
    }

    fn hipGraphAddKernelNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<hip::KernelNode>
    ) {
        add(cx, node, graph, after, count, || made::hip_kernel(cx, &params.get("pNodeParams")?))
    }

    fn cuGraphAddMemcpyNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::Memcpy3D>,
        _context: Handle
    ) {
        add(cx, node, graph, after, count, || made::copy(rect_of_box(cx, &params.get("copyParams")?)?))
    }

    fn hipGraphAddMemcpyNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<hip::Memcpy3D>
    ) {
        add(cx, node, graph, after, count, || made::copy(rect_of_params(&params.get("pCopyParams")?)?))
    }

    fn hipGraphAddMemcpyNode1D (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, to: Address, from: Address,
        bytes: usize, kind: c_uint
    ) {
        add(cx, node, graph, after, count, || made::line(to, from, bytes, kind))
    }

    fn cuGraphAddMemsetNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::MemsetNode>,
        _context: Handle
    ) {
        add(cx, node, graph, after, count, || made::fill(&params.get("memsetParams")?))
    }

    fn hipGraphAddMemsetNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<hip::MemsetNode>
    ) {
        add(cx, node, graph, after, count, || made::hip_fill(&params.get("pMemsetParams")?))
    }

    fn cuGraphAddHostNode | hipGraphAddHostNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::HostNode>
    ) {
        add(cx, node, graph, after, count, || made::host(&params.get("nodeParams")?))
    }

    fn cuGraphAddEmptyNode | hipGraphAddEmptyNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize
    ) {
        add(cx, node, graph, after, count, || Ok((Op::Empty, made::Args::new())))
    }

    fn cuGraphAddChildGraphNode | hipGraphAddChildGraphNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, child: Handle
    ) {
        add_child(cx, node, graph, after, count, child)
    }

    fn cuGraphAddEventRecordNode | hipGraphAddEventRecordNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, event: Handle
    ) {
        add(cx, node, graph, after, count, || made::record(cx, event))
    }

    fn cuGraphAddEventWaitNode | hipGraphAddEventWaitNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, event: Handle
    ) {
        add(cx, node, graph, after, count, || made::wait(cx, event))
    }

    fn cuGraphAddNode | hipGraphAddNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<cuda::NodeParams>
    ) {
        add_any(cx, node, graph, after, count, params)
    }

    fn cuGraphAddNode_v2 | cuGraphAddNode_v3 (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, edges: Array<[u8; 8]>, count: usize,
        params: In<cuda::NodeParams>
    ) {
        plain_edges(edges, count)?;
        add_any(cx, node, graph, after, count, params)
    }

    fn cuGraphDestroyNode | hipGraphDestroyNode (cx, node: Handle) {
        let (graph, number) = cx.node("hNode", node)?;
        graph.remove(number)
    }

    fn cuGraphNodeGetType | hipGraphNodeGetType (cx, node: Handle, answer: Out<c_uint>) {
        let place = answer.place("type")?;
        let (graph, number) = cx.node("hNode", node)?;
        place.write(made::kind(&graph.op(number)?.0));
        Ok(())
    }

    fn cuGraphNodeGetDependencies | hipGraphNodeGetDependencies (
        cx, node: Handle, nodes: OutArray<Handle>, count: Out<usize>
    ) {
        let (graph, number) = cx.node("hNode", node)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.dependencies(number).collect()))
    }

    fn cuGraphNodeGetDependencies_v2 (
        cx, node: Handle, nodes: OutArray<Handle>, data: OutArray<[u8; 8]>, count: Out<usize>
    ) {
        let (graph, number) = cx.node("hNode", node)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.dependencies(number).collect()))?;
        no_data(nodes, data, count)
    }

    fn cuGraphNodeGetDependentNodes | hipGraphNodeGetDependentNodes (
        cx, node: Handle, nodes: OutArray<Handle>, count: Out<usize>
    ) {
        let (graph, number) = cx.node("hNode", node)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.dependents(number).collect()))
    }

    fn cuGraphNodeGetDependentNodes_v2 (
        cx, node: Handle, nodes: OutArray<Handle>, data: OutArray<[u8; 8]>, count: Out<usize>
    ) {
        let (graph, number) = cx.node("hNode", node)?;
        list_nodes(&graph, nodes, count, graph.with(|dag| dag.dependents(number).collect()))?;
        no_data(nodes, data, count)
    }

    fn cuGraphNodeGetContainingGraph (cx, node: Handle, graph: Out<Handle>) {
        let place = graph.place("phGraph")?;
        place.write(Handle(cx.node("hNode", node)?.0.handle()));
        Ok(())
    }

    fn cuGraphNodeGetLocalId (cx, node: Handle, id: Out<c_uint>) {
        let place = id.place("nodeId")?;
        place.write(cx.node("hNode", node)?.1.0);
        Ok(())
    }

    fn cuGraphKernelNodeGetParams (cx, node: Handle, params: Out<cuda::KernelNodeV1>) {
        answer(params, || kernel_of(cx, node))
    }

    fn cuGraphKernelNodeGetParams_v2 (cx, node: Handle, params: Out<cuda::KernelNode>) {
        answer(params, || {
            let v1 = kernel_of(cx, node)?;
            Ok(cuda::KernelNode { v1, kernel: Handle(0), context: Handle(0) })
        })
    }

    fn hipGraphKernelNodeGetParams (cx, node: Handle, params: Out<hip::KernelNode>) {
        answer(params, || {
            let cuda::KernelNodeV1 { function, grid, block, shared_bytes, parameters, extra } = kernel_of(cx, node)?;
            Ok(hip::KernelNode { block, extra, function: Address(function.0), grid, parameters, shared_bytes })
        })
    }

    fn cuGraphKernelNodeSetParams (cx, node: Handle, params: In<cuda::KernelNodeV1>) {
        set(cx, node, || made::kernel(cx, &params.get("nodeParams")?, Handle(0)))
    }

    fn cuGraphKernelNodeSetParams_v2 (cx, node: Handle, params: In<cuda::KernelNode>) {
        set(cx, node, || {
            let params = params.get("nodeParams")?;
            made::kernel(cx, &params.v1, params.kernel)
        })
    }

    fn hipGraphKernelNodeSetParams (cx, node: Handle, params: In<hip::KernelNode>) {
        set(cx, node, || made::hip_kernel(cx, &params.get("pNodeParams")?))
    }

    fn cuGraphMemcpyNodeGetParams (cx, node: Handle, params: Out<cuda::Memcpy3D>) {
        answer(params, || copy_of(cx, node).map(box_of))
    }

    fn hipGraphMemcpyNodeGetParams (cx, node: Handle, params: Out<hip::Memcpy3D>) {
        answer(params, || copy_of(cx, node).map(params_of))
    }

    fn cuGraphMemcpyNodeSetParams (cx, node: Handle, params: In<cuda::Memcpy3D>) {
        set(cx, node, || made::copy(rect_of_box(cx, &params.get("nodeParams")?)?))
    }

    fn hipGraphMemcpyNodeSetParams (cx, node: Handle, params: In<hip::Memcpy3D>) {
        set(cx, node, || made::copy(rect_of_params(&params.get("pNodeParams")?)?))
    }

    fn hipGraphMemcpyNodeSetParams1D (
        cx, node: Handle, to: Address, from: Address, bytes: usize, kind: c_uint
    ) {
        set(cx, node, || made::line(to, from, bytes, kind))
    }

    fn cuGraphMemsetNodeGetParams (cx, node: Handle, params: Out<cuda::MemsetNode>) {
        answer(params, || fill_of(cx, node))
    }

    fn hipGraphMemsetNodeGetParams (cx, node: Handle, params: Out<hip::MemsetNode>) {
        answer(params, || {
            let cuda::MemsetNode { to, pitch, value, element_bytes, width, height } = fill_of(cx, node)?;
            Ok(hip::MemsetNode { to, element_bytes, height, pitch, value, width })
        })
    }

    fn cuGraphMemsetNodeSetParams (cx, node: Handle, params: In<cuda::MemsetNode>) {
        set(cx, node, || made::fill(&params.get("nodeParams")?))
    }

    fn hipGraphMemsetNodeSetParams (cx, node: Handle, params: In<hip::MemsetNode>) {
        set(cx, node, || made::hip_fill(&params.get("pNodeParams")?))
    }

    fn cuGraphHostNodeGetParams | hipGraphHostNodeGetParams (cx, node: Handle, params: Out<cuda::HostNode>) {
        answer(params, || match op_of(cx, node, made::HOST)?.1 {
            Op::Host(host) => {
                Ok(cuda::HostNode { function: crate::arg::Callback(host.function), data: Address(host.data) })
            }
            _ => Err(Error::value("hNode", "the node is no host node")),
        })
    }

    fn cuGraphHostNodeSetParams | hipGraphHostNodeSetParams (cx, node: Handle, params: In<cuda::HostNode>) {
        set(cx, node, || made::host(&params.get("nodeParams")?))
    }

    fn cuGraphEventRecordNodeGetEvent | hipGraphEventRecordNodeGetEvent (cx, node: Handle, event: Out<Handle>) {
        answer(event, || event_of(cx, node, made::RECORD))
    }

    fn cuGraphEventWaitNodeGetEvent | hipGraphEventWaitNodeGetEvent (cx, node: Handle, event: Out<Handle>) {
        answer(event, || event_of(cx, node, made::WAIT))
    }

    fn cuGraphEventRecordNodeSetEvent | hipGraphEventRecordNodeSetEvent (cx, node: Handle, event: Handle) {
        set(cx, node, || made::record(cx, event))
    }

    fn cuGraphEventWaitNodeSetEvent | hipGraphEventWaitNodeSetEvent (cx, node: Handle, event: Handle) {
        set(cx, node, || made::wait(cx, event))
    }

    fn cuGraphNodeSetParams | cuGraphNodeSetParams_v2 | hipGraphNodeSetParams (
        cx, node: Handle, params: In<cuda::NodeParams>
    ) {
        set(cx, node, || made::any(cx, &params.get("nodeParams")?))
    }
}

fn event_of(cx: &Cx, node: Handle, wanted: c_uint) -> Result<Handle> {
    match op_of(cx, node, wanted)?.1 {
        Op::EventRecord { event, .. } | Op::EventWait { event } => Ok(Handle(event)),
        _ => Err(Error::value("hNode", "the node has no event")),
    }
}

/// No edge has data of its own.
fn no_data(nodes: OutArray<Handle>, data: OutArray<[u8; 8]>, count: Out<usize>) -> Result {
    if nodes.is_null() || data.is_null() {
        return Ok(());
    }
    data.write("edgeData", vec![[0; 8]; count.place("count")?.read()])
}

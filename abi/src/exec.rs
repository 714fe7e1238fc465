//! Instantiated graphs: making, launching, updating.

use std::ffi::c_uint;
use std::sync::Arc;

use stream_hal::error::{Error, Result, What};
use stream_hal::exec::{Difference, DifferenceKind as Kind, GraphExec, UpdateFailure};
use stream_hal::handle;
use stream_hal::objects;
use stream_hal::rules::Api;
use stream_hal::thread;

use crate::arg::{Address, Handle, In, Out, OutText, Plain, truth};
use crate::copy::{rect_of_box, rect_of_params};
use crate::entry::{Cx, entries};
use crate::graph::Flags;
use crate::made::{self, Made};
use crate::types::{cuda, hip};

const AUTO_FREE: Flags = 1;
const UPLOAD: Flags = 2;
const DEVICE_LAUNCH: Flags = 4;
const NODE_PRIORITY: Flags = 8;

/// Flags that instantiate knows. Without memory nodes there is nothing to free; uploading is done
/// when the plan is prepared; priorities are hints.
fn check_flags(cx: &Cx, flags: Flags) -> Result {
    if flags & !(AUTO_FREE | UPLOAD | DEVICE_LAUNCH | NODE_PRIORITY) != 0 {
        return Err(Error::value("flags", format!("{flags:#x} is no set of instantiate flags")));
    }
    // HIP takes one at a time.
    if cx.symbol.api == Api::Hip && flags.count_ones() > 1 {
        return Err(Error::value("flags", format!("{flags:#x} is more than one flag")));
    }
    match flags & DEVICE_LAUNCH {
        0 => Ok(()),
        _ => Err(Error::of(What::NotSupported, "flags", "graphs cannot be launched by kernels")),
    }
}

fn instantiate(cx: &Cx, graph: Handle, flags: Flags) -> Result<Arc<GraphExec>> {
    check_flags(cx, flags)?;
    let graph = cx.graph("hGraph", graph)?;
    GraphExec::instantiate(&graph, cx.context()?.device, flags)
}

/// The older form, which says in words what is wrong.
fn instantiate_telling(
    cx: &Cx,
    exec: Out<Handle>,
    graph: Handle,
    error_node: Out<Handle>,
    log: OutText,
    room: usize,
) -> Result {
    let place = exec.place("phGraphExec")?;
    error_node.write(Handle(0));
    let done = instantiate(cx, graph, 0);
    if let Err(error) = &done
        && !log.is_null()
        && room != 0
    {
        log.write("logBuffer", room, &error.because)?;
    }
    place.write(Handle(done?.handle()));
    Ok(())
}

/// What became of an instantiate, as both APIs number it.
fn instantiate_result(done: &Result<Arc<GraphExec>>) -> c_uint {
    match done {
        Ok(_) => 0,
        // The structure is wrong, or something else.
        Err(error) if error.what == What::InvalidValue => 2,
        Err(_) => 1,
    }
}

/// Launches an exec.
#[inline]
fn launch(cx: &Cx, exec: Handle, stream: Handle) -> Result {
    let reading = handle::enter();
    let exec = objects::get(objects::execs(), "hGraphExec", exec.0, &reading);
    let exec = exec.map_err(|error| Error { what: What::InvalidValue, ..error })?;
    thread::may_call()?;
    cx.on_stream_in(stream, &reading, |stream| exec.launch(stream))
}

/// The number of an update's result, and the node it is about.
fn update(cx: &Cx, exec: Handle, graph: Handle) -> (cuda::UpdateResult, Result) {
    let result = |result, node| cuda::UpdateResult { result, error_node: node, error_from_node: Handle(0) };
    let (exec, graph) = match (cx.exec(exec), cx.graph("hGraph", graph)) {
        (Ok(exec), Ok(graph)) => (exec, graph),
        (Err(error), _) | (_, Err(error)) => return (result(1, Handle(0)), Err(error)),
    };
    let failure = |because: String| Err(Error::of(What::ExecUpdateFailure, "hGraph", because));
    match exec.update(&graph) {
        Ok(()) => (result(0, Handle(0)), Ok(())),
        Err(UpdateFailure::Refused(error)) => (result(1, Handle(0)), failure(error.because.into_owned())),
        Err(UpdateFailure::Difference(Difference::Backend(error))) => {
            (result(6, Handle(0)), failure(error.to_string()))
        }
        Err(UpdateFailure::Difference(Difference::Shape(difference))) => {
            let (number, node) = match difference.kind {
                Kind::Count { .. } => (2, None),
                Kind::Op { second, .. } => (3, Some(second)),
                Kind::Dependencies { second, .. } => (2, Some(second)),
            };
            let node = node.filter(|_| difference.path.is_empty());
            let node = node.and_then(|node| graph.node_handle(node).ok()).unwrap_or(0);
            (result(number, Handle(node)), failure(difference.to_string()))
        }
    }
}

/// Changes what a node of an exec does in later launches.
pub(crate) fn set(cx: &Cx, exec: Handle, node: Handle, make: impl FnOnce() -> Result<Made>) -> Result {
    let exec = cx.exec(exec)?;
    let node = exec.node("hNode", node.0)?;
    let (op, args) = make()?;
    exec.set_op(node, op, &args)
}

fn with<T: Plain>(params: In<T>, make: impl FnOnce(&T) -> Result<Made>) -> Result<Made> {
    make(&params.get("nodeParams")?)
}

entries! {
    fn cuGraphInstantiate | cuGraphInstantiate_v2 | hipGraphInstantiate (
        cx, exec: Out<Handle>, graph: Handle, error_node: Out<Handle>, log: OutText, room: usize
    ) {
        instantiate_telling(cx, exec, graph, error_node, log, room)
    }

    fn cuGraphInstantiateWithFlags | hipGraphInstantiateWithFlags (
        cx, exec: Out<Handle>, graph: Handle, flags: Flags
    ) {
        let place = exec.place("phGraphExec")?;
        place.write(Handle(instantiate(cx, graph, flags)?.handle()));
        Ok(())
    }

    fn cuGraphInstantiateWithParams | cuGraphInstantiateWithParams_ptsz (
        cx, exec: Out<Handle>, graph: Handle, params: Out<cuda::InstantiateParams>
    ) {
        let (place, both) = (exec.place("phGraphExec")?, params.place("instantiateParams")?);
        let params = both.read();
        let done = instantiate(cx, graph, params.flags);
        both.write(cuda::InstantiateParams { error_node: Handle(0), result: instantiate_result(&done), ..params });
        place.write(Handle(done?.handle()));
        Ok(())
    }

    fn hipGraphInstantiateWithParams (
        cx, exec: Out<Handle>, graph: Handle, params: Out<hip::InstantiateParams>
    ) {
        let (place, both) = (exec.place("pGraphExec")?, params.place("instantiateParams")?);
        let params = both.read();
        let done = instantiate(cx, graph, params.flags);
        both.write(hip::InstantiateParams { error_node: Handle(0), result: instantiate_result(&done), ..params });
        place.write(Handle(done?.handle()));
        Ok(())
    }

    fn cuGraphLaunch | cuGraphLaunch_ptsz | hipGraphLaunch | hipGraphLaunch_spt (
        cx, exec: Handle, stream: Handle
    ) {
        launch(cx, exec, stream)
    }

    // A prepared exec is where it has to be.
    fn cuGraphUpload | cuGraphUpload_ptsz | hipGraphUpload (cx, exec: Handle, stream: Handle) {
        cx.exec(exec)?;
        cx.stream(stream).map(drop)
    }

    fn cuGraphExecDestroy | hipGraphExecDestroy (cx, exec: Handle) {
        cx.exec(exec)?.destroy()
    }

    fn cuGraphExecGetFlags | hipGraphExecGetFlags (cx, exec: Handle, flags: Out<Flags>) {
        let place = flags.place("flags")?;
        place.write(cx.exec(exec)?.flags());
        Ok(())
    }

    fn cuGraphExecGetId (cx, exec: Handle, id: Out<c_uint>) {
        let place = id.place("graphId")?;
        place.write(cx.exec(exec)?.handle() as c_uint);
        Ok(())
    }

    fn cuGraphExecUpdate_v2 (cx, exec: Handle, graph: Handle, info: Out<cuda::UpdateResult>) {
        let place = info.place("resultInfo")?;
        let (told, result) = update(cx, exec, graph);
        place.write(told);
        result
    }

    // Both answers are wanted.
    fn cuGraphExecUpdate | hipGraphExecUpdate (
        cx, exec: Handle, graph: Handle, error_node: Out<Handle>, number: Out<c_uint>
    ) {
        let (node, number) = (error_node.place("hErrorNode_out")?, number.place("updateResult_out")?);
        let (told, result) = update(cx, exec, graph);
        node.write(told.error_node);
        number.write(told.result);
        result
    }

    fn cuGraphNodeSetEnabled | hipGraphNodeSetEnabled (cx, exec: Handle, node: Handle, enabled: c_uint) {
        let exec = cx.exec(exec)?;
        exec.set_enabled(exec.node("hNode", node.0)?, enabled != 0)
    }

    fn cuGraphNodeGetEnabled | hipGraphNodeGetEnabled (cx, exec: Handle, node: Handle, enabled: Out<c_uint>) {
        let place = enabled.place("isEnabled")?;
        let exec = cx.exec(exec)?;
        place.write(truth(exec.is_enabled(exec.node("hNode", node.0)?)?) as c_uint);
        Ok(())
    }

    fn cuGraphExecKernelNodeSetParams (cx, exec: Handle, node: Handle, params: In<cuda::KernelNodeV1>) {
        set(cx, exec, node, || with(params, |params| made::kernel(cx, params, Handle(0))))
    }

    fn cuGraphExecKernelNodeSetParams_v2 (cx, exec: Handle, node: Handle, params: In<cuda::KernelNode>) {
        set(cx, exec, node, || with(params, |params| made::kernel(cx, &params.v1, params.kernel)))
    }

    fn hipGraphExecKernelNodeSetParams (cx, exec: Handle, node: Handle, params: In<hip::KernelNode>) {
        set(cx, exec, node, || with(params, |params| made::hip_kernel(cx, params)))
    }

    fn cuGraphExecMemcpyNodeSetParams (
        cx, exec: Handle, node: Handle, params: In<cuda::Memcpy3D>, _context: Handle
    ) {
        set(cx, exec, node, || with(params, |params| made::copy(rect_of_box(cx, params)?)))
    }

    fn hipGraphExecMemcpyNodeSetParams (cx, exec: Handle, node: Handle, params: In<hip::Memcpy3D>) {
        set(cx, exec, node, || with(params, |params| made::copy(rect_of_params(params)?)))
    }

    fn hipGraphExecMemcpyNodeSetParams1D (
        cx, exec: Handle, node: Handle, to: Address, from: Address, bytes: usize, kind: c_uint
    ) {
        set(cx, exec, node, || made::line(to, from, bytes, kind))
    }

    fn cuGraphExecMemsetNodeSetParams (
        cx, exec: Handle, node: Handle, params: In<cuda::MemsetNode>, _context: Handle
    ) {
        set(cx, exec, node, || with(params, made::fill))
    }

    fn hipGraphExecMemsetNodeSetParams (cx, exec: Handle, node: Handle, params: In<hip::MemsetNode>) {
        set(cx, exec, node, || with(params, made::hip_fill))
    }

    fn cuGraphExecHostNodeSetParams | hipGraphExecHostNodeSetParams (
        cx, exec: Handle, node: Handle, params: In<cuda::HostNode>
    ) {
        set(cx, exec, node, || with(params, made::host))
    }

    fn cuGraphExecNodeSetParams | hipGraphExecNodeSetParams (
        cx, exec: Handle, node: Handle, params: In<cuda::NodeParams>
    ) {
        set(cx, exec, node, || with(params, |params| made::any(cx, params)))
    }
}

//! Graph nodes in HIP's driver words.

use stream_hal::error::Result;

use crate::arg::{Array, Handle, In, Out};
use crate::copy::{driver_form, rect_of_box};
use crate::entry::{Cx, entries};
use crate::made::{self, Made};
use crate::types::{cuda, hip};
use crate::{exec, node};

/// A fill node. The order of the description's fields changed with HIP 7.
fn fill(cx: &Cx, params: In<hip::MemsetNode>) -> Result<Made> {
    match cx.rules.driver_fill_in_cuda_order {
        true => made::fill(&params.cast::<cuda::MemsetNode>().get("memsetParams")?),
        false => made::hip_fill(&params.get("memsetParams")?),
    }
}

fn copy(cx: &Cx, params: &hip::DriverMemcpy3D) -> Result<Made> {
    made::copy(rect_of_box(cx, &driver_form(params))?)
}

entries! {
    fn hipDrvGraphAddMemcpyNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<hip::DriverMemcpy3D>,
        _context: Handle
    ) {
        node::add(cx, node, graph, after, count, || copy(cx, &params.get("copyParams")?))
    }

    fn hipDrvGraphAddMemsetNode (
        cx, node: Out<Handle>, graph: Handle, after: Array<Handle>, count: usize, params: In<hip::MemsetNode>,
        _context: Handle
    ) {
        node::add(cx, node, graph, after, count, || fill(cx, params))
    }

    fn hipDrvGraphMemcpyNodeSetParams (cx, node: Handle, params: In<hip::DriverMemcpy3D>) {
        node::set(cx, node, || copy(cx, &params.get("nodeParams")?))
    }

    fn hipDrvGraphExecMemcpyNodeSetParams (
        cx, graph: Handle, node: Handle, params: In<hip::DriverMemcpy3D>, _context: Handle
    ) {
        exec::set(cx, graph, node, || copy(cx, &params.get("copyParams")?))
    }

    fn hipDrvGraphExecMemsetNodeSetParams (
        cx, graph: Handle, node: Handle, params: In<hip::MemsetNode>, _context: Handle
    ) {
        exec::set(cx, graph, node, || fill(cx, params))
    }
}

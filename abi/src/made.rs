//! Ops of graph nodes, made from the descriptions that programs pass.

use std::ffi::c_uint;

use smallvec::SmallVec;
use stream_hal::Op;
use stream_hal::error::{Error, Result, What};
use stream_hal::handle;
use stream_hal::launch::{self, Shape};
use stream_hal::memory;
use stream_hal::op::{self, Copy, Direction, Fill, Host, Rect};
use stream_hal::rules::Api;

use crate::arg::{Address, Array, Handle, Parameters, view};
use crate::copy::{direction, rect_of_box, rect_of_params};
use crate::entry::Cx;
use crate::function::by_address;
use crate::launch::pack_into;
use crate::packed::Packed;
use crate::types::{cuda, hip};

/// An op with its parameters, as a node takes it.
pub(crate) type Made = (Op, Args);

/// Packed parameters: those of most kernels without an allocation, and small enough to be moved.
pub(crate) type Args = SmallVec<[u8; 64]>;

/// A kernel node from the driver API's description. A kernel may stand in the place of a function.
pub(crate) fn kernel(cx: &Cx, node: &cuda::KernelNodeV1, kernel: Handle) -> Result<Made> {
    let mut packed = Packed::new();
    let op = kernel_into(&mut packed, cx, node, kernel)?;
    Ok((op, Args::from_slice(&packed)))
}

/// The same with the parameters where the caller keeps them.
#[inline]
pub(crate) fn kernel_into(
    packed: &mut Packed,
    cx: &Cx,
    node: &cuda::KernelNodeV1,
    kernel: Handle,
) -> Result<Op> {
    let reading = handle::enter();
    let function = cx.function_in(if node.function.0 == 0 { kernel } else { node.function }, &reading)?;
    pack_into(packed, cx, function, Parameters::at(node.parameters), Array::at(node.extra.cast()))?;
    let cuda::KernelNodeV1 { grid, block, shared_bytes, .. } = *node;
    let shape = Shape { grid, block, shared_bytes, cooperative: false };
    launch::op(function, &shape, packed.len(), cx.rules)
}

/// A kernel node from HIP's description.
pub(crate) fn hip_kernel(cx: &Cx, node: &hip::KernelNode) -> Result<Made> {
    let function = by_address(cx, node.function.0)?;
    let mut packed = Packed::new();
    pack_into(&mut packed, cx, &function, Parameters::at(node.parameters), Array::at(node.extra.cast()))?;
    let hip::KernelNode { grid, block, shared_bytes, .. } = *node;
    let shape = Shape { grid, block, shared_bytes, cooperative: false };
    Ok((launch::op(&function, &shape, packed.len(), cx.rules)?, Args::from_slice(&packed)))
}

/// A copy node: linear where it is one row.
pub(crate) fn copy((rect, direction): (Rect, Direction)) -> Result<Made> {
    if rect.height == 1 && rect.depth == 1 {
        let copy = Copy { to: rect.to, from: rect.from, bytes: rect.width_bytes, direction };
        memory::check_copy(&copy)?;
        return Ok((Op::Copy(copy), Args::new()));
    }
    memory::check_rect(&rect, direction)?;
    let args = op::Args { start: 0, bytes: Rect::BYTES as u32 };
    Ok((Op::CopyRect(args), Args::from_slice(&rect.encode())))
}

/// A linear copy node.
pub(crate) fn line(to: Address, from: Address, bytes: usize, kind: c_uint) -> Result<Made> {
    let copy = Copy { to: to.0, from: from.0, bytes: bytes as u64, direction: direction(kind)? };
    if bytes == 0 {
        return Err(Error::value("count", "a copy node copies at least one byte"));
    }
    memory::check_copy(&copy)?;
    Ok((Op::Copy(copy), Args::new()))
}

/// A fill node.
pub(crate) fn fill(node: &cuda::MemsetNode) -> Result<Made> {
    let cuda::MemsetNode { to, pitch, value, element_bytes, width, height } = *node;
    let element_bytes = u8::try_from(element_bytes).unwrap_or(0);
    let (width, height, pitch) = (width as u64, height as u64, pitch as u64);
    let fill = Fill { to: to.0, pitch, width, height, value, element_bytes };
    // A node fills at least one element.
    if width == 0 || height == 0 {
        return Err(Error::value("width", "a fill node fills at least one element"));
    }
    memory::check_fill(&fill)?;
    Ok((Op::Fill(fill), Args::new()))
}

/// HIP's order of the same fields.
pub(crate) fn hip_fill(node: &hip::MemsetNode) -> Result<Made> {
    let hip::MemsetNode { to, element_bytes, height, pitch, value, width } = *node;
    fill(&cuda::MemsetNode { to, pitch, value, element_bytes, width, height })
}

/// A host node.
pub(crate) fn host(node: &cuda::HostNode) -> Result<Made> {
    let function = node.function.required("fn")?;
    Ok((Op::Host(Host { function, data: node.data.0, form: Host::PLAIN, stream: 0 }), Args::new()))
}

/// A node that records an event.
pub(crate) fn record(cx: &Cx, event: Handle) -> Result<Made> {
    let event = cx.event(event)?;
    Ok((Op::EventRecord { event: event.handle(), stamp: event.stamp() }, Args::new()))
}

/// A node that waits for an event.
pub(crate) fn wait(cx: &Cx, event: Handle) -> Result<Made> {
    Ok((Op::EventWait { event: cx.event(event)?.handle() }, Args::new()))
}

/// Numbers of the kinds of nodes.
pub(crate) const KERNEL: c_uint = 0;
pub(crate) const COPY: c_uint = 1;
pub(crate) const FILL: c_uint = 2;
pub(crate) const HOST: c_uint = 3;
pub(crate) const CHILD: c_uint = 4;
pub(crate) const EMPTY: c_uint = 5;
pub(crate) const WAIT: c_uint = 6;
pub(crate) const RECORD: c_uint = 7;

/// The number of an op's kind.
pub(crate) fn kind(op: &Op) -> c_uint {
    match op {
        Op::Launch(_) => KERNEL,
        Op::Copy(_) | Op::Write(_) | Op::CopyRect(_) => COPY,
        Op::Fill(_) => FILL,
        Op::Host(_) => HOST,
        Op::Graph { .. } => CHILD,
        Op::Empty => EMPTY,
        Op::EventWait { .. } => WAIT,
        Op::EventRecord { .. } => RECORD,
    }
}

/// A node of any kind but a child graph, from the description that all kinds share.
pub(crate) fn any(cx: &Cx, params: &cuda::NodeParams) -> Result<Made> {
    let body = &params.body;
    match (params.kind, cx.symbol.api) {
        (KERNEL, Api::Cuda) => {
            let node: cuda::KernelNode = view(body);
            kernel(cx, &node.v1, node.kernel)
        }
        (KERNEL, Api::Hip) => hip_kernel(cx, &view(body)),
        (COPY, Api::Cuda) => copy(rect_of_box(cx, &view::<cuda::MemcpyNode, _>(body).copy)?),
        (COPY, Api::Hip) => copy(rect_of_params(&view::<hip::MemcpyNode, _>(body).copy)?),
        (FILL, Api::Cuda) => fill(&view(body)),
        (FILL, Api::Hip) => hip_fill(&view(body)),
        (HOST, _) => host(&view(body)),
        (EMPTY, _) => Ok((Op::Empty, Args::new())),
        (WAIT, _) => wait(cx, view(body)),
        (RECORD, _) => record(cx, view(body)),
        (kind, _) => Err(Error::of(
            What::NotSupported,
            "nodeParams",
            format!("nodes of kind {kind} are not implemented"),
        )),
    }
}

//! Stream capture.

use std::cell::RefCell;
use std::ffi::c_uint;

use stream_hal::capture::{self, Mode};
use stream_hal::error::{Error, Result};
use stream_hal::thread;

use crate::arg::{Array, Handle, Out};
use crate::entry::{Cx, entries};
use crate::graph;

/// States of a capture.
const NONE: c_uint = 0;
const ACTIVE: c_uint = 1;
const BROKEN: c_uint = 2;

fn mode(number: c_uint) -> Result<Mode> {
    match number {
        0 => Ok(Mode::Global),
        1 => Ok(Mode::ThreadLocal),
        2 => Ok(Mode::Relaxed),
        _ => Err(Error::value("mode", format!("{number} is no capture mode"))),
    }
}

fn mode_number(mode: Mode) -> c_uint {
    match mode {
        Mode::Global => 0,
        Mode::ThreadLocal => 1,
        Mode::Relaxed => 2,
    }
}

thread_local! {
    /// The dependencies that were answered last: the program may read them until its next question.
    static DEPENDENCIES: RefCell<Vec<Handle>> = const { RefCell::new(Vec::new()) };
}

/// What a program may ask about a stream's capture. A broken capture tells no more than that.
fn info(
    cx: &Cx,
    stream: Handle,
    status: Out<c_uint>,
    id: Out<u64>,
    graph: Out<Handle>,
    dependencies: Out<*const Handle>,
    count: Out<usize>,
) -> Result {
    let status = status.place("captureStatus_out")?;
    let Some(info) = capture::info(&*cx.stream(stream)?)? else {
        status.write(NONE);
        return Ok(());
    };
    status.write(if info.broken { BROKEN } else { ACTIVE });
    if info.broken {
        return Ok(());
    }
    id.write(info.id);
    graph.write(Handle(info.graph.handle()));
    count.write(info.dependencies.len());
    let handles: Result<Vec<Handle>> =
        info.dependencies.iter().map(|&node| info.graph.node_handle(node).map(Handle)).collect();
    DEPENDENCIES.with_borrow_mut(|kept| {
        *kept = handles?;
        dependencies.write(kept.as_ptr());
        Ok(())
    })
}

/// Adds to, or replaces, what the stream's next op depends on.
fn update(cx: &Cx, stream: Handle, nodes: Array<Handle>, count: usize, flags: c_uint) -> Result {
    if flags > 1 {
        return Err(Error::value("flags", format!("{flags:#x} neither adds nor sets")));
    }
    let stream = cx.stream(stream)?;
    let nodes = nodes.get("dependencies", count)?;
    let nodes = match capture::info(&stream)? {
        Some(info) => graph::nodes(&info.graph, "dependencies", &nodes)?,
        None => Default::default(),
    };
    capture::update_dependencies(&stream, &nodes, flags == 0)
}

entries! {
    fn cuStreamBeginCapture | cuStreamBeginCapture_ptsz (cx, stream: Handle) {
        capture::begin(&cx.stream(stream)?, Mode::Global, None)
    }

    fn cuStreamBeginCapture_v2 | cuStreamBeginCapture_v2_ptsz | hipStreamBeginCapture | hipStreamBeginCapture_spt (
        cx, stream: Handle, number: c_uint
    ) {
        capture::begin(&cx.stream(stream)?, mode(number)?, None)
    }

    fn cuStreamBeginCaptureToGraph | cuStreamBeginCaptureToGraph_ptsz | hipStreamBeginCaptureToGraph (
        cx, stream: Handle, target: Handle, dependencies: Array<Handle>, edges: Array<[u8; 8]>, count: usize,
        number: c_uint
    ) {
        let target = cx.graph("hGraph", target)?;
        let nodes = graph::nodes(&target, "dependencies", &dependencies.get("dependencies", count)?)?;
        graph::plain_edges(edges, count)?;
        capture::begin(&cx.stream(stream)?, mode(number)?, Some((&target, &nodes)))
    }

    fn cuStreamEndCapture | cuStreamEndCapture_ptsz | hipStreamEndCapture | hipStreamEndCapture_spt (
        cx, stream: Handle, graph: Out<Handle>
    ) {
        let place = graph.place("phGraph")?;
        place.write(Handle(0));
        place.write(Handle(capture::end(&cx.stream(stream)?)?.handle()));
        Ok(())
    }

    fn cuStreamIsCapturing | cuStreamIsCapturing_ptsz | hipStreamIsCapturing | hipStreamIsCapturing_spt (
        cx, stream: Handle, status: Out<c_uint>
    ) {
        info(cx, stream, status, Out::nowhere(), Out::nowhere(), Out::nowhere(), Out::nowhere())
    }

    fn cuStreamGetCaptureInfo | cuStreamGetCaptureInfo_ptsz | hipStreamGetCaptureInfo | hipStreamGetCaptureInfo_spt (
        cx, stream: Handle, status: Out<c_uint>, id: Out<u64>
    ) {
        info(cx, stream, status, id, Out::nowhere(), Out::nowhere(), Out::nowhere())
    }

    fn cuStreamGetCaptureInfo_v2 | cuStreamGetCaptureInfo_v2_ptsz | hipStreamGetCaptureInfo_v2
        | hipStreamGetCaptureInfo_v2_spt (
        cx, stream: Handle, status: Out<c_uint>, id: Out<u64>, graph: Out<Handle>, nodes: Out<*const Handle>,
        count: Out<usize>
    ) {
        info(cx, stream, status, id, graph, nodes, count)
    }

    // Edges of a capture carry no data: none is answered.
    fn cuStreamGetCaptureInfo_v3 | cuStreamGetCaptureInfo_v3_ptsz (
        cx, stream: Handle, status: Out<c_uint>, id: Out<u64>, graph: Out<Handle>, nodes: Out<*const Handle>,
        edges: Out<*const u8>, count: Out<usize>
    ) {
        edges.write(std::ptr::null());
        info(cx, stream, status, id, graph, nodes, count)
    }

    fn cuStreamUpdateCaptureDependencies | cuStreamUpdateCaptureDependencies_ptsz
        | hipStreamUpdateCaptureDependencies (
        cx, stream: Handle, nodes: Array<Handle>, count: usize, flags: c_uint
    ) {
        update(cx, stream, nodes, count, flags)
    }

    fn cuStreamUpdateCaptureDependencies_v2 | cuStreamUpdateCaptureDependencies_v2_ptsz (
        cx, stream: Handle, nodes: Array<Handle>, edges: Array<[u8; 8]>, count: usize, flags: c_uint
    ) {
        graph::plain_edges(edges, count)?;
        update(cx, stream, nodes, count, flags)
    }

    fn cuThreadExchangeStreamCaptureMode | hipThreadExchangeStreamCaptureMode (_cx, number: Out<c_uint>) {
        let place = number.place("mode")?;
        place.write(mode_number(thread::exchange_mode(mode(place.read())?)));
        Ok(())
    }
}

//! Stream capture: sessions, the streams in them, and what breaks them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use stream_hal_capture::journal::Outcome;
use stream_hal_capture::mode::{self, Open, Safety, Verdict};
use stream_hal_capture::recorder::{self, Recorded, Target};
use stream_hal_capture::session::{self, Cursor};
use stream_hal_capture::status::{Cause, Reason, Status};
use stream_hal_capture::{Dag, Node, Op};

pub use stream_hal_capture::mode::Mode;

use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::gate::Gate;
use crate::graph::{Graph, Kept};
use crate::handle;
use crate::objects;
use crate::stream::{Kind, Stream};
use crate::thread;

/// An open capture.
pub struct Session {
    handle: u64,
    /// Unique in the process.
    id: u64,
    mode: Mode,
    /// The thread that began it.
    thread: u64,
    status: Arc<Status>,
    /// What it records into, as the program can see it meanwhile.
    graph: Arc<Graph>,
    open: Gate<Streams>,
}

struct Streams {
    session: session::Session,
    streams: Vec<Arc<Stream>>,
}

/// How many captures are open in the process: while none is, most checks are one load.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Begins a capture on a stream. With `into` it records into that graph, after those nodes.
pub fn begin(stream: &Arc<Stream>, mode: Mode, into: Option<(&Arc<Graph>, &[Node])>) -> Result {
    stream.context().check()?;
    // The legacy stream cannot be captured: everything would have to wait for it.
    if stream.kind() == Kind::Legacy {
        return Err(Error::of(What::CaptureUnsupported, "hStream", "the legacy stream cannot be captured"));
    }
    if stream.session() != 0 {
        return Err(Error::of(What::IllegalState, "hStream", "the stream is capturing already"));
    }
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let (graph, session) = match into {
        None => (Graph::create()?, session::Session::new(stream.handle(), id)),
        Some((graph, after)) => {
            let session = session::Session::into_graph(graph.take()?, after, stream.handle(), id);
            let session = session.map_err(|refused| {
                graph.put(refused.dag);
                Error::from(refused.error)
            })?;
            (graph.clone(), session)
        }
    };
    let status = session.status().clone();
    let open = Gate::new(Streams { session, streams: vec![stream.clone()] });
    let session = objects::register(objects::sessions(), |handle| Session {
        handle,
        id,
        mode,
        thread: thread::id(),
        status,
        graph: graph.clone(),
        open,
    })?;
    OPEN.fetch_add(1, Ordering::AcqRel);
    graph.set_session(session.handle);
    stream.set_session(session.handle, 0);
    Ok(())
}

/// Ends a capture on the stream where it began. The graph is the caller's then.
pub fn end(stream: &Arc<Stream>) -> Result<Arc<Graph>> {
    let Some(session) = of(stream) else {
        return Err(Error::of(What::IllegalState, "hStream", "the stream is not capturing"));
    };
    if thread::id() != session.thread && !mode::ends_anywhere(session.mode) {
        let because = "only the thread that began the capture can end it, unless its mode is relaxed";
        return Err(Error::of(What::CaptureWrongThread, "hStream", because));
    }
    let mut open = session.open.lock();
    // A capture ends on the stream where it began, and goes on otherwise.
    if open.session.origin() != stream.handle() {
        return Err(Error::of(What::CaptureUnmatched, "hStream", "the capture began on another stream"));
    }
    let ended = open.session.end(stream.handle());
    let streams = std::mem::take(&mut open.streams);
    let dag = match &ended {
        Ok(_) => Dag::new(),
        Err(_) => open.session.take_dag(),
    };
    drop(open);
    close(&session, streams);
    match ended {
        Ok(dag) => {
            session.graph.put(dag);
            Ok(session.graph.clone())
        }
        Err(error) => {
            session.graph.put(dag);
            session.graph.destroy().ok();
            Err(error.into())
        }
    }
}

/// Takes all streams out of a session and the session out of its table.
fn close(session: &Session, streams: Vec<Arc<Stream>>) {
    session.graph.set_session(0);
    for stream in streams {
        stream.set_session(0, 0);
    }
    if objects::remove(objects::sessions(), session.handle).is_ok() {
        OPEN.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A stream is destroyed while capturing: the origin ends the capture, any other breaks it.
pub(crate) fn leave(stream: &Arc<Stream>) {
    let Some(session) = of(stream) else { return };
    session.status.break_with(reason(Cause::Destroyed, "destroying a capturing stream", String::new()));
    let mut open = session.open.lock();
    if open.session.origin() == stream.handle() {
        let streams = std::mem::take(&mut open.streams);
        let dag = open.session.take_dag();
        drop(open);
        close(&session, streams);
        session.graph.put(dag);
        session.graph.destroy().ok();
    } else {
        open.streams.retain(|other| !Arc::ptr_eq(other, stream));
        drop(open);
        stream.set_session(0, 0);
    }
}

fn of(stream: &Stream) -> Option<Arc<Session>> {
    by_handle(stream.session())
}

/// The open capture of a handle, none for 0.
#[inline]
pub(crate) fn by_handle(handle: u64) -> Option<Arc<Session>> {
    if handle == 0 { None } else { objects::find(objects::sessions(), "hStream", handle).ok() }
}

/// Records an op in the session that the stream is in.
///
/// may: 1 RMW (the session's gate), no lock, no alloc, no syscall
pub(crate) fn record(stream: &Stream, session: u64, op: Op, args: &[u8]) -> Result<Node> {
    let reading = handle::enter();
    let session = objects::get(objects::sessions(), "hStream", session, &reading)?;
    let mut open = session.open.lock();
    let cursor = Cursor(stream.cursor());
    let target = Target::Session { session: &mut open.session, cursor };
    let recorded = recorder::record(target, op, args);
    match recorded {
        Ok(Recorded::Node(node)) => {
            open.session.note(op.kind(), stream.handle(), Outcome::Done);
            Ok(node)
        }
        Ok(Recorded::Live(_)) => unreachable!("a session target gives a node"),
        Err(error) => {
            open.session.note(op.kind(), stream.handle(), Outcome::Refused("the capture is broken"));
            Err(error.into())
        }
    }
}

/// Records a graph launch: the graph becomes a child of the captured one.
pub(crate) fn record_graph(stream: &Stream, session: u64, child: Arc<Dag>) -> Result<Node> {
    let reading = handle::enter();
    let session = objects::get(objects::sessions(), "hStream", session, &reading)?;
    let nodes = child.len() as u64;
    let graph = session.open.lock().session.push_child(child);
    record(stream, session.handle, Op::Graph { graph, nodes }, &[])
}

/// The set of nodes that an event recorded now stands for.
pub(crate) fn record_event(stream: &Stream, session: u64) -> Result<u32> {
    let reading = handle::enter();
    let session = objects::get(objects::sessions(), "hStream", session, &reading)?;
    let mut open = session.open.lock();
    let set = open.session.event_record(Cursor(stream.cursor()))?;
    open.session.note("event record", stream.handle(), Outcome::Done);
    Ok(set)
}

/// Work of the stream recorded later depends on the nodes an event stands for. A stream that is not
/// capturing joins the capture.
pub(crate) fn wait_event(stream: &Arc<Stream>, session: u64, captured: u64, set: u32) -> Result {
    let reading = handle::enter();
    let Ok(target) = objects::get(objects::sessions(), "hEvent", captured, &reading) else {
        return Err(Error::of(
            What::CapturedEvent,
            "hEvent",
            "the event was recorded in a capture that has ended",
        ));
    };
    if session != 0 && session != captured {
        let error = Error::of(What::CaptureMerge, "hEvent", "the event belongs to another capture");
        break_with(session, error.clone());
        return Err(break_with(captured, error));
    }
    if stream.kind() == Kind::Legacy {
        let error = Error::of(What::CaptureImplicit, "hStream", "the legacy stream cannot join a capture");
        return Err(break_with(captured, error));
    }
    let mut open = target.open.lock();
    let cursor = match open.session.cursor_of(stream.handle()) {
        Some(cursor) => cursor,
        None => {
            let cursor = open.session.join(stream.handle());
            open.streams.push(stream.clone());
            cursor
        }
    };
    open.session.event_wait(cursor, set)?;
    open.session.note("event wait", stream.handle(), Outcome::Done);
    drop(open);
    if session == 0 {
        stream.set_session(captured, cursor.0);
    }
    Ok(())
}

/// The state of a stream's capture, as a program can ask for it.
pub struct Info {
    /// Unique in the process.
    pub id: u64,
    /// Whether it was broken.
    pub broken: bool,
    /// The graph that is being recorded.
    pub graph: Arc<Graph>,
    /// What the stream's next op depends on.
    pub dependencies: Vec<Node>,
}

/// The capture a stream is in, if any.
pub fn info(stream: &Stream) -> Result<Option<Info>> {
    let Some(session) = of(stream) else {
        if stream.kind() == Kind::Legacy {
            refuse_legacy(stream.context())?;
        }
        return Ok(None);
    };
    let open = session.open.lock();
    Ok(Some(Info {
        id: session.id,
        broken: session.status.is_broken(),
        graph: session.graph.clone(),
        dependencies: open.session.frontier(Cursor(stream.cursor())).to_vec(),
    }))
}

/// Keeps something alive with the graph that a stream's capture records into.
pub fn keep(stream: &Stream, what: Kept) {
    if let Some(session) = of(stream) {
        session.graph.keep(what);
    }
}

/// Sets what the stream's next op depends on, or adds to it.
pub fn update_dependencies(stream: &Stream, nodes: &[Node], add: bool) -> Result {
    let Some(session) = of(stream) else {
        return Err(Error::of(What::IllegalState, "hStream", "the stream is not capturing"));
    };
    let mut open = session.open.lock();
    let cursor = Cursor(stream.cursor());
    let done = match add {
        true => open.session.add_frontier(cursor, nodes),
        false => open.session.set_frontier(cursor, nodes),
    };
    Ok(done?)
}

impl Session {
    /// Calls `edit` with the DAG the session is recording.
    pub(crate) fn with_dag<R>(&self, edit: impl FnOnce(&mut Dag) -> R) -> R {
        edit(self.open.lock().session.dag_mut())
    }
}

/// The last calls of a stream's capture, oldest first, a line each.
pub fn journal(stream: &Stream) -> Vec<String> {
    let Some(session) = of(stream) else { return Vec::new() };
    session.open.lock().session.journal().map(ToString::to_string).collect()
}

fn reason(cause: Cause, call: &'static str, words: String) -> Reason {
    Reason { cause, call, words }
}

/// Breaks a session for the reason of an error and gives the error back.
#[cold]
pub(crate) fn break_with(session: u64, error: Error) -> Error {
    let cause = match error.what {
        What::CaptureMerge => Cause::Merge,
        What::CaptureIsolation => Cause::Isolation,
        What::CaptureImplicit => Cause::Implicit,
        What::CapturedEvent => Cause::CapturedEvent,
        _ => Cause::ForbiddenCall,
    };
    if let Some(session) = by_handle(session) {
        let call = match error.argument {
            "" => "a call",
            argument => argument,
        };
        session.status.break_with(reason(cause, call, error.because.to_string()));
    }
    error
}

/// Refuses a call that is not possible on a capturing stream, and breaks the capture.
#[cold]
pub(crate) fn refuse(stream: &Stream, session: u64, doing: &'static str) -> Error {
    if let Some(session) = by_handle(session) {
        session.status.break_with(reason(Cause::ForbiddenCall, doing, String::new()));
        session.open.lock().session.note(
            doing,
            stream.handle(),
            Outcome::Refused("not possible in a capture"),
        );
    }
    Error::of(
        What::CaptureUnsupported,
        "hStream",
        format!("{doing} is not possible while the stream is capturing"),
    )
}

/// Refuses a question to a captured event, and breaks its capture.
#[cold]
pub(crate) fn refuse_event(session: u64, doing: &'static str) -> Error {
    let because = format!("{doing} is not possible: the event was recorded in a capture");
    break_with(session, Error::of(What::CapturedEvent, "hEvent", because))
}

/// An op on the legacy stream would wait for every blocking stream: not while one is capturing.
#[inline]
pub(crate) fn refuse_legacy(context: &Context) -> Result {
    if context.capturing.load(Ordering::Acquire) == 0 { Ok(()) } else { Err(implicit(context)) }
}

#[cold]
fn implicit(context: &Context) -> Error {
    let because = "the legacy stream would depend on a capturing stream";
    let error = Error::of(What::CaptureImplicit, "hStream", because);
    context.each_blocking(|stream| {
        let session = stream.session();
        if session != 0 {
            break_with(session, error.clone());
        }
    });
    error
}

/// Refuses a potentially unsafe call if an open capture forbids it to this thread, and breaks the
/// captures that do. One load while no capture is open.
#[inline]
pub(crate) fn check_unsafe(doing: &'static str) -> Result {
    if OPEN.load(Ordering::Acquire) == 0 { Ok(()) } else { check_open(doing) }
}

#[cold]
fn check_open(doing: &'static str) -> Result {
    let reading = handle::enter();
    let me = thread::id();
    let (mut own, mut others) = (Open::default(), Open::default());
    let count = |open: &mut Open, mode| match mode {
        Mode::Global => open.global += 1,
        Mode::ThreadLocal => open.thread_local += 1,
        Mode::Relaxed => open.relaxed += 1,
    };
    for (_, session) in objects::sessions().iter(&reading) {
        count(if session.thread == me { &mut own } else { &mut others }, session.mode);
    }
    let verdict = mode::allowed(thread::mode(), Safety::PotentiallyUnsafe, own, others);
    let (break_own, break_others) = match verdict {
        Verdict::Allowed => return Ok(()),
        Verdict::ForbiddenByOwn => (true, false),
        Verdict::ForbiddenByOthers => (false, true),
        Verdict::ForbiddenByBoth => (true, true),
    };
    for (_, session) in objects::sessions().iter(&reading) {
        let breaks = match session.thread == me {
            true => break_own && session.mode != Mode::Relaxed,
            false => break_others && session.mode == Mode::Global,
        };
        if breaks {
            let cause = if session.thread == me { Cause::ForbiddenCall } else { Cause::OtherThread };
            session.status.break_with(reason(cause, doing, format!("thread {me}")));
        }
    }
    Err(Error::new(What::CaptureUnsupported, format!("{doing} is not allowed while a capture is open")))
}

impl From<session::Error> for Error {
    #[cold]
    fn from(error: session::Error) -> Error {
        let what = match &error {
            session::Error::Invalidated(_) => What::CaptureInvalidated,
            session::Error::WrongStream { .. } => What::CaptureUnmatched,
            session::Error::Unjoined { .. } => What::CaptureUnjoined,
            session::Error::Ended => What::IllegalState,
            session::Error::NoSuchCursor(_) | session::Error::NoSuchSet(_) => What::InvalidHandle,
            session::Error::Dag(_) => What::InvalidValue,
        };
        Error::new(what, error.to_string())
    }
}

//! A stream: one lane of the scheduler, the live DAG of what was recorded on it, and, while it is
//! capturing, its place in a capture session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use smallvec::SmallVec;
use stream_hal_capture::live::{Live, Point};
use stream_hal_capture::op::Host;
use stream_hal_capture::recorder::{self, Recorded, Target};
use stream_hal_capture::{Node, Op};
use stream_hal_scheduler::live::Lane;
use stream_hal_scheduler::{Flush, QueueOptions, Ticket};

use crate::capture;
use crate::context::Context;
use crate::dot;
use crate::error::{Error, Result, What};
use crate::gate::{Gate, GateGuard};
use crate::objects;
use crate::owed::Caller;
use crate::settings::settings;
use crate::thread;

/// What a stream is to the legacy default stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is the legacy default stream itself.
    Legacy,
    /// A thread's default stream; blocking.
    PerThread,
    /// Created; its ops and the legacy stream's wait for each other.
    Blocking,
    /// Created; not ordered with the legacy stream.
    NonBlocking,
}

/// A stream.
pub struct Stream {
    context: Arc<Context>,
    kind: Kind,
    priority: i32,
    handle: u64,
    queue: u32,
    /// The backend takes ops at once: no recorded op waits in an open batch.
    at_once: bool,
    inner: Gate<Inner>,
    /// The lane's value after the last recorded op; published after the op was handed over.
    point: AtomicU64,
    /// The capture session the stream is in, 0 for none. Changed under the gate of `inner`.
    session: AtomicU64,
    /// Its place in that session.
    cursor: AtomicU32,
}

struct Inner {
    lane: Lane,
    live: Live,
    /// The legacy stream's value that this lane already waits for.
    seen_legacy: u64,
    /// Waits since the last op, for drawings.
    after: SmallVec<[Point; 4]>,
    /// The live DAG is looked through for finished ops when it has grown to this length.
    retire_at: usize,
    /// How many ops had been recorded when the stream was drawn last.
    drawn: u64,
}

/// Finished ops are popped in runs of about this many.
const RETIRE: usize = 64;

impl Stream {
    /// A new stream on a context. The caller adds it to the context.
    pub fn open(context: &Arc<Context>, kind: Kind, priority: i32) -> Result<Arc<Stream>> {
        let device = context.device;
        let health = context.health.clone();
        let options = QueueOptions { device: device.number, priority, health };
        let lane = Lane::open(device.backend.clone(), options)?;
        let at_once = device.backend.caps().flush == Flush::AtOnce;
        let queue = lane.queue();
        let mut live = Live::new();
        live.keep_history(settings().dot.is_some());
        let inner = Inner { lane, live, seen_legacy: 0, after: SmallVec::new(), retire_at: RETIRE, drawn: 0 };
        objects::register(objects::streams(), |handle| Stream {
            context: context.clone(),
            kind,
            priority,
            handle,
            queue,
            at_once,
            inner: Gate::new(inner),
            point: AtomicU64::new(0),
            session: AtomicU64::new(0),
            cursor: AtomicU32::new(0),
        })
    }

    /// A stream of the program's own. Priorities reach from 0 (default) down to -5 (most urgent).
    pub fn create(context: &Arc<Context>, blocking: bool, priority: i32) -> Result<Arc<Stream>> {
        context.check()?;
        let kind = if blocking { Kind::Blocking } else { Kind::NonBlocking };
        let stream = Stream::open(context, kind, priority.clamp(Self::MOST_URGENT, 0))?;
        context.adopt(stream.clone());
        Ok(stream)
    }

    /// The most urgent priority; the least urgent and default one is 0.
    pub const MOST_URGENT: i32 = -5;

    /// Destroys a created stream. Its pending work is done all the same.
    pub fn destroy(self: &Arc<Stream>) -> Result {
        if matches!(self.kind, Kind::Legacy | Kind::PerThread) {
            return Err(Error::of(What::InvalidHandle, "stream", "a default stream cannot be destroyed"));
        }
        capture::leave(self);
        self.context.disown(self)?;
        objects::remove(objects::streams(), self.handle)
    }

    /// Takes the stream out of use when its context ends.
    pub(crate) fn abandon(self: &Arc<Stream>) {
        capture::leave(self);
        objects::remove(objects::streams(), self.handle).ok();
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Its context.
    #[inline]
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// What it is to the legacy stream.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its priority.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// The number of its lane.
    pub fn lane(&self) -> u32 {
        self.queue
    }

    /// Whether it and the legacy stream wait for each other.
    pub fn is_blocking(&self) -> bool {
        matches!(self.kind, Kind::Blocking | Kind::PerThread)
    }

    /// The capture session it is in, 0 for none.
    #[inline]
    pub(crate) fn session(&self) -> u64 {
        self.session.load(Ordering::Acquire)
    }

    /// Whether it is in a capture, broken or not.
    pub fn is_capturing(&self) -> bool {
        self.session() != 0
    }

    /// Calls a host function of the older form, `function(stream, status, data)`, after all work so
    /// far. It cannot stand in a capture.
    pub fn call_back(&self, function: u64, data: u64) -> Result<Done> {
        self.refuse_capturing("a callback")?;
        let form = Host::CALLBACK;
        self.record(Op::Host(Host { function, data, form, stream: self.handle() }), &[])
    }

    pub(crate) fn cursor(&self) -> u32 {
        self.cursor.load(Ordering::Relaxed)
    }

    /// Puts the stream into a session or takes it out. Under the gate, so that no op is recorded
    /// on the wrong side.
    pub(crate) fn set_session(&self, session: u64, cursor: u32) {
        let _gate = self.inner.lock();
        let before = self.session.swap(session, Ordering::AcqRel);
        self.cursor.store(cursor, Ordering::Relaxed);
        if self.is_blocking() && (before == 0) != (session == 0) {
            match session {
                0 => self.context.capturing.fetch_sub(1, Ordering::AcqRel),
                _ => self.context.capturing.fetch_add(1, Ordering::AcqRel),
            };
        }
    }

    /// Records one op: on the live lane, or in the capture session the stream is in.
    ///
    /// may: 1 RMW (the target's gate) and 1 of the backend's when live; no lock, no alloc, no syscall
    #[inline]
    pub fn record(&self, op: Op, args: &[u8]) -> Result<Done> {
        thread::may_call()?;
        match self.session() {
            0 => self.record_live(op, args).map(Done::Live),
            session => capture::record(self, session, op, args).map(Done::Captured),
        }
    }

    fn record_live(&self, op: Op, args: &[u8]) -> Result<Ticket> {
        self.context.check()?;
        if self.kind == Kind::Legacy {
            capture::refuse_legacy(&self.context)?;
        }
        self.flush_others()?;
        let owed = self.begin_owed();
        let mut inner = self.inner.lock();
        if self.session() != 0 {
            return Err(Error::new(What::CaptureUnsupported, "a capture began on this stream meanwhile"));
        }
        self.order_with_legacy(&mut inner)?;
        let value = inner.lane.push(op, args)?;
        self.note(&mut inner, op, args, value)?;
        self.publish(&inner, value);
        drop(inner);
        Ok(self.end_owed(owed, value))
    }

    /// Where ops may stay in open batches, hands over those that the next op waits for. Not under
    /// our own gate: two lanes would wait for each other's.
    #[inline]
    fn flush_others(&self) -> Result {
        if self.at_once || self.kind == Kind::NonBlocking { Ok(()) } else { self.flush_batches() }
    }

    #[cold]
    fn flush_batches(&self) -> Result {
        if self.kind != Kind::Legacy {
            return match self.context.legacy() {
                Ok(legacy) => legacy.point().map(drop),
                Err(_) => Ok(()),
            };
        }
        let mut all = Ok(());
        self.context.each_blocking(|stream| {
            if let Err(error) = stream.point() {
                all = Err(error);
            }
        });
        all
    }

    /// Hands over an open batch, if a ticket of this stream may be in one.
    #[inline]
    pub(crate) fn hand_over(&self) -> Result {
        if self.at_once { Ok(()) } else { self.point().map(drop) }
    }

    /// Shows other lanes a point they can wait for, unless the work up to it is in an open batch.
    #[inline]
    fn publish(&self, inner: &Inner, value: u64) {
        if !self.at_once && !inner.lane.is_flushed(value) {
            return;
        }
        self.point.store(value, Ordering::Release);
        if self.kind == Kind::Legacy {
            self.context.publish_legacy(value);
        }
    }

    /// For the checker: what the op to come is owed to come behind.
    #[inline]
    fn begin_owed(&self) -> Option<Vec<Ticket>> {
        self.context.device.owed.as_ref().map(|owed| owed.begin(self.caller()))
    }

    #[inline]
    fn end_owed(&self, before: Option<Vec<Ticket>>, value: u64) -> Ticket {
        let op = Ticket { queue: self.queue, value };
        if let (Some(owed), Some(before)) = (&self.context.device.owed, before) {
            owed.end(self.caller(), &before, op);
        }
        op
    }

    fn caller(&self) -> Caller {
        Caller { context: self.context.handle(), kind: self.kind, queue: self.queue }
    }

    /// Adds the op to the live DAG and pops what is finished.
    fn note(&self, inner: &mut Inner, op: Op, args: &[u8], value: u64) -> Result {
        let Inner { live, lane, after, retire_at, .. } = inner;
        let target = Target::Live { live, value, after };
        match recorder::record(target, op, args).map_err(Error::from)? {
            Recorded::Live(_) => after.clear(),
            Recorded::Node(_) => unreachable!("a live target gives a live op"),
        }
        if live.len() >= *retire_at {
            live.retire(lane.completed());
            *retire_at = live.len() + RETIRE;
        }
        Ok(())
    }

    /// The lane waits for the other side's published points. Those are read before our own is
    /// published, so that no two lanes can wait for each other.
    fn order_with_legacy(&self, inner: &mut Inner) -> Result {
        match self.kind {
            Kind::NonBlocking => {}
            Kind::Blocking | Kind::PerThread => {
                let legacy = self.context.legacy_point();
                if legacy.value > inner.seen_legacy {
                    inner.seen_legacy = legacy.value;
                    self.wait_in(inner, legacy)?;
                }
            }
            Kind::Legacy => {
                let mut points: SmallVec<[Ticket; 8]> = SmallVec::new();
                self.context.each_blocking(|stream| {
                    let value = stream.point.load(Ordering::Acquire);
                    points.push(Ticket { queue: stream.queue, value });
                });
                for ticket in points {
                    self.wait_in(inner, ticket)?;
                }
            }
        }
        Ok(())
    }

    fn wait_in(&self, inner: &mut Inner, ticket: Ticket) -> Result {
        if ticket.value != 0 && ticket.queue != self.queue {
            inner.lane.wait_for(ticket)?;
            inner.after.push(Point { lane: ticket.queue, value: ticket.value });
        }
        Ok(())
    }

    /// Later ops of this stream wait for a point of another lane of the same backend.
    pub(crate) fn wait_for(&self, ticket: Ticket) -> Result {
        if let Some(owed) = &self.context.device.owed {
            owed.wait(self.caller(), ticket);
        }
        let mut inner = self.inner.lock();
        self.wait_in(&mut inner, ticket)?;
        // Who is ordered behind this stream by the legacy rules is behind the wait too, even if no
        // op follows it: it becomes a submission of its own.
        if self.kind != Kind::NonBlocking {
            let ticket = inner.lane.last()?;
            self.publish(&inner, ticket.value);
        }
        Ok(())
    }

    /// Launches a prepared graph as one op of the live lane.
    ///
    /// may: 2 RMW (gates of stream and exec) and 1 of the backend's; no alloc, no syscall; O(1) in
    /// the size of the graph
    pub(crate) fn launch_exec(
        &self,
        exec: &mut stream_hal_scheduler::exec::Exec,
        handle: u64,
    ) -> Result<Ticket> {
        self.context.check()?;
        if self.kind == Kind::Legacy {
            capture::refuse_legacy(&self.context)?;
        }
        self.flush_others()?;
        let owed = self.begin_owed();
        let mut inner = self.inner.lock();
        self.order_with_legacy(&mut inner)?;
        let value = inner.lane.launch(exec)?;
        let op = Op::Graph { graph: handle, nodes: exec.len() as u64 };
        self.note(&mut inner, op, &[], value)?;
        self.publish(&inner, value);
        drop(inner);
        Ok(self.end_owed(owed, value))
    }

    /// The point that all work recorded so far reaches, handed over to the backend.
    pub fn point(&self) -> Result<Ticket> {
        let mut inner = self.inner.lock();
        let ticket = inner.lane.last()?;
        // Waits that no op followed became a submission of their own.
        self.publish(&inner, ticket.value);
        Ok(ticket)
    }

    /// Whether nothing recorded is pending.
    pub(crate) fn is_done(&self) -> bool {
        let reached = |ticket: Ticket| self.context.device.backend.completed(ticket.queue) >= ticket.value;
        self.point().is_ok_and(reached)
    }

    /// Waits until all work recorded so far is done.
    pub fn synchronize(self: &Arc<Stream>) -> Result {
        self.refuse_capturing("synchronising")?;
        for ticket in self.awaited()? {
            self.context.device.backend.wait(ticket);
        }
        dot::write_stream(self);
        self.context.check()
    }

    /// [`Error::NOT_READY`] while work recorded before is pending.
    pub fn query(&self) -> Result {
        self.refuse_capturing("querying")?;
        let backend = &self.context.device.backend;
        let pending = self.awaited()?.iter().any(|ticket| backend.completed(ticket.queue) < ticket.value);
        self.context.check()?;
        if pending { Err(Error::NOT_READY) } else { Ok(()) }
    }

    /// What a caller waits for: the lane's own point, and for the legacy stream those of all
    /// streams that its next op would wait for.
    fn awaited(&self) -> Result<SmallVec<[Ticket; 4]>> {
        let mut tickets = SmallVec::new();
        tickets.push(self.point()?);
        if self.kind == Kind::Legacy {
            let mut all = Ok(());
            self.context.each_blocking(|stream| match stream.point() {
                Ok(ticket) => tickets.push(ticket),
                Err(error) => all = Err(error),
            });
            all?;
        }
        Ok(tickets)
    }

    fn refuse_capturing(&self, doing: &'static str) -> Result {
        match self.session() {
            0 if self.kind == Kind::Legacy => capture::refuse_legacy(&self.context),
            0 => Ok(()),
            session => Err(capture::refuse(self, session, doing)),
        }
    }

    /// Whether anything was recorded since this was asked last.
    pub(crate) fn has_news(&self) -> bool {
        let mut inner = self.inner.lock();
        let recorded = inner.live.recorded();
        std::mem::replace(&mut inner.drawn, recorded) != recorded
    }

    /// Whether anything was recorded that a drawing could show.
    pub(crate) fn has_history(&self) -> bool {
        self.inner.lock().live.recorded() != 0
    }

    /// Holds the live DAG as it is now, finished ops taken out. No op is recorded meanwhile.
    pub fn hold(&self) -> Held<'_> {
        let mut inner = self.inner.lock();
        let completed = inner.lane.completed();
        inner.live.retire(completed);
        Held { inner, completed }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(owed) = &self.context.device.owed {
            owed.forget(self.queue);
        }
    }
}

/// A stream's live DAG, held still.
pub struct Held<'a> {
    inner: GateGuard<'a, Inner>,
    completed: u64,
}

impl Held<'_> {
    /// The live DAG: what is not done yet.
    pub fn live(&self) -> &Live {
        &self.inner.live
    }

    /// The lane's value when it was taken.
    pub fn completed(&self) -> u64 {
        self.completed
    }
}

/// Where an op was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// On the live lane; done when the ticket is reached.
    Live(Ticket),
    /// In a capture; the node in the captured graph.
    Captured(Node),
}

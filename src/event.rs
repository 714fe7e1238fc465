//! An event: a point of a lane, or a set of nodes of a capture.

use std::sync::Arc;

use stream_hal_capture::Op;
use stream_hal_scheduler::Ticket;
use stream_hal_scheduler::clock::stamps;

use crate::capture;
use crate::context::Context;
use crate::device::Device;
use crate::error::{Error, Result, What};
use crate::gate::Gate;
use crate::handle;
use crate::objects;
use crate::stream::{Done, Stream};

/// An event.
pub struct Event {
    context: Arc<Context>,
    handle: u64,
    /// The time stamp it sets; `None` if timing was disabled.
    stamp: Option<u32>,
    state: Gate<State>,
}

/// What the event was recorded on last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Never.
    Unrecorded,
    /// A live lane: its point and its stream's handle.
    Point { ticket: Ticket, stream: u64 },
    /// A capture session: the index of its dependency set.
    Captured { session: u64, set: u32 },
}

impl Event {
    /// A new event; with `timing` it can be asked for times.
    pub fn create(context: &Arc<Context>, timing: bool) -> Result<Arc<Event>> {
        context.check()?;
        let stamp = match timing {
            true => Some(
                stamps()
                    .allocate()
                    .ok_or_else(|| Error::new(What::OutOfMemory, "all time stamps are in use"))?,
            ),
            false => None,
        };
        let context = context.clone();
        let state = Gate::new(State::Unrecorded);
        objects::register(objects::events(), |handle| Event { context, handle, stamp, state })
    }

    /// Destroys the event; a pending record of it is done all the same.
    pub fn destroy(self: &Arc<Event>) -> Result {
        objects::remove(objects::events(), self.handle)?;
        if let State::Point { .. } = self.state() {
            self.context.retire(Box::new(self.clone()));
        }
        Ok(())
    }

    /// Its handle.
    pub fn handle(&self) -> u64 {
        self.handle
    }

    /// Its context.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// The index of its time stamp, [`Op::NO_STAMP`] without timing.
    pub fn stamp(&self) -> u32 {
        self.stamp.unwrap_or(Op::NO_STAMP)
    }

    pub(crate) fn state(&self) -> State {
        *self.state.lock()
    }

    /// Records the event after all work of the stream so far.
    pub fn record(&self, stream: &Stream) -> Result {
        // An event belongs to the context it was made in.
        if !Arc::ptr_eq(&self.context, stream.context()) {
            return Err(Error::of(
                What::InvalidHandle,
                "event",
                "event and stream are of different contexts",
            ));
        }
        let session = stream.session();
        if session != 0 {
            let set = capture::record_event(stream, session)?;
            *self.state.lock() = State::Captured { session, set };
            return Ok(());
        }
        let op = Op::EventRecord { event: self.handle(), stamp: self.stamp() };
        // The state is held across the record, so that two threads leave the later point.
        let mut state = self.state.lock();
        match stream.record(op, &[])? {
            Done::Live(ticket) => *state = State::Point { ticket, stream: stream.handle() },
            Done::Captured(_) => {
                return Err(Error::new(What::CaptureUnsupported, "a capture began on this stream meanwhile"));
            }
        }
        Ok(())
    }

    /// A graph launch recorded this event on its way.
    pub(crate) fn set_point(&self, ticket: Ticket, stream: &Stream) {
        *self.state.lock() = State::Point { ticket, stream: stream.handle() };
    }

    /// Later work of the stream waits for what the event was recorded on last.
    pub fn wait(&self, stream: &Arc<Stream>) -> Result {
        let session = stream.session();
        match self.state() {
            State::Unrecorded => Ok(()),
            State::Captured { session: captured, set } => capture::wait_event(stream, session, captured, set),
            // What is outside of a capture cannot become a dependency inside.
            State::Point { .. } if session != 0 => {
                let error = Error::of(
                    What::CaptureIsolation,
                    "event",
                    "the event was recorded outside of the capture",
                );
                Err(capture::break_with(session, error))
            }
            State::Point { ticket, stream: recorded } => self.wait_point(stream, ticket, recorded),
        }
    }

    fn wait_point(&self, stream: &Stream, ticket: Ticket, recorded: u64) -> Result {
        stream.context().check()?;
        let (ours, theirs) = (stream.context().device, self.context.device);
        hand_over(recorded, ticket, theirs)?;
        if ours.group == theirs.group {
            return stream.wait_for(ticket);
        }
        if theirs.backend.completed(ticket.queue) >= ticket.value {
            return Ok(());
        }
        Err(Error::of(
            What::NotSupported,
            "event",
            "pending work of another backend cannot be waited for yet",
        ))
    }

    /// [`Error::NOT_READY`] until what it was recorded on is done.
    pub fn query(&self) -> Result {
        match self.pending("querying")? {
            Some(_) => Err(Error::NOT_READY),
            None => self.context.check(),
        }
    }

    /// Waits until what it was recorded on is done.
    pub fn synchronize(&self) -> Result {
        if let Some(ticket) = self.pending("synchronising")? {
            self.context.device.backend.wait(ticket);
        }
        self.context.check()
    }

    fn pending(&self, doing: &'static str) -> Result<Option<Ticket>> {
        match self.state() {
            State::Unrecorded => Ok(None),
            State::Point { ticket, stream } => {
                hand_over(stream, ticket, self.context.device)?;
                let reached = self.context.device.backend.completed(ticket.queue) >= ticket.value;
                Ok(if reached { None } else { Some(ticket) })
            }
            State::Captured { session, .. } => Err(capture::refuse_event(session, doing)),
        }
    }

    /// Milliseconds from `self` to `end`. Both must be done and have timing.
    pub fn elapsed_ms(&self, end: &Event) -> Result<f32> {
        let stamp = |event: &Event, argument| -> Result<u64> {
            let stamp = event
                .stamp
                .ok_or_else(|| Error::of(What::InvalidHandle, argument, "the event has no timing"))?;
            match event.state() {
                State::Unrecorded => {
                    Err(Error::of(What::InvalidHandle, argument, "the event was never recorded"))
                }
                _ => event.query().map(|()| stamps().get(stamp)),
            }
        };
        let (start, end) = (stamp(self, "start")?, stamp(end, "end")?);
        Ok((end as f64 - start as f64) as f32 / 1e6)
    }
}

/// Hands over the open batch that a recorded event may be in. A stream that is gone was handed over.
#[inline]
fn hand_over(stream: u64, ticket: Ticket, device: &Device) -> Result {
    if device.backend.completed(ticket.queue) >= ticket.value {
        return Ok(());
    }
    let reading = handle::enter();
    match objects::get(objects::streams(), "hStream", stream, &reading) {
        Ok(stream) => stream.hand_over(),
        Err(_) => Ok(()),
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Some(stamp) = self.stamp {
            stamps().release(stamp);
        }
    }
}

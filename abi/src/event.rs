//! Events.

use std::ffi::{c_float, c_uint};

use stream_hal::Op;
use stream_hal::error::{Error, Result};
use stream_hal::event::Event;
use stream_hal::handle;
use stream_hal::rules::Api;

use crate::arg::{Handle, Out};
use crate::entry::{Cx, entries};

const BLOCKING: c_uint = 1;
const NO_TIMING: c_uint = 2;
const SHARED: c_uint = 4;
/// HIP's: no fence, release to the device, release to the system; at most one.
const RELEASES: c_uint = 0xe000_0000;
/// A record or wait becomes a node of its own in a capture.
const EXTERNAL: c_uint = 1;

fn create(cx: &Cx, event: Out<Handle>, flags: c_uint) -> Result {
    let place = event.place("phEvent")?;
    let known = BLOCKING | NO_TIMING | SHARED | if cx.symbol.api == Api::Hip { RELEASES } else { 0 };
    if flags & !known != 0 || (flags & RELEASES).count_ones() > 1 {
        return Err(Error::value("Flags", format!("{flags:#x} is no set of event flags")));
    }
    // An event for other processes takes no time.
    if flags & SHARED != 0 && flags & NO_TIMING == 0 {
        return Err(Error::value("Flags", "an interprocess event must have timing disabled"));
    }
    let event = Event::create(&cx.context()?, flags & NO_TIMING == 0)?;
    place.write(Handle(event.handle()));
    Ok(())
}

fn record(cx: &Cx, event: Handle, stream: Handle, flags: c_uint) -> Result {
    let reading = handle::enter();
    let event = cx.event_in(event, &reading)?;
    cx.on_stream(stream, |stream| match flags {
        EXTERNAL if stream.is_capturing() => {
            stream.record(Op::EventRecord { event: event.handle(), stamp: event.stamp() }, &[]).map(drop)
        }
        0 | EXTERNAL => event.record(stream),
        _ => Err(Error::value("flags", format!("{flags:#x} is no way of recording"))),
    })
}

entries! {
    fn cuEventCreate | hipEventCreateWithFlags (cx, event: Out<Handle>, flags: c_uint) {
        create(cx, event, flags)
    }

    fn hipEventCreate (cx, event: Out<Handle>) {
        create(cx, event, 0)
    }

    fn cuEventDestroy | cuEventDestroy_v2 | hipEventDestroy (cx, event: Handle) {
        cx.event(event)?.destroy()
    }

    fn cuEventRecord | cuEventRecord_ptsz | hipEventRecord | hipEventRecord_spt (
        cx, event: Handle, stream: Handle
    ) {
        record(cx, event, stream, 0)
    }

    fn cuEventRecordWithFlags | cuEventRecordWithFlags_ptsz | hipEventRecordWithFlags (
        cx, event: Handle, stream: Handle, flags: c_uint
    ) {
        record(cx, event, stream, flags)
    }

    fn cuEventQuery | hipEventQuery (cx, event: Handle) {
        cx.event_in(event, &handle::enter())?.query()
    }

    fn cuEventSynchronize | hipEventSynchronize (cx, event: Handle) {
        cx.event(event)?.synchronize()
    }

    fn cuEventElapsedTime | cuEventElapsedTime_v2 | hipEventElapsedTime (
        cx, milliseconds: Out<c_float>, start: Handle, end: Handle
    ) {
        let place = milliseconds.place("pMilliseconds")?;
        place.write(cx.event(start)?.elapsed_ms(&*cx.event(end)?)?);
        Ok(())
    }

    fn cuStreamWaitEvent | cuStreamWaitEvent_ptsz | hipStreamWaitEvent | hipStreamWaitEvent_spt (
        cx, stream: Handle, event: Handle, flags: c_uint
    ) {
        let reading = handle::enter();
        let event = cx.event_in(event, &reading)?;
        cx.on_stream(stream, |stream| match flags {
            EXTERNAL if stream.is_capturing() => {
                stream.record(Op::EventWait { event: event.handle() }, &[]).map(drop)
            }
            0 | EXTERNAL => event.wait(stream),
            _ => Err(Error::value("Flags", format!("{flags:#x} is no way of waiting"))),
        })
    }
}

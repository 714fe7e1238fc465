//! Streams.

use std::ffi::{c_int, c_uint};

use stream_hal::Op;
use stream_hal::error::{Error, Result, What};
use stream_hal::op::Host;
use stream_hal::stream::{Kind, Stream};

use crate::arg::{Address, Callback, Handle, In, Out, zero};
use crate::entry::{Cx, entries};

/// A stream's attributes that mean something here.
const SYNCHRONIZATION: c_uint = 3;
const PRIORITY: c_uint = 8;

fn create(cx: &Cx, stream: Out<Handle>, flags: c_uint, priority: c_int) -> Result {
    let place = stream.place("phStream")?;
    // Blocking or not; nothing else.
    if flags > 1 {
        return Err(Error::value("Flags", format!("{flags:#x} is no set of stream flags")));
    }
    let stream = Stream::create(&cx.context()?, flags == 0, priority)?;
    place.write(Handle(stream.handle()));
    Ok(())
}

fn flags(stream: &Stream) -> c_uint {
    c_uint::from(stream.kind() == Kind::NonBlocking)
}

entries! {
    fn cuStreamCreate | hipStreamCreateWithFlags (cx, stream: Out<Handle>, flags: c_uint) {
        create(cx, stream, flags, 0)
    }

    fn cuStreamCreateWithPriority | hipStreamCreateWithPriority (
        cx, stream: Out<Handle>, flags: c_uint, priority: c_int
    ) {
        create(cx, stream, flags, priority)
    }

    fn hipStreamCreate (cx, stream: Out<Handle>) {
        create(cx, stream, 0, 0)
    }

    fn cuStreamDestroy | cuStreamDestroy_v2 | hipStreamDestroy (cx, stream: Handle) {
        cx.stream(stream)?.destroy()
    }

    fn cuStreamQuery | cuStreamQuery_ptsz | hipStreamQuery | hipStreamQuery_spt (cx, stream: Handle) {
        cx.on_stream(stream, |stream| stream.query())
    }

    fn cuStreamSynchronize | cuStreamSynchronize_ptsz | hipStreamSynchronize | hipStreamSynchronize_spt (
        cx, stream: Handle
    ) {
        cx.stream(stream)?.synchronize()
    }

    fn cuStreamGetFlags | cuStreamGetFlags_ptsz | hipStreamGetFlags | hipStreamGetFlags_spt (
        cx, stream: Handle, answer: Out<c_uint>
    ) {
        let place = answer.place("flags")?;
        place.write(flags(&*cx.stream(stream)?));
        Ok(())
    }

    fn cuStreamGetPriority | cuStreamGetPriority_ptsz | hipStreamGetPriority | hipStreamGetPriority_spt (
        cx, stream: Handle, priority: Out<c_int>
    ) {
        let place = priority.place("priority")?;
        place.write(cx.stream(stream)?.priority());
        Ok(())
    }

    fn cuStreamGetId | cuStreamGetId_ptsz | hipStreamGetId (cx, stream: Handle, id: Out<u64>) {
        let place = id.place("streamId")?;
        place.write(cx.stream(stream)?.handle());
        Ok(())
    }

    fn cuStreamGetCtx | cuStreamGetCtx_ptsz (cx, stream: Handle, context: Out<Handle>) {
        let place = context.place("pctx")?;
        place.write(Handle(cx.stream(stream)?.context().handle()));
        Ok(())
    }

    // No stream is of a green context.
    fn cuStreamGetCtx_v2 | cuStreamGetCtx_v2_ptsz (
        cx, stream: Handle, context: Out<Handle>, green: Out<Handle>
    ) {
        let place = context.place("pCtx")?;
        place.write(Handle(cx.stream(stream)?.context().handle()));
        green.write(Handle(0));
        Ok(())
    }

    fn cuStreamGetDevice | cuStreamGetDevice_ptsz | hipStreamGetDevice (
        cx, stream: Handle, device: Out<c_int>
    ) {
        let place = device.place("device")?;
        place.write(cx.stream(stream)?.context().device.ordinal as c_int);
        Ok(())
    }

    fn cuStreamGetAttribute | cuStreamGetAttribute_ptsz | hipStreamGetAttribute (
        cx, stream: Handle, number: c_uint, value: Out<[u64; 8]>
    ) {
        let place = value.place("value_out")?;
        let stream = cx.stream(stream)?;
        let mut answer: [u64; 8] = zero();
        answer[0] = match number {
            // How the host waits: as the library sees fit.
            SYNCHRONIZATION => 1,
            PRIORITY => stream.priority() as u32 as u64,
            _ => return Err(no_attribute(number)),
        };
        place.write(answer);
        Ok(())
    }

    fn cuStreamSetAttribute | cuStreamSetAttribute_ptsz | hipStreamSetAttribute (
        cx, stream: Handle, number: c_uint, value: In<u32>
    ) {
        let value = value.get("value")?;
        let stream = cx.stream(stream)?;
        match number {
            SYNCHRONIZATION if (1..=4).contains(&value) => Ok(()),
            PRIORITY if value as c_int == stream.priority() => Ok(()),
            SYNCHRONIZATION => Err(Error::value("value", format!("{value} is no way of waiting"))),
            _ => Err(no_attribute(number)),
        }
    }

    // The attributes above are the same for all streams, or fixed.
    fn cuStreamCopyAttributes | cuStreamCopyAttributes_ptsz | hipStreamCopyAttributes (
        cx, to: Handle, from: Handle
    ) {
        cx.stream(to)?;
        cx.stream(from).map(drop)
    }

    fn cuLaunchHostFunc | cuLaunchHostFunc_ptsz | hipLaunchHostFunc | hipLaunchHostFunc_spt (
        cx, stream: Handle, function: Callback, data: Address
    ) {
        host(cx, stream, function, data)
    }

    // How the host waits for the function: as the library sees fit.
    fn cuLaunchHostFunc_v2 | cuLaunchHostFunc_v2_ptsz (
        cx, stream: Handle, function: Callback, data: Address, _mode: c_uint
    ) {
        host(cx, stream, function, data)
    }

    fn cuStreamAddCallback | cuStreamAddCallback_ptsz | hipStreamAddCallback | hipStreamAddCallback_spt (
        cx, stream: Handle, function: Callback, data: Address, flags: c_uint
    ) {
        let function = function.required("callback")?;
        if flags != 0 {
            return Err(Error::value("flags", "must be 0"));
        }
        cx.on_stream(stream, |stream| stream.call_back(function, data.0)).map(drop)
    }
}

fn host(cx: &Cx, stream: Handle, function: Callback, data: Address) -> Result {
    let op = Host { function: function.required("fn")?, data: data.0, form: Host::PLAIN, stream: 0 };
    cx.on_stream(stream, |stream| stream.record(Op::Host(op), &[])).map(drop)
}

fn no_attribute(number: c_uint) -> Error {
    Error::of(What::NotSupported, "attr", format!("stream attribute {number} is not implemented"))
}

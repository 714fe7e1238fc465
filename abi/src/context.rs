//! Contexts: making, stacking, asking.

use std::ffi::{c_int, c_uint};
use std::sync::Arc;

use stream_hal::context::Context;
use stream_hal::error::{Error, Result, What};
use stream_hal::rules::Current;
use stream_hal::thread;

use crate::arg::{Address, Handle, In, Out, truth};
use crate::device::{check_flags, limit, set_limit};
use crate::entry::{Cx, entries};
use crate::types::cuda::ContextParams;

/// Makes a context on a device and makes it current.
fn create(cx: &Cx, context: Out<Handle>, flags: c_uint, device: c_int) -> Result {
    let place = context.place("pctx")?;
    check_flags(flags)?;
    let device = cx.device(device)?;
    let context = match cx.rules.current {
        Current::Stack => Context::open(device, flags, false)?,
        // There is one context a device: the primary one.
        Current::Device => device.retain_primary()?,
    };
    place.write(Handle(context.handle()));
    thread::push(context);
    Ok(())
}

/// Takes the top context away, and says which it was.
fn pop(context: Out<Handle>) -> Result {
    thread::may_call()?;
    context.write(Handle(thread::pop()?.handle()));
    Ok(())
}

fn destroy(cx: &Cx, context: Handle) -> Result {
    let context = cx.context_of(context)?;
    if thread::top().is_some_and(|top| Arc::ptr_eq(&top, &context)) {
        thread::pop()?;
    }
    match (context.primary, cx.rules.current) {
        (true, Current::Device) => context.device.release_primary(),
        // The primary context is released, not destroyed.
        (true, Current::Stack) => {
            Err(Error::of(What::InvalidContext, "ctx", "the primary context is released, not destroyed"))
        }
        (false, _) => context.close(),
    }
}

/// The context whose handle goes out: null only where a thread may have none.
fn handle_of_current(cx: &Cx) -> Result<Handle> {
    match cx.rules.current {
        Current::Stack => {
            cx.runtime()?;
            Ok(Handle(thread::top().map_or(0, |context| context.handle())))
        }
        Current::Device => Ok(Handle(cx.context()?.handle())),
    }
}

entries! {
    fn cuCtxCreate | cuCtxCreate_v2 | hipCtxCreate (cx, context: Out<Handle>, flags: c_uint, device: c_int) {
        create(cx, context, flags, device)
    }

    // Shares of a device's cores cannot be asked for.
    fn cuCtxCreate_v3 (
        cx, context: Out<Handle>, _affinity: Address, count: c_int, flags: c_uint, device: c_int
    ) {
        match count {
            0 => create(cx, context, flags, device),
            _ => Err(Error::of(What::NotSupported, "paramsArray", "a share of the cores cannot be asked for")),
        }
    }

    fn cuCtxCreate_v4 (cx, context: Out<Handle>, params: In<ContextParams>, flags: c_uint, device: c_int) {
        match params.optional() {
            Some(params) if params.affinity_count != 0 || params.graphics != Address(0) => {
                Err(Error::of(What::NotSupported, "ctxCreateParams", "neither affinity nor graphics is there"))
            }
            _ => create(cx, context, flags, device),
        }
    }

    fn cuCtxDestroy | cuCtxDestroy_v2 | hipCtxDestroy (cx, context: Handle) {
        destroy(cx, context)
    }

    fn cuCtxPushCurrent | cuCtxPushCurrent_v2 | hipCtxPushCurrent (cx, context: Handle) {
        thread::push(cx.context_of(context)?);
        Ok(())
    }

    fn cuCtxPopCurrent | cuCtxPopCurrent_v2 | hipCtxPopCurrent (cx, context: Out<Handle>) {
        cx.runtime()?;
        pop(context)
    }

    fn cuCtxSetCurrent | hipCtxSetCurrent (cx, context: Handle) {
        cx.runtime()?;
        let context = if context.0 == 0 { None } else { Some(cx.context_of(context)?) };
        thread::set_current(context);
        Ok(())
    }

    fn cuCtxGetCurrent | hipCtxGetCurrent (cx, context: Out<Handle>) {
        let place = context.place("pctx")?;
        place.write(handle_of_current(cx)?);
        Ok(())
    }

    fn cuCtxGetDevice | hipCtxGetDevice (cx, device: Out<c_int>) {
        let place = device.place("device")?;
        place.write(cx.context()?.device.ordinal as c_int);
        Ok(())
    }

    fn cuCtxGetDevice_v2 (cx, device: Out<c_int>, context: Handle) {
        let place = device.place("device")?;
        place.write(cx.context_or_current(context)?.device.ordinal as c_int);
        Ok(())
    }

    fn cuCtxGetFlags | hipCtxGetFlags (cx, flags: Out<c_uint>) {
        let place = flags.place("flags")?;
        place.write(cx.context()?.flags());
        Ok(())
    }

    fn cuCtxGetId (cx, context: Handle, id: Out<u64>) {
        let place = id.place("ctxId")?;
        place.write(cx.context_or_current(context)?.handle());
        Ok(())
    }

    fn cuCtxGetApiVersion (cx, context: Handle, version: Out<c_uint>) {
        let place = version.place("version")?;
        cx.context_or_current(context)?;
        place.write(3020);
        Ok(())
    }

    fn cuCtxGetLimit (cx, value: Out<usize>, number: c_int) {
        let place = value.place("pvalue")?;
        place.write(limit(&*cx.context()?, number)? as usize);
        Ok(())
    }

    fn cuCtxSetLimit (cx, number: c_int, value: usize) {
        set_limit(&*cx.context()?, number, value as u64)
    }

    fn cuCtxSynchronize | hipCtxSynchronize (cx) {
        cx.context()?.synchronize()
    }

    fn cuCtxSynchronize_v2 (cx, context: Handle) {
        cx.context_or_current(context)?.synchronize()
    }

    // Hints about caches and banks: accepted, and there is nothing to do.
    fn cuCtxSetCacheConfig | cuCtxSetSharedMemConfig (cx, config: c_int) {
        match config {
            0..=3 => cx.context().map(drop),
            _ => Err(Error::value("config", format!("{config} is no configuration"))),
        }
    }

    fn cuCtxGetCacheConfig | cuCtxGetSharedMemConfig (cx, config: Out<c_int>) {
        let place = config.place("pconfig")?;
        cx.context()?;
        place.write(0);
        Ok(())
    }

    fn cuCtxResetPersistingL2Cache (cx) {
        cx.context().map(drop)
    }

    fn cuCtxEnablePeerAccess | hipCtxEnablePeerAccess (cx, peer: Handle, flags: c_uint) {
        if flags != 0 {
            return Err(Error::value("Flags", "must be 0"));
        }
        let (context, peer) = (cx.context()?, cx.context_of(peer)?);
        enable_peer(&context, &peer)
    }

    fn cuCtxDisablePeerAccess | hipCtxDisablePeerAccess (cx, peer: Handle) {
        cx.context()?.disable_peer(&*cx.context_of(peer)?)
    }

    fn hipDeviceEnablePeerAccess (cx, peer: c_int, flags: c_uint) {
        if flags != 0 {
            return Err(Error::value("flags", "must be 0"));
        }
        let peer = cx.device(peer)?.primary()?;
        let context = cx.context()?;
        enable_peer(&context, &peer)
    }

    fn hipDeviceDisablePeerAccess (cx, peer: c_int) {
        let peer = cx.device(peer)?.primary()?;
        cx.context()?.disable_peer(&peer)
    }

    fn cuDevicePrimaryCtxRetain | hipDevicePrimaryCtxRetain (cx, context: Out<Handle>, device: c_int) {
        let place = context.place("pctx")?;
        place.write(Handle(cx.device(device)?.retain_primary()?.handle()));
        Ok(())
    }

    fn cuDevicePrimaryCtxRelease | cuDevicePrimaryCtxRelease_v2 | hipDevicePrimaryCtxRelease (cx, device: c_int) {
        cx.device(device)?.release_primary()
    }

    fn cuDevicePrimaryCtxReset | cuDevicePrimaryCtxReset_v2 | hipDevicePrimaryCtxReset (cx, device: c_int) {
        cx.device(device)?.reset_primary()
    }

    fn cuDevicePrimaryCtxSetFlags | cuDevicePrimaryCtxSetFlags_v2 | hipDevicePrimaryCtxSetFlags (
        cx, device: c_int, flags: c_uint
    ) {
        check_flags(flags)?;
        cx.device(device)?.set_primary_flags(flags)
    }

    fn cuDevicePrimaryCtxGetState | hipDevicePrimaryCtxGetState (
        cx, device: c_int, flags: Out<c_uint>, active: Out<c_int>
    ) {
        let (flags, active) = (flags.place("flags")?, active.place("active")?);
        let (set, there) = cx.device(device)?.primary_state();
        flags.write(set);
        active.write(truth(there));
        Ok(())
    }
}

/// Peers are contexts of two devices that reach each other.
fn enable_peer(context: &Context, peer: &Context) -> Result {
    if !crate::device::reaches(context.device, peer.device) {
        return Err(Error::of(What::InvalidDevice, "peerContext", "the devices do not reach each other"));
    }
    context.enable_peer(peer)
}

//! What belongs to a thread: its current contexts, its default streams, its capture mode, its last refusal.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use stream_hal_backends as backends;

use crate::capture::Mode;
use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::rules::{Current, Rules};
use crate::runtime::{initialize, runtime};
use crate::stream::{Kind, Stream};

#[derive(Default)]
struct Thread {
    stack: RefCell<Vec<Arc<Context>>>,
    /// The default streams of this thread, one per context.
    streams: RefCell<Vec<Arc<Stream>>>,
    device: Cell<usize>,
    mode: Cell<Mode>,
    refusal: RefCell<Option<Error>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        for stream in self.streams.take() {
            let context = stream.context().clone();
            if !context.is_closed() {
                context.disown(&stream).ok();
                stream.abandon();
            }
        }
    }
}

thread_local! {
    static THREAD: Thread = Thread::default();
}

/// A number that names the calling thread.
pub fn id() -> u64 {
    thread_local!(static ID: u64 = {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    });
    ID.with(|id| *id)
}

/// Refused inside a host function: it runs in the place of device work.
#[inline]
pub fn may_call() -> Result {
    match backends::in_host_call() {
        false => Ok(()),
        true => Err(Error::new(What::NotPermitted, "a host function of a stream may not call the API")),
    }
}

/// The current context of the calling thread, shared.
pub fn current(rules: &Rules) -> Result<Arc<Context>> {
    with_current(rules, |context| Ok(context.clone()))
}

/// Calls `act` with the current context of the calling thread.
///
/// may: no RMW, no lock, no alloc, no syscall of its own
#[inline]
pub fn with_current<R>(rules: &Rules, act: impl FnOnce(&Arc<Context>) -> Result<R>) -> Result<R> {
    may_call()?;
    THREAD.with(|thread| {
        let stack = thread.stack.borrow();
        match stack.last() {
            Some(context) if !context.is_closed() => act(context),
            Some(_) => Err(Error::new(What::ContextIsDestroyed, "the current context was destroyed")),
            None => {
                drop(stack);
                act(&default_context(rules)?)
            }
        }
    })
}

#[cold]
fn default_context(rules: &Rules) -> Result<Arc<Context>> {
    match rules.current {
        Current::Stack => {
            runtime()?;
            Err(Error::new(What::InvalidContext, "no context is current in this thread"))
        }
        Current::Device => {
            let context = initialize()?.device(device() as i32)?.primary()?;
            THREAD.with(|thread| thread.stack.borrow_mut().push(context.clone()));
            Ok(context)
        }
    }
}

/// The top of the stack, if any, whatever its state.
pub fn top() -> Option<Arc<Context>> {
    THREAD.with(|thread| thread.stack.borrow().last().cloned())
}

/// Makes a context current on top of the others.
pub fn push(context: Arc<Context>) {
    THREAD.with(|thread| thread.stack.borrow_mut().push(context));
}

/// Takes the top context away.
pub fn pop() -> Result<Arc<Context>> {
    let top = THREAD.with(|thread| thread.stack.borrow_mut().pop());
    top.ok_or_else(|| Error::new(What::InvalidContext, "no context is current in this thread"))
}

/// Replaces the top context; `None` takes it away.
pub fn set_current(context: Option<Arc<Context>>) {
    THREAD.with(|thread| {
        let mut stack = thread.stack.borrow_mut();
        stack.pop();
        stack.extend(context);
    });
}

/// The device this thread chose; 0 at first.
pub fn device() -> usize {
    THREAD.with(|thread| match thread.stack.borrow().last() {
        Some(context) => context.device.ordinal,
        None => thread.device.get(),
    })
}

/// Chooses a device: its primary context becomes current.
pub fn set_device(ordinal: i32) -> Result {
    let device = initialize()?.device(ordinal)?;
    THREAD.with(|thread| thread.device.set(device.ordinal));
    set_current(Some(device.primary()?));
    Ok(())
}

/// This thread's default stream of a context; made at first use.
pub fn default_stream(context: &Arc<Context>) -> Result<Arc<Stream>> {
    THREAD.with(|thread| {
        let mut streams = thread.streams.borrow_mut();
        streams.retain(|stream| !stream.context().is_closed());
        if let Some(stream) = streams.iter().find(|stream| Arc::ptr_eq(stream.context(), context)) {
            return Ok(stream.clone());
        }
        let stream = Stream::open(context, Kind::PerThread, 0)?;
        context.adopt(stream.clone());
        streams.push(stream.clone());
        Ok(stream)
    })
}

/// The calling thread's capture mode.
pub fn mode() -> Mode {
    THREAD.with(|thread| thread.mode.get())
}

/// Exchanges the calling thread's capture mode.
pub fn exchange_mode(mode: Mode) -> Mode {
    THREAD.with(|thread| thread.mode.replace(mode))
}

/// Remembers a refusal so that it can be asked for in words.
#[cold]
pub fn remember(error: &Error) {
    THREAD.with(|thread| *thread.refusal.borrow_mut() = Some(error.clone()));
}

/// The last refusal of the calling thread, in words.
pub fn last_refusal() -> Option<Error> {
    THREAD.with(|thread| thread.refusal.borrow().clone())
}

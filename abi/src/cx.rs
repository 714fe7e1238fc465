//! From handles to objects, as a call sees them.

use std::ffi::c_int;
use std::sync::Arc;

use stream_hal::context::Context;
use stream_hal::device::Device;
use stream_hal::error::{Error, Result, What};
use stream_hal::event::Event;
use stream_hal::exec::GraphExec;
use stream_hal::graph::{self, Graph};
use stream_hal::handle::{self, Reading};
use stream_hal::module::{Function, Module};
use stream_hal::rules::Current;
use stream_hal::runtime::{Runtime, initialize, runtime};
use stream_hal::stream::Stream;
use stream_hal::{Node, objects, thread};

use crate::arg::Handle;
use crate::entry::Cx;

/// Streams that always exist, by the numbers that both APIs give them.
const LEGACY: u64 = 1;
const PER_THREAD: u64 = 2;

impl Cx {
    /// The runtime. HIP starts it at the first call; CUDA programs do so themselves.
    pub fn runtime(&self) -> Result<&'static Runtime> {
        thread::may_call()?;
        match self.rules.current {
            Current::Stack => runtime(),
            Current::Device => initialize(),
        }
    }

    /// The device of a number.
    pub fn device(&self, ordinal: c_int) -> Result<&'static Device> {
        self.runtime()?.device(ordinal)
    }

    /// The calling thread's context.
    #[inline]
    pub fn context(&self) -> Result<Arc<Context>> {
        thread::current(self.rules)
    }

    /// The context of a handle.
    pub fn context_of(&self, context: Handle) -> Result<Arc<Context>> {
        thread::may_call()?;
        objects::find(objects::contexts(), "ctx", context.0).map_err(|error| match error.what {
            // A context has an error of its own for this.
            What::InvalidHandle => Error { what: What::InvalidContext, ..error },
            _ => error,
        })
    }

    /// The context of a handle; the calling thread's for null.
    pub fn context_or_current(&self, context: Handle) -> Result<Arc<Context>> {
        if context.0 == 0 { self.context() } else { self.context_of(context) }
    }

    /// The stream of a handle, or the default stream that the number and the symbol mean.
    pub fn stream(&self, stream: Handle) -> Result<Arc<Stream>> {
        thread::may_call()?;
        match stream.0 {
            0 if self.symbol.per_thread => thread::default_stream(&self.context()?),
            0 | LEGACY => self.context()?.legacy(),
            PER_THREAD => thread::default_stream(&self.context()?),
            handle => objects::find(objects::streams(), "hStream", handle),
        }
    }

    /// Calls `record` with the stream of a handle. For calls that do not wait: a created stream is
    /// not counted up and down.
    #[inline]
    pub fn on_stream<R>(&self, stream: Handle, record: impl FnOnce(&Arc<Stream>) -> Result<R>) -> Result<R> {
        thread::may_call()?;
        self.on_stream_in(stream, &handle::enter(), record)
    }

    /// As [`Cx::on_stream`] in a call that was entered already, for work whose record asks itself
    /// whether the thread may call.
    #[inline]
    pub fn on_stream_in<R>(
        &self,
        stream: Handle,
        reading: &Reading,
        record: impl FnOnce(&Arc<Stream>) -> Result<R>,
    ) -> Result<R> {
        let default;
        let stream = match stream.0 {
            0..=PER_THREAD => {
                default = self.stream(stream)?;
                &default
            }
            handle => objects::get(objects::streams(), "hStream", handle, reading)?,
        };
        record(stream)
    }

    /// The event of a handle.
    pub fn event(&self, event: Handle) -> Result<Arc<Event>> {
        thread::may_call()?;
        objects::find(objects::events(), "hEvent", event.0)
    }

    /// The event of a handle for the length of a call that does not wait.
    #[inline]
    pub fn event_in<'r>(&self, event: Handle, reading: &'r Reading) -> Result<&'r Arc<Event>> {
        thread::may_call()?;
        objects::get(objects::events(), "hEvent", event.0, reading)
    }

    /// The module of a handle.
    pub fn module(&self, module: Handle) -> Result<Arc<Module>> {
        thread::may_call()?;
        objects::find(objects::modules(), "hmod", module.0)
    }

    /// The function of a handle.
    pub fn function(&self, function: Handle) -> Result<Arc<Function>> {
        thread::may_call()?;
        objects::find(objects::functions(), "hfunc", function.0)
    }

    /// The function of a handle for the length of a call.
    #[inline]
    pub fn function_in<'r>(&self, function: Handle, reading: &'r Reading) -> Result<&'r Arc<Function>> {
        objects::get(objects::functions(), "f", function.0, reading)
    }

    /// The graph of a handle. Graphs refuse with an invalid value, as both APIs say.
    pub fn graph(&self, argument: &'static str, graph: Handle) -> Result<Arc<Graph>> {
        thread::may_call()?;
        objects::find(objects::graphs(), argument, graph.0).map_err(as_value)
    }

    /// Calls `act` with the graph of a handle, which is not counted up and down. For calls that do
    /// not wait.
    #[inline]
    pub fn on_graph<R>(
        &self,
        argument: &'static str,
        graph: Handle,
        act: impl FnOnce(&Graph) -> Result<R>,
    ) -> Result<R> {
        thread::may_call()?;
        let reading = handle::enter();
        act(objects::get(objects::graphs(), argument, graph.0, &reading).map_err(as_value)?)
    }

    /// The exec of a handle.
    pub fn exec(&self, exec: Handle) -> Result<Arc<GraphExec>> {
        thread::may_call()?;
        objects::find(objects::execs(), "hGraphExec", exec.0).map_err(as_value)
    }

    /// The graph and node of a node's handle.
    pub fn node(&self, argument: &'static str, node: Handle) -> Result<(Arc<Graph>, Node)> {
        thread::may_call()?;
        graph::node(argument, node.0).map_err(as_value)
    }
}

/// Graph functions call a bad handle an invalid value.
#[cold]
fn as_value(error: Error) -> Error {
    match error.what {
        What::InvalidHandle => Error { what: What::InvalidValue, ..error },
        _ => error,
    }
}

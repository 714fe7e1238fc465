//! Streams and events.

use std::sync::Arc;

use bytemuck::Pod;
use stream_hal_capture::Op;
use stream_hal_capture::dot::Style;
use stream_hal_capture::op::{Copy, Direction, Fill};

use super::graph::{Graph, GraphExec};
use super::host::Key;
use super::{Buffer, Device, Kernel, Parameters, Shape};
use crate::capture::{self, Mode};
use crate::error::{Error, Result, What};
use crate::memory::{self, Wait};
use crate::{dot, event, launch, rules, stream};

/// A stream: work recorded on it runs in order, beside that of other streams.
///
/// While [`Stream::capture`] runs, the same calls record into a graph instead.
pub struct Stream {
    pub(crate) inner: Arc<stream::Stream>,
    device: Device,
}

impl Stream {
    pub(super) fn new(device: &Device) -> Result<Stream> {
        let inner = stream::Stream::create(&device.context, false, 0)?;
        Ok(Stream { inner, device: device.clone() })
    }

    /// Its device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Launches a kernel.
    ///
    /// # Errors
    /// [`What::InvalidValue`], [`What::LaunchOutOfResources`]: the shape or the parameters do not
    /// fit the kernel; nothing is recorded.
    ///
    /// # Safety
    /// The kernel reads and writes what its parameters point to: every address must stay allocated
    /// until the launch is done, and no other pending work may write what it accesses. In a capture
    /// that holds for every launch of the graph.
    pub unsafe fn launch(&self, kernel: &Kernel, shape: Shape, parameters: impl Parameters) -> Result {
        let packed = kernel.pack(&parameters)?;
        launch::launch(&self.inner, &kernel.function, &shape, &packed, &rules::CUDA).map(drop)
    }

    /// Copies `elements` to the start of `to`. They may be used again when the call returns.
    pub fn upload<T: Pod>(&self, to: &Buffer<T>, elements: &[T]) -> Result {
        let bytes = to.fits(elements.len())?;
        self.not_capturing("uploading borrowed memory")?;
        let from = elements.as_ptr() as u64;
        memory::copy(&self.inner, to.address(), from, bytes, Direction::HostToDevice, Wait::No)
    }

    /// Copies the start of `from` into `elements`. Waits for it.
    pub fn download<T: Pod>(&self, elements: &mut [T], from: &Buffer<T>) -> Result {
        let bytes = from.fits(elements.len())?;
        self.not_capturing("downloading into borrowed memory")?;
        let to = elements.as_mut_ptr() as u64;
        memory::copy(&self.inner, to, from.address(), bytes, Direction::DeviceToHost, Wait::No)
    }

    /// Copies all of `from` to the start of `to`.
    pub fn copy<T: Pod>(&self, to: &Buffer<T>, from: &Buffer<T>) -> Result {
        let bytes = to.fits(from.len())?;
        memory::copy(&self.inner, to.address(), from.address(), bytes, Direction::DeviceToDevice, Wait::No)
    }

    /// Copies `bytes` bytes between any two addresses, without waiting.
    ///
    /// # Safety
    /// Both ranges must stay valid, and unused by anyone else, until the copy is done; in a capture,
    /// for every launch of the graph.
    pub unsafe fn copy_raw(&self, to: u64, from: u64, bytes: u64) -> Result {
        let op = Op::Copy(Copy { to, from, bytes, direction: Direction::Unified });
        self.inner.record(op, &[]).map(drop)
    }

    /// Sets every byte of `to` to zero.
    pub fn clear<T: Pod>(&self, to: &Buffer<T>) -> Result {
        let (to, width) = (to.address(), to.bytes());
        let zero = Fill { to, pitch: 0, width, height: 1, value: 0, element_bytes: 1 };
        memory::fill(&self.inner, zero, Wait::No)
    }

    /// Calls `closure` on a thread of the runtime when all work before it is done. It must not call
    /// this library, and work behind it waits for it.
    pub fn host(&self, closure: impl Fn() + Send + Sync + 'static) -> Result {
        let key = Key::new(closure);
        match self.inner.record(key.op(), &[])? {
            stream::Done::Live(_) => self.device.context.retire(Box::new(key)),
            stream::Done::Captured(_) => capture::keep(&self.inner, Arc::new(key)),
        }
        Ok(())
    }

    /// Work recorded later waits until `event` is reached.
    pub fn wait(&self, event: &Event) -> Result {
        event.inner.wait(&self.inner)
    }

    /// Launches a graph.
    pub fn launch_graph(&self, exec: &GraphExec) -> Result {
        exec.inner.launch(&self.inner)
    }

    /// Records what `record` does on this stream, and on streams that wait for its events, into a
    /// graph instead of running it.
    ///
    /// # Errors
    /// What `record` returns, and what breaks a capture: [`What::CaptureUnjoined`],
    /// [`What::CaptureInvalidated`]. The stream is live again in any case.
    pub fn capture(&self, record: impl FnOnce(&Stream) -> Result) -> Result<Graph> {
        capture::begin(&self.inner, Mode::ThreadLocal, None)?;
        let recorded = record(self);
        let ended = capture::end(&self.inner);
        recorded?;
        Ok(Graph::of(&self.device, ended?))
    }

    /// Whether all work recorded so far is done.
    pub fn is_done(&self) -> Result<bool> {
        match self.inner.query() {
            Ok(()) => Ok(true),
            Err(error) if error.what == What::NotReady => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until all work recorded so far is done.
    pub fn synchronize(&self) -> Result {
        self.inner.synchronize()
    }

    /// A drawing of the stream's live DAG as it is now, in Graphviz' language.
    pub fn dot(&self) -> String {
        dot::streams(std::slice::from_ref(&self.inner), &Style::default())
    }

    fn not_capturing(&self, doing: &'static str) -> Result {
        match capture::info(&self.inner)? {
            None => Ok(()),
            Some(_) => {
                let because = format!("{doing} is not possible in a capture: use a buffer");
                Err(Error::new(What::CaptureUnsupported, because))
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Err(error) = self.inner.destroy() {
            tracing::warn!("a stream was not destroyed: {error}");
        }
    }
}

/// A point in the work of a stream.
pub struct Event {
    pub(super) inner: Arc<event::Event>,
}

impl Event {
    pub(super) fn new(device: &Device) -> Result<Event> {
        Ok(Event { inner: event::Event::create(&device.context, true)? })
    }

    /// Reached when all work recorded on `stream` so far is done.
    pub fn record(&self, stream: &Stream) -> Result {
        self.inner.record(&stream.inner)
    }

    /// Whether it is reached. An event that was never recorded is.
    pub fn is_done(&self) -> Result<bool> {
        match self.inner.query() {
            Ok(()) => Ok(true),
            Err(error) if error.what == What::NotReady => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Waits until it is reached.
    pub fn synchronize(&self) -> Result {
        self.inner.synchronize()
    }

    /// Milliseconds from this event to a later one. Both must be reached.
    pub fn elapsed_ms(&self, end: &Event) -> Result<f32> {
        self.inner.elapsed_ms(&end.inner)
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Err(error) = self.inner.destroy() {
            tracing::warn!("an event was not destroyed: {error}");
        }
    }
}

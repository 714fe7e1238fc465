//! The Rust API: devices, buffers, streams, events, modules, graphs. What it hands out is counted:
//! dropping the last holder waits for pending work where that is needed and gives the thing back.

mod buffer;
// Launches are `unsafe fn`: their contract is the caller's. Nothing unsafe is done here.
#[allow(unsafe_code)]
mod graph;
mod host;
mod kernel;
#[allow(unsafe_code)]
mod stream;

use std::sync::Arc;

pub use buffer::Buffer;
pub use graph::{Graph, GraphExec};
pub use kernel::{Kernel, Module, Parameter, Parameters};
pub use stream::{Event, Stream};

pub use crate::launch::Shape;

use crate::context::Context;
use crate::error::{Error, Result, What};
use crate::runtime::initialize;

/// A device and its primary context, in which everything made from it lives.
#[derive(Clone)]
pub struct Device {
    pub(crate) context: Arc<Context>,
}

impl Device {
    /// How many devices there are. Opens the backends at the first call.
    pub fn count() -> Result<usize> {
        Ok(initialize()?.devices.len())
    }

    /// The device of a number from 0 on.
    ///
    /// # Errors
    /// [`What::InvalidDevice`] if there is none of that number.
    pub fn open(ordinal: usize) -> Result<Device> {
        let ordinal = i32::try_from(ordinal)
            .map_err(|_| Error::of(What::InvalidDevice, "ordinal", "there are not so many devices"))?;
        Ok(Device { context: initialize()?.device(ordinal)?.primary()? })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.context.device.properties().name
    }

    /// Its memory in bytes: free, and in all.
    pub fn memory(&self) -> (u64, u64) {
        (self.context.device.free_memory(), self.context.device.properties().total_memory)
    }

    /// What else it is.
    pub fn properties(&self) -> &stream_hal_backends::Properties {
        self.context.device.properties()
    }

    /// A new stream, not ordered with any other.
    pub fn stream(&self) -> Result<Stream> {
        Stream::new(self)
    }

    /// A new event with timing.
    pub fn event(&self) -> Result<Event> {
        Event::new(self)
    }

    /// Loads device code: PTX text, or a container that holds it.
    ///
    /// # Errors
    /// [`What::InvalidPtx`] with `line:column: what` for each error, [`What::InvalidImage`],
    /// [`What::NoBinaryForDevice`].
    pub fn module(&self, image: impl AsRef<[u8]>) -> Result<Module> {
        Module::load(self, image.as_ref())
    }

    /// Device memory for `len` elements, all zero.
    pub fn buffer<T: bytemuck::Pod>(&self, len: usize) -> Result<Buffer<T>> {
        Buffer::zeroed(self, len)
    }

    /// Device memory that holds a copy of `elements`.
    pub fn upload<T: bytemuck::Pod>(&self, elements: &[T]) -> Result<Buffer<T>> {
        let buffer = Buffer::zeroed(self, elements.len())?;
        buffer.write(elements)?;
        Ok(buffer)
    }

    /// Waits for all work of all streams of the device's primary context.
    ///
    /// # Errors
    /// The first fault of device work; it stays, and every later call reports it.
    pub fn synchronize(&self) -> Result {
        self.context.synchronize()
    }
}

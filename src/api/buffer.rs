//! Device memory of one element type.

use std::marker::PhantomData;

use bytemuck::Pod;
use stream_hal_capture::op::{Direction, Fill};

use super::Device;
use crate::error::{Error, Result, What};
use crate::memory::{self, Wait};
use crate::rules;

/// Device memory for a number of elements. Dropping it waits for all pending work of all devices.
pub struct Buffer<T: Pod> {
    device: Device,
    address: u64,
    len: usize,
    elements: PhantomData<T>,
}

impl<T: Pod> Buffer<T> {
    pub(super) fn zeroed(device: &Device, len: usize) -> Result<Buffer<T>> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes != 0);
        let bytes = bytes.ok_or_else(|| Error::value("len", "the size is zero or overflows"))? as u64;
        let address = memory::allocate(&device.context, &rules::CUDA, bytes)?;
        let buffer = Buffer { device: device.clone(), address, len, elements: PhantomData };
        let zero = Fill { to: address, pitch: 0, width: bytes, height: 1, value: 0, element_bytes: 1 };
        let legacy = device.context.legacy()?;
        memory::fill(&legacy, zero, Wait::Yes)?;
        legacy.synchronize()?;
        Ok(buffer)
    }

    /// How many elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Never: a buffer has at least one element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The address that kernels see.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        (self.len * size_of::<T>()) as u64
    }

    /// Its device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Copies `elements` to the start of the buffer, after all work of blocking streams. Done when
    /// the call returns.
    ///
    /// # Errors
    /// [`What::InvalidValue`] if there are more elements than the buffer has.
    pub fn write(&self, elements: &[T]) -> Result {
        let bytes = self.fits(elements.len())?;
        let from = elements.as_ptr() as u64;
        let stream = &self.device.context.legacy()?;
        memory::copy(stream, self.address, from, bytes, Direction::HostToDevice, Wait::Yes)
    }

    /// A copy of all elements, after all work of the device.
    pub fn read(&self) -> Result<Vec<T>> {
        self.device.synchronize()?;
        let mut elements = vec![T::zeroed(); self.len];
        let read =
            self.device.context.device.driver.read(self.address, bytemuck::cast_slice_mut(&mut elements));
        read.map(|()| elements).map_err(Error::from)
    }

    /// The size in bytes of `len` elements, if they fit.
    pub(super) fn fits(&self, len: usize) -> Result<u64> {
        if len > self.len {
            let because = format!("{len} elements do not fit into {}", self.len);
            return Err(Error::of(What::InvalidValue, "elements", because));
        }
        Ok((len * size_of::<T>()) as u64)
    }
}

impl<T: Pod> Drop for Buffer<T> {
    fn drop(&mut self) {
        if let Err(error) = memory::free(self.address) {
            tracing::warn!("a buffer was not given back: {error}");
        }
    }
}

//! Opening the null device, and what it is.

use std::sync::Arc;

use super::Null;
use super::code;
use super::memory;
use crate::Options;
use crate::device::{Device, Error, Module, Opened, Place, Properties};

/// Opens the backend.
pub(crate) fn open(_options: &Options) -> Result<Opened, Error> {
    let device = NullDevice { memory: Arc::new(memory::new()), properties: describe() };
    Ok(Opened { devices: vec![Arc::new(device)], backend: Arc::new(Null::default()), checker: None })
}

fn describe() -> Properties {
    Properties {
        name: "null".into(),
        uuid: *b"stream-hal null\0",
        pci: [0; 3],
        compute_capability: (8, 0),
        architecture: "null".into(),
        total_memory: memory::TOTAL,
        warp_size: 32,
        multiprocessors: 1,
        max_threads_per_block: 1024,
        max_block: [1024, 1024, 64],
        max_grid: [i32::MAX as u32, 65_535, 65_535],
        shared_per_block: 48 << 10,
        shared_per_block_optin: 163 << 10,
        constant_memory: 64 << 10,
        registers_per_block: 65_536,
        max_threads_per_multiprocessor: 2048,
        clock_khz: 1_000_000,
        memory_clock_khz: 1_000_000,
        memory_bus_bits: 64,
        l2_bytes: 1 << 20,
        allocation_alignment: memory::ALIGNMENT as u32,
        integrated: true,
    }
}

struct NullDevice {
    memory: Arc<memory::Memory>,
    properties: Properties,
}

impl Device for NullDevice {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn free_memory(&self) -> u64 {
        self.memory.free_bytes()
    }

    fn alloc(&self, bytes: u64, place: Place) -> Result<u64, Error> {
        self.memory.alloc(bytes, place)
    }

    fn free(&self, address: u64, place: Place) -> Result<(), Error> {
        self.memory.free(address, place)
    }

    fn load_module(&self, image: &[u8]) -> Result<Arc<dyn Module>, Error> {
        Ok(Arc::new(code::load(&self.memory, image)?))
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), Error> {
        memory::read(address, into)
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), Error> {
        memory::write(address, from)
    }
}

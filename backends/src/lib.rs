//! Who does the work: null, cpu, and the checker over any of them.
//!
//! Backends know no stream, event or handle. [`Device`] is what the runtime uses to open devices,
//! hold memory and load modules; [`stream_hal_scheduler::Backend`] is what the scheduler uses.

pub mod device;

pub use device::{Device, Module, Opened, Properties};

/// What backends are opened with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How many CPU devices to show.
    pub cpu_devices: u32,
    /// Workers per CPU device; 0 is one per core.
    pub cpu_threads: u32,
    /// Run device work in a seeded legal order.
    pub seed: Option<u64>,
    /// Every allocation in guarded mappings of its own.
    pub memcheck: bool,
}

/// Opens a backend by its name.
pub fn open(name: &str, _options: &Options) -> Result<Opened, device::Error> {
    Err(device::Error::NotSupported(format!("there is no backend \"{name}\"")))
}

/// Whether the calling thread is inside a host function that a backend called.
pub fn in_host_call() -> bool {
    false
}

//! Who does the work: null, cpu, and the checker over any of them.
//!
//! Backends know no stream, event or handle. [`Device`] is what the runtime uses to open devices,
//! hold memory and load modules; [`stream_hal_scheduler::Backend`] is what the scheduler uses.

pub mod device;

pub use device::{Device, Module, Opened, Properties};

//! Who does the work: null, cpu, and the checker over any of them.
//!
//! Backends know no stream, event or handle. [`Device`] is what the runtime uses to open devices,
//! hold memory and load modules; [`stream_hal_scheduler::Backend`] is what the scheduler uses.

mod accesses;
pub mod checker;
mod cpu;
pub mod device;
mod null;

pub use accesses::{Accessed, Accesses};
pub use checker::Checker;
/// For tests of the compiler only.
#[doc(hidden)]
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use cpu::{Alone, Ground};
pub use device::{Device, Error, Module, Opened, Properties};

use std::sync::Arc;

/// What backends are opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How many CPU devices to show; 0 is one.
    pub cpu_devices: u32,
    /// Workers of the cpu backend; 0 is one per core.
    pub cpu_threads: u32,
    /// Run device work in a legal order drawn from this seed.
    pub seed: Option<u64>,
    /// Every allocation of the cpu backend in a guarded mapping of its own.
    pub memcheck: bool,
    /// Kernels are interpreted, not compiled.
    pub interpreter: bool,
    /// Who is told what each kernel of the cpu backend accessed; without it nothing is logged.
    pub accesses: Option<Accesses>,
}

/// Opens a backend by its name: `cpu`, `null`, or `checker+` one of them.
pub fn open(name: &str, options: &Options) -> Result<Opened, Error> {
    if let Some(inner) = name.strip_prefix("checker+") {
        let Opened { devices, backend, .. } = open(inner, options)?;
        let checker = Arc::new(Checker::new(backend));
        return Ok(Opened { devices, backend: checker.clone(), checker: Some(checker) });
    }
    match name {
        "cpu" => cpu::open(options),
        "null" if options.seed.is_some() => {
            Err(Error::NotSupported("null does no work that could be put in a seeded order".into()))
        }
        "null" => null::open(options),
        _ => Err(Error::NotSupported(format!("there is no backend \"{name}\""))),
    }
}

/// Whether the calling thread is inside a host function of the program that a backend called. API
/// calls are refused there.
#[inline]
pub fn in_host_call() -> bool {
    cpu::in_host_call()
}

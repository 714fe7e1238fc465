//! The process's devices: opened once, at initialisation.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use stream_hal_backends as backends;

use crate::device::Device;
use crate::error::{Error, Result, What};
use crate::owed::Owed;
use crate::settings::{Settings, settings};

/// All devices, in the order the program sees.
pub struct Runtime {
    /// The devices.
    pub devices: Vec<Device>,
}

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Opens the devices if that has not happened yet. Any number of threads may call it.
pub fn initialize() -> Result<&'static Runtime> {
    static OPENING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _one_at_a_time = OPENING.lock();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Runtime::open(settings())?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

/// The runtime; refused before initialisation.
#[inline]
pub fn runtime() -> Result<&'static Runtime> {
    RUNTIME.get().ok_or_else(|| Error::new(What::NotInitialized, "the driver was not initialised"))
}

impl Runtime {
    fn open(settings: &Settings) -> Result<Runtime> {
        let options = backends::Options {
            cpu_devices: settings.cpu_devices,
            cpu_threads: settings.cpu_threads,
            seed: settings.seed,
            memcheck: settings.memcheck,
            interpreter: settings.interpreter,
            accesses: None,
        };
        let chosen: Vec<&str> = match &settings.backends[..] {
            [] => vec!["cpu"],
            names => names.iter().map(String::as_str).collect(),
        };
        let mut devices = Vec::new();
        for (group, name) in chosen.iter().enumerate() {
            let opened = backends::open(name, &options)?;
            let owed = opened.checker.map(|checker| Arc::new(Owed::new(checker)));
            for (number, driver) in opened.devices.into_iter().enumerate() {
                let backend = opened.backend.clone();
                devices.push(Device::new(devices.len(), number as u32, group, backend, owed.clone(), driver));
            }
        }
        Ok(Runtime { devices })
    }

    /// A device by its number.
    pub fn device(&'static self, ordinal: i32) -> Result<&'static Device> {
        let device = usize::try_from(ordinal).ok().and_then(|ordinal| self.devices.get(ordinal));
        device.ok_or_else(|| {
            let there = self.devices.len();
            Error::of(
                What::InvalidDevice,
                "device",
                format!("there is no device {ordinal}, there are {there}"),
            )
        })
    }
}

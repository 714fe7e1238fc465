//! Opening the machine's processor as one or several devices, and what each of them is.

use std::fs;
use std::sync::Arc;
use std::thread;

use stream_hal_scheduler::Backend;

use super::access;
use super::code;
use super::memory::{self, Memory};
use super::sync::Engine;
use super::{Cpu, native, seeded, signal};
use crate::Options;
use crate::device::{Device, Error, Module, Opened, Place, Properties};

/// Opens the backend.
pub(crate) fn open(options: &Options) -> Result<Opened, Error> {
    open_with(options, native::Compiler::new(options))
}

/// The same with another compiler.
pub(super) fn open_with(options: &Options, compiler: native::Compiler) -> Result<Opened, Error> {
    signal::install();
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let threads = if options.cpu_threads == 0 { cores } else { options.cpu_threads }.clamp(1, 1024);
    let devices = options.cpu_devices.clamp(1, 64);
    let total = device_memory() / u64::from(devices);
    let memories = (0..devices).map(|_| Memory::new(total, options.memcheck)).collect();
    let engine = Arc::new(Engine::new(threads, memories, options.accesses.clone(), compiler));
    let properties = |number| describe(number, threads, total);
    let device = |number: u32| -> Arc<dyn Device> {
        Arc::new(Processor {
            engine: engine.clone(),
            number: number as usize,
            properties: properties(number),
        })
    };
    let devices = (0..devices).map(device).collect();
    let backend: Arc<dyn Backend> = match options.seed {
        Some(seed) => seeded::open(engine, seed),
        None => Arc::new(Cpu { engine }),
    };
    Ok(Opened { devices, backend, checker: None })
}

/// Three quarters of the machine's memory: the rest is for the program itself.
fn device_memory() -> u64 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: all zeros is a valid `sysinfo`.
        let mut info: libc::sysinfo = unsafe { std::mem::zeroed() };
        // SAFETY: `info` is writable.
        if unsafe { libc::sysinfo(&mut info) } == 0 {
            return (info.totalram * u64::from(info.mem_unit) / 4 * 3) & !4095;
        }
    }
    4 << 30
}

/// The value of the first line with this key in `/proc/cpuinfo`.
fn cpuinfo(key: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn describe(number: u32, threads: u32, total_memory: u64) -> Properties {
    let name = cpuinfo("model name").unwrap_or_else(|| "CPU".into());
    let clock_khz = cpuinfo("cpu MHz").and_then(|text| text.parse::<f64>().ok()).unwrap_or(1000.0) * 1000.0;
    let l2_bytes = cpuinfo("cache size")
        .and_then(|text| text.split(' ').next()?.parse::<u32>().ok())
        .map_or(1 << 20, |kib| kib.saturating_mul(1024));
    let mut uuid = *b"stream-hal cpu\0\0";
    uuid[14..].copy_from_slice(&(number as u16).to_be_bytes());
    Properties {
        name: if number == 0 { name } else { format!("{name} #{number}") },
        uuid,
        pci: [0, 0, number],
        compute_capability: (8, 0),
        architecture: "cpu".into(),
        total_memory,
        warp_size: 32,
        multiprocessors: threads,
        max_threads_per_block: 1024,
        max_block: [1024, 1024, 64],
        max_grid: [i32::MAX as u32, 65_535, 65_535],
        shared_per_block: 48 << 10,
        shared_per_block_optin: 163 << 10,
        constant_memory: 64 << 10,
        registers_per_block: 65_536,
        max_threads_per_multiprocessor: 2048,
        clock_khz: clock_khz as u32,
        memory_clock_khz: 1_600_000,
        memory_bus_bits: 128,
        l2_bytes,
        allocation_alignment: memory::ALIGNMENT as u32,
        integrated: true,
    }
}

/// The processor as one device.
struct Processor {
    engine: Arc<Engine>,
    number: usize,
    properties: Properties,
}

impl Processor {
    fn memory(&self) -> &Memory {
        &self.engine.memories[self.number]
    }
}

impl Device for Processor {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn free_memory(&self) -> u64 {
        self.memory().free_bytes()
    }

    fn alloc(&self, bytes: u64, place: Place) -> Result<u64, Error> {
        self.memory().alloc(bytes, place)
    }

    fn free(&self, address: u64, place: Place) -> Result<(), Error> {
        self.memory().free(address, place)
    }

    fn load_module(&self, image: &[u8]) -> Result<Arc<dyn Module>, Error> {
        Ok(Arc::new(code::load(&self.engine, self.number, image)?))
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), Error> {
        access::read(address, into).map_err(|fault| Error::Invalid(fault.to_string()))
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), Error> {
        access::write(address, from).map_err(|fault| Error::Invalid(fault.to_string()))
    }
}

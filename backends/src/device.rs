//! The contract between the runtime and a device: memory, modules, properties.

use std::sync::Arc;

use stream_hal_scheduler::Backend;

use crate::checker::Checker;

/// A backend that was opened: its devices, and the one scheduler contract they share.
pub struct Opened {
    /// The devices in order; a device's place is its number in `QueueOptions::device`.
    pub devices: Vec<Arc<dyn Device>>,
    /// Where work is submitted.
    pub backend: Arc<dyn Backend>,
    /// Where the backend is a checker: who is told of the order owed to the program.
    pub checker: Option<Arc<Checker>>,
}

/// What a device is. Sizes in bytes, clocks in kilohertz.
#[derive(Clone, Debug, PartialEq)]
pub struct Properties {
    /// As shown to people.
    pub name: String,
    /// 16 bytes, stable for this device on this machine.
    pub uuid: [u8; 16],
    /// PCI domain, bus, device; zeros where there is none.
    pub pci: [u32; 3],
    /// Compute capability reported to CUDA programs.
    pub compute_capability: (u32, u32),
    /// The architecture reported to HIP programs.
    pub architecture: String,
    /// Memory in all.
    pub total_memory: u64,
    /// Threads in a warp.
    pub warp_size: u32,
    /// Cores that run blocks side by side.
    pub multiprocessors: u32,
    /// Most threads of a block.
    pub max_threads_per_block: u32,
    /// Most threads of a block in x, y and z.
    pub max_block: [u32; 3],
    /// Most blocks of a grid in x, y and z.
    pub max_grid: [u32; 3],
    /// Shared memory of a block without opting in.
    pub shared_per_block: u32,
    /// Shared memory of a block with opting in.
    pub shared_per_block_optin: u32,
    /// Constant memory.
    pub constant_memory: u32,
    /// Registers of a block.
    pub registers_per_block: u32,
    /// Most threads resident on one multiprocessor.
    pub max_threads_per_multiprocessor: u32,
    /// Core clock.
    pub clock_khz: u32,
    /// Memory clock.
    pub memory_clock_khz: u32,
    /// Width of the memory bus in bits.
    pub memory_bus_bits: u32,
    /// Second-level cache.
    pub l2_bytes: u32,
    /// Alignment of allocations.
    pub allocation_alignment: u32,
    /// The device shares the host's memory.
    pub integrated: bool,
}

/// Why a device refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not there yet, or not possible on this device.
    #[error("not supported: {0}")]
    NotSupported(String),
    /// No memory for it.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The image is no form of device code that this device can read.
    #[error("invalid image: {0}")]
    InvalidImage(String),
    /// The image holds no code for this device.
    #[error("no code for this device: {0}")]
    NoBinaryForDevice(String),
    /// PTX with errors; `line:column: what` per line.
    #[error("invalid PTX: {0}")]
    InvalidPtx(String),
    /// The address or object is not this device's.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The device is gone.
    #[error("device lost: {0}")]
    DeviceLost(String),
}

/// A kernel of a loaded module.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// The symbol.
    pub name: String,
    /// The backend's index: goes into `op::Launch::code`.
    pub code: u32,
    /// Each parameter's place in the packed buffer, in order.
    pub parameters: Vec<Parameter>,
    /// Size of the packed parameters in bytes.
    pub parameter_bytes: u32,
    /// Static shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// Local memory of a thread in bytes.
    pub local_bytes: u32,
    /// Constant memory of the module in bytes.
    pub constant_bytes: u32,
    /// Registers of a thread.
    pub registers: u32,
    /// Most threads of a block for this kernel.
    pub max_threads_per_block: u32,
    /// The block size it must be launched with, if it says so.
    pub required_block: Option<[u32; 3]>,
    /// PTX version and binary version times ten.
    pub ptx_version: u32,
    /// Why it cannot be launched on this device, if so.
    pub refusal: Option<String>,
}

/// One kernel parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Offset in the packed parameters.
    pub offset: u32,
    /// Size in bytes.
    pub bytes: u32,
}

/// A variable of a loaded module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// The symbol.
    pub name: String,
    /// Its device address.
    pub address: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A loaded module. Dropping it unloads the code: the runtime drops it when nothing can run it any more.
pub trait Module: Send + Sync {
    /// Names of all kernels, in the image's order.
    fn kernels(&self) -> &[String];

    /// Reads all code now, and says everything that is wrong with it.
    fn check(&self) -> Result<(), Error>;

    /// A kernel by its index in [`Module::kernels`]. The first call may read and translate its code, and says what is
    /// wrong with it.
    fn kernel(&self, index: usize) -> Result<Kernel, Error>;

    /// All variables, in the image's order.
    fn globals(&self) -> &[Global];
}

/// Where host memory is pinned and what it may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The device's own memory.
    Device,
    /// Host memory that the device reads and writes at the same address.
    Host,
}

/// A device.
pub trait Device: Send + Sync {
    /// What it is.
    fn properties(&self) -> &Properties;

    /// Memory not yet allocated, in bytes.
    fn free_memory(&self) -> u64;

    /// Memory of at least `bytes` (not 0), aligned to `allocation_alignment`. Its contents are undefined.
    fn alloc(&self, bytes: u64, place: Place) -> Result<u64, Error>;

    /// Gives memory back. `address` is what [`Device::alloc`] gave; no work on it is pending.
    fn free(&self, address: u64, place: Place) -> Result<(), Error>;

    /// Loads device code from an image in any of the forms `stream_hal_kernels::image` reads.
    fn load_module(&self, image: &[u8]) -> Result<Arc<dyn Module>, Error>;

    /// Reads memory from the calling thread, device or host, checked: `Err` where nothing is mapped.
    /// Only while no work on those bytes is pending.
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), Error>;

    /// Writes memory from the calling thread, checked like [`Device::read`].
    fn write(&self, address: u64, from: &[u8]) -> Result<(), Error>;
}

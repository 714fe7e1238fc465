//! Loaded modules: PTX read, variables placed in device memory, kernels under numbers.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use stream_hal_kernels::{self as kernels, image};

use super::access;
use super::native;
use super::sync::Engine;
use crate::device::{Error, Global, Kernel, Module, Parameter, Place};

const CHUNK: usize = 1024;
const CHUNKS: usize = 4096;
/// Numbers of unloaded kernels rest until this many others were unloaded.
const REST: usize = 1024;

/// A kernel as a launch finds it.
pub(super) struct LoadedKernel {
    pub(super) program: Arc<kernels::Program>,
    /// Its index in the module.
    pub(super) index: usize,
    /// The device whose memory the module's variables lie in.
    pub(super) device: usize,
    /// As machine code.
    pub(super) versions: native::Cache,
}

type Chunk = Box<[AtomicPtr<LoadedKernel>]>;

/// Kernels by number. Chunks never move, so a look-up takes no lock.
pub(super) struct CodeTable {
    chunks: Box<[OnceLock<Chunk>]>,
    numbers: Mutex<Numbers>,
}

#[derive(Default)]
struct Numbers {
    fresh: u32,
    released: std::collections::VecDeque<u32>,
}

impl Default for CodeTable {
    fn default() -> Self {
        let chunks = (0..CHUNKS).map(|_| OnceLock::new()).collect();
        CodeTable { chunks, numbers: Mutex::default() }
    }
}

impl CodeTable {
    /// The kernel with this number. The runtime unloads a module only when nothing can run it any more.
    #[inline]
    pub(super) fn get(&self, code: u32) -> Option<&LoadedKernel> {
        let chunk = self.chunks.get(code as usize / CHUNK)?.get()?;
        let kernel = chunk[code as usize % CHUNK].load(Ordering::Acquire);
        // SAFETY: null or a box that lives until `remove`, which the runtime calls after the last use.
        unsafe { kernel.as_ref() }
    }

    fn insert(&self, kernel: LoadedKernel) -> Result<u32, Error> {
        let mut numbers = self.numbers.lock();
        let code = match numbers.released.len() {
            n if n > REST => numbers.released.pop_front().expect("it is not empty"),
            _ if (numbers.fresh as usize) < CHUNK * CHUNKS => {
                numbers.fresh += 1;
                numbers.fresh - 1
            }
            _ => numbers
                .released
                .pop_front()
                .ok_or_else(|| Error::OutOfMemory(format!("{} kernels are loaded", CHUNK * CHUNKS)))?,
        };
        drop(numbers);
        let empty = || (0..CHUNK).map(|_| AtomicPtr::new(ptr::null_mut())).collect();
        let chunk = self.chunks[code as usize / CHUNK].get_or_init(empty);
        chunk[code as usize % CHUNK].store(Box::into_raw(Box::new(kernel)), Ordering::Release);
        Ok(code)
    }

    fn remove(&self, code: u32) {
        let Some(chunk) = self.chunks.get(code as usize / CHUNK).and_then(OnceLock::get) else { return };
        let kernel = chunk[code as usize % CHUNK].swap(ptr::null_mut(), Ordering::AcqRel);
        if !kernel.is_null() {
            // SAFETY: made by `insert` from a box; taken out of the table once.
            drop(unsafe { Box::from_raw(kernel) });
            self.numbers.lock().released.push_back(code);
        }
    }
}

impl Drop for CodeTable {
    fn drop(&mut self) {
        for code in 0..self.numbers.lock().fresh {
            self.remove(code);
        }
    }
}

/// A module on one device.
pub(super) struct Loaded {
    engine: Arc<Engine>,
    device: usize,
    /// Once its variables have their places.
    program: Option<Arc<kernels::Program>>,
    names: Vec<String>,
    /// The number of each kernel.
    codes: Vec<u32>,
    globals: Vec<Global>,
    /// What was allocated for variables.
    allocations: Vec<u64>,
}

impl Module for Loaded {
    fn kernels(&self) -> &[String] {
        &self.names
    }

    fn check(&self) -> Result<(), Error> {
        self.program.as_ref().map_or(Ok(()), |program| check(program.module()))
    }

    fn kernel(&self, index: usize) -> Result<Kernel, Error> {
        match (&self.program, self.codes.get(index)) {
            (Some(program), Some(&code)) => describe(program.module(), index, code),
            _ => Err(Error::Invalid(format!("kernel {index} of {}", self.codes.len()))),
        }
    }

    fn globals(&self) -> &[Global] {
        &self.globals
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        for &code in &self.codes {
            self.engine.code.remove(code);
        }
        for &address in &self.allocations {
            if let Err(error) = self.engine.memories[self.device].free(address, Place::Device) {
                tracing::error!(%error, "a module's variable could not be freed");
            }
        }
    }
}

/// Reads an image and gives its variables their places on a device. Kernels are translated when they are first asked for.
pub(super) fn load(engine: &Arc<Engine>, device: usize, image: &[u8]) -> Result<Loaded, Error> {
    let module = Arc::new(parse(image)?);
    // From here on dropping `loaded` gives everything back.
    let mut loaded = Loaded {
        engine: engine.clone(),
        device,
        program: None,
        names: vec![],
        codes: vec![],
        globals: vec![],
        allocations: vec![],
    };
    let addresses = loaded.place_globals(&module)?;
    loaded.initialise(&module, &addresses)?;
    let program = module.clone().link(&addresses).map_err(|errors| invalid(&errors))?;
    let program = Arc::new(program);
    for (index, kernel) in module.kernels().iter().enumerate() {
        let (program, versions) = (program.clone(), native::Cache::default());
        loaded.codes.push(engine.code.insert(LoadedKernel { program, index, device, versions })?);
        loaded.names.push(kernel.name.clone());
    }
    loaded.program = Some(program);
    Ok(loaded)
}

/// Reads the device code of an image, as far as its module level goes.
pub(crate) fn parse(image: &[u8]) -> Result<kernels::Module, Error> {
    let text = image::ptx(image).map_err(refused)?;
    kernels::Module::parse(&text).map_err(|errors| invalid(&errors))
}

/// Reads all of it.
pub(crate) fn check(module: &kernels::Module) -> Result<(), Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    module.check(threads).map_err(|errors| invalid(&errors))
}

fn invalid(errors: &kernels::Errors) -> Error {
    Error::InvalidPtx(errors.to_string())
}

fn refused(error: image::Error) -> Error {
    match error {
        image::Error::NoCode { .. } => Error::NoBinaryForDevice(error.to_string()),
        image::Error::Unsupported { .. } => Error::NotSupported(error.to_string()),
        _ => Error::InvalidImage(error.to_string()),
    }
}

fn constant_bytes(module: &kernels::Module) -> u32 {
    let constants = module.globals().iter().filter(|global| global.space == kernels::module::Space::Const);
    let bytes = constants.fold(0u64, |all, global| all.saturating_add(global.bytes));
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Loaded {
    fn place_globals(&mut self, module: &kernels::Module) -> Result<Vec<u64>, Error> {
        let mut addresses = Vec::new();
        for global in module.globals() {
            if global.external {
                return Err(Error::NotSupported(format!("{} is defined in another module", global.name)));
            }
            let address = self.engine.memories[self.device].alloc(global.bytes.max(1), Place::Device)?;
            self.allocations.push(address);
            addresses.push(address);
            if global.visible {
                let name = global.name.clone();
                self.globals.push(Global { name, address, bytes: global.bytes });
            }
        }
        Ok(addresses)
    }

    fn initialise(&self, module: &kernels::Module, addresses: &[u64]) -> Result<(), Error> {
        let faulty = |fault: kernels::MemoryFault| Error::OutOfMemory(fault.to_string());
        for (global, &address) in module.globals().iter().zip(addresses) {
            access::fill(address, 0, global.bytes).map_err(faulty)?;
            access::write(address, &global.initial).map_err(faulty)?;
            for relocation in &global.relocations {
                let symbol = &relocation.symbol;
                let target = module.resolve(symbol, addresses).ok_or_else(|| {
                    Error::InvalidPtx(format!("{} refers to {symbol}, which is not there", global.name))
                })?;
                let (value, bytes) = relocation.value(target);
                access::write(address + relocation.offset, &value[..bytes]).map_err(faulty)?;
            }
        }
        Ok(())
    }
}

/// What the application is told about a kernel.
pub(crate) fn describe(module: &kernels::Module, index: usize, code: u32) -> Result<Kernel, Error> {
    let (major, minor) = module.version();
    let none = || Error::Invalid(format!("kernel {index} of {}", module.kernels().len()));
    let kernel = module.kernels().get(index).ok_or_else(none)?;
    let resources = module.resources(index).map_err(invalid)?;
    let refused = |one: &kernels::Unsupported| format!("line {}: {} is not supported", one.line, one.form);
    let place = |one: &kernels::module::Parameter| Parameter { offset: one.offset, bytes: one.bytes };
    Ok(Kernel {
        name: kernel.name.clone(),
        code,
        parameters: kernel.parameters.iter().map(place).collect(),
        parameter_bytes: kernel.parameter_bytes,
        shared_bytes: resources.shared_bytes,
        local_bytes: resources.local_bytes,
        constant_bytes: constant_bytes(module),
        registers: resources.registers,
        max_threads_per_block: kernel.max_threads,
        required_block: kernel.required_block,
        ptx_version: major * 10 + minor,
        refusal: resources.unsupported.as_ref().map(refused).or_else(|| too_much_local(resources)),
    })
}

fn too_much_local(resources: &kernels::Resources) -> Option<String> {
    let (bytes, most) = (resources.local_bytes, kernels::MOST_LOCAL);
    (bytes > most).then(|| format!("{bytes} bytes of local memory a thread, more than {most}"))
}

//! A linked program: a module with addresses, whose blocks can be run; and what it asks of the side that runs it.

use std::sync::{Arc, OnceLock};

use crate::fault::{FaultKind, KernelFault};
use crate::interp::block::{Target, misfit};
use crate::interp::{Scratch, code};
use crate::memory::Memory;
use crate::module::{Errors, Module, Unsupported};

/// One launch as every block of it sees it.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// Blocks in x, y and z; each at least 1.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z; each at least 1, 1,024 in all at most.
    pub block: [u32; 3],
    /// Dynamic shared memory of a block in bytes, besides the static.
    pub shared_bytes: u32,
    /// The packed parameters, at least [`Kernel::parameter_bytes`].
    pub parameters: &'a [u8],
    /// Launched as cooperative: `workspace` is set.
    pub cooperative: bool,
    /// For cooperative launches the address of 64 bytes of device memory, zero before the first block runs: the
    /// grid's barrier lives there.
    pub workspace: u64,
    /// Bytes of stack of a thread for kernels with recursion or calls through pointers; 0 for the default of 16 KiB.
    pub stack_bytes: u32,
    /// A number of this launch (`%gridid`).
    pub id: u64,
    /// The processor that runs the block, and how many there are (`%smid`, `%nsmid`).
    pub processor: [u32; 2],
}

impl Default for Launch<'_> {
    fn default() -> Self {
        Launch {
            grid: [1; 3],
            block: [1; 3],
            shared_bytes: 0,
            parameters: &[],
            cooperative: false,
            workspace: 0,
            stack_bytes: 0,
            id: 0,
            processor: [0, 1],
        }
    }
}

/// What kernels ask of the side that runs them.
pub trait Host: Sync {
    /// The formatted text of one `printf` call of one thread.
    fn print(&self, text: &[u8]);

    /// What is said about one thread's failed assertion, a line.
    fn complain(&self, _text: &[u8]) {}

    /// Nanoseconds of the device's clock (`%globaltimer`, `%clock64`).
    fn clock_ns(&self) -> u64;

    /// Asked now and then: true abandons the kernel with [`crate::FaultKind::Stopped`].
    fn should_stop(&self) -> bool;

    /// Device-side `malloc`: 16-byte aligned memory, or 0.
    fn malloc(&self, _bytes: u64) -> u64 {
        0
    }

    /// Device-side `free` of what [`Host::malloc`] gave.
    fn free(&self, _address: u64) {}

    /// `cudaGraphSetConditional`: the value of a conditional node's handle. False: there is no such thing here.
    fn set_conditional(&self, _handle: u64, _value: u32) -> bool {
        false
    }
}

/// How far [`Program::resume_block`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All threads of the block have exited.
    Done,
    /// Its threads only spin: other blocks should run before it is resumed.
    Yielded,
}

/// A module with addresses: its kernels can be run, block by block, from any thread.
#[derive(Debug)]
pub struct Program {
    module: Arc<Module>,
    addresses: Vec<u64>,
    /// For each kernel its code, made at its first block.
    code: Vec<OnceLock<code::Program>>,
}

impl Program {
    pub(crate) fn new(module: Arc<Module>, addresses: &[u64]) -> Program {
        let code = module.kernels().iter().map(|_| OnceLock::new()).collect();
        Program { module, addresses: addresses.to_vec(), code }
    }

    /// Where the module's variables lie.
    pub(crate) fn addresses(&self) -> &[u64] {
        &self.addresses
    }

    /// The module it was made from.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Runs one block from start to end on the calling thread. `kernel` is an index into [`Module::kernels`]; for one
    /// that is none the launch is invalid.
    ///
    /// Needs little stack of the caller, whatever the kernel does. No heap allocation when `scratch` has run a block
    /// of this kernel and shape before.
    pub fn run_block(
        &self,
        kernel: usize,
        launch: &Launch<'_>,
        block: [u32; 3],
        memory: &dyn Memory,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> Result<(), KernelFault> {
        self.start_block(kernel, launch, block, scratch)?;
        while self.resume_block(launch, memory, host, scratch)? == Progress::Yielded {
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Sets a block up in `scratch` without running it. Blocks of a cooperative launch are all started, each in its
    /// own scratch, then resumed in turn until each is done; so one thread can run any number of them.
    pub fn start_block(
        &self,
        kernel: usize,
        launch: &Launch<'_>,
        block: [u32; 3],
        scratch: &mut Scratch,
    ) -> Result<(), KernelFault> {
        scratch.forget();
        self.target(kernel)?.start(launch, block, scratch)
    }

    /// Runs the block that was started in `scratch` until it is done or only spins.
    pub fn resume_block(
        &self,
        launch: &Launch<'_>,
        memory: &dyn Memory,
        host: &dyn Host,
        scratch: &mut Scratch,
    ) -> Result<Progress, KernelFault> {
        self.target(scratch.kernel())?.resume(launch, memory, host, scratch)
    }

    /// Whether a launch fits the kernel's header: block size, parameters, shared memory. What runs blocks asks by itself;
    /// this is for who runs them in another way.
    pub fn check_launch(&self, kernel: usize, launch: &Launch<'_>) -> Result<(), KernelFault> {
        let kernels = self.module.kernels();
        let none = || invalid(String::new(), 0, format!("kernel {kernel} of {}", kernels.len()));
        let kernel = kernels.get(kernel).ok_or_else(none)?;
        misfit(kernel, launch).map_err(|words| invalid(kernel.name.clone(), 0, words))?;
        Ok(())
    }

    fn target(&self, index: usize) -> Result<Target<'_>, KernelFault> {
        let kernels = self.module.kernels();
        let none = || format!("kernel {index} of {}", kernels.len());
        let kernel = kernels.get(index).ok_or_else(|| invalid(String::new(), 0, none()))?;
        if let Some(code) = self.code[index].get() {
            return Ok(Target { code, index, kernel });
        }
        let wrong = |errors: &Errors| {
            let first = errors.0.first();
            let words = first.map_or_else(String::new, |error| error.what.clone());
            invalid(kernel.name.clone(), first.map_or(0, |error| error.line), words)
        };
        let resources = self.module.resources(index).map_err(wrong)?;
        if let Some(Unsupported { form, line }) = &resources.unsupported {
            let mut fault = invalid(kernel.name.clone(), *line, format!("{form} is not supported"));
            fault.kind = FaultKind::Unsupported;
            return Err(fault);
        }
        let code = self.module.decode(index, &self.addresses).map_err(wrong)?;
        Ok(Target { code: self.code[index].get_or_init(|| code), index, kernel })
    }
}

#[cold]
fn invalid(kernel: String, line: u32, words: String) -> KernelFault {
    let kind = FaultKind::InvalidLaunch;
    KernelFault { kind, kernel, block: [0; 3], thread: [0; 3], line, address: 0, words }
}

//! A compiled kernel on the calling thread alone, with a host of the caller's and no device: for tests of the compiler.

use std::panic;
use std::sync::atomic::AtomicU32;

use stream_hal_kernels::compile::runtime::Allocations;
use stream_hal_kernels::compile::{Code, Refusal, Target};
use stream_hal_kernels::{FaultKind, Host, KernelFault, Launch, Program};

use super::super::floats::FloatState;
use super::super::signal;
use super::arena::Arena;
use super::check::Own;
use super::code::Native;
use super::session::{self, Ended, Session};
use super::{reenact, wary};

/// A compiled kernel in its place.
pub struct Alone(Native);

/// What a launch is run with.
pub struct Ground<'g> {
    /// The kernel's program.
    pub program: &'g Program,
    /// Its index there.
    pub kernel: usize,
    /// The other side.
    pub host: &'g dyn Host,
    /// Not 0: the kernel is to stop.
    pub stop: &'g AtomicU32,
    /// What may be accessed besides the block's own memory, if accesses are checked.
    pub allocations: Option<&'g dyn Allocations>,
}

impl Alone {
    /// This machine, if the compiler makes code for it.
    pub fn target() -> Option<Target> {
        super::target()
    }

    /// Puts code where it can be run.
    pub fn new(code: Code) -> Result<Alone, Refusal> {
        signal::install();
        Native::new(code).map(Alone)
    }

    /// The code, without its bytes.
    pub fn code(&self) -> &Code {
        &self.0.code
    }

    /// Runs all blocks of a launch, in order, until one faults.
    ///
    /// # Safety
    /// The code is of a kernel and a block size that the launch fits, and nobody minds what the kernel accesses.
    pub unsafe fn run(&self, launch: &Launch<'_>, ground: &Ground<'_>) -> Result<(), KernelFault> {
        let mut arena = Arena::take().map_err(|error| ground.trouble(error.to_string()))?;
        let set_up = session::set_up(&mut arena, &self.0, launch, ground.stop);
        set_up.map_err(|error| ground.trouble(error.to_string()))?;
        let own = Own::new(&arena, launch, self.0.code.local_bytes);
        let bounds = ground.allocations.map(|others| Bounds { own, others });
        let name = ground.name();
        let allocations = bounds.as_ref().map(|bounds| bounds as _);
        let session = Session { native: &self.0, name, launch, host: ground.host, allocations };
        let blocks: u64 = launch.grid.iter().map(|&side| u64::from(side)).product();
        let mut first = 0;
        let ended = loop {
            let floats = FloatState::of_kernels(self.0.code.flush);
            // SAFETY: the caller's promise; the context was set up.
            let ended = unsafe { session.run(&mut arena, first, blocks - first) };
            drop(floats);
            let Ended::Wrapped(block) = ended else { break ended };
            if let Err(fault) = wary::interpret(ground.program, ground.kernel, launch, block, ground.host) {
                break Ended::Refused(fault);
            }
            first = block + 1;
        };
        arena.keep();
        match ended {
            Ended::Done => Ok(()),
            Ended::Refused(fault) => Err(fault),
            Ended::Faulted(fault) => Err(reenact::told(fault, ground.program, ground.kernel, launch)),
            Ended::Stopped => {
                Err(KernelFault { kind: FaultKind::Stopped, ..ground.trouble("it was stopped") })
            }
            Ended::Panicked(payload) => panic::resume_unwind(payload),
            // Each such block was run above.
            Ended::Wrapped(block) => Err(ground.trouble(format!("it left block {block} undone"))),
            Ended::Strange(left) => Err(ground.trouble(format!("it ended with {left}, which means nothing"))),
        }
    }
}

impl Ground<'_> {
    fn name(&self) -> &str {
        self.program.module().kernels().get(self.kernel).map_or("", |kernel| &kernel.name)
    }

    fn trouble(&self, words: impl Into<String>) -> KernelFault {
        KernelFault {
            kind: FaultKind::InvalidLaunch,
            kernel: self.name().to_owned(),
            block: [0; 3],
            thread: [0; 3],
            line: 0,
            address: 0,
            words: words.into(),
        }
    }
}

/// Where a block may go.
struct Bounds<'b> {
    own: Own,
    others: &'b dyn Allocations,
}

impl Allocations for Bounds<'_> {
    fn complaint(&self, thread: u32, address: u64, bytes: u32, write: bool) -> Option<String> {
        let own = self.own.complaint(thread, address, bytes, write);
        own.unwrap_or_else(|| self.others.complaint(thread, address, bytes, write))
    }
}

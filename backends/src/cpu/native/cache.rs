//! The versions of a kernel: one for each block size it is launched with, each compiled once.
//!
//! A look-up takes no lock. Who asks for a version that somebody compiles waits for it; different ones are compiled side by
//! side. A refusal is remembered. A kernel has at most [`MOST`] versions: launches with yet other blocks are interpreted.

use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;
use std::time::Instant;

use stream_hal_kernels::Program;
use stream_hal_kernels::compile::{Code, Options, Refusal, Shape, Target};

use super::super::code::LoadedKernel;
use super::MOST_STACK;
use super::code::Native;

/// Versions that a kernel has at hand; most need no more.
const NEAR: usize = 4;
/// Most versions of a kernel.
pub(super) const MOST: usize = 64;

/// See the module.
#[derive(Default)]
pub(in super::super) struct Cache {
    near: [OnceLock<Box<Version>>; NEAR],
    far: OnceLock<Box<[OnceLock<Box<Version>>]>>,
}

/// A kernel for one block size.
pub(in super::super) struct Version {
    shape: Shape,
    made: OnceLock<Result<Native, Refusal>>,
}

impl Cache {
    /// The version for a shape, made or not; `None` if there are too many.
    #[inline]
    pub(super) fn version(&self, shape: Shape) -> Option<&Version> {
        find(&self.near, shape).or_else(|| {
            let far = self.far.get_or_init(|| (NEAR..MOST).map(|_| OnceLock::new()).collect());
            find(far, shape)
        })
    }

    /// The code for a shape, if it was compiled.
    #[inline]
    pub(super) fn known(&self, shape: Shape) -> Option<&Native> {
        let far = self.far.get().map(|far| &far[..]).unwrap_or_default();
        let mut versions = self.near.iter().chain(far).map_while(OnceLock::get);
        versions.find(|version| version.shape == shape)?.made.get()?.as_ref().ok()
    }
}

/// The version in one of these slots, if need be the first that is free.
#[inline]
fn find(slots: &[OnceLock<Box<Version>>], shape: Shape) -> Option<&Version> {
    slots.iter().find_map(|slot| {
        let version = slot.get_or_init(|| Box::new(Version { shape, made: OnceLock::new() }));
        (version.shape == shape).then_some(&**version)
    })
}

impl Version {
    pub(super) fn is_made(&self) -> bool {
        self.made.get().is_some()
    }

    /// Its code, compiled now if nobody has yet; `None` if it was refused.
    #[inline]
    pub(super) fn code(&self, compiler: &Compiler, kernel: &LoadedKernel) -> Option<&Native> {
        let made = match self.made.get() {
            Some(made) => made,
            None => self.made.get_or_init(|| compiler.make(kernel, self.shape)),
        };
        made.as_ref().ok()
    }
}

type Compile =
    dyn Fn(&Program, usize, Shape, &Target, Options) -> Result<Code, Refusal> + Send + Sync + 'static;

/// What turns kernels into machine code, and for which machine.
pub(in super::super) struct Compiler {
    target: Option<Target>,
    options: Options,
    compile: Box<Compile>,
}

impl Compiler {
    /// One that compiles by a function; without a target everything is interpreted.
    pub(super) fn with(
        target: Option<Target>,
        check: bool,
        compile: impl Fn(&Program, usize, Shape, &Target, Options) -> Result<Code, Refusal>
        + Send
        + Sync
        + 'static,
    ) -> Compiler {
        Compiler { target, options: Options { check, ..Options::default() }, compile: Box::new(compile) }
    }

    /// Whether kernels are compiled at all.
    #[inline]
    pub(in super::super) fn is_on(&self) -> bool {
        self.target.is_some()
    }

    /// Whether accesses are checked against the table of allocations.
    #[inline]
    pub(in super::super) fn checks(&self) -> bool {
        self.options.check
    }

    #[cold]
    fn make(&self, kernel: &LoadedKernel, shape: Shape) -> Result<Native, Refusal> {
        let start = Instant::now();
        let made = self.compile(kernel, shape).and_then(|code| {
            let (instructions, bytes) = (code.instructions, code.bytes.len());
            Ok((Native::new(code)?, instructions, bytes))
        });
        let module = kernel.program.module();
        let name = module.kernels().get(kernel.index).map_or("", |kernel| &kernel.name);
        let [x, y, z] = shape.block;
        match made {
            Ok((native, instructions, bytes)) => {
                let took = start.elapsed();
                tracing::debug!(
                    "compiled {name} for blocks of {x} x {y} x {z}: {instructions} instructions, {bytes} bytes, {took:?}"
                );
                Ok(native)
            }
            Err(refusal) => {
                let Refusal { line, what } = &refusal;
                tracing::debug!("{name} with blocks of {x} x {y} x {z} is interpreted: line {line}: {what}");
                Err(refusal)
            }
        }
    }

    /// A panic of the compiler is a mistake of ours that the interpreter makes good.
    fn compile(&self, kernel: &LoadedKernel, shape: Shape) -> Result<Code, Refusal> {
        let target = self.target.ok_or_else(|| Refusal::new(0, "nothing is compiled here"))?;
        let compile = || (self.compile)(&kernel.program, kernel.index, shape, &target, self.options);
        let code = panic::catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|_| {
            tracing::error!("the compiler panicked; the kernel is interpreted");
            Err(Refusal::new(0, "the compiler panicked"))
        })?;
        if code.stack_bytes > MOST_STACK {
            return Err(Refusal::new(0, format!("it takes {} bytes of stack", code.stack_bytes)));
        }
        if code.local_bytes > stream_hal_kernels::MOST_LOCAL {
            return Err(Refusal::new(0, format!("it has {} bytes of local memory", code.local_bytes)));
        }
        Ok(code)
    }
}

//! Some blocks of a compiled kernel on the calling thread: the context set up, the code entered, its calls answered.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::AtomicU32;

use stream_hal_kernels::compile::code::Left;
use stream_hal_kernels::compile::runtime::{self, Allocations, Env};
use stream_hal_kernels::compile::{Context, call::Call};
use stream_hal_kernels::{FaultKind, Host, KernelFault, Launch};

use super::super::access::Checked;
use super::super::floats::FloatState;
use super::arena::{Arena, Needs};
use super::code::Native;
use super::fault;
use crate::device::Error;

/// A launch of a compiled kernel, as one thread runs blocks of it.
pub(super) struct Session<'s> {
    pub(super) native: &'s Native,
    /// The kernel's symbol.
    pub(super) name: &'s str,
    pub(super) launch: &'s Launch<'s>,
    pub(super) host: &'s dyn Host,
    /// Where accesses may go, if they are checked.
    pub(super) allocations: Option<&'s dyn Allocations>,
}

/// How it was left.
pub(super) enum Ended {
    /// All blocks are done.
    Done,
    /// Somebody asked for it.
    Stopped,
    /// An access faulted; the thread may be another one of its vector.
    Faulted(KernelFault),
    /// A call of the runtime faulted.
    Refused(KernelFault),
    /// A call of the runtime panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// In front of a block, by its number, in which an index wraps around: the code is not for it.
    Wrapped(u64),
    /// With a number that means nothing.
    Strange(u32),
}

/// Opens what a launch needs of the arena and fills the context in.
#[inline]
pub(super) fn set_up(
    arena: &mut Arena,
    native: &Native,
    launch: &Launch<'_>,
    stop: &AtomicU32,
) -> Result<(), Error> {
    let code = &native.code;
    let threads: u32 = launch.block.iter().product();
    let local_stride = u64::from(code.local_bytes.next_multiple_of(16));
    arena.prepare(Needs {
        shared: u64::from(code.shared_bytes) + u64::from(launch.shared_bytes),
        local: local_stride * u64::from(threads.next_multiple_of(code.gang.max(1))),
        frames: u64::from(code.frame_bytes) * u64::from(code.gangs),
    })?;
    let context = &mut *arena.context;
    context.parameters = launch.parameters.as_ptr().expose_provenance() as u64;
    context.local_stride = local_stride;
    context.stop = (&raw const *stop).expose_provenance() as u64;
    context.runtime = on_call as *const () as usize as u64;
    context.grid = launch.grid;
    context.dynamic_shared_bytes = launch.shared_bytes;
    context.grid_id = launch.id;
    context.processor = launch.processor;
    Ok(())
}

impl Session<'_> {
    /// Runs so many blocks from a number on. The control word is what the kernel wants.
    ///
    /// # Safety
    /// The code is of this launch's kernel and block size, [`set_up`] filled the context in, and what the kernel accesses
    /// is the program's affair.
    #[inline]
    pub(super) unsafe fn run(&self, arena: &mut Arena, first: u64, count: u64) -> Ended {
        let Arena { context, state, .. } = arena;
        let context: *mut Context = &raw mut **context;
        let mut turn = Turn { session: self, state, fault: None, panicked: None };
        // SAFETY: the context is this thread's own.
        unsafe { (*context).host = (&raw mut turn).expose_provenance() as u64 };
        context.expose_provenance();
        let entry = self.native.entry();
        // SAFETY: the caller's promise; all the context names stays until this returns. Faults are handled.
        let left = unsafe { entry(context, first, count) };
        if left == Left::Done as u32 {
            return Ended::Done;
        }
        let (fault, panicked) = (turn.fault.take(), turn.panicked.take());
        // SAFETY: the code has returned, and the context is this thread's own.
        self.left(left, fault, panicked, unsafe { &*context })
    }

    #[cold]
    fn left(
        &self,
        left: u32,
        fault: Option<KernelFault>,
        panicked: Option<Box<dyn Any + Send>>,
        context: &Context,
    ) -> Ended {
        match (panicked, fault) {
            (Some(payload), _) => Ended::Panicked(payload),
            (_, Some(fault)) => Ended::Refused(fault),
            _ if left == Left::Stopped as u32 => Ended::Stopped,
            _ if left == Left::Fault as u32 => {
                Ended::Faulted(fault::explain(self.native, self.name, self.launch.block, context))
            }
            _ if left == Left::Wrapped as u32 => {
                let ([x, y, z], grid) = (context.block.map(u64::from), self.launch.grid.map(u64::from));
                Ended::Wrapped((z * grid[1] + y) * grid[0] + x)
            }
            _ => Ended::Strange(left),
        }
    }
}

/// What a call of the runtime finds: [`Context::host`] is its address while a kernel runs.
struct Turn<'t> {
    session: &'t Session<'t>,
    state: &'t mut runtime::State,
    fault: Option<KernelFault>,
    panicked: Option<Box<dyn Any + Send>>,
}

/// Where compiled code comes to with its calls. Not 0: the kernel is left.
extern "sysv64" fn on_call(context: *mut Context, call: u32) -> u32 {
    // SAFETY: compiled code passes the context it was given, and does not touch it before this returns.
    let context = unsafe { &mut *context };
    let turn = std::ptr::with_exposed_provenance_mut::<Turn<'_>>(context.host as usize);
    // SAFETY: set by `Session::run`, which keeps it until the kernel returns and does not look at it before.
    let turn = unsafe { &mut *turn };
    // No panic may go through frames of compiled code.
    let done = panic::catch_unwind(AssertUnwindSafe(|| turn.call(context, call)));
    match done {
        Ok(Ok(())) => return 0,
        Ok(Err(fault)) => turn.fault = Some(fault),
        Err(payload) => turn.panicked = Some(payload),
    }
    Left::Call as u32
}

impl Turn<'_> {
    fn call(&mut self, context: &mut Context, call: u32) -> Result<(), KernelFault> {
        let Session { native, name, launch, host, allocations } = *self.session;
        // What kernels compute with flushed denormals, functions of ours do not.
        let _floats = native.code.flush.then(FloatState::default_for_kernels);
        let known: Option<&Call> = native.code.calls.get(call as usize);
        let Some(known) = known else { return Err(unknown(name, context, call)) };
        let mut env = Env {
            kernel: name,
            threads: launch.block,
            block: context.block,
            first: context.thread,
            memory: &Checked,
            host,
            allocations,
            state: &mut *self.state,
        };
        runtime::call(known, &mut context.buffer.0, &mut env)
    }
}

#[cold]
fn unknown(kernel: &str, context: &Context, call: u32) -> KernelFault {
    KernelFault {
        kind: FaultKind::IllegalInstruction,
        kernel: kernel.to_owned(),
        block: context.block,
        thread: [0; 3],
        line: 0,
        address: 0,
        words: format!("call {call}, which its code does not list"),
    }
}

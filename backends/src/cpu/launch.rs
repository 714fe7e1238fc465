//! Kernel launches: blocks of a grid on this thread, and on the workers when it takes longer.
//!
//! A block that only spins is put aside and another one runs, so that blocks which wait for each other
//! make progress on any number of threads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stream_hal_capture::op;
use stream_hal_kernels::{self as kernels, AccessLog, KernelFault, Logged, Progress, Scratch};
use stream_hal_scheduler::backend::{Fault, FaultKind};

use super::access::Checked;
use super::code::LoadedKernel;
use super::execute::{self, Site};
use super::floats::FloatState;
use super::native;
use super::services::Services;
use crate::accesses::Accessed;
use crate::device::Place;

/// How long this thread works alone before it calls others.
const ALONE: Duration = Duration::from_micros(10);
/// Blocks of a grid that may be under way at once, for a device of few cores.
const LEAST_RESIDENT: u64 = 64;
/// Bytes of the grid barrier of a cooperative launch.
const WORKSPACE_BYTES: u64 = 64;

thread_local! {
    /// Kept between launches: registers and shared memory of a block.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// One launch as all threads that work on it see it.
struct Grid<'a> {
    kernel: &'a LoadedKernel,
    launch: kernels::Launch<'a>,
    blocks: u64,
    next: AtomicU64,
    /// Blocks that were started and only spun when they last ran.
    aside: Mutex<VecDeque<Box<Scratch>>>,
    /// How many those are.
    waiting: AtomicU64,
    /// From so many on no further block is started: each keeps its registers and shared memory.
    resident: u64,
    services: Services<'a>,
    fault: Mutex<Option<KernelFault>>,
    /// What is accessed, if somebody wants to know.
    log: Option<AccessLog>,
    processors: AtomicU64,
}

/// Runs a launch to its end.
pub(super) fn run(launch: &op::Launch, args: &[u8], site: &Site<'_>) -> Result<(), Fault> {
    let Some(kernel) = site.engine.code.get(launch.code) else {
        let what = format!("{} names code {}, which is not loaded", op::Op::Launch(*launch), launch.code);
        return Err(Fault { kind: FaultKind::LaunchFailed, what });
    };
    let wanted = kernels::Launch {
        grid: launch.grid,
        block: launch.block.map(u32::from),
        shared_bytes: launch.shared_bytes,
        parameters: args,
        cooperative: launch.flags & op::Launch::COOPERATIVE != 0,
        workspace: 0,
        stack_bytes: 0,
        id: site.engine.launches.fetch_add(1, Ordering::Relaxed) + 1,
        processor: [0, site.engine.pool.threads()],
    };
    if wanted.cooperative {
        return run_cooperative(kernel, launch, wanted, site);
    }
    if site.engine.compiler.is_on() {
        kernel.program.check_launch(kernel.index, &wanted).map_err(to_fault)?;
        if let Some(native) = native::find(site.engine, kernel, &wanted) {
            return native::run(native, kernel, &wanted, site);
        }
    }
    run_grid(kernel, launch, wanted, site)
}

/// A launch whose blocks wait for each other, with the memory for that.
fn run_cooperative(
    kernel: &LoadedKernel,
    launch: &op::Launch,
    wanted: kernels::Launch<'_>,
    site: &Site<'_>,
) -> Result<(), Fault> {
    let memory = &site.engine.memories[kernel.device];
    let failed = |what: String| Fault { kind: FaultKind::LaunchFailed, what };
    let workspace =
        memory.alloc(WORKSPACE_BYTES, Place::Device).map_err(|error| failed(error.to_string()))?;
    let cleared =
        super::access::fill(workspace, 0, WORKSPACE_BYTES).map_err(|fault| failed(fault.to_string()));
    let wanted = kernels::Launch { workspace, ..wanted };
    let done = cleared.and_then(|()| run_grid(kernel, launch, wanted, site));
    memory.free(workspace, Place::Device).map_err(|error| failed(error.to_string()))?;
    done
}

/// Runs the blocks on the interpreter.
fn run_grid(
    kernel: &LoadedKernel,
    launch: &op::Launch,
    wanted: kernels::Launch<'_>,
    site: &Site<'_>,
) -> Result<(), Fault> {
    let grid = Grid {
        kernel,
        launch: wanted,
        blocks: launch.grid.iter().map(|&side| u64::from(side)).product(),
        next: AtomicU64::new(0),
        aside: Mutex::default(),
        waiting: AtomicU64::new(0),
        resident: resident(launch, site),
        services: Services::new(site),
        fault: Mutex::new(None),
        log: site.engine.accesses.as_ref().map(|_| AccessLog::new()),
        processors: AtomicU64::new(0),
    };
    if grid.blocks == 1 {
        grid.work(|| false);
    } else {
        let start = Instant::now();
        grid.work(|| start.elapsed() >= ALONE);
    }
    let left = grid.blocks.saturating_sub(grid.next.load(Ordering::Relaxed));
    let helpers = execute::helpers(site.engine, left + grid.aside.lock().len() as u64);
    if !grid.is_over() {
        site.engine.pool.together(helpers, &|| grid.work(|| false));
    }
    grid.services.print_all();
    if let (Some(accesses), Some(log)) = (&site.engine.accesses, &grid.log) {
        accesses.ended(&Accessed { launch, node: site.node, log });
    }
    match grid.fault.into_inner() {
        Some(fault) if fault.kind == kernels::FaultKind::Stopped => Ok(()),
        Some(mut fault) => {
            native::name_neighbour(site.engine, &mut fault);
            Err(to_fault(fault))
        }
        None => Ok(()),
    }
}

/// Blocks under way at once, at most. Those of a cooperative launch all are; the caller has seen to their number.
fn resident(launch: &op::Launch, site: &Site<'_>) -> u64 {
    match launch.flags & op::Launch::COOPERATIVE {
        0 => (32 * u64::from(site.engine.pool.threads())).max(LEAST_RESIDENT),
        _ => u64::MAX,
    }
}

impl Grid<'_> {
    /// Whether no block is left to start or to resume, or the launch has ended early.
    fn is_over(&self) -> bool {
        let started = self.next.load(Ordering::Relaxed) >= self.blocks;
        self.services.has_ended() || (started && self.aside.lock().is_empty())
    }

    /// Runs blocks until none is left for this thread, or `leave` says so between two blocks.
    fn work(&self, leave: impl Fn() -> bool) {
        let _floats = FloatState::default_for_kernels();
        let _unless_panicked = EndOnPanic(&self.services);
        let number = self.processors.fetch_add(1, Ordering::Relaxed) as u32;
        let launch = kernels::Launch { processor: [number, self.launch.processor[1]], ..self.launch };
        let logged = self.log.as_ref().map(|log| Logged::new(&Checked, log));
        let memory: &dyn kernels::Memory = logged.as_ref().map_or(&Checked, |logged| logged);
        let mut scratch = SCRATCH.take().unwrap_or_default();
        while !self.services.has_ended() {
            let started = match self.fresh_block() {
                Some(place) => {
                    let program = &self.kernel.program;
                    program.start_block(self.kernel.index, &launch, place, &mut scratch)
                }
                None => match self.take_aside() {
                    Some(block) => {
                        scratch = block;
                        Ok(())
                    }
                    None => break,
                },
            };
            scratch = match started {
                Ok(()) => self.run_block(&launch, memory, scratch),
                Err(fault) => self.end(fault),
            };
            if leave() {
                break;
            }
        }
        SCRATCH.set(Some(scratch));
    }

    fn take_aside(&self) -> Option<Box<Scratch>> {
        let mut aside = self.aside.lock();
        let block = aside.pop_front();
        self.waiting.store(aside.len() as u64, Ordering::Relaxed);
        block
    }

    /// The place of a block that was not started yet, unless enough are under way.
    fn fresh_block(&self) -> Option<[u32; 3]> {
        if self.next.load(Ordering::Relaxed) >= self.blocks
            || self.waiting.load(Ordering::Relaxed) >= self.resident
        {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let [x, y, _] = self.launch.grid.map(u64::from);
        let place = [(number % x) as u32, (number / x % y) as u32, (number / x / y) as u32];
        (number < self.blocks).then_some(place)
    }

    /// Runs a started block until it is done or others should run; returns a scratch to use next.
    fn run_block(
        &self,
        launch: &kernels::Launch<'_>,
        memory: &dyn kernels::Memory,
        mut scratch: Box<Scratch>,
    ) -> Box<Scratch> {
        #[cfg(test)]
        super::panics::at_block(launch);
        loop {
            match self.kernel.program.resume_block(launch, memory, &self.services, &mut scratch) {
                Ok(Progress::Done) => return scratch,
                Ok(Progress::Yielded) => {
                    let mut aside = self.aside.lock();
                    if self.next.load(Ordering::Relaxed) < self.blocks || !aside.is_empty() {
                        aside.push_back(scratch);
                        self.waiting.store(aside.len() as u64, Ordering::Relaxed);
                        return Box::default();
                    }
                    drop(aside);
                    thread::yield_now();
                }
                Err(fault) => return self.end(fault),
            }
        }
    }

    #[cold]
    fn end(&self, fault: KernelFault) -> Box<Scratch> {
        self.fault.lock().get_or_insert(fault);
        self.services.end();
        Box::default()
    }
}

/// Blocks on other threads may wait for the one that panicked.
struct EndOnPanic<'a>(&'a Services<'a>);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end();
        }
    }
}

pub(super) fn to_fault(fault: KernelFault) -> Fault {
    use kernels::FaultKind as Kind;
    let kind = match fault.kind {
        Kind::IllegalAddress => FaultKind::IllegalAddress,
        Kind::MisalignedAddress => FaultKind::MisalignedAddress,
        Kind::IllegalInstruction | Kind::Unsupported => FaultKind::IllegalInstruction,
        Kind::Assert => FaultKind::Assert,
        Kind::StackOverflow => FaultKind::StackOverflow,
        Kind::Trap | Kind::BarrierDeadlock | Kind::InvalidLaunch | Kind::Stopped => FaultKind::LaunchFailed,
    };
    Fault { kind, what: fault.to_string() }
}

//! Kernel launches: blocks of a grid on this thread, and on the workers when it takes longer.
//!
//! A block that only spins is put aside and another one runs, so that blocks which wait for each other
//! make progress on any number of threads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stream_hal_capture::op;
use stream_hal_kernels::{self as kernels, AccessLog, KernelFault, Logged, Progress, Scratch};
use stream_hal_scheduler::backend::{Fault, FaultKind};
use stream_hal_scheduler::clock;

use super::access::Checked;
use super::code::LoadedKernel;
use super::execute::{self, Site};
use super::heap::Heap;
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
    site: &'a Site<'a>,
    blocks: u64,
    next: AtomicU64,
    /// Blocks that were started and only spun when they last ran.
    aside: Mutex<VecDeque<Box<Scratch>>>,
    /// How many those are.
    waiting: AtomicU64,
    /// From so many on no further block is started: each keeps its registers and shared memory.
    resident: u64,
    ended: AtomicBool,
    fault: Mutex<Option<KernelFault>>,
    printed: Mutex<Vec<u8>>,
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
    if launch.flags & op::Launch::COOPERATIVE == 0 {
        return run_grid(kernel, launch, args, 0, site);
    }
    let memory = &site.engine.memories[kernel.device];
    let failed = |what: String| Fault { kind: FaultKind::LaunchFailed, what };
    let workspace =
        memory.alloc(WORKSPACE_BYTES, Place::Device).map_err(|error| failed(error.to_string()))?;
    let cleared =
        super::access::fill(workspace, 0, WORKSPACE_BYTES).map_err(|fault| failed(fault.to_string()));
    let done = cleared.and_then(|()| run_grid(kernel, launch, args, workspace, site));
    memory.free(workspace, Place::Device).map_err(|error| failed(error.to_string()))?;
    done
}

fn run_grid(
    kernel: &LoadedKernel,
    launch: &op::Launch,
    args: &[u8],
    workspace: u64,
    site: &Site<'_>,
) -> Result<(), Fault> {
    let grid = Grid {
        kernel,
        launch: kernels::Launch {
            grid: launch.grid,
            block: launch.block.map(u32::from),
            shared_bytes: launch.shared_bytes,
            parameters: args,
            cooperative: launch.flags & op::Launch::COOPERATIVE != 0,
            workspace,
            stack_bytes: 0,
            id: site.engine.launches.fetch_add(1, Ordering::Relaxed) + 1,
            processor: [0, site.engine.pool.threads()],
        },
        site,
        blocks: launch.grid.iter().map(|&side| u64::from(side)).product(),
        next: AtomicU64::new(0),
        aside: Mutex::default(),
        waiting: AtomicU64::new(0),
        resident: resident(launch, site),
        ended: AtomicBool::new(false),
        fault: Mutex::new(None),
        printed: Mutex::default(),
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
    print(&grid.printed.into_inner());
    if let (Some(accesses), Some(log)) = (&site.engine.accesses, &grid.log) {
        accesses.ended(&Accessed { launch, node: site.node, log });
    }
    match grid.fault.into_inner() {
        Some(fault) if fault.kind == kernels::FaultKind::Stopped => Ok(()),
        Some(fault) => Err(to_fault(fault)),
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
        self.ended.load(Ordering::Relaxed) || (started && self.aside.lock().is_empty())
    }

    /// Runs blocks until none is left for this thread, or `leave` says so between two blocks.
    fn work(&self, leave: impl Fn() -> bool) {
        let _floats = FloatState::default_for_kernels();
        let _unless_panicked = EndOnPanic(&self.ended);
        let number = self.processors.fetch_add(1, Ordering::Relaxed) as u32;
        let launch = kernels::Launch { processor: [number, self.launch.processor[1]], ..self.launch };
        let logged = self.log.as_ref().map(|log| Logged::new(&Checked, log));
        let memory: &dyn kernels::Memory = logged.as_ref().map_or(&Checked, |logged| logged);
        let mut scratch = SCRATCH.take().unwrap_or_default();
        while !self.ended.load(Ordering::Relaxed) {
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
            match self.kernel.program.resume_block(launch, memory, self, &mut scratch) {
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

    /// What the kernels of this context have allocated.
    fn heap(&self) -> Option<&Heap> {
        self.site.health.reserve.kept(Heap::new)
    }

    #[cold]
    fn end(&self, fault: KernelFault) -> Box<Scratch> {
        self.fault.lock().get_or_insert(fault);
        self.ended.store(true, Ordering::Relaxed);
        Box::default()
    }
}

/// Blocks on other threads may wait for the one that panicked.
struct EndOnPanic<'a>(&'a AtomicBool);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl kernels::Host for Grid<'_> {
    fn print(&self, text: &[u8]) {
        self.printed.lock().extend_from_slice(text);
    }

    fn clock_ns(&self) -> u64 {
        clock::now_ns()
    }

    fn complain(&self, text: &[u8]) {
        use std::io::Write;
        // Nobody can be told that the stream for complaints is closed.
        std::io::stderr().write_all(text).ok();
    }

    fn malloc(&self, bytes: u64) -> u64 {
        self.heap().map_or(0, |heap| heap.alloc(bytes))
    }

    fn free(&self, address: u64) {
        if self.heap().is_some_and(|heap| !heap.free(address)) {
            tracing::warn!("a kernel freed {address:#x}, which it has not allocated or has freed before");
        }
    }

    fn should_stop(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
            || !self.site.health.is_whole()
            || self.site.engine.pool.is_stopping()
    }
}

fn to_fault(fault: KernelFault) -> Fault {
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

/// Writes what a launch printed, in order with what the program wrote through the C library.
fn print(text: &[u8]) {
    if text.is_empty() {
        return;
    }
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            static stdout: *mut libc::FILE;
        }
        // SAFETY: the C library's own stream, set before any program code runs.
        let stream = unsafe { stdout };
        // SAFETY: `text` is readable and the stream is open or reports an error.
        unsafe { libc::fwrite(text.as_ptr().cast(), 1, text.len(), stream) };
        // SAFETY: as above.
        unsafe { libc::fflush(stream) };
    }
    #[cfg(not(target_os = "linux"))]
    {
        use std::io::Write;
        let _ = std::io::stdout().write_all(text);
    }
}

/// The floating point control word of the thread that lends itself to a kernel; dropping it gives it back.
struct FloatState(u32);

#[cfg(target_arch = "x86_64")]
impl FloatState {
    /// Keeps the caller's and sets the default: denormals count, rounding to nearest, no traps.
    fn default_for_kernels() -> FloatState {
        let mut saved = 0u32;
        // SAFETY: stores four bytes into `saved`.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut saved, options(nostack, preserves_flags)) };
        FloatState(saved).set(0x1f80)
    }

    fn set(self, word: u32) -> FloatState {
        if self.0 != word {
            // SAFETY: loads a valid control word; compiled code that depends on it runs in kernels only.
            unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags)) };
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for FloatState {
    fn drop(&mut self) {
        let word = self.0;
        // Flags that the kernel raised are not the caller's business either.
        // SAFETY: the word that was stored at the start.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &word, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl FloatState {
    fn default_for_kernels() -> FloatState {
        FloatState(0)
    }
}

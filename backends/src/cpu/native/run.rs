//! A launch of a compiled kernel: its blocks on this thread, and on the workers when it takes longer.
//!
//! Threads take runs of blocks from one counter, each run some 30 µs long, so that all end at about the same time and
//! nobody waits long for a block that was started. How long a block takes is known from the last launch; where it is not, or
//! each takes long, others are asked at once.

use std::panic;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stream_hal_kernels::{self as kernels, KernelFault};
use stream_hal_scheduler::backend::{Fault, FaultKind};

use super::super::code::LoadedKernel;
use super::super::execute::{self, Site};
use super::super::floats::FloatState;
use super::super::launch;
use super::super::services::Services;
use super::arena::Arena;
use super::check::{Own, Table};
use super::code::Native;
use super::session::{self, Ended, Session};
use super::{fault, reenact, wary};

/// How long this thread works alone before it calls others, if that is long enough for a block.
const ALONE: Duration = Duration::from_micros(10);
/// What must be left to do for that.
const WORTH_HELP: Duration = Duration::from_micros(20);
/// For a grid that should take so long help is asked at once.
const LONG: Duration = Duration::from_micros(100);
/// A grid that takes no longer is run in one go.
const AT_ONCE: Duration = Duration::from_micros(5);
/// How long a thread keeps the blocks it takes at a time.
const TURN: Duration = Duration::from_micros(30);

/// One launch as all threads that work on it see it.
struct Grid<'a> {
    native: &'a Native,
    kernel: &'a LoadedKernel,
    launch: &'a kernels::Launch<'a>,
    site: &'a Site<'a>,
    services: Services<'a>,
    blocks: u64,
    next: AtomicU64,
    processors: AtomicU32,
    failed: Mutex<Option<Fault>>,
}

/// Runs a launch that fits the kernel to its end.
pub(in super::super) fn run(
    native: &Native,
    kernel: &LoadedKernel,
    launch: &kernels::Launch<'_>,
    site: &Site<'_>,
) -> Result<(), Fault> {
    let grid = Grid {
        native,
        kernel,
        launch,
        site,
        services: Services::new(site),
        blocks: launch.grid.iter().map(|&side| u64::from(side)).product(),
        next: AtomicU64::new(0),
        processors: AtomicU32::new(0),
        failed: Mutex::new(None),
    };
    let pace = native.pace();
    let all = Duration::from_nanos(grid.blocks.saturating_mul(pace) / 1000);
    let alone = pace != 0 && Duration::from_nanos(pace / 1000) < ALONE && all < LONG;
    if alone {
        grid.work(true);
    }
    let left = grid.blocks.saturating_sub(grid.next.load(Ordering::Relaxed));
    if left > 0 {
        let helpers = execute::helpers(site.engine, left);
        let time = u128::from(left) * u128::from(native.pace()) / 1000;
        if helpers == 0 || (alone && time < WORTH_HELP.as_nanos()) {
            grid.work(false);
        } else {
            site.engine.pool.together(helpers, &|| grid.work(false));
        }
    }
    grid.services.print_all();
    grid.failed.into_inner().map_or(Ok(()), Err)
}

impl Grid<'_> {
    /// Runs blocks until none is left. Alone: or until it is time to ask for help.
    fn work(&self, alone: bool) {
        let _unless_panicked = EndOnPanic(self);
        let Some(mut worker) = Worker::start(self) else { return };
        let mut count = self.first_turn(alone);
        if alone && count == self.blocks && !self.native.is_timed() {
            // Nobody else is here yet.
            self.end();
            worker.run(0, count);
            return;
        }
        let start = Instant::now();
        let mut last = start;
        loop {
            let first = self.next.fetch_add(count, Ordering::Relaxed);
            if first >= self.blocks {
                return;
            }
            count = count.min(self.blocks - first);
            if !worker.run(first, count) {
                return;
            }
            let now = Instant::now();
            let pace = (now - last).as_nanos() as u64 * 1000 / count;
            self.native.set_pace(pace);
            if alone && now - start >= ALONE {
                return;
            }
            last = now;
            count = self.turn(count, pace, alone);
        }
    }

    /// Blocks to begin with. Not many of them, unless all take next to no time: this time each may take longer than last time.
    fn first_turn(&self, alone: bool) -> u64 {
        match self.native.pace() {
            0 => 1,
            pace if alone && self.blocks.saturating_mul(pace) <= AT_ONCE.as_nanos() as u64 * 1000 => {
                self.blocks
            }
            pace => self.turn(self.blocks.div_ceil(64), pace, alone),
        }
    }

    /// Blocks to take next. What others share in ends with short turns.
    fn turn(&self, last: u64, pace: u64, alone: bool) -> u64 {
        let time = if alone { ALONE } else { TURN };
        let mut most = time.as_nanos() as u64 * 1000 / pace.max(1);
        if !alone {
            let left = self.blocks.saturating_sub(self.next.load(Ordering::Relaxed));
            most = most.min(left / (2 * u64::from(self.site.engine.pool.threads())));
        }
        most.min(last.saturating_mul(8)).clamp(1, self.blocks)
    }

    /// No further block is begun.
    fn end(&self) {
        self.next.store(self.blocks, Ordering::Relaxed);
    }

    /// The first fault ends the launch. The context is broken at once, which stops the blocks that run.
    #[cold]
    fn fail(&self, fault: Fault) {
        let mut failed = self.failed.lock();
        if failed.is_none() {
            self.site.health.break_with(self.site.named(fault.clone()));
            *failed = Some(fault);
        }
        drop(failed);
        self.end();
    }

    #[cold]
    fn fail_in_kernel(&self, mut fault: KernelFault) {
        fault::name_neighbour(self.site.engine, &mut fault);
        self.fail(launch::to_fault(fault));
    }
}

/// Blocks on other threads must not go on for ever because of a panic here.
struct EndOnPanic<'g, 'a>(&'g Grid<'a>);

impl Drop for EndOnPanic<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end();
            self.0.site.health.abandon();
        }
    }
}

/// A thread that runs blocks of a launch.
struct Worker<'g, 'a> {
    grid: &'g Grid<'a>,
    /// Always there until it is put back.
    arena: Option<Box<Arena>>,
    /// As this processor sees it.
    launch: kernels::Launch<'g>,
    checks: Option<Table<'g>>,
    _floats: FloatState,
}

impl<'g, 'a> Worker<'g, 'a> {
    /// Sets this thread up. `None`: it cannot be, or nothing is to be begun any more.
    fn start(grid: &'g Grid<'a>) -> Option<Worker<'g, 'a>> {
        let mut arena = match Arena::take() {
            Ok(arena) => arena,
            Err(error) => return grid.no_memory(&error),
        };
        let Site { engine, health, .. } = *grid.site;
        let most = grid.launch.processor[1];
        let number = grid.processors.fetch_add(1, Ordering::Relaxed) % most.max(1);
        let launch = kernels::Launch { processor: [number, most], ..*grid.launch };
        if let Err(error) = session::set_up(&mut arena, grid.native, &launch, health.stop_word()) {
            arena.keep();
            return grid.no_memory(&error);
        }
        let goes_on = arena.running.begin(engine, health);
        let checks = engine.compiler.checks().then(|| {
            let own = Own::new(&arena, &launch, grid.native.code.local_bytes);
            Table::new(engine, health, own)
        });
        let _floats = FloatState::of_kernels(grid.native.code.flush);
        let worker = Worker { grid, arena: Some(arena), launch, checks, _floats };
        goes_on.then_some(worker)
    }

    /// Runs so many blocks. False: the launch is over.
    #[inline]
    fn run(&mut self, first: u64, count: u64) -> bool {
        #[cfg(test)]
        super::super::panics::at_block(self.grid.launch);
        let end = first + count;
        let mut next = first;
        loop {
            match self.run_with(self.grid.native, next, end - next) {
                Ended::Done => return true,
                Ended::Wrapped(block) => {
                    let ended = self.run_warily(block);
                    if !matches!(ended, Ended::Done) {
                        return self.grid.left(ended);
                    }
                    next = block + 1;
                    if next >= end {
                        return true;
                    }
                }
                ended => return self.grid.left(ended),
            }
        }
    }

    #[inline]
    fn run_with(&mut self, native: &Native, first: u64, count: u64) -> Ended {
        let Some(arena) = &mut self.arena else { return Ended::Stopped };
        let session = Session {
            native,
            name: self.grid.name(),
            launch: &self.launch,
            host: &self.grid.services,
            allocations: self.checks.as_ref().map(|table| table as _),
        };
        // SAFETY: the code was compiled for this kernel and block size, and the context was set up for the launch. What
        // it accesses is the program's affair.
        unsafe { session.run(arena, first, count) }
    }

    /// Runs a block in which an index wraps around.
    #[cold]
    fn run_warily(&mut self, block: u64) -> Ended {
        let Grid { native, kernel, site, services, .. } = self.grid;
        native.note_wrapped();
        let wary = super::wary(site.engine, kernel, &self.launch);
        // Such code is for all blocks.
        let Some(wary) = wary.filter(|wary| !std::ptr::eq(*wary, *native)) else {
            let done = wary::interpret(&kernel.program, kernel.index, &self.launch, block, services);
            return done.map_or_else(Ended::Refused, |()| Ended::Done);
        };
        let ended = match self.set_up(wary) {
            Ok(()) => self.run_with(wary, block, 1),
            Err(ended) => return ended,
        };
        self.set_up(native).map_or_else(|ended| ended, |()| ended)
    }

    fn set_up(&mut self, native: &Native) -> Result<(), Ended> {
        let Some(arena) = &mut self.arena else { return Err(Ended::Stopped) };
        session::set_up(arena, native, &self.launch, self.grid.site.health.stop_word()).map_err(|error| {
            self.grid.no_memory::<()>(&error);
            Ended::Stopped
        })
    }
}

impl Drop for Worker<'_, '_> {
    fn drop(&mut self) {
        if let Some(arena) = self.arena.take() {
            arena.running.end();
            arena.keep();
        }
    }
}

impl Grid<'_> {
    fn name(&self) -> &str {
        let kernels = self.kernel.program.module().kernels();
        kernels.get(self.kernel.index).map_or("", |kernel| &kernel.name)
    }

    #[cold]
    fn no_memory<T>(&self, error: &crate::Error) -> Option<T> {
        let what = format!("kernel {}: {error}", self.name());
        self.fail(Fault { kind: FaultKind::LaunchFailed, what });
        None
    }

    /// A kernel was left before its blocks were done. False: as everything is now.
    #[cold]
    fn left(&self, ended: Ended) -> bool {
        match ended {
            Ended::Done => return true,
            // Whoever wanted it has broken the context, or stops everything.
            Ended::Stopped => self.end(),
            Ended::Refused(fault) => self.fail_in_kernel(fault),
            Ended::Faulted(fault) => {
                self.end();
                let LoadedKernel { program, index, .. } = self.kernel;
                // Only the first is told of.
                let first = self.failed.lock().is_none();
                let told = || reenact::told(fault.clone(), program, *index, self.launch);
                self.fail_in_kernel(if first { told() } else { fault });
            }
            Ended::Panicked(payload) => panic::resume_unwind(payload),
            Ended::Wrapped(block) => {
                let what = format!("kernel {} left block {block} undone", self.name());
                self.fail(Fault { kind: FaultKind::LaunchFailed, what });
            }
            Ended::Strange(left) => {
                let what = format!("kernel {} ended with {left}, which means nothing", self.name());
                self.fail(Fault { kind: FaultKind::LaunchFailed, what });
            }
        }
        false
    }
}

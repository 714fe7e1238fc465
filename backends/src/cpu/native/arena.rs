//! What a thread needs to run compiled kernels: shared memory, local memory, frames of gangs, the context. It is kept from
//! launch to launch.
//!
//! Shared memory lies in the middle of 4 GiB of reserved addresses, so that every 32-bit offset is its own or faults. It
//! ends where its last page ends, so what is behind it faults at once; it starts at a multiple of 128 bytes, of 1024 from
//! 16 KiB on. Pages open when a kernel needs them and stay open, up to a limit.

use std::cell::Cell;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal_kernels::compile::{Context, runtime};
use stream_hal_scheduler::Health;

use super::super::memory::{self, PAGE};
use super::super::sync::Engine;
use crate::device::{Error, Place};

/// What an offset in shared memory reaches, each way.
const REACH: u64 = 2 << 30;
/// Most shared memory of a block.
const MOST_SHARED: u64 = 32 << 20;
/// What stays open between launches, of each kind.
const KEPT: u64 = 64 << 20;

thread_local! {
    static ARENA: Cell<Option<Box<Arena>>> = const { Cell::new(None) };
}

/// See the module.
pub(super) struct Arena {
    /// The record that compiled code works with.
    pub(super) context: Box<Context>,
    /// What calls of the runtime keep.
    pub(super) state: runtime::State,
    /// What runs here now.
    pub(super) running: Arc<Running>,
    shared: Area,
    local: Area,
    frames: Area,
}

/// Reserved addresses, of which some are open. `open` bytes lie before `end` (shared memory) or behind `start`.
#[derive(Debug, Default)]
struct Area {
    mapping: u64,
    mapping_bytes: u64,
    open: u64,
}

/// What a kernel needs of the arena, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs {
    pub(super) shared: u64,
    pub(super) local: u64,
    pub(super) frames: u64,
}

impl Arena {
    /// This thread's, made when it is first asked for; [`Arena::keep`] puts it back.
    pub(super) fn take() -> Result<Box<Arena>, Error> {
        match ARENA.take() {
            Some(arena) => Ok(arena),
            None => Arena::new(),
        }
    }

    #[cold]
    fn new() -> Result<Box<Arena>, Error> {
        let mapping_bytes = 2 * (REACH + MOST_SHARED);
        let mapping = memory::reserve(mapping_bytes)?;
        Ok(Box::new(Arena {
            context: Box::default(),
            state: runtime::State::default(),
            running: Running::new(),
            shared: Area { mapping, mapping_bytes, open: 0 },
            local: Area::default(),
            frames: Area::default(),
        }))
    }

    /// Opens what a kernel needs and notes in the context where it is.
    #[inline]
    pub(super) fn prepare(&mut self, needs: Needs) -> Result<(), Error> {
        let Needs { shared, local, frames } = needs;
        let align = if shared < 16 << 10 { 128 } else { 1024 };
        let shared_bytes = shared.next_multiple_of(align);
        if shared_bytes > self.shared.open {
            self.shared.open_before(self.shared.middle(), shared_bytes)?;
        }
        if local > self.local.open {
            self.local.open_behind(local)?;
        }
        if frames > self.frames.open {
            self.frames.open_behind(frames)?;
        }
        self.context.shared = self.shared.middle() - shared_bytes;
        self.context.shared_bytes = shared;
        self.context.local = self.local.start();
        self.context.frames = self.frames.start();
        Ok(())
    }

    /// First byte and size of all that may ever lie here: shared memory, local memory, frames.
    pub(super) fn reserved(&self) -> [(u64, u64); 3] {
        [&self.shared, &self.local, &self.frames].map(|area| (area.mapping, area.mapping_bytes))
    }

    /// Keeps the arena for this thread's next launch, without what is above the limit.
    #[inline]
    pub(super) fn keep(mut self: Box<Arena>) {
        if self.shared.open + self.local.open + self.frames.open > KEPT {
            self.local.close_behind(KEPT / 2);
            self.frames.close_behind(KEPT / 4);
        }
        ARENA.set(Some(self));
    }
}

impl Area {
    fn middle(&self) -> u64 {
        self.mapping + self.mapping_bytes / 2
    }

    /// Behind a guard page.
    fn start(&self) -> u64 {
        self.mapping + PAGE
    }

    #[cold]
    fn open_before(&mut self, end: u64, bytes: u64) -> Result<(), Error> {
        if bytes > MOST_SHARED {
            return Err(Error::OutOfMemory(format!("{bytes} bytes of shared memory")));
        }
        let bytes = bytes.next_multiple_of(PAGE);
        memory::open(end - bytes, bytes - self.open, Place::Host)?;
        self.open = bytes;
        Ok(())
    }

    #[cold]
    fn open_behind(&mut self, bytes: u64) -> Result<(), Error> {
        let bytes = bytes.next_multiple_of(PAGE);
        if bytes + 2 * PAGE > self.mapping_bytes {
            let whole = bytes.next_power_of_two().max(1 << 20) + 2 * PAGE;
            let mapping = memory::reserve(whole)?;
            *self = Area { mapping, mapping_bytes: whole, open: 0 };
        }
        memory::open(self.start() + self.open, bytes - self.open, Place::Host)?;
        self.open = bytes;
        Ok(())
    }

    fn close_behind(&mut self, bytes: u64) {
        if self.open > bytes {
            memory::reset(self.start() + bytes, self.open - bytes);
            self.open = bytes;
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        if self.mapping_bytes != 0 {
            memory::unmap(self.mapping, self.mapping_bytes);
        }
    }
}

/// What a thread runs now, for those who end everything.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// Addresses of an engine and of a context's health, both alive as long as they stand here; zeros: none.
    launch: Mutex<(usize, usize)>,
}

/// One of each thread that runs compiled kernels, or did.
static RUNNING: Mutex<Vec<Arc<Running>>> = Mutex::new(Vec::new());

impl Running {
    fn new() -> Arc<Running> {
        let running = Arc::new(Running::default());
        let mut all = RUNNING.lock();
        // Only this list holds those of threads that have ended.
        all.retain(|one| Arc::strong_count(one) > 1);
        all.push(running.clone());
        running
    }

    /// Until [`Running::end`], [`abandon`] abandons the launch's context. False: the engine is about to stop.
    pub(super) fn begin(&self, engine: &Engine, health: &Health) -> bool {
        *self.launch.lock() = ((&raw const *engine).addr(), (&raw const *health).expose_provenance());
        !engine.pool.is_stopping()
    }

    pub(super) fn end(&self) {
        *self.launch.lock() = (0, 0);
    }
}

/// Abandons the contexts of all launches that run on an engine, so that their kernels stop. Called when its pool is known
/// to stop: who begins later sees that.
#[cold]
pub(in super::super) fn abandon(engine: &Engine) {
    let all = RUNNING.lock().clone();
    for running in all {
        let launch = running.launch.lock();
        if launch.0 == (&raw const *engine).addr() {
            let health = std::ptr::with_exposed_provenance::<Health>(launch.1);
            // SAFETY: it stands there, so the launch borrows it: it cannot end while we hold the lock.
            unsafe { &*health }.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::{access, signal};

    #[test]
    fn what_a_kernel_needs_is_open_and_no_more() {
        signal::install();
        let mut arena = Arena::take().unwrap();
        for shared in [0, 1, 127, 128, 4000, 4096, 5000, 48 << 10, 163 << 10, 17 << 20] {
            let needs = Needs { shared, local: shared * 3, frames: shared * 2 };
            arena.prepare(needs).unwrap();
            let Context { shared: start, local, frames, .. } = *arena.context;
            assert_eq!(start % if shared < 16 << 10 { 128 } else { 1024 }, 0);
            assert_eq!(frames % 64, 0);
            assert!(access::fill(start, 1, shared).is_ok());
            assert!(access::fill(local, 1, needs.local).is_ok());
            assert!(access::fill(frames, 1, needs.frames).is_ok());
            let end = start + shared.next_multiple_of(if shared < 16 << 10 { 128 } else { 1024 });
            assert!(access::fill(end, 1, 1).is_err(), "{shared}");
            for far in [start + (1 << 31) - 1, start - (1 << 31), end + (100 << 20)] {
                assert!(access::fill(far, 1, 1).is_err(), "{shared}");
            }
        }
        arena.keep();
        let mut arena = Arena::take().unwrap();
        arena.prepare(Needs { shared: 0, local: 300 << 20, frames: 0 }).unwrap();
        let local = arena.context.local;
        assert!(access::fill(local + (300 << 20) - 1, 1, 1).is_ok());
        arena.keep();
        assert!(access::fill(local + (300 << 20) - 1, 1, 1).is_err(), "it was given back");
        assert!(access::fill(local, 1, 1).is_ok());
    }

    #[test]
    fn too_much_is_refused() {
        let mut arena = Arena::new().unwrap();
        assert!(arena.prepare(Needs { shared: MOST_SHARED + 1, local: 0, frames: 0 }).is_err());
        assert!(arena.prepare(Needs { shared: 0, local: 1 << 60, frames: 0 }).is_err());
    }
}

//! A compiled kernel in its place.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use stream_hal_kernels::compile::{Code, Context, Refusal};

use super::map::{self, Mapped};
use super::sites::{self, Registered};

/// Blocks in which an index wraps around that are no exception any more.
const OFTEN: u32 = 64;

/// Of short launches one in so many is timed: looking at the clock twice takes a thirtieth of one of three microseconds.
const TIMED: u32 = 8;

/// What the code is: runs so many blocks from a number on.
pub(super) type Entry = unsafe extern "sysv64" fn(*mut Context, u64, u64) -> u32;

/// A compiled kernel that can be run.
pub(in super::super) struct Native {
    /// Before the sites and the memory, which it names.
    _registered: Registered,
    /// Without its bytes.
    pub(super) code: Code,
    entry: Entry,
    /// How long a block took when this was last run, in picoseconds; 0: nobody knows.
    pace: AtomicU64,
    /// Short launches.
    short: AtomicU32,
    /// Blocks in which an index wrapped around.
    wrapped: AtomicU32,
    _mapped: Mapped,
}

impl Native {
    /// Puts code where it can be run.
    pub(super) fn new(mut code: Code) -> Result<Native, Refusal> {
        let bytes = std::mem::take(&mut code.bytes);
        let mapped = map::place(&bytes).map_err(|error| {
            Refusal::new(0, format!("no place for {} bytes of code: {error}", bytes.len()))
        })?;
        // SAFETY: the code's sites ascend; they stay where they are, as the code does, until it is dropped.
        let registered = unsafe { sites::register(mapped.range(), &code.sites) }
            .ok_or_else(|| Refusal::new(0, "too many kernels"))?;
        let start = std::ptr::with_exposed_provenance::<()>(mapped.start());
        // SAFETY: compiled code starts with a function of this form.
        let entry = unsafe { std::mem::transmute::<*const (), Entry>(start) };
        let (pace, [short, wrapped]) = (AtomicU64::new(0), [const { AtomicU32::new(0) }; 2]);
        Ok(Native { _registered: registered, code, entry, pace, short, wrapped, _mapped: mapped })
    }

    #[inline]
    pub(super) fn entry(&self) -> Entry {
        self.entry
    }

    /// Picoseconds of a block; 0: unknown.
    #[inline]
    pub(super) fn pace(&self) -> u64 {
        self.pace.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_pace(&self, picoseconds: u64) {
        self.pace.store(picoseconds.max(1), Ordering::Relaxed);
    }

    /// Whether a short launch is to be timed.
    #[inline]
    pub(super) fn is_timed(&self) -> bool {
        let count = self.short.load(Ordering::Relaxed);
        // One that two launches count as one makes no difference.
        self.short.store(count.wrapping_add(1), Ordering::Relaxed);
        count.is_multiple_of(TIMED)
    }

    /// A block was left to other code.
    #[cold]
    pub(super) fn note_wrapped(&self) {
        self.wrapped.fetch_add(1, Ordering::Relaxed);
    }

    /// So many were that the other code had better run all of them.
    #[inline]
    pub(super) fn wraps_often(&self) -> bool {
        self.wrapped.load(Ordering::Relaxed) >= OFTEN
    }
}

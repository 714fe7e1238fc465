//! What the blocks of a launch ask of the side that runs them: text, time, the heap, whether to stop.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use stream_hal_kernels as kernels;
use stream_hal_scheduler::clock;

use super::execute::Site;
use super::heap::Heap;

/// One launch's.
pub(super) struct Services<'a> {
    site: &'a Site<'a>,
    ended: AtomicBool,
    printed: Mutex<Vec<u8>>,
}

impl<'a> Services<'a> {
    pub(super) fn new(site: &'a Site<'a>) -> Services<'a> {
        Services { site, ended: AtomicBool::new(false), printed: Mutex::default() }
    }

    /// The launch has ended early.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Ends the launch early: blocks that run stop soon.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Hands on what was printed. Called when no block runs any more.
    pub(super) fn print_all(&self) {
        print(&std::mem::take(&mut *self.printed.lock()));
    }

    /// What the kernels of this context have allocated.
    fn heap(&self) -> Option<&Heap> {
        self.site.health.reserve.kept(Heap::new)
    }
}

impl kernels::Host for Services<'_> {
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
        self.has_ended() || !self.site.health.is_whole() || self.site.engine.pool.is_stopping()
    }
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

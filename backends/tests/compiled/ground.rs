//! Real memory at the addresses of the tests' devices, one launch at a time.
//!
//! Before a launch the pieces of the device's memory are mapped where they say they are and filled; afterwards what the
//! kernel may have changed goes back, and they are unmapped. What kernels allocate and free comes and goes meanwhile.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use stream_hal_backends::{Alone, Ground};
use stream_hal_kernels::compile::runtime::Allocations;
use stream_hal_kernels::{Host, KernelFault};

use crate::runner::{Job, Piece};

const PAGE: u64 = 4096;
/// How long one launch may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Who holds it has the addresses for itself.
static ALONE: Mutex<()> = Mutex::new(());
/// Stops the kernel that runs.
static STOP: AtomicU32 = AtomicU32::new(0);
/// When it is to be stopped.
static END: Mutex<Option<Instant>> = Mutex::new(None);

/// Runs a launch as machine code.
pub fn run(job: &Job<'_>, code: &Alone) -> Result<(), KernelFault> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = Opened { job, pieces: Mutex::default() };
    opened.adjust();
    let ground = Ground {
        program: job.program,
        kernel: job.kernel,
        host: &opened,
        stop: &STOP,
        allocations: job.strays.then_some(&opened),
    };
    begin();
    // SAFETY: the code was compiled for this kernel and block. The kernel is a test's, which keeps to its device's memory
    // unless it is wrong; that is what the test is to find.
    let done = unsafe { code.run(job.launch, &ground) };
    *END.lock().unwrap() = None;
    let pieces = std::mem::take(&mut *opened.pieces.lock().unwrap());
    pieces.iter().for_each(|piece| close(job, piece, true));
    done
}

/// Starts the clock of a launch.
fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_millis(20));
                let end = END.lock().unwrap();
                if end.is_some_and(|end| Instant::now() > end) {
                    STOP.store(1, Ordering::SeqCst);
                }
            }
        });
    });
    STOP.store(0, Ordering::SeqCst);
    *END.lock().unwrap() = Some(Instant::now() + PATIENCE);
}

/// The host of a launch: the test's, with real memory for what it hands out.
struct Opened<'j> {
    job: &'j Job<'j>,
    /// What is mapped.
    pieces: Mutex<Vec<Piece>>,
}

impl Opened<'_> {
    /// Maps what has come, unmaps what has gone.
    fn adjust(&self) {
        let mut have = self.pieces.lock().unwrap();
        let want = (self.job.pieces)();
        have.retain(|piece| {
            let stays = want.iter().any(|other| other.range == piece.range);
            if !stays {
                close(self.job, piece, false);
            }
            stays
        });
        for piece in want {
            if !have.iter().any(|other| other.range == piece.range) {
                open(self.job, &piece);
                have.push(piece);
            }
        }
    }
}

impl Host for Opened<'_> {
    fn print(&self, text: &[u8]) {
        self.job.host.print(text);
    }

    fn complain(&self, text: &[u8]) {
        self.job.host.complain(text);
    }

    fn clock_ns(&self) -> u64 {
        self.job.host.clock_ns()
    }

    fn should_stop(&self) -> bool {
        self.job.host.should_stop()
    }

    fn malloc(&self, bytes: u64) -> u64 {
        let address = self.job.host.malloc(bytes);
        self.adjust();
        address
    }

    fn free(&self, address: u64) {
        self.job.host.free(address);
        self.adjust();
    }

    fn set_conditional(&self, handle: u64, value: u32) -> bool {
        self.job.host.set_conditional(handle, value)
    }
}

impl Allocations for Opened<'_> {
    fn complaint(&self, _: u32, address: u64, bytes: u32, _: bool) -> Option<String> {
        let pieces = self.pieces.lock().unwrap();
        let end = address.saturating_add(bytes.into());
        let held = pieces.iter().any(|piece| piece.range.start <= address && end <= piece.range.end);
        (!held).then(|| "not the device's".to_owned())
    }
}

/// The pages of a piece.
fn pages(piece: &Piece) -> Range<u64> {
    piece.range.start / PAGE * PAGE..piece.range.end.next_multiple_of(PAGE)
}

fn pointer(address: u64) -> *mut libc::c_void {
    std::ptr::with_exposed_provenance_mut(address as usize)
}

/// Mapped memory of a piece as bytes.
///
/// # Safety
/// It is mapped, and nobody else uses it.
unsafe fn bytes<'b>(start: u64, bytes: u64) -> &'b mut [u8] {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts_mut(pointer(start).cast(), bytes as usize) }
}

/// Maps a piece and fills it.
fn open(job: &Job<'_>, piece: &Piece) {
    let pages = pages(piece);
    let size = (pages.end - pages.start) as usize;
    if size == 0 {
        return;
    }
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED_NOREPLACE;
    // SAFETY: a new mapping that replaces none.
    let at = unsafe { libc::mmap(pointer(pages.start), size, access, flags, -1, 0) };
    assert_eq!(at, pointer(pages.start), "{:#x}: {}", pages.start, std::io::Error::last_os_error());
    // SAFETY: it was mapped just now.
    job.memory.read(piece.range.start, unsafe { bytes(piece.range.start, piece.used) }).unwrap();
}

/// Unmaps a piece; its content goes back first if the device still has it.
fn close(job: &Job<'_>, piece: &Piece, keep: bool) {
    let pages = pages(piece);
    let size = pages.end - pages.start;
    if size == 0 {
        return;
    }
    if keep {
        let used = piece.range.start + piece.used;
        // SAFETY: it is mapped, and the kernel has ended.
        let content = unsafe { bytes(piece.range.start, piece.used) };
        job.memory.write(piece.range.start, content).unwrap();
        let rest = used.next_multiple_of(PAGE).min(piece.range.end);
        put_back(job, used..rest);
        if rest < piece.range.end {
            touched(rest..pages.end)
                .into_iter()
                .for_each(|page| put_back(job, page..(page + PAGE).min(piece.range.end)));
        }
    }
    // SAFETY: a mapping of ours that nobody uses any more.
    assert_eq!(unsafe { libc::munmap(pointer(pages.start), size as usize) }, 0);
}

/// Hands on what is not zero.
fn put_back(job: &Job<'_>, range: Range<u64>) {
    // SAFETY: it is mapped, and the kernel has ended.
    let content = unsafe { bytes(range.start, range.end - range.start) };
    if content.iter().any(|&byte| byte != 0) {
        job.memory.write(range.start, content).unwrap();
    }
}

/// Those of some pages that were accessed.
fn touched(pages: Range<u64>) -> Vec<u64> {
    let start = pages.start;
    let mut there = vec![0u8; ((pages.end - start) / PAGE) as usize];
    // SAFETY: asks only; there is a byte for each page.
    let asked = unsafe { libc::mincore(pointer(start), there.len() * PAGE as usize, there.as_mut_ptr()) };
    assert_eq!(asked, 0);
    (0..).zip(there).filter(|(_, there)| there & 1 == 1).map(|(page, _)| start + page * PAGE).collect()
}

//! What each op does: copies, fills, host functions, time stamps.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use stream_hal_capture::Op;
use stream_hal_capture::op::{Copy, Fill, Host, Rect, Write};
use stream_hal_kernels::MemoryFault;
use stream_hal_kernels::memory::MemoryFaultKind;
use stream_hal_scheduler::Health;
use stream_hal_scheduler::backend::{Fault, FaultKind};
use stream_hal_scheduler::clock::{now_ns, stamps};

use super::access::{self, STREAMING_BYTES};
use super::launch;
use super::sync::Engine;

/// What one thread takes at a time of a large copy or fill.
const PIECE_BYTES: u64 = 512 << 10;

/// Where an op is executed.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) engine: &'a Engine,
    pub(super) health: &'a Health,
    /// The op's place in its plan, if it belongs to one.
    pub(super) node: Option<u32>,
}

impl Site<'_> {
    /// The fault with the op's place in its words.
    #[cold]
    pub(super) fn named(&self, mut fault: Fault) -> Fault {
        if let Some(node) = self.node {
            fault.what = format!("{} (op {node} of a graph)", fault.what);
        }
        fault
    }

    /// Breaks the context.
    #[cold]
    pub(super) fn report(&self, fault: Fault) {
        let fault = self.named(fault);
        tracing::error!(kind = ?fault.kind, "{}", fault.what);
        self.health.break_with(fault);
    }
}

/// Calls what executes device work. A panic in it is a mistake of ours: it becomes a fault of the context, so that
/// the lane goes on and nobody waits for ever.
#[inline]
pub(super) fn guarded(work: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(&*payload)))
}

#[cold]
fn panicked(payload: &(dyn Any + Send)) -> Fault {
    let text = payload.downcast_ref::<&str>().copied();
    let words = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words");
    Fault { kind: FaultKind::LaunchFailed, what: format!("the executor panicked: {words}") }
}

/// Executes one op on this thread, with the help of others where it is large.
#[inline]
pub(super) fn execute(op: &Op, args: &[u8], site: &Site<'_>) -> Result<(), Fault> {
    #[cfg(test)]
    super::panics::at_op(op);
    match op {
        Op::Fill(filled) => fill(filled, site).map_err(|fault| faulty(op, fault)),
        Op::Copy(copied) => copy(copied, site).map_err(|fault| faulty(op, fault)),
        Op::Launch(launched) => launch::run(launched, bytes_of(op, args), site),
        Op::Write(written) => write(written, bytes_of(op, args)).map_err(|fault| faulty(op, fault)),
        Op::CopyRect(_) => copy_rows(op, bytes_of(op, args), site),
        Op::Host(host) => {
            call(host);
            Ok(())
        }
        Op::EventRecord { stamp, .. } => {
            if *stamp != Op::NO_STAMP {
                stamps().set(*stamp, now_ns());
            }
            Ok(())
        }
        // The order is in the waits.
        Op::Empty | Op::EventWait { .. } => Ok(()),
        Op::Graph { .. } => {
            Err(Fault { kind: FaultKind::LaunchFailed, what: format!("{op} was not prepared") })
        }
    }
}

#[inline]
fn bytes_of<'a>(op: &Op, args: &'a [u8]) -> &'a [u8] {
    let place = op.args();
    args.get(place.start as usize..place.start as usize + place.bytes as usize).unwrap_or(&[])
}

#[cold]
fn faulty(op: &Op, fault: MemoryFault) -> Fault {
    let kind = match fault.kind {
        MemoryFaultKind::Unmapped => FaultKind::IllegalAddress,
        MemoryFaultKind::Misaligned => FaultKind::MisalignedAddress,
    };
    Fault { kind, what: format!("{op}: nothing is mapped at {:#x}", fault.address) }
}

#[inline]
fn fill(fill: &Fill, site: &Site<'_>) -> Result<(), MemoryFault> {
    let pattern = access::pattern(fill.value, fill.element_bytes);
    let row = fill.width.saturating_mul(u64::from(fill.element_bytes));
    if fill.height == 1 {
        if row < STREAMING_BYTES {
            return access::fill(fill.to, pattern, row);
        }
        return in_pieces(row, site, |at, bytes| {
            access::fill_streaming(fill.to.wrapping_add(at), pattern, bytes)
        });
    }
    for line in 0..fill.height {
        access::fill(fill.to.wrapping_add(line.wrapping_mul(fill.pitch)), pattern, row)?;
    }
    Ok(())
}

#[inline]
fn copy(copy: &Copy, site: &Site<'_>) -> Result<(), MemoryFault> {
    let overlap = copy.to.wrapping_sub(copy.from).min(copy.from.wrapping_sub(copy.to)) < copy.bytes;
    if copy.bytes < STREAMING_BYTES || overlap {
        return access::copy(copy.to, copy.from, copy.bytes);
    }
    in_pieces(copy.bytes, site, |at, bytes| {
        access::copy_streaming(copy.to.wrapping_add(at), copy.from.wrapping_add(at), bytes)
    })
}

fn write(write: &Write, bytes: &[u8]) -> Result<(), MemoryFault> {
    access::write(write.to, bytes)
}

/// Shares a large range with the workers. The first fault is returned; the other pieces may be done.
fn in_pieces(
    bytes: u64,
    site: &Site<'_>,
    piece: impl Fn(u64, u64) -> Result<(), MemoryFault> + Sync,
) -> Result<(), MemoryFault> {
    let next = AtomicU64::new(0);
    let failed = Mutex::new(None);
    let work = || {
        loop {
            let at = next.fetch_add(PIECE_BYTES, Ordering::Relaxed);
            if at >= bytes {
                return;
            }
            if let Err(fault) = piece(at, PIECE_BYTES.min(bytes - at)) {
                failed.lock().get_or_insert(fault);
                next.store(bytes, Ordering::Relaxed);
            }
        }
    };
    let pieces = bytes.div_ceil(PIECE_BYTES);
    site.engine.pool.together(helpers(site.engine, pieces), &work);
    let failed = failed.into_inner();
    failed.map_or(Ok(()), Err)
}

/// How many threads may join in work of so many pieces.
pub(super) fn helpers(engine: &Engine, pieces: u64) -> u32 {
    let most = u64::from(engine.pool.threads().saturating_sub(1));
    pieces.saturating_sub(1).min(most) as u32
}

fn copy_rows(op: &Op, args: &[u8], site: &Site<'_>) -> Result<(), Fault> {
    let Some(rect) = Rect::decode(args) else {
        let what = format!("{op}: {} bytes of arguments", args.len());
        return Err(Fault { kind: FaultKind::LaunchFailed, what });
    };
    let rows = rect.height.saturating_mul(rect.depth);
    let row = |number: u64| {
        let (slice, line) = (number / rect.height, number % rect.height);
        let offset =
            |pitch: u64, bytes: u64| line.wrapping_mul(pitch).wrapping_add(slice.wrapping_mul(bytes));
        let to = rect.to.wrapping_add(offset(rect.to_pitch, rect.to_slice));
        let from = rect.from.wrapping_add(offset(rect.from_pitch, rect.from_slice));
        access::copy(to, from, rect.width_bytes)
    };
    let work = |at: u64, bytes: u64| {
        let first = at / rect.width_bytes;
        (first..(at + bytes) / rect.width_bytes).try_for_each(row)
    };
    let all = rows.saturating_mul(rect.width_bytes);
    let shareable = all >= STREAMING_BYTES && PIECE_BYTES.is_multiple_of(rect.width_bytes);
    let done = if shareable { in_pieces(all, site, work) } else { (0..rows).try_for_each(row) };
    done.map_err(|fault| faulty(op, fault))
}

thread_local! {
    static IN_HOST_CALL: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a host function of the program, called by a backend.
#[inline]
pub(crate) fn in_host_call() -> bool {
    IN_HOST_CALL.with(|depth| depth.get() > 0)
}

type PlainFunction = extern "C" fn(*mut libc::c_void);
type CallbackFunction = extern "C" fn(*mut libc::c_void, libc::c_int, *mut libc::c_void);

/// Calls a host function of the program. A null function is skipped. That the address is a function of
/// the form named is what the program promised when it handed it to the API; nothing can check it.
fn call(host: &Host) {
    if host.function == 0 {
        return;
    }
    let pointer = |number: u64| std::ptr::with_exposed_provenance_mut::<libc::c_void>(number as usize);
    IN_HOST_CALL.with(|depth| depth.set(depth.get() + 1));
    let function = pointer(host.function);
    if host.form == Host::CALLBACK {
        // SAFETY: not null; the program promised a function of this form.
        let function = unsafe { std::mem::transmute::<*mut libc::c_void, CallbackFunction>(function) };
        function(pointer(host.stream), 0, pointer(host.data));
    } else {
        // SAFETY: as above.
        let function = unsafe { std::mem::transmute::<*mut libc::c_void, PlainFunction>(function) };
        function(pointer(host.data));
    }
    IN_HOST_CALL.with(|depth| depth.set(depth.get() - 1));
}

//! A live lane: the submission side of one stream on one queue of a backend.
//!
//! A lane's value is the number of submissions to its queue, so a point of a lane is a [`Ticket`].
//! Where the backend takes ops at once, an op is a submission; else ops that find the queue busy
//! collect in the open batch and share the next value. A wait, a launch, or a question for the last
//! point ends the open batch first; README.md shows why no cycle of waits can arise.

use std::sync::Arc;

use smallvec::SmallVec;
use stream_hal_capture::Op;
use stream_hal_capture::op::Args;

use crate::backend::{Backend, Error, Fault, FaultKind, Flush, Health, QueueOptions, Ticket, Work};
use crate::exec::Exec;

/// An open batch goes when it holds this many ops.
const BATCH_OPS: usize = 256;
/// Or parameters of this many bytes.
const BATCH_BYTES: usize = 1 << 20;

/// The submission side of one stream. Whoever holds it by `&mut` is the queue's one submitter.
pub struct Lane {
    backend: Arc<dyn Backend>,
    queue: u32,
    at_once: bool,
    host_calls: bool,
    /// The value of the last submission.
    submitted: u64,
    /// What the next submission waits for; at most one ticket a queue.
    waits: SmallVec<[Ticket; 4]>,
    /// The open batch.
    ops: Vec<Op>,
    args: Vec<u8>,
    health: Arc<Health>,
}

impl Lane {
    /// A lane on a new queue of the backend.
    pub fn open(backend: Arc<dyn Backend>, options: QueueOptions) -> Result<Lane, Error> {
        let health = options.health.clone();
        let queue = backend.open_queue(options)?;
        let caps = backend.caps();
        Ok(Lane {
            queue,
            at_once: caps.flush == Flush::AtOnce,
            host_calls: caps.host_calls,
            submitted: backend.completed(queue),
            waits: SmallVec::new(),
            ops: Vec::new(),
            args: Vec::new(),
            health,
            backend,
        })
    }

    /// Adds an op whose `Args` are offsets into `args`, and gives the value that completes it.
    ///
    /// A host op is refused where the backend does not call host functions; an op that is refused
    /// leaves the lane as it was. May, where the backend takes ops at once: what its `submit` may,
    /// and nothing more (no RMW, no lock, no alloc).
    #[inline]
    pub fn push(&mut self, op: Op, args: &[u8]) -> Result<u64, Error> {
        if !self.host_calls && matches!(op, Op::Host(_)) {
            return Err(self.no_host_calls());
        }
        if self.at_once || (self.ops.is_empty() && self.is_idle()) {
            return self.submit(std::slice::from_ref(&op), args);
        }
        self.collect(op, args)
    }

    /// Later ops begin after `ticket`, a point of a lane of the same backend. Ends the open batch.
    /// A point of this lane, or one that is reached, costs nothing and is not kept.
    pub fn wait_for(&mut self, ticket: Ticket) -> Result<(), Error> {
        if ticket.queue == self.queue || self.backend.completed(ticket.queue) >= ticket.value {
            return Ok(());
        }
        self.close()?;
        match self.waits.iter_mut().find(|wait| wait.queue == ticket.queue) {
            Some(wait) => wait.value = wait.value.max(ticket.value),
            None => self.waits.push(ticket),
        }
        Ok(())
    }

    /// Hands over what is not handed over: the open batch, or waits that no op followed.
    ///
    /// Should the backend refuse an open batch, its ops are lost: the error is given, the context's
    /// health breaks, and the batch's value is reached without them.
    #[inline]
    pub fn flush(&mut self) -> Result<(), Error> {
        self.close()?;
        if !self.waits.is_empty() {
            self.submit(&[], &[])?;
        }
        Ok(())
    }

    /// Launches an exec after everything on this lane and after the exec's own last launch; gives
    /// the value that completes it. The cost does not grow with the graph.
    pub fn launch(&mut self, exec: &mut Exec) -> Result<u64, Error> {
        self.close()?;
        let ticket = exec.submit(&self.backend, self.queue, &mut self.waits)?;
        self.waits.clear();
        self.submitted = ticket.value;
        Ok(ticket.value)
    }

    /// The point behind everything on this lane, waits included, all of it handed over.
    #[inline]
    pub fn last(&mut self) -> Result<Ticket, Error> {
        self.flush()?;
        Ok(Ticket { queue: self.queue, value: self.submitted })
    }

    /// The point behind everything on this lane, waits included. Before anyone waits for it the lane
    /// must be flushed, unless [`Lane::is_flushed`] says that it is.
    #[inline]
    pub fn point(&self) -> Ticket {
        let open = !self.ops.is_empty() || !self.waits.is_empty();
        Ticket { queue: self.queue, value: self.submitted + u64::from(open) }
    }

    /// Whether what completes `value` is handed over.
    #[inline]
    pub fn is_flushed(&self, value: u64) -> bool {
        value <= self.submitted
    }

    /// The highest value reached.
    #[inline]
    pub fn completed(&self) -> u64 {
        self.backend.completed(self.queue)
    }

    /// The backend's queue.
    #[inline]
    pub fn queue(&self) -> u32 {
        self.queue
    }

    /// The backend.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    fn is_idle(&self) -> bool {
        self.backend.completed(self.queue) >= self.submitted
    }

    #[inline]
    fn submit(&mut self, ops: &[Op], args: &[u8]) -> Result<u64, Error> {
        let ticket = self.backend.submit(self.queue, Work::Ops { ops, args, waits: &self.waits })?;
        debug_assert_eq!(ticket, Ticket { queue: self.queue, value: self.submitted + 1 });
        self.waits.clear();
        self.submitted = ticket.value;
        Ok(ticket.value)
    }

    /// Adds to the open batch, and hands it over when the queue is idle or the batch is full.
    fn collect(&mut self, op: Op, args: &[u8]) -> Result<u64, Error> {
        let start = self.args.len().next_multiple_of(16);
        let own = op.args();
        self.args.resize(start, 0);
        self.args.extend_from_slice(&args[own.start as usize..][..own.bytes as usize]);
        self.ops.push(op.with_args(Args { start: start as u32, bytes: own.bytes }));
        if self.ops.len() >= BATCH_OPS || self.args.len() >= BATCH_BYTES || self.is_idle() {
            self.close()?;
        }
        Ok(self.point().value)
    }

    /// Ends the open batch.
    #[inline]
    fn close(&mut self) -> Result<(), Error> {
        if self.ops.is_empty() { Ok(()) } else { self.close_batch() }
    }

    fn close_batch(&mut self) -> Result<(), Error> {
        let (mut ops, mut args) = (std::mem::take(&mut self.ops), std::mem::take(&mut self.args));
        let result = self.submit(&ops, &args);
        ops.clear();
        args.clear();
        (self.ops, self.args) = (ops, args);
        let Err(error) = result else { return Ok(()) };
        // The ops were accepted at earlier calls and somebody may hold their point.
        self.health.break_with(Fault {
            kind: FaultKind::LaunchFailed,
            what: format!("work already recorded was refused: {error}"),
        });
        self.submit(&[], &[])?;
        Err(error)
    }

    #[cold]
    fn no_host_calls(&self) -> Error {
        Error::NotSupported(format!("{} does not call host functions in its queues", self.backend.name()))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A refusal has broken the health already; there is nobody else to tell.
        let _ = self.flush();
        self.backend.close_queue(self.queue);
    }
}

//! The contract between the scheduler and whoever does the work.
//!
//! A queue runs the work submitted to it in order, each piece after the tickets it waits for.
//! Values of a queue grow by one with each submission; [`Backend::completed`] is the highest value
//! whose work, and all work before it on that queue, is done.

use std::any::Any;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use stream_hal_capture::{Dag, Op};

use crate::plan::Plan;

/// A point of a backend's queue: reached when `completed(queue) >= value`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The backend's queue.
    pub queue: u32,
    /// Its value; 0 is reached from the start.
    pub value: u64,
}

/// When a recorded op is handed to the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// At once: the backend takes single ops at no more cost than many.
    AtOnce,
    /// At once if the backend's queue is idle, else with the ops that follow (up to 256).
    WhenIdle,
}

/// What a backend can do; decides the granularity of what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Takes a whole plan as one [`Prepared`], host calls included.
    pub whole_graph: bool,
    /// Runs conditional bodies itself.
    pub branches: bool,
    /// Calls host functions in its queues' order itself.
    pub host_calls: bool,
    /// When eager ops are handed over.
    pub flush: Flush,
    /// How many lanes a plan should use at most: what the device can run side by side.
    pub lanes: u32,
}

/// What a queue is opened with.
#[derive(Clone, Debug)]
pub struct QueueOptions {
    /// The backend's own device number.
    pub device: u32,
    /// Lower is more urgent; 0 is the default. A hint.
    pub priority: i32,
    /// The state of the context the queue belongs to: a fault on the queue is reported here, and
    /// later work of a faulted context is dropped (its tickets are still reached).
    pub health: Arc<Health>,
}

/// One piece of work for a queue.
pub enum Work<'a> {
    /// Ops in order. An op's `Args` are offsets into `args`. The backend copies what it keeps.
    Ops {
        /// The ops, in the order of the lane. May be empty: then only the waits count.
        ops: &'a [Op],
        /// The bytes their `Args` point into.
        args: &'a [u8],
        /// Points of other queues of this backend that must be reached first.
        waits: &'a [Ticket],
    },
    /// A launch of a prepared plan. Launches of one `Prepared` never overlap: the caller puts the
    /// last launch's ticket among the waits.
    Exec {
        /// What [`Backend::prepare`] gave.
        prepared: &'a Arc<dyn Prepared>,
        /// Changes that take effect when this launch begins, and stay; in order, so that of two at one
        /// place the later holds.
        deltas: Vec<Delta>,
        /// Points of other queues of this backend that must be reached first.
        waits: &'a [Ticket],
    },
}

/// A change of one op of a prepared plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Delta {
    /// The place in the plan's order (see [`Plan::order`]).
    pub place: u32,
    /// The new op; its `Args` are offsets into `args`.
    pub op: Op,
    /// The new parameters.
    pub args: Vec<u8>,
    /// A disabled op keeps its order and does nothing.
    pub enabled: bool,
}

/// A plan in a backend's own form. Only the backend that made it can look inside.
pub trait Prepared: Any + Send + Sync {
    /// For the backend's own downcast.
    fn as_any(&self) -> &dyn Any;
}

/// A fault of device work, in words and as a kind the C surface has a number for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Fault {
    /// Which of the API's sticky errors this is.
    pub kind: FaultKind,
    /// Kernel, node, block, thread, line and address, as far as known.
    pub what: String,
}

/// The sticky errors of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A load or store outside of any allocation.
    IllegalAddress,
    /// A misaligned access.
    MisalignedAddress,
    /// An instruction that cannot be executed, a bad target of a branch or call.
    IllegalInstruction,
    /// A failed device-side assertion.
    Assert,
    /// `trap` and whatever else stops a kernel.
    LaunchFailed,
    /// An access by a space's instruction outside of that space.
    InvalidAddressSpace,
    /// A stack that ran out: recursion too deep.
    StackOverflow,
}

/// Whether a context is still whole. One word that any thread may read, break or abandon.
#[derive(Debug, Default)]
pub struct Health {
    broken: AtomicU32,
    fault: Mutex<Option<Fault>>,
    /// What kernels allocate themselves.
    pub reserve: Reserve,
}

/// Memory for the kernels of a context that allocate themselves. It lives as long as the context's [`Health`].
#[derive(Debug)]
pub struct Reserve {
    bytes: AtomicU64,
    kept: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Default for Reserve {
    fn default() -> Reserve {
        Reserve { bytes: AtomicU64::new(Reserve::BYTES), kept: OnceLock::new() }
    }
}

impl Reserve {
    /// Its size until somebody sets another.
    pub const BYTES: u64 = 8 << 20;

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Sets the size; `false` once a kernel has allocated, for then it is fixed.
    pub fn set_bytes(&self, bytes: u64) -> bool {
        let open = self.kept.get().is_none();
        if open {
            self.bytes.store(bytes, Ordering::Relaxed);
        }
        open
    }

    /// What the backend keeps, made of the size at the first call. `None` if another type is kept already.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce(u64) -> T) -> Option<&T> {
        self.kept.get_or_init(|| Box::new(make(self.bytes()))).downcast_ref()
    }
}

impl Health {
    /// A whole context.
    pub fn new() -> Arc<Health> {
        Arc::default()
    }

    /// Neither broken nor abandoned. One relaxed load.
    #[inline]
    pub fn is_whole(&self) -> bool {
        self.broken.load(Ordering::Relaxed) == 0
    }

    /// A word that is 0 as long as the context is whole: for compiled kernels, which look at it themselves.
    pub fn stop_word(&self) -> &AtomicU32 {
        &self.broken
    }

    /// The first fault stays; later ones are dropped.
    pub fn break_with(&self, fault: Fault) {
        let mut first = self.fault.lock();
        if first.is_none() {
            *first = Some(fault);
            self.broken.store(1, Ordering::Release);
        }
    }

    /// Nobody wants the results any more, as when the context is destroyed: kernels that run stop soon, later
    /// work is dropped, tickets are reached. A host function that runs is waited for. No fault is kept.
    pub fn abandon(&self) {
        self.broken.store(1, Ordering::Release);
    }

    /// The first fault, if there was one.
    pub fn fault(&self) -> Option<Fault> {
        if self.is_whole() { None } else { self.fault.lock().clone() }
    }
}

/// What a backend refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not there yet, or not possible on this device.
    #[error("not supported: {0}")]
    NotSupported(String),
    /// No memory for it.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// An op names code, or an address, that the backend does not know.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The device is gone.
    #[error("device lost: {0}")]
    DeviceLost(String),
}

/// Whoever does the work. Knows no stream, event or handle.
///
/// `submit` must not block on device work, call back into the program or take the caller's locks.
pub trait Backend: Send + Sync {
    /// A short name: `cpu`, `null`, `checker+cpu`.
    fn name(&self) -> &str;

    /// What it can do.
    fn caps(&self) -> Caps;

    /// A queue of its own for a lane. A number that is used again goes on with its values, so that a
    /// ticket of its earlier user stays reached.
    fn open_queue(&self, options: QueueOptions) -> Result<u32, Error>;

    /// Gives the queue up once its work is done. The number may be used again.
    fn close_queue(&self, queue: u32);

    /// A plan in the backend's own form. It copies what it needs: plan and DAG may change after.
    fn prepare(&self, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error>;

    /// Changes a prepared plan in place. No launch of it may be pending.
    fn patch(&self, prepared: &Arc<dyn Prepared>, deltas: &[Delta]) -> Result<(), Error>;

    /// Hands work over. Submissions to one queue come from one thread at a time.
    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error>;

    /// The highest value of the queue that is reached. Costs one acquire load.
    fn completed(&self, queue: u32) -> u64;

    /// Returns when the ticket is reached. The caller may be made to execute what the ticket
    /// depends on, and nothing else.
    fn wait(&self, ticket: Ticket);
}

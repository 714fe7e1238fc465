//! The null backend: takes everything and does nothing, for measuring what lies above a backend, and
//! as the skeleton of a new one.
//!
//! Memory is real, ops are not carried out. Submitted work is queued; when it is waited for or polled,
//! each op is visited once, in order, and counted by its kind, so that "launch and wait" measures a walk
//! over the ops and not nothing. Time stamps are set.

mod code;
mod driver;
mod encode;
mod memory;
mod sync;

use std::sync::Arc;

use stream_hal_capture::Dag;
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::plan::Plan;
use stream_hal_scheduler::{Backend, Caps, Delta, Flush, Prepared, QueueOptions, Ticket, Work};

pub(crate) use driver::open;

/// The backend.
#[derive(Default)]
struct Null {
    queues: sync::Queues,
}

impl Backend for Null {
    fn name(&self) -> &str {
        "null"
    }

    fn caps(&self) -> Caps {
        Caps { whole_graph: true, branches: false, host_calls: true, flush: Flush::AtOnce, lanes: 4 }
    }

    fn open_queue(&self, options: QueueOptions) -> Result<u32, Error> {
        if options.device != 0 {
            return Err(Error::Invalid(format!("device {}", options.device)));
        }
        Ok(self.queues.open())
    }

    fn close_queue(&self, queue: u32) {
        self.queues.close(queue);
    }

    fn prepare(&self, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
        encode::prepare(plan, dag)
    }

    fn patch(&self, prepared: &Arc<dyn Prepared>, deltas: &[Delta]) -> Result<(), Error> {
        encode::of(prepared)?.patch(deltas)
    }

    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        self.queues.submit(queue, work)
    }

    fn completed(&self, queue: u32) -> u64 {
        self.queues.completed(queue)
    }

    fn wait(&self, ticket: Ticket) {
        self.queues.walk(ticket.queue, ticket.value);
    }
}

//! The cpu backend: device work on the machine's own threads, in memory shared with the program.
//!
//! README.md describes lanes, workers, waiting and naps.

mod access;
mod code;
mod driver;
mod encode;
mod execute;
mod floats;
mod heap;
mod lane;
mod launch;
mod memory;
mod native;
#[cfg(test)]
mod panics;
mod pool;
mod protocol;
mod replay;
mod ring;
mod seeded;
mod services;
mod signal;
mod sync;

use std::sync::Arc;

use stream_hal_capture::Dag;
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::plan::Plan;
use stream_hal_scheduler::{Backend, Caps, Delta, Flush, Prepared, QueueOptions, Ticket, Work};

pub(crate) use access::{read, write};
pub(crate) use code::{check as check_image, describe as describe_kernel, parse as parse_image};
pub(crate) use driver::open;
pub(crate) use execute::in_host_call;
pub(crate) use memory::{ALIGNMENT, Memory};
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use native::{Alone, Ground};

use encode::Exec;
use sync::Engine;

/// The atomic types `protocol.rs` is written over.
mod atomics {
    pub use std::sync::atomic::{AtomicU64, Ordering, fence};
}

/// The backend. Dropping it ends the workers.
struct Cpu {
    engine: Arc<Engine>,
}

impl Backend for Cpu {
    fn name(&self) -> &str {
        "cpu"
    }

    fn caps(&self) -> Caps {
        Caps {
            whole_graph: true,
            branches: false,
            host_calls: true,
            flush: Flush::AtOnce,
            lanes: self.engine.pool.threads(),
        }
    }

    fn open_queue(&self, options: QueueOptions) -> Result<u32, Error> {
        if options.device as usize >= self.engine.memories.len() {
            return Err(Error::Invalid(format!("device {}", options.device)));
        }
        self.engine.pool.start(&self.engine);
        self.engine.open_queue(options.health)
    }

    fn close_queue(&self, queue: u32) {
        self.engine.close_queue(queue);
    }

    fn prepare(&self, plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
        encode::prepare(&self.engine, plan, dag)
    }

    fn patch(&self, prepared: &Arc<dyn Prepared>, deltas: &[Delta]) -> Result<(), Error> {
        let exec = prepared.as_any().downcast_ref::<Exec>();
        exec.ok_or_else(|| Error::Invalid("a plan prepared by another backend".into()))?
            .patch(&self.engine, deltas)
    }

    fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        self.engine.submit(queue, work)
    }

    fn completed(&self, queue: u32) -> u64 {
        self.engine.completed(queue)
    }

    fn wait(&self, ticket: Ticket) {
        self.engine.wait(ticket);
    }
}

impl Drop for Cpu {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

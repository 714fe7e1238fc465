//! Ops of the cpu backend one by one, for the simulator: device work in a seeded legal order.

use std::sync::Arc;

use stream_hal_capture::Op;
use stream_hal_scheduler::backend::Fault;
use stream_hal_scheduler::{Backend, Execute, Health, Sim};

use super::execute::{self, Site};
use super::sync::Engine;

/// Executes single ops. Dropping it ends the workers that help with large ones.
struct Single {
    engine: Arc<Engine>,
}

/// A backend that runs the engine's ops in an order drawn from the seed.
pub(super) fn open(engine: Arc<Engine>, seed: u64) -> Arc<dyn Backend> {
    engine.pool.start(&engine);
    Arc::new(Sim::threaded(seed, Box::new(Single { engine })))
}

impl Execute for Single {
    fn execute(&self, op: &Op, args: &[u8], health: &Health) -> Result<(), Fault> {
        let site = Site { engine: &self.engine, health, node: None };
        execute::guarded(|| execute::execute(op, args, &site)).inspect_err(|fault| {
            tracing::error!(kind = ?fault.kind, "{}", fault.what);
        })
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        self.engine.stop();
    }
}

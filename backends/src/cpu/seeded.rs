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
    /// Always whole: the simulator breaks that of the op's own context.
    health: Arc<Health>,
}

/// A backend that runs the engine's ops in an order drawn from the seed.
pub(super) fn open(engine: Arc<Engine>, seed: u64) -> Arc<dyn Backend> {
    engine.pool.start(&engine);
    Arc::new(Sim::threaded(seed, Box::new(Single { engine, health: Health::new() })))
}

impl Execute for Single {
    fn execute(&self, op: &Op, args: &[u8]) -> Result<(), Fault> {
        let site = Site { engine: &self.engine, health: &self.health, node: None };
        execute::execute(op, args, &site).inspect_err(|fault| {
            tracing::error!(kind = ?fault.kind, "{}", fault.what);
        })
    }
}

impl Drop for Single {
    fn drop(&mut self) {
        self.engine.pool.stop();
    }
}

//! A plan in the null backend's form: its ops in order.

use std::any::Any;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal_capture::{Dag, Op};
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::plan::Plan;
use stream_hal_scheduler::{Delta, Prepared};

/// A prepared plan.
pub(super) struct Exec {
    pub(super) ops: Mutex<Vec<Op>>,
}

impl Prepared for Exec {
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Copies the ops of a plan.
pub(super) fn prepare(plan: &Plan, dag: &Dag) -> Result<Arc<dyn Prepared>, Error> {
    let dags = plan.dags(dag);
    let mut ops = Vec::with_capacity(plan.order.len());
    for place in &plan.order {
        let source = dags.get(place.path as usize);
        let source = source.ok_or_else(|| Error::Invalid(format!("path {} of the plan", place.path)))?;
        ops.push(*source.op(place.node).map_err(|error| Error::Invalid(error.to_string()))?);
    }
    Ok(Arc::new(Exec { ops: Mutex::new(ops) }))
}

/// The backend's own view of what it prepared.
pub(super) fn of(prepared: &Arc<dyn Prepared>) -> Result<&Exec, Error> {
    let exec = prepared.as_any().downcast_ref();
    exec.ok_or_else(|| Error::Invalid("a plan prepared by another backend".into()))
}

impl Exec {
    /// Changes ops in place; a disabled op is an empty one.
    pub(super) fn patch(&self, deltas: &[Delta]) -> Result<(), Error> {
        let mut ops = self.ops.lock();
        for delta in deltas {
            let op = ops.get_mut(delta.place as usize);
            let op = op.ok_or_else(|| Error::Invalid(format!("place {} of the plan", delta.place)))?;
            *op = if delta.enabled { delta.op } else { Op::Empty };
        }
        Ok(())
    }
}

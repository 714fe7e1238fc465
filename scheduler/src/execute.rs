//! Whoever runs one op to its end on the calling thread.

use stream_hal_capture::Op;

use crate::backend::{Fault, Health};

/// Runs single ops. Knows no queue and no order: that is its caller's concern.
pub trait Execute: Send + Sync {
    /// Runs the op to its end. Its `Args` are offsets into `args`. Ops that only order others, and
    /// time stamps, are the caller's. What runs long looks now and then whether `health`, of the op's
    /// context, is still whole.
    fn execute(&self, op: &Op, args: &[u8], health: &Health) -> Result<(), Fault>;
}

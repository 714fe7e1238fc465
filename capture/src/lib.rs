//! What was asked: ops, the DAG they form, the recorder, capture sessions, edits and DOT.
//!
//! This crate knows no device, no backend and no C API. Addresses are plain numbers here.
#![forbid(unsafe_code)]

pub mod dag;
pub mod frontier;
pub mod journal;
pub mod live;
pub mod mode;
pub mod op;
mod parameters;
pub mod recorder;
pub mod session;
pub mod status;

pub use dag::{Dag, Node};
pub use live::{Live, Point};
pub use op::{Address, Args, Op};
pub use recorder::{Recorded, Target, record};
pub use session::{Cursor, Session};
pub use status::{Cause, Reason, Status};

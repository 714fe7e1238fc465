//! What was asked: ops, the DAG they form, the recorder, capture sessions, edits and DOT.
//!
//! This crate knows no device, no backend and no C API. Addresses are plain numbers here.
#![forbid(unsafe_code)]

mod blobs;
mod chunk;
pub mod csr;
pub mod dag;
pub mod difference;
pub mod dot;
pub mod frontier;
pub mod journal;
mod links;
pub mod live;
pub mod mode;
pub mod op;
mod ops;
mod order;
mod parameters;
pub mod pool;
pub mod recorder;
pub mod session;
pub mod status;

pub use csr::Csr;
pub use dag::{Dag, Node};
pub use difference::{Difference, difference};
pub use live::{Live, Point};
pub use op::{Address, Args, Op};
pub use recorder::{Recorded, Target, record};
pub use session::{Cursor, Session};
pub use status::{Cause, Reason, Status};

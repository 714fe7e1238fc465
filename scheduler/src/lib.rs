//! When is work done and on which lane: the planner, live lanes, execs, the backend contract, the
//! clock and the seeded simulator.
//!
//! This crate knows no API handle and no vendor.
#![forbid(unsafe_code)]

pub mod backend;
mod batches;
pub mod clock;
pub mod cover;
pub mod exec;
pub mod execute;
mod flatten;
mod lanes;
pub mod live;
pub mod plan;
mod shape;
pub mod sim;
mod straight;
pub mod trace;

pub use backend::{Backend, Caps, Delta, Flush, Health, Prepared, QueueOptions, Ticket, Work};
pub use exec::Exec;
pub use execute::Execute;
pub use live::Lane;
pub use sim::Sim;

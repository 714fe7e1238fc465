//! The runtime: what an application holds.
//!
//! Every stream operation, eager or captured, becomes a node of a DAG by one function
//! (`capture::recorder`); this crate holds the objects around it: devices, contexts, streams,
//! events, memory, modules, graphs and their execs.
#![deny(unsafe_code)]

pub mod api;
pub mod capture;
mod chunks;
pub mod context;
pub mod device;
pub mod dot;
pub mod error;
pub mod event;
pub mod exec;
#[allow(unsafe_code)]
pub mod gate;
pub mod graph;
#[allow(unsafe_code)]
pub mod handle;
pub mod launch;
pub mod memory;
pub mod module;
pub mod objects;
pub mod occupancy;
pub mod owed;
pub mod pointers;
pub mod pool;
pub mod registered;
pub mod rules;
pub mod runtime;
pub mod settings;
pub mod stream;
mod sync;
mod texts;
pub mod thread;
pub mod user_object;

pub use api::{Buffer, Device, Event, Graph, GraphExec, Kernel, Module, Shape, Stream};
pub use error::{Error, Result, What};
pub use stream_hal_backends::Properties;
pub use stream_hal_backends::device::Place;
pub use stream_hal_capture::dot::Style;
pub use stream_hal_capture::{Node, Op, op};
pub use stream_hal_kernels::{image, view};

//! What device code means: images, PTX, IR, the device library and the interpreter. It knows no device.
#![forbid(unsafe_code)]

pub mod compile;
mod fault;
pub mod image;
mod interp;
pub mod ir;
pub mod libdevice;
pub mod memory;
pub mod module;
pub mod program;
mod ptx;
pub mod view;

pub use fault::{FaultKind, KernelFault};
pub use interp::{MOST_LOCAL, Scratch};
pub use memory::{AccessLog, AtomicOp, Logged, Memory, MemoryFault};
pub use module::{Error, Errors, Global, Kernel, Module, Resources, Unsupported};
pub use program::{Host, Launch, Program, Progress};
pub use ptx::forms;

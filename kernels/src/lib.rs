//! What device code means: images, PTX, IR, passes and the interpreter. It knows no device.
#![forbid(unsafe_code)]

mod fault;
pub mod image;
mod interp;
pub mod ir;
pub mod memory;
pub mod program;
mod ptx;

pub use fault::{FaultKind, KernelFault};
pub use interp::Scratch;
pub use memory::{AtomicOp, Memory, MemoryFault};
pub use program::{Error, Errors, Global, Host, Kernel, Launch, Module, Program, Progress};
pub use ptx::forms;

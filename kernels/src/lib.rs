//! What device code means: images, PTX, IR, passes and the interpreter. It knows no device.
#![forbid(unsafe_code)]

pub mod memory;

pub use memory::{AtomicOp, Memory, MemoryFault};

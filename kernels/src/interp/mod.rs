//! The interpreter: the meaning of every op, run a warp at a time over `dyn Memory`. See README.md in this folder.

mod access;
mod atomic;
mod barrier;
mod bits;
pub mod block;
mod call;
pub mod code;
mod compare;
mod convert;
mod copy;
pub mod decode;
pub(crate) mod exact;
mod exchange;
mod float;
mod format;
pub(crate) mod general;
mod integer;
pub(crate) mod lanes;
mod matrix;
mod mbarrier;
mod meaning;
mod narrow;
mod product;
mod run;
mod slots;
pub mod soft;
mod special;
mod stack;
mod trouble;
mod warp;

pub use block::{RESERVED_BYTES, Scratch};
pub(crate) use float::{canonical, canonical64};
pub use lanes::Meaning;
pub use meaning::meaning;

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
pub(crate) mod exchange;
mod float;
mod format;
pub(crate) mod general;
mod integer;
pub(crate) mod lanes;
mod matrix;
mod mbarrier;
pub(crate) mod meaning;
mod narrow;
pub(crate) mod product;
mod run;
mod slots;
pub mod soft;
mod special;
mod stack;
pub(crate) mod text;
pub(crate) mod trouble;
mod warp;

pub use block::{MOST_LOCAL, RESERVED_BYTES, Scratch};
pub(crate) use float::{canonical, canonical64, flush};
pub use lanes::Meaning;
pub use meaning::{each, meaning};

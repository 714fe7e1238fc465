//! The runtime: what an application holds.
#![deny(unsafe_code)]

#[allow(unsafe_code)]
pub mod gate;
#[allow(unsafe_code)]
pub mod handle;
mod sync;

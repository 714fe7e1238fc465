//! What the tests of the samples are made of.

pub mod check;
pub mod device;
mod mutation;
mod regenerate;

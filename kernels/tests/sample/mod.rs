//! What the tests of the samples are made of: a file of checks for each family of kernels.

pub mod chance;
pub mod check;
pub mod classic;
mod device;
pub mod exact;
pub mod flow;
pub mod grid;
pub mod hash;
pub mod layout;
pub mod linear;
pub mod mathematics;
mod mutation;
pub mod neural;
pub mod parallel;
mod regenerate;
pub mod shared;
pub mod small;
pub mod together;

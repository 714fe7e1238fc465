//! What was asked: ops, the DAG they form, the recorder, capture sessions, edits and DOT.
//!
//! This crate knows no device, no backend and no C API. Addresses are plain numbers here.
#![forbid(unsafe_code)]

pub mod dag;
pub mod op;

pub use dag::{Dag, Node};
pub use op::{Address, Args, Op};

//! PTX texts run by the interpreter, against plain Rust.
// Tests may unwrap; helpers outside of test functions are tests as well. The formulas follow the PTX manual.
#![allow(clippy::unwrap_used, clippy::precedence)]

mod ptx;
mod runner;

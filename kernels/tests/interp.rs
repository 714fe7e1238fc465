//! PTX texts run by the interpreter, against plain Rust.

mod ptx;

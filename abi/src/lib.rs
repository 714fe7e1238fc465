//! The C library: every `cu*` and `hip*` symbol, its arguments and its numbers.
//!
//! One file per API object holds a table of entries; an entry names the symbols of one meaning and
//! calls the runtime in a few safe lines. Nothing is decided here and nothing is remembered but
//! HIP's last error number.

#![allow(non_snake_case)]

#[allow(dead_code)]
mod arg;
mod code;
mod entry;
mod error;
mod last;
mod log;
mod missing;
mod names;
mod proc_address;
mod unnumbered;

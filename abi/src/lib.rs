//! The C library: every `cu*` and `hip*` symbol, its arguments and its numbers.
//!
//! One file per API object holds a table of entries; an entry names the symbols of one meaning and
//! calls the runtime in a few safe lines. Nothing is decided here and nothing is remembered but
//! HIP's last error number.

#![allow(non_snake_case)]

mod arg;
mod attribute;
mod capture;
mod code;
mod context;
mod copy;
mod cx;
mod device;
mod driver_node;
mod entry;
mod error;
mod event;
mod exec;
mod fill;
mod function;
mod graph;
mod last;
mod launch;
mod log;
mod made;
mod managed;
mod memory;
mod missing;
mod module;
mod names;
mod node;
mod occupancy;
mod packed;
mod pointer;
mod pool;
mod proc_address;
mod registration;
mod start;
mod stream;
mod symbol;
mod types;
mod unnumbered;
mod user_object;

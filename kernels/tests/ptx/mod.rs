//! One file a family of instructions.

mod bench;
mod control;
mod faults;
mod floats;
mod integers;
mod printing;
mod samples;
mod table;

//! One file a family of instructions.

mod samples;

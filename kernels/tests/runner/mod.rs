//! Runs the launches of tests on the interpreter. A crate that takes these tests for something else that runs kernels has
//! a module of this name with the same functions in its place.

#![allow(dead_code, reason = "each of the crates with this module has its own use for it")]

pub mod job;

pub use job::{Job, Piece, interpret as run};

/// The tests of a family's form begin, on this thread.
pub fn form_begins(_family: &str, _form: &str) {}

/// Whether a form of a family is tested.
pub fn takes(_family: &str, _form: &str) -> bool {
    true
}

/// All forms of a family have been tested.
pub fn family_ends(_family: &str) {}

/// The tests of a sample's file begin, on this thread.
pub fn sample_begins(_folder: &str, _file: &str) {}

/// What is kept of a program from launch to launch.
#[derive(Default)]
pub struct Cache {}

/// A shuffle from a lane that does the same but is no member: PTX leaves open what comes of it. Here it counts as not there.
pub const STRANGERS_GIVE: bool = false;

/// With `.ftz`, what would be rounded up to the smallest normal number may be flushed before that. Here it is not.
pub const FLUSHES_FIRST: bool = false;

/// Offsets of 64 bits in shared and local memory may be cut to 32, as a GPU's are. Here they are not.
pub const CUTS_OFFSETS: bool = false;

/// The manual bounds the errors of approximate sines for small numbers only. Here they hold for all.
pub const ONLY_SMALL_SINES: bool = false;

/// Threads of a block where a test takes any number.
pub fn any_block() -> u32 {
    256
}

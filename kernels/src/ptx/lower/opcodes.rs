//! The table of opcodes: what builds each, and which ones are known and refused.

use super::step::{Done, Step};
use super::{call, control, warp};

/// Turns an instruction into ops.
pub type Build = fn(&mut Step<'_, '_, '_, '_>) -> Done;

/// Opcodes in alphabetical order. // table
const OPCODES: &[(&str, Build)] = &[
    ("activemask", warp::activemask),
    ("bar", warp::barrier),
    ("barrier", warp::barrier),
    ("bra", control::bra),
    ("brkpt", control::nothing),
    ("brx", control::brx),
    ("call", call::call),
    ("exit", control::leave),
    ("griddepcontrol", control::nothing),
    ("match", warp::matching),
    ("nanosleep", control::nanosleep),
    ("pmevent", control::nothing),
    ("redux", warp::redux),
    ("ret", control::ret),
    ("shfl", warp::shfl),
    ("trap", control::leave),
    ("vote", warp::vote),
];

/// Opcodes of PTX that are not implemented, so that they are told from typing errors.
const REFUSED: &[&str] = &["elect", "setmaxnreg"];

/// What builds an opcode.
pub fn build(opcode: &str) -> Option<Build> {
    let at = OPCODES.binary_search_by_key(&opcode, |(name, _)| name).ok()?;
    Some(OPCODES[at].1)
}

/// An opcode of PTX, implemented or not.
pub fn known(opcode: &str) -> bool {
    build(opcode).is_some() || REFUSED.contains(&opcode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_are_sorted() {
        assert!(OPCODES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

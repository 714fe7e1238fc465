//! The table of opcodes: what builds each, and which ones are known and refused.

use super::step::{Done, Step};
use super::{call, control, memory, warp};

/// Turns an instruction into ops.
pub type Build = fn(&mut Step<'_, '_, '_, '_>) -> Done;

/// Opcodes in alphabetical order. // table
const OPCODES: &[(&str, Build)] = &[
    ("activemask", warp::activemask),
    ("applypriority", memory::hint),
    ("atom", memory::atom),
    ("bar", warp::barrier),
    ("barrier", warp::barrier),
    ("bra", control::bra),
    ("brkpt", control::nothing),
    ("brx", control::brx),
    ("call", call::call),
    ("cp", memory::cp),
    ("cvta", memory::cvta),
    ("discard", memory::hint),
    ("exit", control::leave),
    ("fence", memory::fence),
    ("griddepcontrol", control::nothing),
    ("isspacep", memory::isspacep),
    ("ld", memory::ld),
    ("ldu", memory::ld),
    ("match", warp::matching),
    ("membar", memory::fence),
    ("nanosleep", control::nanosleep),
    ("pmevent", control::nothing),
    ("prefetch", memory::hint),
    ("prefetchu", memory::hint),
    ("red", memory::atom),
    ("redux", warp::redux),
    ("ret", control::ret),
    ("shfl", warp::shfl),
    ("st", memory::st),
    ("trap", control::leave),
    ("vote", warp::vote),
];

/// Opcodes of PTX that are not implemented, so that they are told from typing errors.
const REFUSED: &[&str] =
    &["alloca", "createpolicy", "elect", "mbarrier", "setmaxnreg", "st.bulk", "stackrestore", "stacksave"];

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

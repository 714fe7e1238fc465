//! The table of opcodes: what builds each, and which ones are known and refused.

use super::step::{Done, Step};
use super::{arithmetic, call, control, convert, logic, memory, warp};

/// Turns an instruction into ops.
pub type Build = fn(&mut Step<'_, '_, '_, '_>) -> Done;

/// Opcodes in alphabetical order. // table
const OPCODES: &[(&str, Build)] = &[
    ("abs", arithmetic::abs),
    ("activemask", warp::activemask),
    ("add", arithmetic::add),
    ("applypriority", memory::hint),
    ("atom", memory::atom),
    ("bar", warp::barrier),
    ("barrier", warp::barrier),
    ("bra", control::bra),
    ("brkpt", control::nothing),
    ("brx", control::brx),
    ("call", call::call),
    ("copysign", arithmetic::copysign),
    ("cos", arithmetic::function),
    ("cp", memory::cp),
    ("cvt", convert::cvt),
    ("cvta", memory::cvta),
    ("discard", memory::hint),
    ("div", arithmetic::div),
    ("ex2", arithmetic::function),
    ("exit", control::leave),
    ("fence", memory::fence),
    ("fma", arithmetic::fma),
    ("griddepcontrol", control::nothing),
    ("isspacep", memory::isspacep),
    ("ld", memory::ld),
    ("ldu", memory::ld),
    ("lg2", arithmetic::function),
    ("mad", arithmetic::mad),
    ("match", warp::matching),
    ("max", arithmetic::max),
    ("membar", memory::fence),
    ("min", arithmetic::min),
    ("mul", arithmetic::mul),
    ("nanosleep", control::nanosleep),
    ("neg", arithmetic::neg),
    ("pmevent", control::nothing),
    ("prefetch", memory::hint),
    ("prefetchu", memory::hint),
    ("rcp", arithmetic::function),
    ("red", memory::atom),
    ("redux", warp::redux),
    ("ret", control::ret),
    ("rsqrt", arithmetic::function),
    ("set", logic::set),
    ("setp", logic::setp),
    ("shfl", warp::shfl),
    ("sin", arithmetic::function),
    ("sqrt", arithmetic::function),
    ("st", memory::st),
    ("sub", arithmetic::sub),
    ("tanh", arithmetic::function),
    ("testp", arithmetic::testp),
    ("trap", control::leave),
    ("vote", warp::vote),
];

/// Opcodes of PTX that are not implemented, so that they are told from typing errors.
const REFUSED: &[&str] = &[
    "alloca",
    "createpolicy",
    "elect",
    "ldmatrix",
    "mbarrier",
    "mma",
    "movmatrix",
    "setmaxnreg",
    "st.bulk",
    "stackrestore",
    "stacksave",
    "stmatrix",
    "wmma",
];

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

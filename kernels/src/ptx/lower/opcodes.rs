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
    ("addc", arithmetic::addc),
    ("and", logic::bitwise),
    ("applypriority", memory::hint),
    ("atom", memory::atom),
    ("bar", warp::barrier),
    ("barrier", warp::barrier),
    ("bfe", logic::bfe),
    ("bfi", logic::bfi),
    ("bfind", logic::bfind),
    ("bmsk", logic::bmsk),
    ("bra", control::bra),
    ("brev", logic::count),
    ("brkpt", control::nothing),
    ("brx", control::brx),
    ("call", call::call),
    ("clz", logic::count),
    ("cnot", logic::bitwise),
    ("copysign", arithmetic::copysign),
    ("cos", arithmetic::function),
    ("cp", memory::cp),
    ("cvt", convert::cvt),
    ("cvta", memory::cvta),
    ("discard", memory::hint),
    ("div", arithmetic::div),
    ("dp2a", arithmetic::dot),
    ("dp4a", arithmetic::dot),
    ("ex2", arithmetic::function),
    ("exit", control::leave),
    ("fence", memory::fence),
    ("fma", arithmetic::fma),
    ("griddepcontrol", control::nothing),
    ("isspacep", memory::isspacep),
    ("ld", memory::ld),
    ("ldu", memory::ld),
    ("lg2", arithmetic::function),
    ("lop3", logic::lop3),
    ("mad", arithmetic::mad),
    ("mad24", arithmetic::mul24),
    ("madc", arithmetic::madc),
    ("match", warp::matching),
    ("max", arithmetic::max),
    ("membar", memory::fence),
    ("min", arithmetic::min),
    ("mov", logic::mov),
    ("mul", arithmetic::mul),
    ("mul24", arithmetic::mul24),
    ("nanosleep", control::nanosleep),
    ("neg", arithmetic::neg),
    ("not", logic::bitwise),
    ("or", logic::bitwise),
    ("pmevent", control::nothing),
    ("popc", logic::count),
    ("prefetch", memory::hint),
    ("prefetchu", memory::hint),
    ("prmt", logic::prmt),
    ("rcp", arithmetic::function),
    ("red", memory::atom),
    ("redux", warp::redux),
    ("rem", arithmetic::rem),
    ("ret", control::ret),
    ("rsqrt", arithmetic::function),
    ("sad", arithmetic::sad),
    ("selp", logic::selp),
    ("set", logic::set),
    ("setp", logic::setp),
    ("shf", logic::shf),
    ("shfl", warp::shfl),
    ("shl", logic::shift),
    ("shr", logic::shift),
    ("sin", arithmetic::function),
    ("slct", logic::slct),
    ("sqrt", arithmetic::function),
    ("st", memory::st),
    ("sub", arithmetic::sub),
    ("subc", arithmetic::subc),
    ("szext", logic::szext),
    ("tanh", arithmetic::function),
    ("testp", arithmetic::testp),
    ("trap", control::leave),
    ("vote", warp::vote),
    ("xor", logic::bitwise),
];

/// Opcodes of PTX that are not implemented, so that they are told from typing errors.
const REFUSED: &[&str] = &[
    "alloca",
    "clusterlaunchcontrol",
    "createpolicy",
    "elect",
    "fns",
    "getctarank",
    "istypep",
    "ldmatrix",
    "mapa",
    "mbarrier",
    "mma",
    "movmatrix",
    "multimem",
    "setmaxnreg",
    "st.bulk",
    "stackrestore",
    "stacksave",
    "stmatrix",
    "suld",
    "suq",
    "sured",
    "sust",
    "tcgen05",
    "tensormap",
    "tex",
    "tld4",
    "txq",
    "vabsdiff",
    "vabsdiff2",
    "vabsdiff4",
    "vadd",
    "vadd2",
    "vadd4",
    "vavrg2",
    "vavrg4",
    "vmad",
    "vmax",
    "vmax2",
    "vmax4",
    "vmin",
    "vmin2",
    "vmin4",
    "vset",
    "vset2",
    "vset4",
    "vshl",
    "vshr",
    "vsub",
    "vsub2",
    "vsub4",
    "wgmma",
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

//! Forms that say where a thread goes on, and when.

use super::super::lower::{call, control};
use super::{Row, row};

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    row("bra[.uni]", "label", control::bra),
    row("brkpt", "", control::nothing),
    row("brx.idx[.uni]", "u32 name", control::brx),
    row("call[.uni]", "*", call::call),
    row("exit", "", control::leave),
    row("griddepcontrol(.launch_dependents|.wait)", "", control::nothing),
    row("nanosleep.u32", "u32", control::nanosleep),
    row("pmevent[.mask]", "u32", control::nothing),
    row("ret[.uni]", "", control::ret),
    row("trap", "", control::leave),
];

//! The table of instruction forms, as data: opcode, ordered groups of modifiers, operand shapes, and what makes IR of
//! each. What the table does not have fails its kernel alone, with the form and the line.

mod asynchronous;
mod atomic;
mod control;
mod convert;
mod float;
mod integer;
mod logic;
mod matrix;
mod memory;
pub mod pattern;
mod refused;
pub mod shape;
mod warp;

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::lower::form::{self, Form};
use super::lower::step::{Done, Step};
use crate::ir::compute::Int;
use pattern::Pattern;
use shape::Shape;

/// What makes ops of an instruction.
#[derive(Clone, Copy)]
pub(crate) enum Build {
    /// A function.
    By(fn(&mut Step<'_, '_, '_, '_>) -> Done),
    /// A pure op on integers or bits of the form's first type, operands as the shape says.
    Int(Int),
    /// Nothing: refused.
    Refuse,
}

/// Forms of one pattern.
pub struct Row {
    /// See [`pattern`].
    pub pattern: &'static str,
    /// See [`shape`].
    pub operands: &'static str,
    build: Build,
}

/// Forms that a function makes ops of.
const fn row(
    pattern: &'static str,
    operands: &'static str,
    build: fn(&mut Step<'_, '_, '_, '_>) -> Done,
) -> Row {
    Row { pattern, operands, build: Build::By(build) }
}

/// Forms that are one pure op.
const fn int(pattern: &'static str, operands: &'static str, op: Int) -> Row {
    Row { pattern, operands, build: Build::Int(op) }
}

/// An opcode all forms of which are known and refused: no device of ours has what they need.
const fn refuse(opcode: &'static str) -> Row {
    Row { pattern: opcode, operands: "*", build: Build::Refuse }
}

impl Row {
    /// Whether its forms are implemented.
    pub fn done(&self) -> bool {
        !matches!(self.build, Build::Refuse)
    }

    /// Its forms: all of them up to a few thousand, else enough for each pair of choices.
    pub fn forms(&self) -> Vec<String> {
        Pattern::new(self.pattern).expand(4096)
    }
}

/// Rows that belong together.
pub struct Family {
    /// What they are.
    pub name: &'static str,
    /// The rows.
    pub rows: &'static [Row],
}

/// The whole table.
pub fn families() -> &'static [Family] {
    const FAMILIES: &[Family] = &[
        Family { name: "asynchronous", rows: asynchronous::ROWS },
        Family { name: "atomic", rows: atomic::ROWS },
        Family { name: "control", rows: control::ROWS },
        Family { name: "convert", rows: convert::ROWS },
        Family { name: "float", rows: float::ROWS },
        Family { name: "integer", rows: integer::ROWS },
        Family { name: "logic", rows: logic::ROWS },
        Family { name: "matrix", rows: matrix::ROWS },
        Family { name: "memory", rows: memory::ROWS },
        Family { name: "warp", rows: warp::ROWS },
        Family { name: "refused", rows: refused::ROWS },
    ];
    FAMILIES
}

/// What is known of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Implemented.
    Done,
    /// Known, and not implemented.
    Missing,
    /// Known, and refused for good.
    Refused,
}

/// The state of a form as written; `None` where not even the opcode is known.
pub fn state(form: &str) -> Option<State> {
    match find(form) {
        Found::Row(known) if known.row.done() => Some(State::Done),
        Found::Row(_) => Some(State::Refused),
        Found::Opcode => Some(State::Missing),
        Found::Nothing => None,
    }
}

/// The row of a form that is done, and its family's name.
pub fn row_of(form: &str) -> Option<(&'static str, &'static Row)> {
    match find(form) {
        Found::Row(known) if known.row.done() => Some((known.family, known.row)),
        _ => None,
    }
}

/// A row taken apart.
pub(crate) struct Known {
    family: &'static str,
    row: &'static Row,
    pattern: Pattern,
    /// Its operands.
    pub shape: Shape,
}

impl Known {
    /// What makes ops of its forms.
    pub fn build(&self) -> Build {
        self.row.build
    }
}

/// What a form was found to be.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    /// A form of this row.
    Row(&'static Known),
    /// Another form of a known opcode.
    Opcode,
    /// Nothing that PTX has.
    Nothing,
}

/// Rows by opcode.
static BY_OPCODE: LazyLock<HashMap<&'static str, Vec<Known>, RandomState>> = LazyLock::new(|| {
    let mut map: HashMap<&'static str, Vec<Known>, RandomState> = HashMap::default();
    let rows = families().iter().flat_map(|family| family.rows.iter().map(|row| (family.name, row)));
    for (family, row) in rows {
        let pattern = Pattern::new(row.pattern);
        let known = Known { family, row, shape: Shape::new(row.operands), pattern };
        map.entry(known.pattern.opcode).or_default().push(known);
    }
    map
});

/// Looks a form up. It takes a hash and a few comparisons of words; see [`Seen`].
pub(crate) fn find(form: &str) -> Found {
    let mut words = form::words(form);
    let opcode = words.next().unwrap_or("");
    let modifiers: smallvec::SmallVec<[&str; 12]> = words.collect();
    let Some(rows) = BY_OPCODE.get(opcode) else { return Found::Nothing };
    let fits = |known: &&Known| !known.row.done() || known.pattern.matches(&modifiers);
    rows.iter().find(fits).map_or(Found::Opcode, Found::Row)
}

/// Forms that came up, with their words sorted out. A text has few forms, each many times.
#[derive(Default)]
pub(crate) struct Seen<'a>(HashMap<&'a str, (Found, Form<'a>), RandomState>);

impl<'a> Seen<'a> {
    /// So many are kept; further ones are looked up each time.
    const MOST: usize = 112;

    /// What a form is.
    pub fn find(&mut self, text: &'a str) -> (Found, Form<'a>) {
        if let Some((found, form)) = self.0.get(text) {
            return (*found, form.clone());
        }
        let known = (find(text), Form::new(text));
        if self.0.len() < Self::MOST {
            self.0.insert(text, known.clone());
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_stands_in_two_rows() {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for row in families().iter().flat_map(|family| family.rows) {
            for form in row.forms() {
                assert!(matches!(find(&form), Found::Row(_)), "{form} of {} is not found", row.pattern);
                if let Some(other) = seen.insert(form.clone(), row.pattern) {
                    panic!("{form} is a form of {} and of {other}", row.pattern);
                }
            }
        }
    }

    #[test]
    fn states() {
        assert_eq!(state("add.s32"), Some(State::Done));
        assert_eq!(state("add.cc.s16"), Some(State::Missing));
        assert_eq!(state("tex.2d.v4.f32.f32"), Some(State::Refused));
        assert_eq!(state("frobnicate.u32"), None);
    }
}

//! One function's tree to IR: names are looked up, types checked, local variables laid out.

pub mod arithmetic;
pub mod asynchronous;
pub mod atomic;
pub mod block;
pub mod call;
pub mod control;
pub mod convert;
pub mod cooperative;
pub mod external;
pub mod float;
pub mod form;
pub mod function;
pub mod logic;
pub mod matrix;
pub mod memory;
pub mod names;
pub mod operand;
pub mod special;
pub mod stack;
pub mod step;
pub mod warp;

use super::ast::{Body as Tree, Header};
use super::declared::Declared;
use super::forms::Seen;
use super::parse::Parser;
use crate::ir::{Callee, Function, Op, Operand};
use crate::module::{Error, Errors, Unsupported};
use names::Binding;

/// Why an instruction was not lowered.
#[derive(Debug)]
pub enum Refusal {
    /// The text is wrong.
    Error(Error),
    /// The form is not implemented.
    Unsupported,
    /// So is this call; what is called, and why not.
    Call(String),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Error(error)
    }
}

/// A lowered function.
#[derive(Debug)]
pub struct Lowered {
    /// The code; not to be run when something is unsupported.
    pub function: Function,
    /// The forms that are not implemented, the first fifty.
    pub unsupported: Vec<Unsupported>,
    /// 32-bit registers declared and used.
    pub registers: u32,
    /// What dynamic shared memory that is declared here is aligned to.
    pub dynamic_align: u32,
    /// Functions of the module that it calls or takes the address of, ascending.
    pub mentions: Vec<u32>,
    /// It calls through pointers.
    pub indirect: bool,
}

/// What all functions of a module see.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The whole text.
    pub text: &'a str,
    /// What it declares.
    pub declared: &'a Declared,
}

impl<'a> Scope<'a> {
    /// The header of a function.
    pub fn header(self, index: u32) -> Result<Header<'a>, Error> {
        let function = &self.declared.functions[index as usize];
        let mut parser = Parser::new(self.text, function.header)?;
        parser.function_header(function.kernel)
    }

    /// A name of the module.
    pub fn symbol(self, name: &str) -> Option<Binding> {
        self.declared.symbols.get(name).copied()
    }
}

/// Lowers a function that has a body. Errors refuse it; a form that is not implemented is noted. `forms` may serve many
/// functions.
pub fn lower<'a>(scope: Scope<'a>, index: u32, forms: &mut Seen<'a>) -> Result<Lowered, Errors> {
    let written = read(scope, index)?;
    let mut errors = Vec::new();
    let lowered = function::lower(&scope, forms, &written, &mut errors);
    lowered.ok_or(Errors(errors))
}

/// The header and the body of a function as written.
pub fn read(scope: Scope<'_>, index: u32) -> Result<(Header<'_>, Tree<'_>), Errors> {
    let one = |error| Errors(vec![error]);
    let header = scope.header(index).map_err(one)?;
    let place = scope.declared.functions[index as usize].body;
    let place = place.ok_or_else(|| one(error_at(header.place, format!("'{}' has no body", header.name))))?;
    let mut parser = Parser::new(scope.text, place).map_err(one)?;
    let statements = match parser.body() {
        Ok(statements) => statements,
        Err(error) => {
            parser.errors.push(error);
            Vec::new()
        }
    };
    if !parser.errors.is_empty() {
        return Err(Errors(parser.errors));
    }
    Ok((header, Tree { statements, operands: parser.operands }))
}

/// The functions of the module that a function mentions, and whether it calls through pointers.
fn mentions(function: &Function) -> (Vec<u32>, bool) {
    let (mut mentions, mut indirect) = (Vec::new(), false);
    for inst in function.blocks.iter().flat_map(|block| &block.insts) {
        if let Op::Call { callee, .. } = &inst.op {
            match callee {
                Callee::Function(index) => mentions.push(*index),
                Callee::Pointer(_) => indirect = true,
                Callee::Runtime(_) => {}
            }
        }
        inst.op.sources(|source| {
            if let Operand::Function(index) = source {
                mentions.push(index);
            }
        });
    }
    mentions.sort_unstable();
    mentions.dedup();
    (mentions, indirect)
}

fn error_at(place: (u32, u32), what: String) -> Error {
    Error { line: place.0, column: place.1, what }
}

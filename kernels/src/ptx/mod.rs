//! The PTX front end: text to [`crate::ir`].
//!
//! `lexer` makes tokens, `parse` and its parts make the tree of `ast`, `lower` checks names and types and makes IR. `forms`
//! is the table of instructions.

pub mod ast;
pub mod body;
pub mod forms;
pub mod lexer;
pub mod lower;
pub mod parse;
pub mod variable;

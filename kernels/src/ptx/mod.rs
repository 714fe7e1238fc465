//! The PTX front end: text to [`crate::ir`].
//!
//! `declared` reads the module level of a text and passes over bodies. When a function is first used, `parse` and its
//! parts make the tree of `ast` from its tokens, and `lower` checks names and types and makes IR. `forms` is the table of
//! instructions.

pub mod ast;
pub mod body;
pub mod declared;
pub mod forms;
pub mod lexer;
pub mod lower;
pub mod parse;
pub mod variable;

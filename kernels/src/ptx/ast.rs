//! A PTX text as data: what was written, names not yet looked up.

use std::ops::Range;

pub use crate::ir::Type;
use crate::module::Relocation;

/// State spaces of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableSpace {
    /// `.global`
    Global,
    /// `.const`
    Const,
    /// `.shared`
    Shared,
    /// `.local`
    Local,
    /// `.param`
    Param,
}

/// How a symbol is seen from other modules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linkage {
    /// Not at all.
    #[default]
    Private,
    /// Defined here: `.visible`, `.weak`, `.common`.
    Visible,
    /// Defined elsewhere.
    External,
}

/// A variable or parameter.
#[derive(Clone, Debug)]
pub struct Variable<'a> {
    /// Where it lives.
    pub space: VariableSpace,
    /// As declared.
    pub linkage: Linkage,
    /// `.align`, or what the type asks for.
    pub align: u32,
    /// Size of one element of the innermost array, vectors included.
    pub element: Type,
    /// From one element of a plain array to the next, in bytes; 0 where there are several dimensions.
    pub stride: u64,
    /// All elements together, in bytes; 0 for `[]`.
    pub bytes: u64,
    /// The symbol.
    pub name: &'a str,
    /// The initial value.
    pub initial: Vec<u8>,
    /// Addresses in the initial value.
    pub relocations: Vec<Relocation>,
    /// Line and column of the name.
    pub place: (u32, u32),
}

/// What stands before the body of a kernel or device function.
#[derive(Debug)]
pub struct Header<'a> {
    /// `.entry`, not `.func`.
    pub kernel: bool,
    /// The symbol.
    pub name: &'a str,
    /// Return values: parameters or registers.
    pub returns: Vec<Formal<'a>>,
    /// Parameters.
    pub parameters: Vec<Formal<'a>>,
    /// `.maxntid` or `.reqntid` product; 0 when absent.
    pub max_threads: u32,
    /// `.reqntid`
    pub required_block: Option<[u32; 3]>,
    /// Line and column of the name.
    pub place: (u32, u32),
}

/// A body as written. Operands of all instructions lie in one list.
#[derive(Debug, Default)]
pub struct Body<'a> {
    /// In order, braces of scopes included.
    pub statements: Vec<Statement<'a>>,
    /// Vectors and lists among them refer to ranges of the same list.
    pub operands: Vec<Operand<'a>>,
}

/// A formal parameter or return value.
#[derive(Clone, Debug)]
pub enum Formal<'a> {
    /// In `.param` space.
    Param(Variable<'a>),
    /// In a register.
    Register(Type, &'a str),
}

impl Formal<'_> {
    /// Size and alignment in bytes.
    pub fn layout(&self) -> (u64, u32) {
        match self {
            Formal::Param(variable) => (variable.bytes, variable.align),
            Formal::Register(ty, _) => (u64::from(ty.bytes().max(1)), ty.bytes().max(1)),
        }
    }
}

/// One statement.
#[derive(Debug)]
pub enum Statement<'a> {
    /// `{`
    Open,
    /// `}`
    Close,
    /// `name:`
    Label(&'a str, (u32, u32)),
    /// `.reg type name` or `name<count>`.
    Registers(Box<Registers<'a>>),
    /// A variable.
    Variable(Box<Variable<'a>>),
    /// `name: .callprototype …` or `.branchtargets …`.
    Table(Box<Table<'a>>),
    /// An instruction.
    Instruction(Instruction<'a>),
}

/// Registers of one name.
#[derive(Debug)]
pub struct Registers<'a> {
    /// Of each.
    pub ty: Type,
    /// 1, or 2 or 4 for `.v2`, `.v4`.
    pub vector: u32,
    /// The name, without number when `count` is there.
    pub name: &'a str,
    /// `<count>`
    pub count: Option<u32>,
    /// Line and column.
    pub place: (u32, u32),
}

/// What a label can name besides a place.
#[derive(Debug)]
pub enum Table<'a> {
    /// Return values and parameters of a function called through a pointer.
    Prototype(&'a str, Vec<Formal<'a>>, Vec<Formal<'a>>),
    /// Labels of a `brx`.
    Targets(&'a str, Vec<&'a str>),
    /// Functions that a `call` through a pointer may reach.
    Callees(&'a str, Vec<&'a str>),
}

/// An instruction as written.
#[derive(Clone, Debug)]
pub struct Instruction<'a> {
    /// Opcode with its modifiers: `add.rn.f32`.
    pub form: &'a str,
    /// `@p` or `@!p`: the name and whether it is negated.
    pub guard: Option<(&'a str, bool)>,
    /// Its operands in [`Body::operands`].
    pub operands: Range<u32>,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// An operand as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand<'a> {
    /// A register, variable, label or function.
    Name(&'a str),
    /// `%tid.x`, `%v.y`
    Component(&'a str, &'a str),
    /// `!p`
    Not(&'a str),
    /// `name+4`
    Offset(&'a str, i64),
    /// `name[4]`: counted in elements.
    Element(&'a str, i64),
    /// An integer.
    Integer(u64),
    /// The bits of a float.
    Single(u32),
    /// The bits of a double.
    Double(u64),
    /// `[name+4]`
    Address(&'a str, i64),
    /// `[4]`
    Absolute(u64),
    /// `{a, b}`: a range of [`Body::operands`].
    Vector(u32, u32),
    /// `(a, b)`: a range of [`Body::operands`].
    List(u32, u32),
    /// `a|b`: the two at this index of [`Body::operands`].
    Pair(u32),
    /// `[name, {…}]`, kept only so that the form can be refused by name.
    Other,
}

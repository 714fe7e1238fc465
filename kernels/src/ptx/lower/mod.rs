//! From the tree to IR: names are looked up, types checked, variables laid out.

pub mod arithmetic;
pub mod block;
pub mod call;
pub mod control;
pub mod convert;
pub mod form;
pub mod function;
pub mod logic;
pub mod memory;
pub mod names;
pub mod opcodes;
pub mod operand;
pub mod step;
pub mod warp;

use std::collections::{HashMap, HashSet};

use super::ast::{Function as Tree, Linkage, Operand, Statement, Unit, Variable, VariableSpace};
use crate::ir::Function;
use crate::program::{Error, Errors, Global, Relocation, Space, Unsupported};
use names::Binding;

/// Why an instruction was not lowered.
#[derive(Debug)]
pub enum Refusal {
    /// The text is wrong.
    Error(Error),
    /// The form is not implemented.
    Unsupported,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Error(error)
    }
}

/// A lowered function: its code, or why there is none.
#[derive(Debug)]
pub struct Lowered {
    /// The code; empty when unsupported.
    pub function: Function,
    /// The first form that is not implemented.
    pub unsupported: Option<Unsupported>,
    /// Static shared memory of a kernel in bytes.
    pub shared_bytes: u32,
    /// 32-bit registers declared and used.
    pub registers: u32,
}

/// A lowered module.
#[derive(Debug, Default)]
pub struct Code {
    /// One per name, in the order of the first mention; declarations without a body have no code.
    pub functions: Vec<Option<Lowered>>,
    /// Variables in global and constant memory.
    pub globals: Vec<Global>,
    /// Index of each function's tree that counts (the definition, else a declaration).
    pub trees: Vec<usize>,
    /// What dynamic shared memory is aligned to.
    pub dynamic_align: u32,
}

/// What all functions of a module see.
pub struct Scope<'m, 'a> {
    /// The tree.
    pub unit: &'m Unit<'a>,
    /// Module-level names.
    pub symbols: HashMap<&'a str, Binding>,
    /// For each function index its tree.
    pub trees: Vec<usize>,
    /// Shared variables of the module, by name.
    pub shared: HashMap<&'a str, &'m Variable<'a>>,
    /// Where those that device functions name lie, from 0.
    pub common: HashMap<&'a str, u32>,
    /// How far the common area reaches.
    pub common_bytes: u32,
    /// All variables in global and constant memory, those of functions included.
    pub globals: Vec<Global>,
    /// Alignment of dynamic shared memory.
    pub dynamic_align: u32,
}

/// Lowers a module. Errors refuse the text; unsupported forms are noted with their function.
pub fn lower(unit: &Unit<'_>) -> Result<Code, Errors> {
    let mut scope = Scope {
        unit,
        symbols: HashMap::new(),
        trees: Vec::new(),
        shared: HashMap::new(),
        common: HashMap::new(),
        common_bytes: 0,
        globals: Vec::new(),
        dynamic_align: 16,
    };
    scope.declare().map_err(|error| Errors(vec![error]))?;
    scope.lay_out_common();
    let mut errors = Vec::new();
    let mut functions: Vec<Option<Lowered>> = scope.trees.iter().map(|_| None).collect();
    // Device functions first: what they name in shared memory lies below what kernels name.
    for kernels in [false, true] {
        for (index, slot) in functions.iter_mut().enumerate() {
            let tree = &unit.functions[scope.trees[index]];
            if tree.kernel == kernels && tree.body.is_some() {
                *slot = function::lower(&mut scope, tree, &mut errors);
            }
        }
    }
    if !errors.is_empty() {
        return Err(Errors(errors));
    }
    Ok(Code { functions, globals: scope.globals, trees: scope.trees, dynamic_align: scope.dynamic_align })
}

fn error_at(place: (u32, u32), what: String) -> Error {
    Error { line: place.0, column: place.1, what }
}

impl<'m, 'a> Scope<'m, 'a> {
    fn declare(&mut self) -> Result<(), Error> {
        for variable in &self.unit.variables {
            self.declare_variable(variable)?;
        }
        let mut indices: HashMap<&str, u32> = HashMap::new();
        for (tree_index, tree) in self.unit.functions.iter().enumerate() {
            let fresh = self.trees.len() as u32;
            let index = *indices.entry(tree.name).or_insert(fresh);
            if index == fresh {
                self.trees.push(tree_index);
                self.define(tree.name, Binding::Function(index), tree.place)?;
                continue;
            }
            let known = &self.unit.functions[self.trees[index as usize]];
            if known.body.is_none() {
                self.trees[index as usize] = tree_index;
            } else if tree.body.is_some() {
                return Err(error_at(tree.place, format!("'{}' is defined twice", tree.name)));
            }
        }
        Ok(())
    }

    fn define(&mut self, name: &'a str, binding: Binding, place: (u32, u32)) -> Result<(), Error> {
        match self.symbols.insert(name, binding) {
            Some(_) => Err(error_at(place, format!("'{name}' is defined twice"))),
            None => Ok(()),
        }
    }

    fn declare_variable(&mut self, variable: &'m Variable<'a>) -> Result<(), Error> {
        match variable.space {
            VariableSpace::Global | VariableSpace::Const => {
                if let Some(Binding::Global(index)) = self.symbols.get(variable.name) {
                    return self.define_again(*index, variable);
                }
                let binding = self.add_global(variable);
                self.define(variable.name, binding, variable.place)
            }
            VariableSpace::Shared if variable.bytes == 0 => {
                self.dynamic_align = self.dynamic_align.max(variable.align);
                self.symbols.insert(variable.name, Binding::DynamicShared);
                Ok(())
            }
            VariableSpace::Shared => {
                self.shared.insert(variable.name, variable);
                Ok(())
            }
            VariableSpace::Local | VariableSpace::Param => {
                Err(error_at(variable.place, format!("'{}' must be inside of a function", variable.name)))
            }
        }
    }

    /// A declaration and the definition of one variable.
    fn define_again(&mut self, index: u32, variable: &Variable<'a>) -> Result<(), Error> {
        let known = &mut self.globals[index as usize];
        if !known.external && variable.linkage != Linkage::External {
            return Err(error_at(variable.place, format!("'{}' is defined twice", variable.name)));
        }
        if known.external {
            *known = global(variable);
        }
        Ok(())
    }

    /// Adds a variable in global or constant memory.
    pub fn add_global(&mut self, variable: &Variable<'a>) -> Binding {
        self.globals.push(global(variable));
        Binding::Global(self.globals.len() as u32 - 1)
    }

    /// Places the shared variables that device functions name.
    fn lay_out_common(&mut self) {
        if self.shared.is_empty() {
            return;
        }
        let mut named: Vec<&'a str> = Vec::new();
        for &tree in &self.trees {
            let tree = &self.unit.functions[tree];
            if !tree.kernel {
                self.names_of(tree, |name| named.push(name));
            }
        }
        for name in named {
            if let (Some(variable), false) = (self.shared.get(name), self.common.contains_key(name)) {
                let offset = self.common_bytes.next_multiple_of(variable.align.max(1));
                self.common.insert(name, offset);
                self.common_bytes = offset.saturating_add(variable.bytes.min(1 << 20) as u32);
            }
        }
    }

    /// Every name that an instruction of a function has as operand.
    pub fn names_of(&self, tree: &Tree<'a>, mut visit: impl FnMut(&'a str)) {
        for statement in tree.body.iter().flatten() {
            let Statement::Instruction(instruction) = statement else { continue };
            for operand in self.operands(instruction.operands.start, instruction.operands.end) {
                self.name_of(operand, &mut visit);
            }
        }
    }

    fn name_of(&self, operand: &Operand<'a>, visit: &mut impl FnMut(&'a str)) {
        match *operand {
            Operand::Name(name) | Operand::Offset(name, _) | Operand::Address(name, _) => visit(name),
            Operand::Vector(start, end) | Operand::List(start, end) => {
                for operand in self.operands(start, end) {
                    if let Operand::Name(name) | Operand::Offset(name, _) = *operand {
                        visit(name);
                    }
                }
            }
            _ => {}
        }
    }

    /// Operands of the tree.
    pub fn operands(&self, start: u32, end: u32) -> &'m [Operand<'a>] {
        &self.unit.operands[start as usize..end as usize]
    }

    /// Whether a kernel calls functions of the module, which may use the common area.
    pub fn calls_functions(&self, tree: &Tree<'a>) -> bool {
        let mut called = HashSet::new();
        self.names_of(tree, |name| {
            if let Some(Binding::Function(index)) = self.symbols.get(name) {
                called.insert(*index);
            }
        });
        let pointers = tree.body.iter().flatten().any(|statement| matches!(statement, Statement::Table(_)));
        pointers || called.iter().any(|&index| self.unit.functions[self.trees[index as usize]].body.is_some())
    }
}

fn global(variable: &Variable<'_>) -> Global {
    let relocations = variable.relocations.iter();
    Global {
        name: variable.name.to_owned(),
        space: if variable.space == VariableSpace::Const { Space::Const } else { Space::Global },
        bytes: variable.bytes,
        align: variable.align.max(1),
        initial: variable.initial.clone(),
        relocations: relocations
            .map(|&(offset, symbol, addend)| Relocation { offset, symbol: symbol.to_owned(), addend })
            .collect(),
        external: variable.linkage == Linkage::External,
        visible: variable.linkage != Linkage::Private,
    }
}

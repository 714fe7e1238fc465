//! Variables of masked code: masks and parameters that edges write one after the other.

use std::collections::BTreeMap;

use crate::compile::ssa::edit::{Renames, Repair, constant_at_start, placeholder};
use crate::compile::ssa::{BlockId, Function, Type, Value};

/// What a variable is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// Threads that come to a block.
    Mask(BlockId),
    /// A parameter of a block, as given by those who come.
    Param(BlockId, u16),
    /// Threads that go back to a loop's header.
    Again(BlockId),
    /// A parameter of a loop's header for the next round.
    Next(BlockId, u16),
    /// A value as threads had it when they left a loop (its region).
    Kept(Value, u32),
}

struct Variable {
    ty: Type,
    /// In these blocks its life begins: before it is nothing.
    starts: [BlockId; 2],
    /// The last write of each block.
    written: BTreeMap<BlockId, Value>,
    /// Stand-ins for its value at the start of blocks.
    asked: BTreeMap<BlockId, Value>,
}

/// All variables.
#[derive(Default)]
pub(super) struct Variables {
    all: BTreeMap<Key, Variable>,
    /// Nothing, of each type: a zero that need not be kept.
    nothing: Vec<(Type, Value)>,
}

impl Variables {
    /// Makes one, if it is not there yet.
    pub(super) fn declare(&mut self, key: Key, ty: Type, starts: [BlockId; 2]) {
        let new = Variable { ty, starts, written: BTreeMap::new(), asked: BTreeMap::new() };
        self.all.entry(key).or_insert(new);
    }

    pub(super) fn is_declared(&self, key: Key) -> bool {
        self.all.contains_key(&key)
    }

    /// What a variable is before anybody writes it.
    pub(super) fn nothing(&mut self, function: &mut Function, ty: Type) -> Value {
        if let Some(&(_, value)) = self.nothing.iter().find(|one| one.0 == ty) {
            return value;
        }
        let value = constant_at_start(function, BlockId(0), ty, 0);
        self.nothing.push((ty, value));
        value
    }

    /// Whether a value is what a variable is before anybody writes it.
    pub(super) fn is_nothing(&self, value: Value) -> bool {
        self.nothing.iter().any(|one| one.1 == value)
    }

    /// Its value at the end of a block as it is so far.
    pub(super) fn read(&mut self, function: &mut Function, key: Key, block: BlockId) -> Value {
        let variable = self.all.get_mut(&key).expect("a variable is declared before it is read");
        if let Some(&value) = variable.written.get(&block) {
            value
        } else if variable.starts.contains(&block) {
            let ty = variable.ty;
            self.nothing(function, ty)
        } else {
            *variable.asked.entry(block).or_insert_with(|| placeholder(function, variable.ty))
        }
    }

    /// Gives it a value in a block.
    pub(super) fn write(&mut self, key: Key, block: BlockId, value: Value) {
        let variable = self.all.get_mut(&key).expect("a variable is declared before it is written");
        variable.written.insert(block, value);
    }

    /// Finds what all stand-ins stand for. From here on blocks and edges must stay.
    pub(super) fn resolve(&mut self, function: &mut Function, renames: &mut Renames) {
        let all = std::mem::take(&mut self.all);
        let mut repair = Repair::new(function);
        for variable in all.into_values().filter(|variable| !variable.asked.is_empty()) {
            let nothing = self.nothing(function, variable.ty);
            let mut definitions: Vec<(BlockId, Value)> =
                variable.written.iter().map(|(&block, &value)| (block, value)).collect();
            let fresh = variable.starts.iter().filter(|block| !variable.written.contains_key(block));
            definitions.extend(fresh.map(|&block| (block, nothing)));
            let mut reaching = repair.variable(variable.ty, &definitions);
            for (&block, &value) in &variable.asked {
                renames.set(value, reaching.at_start(function, block));
            }
            reaching.finish(function);
        }
    }
}

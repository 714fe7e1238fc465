//! Registers of level 1 on the way to values: what each block leaves in them, and what it wants of others.

use smallvec::SmallVec;

use crate::compile::ssa::edit::{self, Renames, Repair};
use crate::compile::ssa::{BlockId, Function, Type, Value};

/// All registers of all calls.
#[derive(Debug, Default)]
pub struct Variables {
    all: Vec<Variable>,
    /// Counts blocks: what was noted in another one does not hold.
    stamp: u32,
    /// Those that the block has written.
    written: Vec<u32>,
    /// Values that a guard chose: the choice, the new value, the old one.
    selected: Vec<(Value, Value, Value)>,
}

#[derive(Debug)]
struct Variable {
    ty: Type,
    /// Its value now, and in which block that is so.
    now: (u32, Value),
    written: u32,
    /// What blocks leave in it.
    definitions: SmallVec<[(BlockId, Value); 2]>,
    /// What stands for its value at a block's start until all is known.
    wanted: SmallVec<[(BlockId, Value); 2]>,
}

impl Variables {
    /// New ones of these types; gives the number of the first.
    pub fn add(&mut self, types: impl Iterator<Item = Type>) -> u32 {
        let first = self.all.len() as u32;
        let fresh = |ty| Variable {
            ty,
            now: (u32::MAX, Value(0)),
            written: u32::MAX,
            definitions: SmallVec::new(),
            wanted: SmallVec::new(),
        };
        self.all.extend(types.map(fresh));
        first
    }

    /// Forgets the block before.
    pub fn start_block(&mut self) {
        self.stamp += 1;
    }

    /// Notes what the block leaves.
    pub fn end_block(&mut self, block: BlockId) {
        for number in std::mem::take(&mut self.written) {
            let variable = &mut self.all[number as usize];
            variable.definitions.push((block, variable.now.1));
        }
        self.stamp += 1;
    }

    /// What is in a variable.
    pub fn read(&mut self, function: &mut Function, block: BlockId, number: u32) -> Value {
        let variable = &mut self.all[number as usize];
        if variable.now.0 != self.stamp {
            let value = edit::placeholder(function, variable.ty);
            variable.now = (self.stamp, value);
            variable.wanted.push((block, value));
        }
        variable.now.1
    }

    /// Writes a variable.
    pub fn write(&mut self, number: u32, value: Value) {
        let variable = &mut self.all[number as usize];
        variable.now = (self.stamp, value);
        if variable.written != self.stamp {
            variable.written = self.stamp;
            self.written.push(number);
        }
    }

    /// The same where a guard chose between a new value and the old one.
    pub fn write_selected(&mut self, number: u32, chosen: Value, new: Value, old: Value) {
        self.selected.push((chosen, new, old));
        self.write(number, chosen);
    }

    /// Makes values of them all, once all blocks have their ends.
    pub fn finish(self, function: &mut Function) {
        let mut repair = Repair::new(function);
        let mut renames = Renames::new(function);
        let mut undefined = Vec::new();
        for variable in self.all.into_iter().filter(|variable| !variable.wanted.is_empty()) {
            let mut reaching = repair.variable(variable.ty, &variable.definitions);
            for (block, placeholder) in variable.wanted {
                let value = reaching.at_start(function, block);
                renames.set(placeholder, value);
            }
            undefined.extend(reaching.finish(function));
        }
        undefined.sort_unstable();
        // A choice between a value and none at all is the value.
        for (chosen, new, old) in self.selected {
            if undefined.binary_search(&renames.get(old)).is_ok() {
                renames.set(chosen, new);
            }
        }
        renames.apply(function);
    }
}

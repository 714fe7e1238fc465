//! What the names of a function mean: registers, variables, labels, with their scopes.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::ir::{Reg, Type};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Binding {
    /// A register.
    Reg(Reg, Type),
    /// The first of a vector of registers.
    Vector(Reg, u32, Type),
    /// A variable in global or constant memory (index).
    Global(u32),
    /// A variable in shared memory (its index in the function's list).
    Shared(u32),
    /// A variable of the module in shared memory (its number).
    ModuleShared(u32),
    /// The array of dynamic shared memory.
    DynamicShared,
    /// A variable in the frame: offset and size; the flag: declared as `.param`.
    Frame(u32, u32, bool),
    /// A kernel parameter: offset.
    Param(u32),
    /// A function (index).
    Function(u32),
    /// A prototype or branch table (index).
    Table(u32),
}

/// Registers declared as `%r<10>` under their common name.
#[derive(Clone, Copy, Debug)]
struct Family {
    number: u32,
    count: u32,
    ty: Type,
}

/// All names in scope. Leaving a scope restores what it hid.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// With the stride of an array, 0 where it has none.
    bound: HashMap<&'a str, (Binding, u64), RandomState>,
    families: HashMap<&'a str, Family, RandomState>,
    /// Which lengths their names have: bit 63 for all above 62.
    lengths: u64,
    members: HashMap<(u32, u32), Reg, RandomState>,
    undo: Vec<Undo<'a>>,
    marks: Vec<usize>,
    declared: u32,
}

/// The bit of a name's length.
fn length(bytes: usize) -> u64 {
    1 << bytes.min(63)
}

/// A register of a family: the family's number, its own, and the family's type.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    key: (u32, u32),
    /// The type.
    pub ty: Type,
}

#[derive(Debug)]
enum Undo<'a> {
    Name(&'a str, Option<(Binding, u64)>),
    Family(&'a str, Option<Family>),
}

impl<'a> Names<'a> {
    /// Enters a scope.
    pub fn open(&mut self) {
        self.marks.push(self.undo.len());
    }

    /// Leaves it.
    pub fn close(&mut self) {
        let mark = self.marks.pop().unwrap_or(0);
        for undo in self.undo.drain(mark..).rev() {
            match undo {
                Undo::Name(name, Some(old)) => drop(self.bound.insert(name, old)),
                Undo::Name(name, None) => drop(self.bound.remove(name)),
                Undo::Family(name, Some(old)) => drop(self.families.insert(name, old)),
                Undo::Family(name, None) => drop(self.families.remove(name)),
            }
        }
    }

    /// Gives a name its meaning in this scope.
    pub fn bind(&mut self, name: &'a str, binding: Binding) {
        self.bind_array(name, binding, 0);
    }

    /// The same for a variable whose elements lie so many bytes apart.
    pub fn bind_array(&mut self, name: &'a str, binding: Binding, stride: u64) {
        let old = self.bound.insert(name, (binding, stride));
        self.undo.push(Undo::Name(name, old));
    }

    /// Declares `name<count>`. Registers come to life when they are first named.
    pub fn bind_family(&mut self, name: &'a str, count: u32, ty: Type) {
        self.lengths |= length(name.len());
        let old = self.families.insert(name, Family { number: self.declared, count, ty });
        self.declared += 1;
        self.undo.push(Undo::Family(name, old));
    }

    /// What a name means, if it is known.
    pub fn get(&self, name: &str) -> Option<Binding> {
        self.bound.get(name).map(|(binding, _)| *binding)
    }

    /// From one element of a variable to the next, if the name is known here.
    pub fn stride(&self, name: &str) -> Option<u64> {
        self.bound.get(name).map(|(_, stride)| *stride)
    }

    /// The register of a family that a name means.
    pub fn member(&self, name: &str) -> Option<Member> {
        let (mut number, mut scale) = (0, 1);
        let digits = name.bytes().enumerate().rev().take_while(|(_, byte)| byte.is_ascii_digit());
        for (at, digit) in digits.take(10) {
            number += u64::from(digit - b'0') * scale;
            let plain = digit != b'0' || scale == 1;
            scale *= 10;
            if !plain || self.lengths & length(at) == 0 {
                continue;
            }
            match self.families.get(&name[..at]) {
                Some(family) if number < u64::from(family.count) => {
                    return Some(Member { key: (family.number, number as u32), ty: family.ty });
                }
                _ => {}
            }
        }
        None
    }

    /// The virtual register of a member; made on first use, wherever that is.
    pub fn member_reg(&mut self, member: Member, make: impl FnOnce() -> Reg) -> Reg {
        *self.members.entry(member.key).or_insert_with(make)
    }
}

/// Labels by scope.
#[derive(Debug, Default)]
pub struct Labels<'a> {
    /// Scope, name, block; sorted once all are known.
    list: Vec<(u32, &'a str, u32)>,
    parents: Vec<u32>,
}

impl<'a> Labels<'a> {
    /// Room for so many.
    pub fn with_room(count: usize) -> Self {
        Labels { list: Vec::with_capacity(count), parents: Vec::new() }
    }

    /// A new scope inside another; the first call makes the outermost.
    pub fn scope(&mut self, parent: u32) -> u32 {
        self.parents.push(parent);
        self.parents.len() as u32 - 1
    }

    /// Adds a label of a scope.
    pub fn define(&mut self, scope: u32, name: &'a str, block: u32) {
        self.list.push((scope, name, block));
    }

    /// Makes labels ready to be found. Gives the blocks of those that were there already.
    pub fn sort(&mut self) -> Vec<u32> {
        self.list.sort_unstable();
        let twice = self.list.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1));
        twice.map(|pair| pair[1].2).collect()
    }

    /// The block of a label, looked up from a scope outwards.
    pub fn find(&self, mut scope: u32, name: &'a str) -> Option<u32> {
        loop {
            let at = self.list.partition_point(|&(in_scope, label, _)| (in_scope, label) < (scope, name));
            match self.list.get(at) {
                Some(&(in_scope, label, block)) if (in_scope, label) == (scope, name) => return Some(block),
                _ => {}
            }
            let parent = *self.parents.get(scope as usize)?;
            if parent == scope {
                return None;
            }
            scope = parent;
        }
    }
}

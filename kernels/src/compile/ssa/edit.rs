//! Changes to a function: values renamed, insts added, blocks and edges split, what nobody reaches or wants taken away.

mod builder;
mod repair;

pub use builder::Builder;
pub use repair::{Reaching, Repair};

use super::order::{Few, Order, none_each, predecessors};
use super::{Block, BlockId, Def, End, Function, InstId, Op, Target, Type, Value};

/// Values that others stand for. A chain of renames is followed to its end.
#[derive(Clone, Debug)]
pub struct Renames {
    to: Vec<u32>,
    any: bool,
}

impl Renames {
    /// None yet.
    pub fn new(function: &Function) -> Renames {
        Renames { to: (0..function.values.len() as u32).collect(), any: false }
    }

    /// From now on `to` stands for `from`. What a chain ends at must not come to be renamed to something on it.
    pub fn set(&mut self, from: Value, to: Value) {
        let to = self.get(to);
        if from != to {
            self.grow(from);
            self.to[from.0 as usize] = to.0;
            self.any = true;
        }
    }

    fn grow(&mut self, value: Value) {
        let count = self.to.len() as u32;
        self.to.extend(count..count.max(value.0 + 1));
    }

    /// What stands for a value.
    pub fn get(&mut self, value: Value) -> Value {
        let (mut at, count) = (value.0, self.to.len() as u32);
        while at < count && self.to[at as usize] != at {
            let next = self.to[at as usize];
            // Halves the way for those who come later.
            if next < count {
                self.to[at as usize] = self.to[next as usize];
            }
            at = next;
        }
        Value(at)
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        !self.any
    }

    /// In all insts, ends and edges.
    pub fn apply(&mut self, function: &mut Function) {
        if !self.any {
            return;
        }
        for block in 0..function.blocks.len() {
            for at in 0..function.blocks[block].insts.len() {
                let inst = function.blocks[block].insts[at];
                function.inst_mut(inst).uses_mut(|value| *value = self.get(*value));
            }
            function.blocks[block].end.values_mut(|value| *value = self.get(*value));
        }
    }
}

/// Uses of a value in one block become uses of another.
pub fn rename_in(function: &mut Function, block: BlockId, from: Value, to: Value) {
    let change = |value: &mut Value| {
        if *value == from {
            *value = to;
        }
    };
    for at in 0..function.block(block).insts.len() {
        let inst = function.block(block).insts[at];
        function.inst_mut(inst).uses_mut(change);
    }
    function.block_mut(block).end.values_mut(change);
}

/// Puts insts before the one at an index, or at the end of the block.
pub fn insert(function: &mut Function, block: BlockId, at: usize, insts: impl IntoIterator<Item = InstId>) {
    function.block_mut(block).insts.splice(at..at, insts);
}

/// Cuts a block in two before the inst at an index. The new block gets what follows, and the end; the old one jumps there.
pub fn split_block(function: &mut Function, block: BlockId, at: usize) -> BlockId {
    let line = function.block(block).line;
    let below = function.add_block(line);
    let above = function.block_mut(block);
    let insts = above.insts.split_off(at);
    let end = std::mem::replace(&mut above.end, End::Jump(Target::to(below)));
    let new = function.block_mut(below);
    (new.insts, new.end) = (insts, end);
    below
}

/// Puts a block without insts on an edge: the target of this number of the block's end.
pub fn split_edge(function: &mut Function, from: BlockId, number: usize) -> BlockId {
    let line = function.block(from).line;
    let between = function.add_block(line);
    let mut at = 0;
    let mut moved = None;
    function.block_mut(from).end.targets_mut(|target| {
        if at == number {
            moved = Some(std::mem::replace(target, Target::to(between)));
        }
        at += 1;
    });
    if let Some(target) = moved {
        function.block_mut(between).end = End::Jump(target);
    }
    between
}

/// Splits every edge from a block with several targets to one with several ways in.
pub fn split_critical_edges(function: &mut Function) {
    let order = Order::new(function);
    let predecessors = predecessors(function, &order);
    for &block in &order.blocks {
        let mut targets = Vec::new();
        function.block(block).end.targets(|to| targets.push(to.block));
        if targets.len() < 2 {
            continue;
        }
        for (number, to) in targets.iter().enumerate() {
            let resumed = function.resumes.contains(to);
            if predecessors[to.0 as usize].len() + usize::from(resumed) > 1 {
                split_edge(function, block, number);
            }
        }
    }
}

/// Empties blocks that nobody reaches; their values are gone.
pub fn remove_unreachable(function: &mut Function) {
    let reached = super::order::reached(function);
    for id in function.block_ids().filter(|id| !reached[id.0 as usize]) {
        let empty = Block { params: Vec::new(), insts: Vec::new(), end: End::Exit, line: 0 };
        let old = std::mem::replace(function.block_mut(id), empty);
        let results: Vec<Value> =
            old.insts.iter().flat_map(|&inst| function.inst(inst).results.clone()).collect();
        for value in old.params.into_iter().chain(results) {
            function.values[value.0 as usize].1 = Def::Gone;
        }
    }
}

/// Takes parameters away, and what was given for them; nobody may use them any more.
pub fn remove_params(function: &mut Function, mut gone: impl FnMut(Value) -> bool) {
    let mut kept: Vec<Option<Vec<bool>>> = Vec::with_capacity(function.blocks.len());
    for id in function.block_ids() {
        let keep: Vec<bool> = function.block(id).params.iter().map(|&param| !gone(param)).collect();
        if keep.iter().all(|&keep| keep) {
            kept.push(None);
            continue;
        }
        let params = std::mem::take(&mut function.block_mut(id).params);
        for (&param, &keep) in params.iter().zip(&keep) {
            let place = function.block(id).params.len() as u16;
            function.values[param.0 as usize].1 = if keep { Def::Param(id, place) } else { Def::Gone };
            if keep {
                function.block_mut(id).params.push(param);
            }
        }
        kept.push(Some(keep));
    }
    for block in &mut function.blocks {
        block.end.targets_mut(|target| {
            if let Some(keep) = &kept[target.block.0 as usize] {
                let mut keep = keep.iter();
                target.args.retain(|_| keep.next().copied().unwrap_or(true));
            }
        });
    }
}

/// Drops parameters that are the same value, or the same number, whichever way a block is entered, and so on until none is
/// left. False: there was none.
pub fn remove_copied_params(function: &mut Function) -> bool {
    let order = Order::new(function);
    let predecessors = predecessors(function, &order);
    let mut renames = Renames::new(function);
    let mut open: Vec<BlockId> = order.blocks.iter().rev().copied().collect();
    let mut waits = vec![true; function.blocks.len()];
    let mut gone = vec![false; function.values.len()];
    // Who is given a parameter for one of theirs: they are looked at again when it goes. Mostly none does.
    let mut users = None;
    while let Some(block) = open.pop() {
        waits[block.0 as usize] = false;
        for (place, param) in function.block(block).params.clone().into_iter().enumerate() {
            if gone[param.0 as usize] {
                continue;
            }
            let mut same = None;
            let mut alone = true;
            for &from in &predecessors[block.0 as usize] {
                function.block(from).end.targets(|to| {
                    if to.block != block {
                        return;
                    }
                    let arg = renames.get(to.args[place]);
                    if arg != param {
                        alone &= same.is_none_or(|same| same == arg || is_same_number(function, same, arg));
                        same = Some(arg);
                    }
                });
            }
            if let (true, Some(value)) = (alone, same) {
                // Where a constant is made may be on one of the ways only.
                let value = match function.constant(value) {
                    Some(number) => constant_at_start(function, block, function.ty(value), number),
                    None => value,
                };
                renames.set(param, value);
                gone[param.0 as usize] = true;
                let users = users.get_or_insert_with(|| users_of_params(function, &order));
                for &user in &users[param.0 as usize] {
                    if !std::mem::replace(&mut waits[user.0 as usize], true) {
                        open.push(user);
                    }
                }
            }
        }
    }
    if !gone.contains(&true) {
        return false;
    }
    renames.apply(function);
    remove_params(function, |param| gone.get(param.0 as usize).copied().unwrap_or(false));
    true
}

fn is_same_number(function: &Function, a: Value, b: Value) -> bool {
    let number = function.constant(a);
    number.is_some() && number == function.constant(b) && function.ty(a) == function.ty(b)
}

/// Makes one block of two where the first only leads to the second, and nobody else does.
pub fn join_blocks(function: &mut Function) {
    let order = Order::new(function);
    let predecessors = predecessors(function, &order);
    let mut renames = Renames::new(function);
    let mut joined = vec![false; function.blocks.len()];
    for &block in &order.blocks {
        if joined[block.0 as usize] {
            continue;
        }
        while let End::Jump(to) = &function.block(block).end {
            let next = to.block;
            let alone = predecessors[next.0 as usize].len() == 1;
            if !alone || next == block || function.resumes.contains(&next) {
                break;
            }
            let args = to.args.clone();
            let empty = Block { params: Vec::new(), insts: Vec::new(), end: End::Exit, line: 0 };
            let below = std::mem::replace(function.block_mut(next), empty);
            for (&param, &arg) in below.params.iter().zip(&args) {
                renames.set(param, arg);
                function.values[param.0 as usize].1 = Def::Gone;
            }
            let above = function.block_mut(block);
            above.insts.extend(below.insts);
            (above.end, above.line) = (below.end, below.line);
            joined[next.0 as usize] = true;
        }
    }
    renames.apply(function);
}

/// For each parameter the blocks that get it as an argument.
fn users_of_params(function: &Function, order: &Order) -> Vec<Few> {
    let mut users: Vec<Few> = none_each(function.values.len());
    for &block in &order.blocks {
        function.block(block).end.targets(|to| {
            for &arg in &to.args {
                if matches!(function.def(arg), Def::Param(..))
                    && users[arg.0 as usize].last() != Some(&to.block)
                {
                    users[arg.0 as usize].push(to.block);
                }
            }
        });
    }
    users
}

/// Makes a value that nobody makes yet: it must be renamed before the function is whole.
pub fn placeholder(function: &mut Function, ty: Type) -> Value {
    function.values.push((ty, Def::Gone));
    Value(function.values.len() as u32 - 1)
}

/// A constant at the start of a block.
pub fn constant_at_start(function: &mut Function, block: BlockId, ty: Type, number: u64) -> Value {
    let inst = function.add_inst(Op::Const(number), &[], None, &[ty], 0);
    function.block_mut(block).insts.insert(0, inst);
    function.inst(inst).results[0]
}

#[cfg(test)]
mod tests;

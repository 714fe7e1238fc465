//! What does not change in a loop is done before it.
//!
//! Pure ops and reads of memory that never changes go as far out as their arguments let them. Other reads go out of a loop
//! that writes nothing of their kind, if whoever enters the loop is sure to come by. What would only keep registers busy
//! stays: constants, which cost nothing where they are used, and whatever exceeds a loop's share of registers.

use smallvec::SmallVec;

use super::alias;
use crate::compile::ssa::order::{Dominators, Few, Loop, Loops, Order, predecessors};
use crate::compile::ssa::{BlockId, Def, End, Function, InstId, Op, Target, Type, Value};
use crate::ir::op::Space;

/// Values that a loop may have made before it, by class: scalars, vectors, masks.
const SHARE: [u32; 3] = [24, 20, 4];

/// Moves what can be moved.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let loops = Loops::new(function, &order, &Dominators::new(function, &order));
    // A new block before a header changes who leads to that header, and to no other.
    let predecessors = predecessors(function, &order);
    for one in &loops.all {
        add_preheader(function, &predecessors[one.header.0 as usize], one);
    }
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let loops = Loops::new(function, &order, &dominators);
    let mut mover = Mover::new(function, &order, &dominators);
    // Inner loops first: what leaves them can leave the outer ones.
    for one in loops.all.iter().rev() {
        mover.empty(one);
    }
}

/// A block of its own before a loop, where all come by who enter it.
fn add_preheader(function: &mut Function, predecessors: &[BlockId], one: &Loop) {
    let mut outside = predecessors.to_vec();
    outside.retain(|from| !one.latches.contains(from));
    let alone = |from: &BlockId| matches!(function.block(*from).end, End::Jump(_));
    if outside.is_empty() || (outside.len() == 1 && alone(&outside[0])) {
        return;
    }
    let line = function.block(one.header).line;
    let new = function.add_block(line);
    // One who comes alone needs no parameters to give what it gives.
    if let [from] = outside[..] {
        let mut args = SmallVec::new();
        function.block_mut(from).end.targets_mut(|target| {
            if target.block == one.header {
                target.block = new;
                args = std::mem::take(&mut target.args);
            }
        });
        function.block_mut(new).end = End::Jump(Target { block: one.header, args });
        return;
    }
    let types: Vec<Type> =
        function.block(one.header).params.iter().map(|&param| function.ty(param)).collect();
    let params: Vec<Value> = types.into_iter().map(|ty| function.add_param(new, ty)).collect();
    function.block_mut(new).end = End::Jump(Target::with(one.header, &params));
    outside.dedup();
    for from in outside {
        function.block_mut(from).end.targets_mut(|target| {
            if target.block == one.header {
                target.block = new;
            }
        });
    }
}

struct Mover<'f> {
    function: &'f mut Function,
    dominators: &'f Dominators,
    predecessors: Vec<Few>,
    /// For each inst the block it is in.
    home: Vec<Option<BlockId>>,
    /// For each block the loop that is emptied, if it is in there.
    inside: Vec<bool>,
}

impl<'f> Mover<'f> {
    fn new(function: &'f mut Function, order: &Order, dominators: &'f Dominators) -> Mover<'f> {
        let mut home = vec![None; function.insts.len()];
        for &block in &order.blocks {
            for id in &function.block(block).insts {
                home[id.0 as usize] = Some(block);
            }
        }
        let predecessors = predecessors(function, order);
        let inside = vec![false; function.blocks.len()];
        Mover { function, dominators, predecessors, home, inside }
    }

    fn empty(&mut self, one: &Loop) {
        let mut outside =
            self.predecessors[one.header.0 as usize].iter().filter(|from| !one.latches.contains(from));
        let (Some(&before), None) = (outside.next(), outside.next()) else { return };
        one.blocks.iter().for_each(|block| self.inside[block.0 as usize] = true);
        let insts = one.blocks.iter().flat_map(|&block| &self.function.block(block).insts);
        let written = insts.fold(0, |all, &id| all | alias::writes(self.function, self.function.inst(id)));
        let exits = self.exits(one);
        let mut left = SHARE;
        for &block in &one.blocks {
            // Whoever goes round or leaves has come by.
            let mut ways = one.latches.iter().chain(&exits);
            let sure = ways.all(|&way| self.dominators.dominates(block, way));
            let mut insts = std::mem::take(&mut self.function.block_mut(block).insts);
            insts.retain(|&id| {
                let goes = self.may_go(id, written, sure) && self.fits(id, &mut left);
                if goes {
                    self.go(id, before);
                }
                !goes
            });
            self.function.block_mut(block).insts = insts;
        }
        one.blocks.iter().for_each(|block| self.inside[block.0 as usize] = false);
    }

    /// The blocks of a loop that lead out of it.
    fn exits(&self, one: &Loop) -> Vec<BlockId> {
        let leaves = |from: &BlockId| {
            let end = &self.function.block(*from).end;
            let mut leaves = matches!(end, End::Exit | End::Yield(_) | End::Return(_));
            end.targets(|target| leaves |= !self.inside[target.block.0 as usize]);
            leaves
        };
        one.blocks.iter().copied().filter(leaves).collect()
    }

    fn may_go(&self, id: InstId, written: alias::Kinds, sure: bool) -> bool {
        let inst = self.function.inst(id);
        let movable = match inst.op {
            Op::Const(_) => false,
            Op::Load(access) if access.space == Space::Param => true,
            _ if inst.op.is_pure() => true,
            _ => sure && alias::only_reads(inst).is_some_and(|reads| reads & written == 0),
        };
        let is_fixed = |&value: &Value| self.is_outside(value) || self.function.constant(value).is_some();
        movable && inst.args.iter().chain(&inst.mask).all(is_fixed)
    }

    fn is_outside(&self, value: Value) -> bool {
        let block = match self.function.def(value) {
            Def::Inst(id, _) => self.home[id.0 as usize],
            Def::Param(block, _) => Some(block),
            Def::Gone => None,
        };
        block.is_some_and(|block| !self.inside[block.0 as usize])
    }

    /// Whether the loop has registers left for what it makes.
    fn fits(&self, id: InstId, left: &mut [u32; 3]) -> bool {
        let mut fits = true;
        for &value in &self.function.inst(id).results {
            let class = match self.function.ty(value) {
                Type::V { .. } => 1,
                Type::M { .. } => 2,
                _ => 0,
            };
            fits &= left[class] > 0;
            left[class] = left[class].saturating_sub(1);
        }
        fits
    }

    /// Moves an inst, and constants it uses that are made in the loop, to the end of a block.
    fn go(&mut self, id: InstId, to: BlockId) {
        let mut inner = Vec::new();
        self.function.inst(id).uses(|value| {
            if !self.is_outside(value) && !inner.contains(&value) {
                inner.push(value);
            }
        });
        for value in inner {
            let number = self.function.constant(value).unwrap_or(0);
            let ty = self.function.ty(value);
            let copy = self.function.add_inst(Op::Const(number), &[], None, &[ty], 0);
            let new = self.function.inst(copy).results[0];
            self.home.push(None);
            self.put(copy, to);
            self.function.inst_mut(id).uses_mut(|used| {
                if *used == value {
                    *used = new;
                }
            });
        }
        self.put(id, to);
    }

    fn put(&mut self, id: InstId, to: BlockId) {
        self.function.block_mut(to).insts.push(id);
        self.home[id.0 as usize] = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    #[test]
    fn who_comes_alone_to_a_loop_gives_what_it_gives_in_a_block_of_its_own() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i1 = compare.lt.s32 v1, v1
  branch v2, b1(v1), b2
b1(v3: i32):
  v4: i32 = add.s32 v3, v1
  v5: i1 = compare.lt.s32 v4, v1
  branch v5, b1(v4), b2
b2:
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i1 = compare.lt.s32 v1, v1
  branch v2, b3, b2
b1(v3: i32):
  v4: i32 = add.s32 v3, v1
  v5: i1 = compare.lt.s32 v4, v1
  branch v5, b1(v4), b2
b2:
  exit
b3:
  jump b1(v1)",
        );
    }

    #[test]
    fn what_is_fixed_goes_before_the_loop_and_what_may_not_run_stays() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i1 = compare.lt.s32 v1, v1
  branch v2, b1, b4
b1:
  v3: i64 = load.param.8 v0
  v4: i32 = load.shared.4 v0
  v5: i32 = const 3
  v6: i32 = add.s32 v1, v5
  v7: i1 = compare.lt.s32 v6, v4
  branch v7, b2, b3
b2:
  v8: i32 = load.shared.4 v0 + 8
  store.global.4 v3, v8
  jump b3
b3:
  v9: i32 = load.global.4 v0
  v10: i1 = compare.lt.s32 v9, v6
  branch v10, b1, b4
b4:
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i1 = compare.lt.s32 v1, v1
  branch v2, b5, b4
b1:
  v5: i32 = const 3
  branch v7, b2, b3
b2:
  v8: i32 = load.shared.4 v0 + 8
  store.global.4 v3, v8
  jump b3
b3:
  v9: i32 = load.global.4 v0
  v10: i1 = compare.lt.s32 v9, v6
  branch v10, b1, b4
b4:
  exit
b5:
  v3: i64 = load.param.8 v0
  v4: i32 = load.shared.4 v0
  v11: i32 = const 3
  v6: i32 = add.s32 v1, v11
  v7: i1 = compare.lt.s32 v6, v4
  jump b1",
        );
    }
}

//! Loads wait for who needs them: a value that is read right before its use takes no register until then.
//!
//! Vectors that are copied are read in groups before the first of them is stored: a load behind many stores that the caches
//! have not taken yet waits for them, and so do all that come later.

use smallvec::SmallVec;

use super::alias;
use crate::compile::ssa::{Function, Inst, InstId, Op, Type, Value};

/// So many vectors are read before they are stored.
const GROUP: usize = 16;

/// Moves loads down within their blocks, as far as nothing may change what they read.
pub fn run(function: &mut Function) {
    let mut of = vec![NONE; function.values.len()];
    // For each vector one more than the last block whose stores write it.
    let mut stored = vec![0; function.values.len()];
    for block in function.block_ids() {
        if !function.block(block).insts.iter().any(|&id| is_load(function, id)) {
            continue;
        }
        let before = std::mem::take(&mut function.block_mut(block).insts);
        for &inst in &before {
            let inst = function.inst(inst);
            stored_vectors(function, inst).for_each(|value| stored[value.0 as usize] = block.0 + 1);
        }
        let insts = Vec::with_capacity(before.len());
        let mut late =
            Late { function, block: block.0 + 1, waiting: Vec::new(), of: &mut of, stored: &stored, insts };
        before.into_iter().for_each(|inst| late.take(inst));
        late.release(alias::ALL);
        let insts = late.insts;
        for &id in insts.iter().filter(|&&id| is_load(function, id)) {
            function.inst(id).results.iter().for_each(|one| of[one.0 as usize] = NONE);
        }
        function.block_mut(block).insts = insts;
    }
}

/// Whether an inst only reads memory.
fn is_load(function: &Function, id: InstId) -> bool {
    alias::only_reads(function.inst(id)).is_some()
}

/// Vectors that a store writes.
fn stored_vectors<'f>(function: &'f Function, inst: &'f Inst) -> impl Iterator<Item = Value> + 'f {
    let values = if matches!(inst.op, Op::Store(_)) { &inst.args[1..] } else { &[] };
    values.iter().copied().filter(|&value| matches!(function.ty(value), Type::V { .. }))
}

/// No load of the block's makes a value.
const NONE: u32 = u32::MAX;

struct Late<'f> {
    function: &'f Function,
    /// One more than the block's number.
    block: u32,
    /// Loads that nobody asked for yet, in order; `None`: done.
    waiting: Vec<Option<InstId>>,
    /// Of each value the place there of the load that makes it; of other blocks' values [`NONE`].
    of: &'f mut [u32],
    /// Vectors that stores write, by the blocks.
    stored: &'f [u32],
    insts: Vec<InstId>,
}

impl Late<'_> {
    fn take(&mut self, id: InstId) {
        let inst = self.function.inst(id);
        if alias::only_reads(inst).is_some() {
            inst.results.iter().for_each(|&one| self.of[one.0 as usize] = self.waiting.len() as u32);
            self.waiting.push(Some(id));
            return;
        }
        let writes = alias::writes(self.function, inst);
        if writes != 0 {
            self.release(writes);
        }
        for value in stored_vectors(self.function, inst) {
            self.read_group(value);
        }
        self.put(id);
    }

    /// If a value is a load's that waits, it is made now, together with those behind it that are to be stored as well.
    fn read_group(&mut self, value: Value) {
        let first = self.of[value.0 as usize] as usize;
        if self.waiting.get(first).is_none_or(|load| load.is_none()) {
            return;
        }
        let mut count = 0;
        for place in first..self.waiting.len() {
            let Some(load) = self.waiting[place] else { continue };
            if !self.function.inst(load).results.iter().any(|one| self.stored[one.0 as usize] == self.block) {
                continue;
            }
            self.waiting[place] = None;
            self.put(load);
            count += 1;
            if count == GROUP {
                return;
            }
        }
    }

    /// What reads what may now change does so before.
    fn release(&mut self, kinds: alias::Kinds) {
        for at in 0..self.waiting.len() {
            let Some(id) = self.waiting[at] else { continue };
            let reads = alias::only_reads(self.function.inst(id)).unwrap_or(alias::ALL);
            if reads & kinds != 0 || kinds == alias::ALL {
                self.waiting[at] = None;
                self.put(id);
            }
        }
    }

    /// An inst, behind the loads that it needs.
    fn put(&mut self, id: InstId) {
        let mut open: SmallVec<[(InstId, bool); 8]> = SmallVec::from_slice(&[(id, false)]);
        while let Some((id, ready)) = open.pop() {
            if ready {
                self.insts.push(id);
                continue;
            }
            open.push((id, true));
            let mut needed: SmallVec<[usize; 8]> = SmallVec::new();
            self.function.inst(id).uses(|value| match self.of[value.0 as usize] {
                NONE => {}
                place => needed.push(place as usize),
            });
            for place in needed.into_iter().rev() {
                if let Some(load) = self.waiting[place].take() {
                    open.push((load, false));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    #[test]
    fn loads_stand_before_their_first_use() {
        check(
            Stage::Vectors,
            "function f
            b0:
            v0: i64 = context
            v1: i32 = load.shared.4 v0
            v2: i32 = load.global.4 v0 + 4
            v3: i64 = load.param.8 v0 + 8
            v4: i32 = load.global.4 v3
            v5: i32 = const 1
            v6: i32 = add.u32 v5, v1
            store.global.4 v0, v6
            v7: i32 = add.u32 v2, v4
            return v7",
            run,
            "function f
            b0:
            v0: i64 = context
            v5: i32 = const 1
            v1: i32 = load.shared.4 v0
            v6: i32 = add.u32 v5, v1
            v2: i32 = load.global.4 v0 + 4
            v3: i64 = load.param.8 v0 + 8
            v4: i32 = load.global.4 v3
            store.global.4 v0, v6
            v7: i32 = add.u32 v2, v4
            return v7",
        );
    }

    #[test]
    fn vectors_are_read_before_they_are_copied() {
        check(
            Stage::Vectors,
            "function f
            b0:
            v0: i64 = context
            v1: v16x32 = load.global.4 v0
            v2: v16x32 = load.global.4 v0 + 64
            v3: v16x32 = load.global.4 v0 + 128
            store.shared.4 v0, v1
            store.shared.4 v0 + 64, v2
            v4: v16x32 = add.u32 v3, v3
            store.shared.4 v0 + 128, v4
            v5: i32 = const 0
            return v5",
            run,
            "function f
            b0:
            v0: i64 = context
            v1: v16x32 = load.global.4 v0
            v2: v16x32 = load.global.4 v0 + 64
            store.shared.4 v0, v1
            store.shared.4 v0 + 64, v2
            v3: v16x32 = load.global.4 v0 + 128
            v4: v16x32 = add.u32 v3, v3
            store.shared.4 v0 + 128, v4
            v5: i32 = const 0
            return v5",
        );
    }
}

//! Loads wait for who needs them: a value that is read right before its use takes no register until then.

use smallvec::SmallVec;

use super::alias;
use crate::compile::ssa::quick::Map;
use crate::compile::ssa::{Function, InstId, Value};

/// Moves loads down within their blocks, as far as nothing may change what they read.
pub fn run(function: &mut Function) {
    for block in function.block_ids() {
        let before = std::mem::take(&mut function.block_mut(block).insts);
        let mut late = Late {
            function,
            waiting: Vec::new(),
            of: Map::default(),
            insts: Vec::with_capacity(before.len()),
        };
        before.into_iter().for_each(|inst| late.take(inst));
        late.release(alias::ALL);
        let insts = late.insts;
        function.block_mut(block).insts = insts;
    }
}

struct Late<'f> {
    function: &'f Function,
    /// Loads that nobody asked for yet, in order; `None`: done.
    waiting: Vec<Option<InstId>>,
    /// By what they make.
    of: Map<Value, usize>,
    insts: Vec<InstId>,
}

impl Late<'_> {
    fn take(&mut self, id: InstId) {
        let inst = self.function.inst(id);
        if alias::only_reads(inst).is_some() {
            inst.results.iter().for_each(|&result| _ = self.of.insert(result, self.waiting.len()));
            self.waiting.push(Some(id));
            return;
        }
        let writes = alias::writes(self.function, inst);
        if writes != 0 {
            self.release(writes);
        }
        self.put(id);
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
            self.function.inst(id).uses(|value| needed.extend(self.of.get(&value).copied()));
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
}

//! One value for one number; loads that nothing changed in between are merged.
//!
//! Blocks are walked in reverse post-order; a value stands for an equal one if its block dominates the other's. Memory of
//! each kind has a version: a write makes a new one, and so does a meeting of ways that bring different ones. Loads are
//! equal if versions are, besides address and mask.

use super::alias;
use crate::compile::ssa::equal::{self, Equal};
use crate::compile::ssa::order::{Dominators, Loops, Order, predecessors};
use crate::compile::ssa::{BlockId, End, Function, InstId, Op, Value};
use crate::ir::compute::{Compute, Float, Int};

/// Merges what is equal.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let entries = Versions::new(function, &order, &dominators);
    let same = (0..function.values.len() as u32).map(Value).collect();
    let insts = function.insts.len();
    let count = order.blocks.iter().map(|&block| function.block(block).insts.len()).sum();
    let mut merger = Merger {
        function,
        dominators: &dominators,
        known: Equal::with_room(count),
        places: vec![Place { block: BlockId(0), versions: [0; alias::COUNT] }; insts],
        same,
        versions: [0; alias::COUNT],
    };
    for (at, &block) in order.blocks.iter().enumerate() {
        merger.versions = entries.at[at];
        merger.block(block, &entries, at);
    }
    // Back edges were read before what they give was merged.
    for &block in &order.blocks {
        merger.end(block);
    }
}

type Version = [u32; alias::COUNT];

/// Versions of memory at the start of each block, by its place in the order.
struct Versions {
    at: Vec<Version>,
    /// The first number for versions that writes make in a block.
    first: Vec<u32>,
    /// What each block writes.
    writes: Vec<alias::Kinds>,
}

impl Versions {
    fn new(function: &Function, order: &Order, dominators: &Dominators) -> Versions {
        let loops = Loops::new(function, order, dominators);
        let writes: Vec<alias::Kinds> = order.blocks.iter().map(|&block| written(function, block)).collect();
        let in_loops: Vec<alias::Kinds> = loops
            .all
            .iter()
            .map(|one| one.blocks.iter().fold(0, |all, block| all | writes[order.of(*block) as usize]))
            .collect();
        let predecessors = predecessors(function, order);
        let count = order.blocks.len();
        let mut versions =
            Versions { at: Vec::with_capacity(count), first: Vec::with_capacity(count), writes };
        let mut leaving: Vec<Version> = Vec::with_capacity(count);
        let mut next = 1;
        for (at, &block) in order.blocks.iter().enumerate() {
            let from = &predecessors[block.0 as usize];
            let back = from.iter().any(|&from| order.of(from) as usize >= at);
            // What a way back may have written; all of it where the way is no natural loop's.
            let header = || loops.all.iter().position(|one| one.header == block);
            let behind = if back { header().map_or(alias::ALL, |one| in_loops[one]) } else { 0 };
            let mut version: Version = [0; alias::COUNT];
            for (kind, version) in version.iter_mut().enumerate() {
                let mut before = from.iter().filter(|&&from| (order.of(from) as usize) < at);
                let first = before.next().map(|&from| leaving[order.of(from) as usize][kind]);
                let equal = before.all(|&from| Some(leaving[order.of(from) as usize][kind]) == first);
                *version = match first {
                    Some(first) if equal && behind >> kind & 1 == 0 => first,
                    _ => {
                        next += 1;
                        next
                    }
                };
            }
            versions.at.push(version);
            versions.first.push(next + 1);
            if versions.writes[at] != 0 {
                for &id in &function.block(block).insts {
                    let writes = alias::writes(function, function.inst(id));
                    if writes != 0 {
                        next += 1;
                        write(&mut version, writes, next);
                    }
                }
            }
            leaving.push(version);
        }
        versions
    }
}

/// Gives the kinds that are written a new number.
fn write(version: &mut Version, writes: alias::Kinds, number: u32) {
    for (kind, version) in version.iter_mut().enumerate() {
        if writes >> kind & 1 == 1 {
            *version = number;
        }
    }
}

fn written(function: &Function, block: BlockId) -> alias::Kinds {
    let insts = function.block(block).insts.iter();
    insts.fold(0, |all, &id| all | alias::writes(function, function.inst(id)))
}

/// Where an inst is that others may be equal to, and the memory it reads.
#[derive(Clone, Copy)]
struct Place {
    block: BlockId,
    versions: Version,
}

struct Merger<'f> {
    function: &'f mut Function,
    dominators: &'f Dominators,
    known: Equal,
    /// For each inst that is known.
    places: Vec<Place>,
    same: Vec<Value>,
    versions: Version,
}

impl Merger<'_> {
    fn block(&mut self, block: BlockId, entries: &Versions, at: usize) {
        let mut insts = std::mem::take(&mut self.function.block_mut(block).insts);
        let mut next = entries.first[at];
        let writes_any = entries.writes[at] != 0;
        insts.retain(|&id| {
            self.rename(id);
            let writes = if writes_any { alias::writes(self.function, self.function.inst(id)) } else { 0 };
            if writes != 0 {
                write(&mut self.versions, writes, next);
                next += 1;
            }
            !self.merge(block, id)
        });
        self.function.block_mut(block).insts = insts;
    }

    fn rename(&mut self, id: InstId) {
        let same = &self.same;
        self.function.inst_mut(id).uses_mut(|value| *value = same[value.0 as usize]);
        let inst = self.function.inst(id);
        // Constants stand behind, where other passes and the selection look for them.
        let rank = |value: Value| (self.function.constant(value).is_some(), value);
        if let Op::Compute(compute) = inst.op
            && commutes(compute)
            && rank(inst.args[0]) > rank(inst.args[1])
        {
            self.function.inst_mut(id).args.swap(0, 1);
        }
    }

    /// Whether an equal inst stands for this one from here on.
    fn merge(&mut self, block: BlockId, id: InstId) -> bool {
        let inst = self.function.inst(id);
        let versions = if inst.op.is_pure() {
            [0; alias::COUNT]
        } else {
            let Some(reads) = alias::only_reads(inst) else { return false };
            std::array::from_fn(|kind| if reads >> kind & 1 == 1 { self.versions[kind] } else { 0 })
        };
        let hash = equal::hash(&inst.op, &inst.args, inst.mask);
        let stands = |other: InstId| {
            let (place, one) = (self.places[other.0 as usize], self.function.inst(other));
            let mut types = one.results.iter().zip(&inst.results);
            place.versions == versions
                && one.op == inst.op
                && one.args == inst.args
                && one.mask == inst.mask
                && one.results.len() == inst.results.len()
                && types.all(|(&a, &b)| self.function.ty(a) == self.function.ty(b))
                && self.dominators.dominates(place.block, block)
        };
        let Some(leader) = self.known.find(hash, stands) else {
            self.known.add(hash, id);
            self.places[id.0 as usize] = Place { block, versions };
            return false;
        };
        for (old, new) in self.function.inst(id).results.iter().zip(&self.function.inst(leader).results) {
            self.same[old.0 as usize] = *new;
        }
        true
    }

    fn end(&mut self, block: BlockId) {
        let mut end = std::mem::replace(&mut self.function.block_mut(block).end, End::Exit);
        end.values_mut(|value| *value = self.same[value.0 as usize]);
        self.function.block_mut(block).end = end;
    }
}

fn commutes(compute: Compute) -> bool {
    match compute {
        Compute::Int(op, _) => matches!(
            op,
            Int::Add
                | Int::MulLow
                | Int::MulHigh
                | Int::MulWide
                | Int::And
                | Int::Or
                | Int::Xor
                | Int::Min
                | Int::Max
        ),
        Compute::Float(op, ..) => matches!(op, Float::Add | Float::Mul),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    #[test]
    fn equal_sums_are_one_whichever_way_round() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i32 = load.global.4 v0 + 4
  v3: i32 = add.s32 v1, v2
  v4: i32 = add.s32 v2, v1
  store.global.4 v0, v3, v4
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i32 = load.global.4 v0 + 4
  v3: i32 = add.s32 v1, v2
  store.global.4 v0, v3, v3
  exit",
        );
    }

    #[test]
    fn a_store_of_the_kind_parts_loads() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  store.shared.4 v0, v1
  v2: i32 = load.global.4 v0
  store.global.4 v0, v2
  v3: i32 = load.global.4 v0
  v4: i32 = load.shared.4 v0
  v5: i32 = load.shared.4 v0
  store.global.4 v0, v1, v2, v3, v4
  store.global.4 v0, v5
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  store.shared.4 v0, v1
  store.global.4 v0, v1
  v3: i32 = load.global.4 v0
  v4: i32 = load.shared.4 v0
  store.global.4 v0, v1, v1, v3, v4
  store.global.4 v0, v4
  exit",
        );
    }

    #[test]
    fn a_loop_that_writes_parts_and_one_that_does_not_parts_not() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i32 = load.shared.4 v0
  jump b1
b1:
  v3: i32 = load.global.4 v0
  v4: i32 = load.shared.4 v0
  v5: i1 = compare.lt.s32 v3, v4
  store.global.4 v0, v3
  branch v5, b1, b2
b2:
  v6: i32 = load.shared.4 v0
  store.global.4 v0, v6
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i32 = load.shared.4 v0
  jump b1
b1:
  v3: i32 = load.global.4 v0
  v5: i1 = compare.lt.s32 v3, v2
  store.global.4 v0, v3
  branch v5, b1, b2
b2:
  store.global.4 v0, v2
  exit",
        );
    }

    #[test]
    fn a_value_of_another_way_stands_for_nothing() {
        let text = "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i1 = compare.lt.s32 v1, v1
  branch v2, b1, b2
b1:
  v3: i32 = neg.s32 v1
  store.global.4 v0, v3
  jump b3
b2:
  v4: i32 = neg.s32 v1
  store.global.4 v0, v4
  jump b3
b3:
  exit";
        check(Stage::Threads, text, super::run, text);
    }
}

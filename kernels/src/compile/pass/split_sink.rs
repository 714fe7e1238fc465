//! What only some ways out of a block need is computed on those ways.
//!
//! Mostly masks: code that is there twice asks for them on its slow side, and often there are several such sides behind
//! each other (a load before a barrier, a store behind it). What is cheap is made on each of them.

use smallvec::SmallVec;

use super::dce;
use crate::compile::ssa::order::{Dominators, Few, Loops, Order, none_each, predecessors, successors};
use crate::compile::ssa::quick::Map;
use crate::compile::ssa::{BlockId, Def, Function, Inst, InstId, Op, Type, Value};
use crate::ir::compute::{Compute, Int};

/// The most places where an inst is made instead.
const PLACES: usize = 3;
/// The most insts that are there once more.
const COPIES: usize = 400;
/// The longest chain of ops that is cheap.
const CHAIN: u8 = 12;
/// Not cheap.
const DEAR: u8 = u8::MAX;

/// Moves pure insts down.
pub fn run(function: &mut Function) {
    // Nobody waits for what nobody needs.
    dce::run(function);
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let loops = Loops::new(function, &order, &dominators);
    let from = predecessors(function, &order);
    let (users, costs) = (users(function, &order), costs(function, &order));
    let blocks = order.blocks.clone();
    let mut sink = Sink { function, order, dominators, loops, from, users, costs, copies: 0 };
    // Upwards, so that users have gone down before; downwards for what goes on from where it came to.
    blocks.iter().rev().for_each(|&id| sink.block(id));
    blocks.iter().for_each(|&id| sink.block(id));
}

/// Places that make an inst instead of its own block.
type Places = SmallVec<[BlockId; PLACES]>;

struct Sink<'f> {
    function: &'f mut Function,
    order: Order,
    dominators: Dominators,
    loops: Loops,
    from: Vec<Few>,
    /// The blocks that use each value, one entry a use.
    users: Vec<SmallVec<[BlockId; 4]>>,
    /// How long the chain of ops from scalars to each value is.
    costs: Vec<u8>,
    copies: usize,
}

impl Sink<'_> {
    fn block(&mut self, id: BlockId) {
        let mut ways = successors(self.function, id);
        ways.retain(|way| self.from[way.0 as usize].len() == 1);
        if ways.is_empty() {
            return;
        }
        let mut moved: Vec<(BlockId, Vec<InstId>)> = ways.iter().map(|&way| (way, Vec::new())).collect();
        let mut renames: Map<BlockId, Map<Value, Value>> = Map::default();
        let mut looked = Vec::new();
        let mut stay = Vec::with_capacity(self.function.block(id).insts.len());
        let all = std::mem::take(&mut self.function.block_mut(id).insts);
        for &inst in all.iter().rev() {
            let places = self.places(id, inst, &ways, &mut looked);
            let Some((&first, others)) = places.split_first() else {
                // Those that stay, from the last to the first.
                stay.push(inst);
                continue;
            };
            for arg in self.function.inst(inst).args.clone() {
                let uses = &mut self.users[arg.0 as usize];
                if let Some(place) = uses.iter().position(|&user| user == id) {
                    uses.swap_remove(place);
                    uses.extend(places.iter().copied());
                }
            }
            for &place in others {
                let copy = self.copy(inst, place, renames.entry(place).or_default());
                put(&mut moved, place, copy);
            }
            put(&mut moved, first, inst);
        }
        stay.reverse();
        self.function.block_mut(id).insts = stay;
        for (way, mut insts) in moved {
            insts.reverse();
            self.function.block_mut(way).insts.splice(0..0, insts);
        }
        renames.into_iter().for_each(|(place, names)| self.rename(place, &names));
    }

    /// Where an inst of a block should be made; empty: where it is.
    fn places(
        &mut self,
        id: BlockId,
        inst: InstId,
        ways: &[BlockId],
        looked: &mut Vec<(Places, bool)>,
    ) -> Places {
        let inst = self.function.inst(inst);
        if !inst.op.is_pure() || matches!(inst.op, Op::Const(_)) {
            return Places::new();
        }
        let uses = || inst.results.iter().flat_map(|&result| &self.users[result.0 as usize]);
        if uses().any(|&user| user == id) {
            return Places::new();
        }
        let only = ways.iter().find(|&&way| uses().all(|&user| self.dominators.dominates(way, user)));
        if let Some(&way) = only {
            return Places::from_slice(&[way]);
        }
        if self.costs[inst.results[0].0 as usize] == DEAR || self.copies >= COPIES {
            return Places::new();
        }
        // As far up as need not be come to, or else, what takes a vector register, next to those who use it.
        let wide = !self.function.ty(inst.results[0]).is_scalar();
        for far in [true, false].into_iter().take(1 + usize::from(wide)) {
            let places =
                self.sides(id, inst.results.iter().flat_map(|&result| &self.users[result.0 as usize]), far);
            let Some(places) = places else { return Places::new() };
            let known = looked.iter().find(|(other, _)| *other == places).map(|&(_, avoided)| avoided);
            let avoided = known.unwrap_or_else(|| {
                looked.push((places.clone(), self.avoided(id, &places)));
                looked[looked.len() - 1].1
            });
            if avoided {
                return places;
            }
        }
        Places::new()
    }

    /// The sides that uses are on, if there are few.
    fn sides<'u>(&self, id: BlockId, uses: impl Iterator<Item = &'u BlockId>, far: bool) -> Option<Places> {
        let mut places = Places::new();
        let mut last = None;
        for &user in uses {
            if last.replace(user) == Some(user) {
                continue;
            }
            let side = self.side(id, user, far)?;
            if !places.contains(&side) {
                places.push(side);
            }
        }
        let all = places.clone();
        let served = |place: BlockId| {
            all.iter().any(|&other| other != place && self.dominators.dominates(other, place))
        };
        places.retain(|place| !served(*place));
        places.sort_by_key(|&place| self.order.of(place));
        (places.len() <= PLACES).then_some(places)
    }

    /// The first block on all ways from one to another that need not be come to, and not more often; not far: the last one.
    fn side(&self, id: BlockId, user: BlockId, far: bool) -> Option<BlockId> {
        let depth = |block: BlockId| {
            self.loops.of[block.0 as usize].map_or(0, |inside| self.loops.all[inside as usize].depth)
        };
        let (mut at, mut side) = (user, None);
        while at != id {
            if let [before] = self.from[at.0 as usize][..]
                && successors(self.function, before).len() > 1
                && depth(at) <= depth(id)
            {
                if !far {
                    return Some(at);
                }
                side = Some(at);
            }
            at = self.dominators.parent[at.0 as usize]?;
        }
        side
    }

    /// Whether one can come from a block to an end, or to it again, without any of these places.
    fn avoided(&self, id: BlockId, places: &[BlockId]) -> bool {
        let mut seen = vec![false; self.function.blocks.len()];
        let mut open = vec![id];
        while let Some(block) = open.pop() {
            let next = successors(self.function, block);
            if next.is_empty() {
                return true;
            }
            for to in next {
                if places.contains(&to) || std::mem::replace(&mut seen[to.0 as usize], true) {
                    continue;
                }
                if self.order.of(to) <= self.order.of(id) {
                    return true;
                }
                open.push(to);
            }
        }
        false
    }

    /// The same inst with results for what is behind a place.
    fn copy(&mut self, inst: InstId, place: BlockId, names: &mut Map<Value, Value>) -> InstId {
        let Inst { op, args, results, line, .. } = self.function.inst(inst).clone();
        let types: SmallVec<[Type; 2]> = results.iter().map(|&result| self.function.ty(result)).collect();
        let copy = self.function.add_inst(op, &args, None, &types, line);
        self.copies += 1;
        for (&old, &new) in results.iter().zip(&self.function.inst(copy).results) {
            let all = std::mem::take(&mut self.users[old.0 as usize]);
            let (own, rest) = all.into_iter().partition(|&user| self.dominators.dominates(place, user));
            self.users[old.0 as usize] = rest;
            self.users.push(own);
            self.costs.push(self.costs[old.0 as usize]);
            names.insert(old, new);
        }
        copy
    }

    /// What is behind a place uses what was made there.
    fn rename(&mut self, place: BlockId, names: &Map<Value, Value>) {
        let new = |value: &mut Value| *value = names.get(value).copied().unwrap_or(*value);
        for &block in &self.order.blocks {
            if !self.dominators.dominates(place, block) {
                continue;
            }
            for at in 0..self.function.block(block).insts.len() {
                let inst = self.function.block(block).insts[at];
                self.function.inst_mut(inst).uses_mut(new);
            }
            self.function.block_mut(block).end.values_mut(new);
        }
    }
}

fn put(moved: &mut Vec<(BlockId, Vec<InstId>)>, place: BlockId, inst: InstId) {
    match moved.iter_mut().find(|(other, _)| *other == place) {
        Some((_, insts)) => insts.push(inst),
        None => moved.push((place, vec![inst])),
    }
}

/// The blocks that use each value, one entry a use.
fn users(function: &Function, order: &Order) -> Vec<SmallVec<[BlockId; 4]>> {
    let mut users = none_each(function.values.len());
    for &id in &order.blocks {
        let block = function.block(id);
        let mut note = |value: Value| users[value.0 as usize].push(id);
        block.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
        block.end.condition().into_iter().for_each(&mut note);
        block.end.targets(|to| to.args.iter().for_each(|&arg| note(arg)));
    }
    users
}

/// For each value how long the chain of cheap ops from scalars and constants to it is.
fn costs(function: &Function, order: &Order) -> Vec<u8> {
    let mut costs = vec![DEAR; function.values.len()];
    for &block in &order.blocks {
        for &id in &function.block(block).insts {
            let inst = function.inst(id);
            let longest = |costs: &[u8]| {
                inst.args
                    .iter()
                    .map(|&arg| if function.ty(arg).is_scalar() { 0 } else { costs[arg.0 as usize] })
                    .max()
                    .unwrap_or(0)
            };
            let cost = if is_cheap(function, inst) { longest(&costs) } else { DEAR };
            let cost = if cost < CHAIN { cost + 1 } else { DEAR };
            inst.results.iter().for_each(|&result| costs[result.0 as usize] = cost);
        }
    }
    costs
}

fn is_cheap(function: &Function, inst: &Inst) -> bool {
    let made = |value: Value| matches!(function.def(value), Def::Inst(..));
    match inst.op {
        Op::Compute(Compute::Int(op, kind)) => {
            !kind.float() && !matches!(op, Int::Div | Int::Rem | Int::MulHigh | Int::MulWide)
        }
        Op::Compute(Compute::Compare(_, kind, _)) => !kind.float(),
        Op::Const(_) | Op::Table(_) | Op::Broadcast | Op::MaskAny | Op::MaskAll | Op::Half(_) | Op::Join => {
            inst.args.iter().all(|&arg| made(arg) || function.ty(arg).is_scalar())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    fn becomes(before: &str, after: &str) {
        let function = |lines: &str| format!("function f\n{lines}");
        check(Stage::Vectors, &function(before), run, &function(after));
    }

    #[test]
    fn one_way_needs_it() {
        becomes(
            "b0:
            v0: i64 = argument.0
            v1: i32 = load.global.4 v0
            v2: i32 = load.global.4 v0 + 4
            v3: i32 = mullow.u32 v1, v2
            v4: i1 = compare.lt.s32 v1, v2
            branch v4, b1, b2
            b1:
            return v3
            b2:
            return v1",
            "b0:
            v0: i64 = argument.0
            v1: i32 = load.global.4 v0
            v2: i32 = load.global.4 v0 + 4
            v4: i1 = compare.lt.s32 v1, v2
            branch v4, b1, b2
            b1:
            v3: i32 = mullow.u32 v1, v2
            return v3
            b2:
            return v1",
        );
    }

    /// Two slow sides behind each other.
    const TWO: &str = "table 0, 1, 2, 3
            b0:
            v0: i64 = argument.0
            v1: i32 = load.global.4 v0
            v2: i32 = load.global.4 v0 + 4
            v3: v4x32 = table.0
            v4: v4x32 = broadcast v1
            v5: v4x32 = add.u32 v3, v4
            v6: v4x32 = broadcast v2
            v7: m4 = compare.lt.s32 v5, v6
            v8: i1 = compare.lt.s32 v1, v2
            branch v8, b1, b2
            b1:
            v9: v4x32 = load.global.4 v0 + 64
            jump b3(v9)
            b2:
            v10: v4x32 = load.global.4 v0 + 64 [v7]
            jump b3(v10)
            b3(v11: v4x32):
            branch v8, b4, b5
            b4:
            store.global.4 v0 + 128, v11
            jump b6
            b5:
            store.global.4 v0 + 128, v11 [v7]
            jump b6
            b6:
            return v1";

    #[test]
    fn two_sides_make_their_masks() {
        becomes(
            TWO,
            "table 0, 1, 2, 3
            b0:
            v0: i64 = argument.0
            v1: i32 = load.global.4 v0
            v2: i32 = load.global.4 v0 + 4
            v8: i1 = compare.lt.s32 v1, v2
            branch v8, b1, b2
            b1:
            v9: v4x32 = load.global.4 v0 + 64
            jump b3(v9)
            b2:
            v3: v4x32 = table.0
            v4: v4x32 = broadcast v1
            v5: v4x32 = add.u32 v3, v4
            v6: v4x32 = broadcast v2
            v7: m4 = compare.lt.s32 v5, v6
            v10: v4x32 = load.global.4 v0 + 64 [v7]
            jump b3(v10)
            b3(v11: v4x32):
            branch v8, b4, b5
            b4:
            store.global.4 v0 + 128, v11
            jump b6
            b5:
            v16: v4x32 = table.0
            v15: v4x32 = broadcast v1
            v14: v4x32 = add.u32 v16, v15
            v13: v4x32 = broadcast v2
            v12: m4 = compare.lt.s32 v14, v13
            store.global.4 v0 + 128, v11 [v12]
            jump b6
            b6:
            return v1",
        );
    }

    #[test]
    fn a_slow_side_and_one_of_a_fast_side_make_their_masks() {
        let text = |first: &str, slow: &str, inner: &str| {
            format!(
                "table 0, 1, 2, 3
                b0:
                v0: i64 = argument.0
                v1: i32 = load.global.4 v0
                v2: i32 = load.global.4 v0 + 4
                {first}
                v8: i1 = compare.lt.s32 v1, v2
                branch v8, b1, b2
                b1:
                v9: v4x32 = load.global.4 v0 + 64
                v10: i1 = compare.lt.s32 v2, v1
                branch v10, b5, b3
                b2:
                {slow}
                jump b4(v11)
                b3:
                {inner}
                jump b4(v12)
                b4(v13: v4x32):
                store.global.4 v0, v13
                return v1
                b5:
                jump b4(v9)"
            )
        };
        let made = |[a, b, c, d]: [u32; 4]| {
            format!(
                "v{a}: v4x32 = table.0
                v{b}: v4x32 = broadcast v1
                v{c}: v4x32 = add.u32 v{a}, v{b}
                v{d}: v4x32 = add.u32 v{c}, v{c}"
            )
        };
        let slow = |[sum, own]: [u32; 2]| format!("v11: v4x32 = add.u32 v{own}, v{sum}");
        let inner = "v12: v4x32 = xor.u32 v6, v5";
        let (own, copy) = (made([3, 4, 5, 6]), made([17, 16, 15, 14]));
        becomes(
            &text(&own, &slow([5, 6]), inner),
            &text("", &format!("{copy}\n{}", slow([15, 14])), &format!("{own}\n{inner}")),
        );
    }

    #[test]
    fn every_way_needs_it() {
        let both = TWO.replace("store.global.4 v0 + 128, v11\n", "store.global.4 v0 + 128, v11 [v7]\n");
        becomes(&both, &both);
    }

    #[test]
    fn not_into_a_loop_nor_if_it_is_dear() {
        let text = "b0:
            v0: i64 = argument.0
            v1: i32 = load.global.4 v0
            v2: v4x32 = load.global.4 v0 + 16
            v3: v4x32 = broadcast v1
            v4: m4 = compare.lt.s32 v2, v3
            v5: v4x32 = add.u32 v3, v3
            v6: i1 = compare.lt.s32 v1, v1
            branch v6, b1, b2
            b1:
            store.global.4 v0, v5 [v4]
            jump b2
            b2:
            jump b3(v1)
            b3(v7: i32):
            v8: i1 = compare.lt.s32 v7, v1
            branch v8, b4, b5
            b4:
            store.global.4 v0, v5
            jump b5
            b5:
            v9: i32 = add.u32 v7, v1
            v10: i1 = compare.lt.s32 v9, v1
            branch v10, b3(v9), b6
            b6:
            branch v6, b7, b8
            b7:
            store.global.4 v0, v3 [v4]
            jump b8
            b8:
            return v1";
        becomes(text, text);
    }
}

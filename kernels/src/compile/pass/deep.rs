//! Where a block needs more vector registers than there are, what one vector needs comes before what the next one needs.
//!
//! `split` writes each op for all vectors of the gang, one behind the other, which is best for the machine as long as all
//! fit. Else pure insts and loads wait until something that has an effect, or what the block gives to others, asks for
//! them; those that end more lives than they start do not wait. The new order is only taken if it needs fewer registers. Long
//! rows of ops that are alike for several vectors are then mixed again, a few vectors at a time.

use super::alias;
use crate::compile::ssa::order::{Liveness, Order};
use crate::compile::ssa::quick::Set;
use crate::compile::ssa::{BlockId, Def, Function, InstId, Op, Type, Value};

/// Registers for values; the rest is for constants and what lies between.
const REGISTERS: usize = 27;

/// Reorders blocks that need too many registers.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    // Nothing needs more registers than there are insts and parameters that make vectors.
    let makes = |&block: &BlockId| {
        let block = function.block(block);
        let made = block.insts.iter().flat_map(|&inst| &function.inst(inst).results);
        made.filter(|&&value| is_vector(function, value)).count() > REGISTERS / 2
    };
    if !order.blocks.iter().any(makes) {
        return;
    }
    let live = Liveness::of(function, &order, |ty| !ty.is_scalar());
    let mut alive = Alive { of: vec![0; function.values.len()], round: 0 };
    for &id in &order.blocks {
        let insts = &function.block(id).insts;
        if insts.len() < 2 {
            continue;
        }
        let behind = beyond(function, &live, id);
        let before = alive.peak(function, &behind, insts);
        // Masks that go on are better made last, behind what reads those of this round.
        if before <= REGISTERS || gives_masks(function, &behind, id) {
            continue;
        }
        let new = Deep::new(function, &behind, id).order();
        if alive.peak(function, &behind, &new) < before {
            function.block_mut(id).insts = in_groups(function, new);
        }
    }
}

/// Whether masks that are made in a block are used behind it.
fn gives_masks(function: &Function, behind: &[Value], id: BlockId) -> bool {
    let mut made = function.block(id).insts.iter().flat_map(|&inst| &function.inst(inst).results);
    made.any(|value| matches!(function.ty(*value), Type::M { .. }) && behind.contains(value))
}

/// Whether a value takes a vector register. Constants and scalars in all lanes mostly do not.
fn is_vector(function: &Function, value: Value) -> bool {
    matches!(function.ty(value), Type::V { .. })
        && !function
            .maker(value)
            .is_some_and(|inst| matches!(inst.op, Op::Const(_) | Op::Table(_) | Op::Broadcast))
}

/// Vectors that live behind a block or go to others.
fn beyond(function: &Function, live: &Liveness, id: BlockId) -> Vec<Value> {
    let mut all = live.live_out[id.0 as usize].clone();
    function.block(id).end.targets(|to| all.extend(&to.args));
    all
}

/// Which vectors are alive, while a block is walked from its end.
struct Alive {
    /// For each value the round in which it came to life.
    of: Vec<u32>,
    round: u32,
}

impl Alive {
    /// The most vector registers that are in use at a time.
    fn peak(&mut self, function: &Function, behind: &[Value], insts: &[InstId]) -> usize {
        self.round += 1;
        let (alive, round) = (&mut self.of, self.round);
        let (mut now, mut most) = (0, 0);
        let enter = |alive: &mut [u32], now: &mut usize, value: Value| {
            if alive[value.0 as usize] != round && is_vector(function, value) {
                alive[value.0 as usize] = round;
                *now += 1;
            }
        };
        behind.iter().for_each(|&value| enter(alive, &mut now, value));
        for &inst in insts.iter().rev() {
            let inst = function.inst(inst);
            most = most.max(now);
            for &result in &inst.results {
                if std::mem::replace(&mut alive[result.0 as usize], 0) == round {
                    now -= 1;
                }
            }
            inst.uses(|value| enter(alive, &mut now, value));
        }
        most.max(now)
    }
}

/// Ops of a vector above which the processor's window does not reach far enough into the next ones.
const LONG: usize = 12;

/// Vectors that go together then. Two to eight were tried; four are best by a few parts in a hundred.
const AT_A_TIME: usize = 4;

/// A few vectors at a time, op by op, where what leads to a store is long and the same for the next ones. Constants and
/// scalars, which the first one makes for all, come before.
fn in_groups(function: &Function, insts: Vec<InstId>) -> Vec<InstId> {
    let parts = insts.split_inclusive(|&id| !function.inst(id).op.is_pure());
    let parts: Vec<(Vec<InstId>, Vec<InstId>)> = parts.map(|part| shared_first(function, part)).collect();
    let like = |a: &[InstId], b: &[InstId]| {
        let same = |(&a, &b): (&InstId, &InstId)| function.inst(a).op == function.inst(b).op;
        let long = a.len() == b.len() && a.len() > LONG;
        long && a.iter().zip(b).take(a.len() - 1).all(same)
    };
    let mut all = Vec::with_capacity(insts.len());
    let mut parts = &parts[..];
    while let [(_, first), ..] = parts {
        // What those before give to a part keeps it from them.
        let mut made: Set<Value> = Set::default();
        let mut joins = |place: usize| {
            let Some((shared, part)) = parts.get(place).filter(|(_, part)| like(first, part)) else {
                return false;
            };
            made.extend(parts[place - 1].1.iter().flat_map(|&id| &function.inst(id).results));
            let mut apart = true;
            for &id in shared.iter().chain(part) {
                function.inst(id).uses(|value| apart &= !made.contains(&value));
            }
            apart
        };
        let count = (1..AT_A_TIME).take_while(|&place| joins(place)).count();
        let (group, rest) = parts.split_at(1 + count);
        all.extend(group.iter().flat_map(|(shared, _)| shared));
        all.extend((0..first.len()).flat_map(|at| group.iter().map(move |(_, part)| part[at])));
        parts = rest;
    }
    all
}

/// Constants and scalars of a part that need nothing else of it, and the rest.
fn shared_first(function: &Function, part: &[InstId]) -> (Vec<InstId>, Vec<InstId>) {
    let mut made = Set::default();
    part.iter().copied().partition(|&id| {
        let inst = function.inst(id);
        let mut first = inst.op.is_pure() && !inst.results.iter().any(|&value| is_vector(function, value));
        inst.uses(|value| first &= !made.contains(&value));
        if !first {
            made.extend(inst.results.iter().copied());
        }
        first
    })
}

struct Deep<'f> {
    function: &'f Function,
    /// The block's insts that have no place yet, and whether they may wait.
    waits: Vec<Option<bool>>,
    /// Of each vector its uses that are still to come; one that lives on has one more.
    left: Vec<u32>,
    /// Of each vector those who use it and may wait, by vectors.
    users: Vec<(Value, InstId)>,
    before: Vec<InstId>,
    /// What the block gives to others.
    given: Vec<Value>,
    done: Vec<InstId>,
}

impl<'f> Deep<'f> {
    fn new(function: &'f Function, behind: &[Value], id: BlockId) -> Deep<'f> {
        let before = function.block(id).insts.clone();
        let mut deep = Deep {
            function,
            waits: vec![None; function.insts.len()],
            left: vec![0; function.values.len()],
            users: Vec::with_capacity(before.len()),
            given: Vec::new(),
            done: Vec::with_capacity(before.len()),
            before,
        };
        for &id in &deep.before {
            let inst = function.inst(id);
            let waits = inst.op.is_pure() || alias::only_reads(inst).is_some();
            deep.waits[id.0 as usize] = Some(waits);
            inst.uses(|value| {
                if is_vector(function, value) {
                    deep.left[value.0 as usize] += 1;
                    if waits && inst.op.is_pure() {
                        deep.users.push((value, id));
                    }
                }
            });
        }
        // Those of one vector stay in their order.
        deep.users.sort_by_key(|&(value, _)| value);
        for &value in behind.iter().filter(|&&value| is_vector(function, value)) {
            deep.left[value.0 as usize] += 1;
        }
        let end = &function.block(id).end;
        end.targets(|to| deep.given.extend(&to.args));
        deep.given.extend(end.condition());
        deep
    }

    fn order(mut self) -> Vec<InstId> {
        let mut reads = Vec::new();
        for id in self.before.clone() {
            let inst = self.function.inst(id);
            if self.waits[id.0 as usize] == Some(false) {
                self.release(&mut reads, alias::writes(self.function, inst));
                self.place(id);
            } else if alias::only_reads(inst).is_some() {
                reads.push(id);
            }
        }
        for value in std::mem::take(&mut self.given) {
            self.place_maker(value);
        }
        for id in self.before.clone() {
            self.place(id);
        }
        self.done
    }

    /// What was to read what now changes does so before.
    fn release(&mut self, reads: &mut Vec<InstId>, writes: alias::Kinds) {
        if writes == 0 {
            return;
        }
        reads.retain(|&id| {
            let stays = alias::only_reads(self.function.inst(id)).unwrap_or(alias::ALL) & writes == 0;
            if !stays {
                self.place(id);
            }
            stays
        });
    }

    fn place_maker(&mut self, value: Value) {
        if let Def::Inst(maker, _) = self.function.def(value) {
            self.place(maker);
        }
    }

    /// Puts an inst here, after what it needs; then those that take fewer registers than they free.
    fn place(&mut self, id: InstId) {
        let function = self.function;
        if !self.is_open(id) {
            return;
        }
        let inst = function.inst(id);
        inst.uses(|value| self.place_maker(value));
        // Behind what it needs it may have come to its place already.
        if self.waits[id.0 as usize].take().is_none() {
            return;
        }
        self.done.push(id);
        inst.uses(|value| {
            let left = &mut self.left[value.0 as usize];
            *left = left.saturating_sub(1);
        });
        for &result in &inst.results {
            let mut at = self.users.partition_point(|&(value, _)| value < result);
            while let Some(&(_, user)) = self.users.get(at).filter(|&&(value, _)| value == result) {
                if self.frees(user) {
                    self.place(user);
                }
                at += 1;
            }
        }
    }

    /// Whether an inst of the block has no place yet.
    fn is_open(&self, id: InstId) -> bool {
        self.waits[id.0 as usize].is_some()
    }

    /// Whether all that an inst needs is there, and two of its vectors have no other use.
    fn frees(&self, id: InstId) -> bool {
        let inst = self.function.inst(id);
        let mut ready = self.is_open(id);
        let mut ends = 0;
        inst.uses(|value| {
            ready &= match self.function.def(value) {
                Def::Inst(maker, _) => !self.is_open(maker),
                _ => true,
            };
            ends += usize::from(self.left[value.0 as usize] == 1);
        });
        ready && ends >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::{parse, same};
    use crate::compile::ssa::verify::{Stage, verify};

    /// Twenty vectors: loads, then two ops for each, then stores and sums; op by op, and vector by vector.
    fn text(deep: bool) -> String {
        let count = 20;
        let mut lines = vec!["function f\nb0:\nv0: i64 = context".to_owned()];
        let load = |at: u32| format!("v{}: v16x32 = load.global.4 v0 + {}", 1 + at, 64 + 64 * at);
        let first = |at: u32| format!("v{}: v16x32 = mul.f32 v{}, v{}", 101 + at, 1 + at, 1 + at);
        let second = |at: u32| format!("v{}: v16x32 = add.f32 v{}, v{}", 201 + at, 101 + at, 1 + at);
        let store = |at: u32| format!("store.global.4 v0 + {}, v{}", 64 + 64 * at, 201 + at);
        if deep {
            lines.extend((0..count).map(load));
            for at in 0..count {
                lines.extend([first(at), second(at), store(at)]);
            }
        } else {
            for part in [&load as &dyn Fn(u32) -> String, &first, &second, &store] {
                lines.extend((0..count).map(part));
            }
        }
        lines.push("v301: i32 = const 0\nreturn v301".to_owned());
        lines.join("\n")
    }

    #[test]
    fn too_many_at_once_come_one_by_one() {
        let mut function = parse(&text(false));
        run(&mut function);
        verify(&function, Stage::Vectors).unwrap();
        same(&function, &text(true));
    }

    /// Six vectors of fourteen ops that wait for each other, the last of another kind.
    #[test]
    fn long_rows_go_a_few_at_a_time() {
        let row = |at: u32| -> Vec<String> {
            let op = |step: u32| if at == 5 && step == 7 { "add" } else { "mul" };
            let line = |step: u32| {
                format!(
                    "v{}: v16x32 = {}.f32 v{}, v1",
                    100 * at + step + 10,
                    op(step),
                    if step == 0 { 1 } else { 100 * at + step + 9 }
                )
            };
            (0..14)
                .map(line)
                .chain([format!("store.global.4 v0 + {}, v{}", 64 + 64 * at, 100 * at + 23)])
                .collect()
        };
        let head = ["function f\nb0:\nv0: i64 = context\nv1: v16x32 = load.global.4 v0".to_owned()];
        let end = ["v9: i32 = const 0\nreturn v9".to_owned()];
        let text = |rows: Vec<String>| {
            head.iter().cloned().chain(rows).chain(end.clone()).collect::<Vec<_>>().join("\n")
        };
        let mut function = parse(&text((0..6).flat_map(row).collect()));
        let insts = function.block(BlockId(0)).insts.clone();
        function.block_mut(BlockId(0)).insts = in_groups(&function, insts);
        let mixed = (0..15).flat_map(|step| (0..4).map(move |at| row(at)[step as usize].clone()));
        same(&function, &text(mixed.chain(row(4)).chain(row(5)).collect()));
    }

    /// Four vectors; the first one has the constants of all between its ops, the last one a number of its own.
    #[test]
    fn constants_do_not_keep_the_first_from_the_others() {
        let step = |at: u32, step: u32| {
            let by = if at == 3 && step == 5 { "v99".to_owned() } else { format!("v{}", 50 + step) };
            let from = if step == 0 { 1 } else { 100 * at + step + 99 };
            format!("v{}: v16x32 = mul.f32 v{from}, {by}", 100 * at + step + 100)
        };
        let constant = |step: u32| format!("v{}: v16x32 = const {}", 50 + step, step + 3);
        let store = |at: u32| format!("store.global.4 v0 + {}, v{}", 64 + 64 * at, 100 * at + 113);
        let other = "v99: v16x32 = const 99".to_owned();
        let text = |middle: Vec<String>| {
            let head = ["function f\nb0:\nv0: i64 = context\nv1: v16x32 = load.global.4 v0".to_owned()];
            let end = ["v9: i32 = const 0\nreturn v9".to_owned()];
            head.into_iter().chain(middle).chain(end).collect::<Vec<_>>().join("\n")
        };
        let mut one_by_one = Vec::new();
        for at in 0..4 {
            for place in 0..14 {
                one_by_one.extend((at == 0).then(|| constant(place)));
                one_by_one.extend((at == 3 && place == 5).then(|| other.clone()));
                one_by_one.push(step(at, place));
            }
            one_by_one.push(store(at));
        }
        let mut function = parse(&text(one_by_one));
        let insts = function.block(BlockId(0)).insts.clone();
        function.block_mut(BlockId(0)).insts = in_groups(&function, insts);
        verify(&function, Stage::Vectors).unwrap();
        let shared = (0..14).map(constant).chain([other]);
        let mixed = (0..14).flat_map(|place| (0..4).map(move |at| step(at, place)));
        same(&function, &text(shared.chain(mixed).chain((0..4).map(store)).collect()));
    }

    /// A row that starts with what the one before has read: their order stays.
    #[test]
    fn what_needs_the_row_before_stays_behind_it() {
        let row = |at: u32| -> Vec<String> {
            let line = |step: u32| {
                let from = if step == 0 { 100 * at + 1 } else { 100 * at + step + 9 };
                format!("v{}: v16x32 = mul.f32 v{from}, v5", 100 * at + step + 10)
            };
            let head =
                format!("v{}: v16x32 = broadcast v{}", 100 * at + 1, if at == 0 { 2 } else { 100 * at - 50 });
            let read = format!("v{}: i32 = load.global.4 v0 + {}", 100 * at + 50, 64 * at);
            let last = format!("v{}: v16x32 = broadcast v3", 100 * at + 40);
            [head].into_iter().chain((0..14).map(line)).chain([last, read]).collect()
        };
        let head = "function f\nb0:\nv0: i64 = context\nv2: i32 = const 1\nv3: i32 = const 7\nv5: v16x32 = load.global.4 v0";
        let rows = (0..3).flat_map(row).collect::<Vec<_>>().join("\n");
        let text = format!("{head}\n{rows}\nv9: i32 = const 0\nreturn v9");
        let mut function = parse(&text);
        let insts = function.block(BlockId(0)).insts.clone();
        function.block_mut(BlockId(0)).insts = in_groups(&function, insts);
        verify(&function, Stage::Vectors).unwrap();
    }

    #[test]
    fn a_block_that_gives_masks_to_others_stays() {
        let end = "v301: i32 = const 0\nreturn v301";
        let masked = "v302: m16 = compare.lt.f32 v201, v202\njump b1(v302)\nb1(v303: m16):\nstore.global.4 v0, v201 [v303]";
        let text = text(false).replace(end, &format!("{masked}\n{end}"));
        let mut function = parse(&text);
        run(&mut function);
        verify(&function, Stage::Vectors).unwrap();
        same(&function, &text);
    }

    #[test]
    fn what_is_read_behind_a_store_stays_behind_it() {
        let reads = |from: u32| {
            (0..30).map(move |at| format!("v{}: v16x32 = load.global.4 v0 + {}", from + at, 64 + 64 * at))
        };
        let sums = (0..30).map(|at| format!("v{}: v16x32 = add.f32 v{}, v{}", 101 + at, 1 + at, 51 + at));
        let stores = (0..30).map(|at| format!("store.shared.4 v0 + {}, v{}", 64 + 64 * at, 101 + at));
        let start = ["function f\nb0:\nv0: i64 = context".to_owned()];
        let write = ["store.global.4 v0 + 64, v30".to_owned()];
        let end = ["v200: i32 = const 0\nreturn v200".to_owned()];
        let all = start.into_iter().chain(reads(1)).chain(write).chain(reads(51)).chain(sums).chain(stores);
        let mut function = parse(&all.chain(end).collect::<Vec<_>>().join("\n"));
        run(&mut function);
        verify(&function, Stage::Vectors).unwrap();
        let text = function.to_string();
        let place = |what: &str| text.find(what).unwrap();
        assert!(place("v1: ") < place("store.global") && place("store.global") < place("v51: "));
        assert!(
            place("store.shared.4 v0 + 64,") < place("v52: "),
            "the second sum comes behind the first store"
        );
    }

    #[test]
    fn what_fits_stays() {
        let few = "function f
            b0:
            v0: i64 = context
            v1: v16x32 = load.global.4 v0
            v2: v16x32 = load.global.4 v0 + 64
            v3: v16x32 = add.f32 v1, v1
            v4: v16x32 = add.f32 v2, v2
            store.global.4 v0, v3
            store.global.4 v0 + 64, v4
            v5: i32 = const 0
            return v5";
        let mut function = parse(few);
        run(&mut function);
        same(&function, few);
    }
}

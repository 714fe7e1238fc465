//! Barriers become places to leave and go on at: the function is cut behind each one, and what lives over it goes to the gang's
//! frame.
//!
//! A block ends in [`End::Yield`] where a barrier was; all gangs of the block come there in turn, then each goes on at the
//! resume of that number. What is cheap to make again from the thread's number, parameters and constants is made again; the rest
//! is saved where it is made, or in front of the barrier if it is made in a loop that the barrier is not in. Values that never
//! live at the same time and look alike (type and shape) share a slot.
//!
//! A reduction over the threads of a block is a number per gang, saved for all to see: behind a first barrier each gang
//! sums up what all have saved ([`Op::Total`]), behind a second one, when all have read it, it takes its number back.
//! Gangs that have ended left zero.
//!
//! With one gang a block there is nobody to wait for: nothing is cut, and barriers stay as marks in the order of memory.

use std::collections::BTreeMap;

use crate::compile::Shape as Launch;
use crate::compile::pass::range::Ranges;
use crate::compile::pass::shape::{Shape, Shapes};
use crate::compile::ssa::edit::{Builder, Repair, rename_in, split_block};
use crate::compile::ssa::order::{Dominators, Liveness, Loops, Order, homes};
use crate::compile::ssa::{BlockId, Def, End, Function, InstId, Op, Target, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Float, Int};
use crate::ir::op::{Reduction, Space};

/// Cuts a masked function at its barriers, unless a block is one gang. Whether there was anything to cut.
pub fn run(function: &mut Function, launch: &Launch, lanes: u8, one_gang: bool) -> bool {
    if one_gang || !waits(function, &Order::new(function)) {
        return false;
    }
    let shapes = Shapes::of_masked(function, launch, lanes, &Ranges::new(function, launch));
    run_known(function, &shapes, one_gang)
}

/// The same where it is known how values differ.
pub fn run_known(function: &mut Function, shapes: &Shapes, one_gang: bool) -> bool {
    let order = Order::new(function);
    if one_gang || !waits(function, &order) {
        return false;
    }
    sum_up(function, &order);
    let cuts = split(function);
    let plan = Plan::new(function, shapes, &cuts);
    cut(function, &plan, &cuts);
    true
}

/// Whether there are barriers.
fn waits(function: &Function, order: &Order) -> bool {
    let waits = |&id: &InstId| matches!(function.inst(id).op, Op::Barrier | Op::BarrierReduce { .. });
    order.blocks.iter().any(|&block| function.block(block).insts.iter().any(waits))
}

/// Reductions become numbers in the frame, with a barrier before and behind the sum.
fn sum_up(function: &mut Function, order: &Order) {
    for &block in &order.blocks {
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        for id in insts {
            match function.inst(id).op {
                Op::BarrierReduce { op, negated } => reduce(function, block, id, op, negated),
                _ => function.block_mut(block).insts.push(id),
            }
        }
    }
}

fn reduce(function: &mut Function, block: BlockId, id: InstId, op: Reduction, negated: bool) {
    let inst = function.inst(id).clone();
    let slot = function.slots.len() as u32;
    function.slots.push(Type::I32);
    let mut builder = Builder::new(function, block, inst.line);
    // For all: nobody says no.
    let all = op == Reduction::And;
    let mut says = inst.args[0];
    if negated != all {
        says = builder.not(says);
    }
    if let Some(mask) = inst.mask {
        says = builder.and(mask, says);
    }
    let count = builder.op(Op::Count, &[says], Type::I32);
    builder.effect(Op::Save(slot), &[count], None);
    builder.effect(Op::Barrier, &[], None);
    let total = builder.op(Op::Total(slot), &[], Type::I32);
    let zero = builder.constant(Type::I32, 0);
    let comparison = if all { Comparison::Eq } else { Comparison::Ne };
    let result = inst.results[0];
    let made = match builder.function.ty(result) {
        Type::I1 => builder.inst(
            Op::Compute(Compute::Compare(comparison, Kind::U32, false)),
            &[total, zero],
            None,
            &[Type::I1],
        ),
        ty => builder.inst(Op::Compute(Compute::Copy), &[total], None, &[ty]),
    };
    builder.effect(Op::Barrier, &[], None);
    let zero = builder.constant(Type::I32, 0);
    builder.effect(Op::Save(slot), &[zero], None);
    // The result keeps its name.
    let fresh = function.inst(made).results[0];
    function.values[fresh.0 as usize].1 = Def::Gone;
    function.inst_mut(made).results[0] = result;
    function.values[result.0 as usize].1 = Def::Inst(made, 0);
}

/// Cuts blocks behind their barriers, which go. For each: the block in front, and the one behind.
fn split(function: &mut Function) -> Vec<(BlockId, BlockId)> {
    let order = Order::new(function);
    let mut cuts = Vec::new();
    for &block in &order.blocks {
        // What is behind a cut is looked at for the next one.
        let mut block = block;
        while let Some(at) =
            (function.block(block).insts.iter()).position(|&id| matches!(function.inst(id).op, Op::Barrier))
        {
            let barrier = function.block_mut(block).insts.remove(at);
            let line = function.inst(barrier).line;
            let behind = split_block(function, block, at);
            function.block_mut(block).line = line;
            cuts.push((block, behind));
            block = behind;
        }
    }
    cuts
}

/// How a value comes over a barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is made again.
    Again,
    /// It is saved in a slot where it is made.
    Early(u32),
    /// It is saved in a slot in front of each barrier it lives over.
    Late(u32),
}

struct Plan {
    homes: Vec<Option<BlockId>>,
    /// Behind each cut, what lives there.
    live: Vec<Vec<Value>>,
    /// For each of these values its way.
    ways: BTreeMap<Value, Way>,
    slots: Vec<Type>,
}

impl Plan {
    fn new(function: &Function, shapes: &Shapes, cuts: &[(BlockId, BlockId)]) -> Plan {
        let order = Order::new(function);
        let liveness = Liveness::new(function, &order);
        let homes = homes(function, &order);
        let loops = Loops::new(function, &order, &Dominators::new(function, &order));
        let mut plan = Plan { homes, live: Vec::new(), ways: BTreeMap::new(), slots: function.slots.clone() };
        for &(_, behind) in cuts {
            plan.live.push(liveness.live_in[behind.0 as usize].clone());
        }
        let mut saved: Vec<Value> = Vec::new();
        for &value in plan.live.iter().flatten() {
            if plan.ways.contains_key(&value) {
                continue;
            }
            if again(function, value, &mut 8) {
                plan.ways.insert(value, Way::Again);
            } else {
                plan.ways.insert(value, Way::Early(0));
                saved.push(value);
            }
        }
        let slots = plan.color(function, &liveness, shapes, &saved);
        for (&value, slot) in saved.iter().zip(slots) {
            // Where a loop makes it over and over before the barrier, the last one is enough.
            let depth = plan.homes[value.0 as usize].map_or(0, |home| loops.depth(home));
            let over = cuts.iter().zip(&plan.live).filter(|(_, live)| live.contains(&value));
            let least = over.map(|(&(front, _), _)| loops.depth(front)).min().unwrap_or(0);
            let way = if depth > least { Way::Late(slot) } else { Way::Early(slot) };
            plan.ways.insert(value, way);
        }
        plan
    }

    /// A slot for each value; those that are ever live in the same block, or made there, have different ones.
    fn color(
        &mut self,
        function: &Function,
        liveness: &Liveness,
        shapes: &Shapes,
        saved: &[Value],
    ) -> Vec<u32> {
        let number: BTreeMap<Value, usize> =
            saved.iter().enumerate().map(|(number, &value)| (value, number)).collect();
        let mut together: Vec<Vec<usize>> = vec![Vec::new(); function.blocks.len()];
        for (block, all) in together.iter_mut().enumerate() {
            let live = liveness.live_in[block].iter().chain(&liveness.live_out[block]);
            all.extend(live.filter_map(|value| number.get(value)));
        }
        for (&value, &number) in &number {
            if let Some(home) = self.homes[value.0 as usize] {
                together[home.0 as usize].push(number);
            }
        }
        let mut blocks: Vec<Vec<usize>> = vec![Vec::new(); saved.len()];
        for (block, all) in together.iter_mut().enumerate() {
            all.sort_unstable();
            all.dedup();
            all.iter().for_each(|&number| blocks[number].push(block));
        }
        let mut kinds: Vec<(Type, Shape)> = Vec::new();
        let first = self.slots.len() as u32;
        let mut slots: Vec<Option<u32>> = vec![None; saved.len()];
        for (number, &value) in saved.iter().enumerate() {
            let kind = (function.ty(value), shapes.of(value));
            let mut taken = vec![false; kinds.len()];
            for &block in &blocks[number] {
                let others = together[block].iter().filter_map(|&other| slots[other]);
                others.for_each(|slot| taken[(slot - first) as usize] = true);
            }
            let free = (0..kinds.len()).find(|&slot| kinds[slot] == kind && !taken[slot]);
            let slot = free.unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            });
            slots[number] = Some(first + slot as u32);
        }
        self.slots.extend(kinds.iter().map(|kind| kind.0));
        slots.into_iter().flatten().collect()
    }
}

/// Whether a value can be made again from what does not change, in few steps.
fn again(function: &Function, value: Value, steps: &mut u32) -> bool {
    let Some(inst) = function.maker(value) else { return false };
    let cheap = match inst.op {
        Op::Const(_) | Op::Entered => return true,
        Op::Special(_) => return inst.op.is_pure(),
        Op::Load(access) => access.space == Space::Param && !access.ordered && inst.mask.is_none(),
        Op::Compute(Compute::Float(Float::Add | Float::Mul | Float::Neg | Float::Abs, ..)) => true,
        Op::Compute(Compute::Float(..) | Compute::External(_)) => false,
        Op::Compute(Compute::Int(Int::Div | Int::Rem, _)) => false,
        Op::Compute(_) | Op::ToGeneric(_) | Op::FromGeneric(_) => true,
        _ => false,
    };
    if !cheap || *steps == 0 {
        return false;
    }
    *steps -= 1;
    inst.args.iter().all(|&arg| again(function, arg, steps))
}

/// Makes a value again in a block.
fn make(function: &mut Function, block: BlockId, value: Value, made: &mut BTreeMap<Value, Value>) -> Value {
    if let Some(&new) = made.get(&value) {
        return new;
    }
    let Def::Inst(id, place) = function.def(value) else { return value };
    let inst = function.inst(id).clone();
    let args: Vec<Value> = inst.args.iter().map(|&arg| make(function, block, arg, made)).collect();
    let types: Vec<Type> = inst.results.iter().map(|&result| function.ty(result)).collect();
    let new = Builder::new(function, block, inst.line).inst(inst.op, &args, None, &types);
    let new = function.inst(new).results[usize::from(place)];
    made.insert(value, new);
    new
}

fn cut(function: &mut Function, plan: &Plan, cuts: &[(BlockId, BlockId)]) {
    function.slots = plan.slots.clone();
    function.resumes = vec![BlockId(0)];
    // Per value the blocks behind barriers, with what it is called there.
    let mut renewed: BTreeMap<Value, Vec<(BlockId, Value)>> = BTreeMap::new();
    for (&(_, behind), live) in cuts.iter().zip(&plan.live) {
        let insts = std::mem::take(&mut function.block_mut(behind).insts);
        let mut made = BTreeMap::new();
        for &value in live {
            let line = function.block(behind).line;
            let new = match plan.ways[&value] {
                Way::Again => make(function, behind, value, &mut made),
                Way::Early(slot) | Way::Late(slot) => {
                    let ty = function.ty(value);
                    Builder::new(function, behind, line).op(Op::Restore(slot), &[], ty)
                }
            };
            renewed.entry(value).or_default().push((behind, new));
        }
        function.block_mut(behind).insts.extend(insts);
    }
    save_late(function, plan, cuts);
    for (number, &(front, behind)) in (1..).zip(cuts) {
        function.block_mut(front).end = End::Yield(number);
        function.resumes.push(behind);
    }
    rename(function, plan, &renewed);
    save_early(function, plan);
}

/// Values that are saved in front of barriers.
fn save_late(function: &mut Function, plan: &Plan, cuts: &[(BlockId, BlockId)]) {
    for (&(front, _), live) in cuts.iter().zip(&plan.live) {
        let line = function.block(front).line;
        for &value in live {
            if let Way::Late(slot) = plan.ways[&value] {
                Builder::new(function, front, line).effect(Op::Save(slot), &[value], None);
            }
        }
    }
}

/// Values that are saved where they are made. What was renewed is in its slot already.
fn save_early(function: &mut Function, plan: &Plan) {
    for (&value, &way) in &plan.ways {
        let (Way::Early(slot), Some(home)) = (way, plan.homes[value.0 as usize]) else { continue };
        let line = function.block(home).line;
        let save = function.add_inst(Op::Save(slot), &[value], None, &[], line);
        let at = match function.def(value) {
            Def::Inst(id, _) => function.block(home).insts.iter().position(|&one| one == id).map(|at| at + 1),
            _ => Some(0),
        };
        function.block_mut(home).insts.insert(at.unwrap_or(0), save);
    }
}

/// Uses behind barriers get what was renewed there.
fn rename(function: &mut Function, plan: &Plan, renewed: &BTreeMap<Value, Vec<(BlockId, Value)>>) {
    let order = Order::new(function);
    let mut users: BTreeMap<Value, Vec<BlockId>> = BTreeMap::new();
    for &id in &order.blocks {
        let mut note = |value: Value| {
            if renewed.contains_key(&value) && plan.homes[value.0 as usize] != Some(id) {
                let all = users.entry(value).or_default();
                if all.last() != Some(&id) {
                    all.push(id);
                }
            }
        };
        let block = function.block(id);
        block.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
        block.end.condition().into_iter().for_each(&mut note);
        block.end.targets(|to: &Target| to.args.iter().for_each(|&arg| note(arg)));
    }
    let mut repair = Repair::new(function);
    for (&value, blocks) in &users {
        let Some(home) = plan.homes[value.0 as usize] else { continue };
        let mut definitions = vec![(home, value)];
        definitions.extend(&renewed[&value]);
        let mut reaching = repair.variable(function.ty(value), &definitions);
        for &user in blocks {
            let own = renewed[&value].iter().find(|one| one.0 == user).map(|one| one.1);
            let new = own.unwrap_or_else(|| reaching.at_start(function, user));
            rename_in(function, user, value, new);
        }
        reaching.finish(function);
    }
}

#[cfg(test)]
mod tests;

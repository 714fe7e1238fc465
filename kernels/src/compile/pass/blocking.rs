//! Refuses kernels whose threads wait for each other in ways a gang cannot: barriers that only some threads come to, and
//! loops that wait for what another thread does.
//!
//! Threads that have ended do not count at a barrier, nor do those that will end without another one: an early exit in
//! front of a barrier is fine, and a gang comes to the barrier of the others or to its end. Warp ops are taken to be
//! done by all lanes they name.

use crate::compile::pass::range::Ranges;
use crate::compile::pass::region::Regions;
use crate::compile::pass::shape::{Apart, Shapes};
use crate::compile::pass::{alias, cycle};
use crate::compile::ssa::edit::{constant_at_start, split_block};
use crate::compile::ssa::order::homes;
use crate::compile::ssa::{BlockId, Def, End, Function, Inst, Op, Target, Value};
use crate::compile::{Refusal, Shape as Launch};
use crate::memory::AtomicOp;

/// What is known of a function of the threads stage as long as nobody changes it.
#[derive(Debug)]
pub struct Threads {
    /// Its loops.
    pub regions: Regions,
    /// How its values differ, if that was looked at.
    pub shapes: Option<Shapes>,
}

/// Checks a function of the threads stage. Guards of barriers become branches. What was found out on the way comes back.
pub fn run(function: &mut Function, launch: &Launch, lanes: u8) -> Result<Threads, Refusal> {
    cycle::run(function);
    open_guards(function);
    let Some(regions) = Regions::new(function) else {
        return Err(Refusal::new(0, "a cycle that can be entered at several places"));
    };
    let barrier = |&(_, inst): &(BlockId, &Inst)| is_barrier(&inst.op);
    let mut shapes = None;
    if insts(function, &regions).any(|one| barrier(&one)) {
        let ranges = Ranges::new(function, launch);
        let apart = |shapes: &Shapes| {
            let is_apart = |one: &(BlockId, &Inst)| shapes.control[one.0.0 as usize] != Apart::Never;
            insts(function, &regions).filter(barrier).find(is_apart).map(|(_, inst)| inst.line)
        };
        // Threads that wait for nobody can only part more of them: mostly all are together anyway.
        let all = Shapes::of_threads(function, &regions, launch, lanes, &ranges);
        if apart(&all).is_some()
            && let Some(line) = apart(&Shapes::of_waiting(function, &regions, launch, lanes, &ranges))
        {
            return Err(Refusal::new(line, "a barrier that not all threads of a block come to together"));
        }
        shapes = Some(all);
    }
    let homes = homes(function, &regions.order);
    (1..regions.all.len() as u32)
        .try_for_each(|region| Wait { function, regions: &regions, homes: &homes, region }.check())?;
    Ok(Threads { regions, shapes })
}

fn is_barrier(op: &Op) -> bool {
    matches!(op, Op::Barrier | Op::BarrierReduce { .. })
}

fn insts<'f>(function: &'f Function, regions: &'f Regions) -> impl Iterator<Item = (BlockId, &'f Inst)> {
    let of_block = move |&id: &BlockId| {
        let insts = function.block(id).insts.iter();
        insts.map(move |&inst| (id, function.inst(inst)))
    };
    regions.order.blocks.iter().flat_map(of_block)
}

/// Barriers under a guard get a block of their own.
fn open_guards(function: &mut Function) {
    for block in function.block_ids() {
        // From the end, so that what is left of the block stays where it is.
        for at in (0..function.block(block).insts.len()).rev() {
            let id = function.block(block).insts[at];
            let inst = function.inst_mut(id);
            if !is_barrier(&inst.op) {
                continue;
            }
            let Some(guard) = inst.mask.take() else { continue };
            let results = inst.results.clone();
            let below = split_block(function, block, at + 1);
            let own = split_block(function, block, at);
            // Without the barrier its result is 0.
            let mut zeros = Target::to(below);
            let mut given = Target::to(below);
            for (place, &result) in (0..).zip(&results) {
                let ty = function.ty(result);
                zeros.args.push(constant_at_start(function, block, ty, 0));
                let fresh = Value(function.values.len() as u32);
                function.values.push((ty, Def::Inst(id, place)));
                function.inst_mut(id).results[place as usize] = fresh;
                given.args.push(fresh);
                let at = function.block(below).params.len() as u16;
                function.block_mut(below).params.push(result);
                function.values[result.0 as usize].1 = Def::Param(below, at);
            }
            function.block_mut(own).end = End::Jump(given);
            function.block_mut(block).end = End::Branch(guard, Target::to(own), zeros);
        }
    }
}

const WAITS: &str = "a loop that waits for what another thread writes";

/// Whether the same arguments may give something else in the next round of a loop that writes this.
fn changes(inst: &Inst, written: alias::Kinds) -> bool {
    match inst.op {
        Op::Load(access) if !access.ordered => {
            alias::only_reads(inst).is_some_and(|kinds| kinds & written != 0)
        }
        _ => !inst.op.is_pure(),
    }
}

/// One loop, and what it may wait for.
struct Wait<'f> {
    function: &'f Function,
    regions: &'f Regions,
    homes: &'f [Option<BlockId>],
    region: u32,
}

impl Wait<'_> {
    fn is_inside(&self, block: BlockId) -> bool {
        self.regions.contains(self.region, block)
    }

    fn home(&self, value: Value) -> Option<BlockId> {
        self.homes[value.0 as usize].filter(|&home| self.is_inside(home))
    }

    /// Follows what decides whether the loop goes on back to where it comes from.
    fn check(&self) -> Result<(), Refusal> {
        let mut open = self.exits(self.region);
        let written = self.written();
        // Nothing that decides is another one in the next round: the loop ends at once, or when others write something.
        let mut waits = !open.is_empty();
        let mut seen = vec![false; self.function.values.len()];
        while let Some(value) = open.pop() {
            let Some(home) = self.home(value) else { continue };
            if std::mem::replace(&mut seen[value.0 as usize], true) {
                continue;
            }
            match self.function.def(value) {
                Def::Inst(inst, _) => {
                    let inst = self.function.inst(inst);
                    self.inst(inst)?;
                    waits &= !changes(inst, written);
                    inst.uses(|value| open.push(value));
                }
                Def::Param(_, place) => {
                    let different = self.given(home, place, &mut open);
                    waits &= !(different && home == self.regions.region(self.region).header);
                }
                Def::Gone => {}
            }
        }
        let line = self.function.block(self.regions.region(self.region).header).line;
        if waits { Err(Refusal::new(line, WAITS)) } else { Ok(()) }
    }

    /// What decides whether a loop in this one is left.
    fn exits(&self, region: u32) -> Vec<Value> {
        let mut conditions = Vec::new();
        for &block in self.regions.order.blocks.iter().filter(|&&block| self.regions.contains(region, block))
        {
            let end = &self.function.block(block).end;
            let mut leaves = false;
            end.targets(|to| leaves |= !self.regions.contains(region, to.block));
            conditions.extend(end.condition().filter(|_| leaves));
        }
        conditions
    }

    /// What the loop writes, or lets others write.
    fn written(&self) -> alias::Kinds {
        let inside = self.regions.order.blocks.iter().filter(|&&block| self.is_inside(block));
        let insts = inside.flat_map(|&block| &self.function.block(block).insts);
        insts.fold(0, |all, &id| all | alias::writes(self.function, self.function.inst(id)))
    }

    /// What a parameter may be, and what decides which. True: it is not always the same.
    fn given(&self, block: BlockId, place: u16, open: &mut Vec<Value>) -> bool {
        let own = self.regions.inner[block.0 as usize];
        if own != self.region && self.regions.region(own).header == block {
            open.extend(self.exits(own));
        }
        let param = self.function.block(block).params[place as usize];
        let mut different = false;
        let mut first = None;
        for &from in &self.regions.predecessors[block.0 as usize] {
            self.function.block(from).end.targets(|to| {
                if to.block == block && self.is_inside(from) {
                    let arg = to.args[place as usize];
                    different |= *first.get_or_insert(arg) != arg || self.comes_round(block, param, arg);
                    open.push(arg);
                }
            });
        }
        let dominators = &self.regions.dominators;
        let Some(top) = dominators.parent[block.0 as usize].filter(|_| different) else { return different };
        for &between in self.regions.order.blocks.iter().filter(|&&one| self.is_inside(one)) {
            let decides = dominators.dominates(top, between) && !dominators.dominates(block, between);
            open.extend(self.function.block(between).end.condition().filter(|_| decides));
        }
        different
    }

    /// A loop's parameter is given another value in the next round.
    fn comes_round(&self, block: BlockId, param: Value, arg: Value) -> bool {
        block == self.regions.region(self.region).header && arg != param
    }

    fn inst(&self, inst: &Inst) -> Result<(), Refusal> {
        match inst.op {
            Op::Load(access) if access.ordered => Err(Refusal::new(inst.line, WAITS)),
            Op::Atomic { op, .. } if !self.moves_on(op, inst) => {
                Err(Refusal::new(inst.line, "a loop that tries an atomic until another thread lets it pass"))
            }
            _ => Ok(()),
        }
    }

    /// Whether the next try of an atomic is another one, whatever others do: it adds something, or compares with what it
    /// saw last.
    fn moves_on(&self, op: AtomicOp, inst: &Inst) -> bool {
        match op {
            AtomicOp::Add => self.function.constant(inst.args[1]).is_some_and(|number| number != 0),
            AtomicOp::IncrementWrap | AtomicOp::DecrementWrap => true,
            AtomicOp::CompareExchange => {
                let compare = inst.args[2];
                self.home(compare).is_some()
                    && !self.regions.is_invariant(self.function, self.homes, compare, self.region)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::parse;
    use crate::compile::ssa::verify::{Stage, verify};

    const HEAD: &str = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v4: i1 = compare.lt.u32 v0, v2
        v5: i1 = compare.lt.u32 v1x, v2
        v6: i32 = const 0
        v7: i32 = const 1\n";

    fn refusal(body: &str) -> Option<(u32, String)> {
        let head = HEAD.replace("v1x", "v2");
        let mut function = parse(&format!("{head}{body}"));
        let result = run(&mut function, &Launch { block: [64, 1, 1], small_grid: true }, 16);
        verify(&function, Stage::Threads).unwrap();
        result.err().map(|refusal| (refusal.line, refusal.what))
    }

    #[test]
    fn threads_that_ended_do_not_count_at_a_barrier() {
        assert_eq!(refusal("branch v4, b1, b2\nb1:\nbarrier\nexit\nb2:\nexit"), None);
    }

    #[test]
    fn threads_that_come_to_no_barrier_any_more_do_not_count() {
        let text = "branch v4, b1, b2\nb1:\nbarrier\njump b2\nb2:\nstore.global.4 v3, v0\nexit";
        assert_eq!(refusal(text), None);
    }

    #[test]
    fn a_barrier_some_come_to_is_refused() {
        let what = refusal("branch v4, b1, b2\nb1:\nbarrier @7\njump b2\nb2:\nbarrier\nexit");
        assert!(matches!(what, Some((7, _))), "{what:?}");
        let what = refusal("barrier [v4] @8\nbarrier\nexit");
        assert!(matches!(what, Some((8, _))), "{what:?}");
    }

    #[test]
    fn a_barrier_all_decide_on_is_fine() {
        assert_eq!(refusal("branch v5, b1, b2\nb1:\nbarrier\njump b2\nb2:\nexit"), None);
        assert_eq!(refusal("v9: i1 = barrierreduce.or v4 [v5]\nv10: i1 = not.pred v9\nexit"), None);
        let rounds = "v9: i32 = load.global.4 v3\njump b1(v6)
            b1(v10: i32):\nbarrier\nv11: i32 = add.u32 v10, v7\nv12: i1 = compare.lt.u32 v11, v9\nbranch v12, b1(v11), b2
            b2:\nexit";
        assert_eq!(refusal(rounds), None);
    }

    #[test]
    fn a_barrier_in_a_loop_of_different_rounds_is_refused() {
        let rounds = "jump b1(v6)
            b1(v10: i32):\nbarrier @5\nv11: i32 = add.u32 v10, v7\nv12: i1 = compare.lt.u32 v11, v0\nbranch v12, b1(v11), b2
            b2:\nbarrier\nexit";
        assert!(matches!(refusal(rounds), Some((5, _))));
    }

    #[test]
    fn loops_that_wait_are_refused() {
        let load = "jump b1\nb1:\nv9: i32 = load.global.4.ordered v3 @9\nv10: i1 = compare.eq.u32 v9, v6\nbranch v10, b1, b2\nb2:\nexit";
        assert!(matches!(refusal(load), Some((9, _))));
        let lock = "jump b1\nb1:\nv9: i32 = atomic.global.4.compareexchange v3, v7, v6 @9\nv10: i1 = compare.ne.u32 v9, v6\nbranch v10, b1, b2\nb2:\nexit";
        assert!(matches!(refusal(lock), Some((9, _))));
        // A plain load, as it was written and as it was moved out of the loop.
        let load = load.replace(".ordered", "");
        assert!(refusal(&load).is_some());
        let moved = "v9: i32 = load.global.4 v3\nv10: i1 = compare.eq.u32 v9, v6\njump b1\nb1:\nbranch v10, b1, b2\nb2:\nexit";
        assert!(refusal(moved).is_some());
        // What it counts on the way decides nothing.
        let counted = "jump b1(v6)\nb1(v8: i32):\nv9: i32 = load.global.4 v3\nv10: i1 = compare.eq.u32 v9, v6
            v11: i32 = add.u32 v8, v7\nbranch v10, b1(v11), b2\nb2:\nstore.shared.4 v0, v8\nexit";
        assert!(refusal(counted).is_some());
    }

    #[test]
    fn loops_whose_own_writes_end_them_are_fine() {
        let down =
            "jump b1\nb1:\nv9: i32 = load.global.4 v3\nv10: i32 = sub.u32 v9, v7\nstore.global.4 v3, v10
            v11: i1 = compare.ne.u32 v10, v6\nbranch v11, b1, b2\nb2:\nexit";
        assert_eq!(refusal(down), None);
        let rounds =
            "jump b1\nb1:\nbarrier\nv9: i32 = load.shared.4 v6\nbarrier\nv10: i1 = compare.eq.u32 v9, v6
            branch v10, b1, b2\nb2:\nexit";
        assert_eq!(refusal(rounds), None);
    }

    #[test]
    fn loops_that_an_inner_loop_moves_on_are_fine() {
        let nest = "jump b1(v6)\nb1(v8: i32):\njump b2(v6)\nb2(v9: i32):\nv10: i32 = add.u32 v9, v7
            v11: i1 = compare.lt.u32 v10, v8\nbranch v11, b2(v10), b3\nb3:\nv12: i32 = add.u32 v8, v7
            v13: i1 = compare.lt.u32 v10, v2\nbranch v13, b1(v12), b4\nb4:\nexit";
        assert_eq!(refusal(nest), None);
    }

    #[test]
    fn loops_that_compare_with_what_they_saw_are_fine() {
        let add = "v8: i32 = load.global.4 v3\njump b1(v8)
            b1(v9: i32):\nv10: i32 = add.u32 v9, v7
            v11: i32 = atomic.global.4.compareexchange v3, v10, v9
            v12: i1 = compare.ne.u32 v11, v9\nbranch v12, b1(v11), b2\nb2:\nexit";
        assert_eq!(refusal(add), None);
        let queue = "jump b1\nb1:\nv9: i32 = atomic.global.4.add v3, v7, v6\nv10: i1 = compare.lt.u32 v9, v2\nbranch v10, b1, b2\nb2:\nexit";
        assert_eq!(refusal(queue), None);
    }
}

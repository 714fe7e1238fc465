//! Threads and gangs: both are units of lanes in lock step, a thread of one lane.

use std::collections::HashMap;

use super::warp::{self, Lanes};
use super::{Memory, Outcome, World, cut};
use crate::compile::ssa::verify::Stage;
use crate::compile::ssa::{Access, BlockId, End, Function, Inst, InstId, Op, Target, Value, meaning};
use crate::interp::lanes::WARP;
use crate::ir::Compute;
use crate::ir::compute::Int;
use crate::ir::op::{Runtime, Special};

/// Why a unit does not go on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wait {
    Ready,
    /// For all units of the block.
    Barrier,
    /// The same; it goes on at a resume.
    Yielded(u32),
    /// For the lanes of its warp, at an inst.
    Warp(InstId),
    Done,
}

struct Unit {
    /// Its first thread.
    first: u32,
    lanes: usize,
    /// For each value its lanes.
    values: Vec<u64>,
    /// Which of them do not know: they came out of a load that was masked off.
    vague: Vec<bool>,
    slots: HashMap<u32, (Vec<u64>, Vec<bool>)>,
    block: BlockId,
    at: usize,
    wait: Wait,
}

struct Engine<'f, 'w> {
    function: &'f Function,
    memory: Memory<'w>,
    units: Vec<Unit>,
    cta: [u32; 3],
    clock: u64,
}

/// Runs all blocks.
pub fn run(function: &Function, stage: Stage, world: &mut World) -> Outcome {
    let grid = world.grid;
    let lanes = if stage == Stage::Threads { 1 } else { world.gang };
    let memory = Memory::new(function, world);
    let mut engine = Engine { function, memory, units: Vec::new(), cta: [0; 3], clock: 0 };
    for index in 0..grid.iter().product() {
        engine.cta = [index % grid[0], index / grid[0] % grid[1], index / grid[0] / grid[1]];
        engine.memory.clear();
        engine.start(lanes);
        engine.block()?;
    }
    Ok(())
}

impl<'f> Engine<'f, '_> {
    fn start(&mut self, lanes: u32) {
        let threads = self.memory.world.threads();
        let count = self.function.values.len() * lanes as usize;
        let unit = |first| Unit {
            first,
            lanes: lanes as usize,
            values: vec![0; count],
            vague: vec![false; count],
            slots: HashMap::new(),
            block: BlockId(0),
            at: 0,
            wait: Wait::Ready,
        };
        self.units = (0..threads).step_by(lanes as usize).map(unit).collect();
    }

    /// Until all units are done.
    fn block(&mut self) -> Outcome {
        loop {
            for number in 0..self.units.len() {
                while self.units[number].wait == Wait::Ready {
                    self.step(number)?;
                }
            }
            if self.units.iter().all(|unit| unit.wait == Wait::Done) {
                return Ok(());
            }
            if !self.meet_in_warps()? {
                self.release()?;
            }
        }
    }

    fn step(&mut self, number: usize) -> Outcome {
        let world = &mut self.memory.world;
        world.fuel = world.fuel.checked_sub(1).ok_or("it takes too long")?;
        let Unit { block, at, .. } = self.units[number];
        let block = self.function.block(block);
        match block.insts.get(at) {
            Some(&id) => {
                let inst = self.function.inst(id);
                self.inst(number, id, inst).map_err(|what| format!("{inst} @{}: {what}", inst.line))
            }
            None => self.end(number, &block.end).map_err(|what| format!("{}: {what}", block.end)),
        }
    }

    /// Whether a lane's thread exists.
    fn entered(&self, number: usize, lane: usize) -> bool {
        self.units[number].first + (lane as u32) < self.memory.world.threads()
    }

    fn get(&self, number: usize, value: Value, lane: usize) -> u64 {
        let unit = &self.units[number];
        unit.values[value.0 as usize * unit.lanes + lane]
    }

    fn vague(&self, number: usize, value: Value, lane: usize) -> bool {
        let unit = &self.units[number];
        unit.vague[value.0 as usize * unit.lanes + lane]
    }

    fn set(&mut self, number: usize, value: Value, lane: usize, result: u64, vague: bool) {
        let result = cut(result, self.function.ty(value).bits());
        let unit = &mut self.units[number];
        let at = value.0 as usize * unit.lanes + lane;
        (unit.values[at], unit.vague[at]) = (result, vague);
    }

    /// Whether an inst is for a lane.
    fn is_for(&self, number: usize, inst: &Inst, lane: usize) -> bool {
        self.entered(number, lane) && inst.mask.is_none_or(|mask| self.get(number, mask, lane) == 1)
    }

    fn inst(&mut self, number: usize, id: InstId, inst: &Inst) -> Outcome {
        match &inst.op {
            Op::Barrier | Op::BarrierReduce { .. } => {
                let any = (0..self.units[number].lanes).any(|lane| self.is_for(number, inst, lane));
                if any {
                    self.units[number].wait = Wait::Barrier;
                    return Ok(());
                }
            }
            Op::Shuffle(_)
            | Op::Vote { .. }
            | Op::Match { .. }
            | Op::Reduce(..)
            | Op::ActiveMask
            | Op::WarpBarrier => {
                if self.units[number].lanes == 1 {
                    if self.is_for(number, inst, 0) {
                        self.units[number].wait = Wait::Warp(id);
                        return Ok(());
                    }
                } else {
                    self.exchange_in_gang(number, inst)?;
                }
            }
            Op::Any => {
                let any = (0..self.units[number].lanes).any(|lane| self.get(number, inst.args[0], lane) == 1);
                for lane in 0..self.units[number].lanes {
                    self.set(number, inst.results[0], lane, any.into(), false);
                }
            }
            Op::Count | Op::Total(_) => {
                let result = match inst.op {
                    Op::Total(slot) => {
                        let saved = |unit: &Unit| unit.slots.get(&slot).map_or(0, |(lanes, _)| lanes[0]);
                        self.units.iter().map(saved).sum()
                    }
                    _ => (0..self.units[number].lanes)
                        .filter(|&lane| self.get(number, inst.args[0], lane) == 1)
                        .count() as u64,
                };
                for lane in 0..self.units[number].lanes {
                    self.set(number, inst.results[0], lane, result, false);
                }
            }
            op if meaning::is_number(op) => self.compute(number, inst)?,
            Op::Save(slot) => {
                let lanes = 0..self.units[number].lanes;
                let kept = lanes.map(|lane| {
                    (self.get(number, inst.args[0], lane), self.vague(number, inst.args[0], lane))
                });
                let kept = kept.unzip();
                self.units[number].slots.insert(*slot, kept);
            }
            Op::Restore(slot) => {
                let kept = self.units[number].slots.get(slot).cloned().ok_or("nobody saved that")?;
                for lane in 0..self.units[number].lanes {
                    self.set(number, inst.results[0], lane, kept.0[lane], kept.1[lane]);
                }
            }
            _ => {
                for lane in 0..self.units[number].lanes {
                    self.lane(number, inst, lane)?;
                }
            }
        }
        self.units[number].at += 1;
        Ok(())
    }

    /// An op that each lane does by itself.
    fn lane(&mut self, number: usize, inst: &Inst, lane: usize) -> Outcome {
        let thread = self.units[number].first + lane as u32;
        let arg = |place: usize| self.get(number, inst.args[place], lane);
        let vague = inst.args.iter().any(|&arg| self.vague(number, arg, lane));
        let result = match &inst.op {
            Op::Const(value) => *value,
            Op::Special(special) => self.special(*special, thread)?,
            Op::Entered => self.entered(number, lane).into(),
            Op::IsSpace(space) => self.memory.is_in(arg(0), *space).into(),
            Op::ToGeneric(space) => arg(0).wrapping_add(self.memory.start(*space, thread)),
            Op::FromGeneric(space) => arg(0).wrapping_sub(self.memory.start(*space, thread)),
            Op::Fence => return Ok(()),
            Op::Load(_) | Op::Store(_) | Op::Atomic { .. } | Op::Runtime(_) | Op::Trap | Op::NoTarget => {
                if self.is_for(number, inst, lane) {
                    return self.effect(number, inst, lane, thread);
                }
                for &result in &inst.results {
                    self.set(number, result, lane, 0, true);
                }
                return Ok(());
            }
            _ => return Err("not known here".to_owned()),
        };
        self.set(number, inst.results[0], lane, result, vague);
        Ok(())
    }

    fn effect(&mut self, number: usize, inst: &Inst, lane: usize, thread: u32) -> Outcome {
        let args: Vec<u64> = inst.args.iter().map(|&arg| self.get(number, arg, lane)).collect();
        let address = |memory: &Memory<'_>, access: &Access| {
            memory.address(access, args[0], self.function.ty(inst.args[0]), thread)
        };
        match &inst.op {
            Op::Load(access) => {
                let at = address(&self.memory, access);
                for (place, &result) in (0..).zip(&inst.results) {
                    let at = at.wrapping_add(place * u64::from(access.bytes));
                    let value = self.memory.load_element(access, at, self.function.ty(result))?;
                    self.set(number, result, lane, value, false);
                }
            }
            Op::Store(access) => {
                let at = address(&self.memory, access);
                for (place, &value) in (0..).zip(&args[1..]) {
                    self.memory.store(
                        at.wrapping_add(place * u64::from(access.bytes)),
                        access.bytes,
                        value,
                    )?;
                }
            }
            Op::Atomic { access, op, .. } => {
                let at = address(&self.memory, access);
                let old = self.memory.load(at, access.bytes)?;
                self.memory.store(at, access.bytes, op.apply(access.bytes.into(), old, args[1], args[2]))?;
                if let Some(&result) = inst.results.first() {
                    self.set(number, result, lane, old, false);
                }
            }
            Op::Runtime(runtime) => {
                self.memory.world.calls.push((*runtime, args));
                if *runtime == Runtime::AssertFail {
                    return Err("an assertion failed".to_owned());
                }
                if let Some(&result) = inst.results.first() {
                    self.set(number, result, lane, 0, false);
                }
            }
            _ => return Err("trap".to_owned()),
        }
        Ok(())
    }

    fn compute(&mut self, number: usize, inst: &Inst) -> Outcome {
        for lane in 0..self.units[number].lanes {
            let args: Vec<u64> = inst.args.iter().map(|&arg| self.get(number, arg, lane)).collect();
            let result = meaning::of_op(&inst.op, &args).ok_or("no such op")?;
            let vague = |place: usize| self.vague(number, inst.args[place], lane);
            let any = (0..args.len()).any(vague);
            let sure = |number| (0..args.len()).any(|place| args[place] == number && !vague(place));
            let vague = any
                && match inst.op {
                    Op::Compute(Compute::Select) => vague(2) || vague(if args[2] == 1 { 0 } else { 1 }),
                    Op::Compute(Compute::Int(Int::And, crate::ir::Type::Pred)) => !sure(0),
                    Op::Compute(Compute::Int(Int::Or, crate::ir::Type::Pred)) => !sure(1),
                    _ => true,
                };
            self.set(number, inst.results[0], lane, result, vague);
        }
        Ok(())
    }

    fn special(&mut self, special: Special, thread: u32) -> Outcome<u64> {
        let World { grid, block, shared_bytes, dynamic_shared_bytes, .. } = *self.memory.world;
        let (lane, threads) = (thread % 32, block.iter().product::<u32>());
        Ok(u64::from(match special {
            Special::Tid(0) => thread % block[0],
            Special::Tid(1) => thread / block[0] % block[1],
            Special::Tid(_) => thread / block[0] / block[1],
            Special::NTid(axis) => block[usize::from(axis.min(2))],
            Special::CtaId(axis) => self.cta[usize::from(axis.min(2))],
            Special::NCtaId(axis) => grid[usize::from(axis.min(2))],
            Special::LaneId => lane,
            Special::WarpId => thread / 32,
            Special::NWarpId => threads.div_ceil(32),
            Special::LaneMaskEq => 1 << lane,
            Special::LaneMaskLe => u32::MAX >> (31 - lane),
            Special::LaneMaskLt => (1 << lane) - 1,
            Special::LaneMaskGe => u32::MAX << lane,
            Special::LaneMaskGt => u32::MAX << lane & !(1 << lane),
            Special::SmId | Special::GridId | Special::Workspace(_) => 0,
            Special::NSmId => 1,
            Special::DynamicSharedSize => dynamic_shared_bytes,
            Special::TotalSharedSize => shared_bytes,
            Special::AggregateSharedSize | Special::ReservedShared(_) => {
                return Err("no part of the system here".to_owned());
            }
            _ => {
                self.clock += 1;
                return Ok(self.clock);
            }
        }))
    }

    /// Each warp of a gang by itself.
    fn exchange_in_gang(&mut self, number: usize, inst: &Inst) -> Outcome {
        let Unit { first, lanes, .. } = self.units[number];
        // A part of a warp will do if there is no other.
        let whole = lanes % WARP == 0 || first + lanes as u32 >= self.memory.world.threads();
        if first % 32 != 0 || !whole {
            return Err("a gang of parts of warps".to_owned());
        }
        for start in (0..lanes).step_by(WARP) {
            let last = WARP.min(lanes - start);
            let here = |&lane: &usize| lane < last && self.is_for(number, inst, start + lane);
            let among = (0..WARP).filter(here).fold(0, |all, lane| all | 1u32 << lane);
            let args: Vec<Lanes> = (inst.args.iter())
                .map(|&arg| {
                    std::array::from_fn(
                        |lane| if lane < last { self.get(number, arg, start + lane) } else { 0 },
                    )
                })
                .collect();
            let results = warp::exchange(&inst.op, &args, among)?;
            for (&result, values) in inst.results.iter().zip(&results) {
                for (lane, &value) in values[..last].iter().enumerate() {
                    let there = among >> lane & 1 == 1;
                    self.set(number, result, start + lane, if there { value } else { 0 }, !there);
                }
            }
        }
        Ok(())
    }

    /// Threads of a warp that wait at the same op do it together, if nobody of the warp can run. True if there were any.
    fn meet_in_warps(&mut self) -> Outcome<bool> {
        for warp in (0..self.units.len()).step_by(WARP) {
            let units = warp..self.units.len().min(warp + WARP);
            let mut waiting: Vec<(BlockId, usize, InstId)> = Vec::new();
            for unit in &self.units[units.clone()] {
                if let Wait::Warp(id) = unit.wait {
                    waiting.push((unit.block, unit.at, id));
                }
            }
            waiting.sort_unstable();
            waiting.dedup();
            // Those that name each other first: they know whom they wait for.
            let names = |id: InstId| {
                matches!(self.function.inst(id).op, Op::Vote { .. } | Op::Match { .. } | Op::Reduce(..))
            };
            let (naming, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|&(_, _, id)| names(id));
            for (_, _, id) in naming {
                let there = self.complete(units.clone(), id);
                if !there.is_empty() {
                    self.meet(&there, id)?;
                    return Ok(true);
                }
            }
            if let Some(&(_, _, id)) = others.first() {
                let there: Vec<usize> = units.filter(|&one| self.units[one].wait == Wait::Warp(id)).collect();
                self.meet(&there, id)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Threads that wait at an op and of which all members that are left do so too.
    fn complete(&self, units: std::ops::Range<usize>, id: InstId) -> Vec<usize> {
        let named = |number: usize| self.get(number, self.function.inst(id).args[1], 0);
        let there = |number: usize, members: u64| {
            self.units[number].wait == Wait::Warp(id) && named(number) == members
        };
        let whole = |&number: &usize| {
            let members = named(number);
            there(number, members)
                && units.clone().all(|other| {
                    let done = self.units[other].wait == Wait::Done;
                    done || members >> (other % WARP) & 1 == 0 || there(other, members)
                })
        };
        units.clone().filter(whole).collect()
    }

    fn meet(&mut self, there: &[usize], id: InstId) -> Outcome {
        let inst = self.function.inst(id);
        let mut args = vec![[0; WARP]; inst.args.len()];
        let mut among = 0;
        for &number in there {
            among |= 1u32 << (number % WARP);
            for (lanes, &arg) in args.iter_mut().zip(&inst.args) {
                lanes[number % WARP] = self.get(number, arg, 0);
            }
        }
        let results = warp::exchange(&inst.op, &args, among).map_err(|what| format!("{inst}: {what}"))?;
        for &number in there {
            for (&result, values) in inst.results.iter().zip(&results) {
                self.set(number, result, 0, values[number % WARP], false);
            }
            self.units[number].wait = Wait::Ready;
            self.units[number].at += 1;
        }
        Ok(())
    }

    /// All that are left wait at a barrier: they go on.
    fn release(&mut self) -> Outcome {
        if let Some(unit) = self.units.iter().find(|unit| matches!(unit.wait, Wait::Warp(_))) {
            return Err(format!("thread {} waits for lanes that do not come", unit.first));
        }
        let mut values = Vec::new();
        for number in 0..self.units.len() {
            let Some(inst) = self.barrier_of(number) else { continue };
            let Op::BarrierReduce { negated, .. } = inst.op else { continue };
            let lanes = (0..self.units[number].lanes).filter(|&lane| self.is_for(number, inst, lane));
            values.extend(lanes.map(|lane| (self.get(number, inst.args[0], lane) == 1) != negated));
        }
        for number in 0..self.units.len() {
            match self.units[number].wait {
                Wait::Barrier => {
                    if let Some(Inst { op: Op::BarrierReduce { op, .. }, results, .. }) =
                        self.barrier_of(number)
                    {
                        let result = warp::of_barrier(*op, &values);
                        for lane in 0..self.units[number].lanes {
                            self.set(number, results[0], lane, result, false);
                        }
                    }
                    self.units[number].at += 1;
                }
                Wait::Yielded(resume) => {
                    let unit = &mut self.units[number];
                    (unit.block, unit.at) = (self.function.resumes[resume as usize], 0);
                    // Only what was saved is left.
                    unit.values.fill(0xdead_beef_dead_beef);
                }
                _ => continue,
            }
            self.units[number].wait = Wait::Ready;
        }
        Ok(())
    }

    /// The barrier a unit waits at, if it does.
    fn barrier_of(&self, number: usize) -> Option<&'f Inst> {
        let unit = &self.units[number];
        let id = *self.function.block(unit.block).insts.get(unit.at)?;
        (unit.wait == Wait::Barrier).then(|| self.function.inst(id))
    }

    fn end(&mut self, number: usize, end: &End) -> Outcome {
        match end {
            End::Jump(to) => self.go(number, to),
            End::Branch(condition, yes, no) => {
                let taken = self.uniform(number, *condition)?;
                self.go(number, if taken == 1 { yes } else { no })
            }
            End::Switch(index, targets) => {
                let index = self.uniform(number, *index)? as usize;
                self.go(number, &targets[index.min(targets.len() - 1)])
            }
            End::Exit => self.units[number].wait = Wait::Done,
            End::Yield(resume) => self.units[number].wait = Wait::Yielded(*resume),
            End::Return(_) => return Err("a return".to_owned()),
        }
        Ok(())
    }

    /// What all lanes that know say.
    fn uniform(&self, number: usize, value: Value) -> Outcome<u64> {
        let lanes = (0..self.units[number].lanes).filter(|&lane| self.entered(number, lane));
        let mut known = lanes.filter(|&lane| !self.vague(number, value, lane));
        let Some(first) = known.next() else { return Ok(self.get(number, value, 0)) };
        let result = self.get(number, value, first);
        match known.find(|&lane| self.get(number, value, lane) != result) {
            None => Ok(result),
            Some(other) => Err(format!("lanes {first} and {other} of a gang do not agree")),
        }
    }

    fn go(&mut self, number: usize, to: &Target) {
        let params = &self.function.block(to.block).params;
        for lane in 0..self.units[number].lanes {
            // All at once: an argument may be a parameter of the same block.
            let args: Vec<(u64, bool)> = (to.args.iter())
                .map(|&arg| (self.get(number, arg, lane), self.vague(number, arg, lane)))
                .collect();
            for (&param, (value, vague)) in params.iter().zip(args) {
                self.set(number, param, lane, value, vague);
            }
        }
        let unit = &mut self.units[number];
        (unit.block, unit.at) = (to.block, 0);
    }
}

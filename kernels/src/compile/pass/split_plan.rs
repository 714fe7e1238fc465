//! How many vectors a gang has, and where its frame keeps what.

use super::super::ssa::quick::Set;

use super::super::context::BUFFER_BYTES;
use super::super::ssa::order::{Liveness, Order};
use super::super::ssa::{End, Function, InstId, Op, Type, Value};
use super::super::{Options, Refusal, Shape as Launch, Target};
use super::alias;
use super::shape::{Shape, Shapes};

/// Lanes of a warp.
pub const WARP: u32 = 32;
/// Vector registers that values may take; the rest is for constants and what lies between.
const REGISTERS: u32 = 28;
/// Insts of masked code times vectors: more of them cost more to compile than they save.
const INSTS: u32 = 24_000;
/// The most vectors.
const MOST: u32 = 16;
/// The most where lanes come one after the other: that takes much code for each vector.
const MOST_ATOMIC: u32 = 8;
/// The most where threads come once, read, and write: all reads of a gang come before its writes, and longer rows of one and the other are
/// slower for the caches and the memory behind them.
const MOST_ONCE: u32 = 8;

/// What a gang is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Lanes of a vector of 32 bits.
    pub lanes: u8,
    /// Vectors of a gang.
    pub vectors: u32,
    /// Threads of a gang.
    pub gang: u32,
    /// Gangs of a block.
    pub gangs: u32,
    /// Threads of a block.
    pub threads: u32,
    /// The same by dimension.
    pub block: [u32; 3],
    /// Where the slots lie in a gang's frame.
    pub slots: Vec<u32>,
    /// Bytes of a frame, a multiple of 64. The first 64 belong to the loops.
    pub frame_bytes: u32,
    /// Every access is checked.
    pub check: bool,
}

impl Plan {
    /// For a masked function. Before it is decided which values live over barriers as well.
    pub fn new(
        function: &Function,
        shapes: &Shapes,
        launch: &Launch,
        target: &Target,
        options: &Options,
    ) -> Result<Plan, Refusal> {
        let lanes = u32::from(target.lanes);
        if lanes < 2 || !lanes.is_power_of_two() || lanes > 32 || launch.threads() == 0 {
            return Err(Refusal::new(0, "no vectors of so many lanes"));
        }
        let asks = Asks::of(function, shapes);
        let least = if asks.warps { (WARP / lanes).max(1) } else { 1 };
        let needed = launch.threads().div_ceil(lanes).next_multiple_of(least);
        let vectors = match options.vectors {
            Some(wish) => u32::from(wish).clamp(1, MOST).next_multiple_of(least),
            // Then threads' numbers are constants, nobody waits, and what is only for some threads is known from the start.
            None if needed <= MOST && asks.together() && asks.insts * needed <= INSTS => needed,
            None => fitting(function, shapes, &asks, needed, least, lanes),
        };
        let gang = vectors * lanes;
        let mut plan = Plan {
            lanes: target.lanes,
            vectors,
            gang,
            gangs: launch.threads().div_ceil(gang),
            threads: launch.threads(),
            block: launch.block,
            slots: Vec::new(),
            frame_bytes: 64,
            check: options.check,
        };
        for &slot in &function.slots {
            plan.slots.push(plan.frame_bytes);
            let bytes = slot.bits().div_ceil(8).max(4) * if slot == Type::I1 { 1 } else { lanes };
            plan.frame_bytes += (bytes * vectors).next_multiple_of(64);
        }
        Ok(plan)
    }

    /// Whether all threads of every gang will exist however many vectors a gang has: gangs are powers of two then as well.
    pub fn is_sure_to_be_full(launch: &Launch, options: &Options) -> bool {
        options.vectors.is_none() && launch.threads().is_power_of_two() && launch.threads() >= WARP
    }

    /// How far the first lane of each vector of a gang is from that of the first vector in `%tid`, if that is the same in
    /// all gangs.
    pub fn distances(&self, axis: u8) -> Option<Vec<i64>> {
        let [x, y, z] = self.block;
        let (before, side, last) = match axis {
            0 => (1, x, y == 1 && z == 1),
            1 => (x, y, z == 1),
            _ => (x * y, z, true),
        };
        if side == 1 {
            return Some(vec![0; self.vectors as usize]);
        }
        let (lanes, threads) = (u32::from(self.lanes), self.threads);
        let place = |thread: u32| i64::from(if last { thread / before } else { thread / before % side });
        let starts = |gang: u32| (0..self.vectors).map(move |vector| gang * self.gang + vector * lanes);
        let first: Vec<i64> = starts(0).map(|thread| place(thread) - place(0)).collect();
        let same = |gang: u32| {
            let exist = starts(gang).take_while(|&thread| thread < threads);
            exist.zip(&first).all(|(thread, &way)| place(thread) - place(gang * self.gang) == way)
        };
        (1..self.gangs).all(same).then_some(first)
    }

    /// All threads of every gang exist.
    pub fn is_full(&self) -> bool {
        self.threads.is_multiple_of(self.gang)
    }
}

/// What ops a function has.
struct Asks {
    /// Operations of warps.
    warps: bool,
    /// Barriers.
    barriers: bool,
    /// Bytes a lane that its largest call takes.
    call_bytes: u32,
    /// Insts.
    insts: u32,
    /// Read-modify-writes of places that differ from lane to lane.
    atomics: bool,
    /// Something happens more than once, or in turns: loops, barriers.
    turns: bool,
}

impl Asks {
    fn of(function: &Function, shapes: &Shapes) -> Asks {
        let mut asks =
            Asks { warps: false, barriers: false, call_bytes: 0, insts: 0, atomics: false, turns: false };
        let order = Order::new(function);
        let mut seen = Set::default();
        for &block in &order.blocks {
            seen.insert(block);
            let end = &function.block(block).end;
            asks.turns |= matches!(end, End::Yield(_));
            end.targets(|to| asks.turns |= seen.contains(&to.block));
            for &id in &function.block(block).insts {
                let inst = function.inst(id);
                asks.insts += 1;
                asks.barriers |= matches!(inst.op, Op::Barrier | Op::BarrierReduce { .. });
                asks.warps |= matches!(
                    inst.op,
                    Op::Shuffle(_)
                        | Op::Vote { .. }
                        | Op::Match { .. }
                        | Op::Reduce(..)
                        | Op::ActiveMask
                        | Op::WarpBarrier
                        | Op::Matrix(_)
                );
                asks.atomics |=
                    matches!(inst.op, Op::Atomic { .. }) && shapes.of(inst.args[0]) != Shape::Uniform;
                let bytes =
                    |values: &[Value]| values.iter().map(|&value| function.ty(value).bits() / 8 + 1).sum();
                let (args, results): (u32, u32) = (bytes(&inst.args), bytes(&inst.results));
                asks.call_bytes = asks.call_bytes.max(args.max(results) + 1);
            }
        }
        asks
    }

    fn most(&self) -> u32 {
        let once = if self.turns || self.barriers { MOST } else { MOST_ONCE };
        if self.atomics { MOST_ATOMIC.min(once) } else { once }
    }

    /// Warps work together by operations of their own and barriers.
    fn together(&self) -> bool {
        self.warps && self.barriers
    }
}

/// As many vectors as registers allow, so that gangs fill the block if there is such a number.
fn fitting(function: &Function, shapes: &Shapes, asks: &Asks, needed: u32, least: u32, lanes: u32) -> u32 {
    let pressure = peak(function, shapes).max(1);
    let most = (REGISTERS / pressure)
        .min(INSTS / asks.insts.max(1))
        .min((BUFFER_BYTES as u32 - 64) / (asks.call_bytes.max(1) * lanes))
        .clamp(1, asks.most())
        .min(needed)
        .max(least);
    let whole =
        (least..=most).rev().find(|&vectors| vectors.is_multiple_of(least) && needed.is_multiple_of(vectors));
    let power = 1 << most.ilog2();
    match whole {
        Some(vectors) if vectors * 2 > power => vectors,
        _ => power,
    }
}

/// The most vector registers that a vector of values takes at once. Loads are counted where `late` puts them.
fn peak(function: &Function, shapes: &Shapes) -> u32 {
    let order = Order::new(function);
    let live = Liveness::new(function, &order);
    let mut most = 0;
    let mut alive = vec![false; function.values.len()];
    let mut late = Late::new(function);
    for &id in &order.blocks {
        let block = function.block(id);
        let mut beyond = live.live_out[id.0 as usize].clone();
        block.end.targets(|to| beyond.extend(&to.args));
        late.look(function, &block.insts, &beyond);
        alive.fill(false);
        let mut now = 0;
        let enter = |alive: &mut Vec<bool>, value: Value, now: &mut u32| {
            if !late.folded[value.0 as usize] && !std::mem::replace(&mut alive[value.0 as usize], true) {
                *now += weight(function, shapes, value);
            }
        };
        live.live_out[id.0 as usize].iter().for_each(|&value| enter(&mut alive, value, &mut now));
        block.end.condition().into_iter().for_each(|value| enter(&mut alive, value, &mut now));
        block.end.targets(|to| to.args.iter().for_each(|&value| enter(&mut alive, value, &mut now)));
        most = most.max(now);
        let mut first_used = &late.first_used[..];
        for &inst in block.insts.iter().rev() {
            let leave = |alive: &mut Vec<bool>, value: Value, now: &mut u32| {
                if std::mem::replace(&mut alive[value.0 as usize], false) {
                    *now -= weight(function, shapes, value);
                }
            };
            function.inst(inst).results.iter().for_each(|&result| leave(&mut alive, result, &mut now));
            function.inst(inst).uses(|value| enter(&mut alive, value, &mut now));
            most = most.max(now);
            while let Some((&(_, value), rest)) = first_used.split_last().filter(|(one, _)| one.0 == inst) {
                leave(&mut alive, value, &mut now);
                first_used = rest;
            }
        }
        late.forget();
    }
    most
}

/// Loads of a block that wait for their first use.
struct Late {
    /// The insts that use them first, in order.
    first_used: Vec<(InstId, Value)>,
    /// Used once: they take no register of each vector, as each is read right before.
    folded: Vec<bool>,
    /// Of each value how often the block uses it, up to two times.
    uses: Vec<u8>,
    /// Of each value whether it is a load's that waits.
    waits: Vec<bool>,
    /// Those that wait, and what they read.
    open: Vec<(Value, alias::Kinds)>,
    /// What the block uses.
    used: Vec<Value>,
}

impl Late {
    fn new(function: &Function) -> Late {
        let count = function.values.len();
        let (folded, waits, uses) = (vec![false; count], vec![false; count], vec![0; count]);
        Late { first_used: Vec::new(), folded, uses, waits, open: Vec::new(), used: Vec::new() }
    }

    fn look(&mut self, function: &Function, insts: &[InstId], live_out: &[Value]) {
        for &id in insts {
            let inst = function.inst(id);
            inst.uses(|value| {
                let uses = &mut self.uses[value.0 as usize];
                *uses = (*uses + 1).min(2);
                self.used.push(value);
                if std::mem::replace(&mut self.waits[value.0 as usize], false) {
                    self.open.retain(|&(one, _)| one != value);
                    self.first_used.push((id, value));
                    self.folded[value.0 as usize] = true;
                }
            });
            let writes = alias::writes(function, inst);
            if writes != 0 {
                self.open.retain(|&(value, reads)| {
                    self.waits[value.0 as usize] = reads & writes == 0;
                    self.waits[value.0 as usize]
                });
            }
            if let Some(reads) = alias::only_reads(inst) {
                inst.results.iter().for_each(|one| self.waits[one.0 as usize] = true);
                self.open.extend(inst.results.iter().map(|&result| (result, reads)));
            }
        }
        for &(_, value) in &self.first_used {
            self.folded[value.0 as usize] &= self.uses[value.0 as usize] == 1 && !live_out.contains(&value);
        }
    }

    /// The block is done.
    fn forget(&mut self) {
        self.first_used.drain(..).for_each(|(_, value)| self.folded[value.0 as usize] = false);
        self.used.drain(..).for_each(|value| self.uses[value.0 as usize] = 0);
        self.open.drain(..).for_each(|(value, _)| self.waits[value.0 as usize] = false);
    }
}

fn weight(function: &Function, shapes: &Shapes, value: Value) -> u32 {
    match (shapes.of(value), function.ty(value)) {
        (Shape::Varying, Type::I32) => 1,
        (Shape::Varying, Type::I64) => 2,
        _ => 0,
    }
}

/// Whether gangs wait for each other anywhere.
pub fn has_barriers(function: &Function) -> bool {
    function.blocks.iter().any(|block| {
        let waits = |&id: &_| matches!(function.inst(id).op, Op::Barrier | Op::BarrierReduce { .. });
        matches!(block.end, End::Yield(_)) || block.insts.iter().any(waits)
    })
}

//! Vector code: one flow of control over scalars, vectors and masks.

use std::mem::offset_of;

use super::warp::{self, Lanes};
use super::{CONTEXT, FRAMES, LOCAL, Memory, Outcome, PARAMETERS, SHARED, WRAPS, World, cut};
use crate::compile::Context;
use crate::compile::call::{Call, What};
use crate::compile::code::Left;
use crate::compile::ssa::{Access, BlockId, End, Function, Inst, Op, Target, Type, Value, meaning};
use crate::interp::lanes::WARP;
use crate::ir::op::{Runtime, Special, Vote};
use crate::memory::AtomicOp;

struct Machine<'f, 'w> {
    function: &'f Function,
    memory: Memory<'w>,
    /// For each value its lanes, one of a scalar.
    values: Vec<Vec<u64>>,
    blocks: u64,
    clock: u64,
}

/// Calls the function for all blocks of the grid.
pub fn run(function: &Function, world: &mut World) -> Outcome {
    let blocks = world.grid.iter().product::<u32>().into();
    let mut memory = Memory::new(function, world);
    memory.frames = vec![0; 1 << 20];
    memory.context = context(&memory);
    let values = vec![Vec::new(); function.values.len()];
    let mut machine = Machine { function, memory, values, blocks, clock: 0 };
    match machine.run()? {
        0 => Ok(()),
        left if left == Left::Wrapped as u64 => Err(WRAPS.to_owned()),
        left => Err(format!("it was left by {left}")),
    }
}

/// The record as bytes.
fn context(memory: &Memory<'_>) -> Vec<u8> {
    let mut bytes = vec![0; size_of::<Context>()];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    let world = &memory.world;
    put(offset_of!(Context, parameters), &PARAMETERS.to_le_bytes());
    put(offset_of!(Context, shared), &SHARED.to_le_bytes());
    put(offset_of!(Context, shared_bytes), &u64::from(world.shared_bytes).to_le_bytes());
    put(offset_of!(Context, local), &LOCAL.to_le_bytes());
    put(offset_of!(Context, local_stride), &memory.stride.to_le_bytes());
    put(offset_of!(Context, frames), &FRAMES.to_le_bytes());
    for axis in 0..3 {
        put(offset_of!(Context, grid) + axis * 4, &world.grid[axis].to_le_bytes());
    }
    put(offset_of!(Context, dynamic_shared_bytes), &world.dynamic_shared_bytes.to_le_bytes());
    put(offset_of!(Context, processor) + 4, &1u32.to_le_bytes());
    bytes
}

fn lanes_of(ty: Type) -> usize {
    match ty {
        Type::V { lanes, .. } | Type::M { lanes } => lanes.into(),
        _ => 1,
    }
}

impl Machine<'_, '_> {
    fn run(&mut self) -> Outcome<u64> {
        let mut at = BlockId(0);
        loop {
            let block = self.function.block(at);
            for &inst in &block.insts {
                let world = &mut self.memory.world;
                world.fuel = world.fuel.checked_sub(1).ok_or("it takes too long")?;
                let inst = self.function.inst(inst);
                self.inst(inst).map_err(|what| format!("{at}: {inst} @{}: {what}", inst.line))?;
            }
            let world = &mut self.memory.world;
            world.fuel = world.fuel.checked_sub(1).ok_or("it takes too long")?;
            let to = match &block.end {
                End::Jump(to) => to,
                End::Branch(condition, yes, no) => {
                    if self.scalar(*condition) == 1 {
                        yes
                    } else {
                        no
                    }
                }
                End::Switch(index, targets) => {
                    &targets[(self.scalar(*index) as usize).min(targets.len() - 1)]
                }
                End::Return(value) => return Ok(self.scalar(*value)),
                End::Exit | End::Yield(_) => return Err("no end of vector code".to_owned()),
            };
            self.go(to);
            at = to.block;
        }
    }

    fn go(&mut self, to: &Target) {
        let args: Vec<Vec<u64>> = to.args.iter().map(|&arg| self.get(arg).to_vec()).collect();
        for (&param, arg) in self.function.block(to.block).params.iter().zip(args) {
            self.values[param.0 as usize] = arg;
        }
    }

    fn get(&self, value: Value) -> &[u64] {
        &self.values[value.0 as usize]
    }

    fn scalar(&self, value: Value) -> u64 {
        self.get(value)[0]
    }

    fn set(&mut self, value: Value, lanes: Vec<u64>) {
        let ty = self.function.ty(value);
        assert_eq!(lanes.len(), lanes_of(ty), "{value}");
        self.values[value.0 as usize] = lanes.into_iter().map(|lane| cut(lane, ty.bits())).collect();
    }

    fn inst(&mut self, inst: &Inst) -> Outcome {
        let ty = inst.results.first().map(|&result| self.function.ty(result));
        let count = ty.map_or(1, lanes_of);
        let arg = |place: usize| self.get(inst.args[place]);
        let result = match &inst.op {
            Op::Const(number) if matches!(ty, Some(Type::M { .. })) => {
                (0..count).map(|lane| number >> lane & 1).collect()
            }
            Op::Const(number) => vec![*number; count],
            op if meaning::is_number(op) => {
                let lane = |lane: usize| {
                    let args: Vec<u64> = inst.args.iter().map(|&arg| self.get(arg)[lane]).collect();
                    meaning::of_op(op, &args).ok_or("no such op")
                };
                (0..count).map(lane).collect::<Result<_, _>>()?
            }
            Op::Fence | Op::Poll | Op::Prefetch(_) => return Ok(()),
            Op::Context => vec![CONTEXT],
            Op::Argument(0) => vec![0],
            Op::Argument(_) => vec![self.blocks],
            Op::Table(number) => self.function.tables[*number as usize].clone(),
            Op::Broadcast => vec![arg(0)[0]; count],
            Op::Extract(lane) => vec![arg(0)[usize::from(*lane)]],
            Op::Half(half) => arg(0)[usize::from(*half) * count..][..count].to_vec(),
            Op::Join => [arg(0), arg(1)].concat(),
            Op::MaskBits => vec![arg(0).iter().rev().fold(0, |bits, lane| bits << 1 | lane)],
            Op::BitsMask => (0..count).map(|lane| arg(0)[0] >> lane & 1).collect(),
            Op::MaskAny => vec![arg(0).contains(&1).into()],
            Op::MaskAll => vec![(!arg(0).contains(&0)).into()],
            Op::Permute => arg(0).iter().map(|&index| arg(1)[index as usize % count]).collect(),
            Op::Permute2 => {
                let both = [arg(1), arg(2)].concat();
                arg(0).iter().map(|&index| both[index as usize % (2 * count)]).collect()
            }
            Op::Load(_) | Op::Store(_) | Op::Atomic { .. } => return self.access(inst),
            Op::Gather { .. } | Op::Scatter { .. } | Op::AtomicLanes { .. } => {
                return self.access_lanes(inst);
            }
            Op::Call(number) => return self.call(inst, &self.function.calls[*number as usize]),
            _ => return Err("not known here".to_owned()),
        };
        self.set(inst.results[0], result);
        Ok(())
    }

    /// Whether an inst is for a lane.
    fn is_for(&self, inst: &Inst, lane: usize) -> bool {
        inst.mask.is_none_or(|mask| self.get(mask)[lane] == 1)
    }

    /// A scalar, several of them, or neighbouring lanes.
    fn access(&mut self, inst: &Inst) -> Outcome {
        let (Op::Load(access) | Op::Store(access) | Op::Atomic { access, .. }) = inst.op else {
            return Ok(());
        };
        let start = self.scalar(inst.args[0]).wrapping_add(access.offset as u64);
        match inst.op {
            Op::Load(_) => {
                let mut at = start;
                for &result in &inst.results {
                    let lanes = self.load(inst, &access, &mut at, self.function.ty(result))?;
                    self.set(result, lanes);
                }
            }
            Op::Store(_) => {
                let mut at = start;
                for &value in &inst.args[1..] {
                    for (lane, value) in self.get(value).to_vec().into_iter().enumerate() {
                        if self.is_for(inst, lane) {
                            self.memory.store(at, access.bytes, value)?;
                        }
                        at = at.wrapping_add(access.bytes.into());
                    }
                }
            }
            Op::Atomic { op, .. } if self.is_for(inst, 0) => {
                let (operand, compare) = (self.scalar(inst.args[1]), self.scalar(inst.args[2]));
                let old = self.atomic(start, access.bytes, op, operand, compare)?;
                if let Some(&result) = inst.results.first() {
                    self.set(result, vec![old]);
                }
            }
            _ => inst.results.iter().for_each(|&result| self.set(result, vec![0])),
        }
        Ok(())
    }

    fn load(&mut self, inst: &Inst, access: &Access, at: &mut u64, ty: Type) -> Outcome<Vec<u64>> {
        let mut lanes = vec![0; lanes_of(ty)];
        for (lane, value) in lanes.iter_mut().enumerate() {
            if self.is_for(inst, lane) {
                *value = self.memory.load_element(access, *at, ty)?;
            }
            *at = at.wrapping_add(access.bytes.into());
        }
        Ok(lanes)
    }

    fn atomic(&mut self, at: u64, bytes: u8, op: AtomicOp, operand: u64, compare: u64) -> Outcome<u64> {
        let old = self.memory.load(at, bytes)?;
        self.memory.store(at, bytes, op.apply(bytes.into(), old, operand, compare))?;
        Ok(old)
    }

    fn access_lanes(&mut self, inst: &Inst) -> Outcome {
        let (Op::Gather { bytes, scale, offset, .. }
        | Op::Scatter { bytes, scale, offset, .. }
        | Op::AtomicLanes { bytes, scale, offset, .. }) = inst.op
        else {
            return Ok(());
        };
        let base = self.scalar(inst.args[0]);
        let indexes = self.get(inst.args[1]).to_vec();
        let short = self.function.ty(inst.args[1]).bits() == 32;
        let mut results = vec![0; indexes.len()];
        for (lane, &index) in indexes.iter().enumerate() {
            if !self.is_for(inst, lane) {
                continue;
            }
            let index = if short { i64::from(index as i32) as u64 } else { index };
            let at = base.wrapping_add(index.wrapping_mul(scale.into())).wrapping_add(offset as i64 as u64);
            match inst.op {
                Op::Gather { .. } => results[lane] = self.memory.load(at, bytes)?,
                Op::Scatter { .. } => self.memory.store(at, bytes, self.get(inst.args[2])[lane])?,
                Op::AtomicLanes { op, .. } => {
                    let (operand, compare) = (self.get(inst.args[2])[lane], self.get(inst.args[3])[lane]);
                    results[lane] = self.atomic(at, bytes, op, operand, compare)?;
                }
                _ => {}
            }
        }
        inst.results.iter().for_each(|&result| self.set(result, results.clone()));
        Ok(())
    }

    /// Arguments one behind the other as numbers a lane; the vectors of one value follow each other.
    fn call(&mut self, inst: &Inst, call: &Call) -> Outcome {
        let lanes = call.lanes as usize;
        let mut args = inst.args.iter();
        let mut mask = vec![true; lanes];
        if call.masked {
            let mut bits = Vec::new();
            while bits.len() < lanes {
                let &word = args.next().ok_or("no mask")?;
                match self.function.ty(word) {
                    Type::M { .. } => bits.extend(self.get(word).iter().map(|&lane| lane == 1)),
                    ty => bits.extend((0..ty.bits()).map(|lane| self.scalar(word) >> lane & 1 == 1)),
                }
            }
            mask.copy_from_slice(&bits[..lanes]);
        }
        let mut flat = Vec::new();
        for &arg in args {
            let values = self.get(arg);
            let alone = self.function.ty(arg).is_scalar();
            flat.extend(
                values.iter().flat_map(|&value| std::iter::repeat_n(value, if alone { lanes } else { 1 })),
            );
        }
        if flat.len() % lanes != 0 {
            return Err(format!("{} numbers for {lanes} lanes", flat.len()));
        }
        let args: Vec<Vec<u64>> = flat.chunks(lanes).map(<[u64]>::to_vec).collect();
        let results = self.called(&call.what, &args, &mask)?;
        let mut flat = results.concat().into_iter();
        for &result in &inst.results {
            let count = lanes_of(self.function.ty(result));
            self.set(result, flat.by_ref().take(count).collect());
        }
        Ok(())
    }

    fn called(&mut self, what: &What, args: &[Vec<u64>], mask: &[bool]) -> Outcome<Vec<Vec<u64>>> {
        let there = || (0..mask.len()).filter(|&lane| mask[lane]);
        let mut result = vec![0; mask.len()];
        let op = match what {
            What::Trap | What::NoTarget if mask.contains(&true) => return Err("trap".to_owned()),
            What::Trap | What::NoTarget => return Ok(Vec::new()),
            What::Compute(compute) => {
                for lane in there() {
                    let args: Vec<u64> = args.iter().map(|arg| arg[lane]).collect();
                    result[lane] = meaning::of(*compute, &args).ok_or("no such op")?;
                }
                return Ok(vec![result]);
            }
            What::Special(special) => {
                for lane in there() {
                    self.clock += 1;
                    result[lane] = if *special == Special::ClockHigh { 0 } else { self.clock };
                }
                return Ok(vec![result]);
            }
            What::Runtime(runtime) => {
                for lane in there() {
                    let args = args.iter().map(|arg| arg[lane]).collect();
                    self.memory.world.calls.push((*runtime, args));
                    if *runtime == Runtime::AssertFail {
                        return Err("an assertion failed".to_owned());
                    }
                }
                return Ok(vec![result]);
            }
            What::Atomic(op, bytes) => {
                for lane in there() {
                    let arg = |place: usize| args.get(place).map_or(0, |arg| arg[lane]);
                    result[lane] = self.atomic(arg(0), *bytes as u8, *op, arg(1), arg(2))?;
                }
                return Ok(vec![result]);
            }
            What::Check { bytes, .. } => {
                for lane in there() {
                    self.memory.place(args[0][lane], (*bytes).into())?;
                }
                return Ok(Vec::new());
            }
            What::Shuffle(mode) => Op::Shuffle(*mode),
            What::Vote(mode, negated) => Op::Vote { mode: *mode, negated: *negated },
            What::Match(all) => Op::Match { all: *all },
            What::Reduce(op, ty) => Op::Reduce(*op, *ty),
            What::Matrix(_) => return Err("not known here".to_owned()),
        };
        exchange(&op, args, mask)
    }
}

/// A warp op, warp after warp.
fn exchange(op: &Op, args: &[Vec<u64>], mask: &[bool]) -> Outcome<Vec<Vec<u64>>> {
    if !mask.len().is_multiple_of(WARP) {
        return Err("a gang of parts of warps".to_owned());
    }
    let mut all: Vec<Vec<u64>> = Vec::new();
    for start in (0..mask.len()).step_by(WARP) {
        let among = (0..WARP).fold(0u32, |among, lane| among | u32::from(mask[start + lane]) << lane);
        let args: Vec<Lanes> = args.iter().map(|arg| std::array::from_fn(|lane| arg[start + lane])).collect();
        let results = warp::exchange(op, &args, among)?;
        all.resize(results.len(), Vec::new());
        // A number of the whole warp is there for all of it, as the runtime leaves it.
        let first = among.trailing_zeros() as usize % WARP;
        let one = matches!(op, Op::Vote { mode: Vote::Ballot, .. } | Op::Reduce(..))
            && (0..WARP).all(|lane| among >> lane & 1 == 0 || args[1][lane] == args[1][first]);
        for (all, lanes) in all.iter_mut().zip(&results) {
            let there = |lane: usize| among >> lane & 1 == 1;
            all.extend((0..WARP).map(|lane| match there(lane) {
                true => lanes[lane],
                false => {
                    if one {
                        lanes[first]
                    } else {
                        0
                    }
                }
            }));
        }
    }
    Ok(all)
}

//! Calls of the cooperative groups of toolkits before 11: handles, sizes, ranks, and the barrier of the grid, as ops in
//! place.
//!
//! The handle of the grid is the launch's workspace. Its second word is the barrier of later toolkits too: every block
//! adds 1, the first block what is missing to 2^31, so the top bit turns over when all have come.

use super::super::ast::Formal;
use super::Refusal;
use super::call::scalar;
use super::step::{Done, Step};
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::op::{BarrierKind, Guard, Passed, Space, Special};
use crate::ir::{End, Op, Operand, Reg, Type};
use crate::memory::AtomicOp;

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// A function of cooperative groups.
#[derive(Clone, Copy, Debug)]
pub enum Cooperative {
    /// `u64 cudaCGGetIntrinsicHandle(u32 scope)`: 1 is the grid; several grids never are one group here.
    Handle,
    /// `u32 cudaCGSynchronize(u64 handle, u32 flags)`
    Synchronize,
    /// `u32 cudaCGGetSize(u32 *threads, u32 *grids, u64 handle)`
    Size,
    /// `u32 cudaCGGetRank(u32 *thread, u32 *grid, u64 handle)`
    Rank,
}

/// What a call with a handle of no group returns: "invalid value".
const INVALID: u64 = 1;
/// Where in the workspace the barrier is.
const BARRIER: i64 = 4;

impl Cooperative {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Cooperative> {
        Some(match name {
            "cudaCGGetIntrinsicHandle" => Cooperative::Handle,
            "cudaCGSynchronize" => Cooperative::Synchronize,
            "cudaCGGetSize" => Cooperative::Size,
            "cudaCGGetRank" => Cooperative::Rank,
            _ => return None,
        })
    }

    /// Bits of the result and of the parameters.
    fn bits(self) -> (u32, &'static [u32]) {
        match self {
            Cooperative::Handle => (64, &[32]),
            Cooperative::Synchronize => (32, &[64, 32]),
            Cooperative::Size | Cooperative::Rank => (32, &[64, 64, 64]),
        }
    }

    /// Whether a declaration is that of the function.
    pub fn fits(self, returns: &[Formal<'_>], parameters: &[Formal<'_>]) -> bool {
        let bits = |formal: &Formal<'_>| scalar(formal).map_or(0, Type::bits);
        let (result, given) = self.bits();
        matches!(returns, [one] if bits(one) == result)
            && parameters.iter().map(bits).eq(given.iter().copied())
    }
}

/// The function's ops, from its arguments' places to its result's.
pub fn call(step: &mut S<'_, '_, '_, '_>, function: Cooperative, given: &[Passed], back: &[Passed]) -> Done {
    let (bits, parameters) = function.bits();
    let mut arguments = Vec::with_capacity(given.len());
    for (passed, &bits) in given.iter().zip(parameters) {
        let ty = if bits == 64 { Type::B64 } else { Type::B32 };
        arguments.push(step.load(Space::Local, ty, Operand::Frame(passed.frame), 0, false));
    }
    let result = match function {
        Cooperative::Handle => handle(step, arguments[0])?,
        Cooperative::Synchronize => synchronize(step, arguments[0])?,
        Cooperative::Size => {
            let threads = product(step, [Special::NTid(0), Special::NTid(1), Special::NTid(2)])?;
            let blocks = product(step, [Special::NCtaId(0), Special::NCtaId(1), Special::NCtaId(2)])?;
            let all = word(step, Int::MulLow, threads, blocks)?;
            give(step, arguments[0], all)?;
            give(step, arguments[1], Operand::Imm(1))?;
            error(step, arguments[2])?
        }
        Cooperative::Rank => {
            let threads = product(step, [Special::NTid(0), Special::NTid(1), Special::NTid(2)])?;
            let block = index(step, Special::CtaId, Special::NCtaId)?;
            let first = word(step, Int::MulLow, block, threads)?;
            let thread = index(step, Special::Tid, Special::NTid)?;
            let rank = word(step, Int::Add, first, thread)?;
            give(step, arguments[0], rank)?;
            give(step, arguments[1], Operand::Imm(0))?;
            error(step, arguments[2])?
        }
    };
    let [passed] = back else { return Err(Refusal::Unsupported) };
    let ty = if bits == 64 { Type::B64 } else { Type::B32 };
    step.store(Space::Local, ty, Operand::Frame(passed.frame), result);
    Ok(())
}

fn special(step: &mut S<'_, '_, '_, '_>, special: Special) -> Operand {
    let to = step.body.fresh(32);
    step.emit(Op::Special { special, to });
    Operand::Reg(to)
}

fn word(step: &mut S<'_, '_, '_, '_>, op: Int, a: Operand, b: Operand) -> Result<Operand, Refusal> {
    step.value(Compute::Int(op, Type::U32), 32, &[a, b])
}

fn product(step: &mut S<'_, '_, '_, '_>, factors: [Special; 3]) -> Result<Operand, Refusal> {
    let [a, b, c] = factors.map(|factor| special(step, factor));
    let first = word(step, Int::MulLow, a, b)?;
    word(step, Int::MulLow, first, c)
}

/// The place in a box of three sides, x first.
fn index(
    step: &mut S<'_, '_, '_, '_>,
    at: fn(u8) -> Special,
    sides: fn(u8) -> Special,
) -> Result<Operand, Refusal> {
    let mut sum = special(step, at(2));
    for axis in [1, 0] {
        let (side, at) = (special(step, sides(axis)), special(step, at(axis)));
        let scaled = word(step, Int::MulLow, sum, side)?;
        sum = word(step, Int::Add, scaled, at)?;
    }
    Ok(sum)
}

/// Whether two values of a width are the same, or are not.
fn compare(
    step: &mut S<'_, '_, '_, '_>,
    comparison: Comparison,
    ty: Type,
    a: Operand,
    b: u64,
) -> Result<Reg, Refusal> {
    let to = step.body.fresh(1);
    step.compute(Compute::Compare(comparison, ty, false), to, &[a, Operand::Imm(b)])?;
    Ok(to)
}

/// Writes a word where the pointer is not null.
fn give(step: &mut S<'_, '_, '_, '_>, pointer: Operand, value: Operand) -> Done {
    let there = compare(step, Comparison::Ne, Type::U64, pointer, 0)?;
    let guard = step.guard.replace(Guard { reg: there, negated: false });
    step.store(Space::Generic, Type::B32, pointer, value);
    step.guard = guard;
    Ok(())
}

/// 0, or what a handle of no group gets.
fn error(step: &mut S<'_, '_, '_, '_>, handle: Operand) -> Result<Operand, Refusal> {
    let there = compare(step, Comparison::Ne, Type::U64, handle, 0)?;
    step.value(Compute::Select, 32, &[Operand::Imm(0), Operand::Imm(INVALID), Operand::Reg(there)])
}

fn handle(step: &mut S<'_, '_, '_, '_>, scope: Operand) -> Result<Operand, Refusal> {
    let halves = [special(step, Special::Workspace(0)), special(step, Special::Workspace(1))];
    let widen = |step: &mut S<'_, '_, '_, '_>, half| {
        step.value(Compute::Int(Int::MulWide, Type::U32), 64, &[half, Operand::Imm(1)])
    };
    let (high, low) = (widen(step, halves[0])?, widen(step, halves[1])?);
    let whole = step.value(Compute::Combine, 64, &[low, high, Operand::Imm(32)])?;
    let grid = compare(step, Comparison::Eq, Type::U32, scope, 1)?;
    step.value(Compute::Select, 64, &[whole, Operand::Imm(0), Operand::Reg(grid)])
}

/// All threads of the block, then the first thread with those of the other blocks, then all again.
fn synchronize(step: &mut S<'_, '_, '_, '_>, handle: Operand) -> Result<Operand, Refusal> {
    let line = step.place.0;
    let [valid, arrive, spin, leave, after] = std::array::from_fn(|_| step.body.blocks.reserve());
    let branch = |step: &mut S<'_, '_, '_, '_>, reg: Reg, yes: u32, no: u32| {
        step.body.blocks.end(End::Branch(Guard { reg, negated: false }, yes, no), line);
    };
    let there = compare(step, Comparison::Ne, Type::U64, handle, 0)?;
    branch(step, there, valid, after);

    step.body.blocks.start(valid, line);
    block_barrier(step);
    let thread = index(step, Special::Tid, Special::NTid)?;
    let first = compare(step, Comparison::Eq, Type::U32, thread, 0)?;
    branch(step, first, arrive, leave);

    step.body.blocks.start(arrive, line);
    step.emit(Op::Fence);
    let blocks = product(step, [Special::NCtaId(0), Special::NCtaId(1), Special::NCtaId(2)])?;
    let missing = word(step, Int::Sub, Operand::Imm(0x8000_0001), blocks)?;
    let block = index(step, Special::CtaId, Special::NCtaId)?;
    let master = compare(step, Comparison::Eq, Type::U32, block, 0)?;
    let operand = step.value(Compute::Select, 32, &[missing, Operand::Imm(1), Operand::Reg(master)])?;
    let old = step.body.fresh(32);
    step.emit(Op::Atomic {
        space: Space::Global,
        op: AtomicOp::Add,
        bytes: 4,
        align: 4,
        to: Some(old),
        address: handle,
        offset: BARRIER,
        operand,
        compare: Operand::Imm(0),
    });

    step.body.blocks.start(spin, line);
    let now = step.load(Space::Global, Type::B32, handle, BARRIER, true);
    let changed = step.value(Compute::Int(Int::Xor, Type::B32), 32, &[now, Operand::Reg(old)])?;
    let same = compare(step, Comparison::Ge, Type::S32, changed, 0)?;
    branch(step, same, spin, leave);

    step.body.blocks.start(leave, line);
    step.emit(Op::Fence);
    block_barrier(step);
    step.body.blocks.start(after, line);
    error(step, handle)
}

fn block_barrier(step: &mut S<'_, '_, '_, '_>) {
    step.emit(Op::Barrier { id: Operand::Imm(0), count: None, kind: BarrierKind::Sync });
}

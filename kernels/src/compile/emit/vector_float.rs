//! Float arithmetic on vectors.

use regalloc2::VReg;
use smallvec::SmallVec;

use super::machine::{MASK, Memory, Source, VECTOR};
use super::select::Select;
use super::vector_codes as codes;
use super::vector_plan::{self as plan, Input, Plan, Write, view};
use crate::compile::ssa::quick::Set;
use crate::compile::ssa::{Def, Function, Inst, Op, Type, Value};
use crate::ir::compute::{Compute, Float};
use crate::ir::{Mode, Rounding, Type as Kind};

/// The sign of a float.
fn sign(kind: Kind) -> u64 {
    1 << (kind.bits() - 1)
}

/// The lanes hold floats of this kind.
pub fn fits(ty: Type, kind: Kind) -> bool {
    matches!(kind, Kind::F32 | Kind::F64)
        && matches!(ty, Type::V { bits, .. } if u32::from(bits) == kind.bits())
}

/// The instruction of an op that is one.
pub fn plan(s: &Select<'_>, inst: &Inst, op: Float, kind: Kind, mode: Mode) -> Option<Plan> {
    let ty = s.ty(inst.results[0]);
    if mode.sat || mode.relu || !fits(ty, kind) {
        return None;
    }
    let [a, rest @ ..] = &inst.args[..] else { return None };
    let values = [*a, *rest.first().unwrap_or(a)];
    let rounded = |row: codes::Row, values: &[Value]| {
        Plan::of(row, ty, values)?.round(mode.rounding, row.of(widest(ty))?)
    };
    match op {
        Float::Add => rounded(codes::FADD, &values).map(Plan::commutes),
        Float::Sub => rounded(codes::FSUB, &values),
        Float::Mul => rounded(codes::FMUL, &values).map(Plan::commutes),
        Float::Div => rounded(codes::FDIV, &values),
        Float::Sqrt => rounded(codes::SQRT, &[*a]),
        Float::RcpGross if kind == Kind::F32 => Plan::of(codes::RECIPROCAL, ty, &[*a]),
        Float::RsqrtGross if kind == Kind::F32 => Plan::of(codes::RECIPROCAL_ROOT, ty, &[*a]),
        Float::Neg => Plan::new(codes::XOR, ty, &[Input::Value(*a), Input::Splat(sign(kind))]),
        Float::Abs => Plan::new(codes::AND, ty, &[Input::Value(*a), Input::Splat(sign(kind) - 1)]),
        Float::Min | Float::Max => {
            let numbers = values.iter().all(|&value| is_quiet(s.function, value, kind));
            extreme(op, ty, &values).filter(|_| numbers)
        }
        _ => None,
    }
}

/// The type whose registers are all of 64 bytes.
fn widest(ty: Type) -> Type {
    if ty.bits() == 32 { Type::v32(16) } else { ty }
}

/// Of zeros the sign counts; of a quiet NaN and a number it is the number.
fn extreme(op: Float, ty: Type, values: &[Value]) -> Option<Plan> {
    let inputs = [Input::Value(values[0]), Input::Value(values[1])];
    extreme_of(op, ty, inputs)
}

fn extreme_of(op: Float, ty: Type, inputs: [Input; 2]) -> Option<Plan> {
    let immediate = if op == Float::Min { 4 } else { 5 };
    Some(Plan::new(codes::RANGE, ty, &inputs)?.commutes().immediate(immediate))
}

/// Ops that are several instructions, or one that changes its source. Whether there is such a thing.
pub fn sequence(s: &mut Select<'_>, inst: &Inst, op: Float, kind: Kind, mode: Mode, to: VReg) -> Option<()> {
    let ty = s.ty(inst.results[0]);
    if mode.sat || mode.relu || !fits(ty, kind) {
        return None;
    }
    match op {
        Float::Min | Float::Max => extremes(s, op, ty, kind, [inst.args[0], inst.args[1]], to),
        Float::CopySign => copy_sign(s, inst, kind, to),
        Float::Fma => fma(s, inst, mode.rounding, to, Outside::Nothing),
        _ => None,
    }
}

/// A signalling NaN is not passed over by the instruction, so it must not get there.
fn extremes(s: &mut Select<'_>, op: Float, ty: Type, kind: Kind, args: [Value; 2], to: VReg) -> Option<()> {
    let [a, b] = args;
    let quiet = args.map(|value| is_quiet(s.function, value, kind));
    // What may signal comes second.
    let (a, b) = if quiet[1] { (b, a) } else { (a, b) };
    let mut first = s.reg(a);
    let second = s.reg(b);
    if !quiet[0] && !quiet[1] {
        // Signalling: quiet. All others stay.
        let calm = s.fresh(VECTOR);
        let table = plan::splat(s, kind.bits(), 0x20);
        let machine = plan::change(codes::FIXUP.of(ty)?, view(ty), calm, first, Write::All);
        s.push(machine.reg(view(ty), first).memory(table).immediate(0));
        first = calm;
    }
    let second = Input::Register(second);
    let number = s.fresh(MASK);
    // Ordered with itself: no NaN.
    let test = Plan::new(codes::COMPARE_FLOAT, ty, &[second, second])?.into_mask().immediate(7);
    test.emit(s, number, Write::All);
    extreme_of(op, ty, [Input::Register(first), second])?.emit(s, to, Write::Merge(number, first));
    Some(())
}

fn copy_sign(s: &mut Select<'_>, inst: &Inst, kind: Kind, to: VReg) -> Option<()> {
    let (result, a, b) = (inst.results[0], inst.args[0], inst.args[1]);
    let ty = s.ty(result);
    let signs = plan::splat(s, kind.bits(), sign(kind));
    // Where the third is set, the sign of a; else b. Whichever is free is changed.
    let (first, second, table) = match s.overwritten(result, &[b, a]) {
        0 => (b, a, 0xd8),
        _ => (a, b, 0xe4),
    };
    let (first, second) = (s.reg(first), s.reg(second));
    let machine = plan::change(codes::TERNARY.of(ty)?, view(ty), to, first, Write::All);
    s.push(machine.reg(view(ty), second).memory(signs).immediate(table));
    Some(())
}

/// How far a value is looked through for signalling NaNs.
const QUIET_STEPS: usize = 24;

/// Whether a value surely is no signalling NaN: it comes from arithmetic, on all ways.
pub fn is_quiet(function: &Function, value: Value, kind: Kind) -> bool {
    let mut seen = Set::default();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if !seen.insert(value) {
            continue;
        }
        if seen.len() > QUIET_STEPS || !quiet_step(function, value, kind, &mut open) {
            return false;
        }
    }
    true
}

/// Whether a value is quiet if those are that are put behind `open`.
fn quiet_step(function: &Function, value: Value, kind: Kind, open: &mut Vec<Value>) -> bool {
    let Some(inst) = function.maker(value) else {
        let Def::Param(block, place) = function.def(value) else { return false };
        for other in &function.blocks {
            other.end.targets(|to| {
                if to.block == block {
                    open.push(to.args[usize::from(place)]);
                }
            });
        }
        return true;
    };
    match inst.op {
        Op::Const(number) => !is_signalling(number, kind),
        Op::Compute(compute) => match compute {
            Compute::Float(Float::CopySign, ..) => {
                open.push(inst.args[1]);
                true
            }
            Compute::Float(Float::Neg | Float::Abs, ..) | Compute::Copy => {
                open.push(inst.args[0]);
                true
            }
            Compute::Float(..) => true,
            Compute::Convert(to) => to.to == kind,
            Compute::Select => {
                open.extend(&inst.args[..2]);
                true
            }
            _ => false,
        },
        Op::Broadcast | Op::Half(_) | Op::Permute => {
            open.extend(inst.args.last());
            true
        }
        Op::Join => {
            open.extend(&inst.args);
            true
        }
        _ => false,
    }
}

fn is_signalling(number: u64, kind: Kind) -> bool {
    match kind {
        Kind::F32 => (number as u32) << 1 > 0xff00_0000 && number & 1 << 22 == 0,
        _ => number << 1 > 0x7ff << 53 && number & 1 << 51 == 0,
    }
}

/// a · b + c, negated as told.
struct Product {
    a: Value,
    b: Value,
    c: Value,
    /// Row of the table of forms: bit 0: -c, bit 1: -a · b.
    signs: usize,
}

/// The negations of the sources that nobody else wants.
fn product(s: &Select<'_>, inst: &Inst) -> Product {
    let mut signs = 0;
    let mut bare = |value: Value, sign: usize| match plan::inner(s, value) {
        Some(Inst { op: Op::Compute(Compute::Float(Float::Neg, _, mode)), args, .. }) if !mode.ftz => {
            signs ^= sign;
            args[0]
        }
        _ => value,
    };
    let (a, b, c) = (bare(inst.args[0], 2), bare(inst.args[1], 2), bare(inst.args[2], 1));
    Product { a, b, c, signs }
}

/// Whether an FMA can leave these lanes as they are: the old value is one of its sources.
pub fn fma_merges(s: &Select<'_>, inst: &Inst, old: Value) -> bool {
    let Product { a, b, c, .. } = product(s, inst);
    [a, b, c].iter().any(|&value| s.origin(value) == s.origin(old))
}

/// What becomes of the lanes outside of a mask.
#[derive(Clone, Copy, Debug)]
pub enum Outside {
    /// There is no mask.
    Nothing,
    /// They become zero.
    Zero(VReg),
    /// They are those of a value, which is one of the sources.
    Old(VReg, Value),
}

/// The form that changes what nobody needs any more and reads memory where it can.
pub fn fma(s: &mut Select<'_>, inst: &Inst, rounding: Rounding, to: VReg, outside: Outside) -> Option<()> {
    let ty = s.ty(inst.results[0]);
    let Product { a, b, c, signs } = product(s, inst);
    let rounded = rounding != Rounding::Nearest;
    let form = if rounded { widest(ty) } else { ty };
    // The place that is changed: of a source that must be, or may be.
    let must = match outside {
        Outside::Old(_, old) => {
            let is = |value: Value| s.origin(value) == s.origin(old);
            Some(if is(c) { 2 } else { usize::from(!is(a)) })
        }
        _ => None,
    };
    let sources = [a, b, c];
    let (changed, memory) = choose(s, inst.results[0], sources, must, !rounded);
    let places = [[1, 2], [0, 2], [0, 1]][changed];
    // The last operand is the one that may be memory.
    let (second, third) = match &memory {
        Some((place, _)) if *place == places[0] => (places[1], places[0]),
        _ => (places[0], places[1]),
    };
    let row = codes::FMA[signs][match (changed, third) {
        (2, _) => 2,
        (_, 2) => 1,
        _ => 0,
    }];
    let view = view(form);
    let write = match outside {
        Outside::Nothing => Write::All,
        Outside::Zero(mask) => Write::Zero(mask),
        Outside::Old(mask, _) => Write::Blend(mask),
    };
    let from = s.reg(sources[changed]);
    let mut machine = plan::change(row.of(form)?, view, to, from, write).reg(view, s.reg(sources[second]));
    machine = match memory {
        Some((_, memory)) => machine.source(view, &Source::Memory(memory)),
        None => machine.reg(view, s.reg(sources[third])),
    };
    s.push(if rounded { machine.rounded(plan::control(rounding)?) } else { machine });
    Some(())
}

/// Which source is changed, and which is memory: a factor rather than the sum.
fn choose(
    s: &mut Select<'_>,
    result: Value,
    sources: [Value; 3],
    must: Option<usize>,
    may_fold: bool,
) -> (usize, Option<(usize, Memory)>) {
    let best = |s: &Select<'_>, places: &[usize]| {
        let values: SmallVec<[Value; 3]> = places.iter().map(|&place| sources[place]).collect();
        must.unwrap_or_else(|| places[s.overwritten(result, &values)])
    };
    for place in [1, 0, 2] {
        if !may_fold || must == Some(place) {
            continue;
        }
        if let Some(memory) = plan::memory(s, sources[place]) {
            let others: SmallVec<[usize; 2]> =
                [2, 0, 1].into_iter().filter(|&other| other != place).collect();
            return (best(s, &others), Some((place, memory)));
        }
    }
    (best(s, &[2, 0, 1]), None)
}

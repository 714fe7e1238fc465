//! Integer ops on vectors.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{Source, VECTOR, View};
use super::select::{Fold, Select};
use super::vector_codes as codes;
use super::vector_plan::{self as plan, Input, Plan, Write, view};
use crate::compile::ssa::{Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};

/// The instruction of an op that is one, without those of logic.
pub fn plan(s: &Select<'_>, inst: &Inst, op: Int, kind: Kind) -> Option<Plan> {
    let to = s.ty(inst.results[0]);
    let [a, rest @ ..] = &inst.args[..] else { return None };
    let both = |row| Plan::of(row, to, &[*a, *rest.first()?]);
    let one = |row| Plan::of(row, to, &[*a]);
    // The product of two halves is read as 32 bits of lanes of 64.
    if op == Int::MulWide {
        if let Some(by) = power_of_extended(s, inst, kind) {
            return Some(Plan::of(codes::SHIFT_LEFT_BY, to, &[*a])?.immediate(by));
        }
        let row = if kind.signed() { codes::MUL_WIDE_SIGNED } else { codes::MUL_WIDE_UNSIGNED };
        return both(row).filter(|_| kind.bits() == 32 && s.ty(*a).bits() == 64).map(Plan::commutes);
    }
    let narrow = s.ty(*a).bits() != kind.bits();
    if narrow {
        return None;
    }
    match op {
        Int::Add => both(codes::ADD).map(Plan::commutes),
        Int::Sub => both(codes::SUB),
        Int::Neg => Plan::new(codes::SUB, to, &[Input::Splat(0), Input::Value(*a)]),
        Int::MulLow => both(codes::MUL_LOW).map(Plan::commutes),
        Int::Min if kind.signed() => both(codes::MIN_SIGNED).map(Plan::commutes),
        Int::Min => both(codes::MIN_UNSIGNED).map(Plan::commutes),
        Int::Max if kind.signed() => both(codes::MAX_SIGNED).map(Plan::commutes),
        Int::Max => both(codes::MAX_UNSIGNED).map(Plan::commutes),
        Int::Abs if kind.signed() => one(codes::ABS),
        Int::Abs => one(codes::MOVE).map(|plan| plan.fold(Some(Fold::Whole))),
        Int::Popc if s.target.popcnt && to.bits() == kind.bits() => one(codes::POPC),
        Int::Clz if to.bits() == kind.bits() => one(codes::CLZ),
        Int::Shl | Int::Shr => shift(s, op, kind, to, *a, *rest.first()?),
        Int::ShfLeftWrap | Int::ShfRightWrap => {
            let [b, by] = rest else { return None };
            funnel(s, op, to, [*a, *b, *by])
        }
        _ => None,
    }
}

/// The power of two by which a number of 32 bits is multiplied that is already extended to 64: that is a shift.
fn power_of_extended(s: &Select<'_>, inst: &Inst, kind: Kind) -> Option<u8> {
    let factor = s.splat(*inst.args.get(1)?)? as u32;
    let fits = factor.is_power_of_two() && (factor >> 31 == 0 || !kind.signed());
    let Op::Compute(Compute::Convert(to)) = s.function.maker(inst.args[0])?.op else { return None };
    let extended = to.to.bits() == 64 && to.from.bits() == 32 && !to.from.float() && !to.to.float();
    (fits && extended && to.from.signed() == kind.signed()).then_some(factor.trailing_zeros() as u8)
}

/// By a constant, or by 32-bit lanes.
fn shift(s: &Select<'_>, op: Int, kind: Kind, to: Type, a: Value, by: Value) -> Option<Plan> {
    let signed = kind.signed();
    if let Some(number) = s.splat(by) {
        let row = match op {
            Int::Shl => codes::SHIFT_LEFT_BY,
            _ if signed => codes::SHIFT_RIGHT_SIGNED_BY,
            _ => codes::SHIFT_RIGHT_BY,
        };
        return Some(Plan::of(row, to, &[a])?.immediate((number as u32).min(255) as u8));
    }
    let same = s.ty(by) == to && to.bits() == 32;
    Plan::of(shift_row(op, signed), to, &[a, by]).filter(|_| same)
}

fn shift_row(op: Int, signed: bool) -> codes::Row {
    match op {
        Int::Shl => codes::SHIFT_LEFT,
        _ if signed => codes::SHIFT_RIGHT_SIGNED,
        _ => codes::SHIFT_RIGHT,
    }
}

/// Rotations, and with VBMI2 funnels by a constant.
fn funnel(s: &Select<'_>, op: Int, to: Type, [a, b, by]: [Value; 3]) -> Option<Plan> {
    let left = op == Int::ShfLeftWrap;
    let number = s.splat(by).map(|number| number as u8 & 31);
    if s.origin(a) == s.origin(b) {
        return match number {
            Some(number) if left => Some(Plan::of(codes::ROTATE_LEFT_BY, to, &[a])?.immediate(number)),
            Some(number) => Some(Plan::of(codes::ROTATE_RIGHT_BY, to, &[a])?.immediate(number)),
            None if left => Plan::of(codes::ROTATE_LEFT, to, &[a, by]),
            None => Plan::of(codes::ROTATE_RIGHT, to, &[a, by]),
        };
    }
    let number = number.filter(|_| s.target.funnel)?;
    let plan = if left {
        Plan::of(codes::FUNNEL_LEFT_BY, to, &[b, a])
    } else {
        Plan::of(codes::FUNNEL_RIGHT_BY, to, &[a, b])
    };
    Some(plan?.immediate(number))
}

/// Ops that are several instructions, or one that changes its source. Whether there is such a thing.
pub fn sequence(s: &mut Select<'_>, inst: &Inst, op: Int, kind: Kind, to: VReg) -> Option<()> {
    let ty = s.ty(inst.results[0]);
    let arg = |at: usize| inst.args.get(at).copied();
    let a = arg(0)?;
    if op == Int::MulWide && s.ty(a) == Type::v32(8) && kind.bits() == 32 {
        let inputs = [widened(s, a), widened(s, arg(1)?)];
        let row = if kind.signed() { codes::MUL_WIDE_SIGNED } else { codes::MUL_WIDE_UNSIGNED };
        Plan::new(row, ty, &inputs)?.emit(s, to, Write::All);
        return Some(());
    }
    if s.ty(a).bits() != kind.bits() {
        return None;
    }
    match op {
        Int::Popc => popc(s, a, ty, to),
        Int::Clz => {
            let count = Plan::of(codes::CLZ, s.ty(a), &[a])?.fresh(s);
            narrow(s, count, to);
            Some(())
        }
        Int::Shl | Int::Shr => {
            let by = amount(s, arg(1)?)?;
            let row = shift_row(op, kind.signed());
            Plan::new(row, ty, &[Input::Value(a), by])?.emit(s, to, Write::All);
            Some(())
        }
        Int::ShfLeftWrap | Int::ShfRightWrap => funnels(s, op, ty, [a, arg(1)?, arg(2)?], to),
        Int::MulHigh if ty.bits() == 32 => mul_high(s, ty, kind.signed(), [a, arg(1)?], to),
        _ => None,
    }
}

/// 64-bit lanes to 32.
pub fn narrow(s: &mut Select<'_>, from: VReg, to: VReg) {
    let code = Code::EVEX_Vpmovqd_ymmm256_k1z_zmm;
    Plan::odd(code, View::Y, View::Z, Type::v64(8), Input::Register(from)).emit(s, to, Write::All);
}

/// The amount of a shift of 64-bit lanes: 32 bits of it count.
fn amount(s: &mut Select<'_>, by: Value) -> Option<Input> {
    let long = Type::v64(8);
    match s.ty(by) {
        Type::V { bits: 32, lanes: 8 } => Some(widened(s, by)),
        Type::V { bits: 64, .. } => {
            let inputs = [Input::Value(by), Input::Splat(0xffff_ffff)];
            Some(Input::Register(Plan::new(codes::AND, long, &inputs)?.fresh(s)))
        }
        _ => None,
    }
}

/// 8 lanes of 32 bits as lanes of 64.
pub fn widened(s: &mut Select<'_>, value: Value) -> Input {
    let code = Code::EVEX_Vpmovzxdq_zmm_k1z_ymmm256;
    let plan = Plan::odd(code, View::Z, View::Y, Type::v32(8), Input::Value(value));
    Input::Register(plan.fold(Some(Fold::Whole)).fresh(s))
}

/// A shift by the rest of what another one shifts, as its opposite: together they are a funnel.
fn funnels(s: &mut Select<'_>, op: Int, ty: Type, [a, b, by]: [Value; 3], to: VReg) -> Option<()> {
    let left = op == Int::ShfLeftWrap;
    let (first, second) = if left { (b, a) } else { (a, b) };
    if s.target.funnel {
        let row = if left { codes::FUNNEL_LEFT } else { codes::FUNNEL_RIGHT };
        let view = view(ty);
        let (first, second) = (s.reg(first), s.reg(second));
        let by = plan::source(s, by);
        let machine = plan::change(row.of(ty)?, view, to, first, Write::All);
        s.push(machine.reg(view, second).source(view, &by));
        return Some(());
    }
    let (there, back) = if left { (Int::Shl, Int::Shr) } else { (Int::Shr, Int::Shl) };
    let (near, far) = match s.splat(by).map(|number| number as u8 & 31) {
        Some(0) => {
            let plan = Plan::of(codes::MOVE, ty, &[first])?.fold(Some(Fold::Whole));
            plan.emit(s, to, Write::All);
            return Some(());
        }
        Some(number) => {
            let (one, other) = if left {
                (codes::SHIFT_LEFT_BY, codes::SHIFT_RIGHT_BY)
            } else {
                (codes::SHIFT_RIGHT_BY, codes::SHIFT_LEFT_BY)
            };
            let near = Plan::of(one, ty, &[first])?.immediate(number).fresh(s);
            (near, Plan::of(other, ty, &[second])?.immediate(32 - number).fresh(s))
        }
        None => {
            // A shift by 32 gives 0, which is what is missing when the other one is by none.
            let inputs = [Input::Value(by), Input::Splat(31)];
            let by = Plan::new(codes::AND, ty, &inputs)?.fresh(s);
            let near = Plan::new(shift_row(there, false), ty, &[Input::Value(first), Input::Register(by)])?;
            let near = near.fresh(s);
            let rest = Plan::new(codes::SUB, ty, &[Input::Splat(32), Input::Register(by)])?.fresh(s);
            let far = Plan::new(shift_row(back, false), ty, &[Input::Value(second), Input::Register(rest)])?;
            (near, far.fresh(s))
        }
    };
    let inputs = [Input::Register(near), Input::Register(far)];
    Plan::new(codes::OR, ty, &inputs)?.emit(s, to, Write::All);
    Some(())
}

/// Products of even and odd lanes; the upper halves of both.
fn mul_high(s: &mut Select<'_>, ty: Type, signed: bool, [a, b]: [Value; 2], to: VReg) -> Option<()> {
    let row = if signed { codes::MUL_WIDE_SIGNED } else { codes::MUL_WIDE_UNSIGNED };
    let splat = s.splat(b).is_some();
    let (a, b) = (s.reg(a), s.reg(b));
    let odd = |s: &mut Select<'_>, register| -> Option<Input> {
        Some(Input::Register(Plan::new(codes::ODD, ty, &[Input::Register(register)])?.fold(None).fresh(s)))
    };
    let even = Plan::new(row, ty, &[Input::Register(a), Input::Register(b)])?.fresh(s);
    let odds = [odd(s, a)?, if splat { Input::Register(b) } else { odd(s, b)? }];
    let odds = Plan::new(row, ty, &odds)?.fresh(s);
    let high = Plan::new(codes::ODD, ty, &[Input::Register(even)])?.fold(None).fresh(s);
    // The upper halves of what the odd lanes gave stay where they are.
    let upper = plan::splat(s, 64, !0 << 32);
    let code = match view(ty) {
        View::Y => Code::EVEX_Vpternlogq_ymm_k1z_ymm_ymmm256b64_imm8,
        _ => Code::EVEX_Vpternlogq_zmm_k1z_zmm_zmmm512b64_imm8,
    };
    let machine = plan::change(code, view(ty), to, high, Write::All).reg(view(ty), odds);
    // Where the third is set the second, else the first.
    s.push(machine.source(view(ty), &Source::Memory(upper)).immediate(0xd8));
    Some(())
}

/// Sums of bits: of nibbles by a table, then of bytes.
fn popc(s: &mut Select<'_>, a: Value, ty: Type, to: VReg) -> Option<()> {
    let wide = s.ty(a);
    let narrows = wide.bits() != ty.bits();
    let count = if narrows { s.fresh(VECTOR) } else { to };
    if s.target.popcnt {
        Plan::of(codes::POPC, wide, &[a])?.emit(s, count, Write::All);
    } else {
        popc_bytes(s, a, wide, count)?;
    }
    if narrows {
        narrow(s, count, to);
    }
    Some(())
}

fn popc_bytes(s: &mut Select<'_>, a: Value, ty: Type, to: VReg) -> Option<()> {
    let a = Input::Register(s.reg(a));
    let nibbles = Input::Splat(0x0f0f_0f0f_0f0f_0f0f >> (64 - ty.bits()));
    let low = Plan::new(codes::AND, ty, &[a, nibbles])?.fresh(s);
    let high = Plan::new(codes::SHIFT_RIGHT_BY, ty, &[a])?.immediate(4).fresh(s);
    let high = Plan::new(codes::AND, ty, &[Input::Register(high), nibbles])?.fresh(s);
    let mut bytes = [0; 64];
    bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at as u8 & 15).count_ones() as u8);
    let table = s.in_pool(&bytes);
    let sums = s.fresh(VECTOR);
    let load = super::machine::Machine::new(codes::MOVE.of(Type::v32(16))?).def(View::Z, sums);
    s.push(load.memory(table));
    let look = |s: &mut Select<'_>, at| -> Option<Input> {
        let inputs = [Input::Register(sums), Input::Register(at)];
        Some(Input::Register(Plan::new(codes::BYTES, ty, &inputs)?.fold(None).fresh(s)))
    };
    let inputs = [look(s, low)?, look(s, high)?];
    let bytes = Input::Register(Plan::new(codes::ADD_BYTES, ty, &inputs)?.fold(None).fresh(s));
    if ty.bits() == 64 {
        Plan::new(codes::SUM_DISTANCES, ty, &[bytes, Input::Splat(0)])?.fold(None).emit(s, to, Write::All);
        return Some(());
    }
    let ones = [bytes, Input::Splat(0x0101_0101)];
    let words = Input::Register(Plan::new(codes::SUM_BYTES, ty, &ones)?.fold(None).fresh(s));
    let ones = [words, Input::Splat(0x0001_0001)];
    Plan::new(codes::SUM_WORDS, ty, &ones)?.fold(None).emit(s, to, Write::All);
    Some(())
}

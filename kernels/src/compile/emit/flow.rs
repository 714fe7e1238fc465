//! Branches, switches, returns, calls of the runtime, and conditions as flags.

use std::mem::offset_of;

use iced_x86::{Code, OpKind, Register};
use regalloc2::Operand;
use smallvec::smallvec;

use super::super::Refusal;
use super::super::code::Left;
use super::super::context::Context;
use super::super::ssa::{self, InstId, Op, Type, Value};
use super::machine::{Base, Bundle, Condition, INT, Machine, Memory, RAX, View};
use super::scalar::{self, ADD, CMP};
use super::select::{Body, Node, Select};
use super::walk::{MachineBlock, lanes_of};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};

/// A field of the context.
pub fn field(offset: usize) -> Memory {
    Memory::at(Base::Context, offset as i32)
}

/// The end of a block that goes two ways.
pub fn branch(s: &mut Select<'_>, value: Value) {
    let condition = condition(s, value);
    s.push_node(Node { body: Body::Branch(condition), operands: smallvec![], calls: false });
}

/// Sets flags by a bit; the condition that says it is set. What computes the bit is folded if nobody else wants it. The
/// nodes up to the one that looks at the flags must change none.
pub fn condition(s: &mut Select<'_>, value: Value) -> Condition {
    if let Some(inst) = s.single_anywhere(value) {
        match inst.op {
            Op::Compute(Compute::Int(Int::Not, Kind::Pred)) => return condition(s, inst.args[0]).opposite(),
            Op::Compute(Compute::Compare(op, ty, _)) if s.ty(inst.args[0]).is_scalar() => {
                if let Some(condition) = compare(s, op, ty, inst) {
                    return condition;
                }
            }
            Op::Compute(Compute::Int(Int::And, Kind::Pred)) if s.ty(value) == Type::I1 => {
                let (a, b) = (s.reg(inst.args[0]), s.reg(inst.args[1]));
                s.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, a).reg(View::Double, b));
                return Condition::NotEqual;
            }
            Op::MaskAny | Op::MaskAll => return test(s, &inst.op, inst.args[0]),
            _ => {}
        }
    }
    let bit = s.reg(value);
    s.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, bit).again(0));
    Condition::NotEqual
}

/// Whether any or all lanes of a mask are set, as flags; an And or Or is part of the test for any.
pub fn test(s: &mut Select<'_>, op: &Op, mask: Value) -> Condition {
    let half = lanes_of(s.ty(mask)) == 8;
    let any = *op == Op::MaskAny;
    let one = s.single(mask).filter(|_| any);
    if let Some(ssa::Inst {
        op: Op::Compute(Compute::Int(op @ (Int::And | Int::Or), Kind::Pred)),
        args,
        ..
    }) = one
    {
        let (a, b) = (s.reg(args[0]), s.reg(args[1]));
        let code = match (op, half) {
            (Int::And, true) => Code::VEX_Ktestb_kr_kr,
            (Int::And, false) => Code::VEX_Ktestw_kr_kr,
            (_, true) => Code::VEX_Kortestb_kr_kr,
            (_, false) => Code::VEX_Kortestw_kr_kr,
        };
        s.push(Machine::new(code).reg(View::K, a).reg(View::K, b));
        return Condition::NotEqual;
    }
    let mask = s.reg(mask);
    let code = if half { Code::VEX_Kortestb_kr_kr } else { Code::VEX_Kortestw_kr_kr };
    s.push(Machine::new(code).reg(View::K, mask).again(0));
    if any { Condition::NotEqual } else { Condition::Below }
}

/// A compare of scalars as flags; `None` if it is none of integers.
pub fn compare(s: &mut Select<'_>, op: Comparison, ty: Kind, inst: &ssa::Inst) -> Option<Condition> {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    if ty.float() || !matches!(ty.bits(), 32 | 64) {
        return None;
    }
    let condition = match (op, ty.signed()) {
        (Eq, _) => Condition::Equal,
        (Ne, _) => Condition::NotEqual,
        (Lt, true) => Condition::Less,
        (Le, true) => Condition::LessEqual,
        (Gt, true) => Condition::Greater,
        (Ge, true) => Condition::GreaterEqual,
        (Lt, false) => Condition::Below,
        (Le, false) => Condition::BelowEqual,
        (Gt, false) => Condition::Above,
        (Ge, false) => Condition::AboveEqual,
        _ => return None,
    };
    let (a, b) = (inst.args[0], inst.args[1]);
    let wide = ty.bits() == 64;
    if s.constant(a).is_some() && s.constant(b).is_none() {
        scalar::flags(s, CMP, wide, b, a);
        return Some(swapped(condition));
    }
    scalar::flags(s, CMP, wide, a, b);
    Some(condition)
}

/// The condition of the same compare with its sides changed.
fn swapped(condition: Condition) -> Condition {
    match condition {
        Condition::Less => Condition::Greater,
        Condition::Greater => Condition::Less,
        Condition::LessEqual => Condition::GreaterEqual,
        Condition::GreaterEqual => Condition::LessEqual,
        Condition::Below => Condition::Above,
        Condition::Above => Condition::Below,
        Condition::BelowEqual => Condition::AboveEqual,
        Condition::AboveEqual => Condition::BelowEqual,
        other => other,
    }
}

/// The end of a block that goes one of many ways.
pub fn switch(s: &mut Select<'_>, index: Value, block: &MachineBlock) {
    if block.successors.len() == 1 {
        return s.push_node(Node { body: Body::Jump, operands: smallvec![], calls: false });
    }
    let last = block.successors.len() as u64 - 1;
    let targets = block.successors.iter().map(|block| block.index() as u32).collect();
    s.tables.push(targets);
    let table = Memory::at(Base::Table(s.tables.len() as u32 - 1), 0);
    let index = s.reg(index);
    let [most, number, start, offset, place] = [(); 5].map(|()| s.fresh(INT));
    s.make_scalar(most, last);
    s.push(Machine::new(Code::Cmp_r32_rm32).reg(View::Double, index).reg(View::Double, most));
    s.push(Machine::new(Code::Cmovb_r32_rm32).tied(View::Double, number, most).reg(View::Double, index));
    s.push(Machine::new(Code::Lea_r64_m).def(View::Quad, start).memory(table));
    let mut entry = Memory::at(Base::Register(start), 0);
    (entry.index, entry.scale) = (Some((View::Quad, number)), 4);
    s.push(Machine::new(Code::Movsxd_r64_rm32).def(View::Quad, offset).memory(entry));
    s.push(Machine::new(ADD.wide).tied(View::Quad, place, offset).reg(View::Quad, start));
    let operands = smallvec![Operand::reg_use(place)];
    s.push_node(Node { body: Body::Table, operands, calls: false });
}

/// The function's end.
pub fn leave(s: &mut Select<'_>, value: Value) {
    let value = s.reg(value);
    let operands = smallvec![Operand::reg_fixed_use(value, RAX)];
    s.push_node(Node { body: Body::Return, operands, calls: false });
}

/// Leaves if the word of the context says so.
pub fn poll(s: &mut Select<'_>) {
    let word = s.fresh(INT);
    let mut bundle = Bundle::default();
    bundle.output(word);
    let stop = field(offset_of!(Context, stop));
    bundle.push(Machine::new(Code::Mov_r64_rm64).def(View::Quad, word).memory(stop));
    let compare = Machine::new(Code::Cmp_rm32_imm8).memory(Memory::at(Base::Register(word), 0));
    bundle.push(compare.number(OpKind::Immediate8to32, 0));
    bundle.leave(Some(Condition::NotEqual), Left::Stopped);
    s.push_bundle(bundle);
}

/// A call of the runtime: arguments to the buffer, results from it, where its layout says.
pub fn call(s: &mut Select<'_>, id: InstId, number: u32) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let start = offset_of!(Context, buffer);
    let Some((_, layout)) = s.function.call_of(inst, number) else {
        return Err(s.refuse(id, "a call with that much to pass"));
    };
    // Masks are written with zeros behind them, which what follows overwrites.
    for (&arg, &at) in inst.args.iter().zip(&layout.arguments) {
        put(s, arg, field(start + at as usize));
    }
    let status = s.fresh(INT);
    let mut bundle = Bundle::default();
    bundle.calls = true;
    bundle.output_at(status, RAX);
    let context = Machine::new(Code::Mov_r64_rm64).fixed(Register::RDI).fixed(Register::R15);
    bundle.push(context);
    let argument = Machine::new(Code::Mov_r32_imm32).fixed(Register::ESI);
    bundle.push(argument.number(OpKind::Immediate32, number.into()));
    bundle.push(Machine::new(Code::VEX_Vzeroupper));
    bundle.push(Machine::new(Code::Call_rm64).memory(field(offset_of!(Context, runtime))));
    bundle.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, status).again(0));
    bundle.leave(Some(Condition::NotEqual), Left::Call);
    s.push_bundle(bundle);
    for (&result, &at) in inst.results.iter().zip(&layout.results) {
        if s.is_wanted(result) {
            get(s, result, field(start + at as usize));
        }
    }
    Ok(())
}

/// Writes a value to memory as calls pass it.
fn put(s: &mut Select<'_>, value: Value, to: Memory) {
    let register = s.reg(value);
    let machine = match s.ty(value) {
        Type::V { bits: 32, lanes: 8 } => {
            Machine::new(Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm).memory(to).reg(View::Y, register)
        }
        Type::V { .. } => {
            Machine::new(Code::EVEX_Vmovdqu32_zmmm512_k1z_zmm).memory(to).reg(View::Z, register)
        }
        Type::M { lanes } => {
            let bits = s.fresh(INT);
            let code = if lanes == 8 { Code::VEX_Kmovb_r32_kr } else { Code::VEX_Kmovw_r32_kr };
            s.push(Machine::new(code).def(View::Double, bits).reg(View::K, register));
            Machine::new(Code::Mov_rm64_r64).memory(to).reg(View::Quad, bits)
        }
        _ => Machine::new(Code::Mov_rm64_r64).memory(to).reg(View::Quad, register),
    };
    s.push(machine);
}

/// Reads a value from memory as calls leave it.
fn get(s: &mut Select<'_>, value: Value, from: Memory) {
    let register = s.result(value);
    let machine = match s.ty(value) {
        Type::V { bits: 32, lanes: 8 } => {
            Machine::new(Code::EVEX_Vmovdqu32_ymm_k1z_ymmm256).def(View::Y, register).memory(from)
        }
        Type::V { .. } => {
            Machine::new(Code::EVEX_Vmovdqu32_zmm_k1z_zmmm512).def(View::Z, register).memory(from)
        }
        Type::M { .. } => Machine::new(Code::VEX_Kmovw_kr_km16).def(View::K, register).memory(from),
        Type::I64 => Machine::new(Code::Mov_r64_rm64).def(View::Quad, register).memory(from),
        _ => Machine::new(Code::Mov_r32_rm32).def(View::Double, register).memory(from),
    };
    s.push(machine);
}

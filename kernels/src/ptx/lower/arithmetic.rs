//! Arithmetic on integers that is more than one op.

use super::form::{Part, kind};
use super::step::{Done, Step};
use crate::ir::compute::{Compute, Int};
use crate::ir::{Operand, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

/// `add.cc` and `addc`
pub fn addc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::AddCarry, Int::CarryOut)
}

/// `sub.cc` and `subc`
pub fn subc(step: &mut S<'_, '_, '_, '_>) -> Done {
    carry(step, Int::SubBorrow, Int::BorrowOut)
}

fn carry(step: &mut S<'_, '_, '_, '_>, op: Int, out: Int) -> Done {
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b) = (step.source(1, ty)?, step.source(2, ty)?);
    add_with_carry(step, (op, out), ty, to, (a, b))
}

/// The sum goes through a new register, as the target may be a source of the carry.
fn add_with_carry(
    step: &mut S<'_, '_, '_, '_>,
    (op, out): (Int, Int),
    ty: Type,
    to: crate::ir::Reg,
    (a, b): (Operand, Operand),
) -> Done {
    let carry_in = matches!(step.form.opcode, "addc" | "subc" | "madc");
    let flag = step.body.carry();
    let before =
        if carry_in { step.value(Compute::Copy, 1, &[Operand::Reg(flag)])? } else { Operand::Imm(0) };
    if step.form.has(kind::CARRY) {
        step.int(out, ty, flag, &[a, b, before])?;
    }
    step.int(op, ty, to, &[a, b, before])
}

/// `mad.cc` and `madc`: half of a product, and a sum with carry.
pub fn madc(step: &mut S<'_, '_, '_, '_>) -> Done {
    let product = if step.form.part == Some(Part::High) { Int::MulHigh } else { Int::MulLow };
    let ty = step.form.ty()?;
    let to = step.target(0, ty)?;
    let (a, b, c) = (step.source(1, ty)?, step.source(2, ty)?, step.source(3, ty)?);
    let product = step.value(Compute::Int(product, ty), ty.bits(), &[a, b])?;
    add_with_carry(step, (Int::AddCarry, Int::CarryOut), ty, to, (product, c))
}

/// `dp4a` and `dp2a`
pub fn dot(step: &mut S<'_, '_, '_, '_>) -> Done {
    let high = if step.form.part == Some(Part::High) { 4 } else { 0 };
    let (a_type, b_type) = step.form.types2()?;
    let ty = if a_type.signed() || b_type.signed() { Type::S32 } else { Type::U32 };
    let op = if step.form.opcode == "dp4a" { Int::Dp4a } else { Int::Dp2a };
    let to = step.target(0, Type::B32)?;
    let (a, b) = (step.source(1, Type::B32)?, step.source(2, Type::B32)?);
    let c = step.source(3, Type::B32)?;
    let flags = u64::from(a_type.signed()) | u64::from(b_type.signed()) << 1 | high;
    step.int(op, ty, to, &[a, b, c, Operand::Imm(flags)])
}

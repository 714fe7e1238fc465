//! Scalar integer ops.

use iced_x86::{Code, OpKind, Register};
use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{Inst, InstId, Op, Type, Value};
use super::machine::{Condition, INT, Machine, RCX, Source, VECTOR, View};
use super::select::Select;
use super::{flow, scalar_divide};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Int};

/// The opcodes of an op with two operands: register and register or memory, with an immediate of 8 or 32 bits.
#[derive(Clone, Copy)]
pub struct Binary {
    /// 32 bits.
    pub narrow: Code,
    /// 64 bits.
    pub wide: Code,
    short: [Code; 2],
    long: [Code; 2],
}

/// Sum.
pub const ADD: Binary = Binary {
    narrow: Code::Add_r32_rm32,
    wide: Code::Add_r64_rm64,
    short: [Code::Add_rm32_imm8, Code::Add_rm64_imm8],
    long: [Code::Add_rm32_imm32, Code::Add_rm64_imm32],
};
/// Difference.
pub const SUB: Binary = Binary {
    narrow: Code::Sub_r32_rm32,
    wide: Code::Sub_r64_rm64,
    short: [Code::Sub_rm32_imm8, Code::Sub_rm64_imm8],
    long: [Code::Sub_rm32_imm32, Code::Sub_rm64_imm32],
};
/// Bits of both.
pub const AND: Binary = Binary {
    narrow: Code::And_r32_rm32,
    wide: Code::And_r64_rm64,
    short: [Code::And_rm32_imm8, Code::And_rm64_imm8],
    long: [Code::And_rm32_imm32, Code::And_rm64_imm32],
};
/// Bits of either.
pub const OR: Binary = Binary {
    narrow: Code::Or_r32_rm32,
    wide: Code::Or_r64_rm64,
    short: [Code::Or_rm32_imm8, Code::Or_rm64_imm8],
    long: [Code::Or_rm32_imm32, Code::Or_rm64_imm32],
};
/// Bits of one.
pub const XOR: Binary = Binary {
    narrow: Code::Xor_r32_rm32,
    wide: Code::Xor_r64_rm64,
    short: [Code::Xor_rm32_imm8, Code::Xor_rm64_imm8],
    long: [Code::Xor_rm32_imm32, Code::Xor_rm64_imm32],
};
/// A difference that only sets flags.
pub const CMP: Binary = Binary {
    narrow: Code::Cmp_r32_rm32,
    wide: Code::Cmp_r64_rm64,
    short: [Code::Cmp_rm32_imm8, Code::Cmp_rm64_imm8],
    long: [Code::Cmp_rm32_imm32, Code::Cmp_rm64_imm32],
};

impl Binary {
    fn code(self, wide: bool) -> Code {
        if wide { self.wide } else { self.narrow }
    }

    /// The opcode for an immediate, and the immediate's form.
    fn with(self, wide: bool, number: i32) -> (Code, OpKind) {
        match (i8::try_from(number).is_ok(), wide) {
            (true, false) => (self.short[0], OpKind::Immediate8to32),
            (true, true) => (self.short[1], OpKind::Immediate8to64),
            (false, false) => (self.long[0], OpKind::Immediate32),
            (false, true) => (self.long[1], OpKind::Immediate32to64),
        }
    }
}

/// 32 or 64 bits of a general register.
pub fn general(wide: bool) -> View {
    if wide { View::Quad } else { View::Double }
}

/// A constant as an immediate of an op of this width.
pub fn immediate(s: &Select<'_>, value: Value, wide: bool) -> Option<i32> {
    let number = s.constant(value)?;
    if wide { i32::try_from(number as i64).ok() } else { Some(number as u32 as i32) }
}

/// A scalar to read: in a register or, if it is loaded for this use only, in memory.
fn source(s: &mut Select<'_>, value: Value) -> Source {
    match s.folded_scalar(value) {
        Some(memory) => Source::Memory(memory),
        None => Source::Register(s.reg(value)),
    }
}

/// Selects a [`Compute`] of scalars.
pub fn compute(s: &mut Select<'_>, id: InstId, compute: Compute) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let d = s.result(inst.results[0]);
    let done = match compute {
        Compute::Int(op, Kind::Pred) => predicate(s, op, inst, d),
        Compute::Int(op, ty) if matches!(ty.bits(), 32 | 64) && !ty.float() => integer(s, op, ty, inst, d),
        Compute::Compare(op, ty, _) => match flow::compare(s, op, ty, inst) {
            Some(condition) => {
                set(s, d, condition);
                true
            }
            None => false,
        },
        Compute::Select => {
            select(s, inst, d);
            true
        }
        Compute::Convert(conversion) => convert(s, &conversion, inst, d),
        _ => false,
    };
    if done { Ok(()) } else { Err(s.refuse(id, compute)) }
}

/// A condition as a number, by flags that were set last: `mov` leaves them alone.
pub fn set(s: &mut Select<'_>, d: VReg, condition: Condition) {
    let bit = s.fresh(INT);
    s.push(Machine::new(set_code(condition)).def(View::Byte, bit));
    s.push(Machine::new(Code::Movzx_r32_rm8).def(View::Double, d).reg(View::Byte, bit));
}

fn set_code(condition: Condition) -> Code {
    // table
    match condition {
        Condition::Overflow => Code::Seto_rm8,
        Condition::NotOverflow => Code::Setno_rm8,
        Condition::Below => Code::Setb_rm8,
        Condition::AboveEqual => Code::Setae_rm8,
        Condition::Equal => Code::Sete_rm8,
        Condition::NotEqual => Code::Setne_rm8,
        Condition::BelowEqual => Code::Setbe_rm8,
        Condition::Above => Code::Seta_rm8,
        Condition::Sign => Code::Sets_rm8,
        Condition::NotSign => Code::Setns_rm8,
        Condition::Parity => Code::Setp_rm8,
        Condition::NotParity => Code::Setnp_rm8,
        Condition::Less => Code::Setl_rm8,
        Condition::GreaterEqual => Code::Setge_rm8,
        Condition::LessEqual => Code::Setle_rm8,
        Condition::Greater => Code::Setg_rm8,
    }
}

/// The conditional move; of 32 and of 64 bits.
pub fn move_code(condition: Condition, wide: bool) -> Code {
    // table
    let (narrow, long) = match condition {
        Condition::Overflow => (Code::Cmovo_r32_rm32, Code::Cmovo_r64_rm64),
        Condition::NotOverflow => (Code::Cmovno_r32_rm32, Code::Cmovno_r64_rm64),
        Condition::Below => (Code::Cmovb_r32_rm32, Code::Cmovb_r64_rm64),
        Condition::AboveEqual => (Code::Cmovae_r32_rm32, Code::Cmovae_r64_rm64),
        Condition::Equal => (Code::Cmove_r32_rm32, Code::Cmove_r64_rm64),
        Condition::NotEqual => (Code::Cmovne_r32_rm32, Code::Cmovne_r64_rm64),
        Condition::BelowEqual => (Code::Cmovbe_r32_rm32, Code::Cmovbe_r64_rm64),
        Condition::Above => (Code::Cmova_r32_rm32, Code::Cmova_r64_rm64),
        Condition::Sign => (Code::Cmovs_r32_rm32, Code::Cmovs_r64_rm64),
        Condition::NotSign => (Code::Cmovns_r32_rm32, Code::Cmovns_r64_rm64),
        Condition::Parity => (Code::Cmovp_r32_rm32, Code::Cmovp_r64_rm64),
        Condition::NotParity => (Code::Cmovnp_r32_rm32, Code::Cmovnp_r64_rm64),
        Condition::Less => (Code::Cmovl_r32_rm32, Code::Cmovl_r64_rm64),
        Condition::GreaterEqual => (Code::Cmovge_r32_rm32, Code::Cmovge_r64_rm64),
        Condition::LessEqual => (Code::Cmovle_r32_rm32, Code::Cmovle_r64_rm64),
        Condition::Greater => (Code::Cmovg_r32_rm32, Code::Cmovg_r64_rm64),
    };
    if wide { long } else { narrow }
}

/// An op that only sets flags.
pub fn flags(s: &mut Select<'_>, op: Binary, wide: bool, a: Value, b: Value) {
    let view = general(wide);
    if let Some(number) = immediate(s, b, wide) {
        let fits = s.ty(a) == width(wide);
        if let Some(memory) = if fits { s.folded_scalar(a) } else { None } {
            let (code, form) = op.with(wide, number);
            return s.push(Machine::new(code).memory(memory).number(form, number.into()));
        }
        let a = s.reg(a);
        if number == 0 {
            let code = if wide { Code::Test_rm64_r64 } else { Code::Test_rm32_r32 };
            return s.push(Machine::new(code).reg(view, a).again(0));
        }
        let (code, form) = op.with(wide, number);
        return s.push(Machine::new(code).reg(view, a).number(form, number.into()));
    }
    let a = s.reg(a);
    let b = source(s, b);
    s.push(Machine::new(op.code(wide)).reg(view, a).source(view, &b));
}

fn width(wide: bool) -> Type {
    if wide { Type::I64 } else { Type::I32 }
}

/// d = a op b.
fn binary(s: &mut Select<'_>, op: Binary, wide: bool, d: VReg, a: Value, b: Value) {
    let view = general(wide);
    let a = s.reg(a);
    if let Some(number) = immediate(s, b, wide) {
        let (code, form) = op.with(wide, number);
        return s.push(Machine::new(code).tied(view, d, a).number(form, number.into()));
    }
    let b = source(s, b);
    s.push(Machine::new(op.code(wide)).tied(view, d, a).source(view, &b));
}

/// The same of an op whose operands may change places: a constant or a load goes to the right.
fn commutative(s: &mut Select<'_>, op: Binary, wide: bool, d: VReg, a: Value, b: Value) {
    let keep = s.constant(a).is_none() && (s.constant(b).is_some() || s.is_single(a) || !s.is_single(b));
    let (a, b) = if keep { (a, b) } else { (b, a) };
    binary(s, op, wide, d, a, b);
}

fn unary(s: &mut Select<'_>, code: Code, view: View, d: VReg, a: Value) {
    let a = s.reg(a);
    s.push(Machine::new(code).tied(view, d, a));
}

fn predicate(s: &mut Select<'_>, op: Int, inst: &Inst, d: VReg) -> bool {
    let op = match op {
        Int::And => AND,
        Int::Or => OR,
        Int::Xor => XOR,
        Int::Not => {
            let a = s.reg(inst.args[0]);
            let code = Machine::new(Code::Xor_rm32_imm8).tied(View::Double, d, a);
            s.push(code.number(OpKind::Immediate8to32, 1));
            return true;
        }
        _ => return false,
    };
    commutative(s, op, false, d, inst.args[0], inst.args[1]);
    true
}

fn integer(s: &mut Select<'_>, op: Int, ty: Kind, inst: &Inst, d: VReg) -> bool {
    let wide = ty.bits() == 64;
    let view = general(wide);
    let pick = |narrow: Code, long: Code| if wide { long } else { narrow };
    let args = &inst.args;
    match op {
        Int::Add => add(s, wide, d, args[0], args[1]),
        Int::Sub if s.constant(args[0]) == Some(0) => {
            unary(s, pick(Code::Neg_rm32, Code::Neg_rm64), view, d, args[1]);
        }
        Int::Sub => binary(s, SUB, wide, d, args[0], args[1]),
        Int::And => and(s, wide, d, args[0], args[1]),
        Int::Or => commutative(s, OR, wide, d, args[0], args[1]),
        Int::Xor => commutative(s, XOR, wide, d, args[0], args[1]),
        Int::Not => unary(s, pick(Code::Not_rm32, Code::Not_rm64), view, d, args[0]),
        Int::Neg => unary(s, pick(Code::Neg_rm32, Code::Neg_rm64), view, d, args[0]),
        Int::MulLow => multiply(s, wide, d, args[0], args[1]),
        Int::MulWide if !wide => multiply_wide(s, ty.signed(), d, args[0], args[1]),
        Int::MulHigh => scalar_divide::multiply_high(s, wide, ty.signed(), d, args[0], args[1]),
        Int::Div | Int::Rem => {
            scalar_divide::divide(s, wide, ty.signed(), op == Int::Rem, d, args[0], args[1]);
        }
        Int::Shl | Int::Shr => shift(s, op == Int::Shl, ty, d, args[0], args[1]),
        Int::Min | Int::Max => extreme(s, op == Int::Min, ty, d, args[0], args[1]),
        Int::Abs if ty.signed() => absolute(s, wide, d, args[0]),
        Int::Abs => s.push_move(wide, d, args[0]),
        Int::Popc => counted(s, pick(Code::Popcnt_r32_rm32, Code::Popcnt_r64_rm64), wide, d, args[0]),
        Int::Clz => counted(s, pick(Code::Lzcnt_r32_rm32, Code::Lzcnt_r64_rm64), wide, d, args[0]),
        Int::Lop3 if !wide => return logic(s, d, inst),
        Int::ShfLeftWrap | Int::ShfRightWrap if !wide => funnel(s, op == Int::ShfLeftWrap, d, inst),
        _ => return false,
    }
    true
}

impl Select<'_> {
    /// d = a.
    pub fn push_move(&mut self, wide: bool, d: VReg, a: Value) {
        let a = self.reg(a);
        let code = if wide { Code::Mov_r64_rm64 } else { Code::Mov_r32_rm32 };
        self.push(Machine::new(code).def(general(wide), d).reg(general(wide), a));
    }
}

/// A sum, by `lea` if the first term is needed later.
fn add(s: &mut Select<'_>, wide: bool, d: VReg, a: Value, b: Value) {
    let (a, b) = if s.constant(a).is_some() { (b, a) } else { (a, b) };
    let view = general(wide);
    let dies = s.is_single(a) || s.is_single(b) && s.constant(b).is_none();
    if !dies && let Some(number) = immediate(s, b, wide) {
        let base = s.reg(a);
        let memory = super::machine::Memory::at(super::machine::Base::Register(base), number);
        let code = if wide { Code::Lea_r64_m } else { Code::Lea_r32_m };
        return s.push(Machine::new(code).def(view, d).memory(memory));
    }
    if wide && (!dies || s.is_scaled(a) || s.is_scaled(b)) {
        let value = s.address_of(a, b);
        return s.push(Machine::new(Code::Lea_r64_m).def(view, d).memory(value));
    }
    commutative(s, ADD, wide, d, a, b);
}

/// And, with one side's Not folded.
fn and(s: &mut Select<'_>, wide: bool, d: VReg, a: Value, b: Value) {
    let is_not = |s: &Select<'_>, value: Value| {
        let inst = s.single(value)?;
        matches!(inst.op, Op::Compute(Compute::Int(Int::Not, ty)) if ty.bits() >= 32).then(|| inst.args[0])
    };
    let pair = match (is_not(s, a), is_not(s, b)) {
        (Some(of), _) => Some((of, b)),
        (_, Some(of)) => Some((of, a)),
        _ => None,
    };
    let Some((inverted, other)) = pair else {
        return commutative(s, AND, wide, d, a, b);
    };
    let view = general(wide);
    let inverted = s.reg(inverted);
    let other = source(s, other);
    let code = if wide { Code::VEX_Andn_r64_r64_rm64 } else { Code::VEX_Andn_r32_r32_rm32 };
    s.push(Machine::new(code).def(view, d).reg(view, inverted).source(view, &other));
}

fn multiply(s: &mut Select<'_>, wide: bool, d: VReg, a: Value, b: Value) {
    let view = general(wide);
    let (a, b) = if s.constant(a).is_some() { (b, a) } else { (a, b) };
    if let Some(number) = immediate(s, b, wide) {
        if number > 0 && number.count_ones() == 1 {
            let code = if wide { Code::Shl_rm64_imm8 } else { Code::Shl_rm32_imm8 };
            let a = s.reg(a);
            return s.push(Machine::new(code).tied(view, d, a).immediate(number.trailing_zeros() as u8));
        }
        let short = i8::try_from(number).is_ok();
        let (code, form) = match (wide, short) {
            (false, true) => (Code::Imul_r32_rm32_imm8, OpKind::Immediate8to32),
            (false, false) => (Code::Imul_r32_rm32_imm32, OpKind::Immediate32),
            (true, true) => (Code::Imul_r64_rm64_imm8, OpKind::Immediate8to64),
            (true, false) => (Code::Imul_r64_rm64_imm32, OpKind::Immediate32to64),
        };
        let a = source(s, a);
        return s.push(Machine::new(code).def(view, d).source(view, &a).number(form, number.into()));
    }
    let (a, b) = if s.is_single(a) { (a, b) } else { (b, a) };
    let a = s.reg(a);
    let b = source(s, b);
    let code = if wide { Code::Imul_r64_rm64 } else { Code::Imul_r32_rm32 };
    s.push(Machine::new(code).tied(view, d, a).source(view, &b));
}

/// A number of 32 bits as one of 64.
pub fn extended(s: &mut Select<'_>, signed: bool, value: Value) -> VReg {
    if !signed {
        return s.reg(value);
    }
    if let Some(number) = s.constant(value) {
        return s.number(number as u32 as i32 as i64 as u64);
    }
    let from = source(s, value);
    let to = s.fresh(INT);
    s.push(Machine::new(Code::Movsxd_r64_rm32).def(View::Quad, to).source(View::Double, &from));
    to
}

fn multiply_wide(s: &mut Select<'_>, signed: bool, d: VReg, a: Value, b: Value) {
    let (a, b) = if s.constant(a).is_some() { (b, a) } else { (a, b) };
    let number =
        s.constant(b).map(|number| if signed { number as u32 as i32 as i64 } else { number as u32 as i64 });
    let a = extended(s, signed, a);
    if let Some(number) = number.filter(|&number| i32::try_from(number).is_ok()) {
        if number > 0 && number.count_ones() == 1 {
            let code = Machine::new(Code::Shl_rm64_imm8).tied(View::Quad, d, a);
            return s.push(code.immediate(number.trailing_zeros() as u8));
        }
        let code = Machine::new(Code::Imul_r64_rm64_imm32).def(View::Quad, d).reg(View::Quad, a);
        return s.push(code.number(OpKind::Immediate32to64, number));
    }
    let b = extended(s, signed, b);
    s.push(Machine::new(Code::Imul_r64_rm64).tied(View::Quad, d, a).reg(View::Quad, b));
}

fn counted(s: &mut Select<'_>, code: Code, wide: bool, d: VReg, a: Value) {
    let a = source(s, a);
    s.push(Machine::new(code).def(general(wide), d).source(general(wide), &a));
}

fn shift(s: &mut Select<'_>, left: bool, ty: Kind, d: VReg, a: Value, by: Value) {
    let (wide, signed) = (ty.bits() == 64, ty.signed());
    let (view, bits) = (general(wide), ty.bits());
    let pick = |codes: [Code; 2]| codes[usize::from(wide)];
    let arithmetic = signed && !left;
    if let Some(by) = s.constant(by) {
        let by = by as u32;
        if by >= bits && !arithmetic {
            return s.push(Machine::new(Code::Xor_r32_rm32).def(View::Double, d).again(0));
        }
        let a = s.reg(a);
        let code = match (left, arithmetic) {
            (true, _) => pick([Code::Shl_rm32_imm8, Code::Shl_rm64_imm8]),
            (_, true) => pick([Code::Sar_rm32_imm8, Code::Sar_rm64_imm8]),
            _ => pick([Code::Shr_rm32_imm8, Code::Shr_rm64_imm8]),
        };
        return s.push(Machine::new(code).tied(view, d, a).immediate(by.min(bits - 1) as u8));
    }
    let small = is_below(s, by, bits);
    let code = match (left, arithmetic) {
        (true, _) => pick([Code::VEX_Shlx_r32_rm32_r32, Code::VEX_Shlx_r64_rm64_r64]),
        (_, true) => pick([Code::VEX_Sarx_r32_rm32_r32, Code::VEX_Sarx_r64_rm64_r64]),
        _ => pick([Code::VEX_Shrx_r32_rm32_r32, Code::VEX_Shrx_r64_rm64_r64]),
    };
    let (a, by) = (s.reg(a), s.reg(by));
    if small {
        return s.push(Machine::new(code).def(view, d).reg(view, a).reg(view, by));
    }
    if arithmetic {
        let (most, used) = (s.fresh(INT), s.fresh(INT));
        s.make_scalar(most, u64::from(bits - 1));
        s.push(Machine::new(Code::Cmp_r32_rm32).reg(View::Double, by).reg(View::Double, most));
        s.push(Machine::new(Code::Cmovb_r32_rm32).tied(View::Double, used, most).reg(View::Double, by));
        return s.push(Machine::new(code).def(view, d).reg(view, a).reg(view, used));
    }
    let (zero, shifted) = (s.fresh(INT), s.fresh(INT));
    s.make_scalar(zero, 0);
    s.push(Machine::new(code).def(view, shifted).reg(view, a).reg(view, by));
    let (compare, form) = CMP.with(false, bits as i32);
    s.push(Machine::new(compare).reg(View::Double, by).number(form, bits.into()));
    let keep = move_code(Condition::AboveEqual, wide);
    s.push(Machine::new(keep).tied(view, d, shifted).reg(view, zero));
}

/// Whether a value is below a power of two because it was and-ed.
fn is_below(s: &Select<'_>, value: Value, bits: u32) -> bool {
    let maker = s.function.maker(s.origin(value));
    maker.is_some_and(|inst| {
        matches!(inst.op, Op::Compute(Compute::Int(Int::And, _)))
            && inst.args.iter().any(|&arg| s.constant(arg).is_some_and(|number| number < bits.into()))
    })
}

fn extreme(s: &mut Select<'_>, min: bool, ty: Kind, d: VReg, a: Value, b: Value) {
    let wide = ty.bits() == 64;
    let view = general(wide);
    let (a, b) = (s.reg(a), s.reg(b));
    let condition = match (min, ty.signed()) {
        (true, true) => Condition::Greater,
        (true, false) => Condition::Above,
        (false, true) => Condition::Less,
        (false, false) => Condition::Below,
    };
    s.push(Machine::new(CMP.code(wide)).reg(view, a).reg(view, b));
    s.push(Machine::new(move_code(condition, wide)).tied(view, d, a).reg(view, b));
}

fn absolute(s: &mut Select<'_>, wide: bool, d: VReg, a: Value) {
    let view = general(wide);
    let (a, negative) = (s.reg(a), s.fresh(INT));
    let code = if wide { Code::Neg_rm64 } else { Code::Neg_rm32 };
    s.push(Machine::new(code).tied(view, negative, a));
    // The sign is that of the negated number: where it is set, the number was positive (or has no opposite).
    s.push(Machine::new(move_code(Condition::Sign, wide)).tied(view, d, negative).reg(view, a));
}

/// Any function of three bits: vectors have an instruction for it.
fn logic(s: &mut Select<'_>, d: VReg, inst: &Inst) -> bool {
    let Some(table) = s.constant(inst.args[3]) else { return false };
    let parts = [0, 1, 2].map(|at| {
        let (from, to) = (s.reg(inst.args[at]), s.fresh(VECTOR));
        s.push(Machine::new(Code::EVEX_Vmovd_xmm_rm32).def(View::X, to).reg(View::Double, from));
        to
    });
    let all = s.fresh(VECTOR);
    let code = Machine::new(Code::EVEX_Vpternlogd_xmm_k1z_xmm_xmmm128b32_imm8).tied(View::X, all, parts[0]);
    s.push(code.reg(View::X, parts[1]).reg(View::X, parts[2]).immediate(table as u8));
    s.push(Machine::new(Code::EVEX_Vmovd_rm32_xmm).def(View::Double, d).reg(View::X, all));
    true
}

/// 32 bits out of 64: a is the lower half.
fn funnel(s: &mut Select<'_>, left: bool, d: VReg, inst: &Inst) {
    let (low, high) = (s.reg(inst.args[0]), s.reg(inst.args[1]));
    let (kept, filled) = if left { (high, low) } else { (low, high) };
    if let Some(by) = s.constant(inst.args[2]) {
        let code = if left { Code::Shld_rm32_r32_imm8 } else { Code::Shrd_rm32_r32_imm8 };
        let machine = Machine::new(code).tied(View::Double, d, kept).reg(View::Double, filled);
        return s.push(machine.immediate(by as u8 & 31));
    }
    let by = s.reg(inst.args[2]);
    let code = if left { Code::Shld_rm32_r32_CL } else { Code::Shrd_rm32_r32_CL };
    let machine = Machine::new(code).tied(View::Double, d, kept).reg(View::Double, filled);
    s.push(machine.fixed(Register::CL).use_at(by, RCX));
}

fn select(s: &mut Select<'_>, inst: &Inst, d: VReg) {
    let wide = s.ty(inst.results[0]) == Type::I64;
    let view = general(wide);
    // Whatever is asked for or loaded here stands before the flags are set.
    let (yes, no) = (s.reg(inst.args[0]), s.reg(inst.args[1]));
    let condition = flow::condition(s, inst.args[2]);
    s.push(Machine::new(move_code(condition, wide)).tied(view, d, no).reg(view, yes));
}

fn convert(s: &mut Select<'_>, conversion: &Conversion, inst: &Inst, d: VReg) -> bool {
    let (from, to) = (conversion.from, conversion.to);
    if from.float() || to.float() || conversion.mode.sat {
        return false;
    }
    let read = from.bits().min(to.bits());
    // A sign reaches as far as the result's type does; above that there are zeros.
    let signed = from.signed() && from.bits() < to.bits();
    let a = inst.args[0];
    match (read, signed, to.bits()) {
        (8, false, _) => extend(s, Code::Movzx_r32_rm8, View::Double, View::Byte, d, a),
        (16, false, _) => extend(s, Code::Movzx_r32_rm16, View::Double, View::Word, d, a),
        (32, false, _) => extend(s, Code::Mov_r32_rm32, View::Double, View::Double, d, a),
        (8, true, 64) => extend(s, Code::Movsx_r64_rm8, View::Quad, View::Byte, d, a),
        (16, true, 64) => extend(s, Code::Movsx_r64_rm16, View::Quad, View::Word, d, a),
        (32, true, 64) => extend(s, Code::Movsxd_r64_rm32, View::Quad, View::Double, d, a),
        (8, true, 32) => extend(s, Code::Movsx_r32_rm8, View::Double, View::Byte, d, a),
        (16, true, 32) => extend(s, Code::Movsx_r32_rm16, View::Double, View::Word, d, a),
        (8, true, 16) => {
            let half = s.fresh(INT);
            extend(s, Code::Movsx_r32_rm8, View::Double, View::Byte, half, a);
            s.push(Machine::new(Code::Movzx_r32_rm16).def(View::Double, d).reg(View::Word, half));
        }
        (64, ..) => s.push_move(true, d, a),
        _ => return false,
    }
    true
}

fn extend(s: &mut Select<'_>, code: Code, to: View, from: View, d: VReg, a: Value) {
    let a = s.reg(a);
    s.push(Machine::new(code).def(to, d).reg(from, a));
}

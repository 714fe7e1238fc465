//! Scalar products' upper halves, quotients and remainders.

use iced_x86::{Code, OpKind, Register};
use regalloc2::VReg;

use super::super::ssa::Value;
use super::machine::{Bundle, Condition, INT, Machine, RAX, RDX, View};
use super::scalar::{extended, general};
use super::select::Select;

/// The upper half of a product.
pub fn multiply_high(s: &mut Select<'_>, wide: bool, signed: bool, d: VReg, a: Value, b: Value) {
    if !wide {
        let (a, b, product) = (extended(s, signed, a), extended(s, signed, b), s.fresh(INT));
        s.push(Machine::new(Code::Imul_r64_rm64).tied(View::Quad, product, a).reg(View::Quad, b));
        return s.push(Machine::new(Code::Shr_rm64_imm8).tied(View::Quad, d, product).immediate(32));
    }
    let (a, b, low) = (s.reg(a), s.reg(b), s.fresh(INT));
    if signed {
        let machine = Machine::new(Code::Imul_rm64).reg(View::Quad, b);
        return s.push(machine.use_at(a, RAX).def_at(low, RAX).def_at(d, RDX));
    }
    let machine = Machine::new(Code::VEX_Mulx_r64_r64_rm64).def(View::Quad, d).def(View::Quad, low);
    s.push(machine.reg(View::Quad, b).use_at(a, RDX));
}

/// Quotient or remainder as PTX has them: by zero all ones and the dividend, of the lowest number by -1 itself and zero.
pub fn divide(s: &mut Select<'_>, wide: bool, signed: bool, rest: bool, d: VReg, a: Value, b: Value) {
    let view = general(wide);
    let known = s.constant(b).map(|number| if wide { number as i64 } else { number as u32 as i32 as i64 });
    let (by_zero, by_minus) = match known {
        Some(number) => (number == 0, signed && number == -1),
        None => (true, signed),
    };
    let (a, b, other) = (s.reg(a), s.reg(b), s.fresh(INT));
    let pick = |narrow: Code, long: Code| if wide { long } else { narrow };
    let (quotient, remainder) = if rest { (other, d) } else { (d, other) };
    let (rax, rdx) = if wide { (Register::RAX, Register::RDX) } else { (Register::EAX, Register::EDX) };
    let mut bundle = Bundle::default();
    bundle.input(b);
    bundle.input_at(a, RAX);
    bundle.output_at(quotient, RAX);
    bundle.output_at(remainder, RDX);
    let (zero, minus, done) = (bundle.label(), bundle.label(), bundle.label());
    if by_zero {
        bundle.push(Machine::new(pick(Code::Test_rm32_r32, Code::Test_rm64_r64)).reg(view, b).again(0));
        bundle.jump(Some(Condition::Equal), zero);
    }
    if by_minus {
        let form = if wide { OpKind::Immediate8to64 } else { OpKind::Immediate8to32 };
        let code = pick(Code::Cmp_rm32_imm8, Code::Cmp_rm64_imm8);
        bundle.push(Machine::new(code).reg(view, b).number(form, -1));
        bundle.jump(Some(Condition::Equal), minus);
    }
    if signed {
        bundle.push(Machine::new(if wide { Code::Cqo } else { Code::Cdq }));
        bundle.push(Machine::new(pick(Code::Idiv_rm32, Code::Idiv_rm64)).reg(view, b));
    } else {
        bundle.push(Machine::new(Code::Xor_r32_rm32).fixed(Register::EDX).fixed(Register::EDX));
        bundle.push(Machine::new(pick(Code::Div_rm32, Code::Div_rm64)).reg(view, b));
    }
    if by_zero {
        bundle.jump(None, done);
        bundle.place(zero);
        bundle.push(Machine::new(pick(Code::Mov_r32_rm32, Code::Mov_r64_rm64)).fixed(rdx).fixed(rax));
        let form = if wide { OpKind::Immediate8to64 } else { OpKind::Immediate8to32 };
        let ones = Machine::new(pick(Code::Or_rm32_imm8, Code::Or_rm64_imm8)).fixed(rax);
        bundle.push(ones.number(form, -1));
    }
    if by_minus {
        bundle.jump(None, done);
        bundle.place(minus);
        bundle.push(Machine::new(pick(Code::Neg_rm32, Code::Neg_rm64)).fixed(rax));
        bundle.push(Machine::new(Code::Xor_r32_rm32).fixed(Register::EDX).fixed(Register::EDX));
    }
    bundle.place(done);
    s.push_bundle(bundle);
}

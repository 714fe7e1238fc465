//! Read-modify-writes of memory, indivisible or by this thread alone, and fences.

use iced_x86::{Code, OpKind};
use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{InstId, Op, Type};
use super::lane_loop;
use super::machine::{Asked, Bundle, Condition, INT, Machine, Memory, RAX, VECTOR, View};
use super::memory::access_of;
use super::select::Select;
use crate::ir::op::Space;
use crate::memory::AtomicOp;

/// One read-modify-write within a bundle, and its registers.
pub struct Update {
    /// What.
    pub op: AtomicOp,
    /// 2, 4 or 8.
    pub bytes: u8,
    /// Other threads of the machine may do so as well.
    pub locked: bool,
    /// The operand, if it is a constant.
    pub number: Option<i32>,
    /// The operand else.
    pub operand: VReg,
    /// What the old value must be.
    pub compare: VReg,
    /// The old value: rax.
    pub old: VReg,
    /// Somebody wants it.
    wanted: bool,
    new: VReg,
    floats: [VReg; 2],
}

/// A number as the immediate of an access of so many bytes.
pub fn immediate(number: u64, bytes: u8) -> Option<i32> {
    match bytes {
        8 => i32::try_from(number as i64).ok(),
        2 => None,
        _ => Some(number as u32 as i32),
    }
}

impl Update {
    /// Without constants.
    pub fn new(s: &mut Select<'_>, op: AtomicOp, bytes: u8, locked: bool) -> Update {
        let [operand, compare, old, new] = [(); 4].map(|()| s.fresh(INT));
        let floats = [s.fresh(VECTOR), s.fresh(VECTOR)];
        Update { op, bytes, locked, number: None, operand, compare, old, wanted: false, new, floats }
    }

    /// Whether there is an instruction for it: else the runtime is to be called.
    fn exists(&self) -> bool {
        use AtomicOp::{AddBrain, AddFloat, AddHalf, MaxBrain, MaxHalf, MinBrain, MinHalf};
        match self.op {
            AddHalf | MinHalf | MaxHalf | AddBrain | MinBrain | MaxBrain => false,
            AddFloat => self.bytes >= 4,
            _ => matches!(self.bytes, 2 | 4 | 8),
        }
    }

    /// It has a compare operand.
    pub fn compares(&self) -> bool {
        self.op == AtomicOp::CompareExchange
    }

    /// One instruction on memory does it, if nobody wants the old value.
    fn is_direct(&self) -> bool {
        matches!(self.op, AtomicOp::Add | AtomicOp::And | AtomicOp::Or | AtomicOp::Xor | AtomicOp::Exchange)
    }

    /// The operand may be an immediate.
    pub fn takes_immediate(&self, wanted: bool) -> bool {
        (!wanted || !self.locked) && self.is_direct() && self.bytes >= 4
    }

    /// The operand of one read-modify-write that does what so many with this operand do.
    pub fn of_many(&self, number: i32, count: u8) -> Option<i32> {
        match self.op {
            AtomicOp::Add if self.bytes == 8 => number.checked_mul(count.into()),
            AtomicOp::Add => Some(number.wrapping_mul(count.into())),
            AtomicOp::And | AtomicOp::Or | AtomicOp::Exchange => Some(number),
            _ => None,
        }
    }

    /// The same with another constant operand.
    pub fn with(&self, number: i32) -> Update {
        Update { number: Some(number), ..*self }
    }

    /// It takes so much code that it is better not repeated.
    pub fn loops(&self) -> bool {
        !self.is_direct()
    }

    /// Declares all that it writes; operand and compare too, which [`Update::read`] then fills.
    pub fn declare(&mut self, bundle: &mut Bundle, wanted: bool) {
        self.wanted = wanted;
        bundle.output(self.operand);
        bundle.output(self.compare);
        self.declare_work(bundle);
    }

    /// Declares what it works with.
    fn declare_work(&self, bundle: &mut Bundle) {
        bundle.output_at(self.old, RAX);
        bundle.output(self.new);
        if self.op == AtomicOp::AddFloat {
            bundle.output(self.floats[0]);
            bundle.output(self.floats[1]);
        }
    }

    fn view(&self) -> View {
        match self.bytes {
            2 => View::Word,
            4 => View::Double,
            _ => View::Quad,
        }
    }

    /// The view of operations on registers: what is narrow has zeros above it.
    fn wide(&self) -> View {
        if self.bytes == 8 { View::Quad } else { View::Double }
    }

    fn pick(&self, codes: [Code; 3]) -> Code {
        codes[match self.bytes {
            2 => 0,
            4 => 1,
            _ => 2,
        }]
    }

    fn load(&self, to: VReg, memory: Memory) -> Machine {
        let code = self.pick([Code::Movzx_r32_rm16, Code::Mov_r32_rm32, Code::Mov_r64_rm64]);
        Machine::new(code).def(self.wide(), to).memory(memory)
    }

    fn copy(&self, to: VReg, from: VReg) -> Machine {
        match self.bytes {
            2 => Machine::new(Code::Movzx_r32_rm16).def(View::Double, to).reg(View::Word, from),
            4 => Machine::new(Code::Mov_r32_rm32).def(View::Double, to).reg(View::Double, from),
            _ => Machine::new(Code::Mov_r64_rm64).def(View::Quad, to).reg(View::Quad, from),
        }
    }

    /// Reads operand (0) and compare (1) from where they are kept.
    pub fn read(&self, bundle: &mut Bundle, place: impl Fn(i32) -> Memory) {
        if self.number.is_none() {
            bundle.push(self.load(self.operand, place(0)));
        }
        if self.compares() {
            bundle.push(self.load(self.compare, place(1)));
        }
    }

    /// The read-modify-write itself.
    pub fn apply(&self, bundle: &mut Bundle, memory: Memory) {
        if self.is_direct() && !self.wanted {
            return self.direct(bundle, memory);
        }
        match self.op {
            AtomicOp::Add if self.locked => {
                bundle.push(self.copy(self.old, self.operand));
                let code = self.pick([Code::Xadd_rm16_r16, Code::Xadd_rm32_r32, Code::Xadd_rm64_r64]);
                bundle.push(Machine::new(code).memory(memory).reg(self.view(), self.old).locked());
            }
            AtomicOp::Exchange if self.locked => {
                bundle.push(self.copy(self.old, self.operand));
                let code = self.pick([Code::Xchg_rm16_r16, Code::Xchg_rm32_r32, Code::Xchg_rm64_r64]);
                bundle.push(Machine::new(code).memory(memory).reg(self.view(), self.old));
            }
            AtomicOp::CompareExchange => {
                bundle.push(self.copy(self.old, self.compare));
                self.exchange(bundle, memory, self.operand);
            }
            _ if self.is_direct() && !self.locked => {
                bundle.push(self.load(self.old, memory));
                self.direct(bundle, memory);
            }
            _ => self.by_compare(bundle, memory),
        }
    }

    fn direct(&self, bundle: &mut Bundle, memory: Memory) {
        let codes = match self.op {
            AtomicOp::Add => [Code::Add_rm16_r16, Code::Add_rm32_r32, Code::Add_rm64_r64],
            AtomicOp::And => [Code::And_rm16_r16, Code::And_rm32_r32, Code::And_rm64_r64],
            AtomicOp::Or => [Code::Or_rm16_r16, Code::Or_rm32_r32, Code::Or_rm64_r64],
            AtomicOp::Xor => [Code::Xor_rm16_r16, Code::Xor_rm32_r32, Code::Xor_rm64_r64],
            _ => [Code::Mov_rm16_r16, Code::Mov_rm32_r32, Code::Mov_rm64_r64],
        };
        let machine = match self.number {
            Some(number) => self.with_number(memory, number),
            None => Machine::new(self.pick(codes)).memory(memory).reg(self.view(), self.operand),
        };
        let locks = self.locked && self.op != AtomicOp::Exchange;
        bundle.push(if locks { machine.locked() } else { machine });
    }

    fn with_number(&self, memory: Memory, number: i32) -> Machine {
        let wide = self.bytes == 8;
        let form = match (self.op, i8::try_from(number).is_ok(), wide) {
            (AtomicOp::Exchange, _, true) | (_, false, true) => OpKind::Immediate32to64,
            (AtomicOp::Exchange, _, false) | (_, false, false) => OpKind::Immediate32,
            (_, true, true) => OpKind::Immediate8to64,
            (_, true, false) => OpKind::Immediate8to32,
        };
        let codes = match self.op {
            AtomicOp::Add => {
                [Code::Add_rm32_imm8, Code::Add_rm32_imm32, Code::Add_rm64_imm8, Code::Add_rm64_imm32]
            }
            AtomicOp::And => {
                [Code::And_rm32_imm8, Code::And_rm32_imm32, Code::And_rm64_imm8, Code::And_rm64_imm32]
            }
            AtomicOp::Or => {
                [Code::Or_rm32_imm8, Code::Or_rm32_imm32, Code::Or_rm64_imm8, Code::Or_rm64_imm32]
            }
            AtomicOp::Xor => {
                [Code::Xor_rm32_imm8, Code::Xor_rm32_imm32, Code::Xor_rm64_imm8, Code::Xor_rm64_imm32]
            }
            _ => [Code::Mov_rm32_imm32, Code::Mov_rm32_imm32, Code::Mov_rm64_imm32, Code::Mov_rm64_imm32],
        };
        let long = matches!(form, OpKind::Immediate32 | OpKind::Immediate32to64);
        let code = codes[usize::from(wide) * 2 + usize::from(long)];
        Machine::new(code).memory(memory).number(form, number.into())
    }

    /// Compares memory with rax and writes a register if they are equal.
    fn exchange(&self, bundle: &mut Bundle, memory: Memory, from: VReg) {
        let code = self.pick([Code::Cmpxchg_rm16_r16, Code::Cmpxchg_rm32_r32, Code::Cmpxchg_rm64_r64]);
        let machine = Machine::new(code).memory(memory).reg(self.view(), from);
        bundle.push(if self.locked { machine.locked() } else { machine });
    }

    /// Reads, computes, and writes if nobody wrote meanwhile.
    fn by_compare(&self, bundle: &mut Bundle, memory: Memory) {
        bundle.push(self.load(self.old, memory));
        let again = bundle.label();
        bundle.place(again);
        self.compute(bundle);
        if !self.locked {
            let code = self.pick([Code::Mov_rm16_r16, Code::Mov_rm32_r32, Code::Mov_rm64_r64]);
            bundle.push(Machine::new(code).memory(memory).reg(self.view(), self.new));
            return;
        }
        self.exchange(bundle, memory, self.new);
        bundle.jump(Some(Condition::NotEqual), again);
    }

    /// new = old op operand.
    fn compute(&self, bundle: &mut Bundle) {
        let long = self.bytes == 8;
        let logic = |codes: [Code; 2]| {
            let code = codes[usize::from(long)];
            Machine::new(code).def(self.wide(), self.new).reg(self.wide(), self.operand)
        };
        match self.op {
            AtomicOp::And | AtomicOp::Or | AtomicOp::Xor => {
                bundle.push(self.copy(self.new, self.old));
                bundle.push(logic(match self.op {
                    AtomicOp::And => [Code::And_r32_rm32, Code::And_r64_rm64],
                    AtomicOp::Or => [Code::Or_r32_rm32, Code::Or_r64_rm64],
                    _ => [Code::Xor_r32_rm32, Code::Xor_r64_rm64],
                }));
            }
            AtomicOp::IncrementWrap | AtomicOp::DecrementWrap => self.count(bundle),
            AtomicOp::AddFloat => self.add_float(bundle),
            _ => {
                let (narrow, wide) = match self.op {
                    AtomicOp::MinSigned => (Code::Cmovg_r32_rm32, Code::Cmovg_r64_rm64),
                    AtomicOp::MaxSigned => (Code::Cmovl_r32_rm32, Code::Cmovl_r64_rm64),
                    AtomicOp::MinUnsigned => (Code::Cmova_r32_rm32, Code::Cmova_r64_rm64),
                    _ => (Code::Cmovb_r32_rm32, Code::Cmovb_r64_rm64),
                };
                bundle.push(self.copy(self.new, self.old));
                self.compare_operand(bundle);
                bundle.push(logic([narrow, wide]));
            }
        }
    }

    /// Flags of old - operand.
    fn compare_operand(&self, bundle: &mut Bundle) {
        let code = self.pick([Code::Cmp_r16_rm16, Code::Cmp_r32_rm32, Code::Cmp_r64_rm64]);
        bundle.push(Machine::new(code).reg(self.view(), self.old).reg(self.view(), self.operand));
    }

    fn count(&self, bundle: &mut Bundle) {
        let up = self.op == AtomicOp::IncrementWrap;
        let step = Memory::at(super::machine::Base::Register(self.old), if up { 1 } else { -1 });
        let (wraps, done) = (bundle.label(), bundle.label());
        bundle.push(Machine::new(Code::Lea_r64_m).def(View::Quad, self.new).memory(step));
        if up {
            self.compare_operand(bundle);
            bundle.jump(Some(Condition::Below), done);
            bundle.push(Machine::new(Code::Xor_r32_rm32).def(View::Double, self.new).again(0));
        } else {
            bundle.push(Machine::new(Code::Test_rm64_r64).reg(View::Quad, self.old).again(0));
            bundle.jump(Some(Condition::Equal), wraps);
            self.compare_operand(bundle);
            bundle.jump(Some(Condition::BelowEqual), done);
            bundle.place(wraps);
            bundle.push(self.copy(self.new, self.operand));
        }
        bundle.place(done);
    }

    /// A sum of floats, with the one form of what is no number.
    fn add_float(&self, bundle: &mut Bundle) {
        let [sum, term] = self.floats;
        let long = self.bytes == 8;
        let pick = |narrow: Code, wide: Code| if long { wide } else { narrow };
        let to = pick(Code::EVEX_Vmovd_xmm_rm32, Code::EVEX_Vmovq_xmm_rm64);
        bundle.push(Machine::new(to).def(View::X, sum).reg(self.wide(), self.old));
        bundle.push(Machine::new(to).def(View::X, term).reg(self.wide(), self.operand));
        let add = pick(Code::EVEX_Vaddss_xmm_k1z_xmm_xmmm32_er, Code::EVEX_Vaddsd_xmm_k1z_xmm_xmmm64_er);
        bundle.push(Machine::new(add).def(View::X, sum).reg(View::X, sum).reg(View::X, term));
        let from = pick(Code::EVEX_Vmovd_rm32_xmm, Code::EVEX_Vmovq_rm64_xmm);
        bundle.push(Machine::new(from).def(self.wide(), self.new).reg(View::X, sum));
        let test = pick(Code::EVEX_Vucomiss_xmm_xmmm32_sae, Code::EVEX_Vucomisd_xmm_xmmm64_sae);
        bundle.push(Machine::new(test).reg(View::X, sum).again(0));
        let number = bundle.label();
        bundle.jump(Some(Condition::NotParity), number);
        bundle.push(if long {
            let machine = Machine::new(Code::Mov_r64_imm64).def(View::Quad, self.new);
            machine.number(OpKind::Immediate64, (0xfff8u64 << 48) as i64)
        } else {
            let machine = Machine::new(Code::Mov_r32_imm32).def(View::Double, self.new);
            machine.number(OpKind::Immediate32, 0x7fff_ffff)
        });
        bundle.place(number);
    }
}

/// Selects an atomic or a fence.
pub fn select(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let (op, bytes, locked, scale, offset) = match inst.op {
        Op::Fence => {
            s.push(Machine::new(Code::Mfence));
            return Ok(());
        }
        Op::AtomicLanes { bytes, scale, offset, op, locked, .. } => (op, bytes, locked, scale, offset),
        Op::Atomic { access, op, .. } => {
            let alone = matches!(access.space, Space::Shared | Space::Local);
            (op, access.bytes, !alone, 0, 0)
        }
        _ => return Err(s.refuse(id, "that")),
    };
    let update = Update::new(s, op, bytes, locked);
    if !update.exists() {
        return Err(s.refuse(id, format_args!("an atomic {op:?} of {bytes} bytes")));
    }
    match scale {
        0 => scalar(s, id, update),
        _ => lane_loop::atomic(s, id, update, scale, offset),
    }
    Ok(())
}

/// One read-modify-write, under a bit or always.
fn scalar(s: &mut Select<'_>, id: InstId, mut update: Update) {
    let inst = s.inst(id);
    let Op::Atomic { access, .. } = inst.op else { return };
    let site = access_of(inst, update.bytes, true, Asked::All(1));
    let memory = s.address(inst.args[0], access.offset, site);
    let result = inst.results.first().copied().filter(|&result| s.is_wanted(result));
    update.wanted = result.is_some();
    let number = s.constant(inst.args[1]).filter(|_| update.takes_immediate(update.wanted));
    update.number = number.and_then(|number| immediate(number, update.bytes));
    let mut bundle = Bundle::default();
    if update.number.is_none() {
        update.operand = s.reg(inst.args[1]);
        bundle.input(update.operand);
    }
    if update.compares() {
        update.compare = s.reg(inst.args[2]);
        bundle.input(update.compare);
    }
    for operand in Machine::new(Code::Lea_r64_m).memory(Memory { access: None, ..memory }).operands {
        bundle.input(operand.vreg());
    }
    if let Some(result) = result {
        update.old = s.result(result);
    }
    update.declare_work(&mut bundle);
    let over = bundle.label();
    if let Some(guard) = s.lanes(inst.mask) {
        let guard = s.reg(guard);
        bundle.input(guard);
        bundle.push(Machine::new(Code::Xor_r32_rm32).def(View::Double, update.old).again(0));
        bundle.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, guard).again(0));
        bundle.jump(Some(Condition::Equal), over);
    }
    if update.bytes == 2 && update.number.is_none() {
        // Bits above the operand's do not count; the arithmetic is done on 32.
        let clean = s.fresh(INT);
        bundle.output(clean);
        bundle.push(update.copy(clean, update.operand));
        update.operand = clean;
    }
    update.apply(&mut bundle, memory);
    bundle.place(over);
    s.push_bundle(bundle);
    debug_assert!(result.is_none_or(|result| s.ty(result) != Type::I1));
}

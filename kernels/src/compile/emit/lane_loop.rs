//! Lanes one after the other: what no instruction does for a whole vector.

use iced_x86::Code;
use regalloc2::VReg;

use super::super::ssa::{Inst, InstId, Type, Value};
use super::atomic::{self, Update};
use super::machine::{
    Access, Asked, Base, Bundle, Condition, INT, Label, MASK, Machine, Memory, VECTOR, View,
};
use super::memory::exact;
use super::select::Select;
use super::walk::lanes_of;

/// Bytes of the frame for one vector.
const VECTOR_BYTES: i32 = 64;

/// Where the old values of atomics are kept: behind index, operand and compare.
const OLD: i32 = 3 * VECTOR_BYTES;

/// The addresses of the lanes.
struct Lanes {
    /// Base and offset; the index is per lane.
    memory: Memory,
    index_bits: u32,
    /// A general register for the lane's index.
    at: VReg,
    count: u8,
    access: Access,
}

impl Lanes {
    fn new(
        s: &mut Select<'_>,
        bundle: &mut Bundle,
        inst: &Inst,
        access: Access,
        scale: u8,
        offset: i32,
    ) -> Lanes {
        let index = inst.args[1];
        let mut memory = s.plain_address(inst.args[0], offset.into(), None);
        if let Base::Register(base) = memory.base {
            bundle.input(base);
        }
        let at = s.fresh(INT);
        bundle.output(at);
        memory.index = Some((View::Quad, at));
        memory.scale = scale;
        Lanes { memory, index_bits: s.ty(index).bits(), at, count: lanes_of(s.ty(index)), access }
    }

    /// Reads the index of a lane; the memory operand of its element.
    fn element(&self, bundle: &mut Bundle, lane: Lane) -> Memory {
        let code = if self.index_bits == 32 { Code::Movsxd_r64_rm32 } else { Code::Mov_r64_rm64 };
        bundle.push(Machine::new(code).def(View::Quad, self.at).memory(kept(0, self.index_bits, lane)));
        self.at(self.at, lane)
    }

    /// The memory operand of a lane's element, its index in a register.
    fn at(&self, index: VReg, lane: Lane) -> Memory {
        let asked = match lane {
            Lane::Fixed(lane) => Asked::One(lane),
            Lane::Variable(lane) => Asked::Lane(lane),
        };
        let access = Some(Access { asked, ..self.access });
        Memory { index: Some((View::Quad, index)), access, ..self.memory }
    }

    /// All lanes in order, each with the memory operand of its element. Two indexes of 32 bits are read at once: to forward
    /// them from the vector that was just written takes longer than to take them apart.
    fn all(&self, s: &mut Select<'_>, bundle: &mut Bundle, mut one: impl FnMut(&mut Bundle, u8, Memory)) {
        if self.index_bits != 32 {
            for lane in 0..self.count {
                let memory = self.element(bundle, Lane::Fixed(lane));
                one(bundle, lane, memory);
            }
            return;
        }
        let both = s.fresh(INT);
        bundle.output(both);
        for lane in (0..self.count).step_by(2) {
            let from = kept(0, 32, Lane::Fixed(lane));
            bundle.push(Machine::new(Code::Mov_r64_rm64).def(View::Quad, both).memory(from));
            let low = Machine::new(Code::Movsxd_r64_rm32).def(View::Quad, self.at).reg(View::Double, both);
            bundle.push(low);
            one(bundle, lane, self.at(self.at, Lane::Fixed(lane)));
            let high = Machine::new(Code::Sar_rm64_imm8).tied(View::Quad, both, both).immediate(32);
            bundle.push(high);
            one(bundle, lane + 1, self.at(both, Lane::Fixed(lane + 1)));
        }
    }
}

/// Which lane.
#[derive(Clone, Copy)]
enum Lane {
    /// Known while selecting.
    Fixed(u8),
    /// In a register.
    Variable(VReg),
}

/// A lane of a vector that was put into the frame.
fn kept(start: i32, bits: u32, lane: Lane) -> Memory {
    let bytes = bits as u8 / 8;
    match lane {
        Lane::Fixed(lane) => Memory::at(Base::Scratch, start + i32::from(lane) * i32::from(bytes)),
        Lane::Variable(lane) => {
            Memory { index: Some((View::Quad, lane)), scale: bytes, ..Memory::at(Base::Scratch, start) }
        }
    }
}

/// Puts a vector into the frame.
fn keep(s: &mut Select<'_>, bundle: &mut Bundle, start: i32, value: Value) {
    let register = s.reg(value);
    bundle.input(register);
    let view = exact(s.ty(value));
    let code = match view {
        View::Y => Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm,
        _ => Code::EVEX_Vmovdqu32_zmmm512_k1z_zmm,
    };
    bundle.push(Machine::new(code).memory(Memory::at(Base::Scratch, start)).reg(view, register));
}

/// Runs `body` for each lane of a mask, ascending.
fn each(
    s: &mut Select<'_>,
    bundle: &mut Bundle,
    mask: Option<VReg>,
    count: u8,
    body: impl FnOnce(&mut Bundle, Lane),
) {
    let (bits, lane) = (s.fresh(INT), s.fresh(INT));
    bundle.output(bits);
    bundle.output(lane);
    let (next, done) = (bundle.label(), bundle.label());
    match mask {
        Some(mask) => {
            bundle.input(mask);
            let code = if count == 8 { Code::VEX_Kmovb_r32_kr } else { Code::VEX_Kmovw_r32_kr };
            bundle.push(Machine::new(code).def(View::Double, bits).reg(View::K, mask));
            bundle.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, bits).again(0));
            bundle.jump(Some(Condition::Equal), done);
        }
        None => {
            let all = Machine::new(Code::Mov_r32_imm32).def(View::Double, bits);
            bundle.push(all.number(iced_x86::OpKind::Immediate32, (1 << count) - 1));
        }
    }
    bundle.place(next);
    bundle.push(Machine::new(Code::Tzcnt_r32_rm32).def(View::Double, lane).reg(View::Double, bits));
    body(bundle, Lane::Variable(lane));
    bundle.push(Machine::new(Code::VEX_Blsr_r32_rm32).def(View::Double, bits).reg(View::Double, bits));
    bundle.jump(Some(Condition::NotEqual), next);
    bundle.place(done);
}

/// A scatter of bytes or pairs of bytes.
pub fn scatter(s: &mut Select<'_>, id: InstId, bytes: u8, scale: u8, offset: i32) {
    let inst = s.inst(id);
    let mut bundle = Bundle::default();
    s.scratch(2 * VECTOR_BYTES as u32);
    let access = Access { line: inst.line, bytes, write: true, asked: Asked::All(1) };
    let lanes = Lanes::new(s, &mut bundle, inst, access, scale, offset);
    keep(s, &mut bundle, 0, inst.args[1]);
    keep(s, &mut bundle, VECTOR_BYTES, inst.args[2]);
    let (bits, value) = (s.ty(inst.args[2]).bits(), s.fresh(INT));
    bundle.output(value);
    let mask = s.lanes(inst.mask).map(|mask| s.reg(mask));
    let (store, view) = match bytes {
        1 => (Code::Mov_rm8_r8, View::Byte),
        _ => (Code::Mov_rm16_r16, View::Word),
    };
    each(s, &mut bundle, mask, lanes.count, |bundle, lane| {
        let memory = lanes.element(bundle, lane);
        let from = kept(VECTOR_BYTES, bits, lane);
        bundle.push(Machine::new(Code::Mov_r32_rm32).def(View::Double, value).memory(from));
        bundle.push(Machine::new(store).memory(memory).reg(view, value));
    });
    s.push_bundle(bundle);
}

/// Read-modify-writes of all lanes.
pub fn atomic(s: &mut Select<'_>, id: InstId, mut update: Update, scale: u8, offset: i32) {
    let inst = s.inst(id);
    let mut bundle = Bundle::default();
    s.scratch((OLD + VECTOR_BYTES) as u32);
    let access = Access { line: inst.line, bytes: update.bytes, write: true, asked: Asked::All(1) };
    let lanes = Lanes::new(s, &mut bundle, inst, access, scale, offset);
    let result = inst.results.first().copied().filter(|&result| s.is_wanted(result));
    let operand = inst.args[2];
    let number = s.splat(operand).filter(|_| update.takes_immediate(result.is_some()));
    update.number = number.and_then(|number| atomic::immediate(number, update.bytes));
    keep(s, &mut bundle, 0, inst.args[1]);
    if update.number.is_none() {
        keep(s, &mut bundle, VECTOR_BYTES, operand);
    }
    if let Some(&compare) = inst.args.get(3).filter(|_| update.compares()) {
        keep(s, &mut bundle, 2 * VECTOR_BYTES, compare);
    }
    update.declare(&mut bundle, result.is_some());
    let (operand_bits, mask) = (s.ty(operand).bits(), s.lanes(inst.mask).map(|mask| s.reg(mask)));
    let kept_bits = result.map(|result| s.ty(result).bits());
    let one = |bundle: &mut Bundle, lane: Lane, memory: Memory| {
        update.read(bundle, |which| kept(VECTOR_BYTES * (1 + which), operand_bits, lane));
        update.apply(bundle, memory);
        if let Some(bits) = kept_bits {
            let (code, view) = match bits {
                64 => (Code::Mov_rm64_r64, View::Quad),
                _ => (Code::Mov_rm32_r32, View::Double),
            };
            bundle.push(Machine::new(code).memory(kept(OLD, bits, lane)).reg(view, update.old));
        }
    };
    if !update.loops() && (result.is_none() || !update.locked) {
        let number = update.number.filter(|_| result.is_none());
        let total = number.and_then(|number| update.of_many(number, lanes.count));
        let together = total.map(|total| (inst.args[1], update.with(total)));
        unrolled(s, &mut bundle, mask, &lanes, together, one);
    } else {
        each_element(s, &mut bundle, mask, &lanes, one);
    }
    if let Some(result) = result {
        let d = s.result(result);
        bundle.output(d);
        take(&mut bundle, s.ty(result), d, mask);
    }
    s.push_bundle(bundle);
}

/// Runs `body` for the element of each lane of a mask, ascending.
fn each_element(
    s: &mut Select<'_>,
    bundle: &mut Bundle,
    mask: Option<VReg>,
    lanes: &Lanes,
    body: impl FnOnce(&mut Bundle, Lane, Memory),
) {
    each(s, bundle, mask, lanes.count, |bundle, lane| {
        let memory = lanes.element(bundle, lane);
        body(bundle, lane, memory);
    });
}

/// The same without a loop if all lanes are there. If all their indexes are one, `together` does it at once: each lane would
/// wait for the one before it.
fn unrolled(
    s: &mut Select<'_>,
    bundle: &mut Bundle,
    mask: Option<VReg>,
    lanes: &Lanes,
    together: Option<(Value, Update)>,
    one: impl Fn(&mut Bundle, Lane, Memory),
) {
    let (some, done) = (bundle.label(), bundle.label());
    if let Some(mask) = mask {
        bundle.input(mask);
        let code = if lanes.count == 8 { Code::VEX_Kortestb_kr_kr } else { Code::VEX_Kortestw_kr_kr };
        bundle.push(Machine::new(code).reg(View::K, mask).again(0));
        bundle.jump(Some(Condition::AboveEqual), some);
    }
    if let Some((index, update)) = &together {
        let apart = bundle.label();
        jump_if_apart(s, bundle, *index, apart);
        let memory = lanes.element(bundle, Lane::Fixed(0));
        update.apply(bundle, memory);
        bundle.jump(None, done);
        bundle.place(apart);
    }
    lanes.all(s, bundle, |bundle, lane, memory| one(bundle, Lane::Fixed(lane), memory));
    if mask.is_some() {
        bundle.jump(None, done);
        bundle.place(some);
        each_element(s, bundle, mask, lanes, one);
    }
    bundle.place(done);
}

/// On to a label unless all lanes of a vector in a register are the same.
fn jump_if_apart(s: &mut Select<'_>, bundle: &mut Bundle, value: Value, apart: Label) {
    // table
    let (spread, compare, view, test) = match s.ty(value) {
        Type::V { bits: 64, .. } => (
            Code::EVEX_Vpbroadcastq_zmm_k1z_xmmm64,
            Code::EVEX_Vpcmpeqq_kr_k1_zmm_zmmm512b64,
            View::Z,
            Code::VEX_Kortestb_kr_kr,
        ),
        Type::V { lanes: 8, .. } => (
            Code::EVEX_Vpbroadcastd_ymm_k1z_xmmm32,
            Code::EVEX_Vpcmpeqd_kr_k1_ymm_ymmm256b32,
            View::Y,
            Code::VEX_Kortestb_kr_kr,
        ),
        _ => (
            Code::EVEX_Vpbroadcastd_zmm_k1z_xmmm32,
            Code::EVEX_Vpcmpeqd_kr_k1_zmm_zmmm512b32,
            View::Z,
            Code::VEX_Kortestw_kr_kr,
        ),
    };
    let (value, first, same) = (s.reg(value), s.fresh(VECTOR), s.fresh(MASK));
    bundle.output(first);
    bundle.output(same);
    bundle.push(Machine::new(spread).def(view, first).reg(View::X, value));
    bundle.push(Machine::new(compare).def(View::K, same).reg(view, value).reg(view, first));
    bundle.push(Machine::new(test).reg(View::K, same).again(0));
    bundle.jump(Some(Condition::AboveEqual), apart);
}

/// Reads the old values; zero outside of the mask.
fn take(bundle: &mut Bundle, ty: Type, d: VReg, mask: Option<VReg>) {
    let (code, view) = match ty {
        Type::V { bits: 32, lanes: 8 } => (Code::EVEX_Vmovdqu32_ymm_k1z_ymmm256, View::Y),
        Type::V { bits: 32, .. } => (Code::EVEX_Vmovdqu32_zmm_k1z_zmmm512, View::Z),
        _ => (Code::EVEX_Vmovdqu64_zmm_k1z_zmmm512, View::Z),
    };
    let load = Machine::new(code).def(view, d).memory(Memory::at(Base::Scratch, OLD));
    bundle.push(match mask {
        Some(mask) => load.masked(mask),
        None => load,
    });
}

//! Loads and stores, gathers and scatters.

use iced_x86::Code;
use regalloc2::VReg;

use super::super::Refusal;
use super::super::ssa::{self, Inst, InstId, Op, Type, Value};
use super::machine::{Access, Asked, Bundle, Condition, MASK, Machine, Memory, VECTOR, View};
use super::select::Select;
use super::walk::lanes_of;
use super::{lane_loop, scalar};
use crate::ir::op::Space;

/// What is to be known of an access for its faults.
pub fn access_of(inst: &Inst, bytes: u8, write: bool, asked: Asked) -> Option<Access> {
    Some(Access { line: inst.line, bytes, write, asked })
}

/// Selects a load.
pub fn load(s: &mut Select<'_>, id: InstId, access: &ssa::Access) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let mut offset = access.offset;
    for &result in &inst.results {
        let ty = s.ty(result);
        if s.is_wanted(result) || access.ordered {
            let d = s.result(result);
            match ty {
                Type::V { .. } => load_vector(s, id, access, offset, ty, d)?,
                _ if s.lanes(inst.mask).is_some() => return Err(s.refuse(id, "a scalar load under a mask")),
                _ => load_scalar(s, id, access, offset, ty, d)?,
            }
        }
        offset += i64::from(access.bytes) * i64::from(lanes_of(ty));
    }
    Ok(())
}

fn load_scalar(
    s: &mut Select<'_>,
    id: InstId,
    access: &ssa::Access,
    offset: i64,
    ty: Type,
    d: VReg,
) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let wide = ty == Type::I64 && access.signed;
    let (code, view) = match (access.bytes, access.signed, wide) {
        (1, false, _) => (Code::Movzx_r32_rm8, View::Double),
        (2, false, _) => (Code::Movzx_r32_rm16, View::Double),
        (1, true, false) => (Code::Movsx_r32_rm8, View::Double),
        (2, true, false) => (Code::Movsx_r32_rm16, View::Double),
        (1, true, true) => (Code::Movsx_r64_rm8, View::Quad),
        (2, true, true) => (Code::Movsx_r64_rm16, View::Quad),
        (4, true, true) => (Code::Movsxd_r64_rm32, View::Quad),
        (4, ..) => (Code::Mov_r32_rm32, View::Double),
        (8, ..) if ty == Type::I64 => (Code::Mov_r64_rm64, View::Quad),
        _ => return Err(s.refuse(id, "a load of that size")),
    };
    let memory = s.address(inst.args[0], offset, access_of(inst, access.bytes, false, Asked::All(1)));
    s.push(Machine::new(code).def(view, d).memory(memory));
    Ok(())
}

/// The instruction that loads elements of so many bytes into lanes of a type, and how it looks at its result.
fn load_code(ty: Type, bytes: u8, signed: bool) -> Option<(Code, View)> {
    // table
    let Type::V { bits, lanes } = ty else { return None };
    Some(match (bits, lanes, bytes, signed) {
        (32, 16, 4, _) => (Code::EVEX_Vmovdqu32_zmm_k1z_zmmm512, View::Z),
        (32, 16, 2, false) => (Code::EVEX_Vpmovzxwd_zmm_k1z_ymmm256, View::Z),
        (32, 16, 2, true) => (Code::EVEX_Vpmovsxwd_zmm_k1z_ymmm256, View::Z),
        (32, 16, 1, false) => (Code::EVEX_Vpmovzxbd_zmm_k1z_xmmm128, View::Z),
        (32, 16, 1, true) => (Code::EVEX_Vpmovsxbd_zmm_k1z_xmmm128, View::Z),
        (32, 8, 4, _) => (Code::EVEX_Vmovdqu32_ymm_k1z_ymmm256, View::Y),
        (32, 8, 2, false) => (Code::EVEX_Vpmovzxwd_ymm_k1z_xmmm128, View::Y),
        (32, 8, 2, true) => (Code::EVEX_Vpmovsxwd_ymm_k1z_xmmm128, View::Y),
        (32, 8, 1, false) => (Code::EVEX_Vpmovzxbd_ymm_k1z_xmmm64, View::Y),
        (32, 8, 1, true) => (Code::EVEX_Vpmovsxbd_ymm_k1z_xmmm64, View::Y),
        (64, 8, 8, _) => (Code::EVEX_Vmovdqu64_zmm_k1z_zmmm512, View::Z),
        (64, 8, 4, false) => (Code::EVEX_Vpmovzxdq_zmm_k1z_ymmm256, View::Z),
        (64, 8, 4, true) => (Code::EVEX_Vpmovsxdq_zmm_k1z_ymmm256, View::Z),
        (64, 8, 2, false) => (Code::EVEX_Vpmovzxwq_zmm_k1z_xmmm128, View::Z),
        (64, 8, 2, true) => (Code::EVEX_Vpmovsxwq_zmm_k1z_xmmm128, View::Z),
        (64, 8, 1, false) => (Code::EVEX_Vpmovzxbq_zmm_k1z_xmmm64, View::Z),
        (64, 8, 1, true) => (Code::EVEX_Vpmovsxbq_zmm_k1z_xmmm64, View::Z),
        _ => return None,
    })
}

/// For whom an access is made, and the mask it is made under.
fn asked(s: &mut Select<'_>, mask: Option<Value>, lanes: u8) -> (Asked, Option<VReg>) {
    match s.lanes(mask) {
        Some(mask) => {
            let mask = s.reg(mask);
            (Asked::Mask(mask, lanes), Some(mask))
        }
        None => (Asked::All(lanes), None),
    }
}

fn load_vector(
    s: &mut Select<'_>,
    id: InstId,
    access: &ssa::Access,
    offset: i64,
    ty: Type,
    d: VReg,
) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let Some((code, view)) = load_code(ty, access.bytes, access.signed) else {
        return Err(s.refuse(id, "a load of that size"));
    };
    let (asked, mask) = asked(s, inst.mask, lanes_of(ty));
    let memory = s.address(inst.args[0], offset, access_of(inst, access.bytes, false, asked));
    let machine = Machine::new(code).def(view, d).memory(memory);
    let Some(mask) = mask else {
        s.push(machine);
        return Ok(());
    };
    if !may_miss(access.space) {
        s.push(machine.masked(mask));
        return Ok(());
    }
    let mut bundle = Bundle::default();
    inputs(&mut bundle, mask, &memory);
    bundle.output(d);
    let masked = machine.clone().masked(mask);
    by_mask(&mut bundle, mask, lanes_of(ty), machine, masked);
    s.push_bundle(bundle);
    Ok(())
}

/// Selects a prefetch.
pub fn prefetch(s: &mut Select<'_>, id: InstId, writes: bool) {
    let code = if writes { Code::Prefetchw_m8 } else { Code::Prefetcht0_m8 };
    let memory = s.address(s.inst(id).args[0], 0, None);
    s.push(Machine::new(code).memory(memory));
}

/// Whether accesses of a space may miss the caches. One under a mask that does is begun only when all before it is done, and
/// takes several times as long; so it has no mask where that is full.
fn may_miss(space: Space) -> bool {
    matches!(space, Space::Global | Space::Generic)
}

/// What an access under a mask reads.
fn inputs(bundle: &mut Bundle, mask: VReg, memory: &Memory) {
    bundle.input(mask);
    for operand in Machine::new(Code::Lea_r64_m).memory(Memory { access: None, ..*memory }).operands {
        bundle.input(operand.vreg());
    }
}

/// Does the first if a mask is full, else the second.
fn by_mask(bundle: &mut Bundle, mask: VReg, lanes: u8, full: Machine, rest: Machine) {
    let (some, done) = (bundle.label(), bundle.label());
    let test = if lanes == 8 { Code::VEX_Kortestb_kr_kr } else { Code::VEX_Kortestw_kr_kr };
    bundle.push(Machine::new(test).reg(View::K, mask).again(0));
    bundle.jump(Some(Condition::AboveEqual), some);
    bundle.push(full);
    bundle.jump(None, done);
    bundle.place(some);
    bundle.push(rest);
    bundle.place(done);
}

/// Selects a store.
pub fn store(s: &mut Select<'_>, id: InstId, access: &ssa::Access) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let mut offset = access.offset;
    for &value in &inst.args[1..] {
        let ty = s.ty(value);
        match ty {
            Type::V { .. } => store_vector(s, id, access, offset, value)?,
            _ => store_scalar(s, id, access, offset, value)?,
        }
        offset += i64::from(access.bytes) * i64::from(lanes_of(ty));
    }
    Ok(())
}

fn store_scalar(
    s: &mut Select<'_>,
    id: InstId,
    access: &ssa::Access,
    offset: i64,
    value: Value,
) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let memory = s.address(inst.args[0], offset, access_of(inst, access.bytes, true, Asked::All(1)));
    let machine = match scalar::immediate(s, value, access.bytes == 8) {
        Some(number) => {
            let (code, form) = match access.bytes {
                1 => (Code::Mov_rm8_imm8, iced_x86::OpKind::Immediate8),
                2 => (Code::Mov_rm16_imm16, iced_x86::OpKind::Immediate16),
                4 => (Code::Mov_rm32_imm32, iced_x86::OpKind::Immediate32),
                _ => (Code::Mov_rm64_imm32, iced_x86::OpKind::Immediate32to64),
            };
            Machine::new(code).memory(memory).number(form, number.into())
        }
        None => {
            let (code, view) = match access.bytes {
                1 => (Code::Mov_rm8_r8, View::Byte),
                2 => (Code::Mov_rm16_r16, View::Word),
                4 => (Code::Mov_rm32_r32, View::Double),
                _ => (Code::Mov_rm64_r64, View::Quad),
            };
            let value = s.reg(value);
            Machine::new(code).memory(memory).reg(view, value)
        }
    };
    let Some(guard) = s.lanes(inst.mask) else {
        s.push(machine);
        return Ok(());
    };
    let guard = s.reg(guard);
    let mut bundle = Bundle::default();
    bundle.input(guard);
    machine.operands.iter().for_each(|operand| bundle.input(operand.vreg()));
    let over = bundle.label();
    bundle.push(Machine::new(Code::Test_rm32_r32).reg(View::Double, guard).again(0));
    bundle.jump(Some(Condition::Equal), over);
    bundle.push(machine);
    bundle.place(over);
    s.push_bundle(bundle);
    Ok(())
}

/// The instruction that stores lanes as elements of so many bytes, how it looks at the vector, and the one that stores
/// elements after they were narrowed in a register, under a mask.
fn store_code(ty: Type, bytes: u8) -> Option<(Code, View, Option<Code>)> {
    // table
    let Type::V { bits, lanes } = ty else { return None };
    let bytes_masked = Some(Code::EVEX_Vmovdqu8_xmmm128_k1z_xmm);
    let words_masked = Some(Code::EVEX_Vmovdqu16_xmmm128_k1z_xmm);
    Some(match (bits, lanes, bytes) {
        (32, 16, 4) => (Code::EVEX_Vmovdqu32_zmmm512_k1z_zmm, View::Z, None),
        (32, 16, 2) => {
            (Code::EVEX_Vpmovdw_ymmm256_k1z_zmm, View::Z, Some(Code::EVEX_Vmovdqu16_ymmm256_k1z_ymm))
        }
        (32, 16, 1) => (Code::EVEX_Vpmovdb_xmmm128_k1z_zmm, View::Z, bytes_masked),
        (32, 8, 4) => (Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm, View::Y, None),
        (32, 8, 2) => (Code::EVEX_Vpmovdw_xmmm128_k1z_ymm, View::Y, words_masked),
        (32, 8, 1) => (Code::EVEX_Vpmovdb_xmmm64_k1z_ymm, View::Y, bytes_masked),
        (64, 8, 8) => (Code::EVEX_Vmovdqu64_zmmm512_k1z_zmm, View::Z, None),
        (64, 8, 4) => {
            (Code::EVEX_Vpmovqd_ymmm256_k1z_zmm, View::Z, Some(Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm))
        }
        (64, 8, 2) => (Code::EVEX_Vpmovqw_xmmm128_k1z_zmm, View::Z, words_masked),
        (64, 8, 1) => (Code::EVEX_Vpmovqb_xmmm64_k1z_zmm, View::Z, bytes_masked),
        _ => return None,
    })
}

fn store_vector(
    s: &mut Select<'_>,
    id: InstId,
    access: &ssa::Access,
    offset: i64,
    value: Value,
) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let ty = s.ty(value);
    let Some((code, view, narrowed)) = store_code(ty, access.bytes) else {
        return Err(s.refuse(id, "a store of that size"));
    };
    let (asked, mask) = asked(s, inst.mask, lanes_of(ty));
    let memory = s.address(inst.args[0], offset, access_of(inst, access.bytes, true, asked));
    let value = s.reg(value);
    let Some(mask) = mask else {
        s.push(Machine::new(code).memory(memory).reg(view, value));
        return Ok(());
    };
    let Some(store) = narrowed else {
        let machine = Machine::new(code).memory(memory).reg(view, value);
        if !may_miss(access.space) {
            s.push(machine.merged(mask));
            return Ok(());
        }
        let mut bundle = Bundle::default();
        inputs(&mut bundle, mask, &memory);
        bundle.input(value);
        let masked = machine.clone().merged(mask);
        by_mask(&mut bundle, mask, lanes_of(ty), machine, masked);
        s.push_bundle(bundle);
        return Ok(());
    };
    // The instruction looks at 16 lanes, of which there may be only eight.
    let mask = if lanes_of(ty) == 8 && access.bytes == 1 { low_half(s, mask) } else { mask };
    let small = s.fresh(VECTOR);
    let to = if store == Code::EVEX_Vmovdqu16_ymmm256_k1z_ymm || store == Code::EVEX_Vmovdqu32_ymmm256_k1z_ymm
    {
        View::Y
    } else {
        View::X
    };
    s.push(Machine::new(code).def(to, small).reg(view, value));
    s.push(Machine::new(store).memory(memory).reg(to, small).merged(mask));
    Ok(())
}

/// A mask of 8 lanes with nothing above them.
fn low_half(s: &mut Select<'_>, mask: VReg) -> VReg {
    let clean = s.fresh(MASK);
    s.push(Machine::new(Code::VEX_Kmovb_kr_km8).def(View::K, clean).reg(View::K, mask));
    clean
}

/// Selects a gather or a scatter.
pub fn lanes(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    match inst.op {
        Op::Gather { bytes, scale, offset, .. } => gather(s, id, bytes, scale, offset),
        Op::Scatter { bytes: bytes @ (4 | 8), scale, offset, .. } => scatter(s, id, bytes, scale, offset),
        Op::Scatter { bytes, scale, offset, .. } => {
            lane_loop::scatter(s, id, bytes, scale, offset);
            Ok(())
        }
        _ => Err(s.refuse(id, "that")),
    }
}

/// How an instruction looks at a vector of this type: half of the lanes of 32 bits are a ymm.
pub fn exact(ty: Type) -> View {
    match ty {
        Type::V { bits: 32, lanes: 8 } => View::Y,
        _ => View::Z,
    }
}

fn gather(s: &mut Select<'_>, id: InstId, bytes: u8, scale: u8, offset: i32) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let (result, index) = (inst.results[0], inst.args[1]);
    let code = match (s.ty(result), s.ty(index), bytes) {
        (Type::V { bits: 32, lanes: 16 }, Type::V { bits: 32, .. }, 4) => Code::EVEX_Vpgatherdd_zmm_k1_vm32z,
        (Type::V { bits: 32, lanes: 8 }, Type::V { bits: 32, .. }, 4) => Code::EVEX_Vpgatherdd_ymm_k1_vm32y,
        (Type::V { bits: 32, lanes: 8 }, Type::V { bits: 64, .. }, 4) => Code::EVEX_Vpgatherqd_ymm_k1_vm64z,
        (Type::V { bits: 64, lanes: 8 }, Type::V { bits: 32, .. }, 8) => Code::EVEX_Vpgatherdq_zmm_k1_vm32y,
        (Type::V { bits: 64, lanes: 8 }, Type::V { bits: 64, .. }, 8) => Code::EVEX_Vpgatherqq_zmm_k1_vm64z,
        _ => return Err(s.refuse(id, "a gather like that")),
    };
    let d = s.result(result);
    let (memory, mask) = vector_address(s, id, bytes, false, scale, offset);
    let (zero, left) = (s.fresh(VECTOR), s.fresh(MASK));
    let view = exact(s.ty(result));
    s.push(Machine::new(Code::EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32).def(View::Z, zero).again(0).again(0));
    s.push(Machine::new(code).tied(view, d, zero).memory(memory).consumes(left, mask));
    Ok(())
}

/// The memory operand of a gather or scatter, and its mask.
fn vector_address(
    s: &mut Select<'_>,
    id: InstId,
    bytes: u8,
    write: bool,
    scale: u8,
    offset: i32,
) -> (Memory, VReg) {
    let inst = s.inst(id);
    let index = inst.args[1];
    let mask = match s.lanes(inst.mask) {
        Some(mask) => s.reg(mask),
        None => s.all_lanes(),
    };
    let access = access_of(inst, bytes, write, Asked::Left(lanes_of(s.ty(index))));
    let mut memory = s.plain_address(inst.args[0], offset.into(), access);
    memory.index = Some((exact(s.ty(index)), s.reg(index)));
    memory.scale = scale;
    (memory, mask)
}

fn scatter(s: &mut Select<'_>, id: InstId, bytes: u8, scale: u8, offset: i32) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let (index, value) = (inst.args[1], inst.args[2]);
    let code = match (s.ty(value), s.ty(index), bytes) {
        (Type::V { bits: 32, lanes: 16 }, Type::V { bits: 32, .. }, 4) => Code::EVEX_Vpscatterdd_vm32z_k1_zmm,
        (Type::V { bits: 32, lanes: 8 }, Type::V { bits: 32, .. }, 4) => Code::EVEX_Vpscatterdd_vm32y_k1_ymm,
        (Type::V { bits: 32, lanes: 8 }, Type::V { bits: 64, .. }, 4) => Code::EVEX_Vpscatterqd_vm64z_k1_ymm,
        (Type::V { bits: 64, lanes: 8 }, Type::V { bits: 32, .. }, 8) => Code::EVEX_Vpscatterdq_vm32y_k1_zmm,
        (Type::V { bits: 64, lanes: 8 }, Type::V { bits: 64, .. }, 8) => Code::EVEX_Vpscatterqq_vm64z_k1_zmm,
        _ => return Err(s.refuse(id, "a scatter like that")),
    };
    let (memory, mask) = vector_address(s, id, bytes, true, scale, offset);
    let (view, value, left) = (exact(s.ty(value)), s.reg(value), s.fresh(MASK));
    s.push(Machine::new(code).memory(memory).reg(view, value).consumes(left, mask));
    Ok(())
}

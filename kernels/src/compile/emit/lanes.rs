//! What moves between lanes, vectors, masks and scalars.

use iced_x86::Code;

use super::super::Refusal;
use super::super::ssa::{InstId, Op, Type, Value};
use super::machine::{INT, Machine, Source, VECTOR, View};
use super::scalar;
use super::select::{Fold, Select};
use super::walk::lanes_of;
use super::{flow, memory, vector_permute};

/// Selects one of them.
pub fn select(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let (result, arg) = (inst.results[0], inst.args[0]);
    match inst.op {
        Op::Broadcast => broadcast(s, result, arg),
        Op::Extract(lane) => extract(s, result, arg, lane),
        Op::Half(_) => upper_half(s, result, arg),
        Op::Join => join(s, result, arg, inst.args[1]),
        Op::MaskBits => {
            let (d, mask) = (s.result(result), s.reg(arg));
            let code = if lanes_of(s.ty(arg)) == 8 { Code::VEX_Kmovb_r32_kr } else { Code::VEX_Kmovw_r32_kr };
            s.push(Machine::new(code).def(View::Double, d).reg(View::K, mask));
        }
        Op::BitsMask => {
            let (d, bits) = (s.result(result), s.reg(arg));
            s.push(Machine::new(Code::VEX_Kmovw_kr_r32).def(View::K, d).reg(View::Double, bits));
        }
        Op::MaskAny | Op::MaskAll => {
            let d = s.result(result);
            let condition = flow::test(s, &inst.op, arg);
            scalar::set(s, d, condition);
        }
        Op::Permute => permute(s, id)?,
        Op::Permute2 => permute_two(s, id)?,
        _ => return Err(s.refuse(id, "that")),
    }
    Ok(())
}

fn broadcast(s: &mut Select<'_>, result: Value, arg: Value) {
    let d = s.result(result);
    let bits = match s.ty(result) {
        Type::V { bits, .. } => bits,
        _ => return broadcast_bit(s, result, arg),
    };
    let (from_memory, from_general, view) = match bits {
        64 => (Code::EVEX_Vpbroadcastq_zmm_k1z_xmmm64, Code::EVEX_Vpbroadcastq_zmm_k1z_r64, View::Quad),
        _ => (Code::EVEX_Vpbroadcastd_zmm_k1z_xmmm32, Code::EVEX_Vpbroadcastd_zmm_k1z_r32, View::Double),
    };
    if let Some(memory) = s.folded_scalar(arg) {
        return s.push(Machine::new(from_memory).def(View::Z, d).memory(memory));
    }
    // A lane of a vector that was just taken out goes back without the detour.
    if let Some(inst) = s.single(arg)
        && inst.op == Op::Extract(0)
        && s.ty(inst.args[0]).bits() == u32::from(bits)
    {
        let from = s.reg(inst.args[0]);
        return s.push(Machine::new(from_memory).def(View::Z, d).reg(View::X, from));
    }
    let from = s.reg(arg);
    s.push(Machine::new(from_general).def(View::Z, d).reg(view, from));
}

/// 0 or 1 as a mask.
fn broadcast_bit(s: &mut Select<'_>, result: Value, arg: Value) {
    let (d, bit, all) = (s.result(result), s.reg(arg), s.fresh(INT));
    s.push(Machine::new(Code::Neg_rm32).tied(View::Double, all, bit));
    s.push(Machine::new(Code::VEX_Kmovw_kr_r32).def(View::K, d).reg(View::Double, all));
}

fn extract(s: &mut Select<'_>, result: Value, arg: Value, lane: u8) {
    let (d, from) = (s.result(result), s.reg(arg));
    let wide = s.ty(arg).bits() == 64;
    let per_part = if wide { 2 } else { 4 };
    let mut part = from;
    if lane >= per_part {
        part = s.fresh(VECTOR);
        let code = Machine::new(Code::EVEX_Vextracti32x4_xmmm128_k1z_zmm_imm8).def(View::X, part);
        s.push(code.reg(View::Z, from).immediate(lane / per_part));
    }
    let view = scalar::general(wide);
    match lane % per_part {
        0 => {
            let code = if wide { Code::EVEX_Vmovq_rm64_xmm } else { Code::EVEX_Vmovd_rm32_xmm };
            s.push(Machine::new(code).def(view, d).reg(View::X, part));
        }
        at => {
            let code = if wide { Code::EVEX_Vpextrq_rm64_xmm_imm8 } else { Code::EVEX_Vpextrd_rm32_xmm_imm8 };
            s.push(Machine::new(code).def(view, d).reg(View::X, part).immediate(at));
        }
    }
}

fn upper_half(s: &mut Select<'_>, result: Value, arg: Value) {
    let (d, from) = (s.result(result), s.reg(arg));
    match s.ty(result) {
        Type::M { .. } => {
            let code = Machine::new(Code::VEX_Kshiftrw_kr_kr_imm8).def(View::K, d);
            s.push(code.reg(View::K, from).immediate(8));
        }
        _ => {
            let code = Machine::new(Code::EVEX_Vextracti64x4_ymmm256_k1z_zmm_imm8).def(View::Y, d);
            s.push(code.reg(View::Z, from).immediate(1));
        }
    }
}

fn join(s: &mut Select<'_>, result: Value, low: Value, high: Value) {
    let (d, low) = (s.result(result), s.reg(low));
    match s.ty(result) {
        Type::M { .. } => {
            let high = s.reg(high);
            let code = Machine::new(Code::VEX_Kunpckbw_kr_kr_kr).def(View::K, d);
            s.push(code.reg(View::K, high).reg(View::K, low));
        }
        _ => {
            let code = Machine::new(Code::EVEX_Vinserti64x4_zmm_k1z_zmm_ymmm256_imm8).def(View::Z, d);
            let high = s.source(high, Fold::Half);
            s.push(code.reg(View::Z, low).source(View::Y, &high).immediate(1));
        }
    }
}

/// The index of a permutation in lanes as wide as what it moves.
fn index(s: &mut Select<'_>, index: Value, moved: Type) -> Option<regalloc2::VReg> {
    let (have, want) = (s.ty(index).bits(), moved.bits());
    if have == want {
        return Some(s.reg(index));
    }
    if (have, want) != (32, 64) {
        return None;
    }
    let (from, wide) = (s.reg(index), s.fresh(VECTOR));
    s.push(Machine::new(Code::EVEX_Vpmovzxdq_zmm_k1z_ymmm256).def(View::Z, wide).reg(View::Y, from));
    Some(wide)
}

fn permute(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let ty = s.ty(inst.results[0]);
    let view = memory::exact(ty);
    let code = match (ty.bits(), view) {
        (64, _) => Code::EVEX_Vpermq_zmm_k1z_zmm_zmmm512b64,
        (_, View::Y) => Code::EVEX_Vpermd_ymm_k1z_ymm_ymmm256b32,
        _ => Code::EVEX_Vpermd_zmm_k1z_zmm_zmmm512b32,
    };
    let d = s.result(inst.results[0]);
    if vector_permute::one(s, ty, inst.args[0], inst.args[1], d).is_some() {
        return Ok(());
    }
    let Some(index) = index(s, inst.args[0], ty) else { return Err(s.refuse(id, "that index")) };
    let from = match view {
        View::Y => Source::Register(s.reg(inst.args[1])),
        _ => s.source(inst.args[1], Fold::Broadcast),
    };
    s.push(Machine::new(code).def(view, d).reg(view, index).source(view, &from));
    Ok(())
}

fn permute_two(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    let ty = s.ty(inst.results[0]);
    let view = memory::exact(ty);
    let codes = match (ty.bits(), view) {
        (64, _) => [Code::EVEX_Vpermi2q_zmm_k1z_zmm_zmmm512b64, Code::EVEX_Vpermt2q_zmm_k1z_zmm_zmmm512b64],
        (_, View::Y) => {
            [Code::EVEX_Vpermi2d_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpermt2d_ymm_k1z_ymm_ymmm256b32]
        }
        _ => [Code::EVEX_Vpermi2d_zmm_k1z_zmm_zmmm512b32, Code::EVEX_Vpermt2d_zmm_k1z_zmm_zmmm512b32],
    };
    let d = s.result(inst.results[0]);
    if vector_permute::two(s, ty, inst.args[0], [inst.args[1], inst.args[2]], d).is_some() {
        return Ok(());
    }
    // Either the index or the first vector is overwritten.
    let overwritten = s.overwritten(inst.results[0], &inst.args[..2]);
    let Some(index) = index(s, inst.args[0], ty) else { return Err(s.refuse(id, "that index")) };
    let (first, second) = (s.reg(inst.args[1]), s.reg(inst.args[2]));
    s.push(if overwritten == 1 {
        Machine::new(codes[1]).tied(view, d, first).reg(view, index).reg(view, second)
    } else {
        Machine::new(codes[0]).tied(view, d, index).reg(view, first).reg(view, second)
    });
    Ok(())
}

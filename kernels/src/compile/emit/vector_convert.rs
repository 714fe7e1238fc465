//! Conversions of vectors.

use iced_x86::Code;
use regalloc2::VReg;

use super::machine::{VECTOR, View};
use super::select::{Fold, Select};
use super::vector_codes as codes;
use super::vector_float::fits;
use super::vector_integer::narrow;
use super::vector_plan::{self as plan, Input, Plan, Write};
use crate::compile::ssa::{Inst, Type, Value};
use crate::ir::compute::Conversion;
use crate::ir::{Rounding, Type as Kind};

const WIDE: Type = Type::v32(16);
const HALF: Type = Type::v32(8);
const LONG: Type = Type::v64(8);

/// The instruction of a conversion that is one.
pub fn plan(s: &Select<'_>, inst: &Inst, conversion: &Conversion) -> Option<Plan> {
    let (to, from) = (s.ty(inst.results[0]), s.ty(inst.args[0]));
    let a = Input::Value(inst.args[0]);
    let Conversion { to: kind, from: source, mode, integral, finite } = *conversion;
    if mode.sat || mode.relu || finite {
        return None;
    }
    if integral {
        let mode = integral_mode(mode.rounding).filter(|_| kind == source && fits(to, kind) && to == from)?;
        return Some(Plan::new(codes::ROUND, to, &[a])?.immediate(mode));
    }
    match (kind.float(), source.float()) {
        (false, false) => integer(to, kind, from, source, a),
        _ => float(to, kind, from, source, a, mode.rounding),
    }
}

/// 8: an inexact result is nobody's concern.
fn integral_mode(rounding: Rounding) -> Option<u8> {
    Some(match rounding {
        Rounding::Nearest => 8,
        Rounding::Down => 9,
        Rounding::Up => 10,
        Rounding::Zero => 11,
        Rounding::Away => return None,
    })
}

/// Those that are one instruction: of whole lanes, or zero extensions of a part.
fn integer(to: Type, kind: Kind, from: Type, source: Kind, a: Input) -> Option<Plan> {
    let narrow = kind.bits().min(source.bits());
    match (to.bits(), from.bits()) {
        (64, 32) if narrow == 32 => {
            let signed = source.signed();
            let code = if signed {
                Code::EVEX_Vpmovsxdq_zmm_k1z_ymmm256
            } else {
                Code::EVEX_Vpmovzxdq_zmm_k1z_ymmm256
            };
            Some(Plan::odd(code, View::Z, View::Y, from, a).fold(Some(Fold::Whole)))
        }
        (32, 64) if narrow == 32 => {
            Some(Plan::odd(Code::EVEX_Vpmovqd_ymmm256_k1z_zmm, View::Y, View::Z, from, a))
        }
        (lane, _) if to == from && narrow == lane => {
            Some(Plan::new(codes::MOVE, to, &[a])?.fold(Some(Fold::Whole)))
        }
        // What is cut off, and what is read without sign, is masked.
        _ if to == from && (kind.bits() <= source.bits() || !source.signed()) => {
            Plan::new(codes::AND, to, &[a, Input::Splat((1 << narrow) - 1)])
        }
        _ => None,
    }
}

/// Two opcodes: of 64 bytes, and of 32 if there is one of that size.
struct Pair(Code, Option<Code>);

/// An opcode by the types on both sides, and whether it rounds otherwise than to nearest in its name. (table)
fn pair(kind: Kind, source: Kind, to: Type, from: Type, cut: bool) -> Option<Pair> {
    use Kind::{F32, F64, S32, S64, U32, U64};
    let one = |code| Some(Pair(code, None));
    let two = |wide, half| Some(Pair(wide, Some(half)));
    // Lanes: the same, twice as wide, half as wide.
    let same = to == from;
    let widens = (to, from) == (LONG, HALF);
    let narrows = (to, from) == (HALF, LONG);
    match (kind, source) {
        (F32, S32) if same => {
            two(Code::EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, Code::EVEX_Vcvtdq2ps_ymm_k1z_ymmm256b32)
        }
        (F32, U32) if same => {
            two(Code::EVEX_Vcvtudq2ps_zmm_k1z_zmmm512b32_er, Code::EVEX_Vcvtudq2ps_ymm_k1z_ymmm256b32)
        }
        (F64, S64) if same => one(Code::EVEX_Vcvtqq2pd_zmm_k1z_zmmm512b64_er),
        (F64, U64) if same => one(Code::EVEX_Vcvtuqq2pd_zmm_k1z_zmmm512b64_er),
        (S32, F32) if same && cut => {
            two(Code::EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae, Code::EVEX_Vcvttps2dq_ymm_k1z_ymmm256b32)
        }
        (S32, F32) if same => {
            two(Code::EVEX_Vcvtps2dq_zmm_k1z_zmmm512b32_er, Code::EVEX_Vcvtps2dq_ymm_k1z_ymmm256b32)
        }
        (U32, F32) if same && cut => {
            two(Code::EVEX_Vcvttps2udq_zmm_k1z_zmmm512b32_sae, Code::EVEX_Vcvttps2udq_ymm_k1z_ymmm256b32)
        }
        (U32, F32) if same => {
            two(Code::EVEX_Vcvtps2udq_zmm_k1z_zmmm512b32_er, Code::EVEX_Vcvtps2udq_ymm_k1z_ymmm256b32)
        }
        (S64, F64) if same && cut => one(Code::EVEX_Vcvttpd2qq_zmm_k1z_zmmm512b64_sae),
        (S64, F64) if same => one(Code::EVEX_Vcvtpd2qq_zmm_k1z_zmmm512b64_er),
        (U64, F64) if same && cut => one(Code::EVEX_Vcvttpd2uqq_zmm_k1z_zmmm512b64_sae),
        (U64, F64) if same => one(Code::EVEX_Vcvtpd2uqq_zmm_k1z_zmmm512b64_er),
        (F64, S32) if widens => one(Code::EVEX_Vcvtdq2pd_zmm_k1z_ymmm256b32_er),
        (F64, U32) if widens => one(Code::EVEX_Vcvtudq2pd_zmm_k1z_ymmm256b32_er),
        (F64, F32) if widens => one(Code::EVEX_Vcvtps2pd_zmm_k1z_ymmm256b32_sae),
        (S64, F32) if widens && cut => one(Code::EVEX_Vcvttps2qq_zmm_k1z_ymmm256b32_sae),
        (S64, F32) if widens => one(Code::EVEX_Vcvtps2qq_zmm_k1z_ymmm256b32_er),
        (U64, F32) if widens && cut => one(Code::EVEX_Vcvttps2uqq_zmm_k1z_ymmm256b32_sae),
        (U64, F32) if widens => one(Code::EVEX_Vcvtps2uqq_zmm_k1z_ymmm256b32_er),
        (F32, S64) if narrows => one(Code::EVEX_Vcvtqq2ps_ymm_k1z_zmmm512b64_er),
        (F32, U64) if narrows => one(Code::EVEX_Vcvtuqq2ps_ymm_k1z_zmmm512b64_er),
        (F32, F64) if narrows => one(Code::EVEX_Vcvtpd2ps_ymm_k1z_zmmm512b64_er),
        (S32, F64) if narrows && cut => one(Code::EVEX_Vcvttpd2dq_ymm_k1z_zmmm512b64_sae),
        (S32, F64) if narrows => one(Code::EVEX_Vcvtpd2dq_ymm_k1z_zmmm512b64_er),
        (U32, F64) if narrows && cut => one(Code::EVEX_Vcvttpd2udq_ymm_k1z_zmmm512b64_sae),
        (U32, F64) if narrows => one(Code::EVEX_Vcvtpd2udq_ymm_k1z_zmmm512b64_er),
        _ => None,
    }
}

/// Integers that are as wide as their kind says, and floats of 32 and 64 bits.
fn float(to: Type, kind: Kind, from: Type, source: Kind, a: Input, rounding: Rounding) -> Option<Plan> {
    let cut = rounding == Rounding::Zero && !kind.float();
    let Pair(wide, half) = pair(kind, source, to, from, cut)?;
    let narrow = to == HALF && from == HALF;
    let code = half.filter(|_| narrow).unwrap_or(wide);
    let plan = Plan::odd(code, plan::view(to), plan::view(from), from, a).fold(Some(Fold::Broadcast));
    // 32 bits fit into 53.
    let exact = kind == Kind::F64 && source.bits() == 32;
    if cut || exact { Some(plan) } else { plan.round(rounding, wide) }
}

/// Conversions of several instructions. Whether there is such a thing.
pub fn sequence(s: &mut Select<'_>, inst: &Inst, conversion: &Conversion, to: VReg) -> Option<()> {
    let (ty, from, a) = (s.ty(inst.results[0]), s.ty(inst.args[0]), inst.args[0]);
    let Conversion { to: kind, from: source, mode, integral, finite } = *conversion;
    if mode.sat || mode.relu || finite || integral {
        return None;
    }
    match (kind, source) {
        (Kind::F32, Kind::F16) if ty == from => from_half(s, ty, a, to),
        (Kind::F16, Kind::F32) if ty == from => to_half(s, ty, a, mode.rounding, to),
        (Kind::F32, Kind::Bf16) if ty == from => {
            Plan::of(codes::SHIFT_LEFT_BY, ty, &[a])?.immediate(16).emit(s, to, Write::All);
            Some(())
        }
        _ if !source.float() && kind.float() && source.bits() < 32 => {
            // First 32 bits, then the float.
            let word = if source.signed() { Kind::S32 } else { Kind::U32 };
            let wide = s.fresh(VECTOR);
            part(s, from, source, 32, Input::Value(a), wide)?;
            float(ty, kind, from, word, Input::Register(wide), mode.rounding)?.emit(s, to, Write::All);
            Some(())
        }
        _ if source.float() && !kind.float() && kind.bits() < 32 => {
            let wide = float(ty, Kind::S32, from, source, Input::Value(a), mode.rounding)?.fresh(s);
            cut(s, ty, kind.bits(), Input::Register(wide), to)
        }
        _ if !source.float() && !kind.float() => resize(s, ty, kind, from, source, a, to),
        _ => None,
    }
}

fn cut(s: &mut Select<'_>, ty: Type, bits: u32, from: Input, to: VReg) -> Option<()> {
    Plan::new(codes::AND, ty, &[from, Input::Splat((1 << bits) - 1)])?.emit(s, to, Write::All);
    Some(())
}

/// The low bits of lanes, extended to so many bits, the rest of the lane zero.
fn part(s: &mut Select<'_>, ty: Type, source: Kind, bits: u32, from: Input, to: VReg) -> Option<()> {
    if !source.signed() {
        return cut(s, ty, source.bits(), from, to);
    }
    // To the top, down with the sign, and what is above the result's width away.
    let above = (ty.bits() - source.bits()) as u8;
    let top = Plan::new(codes::SHIFT_LEFT_BY, ty, &[from])?.immediate(above).fresh(s);
    let down = Plan::new(codes::SHIFT_RIGHT_SIGNED_BY, ty, &[Input::Register(top)])?.immediate(above);
    if bits == ty.bits() {
        down.emit(s, to, Write::All);
        return Some(());
    }
    let down = Input::Register(down.fresh(s));
    cut(s, ty, bits, down, to)
}

/// Between integers of any width.
fn resize(
    s: &mut Select<'_>,
    ty: Type,
    kind: Kind,
    from: Type,
    source: Kind,
    a: Value,
    to: VReg,
) -> Option<()> {
    let extends = kind.bits() > source.bits();
    let a = Input::Value(a);
    match (ty, from) {
        _ if ty == from && extends => part(s, ty, source, kind.bits(), a, to),
        (LONG, HALF) => {
            let low = s.fresh(VECTOR);
            if !extends {
                cut(s, HALF, kind.bits(), a, low)?;
            } else if source.bits() < 32 {
                part(s, HALF, source, kind.bits().min(32), a, low)?;
            } else {
                return None;
            }
            let signed = kind.bits() == 64 && source.signed();
            let word = if signed { Kind::S32 } else { Kind::U32 };
            integer(LONG, Kind::S64, HALF, word, Input::Register(low))?.emit(s, to, Write::All);
            Some(())
        }
        (HALF, LONG) => {
            let a = super::vector_plan::register(s, a, LONG);
            let low = s.fresh(VECTOR);
            narrow(s, a, low);
            if extends && source.bits() < 32 {
                return part(s, HALF, source, kind.bits().min(32), Input::Register(low), to);
            }
            cut(s, HALF, kind.bits().min(source.bits()), Input::Register(low), to)
        }
        _ => None,
    }
}

/// Halves lie in the low 16 bits of lanes; the instruction wants them side by side.
fn from_half(s: &mut Select<'_>, ty: Type, a: Value, to: VReg) -> Option<()> {
    let (pack, convert, narrow, wide) = match ty {
        WIDE => {
            (Code::EVEX_Vpmovdw_ymmm256_k1z_zmm, Code::EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, View::Y, View::Z)
        }
        HALF => (Code::EVEX_Vpmovdw_xmmm128_k1z_ymm, Code::EVEX_Vcvtph2ps_ymm_k1z_xmmm128, View::X, View::Y),
        _ => return None,
    };
    let packed = Plan::odd(pack, narrow, wide, ty, Input::Value(a)).fresh(s);
    Plan::odd(convert, wide, narrow, ty, Input::Register(packed)).emit(s, to, Write::All);
    Some(())
}

fn to_half(s: &mut Select<'_>, ty: Type, a: Value, rounding: Rounding, to: VReg) -> Option<()> {
    let mode = integral_mode(rounding)? & 3;
    let (convert, unpack, narrow, wide) = match ty {
        WIDE => (
            Code::EVEX_Vcvtps2ph_ymmm256_k1z_zmm_imm8_sae,
            Code::EVEX_Vpmovzxwd_zmm_k1z_ymmm256,
            View::Y,
            View::Z,
        ),
        HALF => (
            Code::EVEX_Vcvtps2ph_xmmm128_k1z_ymm_imm8,
            Code::EVEX_Vpmovzxwd_ymm_k1z_xmmm128,
            View::X,
            View::Y,
        ),
        _ => return None,
    };
    let packed = Plan::odd(convert, narrow, wide, ty, Input::Value(a)).immediate(mode).fresh(s);
    Plan::odd(unpack, wide, narrow, ty, Input::Register(packed)).emit(s, to, Write::All);
    Some(())
}

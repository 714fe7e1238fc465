//! Forms that work on bits, compare integers, select and move.

use super::super::lower::logic;
use super::{Row, int, row};
use crate::ir::compute::Int;

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    int("and(.pred|{bits})", "=T0 T0 T0", Int::And),
    int("cnot{bits}", "=T0 T0", Int::CNot),
    int("lop3.b32", "=T0 T0 T0 T0 u32", Int::Lop3),
    row("lop3(.and|.or).b32", "=T0|pred T0 T0 T0 u32 pred", logic::lop3),
    row("mov(.pred|{bits}|{ints}|.f16|.f16x2|.bf16|.bf16x2|.f32|.f64)", "=value value", logic::mov),
    int("not(.pred|{bits})", "=T0 T0", Int::Not),
    int("or(.pred|{bits})", "=T0 T0 T0", Int::Or),
    int("prmt.b32", "=T0 T0 T0 T0", Int::Prmt),
    row("prmt.b32(.f4e|.b4e|.rc8|.ecl|.ecr|.rc16)", "=T0 T0 T0 T0", logic::prmt),
    row("selp({bits}|{ints}|.f16|.f16x2|.bf16|.bf16x2|.f32|.f64)", "=T0 T0 T0 pred", logic::selp),
    row("set(.eq|.ne)(.u32|.s32|.f32){bits}", "=T0 T1 T1", logic::set),
    row("set{order}(.u32|.s32|.f32){ints}", "=T0 T1 T1", logic::set),
    row("set{unsigned_order}(.u32|.s32|.f32)(.u16|.u32|.u64)", "=T0 T1 T1", logic::set),
    row("set(.eq|.ne){bool}(.u32|.s32|.f32){bits}", "=T0 T1 T1 pred", logic::set),
    row("set{order}{bool}(.u32|.s32|.f32){ints}", "=T0 T1 T1 pred", logic::set),
    row("set{unsigned_order}{bool}(.u32|.s32|.f32)(.u16|.u32|.u64)", "=T0 T1 T1 pred", logic::set),
    row("setp(.eq|.ne){bits}", "=pred|pred T0 T0", logic::setp),
    row("setp{order}{ints}", "=pred|pred T0 T0", logic::setp),
    row("setp{unsigned_order}(.u16|.u32|.u64)", "=pred|pred T0 T0", logic::setp),
    row("setp(.eq|.ne){bool}{bits}", "=pred|pred T0 T0 pred", logic::setp),
    row("setp{order}{bool}{ints}", "=pred|pred T0 T0 pred", logic::setp),
    row("setp{unsigned_order}{bool}(.u16|.u32|.u64)", "=pred|pred T0 T0 pred", logic::setp),
    int("shf.l.wrap.b32", "=T0 T0 T0 u32", Int::ShfLeftWrap),
    int("shf.l.clamp.b32", "=T0 T0 T0 u32", Int::ShfLeftClamp),
    int("shf.r.wrap.b32", "=T0 T0 T0 u32", Int::ShfRightWrap),
    int("shf.r.clamp.b32", "=T0 T0 T0 u32", Int::ShfRightClamp),
    int("shl{bits}", "=T0 T0 u32", Int::Shl),
    int("shr({bits}|{ints})", "=T0 T0 u32", Int::Shr),
    row("slct({bits}|{ints}|.f32|.f64)(.s32|.f32)", "=T0 T0 T0 T1", logic::slct),
    row("slct.ftz({bits}|{ints}|.f32|.f64).f32", "=T0 T0 T0 T1", logic::slct),
    int("xor(.pred|{bits})", "=T0 T0 T0", Int::Xor),
];

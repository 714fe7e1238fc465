//! Forms of conversions.

use super::super::lower::convert;
use super::{Row, row};

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    row("cvt[.sat]{all_ints}{all_ints}", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.ftz][.sat].f32{all_ints}", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.sat](.f16|.f64){all_ints}", "=T0 T1", convert::cvt),
    row("cvt{rnd}.bf16{all_ints}", "=T0 T1", convert::cvt),
    row("cvt{int}[.ftz][.sat]{all_ints}.f32", "=T0 T1", convert::cvt),
    row("cvt{int}[.sat]{all_ints}(.f16|.bf16|.f64)", "=T0 T1", convert::cvt),
    row("cvt[{int}][.ftz][.sat].f32.f32", "=T0 T1", convert::cvt),
    row("cvt[{int}][.sat].f16.f16", "=T0 T1", convert::cvt),
    row("cvt[{int}][.sat].f64.f64", "=T0 T1", convert::cvt),
    row("cvt[{int}].bf16.bf16", "=T0 T1", convert::cvt),
    row("cvt[.ftz][.sat].f32(.f16|.bf16)", "=T0 T1", convert::cvt),
    row("cvt[.ftz][.sat].f64.f32", "=T0 T1", convert::cvt),
    row("cvt[.sat].f64(.f16|.bf16)", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.ftz][.sat].f32.f64", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.ftz][.sat].f16.f32", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.sat].f16(.bf16|.f64)", "=T0 T1", convert::cvt),
    row("cvt{rnd}[.ftz].bf16.f32", "=T0 T1", convert::cvt),
    row("cvt{rnd}.bf16(.f16|.f64)", "=T0 T1", convert::cvt),
    row("cvt(.rn|.rz).relu[.satfinite](.f16|.bf16).f32", "=T0 T1", convert::cvt),
    row("cvt(.rn|.rz).satfinite(.f16|.bf16).f32", "=T0 T1", convert::cvt),
    row("cvt(.rn|.rz)[.relu][.satfinite](.f16x2|.bf16x2).f32", "=T0 T1 T1", convert::cvt),
    row("cvt.rna[.satfinite].tf32.f32", "=T0 T1", convert::cvt),
    row("cvt(.rn|.rz)[.relu][.satfinite].tf32.f32", "=T0 T1", convert::cvt),
    row("cvt.rn.satfinite[.relu]{tiny}.f32", "=T0 T1 T1", convert::cvt),
    row("cvt.rn.satfinite[.relu]{tiny}(.f16x2|.bf16x2)", "=T0 T1", convert::cvt),
    row("cvt.rn[.relu](.f16x2|.bf16x2){tiny}", "=T0 T1", convert::cvt),
    row("cvt(.rz|.rp)[.satfinite].ue8m0x2.f32", "=T0 T1 T1", convert::cvt),
    row("cvt(.rz|.rp)[.satfinite].ue8m0x2.bf16x2", "=T0 T1", convert::cvt),
    row("cvt.rn.bf16x2.ue8m0x2", "=T0 T1", convert::cvt),
    row("cvt.pack.sat(.u16|.s16).s32", "=b32 s32 s32", convert::pack),
    row("cvt.pack.sat(.u8|.s8|.u4|.s4|.u2|.s2).s32.b32", "=b32 s32 s32 b32", convert::pack),
];

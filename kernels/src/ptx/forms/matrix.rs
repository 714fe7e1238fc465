//! Forms on matrices spread over a warp.
//!
//! Sparse products and those of warp groups are not here. Before PTX 6.3 `.aligned` was left out of `wmma`.

use super::super::lower::matrix;
use super::{Row, row};

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    row(
        "ldmatrix.sync.aligned.m8n8(.x1|.x2|.x4)[.trans][.shared|.shared::cta].b16",
        "={} []",
        matrix::ldmatrix,
    ),
    row("mma.sync.aligned.m8n8k4{layout}{layout}.f16.f16.f16.f16", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned.m8n8k4{layout}{layout}.f32.f16.f16(.f16|.f32)", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k8|.m16n8k16).row.col.f16.f16.f16.f16", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k8|.m16n8k16).row.col.f32.f16.f16.f32", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k8|.m16n8k16).row.col.f32.bf16.bf16.f32", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k4|.m16n8k8).row.col.f32.tf32.tf32.f32", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k16|.m16n8k32).row.col.f16{eight}{eight}.f16", "={} {} {} {}", matrix::mma),
    row("mma.sync.aligned(.m16n8k16|.m16n8k32).row.col.f32{eight}{eight}.f32", "={} {} {} {}", matrix::mma),
    row(
        "mma.sync.aligned(.m8n8k4|.m16n8k4|.m16n8k8|.m16n8k16).row.col[{rnd}].f64.f64.f64.f64",
        "={} {} {} {}",
        matrix::mma,
    ),
    row(
        "mma.sync.aligned(.m8n8k16|.m16n8k16|.m16n8k32).row.col[.satfinite].s32(.s8|.u8)(.s8|.u8).s32",
        "={} {} {} {}",
        matrix::mma,
    ),
    row(
        "mma.sync.aligned(.m8n8k32|.m16n8k32|.m16n8k64).row.col[.satfinite].s32(.s4|.u4)(.s4|.u4).s32",
        "={} {} {} {}",
        matrix::mma,
    ),
    row(
        "mma.sync.aligned(.m8n8k128|.m16n8k128|.m16n8k256).row.col.s32.b1.b1.s32(.xor|.and).popc",
        "={} {} {} {}",
        matrix::mma,
    ),
    row("movmatrix.sync.aligned.m8n8.trans.b16", "=b32 b32", matrix::movmatrix),
    row(
        "stmatrix.sync.aligned.m8n8(.x1|.x2|.x4)[.trans][.shared|.shared::cta].b16",
        "[] {}",
        matrix::stmatrix,
    ),
    row(
        "wmma.load(.a|.b).sync[.aligned]{layout}{large}[{place}](.f16|.bf16|.s8|.u8)",
        "={} [] u32?",
        matrix::wmma,
    ),
    row("wmma.load.c.sync[.aligned]{layout}{large}[{place}](.f16|.f32|.s32)", "={} [] u32?", matrix::wmma),
    row("wmma.load(.a|.b).sync[.aligned]{layout}.m16n16k8[{place}].tf32", "={} [] u32?", matrix::wmma),
    row("wmma.load.c.sync[.aligned]{layout}.m16n16k8[{place}].f32", "={} [] u32?", matrix::wmma),
    row("wmma.load(.a|.b|.c).sync[.aligned]{layout}.m8n8k4[{place}].f64", "={} [] u32?", matrix::wmma),
    row("wmma.load.a.sync[.aligned].row.m8n8k32[{place}](.s4|.u4)", "={} [] u32?", matrix::wmma),
    row("wmma.load.b.sync[.aligned].col.m8n8k32[{place}](.s4|.u4)", "={} [] u32?", matrix::wmma),
    row("wmma.load.a.sync[.aligned].row.m8n8k128[{place}].b1", "={} [] u32?", matrix::wmma),
    row("wmma.load.b.sync[.aligned].col.m8n8k128[{place}].b1", "={} [] u32?", matrix::wmma),
    row("wmma.load.c.sync[.aligned]{layout}(.m8n8k32|.m8n8k128)[{place}].s32", "={} [] u32?", matrix::wmma),
    row("wmma.store.d.sync[.aligned]{layout}{large}[{place}](.f16|.f32|.s32)", "[] {} u32?", matrix::wmma),
    row("wmma.store.d.sync[.aligned]{layout}.m16n16k8[{place}].f32", "[] {} u32?", matrix::wmma),
    row("wmma.store.d.sync[.aligned]{layout}.m8n8k4[{place}].f64", "[] {} u32?", matrix::wmma),
    row("wmma.store.d.sync[.aligned]{layout}(.m8n8k32|.m8n8k128)[{place}].s32", "[] {} u32?", matrix::wmma),
    row(
        "wmma.mma.sync[.aligned]{layout}{layout}{large}(.f16|.f32)(.f16|.f32)[.satfinite]",
        "={} {} {} {}",
        matrix::wmma,
    ),
    row("wmma.mma.sync[.aligned]{layout}{layout}{large}.f32.bf16.bf16.f32", "={} {} {} {}", matrix::wmma),
    row("wmma.mma.sync[.aligned]{layout}{layout}.m16n16k8.f32.tf32.tf32.f32", "={} {} {} {}", matrix::wmma),
    row(
        "wmma.mma.sync[.aligned]{layout}{layout}{large}.s32.s8.s8.s32[.satfinite]",
        "={} {} {} {}",
        matrix::wmma,
    ),
    row(
        "wmma.mma.sync[.aligned]{layout}{layout}{large}.s32.u8.u8.s32[.satfinite]",
        "={} {} {} {}",
        matrix::wmma,
    ),
    row(
        "wmma.mma.sync[.aligned]{layout}{layout}.m8n8k4[{rnd}].f64.f64.f64.f64",
        "={} {} {} {}",
        matrix::wmma,
    ),
    row("wmma.mma.sync[.aligned].row.col.m8n8k32.s32.s4.s4.s32[.satfinite]", "={} {} {} {}", matrix::wmma),
    row("wmma.mma.sync[.aligned].row.col.m8n8k32.s32.u4.u4.s32[.satfinite]", "={} {} {} {}", matrix::wmma),
    row(
        "wmma.mma(.xor|.and).popc.sync[.aligned].row.col.m8n8k128.s32.b1.b1.s32",
        "={} {} {} {}",
        matrix::wmma,
    ),
];

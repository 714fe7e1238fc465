//! Forms that read, change and write as one.

use super::super::lower::atomic;
use super::{Row, row};

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    row(
        "atom[{sem}][{scope}][{atomic_spaces}].add[.L2::cache_hint]({i32}|{i64}|.f32|.f64)",
        "=T0 [] T0 b64?",
        atomic::atom,
    ),
    row(
        "atom[{sem}][{scope}][{atomic_spaces}](.and|.or|.xor|.exch)[.L2::cache_hint](.b32|.b64)",
        "=T0 [] T0 b64?",
        atomic::atom,
    ),
    row("atom[{sem}][{scope}][{atomic_spaces}].exch[.L2::cache_hint].b128", "=T0 [] T0 b64?", atomic::atom),
    row(
        "atom[{sem}][{scope}][{atomic_spaces}].cas[.L2::cache_hint](.b16|.b32|.b64|.b128)",
        "=T0 [] T0 T0 b64?",
        atomic::atom,
    ),
    row(
        "atom[{sem}][{scope}][{atomic_spaces}](.inc|.dec)[.L2::cache_hint].u32",
        "=T0 [] T0 b64?",
        atomic::atom,
    ),
    row(
        "atom[{sem}][{scope}][{atomic_spaces}](.min|.max)[.L2::cache_hint]({i32}|{i64})",
        "=T0 [] T0 b64?",
        atomic::atom,
    ),
    row(
        "atom[{sem}][{scope}][{atomic_spaces}].add.noftz[.L2::cache_hint]{halves}",
        "=T0 [] T0 b64?",
        atomic::atom,
    ),
    row("atom[{sem}][{scope}][.global].add[.L2::cache_hint]{vectors}.f32", "={} [] {} b64?", atomic::atom),
    row(
        "atom[{sem}][{scope}][.global](.add|.min|.max).noftz[.L2::cache_hint](.v2|.v4|.v8)(.f16|.bf16)",
        "={} [] {} b64?",
        atomic::atom,
    ),
    row(
        "atom[{sem}][{scope}][.global](.add|.min|.max).noftz[.L2::cache_hint]{vectors}(.f16x2|.bf16x2)",
        "={} [] {} b64?",
        atomic::atom,
    ),
    row(
        "red[{sem}][{scope}][{atomic_spaces}].add[.L2::cache_hint]({i32}|{i64}|.f32|.f64)",
        "[] T0 b64?",
        atomic::atom,
    ),
    row(
        "red[{sem}][{scope}][{atomic_spaces}](.and|.or|.xor)[.L2::cache_hint](.b32|.b64)",
        "[] T0 b64?",
        atomic::atom,
    ),
    row("red[{sem}][{scope}][{atomic_spaces}](.inc|.dec)[.L2::cache_hint].u32", "[] T0 b64?", atomic::atom),
    row(
        "red[{sem}][{scope}][{atomic_spaces}](.min|.max)[.L2::cache_hint]({i32}|{i64})",
        "[] T0 b64?",
        atomic::atom,
    ),
    row(
        "red[{sem}][{scope}][{atomic_spaces}].add.noftz[.L2::cache_hint]{halves}",
        "[] T0 b64?",
        atomic::atom,
    ),
    row("red[{sem}][{scope}][.global].add[.L2::cache_hint]{vectors}.f32", "[] {} b64?", atomic::atom),
    row(
        "red[{sem}][{scope}][.global](.add|.min|.max).noftz[.L2::cache_hint](.v2|.v4|.v8)(.f16|.bf16)",
        "[] {} b64?",
        atomic::atom,
    ),
    row(
        "red[{sem}][{scope}][.global](.add|.min|.max).noftz[.L2::cache_hint]{vectors}(.f16x2|.bf16x2)",
        "[] {} b64?",
        atomic::atom,
    ),
];

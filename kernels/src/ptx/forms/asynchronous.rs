//! Forms that copy without waiting, and mbarriers.

use super::super::lower::asynchronous;
use super::{Row, row};

/// See [`super::Row`]. // table
pub const ROWS: &[Row] = &[
    row(
        "cp.async.ca(.shared|.shared::cta).global[.L2::cache_hint][{fetch}]",
        "[] [] u32 u32? b64?",
        asynchronous::cp,
    ),
    row(
        "cp.async.cg(.shared|.shared::cta).global[.L2::cache_hint][{fetch}]",
        "[] [] u32 u32? b64?",
        asynchronous::cp,
    ),
    row("cp.async.commit_group", "", asynchronous::cp),
    row("cp.async.wait_all", "", asynchronous::cp),
    row("cp.async.wait_group", "u32", asynchronous::cp),
    row("cp.async.mbarrier.arrive[.noinc][.shared|.shared::cta].b64", "[]", asynchronous::cp),
    row("cp.async.bulk.commit_group", "", asynchronous::cp),
    row("cp.async.bulk.global.shared::cta.bulk_group[.L2::cache_hint]", "[] [] u32 b64?", asynchronous::cp),
    row(
        "cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes[.L2::cache_hint]",
        "[] [] u32 [] b64?",
        asynchronous::cp,
    ),
    row("cp.async.bulk.wait_group[.read]", "u32", asynchronous::cp),
    row(
        "mbarrier(.arrive|.arrive_drop)[.release|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=b64 [] u32?",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier(.arrive|.arrive_drop).expect_tx[.release|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=b64 [] u32",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier(.arrive|.arrive_drop).noComplete[.release][.cta][.shared|.shared::cta].b64",
        "=b64 [] u32",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier(.expect_tx|.complete_tx)[.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "[] u32",
        asynchronous::mbarrier,
    ),
    row("mbarrier.init[.shared|.shared::cta].b64", "[] u32", asynchronous::mbarrier),
    row("mbarrier.inval[.shared|.shared::cta].b64", "[]", asynchronous::mbarrier),
    row("mbarrier.pending_count.b64", "=b32 b64", asynchronous::mbarrier),
    row(
        "mbarrier.test_wait[.acquire|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=pred [] b64",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier.test_wait.parity[.acquire|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=pred [] u32",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier.try_wait[.acquire|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=pred [] b64 u32?",
        asynchronous::mbarrier,
    ),
    row(
        "mbarrier.try_wait.parity[.acquire|.relaxed][.cta|.cluster][.shared|.shared::cta].b64",
        "=pred [] u32 u32?",
        asynchronous::mbarrier,
    ),
];

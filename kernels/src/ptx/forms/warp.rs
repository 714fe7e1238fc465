//! Forms that need other lanes of the warp or other threads of the block.

use super::super::lower::{control, warp};
use super::{Row, refuse, row};

/// See [`super::Row`]. A barrier's number of threads, where it may be absent, stands before a predicate. // table
pub const ROWS: &[Row] = &[
    row("activemask.b32", "=b32", warp::activemask),
    row("bar[.cta].sync", "u32 u32?", warp::barrier),
    row("bar[.cta].arrive", "u32 u32", warp::barrier),
    row("bar[.cta].red.popc.u32", "=u32 u32 u32 pred?", warp::barrier),
    row("bar[.cta].red(.and|.or).pred", "=pred u32 u32 pred?", warp::barrier),
    row("bar.warp.sync", "b32", warp::barrier),
    row("barrier[.cta].sync[.aligned]", "u32 u32?", warp::barrier),
    row("barrier[.cta].arrive[.aligned]", "u32 u32", warp::barrier),
    row("barrier[.cta].red.popc[.aligned].u32", "=u32 u32 u32 pred?", warp::barrier),
    row("barrier[.cta].red(.and|.or)[.aligned].pred", "=pred u32 u32 pred?", warp::barrier),
    // Of clusters.
    refuse("barrier"),
    row("elect.sync", "=b32|pred b32", warp::elect),
    row("match.any.sync(.b32|.b64)", "=b32 T0 b32", warp::matching),
    row("match.all.sync(.b32|.b64)", "=b32|pred T0 b32", warp::matching),
    row("redux.sync(.add|.min|.max){i32}", "=T0 T0 b32", warp::redux),
    row("redux.sync(.and|.or|.xor).b32", "=T0 T0 b32", warp::redux),
    row("redux.sync(.min|.max)[.abs][.NaN].f32", "=T0 T0 b32", warp::redux),
    row("setmaxnreg(.inc|.dec).sync.aligned.u32", "u32", control::nothing),
    row("shfl.sync(.up|.down|.bfly|.idx).b32", "=b32|pred b32 b32 b32 b32", warp::shfl),
    row("shfl(.up|.down|.bfly|.idx).b32", "=b32|pred b32 b32 b32", warp::shfl),
    row("vote.sync(.all|.any|.uni).pred", "=pred pred b32", warp::vote),
    row("vote.sync.ballot.b32", "=b32 pred b32", warp::vote),
    row("vote(.all|.any|.uni).pred", "=pred pred", warp::vote),
    row("vote.ballot.b32", "=b32 pred", warp::vote),
];

//! The loops around a kernel's code, as text, and that every block and thread has its turn.

use crate::compile::pass::split_tests::{agree, same_text, split};
use crate::compile::ssa::eval::World;
use crate::compile::ssa::parse::parse;

/// Each thread writes its block's number.
const NUMBERS: &str = "function numbers
    b0:
    v0: i1 = entered
    v1: i32 = special.ctaid.0
    v2: i64 = const 0
    v3: i64 = load.param.8 v2
    v4: i32 = const 4
    v5: i32 = special.tid.0
    v6: i64 = mulwide.u32 v5, v4
    v7: i64 = add.u64 v3, v6
    store.global.4 v7, v1 [v0] @9
    exit";

/// Each thread of a grid writes where its block is.
const PLACES: &str = "function places
    b0:
    v0: i1 = entered
    v1: i32 = special.ctaid.0
    v2: i32 = special.ctaid.1
    v3: i32 = special.ctaid.2
    v4: i32 = special.tid.0
    v5: i32 = special.nctaid.0
    v6: i32 = special.nctaid.1
    v7: i32 = mullow.u32 v3, v6
    v8: i32 = add.u32 v7, v2
    v9: i32 = mullow.u32 v8, v5
    v10: i32 = add.u32 v9, v1
    v11: i32 = special.ntid.0
    v12: i32 = mullow.u32 v10, v11
    v13: i32 = add.u32 v12, v4
    v14: i64 = const 0
    v15: i64 = load.param.8 v14
    v16: i32 = const 4
    v17: i64 = mulwide.u32 v13, v16
    v18: i64 = add.u64 v15, v17
    v19: i32 = const 100
    v20: i32 = mullow.u32 v3, v19
    v21: i32 = add.u32 v20, v2
    v22: i32 = mullow.u32 v21, v19
    v23: i32 = add.u32 v22, v1
    store.global.4 v18, v23 [v0]
    exit";

/// Each gang reads behind a barrier what was stored before it.
const TURNS: &str = "function turns
    resumes b0, b1
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = const 7
    store.global.4 v2, v3 [v0] @5
    yield 1
    b1:
    v10: i1 = entered
    v11: i64 = const 0
    v12: i64 = load.param.8 v11
    v13: i32 = load.global.4 v12 [v10] @8
    store.global.4 v12 + 4, v13 [v10] @9
    exit";

/// What becomes of it with one gang.
const NUMBERS_1: &str = "function numbers
    b0:
    v0: i64 = context
    v1: i64 = argument.0
    v2: i64 = argument.1
    v3: i32 = load.param.4 v0 + 136
    v4: i64 = convert.u64.u32 v3
    v5: i64 = rem.u64 v1, v4
    v6: i32 = convert.u32.u64 v5
    v7: i64 = div.u64 v1, v4
    v8: i32 = load.param.4 v0 + 140
    v9: i64 = convert.u64.u32 v8
    v10: i64 = rem.u64 v7, v9
    v11: i32 = convert.u32.u64 v10
    v12: i64 = div.u64 v7, v9
    v13: i32 = convert.u32.u64 v12
    v14: i64 = const 0
    v15: i1 = compare.eq.u64 v2, v14
    store.param.4 v0 + 180, v11
    store.param.4 v0 + 184, v13
    v16: i64 = load.param.8 v0 + 64
    branch v15, b2, b7
    b1(v17: i64, v18: i32, v19: i32, v20: i32):
    store.param.4 v0 + 176, v18
    v21: i32 = const 0
    store.param.4 v0 + 188, v21
    jump b6
    b2:
    v22: i32 = const 0
    return v22
    b3:
    v23: i64 = const 0xffffffffffffffff
    v24: i64 = add.u64 v17, v23
    v25: i1 = compare.eq.u64 v24, v14
    branch v25, b2, b4
    b4:
    v26: i32 = const 1
    v27: i32 = add.u32 v18, v26
    v28: i1 = compare.eq.u32 v27, v3
    poll
    branch v28, b5, b1(v24, v27, v19, v20)
    b5:
    v29: i32 = add.u32 v19, v26
    v30: i1 = compare.eq.u32 v29, v8
    v31: i32 = select v21, v29, v30
    v32: i32 = select v26, v21, v30
    v33: i32 = add.u32 v20, v32
    store.param.4 v0 + 180, v31
    store.param.4 v0 + 184, v33
    jump b1(v24, v21, v31, v33)
    b6:
    v34: v16x32 = broadcast v18 @9
    store.global.4 v35, v34 @9
    jump b3
    b7:
    v35: i64 = load.param.8 v16
    jump b1(v2, v6, v11, v13)";

/// What the loop over gangs is with two of them, the second one not full.
const NUMBERS_OF_40: &str = "b6(v0: i32):
    store.param.4 v1 + 188, v0
    v2: i32 = const 40
    v3: i32 = const 0xfffffff0
    jump b8
    b7:
    v4: i32 = const 32
    v5: i32 = add.u32 v0, v4
    v6: i1 = compare.lt.u32 v5, v2
    branch v6, b6(v5), b3
    b8:
    v7: i32 = sub.u32 v2, v0
    v8: v16x32 = broadcast v7
    v9: m16 = compare.gt.s32 v8, v10
    v11: i32 = add.u32 v7, v3
    v12: v16x32 = broadcast v11
    v13: m16 = compare.gt.s32 v12, v10
    v14: i32 = const 4
    v15: i64 = mulwide.u32 v0, v14
    v16: i64 = add.u64 v17, v15
    store.global.4 v16, v18 [v9] @9
    store.global.4 v16 + 64, v18 [v13] @9
    jump b7";

/// What it is with two gangs that wait.
const TURNS_2: &str = "b6(v0: i32):
    jump b7(v1, v2)
    b7(v3: i32, v4: i32):
    v5: i32 = const 5
    v6: i32 = shl.u32 v3, v5
    store.param.4 v7 + 188, v6
    v8: i64 = convert.u64.u32 v3
    v9: i32 = const 6
    v10: i64 = shl.u64 v8, v9
    v11: i64 = add.u64 v12, v10
    switch v0, [b12, b13]
    b8(v13: i32):
    v14: i32 = const 1
    v15: i32 = add.u32 v3, v14
    v16: i1 = compare.lt.u32 v15, v2
    branch v16, b7(v15, v13), b9
    b9:
    v17: i1 = compare.eq.u32 v13, v2
    poll
    branch v17, b3, b6(v13)
    b10:
    v18: i32 = const 7
    store.global.4 v19, v18 @5
    v20: i32 = const 1
    jump b8(v20)
    b11:
    v21: i32 = load.global.4 v19 @8
    store.global.4 v19 + 4, v21 @9
    v22: i32 = const 1
    store.local.4 v11, v22
    jump b8(v4)
    b12:
    store.local.4 v11, v1
    jump b10
    b13:
    v23: i32 = load.local.4 v11
    v24: i1 = compare.ne.u32 v23, v1
    branch v24, b8(v4), b11";

/// What becomes of a function, from a line to another one.
#[track_caller]
fn text(before: &str, block: [u32; 3], vectors: u8, lines: [&str; 2], after: &str) {
    let text = split(&parse(before), block, 16, Some(vectors)).function.to_string();
    let inside = text.lines().skip_while(|line| !line.starts_with(lines[0]));
    let inside = inside.take_while(|line| lines[1].is_empty() || !line.starts_with(lines[1]));
    same_text(&inside.collect::<Vec<_>>(), after, &text);
}

/// From block to block: in a row by an addition, else a row on. No blocks: nothing.
#[test]
fn one_gang() {
    text(NUMBERS, [16, 1, 1], 1, ["function", ""], NUMBERS_1);
}

/// Threads that do not exist are none of the last gang's mask.
#[test]
fn gangs_one_after_the_other() {
    text(NUMBERS, [40, 1, 1], 2, ["b6(", "b9:"], NUMBERS_OF_40);
}

/// All gangs go to the barrier before the first one goes on behind it; who has exited is passed over.
#[test]
fn gangs_that_wait_for_each_other() {
    text(TURNS, [64, 1, 1], 2, ["b6(", "b14:"], TURNS_2);
}

#[test]
fn every_thread_of_every_block_has_its_turn() {
    for grid in [[1, 1, 1], [3, 1, 1], [1, 3, 1], [1, 1, 3], [3, 2, 2], [2, 1, 3]] {
        for block in [[16, 1, 1], [40, 1, 1], [64, 1, 1], [100, 1, 1]] {
            let mut world = World::new(block, 12 * 100 * 4);
            world.grid = grid;
            world.set_parameters(&[world.pointer(0)]);
            agree(PLACES, &world);
        }
    }
}

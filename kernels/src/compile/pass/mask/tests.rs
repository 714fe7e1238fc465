//! Before and after, by case.

use crate::compile::Shape;
use crate::compile::ssa::parse::{parse, same};
use crate::compile::ssa::verify::{Stage, verify};

#[track_caller]
fn check(before: &str, after: &str) {
    let head = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v4: i1 = compare.lt.s32 v0, v2
        v5: i32 = const 0
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3\n";
    let mut function = parse(&format!("{head}{before}"));
    super::run(&mut function, &Shape { block: [64, 1, 1], small_grid: true }, 16);
    verify(&function, Stage::Masked).unwrap();
    same(&function, after);
}

#[test]
fn what_some_do_is_masked_and_skipped() {
    check(
        "branch v4, b1, b2
        b1:
        v9: i32 = load.global.4 v8
        v10: i32 = madlow.s32 v9, v0, v6
        store.global.4 v8, v10
        jump b2
        b2:
        exit",
        "function f
        b0:
        v11: i1 = entered
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v4: i1 = compare.lt.s32 v0, v2
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3
        v13: i1 = and.pred v11, v4
        v15: i1 = any v13
        branch v15, b1, b4
        b1:
        v9: i32 = load.global.4 v8 [v13]
        v10: i32 = madlow.s32 v9, v0, v6
        store.global.4 v8, v10 [v13]
        exit
        b4:
        exit",
    );
}

#[test]
fn an_early_exit_is_a_mask_for_the_rest() {
    check(
        "branch v4, b1, b2
        b1:
        jump b3(v5)
        b3(v9: i32):
        v10: i32 = load.global.4 v8
        v11: i32 = add.s32 v9, v6
        store.global.4 v8, v10
        v12: i1 = compare.lt.s32 v11, v2
        branch v12, b3(v11), b2
        b2:
        exit",
        "function f
        b0:
        v13: i1 = entered
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v4: i1 = compare.lt.s32 v0, v2
        v5: i32 = const 0
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3
        v15: i1 = and.pred v13, v4
        v17: i1 = any v15
        branch v17, b3(v5), b5
        b3(v9: i32):
        v10: i32 = load.global.4 v8 [v15]
        v11: i32 = add.s32 v9, v6
        store.global.4 v8, v10 [v15]
        v12: i1 = compare.lt.s32 v11, v2
        branch v12, b3(v11), b8
        b5:
        exit
        b8:
        exit",
    );
}

#[test]
fn a_choice_is_a_select() {
    check(
        "branch v4, b1, b2
        b1:
        v9: i32 = add.s32 v0, v6
        jump b3(v9)
        b2:
        v10: i32 = sub.s32 v0, v6
        jump b3(v10)
        b3(v11: i32):
        store.global.4 v8, v11
        exit",
        "function f
        b0:
        v12: i1 = entered
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v4: i1 = compare.lt.s32 v0, v2
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3
        v9: i32 = add.s32 v0, v6
        v10: i32 = sub.s32 v0, v6
        v19: i32 = select v9, v10, v4
        store.global.4 v8, v19 [v12]
        exit",
    );
}

#[test]
fn a_loop_keeps_what_leaves_it() {
    check(
        "jump b1(v5, v0)
        b1(v9: i32, v10: i32):
        v11: i32 = mullow.s32 v10, v10
        v12: i1 = compare.lt.s32 v11, v7
        branch v12, b2, b3
        b2:
        v13: i32 = add.s32 v11, v0
        v14: i32 = add.s32 v9, v6
        v15: i1 = compare.lt.s32 v14, v2
        branch v15, b1(v14, v13), b3
        b3:
        store.global.4 v8, v9
        exit",
        "function f
        b0:
        v17: i32 = const 0
        v16: i1 = entered
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v5: i32 = const 0
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3
        jump b1(v5, v0, v16, v17)
        b1(v9: i32, v10: i32, v20: i1, v41: i32):
        v11: i32 = mullow.s32 v10, v10
        v12: i1 = compare.lt.s32 v11, v7
        v22: i1 = and.pred v20, v12
        v25: i32 = select v9, v41, v20
        v13: i32 = add.s32 v11, v0
        v14: i32 = add.s32 v9, v6
        v15: i1 = compare.lt.s32 v14, v2
        branch v15, b7, b6
        b3(v42: i32):
        store.global.4 v8, v42 [v16]
        exit
        b6:
        v34: i32 = select v9, v25, v22
        jump b3(v34)
        b7:
        v38: i1 = any v22
        branch v38, b1(v14, v13, v22, v25), b3(v25)",
    );
}

/// The shared condition is a branch; what leaves is written for all threads that are there.
#[test]
fn a_loop_left_by_two_conditions_has_two_exits() {
    check(
        "jump b1(v5, v0)
        b1(v9: i32, v10: i32):
        v11: i32 = mullow.s32 v10, v10
        v12: i1 = compare.lt.s32 v11, v7
        v13: i32 = add.s32 v9, v6
        v14: i1 = compare.lt.s32 v13, v2
        v15: i1 = and.pred v14, v12
        branch v15, b1(v13, v11), b2
        b2:
        store.global.4 v8, v9
        exit",
        "function f
        b0:
        v17: i32 = const 0
        v16: i1 = entered
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i64 = load.param.8 v1 + 8
        v5: i32 = const 0
        v6: i32 = const 1
        v7: i32 = const 4
        v8: i64 = madwide.s32 v0, v7, v3
        jump b1(v5, v0, v16, v17)
        b1(v9: i32, v10: i32, v20: i1, v42: i32):
        v11: i32 = mullow.s32 v10, v10
        v12: i1 = compare.lt.s32 v11, v7
        v13: i32 = add.s32 v9, v6
        v14: i1 = compare.lt.s32 v13, v2
        branch v14, b3, b6
        b2(v41: i32):
        store.global.4 v8, v41 [v16]
        exit
        b3:
        v25: i1 = and.pred v20, v12
        v34: i32 = select v9, v42, v20
        v38: i1 = any v25
        branch v38, b1(v13, v11, v25, v34), b2(v34)
        b6:
        v23: i32 = select v9, v42, v20
        jump b2(v23)",
    );
}

//! Text before and after, and numbers.

use crate::compile::Shape;
use crate::compile::ssa::parse::check;
use crate::compile::ssa::verify::Stage;
use crate::compile::{pass, ssa::Function};

const SHAPE: Shape = Shape { block: [256, 1, 1], small_grid: true };

fn folds(before: &str, after: &str) {
    let pass = |function: &mut Function| {
        super::run(function, &SHAPE);
        pass::dce::run(function);
    };
    check(Stage::Threads, before, pass, after);
}

/// One expression of x (v1, i32) and y (v2, i32), stored.
fn becomes(expression: &str, result: &str) {
    let around = |lines: &str| {
        format!(
            "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\nv2: i32 = load.global.4.ordered v0 + 4\n{lines}\n"
        )
    };
    folds(&around(expression), &around(result));
}

#[test]
fn numbers_are_computed() {
    becomes(
        "v3: i32 = const 6\nv4: i32 = const 7\nv5: i32 = mullow.s32 v3, v4\nstore.global.4 v0, v5\nexit",
        "v5: i32 = const 42\nstore.global.4 v0, v5\nexit",
    );
}

#[test]
fn what_changes_nothing_goes() {
    becomes(
        "v3: i32 = const 0\nv4: i32 = add.s32 v1, v3\nv5: i32 = or.b32 v4, v3\nstore.global.4 v0, v5\nexit",
        "store.global.4 v0, v1\nexit",
    );
}

#[test]
fn sums_of_constants_come_together() {
    becomes(
        "v3: i32 = const 5\nv4: i32 = add.s32 v3, v1\nv5: i32 = sub.s32 v4, v3\nv6: i32 = add.s32 v5, v3\nstore.global.4 v0, v6\nexit",
        "v3: i32 = const 5\nv6: i32 = add.s32 v1, v3\nstore.global.4 v0, v6\nexit",
    );
}

#[test]
fn division_of_what_has_no_sign_is_a_shift() {
    becomes(
        "v3: i32 = const 8\nv4: i32 = special.tid.0\nv5: i32 = div.s32 v4, v3\nv6: i32 = rem.s32 v4, v3\nstore.global.4 v0, v5, v6\nexit",
        "v4: i32 = special.tid.0\nv7: i32 = const 3\nv5: i32 = shr.u32 v4, v7\nv8: i32 = const 7\nv6: i32 = and.u32 v4, v8\nstore.global.4 v0, v5, v6\nexit",
    );
}

#[test]
fn a_thread_beyond_the_block_does_not_exist() {
    folds(
        "function k
b0:
  v0: i64 = const 0
  v1: i32 = special.tid.0
  v2: i32 = const 255
  v3: i1 = compare.gt.u32 v1, v2
  branch v3, b1, b2
b1:
  store.global.4 v0, v1
  jump b2
b2:
  exit",
        "function k
b0:
  jump b2
b2:
  exit",
    );
}

#[test]
fn a_selected_flag_is_the_flag() {
    becomes(
        "v3: i1 = compare.lt.s32 v1, v2\nv4: i32 = const 1\nv5: i32 = const 0\nv6: i32 = select v4, v5, v3\nv7: i1 = compare.eq.s32 v6, v5\nbranch v7, b1, b2\nb1:\nstore.global.4 v0, v1\njump b2\nb2:\nexit",
        "v7: i1 = compare.ge.s32 v1, v2\nbranch v7, b1, b2\nb1:\nstore.global.4 v0, v1\njump b2\nb2:\nexit",
    );
}

#[test]
fn what_was_selected_by_the_same_flag() {
    becomes(
        "v3: i1 = compare.lt.s32 v1, v2\nv4: i32 = const 7\nv5: i32 = select v1, v4, v3\nv6: i32 = select v5, v2, v3\nv7: i32 = select v4, v5, v3\nstore.global.4 v0, v6\nstore.global.4 v0, v7\nexit",
        "v3: i1 = compare.lt.s32 v1, v2\nv4: i32 = const 7\nv6: i32 = select v1, v2, v3\nstore.global.4 v0, v6\nstore.global.4 v0, v4\nexit",
    );
}

#[test]
fn only_a_mask_of_all_lanes_masks_nothing() {
    let pass = |function: &mut Function| {
        super::run(function, &SHAPE);
        pass::dce::run(function);
    };
    check(
        Stage::Vectors,
        "function k
b0:
  v0: i64 = argument.0
  v1: i32 = convert.u32.u64 v0
  v2: v16x32 = broadcast v1
  v3: m16 = const 1
  v4: m16 = const 0xffff
  v5: i1 = const 1
  store.generic.4 v0, v2 [v3]
  store.generic.4 v0, v2 [v4]
  store.generic.4 v0, v1 [v5]
  v6: i32 = const 0
  return v6
",
        pass,
        "function k
b0:
  v0: i64 = argument.0
  v1: i32 = convert.u32.u64 v0
  v2: v16x32 = broadcast v1
  v3: m16 = const 1
  store.generic.4 v0, v2 [v3]
  store.generic.4 v0, v2
  store.generic.4 v0, v1
  v6: i32 = const 0
  return v6
",
    );
}

#[test]
fn a_parameter_of_one_value_is_that_value() {
    folds(
        "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  jump b1(v1)
b1(v2: i32):
  v3: i1 = compare.eq.s32 v2, v1
  store.global.4 v0, v2
  branch v3, b1(v2), b2
b2:
  exit",
        "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  jump b1
b1:
  store.global.4 v0, v1
  jump b1",
    );
}

#[test]
fn a_mask_of_all_lanes_goes_and_one_of_the_first_stays() {
    check(
        Stage::Vectors,
        "function k
b0:
  v0: i64 = context
  v1: m4 = const 15
  v2: m4 = const 1
  v3: v4x32 = load.generic.4 v0 [v1]
  store.generic.4 v0, v3 [v2]
  v4: i32 = const 0
  return v4",
        |function| super::run(function, &SHAPE),
        "function k
b0:
  v0: i64 = context
  v1: m4 = const 15
  v2: m4 = const 1
  v3: v4x32 = load.generic.4 v0
  store.generic.4 v0, v3 [v2]
  v4: i32 = const 0
  return v4",
    );
}

#[test]
fn low_halves_need_no_high_ones() {
    becomes(
        "v3: i32 = const 4\nv4: i64 = mulwide.u32 v1, v3\nv5: i64 = convert.s64.s32 v2\nv6: i64 = add.u64 v4, v5\nv7: i32 = convert.u32.u64 v6\nstore.global.4 v0, v7\nexit",
        "v10: i32 = const 2\nv8: i32 = shl.u32 v1, v10\nv7: i32 = add.u32 v8, v2\nstore.global.4 v0, v7\nexit",
    );
}

//! Broken functions are found, and told by their first broken rule.

use super::{Stage, verify};
use crate::compile::ssa::parse::parse;

#[track_caller]
fn broken(stage: Stage, text: &str, words: &str) {
    let what = verify(&parse(text), stage).expect_err("it is broken");
    assert!(what.contains(words), "{what}");
}

#[track_caller]
fn fine(stage: Stage, text: &str) {
    assert_eq!(verify(&parse(text), stage), Ok(()));
}

#[test]
fn values_come_before_their_uses() {
    let later = "function f\nb0:\nv0: i32 = add.u32 v1, v1\nv1: i32 = const 1\nexit";
    broken(Stage::Threads, later, "b0: add.u32 v1, v1: v1 is made later");
    let other =
        "function f\nb0:\nv0: i1 = const 1\nbranch v0, b1, b2\nb1:\nv1: i32 = const 1\njump b3\nb2:\njump b3
        b3:\nv2: i32 = not.b32 v1\nexit";
    broken(Stage::Threads, other, "b3: not.b32 v1: v1 of b1 is not made on all ways here");
    let around = "function f\nb0:\nv0: i32 = const 1\njump b1(v0)\nb1(v1: i32):\nv2: i32 = not.b32 v1
        v3: i1 = compare.lt.u32 v2, v0\nbranch v3, b1(v2), b2\nb2:\nv4: i32 = not.b32 v2\nexit";
    fine(Stage::Threads, around);
}

#[test]
fn targets_get_what_they_want() {
    let few = "function f\nb0:\nv0: i32 = const 1\njump b1\nb1(v1: i32):\nexit";
    broken(Stage::Threads, few, "b0: jump b1: 0 arguments for 1 of b1");
    let other = "function f\nb0:\nv0: i32 = const 1\njump b1(v0)\nb1(v1: i64):\nexit";
    broken(Stage::Threads, other, "v0 is i32, v1 is i64");
    broken(Stage::Threads, "function f\nb0:\njump b0", "a way back to the entry");
    broken(Stage::Threads, "function f\nb0:\njump b1", "b1 does not exist");
    broken(
        Stage::Threads,
        "function f\nb0:\nv0: i32 = const 1\nbranch v0, b1, b1\nb1:\nexit",
        "v0 is i32, not i1",
    );
}

#[test]
fn ops_have_their_types() {
    let broken_op = |op: &str, words| {
        let text =
            format!("function f\nb0:\nv0: i32 = const 1\nv1: i64 = const 1\nv2: i1 = const 1\n{op}\nexit");
        broken(Stage::Threads, &text, words);
    };
    broken_op("v3: i32 = add.u32 v0, v1", "v1 is i64, not as Is(I32)");
    broken_op("v3: i32 = add.u32 v0", "1 arguments and 1 results, not 2 and 1");
    broken_op("v3: i64 = add.u32 v0, v0", "v3 is i64");
    broken_op("v3: i32 = add.u32 v0, v0 [v2]", "a pure op has no mask");
    broken_op("v3: i64 = mulwide.u32 v0, v1", "v1 is i64");
    broken_op("v3: i32 = select v0, v1, v2", "v1 is i64");
    broken_op("v3: i1 = const 2", "does not fit");
    broken_op("v3: i32 = load.global.4 v0", "an address is no i32");
    broken_op("v3: i32 = load.global.8 v1", "i32 has no room for 8 bytes");
    broken_op("v3: i32 = load.global.4 v1 [v0]", "the mask is no i1");
    broken_op("v3: i32 = load.global.3 v1", "elements have");
    broken_op("store.global.8 v1, v0", "no room");
    broken_op("v3: i32 = atomic.global.8.add v1, v0, v0", "v0 is i32, not i64");
    broken_op("v3: i1 = entered", "not in the stage Threads");
    broken_op("v3: v16x32 = const 0", "before there are vectors");
    broken_op("v3: i64 = special.tid.0", "v3 is i64, not i32");
}

#[test]
fn later_stages_have_their_own_ops() {
    let text = "function f\nslots i32\nresumes b0, b1\nb0:\nv0: i32 = const 1\nsave.0 v0\nyield 1\nb1:\nv1: i32 = restore.0
        v2: i1 = entered\nv3: i1 = any v2\nexit";
    fine(Stage::Masked, text);
    broken(Stage::Threads, text, "not in the stage Threads");
    broken(Stage::Masked, "function f\nresumes b0, b1\nb0:\nyield 2\nb1:\nexit", "yield 2");
    let vectors = |op: &str| {
        format!(
            "function f\ntable 0, 1, 2, 3\nb0:\nv0: i64 = context\nv1: v4x32 = table.0\nv2: m4 = const 7\nv3: i32 = const 1
            v4: i1 = const 1\nv5: v2x64 = const 1\n{op}\nreturn v3"
        )
    };
    for op in [
        "v9: v4x32 = load.generic.4 v0 + 4 [v2]",
        "store.shared.1 v0, v1 [v2]",
        "store.local.4 v0, v3 [v4]",
        "v9: v4x32 = gather.4 v0, v1 * 4 [v2]",
        "v9: v4x32 = atomiclanes.4.add v0, v1 * 4, v1, v1 [v2]",
        "v9: v2x32 = half.1 v1",
        "v9: v8x32 = join v1, v1",
        "v9: v4x32 = select v1, v1, v2",
        "v9: v2x64 = mulwide.u32 v5, v5",
        "v9: v2x64 = shl.b64 v5, v5",
        "v9: i32 = lane.3 v1",
        "v9: m4 = broadcast v4",
    ] {
        fine(Stage::Vectors, &vectors(op));
    }
    for (op, words) in [
        ("v9: i32 = special.laneid", "not in the stage"),
        ("v9: i32 = load.generic.4 v0 [v4]", "a scalar load has no mask"),
        ("v9: v4x32 = load.generic.4 v0 [v4]", "the mask is i1, not m4"),
        ("v9: v4x32 = add.u32 v1, v3", "other lanes"),
        ("v9: v4x32 = select v1, v1, v4", "other lanes"),
        ("v9: i32 = lane.4 v1", "types do not fit"),
        ("v9: v8x32 = join v1, v2", "types do not fit"),
        ("call.0", "the call does not exist"),
        ("v9: v8x32 = table.0", "other lanes"),
    ] {
        broken(Stage::Vectors, &vectors(op), words);
    }
}

//! The oracle itself, on functions whose results are plain.

use super::*;
use crate::compile::ssa::parse::parse;

#[track_caller]
fn runs(stage: Stage, text: &str, world: &mut World) {
    let function = parse(text);
    if let Err(what) = run(&function, stage, world) {
        panic!("{what}\n{function}");
    }
}

fn world(threads: u32) -> World {
    let mut world = World::new([threads, 1, 1], 4096);
    let pointer = world.pointer(0);
    world.set_parameters(&[pointer, 5]);
    world
}

/// out[tid] = sum of 0..tid, through a loop.
const SUMS: &str = "function f
    b0:
    v0: i32 = special.tid.0
    v1: i32 = const 0
    v2: i32 = const 1
    v3: i64 = load.param.8 v20
    v4: i64 = mulwide.u32 v0, v21
    v5: i64 = add.u64 v3, v4
    jump b1(v1, v1)
    b1(v6: i32, v7: i32):
    v8: i1 = compare.lt.u32 v6, v0
    branch v8, b2, b3
    b2:
    v9: i32 = add.u32 v7, v6
    v10: i32 = add.u32 v6, v2
    jump b1(v10, v9)
    b3:
    store.global.4 v5, v7
    exit";

fn sums() -> String {
    SUMS.replacen("b0:\n", "b0:\nv20: i64 = const 0\nv21: i32 = const 4\n", 1)
}

#[test]
fn threads_run_on_their_own() {
    let mut world = world(6);
    runs(Stage::Threads, &sums(), &mut world);
    assert_eq!(world.words(0..7), [0, 0, 1, 3, 6, 10, 0]);
}

#[test]
fn gangs_must_agree() {
    let mut world = world(6);
    let what = run(&parse(&sums()), Stage::Masked, &mut world).unwrap_err();
    assert!(what.contains("do not agree"), "{what}");
}

#[test]
fn barriers_and_shared_memory() {
    // Each thread writes its number; after the barrier it reads its neighbour's.
    let mut world = world(40);
    runs(
        Stage::Threads,
        "function f
        b0:
        v0: i32 = special.tid.0
        v1: i32 = const 4
        v2: i32 = mullow.u32 v0, v1
        store.shared.4 v2 + 16, v0
        v8: i1 = compare.eq.u32 v0, v0
        v9: i32 = barrierreduce.popc v8
        v3: i32 = load.shared.4 v2 + 20
        v10: i32 = add.u32 v3, v9
        v4: i64 = const 0
        v5: i64 = load.param.8 v4
        v6: i64 = convert.u64.u32 v2
        v7: i64 = add.u64 v5, v6
        store.global.4 v7, v10
        exit",
        &mut world,
    );
    assert_eq!(world.words(0..3), [41, 42, 43]);
    assert_eq!(world.words(38..41), [79, 40, 0]);
}

#[test]
fn warps_exchange() {
    let text = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i32 = const 1
        v2: i32 = const 31
        v3: i32 = const 0xffffffff
        v4: i32, v5: i1 = shuffle.butterfly v0, v1, v2
        v6: i1 = compare.lt.u32 v0, v2
        v7: i32 = vote.ballot v6, v3
        v8: i32 = reduce.add.u32 v0, v3
        v9: i64 = const 0
        v10: i64 = load.param.8 v9
        v11: i32 = const 12
        v12: i64 = mulwide.u32 v0, v11
        v13: i64 = add.u64 v10, v12
        store.global.4 v13, v4, v7, v8
        exit";
    for stage in [Stage::Threads, Stage::Masked] {
        let mut world = world(32);
        runs(stage, text, &mut world);
        assert_eq!(world.words(0..6), [1, 0x7fff_ffff, 496, 0, 0x7fff_ffff, 496]);
    }
}

#[test]
fn masked_lanes_do_nothing_and_are_not_asked() {
    let mut world = world(5);
    world.set_words(64, &[1, 7]);
    runs(
        Stage::Masked,
        "function f
        resumes b0, b3
        slots i64
        b0:
        v0: i1 = entered
        v1: i32 = special.tid.0
        v2: i32 = const 2
        v3: i1 = compare.lt.u32 v1, v2
        v4: i1 = and.pred v0, v3
        v5: i64 = const 0
        v6: i64 = load.param.8 v5
        v7: i32 = load.global.4 v6 + 256 [v4]
        v8: i1 = compare.eq.u32 v7, v9
        v10: i1 = any v4
        v17: i32 = const 4
        v18: i64 = mulwide.u32 v1, v17
        v19: i64 = add.u64 v6, v18
        save.0 v19
        branch v8, b1, b2
        b1:
        store.global.4 v19, v7 [v4]
        yield 1
        b2:
        exit
        b3:
        v20: i64 = restore.0
        v21: i32 = special.tid.0
        v22: i1 = entered
        store.global.4 v20 + 64, v21 [v22]
        exit"
            .replace("b0:\n", "b0:\nv9: i32 = const 1\n")
            .as_str(),
        &mut world,
    );
    assert_eq!(world.words(0..3), [1, 1, 0]);
    assert_eq!(world.words(16..22), [0, 1, 2, 3, 4, 0]);
}

#[test]
fn faults_and_endless_loops_are_told() {
    let fails = |text: &str, words: &str| {
        let mut world = world(1);
        world.fuel = 1000;
        let what = run(&parse(text), Stage::Threads, &mut world).unwrap_err();
        assert!(what.contains(words), "{what}");
    };
    fails("function f\nb0:\nv0: i64 = const 64\nv1: i32 = load.global.4 v0 @9\nexit", "@9: nothing at 0x40");
    fails("function f\nb0:\ntrap\nexit", "trap");
    fails("function f\nb0:\njump b1\nb1:\njump b1", "too long");
}

#[test]
fn vectors() {
    let mut world = world(8);
    world.set_words(512, &[10, 20, 30, 40]);
    world.grid = [3, 1, 1];
    runs(
        Stage::Vectors,
        "function f
        table 0, 1, 2, 3
        call compute add.u32, 4 lanes, masked
        b0:
        v0: i64 = context
        v1: i64 = load.generic.8 v0 + 64
        v2: i64 = load.param.8 v1
        v3: v4x32 = table.0
        v4: v4x32 = load.generic.4 v2 + 2048
        v5: m4 = const 5
        v6: v4x32 = add.u32 v3, v4
        store.generic.4 v2, v6 [v5]
        v7: v4x32 = const 0xffffffff
        v8: v4x32 = gather.4 v2, v7 * 4 + 2056
        store.generic.4 v2 + 16, v8
        v9: v4x32 = atomiclanes.4.add v2, v10 * 1 + 32, v3, v3
        store.generic.4 v2 + 48, v9
        v11: v4x32 = call.0 v5, v4, v4
        store.generic.4 v2 + 64, v11
        v12: i32 = maskbits v5
        v13: i64 = argument.1
        v14: i32 = convert.u32.u64 v13
        v15: i32 = load.generic.4 v0 + 136
        store.generic.4 v2 + 80, v12
        store.generic.4 v2 + 84, v14
        v16: i32 = const 0
        return v16"
            .replace("b0:\n", "b0:\nv10: v4x32 = const 0\n")
            .as_str(),
        &mut world,
    );
    assert_eq!(world.words(0..4), [10, 0, 32, 0]);
    assert_eq!(world.words(4..8), [20, 20, 20, 20]);
    assert_eq!(world.words(8..9), [6]);
    assert_eq!(world.words(12..16), [0, 0, 1, 3]);
    assert_eq!(world.words(16..20), [20, 0, 60, 0]);
    assert_eq!(world.words(20..22), [5, 3]);
}

//! By case what is saved and what is made again; `mask/random` has what proves the pass.

use super::*;
use crate::compile::ssa::eval::{World, same};
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::verify::{Stage, verify};

const LAUNCH: Launch = Launch { block: [64, 1, 1], small_grid: true };

const HEAD: &str = "function f
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i64 = const 0
    v3: i64 = load.param.8 v2
    v4: i32 = const 4
    v5: i64 = madwide.u32 v1, v4, v3
    v6: i32 = load.global.4 v5 [v0]\n";

fn cut(body: &str) -> Function {
    let before = parse(&format!("{HEAD}{body}"));
    let mut after = before.clone();
    run(&mut after, &LAUNCH, 16, false);
    verify(&after, Stage::Masked).unwrap_or_else(|what| panic!("{what}\n{after}"));
    let mut world = World::new(LAUNCH.block, 4096);
    let start = world.pointer(0);
    world.set_parameters(&[start]);
    let words: Vec<u32> = (0..64).map(|at| at * 7 % 5).collect();
    world.set_words(0, &words);
    same((&before, Stage::Masked), (&after, Stage::Masked), &world);
    after
}

fn count(function: &Function, what: impl Fn(&Op) -> bool) -> usize {
    let all = function.blocks.iter().flat_map(|block| &block.insts);
    all.filter(|&&id| what(&function.inst(id).op)).count()
}

#[test]
fn what_was_loaded_is_saved_and_where_it_goes_is_made_again() {
    let after = cut("barrier\nstore.global.4 v5, v6 [v0]\nexit");
    assert_eq!((after.slots.clone(), after.resumes.len()), (vec![Type::I32], 2));
    assert_eq!(count(&after, |op| matches!(op, Op::Save(_))), 1);
    assert_eq!(count(&after, |op| matches!(op, Op::Restore(_))), 1);
    assert_eq!(count(&after, |op| matches!(op, Op::Barrier)), 0);
}

#[test]
fn slots_are_used_again() {
    let after = cut("barrier
        v7: i32 = add.u32 v6, v6
        jump b1
        b1:
        v8: i32 = mullow.u32 v7, v7
        jump b2
        b2:
        barrier
        store.global.4 v5, v8 [v0]
        exit");
    assert_eq!(after.slots, [Type::I32], "{after}");
}

#[test]
fn a_reduction_counts_all_gangs() {
    let after = cut("v7: i1 = compare.lt.u32 v6, v4
        v8: i32 = barrierreduce.popc v7 [v0]
        store.global.4 v5, v8 [v0]
        exit");
    assert_eq!(after.resumes.len(), 3, "{after}");
}

#[test]
fn one_gang_waits_for_nobody() {
    let before = parse(&format!("{HEAD}barrier\nstore.global.4 v5, v6 [v0]\nexit"));
    let mut after = before.clone();
    run(&mut after, &LAUNCH, 16, true);
    assert_eq!(after.to_string(), before.to_string());
}

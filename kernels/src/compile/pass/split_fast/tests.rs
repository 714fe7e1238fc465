//! Loops with and without masks, and what they compute.

use crate::compile::pass::split_tests::{agree, split};
use crate::compile::ssa::eval::World;
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::{End, Op};

/// Sums every 64th number from the thread's on, as far as there are any.
const STRIDED: &str = "function strided
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = load.param.4 v1 + 8
    v4: i32 = special.tid.0
    v5: i32 = const 0
    v6: i1 = compare.lt.s32 v4, v3
    v7: i1 = and.pred v0, v6
    v8: i1 = any v7
    branch v8, b1(v4, v5, v7), b2(v5)
    b1(v9: i32, v10: i32, v11: i1):
    v12: i32 = const 4
    v13: i64 = mulwide.s32 v9, v12
    v14: i64 = add.u64 v2, v13
    v15: i32 = load.global.4 v14 [v11] @5
    v16: i32 = add.u32 v10, v15 @6
    v17: i32 = const 64
    v18: i32 = add.u32 v9, v17
    v19: i1 = compare.lt.s32 v18, v3
    v20: i1 = and.pred v19, v11
    v21: i32 = select v16, v10, v11
    v22: i1 = any v20
    branch v22, b1(v18, v21, v20), b2(v21)
    b2(v23: i32):
    v24: i64 = load.param.8 v1 + 16
    v25: i32 = const 4
    v26: i64 = mulwide.u32 v4, v25
    v27: i64 = add.u64 v24, v26
    store.global.4 v27, v23 [v0]
    exit";

#[test]
fn sums_are_the_same_however_many_numbers_there_are() {
    for count in [0, 1, 15, 16, 63, 64, 65, 128, 200, 256, 300, u64::from(u32::MAX)] {
        for block in [[64, 1, 1], [48, 1, 1], [7, 1, 1]] {
            let mut world = World::new(block, 8192);
            let pointers = [world.pointer(0), world.pointer(4096)];
            world.set_parameters(&[pointers[0], count, pointers[1]]);
            for at in 0..1024 {
                world.set_words(at, &[at as u32 * 7 + 1]);
            }
            agree(STRIDED, &world);
        }
    }
}

#[test]
fn while_all_stay_there_are_no_masks_and_one_number_goes_around() {
    let function = split(&parse(STRIDED), [64, 1, 1], 16, Some(4)).function;
    let goes_around = |block: &crate::compile::ssa::Block| {
        let scalars = block.params.iter().filter(|&&param| function.ty(param).is_scalar());
        scalars.count() == 1 && block.params.len() == 5
    };
    let quick = function.blocks.iter().filter(|block| goes_around(block)).find(|block| {
        let loads = block.insts.iter().map(|&id| function.inst(id)).filter(|inst| inst.line == 5);
        let plain = loads.clone().all(|inst| matches!(inst.op, Op::Load(_)) && inst.mask.is_none());
        loads.count() == 4 && plain
    });
    let quick = quick.unwrap_or_else(|| panic!("no loop without masks\n{function}"));
    assert!(matches!(quick.end, End::Branch(..)));
}

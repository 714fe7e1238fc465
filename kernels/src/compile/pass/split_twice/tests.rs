//! Code with and without masks, what it computes, and where its masks are made.

use crate::compile::pass::split_tests::{agree, split};
use crate::compile::ssa::eval::World;
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::{Block, Function, Inst, Op};

/// A line of numbers of which each but the first and the last becomes the sum of its neighbours.
const RIM: &str = "function rim
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = load.param.4 v1 + 8
    v4: i32 = special.tid.0
    v5: i1 = compare.lt.s32 v4, v3
    v6: i1 = and.pred v0, v5
    v7: i1 = any v6
    branch v7, b1, b4
    b1:
    v8: i32 = const 4
    v9: i64 = mulwide.s32 v4, v8
    v10: i64 = add.u64 v2, v9
    v11: i32 = load.global.4 v10 [v6] @5
    v12: i32 = const 1
    v13: i1 = compare.lt.s32 v4, v12
    v14: i32 = sub.s32 v3, v12
    v15: i1 = compare.ge.s32 v4, v14
    v16: i1 = or.pred v13, v15
    v17: i1 = not.pred v16
    v18: i1 = and.pred v6, v17
    v19: i1 = any v18
    branch v19, b2, b3(v11)
    b2:
    v20: i32 = load.global.4 v10 - 4 [v18] @6
    v21: i32 = load.global.4 v10 + 4 [v18] @7
    v22: i32 = add.u32 v20, v21
    v23: i32 = select v11, v22, v16
    jump b3(v23)
    b3(v24: i32):
    v25: i64 = load.param.8 v1 + 16
    v26: i64 = add.u64 v25, v9
    store.global.4 v26, v24 [v6] @8
    jump b4
    b4:
    exit";

/// Loads numbers or takes the opposite test's zero, and stores them behind another branch.
const OPPOSITE: &str = "function opposite
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = load.param.4 v1 + 8
    v30: i32 = special.ctaid.0
    v31: i32 = special.ntid.0
    v32: i32 = mullow.u32 v30, v31
    v33: i32 = special.tid.0
    v4: i32 = add.u32 v32, v33
    v5: i1 = compare.lt.s32 v4, v3
    v6: i1 = compare.ge.s32 v4, v3
    v7: i32 = const 4
    v8: i64 = mulwide.s32 v4, v7
    v9: i64 = add.u64 v2, v8
    v10: i32 = const 9
    v11: i1 = any v5
    branch v11, b1, b2(v10)
    b1:
    v12: i32 = load.global.4 v9 [v5] @5
    v13: i32 = select v10, v12, v6 @6
    jump b2(v13)
    b2(v14: i32):
    v15: i32 = const 0xffffffff
    v16: i32 = reduce.add.u32 v14, v15
    branch v11, b3, b4
    b3:
    v17: i64 = load.param.8 v1 + 16
    v18: i64 = add.u64 v17, v8
    store.global.4 v18, v16 [v5] @8
    jump b4
    b4:
    exit";

fn at(line: u32) -> impl Fn(&Function, &Block) -> Vec<Inst> {
    move |function, block| {
        let insts = block.insts.iter().map(|&id| function.inst(id));
        insts.filter(|inst| inst.line == line && inst.op.touches_memory()).cloned().collect()
    }
}

/// Of the blocks with memory accesses of a line how many masks each uses.
fn masks(function: &Function, line: u32) -> Vec<usize> {
    let all = function.blocks.iter().map(|block| at(line)(function, block));
    let some = all.filter(|insts| !insts.is_empty());
    some.map(|insts| insts.iter().filter(|inst| inst.mask.is_some()).count()).collect()
}

fn worlds(text: &str, block: [u32; 3]) {
    for count in [0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 66, 100, u64::from(u32::MAX)] {
        let mut world = World::new(block, 8192);
        let pointers = [world.pointer(1024), world.pointer(4096)];
        world.set_parameters(&[pointers[0], count, pointers[1]]);
        world.set_words(0, &(0..1024u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
        agree(text, &world);
    }
}

#[test]
fn rims_and_what_is_inside() {
    [[64, 1, 1], [48, 1, 1], [7, 1, 1]].into_iter().for_each(|block| worlds(RIM, block));
}

#[test]
fn opposites() {
    [[64, 1, 1], [32, 1, 1]].into_iter().for_each(|block| worlds(OPPOSITE, block));
}

#[test]
fn what_is_inside_of_code_without_masks_is_there_with_and_without() {
    let function = split(&parse(RIM), [64, 1, 1], 16, Some(2)).function;
    let mut inner = masks(&function, 6);
    inner.sort();
    assert_eq!(inner, [0, 2, 2], "{function}");
    let mut outer = masks(&function, 5);
    outer.sort();
    assert_eq!(outer, [0, 2], "{function}");
}

#[test]
fn an_opposite_test_holds_nowhere_without_masks_and_masks_are_made_on_slow_sides() {
    let function = split(&parse(OPPOSITE), [64, 1, 1], 16, Some(4)).function;
    assert_eq!(masks(&function, 5).len(), 2, "{function}");
    let is_mask = |inst: &&Inst| {
        inst.results.iter().any(|&result| matches!(function.ty(result), crate::compile::ssa::Type::M { .. }))
    };
    for block in &function.blocks {
        let insts = || block.insts.iter().map(|&id| function.inst(id));
        let slow = insts().any(|inst| inst.op == Op::MaskAny || inst.mask.is_some());
        let made = insts().filter(is_mask).filter(|inst| !matches!(inst.op, Op::Const(_))).count();
        assert!(made == 0 || slow, "{function}");
    }
}

//! Blocks gang by gang: what they compute, which kernels have them, and what the loops look like.

use crate::compile::pass::split_tests::{agree, split};
use crate::compile::ssa::eval::{self, World};
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::verify::Stage;

/// Adds to each number of a plane its index, counted from a start.
const PLANE: &str = "function plane
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i32 = special.tid.1
    v3: i32 = special.ctaid.0
    v4: i32 = special.ctaid.1
    v5: i32 = special.ntid.0
    v6: i32 = mullow.u32 v3, v5
    v7: i32 = add.u32 v6, v1
    v8: i32 = special.ntid.1
    v9: i32 = mullow.u32 v4, v8
    v10: i32 = add.u32 v9, v2
    v11: i64 = const 0
    v12: i32 = load.param.4 v11 + 8
    v13: i32 = mullow.u32 v10, v12
    v14: i32 = add.u32 v13, v7
    v15: i32 = load.param.4 v11 + 16
    v16: i32 = add.u32 v14, v15
    v17: i32 = const 4
    v18: i64 = mulwide.s32 v16, v17
    v19: i64 = load.param.8 v11
    v20: i64 = add.u64 v19, v18
    v21: i32 = load.global.4 v20 @1
    v22: i32 = add.u32 v21, v16
    store.global.4 v20, v22 @2
    exit";

/// As many blocks as a world's grid has, each of 32 × 4 threads, from an index on.
fn world(grid: [u32; 3], start: i32) -> World {
    let mut world = World::new([32, 4, 1], 1 << 16);
    world.grid = grid;
    let width = u64::from(grid[0]) * 32;
    let first = world.pointer(0).wrapping_sub((i64::from(start) * 4) as u64);
    world.set_parameters(&[first, width, u64::from(start as u32)]);
    world.set_words(0, &(0..1 << 14u32).map(|at: u32| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
    world
}

/// Whether vector code has a loop over blocks inside of the one over gangs: three loops, one in the other.
fn is_by_gangs(text: &str, block: [u32; 3]) -> bool {
    let function = split(&parse(text), block, 16, Some(4)).function;
    let order = crate::compile::ssa::order::Order::new(&function);
    let dominators = crate::compile::ssa::order::Dominators::new(&function, &order);
    let loops = crate::compile::ssa::order::Loops::new(&function, &order, &dominators);
    loops.all.iter().any(|one| one.depth == 3)
}

#[test]
fn planes() {
    for grid in [[1, 1, 1], [2, 1, 1], [5, 3, 1], [3, 2, 2], [64, 2, 1]] {
        for start in [0, 7, -100] {
            agree(PLANE, &world(grid, start));
        }
    }
}

#[test]
fn long_rows_are_taken_in_pieces() {
    // 130 blocks of 32 threads are more than 4096 threads.
    let mut world = world([130, 1, 1], 0);
    world.global.resize(1 << 17, 0);
    agree(PLANE, &world);
}

#[test]
fn blocks_in_front_of_one_that_wraps_are_done_and_no_others() {
    let width = 5 * 32;
    for (row, column) in [(0, 0), (0, 1), (0, 3), (1, 0), (1, 2), (1, 4), (2, 1)] {
        // Behind this block's highest index there is one more.
        let start = i32::MAX - 128 - (row * 4 * width + column * 32 + 3 * width + 31);
        let mut world = world([5, 3, 1], start);
        let before = world.global.clone();
        let function = split(&parse(PLANE), world.block, 16, Some(4)).function;
        let outcome = eval::run(&function, Stage::Vectors, &mut world);
        assert_eq!(outcome, Err(eval::WRAPS.to_owned()));
        // Its highest index; claims stay away from the end by as much as the block has threads.
        let highest = |x: i32, y: i32| i64::from(start) + i64::from((y * 4 + 3) * width + x * 32 + 31);
        let wraps = |x: i32, y: i32| highest(x, y) + 128 > i64::from(i32::MAX);
        let first = (0..15).find(|&block| wraps(block % 5, block / 5)).expect("one wraps");
        for at in 0..12 * width {
            let (x, y) = (at % width / 32, at / width / 4);
            let bytes = at as usize * 4..at as usize * 4 + 4;
            let done = world.global[bytes.clone()] != before[bytes];
            assert_eq!(done, y * 5 + x < first, "{at}: block {x}, {y} of which {first} wraps");
        }
    }
}

#[test]
fn only_where_rows_lie_so_and_nobody_can_tell() {
    let block = [32, 8, 1];
    assert!(is_by_gangs(PLANE, block));
    // One gang a block, and gangs that lie side by side.
    assert!(!is_by_gangs(PLANE, [32, 2, 1]));
    assert!(!is_by_gangs(PLANE, [256, 1, 1]));
    let with = |line: &str| PLANE.replace("    exit", &format!("    {line}\n    exit"));
    // Columns, shared memory, an order of memory, what others may see half done.
    let column = PLANE
        .replace("mullow.u32 v10, v12", "mullow.u32 v7, v12")
        .replace("add.u32 v13, v7", "add.u32 v13, v10");
    assert!(!is_by_gangs(&column, block));
    assert!(!is_by_gangs(&with("store.shared.4 v17, v1 @3"), block));
    assert!(!is_by_gangs(&with("fence"), block));
    assert!(!is_by_gangs(&with("atomic.global.4.add v19, v1, v1 @3"), block));
    assert!(!is_by_gangs(&PLANE.replace("load.global.4 v20", "load.global.4.ordered v20"), block));
    // An index that does not grow by the same from block to block.
    assert!(!is_by_gangs(&PLANE.replace("mullow.u32 v3, v5", "mullow.u32 v3, v3"), block));
}

#[test]
fn the_loops() {
    let function = split(&parse(PLANE), [32, 8, 1], 16, Some(8)).function;
    let plain = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(plain(&function.to_string()) == plain(LOOPS), "it is\n{function}\nand should be\n{LOOPS}");
}

/// Two gangs of four rows each.
const LOOPS: &str = "function plane
    table 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
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
    v30: i64 = load.param.8 v0 + 64
    branch v15, b2, b13
    b1(v17: i64, v18: i32, v19: i32, v20: i32):
    store.param.4 v0 + 176, v18
    v21: i32 = const 0
    v24: i32 = const 5
    v25: i32 = shl.u32 v18, v24
    v28: i32 = shl.u32 v19, v179
    v32: i32 = mullow.u32 v28, v31
    v33: i32 = add.u32 v25, v32
    v35: i32 = add.u32 v33, v34
    v36: i64 = convert.s64.s32 v35
    v42: i64 = add.u64 v36, v40
    v43: i64 = add.u64 v36, v41
    v44: i64 = const 0xffffffff80000000
    v45: i64 = const 0x7ffffee0
    v46: i1 = compare.lt.s64 v42, v44
    v47: i1 = compare.gt.s64 v43, v45
    v48: i1 = or.pred v46, v47
    branch v48, b4, b5
    b2:
    v16: i32 = const 0
    return v16
    b3:
    v80: i64 = convert.u64.u32 v70
    v81: i64 = sub.u64 v17, v80
    v82: i1 = compare.eq.u64 v81, v14
    branch v82, b2, b10
    b4:
    v49: i32 = const 4
    return v49
    b5:
    v50: i32 = sub.u32 v3, v18
    v51: i64 = convert.u64.u32 v50
    v52: i64 = const 128
    v53: i64 = min.u64 v17, v51
    v54: i64 = min.u64 v53, v52
    v55: i32 = convert.u32.u64 v54
    v56: i32 = const 0xffffffff
    v57: i32 = add.u32 v55, v56
    v59: i64 = convert.u64.u32 v57
    v60: i64 = shl.u64 v59, v24
    v61: i64 = min.s64 v60, v14
    v62: i64 = max.s64 v60, v14
    v63: i64 = add.u64 v36, v61
    v64: i64 = add.u64 v36, v62
    v65: i64 = add.u64 v40, v63
    v66: i64 = add.u64 v41, v64
    v67: i1 = compare.lt.s64 v65, v44
    v68: i1 = compare.gt.s64 v66, v45
    v69: i1 = or.pred v67, v68
    v70: i32 = select v181, v55, v69
    v71: i32 = add.u32 v18, v70
    jump b6(v21)
    b6(v72: i32):
    store.param.4 v0 + 188, v72
    v89: i32 = shr.u32 v72, v24
    v99: i32 = add.u32 v28, v89
    v101: i32 = mullow.u32 v31, v99
    jump b8(v18)
    b7:
    v73: i32 = const 128
    v74: i32 = add.u32 v72, v73
    v75: i32 = const 256
    v76: i1 = compare.lt.u32 v74, v75
    branch v76, b6(v74), b3
    b8(v77: i32):
    store.param.4 v0 + 176, v77
    v90: i32 = const 16
    jump b12
    b9:
    v78: i32 = add.u32 v77, v181
    v79: i1 = compare.eq.u32 v78, v71
    poll
    branch v79, b7, b8(v78)
    b10:
    v83: i1 = compare.eq.u32 v71, v3
    poll
    branch v83, b11, b1(v81, v71, v19, v20)
    b11:
    v84: i32 = add.u32 v19, v181
    v85: i1 = compare.eq.u32 v84, v8
    v86: i32 = select v21, v84, v85
    v87: i32 = select v181, v21, v85
    v88: i32 = add.u32 v20, v87
    store.param.4 v0 + 180, v86
    store.param.4 v0 + 184, v88
    jump b1(v81, v21, v86, v88)
    b12:
    v98: i32 = shl.u32 v77, v24
    v102: i32 = add.u32 v98, v101
    v104: i32 = add.u32 v34, v102
    v105: i32 = const 4
    v106: i64 = mulwide.s32 v104, v105
    v108: i64 = add.u64 v106, v107
    v109: v16x32 = load.global.4 v108 @1
    v112: v16x32 = load.global.4 v108 + 64 @1
    v115: i64 = add.u64 v108, v114 @1
    v116: v16x32 = load.global.4 v115 @1
    v118: v16x32 = load.global.4 v115 + 64 @1
    v121: i64 = add.u64 v108, v120 @1
    v122: v16x32 = load.global.4 v121 @1
    v124: v16x32 = load.global.4 v121 + 64 @1
    v127: i64 = add.u64 v108, v126 @1
    v128: v16x32 = load.global.4 v127 @1
    v130: v16x32 = load.global.4 v127 + 64 @1
    v131: v16x32 = broadcast v104
    v134: v16x32 = add.u32 v109, v131
    v135: v16x32 = add.u32 v132, v134
    v136: i32 = add.u32 v104, v90
    v137: v16x32 = broadcast v136
    v139: v16x32 = add.u32 v112, v137
    v140: v16x32 = add.u32 v132, v139
    v141: i32 = add.u32 v31, v104
    v142: v16x32 = broadcast v141
    v144: v16x32 = add.u32 v116, v142
    v145: v16x32 = add.u32 v132, v144
    v146: i32 = add.u32 v141, v90
    v147: v16x32 = broadcast v146
    v149: v16x32 = add.u32 v118, v147
    v150: v16x32 = add.u32 v132, v149
    v152: i32 = add.u32 v104, v151
    v153: v16x32 = broadcast v152
    v155: v16x32 = add.u32 v122, v153
    v156: v16x32 = add.u32 v132, v155
    v157: i32 = add.u32 v152, v90
    v158: v16x32 = broadcast v157
    v160: v16x32 = add.u32 v124, v158
    v161: v16x32 = add.u32 v132, v160
    v163: i32 = add.u32 v104, v162
    v164: v16x32 = broadcast v163
    v166: v16x32 = add.u32 v128, v164
    v167: v16x32 = add.u32 v132, v166
    v168: i32 = add.u32 v163, v90
    v169: v16x32 = broadcast v168
    v171: v16x32 = add.u32 v130, v169
    v172: v16x32 = add.u32 v132, v171
    store.global.4 v108, v135 @2
    store.global.4 v108 + 64, v140 @2
    store.global.4 v115, v145 @2
    store.global.4 v115 + 64, v150 @2
    store.global.4 v121, v156 @2
    store.global.4 v121 + 64, v161 @2
    store.global.4 v127, v167 @2
    store.global.4 v127 + 64, v172 @2
    jump b9
    b13:
    v31: i32 = load.param.4 v30 + 8
    v34: i32 = load.param.4 v30 + 16
    v37: i64 = convert.s64.s32 v31
    v177: i64 = const 7
    v39: i64 = mullow.u64 v37, v177
    v40: i64 = min.s64 v39, v14
    v41: i64 = max.s64 v39, v14
    v107: i64 = load.param.8 v30
    v178: i32 = const 2
    v114: i64 = shl.u64 v37, v178 @1
    v179: i32 = const 3
    v120: i64 = shl.u64 v37, v179 @1
    v180: i64 = const 12
    v126: i64 = mullow.u64 v37, v180 @1
    v132: v16x32 = table.0
    v181: i32 = const 1
    v151: i32 = shl.u32 v31, v181
    v162: i32 = mullow.u32 v31, v179
    jump b1(v2, v6, v11, v13)";

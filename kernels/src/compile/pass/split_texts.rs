//! Masked kernels of the tests of vector code.

/// y ← a · x + y.
pub const SAXPY: &str = "function saxpy
    b0:
    v0: i1 = entered
    v1: i32 = special.ctaid.0
    v2: i32 = special.ntid.0
    v3: i32 = special.tid.0
    v4: i32 = mullow.u32 v1, v2
    v5: i32 = add.u32 v4, v3
    v6: i64 = const 0
    v7: i32 = load.param.4 v6 + 16
    v8: i1 = compare.lt.s32 v5, v7
    v9: i1 = and.pred v0, v8
    v10: i1 = any v9
    branch v10, b1, b2
    b1:
    v11: i64 = load.param.8 v6
    v12: i64 = load.param.8 v6 + 8
    v13: i32 = load.param.4 v6 + 24
    v14: i32 = const 4
    v15: i64 = mulwide.s32 v5, v14
    v16: i64 = add.u64 v11, v15
    v17: i64 = add.u64 v12, v15
    v18: i32 = load.global.4 v16 [v9] @7
    v19: i32 = load.global.4 v17 [v9] @8
    v20: i32 = fma.f32 v13, v18, v19
    store.global.4 v17, v20 [v9] @9
    jump b2
    b2:
    exit";

/// A tile of 16 × 16 through shared memory.
pub const TRANSPOSE: &str = "function transpose
    resumes b0, b1
    slots i64
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i32 = special.tid.1
    v3: i32 = const 16
    v4: i32 = mullow.u32 v2, v3
    v5: i32 = add.u32 v4, v1
    v6: i32 = const 4
    v7: i64 = mulwide.s32 v5, v6
    v8: i64 = const 0
    v9: i64 = load.param.8 v8
    v10: i64 = add.u64 v9, v7
    v11: i32 = load.global.4 v10 @5
    v12: i32 = const 17
    v13: i32 = mullow.u32 v2, v12
    v14: i32 = add.u32 v13, v1
    v15: i32 = mullow.u32 v14, v6
    store.shared.4 v15, v11 @6
    v16: i64 = load.param.8 v8 + 8
    v17: i64 = add.u64 v16, v7
    save.0 v17
    yield 1
    b1:
    v20: i64 = restore.0
    v21: i32 = special.tid.0
    v22: i32 = special.tid.1
    v23: i32 = const 17
    v24: i32 = mullow.u32 v21, v23
    v25: i32 = add.u32 v24, v22
    v26: i32 = const 4
    v27: i32 = mullow.u32 v25, v26
    v28: i32 = load.shared.4 v27 @8
    store.global.4 v20, v28 @9
    exit";

/// The sum of a block: warps by shuffles, then the first warp over what they left in shared memory. Threads from 200 on leave before.
pub const SUM: &str = "function sum
    resumes b0, b3
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i32 = const 200
    v3: i1 = compare.lt.u32 v1, v2
    v4: i1 = and.pred v0, v3
    v5: i1 = any v4
    branch v5, b1, b2
    b1:
    v6: i32 = const 4
    v7: i64 = mulwide.u32 v1, v6
    v8: i64 = const 0
    v9: i64 = load.param.8 v8
    v10: i64 = add.u64 v9, v7
    v11: i32 = load.global.4 v10 [v4]
    v12: i32 = const 31
    v13: i32 = const 16
    v14: i32, v15: i1 = shuffle.down v11, v13, v12 [v4] @20
    v16: i32 = select v14, v8x, v15
    v17: i32 = add.u32 v11, v16
    v18: i32 = const 8
    v19: i32, v20: i1 = shuffle.butterfly v17, v18, v12 [v4] @21
    v21: i32 = add.u32 v17, v19
    v22: i32 = const 0xffffffff
    v23: i32 = reduce.add.u32 v21, v22 [v4] @22
    v24: i32 = special.laneid
    v25: i1 = compare.eq.u32 v24, v8x
    v26: i1 = and.pred v4, v25
    v27: i32 = special.warpid
    v28: i32 = mullow.u32 v27, v6
    store.shared.4 v28 + 64, v23 [v26] @23
    yield 1
    b2:
    exit
    b3:
    v30: i1 = entered
    v31: i32 = special.tid.0
    v32: i32 = const 7
    v33: i1 = compare.lt.u32 v31, v32
    v34: i1 = and.pred v30, v33
    v35: i1 = any v34
    branch v35, b4, b2
    b4:
    v36: i32 = const 4
    v37: i32 = mullow.u32 v31, v36
    v38: i32 = load.shared.4 v37 + 64 [v34] @30
    v39: i32 = const 0xffffffff
    v40: i32 = reduce.add.u32 v38, v39 [v34] @31
    v41: i32 = const 0
    v42: i1 = compare.eq.u32 v31, v41
    v43: i1 = and.pred v34, v42
    v44: i64 = const 0
    v45: i64 = load.param.8 v44 + 8
    v46: i64 = load.param.8 v44 + 16
    v47: i32 = special.ctaid.0
    v48: i64 = mulwide.u32 v47, v36
    v49: i64 = add.u64 v45, v48
    store.global.4 v49, v40 [v43] @32
    atomic.global.4.add v46, v31, v31 [v34] @33
    exit";

/// Counts in shared memory, then added to those of all blocks.
pub const HISTOGRAM: &str = "function histogram
    resumes b0, b1, b2
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i32 = const 4
    v3: i32 = mullow.u32 v1, v2
    v4: i32 = const 0
    store.shared.4 v3, v4 @3
    yield 1
    b1:
    v10: i32 = special.tid.0
    v11: i32 = special.ctaid.0
    v12: i32 = const 64
    v13: i32 = mullow.u32 v11, v12
    v14: i32 = add.u32 v13, v10
    v15: i64 = convert.u64.u32 v14
    v16: i64 = const 0
    v17: i64 = load.param.8 v16
    v18: i64 = add.u64 v17, v15
    v19: i32 = load.global.1 v18 @8
    v20: i32 = const 63
    v21: i32 = and.b32 v19, v20
    v22: i32 = const 4
    v23: i32 = mullow.u32 v21, v22
    v24: i32 = const 1
    atomic.shared.4.add v23, v24, v24 @9
    yield 2
    b2:
    v30: i32 = special.tid.0
    v31: i32 = const 4
    v32: i32 = mullow.u32 v30, v31
    v33: i32 = load.shared.4 v32 @12
    v34: i64 = const 0
    v35: i64 = load.param.8 v34 + 8
    v36: i64 = mulwide.u32 v30, v31
    v37: i64 = add.u64 v35, v36
    atomic.global.4.add v37, v33, v33 @13
    v38: i64 = load.param.8 v34 + 16
    atomic.global.4.add v38, v33, v33 @14
    v39: i32 = atomic.global.4.add v38 + 4, v31, v31 @15
    store.global.4 v37 + 1024, v39
    exit";

/// A step of a product of tiles: the column of B is the same for all rows, the row of A for all columns.
pub const TILES: &str = "function tiles
    b0:
    v0: i32 = special.tid.0
    v1: i32 = special.tid.1
    v2: i32 = const 64
    v3: i32 = mullow.u32 v1, v2
    v4: i32 = const 4
    v5: i32 = mullow.u32 v0, v4
    v6: i32 = const 0
    v7: i32 = load.shared.4 v3 @1
    v8: i32 = load.shared.4 v5 + 1024 @2
    v9: i32 = fma.f32 v7, v8, v6 @3
    v10: i32 = load.shared.4 v3 + 4 @4
    v11: i32 = load.shared.4 v5 + 1088 @5
    v12: i32 = fma.f32 v10, v11, v9 @6
    v13: i64 = const 0
    v14: i64 = load.param.8 v13
    v15: i32 = const 16
    v16: i32 = mullow.u32 v1, v15
    v17: i32 = add.u32 v16, v0
    v18: i64 = mulwide.u32 v17, v4
    v19: i64 = add.u64 v14, v18
    store.global.4 v19, v12 @7
    exit";

/// The sum of pairs and the product of quadruples of bytes, from structures into others.
pub const STRUCTURES: &str = "function structures
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i64 = const 0
    v3: i64 = load.param.8 v2
    v4: i64 = load.param.8 v2 + 8
    v5: i32 = const 8
    v6: i64 = mulwide.u32 v1, v5
    v7: i64 = add.u64 v3, v6
    v8: i32, v9: i32 = load.global.4 v7 @1
    v10: i32 = add.u32 v8, v9
    v11: i32 = const 4
    v12: i64 = mulwide.u32 v1, v11
    v13: i64 = add.u64 v3, v12
    v14: i32, v15: i32, v16: i32, v17: i32 = load.global.1.signed v13 @2
    v18: i32 = mullow.u32 v14, v15
    v19: i32 = mullow.u32 v16, v17
    v20: i32 = const 12
    v21: i64 = mulwide.u32 v1, v20
    v22: i64 = add.u64 v4, v21
    store.global.4 v22, v10, v18, v19 @3
    store.global.2 v13 + 4096, v18, v19 @4
    exit";

/// A pointer that a loop moves on, from an index that may wrap around.
pub const POINTERS: &str = "function pointers
    b0:
    v0: i1 = entered
    v1: i32 = special.tid.0
    v2: i64 = const 0
    v3: i64 = load.param.8 v2
    v4: i32 = load.param.4 v2 + 16
    v5: i32 = add.u32 v1, v4
    v6: i32 = const 1000
    v7: i1 = compare.lt.u32 v5, v6
    v8: i1 = and.pred v0, v7
    v9: i32 = const 4
    v10: i64 = mulwide.u32 v5, v9
    v11: i64 = add.u64 v3, v10
    v12: i32 = const 0
    jump b1(v12, v11, v12)
    b1(v13: i32, v14: i64, v15: i32):
    v16: i32 = load.global.4 v14 [v8] @1
    v17: i32 = add.u32 v15, v16
    v18: i64 = const 64
    v19: i64 = add.u64 v14, v18
    v20: i32 = const 1
    v21: i32 = add.u32 v13, v20
    v22: i32 = const 3
    v23: i1 = compare.lt.u32 v21, v22
    branch v23, b1(v21, v19, v17), b2(v17)
    b2(v24: i32):
    v25: i64 = load.param.8 v2 + 8
    v26: i64 = mulwide.u32 v1, v9
    v27: i64 = add.u64 v25, v26
    v28: i32 = select v24, v12, v8
    store.global.4 v27, v28 @2
    exit";

/// What becomes of it with 2 vectors.
pub const SAXPY_2: &str = "v0: i32 = const 4
    v1: i64 = mulwide.s32 v2, v0
    v3: i64 = add.u64 v4, v1
    v5: i64 = add.u64 v6, v1
    v7: v16x32 = load.global.4 v3 [v8] @7
    v9: v16x32 = load.global.4 v3 + 64 [v10] @7
    v11: v16x32 = load.global.4 v5 [v8] @8
    v12: v16x32 = load.global.4 v5 + 64 [v10] @8
    v13: v16x32 = fma.f32 v14, v7, v11
    v15: v16x32 = fma.f32 v14, v9, v12
    store.global.4 v5, v13 [v8] @9
    store.global.4 v5 + 64, v15 [v10] @9
    jump b10
    v16: i32 = const 4
    v17: i64 = mulwide.s32 v2, v16
    v18: i64 = add.u64 v4, v17
    v19: i64 = add.u64 v6, v17
    v20: v16x32 = load.global.4 v18 @7
    v21: v16x32 = load.global.4 v18 + 64 @7
    v22: v16x32 = load.global.4 v19 @8
    v23: v16x32 = load.global.4 v19 + 64 @8
    v24: v16x32 = fma.f32 v14, v20, v22
    v25: v16x32 = fma.f32 v14, v21, v23
    store.global.4 v19, v24 @9
    store.global.4 v19 + 64, v25 @9
    jump b10";

/// What becomes of it with 2 vectors.
pub const TRANSPOSE_2: &str = "v0: i32 = shl.u32 v1, v2
    v3: i64 = mulwide.s32 v0, v2
    v4: i64 = add.u64 v3, v5
    v6: v16x32 = load.global.4 v4 @5
    v7: v16x32 = load.global.4 v4 + 64 @5
    v8: i32 = const 17
    v9: i32 = mullow.u32 v1, v8
    v10: i32 = shl.u32 v9, v11
    v12: i64 = convert.s64.s32 v10 @6
    v13: i64 = add.u64 v14, v12 @6
    store.shared.4 v13, v6 @6
    store.shared.4 v13 + 68, v7 @6
    v15: i64 = add.u64 v3, v16
    store.local.8 v17 + 64, v15
    jump b8(v18)
    v19: i64 = load.local.8 v17 + 64
    v20: i32 = shl.u32 v1, v11
    v21: i64 = convert.s64.s32 v20 @8
    v22: i64 = add.u64 v14, v21 @8
    v23: v16x32 = gather.shared.4 v22, v24 * 1 @8
    v25: v16x32 = gather.shared.4 v22, v24 * 1 + 4 @8
    store.global.4 v19, v23 @9
    store.global.4 v19 + 64, v25 @9
    store.local.4 v17, v18
    jump b8(v26)
    v5: i64 = load.param.8 v27
    v16: i64 = load.param.8 v27 + 8
    v24: v16x32 = table.0 @8
    jump b1(v28, v29, v30, v31)";

/// What becomes of it with 2 vectors.
pub const HISTOGRAM_2: &str = "v0: i32 = const 2
    v1: i32 = shl.u32 v2, v0
    v3: i64 = convert.s64.s32 v1 @3
    v4: i64 = add.u64 v5, v3 @3
    v6: v16x32 = const 0 @3
    store.shared.4 v4, v6 @3
    store.shared.4 v4 + 64, v6 @3
    v7: i32 = const 1
    jump b8(v7)
    v8: i32 = add.u32 v2, v9
    v10: i64 = convert.u64.u32 v8
    v11: i64 = add.u64 v10, v12
    v13: v16x32 = load.global.1 v11 @8
    v14: v16x32 = load.global.1 v11 + 16 @8
    v15: v16x32 = const 63
    v16: v16x32 = and.b32 v13, v15
    v17: v16x32 = and.b32 v14, v15
    v18: v16x32 = const 1 @9
    atomiclanes.shared.4.add v5, v16 * 4, v18, v18 @9
    atomiclanes.shared.4.add v5, v17 * 4, v18, v18 @9
    v19: i32 = const 2
    jump b8(v19)
    v20: i32 = const 4
    v21: i32 = const 2
    v22: i32 = shl.u32 v2, v21
    v23: i64 = convert.s64.s32 v22 @12
    v24: i64 = add.u64 v5, v23 @12
    v25: v16x32 = load.shared.4 v24 @12
    v26: v16x32 = load.shared.4 v24 + 64 @12
    v27: i64 = mulwide.u32 v2, v20
    v28: i64 = add.u64 v29, v27
    atomiclanes.global.4.add.locked v28, v30 * 1, v25, v25 @13
    atomiclanes.global.4.add.locked v28, v30 * 1 + 64, v26, v26 @13
    v31: v16x32 = add.u32 v25, v26 @14
    v32: v16x32 = permute v33, v31 @14
    v34: v16x32 = add.u32 v31, v32 @14
    v35: v16x32 = permute v36, v34 @14
    v37: v16x32 = add.u32 v34, v35 @14
    v38: v16x32 = permute v39, v37 @14
    v40: v16x32 = add.u32 v37, v38 @14
    v41: v16x32 = permute v42, v40 @14
    v43: v16x32 = add.u32 v40, v41 @14
    v44: i32 = lane.0 v43 @14
    atomic.global.4.add v45, v44, v44 @14
    v46: i32 = const 128 @15
    v47: i32 = atomic.global.4.add v45 + 4, v46, v46 @15
    v48: v16x32 = broadcast v47 @15
    v49: v16x32 = add.u32 v30, v48 @15
    v50: v16x32 = add.u32 v51, v48 @15
    store.global.4 v28 + 1024, v49
    store.global.4 v28 + 1088, v50
    v52: i32 = const 1
    store.local.4 v53, v52
    jump b8(v54)
    v12: i64 = load.param.8 v55
    v29: i64 = load.param.8 v55 + 8
    v30: v16x32 = table.0 @13
    v45: i64 = load.param.8 v55 + 16
    v33: v16x32 = table.1 @14
    v36: v16x32 = table.2 @14
    v39: v16x32 = table.3 @14
    v42: v16x32 = table.4 @14
    v51: v16x32 = table.7 @15
    jump b1(v56, v57, v58, v59)";

/// What becomes of it with 4 vectors.
pub const TILES_4: &str = "v0: i32 = shr.u32 v1, v2
    v3: i32 = const 6
    v4: i32 = shl.u32 v0, v3
    v5: i64 = convert.s64.s32 v4 @1
    v6: i64 = add.u64 v7, v5 @1
    v8: i32 = load.shared.4 v6 @1
    v9: i32 = load.shared.4 v6 + 64 @1
    v10: i32 = load.shared.4 v6 + 128 @1
    v11: i32 = load.shared.4 v6 + 192 @1
    v12: v16x32 = broadcast v8 @3
    v13: v16x32 = const 0 @3
    v14: v16x32 = fma.f32 v12, v15, v13 @3
    v16: v16x32 = broadcast v9 @3
    v17: v16x32 = fma.f32 v16, v15, v13 @3
    v18: v16x32 = broadcast v10 @3
    v19: v16x32 = fma.f32 v18, v15, v13 @3
    v20: v16x32 = broadcast v11 @3
    v21: v16x32 = fma.f32 v20, v15, v13 @3
    v22: i32 = load.shared.4 v6 + 4 @4
    v23: i32 = load.shared.4 v6 + 68 @4
    v24: i32 = load.shared.4 v6 + 132 @4
    v25: i32 = load.shared.4 v6 + 196 @4
    v26: v16x32 = broadcast v22 @6
    v27: v16x32 = fma.f32 v26, v28, v14 @6
    v29: v16x32 = broadcast v23 @6
    v30: v16x32 = fma.f32 v29, v28, v17 @6
    v31: v16x32 = broadcast v24 @6
    v32: v16x32 = fma.f32 v31, v28, v19 @6
    v33: v16x32 = broadcast v25 @6
    v34: v16x32 = fma.f32 v33, v28, v21 @6
    v35: i32 = shl.u32 v0, v2
    v36: i64 = mulwide.u32 v35, v2
    v37: i64 = add.u64 v38, v36
    store.global.4 v37, v27 @7
    store.global.4 v37 + 64, v30 @7
    store.global.4 v37 + 128, v32 @7
    store.global.4 v37 + 192, v34 @7
    jump b7
    v15: v16x32 = load.shared.4 v7 + 1024 @2
    v28: v16x32 = load.shared.4 v7 + 1088 @5
    v38: i64 = load.param.8 v39
    jump b1(v40, v41, v42, v43)";

/// Columns of a matrix, read and written: what is a column there is a row here.
pub const COLUMNS: &str = "function columns
    b0:
    v0: i32 = special.tid.0
    v1: i32 = special.tid.1
    v2: i32 = const 84
    v3: i32 = const 4
    v4: i32 = const 64
    v5: i64 = const 0
    v6: i64 = load.param.8 v5
    v7: i64 = load.param.8 v5 + 8
    v8: i32 = mullow.u32 v0, v2
    v9: i32 = mullow.u32 v1, v3
    v10: i32 = add.u32 v8, v9
    v11: i64 = convert.u64.u32 v10
    v12: i64 = add.u64 v6, v11
    v13: i32 = mullow.u32 v0, v3
    v14: i32 = mullow.u32 v1, v4
    v15: i32 = add.u32 v13, v14
    v16: i64 = convert.u64.u32 v15
    v17: i64 = add.u64 v7, v16
    v18: i32 = load.global.4 v17 @1
    v19: i32 = load.global.4 v12 @2
    store.global.4 v17, v19 @3
    store.global.4 v12, v18 @4
    exit";

/// What becomes of it with 8 vectors.
pub const COLUMNS_8: &str = "v0: v16x32 = load.global.4 v1 @1
    v2: v16x32 = load.global.4 v1 + 64 @1
    v3: v16x32 = load.global.4 v1 + 128 @1
    v4: v16x32 = load.global.4 v1 + 192 @1
    v5: v16x32 = load.global.4 v1 + 256 @1
    v6: v16x32 = load.global.4 v1 + 320 @1
    v7: v16x32 = load.global.4 v1 + 384 @1
    v8: v16x32 = load.global.4 v1 + 448 @1
    v9: v8x32 = load.global.4 v10 @2
    v11: v8x32 = load.global.4 v10 + 336 @2
    v12: v16x32 = join v9, v11 @2
    v13: v8x32 = load.global.4 v10 + 84 @2
    v14: v8x32 = load.global.4 v10 + 420 @2
    v15: v16x32 = join v13, v14 @2
    v16: v8x32 = load.global.4 v10 + 168 @2
    v17: v8x32 = load.global.4 v10 + 504 @2
    v18: v16x32 = join v16, v17 @2
    v19: v8x32 = load.global.4 v10 + 252 @2
    v20: v8x32 = load.global.4 v10 + 588 @2
    v21: v16x32 = join v19, v20 @2
    v22: v16x32 = permute2 v23, v12, v15 @2
    v24: v16x32 = permute2 v23, v18, v21 @2
    v25: v16x32 = permute2 v26, v22, v24 @2
    v27: v16x32 = permute2 v28, v22, v24 @2
    v29: v16x32 = permute2 v30, v12, v15 @2
    v31: v16x32 = permute2 v30, v18, v21 @2
    v32: v16x32 = permute2 v26, v29, v31 @2
    v33: v16x32 = permute2 v28, v29, v31 @2
    v34: v8x32 = load.global.4 v10 + 672 @2
    v35: v8x32 = load.global.4 v10 + 1008 @2
    v36: v16x32 = join v34, v35 @2
    v37: v8x32 = load.global.4 v10 + 756 @2
    v38: v8x32 = load.global.4 v10 + 1092 @2
    v39: v16x32 = join v37, v38 @2
    v40: v8x32 = load.global.4 v10 + 840 @2
    v41: v8x32 = load.global.4 v10 + 1176 @2
    v42: v16x32 = join v40, v41 @2
    v43: v8x32 = load.global.4 v10 + 924 @2
    v44: v8x32 = load.global.4 v10 + 1260 @2
    v45: v16x32 = join v43, v44 @2
    v46: v16x32 = permute2 v23, v36, v39 @2
    v47: v16x32 = permute2 v23, v42, v45 @2
    v48: v16x32 = permute2 v26, v46, v47 @2
    v49: v16x32 = permute2 v28, v46, v47 @2
    v50: v16x32 = permute2 v30, v36, v39 @2
    v51: v16x32 = permute2 v30, v42, v45 @2
    v52: v16x32 = permute2 v26, v50, v51 @2
    v53: v16x32 = permute2 v28, v50, v51 @2
    v54: v16x32 = permute2 v55, v25, v48 @2
    v56: v16x32 = permute2 v55, v27, v49 @2
    v57: v16x32 = permute2 v55, v32, v52 @2
    v58: v16x32 = permute2 v55, v33, v53 @2
    v59: v16x32 = permute2 v60, v25, v48 @2
    v61: v16x32 = permute2 v60, v27, v49 @2
    v62: v16x32 = permute2 v60, v32, v52 @2
    v63: v16x32 = permute2 v60, v33, v53 @2
    store.global.4 v1, v54 @3
    store.global.4 v1 + 64, v56 @3
    store.global.4 v1 + 128, v57 @3
    store.global.4 v1 + 192, v58 @3
    store.global.4 v1 + 256, v59 @3
    store.global.4 v1 + 320, v61 @3
    store.global.4 v1 + 384, v62 @3
    store.global.4 v1 + 448, v63 @3
    v64: v16x32 = permute2 v65, v0, v5 @4
    v66: v16x32 = permute2 v65, v2, v6 @4
    v67: v16x32 = permute2 v65, v3, v7 @4
    v68: v16x32 = permute2 v65, v4, v8 @4
    v69: v16x32 = permute2 v70, v0, v5 @4
    v71: v16x32 = permute2 v70, v2, v6 @4
    v72: v16x32 = permute2 v70, v3, v7 @4
    v73: v16x32 = permute2 v70, v4, v8 @4
    v74: v16x32 = permute2 v23, v64, v66 @4
    v75: v16x32 = permute2 v23, v67, v68 @4
    v76: v16x32 = permute2 v26, v74, v75 @4
    v77: v16x32 = permute2 v28, v74, v75 @4
    v78: v16x32 = permute2 v30, v64, v66 @4
    v79: v16x32 = permute2 v30, v67, v68 @4
    v80: v16x32 = permute2 v26, v78, v79 @4
    v81: v16x32 = permute2 v28, v78, v79 @4
    v82: v8x32 = half.0 v76 @4
    store.global.4 v10, v82 @4
    v83: v8x32 = half.1 v76 @4
    store.global.4 v10 + 336, v83 @4
    v84: v8x32 = half.0 v77 @4
    store.global.4 v10 + 84, v84 @4
    v85: v8x32 = half.1 v77 @4
    store.global.4 v10 + 420, v85 @4
    v86: v8x32 = half.0 v80 @4
    store.global.4 v10 + 168, v86 @4
    v87: v8x32 = half.1 v80 @4
    store.global.4 v10 + 504, v87 @4
    v88: v8x32 = half.0 v81 @4
    store.global.4 v10 + 252, v88 @4
    v89: v8x32 = half.1 v81 @4
    store.global.4 v10 + 588, v89 @4
    v90: v16x32 = permute2 v23, v69, v71 @4
    v91: v16x32 = permute2 v23, v72, v73 @4
    v92: v16x32 = permute2 v26, v90, v91 @4
    v93: v16x32 = permute2 v28, v90, v91 @4
    v94: v16x32 = permute2 v30, v69, v71 @4
    v95: v16x32 = permute2 v30, v72, v73 @4
    v96: v16x32 = permute2 v26, v94, v95 @4
    v97: v16x32 = permute2 v28, v94, v95 @4
    v98: v8x32 = half.0 v92 @4
    store.global.4 v10 + 672, v98 @4
    v99: v8x32 = half.1 v92 @4
    store.global.4 v10 + 1008, v99 @4
    v100: v8x32 = half.0 v93 @4
    store.global.4 v10 + 756, v100 @4
    v101: v8x32 = half.1 v93 @4
    store.global.4 v10 + 1092, v101 @4
    v102: v8x32 = half.0 v96 @4
    store.global.4 v10 + 840, v102 @4
    v103: v8x32 = half.1 v96 @4
    store.global.4 v10 + 1176, v103 @4
    v104: v8x32 = half.0 v97 @4
    store.global.4 v10 + 924, v104 @4
    v105: v8x32 = half.1 v97 @4
    store.global.4 v10 + 1260, v105 @4
    jump b3
    v10: i64 = load.param.8 v106
    v1: i64 = load.param.8 v106 + 8
    v23: v16x32 = table.0 @2
    v26: v16x32 = table.1 @2
    v28: v16x32 = table.2 @2
    v30: v16x32 = table.3 @2
    v55: v16x32 = table.4 @2
    v60: v16x32 = table.5 @2
    v65: v16x32 = table.6 @4
    v70: v16x32 = table.7 @4
    jump b1(v107, v108, v109, v110)";

//! Blocks before and after.

use crate::compile::ssa::parse::check;
use crate::compile::ssa::verify::Stage;

fn becomes(before: &str, after: &str) {
    let around = |lines: &str| {
        format!(
            "function k
            b0:
            v0: i64 = context
            v1: v16x32 = load.generic.4 v0
            v2: v16x32 = load.generic.4 v0 + 64
            {lines}"
        )
    };
    check(Stage::Vectors, &around(before), super::run, &around(after));
}

#[test]
fn masks_are_made_where_they_are_needed() {
    becomes(
        "v3: m16 = compare.lt.s32 v1, v2
        v4: m16 = compare.lt.s32 v2, v1
        v5: v16x32 = add.s32 v1, v2
        store.generic.4 v0, v5 [v4]
        store.generic.4 v0 + 64, v5 [v3]
        v6: i32 = const 0
        return v6",
        "v5: v16x32 = add.s32 v1, v2
        v4: m16 = compare.lt.s32 v2, v1
        store.generic.4 v0, v5 [v4]
        v3: m16 = compare.lt.s32 v1, v2
        store.generic.4 v0 + 64, v5 [v3]
        v6: i32 = const 0
        return v6",
    );
}

/// What reads a mask for the last time frees its register, so it comes at once.
#[test]
fn the_last_reader_of_a_mask_comes_at_once() {
    becomes(
        "v3: m16 = compare.lt.s32 v1, v2
        v4: m16 = not.pred v3
        v5: v16x32 = add.s32 v1, v2
        store.generic.4 v0, v5 [v3]
        v6: v16x32 = add.s32 v5, v2
        store.generic.4 v0 + 64, v6 [v4]
        v7: i32 = const 0
        return v7",
        "v5: v16x32 = add.s32 v1, v2
        v3: m16 = compare.lt.s32 v1, v2
        store.generic.4 v0, v5 [v3]
        v4: m16 = not.pred v3
        v6: v16x32 = add.s32 v5, v2
        store.generic.4 v0 + 64, v6 [v4]
        v7: i32 = const 0
        return v7",
    );
}

#[test]
fn a_parameter_is_read_before_its_next_value_is_made() {
    becomes(
        "jump b1(v1, v2)
        b1(v3: v16x32, v4: v16x32):
        v5: v16x32 = add.s32 v4, v1
        v6: v16x32 = add.s32 v3, v3
        v7: v16x32 = add.s32 v6, v4
        v8: m16 = compare.ne.u32 v7, v1
        v9: i1 = maskany v8
        branch v9, b2, b3
        b2:
        jump b1(v5, v7)
        b3:
        v10: i32 = const 0
        return v10",
        "jump b1(v1, v2)
        b1(v3: v16x32, v4: v16x32):
        v6: v16x32 = add.s32 v3, v3
        v5: v16x32 = add.s32 v4, v1
        v7: v16x32 = add.s32 v6, v4
        v8: m16 = compare.ne.u32 v7, v1
        v9: i1 = maskany v8
        branch v9, b2, b3
        b2:
        jump b1(v5, v7)
        b3:
        v10: i32 = const 0
        return v10",
    );
}

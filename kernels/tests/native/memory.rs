//! Loads, stores, gathers and scatters of every shape, with and without masks.

use super::program::{RESULTS, check, check_with};

/// Types of vectors: text, bits of a lane, lanes.
pub const VECTORS: &[(&str, usize, usize)] = &[("v16x32", 32, 16), ("v8x32", 32, 8), ("v8x64", 64, 8)];

/// Masks by number of lanes that are worth a try.
pub const MASKS: &[u64] = &[0, 1, 0x80, 0xa5, 0xff, 0x8001, 0xa5a5, 0x7fff, 0xffff];

/// Masks as the value v9, three ways: not known to selection (out of a number), a constant, none.
fn masks(lanes: usize) -> Vec<(String, &'static str)> {
    let mut all = vec![(String::new(), "")];
    for mask in MASKS.iter().map(|mask| mask & ((1 << lanes) - 1)) {
        // The number has bits above the lanes as well.
        all.push((
            format!(
                "v8: i32 = const {}\nv9: m{lanes} = bitsmask v8\n",
                mask | 0xabcd_0000 | mask << lanes & 0xffff
            ),
            "[v9]",
        ));
        all.push((format!("v9: m{lanes} = const {mask}\n"), "[v9]"));
    }
    all
}

fn done(body: String) -> String {
    format!("{body}v99: i32 = const 0\nreturn v99")
}

#[test]
fn vectors_are_loaded_and_stored() {
    for &(ty, bits, lanes) in VECTORS {
        for bytes in [1, 2, 4, 8].into_iter().filter(|bytes| bytes * 8 <= bits) {
            for signed in ["", ".signed"] {
                for (mask, under) in masks(lanes) {
                    check(&done(format!(
                        "{mask}v10: {ty} = load.generic.{bytes}{signed} v2 + 100 {under}
                        store.generic.{} v2 + {RESULTS}, v10
                        store.generic.{bytes} v2 + {}, v10 {under}\n",
                        bits / 8,
                        RESULTS + 128,
                    )));
                }
            }
        }
    }
}

#[test]
fn scalars_are_loaded_and_stored() {
    for (ty, most) in [("i32", 4), ("i64", 8)] {
        for bytes in [1, 2, 4, 8].into_iter().filter(|&bytes| bytes <= most) {
            for signed in ["", ".signed"] {
                for bit in ["v7", "v6"] {
                    check(&done(format!(
                        "v5: i32 = const 5\nv6: i1 = compare.eq.u32 v5, v5\nv7: i1 = not.pred v6
                        v10: {ty} = load.generic.{bytes}{signed} v2 + 24
                        v11: {ty}, v12: {ty} = load.generic.{bytes}{signed} v2 + 128
                        v14: {ty} = const 0x7f
                        store.generic.{most} v2 + {RESULTS}, v10
                        store.generic.{bytes} v2 + {}, v11, v12 [{bit}]
                        store.generic.{bytes} v2 + {}, v14\n",
                        RESULTS + 16,
                        RESULTS + 64,
                    )));
                }
            }
        }
    }
}

/// Addresses made of sums and products.
#[test]
fn addresses_are_sums() {
    check(&done(format!(
        "v5: i32 = load.generic.1 v2
        v6: i64 = convert.u64.u32 v5
        v7: i64 = convert.s64.s32 v5
        v8: i32 = const 3
        v9: i64 = shl.u64 v6, v8
        v10: i64 = add.u64 v2, v9
        v11: i64 = const {RESULTS}
        v12: i64 = add.u64 v10, v11
        v13: i64 = load.generic.8 v10 + 16
        store.generic.8 v12, v13
        v14: i64 = const 4
        v15: i64 = mullow.u64 v7, v14
        v16: i64 = const 8192
        v17: i64 = add.u64 v15, v16
        v18: i64 = add.u64 v17, v2
        v19: i32 = load.generic.4 v18
        v20: i64 = sub.u64 v18, v16
        v21: i32 = load.generic.4 v20
        store.generic.4 v12 + 8, v19
        store.generic.4 v12 + 12, v21
        v22: i64 = const 0x100000000
        v23: i64 = add.u64 v12, v22
        v24: i64 = sub.u64 v23, v22
        store.generic.8 v24 + 24, v23
        v25: i64 = const 0x7ffffff0
        v26: i64 = add.u64 v12, v25
        v27: i64 = add.u64 v26, v25
        v28: i64 = sub.u64 v27, v25
        v29: i64 = sub.u64 v28, v25
        store.generic.8 v29 + 32, v27\n"
    )));
}

/// A load stays before a store that may change what it reads.
#[test]
fn loads_do_not_pass_stores() {
    let table = "table 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0";
    check_with(
        table,
        &done(format!(
            "v5: i32 = load.generic.4 v2 + {RESULTS}
        v6: i32 = load.generic.4 v2
        store.generic.4 v2 + {RESULTS}, v6
        v7: i32 = add.u32 v6, v5
        store.generic.4 v2 + {}, v7
        v8: v16x32 = load.generic.4 v2 + {RESULTS}
        v9: v16x32 = table.0
        store.generic.4 v2 + {RESULTS}, v9
        v10: v16x32 = permute v8, v9
        store.generic.4 v2 + {}, v10\n",
            RESULTS + 4,
            RESULTS + 64,
        )),
    );
}

/// A table of indexes: some twice, some negative.
fn table(bits: usize, lanes: usize) -> String {
    let number = |at: usize| {
        let index = [5, 3, 3, -7, 0, 40, -1, 12, 5, 9, 22, 23, 24, -30, 31, 3][at] as i64;
        if bits == 32 { u64::from(index as u32) } else { index as u64 }
    };
    (0..lanes).map(|at| number(at).to_string()).collect::<Vec<_>>().join(", ")
}

#[test]
fn elements_are_gathered_and_scattered() {
    for &(ty, bits, lanes) in VECTORS {
        let bytes = bits / 8;
        for &(index, index_bits, _) in VECTORS.iter().filter(|vector| vector.2 == lanes) {
            let table = table(index_bits, lanes);
            for (scale, (mask, under)) in [1, 4, 8]
                .into_iter()
                .flat_map(|scale| masks(lanes).into_iter().map(move |mask| (scale, mask)))
            {
                let to = RESULTS + 1024;
                check_with(
                    &format!("table {table}"),
                    &done(format!(
                        "{mask}v10: {index} = table.0
                        v11: {ty} = gather.{bytes} v2, v10 * {scale} + 512 {under}
                        store.generic.{bytes} v2 + {RESULTS}, v11
                        v12: {ty} = load.generic.{bytes} v2
                        scatter.{bytes} v2, v10 * {scale} + {to}, v12 {under}
                        scatter.1 v2, v10 * {scale} + {}, v12 {under}
                        scatter.2 v2, v10 * {scale} + {}, v12 {under}\n",
                        to + 1024,
                        to + 2048,
                    )),
                );
            }
        }
    }
}

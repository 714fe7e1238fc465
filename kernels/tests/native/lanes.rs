//! What moves between lanes, vectors, masks and scalars.

use super::program::{RESULTS, check, check_with};

fn done(body: String) -> String {
    format!("{body}v999: i32 = const 0\nreturn v999")
}

#[test]
fn scalars_go_to_lanes_and_back() {
    for (ty, scalar, bytes, lanes) in
        [("v16x32", "i32", 4, 16), ("v8x32", "i32", 4, 8), ("v8x64", "i64", 8, 8)]
    {
        let mut body = format!(
            "v3: {scalar} = load.generic.{bytes} v2 + 16
            v4: {ty} = broadcast v3
            store.generic.{bytes} v2 + {RESULTS}, v4
            v5: {scalar} = load.generic.{bytes} v2 + 24
            v6: {ty} = broadcast v5
            store.generic.{bytes} v2 + {}, v6
            store.generic.{bytes} v2 + {}, v5
            v7: {ty} = load.generic.{bytes} v2 + 512\n",
            RESULTS + 64,
            RESULTS + 128,
        );
        for lane in 0..lanes {
            body += &format!(
                "v{}: {scalar} = lane.{lane} v7\nstore.generic.{bytes} v2 + {}, v{}\n",
                20 + lane,
                RESULTS + 256 + lane * 8,
                20 + lane
            );
        }
        body += &format!(
            "v50: {scalar} = lane.0 v7
            v51: {ty} = broadcast v50
            store.generic.{bytes} v2 + {}, v51\n",
            RESULTS + 512
        );
        check(&done(body));
    }
}

#[test]
fn halves_are_parted_and_joined() {
    check(&done(format!(
        "v3: v16x32 = load.generic.4 v2 + 512
        v4: v8x32 = half.0 v3
        v5: v8x32 = half.1 v3
        v6: v16x32 = join v5, v4
        store.generic.4 v2 + {RESULTS}, v4
        store.generic.4 v2 + {}, v5
        store.generic.4 v2 + {}, v6
        v7: i32 = load.generic.4 v2 + 100
        v8: m16 = bitsmask v7
        v9: m8 = half.0 v8
        v10: m8 = half.1 v8
        v11: m16 = join v10, v9
        v12: i32 = maskbits v8
        v13: i32 = maskbits v9
        v14: i32 = maskbits v10
        v15: i32 = maskbits v11
        store.generic.4 v2 + {}, v12, v13, v14, v15\n",
        RESULTS + 64,
        RESULTS + 128,
        RESULTS + 256,
    )));
}

#[test]
fn masks_are_tested() {
    for (lanes, number) in [8, 16]
        .into_iter()
        .flat_map(|lanes| [0, 1, 0x80, 0xff, 0xff00, 0x8000, 0xffff, 0x1234].map(|number| (lanes, number)))
    {
        check(&done(format!(
            "v3: i32 = const {number}
            v4: m{lanes} = bitsmask v3
            v5: i1 = maskany v4
            v6: i1 = maskall v4
            v7: i32 = const 1
            v8: i32 = const 0
            v9: i32 = select v7, v8, v5
            v10: i32 = select v7, v8, v6
            v11: m{lanes} = broadcast v5
            v12: m{lanes} = broadcast v6
            v13: i32 = maskbits v11
            v14: i32 = maskbits v12
            v15: i32 = const 77
            v16: i1 = maskany v4
            v17: i32 = select v15, v3, v16
            v18: i1 = maskall v4
            v19: i32 = select v15, v3, v18
            store.generic.4 v2 + {RESULTS}, v9, v10, v13, v14, v17, v19\n"
        )));
    }
}

#[test]
fn lanes_are_permuted() {
    let head = "table 5, 3, 3, 0xfffffff9, 0, 40, 6, 12, 5, 9, 22, 23, 24, 0xffffffe2, 31, 3
        table 5, 3, 3, 0xfffffff9, 0, 40, 6, 12
        table 5, 3, 3, 0xfffffffffffffff9, 0, 40, 6, 12";
    for (ty, bytes, table) in [("v16x32", 4, 0), ("v8x32", 4, 1), ("v8x64", 8, 2)] {
        check_with(
            head,
            &done(format!(
                "v3: {ty} = table.{table}
                v4: {ty} = load.generic.{bytes} v2 + 512
                v5: {ty} = permute v3, v4
                store.generic.{bytes} v2 + {RESULTS}, v5
                v6: {ty} = load.generic.{bytes} v2 + 1024
                v7: {ty} = load.generic.{bytes} v2 + 2048
                v8: {ty} = permute2 v3, v6, v7
                store.generic.{bytes} v2 + {}, v8
                store.generic.{bytes} v2 + {}, v7
                v9: {ty} = permute2 v3, v7, v6
                store.generic.{bytes} v2 + {}, v9
                v10: {ty} = permute2 v7, v6, v3
                store.generic.{bytes} v2 + {}, v10
                v11: {ty} = permute v3, v3
                store.generic.{bytes} v2 + {}, v11
                v12: {ty} = load.generic.{bytes} v2 + 4096
                v13: {ty} = permute2 v12, v7, v6
                store.generic.{bytes} v2 + {}, v13\n",
                RESULTS + 64,
                RESULTS + 128,
                RESULTS + 192,
                RESULTS + 256,
                RESULTS + 320,
                RESULTS + 384,
            )),
        );
    }
}

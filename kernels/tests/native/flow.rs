//! Branches, loops, switches, calls, faults, and ways out.

use stream_hal_kernels::compile::ssa::parse::parse;

use super::process::{self, process};
use super::program::{self, RESULTS, check, check_with, code, text, world};

#[test]
fn loops_count() {
    check(&format!(
        "v3: i32 = const 0
        v4: i32 = const 1
        jump b1(v3, v4)
        b1(v5: i32, v6: i32):
        v7: i32 = const 100
        v8: i1 = compare.lt.u32 v5, v7
        branch v8, b2, b3
        b2:
        poll
        v9: i32 = add.u32 v5, v4
        v10: i32 = mullow.u32 v6, v7
        v11: i32 = add.u32 v10, v5
        jump b1(v9, v11)
        b3:
        store.generic.4 v2 + {RESULTS}, v6, v5
        v12: i32 = const 0
        return v12"
    ));
}

/// Parameters that change places on each way round.
#[test]
fn values_change_places() {
    check(&format!(
        "v3: i32 = const 0
        v4: i32 = load.generic.4 v2
        v5: v16x32 = load.generic.4 v2 + 256
        v6: v16x32 = load.generic.4 v2 + 512
        v7: m16 = bitsmask v4
        v8: m16 = const 0x1234
        jump b1(v3, v4, v5, v6, v7, v8)
        b1(v10: i32, v11: i32, v12: v16x32, v13: v16x32, v14: m16, v15: m16):
        v16: i32 = const 7
        v17: i32 = const 1
        v18: i32 = add.u32 v10, v17
        v19: i1 = compare.eq.u32 v18, v16
        branch v19, b3, b2
        b2:
        jump b1(v18, v10, v13, v12, v15, v14)
        b3:
        store.generic.4 v2 + {RESULTS}, v12
        store.generic.4 v2 + {}, v13
        v20: i32 = maskbits v14
        v21: i32 = maskbits v15
        store.generic.4 v2 + {}, v20, v21, v10, v11
        v22: i32 = const 0
        return v22",
        RESULTS + 64,
        RESULTS + 128,
    ));
}

#[test]
fn switches_go_many_ways() {
    for number in [0, 1, 2, 3, 4, 100, 0xffff_ffffu32] {
        check(&format!(
            "v3: i32 = const {number}
            v4: i32 = const 11
            v5: i32 = const 22
            switch v3, [b1, b2, b3, b4]
            b1:
            jump b5(v4)
            b2:
            jump b5(v5)
            b3:
            jump b5(v3)
            b4:
            v6: i32 = add.u32 v4, v5
            jump b5(v6)
            b5(v7: i32):
            store.generic.4 v2 + {RESULTS}, v7
            v8: i32 = const 0
            return v8"
        ));
    }
}

/// Conditions of all kinds right before branches.
#[test]
fn branches_look_at_flags() {
    let conditions = [
        "v9: i1 = compare.lt.s32 v3, v4",
        "v9: i1 = compare.ge.u32 v4, v3",
        "v9: i1 = compare.eq.u32 v3, v5",
        "v9: i1 = compare.gt.s32 v5, v3",
        "v9: i1 = compare.ne.u64 v6, v7",
        "v9: i1 = maskany v8",
        "v9: i1 = maskall v8",
        "v12: i1 = maskall v8\nv9: i1 = not.pred v12",
        "v12: i1 = compare.lt.s32 v3, v4\nv13: i1 = maskany v8\nv9: i1 = and.pred v12, v13",
        "v12: m16 = bitsmask v4\nv13: m16 = and.pred v12, v8\nv9: i1 = maskany v13",
        "v9: i1 = const 1",
        "v9: i1 = const 0",
    ];
    for (condition, at) in conditions.iter().flat_map(|condition| [0, 40, 80, 120].map(|at| (condition, at)))
    {
        if condition.contains("v13: m16") {
            continue;
        }
        check(&format!(
            "v3: i32 = load.generic.4 v2 + {at}
            v4: i32 = load.generic.4 v2 + {}
            v5: i32 = const 0
            v6: i64 = load.generic.8 v2 + {}
            v7: i64 = load.generic.8 v2 + {at}
            v8: m16 = bitsmask v3
            {condition}
            branch v9, b1, b2
            b1:
            store.generic.4 v2 + {RESULTS}, v3
            jump b3
            b2:
            store.generic.4 v2 + {}, v4
            jump b3
            b3:
            v14: i32 = const 0
            return v14",
            at + 8,
            at + 16,
            RESULTS + 4,
        ));
    }
}

#[test]
fn the_runtime_is_called() {
    check_with(
        "call compute mad24low.u32, 16 lanes, masked
        call compute add.u64, 1 lanes
        call compute brev.u32, 8 lanes",
        &format!(
            "v3: i64 = const 0x5a5a
            v4: v16x32 = load.generic.4 v2 + 256
            v5: v16x32 = load.generic.4 v2 + 512
            v6: i64 = load.generic.8 v2 + 8
            v7: m16 = const 0x1234
            v8: v16x32 = call.0 v3, v4, v5, v4
            store.generic.4 v2 + {RESULTS}, v8
            v9: i64 = call.1 v6, v3
            store.generic.8 v2 + {}, v9
            v10: v8x32 = half.1 v4
            v11: v8x32 = call.2 v10
            store.generic.4 v2 + {}, v11
            store.generic.4 v2 + {}, v5 [v7]
            v12: v16x32 = call.0 v7, v4, v5, v5
            store.generic.4 v2 + {}, v12
            v13: i32 = const 0
            return v13",
            RESULTS + 64,
            RESULTS + 128,
            RESULTS + 192,
            RESULTS + 256,
        ),
    );
}

#[test]
fn results_and_stops_leave() {
    if !process::can_run() {
        return;
    }
    let function = parse(&text("", "v3: i32 = const 42\nreturn v3"));
    assert_eq!(process().run(&function, &code(&function), &mut world(1)).left, 42);
    let function = parse(&text("", "v3: i32 = const 0\npoll\nreturn v3"));
    assert_eq!(process().run_stopped(&function, &code(&function), &mut world(1)), 3);
    // A call that fails.
    let function = parse(&text("call trap, 1 lanes", "v3: i32 = const 0\ncall.0\nreturn v3"));
    assert_eq!(process().run(&function, &code(&function), &mut world(1)).left, 2);
}

/// The site, the lanes that asked and the address of an access to nothing.
#[test]
fn faults_are_told() {
    if !process::can_run() {
        return;
    }
    let bad = "v3: i64 = const 0x600000000000\n";
    let indexes = "table 0, 0, 0, 0x100000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0";
    let cases = [
        ("v4: i32 = load.generic.4 v3 @5\nstore.generic.4 v2, v4", 1, 4, false),
        ("store.generic.8 v3 + 16, v3 @5", 1, 8, true),
        ("v4: v16x32 = load.generic.2 v3 @5\nstore.generic.4 v2, v4", 0xffff, 2, false),
        (
            "v5: i32 = const 0xabcd1234\nv4: m16 = bitsmask v5\nv6: v16x32 = const 1\nstore.generic.4 v3, v6 [v4] @5",
            0x1234,
            4,
            true,
        ),
        (
            "v5: i32 = const 0xab34\nv4: m8 = bitsmask v5\nv6: v8x64 = const 1\nstore.generic.1 v3, v6 [v4] @5",
            0x34,
            1,
            true,
        ),
        (
            "v4: v16x32 = table.0\nv5: v16x32 = gather.4 v2, v4 * 8 @5\nstore.generic.4 v2, v5",
            0xfff8,
            4,
            false,
        ),
        ("v4: v16x32 = table.0\nv5: v16x32 = const 1\nscatter.1 v2, v4 * 8, v5 @5", 8, 1, true),
        ("v4: v16x32 = table.0\nv5: v16x32 = const 1\natomiclanes.4.add v2, v4 * 8, v5, v5 @5", 8, 4, true),
        (
            "v4: v16x32 = table.0\nv5: v16x32 = const 1\natomiclanes.4.maxsigned.locked v2, v4 * 8, v5, v5 @5",
            8,
            4,
            true,
        ),
        ("v4: i32 = const 1\natomic.generic.4.add v3, v4, v4 @5", 1, 4, true),
        (
            "v4: i32 = const 1\nv5: v16x32 = load.generic.4 v3 @5\nv6: v16x32 = table.0\nv7: v16x32 = permute v6, v5\nstore.generic.4 v2, v7",
            0xffff,
            4,
            false,
        ),
    ];
    for (body, lanes, bytes, write) in cases {
        let function = parse(&text(indexes, &format!("{bad}{body}\nv99: i32 = const 0\nreturn v99")));
        let code = code(&function);
        let run = process().run(&function, &code, &mut program::world(3));
        assert_eq!(run.left, 1, "{body}");
        let site = code.sites[run.context.fault_site as usize];
        assert_eq!((site.line, site.bytes, site.write), (5, bytes, write), "{body}");
        let mask = run.context.fault_mask;
        if body.contains("gather") {
            // Lanes that were served before the fault may be missing.
            assert_eq!(mask & 8, 8, "{body}: {mask:#x}");
        } else {
            assert_eq!(mask, lanes, "{body}: {mask:#x}");
        }
    }
}

/// Lanes outside of the mask may point anywhere.
#[test]
fn masked_lanes_do_not_fault() {
    check_with(
        "table 0, 4, 8, 0x10000000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20000000",
        &format!(
            "v3: i64 = const 0x600000000000
            v4: i32 = const 0x7ff7
            v5: m16 = bitsmask v4
            v6: v16x32 = table.0
            v7: v16x32 = gather.4 v2, v6 * 4 [v5]
            store.generic.4 v2 + {RESULTS}, v7
            scatter.4 v2, v6 * 4 + {}, v7 [v5]
            v8: m16 = const 0
            v9: v16x32 = load.generic.4 v3 [v8]
            store.generic.4 v2 + {}, v9
            store.generic.1 v3, v7 [v8]
            v10: i1 = maskany v8
            store.generic.4 v3, v4 [v10]
            v11: i32 = const 0
            return v11",
            RESULTS + 1024,
            RESULTS + 64,
        ),
    );
}

//! Loops that matter, in as few instructions as they should take.

use stream_hal_kernels::compile::ssa::parse::parse;

use super::program::{RESULTS, code, same, text, world};

/// Runs a function and counts its instructions.
#[track_caller]
fn takes(body: &str, most: u32) {
    let function = parse(&text("table 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15", body));
    let code = code(&function);
    if let Ok(folder) = std::env::var("DUMP_CODE") {
        let name = std::thread::current().name().unwrap_or("code").replace("::", "_");
        std::fs::write(format!("{folder}/{name}.bin"), &code.bytes).unwrap();
    }
    let mut world = world(1);
    // Numbers between 1 and 2: what is no number has many forms.
    let floats: Vec<u32> = (0..8192).map(|at: u32| 0x3f80_0000 | at.wrapping_mul(0x9e37_79b9) >> 9).collect();
    world.set_words(0, &floats);
    same(&function, &world);
    assert!(code.instructions <= most, "{} instructions", code.instructions);
}

#[test]
fn saxpy() {
    takes(
        &format!(
            "v3: i64 = const {RESULTS}
            v4: i64 = add.u64 v2, v3
            v5: i32 = load.param.4 v1 + 4
            v6: v16x32 = broadcast v5
            v7: i64 = const 0
            jump b1(v7)
            b1(v8: i64):
            v9: i32 = const 2
            v10: i64 = shl.u64 v8, v9
            v11: i64 = add.u64 v2, v10
            v12: i64 = add.u64 v4, v10
            v13: v16x32 = load.generic.4 v11
            v14: v16x32 = load.generic.4 v12
            v15: v16x32 = fma.f32 v6, v13, v14
            store.generic.4 v12, v15
            v16: i64 = const 16
            v17: i64 = add.u64 v8, v16
            v18: i64 = const 1024
            v19: i1 = compare.lt.u64 v17, v18
            poll
            branch v19, b2, b3
            b2:
            jump b1(v17)
            b3:
            v20: i32 = const 0
            return v20"
        ),
        18,
    );
}

/// Four rows of a product of matrices: a[row][k] is the same for a vector, b[k][lanes] is loaded once.
#[test]
fn rows_of_a_product() {
    let mut body = "v3: i64 = const 0\nv4: v16x32 = const 0\njump b1(v3, v4, v4, v4, v4)
        b1(v5: i64, v6: v16x32, v7: v16x32, v8: v16x32, v9: v16x32):
        v10: i64 = const 4
        v11: i64 = mullow.u64 v5, v10
        v12: i64 = add.u64 v2, v11
        v13: i64 = const 64
        v14: i64 = mullow.u64 v5, v13
        v15: i64 = add.u64 v2, v14
        v16: v16x32 = load.shared.4 v15 + 4096\n"
        .to_owned();
    for row in 0..4 {
        let v = 20 + row * 4;
        body += &format!(
            "v{v}: i32 = load.shared.4 v12 + {}
            v{}: v16x32 = broadcast v{v}
            v{}: v16x32 = fma.f32 v{}, v16, v{}\n",
            row * 256,
            v + 1,
            v + 2,
            v + 1,
            6 + row
        );
    }
    body += &format!(
        "v50: i64 = const 1
        v51: i64 = add.u64 v5, v50
        v52: i64 = const 32
        v53: i1 = compare.ne.u64 v51, v52
        branch v53, b2, b3
        b2:
        jump b1(v51, v22, v26, v30, v34)
        b3:
        v60: v16x32 = const 0x7fffffff
        v61: v16x32 = and.b32 v22, v60
        store.generic.4 v2 + {RESULTS}, v61
        v62: v16x32 = add.f32 v26, v30
        v63: v16x32 = and.b32 v34, v60
        store.generic.4 v2 + {}, v63
        v99: i32 = const 0
        return v99",
        RESULTS + 64
    );
    takes(&body, 27);
}

/// Lanes that go on until |z|² is 4 or more.
#[test]
fn a_divergent_loop() {
    takes(
        &format!(
            "v3: v16x32 = table.0
            v4: v16x32 = convert.f32.u32 v3
            v5: v16x32 = const 0x3d000000
            v6: v16x32 = mul.f32 v4, v5
            v7: v16x32 = const 0
            v8: m16 = const 0xffff
            v9: i32 = const 0
            jump b1(v7, v7, v7, v8, v9)
            b1(v10: v16x32, v11: v16x32, v12: v16x32, v13: m16, v14: i32):
            v15: v16x32 = mul.f32 v10, v10
            v16: v16x32 = mul.f32 v11, v11
            v17: v16x32 = add.f32 v15, v16
            v18: v16x32 = const 0x40800000
            v19: m16 = compare.lt.f32 v17, v18
            v20: m16 = and.pred v13, v19
            v21: v16x32 = const 1
            v22: v16x32 = add.u32 v12, v21
            v23: v16x32 = select v22, v12, v20
            v24: v16x32 = sub.f32 v15, v16
            v25: v16x32 = add.f32 v24, v6
            v26: v16x32 = add.f32 v10, v10
            v27: v16x32 = fma.f32 v26, v11, v6
            v28: i32 = const 1
            v29: i32 = add.u32 v14, v28
            v30: i32 = const 200
            v31: i1 = compare.lt.u32 v29, v30
            v32: i1 = maskany v20
            v33: i1 = and.pred v31, v32
            branch v33, b2, b3
            b2:
            poll
            jump b1(v25, v27, v23, v20, v29)
            b3:
            store.generic.4 v2 + {RESULTS}, v23
            v99: i32 = const 0
            return v99"
        ),
        39,
    );
}

/// A histogram in shared memory: no slower than scalar code would be.
#[test]
fn a_histogram() {
    takes(
        &format!(
            "v3: i64 = const 0
            v20: v16x32 = const 1
            v21: i32 = const 0xffff
            jump b1(v3)
            b1(v5: i64):
            v6: i64 = add.u64 v2, v5
            v7: v16x32 = load.generic.4 v6
            v8: v16x32 = const 255
            v9: v16x32 = and.b32 v7, v8
            v10: m16 = bitsmask v21
            atomiclanes.4.add v2, v9 * 4 + {RESULTS}, v20, v20
            v12: i64 = const 64
            v13: i64 = add.u64 v5, v12
            v14: i64 = const 4096
            v15: i1 = compare.lt.u64 v13, v14
            branch v15, b2, b3
            b2:
            jump b1(v13)
            b3:
            v99: i32 = const 0
            return v99"
        ),
        62,
    );
}

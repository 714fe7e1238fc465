//! Spaces, widths, vectors, atomics, variables.

use stream_hal_kernels::{Memory, Module};

use super::bench::{BASE, Bench, kernel};

/// Runs one thread with the address of 64 zeroed words, which are given back.
fn words(source: &str) -> Vec<u32> {
    let mut bench = Bench::new(source);
    let out = bench.put_words([0; 64]);
    bench.run(1, 1, &[out]).unwrap();
    bench.words(out, 64)
}

#[test]
fn widths_are_extended() {
    let body = "ld.param.u64 %d1, [a]; mov.u64 %d2, 0x8182838485868788; st.global.u64 [%d1], %d2;
        ld.global.s8 %r1, [%d1]; ld.global.u8 %r2, [%d1]; ld.global.s16 %r3, [%d1+2]; ld.global.b16 %h1, [%d1+2];
        cvt.u32.u16 %r4, %h1; ld.global.s32 %d3, [%d1+4]; shr.u64 %d3, %d3, 32; cvt.u32.u64 %r5, %d3;
        st.global.v4.u32 [%d1+16], {%r1, %r2, %r3, %r4}; st.global.u32 [%d1+32], %r5;
        st.global.v2.u8 [%d1+36], {%r1, %r2}; st.global.u16 [%d1+38], %r3; ret;";
    let out = words(&kernel("a", body));
    assert_eq!(out[4..10], [0xffff_ff88, 0x88, 0xffff_8586, 0x8586, 0xffff_ffff, 0x8586_8888]);
}

#[test]
fn spaces_and_generic_addresses() {
    let body = ".shared .align 8 .b8 s[16]; .local .align 8 .b8 l[16];
        ld.param.u64 %d1, [a]; mov.u64 %d2, s; mov.u64 %d3, l; cvta.shared.u64 %d4, %d2; cvta.local.u64 %d5, %d3;
        cvta.global.u64 %d6, %d1; cvta.param.u64 %d7, a;
        st.shared.u32 [s+4], 11; st.local.u32 [%d3+8], 22; ld.u32 %r1, [%d4+4]; ld.u32 %r2, [%d5+8];
        ld.u64 %d8, [%d7]; setp.eq.u64 %p1, %d8, %d1; selp.u32 %r3, 33, 0, %p1;
        st.u32 [%d4], 44; ld.shared.u32 %r4, [s]; cvta.to.shared.u64 %d9, %d4; ld.shared.u32 %r5, [%d9];
        isspacep.shared %p2, %d4; isspacep.local %p3, %d5; isspacep.global %p4, %d6; isspacep.global %p5, %d4;
        selp.u32 %r6, 1, 0, %p2; selp.u32 %r7, 1, 0, %p3; selp.u32 %r8, 1, 0, %p4; selp.u32 %r9, 1, 0, %p5;
        st.u32 [%d6], %r1; st.global.u32 [%d1+4], %r2; st.global.v2.u32 [%d1+8], {%r3, %r4};
        st.global.v4.u32 [%d1+16], {%r5, %r6, %r7, %r8}; st.global.u32 [%d1+32], %r9; ret;";
    assert_eq!(words(&kernel("a", body))[..9], [11, 22, 33, 44, 44, 1, 1, 1, 0]);
}

#[test]
fn variables_with_initial_values() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64
        .const .align 4 .u32 numbers[2][2] = {{1, 2}, {-3}};
        .global .f32 half = 0f3F000000; .global .align 16 .u64 there[2] = {numbers+4, generic(half)};
        .visible .global .b8 bytes[] = {1, 0x22, 255};
        .entry k(.param .u64 a) { .reg .b32 %r<9>; .reg .b64 %d<9>; ld.param.u64 %d1, [a];
        ld.const.u32 %r1, [numbers+8]; mov.u64 %d2, there; ld.global.v2.u64 {%d3, %d4}, [%d2];
        ld.u32 %r2, [%d3]; ld.u32 %r3, [%d4]; ld.global.u8 %r4, [bytes+1]; ld.u32 %r5, [half];
        st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r4}; st.global.u32 [%d1+16], %r5; ret; }";
    assert_eq!(words(source)[..5], [-3i32 as u32, 2, 0x3f00_0000, 0x22, 0x3f00_0000]);
}

#[test]
fn elements_of_arrays() {
    let source = ".version 7.5\n.target sm_80\n.address_size 64
        .const .align 4 .u32 numbers[4] = {10, 11, 12, 13}; .shared .align 8 .u64 far[4];
        .entry k(.param .u64 a) { .reg .b32 %r<9>; .reg .b64 %d<9>; .shared .align 16 .b8 near[64];
        .shared .u32 grid[2][2];
        ld.param.u64 %d1, [a]; mov.u64 %d2, near[0]; mov.u64 %d3, near[12]; sub.u64 %d3, %d3, %d2;
        mov.u64 %d4, far[0]; mov.u64 %d5, far[3]; sub.u64 %d5, %d5, %d4; mov.u64 %d6, grid[0];
        ld.const.u32 %r1, numbers[2]; { .shared .u16 far[4]; mov.u64 %d6, far; mov.u64 %d7, far[3]; }
        sub.u64 %d7, %d7, %d6; cvt.u32.u64 %r2, %d3; cvt.u32.u64 %r3, %d5; cvt.u32.u64 %r4, %d7;
        st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r4}; ret; }";
    assert_eq!(words(source)[..4], [12, 12, 24, 6]);
    // What lies one whole row on is not said anywhere: such a kernel is refused.
    let module = Module::parse(&source.replace("grid[0]", "grid[1]")).unwrap();
    let unsupported = module.resources(0).unwrap().unsupported.as_ref().unwrap();
    assert_eq!((unsupported.form.as_str(), unsupported.line), ("mov.u64", 8));
}

#[test]
fn parts_and_wholes() {
    let body = "ld.param.u64 %d1, [a]; mov.b64 %d2, {0x11223344, 0x55667788}; mov.b64 {%r1, %r2}, %d2;
        mov.b32 {%h1, %h2}, %r1; mov.b32 %r3, {%h2, %h1}; mov.b64 {_, %r4}, %d2; mov.b32 %f1, 0f3F800000;
        mov.b32 %r5, %f1; .reg .v2 .b32 %v; mov.u32 %v.x, 5; mov.u32 %v.y, 6; add.u32 %r6, %v.x, %v.y;
        st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r4}; st.global.v2.u32 [%d1+16], {%r5, %r6}; ret;";
    let expected = [0x1122_3344, 0x5566_7788, 0x3344_1122, 0x5566_7788, 0x3f80_0000, 11];
    assert_eq!(words(&kernel("a", body))[..6], expected);
}

#[test]
fn names_are_scoped() {
    let body =
        "ld.param.u64 %d1, [a]; mov.u32 %r1, 1; { .reg .b32 %r1; mov.u32 %r1, 2; st.global.u32 [%d1], %r1;
        { bra x; mov.u32 %r1, 9; x: } } { mov.u32 %r2, 5; bra x; mov.u32 %r2, 9; x: }
        st.global.v2.u32 [%d1+8], {%r1, %r2}; ret;";
    assert_eq!(words(&kernel("a", body))[..4], [2, 0, 1, 5]);
}

#[test]
fn asynchronous_copies() {
    let body = ".shared .align 16 .b8 s[32]; ld.param.u64 %d1, [a]; mov.u32 %r1, s;
        st.global.v4.u32 [%d1], {1, 2, 3, 4}; cp.async.cg.shared.global [%r1], [%d1], 16;
        cp.async.ca.shared.global [%r1+16], [%d1+8], 4; cp.async.commit_group; cp.async.wait_group 0;
        ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [s]; ld.shared.u32 %r6, [s+16];
        st.global.v4.u32 [%d1+16], {%r2, %r3, %r4, %r5}; st.global.u32 [%d1+32], %r6; ret;";
    assert_eq!(words(&kernel("a", body))[4..9], [1, 2, 3, 4, 3]);
}

#[test]
fn dynamic_shared_memory_lies_behind_static() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64\n.extern .shared .align 64 .b8 dynamic[];
        .shared .align 4 .b8 fixed[20];
        .entry k(.param .u64 a) { .reg .b32 %r<9>; .reg .b64 %d<9>; ld.param.u64 %d1, [a]; mov.u32 %r1, dynamic;
        mov.u32 %r2, fixed; mov.u32 %r3, %dynamic_smem_size; st.shared.u32 [dynamic+96], 9; ld.shared.u32 %r4, [%r1+96];
        st.global.v4.u32 [%d1], {%r1, %r2, %r3, %r4}; ret; }";
    let mut bench = Bench::new(source);
    let out = bench.put_words([0; 4]);
    let parameters = out.to_le_bytes();
    let launch =
        stream_hal_kernels::Launch { shared_bytes: 100, parameters: &parameters, ..Default::default() };
    bench.launch("k", &launch).unwrap();
    assert_eq!(bench.words(out, 4), [64, 0, 100, 9]);
    assert_eq!(bench.program.module().resources(0).unwrap().shared_bytes, 20);
}

#[test]
fn wide_variables_have_initial_values() {
    let source = ".version 8.3\n.target sm_90\n.address_size 64\n.global .b128 w[3] = {-2, 0x10};
        .entry k(.param .u64 a) { .reg .b64 %d<9>; .reg .b128 %q<3>; .reg .b128 %one; ld.param.u64 %d1, [a];
        ld.global.b128 %q0, [w]; st.global.b128 [%d1], %q0; ld.global.b128 %one, [w+16]; mov.b128 %q2, %one;
        st.global.b128 [%d1+16], %q2; ret; }";
    assert_eq!(words(source)[..8], [u32::MAX - 1, u32::MAX, u32::MAX, u32::MAX, 16, 0, 0, 0]);
}

/// Names of the ops that an instruction becomes, those of its operands left out.
fn ops(instruction: &str) -> String {
    let body =
        format!(".reg .b128 %q<3>; .shared .align 16 .b8 s[16]; ld.param.u64 %d1, [a];\n{instruction}\nret;");
    let module = Module::parse(&kernel("a", &body)).unwrap();
    module.check(1).unwrap_or_else(|errors| panic!("{instruction}: {errors}"));
    assert_eq!(module.resources(0).unwrap().unsupported, None, "{instruction}");
    let text = module.function("k").unwrap().to_string();
    let lines = text.lines().filter(|line| line.ends_with("; 12"));
    let names = lines.map(|line| {
        let op = line.split_once(" = ").map_or(line, |(_, op)| op);
        op.trim().split([' ', '.']).next().unwrap_or_default()
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Others see what was written before a release, and an acquire comes before what is read later.
#[test]
fn orders_become_fences() {
    let cases = [
        ("ld.global.u32 %r1, [%d1];", "load"),
        ("ld.relaxed.sys.global.u32 %r1, [%d1];", "load"),
        ("ld.acquire.gpu.u32 %r1, [%d1];", "load fence"),
        ("ld.acquire.cta.shared::cta.b128 %q1, [s];", "atomic fence"),
        ("st.release.cta.shared.u32 [s], %r1;", "fence store"),
        ("st.volatile.b128 [%d1], %q1;", "atomic"),
        ("atom.acquire.gpu.global.add.u32 %r1, [%d1], 1;", "atomic fence"),
        ("atom.acq_rel.sys.cas.b32 %r1, [%d1], 1, 2;", "fence atomic fence"),
        ("atom.global.exch.b32 _, [%d1], 1;", "atomic"),
        ("red.release.gpu.global.add.noftz.v2.f16 [%d1], {%h1, %h2};", "fence atomic atomic"),
        ("fence.acq_rel.gpu;", "fence"),
        ("membar.gl;", "fence"),
    ];
    for (instruction, expected) in cases {
        assert_eq!(ops(instruction), expected, "{instruction}");
    }
}

/// Compilers and people write modifiers in many orders.
#[test]
fn modifiers_come_in_any_order() {
    let forms = [
        "atom.add.release.gpu.u32 %r1, [%d1], 1;",
        "atom.global.gpu.acq_rel.add.u32 %r1, [%d1], 1;",
        "atom.global.sys.add.f64 %g1, [%d1], %g2;",
        "red.and.release.cta.b32 [%d1], 1;",
        "red.global.add.noftz.relaxed.gpu.bf16x2 [%d1], %r1;",
        "ld.acquire.sys.global.u8 %r1, [%d1];",
        "ld.global.acquire.gpu.b32 %r1, [%d1];",
        "ld.global.nc.L1::no_allocate.L2::cache_hint.v4.u32 {%r1, %r2, %r3, %r4}, [%d1], %d2;",
        "ld.global.L1::evict_first.nc.v2.b64 {%d3, %d4}, [%d1];",
        "ld.global.L2::128B.ca.b32 %r1, [%d1];",
        "ld.global.f32 %f1, [%d1].unified;",
        "st.global.relaxed.sys.b32 [%d1], %r1;",
        "mbarrier.try_wait.parity.shared::cta.acquire.cta.b64 %p1, [s], %r1, 5;",
        "mbarrier.arrive.expect_tx.shared::cta.release.cta.b64 _, [s], 16;",
        "cp.async.cg.shared.global.L2::cache_hint.L2::128B [s], [%d1], 16, 16, %d2;",
    ];
    for form in forms {
        assert!(!ops(form).is_empty(), "{form}");
    }
}

#[test]
fn what_needs_a_cluster_is_refused_by_name() {
    let forms = [
        "ld.shared::cluster.u32 %r1, [%r2];",
        "st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r1], %r2, [%r3];",
        "atom.shared::cluster.add.u32 %r1, [%r2], 1;",
        "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r1];",
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%d1], 16, [%r2];",
        "fence.proxy.tensormap::generic.release.gpu;",
        "prefetch.tensormap [%d1];",
    ];
    for form in forms {
        let module = Module::parse(&kernel("a", &format!("\n{form}\nret;"))).unwrap();
        let unsupported = module.resources(0).unwrap().unsupported.clone().expect(form);
        assert_eq!(
            (unsupported.form.as_str(), unsupported.line),
            (form.split([' ', ';']).next().unwrap(), 12)
        );
    }
}

#[test]
fn initial_values_hold_addresses_and_parts_of_them() {
    let globals = ".global .align 4 .b32 x[4] = {1, 2, 3, 4};
        .global .align 8 .u64 whole[3] = {x, generic(x)+8, x-4};
        .global .align 1 .b8 parts[9] = {0xff(x), 0xff00(x), 0xff0000(x), 0xff000000(generic(x)+4), 0xff00000000(x), 7,
            0xff0000000000(x), 0xff000000000000(x), 0xff00000000000000(x)};
        .global .align 4 .u32 half = 0xffffffff00000000(x);";
    let text = kernel("a", "ret;").replace(".visible .entry", &format!("{globals}\n.visible .entry"));
    let bench = Bench::new(&text);
    let at = |index: usize| bench.program.module().globals()[index].name.clone();
    assert_eq!([0, 1, 2, 3].map(at), ["x", "whole", "parts", "half"]);
    // Variables lie where the bench puts them, one behind the other.
    let x = BASE + 0x1000;
    assert_eq!(bench.longs(x + 16, 3), [x, x + 8, x - 4]);
    let byte = |at: u64| (x >> (at * 8) & 255) as u8;
    let mut parts = [0; 9];
    bench.ram.read(x + 40, &mut parts).unwrap();
    assert_eq!(
        parts,
        [byte(0), byte(1), byte(2), ((x + 4) >> 24) as u8, byte(4), 7, byte(5), byte(6), byte(7)]
    );
    assert_eq!(bench.ram.load(x + 56, 4), Ok(x >> 32));
}

#[test]
fn local_variables_keep_their_alignment_in_calls() {
    let function = ".func (.reg .b64 r) f() { .local .b8 odd[3]; .local .align 64 .b8 v[64]; .reg .b64 %t;
        mov.u64 %t, v; and.b64 r, %t, 63; st.local.v2.u64 [v], {%t, %t}; ret; }";
    let body =
        ".local .b8 first[20]; ld.param.u64 %d1, [a]; call (%d2), f, (); st.global.u64 [%d1], %d2; ret;";
    let text = kernel("a", body).replace(".visible .entry", &format!("{function}\n.visible .entry"));
    let mut bench = Bench::new(&text);
    let out = bench.put_longs([1]);
    bench.run(1, 1, &[out]).unwrap();
    assert_eq!(bench.longs(out, 1), [0]);
}

/// Addresses of shared and local memory in registers of 32 bits come round where an offset is added.
#[test]
fn narrow_addresses_come_round() {
    let body = ".shared .align 16 .b32 s[16]; .local .align 8 .b32 l[4]; ld.param.u64 %d1, [a];\n\
                mov.u32 %r1, -4;\nmov.u32 %r2, 7;\n\
                st.shared.u32 [%r1+8], %r2;\natom.shared.add.u32 %r3, [%r1+8], 2;\nld.shared.u32 %r4, [s+4];\n\
                st.local.u32 [%r1+4], %r4;\nmov.u64 %d2, -1;\nld.local.u32 %r5, [%d2+1];\n\
                ld.shared.v4.u32 {_, %r6, _, _}, [%r1+4];\n\
                st.global.v4.u32 [%d1], {%r3, %r4, %r5, %r6};\nret;";
    let mut bench = Bench::new(&kernel("a", body));
    let out = bench.put_longs([0, 0]);
    bench.run(1, 1, &[out]).unwrap();
    assert_eq!(bench.words(out, 4), [7, 9, 9, 9]);
}

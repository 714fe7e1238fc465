//! Kernels of all sources become functions that are right, or are refused for a reason; random ones mean what they should.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::compile::ssa::eval;
use crate::compile::ssa::parse::{parse, same};
use crate::compile::ssa::verify::{Stage, verify};
use crate::compile::trial::{self, Taken};
use crate::module::Module;

const SHAPE: Shape = Shape { block: [256, 1, 1], small_grid: true };

/// A kernel of a text by its number; its variables are somewhere.
fn built(module: &Module, kernel: usize, shape: &Shape) -> Result<Function, Refusal> {
    let addresses: Vec<u64> =
        (0..module.globals().len() as u64).map(|at| eval::GLOBAL + (at << 16)).collect();
    let source = module.source(kernel, &addresses).map_err(|errors| Refusal::new(0, errors.to_string()))?;
    build(&source, shape)
}

fn files(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "ptx") {
            all.push(path);
        }
    }
}

#[test]
fn every_sample_is_built_or_refused() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["samples", "tests/data/corpus"] {
        files(&root.join(folder), &mut all);
    }
    let (mut count, mut insts, mut refused) = (0, 0, BTreeMap::new());
    for path in all {
        let module = Module::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for (index, kernel) in module.kernels().iter().enumerate() {
            let shape = Shape { block: kernel.required_block.unwrap_or([256, 1, 1]), ..SHAPE };
            match built(&module, index, &shape) {
                Ok(mut function) => {
                    if let Err(what) = verify(&function, Stage::Threads) {
                        panic!("{} {}: {what}\n{function}", path.display(), kernel.name);
                    }
                    let text = function.to_string();
                    assert_eq!(parse(&text).to_string(), text);
                    count += 1;
                    passes(&mut function, &shape);
                    insts += function.blocks.iter().map(|block| block.insts.len()).sum::<usize>();
                }
                Err(Refusal { line, what }) => {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    let places: &mut Vec<String> = refused.entry(what).or_default();
                    places.push(format!("{name}:{line} {}", kernel.name));
                }
            }
        }
    }
    println!("{count} kernels built, {insts} insts");
    for (what, places) in &refused {
        println!("{} refused: {what}: {}", places.len(), places[0]);
    }
    assert!(count >= 200, "{count}");
}

#[test]
fn random_kernels_mean_what_they_should() {
    trial::random(300, &|function, _| Ok(Taken { function, stage: Stage::Threads, gang: 1 }));
}

/// The passes of this stage, each checked.
fn passes(function: &mut Function, shape: &Shape) {
    use crate::compile::pass::{dce, fold, gvn, licm, promote, spaces};
    let step = |function: &Function, name| {
        verify(function, Stage::Threads).unwrap_or_else(|what| panic!("{name}: {what}\n{function}"));
    };
    for _ in 0..2 {
        fold::run(function, shape);
        step(function, "fold");
        spaces::run(function);
        step(function, "spaces");
        promote::run(function);
        step(function, "promote");
        gvn::run(function);
        step(function, "gvn");
        licm::run(function);
        step(function, "licm");
        dce::run(function);
        step(function, "dce");
    }
}

#[test]
fn random_kernels_mean_the_same_after_the_first_passes() {
    trial::random(300, &|mut function, shape| {
        passes(&mut function, shape);
        Ok(Taken { function, stage: Stage::Threads, gang: 1 })
    });
}

/// The function of a kernel with this body.
fn kernel(body: &str) -> Result<Function, Refusal> {
    let source = format!(
        ".version 8.3\n.target sm_90\n.address_size 64\n\
        .func (.param .b32 c) f(.param .b32 a, .param .b32 b) {{ .reg .b32 %r<3>; ld.param.b32 %r0, [a]; ld.param.b32 %r1, [b];
        add.u32 %r2, %r0, %r1; st.param.b32 [c], %r2; ret; }} .func r() {{ call r, (); ret; }} .visible .entry k(.param .u64 out) {{
        .reg .b16 %h<4>; .reg .b32 %r<8>; .reg .b64 %d<4>; .reg .pred %p<4>; .shared .align 16 .b8 area[64];
        .local .align 16 .b8 own[32];\n{body}\nret;\n}}"
    );
    let module = Module::parse(&source).unwrap();
    built(&module, 0, &SHAPE)
}

/// What a body becomes, before passes.
#[track_caller]
fn becomes(body: &str, text: &str) {
    let mut function = kernel(body).unwrap();
    verify(&function, Stage::Threads).unwrap();
    function.insts.iter_mut().for_each(|inst| inst.line = 0);
    function.blocks.iter_mut().for_each(|block| block.line = 0);
    let local = function.local_bytes;
    same(&function, &format!("function k\nlocal {local}\nb0:\n{text}"));
}

#[test]
fn a_guard_chooses_between_new_and_old() {
    becomes(
        "mov.u32 %r0, 7; setp.eq.u32 %p0, %r0, %r0; @!%p0 add.u32 %r0, %r0, 1; st.shared.u32 [area], %r0;",
        "v0: i32 = const 7
        v1: i1 = compare.eq.u32 v0, v0
        v2: i32 = const 1
        v3: i32 = add.u32 v0, v2
        v4: i32 = select v0, v3, v1
        v5: i32 = const 0
        store.shared.4 v5, v4
        exit",
    );
}

#[test]
fn a_guarded_load_has_a_mask_and_an_old_value_if_there_was_one() {
    becomes(
        "ld.param.u64 %d0, [out]; setp.eq.u64 %p0, %d0, 0; @%p0 ld.global.u32 %r0, [%d0+4]; mov.u32 %r1, 5;
        @!%p0 ld.global.u32 %r1, [%d0]; st.global.v2.u32 [%d0+8], {%r0, %r1};",
        "v10: i32 = const 0
        v0: i64 = const 0
        v1: i64 = load.param.8 v0
        v2: i1 = compare.eq.u64 v1, v0
        v3: i32 = load.global.4 v1 + 4 [v2]
        v5: i32 = select v3, v10, v2
        v6: i32 = const 5
        v7: i1 = not.pred v2
        v8: i32 = load.global.4 v1 [v7]
        v9: i32 = select v6, v8, v2
        store.global.4 v1 + 8, v3, v9
        exit",
    );
}

#[test]
fn narrow_loads_fill_their_registers() {
    becomes(
        "ld.shared.s8 %h0, [area+3]; ld.shared.s16 %r0, [area+4]; ld.shared.s32 %d0, [area+8];
        ld.shared.u8 %d1, [area]; st.local.u8 [own+1], %r0; st.local.u64 [own+8], %d0; cvt.u32.u16 %r1, %h0;
        st.local.u32 [own], %r1;",
        "v0: i32 = const 0
        v1: i32 = load.shared.1.signed v0 + 3
        v2: i32 = const 0xffff
        v3: i32 = and.b32 v1, v2
        v4: i32 = load.shared.2.signed v0 + 4
        v5: i64 = load.shared.4.signed v0 + 8
        v6: i64 = load.shared.1 v0
        store.local.1 v0 + 1, v4
        store.local.8 v0 + 8, v5
        v7: i32 = convert.u32.u16 v3
        store.local.4 v0, v7
        exit",
    );
}

#[test]
fn addresses_of_own_memory_have_32_bits() {
    becomes(
        "mov.u32 %r0, area; add.u32 %r0, %r0, 4; st.shared.u32 [%r0-4], %r0; cvt.u64.u32 %d0, %r0;
        st.shared.u32 [%d0+8], %r0; cvta.shared.u64 %d1, %d0; st.u32 [%d1], %r0;",
        "v0: i32 = const 0
        v1: i32 = const 4
        v2: i32 = add.u32 v0, v1
        store.shared.4 v2 - 4, v2
        v3: i64 = convert.u64.u32 v2
        v4: i32 = convert.u32.u64 v3
        store.shared.4 v4 + 8, v2
        v5: i64 = togeneric.shared v3
        store.generic.4 v5, v2
        exit",
    );
}

#[test]
fn a_copy_of_less_than_it_writes_goes_byte_by_byte() {
    becomes(
        "ld.param.u64 %d0, [out]; mov.u32 %r0, area; mov.u32 %r1, %tid.x;
        cp.async.ca.shared.global [%r0], [%d0], 4, %r1;",
        "v0: i64 = const 0
        v1: i64 = load.param.8 v0
        v2: i32 = const 0
        v3: i32 = special.tid.0
        v4: i64 = convert.u64.u32 v3
        v5: i64 = const 4
        v6: i1 = compare.eq.u64 v4, v5
        branch v6, b2, b3
        b2:
        v7: i32 = load.global.4 v1
        store.shared.4 v2, v7
        jump b4
        b3:
        v8: i64 = const 0
        v9: i1 = compare.lt.u64 v8, v4
        v10: i32 = load.global.1 v1 [v9]
        store.shared.1 v2, v10
        v11: i64 = const 1
        v12: i1 = compare.lt.u64 v11, v4
        v13: i32 = load.global.1 v1 + 1 [v12]
        store.shared.1 v2 + 1, v13
        v14: i64 = const 2
        v15: i1 = compare.lt.u64 v14, v4
        v16: i32 = load.global.1 v1 + 2 [v15]
        store.shared.1 v2 + 2, v16
        v17: i64 = const 3
        v18: i1 = compare.lt.u64 v17, v4
        v19: i32 = load.global.1 v1 + 3 [v18]
        store.shared.1 v2 + 3, v19
        jump b4
        b4:
        exit",
    );
}

#[test]
fn a_table_has_a_trap_behind_it() {
    becomes(
        "mov.u32 %r0, %tid.x; ways: .branchtargets A, B; brx.idx %r0, ways; A: bar.sync 0; B: bar.warp.sync -1;",
        "v0: i32 = special.tid.0
        switch v0, [b2, b3, b4]
        b2:
        barrier
        jump b3
        b3:
        warpbarrier
        exit
        b4:
        notarget
        exit",
    );
}

/// A call of `f(a, b) = a + b` twice, one of them guarded.
#[test]
fn arguments_and_results_lie_in_the_callers_frame() {
    becomes(
        "mov.u32 %r0, 3; setp.eq.u32 %p0, %r0, 4;
        { .param .b32 a; .param .b32 b; .param .b32 c; st.param.u32 [a], %r0; st.param.u32 [b], 5; call (c), f, (a, b); ld.param.u32 %r1, [c]; }
        { .param .b32 a; .param .b32 c; st.param.u32 [a], %r1; @%p0 call (c), f, (a, a); ld.param.u32 %r2, [c]; }
        st.shared.u32 [area], %r2;",
        "v0: i32 = const 3
        v1: i32 = const 4
        v2: i1 = compare.eq.u32 v0, v1
        v3: i32 = const 0
        store.local.4 v3 + 32, v0
        v4: i32 = const 5
        store.local.4 v3 + 36, v4
        v19: i32 = const 0
        v20: i32 = load.local.4 v19 + 32
        v21: i32 = load.local.4 v19 + 36
        v22: i32 = add.u32 v20, v21
        store.local.4 v19 + 40, v22
        v5: i32 = const 0
        v6: i32 = load.local.4 v5 + 40
        store.local.4 v5 + 44, v6
        branch v2, b2, b3
        b2: // one place given twice is copied
        v8: i32 = const 0
        v9: i32 = load.local.4 v8 + 44
        store.local.4 v8 + 80, v9
        v10: i32 = load.local.4 v8 + 44
        store.local.4 v8 + 84, v10
        v15: i32 = const 0
        v16: i32 = load.local.4 v15 + 80
        v17: i32 = load.local.4 v15 + 84
        v18: i32 = add.u32 v16, v17
        store.local.4 v15 + 88, v18
        v11: i32 = const 0
        v12: i32 = load.local.4 v11 + 88
        store.local.4 v11 + 48, v12
        jump b3
        b3:
        v13: i32 = const 0
        v14: i32 = load.local.4 v13 + 48
        store.shared.4 v13, v14
        exit",
    );
}

#[test]
fn what_cannot_be_compiled_is_told_with_its_line() {
    let refused = |body: &str, words: &str| {
        let refusal = kernel(body).expect_err("it is refused");
        assert!(refusal.what.contains(words) && refusal.line == 8, "{refusal:?}");
    };
    refused("bar.sync 0, 64;", "a barrier of a part of the block");
    refused("bar.sync 16;", "a barrier that there is not");
    refused("bar.arrive 0, 256;", "not waited at");
    refused("nanosleep.u32 20;", "sleeps");
    refused(
        "proto: .callprototype (.param .b32 c) _ (.param .b32 a, .param .b32 b); mov.u64 %d0, f; call (%r0), %d0, (%r0, %r0), proto;",
        "pointer",
    );
    assert_eq!(kernel("call r, ();").unwrap_err(), Refusal::new(5, "recursion"));
    kernel("bar.sync 3; bar.sync 0, 256; bar.red.popc.u32 %r0, 0, %p0;").unwrap();
}

/// Loops and branches one behind the other and inside of each other, over many registers.
#[test]
fn large_kernels_take_no_more_than_their_share() {
    let time = |count: usize| {
        let mut body = String::from("mov.u32 %r0, %tid.x;\n");
        for at in 0..count {
            let (a, b, c) = (at % 7 + 1, (at * 3) % 7 + 1, (at * 5) % 7 + 1);
            body += &format!(
                "L{at}: add.u32 %r{a}, %r{b}, %r0; setp.lt.u32 %p{}, %r{c}, {at}; @%p{} bra M{at}; mul.lo.u32 %r{b}, %r{a}, %r{c};
                M{at}: @%p{} add.u32 %r{c}, %r{c}, 1; @%p1 bra L{};\n",
                at % 4, at % 4, (at + 1) % 4, at - at % 16,
            );
        }
        body += "st.shared.u32 [area], %r1; st.shared.u32 [area+4], %r5;";
        let start = std::time::Instant::now();
        let mut function = kernel(&body).unwrap();
        let built = start.elapsed();
        passes(&mut function, &SHAPE);
        println!(
            "{count}: {} blocks, built in {built:?}, with passes {:?}",
            function.blocks.len(),
            start.elapsed()
        );
        built
    };
    time(100);
    let (small, large) = (time(1000), time(8000));
    // Eight times as long a text; with what caches and others on the machine do.
    assert!(large.as_secs_f64() < small.as_secs_f64() * 40.0 + 0.5, "{small:?} {large:?}");
}

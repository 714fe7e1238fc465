//! Random kernels mean the same after each stage.

use super::*;
use crate::compile::trial::{self, Taken};

const TARGET: Target = Target { lanes: 16, popcnt: true, funnel: true, half: false, bfloat: false };

fn way(function: Function) -> Way<'static> {
    Way { function, stage: Stage::Threads, report: None }
}

#[test]
fn random_kernels_mean_the_same_as_legal_ops() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        way.threads(shape, &TARGET)?;
        Ok(Taken { function: way.function, stage: Stage::Threads, gang: 1 })
    });
}

#[test]
fn random_kernels_mean_the_same_in_gangs() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        let (_, known) = way.threads(shape, &TARGET)?;
        let (options, _) = way.masked(shape, &TARGET, Options::default(), known)?;
        let gang = split::plan(&way.function, shape, &TARGET, &options)?.0.gang;
        Ok(Taken { function: way.function, stage: Stage::Masked, gang })
    });
}

#[test]
fn random_kernels_mean_the_same_as_vectors() {
    trial::random(200, &|function, shape| {
        let mut way = way(function);
        let (_, known) = way.threads(shape, &TARGET)?;
        let (options, known) = way.masked(shape, &TARGET, Options::default(), known)?;
        way.vectors(shape, &TARGET, &options, known)?;
        Ok(Taken { function: way.function, stage: Stage::Vectors, gang: 0 })
    });
}

#[test]
fn a_report_has_the_function_behind_every_pass() {
    let text = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 to)\n{\n\
                .reg .b64 %d<2>;\nld.param.u64 %d0, [to];\nst.global.u32 [%d0], 7;\nret;\n}\n";
    let module = std::sync::Arc::new(crate::Module::parse(text).unwrap());
    let program = module.link(&[]).unwrap();
    let shape = Shape { block: [64, 1, 1], small_grid: true };
    let (code, report) = program.compile_reported(0, shape, &TARGET, Options::default());
    assert_eq!(code.unwrap().bytes, program.compile(0, shape, &TARGET, Options::default()).unwrap().bytes);
    let names: Vec<&str> = report.passes.iter().map(|pass| pass.name).collect();
    assert_eq!((names.first(), names.last()), (Some(&"build"), Some(&"emit")));
    for (name, what) in [("build", "store.global.4"), ("mask", "entered"), ("split", "context")] {
        let pass = report.passes.iter().find(|pass| pass.name == name).unwrap();
        assert!(pass.text.contains(what), "{name}: {}", pass.text);
    }
}

/// Stores what a thread reads from its neighbour behind a barrier, for the first threads of a grid.
const GUARDED: &str = ".version 8.0
    .target sm_80
    .address_size 64
    .visible .entry k(.param .u64 to, .param .u32 count)
    {
    .reg .pred %p<2>;
    .reg .b32 %r<6>;
    .reg .b64 %d<3>;
    .shared .align 4 .b8 s[4096];
    ld.param.u64 %d0, [to];
    ld.param.u32 %r0, [count];
    mov.u32 %r1, %tid.x;
    setp.ge.u32 %p0, %r1, %r0;
    mov.u32 %r2, s;
    shl.b32 %r3, %r1, 2;
    add.u32 %r4, %r2, %r3;
    st.shared.u32 [%r4], %r1;
    bar.sync 0;
    @%p0 bra done;
    ld.shared.u32 %r5, [%r4];
    mul.wide.u32 %d1, %r1, 4;
    add.u64 %d2, %d0, %d1;
    st.global.u32 [%d2], %r5;
    done:
    ret;
    }
";

fn report_of(text: &str, block: [u32; 3]) -> Report {
    let module = std::sync::Arc::new(crate::Module::parse(text).unwrap());
    let program = module.link(&[]).unwrap();
    let shape = Shape { block, small_grid: true };
    let (code, report) = program.compile_reported(0, shape, &TARGET, Options::default());
    code.unwrap();
    report
}

/// All threads of each gang of a block of a power of two threads exist, from a warp on: nobody asks who entered. That is known
/// before there are gangs, so masks are simplified once. Of other blocks it shows with the gangs, or never.
#[test]
fn blocks_of_a_power_of_two_threads_are_full() {
    let text = |report: &Report, name: &str| {
        let mut all = report.passes.iter().filter(|pass| pass.name == name);
        all.next().map(|pass| pass.text.clone())
    };
    let place = |report: &Report, name: &str| report.passes.iter().position(|pass| pass.name == name);
    for block in [[32, 1, 1], [64, 1, 1], [8, 8, 2], [256, 1, 1], [16, 16, 1], [1024, 1, 1], [4, 8, 32]] {
        let report = report_of(GUARDED, block);
        let full = text(&report, "full").unwrap();
        assert!(text(&report, "mask").unwrap().contains("entered") && !full.contains("entered"), "{full}");
        assert!(place(&report, "full") < place(&report, "plan"), "{block:?}");
        // What was `Entered` and the guard is the guard.
        let (before, after) = (text(&report, "mask").unwrap(), text(&report, "plan").unwrap());
        assert!(before.contains("and.pred") && !after.contains("and.pred"), "{before}\n{after}");
    }
    let report = report_of(GUARDED, [96, 1, 1]);
    assert!(place(&report, "full") > place(&report, "plan"), "its gangs are full all the same");
    for block in [[33, 1, 1], [100, 1, 1], [10, 10, 10]] {
        let report = report_of(GUARDED, block);
        let masked = text(&report, "barriers").unwrap();
        assert!(text(&report, "full").is_none() && masked.contains("entered"), "{block:?}: {masked}");
    }
}

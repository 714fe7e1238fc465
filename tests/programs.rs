//! Random programs over streams, events, the legacy stream, captures and graphs leave the memory
//! that a sequential model leaves: on cpu, on the checker over it, and on the seeded simulator.
//!
//! A program is generated so that its outcome is determined: the generator keeps a vector clock per
//! stream by the API's ordering rules alone, and orders an access behind whatever it conflicts with
//! before it makes it. A runtime that loses an order gives other memory sooner or later.

mod program;

use std::process::Command;

use program::Program;
use stream_hal::context::Context;
use stream_hal::module::Module;
use stream_hal::runtime::initialize;

/// `a[0] = a[0] * 1664525 + b[0] + k`: not commutative, so that order shows.
const MIX: &str = r#"
.version 7.0
.target sm_70
.address_size 64
.visible .entry mix(.param .u64 pa, .param .u64 pb, .param .u32 pk)
{
    .reg .b32 %r<6>;
    .reg .b64 %rd<3>;
    ld.param.u64 %rd1, [pa];
    ld.param.u64 %rd2, [pb];
    ld.param.u32 %r1, [pk];
    ld.global.u32 %r2, [%rd1];
    ld.global.u32 %r3, [%rd2];
    mad.lo.s32 %r4, %r2, 1664525, %r3;
    add.s32 %r5, %r4, %r1;
    st.global.u32 [%rd1], %r5;
    ret;
}
"#;

/// Runs programs of consecutive seeds on several threads, each with a context of its own.
fn run(programs: u64) {
    let device = initialize().and_then(|runtime| runtime.device(0)).unwrap_or_else(|e| panic!("{e}"));
    let first = std::env::var("PROGRAM_SEED").ok().and_then(|seed| seed.parse().ok());
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            scope.spawn(move || {
                let context = Context::open(device, 0, false).unwrap_or_else(|e| panic!("{e}"));
                let module = Module::load(&context, MIX.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
                let function = module.function("mix").unwrap_or_else(|e| panic!("{e}"));
                let seeds = match first {
                    Some(seed) => seed..seed + 1,
                    None => thread * programs / 4..(thread + 1) * programs / 4,
                };
                for seed in seeds {
                    let program = Program::new(seed, context.clone(), function.clone());
                    let outcome = program.and_then(Program::run);
                    let (memory, model) = outcome.unwrap_or_else(|e| panic!("PROGRAM_SEED={seed}: {e}"));
                    assert_eq!(memory, model, "PROGRAM_SEED={seed}: memory differs from the model");
                }
            });
        }
    });
}

/// Runs this test program again with other settings.
fn run_with(variables: &[(&str, &str)]) {
    let program = std::env::current_exe().expect("a test knows its own program");
    let mut command = Command::new(program);
    command.args(["--exact", "child", "--ignored", "--nocapture"]);
    command.envs(variables.iter().copied());
    let output = command.output().expect("the test program starts again");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "with {variables:?}:\n{text}");
}

#[test]
#[ignore = "run by the others with settings of their own"]
fn child() {
    run(std::env::var("PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(200));
}

#[test]
fn on_cpu() {
    run_with(&[("STREAM_HAL_BACKENDS", "cpu"), ("PROGRAMS", "2000")]);
}

#[test]
fn on_one_worker() {
    run_with(&[("STREAM_HAL_BACKENDS", "cpu"), ("STREAM_HAL_CPU_THREADS", "1"), ("PROGRAMS", "1000")]);
}

#[test]
fn on_the_checker() {
    run_with(&[("STREAM_HAL_BACKENDS", "checker+cpu"), ("PROGRAMS", "2000")]);
}

#[test]
fn on_the_simulator() {
    for seed in ["1", "2", "3"] {
        run_with(&[("STREAM_HAL_BACKENDS", "cpu"), ("STREAM_HAL_SEED", seed), ("PROGRAMS", "600")]);
    }
}

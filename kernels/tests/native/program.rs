//! Small programs as text, and what they must do alike.

use stream_hal_kernels::compile::pass::order;
use stream_hal_kernels::compile::ssa::Function;
use stream_hal_kernels::compile::ssa::eval::{self, World};
use stream_hal_kernels::compile::ssa::parse::parse;
use stream_hal_kernels::compile::ssa::verify::Stage;
use stream_hal_kernels::compile::{Code, emit};

use super::process::{self, process};

/// Where results go: behind the inputs.
pub const RESULTS: usize = 32 << 10;

/// A program that reads `inputs` from the start of global memory (v2) and writes behind [`RESULTS`] (v2 + 32768).
pub fn text(head: &str, body: &str) -> String {
    format!(
        "function f
        {head}
        b0:
        v0: i64 = context
        v1: i64 = load.generic.8 v0 + 64
        v2: i64 = load.param.8 v1
        {body}"
    )
}

/// A world with numbers in it.
pub fn world(seed: u64) -> World {
    let mut world = World::new([32, 1, 1], 64 << 10);
    let pointer = world.pointer(0);
    world.set_parameters(&[pointer]);
    let mut random = fastrand::Rng::with_seed(seed);
    for at in (0..RESULTS).step_by(8) {
        world.global[at..at + 8].copy_from_slice(&number(&mut random).to_le_bytes());
    }
    world
}

/// Numbers that are often at an edge.
pub fn number(random: &mut fastrand::Rng) -> u64 {
    let narrow = |random: &mut fastrand::Rng| -> u32 {
        match random.u8(0..8) {
            0 => 0,
            1 => u32::MAX,
            2 => 1 << 31,
            3 => (1 << 31) - 1,
            4 => random.u32(0..70),
            5 => 1 << random.u32(0..32),
            _ => random.u32(..),
        }
    };
    match random.u8(0..6) {
        0 => 0,
        1 => 1 << 63,
        2 => u64::MAX,
        3 => random.u64(..),
        _ => u64::from(narrow(random)) | u64::from(narrow(random)) << 32,
    }
}

/// Machine code for a function; panics where there should be some and is not.
#[track_caller]
pub fn code(function: &Function) -> Code {
    // As the driver does.
    let mut function = function.clone();
    order::run(&mut function);
    match emit::emit(&function, &process::target()) {
        Ok(code) => code,
        Err(refusal) => panic!("line {}: {}\n{function}", refusal.line, refusal.what),
    }
}

/// Runs a function both ways in equal worlds, which must stay equal.
#[track_caller]
pub fn same(function: &Function, world: &World) {
    if !process::can_run() {
        return;
    }
    let mut expected = world.clone();
    if let Err(what) = eval::run(function, Stage::Vectors, &mut expected) {
        panic!("the oracle: {what}\n{function}");
    }
    let code = code(function);
    let mut found = world.clone();
    let run = process().run(function, &code, &mut found);
    assert_eq!(run.left, 0, "{function}");
    if let Some(at) = (0..found.global.len()).find(|&at| found.global[at] != expected.global[at]) {
        let at = at / 4 * 4;
        let word = |world: &World| world.words(at / 4..at / 4 + 1)[0];
        panic!(
            "at byte {at} (result {}): {:#x}, expected {:#x}\n{function}\n{}",
            (at as i64 - RESULTS as i64) / 4,
            word(&found),
            word(&expected),
            listing(&code)
        );
    }
}

/// The same for a body in a world of random numbers.
#[track_caller]
pub fn check(body: &str) {
    check_with("", body);
}

/// The same with tables and calls.
#[track_caller]
pub fn check_with(head: &str, body: &str) {
    same(&parse(&text(head, body)), &world(body.len() as u64));
}

/// The code as bytes, for a disassembler.
pub fn listing(code: &Code) -> String {
    code.bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

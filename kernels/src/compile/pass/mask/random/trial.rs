//! Functions of many seeds, one thread at a time and in gangs: their memory must be the same.

use super::{Garden, OWN, START};
use crate::compile::Shape;
use crate::compile::pass::{barriers, blocking, dce};
use crate::compile::ssa::edit::{remove_copied_params, remove_unreachable};
use crate::compile::ssa::eval::{World, run};
use crate::compile::ssa::verify::{Stage, verify};
use crate::compile::ssa::{Function, Op};

/// As the passes before would leave it.
pub fn tidy(mut function: Function) -> Function {
    remove_unreachable(&mut function);
    remove_copied_params(&mut function);
    dce::run(&mut function);
    verify(&function, Stage::Threads).unwrap_or_else(|what| panic!("{what}\n{function}"));
    function
}

/// Block sizes, and threads of a gang.
const SHAPES: &[([u32; 3], u32)] = &[
    ([32, 1, 1], 32),
    ([1, 1, 1], 16),
    ([40, 1, 1], 16),
    ([16, 3, 1], 32),
    ([8, 4, 1], 16),
    ([5, 3, 2], 16),
    ([64, 1, 1], 64),
    ([32, 2, 1], 32),
];

fn world(shape: ([u32; 3], u32), seed: u64) -> World {
    let (block, gang) = shape;
    let threads: u32 = block.iter().product();
    let mut world = World::new(block, (START + OWN * u64::from(threads)) as usize + 64);
    (world.gang, world.fuel) = (gang, 3_000_000);
    let start = world.pointer(0);
    world.set_parameters(&[start, seed % 5]);
    let mut rng = fastrand::Rng::with_seed(seed);
    let words: Vec<u32> = (0..world.global.len() / 4).map(|_| rng.u32(..)).collect();
    world.set_words(0, &words);
    world
}

/// A masked function does what the other one did.
fn compare(seed: u64, before: &Function, after: &Function, alone: &World) {
    let shape = SHAPES[seed as usize % SHAPES.len()];
    let mut gang = world(shape, seed);
    gang.fuel = 300_000;
    if let Err(what) = run(after, Stage::Masked, &mut gang) {
        panic!("seed {seed}, {shape:?}: {what}\n{before}\n{after}");
    }
    if let Some(at) = alone.global.iter().zip(&gang.global).position(|(a, b)| a != b) {
        panic!("seed {seed}, {shape:?}: byte {at:#x} differs\n{before}\n{after}");
    }
}

fn check(seed: u64, grow: impl Fn(Garden) -> Function) {
    let mut before = grow(Garden::new(seed));
    let shape = SHAPES[seed as usize % SHAPES.len()];
    let mut alone = world(shape, seed);
    run(&before, Stage::Threads, &mut alone).unwrap_or_else(|what| panic!("seed {seed}: {what}\n{before}"));
    let launch = Shape { block: shape.0, small_grid: true };
    let refused = blocking::run(&mut before, &launch, 16).map(|_| ());
    assert_eq!(refused, Ok(()), "seed {seed}\n{before}");
    let mut after = before.clone();
    super::super::run(&mut after, &launch, 16);
    compare(seed, &before, &after, &alone);
    let waits = |&id: &_| matches!(after.inst(id).op, Op::Barrier | Op::BarrierReduce { .. });
    if after.blocks.iter().any(|block| block.insts.iter().any(waits)) {
        let mut cut = after.clone();
        barriers::run(&mut cut, &launch, 16, false);
        compare(seed, &after, &cut, &alone);
    }
}

fn count(standard: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let first = number("STREAM_HAL_SEED").unwrap_or(0);
    first..first + number("STREAM_HAL_RANDOM").unwrap_or(standard)
}

#[test]
fn structured_functions_do_the_same_in_gangs() {
    count(3000).for_each(|seed| check(seed, Garden::structured));
}

#[test]
fn tangled_functions_do_the_same_in_gangs() {
    count(3000).for_each(|seed| check(seed, Garden::tangled));
}

#[test]
fn functions_with_barriers_do_the_same_in_gangs() {
    count(2000).for_each(|seed| check(seed, Garden::waiting));
}

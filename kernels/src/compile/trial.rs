//! Random kernels through any number of passes, onto the oracle, against an evaluator of single threads that knows nothing
//! of this compiler.
//!
//! ```ignore
//! trial::random(300, &|mut function, shape| {
//!     fold::run(&mut function, shape);
//!     Ok(Taken { function, stage: Stage::Threads, gang: 1 })
//! });
//! ```
//! A kernel that differs is made small and told with its seed. `STREAM_HAL_RANDOM=N` tries N kernels instead, from seed
//! `STREAM_HAL_SEED` on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::build::build;
use super::ssa::Function;
use super::ssa::eval::{self, World};
use super::ssa::verify::Stage;
use super::{Refusal, Shape};
use crate::module::Module;

// The same kernels that the interpreter is tested with.
#[allow(dead_code, clippy::precedence, clippy::type_complexity)]
#[path = "../../tests/random/mod.rs"]
mod random;

use random::Outcome;
use random::trial::{self, Case, Verdict};

/// What passes made of a function.
pub struct Taken {
    pub function: Function,
    pub stage: Stage,
    /// Threads of a gang, for masked code.
    pub gang: u32,
}

/// Passes.
pub type Passes<'p> = &'p (dyn Fn(Function, &Shape) -> Result<Taken, Refusal> + Sync);

/// What a runner says of a kernel that the compiler does not take.
const REFUSED: &str = "refused";

/// Tries so many kernels; at least half of them must not be refused.
pub fn random(count: u64, passes: Passes<'_>) {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (first, count) = (number("STREAM_HAL_SEED", 1), number("STREAM_HAL_RANDOM", count));
    let refused = Mutex::new(BTreeMap::<String, u64>::new());
    let run = |case: &Case| {
        let outcome = catch_unwind(AssertUnwindSafe(|| evaluate(case, passes)));
        match outcome.unwrap_or_else(|panic| Err(words(&*panic)))? {
            Ok(outcome) => Ok(outcome),
            Err(refusal) => {
                *refused.lock().unwrap().entry(refusal.what).or_default() += 1;
                Err(REFUSED.to_owned())
            }
        }
    };
    let mut same = 0;
    for seed in first..first + count {
        let kernel = random::kernel(seed);
        match trial::check(&kernel, &run) {
            Verdict::Same => same += 1,
            Verdict::Differs(what) if what != REFUSED => {
                panic!("{}", trial::report(seed, &kernel, &run));
            }
            Verdict::Differs(_) | Verdict::Meaningless(_) => {}
        }
    }
    println!("{same} of {count} are the same; refused: {:#?}", refused.lock().unwrap());
    assert!(same * 2 >= count, "only {same} of {count} are the same");
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Runs a case on the oracle: code for any grid where that for small ones leaves a block to it.
fn evaluate(case: &Case, passes: Passes<'_>) -> Result<Result<Outcome, Refusal>, String> {
    let wraps =
        |outcome: &Result<_, String>| outcome.as_ref().is_err_and(|what| what.starts_with(eval::WRAPS));
    let small = evaluate_as(case, passes, true);
    if wraps(&small) { evaluate_as(case, passes, false) } else { small }
}

fn evaluate_as(
    case: &Case,
    passes: Passes<'_>,
    small_grid: bool,
) -> Result<Result<Outcome, Refusal>, String> {
    let module = Module::parse(&case.text).map_err(|errors| errors.to_string())?;
    let (input, cells) = (case.out_bytes.next_multiple_of(256), case.input.len().next_multiple_of(256));
    let cells = input + cells;
    let (mut world, addresses) = world(case, &module, cells + case.cell_bytes.next_multiple_of(256))?;
    world.global[input..input + case.input.len()].copy_from_slice(&case.input);
    let places = [0, input as u64, cells as u64].map(|at| world.pointer(at));
    world.set_parameters(&places);
    world.parameters.extend(case.scalar.to_le_bytes());
    let kernel = module.kernels().iter().position(|kernel| kernel.name == "k").ok_or("no kernel")?;
    let source = module.source(kernel, &addresses).map_err(|errors| errors.to_string())?;
    world.shared_bytes = source.dynamic_start + case.shared_bytes;
    world.dynamic_shared_bytes = case.shared_bytes;
    let shape = Shape { block: case.block, small_grid };
    let taken = match build(&source, &shape).and_then(|function| passes(function, &shape)) {
        Ok(taken) => taken,
        Err(refusal) => return Ok(Err(refusal)),
    };
    world.gang = taken.gang;
    let result = eval::run(&taken.function, taken.stage, &mut world);
    result.map_err(|what| format!("{what}\n{}", taken.function))?;
    Ok(Ok(Outcome {
        out: world.global[..case.out_bytes].to_vec(),
        cells: world.global[cells..cells + case.cell_bytes].to_vec(),
    }))
}

/// A world with the module's variables behind so many bytes of buffers, and their addresses.
fn world(case: &Case, module: &Module, buffers: usize) -> Result<(World, Vec<u64>), String> {
    let mut end = buffers;
    let mut places = Vec::new();
    for global in module.globals() {
        end = end.next_multiple_of(global.align as usize);
        places.push(end);
        end += global.bytes as usize;
    }
    let addresses: Vec<u64> = places.iter().map(|&at| eval::GLOBAL + at as u64).collect();
    let mut world = World::new(case.block, end);
    world.grid = [case.grid, 1, 1];
    for (at, global) in places.into_iter().zip(module.globals()) {
        world.global[at..at + global.initial.len()].copy_from_slice(&global.initial);
        for relocation in &global.relocations {
            let address = module.resolve(&relocation.symbol, &addresses).ok_or("no such symbol")?;
            let (bytes, count) = relocation.value(address);
            let at = at + relocation.offset as usize;
            world.global[at..at + count].copy_from_slice(&bytes[..count]);
        }
    }
    Ok((world, addresses))
}

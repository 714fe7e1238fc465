//! Kernels as machine code: compiled once for each block size, placed, run block after block, their faults explained.
//!
//! What the compiler refuses runs on the interpreter, kernel by kernel; so do cooperative launches, and everything where
//! accesses are logged. README.md of the cpu backend has the rules.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod alone;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod arena;
mod cache;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod check;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod code;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod fault;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod map;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod reenact;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod run;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod session;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod sites;
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod tests;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod wary;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
#[path = "elsewhere.rs"]
mod code;

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use stream_hal_capture::{Op, op};
use stream_hal_kernels as kernels;
use stream_hal_kernels::compile::{Shape, Target};

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use alone::{Alone, Ground};
pub(super) use cache::{Cache, Compiler};
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(super) use {
    arena::abandon,
    fault::{Interrupted, name_neighbour, note as note_fault},
    run::run,
    sites::find as find_site,
};

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(super) use code::{abandon, name_neighbour, run};

use super::code::LoadedKernel;
use super::execute;
use super::sync::Engine;
use crate::Options;

/// What a compiled kernel may take of the stack of a thread that lends itself.
const MOST_STACK: u32 = 64 << 10;

/// This machine as the compiler knows it; `None` if it makes no code for it.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
fn target() -> Option<Target> {
    use std::arch::is_x86_feature_detected as has;
    let base = has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl");
    let rest = has!("avx512cd") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
    (base && rest && has!("fma")).then(|| Target {
        lanes: 16,
        popcnt: has!("avx512vpopcntdq"),
        funnel: has!("avx512vbmi2"),
        half: has!("avx512fp16"),
        bfloat: has!("avx512bf16"),
    })
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
fn target() -> Option<Target> {
    None
}

impl Compiler {
    /// The compiler for this machine, unless the options say that kernels are to be interpreted.
    pub(super) fn new(options: &Options) -> Compiler {
        Compiler::on(target(), options)
    }

    /// The same on such a machine.
    fn on(machine: Option<Target>, options: &Options) -> Compiler {
        static SAID: Once = Once::new();
        let logged = options.accesses.is_some();
        let target = if options.interpreter || logged { None } else { machine };
        if target.is_none() && !logged && !options.interpreter {
            SAID.call_once(|| {
                tracing::warn!("all kernels run on the interpreter, as this machine has no AVX-512")
            });
        }
        Compiler::with(target, options.memcheck, |program, kernel, shape, target, options| {
            program.compile(kernel, shape, target, options)
        })
    }
}

/// For which threads a launch's kernel is compiled.
fn shape(grid: [u32; 3], block: [u32; 3]) -> Shape {
    let small = |(&blocks, &threads): (&u32, &u32)| u64::from(blocks) * u64::from(threads) < 1 << 31;
    Shape { block, small_grid: grid.iter().zip(&block).all(small) }
}

/// The compiled kernel for a launch, compiled now if this is the first one of its kind. `None`: it is interpreted.
#[inline]
pub(super) fn find<'k>(
    engine: &Engine,
    kernel: &'k LoadedKernel,
    launch: &kernels::Launch<'_>,
) -> Option<&'k code::Native> {
    if !engine.compiler.is_on() || launch.cooperative {
        return None;
    }
    let version = kernel.versions.version(shape(launch.grid, launch.block))?;
    let native = version.code(&engine.compiler, kernel)?;
    if native.wraps_often() {
        return wary(engine, kernel, launch).or(Some(native));
    }
    Some(native)
}

/// The code for blocks in which an index wraps around.
#[cold]
fn wary<'k>(
    engine: &Engine,
    kernel: &'k LoadedKernel,
    launch: &kernels::Launch<'_>,
) -> Option<&'k code::Native> {
    let shape = Shape { block: launch.block, small_grid: false };
    kernel.versions.version(shape)?.code(&engine.compiler, kernel)
}

/// How many nanoseconds a launch will take on one thread, by what blocks of the compiled kernel took last time.
#[inline]
pub(super) fn expected_ns(engine: &Engine, launch: &op::Launch) -> Option<u64> {
    if launch.flags & op::Launch::COOPERATIVE != 0 {
        return None;
    }
    let kernel = engine.code.get(launch.code)?;
    let pace = kernel.versions.known(shape(launch.grid, launch.block.map(u32::from)))?.pace();
    let blocks = launch.grid.iter().fold(1u64, |all, &side| all.saturating_mul(side.into()));
    (pace != 0).then(|| blocks.saturating_mul(pace) / 1000)
}

/// Compiles what a plan's launches need and is not there, on several threads if it is much.
pub(super) fn prepare(engine: &Engine, ops: &[Op]) {
    if !engine.compiler.is_on() {
        return;
    }
    let mut missing: Vec<(&LoadedKernel, &cache::Version)> = Vec::new();
    for op in ops {
        let Op::Launch(launch) = op else { continue };
        let Some(version) = missing_version(engine, launch) else { continue };
        if !missing.iter().any(|(_, known)| std::ptr::eq(*known, version.1)) {
            missing.push(version);
        }
    }
    let next = AtomicU32::new(0);
    let work = || {
        while let Some((kernel, version)) = missing.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            version.code(&engine.compiler, kernel);
        }
    };
    if !missing.is_empty() {
        engine.pool.together(execute::helpers(engine, missing.len() as u64), &work);
    }
}

fn missing_version<'e>(
    engine: &'e Engine,
    launch: &op::Launch,
) -> Option<(&'e LoadedKernel, &'e cache::Version)> {
    let kernel = engine.code.get(launch.code)?;
    let block = launch.block.map(u32::from);
    // What does not fit is refused when it is launched.
    let module = kernel.program.module().kernels().get(kernel.index)?;
    let threads = block.iter().product::<u32>();
    let fits = (1..=module.max_threads.min(1024)).contains(&threads)
        && module.required_block.is_none_or(|required| required == block);
    if !fits || launch.flags & op::Launch::COOPERATIVE != 0 {
        return None;
    }
    let version = kernel.versions.version(shape(launch.grid, block))?;
    (!version.is_made()).then_some((kernel, version))
}

//! Kernels on the cpu backend against native vectors, PoCL and Intel's OpenCL for processors.
//!
//! `cargo bench --bench kernels`, with `-- --tsv` for a line of tabs each row and contender, `--markdown` for the
//! table of `benches/README.md`, `--svg FILE` for a drawing. `--sizes small` is for an interpreter,
//! `--only ours,native` and `--rows saxpy,scan` choose, `--rounds 31` repeats more. Run by
//! `cargo test` it does the same with tiny sizes and looks only whether all results agree.

#[cfg(target_arch = "x86_64")]
mod bench;
#[cfg(target_arch = "x86_64")]
mod case;
#[cfg(target_arch = "x86_64")]
mod cases;
#[cfg(target_arch = "x86_64")]
mod chart;
// Shared with the other bench, which uses more of it.
#[cfg(target_arch = "x86_64")]
#[allow(dead_code)]
#[path = "../graph/clock.rs"]
mod clock;
#[cfg(target_arch = "x86_64")]
mod contender;
#[cfg(target_arch = "x86_64")]
mod native;
#[cfg(target_arch = "x86_64")]
mod opencl;
#[cfg(target_arch = "x86_64")]
mod ours;
#[cfg(target_arch = "x86_64")]
mod rounds;
#[cfg(target_arch = "x86_64")]
mod table;

fn main() {
    #[cfg(target_arch = "x86_64")]
    bench::main();
    #[cfg(not(target_arch = "x86_64"))]
    println!("SKIPPED kernels: the native versions, which all others are compared with, are for x86-64");
}

//! What proves the interpreter proves the compiler: the same PTX texts, samples and random kernels as machine code, against
//! the same references, with gangs of every size. What the compiler refuses is interpreted, and counted as that: `forms.tsv`
//! and `samples.tsv` say what is compiled, and `STREAM_HAL_UPDATE=1` writes them anew.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
// Tests may unwrap; helpers outside of test functions are tests as well.
#![allow(clippy::unwrap_used, clippy::precedence, clippy::type_complexity)]

#[path = "../../../kernels/tests/ptx/bench.rs"]
mod bench;
mod corpus;
#[path = "../../../kernels/tests/random/device.rs"]
mod device;
mod ground;
mod ptx;
#[allow(unused_imports, reason = "others use more of it")]
#[path = "../../../kernels/tests/random/mod.rs"]
mod random;
mod runner;
#[allow(dead_code, reason = "others use more of it")]
mod sample;
mod samples;
mod seeds;
mod tally;

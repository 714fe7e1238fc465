//! Machine code is run on this machine and compared with what it was made from: every op alone, and random programs.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
// Tests may unwrap.
#![allow(clippy::unwrap_used, clippy::precedence)]

#[path = "native/atomics.rs"]
mod atomics;
#[path = "native/flow.rs"]
mod flow;
#[path = "native/lanes.rs"]
mod lanes;
#[path = "native/memory.rs"]
mod memory;
#[path = "native/numbers.rs"]
mod numbers;
#[path = "native/permutes.rs"]
mod permutes;
#[path = "native/process.rs"]
mod process;
#[path = "native/program.rs"]
mod program;
#[path = "native/quality.rs"]
mod quality;
#[path = "native/random.rs"]
mod random;
#[path = "native/scalars.rs"]
mod scalars;
#[path = "native/trees.rs"]
mod trees;
#[path = "native/vector.rs"]
mod vector;
#[path = "native/vectors.rs"]
mod vectors;

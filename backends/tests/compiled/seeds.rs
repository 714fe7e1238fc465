//! Random kernels as machine code, against the evaluator of single threads. `STREAM_HAL_RANDOM=N` runs N kernels,
//! `STREAM_HAL_SEED` starts elsewhere.

use crate::device;
use crate::random::mild::mild;
use crate::random::trial::{self, Case};
use crate::{random, runner, tally};

/// How many kernels are tried unless the environment says otherwise.
const KERNELS: u64 = 2000;

#[test]
fn random_kernels_do_what_their_threads_do() {
    let number = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (count, start) = (number("STREAM_HAL_RANDOM", KERNELS), number("STREAM_HAL_SEED", 1));
    let run = |case: &Case| {
        runner::seed_begins(case.seed);
        device::run(case)
    };
    // Every second kernel has nothing in it for which it might be refused.
    let make = |seed: u64| match seed % 2 {
        0 => mild(random::kernel(seed)),
        _ => random::kernel(seed),
    };
    match trial::search_among(start..start + count, &make, &run) {
        Ok(found) => {
            println!("{count} kernels from seed {start} on: {found:?}");
            tally::print("random");
            assert!(found.meaningless * 20 <= count, "too many have no meaning: {found:?}");
        }
        Err(report) => panic!("{report}"),
    }
}

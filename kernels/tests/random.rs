//! Random kernels on the interpreter, against an evaluator of single threads. `STREAM_HAL_RANDOM=N` runs N kernels.
// Tests may unwrap; helpers outside of test functions are tests as well.
#![allow(clippy::unwrap_used, clippy::precedence, clippy::type_complexity)]

// The device serves other tests too.
#[allow(dead_code)]
#[path = "ptx/bench.rs"]
mod bench;
#[path = "random/device.rs"]
mod device;
#[allow(dead_code, reason = "others use more of it")]
#[path = "random/mod.rs"]
mod random;
mod runner;

use device::run as interpret;
use random::trial::{self, Case, Verdict};

/// How many kernels are tried unless the environment says otherwise.
const KERNELS: u64 = 5000;

fn wanted() -> u64 {
    std::env::var("STREAM_HAL_RANDOM").map_or(KERNELS, |count| count.parse().expect("a number of kernels"))
}

#[test]
fn random_kernels_do_what_their_threads_do() {
    let count = wanted();
    let start = std::env::var("STREAM_HAL_SEED").map_or(1, |seed| seed.parse().expect("a seed"));
    match trial::search(start..start + count, &interpret) {
        Ok(tally) => {
            println!("{count} kernels from seed {start} on: {tally:?}");
            assert!(tally.meaningless * 20 <= count, "too many have no meaning: {tally:?}");
        }
        Err(report) => panic!("{report}"),
    }
}

/// The first of some kernels at which a changed text is noticed.
fn noticed(from: &str, to: &str) -> Option<u64> {
    let changed = |case: &Case| interpret(&Case { text: case.text.replace(from, to), ..case.clone() });
    (1..1000).find(|&seed| {
        let kernel = random::kernel(seed);
        // Only kernels that have the text are run.
        trial::case(&kernel).text.contains(from)
            && matches!(trial::check(&kernel, &changed), Verdict::Differs(_))
    })
}

/// Words of the text and wrong ones.
const WRONG: &[(&str, &str)] = &[
    ("add.s32", "sub.s32"),
    ("mul.hi.s64", "mul.hi.u64"),
    ("div.s16", "rem.s16"),
    ("bfe.s32", "bfe.u32"),
    ("shr.s64", "shr.u64"),
    ("fma.rn.f64", "fma.rz.f64"),
    ("min.f32", "max.f32"),
    ("cvt.rzi.s32.f64", "cvt.rmi.s32.f64"),
    ("cvt.rp.f32", "cvt.rm.f32"),
    ("cvt.sat.s8", "cvt.s8"),
    ("addc.u32", "add.u32"),
    ("red.global.add.u32", "red.global.xor.b32"),
    ("vote.sync.all", "vote.sync.any"),
    ("shfl.sync.up", "shfl.sync.down"),
    ("redux.sync.min.s32", "redux.sync.min.u32"),
    ("bar.red.and", "bar.red.or"),
    ("    @!%p", "    @%p"),
];

#[test]
fn a_wrong_word_is_noticed() {
    for (from, to) in WRONG {
        let seed = noticed(from, to);
        println!("{to} for {from}: seed {seed:?}");
        assert!(seed.is_some(), "{to} instead of {from} makes no difference");
    }
}

#[test]
fn what_fails_is_made_small() {
    let changed =
        |case: &Case| interpret(&Case { text: case.text.replace("xor.b32", "or.b32"), ..case.clone() });
    let report = trial::search(1..400, &changed).unwrap_err();
    println!("{report}");
    assert!(report.starts_with("seed "), "{report}");
    let statements = report.lines().take_while(|line| !line.starts_with(".version")).count();
    assert!(statements < 60, "{report}");
}

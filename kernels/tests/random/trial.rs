//! Kernels of many seeds on something that runs PTX, against the evaluator.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::block::{self, Outcome};
use super::tree::Kernel;
use super::{grow, lines, shrink, text};

/// A kernel `k(out, input, cells, scalar)` and what it is launched with.
#[derive(Clone)]
pub struct Case {
    pub text: String,
    pub block: [u32; 3],
    pub grid: u32,
    pub shared_bytes: u32,
    pub stack_bytes: u32,
    /// Bytes of the first buffer, zero before.
    pub out_bytes: usize,
    pub input: Vec<u8>,
    /// Bytes of the third buffer, zero before.
    pub cell_bytes: usize,
    pub scalar: u32,
    /// The same for all kernels that are made of one.
    pub seed: u64,
}

/// Runs a case; an error is a failure as well.
pub type Runner<'r> = &'r (dyn Fn(&Case) -> Result<Outcome, String> + Sync);

pub enum Verdict {
    Same,
    /// The evaluator finds no meaning, or it takes too long.
    Meaningless(String),
    Differs(String),
}

/// The case of a kernel.
pub fn case(kernel: &Kernel) -> Case {
    let routines = lines::lower(kernel);
    Case {
        text: text::print(kernel, &routines),
        block: kernel.block,
        grid: kernel.grid,
        shared_bytes: if kernel.dynamic { text::shared_bytes(kernel) } else { 0 },
        stack_bytes: 128 << 10,
        out_bytes: (kernel.threads() * kernel.grid * lines::OUT_BYTES) as usize,
        input: block::input(kernel),
        cell_bytes: lines::SLOTS as usize,
        scalar: kernel.scalar,
        seed: kernel.input_seed,
    }
}

pub fn check(kernel: &Kernel, runner: Runner<'_>) -> Verdict {
    let expected = match block::run(kernel, &lines::lower(kernel)) {
        Ok(expected) => expected,
        Err(why) => return Verdict::Meaningless(why),
    };
    match runner(&case(kernel)) {
        Err(why) => Verdict::Differs(why),
        Ok(got) if got == expected => Verdict::Same,
        Ok(got) => Verdict::Differs(difference(&expected, &got)),
    }
}

fn difference(expected: &Outcome, got: &Outcome) -> String {
    for (name, a, b) in [("out", &expected.out, &got.out), ("cells", &expected.cells, &got.cells)] {
        if let Some(at) = a.iter().zip(b).position(|(a, b)| a != b) {
            let thread = at / lines::OUT_BYTES as usize;
            let word = |bytes: &[u8]| -> String {
                bytes[at / 8 * 8..][..8].iter().rev().map(|byte| format!("{byte:02x}")).collect()
            };
            let (a, b) = (word(a), word(b));
            let offset = at % lines::OUT_BYTES as usize;
            return format!("{name}[{at}] (thread {thread}, byte {offset}): {a} expected, found {b}");
        }
    }
    "lengths differ".to_owned()
}

/// What became of a range of seeds.
#[derive(Debug, Default)]
pub struct Tally {
    pub same: u64,
    pub meaningless: u64,
    /// Why the last of them had no meaning.
    pub why: String,
}

/// Checks the kernels of all seeds on two threads. The first that fails is made small and told with its text.
#[allow(dead_code, reason = "who chooses kernels takes `search_among`")]
pub fn search(seeds: Range<u64>, runner: Runner<'_>) -> Result<Tally, String> {
    search_among(seeds, &grow::kernel, runner)
}

/// The same with another maker of kernels.
pub fn search_among(
    seeds: Range<u64>,
    make: &(dyn Fn(u64) -> Kernel + Sync),
    runner: Runner<'_>,
) -> Result<Tally, String> {
    let (next, failed) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let tally = Mutex::new(Tally::default());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let kernel = make(seed);
                    let verdict = check(&kernel, runner);
                    let mut tally = tally.lock().expect("nobody panics with it");
                    match verdict {
                        Verdict::Same => tally.same += 1,
                        Verdict::Meaningless(why) => {
                            tally.meaningless += 1;
                            tally.why = why;
                        }
                        Verdict::Differs(_) => {
                            if !failed.swap(true, Ordering::Relaxed) {
                                *failure.lock().expect("nobody panics with it") = Some((seed, kernel));
                            }
                        }
                    }
                }
            });
        }
    });
    match failure.into_inner().expect("nobody panicked") {
        None => Ok(tally.into_inner().expect("nobody panicked")),
        Some((seed, kernel)) => Err(report(seed, &kernel, runner)),
    }
}

/// The smallest kernel that still fails, in words.
pub fn report(seed: u64, kernel: &Kernel, runner: Runner<'_>) -> String {
    let small = shrink::shrink(kernel, |kernel| matches!(check(kernel, runner), Verdict::Differs(_)));
    let why = match check(&small, runner) {
        Verdict::Differs(why) => why,
        Verdict::Same | Verdict::Meaningless(_) => "it does not always fail".to_owned(),
    };
    let Kernel { block, grid, scalar, input_seed, .. } = small;
    format!(
        "seed {seed}: {why}\nblock {block:?}, grid {grid}, scalar {scalar}, input of seed {input_seed}\n{:#?}\n{}",
        small.body,
        case(&small).text
    )
}

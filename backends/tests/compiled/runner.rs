//! Runs the launches of tests as machine code. What is refused is interpreted.

#[path = "../../../kernels/tests/runner/job.rs"]
pub mod job;

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use stream_hal_backends::Alone;
use stream_hal_kernels::compile::{Options, Refusal, Shape};
use stream_hal_kernels::{KernelFault, Program};

pub use job::{Job, Piece};

use crate::{ground, tally};

/// Vectors of a gang.
const VECTORS: [u8; 5] = [1, 2, 4, 8, 16];
/// A shuffle from a lane that does the same but is no member: PTX leaves open what comes of it. Here it gives what it has.
pub const STRANGERS_GIVE: bool = true;

/// With `.ftz`, what would be rounded up to the smallest normal number is flushed before that: so the processor does it.
pub const FLUSHES_FIRST: bool = true;

/// Offsets of 64 bits in shared and local memory are cut to 32, as a GPU's are.
pub const CUTS_OFFSETS: bool = true;

/// Approximate sines of large numbers are only as near as the manual wants.
pub const ONLY_SMALL_SINES: bool = true;

/// Threads of a block, where a test takes any number.
const BLOCKS: [u32; 7] = [256, 32, 64, 17, 96, 250, 128];

/// Tests of what only the interpreter does, and why.
const INTERPRETED: &[(&str, &str)] = &[
    ("control::a_kernel_that_never_ends_is_stopped", "where a kernel was stopped is not known"),
    (
        "warps::warps_that_can_never_go_on_say_where",
        "lanes that wait for each other for ever are not told from others",
    ),
    ("faults::the_whole_warp_takes_part", "lanes that wait for each other for ever are not told from others"),
];

/// What a test is about.
#[derive(Clone, Default, Hash)]
struct Subject {
    group: String,
    item: String,
}

thread_local! {
    static SUBJECT: RefCell<Option<Subject>> = const { RefCell::new(None) };
}

/// What this thread tests: what it said, or else its own name, which is the test's.
fn subject() -> Subject {
    SUBJECT.with_borrow(Clone::clone).unwrap_or_else(|| Subject {
        group: "texts".to_owned(),
        item: std::thread::current().name().unwrap_or_default().to_owned(),
    })
}

fn begins(group: String, item: &str) {
    SUBJECT.set(Some(Subject { group, item: item.to_owned() }));
}

/// The tests of a family's form begin, on this thread.
pub fn form_begins(family: &str, form: &str) {
    begins(format!("forms/{family}"), form);
}

/// Whether a form of a family is tested. Of loads, stores and atomics there are so many, most of which differ in hints, that
/// some will do; `STREAM_HAL_FORMS=all` takes all.
pub fn takes(family: &str, form: &str) -> bool {
    let mut hash = DefaultHasher::new();
    form.hash(&mut hash);
    let many = matches!(family, "memory" | "atomic") && std::env::var_os("STREAM_HAL_FORMS").is_none();
    !many || hash.finish().is_multiple_of(16)
}

/// All forms of a family have been tested.
pub fn family_ends(family: &str) {
    // The table is of those that are taken without being asked for all.
    if std::env::var_os("STREAM_HAL_FORMS").is_none() {
        tally::compare("forms.tsv", &format!("forms/{family}"), false);
    }
}

/// The tests of a sample's file begin, on this thread.
pub fn sample_begins(folder: &str, file: &str) {
    begins(format!("samples/{folder}"), file);
}

/// A random kernel begins, on this thread.
pub fn seed_begins(seed: u64) {
    begins("random".to_owned(), &seed.to_string());
}

/// A number that stays the same for a test.
fn chance() -> u64 {
    let mut hash = DefaultHasher::new();
    subject().hash(&mut hash);
    hash.finish()
}

/// Threads of a block where a test takes any number.
pub fn any_block() -> u32 {
    BLOCKS[(chance() / 8) as usize % BLOCKS.len()]
}

/// What has been compiled of a program.
#[derive(Default)]
pub struct Cache(Mutex<Compiled>);

#[derive(Default)]
struct Compiled {
    launches: u64,
    codes: HashMap<(usize, Shape, u8, bool), Result<Arc<Alone>, Refusal>>,
}

/// Runs a launch; compiled code if it can be.
pub fn run(job: &Job<'_>) -> Result<(), KernelFault> {
    job.program.check_launch(job.kernel, job.launch)?;
    let Subject { group, item } = subject();
    let item = match group.starts_with("samples/") {
        true => format!("{item}\t{}", job.program.module().kernels()[job.kernel].name),
        false => item,
    };
    let name = format!("{group}/{item}");
    let own = INTERPRETED.iter().find(|(test, _)| name.contains(test));
    match own.map_or_else(|| code(job), |(_, why)| Err(Refusal::new(0, *why))) {
        Ok(code) => {
            tally::note(&group, &item, None);
            ground::run(job, &code)
        }
        Err(refusal) => {
            tally::note(&group, &item, Some(&refusal.what));
            job::interpret(job)
        }
    }
}

/// The code for a launch: its gangs are larger or smaller from launch to launch.
fn code(job: &Job<'_>) -> Result<Arc<Alone>, Refusal> {
    if job.launch.cooperative {
        return Err(Refusal::new(0, "a cooperative launch"));
    }
    let small = |(&blocks, &threads): (&u32, &u32)| u64::from(blocks) * u64::from(threads) < 1 << 31;
    let block = job.launch.block;
    let shape = Shape { block, small_grid: job.launch.grid.iter().zip(&block).all(small) };
    let mut compiled = job.cache.0.lock().unwrap();
    // `STREAM_HAL_VECTORS=k` makes all gangs k vectors large.
    let vectors = match std::env::var("STREAM_HAL_VECTORS") {
        Ok(text) => text.parse().unwrap(),
        Err(_) => VECTORS[(chance().wrapping_add(compiled.launches)) as usize % VECTORS.len()],
    };
    compiled.launches += 1;
    let make =
        || compile(job.program, job.kernel, shape, Options { vectors: Some(vectors), check: job.strays });
    compiled.codes.entry((job.kernel, shape, vectors, job.strays)).or_insert_with(make).clone()
}

fn compile(program: &Program, kernel: usize, shape: Shape, options: Options) -> Result<Arc<Alone>, Refusal> {
    let target = Alone::target().ok_or_else(|| Refusal::new(0, "no code is made for this machine"))?;
    Alone::new(program.compile(kernel, shape, &target, options)?).map(Arc::new)
}

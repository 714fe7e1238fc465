//! What the compiler costs: time of a kernel and of an instruction it emits, and the memory it holds meanwhile.
//!
//! `cargo bench -p stream-hal-kernels --bench compile`, with `-- --tsv` for a table of tabs and `-- --passes` for the time of
//! each pass. Kernels and block sizes are those of the project's `kernels` bench. A compilation is counted from a program
//! that was just linked, its body not yet read, to code that is ready to be mapped, in processor time of the thread; rounds go through all
//! kernels in turn and values are medians over them. Memory is what the thread holds of the heap at its most, code of
//! earlier kernels included; for the first kernels together in the first round, so that tables and memory that are kept
//! from then on count. Run by `cargo test` it does one round and looks only whether all works.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use rustix::time::{ClockId, clock_gettime};
use stream_hal_kernels::compile::{Code, Options, Shape, Target};
use stream_hal_kernels::{Module, Program};

/// Milliseconds each of the first kernels may take.
const MOST_MS: f64 = 3.0;
/// How many those are.
const FIRST: usize = 7;
/// Microseconds an emitted instruction may take.
const MOST_US: f64 = 2.0;
/// MiB that may be held while the first are compiled.
const MOST_MIB: f64 = 10.0;

/// File, kernel and block of what is compiled, the first seven first.
const KERNELS: [(&str, &str, [u32; 3]); 14] = [
    ("saxpy", "saxpy", [256, 1, 1]),
    ("sgemm", "sgemm_16", [16, 16, 1]),
    ("sgemm", "sgemm_32", [32, 32, 1]),
    ("nbody", "nbody", [256, 1, 1]),
    ("reduce", "reduce", [256, 1, 1]),
    ("histogram", "histogram", [256, 1, 1]),
    ("mandelbrot", "mandelbrot", [32, 8, 1]),
    ("black_scholes", "black_scholes", [256, 1, 1]),
    ("stencil", "stencil", [32, 8, 1]),
    ("transpose", "transpose", [32, 8, 1]),
    ("scan", "scan_blocks", [256, 1, 1]),
    ("scan", "scan_sums", [1024, 1, 1]),
    ("scan", "scan_add", [256, 1, 1]),
    ("softmax", "softmax", [256, 1, 1]),
];

/// The system's allocator, counting what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.set(HELD.get() + layout.size());
        PEAK.set(PEAK.get().max(HELD.get()));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD.set(HELD.get().saturating_sub(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What compiling a kernel cost.
#[derive(Default)]
struct Cost {
    milliseconds: Vec<f64>,
    instructions: u32,
    bytes: usize,
    /// Most that was held above what was held before.
    held: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        if !has("--ignored") {
            println!("compile: test");
        }
        return;
    }
    // `cargo bench` says so; `cargo test` does not.
    let full = has("--bench");
    let mut costs: Vec<Cost> = KERNELS.iter().map(|_| Cost::default()).collect();
    let mut first_held = 0;
    for _ in 0..if full { 21 } else { 1 } {
        let before = HELD.get();
        PEAK.set(before);
        let mut codes = Vec::new();
        for (at, (kernel, cost)) in KERNELS.iter().zip(&mut costs).enumerate() {
            if at == FIRST {
                first_held = first_held.max(PEAK.get() - before);
            }
            codes.push(compile(kernel, cost));
        }
        black_box(codes);
    }
    if full {
        print(&mut costs, first_held, has("--tsv"));
    } else {
        println!("{} kernels compiled once; their times mean nothing", costs.len());
    }
    if has("--passes") {
        KERNELS.iter().for_each(passes);
    }
}

fn shape(block: [u32; 3]) -> Shape {
    Shape { block, small_grid: true }
}

/// The processor that code is made for: one with all that is asked of it, but arithmetic of halves.
fn target() -> Target {
    Target { popcnt: true, funnel: true, bfloat: true, ..Target::LEAST }
}

/// A program that was just linked and the number of its kernel.
fn program(file: &str, kernel: &str) -> (Program, usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/kernels/ptx");
    let text = std::fs::read_to_string(folder.join(format!("{file}.ptx"))).expect("the PTX is committed");
    let module = Arc::new(Module::parse(&text).unwrap_or_else(|errors| panic!("{errors}")));
    let at = module.kernels().iter().position(|one| one.name == kernel).expect("the kernel is there");
    let addresses: Vec<u64> = (1..=module.globals().len() as u64).map(|at| at << 40).collect();
    (module.link(&addresses).unwrap_or_else(|errors| panic!("{errors}")), at)
}

fn compile((file, kernel, block): &(&str, &str, [u32; 3]), cost: &mut Cost) -> Code {
    let (program, at) = program(file, kernel);
    let (before, peak) = (HELD.get(), PEAK.replace(HELD.get()));
    let start = clock_gettime(ClockId::ThreadCPUTime);
    let code = program.compile(at, shape(*block), &target(), Options::default());
    let end = clock_gettime(ClockId::ThreadCPUTime);
    let code = code.unwrap_or_else(|refusal| panic!("{kernel}: {refusal:?}"));
    cost.milliseconds
        .push((end.tv_sec - start.tv_sec) as f64 * 1e3 + (end.tv_nsec - start.tv_nsec) as f64 / 1e6);
    cost.instructions = code.instructions;
    cost.bytes = code.bytes.len();
    cost.held = PEAK.get() - before;
    PEAK.set(PEAK.get().max(peak));
    code
}

fn print(costs: &mut [Cost], first_held: usize, tabs: bool) {
    let line = |cells: [String; 8]| match tabs {
        true => println!("{}", cells.join("\t")),
        false => println!("| {} |", cells.join(" | ")),
    };
    let met = |met: bool| if met { "yes" } else { "NO" }.to_owned();
    line(
        ["kernel", "ms", "target met", "instructions", "us each", "target met", "KiB of code", "MiB held"]
            .map(str::to_owned),
    );
    if !tabs {
        println!("|---|--:|---|--:|--:|---|--:|--:|");
    }
    for (at, ((_, kernel, _), cost)) in KERNELS.iter().zip(costs).enumerate() {
        cost.milliseconds.sort_by(f64::total_cmp);
        let ms = cost.milliseconds[cost.milliseconds.len() / 2];
        let each = ms * 1e3 / f64::from(cost.instructions);
        line([
            (*kernel).to_owned(),
            format!("{ms:.2}"),
            if at < FIRST { met(ms <= MOST_MS) } else { "-".to_owned() },
            cost.instructions.to_string(),
            format!("{each:.2}"),
            met(each <= MOST_US),
            format!("{:.1}", cost.bytes as f64 / 1024.0),
            format!("{:.2}", cost.held as f64 / f64::from(1 << 20)),
        ]);
    }
    let held = first_held as f64 / f64::from(1 << 20);
    println!(
        "the first {FIRST} together: {held:.2} MiB held at most, target {MOST_MIB}, met: {}",
        met(held <= MOST_MIB)
    );
}

/// Prints what each pass takes, the least of some times.
fn passes((file, kernel, block): &(&str, &str, [u32; 3])) {
    let mut best: Vec<(String, u128)> = Vec::new();
    for round in 0..9 {
        let (program, at) = program(file, kernel);
        let (_, report) = program.compile_reported(at, shape(*block), &target(), Options::default());
        for (at, pass) in report.passes.iter().enumerate() {
            let time = pass.time.as_micros();
            match best.get_mut(at) {
                Some(best) if round > 0 => best.1 = best.1.min(time),
                _ => best.push((pass.name.to_owned(), time)),
            }
        }
    }
    let each: Vec<String> = best.iter().map(|(name, time)| format!("{name} {time}")).collect();
    println!("{kernel}, us: {}", each.join(", "));
}

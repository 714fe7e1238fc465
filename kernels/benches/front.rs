//! How fast PTX is read: the module level, bodies, and a kernel up to its first block.
//!
//! `cargo bench -p stream-hal-kernels --bench front`, with `-- --tsv` for a table of tabs. Rounds go through all texts and
//! measures in turn; values are medians over them. Run by `cargo test` it does the same with tiny texts and looks only
//! whether all works.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};
use stream_hal_kernels::{Launch, Module, Scratch};

const HEAD: &str = ".version 8.0\n.target sm_80\n.address_size 64\n";

/// What is measured of each text, and how many megabytes a second it should be at least.
const MEASURES: [(&str, Option<f64>); 6] = [
    ("module level", Some(100.0)),
    ("bodies, syntax only", Some(20.0)),
    ("bodies to IR", Some(20.0)),
    ("bodies to IR, 2 threads, time of both", None),
    ("bodies to IR, 2 threads, wall", None),
    ("first block of one kernel, all included", None),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        if !has("--ignored") {
            println!("front: test");
        }
        return;
    }
    // `cargo bench` says so; `cargo test` does not.
    let full = has("--bench");
    let (bytes, rounds) = if full { (10_000_000, 9) } else { (20_000, 1) };
    let texts = [
        ("samples", samples(bytes)),
        ("small functions", small_functions(bytes)),
        ("one large body", large_body(bytes / 2)),
        ("data", data(bytes)),
    ];
    let mut times = vec![[const { Vec::new() }; MEASURES.len()]; texts.len()];
    for _ in 0..rounds {
        for ((_, text), times) in texts.iter().zip(&mut times) {
            for (all, seconds) in times.iter_mut().zip(measure(text)) {
                all.push(seconds);
            }
        }
    }
    if full {
        print(&texts, &mut times, has("--tsv"));
    } else {
        println!("{} rows measured with tiny texts; their values mean nothing", texts.len() * MEASURES.len());
    }
}

fn print(texts: &[(&str, String)], times: &mut [[Vec<f64>; MEASURES.len()]], tabs: bool) {
    let line = |cells: [String; 6]| match tabs {
        true => println!("{}", cells.join("\t")),
        false => println!("| {} |", cells.join(" | ")),
    };
    line(["text", "measure", "ms", "MB/s", "target", "met"].map(str::to_owned));
    if !tabs {
        println!("|---|---|--:|--:|---|---|");
    }
    for ((name, text), times) in texts.iter().zip(times) {
        for ((measure, target), times) in MEASURES.iter().zip(times) {
            // There is next to no body among the data.
            if *name == "data" && measure.starts_with("bodies") {
                continue;
            }
            times.sort_by(f64::total_cmp);
            let seconds = times[times.len() / 2];
            let speed = text.len() as f64 / 1e6 / seconds;
            line([
                (*name).to_owned(),
                (*measure).to_owned(),
                format!("{:.1}", seconds * 1e3),
                format!("{speed:.0}"),
                target.map_or("-".into(), |target| format!(">= {target}")),
                target.map_or("-", |target| if speed >= target { "yes" } else { "NO" }).into(),
            ]);
        }
    }
}

/// Seconds of processor time of this thread or of all.
fn processor_time(whose: ClockId) -> f64 {
    let time = clock_gettime(whose);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What a piece of work costs this thread, which other work on the machine hardly changes.
fn cost<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = processor_time(ClockId::ThreadCPUTime);
    let result = black_box(work());
    (processor_time(ClockId::ThreadCPUTime) - start, result)
}

fn parse(text: &str) -> Module {
    Module::parse(text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Seconds for each of the measures.
fn measure(text: &str) -> [f64; MEASURES.len()] {
    let (scan, module) = cost(|| parse(text));
    let (syntax, statements) = cost(|| module.count_statements());
    assert!(statements > 0, "the texts have kernels");
    let (check, checked) = cost(|| module.check(1));
    checked.unwrap_or_else(|errors| panic!("{errors}"));
    drop(module);
    let module = parse(text);
    let (start, both) = (Instant::now(), processor_time(ClockId::ProcessCPUTime));
    assert!(module.check(2).is_ok());
    let both = processor_time(ClockId::ProcessCPUTime) - both;
    let wall = start.elapsed().as_secs_f64();
    drop(module);
    let (first, ()) = cost(|| first_block(text));
    [scan, syntax, check, both, wall, first]
}

/// All that a program waits for that loads a module and launches its last kernel.
fn first_block(text: &str) {
    let module = Arc::new(parse(text));
    let kernel = module.kernels().len() - 1;
    let addresses: Vec<u64> = (1..=module.globals().len() as u64).map(|at| at << 40).collect();
    let parameters = vec![0; module.kernels()[kernel].parameter_bytes as usize];
    let program = module.link(&addresses).unwrap_or_else(|errors| panic!("{errors}"));
    let launch = Launch { parameters: &parameters, ..Launch::default() };
    let started = program.start_block(kernel, &launch, [0; 3], &mut Scratch::default());
    started.unwrap_or_else(|fault| panic!("{fault:?}"));
}

/// The committed samples again and again, each time with other names.
fn samples(bytes: usize) -> String {
    let mut files = Vec::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    for folder in std::fs::read_dir(root).expect("samples are committed").flatten() {
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "ptx") {
                files.push(file.path());
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "samples are committed");
    let texts: Vec<String> =
        files.iter().map(|file| std::fs::read_to_string(file).expect("a sample is text")).collect();
    let modules: Vec<Module> = texts.iter().map(|text| parse(text)).collect();
    let mut all = HEAD.to_owned();
    for copy in 0.. {
        for (at, (text, module)) in texts.iter().zip(&modules).enumerate() {
            if all.len() > bytes && copy + at > 0 {
                break;
            }
            append(&mut all, text, module, &format!("_{copy}_{at}"));
        }
        if all.len() > bytes {
            break;
        }
    }
    // Its last kernel is the one that is used.
    all.push_str("\n.entry last() { ret; }\n");
    all
}

/// A module without what stands once in a text, the names it defines made its own.
fn append(all: &mut String, text: &str, module: &Module, suffix: &str) {
    let globals = module.globals().iter().filter(|global| !global.external).map(|global| &*global.name);
    let defined: std::collections::HashSet<&str> = module.functions().chain(globals).collect();
    let once = [".version", ".target", ".address_size", ".file"];
    for line in text.lines().filter(|line| !once.iter().any(|word| line.starts_with(word))) {
        let mut rest = line;
        while !rest.is_empty() {
            let in_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '%');
            let word = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            all.push_str(&rest[..word]);
            if defined.contains(&rest[..word]) {
                all.push_str(suffix);
            }
            let next = rest[word..].find(in_word).map_or(rest.len(), |next| word + next);
            all.push_str(&rest[word..next]);
            rest = &rest[next..];
        }
        all.push('\n');
    }
}

fn small_functions(bytes: usize) -> String {
    let mut text = HEAD.to_owned();
    let mut number = 0;
    while text.len() < bytes {
        let before = number - i32::from(number % 16 != 0);
        let call = if before == number {
            String::new()
        } else {
            format!(
                "\t{{ .param .b32 a;\n\t.param .b32 b;\n\tst.param.b32 [a+0], %r4;\n\
                 \tcall.uni (b), f{before}, (a);\n\tld.param.b32 %r4, [b+0]; }}\n"
            )
        };
        write!(
            text,
            ".func (.param .b32 result) f{number}(.param .b32 x)\n{{\n\t.reg .pred %p<2>;\n\t.reg .b32 %r<6>;\n\n\
             \tld.param.u32 %r1, [x];\n\tsetp.gt.s32 %p1, %r1, {number};\n\t@%p1 bra $L_{number};\n\
             \tadd.s32 %r2, %r1, 1;\n\tmul.lo.s32 %r3, %r2, %r1;\n\txor.b32 %r4, %r3, {number};\n{call}\
             \tst.param.b32 [result+0], %r4;\n\tret;\n\n$L_{number}:\n\tst.param.b32 [result+0], %r1;\n\tret;\n}}\n\n"
        )
        .expect("a string takes all");
        number += 1;
    }
    text.push_str(".visible .entry last(.param .u64 p)\n{\n\tret;\n}\n");
    text
}

/// One kernel as an unrolled loop looks: loads, arithmetic, stores, now and then a branch.
fn large_body(bytes: usize) -> String {
    let mut text = format!(
        "{HEAD}.visible .entry large(.param .u64 p)\n{{\n\t.reg .pred %p<4000000>;\n\t.reg .b32 %r<4000000>;\n\
         \t.reg .f32 %f<4000000>;\n\t.reg .b64 %rd<4000000>;\n\n\tld.param.u64 %rd1, [p];\n\
         \tcvta.to.global.u64 %rd2, %rd1;\n\tmov.u32 %r1, %tid.x;\n\tmov.f32 %f1, 0f00000000;\n"
    );
    let mut at = 2;
    while text.len() < bytes {
        let (a, b, c, last) = (3 * at, 3 * at + 1, 3 * at + 2, if at == 2 { 1 } else { 3 * at - 1 });
        write!(
            text,
            "\tadd.s32 %r{a}, %r1, {at};\n\tmul.wide.s32 %rd{a}, %r{a}, 4;\n\tadd.s64 %rd{b}, %rd2, %rd{a};\n\
             \tld.global.nc.f32 %f{a}, [%rd{b}+{at}];\n\tmul.f32 %f{b}, %f{a}, 0f3F000000;\n\
             \tfma.rn.f32 %f{c}, %f{a}, %f{b}, %f{last};\n\tst.global.f32 [%rd{b}+8], %f{c};\n"
        )
        .expect("a string takes all");
        if at % 4 == 0 {
            write!(
                text,
                "\tsetp.lt.s32 %p{at}, %r{a}, {at};\n\t@%p{at} bra $L__BB0_{at};\n\tbar.sync 0;\n\n$L__BB0_{at}:\n"
            )
            .expect("a string takes all");
        }
        at += 1;
    }
    text.push_str("\tret;\n}\n");
    text
}

fn data(bytes: usize) -> String {
    let mut text = HEAD.to_owned();
    let mut rng = fastrand::Rng::with_seed(1);
    for number in 0.. {
        let kind = [".b8", ".f32", ".u32"][number % 3];
        write!(text, ".visible .global .align 4 {kind} table{number}[4096] = {{")
            .expect("a string takes all");
        for at in 0..4096 {
            let comma = if at == 0 { "" } else { ", " };
            match kind {
                ".b8" => write!(text, "{comma}{}", rng.u8(..)),
                ".f32" => write!(text, "{comma}0f{:08X}", rng.f32().to_bits()),
                _ => write!(text, "{comma}{}", rng.u32(..)),
            }
            .expect("a string takes all");
        }
        text.push_str("};\n");
        if text.len() >= bytes {
            break;
        }
    }
    text.push_str(".visible .entry last()\n{\n\tret;\n}\n");
    text
}

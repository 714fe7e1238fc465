//! How fast vector code becomes machine code: selection, registers and encoding, a time for each instruction.
//!
//! `cargo bench -p stream-hal-kernels --bench emit`. Times are the least of some rounds. Run by `cargo test` it does the same
//! with tiny functions and looks only whether all works.

use std::fmt::Write as _;

use stream_hal_kernels::compile::Target;
use stream_hal_kernels::compile::emit::in_steps;
use stream_hal_kernels::compile::ssa::parse::parse;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if has("--list") {
        if !has("--ignored") {
            println!("emit: test");
        }
        return;
    }
    // `cargo bench` says so; `cargo test` does not.
    let (sizes, rounds) = if has("--bench") { (vec![20, 200, 1000], 5) } else { (vec![3], 1) };
    let target = Target { lanes: 16, popcnt: true, funnel: true, half: false, bfloat: true };
    for (name, body) in [("products", products as fn(usize) -> String), ("masks", masks)] {
        for &size in &sizes {
            let function = parse(&body(size));
            for quick in [false, true] {
                let mut best = [f64::MAX; 3];
                let mut count = 0;
                for _ in 0..rounds {
                    let (code, steps) = in_steps(&function, &target, Some(quick)).expect("all of it exists");
                    count = code.instructions;
                    for (best, step) in best.iter_mut().zip(steps) {
                        *best = best.min(step.as_secs_f64() * 1e9 / f64::from(count));
                    }
                }
                let [select, registers, encode] = best;
                let way = if quick { "quick" } else { "good" };
                println!(
                    "{name} {count:6} instructions, {way:5} registers: {select:5.0} + {registers:5.0} + {encode:5.0} = {:5.0} ns each",
                    select + registers + encode
                );
            }
        }
    }
}

const HEAD: &str = "function f
    b0:
    v0: i64 = context
    v1: i64 = load.generic.8 v0 + 64
    v2: i64 = load.param.8 v1
    v3: i32 = const 0
    v4: v16x32 = load.generic.4 v2
    v5: v16x32 = load.generic.4 v2 + 64\n";

/// Loops that each read a vector and four numbers and add four products.
fn products(loops: usize) -> String {
    let mut text = HEAD.to_owned();
    let (mut v, mut block) = (10, 1);
    let mut sums = ["v4".to_owned(), "v5".to_owned(), "v4".to_owned(), "v5".to_owned()];
    for _ in 0..loops {
        let names: Vec<String> = (0..4).map(|at| format!("v{}", v + 1 + at)).collect();
        let params: Vec<String> = names.iter().map(|name| format!("{name}: v16x32")).collect();
        let (head, again, out) = (block, block + 1, block + 2);
        let _ = writeln!(
            text,
            "jump b{head}(v3, {})\nb{head}(v{v}: i32, {}):",
            sums.join(", "),
            params.join(", ")
        );
        let counter = v;
        v += 5;
        let _ = writeln!(text, "v{v}: i64 = convert.u64.u32 v{counter}\nv{}: i32 = const 2", v + 1);
        let _ = writeln!(
            text,
            "v{}: i64 = shl.u64 v{v}, v{}\nv{}: i64 = add.u64 v2, v{}",
            v + 2,
            v + 1,
            v + 3,
            v + 2
        );
        let _ = writeln!(text, "v{}: v16x32 = load.generic.4 v{} + 256", v + 4, v + 3);
        let (address, row) = (v + 3, v + 4);
        v += 5;
        for (at, sum) in sums.iter_mut().enumerate() {
            let _ = writeln!(
                text,
                "v{v}: i32 = load.generic.4 v{address} + {}\nv{}: v16x32 = broadcast v{v}",
                at * 64,
                v + 1
            );
            let _ = writeln!(text, "v{}: v16x32 = fma.f32 v{}, v{row}, {}", v + 2, v + 1, names[at]);
            *sum = format!("v{}", v + 2);
            v += 3;
        }
        let _ = writeln!(
            text,
            "v{v}: i32 = const 1\nv{}: i32 = add.u32 v{counter}, v{v}\nv{}: i32 = const 64",
            v + 1,
            v + 2
        );
        let _ = writeln!(
            text,
            "v{}: i1 = compare.lt.u32 v{}, v{}\nbranch v{}, b{again}, b{out}",
            v + 3,
            v + 1,
            v + 2,
            v + 3
        );
        let _ = writeln!(text, "b{again}:\njump b{head}(v{}, {})\nb{out}:", v + 1, sums.join(", "));
        (v, block) = (v + 4, block + 3);
    }
    for (at, sum) in sums.iter().enumerate() {
        let _ = writeln!(text, "store.generic.4 v2 + {}, {sum}", at * 64);
    }
    text + "return v3"
}

/// One block of compares, selects and masked accesses with many values at a time.
fn masks(steps: usize) -> String {
    let mut text = HEAD.to_owned();
    let mut v = 10;
    let mut values = vec!["v4".to_owned(), "v5".to_owned()];
    for step in 0..steps {
        let from = |back: usize| &values[values.len().saturating_sub(back).max(1) - 1];
        let (a, b, c) = (from(1), from(7), from(31));
        let _ = writeln!(text, "v{v}: m16 = compare.lt.s32 {a}, {b}\nv{}: v16x32 = add.u32 {a}, {c}", v + 1);
        let _ = writeln!(text, "v{}: v16x32 = select v{}, {b}, v{v}", v + 2, v + 1);
        let _ = writeln!(text, "v{}: v16x32 = load.generic.4 v2 + {} [v{v}]", v + 3, step % 64 * 64);
        let _ = writeln!(text, "v{}: v16x32 = xor.b32 v{}, v{}", v + 4, v + 2, v + 3);
        let _ = writeln!(text, "store.generic.4 v2 + {}, v{} [v{v}]", 8192 + step % 64 * 64, v + 4);
        values.push(format!("v{}", v + 4));
        v += 5;
    }
    text + "return v3"
}

//! Matrix instructions against plain products, with fragments laid out as PTX says.

mod faults;
mod fragment;
mod memory;
mod number;
mod rows;
mod spec;

use super::super::bench::{Bench, kernel};
use super::walk;
use spec::{Grid, Spec};

#[test]
fn every_form() {
    walk("matrix", |form| match form.opcode.as_str() {
        "mma" => check_mma(&form.text),
        "wmma" => memory::check(&form.text),
        "ldmatrix" | "stmatrix" | "movmatrix" => rows::check(&form.text),
        _ => false,
    });
}

const SEED: u64 = 5;

/// Products of each kind of numbers for a form.
const TRIALS: usize = 2 * number::KINDS;

/// For floats: fragments take more than there are.
const REGISTERS: &str = ".reg .f32 %x<40>; .reg .f64 %y<40>;";

/// Text that loads or stores all registers of a fragment, one after the other 32 lanes apart, at `[address]`.
fn transfer(spec: &Spec, role: &str, first: usize, address: &str, load: bool) -> String {
    let (bits, prefix, ty) = spec.register(role);
    (0..spec.registers(role))
        .map(|at| {
            let (register, place) =
                (format!("{prefix}{}", first + at), format!("[{address}+{}]", at * 4 * bits));
            match load {
                true => format!("ld.global.{ty} {register}, {place};\n"),
                false => format!("st.global.{ty} {place}, {register};\n"),
            }
        })
        .collect()
}

/// `{%r0, %r1}`
fn list(spec: &Spec, role: &str, first: usize) -> String {
    let registers: Vec<String> =
        (0..spec.registers(role)).map(|at| format!("{}{}", spec.register(role).1, first + at)).collect();
    format!("{{{}}}", registers.join(", "))
}

/// The first register of each matrix; those of different prefixes may overlap.
fn firsts(spec: &Spec) -> [usize; 4] {
    let [a, b, c] = ["a", "b", "c"].map(|role| spec.registers(role));
    [0, a, a + b, a + b + c]
}

fn bytes(spec: &Spec, role: &str) -> usize {
    spec.registers(role) * 4 * spec.register(role).0
}

/// `d2 = address of the trial's and lane's first register` for a parameter.
fn addressed(spec: &Spec, role: &str, parameter: &str, to: &str) -> String {
    format!(
        "ld.param.u64 {to}, [{parameter}]; mad.wide.u32 {to}, %r58, {}, {to}; mad.wide.u32 {to}, %r59, {}, {to};\n",
        bytes(spec, role),
        spec.register(role).0 / 8
    )
}

/// The bytes of a fragment, from matrices.
fn spread(spec: &Spec, role: &str, matrices: &mut [Grid]) -> Vec<u8> {
    let (width, register) = (spec.bits(role), spec.register(role).0);
    let per = register / width;
    let mut words = vec![0u64; spec.registers(role) * 32];
    for lane in 0..32 {
        for i in 0..fragment::elements(spec, role) {
            let (product, row, column) = fragment::place(spec, role, lane, i);
            words[i / per * 32 + lane] |= *matrices[product].at(row, column) << (i % per * width);
        }
    }
    words.iter().flat_map(|word| word.to_le_bytes()[..register / 8].to_vec()).collect()
}

/// Matrices, from the bytes of a fragment.
fn collect(spec: &Spec, role: &str, bench: &Bench, address: u64) -> Vec<Grid> {
    let (width, register) = (spec.bits(role), spec.register(role).0);
    let per = register / width;
    let words = match register {
        64 => bench.longs(address, spec.registers(role) * 32),
        _ => bench.words(address, spec.registers(role) * 32).into_iter().map(u64::from).collect(),
    };
    let mut matrices = vec![Grid::new(spec.size(role)); spec.products()];
    for lane in 0..32 {
        for i in 0..fragment::elements(spec, role) {
            let (product, row, column) = fragment::place(spec, role, lane, i);
            let word = words[i / per * 32 + lane] >> (i % per * width);
            *matrices[product].at(row, column) = word & u64::MAX >> (64 - width);
        }
    }
    matrices
}

fn random_grid(spec: &Spec, role: &str, kind: usize, random: &mut fastrand::Rng) -> Grid {
    let mut grid = Grid::new(spec.size(role));
    grid.bits.iter_mut().for_each(|bits| *bits = number::random(spec.ty(role), kind, random));
    grid
}

/// An `mma` on random matrices.
fn check_mma(text: &str) -> bool {
    let spec = Spec::new(text);
    let [a, b, c, d] = firsts(&spec);
    let body = format!(
        "{REGISTERS} mov.u32 %r58, %ctaid.x; mov.u32 %r59, %laneid;\n{}{}{}{}{}{}{}\n{text} {}, {}, {}, {};\n{}ret;",
        addressed(&spec, "a", "a", "%d1"),
        addressed(&spec, "b", "b", "%d2"),
        addressed(&spec, "c", "c", "%d3"),
        addressed(&spec, "d", "d", "%d4"),
        transfer(&spec, "a", a, "%d1", true),
        transfer(&spec, "b", b, "%d2", true),
        transfer(&spec, "c", c, "%d3", true),
        list(&spec, "d", d),
        list(&spec, "a", a),
        list(&spec, "b", b),
        list(&spec, "c", c),
        transfer(&spec, "d", d, "%d4", false),
    );
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut bench = Bench::new(&kernel("a b c d", &body));
    let mut inputs = [const { Vec::<u8>::new() }; 3];
    let mut trials = Vec::new();
    for trial in 0..TRIALS {
        let matrices = ["a", "b", "c"].map(|role| {
            (0..spec.products())
                .map(|_| random_grid(&spec, role, trial % number::KINDS, &mut random))
                .collect::<Vec<_>>()
        });
        for (at, role) in ["a", "b", "c"].into_iter().enumerate() {
            inputs[at].extend(spread(&spec, role, &mut matrices[at].clone()));
        }
        trials.push(matrices);
    }
    let mut parameters: Vec<u64> = inputs.iter().map(|input| bench.put(input)).collect();
    parameters.push(bench.put(&vec![0; bytes(&spec, "d") * TRIALS]));
    bench.run(TRIALS as u32, 32, &parameters).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    for (trial, [a, b, c]) in trials.iter().enumerate() {
        let found = collect(&spec, "d", &bench, parameters[3] + (trial * bytes(&spec, "d")) as u64);
        for (at, found) in found.iter().enumerate() {
            let expected = spec::product(&spec, &a[at], &b[at], &c[at]);
            assert!(
                spec::same(&spec, found, &expected),
                "{text}, seed {SEED}, trial {trial}, product {at}: {found:x?}, expected {expected:x?}"
            );
        }
    }
    true
}

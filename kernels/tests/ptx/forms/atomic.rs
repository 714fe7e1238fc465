//! Atomics of many threads on few cells: whatever their order was, the old values must be those of some order that uses
//! each operation once and leads from the first value to the last. That is a path over all edges of a graph.

use std::collections::HashMap;

use stream_hal_kernels::ir::Type;
use stream_hal_kernels::{FaultKind, KernelFault, Launch};

use super::super::bench::Bench;
use super::{Form, walk};
use crate::runner;

const BLOCKS: usize = 2;
const THREADS: usize = 40;
const CELLS: usize = 3;
/// From one cell to the next.
const STEP: usize = 32;

#[test]
fn every_form() {
    walk("atomic", |form| {
        check(form);
        true
    });
}

/// A float's format: bits of the fraction, of the exponent.
type Format = (i32, i32);

/// A small float as f64.
fn widen(bits: u128, (fraction, exponent): Format) -> f64 {
    let bits = bits as u64;
    let (low, field) = (bits & ((1 << fraction) - 1), bits >> fraction & ((1 << exponent) - 1));
    let bias = (1 << (exponent - 1)) - 1;
    let sign = if bits >> (fraction + exponent) & 1 == 1 { -1.0 } else { 1.0 };
    sign * match field as i32 {
        top if top == (1 << exponent) - 1 => {
            if low == 0 {
                f64::INFINITY
            } else {
                f64::NAN
            }
        }
        0 => low as f64 * 2f64.powi(1 - bias - fraction),
        field => (low | 1 << fraction) as f64 * 2f64.powi(field - bias - fraction),
    }
}

/// The nearest small float, ties to even.
fn narrow(value: f64, (fraction, exponent): Format) -> u128 {
    let top = 1u128 << (fraction + exponent);
    if value.is_nan() {
        return top - 1;
    }
    let sign = if value.is_sign_negative() { top } else { 0 };
    let bias = (1 << (exponent - 1)) - 1;
    let infinity = ((1u128 << exponent) - 1) << fraction;
    let size = value.abs();
    if size == 0.0 || size.is_infinite() {
        return sign | if size == 0.0 { 0 } else { infinity };
    }
    let power = ((size.to_bits() >> 52) as i32 - 1023).max(1 - bias);
    // In units of the last place; more than fit carry into the exponent.
    let units = (size * 2f64.powi(fraction - power)).round_ties_even() as u128;
    sign | (units + ((u128::from((power + bias - 1) as u32)) << fraction)).min(infinity)
}

/// One or two small floats.
fn small_floats(op: &str, bits: u32, old: u128, operand: u128, format: Format) -> u128 {
    let one = |shift: u32| {
        let (a, b) = (widen(old >> shift & 0xffff, format), widen(operand >> shift & 0xffff, format));
        let value = match op {
            "add" => a + b,
            _ if a.is_nan() => b,
            _ if b.is_nan() => a,
            // The sign of zeros counts.
            _ if a == 0.0 && b == 0.0 => {
                if (op == "min") == a.is_sign_negative() {
                    a
                } else {
                    b
                }
            }
            "min" => a.min(b),
            _ => a.max(b),
        };
        narrow(value, format) << shift
    };
    if bits == 32 { one(0) | one(16) } else { one(0) }
}

/// The new value of a cell, or of one element of it.
fn apply(op: &str, ty: Type, old: u128, operand: u128, compare: u128) -> u128 {
    let bits = ty.bits();
    let mask = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    let signed = |value: u128| (value << (128 - bits)) as i128 >> (128 - bits);
    match ty {
        Type::F16 | Type::F16x2 => return small_floats(op, bits, old, operand, (10, 5)),
        Type::Bf16 | Type::Bf16x2 => return small_floats(op, bits, old, operand, (7, 8)),
        Type::F32 => {
            return u128::from((f32::from_bits(old as u32) + f32::from_bits(operand as u32)).to_bits());
        }
        Type::F64 => {
            return u128::from((f64::from_bits(old as u64) + f64::from_bits(operand as u64)).to_bits());
        }
        _ => {}
    }
    mask & match op {
        "add" => old + operand,
        "and" => old & operand,
        "or" => old | operand,
        "xor" => old ^ operand,
        "exch" => operand,
        "cas" => {
            if old == compare {
                operand
            } else {
                old
            }
        }
        "min" if ty.signed() => signed(old).min(signed(operand)) as u128,
        "max" if ty.signed() => signed(old).max(signed(operand)) as u128,
        "min" => old.min(operand),
        "max" => old.max(operand),
        "inc" => {
            if old >= operand {
                0
            } else {
                old + 1
            }
        }
        "dec" => {
            if old == 0 || old > operand {
                operand
            } else {
                old - 1
            }
        }
        _ => panic!("{op}"),
    }
}

/// Whether there is an order of all edges that is one path between the ends.
fn is_one_order(edges: &[(u128, u128)], first: u128, last: u128) -> bool {
    let mut balance: HashMap<u128, i32> = HashMap::new();
    let mut near: HashMap<u128, Vec<u128>> = HashMap::new();
    for &(from, to) in edges {
        *balance.entry(from).or_default() += 1;
        *balance.entry(to).or_default() -= 1;
        near.entry(from).or_default().push(to);
        near.entry(to).or_default().push(from);
    }
    *balance.entry(first).or_default() -= 1;
    *balance.entry(last).or_default() += 1;
    let mut open = vec![first];
    while let Some(at) = open.pop() {
        open.extend(near.remove(&at).unwrap_or_default());
    }
    balance.values().all(|&balance| balance == 0) && near.is_empty()
}

#[test]
fn orders_are_told_from_disorder() {
    assert!(is_one_order(&[(0, 1), (1, 2), (2, 0), (0, 0)], 0, 0));
    assert!(!is_one_order(&[(0, 1), (0, 1)], 0, 1), "an update was lost");
    assert!(!is_one_order(&[(0, 1), (5, 6), (6, 5)], 0, 1), "a value from nowhere");
    assert!(!is_one_order(&[(0, 1)], 0, 0), "the last value is another");
}

/// How a form is used.
struct Plan<'f> {
    form: &'f Form,
    op: &'static str,
    ty: Type,
    count: usize,
    shared: bool,
    generic: bool,
    returns: bool,
    /// Cells, and each thread's operands and values to compare with, element by element.
    cells: Vec<u128>,
    operands: Vec<u128>,
    compares: Vec<u128>,
}

/// Values that are no NaN, and whose sums of any order are the same where only the last one is looked at.
fn value(random: &mut fastrand::Rng, plan: (&str, Type, bool)) -> u128 {
    let (op, ty, exact) = plan;
    let small = |format: Format, random: &mut fastrand::Rng| {
        let value = if exact {
            f64::from(random.i32(-2..3))
        } else {
            f64::from(random.i32(-9999..9999)) * 2f64.powi(random.i32(-20..4))
        };
        let zero = if random.bool() { 0.0 } else { -0.0 };
        let nan = op != "add" && random.u32(0..20) == 0;
        narrow(
            if nan {
                f64::NAN
            } else if random.u32(0..6) == 0 {
                zero
            } else {
                value
            },
            format,
        )
    };
    match ty {
        Type::F16 => small((10, 5), random),
        Type::F16x2 => small((10, 5), random) | small((10, 5), random) << 16,
        Type::Bf16 => small((7, 8), random),
        Type::Bf16x2 => small((7, 8), random) | small((7, 8), random) << 16,
        Type::F32 if exact => u128::from((random.i32(-999..999) as f32).to_bits()),
        Type::F32 => u128::from((random.f32() * 2f32.powi(random.i32(-30..30))).to_bits()),
        Type::F64 if exact => u128::from(f64::from(random.i32(-999..999)).to_bits()),
        Type::F64 => u128::from((random.f64() * 2f64.powi(random.i32(-200..200))).to_bits()),
        // Few values, so that some are found.
        _ if op == "cas" => random.choice([0, 1, u128::MAX, 1 << 63, 0x1234]).unwrap() & mask(ty),
        _ if matches!(op, "inc" | "dec") => random.choice([0, 1, 2, 5, 5, u128::MAX]).unwrap() & mask(ty),
        _ => random.u128(..) >> random.u32(0..128) & mask(ty),
    }
}

fn mask(ty: Type) -> u128 {
    u128::MAX >> (128 - ty.bits())
}

impl<'f> Plan<'f> {
    fn new(form: &'f Form) -> Plan<'f> {
        let ops = ["add", "and", "or", "xor", "exch", "cas", "min", "max", "inc", "dec"];
        let op = form.one_of(&ops).unwrap();
        let ty = form.types[0];
        let count = form.one_of(&["v2", "v4", "v8"]).map_or(1, |word| word[1..].parse().unwrap());
        let seed =
            form.text.bytes().fold(1u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut random = fastrand::Rng::with_seed(seed);
        let space = form.one_of(&["global", "shared", "shared::cta"]);
        let shared = space.map_or(count == 1 && random.bool(), |space| space != "global");
        let returns = form.opcode == "atom";
        let kind = (op, ty, !returns);
        let all = BLOCKS * THREADS * count;
        let mut operands: Vec<u128> = (0..all).map(|_| value(&mut random, kind)).collect();
        if !returns && matches!(op, "inc" | "dec") {
            // The last value depends on the order unless all count up to the same.
            operands.fill(5);
        }
        let cells = (0..CELLS * count).map(|_| value(&mut random, kind)).collect();
        let compares = (0..all).map(|_| value(&mut random, kind)).collect();
        Plan { form, op, ty, count, shared, generic: space.is_none(), returns, cells, operands, compares }
    }

    fn bytes(&self) -> usize {
        self.ty.bytes() as usize
    }

    fn name(&self, prefix: char, element: usize) -> String {
        let at = element
            + match prefix {
                'o' => 10,
                'c' => 20,
                _ => 30,
            };
        match self.ty.bits() {
            16 => format!("%h{at}"),
            32 => format!("%r{at}"),
            64 => format!("%d{at}"),
            _ => format!("%q{}", at / 10),
        }
    }

    /// Loads or stores 16 bytes of memory for an element.
    fn moved(&self, prefix: char, element: usize, place: &str, store: bool) -> String {
        let name = self.name(prefix, element);
        let at = element * 16;
        match (self.ty.bits(), store) {
            (128, false) => {
                format!("ld.global.v2.b64 {{%d50, %d51}}, [{place}]; mov.b128 {name}, {{%d50, %d51}};")
            }
            (128, true) => {
                format!("mov.b128 {{%d50, %d51}}, {name}; st.global.v2.b64 [{place}], {{%d50, %d51}};")
            }
            (bits, false) => format!("ld.global.b{bits} {name}, [{place}+{at}];"),
            (bits, true) => format!("st.global.b{bits} [{place}+{at}], {name};"),
        }
    }

    fn list(&self, prefix: char) -> String {
        let names: Vec<String> = (0..self.count).map(|element| self.name(prefix, element)).collect();
        if self.count == 1 { names.concat() } else { format!("{{{}}}", names.join(", ")) }
    }

    /// Parameters: cells, operands, compares, old values, cells of shared memory at the end.
    fn text(&self) -> String {
        let each = |prefix, place: &str, store| -> String {
            (0..self.count).map(|element| self.moved(prefix, element, place, store)).collect()
        };
        let mut operands = vec![];
        if self.returns {
            operands.push(self.list('v'));
        }
        operands.push("[%d6+32]".to_owned());
        if self.op == "cas" {
            operands.push(self.list('c'));
        }
        operands.push(self.list('o'));
        if self.form.has("L2::cache_hint") {
            operands.push("%d1".to_owned());
        }
        let area = (CELLS + 1) * STEP;
        let copy = |from: &str, to: &str| -> String {
            (0..area / 8)
                .map(|at| format!("ld.{from}.u64 %d50, [%d8+{0}]; st.{to}.u64 [%d9+{0}], %d50;", at * 8))
                .collect()
        };
        let (before, after) = if self.shared {
            let cast = if self.generic { "cvta.shared.u64 %d6, %d6;" } else { "" };
            (
                format!(
                    "mov.u64 %d8, %d1; mov.u64 %d9, s; setp.ne.u32 %p1, %r1, 0; @%p1 bra filled; {} filled: bar.sync 0;
                     mov.u64 %d6, s; {cast}",
                    copy("global", "shared")
                ),
                format!(
                    "bar.sync 0; @%p1 bra done; mov.u64 %d8, s; mad.wide.u32 %d9, %r2, {area}, %d5; {} done:",
                    copy("shared", "global")
                ),
            )
        } else {
            ("mov.u64 %d6, %d1;".to_owned(), String::new())
        };
        let (wide, threads) = (self.count * 16, THREADS);
        format!(
            ".version 8.8\n.target sm_100\n.address_size 64\n.entry k(.param .u64 a, .param .u64 b, .param .u64 c,
             .param .u64 o, .param .u64 e, .param .u64 bad) {{ .reg .pred %p<4>; .reg .b16 %h<50>; .reg .b32 %r<50>; .reg .b64 %d<60>;
             .reg .b128 %q<9>; .shared .align 32 .b8 s[{area}]; mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x;
             ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; ld.param.u64 %d3, [c]; ld.param.u64 %d4, [o]; ld.param.u64 %d5, [e];
             {before} mad.lo.u32 %r3, %r2, {threads}, %r1; mad.wide.u32 %d2, %r3, {wide}, %d2;
             mad.wide.u32 %d3, %r3, {wide}, %d3; mad.wide.u32 %d4, %r3, {wide}, %d4; rem.u32 %r4, %r3, {CELLS};
             mad.wide.u32 %d6, %r4, {STEP}, %d6; sub.u64 %d6, %d6, {STEP}; {} {} ld.param.u64 %d7, [bad];
             setp.ne.u32 %p2, %r3, 37; selp.u64 %d7, 0, %d7, %p2; add.u64 %d6, %d6, %d7;\n{} {};\n{} {after} ret; }}",
            each('o', "%d2", false),
            each('c', "%d3", false),
            self.form.text,
            operands.join(", "),
            if self.returns { each('v', "%d4", true) } else { String::new() },
        )
    }

    fn run(&self, text: &str, bad: u64) -> (Bench, [u64; 3], Result<(), KernelFault>) {
        let mut bench = Bench::with_memory(text, 1 << 17);
        let mut area = vec![0xee; (CELLS + 1) * STEP];
        for (at, cell) in self.cells.iter().enumerate() {
            let place = at / self.count * STEP + at % self.count * self.bytes();
            area[place..place + self.bytes()].copy_from_slice(&cell.to_le_bytes()[..self.bytes()]);
        }
        let flat =
            |values: &[u128]| -> Vec<u8> { values.iter().flat_map(|value| value.to_le_bytes()).collect() };
        // Far away in global memory an access faults by itself.
        bench.strays = bad != 0 && (self.shared || !bad.is_multiple_of(32));
        let cells = bench.put(&area);
        let operands = bench.put(&flat(&self.operands));
        let compares = bench.put(&flat(&self.compares));
        let olds = bench.put(&vec![0; self.operands.len() * 16]);
        let ends = bench.put(&vec![0; BLOCKS * area.len()]);
        let parameters: Vec<u8> =
            [cells, operands, compares, olds, ends, bad].iter().flat_map(|word| word.to_le_bytes()).collect();
        let launch = Launch {
            grid: [BLOCKS as u32, 1, 1],
            block: [THREADS as u32, 1, 1],
            parameters: &parameters,
            ..Launch::default()
        };
        let result = bench.launch("k", &launch);
        (bench, [cells, olds, ends], result)
    }

    /// One element of one cell: the operations of some threads.
    fn judge(&self, cell: usize, element: usize, threads: &[usize], olds: &[u8], area: &[u8]) {
        let number =
            |bytes: &[u8]| bytes.iter().rev().fold(0u128, |value, &byte| value << 8 | u128::from(byte));
        let place = cell * STEP + element * self.bytes();
        let (first, last) =
            (self.cells[cell * self.count + element], number(&area[place..place + self.bytes()]));
        let mine: Vec<usize> = threads
            .iter()
            .filter(|&&thread| thread % CELLS == cell)
            .map(|thread| thread * self.count + element)
            .collect();
        if !self.returns {
            let end = mine.iter().fold(first, |old, &at| apply(self.op, self.ty, old, self.operands[at], 0));
            assert_eq!(last, end, "{} cell {cell} element {element}", self.form.text);
            return;
        }
        let edges: Vec<(u128, u128)> = mine
            .iter()
            .map(|&at| {
                let old = number(&olds[at * 16..at * 16 + self.bytes()]);
                (old, apply(self.op, self.ty, old, self.operands[at], self.compares[at]))
            })
            .collect();
        assert!(
            is_one_order(&edges, first, last),
            "{} cell {cell} element {element}: {first:x} {edges:x?} {last:x}",
            self.form.text
        );
    }
}

fn check(form: &Form) {
    let plan = Plan::new(form);
    let text = plan.text();
    let (bench, [cells, olds, ends], result) = plan.run(&text, 0);
    result.unwrap_or_else(|fault| panic!("{}: {fault}\n{text}", form.text));
    let olds = bench.bytes(olds, plan.operands.len() * 16);
    let area = (CELLS + 1) * STEP;
    let all: Vec<usize> = (0..BLOCKS * THREADS).collect();
    // Each block has shared memory of its own.
    let parts = if plan.shared { BLOCKS } else { 1 };
    for part in 0..parts {
        let at = if plan.shared { ends + (part * area) as u64 } else { cells };
        let now = bench.bytes(at, area);
        let threads = &all[part * all.len() / parts..][..all.len() / parts];
        for cell in 0..CELLS {
            for element in 0..plan.count {
                plan.judge(cell, element, threads, &olds, &now);
            }
            let behind = cell * STEP + plan.count * plan.bytes();
            assert!(now[behind..(cell + 1) * STEP].iter().all(|&byte| byte == 0xee), "{}", form.text);
        }
    }
    if form.words.len() < 4 {
        let line = text.lines().position(|line| line.starts_with(&form.text)).unwrap() as u32 + 1;
        let size = (plan.bytes() * plan.count) as u64;
        let own = !plan.generic && plan.shared;
        let far = if own && runner::CUTS_OFFSETS { 1 << 24 } else { 1 << 41 };
        for (bad, kind) in [(size / 2, FaultKind::MisalignedAddress), (far, FaultKind::IllegalAddress)] {
            let fault = plan.run(&text, bad).2.unwrap_err();
            assert_eq!(
                (fault.kind, fault.thread, fault.line),
                (kind, [37, 0, 0], line),
                "{}: {fault}",
                form.text
            );
        }
    }
}

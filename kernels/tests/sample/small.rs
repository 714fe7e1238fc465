//! Floats of 16 bits, and tiles of the matrix units. The oracle of a rounding is a search among all numbers there are.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, floats, line, same};

pub const CHECKS: &[Check] = &[
    check("half", &["half_saxpy"], saxpy),
    check("half", &["half_operations"], operations),
    check("half", &["half_convert"], convert),
    check("half", &["brain_dot", "brain_operations"], brain),
    check("tensor", &["tensor_f16"], tensor_f16),
    check("tensor", &["tensor_bf16"], tensor_bf16),
    check("tensor", &["tensor_s8"], tensor_s8),
    check("tensor", &["tensor_f64"], tensor_f64),
    check("tensor", &["tensor_ldmatrix"], tensor_ldmatrix),
    check("tensor", &["tensor_wmma"], tensor_wmma),
];

/// A format of 16 bits: what a pattern without sign is worth, and the pattern of infinity, which rounding takes for
/// the next number.
struct Format(fn(u16) -> f64, u16);

const HALF: Format = Format(
    |bits| match (bits >> 10, f64::from(bits & 1023)) {
        (0, fraction) => fraction * 2_f64.powi(-24),
        (exponent, fraction) => (1024.0 + fraction) * 2_f64.powi(i32::from(exponent) - 25),
    },
    0x7c00,
);

const BRAIN: Format = Format(
    |bits| if bits == 0x7f80 { 2_f64.powi(128) } else { f64::from(f32::from_bits(u32::from(bits) << 16)) },
    0x7f80,
);

impl Format {
    fn value(&self, bits: u16) -> f64 {
        let size = self.0(bits & 0x7fff);
        if bits >> 15 == 1 { -size } else { size }
    }

    /// The nearest one, of two the one with an even pattern.
    fn nearest(&self, value: f64) -> u16 {
        let size = value.abs();
        let (mut low, mut high) = (0, self.1);
        while low + 1 < high {
            let middle = u16::midpoint(low, high);
            if self.0(middle) <= size { low = middle } else { high = middle }
        }
        let (below, above) = (size - self.0(low), self.0(high) - size);
        let up = above < below || above == below && low % 2 == 1;
        let sign = u16::from(value.is_sign_negative()) << 15;
        sign | if up { high } else { low }
    }

    /// Numbers whose sums and products fit a double: between 2^-9 and 2^6, of either sign, and whole ones.
    fn some(&self, random: &mut Rng, count: usize) -> Vec<u16> {
        let one = |random: &mut Rng| match random.u32(..4) {
            0 => f64::from(random.i32(-20..=20)),
            _ => (random.f64() - 0.5) * 2_f64.powi(random.i32(-8..8)),
        };
        (0..count).map(|_| self.nearest(one(random))).collect()
    }
}

fn pairs(bits: &[u16]) -> Vec<u32> {
    bits.chunks(2).map(|pair| u32::from(pair[1]) << 16 | u32::from(pair[0])).collect()
}

fn saxpy(samples: &Samples) {
    let run = samples.start("half");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [x, y] = [0; 2].map(|_| HALF.some(&mut random, 2 * count));
        let a = HALF.some(&mut random, 2);
        let [at_x, at_y] = [&x, &y].map(|list| run.upload(list));
        let arguments = [Word(pairs(&a)[0]), Long(at_x), Long(at_y), Word(count as u32)];
        run.launch("half_saxpy", line(2, 48), 0, &arguments);
        let fused = |at: usize| HALF.nearest(HALF.value(a[at % 2]) * HALF.value(x[at]) + HALF.value(y[at]));
        let expect: Vec<u16> = (0..2 * count).map(fused).collect();
        equal(&format!("{count}"), &run.download::<u16>(at_y, 2 * count), &expect);
    }
}

fn operations(samples: &Samples) {
    let run = samples.start("half");
    let count = 500;
    let mut random = Rng::with_seed(8);
    let [a, b] = [0; 2].map(|_| HALF.some(&mut random, count));
    let out = run.zeros::<u16>(10 * count);
    let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(out), Word(count as u32)];
    run.launch("half_operations", cover(count, 64), 0, &arguments);
    let results = |(&a, &b): (&u16, &u16)| {
        let (x, y) = (HALF.value(a), HALF.value(b));
        // What is zero by taking away has no sign, whatever the signs before.
        let sum = HALF.nearest(x + y);
        // Both halves of the pair hold the larger of sum and product, which know no order.
        let larger = HALF.nearest(f64::max(HALF.value(sum), HALF.value(HALF.nearest(x * y))));
        let order = |bits: u16| if bits >> 15 == 1 { -i32::from(bits & 0x7fff) - 1 } else { i32::from(bits) };
        let [smaller, larger_one] = if order(a) < order(b) { [a, b] } else { [b, a] };
        let less = u16::from(x < y);
        let fused = HALF.nearest(x * y + x);
        let product = HALF.nearest(x * y);
        [sum, HALF.nearest(x - y), product, smaller, larger_one, fused, a | 0x8000, less, larger, larger]
    };
    let expect: Vec<u16> = a.iter().zip(&b).flat_map(results).collect();
    equal("halves", &run.download::<u16>(out, 10 * count), &expect);
}

fn convert(samples: &Samples) {
    let run = samples.start("half");
    let count = 300;
    let mut random = Rng::with_seed(9);
    let mut from: Vec<f32> =
        (0..count).map(|_| (random.f32() - 0.5) * 2_f32.powi(random.i32(-26..15))).collect();
    // Halfway between neighbours, at the ends and beyond.
    let edges =
        [1.0 + 2_f32.powi(-11), 1.0 + 3.0 * 2_f32.powi(-11), 65504.0, 65519.9, 65520.0, -1e6, 0.0, -0.0];
    from[..edges.len()].copy_from_slice(&edges);
    let at = run.upload(&from);
    let (halves, back, whole) = (run.zeros::<u16>(count), run.zeros::<f32>(count), run.zeros::<i32>(count));
    let arguments = [Long(at), Long(halves), Long(back), Long(whole), Word(count as u32)];
    run.launch("half_convert", cover(count, 64), 0, &arguments);
    let expect: Vec<u16> = from.iter().map(|&value| HALF.nearest(f64::from(value))).collect();
    equal("halves", &run.download::<u16>(halves, count), &expect);
    let float = |bits: u16| {
        let infinite = bits & 0x7fff == 0x7c00;
        let size = if infinite { f32::INFINITY } else { HALF.value(bits & 0x7fff) as f32 };
        if bits >> 15 == 1 { -size } else { size }
    };
    let floats: Vec<f32> = expect.iter().map(|&bits| float(bits)).collect();
    same("floats", &run.download(back, count), &floats);
    let tripled = |&value: &f32| float(HALF.nearest(f64::from(value).clamp(-1e9, 1e9) * 3.0)) as i32;
    let expect: Vec<i32> = floats.iter().map(tripled).collect();
    equal("whole numbers", &run.download::<i32>(whole, count), &expect);
}

fn brain(samples: &Samples) {
    let run = samples.start("half");
    for (seed, [rows, columns]) in [[1, 1], [3, 32], [5, 77]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let (matrix, vector) =
            (BRAIN.some(&mut random, 2 * rows * columns), BRAIN.some(&mut random, 2 * columns));
        let out = run.zeros::<f32>(rows);
        let arguments =
            [Long(run.upload(&matrix)), Long(run.upload(&vector)), Long(out), Word(columns as u32)];
        run.launch("brain_dot", line(rows as u32, 32), 0, &arguments);
        let dot = |row: &[u16]| {
            let mut lanes = [0.0_f32; 32];
            for (at, pair) in row.chunks(2).enumerate() {
                let product = |half: usize| {
                    let exact = BRAIN.value(pair[half]) * BRAIN.value(vector[2 * at + half]);
                    BRAIN.value(BRAIN.nearest(exact)) as f32
                };
                lanes[at % 32] += product(0) + product(1);
            }
            for apart in [16, 8, 4, 2, 1] {
                let before = lanes;
                (0..32).for_each(|lane| lanes[lane] += before[lane ^ apart]);
            }
            lanes[0]
        };
        let expect: Vec<f32> = matrix.chunks(2 * columns).map(dot).collect();
        same(&format!("{rows} x {columns}"), &run.download(out, rows), &expect);
    }
    let count = 200;
    let from = floats(&mut Rng::with_seed(10), count);
    let out = run.zeros::<u16>(3 * count);
    let arguments = [Long(run.upload(&from)), Long(out), Word(count as u32)];
    run.launch("brain_operations", cover(count, 64), 0, &arguments);
    let rounded: Vec<u16> = from.iter().map(|&value| BRAIN.nearest(f64::from(value))).collect();
    let results = |i: usize| {
        let (here, next) = (rounded[i], rounded[(i + 1) % count]);
        let (x, y) = (BRAIN.value(here), BRAIN.value(next));
        [here, BRAIN.nearest(x * y + x), if x < y { here } else { next }]
    };
    let expect: Vec<u16> = (0..count).flat_map(results).collect();
    equal("bf16", &run.download::<u16>(out, 3 * count), &expect);
}

/// Small whole numbers: their sums of products are the same in any order.
fn whole(random: &mut Rng, count: usize) -> Vec<i32> {
    (0..count).map(|_| random.i32(-9..=9)).collect()
}

/// a[rows][inner] * b[inner][columns].
fn product(a: &[i32], b: &[i32], inner: usize) -> Vec<i32> {
    let columns = b.len() / inner;
    let cell =
        |at: usize| (0..inner).map(|k| a[at / columns * inner + k] * b[k * columns + at % columns]).sum();
    (0..a.len() / inner * columns).map(cell).collect()
}

fn turned(b: &[i32], inner: usize) -> Vec<i32> {
    (0..b.len()).map(|at| b[at % inner * (b.len() / inner) + at / inner]).collect()
}

fn in_format(format: &Format, list: &[i32]) -> Vec<u16> {
    list.iter().map(|&number| format.nearest(f64::from(number))).collect()
}

fn in_floats(list: Vec<i32>) -> Vec<f32> {
    list.into_iter().map(|number| number as f32).collect()
}

fn tensor_f16(samples: &Samples) {
    let run = samples.start("tensor");
    for seed in 0..4 {
        let mut random = Rng::with_seed(seed);
        let (a, b) = (whole(&mut random, 16 * 16), whole(&mut random, 16 * 8));
        let lists = [in_format(&HALF, &a), in_format(&HALF, &turned(&b, 16))].map(|list| run.upload(&list));
        let out = run.zeros::<f32>(16 * 8);
        run.launch("tensor_f16", line(1, 32), 0, &[Long(lists[0]), Long(lists[1]), Long(out)]);
        same("f16", &run.download(out, 16 * 8), &in_floats(product(&a, &b, 16)));
    }
}

fn tensor_bf16(samples: &Samples) {
    let run = samples.start("tensor");
    for seed in 0..4 {
        let mut random = Rng::with_seed(seed);
        let (a, b) = (whole(&mut random, 16 * 16), whole(&mut random, 16 * 8));
        let lists = [in_format(&BRAIN, &a), in_format(&BRAIN, &turned(&b, 16))].map(|list| run.upload(&list));
        let before = whole(&mut random, 16 * 8);
        let out = run.upload(&in_floats(before.clone()));
        run.launch("tensor_bf16", line(1, 32), 0, &[Long(lists[0]), Long(lists[1]), Long(out)]);
        let expect = product(&a, &b, 16).into_iter().zip(before).map(|(sum, before)| sum + before);
        same("bf16", &run.download(out, 16 * 8), &in_floats(expect.collect()));
    }
}

fn tensor_s8(samples: &Samples) {
    let run = samples.start("tensor");
    for seed in 0..4 {
        let mut random = Rng::with_seed(seed);
        let [a, b] =
            [16, 8].map(|rows| -> Vec<i32> { (0..rows * 32).map(|_| i32::from(random.i8(..))).collect() });
        let bytes = |list: &[i32]| run.upload(&list.iter().map(|&number| number as u8).collect::<Vec<u8>>());
        let out = run.zeros::<i32>(16 * 8);
        let arguments = [Long(bytes(&a)), Long(bytes(&turned(&b, 32))), Long(out)];
        run.launch("tensor_s8", line(1, 32), 0, &arguments);
        equal("s8", &run.download::<i32>(out, 16 * 8), &product(&a, &b, 32));
    }
}

fn tensor_f64(samples: &Samples) {
    let run = samples.start("tensor");
    for seed in 0..4 {
        let mut random = Rng::with_seed(seed);
        let (a, b) = (whole(&mut random, 8 * 4), whole(&mut random, 4 * 8));
        let doubles = |list: &[i32]| list.iter().copied().map(f64::from).collect::<Vec<f64>>();
        let out = run.zeros::<f64>(8 * 8);
        let arguments = [Long(run.upload(&doubles(&a))), Long(run.upload(&doubles(&b))), Long(out)];
        run.launch("tensor_f64", line(1, 32), 0, &arguments);
        equal("f64", &run.download::<f64>(out, 8 * 8), &doubles(&product(&a, &b, 4)));
    }
}

fn tensor_ldmatrix(samples: &Samples) {
    by_rows(samples, "tensor_ldmatrix", 8);
}

fn tensor_wmma(samples: &Samples) {
    by_rows(samples, "tensor_wmma", 16);
}

/// Both factors as halves by rows; 16 x 16 by 16 x `columns`.
fn by_rows(samples: &Samples, kernel: &str, columns: usize) {
    let run = samples.start("tensor");
    for seed in 0..4 {
        let mut random = Rng::with_seed(seed);
        let (a, b) = (whole(&mut random, 16 * 16), whole(&mut random, 16 * columns));
        let lists = [in_format(&HALF, &a), in_format(&HALF, &b)].map(|list| run.upload(&list));
        let out = run.zeros::<f32>(16 * columns);
        run.launch(kernel, line(1, 32), 0, &[Long(lists[0]), Long(lists[1]), Long(out)]);
        same(kernel, &run.download(out, 16 * columns), &in_floats(product(&a, &b, 16)));
    }
}

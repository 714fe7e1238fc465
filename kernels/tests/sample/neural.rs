//! What networks are made of: softmax, attention, normalised rows. All use approximate instructions or sums in their
//! own order; bounds are a few times the distance of neighbouring floats, for sums of the sizes here.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{Check, Samples, check, cover, floats, line, near};

pub const CHECKS: &[Check] = &[
    check("softmax", &["softmax_warp", "softmax_online"], softmax),
    check("softmax", &["softmax_log"], softmax_log),
    check("attention", &["attention_naive", "attention_tiled"], attention),
    check("norm", &["norm_layer", "norm_rms"], norm),
    check("norm", &["norm_welford_f64"], welford),
];

/// Relative to 1 or the number: 2^-18.
const BOUND: f64 = 4e-6;
const SHAPES: [[usize; 2]; 5] = [[1, 1], [3, 31], [5, 32], [40, 33], [2, 300]];

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn softmax_of(row: &[f64]) -> Vec<f64> {
    let sum: f64 = row.iter().map(|value| value.exp()).sum();
    row.iter().map(|value| value.exp() / sum).collect()
}

fn softmax(samples: &Samples) {
    let run = samples.start("softmax");
    for (seed, [rows, columns]) in SHAPES.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), rows * columns);
        let expect: Vec<f64> = doubles(&values).chunks(columns).flat_map(softmax_of).collect();
        for (kernel, shape) in [("softmax_warp", cover(rows * 32, 64)), ("softmax_online", cover(rows, 32))] {
            let [from, to] = [run.upload(&values), run.zeros::<f32>(values.len())];
            let arguments = [Long(from), Long(to), Word(rows as u32), Word(columns as u32)];
            run.launch(kernel, shape, 0, &arguments);
            near(&format!("{kernel}, {rows} x {columns}"), &run.download(to, values.len()), &expect, BOUND);
        }
    }
}

fn softmax_log(samples: &Samples) {
    let run = samples.start("softmax");
    for (seed, [rows, columns]) in SHAPES.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), rows * columns);
        let softmax = doubles(&values).chunks(columns).flat_map(softmax_of).collect::<Vec<f64>>();
        let expect: Vec<f64> = softmax.into_iter().map(f64::ln).collect();
        for threads in [64, 160] {
            let [from, to] = [run.upload(&values), run.zeros::<f32>(values.len())];
            let arguments = [Long(from), Long(to), Word(columns as u32)];
            run.launch("softmax_log", line(rows as u32, threads), 0, &arguments);
            let case = format!("{rows} x {columns} by {threads}");
            near(&case, &run.download(to, values.len()), &expect, BOUND);
        }
    }
}

fn attention(samples: &Samples) {
    const WIDTH: usize = 16;
    let run = samples.start("attention");
    for (seed, count) in [1, 2, 31, 33, 70].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [q, k, v] = [0; 3].map(|_| floats(&mut random, count * WIDTH));
        let [exact_q, exact_k, exact_v] = [&q, &k, &v].map(|values| doubles(values));
        let row = |query: usize| {
            let score = |key: usize| -> f64 {
                (0..WIDTH).map(|i| exact_q[query * WIDTH + i] * exact_k[key * WIDTH + i]).sum::<f64>() / 4.0
            };
            let weights = softmax_of(&(0..=query).map(score).collect::<Vec<f64>>());
            let cell =
                |i: usize| weights.iter().enumerate().map(|(key, w)| w * exact_v[key * WIDTH + i]).sum();
            (0..WIDTH).map(cell).collect::<Vec<f64>>()
        };
        let expect: Vec<f64> = (0..count).flat_map(row).collect();
        for (kernel, shape) in [("attention_naive", cover(count, 48)), ("attention_tiled", cover(count, 32))]
        {
            let out = run.zeros::<f32>(count * WIDTH);
            let lists = [run.upload(&q), run.upload(&k), run.upload(&v), out].map(Long);
            let arguments = [lists.as_slice(), &[Word(count as u32)]].concat();
            run.launch(kernel, shape, 0, &arguments);
            near(&format!("{kernel}, {count}"), &run.download(out, count * WIDTH), &expect, BOUND);
        }
    }
}

/// Mean, variance (around it) and mean of squares.
fn moments(row: &[f64]) -> [f64; 3] {
    let mean_of = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / row.len() as f64;
    let mean = mean_of(&mut row.iter().copied());
    [
        mean,
        mean_of(&mut row.iter().map(|value| (value - mean) * (value - mean))),
        mean_of(&mut row.iter().map(|value| value * value)),
    ]
}

fn norm(samples: &Samples) {
    let run = samples.start("norm");
    for (seed, [rows, columns]) in SHAPES.into_iter().enumerate() {
        for threads in [32, 96, 160] {
            let mut random = Rng::with_seed(seed as u64);
            let values = floats(&mut random, rows * columns);
            let [gain, bias] = [0; 2].map(|_| floats(&mut random, columns));
            let [from, at_gain, at_bias] = [&values, &gain, &bias].map(|list| run.upload(list));
            let [layer, rms] = [0; 2].map(|_| run.zeros::<f32>(values.len()));
            let shape = line(rows as u32, threads);
            let arguments = [Long(from), Long(layer), Long(at_gain), Long(at_bias), Word(columns as u32)];
            run.launch("norm_layer", shape, 0, &arguments);
            run.launch("norm_rms", shape, 0, &[Long(from), Long(rms), Long(at_gain), Word(columns as u32)]);
            let [exact, exact_gain, exact_bias] = [&values, &gain, &bias].map(|list| doubles(list));
            let (mut expect_layer, mut expect_rms) = (Vec::new(), Vec::new());
            for row in exact.chunks(columns) {
                let [mean, variance, squares] = moments(row);
                for (at, value) in row.iter().enumerate() {
                    let even = (value - mean) / (variance + 1e-5).sqrt();
                    expect_layer.push(even * exact_gain[at] + exact_bias[at]);
                    expect_rms.push(value / (squares + 1e-5).sqrt() * exact_gain[at]);
                }
            }
            let case = format!("{rows} x {columns} by {threads}");
            near(&case, &run.download(layer, values.len()), &expect_layer, BOUND);
            near(&case, &run.download(rms, values.len()), &expect_rms, BOUND);
        }
    }
}

fn welford(samples: &Samples) {
    let run = samples.start("norm");
    for (seed, [rows, columns]) in SHAPES.into_iter().enumerate() {
        let values = floats(&mut Rng::with_seed(seed as u64), rows * columns);
        let [means, variances] = [0; 2].map(|_| run.zeros::<f64>(rows));
        let arguments = [
            Long(run.upload(&values)),
            Long(means),
            Long(variances),
            Word(rows as u32),
            Word(columns as u32),
        ];
        run.launch("norm_welford_f64", cover(rows, 32), 0, &arguments);
        let got = [means, variances].map(|at| run.download::<f64>(at, rows));
        for (index, row) in doubles(&values).chunks(columns).enumerate() {
            let (mut mean, mut squares) = (0.0_f64, 0.0_f64);
            for (at, value) in row.iter().enumerate() {
                let away = value - mean;
                mean += away / (at + 1) as f64;
                squares = away.mul_add(value - mean, squares);
            }
            // The same operations in the same order.
            assert_eq!([got[0][index], got[1][index]], [mean, squares / columns as f64]);
            let [exact_mean, exact_variance, _] = moments(row);
            assert!((mean - exact_mean).abs() < 1e-12 && (got[1][index] - exact_variance).abs() < 1e-12);
        }
    }
}

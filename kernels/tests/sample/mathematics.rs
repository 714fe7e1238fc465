//! Double precision, and the functions of the mathematics library with the bounds that the CUDA guide and the PTX
//! manual give for them.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, line, same, same_doubles};

pub const CHECKS: &[Check] = &[
    check("doubles", &["doubles_quadratic", "doubles_newton"], roots),
    check("doubles", &["doubles_sum", "doubles_dot"], sums),
    check("doubles", &["doubles_convert"], convert),
    check("libdevice", &["libdevice_f32"], singles),
    check("libdevice", &["libdevice_f64"], doubles),
    check("libdevice", &["libdevice_approximate"], approximate),
];

/// The integral of the normal curve from its middle, scaled: by its series, good to 1e-11 within 4 of zero; beyond
/// that 1 and -1 are as good.
pub fn error_function(x: f64) -> f64 {
    if x.abs() > 4.0 {
        // erfc(4) is 1.5e-8, and falls fast: half the distance of floats next to 1 is 3e-8.
        return x.signum() * (1.0 - 1.54e-8 * (16.0 - x * x).exp());
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..120 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn spread(random: &mut Rng, count: usize, powers: std::ops::Range<i32>) -> Vec<f64> {
    (0..count).map(|_| (random.f64() - 0.5) * 2_f64.powi(random.i32(powers.clone()))).collect()
}

fn roots(samples: &Samples) {
    let run = samples.start("doubles");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let coefficients = spread(&mut random, 3 * count, -5..20);
        let out = run.zeros::<f64>(2 * count);
        let arguments = [Long(run.upload(&coefficients)), Long(out), Word(count as u32)];
        run.launch("doubles_quadratic", cover(count, 64), 0, &arguments);
        let both = |of: &[f64]| {
            let [a, b, c] = [of[0], of[1], of[2]];
            let discriminant = b.mul_add(b, -4.0 * a * c);
            let (mut low, mut high) = (-b / (2.0 * a), -b / (2.0 * a));
            if discriminant > 0.0 {
                let root = discriminant.sqrt();
                let q = -0.5 * (b + if b < 0.0 { -root } else { root });
                (low, high) = (q / a, c / q);
            }
            if low < high { [low, high] } else { [high, low] }
        };
        let expect: Vec<f64> = coefficients.chunks(3).flat_map(both).collect();
        same_doubles(&format!("{count}"), &run.download(out, 2 * count), &expect);

        let values = spread(&mut random, count, -40..60);
        let (out, steps) = (run.zeros::<f64>(count), run.zeros::<u32>(count));
        let arguments = [Long(run.upload(&values)), Long(out), Long(steps), Word(count as u32)];
        run.launch("doubles_newton", cover(count, 64), 0, &arguments);
        let got = run.download::<f64>(out, count);
        let (expect, expect_steps): (Vec<f64>, Vec<u32>) = values.iter().map(|&value| newton(value)).unzip();
        same_doubles(&format!("{count}"), &got, &expect);
        equal(&format!("{count}"), &run.download::<u32>(steps, count), &expect_steps);
        for (got, value) in got.iter().zip(values) {
            assert!((got - value.cbrt()).abs() <= 1e-15 * got.abs(), "{got} is no cube root of {value}");
        }
    }
}

fn newton(value: f64) -> (f64, u32) {
    let size = value.abs();
    let mut root = if size < 1.0 { 1.0 } else { size };
    let (mut last, mut steps) = (2.0 * root, 0);
    while root < last && steps < 500 {
        last = root;
        root = (2.0 * root + size / (root * root)) / 3.0;
        steps += 1;
    }
    (if value < 0.0 { -last } else { last }, steps)
}

fn sums(samples: &Samples) {
    let run = samples.start("doubles");
    for (seed, [rows, columns]) in [[1, 1], [33, 20], [5, 300]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let mut values = spread(&mut random, rows * columns, -40..40);
        // Large ones that cancel.
        values
            .chunks_mut(columns)
            .filter(|row| row.len() > 2)
            .for_each(|row| (row[0], row[columns - 1]) = (1e20, -1e20));
        let out = run.zeros::<f64>(rows);
        let arguments = [Long(run.upload(&values)), Long(out), Word(rows as u32), Word(columns as u32)];
        run.launch("doubles_sum", cover(rows, 32), 0, &arguments);
        let sum_of = |row: &[f64]| {
            let (mut sum, mut lost) = (0.0_f64, 0.0);
            for &value in row {
                let next = sum + value;
                lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
                sum = next;
            }
            sum + lost
        };
        let expect: Vec<f64> = values.chunks(columns).map(sum_of).collect();
        same_doubles(&format!("{rows} x {columns}"), &run.download(out, rows), &expect);
    }
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [a, b] =
            [0; 2].map(|_| -> Vec<f64> { (0..count).map(|_| f64::from(random.i32(-1000..1000))).collect() });
        let dot = run.upload(&[0.5_f64]);
        let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(dot), Word(count as u32)];
        run.launch("doubles_dot", line(3, 40), 0, &arguments);
        let expect: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
        assert_eq!(run.download::<f64>(dot, 1), [expect + 0.5], "{count}");
    }
}

fn convert(samples: &Samples) {
    let run = samples.start("doubles");
    let mut values = spread(&mut Rng::with_seed(1), 300, -30..43);
    values[..5].copy_from_slice(&[0.0, -0.0, 2147483647.9, -2147483648.9, 1e12]);
    let count = values.len();
    let (single, whole) = (run.zeros::<f32>(count), run.zeros::<i32>(count));
    let (large, back) = (run.zeros::<u64>(count), run.zeros::<f64>(count));
    let lists = [run.upload(&values), single, whole, large, back].map(Long);
    run.launch("doubles_convert", cover(count, 64), 0, &[lists.as_slice(), &[Word(count as u32)]].concat());
    let singles: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    same("singles", &run.download(single, count), &singles);
    let wholes: Vec<i32> = values.iter().map(|&value| value as i32).collect();
    equal("whole numbers", &run.download::<i32>(whole, count), &wholes);
    let larges: Vec<u64> = values.iter().map(|value| (value * 1048576.0).abs() as u64).collect();
    equal("large numbers", &run.download::<u64>(large, count), &larges);
    let sum = |i: usize| f64::from(wholes[i]) + larges[i] as f64 + f64::from(singles[i]);
    let expect: Vec<f64> = (0..count).map(sum).collect();
    same_doubles("sums", &run.download(back, count), &expect);
}

/// No further from `expect` than `bound`, as a share of it.
#[track_caller]
fn within(case: &str, got: f64, expect: f64, bound: f64) {
    // What is smaller than normal numbers has fewer digits.
    let away = (got - expect).abs() / expect.abs().max(1e-37);
    assert!(away <= bound, "{case}: {got:e}, not {expect:e}: {away:e} away, at most {bound:e}");
}

/// Twice the distance of neighbouring floats, as a share; results are within as many of these as stated.
const OF_SINGLE: f64 = 1.2e-7;
const OF_DOUBLE: f64 = 2.3e-16;

fn singles(samples: &Samples) {
    let run = samples.start("libdevice");
    let mut random = Rng::with_seed(11);
    let mut a: Vec<f32> = spread(&mut random, 400, -6..6).into_iter().map(|value| value as f32).collect();
    let b: Vec<f32> = spread(&mut random, 400, -2..4).into_iter().map(|value| value as f32).collect();
    // Far from zero the angle must be reduced by many digits of pi.
    a[..4].copy_from_slice(&[1e5, 1e6, -7.5e7, 87.0]);
    let out = run.zeros::<f32>(8 * a.len());
    let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(out), Word(a.len() as u32)];
    run.launch("libdevice_f32", cover(a.len(), 64), 0, &arguments);
    let got = run.download::<f32>(out, 8 * a.len());
    for ((got, &a), &b) in got.chunks(8).zip(&a).zip(&b) {
        let (x, y) = (f64::from(a), f64::from(b));
        let expect = [
            ("sin", x.sin(), 2.0),
            ("cos", x.cos(), 2.0),
            ("tanh", x.tanh(), 2.0),
            ("exp", x.exp(), 2.0),
            ("log", x.abs().ln(), 1.0),
            ("pow", x.abs().powf(y), 4.0),
            ("atan2", x.atan2(y), 3.0),
            ("erf", error_function(x), 2.0),
        ];
        for (&got, (name, expect, digits)) in got.iter().zip(expect) {
            if expect.abs() > f64::from(f32::MAX) {
                assert_eq!(got, f32::INFINITY * expect.signum() as f32, "{name} of {a} and {b}");
            } else {
                within(&format!("{name} of {a} and {b}"), f64::from(got), expect, digits * OF_SINGLE);
            }
        }
    }
}

fn doubles(samples: &Samples) {
    let run = samples.start("libdevice");
    let mut random = Rng::with_seed(12);
    let (mut a, b) = (spread(&mut random, 300, -8..8), spread(&mut random, 300, -3..5));
    a[..3].copy_from_slice(&[1e9, -3e15, 700.0]);
    let out = run.zeros::<f64>(7 * a.len());
    let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(out), Word(a.len() as u32)];
    run.launch("libdevice_f64", cover(a.len(), 64), 0, &arguments);
    let got = run.download::<f64>(out, 7 * a.len());
    for ((got, &x), &y) in got.chunks(7).zip(&a).zip(&b) {
        let expect = [
            ("sin", x.sin(), 2.0),
            ("cos", x.cos(), 2.0),
            ("exp", x.exp(), 2.0),
            ("log", x.abs().ln(), 2.0),
            ("cbrt", x.cbrt(), 2.0),
            ("pow", x.abs().powf(y), 3.0),
            ("hypot", x.hypot(y), 3.0),
        ];
        for (&got, (name, expect, digits)) in got.iter().zip(expect) {
            if expect.is_infinite() || expect == 0.0 {
                assert_eq!(got, expect, "{name} of {x} and {y}");
            } else {
                within(&format!("{name} of {x} and {y}"), got, expect, digits * OF_DOUBLE);
            }
        }
    }
}

fn approximate(samples: &Samples) {
    let run = samples.start("libdevice");
    let a: Vec<f32> =
        spread(&mut Rng::with_seed(13), 400, -6..3).into_iter().map(|value| value as f32).collect();
    let out = run.zeros::<f32>(6 * a.len());
    run.launch(
        "libdevice_approximate",
        cover(a.len(), 64),
        0,
        &[Long(run.upload(&a)), Long(out), Word(a.len() as u32)],
    );
    let got = run.download::<f32>(out, 6 * a.len());
    for (got, &a) in got.chunks(6).zip(&a) {
        let x = f64::from(a);
        let got: Vec<f64> = got.iter().copied().map(f64::from).collect();
        let absolute = |name: &str, got: f64, expect: f64, power: f64| {
            assert!((got - expect).abs() <= power.exp2(), "{name} of {a}: {got}, not {expect}");
        };
        absolute("sin", got[0], x.sin(), -20.5);
        absolute("cos", got[1], x.cos(), -20.5);
        within("ex2", got[2], x.exp2(), (-22.0_f64).exp2());
        // Between 1/2 and 2 the error is absolute, elsewhere it is a share.
        let log = x.abs().log2();
        absolute("lg2", got[3], log, -22.0 + log.abs().max(1.0).log2());
        within("tanh", got[4], x.tanh(), (-10.9_f64).exp2());
        within("rsqrt", got[5], 1.0 / x.abs().sqrt(), (-22.9_f64).exp2());
    }
}

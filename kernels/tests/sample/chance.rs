//! Random generators and what is made of them: prices, clusters.

use fastrand::Rng;

use super::check::Argument::{Bytes, Double, Float, Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, floats, line, near, same};
use super::mathematics::error_function;

pub const CHECKS: &[Check] = &[
    check("random", &["random_xorshift64", "random_pcg"], streams),
    check("random", &["random_philox"], philox),
    check("random", &["random_below"], below),
    check("finance", &["black_scholes"], black_scholes),
    check("finance", &["black_scholes_f64"], black_scholes_doubles),
    check("finance", &["monte_carlo_circle"], circle),
    check("finance", &["monte_carlo_option"], option),
    check("kmeans", &["kmeans_assign", "kmeans_add", "kmeans_move"], kmeans),
];

fn streams(samples: &Samples) {
    const EACH: usize = 5;
    let run = samples.start("random");
    for seed in [0, 1, 0x0123_4567_89ab_cdef_u64] {
        let threads = 2 * 40_usize;
        let (long, short) = (run.zeros::<u64>(EACH * threads), run.zeros::<u32>(EACH * threads));
        let of = |at: u64| [Long(at), Word(EACH as u32), Long(seed)];
        run.launch("random_xorshift64", line(2, 40), 0, &of(long));
        run.launch("random_pcg", line(2, 40), 0, &of(short));
        let (mut expect_long, mut expect_short) = (vec![0; EACH * threads], vec![0; EACH * threads]);
        for thread in 0..threads {
            let mut state = seed ^ (thread as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let stream = 2 * thread as u64 + 1;
            let mut pcg = seed.wrapping_add(stream);
            for i in 0..EACH {
                state ^= state >> 12;
                state ^= state << 25;
                state ^= state >> 27;
                expect_long[i * threads + thread] = state.wrapping_mul(0x2545_f491_4f6c_dd1d);
                let mixed = ((pcg >> 18 ^ pcg) >> 27) as u32;
                expect_short[i * threads + thread] = mixed.rotate_right((pcg >> 59) as u32);
                pcg = pcg.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(stream);
            }
        }
        assert_eq!(run.download::<u64>(long, expect_long.len()), expect_long, "seed {seed}");
        assert_eq!(run.download::<u32>(short, expect_short.len()), expect_short, "seed {seed}");
    }
}

fn philox(samples: &Samples) {
    let run = samples.start("random");
    let wide = |a: u32, b: u32| {
        let product = u64::from(a) * u64::from(b);
        [(product >> 32) as u32, product as u32]
    };
    for (key, count) in [([0, 0], 1), ([0xdead_beef, 0x1234_5678], 70)] {
        let out = run.zeros::<u32>(4 * count);
        let by_value = key.iter().flat_map(|half: &u32| half.to_le_bytes()).collect();
        run.launch("random_philox", cover(count, 32), 0, &[Long(out), Bytes(by_value), Word(count as u32)]);
        let numbers = |i: usize| {
            let (mut counter, mut key) = ([i as u32, 0, 0xdeca_fbad, 7], key);
            for _ in 0..10 {
                let [high0, low0] = wide(0xd251_1f53, counter[0]);
                let [high1, low1] = wide(0xcd9e_8d57, counter[2]);
                counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
                key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
            }
            counter
        };
        let expect: Vec<u32> = (0..count).flat_map(numbers).collect();
        equal(&format!("{key:?}"), &run.download::<u32>(out, 4 * count), &expect);
    }
}

fn below(samples: &Samples) {
    let run = samples.start("random");
    for limit in [1, 6, 1 << 20, 0xc000_0001_u32] {
        let count = 150;
        let (out, draws) = (run.zeros::<u32>(count), run.zeros::<u32>(count));
        let arguments = [Long(out), Long(draws), Word(limit), Word(count as u32)];
        run.launch("random_below", cover(count, 64), 0, &arguments);
        let number = |i: u32| {
            let mut state = i.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            for drawn in 1.. {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let product = u64::from(state) * u64::from(limit);
                if product as u32 >= limit.wrapping_neg() % limit {
                    return [(product >> 32) as u32, drawn];
                }
            }
            unreachable!()
        };
        let expect: Vec<[u32; 2]> = (0..count as u32).map(number).collect();
        let got = [out, draws].map(|at| run.download::<u32>(at, count));
        for (index, expect) in expect.into_iter().enumerate() {
            assert_eq!([got[0][index], got[1][index]], expect, "below {limit}, number {index}");
        }
    }
}

/// The share of the normal distribution below `x`.
fn normal_share(x: f64) -> f64 {
    0.5 + 0.5 * error_function(x / std::f64::consts::SQRT_2)
}

/// What the rights to buy and to sell are worth.
fn worth([price, strike, years]: [f64; 3], rate: f64, volatility: f64) -> [f64; 2] {
    let spread = volatility * years.sqrt();
    let d1 = ((price / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
    let later = strike * (-rate * years).exp();
    let call = price * normal_share(d1) - later * normal_share(d1 - spread);
    [call, call + later - price]
}

/// Prices around 1, so that a bound is one of single numbers; strikes and years with them.
fn options(random: &mut Rng, count: usize) -> [Vec<f64>; 3] {
    let mut between =
        |low: f64, high: f64| -> Vec<f64> { (0..count).map(|_| low + random.f64() * (high - low)).collect() };
    [between(0.7, 1.3), between(0.7, 1.3), between(0.3, 2.0)]
}

/// The polynomial is within 7.5e-8 of the distribution; with the rounding of the steps around it: 2^-19.
fn black_scholes(samples: &Samples) {
    let run = samples.start("finance");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let lists = options(&mut Rng::with_seed(seed as u64), count);
        let rounded = lists.map(|list| -> Vec<f32> { list.iter().map(|&value| value as f32).collect() });
        let [prices, strikes, years] = [0, 1, 2].map(|at| Long(run.upload(&rounded[at])));
        let [calls, puts] = [0; 2].map(|_| run.zeros::<f32>(count));
        let market = [0.02_f32, 0.3].iter().flat_map(|number| number.to_le_bytes()).collect();
        let arguments = [prices, strikes, years, Long(calls), Long(puts), Bytes(market), Word(count as u32)];
        run.launch("black_scholes", line(2, 96), 0, &arguments);
        let exact = |at: usize| {
            let market = [0.02_f32, 0.3].map(f64::from);
            worth([0, 1, 2].map(|list| f64::from(rounded[list][at])), market[0], market[1])
        };
        let expect: Vec<[f64; 2]> = (0..count).map(exact).collect();
        let [expect_calls, expect_puts] =
            [0, 1].map(|side| expect.iter().map(|pair| pair[side]).collect::<Vec<f64>>());
        near(&format!("{count} calls"), &run.download(calls, count), &expect_calls, 2e-6);
        near(&format!("{count} puts"), &run.download(puts, count), &expect_puts, 2e-6);
    }
}

/// The error function is one of single numbers, so the bound is as well.
fn black_scholes_doubles(samples: &Samples) {
    let run = samples.start("finance");
    for (seed, count) in [1, 33, 200].into_iter().enumerate() {
        let lists = options(&mut Rng::with_seed(seed as u64), count);
        let [prices, strikes, years] = [0, 1, 2].map(|at| Long(run.upload(&lists[at])));
        let calls = run.zeros::<f64>(count);
        let arguments = [prices, strikes, years, Long(calls), Double(0.02), Double(0.3), Word(count as u32)];
        run.launch("black_scholes_f64", cover(count, 64), 0, &arguments);
        for (index, got) in run.download::<f64>(calls, count).into_iter().enumerate() {
            let [expect, _] = worth([0, 1, 2].map(|list| lists[list][index]), 0.02, 0.3);
            assert!((got - expect).abs() < 5e-7, "{count}: {index} is {got}, not {expect}");
        }
    }
}

fn xorshift(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

fn circle(samples: &Samples) {
    let run = samples.start("finance");
    for (seed, [blocks, threads]) in [(0, [1, 1]), (99, [3, 40])] {
        let inside = run.zeros::<u64>(1);
        run.launch("monte_carlo_circle", line(blocks, threads), 0, &[Long(inside), Word(50), Word(seed)]);
        let mut hits = 0;
        for thread in 0..blocks * threads {
            let mut state = (seed + thread).wrapping_mul(2_654_435_761) | 1;
            for _ in 0..50 {
                let [x, y] = [0; 2].map(|_| u64::from(xorshift(&mut state) >> 4));
                hits += u64::from(x * x + y * y < 1 << 56);
            }
        }
        assert_eq!(run.download::<u64>(inside, 1), [hits]);
    }
}

/// Each step is within some 2^-20 of the exact one.
fn option(samples: &Samples) {
    let run = samples.start("finance");
    let (threads, paths) = (70, 20);
    let gains = run.zeros::<f32>(threads);
    let market = [0.02_f32, 0.3].iter().flat_map(|number| number.to_le_bytes()).collect();
    let arguments = [Long(gains), Bytes(market), Float(1.05), Word(paths)];
    run.launch("monte_carlo_option", line(2, 35), 0, &arguments);
    let gain = |thread: u32| {
        let mut state = (thread + 1).wrapping_mul(2_654_435_761) | 1;
        let mut sum = 0.0;
        for _ in 0..paths {
            let u = f64::from((xorshift(&mut state) >> 8) + 1) / f64::from(1 << 24);
            let v = f64::from(xorshift(&mut state) >> 8) / f64::from(1 << 24);
            let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
            let [rate, volatility, strike] = [0.02_f32, 0.3, 1.05].map(f64::from);
            sum += ((volatility * normal + rate - 0.5 * volatility * volatility).exp() - strike).max(0.0);
        }
        sum / f64::from(paths)
    };
    let expect: Vec<f64> = (0..threads as u32).map(gain).collect();
    near("gains", &run.download(gains, threads), &expect, 2e-6);
}

/// Three rounds, each kernel against the same step on the host.
fn kmeans(samples: &Samples) {
    let run = samples.start("kmeans");
    for (seed, [count, clusters]) in [[1, 1], [33, 3], [300, 7], [300, 60]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let points = floats(&mut random, 2 * count);
        let mut centres = floats(&mut random, 2 * clusters);
        // The last one lies where the first is: of equals the first wins.
        centres.copy_within(..2, 2 * clusters - 2);
        let [at_points, at_centres] = [&points, &centres].map(|list| run.upload(list));
        let owner = run.zeros::<u32>(count);
        let [arg_count, arg_clusters] = [count, clusters].map(|size| Word(size as u32));
        for round in 0..3 {
            let [sums, sizes] = [run.zeros::<u64>(2 * clusters), run.zeros::<u32>(clusters)];
            let arguments = [at_points, at_centres, owner].map(Long);
            let arguments = [&arguments[..], &[arg_count.clone(), arg_clusters.clone()]].concat();
            run.launch("kmeans_assign", cover(count, 48), 0, &arguments);
            let arguments =
                [[at_points, owner, sums, sizes].map(Long).as_slice(), std::slice::from_ref(&arg_count)]
                    .concat();
            run.launch("kmeans_add", cover(count, 32), 0, &arguments);
            let arguments = [Long(sums), Long(sizes), Long(at_centres), arg_clusters.clone()];
            run.launch("kmeans_move", cover(clusters, 32), 0, &arguments);

            let (mut expect_sums, mut expect_sizes) = (vec![0_i64; 2 * clusters], vec![0_u32; clusters]);
            let mut expect_owner = Vec::new();
            for point in points.chunks(2) {
                let squared = |cluster: usize| {
                    let [x, y] = [0, 1].map(|axis| point[axis] - centres[2 * cluster + axis]);
                    x.mul_add(x, y * y)
                };
                let nearest =
                    (1..clusters).fold(0, |best, one| if squared(one) < squared(best) { one } else { best });
                expect_owner.push(nearest as u32);
                expect_sizes[nearest] += 1;
                (0..2).for_each(|axis| expect_sums[2 * nearest + axis] += (point[axis] * 65536.0) as i64);
            }
            for cluster in (0..clusters).filter(|&cluster| expect_sizes[cluster] > 0) {
                let scale = 65536.0 * expect_sizes[cluster] as f32;
                (0..2).for_each(|axis| {
                    centres[2 * cluster + axis] = expect_sums[2 * cluster + axis] as f32 / scale;
                });
            }
            let case = format!("{count} points, {clusters} clusters, round {round}");
            assert_eq!(run.download::<u32>(owner, count), expect_owner, "{case}");
            same(&case, &run.download(at_centres, 2 * clusters), &centres);
        }
    }
}

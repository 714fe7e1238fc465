//! Scans and sorts: what threads work out together.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, line, words};

pub const CHECKS: &[Check] = &[
    check("scan", &["scan_warps"], warps),
    check("scan", &["scan_hillis_steele"], hillis_steele),
    check("scan", &["scan_blelloch", "scan_add_offsets"], blelloch),
    check("scan", &["scan_look_back"], look_back),
    check("sort", &["sort_bitonic_block"], bitonic_block),
    check("sort", &["sort_bitonic_step"], bitonic_step),
    check("sort", &["sort_radix_count", "sort_radix_move"], radix),
    check("sort", &["sort_merge"], merge),
];

/// Sums up to and with each value, that begin again after each run.
fn inclusive(values: &[u32], run: usize) -> Vec<u32> {
    let mut sums = Vec::new();
    for part in values.chunks(run) {
        sums.extend(part.iter().scan(0_u32, |sum, &value| {
            *sum = sum.wrapping_add(value);
            Some(*sum)
        }));
    }
    sums
}

fn exclusive(values: &[u32]) -> Vec<u32> {
    inclusive(values, usize::MAX).iter().zip(values).map(|(sum, value)| sum.wrapping_sub(*value)).collect()
}

fn warps(samples: &Samples) {
    let run = samples.start("scan");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let values = words(&mut Rng::with_seed(seed as u64), count);
        let (from, to) = (run.upload(&values), run.zeros::<u32>(count));
        run.launch("scan_warps", cover(count, 96), 0, &[Long(from), Long(to), Word(count as u32)]);
        assert_eq!(run.download::<u32>(to, count), inclusive(&values, 32), "{count}");
    }
}

fn hillis_steele(samples: &Samples) {
    let run = samples.start("scan");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for threads in [1, 24, 128, 200] {
            let values = words(&mut Rng::with_seed(seed as u64), count);
            let (from, to) = (run.upload(&values), run.zeros::<u32>(count));
            let arguments = [Long(from), Long(to), Word(count as u32)];
            run.launch("scan_hillis_steele", cover(count, threads), 8 * threads, &arguments);
            let expect = inclusive(&values, threads as usize);
            equal(&format!("{count} by {threads}"), &run.download::<u32>(to, count), &expect);
        }
    }
}

/// Runs, then the runs' totals by the same kernel, then both together.
fn blelloch(samples: &Samples) {
    let run = samples.start("scan");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for threads in [16, 64] {
            let values = words(&mut Rng::with_seed(seed as u64), count);
            let size = 2 * threads;
            let blocks = count.div_ceil(size as usize);
            let [from, to] = [run.upload(&values), run.zeros::<u32>(count)];
            let [totals, offsets, all] = [blocks, blocks, 1].map(|count| run.zeros::<u32>(count));
            let arguments = [Long(from), Long(to), Long(totals), Word(count as u32)];
            run.launch("scan_blelloch", line(blocks as u32, threads), 4 * size, &arguments);
            let arguments = [Long(totals), Long(offsets), Long(all), Word(blocks as u32)];
            run.launch("scan_blelloch", line(1, 64), 4 * 128, &arguments);
            let arguments = [Long(to), Long(offsets), Word(size), Word(count as u32)];
            run.launch("scan_add_offsets", line(2, 50), 0, &arguments);
            assert_eq!(run.download::<u32>(to, count), exclusive(&values), "{count} by {threads}");
            let sum = values.iter().fold(0_u32, |sum, &value| sum.wrapping_add(value));
            assert_eq!(run.download::<u32>(all, 1), [sum], "{count} by {threads}");
        }
    }
}

/// In order, as most devices start blocks, and all at once.
fn look_back(samples: &Samples) {
    let run = samples.start("scan");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for together in [false, true] {
            let values = words(&mut Rng::with_seed(seed as u64), count);
            let shape = cover(count, 128);
            let (from, to) = (run.upload(&values), run.zeros::<u32>(count));
            let (states, next) = (run.zeros::<u64>(shape[0][0] as usize), run.zeros::<u32>(1));
            let arguments = [Long(from), Long(to), Long(states), Long(next), Word(count as u32)];
            if together {
                run.launch_together("scan_look_back", shape, &arguments);
            } else {
                run.launch("scan_look_back", shape, 0, &arguments);
            }
            assert_eq!(run.download::<u32>(to, count), inclusive(&values, usize::MAX), "{count}");
        }
    }
}

fn bitonic_block(samples: &Samples) {
    let run = samples.start("sort");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        for threads in [1, 32, 128] {
            let keys = words(&mut Rng::with_seed(seed as u64), count);
            let at = run.upload(&keys);
            let size = 2 * threads;
            let shape = line((count as u32).div_ceil(size), threads);
            run.launch("sort_bitonic_block", shape, 4 * size, &[Long(at), Word(count as u32)]);
            let mut expect = keys;
            expect.chunks_mut(size as usize).for_each(<[u32]>::sort);
            equal(&format!("{count} by {threads}"), &run.download::<u32>(at, count), &expect);
        }
    }
}

fn bitonic_step(samples: &Samples) {
    let run = samples.start("sort");
    for power in [1, 5, 9] {
        let count = 1_usize << power;
        let keys = words(&mut Rng::with_seed(power), count);
        let at = run.upload(&keys);
        for run_power in 1..=power {
            for apart_power in (0..run_power).rev() {
                let sizes = [Word(1 << run_power), Word(1 << apart_power), Word(count as u32 / 2)];
                let [size, apart, pairs] = sizes;
                run.launch("sort_bitonic_step", cover(count / 2, 48), 0, &[Long(at), size, apart, pairs]);
            }
        }
        let mut expect = keys;
        expect.sort();
        equal(&format!("{count}"), &run.download::<u32>(at, count), &expect);
    }
}

/// The low 12 bits, digit by digit: what differs above shows that the order of equal keys is kept.
fn radix(samples: &Samples) {
    let run = samples.start("sort");
    for (seed, count) in [1, 33, 500].into_iter().enumerate() {
        for threads in [32, 128] {
            let keys = words(&mut Rng::with_seed(seed as u64), count);
            let [mut from, mut to] = [run.upload(&keys), run.zeros::<u32>(count)];
            let shape = cover(count, threads);
            let slots = 16 * shape[0][0] as usize;
            for shift in [0, 4, 8] {
                let counts = run.zeros::<u32>(slots);
                let arguments = [Long(from), Long(counts), Word(shift), Word(count as u32)];
                run.launch("sort_radix_count", shape, 0, &arguments);
                let starts = run.upload(&exclusive(&run.download::<u32>(counts, slots)));
                let arguments = [Long(from), Long(to), Long(starts), Word(shift), Word(count as u32)];
                run.launch("sort_radix_move", shape, 0, &arguments);
                (from, to) = (to, from);
            }
            let mut expect = keys;
            expect.sort_by_key(|key| key & 0xfff);
            equal(&format!("{count} by {threads}"), &run.download::<u32>(from, count), &expect);
        }
    }
}

fn merge(samples: &Samples) {
    let run = samples.start("sort");
    for (seed, [count_a, count_b]) in [[1, 1], [5, 200], [130, 33], [64, 0]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [mut a, mut b] = [count_a, count_b].map(|count| -> Vec<u32> {
            // Few distinct values: the lists share many.
            (0..count).map(|_| random.u32(..40)).collect()
        });
        a.sort();
        b.sort();
        let merged = run.zeros::<u32>(count_a + count_b);
        let counts = [Word(count_a as u32), Word(count_b as u32)];
        let [arg_a, arg_b] = counts;
        let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(merged), arg_a, arg_b];
        run.launch("sort_merge", cover(count_a.max(count_b), 64), 0, &arguments);
        let mut expect = [a, b].concat();
        expect.sort();
        equal(&format!("{count_a} and {count_b}"), &run.download::<u32>(merged, expect.len()), &expect);
    }
}

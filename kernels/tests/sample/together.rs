//! Threads that depend on each other: tiles, tickets, grids that wait, locks, messages.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, line, words};

pub const CHECKS: &[Check] = &[
    check("groups", &["groups_tiles"], tiles),
    check("groups", &["groups_tickets", "groups_by_key"], tickets),
    check("groups", &["groups_grid_rounds"], grid_rounds),
    check("groups", &["groups_named_barriers"], named_barriers),
    check("lock", &["lock_spin"], spin),
    check("lock", &["lock_backoff"], backoff),
    check("lock", &["lock_tickets"], in_turn),
    check("lock", &["lock_bins"], bins),
    check("lock", &["lock_relay"], relay),
];

fn tiles(samples: &Samples) {
    let run = samples.start("groups");
    let mut values = words(&mut Rng::with_seed(1), 4 * 64);
    // Each size of tile at least once.
    (0..8).for_each(|warp| values[32 * warp] = (values[32 * warp] & !3) + warp as u32 % 4);
    let [at, facts] = [run.upload(&values), run.zeros::<u32>(4 * values.len())];
    run.launch("groups_tiles", line(4, 64), 0, &[Long(at), Long(facts)]);
    let fact = |i: usize| {
        let size = 4 << (values[i / 32 * 32] % 4);
        let tile = &values[i / size * size..][..size];
        let rank = i % size;
        [
            tile.iter().fold(0, |sum: u32, &value| sum.wrapping_add(value)),
            tile.iter().rev().fold(0, |votes, &value| votes << 1 | value & 1),
            tile[size - 1],
            if tile.iter().all(|value| value % 8 != 0) { rank as u32 } else { size as u32 },
        ]
    };
    let expect: Vec<u32> = (0..values.len()).flat_map(fact).collect();
    equal("results", &run.download::<u32>(facts, expect.len()), &expect);
}

fn tickets(samples: &Samples) {
    let run = samples.start("groups");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let values: Vec<u32> = (0..count).map(|_| random.u32(..100)).collect();
        let [at, counter, owners] = [run.upload(&values), run.zeros::<u32>(1), run.zeros::<u32>(count)];
        let lists = [at, counter, owners].map(Long);
        let arguments = [lists.as_slice(), &[Word(60), Word(count as u32)]].concat();
        run.launch("groups_tickets", cover(count, 96), 0, &arguments);
        let above: Vec<u32> = (0..count as u32).filter(|&i| values[i as usize] > 60).collect();
        assert_eq!(run.download::<u32>(counter, 1), [above.len() as u32], "{count}");
        let mut got = run.download::<u32>(owners, above.len());
        got.sort();
        assert_eq!(got, above, "{count}");

        let keys: Vec<u32> = values.iter().map(|value| value % 5).collect();
        let counts = run.zeros::<u32>(5);
        let arguments = [Long(run.upload(&keys)), Long(counts), Word(count as u32)];
        run.launch("groups_by_key", cover(count, 96), 0, &arguments);
        let expect: Vec<u32> =
            (0..5).map(|key| keys.iter().filter(|&&one| one == key).count() as u32).collect();
        equal(&format!("{count}"), &run.download::<u32>(counts, 5), &expect);
    }
}

fn grid_rounds(samples: &Samples) {
    let run = samples.start("groups");
    for [blocks, threads, count, rounds] in [[1, 1, 3, 2], [4, 33, 200, 5], [7, 32, 100, 6]] {
        let mut values = words(&mut Rng::with_seed(u64::from(count)), count as usize);
        let [at, other, barrier] = [run.upload(&values), run.zeros::<u32>(values.len()), run.zeros::<u32>(2)];
        let arguments = [Long(at), Long(other), Long(barrier), Word(rounds), Word(count)];
        run.launch_together("groups_grid_rounds", line(blocks, threads), &arguments);
        for _ in 0..rounds {
            let before = values.clone();
            let sum = |i: usize| before[i].wrapping_add(before[(i + 1) % before.len()]);
            values = (0..before.len()).map(sum).collect();
        }
        let last = if rounds % 2 == 0 { at } else { other };
        assert_eq!(run.download::<u32>(last, values.len()), values, "{blocks} blocks, {rounds} rounds");
        assert_eq!(run.download::<u32>(barrier, 2), [0, rounds]);
    }
}

fn named_barriers(samples: &Samples) {
    let run = samples.start("groups");
    for rounds in [2, 3, 8] {
        let values = words(&mut Rng::with_seed(rounds), 64 * rounds as usize);
        let [at, sums] = [run.upload(&values), run.zeros::<u32>(64)];
        run.launch("groups_named_barriers", line(1, 128), 0, &[Long(at), Long(sums), Word(rounds as u32)]);
        let sum = |lane: usize| {
            let terms =
                values.chunks(64).zip(1_u32..).map(|(slot, factor)| slot[63 - lane].wrapping_mul(factor));
            terms.fold(0, u32::wrapping_add)
        };
        let expect: Vec<u32> = (0..64).map(sum).collect();
        equal(&format!("{rounds} rounds"), &run.download::<u32>(sums, 64), &expect);
    }
}

/// Ones: any order gives the same sum. It is wrong as soon as two threads hold the lock at once.
fn spin(samples: &Samples) {
    let run = samples.start("lock");
    for [blocks, threads] in [[1, 2], [1, 32], [3, 50]] {
        let count = (blocks * threads) as usize;
        let [lock, sum, values] = [run.zeros::<i32>(1), run.zeros::<u64>(1), run.upload(&vec![1_u32; count])];
        let arguments = [Long(lock), Long(sum), Long(values), Word(count as u32)];
        run.launch("lock_spin", line(blocks, threads), 0, &arguments);
        let expect = (0..count).fold(0_u64, |sum, _| sum.wrapping_mul(3).wrapping_add(1));
        assert_eq!(run.download::<u64>(sum, 1), [expect], "{blocks} x {threads}");
        assert_eq!(run.download::<i32>(lock, 1), [0]);
    }
}

fn backoff(samples: &Samples) {
    let run = samples.start("lock");
    let [lock, owners, tries] = [1, 1 + 3 * 40, 1].map(|count| run.zeros::<u32>(count));
    run.launch_together("lock_backoff", line(3, 40), &[lock, owners, tries].map(Long));
    let mut got = run.download::<u32>(owners, 1 + 3 * 40);
    assert_eq!(got.remove(0), 3 * 40);
    got.sort();
    assert_eq!(got, (0..3 * 40).collect::<Vec<u32>>());
    // 32 lanes cannot all have it at once.
    assert!(run.download::<u32>(tries, 1)[0] > 0);
}

fn in_turn(samples: &Samples) {
    let run = samples.start("lock");
    for together in [false, true] {
        let [next, serving, order] = [1, 1, 66].map(|count| run.zeros::<u32>(count));
        let arguments = [next, serving, order].map(Long);
        if together {
            run.launch_together("lock_tickets", line(2, 33), &arguments);
        } else {
            run.launch("lock_tickets", line(2, 33), 0, &arguments);
        }
        let mut got = run.download::<u32>(order, 66);
        got.sort();
        assert_eq!(got, (0..66).collect::<Vec<u32>>());
        assert_eq!([next, serving].map(|at| run.download::<u32>(at, 1)[0]), [66, 66]);
    }
}

fn bins(samples: &Samples) {
    let run = samples.start("lock");
    for (seed, count) in [1, 32, 200].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let keys: Vec<u32> = (0..count).map(|_| random.u32(..4)).collect();
        let [locks, counts, last] = [4; 3].map(|count| run.zeros::<u32>(count));
        let lists = [locks, counts, last, run.upload(&keys)].map(Long);
        let arguments = [lists.as_slice(), &[Word(count as u32)]].concat();
        run.launch("lock_bins", cover(count, 64), 0, &arguments);
        let of_bin = |bin: u32| (0..count as u32).filter(move |&i| keys[i as usize] == bin);
        let expect: [Vec<u32>; 2] = [
            (0..4).map(|bin| of_bin.clone()(bin).count() as u32).collect(),
            (0..4).map(|bin| of_bin.clone()(bin).max().unwrap_or(0)).collect(),
        ];
        assert_eq!([counts, last].map(|at| run.download::<u32>(at, 4)), expect, "{count}");
    }
}

fn relay(samples: &Samples) {
    let run = samples.start("lock");
    let out = run.zeros::<u32>(32);
    run.launch("lock_relay", line(1, 32), 0, &[Long(out)]);
    let mut expect = vec![1_u32];
    for lane in (1..32).rev() {
        expect.push(expect[expect.len() - 1].wrapping_mul(3).wrapping_add(lane));
    }
    expect.reverse();
    equal("results", &run.download::<u32>(out, 32), &expect);
}

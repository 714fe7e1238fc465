//! Whole numbers: wider than registers, bit by bit, kept, counted or grouped.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{COUNTS, Check, Samples, check, cover, equal, floats, line, words};

pub const CHECKS: &[Check] = &[
    check("wide", &["wide_add_carry"], add_carry),
    check("wide", &["wide_multiply"], multiply),
    check("wide", &["wide_int128"], int128),
    check("wide", &["wide_divide", "wide_power"], divide),
    check("bits", &["bits_count", "bits_bytes", "bits_fields", "bits_morton"], bits),
    check("select", &["select_in_order", "select_partition"], in_order),
    check("select", &["select_votes", "select_largest"], votes),
    check("select", &["select_histogram_packed", "select_histogram_bounds"], histograms),
];

/// Numbers of 64 bits, many of them near the ends or of few bits, so that carries run and signs change.
fn longs(random: &mut Rng, count: usize) -> Vec<u64> {
    let one = |random: &mut Rng| match random.u32(..6) {
        0 => u64::MAX - random.u64(..3),
        1 => random.u64(..3),
        2 => (1 << 63) - 1 + random.u64(..3),
        3 => random.u64(..) >> random.u32(..64),
        _ => random.u64(..),
    };
    (0..count).map(|_| one(random)).collect()
}

fn halves(values: &[u64]) -> Vec<u32> {
    values.iter().flat_map(|&value| [value as u32, (value >> 32) as u32]).collect()
}

fn wide(pair: &[u64]) -> u128 {
    u128::from(pair[1]) << 64 | u128::from(pair[0])
}

fn add_carry(samples: &Samples) {
    let run = samples.start("wide");
    for (seed, count) in [1, 33, 200].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [a, b] = [0; 2].map(|_| longs(&mut random, 2 * count));
        let [sums, differences] = [0; 2].map(|_| run.zeros::<u32>(5 * count));
        let lists = [run.upload(&halves(&a)), run.upload(&halves(&b)), sums, differences].map(Long);
        let arguments = [lists.as_slice(), &[Word(count as u32)]].concat();
        run.launch("wide_add_carry", cover(count, 64), 0, &arguments);
        let (mut expect_sums, mut expect_differences) = (Vec::new(), Vec::new());
        for (a, b) in a.chunks(2).zip(b.chunks(2)) {
            let (sum, carry) = wide(a).overflowing_add(wide(b));
            let (difference, borrow) = wide(a).overflowing_sub(wide(b));
            expect_sums.extend(halves(&[sum as u64, (sum >> 64) as u64]));
            expect_sums.push(u32::from(carry));
            expect_differences.extend(halves(&[difference as u64, (difference >> 64) as u64]));
            expect_differences.push(if borrow { u32::MAX } else { 0 });
        }
        assert_eq!(run.download::<u32>(sums, 5 * count), expect_sums, "{count}");
        assert_eq!(run.download::<u32>(differences, 5 * count), expect_differences, "{count}");
    }
}

fn multiply(samples: &Samples) {
    let run = samples.start("wide");
    for (seed, [length, count]) in [[2_usize, 100], [5, 33], [8, 20]].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let [a, b] = [0; 2].map(|_| {
            let mut list = words(&mut random, length * count);
            // All ones carry the furthest.
            list[..length].fill(u32::MAX);
            list
        });
        let products = run.zeros::<u32>(2 * length * count);
        let lists = [run.upload(&a), run.upload(&b), products].map(Long);
        let arguments = [lists.as_slice(), &[Word(length as u32), Word(count as u32)]].concat();
        run.launch("wide_multiply", cover(count, 32), 0, &arguments);
        let mut expect = Vec::new();
        for (a, b) in a.chunks(length).zip(b.chunks(length)) {
            // By columns, with sums that have room to spare.
            let mut columns = vec![0_u128; 2 * length];
            for (i, &x) in a.iter().enumerate() {
                b.iter().enumerate().for_each(|(j, &y)| columns[i + j] += u128::from(x) * u128::from(y));
            }
            let mut carry = 0;
            for column in columns {
                carry += column;
                expect.push(carry as u32);
                carry >>= 32;
            }
        }
        equal(&format!("{count} of {length} words"), &run.download::<u32>(products, expect.len()), &expect);
    }
}

fn int128(samples: &Samples) {
    let run = samples.start("wide");
    let count = 150;
    let mut random = Rng::with_seed(3);
    let [a, b] = [0; 2].map(|_| longs(&mut random, 2 * count));
    let out = run.zeros::<u64>(8 * count);
    let arguments = [Long(run.upload(&a)), Long(run.upload(&b)), Long(out), Word(count as u32)];
    run.launch("wide_int128", cover(count, 64), 0, &arguments);
    let results = |(a, b): (&[u64], &[u64])| {
        let (x, y) = (wide(a), wide(b));
        let all = [x.wrapping_add(y), x.wrapping_mul(y), x >> (y & 127), x.wrapping_sub(y)];
        all.into_iter().flat_map(|result| [result as u64, (result >> 64) as u64]).collect::<Vec<u64>>()
    };
    let expect: Vec<u64> = a.chunks(2).zip(b.chunks(2)).flat_map(results).collect();
    equal("results", &run.download::<u64>(out, expect.len()), &expect);
}

fn divide(samples: &Samples) {
    let run = samples.start("wide");
    let count = 150;
    let mut random = Rng::with_seed(4);
    let [a, b] = [0; 2].map(|_| longs(&mut random, count));
    let [at_a, at_b] = [&a, &b].map(|list| run.upload(list));
    let out = run.zeros::<u64>(7 * count);
    run.launch("wide_divide", cover(count, 64), 0, &[Long(at_a), Long(at_b), Long(out), Word(count as u32)]);
    let got = run.download::<u64>(out, 7 * count);
    for ((got, &x), y) in got.chunks(7).zip(&a).zip(b.iter().map(|b| b | 1)) {
        let (mut larger, mut smaller) = (x, y);
        while smaller != 0 {
            (larger, smaller) = (smaller, larger % smaller);
        }
        let expect = [
            x / y,
            x % y,
            (x as i64).wrapping_div(y as i64) as u64,
            (x as i64).wrapping_rem(y as i64) as u64,
            u64::from(x as u32 / y as u32),
            i64::from((x as i32).wrapping_rem(y as i32)) as u64,
            larger,
        ];
        assert_eq!(got, expect, "{x:#x} by {y:#x}");
    }
    let out = run.zeros::<u64>(count);
    run.launch("wide_power", cover(count, 64), 0, &[Long(at_a), Long(at_b), Long(out), Word(count as u32)]);
    let power = |(&base, &power): (&u64, &u64)| {
        let prime = (1_u128 << 61) - 1;
        (0..64).rev().fold(1_u128, |result, bit| {
            let squared = result * result % prime;
            if power >> bit & 1 == 1 { squared * u128::from(base) % prime } else { squared }
        }) as u64
    };
    let expect: Vec<u64> = a.iter().zip(&b).map(power).collect();
    equal("results", &run.download::<u64>(out, count), &expect);
}

fn bits(samples: &Samples) {
    let run = samples.start("bits");
    let count = 200;
    let mut random = Rng::with_seed(6);
    let values = longs(&mut random, count);
    let [a, b] =
        [0, 32].map(|shift| values.iter().map(|&value| (value >> shift) as u32).collect::<Vec<u32>>());
    let shape = cover(count, 64);
    let [at, at_a, at_b] = [run.upload(&values), run.upload(&a), run.upload(&b)];
    let size = Word(count as u32);

    let out = run.zeros::<u32>(8 * count);
    run.launch("bits_count", shape, 0, &[Long(at), Long(out), size.clone()]);
    let counts = |&wide: &u64| {
        let low = wide as u32;
        let first = if low == 0 { 0 } else { low.trailing_zeros() + 1 };
        let last = if low == 0 { u32::MAX } else { low.ilog2() };
        let zeros = [low.leading_zeros(), wide.leading_zeros()];
        let turned = [low.reverse_bits(), (wide.reverse_bits() >> 32) as u32];
        [low.count_ones(), wide.count_ones(), zeros[0], zeros[1], first, turned[0], turned[1], last]
    };
    let expect: Vec<u32> = values.iter().flat_map(counts).collect();
    equal("results", &run.download::<u32>(out, 8 * count), &expect);

    let out = run.zeros::<u32>(6 * count);
    run.launch("bits_bytes", shape, 0, &[Long(at_a), Long(at_b), Long(out), size.clone()]);
    let expect: Vec<u32> = a.iter().zip(&b).flat_map(|(&a, &b)| bytes_of(a, b)).collect();
    equal("results", &run.download::<u32>(out, 6 * count), &expect);

    let out = run.zeros::<u32>(4 * count);
    run.launch("bits_fields", shape, 0, &[Long(at_a), Long(out), size.clone()]);
    let expect: Vec<u32> = a.iter().flat_map(|&a| fields_of(a)).collect();
    equal("results", &run.download::<u32>(out, 4 * count), &expect);

    let [codes, grays] = [0; 2].map(|_| run.zeros::<u64>(count));
    run.launch("bits_morton", shape, 0, &[Long(at_a), Long(at_b), Long(codes), Long(grays), size]);
    let code = |(&x, &y): (&u32, &u32)| {
        (0..32).fold(0, |code, bit| {
            code | u64::from(x >> bit & 1) << (2 * bit) | u64::from(y >> bit & 1) << (2 * bit + 1)
        })
    };
    let expect: Vec<u64> = a.iter().zip(&b).map(code).collect();
    equal("results", &run.download::<u64>(codes, count), &expect);
    let expect: Vec<u64> = expect.into_iter().map(|code| code ^ code >> 1).collect();
    equal("results", &run.download::<u64>(grays, count), &expect);
}

/// A selector's digits name bytes of both; the high bit of a digit asks for the byte's sign instead.
fn picked(a: u32, b: u32, selector: u32) -> u32 {
    let bytes = [a.to_le_bytes(), b.to_le_bytes()].concat();
    let byte = |at: u32| {
        let digit = selector >> (4 * at) & 15;
        let byte = bytes[digit as usize % 8];
        if digit < 8 { byte } else { (byte as i8 >> 7) as u8 }
    };
    u32::from_le_bytes([0, 1, 2, 3].map(byte))
}

fn bytes_of(a: u32, b: u32) -> [u32; 6] {
    let pairs = || a.to_le_bytes().into_iter().zip(b.to_le_bytes());
    let unsigned = pairs().fold(5, |sum: u32, (a, b)| sum + u32::from(a) * u32::from(b));
    let signed = pairs().fold(-5, |sum: i32, (a, b)| sum + i32::from(a as i8) * i32::from(b as i8));
    let both = u64::from(b) << 32 | u64::from(a);
    let left = (both << (a >> 27) >> 32) as u32;
    let right = (both >> (b & 63).min(32)) as u32;
    [picked(a, b, 0x0123), picked(a, b, b & 0xffff), unsigned, signed as u32, left, right]
}

fn fields_of(value: u32) -> [u32; 4] {
    let (start, length) = (value & 31, value >> 5 & 31);
    let bit = |at: u32| if at < 32 { value >> at & 1 } else { 0 };
    let field = (0..length).fold(0, |field, at| field | bit(start + at) << at);
    // What lies above the field, or above the word, is its sign.
    let sign = if length == 0 { 0 } else { value >> (start + length - 1).min(31) & 1 };
    let above = (0..32).filter(|&at| at >= length || start + at >= 32);
    let signed = above.fold(field, |field, at| field | sign << at);
    let mask = (0..length).fold(0, |mask, at| mask | 1_u32.checked_shl(start + at).unwrap_or(0));
    let inserted = !value & !mask | value.wrapping_shl(start) & mask;
    [field, signed, inserted, value ^ value << 7 ^ value >> 11]
}

fn in_order(samples: &Samples) {
    let run = samples.start("select");
    for (seed, count) in COUNTS.into_iter().enumerate() {
        let values = words(&mut Rng::with_seed(seed as u64), count);
        let (wanted, others): (Vec<u32>, Vec<u32>) = values.iter().partition(|&value| value % 3 == 0);
        let at = run.upload(&values);
        for threads in [96, 288] {
            let (kept, number) = (run.zeros::<u32>(count), run.zeros::<u32>(1));
            let arguments = [Long(at), Long(kept), Long(number), Word(count as u32)];
            run.launch("select_in_order", line(1, threads), 0, &arguments);
            assert_eq!(run.download::<u32>(number, 1), [wanted.len() as u32], "{count} by {threads}");
            equal(&format!("{count} by {threads}"), &run.download::<u32>(kept, wanted.len()), &wanted);
        }

        let [out, ends] = [count, 2].map(|count| run.zeros::<u32>(count));
        let arguments = [Long(at), Long(out), Long(ends), Word(count as u32)];
        run.launch("select_partition", cover(count, 64), 0, &arguments);
        assert_eq!(run.download::<u32>(ends, 2), [wanted.len() as u32, others.len() as u32], "{count}");
        let got = run.download::<u32>(out, count);
        let sorted = |list: &[u32]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        assert_eq!(sorted(&got[..wanted.len()]), sorted(&wanted), "{count}");
        assert_eq!(sorted(&got[wanted.len()..]), sorted(&others), "{count}");
    }
}

fn votes(samples: &Samples) {
    let run = samples.start("select");
    let (blocks, threads) = (6, 64);
    let mut values = words(&mut Rng::with_seed(2), blocks * threads);
    values[..threads].iter_mut().for_each(|value| *value -= *value % 3);
    values[threads..2 * threads].iter_mut().for_each(|value| *value = *value / 3 * 3 + 1);
    let [at, facts] = [run.upload(&values), run.zeros::<u32>(blocks)];
    run.launch("select_votes", line(blocks as u32, threads as u32), 0, &[Long(at), Long(facts)]);
    let fact = |block: &[u32]| {
        let number = block.iter().filter(|&value| value % 3 == 0).count();
        (number << 2 | usize::from(number > 0) << 1 | usize::from(number == threads)) as u32
    };
    let expect: Vec<u32> = values.chunks(threads).map(fact).collect();
    equal("results", &run.download::<u32>(facts, blocks), &expect);

    // Every warp's largest value twice: the first that has it speaks.
    let warps = values.len() / 32;
    values.chunks_mut(32).for_each(|warp| warp[31] = *warp.iter().max().unwrap());
    let lists = [warps; 3].map(|count| run.zeros::<u32>(count));
    let [largest, owners, sums] = lists;
    let arguments = [Long(run.upload(&values)), Long(largest), Long(owners), Long(sums)];
    run.launch("select_largest", line(blocks as u32, threads as u32), 0, &arguments);
    let most: Vec<u32> = values.chunks(32).map(|warp| *warp.iter().max().unwrap()).collect();
    let owner = |(warp, most): (usize, &u32)| {
        (32 * warp + values[32 * warp..].iter().position(|value| value == most).unwrap()) as u32
    };
    let sum = |warp: &[u32]| warp.iter().fold(0_u32, |sum, &value| sum.wrapping_add(value));
    let expect =
        [most.clone(), most.iter().enumerate().map(owner).collect(), values.chunks(32).map(sum).collect()];
    assert_eq!(lists.map(|at| run.download::<u32>(at, warps)), expect);
}

fn histograms(samples: &Samples) {
    let run = samples.start("select");
    for (seed, count) in [0, 1, 900, 3000].into_iter().enumerate() {
        let mut random = Rng::with_seed(seed as u64);
        let data: Vec<u8> = (0..count).map(|_| random.u8(..) & random.u8(..) & random.u8(..)).collect();
        let bins = run.zeros::<u32>(256);
        let shape = line((count as u32).div_ceil(896).max(1), 128);
        run.launch(
            "select_histogram_packed",
            shape,
            0,
            &[Long(run.upload(&data)), Long(bins), Word(count as u32)],
        );
        let mut expect = vec![0; 256];
        data.iter().for_each(|&byte| expect[usize::from(byte)] += 1);
        equal(&format!("{count} bytes"), &run.download::<u32>(bins, 256), &expect);

        let values = floats(&mut random, count);
        let bounds = [-1.5_f32, -1.0, 0.0, 0.0, 0.25, 1.75];
        let bins = run.zeros::<u32>(bounds.len() + 1);
        let lists = [run.upload(&values), run.upload(&bounds), bins].map(Long);
        let arguments = [lists.as_slice(), &[Word(count as u32), Word(bounds.len() as u32)]].concat();
        run.launch("select_histogram_bounds", cover(count, 96), 0, &arguments);
        let mut expect = vec![0; bounds.len() + 1];
        values.iter().for_each(|value| expect[bounds.iter().filter(|&bound| bound <= value).count()] += 1);
        equal(&format!("{count} values"), &run.download::<u32>(bins, expect.len()), &expect);
    }
}

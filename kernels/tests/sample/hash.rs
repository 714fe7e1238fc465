//! Hashes and checksums: against known values and against plain Rust.

use fastrand::Rng;

use super::check::Argument::{Long, Word};
use super::check::{Check, Samples, check, cover, equal, line, words};

pub const CHECKS: &[Check] = &[
    check("hash", &["hash_sha256"], sha256),
    check("hash", &["hash_sha256_mine"], mine),
    check("hash", &["hash_crc32"], crc32),
    check("hash", &["hash_murmur3"], murmur3),
];

/// The first 32 bits of the fractions of the cube or square roots of primes, found by whole numbers alone.
fn root_bits(power: u32, count: usize) -> Vec<u32> {
    let primes = (2_u128..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let root = |prime: u128| {
        // The largest r with r^power <= prime * 2^(32 * power).
        let goal = prime << (32 * power);
        let (mut low, mut high) = (0_u128, 1 << 40);
        while low + 1 < high {
            let middle = (low + high) / 2;
            if middle.checked_pow(power).is_some_and(|raised| raised <= goal) {
                low = middle
            } else {
                high = middle
            }
        }
        low as u32
    };
    primes.take(count).map(root).collect()
}

fn sha256_of(message: &[u8]) -> Vec<u32> {
    let (constants, mut state) = (root_bits(3, 64), root_bits(2, 8));
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend((8 * message.len() as u64).to_be_bytes());
    for block in padded.chunks(64) {
        let mut w: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for t in 16..64 {
            let turned = |x: u32, [a, b, shift]: [u32; 3]| x.rotate_right(a) ^ x.rotate_right(b) ^ x >> shift;
            let parts = [turned(w[t - 2], [17, 19, 10]), w[t - 7], turned(w[t - 15], [7, 18, 3]), w[t - 16]];
            w.push(parts.into_iter().fold(0, u32::wrapping_add));
        }
        let mut v = state.clone();
        for t in 0..64 {
            let turned = |x: u32, by: [u32; 3]| by.into_iter().fold(0, |sum, by| sum ^ x.rotate_right(by));
            let choice = v[4] & v[5] | !v[4] & v[6];
            let majority = v[0] & v[1] | v[2] & (v[0] | v[1]);
            let parts = [v[7], turned(v[4], [6, 11, 25]), choice, constants[t], w[t]];
            let t1 = parts.into_iter().fold(0, u32::wrapping_add);
            let t2 = turned(v[0], [2, 13, 22]).wrapping_add(majority);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(t1);
            v[0] = t1.wrapping_add(t2);
        }
        state.iter_mut().zip(v).for_each(|(sum, part)| *sum = sum.wrapping_add(part));
    }
    state
}

/// Messages of all lengths around the edges of a block, and where each starts.
fn messages() -> (Vec<u8>, Vec<u32>) {
    let lengths = [3, 0, 1, 55, 56, 63, 64, 65, 119, 120, 200, 5, 17];
    let mut random = Rng::with_seed(5);
    let mut bytes = b"abc".to_vec();
    let mut starts = vec![0];
    for length in lengths {
        let end = starts[starts.len() - 1] + length;
        bytes.resize_with(end as usize, || random.u8(..));
        starts.push(end);
    }
    (bytes, starts)
}

fn each<'m>(bytes: &'m [u8], starts: &'m [u32]) -> impl Iterator<Item = &'m [u8]> {
    starts.windows(2).map(|ends| &bytes[ends[0] as usize..ends[1] as usize])
}

fn sha256(samples: &Samples) {
    let run = samples.start("hash");
    let (bytes, starts) = messages();
    let count = starts.len() - 1;
    let digests = run.zeros::<u32>(8 * count);
    let lists = [run.upload(&bytes), run.upload(&starts), digests].map(Long);
    run.launch("hash_sha256", cover(count, 8), 0, &[lists.as_slice(), &[Word(count as u32)]].concat());
    let got = run.download::<u32>(digests, 8 * count);
    // The standard's own example.
    let abc = [
        0xba78_16bf,
        0x8f01_cfea,
        0x4141_40de,
        0x5dae_2223,
        0xb003_61a3,
        0x9617_7a9c,
        0xb410_ff61,
        0xf200_15ad,
    ];
    assert_eq!(got[..8], abc);
    let expect: Vec<u32> = each(&bytes, &starts).flat_map(sha256_of).collect();
    assert_eq!(got, expect);
}

fn mine(samples: &Samples) {
    let run = samples.start("hash");
    for zeros in [1, 4, 7] {
        let found = run.upload(&[u32::MAX]);
        run.launch("hash_sha256_mine", line(6, 64), 0, &[Long(found), Word(zeros)]);
        let fits = |number: &u32| sha256_of(&number.to_be_bytes())[0].leading_zeros() >= zeros;
        let expect = (0..6 * 64).find(fits).unwrap_or(u32::MAX);
        assert_eq!(run.download::<u32>(found, 1), [expect], "{zeros} zero bits");
    }
}

fn crc32(samples: &Samples) {
    let run = samples.start("hash");
    let (bytes, starts) = messages();
    let count = starts.len() - 1;
    let sums = run.zeros::<u32>(count);
    let lists = [run.upload(&bytes), run.upload(&starts), sums].map(Long);
    run.launch("hash_crc32", cover(count, 32), 0, &[lists.as_slice(), &[Word(count as u32)]].concat());
    let sum_of = |message: &[u8]| {
        let mut sum = u32::MAX;
        for bit in message.iter().flat_map(|byte| (0..8).map(move |at| u32::from(byte >> at & 1))) {
            let low = (sum ^ bit) & 1;
            sum = (sum >> 1) ^ (0xedb8_8320 * low);
        }
        !sum
    };
    assert_eq!(sum_of(b"123456789"), 0xcbf4_3926);
    let expect: Vec<u32> = each(&bytes, &starts).map(sum_of).collect();
    equal("results", &run.download::<u32>(sums, count), &expect);
}

fn murmur3(samples: &Samples) {
    let run = samples.start("hash");
    for (seed, [count, length]) in [[1, 1], [33, 4], [100, 7]].into_iter().enumerate() {
        let keys = words(&mut Rng::with_seed(seed as u64), count * length);
        let [at, hashes] = [run.upload(&keys), run.zeros::<u32>(count)];
        let arguments = [Long(at), Long(hashes), Word(length as u32), Word(count as u32)];
        run.launch("hash_murmur3", cover(count, 64), 0, &arguments);
        let hash_of = |key: &[u32]| {
            let mut hash = 42_u32;
            for word in key {
                hash ^= word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
                hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
            }
            hash ^= 4 * key.len() as u32;
            hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
            hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
            hash ^ hash >> 16
        };
        let expect: Vec<u32> = keys.chunks(length).map(hash_of).collect();
        equal(&format!("{count} of {length}"), &run.download::<u32>(hashes, count), &expect);
    }
}

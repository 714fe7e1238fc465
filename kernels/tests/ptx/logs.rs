//! The access log of random kernels against a plain set of bytes.

use std::collections::BTreeSet;

use stream_hal_kernels::{AccessLog, Launch, Logged, Scratch};

use super::bench::{Bench, kernel};

const THREADS: u64 = 40;
const BLOCKS: u64 = 3;

/// Bytes of each kind, offsets into the kernel's memory.
#[derive(Debug, Default, PartialEq)]
struct Sets {
    reads: BTreeSet<u64>,
    writes: BTreeSet<u64>,
    atomics: BTreeSet<u64>,
}

/// An instruction that touches so many bytes at `[%d2]`, and how.
const INSTRUCTIONS: &[(&str, u64, char)] = &[
    ("ld.global.u8 %r5, [%d2];", 1, 'r'),
    ("ld.global.nc.u16 %h1, [%d2];", 2, 'r'),
    ("ld.global.v4.f32 {%f1, _, %f2, %f3}, [%d2];", 16, 'r'),
    ("ld.u64 %d5, [%d2];", 8, 'r'),
    ("ld.volatile.global.v2.u64 {%d5, %d6}, [%d2];", 16, 'r'),
    ("ld.global.v8.b32 {%r5, %r6, %r7, %r8, %r9, %r10, %r11, %r12}, [%d2];", 32, 'r'),
    ("cp.async.ca.shared.global [s], [%d2], 8;", 8, 'r'),
    ("cp.async.cg.shared.global [s], [%d2], 16, 6;", 6, 'r'),
    ("st.global.u16 [%d2], 5;", 2, 'w'),
    ("st.v2.u32 [%d2], {%r5, 1};", 8, 'w'),
    ("st.global.u8 [%d2], 1;", 1, 'w'),
    ("st.release.gpu.global.u64 [%d2], 1;", 8, 'w'),
    ("cp.async.bulk.global.shared::cta.bulk_group [%d2], [s], 32;", 32, 'w'),
    ("atom.global.add.u32 %r5, [%d2], 1;", 4, 'a'),
    ("red.relaxed.gpu.global.max.u64 [%d2], 1;", 8, 'a'),
    ("red.add.noftz.bf16 [%d2], %h1;", 2, 'a'),
    ("atom.global.add.v2.f32 {%f1, %f2}, [%d2], {%f3, %f3};", 8, 'a'),
    ("atom.exch.b128 %q0, [%d2], %q0;", 16, 'a'),
    ("st.shared.u32 [s], 5; ld.shared.u32 %r5, [s]; atom.shared.add.u32 %r5, [s], 1;", 4, '-'),
];

/// A kernel whose threads touch places that are linear in their number, and what it touches.
fn random_kernel(random: &mut fastrand::Rng) -> (String, Sets) {
    let mut body = String::from(
        ".shared .align 16 .b8 s[64]; .reg .b128 %q<2>; ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x;
         mad.lo.u32 %r1, %r2, 40, %r1; mov.b128 %q0, {%d1, %d1};\n",
    );
    let mut sets = Sets::default();
    for _ in 0..random.usize(1..20) {
        let (instruction, bytes, kind) = random.choice(INSTRUCTIONS).copied().unwrap();
        let unit = bytes.next_power_of_two().max(if instruction.contains("16, 6") { 16 } else { 1 });
        let step = random.choice([0, 1, 1, 1, 2, 5]).unwrap() * unit;
        let start = random.u64(0..2000) * 32;
        let least = random.u64(0..BLOCKS * THREADS);
        body += &format!(
            "setp.ge.u32 %p1, %r1, {least}; mul.wide.u32 %d2, %r1, {step}; add.u64 %d2, %d2, %d1; add.u64 %d2, %d2, {start};\n"
        );
        for part in instruction.split_inclusive(';') {
            body += &format!("@%p1 {part}\n");
        }
        let set = match kind {
            'r' => &mut sets.reads,
            'w' => &mut sets.writes,
            'a' => &mut sets.atomics,
            _ => continue,
        };
        for thread in least..BLOCKS * THREADS {
            let at = start + thread * step;
            set.extend(at..at + bytes);
        }
    }
    (kernel("a", &(body + "ret;")), sets)
}

fn bytes(ranges: &[(u64, u64)], base: u64) -> BTreeSet<u64> {
    assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "sorted and apart: {ranges:x?}");
    ranges.iter().flat_map(|&(start, end)| start - base..end - base).collect()
}

#[test]
fn logs_hold_exactly_what_was_accessed() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (text, expected) = random_kernel(&mut random);
        let mut bench = Bench::new(&text);
        let base = bench.put(&[0; 100_000]);
        let parameters = base.to_le_bytes();
        let launch = Launch {
            grid: [3, 1, 1],
            block: [THREADS as u32, 1, 1],
            parameters: &parameters,
            ..Launch::default()
        };
        let log = AccessLog::new();
        // Blocks on threads of their own, each with its own view of one log.
        std::thread::scope(|scope| {
            for block in 0..BLOCKS as u32 {
                let (bench, launch, log, text) = (&bench, &launch, &log, &text);
                scope.spawn(move || {
                    let memory = Logged::new(&bench.ram, log);
                    let mut scratch = Scratch::default();
                    let done = bench.program.run_block(
                        0,
                        launch,
                        [block, 0, 0],
                        &memory,
                        &bench.paper,
                        &mut scratch,
                    );
                    done.unwrap_or_else(|fault| panic!("seed {seed}: {fault}\n{text}"));
                });
            }
        });
        let found = Sets {
            reads: bytes(&log.reads(), base),
            writes: bytes(&log.writes(), base),
            atomics: bytes(&log.atomics(), base),
        };
        assert_eq!(found, expected, "seed {seed}\n{text}");
        assert!(!log.is_coarse());
    }
}

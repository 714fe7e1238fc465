//! Each thread goes on whatever the others of its warp do: locks and flags of many shapes, alone in a warp, between
//! warps, and between blocks of a cooperative launch.

use std::sync::atomic::{AtomicU32, Ordering};

use stream_hal_kernels::{Host, Launch, Progress, Scratch};

use super::bench::{Bench, kernel};

const SEEDS: u64 = 2;

/// Takes the lock at [%d5] and gives it back around %CRIT%; `{N}` makes labels of one's own.
struct Shape {
    name: &'static str,
    functions: &'static str,
    /// Once per round, with the critical section as `CRIT`.
    body: &'static str,
}

/// A critical section that loses counts unless it is alone.
const CRIT: &str =
    "ld.volatile.u32 %r30, [%d6]; add.u32 %r30, %r30, 1; st.volatile.u32 [%d6], %r30; add.u32 %r9, %r9, 1;";

/// Locks as people write them. // table
const SHAPES: &[Shape] = &[
    Shape {
        name: "spin until it is mine",
        functions: "",
        body: "s1: atom.cas.b32 %r20, [%d5], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s1; membar.gl; CRIT membar.gl;
               atom.exch.b32 %r20, [%d5], 0;",
    },
    Shape {
        name: "the section within the loop",
        functions: "",
        body: "s1: atom.cas.b32 %r20, [%d5], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s2; CRIT membar.gl;
               atom.exch.b32 %r20, [%d5], 0; bra s3; s2: bra s1; s3:",
    },
    Shape {
        name: "the section behind the loop's end",
        functions: "",
        body: "bra s1; s4: CRIT membar.gl; st.volatile.u32 [%d5], 0; bra s5;
               s1: atom.cas.b32 %r20, [%d5], 0, 1; setp.eq.u32 %p1, %r20, 0; @%p1 bra s4; bra s1; s5:",
    },
    Shape {
        name: "a flag that says done",
        functions: "",
        body: "mov.u32 %r21, 0; s1: atom.exch.b32 %r20, [%d5], 1; setp.eq.u32 %p1, %r20, 0; @!%p1 bra s2; CRIT
               mov.u32 %r21, 1; fence.acq_rel.gpu; st.release.gpu.u32 [%d5], 0;
               s2: setp.eq.u32 %p2, %r21, 0; @%p2 bra s1;",
    },
    Shape {
        name: "tickets",
        functions: "",
        body: "atom.add.u32 %r20, [%d5], 1; s1: ld.acquire.gpu.u32 %r21, [%d5+4]; setp.ne.u32 %p1, %r20, %r21;
               @%p1 bra s1; CRIT add.u32 %r21, %r21, 1; st.release.gpu.u32 [%d5+4], %r21;",
    },
    Shape {
        name: "tickets read as volatile, with a pause",
        functions: "",
        body: "atom.inc.u32 %r20, [%d5], 0xffffffff; s1: ld.volatile.u32 %r21, [%d5+4]; setp.eq.u32 %p1, %r20, %r21;
               @%p1 bra s2; nanosleep.u32 40; bra s1; s2: CRIT membar.cta; red.add.u32 [%d5+4], 1;",
    },
    Shape {
        name: "longer and longer pauses",
        functions: "",
        body: "mov.u32 %r22, 8; s1: atom.cas.b32 %r20, [%d5], 0, 1; setp.eq.u32 %p1, %r20, 0; @%p1 bra s2;
               mov.u32 %r21, %r22; s3: sub.u32 %r21, %r21, 1; setp.ne.u32 %p1, %r21, 0; @%p1 bra s3;
               shl.b32 %r22, %r22, 1; min.u32 %r22, %r22, 256; bra s1; s2: CRIT atom.exch.b32 %r20, [%d5], 0;",
    },
    Shape {
        name: "looks before it tries",
        functions: "",
        body: "s1: ld.relaxed.gpu.u32 %r20, [%d5]; setp.ne.u32 %p1, %r20, 0; @%p1 bra s1;
               atom.cas.b32 %r20, [%d5], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s1; CRIT
               fence.sc.gpu; st.relaxed.gpu.u32 [%d5], 0;",
    },
    Shape {
        name: "functions that lock and unlock",
        functions: ".func lock(.reg .b64 %a) { .reg .b32 %v; .reg .pred %q; again: atom.cas.b32 %v, [%a], 0, 1;
                    setp.ne.u32 %q, %v, 0; @%q bra again; ret; }
                    .func unlock(.reg .b64 %a) { .reg .b32 %v; membar.gl; atom.exch.b32 %v, [%a], 0; ret; }",
        body: "call lock, (%d5); CRIT call unlock, (%d5);",
    },
    Shape {
        name: "a function that tries",
        functions: ".func (.reg .pred %got) try(.reg .b64 %a) { .reg .b32 %v; atom.cas.b32 %v, [%a], 0, 1;
                    setp.eq.u32 %got, %v, 0; ret; }",
        body: "s1: call (%p1), try, (%d5); @!%p1 bra s1; CRIT membar.gl; atom.exch.b32 %r20, [%d5], 0;",
    },
    Shape {
        name: "a function that tries, in a loop that leaves it in the middle",
        functions: ".func (.reg .b32 %got) try(.reg .b64 %a) { .reg .b32 %v; .reg .pred %q;
                    atom.exch.b32 %v, [%a], 1; setp.eq.u32 %q, %v, 0; mov.u32 %got, 0; @%q bra yes; ret;
                    yes: mov.u32 %got, 1; ret; }",
        body: "s1: call (%r20), try, (%d5); setp.eq.u32 %p1, %r20, 1; @%p1 bra s2; bra s1;
               s2: CRIT st.volatile.u32 [%d5], 0;",
    },
    Shape {
        name: "a table of branches",
        functions: "",
        body: "list: .branchtargets s2, s1; s1: atom.cas.b32 %r20, [%d5], 0, 1; brx.idx %r20, list; s2: CRIT membar.gl;
               atom.exch.b32 %r20, [%d5], 0;",
    },
    Shape {
        name: "two locks, one in the other",
        functions: "",
        body: "s1: atom.cas.b32 %r20, [%d5], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s1;
               s2: atom.cas.b32 %r20, [%d5+4], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s2; CRIT
               atom.exch.b32 %r20, [%d5+4], 0; atom.exch.b32 %r20, [%d5], 0;",
    },
    Shape {
        name: "one lane of those that are there, for all of them",
        functions: "",
        body: "s1: activemask.b32 %r23; mov.u32 %r24, %lanemask_lt; and.b32 %r24, %r24, %r23; setp.ne.u32 %p3, %r24, 0;
               @%p3 bra s1; s2: atom.cas.b32 %r20, [%d5], 0, 1; setp.ne.u32 %p1, %r20, 0; @%p1 bra s2; CRIT
               atom.exch.b32 %r20, [%d5], 0;",
    },
];

/// A kernel in which each thread takes the lock as often as its input says, after a wait. Locks lie at `c`, four words
/// each in global memory or, with `shared`, in shared memory; what they guard behind them.
fn source(shape: &Shape, shared: bool) -> String {
    let place = match shared {
        true => ".shared .align 8 .u32 locks[64]; mov.u64 %d5, locks; cvta.shared.u64 %d5, %d5;",
        false => "ld.param.u64 %d5, [c];",
    };
    let body = format!(
        "{place} ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u32 %r1, %tid.x; mov.u32 %r2, %ctaid.x;
         mov.u32 %r3, %ntid.x; mad.lo.u32 %r1, %r2, %r3, %r1; mul.wide.u32 %d3, %r1, 4; add.u64 %d1, %d1, %d3;
         add.u64 %d2, %d2, %d3; ld.global.u32 %r4, [%d1]; and.b32 %r5, %r4, 3; shr.u32 %r6, %r4, 8; mov.u32 %r9, 0;
         and.b32 %r7, %r6, 1; mul.wide.u32 %d3, %r7, 16; add.u64 %d5, %d5, %d3; add.u64 %d6, %d5, 64;
         wait: setp.eq.u32 %p4, %r6, 0; @%p4 bra round; sub.u32 %r6, %r6, 1; bra wait;
         round: setp.eq.u32 %p4, %r5, 0; @%p4 bra end; {}
         sub.u32 %r5, %r5, 1; bra round;
         end: st.global.u32 [%d2], %r9; {} ret;",
        shape.body.replace("CRIT", CRIT),
        // Shared counters are shown by the last thread's hand.
        if shared {
            "bar.sync 0; mov.u32 %r1, %tid.x; setp.ne.u32 %p4, %r1, 0; @%p4 exit; mov.u64 %d5, locks;
             ld.shared.u32 %r10, [%d5+64]; ld.shared.u32 %r11, [%d5+80]; ld.param.u64 %d6, [c];
             red.global.add.u32 [%d6+64], %r10; red.global.add.u32 [%d6+80], %r11;"
        } else {
            ""
        }
    );
    let text = kernel("a b c", &body);
    let (head, rest) = text.split_once(".visible").unwrap();
    format!("{head}{}\n.visible{rest}", shape.functions)
}

/// Runs blocks in turn on this thread, in an order of the seed, each until it is done or only spins.
fn run_in_turns(bench: &Bench, launch: &Launch<'_>, random: &mut fastrand::Rng) {
    let count = launch.grid[0];
    let mut blocks: Vec<Scratch> = (0..count).map(|_| Scratch::default()).collect();
    for (at, scratch) in blocks.iter_mut().enumerate() {
        bench.program.start_block(0, launch, [at as u32, 0, 0], scratch).unwrap();
    }
    while !blocks.is_empty() {
        let at = random.usize(..blocks.len());
        let progress = bench.program.resume_block(launch, &bench.ram, &bench.paper, &mut blocks[at]);
        if progress.unwrap() == Progress::Done {
            blocks.swap_remove(at);
        }
    }
}

/// Every thread got the lock as often as it wanted, and no count was lost.
fn check_shape(shape: &Shape, grid: u32, block: u32, shared: bool, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bench = Bench::new(&source(shape, shared));
    bench.paper.patience = u32::MAX;
    let threads = (grid * block) as usize;
    let most = if threads > 128 { 1 } else { 3 };
    let inputs: Vec<u32> =
        (0..threads).map(|_| random.u32(0..=most) | random.u32(0..4) * random.u32(0..9) << 8).collect();
    let input = bench.put_words(inputs.iter().copied());
    let output = bench.put_words(inputs.iter().map(|_| 99));
    let locks = bench.put_words([0; 32]);
    let parameters: Vec<u8> = [input, output, locks].iter().flat_map(|word| word.to_le_bytes()).collect();
    let launch = Launch {
        grid: [grid, 1, 1],
        block: [block, 1, 1],
        parameters: &parameters,
        cooperative: true,
        ..Launch::default()
    };
    run_in_turns(&bench, &launch, &mut random);
    let what = format!("{}, {grid} blocks of {block}, shared {shared}, seed {seed}", shape.name);
    let wanted: Vec<u32> = inputs.iter().map(|input| input & 3).collect();
    assert_eq!(bench.words(output, threads), wanted, "{what}");
    let counts = bench.words(locks + 64, 8);
    assert_eq!(counts[0] + counts[4], wanted.iter().sum::<u32>(), "{what}");
}

#[test]
fn locks_of_many_shapes() {
    std::thread::scope(|scope| {
        for half in SHAPES.chunks(SHAPES.len().div_ceil(2)) {
            scope.spawn(move || {
                for shape in half {
                    for seed in 0..SEEDS {
                        for (grid, block) in [(1, 2), (1, 32), (1, 33), (3, 20), (1, 200), (5, 64), (24, 7)] {
                            check_shape(shape, grid, block, false, seed);
                        }
                        for block in [3, 32, 100] {
                            check_shape(shape, 1, block, true, seed);
                        }
                    }
                }
            });
        }
    });
}

/// Each thread waits for the one of `next`, which `next` makes a chain through all of them.
fn check_chain(load: &str, store: &str, next: &str, first: u32, block: u32, expect: impl Fn(u32) -> u32) {
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d3, %d1, %d2;
         setp.eq.u32 %p1, %r1, {first}; @%p1 bra give; {next} mul.wide.u32 %d2, %r2, 4; add.u64 %d4, %d1, %d2;
         wait: {load} %r9, [%d4]; setp.eq.u32 %p2, %r9, 0; @%p2 bra wait; bra set;
         give: mov.u32 %r9, 10; set: add.u32 %r9, %r9, 1; {store} [%d3], %r9; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    bench.paper.patience = u32::MAX;
    let flags = bench.put_words((0..block).map(|_| 0));
    bench.run(1, block, &[flags]).unwrap();
    let got = bench.words(flags, block as usize);
    assert_eq!(got, (0..block).map(expect).collect::<Vec<_>>(), "{load} {store} {next} {block}");
}

#[test]
fn chains_of_flags() {
    for block in [2, 31, 32, 64, 256] {
        for (load, store) in [
            ("ld.volatile.global.u32", "st.volatile.global.u32"),
            ("ld.acquire.gpu.global.u32", "st.release.gpu.global.u32"),
            ("ld.relaxed.sys.u32", "st.relaxed.sys.u32"),
        ] {
            let last = block - 1;
            check_chain(load, store, "add.u32 %r2, %r1, 1;", last, block, |at| 11 + last - at);
            check_chain(load, store, "sub.u32 %r2, %r1, 1;", 0, block, |at| 11 + at);
            // Across warps: in a stride that visits all.
            let next = format!("add.u32 %r2, %r1, 37; rem.u32 %r2, %r2, {block};");
            if block % 37 != 0 {
                check_chain(load, store, &next, 0, block, |at| {
                    let steps = (0..block).find(|steps| (at + steps * 37) % block == 0).unwrap();
                    11 + steps
                });
            }
        }
    }
    // Even where loads are plain, nobody waits for ever.
    check_chain("ld.global.u32", "st.global.u32", "add.u32 %r2, %r1, 1;", 2, 3, |at| 13 - at);
}

#[test]
fn grids_that_wait_for_all_their_blocks() {
    // A barrier of the grid, five times, in many more blocks than threads of the machine.
    let body = "ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x;
        mov.u32 %r3, %nctaid.x; mov.u32 %r8, 0; mov.u32 %r9, 0;
        again: bar.sync 0; setp.ne.u32 %p1, %r2, 0; @%p1 bra behind;
        add.u32 %r8, %r8, %r3; membar.gl; atom.global.add.u32 %r4, [%d1], 1;
        wait: ld.acquire.gpu.global.u32 %r4, [%d1]; setp.lt.u32 %p2, %r4, %r8; @%p2 bra wait;
        behind: bar.sync 0; add.u32 %r5, %r1, 1; rem.u32 %r5, %r5, %r3;
        mul.wide.u32 %d3, %r1, 4; add.u64 %d3, %d2, %d3; mul.wide.u32 %d4, %r5, 4; add.u64 %d4, %d2, %d4;
        ld.volatile.global.u32 %r6, [%d4]; bar.sync 0; @%p1 bra go;
        add.u32 %r8, %r8, %r3; membar.gl; atom.global.add.u32 %r4, [%d1], 1;
        wait2: ld.acquire.gpu.global.u32 %r4, [%d1]; setp.lt.u32 %p2, %r4, %r8; @%p2 bra wait2;
        add.u32 %r7, %r6, 1; st.volatile.global.u32 [%d3], %r7;
        go: add.u32 %r9, %r9, 1; setp.lt.u32 %p3, %r9, 5; @%p3 bra again; ret;";
    for (grid, block, seed) in [(2, 1, 0), (64, 40, 1), (200, 33, 2)] {
        let mut bench = Bench::new(&kernel("a b", body));
        bench.paper.patience = u32::MAX;
        let (count, values) = (bench.put_words([0]), bench.put_words(0..grid));
        let parameters: Vec<u8> = [count, values].iter().flat_map(|word| word.to_le_bytes()).collect();
        let launch = Launch {
            grid: [grid, 1, 1],
            block: [block, 1, 1],
            parameters: &parameters,
            cooperative: true,
            ..Launch::default()
        };
        run_in_turns(&bench, &launch, &mut fastrand::Rng::with_seed(seed));
        // Each round every value goes one block back and grows.
        let expected: Vec<u32> = (0..grid).map(|at| (at + 5) % grid + 5).collect();
        assert_eq!(bench.words(values, grid as usize), expected, "{grid} blocks, seed {seed}");
    }
}

#[test]
fn lanes_that_compute_long_are_waited_for() {
    // Without a mask, those that run together are all once paths meet, however long one path is.
    let body = "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
        mul.lo.u32 %r2, %r1, 1000; mov.u32 %r3, 0;
        more: setp.ge.u32 %p1, %r3, %r2; @%p1 bra out; add.u32 %r3, %r3, 1; bra more;
        out: activemask.b32 %r9; st.global.u32 [%d1], %r9; ret;";
    let mut bench = Bench::new(&kernel("a", body));
    let out = bench.put_words([0; 32]);
    bench.run(1, 32, &[out]).unwrap();
    assert_eq!(bench.words(out, 32), [u32::MAX; 32]);
}

/// A host whose clock stands still.
struct Still(AtomicU32);

impl Host for Still {
    fn print(&self, _: &[u8]) {}

    fn clock_ns(&self) -> u64 {
        5_000_000_000
    }

    fn should_stop(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > 1000
    }
}

#[test]
fn no_two_readings_of_the_clock_are_the_same() {
    let body = "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
        mov.u64 %d3, %clock64; mov.u32 %r2, 0; mov.u32 %r9, 1; and.b32 %r4, %r1, 1; setp.eq.u32 %p4, %r4, 0;
        again: @%p4 bra other; mov.u64 %d4, %clock64; bra both; other: mov.u64 %d4, %clock64;
        both: mov.u32 %r5, %clock; mov.u32 %r6, %clock; setp.gt.u64 %p1, %d4, %d3; setp.gt.u32.and %p1, %r6, %r5, %p1;
        mov.u64 %d5, %globaltimer; mov.u64 %d6, %globaltimer; setp.ge.u64.and %p1, %d6, %d5, %p1;
        @!%p1 mov.u32 %r9, 0; mov.u64 %d3, %d4; add.u32 %r2, %r2, 1; setp.lt.u32 %p2, %r2, 20; @%p2 bra again;
        mov.u32 %r7, %clock_hi; setp.ne.u32 %p1, %r7, 1; @%p1 mov.u32 %r9, 2; st.global.u32 [%d1], %r9; ret;";
    let mut bench = Bench::new(&kernel("a", body));
    let out = bench.put_words([0; 70]);
    let launch = Launch { block: [70, 1, 1], parameters: &out.to_le_bytes(), ..Launch::default() };
    let host = Still(AtomicU32::new(0));
    let mut scratch = Scratch::default();
    bench.program.run_block(0, &launch, [0; 3], &bench.ram, &host, &mut scratch).unwrap();
    assert_eq!(bench.words(out, 70), [1; 70]);
}

//! Mbarriers at work: random operations against a model that counts phases, rings of stages between producers and
//! consumers, threads that leave.

use std::fmt::Write;

use super::bench::{Bench, kernel};

/// What an mbarrier is, in plain numbers.
struct Model {
    phase: u64,
    pending: i64,
    expected: i64,
    bytes: i64,
}

impl Model {
    fn settle(&mut self) {
        if self.pending == 0 && self.bytes == 0 {
            self.phase += 1;
            self.pending = self.expected;
        }
    }
}

/// Writes out what was answered.
fn answer(body: &mut String, answers: &mut Vec<u64>, value: bool) {
    let at = answers.len() * 8;
    writeln!(body, "selp.u64 %d2, 1, 0, %p1; st.global.u64 [%d1+{at}], %d2;").unwrap();
    answers.push(u64::from(value));
}

/// All have arrived and bytes are missing, or came too early: the phase is not over until they are even.
fn bring_bytes(model: &mut Model, body: &mut String, answers: &mut Vec<u64>) {
    let parity = model.phase % 2;
    writeln!(body, "mbarrier.test_wait.parity.shared.b64 %p1, [m], {parity};").unwrap();
    answer(body, answers, false);
    if model.bytes > 0 {
        writeln!(body, "mbarrier.complete_tx.shared.b64 [m], {};", model.bytes).unwrap();
    } else {
        writeln!(body, "mbarrier.expect_tx.shared.b64 [m], {};", -model.bytes).unwrap();
        writeln!(body, "mbarrier.complete_tx.shared.b64 [m], 0;").unwrap();
    }
    model.bytes = 0;
    model.settle();
}

/// One thread, straight on: every answer is known beforehand.
#[test]
fn random_operations_keep_to_the_model() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let start = if seed % 4 == 0 { random.i64(1..1 << 20) } else { random.i64(1..6) };
        let mut model = Model { phase: 0, pending: start, expected: start, bytes: 0 };
        let mut body = format!(
            ".shared .align 8 .b64 m; ld.param.u64 %d1, [a]; mbarrier.init.shared::cta.b64 [m], {start};"
        );
        let mut answers: Vec<u64> = Vec::new();
        let mut states: Vec<u64> = Vec::new();
        for _ in 0..120 {
            match random.u32(0..9) {
                0..=2 => {
                    let count = random.i64(1..model.pending + 1);
                    let drops = random.u32(0..6) == 0 && model.expected - count > 0;
                    // A count that would leave none for later phases is not dropped.
                    let name = if drops { "arrive_drop" } else { "arrive" };
                    let state = 10 + states.len() % 20;
                    writeln!(body, "mbarrier.{name}.release.cta.shared.b64 %d{state}, [m], {count};")
                        .unwrap();
                    if states.len() < 20 {
                        states.push(model.phase);
                    } else {
                        let at = states.len() % 20;
                        states[at] = model.phase;
                    }
                    if drops {
                        model.expected -= count;
                    }
                    model.pending -= count;
                    model.settle();
                }
                3 => {
                    let bytes = random.i64(0..1000);
                    writeln!(body, "mbarrier.expect_tx.relaxed.cta.shared.b64 [m], {bytes};").unwrap();
                    model.bytes += bytes;
                }
                4 | 5 => {
                    let bytes =
                        if model.bytes > 0 && random.bool() { model.bytes } else { random.i64(0..1000) };
                    writeln!(body, "mbarrier.complete_tx.shared.b64 [m], {bytes};").unwrap();
                    model.bytes -= bytes;
                    model.settle();
                }
                6 | 7 => {
                    let parity = random.u64(0..2);
                    let word = if random.bool() { "test_wait" } else { "try_wait" };
                    writeln!(body, "mbarrier.{word}.parity.shared.b64 %p1, [m], {parity};").unwrap();
                    answer(&mut body, &mut answers, model.phase % 2 != parity);
                }
                _ => {
                    // A state of this phase or the one before, as the manual asks for.
                    let known = states.iter().rposition(|&phase| phase + 1 >= model.phase);
                    let Some(at) = known else { continue };
                    writeln!(body, "mbarrier.test_wait.shared.b64 %p1, [m], %d{};", 10 + at).unwrap();
                    answer(&mut body, &mut answers, states[at] < model.phase);
                }
            }
            if model.pending == 0 {
                bring_bytes(&mut model, &mut body, &mut answers);
            }
        }
        let mut bench = Bench::new(&kernel("a", &(body.clone() + "ret;")));
        let at = bench.put_longs(answers.iter().map(|_| 9));
        bench.run(1, 1, &[at]).unwrap_or_else(|fault| panic!("seed {seed}: {fault}\n{body}"));
        assert_eq!(bench.longs(at, answers.len()), answers, "seed {seed}\n{body}");
    }
}

/// How a stage is waited for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Try,
    Test,
}

/// A ring of stages: producers fill one, consumers add up what is in it. With `bytes` the stage is full when all bytes
/// have come, else when all producers have arrived.
fn ring(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let (producers, consumers) = (random.usize(1..50), random.usize(1..50));
    let (stages, rounds) = (random.usize(1..5), random.usize(1..30));
    let bytes = random.bool();
    let how = if random.bool() { How::Try } else { How::Test };
    let wait = if how == How::Try { "try_wait" } else { "test_wait" };
    let hint = if how == How::Try && random.bool() { ", 500" } else { "" };
    let arrivals = if bytes { 1 } else { producers };
    let filled = if bytes {
        format!(
            "mbarrier.complete_tx.shared.b64 [%r12], 4; setp.ne.u32 %p2, %r1, 0; @%p2 bra filled;
             mbarrier.arrive.expect_tx.shared.b64 _, [%r12], {}; filled:",
            producers * 4
        )
    } else {
        "mbarrier.arrive.shared.b64 _, [%r12];".to_owned()
    };
    let body = format!(
        ".shared .align 8 .b64 full[{stages}]; .shared .align 8 .b64 empty[{stages}]; .shared .b32 buffer[{}];
         ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mov.u32 %r2, full; mov.u32 %r3, empty; mov.u32 %r4, buffer;
         setp.ne.u32 %p1, %r1, 0; @%p1 bra ready; mov.u32 %r5, 0;
        init: mad.lo.u32 %r6, %r5, 8, %r2; mad.lo.u32 %r7, %r5, 8, %r3; mbarrier.init.shared.b64 [%r6], {arrivals};
         mbarrier.init.shared.b64 [%r7], {consumers}; add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, {stages}; @%p1 bra init;
        ready: bar.sync 0; mov.u32 %r10, 0; mov.u32 %r20, 0; setp.ge.u32 %p3, %r1, {producers};
        round: rem.u32 %r11, %r10, {stages}; div.u32 %r13, %r10, {stages}; and.b32 %r13, %r13, 1; xor.b32 %r14, %r13, 1;
         mad.lo.u32 %r12, %r11, 8, %r2; mad.lo.u32 %r15, %r11, 8, %r3; mad.lo.u32 %r16, %r11, {}, %r4; @%p3 bra consume;
        until_empty: mbarrier.{wait}.parity.shared.b64 %p1, [%r15], %r14{hint}; @!%p1 bra until_empty;
         mad.lo.u32 %r17, %r1, 4, %r16; mad.lo.u32 %r18, %r10, 1000, %r1; st.shared.u32 [%r17], %r18; {filled} bra next;
        consume: mbarrier.{wait}.parity.shared.b64 %p1, [%r12], %r13{hint}; @!%p1 bra consume; mov.u32 %r17, 0;
        sum: ld.shared.u32 %r18, [%r16]; add.u32 %r20, %r20, %r18; add.u32 %r16, %r16, 4; add.u32 %r17, %r17, 1;
         setp.lt.u32 %p1, %r17, {producers}; @%p1 bra sum; mbarrier.arrive.shared.b64 _, [%r15];
        next: add.u32 %r10, %r10, 1; setp.lt.u32 %p1, %r10, {rounds}; @%p1 bra round;
         mad.wide.u32 %d2, %r1, 4, %d1; st.global.u32 [%d2], %r20; ret;",
        producers * stages,
        producers * 4
    );
    let mut bench = Bench::new(&kernel("a", &body));
    let threads = producers + consumers;
    let at = bench.put_words(vec![7; threads]);
    let what = format!(
        "seed {seed}: {producers} to {consumers} over {stages} stages, {rounds} rounds, {bytes} {how:?}"
    );
    bench.run(1, threads as u32, &[at]).unwrap_or_else(|fault| panic!("{what}: {fault}"));
    let sum: usize = (0..rounds).flat_map(|round| (0..producers).map(move |at| round * 1000 + at)).sum();
    for (thread, found) in bench.words(at, threads).into_iter().enumerate() {
        assert_eq!(found as usize, if thread < producers { 0 } else { sum }, "{what}: thread {thread}");
    }
}

#[test]
fn producers_and_consumers_of_all_numbers_meet() {
    (0..40).for_each(ring);
}

/// Threads take part in some rounds and then drop out; what was counted in a round is complete behind the wait.
#[test]
fn threads_drop_out() {
    for seed in 0..20 {
        let mut random = fastrand::Rng::with_seed(seed);
        let threads = random.usize(1..80);
        let rounds: Vec<u32> = (0..threads).map(|_| random.u32(1..12)).collect();
        let body = format!(
            ".shared .align 8 .b64 m; .shared .b32 counts[12]; ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x;
             mad.wide.u32 %d1, %r1, 8, %d1; ld.global.u32 %r2, [%d1]; mov.u32 %r3, counts;
             setp.ne.u32 %p1, %r1, 0; @%p1 bra ready; mbarrier.init.shared.b64 [m], {threads};
             ready: bar.sync 0; mov.u32 %r4, 1; mov.u32 %r5, 0;
            round: red.shared.add.u32 [%r3], 1; setp.eq.u32 %p2, %r4, %r2; @%p2 bra leave;
             mbarrier.arrive.shared.b64 %d2, [m]; mov.u32 %r8, 0;
            wait: mbarrier.try_wait.shared.b64 %p1, [m], %d2; @!%p1 bra wait;
             ld.shared.u32 %r6, [%r3]; mad.lo.u32 %r5, %r5, 3, %r6; add.u32 %r3, %r3, 4; add.u32 %r4, %r4, 1; bra round;
            leave: mbarrier.arrive_drop.shared.b64 _, [m]; st.global.u32 [%d1+4], %r5; ret;"
        );
        let mut bench = Bench::new(&kernel("a", &body));
        let at = bench.put_words(rounds.iter().flat_map(|&rounds| [rounds, 0]));
        bench.run(1, threads as u32, &[at]).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let in_round = |round: u32| rounds.iter().filter(|&&rounds| rounds >= round).count() as u32;
        for (thread, &mine) in rounds.iter().enumerate() {
            let expected =
                (1..mine).fold(0u32, |all, round| all.wrapping_mul(3).wrapping_add(in_round(round)));
            let found = bench.words(at + thread as u64 * 8 + 4, 1)[0];
            assert_eq!(found, expected, "seed {seed}: thread {thread} of {threads}");
        }
    }
}

/// Nobody will ever arrive: the host can still stop the kernel.
#[test]
fn a_wait_for_ever_can_be_stopped() {
    let body = ".shared .align 8 .b64 m; mbarrier.init.shared.b64 [m], 1;
        wait: mbarrier.try_wait.parity.shared.b64 %p1, [m], 0; @!%p1 bra wait; ret;";
    let mut bench = Bench::new(&kernel("a", body));
    bench.paper.patience = 100;
    let fault = bench.run(1, 1, &[0]).unwrap_err();
    assert_eq!(fault.kind, stream_hal_kernels::FaultKind::Stopped);
}

//! Branches that lanes do not agree on, loops, calls, barriers, waiting for each other.

use stream_hal_kernels::{FaultKind, Launch};

use super::bench::{Bench, kernel};

/// Loads a parameter's address plus four times the thread's number in the grid into %d1; the number is %r1.
const MINE: &str = "ld.param.u64 %d1, [a];\n mov.u32 %r2, %ctaid.x;\n mov.u32 %r3, %ntid.x;\n mov.u32 %r4, %tid.x;\n \
                    mad.lo.u32 %r1, %r2, %r3, %r4;\n mul.wide.u32 %d2, %r1, 4;\n add.u64 %d1, %d1, %d2;\n";

/// Runs a body that leaves its result in %r9, for every thread.
fn check(body: &str, grid: u32, block: u32, expect: impl Fn(u32) -> u32) {
    let mut bench = Bench::new(&kernel("a", &format!("{MINE}{body}\nst.global.u32 [%d1], %r9;\nret;")));
    let count = grid * block;
    let out = bench.put_words((0..count).map(|_| 0));
    bench.run(grid, block, &[out]).unwrap();
    let expected: Vec<u32> = (0..count).map(expect).collect();
    assert_eq!(bench.words(out, count as usize), expected, "{body}");
}

#[test]
fn nested_branches() {
    let body = "and.b32 %r5, %r1, 1; and.b32 %r6, %r1, 2; setp.eq.u32 %p1, %r5, 0; setp.eq.u32 %p2, %r6, 0;
        mov.u32 %r9, 100;
        @%p1 bra even;
        @%p2 bra one; add.u32 %r9, %r9, 3; bra out;
        one: add.u32 %r9, %r9, 1; bra out;
        even: @!%p2 bra two; bra out;
        two: add.u32 %r9, %r9, 2;
        out: add.u32 %r9, %r9, %r1;";
    check(body, 2, 70, |i| 100 + i % 4 + i);
}

#[test]
fn loops_that_lanes_leave_at_different_times() {
    let body = "mov.u32 %r9, 0; mov.u32 %r5, %r1;
        again: setp.eq.u32 %p1, %r5, 0; @%p1 bra out;
        mov.u32 %r6, %r5;
        inner: add.u32 %r9, %r9, 1; sub.u32 %r6, %r6, 1; setp.ne.u32 %p2, %r6, 0; @%p2 bra inner;
        shr.u32 %r5, %r5, 1; bra again;
        out:";
    check(body, 1, 100, |i| (0..7).map(|s| i >> s).sum());
}

#[test]
fn early_exits() {
    let body = "mov.u32 %r9, 7; setp.gt.u32 %p1, %r1, 40; @%p1 exit; setp.eq.u32 %p1, %r1, 5; @%p1 ret;";
    check(body, 1, 64, |i| if i > 40 || i == 5 { 0 } else { 7 });
}

#[test]
fn a_table_of_branches() {
    let body = "and.b32 %r5, %r1, 3; ts: .branchtargets a0, a1, a2, a1; mov.u32 %r9, 0; brx.idx %r5, ts;
        a0: mov.u32 %r9, 10; bra out; a1: mov.u32 %r9, 11; bra out; a2: mov.u32 %r9, 12; out:";
    check(body, 1, 64, |i| [10, 11, 12, 11][i as usize % 4]);
}

#[test]
fn lanes_meet_again_behind_a_branch() {
    // If they did not, the ballot of those that run together would be half of the warp.
    let body = "and.b32 %r5, %r1, 1; setp.eq.u32 %p1, %r5, 0; mov.u32 %r9, 0;
        @%p1 bra even; add.u32 %r9, %r9, 1; bra out; even: add.u32 %r9, %r9, 2; out: activemask.b32 %r9;";
    check(body, 1, 32, |_| u32::MAX);
}

#[test]
fn lanes_meet_again_behind_a_call() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64
        .func (.reg .u32 %o) twice(.reg .u32 %i) { .reg .pred %q; setp.gt.u32 %q, %i, 9; @%q bra big;
            add.u32 %o, %i, %i; ret; big: mul.lo.u32 %o, %i, 3; ret; }
        .entry k(.param .u64 a) { .reg .u32 %r<9>; .reg .u64 %d<9>;
            ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 8; add.u64 %d1, %d1, %d2;
            call (%r2), twice, (%r1); activemask.b32 %r3; st.global.v2.u32 [%d1], {%r2, %r3}; ret; }";
    let mut bench = Bench::new(source);
    let out = bench.put_words([0; 64]);
    bench.run(1, 32, &[out]).unwrap();
    let expected: Vec<u32> = (0..32).flat_map(|i| [if i > 9 { i * 3 } else { i * 2 }, u32::MAX]).collect();
    assert_eq!(bench.words(out, 64), expected);
}

#[test]
fn recursion_by_lane() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64
        .func (.param .b32 o) fact(.param .b32 i) { .reg .u32 %r<9>; .reg .pred %p; .local .align 4 .b8 keep[4];
            .reg .b64 %l; mov.u64 %l, keep;
            ld.param.u32 %r1, [i]; st.local.u32 [%l], %r1; setp.lt.u32 %p, %r1, 2; @%p bra done;
            sub.u32 %r2, %r1, 1;
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r2; call.uni (y), fact, (x); ld.param.b32 %r3, [y]; }
            ld.local.u32 %r4, [keep]; mul.lo.u32 %r3, %r3, %r4; st.param.b32 [o], %r3; ret;
            done: st.param.b32 [o], 1; ret; }
        .entry k(.param .u64 a) { .reg .u32 %r<9>; .reg .u64 %d<9>;
            ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; call.uni (y), fact, (x); ld.param.b32 %r3, [y]; }
            st.global.u32 [%d1], %r3; ret; }";
    let mut bench = Bench::new(source);
    let out = bench.put_words([0; 40]);
    bench.run(1, 40, &[out]).unwrap();
    let expected: Vec<u32> = (0..40u32).map(|i| (1..=i).fold(1, u32::wrapping_mul)).collect();
    assert_eq!(bench.words(out, 40), expected);
}

#[test]
fn calls_through_pointers_by_lane() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64
        .func (.param .b32 o) inc(.param .b32 i) { .reg .u32 %r; ld.param.u32 %r, [i]; add.u32 %r, %r, 1;
            st.param.b32 [o], %r; ret; }
        .func (.param .b32 o) dec(.param .b32 i) { .reg .u32 %r; ld.param.u32 %r, [i]; sub.u32 %r, %r, 1;
            st.param.b32 [o], %r; ret; }
        .global .align 8 .u64 table[2] = {inc, dec};
        .entry k(.param .u64 a) { .reg .u32 %r<9>; .reg .u64 %d<9>;
            ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2;
            and.b32 %r2, %r1, 1; mul.wide.u32 %d3, %r2, 8; mov.u64 %d4, table; add.u64 %d4, %d4, %d3;
            ld.global.u64 %d5, [%d4];
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1;
              proto: .callprototype (.param .b32 _) _ (.param .b32 _);
              call (y), %d5, (x), proto; ld.param.b32 %r3, [y]; }
            st.global.u32 [%d1], %r3; ret; }";
    let mut bench = Bench::new(source);
    let out = bench.put_words([0; 33]);
    bench.run(1, 33, &[out]).unwrap();
    let expected: Vec<u32> = (0..33u32).map(|i| if i % 2 == 0 { i + 1 } else { i - 1 }).collect();
    assert_eq!(bench.words(out, 33), expected);
}

#[test]
fn barriers_in_loops() {
    // Each round every thread writes its place and reads its neighbour's of another warp.
    let body = ".shared .u32 all[256]; mov.u32 %r5, all; shl.b32 %r6, %r4, 2; add.u32 %r6, %r5, %r6;
        add.u32 %r7, %r4, 37; rem.u32 %r7, %r7, %r3; shl.b32 %r7, %r7, 2; add.u32 %r7, %r5, %r7;
        mov.u32 %r9, %r4; mov.u32 %r8, 0;
        again: st.shared.u32 [%r6], %r9; bar.sync 0; ld.shared.u32 %r9, [%r7]; bar.sync 0;
        add.u32 %r8, %r8, 1; setp.lt.u32 %p1, %r8, 5; @%p1 bra again;";
    check(body, 1, 200, |i| (i + 5 * 37) % 200);
    check(body, 1, 256, |i| (i + 5 * 37) % 256);
}

#[test]
fn a_barrier_reached_by_halves_of_a_warp() {
    let body = ".shared .u32 all[64]; mov.u32 %r5, all; shl.b32 %r6, %r4, 2; add.u32 %r6, %r5, %r6;
        xor.b32 %r7, %r4, 63; shl.b32 %r7, %r7, 2; add.u32 %r7, %r5, %r7; and.b32 %r8, %r4, 1; setp.eq.u32 %p1, %r8, 0;
        st.shared.u32 [%r6], %r4;
        @%p1 bra even; barrier.sync 0; ld.shared.u32 %r9, [%r7]; bra out;
        even: barrier.sync 0; ld.shared.u32 %r9, [%r7]; out:";
    check(body, 1, 64, |i| 63 - i);
}

#[test]
fn barriers_with_counts_and_arrivals() {
    // The first warp fills, the second waits for it at barrier 1; the third has left.
    let body = ".shared .u32 box[32]; mov.u32 %r5, box; mov.u32 %r9, %laneid; shl.b32 %r6, %r9, 2; add.u32 %r5, %r5, %r6;
        setp.ge.u32 %p1, %r4, 64; @%p1 exit; setp.ge.u32 %p1, %r4, 32; @%p1 bra reader;
        add.u32 %r9, %r9, 500; st.shared.u32 [%r5], %r9; bar.arrive 1, 64; bra out;
        reader: bar.sync 1, 64; ld.shared.u32 %r9, [%r5]; out:";
    check(body, 1, 96, |i| if i < 64 { 500 + i % 32 } else { 0 });
}

#[test]
fn barriers_that_reduce() {
    let body = "setp.lt.u32 %p1, %r4, 50; bar.red.popc.u32 %r9, 0, %p1; bar.red.and.pred %p2, 0, %p1;
        bar.red.or.pred %p3, 0, !%p1; selp.u32 %r5, 1000, 0, %p2; selp.u32 %r6, 2000, 0, %p3;
        add.u32 %r9, %r9, %r5; add.u32 %r9, %r9, %r6;";
    check(body, 1, 80, |_| 2050);
    check(body, 1, 40, |_| 1040);
}

#[test]
fn a_lock_is_taken_lane_by_lane() {
    let body = "ld.param.u64 %d5, [a]; add.u64 %d5, %d5, 4096; mov.u32 %r9, 0;
        spin: atom.global.cas.b32 %r5, [%d5], 0, 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra spin;
        ld.volatile.global.u32 %r6, [%d5+4]; add.u32 %r6, %r6, 1; st.volatile.global.u32 [%d5+4], %r6;
        membar.gl; atom.global.exch.b32 %r5, [%d5], 0; mov.u32 %r9, 1;";
    let source = kernel("a", &format!("{MINE}{body}\nst.global.u32 [%d1], %r9;\nret;"));
    let mut bench = Bench::new(&source);
    let out = bench.put(&[0; 8192]);
    bench.run(2, 96, &[out]).unwrap();
    assert_eq!(bench.words(out + 4096, 2), [0, 192]);
    assert!(bench.words(out, 192).iter().all(|&done| done == 1));
}

#[test]
fn one_warp_waits_for_another_without_a_barrier() {
    let body = ".shared .u32 flag; mov.u32 %r5, flag; mov.u32 %r9, 0; st.shared.u32 [%r5], 0; bar.sync 0;
        setp.lt.u32 %p1, %r4, 32; @!%p1 bra giver;
        wait: ld.volatile.shared.u32 %r9, [%r5]; setp.eq.u32 %p2, %r9, 0; @%p2 bra wait; bra out;
        giver: mov.u32 %r9, 77; st.volatile.shared.u32 [%r5], %r9; out:";
    check(body, 1, 64, |_| 77);
}

#[test]
fn blocks_of_a_cooperative_launch_take_turns() {
    use stream_hal_kernels::{Progress, Scratch};
    // Every block adds itself, then waits until all have.
    let body = "ld.param.u64 %d1, [a]; atom.global.add.u32 %r1, [%d1], 1;
        wait: ld.acquire.gpu.global.u32 %r2, [%d1]; setp.lt.u32 %p1, %r2, 5; @%p1 bra wait; ret;";
    let mut bench = Bench::new(&kernel("a", body));
    let out = bench.put_words([0]);
    let parameters = out.to_le_bytes();
    let launch = Launch { grid: [5, 1, 1], parameters: &parameters, cooperative: true, ..Launch::default() };
    let mut blocks: Vec<Scratch> = (0..5).map(|_| Scratch::default()).collect();
    for (at, scratch) in blocks.iter_mut().enumerate() {
        bench.program.start_block(0, &launch, [at as u32, 0, 0], scratch).unwrap();
    }
    let mut rounds = 0;
    while !blocks.is_empty() {
        rounds += 1;
        blocks.retain_mut(|scratch| {
            let progress = bench.program.resume_block(&launch, &bench.ram, &bench.paper, scratch).unwrap();
            progress == Progress::Yielded
        });
    }
    assert!(rounds < 10, "{rounds}");
}

#[test]
fn warp_barriers_in_both_arms() {
    let body = "and.b32 %r5, %r1, 1; setp.eq.u32 %p1, %r5, 0; mov.u32 %r9, 3;
        @%p1 bra even; bar.warp.sync -1; add.u32 %r9, %r9, 1; bra out; even: bar.warp.sync -1; out:";
    check(body, 1, 32, |i| 3 + i % 2);
}

#[test]
fn a_kernel_that_never_ends_is_stopped() {
    let mut bench = Bench::new(&kernel("", "again: bra again;"));
    bench.paper.patience = 3;
    let fault = bench.run(1, 64, &[]).unwrap_err();
    assert_eq!((fault.kind, fault.line), (FaultKind::Stopped, 11));
}

/// Runs a kernel that never ends with a host that says stop when it is asked for the fourth time.
fn check_stopped(source: &str, block: u32) {
    let mut bench = Bench::new(source);
    bench.paper.patience = 3;
    let word = bench.put_words([0]);
    let parameters = vec![word; bench.program.module().kernels()[0].parameters.len()];
    let fault = bench.run(1, block, &parameters).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Stopped, "{fault}\n{source}");
}

#[test]
fn endless_loops_of_any_kind_are_stopped() {
    let bodies = [
        "again: bar.sync 0; bra again;",
        "again: bar.sync 0; bar.sync 1; bar.sync 2; bra again;",
        "mov.pred %p1, 1; again: bar.red.popc.u32 %r1, 0, %p1; @%p1 bra again;",
        "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 32; @%p1 bra one; two: bar.sync 0; bra two; one: bar.sync 0; bra one;",
        "mov.u32 %r1, %tid.x; setp.lt.u32 %p1, %r1, 7; @%p1 bra one; two: barrier.sync 0; bra two; one: barrier.sync 0; bra one;",
        "again: shfl.sync.down.b32 %r1, %r1, 1, 31, -1; bra again;",
        "again: vote.sync.any.pred %p1, %p2, -1; bra again;",
        "again: bar.warp.sync -1; bra again;",
        "mov.u32 %r1, %tid.x; and.b32 %r1, %r1, 1; setp.eq.u32 %p1, %r1, 0;
         again: @%p1 bra even; bar.warp.sync -1; bra again; even: bar.warp.sync -1; bra again;",
        "again: nanosleep.u32 100; bra again;",
        "again: nanosleep.u32 100; bar.sync 0; bra again;",
        "mov.u32 %r1, 0; list: .branchtargets list2, again; again: mov.u32 %r1, 1; list2: brx.idx %r1, list;",
        "ld.param.u64 %d1, [a]; again: ld.volatile.global.u32 %r1, [%d1]; setp.eq.u32 %p1, %r1, 0; @%p1 bra again;",
        "ld.param.u64 %d1, [a]; again: atom.global.add.u32 %r1, [%d1], 1; bar.sync 0; bra again;",
        "mov.u32 %r1, %tid.x; setp.eq.u32 %p1, %r1, 5; @%p1 bra on; ret; on: again: bra again;",
    ];
    for body in bodies {
        let source = kernel("a", body);
        check_stopped(&source, 33);
        check_stopped(&source, 256);
    }
}

#[test]
fn endless_calls_are_stopped() {
    let head = ".version 8.0\n.target sm_80\n.address_size 64\n";
    // Each function calls the next one four times: 4 to the 30th calls, and no back edge.
    let mut tower = head.to_owned();
    tower.push_str(".func f0() { ret; }\n");
    for n in 1..=30 {
        let call = format!("call f{};", n - 1);
        tower.push_str(&format!(".func f{n}() {{ {call} {call} {call} {call} ret; }}\n"));
    }
    check_stopped(&format!("{tower}.entry k() {{ call f30; ret; }}"), 32);
    // A tree of recursion, twenty deep and endless in all.
    let tree = ".func f(.param .b32 n) { .reg .b32 %r<9>; .reg .pred %p<3>; ld.param.b32 %r1, [n];
        setp.eq.u32 %p1, %r1, 0; @%p1 ret; sub.u32 %r1, %r1, 1;
        { .param .b32 x; st.param.b32 [x], %r1; call f, (x); }
        { .param .b32 x; st.param.b32 [x], %r1; call f, (x); }
        { .param .b32 x; st.param.b32 [x], %r1; call f, (x); }
        { .param .b32 x; st.param.b32 [x], %r1; call f, (x); } ret; }
        .entry k() { { .param .b32 x; st.param.b32 [x], 20; call f, (x); } ret; }";
    check_stopped(&format!("{head}{tree}"), 64);
    // A loop around calls, one of them through a pointer.
    let pointer = ".func g() { bar.sync 0; ret; }
        .global .align 8 .u64 table[1] = {g};
        .entry k() { .reg .u64 %d<3>; again: mov.u64 %d1, table; ld.global.u64 %d2, [%d1];
        proto: .callprototype _ (); call %d2, proto; call g; bra again; }";
    check_stopped(&format!("{head}{pointer}"), 64);
}

#[test]
fn a_kernel_number_that_is_none_is_refused() {
    use stream_hal_kernels::Scratch;
    let bench = Bench::new(&kernel("", "ret;"));
    let mut scratch = Scratch::default();
    for number in [1, 2, usize::MAX] {
        let launch = Launch::default();
        let run = bench.program.run_block(number, &launch, [0; 3], &bench.ram, &bench.paper, &mut scratch);
        assert_eq!(run.unwrap_err().kind, FaultKind::InvalidLaunch);
    }
}

//! Where lanes meet again, barriers in odd places, recursion to its limits, and what never ends. Each form has its test
//! in `forms/control.rs` and `forms/barrier.rs`.

use stream_hal_kernels::{FaultKind, KernelFault, Launch};

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

/// The fault of a body in one block.
fn check_fault(body: &str, block: u32) -> KernelFault {
    let mut bench = Bench::new(&kernel("a", &format!("{MINE}{body}\nret;")));
    let out = bench.put_words((0..block).map(|_| 0));
    bench.run(1, block, &[out]).unwrap_err()
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
fn recursion_to_the_limit_of_the_stack() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64
        .func (.param .b32 o) down(.param .b32 i);
        .func (.param .b32 o) step(.param .b32 i) { .reg .u32 %r<3>; ld.param.u32 %r1, [i];
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; call (y), down, (x); ld.param.b32 %r2, [y]; }
            add.u32 %r2, %r2, 1; st.param.b32 [o], %r2; ret; }
        .func (.param .b32 o) down(.param .b32 i) { .reg .u32 %r<3>; .reg .pred %p; .local .b32 keep[9];
            ld.param.u32 %r1, [i]; setp.eq.u32 %p, %r1, 0; st.param.b32 [o], 0; @%p ret; sub.u32 %r1, %r1, 1;
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; call (y), step, (x); ld.param.b32 %r2, [y]; }
            add.u32 %r2, %r2, 1; st.param.b32 [o], %r2; ret; }
        .entry k(.param .u64 a, .param .u64 n) { .reg .u32 %r<5>; .reg .u64 %d<3>; ld.param.u64 %d1, [a];
            ld.param.u32 %r1, [n]; mov.u32 %r2, %laneid; sub.u32 %r1, %r1, %r2;
            { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; call (y), down, (x); ld.param.b32 %r3, [y]; }
            mul.wide.u32 %d2, %r2, 4; add.u64 %d1, %d1, %d2; st.global.u32 [%d1], %r3; ret; }";
    for stack_bytes in [0, 4096, 200 << 10] {
        let mut bench = Bench::new(source);
        let out = bench.put_words([0; 32]);
        let run = |depth: u32| {
            let parameters: Vec<u8> =
                [out, u64::from(depth)].iter().flat_map(|word| word.to_le_bytes()).collect();
            let launch =
                Launch { block: [32, 1, 1], parameters: &parameters, stack_bytes, ..Launch::default() };
            bench.launch("k", &launch).map(|()| bench.words(out, 32))
        };
        // The deepest that fits, between what does and what does not.
        let (mut fits, mut deep) = (31, 1 << 16);
        while deep - fits > 1 {
            let depth = (fits + deep) / 2;
            match run(depth) {
                Ok(results) => {
                    let expected: Vec<u32> = (0..32).map(|lane| 2 * (depth - lane)).collect();
                    assert_eq!(results, expected);
                    fits = depth;
                }
                Err(fault) => {
                    assert_eq!(fault.kind, FaultKind::StackOverflow, "{fault}");
                    deep = depth;
                }
            }
        }
        let each = if stack_bytes == 0 { 16 << 10 } else { stack_bytes } / fits;
        assert!((60..=90).contains(&each), "{fits} calls of two functions in {stack_bytes} bytes");
    }
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
fn a_barrier_lets_go_those_it_counted_and_no_more() {
    // Three warps arrive at a barrier for two; the third must wait for the fourth, which comes when the first is through.
    let body = ".shared .u32 flag; mov.u32 %r5, flag; st.shared.u32 [%r5], 0; bar.sync 0; mov.u32 %r9, 1;
        setp.ge.u32 %p1, %r4, 96; @!%p1 bra meet;
        wait: ld.volatile.shared.u32 %r6, [%r5]; setp.lt.u32 %p2, %r6, 32; @%p2 bra wait;
        meet: bar.sync 1, 64; setp.lt.u32 %p1, %r4, 32; @!%p1 bra out; red.shared.add.u32 [%r5], 1; out:";
    check(body, 1, 128, |_| 1);
    // The same warps meet again and again, each time with whoever comes.
    let body =
        "mov.u32 %r5, 0; again: bar.sync 3, 64; add.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 6; @%p1 bra again;
        mov.u32 %r9, %r5;";
    check(body, 1, 128, |_| 6);
}

#[test]
fn lanes_at_barriers_of_different_numbers() {
    // The number is in a register: even lanes of all warps meet at one barrier, odd ones at the other, then all.
    let body = "and.b32 %r5, %r4, 1; barrier.sync %r5; mov.u32 %r9, 4; barrier.sync 5;";
    let fault = check_fault(body, 64);
    assert_eq!(fault.kind, FaultKind::BarrierDeadlock, "a warp counts as a whole: {fault}");
    let body =
        "shr.u32 %r5, %r4, 5; and.b32 %r5, %r5, 1; barrier.sync %r5, 64; mov.u32 %r9, 4; barrier.sync 5;";
    check(body, 1, 128, |_| 4);
    for (body, words) in [
        ("bar.arrive 1, 0;", "no threads"),
        ("bar.sync 1, 96;", "whole warps"),
        ("bar.sync %r4;", "barrier 16 of 16"),
        (
            "setp.lt.u32 %p1, %r4, 32; @%p1 bra x; bar.sync 1, 32; bra y; x: bar.arrive 1, 64; y:",
            "while it is open",
        ),
    ] {
        let fault = check_fault(body, 64);
        assert!(
            fault.kind == FaultKind::IllegalInstruction && fault.words.contains(words),
            "{body}: {fault}"
        );
    }
}

#[test]
fn a_lane_that_arrives_again_waits_until_its_warp_was_counted() {
    // Lane 0 arrives in two rounds before the others have in one: the second counts for the second.
    let body = "setp.ge.u32 %p1, %r4, 32; @%p1 bra reader; setp.eq.u32 %p2, %r4, 0; @%p2 bra fast;
        mov.u32 %r5, 0; wait: add.u32 %r5, %r5, 1; setp.lt.u32 %p3, %r5, 50; @%p3 bra wait;
        bar.arrive 1, 64; bar.arrive 1, 64; bra out; fast: bar.arrive 1, 64; bar.arrive 1, 64; bra out;
        reader: bar.sync 1, 64; bar.sync 1, 64; out: mov.u32 %r9, 6; bar.sync 0;";
    check(body, 1, 64, |_| 6);
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

#[test]
fn an_instruction_may_write_its_own_guard() {
    let body = "setp.lt.u32 %p1, %r1, 9; setp.ge.u32 %p2, %r1, 0; setp.lt.u32 %p3, %r1, 5;
        @%p1 setp.ne.and.u32 %p1|%p2, 1, 1, %p3; selp.u32 %r9, 1, 0, %p1; @%p2 add.u32 %r9, %r9, 2;";
    // For the first nine both are written: never and what the third says.
    check(body, 1, 32, |i| if (5..9).contains(&i) { 0 } else { 2 });
}

#[test]
fn what_lanes_hold_that_take_no_part_does_no_harm() {
    // Half of the lanes still have a wide value where the others have a narrow one.
    let body =
        "mov.u64 %d3, -1; mov.u64 %d4, -2; mov.u64 %d5, -3; add.u64 %d3, %d3, %d4; add.u64 %d3, %d3, %d5;
        cvt.u32.u64 %r9, %d3; setp.lt.u32 %p1, %r1, 16; @%p1 bra out;
        mov.u32 %r5, %r1; mov.u32 %r6, %r1; mov.u32 %r7, %r1; mov.u32 %r8, 0;
        clz.b32 %r5, %r5; clz.b32 %r6, %r6; clz.b32 %r7, %r7; clz.b32 %r8, %r8;
        add.u32 %r9, %r5, %r6; add.u32 %r9, %r9, %r7; add.u32 %r9, %r9, %r8; out:";
    check(body, 1, 32, |i| if i < 16 { -6i32 as u32 } else { 3 * 27 + 32 });
}

/// Registers of 128 bits are passed as both their halves.
#[test]
fn wide_registers_are_passed() {
    let function = ".func (.reg .b128 %back) swap(.reg .b128 %x) { .reg .b64 %y<2>;\n\
                    mov.b128 {%y0, %y1}, %x; mov.b128 %back, {%y1, %y0}; ret; }\n";
    let body = ".reg .b128 %w<2>; ld.param.u64 %d1, [a];\nld.global.v2.u64 {%d2, %d3}, [%d1];\n\
                mov.b128 %w0, {%d2, %d3};\ncall (%w1), swap, (%w0);\nst.global.b128 [%d1], %w1;\nret;";
    let text = kernel("a", body).replacen(".visible", &format!("{function}.visible"), 1);
    let mut bench = Bench::new(&text);
    let data = bench.put_longs([3, 5]);
    bench.run(1, 1, &[data]).unwrap();
    assert_eq!(bench.longs(data, 2), [5, 3]);
}

//! Lanes of a warp that meet in odd ways, and what special registers hold. Each form has its test in `forms/warp.rs`.

use stream_hal_kernels::{FaultKind, Launch, Module, Scratch};

use super::bench::{Bench, kernel};

/// The result in %r9 of every thread of a block, after a body that finds its lane in %r1.
fn check_with(functions: &str, body: &str, block: u32, expect: impl Fn(u32) -> u32) {
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r2, %tid.x; mul.wide.u32 %d2, %r2, 4; add.u64 %d1, %d1, %d2;
         mov.u32 %r1, %laneid; mov.u32 %r9, 0; {body} st.global.u32 [%d1], %r9; ret;"
    );
    let source = kernel("a", &body).replace(".visible", &format!("{functions}\n.visible"));
    let mut bench = Bench::new(&source);
    let out = bench.put_words((0..block).map(|_| 0));
    bench.run(1, block, &[out]).unwrap_or_else(|fault| panic!("{body}: {fault}"));
    assert_eq!(bench.words(out, block as usize), (0..block).map(expect).collect::<Vec<_>>(), "{body}");
}

fn check(body: &str, block: u32, expect: impl Fn(u32) -> u32) {
    check_with("", body, block, expect);
}

#[test]
fn masks_as_numbers() {
    // Halves do different things with masks of their own, at different times.
    let body = "setp.lt.u32 %p1, %r1, 16; @%p1 bra low;
        shfl.sync.idx.b32 %r9, %r1, 20, 31, 0xffff0000; bra out;
        low: shfl.sync.idx.b32 %r9, %r1, 3, 31, 0xffff; out:";
    check(body, 32, |lane| if lane < 16 { 3 } else { 20 });
    check("setp.lt.u32 %p1, %r1, 5; vote.sync.ballot.b32 %r9, !%p1, 0xff;", 8, |_| 0xe0);
    // Modifiers in another order, as some compilers write them.
    check("setp.lt.u32 %p1, %r1, 5; vote.ballot.sync.b32 %r9, %p1, -1;", 64, |_| 31);
    check("mov.u32 %r3, 7; match.sync.any.b32 %r9, %r3, -1;", 32, |_| u32::MAX);
}

#[test]
fn an_exchange_waits_for_the_late_and_not_for_the_gone() {
    let body = "setp.eq.u32 %p1, %r1, 7; @%p1 exit; and.b32 %r3, %r1, 1; setp.eq.u32 %p2, %r3, 0; @%p2 bra x;
        add.u32 %r1, %r1, 0; x: setp.ge.u32 %p3, %r1, 0; vote.sync.ballot.b32 %r9, %p3, -1;";
    check(body, 32, |lane| if lane == 7 { 0 } else { !(1 << 7) });
    // A lane exits while the others wait for it already.
    let body = "setp.eq.u32 %p1, %r1, 7; @%p1 bra slow; x: setp.ge.u32 %p3, %r1, 0; vote.sync.ballot.b32 %r9, %p3, -1;
        bra out; slow: mov.u32 %r4, 0; again: add.u32 %r4, %r4, 1; setp.lt.u32 %p2, %r4, 9999; @%p2 bra again; exit;
        out:";
    check(body, 32, |lane| if lane == 7 { 0 } else { !(1 << 7) });
}

#[test]
fn lanes_that_a_guard_leaves_out_are_not_there() {
    let body = "and.b32 %r3, %r1, 1; setp.eq.u32 %p1, %r3, 0; mov.u32 %r9, 5;
        @%p1 shfl.sync.bfly.b32 %r9, %r1, 2, 31, 0x55555555; @!%p1 activemask.b32 %r9;";
    check(body, 32, |lane| if lane % 2 == 0 { lane ^ 2 } else { 0xaaaa_aaaa });
}

#[test]
fn lanes_meet_in_different_calls_of_a_function() {
    // Even lanes come by another function, whose frame lies between.
    let functions = ".func (.reg .b32 %o) g(.reg .b32 %i) { .local .b32 keep[4]; .reg .b32 %t;
        shfl.sync.down.b32 %t, %i, 1, 31, -1; add.u32 %o, %t, %i; ret; }
        .func (.reg .b32 %o) f(.reg .b32 %i) { .local .b32 keep[9]; .reg .b32 %t; add.u32 %t, %i, 100;
        call (%o), g, (%t); ret; }";
    let body = "and.b32 %r3, %r1, 1; setp.eq.u32 %p1, %r3, 0; @%p1 bra even; call (%r9), g, (%r1); bra out;
        even: call (%r9), f, (%r1); out: bar.warp.sync -1;";
    check_with(functions, body, 32, |lane| {
        let given = |lane: u32| if lane & 1 == 0 { lane + 100 } else { lane };
        given(lane) + if lane == 31 { 31 } else { given(lane + 1) }
    });
    // As deep as each lane's number.
    let functions =
        ".func (.param .b32 o) f(.param .b32 i) { .reg .b32 %r<4>; .reg .pred %p; ld.param.u32 %r1, [i];
        setp.eq.u32 %p, %r1, 0; @%p bra end; sub.u32 %r1, %r1, 1;
        { .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; call (y), f, (x); ld.param.b32 %r2, [y]; }
        st.param.b32 [o], %r2; ret; end: mov.u32 %r1, %laneid; redux.sync.add.u32 %r2, %r1, -1;
        st.param.b32 [o], %r2; ret; }";
    check_with(functions, "call (%r9), f, (%r1);", 32, |_| 496);
}

#[test]
fn warps_that_can_never_go_on_say_where() {
    let cases = [
        // Shuffles at different places are not one.
        "shfl.sync.idx.b32 %r3, %r1, 0, 31, -1; bra y;\nx: shfl.sync.idx.b32 %r3, %r1, 0, 31, -1; y:",
        "bar.warp.sync -1; bra y;\nx: vote.sync.any.pred %p2, %p1, -1; y:",
        "bar.sync 1; bra y;\nx: bar.sync 2; y:",
        "bar.warp.sync -1; bra y;\nx: bar.sync 0; y:",
        "bar.warp.sync 0xaaaaaaab; bra y;\nx: bar.warp.sync -1; y:",
    ];
    for body in cases {
        let text = format!(
            "mov.u32 %r1, %laneid; and.b32 %r2, %r1, 1; setp.eq.u32 %p1, %r2, 0; @%p1 bra x;\n{body} ret;"
        );
        let fault = Bench::new(&kernel("", &text)).run(1, 32, &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BarrierDeadlock, "{body}: {fault}");
        for place in ["at line 12", "at line 13", "lanes 0x55555555 of warp 0", "lanes 0xaaaaaaaa of warp 0"]
        {
            assert!(fault.words.contains(place), "{body}: {place} is not in {}", fault.words);
        }
    }
    let fault =
        Bench::new(&kernel("", "\nredux.sync.add.u32 %r1, %r2, 0xff; ret;")).run(1, 32, &[]).unwrap_err();
    assert_eq!((fault.kind, fault.line, fault.thread[0]), (FaultKind::IllegalInstruction, 12, 8));
}

/// What reading a special register gives each thread of one block.
fn read(form: &str, name: &str, launch: &Launch<'_>, place: [u32; 3]) -> Vec<u64> {
    let (register, convert) = match form {
        "mov.u64" | "cvt.u64.u32" => ("%d3", ""),
        "mov.u16" => ("%h1", "cvt.u64.u16 %d3, %h1;"),
        "mov.pred" => ("%p1", "selp.u64 %d3, 1, 0, %p1;"),
        _ => ("%r9", "cvt.u64.u32 %d3, %r9;"),
    };
    let body = format!(
        ".shared .u32 own[3]; ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z;
         mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y; mad.lo.u32 %r2, %r3, %r5, %r2; mad.lo.u32 %r1, %r2, %r4, %r1;
         mul.wide.u32 %d2, %r1, 8; add.u64 %d1, %d1, %d2; st.shared.u32 [own], 1;
         {form} {register}, {name}; {convert} st.global.u64 [%d1], %d3; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    let threads = launch.block.iter().product::<u32>();
    let out = bench.put_longs((0..threads).map(|_| 0));
    let launch = Launch { parameters: &out.to_le_bytes(), ..*launch };
    let mut scratch = Scratch::default();
    let run = bench.program.run_block(0, &launch, place, &bench.ram, &bench.paper, &mut scratch);
    run.unwrap_or_else(|fault| panic!("{form} {name}: {fault}"));
    bench.longs(out, threads as usize)
}

/// What a register holds for a thread of the block below.
type Value = fn(u64) -> u64;

/// Every register of 32 bits. // table
const WORDS: &[(&str, Value)] = &[
    ("%tid.x", |thread| thread % 5),
    ("%tid.y", |thread| thread / 5 % 4),
    ("%tid.z", |thread| thread / 20),
    ("%tid.w", |_| 0),
    ("%ntid.x", |_| 5),
    ("%ntid.y", |_| 4),
    ("%ntid.z", |_| 3),
    ("%ntid.w", |_| 1),
    ("%ctaid.x", |_| 66_000),
    ("%ctaid.y", |_| 1),
    ("%ctaid.z", |_| 2),
    ("%ctaid.w", |_| 0),
    ("%nctaid.x", |_| 70_000),
    ("%nctaid.y", |_| 3),
    ("%nctaid.z", |_| 4),
    ("%nctaid.w", |_| 1),
    ("%clusterid.x", |_| 66_000),
    ("%clusterid.y", |_| 1),
    ("%nclusterid.z", |_| 4),
    ("%cluster_ctaid.x", |_| 0),
    ("%cluster_nctaid.y", |_| 1),
    ("%cluster_ctarank", |_| 0),
    ("%cluster_nctarank", |_| 1),
    ("%laneid", |thread| thread % 32),
    ("%warpid", |thread| thread / 32),
    ("%nwarpid", |_| 2),
    ("%lanemask_eq", |thread| 1 << (thread % 32)),
    ("%lanemask_lt", |thread| (1 << (thread % 32)) - 1),
    ("%lanemask_le", |thread| (2 << (thread % 32)) - 1),
    ("%lanemask_gt", |thread| 0xffff_ffff & !((2 << (thread % 32)) - 1)),
    ("%lanemask_ge", |thread| 0xffff_ffff & !((1 << (thread % 32)) - 1)),
    ("%smid", |_| 2),
    ("%nsmid", |_| 9),
    ("%gridid", |_| 7),
    ("%dynamic_smem_size", |_| 100),
    ("%total_smem_size", |_| 116),
    ("%aggr_smem_size", |_| 116 + 1024),
    ("%reserved_smem_offset_begin", |_| 128),
    ("%reserved_smem_offset_0", |_| 128),
    ("%reserved_smem_offset_1", |_| 128 + 64),
    ("%reserved_smem_offset_end", |_| 128 + 1024),
    ("%reserved_smem_offset_cap", |_| 1024),
    ("%envreg0", |_| 0),
    ("%envreg1", |_| 0x1234),
    ("%envreg2", |_| 0x5678_9abc),
    ("%envreg31", |_| 0),
    ("%pm0", |_| 0),
    ("%pm7", |_| 0),
    ("WARP_SZ", |_| 32),
];

#[test]
fn special_registers() {
    let launch = Launch {
        grid: [70_000, 3, 4],
        block: [5, 4, 3],
        shared_bytes: 100,
        cooperative: true,
        workspace: 0x1234_5678_9abc,
        id: 0x1_0000_0007,
        processor: [2, 9],
        ..Launch::default()
    };
    let place = [66_000, 1, 2];
    for &(name, value) in WORDS {
        for (form, mask) in [("mov.u32", 0xffff_ffff), ("mov.u16", 0xffff), ("cvt.u32.u16", 0xffff)] {
            let expected: Vec<u64> = (0..60).map(|thread| value(thread) & mask).collect();
            assert_eq!(read(form, name, &launch, place), expected, "{form} {name}");
        }
        let expected: Vec<u64> = (0..60).map(|thread| value(thread) & 0xffff_ffff).collect();
        assert_eq!(read("cvt.u64.u32", name, &launch, place), expected, "{name}");
    }
    for (name, value) in
        [("%gridid", 0x1_0000_0007), ("%current_graph_exec", 0), ("%pm3_64", 0), ("%ntid.x", 5)]
    {
        assert_eq!(read("mov.u64", name, &launch, place), [value; 60], "{name}");
    }
    assert_eq!(read("mov.pred", "%is_explicit_cluster", &launch, place), [0; 60]);
}

#[test]
fn the_reserved_part_of_shared_memory_is_there_for_those_who_ask() {
    let body = "mov.u32 %r3, %reserved_smem_offset_1; mad.lo.u32 %r3, %r1, 8, %r3; st.shared.u32 [%r3+512], %r1;
        bar.warp.sync -1; xor.b32 %r4, %r1, 1; mov.u32 %r3, %reserved_smem_offset_1; mad.lo.u32 %r3, %r4, 8, %r3;
        cvt.u64.u32 %d3, %r3; cvta.shared.u64 %d3, %d3; ld.u32 %r9, [%d3+512]; ld.u32 %r5, [%d3]; add.u32 %r9, %r9, %r5;";
    check(body, 32, |lane| lane ^ 1);
    let outside = kernel("", "mov.u32 %r1, 0; st.shared.u32 [%r1], %r1; ret;");
    assert_eq!(Bench::new(&outside).run(1, 1, &[]).unwrap_err().kind, FaultKind::IllegalAddress);
    let unknown = kernel("", "mov.u32 %r1, %reserved_smem_offset_2; ret;");
    assert!(
        Module::parse(&unknown)
            .and_then(|module| module.check(1))
            .unwrap_err()
            .to_string()
            .contains("%reserved_smem_offset_2")
    );
}

#[test]
fn lanes_that_come_late_by_themselves() {
    // One half counts for longer than a turn. Both walk to the vote from its block's start, without a branch in between.
    let body = "mov.u32 %r5, 0; setp.lt.u32 %p1, %r1, 16; @%p1 bra out;
        again: add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 9000; @%p2 bra again;
        out: setp.ge.u32 %p3, %r1, 8; vote.sync.ballot.b32 %r9, %p3, -1;";
    check(body, 32, |_| 0xffff_ff00);
}

#[test]
fn groups_with_masks_of_their_own_wait_for_their_own() {
    // Lanes of one remainder belong together; half of the last ones come late.
    let body = "and.b32 %r3, %r1, 3; match.any.sync.b32 %r4, %r3, -1; mov.u32 %r5, 0;
        setp.lt.u32 %p1, %r1, 16; @%p1 bra out; setp.ne.u32 %p1, %r3, 3; @%p1 bra out;
        again: add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 9000; @%p2 bra again;
        out: redux.sync.add.u32 %r9, %r1, %r4;";
    check(body, 32, |lane| 112 + lane % 4 * 8);
}

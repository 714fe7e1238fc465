//! Lanes of a warp together.

use super::bench::{Bench, kernel};

/// The result in %r9 of every thread of a block, after a body that finds its lane in %r1.
fn lanes(body: &str, block: u32) -> Vec<u32> {
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r2, %tid.x; mul.wide.u32 %d2, %r2, 4; add.u64 %d1, %d1, %d2;
         mov.u32 %r1, %laneid; mov.u32 %r9, 0; {body} st.global.u32 [%d1], %r9; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    let out = bench.put_words((0..block).map(|_| 0));
    bench.run(1, block, &[out]).unwrap_or_else(|fault| panic!("{body}: {fault}"));
    bench.words(out, block as usize)
}

fn check(body: &str, block: u32, expect: impl Fn(u32) -> u32) {
    assert_eq!(lanes(body, block), (0..block).map(expect).collect::<Vec<_>>(), "{body}");
}

#[test]
fn shuffles() {
    // The definition in the PTX manual, for every mode and some segments.
    for (mode, clamp) in [("up", 0), ("down", 31), ("bfly", 31), ("idx", 31)] {
        for segment in [0u32, 0x10, 0x18, 0x1c] {
            for by in [0u32, 1, 3, 8, 17, 31] {
                let c = segment << 8 | clamp;
                let body = format!(
                    "add.u32 %r3, %r1, 100; shfl.sync.{mode}.b32 %r4|%p1, %r3, {by}, {c}, -1;
                     selp.u32 %r5, 1000, 0, %p1; add.u32 %r9, %r4, %r5;"
                );
                check(&body, 32, |lane| {
                    let last = (lane & segment) | (clamp & !segment & 31);
                    let (source, valid) = match mode {
                        "up" => (lane as i32 - by as i32, lane as i32 - by as i32 >= last as i32),
                        "down" => ((lane + by) as i32, lane + by <= last),
                        "bfly" => ((lane ^ by) as i32, lane ^ by <= last),
                        _ => {
                            let source = (lane & segment) | (by & !segment & 31);
                            (source as i32, source <= last)
                        }
                    };
                    if valid { source as u32 + 1100 } else { lane + 100 }
                });
            }
        }
    }
}

#[test]
fn votes() {
    check("setp.lt.u32 %p1, %r1, 5; vote.sync.ballot.b32 %r9, %p1, -1;", 64, |_| 31);
    check("setp.lt.u32 %p1, %r1, 5; vote.sync.ballot.b32 %r9, !%p1, 0xff;", 8, |_| 0xe0);
    for (mode, bound, expect) in
        [("all", 32, 1), ("all", 31, 0), ("any", 1, 1), ("any", 0, 0), ("uni", 0, 1), ("uni", 3, 0)]
    {
        let body = format!(
            "setp.lt.u32 %p1, %r1, {bound}; vote.sync.{mode}.pred %p2, %p1, -1; selp.u32 %r9, 1, 0, %p2;"
        );
        check(&body, 32, |_| expect);
    }
}

#[test]
fn matches_and_reductions() {
    check("and.b32 %r3, %r1, 3; match.any.sync.b32 %r9, %r3, -1;", 32, |lane| 0x1111_1111 << (lane % 4));
    check("mov.u32 %r3, 7; match.all.sync.b32 %r9|%p1, %r3, -1; @!%p1 mov.u32 %r9, 5;", 32, |_| u32::MAX);
    check("match.all.sync.b32 %r9|%p1, %r1, -1; @!%p1 add.u32 %r9, %r9, 5;", 32, |_| 5);
    check("redux.sync.add.s32 %r9, %r1, -1;", 32, |_| 496);
    check("sub.s32 %r3, %r1, 9; redux.sync.min.s32 %r9, %r3, -1;", 32, |_| -9i32 as u32);
    check("sub.s32 %r3, %r1, 9; redux.sync.max.u32 %r9, %r3, -1;", 32, |_| u32::MAX);
    check("redux.sync.xor.b32 %r9, %r1, -1;", 32, |_| 0);
}

#[test]
fn exchanges_among_some() {
    // Halves do different things with masks of their own, at different times.
    let body = "setp.lt.u32 %p1, %r1, 16; @%p1 bra low;
        shfl.sync.idx.b32 %r9, %r1, 20, 31, 0xffff0000; bra out;
        low: shfl.sync.idx.b32 %r9, %r1, 3, 31, 0xffff; out:";
    check(body, 32, |lane| if lane < 16 { 3 } else { 20 });
    // A full exchange waits for lanes that come later, and does not wait for those that have left.
    let body = "setp.eq.u32 %p1, %r1, 7; @%p1 exit; and.b32 %r3, %r1, 1; setp.eq.u32 %p2, %r3, 0; @%p2 bra x;
        add.u32 %r1, %r1, 0; x: setp.ge.u32 %p3, %r1, 0; vote.sync.ballot.b32 %r9, %p3, -1;";
    check(body, 32, |lane| if lane == 7 { 0 } else { !(1 << 7) });
}

#[test]
fn special_registers() {
    check("mov.u32 %r9, %warpid;", 70, |thread| thread / 32);
    check("mov.u32 %r9, %lanemask_lt;", 32, |lane| (1 << lane) - 1);
    check("mov.u32 %r9, %lanemask_ge;", 32, |lane| u32::MAX << lane);
    check("mov.u32 %r3, %ntid.x; mov.u32 %r4, %nctaid.y; mad.lo.u32 %r9, %r3, 10, %r4;", 40, |_| 401);
    check(
        "mov.u64 %d3, %globaltimer; mov.u64 %d4, %clock64; setp.lt.u64 %p1, %d3, %d4; selp.u32 %r9, 1, 0, %p1;",
        1,
        |_| 1,
    );
}

//! What matrix instructions refuse: forms that are none, lanes that are missing, rows that lie wrong.

use stream_hal_kernels::FaultKind;
use stream_hal_kernels::forms::{self, State};

use super::super::super::bench::{Bench, kernel};

#[test]
fn other_forms_are_unsupported() {
    for form in [
        "mma.sp.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f32",
        "mma.sync.aligned.m16n8k32.row.col.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k16.row.col.rn.f32.f16.f16.f32",
        "mma.sync.aligned.m16n8k32.row.col.kind::f8f6f4.f32.e4m3.e4m3.f32",
        "wmma.mma.sync.aligned.row.col.m16n16k16.s32.s8.u8.s32",
        "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f16.f16.f32",
        "wmma.load.a.sync.aligned.col.m8n8k32.global.s4",
        "wmma.load.c.sync.aligned.row.m16n16k16.global.bf16",
        "wmma.load.d.sync.aligned.row.m16n16k16.global.f32",
        "ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8",
        "movmatrix.sync.aligned.m8n8.b16",
    ] {
        assert_eq!(forms::state(form), Some(State::Missing), "{form}");
    }
    assert_eq!(forms::state("wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16"), Some(State::Refused));
    // Elements are in order, whatever the table thinks of words that are no types elsewhere.
    let text = kernel(
        "a",
        "mma.sync.aligned.m16n8k8.row.col.tf32.f32.f32.tf32 {%r1,%r1,%r1,%r1}, {%r1,%r1,%r1,%r1}, {%r1,%r1},
         {%r1,%r1,%r1,%r1}; ret;",
    );
    let module = stream_hal_kernels::Module::parse(&text).unwrap();
    assert!(module.resources(0).unwrap().unsupported.is_some());
}

#[test]
fn any_order_of_modifiers_will_do() {
    for form in [
        "wmma.mma.sync.aligned.row.col.m8n8k4.f64.f64.f64.f64.rn",
        "wmma.mma.sync.aligned.row.col.m8n8k4.rn.f64.f64.f64.f64",
        "wmma.mma.sync.aligned.row.col.satfinite.m16n16k16.f16.f16",
        "mma.sync.aligned.m8n8k128.row.col.xor.popc.s32.b1.b1.s32",
        "mma.m16n8k16.sync.aligned.row.col.f32.f16.f16.f32",
        "ldmatrix.sync.aligned.trans.x4.m8n8.shared.b16",
    ] {
        assert_eq!(forms::state(form), Some(State::Done), "{form}");
    }
    let form = "mma.m16n8k32.sync.aligned.row.col.s32.u8.s8.s32.satfinite";
    assert!(super::check_mma(form));
    assert!(super::memory::check("wmma.mma.sync.aligned.row.col.m8n8k4.f64.f64.f64.f64.rn"));
    assert!(super::memory::check("wmma.mma.m16n16k16.sync.aligned.row.col.satfinite.f16.f16"));
}

const PRODUCT: &str = "mma.sync.aligned.m8n8k16.row.col.s32.u8.u8.s32 {%r2, %r3}, {%r1}, {%r1}, {%r8, %r8};";

/// Sixteen times the product of one and one in every place, if all goes well.
fn run(threads: u32, body: &str) -> Result<Vec<u32>, FaultKind> {
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r9, %tid.x; mul.wide.u32 %d2, %r9, 4; add.u64 %d1, %d1, %d2;
         mov.u32 %r1, 0x01010101; mov.u32 %r2, 7; mov.u32 %r8, 0; setp.lt.u32 %p1, %r9, 10;
         {body} st.global.u32 [%d1], %r2; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    bench.paper.patience = 1000;
    let out = bench.put_words([0; 32]);
    bench.run(1, threads, &[out]).map_err(|fault| fault.kind)?;
    Ok(bench.words(out, 32))
}

#[test]
fn the_whole_warp_takes_part() {
    assert_eq!(run(32, PRODUCT), Ok(vec![16; 32]));
    // Lanes that come later, by another way and after a loop, are waited for.
    let late = format!(
        "@%p1 bra go; mov.u32 %r7, 0; loop: add.u32 %r7, %r7, 1; setp.lt.u32 %p2, %r7, %r9; @%p2 bra loop;
         go: {PRODUCT}"
    );
    assert_eq!(run(32, &late), Ok(vec![16; 32]));
    // They are also waited for where the others wait already.
    for early in ["", "!"] {
        let asleep = format!("@{early}%p1 bra go; nanosleep.u32 9; go: add.u32 %r7, %r9, 1; {PRODUCT}");
        assert_eq!(run(32, &asleep), Ok(vec![16; 32]));
    }
    let both = format!("@!%p1 {PRODUCT} @%p1 bra out; @%p1 {PRODUCT} out:");
    assert_eq!(run(32, &both), Err(FaultKind::IllegalInstruction), "each half by itself");
    let illegal = Err(FaultKind::IllegalInstruction);
    assert_eq!(run(31, PRODUCT), illegal, "a lane that never was");
    assert_eq!(run(32, &format!("@%p1 exit; {PRODUCT}")), illegal, "lanes that left");
    assert_eq!(run(32, &format!("@%p1 {PRODUCT}")), illegal, "lanes left out");
    let apart = format!("@%p1 bra a; {PRODUCT} bra b; a: {PRODUCT} b:");
    assert_eq!(run(32, &apart), Err(FaultKind::BarrierDeadlock), "not the same instruction");
    // A guard that no lane passes leaves all out.
    assert_eq!(run(32, &format!("setp.lt.u32 %p1, %r9, 0; @%p1 {PRODUCT}")), Ok(vec![7; 32]));
}

#[test]
fn rows_lie_in_shared_memory_and_whole() {
    let load = |address: &str| {
        let body = format!(
            ".shared .align 16 .b8 rows[1024]; mov.u32 %r4, %laneid; shl.b32 %r4, %r4, 4; mov.u64 %d5, rows;
             cvt.u64.u32 %d3, %r4; {address} ldmatrix.sync.aligned.m8n8.x1.b16 {{%r2}}, [%d3];"
        );
        run(32, &body).map(|words| words[0])
    };
    assert_eq!(load("add.u64 %d3, %d3, %d5; cvta.shared.u64 %d3, %d3;"), Ok(0));
    let cases = [
        ("cvta.shared.u64 %d3, %d3; add.u64 %d3, %d3, 8;", FaultKind::MisalignedAddress),
        ("cvta.shared.u64 %d3, %d3; add.u64 %d3, %d3, 1024;", FaultKind::IllegalAddress),
        ("cvta.shared.u64 %d3, %d3; add.u64 %d3, %d3, 0xfffffffffff000;", FaultKind::IllegalAddress),
        ("add.u64 %d3, %d3, %d1;", FaultKind::IllegalAddress),
    ];
    for (address, kind) in cases {
        assert_eq!(load(address), Err(kind), "{address}");
    }
    // A matrix of `wmma` may be anywhere, but its registers must be whole.
    let store = |stride: u32| {
        run(
            32,
            &format!(
                "ld.param.u64 %d3, [a]; mov.u32 %r2, 0;
                 wmma.store.d.sync.aligned.row.m16n16k16.f16 [%d3], {{%r8, %r8, %r8, %r8}}, {stride};"
            ),
        )
    };
    assert_eq!(store(16), Ok(vec![0; 32]));
    assert_eq!(store(17), Err(FaultKind::MisalignedAddress));
    assert_eq!(store(u32::MAX - 1), Err(FaultKind::IllegalAddress));
}

#[test]
fn registers_are_counted() {
    let text =
        kernel("a", "mma.sync.aligned.m8n8k16.row.col.s32.u8.u8.s32 {%r2}, {%r1}, {%r1}, {%r8, %r8}; ret;");
    let module = stream_hal_kernels::Module::parse(&text).unwrap();
    let errors = module.resources(0).unwrap_err();
    assert!(errors.to_string().contains("1 registers where 2 are written"), "{errors}");
}

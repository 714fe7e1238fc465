//! Faults name the kernel, the block, the thread, the line, and what was wrong.

use stream_hal_kernels::{FaultKind, KernelFault, Launch};

use super::bench::{BASE, Bench, kernel};

/// The fault of a body in a grid of 2 blocks of 40 threads. The body's first line is line 11.
fn fault(body: &str, strays: bool) -> KernelFault {
    let mut bench = Bench::new(&kernel("a", body));
    bench.strays = strays;
    let Err(fault) = bench.run(2, 40, &[BASE]) else { panic!("no fault: {body}") };
    assert_eq!(fault.kernel, "k");
    fault
}

#[test]
fn bad_accesses() {
    let body = "ld.param.u64 %d1, [a];\nmov.u32 %r1, %tid.x;\nmov.u32 %r2, %ctaid.x;\nmul.lo.u32 %r3, %r1, %r2;\n\
                setp.ne.u32 %p1, %r3, 33;\n@%p1 ret;\nadd.u64 %d1, %d1, 0x40000000;\nst.global.u32 [%d1+4], %r1;\nret;";
    let fault = fault(body, false);
    assert_eq!(fault.kind, FaultKind::IllegalAddress);
    assert_eq!((fault.block, fault.thread, fault.line), ([1, 0, 0], [33, 0, 0], 18));
    assert_eq!(fault.address, BASE + 0x4000_0004);
    let text =
        "illegal access of 4 bytes at 0x200040000004 in kernel k block (1,0,0) thread (33,0,0) line 18";
    assert_eq!(fault.to_string(), text);
}

#[test]
fn kinds_of_bad_accesses() {
    let cases = [
        ("ld.param.u64 %d1, [a];\nld.global.u32 %r1, [%d1+2];", FaultKind::MisalignedAddress, 12),
        ("ld.param.u64 %d1, [a];\nld.global.v2.u32 {%r1, %r2}, [%d1+4];", FaultKind::MisalignedAddress, 12),
        ("mov.u32 %r1, 65536;\nst.shared.u32 [%r1], %r1;", FaultKind::IllegalAddress, 12),
        ("mov.u64 %d1, 0;\nld.local.u32 %r1, [%d1+1048576];", FaultKind::IllegalAddress, 12),
        ("mov.u64 %d1, 0;\natom.global.add.u32 %r1, [%d1], 1;", FaultKind::IllegalAddress, 12),
        ("mov.u64 %d1, -8;\nld.u32 %r1, [%d1];", FaultKind::IllegalAddress, 12),
        ("cvta.param.u64 %d1, a;\nst.u32 [%d1], 1;", FaultKind::IllegalAddress, 12),
        ("\ntrap;", FaultKind::Trap, 12),
        ("\nbar.sync 16;", FaultKind::IllegalInstruction, 12),
        ("\nbar.sync 1, 33;", FaultKind::IllegalInstruction, 12),
        ("t: .branchtargets x;\nbrx.idx 3, t; x:", FaultKind::IllegalInstruction, 12),
        (
            "mov.u32 %r1, %tid.x;\nsetp.lt.u32 %p1, %r1, 3;\n@%p1 bra x;\nbar.sync 0; bra y; x:\nbar.sync 1; y:",
            FaultKind::BarrierDeadlock,
            0,
        ),
        (
            "proto: .callprototype _ ();\nld.param.u64 %d1, [a]; call %d1, proto;",
            FaultKind::IllegalInstruction,
            12,
        ),
    ];
    for (body, kind, line) in cases {
        let strays = matches!(kind, FaultKind::MisalignedAddress | FaultKind::IllegalAddress);
        // What is loaded is wanted, or nobody would load it.
        let after = "ld.param.u64 %d1, [a]; st.global.u32 [%d1], %r1; ret;";
        let fault = fault(&format!("{body}\n{after}"), strays);
        assert_eq!(fault.kind, kind, "{body}: {fault}");
        assert!(line == 0 || fault.line == line, "{body}: {fault}");
    }
}

#[test]
fn endless_recursion() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64\n.func f() {\ncall f;\nret; }\n.entry k() {\ncall f;\nret; }";
    let fault = Bench::new(source).run(1, 1, &[]).unwrap_err();
    assert_eq!((fault.kind, fault.line), (FaultKind::StackOverflow, 5));
}

#[test]
fn launches_that_do_not_fit() {
    let source =
        ".version 7.0\n.target sm_80\n.address_size 64\n.entry k(.param .u64 a) .reqntid 32, 2 { ret; }
        .entry m(.param .u32 a) .maxntid 64, 1, 1 { ret; }";
    let bench = Bench::new(source);
    let parameters = [0; 8];
    let launch = |name: &str, block: [u32; 3], bytes: usize| {
        bench.launch(name, &Launch { block, parameters: &parameters[..bytes], ..Launch::default() })
    };
    assert!(launch("k", [32, 2, 1], 8).is_ok());
    assert!(launch("m", [8, 8, 1], 4).is_ok());
    for (name, block, bytes) in [
        ("k", [64, 1, 1], 8),
        ("k", [32, 2, 1], 7),
        ("m", [65, 1, 1], 4),
        ("m", [0, 1, 1], 4),
        ("m", [u32::MAX, 2, 1], 4),
    ] {
        assert_eq!(
            launch(name, block, bytes).unwrap_err().kind,
            FaultKind::InvalidLaunch,
            "{name} {block:?} {bytes}"
        );
    }
}

#[test]
fn an_unsupported_form_refuses_its_kernel_alone() {
    let source = ".version 7.0\n.target sm_80\n.address_size 64\n.func f() {\n.reg .b32 %r<4>;\n
        vadd.u32.u32.u32 %r1, %r2, %r3;\nret; }\n.entry bad() { call f; ret; }\n.entry good() { ret; }";
    let bench = Bench::new(source);
    assert!(bench.launch("good", &Launch::default()).is_ok());
    let fault = bench.launch("bad", &Launch::default()).unwrap_err();
    assert_eq!((fault.kind, fault.line), (FaultKind::Unsupported, 7));
    assert_eq!(fault.words, "vadd.u32.u32.u32 is not supported");
}

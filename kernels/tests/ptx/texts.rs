//! What the reader says about bad texts, and what it makes of good ones.

use stream_hal_kernels::Module;
use stream_hal_kernels::ir::{op, verify};

use super::bench::kernel;

#[track_caller]
fn errors(source: &str, expect: &str) {
    match Module::parse(source).and_then(|module| module.check(2)) {
        Ok(()) => panic!("{source}\nwas accepted"),
        Err(errors) => assert_eq!(errors.to_string(), expect, "{source}"),
    }
}

const HEAD: &str = ".version 7.0\n.target sm_80\n.address_size 64\n";

#[test]
fn errors_have_a_place() {
    errors("", "1:1: expected '.version', found the end of the text");
    errors("hello", "1:1: expected '.version', found \"hello\"");
    errors(".version 7.0\n.target sm_80\n.address_size 32", "3:15: only 64-bit addresses are supported");
    let cases = [
        (".entry k() { ret }", "4:18: expected an operand, found \"}\""),
        (".entry k() { add.u32 %r1, %r2, 3; }", "4:14: '%r1' is not declared"),
        (".entry k() { bra nowhere; }", "4:14: no label 'nowhere'"),
        (".entry k() { x: x: ret; }", "4:17: label 'x' is defined twice"),
        (".entry k() { frob.u32 1; }", "4:14: unknown instruction 'frob'"),
        (
            ".entry k() {\n.reg .b64 %d<3>; .reg .b32 %r;\n  add.u32 %r, %d1, 3; }",
            "6:3: '%d1' is .b64, which does not fit .u32",
        ),
        (".entry k() { .reg .b32 %r<2>; mov.u32 %r2, 1; }", "4:31: '%r2' is not declared"),
        (".entry k() { .reg .pred %p; .reg .b32 %r; @%r ret; }", "4:47: '%r' is no predicate"),
        (".entry k() { .reg .b32 %r; add.u32 %r, %r; }", "4:28: 'add' with 2 operands"),
        (".entry k() { } .entry k() { }", "4:23: 'k' is defined twice"),
        (".global .u32 x = 0x;", "4:20: bad number \"0x\""),
        (".global .u32 x[2] = {1, 2, 3};", "4:30: the initial value of 'x' is too long"),
        (".entry k() { /* ret; }", "4:14: comment without an end"),
        (".frob", "4:1: unknown directive '.frob'"),
        (".entry k() { call f; }", "4:14: no function 'f'"),
        (".entry k() { ret; } \u{20ac}", "4:21: unexpected character '\u{20ac}'"),
        (".entry k() { ret; ", "4:13: a body without an end"),
    ];
    for (text, expect) in cases {
        errors(&format!("{HEAD}{text}"), expect);
    }
}

#[test]
fn several_errors_are_listed() {
    let text = format!("{HEAD}.entry k() {{ .reg .b32 %r;\nadd.u32 %x, %r, 1;\nmov.u32 %r, 1;\nbra y;\n}}");
    errors(&text, "5:1: '%x' is not declared\n7:1: no label 'y'");
    errors(
        &format!("{HEAD}.entry k() {{ add 1 2;\nret\n}}"),
        "4:20: expected ';', found \"2\"\n6:1: expected an operand, found \"}\"",
    );
}

#[test]
fn kernels_are_described() {
    let source = format!(
        "{HEAD}.visible .entry k(.param .u32 a, .param .u64 .ptr .global .align 16 b, .param .align 8 .b8 c[12], .param .u8 d)\n\
         .maxntid 128, 2, 1 .minnctapersm 2 {{ .local .align 16 .b8 l[24]; .shared .f32 s[10]; .reg .b64 %d;\n\
         ld.param.u64 %d, [b]; ret; }}\n.global .align 8 .b8 g[16]; .extern .global .u32 e; .const .f64 c = 1.5;"
    );
    let module = Module::parse(&source).unwrap();
    let (kernel, resources) = (&module.kernels()[0], module.resources(0).unwrap());
    let layout: Vec<_> = kernel.parameters.iter().map(|p| (p.offset, p.bytes, p.align)).collect();
    assert_eq!(layout, [(0, 4, 4), (8, 8, 8), (16, 12, 8), (28, 1, 1)]);
    assert_eq!((kernel.parameter_bytes, resources.shared_bytes, resources.local_bytes), (29, 40, 32));
    assert_eq!((kernel.max_threads, kernel.required_block), (256, None));
    let globals: Vec<_> = module.globals().iter().map(|g| (g.name.as_str(), g.bytes, g.external)).collect();
    assert_eq!(globals, [("g", 16, false), ("e", 4, true), ("c", 8, false)]);
    assert_eq!(module.globals()[2].initial, 1.5f64.to_le_bytes());
}

#[test]
fn ir_as_text() {
    let body = "ld.param.u64 %d1, [a];\nmov.u32 %r1, %tid.x;\nsetp.gt.and.s32 %p1|%p2, %r1, 5, !%p3;\n@%p1 bra out;\n\
                mad.wide.u32 %d2, %r1, 4, %d1;\n@!%p2 st.volatile.global.u32 [%d2+8], %r1;\nout: ret;";
    let module = Module::parse(&kernel("a", body)).unwrap();
    let expect = "kernel k () -> () frame 0
b0:
    %0 = load.param.u64 [0+0]  ; 11
    %2 = special tid(0)  ; 12
    %1 = copy %2  ; 12
    %3 = compare.gt.s32 %1, 5  ; 13
    %4 = not.pred %3  ; 13
    %6 = not.pred %5  ; 13
    %7 = and.pred %3, %6  ; 13
    %8 = and.pred %4, %6  ; 13
    %9 = copy %7  ; 13
    %10 = copy %8  ; 13
    branch %9, b2, b1
b1:
    %11 = madwide.u32 %1, 4, %0  ; 15
    if !%10: store.shared.global.u32 [%11+8], %1  ; 16
    jump b2
b2:
    return
";
    assert_eq!(module.function("k").unwrap().to_string(), expect);
}

#[test]
fn broken_ir_is_found() {
    let module = Module::parse(&kernel("a", "add.u32 %r1, %r2, 3; bra x; x: ret;")).unwrap();
    let good = module.function("k").unwrap();
    assert_eq!(verify::verify(good), Ok(()));
    let mut bad = good.clone();
    bad.registers[0] = 64;
    assert_eq!(verify::verify(&bad).unwrap_err(), "b0: %0 = add.u32 %1, 3: %0 has 64 bits, not 32");
    let mut bad = good.clone();
    bad.registers.clear();
    assert_eq!(verify::verify(&bad).unwrap_err(), "b0: %0 = add.u32 %1, 3: %1 does not exist");
    let mut bad = good.clone();
    bad.blocks[0].end = op::End::Jump(9);
    assert_eq!(verify::verify(&bad).unwrap_err(), "b0: jump b9: b9 does not exist");
    let mut bad = good.clone();
    bad.blocks[0].insts[0].guard = Some(op::Guard { reg: op::Reg(1), negated: false });
    assert_eq!(verify::verify(&bad).unwrap_err(), "b0: if %1: %0 = add.u32 %1, 3: %1 has 32 bits, not 1");
    let mut bad = good.clone();
    bad.blocks[0].insts[0].op = op::Op::Call {
        callee: op::Callee::Function(0),
        arguments: vec![op::Passed { frame: 8, bytes: 8 }],
        results: Vec::new(),
    };
    let expect = "b0: call () function0 (frame+8:8): frame+8 of 8 bytes is outside of the frame";
    assert_eq!(verify::verify(&bad).unwrap_err(), expect);
    let mut bad = good.clone();
    bad.blocks.clear();
    assert_eq!(verify::verify(&bad).unwrap_err(), "no blocks");
}

/// Bodies are read when they are needed: what is wrong with one stays there.
#[test]
fn a_bad_body_takes_down_the_kernels_that_reach_it() {
    let text = format!(
        "{HEAD}.func bad() {{ frob; }} .func fine() {{ ret; }} .shared .b32 s[4]; .shared .b32 t[8];\n\
         .entry a() {{ call bad; }} .entry b() {{ call fine; .reg .b32 %r; ld.shared.u32 %r, [t]; }}\n\
         .entry c() {{ .reg .b32 %r; mov.u32 %r, s; mov.u32 %r, t; tex.1d %r; }}"
    );
    let module = Module::parse(&text).unwrap();
    assert_eq!(module.resources(0).unwrap_err().to_string(), "4:15: unknown instruction 'frob'");
    assert_eq!(module.resources(1).unwrap().shared_bytes, 32);
    let resources = module.resources(2).unwrap();
    assert_eq!((resources.shared_bytes, resources.unsupported.as_ref().unwrap().line), (48, 6));
    assert_eq!(module.check(4).unwrap_err().to_string(), "4:15: unknown instruction 'frob'");
}

/// Variables of a body in global memory get their place before the body is read, wherever they stand in it.
#[test]
fn variables_of_bodies_stand_anywhere() {
    let before = [
        "",
        "ret;",
        "x:",
        "// comment\n",
        "/* comment */",
        "{ } // a; b\n/* c */ ",
        ".loc 1 2 3\n",
        "mov.u32 %r, 1; // ld\n",
    ];
    for before in before {
        let text = format!(
            "{HEAD}.entry k() {{ .reg .b32 %r;\n{before} .global .u32 g = 7; ld.global.u32 %r, [g]; }}"
        );
        let module = Module::parse(&text).unwrap();
        assert_eq!(module.check(1).map_err(|errors| errors.to_string()), Ok(()), "{before}");
        assert_eq!(module.globals().len(), 1, "{before}");
    }
}

/// A call through a pointer may reach whatever can be called; what cannot, by itself or further on, is not among it.
#[test]
fn a_call_through_a_pointer_leaves_out_what_cannot_be_called() {
    let text = format!(
        "{HEAD}.func bad() {{ frob; }} .func above() {{ call bad; }} .func top() {{ call above; }}\n\
         .func odd() {{ tex.1d %r; }} .func fine() {{ ret; }}\n\
         .entry a(.param .u64 f) {{ .reg .b64 %d; ld.param.u64 %d, [f]; p: .callprototype _ ();\n\
         call %d, p; }} .entry b() {{ call top; }}"
    );
    let module = Module::parse(&text).unwrap();
    assert_eq!(module.resources(0).unwrap().unsupported, None);
    assert_eq!(module.resources(1).unwrap_err().to_string(), "4:15: unknown instruction 'frob'");
}

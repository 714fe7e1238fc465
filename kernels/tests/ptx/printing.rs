//! `printf`, assertions and the other device functions of the runtime.

use stream_hal_kernels::FaultKind;

use super::bench::{BASE, Bench};

const HEAD: &str = ".version 7.0\n.target sm_80\n.address_size 64
    .extern .func (.param .b32 o) vprintf(.param .b64 f, .param .b64 v);
    .extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l, .param .b64 n, .param .b64 s);
    .extern .func (.param .b64 o) malloc(.param .b64 n);
    .extern .func cudaGraphSetConditional(.param .b64 h, .param .b32 v);
    .global .align 1 .b8 word[6] = {119, 111, 114, 108, 100, 0};\n";

/// What a format prints with its arguments stored by a body at [buffer].
fn check(format: &str, stores: &str, expect: &str) {
    let bytes: Vec<String> = format.bytes().chain([0]).map(|byte| byte.to_string()).collect();
    let source = format!(
        "{HEAD}.global .align 1 .b8 fmt[{}] = {{{}}};
        .entry k() {{ .local .align 8 .b8 buffer[64]; .reg .b64 %d<9>; .reg .b32 %r<9>;
        mov.u64 %d1, buffer; cvta.local.u64 %d2, %d1; mov.u64 %d3, fmt; cvta.global.u64 %d3, %d3;
        {stores}
        {{ .param .b64 p; .param .b64 q; .param .b32 n; st.param.b64 [p], %d3; st.param.b64 [q], %d2;
        call.uni (n), vprintf, (p, q); ld.param.b32 %r1, [n]; }} ret; }}",
        bytes.len(),
        bytes.join(", ")
    );
    let bench = Bench::new(&source);
    bench.run(1, 1, &[]).unwrap();
    assert_eq!(bench.printed(), expect, "{format}");
}

#[test]
fn integers() {
    let store = "st.local.u32 [%d1], -42;";
    let cases = [
        ("%d|%i|", "st.local.v2.u32 [%d1], {-42, 7};", "-42|7|"),
        ("%5d|%-5d|", "st.local.v2.u32 [%d1], {-42, 7};", "  -42|7    |"),
        ("%05d|%+d|", "st.local.v2.u32 [%d1], {-42, 7};", "-0042|+7|"),
        ("%u", store, "4294967254"),
        ("%x %X", "st.local.v2.u32 [%d1], {48879, 48879};", "beef BEEF"),
        ("%#x %#o", "st.local.v2.u32 [%d1], {255, 8};", "0xff 010"),
        ("%.4d|% d", "st.local.v2.u32 [%d1], {42, 5};", "0042| 5"),
        ("%hhd %hu", "st.local.v2.u32 [%d1], {511, 65537};", "-1 1"),
        ("%d %lld", "st.local.u32 [%d1], 1; st.local.u64 [%d1+8], -9000000000;", "1 -9000000000"),
        ("%llu %lx", "st.local.u64 [%d1], -1; st.local.u64 [%d1+8], 16;", "18446744073709551615 10"),
        ("%*d|", "st.local.v2.u32 [%d1], {6, 9};", "     9|"),
        ("%c%c%%", "st.local.v2.u32 [%d1], {72, 105};", "Hi%"),
        ("%p", "st.local.u64 [%d1], 4660;", "0x1234"),
        ("plain\n", "", "plain\n"),
        ("%y %", "", "%y %"),
    ];
    for (format, stores, expect) in cases {
        check(format, stores, expect);
    }
}

#[test]
fn floats() {
    let store = |value: f64| format!("mov.b64 %d4, 0x{:x}; st.local.b64 [%d1], %d4;", value.to_bits());
    let cases = [
        ("%f", 1.5, "1.500000"),
        ("%.2f", -2.675, "-2.67"),
        ("%8.3f|", std::f64::consts::PI, "   3.142|"),
        ("%-8.1f|", 2.25, "2.2     |"),
        ("%08.2f", -1.5, "-0001.50"),
        ("%e", 12345.678, "1.234568e+04"),
        ("%.0e", 0.00012, "1e-04"),
        ("%g", 100000.0, "100000"),
        ("%g", 1000000.0, "1e+06"),
        ("%g", 0.0001, "0.0001"),
        ("%g", 0.00001234, "1.234e-05"),
        ("%g", 0.5, "0.5"),
        ("%#g", 999999.5, "1.00000e+06"),
        ("%#.1g", 5.0, "5."),
        ("%.3g", 1234.0, "1.23e+03"),
        ("%G", 1e-10, "1E-10"),
        ("%f", f64::INFINITY, "inf"),
        ("%5.1f|", f64::NAN, "  nan|"),
        ("%a", 1.0, "0x1p+0"),
        ("%a", -0.15625, "-0x1.4p-3"),
        ("%.2a", 1.999, "0x2.00p+0"),
        ("%+.1f", 0.25, "+0.2"),
    ];
    for (format, value, expect) in cases {
        check(format, &store(value), expect);
    }
}

#[test]
fn strings() {
    let store = "mov.u64 %d4, word; st.local.u64 [%d1], %d4;";
    check("hello %s!", store, "hello world!");
    check("%8s|", store, "   world|");
    check("%-8.3s|", store, "wor     |");
    check(
        "%s|%8s|%.3s|",
        "mov.u64 %d4, 0; st.local.v2.u64 [%d1], {%d4, %d4}; st.local.u64 [%d1+16], %d4;",
        "(null)|  (null)||",
    );
}

#[test]
fn no_format_is_no_success() {
    let source = format!(
        "{HEAD}.entry k(.param .u64 a) {{ .reg .b64 %d<9>; .reg .b32 %r<9>; ld.param.u64 %d1, [a];
        {{ .param .b64 p; .param .b64 q; .param .b32 n; st.param.b64 [p], 0; st.param.b64 [q], 0;
        call.uni (n), vprintf, (p, q); ld.param.b32 %r1, [n]; }} st.global.u32 [%d1], %r1; ret; }}"
    );
    let mut bench = Bench::new(&source);
    let out = bench.put_longs([0]);
    bench.run(1, 1, &[out]).unwrap();
    assert_eq!((bench.words(out, 1)[0], bench.printed().as_str()), (u32::MAX, ""));
}

#[test]
fn lanes_print_in_order() {
    let source = format!(
        "{HEAD}.global .align 1 .b8 fmt[4] = {{37, 100, 32, 0}};
        .entry k() {{ .local .align 8 .b8 buffer[8]; .reg .b64 %d<9>; .reg .b32 %r<9>; .reg .pred %p;
        mov.u64 %d1, buffer; cvta.local.u64 %d2, %d1; mov.u64 %d3, fmt; mov.u32 %r2, %tid.x; st.local.u32 [%d1], %r2;
        and.b32 %r3, %r2, 1; setp.eq.u32 %p, %r3, 1;
        {{ .param .b64 p; .param .b64 q; .param .b32 n; st.param.b64 [p], %d3; st.param.b64 [q], %d2;
        @%p call.uni (n), vprintf, (p, q); }} ret; }}"
    );
    let bench = Bench::new(&source);
    bench.run(1, 10, &[]).unwrap();
    assert_eq!(bench.printed(), "1 3 5 7 9 ");
}

#[test]
fn assertions() {
    let source = format!(
        "{HEAD}.entry k() {{ .reg .b64 %d<9>; mov.u64 %d1, word;
        {{ .param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e;
        st.param.b64 [a], %d1; st.param.b64 [b], %d1; st.param.b32 [c], 12; st.param.b64 [d], %d1; st.param.b64 [e], 1;
        call.uni __assertfail, (a, b, c, d, e); }} ret; }}"
    );
    let fault = Bench::new(&source).run(1, 1, &[]).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Assert);
    assert_eq!(fault.words, "world:12: world: block: [0,0,0], thread: [0,0,0] Assertion `world` failed");
}

#[test]
fn allocation_and_conditionals() {
    let source = format!(
        "{HEAD}.entry k(.param .u64 a) {{ .reg .b64 %d<9>;
        {{ .param .b64 n; .param .b64 o; st.param.b64 [n], 64; call.uni (o), malloc, (n); ld.param.b64 %d1, [o]; }}
        ld.param.u64 %d2, [a]; st.global.u64 [%d2], %d1;
        {{ .param .b64 h; .param .b32 v; st.param.b64 [h], 5; st.param.b32 [v], 6;
        call.uni cudaGraphSetConditional, (h, v); }} ret; }}"
    );
    let mut bench = Bench::new(&source);
    let out = bench.put_longs([0]);
    bench.run(1, 1, &[out]).unwrap();
    assert_eq!(bench.longs(out, 1), [BASE + 0x100]);
    assert_eq!(bench.paper.conditional.into_inner(), 5 << 32 | 6);
}

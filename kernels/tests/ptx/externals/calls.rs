//! How calls of the device library are read: arrays and pointers of any space, own bodies, wrong declarations.

use stream_hal_kernels::Module;

use super::super::bench::{Bench, kernel};
use super::exact::Bits;

/// Functions that the tests of this file cover.
pub const OWN_TESTS: [&str; 6] =
    ["__nv_norm", "__nv_normf", "__nv_rnorm", "__nv_rnormf", "__nv_rcp64h", "__nv_fast_fdividef"];

/// A kernel with the declarations before it.
fn with(declared: &str, parameters: &str, body: &str) -> String {
    kernel(parameters, body).replacen(".visible .entry", &format!("{declared}\n.visible .entry"), 1)
}

/// Why the only kernel is not supported, and on which line.
fn refusal(declared: &str, body: &str) -> (String, u32) {
    let module = Module::parse(&with(declared, "a", body)).unwrap_or_else(|errors| panic!("{errors}"));
    let unsupported = module.resources(0).unwrap().unsupported.clone().expect("it is not supported");
    (unsupported.form, unsupported.line)
}

#[test]
fn arrays_are_gone_through() {
    for (name, ty, bytes) in [
        ("__nv_norm", "f64", 8),
        ("__nv_rnorm", "f64", 8),
        ("__nv_normf", "f32", 4),
        ("__nv_rnormf", "f32", 4),
    ] {
        let declared = format!(".extern .func (.param .{ty} o) {name}(.param .b32 n, .param .b64 p);");
        let register = if bytes == 8 { "%g1" } else { "%f1" };
        // As many numbers as the thread's index says.
        let body = format!(
            "ld.param.u64 %d1, [a]; ld.param.u64 %d2, [b]; mov.u32 %r1, %tid.x;
             .param .b32 n; .param .b64 p; .param .{ty} q; st.param.b32 [n], %r1; st.param.b64 [p], %d1;
             call.uni (q), {name}, (n, p); ld.param.{ty} {register}, [q];
             mul.wide.u32 %d3, %r1, {bytes}; add.u64 %d2, %d2, %d3; st.global.{ty} [%d2], {register}; ret;"
        );
        let mut bench = Bench::new(&with(&declared, "a b", &body));
        let numbers = [2.0, -3.0, 6.0, 0.0, 24.0];
        let (input, output) = if bytes == 8 {
            (bench.put_longs(numbers.map(f64::to_bits)), bench.put_longs([7; 6]))
        } else {
            (bench.put_words(numbers.map(|x| (x as f32).to_bits())), bench.put_longs([7; 3]))
        };
        bench.run(1, 6, &[input, output]).unwrap();
        let results: Vec<f64> = match bytes {
            8 => bench.longs(output, 6).into_iter().map(f64::from_bits).collect(),
            _ => bench.words(output, 6).into_iter().map(|bits| f64::from(f32::from_bits(bits))).collect(),
        };
        let expect = [0.0, 2.0, 13f64.sqrt(), 7.0, 7.0, 25.0]
            .map(|x| if name.contains('r') && name.contains("rn") { 1.0 / x } else { x });
        let most = if bytes == 8 { 1e-15 } else { 1e-7 };
        for (result, expect) in results.iter().zip(expect) {
            let good = result == &expect || (result - expect).abs() <= most * expect.abs();
            assert!(good, "{name}: {results:?}, expected {expect:?}");
        }
    }
}

#[test]
fn results_go_through_pointers_to_local_memory() {
    let declared = ".extern .func (.param .f64 o) __nv_frexp(.param .f64 x, .param .b64 e);";
    let body = "ld.param.u64 %d1, [a]; ld.global.f64 %g1, [%d1];
         .local .align 4 .b32 power; mov.u64 %d2, power; cvta.local.u64 %d3, %d2;
         .param .f64 x; .param .b64 e; .param .f64 q; st.param.f64 [x], %g1; st.param.b64 [e], %d3;
         call.uni (q), __nv_frexp, (x, e); ld.param.f64 %g2, [q];
         ld.local.s32 %r1, [%d2]; st.global.f64 [%d1], %g2; st.global.u32 [%d1+8], %r1; ret;";
    let mut bench = Bench::new(&with(declared, "a", body));
    let memory = bench.put_longs([(-12.0f64).to_bits(), 0]);
    bench.run(1, 1, &[memory]).unwrap();
    assert_eq!(bench.longs(memory, 2), [(-0.75f64).to_bits(), 4]);
}

#[test]
fn only_lanes_of_the_guard_call() {
    let declared = ".extern .func __nv_sincosf(.param .f32 x, .param .b64 s, .param .b64 c);";
    let body = "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 8; add.u64 %d1, %d1, %d2;
         add.u64 %d2, %d1, 4; setp.gt.u32 %p1, %r1, 1; mov.f32 %f1, 0f00000000;
         .param .f32 x; .param .b64 s; .param .b64 c;
         st.param.f32 [x], %f1; st.param.b64 [s], %d1; st.param.b64 [c], %d2; @%p1 call.uni __nv_sincosf, (x, s, c); ret;";
    let mut bench = Bench::new(&with(declared, "a", body));
    let memory = bench.put_longs([5; 4]);
    bench.run(1, 4, &[memory]).unwrap();
    assert_eq!(bench.longs(memory, 4), [5, 5, 0x3f80_0000 << 32, 0x3f80_0000 << 32]);
}

#[test]
fn registers_can_be_passed_directly() {
    let declared = ".extern .func (.reg .b32 o) __nv_popc(.reg .b32 x);";
    let body = "ld.param.u64 %d1, [a]; ld.global.u32 %r1, [%d1]; call.uni (%r2), __nv_popc, (%r1);
         st.global.u32 [%d1], %r2; ret;";
    let mut bench = Bench::new(&with(declared, "a", body));
    let memory = bench.put_longs([0xf0f1]);
    bench.run(1, 1, &[memory]).unwrap();
    assert_eq!(bench.longs(memory, 1), [9]);
}

#[test]
fn a_body_of_the_module_counts() {
    let own = ".func (.param .f32 o) __nv_sinf(.param .f32 x)
        { .reg .f32 %f<3>; ld.param.f32 %f1, [x]; add.f32 %f2, %f1, %f1; st.param.f32 [o], %f2; ret; }";
    let body = "ld.param.u64 %d1, [a]; .param .f32 x; .param .f32 q; st.param.f32 [x], 0f40400000;
         call.uni (q), __nv_sinf, (x); ld.param.f32 %f1, [q]; st.global.f32 [%d1], %f1; ret;";
    let mut bench = Bench::new(&with(own, "a", body));
    let memory = bench.put_longs([0]);
    bench.run(1, 1, &[memory]).unwrap();
    assert_eq!(bench.longs(memory, 1), [6f32.put()]);
}

#[test]
fn wrong_declarations_and_unknown_functions_are_named() {
    let call = "{ .param .f64 x; .param .f64 q; st.param.f64 [x], 0d4008000000000000;\n call.uni (q), __nv_sinf, (x); } ret;";
    let declared = ".extern .func (.param .f64 o) __nv_sinf(.param .f64 x);";
    let (form, line) = refusal(declared, call);
    assert_eq!(form, "call.uni __nv_sinf, declared with other types than \"f f\"");
    let text = with(declared, "a", call);
    assert!(text.lines().nth(line as usize - 1).unwrap().contains("call.uni"), "{line}");
    let more = ".extern .func (.param .f64 o) __nv_sin(.param .f64 x, .param .f64 y);";
    let two = "{ .param .f64 x; .param .f64 q; st.param.f64 [x], 0d4008000000000000; call.uni (q), __nv_sin, (x, x); } ret;";
    assert!(refusal(more, two).0.contains("__nv_sin, declared with other types"));
    let unknown = ".extern .func __nv_unheard();";
    assert_eq!(
        refusal(unknown, "call.uni __nv_unheard; ret;").0,
        "call.uni __nv_unheard, which is defined nowhere"
    );
    assert_eq!(
        refusal(".extern .func elsewhere();", "call.uni elsewhere; ret;").0,
        "call.uni elsewhere, which is defined nowhere"
    );
}

#[test]
fn gross_and_fast_quotients() {
    let high = |a: f64| super::call("__nv_rcp64h", "d d", &[vec![a.put()]])[0][0];
    for a in [3.0, -0.7, 1e100] {
        let (result, exact) = (f64::from_bits(high(a)), 1.0 / a);
        assert!((result - exact).abs() <= exact.abs() * 1e-6 && high(a) as u32 == 0, "{a} {result}");
    }
    let quotient = |a: f32, b: f32| {
        f32::get(super::call("__nv_fast_fdividef", "f f f", &[vec![a.put(), b.put()]])[0][0])
    };
    assert_eq!(quotient(1.0, 4.0), 0.25);
    let third = quotient(1.0, 3.0);
    assert!((third - 1.0 / 3.0).abs() <= 2.0 * f32::EPSILON / 4.0, "{third}");
    // Divisors above 2^126 give 0, and NaN where infinity is divided.
    assert_eq!(quotient(5.0, 2e38), 0.0);
    assert!(quotient(f32::INFINITY, 2e38).is_nan());
}

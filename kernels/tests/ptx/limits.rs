//! Sizes that a text or a launch asks for and nobody has: each is refused in words.

use stream_hal_kernels::{FaultKind, Launch, Module};

use super::bench::{Bench, kernel};

const HEAD: &str = ".version 8.0\n.target sm_80\n.address_size 64\n";

#[test]
fn parameters_of_a_kernel() {
    for list in [
        ".param .b8 a[4294967295], .param .b8 b[16]",
        ".param .b8 a[32760], .param .u32 b, .param .u8 c",
        &vec![".param .b8 a[200000000000000]"; 100_000].join(", "),
    ] {
        let errors = Module::parse(&format!("{HEAD}.entry k({list}) {{ ret; }}")).unwrap_err();
        assert_eq!(errors.to_string(), "4:8: parameters of 'k' are too large");
    }
    let text = format!("{HEAD}.entry k(.param .b8 a[32760], .param .u32 b) {{ ret; }}");
    assert_eq!(Module::parse(&text).unwrap().kernels()[0].parameter_bytes, 32764);
}

#[test]
fn shared_memory_of_a_block() {
    let many: String = (0..4100).map(|at| format!(".shared .align 16 .b8 s{at}[1048576];\n")).collect();
    let module =
        Module::parse(&format!("{HEAD}.entry k() {{\n{many} ret; }}\n.entry m() {{ ret; }}")).unwrap();
    assert_eq!(
        module.resources(0).unwrap_err().to_string(),
        "4:8: 'k' has more than 1048576 bytes of shared memory"
    );
    assert_eq!(module.resources(1).unwrap().shared_bytes, 0);
}

#[test]
fn stack_of_a_thread() {
    let bench = Bench::new(&format!("{HEAD}.func f() {{ call f; ret; }}\n.entry k() {{ call f; ret; }}"));
    for stack_bytes in [u32::MAX, 1 << 30] {
        let fault = bench.launch("k", &Launch { stack_bytes, ..Launch::default() }).unwrap_err();
        assert_eq!(fault.kind, FaultKind::InvalidLaunch);
    }
}

#[test]
fn registers_of_a_thread() {
    let mut body = ".reg .b32 %x<200000>;\n".to_owned();
    (0..200_000).for_each(|at| body += &format!("mov.u32 %x{at}, {at};\n"));
    (0..200_000).for_each(|at| body += &format!("add.u32 %r1, %r1, %x{at};\n"));
    let bench = Bench::new(&kernel("a", &body));
    let fault = bench.run(1, 1024, &[0]).unwrap_err();
    assert_eq!((fault.kind, fault.line), (FaultKind::InvalidLaunch, 0));
    bench.run(1, 32, &[0]).unwrap();
}

#[test]
fn text_of_a_printf() {
    let body = format!(
        ".global .align 1 .b8 fmt[20004] = {{{}0}};\n.local .align 8 .b8 args[40960];\n\
         mov.u64 %d1, fmt;\nmov.u64 %d2, args;\ncvta.local.u64 %d2, %d2;\n\
         .param .b64 f; .param .b64 v; .param .b32 back;\n\
         st.param.u64 [f], %d1; st.param.u64 [v], %d2;\n\
         call (back), vprintf, (f, v);\nret;",
        "37, 52, 48, 57, 54, 100,".repeat(3000)
    );
    let declared = ".extern .func (.param .b32 r) vprintf(.param .b64 a, .param .b64 b);\n";
    let text = kernel("a", &body).replacen(".visible", &format!("{declared}.visible"), 1);
    let bench = Bench::new(&text);
    bench.run(1, 1, &[0]).unwrap();
    assert_eq!(bench.printed().len(), 1 << 20);
}

/// Each block leads to the one above it: what is needed above goes through all of them.
#[test]
fn branches_that_lead_upwards() {
    let count = 30_000;
    let mut body = format!("mov.u32 %r1, %tid.x;\nbra l{count};\nl0: add.u32 %r2, %r1, 1;\nret;\n");
    (1..=count).for_each(|at| body += &format!("l{at}: bra l{};\n", at - 1));
    Bench::new(&kernel("a", &body)).run(1, 1, &[0]).unwrap();
}

#[test]
fn alignment_of_local_memory() {
    let body = ".local .b8 first; .local .align 1024 .b8 second[4];\n\
                ld.param.u64 %d1, [a];\nmov.u64 %d2, second;\nst.global.u64 [%d1], %d2;\nret;";
    let mut bench = Bench::new(&kernel("a", body));
    let out = bench.put_longs([1]);
    bench.run(1, 1, &[out]).unwrap();
    assert_eq!(bench.longs(out, 1)[0] % 1024, 0);
}

#[test]
fn registers_that_do_not_fit() {
    let cases = [
        (".reg .b16 %x; mov.b16 %x, 0f3F800000;", "a float does not fit here"),
        ("setp.eq.f16 %p1, %h1, 0f3F800000;", "a float does not fit here"),
        ("and.pred %p1, %p1, 0f3F800000;", "a float does not fit here"),
    ];
    for (body, what) in cases {
        let module = Module::parse(&kernel("a", body)).unwrap();
        let errors = module.check(1).map_or_else(|errors| errors.to_string(), |()| "accepted".to_owned());
        assert!(errors.ends_with(what), "{body}: {errors}");
    }
}

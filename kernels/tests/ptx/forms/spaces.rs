//! Addresses of spaces, hints, fences, wide registers and growing stacks.

use stream_hal_kernels::FaultKind;

use super::super::bench::{Bench, kernel};
use super::Form;

/// Places of every space, their address there in `%d10` and up, and as a generic one in `%d20` and up, in the order of
/// [`SPACES`].
const PLACES: &str = ".shared .align 16 .b8 s[64]; .local .align 16 .b8 l[64];
    ld.param.u64 %d1, [a]; mov.u64 %d10, %d1; mov.u64 %d11, s; mov.u64 %d12, l; mov.u64 %d13, a; mov.u64 %d14, c;
    mov.u64 %d20, %d1; cvta.shared.u64 %d21, %d11; cvta.local.u64 %d22, %d12; cvta.param.u64 %d23, %d13;
    cvta.const.u64 %d24, %d14;\n";
const SPACES: [&str; 5] = ["global", "shared", "local", "param", "const"];

/// The kernel `k` of a body behind [`PLACES`], with constants.
fn text(body: &str) -> String {
    let constants = ".address_size 64\n.const .align 16 .b8 c[64] = {1, 2, 3, 4, 5, 6, 7, 8};\n";
    kernel("a", &format!("{PLACES}{body} ret;")).replace(".address_size 64\n", constants)
}

/// Runs a body in one thread and gives the first words of its memory.
fn run(body: &str) -> Vec<u64> {
    let text = text(body);
    let mut bench = Bench::with_memory(&text, 1 << 14);
    let at = bench.put_longs([7; 32]);
    bench.run(1, 1, &[at]).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    bench.longs(at, 32)
}

/// The space that a modifier means, as a number of [`SPACES`].
fn space(form: &Form) -> usize {
    let words = SPACES.map(|space| form.words.iter().any(|word| word.split("::").next() == Some(space)));
    words.iter().position(|&there| there).unwrap()
}

/// Forms that do not load or store.
pub fn others(form: &Form) -> bool {
    let text = &form.text;
    match form.opcode.as_str() {
        "cvta" => cvta(form),
        "isspacep" => isspacep(form),
        "mov" => moves(text),
        "alloca" | "stacksave" | "stackrestore" => stack(),
        // A fence that is none would be seen by other threads only; here it must let all pass.
        "fence" | "membar" => assert_eq!(run(&format!("{text}; st.global.u64 [%d1], 5;"))[0], 5),
        "prefetch" | "prefetchu" => {
            // Hints do not fault, wherever they point.
            run(&format!("{text} [%d1]; {text} [%d1+0x10000000];"));
        }
        "applypriority" | "discard" => {
            run(&format!("{text} [%d1], 128;"));
        }
        "createpolicy" if form.has("fractional") => {
            run(&format!(
                "{text} %d2, 0f3F000000; {text} %d3; ld.global.L2::cache_hint.u64 %d4, [%d1], %d3;"
            ));
        }
        "createpolicy" if form.has("range") => {
            run(&format!("{text} %d2, [%d1], 64, 128; st.global.L2::cache_hint.u64 [%d1], 5, %d2;"));
        }
        "createpolicy" => {
            run(&format!("{text} %d2, %d1; ld.global.L2::cache_hint.u64 %d4, [%d1], %d2;"));
        }
        _ => return false,
    }
    true
}

/// The generic address leads to the same byte, and back.
fn cvta(form: &Form) {
    let at = space(form);
    let (text, name) = (&form.text, SPACES[at]);
    if form.has("to") {
        let body = format!("{text} %d2, %d2{at}; sub.u64 %d2, %d2, %d1{at}; st.global.u64 [%d1+8], %d2;");
        assert_eq!(run(&body)[1], 0, "{text}");
        return;
    }
    let fill = if at == 1 || at == 2 { format!("st.{name}.u64 [%d1{at}], 1234567;") } else { String::new() };
    let body = format!(
        "{fill} {text} %d2, %d1{at}; ld.{name}.u64 %d3, [%d1{at}]; ld.u64 %d4, [%d2];
         st.global.v2.u64 [%d1+16], {{%d3, %d4}};"
    );
    let out = run(&body);
    assert_eq!(out[2], out[3], "{text}");
    match at {
        0 => assert_eq!(out[2], 7),
        1 | 2 => assert_eq!(out[2], 1_234_567),
        4 => assert_eq!(out[2], 0x0807_0605_0403_0201),
        _ => {}
    }
}

/// Parameters are a part of global memory, constants are not.
fn isspacep(form: &Form) {
    let asked = space(form);
    let body: String = (0..5)
        .map(|at| {
            format!(
                "{0} %p1, %d2{at}; selp.u64 %d2, 1, 0, %p1; st.global.u64 [%d1+{1}], %d2;
                 add.u64 %d3, %d2{at}, 63; {0} %p1, %d3; selp.u64 %d2, 1, 0, %p1; st.global.u64 [%d1+{2}], %d2;",
                form.text,
                at * 16,
                at * 16 + 8
            )
        })
        .collect();
    let out = run(&body);
    for at in 0..5 {
        let there = u64::from(at == asked || (asked == 0 && at == 3));
        assert_eq!(out[at * 2..at * 2 + 2], [there; 2], "{} of {}", form.text, SPACES[at]);
    }
    // The byte behind the constants is none.
    let behind = run(&format!(
        "add.u64 %d3, %d24, 64; {} %p1, %d3; selp.u64 %d2, 1, 0, %p1; st.global.u64 [%d1], %d2;",
        form.text
    ));
    assert_eq!(behind[0], u64::from(asked == 0), "{}", form.text);
}

/// Whole, apart, turned round, of itself.
fn moves(text: &str) {
    let body = format!(
        ".reg .b128 %q<4>; .reg .b128 %w; {text} %q0, {{%d1, 77}}; {text} %w, %q0; {text} {{%d2, %d3}}, %w;
         sub.u64 %d2, %d2, %d1; st.global.v2.u64 [%d1], {{%d2, %d3}};
         mov.u64 %d4, 1; mov.u64 %d5, 2; {text} {{%d5, %d4}}, {{%d4, %d5}}; st.global.v2.u64 [%d1+16], {{%d4, %d5}};
         {text} %q2, %q2; {text} {{_, %d6}}, %q0; st.global.u64 [%d1+32], %d6;"
    );
    assert_eq!(run(&body)[..5], [0, 77, 2, 1, 77]);
}

/// Zeros, exactly as many as asked for, of what each thread says.
pub fn store_bulk(form: &Form) -> bool {
    let (address, generic) = if form.has("shared::cta") { ("%d11", false) } else { ("%d21", true) };
    for bytes in [0, 8, 40, 64] {
        let fill: String = (0..8).map(|at| format!("st.shared.u64 [s+{}], 9;", at * 8)).collect();
        let out: String = (0..8)
            .map(|at| format!("ld.shared.u64 %d3, [s+{0}]; st.global.u64 [%d1+{0}], %d3;", at * 8))
            .collect();
        let found = run(&format!("{fill} mov.u64 %d2, {bytes}; {} [{address}], %d2, 0; {out}", form.text));
        for (at, &word) in found[..8].iter().enumerate() {
            assert_eq!(word, if at * 8 < bytes { 0 } else { 9 }, "{} {bytes}, generic: {generic}", form.text);
        }
    }
    let fault = |bytes: u64, address: &str| {
        let text = text(&format!("mov.u64 %d2, {bytes};\n{} [{address}], %d2, 0;", form.text));
        let mut bench = Bench::with_memory(&text, 1 << 14);
        bench.strays = true;
        let at = bench.put_longs([7; 32]);
        bench.run(1, 1, &[at]).unwrap_err().kind
    };
    assert_eq!(fault(72, address), FaultKind::IllegalAddress);
    assert_eq!(fault(1 << 60, address), FaultKind::IllegalAddress);
    assert_eq!(fault(12, address), FaultKind::IllegalInstruction);
    assert_eq!(fault(8, &format!("{address}+4")), FaultKind::MisalignedAddress);
    true
}

/// Areas that are added stand apart, are each thread's own, and go with their function or when they are given back.
fn stack() {
    let body = "
        .func fill(.param .b64 o, .param .b32 n) { .reg .b32 %r<9>; .reg .b64 %d<20>; .reg .pred %p<4>;
          ld.param.u64 %d1, [o]; ld.param.u32 %r1, [n]; cvt.u64.u32 %d2, %r1; shl.b64 %d2, %d2, 3;
          alloca.u64 %d3, %d2, 64; alloca.u64 %d4, %d2; and.b64 %d5, %d3, 63; and.b64 %d6, %d4, 7; or.b64 %d5, %d5, %d6;
          mov.u32 %r2, 0;
        again: mul.wide.u32 %d6, %r2, 8; add.u64 %d7, %d3, %d6; add.u64 %d8, %d4, %d6; cvt.u64.u32 %d9, %r2;
          st.local.u64 [%d7], %d9; add.u64 %d9, %d9, 1000; st.local.u64 [%d8], %d9; add.u32 %r2, %r2, 1;
          setp.lt.u32 %p1, %r2, %r1; @%p1 bra again; mov.u32 %r2, 0;
        sum: mul.wide.u32 %d6, %r2, 8; add.u64 %d7, %d3, %d6; add.u64 %d8, %d4, %d6; ld.local.u64 %d9, [%d7];
          ld.local.u64 %d10, [%d8]; add.u64 %d5, %d5, %d9; add.u64 %d5, %d5, %d10; add.u32 %r2, %r2, 1;
          setp.lt.u32 %p1, %r2, %r1; @%p1 bra sum; st.global.u64 [%d1], %d5; ret; }
        .entry k(.param .u64 a) { .reg .b32 %r<9>; .reg .b64 %d<20>; .reg .pred %p<4>; .local .b64 frame;
          .param .b64 o; .param .b32 n; ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mad.wide.u32 %d1, %r1, 16, %d1;
          st.local.u64 [frame], %d1; mov.u32 %r3, 0; add.u32 %r4, %r1, 1;
        again: stacksave.u64 %d2; alloca.u64 %d3, 4096; st.local.u64 [%d3], %d2; st.param.b64 [o], %d1; st.param.b32 [n], %r4;
          call.uni fill, (o, n); ld.local.u64 %d4, [%d3]; stackrestore.u64 %d4; add.u32 %r3, %r3, 1;
          setp.lt.u32 %p1, %r3, 20; @%p1 bra again; ld.local.u64 %d5, [frame]; st.global.u64 [%d1+8], %d5; ret; }";
    let text = format!(".version 8.0\n.target sm_80\n.address_size 64\n{body}");
    let mut bench = Bench::with_memory(&text, 1 << 14);
    let at = bench.put_longs([7; 80]);
    bench.run(1, 40, &[at]).unwrap_or_else(|fault| panic!("{fault}"));
    for thread in 0..40 {
        let out = bench.longs(at + thread * 16, 2);
        let count = thread + 1;
        assert_eq!(out, [count * 1000 + count * (count - 1), at + thread * 16], "thread {thread}");
    }
    // Without giving back the stack ends, and the fault says where.
    let endless = text.replace("stackrestore.u64 %d4;", "");
    let mut bench = Bench::with_memory(&endless, 1 << 14);
    let at = bench.put_longs([7; 80]);
    let fault = bench.run(1, 40, &[at]).unwrap_err();
    assert_eq!((fault.kind, fault.thread), (FaultKind::StackOverflow, [0; 3]));
    // A place that was never saved.
    let wrong = text.replace("stackrestore.u64 %d4;", "add.u64 %d4, %d4, 0x100000; stackrestore.u64 %d4;");
    let mut bench = Bench::with_memory(&wrong, 1 << 14);
    let at = bench.put_longs([7; 80]);
    assert_eq!(bench.run(1, 40, &[at]).unwrap_err().kind, FaultKind::IllegalInstruction);
}

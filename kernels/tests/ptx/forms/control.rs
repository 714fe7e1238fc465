//! Branches, calls and ends, against plain functions of the thread's number.

use stream_hal_kernels::FaultKind;

use super::super::bench::{Bench, kernel};
use super::{Form, walk};

const GRID: u32 = 2;
const BLOCK: u32 = 70;

/// A kernel with device functions: its body has the thread's number in the grid in %r1, the block's in %r2, its own in
/// %r3, and leaves a result in %r9.
fn source(functions: &str, body: &str) -> String {
    let body = format!(
        "ld.param.u64 %d1, [a]; mov.u32 %r2, %ctaid.x; mov.u32 %r3, %tid.x; mov.u32 %r4, %ntid.x;
         mad.lo.u32 %r1, %r2, %r4, %r3; mul.wide.u32 %d2, %r1, 4; add.u64 %d1, %d1, %d2; mov.u32 %r9, 0;
         {body}
         done: st.global.u32 [%d1], %r9; ret;"
    );
    let text = kernel("a", &body);
    let (head, rest) = text.split_once(".visible").unwrap();
    format!("{head}{functions}\n.visible{rest}")
}

/// Compares %r9 of every thread; threads of which `expect` says nothing have left without storing.
fn compare(functions: &str, body: &str, expect: impl Fn(u32) -> Option<u32>) {
    const NOTHING: u32 = 0xdead_beef;
    let mut bench = Bench::new(&source(functions, body));
    let out = bench.put_words((0..GRID * BLOCK).map(|_| NOTHING));
    bench.run(GRID, BLOCK, &[out]).unwrap_or_else(|fault| panic!("{functions} {body}: {fault}"));
    let got = bench.words(out, (GRID * BLOCK) as usize);
    for thread in 0..GRID * BLOCK {
        let want = expect(thread).unwrap_or(NOTHING);
        assert_eq!(got[thread as usize], want, "{functions} {body}: thread {thread}");
    }
}

fn check(functions: &str, body: &str, expect: impl Fn(u32) -> u32) {
    compare(functions, body, |thread| Some(expect(thread)));
}

#[test]
fn every_form() {
    walk("control", |form| {
        match form.opcode.as_str() {
            "bra" => branch(form),
            "brx" => table(form),
            "call" => call(form),
            "exit" | "ret" => leave(form),
            "trap" => trap(),
            "brkpt" | "griddepcontrol" | "nanosleep" | "pmevent" => goes_on(form),
            _ => return false,
        }
        true
    });
}

fn branch(form: &Form) {
    let bra = &form.text;
    // Which all threads of a block agree on.
    let body = format!(
        "setp.eq.u32 %p1, %r2, 0; @%p1 {bra} first; {bra} second; mov.u32 %r9, 99;
         first: add.u32 %r9, %r9, 1; {bra} done; second: mov.u32 %r5, 5;
         again: add.u32 %r9, %r9, 2; sub.u32 %r5, %r5, 1; setp.eq.u32 %p2, %r5, 0; @!%p2 {bra} again;"
    );
    check("", &body, |thread| if thread < BLOCK { 1 } else { 10 });
    if form.has("uni") {
        return;
    }
    // Three exits of a loop in a loop, taken by each thread at its own time.
    let body = format!(
        "mov.u32 %r5, %r1; outer: setp.eq.u32 %p1, %r5, 0; @%p1 {bra} done; mov.u32 %r6, %r5;
         inner: add.u32 %r9, %r9, %r6; setp.gt.u32 %p2, %r9, 900; @%p2 {bra} done; and.b32 %r7, %r9, 7;
         setp.eq.u32 %p3, %r7, 7; @%p3 {bra} next; sub.u32 %r6, %r6, 1; setp.ne.u32 %p4, %r6, 0;
         @%p4 {bra} inner; next: shr.u32 %r5, %r5, 1; {bra} outer;"
    );
    check("", &body, |thread| {
        let mut sum = 0;
        let mut left = thread;
        while left != 0 {
            for at in (1..=left).rev() {
                sum += at;
                if sum > 900 {
                    return sum;
                }
                if sum & 7 == 7 {
                    break;
                }
            }
            left >>= 1;
        }
        sum
    });
}

/// A machine of five states: what a number becomes, and the state that follows.
fn table(form: &Form) {
    let brx = &form.text;
    // With `.uni` all threads of a warp are in one state: the number is the block's.
    let start = if form.has("uni") { "%r2" } else { "%r1" };
    let body = format!(
        "list: .branchtargets s0, s1, s2, s1, done; add.u32 %r9, {start}, 9; mov.u32 %r6, 0;
         again: rem.u32 %r5, %r9, 4; setp.gt.u32 %p1, %r6, 12; selp.u32 %r5, 4, %r5, %p1; add.u32 %r6, %r6, 1;
         @!%p1 {brx} %r5, list; {brx} 4, list;
         s0: shr.u32 %r9, %r9, 1; bra again; s1: mad.lo.u32 %r9, %r9, 3, 1; bra again; s2: add.u32 %r9, %r9, 5;
         bra again;"
    );
    let uni = form.has("uni");
    check("", &body, |thread| {
        let start = if uni { thread / BLOCK } else { thread };
        (0..13).fold(start + 9, |number, _| match number % 4 {
            0 => number / 2,
            2 => number + 5,
            _ => number * 3 + 1,
        })
    });
    let beyond = source("", &format!("list: .branchtargets done, done; {brx} 2, list;"));
    let mut bench = Bench::new(&beyond);
    let out = bench.put_words([0; 4]);
    assert_eq!(bench.run(1, 1, &[out]).unwrap_err().kind, FaultKind::IllegalInstruction);
}

fn leave(form: &Form) {
    let leave = &form.text;
    let body = format!(
        "mov.u32 %r9, 7; setp.gt.u32 %p1, %r3, 40; @%p1 {leave}; setp.eq.u32 %p1, %r3, 5; @%p1 {leave};"
    );
    compare("", &body, |thread| (thread % BLOCK <= 40 && thread % BLOCK != 5).then_some(7));
    // From a function: `ret` comes back to the caller, `exit` does not.
    let function = format!(
        ".func (.reg .u32 %o) f(.reg .u32 %i) {{ .reg .pred %q; setp.lt.u32 %q, %i, 50; mov.u32 %o, 3;
         @%q {leave}; mov.u32 %o, 4; ret; }}"
    );
    let comes_back = form.opcode == "ret";
    compare(&function, "call (%r9), f, (%r1);", |thread| match thread {
        0..50 => comes_back.then_some(3),
        _ => Some(4),
    });
}

fn trap() {
    let mut bench = Bench::new(&source("", "setp.eq.u32 %p1, %r1, 42;\n@%p1 trap;"));
    let out = bench.put_words((0..GRID * BLOCK).map(|_| 0));
    let fault = bench.run(GRID, BLOCK, &[out]).unwrap_err();
    assert_eq!((fault.kind, fault.thread), (FaultKind::Trap, [42, 0, 0]));
    let mut bench = Bench::new(&source("", "setp.eq.u32 %p1, %r1, 4200;\n@%p1 trap;"));
    let out = bench.put_words((0..GRID * BLOCK).map(|_| 0));
    bench.run(GRID, BLOCK, &[out]).unwrap();
}

fn goes_on(form: &Form) {
    let operand = match form.opcode.as_str() {
        "nanosleep" => "%r1",
        "pmevent" => "3",
        _ => "",
    };
    let body = format!(
        "{0} {operand}; setp.lt.u32 %p1, %r3, 9; @%p1 {0} {operand}; add.u32 %r9, %r1, 1; @%p1 bra done;
         {0} {operand}; add.u32 %r9, %r9, 1;",
        form.text
    );
    check("", &body, |thread| thread + if thread % BLOCK < 9 { 1 } else { 2 });
}

fn call(form: &Form) {
    let call = &form.text;
    registers(call);
    scalars(call);
    structures(call);
    recursion(call);
    pointers(call, form.has("uni"));
    names(call);
}

/// Parameters and results in registers, predicates among them; more than one result; numbers; results nobody wants.
fn registers(call: &str) {
    let function = ".func (.reg .u32 %s, .reg .pred %l) f(.reg .u32 %a, .reg .u64 %b, .reg .pred %c) {
        .reg .u32 %t; cvt.u32.u64 %t, %b; @%c add.u32 %t, %t, 1000; add.u32 %s, %a, %t; setp.gt.u32 %l, %s, 1050; ret; }";
    let body = format!(
        "and.b32 %r5, %r1, 3; setp.eq.u32 %p1, %r5, 0; cvt.u64.u32 %d5, %r1;
         {call} (%r9, %p2), f, (%r5, %d5, %p1); @%p2 add.u32 %r9, %r9, 1;
         {call} (_, %p2), f, (7, 60, 1); {call} (%r6, _), f, (%r9, 2, 0);
         @%p2 add.u32 %r9, %r6, 5;"
    );
    check(function, &body, |thread| {
        let first = thread % 4 + thread + if thread % 4 == 0 { 1000 } else { 0 };
        first + u32::from(first > 1050) + 2 + 5
    });
    // Some threads only.
    let body = format!("setp.lt.u32 %p1, %r3, 30; mov.u32 %r9, 4; @!%p1 {call} (%r9, _), f, (%r1, 1, 0);");
    check(function, &body, |thread| if thread % BLOCK < 30 { 4 } else { thread + 1 });
}

/// One parameter of each scalar type, extended where it is narrow.
fn scalars(call: &str) {
    for (ty, register, value) in [
        ("u8", "%h", 0x9cu64),
        ("s8", "%h", 0x9c),
        ("b16", "%h", 0x8d9c),
        ("u32", "%r", 0x89ab_cdef),
        ("b64", "%d", 0x0123_4567_89ab_cdef),
        ("f32", "%f", 0x3f80_0000),
        ("f64", "%g", 0x3ff0_0000_0000_0000),
    ] {
        let width: u32 = ty[1..].parse().unwrap();
        let function = format!(
            ".func (.param .{ty} o) same(.param .{ty} i) {{ .reg .b16 %h; .reg .b32 %r; .reg .b64 %d; .reg .f32 %f;
             .reg .f64 %g; ld.param.{ty} {register}, [i]; st.param.{ty} [o], {register}; ret; }}"
        );
        let bits = width.max(16);
        let body = format!(
            "mov.b{bits} {register}7, {value}; {{ .param .{ty} x; .param .{ty} y; st.param.{ty} [x], {register}7;
             {call} (y), same, (x); ld.param.{ty} {register}8, [y]; }}
             mov.b{bits} {0}9, {register}8; cvt.u32.u{bits} %r9, {0}9;",
            match bits {
                16 => "%h",
                32 => "%r",
                _ => "%d",
            }
        );
        let sign = if ty == "s8" { 0xff00 } else { 0 };
        check(&function, &body, |_| (value | sign) as u32);
    }
}

/// Bytes by value, of many sizes: what the function changes is its own copy.
fn structures(call: &str) {
    for size in [1u32, 3, 4, 12, 16, 40, 128] {
        let function = format!(
            ".func (.param .align 4 .b8 o[{size}], .param .b32 s) f(.param .align 4 .b8 i[{size}], .param .b32 k) {{
             .reg .u32 %r<9>; .reg .b64 %d<4>; .reg .pred %p; ld.param.u32 %r1, [k]; mov.u32 %r2, 0; mov.u32 %r3, 0;
             mov.b64 %d1, i; mov.b64 %d2, o;
             again: ld.local.u8 %r4, [%d1]; add.u32 %r3, %r3, %r4; add.u32 %r4, %r4, %r1; st.local.u8 [%d2], %r4;
             st.local.u8 [%d1], 0; add.u64 %d1, %d1, 1; add.u64 %d2, %d2, 1; add.u32 %r2, %r2, 1;
             setp.lt.u32 %p, %r2, {size}; @%p bra again; st.param.b32 [s], %r3; ret; }}"
        );
        let last = size - 1;
        let body = format!(
            "{{ .param .align 4 .b8 x[{size}]; .param .align 4 .b8 y[{size}]; .param .b32 s; mov.u32 %r5, 0; mov.b64 %d5, x;
             fill: add.u32 %r6, %r1, %r5; st.local.u8 [%d5], %r6; add.u64 %d5, %d5, 1; add.u32 %r5, %r5, 1;
             setp.lt.u32 %p1, %r5, {size}; @%p1 bra fill;
             {call} (y, s), f, (x, 3); ld.param.u8 %r6, [y+{last}]; ld.param.b32 %r7, [s]; mad.lo.u32 %r9, %r7, 256, %r6;
             ld.param.u8 %r6, [x+{last}]; mad.lo.u32 %r9, %r9, 256, %r6; }}"
        );
        check(&function, &body, |thread| {
            let byte = |at: u32| (thread + at) & 0xff;
            let sum: u32 = (0..size).map(byte).sum();
            ((sum << 8) + ((byte(last) + 3) & 0xff)).wrapping_mul(256) + byte(last)
        });
    }
}

/// To depths that differ by thread, by oneself and by each other.
fn recursion(call: &str) {
    let function = format!(
        ".func (.param .b32 o) odd(.param .b32 i);
         .func (.param .b32 o) even(.param .b32 i) {{ .reg .u32 %r<4>; .reg .pred %p; ld.param.u32 %r1, [i];
         setp.eq.u32 %p, %r1, 0; mov.u32 %r2, 1; @%p bra out; sub.u32 %r1, %r1, 1;
         {{ .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; {call} (y), odd, (x); ld.param.b32 %r2, [y]; }}
         out: st.param.b32 [o], %r2; ret; }}
         .func (.param .b32 o) odd(.param .b32 i) {{ .reg .u32 %r<4>; .reg .pred %p; ld.param.u32 %r1, [i];
         setp.eq.u32 %p, %r1, 0; mov.u32 %r2, 0; @%p bra out; sub.u32 %r1, %r1, 1;
         {{ .param .b32 x; .param .b32 y; st.param.b32 [x], %r1; {call} (y), even, (x); ld.param.b32 %r2, [y]; }}
         out: st.param.b32 [o], %r2; ret; }}
         .func (.reg .u32 %o) fib(.reg .u32 %i) {{ .reg .u32 %r<4>; .reg .pred %p; setp.lt.u32 %p, %i, 2;
         mov.u32 %o, %i; @%p ret; sub.u32 %r1, %i, 1; {call} (%r2), fib, (%r1); sub.u32 %r1, %i, 2;
         {call} (%r3), fib, (%r1); add.u32 %o, %r2, %r3; ret; }}"
    );
    let body = format!(
        "rem.u32 %r5, %r1, 9; {call} (%r6), fib, (%r5); {call} (%r7), even, (%r1); mad.lo.u32 %r9, %r7, 1000, %r6;"
    );
    check(&function, &body, |thread| {
        let (fib, _) = (0..thread % 9).fold((0, 1), |(a, b), _| (b, a + b));
        fib + if thread % 2 == 0 { 1000 } else { 0 }
    });
}

/// Through addresses out of memory and registers, with all three ways to say what is called.
fn pointers(call: &str, uniform: bool) {
    let function = "
        .func (.param .b32 o) plus(.param .b32 i) { .reg .u32 %r; ld.param.u32 %r, [i]; add.u32 %r, %r, 10;
            st.param.b32 [o], %r; ret; }
        .func (.param .b32 o) minus(.param .b32 i) { .reg .u32 %r; ld.param.u32 %r, [i]; sub.u32 %r, %r, 10;
            st.param.b32 [o], %r; ret; }
        .func (.param .b32 o) times(.param .b32 i) { .reg .u32 %r; ld.param.u32 %r, [i]; mul.lo.u32 %r, %r, 10;
            st.param.b32 [o], %r; ret; }
        .global .align 8 .u64 all[3] = {plus, minus, times};
        .const .align 8 .u64 some[2] = {times, plus};";
    for (list, shape) in [
        ("proto: .callprototype (.param .b32 _) _ (.param .b32 _);", "proto"),
        ("three: .calltargets plus, minus, times;", "three"),
        ("", "all"),
    ] {
        let index = if uniform { "%r2" } else { "%r1" };
        let body = format!(
            "{list} rem.u32 %r5, {index}, 3; mul.wide.u32 %d5, %r5, 8; mov.u64 %d6, all; add.u64 %d6, %d6, %d5;
             ld.global.u64 %d7, [%d6]; {call} (%r9), %d7, (%r1), {shape};
             and.b32 %r5, {index}, 1; mul.wide.u32 %d5, %r5, 8; mov.u64 %d6, some; add.u64 %d6, %d6, %d5;
             ld.const.u64 %d7, [%d6]; {call} (%r9), %d7, (%r9), {shape};
             mov.u64 %d7, minus; {call} (%r9), %d7, (%r9), {shape};"
        );
        check(function, &body, |thread| {
            let index = if uniform { thread / BLOCK } else { thread };
            let first = match index % 3 {
                0 => thread + 10,
                1 => thread.wrapping_sub(10),
                _ => thread * 10,
            };
            let second = if index % 2 == 0 { first.wrapping_mul(10) } else { first.wrapping_add(10) };
            second.wrapping_sub(10)
        });
    }
}

/// Which function a name means: other names, definitions that give way, declarations before and after.
fn names(call: &str) {
    let give = |name: &str, value: u32| format!("(.reg .u32 %o) {name}() {{ mov.u32 %o, {value}; ret; }}\n");
    let functions = format!(
        ".weak .func {}.func {}.weak .func {}.visible .func {}.extern .func (.reg .u32 %o) late();
         .func (.reg .u32 %o) other(); .alias other, strong; .func {}.global .align 8 .u64 place = other;",
        give("first", 1),
        give("first", 2),
        give("only", 4),
        give("strong", 16),
        give("late", 32)
    );
    let body = format!(
        "{call} (%r5), first, (); {call} (%r6), only; add.u32 %r9, %r5, %r6; {call} (%r5), late; add.u32 %r9, %r9, %r5;
         {call} (%r5), other; mad.lo.u32 %r9, %r5, 100, %r9; mov.u64 %d5, place; ld.global.u64 %d6, [%d5];
         proto: .callprototype (.reg .u32 _) _ (); {call} (%r5), %d6, (), proto; mad.lo.u32 %r9, %r5, 10000, %r9;"
    );
    let body =
        body.replace("only;", "only, ();").replace("late;", "late, ();").replace("other;", "other, ();");
    check(&functions, &body, |_| 2 + 4 + 32 + 1600 + 160_000);
    let function = ".func f() { .reg .u64 %d; mov.u64 %d, 0x200000000008; red.global.add.u32 [%d], 1; ret; }";
    check(function, &format!("{call} f; mov.u32 %r9, 3;"), |_| 3);
}

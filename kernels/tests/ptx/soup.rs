//! Texts made of real words in no sensible order: forms of the table with any operands, directives with any numbers. They are
//! read, linked and run without a panic or a hang.

use std::time::{Duration, Instant};

use stream_hal_kernels::forms;

use super::bench::kernel;
use super::damage::run;

/// Forms that stand for opcodes whatever the table has. // table
const FORMS: &[&str] = &[
    "bra",
    "bra.uni",
    "brx.idx",
    "call",
    "call.uni",
    "ret",
    "exit",
    "trap",
    "brkpt",
    "nanosleep.u32",
    "bar.sync",
    "bar.arrive",
    "bar.red.popc.u32",
    "bar.red.and.pred",
    "barrier.sync",
    "bar.warp.sync",
    "shfl.sync.up.b32",
    "shfl.sync.idx.b32",
    "vote.sync.all.pred",
    "vote.sync.ballot.b32",
    "match.any.sync.b64",
    "match.all.sync.b32",
    "redux.sync.add.s32",
    "activemask.b32",
    "elect.sync",
    "ld.u32",
    "ld.global.v4.f32",
    "ld.param.b64",
    "ld.local.v2.b16",
    "ld.const.u8",
    "st.shared.v2.u64",
    "st.param.b32",
    "st.v4.b8",
    "ldu.global.f64",
    "atom.add.u32",
    "atom.shared.cas.b64",
    "atom.global.exch.b128",
    "red.global.max.s64",
    "mov.b64",
    "mov.b32",
    "mov.pred",
    "mov.u16",
    "mov.b128",
    "cvta.to.global.u64",
    "cvta.shared.u64",
    "isspacep.local",
    "prefetch.global.L1",
    "fence.sc.gpu",
    "membar.gl",
    "cp.async.ca.shared.global",
    "cp.async.wait_all",
    "setp.lt.and.s32",
    "setp.eq.f64",
    "set.gt.f32.u32",
    "selp.f32",
    "slct.u64.f32",
    "lop3.b32",
    "shf.l.wrap.b32",
    "prmt.b32.rc8",
    "bfe.s64",
    "bfi.b32",
    "mad.wide.s16",
    "madc.hi.cc.u32",
    "dp4a.u32.s32",
    "add.sat.s32",
    "cvt.rn.f16x2.f32",
    "cvt.rni.sat.s8.f64",
    "cvt.rna.tf32.f32",
    "fma.rn.ftz.sat.f32",
    "div.full.f32",
    "sqrt.approx.f32",
    "testp.nan.f64",
    "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32",
    "ldmatrix.sync.aligned.m8n8.x4.shared.b16",
    "wmma.load.a.sync.aligned.row.m16n16k16.f16",
    "mbarrier.init.shared.b64",
    "alloca.u64",
    "stacksave.u64",
    "stackrestore.u64",
    "fns.b32",
    "vadd.s32.s32.s32",
    "tex.2d.v4.f32.f32",
    "",
    "suld.b.1d.b32.trap",
    "istypep.texref",
    "szext.wrap.s32",
    "bmsk.clamp.b32",
    "clz.b64",
    "copysign.f32",
    "addc.cc.u64",
    "discard.global.L2",
];

/// Operands, of all registers that the kernel around them declares and some more. // table
const OPERANDS: &[&str] = &[
    "%r1",
    "%r2",
    "%r59",
    "%r60",
    "%d1",
    "%d2",
    "%f1",
    "%g1",
    "%h1",
    "%p1",
    "%p2",
    "!%p1",
    "!%r1",
    "_",
    "x",
    "t",
    "u",
    "s",
    "l",
    "q",
    "k",
    "f",
    "a",
    "v",
    "v.x",
    "v.w",
    "%tid.x",
    "%tid",
    "%laneid",
    "%clock64",
    "%envreg9",
    "WARP_SZ",
    "0",
    "1",
    "-1",
    "31",
    "32",
    "64",
    "255",
    "65536",
    "4294967295",
    "18446744073709551615",
    "-9223372036854775808",
    "0f7FC00000",
    "0fFF800000",
    "0d7FF0000000000001",
    "1.5",
    "1e300",
    "[%d1]",
    "[%d1+8]",
    "[%d1+-9223372036854775808]",
    "[%r1]",
    "[%p1]",
    "[s]",
    "[s+4]",
    "[s+99999]",
    "[l+8]",
    "[q]",
    "[q+12]",
    "[a]",
    "[a+8]",
    "[0]",
    "[18446744073709551615]",
    "[k]",
    "[x]",
    "[%d1, {%r1, %r2}]",
    "{%r1, %r2}",
    "{%r1, %r2, %r3, %r4}",
    "{%h1, %h2}",
    "{%d1, %d2}",
    "{}",
    "{_, %r1}",
    "{%r1}",
    "{%f1, %f2, %f3, %f4}",
    "{1, 2}",
    "{%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}",
    "{%p1, %p2}",
    "%r1|%p1",
    "%p1|%p2",
    "%r1|_",
    "_|_",
    "%p1|%r1",
    "(%r1)",
    "(q)",
    "()",
    "(%r1, q, 7)",
    "s+4",
    "l+-4",
    "f+1",
    "k+8",
];

/// Statements and pieces of module level. // table
const PIECES: &[&str] = &[
    "{",
    "}",
    "x:",
    "y:",
    "t: .branchtargets x, y;",
    "u: .callprototype (.param .b32 _) _ (.param .b32 _);",
    "u: .callprototype _ ();",
    ".reg .b32 %r<4294967295>;",
    ".reg .v4 .f64 v;",
    ".reg .pred %p<0>;",
    ".reg .b8 b<3>, c;",
    ".reg .b128 w;",
    ".local .align 4096 .b8 l[524288];",
    ".local .b8 l[18446744073709551615];",
    ".shared .align 16 .b8 s[1048576];",
    ".shared .b64 s[4294967295][4294967295];",
    ".shared .b32 s[];",
    ".param .b32 q;",
    ".param .align 16 .b8 q[65536];",
    ".param .b8 q[];",
    ".global .u32 gg = {1, {2}, 3};",
    ".const .f32 cc[2] = {0f3F800000, 1.0};",
    ".global .u64 g2[] = {s, x, k, f+4, generic(gg)+-1};",
    ".global .v4 .b32 g3[4294967295] = {{{{1}}}};",
    ".loc 1 2 3",
    ".pragma \"nounroll\";",
    ".maxntid 1, 2, 3",
    ".reqntid 4294967295, 4294967295, 4294967295",
    ".minnctapersm 4294967295",
    ".func f(.reg .b32 z) { ret; }",
    ".func (.param .b64 o) f(.param .align 8 .b8 z[4294967295]);",
    ".entry e(.param .u64 .ptr .global .align 4096 z) { ret; }",
    ".extern .shared .b8 dyn[];",
    ".alias f, k;",
    ".weak .func f();",
    ".visible .entry k() { ret; }",
    ".section .debug_info { .b8 1 }",
    ".file 1 \"a\", 1, 2",
    ".attribute(.managed)",
    "ret;",
    "bra x;",
    "@%p1 bra y;",
    "exit;",
    "// c\n",
    "/* c */",
    ";",
];

fn pick<'a>(random: &mut fastrand::Rng, list: &[&'a str]) -> &'a str {
    list[random.usize(..list.len())]
}

/// All forms of the table, as far as expansion goes, and those above.
fn words() -> Vec<String> {
    let table = forms::families().iter().flat_map(|family| family.rows).flat_map(|row| row.forms());
    table.chain(FORMS.iter().map(|form| (*form).to_owned())).collect()
}

fn instruction(random: &mut fastrand::Rng, words: &[String]) -> String {
    // As many forms from the short list as from the long one.
    let mut form = if random.bool() {
        pick(random, FORMS).to_owned()
    } else {
        words[random.usize(..words.len())].clone()
    };
    if random.u32(..8) == 0 {
        let other = &words[random.usize(..words.len())];
        form += &other[other.find('.').unwrap_or(other.len())..];
    }
    let guard = pick(random, &["", "", "", "@%p1 ", "@!%p2 ", "@%r1 "]);
    let first = pick(random, &OPERANDS[..16]);
    let rest = (0..random.usize(..6)).map(|_| pick(random, OPERANDS));
    let operands: Vec<&str> = std::iter::once(first).chain(rest.collect::<Vec<_>>()).collect();
    let operands = if random.u32(..10) == 0 { String::new() } else { operands.join(", ") };
    format!("{guard}{form} {operands};\n")
}

/// Runs many texts, each within two seconds, all within three.
fn many(name: &str, make: impl Fn(&mut fastrand::Rng) -> String) -> u32 {
    let mut random = fastrand::Rng::with_seed(7);
    let start = Instant::now();
    let mut accepted = 0;
    for round in 0..2000 {
        if start.elapsed() > Duration::from_secs(3) {
            assert!(round > 200, "{name}: {round} rounds only");
            break;
        }
        let text = make(&mut random);
        let before = Instant::now();
        match std::panic::catch_unwind(|| run(&text)) {
            Ok(fine) => accepted += u32::from(fine),
            Err(_) => panic!("{name}: round {round} of seed 7:\n{text}"),
        }
        let took = before.elapsed();
        assert!(took < Duration::from_secs(2), "{name}: round {round} took {took:?}:\n{text}");
    }
    accepted
}

#[test]
fn forms_with_any_operands_do_no_harm() {
    let words = words();
    let head = "ld.param.u64 %d1, [a]; mov.u64 %d2, %d1; .shared .b32 s[4]; .local .b64 l[4]; .param .b32 q; .reg .v4 .b32 v;\n";
    let accepted = many("forms", |random| {
        let body: String = (0..random.usize(1..3)).map(|_| instruction(random, &words)).collect();
        kernel("a", &format!("{head}t: .branchtargets x, x;\nu: .callprototype _ ();\n{body}x: ret;"))
    });
    assert!(accepted > 100, "only {accepted} were accepted");
}

#[test]
fn bodies_of_any_words_do_no_harm() {
    let words = words();
    many("bodies", |random| {
        let statements = (0..random.usize(1..30)).map(|_| match random.u32(..3) {
            0 => pick(random, PIECES).to_owned() + "\n",
            1 => pick(random, OPERANDS).to_owned() + " ",
            _ => instruction(random, &words),
        });
        let body: String = statements.collect();
        kernel("a", &body)
    });
}

#[test]
fn modules_of_any_words_do_no_harm() {
    let words = words();
    many("modules", |random| {
        let items = (0..random.usize(1..30)).map(|_| match random.u32(..6) {
            0 => instruction(random, &words),
            1 => pick(random, OPERANDS).to_owned() + " ",
            _ => pick(random, PIECES).to_owned() + "\n",
        });
        let items: String = items.collect();
        format!(".version 8.0\n.target sm_80\n.address_size 64\n{items}")
    });
}

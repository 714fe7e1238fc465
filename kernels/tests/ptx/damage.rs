//! Damaged texts: read, linked and run without a panic, a hang, or more memory than they are worth.

use std::sync::Arc;
use std::time::{Duration, Instant};

use stream_hal_kernels::{Launch, Module, Scratch};

use super::bench::{Paper, Ram, kernel};

/// What is put into texts.
const PIECES: &[&str] = &[
    "{",
    "}",
    ";",
    ",",
    "@",
    "!",
    "[",
    "]",
    "(",
    ")",
    "<",
    "9999999999",
    "0x",
    "-",
    "+",
    "|",
    ".reg",
    ".v4",
    ".u64",
    ".s8",
    ".f16x2",
    ".pred",
    "%r1",
    "%p1",
    "%d1",
    "ret",
    "bra x",
    "x:",
    "call",
    "bar.sync 0;",
    "\"",
    "/*",
    "//",
    "\n",
    "\u{20ac}",
    "\0",
    "setp.lt.u32",
    "shfl.sync.down.b32",
    "brx.idx",
    "0f3F800000",
    "1e400",
    ".param",
    "_",
    "ld.v4.u32",
    ".local .b8 y[99999999];",
    ".reg .b32 %r<4294967295>;",
    "mov.u32 %r1, %r1;",
    "exit;",
    "trap;",
    ".func f(){ret;}",
];

fn damage(random: &mut fastrand::Rng, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..random.usize(1..5) {
        let mut cut = |text: &str| {
            let mut at = random.usize(..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (cut(&text), cut(&text));
        let (a, b) = (a.min(b), a.max(b).min(a.min(b) + 200));
        let b = (b..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        match random.u32(..4) {
            0 => text.replace_range(a..b, ""),
            1 => text.insert_str(a, random.choice(PIECES).copied().unwrap_or("")),
            2 => {
                let copy = text[a..b].to_owned();
                text.insert_str(a, &copy);
            }
            _ => {
                let piece = random.choice(PIECES).copied().unwrap_or("");
                text.replace_range(a..b, "");
                text.insert_str(a, piece);
            }
        }
    }
    text
}

/// Whether the text was accepted; if so all its kernels were started.
pub fn run(text: &str) -> bool {
    let Ok(module) = Module::parse(text) else { return false };
    let accepted = module.check(1).is_ok();
    let module = Arc::new(module);
    let addresses: Vec<u64> =
        (0..module.globals().len() as u64).map(|at| super::bench::BASE + at * 4096).collect();
    let program = Arc::clone(&module).link(&addresses).unwrap();
    let ram = Ram::new(1 << 16);
    let parameters: Vec<u8> = super::bench::BASE.to_le_bytes().repeat(64);
    for kernel in 0..module.kernels().len() {
        let block = module.kernels()[kernel].required_block.unwrap_or([40, 1, 1]);
        let launch = Launch { block, parameters: &parameters, shared_bytes: 1024, ..Launch::default() };
        let paper = Paper { patience: 20, ..Paper::default() };
        let _ = program.run_block(kernel, &launch, [0; 3], &ram, &paper, &mut Scratch::default());
    }
    accepted
}

#[test]
fn damaged_texts_do_no_harm() {
    let body = "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; .shared .b32 s[64]; .local .b64 l[4];
        setp.lt.and.u32 %p1|%p2, %r1, 7, %p3; @%p1 bra x; shfl.sync.idx.b32 %r2|%p4, %r1, 3, 31, -1;
        { .param .b64 q; st.param.b64 [q], %d1; } mad.wide.u32 %d2, %r1, 4, %d1; fma.rn.f32 %f1, %f2, %f3, 0f3F800000;
        x: bar.sync 0; atom.shared.add.u32 %r3, [s+4], 1; st.global.v2.u32 [%d2], {%r3, %r2};
        t: .branchtargets x, y; and.b32 %r4, %r1, 1; cvt.rn.f16.f32 %h1, %f1; y: vote.sync.ballot.b32 %r5, %p1, -1; ret;";
    let texts = [
        kernel("a", body),
        include_str!("../../samples/ptx/reduce.ptx").to_owned(),
        include_str!("../../samples/ptx/nbody.ptx").to_owned(),
    ];
    let mut random = fastrand::Rng::with_seed(1);
    let start = Instant::now();
    let mut ran = 0;
    for round in 0..3000 {
        if start.elapsed() > Duration::from_secs(4) {
            assert!(round > 200, "{round} rounds only");
            break;
        }
        let whole = &texts[round % texts.len()];
        let text = damage(&mut random, whole);
        let before = Instant::now();
        match std::panic::catch_unwind(|| run(&text)) {
            Ok(accepted) => ran += u32::from(accepted),
            Err(_) => panic!("round {round} of seed 1:\n{text}"),
        }
        assert!(
            before.elapsed() < Duration::from_secs(2),
            "round {round} took {:?}:\n{text}",
            before.elapsed()
        );
    }
    assert!(ran > 20, "only {ran} damaged texts were accepted");
}

#[test]
fn sizes_are_bounded() {
    let many = |piece: &str, count: usize| piece.repeat(count);
    let texts = [
        kernel("", &many("{", 20_000)),
        kernel("", &(many("{", 5_000) + &many("bra z;", 5_000) + &many("}", 5_000))),
        kernel("", &many("ret;", 50_000)),
        kernel(
            "",
            &(0..20_000).map(|at| format!("l{at}: @%p1 bra l{};", (at * 7) % 20_000)).collect::<String>(),
        ),
        kernel("", &many(".reg .b32 %r<4294967295>;", 1_000)),
        kernel("", &(many("add.u32 %r1, %r1, 1;", 20_000) + "ret;")),
        format!("{}{}", kernel("", "ret;"), many(".func f() { call f; }\n", 1)),
        format!(
            "{}{}",
            kernel("", "call f0;"),
            (0..3_000).map(|at| format!(".func f{at}() {{ call f{}; }}\n", at + 1)).collect::<String>()
                + ".func f3000() { ret; }"
        ),
    ];
    for text in texts {
        let start = Instant::now();
        run(&text);
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}: {}", start.elapsed(), &text[..300]);
    }
}

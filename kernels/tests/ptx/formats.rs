//! Device code's `printf` against the C library's, on random directives.

use std::fmt::Write;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::bench::{Bench, kernel};

const SEED: u64 = 17;
const CALLS: usize = 1600;
/// The list of formats.c; the first stands for the null pointer.
const STRINGS: [&str; 5] = ["", "", "a", "words", "a longer text, of more words"];
/// Ends the text of a call: no directive makes it.
const END: char = '\u{1}';

/// A directive and its arguments.
struct Directive {
    text: String,
    /// Of formats.c.
    kind: char,
    stars: Vec<i32>,
    value: u64,
}

/// A test that cannot run here says so, and fails where everything is asked for.
fn skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED printf against C: {why}").ok();
    let all = std::env::var("STREAM_HAL_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!all, "STREAM_HAL_REQUIRE_ALL=1, and {why}");
}

fn float(random: &mut fastrand::Rng) -> f64 {
    let edges =
        [0.0, -0.0, 1.0, 0.5, 2.5, 999999.5, 9.9995, 1e-5, 5e-324, 2.2e-308, 1e22, 1e300, 0.1, 255.9375];
    match random.u8(..) {
        0..20 => f64::INFINITY,
        20..30 => f64::NAN,
        30..100 => random.choice(edges).unwrap_or(0.0),
        100..140 => f64::from(random.i32(-3000..3000)) / 8.0,
        140..160 => f64::from_bits(random.u64(..) >> 12),
        _ => (random.f64() * 2.0 - 1.0) * 10f64.powi(random.i32(-12..25)),
    }
}

/// A directive with a defined meaning in C.
fn directive(random: &mut fastrand::Rng) -> Directive {
    let conversion = random.choice(*b"diuoxXcspfFeEgGaA").map_or('d', char::from);
    let flags = match conversion {
        'd' | 'i' => "-+ 0",
        'u' => "-0",
        'o' | 'x' | 'X' => "-#0",
        'c' | 's' | 'p' => "-",
        _ => "-+ #0",
    };
    let mut text = String::from("%");
    flags.chars().filter(|_| random.u8(..) < 70).for_each(|flag| text.push(flag));
    let mut stars = Vec::new();
    match random.u8(..) {
        0..70 => _ = write!(text, "{}", random.u32(1..28)),
        70..110 => {
            text.push('*');
            stars.push(random.i32(-24..24));
        }
        _ => {}
    }
    match random.u8(..) {
        _ if matches!(conversion, 'c' | 'p') => {}
        0..90 => _ = write!(text, ".{}", random.u32(0..24)),
        90..100 => text.push('.'),
        100..130 => {
            text += ".*";
            stars.push(random.i32(-3..20));
        }
        _ => {}
    }
    let integer = "diuoxX".contains(conversion);
    let size =
        if integer { random.choice(["", "", "hh", "h", "l", "ll", "j", "z", "t", "L", "q"]) } else { None };
    let size = size.unwrap_or("");
    text += size;
    text.push(conversion);
    let wide = matches!(size, "l" | "ll" | "j" | "z" | "t" | "L" | "q");
    let number = random.u64(..) >> random.u32(..64);
    let number = if random.bool() { number } else { number.wrapping_neg() };
    let (kind, value) = match conversion {
        'c' => ('i', random.u64(32..127)),
        's' => ('s', random.u64(..STRINGS.len() as u64)),
        'p' => ('l', if random.u8(..) < 40 { 0 } else { number }),
        _ if integer && !wide => ('i', number & 0xffff_ffff),
        _ if integer => ('l', number),
        // glibc 2.36 loses the zeros that `#` asks for where rounding carries into a new digit.
        'g' | 'G' if text.contains('#') => ('d', f64::from(random.i32(-999..999)).to_bits()),
        _ => ('d', (float(random) * if random.bool() { 1.0 } else { -1.0 }).to_bits()),
    };
    Directive { text, kind, stars, value }
}

/// What C makes of each.
fn by_c(program: &Path, directives: &[&Directive]) -> Vec<String> {
    let hex = |text: &str| text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let mut lines = String::new();
    for one in directives {
        let star = |at: usize| one.stars.get(at).copied().unwrap_or(0);
        let (kind, stars, text) = (one.kind, one.stars.len(), hex(&one.text));
        writeln!(lines, "{kind} {stars} {} {} {:x} {text}", star(0), star(1), one.value).unwrap();
    }
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was just built");
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "formats.c");
    let line = |line: &str| {
        let byte = |at: usize| u8::from_str_radix(&line[at..at + 2], 16).unwrap() as char;
        (0..line.len()).step_by(2).map(byte).collect()
    };
    String::from_utf8(output.stdout).unwrap().lines().map(line).collect()
}

/// Builds formats.c; says why not.
fn build() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats.c");
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("formats");
    let cc = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let made = Command::new(&cc).args(["-O1", "-w", "-o"]).arg(&program).arg(&source).output();
    match made {
        Err(error) => Err(format!("{cc}: {error}")),
        Ok(made) => {
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            Ok(program)
        }
    }
}

/// Places numbers as a compiler places the arguments of `vprintf`.
#[derive(Default)]
struct Buffer(Vec<u8>);

impl Buffer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.resize(self.0.len().next_multiple_of(bytes.len()), 0xee);
        self.0.extend_from_slice(bytes);
    }
}

#[test]
fn random_directives_print_as_in_c() {
    let program = match build() {
        Ok(program) => program,
        Err(why) => return skipped(&format!("no C compiler: {why}")),
    };
    let mut random = fastrand::Rng::with_seed(SEED);
    let calls: Vec<Vec<Directive>> =
        (0..CALLS).map(|_| (0..random.usize(1..4)).map(|_| directive(&mut random)).collect()).collect();
    let mut expected = by_c(&program, &calls.iter().flatten().collect::<Vec<_>>()).into_iter();

    let source = kernel(
        "table results",
        "ld.param.u64 %d1, [table]; ld.param.u64 %d2, [results];
         mov.u32 %r1, %ctaid.x; mov.u32 %r2, %tid.x; mad.lo.u32 %r1, %r1, 32, %r2;
         mul.wide.u32 %d3, %r1, 16; add.u64 %d1, %d1, %d3; ld.global.v2.u64 {%d4, %d5}, [%d1];
         .param .b64 f; .param .b64 v; .param .b32 o; st.param.b64 [f], %d4; st.param.b64 [v], %d5;
         call.uni (o), vprintf, (f, v); ld.param.b32 %r3, [o];
         mul.wide.u32 %d3, %r1, 4; add.u64 %d2, %d2, %d3; st.global.u32 [%d2], %r3; ret;",
    );
    let declared = ".extern .func (.param .b32 o) vprintf(.param .b64 f, .param .b64 v);\n.visible .entry";
    let mut bench = Bench::new(&source.replacen(".visible .entry", declared, 1));
    let strings = STRINGS.map(|text| bench.put(&[text.as_bytes(), &[0]].concat()));
    let mut texts = Vec::new();
    let mut buffer = Buffer::default();
    let mut places = Vec::new();
    for call in &calls {
        // Each call's arguments start at 16 bytes.
        buffer.put(&[0xdd; 16]);
        places.push((texts.len() as u64, buffer.0.len() as u64));
        for one in call {
            texts.extend_from_slice(one.text.as_bytes());
            one.stars.iter().for_each(|star| buffer.put(&star.to_le_bytes()));
            match one.kind {
                'i' => buffer.put(&(one.value as u32).to_le_bytes()),
                's' if one.value == 0 => buffer.put(&[0; 8]),
                's' => buffer.put(&strings[one.value as usize].to_le_bytes()),
                _ => buffer.put(&one.value.to_le_bytes()),
            }
        }
        texts.extend([END as u8, 0]);
    }
    let (texts, buffer) = (bench.put(&texts), bench.put(&buffer.0));
    let table = bench.put_longs(places.iter().flat_map(|&(text, at)| [texts + text, buffer + at]));
    let results = bench.put_words([7; CALLS]);
    bench.run((CALLS / 32) as u32, 32, &[table, results]).unwrap();

    let printed = bench.printed();
    let mut printed = printed.split(END);
    let mut wrong = Vec::new();
    for (call, count) in calls.iter().zip(bench.words(results, CALLS)) {
        let format: String = call.iter().map(|one| one.text.as_str()).collect();
        let values: Vec<_> = call.iter().map(|one| (&one.stars, one.value)).collect();
        let expect: String = expected.by_ref().take(call.len()).collect();
        let result = printed.next().unwrap_or("nothing");
        if result != expect {
            wrong.push(format!("{format} {values:x?} (seed {SEED}): {result:?}, C has {expect:?}"));
        }
        let arguments = call.iter().map(|one| one.stars.len() + 1).sum::<usize>();
        assert_eq!(count as usize, arguments, "{format}");
    }
    assert!(wrong.is_empty(), "{} of {CALLS}:\n{}", wrong.len(), wrong.join("\n"));
}

//! Seeded damage to the samples' PTX: whatever is left of it is refused, faults or runs, and nothing panics or hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fastrand::Rng;
use stream_hal_kernels::{Host, Launch, Module, Program, Scratch};

use super::device::Device;

/// How many damaged texts a test run looks at.
const ROUNDS: u64 = 10_000;
/// How often a kernel may ask whether it should stop before it is told to.
const PATIENCE: u32 = 20;

const ORIGINALS: [&str; 14] = [
    include_str!("../../samples/ptx/histogram.ptx"),
    include_str!("../../samples/ptx/mandelbrot.ptx"),
    include_str!("../../samples/ptx/matmul_tiled.ptx"),
    include_str!("../../samples/ptx/nbody.ptx"),
    include_str!("../../samples/ptx/reduce.ptx"),
    include_str!("../../samples/ptx/saxpy.ptx"),
    include_str!("../../samples/ptx/vector_add.ptx"),
    include_str!("../../samples/ptx/bits.ptx"),
    include_str!("../../samples/ptx/half.ptx"),
    include_str!("../../samples/ptx/lock.ptx"),
    include_str!("../../samples/ptx/runtime.ptx"),
    include_str!("../../samples/ptx/tensor.ptx"),
    include_str!("../../samples/ptx-nvrtc/groups.ptx"),
    include_str!("../../samples/ptx-nvrtc/machine.ptx"),
];

/// Pieces that parsers and launches stumble over.
const TROUBLE: [&str; 24] = [
    "0",
    "-1",
    "4294967295",
    "18446744073709551616",
    "0x",
    "0f7F800000",
    "1e400",
    "[",
    "]",
    "{",
    "}",
    "(",
    ";",
    ",",
    ".v4",
    ".f64",
    ".b8",
    ".u64",
    "%p1",
    "%rd1",
    "%tid.x",
    "@!%p1",
    "$L__BB0_2",
    "\"",
];

struct Impatient(AtomicU32);

impl Host for Impatient {
    fn print(&self, _text: &[u8]) {}

    fn clock_ns(&self) -> u64 {
        0
    }

    fn should_stop(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) > PATIENCE
    }
}

/// Where the words and punctuation of a text lie.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut begin = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_word = letter.is_alphanumeric() || matches!(letter, '%' | '$' | '_' | '.');
        match begin {
            Some(start) if !is_word => {
                found.push((start, at));
                begin = None;
            }
            None if is_word => begin = Some(at),
            _ => {}
        }
        if !is_word && !letter.is_whitespace() {
            found.push((at, at + letter.len_utf8()));
        }
    }
    found
}

/// One kind of damage: a token replaced, dropped or doubled, a line dropped, doubled or moved, the text cut.
fn damage(text: &mut String, random: &mut Rng) {
    let places = tokens(text);
    let Some(&(from, to)) = places.get(random.usize(..places.len().max(1))) else { return };
    match random.u8(..8) {
        0..3 => {
            let other = ORIGINALS[random.usize(..ORIGINALS.len())];
            let there = tokens(other);
            let (other_from, other_to) = there[random.usize(..there.len())];
            text.replace_range(from..to, &other[other_from..other_to]);
        }
        3 => text.replace_range(from..to, TROUBLE[random.usize(..TROUBLE.len())]),
        4 => text.replace_range(from..to, ""),
        5 => {
            let mut lines: Vec<&str> = text.lines().collect();
            let line = lines.remove(random.usize(..lines.len()));
            (0..random.usize(..3)).for_each(|_| lines.insert(random.usize(..=lines.len()), line));
            *text = lines.join("\n");
        }
        6 => {
            // One digit more or less makes sizes, register counts and offsets strange.
            let digits: Vec<usize> =
                text.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()).map(|(at, _)| at).collect();
            let Some(&at) = digits.get(random.usize(..digits.len().max(1))) else { return };
            let digit = char::from(b'0' + random.u8(..10)).to_string();
            text.replace_range(at..at + random.usize(..2), &digit);
        }
        _ => text.truncate(from),
    }
}

/// Runs one block of every kernel that still can run.
fn exercise(text: &str) {
    let Ok(module) = Module::parse(text) else { return };
    let device = Device::default();
    let memory = device.upload(&[1.0_f32; 256]);
    let addresses: Vec<u64> = module.globals().iter().map(|_| memory).collect();
    let Ok(program) = Arc::new(module).link(&addresses) else { return };
    for kernel in 0..program.module().kernels().len() {
        run(&program, kernel, &device, memory);
    }
}

fn run(program: &Program, kernel: usize, device: &Device, memory: u64) {
    let bytes = program.module().kernels()[kernel].parameter_bytes as usize;
    // Every parameter reads as an address, or as 256 where it has 32 bits.
    let mut parameters = vec![0; bytes.next_multiple_of(8)];
    parameters.chunks_exact_mut(8).for_each(|one| one.copy_from_slice(&memory.to_le_bytes()));
    if let Some(last) = parameters.last_chunk_mut::<8>() {
        *last = 256_u64.to_le_bytes();
    }
    let launch =
        Launch { block: [33, 1, 1], shared_bytes: 2048, parameters: &parameters, ..Launch::default() };
    let host = Impatient(AtomicU32::new(0));
    let _ = program.run_block(kernel, &launch, [0, 0, 0], device, &host, &mut Scratch::default());
}

#[test]
fn damaged_texts_do_no_harm() {
    for seed in 0..ROUNDS {
        let mut random = Rng::with_seed(seed);
        let mut text = ORIGINALS[random.usize(..ORIGINALS.len())].to_owned();
        for _ in 0..random.usize(1..4) {
            damage(&mut text, &mut random);
        }
        let outcome = std::panic::catch_unwind(|| exercise(&text));
        assert!(outcome.is_ok(), "seed {seed}:\n{text}");
    }
}

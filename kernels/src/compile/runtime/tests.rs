//! Every kind of call against the interpreter: a kernel of one instruction with the same inputs.

mod other;

use std::sync::{Arc, Mutex};

use super::*;
use crate::compile::ssa::Type;
use crate::interp::Scratch;
use crate::ir::compute::{Float, Int};
use crate::ir::matrix::{Element, Family, Layout, Shape};
use crate::ir::op::{Reduction, Shuffle, Vote};
use crate::ir::{Mode, Rounding, Type as Kind};
use crate::module::Module;
use crate::program::Launch;
use other::{Flat, START, Told};

/// What came of a run: memory, what was told, and the fault without its line.
#[derive(Debug, PartialEq)]
struct Outcome {
    results: Vec<Vec<u64>>,
    memory: Vec<u8>,
    told: Vec<String>,
    fault: Option<KernelFault>,
}

/// A block of threads that all do one thing with inputs of their own.
struct Trial {
    /// PTX that makes `%o0` and so on of `%i0` and so on, all 64 bits wide.
    text: &'static str,
    call: Call,
    inputs: Vec<Vec<u64>>,
    /// The form in which the call gets each.
    forms: Vec<Form>,
    results: Vec<Form>,
    threads: [u32; 3],
    memory: Vec<u8>,
}

const BLOCK: [u32; 3] = [3, 1, 0];

impl Trial {
    fn new(text: &'static str, what: What, forms: &[Form], results: &[Form]) -> Trial {
        Trial {
            text,
            call: Call::new(what, 64, 4, false),
            inputs: Vec::new(),
            forms: forms.to_vec(),
            results: results.to_vec(),
            threads: [16, 2, 2],
            memory: Vec::new(),
        }
    }

    fn input(mut self, value: impl Fn(u64) -> u64) -> Trial {
        let count: u32 = self.threads.iter().product();
        self.inputs.push((0..u64::from(count)).map(value).collect());
        self
    }

    /// Lanes where the first input is not 0 are there.
    fn masked(mut self) -> Trial {
        self.call.masked = true;
        self
    }

    fn interpreted(&self) -> Outcome {
        let threads: u32 = self.threads.iter().product();
        let place = |index: usize| index as u64 * u64::from(threads) * 8;
        let (inputs, outputs) = (self.inputs.len(), self.results.len());
        let mut body = String::new();
        for index in 0..inputs {
            body += &format!("ld.global.u64 %i{index}, [%at+{}];\n", place(index));
        }
        let stores: String = (0..outputs)
            .map(|index| format!("st.global.u64 [%at+{}], %o{index};\n", place(inputs + index)))
            .collect();
        let zero: String = (0..outputs).map(|index| format!("mov.u64 %o{index}, 0;\n")).collect();
        let leave = if self.call.masked { "setp.eq.u64 %q, %i0, 0; @%q bra out;\n" } else { "" };
        // The instruction under test stands on line 4, as a call says.
        let text = format!(
            ".version 8.6\n.target sm_90\n.address_size 64\n.extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a); \
             .extern .func __assertfail(.param .b64 m, .param .b64 f, .param .b32 l, .param .b64 n, .param .b64 c); \
             .extern .func (.param .b64 r) malloc(.param .b64 n); .extern .func free(.param .b64 p); \
             .extern .func cudaGraphSetConditional(.param .b64 h, .param .b32 v); \
             .visible .entry k(.param .u64 at) {{ .reg .pred %p<4>, %q; .reg .b16 %h<8>; .reg .b32 %x<32>; .reg .f32 %f<8>; \
             .reg .f64 %d<32>; .reg .b64 %at, %i<16>, %o<8>; mov.u32 %x0, %tid.x; mov.u32 %x1, %tid.y; mov.u32 %x2, %tid.z; \
             shl.b32 %x1, %x1, 4; shl.b32 %x2, %x2, 5; add.u32 %x0, %x0, %x1; add.u32 %x0, %x0, %x2; ld.param.u64 %at, [at]; \
             mad.wide.u32 %at, %x0, 8, %at; {} {zero} {leave} {} out: {} ret; }}\n",
            body.replace('\n', " "),
            self.text,
            stores.replace('\n', " "),
        )
        .replace("mov.u64 %o", "mov.b64 %o");
        let (header, kernel) = text.split_at(text.find(".extern").unwrap());
        let text = format!("{header}{}\n", kernel.replace('\n', " "));
        let mut bytes: Vec<u8> = self.inputs.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        let at = START + self.memory.len() as u64;
        bytes.resize(place(inputs + outputs) as usize, 0);
        let memory = Flat(Mutex::new([self.memory.clone(), bytes].concat()));
        let program = Arc::new(Module::parse(&text).unwrap()).link(&[]).unwrap();
        let launch = Launch {
            grid: [8, 8, 8],
            block: self.threads,
            parameters: &at.to_le_bytes(),
            ..Launch::default()
        };
        let told = Told::default();
        let run = program.run_block(0, &launch, BLOCK, &memory, &told, &mut Scratch::default());
        let whole = memory.0.into_inner().unwrap();
        let from = self.memory.len() + place(inputs) as usize;
        let words: Vec<u64> =
            whole[from..].chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
        Outcome {
            results: words.chunks_exact(threads as usize).map(<[u64]>::to_vec).collect(),
            memory: whole[..self.memory.len()].to_vec(),
            told: told.0.into_inner().unwrap(),
            fault: run.err(),
        }
    }

    fn called(&self) -> Outcome {
        let mut call = self.call.clone();
        call.lanes = self.threads.iter().product();
        call.arguments = self.forms.clone();
        call.results = self.results.clone();
        let mut buffer = vec![0xdead_beef_dead_beef_u64; 2048];
        let mut at = 0;
        for (&form, input) in call.arguments.iter().zip(&self.inputs) {
            let words = form.bytes(call.lanes) as usize / 8;
            let to = &mut buffer[at..at + words];
            at += words;
            for (lane, &value) in input.iter().enumerate() {
                match form {
                    Form::Mask => {
                        let bit = 1 << (lane % 64);
                        to[lane / 64] = to[lane / 64] & !bit | if value & 1 == 1 { bit } else { 0 };
                    }
                    Form::Lanes32 => {
                        let shift = lane % 2 * 32;
                        let kept = to[lane / 2] & !(0xffff_ffff << shift);
                        to[lane / 2] = kept | u64::from(value as u32) << shift;
                    }
                    Form::Lanes64 => to[lane] = value,
                    // What is above its bits does not count.
                    Form::Scalar(bits) => to[0] = value | (u64::MAX - 1) << (bits - 1),
                }
            }
        }
        let memory = Flat(Mutex::new(self.memory.clone()));
        let (told, mut state) = (Told::default(), State::default());
        let mut env = Env {
            kernel: "k",
            threads: self.threads,
            block: BLOCK,
            first: 0,
            memory: &memory,
            host: &told,
            allocations: None,
            state: &mut state,
        };
        let done = super::call(&call, &mut buffer, &mut env);
        let (mut results, mut at) = (Vec::new(), 0);
        for &form in &call.results {
            let words = form.bytes(call.lanes) as usize / 8;
            let value = &buffer[at..at + words];
            at += words;
            results.push((0..call.lanes as usize).map(|lane| get(value, form, lane)).collect());
        }
        Outcome {
            results,
            memory: memory.0.into_inner().unwrap(),
            told: told.0.into_inner().unwrap(),
            fault: done.err(),
        }
    }

    fn check(self) {
        let (mut expect, mut found) = (self.interpreted(), self.called());
        if expect.fault.is_some() {
            (expect.results, found.results) = (Vec::new(), Vec::new());
        }
        assert_eq!(found, expect, "{}", self.text);
    }
}

use Form::{Lanes32, Lanes64, Mask, Scalar};

/// Bits without an order.
fn mix(lane: u64) -> u64 {
    (lane + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ lane << 60
}

#[test]
fn pure_ops() {
    let wide = What::Compute(Compute::Int(Int::MulHigh, Kind::U64));
    Trial::new("mul.hi.u64 %o0, %i0, %i1;", wide, &[Lanes64, Lanes64], &[Lanes64])
        .input(mix)
        .input(|lane| mix(lane + 99))
        .check();
    let sine = What::Compute(Compute::Float(Float::Sin, Kind::F32, Mode::default()));
    let text = "cvt.u32.u64 %x3, %i0; mov.b32 %f0, %x3; sin.approx.f32 %f0, %f0; mov.b32 %x3, %f0; cvt.u64.u32 %o0, %x3;";
    Trial::new(text, sine, &[Lanes32], &[Lanes32])
        .input(|lane| u64::from((lane as f32 * 0.37 - 9.0).to_bits()))
        .check();
    // Rounded up: lane by lane in software. One argument is the same number for all.
    let mode = Mode { rounding: Rounding::Up, ..Mode::default() };
    let sum = What::Compute(Compute::Float(Float::Add, Kind::F32, mode));
    let text = "cvt.u32.u64 %x3, %i0; mov.b32 %f0, %x3; cvt.u32.u64 %x3, %i1; mov.b32 %f1, %x3; add.rp.f32 %f0, %f0, %f1; \
        mov.b32 %x3, %f0; cvt.u64.u32 %o0, %x3;";
    Trial::new(text, sum, &[Lanes32, Scalar(32)], &[Lanes32])
        .input(|lane| mix(lane) & 0x3fff_ffff)
        .input(|_| u64::from(1.1f32.to_bits()))
        .check();
}

#[test]
fn a_scalar_call_has_one_lane() {
    let what = What::Compute(Compute::Int(Int::Div, Kind::S64));
    let mut trial = Trial::new("div.s64 %o0, %i0, %i1;", what, &[Scalar(64), Scalar(64)], &[Scalar(64)]);
    trial.threads = [1, 1, 1];
    trial.input(|_| -1000i64 as u64).input(|_| 7).check();
}

#[test]
fn clocks() {
    let read = "mov.u64 %o0, %globaltimer; mov.u32 %x3, %globaltimer_hi; cvt.u64.u32 %o1, %x3;";
    Trial::new(read, What::Special(Special::GlobalTimer), &[], &[Lanes64]).called_with(|outcome| {
        assert_eq!(outcome.results, [vec![0x5_0000_0007; 64]]);
    });
    Trial::new(read, What::Special(Special::GlobalTimerHigh), &[], &[Scalar(32)])
        .called_with(|outcome| assert_eq!(outcome.results, [vec![5; 64]]));
    // Two warps in one call are two readings.
    Trial::new(read, What::Special(Special::Clock64), &[], &[Lanes64])
        .called_with(|outcome| assert_ne!(outcome.results[0][0], outcome.results[0][63]));
    Trial::new(read, What::Special(Special::Tid(0)), &[], &[Lanes32])
        .called_with(|outcome| assert!(outcome.fault.is_some_and(|fault| fault.words.contains("Tid"))));
}

impl Trial {
    fn called_with(self, look: impl Fn(Outcome)) {
        look(self.called());
    }
}

#[test]
fn shuffles() {
    let narrow = "cvt.u32.u64 %x3, %i1; cvt.u32.u64 %x4, %i2; cvt.u32.u64 %x5, %i3;";
    for (mode, name) in
        [(Shuffle::Up, "up"), (Shuffle::Down, "down"), (Shuffle::Butterfly, "bfly"), (Shuffle::Index, "idx")]
    {
        for clamp in [0x1f, 0, 0x1807, 0x1c03] {
            let text = format!(
                "{narrow} shfl.sync.{name}.b32 %x6|%p0, %x3, %x4, %x5, 0xffffffff; cvt.u64.u32 %o0, %x6; selp.u64 %o1, 1, 0, %p0;"
            );
            Trial::new(
                text.leak(),
                What::Shuffle(mode),
                &[Mask, Lanes32, Lanes32, Scalar(32)],
                &[Lanes32, Mask],
            )
            .masked()
            .input(|_| 1)
            .input(|lane| mix(lane) & 0xffff_ffff)
            .input(|lane| lane * 3 % 32)
            .input(|_| clamp)
            .check();
        }
    }
}

/// Votes, matches and reductions, of all lanes and of two teams in a warp.
#[test]
fn agreements() {
    let team = |lane: u64| if lane & 4 == 0 { 0x0f0f_0f0fu64 } else { 0xf0f0_f0f0 };
    for members in [&team as &dyn Fn(u64) -> u64, &|_| 0xffff_ffff] {
        for (mode, name) in [(Vote::All, "all"), (Vote::Any, "any"), (Vote::Uniform, "uni")] {
            let text = format!(
                "setp.ne.u64 %p0, %i0, 0; cvt.u32.u64 %x3, %i1; vote.sync.{name}.pred %p1, !%p0, %x3; selp.u64 %o0, 1, 0, %p1;"
            );
            for value in
                [&|lane: u64| lane >> 5 & 1, &|lane| u64::from(lane != 9)] as [&dyn Fn(u64) -> u64; 2]
            {
                Trial::new(text.clone().leak(), What::Vote(mode, true), &[Mask, Lanes32], &[Mask])
                    .input(value)
                    .input(members)
                    .check();
            }
        }
        let text = "setp.ne.u64 %p0, %i0, 0; cvt.u32.u64 %x3, %i1; vote.sync.ballot.b32 %x4, %p0, %x3; cvt.u64.u32 %o0, %x4;";
        Trial::new(text, What::Vote(Vote::Ballot, false), &[Mask, Lanes32], &[Lanes32])
            .input(|lane| mix(lane) & 1)
            .input(members)
            .check();
        let text = "cvt.u32.u64 %x3, %i1; match.any.sync.b64 %x4, %i0, %x3; cvt.u64.u32 %o0, %x4;";
        Trial::new(text, What::Match(false), &[Lanes64, Lanes32], &[Lanes32])
            .input(|lane| mix(lane) & 3)
            .input(members)
            .check();
        let text = "cvt.u32.u64 %x3, %i1; match.all.sync.b64 %x4|%p0, %i0, %x3; cvt.u64.u32 %o0, %x4; selp.u64 %o1, 1, 0, %p0;";
        Trial::new(text, What::Match(true), &[Lanes64, Lanes32], &[Lanes32, Mask])
            .input(|lane| lane & 4)
            .input(members)
            .check();
        let text = "cvt.u32.u64 %x4, %i0; cvt.u32.u64 %x3, %i1; redux.sync.min.s32 %x4, %x4, %x3; cvt.u64.u32 %o0, %x4;";
        Trial::new(text, What::Reduce(Reduction::Min, Kind::S32), &[Lanes32, Lanes32], &[Lanes32])
            .input(|lane| mix(lane) & 0xffff_ffff)
            .input(members)
            .check();
    }
}

#[test]
fn a_stranger_to_its_own_mask_is_a_fault() {
    let text = "cvt.u32.u64 %x3, %i1; match.any.sync.b64 %x4, %i0, %x3; cvt.u64.u32 %o0, %x4;";
    Trial::new(text, What::Match(false), &[Lanes64, Lanes32], &[Lanes32])
        .input(|_| 1)
        .input(|lane| if lane == 37 { 1 } else { 0xffff_ffff })
        .called_with(|outcome| {
            let fault = outcome.fault.unwrap();
            assert_eq!((fault.kind, fault.thread), (FaultKind::IllegalInstruction, [5, 0, 1]));
            assert_eq!(fault.words, "not in its member mask 0x1");
        });
}

/// Products of halves and of doubles; a warp that is not whole.
#[test]
fn matrices() {
    let product = |shape: (u16, u16, u16), elements: [Element; 4]| {
        What::Matrix(Box::new(Product {
            family: Family::Mma,
            shape: Shape { m: shape.0, n: shape.1, k: shape.2 },
            elements,
            layouts: [Layout::Row, Layout::Col],
            rounding: Rounding::Nearest,
            satfinite: false,
            bits: None,
        }))
    };
    let halves = || product((16, 8, 8), [Element::F16, Element::F16, Element::F16, Element::F16]);
    let text = "cvt.u32.u64 %x3, %i1; cvt.u32.u64 %x4, %i2; cvt.u32.u64 %x5, %i3; cvt.u32.u64 %x6, %i4; cvt.u32.u64 %x7, %i5; \
        mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%x8,%x9}, {%x3,%x4}, {%x5}, {%x6,%x7}; \
        cvt.u64.u32 %o0, %x8; cvt.u64.u32 %o1, %x9;";
    let half = |lane: u64| 0x3c00_3800 + (mix(lane) & 0x01ff_01ff);
    for last in [64, 40] {
        let mut trial = Trial::new(
            text,
            halves(),
            &[Mask, Lanes32, Lanes32, Lanes32, Lanes32, Lanes32],
            &[Lanes32, Lanes32],
        )
        .masked()
        .input(|lane| u64::from(lane < last));
        for index in 0..5 {
            trial = trial.input(|lane| half(lane + index * 64));
        }
        trial.check();
    }
    let doubles = product((8, 8, 4), [Element::F64; 4]);
    let text = "mov.b64 %d0, %i0; mov.b64 %d1, %i1; mov.b64 %d2, %i2; mov.b64 %d3, %i3; \
        mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%d4,%d5}, {%d0}, {%d1}, {%d2,%d3}; \
        mov.b64 %o0, %d4; mov.b64 %o1, %d5;";
    let mut trial = Trial::new(text, doubles, &[Lanes64; 4], &[Lanes64; 2]);
    for index in 0..4 {
        trial = trial.input(|lane| (lane as f64 * 0.3 - f64::from(index)).to_bits());
    }
    trial.check();
}

#[test]
fn atomics() {
    let sum = What::Atomic(AtomicOp::AddFloat, 4);
    let text = "cvt.u32.u64 %x3, %i2; mov.b32 %f0, %x3; atom.global.add.f32 %f1, [%i1], %f0; mov.b32 %x3, %f1; cvt.u64.u32 %o0, %x3;";
    // Some lanes add to one place, and one of them to none.
    for wild in [64, 40] {
        for address in [0x9_0000, 0x1002] {
            let place = |lane: u64| START + mix(lane) % 4 * 4;
            let mut trial = Trial::new(text, sum.clone(), &[Mask, Lanes64, Lanes32], &[Lanes32])
                .masked()
                .input(|lane| u64::from(lane % 3 != 1))
                .input(|lane| if lane == wild { address } else { place(lane) })
                .input(|lane| u64::from((lane as f32 * 0.1).to_bits()));
            trial.memory = vec![0; 16];
            trial.check();
        }
    }
    let swap = What::Atomic(AtomicOp::CompareExchange, 8);
    let text = "atom.global.cas.b64 %o0, [%i0], %i2, %i1;";
    let mut trial = Trial::new(text, swap, &[Scalar(64), Lanes64, Lanes64], &[Lanes64])
        .input(|_| START)
        .input(|lane| lane + 1)
        .input(|lane| lane);
    trial.memory = vec![0; 8];
    trial.check();
}

fn strings(texts: &[&str]) -> (Vec<u8>, Vec<u64>) {
    let (mut memory, mut places) = (Vec::new(), Vec::new());
    for text in texts {
        places.push(START + memory.len() as u64);
        memory.extend_from_slice(text.as_bytes());
        memory.push(0);
    }
    memory.resize(memory.len().next_multiple_of(8), 0);
    (memory, places)
}

#[test]
fn prints() {
    let (mut memory, places) = strings(&["%d and %s, %.2f\n", "words"]);
    let arguments = START + memory.len() as u64;
    for value in [-5i64 as u64, places[1], 1.5f64.to_bits()] {
        memory.extend_from_slice(&value.to_le_bytes());
    }
    let text = "{ .param .b64 a; .param .b64 b; .param .b32 r; st.param.b64 [a], %i1; st.param.b64 [b], %i2; \
        call (r), vprintf, (a, b); ld.param.b32 %x3, [r]; cvt.u64.u32 %o0, %x3; }";
    let print = What::Runtime(Runtime::Vprintf);
    for wild in [64, 3] {
        let mut trial = Trial::new(text, print.clone(), &[Mask, Lanes64, Scalar(64)], &[Lanes32])
            .masked()
            .input(|lane| lane & 1)
            .input(|lane| if lane == wild { 0x10_0000 } else { places[0] })
            .input(|_| arguments);
        trial.memory = memory.clone();
        trial.check();
    }
    let mut none = Trial::new(text, print, &[Mask, Scalar(64), Scalar(64)], &[Lanes32]).masked();
    none.memory = memory;
    none.input(|_| 1).input(|_| 0).input(|_| 0).check();
}

#[test]
fn the_heap() {
    let text = "{ .param .b64 a; .param .b64 r; st.param.b64 [a], %i1; call (r), malloc, (a); ld.param.b64 %o0, [r]; }";
    Trial::new(text, What::Runtime(Runtime::Malloc), &[Mask, Lanes64], &[Lanes64])
        .masked()
        .input(|lane| lane & 1)
        .input(|lane| lane * 8)
        .check();
    let text = "{ .param .b64 a; st.param.b64 [a], %i0; call free, (a); }";
    Trial::new(text, What::Runtime(Runtime::Free), &[Lanes64], &[]).input(|lane| lane * 8).check();
}

#[test]
fn assertions_and_conditions() {
    let (memory, places) = strings(&["x > 0", "file.cu", "kernel"]);
    let text = "{ .param .b64 a; .param .b64 b; .param .b32 c; .param .b64 d; .param .b64 e; st.param.b64 [a], %i1; \
        st.param.b64 [b], %i2; cvt.u32.u64 %x3, %i3; st.param.b32 [c], %x3; st.param.b64 [d], %i4; st.param.b64 [e], %i5; \
        call __assertfail, (a, b, c, d, e); }";
    let forms = [Mask, Scalar(64), Scalar(64), Scalar(32), Scalar(64), Scalar(64)];
    let mut trial = Trial::new(text, What::Runtime(Runtime::AssertFail), &forms, &[])
        .masked()
        .input(|lane| u64::from(lane == 34 || lane == 50));
    for value in [places[0], places[1], 77, places[2], 1] {
        trial = trial.input(|_| value);
    }
    trial.memory = memory;
    trial.check();
    let text = "{ .param .b64 a; .param .b32 b; st.param.b64 [a], %i0; cvt.u32.u64 %x3, %i1; st.param.b32 [b], %x3; \
        call cudaGraphSetConditional, (a, b); }";
    for most in [50, 300] {
        Trial::new(text, What::Runtime(Runtime::SetConditional), &[Lanes64, Lanes32], &[])
            .input(|lane| lane * most / 40)
            .input(|lane| lane)
            .check();
    }
}

#[test]
fn traps() {
    Trial::new("trap;", What::Trap, &[Mask], &[]).masked().input(|lane| u64::from(lane > 40)).check();
    Trial::new("trap;", What::Trap, &[Mask], &[]).masked().input(|_| 0).check();
}

/// A table of one allocation.
struct One;

impl Allocations for One {
    fn complaint(&self, _: u32, address: u64, bytes: u32, write: bool) -> Option<String> {
        let inside = address >= 0x100 && address + u64::from(bytes) <= 0x200;
        (!inside).then(|| format!("not in the one, write {write}"))
    }
}

#[test]
fn checks() {
    let run = |address: u64, flag: u64| {
        let mut call = Call::new(What::Check { bytes: 8, align: 8, write: true }, 32, 9, true);
        call.lay_out(&[Type::I1, Type::I64], &[]).unwrap();
        let (told, mut state) = (Told::default(), State::default());
        let memory = Flat(Mutex::new(Vec::new()));
        let mut env = Env {
            kernel: "k",
            threads: [64, 1, 1],
            block: [0; 3],
            first: 32,
            memory: &memory,
            host: &told,
            allocations: Some(&One),
            state: &mut state,
        };
        super::call(&call, &mut [flag, address], &mut env).map_err(|fault| (fault.thread, fault.to_string()))
    };
    assert_eq!(run(0x1f8, 1), Ok(()));
    assert_eq!(run(0x200, 0), Ok(()), "nobody asks");
    let words = "illegal access of 8 bytes at 0x200: not in the one, write true in kernel k block (0,0,0) thread (32,0,0) line 9";
    assert_eq!(run(0x200, 1), Err(([32, 0, 0], words.to_owned())));
    let words = "misaligned access of 8 bytes at 0x104 in kernel k block (0,0,0) thread (32,0,0) line 9";
    assert_eq!(run(0x104, 1), Err(([32, 0, 0], words.to_owned())));
}

#[test]
fn a_mask_may_be_a_number() {
    let mut call = Call::new(What::Trap, 32, 9, true);
    assert!(call.lay_out(&[Type::I64], &[]).is_some());
    let trial = Trial { call, ..Trial::new("trap;", What::Trap, &[Scalar(64)], &[]) };
    let mut trial = trial.input(|_| 0xf0);
    trial.threads = [32, 1, 1];
    assert_eq!(trial.called().fault.map(|fault| fault.thread), Some([4, 0, 0]));
    assert!(Call::new(What::Trap, 33, 9, true).lay_out(&[Type::I32], &[]).is_none());
}

#[test]
fn values_without_room_are_a_fault_of_ours() {
    let mut call = Call::new(What::Trap, 64, 1, false);
    call.arguments = vec![Lanes64; 3];
    let (told, mut state) = (Told::default(), State::default());
    let memory = Flat(Mutex::new(Vec::new()));
    let (threads, block, first, allocations) = ([64, 1, 1], [0; 3], 0, None);
    let (memory, host, state) = (&memory, &told, &mut state);
    let mut env = Env { kernel: "k", threads, block, first, memory, host, allocations, state };
    let fault = super::call(&call, &mut [0; 100], &mut env).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unsupported);
}

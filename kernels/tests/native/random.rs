//! Random programs with more values than registers, loops and branches, against the oracle.

use stream_hal_kernels::compile::ssa::parse::parse;

use super::program::{RESULTS, same, text, world};

/// Types of values: text, bytes of a lane in memory (0: none), lanes of its masks.
const TYPES: &[(&str, usize, usize)] = &[
    ("i1", 0, 0),
    ("i32", 4, 0),
    ("i64", 8, 0),
    ("v16x32", 4, 16),
    ("v8x32", 4, 8),
    ("v8x64", 8, 8),
    ("m16", 0, 16),
    ("m8", 0, 8),
];

/// Ops: name, types of arguments, type of the result.
const OPS: &[(&str, &[&str], &str)] = &[
    ("add.u32", &["i32", "i32"], "i32"),
    ("sub.u32", &["i32", "i32"], "i32"),
    ("mullow.u32", &["i32", "i32"], "i32"),
    ("div.s32", &["i32", "i32"], "i32"),
    ("rem.u32", &["i32", "i32"], "i32"),
    ("min.s32", &["i32", "i32"], "i32"),
    ("shl.u32", &["i32", "i32"], "i32"),
    ("shr.s32", &["i32", "i32"], "i32"),
    ("shfleftwrap.b32", &["i32", "i32", "i32"], "i32"),
    ("not.b32", &["i32"], "i32"),
    ("and.b32", &["i32", "i32"], "i32"),
    ("mulwide.s32", &["i32", "i32"], "i64"),
    ("add.u64", &["i64", "i64"], "i64"),
    ("sub.u64", &["i64", "i64"], "i64"),
    ("mullow.u64", &["i64", "i64"], "i64"),
    ("mulhigh.u64", &["i64", "i64"], "i64"),
    ("mulhigh.s64", &["i64", "i64"], "i64"),
    ("div.u64", &["i64", "i64"], "i64"),
    ("rem.s64", &["i64", "i64"], "i64"),
    ("max.u64", &["i64", "i64"], "i64"),
    ("shr.u64", &["i64", "i32"], "i64"),
    ("and.b64", &["i64", "i64"], "i64"),
    ("not.b64", &["i64"], "i64"),
    ("compare.lt.s32", &["i32", "i32"], "i1"),
    ("compare.ge.u64", &["i64", "i64"], "i1"),
    ("and.pred", &["i1", "i1"], "i1"),
    ("not.pred", &["i1"], "i1"),
    ("select", &["i32", "i32", "i1"], "i32"),
    ("select", &["i64", "i64", "i1"], "i64"),
    ("convert.u64.u32", &["i32"], "i64"),
    ("convert.s64.s32", &["i32"], "i64"),
    ("convert.u32.u64", &["i64"], "i32"),
    ("convert.s32.s16", &["i32"], "i32"),
    ("add.u32", &["v16x32", "v16x32"], "v16x32"),
    ("mullow.u32", &["v16x32", "v16x32"], "v16x32"),
    ("min.s32", &["v16x32", "v16x32"], "v16x32"),
    ("shl.u32", &["v16x32", "v16x32"], "v16x32"),
    ("xor.b32", &["v16x32", "v16x32"], "v16x32"),
    ("and.b32", &["v16x32", "v16x32"], "v16x32"),
    ("not.b32", &["v16x32"], "v16x32"),
    ("add.u32", &["v8x32", "v8x32"], "v8x32"),
    ("max.u32", &["v8x32", "v8x32"], "v8x32"),
    ("or.b32", &["v8x32", "v8x32"], "v8x32"),
    ("add.u64", &["v8x64", "v8x64"], "v8x64"),
    ("mullow.u64", &["v8x64", "v8x64"], "v8x64"),
    ("sub.u64", &["v8x64", "v8x64"], "v8x64"),
    ("and.b64", &["v8x64", "v8x64"], "v8x64"),
    ("compare.lt.u32", &["v16x32", "v16x32"], "m16"),
    ("compare.ge.s32", &["v8x32", "v8x32"], "m8"),
    ("compare.eq.u64", &["v8x64", "v8x64"], "m8"),
    ("select", &["v16x32", "v16x32", "m16"], "v16x32"),
    ("select", &["v8x32", "v8x32", "m8"], "v8x32"),
    ("select", &["v8x64", "v8x64", "m8"], "v8x64"),
    ("and.pred", &["m16", "m16"], "m16"),
    ("or.pred", &["m8", "m8"], "m8"),
    ("xor.pred", &["m16", "m16"], "m16"),
    ("not.pred", &["m16"], "m16"),
    ("convert.u64.u32", &["v8x32"], "v8x64"),
    ("convert.s64.s32", &["v8x32"], "v8x64"),
    ("convert.u32.u64", &["v8x64"], "v8x32"),
    ("broadcast", &["i32"], "v16x32"),
    ("broadcast", &["i64"], "v8x64"),
    ("broadcast", &["i32"], "v8x32"),
    ("broadcast", &["i1"], "m16"),
    ("lane.5", &["v16x32"], "i32"),
    ("lane.0", &["v8x32"], "i32"),
    ("lane.7", &["v8x64"], "i64"),
    ("half.0", &["v16x32"], "v8x32"),
    ("half.1", &["v16x32"], "v8x32"),
    ("half.0", &["m16"], "m8"),
    ("half.1", &["m16"], "m8"),
    ("join", &["v8x32", "v8x32"], "v16x32"),
    ("join", &["m8", "m8"], "m16"),
    ("maskbits", &["m16"], "i32"),
    ("maskbits", &["m8"], "i32"),
    ("bitsmask", &["i32"], "m16"),
    ("bitsmask", &["i32"], "m8"),
    ("maskany", &["m16"], "i1"),
    ("maskall", &["m8"], "i1"),
    ("permute", &["v16x32", "v16x32"], "v16x32"),
    ("permute2", &["v16x32", "v16x32", "v16x32"], "v16x32"),
    ("permute2", &["v8x64", "v8x64", "v8x64"], "v8x64"),
    ("permute", &["v8x32", "v8x32"], "v8x32"),
];

const HEAD: &str = "call compute mad24low.u32, 16 lanes, masked\ncall compute add.u64, 1 lanes";

/// A program in the making.
struct Program {
    random: fastrand::Rng,
    text: String,
    next: u32,
    blocks: u32,
    /// Values that can be used here, by type.
    values: Vec<(u32, usize)>,
}

impl Program {
    fn new(seed: u64) -> Program {
        let mut program = Program {
            random: fastrand::Rng::with_seed(seed),
            text: String::new(),
            next: 10,
            blocks: 1,
            values: vec![(2, 2)],
        };
        for (ty, (name, bytes, lanes)) in TYPES.iter().enumerate() {
            for at in 0..2 {
                let v = program.name();
                let from = (ty * 2 + at) * 64;
                program.text += &match (*bytes, *lanes) {
                    (0, 0) => format!("v{v}: i1 = const {at}\n"),
                    (0, _) => format!("v{v}: {name} = const {}\n", 0x5a >> at),
                    _ => format!("v{v}: {name} = load.generic.{bytes} v2 + {from}\n"),
                };
                program.values.push((v, ty));
            }
        }
        program
    }

    fn name(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn pick(&mut self, ty: usize) -> u32 {
        let all: Vec<u32> = self.values.iter().filter(|value| value.1 == ty).map(|value| value.0).collect();
        // Old ones as often as new ones: many live long.
        all[self.random.usize(..all.len())]
    }

    fn named(&mut self, name: &str) -> u32 {
        self.pick(type_of(name))
    }

    fn define(&mut self, ty: &str, how: &str) -> u32 {
        let v = self.name();
        self.text += &format!("v{v}: {ty} = {how}\n");
        self.values.push((v, type_of(ty)));
        v
    }

    fn step(&mut self) {
        match self.random.u8(0..24) {
            0..=1 => self.load(),
            2 => self.store(),
            3 => self.gather(),
            4 => self.atomic(),
            5 => {
                let ty = ["i32", "i64", "v16x32", "v8x64", "v8x32"][self.random.usize(..5)];
                let bits = if ty.ends_with("64") { 64 } else { 32 };
                let number = super::program::number(&mut self.random) >> (64 - bits);
                self.define(ty, &format!("const {number}"));
            }
            6 if self.random.u8(..4) == 0 => {
                if self.random.bool() {
                    let (mask, a, b) = (self.named("i64"), self.named("v16x32"), self.named("v16x32"));
                    self.define("v16x32", &format!("call.0 v{mask}, v{a}, v{b}, v{a}"));
                } else {
                    let (a, b) = (self.named("i64"), self.named("i64"));
                    self.define("i64", &format!("call.1 v{a}, v{b}"));
                }
            }
            _ => {
                let (op, args, result) = OPS[self.random.usize(..OPS.len())];
                let args: Vec<String> = args.iter().map(|ty| format!("v{}", self.named(ty))).collect();
                self.define(result, &format!("{op} {}", args.join(", ")));
            }
        }
    }

    /// An address within so many bytes: its parts may end up in a memory operand.
    fn address(&mut self, bytes: usize) -> u32 {
        let index = self.named("i32");
        let most = self.define("i32", &format!("const {}", (bytes / 8 - 1) & !7));
        let low = self.define("i32", &format!("and.b32 v{index}, v{most}"));
        let long = self.define("i64", &format!("convert.u64.u32 v{low}"));
        let by = self.random.u8(..4);
        let by = self.define("i32", &format!("const {by}"));
        let scaled = self.define("i64", &format!("shl.u64 v{long}, v{by}"));
        self.define("i64", &format!("add.u64 v2, v{scaled}"))
    }

    fn mask(&mut self, lanes: usize) -> String {
        if self.random.bool() {
            return String::new();
        }
        let mask = self.named(if lanes == 16 { "m16" } else { "m8" });
        format!("[v{mask}]")
    }

    fn load(&mut self) {
        let (ty, most, lanes) = TYPES[self.random.usize(1..6)];
        let address = self.address(16 << 10);
        let bytes = [1, 2, 4, 8]
            .into_iter()
            .filter(|&bytes| bytes <= most)
            .nth(self.random.usize(..3))
            .unwrap_or(most);
        let signed = if self.random.bool() { ".signed" } else { "" };
        let mask = if lanes > 0 { self.mask(lanes) } else { String::new() };
        let offset = self.random.u8(..64);
        self.define(ty, &format!("load.generic.{bytes}{signed} v{address} + {offset} {mask}"));
    }

    fn store(&mut self) {
        let (ty, most, lanes) = TYPES[self.random.usize(1..6)];
        let address = self.address(8 << 10);
        let value = self.named(ty);
        let bytes = [1, 2, 4, 8]
            .into_iter()
            .filter(|&bytes| bytes <= most)
            .nth(self.random.usize(..3))
            .unwrap_or(most);
        let mask = match lanes {
            0 if self.random.bool() => format!("[v{}]", self.named("i1")),
            0 => String::new(),
            lanes => self.mask(lanes),
        };
        self.text += &format!("store.generic.{bytes} v{address} + {}, v{value} {mask}\n", RESULTS + 8192);
    }

    fn indexes(&mut self, lanes: usize) -> (u32, &'static str) {
        let (ty, all) = if lanes == 16 { ("v16x32", "b32") } else { ("v8x64", "b64") };
        let most = self.define(ty, "const 0xff8");
        let value = self.named(ty);
        (self.define(ty, &format!("and.{all} v{value}, v{most}")), ty)
    }

    fn gather(&mut self) {
        let lanes = if self.random.bool() { 16 } else { 8 };
        let (index, ty) = self.indexes(lanes);
        let (bytes, mask) = (if lanes == 16 { 4 } else { 8 }, self.mask(lanes));
        if self.random.bool() {
            self.define(ty, &format!("gather.{bytes} v2, v{index} * 4 + 24 {mask}"));
        } else {
            let value = self.named(ty);
            let bytes = [1, 2, bytes][self.random.usize(..3)];
            self.text += &format!("scatter.{bytes} v2, v{index} * 2 + {}, v{value} {mask}\n", RESULTS + 8192);
        }
    }

    fn atomic(&mut self) {
        let op = ["add", "xor", "maxsigned", "compareexchange", "exchange", "incrementwrap"]
            [self.random.usize(..6)];
        let locked = if self.random.bool() { ".locked" } else { "" };
        if self.random.bool() {
            let address = self.address(4096);
            let (a, b) = (self.named("i32"), self.named("i32"));
            let space = if self.random.bool() { "shared" } else { "generic" };
            let how = format!("atomic.{space}.4.{op} v{address} + {}, v{a}, v{b}", RESULTS + 8192);
            if self.random.bool() {
                self.define("i32", &how);
            } else {
                self.text += &format!("{how}\n")
            }
            return;
        }
        let (index, ty) = self.indexes(16);
        let (a, b, mask) = (self.named(ty), self.named(ty), self.mask(16));
        let how =
            format!("atomiclanes.4.{op}{locked} v2, v{index} * 4 + {}, v{a}, v{b} {mask}", RESULTS + 8192);
        if self.random.bool() {
            self.define(ty, &how);
        } else {
            self.text += &format!("{how}\n");
        }
    }

    fn block(&mut self) -> u32 {
        self.blocks += 1;
        self.blocks - 1
    }

    fn steps(&mut self, most: usize) {
        (0..self.random.usize(..most)).for_each(|_| self.step());
    }

    /// Parameters of random types, and values for them.
    fn params(&mut self) -> (Vec<usize>, Vec<u32>) {
        let types: Vec<usize> =
            (0..self.random.usize(1..7)).map(|_| self.random.usize(..TYPES.len())).collect();
        let values = types.iter().map(|&ty| self.pick(ty)).collect();
        (types, values)
    }

    fn enter(&mut self, block: u32, types: &[usize]) -> Vec<u32> {
        let names: Vec<u32> = types.iter().map(|_| self.name()).collect();
        let list =
            names.iter().zip(types).map(|(v, &ty)| format!("v{v}: {}", TYPES[ty].0)).collect::<Vec<_>>();
        self.text += &format!("b{block}({}):\n", list.join(", "));
        self.values.extend(names.iter().zip(types).map(|(&v, &ty)| (v, ty)));
        names
    }

    fn jump(&mut self, block: u32, values: &[u32]) {
        let list = values.iter().map(|v| format!("v{v}")).collect::<Vec<_>>();
        self.text += &format!("jump b{block}({})\n", list.join(", "));
    }

    /// A loop of a few rounds.
    fn rounds(&mut self, depth: u8) {
        let (head, again, out) = (self.block(), self.block(), self.block());
        let (mut types, mut values) = self.params();
        types.insert(0, type_of("i32"));
        let zero = self.define("i32", "const 0");
        values.insert(0, zero);
        self.jump(head, &values);
        let names = self.enter(head, &types);
        self.body(depth);
        let one = self.define("i32", "const 1");
        let count = self.define("i32", &format!("add.u32 v{}, v{one}", names[0]));
        let most = self.random.u8(1..4);
        let most = self.define("i32", &format!("const {most}"));
        let more = self.define("i1", &format!("compare.lt.u32 v{count}, v{most}"));
        if self.random.bool() {
            self.text += "poll\n";
        }
        self.text += &format!("branch v{more}, b{again}, b{out}\nb{again}:\n");
        let mut next: Vec<u32> = types.iter().map(|&ty| self.pick(ty)).collect();
        next[0] = count;
        self.jump(head, &next);
        self.text += &format!("b{out}:\n");
        // All of the loop comes before its end: what it made is there behind it, too.
    }

    /// Two ways that meet.
    fn ways(&mut self, depth: u8) {
        let (yes, no, end) = (self.block(), self.block(), self.block());
        let condition = self.named("i1");
        self.text += &format!("branch v{condition}, b{yes}, b{no}\nb{yes}:\n");
        let (types, _) = self.params();
        let known = self.values.len();
        self.body(depth);
        let values: Vec<u32> = types.iter().map(|&ty| self.pick(ty)).collect();
        self.jump(end, &values);
        self.values.truncate(known);
        self.text += &format!("b{no}:\n");
        self.steps(6);
        let values: Vec<u32> = types.iter().map(|&ty| self.pick(ty)).collect();
        self.jump(end, &values);
        self.values.truncate(known);
        self.enter(end, &types);
    }

    fn body(&mut self, depth: u8) {
        self.steps(30);
        if depth > 0 {
            match self.random.u8(..3) {
                0 => self.rounds(depth - 1),
                1 => self.ways(depth - 1),
                _ => {}
            }
            self.steps(20);
        }
    }

    /// Stores much of what there is.
    fn finish(mut self) -> String {
        let mut place = RESULTS;
        for at in (0..self.values.len()).rev().take(100) {
            let (v, ty) = self.values[at];
            let (_, bytes, lanes) = TYPES[ty];
            if bytes == 0 {
                let mask = match lanes {
                    0 => format!("broadcast v{v}"),
                    _ => format!("copy v{v}"),
                };
                let name = if lanes == 8 { "m8" } else { "m16" };
                let mask = self.define(name, &mask);
                let number = self.define("i32", &format!("maskbits v{mask}"));
                self.text += &format!("store.generic.4 v2 + {place}, v{number}\n");
            } else {
                self.text += &format!("store.generic.{bytes} v2 + {place}, v{v}\n");
            }
            place += 64;
        }
        let end = self.define("i32", "const 0");
        self.text + &format!("return v{end}")
    }
}

fn type_of(name: &str) -> usize {
    TYPES.iter().position(|ty| ty.0 == name).expect("a type of the table")
}

#[test]
fn random_programs() {
    let programs = std::env::var("PROGRAMS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let first = std::env::var("FIRST").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first..first + programs {
        let mut program = Program::new(seed);
        for _ in 0..program.random.u8(1..4) {
            program.body(2);
        }
        let program = text(HEAD, &program.finish());
        let outcome = std::panic::catch_unwind(|| same(&parse(&program), &world(seed)));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}

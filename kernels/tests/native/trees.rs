//! Random trees of lane-wise ops on vectors: what is folded into one instruction means the same.

use stream_hal_kernels::compile::Target;
use stream_hal_kernels::compile::emit;
use stream_hal_kernels::compile::pass::order;
use stream_hal_kernels::compile::ssa::edit::Builder;
use stream_hal_kernels::compile::ssa::verify::{Stage, verify};
use stream_hal_kernels::compile::ssa::{self, End, Function, Op, Type, Value, meaning};
use stream_hal_kernels::ir::Type as Kind;
use stream_hal_kernels::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode, Rounding};

use super::vector::{access, base, lanes, put, run_code, store};
use super::{numbers, process};

/// Programs of a run.
const PROGRAMS: u64 = 2000;
/// Results of a program.
const ROOTS: usize = 12;
/// Vectors of input.
const INPUTS: usize = 24;
const BYTES: i64 = 64;

/// What values are read as: integers never look at the bits of floats, as NaNs have many forms.
const KINDS: [Kind; 5] = [Kind::U32, Kind::F32, Kind::U64, Kind::F64, Kind::Pred];

/// A value and what it is in each lane.
#[derive(Clone)]
struct Known {
    value: Value,
    numbers: Vec<u64>,
}

struct Grower<'a, 'f> {
    b: Builder<'f>,
    random: &'a mut fastrand::Rng,
    lanes: u8,
    base: Value,
    memory: Vec<u64>,
    inputs: usize,
    /// Values that may be used again, by kind.
    known: [Vec<Known>; 5],
}

impl Grower<'_, '_> {
    fn ty(&self, kind: Kind) -> Type {
        match kind.bits() {
            1 => Type::M { lanes: self.lanes },
            64 => Type::v64(self.lanes),
            _ => Type::v32(self.lanes),
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.usize(..from.len())]
    }

    /// From memory, whole or one element, or a constant.
    fn leaf(&mut self, kind: Kind) -> Known {
        let ty = self.ty(kind);
        let count = usize::from(self.lanes);
        let (place, number) = (self.inputs as i64 * BYTES, numbers::one(self.random, kind, ty));
        let form = self.random.u8(..8);
        if form < 2 || self.inputs == INPUTS {
            let number = if form == 0 { 0 } else { number };
            let numbers = match ty {
                Type::M { .. } => (0..count).map(|lane| number >> lane & 1).collect(),
                _ => vec![number; count],
            };
            return Known { value: self.b.constant(ty, number), numbers };
        }
        self.inputs += 1;
        let mut numbers: Vec<u64> = (0..count).map(|_| numbers::one(self.random, kind, ty)).collect();
        put(&mut self.memory, ty, place, &numbers);
        let base = self.base;
        let value = match ty {
            Type::M { .. } => {
                numbers.iter_mut().for_each(|bit| *bit &= 1);
                let bits = self.b.op(Op::Load(access(4, place)), &[base], Type::I32);
                self.b.op(Op::BitsMask, &[bits], ty)
            }
            _ if form == 2 => {
                let first = numbers[0];
                numbers.fill(first);
                let scalar = if ty.bits() == 64 { Type::I64 } else { Type::I32 };
                let one = self.b.op(Op::Load(access(ty.bits() / 8, place)), &[base], scalar);
                self.b.op(Op::Broadcast, &[one], ty)
            }
            _ => self.b.op(Op::Load(access(ty.bits() / 8, place)), &[base], ty),
        };
        Known { value, numbers }
    }

    fn grow(&mut self, kind: Kind, depth: u32) -> Known {
        let place = KINDS.iter().position(|&other| other == kind).expect("one of them");
        if self.random.u8(..5) == 0 && !self.known[place].is_empty() {
            let at = self.random.usize(..self.known[place].len());
            return self.known[place][at].clone();
        }
        if depth == 0 {
            return self.leaf(kind);
        }
        if self.random.u8(..40) == 0 {
            // A block ends here.
            let next = self.b.function.add_block(1);
            self.b.end(End::Jump(ssa::Target::to(next)));
            self.b.block = next;
        }
        let known = match kind {
            Kind::Pred => self.mask(depth - 1),
            kind if self.random.u8(..4) == 0 => {
                self.op(Compute::Select, &[kind, kind, Kind::Pred], kind, depth - 1)
            }
            kind if kind.float() => self.float(kind, depth - 1),
            kind => self.integer(kind, depth - 1),
        };
        self.known[place].push(known.clone());
        known
    }

    /// An op of grown arguments.
    fn op(&mut self, compute: Compute, kinds: &[Kind], result: Kind, depth: u32) -> Known {
        let args: Vec<Known> = kinds.iter().map(|&kind| self.grow(kind, depth)).collect();
        self.apply(compute, &args, result)
    }

    fn apply(&mut self, compute: Compute, args: &[Known], result: Kind) -> Known {
        let values: Vec<Value> = args.iter().map(|arg| arg.value).collect();
        let ty = self.ty(result);
        let value = self.b.op(Op::Compute(compute), &values, ty);
        let numbers = (0..usize::from(self.lanes)).map(|lane| {
            let sources: Vec<u64> = args.iter().map(|arg| arg.numbers[lane]).collect();
            meaning::of(compute, &sources).expect("a meaning") & (u64::MAX >> (64 - ty.bits()))
        });
        Known { value, numbers: numbers.collect() }
    }

    fn number(&mut self, ty: Type, number: u64) -> Known {
        let value = self.b.constant(ty, number);
        Known { value, numbers: vec![number; usize::from(self.lanes)] }
    }

    fn integer(&mut self, kind: Kind, depth: u32) -> Known {
        let signed = if kind == Kind::U32 { Kind::S32 } else { Kind::S64 };
        let int = |op| Compute::Int(op, kind);
        match self.random.u8(..12) {
            0..=4 => {
                let op = self.pick(&[Int::And, Int::Or, Int::Xor]);
                self.op(int(op), &[kind; 2], kind, depth)
            }
            5 => self.op(int(Int::Not), &[kind], kind, depth),
            6 if kind == Kind::U32 => {
                let mut args: Vec<Known> = (0..3).map(|_| self.grow(kind, depth)).collect();
                let table = self.random.u64(..256);
                let ty = self.ty(kind);
                args.push(self.number(ty, table));
                self.apply(int(Int::Lop3), &args, kind)
            }
            7 if kind == Kind::U32 => {
                let op = self.pick(&[Int::ShfLeftWrap, Int::ShfRightWrap]);
                let mut args = vec![self.grow(kind, depth)];
                // A rotation, or a funnel.
                let other = if self.random.bool() { args[0].clone() } else { self.grow(kind, depth) };
                args.push(other);
                let by = self.grow(kind, 0);
                args.push(by);
                self.apply(int(op), &args, kind)
            }
            8 => {
                let op = self.pick(&[Int::Shl, Int::Shr]);
                let kind_of = self.pick(&[kind, signed]);
                let args = [self.grow(kind, depth), self.grow(Kind::U32, 0)];
                self.apply(Compute::Int(op, kind_of), &args, kind)
            }
            _ => {
                let op = self.pick(&[Int::Add, Int::Sub, Int::MulLow, Int::Min, Int::Max]);
                let kind_of = self.pick(&[kind, signed]);
                self.op(Compute::Int(op, kind_of), &[kind; 2], kind, depth)
            }
        }
    }

    fn float(&mut self, kind: Kind, depth: u32) -> Known {
        let rounding = self.pick(&[Rounding::Nearest, Rounding::Nearest, Rounding::Zero, Rounding::Up]);
        let mode = Mode { rounding, ..Mode::default() };
        let plain = Mode::default();
        match self.random.u8(..10) {
            0..=2 => self.op(Compute::Float(Float::Fma, kind, mode), &[kind; 3], kind, depth),
            3 | 4 => self.op(Compute::Float(Float::Neg, kind, plain), &[kind], kind, depth),
            5 => {
                let op = self.pick(&[Float::Min, Float::Max]);
                self.op(Compute::Float(op, kind, plain), &[kind; 2], kind, depth)
            }
            6 => {
                // Of a NaN that is computed the sign is not known.
                let args = [self.leaf(kind), self.grow(kind, depth)];
                self.apply(Compute::Float(Float::CopySign, kind, plain), &args, kind)
            }
            7 => {
                let (to, from) = (kind, self.pick(&[Kind::U32, Kind::S32]));
                let conversion = Conversion { to, from, mode, integral: false, finite: false };
                self.op(Compute::Convert(conversion), &[Kind::U32], kind, depth)
            }
            _ => {
                let op = self.pick(&[Float::Add, Float::Sub, Float::Mul]);
                self.op(Compute::Float(op, kind, mode), &[kind; 2], kind, depth)
            }
        }
    }

    fn mask(&mut self, depth: u32) -> Known {
        use Comparison::{Eq, Ge, Geu, Gt, Le, Lt, Ltu, Nan, Ne, Neu};
        let logic = |op| Compute::Int(op, Kind::Pred);
        match self.random.u8(..10) {
            0..=2 => {
                let op = self.pick(&[Int::And, Int::And, Int::Or, Int::Xor]);
                self.op(logic(op), &[Kind::Pred; 2], Kind::Pred, depth)
            }
            3 => self.op(logic(Int::Not), &[Kind::Pred], Kind::Pred, depth),
            4 => self.op(Compute::Select, &[Kind::Pred; 3], Kind::Pred, depth),
            5 | 6 => {
                // Bits in common.
                let kind = if self.lanes == 16 { Kind::U32 } else { self.pick(&[Kind::U32, Kind::U64]) };
                let common = self.op(Compute::Int(Int::And, kind), &[kind; 2], kind, depth);
                let ty = self.ty(kind);
                let zero = self.number(ty, 0);
                let op = self.pick(&[Eq, Ne, Lt]);
                self.apply(Compute::Compare(op, kind, false), &[common, zero], Kind::Pred)
            }
            7 => {
                let kind = if self.lanes == 16 { Kind::F32 } else { self.pick(&[Kind::F32, Kind::F64]) };
                let op = self.pick(&[Eq, Ne, Lt, Ge, Geu, Ltu, Nan, Neu]);
                self.op(Compute::Compare(op, kind, false), &[kind; 2], Kind::Pred, depth)
            }
            _ => {
                let op = self.pick(&[Eq, Ne, Lt, Le, Gt, Ge]);
                let kind = self.pick(&[Kind::U32, Kind::S32]);
                self.op(Compute::Compare(op, kind, false), &[Kind::U32; 2], Kind::Pred, depth)
            }
        }
    }
}

/// Grows a program, runs it, and compares all results.
fn check(seed: u64, target: &Target) {
    let mut random = fastrand::Rng::with_seed(seed);
    let lanes_of_all = if random.bool() { 16 } else { 8 };
    let mut function = Function { name: "trees".into(), ..Function::default() };
    let entry = function.add_block(0);
    let mut b = Builder::new(&mut function, entry, 1);
    let base = base(&mut b);
    let memory = vec![0; (INPUTS + ROOTS) * BYTES as usize / 8];
    let known = std::array::from_fn(|_| Vec::new());
    let mut g = Grower { b, random: &mut random, lanes: lanes_of_all, base, memory, inputs: 0, known };
    let mut roots = Vec::new();
    for root in 0..ROOTS {
        let kinds = if lanes_of_all == 16 { vec![Kind::U32, Kind::F32, Kind::Pred] } else { KINDS.to_vec() };
        let kind = g.pick(&kinds);
        let depth = g.random.u32(1..5);
        let known = g.grow(kind, depth);
        store(&mut g.b, base, known.value, (INPUTS + root) as i64 * BYTES);
        roots.push((kind, g.ty(kind), known.numbers));
    }
    let zero = g.b.constant(Type::I32, 0);
    g.b.end(End::Return(zero));
    let mut memory = g.memory;
    if seed.is_multiple_of(3) {
        order::run(&mut function);
    }
    verify(&function, Stage::Vectors).unwrap_or_else(|what| panic!("seed {seed}: {what}\n{function}"));
    let code = emit::emit(&function, target)
        .unwrap_or_else(|refusal| panic!("seed {seed}: {refusal:?}\n{function}"));
    run_code(&function, &code, &mut memory);
    for (root, (kind, ty, want)) in roots.into_iter().enumerate() {
        let have = lanes(&memory, ty, (INPUTS + root) as i64 * BYTES);
        let same = |(have, want): (&u64, &u64)| {
            have == want || numbers::is_nan(*have, kind) && numbers::is_nan(*want, kind)
        };
        assert!(
            have.iter().zip(&want).all(same),
            "seed {seed} root {root}:\n{have:x?} instead of\n{want:x?}\n{function}"
        );
    }
}

#[test]
fn random_trees() {
    if !process::can_run() {
        return;
    }
    let whole = process::target();
    let bare = Target { popcnt: false, funnel: false, half: false, bfloat: false, ..whole };
    for seed in 0..PROGRAMS {
        check(seed, if seed.is_multiple_of(4) { &bare } else { &whole });
    }
}

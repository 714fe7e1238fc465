//! Every pure op that no instruction does becomes those that exist: which ones do, the walk, and how the new ones are written.
//!
//! What each op becomes is in `expand_integer`, `divide`, `expand_float`, `expand_narrow`, `expand_convert`, `math` and `device`. What none
//! of them knows stays as it is: it becomes a call of the interpreter's meaning.

use crate::compile::ssa::quick::{Map, Set};

use smallvec::SmallVec;

use super::{device, expand_convert, expand_float, expand_integer, expand_narrow};
use crate::compile::Target;
use crate::compile::ssa::{BlockId, Def, End, Function, InstId, Op, Target as To, Type, Value, meaning};
use crate::interp;
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode, Rounding};
use crate::ir::op::{Space, Special};
use crate::memory::AtomicOp;

/// What makes denormals zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Nothing has to.
    Never,
    /// The control word, for all arithmetic: see `Code::flush`.
    Control,
    /// Ops beside those that must not.
    Explicit,
}

/// Who makes denormals zero in a function that is not expanded yet.
pub fn flush_mode(function: &Function) -> Flush {
    let (mut wanted, mut harmful) = (false, false);
    for block in &function.blocks {
        for &id in &block.insts {
            match &function.inst(id).op {
                Op::Compute(compute) => match expand_float::denormals(*compute) {
                    expand_float::Denormals::Flushed => wanted = true,
                    expand_float::Denormals::Kept => harmful = true,
                    expand_float::Denormals::None => {}
                },
                // Sums in memory keep their denormals.
                Op::Matrix(_) | Op::Atomic { op: AtomicOp::AddFloat, .. } => harmful = true,
                _ => {}
            }
        }
    }
    match (wanted, harmful) {
        (false, _) => Flush::Never,
        (true, false) => Flush::Control,
        (true, true) => Flush::Explicit,
    }
}

/// Whether instructions do an op.
pub fn legal(compute: Compute, flush: Flush) -> bool {
    use Kind::{F16, F32, F64, S32, S64, U32, U64};
    match compute {
        Compute::Copy | Compute::Select => true,
        Compute::Int(op, ty) => expand_integer::legal(op, ty),
        Compute::Float(op, ty, mode) => {
            let plain = !mode.sat && !mode.relu && matches!(ty, F32 | F64);
            let flushed = !mode.ftz || (flush == Flush::Control && ty == F32);
            plain && flushed && expand_float::legal(op, ty, mode)
        }
        Compute::Compare(_, ty, ftz) => {
            let flushed = !ftz || (flush == Flush::Control && ty == F32);
            flushed && matches!(ty, U32 | S32 | U64 | S64 | F32 | F64)
        }
        Compute::Convert(Conversion { to, from, mode, integral, finite }) => {
            let word = |ty| matches!(ty, U32 | S32);
            let long = |ty| matches!(ty, U64 | S64);
            let number = |ty| matches!(ty, F32 | F64);
            let plain = !mode.ftz && !mode.sat && !mode.relu && !finite && mode.rounding != Rounding::Away;
            plain
                && match (to, from) {
                    _ if integral => to == from && number(to),
                    (to, from) if long(to) && word(from) => true,
                    (U32, from) if long(from) => true,
                    (to, from) if number(to) && (word(from) || long(from)) => true,
                    // The edges are mended around it.
                    (to, from) if number(from) && (word(to) || long(to)) => true,
                    (F32, F64) | (F64, F32) | (F32, F16) | (F16, F32) => true,
                    _ => false,
                }
        }
        Compute::SelectSign(..) | Compute::Extract | Compute::Combine => false,
        Compute::Spread(_) | Compute::External(_) => false,
    }
}

/// Whether an op may stay as it is: the edges of conversions to integers are not those of the instruction, and what gives
/// the number beside a NaN does not flush it.
fn settled(compute: Compute, flush: Flush) -> bool {
    let rounds =
        matches!(compute, Compute::Convert(Conversion { to, from, .. }) if from.float() && !to.float());
    let picks = matches!(compute, Compute::Float(Float::Min | Float::Max, _, Mode { ftz: true, .. }));
    legal(compute, flush) && !rounds && !picks
}

/// Expands all it can. Tells who flushes denormals from now on.
pub fn run(function: &mut Function, target: &Target) -> Flush {
    let flush = flush_mode(function);
    run_with(function, target, flush);
    flush
}

fn run_with(function: &mut Function, target: &Target, flush: Flush) {
    let mut e = Expander {
        function,
        target: *target,
        flush,
        line: 0,
        block: BlockId(0),
        insts: Vec::new(),
        constants: Map::default(),
        flushed: Set::default(),
        replaced: Map::default(),
    };
    for block in e.function.block_ids() {
        let insts = std::mem::take(&mut e.function.block_mut(block).insts);
        e.constants.clear();
        e.block = block;
        for id in insts {
            e.visit(id);
        }
        e.function.block_mut(e.block).insts = std::mem::take(&mut e.insts);
    }
    let replaced = std::mem::take(&mut e.replaced);
    rename(function, &replaced);
}

/// Puts new values in the places of old ones.
fn rename(function: &mut Function, replaced: &Map<Value, Value>) {
    let visit = |value: &mut Value| {
        while let Some(&new) = replaced.get(value) {
            *value = new;
        }
    };
    for inst in &mut function.insts {
        inst.uses_mut(visit);
    }
    for block in &mut function.blocks {
        block.end.values_mut(visit);
    }
}

/// Writes ops behind those that are there.
pub struct Expander<'f> {
    /// The function.
    pub function: &'f mut Function,
    /// For what.
    pub target: Target,
    /// Who flushes.
    pub flush: Flush,
    line: u32,
    /// The block that is being written.
    block: BlockId,
    /// What it has so far.
    insts: Vec<InstId>,
    /// Constants that it has.
    constants: Map<(Type, u64), Value>,
    /// Floats that are no denormals.
    flushed: Set<Value>,
    /// Results of ops that are no more.
    replaced: Map<Value, Value>,
}

impl Expander<'_> {
    fn visit(&mut self, id: InstId) {
        let inst = self.function.inst(id);
        let (op, result) = (&inst.op, inst.results.first().copied());
        let (&Op::Compute(compute), Some(result)) = (op, result) else {
            self.insts.push(id);
            return;
        };
        self.line = inst.line;
        let args = inst.args.clone();
        let args: Vec<Value> = args.into_iter().map(|value| self.newest(value)).collect();
        let ty = self.function.ty(result);
        let divides = matches!(
            compute,
            Compute::Int(Int::Div | Int::Rem, Kind::U32 | Kind::S32 | Kind::U64 | Kind::S64)
        );
        if divides && self.number(args[1]).is_none() && args.iter().all(|&arg| self.is_common(arg, 0)) {
            // The processor divides single numbers.
            self.insts.push(id);
            return;
        }
        if settled(compute, self.flush) && ty == result_type(compute, self.function, &args) {
            self.insts.push(id);
            return;
        }
        let start = self.insts.len();
        let Some(new) = self.expand(compute, &args) else {
            // What was begun is used by nobody. Nothing of it ends a block.
            self.insts.truncate(start);
            self.constants.clear();
            self.insts.push(id);
            return;
        };
        let new = self.fit(new, ty);
        self.replaced.insert(result, new);
        self.function.values[result.0 as usize].1 = Def::Gone;
    }

    /// Whether a value surely is the same for all threads: made of the launch and its parameters.
    fn is_common(&self, value: Value, depth: u32) -> bool {
        let Some(inst) = self.function.maker(value) else { return false };
        let known = match &inst.op {
            Op::Const(_) | Op::Compute(_) => true,
            Op::Special(special) => {
                matches!(special, Special::NTid(_) | Special::CtaId(_) | Special::NCtaId(_))
            }
            Op::Load(access) => access.space == Space::Param,
            _ => false,
        };
        known && depth < 12 && inst.args.iter().all(|&arg| self.is_common(arg, depth + 1))
    }

    fn newest(&self, mut value: Value) -> Value {
        while let Some(&new) = self.replaced.get(&value) {
            value = new;
        }
        value
    }

    /// The ops of an op, if it is known.
    fn expand(&mut self, compute: Compute, args: &[Value]) -> Option<Value> {
        if settled(compute, self.flush) {
            return Some(self.write(compute, args));
        }
        match compute {
            Compute::Int(op, ty) => expand_integer::expand(self, op, ty, args),
            Compute::Float(op, ty, mode) => {
                if matches!(ty, Kind::F32 | Kind::F64) {
                    expand_float::expand(self, op, ty, mode, args)
                } else {
                    expand_narrow::expand(self, op, ty, mode, args)
                }
            }
            Compute::Compare(comparison, ty, ftz) => {
                expand_convert::compare(self, comparison, ty, ftz, args[0], args[1])
            }
            Compute::Convert(conversion) => expand_convert::expand(self, conversion, args[0]),
            Compute::SelectSign(ty, ftz) => Some(self.select_sign(ty, ftz, args)),
            Compute::Extract => expand_integer::extract(self, args),
            Compute::Combine => expand_integer::combine(self, args),
            Compute::Spread(ty) => self.spread(ty, args[0]),
            Compute::External(external) => device::expand(self, external, args),
            Compute::Copy | Compute::Select => None,
        }
    }

    fn select_sign(&mut self, ty: Kind, ftz: bool, args: &[Value]) -> Value {
        let zero = self.word(0);
        let condition = if ty == Kind::S32 {
            self.compare(Comparison::Ge, Kind::S32, args[2], zero)
        } else {
            // A denormal below zero counts as one if it is flushed.
            let value = if ftz { self.flush_word(args[2]) } else { args[2] };
            self.compare(Comparison::Ge, Kind::F32, value, zero)
        };
        self.select(condition, args[0], args[1])
    }

    fn spread(&mut self, ty: Kind, condition: Value) -> Option<Value> {
        let (set, wide) = match ty {
            Kind::F32 => (0x3f80_0000, false),
            Kind::F64 => (1f64.to_bits(), true),
            Kind::F16 => (0x3c00, false),
            Kind::Bf16 => (0x3f80, false),
            Kind::B16 | Kind::U16 | Kind::S16 => (0xffff, false),
            Kind::B32 | Kind::U32 | Kind::S32 => (0xffff_ffff, false),
            _ => return None,
        };
        let ty = if wide { Type::I64 } else { Type::I32 };
        let (set, unset) = (self.constant(ty, set), self.constant(ty, 0));
        Some(self.select(condition, set, unset))
    }

    /// A value as this type: cut, or with zeros above.
    pub fn fit(&mut self, value: Value, ty: Type) -> Value {
        match (self.function.ty(value), ty) {
            (Type::I64, Type::I32) => self.convert(Kind::U32, Kind::U64, value),
            (Type::I32, Type::I64) => self.convert(Kind::U64, Kind::U32, value),
            (Type::I1, Type::I32 | Type::I64) => {
                let (one, zero) = (self.constant(ty, 1), self.constant(ty, 0));
                self.select(value, one, zero)
            }
            (Type::I32 | Type::I64, Type::I1) => {
                let zero = self.constant(self.function.ty(value), 0);
                let kind = if self.function.ty(value) == Type::I64 { Kind::U64 } else { Kind::U32 };
                self.compare(Comparison::Ne, kind, value, zero)
            }
            _ => value,
        }
    }

    /// A constant.
    pub fn constant(&mut self, ty: Type, number: u64) -> Value {
        if let Some(&value) = self.constants.get(&(ty, number)) {
            return value;
        }
        let value = self.raw(Op::Const(number), &[], ty);
        self.constants.insert((ty, number), value);
        value
    }

    /// A constant of 32 bits.
    pub fn word(&mut self, number: u32) -> Value {
        self.constant(Type::I32, number.into())
    }

    /// A constant of 64 bits.
    pub fn long(&mut self, number: u64) -> Value {
        self.constant(Type::I64, number)
    }

    /// A constant `f32`.
    pub fn single(&mut self, number: f32) -> Value {
        self.word(number.to_bits())
    }

    /// A constant `f64`.
    pub fn double(&mut self, number: f64) -> Value {
        self.long(number.to_bits())
    }

    /// The number a value is, if it is a constant.
    pub fn number(&self, value: Value) -> Option<u64> {
        self.function.constant(value)
    }

    /// Any op with one result.
    pub fn raw(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        let id = self.function.add_inst(op, args, None, &[ty], self.line);
        self.insts.push(id);
        self.function.inst(id).results[0]
    }

    /// A pure op, expanded if need be. Only for those that surely are.
    pub fn compute(&mut self, compute: Compute, args: &[Value]) -> Value {
        match self.expand(compute, args) {
            Some(value) => value,
            None => {
                let ty = result_type(compute, self.function, args);
                self.raw(Op::Compute(compute), args, ty)
            }
        }
    }

    /// An op that exists, or what it comes to.
    fn write(&mut self, compute: Compute, args: &[Value]) -> Value {
        let ty = result_type(compute, self.function, args);
        if let Some(number) = self.known(compute, args) {
            return self.constant(ty, number);
        }
        if let Some(value) = self.same(compute, args) {
            return value;
        }
        self.raw(Op::Compute(compute), args, ty)
    }

    /// The result of an op of constants.
    fn known(&self, compute: Compute, args: &[Value]) -> Option<u64> {
        let numbers: Option<SmallVec<[u64; 4]>> = args.iter().map(|&arg| self.number(arg)).collect();
        meaning::of(compute, &numbers?)
    }

    /// The argument that is the result.
    fn same(&self, compute: Compute, args: &[Value]) -> Option<Value> {
        let Compute::Int(op, ty) = compute else { return None };
        let number = self.number(*args.get(1)?)?;
        let ones = u64::MAX >> (64 - ty.bits());
        let neutral = match op {
            Int::Add | Int::Sub | Int::Or | Int::Xor | Int::Shl | Int::Shr => number == 0,
            Int::And => number == ones,
            Int::MulLow => number == 1,
            _ => false,
        };
        neutral.then_some(args[0])
    }

    /// An integer op.
    pub fn int(&mut self, op: Int, ty: Kind, args: &[Value]) -> Value {
        self.compute(Compute::Int(op, ty), args)
    }

    /// An integer op whose signedness does not matter, as wide as its first argument.
    fn bits(&mut self, op: Int, args: &[Value]) -> Value {
        let ty = match self.function.ty(args[0]) {
            Type::I1 => Kind::Pred,
            Type::I64 => Kind::U64,
            _ => Kind::U32,
        };
        self.int(op, ty, args)
    }

    /// a + b
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::Add, &[a, b])
    }

    /// a - b
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::Sub, &[a, b])
    }

    /// The low half of a * b.
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::MulLow, &[a, b])
    }

    /// a & b
    pub fn and(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::And, &[a, b])
    }

    /// a | b
    pub fn or(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::Or, &[a, b])
    }

    /// a ^ b
    pub fn xor(&mut self, a: Value, b: Value) -> Value {
        self.bits(Int::Xor, &[a, b])
    }

    /// !a
    pub fn not(&mut self, a: Value) -> Value {
        self.bits(Int::Not, &[a])
    }

    /// a & a constant.
    pub fn mask(&mut self, a: Value, number: u64) -> Value {
        let number = self.constant(self.function.ty(a), number);
        self.and(a, number)
    }

    /// a << a constant.
    pub fn left(&mut self, a: Value, by: u32) -> Value {
        let by = self.word(by);
        self.bits(Int::Shl, &[a, by])
    }

    /// a >> a constant, zeros come in.
    pub fn right(&mut self, a: Value, by: u32) -> Value {
        let by = self.word(by);
        self.bits(Int::Shr, &[a, by])
    }

    /// a >> a constant, the sign comes in.
    pub fn right_signed(&mut self, a: Value, by: u32) -> Value {
        let by = self.word(by);
        let ty = if self.function.ty(a) == Type::I64 { Kind::S64 } else { Kind::S32 };
        self.int(Int::Shr, ty, &[a, by])
    }

    /// A comparison.
    pub fn compare(&mut self, comparison: Comparison, ty: Kind, a: Value, b: Value) -> Value {
        self.compute(Compute::Compare(comparison, ty, false), &[a, b])
    }

    /// c ? a : b
    pub fn select(&mut self, c: Value, a: Value, b: Value) -> Value {
        if let Some(number) = self.number(c) {
            return if number != 0 { a } else { b };
        }
        if a == b { a } else { self.compute(Compute::Select, &[a, b, c]) }
    }

    /// A float op to nearest.
    pub fn float(&mut self, op: Float, ty: Kind, args: &[Value]) -> Value {
        self.compute(Compute::Float(op, ty, Mode::default()), args)
    }

    /// A float op in a direction.
    pub fn rounded(&mut self, op: Float, ty: Kind, rounding: Rounding, args: &[Value]) -> Value {
        self.compute(Compute::Float(op, ty, Mode { rounding, ..Mode::default() }), args)
    }

    /// A conversion to nearest.
    pub fn convert(&mut self, to: Kind, from: Kind, a: Value) -> Value {
        self.convert_rounded(to, from, Rounding::Nearest, a)
    }

    /// A conversion in a direction.
    pub fn convert_rounded(&mut self, to: Kind, from: Kind, rounding: Rounding, a: Value) -> Value {
        let mode = Mode { rounding, ..Mode::default() };
        self.compute(Compute::Convert(Conversion { to, from, mode, integral: false, finite: false }), &[a])
    }

    /// A conversion whose edges are out of the question, so that the instruction is all there is.
    pub fn convert_plain(&mut self, to: Kind, from: Kind, rounding: Rounding, a: Value) -> Value {
        let mode = Mode { rounding, ..Mode::default() };
        self.write(Compute::Convert(Conversion { to, from, mode, integral: false, finite: false }), &[a])
    }

    /// The next integer in a direction, as a float.
    pub fn integral(&mut self, ty: Kind, rounding: Rounding, a: Value) -> Value {
        let mode = Mode { rounding, ..Mode::default() };
        self.write(
            Compute::Convert(Conversion { to: ty, from: ty, mode, integral: true, finite: false }),
            &[a],
        )
    }

    /// A value, but where a condition holds what an op gives that stays as it is. It stands in a block of its own, for which
    /// the one that is being written ends.
    pub fn unless(&mut self, rare: Value, compute: Compute, args: &[Value], value: Value) -> Value {
        let ty = self.function.ty(value);
        let (aside, rest) = (self.function.add_block(self.line), self.function.add_block(self.line));
        let result = self.function.add_param(rest, ty);
        let id = self.function.add_inst(Op::Compute(compute), args, None, &[ty], self.line);
        let other = self.function.inst(id).results[0];
        let to = self.function.block_mut(aside);
        (to.insts, to.end) = (vec![id], End::Jump(To::with(rest, &[other])));
        let before = self.function.block_mut(self.block);
        before.insts = std::mem::take(&mut self.insts);
        let branch = End::Branch(rare, To::to(aside), To::with(rest, &[value]));
        let end = std::mem::replace(&mut before.end, branch);
        let line = before.line;
        let after = self.function.block_mut(rest);
        (after.end, after.line) = (end, line);
        self.block = rest;
        result
    }

    /// Denormals of `f32` become zero of the same sign, by bits: whatever the control word says.
    pub fn flush_word(&mut self, a: Value) -> Value {
        if let Some(number) = self.number(a) {
            return self.word(interp::flush(f32::from_bits(number as u32)).to_bits());
        }
        if self.flushed.contains(&a) {
            return a;
        }
        let exponent = self.mask(a, 0x7f80_0000);
        let zero = self.word(0);
        let tiny = self.compare(Comparison::Eq, Kind::U32, exponent, zero);
        let sign = self.mask(a, 0x8000_0000);
        let value = self.select(tiny, sign, a);
        self.flushed.insert(value);
        value
    }
}

/// The type of an op's result.
pub fn result_type(compute: Compute, function: &Function, args: &[Value]) -> Type {
    let own = |ty: Kind| Type::of_register(ty.bits());
    match compute {
        Compute::Copy | Compute::Select | Compute::SelectSign(..) => function.ty(args[0]),
        Compute::Int(op, ty) => match op {
            Int::MulWide | Int::MadWide => Type::of_register(2 * ty.bits()),
            Int::Popc | Int::Clz | Int::Bfind | Int::BfindShift => Type::I32,
            Int::Mul24Low | Int::Mul24High | Int::Mad24Low | Int::Mad24High | Int::Mad24HighSat => Type::I32,
            Int::CarryOut | Int::BorrowOut => Type::I1,
            _ => own(ty),
        },
        Compute::Float(op, ty, _) => match op {
            Float::IsFinite | Float::IsInfinite | Float::IsNumber => Type::I1,
            Float::IsNan | Float::IsNormal | Float::IsSubnormal => Type::I1,
            _ => own(ty),
        },
        Compute::Compare(..) => Type::I1,
        Compute::Convert(conversion) => own(conversion.to),
        Compute::Spread(ty) => own(ty),
        Compute::Extract | Compute::Combine | Compute::External(_) => Type::I64,
    }
}

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod library;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

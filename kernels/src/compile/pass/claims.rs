//! Indexes of 32 bits that do not wrap around within a block, provided that it looks before it starts.
//!
//! An index that is a sum of places (`%tid` and other numbers that lie in a small range) times numbers that the whole block
//! shares is known as soon as the block is: its lowest and highest value are worked out in 64 bits, and a block in which
//! one leaves the 32 bits is left with [`crate::compile::code::Left::Wrapped`] before it has done anything. In all others
//! the number is in a range, a [`Claim`], which makes runs of addresses of runs of indexes.
//!
//! A claim must hold for whatever programs do. So an unsigned number that something is taken off claims nothing: `i - 1`
//! with nothing before the first element wraps in the first block of a kernel that looks at `i` later.

use super::super::ssa::quick::Map;
use std::collections::BTreeMap;

use super::range::Ranges;
use super::shape::{Shape, Shapes};
use crate::compile::Shape as Launch;
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{Function, Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::{Space, Special};

/// Products of a sum, at most.
const PRODUCTS: usize = 12;
/// Factors of a product, at most.
const FACTORS: usize = 3;
/// Places lie between 0 and this.
const FAR: u64 = 1 << 20;
/// Insts of an address, one behind the other, that are looked at.
const DEPTH: u32 = 24;

/// A product of a sum without its number: the place in it, if there is one, with its highest number, and factors that the
/// block shares.
pub type Product = (Option<(Value, u32)>, Vec<Value>);

/// A sum of products, each with a number: exact but for multiples of 2³².
pub type Sum = BTreeMap<Product, u32>;

/// A value of 32 bits, and what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The value.
    pub value: Value,
    /// As a signed number it does not wrap, or else as an unsigned one.
    pub signed: bool,
    /// What it is made of.
    pub sum: Sum,
    /// How far from the highest number it stays: the way through the block.
    pub margin: u32,
}

/// What a masked function claims.
pub fn of(function: &Function, launch: &Launch, shapes: &Shapes, ranges: &Ranges) -> Vec<Claim> {
    if !launch.small_grid {
        return Vec::new();
    }
    let mut finder = Finder::new(function, shapes, ranges);
    let mut claims: Vec<Claim> = Vec::new();
    for &block in &Order::new(function).blocks {
        for &id in &function.block(block).insts {
            for (value, signed) in wide(function, shapes, function.inst(id)) {
                if !claims.iter().any(|claim| (claim.value, claim.signed) == (value, signed)) {
                    claims.extend(finder.claim(value, signed, launch));
                }
            }
        }
    }
    claims
}

/// The arguments that an inst extends to 64 bits without knowing that they do not wrap.
fn wide(function: &Function, shapes: &Shapes, inst: &Inst) -> Vec<(Value, bool)> {
    let (count, kind) = match inst.op {
        Op::Compute(Compute::Convert(to)) if !to.to.float() && to.to.bits() == 64 => (1, to.from),
        Op::Compute(Compute::Int(Int::MulWide | Int::MadWide, kind)) => (2, kind),
        _ => return Vec::new(),
    };
    let unsure = !matches!(
        inst.results.first().map(|&result| shapes.of(result)),
        Some(Shape::Uniform | Shape::VectorUniform | Shape::Affine(_))
    );
    let run =
        |value: &Value| matches!(shapes.of(*value), Shape::Affine(_)) && function.constant(*value).is_none();
    let args = inst.args.iter().take(count).copied().filter(|value| unsure && run(value));
    match kind {
        Kind::S32 => args.map(|value| (value, true)).collect(),
        Kind::U32 => args.map(|value| (value, false)).collect(),
        _ => Vec::new(),
    }
}

/// The value of each slot of the frame into which only one is ever saved.
fn kept(function: &Function) -> Map<u32, Option<Value>> {
    let mut kept = Map::default();
    for &id in function.blocks.iter().flat_map(|block| &block.insts) {
        let inst = function.inst(id);
        if let Op::Save(slot) = inst.op {
            let value = kept.entry(slot).or_insert(Some(inst.args[0]));
            *value = value.filter(|&value| value == inst.args[0]);
        }
    }
    kept
}

/// Whether a value is known before the block does anything, and scalars can work it out: numbers, parameters and the
/// block's place, and what is made of them without dividing.
pub fn is_early(function: &Function, value: Value, depth: u32) -> bool {
    let Some(inst) = function.maker(value).filter(|_| depth > 0) else { return false };
    let whole = |ty: Type| matches!(ty, Type::I32 | Type::I64 | Type::I1);
    let all = || {
        let plain = whole(function.ty(value)) && inst.args.iter().all(|&arg| whole(function.ty(arg)));
        plain && inst.args.iter().all(|&arg| is_early(function, arg, depth - 1))
    };
    match &inst.op {
        Op::Const(_) => true,
        Op::Special(Special::CtaId(_) | Special::NCtaId(_) | Special::NTid(_)) => true,
        Op::Load(access) => {
            let fixed = function.constant(inst.args[0]).is_some();
            access.space == Space::Param && fixed && inst.results.len() == 1
        }
        Op::Compute(Compute::Copy | Compute::Select) => all(),
        Op::Compute(Compute::Compare(_, kind, _)) => !kind.float() && kind.bits() >= 32 && all(),
        Op::Compute(Compute::Convert(to)) => {
            let fits = |kind: Kind| !kind.float() && matches!(kind.bits(), 32 | 64);
            fits(to.to) && fits(to.from) && !to.mode.sat && !to.mode.relu && all()
        }
        Op::Compute(Compute::Int(op, kind)) => {
            let simple = matches!(
                op,
                Int::Add
                    | Int::Sub
                    | Int::MulLow
                    | Int::MulWide
                    | Int::And
                    | Int::Or
                    | Int::Xor
                    | Int::Not
                    | Int::Shl
                    | Int::Shr
                    | Int::Min
                    | Int::Max
                    | Int::Abs
                    | Int::Neg
            );
            simple
                && (kind.bits() == 32 || kind.bits() == 64 && *op != Int::MulWide || *kind == Kind::Pred)
                && all()
        }
        _ => false,
    }
}

/// Whether a value is the thread's place in the block.
pub fn is_place(function: &Function, value: Value) -> bool {
    function.maker(value).is_some_and(|inst| matches!(inst.op, Op::Special(Special::Tid(_))))
}

/// Finds what values are made of.
pub struct Finder<'f> {
    function: &'f Function,
    shapes: &'f Shapes,
    ranges: &'f Ranges,
    sums: Map<Value, Option<Sum>>,
    kept: Map<u32, Option<Value>>,
    /// Early values and places that are there more than once, as those behind barriers are.
    same: Map<(Op, Vec<Value>), Value>,
}

impl<'f> Finder<'f> {
    /// Of a masked function.
    pub fn new(function: &'f Function, shapes: &'f Shapes, ranges: &'f Ranges) -> Finder<'f> {
        Finder { function, shapes, ranges, sums: Map::default(), kept: kept(function), same: Map::default() }
    }

    /// What a value of 32 bits is made of, if it is a sum.
    pub fn sum_of(&mut self, value: Value) -> Option<Sum> {
        self.sum(value, DEPTH)
    }

    fn claim(&mut self, value: Value, signed: bool, launch: &Launch) -> Option<Claim> {
        let sum = self.sum(value, DEPTH)?;
        // Numbers that are taken off show as negative ones.
        if !signed && sum.values().any(|&number| number > 1 << 31) {
            return None;
        }
        let stride = self.shapes.of(value).stride()?.unsigned_abs();
        let way = stride.checked_mul(launch.threads().into())?;
        let margin = u32::try_from(way).ok().filter(|&margin| margin < 1 << 30)?;
        Some(Claim { value, signed, sum, margin })
    }

    /// What a value of 32 bits is made of.
    fn sum(&mut self, value: Value, depth: u32) -> Option<Sum> {
        if let Some(sum) = self.sums.get(&value) {
            return sum.clone();
        }
        let sum = self.split(value, depth).or_else(|| self.alone(value));
        let sum = sum.filter(|sum| sum.len() <= PRODUCTS && sum.keys().all(|(_, all)| all.len() <= FACTORS));
        self.sums.insert(value, sum.clone());
        sum
    }

    /// A number, a factor that the block shares, or a place.
    fn alone(&mut self, value: Value) -> Option<Sum> {
        if let Some(number) = self.function.constant(value) {
            return Some(Sum::from([((None, Vec::new()), number as u32)]));
        }
        if is_early(self.function, value, DEPTH) {
            return Some(Sum::from([((None, vec![self.one_of(value)]), 1)]));
        }
        let far = self.ranges.unsigned(value).1;
        let value = if is_place(self.function, value) { self.one_of(value) } else { value };
        (far <= FAR).then(|| Sum::from([((Some((value, far as u32)), Vec::new()), 1)]))
    }

    /// The first value that is made the same way.
    fn one_of(&mut self, value: Value) -> Value {
        let Some(inst) = self.function.maker(value) else { return value };
        let args: Vec<Value> = inst.args.iter().map(|&arg| self.one_of(arg)).collect();
        *self.same.entry((inst.op.clone(), args)).or_insert(value)
    }

    /// A value by the op it is a result of.
    fn split(&mut self, value: Value, depth: u32) -> Option<Sum> {
        let function = self.function;
        let inst = function.maker(value).filter(|_| depth > 0 && function.ty(value) == Type::I32)?;
        let mut of = |place: usize| self.sum(inst.args[place], depth - 1);
        match inst.op {
            Op::Compute(Compute::Copy) => of(0),
            Op::Restore(slot) => {
                let value = self.kept.get(&slot).copied().flatten()?;
                self.sum(value, depth - 1)
            }
            // The low half of what was extended.
            Op::Compute(Compute::Convert(to))
                if (to.from.bits(), to.to.bits()) == (64, 32) && !to.mode.sat =>
            {
                let inner = function.maker(inst.args[0])?;
                let Op::Compute(Compute::Convert(to)) = inner.op else { return None };
                let extends = to.to.bits() == 64 && matches!(to.from, Kind::S32 | Kind::U32);
                extends.then(|| self.sum(inner.args[0], depth - 1))?
            }
            Op::Compute(Compute::Int(op, kind)) if kind.bits() == 32 => match op {
                Int::Add => Some(added(of(0)?, &of(1)?, 1)),
                Int::Sub => Some(added(of(0)?, &of(1)?, u32::MAX)),
                Int::Neg => Some(added(Sum::new(), &of(0)?, u32::MAX)),
                Int::MulLow => multiplied(&of(0)?, &of(1)?),
                Int::MadLow => Some(added(multiplied(&of(0)?, &of(1)?)?, &of(2)?, 1)),
                Int::Shl => {
                    let by = function.constant(inst.args[1]).filter(|&by| by < 32)?;
                    Some(added(Sum::new(), &of(0)?, 1 << by))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// A sum and so many times another one.
fn added(mut sum: Sum, other: &Sum, times: u32) -> Sum {
    for (product, number) in other {
        let own = sum.entry(product.clone()).or_default();
        *own = own.wrapping_add(number.wrapping_mul(times));
    }
    sum.retain(|_, number| *number != 0);
    sum
}

/// Each with each; no product has two places.
fn multiplied(a: &Sum, b: &Sum) -> Option<Sum> {
    let mut sum = Sum::new();
    for ((place, factors), number) in a {
        for ((other, others), times) in b {
            if place.is_some() && other.is_some() {
                return None;
            }
            let mut factors: Vec<Value> = factors.iter().chain(others).copied().collect();
            factors.sort();
            let own = sum.entry((place.or(*other), factors)).or_default();
            *own = number.wrapping_mul(*times).wrapping_add(*own);
        }
    }
    sum.retain(|_, number| *number != 0);
    Some(sum)
}

#[cfg(test)]
mod tests;

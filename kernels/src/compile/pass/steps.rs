//! How far apart the vectors of a gang are in a value: then one scalar for the gang, that of the first vector, is enough.
//!
//! A value that is a sum of the thread's place (`%tid`) times numbers that the block shares, and of anything that the gang shares,
//! differs from vector to vector by the first part alone. That stays so where loops move pointers on, and over barriers.

use std::collections::BTreeMap;

use super::super::ssa::quick::Map;
use super::claims::{Claim, Finder, Sum};
use super::range::Ranges;
use super::shape::{Shape, Shapes};
use super::split_plan::Plan;
use crate::compile::ssa::order::{self, Order};
use crate::compile::ssa::{BlockId, Function, Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::{Space, Special};

/// A sum of products of 32 bits, read as a signed number; none at all is 1.
pub type Times = Vec<(Vec<Value>, u32)>;

/// How much more the first lane of each vector of a gang has than that of the first vector: for each vector how many times
/// which number. Exact in the width of the value; empty where all have the same.
pub type Form = BTreeMap<Times, Vec<i64>>;

/// The values whose vectors are so far apart.
pub fn of(
    function: &Function,
    claims: &[Claim],
    shapes: &Shapes,
    ranges: &Ranges,
    plan: &Plan,
) -> Map<Value, Form> {
    let order = Order::new(function);
    let predecessors = order::predecessors(function, &order);
    let mut solver = Solver {
        function,
        claims,
        shapes,
        ranges,
        finder: Finder::new(function, shapes, ranges),
        places: [0, 1, 2].map(|axis| plan.distances(axis)),
        forms: Map::default(),
        saved: Map::default(),
    };
    loop {
        let mut changed = false;
        for &block in &order.blocks {
            for (place, &param) in function.block(block).params.iter().enumerate() {
                let form = solver.given(&predecessors[block.0 as usize], block, place);
                changed |= solver.meet(param, form);
            }
            for &id in &function.block(block).insts {
                let inst = function.inst(id);
                if let Op::Save(slot) = inst.op {
                    changed |= solver.save(slot, inst.args[0]);
                }
                for &result in &inst.results {
                    let form = solver.result(inst, result);
                    changed |= solver.meet(result, form);
                }
            }
        }
        if !changed {
            break;
        }
    }
    let scalar = |value: Value| matches!(shapes.of(value), Shape::Affine(_) | Shape::VectorUniform);
    let forms = solver.forms.into_iter().filter_map(|(value, form)| Some((value, form?)));
    forms.filter(|&(value, _)| scalar(value)).collect()
}

/// What is known of a value: nothing yet, that it has no form, or its form.
type Known = Option<Option<Form>>;

struct Solver<'f> {
    function: &'f Function,
    claims: &'f [Claim],
    shapes: &'f Shapes,
    ranges: &'f Ranges,
    finder: Finder<'f>,
    /// How far vectors are apart at a place.
    places: [Option<Vec<i64>>; 3],
    forms: Map<Value, Option<Form>>,
    saved: Map<u32, Option<Form>>,
}

impl Solver<'_> {
    /// Takes in what a value is on one way. True if that changes what is known.
    fn meet(&mut self, value: Value, form: Known) -> bool {
        let Some(form) = form else { return false };
        let new = match self.forms.get(&value) {
            Some(old) if *old == form => return false,
            Some(None) => return false,
            Some(Some(_)) => None,
            None => form,
        };
        self.forms.insert(value, new);
        true
    }

    fn save(&mut self, slot: u32, value: Value) -> bool {
        let Some(form) = self.form(value) else { return false };
        let new = match self.saved.get(&slot) {
            Some(old) if *old == form => return false,
            Some(None) => return false,
            Some(Some(_)) => None,
            None => form,
        };
        self.saved.insert(slot, new);
        true
    }

    fn form(&self, value: Value) -> Known {
        match self.shapes.of(value) {
            Shape::Uniform => Some(Some(Form::new())),
            Shape::Affine(_) | Shape::VectorUniform => self.forms.get(&value).cloned(),
            _ => Some(None),
        }
    }

    /// What those who come to a block give its parameter; those of whom nothing is known yet do not count.
    fn given(&self, from: &[BlockId], block: BlockId, place: usize) -> Known {
        let mut all: Known = None;
        for &one in from {
            self.function.block(one).end.targets(|to| {
                if to.block == block
                    && let Some(form) = self.form(to.args[place])
                {
                    all = Some(match all.take() {
                        Some(old) if old != form => None,
                        _ => form,
                    });
                }
            });
        }
        all
    }

    fn result(&mut self, inst: &Inst, result: Value) -> Known {
        let none = Some(None);
        if !matches!(self.function.ty(result), Type::I32 | Type::I64) {
            return none;
        }
        match inst.op {
            Op::Special(Special::Tid(_)) => {
                let sum = self.finder.sum_of(result);
                Some(sum.and_then(|sum| self.of_sum(&sum)))
            }
            Op::Restore(slot) => self.saved.get(&slot).cloned(),
            Op::ToGeneric(space) | Op::FromGeneric(space) if space != Space::Local => self.form(inst.args[0]),
            Op::Compute(compute) => self.compute(compute, inst, result),
            _ => none,
        }
    }

    fn compute(&mut self, compute: Compute, inst: &Inst, result: Value) -> Known {
        let function = self.function;
        if self.shapes.of(result) == Shape::Uniform {
            return Some(Some(Form::new()));
        }
        if function.ty(result) == Type::I32
            && let Some(form) = self.finder.sum_of(result).and_then(|sum| self.of_sum(&sum))
        {
            return Some(Some(form));
        }
        let fixed = |at: usize| function.constant(inst.args[at]);
        let of = |at: usize| self.form(inst.args[at]);
        match compute {
            Compute::Copy => of(0),
            Compute::Convert(to) if to.to.float() || to.from.float() || to.mode.sat => Some(None),
            Compute::Convert(to) => match (to.from, to.to.bits()) {
                (Kind::S32 | Kind::U32, 64) => self.wide(inst.args[0], to.from.signed(), 1),
                (from, 32) if from.bits() == 64 => of(0),
                _ => Some(None),
            },
            Compute::Int(Int::MulWide | Int::MadWide, kind @ (Kind::S32 | Kind::U32)) => {
                let (value, number) = match (fixed(0), fixed(1)) {
                    (_, Some(number)) => (inst.args[0], number),
                    (Some(number), _) => (inst.args[1], number),
                    _ => return Some(None),
                };
                let number = if kind.signed() { i64::from(number as i32) } else { number as i64 };
                let product = self.wide(value, kind.signed(), number);
                match inst.args.get(2) {
                    Some(&more) => both(product, self.form(more), 1),
                    None => product,
                }
            }
            Compute::Int(op, kind) if kind.bits() == function.ty(result).bits() => match op {
                Int::Add => both(of(0), of(1), 1),
                Int::Sub => both(of(0), of(1), -1),
                Int::Shl => match fixed(1) {
                    Some(by) if by < kind.bits().into() => Some(of(0)?.map(|form| times(form, 1 << by))),
                    _ => Some(None),
                },
                Int::MulLow => match (fixed(0), fixed(1)) {
                    (_, Some(number)) => Some(of(0)?.map(|form| times(form, number as i64))),
                    (Some(number), _) => Some(of(1)?.map(|form| times(form, number as i64))),
                    _ => Some(None),
                },
                _ => Some(None),
            },
            _ => Some(None),
        }
    }

    /// The form of a 32-bit value that is extended and multiplied, if it does not wrap around in the gang.
    fn wide(&mut self, value: Value, signed: bool, number: i64) -> Known {
        let form = match self.finder.sum_of(value).and_then(|sum| self.of_sum(&sum)) {
            Some(form) => Some(form),
            None => self.form(value)?,
        };
        let claimed = self.claims.iter().any(|claim| (claim.value, claim.signed) == (value, signed));
        let form = form.filter(|form| claimed || self.is_sure(value, signed, form));
        Some(form.map(|form| times(form, number)))
    }

    /// Whether no wrap can be between vectors of a gang: it would show values within their distance of both ends.
    fn is_sure(&self, value: Value, signed: bool, form: &Form) -> bool {
        if form.keys().any(|times| !times.is_empty()) {
            return false;
        }
        let way = form.values().flatten().map(|distance| distance.unsigned_abs()).max().unwrap_or(0);
        if way >= 1 << 31 {
            return false;
        }
        if signed {
            let ((low, high), way) = (self.ranges.signed(value), way as i64);
            low >= i64::from(i32::MIN) + way || high <= i64::from(i32::MAX) - way
        } else {
            let (low, high) = self.ranges.unsigned(value);
            low >= way || high <= u64::from(u32::MAX) - way
        }
    }

    /// The part of a sum that is made of places.
    fn of_sum(&self, sum: &Sum) -> Option<Form> {
        let mut places: BTreeMap<Value, Times> = BTreeMap::new();
        for ((place, factors), number) in sum {
            if let Some((place, _)) = *place {
                places.entry(place).or_default().push((factors.clone(), *number));
            }
        }
        let mut form = Form::new();
        for (place, mut products) in places {
            let Op::Special(Special::Tid(axis)) = self.function.maker(place)?.op else { return None };
            let number = match products[..] {
                [(ref factors, number)] if factors.is_empty() => {
                    products.clear();
                    i64::from(number as i32)
                }
                _ => 1,
            };
            add(&mut form, products, self.places.get(usize::from(axis))?.as_ref()?, number);
        }
        Some(plain(form))
    }
}

/// A form and so many times another one.
fn both(one: Known, other: Known, number: i64) -> Known {
    let (one, other) = (one?, other?);
    let (Some(mut one), Some(other)) = (one, other) else { return Some(None) };
    for (times, distances) in other {
        add(&mut one, times, &distances, number);
    }
    Some(Some(plain(one)))
}

/// So many times these distances more.
fn add(form: &mut Form, times: Times, distances: &[i64], number: i64) {
    let own = form.entry(times).or_insert_with(|| vec![0; distances.len()]);
    for (own, distance) in own.iter_mut().zip(distances) {
        *own = own.wrapping_add(distance.wrapping_mul(number));
    }
}

fn times(mut form: Form, number: i64) -> Form {
    form.values_mut().flatten().for_each(|distance| *distance = distance.wrapping_mul(number));
    plain(form)
}

/// Without what is the same in all vectors.
fn plain(mut form: Form) -> Form {
    form.retain(|_, distances| distances.iter().any(|&distance| distance != 0));
    form
}

#[cfg(test)]
mod tests;

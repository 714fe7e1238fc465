//! Values of which the gang has one scalar: those of other vectors are made of it where they are needed.

use std::rc::Rc;

use super::super::Refusal;
use super::super::ssa::quick::Map;
use super::super::ssa::{Op, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_value::{Rep, Values, Way};
use super::steps::{Form, Times};
use crate::ir::op::Special;

/// What steps from vector to vector are made of.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Of each value that has a form the one that stands for all of that form.
    owners: Map<Value, Value>,
    /// That one of each form.
    of_form: Map<Form, Value>,
    /// What other vectors' scalars have more, of each of them.
    parts: Map<Value, Rc<[Part]>>,
    /// Numbers that distances are multiplied with, of 32 and of 64 bits. They are made where all of the gang's code can see them.
    times: Map<Times, [Value; 2]>,
}

/// A part of a form: numbers, or that many times a sum of products.
#[derive(Clone, Debug)]
struct Part {
    /// Of 32 and of 64 bits; `None`: 1.
    times: Option<[Value; 2]>,
    /// For each vector.
    counts: Vec<i64>,
}

impl Split<'_> {
    /// At the head of the gang: makes what the steps need.
    pub fn learn_steps(&mut self, forms: Map<Value, Form>) -> Result<(), Refusal> {
        let mut all: Vec<(Value, Form)> = forms.into_iter().collect();
        all.sort();
        for (value, form) in all {
            for times in form.keys() {
                self.learn_times(times)?;
            }
            let steps = &mut self.steps;
            let owner = *steps.of_form.entry(form).or_insert_with_key(|form| {
                let part = |(times, counts): (&Times, &Vec<i64>)| Part {
                    times: steps.times.get(times).copied(),
                    counts: counts.clone(),
                };
                steps.parts.insert(value, form.iter().map(part).collect());
                value
            });
            steps.owners.insert(value, owner);
        }
        Ok(())
    }

    /// Makes the thread's places, once, where all of the gang's code can see them.
    pub fn make_places(&mut self) -> Result<(), Refusal> {
        let from = self.from;
        for &id in self.order.blocks.clone().iter().flat_map(|&block| &from.block(block).insts) {
            let inst = from.inst(id);
            if let Op::Special(special @ Special::Tid(_)) = inst.op {
                self.special(inst.results[0], special)?;
            }
        }
        Ok(())
    }

    fn learn_times(&mut self, times: &Times) -> Result<(), Refusal> {
        if times.is_empty() || self.steps.times.contains_key(times) {
            return Ok(());
        }
        let products: Vec<(&[Value], u32)> =
            times.iter().map(|(factors, number)| (&factors[..], *number)).collect();
        let short = self.sum_of(&products)?;
        let long = self.build.widen(short, true);
        self.steps.times.insert(times.clone(), [short, long]);
        Ok(())
    }

    /// Whether the first lanes of all vectors are distances apart there that are known now.
    pub fn is_fixed(&self, value: Value) -> bool {
        let owner = self.steps.owners.get(&value);
        owner.is_some_and(|owner| self.steps.parts[owner].iter().all(|part| part.times.is_none()))
    }

    /// How a value is passed that the gang has one scalar of.
    pub fn stepped_way(&self, value: Value) -> Option<Way> {
        let owner = *self.steps.owners.get(&value)?;
        let stride = if let Shape::Affine(stride) = self.shape(value) { stride } else { 0 };
        let same = stride == 0 && self.steps.parts[&owner].is_empty();
        Some(if same { Way::Scalar } else { Way::Stepped(owner, stride) })
    }

    /// The representation of such a value by the scalar of the first vector.
    pub fn as_stepped(&self, value: Value, first: Value) -> Rep {
        match self.stepped_way(value) {
            Some(Way::Stepped(owner, stride)) => Rep::Stepped(first, owner, stride),
            _ => Rep::Scalar(first),
        }
    }

    /// What a value is in the first lane of a vector, by what it is in that of the first vector.
    pub fn step(&mut self, owner: Value, first: Value, vector: u32) -> Value {
        let Some(parts) = self.steps.parts.get(&owner).cloned() else { return first };
        let long = self.build.ty(first) == Type::I64;
        let (mut value, mut number) = (first, 0i64);
        for part in &parts[..] {
            let count = part.counts[vector as usize];
            if let (Some(times), true) = (part.times, count != 0) {
                let step = self.build.multiply_number(times[usize::from(long)], count as u64);
                value = self.build.add(value, step);
            } else {
                number = number.wrapping_add(count);
            }
        }
        self.build.add_number(value, number)
    }

    /// The scalars of all vectors, where lanes lie in a row.
    pub fn bases(&mut self, value: Value) -> Option<(Values, i64)> {
        let stride = match *self.rep(value) {
            Rep::Bases(_, stride) | Rep::Stepped(_, _, stride) => stride,
            _ => return None,
        };
        Some(((0..self.plan.vectors).map(|vector| self.first(value, vector)).collect(), stride))
    }
}

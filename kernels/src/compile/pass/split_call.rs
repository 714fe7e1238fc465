//! Calls of the runtime: what no instruction does, lane by lane as the interpreter does it.

use super::super::Refusal;
use super::super::call::{Call, What};
use super::super::ssa::{Inst, Op, Type, Value};
use super::shape::Shape;
use super::split::Split;
use super::split_build::{Builder, lanes, vector_of};
use super::split_masks::Masks;
use super::split_value::{Rep, Values};
use crate::ir::Type as Kind;
use crate::ir::compute::Int;

impl Split<'_> {
    /// A call with these arguments, masks first. Results: the values of each type one behind the other.
    pub fn call_of(
        &mut self,
        what: What,
        lanes: u32,
        masks: Option<&Masks>,
        args: &[Value],
        results: &[Type],
    ) -> Values {
        let mut types = Vec::new();
        for &ty in results {
            if lanes == 1 {
                types.push(ty);
                continue;
            }
            let (part, count) = match ty {
                Type::I64 => (self.plan.lanes / 2, self.plan.vectors * 2),
                _ => (self.plan.lanes, self.plan.vectors),
            };
            types.extend(std::iter::repeat_n(vector_of(ty, part), count as usize));
        }
        let mut all: Vec<Value> = masks.map_or(Vec::new(), |masks| masks.each.to_vec());
        all.extend(args);
        let number = self.build.to.calls.len() as u32;
        self.build.to.calls.push(Call::new(what, lanes, self.build.line, masks.is_some()));
        let id = self.build.effect(Op::Call(number), &all, None, &types);
        self.build.to.inst(id).results.iter().copied().collect()
    }

    /// A call for the lanes of a mask, if there are any: arguments and results of an inst, as vectors.
    pub fn masked_call(&mut self, inst: &Inst, what: What, masks: &Masks) -> Result<(), Refusal> {
        let types: Vec<Type> = inst.results.iter().map(|&result| self.from.ty(result)).collect();
        let args: Vec<Value> = inst.args.iter().flat_map(|&arg| self.full(arg)).collect();
        let any = self.any_of(masks);
        let lanes = self.plan.gang;
        let values = self.when(
            any,
            |split| Ok(split.call_of(what, lanes, Some(masks), &args, &types)),
            |split| Ok(split.nothing(&types)),
        )?;
        let values = self.agreed(&inst.results, &values, masks);
        self.set_parts(&inst.results, &values);
        Ok(())
    }

    /// What a call gives is zero outside of its mask. A value that is the same for all threads that ask becomes the same in
    /// all lanes: any of them may be taken for it.
    fn agreed(&mut self, results: &[Value], values: &[Value], masks: &Masks) -> Values {
        let (mut all, mut rest) = (Values::new(), values);
        for &result in results {
            let wide = self.from.ty(result) == Type::I64;
            let (own, others) = rest.split_at(self.plan.vectors as usize * if wide { 2 } else { 1 });
            rest = others;
            let shape = self.shape(result);
            if wide || !shape.is_same_in_vector() {
                all.extend_from_slice(own);
                continue;
            }
            let mut parts: Values =
                own.iter().zip(&masks.each).map(|(&part, &mask)| self.of_first(part, mask)).collect();
            if shape == Shape::Uniform {
                let flags = self.from.ty(result) == Type::I1;
                let or = |build: &mut Builder, a, b| match flags {
                    true => build.logic(Int::Or, &[a, b]),
                    false => build.int(Int::Or, Kind::B32, &[a, b]),
                };
                let one = parts.iter().skip(1).fold(parts[0], |one, &part| or(&mut self.build, one, part));
                parts.iter_mut().for_each(|part| *part = one);
            }
            all.extend(parts);
        }
        all
    }

    /// In every lane what the first lane of a mask has.
    fn of_first(&mut self, part: Value, mask: Value) -> Value {
        let build = &mut self.build;
        let lanes = lanes(build.ty(part));
        if let Type::M { .. } = build.ty(part) {
            let any = build.any(&[part]);
            return build.broadcast(any, lanes);
        }
        let bits = build.bits(mask);
        let less = build.add_number(bits, -1);
        let not = build.int(Int::Not, Kind::B32, &[bits]);
        let below = build.int(Int::And, Kind::B32, &[less, not]);
        let first = build.int(Int::Popc, Kind::B32, &[below]);
        let index = build.broadcast(first, lanes);
        build.permute(index, part)
    }

    /// Zeros for results of these types.
    pub fn nothing(&mut self, types: &[Type]) -> Values {
        let mut all = Values::new();
        for &ty in types {
            let (part, count) = match ty {
                Type::I64 => (self.plan.lanes / 2, self.plan.vectors * 2),
                _ => (self.plan.lanes, self.plan.vectors),
            };
            let zero = self.build.same(vector_of(ty, part), 0);
            all.extend(std::iter::repeat_n(zero, count as usize));
        }
        all
    }

    /// Vectors one behind the other become the representations of these values.
    pub fn set_parts(&mut self, results: &[Value], values: &[Value]) {
        let mut rest = values;
        for &result in results {
            let wide = self.from.ty(result) == Type::I64;
            let (own, others) = rest.split_at(self.plan.vectors as usize * if wide { 2 } else { 1 });
            rest = others;
            self.set(result, Rep::Full(own.into()));
        }
    }

    /// Device functions of the runtime, products of matrices, and traps.
    pub fn runtime(&mut self, inst: &Inst) -> Result<(), Refusal> {
        let what = match &inst.op {
            Op::Runtime(runtime) => What::Runtime(*runtime),
            Op::Matrix(product) => What::Matrix(product.clone()),
            Op::NoTarget => What::NoTarget,
            _ => What::Trap,
        };
        let masks = self.masks_of(inst);
        self.masked_call(inst, what, &masks)
    }
}

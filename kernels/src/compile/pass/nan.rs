//! NaNs take their one form where their bits are seen.
//!
//! Level 1 has one NaN for each type; instructions make others, and pass on those they get. Nobody who computes with floats can
//! tell. So a value has a class, which says what its bits are worth, and who looks at bits gets an exact copy.

mod number;
#[cfg(test)]
mod tests;

use crate::compile::ssa::quick::Map;

use smallvec::SmallVec;

use super::expand;
use crate::compile::ssa::order::{self, Order};
use crate::compile::ssa::{BlockId, Function, Inst, InstId, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode};
use number::Numbers;

/// What the bits of a value are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Not known yet.
    Open,
    /// A constant that is no NaN, or the one.
    Neutral,
    /// As level 1 has it, and a float of this type that is no other NaN than the one.
    Clean(Kind),
    /// A float of this type; if it is NaN, it should be the one.
    Raw(Kind),
    /// Of signs of such a one: exact if made of exact ones.
    Echo,
    /// An `f16` made of an `f32`.
    Half,
    /// As level 1 has it.
    Exact,
}

use Class::{Clean, Echo, Exact, Half, Neutral, Open, Raw};

impl Class {
    /// Of a value that is one or the other.
    fn join(self, other: Class) -> Class {
        match (self, other) {
            (Open, class) | (class, Open) => class,
            (Neutral, class) | (class, Neutral) => class,
            (Clean(a) | Raw(a), Raw(b)) | (Raw(a), Clean(b)) if a == b => Raw(a),
            (a, b) if a == b => a,
            _ => Exact,
        }
    }

    /// Whether its bits may be wrong.
    fn rough(self) -> bool {
        matches!(self, Raw(_) | Echo | Half)
    }
}

/// Inserts what is needed.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let classes = classify(function, &order);
    let signs = flushed_signs(function, &order);
    let seen = seen(function, &order, &signs);
    let mut pass = Pass {
        function,
        classes,
        signs,
        seen,
        exact: Map::default(),
        canonical: Map::default(),
        insts: Vec::new(),
    };
    for &block in &order.blocks {
        pass.block(block);
    }
}

fn is_float(ty: Kind) -> bool {
    matches!(ty, Kind::F32 | Kind::F64)
}

fn of_constant(ty: Type, number: u64) -> Class {
    let other = match ty {
        Type::I32 => f32::from_bits(number as u32).is_nan() && number != 0x7fff_ffff,
        Type::I64 => f64::from_bits(number).is_nan() && number != 0xfff8 << 48,
        _ => false,
    };
    if other { Exact } else { Neutral }
}

/// The sign of a float: the one that it is taken of.
fn sign_of(function: &Function, value: Value) -> Option<Value> {
    let inst = function.maker(value)?;
    let Op::Compute(Compute::Int(Int::And, ty)) = inst.op else { return None };
    let sign = if ty.bits() == 64 { 1 << 63 } else { 0x8000_0000 };
    (function.constant(inst.args[1]) == Some(sign)).then_some(inst.args[0])
}

/// Whether the value is no NaN where a condition (or its opposite) holds.
fn is_number_if(function: &Function, value: Value, condition: Value, holds: bool) -> bool {
    let Some(inst) = function.maker(condition) else { return false };
    let asked = match inst.op {
        Op::Compute(Compute::Compare(Comparison::Nan, ty, _)) => is_float(ty) && !holds,
        Op::Compute(Compute::Compare(Comparison::Num, ty, _)) => is_float(ty) && holds,
        _ => false,
    };
    let picked = |value: Value| match function.maker(value) {
        Some(maker) if matches!(maker.op, Op::Compute(Compute::Float(Float::Min | Float::Max, ..))) => {
            maker.args == inst.args
        }
        _ => false,
    };
    asked && (inst.args.contains(&value) || picked(value))
}

struct Classes<'f> {
    function: &'f Function,
    numbers: Numbers,
    classes: Vec<Class>,
}

fn classify(function: &Function, order: &Order) -> Vec<Class> {
    let numbers = Numbers::new(function, order);
    let mut of = Classes { function, numbers, classes: vec![Open; function.values.len()] };
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &order.blocks {
            for &id in &function.block(block).insts {
                let inst = function.inst(id);
                for (place, &result) in inst.results.iter().enumerate() {
                    let class = match if place == 0 { of.result(inst) } else { Exact } {
                        Raw(ty) if of.numbers.is_number(result) => Clean(ty),
                        class => class,
                    };
                    of.classes[result.0 as usize] = class;
                }
            }
            function.block(block).end.targets(|target| {
                for (&param, &arg) in function.block(target.block).params.iter().zip(&target.args) {
                    let old = of.classes[param.0 as usize];
                    // Nobody could make these anew.
                    let arg = if matches!(of.class(arg), Echo | Half) { Exact } else { of.class(arg) };
                    let new = old.join(arg);
                    changed |= new != old;
                    of.classes[param.0 as usize] = new;
                }
            });
        }
    }
    of.classes
}

impl Classes<'_> {
    fn class(&self, value: Value) -> Class {
        self.classes[value.0 as usize]
    }

    fn result(&self, inst: &Inst) -> Class {
        match &inst.op {
            Op::Const(number) => of_constant(self.function.ty(inst.results[0]), *number),
            Op::Canonical(ty) => Clean(*ty),
            Op::Scale(ty) | Op::Bound(ty) | Op::Exponent(ty) | Op::Mantissa(ty) => Raw(*ty),
            // Lanes pass on what they have.
            Op::Shuffle(_) => match self.class(inst.args[0]) {
                Echo | Half => Exact,
                class => class,
            },
            Op::Compute(compute) => self.compute(*compute, inst),
            _ => Exact,
        }
    }

    fn compute(&self, compute: Compute, inst: &Inst) -> Class {
        let class = |at: usize| self.class(inst.args[at]);
        match compute {
            Compute::Copy => class(0),
            Compute::Select => self.select(inst.args[0], inst.args[1], inst.args[2]),
            Compute::Float(op, ty, _) if instructions(compute) => match op {
                Float::Neg | Float::Abs => match class(0) {
                    Open => Open,
                    class if class.rough() => Echo,
                    _ => Exact,
                },
                Float::CopySign if class(0).rough() || class(1).rough() => Echo,
                Float::CopySign => Exact,
                _ => Raw(ty),
            },
            Compute::Convert(Conversion { to, from, .. }) if instructions(compute) => {
                match (to.float(), from.float()) {
                    (true, false) => Clean(to),
                    (true, true) if to == Kind::F16 => Half,
                    (true, true) => Raw(to),
                    _ => Exact,
                }
            }
            _ => Exact,
        }
    }

    fn select(&self, a: Value, b: Value, condition: Value) -> Class {
        let function = self.function;
        let arm = |value: Value, holds: bool| match self.class(value) {
            Raw(ty) if is_number_if(function, value, condition, holds) => Clean(ty),
            class => class,
        };
        // Where a denormal is replaced by its sign, the other is left as it is.
        if sign_of(function, a) == Some(b) {
            return self.class(b);
        }
        arm(a, true).join(arm(b, false))
    }
}

/// Whether instructions do it, in any mode that `expand` leaves.
fn instructions(compute: Compute) -> bool {
    let compute = match compute {
        // The control word may flush what these take and give.
        Compute::Convert(conversion) => {
            let mode = Mode { ftz: false, ..conversion.mode };
            Compute::Convert(Conversion { mode, ..conversion })
        }
        compute => compute,
    };
    expand::legal(compute, expand::Flush::Control)
}

/// Ops that take the sign of a float only for those who replace its denormals.
fn flushed_signs(function: &Function, order: &Order) -> Vec<bool> {
    let mut signs = vec![false; function.insts.len()];
    let mut other = vec![false; function.values.len()];
    for &block in &order.blocks {
        for &id in &function.block(block).insts {
            let inst = function.inst(id);
            let select = inst.op == Op::Compute(Compute::Select);
            for (place, &arg) in inst.args.iter().enumerate() {
                let flushes = select && place == 0 && sign_of(function, arg) == Some(inst.args[1]);
                other[arg.0 as usize] |= !flushes;
            }
        }
        function.block(block).end.targets(|to| {
            to.args.iter().for_each(|arg| other[arg.0 as usize] = true);
        });
    }
    for &block in &order.blocks {
        for &id in &function.block(block).insts {
            if let Some(&result) = function.inst(id).results.first() {
                signs[id.0 as usize] = !other[result.0 as usize] && sign_of(function, result).is_some();
            }
        }
    }
    signs
}

/// How an inst looks at a source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// As a float, or at bits that all NaNs have.
    Floats,
    /// Not at all: who looks at its result looks at the source.
    Passes,
    /// At its bits.
    Bits,
}

fn look(function: &Function, signs: &[bool], id: InstId, place: usize) -> Look {
    let inst = function.inst(id);
    match inst.op {
        Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_) => Look::Floats,
        Op::Shuffle(_) if place == 0 => Look::Passes,
        Op::Compute(compute) => match compute {
            Compute::Copy => Look::Passes,
            Compute::Select if place == 0 && sign_of(function, inst.args[0]) == Some(inst.args[1]) => {
                Look::Floats
            }
            Compute::Select if place < 2 => Look::Passes,
            Compute::Float(Float::Neg | Float::Abs | Float::CopySign, ..) if instructions(compute) => {
                Look::Passes
            }
            Compute::Float(..) if instructions(compute) => Look::Floats,
            Compute::Compare(_, ty, _) if is_float(ty) => Look::Floats,
            Compute::Convert(Conversion { from, .. }) if from.float() && instructions(compute) => {
                Look::Floats
            }
            Compute::Int(Int::And, ty) => {
                let exponent = if ty.bits() == 64 { 0x7ff << 52 } else { 0x7f80_0000 };
                let flushes = signs.get(id.0 as usize) == Some(&true);
                if flushes || function.constant(inst.args[1]) == Some(exponent) {
                    Look::Floats
                } else {
                    Look::Bits
                }
            }
            _ => Look::Bits,
        },
        _ => Look::Bits,
    }
}

/// Values at whose bits somebody looks in the end. Others may be anything that is the same float.
fn seen(function: &Function, order: &Order, signs: &[bool]) -> Vec<bool> {
    let mut open = Vec::new();
    // For each value those it may be.
    let mut from: Vec<SmallVec<[Value; 2]>> = order::none_each(function.values.len());
    for &block in &order.blocks {
        for &id in &function.block(block).insts {
            let inst = function.inst(id);
            for (place, &arg) in inst.args.iter().enumerate() {
                match (look(function, signs, id, place), inst.results.first()) {
                    (Look::Bits, _) => open.push(arg),
                    (Look::Passes, Some(result)) => from[result.0 as usize].push(arg),
                    _ => {}
                }
            }
        }
        function.block(block).end.targets(|to| {
            for (param, &arg) in function.block(to.block).params.iter().zip(&to.args) {
                from[param.0 as usize].push(arg);
            }
        });
    }
    let mut seen = vec![false; function.values.len()];
    while let Some(value) = open.pop() {
        if !std::mem::replace(&mut seen[value.0 as usize], true) {
            open.extend_from_slice(&from[value.0 as usize]);
        }
    }
    seen
}

struct Pass<'f> {
    function: &'f mut Function,
    classes: Vec<Class>,
    /// By inst: see [`flushed_signs`].
    signs: Vec<bool>,
    /// By value: see [`seen`].
    seen: Vec<bool>,
    /// Exact copies that this block has.
    exact: Map<Value, Value>,
    /// The same of values whatever they are.
    canonical: Map<Value, Value>,
    insts: Vec<InstId>,
}

impl Pass<'_> {
    fn class(&self, value: Value) -> Class {
        self.classes.get(value.0 as usize).copied().unwrap_or(Exact)
    }

    fn block(&mut self, block: BlockId) {
        self.exact.clear();
        self.canonical.clear();
        for id in std::mem::take(&mut self.function.block_mut(block).insts) {
            for place in 0..self.function.inst(id).args.len() {
                let arg = self.function.inst(id).args[place];
                let new = self.source(id, place, arg);
                self.function.inst_mut(id).args[place] = new;
            }
            self.insts.push(id);
        }
        let mut end =
            std::mem::replace(&mut self.function.block_mut(block).end, crate::compile::ssa::End::Exit);
        end.targets_mut(|target| {
            for place in 0..target.args.len() {
                let param = self.function.block(target.block).params[place];
                if self.class(param) == Exact && self.is_seen(param) {
                    let line = self.function.block(block).line;
                    target.args[place] = self.exact(target.args[place], line);
                }
            }
        });
        let at = self.function.block_mut(block);
        (at.end, at.insts) = (end, std::mem::take(&mut self.insts));
    }

    /// What an inst is to use in place of a source.
    fn source(&mut self, id: InstId, place: usize, arg: Value) -> Value {
        let inst = self.function.inst(id);
        let (line, result) = (inst.line, inst.results.first().copied());
        match look(self.function, &self.signs, id, place) {
            Look::Floats => self.bare(&inst.op, arg),
            Look::Passes => {
                let exact = result.is_some_and(|result| self.class(result) == Exact && self.is_seen(result));
                let select = inst.op == Op::Compute(Compute::Select);
                let number = select && is_number_if(self.function, arg, inst.args[2], place == 0);
                if exact && !number { self.exact(arg, line) } else { arg }
            }
            Look::Bits => self.exact(arg, line),
        }
    }

    fn is_seen(&self, value: Value) -> bool {
        self.seen.get(value.0 as usize) != Some(&false)
    }

    /// A float for somebody who does not mind which NaN it is.
    fn bare(&self, op: &Op, arg: Value) -> Value {
        let bits = matches!(op, Op::Compute(Compute::Int(..) | Compute::Select));
        match self.function.maker(arg) {
            Some(Inst { op: Op::Canonical(_), args, .. }) if !bits => args[0],
            _ => arg,
        }
    }

    /// The value with the bits it has in level 1.
    fn exact(&mut self, value: Value, line: u32) -> Value {
        let class = self.class(value);
        if !class.rough() {
            return value;
        }
        if let Some(&exact) = self.exact.get(&value) {
            return exact;
        }
        let exact = match (class, self.function.maker(value).cloned()) {
            (Raw(ty), _) => self.canonical(ty, value, line),
            (Half, Some(inst)) if matches!(inst.op, Op::Compute(Compute::Convert(_))) => {
                let single = self.canonical(Kind::F32, inst.args[0], line);
                self.again(&inst, &[single], line)
            }
            (_, Some(inst)) => {
                let args: Vec<Value> = inst.args.iter().map(|&arg| self.exact(arg, line)).collect();
                self.again(&inst, &args, line)
            }
            (_, None) => value,
        };
        self.exact.insert(value, exact);
        exact
    }

    /// An op once more, with other sources.
    fn again(&mut self, inst: &Inst, args: &[Value], line: u32) -> Value {
        let ty = self.function.ty(inst.results[0]);
        let id = self.function.add_inst(inst.op.clone(), args, None, &[ty], line);
        self.insts.push(id);
        self.function.inst(id).results[0]
    }

    fn canonical(&mut self, ty: Kind, value: Value, line: u32) -> Value {
        if matches!(self.class(value), Neutral | Clean(_)) {
            return value;
        }
        if let Some(&canonical) = self.canonical.get(&value) {
            return canonical;
        }
        let types = [Type::of_register(ty.bits())];
        let id = self.function.add_inst(Op::Canonical(ty), &[value], None, &types, line);
        self.insts.push(id);
        let result = self.function.inst(id).results[0];
        self.canonical.insert(value, result);
        result
    }
}

//! Floats that are surely no NaN, and between which numbers they lie.

use crate::compile::ssa::order::Order;
use crate::compile::ssa::{Function, Inst, Op, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Float};

/// The lowest and the highest number, either of which may be infinite.
type Bounds = (f64, f64);

/// By value: what is known of floats, in one walk; parameters of blocks are anything.
pub struct Numbers(Vec<Option<Bounds>>);

impl Numbers {
    /// Of a function.
    pub fn new(function: &Function, order: &Order) -> Numbers {
        let mut numbers = Numbers(vec![None; function.values.len()]);
        for &block in &order.blocks {
            for &id in &function.block(block).insts {
                let inst = function.inst(id);
                if let (Op::Compute(compute), Some(result)) = (&inst.op, inst.results.first()) {
                    numbers.0[result.0 as usize] = numbers.result(function, *compute, inst);
                }
            }
        }
        numbers
    }

    /// Whether a value is no NaN.
    pub fn is_number(&self, value: Value) -> bool {
        self.0[value.0 as usize].is_some()
    }

    fn result(&self, function: &Function, compute: Compute, inst: &Inst) -> Option<Bounds> {
        match compute {
            Compute::Float(op, ty @ (Kind::F32 | Kind::F64), _) => {
                let of = |at: usize| self.of(function, inst.args[at], ty);
                rounded(ty, float(op, of)?)
            }
            Compute::Convert(Conversion { to: to @ (Kind::F32 | Kind::F64), from, .. }) if !from.float() => {
                // Twice what the largest of 64 bits are.
                let most = 2f64.powi(i32::try_from(from.bits()).ok()? + 1);
                rounded(to, (-most, most))
            }
            _ => None,
        }
    }

    fn of(&self, function: &Function, value: Value, ty: Kind) -> Option<Bounds> {
        let Some(bits) = function.constant(value) else { return self.0[value.0 as usize] };
        let number = if ty == Kind::F64 { f64::from_bits(bits) } else { f32::from_bits(bits as u32).into() };
        (!number.is_nan()).then_some((number, number))
    }
}

/// Exact results; infinities meet in none of them.
fn float(op: Float, of: impl Fn(usize) -> Option<Bounds>) -> Option<Bounds> {
    let finite = |at: usize| of(at).filter(|(low, high)| low.is_finite() && high.is_finite());
    let sum = |a: Bounds, b: Bounds| (a.0 + b.0, a.1 + b.1);
    Some(match op {
        // Of a NaN and a number it is the number.
        Float::Min | Float::Max => {
            let pick = if op == Float::Min { f64::min } else { f64::max };
            match (of(0), of(1)) {
                (Some(a), Some(b)) => (pick(a.0, b.0), pick(a.1, b.1)),
                (Some(a), None) | (None, Some(a)) if op == Float::Min => (f64::NEG_INFINITY, a.1),
                (Some(a), None) | (None, Some(a)) => (a.0, f64::INFINITY),
                _ => return None,
            }
        }
        Float::Add => sum(finite(0)?, finite(1)?),
        Float::Sub => {
            let b = finite(1)?;
            sum(finite(0)?, (-b.1, -b.0))
        }
        Float::Mul => product(finite(0)?, finite(1)?),
        Float::Fma => sum(product(finite(0)?, finite(1)?), finite(2)?),
        _ => return None,
    })
}

fn product(a: Bounds, b: Bounds) -> Bounds {
    let all = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
    (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// What rounding may add: much more than it does, and infinity where the type might end.
fn rounded(ty: Kind, (low, high): Bounds) -> Option<Bounds> {
    let most = if ty == Kind::F64 { f64::MAX / 4.0 } else { f64::from(f32::MAX) / 4.0 };
    let out = |number: f64| {
        let wide = number + number.abs() * 1e-6 + 1e-37;
        if wide > most { f64::INFINITY } else { wide }
    };
    (!low.is_nan() && !high.is_nan()).then(|| (-out(-low), out(high)))
}

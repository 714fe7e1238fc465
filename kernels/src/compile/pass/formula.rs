//! Writes formulas of floats of one type.

use super::expand::{Expander, Flush};
use super::expand_float::constant;
use crate::compile::ssa::{Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Float, Mode, Rounding};

/// Where ops go, and of what type they are.
pub struct Formula<'e, 'f> {
    /// Where.
    pub e: &'e mut Expander<'f>,
    /// `f32` or `f64`.
    pub ty: Kind,
    /// The control word flushes denormals: its ops say so.
    ftz: bool,
}

impl<'e, 'f> Formula<'e, 'f> {
    /// A formula of an op in a mode.
    pub fn new(e: &'e mut Expander<'f>, ty: Kind, mode: Mode) -> Formula<'e, 'f> {
        let ftz = mode.ftz && e.flush == Flush::Control;
        Formula { e, ty, ftz }
    }

    /// A constant.
    pub fn c(&mut self, number: f64) -> Value {
        constant(self.e, self.ty, number)
    }

    /// Any op.
    pub fn op(&mut self, op: Float, args: &[Value]) -> Value {
        let mode = Mode { ftz: self.ftz, ..Mode::default() };
        self.e.compute(Compute::Float(op, self.ty, mode), args)
    }

    /// a + b
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.op(Float::Add, &[a, b])
    }

    /// a - b
    pub fn sub(&mut self, a: Value, b: Value) -> Value {
        self.op(Float::Sub, &[a, b])
    }

    /// a b
    pub fn mul(&mut self, a: Value, b: Value) -> Value {
        self.op(Float::Mul, &[a, b])
    }

    /// a / b
    pub fn div(&mut self, a: Value, b: Value) -> Value {
        self.op(Float::Div, &[a, b])
    }

    /// a b + c
    pub fn fma(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.op(Float::Fma, &[a, b, c])
    }

    /// a b + c, b a constant
    pub fn fma_by(&mut self, a: Value, b: f64, c: Value) -> Value {
        let b = self.c(b);
        self.fma(a, b, c)
    }

    /// c - a b
    pub fn fnma(&mut self, a: Value, b: Value, c: Value) -> Value {
        let a = self.neg(a);
        self.fma(a, b, c)
    }

    /// a + a constant
    pub fn add_by(&mut self, a: Value, b: f64) -> Value {
        let b = self.c(b);
        self.add(a, b)
    }

    /// a times a constant
    pub fn mul_by(&mut self, a: Value, b: f64) -> Value {
        let b = self.c(b);
        self.mul(a, b)
    }

    /// -a: of signs, whatever the mode is.
    pub fn neg(&mut self, a: Value) -> Value {
        self.e.float(Float::Neg, self.ty, &[a])
    }

    /// |a|, the same.
    pub fn abs(&mut self, a: Value) -> Value {
        self.e.float(Float::Abs, self.ty, &[a])
    }

    /// The sign of a, the size of b.
    pub fn with_sign(&mut self, a: Value, b: Value) -> Value {
        self.e.float(Float::CopySign, self.ty, &[a, b])
    }

    /// The smaller of a number and a constant; the constant for NaN.
    pub fn at_most(&mut self, a: Value, b: f64) -> Value {
        let b = self.c(b);
        self.op(Float::Min, &[a, b])
    }

    /// The larger one, the same.
    pub fn at_least(&mut self, a: Value, b: f64) -> Value {
        let b = self.c(b);
        self.op(Float::Max, &[a, b])
    }

    /// Whether a stands so to a constant.
    pub fn is(&mut self, comparison: Comparison, a: Value, b: f64) -> Value {
        let b = self.c(b);
        self.is_to(comparison, a, b)
    }

    /// Whether a stands so to b.
    pub fn is_to(&mut self, comparison: Comparison, a: Value, b: Value) -> Value {
        self.e.compute(Compute::Compare(comparison, self.ty, self.ftz), &[a, b])
    }

    /// The nearest integer.
    pub fn nearest(&mut self, a: Value) -> Value {
        self.e.integral(self.ty, Rounding::Nearest, a)
    }

    fn own(&self) -> Type {
        Type::of_register(self.ty.bits())
    }

    /// a · 2^⌊b⌋
    pub fn scale(&mut self, a: Value, b: Value) -> Value {
        let own = self.own();
        self.e.raw(Op::Scale(self.ty), &[a, b], own)
    }

    /// What arithmetic gave, no further from 0 than a constant; the constant with any sign for NaN.
    pub fn within(&mut self, a: Value, b: f64) -> Value {
        let (own, b) = (self.own(), self.c(b));
        self.e.raw(Op::Bound(self.ty), &[a, b], own)
    }

    /// ⌊log₂ |a|⌋
    pub fn exponent(&mut self, a: Value) -> Value {
        let own = self.own();
        self.e.raw(Op::Exponent(self.ty), &[a], own)
    }

    /// The significand in [¾, 1½) with a's sign, and the exponent for it.
    pub fn parts(&mut self, a: Value) -> (Value, Value) {
        let own = self.own();
        let significand = self.e.raw(Op::Mantissa(self.ty), &[a], own);
        let exponent = self.exponent(a);
        let below = self.is(Comparison::Lt, significand, 1.0);
        let next = self.add_by(exponent, 1.0);
        (significand, self.e.select(below, next, exponent))
    }

    /// A polynomial, the constant part first.
    pub fn polynomial(&mut self, x: Value, coefficients: &[f64]) -> Value {
        let mut coefficients = coefficients.iter().rev();
        let mut sum = self.c(coefficients.next().copied().unwrap_or(0.0));
        for &coefficient in coefficients {
            sum = self.fma_by_value(sum, x, coefficient);
        }
        sum
    }

    /// The same in pairs, by x and x²: half as many steps wait for each other.
    pub fn polynomial_in_pairs(&mut self, x: Value, square: Value, coefficients: &[f64]) -> Value {
        let mut sum = None;
        for pair in coefficients.chunks(2).rev() {
            let pair = self.polynomial(x, pair);
            sum = Some(sum.map_or(pair, |sum| self.fma(sum, square, pair)));
        }
        sum.unwrap_or_else(|| self.c(0.0))
    }

    fn fma_by_value(&mut self, a: Value, b: Value, c: f64) -> Value {
        let c = self.c(c);
        self.fma(a, b, c)
    }
}

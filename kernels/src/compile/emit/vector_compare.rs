//! Comparisons of vectors, into masks.

use super::select::Select;
use super::vector_codes as codes;
use super::vector_float::fits;
use super::vector_plan::{self as plan, Plan, Swap};
use crate::compile::ssa::{Inst, Op};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};

/// What a comparison is when the two change places.
fn swapped(comparison: Comparison) -> Comparison {
    use Comparison::{Eq, Equ, Ge, Geu, Gt, Gtu, Le, Leu, Lt, Ltu, Nan, Ne, Neu, Num};
    match comparison {
        Lt => Gt,
        Le => Ge,
        Gt => Lt,
        Ge => Le,
        Ltu => Gtu,
        Leu => Geu,
        Gtu => Ltu,
        Geu => Leu,
        Eq | Ne | Equ | Neu | Num | Nan => comparison,
    }
}

/// True where the other one is false. Of integers there is no unordered one.
fn inverted(comparison: Comparison, float: bool) -> Comparison {
    use Comparison::{Eq, Equ, Ge, Geu, Gt, Gtu, Le, Leu, Lt, Ltu, Nan, Ne, Neu, Num};
    match comparison {
        Eq if float => Neu,
        Ne if float => Equ,
        Lt if float => Geu,
        Le if float => Gtu,
        Gt if float => Leu,
        Ge if float => Ltu,
        Eq => Ne,
        Ne => Eq,
        Lt => Ge,
        Le => Gt,
        Gt => Le,
        Ge => Lt,
        Equ => Ne,
        Neu => Eq,
        Ltu => Ge,
        Leu => Gt,
        Gtu => Le,
        Geu => Lt,
        Num => Nan,
        Nan => Num,
    }
}

/// The number of a comparison of floats, those that do not signal.
fn float_number(comparison: Comparison) -> u8 {
    use Comparison::{Eq, Equ, Ge, Geu, Gt, Gtu, Le, Leu, Lt, Ltu, Nan, Ne, Neu, Num};
    match comparison {
        Eq => 0,
        Nan => 3,
        Neu => 4,
        Num => 7,
        Equ => 8,
        Ne => 12,
        Lt => 17,
        Le => 18,
        Geu => 21,
        Gtu => 22,
        Ltu => 25,
        Leu => 26,
        Ge => 29,
        Gt => 30,
    }
}

/// The number of a comparison of integers.
fn integer_number(comparison: Comparison) -> Option<u8> {
    Some(match comparison {
        Comparison::Eq => 0,
        Comparison::Lt => 1,
        Comparison::Le => 2,
        Comparison::Ne => 4,
        Comparison::Ge => 5,
        Comparison::Gt => 6,
        _ => return None,
    })
}

/// The instruction of a comparison, or of its opposite.
pub fn plan(s: &Select<'_>, inst: &Inst, comparison: Comparison, kind: Kind, invert: bool) -> Option<Plan> {
    let [a, b] = inst.args[..] else { return None };
    let ty = s.ty(a);
    let comparison = if invert { inverted(comparison, kind.float()) } else { comparison };
    if kind.float() {
        let plan = Plan::of(codes::COMPARE_FLOAT, ty, &[a, b]).filter(|_| fits(ty, kind))?;
        let plan = plan.into_mask().immediate(float_number(comparison));
        return Some(Plan { swap: Swap::Immediate(float_number(swapped(comparison))), ..plan });
    }
    if kind.bits() != ty.bits() {
        return None;
    }
    let equality = matches!(comparison, Comparison::Eq | Comparison::Ne);
    if let Some(number @ 0) = s.splat(b).filter(|_| equality) {
        debug_assert_eq!(number, 0);
        return zero(s, inst, comparison);
    }
    let row = if kind.signed() { codes::COMPARE_SIGNED } else { codes::COMPARE_UNSIGNED };
    let plan = Plan::of(row, ty, &[a, b])?.into_mask().immediate(integer_number(comparison)?);
    Some(Plan { swap: Swap::Immediate(integer_number(swapped(comparison))?), ..plan })
}

/// Against zero: whether any bit is set, of a value or of what two have in common.
fn zero(s: &Select<'_>, inst: &Inst, comparison: Comparison) -> Option<Plan> {
    let a = inst.args[0];
    let row = if comparison == Comparison::Eq { codes::TEST_NOT } else { codes::TEST };
    let (a, b) = match plan::inner(s, a) {
        Some(Inst { op: Op::Compute(Compute::Int(Int::And, _)), args, .. }) => (args[0], args[1]),
        _ => (a, a),
    };
    Some(Plan::of(row, s.ty(inst.args[0]), &[a, b])?.into_mask().commutes())
}

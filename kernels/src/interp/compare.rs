//! The meaning of comparisons.

use super::float::flush;
use super::lanes::{Meaning, Value, two};
use super::soft::{self, BF16, F16};
use crate::ir::Type;
use crate::ir::compute::Comparison;

/// The meaning of a comparison, if there is one.
pub fn meaning(comparison: Comparison, ty: Type, ftz: bool) -> Option<Meaning> {
    match ty {
        Type::U16 | Type::B16 => ordered::<u16>(comparison),
        Type::S16 => ordered::<i16>(comparison),
        Type::U32 | Type::B32 => ordered::<u32>(comparison),
        Type::S32 => ordered::<i32>(comparison),
        Type::U64 | Type::B64 => ordered::<u64>(comparison),
        Type::S64 => ordered::<i64>(comparison),
        Type::F32 if ftz => floats::<Flushed>(comparison),
        Type::F32 => floats::<f32>(comparison),
        Type::F64 if !ftz => floats::<f64>(comparison),
        Type::F16 if ftz => floats::<FlushedHalf>(comparison),
        Type::F16 => floats::<Half>(comparison),
        Type::Bf16 => floats::<Brain>(comparison),
        _ => None,
    }
}

/// How a type compares once it is read.
macro_rules! read_as {
    ($name:ident, $read:expr) => {
        #[derive(Clone, Copy, PartialEq, PartialOrd)]
        struct $name(f64);
        impl Value for $name {
            fn get(bits: u64) -> Self {
                let read: fn(u64) -> f64 = $read;
                $name(read(bits))
            }
            fn put(self) -> u64 {
                self.0.to_bits()
            }
        }
    };
}

read_as!(Flushed, |bits| f64::from(flush(f32::get(bits))));
read_as!(FlushedHalf, |bits| soft::widen(F16.flush(bits), F16));
read_as!(Half, |bits| soft::widen(bits, F16));
read_as!(Brain, |bits| soft::widen(bits, BF16));

fn ordered<T: Value + PartialOrd>(comparison: Comparison) -> Option<Meaning> {
    Some(match comparison {
        Comparison::Eq => two!(|a: T, b: T| a == b),
        Comparison::Ne => two!(|a: T, b: T| a != b),
        Comparison::Lt => two!(|a: T, b: T| a < b),
        Comparison::Le => two!(|a: T, b: T| a <= b),
        Comparison::Gt => two!(|a: T, b: T| a > b),
        Comparison::Ge => two!(|a: T, b: T| a >= b),
        _ => return None,
    })
}

// Negated comparisons are what "or unordered" means.
#[allow(clippy::neg_cmp_op_on_partial_ord, clippy::eq_op, clippy::double_comparisons)]
fn floats<T: Value + PartialOrd>(comparison: Comparison) -> Option<Meaning> {
    Some(match comparison {
        Comparison::Ne => two!(|a: T, b: T| a < b || a > b),
        Comparison::Equ => two!(|a: T, b: T| !(a < b || a > b)),
        Comparison::Neu => two!(|a: T, b: T| a != b),
        Comparison::Ltu => two!(|a: T, b: T| !(a >= b)),
        Comparison::Leu => two!(|a: T, b: T| !(a > b)),
        Comparison::Gtu => two!(|a: T, b: T| !(a <= b)),
        Comparison::Geu => two!(|a: T, b: T| !(a < b)),
        Comparison::Num => two!(|a: T, b: T| a == a && b == b),
        Comparison::Nan => two!(|a: T, b: T| a != a || b != b),
        _ => return ordered::<T>(comparison),
    })
}

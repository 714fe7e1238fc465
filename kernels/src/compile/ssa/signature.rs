//! Of each pure op and special register the types of its arguments and its result, as scalars of one thread.

use smallvec::SmallVec;

use super::Type;
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Float, Int};
use crate::ir::op::Special;

/// What a place may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// This type.
    Is(Type),
    /// Any scalar, but the same wherever this stands.
    Same,
    /// `I32` or `I64`.
    Free,
}

/// Types of an op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Of its arguments.
    pub args: SmallVec<[Slot; 4]>,
    /// Of its result.
    pub result: Slot,
}

fn register(ty: Kind) -> Slot {
    Slot::Is(Type::of_register(ty.bits()))
}

const FLAG: Slot = Slot::Is(Type::I1);
const WORD: Slot = Slot::Is(Type::I32);

/// The types of a pure op.
pub fn of(compute: Compute) -> Signature {
    let (args, result): (SmallVec<[Slot; 4]>, Slot) = match compute {
        Compute::Copy => ([Slot::Same].as_slice().into(), Slot::Same),
        Compute::Int(op, ty) => return int(op, ty),
        Compute::Float(op, ty, _) => {
            let args = std::iter::repeat_n(register(ty), compute.sources()).collect();
            (args, if is_test(op) { FLAG } else { register(ty) })
        }
        Compute::Compare(_, ty, _) => ([register(ty); 2].as_slice().into(), FLAG),
        Compute::Select => ([Slot::Same, Slot::Same, FLAG].as_slice().into(), Slot::Same),
        Compute::SelectSign(ty, _) => ([Slot::Same, Slot::Same, register(ty)].as_slice().into(), Slot::Same),
        Compute::Convert(conversion) => {
            ([register(conversion.from)].as_slice().into(), register(conversion.to))
        }
        Compute::Extract => ([Slot::Same, WORD, WORD].as_slice().into(), Slot::Same),
        Compute::Combine => ([Slot::Same, Slot::Same, WORD].as_slice().into(), Slot::Same),
        Compute::Spread(ty) => ([FLAG].as_slice().into(), register(ty)),
        Compute::External(external) => {
            (std::iter::repeat_n(Slot::Free, external.sources()).collect(), Slot::Free)
        }
    };
    Signature { args, result }
}

fn is_test(op: Float) -> bool {
    use Float::{IsFinite, IsInfinite, IsNan, IsNormal, IsNumber, IsSubnormal};
    matches!(op, IsFinite | IsInfinite | IsNumber | IsNan | IsNormal | IsSubnormal)
}

fn int(op: Int, ty: Kind) -> Signature {
    use Int::{
        AddCarry, Bfe, Bfi, Bfind, BfindShift, BorrowOut, CarryOut, Clz, Mad24High, Mad24HighSat, Mad24Low,
        MadWide, Mul24High, Mul24Low, MulWide, Popc, Shl, Shr, SubBorrow, SzextClamp, SzextWrap,
    };
    let own = register(ty);
    let wide = Slot::Is(Type::of_register(ty.bits() * 2));
    let count = Compute::Int(op, ty).sources();
    let mut args: SmallVec<[Slot; 4]> = std::iter::repeat_n(own, count).collect();
    let mut result = own;
    match op {
        MulWide => result = wide,
        MadWide => (args[2], result) = (wide, wide),
        Popc | Clz | Bfind | BfindShift | Mul24Low | Mul24High => result = WORD,
        Mad24Low | Mad24High | Mad24HighSat => (args[2], result) = (WORD, WORD),
        AddCarry | SubBorrow => args[2] = FLAG,
        CarryOut | BorrowOut => (args[2], result) = (FLAG, FLAG),
        Shl | Shr | SzextClamp | SzextWrap => args[1] = WORD,
        Bfe => (args[1], args[2]) = (WORD, WORD),
        Bfi => (args[2], args[3]) = (WORD, WORD),
        _ => {}
    }
    Signature { args, result }
}

/// Whether a special register differs from one reading to the next.
pub fn is_clock(special: Special) -> bool {
    use Special::{Clock, Clock64, ClockHigh, GlobalTimer, GlobalTimerHigh, GlobalTimerLow};
    matches!(special, Clock | ClockHigh | Clock64 | GlobalTimer | GlobalTimerLow | GlobalTimerHigh)
}

/// The type of a special register.
pub fn of_special(special: Special) -> Type {
    match special {
        Special::Clock64 | Special::GlobalTimer | Special::GridId => Type::I64,
        _ => Type::I32,
    }
}

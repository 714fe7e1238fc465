//! The pure ops: one result from up to four values of the same thread.

use std::fmt;

use super::Type;
use crate::libdevice::External;

/// How a float result is rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To nearest, ties to even.
    #[default]
    Nearest,
    /// Towards zero.
    Zero,
    /// Towards minus infinity.
    Down,
    /// Towards plus infinity.
    Up,
    /// To nearest, ties away from zero.
    Away,
}

/// Rounding, denormals to zero, clamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Of the result.
    pub rounding: Rounding,
    /// Denormal inputs and results become zero of the same sign.
    pub ftz: bool,
    /// The result is clamped to [0, 1], NaN to 0.
    pub sat: bool,
    /// A negative result becomes 0.
    pub relu: bool,
}

/// Integer and bit ops. Sources are `a b c d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Int {
    Add,
    AddSat,
    Sub,
    SubSat,
    /// a + b + c, c is 0 or 1.
    AddCarry,
    /// The carry of that.
    CarryOut,
    /// a - b - c
    SubBorrow,
    /// The borrow of that.
    BorrowOut,
    MulLow,
    MulHigh,
    /// A result twice as wide.
    MulWide,
    /// a * b + c
    MadLow,
    MadHigh,
    MadHighSat,
    MadWide,
    /// 24-bit factors: low 32 bits of the product, or bits 47 to 16.
    Mul24Low,
    Mul24High,
    Mad24Low,
    Mad24High,
    Mad24HighSat,
    /// c + |a - b|
    Sad,
    Div,
    Rem,
    Neg,
    Abs,
    Min,
    Max,
    /// The same, then negative becomes 0.
    MinRelu,
    MaxRelu,
    And,
    Or,
    Xor,
    Not,
    /// a == 0
    CNot,
    Shl,
    Shr,
    Popc,
    Clz,
    Brev,
    /// The position of the set bit number |c| of a, counted from bit b up, or down if c is negative; all ones if none.
    Fns,
    /// Position of the highest bit that differs from the sign.
    Bfind,
    /// The left shift that brings that bit to the top.
    BfindShift,
    /// Bits b.. of a, c of them.
    Bfe,
    /// a into b at c, d bits.
    Bfi,
    /// A mask of b ones from bit a, clamped or wrapped.
    BmskClamp,
    BmskWrap,
    /// Sign or zero extension of the low b bits, clamped or wrapped.
    SzextClamp,
    SzextWrap,
    /// Any function of three bits; d is its table.
    Lop3,
    /// High or low half of (b, a) shifted by c, wrapped or clamped.
    ShfLeftWrap,
    ShfLeftClamp,
    ShfRightWrap,
    ShfRightClamp,
    /// Bytes of (b, a) chosen by c.
    Prmt,
    /// The same with the modes `f4e b4e rc8 ecl ecr rc16`; d is the mode's number.
    PrmtMode,
    /// Dot product of four bytes (signed or not: a, b) plus c; d bit 0: a signed, bit 1: b signed.
    Dp4a,
    /// Dot product of two halves with two bytes; d as above, bit 2: the high bytes.
    Dp2a,
}

/// Float ops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Float {
    Add,
    Sub,
    Mul,
    /// a * b + c with one rounding.
    Fma,
    Div,
    /// The same by way of 1/b, which is 0 for the largest b.
    DivApprox,
    Rcp,
    Sqrt,
    Rsqrt,
    /// The high half of 1/a or 1/sqrt(a); the low half is zero.
    RcpGross,
    RsqrtGross,
    Ex2,
    Lg2,
    Sin,
    Cos,
    Tanh,
    Neg,
    Abs,
    Min,
    Max,
    /// The same; NaN if either is.
    MinNan,
    MaxNan,
    /// The same of |a| and |b|, with the product's sign.
    MinXorSign,
    MaxXorSign,
    MinNanXorSign,
    MaxNanXorSign,
    /// The sign of a, the rest of b.
    CopySign,
    /// 0 or 1 each.
    IsFinite,
    IsInfinite,
    IsNumber,
    IsNan,
    IsNormal,
    IsSubnormal,
}

/// How two values compare. The second half is for floats: true as well if either is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Equ,
    Neu,
    Ltu,
    Leu,
    Gtu,
    Geu,
    /// Neither is NaN.
    Num,
    /// Either is NaN.
    Nan,
}

/// A `cvt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conversion {
    /// Result type.
    pub to: Type,
    /// Source type.
    pub from: Type,
    /// Rounding and clamps.
    pub mode: Mode,
    /// Float to float of the same type: round to an integral value.
    pub integral: bool,
    /// Float to float: what is beyond the largest number becomes it.
    pub finite: bool,
}

/// A pure op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compute {
    /// a
    Copy,
    /// Integer arithmetic and bits.
    Int(Int, Type),
    /// Float arithmetic.
    Float(Float, Type, Mode),
    /// 0 or 1; the flag is ftz.
    Compare(Comparison, Type, bool),
    /// c ? a : b
    Select,
    /// c >= 0 ? a : b; the type is c's.
    SelectSign(Type, bool),
    /// A conversion.
    Convert(Conversion),
    /// Bits b.. of a, c of them (both immediate).
    Extract,
    /// a | b << c (c immediate).
    Combine,
    /// -1 or 1.0 if a, else 0.
    Spread(Type),
    /// A function of the device library.
    External(External),
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.rounding {
            Rounding::Nearest => "",
            Rounding::Zero => ".rz",
            Rounding::Down => ".rm",
            Rounding::Up => ".rp",
            Rounding::Away => ".rna",
        })?;
        f.write_str(if self.ftz { ".ftz" } else { "" })?;
        f.write_str(if self.sat { ".sat" } else { "" })?;
        f.write_str(if self.relu { ".relu" } else { "" })
    }
}

impl fmt::Display for Compute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = |name: &dyn fmt::Debug| format!("{name:?}").to_lowercase();
        match self {
            Compute::Copy => write!(f, "copy"),
            Compute::Int(op, ty) => write!(f, "{}.{ty}", lower(op)),
            Compute::Float(op, ty, mode) => write!(f, "{}{mode}.{ty}", lower(op)),
            Compute::Compare(op, ty, ftz) => {
                write!(f, "compare.{}{}.{ty}", lower(op), if *ftz { ".ftz" } else { "" })
            }
            Compute::Select => write!(f, "select"),
            Compute::SelectSign(ty, _) => write!(f, "selectsign.{ty}"),
            Compute::Convert(c) => {
                let integral = if c.integral { ".integral" } else { "" };
                let finite = if c.finite { ".finite" } else { "" };
                write!(f, "convert{integral}{finite}{}.{}.{}", c.mode, c.to, c.from)
            }
            Compute::Extract => write!(f, "extract"),
            Compute::Combine => write!(f, "combine"),
            Compute::Spread(ty) => write!(f, "spread.{ty}"),
            Compute::External(external) => write!(f, "{external}"),
        }
    }
}

impl Compute {
    /// How many sources it has.
    pub fn sources(self) -> usize {
        use Int::{Abs, Bfind, BfindShift, Brev, CNot, Clz, Neg, Not, Popc};
        match self {
            Compute::Copy | Compute::Convert(_) | Compute::Spread(_) => 1,
            Compute::Int(Neg | Abs | Not | CNot | Popc | Clz | Brev | Bfind | BfindShift, _) => 1,
            Compute::Int(op, _) => int_sources(op),
            Compute::Float(op, ..) => float_sources(op),
            Compute::Compare(..) => 2,
            Compute::Select | Compute::SelectSign(..) | Compute::Extract => 3,
            Compute::Combine => 3,
            Compute::External(external) => external.sources(),
        }
    }
}

fn int_sources(op: Int) -> usize {
    use Int::{
        AddCarry, Bfe, Bfi, BorrowOut, CarryOut, Dp2a, Dp4a, Fns, Lop3, Mad24High, Mad24HighSat, Mad24Low,
        MadHigh, MadHighSat, MadLow, MadWide, Prmt, PrmtMode, Sad, ShfLeftClamp, ShfLeftWrap, ShfRightClamp,
        ShfRightWrap, SubBorrow,
    };
    match op {
        Bfi | Lop3 | PrmtMode | Dp4a | Dp2a => 4,
        AddCarry | CarryOut | SubBorrow | BorrowOut | MadLow | MadHigh | MadHighSat | MadWide | Mad24Low
        | Mad24High | Mad24HighSat | Sad | Bfe | Fns | Prmt | ShfLeftWrap | ShfLeftClamp | ShfRightWrap
        | ShfRightClamp => 3,
        _ => 2,
    }
}

fn float_sources(op: Float) -> usize {
    use Float::{Add, CopySign, Div, DivApprox, Fma, Max, MaxNan, MaxNanXorSign, MaxXorSign};
    use Float::{Min, MinNan, MinNanXorSign, MinXorSign, Mul, Sub};
    match op {
        Fma => 3,
        Add | Sub | Mul | Div | DivApprox | CopySign => 2,
        Min | Max | MinNan | MaxNan | MinXorSign | MaxXorSign | MinNanXorSign | MaxNanXorSign => 2,
        _ => 1,
    }
}

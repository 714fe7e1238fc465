//! Types of values. Registers only know a width; ops know how to read it.

use std::fmt;

/// A PTX type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Type {
    Pred,
    B8,
    B16,
    B32,
    B64,
    /// Two registers of 64 bits, low half first.
    B128,
    U8,
    U16,
    U16x2,
    U32,
    U64,
    S8,
    S16,
    S16x2,
    S32,
    S64,
    F16,
    F16x2,
    Bf16,
    Bf16x2,
    F32,
    F64,
    /// An `f32` with 10 bits after the first.
    Tf32,
    /// Two in one register: the first has the low half.
    F32x2,
    /// Floats of 8, 6 and 4 bits, alone in a byte.
    E4m3,
    E5m2,
    E2m3,
    E3m2,
    E2m1,
    /// An exponent only.
    Ue8m0,
    E4m3x2,
    E5m2x2,
    E2m3x2,
    E3m2x2,
    E2m1x2,
    Ue8m0x2,
}

/// Every type with its name.
const NAMES: &[(Type, &str)] = &[
    (Type::Pred, "pred"),
    (Type::B8, "b8"),
    (Type::B16, "b16"),
    (Type::B32, "b32"),
    (Type::B64, "b64"),
    (Type::B128, "b128"),
    (Type::U8, "u8"),
    (Type::U16, "u16"),
    (Type::U16x2, "u16x2"),
    (Type::U32, "u32"),
    (Type::U64, "u64"),
    (Type::S8, "s8"),
    (Type::S16, "s16"),
    (Type::S16x2, "s16x2"),
    (Type::S32, "s32"),
    (Type::S64, "s64"),
    (Type::F16, "f16"),
    (Type::F16x2, "f16x2"),
    (Type::Bf16, "bf16"),
    (Type::Bf16x2, "bf16x2"),
    (Type::F32, "f32"),
    (Type::F64, "f64"),
    (Type::Tf32, "tf32"),
    (Type::F32x2, "f32x2"),
    (Type::E4m3, "e4m3"),
    (Type::E5m2, "e5m2"),
    (Type::E2m3, "e2m3"),
    (Type::E3m2, "e3m2"),
    (Type::E2m1, "e2m1"),
    (Type::Ue8m0, "ue8m0"),
    (Type::E4m3x2, "e4m3x2"),
    (Type::E5m2x2, "e5m2x2"),
    (Type::E2m3x2, "e2m3x2"),
    (Type::E3m2x2, "e3m2x2"),
    (Type::E2m1x2, "e2m1x2"),
    (Type::Ue8m0x2, "ue8m0x2"),
];

impl Type {
    /// The type of this name.
    pub fn named(name: &str) -> Option<Type> {
        let first = *name.as_bytes().first()?;
        // The first letter rules most names out without a call.
        let fits = |text: &str| text.as_bytes()[0] == first && text == name;
        NAMES.iter().find(|(_, text)| fits(text)).map(|(ty, _)| *ty)
    }

    /// The width in bits; 1 for predicates.
    pub fn bits(self) -> u32 {
        use Type::{B8, B16, B32, B64, B128, Bf16, Bf16x2, F16, F16x2, F32, F32x2, F64, Pred, Tf32};
        use Type::{E2m1, E2m1x2, E2m3, E2m3x2, E3m2, E3m2x2, E4m3, E4m3x2, E5m2, E5m2x2, Ue8m0, Ue8m0x2};
        use Type::{S8, S16, S16x2, S32, S64, U8, U16, U16x2, U32, U64};
        match self {
            Pred => 1,
            B8 | U8 | S8 | E2m1x2 => 8,
            E4m3 | E5m2 | E2m3 | E3m2 | E2m1 | Ue8m0 => 8,
            B16 | U16 | S16 | F16 | Bf16 => 16,
            E4m3x2 | E5m2x2 | E2m3x2 | E3m2x2 | Ue8m0x2 => 16,
            B32 | U32 | S32 | F32 | Tf32 | F16x2 | Bf16x2 | U16x2 | S16x2 => 32,
            B64 | U64 | S64 | F64 | F32x2 => 64,
            B128 => 128,
        }
    }

    /// The width in bytes; 0 for predicates.
    pub fn bytes(self) -> u32 {
        self.bits() / 8
    }

    /// A signed integer.
    pub fn signed(self) -> bool {
        matches!(self, Type::S8 | Type::S16 | Type::S16x2 | Type::S32 | Type::S64)
    }

    /// Any kind of float.
    pub fn float(self) -> bool {
        use Type::{Bf16, E2m1, E2m3, E3m2, E4m3, E5m2, F16, F32, F64, Tf32, Ue8m0};
        let one = matches!(self, F16 | Bf16 | Tf32 | F32 | F64);
        one || matches!(self, E4m3 | E5m2 | E2m3 | E3m2 | E2m1 | Ue8m0) || self.half().is_some()
    }

    /// What each of two floats in one register is.
    pub fn half(self) -> Option<Type> {
        Some(match self {
            Type::F16x2 => Type::F16,
            Type::Bf16x2 => Type::Bf16,
            Type::F32x2 => Type::F32,
            Type::E4m3x2 => Type::E4m3,
            Type::E5m2x2 => Type::E5m2,
            Type::E2m3x2 => Type::E2m3,
            Type::E3m2x2 => Type::E3m2,
            Type::E2m1x2 => Type::E2m1,
            Type::Ue8m0x2 => Type::Ue8m0,
            _ => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(ty, _)| ty == self).map_or("?", |(_, name)| name);
        f.write_str(name)
    }
}

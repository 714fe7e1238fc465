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
}

/// Every type with its name.
const NAMES: &[(Type, &str)] = &[
    (Type::Pred, "pred"),
    (Type::B8, "b8"),
    (Type::B16, "b16"),
    (Type::B32, "b32"),
    (Type::B64, "b64"),
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
];

impl Type {
    /// The type of this name.
    pub fn named(name: &str) -> Option<Type> {
        NAMES.iter().find(|(_, text)| *text == name).map(|(ty, _)| *ty)
    }

    /// The width in bits; 1 for predicates.
    pub fn bits(self) -> u32 {
        use Type::{B8, B16, B32, B64, Bf16, Bf16x2, F16, F16x2, F32, F64, Pred};
        use Type::{S8, S16, S16x2, S32, S64, U8, U16, U16x2, U32, U64};
        match self {
            Pred => 1,
            B8 | U8 | S8 => 8,
            B16 | U16 | S16 | F16 | Bf16 => 16,
            B32 | U32 | S32 | F32 | F16x2 | Bf16x2 | U16x2 | S16x2 => 32,
            B64 | U64 | S64 | F64 => 64,
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
        use Type::{Bf16, Bf16x2, F16, F16x2, F32, F64};
        matches!(self, F16 | F16x2 | Bf16 | Bf16x2 | F32 | F64)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(ty, _)| ty == self).map_or("?", |(_, name)| name);
        f.write_str(name)
    }
}

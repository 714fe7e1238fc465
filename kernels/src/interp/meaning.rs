//! The meaning of every pure op, by name.

use super::lanes::{Meaning, Value, one, three};
use super::{compare, convert, float, general, integer};
use crate::ir::Type;
use crate::ir::compute::Compute;

/// What a pure op does; `None` if this combination does not exist here.
pub fn meaning(compute: Compute) -> Option<Meaning> {
    Some(match compute {
        Compute::Copy => one!(|a: u64| a),
        Compute::Int(op, ty) => return integer::meaning(op, ty),
        Compute::Float(op, ty, mode) => return float::meaning(op, ty, mode),
        Compute::Compare(op, ty, ftz) => return compare::meaning(op, ty, ftz),
        Compute::Select => three!(|a: u64, b: u64, c: bool| if c { a } else { b }),
        Compute::SelectSign(Type::S32, _) => three!(|a: u64, b: u64, c: i32| if c >= 0 { a } else { b }),
        Compute::SelectSign(_, true) => {
            three!(|a: u64, b: u64, c: f32| if float::flush(c) >= 0.0 { a } else { b })
        }
        Compute::SelectSign(_, false) => three!(|a: u64, b: u64, c: f32| if c >= 0.0 { a } else { b }),
        Compute::Convert(conversion) => return convert::meaning(conversion),
        Compute::Extract => {
            three!(|a: u64, b: u32, c: u32| a >> (b & 63) & u64::MAX >> (64 - c.clamp(1, 64)))
        }
        Compute::Combine => three!(|a: u64, b: u64, c: u32| a | b << (c & 63)),
        Compute::Spread(ty) => return spread(ty),
        Compute::External(external) => return external.meaning(),
    })
}

fn spread(ty: Type) -> Option<Meaning> {
    Some(match ty {
        Type::F32 => one!(|a: bool| f32::from(u8::from(a))),
        Type::F64 => one!(|a: bool| f64::from(u8::from(a))),
        Type::F16 => one!(|a: bool| if a { 0x3c00u64 } else { 0 }),
        Type::Bf16 => one!(|a: bool| if a { 0x3f80u64 } else { 0 }),
        Type::B16 | Type::U16 | Type::S16 => one!(|a: bool| if a { u16::MAX } else { 0 }),
        Type::B32 | Type::U32 | Type::S32 => one!(|a: bool| if a { u32::MAX } else { 0 }),
        _ => return None,
    })
}

/// A pure op without a loop of its own, in one lane.
pub fn each(compute: Compute, sources: [u64; 3]) -> u64 {
    match compute {
        Compute::Float(op, ty, mode) => general::float(op, ty, mode, sources),
        Compute::Convert(conversion) => convert::convert(sources[0], &conversion),
        _ => 0,
    }
}

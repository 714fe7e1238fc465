//! Numbers for tests of ops: edge values of each type, and random ones of all sizes.

use stream_hal_kernels::compile::ssa::Type;
use stream_hal_kernels::ir::Type as Kind;
use stream_hal_kernels::ir::compute::{Conversion, Rounding};

use super::vector::Case;

/// Edge values of a kind.
// table
pub fn edge_values(kind: Kind) -> &'static [u64] {
    match kind {
        Kind::F32 => &[
            0,
            0x8000_0000,
            1,
            0x8000_0001,
            0x007f_ffff,
            0x0080_0000,
            0x3f80_0000,
            0xbf80_0000,
            0x3f80_0001,
            0x7f7f_ffff,
            0xff7f_ffff,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0000,
            0xffc0_0000,
            0x7f80_0001,
            0xff80_0001,
            0x7fff_ffff,
            0x4f00_0000,
            0xcf00_0000,
            0x3f00_0000,
            0x3fc0_0000,
            0x4020_0000,
            0xc020_0000,
            0x4b00_0001,
            0x477f_e000,
            0x477f_f000,
            0x3300_0000,
            0x3300_0001,
            0x3380_0000,
        ],
        Kind::F64 => &[
            0,
            1 << 63,
            1,
            0x000f_ffff_ffff_ffff,
            0x0010_0000_0000_0000,
            0x3ff0_0000_0000_0000,
            0xbff0_0000_0000_0000,
            0x3ff0_0000_0000_0001,
            0x7fef_ffff_ffff_ffff,
            0xffef_ffff_ffff_ffff,
            0x7ff0_0000_0000_0000,
            0xfff0_0000_0000_0000,
            0x7ff8_0000_0000_0000,
            0x7ff0_0000_0000_0001,
            0xfff0_0000_0000_0001,
            0x3fe0_0000_0000_0000,
            0x3ff8_0000_0000_0000,
            0x4004_0000_0000_0000,
            0xc004_0000_0000_0000,
            0x41df_ffff_ffc0_0000,
            0xc1e0_0000_0000_0000,
            0x47ef_ffff_f000_0000,
            0x3690_0000_0000_0000,
        ],
        Kind::F16 => {
            &[0, 0x8000, 1, 0x3ff, 0x400, 0x3c00, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfdff]
        }
        kind if kind.bits() == 64 => &[
            0,
            1,
            2,
            31,
            32,
            63,
            64,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            1 << 32,
            1 << 53,
            i64::MAX as u64,
            1 << 63,
            u64::MAX,
            u64::MAX - 1,
        ],
        _ => &[
            0,
            1,
            2,
            7,
            31,
            32,
            33,
            63,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xffff,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
        ],
    }
}

/// A number as an argument of this kind, in a lane of this type.
pub fn one(random: &mut fastrand::Rng, kind: Kind, ty: Type) -> u64 {
    let edges = edge_values(kind);
    let number = match random.u8(..4) {
        0 => edges[random.usize(..edges.len())],
        1 => near(random, kind),
        // A size of its own.
        2 if !kind.float() => random.u64(..) >> random.u32(..64),
        _ => random.u64(..),
    };
    let number = match kind {
        // Registers of 16 bits are zero above.
        Kind::F16 | Kind::Bf16 => number & 0xffff,
        _ => number,
    };
    match ty {
        Type::M { lanes } => number & ((1 << lanes) - 1),
        _ if ty.bits() == 32 => number & 0xffff_ffff,
        _ => number,
    }
}

/// Floats that others are near to, so that sums and products cancel and are rounded; small integers.
fn near(random: &mut fastrand::Rng, kind: Kind) -> u64 {
    let small = f64::from(random.i32(-2000..2000)) / f64::from(1 << random.u32(..4));
    match kind {
        Kind::F32 => u64::from((small as f32 * (1.0 + random.f32() * 1e-6)).to_bits()),
        Kind::F64 => (small * (1.0 + random.f64() * 1e-15)).to_bits(),
        Kind::F16 => random.u64(0x3800..0x4800),
        _ => random.u64(..40),
    }
}

/// Makes edge values meet: lane by lane another pair.
pub fn edges(case: &Case, memory: &mut [u64], put: fn(&mut [u64], Type, i64, &[u64])) {
    for (place, (&ty, &kind)) in case.args.iter().zip(&case.kinds).enumerate() {
        let edges = edge_values(kind);
        let step = [1, 3, 7][place.min(2)];
        let numbers: Vec<u64> =
            (0..usize::from(case.lanes)).map(|lane| edges[lane * step % edges.len()]).collect();
        put(memory, ty, place as i64 * 64, &numbers);
    }
}

/// Whether a number of this kind is NaN.
pub fn is_nan(number: u64, kind: Kind) -> bool {
    match kind {
        Kind::F32 => f32::from_bits(number as u32).is_nan(),
        Kind::F64 => f64::from_bits(number).is_nan(),
        Kind::F16 => number & 0x7fff > 0x7c00,
        _ => false,
    }
}

/// Whether a conversion of this number is the instruction's: of floats to integers those in range.
pub fn converts(conversion: &Conversion, number: u64) -> bool {
    if conversion.to.float() || !conversion.from.float() {
        return true;
    }
    let value = match conversion.from {
        Kind::F32 => f64::from(f32::from_bits(number as u32)),
        _ => f64::from_bits(number),
    };
    let bits = conversion.to.bits() as i32;
    let (low, high) = if conversion.to.signed() {
        (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0)
    } else {
        (0.0, 2f64.powi(bits) - 1.0)
    };
    let value = match conversion.mode.rounding {
        Rounding::Down => value.floor(),
        Rounding::Up => value.ceil(),
        Rounding::Zero => value.trunc(),
        _ => value.round_ties_even(),
    };
    // Numbers of 64 bits have no exact limit.
    let fits = if bits == 64 { value < high } else { value <= high };
    value >= low && fits
}

/// Whether an estimate of 14 bits is one of a value; of numbers at the ends of the range nothing is asked.
pub fn is_estimate(have: u64, want: u64) -> bool {
    let [have, want] = [have, want].map(|bits| f64::from(f32::from_bits(bits as u32)));
    let ends = |value: f64| value == 0.0 || value.is_infinite() || value.abs() < 2f64.powi(-125);
    // What is compared with was cut to 14 bits itself.
    ends(want) || (have - want).abs() <= want.abs() * 2f64.powi(-13)
}

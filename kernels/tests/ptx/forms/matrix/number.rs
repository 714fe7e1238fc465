//! Numbers of matrices: their exact values, sums without any rounding, and the one rounding at the end.

/// The width of an element in bits.
pub fn bits(ty: &str) -> usize {
    match ty {
        "b1" => 1,
        "s4" | "u4" => 4,
        "s8" | "u8" | "e4m3" | "e5m2" => 8,
        "f16" | "bf16" => 16,
        "f64" => 64,
        _ => 32,
    }
}

pub fn is_integer(ty: &str) -> bool {
    matches!(ty, "b1" | "s4" | "u4" | "s8" | "u8" | "s32")
}

/// The value of an integer element.
pub fn integer(ty: &str, bits: u64) -> i64 {
    match ty {
        "s4" => (bits << 60) as i64 >> 60,
        "s8" => i64::from(bits as i8),
        "s32" => i64::from(bits as i32),
        _ => bits as i64,
    }
}

/// The value of a float element, from its fields.
pub fn float(ty: &str, bits: u64) -> f64 {
    let (exponent_bits, fraction_bits) = match ty {
        "f16" => (5, 10),
        "bf16" => (8, 7),
        "e4m3" => (4, 3),
        "e5m2" => (5, 2),
        "tf32" => return f64::from(f32::from_bits(bits as u32 >> 13 << 13)),
        "f32" => return f64::from(f32::from_bits(bits as u32)),
        _ => return f64::from_bits(bits),
    };
    let fraction = bits & ((1 << fraction_bits) - 1);
    let exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
    let sign = if bits >> (fraction_bits + exponent_bits) & 1 == 1 { -1.0 } else { 1.0 };
    let last = (1 << exponent_bits) - 1;
    let bias = (1 << (exponent_bits - 1)) - 1;
    let scale = |power: i64| 2f64.powi(power as i32 - bias - fraction_bits);
    if exponent == last && ty == "e4m3" && fraction == 7 {
        return f64::NAN;
    }
    if exponent == last && ty != "e4m3" {
        return if fraction == 0 { sign * f64::INFINITY } else { f64::NAN };
    }
    match exponent {
        0 => sign * fraction as f64 * scale(1),
        _ => sign * (fraction + (1 << fraction_bits)) as f64 * scale(exponent as i64),
    }
}

/// How a float result is rounded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Round {
    Nearest,
    Zero,
    Down,
    Up,
}

impl Round {
    pub fn named(name: &str) -> Option<Round> {
        Some(match name {
            "rn" => Round::Nearest,
            "rz" => Round::Zero,
            "rm" => Round::Down,
            "rp" => Round::Up,
            _ => return None,
        })
    }
}

/// A sum with all its bits, in units of 2^-2200 and in two's complement.
pub struct Sum([u64; 72]);

const UNIT: i32 = -2200;

/// Significand and exponent of a finite number.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let (field, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
    if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) }
}

impl Sum {
    pub fn new() -> Sum {
        Sum([0; 72])
    }

    /// Adds a · b.
    pub fn add(&mut self, a: f64, b: f64) {
        let ((x, p), (y, q)) = (parts(a), parts(b));
        let product = u128::from(x) * u128::from(y);
        let shift = (p + q - UNIT) as usize;
        let (limb, within) = (shift / 64, shift % 64);
        let low = product << within;
        let high = if within == 0 { 0 } else { (product >> (128 - within)) as u64 };
        let words = [low as u64, (low >> 64) as u64, high];
        let negative = a.is_sign_negative() != b.is_sign_negative();
        let mut carry = false;
        for (at, limb) in self.0[limb..].iter_mut().enumerate() {
            if at >= words.len() && !carry {
                break;
            }
            let word = words.get(at).copied().unwrap_or(0);
            *limb = if negative {
                let (less, one) = limb.overflowing_sub(word);
                let (less, two) = less.overflowing_sub(u64::from(carry));
                carry = one | two;
                less
            } else {
                let (more, one) = limb.overflowing_add(word);
                let (more, two) = more.overflowing_add(u64::from(carry));
                carry = one | two;
                more
            };
        }
    }

    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|&limb| limb == 0)
    }

    /// Rounded to a format of so many bits of exponent and fraction.
    pub fn round(&self, exponent_bits: u32, fraction_bits: u32, how: Round) -> u64 {
        let negative = self.0[71] >> 63 == 1;
        let mut size = self.0;
        if negative {
            let mut carry = true;
            for limb in &mut size {
                let (next, over) = (!*limb).overflowing_add(u64::from(carry));
                (*limb, carry) = (next, over);
            }
        }
        let bit = |at: i32| at >= 0 && size[at as usize / 64] >> (at % 64) & 1 == 1;
        let limb = size.iter().rposition(|&limb| limb != 0).unwrap();
        let top = (limb * 64 + 63) as i32 - size[limb].leading_zeros() as i32;
        let bias = (1i32 << (exponent_bits - 1)) - 1;
        let exponent = (top + UNIT).max(1 - bias);
        let last = exponent - fraction_bits as i32 - UNIT;
        let kept = (last..=top).rev().fold(0u64, |kept, at| kept << 1 | u64::from(bit(at)));
        let rest = (0..last - 1).any(bit);
        let (half, sign) = (bit(last - 1), u64::from(negative) << (exponent_bits + fraction_bits));
        let up = match how {
            Round::Nearest => half && (rest || kept & 1 == 1),
            Round::Zero => false,
            Round::Down => negative && (half || rest),
            Round::Up => !negative && (half || rest),
        };
        let infinity = ((1u64 << exponent_bits) - 1) << fraction_bits;
        let field = (exponent + bias - 1) as u64;
        let result = (field << fraction_bits) + kept + u64::from(up);
        let away = match how {
            Round::Nearest => true,
            Round::Zero => false,
            Round::Down => negative,
            Round::Up => !negative,
        };
        match result < infinity {
            true => sign | result,
            false if away => sign | infinity,
            false => sign | (infinity - 1),
        }
    }
}

/// a · b + c rounded once to `f32` or `f16`: what our matrices promise, and more than PTX does.
pub fn dot(row: &[f64], column: &[f64], c: f64, ty: &str, satfinite: bool) -> u64 {
    let (exponent_bits, fraction_bits) = if ty == "f16" { (5, 10) } else { (8, 23) };
    let sign = 1u64 << (exponent_bits + fraction_bits);
    let infinity = ((1u64 << exponent_bits) - 1) << fraction_bits;
    let terms: Vec<(f64, f64)> = row.iter().copied().zip(column.iter().copied()).chain([(c, 1.0)]).collect();
    let has = |test: fn(f64) -> bool| terms.iter().any(|(a, b)| test(a * b));
    let (up, down) = (has(|x| x == f64::INFINITY), has(|x| x == f64::NEG_INFINITY));
    if has(f64::is_nan) || (up && down) {
        return if satfinite { 0 } else { sign - 1 };
    }
    let result = if up || down {
        infinity | if down { sign } else { 0 }
    } else {
        let mut sum = Sum::new();
        terms.iter().for_each(|&(a, b)| sum.add(a, b));
        match sum.is_zero() {
            true if terms.iter().all(|(a, b)| (a * b).is_sign_negative()) => sign,
            true => 0,
            false => sum.round(exponent_bits, fraction_bits, Round::Nearest),
        }
    };
    if satfinite && result & !sign == infinity { result - 1 } else { result }
}

/// One step of a product of doubles. NaN has any form.
pub fn fma(a: f64, b: f64, c: f64, how: Round) -> f64 {
    let nearest = a.mul_add(b, c);
    if how == Round::Nearest || ![a, b, c].into_iter().all(f64::is_finite) {
        return nearest;
    }
    let mut sum = Sum::new();
    sum.add(a, b);
    sum.add(c, 1.0);
    if sum.is_zero() {
        let (product, same) = (a * b, (a * b).is_sign_negative() == c.is_sign_negative());
        let exact_zeros = (a == 0.0 || b == 0.0) && c == 0.0;
        return match (exact_zeros && same, how) {
            (true, _) => product,
            (false, Round::Down) => -0.0,
            _ => 0.0,
        };
    }
    f64::from_bits(sum.round(11, 52, how))
}

/// A random element: small numbers, numbers near one, and any bits at all.
pub fn random(ty: &str, kind: usize, random: &mut fastrand::Rng) -> u64 {
    let width = bits(ty);
    let any = random.u64(..) >> (64 - width);
    if is_integer(ty) {
        return match kind {
            0 if ty == "s32" => random.u64(0..1000),
            1 if ty == "s32" => {
                *random.choice(&[0x7fff_ffff, 0x8000_0000, 0x7fff_ff00, 0x8000_00ff]).unwrap()
            }
            1 => *random.choice(&[0, 1, (1 << width) - 1, 1 << (width - 1)]).unwrap() & ((1 << width) - 1),
            _ => any,
        };
    }
    let (exponent_bits, fraction_bits): (u32, u32) = match ty {
        "f16" => (5, 10),
        "bf16" => (8, 7),
        "e4m3" => (4, 3),
        "e5m2" => (5, 2),
        "f64" => (11, 52),
        _ => (8, 23),
    };
    let middle = (1u64 << (exponent_bits - 1)) - 1;
    let sign = any & 1 << (exponent_bits + fraction_bits);
    match kind {
        // Whole numbers from 1 to 3 and a half, and their negatives.
        0 => sign | (middle + random.u64(0..2)) << fraction_bits | random.u64(0..2) << (fraction_bits - 1),
        // Around one, with every bit of the fraction.
        1 => {
            let exponent = middle + random.u64(0..6) - 3;
            sign | exponent << fraction_bits | any & ((1 << fraction_bits) - 1)
        }
        // Where the formats end.
        2 => {
            let last = (1u64 << exponent_bits) - 1;
            let fields = [0, 0, 1, middle, last - 1, last - 1, last - 1];
            let exponent = *random.choice(&fields).unwrap();
            sign | exponent << fraction_bits | any & ((1 << fraction_bits) - 1)
        }
        3 if random.u32(0..40) != 0 => sign | (middle + random.u64(0..6) - 3) << fraction_bits,
        _ => any,
    }
}

/// Kinds of [`random`].
pub const KINDS: usize = 5;

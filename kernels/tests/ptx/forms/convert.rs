//! Conversions against exact numbers.

use stream_hal_kernels::ir::Type;

use super::exact::{self, Kind, Layout, Value};
use super::float::{clamp, compare, rounding};
use super::float_rows::{self, SEED};
use super::{Form, walk};

#[test]
fn every_form() {
    walk("convert", |form| match form.types[..] {
        _ if form.has("pack") => pack(form),
        [Type::Ue8m0x2, from] => exponents(form, from),
        [to, Type::Ue8m0x2] => from_exponents(form, to),
        [to, from] if to.half().is_some() => pairs(form, to, from),
        [to, from] if to.float() => compare(form, &rows(to, from), |row| to_float(form, to, from, row[0])),
        [to, from] => compare(form, &rows(to, from), |row| to_integer(form, to, from, row[0])),
        _ => false,
    });
}

fn read(bits: u64, ty: Type) -> i128 {
    let above = 64 - ty.bits();
    if ty.signed() { i128::from((bits << above) as i64 >> above) } else { i128::from(bits << above >> above) }
}

fn range(ty: Type) -> (i128, i128) {
    let size = 1i128 << (ty.bits() - u32::from(ty.signed()));
    if ty.signed() { (-size, size - 1) } else { (0, size - 1) }
}

/// In a register of the type: bytes lie in 16 bits, extended by their sign.
fn register(value: i128, ty: Type) -> u64 {
    let bits = ty.bits().max(16);
    let wrapped = read(value as u64, ty);
    wrapped as u64 & (u64::MAX >> (64 - bits))
}

/// One value a row: of floats the edges, what lies around the ends of the target, ties; of integers the same.
fn rows(to: Type, from: Type) -> Vec<Vec<u64>> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut integers: Vec<i128> = Vec::new();
    for power in 0..=64 {
        for near in [-1, 0, 1] {
            integers.extend([(1i128 << power) + near, -(1i128 << power) + near]);
        }
        if to.float() && power > 3 {
            // Ties of every format are among these.
            let low = random.u32(0..power);
            integers.push((1i128 << power) + (1i128 << low));
            integers.push((1i128 << power) + (3i128 << low));
            integers.push((1i128 << power) + (1i128 << low) + 1);
        }
    }
    if !from.float() {
        integers.extend((0..100).map(|_| i128::from(random.u64(..) >> random.u32(0..64))));
        // Bits above a byte mean nothing.
        let mask = u64::MAX >> (64 - from.bits().max(16));
        return integers.into_iter().map(|value| vec![value as u64 & mask]).collect();
    }
    let layout = Layout::of(from);
    let mut rows = float_rows::rows(layout, 1);
    for value in integers.into_iter().filter(|_| !to.float()) {
        for quarters in [0, 1, 2, 3] {
            let m = value.unsigned_abs() * 4 + quarters;
            let value = Value::Number { negative: value < 0, m, p: -2 };
            rows.push(vec![exact::round(&exact::exact(value), layout, "rz")]);
        }
    }
    if to.float() {
        let target = Layout::of(to);
        for code in float_rows::values(target) {
            // Values of the target, and what lies half way to the next, a little more and a little less.
            let Value::Number { negative, m, p } = target.value(code) else { continue };
            for (m, p) in [(m, p), (2 * m + 1, p - 1), (8 * m + 3, p - 3), (8 * m + 5, p - 3)] {
                rows.push(vec![exact::round(&exact::exact(Value::Number { negative, m, p }), layout, "rz")]);
            }
        }
    }
    rows
}

/// `.ftz` is about `.f32` alone.
fn flush(form: &Form, ty: Type, code: u64) -> u64 {
    if ty == Type::F32 && form.has("ftz") { Layout::of(ty).flush(code) } else { code }
}

/// An integral value near a number: towards, or to nearest with ties to even.
fn integral(negative: bool, m: u128, p: i32, rounding: &str) -> i128 {
    let (size, rest, half) = match p {
        0.. => (if p > 70 { u128::from(u64::MAX) << 3 } else { m << p.min(70) }, 0, 1),
        -120..0 => (m >> -p, m & ((1 << -p) - 1), 1 << (-p - 1)),
        _ => (0, m.min(1), 2),
    };
    let up = match rounding {
        "rzi" => false,
        "rmi" => negative && rest != 0,
        "rpi" => !negative && rest != 0,
        _ => rest > half || (rest == half && size & 1 == 1),
    };
    let size = (size + u128::from(up)) as i128;
    if negative { -size } else { size }
}

/// Out of range is clamped. NaN is 0, but where either type has 64 bits: there the highest bit alone is set.
fn to_integer(form: &Form, to: Type, from: Type, bits: u64) -> u64 {
    let (low, high) = range(to);
    if !from.float() {
        let value = read(bits, from);
        return register(if form.has("sat") { value.clamp(low, high) } else { value }, to);
    }
    let value = match Layout::of(from).value(flush(form, from, bits)) {
        Value::Nan if from == Type::F64 || to.bits() == 64 => 1 << (to.bits() - 1),
        Value::Nan => 0,
        Value::Infinite(negative) => {
            if negative {
                low
            } else {
                high
            }
        }
        Value::Number { negative, m, p } => {
            let word = form.one_of(&["rni", "rzi", "rmi", "rpi"]).unwrap();
            integral(negative, m, p, word).clamp(low, high)
        }
    };
    register(value, to)
}

fn to_float(form: &Form, to: Type, from: Type, bits: u64) -> u64 {
    let mut value = match from.float() {
        true => Layout::of(from).value(flush(form, from, bits)),
        false => exact::integer(read(bits, from)),
    };
    if let (Some(word), Value::Number { negative, m, p }) =
        (form.one_of(&["rni", "rzi", "rmi", "rpi"]), value)
        && p < 0
    {
        value = Value::Number { negative, m: integral(negative, m, p, word).unsigned_abs(), p: 0 };
    }
    let code = write(form, to, value);
    // The 13 bits below a `.tf32` are zero, but for NaN.
    match to {
        Type::Tf32 if value == Value::Nan => 0x7fff_ffff,
        Type::Tf32 => code << 13,
        _ => code,
    }
}

/// A value in a format, by the form's modifiers.
fn write(form: &Form, to: Type, value: Value) -> u64 {
    let layout = Layout::of(to);
    let mut code = exact::round(&exact::exact(value), layout, rounding(form));
    if form.has("satfinite") && value != Value::Nan && code & (layout.sign() - 1) > layout.largest() {
        code = code & layout.sign() | layout.largest();
    }
    // A number that stands for NaN is no NaN to the clamps either.
    if layout.kind != Kind::Ieee && value == Value::Nan {
        return layout.nan();
    }
    clamp(form, layout, flush(form, to, code))
}

/// The width of each of two values in a register, which for six bits is eight.
fn width(ty: Type) -> u32 {
    ty.bits() / 2
}

fn pairs(form: &Form, to: Type, from: Type) -> bool {
    let one = |code: u64, from: Type| write(form, to, Layout::of(from).value(code));
    let rows = rows(to, from);
    if from.half().is_none() {
        // The first source is the upper half.
        let rows: Vec<Vec<u64>> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| vec![row[0], rows[(at * 5 + 1) % rows.len()][0]])
            .collect();
        return compare(form, &rows, |row| one(row[1], from) | one(row[0], from) << width(to));
    }
    let part = |bits: u64, shift: u32| bits >> shift & Layout::of(from).mask();
    compare(form, &float_rows::packed(&rows, width(from)), |row| {
        one(part(row[0], 0), from) | one(part(row[0], width(from)), from) << width(to)
    })
}

/// The power of two at or below a size, or at or above it, as a code: 255 is NaN, 0 is 2^-127.
fn exponent(form: &Form, value: Value) -> u64 {
    let beyond = if form.has("satfinite") { 254 } else { 255 };
    let (m, p) = match value {
        Value::Nan => return 255,
        Value::Infinite(_) => return beyond,
        Value::Number { m, p, .. } => (m, p),
    };
    let is_below = |code: i32| {
        let power = code - 127;
        // 2^power <= m × 2^p
        if power >= p { (power - p) < 128 && 1u128 << (power - p) <= m } else { m > 0 }
    };
    let is_equal = |code: i32| code - 127 >= p && code - 127 - p < 128 && 1u128 << (code - 127 - p) == m;
    let below = (0..255).rev().find(|&code| is_below(code));
    match below {
        None => 0,
        Some(code) if form.has("rp") && !is_equal(code) && code == 254 => beyond,
        Some(code) if form.has("rp") && !is_equal(code) => code as u64 + 1,
        Some(254) if is_below(255) => beyond,
        Some(code) => code as u64,
    }
}

fn exponents(form: &Form, from: Type) -> bool {
    let layout = Layout::of(from);
    let rows = float_rows::rows(layout, 1);
    let one = |code: u64| exponent(form, layout.value(code));
    if from.half().is_some() {
        return compare(form, &float_rows::packed(&rows, 16), |row| {
            one(row[0] & 0xffff) | one(row[0] >> 16) << 8
        });
    }
    let rows: Vec<Vec<u64>> =
        rows.iter().enumerate().map(|(at, row)| vec![row[0], rows[(at * 5 + 1) % rows.len()][0]]).collect();
    compare(form, &rows, |row| one(row[1]) | one(row[0]) << 8)
}

fn from_exponents(form: &Form, to: Type) -> bool {
    let rows: Vec<Vec<u64>> = (0..256).map(|code| vec![code | (code * 7 & 255) << 8]).collect();
    let one = |code: u64| match code {
        255 => Layout::of(to).nan(),
        _ => write(form, to, Value::Number { negative: false, m: 1, p: code as i32 - 127 }),
    };
    compare(form, &rows, |row| one(row[0] & 255) | one(row[0] >> 8) << 16)
}

fn pack(form: &Form) -> bool {
    let word = form.one_of(&["u16", "s16", "u8", "s8", "u4", "s4", "u2", "s2"]).unwrap();
    let bits: u32 = word[1..].parse().unwrap();
    let (low, high) = if word.starts_with('s') {
        (-(1i64 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    };
    let values: Vec<u64> = rows(Type::U16, Type::S32).into_iter().map(|row| row[0] & 0xffff_ffff).collect();
    let at = |index: usize| values[index % values.len()];
    let sources = form.types().0.len();
    let rows: Vec<Vec<u64>> = (0..values.len())
        .map(|index| vec![at(index), at(index * 7 + 3), at(index * 3)][..sources].to_vec())
        .collect();
    compare(form, &rows, |row| {
        let one = |value: u64| i64::from(value as u32 as i32).clamp(low, high) as u64 & ((1 << bits) - 1);
        let above = row.get(2).map_or(0, |c| c << (2 * bits));
        (one(row[1]) | one(row[0]) << bits | above) & 0xffff_ffff
    })
}

/// Registers may be wider than the types: above a source's bits lies anything, a result is extended by its sign.
#[test]
fn wider_registers() {
    use super::values::{Case, result, source};
    let narrow = [Type::U8, Type::S8, Type::U16, Type::S16, Type::U32, Type::S32];
    for (to, from) in narrow.iter().flat_map(|&to| narrow.iter().map(move |&from| (to, from))) {
        for (wide, sat) in [(Type::B32, ""), (Type::B64, ".sat")] {
            let name = format!("cvt{sat}.{to}.{from} in {wide}");
            let body = format!("cvt{sat}.{to}.{from} {}, {};\n", result(0, wide), source(0, wide));
            Case { name: &name, sources: &[wide], results: &[wide], body }.check(|row| {
                let (value, (low, high)) = (read(row[0], from), range(to));
                let value = if sat.is_empty() { value } else { value.clamp(low, high) };
                Some(vec![read(value as u64, to) as u64 & (u64::MAX >> (64 - wide.bits()))])
            });
        }
    }
    // Out of floats too, and narrow floats out of wide registers.
    let single = |bits: u64| f64::from(f32::from_bits(bits as u32));
    let (to, from) = (result(0, Type::S64), source(0, Type::F32));
    let body = format!("cvt.rzi.s16.f32 {to}, {from};\n");
    Case { name: "cvt.rzi.s16.f32", sources: &[Type::F32], results: &[Type::S64], body }
        .check(|row| Some(vec![i64::from(single(row[0]) as i16) as u64]));
    let body = format!("cvt.f32.f16 {}, {};\n", result(0, Type::F32), source(0, Type::B32));
    let half = Layout::of(Type::F16);
    Case { name: "cvt.f32.f16", sources: &[Type::B32], results: &[Type::F32], body }.check(|row| {
        let code = exact::round(&exact::exact(half.value(row[0] & 0xffff)), Layout::of(Type::F32), "rn");
        Some(vec![code])
    });
}

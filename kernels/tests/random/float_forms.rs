//! `f32` and `f64` with exact rounding, and conversions from, to and between them.

use super::forms::{Form, comparisons, one, operands};
use super::integer_forms::INTS;
use super::tree::Class::{D, F, G, P, R};

fn f32_of(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

pub fn add(forms: &mut Vec<Form>) {
    singles(forms);
    doubles(forms);
    comparisons(forms, "f32", F, |bits| f64::from(f32_of(bits)), COMPARISONS);
    comparisons(forms, "f64", G, f64::from_bits, COMPARISONS);
    selections(forms);
    to_integers(forms);
    from_integers(forms);
    between(forms);
}

/// A denormal counts as zero.
fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0f32.copysign(value) } else { value }
}

/// Between 0 and 1; NaN is 0.
fn saturate(value: f32) -> f32 {
    if value.is_nan() || value <= 0.0 { 0.0 } else { value.min(1.0) }
}

/// The lesser number; NaN only if both are; -0 is less than 0.
fn least(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) => b,
        (_, true) => a,
        _ if a == b => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        _ => {
            if a < b {
                a
            } else {
                b
            }
        }
    }
}

fn greatest(a: f64, b: f64) -> f64 {
    -least(-a, -b)
}

type Single = fn(f32, f32, f32) -> f32;

/// Spelling, sources, meaning.
const SINGLES: &[(&str, usize, Single)] = &[
    ("add.rn", 2, |a, b, _| a + b),
    ("sub.rn", 2, |a, b, _| a - b),
    ("mul.rn", 2, |a, b, _| a * b),
    ("fma.rn", 3, |a, b, c| a.mul_add(b, c)),
    ("div.rn", 2, |a, b, _| a / b),
    ("sqrt.rn", 1, |a, _, _| a.sqrt()),
    ("rcp.rn", 1, |a, _, _| 1.0 / a),
];

fn singles(forms: &mut Vec<Form>) {
    for &(name, count, run) in SINGLES {
        let get = |s: &[u64], at: usize| s.get(at).map_or(0.0, |&bits| f32_of(bits));
        let exact = move |s: &[u64]| run(get(s, 0), get(s, 1), get(s, 2));
        let flushed = move |s: &[u64]| flush(run(flush(get(s, 0)), flush(get(s, 1)), flush(get(s, 2))));
        let sources = [F; 3];
        let sources = &sources[..count];
        let bits = |value: f32| u64::from(value.to_bits());
        one(forms, format!("{name}.f32 {}", operands(count)), F, sources, move |s| bits(exact(s)));
        one(forms, format!("{name}.ftz.f32 {}", operands(count)), F, sources, move |s| bits(flushed(s)));
        if matches!(name, "add.rn" | "sub.rn" | "mul.rn" | "fma.rn") {
            let text = format!("{name}.ftz.sat.f32 {}", operands(count));
            one(forms, text, F, sources, move |s| bits(saturate(flushed(s))));
            let text = format!("{name}.sat.f32 {}", operands(count));
            one(forms, text, F, sources, move |s| bits(saturate(exact(s))));
        }
    }
    let list: [(&str, fn(f64, f64) -> f64); 2] = [("min", least), ("max", greatest)];
    for (name, run) in list {
        one(forms, format!("{name}.f32 $0, $1, $2"), F, &[F; 2], move |s| {
            u64::from((run(f64::from(f32_of(s[0])), f64::from(f32_of(s[1]))) as f32).to_bits())
        });
        one(forms, format!("{name}.f64 $0, $1, $2"), G, &[G; 2], move |s| {
            run(f64::from_bits(s[0]), f64::from_bits(s[1])).to_bits()
        });
    }
    one(forms, "neg.f32 $0, $1", F, &[F], |s| s[0] ^ 1 << 31);
    one(forms, "abs.f32 $0, $1", F, &[F], |s| s[0] & 0x7fff_ffff);
    one(forms, "neg.f64 $0, $1", G, &[G], |s| s[0] ^ 1 << 63);
    one(forms, "abs.f64 $0, $1", G, &[G], |s| s[0] & !(1 << 63));
}

fn doubles(forms: &mut Vec<Form>) {
    let list: [(&str, usize, fn(f64, f64, f64) -> f64); 7] = [
        ("add.rn", 2, |a, b, _| a + b),
        ("sub.rn", 2, |a, b, _| a - b),
        ("mul.rn", 2, |a, b, _| a * b),
        ("fma.rn", 3, |a, b, c| a.mul_add(b, c)),
        ("div.rn", 2, |a, b, _| a / b),
        ("sqrt.rn", 1, |a, _, _| a.sqrt()),
        ("rcp.rn", 1, |a, _, _| 1.0 / a),
    ];
    for (name, count, run) in list {
        one(forms, format!("{name}.f64 {}", operands(count)), G, &[G; 3][..count], move |s| {
            let get = |at: usize| s.get(at).map_or(0.0, |&bits| f64::from_bits(bits));
            run(get(0), get(1), get(2)).to_bits()
        });
    }
}

const COMPARISONS: &[(&str, fn(f64, f64) -> bool)] = &[
    ("eq", |a, b| a == b),
    ("ne", |a, b| !unordered(a, b) && a != b),
    ("lt", |a, b| a < b),
    ("le", |a, b| a <= b),
    ("gt", |a, b| a > b),
    ("ge", |a, b| a >= b),
    ("equ", |a, b| unordered(a, b) || a == b),
    ("neu", |a, b| a != b),
    ("ltu", |a, b| unordered(a, b) || a < b),
    ("leu", |a, b| unordered(a, b) || a <= b),
    ("gtu", |a, b| unordered(a, b) || a > b),
    ("geu", |a, b| unordered(a, b) || a >= b),
    ("num", |a, b| !unordered(a, b)),
    ("nan", unordered),
];

fn unordered(a: f64, b: f64) -> bool {
    a.is_nan() || b.is_nan()
}

fn selections(forms: &mut Vec<Form>) {
    let pick = |s: &[u64]| if s[2] == 1 { s[0] } else { s[1] };
    one(forms, "selp.f32 $0, $1, $2, $3", F, &[F, F, P], pick);
    one(forms, "selp.f64 $0, $1, $2, $3", G, &[G, G, P], pick);
    one(forms, "mov.f32 $0, $1", F, &[F], |s| s[0]);
    one(forms, "mov.f64 $0, $1", G, &[G], |s| s[0]);
    let text = "setp.nan.f32 %pz, $1, $1; mov.b32 $0, $1; selp.b32 $0, 0x7fffffff, $0, %pz";
    one(forms, text, R, &[F], |s| if f32_of(s[0]).is_nan() { 0x7fff_ffff } else { s[0] });
    let text = "setp.nan.f64 %pz, $1, $1; mov.b64 $0, $1; selp.b64 $0, 0x7fffffffffffffff, $0, %pz";
    one(forms, text, D, &[G], |s| if f64::from_bits(s[0]).is_nan() { !0 >> 1 } else { s[0] });
}

type Rounding = (&'static str, fn(f64) -> f64);

const ROUNDINGS: [Rounding; 4] =
    [("rn", f64::round_ties_even), ("rz", f64::trunc), ("rm", f64::floor), ("rp", f64::ceil)];

fn to_integers(forms: &mut Vec<Form>) {
    for ty in INTS {
        for (word, round) in ROUNDINGS {
            let clamp = move |value: f64| (round(value) as i128).clamp(ty.least(), ty.most()) as u64;
            let text = |zero: &str, float: &str, spare: &str| {
                format!(
                    "setp.nan.{float} %pz, $1, $1; selp.{float} %{spare}, {zero}, $1, %pz; \
                     cvt.{word}i.{}.{float} $0, %{spare}",
                    ty.name
                )
            };
            let number = |value: f64| if value.is_nan() { 0.0 } else { value };
            one(forms, text("0f00000000", "f32", "fz"), ty.class(), &[F], move |s| {
                clamp(number(f64::from(f32_of(s[0]))))
            });
            one(forms, text("0d0000000000000000", "f64", "gz"), ty.class(), &[G], move |s| {
                clamp(number(f64::from_bits(s[0])))
            });
        }
    }
}

/// The neighbour of a rounded value on the side that a rounding wants; `error`: the exact value less the rounded one, its sign.
macro_rules! directed {
    ($word:expr, $near:expr, $error:expr) => {{
        let (near, error) = ($near, $error);
        match $word {
            "rm" if error < 0 => near.next_down(),
            "rp" if error > 0 => near.next_up(),
            "rz" if error < 0 && near > 0.0 => near.next_down(),
            "rz" if error > 0 && near < 0.0 => near.next_up(),
            _ => near,
        }
    }};
}

fn from_integers(forms: &mut Vec<Form>) {
    for ty in INTS {
        for (word, _) in ROUNDINGS {
            one(forms, format!("cvt.{word}.f32.{} $0, $1", ty.name), F, &[ty.class()], move |s| {
                let value = ty.get(s[0]);
                let near = value as f32;
                u64::from(directed!(word, near, (value - near as i128).signum()).to_bits())
            });
            one(forms, format!("cvt.{word}.f64.{} $0, $1", ty.name), G, &[ty.class()], move |s| {
                let value = ty.get(s[0]);
                let near = value as f64;
                directed!(word, near, (value - near as i128).signum()).to_bits()
            });
        }
    }
}

fn between(forms: &mut Vec<Form>) {
    one(forms, "cvt.f64.f32 $0, $1", G, &[F], |s| f64::from(f32_of(s[0])).to_bits());
    for (word, round) in ROUNDINGS {
        one(forms, format!("cvt.{word}.f32.f64 $0, $1"), F, &[G], move |s| {
            let value = f64::from_bits(s[0]);
            let near = value as f32;
            let error = value.partial_cmp(&f64::from(near)).map_or(0, |order| order as i32);
            u64::from(directed!(word, near, error).to_bits())
        });
        one(forms, format!("cvt.{word}i.f32.f32 $0, $1"), F, &[F], move |s| {
            u64::from((round(f64::from(f32_of(s[0]))) as f32).to_bits())
        });
        one(forms, format!("cvt.{word}i.f64.f64 $0, $1"), G, &[G], move |s| {
            round(f64::from_bits(s[0])).to_bits()
        });
    }
}

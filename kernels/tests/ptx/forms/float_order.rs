//! Comparisons, extremes and kinds of floats, by their values.

use stream_hal_kernels::ir::Type;

use super::Form;
use super::exact::Layout;
use super::float::{compare as compare_rows, compare_each, run};
use super::float_rows::{self, SEED};

/// Which of two values is less, -0 before +0.
fn before(a: f64, b: f64) -> bool {
    a < b || (a == b && a.is_sign_negative() && !b.is_sign_negative())
}

/// The extreme of two codes, as the manual's text for `min` and `max` has it.
fn pick(form: &Form, layout: Layout, a: u64, b: u64) -> u64 {
    let (x, y) = (layout.wide(a), layout.wide(b));
    match (x.is_nan(), y.is_nan()) {
        (true, true) => layout.nan(),
        (true, _) | (_, true) if form.has("NaN") => layout.nan(),
        (true, _) => b,
        (_, true) => a,
        _ if before(x, y) == (form.opcode == "min") => a,
        _ => b,
    }
}

pub fn extreme(form: &Form) -> bool {
    let ty = form.types[0];
    let layout = Layout::of(ty);
    let flushed = |code: u64| if form.has("ftz") { layout.flush(code) } else { code };
    let size = |code: u64| if form.has("abs") { code & (layout.sign() - 1) } else { code };
    let expect = |row: &[u64]| {
        let codes: Vec<u64> = row.iter().map(|&code| size(flushed(code))).collect();
        let result = codes[1..].iter().fold(codes[0], |a, &b| pick(form, layout, a, b));
        if form.has("xorsign") && !layout.wide(result).is_nan() {
            return result | (flushed(row[0]) ^ flushed(row[1])) & layout.sign();
        }
        result
    };
    let sources = form.shape.least - 1;
    compare_each(form, ty, sources, expect);
    // A third source may be there.
    if form.shape.operands.len() - 1 > sources {
        compare_each(form, ty, sources + 1, expect);
    }
    true
}

pub fn test(form: &Form) -> bool {
    let ty = form.types[0];
    let layout = Layout::of(ty);
    compare_rows(form, &float_rows::rows(layout, 1), |row| {
        let value = layout.wide(row[0]);
        let subnormal = value != 0.0 && layout.flush(row[0]) != row[0];
        u64::from(match form.one_of(&["finite", "infinite", "number", "notanumber", "normal"]) {
            Some("finite") => value.is_finite(),
            Some("infinite") => value.is_infinite(),
            Some("number") => !value.is_nan(),
            Some("notanumber") => value.is_nan(),
            Some(_) => value.is_finite() && !subnormal,
            None => subnormal,
        })
    })
}

fn holds(word: &str, a: f64, b: f64) -> bool {
    let unordered = a.is_nan() || b.is_nan();
    match word {
        "num" => !unordered,
        "nan" => unordered,
        _ if unordered => word.len() == 3,
        _ => match &word[..2] {
            "eq" => a == b,
            "ne" => a != b,
            "lt" => a < b,
            "le" => a <= b,
            "gt" => a > b,
            _ => a >= b,
        },
    }
}

/// `set` and `setp`, of floats or into narrow floats.
pub fn compare(form: &Form) -> bool {
    let words = ["num", "nan", "equ", "neu", "ltu", "leu", "gtu", "geu", "eq", "ne", "lt", "le", "gt", "ge"];
    let word = form.one_of(&words).unwrap();
    let ty = *form.types.last().unwrap();
    let combined = |value: bool, row: &[u64]| match form.one_of(&["and", "or", "xor"]) {
        Some("and") => value & (row[2] != 0),
        Some("or") => value | (row[2] != 0),
        Some(_) => value ^ (row[2] != 0),
        None => value,
    };
    let width = ty.half().unwrap_or(ty).bits();
    let number = |bits: u64| {
        let code = bits & (u64::MAX >> (64 - width));
        match ty {
            _ if ty.float() && form.has("ftz") => Layout::of(ty).wide(Layout::of(ty).flush(code)),
            _ if ty.float() => Layout::of(ty).wide(code),
            _ if ty.signed() => (code << (64 - width)) as i64 as f64,
            _ => code as f64,
        }
    };
    let rows = rows(ty, form.one_of(&["and", "or", "xor"]).is_some());
    let got = run(form, &rows);
    let results = got.len() / rows.len();
    for (row, got) in rows.iter().zip(got.chunks(results)) {
        let low = holds(word, number(row[0]), number(row[1]));
        let high = ty.half().map(|_| holds(word, number(row[0] >> width), number(row[1] >> width)));
        let first = combined(low, row);
        let second = combined(high.unwrap_or(!low), row);
        let expected = match form.opcode.as_str() {
            "setp" => vec![u64::from(first), u64::from(second)],
            _ => vec![spread(form.types[0], first, high.map(|_| second))],
        };
        assert_eq!(got, expected, "{} {row:#x?} (seed {SEED})", form.text);
    }
    true
}

/// 1.0 or all ones for what is true; of two comparisons a half each.
fn spread(ty: Type, first: bool, second: Option<bool>) -> u64 {
    let (ones, width) = match (ty, second) {
        (Type::F16 | Type::F16x2, _) => (0x3c00, 16),
        (Type::Bf16 | Type::Bf16x2, _) => (0x3f80, 16),
        (Type::F32, _) => (0x3f80_0000, 32),
        (_, Some(_)) => (0xffff, 16),
        (_, None) => (u64::MAX >> (64 - ty.bits()), 32),
    };
    let part = |value: bool| if value { ones } else { 0 };
    part(first) | second.map_or(0, |second| part(second) << width)
}

/// Pairs of values, equal ones among them, and a predicate if there is one. Integers are such that `f64` holds them.
fn rows(ty: Type, predicate: bool) -> Vec<Vec<u64>> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut rows: Vec<Vec<u64>> = if ty.float() {
        let layout = Layout::of(ty);
        let edges = float_rows::edges(layout);
        let mut one = || random.choice(&edges).copied().unwrap();
        let mut rows: Vec<Vec<u64>> = (0..250).map(|_| vec![one(), one()]).collect();
        rows.extend(edges.iter().map(|&code| vec![code, code]));
        if let Some(half) = ty.half() { float_rows::packed(&rows, half.bits()) } else { rows }
    } else {
        let mask = u64::MAX >> (64 - ty.bits());
        let ends = [0, 1, 2, mask & !0x7ff, mask >> 1 & !0x7ff, (mask >> 1) + 1, (mask >> 1) + 0x801];
        (0..150).map(|_| vec![random.choice(ends).unwrap(), random.choice(ends).unwrap()]).collect()
    };
    if predicate {
        rows.iter_mut().for_each(|row| row.push(random.u64(0..2)));
    }
    rows
}

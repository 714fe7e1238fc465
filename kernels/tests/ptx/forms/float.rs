//! Float arithmetic against exact numbers; approximate functions against `f64` and the manual's bounds.

use std::f64::consts::PI;

use stream_hal_kernels::ir::Type;

use super::exact::{self, Exact, Layout};
use super::float_rows::{self, SEED};
use super::values::{Case, result, source};
use super::{Form, float_order, walk};
use crate::runner;

#[test]
fn every_form() {
    walk("float", |form| match form.opcode.as_str() {
        "add" | "sub" if form.types.len() == 2 => mixed(form),
        "fma" if form.types.len() == 2 => mixed(form),
        "add" | "sub" | "mul" => arithmetic(form, 2),
        "fma" | "mad" => arithmetic(form, 3),
        "div" if form.one_of(&["approx", "full"]).is_none() => arithmetic(form, 2),
        "rcp" | "sqrt" if !form.has("approx") => arithmetic(form, 1),
        "div" => division(form),
        "rcp" | "rsqrt" if form.has("ftz") && form.types[0] == Type::F64 => gross(form),
        "rcp" | "sqrt" | "rsqrt" | "ex2" | "lg2" | "sin" | "cos" | "tanh" => function(form),
        "neg" | "abs" | "copysign" => signs(form),
        "min" | "max" => float_order::extreme(form),
        "testp" => float_order::test(form),
        "set" | "setp" => float_order::compare(form),
        _ => false,
    });
}

/// The name of the form's only result and its operands, for rows of so many sources.
pub fn run(form: &Form, rows: &[Vec<u64>]) -> Vec<u64> {
    let (mut sources, results) = form.types();
    sources.truncate(rows[0].len());
    let targets: Vec<String> = results.iter().enumerate().map(|(at, &ty)| result(at, ty)).collect();
    let operands: Vec<String> = std::iter::once(targets.join("|"))
        .chain(sources.iter().enumerate().map(|(at, &ty)| source(at, ty)))
        .collect();
    let body = format!("{} {};\n", form.text, operands.join(", "));
    Case { name: &form.text, sources: &sources, results: &results, body }.run(rows)
}

/// Compares every row's only result.
pub fn compare(form: &Form, rows: &[Vec<u64>], expect: impl Fn(&[u64]) -> u64) -> bool {
    for (row, got) in rows.iter().zip(run(form, rows)) {
        let want = expect(row);
        let got = if runner::FLUSHES_FIRST && form.has("ftz") { unflushed(got, want) } else { got };
        assert_eq!(got, want, "{} {row:#x?} (seed {SEED}): {got:#x}, expected {want:#x}", form.text);
    }
    true
}

/// A result with the smallest normal number in place of a zero where that was wanted, in each half.
fn unflushed(got: u64, want: u64) -> u64 {
    let half = |got: u32, want: u32| match want {
        0x0080_0000 | 0x8080_0000 if got == want & 0x8000_0000 => want,
        _ => got,
    };
    u64::from(half((got >> 32) as u32, (want >> 32) as u32)) << 32 | u64::from(half(got as u32, want as u32))
}

/// The same where a register may hold two values.
pub fn compare_each(form: &Form, ty: Type, count: usize, expect: impl Fn(&[u64]) -> u64) -> bool {
    let rows = float_rows::rows(Layout::of(ty), count);
    let Some(half) = ty.half() else { return compare(form, &rows, expect) };
    let width = half.bits();
    compare(form, &float_rows::packed(&rows, width), |row| {
        let part = |shift: u32| -> Vec<u64> {
            row.iter().map(|bits| bits >> shift & (u64::MAX >> (64 - width))).collect()
        };
        expect(&part(0)) | expect(&part(width)) << width
    })
}

/// Denormals flushed, if the form says so.
fn flushed(form: &Form, layout: Layout, code: u64) -> u64 {
    if form.has("ftz") { layout.flush(code) } else { code }
}

/// What `.sat` and `.relu` do to a rounded result.
pub fn clamp(form: &Form, layout: Layout, code: u64) -> u64 {
    let value = layout.wide(code);
    let (sat, relu) = (form.has("sat"), form.has("relu"));
    match (value.is_nan(), value <= 0.0) {
        (true, _) if sat => 0,
        (false, true) if sat || relu => 0,
        (false, false) if sat && value > 1.0 => layout.one(),
        _ => code,
    }
}

pub fn rounding(form: &Form) -> &'static str {
    form.one_of(&["rn", "rz", "rm", "rp", "rna"]).unwrap_or("rn")
}

fn arithmetic(form: &Form, count: usize) -> bool {
    let ty = form.types[0];
    let layout = Layout::of(ty);
    let (rounding, down) = (rounding(form), form.has("rm"));
    compare_each(form, ty, count, |row| {
        let value = |at: usize| layout.value(flushed(form, layout, row[at]));
        let exact = match form.opcode.as_str() {
            "add" => exact::add(value(0), value(1), down),
            "sub" => exact::add(value(0), exact::negated(value(1)), down),
            "mul" => exact::exact(exact::product(value(0), value(1))),
            "div" => exact::quotient(value(0), value(1)),
            "rcp" => exact::quotient(exact::integer(1), value(0)),
            "sqrt" => exact::root(value(0)),
            _ => exact::add(exact::product(value(0), value(1)), value(2), down),
        };
        clamp(form, layout, flushed(form, layout, exact::round(&exact, layout, rounding)))
    })
}

/// Narrow factors or terms, a wide last one.
fn mixed(form: &Form) -> bool {
    let (wide, narrow) = (Layout::of(form.types[0]), Layout::of(form.types[1]));
    let count = if form.opcode == "fma" { 3 } else { 2 };
    let lasts = float_rows::values(wide);
    let mut rows = float_rows::rows(narrow, count);
    for (at, row) in rows.iter_mut().enumerate() {
        // Every other one near the rest, so that all bits matter.
        let near = exact::round(&exact::exact(narrow.value(row[count - 1])), wide, "rn");
        row[count - 1] = if at % 2 == 0 { near } else { lasts[at % lasts.len()] };
    }
    compare(form, &rows, |row| {
        let last = wide.value(row[count - 1]);
        let last = if form.opcode == "sub" { exact::negated(last) } else { last };
        let first = match count {
            2 => narrow.value(row[0]),
            _ => exact::product(narrow.value(row[0]), narrow.value(row[1])),
        };
        clamp(form, wide, exact::round(&exact::add(first, last, form.has("rm")), wide, rounding(form)))
    })
}

fn signs(form: &Form) -> bool {
    let ty = form.types[0];
    let layout = Layout::of(ty);
    compare_each(form, ty, if form.opcode == "copysign" { 2 } else { 1 }, |row| {
        let a = flushed(form, layout, row[0]);
        let size = |code: u64| code & (layout.sign() - 1);
        match form.opcode.as_str() {
            "neg" => a ^ layout.sign(),
            "abs" => size(a),
            _ => a & layout.sign() | size(row[1]),
        }
    })
}

/// Whether a result is the exact value but for an error: NaN and infinity must be that, and what may be flushed is zero.
fn judge(form: &Form, layout: Layout, row: &[u64], got: u64, exact: f64, error: f64) {
    let value = layout.wide(got);
    let rounded = exact::round(&of_f64(exact), layout, "rn");
    let least = layout.wide(1 << layout.fraction);
    let flushed = form.has("ftz") && exact.abs() < least * (1.0 + 1e-6) && value == 0.0;
    let overflow = value.is_infinite() && rounded == got;
    let fine = match exact {
        _ if exact.is_nan() => got == layout.nan(),
        _ if exact.is_infinite() => value == exact,
        _ if exact == 0.0 => value == 0.0 && got == rounded,
        _ => (value - exact).abs() <= error || flushed || overflow,
    };
    let kept = !form.has("ftz") || layout.flush(got) == got;
    assert!(fine && kept, "{} {row:#x?} (seed {SEED}): {value:e}, exact {exact:e} ± {error:e}", form.text);
}

fn of_f64(value: f64) -> Exact {
    exact::exact(Layout::of(Type::F64).value(value.to_bits()))
}

/// One unit in the last place of a format at a value.
fn ulp(layout: Layout, value: f64) -> f64 {
    let least = layout.wide(1 << layout.fraction);
    2f64.powi(value.abs().max(least).log2().floor() as i32 - layout.fraction as i32)
}

/// The manual: two units in the last place. `.approx` gives 0 for divisors above 2^126, NaN for infinity by such.
fn division(form: &Form) -> bool {
    let layout = Layout::of(Type::F32);
    let rows = float_rows::rows(layout, 2);
    for (row, got) in rows.iter().zip(run(form, &rows)) {
        let value = |at: usize| layout.wide(flushed(form, layout, row[at]));
        let (a, b) = (value(0), value(1));
        let exact = match form.has("approx") && b.abs() > 2f64.powi(126) && b.is_finite() {
            true if a.is_infinite() || a.is_nan() => f64::NAN,
            true => 0f64.copysign(a) * 1f64.copysign(b),
            false => a / b,
        };
        judge(form, layout, row, got, exact, 2.0 * ulp(layout, exact));
    }
    true
}

/// The upper halves of the reciprocals of upper halves. The manual states no bound: 20 bits are what is left.
fn gross(form: &Form) -> bool {
    let layout = Layout::of(Type::F64);
    let rows = float_rows::rows(layout, 1);
    for (row, got) in rows.iter().zip(run(form, &rows)) {
        assert!(got & 0xffff_ffff == 0, "{} {row:#x?}: {got:#x}", form.text);
        let a = layout.wide(layout.flush(row[0] & !0xffff_ffff));
        let exact = if form.opcode == "rcp" { 1.0 / a } else { 1.0 / a.sqrt() };
        judge(form, layout, row, got, exact, exact.abs() * 2f64.powi(-19));
    }
    true
}

/// The manual's bound of a function's error at an exact result for an input.
fn bound(form: &Form, ty: Type, a: f64, exact: f64) -> f64 {
    let layout = Layout::of(ty);
    let relative = |bits: f64| exact.abs() * 2f64.powf(-bits);
    match (form.opcode.as_str(), ty) {
        ("rcp", _) => ulp(layout, exact),
        ("sqrt", _) => relative(23.0),
        ("rsqrt", Type::F32) => relative(22.9),
        // None is stated for `.f64`; nearly all of its bits are right.
        ("rsqrt", _) => relative(51.0),
        ("ex2", Type::F32) => 2.0 * ulp(layout, exact),
        ("ex2", Type::F16 | Type::F16x2) => relative(9.9).max(ulp(layout, exact)),
        ("ex2", _) => relative(7.0).max(ulp(layout, exact)),
        ("lg2", _) if a > 0.5 && a < 2.0 => 2f64.powf(-22.6),
        ("lg2", _) => relative(22.0),
        ("sin" | "cos", _) if runner::ONLY_SMALL_SINES && a.abs() > 2.0 * PI => {
            // Beyond a hundred half turns only that it is a sine.
            if a.abs() <= 100.0 * PI { 2f64.powf(-14.7) } else { 1.0 + exact.abs() }
        }
        ("sin" | "cos", _) => 2f64.powf(-20.9),
        ("tanh", Type::F32) => relative(11.0),
        ("tanh", Type::F16 | Type::F16x2) => 2f64.powf(-10.987),
        _ => 2f64.powi(-8),
    }
}

fn function(form: &Form) -> bool {
    let ty = form.types[0];
    let layout = Layout::of(ty);
    let width = ty.half().map_or(0, Type::bits);
    let rows = float_rows::rows(layout, 1);
    let rows = if width == 0 { rows } else { float_rows::packed(&rows, width) };
    for (row, got) in rows.iter().zip(run(form, &rows)) {
        for shift in if width == 0 { vec![0] } else { vec![0, width] } {
            let code = |bits: u64| bits >> shift & layout.mask();
            let a = code(row[0]);
            let a = layout.wide(flushed(form, layout, a));
            let exact = match form.opcode.as_str() {
                "rcp" => 1.0 / a,
                "sqrt" => a.sqrt(),
                "rsqrt" => 1.0 / a.sqrt(),
                "ex2" => a.exp2(),
                "lg2" => a.log2(),
                "sin" => a.sin(),
                "cos" => a.cos(),
                _ => a.tanh(),
            };
            judge(form, layout, row, code(got), exact, bound(form, ty, a, exact));
        }
    }
    true
}

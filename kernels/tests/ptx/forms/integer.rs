//! Integer arithmetic in 128 bits, cut to its type.

use stream_hal_kernels::ir::Type;

use super::values::{Case, result, source};
use super::{Form, walk};

/// A value as the number it stands for.
fn number(bits: u64, ty: Type) -> i128 {
    let above = 64 - ty.bits();
    if ty.signed() { i128::from((bits << above) as i64 >> above) } else { i128::from(bits << above >> above) }
}

/// The range of a type.
fn range(ty: Type) -> (i128, i128) {
    let bits = ty.bits();
    if ty.signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}

fn clamp(value: i128, ty: Type) -> i128 {
    let (low, high) = range(ty);
    value.clamp(low, high)
}

/// The high half of a product, which may need all 128 bits.
fn high(a: i128, b: i128, ty: Type) -> i128 {
    match ty {
        Type::U64 => ((a as u128 * b as u128) >> 64) as i128,
        _ => (a * b) >> ty.bits(),
    }
}

#[test]
fn every_form() {
    walk("integer", |form| match form.opcode.as_str() {
        _ if matches!(form.types[0], Type::U16x2 | Type::S16x2) => halves(form),
        "add" | "sub" | "addc" | "subc" if form.has("cc") || form.opcode.ends_with('c') => carry(form),
        "mad" | "madc" if form.has("cc") || form.opcode == "madc" => mad_carry(form),
        "abs" | "add" | "div" | "max" | "min" | "neg" | "rem" | "sad" | "sub" => simple(form),
        "mul" | "mad" => products(form),
        "mul24" | "mad24" => products24(form),
        "bfe" | "bfi" | "bfind" | "bmsk" | "brev" | "clz" | "fns" | "popc" | "szext" => fields(form),
        "dp2a" | "dp4a" => dots(form),
        _ => false,
    });
}

fn simple(form: &Form) -> bool {
    let ty = form.types[0];
    let sat = form.has("sat");
    let relu = form.has("relu");
    form.check_one(|row| {
        let n: Vec<i128> = row.iter().map(|&bits| number(bits, ty)).collect();
        let value = match form.opcode.as_str() {
            "abs" => n[0].abs(),
            "add" => n[0] + n[1],
            "sub" => n[0] - n[1],
            "neg" => -n[0],
            // Division by zero gives all ones, and the remainder the dividend.
            "div" if n[1] == 0 => -1,
            "div" => n[0] / n[1],
            "rem" if n[1] == 0 => n[0],
            "rem" => n[0] % n[1],
            "max" => n[0].max(n[1]),
            "min" => n[0].min(n[1]),
            _ => n[2] + (n[0] - n[1]).abs(),
        };
        let value = if sat { clamp(value, ty) } else { value };
        (if relu { value.max(0) } else { value }) as u64
    })
}

fn halves(form: &Form) -> bool {
    let half = if form.types[0] == Type::S16x2 { Type::S16 } else { Type::U16 };
    form.check_one(|row| {
        let one = |shift: u32| {
            let (a, b) = (number(row[0] >> shift & 0xffff, half), number(row[1] >> shift & 0xffff, half));
            let value = match form.opcode.as_str() {
                "add" => a + b,
                "min" => a.min(b),
                _ => a.max(b),
            };
            (if form.has("relu") { value.max(0) } else { value }) as u64 & 0xffff
        };
        one(0) | one(16) << 16
    })
}

fn products(form: &Form) -> bool {
    let ty = form.types[0];
    form.check_one(|row| {
        let (a, b) = (number(row[0], ty), number(row[1], ty));
        let product = match form.one_of(&["lo", "hi", "wide"]).unwrap() {
            "hi" => high(a, b, ty),
            _ => (a as u128).wrapping_mul(b as u128) as i128,
        };
        let c = match row.get(2) {
            Some(&c) if form.has("wide") => i128::from(c),
            Some(&c) => number(c, ty),
            None => 0,
        };
        let sum = product.wrapping_add(c);
        (if form.has("sat") { clamp(sum, ty) } else { sum }) as u64
    })
}

fn products24(form: &Form) -> bool {
    let ty = form.types[0];
    let low = |bits: u64| {
        let bits = i128::from(bits & 0xff_ffff);
        if ty.signed() && bits >= 1 << 23 { bits - (1 << 24) } else { bits }
    };
    form.check_one(|row| {
        let product = low(row[0]) * low(row[1]);
        let part = if form.has("hi") { product >> 16 } else { product };
        // The part is 32 bits before something is added.
        let part = number(part as u64 & 0xffff_ffff, ty);
        let sum = part + row.get(2).map_or(0, |&c| number(c, ty));
        (if form.has("sat") { clamp(sum, ty) } else { sum }) as u64
    })
}

/// Runs the form with the carry flag set from a last source, and reads the flag into a last result.
fn with_carry(form: &Form, expect: impl Fn(&[i128], i128) -> (i128, bool)) -> bool {
    let ty = form.types[0];
    let (mut sources, _) = form.types();
    let count = sources.len();
    let operands: Vec<String> = (0..count).map(|at| source(at, ty)).collect();
    sources.push(Type::Pred);
    let reads = form.opcode.ends_with('c');
    let writes = form.has("cc");
    let body = format!(
        "selp.b32 %r51, 1, 0, %p{count}; add.cc.u32 %r52, %r51, 0xffffffff;
         {} {}, {}; addc.u32 %r11, 0, 0;\n",
        form.text,
        result(0, ty),
        operands.join(", ")
    );
    Case { name: &form.text, sources: &sources, results: &[ty, Type::U32], body }.check(|row| {
        let n: Vec<i128> = row[..count].iter().map(|&bits| number(bits, ty)).collect();
        let before = i128::from(row[count] & 0xff != 0);
        let (value, carry) = expect(&n, if reads { before } else { 0 });
        let mask = u64::MAX >> (64 - ty.bits());
        Some(vec![value as u64 & mask, if writes { u64::from(carry) } else { before as u64 }])
    });
    true
}

/// Values as if they had no sign: carries do not know of it.
fn plain(value: i128, ty: Type) -> i128 {
    value & ((1 << ty.bits()) - 1)
}

fn carry(form: &Form) -> bool {
    let ty = form.types[0];
    let add = form.opcode.starts_with("add");
    with_carry(form, |n, carry| {
        let (a, b) = (plain(n[0], ty), plain(n[1], ty));
        if add { (a + b + carry, (a + b + carry) >> ty.bits() != 0) } else { (a - b - carry, a < b + carry) }
    })
}

fn mad_carry(form: &Form) -> bool {
    let ty = form.types[0];
    with_carry(form, |n, carry| {
        let product = match form.has("hi") {
            true => high(n[0], n[1], ty),
            false => (n[0] as u128).wrapping_mul(n[1] as u128) as i128,
        };
        let sum = plain(product, ty) + plain(n[2], ty) + carry;
        (sum, sum >> ty.bits() != 0)
    })
}

fn bit(bits: u64, at: u64) -> u64 {
    if at < 64 { bits >> at & 1 } else { 0 }
}

/// Bit by bit, as the manual's loops have it.
fn fields(form: &Form) -> bool {
    let ty = form.types[0];
    let width = u64::from(ty.bits());
    form.check_one(|row| match form.opcode.as_str() {
        "popc" => (0..width).map(|at| bit(row[0], at)).sum(),
        "clz" => (0..width).rev().take_while(|&at| bit(row[0], at) == 0).count() as u64,
        "brev" => (0..width).fold(0, |all, at| all | bit(row[0], at) << (width - 1 - at)),
        "bfind" => {
            let sign = if ty.signed() { bit(row[0], width - 1) } else { 0 };
            match (0..width).rev().find(|&at| bit(row[0], at) != sign) {
                Some(at) if form.has("shiftamt") => width - 1 - at,
                Some(at) => at,
                None => u64::MAX,
            }
        }
        "bfe" => {
            let (start, len) = (row[1] & 255, row[2] & 255);
            let top = (start + len).wrapping_sub(1).min(width - 1);
            let sign = if ty.signed() && len > 0 { bit(row[0], top) } else { 0 };
            (0..width).fold(0, |all, at| {
                let inside = at < len && start + at < width;
                all | (if inside { bit(row[0], start + at) } else { sign }) << at
            })
        }
        "bfi" => {
            let (start, len) = (row[2] & 255, row[3] & 255);
            (0..width).fold(0, |all, at| {
                let inside = at >= start && at < start + len;
                all | (if inside { bit(row[0], at - start) } else { bit(row[1], at) }) << at
            })
        }
        "bmsk" => {
            let limit = |value: u64| if form.has("clamp") { value.min(32) } else { value & 31 };
            let (start, len) = (limit(row[0]), limit(row[1]));
            (0..32).fold(0, |all, at| all | u64::from(at >= start && at < start + len) << at)
        }
        "szext" => {
            let len = if form.has("clamp") { row[1].min(32) } else { row[1] & 31 };
            let sign = if ty.signed() && len > 0 { bit(row[0], len - 1) } else { 0 };
            (0..32).fold(0, |all, at| all | (if at < len { bit(row[0], at) } else { sign }) << at)
        }
        _ => nth(row[0], row[1], row[2] as i32),
    })
}

/// `fns`: the positions in the order they are looked at, then the one asked for.
fn nth(mask: u64, base: u64, number: i32) -> u64 {
    let there = |at: i64| (0..32).contains(&at) && bit(mask, at as u64) == 1;
    let base = base as i64;
    let mut set: Vec<i64> = match number {
        0 => vec![base],
        1.. => (base..32).collect(),
        _ if base >= 32 => Vec::new(),
        _ => (0..=base).rev().collect(),
    };
    set.retain(|&at| there(at));
    let at = (number.unsigned_abs() as usize).saturating_sub(1);
    set.get(at).map_or(0xffff_ffff, |&at| at as u64)
}

fn dots(form: &Form) -> bool {
    let parts = |bits: u64, width: u32, ty: Type| -> Vec<i128> {
        let ty = match (width, ty.signed()) {
            (8, true) => Type::S8,
            (8, false) => Type::U8,
            (_, true) => Type::S16,
            (_, false) => Type::U16,
        };
        (0..32 / width).map(|at| number(bits >> (at * width) & (u64::MAX >> (64 - width)), ty)).collect()
    };
    form.check_one(|row| {
        let narrow = parts(row[1], 8, form.types[1]);
        let sum: i128 = if form.opcode == "dp4a" {
            parts(row[0], 8, form.types[0]).iter().zip(&narrow).map(|(a, b)| a * b).sum()
        } else {
            let narrow = if form.has("hi") { &narrow[2..] } else { &narrow[..2] };
            parts(row[0], 16, form.types[0]).iter().zip(narrow).map(|(a, b)| a * b).sum()
        };
        (i128::from(row[2]) + sum) as u64
    })
}

//! Bits, comparisons of integers, selections and moves, bit by bit and by plain comparison.

use stream_hal_kernels::ir::Type;

use super::values::{Case, result, source};
use super::{Form, walk};

#[test]
fn every_form() {
    walk("logic", |form| match form.opcode.as_str() {
        "and" | "or" | "xor" | "not" | "cnot" => bitwise(form),
        "shl" | "shr" | "shf" => shifts(form),
        "lop3" => lop3(form),
        "prmt" => prmt(form),
        "selp" => form.check_one(|row| if row[2] & 0xff != 0 { row[0] } else { row[1] }),
        "slct" => slct(form),
        "set" | "setp" => compare(form),
        "mov" => mov(form),
        _ => false,
    });
}

fn bitwise(form: &Form) -> bool {
    let pred = form.types[0] == Type::Pred;
    form.check_one(|row| {
        let n: Vec<u64> =
            row.iter().map(|&bits| if pred { u64::from(bits & 0xff != 0) } else { bits }).collect();
        match form.opcode.as_str() {
            "and" => n[0] & n[1],
            "or" => n[0] | n[1],
            "xor" => n[0] ^ n[1],
            "not" => !n[0],
            _ => u64::from(n[0] == 0),
        }
    })
}

fn shifts(form: &Form) -> bool {
    let ty = form.types[0];
    let width = u64::from(ty.bits());
    form.check_one(|row| match form.opcode.as_str() {
        "shl" if row[1] >= width => 0,
        "shl" => row[0] << row[1],
        "shr" => {
            let sign = ty.signed() && row[0] >> (width - 1) & 1 == 1;
            (0..width).fold(0, |all, at| {
                let from = at + row[1];
                all | (if from < width { row[0] >> from & 1 } else { u64::from(sign) }) << at
            })
        }
        _ => {
            let by = if form.has("wrap") { row[2] & 31 } else { row[2].min(32) };
            let both = u128::from(row[1]) << 32 | u128::from(row[0]);
            (if form.has("l") { both << by >> 32 } else { both >> by }) as u64
        }
    })
}

fn lop3(form: &Form) -> bool {
    let table = |row: &[u64]| {
        (0..32).fold(0, |all, at| {
            let index = (row[0] >> at & 1) << 2 | (row[1] >> at & 1) << 1 | row[2] >> at & 1;
            all | (row[3] >> index & 1) << at
        })
    };
    if form.words.len() == 1 {
        return form.check_one(table);
    }
    form.check(|row| {
        let (value, q) = (table(row), row[4] & 0xff != 0);
        let p = if form.has("or") { value != 0 || q } else { value != 0 && q };
        Some(vec![value, u64::from(p)])
    })
}

fn prmt(form: &Form) -> bool {
    form.check_one(|row| {
        let byte = |at: u64| (row[1] << 32 | row[0]) >> (at * 8) & 255;
        let low = row[2] & 3;
        let chosen = |at: u64| match form.one_of(&["f4e", "b4e", "rc8", "ecl", "ecr", "rc16"]) {
            None => {
                let nibble = row[2] >> (at * 4) & 15;
                let byte = byte(nibble & 7);
                match (nibble >> 3, byte >> 7) {
                    (0, _) => byte,
                    (_, 0) => 0,
                    _ => 255,
                }
            }
            Some("f4e") => byte(low + at),
            Some("b4e") => byte((8 + low - at) % 8),
            Some("rc8") => byte(low),
            Some("ecl") => byte(at.max(low)),
            Some("ecr") => byte(at.min(low)),
            _ => byte((low & 1) * 2 + (at & 1)),
        };
        (0..4).fold(0, |all, at| all | chosen(at) << (at * 8))
    })
}

fn slct(form: &Form) -> bool {
    let float = form.types[1] == Type::F32;
    form.check_one(|row| {
        let c = row[2] as u32;
        let value = f32::from_bits(c);
        let first = match float {
            false => (c as i32) >= 0,
            true if form.has("ftz") && value.is_subnormal() => true,
            true => value >= 0.0,
        };
        if first { row[0] } else { row[1] }
    })
}

fn compare(form: &Form) -> bool {
    let ty = *form.types.last().unwrap();
    let number = |bits: u64| {
        let above = 64 - ty.bits();
        if ty.signed() {
            i128::from((bits << above) as i64 >> above)
        } else {
            i128::from(bits << above >> above)
        }
    };
    let words = ["eq", "ne", "lt", "le", "gt", "ge", "lo", "ls", "hi", "hs"];
    let word = form.one_of(&words).unwrap();
    let combine = |value: bool, row: &[u64]| {
        let c = row.get(2).is_some_and(|c| c & 0xff != 0);
        match form.one_of(&["and", "or", "xor"]) {
            Some("and") => value & c,
            Some("or") => value | c,
            Some(_) => value ^ c,
            None => value,
        }
    };
    form.check(|row| {
        let (a, b) = (number(row[0]), number(row[1]));
        let value = match word {
            "eq" => a == b,
            "ne" => a != b,
            "lt" | "lo" => a < b,
            "le" | "ls" => a <= b,
            "gt" | "hi" => a > b,
            _ => a >= b,
        };
        let (p, q) = (combine(value, row), combine(!value, row));
        Some(match (form.opcode.as_str(), form.types[0]) {
            ("setp", _) => vec![u64::from(p), u64::from(q)],
            (_, Type::F32) => vec![if p { 0x3f80_0000 } else { 0 }],
            _ => vec![if p { 0xffff_ffff } else { 0 }],
        })
    })
}

/// A value moves as it is; 32 and 64 bits come apart into parts and together again.
fn mov(form: &Form) -> bool {
    let ty = form.types[0];
    let (to, from) = (result(0, ty), source(0, ty));
    let body = format!("{} {to}, {from};\n", form.text);
    let expect = |bits: u64| if ty == Type::Pred { u64::from(bits & 0xff != 0) } else { bits };
    Case { name: &form.text, sources: &[ty], results: &[ty], body }.check(|row| Some(vec![expect(row[0])]));
    let parts: &[(usize, &str, &str)] = match ty {
        Type::B16 => &[(2, "%h", "b8")],
        Type::B32 => &[(2, "%h", "b16"), (4, "%h", "b8")],
        Type::B64 => &[(2, "%r", "b32"), (4, "%h", "b16")],
        _ => &[],
    };
    for &(count, prefix, _) in parts {
        // Apart, turned round, and together again.
        let names: Vec<String> = (20 - count..20).map(|at| format!("{prefix}{at}")).collect();
        let turned: Vec<&str> = names.iter().rev().map(String::as_str).collect();
        let body = format!(
            "{} {{{}}}, {from}; {} {to}, {{{}}};\n",
            form.text,
            names.join(", "),
            form.text,
            turned.join(", ")
        );
        let width = ty.bits() as usize / count;
        Case { name: &body.clone(), sources: &[ty], results: &[ty], body }.check(|row| {
            let part = |at: usize| row[0] >> (at * width) & (u64::MAX >> (64 - width));
            Some(vec![(0..count).fold(0, |all, at| all | part(at) << ((count - 1 - at) * width))])
        });
    }
    true
}

//! Scalar ops, each with numbers at the edges and random ones.

use super::program::{RESULTS, check};

/// Pairs of inputs that an op is tried on.
const TRIES: usize = 40;

/// An op of a type, with sources of these types: from memory (folded or not), constant, used again.
fn op(name: &str, sources: &[&str], result: &str) {
    let bytes = |ty: &str| if ty == "i64" { 8 } else { 4 };
    let mut body = String::new();
    let mut next = 10;
    for at in 0..TRIES {
        let mut names = Vec::new();
        for (place, ty) in sources.iter().enumerate() {
            let offset = (at * 3 + place) * 8;
            if *ty == "i1" {
                body += &format!("v{next}: i32 = load.generic.1 v2 + {offset}\n");
                body += &format!("v{}: i32 = const {}\n", next + 1, 100);
                body += &format!("v{}: i1 = compare.lt.u32 v{next}, v{}\n", next + 2, next + 1);
                next += 2;
            } else {
                body += &format!("v{next}: {ty} = load.generic.{} v2 + {offset}\n", bytes(ty));
            }
            names.push(format!("v{next}"));
            next += 1;
        }
        body += &format!("v{next}: {result} = {name} {}\n", names.join(", "));
        let mut stored = next;
        if result == "i1" {
            body += &format!("v{}: i32 = const 1\nv{}: i32 = const 0\n", next + 1, next + 2);
            body += &format!("v{}: i32 = select v{}, v{}, v{next}\n", next + 3, next + 1, next + 2);
            stored = next + 3;
        }
        body += &format!("store.generic.{} v2 + {}, v{stored}\n", bytes(result), RESULTS + at * 8);
        next = stored + 1;
        // Every other time a source is needed once more.
        if at % 2 == 0 && sources[0] != "i1" {
            body += &format!(
                "store.generic.{} v2 + {}, {}\n",
                bytes(sources[0]),
                RESULTS + 4096 + at * 8,
                names[0]
            );
        }
    }
    check(&format!("{body}v{next}: i32 = const 0\nreturn v{next}"));
}

/// The same with a constant as last source.
fn op_with_constant(name: &str, ty: &str, last: &str, result: &str, numbers: &[u64]) {
    let bytes = |ty: &str| if ty == "i64" { 8 } else { 4 };
    let mut body = String::new();
    let mut next = 10;
    for (at, number) in numbers.iter().enumerate() {
        let number = if last == "i32" { number & 0xffff_ffff } else { *number };
        for try_at in 0..6 {
            let offset = (at * 6 + try_at) * 8;
            body += &format!("v{next}: {ty} = load.generic.{} v2 + {offset}\n", bytes(ty));
            body += &format!("v{}: {last} = const {number}\n", next + 1);
            body += &format!("v{}: {result} = {name} v{next}, v{}\n", next + 2, next + 1);
            body += &format!("store.generic.{} v2 + {}, v{}\n", bytes(result), RESULTS + offset, next + 2);
            next += 3;
        }
    }
    check(&format!("{body}v{next}: i32 = const 0\nreturn v{next}"));
}

const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    5,
    8,
    31,
    32,
    63,
    64,
    100,
    0x7fff_ffff,
    0x8000_0000,
    u64::MAX,
    1 << 63,
    0x1_0000_0000,
    255,
    256,
];

#[test]
fn arithmetic() {
    for (ty, register) in [("u32", "i32"), ("s32", "i32"), ("u64", "i64"), ("s64", "i64")] {
        for name in ["add", "sub", "mullow", "mulhigh", "div", "rem", "min", "max", "and", "or", "xor"] {
            op(&format!("{name}.{ty}"), &[register, register], register);
            op_with_constant(&format!("{name}.{ty}"), register, register, register, NUMBERS);
        }
        for name in ["not", "neg", "abs"] {
            op(&format!("{name}.{ty}"), &[register], register);
        }
        for name in ["popc", "clz"] {
            op(&format!("{name}.{ty}"), &[register], "i32");
        }
        for name in ["shl", "shr"] {
            op(&format!("{name}.{ty}"), &[register, "i32"], register);
            op_with_constant(&format!("{name}.{ty}"), register, "i32", register, NUMBERS);
        }
    }
}

#[test]
fn wide_products() {
    for ty in ["u32", "s32"] {
        op(&format!("mulwide.{ty}"), &["i32", "i32"], "i64");
        op_with_constant(&format!("mulwide.{ty}"), "i32", "i32", "i64", NUMBERS);
    }
}

#[test]
fn compares_and_selects() {
    for (ty, register) in [("u32", "i32"), ("s32", "i32"), ("u64", "i64"), ("s64", "i64")] {
        for name in ["eq", "ne", "lt", "le", "gt", "ge"] {
            op(&format!("compare.{name}.{ty}"), &[register, register], "i1");
        }
    }
    op("select", &["i32", "i32", "i1"], "i32");
    op("select", &["i64", "i64", "i1"], "i64");
    op("select", &["i1", "i1", "i1"], "i1");
    for name in ["and", "or", "xor"] {
        op(&format!("{name}.pred"), &["i1", "i1"], "i1");
    }
    op("not.pred", &["i1"], "i1");
}

#[test]
fn funnels() {
    for name in ["shfleftwrap.b32", "shfrightwrap.b32"] {
        op(name, &["i32", "i32", "i32"], "i32");
    }
}

#[test]
fn conversions() {
    let types = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"];
    for from in types {
        for to in types {
            let register = |ty: &str| if ty.ends_with("64") { "i64" } else { "i32" };
            op(&format!("convert.{to}.{from}"), &[register(from)], register(to));
        }
    }
}

//! Integer arithmetic, bits, predicates, selection, packing and conversions among integers.

use super::forms::{Form, comparisons, one, operands, two};
use super::tree::Class::{self, D, F, G, H, P, R};

/// An integer type.
#[derive(Clone, Copy)]
pub struct Int {
    pub name: &'static str,
    pub bits: u32,
    pub signed: bool,
}

impl Int {
    pub fn class(self) -> Class {
        match self.bits {
            16 => H,
            64 => D,
            _ => R,
        }
    }

    /// The value of the lower bits.
    pub fn get(self, bits: u64) -> i128 {
        let cut = i128::from(bits) & ((1 << self.bits) - 1);
        if self.signed && cut >> (self.bits - 1) == 1 { cut - (1 << self.bits) } else { cut }
    }

    pub fn least(self) -> i128 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    pub fn most(self) -> i128 {
        if self.signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }
}

const fn int(name: &'static str, bits: u32, signed: bool) -> Int {
    Int { name, bits, signed }
}

pub const INTS: [Int; 6] = [
    int("u16", 16, false),
    int("s16", 16, true),
    int("u32", 32, false),
    int("s32", 32, true),
    int("u64", 64, false),
    int("s64", 64, true),
];

const BYTES: [Int; 2] = [int("u8", 8, false), int("s8", 8, true)];

pub fn add(forms: &mut Vec<Form>) {
    for ty in INTS {
        arithmetic(forms, ty);
        products(forms, ty);
        comparisons_of(forms, ty);
    }
    for (bits, class) in [(16, H), (32, R), (64, D)] {
        bitwise(forms, bits, class);
    }
    words(forms);
    carries(forms);
    predicates(forms);
    packing(forms);
    conversions(forms);
}

type Binary = fn(i128, i128) -> i128;

fn arithmetic(forms: &mut Vec<Form>, ty: Int) {
    let class = ty.class();
    let list: [(&str, Binary); 4] =
        [("add", |a, b| a + b), ("sub", |a, b| a - b), ("min", Ord::min), ("max", Ord::max)];
    for (name, run) in list {
        one(forms, format!("{name}.{} {}", ty.name, operands(2)), class, &[class; 2], move |s| {
            run(ty.get(s[0]), ty.get(s[1])) as u64
        });
    }
    // Division by zero has no meaning, nor what overflows: the divisor is made small and odd.
    for (name, run) in [("div", (|a, b| a / b) as Binary), ("rem", |a, b| a % b)] {
        let (bits, spare) = (ty.bits, class.letter());
        let text = format!(
            "and.b{bits} %{spare}z, $2, 0x7ff; or.b{bits} %{spare}z, %{spare}z, 1; {name}.{} $0, $1, %{spare}z",
            ty.name
        );
        one(forms, text, class, &[class; 2], move |s| {
            run(ty.get(s[0]), i128::from((s[1] & 0x7ff) | 1)) as u64
        });
    }
    one(forms, format!("sad.{} {}", ty.name, operands(3)), class, &[class; 3], move |s| {
        (ty.get(s[2]) + (ty.get(s[0]) - ty.get(s[1])).abs()) as u64
    });
    one(forms, format!("shr.{} $0, $1, $2", ty.name), class, &[class, R], move |s| {
        (ty.get(s[0]) >> s[1].min(127)) as u64
    });
    if ty.signed {
        one(forms, format!("neg.{} $0, $1", ty.name), class, &[class], move |s| (-ty.get(s[0])) as u64);
        one(forms, format!("abs.{} $0, $1", ty.name), class, &[class], move |s| {
            ty.get(s[0]).unsigned_abs() as u64
        });
    }
    if ty.name == "s32" {
        for (name, run) in [("add", (|a, b| a + b) as Binary), ("sub", |a, b| a - b)] {
            one(forms, format!("{name}.sat.s32 $0, $1, $2"), R, &[R; 2], move |s| {
                run(ty.get(s[0]), ty.get(s[1])).clamp(ty.least(), ty.most()) as u64
            });
        }
    }
}

fn products(forms: &mut Vec<Form>, ty: Int) {
    let class = ty.class();
    let low = move |s: &[u64]| ty.get(s[0]).wrapping_mul(ty.get(s[1])) as u64;
    let high = move |s: &[u64]| {
        let (a, b) = (ty.get(s[0]), ty.get(s[1]));
        if ty.signed { ((a * b) >> ty.bits) as u64 } else { ((a as u128 * b as u128) >> ty.bits) as u64 }
    };
    let name = ty.name;
    one(forms, format!("mul.lo.{name} $0, $1, $2"), class, &[class; 2], low);
    one(forms, format!("mul.hi.{name} $0, $1, $2"), class, &[class; 2], high);
    one(forms, format!("mad.lo.{name} $0, $1, $2, $3"), class, &[class; 3], move |s| {
        low(s).wrapping_add(s[2])
    });
    one(forms, format!("mad.hi.{name} $0, $1, $2, $3"), class, &[class; 3], move |s| {
        high(s).wrapping_add(s[2])
    });
    if ty.bits < 64 {
        let wide = if ty.bits == 16 { R } else { D };
        one(forms, format!("mul.wide.{name} $0, $1, $2"), wide, &[class; 2], low);
        one(forms, format!("mad.wide.{name} $0, $1, $2, $3"), wide, &[class, class, wide], move |s| {
            low(s).wrapping_add(s[2])
        });
    }
    if ty.bits == 32 {
        let narrow = Int { bits: 24, ..ty };
        one(forms, format!("mul24.lo.{name} $0, $1, $2"), R, &[R; 2], move |s| {
            (narrow.get(s[0]) * narrow.get(s[1])) as u64
        });
    }
}

fn comparisons_of(forms: &mut Vec<Form>, ty: Int) {
    let list: [(&'static str, fn(i128, i128) -> bool); 6] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("le", |a, b| a <= b),
        ("gt", |a, b| a > b),
        ("ge", |a, b| a >= b),
    ];
    let get: fn(u64) -> i128 = match ty.name {
        "u16" => |bits| INTS[0].get(bits),
        "s16" => |bits| INTS[1].get(bits),
        "u32" => |bits| INTS[2].get(bits),
        "s32" => |bits| INTS[3].get(bits),
        "u64" => |bits| INTS[4].get(bits),
        _ => |bits| INTS[5].get(bits),
    };
    comparisons(forms, ty.name, ty.class(), get, &list);
    if !ty.signed && ty.bits > 16 {
        let unsigned: [(&'static str, fn(i128, i128) -> bool); 2] =
            [("lo", |a, b| a < b), ("hs", |a, b| a >= b)];
        comparisons(forms, ty.name, ty.class(), get, &unsigned);
    }
}

fn bitwise(forms: &mut Vec<Form>, bits: u32, class: Class) {
    let list: [(&str, fn(u64, u64) -> u64); 3] =
        [("and", |a, b| a & b), ("or", |a, b| a | b), ("xor", |a, b| a ^ b)];
    for (name, run) in list {
        one(forms, format!("{name}.b{bits} $0, $1, $2"), class, &[class; 2], move |s| run(s[0], s[1]));
    }
    one(forms, format!("not.b{bits} $0, $1"), class, &[class], |s| !s[0]);
    one(forms, format!("cnot.b{bits} $0, $1"), class, &[class], |s| u64::from(s[0] == 0));
    one(forms, format!("shl.b{bits} $0, $1, $2"), class, &[class, R], |s| {
        if s[1] < 64 { s[0] << s[1] } else { 0 }
    });
    one(forms, format!("mov.b{bits} $0, $1"), class, &[class], |s| s[0]);
    one(forms, format!("selp.b{bits} $0, $1, $2, $3"), class, &[class, class, P], |s| {
        if s[2] == 1 { s[0] } else { s[1] }
    });
    one(forms, format!("slct.b{bits}.s32 $0, $1, $2, $3"), class, &[class, class, R], |s| {
        if s[2] as i32 >= 0 { s[0] } else { s[1] }
    });
    if bits == 16 {
        return;
    }
    one(forms, format!("popc.b{bits} $0, $1"), R, &[class], |s| u64::from(s[0].count_ones()));
    one(forms, format!("clz.b{bits} $0, $1"), R, &[class], move |s| {
        u64::from(s[0].leading_zeros() - (64 - bits))
    });
    one(forms, format!("brev.b{bits} $0, $1"), class, &[class], move |s| s[0].reverse_bits() >> (64 - bits));
    one(forms, format!("bfind.u{bits} $0, $1"), R, &[class], |s| {
        (0..64).rev().find(|at| s[0] >> at & 1 == 1).unwrap_or(u64::MAX)
    });
    one(forms, format!("bfe.u{bits} $0, $1, $2, $3"), class, &[class, R, R], move |s| field(s, bits, false));
    one(forms, format!("bfe.s{bits} $0, $1, $2, $3"), class, &[class, R, R], move |s| field(s, bits, true));
    one(forms, format!("bfi.b{bits} $0, $1, $2, $3, $4"), class, &[class, class, R, R], move |s| {
        let (start, length) = (s[2] & 255, s[3] & 255);
        (0..u64::from(bits)).fold(0, |all, at| {
            let inside = at >= start && at - start < length;
            let bit = if inside { s[0] >> (at - start) } else { s[1] >> at };
            all | (bit & 1) << at
        })
    });
}

/// `bfe` as the manual writes it, bit after bit.
fn field(s: &[u64], bits: u32, signed: bool) -> u64 {
    let (last, start, length) = (u64::from(bits) - 1, s[1] & 255, s[2] & 255);
    let sign = if signed && length > 0 { s[0] >> (start + length - 1).min(last) & 1 } else { 0 };
    (0..=last).fold(0, |all, at| {
        let bit = if at < length && start + at <= last { s[0] >> (start + at) & 1 } else { sign };
        all | bit << at
    })
}

/// Forms of 32 bits only.
fn words(forms: &mut Vec<Form>) {
    for table in [0x96u32, 0xe8, 0x1b, 0xca, 0x01] {
        one(forms, format!("lop3.b32 $0, $1, $2, $3, {table:#x}"), R, &[R; 3], move |s| {
            (0..32).fold(0, |all, at| {
                let row = (s[0] >> at & 1) << 2 | (s[1] >> at & 1) << 1 | (s[2] >> at & 1);
                all | u64::from(table >> row & 1) << at
            })
        });
    }
    let whole = |s: &[u64]| s[1] << 32 | s[0];
    one(forms, "shf.l.wrap.b32 $0, $1, $2, $3", R, &[R; 3], move |s| whole(s) << (s[2] & 31) >> 32);
    one(forms, "shf.l.clamp.b32 $0, $1, $2, $3", R, &[R; 3], move |s| whole(s) << s[2].min(32) >> 32);
    one(forms, "shf.r.wrap.b32 $0, $1, $2, $3", R, &[R; 3], move |s| whole(s) >> (s[2] & 31));
    one(forms, "shf.r.clamp.b32 $0, $1, $2, $3", R, &[R; 3], move |s| whole(s) >> s[2].min(32));
    one(forms, "prmt.b32 $0, $1, $2, $3", R, &[R; 3], move |s| {
        (0..4).fold(0, |all, at| {
            let choice = s[2] >> (4 * at);
            let byte = whole(s) >> (8 * (choice & 7)) & 255;
            let byte = if choice & 8 == 0 { byte } else { (byte >> 7) * 255 };
            all | byte << (8 * at)
        })
    });
    for ty in BYTES {
        let name = if ty.signed { "s32" } else { "u32" };
        one(forms, format!("dp4a.{name}.{name} $0, $1, $2, $3"), R, &[R; 3], move |s| {
            let products = (0..4).map(|at| ty.get(s[0] >> (8 * at)) * ty.get(s[1] >> (8 * at)));
            (products.sum::<i128>() + i128::from(s[2])) as u64
        });
    }
}

fn carries(forms: &mut Vec<Form>) {
    for (bits, class) in [(32, R), (64, D)] {
        let text = format!("add.cc.u{bits} $0, $2, $3; addc.u{bits} $1, $4, $5");
        two(forms, text, [class; 2], &[class; 4], move |s| {
            let sum = u128::from(s[0]) + u128::from(s[1]);
            [sum as u64, s[2].wrapping_add(s[3]).wrapping_add((sum >> bits) as u64)]
        });
        let text = format!("sub.cc.u{bits} $0, $2, $3; subc.u{bits} $1, $4, $5");
        two(forms, text, [class; 2], &[class; 4], move |s| {
            let borrow = u64::from(s[0] < s[1]);
            [s[0].wrapping_sub(s[1]), s[2].wrapping_sub(s[3]).wrapping_sub(borrow)]
        });
    }
}

fn predicates(forms: &mut Vec<Form>) {
    one(forms, "and.pred $0, $1, $2", P, &[P; 2], |s| s[0] & s[1]);
    one(forms, "or.pred $0, $1, $2", P, &[P; 2], |s| s[0] | s[1]);
    one(forms, "xor.pred $0, $1, $2", P, &[P; 2], |s| s[0] ^ s[1]);
    one(forms, "not.pred $0, $1", P, &[P], |s| s[0] ^ 1);
    one(forms, "mov.pred $0, $1", P, &[P], |s| s[0]);
}

fn packing(forms: &mut Vec<Form>) {
    one(forms, "mov.b32 $0, {$1, $2}", R, &[H; 2], |s| s[0] | s[1] << 16);
    one(forms, "mov.b64 $0, {$1, $2}", D, &[R; 2], |s| s[0] | s[1] << 32);
    one(forms, "mov.b64 $0, {$1, $2, $3, $4}", D, &[H; 4], |s| s[0] | s[1] << 16 | s[2] << 32 | s[3] << 48);
    two(forms, "mov.b32 {$0, $1}, $2", [H; 2], &[R], |s| [s[0], s[0] >> 16]);
    two(forms, "mov.b64 {$0, $1}, $2", [R; 2], &[D], |s| [s[0], s[0] >> 32]);
    one(forms, "mov.b32 $0, $1", F, &[R], |s| s[0]);
    one(forms, "mov.b64 $0, $1", G, &[D], |s| s[0]);
}

/// Every pair of integer types, cut and clamped. What is wider than its type is extended.
fn conversions(forms: &mut Vec<Form>) {
    let all: Vec<Int> = INTS.into_iter().chain(BYTES).collect();
    for &to in &all {
        for &from in &all {
            let classes = (to.class(), [from.class()]);
            one(forms, format!("cvt.{}.{} $0, $1", to.name, from.name), classes.0, &classes.1, move |s| {
                to.get(from.get(s[0]) as u64) as u64
            });
            let clamps = to.bits < from.bits || (to.bits == from.bits && to.signed != from.signed);
            if clamps {
                let text = format!("cvt.sat.{}.{} $0, $1", to.name, from.name);
                one(forms, text, classes.0, &classes.1, move |s| {
                    from.get(s[0]).clamp(to.least(), to.most()) as u64
                });
            }
        }
    }
}

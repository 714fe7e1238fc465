//! Integer ops that no instruction does become those that exist.

use super::expand::Expander;
use super::{divide, expand_bits};
use crate::compile::ssa::{Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};

/// Whether instructions do an op of a type.
pub fn legal(op: Int, ty: Kind) -> bool {
    use Int::{
        Abs, Add, And, Clz, Lop3, Max, Min, MulHigh, MulLow, MulWide, Neg, Not, Or, Popc, Shl, Shr, Sub,
    };
    match ty {
        Kind::Pred => matches!(op, And | Or | Xor | Not),
        Kind::U32 | Kind::S32 => {
            let common =
                matches!(op, Add | Sub | MulLow | MulHigh | MulWide | And | Or | Xor | Not | Shl | Shr);
            let sided = matches!(op, Min | Max | Neg | Popc | Clz | Lop3);
            let funnel = matches!(op, Int::ShfLeftWrap | Int::ShfRightWrap);
            common || sided || funnel || (op == Abs && ty == Kind::S32)
        }
        Kind::U64 | Kind::S64 => {
            let common =
                matches!(op, Add | Sub | MulLow | And | Or | Xor | Not | Shl | Shr | Min | Max | Neg);
            common || (op == Abs && ty == Kind::S64)
        }
        _ => false,
    }
}

use Int::Xor;

/// An op in others.
pub fn expand(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Option<Value> {
    // Bits without a sign are numbers without one.
    let ty = match ty {
        Kind::B16 => Kind::U16,
        Kind::B32 => Kind::U32,
        Kind::B64 => Kind::U64,
        ty => ty,
    };
    if op == Int::Lop3 && e.number(args[3]).is_none() {
        return Some(expand_bits::by_table(e, args));
    }
    if legal(op, ty) {
        return Some(e.int(op, ty, args));
    }
    match op {
        Int::MadLow | Int::MadHigh | Int::MadHighSat | Int::MadWide => Some(mad(e, op, ty, args)),
        Int::Div | Int::Rem => divide::expand(e, op, ty, args[0], args[1]),
        _ => match ty {
            Kind::U16 | Kind::S16 => half(e, op, ty, args),
            Kind::U32 | Kind::S32 | Kind::U64 | Kind::S64 => whole(e, op, ty, args),
            Kind::U16x2 | Kind::S16x2 => pair(e, op, ty == Kind::S16x2, args),
            _ => None,
        },
    }
}

fn mad(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Value {
    let [a, b, c] = [args[0], args[1], args[2]];
    let (product, sum) = match op {
        Int::MadLow => (Int::MulLow, Int::Add),
        Int::MadHigh => (Int::MulHigh, Int::Add),
        Int::MadHighSat => (Int::MulHigh, Int::AddSat),
        _ => (Int::MulWide, Int::Add),
    };
    let product = e.int(product, ty, &[a, b]);
    let ty = match (op, ty) {
        (Int::MadWide, Kind::U16 | Kind::S16) => Kind::U32,
        (Int::MadWide, _) => Kind::U64,
        (_, ty) => ty,
    };
    e.int(sum, ty, &[product, c])
}

/// The low 16 bits of a register as a number of 32.
pub fn widen(e: &mut Expander<'_>, a: Value, signed: bool) -> Value {
    if !signed {
        return a;
    }
    let high = e.left(a, 16);
    e.right_signed(high, 16)
}

/// Ops of 16 bits, in 32.
fn half(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Option<Value> {
    let signed = ty == Kind::S16;
    let wide = if signed { Kind::S32 } else { Kind::U32 };
    // What does not look at the upper bits.
    match op {
        Int::And | Int::Or | Int::Xor => return Some(e.int(op, Kind::U32, args)),
        Int::CNot | Int::Popc => return Some(e.int(op, Kind::U32, args)),
        Int::Not => {
            let ones = e.word(0xffff);
            return Some(e.xor(args[0], ones));
        }
        Int::Add | Int::Sub | Int::MulLow | Int::Neg | Int::Shl => {
            let whole = e.int(op, Kind::U32, args);
            return Some(e.mask(whole, 0xffff));
        }
        Int::Clz => {
            let count = e.int(Int::Clz, Kind::U32, args);
            let sixteen = e.word(16);
            return Some(e.sub(count, sixteen));
        }
        Int::Brev => {
            let turned = e.int(Int::Brev, Kind::U32, args);
            return Some(e.right(turned, 16));
        }
        _ => {}
    }
    let values = match op {
        Int::Shr => vec![widen(e, args[0], signed), args[1]],
        Int::Abs
        | Int::Min
        | Int::Max
        | Int::MinRelu
        | Int::MaxRelu
        | Int::MulHigh
        | Int::MulWide
        | Int::Sad => args.iter().map(|&arg| widen(e, arg, signed)).collect(),
        Int::AddSat | Int::SubSat => args.iter().map(|&arg| widen(e, arg, signed)).collect(),
        _ => return None,
    };
    let value = match op {
        Int::MulWide => return Some(e.mul(values[0], values[1])),
        Int::MulHigh => {
            let product = e.mul(values[0], values[1]);
            e.right(product, 16)
        }
        Int::AddSat | Int::SubSat => {
            let plain = if op == Int::AddSat { Int::Add } else { Int::Sub };
            let sum = e.int(plain, Kind::S32, &values);
            let (low, high) = if signed { (-0x8000, 0x7fff) } else { (0, 0xffff) };
            let (low, high) = (e.word(low as u32), e.word(high));
            let sum = e.int(Int::Max, Kind::S32, &[sum, low]);
            e.int(Int::Min, Kind::S32, &[sum, high])
        }
        // Signs are in place, so it may be any.
        Int::MinRelu | Int::MaxRelu => e.int(op, Kind::S32, &values),
        Int::Abs if !signed => values[0],
        _ => e.int(op, wide, &values),
    };
    Some(e.mask(value, 0xffff))
}

/// Ops of 32 and 64 bits.
fn whole(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Option<Value> {
    let signed = ty.signed();
    let own = Type::of_register(ty.bits());
    Some(match op {
        Int::Abs => args[0],
        Int::AddSat | Int::SubSat => saturating(e, op, ty, args[0], args[1]),
        Int::AddCarry | Int::SubBorrow => {
            let plain = if op == Int::AddCarry { Int::Add } else { Int::Sub };
            let first = e.int(plain, ty, &args[..2]);
            let carry = e.fit(args[2], own);
            e.int(plain, ty, &[first, carry])
        }
        Int::CarryOut => carry(e, ty, args),
        Int::BorrowOut => borrow(e, ty, args),
        Int::MulHigh => high_product(e, ty, args[0], args[1]),
        Int::Mul24Low | Int::Mul24High => product24(e, op, ty, args),
        Int::Mad24Low => {
            let product = product24(e, Int::Mul24Low, ty, args);
            e.add(product, args[2])
        }
        Int::Mad24High => {
            let product = product24(e, Int::Mul24High, ty, args);
            e.add(product, args[2])
        }
        Int::Mad24HighSat => {
            let product = product24(e, Int::Mul24High, ty, args);
            saturating(e, Int::AddSat, Kind::S32, product, args[2])
        }
        Int::Sad => {
            let larger = e.int(Int::Max, ty, &args[..2]);
            let smaller = e.int(Int::Min, ty, &args[..2]);
            let distance = e.sub(larger, smaller);
            e.add(args[2], distance)
        }
        Int::MinRelu | Int::MaxRelu => {
            let plain = if op == Int::MinRelu { Int::Min } else { Int::Max };
            let value = e.int(plain, ty, args);
            let zero = e.constant(own, 0);
            if signed { e.int(Int::Max, ty, &[value, zero]) } else { value }
        }
        _ => return expand_bits::expand(e, op, ty, args),
    })
}

/// a + b or a - b, clamped.
fn saturating(e: &mut Expander<'_>, op: Int, ty: Kind, a: Value, b: Value) -> Value {
    let own = Type::of_register(ty.bits());
    let ones = u64::MAX >> (64 - ty.bits());
    let (zero, all) = (e.constant(own, 0), e.constant(own, ones));
    if !ty.signed() {
        return if op == Int::AddSat {
            let sum = e.add(a, b);
            let over = e.compare(Comparison::Lt, ty, sum, a);
            e.select(over, all, sum)
        } else {
            let larger = e.int(Int::Max, ty, &[a, b]);
            e.sub(larger, b)
        };
    }
    // It left the range if the sign is that of neither (or of the subtrahend); then the first one's sign tells where.
    let value = if op == Int::AddSat { e.add(a, b) } else { e.sub(a, b) };
    let first = e.xor(value, a);
    let second = if op == Int::AddSat { e.xor(value, b) } else { e.xor(a, b) };
    let left = e.and(first, second);
    let over = e.compare(Comparison::Lt, ty, left, zero);
    let sign = e.right_signed(a, ty.bits() - 1);
    let most = e.constant(own, ones >> 1);
    let limit = e.xor(sign, most);
    e.select(over, limit, value)
}

fn unsigned(ty: Kind) -> Kind {
    if ty.bits() == 64 { Kind::U64 } else { Kind::U32 }
}

/// Whether a + b + c goes over.
fn carry(e: &mut Expander<'_>, ty: Kind, args: &[Value]) -> Value {
    let ty = unsigned(ty);
    let sum = e.add(args[0], args[1]);
    let over = e.compare(Comparison::Lt, ty, sum, args[0]);
    if e.number(args[2]) == Some(0) {
        return over;
    }
    let own = Type::of_register(ty.bits());
    let ones = e.constant(own, u64::MAX >> (64 - ty.bits()));
    let full = e.compare(Comparison::Eq, ty, sum, ones);
    let carry = e.fit(args[2], Type::I1);
    let both = e.and(full, carry);
    e.or(over, both)
}

/// Whether a - b - c goes below zero.
fn borrow(e: &mut Expander<'_>, ty: Kind, args: &[Value]) -> Value {
    let ty = unsigned(ty);
    let below = e.compare(Comparison::Lt, ty, args[0], args[1]);
    if e.number(args[2]) == Some(0) {
        return below;
    }
    let same = e.compare(Comparison::Eq, ty, args[0], args[1]);
    let borrow = e.fit(args[2], Type::I1);
    let both = e.and(same, borrow);
    e.or(below, both)
}

/// The upper half of a product of 64 bits, out of products of 32.
pub fn high_product(e: &mut Expander<'_>, ty: Kind, a: Value, b: Value) -> Value {
    let [a_low, b_low] = [a, b].map(|value| e.fit(value, Type::I32));
    let [a_high, b_high] = [a, b].map(|value| {
        let high = e.right(value, 32);
        e.fit(high, Type::I32)
    });
    let wide = |e: &mut Expander<'_>, a, b| e.int(Int::MulWide, Kind::U32, &[a, b]);
    let (low, high) = (wide(e, a_low, b_low), wide(e, a_high, b_high));
    let (first, second) = (wide(e, a_high, b_low), wide(e, a_low, b_high));
    // No sum goes over: (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1.
    let carried = e.right(low, 32);
    let middle = e.add(first, carried);
    let rest = e.mask(middle, 0xffff_ffff);
    let lower = e.add(second, rest);
    let (upper, lower) = (e.right(middle, 32), e.right(lower, 32));
    let sum = e.add(high, upper);
    let product = e.add(sum, lower);
    if !ty.signed() {
        return product;
    }
    // A negative factor counts 2^64 too much.
    let [a_sign, b_sign] = [a, b].map(|value| e.right_signed(value, 63));
    let (less, least) = (e.and(a_sign, b), e.and(b_sign, a));
    let product = e.sub(product, less);
    e.sub(product, least)
}

/// The low 32 bits of a product of 24-bit factors, or bits 47 to 16.
fn product24(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Value {
    let [a, b] = [args[0], args[1]].map(|value| e.left(value, 8));
    if op == Int::Mul24High {
        return e.int(Int::MulHigh, ty, &[a, b]);
    }
    let cut = |e: &mut Expander<'_>, value| {
        if ty.signed() { e.right_signed(value, 8) } else { e.right(value, 8) }
    };
    let (a, b) = (cut(e, a), cut(e, b));
    e.mul(a, b)
}

/// Two halves at once.
fn pair(e: &mut Expander<'_>, op: Int, signed: bool, args: &[Value]) -> Option<Value> {
    let [a, b] = [args[0], args[1]];
    let ty = if signed { Kind::S32 } else { Kind::U32 };
    let (plain, relu) = match op {
        Int::Add => {
            // The upper bits of the halves are added without their carry.
            let [a_low, b_low] = [a, b].map(|value| e.mask(value, 0x7fff_7fff));
            let sum = e.add(a_low, b_low);
            let top = e.xor(a, b);
            let top = e.mask(top, 0x8000_8000);
            return Some(e.xor(sum, top));
        }
        Int::Min => (Int::Min, false),
        Int::Max => (Int::Max, false),
        Int::MinRelu => (Int::Min, true),
        Int::MaxRelu => (Int::Max, true),
        _ => return None,
    };
    // The lower bits do not decide; those of the result are cut.
    let mut high = e.int(plain, ty, &[a, b]);
    let [a_low, b_low] = [a, b].map(|value| e.left(value, 16));
    let mut low = e.int(plain, ty, &[a_low, b_low]);
    if relu && signed {
        let zero = e.word(0);
        high = e.int(Int::Max, Kind::S32, &[high, zero]);
        low = e.int(Int::Max, Kind::S32, &[low, zero]);
    }
    let high = e.mask(high, 0xffff_0000);
    let low = e.right(low, 16);
    Some(e.or(high, low))
}

/// Bits of a value, their place and number constant.
pub fn extract(e: &mut Expander<'_>, args: &[Value]) -> Option<Value> {
    let (from, count) = (e.number(args[1])? as u32 & 63, e.number(args[2])?.clamp(1, 64));
    let wide = e.function.ty(args[0]) == Type::I64;
    let value = e.right(args[0], from);
    let width = if wide { 64 } else { 32 };
    if u64::from(from) + count >= width { Some(value) } else { Some(e.mask(value, u64::MAX >> (64 - count))) }
}

/// Two values in one, the place constant. Narrow results are made of narrow parts.
pub fn combine(e: &mut Expander<'_>, args: &[Value]) -> Option<Value> {
    let by = e.number(args[2])? as u32 & 63;
    let wide = args[..2].iter().any(|&arg| e.function.ty(arg) == Type::I64) || by >= 32;
    let ty = if wide { Type::I64 } else { Type::I32 };
    let (low, high) = (e.fit(args[0], ty), e.fit(args[1], ty));
    let high = e.left(high, by);
    Some(e.or(low, high))
}

//! Ops on bits that no instruction does become those that exist.

use super::expand::Expander;
use super::expand_integer::widen;
use crate::compile::ssa::{Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};

/// An op of 32 or 64 bits in others.
pub fn expand(e: &mut Expander<'_>, op: Int, ty: Kind, args: &[Value]) -> Option<Value> {
    let own = Type::of_register(ty.bits());
    let bits = ty.bits();
    Some(match op {
        Int::CNot => {
            let (zero, one) = (e.constant(own, 0), e.constant(own, 1));
            let none =
                e.compare(Comparison::Eq, if bits == 64 { Kind::U64 } else { Kind::U32 }, args[0], zero);
            e.select(none, one, zero)
        }
        Int::Popc => {
            let [low, high] = halves(e, args[0]);
            let (low, high) = (e.int(op, Kind::U32, &[low]), e.int(op, Kind::U32, &[high]));
            e.add(low, high)
        }
        Int::Clz => clz64(e, args[0]),
        Int::Brev if bits == 64 => {
            let [low, high] = halves(e, args[0]);
            let (low, high) = (reverse(e, low), reverse(e, high));
            join(e, high, low)
        }
        Int::Brev => reverse(e, args[0]),
        Int::Bfind | Int::BfindShift => find(e, op, ty, args[0]),
        Int::Bfe => extract(e, ty, args),
        Int::Bfi => insert(e, ty, args),
        Int::BmskClamp => mask(e, args[0], args[1]),
        Int::BmskWrap => {
            let [start, count] = [args[0], args[1]].map(|value| e.mask(value, 31));
            mask(e, start, count)
        }
        Int::SzextClamp | Int::SzextWrap => {
            let limit = e.word(bits);
            let count = if op == Int::SzextClamp {
                e.int(Int::Min, Kind::U32, &[args[1], limit])
            } else {
                e.mask(args[1], u64::from(bits) - 1)
            };
            // Shifts by the whole width leave nothing of the low bits: none are zero.
            let by = e.sub(limit, count);
            let high = e.int(Int::Shl, ty, &[args[0], by]);
            e.int(Int::Shr, ty, &[high, by])
        }
        Int::ShfLeftClamp | Int::ShfRightClamp => funnel(e, op, args),
        Int::Prmt => permute(e, args[0], args[1], args[2]),
        Int::PrmtMode => return permute_mode(e, args),
        Int::Dp4a => dot4(e, args)?,
        Int::Dp2a => dot2(e, args)?,
        _ => return None,
    })
}

/// The low and the high half of 64 bits.
fn halves(e: &mut Expander<'_>, a: Value) -> [Value; 2] {
    let high = e.right(a, 32);
    [e.fit(a, Type::I32), e.fit(high, Type::I32)]
}

/// 64 bits of two halves.
pub fn join(e: &mut Expander<'_>, low: Value, high: Value) -> Value {
    let [low, high] = [low, high].map(|half| e.fit(half, Type::I64));
    let high = e.left(high, 32);
    e.or(low, high)
}

fn clz64(e: &mut Expander<'_>, a: Value) -> Value {
    let [low, high] = halves(e, a);
    let (zero, more) = (e.word(0), e.word(32));
    let (in_low, in_high) = (e.int(Int::Clz, Kind::U32, &[low]), e.int(Int::Clz, Kind::U32, &[high]));
    let beyond = e.add(in_low, more);
    let empty = e.compare(Comparison::Eq, Kind::U32, high, zero);
    e.select(empty, beyond, in_high)
}

/// The bits of a word the other way round: neighbours change places, then pairs, and so on.
fn reverse(e: &mut Expander<'_>, mut a: Value) -> Value {
    for (by, kept) in [(1, 0x5555_5555), (2, 0x3333_3333), (4, 0x0f0f_0f0f), (8, 0x00ff_00ff)] {
        let (down, up, kept) = (e.right(a, by), e.left(a, by), e.word(kept));
        a = choose(e, kept, down, up);
    }
    let by = e.word(16);
    e.int(Int::ShfLeftWrap, Kind::U32, &[a, a, by])
}

/// Bit by bit one of the eight bits of a table that is a number: the third source chooses among neighbours, the second among
/// what is left, then the first.
pub fn by_table(e: &mut Expander<'_>, args: &[Value]) -> Value {
    let everywhere = |e: &mut Expander<'_>, bit: u32| {
        let top = e.left(args[3], 31 - bit);
        e.right_signed(top, 31)
    };
    let mut left: Vec<Value> = (0..8).map(|bit| everywhere(e, bit)).collect();
    for &source in args[..3].iter().rev() {
        left = left.chunks(2).map(|pair| choose(e, source, pair[1], pair[0])).collect();
    }
    left[0]
}

/// Bit by bit: mask ? a : b.
fn choose(e: &mut Expander<'_>, mask: Value, a: Value, b: Value) -> Value {
    let table = e.word(0xca);
    e.int(Int::Lop3, Kind::U32, &[mask, a, b, table])
}

/// The place of the highest bit that differs from the sign: all but one of those above do not.
fn find(e: &mut Expander<'_>, op: Int, ty: Kind, a: Value) -> Value {
    let bits = ty.bits();
    let value = if ty.signed() {
        let sign = e.right_signed(a, bits - 1);
        e.xor(a, sign)
    } else {
        a
    };
    let count = e.int(Int::Clz, if bits == 64 { Kind::U64 } else { Kind::U32 }, &[value]);
    if op == Int::Bfind {
        let last = e.word(bits - 1);
        return e.sub(last, count);
    }
    let (all, none) = (e.word(bits), e.word(u32::MAX));
    let empty = e.compare(Comparison::Eq, Kind::U32, count, all);
    e.select(empty, none, count)
}

/// So many ones.
fn ones(e: &mut Expander<'_>, ty: Kind, count: Value) -> Value {
    let one = e.constant(Type::of_register(ty.bits()), 1);
    let next = e.int(Int::Shl, ty, &[one, count]);
    e.sub(next, one)
}

fn mask(e: &mut Expander<'_>, start: Value, count: Value) -> Value {
    let ones = ones(e, Kind::U32, count);
    e.int(Int::Shl, Kind::U32, &[ones, start])
}

fn extract(e: &mut Expander<'_>, ty: Kind, args: &[Value]) -> Value {
    let [start, count] = [args[1], args[2]].map(|value| {
        let value = e.fit(value, Type::I32);
        e.mask(value, 255)
    });
    if !ty.signed() {
        let field = e.int(Int::Shr, ty, &[args[0], start]);
        if let (Some(start), Some(count)) = (e.number(start), e.number(count))
            && start + count >= u64::from(ty.bits())
        {
            return field;
        }
        let ones = ones(e, ty, count);
        return e.and(field, ones);
    }
    // The field's end, or that of the value, goes to the top, and down again with its sign.
    let limit = e.word(ty.bits());
    let end = e.add(start, count);
    let end = e.int(Int::Min, Kind::U32, &[end, limit]);
    let up = e.sub(limit, end);
    let down = e.add(up, start);
    let high = e.int(Int::Shl, ty, &[args[0], up]);
    let field = e.int(Int::Shr, ty, &[high, down]);
    let (zero, nothing) = (e.word(0), e.constant(Type::of_register(ty.bits()), 0));
    let empty = e.compare(Comparison::Eq, Kind::U32, count, zero);
    e.select(empty, nothing, field)
}

fn insert(e: &mut Expander<'_>, ty: Kind, args: &[Value]) -> Value {
    let [start, count] = [args[2], args[3]].map(|value| {
        let value = e.fit(value, Type::I32);
        e.mask(value, 255)
    });
    let ones = ones(e, ty, count);
    let mask = e.int(Int::Shl, ty, &[ones, start]);
    let field = e.int(Int::Shl, ty, &[args[0], start]);
    if ty.bits() == 32 {
        return choose(e, mask, field, args[1]);
    }
    let differs = e.xor(field, args[1]);
    let changed = e.and(differs, mask);
    e.xor(args[1], changed)
}

/// Shifts of two words by more than a word are those by one.
fn funnel(e: &mut Expander<'_>, op: Int, args: &[Value]) -> Value {
    let (wrap, whole) = match op {
        Int::ShfLeftClamp => (Int::ShfLeftWrap, args[0]),
        _ => (Int::ShfRightWrap, args[1]),
    };
    let limit = e.word(32);
    let over = e.compare(Comparison::Ge, Kind::U32, args[2], limit);
    let part = e.int(wrap, Kind::U32, &[args[0], args[1], args[2]]);
    e.select(over, whole, part)
}

/// Bytes of two words by the nibbles of a third.
fn permute(e: &mut Expander<'_>, a: Value, b: Value, selector: Value) -> Value {
    match e.number(selector) {
        Some(number) => permute_known(e, a, b, number as u32),
        None => permute_unknown(e, a, b, selector),
    }
}

/// Bytes that come from the same word by the same rotation are moved at once.
fn permute_known(e: &mut Expander<'_>, a: Value, b: Value, selector: u32) -> Value {
    let mut result = None;
    let mut put = |e: &mut Expander<'_>, part: Value| {
        result = Some(match result {
            Some(before) => e.or(before, part),
            None => part,
        });
    };
    for (word, first) in [(a, 0), (b, 4)] {
        for turn in 0..4u32 {
            let takes = |to: u32| {
                let nibble = selector >> (4 * to) & 15;
                nibble & 8 == 0 && nibble & 4 == first && to.wrapping_sub(nibble) & 3 == turn
            };
            let bytes = (0..4).filter(|&to| takes(to)).fold(0u32, |bytes, to| bytes | 0xff << (8 * to));
            if bytes != 0 {
                let part = turned(e, word, turn, bytes);
                put(e, part);
            }
        }
    }
    for to in 0..4u32 {
        let nibble = selector >> (4 * to) & 15;
        if nibble & 8 != 0 {
            let word = if nibble & 4 == 0 { a } else { b };
            let high = e.left(word, 24 - 8 * (nibble & 3));
            let sign = e.right_signed(high, 31);
            let part = e.mask(sign, 0xff << (8 * to));
            put(e, part);
        }
    }
    result.unwrap_or(a)
}

/// These bytes of a word turned to the left by so many bytes.
fn turned(e: &mut Expander<'_>, word: Value, turn: u32, bytes: u32) -> Value {
    let by = 8 * turn;
    if turn != 0 && bytes & !(u32::MAX << by) == 0 {
        let part = e.left(word, by);
        return if bytes == u32::MAX << by { part } else { e.mask(part, bytes.into()) };
    }
    if turn != 0 && bytes & !(u32::MAX >> (32 - by)) == 0 {
        let part = e.right(word, 32 - by);
        return if bytes == u32::MAX >> (32 - by) { part } else { e.mask(part, bytes.into()) };
    }
    let part = if turn == 0 {
        word
    } else {
        let by = e.word(by);
        e.int(Int::ShfLeftWrap, Kind::U32, &[word, word, by])
    };
    e.mask(part, bytes.into())
}

/// A byte at a time.
fn permute_unknown(e: &mut Expander<'_>, a: Value, b: Value, selector: Value) -> Value {
    let zero = e.word(0);
    let mut result = zero;
    for to in 0..4 {
        let nibble = e.right(selector, 4 * to);
        let (second, repeat) = (e.mask(nibble, 4), e.mask(nibble, 8));
        let in_first = e.compare(Comparison::Eq, Kind::U32, second, zero);
        let word = e.select(in_first, a, b);
        // The byte goes to the top.
        let place = e.mask(nibble, 3);
        let place = e.left(place, 3);
        let top = e.word(24);
        let by = e.sub(top, place);
        let high = e.int(Int::Shl, Kind::U32, &[word, by]);
        let sign = e.right_signed(high, 31);
        let as_is = e.compare(Comparison::Eq, Kind::U32, repeat, zero);
        let high = e.select(as_is, high, sign);
        let byte = e.right(high, 24);
        let byte = e.left(byte, 8 * to);
        result = e.or(result, byte);
    }
    result
}

/// The modes' selectors, by the low two bits of c.
const SELECTORS: [[u32; 4]; 6] = [
    [0x3210, 0x4321, 0x5432, 0x6543],
    [0x5670, 0x6701, 0x7012, 0x0123],
    [0x0000, 0x1111, 0x2222, 0x3333],
    [0x3210, 0x3211, 0x3222, 0x3333],
    [0x0000, 0x1110, 0x2210, 0x3210],
    [0x1010, 0x3232, 0x1010, 0x3232],
];

fn permute_mode(e: &mut Expander<'_>, args: &[Value]) -> Option<Value> {
    let selectors = SELECTORS[e.number(args[3])? as usize % 6];
    let at = e.mask(args[2], 3);
    if let Some(at) = e.number(at) {
        return Some(permute_known(e, args[0], args[1], selectors[at as usize]));
    }
    let mut result = permute_known(e, args[0], args[1], selectors[0]);
    for (number, selector) in (1..).zip(&selectors[1..]) {
        let (other, number) = (permute_known(e, args[0], args[1], *selector), e.word(number));
        let here = e.compare(Comparison::Eq, Kind::U32, at, number);
        result = e.select(here, other, result);
    }
    Some(result)
}

/// A byte of a word as a number.
fn byte(e: &mut Expander<'_>, word: Value, index: u32, signed: bool) -> Value {
    if !signed {
        let low = e.right(word, 8 * index);
        return if index == 3 { low } else { e.mask(low, 0xff) };
    }
    let high = e.left(word, 24 - 8 * index);
    e.right_signed(high, 24)
}

fn dot4(e: &mut Expander<'_>, args: &[Value]) -> Option<Value> {
    let flags = e.number(args[3])?;
    let mut sum = args[2];
    for index in 0..4 {
        let a = byte(e, args[0], index, flags & 1 != 0);
        let b = byte(e, args[1], index, flags & 2 != 0);
        let product = e.mul(a, b);
        sum = e.add(sum, product);
    }
    Some(sum)
}

fn dot2(e: &mut Expander<'_>, args: &[Value]) -> Option<Value> {
    let flags = e.number(args[3])?;
    let signed = flags & 1 != 0;
    let first = if flags & 4 != 0 { 2 } else { 0 };
    let low = if signed { widen(e, args[0], true) } else { e.mask(args[0], 0xffff) };
    let high = if signed { e.right_signed(args[0], 16) } else { e.right(args[0], 16) };
    let mut sum = args[2];
    for (index, half) in [(0, low), (1, high)] {
        let b = byte(e, args[1], first + index, flags & 2 != 0);
        let product = e.mul(half, b);
        sum = e.add(sum, product);
    }
    Some(sum)
}

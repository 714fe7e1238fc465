//! The meaning of ops on bits.

use super::integer::Integer;
use super::lanes::{Meaning, Value, four, one, three, two};
use crate::ir::compute::Int;

/// Ops that exist for several widths.
pub fn meaning<T: Integer>(op: Int) -> Option<Meaning> {
    Some(match op {
        Int::And => two!(|a: u64, b: u64| a & b),
        Int::Or => two!(|a: u64, b: u64| a | b),
        Int::Xor => two!(|a: u64, b: u64| a ^ b),
        Int::Not => one!(|a: u64| T::get(!a)),
        Int::CNot => one!(|a: u64| a == 0),
        Int::Shl => two!(|a: u64, b: u32| if b < T::BITS { T::get(a << b) } else { T::ZERO }),
        Int::Popc => one!(|a: u64| a.count_ones()),
        // Lanes that take no part may hold anything, wider values too.
        Int::Clz => one!(|a: T| a.put().leading_zeros() - (64 - T::BITS)),
        Int::Brev => one!(|a: u64| a.reverse_bits() >> (64 - T::BITS)),
        Int::Bfind => one!(|a: T| find(a)),
        Int::BfindShift => one!(|a: T| match find(a) {
            u32::MAX => u32::MAX,
            at => T::BITS - 1 - at,
        }),
        Int::Bfe => three!(|a: T, b: u64, c: u64| extract(a, b & 255, c & 255)),
        Int::Bfi => four!(|a: u64, b: u64, c: u64, d: u64| T::get(insert(a, b, c & 255, d & 255, T::BITS))),
        _ => return None,
    })
}

/// The highest bit that differs from the sign; all ones if there is none.
fn find<T: Integer>(a: T) -> u32 {
    let bits = if a.negative() { T::get(!a.put()).put() } else { a.put() };
    if bits == 0 { u32::MAX } else { 63 - bits.leading_zeros() }
}

/// `len` bits from `start`, extended by the sign bit: the last one extracted, or the value's own beyond its end.
fn extract<T: Integer>(a: T, start: u64, len: u64) -> u64 {
    let width = u64::from(T::BITS);
    let bits = a.put();
    let signed = T::ONES.negative();
    let last = (start + len).saturating_sub(1).min(width - 1);
    let sign = signed && len != 0 && bits >> last & 1 == 1;
    let field = if start >= width { 0 } else { bits >> start };
    let kept = len.min(width.saturating_sub(start));
    let mask = if kept >= 64 { u64::MAX } else { (1 << kept) - 1 };
    let value = if sign { field & mask | !mask } else { field & mask };
    T::get(value).put()
}

fn insert(a: u64, b: u64, start: u64, len: u64, width: u32) -> u64 {
    if start >= u64::from(width) {
        return b;
    }
    let ones = if len >= 64 { u64::MAX } else { (1 << len) - 1 };
    let mask = ones << start;
    b & !mask | a << start & mask
}

/// Ops that exist for 32 bits only.
pub fn words(op: Int) -> Option<Meaning> {
    Some(match op {
        Int::BmskClamp => two!(|a: u32, b: u32| mask(a.min(32), b.min(32))),
        Int::BmskWrap => two!(|a: u32, b: u32| mask(a & 31, b & 31)),
        Int::Fns => three!(|a: u32, b: u32, c: i32| nth_set(a, b, c)),
        Int::Lop3 => four!(|a: u32, b: u32, c: u32, d: u32| lop3(a, b, c, d)),
        Int::ShfLeftWrap => three!(|a: u32, b: u32, c: u32| (pair(a, b) << (c & 31) >> 32) as u32),
        Int::ShfLeftClamp => three!(|a: u32, b: u32, c: u32| (pair(a, b) << c.min(32) >> 32) as u32),
        Int::ShfRightWrap => three!(|a: u32, b: u32, c: u32| (pair(a, b) >> (c & 31)) as u32),
        Int::ShfRightClamp => three!(|a: u32, b: u32, c: u32| (pair(a, b) >> c.min(32)) as u32),
        Int::Prmt => three!(|a: u32, b: u32, c: u32| permute(a, b, c)),
        Int::PrmtMode => four!(|a: u32, b: u32, c: u32, d: u32| permute(a, b, selector(c & 3, d))),
        Int::Dp4a => four!(|a: u32, b: u32, c: u32, d: u32| dot4(a, b, c, d)),
        Int::Dp2a => four!(|a: u32, b: u32, c: u32, d: u32| dot2(a, b, c, d)),
        _ => return None,
    })
}

fn mask(start: u32, len: u32) -> u32 {
    let ones = (1u64 << len) - 1;
    (ones << start) as u32
}

/// Bits are counted upwards for a positive number, downwards for a negative one; 0 asks for the bit itself.
fn nth_set(mask: u32, base: u32, number: i32) -> u32 {
    let (mut left, step) = (number.unsigned_abs().max(1), if number < 0 { -1 } else { 1 });
    let mut at = i64::from(base);
    while (0..32).contains(&at) {
        left -= mask >> at & 1;
        if left == 0 {
            return at as u32;
        }
        if number == 0 {
            break;
        }
        at += step;
    }
    u32::MAX
}

fn lop3(a: u32, b: u32, c: u32, table: u32) -> u32 {
    let mut result = 0;
    for index in 0..8 {
        let term = (if index & 4 != 0 { a } else { !a })
            & (if index & 2 != 0 { b } else { !b })
            & (if index & 1 != 0 { c } else { !c });
        if table >> index & 1 == 1 {
            result |= term;
        }
    }
    result
}

/// The second is the upper half.
fn pair(a: u32, b: u32) -> u64 {
    u64::from(b) << 32 | u64::from(a)
}

/// Each nibble of the selector chooses a byte, or with bit 3 its sign eight times.
fn permute(a: u32, b: u32, selector: u32) -> u32 {
    let bytes = pair(a, b).to_le_bytes();
    let mut result = [0; 4];
    for (index, byte) in result.iter_mut().enumerate() {
        let nibble = selector >> (index * 4) & 15;
        let chosen = bytes[nibble as usize & 7];
        *byte = if nibble & 8 == 0 { chosen } else { (chosen as i8 >> 7) as u8 };
    }
    u32::from_le_bytes(result)
}

/// Selectors of the modes `f4e b4e rc8 ecl ecr rc16`, by the low two bits of c.
fn selector(c: u32, mode: u32) -> u32 {
    const TABLE: [[u32; 4]; 6] = [
        [0x3210, 0x4321, 0x5432, 0x6543],
        [0x5670, 0x6701, 0x7012, 0x0123],
        [0x0000, 0x1111, 0x2222, 0x3333],
        [0x3210, 0x3211, 0x3222, 0x3333],
        [0x0000, 0x1110, 0x2210, 0x3210],
        [0x1010, 0x3232, 0x1010, 0x3232],
    ];
    TABLE[mode as usize % 6][c as usize & 3]
}

fn byte(word: u32, index: u32, signed: bool) -> i64 {
    let byte = (word >> (index * 8)) as u8;
    if signed { i64::from(byte as i8) } else { i64::from(byte) }
}

fn dot4(a: u32, b: u32, c: u32, flags: u32) -> u32 {
    let sum: i64 = (0..4).map(|i| byte(a, i, flags & 1 != 0) * byte(b, i, flags & 2 != 0)).sum();
    c.wrapping_add(sum as u32)
}

fn dot2(a: u32, b: u32, c: u32, flags: u32) -> u32 {
    let half = |i: u32| {
        let half = (a >> (i * 16)) as u16;
        if flags & 1 != 0 { i64::from(half as i16) } else { i64::from(half) }
    };
    let first = if flags & 4 != 0 { 2 } else { 0 };
    let sum: i64 = (0..2).map(|i| half(i) * byte(b, first + i, flags & 2 != 0)).sum();
    c.wrapping_add(sum as u32)
}

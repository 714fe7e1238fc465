//! Integer arithmetic, bits, comparisons and selections.

use super::table::check;

/// One integer type against closures: `all!(u32, 32, "u32")`.
macro_rules! arithmetic {
    ($ty:ty, $wide:ty, $bits:literal, $name:literal) => {{
        let t = |value: u64| value as $ty;
        let b = |value: $ty| Some((value as u64) & (u64::MAX >> (64 - $bits)));
        let two = |form: &str, f: fn($ty, $ty) -> $ty| {
            check(&format!("{form}.{}", $name), $bits, &[$bits, $bits], |s| b(f(t(s[0]), t(s[1]))));
        };
        two("add", <$ty>::wrapping_add);
        two("sub", <$ty>::wrapping_sub);
        two("mul.lo", <$ty>::wrapping_mul);
        two("mul.hi", |x, y| ((x as $wide).wrapping_mul(y as $wide) >> $bits) as $ty);
        two("min", <$ty>::min);
        two("max", <$ty>::max);
        two("div", |x, y| if y == 0 { !0 } else { x.wrapping_div(y) });
        two("rem", |x, y| if y == 0 { x } else { x.wrapping_rem(y) });
        check(&format!("mad.lo.{}", $name), $bits, &[$bits; 3], |s| {
            b(t(s[0]).wrapping_mul(t(s[1])).wrapping_add(t(s[2])))
        });
        check(&format!("shr.{}", $name), $bits, &[$bits, 32], |s| {
            let by = (s[1] as u32).min($bits - 1);
            b(if s[1] >= $bits && <$ty>::MIN == 0 { 0 } else { t(s[0]) >> by })
        });
        let compare = |form: &str, f: fn(&$ty, &$ty) -> bool| {
            check(&format!("setp.{form}.{}", $name), 1, &[$bits, $bits], |s| {
                Some(u64::from(f(&t(s[0]), &t(s[1]))))
            });
        };
        compare("eq", <$ty>::eq);
        compare("ne", <$ty>::ne);
        compare("lt", <$ty>::lt);
        compare("le", <$ty>::le);
        compare("gt", <$ty>::gt);
        compare("ge", <$ty>::ge);
        check(&format!("selp.{}", $name), $bits, &[$bits, $bits, 1], |s| {
            Some(if s[2] == 1 { s[0] } else { s[1] })
        });
        check(&format!("sad.{}", $name), $bits, &[$bits; 3], |s| {
            b(t(s[2]).wrapping_add(t(s[0]).abs_diff(t(s[1])) as $ty))
        });
    }};
}

#[test]
fn unsigned() {
    arithmetic!(u16, u32, 16, "u16");
    arithmetic!(u32, u64, 32, "u32");
    arithmetic!(u64, u128, 64, "u64");
}

#[test]
fn signed() {
    arithmetic!(i16, i32, 16, "s16");
    arithmetic!(i32, i64, 32, "s32");
    arithmetic!(i64, i128, 64, "s64");
}

fn low(value: u64) -> Option<u64> {
    Some(value & 0xffff_ffff)
}

fn s32(value: u64) -> i64 {
    i64::from(value as i32)
}

#[test]
fn wide_and_clamped() {
    check("mul.wide.u32", 64, &[32, 32], |s| Some(s[0] * s[1]));
    check("mul.wide.s32", 64, &[32, 32], |s| Some((s32(s[0]) * s32(s[1])) as u64));
    check("mul.wide.s16", 32, &[16, 16], |s| low((s[0] as i16 as i64 * s[1] as i16 as i64) as u64));
    check("mad.wide.s32", 64, &[32, 32, 64], |s| {
        Some((s32(s[0]) * s32(s[1])).wrapping_add(s[2] as i64) as u64)
    });
    check("mad.wide.u16", 32, &[16, 16, 32], |s| low((s[0] * s[1]).wrapping_add(s[2])));
    check("mad.hi.u32", 32, &[32; 3], |s| low((s[0] * s[1] >> 32).wrapping_add(s[2])));
    check("mad.hi.sat.s32", 32, &[32; 3], |s| {
        let high = (s32(s[0]) * s32(s[1]) >> 32) as i32;
        low(high.saturating_add(s[2] as i32) as u64)
    });
    check("add.sat.s32", 32, &[32, 32], |s| low((s[0] as i32).saturating_add(s[1] as i32) as u64));
    check("sub.sat.s32", 32, &[32, 32], |s| low((s[0] as i32).saturating_sub(s[1] as i32) as u64));
    let low24 = |value: u64| (value << 40) as i64 >> 40;
    check("mul24.lo.s32", 32, &[32, 32], |s| low((low24(s[0]) * low24(s[1])) as u64));
    check("mul24.hi.u32", 32, &[32, 32], |s| low((s[0] & 0xff_ffff) * (s[1] & 0xff_ffff) >> 16));
    check(
        "mad24.lo.u32",
        32,
        &[32; 3],
        |s| low(((s[0] & 0xff_ffff) * (s[1] & 0xff_ffff)).wrapping_add(s[2])),
    );
    for (form, bits) in [("s16", 16), ("s32", 32), ("s64", 64)] {
        let cut = move |value: i64| Some(value as u64 & u64::MAX >> (64 - bits));
        let extend = move |value: u64| (value << (64 - bits)) as i64 >> (64 - bits);
        check(&format!("neg.{form}"), bits, &[bits], |s| cut(extend(s[0]).wrapping_neg()));
        check(&format!("abs.{form}"), bits, &[bits], |s| cut(extend(s[0]).wrapping_abs()));
    }
}

#[test]
fn bitwise() {
    for bits in [16, 32, 64u32] {
        let mask = u64::MAX >> (64 - bits);
        check(&format!("and.b{bits}"), bits, &[bits, bits], |s| Some(s[0] & s[1]));
        check(&format!("or.b{bits}"), bits, &[bits, bits], |s| Some(s[0] | s[1]));
        check(&format!("xor.b{bits}"), bits, &[bits, bits], |s| Some(s[0] ^ s[1]));
        check(&format!("not.b{bits}"), bits, &[bits], |s| Some(!s[0] & mask));
        check(&format!("cnot.b{bits}"), bits, &[bits], |s| Some(u64::from(s[0] == 0)));
        check(&format!("shl.b{bits}"), bits, &[bits, 32], move |s| {
            Some(if s[1] >= u64::from(bits) { 0 } else { s[0] << s[1] & mask })
        });
        check(&format!("shr.b{bits}"), bits, &[bits, 32], move |s| {
            Some(if s[1] >= u64::from(bits) { 0 } else { s[0] >> s[1] })
        });
    }
    check("and.pred", 1, &[1, 1], |s| Some(s[0] & s[1]));
    check("or.pred", 1, &[1, 1], |s| Some(s[0] | s[1]));
    check("xor.pred", 1, &[1, 1], |s| Some(s[0] ^ s[1]));
    check("not.pred", 1, &[1], |s| Some(1 - s[0]));
    check("mov.pred", 1, &[1], |s| Some(s[0]));
}

#[test]
fn counting_and_fields() {
    for bits in [32, 64u32] {
        let shift = 64 - bits;
        check(&format!("popc.b{bits}"), 32, &[bits], |s| Some(u64::from(s[0].count_ones())));
        check(&format!("clz.b{bits}"), 32, &[bits], |s| {
            Some(u64::from((s[0] << shift).leading_zeros().min(bits)))
        });
        check(&format!("brev.b{bits}"), bits, &[bits], |s| Some(s[0].reverse_bits() >> shift));
        let find = |value: u64| if value == 0 { u32::MAX } else { 63 - value.leading_zeros() };
        check(&format!("bfind.u{bits}"), 32, &[bits], |s| Some(u64::from(find(s[0]))));
        let signed =
            |value: u64| if value >> (bits - 1) & 1 == 1 { !value & (u64::MAX >> shift) } else { value };
        check(&format!("bfind.s{bits}"), 32, &[bits], |s| Some(u64::from(find(signed(s[0])))));
        check(&format!("bfind.shiftamt.u{bits}"), 32, &[bits], |s| {
            Some(u64::from(if s[0] == 0 { u32::MAX } else { bits - 1 - find(s[0]) }))
        });
        check(&format!("bfe.u{bits}"), bits, &[bits, 32, 32], |s| {
            Some(field(s[0], s[1] & 255, s[2] & 255, bits, false))
        });
        check(&format!("bfe.s{bits}"), bits, &[bits, 32, 32], |s| {
            Some(field(s[0], s[1] & 255, s[2] & 255, bits, true))
        });
        check(&format!("bfi.b{bits}"), bits, &[bits, bits, 32, 32], |s| {
            let (start, len) = (s[2] & 255, s[3] & 255);
            Some((0..u64::from(bits)).fold(0, |all, at| {
                let inside = at >= start && at < start + len;
                all | (if inside { s[0] >> (at - start) & 1 } else { s[1] >> at & 1 }) << at
            }))
        });
    }
}

/// The definition of `bfe`, bit by bit.
fn field(value: u64, start: u64, len: u64, bits: u32, signed: bool) -> u64 {
    let top = u64::from(bits) - 1;
    let sign = if !signed || len == 0 { 0 } else { value >> (start + len - 1).min(top) & 1 };
    (0..=top).fold(0, |all, at| {
        let bit = if at < len && start + at <= top { value >> (start + at) & 1 } else { sign };
        all | bit << at
    })
}

#[test]
fn words() {
    for table in [0x00u8, 0x96, 0xe8, 0xca, 0x80, 0xfe] {
        check_lop3(table);
    }
    let pair = |s: &[u64]| s[1] << 32 | s[0];
    check("shf.l.wrap.b32", 32, &[32; 3], |s| Some(pair(s) << (s[2] & 31) >> 32));
    check("shf.r.wrap.b32", 32, &[32; 3], |s| low(pair(s) >> (s[2] & 31)));
    check("shf.l.clamp.b32", 32, &[32; 3], |s| Some(pair(s) << s[2].min(32) >> 32));
    check("shf.r.clamp.b32", 32, &[32; 3], |s| low(pair(s) >> s[2].min(32)));
    check("prmt.b32", 32, &[32; 3], |s| {
        let bytes = pair(s).to_le_bytes();
        Some((0..4).fold(0, |all, at| {
            let nibble = s[2] >> (at * 4) & 15;
            let byte = bytes[nibble as usize & 7];
            let byte = if nibble & 8 == 0 {
                byte
            } else if byte & 128 == 0 {
                0
            } else {
                255
            };
            all | u64::from(byte) << (at * 8)
        }))
    });
    check("prmt.b32.f4e", 32, &[32; 3], |s| low(pair(s) >> ((s[2] & 3) * 8)));
    check("prmt.b32.rc8", 32, &[32; 3], |s| Some((s[0] >> ((s[2] & 3) * 8) & 255) * 0x0101_0101));
    check("prmt.b32.rc16", 32, &[32; 3], |s| Some((s[0] >> ((s[2] & 1) * 16) & 0xffff) * 0x1_0001));
    check("bmsk.clamp.b32", 32, &[32, 32], |s| low((((1u128 << s[1].min(32)) - 1) << s[0].min(32)) as u64));
    check("bmsk.wrap.b32", 32, &[32, 32], |s| low(((1u64 << (s[1] & 31)) - 1) << (s[0] & 31)));
    let dot = |s: &[u64], a: fn(u8) -> i64, b: fn(u8) -> i64| {
        let (x, y) = ((s[0] as u32).to_le_bytes(), (s[1] as u32).to_le_bytes());
        let sum: i64 = x.iter().zip(y).map(|(&x, y)| a(x) * b(y)).sum();
        low(s[2].wrapping_add(sum as u64))
    };
    check("dp4a.s32.s32", 32, &[32; 3], |s| dot(s, |x| x as i8 as i64, |y| y as i8 as i64));
    check("dp4a.u32.s32", 32, &[32; 3], |s| dot(s, |x| x as i64, |y| y as i8 as i64));
    check("dp2a.lo.u32.u32", 32, &[32; 3], |s| {
        let sum = (s[0] & 0xffff) * (s[1] & 255) + (s[0] >> 16) * (s[1] >> 8 & 255);
        low(s[2].wrapping_add(sum))
    });
    check("setp.lo.u32", 1, &[32, 32], |s| Some(u64::from(s[0] < s[1])));
    check("setp.hs.u32", 1, &[32, 32], |s| Some(u64::from(s[0] >= s[1])));
    check("setp.lt.and.s32", 1, &[32, 32, 1], |s| Some(u64::from(s32(s[0]) < s32(s[1])) & s[2]));
    check("setp.gt.xor.u64", 1, &[64, 64, 1], |s| Some(u64::from(s[0] > s[1]) ^ s[2]));
    check("set.lt.u32.s32", 32, &[32, 32], |s| Some(if s32(s[0]) < s32(s[1]) { 0xffff_ffff } else { 0 }));
    check("set.ne.f32.u32", 32, &[32, 32], |s| Some(if s[0] != s[1] { 0x3f80_0000 } else { 0 }));
    check("slct.u64.s32", 64, &[64, 64, 32], |s| Some(if s32(s[2]) >= 0 { s[0] } else { s[1] }));
}

/// The table is an immediate, so it goes behind the sources.
fn check_lop3(table: u8) {
    use super::bench::{Bench, kernel};
    let body = format!(
        "lop3.b32 %r4, 0xf0f0cc33, 0x0ff0aa55, 0x3c3c9669, {table}; ld.param.u64 %d1, [a]; st.global.u32 [%d1], %r4; ret;"
    );
    let mut bench = Bench::new(&kernel("a", &body));
    let out = bench.put_words([0]);
    bench.run(1, 1, &[out]).unwrap();
    let (a, b, c) = (0xf0f0_cc33u32, 0x0ff0_aa55u32, 0x3c3c_9669u32);
    let expected = (0..32).fold(0, |all, at| {
        let index = (a >> at & 1) << 2 | (b >> at & 1) << 1 | (c >> at & 1);
        all | u32::from(table >> index & 1) << at
    });
    assert_eq!(bench.words(out, 1), [expected], "{table:#x}");
}

#[test]
fn carries() {
    use super::bench::{Bench, kernel};
    // 128-bit sums, differences and products from 32- and 64-bit pieces.
    let body = "ld.param.u64 %d1, [a]; ld.global.v2.u64 {%d2, %d3}, [%d1]; ld.global.v2.u64 {%d4, %d5}, [%d1+16];
        add.cc.u64 %d6, %d2, %d4; addc.u64 %d7, %d3, %d5; st.global.v2.u64 [%d1+32], {%d6, %d7};
        sub.cc.u64 %d6, %d2, %d4; subc.u64 %d7, %d3, %d5; st.global.v2.u64 [%d1+48], {%d6, %d7};
        mov.b64 {%r1, %r2}, %d2; mov.b64 {%r3, %r4}, %d4;
        mul.lo.u32 %r5, %r1, %r3; mul.hi.u32 %r6, %r1, %r3; mad.lo.cc.u32 %r6, %r1, %r4, %r6; madc.hi.u32 %r7, %r1, %r4, 0;
        mad.lo.cc.u32 %r6, %r2, %r3, %r6; madc.hi.cc.u32 %r7, %r2, %r3, %r7; addc.u32 %r8, 0, 0;
        mad.lo.cc.u32 %r7, %r2, %r4, %r7; madc.hi.u32 %r8, %r2, %r4, %r8;
        mov.b64 %d6, {%r5, %r6}; mov.b64 %d7, {%r7, %r8}; st.global.v2.u64 [%d1+64], {%d6, %d7}; ret;";
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..20 {
        let long =
            |random: &mut fastrand::Rng| random.u64(..) | if random.bool() { u64::MAX << 20 } else { 0 };
        let words: Vec<u64> = (0..4).map(|_| long(&mut random)).collect();
        let mut bench = Bench::new(&kernel("a", body));
        let at = bench.put_longs(words.iter().copied().chain([0; 6]));
        bench.run(1, 1, &[at]).unwrap();
        let whole = |low: u64, high: u64| u128::from(high) << 64 | u128::from(low);
        let (x, y) = (whole(words[0], words[1]), whole(words[2], words[3]));
        let out = bench.longs(at + 32, 6);
        assert_eq!(whole(out[0], out[1]), x.wrapping_add(y), "{words:x?}");
        assert_eq!(whole(out[2], out[3]), x.wrapping_sub(y), "{words:x?}");
        assert_eq!(whole(out[4], out[5]), u128::from(words[0]) * u128::from(words[2]), "{words:x?}");
    }
}

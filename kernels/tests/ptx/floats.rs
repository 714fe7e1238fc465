//! Float arithmetic, comparisons and conversions.

use super::table::check;

fn f(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn d(bits: u64) -> f64 {
    f64::from_bits(bits)
}

/// Results that are NaN have one form.
fn single(value: f32) -> Option<u64> {
    Some(if value.is_nan() { 0x7fff_ffff } else { u64::from(value.to_bits()) })
}

/// NaN payloads are the machine's affair.
fn double(value: f64) -> Option<u64> {
    (!value.is_nan()).then(|| value.to_bits())
}

fn flush(value: f32) -> f32 {
    if value.is_subnormal() { 0f32.copysign(value) } else { value }
}

fn clamp(value: f32) -> f32 {
    if value.is_nan() || value <= 0.0 { 0.0 } else { value.min(1.0) }
}

#[test]
fn single_precision() {
    check("add.f32", 32, &[32, 32], |s| single(f(s[0]) + f(s[1])));
    check("sub.rn.f32", 32, &[32, 32], |s| single(f(s[0]) - f(s[1])));
    check("mul.f32", 32, &[32, 32], |s| single(f(s[0]) * f(s[1])));
    check("mul.ftz.f32", 32, &[32, 32], |s| single(flush(flush(f(s[0])) * flush(f(s[1])))));
    check("add.sat.f32", 32, &[32, 32], |s| single(clamp(f(s[0]) + f(s[1]))));
    check("fma.rn.f32", 32, &[32; 3], |s| single(f(s[0]).mul_add(f(s[1]), f(s[2]))));
    check("fma.rn.ftz.f32", 32, &[32; 3], |s| {
        single(flush(flush(f(s[0])).mul_add(flush(f(s[1])), flush(f(s[2])))))
    });
    check("fma.rn.sat.f32", 32, &[32; 3], |s| single(clamp(f(s[0]).mul_add(f(s[1]), f(s[2])))));
    check("mad.rn.f32", 32, &[32; 3], |s| single(f(s[0]).mul_add(f(s[1]), f(s[2]))));
    check("div.rn.f32", 32, &[32, 32], |s| single(f(s[0]) / f(s[1])));
    check("sqrt.rn.f32", 32, &[32], |s| single(f(s[0]).sqrt()));
    check("rcp.rn.f32", 32, &[32], |s| single(1.0 / f(s[0])));
    check("neg.f32", 32, &[32], |s| Some(s[0] ^ 0x8000_0000));
    check("abs.f32", 32, &[32], |s| Some(s[0] & 0x7fff_ffff));
    check("neg.ftz.f32", 32, &[32], |s| (!f(s[0]).is_nan()).then(|| u64::from((-flush(f(s[0]))).to_bits())));
    check("copysign.f32", 32, &[32, 32], |s| Some(s[1] & 0x7fff_ffff | s[0] & 0x8000_0000));
    check("min.f32", 32, &[32, 32], |s| single(least(f(s[0]), f(s[1]))));
    check("max.f32", 32, &[32, 32], |s| single(-least(-f(s[0]), -f(s[1]))));
    check("min.NaN.f32", 32, &[32, 32], |s| {
        single(if f(s[0]).is_nan() || f(s[1]).is_nan() { f32::NAN } else { least(f(s[0]), f(s[1])) })
    });
}

/// -0 is less than +0; a number wins over NaN.
fn least(a: f32, b: f32) -> f32 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) => b,
        (_, true) => a,
        _ if a == 0.0 && b == 0.0 => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        _ => {
            if a < b {
                a
            } else {
                b
            }
        }
    }
}

#[test]
fn double_precision() {
    check("add.f64", 64, &[64, 64], |s| double(d(s[0]) + d(s[1])));
    check("sub.f64", 64, &[64, 64], |s| double(d(s[0]) - d(s[1])));
    check("mul.rn.f64", 64, &[64, 64], |s| double(d(s[0]) * d(s[1])));
    check("fma.rn.f64", 64, &[64; 3], |s| double(d(s[0]).mul_add(d(s[1]), d(s[2]))));
    check("div.rn.f64", 64, &[64, 64], |s| double(d(s[0]) / d(s[1])));
    check("sqrt.rn.f64", 64, &[64], |s| double(d(s[0]).sqrt()));
    check("neg.f64", 64, &[64], |s| Some(s[0] ^ 1 << 63));
    check("abs.f64", 64, &[64], |s| Some(s[0] & !(1 << 63)));
    check("rcp.approx.ftz.f64", 64, &[64], |s| {
        let flush = |x: f64| if x.is_subnormal() { 0f64.copysign(x) } else { x };
        double(flush(1.0 / flush(d(s[0])))).map(|bits| bits & !0xffff_ffff)
    });
    check("max.f64", 64, &[64, 64], |s| {
        let (a, b) = (d(s[0]), d(s[1]));
        if a == b { None } else { double(a.max(b)) }
    });
}

/// Approximate functions: within a relative error of the value from `f64`.
fn approximate(form: &str, sources: usize, bound: f64, exact: impl Fn(&[f64]) -> f64) {
    let values = super::table::inputs(11);
    let mut random = fastrand::Rng::with_seed(11);
    let rows: Vec<Vec<u32>> = values
        .iter()
        .map(|&a| {
            (0..sources)
                .map(|k| if k == 0 { a as u32 } else { random.choice(&values).copied().unwrap() as u32 })
                .collect()
        })
        .collect();
    for row in rows {
        let operands: Vec<String> = row.iter().map(|bits| format!("0f{bits:08x}")).collect();
        let body = format!(
            "{form} %f1, {}; ld.param.u64 %d1, [a]; st.global.f32 [%d1], %f1; ret;",
            operands.join(", ")
        );
        let mut bench = super::bench::Bench::new(&super::bench::kernel("a", &body));
        let out = bench.put_words([0]);
        bench.run(1, 1, &[out]).unwrap();
        let result = f32::from_bits(bench.words(out, 1)[0]);
        let wide: Vec<f64> = row.iter().map(|&bits| f64::from(f32::from_bits(bits))).collect();
        let expected = exact(&wide) as f32;
        let close = (f64::from(result) - f64::from(expected)).abs() <= bound * f64::from(expected).abs();
        assert!(
            result == expected || close || (result.is_nan() && expected.is_nan()),
            "{form} {wide:?}: {result}, expected {expected}"
        );
    }
}

#[test]
fn approximations() {
    let ulp = 2f64.powi(-22);
    approximate("rcp.approx.f32", 1, ulp, |s| 1.0 / s[0]);
    approximate("sqrt.approx.f32", 1, ulp, |s| s[0].sqrt());
    approximate("rsqrt.approx.f32", 1, ulp, |s| 1.0 / s[0].sqrt());
    approximate("ex2.approx.f32", 1, ulp, |s| s[0].exp2());
    approximate("lg2.approx.f32", 1, ulp, |s| s[0].log2());
    approximate("tanh.approx.f32", 1, 2f64.powi(-10), |s| s[0].tanh());
    approximate("div.approx.f32", 2, ulp, |s| s[0] / s[1]);
    approximate("div.full.f32", 2, ulp, |s| s[0] / s[1]);
    approximate("sin.approx.f32", 1, ulp, |s| s[0].sin());
    approximate("cos.approx.f32", 1, ulp, |s| s[0].cos());
}

/// Whether a rounded result is right: no value of the format lies between it and the exact one, on the right side.
fn directed(exact: f64, result: f32, form: &str) -> bool {
    let wide = f64::from(result);
    match form {
        "rm" => wide <= exact && f64::from(result.next_up()) > exact,
        "rp" => wide >= exact && f64::from(result.next_down()) < exact,
        _ if exact >= 0.0 => wide <= exact && f64::from(result.next_up()) > exact,
        _ => wide >= exact && f64::from(result.next_down()) < exact,
    }
}

#[test]
fn directed_roundings() {
    // Small significands make sums and products exact in `f64`, so that it can judge.
    let mut random = fastrand::Rng::with_seed(5);
    for form in ["rz", "rm", "rp"] {
        for op in ["add", "sub", "mul", "fma", "cvt"] {
            let rows: Vec<[f32; 3]> = (0..96)
                .map(|_| {
                    [0; 3].map(|_| (random.i32(-(1 << 24)..1 << 24)) as f32 * 2f32.powi(random.i32(-9..9)))
                })
                .collect();
            let body = match op {
                "fma" => format!("fma.{form}.f32 %f4, %f1, %f2, %f3;"),
                "cvt" => format!(
                    "cvt.f64.f32 %g1, %f1; cvt.f64.f32 %g2, %f2; mul.f64 %g1, %g1, %g2; cvt.{form}.f32.f64 %f4, %g1;"
                ),
                _ => format!("{op}.{form}.f32 %f4, %f1, %f2;"),
            };
            let body = format!(
                "ld.param.u64 %d1, [a]; mov.u32 %r1, %tid.x; mul.wide.u32 %d2, %r1, 16; add.u64 %d1, %d1, %d2;
                 ld.global.f32 %f1, [%d1]; ld.global.f32 %f2, [%d1+4]; ld.global.f32 %f3, [%d1+8];
                 {body} st.global.f32 [%d1+12], %f4; ret;"
            );
            let mut bench = super::bench::Bench::new(&super::bench::kernel("a", &body));
            let words = rows.iter().flat_map(|row| [row[0].to_bits(), row[1].to_bits(), row[2].to_bits(), 0]);
            let at = bench.put_words(words);
            bench.run(1, 96, &[at]).unwrap();
            for (i, row) in rows.iter().enumerate() {
                let result = f32::from_bits(bench.words(at + i as u64 * 16 + 12, 1)[0]);
                let [a, b, c] = row.map(f64::from);
                let exact = match op {
                    "add" => a + b,
                    "sub" => a - b,
                    "fma" => a * b + c,
                    _ => a * b,
                };
                // Sums of a 48-bit product and c may need more bits than `f64` has.
                if op == "fma" && (exact - a * b != c || exact - c != a * b) {
                    continue;
                }
                assert!(directed(exact, result, form), "{op}.{form} {row:?}: {result:e}, exact {exact:e}");
            }
        }
    }
}

#[test]
fn comparisons() {
    for (name, f32s, f64s) in [
        ("lt", (|a, b| a < b) as fn(f32, f32) -> bool, (|a, b| a < b) as fn(f64, f64) -> bool),
        ("ne", |a, b| a != b && !(a.is_nan() || b.is_nan()), |a, b| a != b && !(a.is_nan() || b.is_nan())),
        ("equ", |a, b| a == b || a.is_nan() || b.is_nan(), |a, b| a == b || a.is_nan() || b.is_nan()),
        ("neu", |a, b| a != b, |a, b| a != b),
        ("geu", |a, b| a >= b || a.is_nan() || b.is_nan(), |a, b| a >= b || a.is_nan() || b.is_nan()),
        ("ltu", |a, b| a < b || a.is_nan() || b.is_nan(), |a, b| a < b || a.is_nan() || b.is_nan()),
        ("num", |a, b| !a.is_nan() && !b.is_nan(), |a, b| !a.is_nan() && !b.is_nan()),
        ("nan", |a, b| a.is_nan() || b.is_nan(), |a, b| a.is_nan() || b.is_nan()),
    ] {
        check(&format!("setp.{name}.f32"), 1, &[32, 32], |s| Some(u64::from(f32s(f(s[0]), f(s[1])))));
        check(&format!("setp.{name}.ftz.f32"), 1, &[32, 32], |s| {
            Some(u64::from(f32s(flush(f(s[0])), flush(f(s[1])))))
        });
        check(&format!("setp.{name}.f64"), 1, &[64, 64], |s| Some(u64::from(f64s(d(s[0]), d(s[1])))));
    }
    check("testp.subnormal.f32", 1, &[32], |s| Some(u64::from(f(s[0]).is_subnormal())));
    check("testp.infinite.f64", 1, &[64], |s| Some(u64::from(d(s[0]).is_infinite())));
    check("slct.f32.f32", 32, &[32; 3], |s| Some(if f(s[2]) >= 0.0 { s[0] } else { s[1] }));
}

#[test]
fn conversions_of_integers() {
    let extend = |value: u64, bits: u32| (value << (64 - bits)) as i64 >> (64 - bits);
    let cut = |value: i64, bits: u32| Some(value as u64 & (u64::MAX >> (64 - bits)));
    check("cvt.s64.s32", 64, &[32], |s| cut(extend(s[0], 32), 64));
    check("cvt.u64.u32", 64, &[32], |s| Some(s[0]));
    check("cvt.u32.u64", 32, &[64], |s| cut(s[0] as i64, 32));
    check("cvt.s32.s8", 32, &[16], |s| cut(extend(s[0], 8), 32));
    check("cvt.u32.u8", 32, &[16], |s| Some(s[0] & 255));
    check("cvt.s8.s32", 32, &[32], |s| cut(extend(s[0], 8), 32));
    check("cvt.u16.u32", 16, &[32], |s| cut(s[0] as i64, 16));
    check("cvt.sat.u8.s32", 32, &[32], |s| Some(extend(s[0], 32).clamp(0, 255) as u64));
    check("cvt.sat.s16.s64", 32, &[64], |s| cut((s[0] as i64).clamp(-32768, 32767), 32));
    check("cvt.sat.u32.u64", 32, &[64], |s| Some(s[0].min(0xffff_ffff)));
    check("cvt.rn.f32.s32", 32, &[32], |s| single(extend(s[0], 32) as f32));
    check("cvt.rn.f32.u64", 32, &[64], |s| single(s[0] as f32));
    check("cvt.rn.f64.s64", 64, &[64], |s| double(s[0] as i64 as f64));
    check("cvt.rn.f64.u64", 64, &[64], |s| double(s[0] as f64));
    check("cvt.rz.f32.u32", 32, &[32], |s| {
        let near = s[0] as f32;
        single(if near as u64 > s[0] { near.next_down() } else { near })
    });
    check("cvt.rp.f64.u64", 64, &[64], |s| {
        let near = s[0] as f64;
        double(if (near as u128) < u128::from(s[0]) { near.next_up() } else { near })
    });
}

#[test]
fn conversions_of_floats() {
    check("cvt.f64.f32", 64, &[32], |s| double(f64::from(f(s[0]))));
    check("cvt.rn.f32.f64", 32, &[64], |s| single(d(s[0]) as f32));
    check("cvt.rn.ftz.f32.f64", 32, &[64], |s| single(flush(d(s[0]) as f32)));
    check("cvt.sat.f32.f32", 32, &[32], |s| single(clamp(f(s[0]))));
    check("cvt.rni.f32.f32", 32, &[32], |s| single(f(s[0]).round_ties_even()));
    check("cvt.rmi.f32.f32", 32, &[32], |s| single(f(s[0]).floor()));
    check("cvt.rpi.f64.f64", 64, &[64], |s| double(d(s[0]).ceil()));
    check("cvt.rzi.f64.f64", 64, &[64], |s| double(d(s[0]).trunc()));
    check("cvt.rzi.s32.f32", 32, &[32], |s| Some(u64::from(f(s[0]) as i32 as u32)));
    check("cvt.rzi.u32.f64", 32, &[64], |s| Some(u64::from(d(s[0]) as u32)));
    check("cvt.rni.s64.f64", 64, &[64], |s| Some(d(s[0]).round_ties_even() as i64 as u64));
    check("cvt.rmi.s16.f32", 16, &[32], |s| Some(u64::from(f(s[0]).floor() as i16 as u16)));
    check("cvt.rpi.u8.f32", 32, &[32], |s| Some(u64::from(f(s[0]).ceil() as u8)));
    check("cvt.rzi.u64.f32", 64, &[32], |s| Some(f(s[0]) as u64));
    // There and back is the identity for every half, and each rounds to itself.
    check("cvt.f32.f16", 32, &[16], |s| single(half(s[0] as u16)));
    check("cvt.rn.f16.f32", 16, &[32], |s| Some(u64::from(nearest_half(f64::from(f(s[0]))))));
    check("cvt.rn.f16.f64", 16, &[64], |s| Some(u64::from(nearest_half(d(s[0])))));
    check("cvt.f32.bf16", 32, &[16], |s| single(f(s[0] << 16)));
    check("cvt.rn.bf16.f32", 16, &[32], |s| {
        let rest = s[0] & 0xffff;
        let up = rest > 0x8000 || (rest == 0x8000 && s[0] >> 16 & 1 == 1);
        Some(if f(s[0]).is_nan() { 0x7fff } else { (s[0] >> 16) + u64::from(up) })
    });
}

/// A half's value, by its definition.
fn half(bits: u16) -> f32 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    let size = match exponent {
        31 if fraction > 0.0 => f32::NAN,
        31 => f32::INFINITY,
        0 => fraction * 2f32.powi(-24),
        _ => (1024.0 + fraction) * 2f32.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

/// The nearest half by search: ties to even.
fn nearest_half(value: f64) -> u16 {
    if value.is_nan() {
        return 0x7fff;
    }
    let sign = u16::from(value.is_sign_negative()) << 15;
    let size = value.abs();
    let at = |bits: u16| f64::from(half(bits));
    let below = (0..0x7c00u16).collect::<Vec<_>>().partition_point(|&bits| at(bits) <= size) as u16 - 1;
    // Above the largest, the next step of the format decides.
    let above = if below == 0x7bff { 65536.0 } else { at(below + 1) };
    let (down, up) = (size - at(below), above - size);
    sign | if down < up || (down == up && below & 1 == 0) { below } else { below + 1 }
}

#[test]
fn halves() {
    let h = |bits: u64| f64::from(half(bits as u16));
    let put = |value: f64| Some(u64::from(nearest_half(value)));
    check("add.f16", 16, &[16, 16], |s| put(h(s[0]) + h(s[1])));
    check("sub.f16", 16, &[16, 16], |s| put(h(s[0]) - h(s[1])));
    check("mul.f16", 16, &[16, 16], |s| put(h(s[0]) * h(s[1])));
    check("neg.f16", 16, &[16], |s| Some(s[0] ^ 0x8000));
    check("add.f16x2", 32, &[32, 32], |s| {
        let low = put(h(s[0] & 0xffff) + h(s[1] & 0xffff))?;
        Some(put(h(s[0] >> 16) + h(s[1] >> 16))? << 16 | low)
    });
    check("setp.lt.f16", 1, &[16, 16], |s| Some(u64::from(h(s[0]) < h(s[1]))));
    check("fma.rn.f16", 16, &[16; 3], |s| {
        let (a, b, c) = (h(s[0]), h(s[1]), h(s[2]));
        let sum = a * b + c;
        // Only where `f64` is exact can it judge.
        if sum.is_finite() && (sum - a * b != c || sum - c != a * b) { None } else { put(sum) }
    });
    let b = |bits: u64| f64::from(f(bits << 16));
    check("setp.ge.bf16", 1, &[16, 16], |s| Some(u64::from(b(s[0]) >= b(s[1]))));
    check("abs.bf16", 16, &[16], |s| Some(s[0] & 0x7fff));
    check("max.f16", 16, &[16, 16], |s| {
        let (x, y) = (h(s[0]), h(s[1]));
        if x == y || x.is_nan() || y.is_nan() { None } else { put(x.max(y)) }
    });
}

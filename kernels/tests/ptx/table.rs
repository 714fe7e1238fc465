//! One instruction on many inputs: loads its sources, stores its result, compares with a function.

use super::bench::{Bench, kernel};

/// Where integers and halves of all widths turn over.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    3,
    7,
    8,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
    u64::MAX - 1,
    0x3c00,
    0x7bff,
    0x7c00,
    0xfc00,
    0x0001,
    0x03ff,
    0x3555,
    0x7f80,
    0x3f80,
    0xcb3c,
];

/// Values at the edges of every type, and random ones; the seed is printed on failure.
pub fn inputs(seed: u64) -> Vec<u64> {
    let floats32 = [
        0.0f32,
        -0.0,
        1.0,
        -1.5,
        0.5,
        3e38,
        1e-40,
        f32::MIN_POSITIVE,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    let floats64 =
        [0.0f64, -0.0, 1.0, -2.5, 1e300, 5e-324, f64::INFINITY, f64::NAN, 2147483647.5, -9e18, 1e20];
    let mut values = EDGES.to_vec();
    values.extend(floats32.map(|value| u64::from(value.to_bits())));
    values.extend(floats64.map(f64::to_bits));
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..40 {
        let bits = random.u32(1..=64);
        values.push(random.u64(..) >> (64 - bits));
        values.push(u64::from(
            (random.f32() * 2f32.powi(random.i32(-20..20)) * if random.bool() { -1.0 } else { 1.0 })
                .to_bits(),
        ));
        values.push((random.f64() * 2f64.powi(random.i32(-80..80))).to_bits());
    }
    values
}

/// Register of each width: prefix and `ld`/`st` type.
fn register(bits: u32) -> (&'static str, &'static str) {
    match bits {
        8 | 16 => ("%h", "u16"),
        32 => ("%r", "u32"),
        _ => ("%d", "u64"),
    }
}

/// Runs `form` with sources of these widths (1 for predicates: odd values are true) into a result of a width, on
/// all pairs of inputs and random thirds and fourths, and compares with `expect` where it has an opinion.
pub fn check(form: &str, result: u32, sources: &[u32], expect: impl Fn(&[u64]) -> Option<u64>) {
    const SEED: u64 = 7;
    let values = inputs(SEED);
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut rows: Vec<Vec<u64>> = Vec::new();
    for &a in &values {
        match sources.len() {
            1 => rows.push(vec![a]),
            _ => {
                for _ in 0..24 {
                    rows.push(
                        std::iter::once(a)
                            .chain((1..sources.len()).map(|_| random.choice(&values).copied().unwrap()))
                            .collect(),
                    );
                }
                rows.push(vec![a; sources.len()]);
            }
        }
    }
    let cut = |value: u64, bits: u32| if bits >= 64 { value } else { value & ((1 << bits) - 1) };
    for row in &mut rows {
        row.iter_mut().zip(sources).for_each(|(value, &bits)| *value = cut(*value, bits));
    }
    let count = rows.len();
    let mut body = String::from(
        "ld.param.u64 %d40, [a]; ld.param.u64 %d41, [b]; mov.u32 %r40, %ctaid.x; mov.u32 %r41, %tid.x;
         mad.lo.u32 %r40, %r40, 256, %r41; mul.wide.u32 %d42, %r40, 32; add.u64 %d40, %d40, %d42;
         mul.wide.u32 %d42, %r40, 8; add.u64 %d41, %d41, %d42;\n",
    );
    let mut operands = Vec::new();
    for (at, &bits) in sources.iter().enumerate() {
        let offset = at * 8;
        if bits == 1 {
            body += &format!("ld.global.u32 %r{at}, [%d40+{offset}]; setp.ne.u32 %p{at}, %r{at}, 0;\n");
            operands.push(format!("%p{at}"));
            continue;
        }
        let (prefix, ty) = register(bits);
        body += &format!("ld.global.{ty} {prefix}{at}, [%d40+{offset}];\n");
        operands.push(format!("{prefix}{at}"));
    }
    let operands = operands.join(", ");
    body += &match result {
        1 => format!("{form} %p9, {operands}; selp.u64 %d30, 1, 0, %p9; st.global.u64 [%d41], %d30; ret;"),
        _ => {
            let (prefix, ty) = register(result);
            format!("{form} {prefix}10, {operands}; st.global.{ty} [%d41], {prefix}10; ret;")
        }
    };
    let padded = count.next_multiple_of(256);
    let mut bench = Bench::new(&kernel("a b", &body));
    let flat = rows.iter().flat_map(|row| (0..4).map(|at| row.get(at).copied().unwrap_or(0)));
    let input = bench.put_longs(flat.chain(std::iter::repeat_n(0, (padded - count) * 4)));
    let output = bench.put_longs(std::iter::repeat_n(0, padded));
    bench.run((padded / 256) as u32, 256, &[input, output]).unwrap_or_else(|fault| panic!("{form}: {fault}"));
    let results = bench.longs(output, count);
    let mut compared = 0;
    for (row, result) in rows.iter().zip(results) {
        if let Some(expected) = expect(row) {
            assert_eq!(
                result, expected,
                "{form} {row:#x?} (seed {SEED}): {result:#x}, expected {expected:#x}"
            );
            compared += 1;
        }
    }
    assert!(compared * 4 > count, "{form}: only {compared} of {count} compared");
}

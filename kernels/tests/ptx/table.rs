//! Inputs: values at the edges of every type, and random ones.

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

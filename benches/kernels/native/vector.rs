//! Vectors of sixteen: loads and stores of whole arrays, and the functions of real numbers that kernels need.

use std::arch::x86_64::*;

/// Lanes of a vector of 32-bit values.
pub const LANES: usize = 16;

#[inline]
#[target_feature(enable = "avx512f")]
pub fn load(from: &[f32; LANES]) -> __m512 {
    // SAFETY: the array has all sixteen elements.
    unsafe { _mm512_loadu_ps(from.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub fn store(to: &mut [f32; LANES], value: __m512) {
    // SAFETY: the array has all sixteen elements.
    unsafe { _mm512_storeu_ps(to.as_mut_ptr(), value) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub fn load_i32(from: &[i32; LANES]) -> __m512i {
    // SAFETY: the array has all sixteen elements.
    unsafe { _mm512_loadu_epi32(from.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
pub fn store_i32(to: &mut [i32; LANES], value: __m512i) {
    // SAFETY: the array has all sixteen elements.
    unsafe { _mm512_storeu_epi32(to.as_mut_ptr(), value) }
}

/// The sixteen elements from an index on.
#[inline(always)]
pub fn at(from: &[f32], index: usize) -> &[f32; LANES] {
    from[index..].first_chunk().expect("the caller stays inside")
}

/// The sixteen elements from an index on, to be written.
#[inline(always)]
pub fn at_mut(to: &mut [f32], index: usize) -> &mut [f32; LANES] {
    to[index..].first_chunk_mut().expect("the caller stays inside")
}

/// 1 / sqrt(a): the estimate and one step in residual form, within 2^-23.7.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn rsqrt(a: __m512) -> __m512 {
    let estimate = _mm512_rsqrt14_ps(a);
    let near = _mm512_mul_ps(a, estimate);
    let residual = _mm512_fnmadd_ps(near, estimate, _mm512_set1_ps(1.0));
    let half = _mm512_mul_ps(estimate, _mm512_set1_ps(0.5));
    _mm512_fmadd_ps(half, residual, estimate)
}

/// `sum * a + value` for each: one step of a polynomial of K vectors side by side, so that no step waits long.
#[inline]
#[target_feature(enable = "avx512f")]
fn step<const K: usize>(sum: &mut [__m512; K], a: &[__m512; K], value: f32) {
    let value = _mm512_set1_ps(value);
    for i in 0..K {
        sum[i] = _mm512_fmadd_ps(sum[i], a[i], value);
    }
}

/// The polynomial of these coefficients, the highest first.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn polynomial<const K: usize, const N: usize>(a: &[__m512; K], coefficients: [f32; N]) -> [__m512; K] {
    let mut sum = [_mm512_set1_ps(coefficients[0]); K];
    for coefficient in &coefficients[1..] {
        step(&mut sum, a, *coefficient);
    }
    sum
}

/// 1 / a: the estimate and one step, within some 2^-23.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn reciprocal<const K: usize>(a: [__m512; K]) -> [__m512; K] {
    let mut result = a;
    for i in 0..K {
        let estimate = _mm512_rcp14_ps(a[i]);
        let residual = _mm512_fnmadd_ps(a[i], estimate, _mm512_set1_ps(1.0));
        result[i] = _mm512_fmadd_ps(estimate, residual, estimate);
    }
    result
}

/// e^a within 2 units in the last place: 2^n times a polynomial on half a power of two to each side.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn exp<const K: usize>(a: [__m512; K]) -> [__m512; K] {
    const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    let set = |value: f32| _mm512_set1_ps(value);
    let (mut powers, mut rest) = (a, a);
    for i in 0..K {
        powers[i] = _mm512_roundscale_ps::<NEAREST>(_mm512_mul_ps(a[i], set(std::f32::consts::LOG2_E)));
    }
    for i in 0..K {
        rest[i] = _mm512_fnmadd_ps(powers[i], set(0.693_359_4), a[i]);
        rest[i] = _mm512_fnmadd_ps(powers[i], set(-2.121_944_4e-4), rest[i]);
    }
    // The series to the seventh power with its last coefficients moved to spread what is cut off.
    let coefficients =
        [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5, 1.0, 1.0];
    let mut result = polynomial(&rest, coefficients);
    for i in 0..K {
        result[i] = _mm512_scalef_ps(result[i], powers[i]);
    }
    result
}

/// The natural logarithm of positive numbers, within some 2^-20 of the larger of it and 1.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn log<const K: usize>(a: [__m512; K]) -> [__m512; K] {
    let set = |value: f32| _mm512_set1_ps(value);
    let (mut powers, mut rest) = (a, a);
    for i in 0..K {
        // A mantissa from 3/4 to 3/2 and the power of two that belongs to it.
        let mantissa = _mm512_getmant_ps::<_MM_MANT_NORM_P75_1P5, _MM_MANT_SIGN_SRC>(a[i]);
        let below = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(mantissa, set(1.0));
        let power = _mm512_getexp_ps(a[i]);
        powers[i] = _mm512_mask_add_ps(power, below, power, set(1.0));
        rest[i] = _mm512_sub_ps(mantissa, set(1.0));
    }
    let coefficients = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
        -0.5,
        1.0,
    ];
    let mut result = polynomial(&rest, coefficients);
    for i in 0..K {
        let sum = _mm512_mul_ps(result[i], rest[i]);
        result[i] = _mm512_fmadd_ps(powers[i], set(std::f32::consts::LN_2), sum);
    }
    result
}

/// The sum of all lanes.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn sum(a: __m512) -> f32 {
    _mm512_reduce_add_ps(a)
}

/// Transposes sixteen vectors of sixteen: pairs, quadruples, then quarters of vectors change places.
#[inline]
#[target_feature(enable = "avx512f")]
pub fn transpose(rows: [__m512; LANES]) -> [__m512; LANES] {
    let mut pairs = [_mm512_setzero_ps(); LANES];
    for i in (0..LANES).step_by(2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let mut fours = [_mm512_setzero_ps(); LANES];
    for i in (0..LANES).step_by(4) {
        let [a, b] = [_mm512_castps_pd(pairs[i]), _mm512_castps_pd(pairs[i + 1])];
        let [c, d] = [_mm512_castps_pd(pairs[i + 2]), _mm512_castps_pd(pairs[i + 3])];
        fours[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        fours[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        fours[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        fours[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    let mut columns = [_mm512_setzero_ps(); LANES];
    for i in 0..4 {
        let [a, b, c, d] = [fours[i], fours[i + 4], fours[i + 8], fours[i + 12]];
        let low = _mm512_shuffle_f32x4::<0x88>(a, b);
        let high = _mm512_shuffle_f32x4::<0xdd>(a, b);
        let low2 = _mm512_shuffle_f32x4::<0x88>(c, d);
        let high2 = _mm512_shuffle_f32x4::<0xdd>(c, d);
        columns[i] = _mm512_shuffle_f32x4::<0x88>(low, low2);
        columns[i + 4] = _mm512_shuffle_f32x4::<0x88>(high, high2);
        columns[i + 8] = _mm512_shuffle_f32x4::<0xdd>(low, low2);
        columns[i + 12] = _mm512_shuffle_f32x4::<0xdd>(high, high2);
    }
    columns
}

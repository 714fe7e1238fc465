//! Black-Scholes prices, some vectors of options at a time.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, exp, load, log, polynomial, reciprocal, store};
use crate::case::{Data, Scalar};

/// Vectors at a time: the best of 1, 2, 4 and 8.
const VECTORS: usize = 8;

/// Prices of calls and puts; whole groups of vectors.
pub fn black_scholes(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [price, strike, years, call, put] = buffers else { panic!("five buffers") };
    let (price, strike, years): (&[f32], &[f32], &[f32]) =
        (price.elements(), strike.elements(), years.elements());
    let (rate, volatility) = (scalars[1].float(), scalars[2].float());
    let group = VECTORS * LANES;
    assert!(price.len().is_multiple_of(group), "whole groups");
    let first = team.shares(price.len() / group).0 * group;
    let (call0, call1) = call.elements_mut().split_at_mut(first);
    let (put0, put1) = put.elements_mut().split_at_mut(first);
    team.both((0, call0, put0), (first, call1, put1), |(start, call, put)| {
        let from = [price, strike, years].map(|values| &values[start..]);
        // SAFETY: `Native` is only made where the features are.
        unsafe { part::<VECTORS>(from, call, put, rate, volatility) }
    });
}

/// The normal distribution, by a polynomial of fifth order.
#[inline]
#[target_feature(enable = "avx512f")]
fn normal<const K: usize>(d: [__m512; K]) -> [__m512; K] {
    let set = |value: f32| _mm512_set1_ps(value);
    let (mut k, mut power) = (d, d);
    for i in 0..K {
        k[i] = _mm512_fmadd_ps(_mm512_abs_ps(d[i]), set(0.231_641_9), set(1.0));
        power[i] = _mm512_mul_ps(_mm512_mul_ps(d[i], d[i]), set(-0.5));
    }
    let (k, mut tail) = (reciprocal(k), exp(power));
    let sum = polynomial(&k, [1.330_274_5, -1.821_256, 1.781_477_9, -0.356_563_78, 0.319_381_53]);
    for i in 0..K {
        let share = _mm512_mul_ps(sum[i], k[i]);
        tail[i] = _mm512_mul_ps(_mm512_mul_ps(tail[i], set(0.398_942_3)), share);
        let above = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(d[i], _mm512_setzero_ps());
        tail[i] = _mm512_mask_sub_ps(tail[i], above, set(1.0), tail[i]);
    }
    tail
}

/// K vectors from an index on.
#[inline]
#[target_feature(enable = "avx512f")]
fn group<const K: usize>(from: &[f32]) -> [__m512; K] {
    let mut vectors = [_mm512_setzero_ps(); K];
    vectors.iter_mut().zip(from.as_chunks().0).for_each(|(vector, from)| *vector = load(from));
    vectors
}

#[target_feature(enable = "avx512f")]
fn part<const K: usize>(
    [price, strike, years]: [&[f32]; 3],
    call: &mut [f32],
    put: &mut [f32],
    rate: f32,
    volatility: f32,
) {
    let set = |value: f32| _mm512_set1_ps(value);
    let drift = set((0.5 * volatility).mul_add(volatility, rate));
    let chunks = |from| <[f32]>::chunks_exact(from, K * LANES);
    let from = chunks(price).zip(chunks(strike)).zip(chunks(years));
    let to = call.chunks_exact_mut(K * LANES).zip(put.chunks_exact_mut(K * LANES));
    for (((price, strike), years), (call, put)) in from.zip(to) {
        let (s, x, t): ([__m512; K], [__m512; K], [__m512; K]) = (group(price), group(strike), group(years));
        let (mut spread, mut quotient, mut d1, mut d2, mut discount) = (t, s, s, s, t);
        let over = reciprocal(x);
        for i in 0..K {
            spread[i] = _mm512_mul_ps(_mm512_sqrt_ps(t[i]), set(volatility));
            quotient[i] = _mm512_mul_ps(s[i], over[i]);
            discount[i] = _mm512_mul_ps(t[i], set(-rate));
        }
        let (distance, over) = (log(quotient), reciprocal(spread));
        for i in 0..K {
            d1[i] = _mm512_mul_ps(_mm512_fmadd_ps(drift, t[i], distance[i]), over[i]);
            d2[i] = _mm512_sub_ps(d1[i], spread[i]);
        }
        let (n1, n2, discount) = (normal(d1), normal(d2), exp(discount));
        let to = call.as_chunks_mut().0.iter_mut().zip(put.as_chunks_mut().0);
        for (i, (call, put)) in to.enumerate() {
            let discounted = _mm512_mul_ps(x[i], discount[i]);
            store(call, _mm512_fmsub_ps(s[i], n1[i], _mm512_mul_ps(discounted, n2[i])));
            let kept = _mm512_mul_ps(s[i], _mm512_sub_ps(set(1.0), n1[i]));
            store(put, _mm512_fmsub_ps(discounted, _mm512_sub_ps(set(1.0), n2[i]), kept));
        }
    }
}

//! Inclusive sums: sixteen within a vector by four shifted additions, one addition from vector to vector.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, load_i32, store_i32};
use crate::case::{Data, Scalar};

/// Scans; with two threads each scans a half, then both add to the second half what the first sums to.
pub fn inclusive(buffers: &mut [Data], _: &[Scalar], team: &Team) {
    let [values, sums, _] = buffers else { panic!("three buffers") };
    let (values, sums): (&[i32], &mut [i32]) = (values.elements(), sums.elements_mut());
    assert!(values.len().is_multiple_of(4 * LANES), "whole vectors");
    let first = team.shares(values.len() / (2 * LANES)).0 * 2 * LANES;
    let (upper, lower) = sums.split_at_mut(first);
    team.both((&values[..first], &mut *upper), (&values[first..], &mut *lower), |(values, sums)| {
        // SAFETY: `Native` is only made where the features are.
        unsafe { part(values, sums) }
    });
    let before = upper[first - 1];
    let (third, fourth) = lower.split_at_mut(lower.len() / (2 * LANES) * LANES);
    // SAFETY: `Native` is only made where the features are.
    team.both(third, fourth, |sums| unsafe { add(sums, before) });
}

#[target_feature(enable = "avx512f")]
fn part(values: &[i32], sums: &mut [i32]) {
    let zero = _mm512_setzero_si512();
    let last = _mm512_set1_epi32(LANES as i32 - 1);
    let mut before = zero;
    for (values, sums) in values.as_chunks().0.iter().zip(sums.as_chunks_mut().0) {
        let mut sum = load_i32(values);
        sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<15>(sum, zero));
        sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<14>(sum, zero));
        sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<12>(sum, zero));
        sum = _mm512_add_epi32(sum, _mm512_alignr_epi32::<8>(sum, zero));
        store_i32(sums, _mm512_add_epi32(sum, before));
        // From the vector's own sum: only this addition waits for the vector before.
        before = _mm512_add_epi32(before, _mm512_permutexvar_epi32(last, sum));
    }
}

#[target_feature(enable = "avx512f")]
fn add(sums: &mut [i32], before: i32) {
    let before = _mm512_set1_epi32(before);
    sums.as_chunks_mut()
        .0
        .iter_mut()
        .for_each(|sums| store_i32(sums, _mm512_add_epi32(load_i32(sums), before)));
}

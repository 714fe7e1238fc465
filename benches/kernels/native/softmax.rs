//! Softmax of rows: the largest, the powers with their sum, the shares.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, exp, load, store};
use crate::case::{Data, Scalar};

/// Vectors at a time: sums and maxima that do not wait for each other.
const VECTORS: usize = 4;

/// Every row; rows are whole groups of vectors.
pub fn rows(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [from, to] = buffers else { panic!("two buffers") };
    let (rows, columns) = (scalars[0].len(), scalars[1].len());
    assert!(columns.is_multiple_of(VECTORS * LANES), "whole groups");
    let first = team.shares(rows).0 * columns;
    let (from0, from1) = from.elements().split_at(first);
    let (to0, to1) = to.elements_mut().split_at_mut(first);
    team.both((from0, to0), (from1, to1), |(from, to)| {
        for (from, to) in from.chunks_exact(columns).zip(to.chunks_exact_mut(columns)) {
            // SAFETY: `Native` is only made where the features are.
            unsafe { row(from, to) }
        }
    });
}

#[target_feature(enable = "avx512f")]
fn row(from: &[f32], to: &mut [f32]) {
    let from = from.as_chunks::<{ VECTORS * LANES }>().0;
    let to = to.as_chunks_mut::<{ VECTORS * LANES }>().0;
    let mut largest = [_mm512_set1_ps(f32::NEG_INFINITY); VECTORS];
    for from in from {
        for (largest, from) in largest.iter_mut().zip(from.as_chunks().0) {
            *largest = _mm512_max_ps(*largest, load(from));
        }
    }
    let [a, b, c, d] = largest;
    let largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(a, b), _mm512_max_ps(c, d)));
    let largest = _mm512_set1_ps(largest);
    let mut sums = [_mm512_setzero_ps(); VECTORS];
    for (from, to) in from.iter().zip(&mut *to) {
        let mut powers = [largest; VECTORS];
        for (power, from) in powers.iter_mut().zip(from.as_chunks().0) {
            *power = _mm512_sub_ps(load(from), largest);
        }
        let powers = exp(powers);
        for ((sum, power), to) in sums.iter_mut().zip(powers).zip(to.as_chunks_mut().0) {
            store(to, power);
            *sum = _mm512_add_ps(*sum, power);
        }
    }
    let [a, b, c, d] = sums;
    let sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
    let share = _mm512_set1_ps(1.0 / sum);
    for to in to {
        to.as_chunks_mut().0.iter_mut().for_each(|to| store(to, _mm512_mul_ps(load(to), share)));
    }
}

//! The Mandelbrot set: some vectors of points at a time, until the last of them has left.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, load, store_i32};
use crate::case::{Data, Scalar};

/// Vectors of points at a time: the best of 1, 2, 4 and 8.
const VECTORS: usize = 4;

/// Iterations of each point; rows are whole groups of vectors or whole vectors.
pub fn iterate(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [iterations] = buffers else { panic!("one buffer") };
    let (width, height) = (scalars[0].len(), scalars[1].len());
    let place = Place {
        left: scalars[2].float(),
        top: scalars[3].float(),
        step: scalars[4].float(),
        limit: scalars[5].len() as i32,
    };
    // Rows in turn: those of one half of the picture may take longer than the other's.
    let mut rows: Vec<_> =
        (0..height).zip(iterations.elements_mut::<i32>().chunks_exact_mut(width)).collect();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for (i, row) in rows.drain(..).enumerate() {
        if i % team.size() == 0 { first.push(row) } else { second.push(row) }
    }
    team.both(first, second, |rows| {
        for (row, iterations) in rows {
            if width.is_multiple_of(VECTORS * LANES) {
                // SAFETY: `Native` is only made where the features are.
                unsafe { row_part::<VECTORS>(iterations, row, place) }
            } else {
                // SAFETY: `Native` is only made where the features are.
                unsafe { row_part::<1>(iterations, row, place) }
            }
        }
    });
}

#[derive(Clone, Copy)]
struct Place {
    left: f32,
    top: f32,
    step: f32,
    limit: i32,
}

#[target_feature(enable = "avx512f")]
fn row_part<const K: usize>(iterations: &mut [i32], row: usize, place: Place) {
    let step = _mm512_set1_ps(place.step);
    let imaginary = _mm512_set1_ps((row as f32).mul_add(place.step, place.top));
    let (one, four) = (_mm512_set1_epi32(1), _mm512_set1_ps(4.0));
    let lanes = load(&std::array::from_fn(|lane| lane as f32));
    for (group, to) in iterations.chunks_exact_mut(K * LANES).enumerate() {
        let mut real = [_mm512_setzero_ps(); K];
        for (i, real) in real.iter_mut().enumerate() {
            let column = _mm512_set1_ps(((group * K + i) * LANES) as f32);
            *real = _mm512_fmadd_ps(_mm512_add_ps(column, lanes), step, _mm512_set1_ps(place.left));
        }
        let mut x = [_mm512_setzero_ps(); K];
        let mut y = x;
        let mut count = [_mm512_setzero_si512(); K];
        let mut inside = [u16::MAX; K];
        for _ in 0..place.limit {
            let mut any = 0;
            for i in 0..K {
                let square = _mm512_mul_ps(y[i], y[i]);
                let size = _mm512_fmadd_ps(x[i], x[i], square);
                inside[i] = _mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(inside[i], size, four);
                count[i] = _mm512_mask_add_epi32(count[i], inside[i], count[i], one);
                any |= inside[i];
                let next = _mm512_add_ps(_mm512_fmsub_ps(x[i], x[i], square), real[i]);
                y[i] = _mm512_fmadd_ps(_mm512_add_ps(x[i], x[i]), y[i], imaginary);
                x[i] = next;
            }
            if any == 0 {
                break;
            }
        }
        to.as_chunks_mut().0.iter_mut().zip(count).for_each(|(to, count)| store_i32(to, count));
    }
}

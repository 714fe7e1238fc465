//! Kernels that mostly move memory: saxpy, stencil, transpose.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, at, at_mut, load, store, transpose as transpose_vectors};
use crate::case::{Data, Scalar};

/// y = a * x + y.
pub fn saxpy(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [x, y] = buffers else { panic!("two buffers") };
    let (x, y, a) = (x.elements(), y.elements_mut(), scalars[1].float());
    let first = team.shares(y.len() / 64).0 * 64;
    let (x0, x1) = x.split_at(first);
    let (y0, y1) = y.split_at_mut(first);
    team.both((x0, y0), (x1, y1), |(x, y)| {
        // SAFETY: `Native` is only made where the features are.
        unsafe { saxpy_part(x, y, a) }
    });
}

#[target_feature(enable = "avx512f")]
fn saxpy_part(x: &[f32], y: &mut [f32], a: f32) {
    let all = _mm512_set1_ps(a);
    let (x, x_rest) = x.as_chunks::<64>();
    let (y, y_rest) = y.as_chunks_mut::<64>();
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x.as_chunks().0, y.as_chunks_mut().0);
        for (x, y) in x.iter().zip(y) {
            store(y, _mm512_fmadd_ps(all, load(x), load(y)));
        }
    }
    x_rest.iter().zip(y_rest).for_each(|(x, y)| *y = a.mul_add(*x, *y));
}

/// One step of heat flow: five points, the rim kept. Rows are whole vectors.
pub fn stencil(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [from, to] = buffers else { panic!("two buffers") };
    let (width, height, share) = (scalars[0].len(), scalars[1].len(), scalars[2].float());
    assert!(width.is_multiple_of(LANES), "rows are whole vectors");
    let first = team.shares(height).0;
    let (upper, lower) = to.elements_mut().split_at_mut(first * width);
    let from = from.elements();
    team.both((0, upper), (first, lower), |(top, to)| {
        // SAFETY: `Native` is only made where the features are.
        unsafe { stencil_part(from, to, top, width, height, share) }
    });
}

#[target_feature(enable = "avx512f")]
fn stencil_part(from: &[f32], to: &mut [f32], top: usize, width: usize, height: usize, share: f32) {
    let (share, four) = (_mm512_set1_ps(share), _mm512_set1_ps(-4.0));
    for (y, to) in (top..).zip(to.chunks_exact_mut(width)) {
        if y == 0 || y == height - 1 {
            to.copy_from_slice(&from[y * width..][..width]);
            continue;
        }
        let row = y * width;
        // What lies around the row, so that the bounds are looked at once; its ends are of the rows beside it.
        let above = &from[row - width..][..width];
        let below = &from[row + width..][..width];
        let (left, here, right) =
            (&from[row - 1..][..width], &from[row..][..width], &from[row + 1..][..width]);
        let last = width / LANES - 1;
        let chunks = left.as_chunks().0.iter().zip(right.as_chunks().0);
        let chunks = chunks.zip(above.as_chunks().0.iter().zip(below.as_chunks().0));
        let chunks = chunks.zip(here.as_chunks().0).zip(to.as_chunks_mut().0).enumerate();
        for (i, ((((left, right), (above, below)), here), to)) in chunks {
            let rim = u16::from(i == 0) | u16::from(i == last) << 15;
            let here = load(here);
            let sides = _mm512_add_ps(load(left), load(right));
            let around = _mm512_add_ps(_mm512_add_ps(sides, load(above)), load(below));
            let change = _mm512_fmadd_ps(here, four, around);
            store(to, _mm512_mask3_fmadd_ps(change, share, here, !rim));
        }
    }
}

/// to[x][y] = from[y][x], by squares of sixteen in registers.
pub fn transpose(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [from, to] = buffers else { panic!("two buffers") };
    let (width, height) = (scalars[0].len(), scalars[1].len());
    assert!(width.is_multiple_of(LANES) && height.is_multiple_of(LANES), "sides are whole vectors");
    let first = team.shares(width / LANES).0 * LANES;
    let (upper, lower) = to.elements_mut().split_at_mut(first * height);
    let from = from.elements();
    team.both((0, upper), (first, lower), |(left, to)| {
        // SAFETY: `Native` is only made where the features are.
        unsafe { transpose_part(from, to, left, width, height) }
    });
}

#[target_feature(enable = "avx512f")]
fn transpose_part(from: &[f32], to: &mut [f32], left: usize, width: usize, height: usize) {
    let columns = to.len() / height;
    for x in (0..columns).step_by(LANES) {
        for y in (0..height).step_by(LANES) {
            let mut rows = [_mm512_setzero_ps(); LANES];
            for (i, row) in rows.iter_mut().enumerate() {
                *row = load(at(from, (y + i) * width + left + x));
            }
            for (i, column) in transpose_vectors(rows).into_iter().enumerate() {
                store(at_mut(to, (x + i) * height + y), column);
            }
        }
    }
}

//! Matrices: tiles of fourteen rows by two vectors in registers, the second factor copied so that it lies in order.

use std::arch::x86_64::*;
use std::cell::RefCell;

use super::team::Team;
use super::vector::{LANES, at, at_mut, load, store};
use crate::case::{Data, Scalar};

/// Columns of a tile.
const WIDE: usize = 2 * LANES;
/// Rows of a tile: 28 sums, two vectors of `b` and one of `a` are 31 registers.
const HIGH: usize = 14;
/// How much of the inner dimension is taken at a time: 64 KiB of a panel, which the caches bring in time.
const DEEP: usize = 512;

thread_local! {
    /// The copy, kept: fresh memory for each call would cost page faults.
    static COPY: RefCell<Data> = RefCell::new(Data::zeroed::<f32>(0));
}

/// c = a * b; the side is a multiple of a tile's columns.
pub fn multiply(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [a, b, c] = buffers else { panic!("three buffers") };
    let (a, b, c, n) = (a.elements(), b.elements(), c.elements_mut(), scalars[0].len());
    assert!(n.is_multiple_of(WIDE), "whole tiles");
    COPY.with_borrow_mut(|copy| {
        if copy.elements::<f32>().len() < n * n {
            *copy = Data::zeroed::<f32>(n * n);
        }
        let panels = &mut copy.elements_mut()[..n * n];
        let first = team.shares(n / WIDE).0;
        let (left, right) = panels.split_at_mut(first * n * WIDE);
        team.both((0, left), (first, right), |(panel, to)| copy_panels(b, to, panel, n));
        let rows = if team.size() == 2 { (n / 2).next_multiple_of(HIGH).min(n) } else { n };
        let (upper, lower) = c.split_at_mut(rows * n);
        team.both((&a[..rows * n], upper), (&a[rows * n..], lower), |(a, c)| {
            // SAFETY: `Native` is only made where the features are.
            unsafe { part(a, panels, c, n) }
        });
    });
}

/// Copies panels of the second factor: a panel is all rows of its columns, one after the other.
fn copy_panels(b: &[f32], to: &mut [f32], first: usize, n: usize) {
    for (panel, to) in (first..).zip(to.chunks_exact_mut(n * WIDE)) {
        for (row, to) in b.chunks_exact(n).zip(to.chunks_exact_mut(WIDE)) {
            to.copy_from_slice(&row[panel * WIDE..][..WIDE]);
        }
    }
}

#[target_feature(enable = "avx512f")]
fn part(a: &[f32], b: &[f32], c: &mut [f32], n: usize) {
    let rows = c.len() / n;
    for deep in (0..n).step_by(DEEP) {
        let depth = DEEP.min(n - deep);
        for (panel, b) in b.chunks_exact(n * WIDE).enumerate() {
            let b = &b[deep * WIDE..][..depth * WIDE];
            let mut row = 0;
            while row < rows {
                let (a, c) = (&a[row * n + deep..], &mut c[row * n + panel * WIDE..]);
                row += match rows - row {
                    HIGH.. => tile::<HIGH>(a, b, c, n, deep == 0),
                    8.. => tile::<8>(a, b, c, n, deep == 0),
                    4.. => tile::<4>(a, b, c, n, deep == 0),
                    _ => tile::<1>(a, b, c, n, deep == 0),
                };
            }
        }
    }
}

/// Adds to a tile of `c`, or sets it; returns how many rows it has.
#[inline]
#[target_feature(enable = "avx512f")]
fn tile<const ROWS: usize>(a: &[f32], b: &[f32], c: &mut [f32], n: usize, first: bool) -> usize {
    let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
    let b = b.as_chunks::<WIDE>().0;
    let a = &a[..(ROWS - 1) * n + b.len()];
    for (k, b) in b.iter().enumerate() {
        let b = [load(at(b, 0)), load(at(b, LANES))];
        for (row, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the slice was cut to end with the last row's last element.
            let a = _mm512_set1_ps(*unsafe { a.get_unchecked(row * n + k) });
            sums[0] = _mm512_fmadd_ps(a, b[0], sums[0]);
            sums[1] = _mm512_fmadd_ps(a, b[1], sums[1]);
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        for (half, sum) in sums.into_iter().enumerate() {
            let to = at_mut(c, row * n + half * LANES);
            store(to, if first { sum } else { _mm512_add_ps(sum, load(to)) });
        }
    }
    ROWS
}

//! Gravity: some vectors of bodies at a time against every other body, broadcast from memory.

use std::arch::x86_64::*;

use super::team::Team;
use super::vector::{LANES, load, rsqrt, store};
use crate::case::{Data, Scalar};

/// Vectors of bodies at a time: the best of 1, 2, 4 and 8.
const VECTORS: usize = 2;
const SOFTENING: f32 = 1e-3;

/// The pull of all bodies on each; whole groups of vectors.
pub fn pull(buffers: &mut [Data], scalars: &[Scalar], team: &Team) {
    let [bodies, pulls] = buffers else { panic!("two buffers") };
    let count = scalars[0].len();
    assert!(count.is_multiple_of(VECTORS * LANES), "whole groups");
    let bodies = bodies.elements::<f32>().as_chunks::<4>().0;
    let pulls = pulls.elements_mut::<f32>().as_chunks_mut::<4>().0;
    let first = team.shares(count / (VECTORS * LANES)).0 * VECTORS * LANES;
    let (upper, lower) = pulls.split_at_mut(first);
    team.both((0, upper), (first, lower), |(start, pulls)| {
        // SAFETY: `Native` is only made where the features are.
        unsafe { part::<VECTORS>(bodies, pulls, start) }
    });
}

#[target_feature(enable = "avx512f")]
fn part<const K: usize>(bodies: &[[f32; 4]], pulls: &mut [[f32; 4]], start: usize) {
    let zero = _mm512_setzero_ps();
    let mine = bodies[start..].chunks(K * LANES);
    for (bodies_here, pulls) in mine.zip(pulls.chunks_exact_mut(K * LANES)) {
        let mut here = [[zero; 3]; K];
        for (here, bodies) in here.iter_mut().zip(bodies_here.as_chunks::<LANES>().0) {
            for (axis, here) in here.iter_mut().enumerate() {
                *here = load(&bodies.map(|body| body[axis]));
            }
        }
        let mut sums = [[zero; 3]; K];
        for &[x, y, z, mass] in bodies {
            let there = [_mm512_set1_ps(x), _mm512_set1_ps(y), _mm512_set1_ps(z)];
            let mass = _mm512_set1_ps(mass);
            for (here, sums) in here.iter().zip(&mut sums) {
                let x = _mm512_sub_ps(there[0], here[0]);
                let y = _mm512_sub_ps(there[1], here[1]);
                let z = _mm512_sub_ps(there[2], here[2]);
                let square = _mm512_fmadd_ps(x, x, _mm512_set1_ps(SOFTENING));
                let square = _mm512_fmadd_ps(z, z, _mm512_fmadd_ps(y, y, square));
                let near = rsqrt(square);
                let force = _mm512_mul_ps(_mm512_mul_ps(mass, near), _mm512_mul_ps(near, near));
                sums[0] = _mm512_fmadd_ps(x, force, sums[0]);
                sums[1] = _mm512_fmadd_ps(y, force, sums[1]);
                sums[2] = _mm512_fmadd_ps(z, force, sums[2]);
            }
        }
        for (sums, pulls) in sums.into_iter().zip(pulls.as_chunks_mut::<LANES>().0) {
            for (axis, sum) in sums.into_iter().enumerate() {
                let mut lanes = [0.0; LANES];
                store(&mut lanes, sum);
                pulls.iter_mut().zip(lanes).for_each(|(pull, lane)| pull[axis] = lane);
            }
            pulls.iter_mut().for_each(|pull| pull[3] = 0.0);
        }
    }
}

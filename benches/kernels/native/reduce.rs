//! The sum of floats: eight vectors of sums, so that no addition waits for another.

use std::arch::x86_64::*;
use std::sync::Mutex;

use super::team::Team;
use super::vector::{LANES, load, sum as sum_lanes};
use crate::case::{Data, Scalar};

const SUMS: usize = 8;

/// One sum a thread, the other places zero: the kernel writes one a block.
pub fn sum(buffers: &mut [Data], _: &[Scalar], team: &Team) {
    let [values, sums] = buffers else { panic!("two buffers") };
    let values: &[f32] = values.elements();
    let (first, second) = values.split_at(team.shares(values.len() / LANES).0 * LANES);
    let total = Mutex::new(0.0f32);
    team.both(first, second, |values| {
        // SAFETY: `Native` is only made where the features are.
        let sum = unsafe { part(values) };
        *total.lock().expect("nobody panics") += sum;
    });
    sums.elements_mut::<f32>()[0] = total.into_inner().expect("nobody panics");
}

#[target_feature(enable = "avx512f")]
fn part(values: &[f32]) -> f32 {
    let mut sums = [_mm512_setzero_ps(); SUMS];
    let (chunks, rest) = values.as_chunks::<{ SUMS * LANES }>();
    for chunk in chunks {
        for (sum, values) in sums.iter_mut().zip(chunk.as_chunks().0) {
            *sum = _mm512_add_ps(*sum, load(values));
        }
    }
    let sum = sums.into_iter().fold(_mm512_setzero_ps(), |sum, next| _mm512_add_ps(sum, next));
    sum_lanes(sum) + rest.iter().sum::<f32>()
}

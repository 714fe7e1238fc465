//! Sums of many floats that are rounded once.

use smallvec::SmallVec;

/// a + b and the exact error.
#[inline]
pub fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// A sum with what is left below it folded into the last bit: rounding it again, to a narrower format, is as good as
/// rounding the exact value.
fn to_odd(sum: f64, rest: f64) -> f64 {
    if sum.to_bits() & 1 == 1 {
        return sum;
    }
    let away = (rest > 0.0) == (sum > 0.0);
    f64::from_bits(if away { sum.to_bits() + 1 } else { sum.to_bits() - 1 })
}

/// Columns that are done together: they do not wait for each other.
pub const COLUMNS: usize = 8;

/// For each column the sum of c and all products with the row, exact but for the last bit: ready to be narrowed. Factors
/// have at most 26 bits, so that a product is a number; infinities and NaN give what adding one after the other gives.
pub fn dots(row: &[f64], columns: &[[f64; COLUMNS]], c: [f64; COLUMNS]) -> [f64; COLUMNS] {
    let (mut sums, mut lost) = (c, [0.0; COLUMNS]);
    for (a, b) in row.iter().zip(columns) {
        for at in 0..COLUMNS {
            let (sum, error) = two_sum(sums[at], a * b[at]);
            sums[at] = sum;
            lost[at] += error.abs();
        }
    }
    for at in 0..COLUMNS {
        // An infinite operand leaves NaN in what was lost.
        if lost[at] != 0.0 && sums[at].is_finite() {
            sums[at] = expand(row.iter().zip(columns).map(|(a, b)| a * b[at]).chain([c[at]]));
        }
    }
    sums
}

/// A sum with nothing lost on the way: so far it is kept as numbers whose bits do not overlap, smallest first.
fn expand(terms: impl Iterator<Item = f64>) -> f64 {
    let mut parts: SmallVec<[f64; 16]> = SmallVec::new();
    for term in terms {
        let mut carry = term;
        let mut kept = 0;
        for at in 0..parts.len() {
            let (sum, error) = two_sum(carry, parts[at]);
            if error != 0.0 {
                parts[kept] = error;
                kept += 1;
            }
            carry = sum;
        }
        parts.truncate(kept);
        if carry != 0.0 {
            parts.push(carry);
        }
    }
    // From the top until something is lost: all below that is less than what was lost, and cannot turn its sign.
    let mut sum = parts.pop().unwrap_or(0.0);
    while let Some(part) = parts.pop() {
        let (next, error) = two_sum(sum, part);
        sum = next;
        if error != 0.0 {
            return to_odd(sum, error);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same numbers in every column.
    fn dot(a: &[f64], b: &[f64], c: f64) -> f64 {
        let columns: Vec<[f64; COLUMNS]> = b.iter().map(|&b| [b; COLUMNS]).collect();
        let sums = dots(a, &columns, [c; COLUMNS]);
        assert!(sums.iter().all(|sum| sum.to_bits() == sums[0].to_bits()));
        sums[0]
    }

    #[test]
    fn what_cancels_leaves_the_rest() {
        let (big, one, tiny) = (2f64.powi(200), 1.0, 2f64.powi(-200));
        assert_eq!(dot(&[big, one, tiny, -big], &[1.0; 4], -1.0), tiny);
        assert_eq!(dot(&[big, tiny, -big], &[1.0; 3], -tiny), 0.0);
        // Just above the middle between two neighbours of 24 bits, and just below.
        let middle = 1.0 + 2f64.powi(-24);
        assert_eq!(dot(&[middle, tiny, big], &[1.0, 1.0, 1.0], -big) as f32, 1.0 + f32::EPSILON);
        assert_eq!(dot(&[middle, -tiny, big], &[1.0, 1.0, 1.0], -big) as f32, 1.0);
        assert_eq!(dot(&[middle, tiny, -tiny], &[1.0; 3], 0.0) as f32, 1.0);
    }

    #[test]
    fn infinities_and_nan_pass() {
        assert_eq!(dot(&[f64::INFINITY, 1.0], &[1.0, 1.0], 2f64.powi(-90)), f64::INFINITY);
        assert!(dot(&[f64::INFINITY, 1.0], &[1.0, 1.0], f64::NEG_INFINITY).is_nan());
        assert!(dot(&[0.0], &[f64::INFINITY], 1.0).is_nan());
        assert!(dot(&[1.0], &[f64::NAN], 1.0).is_nan());
        assert!(dot(&[-0.0], &[1.0], -0.0).is_sign_negative());
    }
}

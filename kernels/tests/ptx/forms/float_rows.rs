//! Inputs for checks of floats: the edges of each format, short numbers that make ties, random ones, and sums that
//! cancel.

use super::exact::{self, Layout};

/// Of all inputs.
pub const SEED: u64 = 11;

/// Zeros, denormals, normal numbers at the ends and around one, infinities and NaNs, of both signs.
pub fn edges(layout: Layout) -> Vec<u64> {
    let (one, step) = (layout.one(), 1 << layout.fraction);
    let mut codes = vec![0, 1, 2, step - 1, step, step + 1, one - 1, one, one + 1, one + step / 2];
    codes.extend([one - step, one + step, one + step + step / 2, layout.largest(), layout.largest() - 1]);
    codes.extend([layout.sign() - 1, layout.infinity(), layout.infinity() | 1, layout.infinity() + step / 2]);
    codes.retain(|&code| code < layout.sign());
    codes.sort_unstable();
    codes.dedup();
    let negative: Vec<u64> = codes.iter().map(|&code| code | layout.sign()).collect();
    codes.extend(negative);
    codes
}

/// A number with few bits, near one: sums and products of such meet ties.
fn short(layout: Layout, random: &mut fastrand::Rng) -> u64 {
    let reach = u64::from(layout.fraction + 3).min((1 << (layout.exponent - 1)) - 2);
    let exponent = (1 << (layout.exponent - 1)) - 1 + random.u64(0..=2 * reach) - reach;
    let fraction = random.u64(..) & random.u64(..) & ((1 << layout.fraction) - 1);
    let fraction = if random.bool() { fraction } else { fraction & !0 << (layout.fraction / 2) };
    let sign = if random.bool() { layout.sign() } else { 0 };
    sign | exponent << layout.fraction | fraction
}

fn any(layout: Layout, random: &mut fastrand::Rng) -> u64 {
    random.u64(..) & layout.mask()
}

/// Values alone.
pub fn values(layout: Layout) -> Vec<u64> {
    let mut random = fastrand::Rng::with_seed(SEED);
    if layout.exponent + layout.fraction < 8 {
        return (0..layout.sign() * 2).collect();
    }
    let mut values = edges(layout);
    values.extend((0..500).map(|_| short(layout, &mut random)));
    values.extend((0..500).map(|_| any(layout, &mut random)));
    values
}

/// Rows of one, two or three values.
pub fn rows(layout: Layout, count: usize) -> Vec<Vec<u64>> {
    let mut random = fastrand::Rng::with_seed(SEED + count as u64);
    let edges = edges(layout);
    let mut rows: Vec<Vec<u64>> = Vec::new();
    match count {
        1 => return values(layout).into_iter().map(|value| vec![value]).collect(),
        2 => {
            for &a in &edges {
                rows.extend(edges.iter().filter(|_| random.u32(0..3) == 0).map(|&b| vec![a, b]));
            }
        }
        _ => {
            let mut edge = || random.choice(&edges).copied().unwrap();
            rows.extend((0..800).map(|_| vec![edge(), edge(), edge()]));
        }
    }
    for _ in 0..500 {
        rows.push((0..count).map(|_| short(layout, &mut random)).collect());
        rows.push((0..count).map(|_| any(layout, &mut random)).collect());
    }
    for _ in 0..300 {
        // The last one nearly takes away what the others make.
        let (a, b) = (short(layout, &mut random), short(layout, &mut random));
        let product = exact::product(layout.value(a), layout.value(b));
        let value = if count == 2 { layout.value(a) } else { product };
        let last = exact::round(&exact::exact(exact::negated(value)), layout, "rn");
        let last = (last ^ if random.bool() { layout.sign() } else { 0 }) + random.u64(0..2);
        rows.push(if count == 2 { vec![a, last] } else { vec![a, b, last] });
    }
    rows
}

/// Two values a register: each row with another one in the upper halves, every source as wide as `width` bits twice.
pub fn packed(rows: &[Vec<u64>], width: u32) -> Vec<Vec<u64>> {
    let other = |at: usize| &rows[(at * 7 + 3) % rows.len()];
    rows.iter()
        .enumerate()
        .map(|(at, row)| row.iter().zip(other(at)).map(|(low, high)| low | high << width).collect())
        .collect()
}

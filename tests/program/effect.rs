//! What an op of a random program does to the cells.

use fastrand::Rng;

/// How many 4-byte cells a program works on.
pub const CELLS: u32 = 24;

/// What an op does to the cells.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    Fill { first: u32, cells: u32, value: u32 },
    Copy { to: u32, from: u32, cells: u32 },
    Mix { a: u32, b: u32, k: u32 },
    Host { a: u32, k: u32 },
}

impl Effect {
    pub fn random(rng: &mut Rng) -> Effect {
        match rng.u32(0..8) {
            0..=1 => {
                let cells = rng.u32(1..4);
                Effect::Fill { first: rng.u32(0..=CELLS - cells), cells, value: rng.u32(..) }
            }
            2..=3 => {
                let cells = rng.u32(1..4);
                let (to, from) = (rng.u32(0..=CELLS - cells), rng.u32(0..=CELLS - cells));
                Effect::Copy { to, from, cells }
            }
            4..=6 => Effect::Mix { a: rng.u32(0..CELLS), b: rng.u32(0..CELLS), k: rng.u32(..) },
            _ => Effect::Host { a: rng.u32(0..CELLS), k: rng.u32(..) },
        }
    }

    pub fn apply(&self, cells: &mut [u32]) {
        match *self {
            Effect::Fill { first, cells: n, value } => cells[first as usize..][..n as usize].fill(value),
            Effect::Copy { to, from, cells: n } => {
                cells.copy_within(from as usize..(from + n) as usize, to as usize);
            }
            Effect::Mix { a, b, k } => {
                let (x, y) = (cells[a as usize], cells[b as usize]);
                cells[a as usize] = x.wrapping_mul(1664525).wrapping_add(y).wrapping_add(k);
            }
            Effect::Host { a, k } => cells[a as usize] = cells[a as usize].rotate_left(3) ^ k,
        }
    }

    pub fn reads(&self) -> Vec<u32> {
        match *self {
            Effect::Fill { .. } => vec![],
            Effect::Copy { from, cells, .. } => (from..from + cells).collect(),
            Effect::Mix { a, b, .. } => vec![a, b],
            Effect::Host { a, .. } => vec![a],
        }
    }

    pub fn writes(&self) -> Vec<u32> {
        match *self {
            Effect::Fill { first, cells, .. } => (first..first + cells).collect(),
            Effect::Copy { to, cells, .. } => (to..to + cells).collect(),
            Effect::Mix { a, .. } | Effect::Host { a, .. } => vec![a],
        }
    }

    /// Whether the order of the two shows.
    pub fn conflicts(&self, other: &Effect) -> bool {
        let touches = |a: &[u32], b: &[u32]| a.iter().any(|cell| b.contains(cell));
        touches(&self.writes(), &other.writes())
            || touches(&self.writes(), &other.reads())
            || touches(&self.reads(), &other.writes())
    }
}

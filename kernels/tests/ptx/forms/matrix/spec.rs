//! A matrix instruction's modifiers, read by the test itself.

use super::number::{self, Round};

/// What the words of a form say.
#[derive(Clone)]
pub struct Spec {
    pub text: String,
    pub shape: (usize, usize, usize),
    pub layouts: Vec<&'static str>,
    /// Of D, A, B and C for products; the one of a load or store.
    pub types: Vec<&'static str>,
    pub round: Round,
    pub satfinite: bool,
    /// `xor` or `and`
    pub bit_op: Option<&'static str>,
    pub space: Option<&'static str>,
    /// `mma`, `load` or `store` of a `wmma`.
    pub action: &'static str,
    /// `a`, `b`, `c` or `d` of a load or store.
    pub role: &'static str,
}

const TYPES: [&str; 13] =
    ["b1", "s4", "u4", "s8", "u8", "e4m3", "e5m2", "f16", "bf16", "tf32", "s32", "f32", "f64"];

fn one_of(words: &[&'static str], word: &str) -> Option<&'static str> {
    words.iter().find(|&&known| known == word).copied()
}

impl Spec {
    pub fn new(text: &str) -> Spec {
        let mut spec = Spec {
            text: text.to_owned(),
            shape: (8, 8, 0),
            layouts: Vec::new(),
            types: Vec::new(),
            round: Round::Nearest,
            satfinite: false,
            bit_op: None,
            space: None,
            action: "",
            role: "",
        };
        for word in text.split('.') {
            if let Some(ty) = one_of(&TYPES, word) {
                spec.types.push(ty);
            } else if let Some(layout) = one_of(&["row", "col"], word) {
                spec.layouts.push(layout);
            } else if let Some(round) = Round::named(word) {
                spec.round = round;
            } else if let Some(op) = one_of(&["xor", "and"], word) {
                spec.bit_op = Some(op);
            } else if let Some(space) = one_of(&["global", "shared", "shared::cta"], word) {
                spec.space = Some(space);
            } else if let Some(action) = one_of(&["mma", "load", "store"], word) {
                spec.action = action;
            } else if let Some(role) = one_of(&["a", "b", "c", "d"], word) {
                spec.role = role;
            } else if word == "satfinite" {
                spec.satfinite = true;
            } else if word.starts_with('m') && word.contains('k') {
                let numbers: Vec<usize> = word[1..].split(['n', 'k']).map(|n| n.parse().unwrap()).collect();
                spec.shape = (numbers[0], numbers[1], numbers[2]);
            }
        }
        // `wmma.mma` of halves names D and C alone.
        if let ("mma", [d, c]) = (spec.action, &spec.types[..]) {
            spec.types = vec![*d, "f16", "f16", *c];
        }
        spec
    }

    pub fn ty(&self, role: &str) -> &'static str {
        match (role, &self.types[..]) {
            (_, [only]) => only,
            ("d", types) => types[0],
            ("a", types) => types[1],
            ("b", types) => types[2],
            (_, types) => types[3],
        }
    }

    pub fn bits(&self, role: &str) -> usize {
        number::bits(self.ty(role))
    }

    /// Rows and columns.
    pub fn size(&self, role: &str) -> (usize, usize) {
        let (m, n, k) = self.shape;
        match role {
            "a" => (m, k),
            "b" => (k, n),
            _ => (m, n),
        }
    }

    pub fn wmma(&self) -> bool {
        self.text.starts_with("wmma")
    }

    /// Four products side by side.
    pub fn pairs(&self) -> bool {
        !self.wmma() && self.shape == (8, 8, 4) && self.ty("a") == "f16"
    }

    pub fn products(&self) -> usize {
        if self.pairs() { 4 } else { 1 }
    }

    /// Bits of a register, its prefix, and its type in loads and stores.
    pub fn register(&self, role: &str) -> (usize, &'static str, &'static str) {
        match self.ty(role) {
            "f64" => (64, "%y", "f64"),
            "f32" => (32, "%x", "f32"),
            _ => (32, "%r", "b32"),
        }
    }

    /// Registers of a lane, as PTX lists them.
    pub fn registers(&self, role: &str) -> usize {
        if self.wmma() && self.ty(role) == "f16" && matches!(role, "a" | "b") {
            return 8;
        }
        let (rows, columns) = self.size(role);
        rows * columns * self.products() * self.bits(role) / 32 / self.register(role).0
    }
}

/// A matrix, row by row: bits of its elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    pub columns: usize,
    pub bits: Vec<u64>,
}

impl Grid {
    pub fn new((rows, columns): (usize, usize)) -> Grid {
        Grid { columns, bits: vec![0; rows * columns] }
    }

    pub fn at(&mut self, row: usize, column: usize) -> &mut u64 {
        assert!(column < self.columns);
        &mut self.bits[row * self.columns + column]
    }

    fn row(&self, row: usize) -> &[u64] {
        &self.bits[row * self.columns..][..self.columns]
    }

    fn column(&self, column: usize) -> impl Iterator<Item = u64> {
        self.bits.iter().skip(column).step_by(self.columns).copied()
    }
}

/// D, as plain Rust says it: floats rounded once, doubles a chain of fused steps, integers exact.
pub fn product(spec: &Spec, a: &Grid, b: &Grid, c: &Grid) -> Grid {
    let (m, n, _) = spec.shape;
    let mut d = Grid::new((m, n));
    for i in 0..m {
        for j in 0..n {
            let pairs = a.row(i).iter().copied().zip(b.column(j));
            let (ta, tb, tc, td) = (spec.ty("a"), spec.ty("b"), spec.ty("c"), spec.ty("d"));
            let start = c.bits[i * n + j];
            *d.at(i, j) = if td == "s32" {
                let sum: i64 = pairs
                    .map(|(x, y)| match spec.bit_op {
                        Some("xor") => i64::from(x != y),
                        Some(_) => i64::from(x == 1 && y == 1),
                        None => number::integer(ta, x) * number::integer(tb, y),
                    })
                    .sum();
                let sum = sum + number::integer(tc, start);
                let sum = if spec.satfinite { sum.clamp(-0x8000_0000, 0x7fff_ffff) } else { sum };
                u64::from(sum as u32)
            } else if td == "f64" {
                let step =
                    |sum: f64, (x, y)| number::fma(f64::from_bits(x), f64::from_bits(y), sum, spec.round);
                pairs.fold(f64::from_bits(start), step).to_bits()
            } else {
                let (x, y): (Vec<f64>, Vec<f64>) =
                    pairs.map(|(x, y)| (number::float(ta, x), number::float(tb, y))).unzip();
                number::dot(&x, &y, number::float(tc, start), td, spec.satfinite)
            };
        }
    }
    d
}

/// Whether results are the same; doubles that are NaN have any form.
pub fn same(spec: &Spec, found: &Grid, expected: &Grid) -> bool {
    let nan = |bits: u64| spec.ty("d") == "f64" && f64::from_bits(bits).is_nan();
    found.bits.iter().zip(&expected.bits).all(|(&a, &b)| a == b || (nan(a) && nan(b)))
}

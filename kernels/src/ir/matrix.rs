//! Matrices spread over the registers of a warp: which products exist, and which lane holds which element.
//!
//! PTX fixes the fragments of `mma`; those of `wmma` are nobody's business but ours, so they are the same ones, repeated
//! over the larger shapes. One map serves both.

use std::fmt::{self, Display, Formatter};

use super::Rounding;
use Element::{B1, Bf16, E4m3, E5m2, F16, F32, F64, S4, S8, S32, Tf32, U4, U8};

/// What a matrix is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Element {
    B1,
    S4,
    U4,
    S8,
    U8,
    E4m3,
    E5m2,
    F16,
    Bf16,
    /// The upper 19 bits of an `f32`.
    Tf32,
    S32,
    F32,
    F64,
}

/// Every element with its name and its bits.
const ELEMENTS: &[(Element, &str, u32)] = &[
    (B1, "b1", 1),
    (S4, "s4", 4),
    (U4, "u4", 4),
    (S8, "s8", 8),
    (U8, "u8", 8),
    (E4m3, "e4m3", 8),
    (E5m2, "e5m2", 8),
    (F16, "f16", 16),
    (Bf16, "bf16", 16),
    (Tf32, "tf32", 32),
    (S32, "s32", 32),
    (F32, "f32", 32),
    (F64, "f64", 64),
];

impl Element {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Element> {
        ELEMENTS.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        ELEMENTS.iter().find(|row| row.0 == self).map_or("?", |row| row.1)
    }

    /// Its width in memory and in registers.
    pub fn bits(self) -> u32 {
        ELEMENTS.iter().find(|row| row.0 == self).map_or(32, |row| row.2)
    }

    /// The width of a register that holds one or more.
    pub fn register_bits(self) -> u32 {
        self.bits().max(32)
    }

    /// How many a register holds.
    pub fn per_register(self) -> usize {
        (self.register_bits() / self.bits()) as usize
    }
}

/// A is m × k, B is k × n, C and D are m × n.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Shape {
    pub m: u16,
    pub n: u16,
    pub k: u16,
}

impl Shape {
    /// The one of a name like `m16n8k16`.
    pub fn named(name: &str) -> Option<Shape> {
        let (m, rest) = name.strip_prefix('m')?.split_once('n')?;
        let (n, k) = rest.split_once('k')?;
        Some(Shape { m: m.parse().ok()?, n: n.parse().ok()?, k: k.parse().ok()? })
    }
}

/// Which matrix of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Role {
    A,
    B,
    C,
    D,
}

/// Which elements are neighbours: those of a row, or those of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Layout {
    Row,
    Col,
}

/// Whose instruction it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Family {
    Mma,
    Wmma,
}

/// How single bits are combined before they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BitOp {
    Xor,
    And,
}

/// D = A · B + C
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    /// Whose.
    pub family: Family,
    /// How large.
    pub shape: Shape,
    /// Of A, B, C and D.
    pub elements: [Element; 4],
    /// Of A and B.
    pub layouts: [Layout; 2],
    /// Of each step of an `f64` product.
    pub rounding: Rounding,
    /// Integers stop at the ends of their range; floats at the largest number, and NaN is 0.
    pub satfinite: bool,
    /// Of single bits.
    pub bits: Option<BitOp>,
}

/// Products that differ only in what is listed.
struct Row {
    family: Family,
    shapes: &'static [(u16, u16, u16)],
    /// Elements of A and B.
    factors: &'static [Element],
    /// A and B may differ.
    mixed: bool,
    /// Elements of C and D.
    sums: &'static [(Element, Element)],
    /// Any layouts; else A by rows and B by columns.
    any_layout: bool,
}

const LARGE: &[(u16, u16, u16)] = &[(16, 16, 16), (8, 32, 16), (32, 8, 16)];
const SINGLE: &[(Element, Element)] = &[(F32, F32)];
const WORDS: &[(Element, Element)] = &[(S32, S32)];
const SAME: &[(Element, Element)] = &[(F16, F16), (F32, F32)];

const fn mma(
    shapes: &'static [(u16, u16, u16)],
    factors: &'static [Element],
    mixed: bool,
    sums: &'static [(Element, Element)],
    any_layout: bool,
) -> Row {
    Row { family: Family::Mma, shapes, factors, mixed, sums, any_layout }
}

const fn wmma(
    shapes: &'static [(u16, u16, u16)],
    factors: &'static [Element],
    sums: &'static [(Element, Element)],
    any_layout: bool,
) -> Row {
    Row { family: Family::Wmma, shapes, factors, mixed: false, sums, any_layout }
}

/// Every product there is. // table
const PRODUCTS: &[Row] = &[
    mma(&[(8, 8, 4)], &[F16], false, &[(F16, F16), (F16, F32), (F32, F32)], true),
    mma(&[(16, 8, 8), (16, 8, 16)], &[F16], false, SAME, false),
    mma(&[(16, 8, 8), (16, 8, 16)], &[Bf16], false, SINGLE, false),
    mma(&[(16, 8, 4), (16, 8, 8)], &[Tf32], false, SINGLE, false),
    mma(&[(16, 8, 16), (16, 8, 32)], &[E4m3, E5m2], true, SAME, false),
    mma(&[(8, 8, 4), (16, 8, 4), (16, 8, 8), (16, 8, 16)], &[F64], false, &[(F64, F64)], false),
    mma(&[(8, 8, 16), (16, 8, 16), (16, 8, 32)], &[S8, U8], true, WORDS, false),
    mma(&[(8, 8, 32), (16, 8, 32), (16, 8, 64)], &[S4, U4], true, WORDS, false),
    mma(&[(8, 8, 128), (16, 8, 128), (16, 8, 256)], &[B1], false, WORDS, false),
    wmma(LARGE, &[F16], &[(F16, F16), (F16, F32), (F32, F16), (F32, F32)], true),
    wmma(LARGE, &[Bf16], SINGLE, true),
    wmma(&[(16, 16, 8)], &[Tf32], SINGLE, true),
    wmma(LARGE, &[S8, U8], WORDS, true),
    wmma(&[(8, 8, 4)], &[F64], &[(F64, F64)], true),
    wmma(&[(8, 8, 32)], &[S4, U4], WORDS, false),
    wmma(&[(8, 8, 128)], &[B1], WORDS, false),
];

impl Row {
    fn has_shape(&self, family: Family, shape: Shape) -> bool {
        self.family == family && self.shapes.contains(&(shape.m, shape.n, shape.k))
    }
}

impl Product {
    /// Whether PTX has it.
    pub fn exists(&self) -> bool {
        let [a, b, c, d] = self.elements;
        let found = PRODUCTS.iter().any(|row| {
            row.has_shape(self.family, self.shape)
                && row.factors.contains(&a)
                && row.factors.contains(&b)
                && (row.mixed || a == b)
                && row.sums.contains(&(c, d))
                && (row.any_layout || self.layouts == [Layout::Row, Layout::Col])
        });
        let finite = matches!(a, S8 | U8 | S4 | U4) || (a == F16 && self.family == Family::Wmma);
        found
            && (self.bits.is_some() == (a == B1))
            && (self.rounding == Rounding::Nearest || a == F64)
            && (finite || !self.satfinite)
    }

    /// Where the elements of one of its matrices are.
    pub fn fragment(&self, role: Role) -> Fragment {
        let element = self.elements[role as usize];
        let factor = self.elements[0];
        let pairs = self.family == Family::Mma && factor == F16 && (self.shape == Shape { m: 8, n: 8, k: 4 });
        let map = match role {
            _ if !pairs => Map::Quads,
            Role::A => Map::Pairs(self.layouts[0]),
            Role::B => Map::Pairs(self.layouts[1]),
            Role::C | Role::D => Map::Pairs(Layout::Row),
        };
        Fragment { family: self.family, shape: self.shape, role, element, map }
    }
}

/// Which lane holds what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Map {
    /// Eight groups of four lanes: a group has a row of A and C and a column of B.
    Quads,
    /// Four products side by side, each of lanes 4i to 4i+3 and the same plus 16: `m8n8k4` of halves.
    Pairs(Layout),
}

/// Where an element is in its matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Place {
    /// Which of the products that are done side by side.
    pub product: usize,
    pub row: usize,
    pub column: usize,
}

/// One matrix of a product, spread over registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Fragment {
    pub family: Family,
    pub shape: Shape,
    pub role: Role,
    pub element: Element,
    pub map: Map,
}

impl Fragment {
    /// Rows and columns.
    pub fn size(&self) -> (usize, usize) {
        let Shape { m, n, k } = self.shape;
        let (rows, columns) = match self.role {
            Role::A => (m, k),
            Role::B => (k, n),
            Role::C | Role::D => (m, n),
        };
        (usize::from(rows), usize::from(columns))
    }

    /// Products side by side.
    pub fn products(&self) -> usize {
        if self.map == Map::Quads { 1 } else { 4 }
    }

    /// Registers it would take with each element once.
    fn distinct(&self) -> usize {
        let (rows, columns) = self.size();
        let elements = rows * columns * self.products();
        (elements / (32 * self.element.per_register())).max(1)
    }

    /// Registers of a lane. `wmma` always has eight for halves of A and B, so elements lie there up to four times.
    pub fn registers(&self) -> usize {
        let halves = self.family == Family::Wmma && self.element == F16;
        if halves && matches!(self.role, Role::A | Role::B) { 8 } else { self.distinct() }
    }

    /// What a lane holds at a place of a register.
    pub fn place(&self, lane: usize, register: usize, element: usize) -> Place {
        let register = register % self.distinct();
        let index = register * self.element.per_register() + element;
        match self.map {
            Map::Quads => self.quads(lane, register, element),
            Map::Pairs(layout) => self.pairs(lane, index, layout),
        }
    }

    fn quads(&self, lane: usize, register: usize, element: usize) -> Place {
        let (group, thread) = (lane / 4, lane % 4);
        let (rows, _) = self.size();
        let per = self.element.per_register();
        let (row, column) = match self.role {
            // Tiles of 8 rows and 4 registers; those one above the other come first.
            Role::A => {
                let (down, right) = (register % (rows / 8), register / (rows / 8));
                (down * 8 + group, (right * 4 + thread) * per + element)
            }
            Role::B => {
                let tall = (rows / (4 * per)).max(1);
                let (down, right) = (register % tall, register / tall);
                ((down * 4 + thread) * per + element, right * 8 + group)
            }
            // Two neighbours of a row, in one register or in two.
            Role::C | Role::D => {
                let index = register * per + element;
                let (down, right) = (index / 2 % (rows / 8), index / 2 / (rows / 8));
                (down * 8 + group, right * 8 + thread * 2 + index % 2)
            }
        };
        Place { product: 0, row, column }
    }

    fn pairs(&self, lane: usize, index: usize, layout: Layout) -> Place {
        let (product, high, within) = (lane / 4 % 4, lane / 16 * 4, lane % 4);
        let (row, column) = match (self.role, layout) {
            (Role::A, Layout::Row) => (within + high, index),
            (Role::A, Layout::Col) => (index + high, within),
            (Role::B, Layout::Row) => (within, index + high),
            (Role::B, Layout::Col) => (index, within + high),
            (Role::C | Role::D, _) if self.element == F16 => (within + high, index),
            (Role::C | Role::D, _) => {
                ((lane & 1) + (index & 2) + high, (index & 4) + (lane & 2) + (index & 1))
            }
        };
        Place { product, row, column }
    }
}

/// How matrices lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tiles {
    /// One matrix of a `wmma`, every row or column a stride behind the one before.
    One(Fragment, Layout),
    /// One, two or four of 8 × 8 elements of 16 bits: each lane has the address of a row.
    Rows {
        /// Lanes hold columns.
        transposed: bool,
    },
}

impl Tiles {
    /// Whether PTX has this many registers of it.
    pub fn exists(&self, registers: usize) -> bool {
        let Tiles::One(fragment, layout) = self else { return matches!(registers, 1 | 2 | 4) };
        let found = PRODUCTS.iter().any(|row| {
            let (elements, own) = match fragment.role {
                Role::A => (row.factors.contains(&fragment.element), Layout::Row),
                Role::B => (row.factors.contains(&fragment.element), Layout::Col),
                Role::C => (row.sums.iter().any(|sum| sum.0 == fragment.element), *layout),
                Role::D => (row.sums.iter().any(|sum| sum.1 == fragment.element), *layout),
            };
            row.has_shape(Family::Wmma, fragment.shape) && elements && (row.any_layout || own == *layout)
        });
        found && fragment.family == Family::Wmma && registers == fragment.registers()
    }
}

fn lower(value: impl fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

impl Display for Shape {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "m{}n{}k{}", self.m, self.n, self.k)
    }
}

impl Display for Product {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [row, column] = self.layouts.map(lower);
        write!(f, "{}.{}.{row}.{column}", lower(self.family), self.shape)?;
        for element in self.elements {
            write!(f, ".{}", element.name())?;
        }
        match self.rounding {
            Rounding::Nearest => {}
            rounding => write!(f, ".{}", lower(rounding))?,
        }
        if self.satfinite {
            write!(f, ".satfinite")?;
        }
        self.bits.map_or(Ok(()), |bits| write!(f, ".{}.popc", lower(bits)))
    }
}

impl Display for Tiles {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Tiles::One(fragment, layout) => {
                let Fragment { shape, role, element, .. } = fragment;
                write!(f, "matrix.{}.{shape}.{}.{}", lower(role), lower(layout), element.name())
            }
            Tiles::Rows { transposed: false } => write!(f, "rows"),
            Tiles::Rows { transposed: true } => write!(f, "columns"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::op::{End, Inst, Op, Operand, Reg, Space};
    use super::super::verify::verify;
    use super::super::{Block, Function};
    use super::*;

    #[test]
    fn fragments_hold_every_element_equally_often() {
        for row in PRODUCTS {
            for &(m, n, k) in row.shapes {
                for (role, element) in [Role::A, Role::B]
                    .into_iter()
                    .flat_map(|role| row.factors.iter().map(move |&element| (role, element)))
                    .chain(row.sums.iter().map(|sum| (Role::C, sum.0)))
                {
                    let product = Product {
                        family: row.family,
                        shape: Shape { m, n, k },
                        elements: [
                            if role == Role::C { row.factors[0] } else { element },
                            element,
                            element,
                            element,
                        ],
                        layouts: [Layout::Row, Layout::Col],
                        rounding: Rounding::Nearest,
                        satfinite: false,
                        bits: None,
                    };
                    let fragment = product.fragment(role);
                    let (rows, columns) = fragment.size();
                    let mut seen = vec![0; fragment.products() * rows * columns];
                    for lane in 0..32 {
                        for register in 0..fragment.registers() {
                            for at in 0..element.per_register() {
                                let place = fragment.place(lane, register, at);
                                assert!(place.row < rows && place.column < columns, "{fragment:?} {place:?}");
                                seen[(place.product * rows + place.row) * columns + place.column] += 1;
                            }
                        }
                    }
                    assert!(
                        seen.iter().all(|&count| count == seen[0] && count > 0),
                        "{fragment:?}: {seen:?}"
                    );
                }
            }
        }
    }

    /// A kernel with 12 registers of 32 bits that does one thing.
    fn function(op: Op) -> Function {
        let block = Block { insts: vec![Inst { op, guard: None, line: 1 }], end: End::Exit, line: 1 };
        Function {
            name: "k".to_owned(),
            kernel: true,
            registers: vec![32; 12],
            blocks: vec![block],
            shared: Vec::new(),
            parameters: Vec::new(),
            results: Vec::new(),
            frame_bytes: 0,
            frame_align: 16,
            variables: Vec::new(),
        }
    }

    #[test]
    fn ops_are_printed_and_checked() {
        let product = Product {
            family: Family::Mma,
            shape: Shape { m: 16, n: 8, k: 8 },
            elements: [F16, F16, F32, F32],
            layouts: [Layout::Row, Layout::Col],
            rounding: Rounding::Nearest,
            satfinite: false,
            bits: None,
        };
        let op = |product: &Product, sources: u32| Op::Matrix {
            product: Box::new(*product),
            to: (0..4).map(Reg).collect(),
            from: (4..4 + sources).map(|at| Operand::Reg(Reg(at))).collect(),
        };
        let right = op(&product, 7);
        assert_eq!(
            right.to_string(),
            "%0, %1, %2, %3 = mma.m16n8k8.row.col.f16.f16.f32.f32 %4, %5, %6, %7, %8, %9, %10"
        );
        assert_eq!(verify(&function(right)), Ok(()));
        assert!(verify(&function(op(&product, 6))).is_err());
        assert!(verify(&function(op(&product, 8))).is_err());
        assert!(verify(&function(op(&Product { satfinite: true, ..product }, 7))).is_err());
        assert!(verify(&function(op(&Product { layouts: [Layout::Row; 2], ..product }, 7))).is_err());
        let load = |tiles, count| Op::MatrixLoad {
            space: Space::Shared,
            tiles,
            to: (0..count).map(Reg).collect(),
            address: Operand::Imm(64),
            offset: 8,
            stride: Operand::Imm(16),
        };
        let wmma = Product { family: Family::Wmma, shape: Shape { m: 16, n: 16, k: 16 }, ..product };
        let tiles = Tiles::One(wmma.fragment(Role::A), Layout::Col);
        let text = "matrix.a.m16n16k16.col.f16.shared [64+8], 16";
        assert!(load(tiles, 8).to_string().ends_with(text), "{}", load(tiles, 8));
        assert_eq!(verify(&function(load(tiles, 8))), Ok(()));
        assert!(verify(&function(load(tiles, 4))).is_err());
        assert_eq!(verify(&function(load(Tiles::Rows { transposed: true }, 2))), Ok(()));
        assert!(verify(&function(load(Tiles::Rows { transposed: true }, 3))).is_err());
    }
}

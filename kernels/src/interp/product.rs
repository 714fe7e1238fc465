//! The meaning of D = A · B + C. See README.md, "Matrices".

use super::exact::{self, COLUMNS};
use super::lanes::{Lanes, Meaning, WARP};
use super::meaning::{each, meaning};
use super::soft::{self, BF16, E4M3, E5M2, F16, F32};
use crate::ir::compute::{Compute, Float};
use crate::ir::matrix::{BitOp, Element, Fragment, Product, Role};
use crate::ir::{Mode, Rounding, Type};

/// A kind of product, and where each element of a register goes.
#[derive(Debug)]
pub struct Multiply {
    product: Product,
    a: Spread,
    b: Spread,
    c: Spread,
    d: Spread,
    /// Products side by side.
    count: usize,
    /// One step of a product of doubles.
    fma: Option<Meaning>,
}

/// For each element, register by register and lane by lane, its index in the matrix.
#[derive(Debug)]
struct Spread {
    element: Element,
    registers: usize,
    indices: Vec<u16>,
    /// Of the whole matrix.
    size: usize,
}

impl Spread {
    /// B lies in blocks of columns, each row by row; the others row by row.
    fn new(fragment: &Fragment) -> Spread {
        let (rows, columns) = fragment.size();
        let (registers, per) = (fragment.registers(), fragment.element.per_register());
        let mut indices = Vec::with_capacity(registers * WARP * per);
        for register in 0..registers {
            for lane in 0..WARP {
                for element in 0..per {
                    let at = fragment.place(lane, register, element);
                    let within = match fragment.role {
                        Role::B => (at.column / COLUMNS * rows + at.row) * COLUMNS + at.column % COLUMNS,
                        _ => at.row * columns + at.column,
                    };
                    indices.push((at.product * rows * columns + within) as u16);
                }
            }
        }
        Spread { element: fragment.element, registers, indices, size: fragment.products() * rows * columns }
    }

    /// The matrix out of registers.
    fn gather<T: Copy + Default>(&self, registers: &[Lanes], value: impl Fn(u64) -> T) -> Vec<T> {
        let mut matrix = vec![T::default(); self.size];
        let (bits, per) = (self.element.bits(), self.element.per_register());
        let mask = u64::MAX >> (64 - bits);
        let values = registers.iter().flatten();
        for (&register, indices) in values.zip(self.indices.chunks_exact(per)) {
            for (element, &index) in (0..).zip(indices) {
                matrix[usize::from(index)] = value(register >> (element * bits) & mask);
            }
        }
        matrix
    }

    /// Registers out of the matrix.
    fn scatter(&self, matrix: &[u64]) -> Vec<Lanes> {
        let mut registers = vec![[0; WARP]; self.registers];
        let (bits, per) = (self.element.bits(), self.element.per_register());
        let values = registers.iter_mut().flatten();
        for (register, indices) in values.zip(self.indices.chunks_exact(per)) {
            for (element, &index) in (0..).zip(indices) {
                *register |= matrix[usize::from(index)] << (element * bits);
            }
        }
        registers
    }
}

impl Multiply {
    /// Prepares a product.
    pub fn new(product: &Product) -> Multiply {
        let mode = Mode { rounding: product.rounding, ..Mode::default() };
        let spread = |role| Spread::new(&product.fragment(role));
        Multiply {
            product: *product,
            a: spread(Role::A),
            b: spread(Role::B),
            c: spread(Role::C),
            d: spread(Role::D),
            count: product.fragment(Role::A).products(),
            fma: meaning(Compute::Float(Float::Fma, Type::F64, mode)),
        }
    }

    /// D out of A, B and C; `None` if the registers are not as many as they must be, or there is no such product.
    pub fn run(&self, sources: &[Lanes]) -> Option<Vec<Lanes>> {
        let (a, rest) = sources.split_at_checked(self.a.registers)?;
        let (b, c) = rest.split_at_checked(self.b.registers)?;
        if c.len() != self.c.registers {
            return None;
        }
        let matrix = match self.a.element {
            Element::F64 => self.doubles(a, b, c)?,
            Element::B1 | Element::S4 | Element::U4 | Element::S8 | Element::U8 => self.integers(a, b, c),
            _ => self.floats(a, b, c),
        };
        Some(self.d.scatter(&matrix))
    }

    /// Rows of A, each with blocks of columns of B one after the other: in the order of D.
    fn each<'m, T>(
        &self,
        a: &'m [T],
        b: &'m [T],
    ) -> impl Iterator<Item = (&'m [T], &'m [[T; COLUMNS]])> + use<'m, T> {
        let k = usize::from(self.product.shape.k);
        let rows = a.chunks_exact(a.len() / self.count);
        let columns = b.chunks_exact(b.len() / self.count).map(|b| b.as_chunks::<COLUMNS>().0);
        rows.zip(columns).flat_map(move |(a, b)| {
            a.chunks_exact(k).flat_map(move |row| b.chunks_exact(k).map(move |block| (row, block)))
        })
    }

    fn floats(&self, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> Vec<u64> {
        let a = self.a.gather(a, |bits| widen(bits, self.a.element));
        let b = self.b.gather(b, |bits| widen(bits, self.b.element));
        let c = self.c.gather(c, |bits| widen(bits, self.c.element));
        let starts = c.as_chunks::<COLUMNS>().0;
        let sums = self.each(&a, &b).zip(starts).flat_map(|((row, block), &c)| exact::dots(row, block, c));
        let (element, satfinite) = (self.d.element, self.product.satfinite);
        sums.map(|sum| narrow(sum, element, satfinite)).collect()
    }

    fn integers(&self, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> Vec<u64> {
        let a = self.a.gather(a, |bits| signed(bits, self.a.element));
        let b = self.b.gather(b, |bits| signed(bits, self.b.element));
        let c = self.c.gather(c, |bits| i64::from(bits as u32 as i32));
        let dots = self.each(&a, &b).flat_map(|(row, block)| match self.product.bits {
            None => integer_dots(row, block, |a, b| a * b),
            Some(BitOp::Xor) => integer_dots(row, block, |a, b| a ^ b),
            Some(BitOp::And) => integer_dots(row, block, |a, b| a & b),
        });
        let sums = dots.zip(c).map(|(dot, c)| i64::from(dot) + c);
        let clamp = |sum: i64| sum.clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        let satfinite = self.product.satfinite;
        sums.map(|sum| if satfinite { clamp(sum) } else { sum }).map(|sum| u64::from(sum as u32)).collect()
    }

    /// A chain of fused steps for each number of D, 32 of them at a time.
    fn doubles(&self, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> Option<Vec<u64>> {
        let step = self.fma?;
        let a = self.a.gather(a, |bits| bits);
        let b = self.b.gather(b, |bits| bits);
        let mut d = self.c.gather(c, |bits| bits);
        let blocks: Vec<(&[u64], &[[u64; COLUMNS]])> = self.each(&a, &b).collect();
        for (blocks, d) in blocks.chunks_exact(WARP / COLUMNS).zip(d.as_chunks_mut::<WARP>().0) {
            for k in 0..usize::from(self.product.shape.k) {
                let sum = *d;
                let a: Lanes = std::array::from_fn(|lane| blocks[lane / COLUMNS].0[k]);
                let b: Lanes = std::array::from_fn(|lane| blocks[lane / COLUMNS].1[k][lane % COLUMNS]);
                match step {
                    Meaning::Three(run) => run(d, &a, &b, &sum),
                    Meaning::Each(step) => *d = std::array::from_fn(|at| each(step, [a[at], b[at], sum[at]])),
                    _ => return None,
                }
            }
        }
        Some(d)
    }
}

/// Sums for each column; so many factors of so few bits never leave 32.
fn integer_dots(row: &[i32], columns: &[[i32; COLUMNS]], step: impl Fn(i32, i32) -> i32) -> [i32; COLUMNS] {
    let mut sums = [0; COLUMNS];
    for (&a, b) in row.iter().zip(columns) {
        sums.iter_mut().zip(b).for_each(|(sum, &b)| *sum += step(a, b));
    }
    sums
}

fn widen(bits: u64, element: Element) -> f64 {
    match element {
        Element::F16 => soft::widen(bits, F16),
        Element::Bf16 => soft::widen(bits, BF16),
        Element::E4m3 => soft::widen(bits, E4M3),
        Element::E5m2 => soft::widen(bits, E5M2),
        Element::Tf32 => f64::from(f32::from_bits(bits as u32 & !0x1fff)),
        _ => f64::from(f32::from_bits(bits as u32)),
    }
}

/// The one rounding.
fn narrow(sum: f64, element: Element, satfinite: bool) -> u64 {
    let format = if element == Element::F16 { F16 } else { F32 };
    let bits = soft::narrow(sum, format, Rounding::Nearest);
    match satfinite {
        true if format.is_nan(bits) => 0,
        true if format.is_infinite(bits) => bits - 1,
        _ => bits,
    }
}

fn signed(bits: u64, element: Element) -> i32 {
    match element {
        Element::S8 => i32::from(bits as i8),
        Element::S4 => (bits as i32) << 28 >> 28,
        _ => bits as i32,
    }
}

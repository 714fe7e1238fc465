//! The meaning of D = A · B + C. See README.md, "Matrices".

use super::exact::{self, COLUMNS};
use super::lanes::{Lanes, Meaning, WARP};
use super::meaning::{each, meaning};
use super::soft::{self, BF16, E4M3, E5M2, F16, F32};
use crate::ir::compute::{Compute, Float};
use crate::ir::matrix::{BitOp, Element, Fragment, Product, Role};
use crate::ir::{Mode, Rounding, Type};

/// Registers and matrices of one step. It is kept for the next: steps take no memory of their own.
#[derive(Debug, Default)]
pub struct Room {
    /// Registers that are read.
    pub sources: Vec<Lanes>,
    /// Registers that are written.
    pub results: Vec<Lanes>,
    floats: [Vec<f64>; 3],
    integers: [Vec<i32>; 3],
    doubles: [Vec<u64>; 2],
    /// D, as the bits of its elements.
    d: Vec<u64>,
}

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
    fn gather<T: Copy + Default>(&self, registers: &[Lanes], matrix: &mut Vec<T>, value: impl Fn(u64) -> T) {
        matrix.clear();
        matrix.resize(self.size, T::default());
        let (bits, per) = (self.element.bits(), self.element.per_register());
        let mask = u64::MAX >> (64 - bits);
        let values = registers.iter().flatten();
        for (&register, indices) in values.zip(self.indices.chunks_exact(per)) {
            for (element, &index) in (0..).zip(indices) {
                matrix[usize::from(index)] = value(register >> (element * bits) & mask);
            }
        }
    }

    /// Registers out of the matrix.
    fn scatter(&self, matrix: &[u64], registers: &mut Vec<Lanes>) {
        registers.clear();
        registers.resize(self.registers, [0; WARP]);
        let (bits, per) = (self.element.bits(), self.element.per_register());
        let values = registers.iter_mut().flatten();
        for (register, indices) in values.zip(self.indices.chunks_exact(per)) {
            for (element, &index) in (0..).zip(indices) {
                *register |= matrix[usize::from(index)] << (element * bits);
            }
        }
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

    /// D out of A, B and C: results out of sources. False if these are not as many as they must be, or there is no such
    /// product.
    pub fn run(&self, room: &mut Room) -> bool {
        let (a, b) = (self.a.registers, self.a.registers + self.b.registers);
        if room.sources.len() != b + self.c.registers {
            return false;
        }
        let sources = std::mem::take(&mut room.sources);
        let (a, b, c) = (&sources[..a], &sources[a..b], &sources[b..]);
        let done = match self.a.element {
            Element::F64 => self.doubles(room, a, b, c),
            Element::B1 | Element::S4 | Element::U4 | Element::S8 | Element::U8 => {
                self.integers(room, a, b, c)
            }
            _ => self.floats(room, a, b, c),
        };
        self.d.scatter(&room.d, &mut room.results);
        room.sources = sources;
        done
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

    fn floats(&self, room: &mut Room, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> bool {
        let Room { floats: [ma, mb, mc], d, .. } = room;
        self.a.gather(a, ma, |bits| widen(bits, self.a.element));
        self.b.gather(b, mb, |bits| widen(bits, self.b.element));
        self.c.gather(c, mc, |bits| widen(bits, self.c.element));
        let starts = mc.as_chunks::<COLUMNS>().0;
        let sums = self.each(ma, mb).zip(starts).flat_map(|((row, block), &c)| exact::dots(row, block, c));
        let (element, satfinite) = (self.d.element, self.product.satfinite);
        d.clear();
        d.extend(sums.map(|sum| narrow(sum, element, satfinite)));
        true
    }

    fn integers(&self, room: &mut Room, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> bool {
        let Room { integers: [ma, mb, mc], d, .. } = room;
        self.a.gather(a, ma, |bits| signed(bits, self.a.element));
        self.b.gather(b, mb, |bits| signed(bits, self.b.element));
        self.c.gather(c, mc, |bits| bits as i32);
        let dots = self.each(ma, mb).flat_map(|(row, block)| match self.product.bits {
            None => integer_dots(row, block, |a, b| a * b),
            Some(BitOp::Xor) => integer_dots(row, block, |a, b| a ^ b),
            Some(BitOp::And) => integer_dots(row, block, |a, b| a & b),
        });
        let satfinite = self.product.satfinite;
        let sum =
            |(dot, &c): (i32, &i32)| if satfinite { dot.saturating_add(c) } else { dot.wrapping_add(c) };
        d.clear();
        d.extend(dots.zip(&*mc).map(sum).map(|sum| u64::from(sum as u32)));
        true
    }

    /// A chain of fused steps for each number of D, 32 of them at a time.
    fn doubles(&self, room: &mut Room, a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> bool {
        let Room { doubles: [ma, mb], d, .. } = room;
        self.a.gather(a, ma, |bits| bits);
        self.b.gather(b, mb, |bits| bits);
        self.c.gather(c, d, |bits| bits);
        let (n, k) = (usize::from(self.product.shape.n), usize::from(self.product.shape.k));
        for (chunk, d) in d.as_chunks_mut::<WARP>().0.iter_mut().enumerate() {
            for step in 0..k {
                let sum = *d;
                let place = |lane: usize| ((chunk * WARP + lane) / n, (chunk * WARP + lane) % n);
                let a: Lanes = std::array::from_fn(|lane| ma[place(lane).0 * k + step]);
                let b: Lanes = std::array::from_fn(|lane| {
                    let column = place(lane).1;
                    mb[(column / COLUMNS * k + step) * COLUMNS + column % COLUMNS]
                });
                match self.fma {
                    Some(Meaning::Three(run)) => run(d, &a, &b, &sum),
                    Some(Meaning::Each(fma)) => {
                        *d = std::array::from_fn(|at| each(fma, [a[at], b[at], sum[at]]))
                    }
                    _ => return false,
                }
            }
        }
        true
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

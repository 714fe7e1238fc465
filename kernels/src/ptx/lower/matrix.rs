//! Matrix instructions of a warp: `mma`, `wmma`, `ldmatrix`, `stmatrix`, `movmatrix`.
//!
//! Compilers do not agree on the order of modifiers, and none has two meanings, so they are read in any order; only
//! elements and layouts stand for one matrix after the other. Which combinations exist is said by `ir::matrix`.

use smallvec::SmallVec;

use super::Refusal;
use super::memory;
use super::operand::Width;
use super::step::{Done, Step};
use crate::interp;
use crate::ir::compute::{Compute, Float};
use crate::ir::matrix::{BitOp, Element, Family, Fragment, Layout, Map, Product, Role, Shape, Tiles};
use crate::ir::op::Space;
use crate::ir::{Mode, Op, Operand, Reg, Rounding, Type};

type S<'b, 's, 'm, 'a> = Step<'b, 's, 'm, 'a>;

const ROUNDINGS: &[(&str, Rounding)] =
    &[("rn", Rounding::Nearest), ("rz", Rounding::Zero), ("rm", Rounding::Down), ("rp", Rounding::Up)];

const SPACES: &[(&str, Space)] =
    &[("global", Space::Global), ("shared", Space::Shared), ("shared::cta", Space::Shared)];

/// The modifiers of a matrix instruction.
#[derive(Default)]
struct Words<'a> {
    shape: Option<Shape>,
    elements: SmallVec<[Element; 4]>,
    layouts: SmallVec<[Layout; 2]>,
    rounding: Option<Rounding>,
    satfinite: bool,
    bits: Option<BitOp>,
    space: Option<Space>,
    /// All others in order.
    rest: SmallVec<[&'a str; 4]>,
}

impl<'a> Words<'a> {
    fn new(text: &'a str) -> Words<'a> {
        let mut words = Words::default();
        text.split('.').skip(1).map(str::trim).for_each(|word| words.word(word));
        words
    }

    fn word(&mut self, word: &'a str) {
        let find = |table: &[(&str, Rounding)]| table.iter().find(|row| row.0 == word).map(|row| row.1);
        if let Some(shape) = Shape::named(word) {
            self.shape = Some(shape);
        } else if let Some(element) = Element::named(word) {
            self.elements.push(element);
        } else if let Some(rounding) = find(ROUNDINGS) {
            self.rounding = Some(rounding);
        } else if let Some(&(_, space)) = SPACES.iter().find(|row| row.0 == word) {
            self.space = Some(space);
        } else {
            match word {
                "row" => self.layouts.push(Layout::Row),
                "col" => self.layouts.push(Layout::Col),
                "satfinite" => self.satfinite = true,
                "xor" => self.bits = Some(BitOp::Xor),
                "and" => self.bits = Some(BitOp::And),
                // Bits are always counted; and all lanes always come together.
                "popc" if self.bits.is_some() => {}
                "sync" | "aligned" => {}
                _ => self.rest.push(word),
            }
        }
    }

    /// Takes one of the other words.
    fn take(&mut self, word: &str) -> bool {
        let found = self.rest.iter().position(|&other| other == word);
        found.map(|at| self.rest.remove(at)).is_some()
    }

    /// Takes the first of the words that is there.
    fn take_any<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T, Refusal> {
        let found = words.iter().find(|(word, _)| self.take(word));
        found.map(|row| row.1).ok_or(Refusal::Unsupported)
    }

    /// The product of an instruction that multiplies.
    fn product(&self, family: Family) -> Result<Product, Refusal> {
        let elements = match (family, &self.elements[..]) {
            // Halves are not named: D and C alone.
            (Family::Wmma, &[d, c]) => [Element::F16, Element::F16, c, d],
            // With all four named they are no halves.
            (Family::Wmma, [_, Element::F16, ..]) => return Err(Refusal::Unsupported),
            (_, &[d, a, b, c]) => [a, b, c, d],
            _ => return Err(Refusal::Unsupported),
        };
        let (Some(shape), &[a, b]) = (self.shape, &self.layouts[..]) else {
            return Err(Refusal::Unsupported);
        };
        if self.space.is_some()
            || !self.rest.is_empty()
            || (elements[0] != Element::F64 && self.rounding.is_some())
        {
            return Err(Refusal::Unsupported);
        }
        let product = Product {
            family,
            shape,
            elements,
            layouts: [a, b],
            rounding: self.rounding.unwrap_or_default(),
            satfinite: self.satfinite,
            bits: self.bits,
        };
        if product.exists() { Ok(product) } else { Err(Refusal::Unsupported) }
    }

    /// The only element, if nothing else is there that has no place in a load or store.
    fn moved(&self) -> Result<Element, Refusal> {
        let plain = self.rounding.is_none() && !self.satfinite && self.bits.is_none() && self.rest.is_empty();
        match self.elements[..] {
            [element] if plain => Ok(element),
            _ => Err(Refusal::Unsupported),
        }
    }
}

/// What a register is read as when a number stands in its place.
fn register_type(element: Element) -> Type {
    match element {
        Element::F64 => Type::F64,
        Element::F32 => Type::F32,
        _ => Type::B32,
    }
}

fn sources(step: &mut S<'_, '_, '_, '_>, at: usize, count: usize, ty: Type) -> Result<Vec<Operand>, Refusal> {
    let written = step.elements(at)?;
    if written.len() != count {
        return step.error(format!("{} registers where {count} are read", written.len()));
    }
    written.iter().map(|element| step.source_of(element, ty, Width::Exact)).collect()
}

fn targets(step: &mut S<'_, '_, '_, '_>, at: usize, count: usize, ty: Type) -> Result<Vec<Reg>, Refusal> {
    let written = step.elements(at)?;
    if written.len() != count {
        return step.error(format!("{} registers where {count} are written", written.len()));
    }
    written.iter().map(|element| step.target_of(element, ty, Width::Exact)).collect()
}

/// An op of all lanes: those that the guard leaves out go another way.
fn whole(step: &mut S<'_, '_, '_, '_>, op: Op) -> Done {
    step.guarded(|step| {
        step.emit(op);
        Ok(())
    })
}

fn multiply(step: &mut S<'_, '_, '_, '_>, product: Product) -> Done {
    let mode = Mode { rounding: product.rounding, ..Mode::default() };
    if interp::meaning(Compute::Float(Float::Fma, Type::F64, mode)).is_none() {
        return Err(Refusal::Unsupported);
    }
    step.count(4, 4)?;
    let mut from = Vec::new();
    for (at, role) in [(1, Role::A), (2, Role::B), (3, Role::C)] {
        let fragment = product.fragment(role);
        from.extend(sources(step, at, fragment.registers(), register_type(fragment.element))?);
    }
    let fragment = product.fragment(Role::D);
    let to = targets(step, 0, fragment.registers(), register_type(fragment.element))?;
    whole(step, Op::Matrix { product: Box::new(product), to, from })
}

/// `mma`
pub fn mma(step: &mut S<'_, '_, '_, '_>) -> Done {
    let product = Words::new(step.form.text).product(Family::Mma)?;
    multiply(step, product)
}

/// `wmma.mma`, `wmma.load` and `wmma.store`
pub fn wmma(step: &mut S<'_, '_, '_, '_>) -> Done {
    let mut words = Words::new(step.form.text);
    if words.take("mma") {
        let product = words.product(Family::Wmma)?;
        return multiply(step, product);
    }
    let load = words.take_any(&[("load", true), ("store", false)])?;
    let role = match load {
        true => words.take_any(&[("a", Role::A), ("b", Role::B), ("c", Role::C)])?,
        false => words.take_any(&[("d", Role::D)])?,
    };
    let element = words.moved()?;
    let (Some(shape), &[layout]) = (words.shape, &words.layouts[..]) else {
        return Err(Refusal::Unsupported);
    };
    let fragment = Fragment { family: Family::Wmma, shape, role, element, map: Map::Quads };
    let tiles = Tiles::One(fragment, layout);
    let (registers, ty) = (fragment.registers(), register_type(element));
    if !tiles.exists(registers) {
        return Err(Refusal::Unsupported);
    }
    step.count(2, 3)?;
    let address = step.address(usize::from(load))?;
    let space = memory::resolve(step, words.space, &address)?;
    if !matches!(space, Space::Generic | Space::Global | Space::Shared) {
        return Err(Refusal::Unsupported);
    }
    let (rows, columns) = fragment.size();
    let stride = match (step.operands.len(), layout) {
        (3, _) => step.source(2, Type::U32)?,
        (_, Layout::Row) => Operand::Imm(columns as u64),
        (_, Layout::Col) => Operand::Imm(rows as u64),
    };
    let (address, offset) = (address.base, address.offset);
    if load {
        let to = targets(step, 0, registers, ty)?;
        whole(step, Op::MatrixLoad { space, tiles, to, address, offset, stride })
    } else {
        let from = sources(step, 1, registers, ty)?;
        whole(step, Op::MatrixStore { space, tiles, from, address, offset, stride })
    }
}

/// What `ldmatrix` and `stmatrix` say: how many matrices, how they lie, and where.
fn rows(
    step: &mut S<'_, '_, '_, '_>,
    address: usize,
) -> Result<(usize, Tiles, Space, Operand, i64), Refusal> {
    let mut words = Words::new(step.form.text);
    let count = words.take_any(&[("x1", 1), ("x2", 2), ("x4", 4)])?;
    let transposed = words.take("trans");
    let known = words.take("m8n8") & words.take("b16") && words.rest.is_empty();
    let plain = words.shape.is_none() && words.elements.is_empty() && words.layouts.is_empty();
    let exact = words.rounding.is_none() && !words.satfinite && words.bits.is_none();
    if !known || !plain || !exact {
        return Err(Refusal::Unsupported);
    }
    step.count(2, 2)?;
    let address = step.address(address)?;
    let space = memory::resolve(step, words.space, &address)?;
    if !matches!(space, Space::Generic | Space::Shared) {
        return step.error("the rows must be in shared memory");
    }
    Ok((count, Tiles::Rows { transposed }, space, address.base, address.offset))
}

/// `ldmatrix`
pub fn ldmatrix(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (count, tiles, space, address, offset) = rows(step, 1)?;
    let to = targets(step, 0, count, Type::B32)?;
    whole(step, Op::MatrixLoad { space, tiles, to, address, offset, stride: Operand::Imm(0) })
}

/// `stmatrix`
pub fn stmatrix(step: &mut S<'_, '_, '_, '_>) -> Done {
    let (count, tiles, space, address, offset) = rows(step, 0)?;
    let from = sources(step, 1, count, Type::B32)?;
    whole(step, Op::MatrixStore { space, tiles, from, address, offset, stride: Operand::Imm(0) })
}

/// `movmatrix`
pub fn movmatrix(step: &mut S<'_, '_, '_, '_>) -> Done {
    let mut words: Vec<&str> = step.form.text.split('.').skip(1).map(str::trim).collect();
    words.sort_unstable();
    if words != ["aligned", "b16", "m8n8", "sync", "trans"] {
        return Err(Refusal::Unsupported);
    }
    step.count(2, 2)?;
    let from = step.source(1, Type::B32)?;
    let to = step.target(0, Type::B32)?;
    whole(step, Op::MatrixTranspose { to, from })
}

//! Operands by type: registers, numbers, addresses, special registers.

use super::super::ast::Operand as Written;
use super::Refusal;
use super::names::Binding;
use super::special;
use super::step::Step;
use crate::ir::op::Space;
use crate::ir::{Operand, Reg, Type};

/// How strictly a register's width must be the type's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// The same.
    Exact,
    /// At least as wide: loads, stores and conversions.
    Wider,
}

/// An address: base, offset, and the space if a variable's name tells it.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// The base.
    pub base: Operand,
    /// Added to it.
    pub offset: i64,
    /// Where the named variable lies.
    pub space: Option<Space>,
}

impl<'m, 'a> Step<'_, '_, 'm, 'a> {
    /// A written operand.
    pub fn written(&self, index: usize) -> Result<&'m Written<'a>, Refusal> {
        match self.operands.get(index) {
            Some(operand) => Ok(operand),
            None => self.error(format!("'{}' with {} operands", self.form.opcode, self.operands.len())),
        }
    }

    fn unknown<T>(&self, name: &str) -> Result<T, Refusal> {
        self.error(format!("'{name}' is not declared"))
    }

    fn check_width(&self, name: &str, have: Type, want: Type, width: Width) -> Result<(), Refusal> {
        let (have_bits, want_bits) = (have.bits(), want.bits());
        let other = [Type::Pred, Type::B128].iter().any(|&kind| (have == kind) != (want == kind));
        let fits = have_bits == want_bits || (width == Width::Wider && have_bits > want_bits);
        if fits && !other {
            return Ok(());
        }
        self.error(format!("'{name}' is .{have}, which does not fit .{want}"))
    }

    /// A register to write.
    pub fn target(&mut self, index: usize, ty: Type) -> Result<Reg, Refusal> {
        let written = self.written(index)?;
        self.target_of(written, ty, Width::Exact)
    }

    /// A register to write that may be wider.
    pub fn wide_target(&mut self, index: usize, ty: Type) -> Result<Reg, Refusal> {
        let written = self.written(index)?;
        self.target_of(written, ty, Width::Wider)
    }

    /// A register to write, as written; `_` is one that nobody reads.
    pub fn target_of(&mut self, written: &Written<'a>, ty: Type, width: Width) -> Result<Reg, Refusal> {
        match *written {
            Written::Name("_") => Ok(self.body.fresh(ty.bits())),
            Written::Name(name) => match self.body.register(name) {
                Some((reg, have)) => {
                    self.check_width(name, have, ty, width)?;
                    Ok(reg)
                }
                None => self.unknown(name),
            },
            Written::Component(name, part) => {
                let (reg, have) = self.component(name, part)?;
                self.check_width(name, have, ty, width)?;
                Ok(reg)
            }
            _ => self.error("expected a register to write"),
        }
    }

    /// Both halves of a register of 128 bits, low one first.
    pub fn wide_register(&mut self, written: &Written<'a>) -> Result<[Reg; 2], Refusal> {
        match *written {
            Written::Name("_") => Ok([self.body.fresh(64), self.body.fresh(64)]),
            Written::Name(name) => match self.body.register(name) {
                Some((low, Type::B128)) => Ok([low, Reg(low.0 + 1)]),
                Some((_, have)) => self.error(format!("'{name}' is .{have}, which does not fit .b128")),
                None => self.unknown(name),
            },
            _ => self.error("expected a register of 128 bits"),
        }
    }

    fn component(&mut self, name: &'a str, part: &str) -> Result<(Reg, Type), Refusal> {
        let place = match part {
            "x" | "r" => 0,
            "y" | "g" => 1,
            "z" | "b" => 2,
            "w" | "a" => 3,
            _ => return self.error(format!("'{name}' has no part '.{part}'")),
        };
        match self.body.symbol(name) {
            Some(Binding::Vector(first, count, ty)) if place < count => Ok((Reg(first.0 + place), ty)),
            _ => self.unknown(name),
        }
    }

    /// A source of this type.
    pub fn source(&mut self, index: usize, ty: Type) -> Result<Operand, Refusal> {
        let written = self.written(index)?;
        self.source_of(written, ty, Width::Exact)
    }

    /// A source whose register may be wider.
    pub fn wide_source(&mut self, index: usize, ty: Type) -> Result<Operand, Refusal> {
        let written = self.written(index)?;
        self.source_of(written, ty, Width::Wider)
    }

    /// A predicate with its sign: true means negated.
    pub fn predicate(&mut self, index: usize) -> Result<(Operand, bool), Refusal> {
        match *self.written(index)? {
            Written::Not(name) => Ok((self.source_of(&Written::Name(name), Type::Pred, Width::Exact)?, true)),
            _ => Ok((self.source(index, Type::Pred)?, false)),
        }
    }

    /// A source as written.
    pub fn source_of(&mut self, written: &Written<'a>, ty: Type, width: Width) -> Result<Operand, Refusal> {
        match *written {
            Written::Name(name) => self.named_source(name, ty, width),
            Written::Component(name, part) => match special::named(name, part) {
                Some(meaning) => self.special(meaning, ty),
                None => {
                    let (reg, have) = self.component(name, part)?;
                    self.check_width(name, have, ty, width)?;
                    Ok(Operand::Reg(reg))
                }
            },
            Written::Offset(name, offset) => self.variable_address(name, offset),
            Written::Element(name, index) => self.element_address(name, index),
            Written::Integer(value) => Ok(Operand::Imm(integer(value, ty))),
            Written::Single(bits) => match ty {
                Type::F64 => Ok(Operand::Imm(f64::from(f32::from_bits(bits)).to_bits())),
                _ if ty.bits() >= 32 => Ok(Operand::Imm(u64::from(bits))),
                _ => self.error("a float does not fit here"),
            },
            Written::Double(bits) => match ty {
                Type::F32 => Ok(Operand::Imm(u64::from((f64::from_bits(bits) as f32).to_bits()))),
                _ if ty.bits() == 64 => Ok(Operand::Imm(bits)),
                _ => self.error("a double does not fit here"),
            },
            _ => self.error("expected a value"),
        }
    }

    fn named_source(&mut self, name: &'a str, ty: Type, width: Width) -> Result<Operand, Refusal> {
        if let Some((reg, have)) = self.body.register(name) {
            self.check_width(name, have, ty, width)?;
            return Ok(Operand::Reg(reg));
        }
        if let Some(meaning) = special::named(name, "") {
            return self.special(meaning, ty);
        }
        self.variable_address(name, 0)
    }

    /// The address of a variable or function in its own space.
    fn variable_address(&mut self, name: &'a str, offset: i64) -> Result<Operand, Refusal> {
        match self.body.symbol(name) {
            Some(Binding::Global(index)) => Ok(Operand::Global(index, offset)),
            Some(Binding::Shared(index)) => Ok(Operand::Shared(index, offset)),
            Some(Binding::DynamicShared) => Ok(Operand::DynamicShared(offset)),
            Some(Binding::Param(at)) => Ok(Operand::Imm(u64::from(at).wrapping_add(offset as u64))),
            Some(Binding::Frame(at, bytes, _)) => match u32::try_from(offset) {
                Ok(offset) if offset <= bytes => Ok(Operand::Frame(at + offset)),
                _ => self.error(format!("{offset} is outside of '{name}'")),
            },
            Some(Binding::Function(index)) if offset == 0 => Ok(Operand::Function(index)),
            Some(_) => self.error(format!("'{name}' has no address")),
            None => self.unknown(name),
        }
    }

    /// The address of an element of an array. What one subscript of several means is not known.
    fn element_address(&mut self, name: &'a str, index: i64) -> Result<Operand, Refusal> {
        let offset = match (index, self.body.stride(name)) {
            (0, _) => 0,
            (_, 0) => return Err(Refusal::Unsupported),
            (_, stride) => index.wrapping_mul(stride as i64),
        };
        self.variable_address(name, offset)
    }

    /// The space a variable lies in.
    pub fn space_of(&mut self, name: &'a str) -> Option<Space> {
        match self.body.symbol(name)? {
            Binding::Global(_) => Some(Space::Global),
            Binding::Shared(_) | Binding::DynamicShared => Some(Space::Shared),
            Binding::Param(_) => Some(Space::Param),
            Binding::Frame(..) => Some(Space::Local),
            _ => None,
        }
    }

    /// `[base+offset]`
    pub fn address(&mut self, index: usize) -> Result<Address, Refusal> {
        match *self.written(index)? {
            Written::Address(name, offset) => {
                if let Some((reg, have)) = self.body.register(name) {
                    if !matches!(have.bits(), 32 | 64) {
                        return self.error(format!("'{name}' is .{have}, which is no address"));
                    }
                    return Ok(Address { base: Operand::Reg(reg), offset, space: None });
                }
                let base = self.variable_address(name, 0)?;
                Ok(Address { base, offset, space: self.space_of(name) })
            }
            // `ld.shared.u32 %r, a[2]` needs no brackets of its own.
            Written::Element(name, index) => {
                let base = self.element_address(name, index)?;
                Ok(Address { base, offset: 0, space: self.space_of(name) })
            }
            Written::Absolute(value) => Ok(Address { base: Operand::Imm(value), offset: 0, space: None }),
            Written::Other => Err(Refusal::Unsupported),
            _ => self.error("expected an address"),
        }
    }

    /// The elements of `{a, b}`, or the operand alone.
    pub fn elements(&self, index: usize) -> Result<&'m [Written<'a>], Refusal> {
        Ok(match self.written(index)? {
            &(Written::Vector(start, end) | Written::List(start, end)) => self.body.operands(start, end),
            other => std::slice::from_ref(other),
        })
    }

    /// `a|b`, or `a` alone.
    pub fn pair(&self, index: usize) -> Result<(&'m Written<'a>, Option<&'m Written<'a>>), Refusal> {
        Ok(match self.written(index)? {
            &Written::Pair(at) => match self.body.operands(at, at + 2) {
                [a, b] => (a, Some(b)),
                _ => return self.error("expected two operands"),
            },
            other => (other, None),
        })
    }

    /// An operand that must be a number.
    pub fn number(&self, index: usize) -> Result<u64, Refusal> {
        match *self.written(index)? {
            Written::Integer(value) => Ok(value),
            _ => self.error("expected a number"),
        }
    }
}

/// An integer literal as a value of a type.
fn integer(value: u64, ty: Type) -> u64 {
    match ty {
        Type::F32 => u64::from((value as i64 as f32).to_bits()),
        Type::F64 => (value as i64 as f64).to_bits(),
        Type::Pred => u64::from(value != 0),
        _ if ty.bits() >= 64 => value,
        _ => value & ((1 << ty.bits()) - 1),
    }
}

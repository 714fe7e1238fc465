//! Declarations of variables with their initial values.

use super::ast::{Linkage, Type, Variable, VariableSpace};
use super::lexer::Token;
use super::parse::Parser;
use crate::module::{Error, Relocation};

/// What stands before the names of variables.
#[derive(Clone, Copy)]
struct Head {
    align: u32,
    element: Type,
    /// Of one variable without dimensions, in bytes.
    size: u64,
}

impl<'a> Parser<'a> {
    /// Variables behind their space, up to the `;`: alignment, type, then names with dimensions and initial values. Each
    /// is given away as soon as it is read.
    pub fn variables(
        &mut self,
        space: VariableSpace,
        linkage: Linkage,
        mut each: impl FnMut(Variable<'a>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut head = self.head()?;
        loop {
            each(self.named_variable(space, linkage, head)?)?;
            if !self.take(b',')? {
                return self.want(b';');
            }
            if matches!(self.spot.token, Token::Dot(_)) {
                head = self.head()?;
            }
        }
    }

    /// One variable behind its space.
    pub fn variable(&mut self, space: VariableSpace, linkage: Linkage) -> Result<Variable<'a>, Error> {
        let head = self.head()?;
        self.named_variable(space, linkage, head)
    }

    fn head(&mut self) -> Result<Head, Error> {
        let mut align = 0;
        let mut vector = 1;
        let element = loop {
            let Token::Dot(word) = self.spot.token else { return Err(self.expected("a type")) };
            self.advance()?;
            match word {
                "align" => align = self.alignment()?,
                "v2" => vector = 2,
                "v4" => vector = 4,
                "attribute" => self.skip_parentheses()?,
                "texref" | "samplerref" | "surfref" => break Type::B64,
                _ => match Type::named(word) {
                    Some(ty) if ty != Type::Pred => break ty,
                    _ => return Err(self.error(format!("unknown type '.{word}'"))),
                },
            }
        };
        let size = u64::from(element.bytes()) * vector;
        Ok(Head { align: if align == 0 { size as u32 } else { align }, element, size })
    }

    fn named_variable(
        &mut self,
        space: VariableSpace,
        linkage: Linkage,
        head: Head,
    ) -> Result<Variable<'a>, Error> {
        if space == VariableSpace::Param {
            self.pointer_attributes()?;
        }
        let place = (self.spot.line, self.spot.column);
        let name = self.name()?;
        if self.spot.token == Token::Sign(b'<') {
            return Err(self.error("several variables of one name are not supported"));
        }
        let mut variable = Variable {
            space,
            linkage,
            align: head.align,
            element: head.element,
            stride: head.size,
            bytes: head.size,
            name,
            initial: Vec::new(),
            relocations: Vec::new(),
            place,
        };
        let open = self.dimensions(&mut variable)?;
        if self.take(b'=')? {
            self.initial(&mut variable, open)?;
        }
        Ok(variable)
    }

    fn alignment(&mut self) -> Result<u32, Error> {
        let align = self.small()?;
        if align.is_power_of_two() && align <= 4096 {
            return Ok(align);
        }
        Err(self.error(format!("alignment {align} is no power of two up to 4096")))
    }

    fn skip_parentheses(&mut self) -> Result<(), Error> {
        self.want(b'(')?;
        while !self.take(b')')? {
            if self.spot.token == Token::End {
                return Err(self.expected("')'"));
            }
            self.advance()?;
        }
        Ok(())
    }

    /// `.ptr .global .align 16`
    fn pointer_attributes(&mut self) -> Result<(), Error> {
        if !self.take_dot("ptr")? {
            return Ok(());
        }
        while let Token::Dot(word) = self.spot.token {
            self.advance()?;
            match word {
                "align" => drop(self.alignment()?),
                "global" | "const" | "local" | "shared" => {}
                _ => return Err(self.error(format!("unknown pointer attribute '.{word}'"))),
            }
        }
        Ok(())
    }

    /// `[4][8]`; true when the outermost is `[]`.
    fn dimensions(&mut self, variable: &mut Variable<'a>) -> Result<bool, Error> {
        let mut open = false;
        let mut first = true;
        while self.take(b'[')? {
            if first && self.take(b']')? {
                open = true;
            } else {
                if !first {
                    variable.stride = 0;
                }
                let count = self.integer()?;
                self.want(b']')?;
                let bytes = variable.bytes.checked_mul(count).filter(|&bytes| bytes < 1 << 48);
                variable.bytes = bytes.ok_or_else(|| self.error("the variable is too large"))?;
            }
            first = false;
        }
        if open {
            variable.bytes = 0;
        }
        Ok(open)
    }

    fn initial(&mut self, variable: &mut Variable<'a>, open: bool) -> Result<(), Error> {
        let mut depth = 0usize;
        loop {
            if self.take(b'{')? {
                depth += 1;
                continue;
            }
            if self.spot.token != Token::Sign(b'}') {
                self.initial_value(variable)?;
            }
            while depth > 0 && self.take(b'}')? {
                depth -= 1;
            }
            if depth == 0 {
                break;
            }
            self.want(b',')?;
        }
        let written = variable.initial.len() as u64;
        if open {
            variable.bytes = written;
        } else if written > variable.bytes {
            return Err(self.error(format!("the initial value of '{}' is too long", variable.name)));
        }
        while variable.initial.last() == Some(&0) {
            variable.initial.pop();
        }
        Ok(())
    }

    fn initial_value(&mut self, variable: &mut Variable<'a>) -> Result<(), Error> {
        let negative = self.take(b'-')?;
        let ty = variable.element;
        let bits = match self.spot.token {
            Token::Integer(value) => {
                let value = if negative { value.wrapping_neg() } else { value };
                match ty {
                    Type::F32 => u64::from((value as i64 as f32).to_bits()),
                    Type::F64 => (value as i64 as f64).to_bits(),
                    _ => value,
                }
            }
            Token::Single(bits) => u64::from(bits) ^ (u64::from(negative) << 31),
            Token::Double(bits) => {
                let bits = bits ^ (u64::from(negative) << 63);
                if ty == Type::F32 { u64::from((f64::from_bits(bits) as f32).to_bits()) } else { bits }
            }
            Token::Word(_) if !negative => return self.initial_address(variable),
            _ => return Err(self.expected("a value")),
        };
        let written = self.advance()?.token;
        if let (Token::Integer(mask), Token::Sign(b'('), false) = (written, self.spot.token, negative) {
            return self.initial_part(variable, mask);
        }
        let bits = if negative { i128::from(bits as i64) as u128 } else { u128::from(bits) };
        variable.initial.extend_from_slice(&bits.to_le_bytes()[..ty.bytes() as usize]);
        Ok(())
    }

    /// `name`, `name+4`, `generic(name)+4`
    fn initial_address(&mut self, variable: &mut Variable<'a>) -> Result<(), Error> {
        let mut name = self.name()?;
        if name == "generic" && self.take(b'(')? {
            name = self.name()?;
            self.want(b')')?;
        }
        let addend = self.addend()?;
        if variable.element.bytes() != 8 {
            return Err(self.error("an address needs 64 bits"));
        }
        self.relocate(variable, name, addend, u64::MAX);
        Ok(())
    }

    /// `0xff00(name)`: the bits of an address that the mask has, from the lowest of them on.
    fn initial_part(&mut self, variable: &mut Variable<'a>, mask: u64) -> Result<(), Error> {
        self.want(b'(')?;
        let mut name = self.name()?;
        let generic = name == "generic" && self.take(b'(')?;
        if generic {
            name = self.name()?;
            self.want(b')')?;
        }
        let addend = self.addend()?;
        self.want(b')')?;
        let bits = mask.count_ones();
        let gaps = mask.checked_shr(mask.trailing_zeros()).is_none_or(|ones| ones.trailing_ones() != bits);
        if gaps || bits > variable.element.bits() {
            return Err(self.error(format!("{mask:#x} of an address does not fit .{}", variable.element)));
        }
        self.relocate(variable, name, addend, mask);
        Ok(())
    }

    fn relocate(&mut self, variable: &mut Variable<'a>, name: &str, addend: i64, mask: u64) {
        let (offset, bytes) = (variable.initial.len() as u64, variable.element.bytes());
        let known = &mut variable.relocations;
        // By a quarter, as an address may be a letter and a comma.
        if known.len() == known.capacity() {
            known.reserve_exact(known.len() / 4 + 4);
        }
        let (bits, shift) = (mask.count_ones() as u8, mask.trailing_zeros() as u8);
        let symbol = name.into();
        known.push(Relocation { offset, symbol, addend, bytes: bytes as u8, bits, shift });
        variable.initial.extend(std::iter::repeat_n(0, bytes as usize));
    }

    /// `+4`, `-4`, `+-4` or nothing.
    pub fn addend(&mut self) -> Result<i64, Error> {
        let negative = if self.take(b'+')? {
            self.take(b'-')?
        } else if self.take(b'-')? {
            true
        } else {
            return Ok(0);
        };
        let value = self.integer()? as i64;
        Ok(if negative { value.wrapping_neg() } else { value })
    }
}

//! Bodies of functions: statements and operands.

use super::ast::{Formal, Instruction, Linkage, Operand, Registers, Statement, Table, Type, VariableSpace};
use super::lexer::{Spot, Token};
use super::parse::Parser;
use crate::module::Error;

/// Scopes in each other, at most.
const MOST_SCOPES: usize = 256;
/// Operands of an instruction, and elements of a list of them, at most.
const MOST_OPERANDS: usize = 2048;

impl<'a> Parser<'a> {
    /// `{ … }` with all statements in one list; a bad statement is noted and skipped.
    pub fn body(&mut self) -> Result<Vec<Statement<'a>>, Error> {
        self.want(b'{')?;
        let mut statements = Vec::new();
        let mut depth = 0usize;
        loop {
            // By a quarter: statements of a few bytes would take too much if a long list of them were half empty.
            if statements.len() == statements.capacity() {
                statements.reserve_exact((statements.len() / 4).max(32));
            }
            match self.spot.token {
                Token::Sign(b'}') => {
                    self.advance()?;
                    if depth == 0 {
                        statements.shrink_to_fit();
                        return Ok(statements);
                    }
                    depth -= 1;
                    // A scope with nothing in it is none.
                    match statements.last() {
                        Some(Statement::Open) => drop(statements.pop()),
                        _ => statements.push(Statement::Close),
                    }
                }
                Token::Sign(b'{') => {
                    if depth == MOST_SCOPES {
                        return Err(self.error(format!("more than {MOST_SCOPES} scopes in each other")));
                    }
                    self.advance()?;
                    depth += 1;
                    statements.push(Statement::Open);
                }
                Token::End => return Err(self.expected("'}'")),
                _ => {
                    let kept = self.operands.len();
                    if let Err(error) = self.statement(&mut statements) {
                        self.operands.truncate(kept);
                        self.open.clear();
                        self.keep(error)?;
                        self.recover()?;
                    }
                }
            }
        }
    }

    fn recover(&mut self) -> Result<(), Error> {
        loop {
            match self.spot.token {
                Token::Sign(b';') => return self.advance().map(drop),
                Token::Sign(b'}') | Token::End => return Ok(()),
                _ => self.advance()?,
            };
        }
    }

    fn statement(&mut self, statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        match self.spot.token {
            Token::Sign(b';') => self.advance().map(drop),
            Token::Dot(word) => self.declaration(word, statements),
            Token::Word(_) => self.labelled(statements),
            Token::Sign(b'@') => {
                self.advance()?;
                let negated = self.take(b'!')?;
                let guard = Some((self.name()?, negated));
                let opcode = self.spot;
                self.name()?;
                let instruction = self.instruction(opcode, guard)?;
                statements.push(Statement::Instruction(instruction));
                Ok(())
            }
            _ => Err(self.expected("an instruction")),
        }
    }

    fn declaration(&mut self, word: &'a str, statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        let space = match word {
            "loc" => return self.location(),
            "pragma" => return self.skip_statement(),
            "reg" => return self.registers(statements),
            "shared" | "shared::cta" => VariableSpace::Shared,
            "local" => VariableSpace::Local,
            "global" => VariableSpace::Global,
            "const" => VariableSpace::Const,
            "param" => VariableSpace::Param,
            _ => return Err(self.error(format!("unknown directive '.{word}'"))),
        };
        self.advance()?;
        self.variables(space, Linkage::Private, |variable| {
            statements.push(Statement::Variable(Box::new(variable)));
            Ok(())
        })
    }

    fn registers(&mut self, statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        self.advance()?;
        let mut vector = 1;
        let ty = loop {
            let Token::Dot(word) = self.spot.token else { return Err(self.expected("a type")) };
            match word {
                "v2" => vector = 2,
                "v4" => vector = 4,
                _ => match Type::named(word) {
                    Some(ty) => break ty,
                    None => return Err(self.error(format!("unknown type '.{word}'"))),
                },
            }
            self.advance()?;
        };
        self.advance()?;
        loop {
            let place = (self.spot.line, self.spot.column);
            let name = self.name()?;
            let mut count = None;
            if self.take(b'<')? {
                count = Some(self.small()?);
                self.want(b'>')?;
            }
            statements.push(Statement::Registers(Box::new(Registers { ty, vector, name, count, place })));
            if !self.take(b',')? {
                return self.want(b';');
            }
        }
    }

    fn labelled(&mut self, statements: &mut Vec<Statement<'a>>) -> Result<(), Error> {
        let opcode = self.spot;
        let name = self.name()?;
        if !self.take(b':')? {
            let instruction = self.instruction(opcode, None)?;
            statements.push(Statement::Instruction(instruction));
            return Ok(());
        }
        if self.take_dot("callprototype")? {
            let table = self.prototype(name)?;
            statements.push(Statement::Table(Box::new(table)));
        } else if self.take_dot("branchtargets")? {
            let table = Table::Targets(name, self.names()?);
            statements.push(Statement::Table(Box::new(table)));
        } else if self.take_dot("calltargets")? {
            let table = Table::Callees(name, self.names()?);
            statements.push(Statement::Table(Box::new(table)));
        } else {
            statements.push(Statement::Label(name, (opcode.line, opcode.column)));
        }
        Ok(())
    }

    /// `a, b, c;`
    fn names(&mut self) -> Result<Vec<&'a str>, Error> {
        let mut names = vec![self.name()?];
        while self.take(b',')? {
            names.push(self.name()?);
        }
        self.want(b';')?;
        Ok(names)
    }

    fn prototype(&mut self, name: &'a str) -> Result<Table<'a>, Error> {
        let mut returns: Vec<Formal<'a>> = Vec::new();
        if self.spot.token == Token::Sign(b'(') {
            returns = self.formals()?;
        }
        self.name()?;
        let parameters = if self.spot.token == Token::Sign(b'(') { self.formals()? } else { Vec::new() };
        while let Token::Dot("noreturn") = self.spot.token {
            self.advance()?;
        }
        self.want(b';')?;
        Ok(Table::Prototype(name, returns, parameters))
    }

    /// An instruction behind its opcode's first word.
    fn instruction(
        &mut self,
        opcode: Spot<'a>,
        guard: Option<(&'a str, bool)>,
    ) -> Result<Instruction<'a>, Error> {
        let mut end = opcode.end;
        while let Token::Dot(_) = self.spot.token {
            end = self.spot.end;
            self.advance()?;
        }
        let form = &self.text[opcode.start..end];
        if self.spot.token != Token::Sign(b';') {
            loop {
                if self.open.len() == MOST_OPERANDS {
                    return Err(self.error(format!("more than {MOST_OPERANDS} operands")));
                }
                let operand = self.operand()?;
                self.open.push(operand);
                if !self.take(b',')? {
                    break;
                }
            }
        }
        self.want(b';')?;
        let (start, end) = self.keep_operands(0);
        Ok(Instruction { form, guard, operands: start..end, line: opcode.line, column: opcode.column })
    }

    fn operand(&mut self) -> Result<Operand<'a>, Error> {
        let first = match self.spot.token {
            Token::Sign(b'[') => {
                let address = self.address()?;
                // `[a].unified`: the same in all devices' memories, as all of ours is.
                self.take_dot("unified")?;
                return Ok(address);
            }
            Token::Sign(b'{') => return self.group(b'{', b'}', Operand::Vector),
            Token::Sign(b'(') => return self.group(b'(', b')', Operand::List),
            _ => self.simple()?,
        };
        if self.take(b'|')? {
            let second = self.simple()?;
            let from = self.open.len();
            self.open.extend([first, second]);
            let (start, _) = self.keep_operands(from);
            return Ok(Operand::Pair(start));
        }
        Ok(first)
    }

    fn group(
        &mut self,
        open: u8,
        close: u8,
        make: fn(u32, u32) -> Operand<'a>,
    ) -> Result<Operand<'a>, Error> {
        self.want(open)?;
        let from = self.open.len();
        if !self.take(close)? {
            loop {
                if self.open.len() - from == MOST_OPERANDS {
                    return Err(self.error(format!("more than {MOST_OPERANDS} elements")));
                }
                let element = self.simple()?;
                self.open.push(element);
                if !self.take(b',')? {
                    break;
                }
            }
            self.want(close)?;
        }
        let (start, end) = self.keep_operands(from);
        Ok(make(start, end))
    }

    fn simple(&mut self) -> Result<Operand<'a>, Error> {
        if self.take(b'!')? {
            return Ok(Operand::Not(self.name()?));
        }
        let negative = self.take(b'-')?;
        let operand = match self.spot.token {
            Token::Integer(value) => Operand::Integer(if negative { value.wrapping_neg() } else { value }),
            Token::Single(bits) => Operand::Single(bits ^ (u32::from(negative) << 31)),
            Token::Double(bits) => Operand::Double(bits ^ (u64::from(negative) << 63)),
            Token::Word(_) if !negative => return self.named(),
            _ => return Err(self.expected("an operand")),
        };
        self.advance()?;
        Ok(operand)
    }

    fn named(&mut self) -> Result<Operand<'a>, Error> {
        let name = self.name()?;
        match self.spot.token {
            Token::Dot(part) => {
                self.advance()?;
                Ok(Operand::Component(name, part))
            }
            Token::Sign(b'+') => Ok(Operand::Offset(name, self.addend()?)),
            Token::Sign(b'[') => {
                self.advance()?;
                let index = self.integer()?;
                self.want(b']')?;
                Ok(Operand::Element(name, index as i64))
            }
            _ => Ok(Operand::Name(name)),
        }
    }

    fn address(&mut self) -> Result<Operand<'a>, Error> {
        self.want(b'[')?;
        let operand = match self.spot.token {
            Token::Word(_) => {
                let name = self.name()?;
                Operand::Address(name, self.addend()?)
            }
            Token::Integer(value) => {
                self.advance()?;
                Operand::Absolute(value)
            }
            _ => return Err(self.expected("an address")),
        };
        if self.take(b']')? {
            return Ok(operand);
        }
        // Texture coordinates and the like: read to the end, refused by name later.
        while !self.take(b']')? {
            if matches!(self.spot.token, Token::End | Token::Sign(b';')) {
                return Err(self.expected("']'"));
            }
            self.advance()?;
        }
        Ok(Operand::Other)
    }
}

//! Tokens of a text, one ahead, and what the module level and bodies share: names, numbers, headers of functions.

use super::ast::{self, Formal, Header, Linkage, Operand, VariableSpace};
use super::lexer::{Lexer, Place, Spot, Token};
use crate::module::Error;

/// No more complaints than these are listed.
pub const MOST_ERRORS: usize = 50;

/// Text, one token of look-ahead, and what was read so far.
pub struct Parser<'a> {
    /// What comes behind the next token.
    pub lexer: Lexer<'a>,
    /// The whole text; forms are slices of it.
    pub text: &'a str,
    /// The next token.
    pub spot: Spot<'a>,
    /// Operands of the body that is read.
    pub operands: Vec<Operand<'a>>,
    /// Those of the instruction that is read, its lists behind them.
    pub open: Vec<Operand<'a>>,
    /// Complaints after which reading went on.
    pub errors: Vec<Error>,
}

impl<'a> Parser<'a> {
    /// Reads from a place on.
    pub fn new(text: &'a str, from: Place) -> Result<Self, Error> {
        let mut lexer = Lexer::new(text, from);
        let spot = lexer.next()?;
        Ok(Parser { lexer, text, spot, operands: Vec::new(), open: Vec::new(), errors: Vec::new() })
    }

    /// An error at the next token.
    pub fn error(&self, what: impl Into<String>) -> Error {
        Error { line: self.spot.line, column: self.spot.column, what: what.into() }
    }

    /// Whether another error may be kept.
    pub fn keep(&mut self, error: Error) -> Result<(), Error> {
        if self.errors.len() + 1 >= MOST_ERRORS {
            return Err(error);
        }
        self.errors.push(error);
        Ok(())
    }

    /// An error that says what was wanted instead of the next token.
    pub fn expected(&self, what: &str) -> Error {
        let found = match self.spot.token {
            Token::End => "the end of the text".to_owned(),
            _ => format!("{:?}", &self.text[self.spot.start..self.spot.end]),
        };
        self.error(format!("expected {what}, found {found}"))
    }

    /// Goes on to the next token; the one before is returned.
    pub fn advance(&mut self) -> Result<Spot<'a>, Error> {
        let spot = self.spot;
        self.spot = self.lexer.next()?;
        Ok(spot)
    }

    /// Whether the next token is this sign; if so it is taken.
    pub fn take(&mut self, sign: u8) -> Result<bool, Error> {
        let found = self.spot.token == Token::Sign(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// Takes this sign or complains.
    pub fn want(&mut self, sign: u8) -> Result<(), Error> {
        if self.take(sign)? { Ok(()) } else { Err(self.expected(&format!("{:?}", sign as char))) }
    }

    /// Takes this dotted word if it is the next token.
    pub fn take_dot(&mut self, word: &str) -> Result<bool, Error> {
        let found = self.spot.token == Token::Dot(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    /// A name.
    pub fn name(&mut self) -> Result<&'a str, Error> {
        match self.spot.token {
            Token::Word(name) => {
                self.advance()?;
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// An integer literal without sign.
    pub fn integer(&mut self) -> Result<u64, Error> {
        match self.spot.token {
            Token::Integer(value) => {
                self.advance()?;
                Ok(value)
            }
            _ => Err(self.expected("an integer")),
        }
    }

    /// An integer literal that fits a `u32`.
    pub fn small(&mut self) -> Result<u32, Error> {
        let place = self.spot;
        let value = self.integer()?;
        u32::try_from(value).map_err(|_| Error {
            line: place.line,
            column: place.column,
            what: format!("{value} is too large here"),
        })
    }

    /// `.loc file line column`, with what newer compilers add behind a comma.
    pub fn location(&mut self) -> Result<(), Error> {
        self.advance()?;
        self.integer()?;
        self.integer()?;
        if matches!(self.spot.token, Token::Integer(_)) {
            self.integer()?;
        }
        while self.take(b',')? {
            match self.name()? {
                "function_name" => {
                    self.name()?;
                    if self.take(b'+')? {
                        self.integer()?;
                    }
                }
                "inlined_at" => {
                    self.integer()?;
                    self.integer()?;
                    self.integer()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Everything up to the next `;`.
    pub fn skip_statement(&mut self) -> Result<(), Error> {
        while self.spot.token != Token::Sign(b';') {
            if self.spot.token == Token::End {
                return Err(self.expected("';'"));
            }
            self.advance()?;
        }
        self.advance().map(drop)
    }

    /// `.attribute(…)` and what is in it.
    pub fn attribute(&mut self) -> Result<(), Error> {
        self.advance()?;
        self.want(b'(')?;
        let mut depth = 1;
        while depth > 0 {
            match self.spot.token {
                Token::Sign(b'(') => depth += 1,
                Token::Sign(b')') => depth -= 1,
                Token::End => return Err(self.expected("')'")),
                _ => {}
            }
            self.advance()?;
        }
        Ok(())
    }

    /// What stands between `.entry` or `.func` and a body.
    pub fn function_header(&mut self, kernel: bool) -> Result<Header<'a>, Error> {
        while self.spot.token == Token::Dot("attribute") {
            self.attribute()?;
        }
        let returns =
            if !kernel && self.spot.token == Token::Sign(b'(') { self.formals()? } else { Vec::new() };
        let place = (self.spot.line, self.spot.column);
        let name = self.name()?;
        let parameters = if self.spot.token == Token::Sign(b'(') { self.formals()? } else { Vec::new() };
        let mut header =
            Header { kernel, name, returns, parameters, max_threads: 0, required_block: None, place };
        self.function_directives(&mut header)?;
        Ok(header)
    }

    fn function_directives(&mut self, function: &mut Header<'a>) -> Result<(), Error> {
        while let Token::Dot(word) = self.spot.token {
            match word {
                "maxntid" | "reqntid" => {
                    self.advance()?;
                    let dims = self.dims()?;
                    let threads = dims.iter().fold(1u32, |all, &dim| all.saturating_mul(dim));
                    function.max_threads = threads;
                    if word == "reqntid" {
                        function.required_block = Some(dims);
                    }
                }
                "minnctapersm" | "maxnctapersm" | "maxnreg" | "maxclusterrank" => {
                    self.advance()?;
                    self.small()?;
                }
                "reqnctapercluster" => {
                    self.advance()?;
                    self.dims()?;
                }
                "explicitcluster" | "blocksareclusters" | "noreturn" => {
                    self.advance()?;
                }
                "pragma" => self.skip_statement()?,
                "abi_preserve" | "abi_preserve_control" => {
                    self.advance()?;
                    self.small()?;
                }
                "visible" | "weak" | "extern" | "func" | "entry" | "global" | "const" | "shared"
                | "common" | "section" | "file" | "alias" | "loc" => return Ok(()),
                _ => return Err(self.error(format!("unknown directive '.{word}'"))),
            }
        }
        Ok(())
    }

    fn dims(&mut self) -> Result<[u32; 3], Error> {
        let mut dims = [self.small()?, 1, 1];
        for dim in &mut dims[1..] {
            if !self.take(b',')? {
                break;
            }
            *dim = self.small()?;
        }
        Ok(dims)
    }

    /// `( formal, … )`
    pub fn formals(&mut self) -> Result<Vec<Formal<'a>>, Error> {
        self.want(b'(')?;
        let mut formals = Vec::new();
        if self.take(b')')? {
            return Ok(formals);
        }
        loop {
            formals.push(self.formal()?);
            if !self.take(b',')? {
                break;
            }
        }
        self.want(b')')?;
        Ok(formals)
    }

    fn formal(&mut self) -> Result<Formal<'a>, Error> {
        if self.take_dot("reg")? {
            let Token::Dot(word) = self.spot.token else { return Err(self.expected("a type")) };
            let Some(ty) = ast::Type::named(word) else { return Err(self.expected("a type")) };
            self.advance()?;
            let name = self.name()?;
            return Ok(Formal::Register(ty, name));
        }
        if !self.take_dot("param")? {
            return Err(self.expected("'.param' or '.reg'"));
        }
        self.variable(VariableSpace::Param, Linkage::Private).map(Formal::Param)
    }

    /// Moves the open operands from this one on to the body's list and gives their range there.
    pub fn keep_operands(&mut self, from: usize) -> (u32, u32) {
        let start = self.operands.len() as u32;
        self.operands.extend(self.open.drain(from..));
        (start, self.operands.len() as u32)
    }
}

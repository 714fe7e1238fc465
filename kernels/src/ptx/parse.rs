//! Tokens to [`ast::Unit`]: the module level. Bodies and variables have files of their own.

use super::ast::{self, Formal, Function, Linkage, Operand, Unit, VariableSpace};
use super::lexer::{Lexer, Spot, Token};
use crate::program::{Error, Errors};

/// No more complaints than these are listed.
const MOST_ERRORS: usize = 50;

/// Reads a text; all syntax errors that could be told apart.
pub fn parse(text: &str) -> Result<Unit<'_>, Errors> {
    let mut errors = Vec::new();
    let mut parser = match Parser::new(text) {
        Ok(parser) => parser,
        Err(error) => return Err(Errors(vec![error])),
    };
    if let Err(error) = parser.unit() {
        errors.push(error);
    }
    parser.errors.append(&mut errors);
    if parser.errors.is_empty() { Ok(parser.unit) } else { Err(Errors(parser.errors)) }
}

/// Text, one token of look-ahead, and what was read so far.
pub struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The whole text; forms are slices of it.
    pub text: &'a str,
    /// The next token.
    pub spot: Spot<'a>,
    /// What was read.
    pub unit: Unit<'a>,
    /// Complaints after which reading went on.
    pub errors: Vec<Error>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Error> {
        let mut lexer = Lexer::new(text);
        let spot = lexer.next()?;
        Ok(Parser { lexer, text, spot, unit: Unit::default(), errors: Vec::new() })
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

    fn unit(&mut self) -> Result<(), Error> {
        self.header()?;
        loop {
            match self.spot.token {
                Token::End => return Ok(()),
                Token::Sign(b';') => {
                    self.advance()?;
                }
                Token::Dot(word) => self.item(word)?,
                _ => return Err(self.expected("a directive")),
            }
        }
    }

    fn header(&mut self) -> Result<(), Error> {
        if !self.take_dot("version")? {
            return Err(self.expected("'.version'"));
        }
        let token = self.spot.token;
        self.unit.version = match token {
            // The version reads as a decimal; its digits are what counts.
            Token::Double(_) => {
                let text = &self.text[self.spot.start..self.spot.end];
                let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
                (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
            }
            _ => return Err(self.expected("a version such as 7.0")),
        };
        self.advance()?;
        if !self.take_dot("target")? {
            return Err(self.expected("'.target'"));
        }
        self.name()?;
        while self.take(b',')? {
            self.name()?;
        }
        if self.take_dot("address_size")? && self.spot.token != Token::Integer(64) {
            return Err(self.error("only 64-bit addresses are supported"));
        } else if matches!(self.spot.token, Token::Integer(_)) {
            self.advance()?;
        }
        Ok(())
    }

    fn item(&mut self, word: &'a str) -> Result<(), Error> {
        match word {
            "file" => self.file(),
            "section" => self.section(),
            "pragma" | "alias" => self.skip_statement(),
            "loc" => self.location(),
            _ => self.linked(),
        }
    }

    fn file(&mut self) -> Result<(), Error> {
        self.advance()?;
        self.integer()?;
        match self.spot.token {
            Token::Text(_) => self.advance()?,
            _ => return Err(self.expected("a file name")),
        };
        while self.take(b',')? {
            self.integer()?;
        }
        Ok(())
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

    fn section(&mut self) -> Result<(), Error> {
        while self.spot.token != Token::Sign(b'{') {
            if self.spot.token == Token::End {
                return Err(self.expected("'{'"));
            }
            self.advance()?;
        }
        while self.spot.token != Token::Sign(b'}') {
            if self.spot.token == Token::End {
                return Err(self.expected("'}'"));
            }
            self.advance()?;
        }
        self.advance().map(drop)
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

    fn linked(&mut self) -> Result<(), Error> {
        let mut linkage = Linkage::Private;
        loop {
            match self.spot.token {
                Token::Dot("visible" | "weak" | "common") => linkage = Linkage::Visible,
                Token::Dot("extern") => linkage = Linkage::External,
                Token::Dot("attribute") => self.attribute()?,
                Token::Dot("entry") => return self.function(true),
                Token::Dot("func") => return self.function(false),
                Token::Dot("global") => return self.module_variable(VariableSpace::Global, linkage),
                Token::Dot("const") => return self.module_variable(VariableSpace::Const, linkage),
                Token::Dot("shared") => return self.module_variable(VariableSpace::Shared, linkage),
                Token::Dot("shared::cta") => return self.module_variable(VariableSpace::Shared, linkage),
                Token::Dot("local") => return self.module_variable(VariableSpace::Local, linkage),
                Token::Dot(word) => return Err(self.error(format!("unknown directive '.{word}'"))),
                _ => return Err(self.expected("a directive")),
            }
            self.advance()?;
        }
    }

    /// `.attribute(.managed)`: read up to the last token but one; the caller takes that.
    fn attribute(&mut self) -> Result<(), Error> {
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
            if depth > 0 {
                self.advance()?;
            }
        }
        Ok(())
    }

    fn module_variable(&mut self, space: VariableSpace, linkage: Linkage) -> Result<(), Error> {
        self.advance()?;
        loop {
            let variable = self.variable(space, linkage)?;
            self.unit.variables.push(variable);
            if !self.take(b',')? {
                return self.want(b';');
            }
        }
    }

    fn function(&mut self, kernel: bool) -> Result<(), Error> {
        self.advance()?;
        while self.spot.token == Token::Dot("attribute") {
            self.attribute()?;
            self.advance()?;
        }
        let returns =
            if !kernel && self.spot.token == Token::Sign(b'(') { self.formals()? } else { Vec::new() };
        let place = (self.spot.line, self.spot.column);
        let name = self.name()?;
        let parameters = if self.spot.token == Token::Sign(b'(') { self.formals()? } else { Vec::new() };
        let mut function = Function {
            kernel,
            name,
            returns,
            parameters,
            max_threads: 0,
            required_block: None,
            body: None,
            place,
        };
        self.function_directives(&mut function)?;
        if self.spot.token == Token::Sign(b'{') {
            function.body = Some(self.body()?);
        } else {
            self.take(b';')?;
        }
        self.unit.functions.push(function);
        Ok(())
    }

    fn function_directives(&mut self, function: &mut Function<'a>) -> Result<(), Error> {
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
                "minnctapersm" | "maxnreg" | "maxclusterrank" => {
                    self.advance()?;
                    self.small()?;
                }
                "reqnctapercluster" => {
                    self.advance()?;
                    self.dims()?;
                }
                "explicitcluster" | "noreturn" => {
                    self.advance()?;
                }
                "pragma" => self.skip_statement()?,
                "abi_preserve" | "abi_preserve_control" => {
                    self.advance()?;
                    self.small()?;
                }
                "visible" | "weak" | "extern" | "func" | "entry" | "global" | "const" | "shared"
                | "common" | "section" | "file" => return Ok(()),
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

    /// Puts operands into the unit's list and gives their range.
    pub fn keep_operands(&mut self, operands: impl IntoIterator<Item = Operand<'a>>) -> (u32, u32) {
        let start = self.unit.operands.len() as u32;
        self.unit.operands.extend(operands);
        (start, self.unit.operands.len() as u32)
    }
}

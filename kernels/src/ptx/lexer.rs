//! Bytes to tokens, with their places.

use crate::module::Error;

/// What a token is. Words are slices of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// A name: `foo`, `%r1`, `$L_3`, `_`.
    Word(&'a str),
    /// `.name`, without the dot: a directive or a modifier.
    Dot(&'a str),
    /// An integer literal.
    Integer(u64),
    /// `0f` and eight digits: the bits.
    Single(u32),
    /// `0d` and sixteen digits, or a decimal with a point: the bits.
    Double(u64),
    /// A string literal, quotes excluded, escapes as written.
    Text(&'a str),
    /// One of the signs.
    Sign(u8),
    /// Behind the last byte.
    End,
}

/// A place in a text, from where reading can go on.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// In bytes.
    pub at: usize,
    /// Of that byte, from 1.
    pub line: u32,
    /// Where that line starts.
    pub line_start: usize,
}

/// The start of a text.
pub const START: Place = Place { at: 0, line: 1, line_start: 0 };

/// The text and how far it was read.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    line_start: usize,
}

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// The token.
    pub token: Token<'a>,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes.
    pub column: u32,
    /// The byte offset of its first byte.
    pub start: usize,
    /// The byte offset behind its last byte.
    pub end: usize,
}

/// Which bytes words are made of.
const IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        table[byte] = letter.is_ascii_alphanumeric() || letter == b'_' || letter == b'$' || letter == b'%';
        byte += 1;
    }
    table
};

fn in_word(byte: u8) -> bool {
    IN_WORD[byte as usize]
}

impl<'a> Lexer<'a> {
    /// At a place of a text.
    pub fn new(text: &'a str, from: Place) -> Self {
        Lexer { text, at: from.at, line: from.line, line_start: from.line_start }
    }

    /// The place behind the last token.
    pub fn place(&self) -> Place {
        Place { at: self.at, line: self.line, line_start: self.line_start }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    fn error(&self, what: String) -> Error {
        Error { line: self.line, column: (self.at - self.line_start + 1) as u32, what }
    }

    /// The next token.
    pub fn next(&mut self) -> Result<Spot<'a>, Error> {
        self.skip_blank()?;
        let (line, column, start) = (self.line, (self.at - self.line_start + 1) as u32, self.at);
        let token = self.token()?;
        Ok(Spot { token, line, column, start, end: self.at })
    }

    fn skip_blank(&mut self) -> Result<(), Error> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | 0 => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                b'/' if self.byte(1) == b'/' => {
                    let rest = &self.text.as_bytes()[self.at..];
                    self.at += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                }
                b'/' if self.byte(1) == b'*' => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Goes behind the `}` that closes a body whose `{` was read last. `declares` gets each place where a variable of
    /// global or constant memory is declared.
    pub fn skip_body(&mut self, mut declares: impl FnMut(Place)) -> Result<(), Error> {
        let opening = self.error("a body without an end".to_owned());
        let bytes = self.text.as_bytes();
        let mut depth = 1usize;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.at + 1;
                }
                b'{' => depth += 1,
                b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Ok(());
                    }
                }
                b'/' if matches!(self.byte(1), b'/' | b'*') => {
                    self.skip_blank()?;
                    continue;
                }
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'.' if matches!(self.byte(1), b'g' | b'c') && declares_here(bytes, self.at) => {
                    declares(self.place());
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(opening)
    }

    fn skip_comment(&mut self) -> Result<(), Error> {
        let opening = self.error("comment without an end".to_owned());
        self.at += 2;
        loop {
            match (self.byte(0), self.byte(1)) {
                (b'*', b'/') => {
                    self.at += 2;
                    return Ok(());
                }
                (b'\n', _) => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                }
                _ if self.at >= self.text.len() => return Err(opening),
                _ => self.at += 1,
            }
        }
    }

    fn token(&mut self) -> Result<Token<'a>, Error> {
        let byte = self.byte(0);
        match byte {
            0 if self.at >= self.text.len() => Ok(Token::End),
            b'0'..=b'9' => self.number(),
            b'"' => self.string(),
            b'.' if in_word(self.byte(1)) => {
                self.at += 1;
                Ok(Token::Dot(self.word(true)))
            }
            _ if in_word(byte) => Ok(Token::Word(self.word(false))),
            b'.' | b',' | b';' | b':' | b'{' | b'}' | b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'@'
            | b'!' | b'|' | b'+' | b'-' | b'=' | b'*' | b'/' | b'&' | b'^' | b'~' | b'?' | b'#' => {
                self.at += 1;
                Ok(Token::Sign(byte))
            }
            _ => {
                let sign = self.text[self.at..].chars().next().unwrap_or('?');
                Err(self.error(format!("unexpected character {sign:?}")))
            }
        }
    }

    fn word(&mut self, qualified: bool) -> &'a str {
        let start = self.at;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += rest.iter().position(|&byte| !in_word(byte)).unwrap_or(rest.len());
            if qualified && self.byte(0) == b':' && self.byte(1) == b':' && in_word(self.byte(2)) {
                self.at += 2;
            } else {
                return &self.text[start..self.at];
            }
        }
    }

    fn string(&mut self) -> Result<Token<'a>, Error> {
        let opening = self.error("string without an end".to_owned());
        self.at += 1;
        let start = self.at;
        loop {
            match self.byte(0) {
                b'"' => break,
                b'\n' => return Err(opening),
                0 if self.at >= self.text.len() => return Err(opening),
                b'\\' if self.byte(1) == b'"' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let text = &self.text[start..self.at];
        self.at += 1;
        Ok(Token::Text(text))
    }

    fn digits(&mut self, radix: u32) -> &'a str {
        let start = self.at;
        while (self.byte(0) as char).is_digit(radix) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn radix(&mut self, radix: u32, prefix: usize) -> Result<u64, Error> {
        let start = self.at;
        self.at += prefix;
        let digits = self.digits(radix);
        u64::from_str_radix(digits, radix)
            .map_err(|_| self.error(format!("bad number {:?}", &self.text[start..self.at])))
    }

    fn number(&mut self) -> Result<Token<'a>, Error> {
        let token = match (self.byte(0), self.byte(1)) {
            (b'0', b'f' | b'F') => Token::Single(self.hex_bits(8)? as u32),
            (b'0', b'd' | b'D') => Token::Double(self.hex_bits(16)?),
            (b'0', b'x' | b'X') => Token::Integer(self.radix(16, 2)?),
            (b'0', b'b' | b'B') => Token::Integer(self.radix(2, 2)?),
            _ => self.decimal()?,
        };
        if matches!(token, Token::Integer(_)) && matches!(self.byte(0), b'u' | b'U') {
            self.at += 1;
        }
        Ok(token)
    }

    fn hex_bits(&mut self, want: usize) -> Result<u64, Error> {
        let start = self.at;
        self.at += 2;
        let digits = self.digits(16);
        match u64::from_str_radix(digits, 16) {
            Ok(bits) if digits.len() == want => Ok(bits),
            _ => Err(self.error(format!("bad number {:?}", &self.text[start..self.at]))),
        }
    }

    fn decimal(&mut self) -> Result<Token<'a>, Error> {
        let start = self.at;
        self.digits(10);
        let mut float = false;
        if self.byte(0) == b'.' && (self.byte(1).is_ascii_digit() || !in_word(self.byte(1))) {
            float = true;
            self.at += 1;
            self.digits(10);
        }
        if matches!(self.byte(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                float = true;
                self.at += 1 + sign;
                self.digits(10);
            }
        }
        let digits = &self.text[start..self.at];
        let bad = |lexer: &Self| lexer.error(format!("bad number {digits:?}"));
        if float {
            return digits.parse().map(|value: f64| Token::Double(value.to_bits())).map_err(|_| bad(self));
        }
        let octal = digits.len() > 1 && digits.starts_with('0');
        let value = u64::from_str_radix(digits, if octal { 8 } else { 10 });
        value.map(Token::Integer).map_err(|_| bad(self))
    }
}

/// Whether the `.` at this place begins a declaration in global or constant memory: it is no modifier, which stands right
/// behind a word. What stands before may be anything that ends, on this line or another.
fn declares_here(bytes: &[u8], at: usize) -> bool {
    let space = [&b".global"[..], b".const"].iter().any(|space| {
        bytes[at..].starts_with(space) && bytes.get(at + space.len()).is_some_and(|&byte| !in_word(byte))
    });
    let blank = bytes[..at].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
    let (before, blank) = bytes[..at].split_at(at - blank);
    space && (matches!(before, [.., b'{' | b'}' | b';' | b':'] | [.., b'*', b'/']) || blank.contains(&b'\n'))
}

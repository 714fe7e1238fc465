//! A line of text that is read from left to right.

use crate::compile::ssa::{BlockId, Type, Value};

/// What was read, or what is wrong.
pub type Parsed<T> = Result<T, String>;

/// What is left of a line.
pub struct Line<'t> {
    text: &'t str,
}

impl<'t> Line<'t> {
    /// The whole of it.
    pub fn new(text: &'t str) -> Line<'t> {
        Line { text: text.trim() }
    }

    /// Takes this away if it is next.
    pub fn eat(&mut self, text: &str) -> bool {
        match self.text.strip_prefix(text) {
            Some(rest) => {
                self.text = rest.trim_start();
                true
            }
            None => false,
        }
    }

    /// This must be next.
    pub fn want(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(format!("`{text}` instead of `{}`", self.text)) }
    }

    /// Whether a character is next.
    pub fn at(&self, first: char) -> bool {
        self.text.starts_with(first)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'t str {
        std::mem::take(&mut self.text)
    }

    /// Nothing may be left.
    pub fn done(&self) -> Parsed<()> {
        if self.text.is_empty() { Ok(()) } else { Err(format!("`{}` is too much", self.text)) }
    }

    /// Up to the next space or the end.
    pub fn word(&mut self) -> &'t str {
        let end = self.text.find(' ').unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest.trim_start();
        word
    }

    fn digits(&mut self) -> &'t str {
        let end = self.text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest.trim_start();
        word
    }

    /// A number, decimal or not.
    pub fn number(&mut self) -> Parsed<u64> {
        let word = self.digits();
        let number = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => word.parse(),
        };
        number.map_err(|_| format!("`{word}` is no number"))
    }

    /// What is added to an address, if anything.
    pub fn offset(&mut self) -> Parsed<i64> {
        if self.eat("+") {
            return Ok(self.number()? as i64);
        }
        if self.eat("-") {
            return Ok((self.number()? as i64).wrapping_neg());
        }
        Ok(0)
    }

    /// A letter and a number.
    fn numbered(&mut self, letter: char) -> Parsed<u32> {
        let word = self.digits();
        let number = word.strip_prefix(letter).and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| format!("`{word}` instead of `{letter}` and a number"))
    }

    /// A value.
    pub fn value(&mut self) -> Parsed<Value> {
        self.numbered('v').map(Value)
    }

    /// A block.
    pub fn block(&mut self) -> Parsed<BlockId> {
        self.numbered('b').map(BlockId)
    }

    /// A type.
    pub fn ty(&mut self) -> Parsed<Type> {
        let word = self.digits();
        ty(word).ok_or_else(|| format!("`{word}` is no type"))
    }

    /// One or more, with commas.
    pub fn list<T>(&mut self, one: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.eat(",") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// Whether there are results before an op.
    pub fn has_targets(&self) -> bool {
        self.text.contains(" = ")
    }

    /// Takes the line of the PTX text away from the end.
    pub fn number_of_line(&mut self) -> Parsed<u32> {
        let Some((before, number)) = self.text.rsplit_once('@') else { return Ok(0) };
        self.text = before.trim_end();
        number.parse().map_err(|_| format!("`{number}` is no line"))
    }
}

fn ty(word: &str) -> Option<Type> {
    match word {
        "i1" => return Some(Type::I1),
        "i32" => return Some(Type::I32),
        "i64" => return Some(Type::I64),
        _ => {}
    }
    if let Some(lanes) = word.strip_prefix('m') {
        return Some(Type::M { lanes: lanes.parse().ok()? });
    }
    let (lanes, bits) = word.strip_prefix('v')?.split_once('x')?;
    Some(Type::V { bits: bits.parse().ok()?, lanes: lanes.parse().ok()? })
}

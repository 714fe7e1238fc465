//! The modifiers of an opcode, sorted out.

use smallvec::SmallVec;

use super::Refusal;
use crate::ir::{Mode, Rounding, Type};

/// Which half of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `.lo`
    Low,
    /// `.hi`
    High,
    /// `.wide`
    Wide,
}

/// Kinds of modifiers, as a set.
pub mod kind {
    #![allow(missing_docs)]
    pub const ROUNDING: u32 = 1;
    pub const INTEGRAL: u32 = 2;
    pub const FTZ: u32 = 4;
    pub const SAT: u32 = 8;
    pub const CARRY: u32 = 16;
    pub const RELU: u32 = 32;
    pub const NAN: u32 = 64;
    pub const APPROX: u32 = 128;
}

/// An opcode's modifiers.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    /// As written.
    pub text: &'a str,
    /// The first word.
    pub opcode: &'a str,
    /// What kinds there are.
    pub kinds: u32,
    /// `.rn` and the like.
    pub rounding: Option<Rounding>,
    /// `.rni` and the like.
    pub integral: Option<Rounding>,
    /// `.lo`, `.hi`, `.wide`
    pub part: Option<Part>,
    /// Types in order.
    pub types: SmallVec<[Type; 4]>,
    /// All others in order.
    pub others: SmallVec<[&'a str; 6]>,
}

/// The words of a form, which may have blanks between them.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        // Words are shorter than what a search for one byte pays for.
        let dot = text.bytes().position(|byte| byte == b'.');
        rest = dot.map(|dot| &text[dot + 1..]);
        let word = &text[..dot.unwrap_or(text.len())];
        let blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
        let trim = blank(word.as_bytes().first()) || blank(word.as_bytes().last());
        Some(if trim { word.trim() } else { word })
    })
}

fn rounding(word: &str) -> Option<(u32, Rounding)> {
    Some(match word {
        "rn" => (kind::ROUNDING, Rounding::Nearest),
        "rz" => (kind::ROUNDING, Rounding::Zero),
        "rm" => (kind::ROUNDING, Rounding::Down),
        "rp" => (kind::ROUNDING, Rounding::Up),
        "rna" => (kind::ROUNDING, Rounding::Away),
        "rni" => (kind::INTEGRAL, Rounding::Nearest),
        "rzi" => (kind::INTEGRAL, Rounding::Zero),
        "rmi" => (kind::INTEGRAL, Rounding::Down),
        "rpi" => (kind::INTEGRAL, Rounding::Up),
        _ => return None,
    })
}

impl<'a> Form<'a> {
    /// Sorts the words of `add.rn.f32`.
    pub fn new(text: &'a str) -> Self {
        let mut form = Form { text, ..Form::default() };
        let mut words = words(text);
        form.opcode = words.next().unwrap_or("");
        words.for_each(|word| form.word(word));
        form
    }

    fn word(&mut self, word: &'a str) {
        if let Some((kind, rounding)) = rounding(word) {
            self.kinds |= kind;
            let slot = if kind == kind::ROUNDING { &mut self.rounding } else { &mut self.integral };
            *slot = Some(rounding);
            return;
        }
        let part = match word {
            "lo" => Some(Part::Low),
            "hi" => Some(Part::High),
            "wide" => Some(Part::Wide),
            _ => None,
        };
        if part.is_some() && matches!(self.opcode, "mul" | "mad" | "madc" | "mul24" | "mad24" | "dp2a") {
            self.part = part;
            return;
        }
        // Few opcodes know values of 128 bits; to all others the word is unknown.
        let wide = matches!(self.opcode, "ld" | "ldu" | "st" | "mov" | "atom" | "red");
        if let Some(ty) = Type::named(word).filter(|&ty| ty != Type::B128 || wide) {
            return self.types.push(ty);
        }
        self.kinds |= match word {
            "ftz" => kind::FTZ,
            "sat" => kind::SAT,
            "cc" => kind::CARRY,
            "relu" => kind::RELU,
            "NaN" => kind::NAN,
            "approx" => kind::APPROX,
            _ => return self.others.push(word),
        };
    }

    /// Whether there is a modifier of this kind.
    pub fn has(&self, kind: u32) -> bool {
        self.kinds & kind != 0
    }

    /// The only type.
    pub fn ty(&self) -> Result<Type, Refusal> {
        if let [ty] = self.types[..] { Ok(ty) } else { Err(Refusal::Unsupported) }
    }

    /// Both types.
    pub fn types2(&self) -> Result<(Type, Type), Refusal> {
        if let [a, b] = self.types[..] { Ok((a, b)) } else { Err(Refusal::Unsupported) }
    }

    /// How floats are rounded.
    pub fn mode(&self) -> Mode {
        Mode {
            rounding: self.rounding.unwrap_or_default(),
            ftz: self.has(kind::FTZ),
            sat: self.has(kind::SAT),
            relu: self.has(kind::RELU),
        }
    }

    /// Takes a word out of the others.
    pub fn take(&mut self, word: &str) -> bool {
        let found = self.others.iter().position(|&other| other == word);
        found.map(|at| self.others.remove(at)).is_some()
    }

    /// Takes the first of the words that is there.
    pub fn take_any<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        words.iter().find(|(word, _)| self.take(word)).map(|(_, value)| *value)
    }
}

//! Operand shapes of a row, as text: `=T0 T0 u32 pred?`.
//!
//! `=` marks what is written. A shape is a type (`u32`, `pred`), the form's types (`T0` the first, `T1` the second),
//! `W0` for one twice as wide as the first, or what is no value: `[]` an address, `{}` a vector or a list, `label`,
//! `name`. `|` joins two that are written with a bar between them, of which the second may be missing. `?` at the end:
//! may be absent. A lone `*` takes anything.

use crate::ir::Type;

/// What stands at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value of this type.
    Fixed(Type),
    /// A value of the form's type of this number.
    Form(u8),
    /// The same, twice as wide.
    Wide(u8),
    /// An address, a vector, a label or a name: the builder knows.
    Other,
}

/// One operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operand {
    /// What it is.
    pub kind: Kind,
    /// It is written.
    pub target: bool,
    /// What stands behind a bar.
    pub pair: Option<Kind>,
}

/// All operands of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// In order.
    pub operands: Vec<Operand>,
    /// How many there are at least.
    pub least: usize,
    /// Any operands are taken.
    pub any: bool,
}

fn kind(text: &str) -> Kind {
    let number = |rest: &str| rest.parse().ok();
    if let Some(at) = text.strip_prefix('T').and_then(number) {
        return Kind::Form(at);
    }
    if let Some(at) = text.strip_prefix('W').and_then(number) {
        return Kind::Wide(at);
    }
    Type::named(text).map_or(Kind::Other, Kind::Fixed)
}

impl Shape {
    /// Takes a text apart.
    pub fn new(text: &str) -> Shape {
        let mut shape = Shape { operands: Vec::new(), least: 0, any: text == "*" };
        for word in text.split_whitespace().filter(|_| text != "*") {
            let (word, optional) = word.strip_suffix('?').map_or((word, false), |word| (word, true));
            let (word, target) = word.strip_prefix('=').map_or((word, false), |word| (word, true));
            let (first, second) = word.split_once('|').map_or((word, None), |(a, b)| (a, Some(b)));
            shape.operands.push(Operand { kind: kind(first), target, pair: second.map(kind) });
            if !optional {
                shape.least = shape.operands.len();
            }
        }
        shape
    }

    /// Whether so many operands fit.
    pub fn takes(&self, count: usize) -> bool {
        self.any || (self.least..=self.operands.len()).contains(&count)
    }
}

impl Kind {
    /// The type of the value, for a form with these types.
    pub fn ty(self, types: &[Type]) -> Option<Type> {
        match self {
            Kind::Fixed(ty) => Some(ty),
            Kind::Form(at) => types.get(usize::from(at)).copied(),
            Kind::Wide(at) => match *types.get(usize::from(at))? {
                Type::S16 => Some(Type::S32),
                Type::U16 => Some(Type::U32),
                Type::S32 => Some(Type::S64),
                Type::U32 => Some(Type::U64),
                _ => None,
            },
            Kind::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read() {
        let shape = Shape::new("=W0|pred T1 u32 []?");
        assert_eq!((shape.least, shape.operands.len()), (3, 4));
        assert_eq!(
            shape.operands[0],
            Operand { kind: Kind::Wide(0), target: true, pair: Some(Kind::Fixed(Type::Pred)) }
        );
        assert_eq!(shape.operands[1].kind.ty(&[Type::S16, Type::F64]), Some(Type::F64));
        assert_eq!(shape.operands[0].kind.ty(&[Type::S16]), Some(Type::S32));
        assert!(shape.takes(3) && shape.takes(4) && !shape.takes(2) && !shape.takes(5));
        assert!(Shape::new("*").takes(9) && Shape::new("").takes(0) && !Shape::new("").takes(1));
    }
}

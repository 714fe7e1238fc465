//! Exact numbers to judge floats by: big integers times powers of two, and rounding by its definition, as a search
//! among the format's values. Nothing here is shared with the code under test.

use std::cmp::Ordering;

use stream_hal_kernels::ir::Type;

/// What the largest codes of a format mean.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Infinities and NaNs.
    Ieee,
    /// One NaN, no infinity.
    OneNan,
    /// Numbers only.
    Finite,
}

/// A float format.
#[derive(Clone, Copy)]
pub struct Layout {
    /// Bits of the exponent.
    pub exponent: u32,
    /// Bits of the fraction.
    pub fraction: u32,
    pub kind: Kind,
}

/// What a code means; numbers are `m × 2^p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Nan,
    Infinite(bool),
    Number { negative: bool, m: u128, p: i32 },
}

impl Layout {
    /// Of a type, or of each of two in one register.
    pub fn of(ty: Type) -> Layout {
        let (exponent, fraction, kind) = match ty {
            Type::F16 | Type::F16x2 => (5, 10, Kind::Ieee),
            Type::Bf16 | Type::Bf16x2 => (8, 7, Kind::Ieee),
            Type::Tf32 => (8, 10, Kind::Ieee),
            Type::F32 | Type::F32x2 => (8, 23, Kind::Ieee),
            Type::F64 => (11, 52, Kind::Ieee),
            Type::E4m3x2 => (4, 3, Kind::OneNan),
            Type::E5m2x2 => (5, 2, Kind::Ieee),
            Type::E2m3x2 => (2, 3, Kind::Finite),
            Type::E3m2x2 => (3, 2, Kind::Finite),
            Type::E2m1x2 => (2, 1, Kind::Finite),
            _ => panic!("{ty} is no float"),
        };
        Layout { exponent, fraction, kind }
    }

    pub fn sign(self) -> u64 {
        1 << (self.exponent + self.fraction)
    }

    /// All bits.
    pub fn mask(self) -> u64 {
        self.sign() | (self.sign() - 1)
    }

    pub fn infinity(self) -> u64 {
        ((1 << self.exponent) - 1) << self.fraction
    }

    pub fn largest(self) -> u64 {
        match self.kind {
            Kind::Ieee => self.infinity() - 1,
            Kind::OneNan => self.sign() - 2,
            Kind::Finite => self.sign() - 1,
        }
    }

    /// The NaN of results; `.f64` has the one with its sign set, without NaN the largest number stands in.
    pub fn nan(self) -> u64 {
        if self.fraction == 52 { 0xfff8_0000_0000_0000 } else { self.sign() - 1 }
    }

    pub fn one(self) -> u64 {
        ((1 << (self.exponent - 1)) - 1) << self.fraction
    }

    pub fn value(self, code: u64) -> Value {
        let negative = code & self.sign() != 0;
        let size = code & (self.sign() - 1);
        if size > self.largest() {
            return if self.kind == Kind::Ieee && size == self.infinity() {
                Value::Infinite(negative)
            } else {
                Value::Nan
            };
        }
        let (m, p) = self.number(size);
        Value::Number { negative, m, p }
    }

    /// A number without its sign.
    fn number(self, size: u64) -> (u128, i32) {
        let (field, fraction) = (size >> self.fraction, size & ((1 << self.fraction) - 1));
        let hidden = if field == 0 { 0 } else { 1 << self.fraction };
        let bias = (1 << (self.exponent - 1)) - 1;
        (u128::from(hidden | fraction), field.max(1) as i32 - bias - self.fraction as i32)
    }

    /// Denormals as zeros of their sign.
    pub fn flush(self, code: u64) -> u64 {
        if code & self.infinity() == 0 { code & self.sign() } else { code }
    }

    /// A code's value; exact, as every format fits `f64`.
    pub fn wide(self, code: u64) -> f64 {
        match self.value(code) {
            Value::Nan => f64::NAN,
            Value::Infinite(negative) => f64::INFINITY * if negative { -1.0 } else { 1.0 },
            Value::Number { negative, m, p } => {
                // Two steps, as the factor of the smallest `f64` is none itself.
                let half = p / 2;
                let size = m as f64 * 2f64.powi(half) * 2f64.powi(p - half);
                if negative { -size } else { size }
            }
        }
    }
}

/// A natural number.
#[derive(Clone, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn new(value: u128) -> Big {
        Big((0..4).map(|at| (value >> (at * 32)) as u32).collect()).trimmed()
    }

    fn trimmed(mut self) -> Big {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn bits(&self) -> i64 {
        self.0.last().map_or(0, |top| self.0.len() as i64 * 32 - i64::from(top.leading_zeros()))
    }

    fn shifted(&self, by: u32) -> Big {
        let mut words = vec![0; (by / 32) as usize];
        let mut carry = 0u64;
        for &word in &self.0 {
            let wide = u64::from(word) << (by % 32) | carry;
            words.push(wide as u32);
            carry = wide >> 32;
        }
        words.push(carry as u32);
        Big(words).trimmed()
    }

    fn plus(&self, other: &Big) -> Big {
        let mut carry = 0;
        let mut words = Vec::new();
        for at in 0..=self.0.len().max(other.0.len()) {
            let word = |big: &Big| u64::from(big.0.get(at).copied().unwrap_or(0));
            let sum = word(self) + word(other) + carry;
            words.push(sum as u32);
            carry = sum >> 32;
        }
        Big(words).trimmed()
    }

    /// `other` is not larger.
    fn minus(&self, other: &Big) -> Big {
        let mut borrow = 0;
        let mut words = Vec::new();
        for (at, &word) in self.0.iter().enumerate() {
            let less = i64::from(word) - i64::from(other.0.get(at).copied().unwrap_or(0)) - borrow;
            borrow = i64::from(less < 0);
            words.push(less as u32);
        }
        Big(words).trimmed()
    }

    fn order(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// `a × 2^p` against `b × 2^q`.
fn order(a: &Big, p: i32, b: &Big, q: i32) -> Ordering {
    match (a.bits(), b.bits()) {
        (0, 0) => return Ordering::Equal,
        (0, _) => return Ordering::Less,
        (_, 0) => return Ordering::Greater,
        (x, y) if x + i64::from(p) != y + i64::from(q) => {
            return (x + i64::from(p)).cmp(&(y + i64::from(q)));
        }
        _ => {}
    }
    if p >= q { a.shifted((p - q) as u32).order(b) } else { a.order(&b.shifted((q - p) as u32)) }
}

/// How a size compares with `m × 2^p`.
type Compare = Box<dyn Fn(u128, i32) -> Ordering>;

/// The exact result of an operation.
pub enum Exact {
    Nan,
    Infinite(bool),
    Zero(bool),
    Size(bool, Compare),
}

impl Exact {
    fn big(negative: bool, size: Big, p: i32) -> Exact {
        Exact::Size(negative, Box::new(move |m, q| order(&size, p, &Big::new(m), q)))
    }

    fn negative(&self) -> bool {
        matches!(self, Exact::Infinite(true) | Exact::Zero(true) | Exact::Size(true, _))
    }
}

pub fn exact(value: Value) -> Exact {
    match value {
        Value::Nan => Exact::Nan,
        Value::Infinite(negative) => Exact::Infinite(negative),
        Value::Number { negative, m: 0, .. } => Exact::Zero(negative),
        Value::Number { negative, m, p } => Exact::big(negative, Big::new(m), p),
    }
}

pub fn integer(value: i128) -> Value {
    Value::Number { negative: value < 0, m: value.unsigned_abs(), p: 0 }
}

pub fn negated(value: Value) -> Value {
    match value {
        Value::Nan => Value::Nan,
        Value::Infinite(negative) => Value::Infinite(!negative),
        Value::Number { negative, m, p } => Value::Number { negative: !negative, m, p },
    }
}

/// a + b. `down`: the rounding goes to minus infinity, where sums that cancel are -0.
pub fn add(a: Value, b: Value, down: bool) -> Exact {
    match (a, b) {
        (Value::Nan, _) | (_, Value::Nan) => Exact::Nan,
        (Value::Infinite(a), Value::Infinite(b)) => {
            if a == b {
                Exact::Infinite(a)
            } else {
                Exact::Nan
            }
        }
        (Value::Infinite(negative), _) | (_, Value::Infinite(negative)) => Exact::Infinite(negative),
        (Value::Number { negative: s, m: a, p }, Value::Number { negative: t, m: b, p: q }) => {
            if a == 0 && b == 0 {
                return Exact::Zero(if s == t { s } else { down });
            }
            // Where one is zero its power means nothing, and could be far away.
            let least = if a == 0 {
                q
            } else if b == 0 {
                p
            } else {
                p.min(q)
            };
            let big = |m, p: i32| if m == 0 { Big::new(0) } else { Big::new(m).shifted((p - least) as u32) };
            let (a, b) = (big(a, p), big(b, q));
            match (s == t, a.order(&b)) {
                (true, _) => Exact::big(s, a.plus(&b), least),
                (false, Ordering::Equal) => Exact::Zero(down),
                (false, Ordering::Greater) => Exact::big(s, a.minus(&b), least),
                (false, Ordering::Less) => Exact::big(t, b.minus(&a), least),
            }
        }
    }
}

/// a * b, itself a value.
pub fn product(a: Value, b: Value) -> Value {
    let sign = |value| match value {
        Value::Infinite(negative) | Value::Number { negative, .. } => negative,
        Value::Nan => false,
    };
    let negative = sign(a) != sign(b);
    match (a, b) {
        (Value::Nan, _) | (_, Value::Nan) => Value::Nan,
        (Value::Number { m: 0, .. }, Value::Infinite(_))
        | (Value::Infinite(_), Value::Number { m: 0, .. }) => Value::Nan,
        (Value::Number { m, p, .. }, Value::Number { m: n, p: q, .. }) => {
            Value::Number { negative, m: m * n, p: p + q }
        }
        _ => Value::Infinite(negative),
    }
}

/// a / b
pub fn quotient(a: Value, b: Value) -> Exact {
    match (a, b) {
        (Value::Nan, _) | (_, Value::Nan) | (Value::Infinite(_), Value::Infinite(_)) => Exact::Nan,
        (Value::Number { m: 0, .. }, Value::Number { m: 0, .. }) => Exact::Nan,
        (Value::Number { negative: s, .. }, Value::Infinite(t)) => Exact::Zero(s != t),
        (Value::Infinite(s), Value::Number { negative: t, .. }) => Exact::Infinite(s != t),
        (Value::Number { negative: s, .. }, Value::Number { negative: t, m: 0, .. }) => {
            Exact::Infinite(s != t)
        }
        (Value::Number { negative: s, m: 0, .. }, Value::Number { negative: t, .. }) => Exact::Zero(s != t),
        (Value::Number { negative: s, m: a, p }, Value::Number { negative: t, m: b, p: q }) => {
            let a = Big::new(a);
            Exact::Size(s != t, Box::new(move |m, r| order(&a, p, &Big::new(m * b), q + r)))
        }
    }
}

/// The root of a.
pub fn root(a: Value) -> Exact {
    match a {
        Value::Number { negative, m: 0, .. } => Exact::Zero(negative),
        Value::Number { negative: false, m, p } => {
            let a = Big::new(m);
            Exact::Size(false, Box::new(move |m, q| order(&a, p, &Big::new(m * m), 2 * q)))
        }
        Value::Infinite(false) => Exact::Infinite(false),
        _ => Exact::Nan,
    }
}

/// The value of the format that a rounding asks for: `rn`, `rz`, `rm`, `rp`, `rna`.
pub fn round(exact: &Exact, layout: Layout, rounding: &str) -> u64 {
    let sign = if exact.negative() { layout.sign() } else { 0 };
    let beyond = match layout.kind {
        Kind::Ieee => layout.infinity(),
        Kind::OneNan => layout.nan(),
        Kind::Finite => layout.largest(),
    };
    let compare = match exact {
        Exact::Nan => return layout.nan(),
        Exact::Infinite(_) => return sign | beyond,
        Exact::Zero(_) => return sign,
        Exact::Size(_, compare) => compare,
    };
    // The largest code whose value is not above.
    let (mut below, mut above) = (0, layout.largest() + 1);
    while above - below > 1 {
        let middle = below + (above - below) / 2;
        let (m, p) = layout.number(middle);
        if compare(m, p) == Ordering::Less {
            above = middle;
        } else {
            below = middle;
        }
    }
    let (m, p) = layout.number(below);
    if compare(m, p) == Ordering::Equal {
        return sign | below;
    }
    let up = match (rounding, compare(2 * m + 1, p - 1)) {
        ("rz", _) => false,
        ("rm", _) => sign != 0,
        ("rp", _) => sign == 0,
        ("rn", Ordering::Equal) => below & 1 == 1,
        (_, middle) => middle != Ordering::Less,
    };
    sign | match up {
        false => below,
        true if below == layout.largest() => beyond,
        true => below + 1,
    }
}

#[test]
fn rounding_by_definition() {
    let half = Layout::of(Type::F16);
    let one = Value::Number { negative: false, m: 1, p: 0 };
    let eleven = Value::Number { negative: false, m: 1, p: -11 };
    for (rounding, code) in [("rn", 0x3c00), ("rna", 0x3c01), ("rz", 0x3c00), ("rp", 0x3c01), ("rm", 0x3c00)]
    {
        assert_eq!(round(&add(one, eleven, false), half, rounding), code, "{rounding}");
    }
    assert_eq!(round(&quotient(one, integer(-3)), half, "rn"), 0xb555);
    assert_eq!(round(&root(integer(2)), Layout::of(Type::F32), "rn"), 0x3fb5_04f3);
    assert_eq!(round(&exact(integer(65520)), half, "rn"), 0x7c00);
    assert_eq!(round(&exact(integer(65519)), half, "rn"), 0x7bff);
    assert_eq!(round(&exact(integer(464)), Layout::of(Type::E4m3x2), "rn"), 0x7e);
}

//! Values of the 32 lanes of a warp, and functions over all of them at once.

/// Threads of a warp.
pub const WARP: usize = 32;

/// One register of all lanes; narrow values lie in the low bits, the rest is zero.
pub type Lanes = [u64; WARP];

/// Lanes of a mask, ascending.
pub fn each(mask: u32) -> impl Iterator<Item = usize> {
    (0..WARP).filter(move |&lane| mask >> lane & 1 == 1)
}

/// A pure op over all lanes; what inactive lanes get is dropped.
#[derive(Clone, Copy, Debug)]
pub enum Meaning {
    /// Of one source.
    One(fn(&mut Lanes, &Lanes)),
    /// Of two.
    Two(fn(&mut Lanes, &Lanes, &Lanes)),
    /// Of three.
    Three(fn(&mut Lanes, &Lanes, &Lanes, &Lanes)),
    /// Of four.
    Four(fn(&mut Lanes, &Lanes, &Lanes, &Lanes, &Lanes)),
    /// Of up to three, lane by lane; see [`super::meaning::each`].
    Each(crate::ir::compute::Compute),
}

/// How a Rust type lies in a register.
pub trait Value: Copy {
    /// Out of a register.
    fn get(bits: u64) -> Self;
    /// Into a register.
    fn put(self) -> u64;
}

macro_rules! integer_value {
    ($($ty:ty as $unsigned:ty),*) => {
        $(impl Value for $ty {
            fn get(bits: u64) -> Self {
                bits as $ty
            }
            fn put(self) -> u64 {
                u64::from(self as $unsigned)
            }
        })*
    };
}

integer_value!(u8 as u8, i8 as u8, u16 as u16, i16 as u16, u32 as u32, i32 as u32, u64 as u64, i64 as u64);

impl Value for bool {
    fn get(bits: u64) -> Self {
        bits != 0
    }
    fn put(self) -> u64 {
        u64::from(self)
    }
}

impl Value for f32 {
    fn get(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
    fn put(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Value for f64 {
    fn get(bits: u64) -> Self {
        f64::from_bits(bits)
    }
    fn put(self) -> u64 {
        self.to_bits()
    }
}

/// `one!(|a: u32| …)`: the expression for every lane.
macro_rules! one {
    (|$a:ident: $A:ty| $result:expr) => {
        Meaning::One(|to, a| {
            for (to, a) in to.iter_mut().zip(a) {
                let $a = <$A as Value>::get(*a);
                *to = Value::put($result);
            }
        })
    };
}

/// The same of two sources.
macro_rules! two {
    (|$a:ident: $A:ty, $b:ident: $B:ty| $result:expr) => {
        Meaning::Two(|to, a, b| {
            for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
                let $a = <$A as Value>::get(*a);
                let $b = <$B as Value>::get(*b);
                *to = Value::put($result);
            }
        })
    };
}

/// The same of three sources.
macro_rules! three {
    (|$a:ident: $A:ty, $b:ident: $B:ty, $c:ident: $C:ty| $result:expr) => {
        Meaning::Three(|to, a, b, c| {
            for (((to, a), b), c) in to.iter_mut().zip(a).zip(b).zip(c) {
                let $a = <$A as Value>::get(*a);
                let $b = <$B as Value>::get(*b);
                let $c = <$C as Value>::get(*c);
                *to = Value::put($result);
            }
        })
    };
}

/// The same of four sources.
macro_rules! four {
    (|$a:ident: $A:ty, $b:ident: $B:ty, $c:ident: $C:ty, $d:ident: $D:ty| $result:expr) => {
        Meaning::Four(|to, a, b, c, d| {
            for ((((to, a), b), c), d) in to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                let $a = <$A as Value>::get(*a);
                let $b = <$B as Value>::get(*b);
                let $c = <$C as Value>::get(*c);
                let $d = <$D as Value>::get(*d);
                *to = Value::put($result);
            }
        })
    };
}

pub(crate) use {four, one, three, two};

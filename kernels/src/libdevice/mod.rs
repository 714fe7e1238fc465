//! NVIDIA's device library: the functions `__nv_*` that PTX declares and does not define, as a table of names, types and
//! meanings. A module that brings its own body of one is not concerned.
//!
//! A row's signature is written `result parameter parameter …` in the letters of [`Kind`], `-` for no result. Its outputs
//! are the result, then what goes through each pointer, in order; all of them are pure ops of the scalar parameters.

// Approximations and their roundings are written out as they are computed.
#![allow(clippy::excessive_precision)]

mod bessel;
mod double;
mod integer;
mod normal;
mod real;
mod single;
mod wide;

use std::fmt;

use crate::interp::Meaning;
use crate::ir::Type;
use crate::ir::compute::{Compute, Conversion, Float, Int, Mode, Rounding};

/// What a parameter or result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `h`: 16 bits, alone or in the low half of 32.
    Half,
    /// `i`: a 32-bit integer.
    Word,
    /// `l`: a 64-bit integer, or an address nobody reads.
    Long,
    /// `f`
    Single,
    /// `d`
    Double,
    /// `i*`, `f*`, `d*`: where an output of this type goes.
    Output(Type),
    /// `f[]`, `d[]`: as many numbers as the parameter before says.
    Array(Type),
}

impl Kind {
    fn of(text: &str) -> Option<Kind> {
        Some(match text {
            "h" => Kind::Half,
            "i" => Kind::Word,
            "l" => Kind::Long,
            "f" => Kind::Single,
            "d" => Kind::Double,
            "i*" => Kind::Output(Type::B32),
            "f*" => Kind::Output(Type::F32),
            "d*" => Kind::Output(Type::F64),
            "f[]" => Kind::Array(Type::F32),
            "d[]" => Kind::Array(Type::F64),
            _ => return None,
        })
    }

    /// Whether a declared type is this.
    pub fn is(self, ty: Type) -> bool {
        match self {
            Kind::Half => ty.bits() == 16 || (ty.bits() == 32 && ty != Type::F32),
            Kind::Word => ty.bits() == 32 && ty != Type::F32,
            Kind::Single => matches!(ty, Type::F32 | Type::B32),
            Kind::Double => matches!(ty, Type::F64 | Type::B64),
            Kind::Long | Kind::Output(_) | Kind::Array(_) => ty.bits() == 64 && ty != Type::F64,
        }
    }
}

/// What an output is.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// An op that PTX has as well.
    Compute(Compute),
    /// A function of its own.
    Own(Meaning),
}

/// A function.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its types.
    pub signature: &'static str,
    /// Its result and what it writes. Where a parameter is an array: first the sum so far (64 bits, from 0) and an
    /// element to the next sum, then the last sum to the result.
    pub outputs: &'static [Does],
}

impl Row {
    /// The result; none for `-`.
    pub fn result(&self) -> Option<Kind> {
        Kind::of(self.signature.split(' ').next()?)
    }

    /// The parameters in order.
    pub fn parameters(&self) -> impl Iterator<Item = Kind> {
        self.signature.split(' ').skip(1).filter_map(Kind::of)
    }

    /// Whether it goes through an array.
    pub fn folds(&self) -> bool {
        self.signature.ends_with(']')
    }
}

/// One output of a function: what IR holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct External {
    row: u16,
    output: u8,
}

impl External {
    /// The function of a name.
    pub fn named(name: &str) -> Option<External> {
        if !name.starts_with("__nv_") {
            return None;
        }
        let row = all().position(|row| row.name == name)?;
        Some(External { row: row as u16, output: 0 })
    }

    /// Its row.
    pub fn row(self) -> &'static Row {
        let mut at = usize::from(self.row);
        for table in TABLES {
            match table.get(at) {
                Some(row) => return row,
                None => at -= table.len(),
            }
        }
        unreachable!("only `named` makes one, out of these tables")
    }

    /// The op of an output of the same function.
    pub fn compute(self, output: usize) -> Compute {
        match self.row().outputs[output] {
            Does::Compute(compute) => compute,
            Does::Own(_) => Compute::External(External { output: output as u8, ..self }),
        }
    }

    /// Which output of the function.
    pub fn output(self) -> usize {
        usize::from(self.output)
    }

    /// The op of PTX that the output is, if it is one.
    pub fn op(self) -> Option<Compute> {
        match self.row().outputs[self.output()] {
            Does::Compute(compute) => Some(compute),
            Does::Own(_) => None,
        }
    }

    /// What the output does.
    pub fn meaning(self) -> Option<Meaning> {
        match self.row().outputs[usize::from(self.output)] {
            Does::Compute(compute) => crate::interp::meaning(compute),
            Does::Own(meaning) => Some(meaning),
        }
    }

    /// How many sources the output has.
    pub fn sources(self) -> usize {
        match self.meaning() {
            Some(Meaning::One(_)) | None => 1,
            Some(Meaning::Two(_)) => 2,
            Some(Meaning::Three(_)) => 3,
            Some(Meaning::Four(_)) => 4,
            Some(Meaning::Each(compute)) => compute.sources(),
        }
    }
}

impl fmt::Display for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)?;
        if self.output == 0 { Ok(()) } else { write!(f, "#{}", self.output) }
    }
}

const TABLES: [&[Row]; 3] = [integer::ROWS, single::ROWS, double::ROWS];

fn all() -> impl Iterator<Item = &'static Row> {
    TABLES.into_iter().flatten()
}

/// Name and signature of every function, for people and tests.
pub fn list() -> impl Iterator<Item = (&'static str, &'static str)> {
    all().map(|row| (row.name, row.signature))
}

/// A row whose outputs are ops of PTX.
macro_rules! same {
    ($name:literal, $signature:literal, $compute:expr) => {
        $crate::libdevice::Row {
            name: $name,
            signature: $signature,
            outputs: &[$crate::libdevice::Does::Compute($compute)],
        }
    };
}

/// A row whose outputs are functions over all lanes.
macro_rules! own {
    ($name:literal, $signature:literal, $($meaning:expr),+) => {
        $crate::libdevice::Row {
            name: $name,
            signature: $signature,
            outputs: &[$($crate::libdevice::Does::Own($meaning)),+],
        }
    };
}

use {own, same};

/// A rounding and nothing else.
const fn mode(rounding: Rounding) -> Mode {
    Mode { rounding, ftz: false, sat: false, relu: false }
}

/// A float op with a rounding.
const fn float(op: Float, ty: Type, rounding: Rounding) -> Compute {
    Compute::Float(op, ty, mode(rounding))
}

/// An integer op.
const fn int(op: Int, ty: Type) -> Compute {
    Compute::Int(op, ty)
}

/// A conversion with a rounding.
const fn convert(to: Type, from: Type, rounding: Rounding) -> Compute {
    Compute::Convert(Conversion { to, from, mode: mode(rounding), integral: false, finite: false })
}

/// A result of `f32`: rounded once, NaN in its one form.
fn narrow(value: f64) -> u64 {
    if value.is_nan() { 0x7fff_ffff } else { u64::from((value as f32).to_bits()) }
}

/// A result of `f64`, NaN in its one form.
fn keep(value: f64) -> u64 {
    if value.is_nan() { 0xfff8_0000_0000_0000 } else { value.to_bits() }
}

//! Arithmetic to nearest by way of `f64`: there products of narrower floats are exact, and what a sum lost is known, so
//! that rounding it again rounds the exact value.

use super::exact::two_sum;
use super::lanes::{Meaning, Value, three, two};
use super::soft::{self, BF16, F16, Format};
use crate::ir::compute::Float;
use crate::ir::{Mode, Rounding, Type};

/// The meaning of an op that has such a loop.
pub fn meaning(op: Float, ty: Type, mode: Mode) -> Option<Meaning> {
    match ty {
        _ if mode != Mode::default() => None,
        Type::F16 => one::<Half>(op),
        Type::Bf16 => one::<Brain>(op),
        Type::F16x2 => both::<Half>(op),
        Type::Bf16x2 => both::<Brain>(op),
        _ => None,
    }
}

/// One of the formats.
trait Narrow {
    const FORMAT: Format;
    fn get(bits: u64) -> f64 {
        soft::widen(bits, Self::FORMAT)
    }
    fn put(value: f64) -> u64 {
        soft::narrow(value, Self::FORMAT, Rounding::Nearest)
    }
}
struct Half;
struct Brain;
impl Narrow for Half {
    const FORMAT: Format = F16;
}
impl Narrow for Brain {
    const FORMAT: Format = BF16;
}

/// a + b, its last bit set if anything was lost: rounding to fewer bits then sees on which side of a tie it lies.
fn sum(a: f64, b: f64) -> f64 {
    let (sum, lost) = two_sum(a, b);
    // What is lost from infinities is NaN, and nothing.
    let bits = sum.to_bits();
    let inexact = (lost.abs() > 0.0) & (bits & 1 == 0) & sum.is_finite();
    let towards_zero = (lost > 0.0) != (sum > 0.0);
    let step = if towards_zero { u64::MAX } else { 1 };
    f64::from_bits(bits.wrapping_add(if inexact { step } else { 0 }))
}

/// a * b + c of `.f32`, without the call that it is where the host has no such instruction at hand.
pub fn fma32(a: f32, b: f32, c: f32) -> f32 {
    sum(f64::from(a) * f64::from(b), f64::from(c)) as f32
}

fn add<N: Narrow>(a: u64, b: u64) -> u64 {
    N::put(sum(N::get(a), N::get(b)))
}

fn sub<N: Narrow>(a: u64, b: u64) -> u64 {
    N::put(sum(N::get(a), -N::get(b)))
}

fn mul<N: Narrow>(a: u64, b: u64) -> u64 {
    N::put(N::get(a) * N::get(b))
}

fn fma<N: Narrow>(a: u64, b: u64, c: u64) -> u64 {
    N::put(sum(N::get(a) * N::get(b), N::get(c)))
}

fn one<N: Narrow>(op: Float) -> Option<Meaning> {
    Some(match op {
        Float::Add => two!(|a: u64, b: u64| add::<N>(a, b)),
        Float::Sub => two!(|a: u64, b: u64| sub::<N>(a, b)),
        Float::Mul => two!(|a: u64, b: u64| mul::<N>(a, b)),
        Float::Fma => three!(|a: u64, b: u64, c: u64| fma::<N>(a, b, c)),
        _ => return None,
    })
}

fn both<N: Narrow>(op: Float) -> Option<Meaning> {
    Some(match op {
        Float::Add => two!(|a: u64, b: u64| add::<N>(a, b) | add::<N>(a >> 16, b >> 16) << 16),
        Float::Sub => two!(|a: u64, b: u64| sub::<N>(a, b) | sub::<N>(a >> 16, b >> 16) << 16),
        Float::Mul => two!(|a: u64, b: u64| mul::<N>(a, b) | mul::<N>(a >> 16, b >> 16) << 16),
        Float::Fma => {
            three!(|a: u64, b: u64, c: u64| fma::<N>(a, b, c) | fma::<N>(a >> 16, b >> 16, c >> 16) << 16)
        }
        _ => return None,
    })
}

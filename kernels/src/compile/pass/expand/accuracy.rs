//! How far approximate functions are off, over dense samples, against `f64`; the bounds are those of PTX.

use super::machine;
use super::tests::{expanded, explicit};
use super::world::Case;
use crate::compile::ssa::Type;
use crate::interp::lanes::Lanes;
use crate::ir::compute::{Compute, Float};
use crate::ir::{Mode, Type as Kind};
use crate::libdevice::External;

/// Largest errors: of itself, as a part of the value, in units of the last place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Worst {
    pub absolute: f64,
    pub relative: f64,
    pub units: f64,
    /// Where the last one is.
    pub at: [f64; 2],
}

/// A unit in the last place of a format of so many bits, from an exponent on.
pub fn unit(value: f64, bits: i32, least: i32) -> f64 {
    let exponent = if value == 0.0 { least } else { libm::ilogb(value).max(least) };
    2f64.powi(exponent - bits + 1)
}

impl Worst {
    pub fn note(&mut self, got: f64, want: f64, unit: f64, at: [f64; 2]) {
        if got == want || (got.is_nan() && want.is_nan()) {
            return;
        }
        let error = (got - want).abs();
        let error = if error.is_nan() { f64::INFINITY } else { error };
        self.absolute = self.absolute.max(error);
        self.relative = self.relative.max(error / want.abs());
        if error / unit > self.units {
            (self.units, self.at) = (error / unit, at);
        }
    }
}

/// Runs a function of one or two `f32` or `f64` over all samples.
pub fn worst(
    compute: Compute,
    kind: Kind,
    samples: impl Iterator<Item = [f64; 2]>,
    want: impl Fn([f64; 2]) -> f64,
) -> Worst {
    let count = compute.sources();
    let result = Type::of_register(kind.bits());
    let case = Case { compute, constants: vec![None; count], kinds: vec![kind; count], result };
    let flushes = matches!(compute, Compute::Float(_, _, Mode { ftz: true, .. }));
    let (function, flush) = if flushes { explicit(&case) } else { expanded(&case) };
    let bits =
        |value: f64| if kind == Kind::F64 { value.to_bits() } else { u64::from((value as f32).to_bits()) };
    let number =
        |bits: u64| if kind == Kind::F64 { f64::from_bits(bits) } else { f32::from_bits(bits as u32).into() };
    let mut worst = Worst::default();
    let samples: Vec<[f64; 2]> = samples.collect();
    for chunk in samples.chunks(32) {
        let lanes = |place: usize| -> Lanes {
            std::array::from_fn(|lane| bits(chunk.get(lane).map_or(1.0, |sample| sample[place])))
        };
        let inputs = [lanes(0), lanes(1)];
        let got = machine::run(&function, flush, &inputs[..count]).unwrap();
        for lane in 0..chunk.len() {
            let at = [number(inputs[0][lane]), number(inputs[1][lane])];
            let want = want(at);
            let unit = if kind == Kind::F64 { unit(want, 53, -1022) } else { unit(want, 24, -126) };
            // What is beyond the largest number is infinite.
            let most = if kind == Kind::F64 { f64::MAX } else { f64::from(f32::MAX) + 2f64.powi(103) };
            let want = if want.abs() >= most { f64::INFINITY.copysign(want) } else { want };
            worst.note(number(got[lane]), want, unit, at);
        }
    }
    worst
}

/// So many numbers from one to another.
pub fn between(least: f64, most: f64, count: u32) -> impl Iterator<Item = [f64; 2]> {
    let step = (most - least) / f64::from(count);
    (0..=count).map(move |at| [least + step * f64::from(at); 2])
}

/// Numbers of all sizes in a range of exponents, both signs if asked for.
pub fn sizes(least: i32, most: i32, each: u32, signs: bool) -> impl Iterator<Item = [f64; 2]> {
    let number = move |exponent: i32, at: u32| {
        2f64.powi(exponent) * (1.0 + f64::from(at * 7919 % 8192) / 8192.0 + 1e-7 * f64::from(at % 97))
    };
    (least..most).flat_map(move |exponent| {
        (0..each).map(move |at| {
            let value = number(exponent, at * (8191 / each) + 1);
            [if signs && at & 1 == 1 { -value } else { value }; 2]
        })
    })
}

fn float(op: Float, ftz: bool) -> Compute {
    Compute::Float(op, Kind::F32, Mode { ftz, ..Mode::default() })
}

const MIN: f64 = f32::MIN_POSITIVE as f64;

fn flushed(value: f64) -> f64 {
    if value.abs() < MIN { 0f64.copysign(value) } else { value }
}

#[test]
fn rsqrt() {
    for ftz in [false, true] {
        let want = move |[a, _]: [f64; 2]| 1.0 / if ftz { flushed(a) } else { a }.sqrt();
        let worst = worst(float(Float::Rsqrt, ftz), Kind::F32, sizes(-149, 128, 500, false), want);
        assert!(worst.relative < 2f64.powf(-22.9), "{worst:?}");
    }
}

#[test]
fn ex2() {
    for ftz in [false, true] {
        let want = move |[a, _]: [f64; 2]| if ftz { flushed(a.exp2()) } else { a.exp2() };
        let samples = between(-126.0, 128.0, 40_000).chain(sizes(-149, 3, 100, true));
        let worst = super::accuracy::worst(float(Float::Ex2, ftz), Kind::F32, samples, want);
        assert!(worst.relative < 2f64.powf(-22.5), "{worst:?}");
    }
    // Below the normal numbers half a last place counts.
    let tiny = worst(float(Float::Ex2, false), Kind::F32, between(-152.0, -126.0, 10_000), |[a, _]| a.exp2());
    assert!(tiny.units < 1.0, "{tiny:?}");
}

/// 2^r · 2ⁿ as `expf` of CUDA has them, of which PTX lets 2^r be off by 2^-22, against what `idioms` makes of it. Over all
/// numbers it is 2^-22.9 at most.
#[test]
fn expf_as_compilers_write_it() {
    let number = f32::from_bits;
    let want = |[a, _]: [f64; 2]| {
        let a = a as f32;
        let part = a.mul_add(number(0x3bbb_989d), 0.5).clamp(0.0, 1.0);
        // Exact before it is rounded down.
        let shifted = (f64::from(part) * 252.0 + 12_582_913.0).floor();
        let whole = shifted - 12_583_039.0;
        let rest = a.mul_add(number(0x3fb8_aa3b), -whole as f32);
        let rest = a.mul_add(number(0x32a5_7060), rest);
        f64::from(rest).exp2() * whole.exp2()
    };
    let exp = Compute::External(External::named("__nv_expf").unwrap());
    let samples = between(-87.3, 88.7, 60_000).chain(sizes(-149, 6, 100, true));
    let worst = super::accuracy::worst(exp, Kind::F32, samples, want);
    assert!(worst.relative < 2f64.powf(-22.5), "{worst:?}");
    let ends = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN].into_iter().map(|end| [end; 2]);
    let far = sizes(7, 128, 20, true).chain(between(-104.0, -87.3, 10_000)).chain(ends);
    let tiny = super::accuracy::worst(exp, Kind::F32, far, want);
    assert!(tiny.units < 1.0, "{tiny:?}");
}

#[test]
fn lg2() {
    for ftz in [false, true] {
        let want = move |[a, _]: [f64; 2]| if ftz { flushed(a) } else { a }.log2();
        let op = float(Float::Lg2, ftz);
        let near = worst(op, Kind::F32, between(0.5, 2.0, 50_000), want);
        assert!(near.absolute < 2f64.powi(-22) && near.units < 2.0, "{near:?}");
        let far = worst(op, Kind::F32, sizes(-149, 128, 200, false), want);
        assert!(far.relative < 2f64.powi(-22), "{far:?}");
    }
}

#[test]
fn sin_and_cos() {
    let pi = std::f64::consts::PI;
    for (op, want) in [(Float::Sin, f64::sin as fn(f64) -> f64), (Float::Cos, f64::cos)] {
        let near = worst(float(op, false), Kind::F32, between(-2.0 * pi, 2.0 * pi, 40_000), |[a, _]| want(a));
        assert!(near.absolute < 2f64.powf(-20.9), "{op:?} {near:?}");
        let far = worst(float(op, false), Kind::F32, between(-1e5, 1e5, 40_000), |[a, _]| want(a));
        assert!(far.absolute < 2f64.powf(-14.7), "{op:?} {far:?}");
        let small = worst(float(op, false), Kind::F32, sizes(-149, 0, 100, true), |[a, _]| want(a));
        assert!(op == Float::Cos || small.units < 2.0, "{op:?} {small:?}");
        // Whatever comes, it is a sine.
        let large = worst(float(op, true), Kind::F32, sizes(20, 128, 100, true), |_| 0.0);
        assert!(large.absolute <= 1.01, "{op:?} {large:?}");
    }
}

#[test]
fn tanh() {
    let samples = between(-20.0, 20.0, 40_000).chain(sizes(-149, 128, 20, true));
    let worst = worst(float(Float::Tanh, false), Kind::F32, samples, |[a, _]| a.tanh());
    assert!(worst.relative < 2f64.powf(-12.5), "{worst:?}");
}

/// Zeros, infinities and NaN are where the interpreter has them.
#[test]
fn special_numbers() {
    use Float::{Cos, Ex2, Lg2, Rsqrt, Sin, Tanh};
    let special = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e-45,
        -1e-45,
        1e-39,
        -1e-39,
        3e38,
        -3e38,
        200.0,
        -200.0,
    ];
    for (op, ftz) in [Rsqrt, Ex2, Lg2, Sin, Cos, Tanh].into_iter().flat_map(|op| [(op, false), (op, true)]) {
        let case = Case {
            compute: float(op, ftz),
            constants: vec![None],
            kinds: vec![Kind::F32],
            result: Type::I32,
        };
        let (function, flush) = explicit(&case);
        let input: Lanes =
            std::array::from_fn(|at| u64::from((special[at % special.len()] as f32).to_bits()));
        let got = machine::run(&function, flush, &[input]).unwrap();
        let want = machine::all(case.compute, &[&input]).unwrap();
        for (at, number) in special.iter().enumerate() {
            let [got, want] = [got[at], want[at]].map(|bits| f32::from_bits(bits as u32));
            let class =
                |value: f32| (value.is_nan(), value.is_infinite(), value == 0.0, value.is_sign_negative());
            // Of what is too large for a sine nothing is known but that it is a number.
            let large = matches!(op, Sin | Cos) && number.abs() > 1e6 && number.is_finite();
            let same = class(got) == class(want) || (large && got.is_finite());
            assert!(same, "{op:?} {ftz} of {number}: {got}, not {want}");
        }
    }
}

//! The device library expanded, against the interpreter's meaning of it, which is within half a unit in the last place of
//! `f32`; and the errors that the guide allows.

use std::collections::BTreeSet;

use super::accuracy::{Worst, unit};
use super::machine;
use super::tests::expanded;
use super::world::{self, Case};
use crate::interp::lanes::Lanes;
use crate::ir::Type as Kind;
use crate::ir::compute::Compute;

/// Units in the last place that a function may be off. Others are the same bit by bit.
// table
const BOUNDS: &[(&str, f64)] = &[
    ("sinf", 2.0),
    ("cosf", 2.0),
    ("tanf", 4.0),
    ("sinpif", 1.0),
    ("cospif", 1.0),
    ("sincosf", 2.0),
    ("sincospif", 1.0),
    ("asinf", 2.0),
    ("acosf", 2.0),
    ("atanf", 2.0),
    ("atan2f", 3.0),
    ("sinhf", 3.0),
    ("coshf", 2.0),
    ("tanhf", 2.0),
    ("asinhf", 3.0),
    ("acoshf", 4.0),
    ("atanhf", 3.0),
    ("expf", 1.0),
    ("exp2f", 2.0),
    ("exp10f", 1.0),
    ("expm1f", 1.0),
    ("logf", 1.0),
    ("log2f", 1.0),
    ("log10f", 2.0),
    ("log1pf", 1.0),
    ("cbrtf", 1.0),
    ("rcbrtf", 1.0),
    ("rsqrtf", 2.0),
    ("frsqrt_rn", 0.5),
    ("hypotf", 3.0),
    ("rhypotf", 2.0),
    ("norm3df", 3.0),
    ("rnorm3df", 2.0),
    ("norm4df", 3.0),
    ("rnorm4df", 2.0),
    ("powf", 4.0),
    ("erff", 2.0),
    ("erfcf", 4.0),
    ("erfcxf", 4.0),
    ("normcdff", 5.0),
    ("fast_expf", 2.0),
    ("fast_exp10f", 2.0),
    ("fast_logf", 3.0),
    ("fast_log10f", 3.0),
    ("fast_powf", 1.0),
    ("fast_tanf", 1.0),
    ("exp", 1.0),
    ("exp2", 1.0),
    ("log", 1.0),
    ("rsqrt", 1.0),
    ("powif", 4.0),
];

/// What stays a call.
const STAY: &str = "
__nv_acos __nv_acosh __nv_asin __nv_asinh __nv_atan __nv_atan2 __nv_atanh __nv_cbrt __nv_cos __nv_cosh __nv_cospi
__nv_cyl_bessel_i0 __nv_cyl_bessel_i0f __nv_cyl_bessel_i1 __nv_cyl_bessel_i1f __nv_erf __nv_erfc __nv_erfcinv
__nv_erfcinvf __nv_erfcx __nv_erfinv __nv_erfinvf __nv_exp10 __nv_expm1 __nv_fmod __nv_fmodf __nv_hypot __nv_j0
__nv_j0f __nv_j1 __nv_j1f __nv_jn __nv_jnf __nv_lgamma __nv_lgammaf __nv_log10 __nv_log1p __nv_log2 __nv_nextafter
__nv_nextafterf __nv_norm3d __nv_norm4d __nv_normcdf __nv_normcdfinv __nv_normcdfinvf __nv_pow __nv_powi __nv_rcbrt
__nv_remainder __nv_remainderf __nv_remquo __nv_remquo#1 __nv_remquof __nv_remquof#1 __nv_rhypot __nv_rnorm3d
__nv_rnorm4d __nv_sin __nv_sincos __nv_sincos#1 __nv_sincospi __nv_sincospi#1 __nv_sinh __nv_sinpi __nv_tan __nv_tanh
__nv_tgamma __nv_tgammaf __nv_y0 __nv_y0f __nv_y1 __nv_y1f __nv_yn __nv_ynf
";

/// Numbers around which functions have something to show.
fn moderate(random: &mut fastrand::Rng, kind: Kind) -> u64 {
    let value = match random.u8(..4) {
        0 => (random.f64() - 0.5) * 4.0,
        1 => (random.f64() - 0.5) * 200.0,
        2 => f64::from(random.i32(-20..20)) / 2.0,
        _ => random.f64() * 2f64.powi(random.i32(-30..30)),
    };
    match kind {
        Kind::F64 => value.to_bits(),
        Kind::F32 => u64::from((value as f32).to_bits()),
        kind => world::number(random, kind),
    }
}

fn check(random: &mut fastrand::Rng, case: &Case, name: &str) -> Result<Option<Worst>, String> {
    let (function, flush) = expanded(case);
    let exact = BOUNDS.iter().all(|(known, _)| *known != name);
    let mut worst = Worst::default();
    for round in 0..300 {
        let inputs: Vec<Lanes> = case
            .kinds
            .iter()
            .map(|&kind| {
                if round % 4 == 0 {
                    world::numbers(random, kind)
                } else {
                    std::array::from_fn(|_| moderate(random, kind))
                }
            })
            .collect();
        let got = machine::run(&function, flush, &inputs)?;
        let lanes: Vec<&Lanes> = inputs.iter().collect();
        let want = machine::all(case.compute, &lanes).unwrap();
        let wide = case.result.bits() == 64;
        for lane in 0..32 {
            let (got, want) = (got[lane], want[lane] & u64::MAX >> (64 - case.result.bits()));
            // That one has the bounds of the instruction.
            if got == want || world::approximate(case.compute) || name == "fast_sincosf" {
                continue;
            }
            let number =
                |bits: u64| if wide { f64::from_bits(bits) } else { f32::from_bits(bits as u32).into() };
            let at: Vec<f64> = inputs
                .iter()
                .zip(&case.kinds)
                .map(|(input, kind)| match kind {
                    Kind::F64 => f64::from_bits(input[lane]),
                    Kind::F32 => f32::from_bits(input[lane] as u32).into(),
                    _ => input[lane] as f64,
                })
                .collect();
            if exact {
                return Ok(Some(Worst { units: f64::INFINITY, at: [at[0], *at.last().unwrap()], ..worst }));
            };
            let (got, want) = (number(got), number(want));
            let step = if wide { unit(want, 53, -1022) } else { unit(want, 24, -126) };
            // Zeros have signs, and next to the largest number infinity is one step off.
            let most = if wide { f64::MAX } else { f32::MAX.into() };
            let near = |value: f64| if value.is_infinite() { (most + step).copysign(value) } else { value };
            let same_zero = got != 0.0 || want != 0.0;
            let class = got.is_nan() == want.is_nan() && same_zero;
            let error = if class { (near(got) - near(want)).abs() / step } else { f64::INFINITY };
            // The other value is rounded as well: of f32 it is half a unit off at most, but one cannot say where.
            if error > worst.units {
                worst = Worst { units: error, at: [at[0], *at.last().unwrap()], ..worst };
            }
        }
    }
    Ok(Some(worst))
}

#[test]
fn every_function_is_expanded_or_stays() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut stay, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in &world::of_library() {
        let full = case.compute.to_string();
        let name = match case.compute {
            Compute::External(external) => external.row().name.trim_start_matches("__nv_"),
            _ => &full,
        };
        match check(&mut random, case, name) {
            Ok(Some(worst)) => {
                let bound = BOUNDS.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, bound)| *bound);
                // What is compared with is rounded: it may be one step on when it is half a step on.
                if worst.units > bound.max(0.5).ceil() {
                    wrong.push(format!("{full}: {} units at {:?}", worst.units, worst.at));
                }
            }
            Ok(None) => {}
            Err(op) => _ = stay.insert(op),
        }
    }
    assert!(wrong.is_empty(), "{} are off:\n{}", wrong.len(), wrong.join("\n"));
    let stay: Vec<String> = stay.into_iter().collect();
    let listed: Vec<&str> = STAY.split_whitespace().collect();
    assert_eq!(stay, listed);
}

//! The device library's functions of `f32`: computed in `f64` and rounded once, so within 1 unit in the last place.

use super::{Row, bessel, float, narrow, normal, own, real, same};
use crate::interp::lanes::{Meaning, Value, four, one, three, two};
use crate::ir::Rounding::{Down, Nearest, Up, Zero};
use crate::ir::Type::F32;
use crate::ir::compute::Float;

/// The neighbour of a towards b.
fn next(a: f32, b: f32) -> u64 {
    narrow(f64::from(match b {
        _ if a.is_nan() || b.is_nan() => f32::NAN,
        _ if a == b => b,
        _ if a < b => a.next_up(),
        _ => a.next_down(),
    }))
}

/// a times 2 to a power, rounded once.
fn scale(a: f32, power: i32) -> u64 {
    narrow(real::scale(f64::from(a), power))
}

// table
pub(super) const ROWS: &[Row] = &[
    same!("__nv_fadd_rn", "f f f", float(Float::Add, F32, Nearest)),
    same!("__nv_fadd_rz", "f f f", float(Float::Add, F32, Zero)),
    same!("__nv_fadd_rd", "f f f", float(Float::Add, F32, Down)),
    same!("__nv_fadd_ru", "f f f", float(Float::Add, F32, Up)),
    same!("__nv_fsub_rn", "f f f", float(Float::Sub, F32, Nearest)),
    same!("__nv_fsub_rz", "f f f", float(Float::Sub, F32, Zero)),
    same!("__nv_fsub_rd", "f f f", float(Float::Sub, F32, Down)),
    same!("__nv_fsub_ru", "f f f", float(Float::Sub, F32, Up)),
    same!("__nv_fmul_rn", "f f f", float(Float::Mul, F32, Nearest)),
    same!("__nv_fmul_rz", "f f f", float(Float::Mul, F32, Zero)),
    same!("__nv_fmul_rd", "f f f", float(Float::Mul, F32, Down)),
    same!("__nv_fmul_ru", "f f f", float(Float::Mul, F32, Up)),
    same!("__nv_fdiv_rn", "f f f", float(Float::Div, F32, Nearest)),
    same!("__nv_fdiv_rz", "f f f", float(Float::Div, F32, Zero)),
    same!("__nv_fdiv_rd", "f f f", float(Float::Div, F32, Down)),
    same!("__nv_fdiv_ru", "f f f", float(Float::Div, F32, Up)),
    same!("__nv_frcp_rn", "f f", float(Float::Rcp, F32, Nearest)),
    same!("__nv_frcp_rz", "f f", float(Float::Rcp, F32, Zero)),
    same!("__nv_frcp_rd", "f f", float(Float::Rcp, F32, Down)),
    same!("__nv_frcp_ru", "f f", float(Float::Rcp, F32, Up)),
    same!("__nv_fsqrt_rn", "f f", float(Float::Sqrt, F32, Nearest)),
    same!("__nv_fsqrt_rz", "f f", float(Float::Sqrt, F32, Zero)),
    same!("__nv_fsqrt_rd", "f f", float(Float::Sqrt, F32, Down)),
    same!("__nv_fsqrt_ru", "f f", float(Float::Sqrt, F32, Up)),
    same!("__nv_fmaf_rn", "f f f f", float(Float::Fma, F32, Nearest)),
    same!("__nv_fmaf_rz", "f f f f", float(Float::Fma, F32, Zero)),
    same!("__nv_fmaf_rd", "f f f f", float(Float::Fma, F32, Down)),
    same!("__nv_fmaf_ru", "f f f f", float(Float::Fma, F32, Up)),
    same!("__nv_fmaf_ieee_rn", "f f f f", float(Float::Fma, F32, Nearest)),
    same!("__nv_fmaf_ieee_rz", "f f f f", float(Float::Fma, F32, Zero)),
    same!("__nv_fmaf_ieee_rd", "f f f f", float(Float::Fma, F32, Down)),
    same!("__nv_fmaf_ieee_ru", "f f f f", float(Float::Fma, F32, Up)),
    same!("__nv_fabsf", "f f", float(Float::Abs, F32, Nearest)),
    same!("__nv_fminf", "f f f", float(Float::Min, F32, Nearest)),
    same!("__nv_fmaxf", "f f f", float(Float::Max, F32, Nearest)),
    same!("__nv_fmaf", "f f f f", float(Float::Fma, F32, Nearest)),
    same!("__nv_sqrtf", "f f", float(Float::Sqrt, F32, Nearest)),
    own!("__nv_copysignf", "f f f", two!(|a: f32, b: f32| a.copysign(b))),
    own!("__nv_nextafterf", "f f f", two!(|a: f32, b: f32| next(a, b))),
    own!("__nv_nanf", "f l", one!(|_a: u64| narrow(f64::NAN))),
    own!("__nv_sinf", "f f", one!(|a: f32| narrow(libm::sin(f64::from(a))))),
    own!("__nv_cosf", "f f", one!(|a: f32| narrow(libm::cos(f64::from(a))))),
    own!("__nv_tanf", "f f", one!(|a: f32| narrow(libm::tan(f64::from(a))))),
    own!("__nv_sinpif", "f f", one!(|a: f32| narrow(real::sinpi(f64::from(a))))),
    own!("__nv_cospif", "f f", one!(|a: f32| narrow(real::cospi(f64::from(a))))),
    own!("__nv_asinf", "f f", one!(|a: f32| narrow(libm::asin(f64::from(a))))),
    own!("__nv_acosf", "f f", one!(|a: f32| narrow(libm::acos(f64::from(a))))),
    own!("__nv_atanf", "f f", one!(|a: f32| narrow(libm::atan(f64::from(a))))),
    own!("__nv_sinhf", "f f", one!(|a: f32| narrow(libm::sinh(f64::from(a))))),
    own!("__nv_coshf", "f f", one!(|a: f32| narrow(libm::cosh(f64::from(a))))),
    own!("__nv_tanhf", "f f", one!(|a: f32| narrow(libm::tanh(f64::from(a))))),
    own!("__nv_asinhf", "f f", one!(|a: f32| narrow(libm::asinh(f64::from(a))))),
    own!("__nv_acoshf", "f f", one!(|a: f32| narrow(real::acosh(f64::from(a))))),
    own!("__nv_atanhf", "f f", one!(|a: f32| narrow(libm::atanh(f64::from(a))))),
    own!("__nv_expf", "f f", one!(|a: f32| narrow(libm::exp(f64::from(a))))),
    own!("__nv_exp2f", "f f", one!(|a: f32| narrow(libm::exp2(f64::from(a))))),
    own!("__nv_exp10f", "f f", one!(|a: f32| narrow(real::exp10(f64::from(a))))),
    own!("__nv_expm1f", "f f", one!(|a: f32| narrow(libm::expm1(f64::from(a))))),
    own!("__nv_logf", "f f", one!(|a: f32| narrow(libm::log(f64::from(a))))),
    own!("__nv_log2f", "f f", one!(|a: f32| narrow(libm::log2(f64::from(a))))),
    own!("__nv_log10f", "f f", one!(|a: f32| narrow(libm::log10(f64::from(a))))),
    own!("__nv_log1pf", "f f", one!(|a: f32| narrow(libm::log1p(f64::from(a))))),
    own!("__nv_logbf", "f f", one!(|a: f32| narrow(real::logb(f64::from(a))))),
    own!("__nv_cbrtf", "f f", one!(|a: f32| narrow(libm::cbrt(f64::from(a))))),
    own!("__nv_rcbrtf", "f f", one!(|a: f32| narrow(real::rcbrt(f64::from(a))))),
    own!("__nv_rsqrtf", "f f", one!(|a: f32| narrow(real::rsqrt(f64::from(a))))),
    own!("__nv_erff", "f f", one!(|a: f32| narrow(libm::erf(f64::from(a))))),
    own!("__nv_erfcf", "f f", one!(|a: f32| narrow(libm::erfc(f64::from(a))))),
    own!("__nv_erfcxf", "f f", one!(|a: f32| narrow(normal::erfcx(f64::from(a))))),
    own!("__nv_erfinvf", "f f", one!(|a: f32| narrow(normal::erfinv(f64::from(a))))),
    own!("__nv_erfcinvf", "f f", one!(|a: f32| narrow(normal::erfcinv(f64::from(a))))),
    own!("__nv_normcdff", "f f", one!(|a: f32| narrow(normal::normcdf(f64::from(a))))),
    own!("__nv_normcdfinvf", "f f", one!(|a: f32| narrow(normal::normcdfinv(f64::from(a))))),
    own!("__nv_tgammaf", "f f", one!(|a: f32| narrow(libm::tgamma(f64::from(a))))),
    own!("__nv_lgammaf", "f f", one!(|a: f32| narrow(libm::lgamma(f64::from(a))))),
    own!("__nv_j0f", "f f", one!(|a: f32| narrow(bessel::j0(f64::from(a))))),
    own!("__nv_j1f", "f f", one!(|a: f32| narrow(bessel::j1(f64::from(a))))),
    own!("__nv_y0f", "f f", one!(|a: f32| narrow(bessel::y0(f64::from(a))))),
    own!("__nv_y1f", "f f", one!(|a: f32| narrow(bessel::y1(f64::from(a))))),
    own!("__nv_cyl_bessel_i0f", "f f", one!(|a: f32| narrow(bessel::i0(f64::from(a))))),
    own!("__nv_cyl_bessel_i1f", "f f", one!(|a: f32| narrow(bessel::i1(f64::from(a))))),
    own!("__nv_floorf", "f f", one!(|a: f32| narrow(f64::floor(f64::from(a))))),
    own!("__nv_ceilf", "f f", one!(|a: f32| narrow(f64::ceil(f64::from(a))))),
    own!("__nv_truncf", "f f", one!(|a: f32| narrow(f64::trunc(f64::from(a))))),
    own!("__nv_rintf", "f f", one!(|a: f32| narrow(f64::round_ties_even(f64::from(a))))),
    own!("__nv_nearbyintf", "f f", one!(|a: f32| narrow(f64::round_ties_even(f64::from(a))))),
    own!("__nv_roundf", "f f", one!(|a: f32| narrow(f64::round(f64::from(a))))),
    own!("__nv_atan2f", "f f f", two!(|a: f32, b: f32| narrow(libm::atan2(f64::from(a), f64::from(b))))),
    own!("__nv_powf", "f f f", two!(|a: f32, b: f32| narrow(libm::pow(f64::from(a), f64::from(b))))),
    own!("__nv_hypotf", "f f f", two!(|a: f32, b: f32| narrow(libm::hypot(f64::from(a), f64::from(b))))),
    own!("__nv_fmodf", "f f f", two!(|a: f32, b: f32| narrow(f64::from(a % b)))),
    own!(
        "__nv_remainderf",
        "f f f",
        two!(|a: f32, b: f32| narrow(real::remquo(f64::from(a), f64::from(b)).0))
    ),
    own!("__nv_fdimf", "f f f", two!(|a: f32, b: f32| narrow(libm::fdim(f64::from(a), f64::from(b))))),
    own!("__nv_powif", "f f i", two!(|a: f32, b: i32| narrow(libm::pow(f64::from(a), f64::from(b))))),
    own!("__nv_ldexpf", "f f i", two!(|a: f32, b: i32| scale(a, b))),
    own!("__nv_scalbnf", "f f i", two!(|a: f32, b: i32| scale(a, b))),
    own!("__nv_rhypotf", "f f f", two!(|a: f32, b: f32| narrow(real::rnorm(&[f64::from(a), f64::from(b)])))),
    own!(
        "__nv_norm3df",
        "f f f f",
        three!(|a: f32, b: f32, c: f32| narrow(real::norm(&[f64::from(a), f64::from(b), f64::from(c)])))
    ),
    own!(
        "__nv_norm4df",
        "f f f f f",
        four!(|a: f32, b: f32, c: f32, d: f32| narrow(real::norm(&[
            f64::from(a),
            f64::from(b),
            f64::from(c),
            f64::from(d)
        ])))
    ),
    own!(
        "__nv_normf",
        "f i f[]",
        two!(|a: f64, b: f32| libm::hypot(a, f64::from(b))),
        one!(|a: f64| narrow(a))
    ),
    own!(
        "__nv_rnorm3df",
        "f f f f",
        three!(|a: f32, b: f32, c: f32| narrow(real::rnorm(&[f64::from(a), f64::from(b), f64::from(c)])))
    ),
    own!(
        "__nv_rnorm4df",
        "f f f f f",
        four!(|a: f32, b: f32, c: f32, d: f32| narrow(real::rnorm(&[
            f64::from(a),
            f64::from(b),
            f64::from(c),
            f64::from(d)
        ])))
    ),
    own!(
        "__nv_rnormf",
        "f i f[]",
        two!(|a: f64, b: f32| libm::hypot(a, f64::from(b))),
        one!(|a: f64| narrow(real::rnorm(&[a])))
    ),
    own!("__nv_jnf", "f i f", two!(|a: i32, b: f32| narrow(bessel::jn(a, f64::from(b))))),
    own!("__nv_ynf", "f i f", two!(|a: i32, b: f32| narrow(bessel::yn(a, f64::from(b))))),
    own!(
        "__nv_sincosf",
        "- f f* f*",
        one!(|a: f32| narrow(libm::sin(f64::from(a)))),
        one!(|a: f32| narrow(libm::cos(f64::from(a))))
    ),
    own!(
        "__nv_sincospif",
        "- f f* f*",
        one!(|a: f32| narrow(real::sinpi(f64::from(a)))),
        one!(|a: f32| narrow(real::cospi(f64::from(a))))
    ),
    own!(
        "__nv_frexpf",
        "f f i*",
        one!(|a: f32| narrow(real::frexp(f64::from(a)).0)),
        one!(|a: f32| real::frexp(f64::from(a)).1)
    ),
    own!(
        "__nv_modff",
        "f f f*",
        one!(|a: f32| narrow(real::fraction(f64::from(a)))),
        one!(|a: f32| narrow(f64::from(a.trunc())))
    ),
    own!(
        "__nv_remquof",
        "f f f i*",
        two!(|a: f32, b: f32| narrow(real::remquo(f64::from(a), f64::from(b)).0)),
        two!(|a: f32, b: f32| real::remquo(f64::from(a), f64::from(b)).1)
    ),
    own!("__nv_frsqrt_rn", "f f", one!(|a: f32| narrow(real::rsqrt(f64::from(a))))),
    own!("__nv_saturatef", "f f", one!(|a: f32| if a > 0.0 { a.min(1.0) } else { 0.0 })),
    same!("__nv_fast_sinf", "f f", float(Float::Sin, F32, Nearest)),
    same!("__nv_fast_cosf", "f f", float(Float::Cos, F32, Nearest)),
    same!("__nv_fast_log2f", "f f", float(Float::Lg2, F32, Nearest)),
    same!("__nv_fast_tanhf", "f f", float(Float::Tanh, F32, Nearest)),
    own!("__nv_fast_tanf", "f f", one!(|a: f32| narrow(libm::tan(f64::from(a))))),
    own!("__nv_fast_expf", "f f", one!(|a: f32| narrow(libm::exp(f64::from(a))))),
    own!("__nv_fast_exp10f", "f f", one!(|a: f32| narrow(real::exp10(f64::from(a))))),
    own!("__nv_fast_logf", "f f", one!(|a: f32| narrow(libm::log(f64::from(a))))),
    own!("__nv_fast_log10f", "f f", one!(|a: f32| narrow(libm::log10(f64::from(a))))),
    same!("__nv_fast_fdividef", "f f f", float(Float::DivApprox, F32, Nearest)),
    own!(
        "__nv_fast_powf",
        "f f f",
        two!(|a: f32, b: f32| narrow(libm::exp2(f64::from(b) * libm::log2(f64::from(a)))))
    ),
    own!(
        "__nv_fast_sincosf",
        "- f f* f*",
        one!(|a: f32| narrow(libm::sin(f64::from(a)))),
        one!(|a: f32| narrow(libm::cos(f64::from(a))))
    ),
];

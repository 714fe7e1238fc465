//! Functions of real numbers against values with 106 bits (data/libdevice.tsv, made by data/libdevice.py), within the
//! errors that NVIDIA's programming guide states; and their values at the ends of the range.

use std::collections::HashMap;

use super::exact::Bits;
use super::{Case, Judge};

/// How far an output may be off.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// Units in the last place.
    Ulp(f64),
    /// In itself.
    Absolute(f64),
    /// As a part of the value.
    Relative(f64),
}

use Bound::{Absolute, Relative, Ulp};

/// Which rows of the data, the functions of both widths, and the errors the guide states for them in units of the last place.
// table
const BOUNDS: &[(&str, &str, f64, &str, f64)] = &[
    ("sin", "__nv_sinf", 2.0, "__nv_sin", 2.0),
    ("cos", "__nv_cosf", 2.0, "__nv_cos", 2.0),
    ("tan", "__nv_tanf", 4.0, "__nv_tan", 2.0),
    ("sinpi", "__nv_sinpif", 1.0, "__nv_sinpi", 2.0),
    ("cospi", "__nv_cospif", 1.0, "__nv_cospi", 2.0),
    ("asin", "__nv_asinf", 2.0, "__nv_asin", 2.0),
    ("acos", "__nv_acosf", 2.0, "__nv_acos", 2.0),
    ("atan", "__nv_atanf", 2.0, "__nv_atan", 2.0),
    ("atan2", "__nv_atan2f", 3.0, "__nv_atan2", 2.0),
    ("sinh", "__nv_sinhf", 3.0, "__nv_sinh", 2.0),
    ("cosh", "__nv_coshf", 2.0, "__nv_cosh", 1.0),
    ("tanh", "__nv_tanhf", 2.0, "__nv_tanh", 1.0),
    ("asinh", "__nv_asinhf", 3.0, "__nv_asinh", 3.0),
    ("acosh", "__nv_acoshf", 4.0, "__nv_acosh", 3.0),
    ("atanh", "__nv_atanhf", 3.0, "__nv_atanh", 2.0),
    ("exp", "__nv_expf", 1.0, "__nv_exp", 1.0),
    ("exp2", "__nv_exp2f", 2.0, "__nv_exp2", 1.0),
    ("exp10", "__nv_exp10f", 1.0, "__nv_exp10", 1.0),
    ("expm1", "__nv_expm1f", 1.0, "__nv_expm1", 1.0),
    ("log", "__nv_logf", 1.0, "__nv_log", 1.0),
    ("log2", "__nv_log2f", 1.0, "__nv_log2", 1.0),
    ("log10", "__nv_log10f", 2.0, "__nv_log10", 1.0),
    ("log1p", "__nv_log1pf", 1.0, "__nv_log1p", 1.0),
    ("cbrt", "__nv_cbrtf", 1.0, "__nv_cbrt", 1.0),
    ("rcbrt", "__nv_rcbrtf", 1.0, "__nv_rcbrt", 1.0),
    ("rsqrt", "__nv_rsqrtf", 2.0, "__nv_rsqrt", 1.0),
    ("hypot", "__nv_hypotf", 3.0, "__nv_hypot", 2.0),
    ("rhypot", "__nv_rhypotf", 2.0, "__nv_rhypot", 1.0),
    ("norm3d", "__nv_norm3df", 3.0, "__nv_norm3d", 2.0),
    ("rnorm3d", "__nv_rnorm3df", 2.0, "__nv_rnorm3d", 1.0),
    ("norm4d", "__nv_norm4df", 3.0, "__nv_norm4d", 2.0),
    ("rnorm4d", "__nv_rnorm4df", 2.0, "__nv_rnorm4d", 1.0),
    ("pow", "__nv_powf", 4.0, "__nv_pow", 2.0),
    // The guide says nothing of powers by integers; they are powers.
    ("powi", "__nv_powif", 4.0, "__nv_powi", 2.0),
    ("erf", "__nv_erff", 2.0, "__nv_erf", 2.0),
    ("erfc", "__nv_erfcf", 4.0, "__nv_erfc", 5.0),
    ("erfcx", "__nv_erfcxf", 4.0, "__nv_erfcx", 4.0),
    ("erfinv", "__nv_erfinvf", 2.0, "__nv_erfinv", 5.0),
    ("erfcinv", "__nv_erfcinvf", 4.0, "__nv_erfcinv", 6.0),
    ("normcdf", "__nv_normcdff", 5.0, "__nv_normcdf", 5.0),
    ("normcdfinv", "__nv_normcdfinvf", 5.0, "__nv_normcdfinv", 8.0),
    ("tgamma", "__nv_tgammaf", 5.0, "__nv_tgamma", 10.0),
    // Outside of -23.13 to -2.26, where it crosses 0.
    ("lgamma", "__nv_lgammaf", 6.0, "__nv_lgamma", 4.0),
    // Up to 8 in size; see `NEARBY` for the rest.
    ("j0", "__nv_j0f", 9.0, "__nv_j0", 7.0),
    ("j1", "__nv_j1f", 9.0, "__nv_j1", 7.0),
    ("y0", "__nv_y0f", 9.0, "__nv_y0", 7.0),
    ("y1", "__nv_y1f", 9.0, "__nv_y1", 7.0),
    ("cyl_bessel_i0", "__nv_cyl_bessel_i0f", 6.0, "__nv_cyl_bessel_i0", 6.0),
    ("cyl_bessel_i1", "__nv_cyl_bessel_i1f", 6.0, "__nv_cyl_bessel_i1", 6.0),
    ("fmod", "__nv_fmodf", 0.0, "__nv_fmod", 0.0),
    ("remainder", "__nv_remainderf", 0.0, "__nv_remainder", 0.0),
];

/// The same where the guide bounds the absolute error.
// table
const NEARBY: &[(&str, &str, f64, &str, f64)] = &[
    ("j0_far", "__nv_j0f", 2.2e-6, "__nv_j0", 5e-12),
    ("j1_far", "__nv_j1f", 2.2e-6, "__nv_j1", 5e-12),
    ("y0_far", "__nv_y0f", 2.2e-6, "__nv_y0", 5e-12),
    ("y1_far", "__nv_y1f", 2.2e-6, "__nv_y1", 5e-12),
    ("jn", "__nv_jnf", 2.2e-6, "__nv_jn", 5e-12),
    ("yn", "__nv_ynf", 2.2e-6, "__nv_yn", 5e-12),
];

/// The fast functions of `f32`. The guide's errors of `exp` and `exp10` grow with the argument, from 2 units on; `tan` and
/// `pow` have none there. Those of one instruction have its bound.
// table
const FAST: &[(&str, &str, Bound)] = &[
    // 2^-21.41 and 2^-21.19
    ("sin_near", "__nv_fast_sinf", Absolute(3.59e-7)),
    ("cos_near", "__nv_fast_cosf", Absolute(4.18e-7)),
    ("tan_near", "__nv_fast_tanf", Ulp(1.0)),
    ("tanh", "__nv_fast_tanhf", Relative(4.93e-4)),
    ("exp_near", "__nv_fast_expf", Ulp(2.0)),
    ("exp10", "__nv_fast_exp10f", Ulp(2.0)),
    ("log", "__nv_fast_logf", Ulp(3.0)),
    ("log2", "__nv_fast_log2f", Ulp(2.0)),
    ("log10", "__nv_fast_log10f", Ulp(3.0)),
    ("pow", "__nv_fast_powf", Ulp(1.0)),
    ("rsqrt", "__nv_frsqrt_rn", Ulp(0.5001)),
];

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// At the ends of the range, as the C standard and the guide have them; in both widths.
// table
const ENDS: &[(&str, &[f64], f64)] = &[
    ("sin", &[INF], NAN),
    ("cos", &[INF], NAN),
    ("tan", &[-INF], NAN),
    ("sin", &[-0.0], -0.0),
    ("cos", &[0.0], 1.0),
    ("sinpi", &[INF], NAN),
    ("sinpi", &[-0.0], -0.0),
    ("sinpi", &[3.0], 0.0),
    ("sinpi", &[-2.0], -0.0),
    ("sinpi", &[0.5], 1.0),
    ("sinpi", &[1.5], -1.0),
    ("cospi", &[-INF], NAN),
    ("cospi", &[0.5], 0.0),
    ("cospi", &[1e20], 1.0),
    ("cospi", &[3.0], -1.0),
    ("asin", &[1.5], NAN),
    ("asin", &[-0.0], -0.0),
    ("acos", &[1.0], 0.0),
    ("acos", &[-2.0], NAN),
    ("atan2", &[0.0, 1.0], 0.0),
    ("atan2", &[-0.0, 1.0], -0.0),
    ("atan2", &[0.0, 0.0], 0.0),
    ("sinh", &[-INF], -INF),
    ("cosh", &[-INF], INF),
    ("tanh", &[INF], 1.0),
    ("tanh", &[-0.0], -0.0),
    ("asinh", &[-INF], -INF),
    ("acosh", &[0.5], NAN),
    ("acosh", &[1.0], 0.0),
    ("acosh", &[INF], INF),
    ("atanh", &[1.0], INF),
    ("atanh", &[-1.0], -INF),
    ("atanh", &[2.0], NAN),
    ("exp", &[-INF], 0.0),
    ("exp", &[INF], INF),
    ("exp", &[1e6], INF),
    ("exp2", &[-1e6], 0.0),
    ("exp10", &[INF], INF),
    ("exp10", &[-INF], 0.0),
    ("exp10", &[-1e5], 0.0),
    ("exp10", &[3.0], 1000.0),
    ("expm1", &[-INF], -1.0),
    ("expm1", &[-0.0], -0.0),
    ("log", &[0.0], -INF),
    ("log", &[-1.0], NAN),
    ("log", &[INF], INF),
    ("log2", &[-0.0], -INF),
    ("log2", &[8.0], 3.0),
    ("log10", &[1000.0], 3.0),
    ("log10", &[-2.0], NAN),
    ("log1p", &[-1.0], -INF),
    ("log1p", &[-2.0], NAN),
    ("log1p", &[-0.0], -0.0),
    ("cbrt", &[-27.0], -3.0),
    ("cbrt", &[-0.0], -0.0),
    ("cbrt", &[-INF], -INF),
    ("rcbrt", &[-0.0], -INF),
    ("rcbrt", &[-INF], -0.0),
    ("rcbrt", &[8.0], 0.5),
    ("rsqrt", &[0.0], INF),
    ("rsqrt", &[-0.0], -INF),
    ("rsqrt", &[INF], 0.0),
    ("rsqrt", &[-1.0], NAN),
    ("rsqrt", &[16.0], 0.25),
    ("hypot", &[INF, NAN], INF),
    ("hypot", &[3.0, -4.0], 5.0),
    ("rhypot", &[0.0, 0.0], INF),
    ("rhypot", &[NAN, -INF], 0.0),
    ("norm3d", &[2.0, 3.0, 6.0], 7.0),
    ("norm3d", &[NAN, 1.0, INF], INF),
    ("norm4d", &[1.0, NAN, 1.0, 1.0], NAN),
    ("norm4d", &[1.0, 1.0, 1.0, 1.0], 2.0),
    ("rnorm3d", &[0.0, 0.0, 0.0], INF),
    ("rnorm4d", &[1.0, 1.0, INF, 1.0], 0.0),
    ("pow", &[NAN, 0.0], 1.0),
    ("pow", &[1.0, NAN], 1.0),
    ("pow", &[-2.0, 3.0], -8.0),
    ("pow", &[-2.0, 0.5], NAN),
    ("pow", &[-0.0, -3.0], -INF),
    ("pow", &[0.5, -INF], INF),
    ("pow", &[-1.0, INF], 1.0),
    ("erf", &[-INF], -1.0),
    ("erf", &[-0.0], -0.0),
    ("erfc", &[INF], 0.0),
    ("erfc", &[-INF], 2.0),
    ("erfcx", &[INF], 0.0),
    ("erfcx", &[-INF], INF),
    ("erfcx", &[0.0], 1.0),
    ("erfinv", &[1.0], INF),
    ("erfinv", &[-1.0], -INF),
    ("erfinv", &[1.5], NAN),
    ("erfinv", &[-0.0], -0.0),
    ("erfcinv", &[0.0], INF),
    ("erfcinv", &[2.0], -INF),
    ("erfcinv", &[1.0], 0.0),
    ("erfcinv", &[-1.0], NAN),
    ("erfcinv", &[2.5], NAN),
    ("normcdf", &[INF], 1.0),
    ("normcdf", &[-INF], 0.0),
    ("normcdf", &[0.0], 0.5),
    ("normcdfinv", &[0.0], -INF),
    ("normcdfinv", &[1.0], INF),
    ("normcdfinv", &[2.0], NAN),
    ("normcdfinv", &[-0.5], NAN),
    ("tgamma", &[5.0], 24.0),
    ("tgamma", &[0.0], INF),
    ("tgamma", &[-0.0], -INF),
    ("tgamma", &[-3.0], NAN),
    ("tgamma", &[-INF], NAN),
    ("tgamma", &[INF], INF),
    ("lgamma", &[1.0], 0.0),
    ("lgamma", &[2.0], 0.0),
    ("lgamma", &[-3.0], INF),
    ("lgamma", &[-INF], INF),
    ("j0", &[0.0], 1.0),
    ("j0", &[INF], 0.0),
    ("j1", &[-0.0], -0.0),
    ("j1", &[INF], 0.0),
    ("y0", &[0.0], -INF),
    ("y0", &[-1.0], NAN),
    ("y0", &[INF], 0.0),
    ("y1", &[0.0], -INF),
    ("y1", &[-1.0], NAN),
    ("y1", &[INF], 0.0),
    ("cyl_bessel_i0", &[0.0], 1.0),
    ("cyl_bessel_i0", &[-INF], INF),
    ("cyl_bessel_i0", &[1e6], INF),
    ("cyl_bessel_i1", &[-0.0], -0.0),
    ("cyl_bessel_i1", &[-INF], -INF),
    ("fmod", &[1.0, 0.0], NAN),
    ("fmod", &[INF, 1.0], NAN),
    ("fmod", &[-1.0, INF], -1.0),
    ("fmod", &[-4.0, 2.0], -0.0),
    ("remainder", &[INF, 1.0], NAN),
    ("remainder", &[1.0, 0.0], NAN),
    ("remainder", &[3.0, -INF], 3.0),
    ("remainder", &[3.0, 2.0], -1.0),
    ("quotient", &[7.0, -2.0], -4.0),
    ("quotient", &[3.0, INF], 0.0),
];

/// Rows of the data, and how far an output may be off them.
type Output = (&'static str, Bound);

/// A row of the data: arguments in the order of the function, floats or integers.
struct Row {
    arguments: Vec<Argument>,
    value: (f64, f64),
    /// Of [`ENDS`]; the fast functions have none.
    end: bool,
}

#[derive(Clone, Copy)]
enum Argument {
    Float(f64),
    Integer(i32),
}

impl Argument {
    /// As the function of a width takes it, if it can.
    fn bits(self, single: bool) -> Option<u64> {
        match self {
            Argument::Float(x) if !single => Some(x.put()),
            Argument::Float(x) => (f64::from(x as f32) == x || x.is_nan()).then(|| (x as f32).put()),
            Argument::Integer(x) => Some(x.put()),
        }
    }
}

fn data() -> HashMap<&'static str, Vec<Row>> {
    let float = |text: &str| f64::from_bits(u64::from_str_radix(text, 16).unwrap());
    let mut rows: HashMap<_, Vec<Row>> = HashMap::new();
    for line in include_str!("../../data/libdevice.tsv").lines() {
        let [name, arguments, value] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let argument = |text: &str| match text.len() {
            16 => Argument::Float(float(text)),
            _ => Argument::Integer(text.parse().unwrap()),
        };
        let (high, low) = value.split_once(' ').unwrap();
        rows.entry(name).or_default().push(Row {
            arguments: arguments.split(' ').map(argument).collect(),
            value: (float(high), float(low)),
            end: false,
        });
    }
    for &(name, arguments, value) in ENDS {
        rows.get_mut(name).unwrap().push(Row {
            arguments: arguments.iter().map(|&x| Argument::Float(x)).collect(),
            value: (value, 0.0),
            end: true,
        });
    }
    rows
}

/// How many units in the last place of a width a value is off.
fn error(value: f64, (high, low): (f64, f64), single: bool) -> f64 {
    let (digits, least, most) = if single { (23, -126, 127) } else { (52, -1022, 1023) };
    let exponent = if high == 0.0 { least } else { high.abs().log2().floor() as i32 };
    let unit = exponent.clamp(least, most) - digits;
    // Infinity is the next number after the largest of `f32`.
    let value = if single && value.is_infinite() { 2f64.powi(128).copysign(value) } else { value };
    let off = (value - high) - low;
    // In two steps: the unit of a denormal has no inverse.
    (off * 2f64.powi(-unit / 2) * 2f64.powi(-unit + unit / 2)).abs()
}

fn compare(value: f64, expected: (f64, f64), single: bool, bound: Bound) -> Result<(), String> {
    let mut high = expected.0;
    if single && high.abs() > f64::from(f32::MAX) * (1.0 + 1e-7) {
        high = f64::INFINITY.copysign(high);
    }
    let words = |what: String| Err(format!("{value:e}, expected {high:e}{what}"));
    if high.is_nan() || value.is_nan() {
        return if high.is_nan() && value.is_nan() { Ok(()) } else { words(String::new()) };
    }
    if !high.is_finite() || high == 0.0 {
        return if value.put() == high.put() { Ok(()) } else { words(String::new()) };
    }
    if value.is_sign_negative() != high.is_sign_negative() && !matches!(bound, Absolute(_)) {
        return words(" with its sign".into());
    }
    let units = error(value, expected, single);
    let off = ((value - high) - expected.1).abs();
    let good = match bound {
        Ulp(most) => units <= most,
        Absolute(most) => off <= most,
        Relative(most) => off <= most * high.abs(),
    };
    if good { Ok(()) } else { words(format!(": {units} units off, {bound:?}")) }
}

/// A function whose outputs are these rows of the data.
fn case(data: &HashMap<&str, Vec<Row>>, name: &'static str, single: bool, outputs: &[Output]) -> Case {
    let mut arguments = Vec::new();
    let mut judges: Vec<Judge> = Vec::new();
    for &(rows, bound) in outputs {
        let mut expected = HashMap::new();
        for row in data[rows].iter().filter(|row| !(row.end && name.contains("fast"))) {
            let bits: Option<Vec<u64>> = row.arguments.iter().map(|one| one.bits(single)).collect();
            if let Some(bits) = bits {
                arguments.push(bits.clone());
                expected.insert(bits, row.value);
            }
        }
        judges.push(Box::new(move |row, bits| match expected.get(row) {
            None => Ok(()),
            Some(&value) if matches!(rows, "quotient") => {
                // The sign and at least three low bits.
                let (quotient, low) = (i32::get(bits), value.0);
                let good =
                    quotient.abs() & 7 == low.abs() as i32 && (low == 0.0 || (quotient < 0) == (low < 0.0));
                if good { Ok(()) } else { Err(format!("expected {low}")) }
            }
            Some(&value) => {
                let result = if single { f64::from(f32::get(bits)) } else { f64::get(bits) };
                compare(result, value, single, bound)
            }
        }));
    }
    arguments.sort();
    arguments.dedup();
    Case { name, arguments, outputs: judges }
}

/// Sign, size, exponent: what is taken apart can be put together.
fn parts() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut random = fastrand::Rng::with_seed(super::SEED);
    let mut numbers: Vec<f64> =
        (0..60).map(|_| (random.f64() - 0.5) * 2f64.powi(random.i32(-120..120))).collect();
    numbers.extend([0.0, -0.0, 1.0, -2.5, 1e-40, INF, -INF, NAN, 8.0, 0.75, 1e15 + 0.5]);
    for single in [true, false] {
        let put = |x: f64| if single { (x as f32).put() } else { x.put() };
        let get = move |bits: u64| if single { f64::from(f32::get(bits)) } else { f64::get(bits) };
        let arguments: Vec<Vec<u64>> = numbers.iter().map(|&x| vec![put(x)]).collect();
        let like =
            move |expected: f64| move |bits: u64| compare(get(bits), (expected, 0.0), single, Ulp(0.0));
        let split = |x: f64| {
            let mut exponent = 0;
            let mut size = x;
            while size.abs() >= 1.0 && size.is_finite() {
                (size, exponent) = (size / 2.0, exponent + 1);
            }
            while size.abs() < 0.5 && size != 0.0 {
                (size, exponent) = (size * 2.0, exponent - 1);
            }
            (size, exponent)
        };
        cases.push(Case {
            name: if single { "__nv_frexpf" } else { "__nv_frexp" },
            arguments: arguments.clone(),
            outputs: vec![
                Box::new(move |row, bits| like(split(get(row[0])).0)(bits)),
                Box::new(move |row, bits| {
                    let exponent = split(get(row[0])).1;
                    if i32::get(bits) == exponent { Ok(()) } else { Err(format!("expected {exponent}")) }
                }),
            ],
        });
        cases.push(Case {
            name: if single { "__nv_modff" } else { "__nv_modf" },
            arguments,
            outputs: vec![
                Box::new(move |row, bits| {
                    let x = get(row[0]);
                    like(if x.is_infinite() { 0.0 } else { x % 1.0 }.copysign(x))(bits)
                }),
                Box::new(move |row, bits| like(get(row[0]).trunc())(bits)),
            ],
        });
        for name in ["ldexp", "scalbn"] {
            let name: &'static str = match (name, single) {
                ("ldexp", true) => "__nv_ldexpf",
                ("ldexp", false) => "__nv_ldexp",
                (_, true) => "__nv_scalbnf",
                (_, false) => "__nv_scalbn",
            };
            let powers = [0, 1, -1, 20, -60, 300, -300, 2000, -2000, i32::MAX, i32::MIN];
            let pair = |x: &f64| powers.map(|power: i32| vec![put(*x), power.put()]);
            cases.push(Case {
                name,
                arguments: numbers.iter().flat_map(pair).collect(),
                outputs: vec![scaled(single)],
            });
        }
    }
    cases
}

/// A power of two times a number, by halving and doubling; not where `f64` would round twice.
fn scaled(single: bool) -> Judge {
    Box::new(move |row, bits| {
        let get = |bits: u64| if single { f64::from(f32::get(bits)) } else { f64::get(bits) };
        let (mut x, power) = (get(row[0]), i32::get(row[1]));
        for _ in 0..power.unsigned_abs().min(2500) {
            x *= if power < 0 { 0.5 } else { 2.0 };
        }
        let expected = if single { f64::from(x as f32) } else { x };
        compare(get(bits), (expected, 0.0), single, Ulp(if expected.abs() < 1e-300 { 1.0 } else { 0.0 }))
    })
}

pub fn cases() -> Vec<Case> {
    let data = data();
    let mut cases = parts();
    for &(rows, single, most, double, most_double) in BOUNDS {
        let further = NEARBY.iter().find(|row| row.1 == single);
        // Rounded once from `f64`, whatever the guide allows.
        let mut outputs = case(&data, single, true, &[(rows, Ulp(most.min(1.0)))]);
        let mut doubles = case(&data, double, false, &[(rows, Ulp(most_double))]);
        if let Some(&(rows, _, absolute, _, absolute_double)) = further {
            both(&mut outputs, case(&data, single, true, &[(rows, Absolute(absolute))]));
            both(&mut doubles, case(&data, double, false, &[(rows, Absolute(absolute_double))]));
        }
        cases.extend([outputs, doubles]);
    }
    for &(rows, single, most, double, most_double) in &NEARBY[4..] {
        cases.push(case(&data, single, true, &[(rows, Absolute(most))]));
        cases.push(case(&data, double, false, &[(rows, Absolute(most_double))]));
    }
    for &(rows, name, bound) in FAST {
        cases.push(case(&data, name, true, &[(rows, bound)]));
    }
    let pairs: [(&str, bool, [Output; 2]); 7] = [
        ("__nv_sincosf", true, [("sin", Ulp(1.0)), ("cos", Ulp(1.0))]),
        ("__nv_sincos", false, [("sin", Ulp(2.0)), ("cos", Ulp(2.0))]),
        ("__nv_sincospif", true, [("sinpi", Ulp(1.0)), ("cospi", Ulp(1.0))]),
        ("__nv_sincospi", false, [("sinpi", Ulp(2.0)), ("cospi", Ulp(2.0))]),
        ("__nv_fast_sincosf", true, [("sin_near", Absolute(3.59e-7)), ("cos_near", Absolute(4.18e-7))]),
        ("__nv_remquof", true, [("remainder", Ulp(0.0)), ("quotient", Ulp(0.0))]),
        ("__nv_remquo", false, [("remainder", Ulp(0.0)), ("quotient", Ulp(0.0))]),
    ];
    for (name, single, outputs) in pairs {
        cases.push(case(&data, name, single, &outputs));
    }
    cases
}

/// Adds the rows of another case of the same function.
fn both(case: &mut Case, mut other: Case) {
    case.arguments.append(&mut other.arguments);
    let (first, second) = (case.outputs.remove(0), other.outputs.remove(0));
    case.outputs.push(Box::new(move |row, bits| first(row, bits).and_then(|()| second(row, bits))));
}

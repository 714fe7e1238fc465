//! Functions with one right answer: integers, conversions, bits, and arithmetic in each rounding by the definition of it.

use super::super::table;
use super::{Case, Judge, SEED};

/// How a number of Rust lies in 64 bits.
pub trait Bits: Copy {
    fn get(bits: u64) -> Self;
    fn put(self) -> u64;
}

macro_rules! bits {
    ($($ty:ty: |$a:ident| $get:expr, |$b:ident| $put:expr;)*) => {
        $(impl Bits for $ty {
            fn get($a: u64) -> Self {
                $get
            }
            fn put(self) -> u64 {
                let $b = self;
                $put
            }
        })*
    };
}

bits! {
    i32: |a| a as u32 as i32, |a| u64::from(a as u32);
    u32: |a| a as u32, |a| u64::from(a);
    i64: |a| a as i64, |a| a as u64;
    u64: |a| a, |a| a;
    u16: |a| a as u16, |a| u64::from(a);
    bool: |a| a != 0, |a| u64::from(a);
    f32: |a| f32::from_bits(a as u32), |a| u64::from(a.to_bits());
    f64: |a| f64::from_bits(a), |a| a.to_bits();
}

/// Edges of every type and random values, in ones, pairs and so on.
fn inputs(count: usize) -> Vec<Vec<u64>> {
    let values = table::inputs(SEED);
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut rows = Vec::new();
    for &value in &values {
        for _ in 0..if count == 1 { 1 } else { 5 } {
            let others = (1..count).map(|_| random.choice(&values).copied().unwrap());
            rows.push(std::iter::once(value).chain(others).collect());
        }
    }
    rows
}

/// NaN is as good as NaN where the bits of one are.
fn equal(expected: u64) -> impl Fn(u64) -> Result<(), String> {
    let nan32 = |bits: u64| bits >> 32 == 0 && f32::get(bits).is_nan();
    let nan64 = |bits: u64| f64::get(bits).is_nan();
    move |value| {
        let nans = (nan32(expected) && nan32(value)) || (nan64(expected) && nan64(value));
        if value == expected || nans { Ok(()) } else { Err(format!("expected {expected:#x}")) }
    }
}

fn one<A: Bits, R: Bits>(name: &'static str, function: impl Fn(A) -> R + 'static) -> Case {
    let judge: Judge = Box::new(move |row, value| equal(function(A::get(row[0])).put())(value));
    Case { name, arguments: inputs(1), outputs: vec![judge] }
}

fn two<A: Bits, B: Bits, R: Bits>(name: &'static str, function: impl Fn(A, B) -> R + 'static) -> Case {
    let judge: Judge =
        Box::new(move |row, value| equal(function(A::get(row[0]), B::get(row[1])).put())(value));
    Case { name, arguments: inputs(2), outputs: vec![judge] }
}

fn three<A: Bits, R: Bits>(name: &'static str, function: impl Fn(A, A, A) -> R + 'static) -> Case {
    let judge: Judge = Box::new(move |row, value| {
        equal(function(A::get(row[0]), A::get(row[1]), A::get(row[2])).put())(value)
    });
    Case { name, arguments: inputs(3), outputs: vec![judge] }
}

// table
fn integers() -> Vec<Case> {
    let low24 = |a: i32| i64::from(a << 8 >> 8);
    vec![
        one("__nv_abs", i32::wrapping_abs),
        one("__nv_llabs", i64::wrapping_abs),
        two("__nv_min", |a: i32, b: i32| a.min(b)),
        two("__nv_umin", |a: u32, b: u32| a.min(b)),
        two("__nv_llmin", |a: i64, b: i64| a.min(b)),
        two("__nv_ullmin", |a: u64, b: u64| a.min(b)),
        two("__nv_max", |a: i32, b: i32| a.max(b)),
        two("__nv_umax", |a: u32, b: u32| a.max(b)),
        two("__nv_llmax", |a: i64, b: i64| a.max(b)),
        two("__nv_ullmax", |a: u64, b: u64| a.max(b)),
        two("__nv_mulhi", |a: i32, b: i32| (i64::from(a) * i64::from(b) >> 32) as i32),
        two("__nv_umulhi", |a: u32, b: u32| (u64::from(a) * u64::from(b) >> 32) as u32),
        two("__nv_mul64hi", |a: i64, b: i64| (i128::from(a) * i128::from(b) >> 64) as i64),
        two("__nv_umul64hi", |a: u64, b: u64| (u128::from(a) * u128::from(b) >> 64) as u64),
        two("__nv_mul24", move |a: i32, b: i32| (low24(a) * low24(b)) as i32),
        two("__nv_umul24", |a: u32, b: u32| (a & 0xff_ffff).wrapping_mul(b & 0xff_ffff)),
        three("__nv_sad", |a: i32, b: i32, c: i32| (c as u32).wrapping_add(a.abs_diff(b))),
        three("__nv_usad", |a: u32, b: u32, c: u32| c.wrapping_add(a.abs_diff(b))),
        one("__nv_clz", u32::leading_zeros),
        one("__nv_clzll", u64::leading_zeros),
        one("__nv_popc", u32::count_ones),
        one("__nv_popcll", u64::count_ones),
        one("__nv_brev", u32::reverse_bits),
        one("__nv_brevll", u64::reverse_bits),
        one("__nv_ffs", |a: u32| (0..32).find(|at| a >> at & 1 == 1).map_or(0u32, |at| at + 1)),
        one("__nv_ffsll", |a: u64| (0..64).find(|at| a >> at & 1 == 1).map_or(0u32, |at| at + 1)),
        two("__nv_hadd", |a: i32, b: i32| (i64::from(a) + i64::from(b)).div_euclid(2) as i32),
        two("__nv_uhadd", |a: u32, b: u32| ((u64::from(a) + u64::from(b)) / 2) as u32),
        two("__nv_rhadd", |a: i32, b: i32| (i64::from(a) + i64::from(b) + 1).div_euclid(2) as i32),
        two("__nv_urhadd", |a: u32, b: u32| (u64::from(a) + u64::from(b)).div_ceil(2) as u32),
        three("__nv_byte_perm", |a: u32, b: u32, c: u32| {
            let pool = [a.to_le_bytes(), b.to_le_bytes()].concat();
            u32::from_le_bytes([0, 4, 8, 12].map(|shift| pool[(c >> shift & 7) as usize]))
        }),
        one("__nv_float_as_int", |a: u32| a),
        one("__nv_float_as_uint", |a: u32| a),
        one("__nv_int_as_float", |a: u32| a),
        one("__nv_uint_as_float", |a: u32| a),
        one("__nv_double_as_longlong", |a: u64| a),
        one("__nv_longlong_as_double", |a: u64| a),
        one("__nv_double2hiint", |a: u64| (a >> 32) as u32),
        one("__nv_double2loint", |a: u64| a as u32),
        two("__nv_hiloint2double", |a: u32, b: u32| u64::from(a) << 32 | u64::from(b)),
    ]
}

// table
fn questions() -> Vec<Case> {
    let exponent = |a: f64| match a {
        _ if a == 0.0 || a.is_nan() => i32::MIN,
        _ if a.is_infinite() => i32::MAX,
        // Of the magnitude as a whole number of the smallest denormal's size.
        _ if a.abs() < f64::MIN_POSITIVE => 63 - (a.abs().to_bits().leading_zeros() as i32) - 1074,
        _ => (a.to_bits() >> 52 & 2047) as i32 - 1023,
    };
    vec![
        one("__nv_isnanf", |a: f32| a.is_nan()),
        one("__nv_isnand", |a: f64| a.is_nan()),
        one("__nv_isinff", |a: f32| a.is_infinite()),
        one("__nv_isinfd", |a: f64| a.is_infinite()),
        one("__nv_finitef", |a: f32| a.is_finite()),
        one("__nv_isfinited", |a: f64| a.is_finite()),
        one("__nv_signbitf", |a: u32| a >> 31),
        one("__nv_signbitd", |a: u64| a >> 63),
        one("__nv_ilogbf", move |a: f32| exponent(f64::from(a))),
        one("__nv_ilogb", exponent),
        one("__nv_logbf", move |a: f32| logarithm(f64::from(a), exponent) as f32),
        one("__nv_logb", move |a: f64| logarithm(a, exponent)),
        one("__nv_fabsf", |a: u32| a & 0x7fff_ffff),
        one("__nv_fabs", |a: u64| a & i64::MAX as u64),
        two("__nv_copysignf", |a: u32, b: u32| a & 0x7fff_ffff | b & 0x8000_0000),
        two("__nv_copysign", |a: u64, b: u64| a & i64::MAX as u64 | b & 1 << 63),
        two("__nv_fminf", |a: f32, b: f32| least(f64::from(a), f64::from(b)) as f32),
        two("__nv_fmin", least),
        two("__nv_fmaxf", |a: f32, b: f32| -least(-f64::from(a), -f64::from(b)) as f32),
        two("__nv_fmax", |a: f64, b: f64| -least(-a, -b)),
        one("__nv_saturatef", |a: f32| if a.is_nan() { 0.0 } else { a.clamp(0.0, 1.0) + 0.0 }),
        one("__nv_nanf", |_: u64| f32::NAN),
        one("__nv_nan", |_: u64| f64::NAN),
        two("__nv_fdimf", |a: f32, b: f32| if a <= b { 0.0 } else { a - b }),
        two("__nv_fdim", |a: f64, b: f64| if a <= b { 0.0 } else { a - b }),
        two("__nv_nextafterf", |a: f32, b: f32| towards(a, b)),
        two("__nv_nextafter", towards64),
    ]
}

fn logarithm(a: f64, exponent: impl Fn(f64) -> i32) -> f64 {
    match a {
        _ if a == 0.0 => f64::NEG_INFINITY,
        _ if !a.is_finite() => a * a,
        _ => f64::from(exponent(a)),
    }
}

fn least(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) => b,
        (_, true) => a,
        _ if a.total_cmp(&b).is_le() => a,
        _ => b,
    }
}

fn towards(a: f32, b: f32) -> f32 {
    let ordered = |a: f32| if a < 0.0 { -i64::from(a.abs().to_bits()) } else { i64::from(a.abs().to_bits()) };
    match ordered(b).cmp(&ordered(a)) {
        _ if a.is_nan() || b.is_nan() => f32::NAN,
        std::cmp::Ordering::Equal => b,
        direction => {
            let next = ordered(a) + direction as i64;
            // From a negative number towards 0 comes -0.
            let size = f32::from_bits(next.unsigned_abs() as u32);
            if next < 0 || (next == 0 && a < 0.0) { -size } else { size }
        }
    }
}

fn towards64(a: f64, b: f64) -> f64 {
    let ordered = |a: f64| if a < 0.0 { -(a.abs().to_bits() as i64) } else { a.abs().to_bits() as i64 };
    match ordered(b).cmp(&ordered(a)) {
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        std::cmp::Ordering::Equal => b,
        direction => {
            let next = ordered(a) + direction as i64;
            let size = f64::from_bits(next.unsigned_abs());
            if next < 0 || (next == 0 && a < 0.0) { -size } else { size }
        }
    }
}

/// Rounded to an integral value, by comparing with the two around it.
fn integral(a: f64, rounding: Rounding) -> f64 {
    if a.abs() >= 4_503_599_627_370_496.0 || a.is_nan() {
        return a;
    }
    let below = a as i64 - i64::from((a as i64) as f64 > a);
    let rest = a - below as f64;
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0.0,
        Rounding::Zero => a < 0.0 && rest > 0.0,
        Rounding::Nearest => rest > 0.5 || (rest == 0.5 && below & 1 == 1),
        Rounding::Away => rest > 0.5 || (rest == 0.5 && a > 0.0),
    };
    ((below + i64::from(up)) as f64).copysign(a)
}

// table
fn integral_values() -> Vec<Case> {
    use Rounding::{Away, Down, Nearest, Up, Zero};
    let mut cases = Vec::new();
    for (single, double, rounding) in [
        ("__nv_floorf", "__nv_floor", Down),
        ("__nv_ceilf", "__nv_ceil", Up),
        ("__nv_truncf", "__nv_trunc", Zero),
        ("__nv_rintf", "__nv_rint", Nearest),
        ("__nv_nearbyintf", "__nv_nearbyint", Nearest),
        ("__nv_roundf", "__nv_round", Away),
    ] {
        cases.push(one(single, move |a: f32| integral(f64::from(a), rounding) as f32));
        cases.push(one(double, move |a: f64| integral(a, rounding)));
    }
    cases.push(one("__nv_llrintf", |a: f32| to_long(f64::from(a), Nearest)));
    cases.push(one("__nv_llrint", |a: f64| to_long(a, Nearest)));
    cases.push(one("__nv_llroundf", |a: f32| to_long(f64::from(a), Away)));
    cases.push(one("__nv_llround", |a: f64| to_long(a, Away)));
    cases
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Zero,
    Down,
    Up,
    /// Halves away from zero.
    Away,
}

const ROUNDINGS: [(&str, Rounding); 4] =
    [("rn", Rounding::Nearest), ("rz", Rounding::Zero), ("rd", Rounding::Down), ("ru", Rounding::Up)];

fn named(parts: &[&str]) -> &'static str {
    // Names live as long as the test.
    Box::leak(parts.concat().into_boxed_str())
}

/// NaN has a value of its own among the integers: zero from 32 bits to 32, else the highest bit alone.
fn unless_nan<T>(from: f64, value: T, nan: T) -> T {
    if from.is_nan() { nan } else { value }
}

fn to_long(a: f64, rounding: Rounding) -> i64 {
    unless_nan(a, integral(a, rounding) as i64, i64::MIN)
}

fn to_integers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (word, rounding) in ROUNDINGS {
        let of = move |a: f32| integral(f64::from(a), rounding);
        cases.push(one(named(&["__nv_float2int_", word]), move |a: f32| of(a) as i32));
        cases.push(one(named(&["__nv_float2uint_", word]), move |a: f32| of(a) as u32));
        cases.push(one(named(&["__nv_float2ll_", word]), move |a: f32| {
            unless_nan(of(a), of(a) as i64, i64::MIN)
        }));
        cases.push(one(named(&["__nv_float2ull_", word]), move |a: f32| {
            unless_nan(of(a), of(a) as u64, 1 << 63)
        }));
        let of = move |a: f64| integral(a, rounding);
        cases.push(one(named(&["__nv_double2int_", word]), move |a: f64| {
            unless_nan(a, of(a) as i32, i32::MIN)
        }));
        cases.push(one(named(&["__nv_double2uint_", word]), move |a: f64| {
            unless_nan(a, of(a) as u32, 1 << 31)
        }));
        cases.push(one(named(&["__nv_double2ll_", word]), move |a: f64| {
            unless_nan(a, of(a) as i64, i64::MIN)
        }));
        cases.push(one(named(&["__nv_double2ull_", word]), move |a: f64| {
            unless_nan(a, of(a) as u64, 1 << 63)
        }));
    }
    cases
}

/// What a result lacks to the exact value, as a number with the right sign; then its neighbours lack too much.
struct Lack<'a> {
    of: &'a dyn Fn(f64) -> f64,
    single: bool,
}

impl Lack<'_> {
    fn neighbours(&self, result: f64) -> [f64; 2] {
        match self.single {
            true => [(result as f32).next_down(), (result as f32).next_up()].map(f64::from),
            false => [result.next_down(), result.next_up()],
        }
    }

    /// The definition of a rounding.
    fn judge(&self, rounding: Rounding, result: f64, negative: bool) -> Result<(), String> {
        let lack = (self.of)(result);
        let [below, above] = self.neighbours(result).map(self.of);
        let down = lack >= 0.0 && above < 0.0;
        let up = lack <= 0.0 && below > 0.0;
        let good = match rounding {
            Rounding::Down => down,
            Rounding::Up => up,
            Rounding::Zero => {
                if negative {
                    up
                } else {
                    down
                }
            }
            Rounding::Nearest | Rounding::Away => lack.abs() <= below.abs() && lack.abs() <= above.abs(),
        };
        if good {
            Ok(())
        } else {
            Err(format!("{rounding:?}: lacks {lack:e}, the neighbours {below:e} {above:e}"))
        }
    }
}

fn from_integer(name: &'static str, single: bool, rounding: Rounding, read: fn(u64) -> i128) -> Case {
    let judge: Judge = Box::new(move |row, bits| {
        let value = read(row[0]);
        let result = if single { f64::from(f32::get(bits)) } else { f64::get(bits) };
        // Neighbours of small numbers are no integers, but then the result is exact.
        let lack = |result: f64| {
            if result.fract() == 0.0 { (value - result as i128) as f64 } else { value as f64 - result }
        };
        Lack { of: &lack, single }.judge(rounding, result, value < 0)
    });
    Case { name, arguments: inputs(1), outputs: vec![judge] }
}

fn from_integers() -> Vec<Case> {
    let types = [
        ("int", (|bits| i128::from(bits as u32 as i32)) as fn(u64) -> i128),
        ("uint", |bits| i128::from(bits as u32)),
        ("ll", |bits| i128::from(bits as i64)),
        ("ull", |bits| i128::from(bits)),
    ];
    let mut cases = Vec::new();
    for (ty, read) in types {
        for (word, rounding) in ROUNDINGS {
            cases.push(from_integer(named(&["__nv_", ty, "2float_", word]), true, rounding, read));
            if rounding == Rounding::Nearest || ty.ends_with("ll") {
                cases.push(from_integer(named(&["__nv_", ty, "2double_", word]), false, rounding, read));
            }
        }
    }
    cases
}

/// a + b as a rounded sum and what that lacks.
fn sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let part = s - a;
    (s, (a - (s - part)) + (b - part))
}

/// The exact value of an operation less a number, up to a factor greater than 0.
fn lack(operation: &str, a: &[f64], result: f64) -> f64 {
    match operation {
        "rcp" => (-result).mul_add(a[0], 1.0) * a[0].signum(),
        "sqrt" if result < 0.0 => 1.0,
        "sqrt" => (-result).mul_add(result, a[0]),
        "div" => (-result).mul_add(a[1], a[0]) * a[1].signum(),
        "convert" => a[0] - result,
        "mul" | "fma" => {
            let product = a[0] * a[1];
            let rest = a[0].mul_add(a[1], -product);
            let (sum, lost) = sum(product, a.get(2).copied().unwrap_or(0.0));
            (sum - result) + (lost + rest)
        }
        _ => {
            let (sum, lost) = sum(a[0], if operation == "sub" { -a[1] } else { a[1] });
            (sum - result) + lost
        }
    }
}

/// Sizes whose products and quotients stay far from the ends of either range.
fn moderate(count: usize, single: bool) -> Vec<Vec<u64>> {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut one = || {
        let size =
            (1.0 + random.f64()) * 2f64.powi(random.i32(-12..12)) * if random.bool() { 1.0 } else { -1.0 };
        let size = if random.u8(..) < 30 { size.round() } else { size };
        if size == 0.0 { 3.0 } else { size }
    };
    let put = |x: f64| if single { (x as f32).put() } else { x.put() };
    (0..150).map(|_| (0..count).map(|_| put(one())).collect()).collect()
}

fn rounded(
    name: &'static str,
    operation: &'static str,
    count: usize,
    single: bool,
    rounding: Rounding,
) -> Case {
    let judge: Judge = Box::new(move |row, bits| {
        let get = |bits: u64| if single { f64::from(f32::get(bits)) } else { f64::get(bits) };
        let numbers: Vec<f64> = row.iter().map(|&bits| get(bits)).collect();
        let result = get(bits);
        if operation == "sqrt" && numbers[0] < 0.0 {
            return if result.is_nan() { Ok(()) } else { Err("expected NaN".into()) };
        }
        let of = |result: f64| lack(operation, &numbers, result);
        if result == 0.0 && of(result) == 0.0 {
            return Ok(());
        }
        Lack { of: &of, single }.judge(rounding, result, of(0.0) < 0.0)
    });
    Case { name, arguments: moderate(count, single), outputs: vec![judge] }
}

fn arithmetic() -> Vec<Case> {
    let mut cases = Vec::new();
    for (operation, count) in [("add", 2), ("sub", 2), ("mul", 2), ("div", 2), ("rcp", 1), ("sqrt", 1)] {
        for (word, rounding) in ROUNDINGS {
            let name = |letter| named(&["__nv_", letter, operation, "_", word]);
            cases.push(rounded(name("f"), operation, count, true, rounding));
            cases.push(rounded(name("d"), operation, count, false, rounding));
        }
    }
    for (word, rounding) in ROUNDINGS {
        cases.push(rounded(named(&["__nv_fmaf_", word]), "fma", 3, true, rounding));
        cases.push(rounded(named(&["__nv_fmaf_ieee_", word]), "fma", 3, true, rounding));
        cases.push(rounded(named(&["__nv_fma_", word]), "fma", 3, false, rounding));
        let mut case = rounded(named(&["__nv_double2float_", word]), "convert", 1, true, rounding);
        case.arguments = moderate(1, false);
        let name = case.name;
        case.outputs = vec![Box::new(move |row, bits| {
            let of = |result: f64| f64::get(row[0]) - result;
            let result = f64::from(f32::get(bits));
            Lack { of: &of, single: true }
                .judge(rounding, result, of(0.0) < 0.0)
                .map_err(|words| format!("{name} {words}"))
        })];
        cases.push(case);
    }
    cases.push(rounded("__nv_fmaf", "fma", 3, true, Rounding::Nearest));
    cases.push(rounded("__nv_fma", "fma", 3, false, Rounding::Nearest));
    cases.push(rounded("__nv_sqrtf", "sqrt", 1, true, Rounding::Nearest));
    cases.push(rounded("__nv_sqrt", "sqrt", 1, false, Rounding::Nearest));
    cases
}

/// A half's value, by its definition.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        0 => fraction * 2f64.powi(-24),
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

fn halves() -> Vec<Case> {
    let nearest: Judge = Box::new(|row, bits| {
        let (value, result) = (f64::from(f32::get(row[0])), bits as u16);
        if value.is_nan() || value.abs() >= 65520.0 {
            let good = if value.is_nan() {
                half(result).is_nan()
            } else {
                half(result) == value.signum() * f64::INFINITY
            };
            return if good { Ok(()) } else { Err("expected NaN or infinity".into()) };
        }
        let distance = |bits: u16| {
            if half(bits).is_infinite() { 65536.0 - value.abs() } else { (half(bits) - value).abs() }
        };
        let mut neighbours = vec![result + 1];
        neighbours.extend((result & 0x7fff != 0).then(|| result - 1));
        let nearest = neighbours.iter().all(|&other| {
            distance(result) < distance(other) || (distance(result) == distance(other) && result & 1 == 0)
        });
        let signed = (result >> 15 == 1) == value.is_sign_negative();
        if nearest && signed { Ok(()) } else { Err(format!("not the nearest half of {value:e}")) }
    });
    vec![
        one("__nv_half2float", |a: u16| half(a) as f32),
        Case { name: "__nv_float2half_rn", arguments: inputs(1), outputs: vec![nearest] },
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases = integers();
    for more in [questions(), integral_values(), to_integers(), from_integers(), arithmetic(), halves()] {
        cases.extend(more);
    }
    cases
}

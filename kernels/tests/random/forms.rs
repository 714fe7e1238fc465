//! Pure instructions with their meaning in plain Rust, bit by bit where that is the clearest.
//!
//! `$0` and `$1` are what is written, the others what is read. A form may be several instructions; `%pz %hz %rz %dz %fz %gz` are
//! theirs to spoil. NaNs that come out as integers are made one NaN first, and kept away from conversions to integers.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tree::Class::{self, D, F, G, H, P, R};

/// What is written, from what is read. Bits beyond the register's class do not count.
pub type Run = Box<dyn Fn(&[u64]) -> [u64; 2] + Send + Sync>;

pub struct Form {
    pub text: String,
    pub to: Vec<Class>,
    pub from: Vec<Class>,
    pub run: Run,
}

/// What loads and stores move: name, bytes, signed, classes it goes to.
pub const ELEMENTS: &[(&str, u32, bool, &[Class])] = &[
    ("u8", 1, false, &[H, R]),
    ("s8", 1, true, &[H, R, D]),
    ("b8", 1, false, &[R]),
    ("u16", 2, false, &[H, R]),
    ("s16", 2, true, &[H, R, D]),
    ("u32", 4, false, &[R, D]),
    ("s32", 4, true, &[R, D]),
    ("b32", 4, false, &[R]),
    ("u64", 8, false, &[D]),
    ("b64", 8, false, &[D]),
    ("f32", 4, false, &[F]),
    ("f64", 8, false, &[G]),
];

/// Reductions of a warp: spelling and meaning.
pub const REDUCTIONS: &[(&str, fn(u32, u32) -> u32)] = &[
    ("add.u32", u32::wrapping_add),
    ("min.s32", |a, b| (a as i32).min(b as i32) as u32),
    ("max.s32", |a, b| (a as i32).max(b as i32) as u32),
    ("min.u32", u32::min),
    ("max.u32", u32::max),
    ("and.b32", |a, b| a & b),
    ("or.b32", |a, b| a | b),
    ("xor.b32", |a, b| a ^ b),
];

/// Atomics whose order does not matter; each cell has one.
pub const CELLS: &[(&str, Class, fn(u64, u64) -> u64)] = &[
    ("add.u32", R, u64::wrapping_add),
    ("min.s32", R, |a, b| (a as i32).min(b as i32) as u64),
    ("max.u32", R, u64::max),
    ("and.b32", R, |a, b| a & b),
    ("or.b32", R, |a, b| a | b),
    ("xor.b32", R, |a, b| a ^ b),
    ("add.u64", D, u64::wrapping_add),
    ("max.s64", D, |a, b| (a as i64).max(b as i64) as u64),
    ("min.u64", D, u64::min),
    ("xor.b64", D, |a, b| a ^ b),
    ("add.s32", R, u64::wrapping_add),
    ("max.s32", R, |a, b| (a as i32).max(b as i32) as u64),
];

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    super::integer_forms::add(&mut forms);
    super::float_forms::add(&mut forms);
    forms
});

pub fn all() -> &'static [Form] {
    &FORMS
}

static NAMES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
    // The first of a name counts.
    let single = FORMS.iter().enumerate().rev().filter(|(_, form)| !form.text.contains(';'));
    single.filter_map(|(at, form)| Some((form.text.split(' ').next()?, at))).collect()
});

/// The index of the first form of one instruction with this opcode and modifiers.
pub fn named(name: &str) -> usize {
    NAMES[name]
}

/// A row of [`ELEMENTS`].
pub fn element(name: &str) -> usize {
    ELEMENTS.iter().position(|row| row.0 == name).expect("a row of that name")
}

/// Adds a form that writes one register.
pub fn one(
    forms: &mut Vec<Form>,
    text: impl Into<String>,
    to: Class,
    from: &[Class],
    run: impl Fn(&[u64]) -> u64 + Send + Sync + 'static,
) {
    let run = Box::new(move |s: &[u64]| [run(s), 0]);
    forms.push(Form { text: text.into(), to: vec![to], from: from.to_vec(), run });
}

/// Adds a form that writes two.
pub fn two(
    forms: &mut Vec<Form>,
    text: impl Into<String>,
    to: [Class; 2],
    from: &[Class],
    run: impl Fn(&[u64]) -> [u64; 2] + Send + Sync + 'static,
) {
    forms.push(Form { text: text.into(), to: to.to_vec(), from: from.to_vec(), run: Box::new(run) });
}

/// Operands `$1` to `$count` behind a target.
pub fn operands(count: usize) -> String {
    (0..=count).map(|index| format!("${index}")).collect::<Vec<_>>().join(", ")
}

/// `setp` in all its shapes for a type.
pub fn comparisons<T: 'static>(
    forms: &mut Vec<Form>,
    ty: &str,
    class: Class,
    get: fn(u64) -> T,
    list: &[(&'static str, fn(T, T) -> bool)],
) {
    for (at, &(word, holds)) in list.iter().enumerate() {
        let test = move |s: &[u64]| holds(get(s[0]), get(s[1]));
        one(forms, format!("setp.{word}.{ty} $0, $1, $2"), P, &[class, class], move |s| u64::from(test(s)));
        match at % 3 {
            0 => two(forms, format!("setp.{word}.and.{ty} $0|$1, $2, $3, $4"), [P, P], &[class, class, P], {
                move |s| [u64::from(test(s)) & s[2], u64::from(!test(s)) & s[2]]
            }),
            1 => {
                one(forms, format!("setp.{word}.or.{ty} $0, $1, $2, !$3"), P, &[class, class, P], move |s| {
                    u64::from(test(s)) | (s[2] ^ 1)
                })
            }
            _ => {
                one(forms, format!("setp.{word}.xor.{ty} $0, $1, $2, $3"), P, &[class, class, P], move |s| {
                    u64::from(test(s)) ^ s[2]
                })
            }
        }
        if class == R {
            one(forms, format!("set.{word}.u32.{ty} $0, $1, $2"), R, &[class, class], move |s| {
                if test(s) { u64::MAX } else { 0 }
            });
        }
    }
}

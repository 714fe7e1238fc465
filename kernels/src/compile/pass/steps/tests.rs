//! How far vectors of a gang are apart, by case.

use super::*;
use crate::compile::Shape as Launch;
use crate::compile::pass::claims;
use crate::compile::ssa::parse::parse;

/// A pointer into a matrix, moved on by a row in each round of a loop.
const ROWS: &str = "function rows
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = load.param.4 v1 + 8
    v4: i32 = special.tid.0
    v5: i32 = special.tid.1
    v6: i32 = madlow.s32 v5, v3, v4
    v7: i32 = const 4
    v8: i64 = mulwide.s32 v6, v7
    v9: i64 = add.u64 v2, v8
    v10: i64 = mulwide.s32 v3, v7
    v11: i32 = const 0
    jump b1(v9, v11)
    b1(v12: i64, v13: i32):
    v14: i32 = load.global.4 v12 [v0] @1
    store.global.4 v12 + 4, v14 [v0] @2
    v15: i64 = add.u64 v12, v10
    v16: i32 = const 1
    v17: i32 = add.u32 v13, v16
    v18: i1 = compare.lt.u32 v17, v3
    branch v18, b1(v15, v17), b2
    b2:
    v19: i32 = convert.u32.u64 v12
    exit";

fn told(text: &str, small_grid: bool) -> Vec<String> {
    let function = parse(text);
    let launch = Launch { block: [32, 8, 1], small_grid };
    let ranges = Ranges::new(&function, &launch);
    let shapes = Shapes::of_masked(&function, &launch, 16, &ranges);
    let claims = claims::of(&function, &launch, &shapes, &ranges);
    let ranges = Ranges::claimed(&function, &launch, &claims);
    let shapes = Shapes::of_masked(&function, &launch, 16, &ranges);
    let mut all: Vec<_> = of(&function, &claims, &shapes, &ranges).into_iter().collect();
    all.sort();
    let part = |((place, times), count): (&(Value, Times), &i64)| {
        let times: String =
            times.iter().map(|(factors, number)| format!(" ({number} {factors:?})")).collect();
        format!("{count} {place}{times}")
    };
    let line = |(value, form): &(Value, Form)| {
        format!("{value}: {}", form.iter().map(part).collect::<Vec<_>>().join(" + "))
    };
    all.iter().map(line).collect()
}

#[test]
fn pointers_are_as_far_apart_in_a_loop_as_before() {
    let rows = "4 v4 + 4 v5 (1 [Value(3)])";
    let first = "v6: 1 v4 + 1 v5 (1 [Value(3)])".to_owned();
    let mut expected = vec![first.clone()];
    expected.extend([8, 9, 12, 15, 19].map(|value| format!("v{value}: {rows}")));
    assert_eq!(told(ROWS, true), expected);
    assert_eq!(told(ROWS, false), [first], "a wrap may be anywhere");
}

#[test]
fn pointers_of_two_kinds_meet_in_none() {
    let two = ROWS.replace("add.u64 v12, v10", "add.u64 v12, v8");
    let all = told(&two, true);
    assert!(!all.iter().any(|line| line.starts_with("v12") || line.starts_with("v15")), "{all:?}");
}

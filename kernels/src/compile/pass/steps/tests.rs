//! How far vectors of a gang are apart, by case.

use super::*;
use crate::compile::pass::claims;
use crate::compile::ssa::parse::parse;
use crate::compile::{Options, Shape as Launch, Target};

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

const ROWS_OF_32: [u32; 3] = [32, 8, 1];

/// The values that have a form, in a block, with gangs of so many vectors.
fn told(text: &str, launch: &Launch, vectors: u8) -> Vec<String> {
    let function = parse(text);
    let target = Target { lanes: 16, popcnt: true, funnel: true, half: false, bfloat: false };
    let options = Options { vectors: Some(vectors), ..Options::default() };
    let ranges = Ranges::new(&function, launch);
    let shapes = Shapes::of_masked(&function, launch, 16, &ranges);
    let claims = claims::of(&function, launch, &shapes, &ranges);
    let ranges = Ranges::claimed(&function, launch, &claims);
    let shapes = Shapes::of_masked(&function, launch, 16, &ranges);
    let plan = Plan::new(&function, &shapes, launch, &target, &options).unwrap();
    let mut all: Vec<_> = of(&function, &claims, &shapes, &ranges, &plan).into_iter().collect();
    all.sort();
    let part = |(times, distances): (&Times, &Vec<i64>)| {
        let times: String =
            times.iter().map(|(factors, number)| format!(" ({number} {factors:?})")).collect();
        format!("{distances:?}{times}")
    };
    let line = |(value, form): &(Value, Form)| {
        format!("{value}: {}", form.iter().map(part).collect::<Vec<_>>().join(" + "))
    };
    all.iter().map(line).collect()
}

fn launch(block: [u32; 3]) -> Launch {
    Launch { block, small_grid: true }
}

#[test]
fn pointers_are_as_far_apart_in_a_loop_as_before() {
    let places = ["v4: [0, 16, 0, 16]", "v5: [0, 0, 1, 1]"].map(str::to_owned);
    let row = "(1 [Value(3)])";
    let index = format!("v6: [0, 16, 0, 16] + [0, 0, 1, 1] {row}");
    let rows = format!("[0, 64, 0, 64] + [0, 0, 4, 4] {row}");
    let mut expected = Vec::from_iter(places.clone());
    expected.push(index.clone());
    expected.extend([8, 9, 12, 15, 19].map(|value| format!("v{value}: {rows}")));
    assert_eq!(told(ROWS, &launch(ROWS_OF_32), 4), expected);
    let large = Launch { small_grid: false, ..launch(ROWS_OF_32) };
    let [x, y] = places;
    assert_eq!(told(ROWS, &large, 4), [x, y, index], "a wrap may be anywhere");
}

/// In gangs of a row or less all have the same row.
#[test]
fn what_all_vectors_share_is_no_part_of_a_form() {
    let all = told(ROWS, &launch(ROWS_OF_32), 2);
    assert_eq!(all[..3], ["v4: [0, 16]", "v5: ", "v6: [0, 16]"].map(str::to_owned));
    assert!(all.contains(&"v15: [0, 64]".to_owned()), "{all:?}");
}

/// Gangs that start at different places of their rows have no distances, but those of one gang alone do.
#[test]
fn gangs_that_start_in_the_middle_of_rows() {
    assert_eq!(told(ROWS, &launch([48, 4, 1]), 2), Vec::<String>::new());
    let one = told(ROWS, &launch([48, 4, 1]), 12);
    assert_eq!(one[0], "v4: [0, 16, 32, 0, 16, 32, 0, 16, 32, 0, 16, 32]");
    assert_eq!(one[1], "v5: [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]");
    let layers = told(&ROWS.replace("tid.1", "tid.2"), &launch([48, 2, 2]), 2);
    assert_eq!(layers, ["v5: "], "a gang is never in two layers");
}

#[test]
fn pointers_of_two_kinds_meet_in_none() {
    let two = ROWS.replace("add.u64 v12, v10", "add.u64 v12, v8");
    let all = told(&two, &launch(ROWS_OF_32), 4);
    assert!(!all.iter().any(|line| line.starts_with("v12") || line.starts_with("v15")), "{all:?}");
}

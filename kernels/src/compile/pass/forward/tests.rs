//! Shared memory that was just written.

use std::fmt::Write;

use super::run;
use crate::compile::pass::dce;
use crate::compile::ssa::eval::{self, World, same};
use crate::compile::ssa::parse::{check, parse};
use crate::compile::ssa::verify::Stage;

fn becomes(before: &str, after: &str) {
    let function = |lines: &str| format!("function f\n{lines}");
    check(Stage::Vectors, &function(before), run, &function(after));
}

#[test]
fn words_become_a_row_and_need_not_be_stored() {
    becomes(
        "table 3, 0, 1, 2
        b0:
        v0: i64 = context
        v1: v4x32 = load.global.4 v0
        v2: v4x32 = load.global.4 v0 + 16
        v3: i32 = load.global.4 v0 + 32
        v16: v4x32 = table.0
        v17: v4x32 = permute v16, v1
        v4: i32 = lane.0 v17
        store.shared.4 v0, v4
        v5: i32 = lane.2 v2
        store.shared.4 v0 + 4, v5
        store.shared.4 v0 + 8, v3
        v6: m4 = const 7
        v7: v4x32 = load.shared.4 v0 [v6]
        store.shared.4 v0, v7
        v8: i32 = load.shared.4 v0 + 4
        return v8",
        "table 3, 0, 1, 2
        table 3, 6, 0, 0
        table 0, 1, 4, 0
        b0:
        v0: i64 = context
        v1: v4x32 = load.global.4 v0
        v2: v4x32 = load.global.4 v0 + 16
        v3: i32 = load.global.4 v0 + 32
        v16: v4x32 = table.0
        v17: v4x32 = permute v16, v1
        v4: i32 = lane.0 v17
        v5: i32 = lane.2 v2
        v6: m4 = const 7
        v18: v4x32 = broadcast v3
        v19: v4x32 = table.1
        v20: v4x32 = permute2 v19, v1, v2
        v21: v4x32 = table.2
        v22: v4x32 = permute2 v21, v20, v18
        v23: v4x32 = const 0
        v24: v4x32 = select v22, v23, v6
        store.shared.4 v0, v24
        v8: i32 = load.shared.4 v0 + 4
        return v8",
    );
}

#[test]
fn what_one_store_wrote_is_read_or_known() {
    becomes(
        "b0:
        v0: i64 = context
        v1: v4x32 = load.global.4 v0
        v2: i32 = load.global.4 v0 + 16
        store.shared.4 v0, v1
        store.shared.4 v0 + 16, v2
        v3: v4x32 = load.shared.4 v0
        v4: i32 = load.shared.4 v0 + 16
        v5: i32 = load.shared.4 v0 + 8
        store.global.4 v0, v3
        v6: i32 = add.u32 v4, v5
        return v6",
        "b0:
        v0: i64 = context
        v1: v4x32 = load.global.4 v0
        v2: i32 = load.global.4 v0 + 16
        store.shared.4 v0, v1
        store.shared.4 v0 + 16, v2
        v5: i32 = load.shared.4 v0 + 8
        store.global.4 v0, v1
        v6: i32 = add.u32 v2, v5
        return v6",
    );
}

#[test]
fn what_others_may_have_written_or_read_stays() {
    let text = "b0:
        v0: i64 = context
        v1: i64 = load.global.8 v0
        v2: i32 = load.global.4 v0 + 16
        v3: m2 = const 1
        v4: v2x32 = load.global.4 v0 + 24
        store.shared.4 v0, v2
        store.shared.4 v1, v2
        v5: v2x32 = load.shared.4 v0
        store.global.4 v0 + 40, v5
        store.shared.4 v0, v2
        store.shared.4 v0 + 4, v2
        v6: i32 = load.generic.4 v1
        store.shared.4 v0, v4
        store.shared.4 v0, v4 [v3]
        v7: v2x32 = load.shared.4 v0
        store.global.4 v0 + 32, v7
        store.shared.4 v0, v2
        store.shared.4 v0 + 4, v2
        fence
        v8: v2x32 = load.shared.4 v0
        store.global.4 v0 + 32, v8
        store.shared.2 v0, v2
        store.shared.2 v0 + 2, v2
        v9: i32 = load.shared.4 v0
        store.global.4 v0 + 32, v9
        return v6";
    becomes(text, text);
}

/// An address of shared memory and one eight bytes on, two rows, two words, and a row of two long words.
const HEAD: &str = "function f
    b0:
    v0: i64 = context
    v1: i64 = load.param.8 v0 + 64
    v2: i64 = load.param.8 v1
    v3: i64 = load.param.8 v0 + 72
    v4: i64 = const 8
    v5: i64 = add.u64 v3, v4
    v6: v4x32 = load.global.4 v2
    v7: v4x32 = load.global.4 v2 + 16
    v8: i32 = load.global.4 v2 + 32
    v9: i32 = lane.3 v6
    v10: v2x64 = load.global.8 v2 + 40\n";

/// Stores and loads of shared memory in any order: words, rows, parts of them, narrow ones, and some of another base.
fn grown(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut text = String::from(HEAD);
    let (mut words, mut rows, mut next, mut results) = (vec![8, 9], vec![6, 7], 11, 0);
    for _ in 0..random.usize(4..30) {
        let base = if random.u8(..8) == 0 { 5 } else { 3 };
        // Mostly words that lie on each other.
        let offset = if random.u8(..10) == 0 { random.u32(0..30) } else { random.u32(0..8) * 4 };
        let place = format!("v{base} + {offset}");
        let mut masked = String::new();
        let (word, row) = (words[random.usize(..words.len())], rows[random.usize(..rows.len())]);
        if random.u8(..4) == 0 {
            writeln!(text, "v{next}: m4 = const {}", random.u8(..16)).unwrap();
            masked = format!(" [v{next}]");
            next += 1;
        }
        let line = match random.u8(..12) {
            0..4 => format!("store.shared.4 {place}, v{word}"),
            4 => format!("store.shared.4 {place}, v{row}{masked}"),
            5 => format!("store.shared.2 {place}, v{word}"),
            6 => format!("store.shared.8 {place}, v10"),
            7 => {
                words.push(next);
                format!("v{next}: i32 = load.shared.4 {place}")
            }
            8 => {
                words.push(next);
                format!("v{next}: i32 = lane.{} v{row}", random.u8(..4))
            }
            9 => format!("v{next}: i32 = load.generic.4 {place}"),
            10 => {
                // Words, a row of them, and all of it written anew.
                let start = random.u32(0..2) * 16;
                for at in 0..4 {
                    let word = words[random.usize(..words.len())];
                    writeln!(text, "store.shared.4 v3 + {}, v{word}", start + at * 4).unwrap();
                }
                rows.push(next);
                writeln!(text, "v{next}: v4x32 = load.shared.4 v3 + {start}{masked}").unwrap();
                next += 1;
                format!("store.shared.4 v3 + {start}, v{}", rows[random.usize(..rows.len())])
            }
            _ => {
                rows.push(next);
                format!("v{next}: v4x32 = load.shared.4 {place}{masked}")
            }
        };
        next += usize::from(line.starts_with('v'));
        writeln!(text, "{line}").unwrap();
    }
    for at in 0..4 {
        rows.push(next);
        writeln!(text, "v{next}: v4x32 = load.shared.4 v3 + {}", at * 16).unwrap();
        next += 1;
    }
    for value in rows.into_iter().chain(words) {
        results += 16;
        writeln!(text, "store.global.4 v2 + {}, v{value}", 64 + results).unwrap();
    }
    writeln!(text, "v{next}: i32 = const 0\nreturn v{next}").unwrap();
    text
}

#[test]
fn any_stores_and_loads() {
    let (mut joined, mut dead) = (0, 0);
    for seed in 0..3000 {
        let before = parse(&grown(seed));
        let mut after = before.clone();
        run(&mut after);
        joined += usize::from(after.to_string().contains("permute2"));
        let stores = |text: String| text.matches("store.shared").count();
        dead += stores(before.to_string()) - stores(after.to_string());
        dce::run(&mut after);
        let mut world = World::new([4, 1, 1], 2048);
        world.set_parameters(&[world.pointer(0)]);
        world.set_words(0, &(1..17u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
        assert_eq!(eval::run(&before, Stage::Vectors, &mut world.clone()), Ok(()), "{before}");
        same((&before, Stage::Vectors), (&after, Stage::Vectors), &world);
    }
    assert!(joined > 500 && dead > 2000, "{joined} rows were put together, {dead} stores are gone");
}

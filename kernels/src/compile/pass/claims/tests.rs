//! Claims, by case, and blocks that are left because one does not hold.

use super::*;
use crate::compile::ssa::eval::{self, World};
use crate::compile::ssa::parse::parse;
use crate::compile::ssa::verify::Stage;
use crate::compile::{Options, Target, pass};

/// A tile of an array: `data[(ctaid · 8 + tid.y) · width + tid.x + start]`.
const TILE: &str = "function tile
    b0:
    v0: i1 = entered
    v1: i64 = const 0
    v2: i64 = load.param.8 v1
    v3: i32 = load.param.4 v1 + 8
    v4: i32 = load.param.4 v1 + 16
    v5: i32 = special.tid.0
    v6: i32 = special.tid.1
    v7: i32 = special.ctaid.0
    v8: i32 = const 3
    v9: i32 = shl.b32 v7, v8
    v10: i32 = add.u32 v9, v6
    v11: i32 = madlow.s32 v10, v3, v5
    v12: i32 = add.s32 v11, v4
    v13: i32 = const 4
    v14: i64 = mulwide.s32 v12, v13
    v15: i64 = add.u64 v2, v14
    v16: i32 = load.global.4 v15 [v0] @1
    v17: i32 = const 1
    v18: i32 = add.u32 v16, v17
    store.global.4 v15, v18 [v0] @2
    exit";

const BLOCK: [u32; 3] = [32, 8, 1];

fn claims(text: &str, small_grid: bool) -> Vec<Claim> {
    let function = parse(text);
    let launch = Launch { block: BLOCK, small_grid };
    let ranges = Ranges::new(&function, &launch);
    let shapes = Shapes::of_masked(&function, &launch, 16, &ranges);
    of(&function, &launch, &shapes, &ranges)
}

fn told(claims: &[Claim]) -> Vec<String> {
    let product = |((place, factors), number): (&Product, &u32)| {
        let place = place.map_or(String::new(), |(place, far)| format!(" {place}≤{far}"));
        let factors: String = factors.iter().map(|factor| format!(" {factor}")).collect();
        format!("{}{place}{factors}", *number as i32)
    };
    let told = |claim: &Claim| {
        let sum: Vec<String> = claim.sum.iter().map(product).collect();
        let kind = if claim.signed { 's' } else { 'u' };
        format!("{} {kind} {}: {}", claim.value, claim.margin, sum.join(", "))
    };
    claims.iter().map(told).collect()
}

#[test]
fn an_index_is_a_sum_of_places_times_what_the_block_shares() {
    let all = told(&claims(TILE, true));
    assert_eq!(all, ["v12 s 256: 8 v3 v7, 1 v4, 1 v5≤31, 1 v6≤7 v3"]);
    assert_eq!(claims(TILE, false), [], "code for any grid claims nothing");
}

#[test]
fn of_an_unsigned_number_nothing_may_be_taken_off() {
    let unsigned = TILE.replace("mulwide.s32", "mulwide.u32");
    assert_eq!(told(&claims(&unsigned, true)), ["v12 u 256: 8 v3 v7, 1 v4, 1 v5≤31, 1 v6≤7 v3"]);
    let before = unsigned.replace("add.s32 v11, v4", "sub.s32 v11, v8");
    assert_eq!(claims(&before, true), []);
    let before = TILE.replace("add.s32 v11, v4", "sub.s32 v11, v8");
    assert_eq!(told(&claims(&before, true)), ["v12 s 256: -3, 8 v3 v7, 1 v5≤31, 1 v6≤7 v3"]);
}

#[test]
fn what_memory_says_claims_nothing() {
    let loaded = TILE.replace("v4: i32 = load.param.4 v1 + 16", "v4: i32 = load.global.4 v2");
    assert_eq!(claims(&loaded, true), []);
}

/// What vector code leaves behind, from a start on.
fn run(width: u32, start: u32) -> Result<(), String> {
    let function = parse(TILE);
    let mut world = World::new(BLOCK, 16384);
    world.grid = [2, 1, 1];
    // The element at `start` lies in the middle of memory.
    let data = world.pointer(8192).wrapping_sub((i64::from(start as i32) * 4) as u64);
    world.set_parameters(&[data, width.into(), start.into()]);
    let target = Target { popcnt: true, ..Target::LEAST };
    let launch = Launch { block: BLOCK, small_grid: true };
    let split = pass::split::run(&function, &launch, &target, &Options::default()).unwrap();
    let text = split.function.to_string();
    assert!(!text.contains("gather") && !text.contains("scatter"), "{text}");
    world.gang = split.plan.gang;
    let mut masked = world.clone();
    eval::run(&split.function, Stage::Vectors, &mut world)?;
    eval::run(&function, Stage::Masked, &mut masked)?;
    assert!(world.global == masked.global, "{text}");
    Ok(())
}

#[test]
fn a_block_in_which_an_index_wraps_is_left() {
    // 16 rows of 64 numbers: the last element is 1023 behind the first; the margin is 256.
    let last = i32::MAX as u32 - 991 - 256;
    let left = Err(eval::WRAPS.to_owned());
    assert_eq!(run(64, 0), Ok(()));
    assert_eq!(run(64, last), Ok(()));
    assert_eq!(run(64, last + 1), left);
    assert_eq!(run(64, 1 << 31), Ok(()), "the lowest number");
    assert_eq!(run(64, (1 << 31) - 1), left);
    // Rows that go down.
    assert_eq!(run(-64i32 as u32, (1 << 31) + 15 * 64), Ok(()));
    assert_eq!(run(-64i32 as u32, (1 << 31) + 15 * 64 - 1), left);
    // Rows so far apart that they wrap, whatever comes of it.
    assert_eq!(run(1 << 29, 0), left);
}

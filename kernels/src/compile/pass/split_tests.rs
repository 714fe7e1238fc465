//! Vector code against masked code, on kernels of many kinds.

use super::super::ssa::Function;
use super::super::ssa::eval::{self, World};
use super::super::ssa::parse::parse;
use super::super::ssa::verify::{Stage, verify};
use super::super::{Options, Shape as Launch, Target};
use super::split::{self, Vectors};
use super::split_random;
use super::split_texts::{
    COLUMNS, COLUMNS_8, HISTOGRAM, HISTOGRAM_2, POINTERS, SAXPY, SAXPY_2, STRUCTURES, SUM, TILES, TILES_4,
    TRANSPOSE, TRANSPOSE_2,
};

fn target(lanes: u8) -> Target {
    Target { lanes, popcnt: true, funnel: true, half: false, bfloat: false }
}

fn launch(block: [u32; 3]) -> Launch {
    Launch { block, small_grid: true }
}

pub fn split(function: &Function, block: [u32; 3], lanes: u8, vectors: Option<u8>) -> Vectors {
    split_for(function, &launch(block), lanes, vectors)
}

fn split_for(function: &Function, launch: &Launch, lanes: u8, vectors: Option<u8>) -> Vectors {
    verify(function, Stage::Masked).unwrap_or_else(|what| panic!("before: {what}\n{function}"));
    let options = Options { vectors, ..Options::default() };
    let split = split::run(function, launch, &target(lanes), &options);
    let mut split = split.unwrap_or_else(|what| panic!("{what:?}\n{function}"));
    if let Err(what) = verify(&split.function, Stage::Vectors) {
        panic!("after: {what}\n{}", split.function);
    }
    super::dce::run(&mut split.function);
    super::licm::run(&mut split.function);
    super::gvn::run(&mut split.function);
    super::dce::run(&mut split.function);
    split
}

/// The text of the blocks that insts with a line came to, values numbered as they appear.
#[track_caller]
fn text(before: &str, block: [u32; 3], vectors: u8, after: &str) {
    let function = split(&parse(before), block, 16, Some(vectors)).function;
    let all = function.to_string();
    let mut lines = Vec::new();
    let mut own: Vec<&str> = Vec::new();
    for line in all.lines().chain(["b"]) {
        if !line.starts_with('b') {
            own.push(line);
            continue;
        }
        if own.iter().any(|line| line.contains('@')) && !own[0].contains("context") {
            lines.append(&mut own);
        }
        own.clear();
    }
    same_text(&lines, after, &all);
}

/// Lines are these, values numbered as they appear.
#[track_caller]
pub fn same_text(lines: &[&str], after: &str, all: &str) {
    let mut names: Vec<String> = Vec::new();
    let mut numbered = String::new();
    for line in lines {
        for word in line.split_inclusive(|sign: char| !sign.is_ascii_alphanumeric()) {
            let bare = word.trim_end_matches(|sign: char| !sign.is_ascii_alphanumeric());
            let number = bare.strip_prefix('v').filter(|rest| !rest.is_empty() && !rest.contains('x'));
            let Some(number) = number.filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit())) else {
                numbered += word;
                continue;
            };
            let place = names.iter().position(|name| name == number).unwrap_or_else(|| {
                names.push(number.to_owned());
                names.len() - 1
            });
            numbered += &format!("v{place}{}", &word[bare.len()..]);
        }
        numbered.push('\n');
    }
    let plain = |text: &str| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert!(plain(&numbered) == plain(after), "it is\n{numbered}\nand should be\n{after}\n{all}");
}

/// All sizes of gangs and vectors do what the masked function does.
pub fn agree(before: &str, world: &World) {
    agree_all(&parse(before), world);
}

fn agree_all(function: &Function, world: &World) {
    for lanes in [16, 8] {
        for vectors in [None, Some(1), Some(2), Some(4), Some(8), Some(16)] {
            let mut split = split(function, world.block, lanes, vectors);
            let mut masked = world.clone();
            masked.gang = split.plan.gang;
            let mut vectors = masked.clone();
            let before = eval::run(function, Stage::Masked, &mut masked);
            let mut after = eval::run(&split.function, Stage::Vectors, &mut vectors);
            if after.as_ref().is_err_and(|what| what == eval::WRAPS) {
                let any = Launch { small_grid: false, ..launch(world.block) };
                split = split_for(function, &any, lanes, Some(split.plan.vectors as u8));
                vectors = World { gang: split.plan.gang, ..world.clone() };
                after = eval::run(&split.function, Stage::Vectors, &mut vectors);
            }
            let place = || {
                format!(
                    "{lanes} lanes, {} vectors, block {:?}\n{}",
                    split.plan.vectors, world.block, split.function
                )
            };
            assert!(before.is_ok() && after.is_ok(), "{before:?} {after:?} {}{function}", place());
            let differs = masked.global.iter().zip(&vectors.global).position(|(a, b)| a != b);
            assert_eq!(differs, None, "{}{function}", place());
            assert_eq!(masked.calls, vectors.calls, "{}", place());
        }
    }
}

#[test]
fn saxpy() {
    for block in [[64, 1, 1], [100, 1, 1], [16, 4, 1], [7, 1, 1], [256, 1, 1]] {
        let mut world = World::new(block, 8192);
        world.grid = [3, 2, 1];
        let pointers = [world.pointer(0), world.pointer(4096)];
        world.set_parameters(&[pointers[0], pointers[1], 150, 3f32.to_bits().into()]);
        for at in 0..2048 {
            world.set_words(at, &[(at as f32).to_bits()]);
        }
        agree(SAXPY, &world);
    }
    text(SAXPY, [64, 1, 1], 2, SAXPY_2);
}

#[test]
fn random_functions() {
    let blocks = [
        [64, 1, 1],
        [32, 3, 1],
        [40, 1, 1],
        [8, 4, 2],
        [5, 3, 2],
        [16, 16, 1],
        [1, 1, 1],
        [24, 5, 1],
        [48, 2, 1],
    ];
    for seed in 0..54 {
        let block = blocks[seed as usize % blocks.len()];
        let function = split_random::grow(seed, block, seed % 2 == 1);
        let threads: u64 = block.iter().map(|&size| u64::from(size)).product();
        let bytes = split_random::DATA_BYTES + threads * 2 * split_random::RESULT_BYTES;
        let mut world = World::new(block, bytes as usize);
        world.grid = [2, 1, 1];
        let (data, results) = (world.pointer(0), world.pointer(split_random::DATA_BYTES));
        world.set_parameters(&[data, results]);
        for at in 0..split_random::DATA_BYTES as usize / 4 {
            world.set_words(at, &[(at as u32 + 1).wrapping_mul(0x9e37_79b9) >> (at % 29)]);
        }
        println!("seed {seed}");
        agree_all(&function, &world);
    }
}

#[test]
fn transpose() {
    let mut world = World::new([16, 16, 1], 4096);
    world.grid = [2, 1, 1];
    let pointers = [world.pointer(0), world.pointer(2048)];
    world.set_parameters(&pointers);
    world.set_words(0, &(0..256).collect::<Vec<_>>());
    agree(TRANSPOSE, &world);
    text(TRANSPOSE, [16, 16, 1], 2, TRANSPOSE_2);
    // With one gang nobody waits.
    let alone = split(&parse(TRANSPOSE), [16, 16, 1], 16, Some(16)).function.to_string();
    assert!(!alone.contains("switch"), "{alone}");
}

#[test]
fn sum() {
    let text = SUM.replace("b1:\n", "b1:\nv99: i32 = const 0\n").replace("v8x", "v99");
    for block in [[256, 1, 1], [200, 1, 1], [250, 1, 1]] {
        let mut world = World::new(block, 4096);
        world.grid = [3, 1, 1];
        let pointers = [world.pointer(0), world.pointer(2048), world.pointer(2080)];
        world.set_parameters(&pointers);
        world.set_words(0, &(0..256).map(|at| at * at).collect::<Vec<_>>());
        agree(&text, &world);
    }
}

#[test]
fn histogram() {
    let mut world = World::new([64, 1, 1], 4096);
    world.grid = [3, 1, 1];
    let pointers = [world.pointer(0), world.pointer(512), world.pointer(4000)];
    world.set_parameters(&pointers);
    let bytes: Vec<u8> = (0..192u32).map(|at| (at * at % 251) as u8).collect();
    world.global[..192].copy_from_slice(&bytes);
    agree(HISTOGRAM, &world);
    text(HISTOGRAM, [64, 1, 1], 2, HISTOGRAM_2);
}

#[test]
fn tiles() {
    text(TILES, [16, 16, 1], 4, TILES_4);
}

#[test]
fn structures() {
    for block in [[64, 1, 1], [256, 1, 1], [50, 1, 1]] {
        let mut world = World::new(block, 16384);
        let pointers = [world.pointer(0), world.pointer(8192)];
        world.set_parameters(&pointers);
        world.set_words(0, &(0..1024u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
        agree(STRUCTURES, &world);
    }
    let split = split(&parse(STRUCTURES), [64, 1, 1], 16, None);
    let text = split.function.to_string();
    assert!(!text.contains("gather") && !text.contains("scatter"), "{text}");
}

#[test]
fn columns() {
    for block in [[16, 16, 1], [16, 9, 1], [16, 20, 1], [16, 4, 1], [8, 16, 1]] {
        let mut world = World::new(block, 8192);
        let pointers = [world.pointer(0), world.pointer(4096)];
        world.set_parameters(&pointers);
        world.set_words(0, &(0..2048u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
        agree(COLUMNS, &world);
    }
    text(COLUMNS, [16, 8, 1], 8, COLUMNS_8);
    for pass in [TRANSPOSE, COLUMNS] {
        let text = split(&parse(pass), [16, 16, 1], 16, Some(16)).function.to_string();
        assert!(!text.contains("gather") && !text.contains("scatter"), "{text}");
    }
}

#[test]
fn pointers_that_move_on() {
    for (block, start) in [([64, 1, 1], 3), ([64, 1, 1], 0xffff_fff8), ([100, 1, 1], 0xffff_ffe9)] {
        let mut world = World::new(block, 8192);
        let pointers = [world.pointer(0), world.pointer(4096)];
        world.set_parameters(&[pointers[0], pointers[1], start]);
        world.set_words(0, &(0..1024u32).map(|at| at.wrapping_mul(0x9e37_79b9)).collect::<Vec<_>>());
        agree(POINTERS, &world);
    }
    let text = split(&parse(POINTERS), [64, 1, 1], 16, Some(4)).function.to_string();
    let params = text.lines().filter(|line| line.starts_with('b') && line.ends_with(':'));
    assert!(!params.clone().any(|line| line.contains("x64")), "{text}");
}

#[test]
fn ballots_of_parts_of_a_warp() {
    // Lanes with other members have another ballot, though all of them vote at once.
    let text = "function parts
        b0:
        v0: i1 = entered
        v1: i32 = special.tid.0
        v2: i32 = const 3
        v3: i32 = and.u32 v1, v2
        v4: i32 = const 0xffffffff
        v5: i32 = match.any v3, v4 [v0]
        v6: i32 = const 20
        v7: i1 = compare.lt.u32 v1, v6
        v8: i32 = vote.ballot v7, v5 [v0]
        v9: i1 = and.pred v0, v7
        v10: i32 = reduce.add.u32 v1, v8 [v9]
        v11: i64 = const 0
        v12: i64 = load.param.8 v11
        v13: i32 = const 4
        v14: i64 = mulwide.u32 v1, v13
        v15: i64 = add.u64 v12, v14
        store.global.4 v15, v10 [v9]
        exit";
    for block in [[64, 1, 1], [32, 1, 1], [9, 1, 1]] {
        let mut world = World::new(block, 1024);
        world.set_parameters(&[world.pointer(0)]);
        agree(text, &world);
    }
}

#[test]
fn ballots_among_ballots_of_parts_of_a_warp() {
    // The members of the votes are what is left of the parts, round by round, as a loop leaves them.
    let text = "function rounds
        b0:
        v0: i1 = entered
        v1: i32 = special.tid.0
        v2: i32 = const 3
        v3: i32 = and.u32 v1, v2
        v4: i32 = const 0xffffffff
        v5: i32 = match.any v3, v4 [v0]
        v6: i32 = const 30
        v7: i1 = compare.lt.u32 v1, v6
        v8: i32 = vote.ballot v7, v5 [v0]
        v9: i1 = and.pred v0, v7
        v10: i32 = const 5
        v11: i1 = compare.gt.u32 v1, v10
        v12: i32 = vote.ballot v11, v8 [v9]
        v13: i1 = and.pred v9, v11
        v14: i32 = const 7
        v15: i1 = compare.eq.u32 v1, v14
        v16: i1 = vote.any v15, v12 [v13]
        v17: i1 = vote.all v15, v12 [v13]
        v18: i32 = const 1
        v19: i32 = const 0
        v20: i32 = select v18, v19, v16
        v21: i32 = select v18, v19, v17
        v22: i32 = match.any v18, v12 [v13]
        v23: i64 = const 0
        v24: i64 = load.param.8 v23
        v25: i32 = const 16
        v26: i64 = mulwide.u32 v1, v25
        v27: i64 = add.u64 v24, v26
        store.global.4 v27, v12, v20, v21, v22 [v13]
        exit";
    for block in [[64, 1, 1], [32, 1, 1], [7, 1, 1]] {
        let mut world = World::new(block, 1024);
        world.set_parameters(&[world.pointer(0)]);
        agree(text, &world);
    }
}

#[test]
fn own_offsets_come_round_at_32_bits() {
    // An index that the displacement brings round, and one that a displacement near 2³² does.
    let text = "function round
        local 64
        b0:
        v0: i1 = entered
        v1: i32 = special.tid.0
        v2: i32 = const 4
        v3: i32 = mullow.u32 v1, v2
        v4: i64 = const 0
        v5: i32 = load.param.4 v4 + 8
        v6: i32 = add.u32 v3, v5
        v7: i32 = xor.b32 v6, v5
        v8: i32 = xor.b32 v7, v5
        store.shared.4 v6 + 1073741824, v1 [v0]
        store.shared.4 v8 + 1073745920, v3 [v0]
        store.local.4 v5 + 1073741828, v1 [v0]
        v9: i32 = load.local.4 v5 - 3221225468 [v0]
        v10: i32 = load.shared.4 v3 [v0]
        v11: i32 = load.shared.4 v3 + 4096 [v0]
        v12: i64 = load.param.8 v4
        v13: i32 = const 12
        v14: i64 = mulwide.u32 v1, v13
        v15: i64 = add.u64 v12, v14
        store.global.4 v15, v9, v10, v11 [v0]
        exit";
    let mut world = World::new([64, 1, 1], 1024);
    world.set_parameters(&[world.pointer(0), 0xc000_0000]);
    agree(text, &world);
}

/// Threads that come once, read and write: eight vectors at most, and as many as fill the block. Warps that
/// work together: the whole block, where it is no larger than a gang may be. Atomics of lanes: not many at a time.
#[test]
fn how_many_vectors_a_gang_has() {
    let vectors = |text: &str, threads: u32| split(&parse(text), [threads, 1, 1], 16, None).plan.vectors;
    assert_eq!([64, 96, 128, 256, 1024].map(|threads| vectors(SAXPY, threads)), [4, 6, 8, 8, 8]);
    let sum = SUM.replace("b1:\n", "b1:\nv99: i32 = const 0\n").replace("v8x", "v99");
    assert_eq!([64, 256, 512].map(|threads| vectors(&sum, threads)), [4, 8, 8]);
    let together = sum.replace("@20\n", "@20\nbarrier\n");
    assert_eq!([64, 256].map(|threads| vectors(&together, threads)), [4, 16]);
    assert_eq!([64, 1024].map(|threads| vectors(HISTOGRAM, threads)), [4, 8]);
}

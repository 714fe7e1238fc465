//! Permutations by tables of all patterns that instructions of their own exist for, and of none.

use stream_hal_kernels::compile::emit;
use stream_hal_kernels::compile::ssa::edit::Builder;
use stream_hal_kernels::compile::ssa::verify::{Stage, verify};
use stream_hal_kernels::compile::ssa::{End, Function, Op, Type, Value};

use super::process;
use super::vector::{access, base, lanes, put, run_code, store};

const BYTES: i64 = 64;

/// Tables of one vector: rotations, exchanges of neighbours, shifts that stop, the same in each four, whole quarters,
/// and any.
fn tables(count: u64, random: &mut fastrand::Rng) -> Vec<Vec<u64>> {
    let each = |of: &dyn Fn(u64) -> u64| (0..count).map(of).collect::<Vec<u64>>();
    let mut tables = Vec::new();
    for by in 0..count {
        tables.push(each(&|lane| lane + by));
        tables.push(each(&|lane| lane ^ by));
        tables.push(each(&|lane| if lane + by < count { lane + by } else { lane }));
        tables.push(each(&|_| by));
    }
    for _ in 0..20 {
        let four: Vec<u64> = (0..4).map(|_| random.u64(..4)).collect();
        tables.push(each(&|lane| lane / 4 * 4 + four[lane as usize % 4]));
        for size in [2, 4] {
            tables.push(each(&|lane| four[(lane / size % 4) as usize] * size + lane % size));
        }
        tables.push(each(&|lane| four[lane as usize % 4]));
        tables.push((0..count).map(|_| random.u64(..)).collect());
    }
    tables
}

/// Tables of two vectors: lanes of each 16 bytes in turn, two of each vector, and quarters of them.
fn tables_of_two(ty: Type, random: &mut fastrand::Rng) -> Vec<Vec<u64>> {
    let Type::V { bits, lanes } = ty else { return Vec::new() };
    let (count, size) = (u64::from(lanes), 128 / u64::from(bits));
    let each = |of: &dyn Fn(u64) -> u64| (0..count).map(of).collect::<Vec<u64>>();
    let mut tables = Vec::new();
    for upper in [0, size / 2] {
        for first in [0, 1] {
            tables.push(each(&|lane| {
                lane / size * size + upper + lane % size / 2 + (lane + first) % 2 * count
            }));
        }
    }
    for _ in 0..20 {
        let four: Vec<u64> = (0..4).map(|_| random.u64(..4)).collect();
        let of = |part: u64, side: u64| four[part as usize % 4] + part / 2 * side;
        tables.push(each(&|lane| lane / 4 * 4 + of(lane % 4, count)));
        tables.push(each(&|lane| of(lane / size, 4) * size + lane % size));
        tables.push(each(&|lane| (of(lane / size, 0) + (1 - lane / size / 2) * 4) * size + lane % size));
    }
    tables
}

fn check(ty: Type, two: bool, random: &mut fastrand::Rng) {
    let Type::V { lanes: count, .. } = ty else { return };
    let count = u64::from(count);
    let mut all = tables(count, random);
    if two {
        all.extend(tables_of_two(ty, random));
        all.extend((0..count * 2).map(|by| (by..by + count).collect::<Vec<u64>>()));
        all.extend((0..20).map(|_| (0..count).map(|_| random.u64(..)).collect::<Vec<u64>>()));
    }
    // A number fits into its lane.
    all.iter_mut().flatten().for_each(|number| *number &= u64::MAX >> (64 - ty.bits()));
    let mut function = Function { name: "permutes".into(), tables: all.clone(), ..Function::default() };
    let entry = function.add_block(0);
    let mut b = Builder::new(&mut function, entry, 1);
    let base = base(&mut b);
    let load = |b: &mut Builder<'_>, place: i64| -> Value {
        b.op(Op::Load(access(ty.bits() / 8, place * BYTES)), &[base], ty)
    };
    let kept = [load(&mut b, 0), load(&mut b, 1)];
    for (place, at) in (2..).zip(0..all.len() as u32) {
        let index = b.op(Op::Table(at), &[], ty);
        // Now and then from memory.
        let first = if at % 2 == 0 { kept[0] } else { load(&mut b, 0) };
        let second = if at % 3 == 0 { load(&mut b, 1) } else { kept[1] };
        let result = match two {
            true => b.op(Op::Permute2, &[index, first, second], ty),
            false => b.op(Op::Permute, &[index, first], ty),
        };
        store(&mut b, base, result, place * BYTES);
    }
    let zero = b.constant(Type::I32, 0);
    b.end(End::Return(zero));
    verify(&function, Stage::Vectors).unwrap_or_else(|what| panic!("{what}"));
    let code = emit::emit(&function, &process::target()).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    let mut memory = vec![0; (all.len() + 2) * BYTES as usize / 8];
    let from: Vec<u64> = (0..count * 2).map(|lane| 100 + lane).collect();
    put(&mut memory, ty, 0, &from[..count as usize]);
    put(&mut memory, ty, BYTES, &from[count as usize..]);
    run_code(&function, &code, &mut memory);
    for (place, table) in (2..).zip(&all) {
        let modulo = if two { count * 2 } else { count };
        let want: Vec<u64> = table.iter().map(|&number| from[(number % modulo) as usize]).collect();
        assert_eq!(lanes(&memory, ty, place * BYTES), want, "{ty} two: {two} {table:?}");
    }
}

#[test]
fn tables_of_all_patterns() {
    if !process::can_run() {
        return;
    }
    let mut random = fastrand::Rng::with_seed(8);
    for ty in [Type::v32(16), Type::v32(8), Type::v64(8)] {
        check(ty, false, &mut random);
        check(ty, true, &mut random);
    }
}

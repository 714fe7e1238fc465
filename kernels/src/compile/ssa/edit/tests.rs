//! Each change leaves a function that is right, and means what is written.

use super::*;
use crate::compile::ssa::parse::{parse, same};
use crate::compile::ssa::verify::{Stage, verify};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};

#[test]
fn renames_follow_chains() {
    let mut function = parse(
        "function f\nb0:\nv0: i32 = const 1\nv1: i32 = copy v0\nv2: i32 = copy v1\nv3: i32 = add.u32 v2, v1\nexit",
    );
    let mut renames = Renames::new(&function);
    renames.set(Value(2), Value(1));
    renames.set(Value(1), Value(0));
    assert_eq!((renames.get(Value(2)), renames.get(Value(9))), (Value(0), Value(9)));
    renames.apply(&mut function);
    same(
        &function,
        "function f\nb0:\nv0: i32 = const 1\nv1: i32 = copy v0\nv2: i32 = copy v0\nv3: i32 = add.u32 v0, v0\nexit",
    );
}

#[test]
fn blocks_and_edges_split() {
    let mut function = parse(
        "function f\nb0:\nv0: i1 = const 1\nv1: i32 = const 2\nbranch v0, b1(v1), b2 @3\nb1(v2: i32):\nexit\nb2:\njump b1(v1)",
    );
    split_block(&mut function, BlockId(0), 1);
    split_critical_edges(&mut function);
    same(
        &function,
        "function f\nb0:\nv0: i1 = const 1\njump b3 @3\nb1(v2: i32):\nexit\nb2:\njump b1(v1)
        b3:\nv1: i32 = const 2\nbranch v0, b4, b2 @3\nb4:\njump b1(v1) @3",
    );
    verify(&function, Stage::Threads).unwrap();
}

#[test]
fn parameters_that_are_copies_go() {
    let mut function = parse(
        "function f
        b0:
        v0: i32 = const 1
        v1: i1 = const 0
        jump b1(v0, v0)
        b1(v2: i32, v3: i32):
        v4: i32 = not.b32 v3
        branch v1, b2(v2), b3
        b2(v5: i32):
        jump b1(v5, v4)
        b3:
        v6: i32 = add.u32 v2, v3
        exit",
    );
    remove_copied_params(&mut function);
    verify(&function, Stage::Threads).unwrap();
    same(
        &function,
        "function f
        b0:
        v0: i32 = const 1
        v1: i1 = const 0
        jump b1(v0)
        b1(v3: i32):
        v7: i32 = const 1
        v4: i32 = not.b32 v3
        branch v1, b2, b3
        b2:
        jump b1(v4)
        b3:
        v6: i32 = add.u32 v7, v3
        exit",
    );
}

#[test]
fn parameters_that_are_one_number_go() {
    let text = |two: u32| {
        format!(
            "function f\nb0:\nv0: i1 = const 1\nbranch v0, b1, b2\nb1:\nv1: i32 = const 5\njump b3(v1)\nb2:
            v2: i32 = const {two}\njump b3(v2)\nb3(v3: i32):\nv4: i32 = not.b32 v3\nexit"
        )
    };
    let mut function = parse(&text(5));
    assert!(remove_copied_params(&mut function));
    verify(&function, Stage::Threads).unwrap();
    same(
        &function,
        "function f\nb0:\nv0: i1 = const 1\nbranch v0, b1, b2\nb1:\nv1: i32 = const 5\njump b3\nb2:
        v2: i32 = const 5\njump b3\nb3:\nv5: i32 = const 5\nv4: i32 = not.b32 v5\nexit",
    );
    assert!(!remove_copied_params(&mut parse(&text(6))));
}

#[test]
fn unreachable_blocks_lose_their_values() {
    let mut function = parse("function f\nb0:\nexit\nb1(v0: i32):\nv1: i32 = not.b32 v0\njump b1(v1)");
    remove_unreachable(&mut function);
    assert_eq!(function.def(Value(0)), Def::Gone);
    assert_eq!(function.def(Value(1)), Def::Gone);
    assert!(function.block(BlockId(1)).insts.is_empty());
}

#[test]
fn variables_become_values() {
    let mut function = parse(
        "function f
        b0:
        v0: i1 = const 0
        v1: i32 = const 1
        jump b1
        b1:
        branch v0, b2, b3
        b2:
        v2: i32 = const 2
        jump b3
        b3:
        branch v0, b1, b4
        b4:
        exit",
    );
    let mut repair = Repair::new(&function);
    let mut variable = repair.variable(Type::I32, &[(BlockId(0), Value(1)), (BlockId(2), Value(2))]);
    let last = variable.at_start(&mut function, BlockId(4));
    assert_eq!(variable.at_end(&mut function, BlockId(0)), Value(1));
    variable.finish(&mut function);
    // One that nobody asks for leaves no trace; one without a definition is 0.
    repair.variable(Type::I32, &[(BlockId(2), Value(2))]).finish(&mut function);
    let mut none = repair.variable(Type::I64, &[]);
    let zero = none.at_end(&mut function, BlockId(3));
    none.finish(&mut function);
    verify(&function, Stage::Threads).unwrap();
    assert_eq!((last, function.constant(zero)), (Value(3), Some(0)));
    same(
        &function,
        "function f
        b0:
        v5: i64 = const 0
        v0: i1 = const 0
        v1: i32 = const 1
        jump b1(v1)
        b1(v4: i32):
        branch v0, b2, b3(v4)
        b2:
        v2: i32 = const 2
        jump b3(v2)
        b3(v3: i32):
        branch v0, b1(v3), b4
        b4:
        exit",
    );
}

#[test]
fn builders_know_types() {
    let mut function = Function::default();
    let block = function.add_block(0);
    let mut builder = Builder::new(&mut function, block, 7);
    let a = builder.constant(Type::v32(16), 3);
    let less = builder.compare(Comparison::Lt, Kind::U32, a, a);
    let both = builder.and(less, less);
    let sum = builder.int(Int::Add, Kind::U32, &[a, a]);
    let chosen = builder.select(both, sum, a);
    let number = builder.constant(Type::I32, 0);
    builder.end(End::Return(number));
    assert_eq!(function.ty(less), Type::M { lanes: 16 });
    assert_eq!(function.ty(chosen), Type::v32(16));
    verify(&function, Stage::Vectors).unwrap();
}

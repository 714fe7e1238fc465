//! Shapes of values, by case.

use super::*;
use crate::compile::ssa::parse::parse;

fn shapes(text: &str, block: [u32; 3]) -> Shapes {
    let function = parse(text);
    let launch = Launch { block, small_grid: true };
    let regions = Regions::new(&function).unwrap();
    let ranges = Ranges::new(&function, &launch);
    Shapes::of_threads(&function, &regions, &launch, 16, &ranges)
}

const INDEX: &str = "function f
    b0:
    v0: i32 = special.tid.0
    v1: i32 = special.tid.1
    v2: i32 = const 32
    v3: i32 = madlow.u32 v1, v2, v0
    v4: i32 = const 4
    v5: i64 = mulwide.u32 v3, v4
    v6: i32 = const 15
    v7: i32 = and.b32 v3, v6
    v8: i32 = shr.u32 v3, v4
    v9: i32 = special.ctaid.0
    v10: i32 = mullow.u32 v0, v9
    exit";

#[test]
fn indexes_are_affine_and_rows_the_same_in_a_vector() {
    let shapes = shapes(INDEX, [32, 4, 1]);
    let all: Vec<Shape> = (0..11).map(|at| shapes.of(Value(at))).collect();
    assert_eq!(all[..2], [Shape::Affine(1), Shape::VectorUniform]);
    assert_eq!(all[3..6], [Shape::Affine(1), Shape::Uniform, Shape::Affine(4)]);
    assert_eq!(all[7..], [Shape::Affine(1), Shape::VectorUniform, Shape::Uniform, Shape::Varying]);
}

#[test]
fn rows_that_share_a_vector_differ() {
    let shapes = shapes(INDEX, [8, 4, 1]);
    assert_eq!((shapes.of(Value(0)), shapes.of(Value(1))), (Shape::Varying, Shape::Varying));
}

#[test]
fn an_index_that_may_wrap_is_affine_on_a_condition() {
    let text = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i64 = const 0
        v2: i32 = load.param.4 v1
        v3: i32 = add.s32 v0, v2
        v4: i64 = convert.s64.s32 v3
        exit";
    let shapes = shapes(text, [64, 1, 1]);
    assert_eq!((shapes.of(Value(3)), shapes.of(Value(4))), (Shape::Affine(1), Shape::AffineIfNoWrap(1)));
}

#[test]
fn what_threads_meet_with_differs() {
    let text = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i32 = const 5
        v2: i1 = compare.lt.u32 v0, v1
        v3: i32 = const 1
        v4: i32 = const 2
        branch v2, b1, b2
        b1:
        jump b3(v3)
        b2:
        jump b3(v4)
        b3(v5: i32):
        v6: i32 = add.u32 v3, v4
        exit";
    let shapes = shapes(text, [64, 1, 1]);
    // The last block only ends threads: nobody meets there, so nobody could tell.
    assert_eq!(shapes.of(Value(6)), Shape::Uniform);
    let text = text.replace("exit", "v7: i64 = const 64\nstore.global.4 v7, v5\nexit");
    let shapes = self::shapes(&text, [64, 1, 1]);
    assert_eq!((shapes.of(Value(5)), shapes.of(Value(6))), (Shape::Varying, Shape::Uniform));
    let control: Vec<Apart> = shapes.control.clone();
    assert_eq!(control, [Apart::Never, Apart::Threads, Apart::Threads, Apart::Never]);
}

#[test]
fn what_leaves_a_loop_in_different_rounds_differs() {
    let text = "function f
        b0:
        v0: i32 = special.tid.0
        v1: i32 = const 0
        v2: i32 = const 1
        v3: i64 = const 64
        jump b1(v1)
        b1(v4: i32):
        v5: i32 = add.u32 v4, v2
        v6: i1 = compare.lt.u32 v5, v0
        branch v6, b1(v5), b2
        b2:
        v7: i32 = add.u32 v4, v2
        store.global.4 v3, v7
        exit";
    let shapes = shapes(text, [64, 1, 1]);
    assert_eq!((shapes.of(Value(4)), shapes.of(Value(5))), (Shape::Uniform, Shape::Uniform));
    assert_eq!(shapes.of(Value(7)), Shape::Varying);
    assert_eq!(shapes.rounds[1], Apart::Threads);
}

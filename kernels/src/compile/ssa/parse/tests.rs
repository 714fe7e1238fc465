//! What is printed is read back as it was.

use super::names::all_computes;
use super::*;
use crate::compile::ssa::print;
use crate::compile::ssa::verify::{Stage, verify};

#[test]
fn text_comes_back() {
    let text = "\
function f
local 32
resumes b0, b3
slots i32, v16x32
table 0, 1, 0x10000
call compute sin.f32, 64 lanes, masked @7
call check 4 8 true, 16 lanes
call trap, 1 lanes
b0:
  v0: i32 = const 5
  v1: i64 = const 0xffffffffffffffff
  v2: i32, v3: i1 = shuffle.up v0, v0, v0 [v3] @12
  store.global.4 v1 + 8, v0 @13
  v4: i32, v5: i32 = load.global.2.signed.ordered v1 - 16 [v3]
  v6: i32 = atomic.shared.4.compareexchange v1, v0, v0
  atomic.global.4.addfloat.16 v1, v0, v0
  v7: v16x32 = gather.4 v1, v10 * 4 - 64 [v11]
  scatter.1 v1, v10 * 2 + 1, v10 [v11]
  v8: v16x32 = atomiclanes.4.add.locked v1, v10 * 1, v10, v10
  v9: i32 = special.tid.0
  v12: i32 = add.u32 v9, v9
  v13: i32 = fma.rz.ftz.f32 v0, v0, v0
  v14: i1 = compare.ltu.ftz.f32 v0, v0
  v15: i32 = convert.integral.rm.f32.f32 v0
  v16: i32 = matrix.mma.m16n8k8.row.col.f16.f16.f32.f32 v0
  v17: i1 = vote.any.not v14, v0
  branch v14, b1(v0), b2 @14
b1(v20: i32):
  yield 1
b2:
  switch v0, [b1(v0), b3, b4]
b3:
  exit
b4:
  return v0 @9
";
    assert_eq!(parse(text).to_string(), text);
}

#[test]
fn every_op_has_a_name_of_its_own() {
    let all = all_computes();
    assert!(all.len() > 3000, "{}", all.len());
    for compute in all {
        assert_eq!(names::compute(&print::compute(&compute)), Ok(compute));
    }
}

#[test]
fn blocks_that_nobody_reaches_are_not_printed() {
    let text = "function f\nb0:\n  jump b2\nb1:\n  exit\nb2:\n  exit\n";
    let function = parse(text);
    same(&function, "function f\nb0:\njump b2\nb2:\nexit");
    assert_eq!(parse(&function.to_string()).to_string(), function.to_string());
    verify(&function, Stage::Threads).unwrap();
}

#[test]
#[should_panic(expected = "made twice")]
fn a_value_is_made_once() {
    parse("function f\nb0:\nv0: i32 = const 1\nv0: i32 = const 2\nexit");
}

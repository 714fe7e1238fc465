//! Every op that there is, expanded, against the interpreter's meaning of it.

use std::collections::BTreeSet;

use super::machine;
use super::world::{self, Case};
use super::{Flush, run};
use crate::compile::Target;
use crate::compile::pass::{dce, nan};
use crate::compile::ssa::parse::{check as check_text, parse};
use crate::compile::ssa::verify::Stage;
use crate::compile::ssa::{Function, Op, Type, Value};
use crate::interp::lanes::Lanes;
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};

pub const TARGET: Target = Target { lanes: 16, popcnt: true, funnel: true, half: false, bfloat: false };

/// A function that computes this once.
pub fn function(case: &Case) -> Function {
    let mut function = Function::default();
    let block = function.add_block(1);
    let mut args: Vec<Value> = Vec::new();
    for (at, (kind, constant)) in (0..).zip(case.kinds.iter().zip(&case.constants)) {
        let ty = Type::of_register(kind.bits());
        let op = constant.map_or(Op::Restore(at), Op::Const);
        function.slots.push(ty);
        let id = function.add_inst(op, &[], None, &[ty], 1);
        function.block_mut(block).insts.push(id);
        args.push(function.inst(id).results[0]);
    }
    let id = function.add_inst(Op::Compute(case.compute), &args, None, &[case.result], 1);
    function.block_mut(block).insts.push(id);
    let result = function.inst(id).results[0];
    let id = function.add_inst(Op::Save(0), &[result], None, &[], 1);
    function.block_mut(block).insts.push(id);
    function
}

/// The same with instructions only; as the lead would have it.
pub fn expanded(case: &Case) -> (Function, Flush) {
    let mut function = function(case);
    let flush = run(&mut function, &TARGET);
    nan::run(&mut function);
    (function, flush)
}

/// The flush that lets ops with `.ftz` be tried: as if another op forbade the control word.
pub fn explicit(case: &Case) -> (Function, Flush) {
    let mut function = function(case);
    super::run_with(&mut function, &TARGET, Flush::Explicit);
    nan::run(&mut function);
    (function, Flush::Explicit)
}

pub fn inputs(random: &mut fastrand::Rng, case: &Case) -> Vec<Lanes> {
    let each = case.kinds.iter().zip(&case.constants);
    each.map(|(&kind, constant)| constant.map_or_else(|| world::numbers(random, kind), |number| [number; 32]))
        .collect()
}

/// What came of a case.
enum Outcome {
    Same,
    /// An op stayed.
    Stays(String),
    Differs(String),
}

/// Compares a case in many lanes.
fn check(random: &mut fastrand::Rng, case: &Case, rounds: usize) -> Outcome {
    let (function, flush) = explicit(case);
    for _ in 0..rounds {
        let inputs = inputs(random, case);
        let got = match machine::run(&function, flush, &inputs) {
            Ok(got) => got,
            Err(stayed) => return Outcome::Stays(stayed),
        };
        let lanes: Vec<&Lanes> = inputs.iter().collect();
        let want = machine::all(case.compute, &lanes).unwrap();
        for lane in 0..32 {
            let want = want[lane] & u64::MAX >> (64 - case.result.bits());
            if got[lane] != want && !world::approximate(case.compute) {
                let inputs: Vec<String> = inputs.iter().map(|input| format!("{:#x}", input[lane])).collect();
                let text = function.to_string();
                let (compute, inputs) = (case.compute, inputs.join(" "));
                return Outcome::Differs(format!(
                    "{compute} of {inputs}: {:#x}, not {want:#x}\n{text}",
                    got[lane]
                ));
            }
        }
    }
    Outcome::Same
}

/// What stays as it is: calls of the interpreter's meaning.
const STAY: &str = "
fns.b32
";

#[test]
fn every_form_is_expanded() {
    let mut random = fastrand::Rng::with_seed(7);
    let cases = world::of_forms();
    assert!(cases.len() > 1000, "{}", cases.len());
    let (mut stay, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in &cases {
        match check(&mut random, case, 100) {
            Outcome::Same => {}
            Outcome::Stays(op) => _ = stay.insert(op),
            Outcome::Differs(how) => wrong.push(how),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    let stay: Vec<String> = stay.into_iter().collect();
    assert_eq!(stay.join("\n"), STAY.trim());
}

fn int(op: Int, ty: Kind, constants: &[Option<u64>], kinds: &[Kind], result: u32) -> Case {
    let compute = Compute::Int(op, ty);
    Case { compute, constants: constants.into(), kinds: kinds.into(), result: Type::of_register(result) }
}

fn same(random: &mut fastrand::Rng, case: &Case, rounds: usize) {
    match check(random, case, rounds) {
        Outcome::Same => {}
        Outcome::Stays(op) => panic!("{op} stays"),
        Outcome::Differs(how) => panic!("{how}"),
    }
}

#[test]
fn division_by_constants() {
    let mut random = fastrand::Rng::with_seed(8);
    for ty in [Kind::U16, Kind::S16, Kind::U32, Kind::S32, Kind::U64, Kind::S64] {
        let mask = u64::MAX >> (64 - ty.bits());
        let edges =
            (0..70).chain((0..70).map(|less| mask - less)).chain((0..70).map(|more| (mask >> 1) - 35 + more));
        let powers = (0..ty.bits()).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1]);
        let any: Vec<u64> = (0..60).map(|_| random.u64(..) >> random.u32(..64)).collect();
        for divisor in edges.chain(powers).chain(any).map(|divisor| divisor & mask) {
            for op in [Int::Div, Int::Rem] {
                same(&mut random, &int(op, ty, &[None, Some(divisor)], &[ty; 2], ty.bits()), 2);
            }
        }
    }
}

/// Numbers near multiples of the divisor.
#[test]
fn division_by_values() {
    let mut random = fastrand::Rng::with_seed(9);
    for ty in [Kind::U16, Kind::S16, Kind::U32, Kind::S32, Kind::U64, Kind::S64] {
        let mask = u64::MAX >> (64 - ty.bits());
        for op in [Int::Div, Int::Rem] {
            let case = int(op, ty, &[None, None], &[ty; 2], ty.bits());
            let (function, flush) = explicit(&case);
            for _ in 0..200 {
                let divisors: Lanes =
                    std::array::from_fn(|_| (random.u64(..) & mask) >> random.u32(..ty.bits()));
                let near = divisors.map(|divisor| {
                    let factor =
                        (random.u64(..) & mask).checked_div(divisor).map_or(0, |most| random.u64(..=most));
                    (divisor * factor).wrapping_add(random.u64(..5)).wrapping_sub(2) & mask
                });
                let want = machine::all(case.compute, &[&near, &divisors]).unwrap();
                let got = machine::run(&function, flush, &[near, divisors]).unwrap();
                for lane in 0..32 {
                    let (a, b) = (near[lane], divisors[lane]);
                    assert_eq!(got[lane], want[lane], "{} of {a:#x} {b:#x}", case.compute);
                }
            }
        }
    }
}

#[test]
fn fields_and_bytes_by_constants() {
    let mut random = fastrand::Rng::with_seed(10);
    for (ty, width) in [(Kind::U32, 32), (Kind::S32, 32), (Kind::U64, 64), (Kind::S64, 64)] {
        for _ in 0..150 {
            let (start, count) = (random.u64(..80), random.u64(..80));
            let places = [Some(start), Some(count)];
            let kinds = [ty, Kind::U32, Kind::U32];
            same(&mut random, &int(Int::Bfe, ty, &[None, places[0], places[1]], &kinds, width), 1);
            let kinds = [ty, ty, Kind::U32, Kind::U32];
            same(&mut random, &int(Int::Bfi, ty, &[None, None, places[0], places[1]], &kinds, width), 1);
        }
    }
    for _ in 0..2000 {
        let selector = Some(random.u64(..0x1_0000));
        same(&mut random, &int(Int::Prmt, Kind::B32, &[None, None, selector], &[Kind::B32; 3], 32), 1);
    }
    same(&mut random, &int(Int::Lop3, Kind::B32, &[None; 4], &[Kind::B32; 4], 32), 30);
    for (flags, op) in (0..8).flat_map(|flags| [(flags, Int::Dp2a), (flags & 3, Int::Dp4a)]) {
        same(&mut random, &int(op, Kind::U32, &[None, None, None, Some(flags)], &[Kind::B32; 4], 32), 4);
    }
    for (mode, at) in (0..6).flat_map(|mode| (0..4).map(move |at| (mode, at))) {
        let constants = [None, None, Some(at), Some(mode)];
        same(&mut random, &int(Int::PrmtMode, Kind::B32, &constants, &[Kind::B32; 4], 32), 2);
    }
}

fn flush_of(lines: &str) -> Flush {
    let text = format!(
        "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\nv2: i64 = load.global.8.ordered v0\n{lines}\nexit\n"
    );
    super::flush_mode(&parse(&text))
}

#[test]
fn who_flushes() {
    assert_eq!(flush_of("v3: i32 = add.f32 v1, v1\nv4: i32 = neg.ftz.f32 v1"), Flush::Never);
    assert_eq!(flush_of("v3: i32 = add.ftz.f32 v1, v1\nv4: i1 = compare.lt.ftz.f32 v1, v3"), Flush::Control);
    // Halves are normal numbers where they are computed, and nothing that small comes of integers.
    let others = "v4: i32 = add.f16 v1, v1\nv5: i32 = convert.f32.s32 v1\nv6: i32 = convert.rz.s32.f32 v1";
    assert_eq!(flush_of(&format!("v3: i32 = add.ftz.f32 v1, v1\n{others}")), Flush::Control);
    for harmful in [
        "v4: i32 = mul.f32 v1, v1",
        "v4: i1 = compare.eq.f32 v1, v1",
        "v4: i64 = add.f64 v2, v2",
        "v4: i32 = fma.bf16 v1, v1, v1",
        "v4: i64 = convert.f64.f32 v1",
        "v4: i32 = convert.rp.s32.f32 v1",
        "v4: i32 = atomic.global.4.ordered.addfloat v0, v1, v1",
    ] {
        assert_eq!(
            flush_of(&format!("v3: i32 = add.ftz.f32 v1, v1\n{harmful}")),
            Flush::Explicit,
            "{harmful}"
        );
    }
}

/// With the control word, what has `.ftz` keeps it; the sign of a denormal is still turned by bits.
#[test]
fn flushing_by_the_control_word() {
    let pass = |function: &mut Function| {
        assert_eq!(run(function, &TARGET), Flush::Control);
        dce::run(function);
    };
    let around = |lines: &str, result: u32| {
        format!(
            "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.global.4.ordered v0\n{lines}\nstore.global.4 v0, v{result}\nexit\n"
        )
    };
    check_text(
        Stage::Threads,
        &around("v2: i32 = rcp.ftz.f32 v1", 2),
        pass,
        &around("v3: i32 = const 0x3f800000\nv4: i32 = div.ftz.f32 v3, v1", 4),
    );
    // Beside a NaN the other number comes out as it is.
    check_text(
        Stage::Threads,
        &around("v2: i32 = min.ftz.f32 v1, v1", 2),
        pass,
        &around("v3: i32 = min.ftz.f32 v1, v1\nv4: i32 = const 0x3f800000\nv5: i32 = mul.ftz.f32 v3, v4", 5),
    );
}

/// One division of numbers that all threads have is left to the scalar unit.
#[test]
fn common_numbers_are_divided_once() {
    let text = |op: &str| {
        format!(
            "function k\nb0:\nv0: i64 = const 0\nv1: i32 = load.param.4 v0\nv2: i32 = special.ctaid.0\nv3: i32 = special.tid.0\nv4: i32 = {op}\nstore.global.4 v0, v4\nexit\n"
        )
    };
    let stays = |op: &str| {
        let mut function = parse(&text(op));
        run(&mut function, &TARGET);
        function.to_string().contains("div.u32")
    };
    assert!(stays("div.u32 v2, v1"));
    assert!(!stays("div.u32 v3, v1"));
}

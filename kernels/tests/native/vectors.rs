//! Tables of all lane-wise ops on vectors.

use stream_hal_kernels::compile::Target;
use stream_hal_kernels::compile::ssa::{Op, Type};
use stream_hal_kernels::ir::Type as Kind;
use stream_hal_kernels::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode, Rounding};

use super::process;
use super::vector::{Case, any_nan, check};

const ROUNDINGS: [Rounding; 4] = [Rounding::Nearest, Rounding::Zero, Rounding::Down, Rounding::Up];

fn vector(bits: u32, lanes: u8) -> Type {
    match bits {
        1 => Type::M { lanes },
        64 => Type::v64(lanes),
        _ => Type::v32(lanes),
    }
}

/// Of so many arguments of a kind, and a result of so many bits.
fn case(compute: Compute, lanes: u8, kinds: &[Kind], result: u32) -> Case {
    of_op(Op::Compute(compute), lanes, kinds, result)
}

fn of_op(op: Op, lanes: u8, kinds: &[Kind], result: u32) -> Case {
    Case {
        lanes,
        args: kinds.iter().map(|kind| vector(kind.bits(), lanes)).collect(),
        result: vector(result, lanes),
        kinds: kinds.to_vec(),
        nan: any_nan(&op),
        op,
    }
}

/// The numbers of lanes that a kind can have.
fn lanes_of(kind: Kind) -> &'static [u8] {
    if kind.bits() == 64 { &[8] } else { &[16, 8] }
}

fn check_all(cases: impl IntoIterator<Item = Case>, seed: u64) {
    if !process::can_run() {
        return;
    }
    let target = process::target();
    let mut random = fastrand::Rng::with_seed(seed);
    for case in cases {
        check(&case, &target, &mut random);
    }
}

fn integer_cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for kind in [Kind::U32, Kind::S32, Kind::U64, Kind::S64] {
        for &lanes in lanes_of(kind) {
            let mut add = |op, kinds: &[Kind], result| {
                cases.push(case(Compute::Int(op, kind), lanes, kinds, result));
            };
            use Int::{Abs, Add, And, Clz, Max, Min, MulLow, Neg, Not, Or, Popc, Shl, Shr, Sub, Xor};
            for op in [Add, Sub, MulLow, Min, Max, And, Or, Xor] {
                add(op, &[kind; 2], kind.bits());
            }
            for op in [Neg, Not, Abs] {
                add(op, &[kind], kind.bits());
            }
            for op in [Popc, Clz] {
                add(op, &[kind], 32);
            }
            for op in [Shl, Shr] {
                add(op, &[kind, Kind::U32], kind.bits());
                if kind.bits() == 64 {
                    add(op, &[kind, kind], 64);
                }
            }
            if kind.bits() == 32 {
                add(Int::MulHigh, &[kind; 2], 32);
                if lanes == 8 {
                    add(Int::MulWide, &[kind; 2], 64);
                    add(Int::MulWide, &[Kind::U64; 2], 64);
                }
                for op in [Int::ShfLeftWrap, Int::ShfRightWrap] {
                    add(op, &[kind; 3], 32);
                }
            }
        }
    }
    cases
}

#[test]
fn integers() {
    check_all(integer_cases(), 1);
}

#[test]
fn integers_without_extensions() {
    if !process::can_run() {
        return;
    }
    let target = Target { popcnt: false, funnel: false, half: false, bfloat: false, ..process::target() };
    let mut random = fastrand::Rng::with_seed(2);
    let apart = |case: &Case| {
        let Op::Compute(Compute::Int(op, _)) = case.op else { return false };
        matches!(op, Int::Popc | Int::ShfLeftWrap | Int::ShfRightWrap)
    };
    for case in integer_cases().iter().filter(|case| apart(case)) {
        check(case, &target, &mut random);
    }
}

#[test]
fn floats() {
    let mut cases = Vec::new();
    for kind in [Kind::F32, Kind::F64] {
        for &lanes in lanes_of(kind) {
            let mut add = |op, count, rounding| {
                let compute = Compute::Float(op, kind, Mode { rounding, ..Mode::default() });
                cases.push(case(compute, lanes, &vec![kind; count], kind.bits()));
            };
            for rounding in ROUNDINGS {
                for op in [Float::Add, Float::Sub, Float::Mul, Float::Div] {
                    add(op, 2, rounding);
                }
                add(Float::Sqrt, 1, rounding);
                add(Float::Fma, 3, rounding);
            }
            for op in [Float::Min, Float::Max, Float::CopySign] {
                add(op, 2, Rounding::Nearest);
            }
            for op in [Float::Neg, Float::Abs] {
                add(op, 1, Rounding::Nearest);
            }
            if kind == Kind::F32 {
                add(Float::RcpGross, 1, Rounding::Nearest);
                add(Float::RsqrtGross, 1, Rounding::Nearest);
            }
        }
    }
    check_all(cases, 3);
}

#[test]
fn comparisons() {
    use Comparison::{Eq, Equ, Ge, Geu, Gt, Gtu, Le, Leu, Lt, Ltu, Nan, Ne, Neu, Num};
    let all = [Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan];
    let mut cases = Vec::new();
    for kind in [Kind::U32, Kind::S32, Kind::U64, Kind::S64, Kind::F32, Kind::F64] {
        for &lanes in lanes_of(kind) {
            for &comparison in if kind.float() { &all[..] } else { &all[..6] } {
                cases.push(case(Compute::Compare(comparison, kind, false), lanes, &[kind; 2], 1));
            }
        }
    }
    check_all(cases, 4);
}

#[test]
fn conversions() {
    use Kind::{F16, F32, F64, S8, S16, S32, S64, U8, U16, U32, U64};
    let mut cases = Vec::new();
    let mut add = |to: Kind, from: Kind, rounding, integral| {
        let mode = Mode { rounding, ..Mode::default() };
        let compute = Compute::Convert(Conversion { to, from, mode, integral, finite: false });
        let lanes: &[u8] = if to.bits().max(from.bits()) == 64 { &[8] } else { &[16, 8] };
        cases.extend(lanes.iter().map(|&lanes| case(compute, lanes, &[from], to.bits())));
    };
    let integers = [S8, U8, S16, U16, S32, U32, S64, U64];
    for to in integers {
        for from in integers {
            add(to, from, Rounding::Nearest, false);
        }
    }
    for rounding in ROUNDINGS {
        for float in [F32, F64] {
            for integer in integers {
                add(float, integer, rounding, false);
                add(integer, float, rounding, false);
            }
            add(float, float, rounding, true);
        }
        add(F32, F64, rounding, false);
        add(F16, F32, rounding, false);
    }
    add(F64, F32, Rounding::Nearest, false);
    add(F32, F16, Rounding::Nearest, false);
    check_all(cases, 5);
}

#[test]
fn masks() {
    let mut cases = Vec::new();
    for lanes in [16, 8] {
        for op in [Int::And, Int::Or, Int::Xor] {
            cases.push(case(Compute::Int(op, Kind::Pred), lanes, &[Kind::Pred; 2], 1));
        }
        cases.push(case(Compute::Int(Int::Not, Kind::Pred), lanes, &[Kind::Pred], 1));
        cases.push(case(Compute::Select, lanes, &[Kind::Pred; 3], 1));
        cases.push(case(Compute::Select, lanes, &[Kind::U32, Kind::U32, Kind::Pred], 32));
    }
    cases.push(case(Compute::Select, 8, &[Kind::U64, Kind::U64, Kind::Pred], 64));
    check_all(cases, 6);
}

#[test]
fn special_ops() {
    let mut cases = Vec::new();
    for kind in [Kind::F32, Kind::F64] {
        for &lanes in lanes_of(kind) {
            cases.push(of_op(Op::Scale(kind), lanes, &[kind; 2], kind.bits()));
            cases.push(of_op(Op::Bound(kind), lanes, &[kind; 2], kind.bits()));
            for op in [Op::Canonical(kind), Op::Exponent(kind), Op::Mantissa(kind)] {
                cases.push(of_op(op, lanes, &[kind], kind.bits()));
            }
        }
    }
    check_all(cases, 7);
}

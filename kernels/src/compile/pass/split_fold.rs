//! What vector code comes to while it is made: constants lane by lane, and the algebra that keeps it short.

use smallvec::SmallVec;

use super::super::ssa::{Op, Type, Value, meaning};
use super::split_build::{Builder, lanes};
use crate::interp::lanes::{Lanes, WARP};
use crate::interp::{self, Meaning};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};

/// A constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number<'b> {
    /// The same in every lane; the bits of a mask.
    Same(u64),
    /// A number a lane.
    Each(&'b [u64]),
}

/// Numbers of lanes.
type Numbers = SmallVec<[u64; 16]>;

impl Number<'_> {
    /// A number for each lane of a value of this type.
    fn spread(&self, ty: Type) -> Numbers {
        match (self, ty) {
            (Number::Same(bits), Type::M { lanes }) => (0..lanes).map(|lane| bits >> lane & 1).collect(),
            (Number::Same(number), ty) => SmallVec::from_elem(*number, lanes(ty).into()),
            (Number::Each(numbers), _) => SmallVec::from_slice(numbers),
        }
    }
}

/// Arguments may change places: constants stand second.
pub fn commutes(op: &Op) -> bool {
    let Op::Compute(Compute::Int(op, _)) = op else { return false };
    matches!(op, Int::Add | Int::MulLow | Int::MulWide | Int::And | Int::Or | Int::Xor | Int::Min | Int::Max)
}

/// The value that a pure op comes to, if that is simpler than the op.
pub fn simpler(build: &mut Builder, op: &Op, args: &[Value], ty: Type) -> Option<Value> {
    match op {
        Op::Compute(compute) => computed(build, *compute, args, ty)
            .or_else(|| algebra(build, *compute, args, ty))
            .or_else(|| products(build, *compute, args, ty))
            .or_else(|| sums(build, *compute, args)),
        Op::Broadcast => {
            let number = build.constant(args[0])?;
            let number = if ty == (Type::M { lanes: lanes(ty) }) && number != 0 { u64::MAX } else { number };
            Some(build.same(ty, number))
        }
        Op::Extract(lane) => extracted(build, args[0], *lane, ty),
        Op::Half(half) => halved(build, args[0], *half, ty),
        Op::Join => joined(build, args[0], args[1], ty),
        Op::MaskBits | Op::MaskAny | Op::MaskAll => of_mask(build, op, args[0], ty),
        Op::BitsMask => {
            let bits = build.constant(args[0])?;
            Some(build.same(ty, bits))
        }
        Op::Permute | Op::Permute2 => permuted(build, args, ty),
        _ => None,
    }
}

/// All arguments are constants.
fn computed(build: &mut Builder, compute: Compute, args: &[Value], ty: Type) -> Option<Value> {
    if !args.iter().all(|&arg| build.is_number(arg)) {
        return None;
    }
    if let Some(number) = in_all_lanes(build, compute, args) {
        return Some(build.same(ty, number));
    }
    let results = evaluate(build, compute, args, lanes(ty).into())?;
    Some(if ty.is_scalar() { build.same(ty, results[0]) } else { build.constants(ty, &results) })
}

/// The one number that a usual op gives where its arguments are each the same in all lanes.
fn in_all_lanes(build: &Builder, compute: Compute, args: &[Value]) -> Option<u64> {
    let mut numbers = SmallVec::<[u64; 4]>::new();
    for &arg in args {
        numbers.push(build.constant(arg)?);
    }
    meaning::usual(compute, &numbers)
}

/// What a pure op gives for constants.
fn evaluate(build: &Builder, compute: Compute, args: &[Value], count: usize) -> Option<Numbers> {
    let run = interp::meaning(compute)?;
    let mut results = Numbers::with_capacity(count);
    for start in (0..count).step_by(WARP) {
        let part = WARP.min(count - start);
        let of = |place: usize| {
            let mut numbers: Lanes = [0; WARP];
            let Some(&arg) = args.get(place) else { return numbers };
            match (build.number(arg), build.ty(arg)) {
                (Some(Number::Same(bits)), Type::M { .. }) => {
                    (start..).zip(&mut numbers[..part]).for_each(|(lane, number)| *number = bits >> lane & 1);
                }
                (Some(Number::Same(number)), _) => numbers[..part].fill(number),
                (Some(Number::Each(each)), _) => {
                    numbers[..part].copy_from_slice(&each[start..start + part]);
                }
                (None, _) => {}
            }
            numbers
        };
        let mut to = [0; WARP];
        match run {
            Meaning::One(run) => run(&mut to, &of(0)),
            Meaning::Two(run) => run(&mut to, &of(0), &of(1)),
            Meaning::Three(run) => run(&mut to, &of(0), &of(1), &of(2)),
            Meaning::Four(run) => run(&mut to, &of(0), &of(1), &of(2), &of(3)),
            Meaning::Each(_) => return None,
        }
        results.extend_from_slice(&to[..part]);
    }
    Some(results)
}

/// All bits of a lane, or of a mask.
fn ones(ty: Type) -> u64 {
    match ty {
        Type::M { lanes } => u64::MAX >> (64 - u32::from(lanes)),
        ty => u64::MAX >> (64 - ty.bits()),
    }
}

fn algebra(build: &mut Builder, compute: Compute, args: &[Value], ty: Type) -> Option<Value> {
    let same = |build: &Builder, place: usize| args.get(place).and_then(|&arg| build.constant(arg));
    let second = same(build, 1);
    match compute {
        Compute::Copy => Some(args[0]),
        Compute::Select if args[0] == args[1] => Some(args[0]),
        Compute::Select => match same(build, 2) {
            Some(0) => Some(args[1]),
            Some(all) if all == ones(build.ty(args[2])) => Some(args[0]),
            _ => (same(build, 0) == Some(0) && reads_outside(build, args[1], args[2])).then_some(args[1]),
        },
        Compute::Convert(to) => {
            let whole = |kind: Kind| !kind.float() && kind.bits() >= 32;
            (whole(to.to) && whole(to.from) && to.to.bits() == to.from.bits()).then_some(args[0])
        }
        Compute::Int(Int::Add | Int::Sub | Int::Xor | Int::Shl | Int::Shr, _) if second == Some(0) => {
            Some(args[0])
        }
        Compute::Int(Int::Or, _) if second == Some(0) || args[0] == args[1] => Some(args[0]),
        Compute::Int(Int::Or, _) if second == Some(ones(ty)) => Some(args[1]),
        Compute::Int(Int::And, _) if second == Some(ones(ty)) || args[0] == args[1] => Some(args[0]),
        Compute::Int(Int::And | Int::MulLow, _) if second == Some(0) => Some(args[1]),
        Compute::Int(Int::MulLow, _) if second == Some(1) => Some(args[0]),
        Compute::Int(Int::MulLow, kind) => {
            let shift = second.filter(|number| number.is_power_of_two())?.trailing_zeros();
            let amount = build.same(shift_type(ty), shift.into());
            Some(build.int(Int::Shl, kind, &[args[0], amount]))
        }
        Compute::Int(Int::Not, _) => match build.made_by(args[0])? {
            (Op::Compute(Compute::Int(Int::Not, _)), inner) => Some(inner[0]),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value was read with a mask that has no lane of another one: it is zero there.
fn reads_outside(build: &Builder, value: Value, mask: Value) -> bool {
    let Some(inst) = build.to.maker(value) else { return false };
    let (Op::Load(_) | Op::Gather { .. }, Some(own)) = (&inst.op, inst.mask) else { return false };
    match (build.constant(own), build.constant(mask)) {
        (Some(own), Some(other)) => own & other == 0,
        _ => {
            let is_not = |a, b| matches!(build.made_by(a), Some((Op::Compute(Compute::Int(Int::Not, _)), args)) if args[0] == b);
            is_not(own, mask) || is_not(mask, own)
        }
    }
}

/// Amounts of shifts have 32 bits, in as many lanes.
fn shift_type(ty: Type) -> Type {
    match ty {
        Type::V { lanes, .. } => Type::v32(lanes),
        _ => Type::I32,
    }
}

/// A constant is added to a scalar after it was multiplied or shifted, not before: then addresses differ by constants.
fn products(build: &mut Builder, compute: Compute, args: &[Value], ty: Type) -> Option<Value> {
    let Compute::Int(op @ (Int::Shl | Int::MulLow), kind) = compute else { return None };
    let by = if ty.is_scalar() { build.constant(args[1])? } else { return None };
    if op == Int::Shl && by >= u64::from(ty.bits()) {
        return None;
    }
    let (inner, number) = match build.made_by(args[0])? {
        (Op::Compute(Compute::Int(Int::Add, _)), &[inner, last]) => (inner, build.constant(last)?),
        _ => return None,
    };
    let factor = if op == Int::Shl { 1 << by } else { by };
    let product = build.int(op, kind, &[inner, args[1]]);
    let number = build.same(ty, number.wrapping_mul(factor));
    let kind = super::split_build::unsigned(ty);
    Some(build.int(Int::Add, kind, &[product, number]))
}

/// Constants of a sum come together, and last.
fn sums(build: &mut Builder, compute: Compute, args: &[Value]) -> Option<Value> {
    let Compute::Int(op @ (Int::Add | Int::Sub), kind) = compute else { return None };
    if build.ty(args[0]).bits() != kind.bits() {
        return None;
    }
    let constant = build.is_number(args[1]);
    if op == Int::Sub && constant {
        let negative = build.int(Int::Neg, kind, &[args[1]]);
        return Some(build.int(Int::Add, kind, &[args[0], negative]));
    }
    let inner_sum = |build: &Builder, value: Value| match build.made_by(value)? {
        (Op::Compute(Compute::Int(Int::Add, _)), inner) => {
            build.is_number(inner[1]).then_some((inner[0], inner[1]))
        }
        _ => None,
    };
    if op == Int::Sub {
        return None;
    }
    if let Some((inner, number)) = inner_sum(build, args[0]) {
        let rest = if constant { inner } else { build.int(Int::Add, kind, &[inner, args[1]]) };
        let number = if constant { build.int(Int::Add, kind, &[number, args[1]]) } else { number };
        return Some(build.int(Int::Add, kind, &[rest, number]));
    }
    let (inner, number) = inner_sum(build, args[1])?;
    let rest = build.int(Int::Add, kind, &[args[0], inner]);
    Some(build.int(Int::Add, kind, &[rest, number]))
}

fn extracted(build: &mut Builder, from: Value, lane: u8, ty: Type) -> Option<Value> {
    if let Some(number) = build.number(from) {
        let number = number.spread(build.ty(from))[usize::from(lane)];
        return Some(build.same(ty, number));
    }
    match build.made_by(from)? {
        (Op::Broadcast, args) => Some(args[0]),
        (Op::Join, &[low, high]) => {
            let half = lanes(build.ty(low));
            Some(if lane < half { build.extract(low, lane) } else { build.extract(high, lane - half) })
        }
        _ => None,
    }
}

fn halved(build: &mut Builder, from: Value, half: u8, ty: Type) -> Option<Value> {
    if let Some(number) = build.number(from) {
        let numbers = number.spread(build.ty(from));
        let count = numbers.len() / 2;
        let start = count * usize::from(half);
        return Some(build.constants(ty, &numbers[start..start + count]));
    }
    match build.made_by(from)? {
        (Op::Broadcast, &[scalar]) => Some(build.broadcast(scalar, lanes(ty))),
        (Op::Join, args) => Some(args[usize::from(half)]),
        _ => None,
    }
}

fn joined(build: &mut Builder, low: Value, high: Value, ty: Type) -> Option<Value> {
    if let (Some(a), Some(b)) = (build.number(low), build.number(high)) {
        let mut numbers = a.spread(build.ty(low));
        numbers.extend(b.spread(build.ty(high)));
        return Some(build.constants(ty, &numbers));
    }
    match (build.made_by(low)?, build.made_by(high)?) {
        ((Op::Half(0), a), (Op::Half(1), b)) if a == b => Some(a[0]),
        ((Op::Broadcast, a), (Op::Broadcast, b)) if a == b => {
            let scalar = a[0];
            Some(build.broadcast(scalar, lanes(ty)))
        }
        _ => None,
    }
}

fn of_mask(build: &mut Builder, op: &Op, mask: Value, ty: Type) -> Option<Value> {
    let all = ones(build.ty(mask));
    if let Some(bits) = build.constant(mask) {
        let number = match op {
            Op::MaskBits => bits,
            Op::MaskAny => u64::from(bits != 0),
            _ => u64::from(bits == all),
        };
        return Some(build.same(ty, number));
    }
    match build.made_by(mask)? {
        (Op::Broadcast, args) if *op != Op::MaskBits => Some(args[0]),
        (Op::BitsMask, &[bits]) if *op == Op::MaskBits => {
            let all = build.same(Type::I32, all);
            Some(build.int(Int::And, Kind::U32, &[bits, all]))
        }
        _ => None,
    }
}

/// Lanes that stay where they are, or are all the same.
fn permuted(build: &mut Builder, args: &[Value], ty: Type) -> Option<Value> {
    let splat = |build: &Builder, value: Value| {
        matches!(build.made_by(value), Some((Op::Broadcast | Op::Const(_), _)))
    };
    if args[1..].iter().all(|&arg| arg == args[1] && splat(build, arg)) {
        return Some(args[1]);
    }
    let index = build.number(args[0])?.spread(ty);
    let count = index.len() as u64;
    let places = count * (args.len() as u64 - 1);
    let is_run = |start: u64| (start..).zip(&index).all(|(want, have)| have % places == want);
    if is_run(0) {
        return Some(args[1]);
    }
    if args.len() == 3 && is_run(count) {
        return Some(args[2]);
    }
    if args.len() == 3 && index.iter().all(|lane| lane % places < count) {
        return Some(build.permute(args[0], args[1]));
    }
    if args.len() == 3 && index.iter().all(|lane| lane % places >= count) {
        return Some(build.permute(args[0], args[2]));
    }
    None
}

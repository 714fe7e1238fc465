//! Runs straight code as the processor's instructions do: NaNs with payloads and signs, indefinite integers, rough estimates.

use super::legal;
use crate::compile::ssa::{BlockId, Def, End, Function, Op, Type, Value, meaning};
use crate::interp::lanes::{Lanes, Meaning, WARP};
use crate::interp::{self, each};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Float};

use super::Flush;

/// A NaN that an instruction may have made.
fn quiet(bits: u64, ty: Kind) -> u64 {
    match ty {
        Kind::F64 => bits | 1 << 51,
        Kind::F32 => bits | 1 << 22,
        _ => bits | 1 << 9,
    }
}

fn is_nan(bits: u64, ty: Kind) -> bool {
    match ty {
        Kind::F64 => f64::from_bits(bits).is_nan(),
        Kind::F32 => f32::from_bits(bits as u32).is_nan(),
        _ => bits & 0x7fff > 0x7c00,
    }
}

fn indefinite(ty: Kind) -> u64 {
    if ty == Kind::F64 { 0xfff8 << 48 } else { 0xffc0_0000 }
}

/// What the interpreter says.
pub fn all(compute: Compute, args: &[&Lanes]) -> Option<Lanes> {
    let mut to = [0; WARP];
    match interp::meaning(compute)? {
        Meaning::One(run) => run(&mut to, args[0]),
        Meaning::Two(run) => run(&mut to, args[0], args[1]),
        Meaning::Three(run) => run(&mut to, args[0], args[1], args[2]),
        Meaning::Four(run) => run(&mut to, args[0], args[1], args[2], args[3]),
        Meaning::Each(compute) => {
            for (lane, to) in to.iter_mut().enumerate() {
                *to = each(compute, std::array::from_fn(|at| args.get(at).map_or(0, |arg| arg[lane])));
            }
        }
    }
    Some(to)
}

fn arithmetic(op: Float) -> bool {
    use Float::{Add, Div, Fma, Mul, Sqrt, Sub};
    matches!(op, Add | Sub | Mul | Div | Fma | Sqrt)
}

fn convert(conversion: Conversion, bits: u64, plain: u64) -> u64 {
    let Conversion { to, from, mode, .. } = conversion;
    if !from.float() {
        return plain;
    }
    if to.float() {
        if !is_nan(bits, from) {
            return plain;
        }
        let (sign, fraction) = match from {
            Kind::F64 => (bits >> 63, bits << 12),
            Kind::F32 => (bits >> 31, bits << 41),
            _ => (bits >> 15 & 1, bits << 54),
        };
        return match to {
            Kind::F64 => quiet(sign << 63 | 0x7ff << 52 | fraction >> 12, to),
            Kind::F32 => quiet(sign << 31 | 0xff << 23 | fraction >> 41, to),
            _ => quiet(sign << 15 | 0x1f << 10 | fraction >> 54, to),
        };
    }
    let value = if from == Kind::F64 { f64::from_bits(bits) } else { f32::from_bits(bits as u32).into() };
    let exact = match mode.rounding {
        crate::ir::Rounding::Zero => value.trunc(),
        crate::ir::Rounding::Up => value.ceil(),
        crate::ir::Rounding::Down => value.floor(),
        _ => value.round_ties_even(),
    };
    let (least, beyond) = match to {
        Kind::S32 => (-(2f64.powi(31)), 2f64.powi(31)),
        Kind::U32 => (0.0, 2f64.powi(32)),
        Kind::S64 => (-(2f64.powi(63)), 2f64.powi(63)),
        _ => (0.0, 2f64.powi(64)),
    };
    let bits = if to.signed() { 1 << (to.bits() - 1) } else { u64::MAX >> (64 - to.bits()) };
    if exact >= least && exact < beyond { plain } else { bits }
}

/// Off by nearly all that an estimate may be, one way or the other.
fn estimate(value: f64, bits: u64) -> u64 {
    let off = if bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 0 { 6.0e-5 } else { -6.0e-5 };
    let exact = (value.abs().log2().fract() == 0.0) || !value.is_finite();
    let value = if exact { value } else { value * (1.0 + off) };
    u64::from((value as f32).to_bits())
}

fn one(op: &Op, args: &[u64], plain: u64) -> u64 {
    let single = || f64::from(f32::from_bits(args[0] as u32));
    let nan =
        |ty: Kind| args.iter().find(|&&arg| is_nan(arg, ty)).map_or(indefinite(ty), |&arg| quiet(arg, ty));
    match *op {
        Op::Compute(Compute::Float(Float::RcpGross, ..)) => {
            if single().abs() < 2f64.powi(-128) && single() != 0.0 {
                return u64::from((f32::INFINITY.copysign(single() as f32)).to_bits());
            }
            let value = estimate(1.0 / single(), args[0]);
            if is_nan(value, Kind::F32) { nan(Kind::F32) } else { value }
        }
        Op::Compute(Compute::Float(Float::RsqrtGross, ..)) => {
            let root = single().sqrt();
            let value =
                estimate(if root == 0.0 { 1.0 / root.copysign(single()) } else { 1.0 / root }, args[0]);
            if is_nan(value, Kind::F32) { nan(Kind::F32) } else { value }
        }
        Op::Compute(Compute::Float(op, ty, _)) if arithmetic(op) => {
            if is_nan(plain, ty) {
                nan(ty)
            } else {
                plain
            }
        }
        Op::Compute(Compute::Float(Float::Min | Float::Max, ty, _)) => {
            if is_nan(plain, ty) {
                nan(ty)
            } else {
                plain
            }
        }
        Op::Compute(Compute::Convert(conversion)) => convert(conversion, args[0], plain),
        Op::Scale(ty) | Op::Bound(ty) | Op::Exponent(ty) | Op::Mantissa(ty) => {
            if is_nan(plain, ty) {
                nan(ty)
            } else {
                plain
            }
        }
        _ => plain,
    }
}

fn cut(bits: u64, ty: Type) -> u64 {
    bits & u64::MAX >> (64 - ty.bits())
}

/// Runs a function from its first block on. `Restore` gives an input, the argument of `Save` is the output. Where lanes part,
/// some go through one block first, in which any op may be. An error is the first other op that no instruction does.
pub fn run(function: &Function, flush: Flush, inputs: &[Lanes]) -> Result<Lanes, String> {
    let mut machine = Machine { function, flush, inputs, values: vec![[0; WARP]; function.values.len()] };
    let mut block = BlockId(0);
    loop {
        if let Some(saved) = machine.block(block, false)? {
            return Ok(saved);
        }
        let End::Branch(condition, aside, rest) = &function.block(block).end else {
            panic!("nothing was saved")
        };
        machine.block(aside.block, true)?;
        let End::Jump(back) = &function.block(aside.block).end else { panic!("it does not come back") };
        assert_eq!(back.block, rest.block);
        for (place, &param) in function.block(rest.block).params.iter().enumerate() {
            let value = |value: Value| machine.values[value.0 as usize];
            let (one, other, which) = (value(back.args[place]), value(rest.args[place]), value(*condition));
            machine.values[param.0 as usize] =
                std::array::from_fn(|lane| if which[lane] != 0 { one[lane] } else { other[lane] });
        }
        block = rest.block;
    }
}

struct Machine<'f> {
    function: &'f Function,
    flush: Flush,
    inputs: &'f [Lanes],
    values: Vec<Lanes>,
}

impl Machine<'_> {
    fn block(&mut self, block: BlockId, any: bool) -> Result<Option<Lanes>, String> {
        for &id in &self.function.block(block).insts {
            let inst = self.function.inst(id);
            for &arg in &inst.args {
                assert!(!matches!(self.function.def(arg), Def::Gone), "{arg} is gone in {}", inst.op);
            }
            let lanes: Vec<&Lanes> = inst.args.iter().map(|arg| &self.values[arg.0 as usize]).collect();
            let result = match &inst.op {
                Op::Save(_) => return Ok(Some(*lanes[0])),
                Op::Restore(number) => self.inputs[*number as usize],
                Op::Const(number) => [*number; WARP],
                Op::Compute(compute) if !legal(*compute, self.flush) => match all(*compute, &lanes) {
                    Some(lanes) if any => lanes,
                    _ => return Err(compute.to_string()),
                },
                op => lane_wise(op, &lanes),
            };
            let to = inst.results[0];
            self.values[to.0 as usize] = result.map(|bits| cut(bits, self.function.ty(to)));
        }
        Ok(None)
    }
}

fn lane_wise(op: &Op, lanes: &[&Lanes]) -> Lanes {
    let whole = match op {
        Op::Compute(compute) => all(*compute, lanes),
        _ => None,
    };
    let lane = |lane: usize| {
        let args: Vec<u64> = lanes.iter().map(|arg| arg[lane]).collect();
        let plain = whole.map_or_else(|| meaning::of_op(op, &args).unwrap(), |all| all[lane]);
        one(op, &args, plain)
    };
    match (op, whole) {
        (Op::Compute(Compute::Float(..) | Compute::Convert(_)), _) | (_, None) => std::array::from_fn(lane),
        (_, Some(whole)) => whole,
    }
}

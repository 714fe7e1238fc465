//! The shape of an inst's result from those of its arguments.

use super::Shape;
use crate::compile::Shape as Launch;
use crate::compile::pass::range::Ranges;
use crate::compile::ssa::{Function, Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Int};
use crate::ir::op::{Shuffle, Space, Special, Vote};

/// What rules look at beside shapes.
pub(super) struct Facts<'f> {
    pub(super) function: &'f Function,
    pub(super) launch: &'f Launch,
    /// Threads of a vector.
    pub(super) lanes: u8,
    pub(super) ranges: &'f Ranges,
}

/// A stride in a value's width; none at all is vector-uniform.
fn affine(stride: i64, bits: u32, sure: bool) -> Shape {
    let stride = if bits == 32 { i64::from(stride as i32) } else { stride };
    match (stride, sure) {
        // Without wraps the same for all; with them the check is still to be made.
        (0, true) => Shape::VectorUniform,
        (0, false) => Shape::Varying,
        (_, true) => Shape::Affine(stride),
        (_, false) => Shape::AffineIfNoWrap(stride),
    }
}

fn is_sure(shape: Shape) -> bool {
    !matches!(shape, Shape::AffineIfNoWrap(_))
}

impl Facts<'_> {
    /// The shape of a result; a mask counts in the threads stage only.
    pub(super) fn result(&self, inst: &Inst, place: usize, args: &[Shape], mask: Option<Shape>) -> Shape {
        let shape = match &inst.op {
            Op::Const(_) | Op::Any | Op::Count | Op::Total(_) | Op::BarrierReduce { .. } => Shape::Uniform,
            Op::Compute(compute) => return self.compute(*compute, inst, args),
            Op::Special(special) => return self.special(*special),
            Op::Load(access) if access.space == Space::Local => Shape::Varying,
            Op::Load(access) => match args[0] {
                Shape::Uniform if access.ordered => Shape::VectorUniform,
                same if same.is_same_in_vector() => same,
                _ => Shape::Varying,
            },
            Op::Entered if self.launch.threads().is_multiple_of(self.lanes.into()) => Shape::VectorUniform,
            Op::ToGeneric(Space::Local) | Op::FromGeneric(Space::Local) => Shape::Varying,
            Op::ToGeneric(_) | Op::FromGeneric(_) => args[0],
            Op::IsSpace(_)
            | Op::Canonical(_)
            | Op::Scale(_)
            | Op::Bound(_)
            | Op::Exponent(_)
            | Op::Mantissa(_) => lane_wise(args),
            Op::Vote { mode, .. } => self.vote(*mode, args),
            Op::Match { all: true } | Op::Reduce(..) => self.warp(args[1]),
            Op::ActiveMask => self.warp(Shape::Uniform),
            Op::Shuffle(mode) => self.shuffle(*mode, inst, args),
            _ => Shape::Varying,
        };
        debug_assert!(place < inst.results.len(), "one of its results");
        // Outside of its mask a result is 0.
        match mask {
            None | Some(Shape::Uniform) => shape,
            Some(Shape::VectorUniform) => shape.by_vector(),
            Some(_) => Shape::Varying,
        }
    }

    /// Of what a whole warp has in common, if all of its members know who they are.
    fn warp(&self, members: Shape) -> Shape {
        if !members.is_same_in_vector() || !32u32.is_multiple_of(self.lanes.into()) {
            Shape::Varying
        } else if self.launch.threads() <= 32 {
            Shape::Uniform
        } else {
            Shape::VectorUniform
        }
    }

    fn vote(&self, mode: Vote, args: &[Shape]) -> Shape {
        let agreed = args.get(1).copied().unwrap_or(Shape::Uniform);
        match mode {
            Vote::All | Vote::Any | Vote::Uniform | Vote::Ballot => self.warp(agreed),
        }
    }

    /// All lanes asking for the same one get the same.
    fn shuffle(&self, mode: Shuffle, inst: &Inst, args: &[Shape]) -> Shape {
        let whole = self.function.constant(inst.args[2]).is_some_and(|clamp| clamp & 0x1f1f == 0x1f);
        let one = mode == Shuffle::Index && whole && args[1].is_same_in_vector();
        if one { self.warp(args[1]) } else { Shape::Varying }
    }

    fn special(&self, special: Special) -> Shape {
        let [x, y, _] = self.launch.block;
        let lanes = u32::from(self.lanes);
        match special {
            Special::Tid(axis) => {
                let axis = usize::from(axis.min(2));
                let below: u32 = [1, x, x * y][axis];
                let size = self.launch.block[axis];
                if size == 1 {
                    Shape::Uniform
                } else if below > 1 {
                    let whole = below.is_multiple_of(lanes);
                    if whole { Shape::VectorUniform } else { Shape::Varying }
                } else if size.is_multiple_of(lanes) || size == self.launch.threads() {
                    Shape::Affine(1)
                } else {
                    Shape::Varying
                }
            }
            Special::LaneId if 32u32.is_multiple_of(lanes) => Shape::Affine(1),
            Special::WarpId => self.warp(Shape::Uniform),
            Special::LaneId
            | Special::LaneMaskEq
            | Special::LaneMaskLe
            | Special::LaneMaskLt
            | Special::LaneMaskGe
            | Special::LaneMaskGt => Shape::Varying,
            // The gang reads a clock once.
            _ => Shape::Uniform,
        }
    }

    fn compute(&self, compute: Compute, inst: &Inst, args: &[Shape]) -> Shape {
        let plain = lane_wise(args);
        if plain != Shape::Varying {
            return plain;
        }
        match compute {
            Compute::Copy => args[0],
            Compute::Select => self.select(inst, args),
            Compute::Int(op, ty) if matches!(ty.bits(), 32 | 64) => self.int(op, ty, inst, args),
            Compute::Convert(conversion) => self.convert(conversion, inst, args),
            // The low half of 64 bits.
            Compute::Extract
                if self.function.ty(inst.results[0]) == Type::I32
                    && self.function.constant(inst.args[1]) == Some(0)
                    && self.function.constant(inst.args[2]) == Some(32) =>
            {
                args[0].stride().map_or(Shape::Varying, |stride| affine(stride, 32, true))
            }
            _ => Shape::Varying,
        }
    }

    fn select(&self, inst: &Inst, args: &[Shape]) -> Shape {
        match args[2] {
            _ if inst.args[0] == inst.args[1] => args[0],
            Shape::Uniform => args[0].or(args[1]),
            Shape::VectorUniform => args[0].or(args[1]).by_vector(),
            _ => Shape::Varying,
        }
    }

    fn int(&self, op: Int, ty: Kind, inst: &Inst, args: &[Shape]) -> Shape {
        let bits = ty.bits();
        let sum = |a: Shape, b: Shape, sign: i64| match (a.stride(), b.stride()) {
            (Some(x), Some(y)) => {
                affine(x.wrapping_add(y.wrapping_mul(sign)), bits, is_sure(a) && is_sure(b))
            }
            _ => Shape::Varying,
        };
        let fixed = |at: usize| self.function.constant(inst.args[at]);
        match op {
            Int::Add => sum(args[0], args[1], 1),
            Int::Sub => sum(args[0], args[1], -1),
            Int::Neg | Int::Not => sum(Shape::VectorUniform, args[0], -1),
            Int::MulLow => self.times(inst, args, bits),
            Int::MadLow => sum(self.times(inst, args, bits), args[2], 1),
            Int::MulWide if bits == 32 => self.times_wide(ty, inst, args),
            Int::MadWide if bits == 32 => {
                let product = self.times_wide(ty, inst, args);
                match (product.stride(), args[2].stride()) {
                    (Some(x), Some(y)) => affine(x.wrapping_add(y), 64, is_sure(product) && is_sure(args[2])),
                    _ => Shape::Varying,
                }
            }
            Int::Shl => match (args[0].stride(), fixed(1)) {
                (Some(stride), Some(by)) if by < u64::from(bits) => {
                    affine(stride.wrapping_shl(by as u32), bits, is_sure(args[0]))
                }
                _ => Shape::Varying,
            },
            Int::Or | Int::Xor => match (args[0].stride(), fixed(1)) {
                (Some(_), Some(low)) if low < self.zeros(inst.args[0], 4) => args[0],
                _ => Shape::Varying,
            },
            Int::Shr | Int::Div if is_counting(args[0]) => {
                let by = fixed(1)
                    .map(|by| if op == Int::Shr { 1u64.checked_shl(by as u32).unwrap_or(0) } else { by });
                let floor = op == Int::Shr || matches!(ty, Kind::U32 | Kind::U64);
                if floor && by.is_some_and(|by| self.is_whole(inst.args[0], by)) {
                    Shape::VectorUniform
                } else {
                    Shape::Varying
                }
            }
            Int::And | Int::Rem if is_counting(args[0]) => {
                let of = fixed(1).map(|by| if op == Int::And { by.wrapping_add(1) } else { by });
                let fine = match op {
                    Int::And => of.is_some_and(u64::is_power_of_two),
                    _ => matches!(ty, Kind::U32 | Kind::U64),
                };
                if fine && of.is_some_and(|of| self.is_whole(inst.args[0], of)) {
                    Shape::Affine(1)
                } else {
                    Shape::Varying
                }
            }
            _ => Shape::Varying,
        }
    }

    /// A product with a number.
    fn times(&self, inst: &Inst, args: &[Shape], bits: u32) -> Shape {
        for (other, factor) in [(0, 1), (1, 0)] {
            if let (Some(stride), Some(number)) =
                (args[other].stride(), self.function.constant(inst.args[factor]))
            {
                return affine(stride.wrapping_mul(number as i64), bits, is_sure(args[other]));
            }
        }
        // Two that do not change within the vector.
        lane_wise(&args[..2])
    }

    /// A product of 32-bit numbers with a fixed one, 64 bits wide.
    fn times_wide(&self, ty: Kind, inst: &Inst, args: &[Shape]) -> Shape {
        for (other, factor) in [(0, 1), (1, 0)] {
            let Some(number) = self.function.constant(inst.args[factor]) else { continue };
            let number = if ty == Kind::S32 { i64::from(number as i32) } else { number as i64 };
            let wide = self.widened(ty == Kind::S32, inst.args[other], args[other]);
            if let Some(stride) = wide.stride() {
                return affine(stride.wrapping_mul(number), 64, is_sure(wide));
            }
        }
        lane_wise(&args[..2])
    }

    /// A 32-bit value extended to 64 bits.
    fn widened(&self, signed: bool, value: Value, shape: Shape) -> Shape {
        let Some(stride) = shape.stride().filter(|&stride| stride != 0) else { return shape };
        // From one end of the vector to the other. A wrap would show values within this distance of both ends.
        let way = stride.unsigned_abs() * u64::from(self.lanes - 1);
        let sure = if signed {
            let (low, high) = self.ranges.signed(value);
            low >= i64::from(i32::MIN) + way as i64 || high <= i64::from(i32::MAX) - way as i64
        } else {
            let (low, high) = self.ranges.unsigned(value);
            low >= way || high <= u64::from(u32::MAX).saturating_sub(way)
        };
        affine(stride, 64, sure && is_sure(shape))
    }

    fn convert(&self, conversion: Conversion, inst: &Inst, args: &[Shape]) -> Shape {
        let Conversion { to, from, mode, .. } = conversion;
        let whole = |ty: Kind| matches!(ty, Kind::U32 | Kind::S32 | Kind::U64 | Kind::S64);
        if !whole(to) || !whole(from) || mode.sat || mode.relu {
            return Shape::Varying;
        }
        match (from.bits(), to.bits()) {
            (32, 64) => self.widened(from == Kind::S32, inst.args[0], args[0]),
            // Sums and products know their low bits whatever wrapped above.
            (64, 32) => args[0].stride().map_or(Shape::Varying, |stride| affine(stride, 32, true)),
            _ => args[0],
        }
    }

    /// A power of two that a value is a multiple of, for all threads.
    fn zeros(&self, value: Value, depth: u32) -> u64 {
        let Some(inst) = self.function.maker(value).filter(|_| depth > 0) else { return 1 };
        let of = |at: usize| self.zeros(inst.args[at], depth - 1);
        match inst.op {
            Op::Const(0) => 1 << 31,
            Op::Const(number) => 1 << number.trailing_zeros().min(31),
            Op::Compute(Compute::Int(Int::Add | Int::Sub, ty)) if ty.bits() >= 32 => of(0).min(of(1)),
            Op::Compute(Compute::Int(Int::MulLow, ty)) if ty.bits() >= 32 => {
                of(0).saturating_mul(of(1)).min(1 << 31)
            }
            Op::Compute(Compute::Int(Int::Shl, ty)) if ty.bits() >= 32 => {
                let by = self.function.constant(inst.args[1]).map_or(0, |by| by.min(31));
                of(0).saturating_mul(1 << by).min(1 << 31)
            }
            _ => 1,
        }
    }

    /// Whether a value that counts threads starts each vector at a multiple of W, and the divisor is one too.
    fn is_whole(&self, value: Value, divisor: u64) -> bool {
        let lanes = u64::from(self.lanes);
        divisor != 0 && divisor.is_multiple_of(lanes) && lanes.is_power_of_two() && self.starts(value, 6)
    }

    fn starts(&self, value: Value, depth: u32) -> bool {
        let lanes = u64::from(self.lanes);
        let Some(inst) = self.function.maker(value).filter(|_| depth > 0) else { return false };
        let either = |a: usize, b: usize| {
            self.starts(inst.args[a], depth - 1) && self.zeros(inst.args[b], depth) >= lanes
        };
        match inst.op {
            // Affine ones do.
            Op::Special(special @ (Special::Tid(_) | Special::LaneId)) => {
                self.special(special) == Shape::Affine(1)
            }
            Op::Compute(Compute::Copy) => self.starts(inst.args[0], depth - 1),
            Op::Compute(Compute::Int(Int::Add, ty)) if ty.bits() >= 32 => either(0, 1) || either(1, 0),
            Op::Compute(Compute::Int(Int::MadLow, ty)) if ty.bits() >= 32 => {
                let product = self.zeros(inst.args[0], depth).saturating_mul(self.zeros(inst.args[1], depth));
                self.starts(inst.args[2], depth - 1) && product >= lanes
            }
            _ => false,
        }
    }
}

/// Of an op that does the same in each thread.
fn lane_wise(args: &[Shape]) -> Shape {
    match args.iter().all(|shape| shape.is_same_in_vector()) {
        true => args.iter().fold(Shape::Uniform, |all, &shape| all.or(shape)),
        false => Shape::Varying,
    }
}

fn is_counting(shape: Shape) -> bool {
    shape == Shape::Affine(1)
}

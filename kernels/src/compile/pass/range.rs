//! Between which numbers a value lies, for every thread of every launch of the shape: as signed and as unsigned numbers.
//!
//! Branches are not looked at: what is found here holds for threads that a mask keeps out of a block as well, so that an
//! address may be worked out for all lanes of a vector.

use super::claims::Claim;
use crate::compile::Shape as Launch;
use crate::compile::ssa::order::{self, Few, Order};
use crate::compile::ssa::quick::Map;
use crate::compile::ssa::{BlockId, Function, Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Conversion, Int};
use crate::ir::op::Special;

/// Lowest and highest number, both of a width: as signed and as unsigned ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    signed: (i64, i64),
    unsigned: (u64, u64),
}

/// The ranges of a function's values.
#[derive(Clone, Debug)]
pub struct Ranges {
    of: Vec<Option<Range>>,
    types: Vec<Type>,
    /// What holds of values besides.
    claimed: Map<Value, Range>,
}

fn highest(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

fn highest_signed(bits: u32) -> i64 {
    (highest(bits) >> 1) as i64
}

impl Range {
    fn all(bits: u32) -> Range {
        let high = highest_signed(bits);
        Range { signed: (-high - 1, high), unsigned: (0, highest(bits)) }
    }

    /// What a value may be of which that is claimed.
    fn of_claim(claim: &Claim) -> Range {
        let all = Range::all(32);
        let margin = i64::from(claim.margin);
        let range = match claim.signed {
            true => Range { signed: (all.signed.0, all.signed.1 - margin), ..all },
            false => Range { unsigned: (0, all.unsigned.1 - u64::from(claim.margin)), ..all },
        };
        range.told(32)
    }

    /// What lies between numbers that know no width; all there is if they do not fit.
    fn between(low: i128, high: i128, bits: u32) -> Range {
        let all = Range::all(bits);
        let fits = |(least, most): (i128, i128)| low >= least && high <= most;
        let signed = fits((all.signed.0.into(), all.signed.1.into()));
        let unsigned = fits((0, all.unsigned.1.into()));
        let range = Range {
            signed: if signed { (low as i64, high as i64) } else { all.signed },
            unsigned: if unsigned { (low as u64, high as u64) } else { all.unsigned },
        };
        range.told(bits)
    }

    /// Each side tells the other what it knows.
    fn told(mut self, bits: u32) -> Range {
        let half = highest_signed(bits) as u64;
        if self.unsigned.1 <= half {
            let (low, high) = (self.unsigned.0 as i64, self.unsigned.1 as i64);
            self.signed = (self.signed.0.max(low), self.signed.1.min(high));
        }
        if self.signed.0 >= 0 {
            let (low, high) = (self.signed.0 as u64, self.signed.1 as u64);
            self.unsigned = (self.unsigned.0.max(low), self.unsigned.1.min(high));
        }
        self
    }

    fn or(self, other: Range) -> Range {
        Range {
            signed: (self.signed.0.min(other.signed.0), self.signed.1.max(other.signed.1)),
            unsigned: (self.unsigned.0.min(other.unsigned.0), self.unsigned.1.max(other.unsigned.1)),
        }
    }

    /// Sides that grew since an earlier look are let go.
    fn widened(self, old: Range, bits: u32) -> Range {
        let all = Range::all(bits);
        Range {
            signed: (
                if self.signed.0 < old.signed.0 { all.signed.0 } else { self.signed.0 },
                if self.signed.1 > old.signed.1 { all.signed.1 } else { self.signed.1 },
            ),
            unsigned: (
                if self.unsigned.0 < old.unsigned.0 { 0 } else { self.unsigned.0 },
                if self.unsigned.1 > old.unsigned.1 { all.unsigned.1 } else { self.unsigned.1 },
            ),
        }
    }

    fn signed(self) -> (i128, i128) {
        (self.signed.0.into(), self.signed.1.into())
    }

    fn unsigned(self) -> (i128, i128) {
        (self.unsigned.0.into(), self.unsigned.1.into())
    }
}

/// The narrower of two truths about the same value.
fn both(a: Range, b: Range, bits: u32) -> Range {
    Range {
        signed: (a.signed.0.max(b.signed.0), a.signed.1.min(b.signed.1)),
        unsigned: (a.unsigned.0.max(b.unsigned.0), a.unsigned.1.min(b.unsigned.1)),
    }
    .told(bits)
}

impl Ranges {
    /// Finds them.
    pub fn new(function: &Function, launch: &Launch) -> Ranges {
        Ranges::claimed(function, launch, &[])
    }

    /// Nothing is known.
    pub fn none() -> Ranges {
        Ranges { of: Vec::new(), types: Vec::new(), claimed: Map::default() }
    }

    /// Those of blocks in which claims hold.
    pub fn claimed(function: &Function, launch: &Launch, claims: &[Claim]) -> Ranges {
        let order = Order::new(function);
        let predecessors = order::predecessors(function, &order);
        let types = function.values.iter().map(|value| value.0).collect();
        let mut claimed = Map::default();
        for claim in claims {
            let own = claimed.entry(claim.value).or_insert(Range::all(32));
            *own = both(*own, Range::of_claim(claim), 32);
        }
        let mut ranges = Ranges { of: vec![None; function.values.len()], types, claimed };
        // When a value last changed and an inst was last looked at, by the number of changes until then.
        let mut changes = vec![0_u32; function.values.len()];
        let mut looked = vec![0_u32; function.insts.len()];
        let mut now = 1;
        // When a block was last done with: nothing is new there if nothing has changed since.
        let mut done = vec![0_u32; function.blocks.len()];
        // The first two rounds learn, the third lets go of what still grows, the rest confirms.
        for round in 0.. {
            let mut changed = false;
            for &block in &order.blocks {
                if done[block.0 as usize] == now {
                    continue;
                }
                let before = now;
                for (place, &param) in function.block(block).params.iter().enumerate() {
                    let new = ranges.given(function, &predecessors, block, place);
                    if ranges.set(param, new, round >= 2) {
                        (changed, now) = (true, now + 1);
                        changes[param.0 as usize] = now;
                    }
                }
                for &id in &function.block(block).insts {
                    let inst = function.inst(id);
                    let last = std::mem::replace(&mut looked[id.0 as usize], now);
                    if last > 0 && inst.args.iter().all(|arg| changes[arg.0 as usize] <= last) {
                        continue;
                    }
                    for &result in &inst.results {
                        let new = ranges.result(function, launch, inst, result);
                        if ranges.set(result, Some(new), round >= 2) {
                            (changed, now) = (true, now + 1);
                            changes[result.0 as usize] = now;
                        }
                    }
                }
                // What a block gives to itself may be new to it.
                done[block.0 as usize] = if now == before { now } else { 0 };
            }
            if !changed {
                break;
            }
        }
        ranges
    }

    /// Lowest and highest as signed numbers.
    pub fn signed(&self, value: Value) -> (i64, i64) {
        self.of(value).signed
    }

    /// Lowest and highest as unsigned numbers.
    pub fn unsigned(&self, value: Value) -> (u64, u64) {
        self.of(value).unsigned
    }

    fn bits(&self, value: Value) -> u32 {
        self.types.get(value.0 as usize).map_or(64, |ty| ty.bits())
    }

    /// Values made since are not known.
    fn of(&self, value: Value) -> Range {
        let known = self.of.get(value.0 as usize).copied().flatten();
        known.unwrap_or_else(|| Range::all(self.bits(value)))
    }

    fn set(&mut self, value: Value, new: Option<Range>, widen: bool) -> bool {
        let Some(mut new) = new else { return false };
        let bits = self.bits(value);
        if let Some(&claimed) = self.claimed.get(&value) {
            new = both(new, claimed, bits);
        }
        let old = self.of[value.0 as usize];
        let new = match old {
            Some(old) if widen => old.or(new).widened(old, bits),
            Some(old) => old.or(new),
            None => new,
        };
        self.of[value.0 as usize] = Some(new);
        old != Some(new)
    }

    fn given(
        &self,
        function: &Function,
        predecessors: &[Few],
        block: BlockId,
        place: usize,
    ) -> Option<Range> {
        let mut all: Option<Range> = None;
        for &from in &predecessors[block.0 as usize] {
            function.block(from).end.targets(|to| {
                if to.block == block
                    && let Some(range) = self.of[to.args[place].0 as usize]
                {
                    all = Some(all.map_or(range, |all| all.or(range)));
                }
            });
        }
        all
    }

    fn result(&self, function: &Function, launch: &Launch, inst: &Inst, result: Value) -> Range {
        let bits = self.bits(result);
        match &inst.op {
            Op::Const(number) => {
                let signed = (number << (64 - bits)) as i64 >> (64 - bits);
                let unsigned = number & highest(bits);
                Range { signed: (signed, signed), unsigned: (unsigned, unsigned) }
            }
            Op::Special(special) => match special_high(*special, launch) {
                Some((low, high)) => Range::between(low.into(), high.into(), bits),
                None => Range::all(bits),
            },
            Op::Load(access) if access.bytes < 4 => {
                let width = u32::from(access.bytes) * 8;
                let high = i128::from(highest(width));
                if access.signed {
                    Range::between(-(high + 1) / 2, high / 2, bits)
                } else {
                    Range::between(0, high, bits)
                }
            }
            Op::Compute(compute) => self.compute(function, *compute, inst, bits),
            _ => Range::all(bits),
        }
    }

    fn compute(&self, function: &Function, compute: Compute, inst: &Inst, bits: u32) -> Range {
        let of = |at: usize| self.of(inst.args[at]);
        match compute {
            Compute::Copy => of(0),
            Compute::Select | Compute::SelectSign(..) => of(0).or(of(1)),
            Compute::Int(op, ty) if matches!(ty.bits(), 32 | 64) => self.int(function, op, ty, inst, bits),
            Compute::Int(_, ty) if ty.bits() < 32 && bits == 32 => {
                Range::between(0, highest(ty.bits()).into(), bits)
            }
            Compute::Convert(conversion) => convert(conversion, of(0), bits),
            Compute::Extract => {
                let count = function.constant(inst.args[2]).unwrap_or(64).clamp(1, 64) as u32;
                if count < bits { Range::between(0, highest(count).into(), bits) } else { Range::all(bits) }
            }
            _ => Range::all(bits),
        }
    }

    fn int(&self, function: &Function, op: Int, ty: Kind, inst: &Inst, bits: u32) -> Range {
        let of = |at: usize| self.of(inst.args[at]);
        let fixed = |at: usize| function.constant(inst.args[at]);
        let two = |f: &dyn Fn(i128, i128) -> i128| two(of(0), of(1), bits, f);
        match op {
            Int::Add => two(&|a, b| a + b),
            Int::Sub => two(&|a, b| a - b),
            Int::MulLow => two(&|a, b| a.saturating_mul(b)),
            Int::MadLow => {
                let product = two(&|a, b| a.saturating_mul(b));
                self::two(product, of(2), bits, &|a, b| a + b)
            }
            Int::MulWide | Int::MadWide => {
                let signed = matches!(ty, Kind::S32 | Kind::S64);
                let product = corners(of(0), of(1), signed, bits, &|a, b| a.saturating_mul(b));
                if op == Int::MulWide { product } else { self::two(product, of(2), bits, &|a, b| a + b) }
            }
            Int::Neg => self::two(Range::between(0, 0, bits), of(0), bits, &|a, b| a - b),
            Int::And => {
                let high = of(0).unsigned.1.min(of(1).unsigned.1);
                Range::between(0, high.into(), bits)
            }
            Int::Or | Int::Xor => {
                let high = of(0).unsigned.1 | of(1).unsigned.1;
                let high = high.checked_ilog2().map_or(0, |top| highest(top + 1));
                Range::between(0, high.into(), bits)
            }
            Int::Shl => match fixed(1) {
                Some(by) if by < u64::from(bits) => {
                    self::two(of(0), Range::between(1 << by, 1 << by, 64), bits, &|a, b| a.saturating_mul(b))
                }
                _ => Range::all(bits),
            },
            Int::Shr => self.shift_right(ty, of(0), fixed(1), bits),
            Int::Div | Int::Rem if matches!(ty, Kind::U32 | Kind::U64) => {
                let (low, high) = of(0).unsigned;
                match (op, fixed(1)) {
                    (Int::Div, Some(by @ 1..)) => Range::between((low / by).into(), (high / by).into(), bits),
                    (Int::Rem, Some(by @ 1..)) => Range::between(0, high.min(by - 1).into(), bits),
                    _ => Range::all(bits),
                }
            }
            Int::Min | Int::Max if matches!(ty, Kind::S32 | Kind::S64) => {
                let (a, b) = (of(0).signed(), of(1).signed());
                let (low, high) =
                    if op == Int::Min { (a.0.min(b.0), a.1.min(b.1)) } else { (a.0.max(b.0), a.1.max(b.1)) };
                Range::between(low, high, bits)
            }
            Int::Min | Int::Max => {
                let (a, b) = (of(0).unsigned(), of(1).unsigned());
                let (low, high) =
                    if op == Int::Min { (a.0.min(b.0), a.1.min(b.1)) } else { (a.0.max(b.0), a.1.max(b.1)) };
                Range::between(low, high, bits)
            }
            Int::Popc | Int::Clz => Range::between(0, ty.bits().into(), bits),
            _ => Range::all(bits),
        }
    }

    fn shift_right(&self, ty: Kind, of: Range, by: Option<u64>, bits: u32) -> Range {
        let signed = matches!(ty, Kind::S32 | Kind::S64);
        let Some(by) = by.map(|by| by.min(u64::from(bits) - u64::from(signed))) else {
            return Range::all(bits);
        };
        let (low, high) = if signed { of.signed() } else { of.unsigned() };
        Range::between(low >> by, high >> by, bits)
    }
}

/// From the corners of two ranges, as signed or unsigned numbers.
fn corners(a: Range, b: Range, signed: bool, bits: u32, f: &dyn Fn(i128, i128) -> i128) -> Range {
    let (a, b) = if signed { (a.signed(), b.signed()) } else { (a.unsigned(), b.unsigned()) };
    let all = [f(a.0, b.0), f(a.0, b.1), f(a.1, b.0), f(a.1, b.1)];
    let (low, high) = all.iter().fold((all[0], all[0]), |(low, high), &one| (low.min(one), high.max(one)));
    Range::between(low, high, bits)
}

/// An op whose low bits are the same for signed and unsigned numbers: what either side proves holds.
fn two(a: Range, b: Range, bits: u32, f: &dyn Fn(i128, i128) -> i128) -> Range {
    both(corners(a, b, true, bits, f), corners(a, b, false, bits, f), bits)
}

fn convert(conversion: Conversion, from: Range, bits: u32) -> Range {
    let Conversion { to, from: ty, mode, .. } = conversion;
    let whole = |ty: Kind| {
        matches!(
            ty,
            Kind::U8 | Kind::S8 | Kind::U16 | Kind::S16 | Kind::U32 | Kind::S32 | Kind::U64 | Kind::S64
        )
    };
    if !whole(to) || !whole(ty) || mode.sat || mode.relu {
        return Range::all(bits);
    }
    // Narrow results have zeros above.
    if to.bits() < 32 {
        return Range::between(0, highest(to.bits()).into(), bits);
    }
    let signed = matches!(ty, Kind::S8 | Kind::S16 | Kind::S32 | Kind::S64);
    if ty.bits() < 32 {
        let high = i128::from(highest(ty.bits()));
        return if signed {
            Range::between(-(high + 1) / 2, high / 2, bits)
        } else {
            Range::between(0, high, bits)
        };
    }
    let (low, high) = if signed { from.signed() } else { from.unsigned() };
    Range::between(low, high, bits)
}

/// Lowest and highest of a special register.
fn special_high(special: Special, launch: &Launch) -> Option<(u64, u64)> {
    let size = |axis: u8| u64::from(launch.block[usize::from(axis.min(2))].max(1));
    // Hardware allows so many blocks.
    let limit = |axis: u8| if axis == 0 { (1 << 31) - 1 } else { 65535 };
    let blocks = |axis: u8| {
        let most = limit(axis);
        if launch.small_grid { most.min(((1 << 31) - 1) / size(axis)).max(1) } else { most }
    };
    Some(match special {
        Special::Tid(axis) => (0, size(axis) - 1),
        Special::NTid(axis) => (size(axis), size(axis)),
        Special::CtaId(axis) => (0, blocks(axis) - 1),
        Special::NCtaId(axis) => (1, blocks(axis)),
        Special::LaneId => (0, 31),
        Special::WarpId => (0, u64::from(launch.threads().div_ceil(32).max(1)) - 1),
        Special::NWarpId => (1, u64::from(launch.threads().div_ceil(32).max(1))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::parse;

    const INDEX: &str = "function f
        b0:
        v0: i32 = special.ctaid.0
        v1: i32 = special.ntid.0
        v2: i32 = special.tid.0
        v3: i32 = madlow.s32 v0, v1, v2
        v4: i64 = convert.s64.s32 v3
        v5: i32 = const 3
        v6: i32 = shl.b32 v3, v5
        v7: i32 = shr.u32 v6, v5
        v8: i32 = and.b32 v6, v5
        exit";

    fn ranges(text: &str, small_grid: bool) -> Ranges {
        Ranges::new(&parse(text), &Launch { block: [256, 1, 1], small_grid })
    }

    #[test]
    fn the_index_of_a_thread_does_not_wrap_in_a_small_grid() {
        let small = ranges(INDEX, true);
        assert_eq!(small.signed(Value(3)), (0, i64::from(i32::MAX) / 256 * 256 - 1));
        assert_eq!(small.signed(Value(4)), small.signed(Value(3)));
        let large = ranges(INDEX, false);
        assert_eq!(large.signed(Value(3)), (i32::MIN.into(), i32::MAX.into()));
    }

    #[test]
    fn shifts_and_masks_bound_what_wrapped() {
        let small = ranges(INDEX, true);
        assert_eq!(small.unsigned(Value(6)), (0, u32::MAX.into()));
        assert_eq!(small.unsigned(Value(7)), (0, u64::from(u32::MAX >> 3)));
        assert_eq!(small.unsigned(Value(8)), (0, 3));
    }

    #[test]
    fn what_grows_in_a_loop_is_let_go() {
        let text = "function f
            b0:
            v0: i32 = const 0
            v1: i32 = const 1
            v2: i1 = const 1
            jump b1(v0, v0)
            b1(v3: i32, v4: i32):
            v5: i32 = add.s32 v3, v1
            v6: i32 = and.b32 v5, v1
            branch v2, b1(v5, v6), b2
            b2:
            exit";
        let ranges = ranges(text, true);
        assert_eq!(ranges.signed(Value(3)), (i32::MIN.into(), i32::MAX.into()));
        assert_eq!(ranges.signed(Value(4)), (0, 1));
    }
}

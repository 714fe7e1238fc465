//! Local memory that is only loaded and stored at fixed places becomes values.
//!
//! A variable of the frame is promoted if its addresses ([`Op::Frame`]) go nowhere but into accesses, and its accesses fall
//! into pieces that do not overlap otherwise than by being the same. What remains gets plain numbers for addresses.

use std::collections::BTreeMap;

use crate::compile::ssa::edit::{Builder, Renames, Repair};
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{Access, BlockId, Function, InstId, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Space;

/// A piece of a variable: its first byte.
type Place = u32;

/// Promotes what can be promoted.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let pieces = pieces(function, &order);
    if !pieces.is_empty() {
        Promoter::new(function, pieces).rewrite(&order);
    }
    for &block in &order.blocks {
        for id in function.block(block).insts.clone() {
            if let Op::Frame(offset) = function.inst(id).op {
                function.inst_mut(id).op = Op::Const(offset.into());
            }
        }
    }
}

/// An access at a fixed place of the frame, whose first element starts there.
fn fixed(function: &Function, id: InstId) -> Option<(Access, Place)> {
    let inst = function.inst(id);
    let (Op::Load(access) | Op::Store(access)) = inst.op else { return None };
    if access.space != Space::Local {
        return None;
    }
    let Op::Frame(offset) = function.maker(inst.args[0])?.op else { return None };
    let place = u32::try_from(i64::from(offset).checked_add(access.offset)?).ok()?;
    Some((access, place))
}

/// The pieces that become values, with their size in bytes.
fn pieces(function: &Function, order: &Order) -> BTreeMap<Place, u8> {
    let mut variables: Vec<(u32, u32, bool)> =
        function.variables.iter().map(|&(start, bytes)| (start, start.saturating_add(bytes), true)).collect();
    variables.sort_unstable();
    let find = |place: u64| {
        let at = variables.partition_point(|&(start, ..)| u64::from(start) <= place).checked_sub(1)?;
        (place < variables[at].1.into()).then_some(at)
    };
    let mut spoilt = vec![false; variables.len()];
    let mut found: BTreeMap<Place, u8> = BTreeMap::new();
    for &id in order.blocks.iter().flat_map(|&block| &function.block(block).insts) {
        let fixed = fixed(function, id);
        let inst = function.inst(id);
        for (place, &arg) in inst.args.iter().enumerate() {
            if let Some(Op::Frame(offset)) = function.maker(arg).map(|maker| &maker.op)
                && (place > 0 || fixed.is_none())
            {
                find((*offset).into()).into_iter().for_each(|at| spoilt[at] = true);
            }
        }
        let Some((access, place)) = fixed else { continue };
        let elements = if matches!(inst.op, Op::Load(_)) { inst.results.len() } else { inst.args.len() - 1 };
        for element in 0..elements as u32 {
            let start = place + element * u32::from(access.bytes);
            let (Some(first), last) =
                (find(start.into()), find(u64::from(start) + u64::from(access.bytes) - 1))
            else {
                continue;
            };
            let same = *found.entry(start).or_insert(access.bytes) == access.bytes;
            spoilt[first] |= !same || access.ordered || last != Some(first);
        }
    }
    let ends = order.blocks.iter().map(|&block| &function.block(block).end);
    ends.for_each(|end| {
        end.clone().values_mut(|value| {
            if let Some(Op::Frame(offset)) = function.maker(*value).map(|maker| &maker.op) {
                find((*offset).into()).into_iter().for_each(|at| spoilt[at] = true);
            }
        })
    });
    overlapping(&found, |place| find(place.into()), &mut spoilt);
    found.retain(|&place, _| find(place.into()).is_some_and(|at| !spoilt[at]));
    found
}

/// Variables with pieces that overlap are not promoted.
fn overlapping(found: &BTreeMap<Place, u8>, find: impl Fn(Place) -> Option<usize>, spoilt: &mut [bool]) {
    let mut end = 0;
    for (&start, &bytes) in found {
        if start < end {
            find(start).into_iter().for_each(|at| spoilt[at] = true);
        }
        end = end.max(start + u32::from(bytes));
    }
}

struct Promoter<'f> {
    function: &'f mut Function,
    /// Number and size of each piece.
    pieces: BTreeMap<Place, (usize, u8)>,
    /// For each piece the blocks that write it, with the value it has at their end.
    written: Vec<Vec<(BlockId, Value)>>,
    /// For each piece the blocks that need its value from before, and what stands for that meanwhile.
    asked: Vec<Vec<(BlockId, Value)>>,
    renames: Renames,
    block: BlockId,
    line: u32,
}

fn holds(bytes: u8) -> Type {
    if bytes == 8 { Type::I64 } else { Type::I32 }
}

impl<'f> Promoter<'f> {
    fn new(function: &'f mut Function, pieces: BTreeMap<Place, u8>) -> Promoter<'f> {
        let none = vec![Vec::new(); pieces.len()];
        let pieces =
            pieces.into_iter().enumerate().map(|(at, (place, bytes))| (place, (at, bytes))).collect();
        let renames = Renames::new(function);
        Promoter { function, pieces, written: none.clone(), asked: none, renames, block: BlockId(0), line: 0 }
    }

    /// The pieces that an access touches.
    fn touched(&self, id: InstId) -> Option<(Access, Vec<usize>)> {
        let (access, place) = fixed(self.function, id)?;
        let inst = self.function.inst(id);
        let elements = if matches!(inst.op, Op::Load(_)) { inst.results.len() } else { inst.args.len() - 1 };
        let places = (0..elements as u32).map(|element| place + element * u32::from(access.bytes));
        let pieces: Option<Vec<usize>> = places.map(|place| Some(self.pieces.get(&place)?.0)).collect();
        Some((access, pieces?))
    }

    fn rewrite(mut self, order: &Order) {
        for &block in &order.blocks {
            self.block = block;
            let mut now = vec![None; self.pieces.len()];
            for id in std::mem::take(&mut self.function.block_mut(block).insts) {
                self.inst(id, &mut now);
            }
        }
        let mut repair = Repair::new(self.function);
        let sizes: Vec<u8> = self.pieces.values().map(|&(_, bytes)| bytes).collect();
        for (piece, bytes) in sizes.into_iter().enumerate() {
            let mut reaching = repair.variable(holds(bytes), &self.written[piece]);
            for &(block, stand_in) in &self.asked[piece] {
                let value = reaching.at_start(self.function, block);
                self.renames.set(stand_in, value);
            }
            reaching.finish(self.function);
        }
        self.renames.apply(self.function);
    }

    fn inst(&mut self, id: InstId, now: &mut [Option<Value>]) {
        self.line = self.function.inst(id).line;
        let Some((access, pieces)) = self.touched(id) else {
            return self.function.block_mut(self.block).insts.push(id);
        };
        let inst = self.function.inst(id).clone();
        if matches!(inst.op, Op::Store(_)) {
            for (&piece, &value) in pieces.iter().zip(&inst.args[1..]) {
                let mut new = self.cut(value, access.bytes);
                if let Some(mask) = inst.mask {
                    let old = self.value(piece, access.bytes, now);
                    new = self.make(Op::Compute(Compute::Select), &[new, old, mask], holds(access.bytes));
                }
                if now[piece].replace(new).is_some() {
                    self.written[piece].retain(|&(block, _)| block != self.block);
                }
                self.written[piece].push((self.block, new));
            }
            return;
        }
        for (&piece, &result) in pieces.iter().zip(&inst.results) {
            let held = self.value(piece, access.bytes, now);
            let new = self.extended(held, access, self.function.ty(result));
            self.renames.set(result, new);
        }
    }

    /// What a piece is now; something that stands for what it was before the block, if nothing has written it since.
    fn value(&mut self, piece: usize, bytes: u8, now: &mut [Option<Value>]) -> Value {
        if let Some(value) = now[piece] {
            return value;
        }
        let id = self.function.add_inst(Op::Const(0), &[], None, &[holds(bytes)], 0);
        let value = self.function.inst(id).results[0];
        self.asked[piece].push((self.block, value));
        now[piece] = Some(value);
        value
    }

    /// The low bytes of a stored value.
    fn cut(&mut self, value: Value, bytes: u8) -> Value {
        let (from, to) = (self.function.ty(value), holds(bytes));
        let value = if from == Type::I64 && to == Type::I32 {
            self.builder().convert(Kind::U32, Kind::U64, value)
        } else {
            value
        };
        if bytes >= 4 {
            return value;
        }
        let mask = self.make(Op::Const((1 << (8 * bytes)) - 1), &[], Type::I32);
        self.make(Op::Compute(Compute::Int(Int::And, Kind::B32)), &[value, mask], Type::I32)
    }

    /// A piece as a load gives it.
    fn extended(&mut self, value: Value, access: Access, ty: Type) -> Value {
        let kinds = match (access.bytes, access.signed) {
            (1, true) => (Kind::S8, Kind::S32, Kind::S64),
            (2, true) => (Kind::S16, Kind::S32, Kind::S64),
            (4, true) => (Kind::S32, Kind::S32, Kind::S64),
            _ => (Kind::U32, Kind::U32, Kind::U64),
        };
        let held = self.function.ty(value);
        match (held, ty) {
            (Type::I32, Type::I64) => self.builder().convert(kinds.2, kinds.0, value),
            (Type::I32, Type::I32) if access.signed && access.bytes < 4 => {
                self.builder().convert(kinds.1, kinds.0, value)
            }
            _ => value,
        }
    }

    fn make(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        self.builder().op(op, args, ty)
    }

    fn builder(&mut self) -> Builder<'_> {
        Builder::new(self.function, self.block, self.line)
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::pass::dce;
    use crate::compile::ssa::Function;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    fn promotes(variables: &[(u32, u32)], before: &str, after: &str) {
        let pass = |function: &mut Function| {
            function.variables = variables.to_vec();
            super::run(function);
            dce::run(function);
        };
        check(Stage::Threads, before, pass, after);
    }

    #[test]
    fn a_variable_of_a_loop_becomes_a_parameter() {
        promotes(
            &[(0, 4), (8, 8)],
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i64 = frame.0
  v3: i64 = frame.8
  store.local.4 v2, v1
  store.local.4 v3 + 4, v1
  jump b1
b1:
  v4: i32 = load.local.4 v2
  v5: i32 = add.s32 v4, v1
  v6: i1 = compare.lt.s32 v5, v1
  store.local.4 v2, v5 [v6]
  branch v6, b1, b2
b2:
  v7: i32 = load.local.4 v2
  v8: i32 = load.local.4 v3 + 4
  store.global.4 v0, v7, v8
  exit",
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  jump b1(v1)
b1(v13: i32):
  v5: i32 = add.s32 v13, v1
  v6: i1 = compare.lt.s32 v5, v1
  v10: i32 = select v5, v13, v6
  branch v6, b1(v10), b2
b2:
  store.global.4 v0, v10, v1
  exit",
        );
    }

    #[test]
    fn a_variable_whose_address_goes_elsewhere_stays() {
        promotes(
            &[(0, 16), (16, 2)],
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i64 = frame.0
  v3: i64 = add.s64 v2, v0
  store.local.4 v2, v1
  v4: i32 = load.local.4 v3
  v5: i64 = frame.16
  store.local.2 v5, v1
  v6: i32 = load.local.2.signed v5
  store.global.4 v0, v4, v6
  exit",
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = load.global.4 v0
  v2: i64 = const 0
  v3: i64 = add.s64 v2, v0
  store.local.4 v2, v1
  v4: i32 = load.local.4 v3
  v7: i32 = const 0xffff
  v8: i32 = and.b32 v1, v7
  v9: i32 = convert.s32.s16 v8
  store.global.4 v0, v4, v9
  exit",
        );
    }
}

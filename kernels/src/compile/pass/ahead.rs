//! What the next block of threads will read and write is brought near while this one runs.
//!
//! A block that copies many rows of an array, each a few vectors long, begins with loads that no pattern announces to the
//! processor, and goes on with stores that wait for their lines; what it does in between is too long for the next block's
//! loads to start early. The next block of a row of the grid has the same rows some way further on, as far as addresses
//! grow with the block's number. A wrong guess costs time and nothing else.

use std::mem::offset_of;

use smallvec::SmallVec;

use crate::compile::context::Context;
use crate::compile::ssa::edit::Builder;
use crate::compile::ssa::order::{Dominators, Loops, Order};
use crate::compile::ssa::quick::Map;
use crate::compile::ssa::{BlockId, Def, Function, Inst, Op, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Space;

/// A block of code with fewer rows is left alone: processors follow some by themselves.
const ROWS: usize = 8;

/// Bytes that come from memory together.
const LINE: i64 = 64;

/// Asks for what the next block needs, next to where this one takes it.
pub fn run(function: &mut Function) {
    if !function.block_ids().any(|block| may_have_rows(function, block)) {
        return;
    }
    let order = Order::new(function);
    let Some((number, home)) = block_number(function, &order) else { return };
    let dominators = Dominators::new(function, &order);
    let loops = Loops::new(function, &order, &dominators);
    let Some(around) = loops.of[home.0 as usize] else { return };
    // Gang by gang, blocks go along rows that processors follow.
    if loops.all[around as usize].depth > 1 {
        return;
    }
    let mut growths = Growths::new(function, (number, home), &loops.all[around as usize].blocks);
    let mut found = Vec::new();
    for &block in &loops.all[around as usize].blocks {
        // What inner loops do is not done next to each other.
        if loops.of[block.0 as usize] == Some(around) {
            found.extend(growths.of_block(block).map(|lines| (block, lines)));
        }
    }
    for (block, lines) in found {
        ask(function, block, &lines);
    }
}

/// Whether a block accesses vectors at enough addresses.
fn may_have_rows(function: &Function, block: BlockId) -> bool {
    let mut rows: SmallVec<[(Value, bool); ROWS]> = SmallVec::new();
    for &inst in &function.block(block).insts {
        if let Some((base, _, writes)) = vector_access(function, function.inst(inst))
            && !rows.contains(&(base, writes))
        {
            rows.push((base, writes));
            if rows.len() == ROWS {
                return true;
            }
        }
    }
    false
}

/// The number of the block of threads in its row, which the context is told at the head of the loop over blocks.
fn block_number(function: &Function, order: &Order) -> Option<(Value, BlockId)> {
    let at = offset_of!(Context, block) as i64;
    let told = |inst: &Inst| match inst.op {
        Op::Store(access) if access.space == Space::Param && access.offset == at => Some(inst.args[1]),
        _ => None,
    };
    let mut all = order.blocks.iter().flat_map(|&block| {
        let insts = &function.block(block).insts;
        insts.iter().filter_map(move |&inst| Some((told(function.inst(inst))?, block)))
    });
    all.rfind(|&(value, block)| function.block(block).params.contains(&value))
}

/// How much more a number is in the next block: so many times a number that is the same there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Growth {
    times: i64,
    of: Option<Value>,
}

const NONE: Growth = Growth { times: 0, of: None };

impl Growth {
    fn plus(self, other: Growth, sign: i64) -> Option<Growth> {
        let same = self.times == 0 || other.times == 0 || self.of == other.of;
        let times = self.times.checked_add(other.times.checked_mul(sign)?)?;
        let of = if times == 0 { None } else { self.of.or(other.of) };
        same.then_some(Growth { times, of })
    }

    fn scaled(self, by: i64) -> Option<Growth> {
        let times = self.times.checked_mul(by)?;
        Some(Growth { times, of: self.of.filter(|_| times != 0) })
    }
}

/// A line that will be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    base: Value,
    offset: i64,
    growth: Growth,
    writes: bool,
}

struct Growths<'f> {
    function: &'f Function,
    /// Of what is made in the loop over blocks how much it grows, if that was asked for and is known.
    known: Map<Value, Option<Growth>>,
    /// What is made there.
    inside: Map<Value, ()>,
}

impl<'f> Growths<'f> {
    fn new(function: &'f Function, (number, home): (Value, BlockId), blocks: &[BlockId]) -> Growths<'f> {
        let mut growths = Growths { function, known: Map::default(), inside: Map::default() };
        for &block in blocks {
            let block = function.block(block);
            let made = block.insts.iter().flat_map(|&inst| &function.inst(inst).results);
            made.chain(&block.params).for_each(|&value| _ = growths.inside.insert(value, ()));
        }
        // The block's place in the grid but for its number in the row.
        function.block(home).params.iter().for_each(|&param| _ = growths.known.insert(param, Some(NONE)));
        growths.known.insert(number, Some(Growth { times: 1, of: None }));
        growths
    }

    /// The lines of a block that are worth asking for.
    fn of_block(&mut self, block: BlockId) -> Option<Vec<Line>> {
        let function = self.function;
        let mut lines: Vec<Line> = Vec::new();
        let mut rows: SmallVec<[(Value, bool); 16]> = SmallVec::new();
        for &inst in &function.block(block).insts {
            let Some((base, offset, writes)) = vector_access(function, function.inst(inst)) else { continue };
            let Some(growth) = self.of(base, 0).filter(|growth| is_far(*growth)) else { continue };
            let line = Line { base, offset, growth, writes };
            let near =
                |other: &Line| Line { offset, ..*other } == line && (other.offset - offset).abs() < LINE;
            if !lines.iter().rev().take(4).any(near) {
                lines.push(line);
            }
            if !rows.contains(&(base, writes)) {
                rows.push((base, writes));
            }
        }
        (rows.len() >= ROWS).then_some(lines)
    }

    /// How much a value grows from block to block.
    fn of(&mut self, value: Value, depth: u32) -> Option<Growth> {
        if !self.inside.contains_key(&value) {
            return Some(NONE);
        }
        if let Some(&known) = self.known.get(&value) {
            return known;
        }
        let growth = if depth < 32 { self.made(value, depth + 1) } else { None };
        self.known.insert(value, growth);
        growth
    }

    fn made(&mut self, value: Value, depth: u32) -> Option<Growth> {
        let function = self.function;
        let Def::Inst(inst, _) = function.def(value) else { return None };
        let inst = function.inst(inst);
        let mut all: SmallVec<[Growth; 4]> = SmallVec::new();
        for &arg in &inst.args {
            all.push(self.of(arg, depth)?);
        }
        let product = |growth: Growth, by: Value| match function.constant(by) {
            Some(number) if function.ty(by) == Type::I32 => growth.scaled((number as i32).into()),
            Some(number) => growth.scaled(number as i64),
            None => growth.of.is_none().then_some(Growth { of: Some(by), ..growth }),
        };
        match (&inst.op, &all[..]) {
            (Op::Const(_), _) => Some(NONE),
            // Parameters never change.
            (Op::Load(access), [NONE]) if access.space == Space::Param => Some(NONE),
            (op, growths) if op.is_pure() && growths.iter().all(|&growth| growth == NONE) => Some(NONE),
            (Op::Compute(Compute::Copy | Compute::Convert(_)), &[growth]) => Some(growth),
            (Op::Compute(Compute::Int(Int::Add, _)), &[a, b]) => a.plus(b, 1),
            (Op::Compute(Compute::Int(Int::Sub, _)), &[a, b]) => a.plus(b, -1),
            (Op::Compute(Compute::Int(Int::MulLow | Int::MulWide, _)), &[a, NONE]) => {
                product(a, inst.args[1])
            }
            (Op::Compute(Compute::Int(Int::MulLow | Int::MulWide, _)), &[NONE, b]) => {
                product(b, inst.args[0])
            }
            (Op::Compute(Compute::Int(Int::Shl, _)), &[a, NONE]) => {
                let by = function.constant(inst.args[1]).filter(|&by| by < 32)?;
                a.scaled(1 << by)
            }
            _ => None,
        }
    }
}

/// Another line than this block's.
fn is_far(growth: Growth) -> bool {
    growth.of.is_some() || growth.times.abs() >= LINE
}

/// Where a whole vector in memory that all share is read or written, and whether it is written.
fn vector_access(function: &Function, inst: &Inst) -> Option<(Value, i64, bool)> {
    let (access, value, writes) = match inst.op {
        Op::Load(access) => (access, *inst.results.first()?, false),
        Op::Store(access) => (access, inst.args[1], true),
        _ => return None,
    };
    let vector = matches!(function.ty(value), Type::V { .. });
    let plain = inst.mask.is_none() && !access.ordered && access.space == Space::Global;
    (vector && plain).then_some((inst.args[0], access.offset, writes))
}

/// Asks for lines at the end of a block.
fn ask(function: &mut Function, block: BlockId, lines: &[Line]) {
    let mut build = Builder::new(function, block, 0);
    let mut ways: Vec<(Growth, Value)> = Vec::new();
    let mut starts: Vec<((Value, Growth), Value)> = Vec::new();
    for line in lines {
        let mut offset = line.offset;
        let mut base = line.base;
        if line.growth.of.is_none() {
            offset = offset.wrapping_add(line.growth.times);
        } else {
            let known = starts.iter().find(|(of, _)| *of == (base, line.growth)).map(|&(_, start)| start);
            let start = known.unwrap_or_else(|| {
                let way = way(&mut build, &mut ways, line.growth);
                build.int(Int::Add, Kind::U64, &[base, way])
            });
            starts.push(((base, line.growth), start));
            base = start;
        }
        if offset != 0 {
            let number = build.constant(Type::I64, offset as u64);
            base = build.int(Int::Add, Kind::U64, &[base, number]);
        }
        build.effect(Op::Prefetch(line.writes), &[base], None);
    }
}

/// How far it is to the next block's.
fn way(build: &mut Builder<'_>, ways: &mut Vec<(Growth, Value)>, growth: Growth) -> Value {
    if let Some(&(_, way)) = ways.iter().find(|(of, _)| *of == growth) {
        return way;
    }
    let times = build.constant(Type::I64, growth.times as u64);
    let way = match growth.of {
        None => times,
        Some(of) => {
            let wide =
                if build.function.ty(of) == Type::I32 { build.convert(Kind::S64, Kind::S32, of) } else { of };
            build.int(Int::MulLow, Kind::U64, &[wide, times])
        }
    };
    ways.push((growth, way));
    way
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    const ROWS_OF_BOTH: &str = "function f
            b0:
            v0: i64 = context
            v1: i64 = argument.1
            v2: i32 = const 0
            v3: i32 = load.param.4 v0 + 8
            v4: i64 = load.param.8 v0 + 16
            v5: i64 = load.param.8 v0 + 24
            jump b1(v2)
            b1(v6: i32):
            store.param.4 v0 + 176, v6
            v7: i32 = const 5
            v8: i32 = shl.u32 v6, v7
            v9: i32 = const 4
            v10: i64 = mulwide.s32 v8, v9
            v11: i64 = add.u64 v4, v10
            v12: i64 = const 0x1000
            v13: i64 = add.u64 v11, v12
            v14: i64 = add.u64 v13, v12
            v15: i64 = add.u64 v14, v12
            v16: i32 = mullow.s32 v8, v3
            v17: i64 = mulwide.s32 v16, v9
            v18: i64 = add.u64 v5, v17
            v19: i64 = add.u64 v18, v12
            v20: i64 = add.u64 v19, v12
            v21: i64 = add.u64 v20, v12
            v22: v16x32 = load.global.4 v11
            v23: v16x32 = load.global.4 v11 + 64
            v24: v16x32 = load.global.4 v13
            v25: v16x32 = load.global.4 v14
            v26: v16x32 = load.global.4 v15
            store.global.4 v18, v22
            store.global.4 v18 + 32, v23
            store.global.4 v19, v24
            store.global.4 v20, v25
            store.global.4 v21, v26
            store.global.4 v4, v26
            v27: i32 = const 1
            v28: i32 = add.u32 v6, v27
            v29: i64 = convert.u64.u32 v28
            v30: i1 = compare.lt.u64 v29, v1
            branch v30, b1(v28), b2
            b2:
            return v2";

    /// What stands in front of the loop's end then.
    const ASKED_FOR: &str = "
            v31: i64 = const 128
            v32: i64 = add.u64 v11, v31
            prefetch.false v32
            v33: i64 = const 192
            v34: i64 = add.u64 v11, v33
            prefetch.false v34
            v35: i64 = const 128
            v36: i64 = add.u64 v13, v35
            prefetch.false v36
            v37: i64 = const 128
            v38: i64 = add.u64 v14, v37
            prefetch.false v38
            v39: i64 = const 128
            v40: i64 = add.u64 v15, v39
            prefetch.false v40
            v41: i64 = const 128
            v42: i64 = convert.s64.s32 v3
            v43: i64 = mullow.u64 v42, v41
            v44: i64 = add.u64 v18, v43
            prefetch.true v44
            v45: i64 = add.u64 v19, v43
            prefetch.true v45
            v46: i64 = add.u64 v20, v43
            prefetch.true v46
            v47: i64 = add.u64 v21, v43
            prefetch.true v47
            branch v30";

    #[test]
    fn rows_of_the_next_block_are_asked_for() {
        check(Stage::Vectors, ROWS_OF_BOTH, run, &ROWS_OF_BOTH.replace("branch v30", ASKED_FOR));
    }

    #[test]
    fn rows_of_blocks_gang_by_gang_are_not() {
        let inner = "jump b2(v6, v6)
            b2(v31: i32, v32: i32):
            store.param.4 v0 + 176, v31";
        let text = ROWS_OF_BOTH
            .replace("store.param.4 v0 + 176, v6", inner)
            .replace("shl.u32 v6, v7", "shl.u32 v31, v7")
            .replace("v28: i32 = add.u32 v6, v27", "v28: i32 = add.u32 v31, v27")
            .replace(
                "branch v30, b1(v28), b2",
                "branch v30, b2(v28, v32), b3
            b3:
            v33: i32 = add.u32 v32, v27
            branch v30, b1(v33), b4",
            )
            .replace("            b2:\n            return v2", "            b4:\n            return v2");
        check(Stage::Vectors, &text, run, &text);
    }

    #[test]
    fn few_rows_are_not() {
        let text = "function f
            b0:
            v0: i64 = context
            v1: i32 = const 0
            v2: i64 = load.param.8 v0 + 16
            jump b1(v1)
            b1(v3: i32):
            store.param.4 v0 + 176, v3
            v4: i32 = const 0x1000
            v5: i64 = mulwide.s32 v3, v4
            v6: i64 = add.u64 v2, v5
            v7: v16x32 = load.global.4 v6
            store.global.4 v6, v7
            store.global.4 v6 + 64, v7
            store.global.4 v6 + 128, v7
            store.global.4 v6 + 192, v7
            store.global.4 v6 + 256, v7
            store.global.4 v6 + 320, v7
            store.global.4 v6 + 384, v7
            v8: i32 = add.u32 v3, v4
            v9: i1 = compare.lt.u32 v8, v4
            branch v9, b1(v8), b2
            b2:
            return v1";
        check(Stage::Vectors, text, run, text);
    }
}

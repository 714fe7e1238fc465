//! Lanes that nobody looks at: what is only made for them goes, and permutations become those that an instruction does alone.
//!
//! Of a reduction over a warp by shuffles often one lane is wanted in the end: then two of the step before, four before
//! those, and the upper vectors of the warp only once.

use crate::compile::ssa::edit::Renames;
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{Def, Function, Inst, InstId, Op, Type, Value};
use crate::ir::compute::Compute;

/// A bit a lane.
type Lanes = u64;

/// Finds out which lanes are looked at, and makes what gives them simpler.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let chooses = |&id: &InstId| {
        let inst = function.inst(id);
        match inst.op {
            Op::Permute | Op::Permute2 => true,
            Op::Compute(Compute::Select) => mask_of(function, inst.args[2]).is_some(),
            _ => false,
        }
    };
    if !order.blocks.iter().any(|&block| function.block(block).insts.iter().any(chooses)) {
        return;
    }
    let wanted = Wanted::new(function, &order).lanes;
    let mut renames = Renames::new(function);
    for &block in &order.blocks {
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let mut done = Vec::with_capacity(insts.len());
        for id in insts {
            let [result] = function.inst(id).results[..] else {
                done.push(id);
                continue;
            };
            let looked_at = wanted[result.0 as usize];
            match change(function, function.inst(id), looked_at) {
                Some(Change::Same(value)) => renames.set(result, value),
                Some(Change::Nothing) => become_op(function, id, Op::Const(0), &[]),
                Some(Change::Permute(index, value)) => {
                    let table = table(function, index);
                    let ty = function.ty(result);
                    let line = function.inst(id).line;
                    let index = function.add_inst(Op::Table(table), &[], None, &[ty], line);
                    done.push(index);
                    let index = function.inst(index).results[0];
                    become_op(function, id, Op::Permute, &[index, value]);
                }
                Some(Change::Behind(start, first, second)) => {
                    let ty = function.ty(result);
                    let count = lanes(ty).unwrap_or(0) as u64;
                    let table = table(function, (start..start + count).collect());
                    let line = function.inst(id).line;
                    let index = function.add_inst(Op::Table(table), &[], None, &[ty], line);
                    done.push(index);
                    let index = function.inst(index).results[0];
                    become_op(function, id, Op::Permute2, &[index, first, second]);
                }
                None => {}
            }
            done.push(id);
        }
        function.block_mut(block).insts = done;
    }
    renames.apply(function);
}

/// The number of a table, a new one if there is none like it.
fn table(function: &mut Function, numbers: Vec<u64>) -> u32 {
    let place = function.tables.iter().position(|table| *table == numbers);
    place.unwrap_or_else(|| {
        function.tables.push(numbers);
        function.tables.len() - 1
    }) as u32
}

fn become_op(function: &mut Function, id: InstId, op: Op, args: &[Value]) {
    let inst = function.inst_mut(id);
    inst.op = op;
    inst.args = args.into();
    inst.mask = None;
}

/// What becomes of an inst.
enum Change {
    /// Its result is another value.
    Same(Value),
    /// Its result is never looked at.
    Nothing,
    /// It is a permutation of one vector by this index.
    Permute(Vec<u64>, Value),
    /// It is the lanes from one on of two vectors behind each other.
    Behind(u64, Value, Value),
}

fn change(function: &Function, inst: &Inst, wanted: Lanes) -> Option<Change> {
    let ty = function.ty(inst.results[0]);
    let count = lanes(ty)?;
    if wanted == 0 {
        let reads =
            matches!(inst.op, Op::Gather { .. }) || matches!(inst.op, Op::Load(access) if !access.ordered);
        let known = matches!(inst.op, Op::Const(_) | Op::Table(_));
        return (!known && (inst.op.is_pure() || reads)).then_some(Change::Nothing);
    }
    match inst.op {
        Op::Compute(Compute::Select) => {
            let mask = mask_of(function, inst.args[2])?;
            if wanted & !mask == 0 {
                return Some(Change::Same(inst.args[0]));
            }
            if wanted & mask == 0 {
                return Some(Change::Same(inst.args[1]));
            }
            moved_in(function, &inst.args, mask, wanted)
        }
        Op::Permute | Op::Permute2 => {
            let index = index_of(function, inst.args[0])?;
            let places = count as u64 * (inst.args.len() as u64 - 1);
            let sources = (0..count).map(|lane| (wanted >> lane & 1 == 1).then(|| index[lane] % places));
            let sources: Vec<Option<u64>> = sources.collect();
            let upper = |from: u64| from / count as u64;
            let side = upper(sources.iter().flatten().next().copied()?);
            if sources.iter().flatten().any(|&from| upper(from) != side) {
                return None;
            }
            let value = inst.args[1 + side as usize];
            let sources: Vec<Option<u64>> =
                sources.into_iter().map(|from| from.map(|from| from % count as u64)).collect();
            if (0..).zip(&sources).all(|(lane, &from)| from.is_none_or(|from| from == lane)) {
                return Some(Change::Same(value));
            }
            // It is one of those already.
            let old: Vec<Option<u64>> = index.iter().map(|from| Some(from % places)).collect();
            if inst.op == Op::Permute && filled(&old).is_some() {
                return None;
            }
            let whole = filled(&sources).unwrap_or_else(|| {
                sources.iter().zip(&index).map(|(&from, &old)| from.unwrap_or(old % count as u64)).collect()
            });
            let same = inst.op == Op::Permute && whole.iter().copied().map(Some).eq(old);
            (!same).then_some(Change::Permute(whole, value))
        }
        _ => None,
    }
}

/// A vector that is turned, with zeros or others for what came round, is moved out of the way by them.
fn moved_in(function: &Function, args: &[Value], mask: Lanes, wanted: Lanes) -> Option<Change> {
    let count = lanes(function.ty(args[0]))? as u64;
    let splat = |value: Value| {
        matches!(function.maker(value)?.op, Op::Const(_) | Op::Broadcast).then_some((value, None))
    };
    // A source, and which of its lanes it gives to each lane if that matters.
    let side = |value: Value| {
        splat(value).or_else(|| {
            let inst = function.maker(value).filter(|inst| inst.op == Op::Permute)?;
            Some((inst.args[1], Some(index_of(function, inst.args[0])?)))
        })
    };
    let (own, other) = (side(args[0])?, side(args[1])?);
    if own.1.is_some() == other.1.is_some() {
        return None;
    }
    let fits = |start: u64, first: &(Value, Option<Vec<u64>>), second: &(Value, Option<Vec<u64>>)| {
        (0..count).filter(|lane| wanted >> lane & 1 == 1).all(|lane| {
            let from = lane + start;
            let there = if from < count { first } else { second };
            let given = if mask >> lane & 1 == 1 { &own } else { &other };
            let same = |index: &Vec<u64>| index[lane as usize] % count == from % count;
            std::ptr::eq(there, given) && there.1.as_ref().is_none_or(same)
        })
    };
    let sides = [(&own, &other), (&other, &own)];
    let starts = sides.into_iter().flat_map(|sides| (1..count).map(move |start| (start, sides)));
    let mut fitting = starts.filter(|&(start, (first, second))| fits(start, first, second));
    fitting.next().map(|(start, (first, second))| Change::Behind(start, first.0, second.0))
}

/// Sources for all lanes, so that those that are wanted fit and an instruction without an index does it: within each four
/// lanes, or all of them turned.
fn filled(sources: &[Option<u64>]) -> Option<Vec<u64>> {
    let count = sources.len() as u64;
    let pairs = || (0..count).zip(sources).filter_map(|(lane, &from)| Some((lane, from?)));
    if count.is_multiple_of(4) && pairs().all(|(lane, from)| lane / 4 == from / 4) {
        let place = |at: u64| {
            let mut of = pairs().filter(|&(lane, _)| lane % 4 == at).map(|(_, from)| from % 4);
            let first = of.next();
            of.all(|from| Some(from) == first).then_some(first.unwrap_or(at))
        };
        if let Some(places) = (0..4).map(place).collect::<Option<Vec<u64>>>() {
            return Some((0..count).map(|lane| lane / 4 * 4 + places[lane as usize % 4]).collect());
        }
    }
    let (lane, from) = pairs().next()?;
    let way = (from + count - lane) % count;
    let turned = |lane: u64| (lane + way) % count;
    pairs().all(|(lane, from)| turned(lane) == from).then(|| (0..count).map(turned).collect())
}

/// Lanes of a vector or mask.
fn lanes(ty: Type) -> Option<usize> {
    match ty {
        Type::V { lanes, .. } | Type::M { lanes } => Some(lanes.into()),
        _ => None,
    }
}

/// A mask's constant bits.
fn mask_of(function: &Function, mask: Value) -> Option<Lanes> {
    matches!(function.ty(mask), Type::M { .. }).then(|| function.constant(mask))?
}

/// An index that is a constant.
fn index_of(function: &Function, index: Value) -> Option<Vec<u64>> {
    let count = lanes(function.ty(index))?;
    match function.maker(index)?.op {
        Op::Table(table) => Some(function.tables[table as usize].clone()),
        Op::Const(number) => Some(vec![number; count]),
        _ => None,
    }
}

/// For each value the lanes that somebody looks at; any of a scalar is all of it.
struct Wanted<'f> {
    function: &'f Function,
    lanes: Vec<Lanes>,
    open: Vec<Value>,
}

impl<'f> Wanted<'f> {
    fn new(function: &'f Function, order: &Order) -> Wanted<'f> {
        let mut given: Vec<Vec<Vec<Value>>> =
            function.blocks.iter().map(|block| vec![Vec::new(); block.params.len()]).collect();
        let mut wanted = Wanted { function, lanes: vec![0; function.values.len()], open: Vec::new() };
        for &block in &order.blocks {
            let block = function.block(block);
            block.end.condition().into_iter().for_each(|value| wanted.want(value, Lanes::MAX));
            block.end.targets(|to| {
                for (all, &arg) in given[to.block.0 as usize].iter_mut().zip(&to.args) {
                    all.push(arg);
                }
            });
            for &id in &block.insts {
                if function.inst(id).op.has_effect() {
                    wanted.args(function.inst(id), Lanes::MAX);
                }
            }
        }
        while let Some(value) = wanted.open.pop() {
            let lanes = wanted.lanes[value.0 as usize];
            match function.def(value) {
                Def::Inst(id, _) => wanted.args(function.inst(id), lanes),
                Def::Param(block, place) => {
                    given[block.0 as usize][usize::from(place)]
                        .iter()
                        .for_each(|&arg| wanted.want(arg, lanes));
                }
                Def::Gone => {}
            }
        }
        wanted
    }

    fn want(&mut self, value: Value, lanes: Lanes) {
        let own = &mut self.lanes[value.0 as usize];
        if lanes & !*own != 0 {
            *own |= lanes;
            self.open.push(value);
        }
    }

    /// What an inst needs of its arguments for these lanes of its results.
    fn args(&mut self, inst: &Inst, wanted: Lanes) {
        let function = self.function;
        let all = |wanted: &mut Self| inst.uses(|value| wanted.want(value, Lanes::MAX));
        let count = inst.results.first().and_then(|&result| lanes(function.ty(result)));
        match (&inst.op, count) {
            (Op::Compute(Compute::Select), Some(_)) => {
                let [a, b, mask] = inst.args[..] else { return all(self) };
                let bits = mask_of(function, mask);
                self.want(a, wanted & bits.unwrap_or(Lanes::MAX));
                self.want(b, wanted & !bits.unwrap_or(0));
                self.want(mask, wanted);
            }
            (
                Op::Compute(_)
                | Op::Canonical(_)
                | Op::Scale(_)
                | Op::Bound(_)
                | Op::Exponent(_)
                | Op::Mantissa(_),
                Some(_),
            ) if inst.args.iter().all(|&arg| lanes(function.ty(arg)) == count) => {
                inst.args.iter().for_each(|&arg| self.want(arg, wanted));
            }
            (Op::Extract(lane), _) => self.want(inst.args[0], 1 << lane),
            (Op::Half(half), Some(count)) => {
                let own = wanted & (Lanes::MAX >> (64 - count));
                self.want(inst.args[0], own << (count * usize::from(*half)));
            }
            (Op::Join, Some(count)) => {
                self.want(inst.args[0], wanted & (Lanes::MAX >> (64 - count / 2)));
                self.want(inst.args[1], wanted >> (count / 2));
            }
            (Op::Permute | Op::Permute2, Some(count)) => {
                let Some(index) = index_of(function, inst.args[0]) else { return all(self) };
                let mut of = [0; 2];
                for lane in (0..count).filter(|lane| wanted >> lane & 1 == 1) {
                    let from = index[lane] as usize % (count * (inst.args.len() - 1));
                    of[from / count] |= 1 << (from % count);
                }
                self.want(inst.args[0], wanted);
                inst.args[1..].iter().zip(of).for_each(|(&arg, lanes)| self.want(arg, lanes));
            }
            // What is not stored is not looked at.
            (Op::Store(_) | Op::Scatter { .. }, _) => {
                let bits = inst.mask.and_then(|mask| mask_of(function, mask)).unwrap_or(Lanes::MAX);
                for &arg in &inst.args {
                    let each = lanes(function.ty(arg)).is_some();
                    self.want(arg, if each { bits } else { Lanes::MAX });
                }
                inst.mask.into_iter().for_each(|mask| self.want(mask, Lanes::MAX));
            }
            _ => all(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::pass::dce;
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    fn becomes(before: &str, after: &str) {
        let function = |lines: &str| format!("function f\n{lines}");
        let pass = |function: &mut Function| {
            run(function);
            dce::run(function);
        };
        check(Stage::Vectors, &function(before), pass, &function(after));
    }

    fn stays(text: &str) {
        becomes(text, text);
    }

    #[test]
    fn a_sum_of_which_one_lane_is_wanted() {
        becomes(
            "table 2, 3, 4, 5, 6, 7, 6, 7
            table 1, 2, 3, 4, 5, 6, 7, 8
            b0:
            v0: i64 = context
            v1: v8x32 = load.global.4 v0
            v2: v8x32 = load.global.4 v0 + 32
            v3: v8x32 = table.0
            v4: v8x32 = permute v3, v1
            v5: v8x32 = add.f32 v1, v4
            v6: v8x32 = add.f32 v2, v2
            v7: v8x32 = table.1
            v8: v8x32 = permute2 v7, v5, v6
            v9: v8x32 = add.f32 v5, v8
            v10: i32 = lane.0 v9
            return v10",
            "table 2, 3, 4, 5, 6, 7, 6, 7
            table 1, 2, 3, 4, 5, 6, 7, 8
            table 2, 3, 2, 3, 6, 7, 6, 7
            table 1, 1, 2, 3, 5, 5, 6, 7
            b0:
            v0: i64 = context
            v1: v8x32 = load.global.4 v0
            v11: v8x32 = table.2
            v4: v8x32 = permute v11, v1
            v5: v8x32 = add.f32 v1, v4
            v12: v8x32 = table.3
            v8: v8x32 = permute v12, v5
            v9: v8x32 = add.f32 v5, v8
            v10: i32 = lane.0 v9
            return v10",
        );
    }

    #[test]
    fn lanes_that_a_mask_leaves_out() {
        becomes(
            "table 3, 0, 1, 2
            b0:
            v0: i64 = context
            v1: v4x32 = load.global.4 v0
            v2: v4x32 = load.global.4 v0 + 16
            v3: m4 = const 3
            v4: v4x32 = select v1, v2, v3
            v5: m4 = const 1
            store.global.4 v0 + 32, v4 [v5]
            v6: i32 = const 0
            return v6",
            "table 3, 0, 1, 2
            b0:
            v0: i64 = context
            v1: v4x32 = load.global.4 v0
            v5: m4 = const 1
            store.global.4 v0 + 32, v1 [v5]
            v6: i32 = const 0
            return v6",
        );
    }

    #[test]
    fn zeros_move_in_from_below_and_above() {
        becomes(
            "table 3, 0, 1, 2
            table 2, 3, 0, 1
            b0:
            v0: i64 = context
            v1: v4x32 = load.global.4 v0
            v2: v4x32 = table.0
            v3: v4x32 = permute v2, v1
            v4: v4x32 = const 0
            v5: m4 = const 1
            v6: v4x32 = select v4, v3, v5
            store.global.4 v0, v6
            v7: v4x32 = table.1
            v8: v4x32 = permute v7, v1
            v9: m4 = const 3
            v10: v4x32 = select v8, v4, v9
            store.global.4 v0 + 16, v10
            v11: v4x32 = select v4, v8, v5
            store.global.4 v0 + 32, v11
            v12: i32 = const 0
            return v12",
            "table 3, 0, 1, 2
            table 2, 3, 0, 1
            table 3, 4, 5, 6
            table 2, 3, 4, 5
            b0:
            v0: i64 = context
            v1: v4x32 = load.global.4 v0
            v4: v4x32 = const 0
            v5: m4 = const 1
            v13: v4x32 = table.2
            v6: v4x32 = permute2 v13, v4, v1
            store.global.4 v0, v6
            v7: v4x32 = table.1
            v8: v4x32 = permute v7, v1
            v14: v4x32 = table.3
            v10: v4x32 = permute2 v14, v1, v4
            store.global.4 v0 + 16, v10
            v11: v4x32 = select v4, v8, v5
            store.global.4 v0 + 32, v11
            v12: i32 = const 0
            return v12",
        );
    }

    #[test]
    fn around_a_loop() {
        stays(
            "table 1, 0, 3, 2
            b0:
            v0: i64 = context
            v1: v4x32 = load.global.4 v0
            jump b1(v1)
            b1(v2: v4x32):
            v3: v4x32 = table.0
            v4: v4x32 = permute v3, v2
            v5: i32 = lane.2 v4
            v6: i1 = compare.eq.u32 v5, v5
            branch v6, b1(v4), b2
            b2:
            return v5",
        );
    }
}

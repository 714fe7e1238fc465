//! What nobody needs goes.

use smallvec::SmallVec;

use crate::compile::pass::alias;
use crate::compile::ssa::order::{Order, none_each};
use crate::compile::ssa::{Def, End, Function, InstId, Op, Value};

/// Takes out insts without effect whose results nobody uses, and parameters nobody reads, in circles too. Atomics whose
/// results nobody uses have none: lanes need not come one after the other then.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let live = Marker::new(function, &order).mark();
    for &block in &order.blocks {
        function.block_mut(block).insts.retain(|id| live.insts[id.0 as usize]);
        for at in 0..function.block(block).insts.len() {
            let id = function.block(block).insts[at];
            if matches!(function.inst(id).op, Op::Atomic { .. } | Op::AtomicLanes { .. })
                && function.inst(id).results.iter().all(|result| !live.values[result.0 as usize])
            {
                for result in std::mem::take(&mut function.inst_mut(id).results) {
                    function.values[result.0 as usize].1 = Def::Gone;
                }
            }
        }
    }
    for &block in &order.blocks {
        let mut end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
        end.targets_mut(|target| {
            let params = &function.block(target.block).params;
            let mut at = 0..params.len();
            target.args.retain(|_| at.next().is_some_and(|at| live.values[params[at].0 as usize]));
        });
        function.block_mut(block).end = end;
    }
    for &block in &order.blocks {
        let mut params = std::mem::take(&mut function.block_mut(block).params);
        params.retain(|param| live.values[param.0 as usize]);
        for (place, param) in (0..).zip(&params) {
            function.values[param.0 as usize].1 = Def::Param(block, place);
        }
        function.block_mut(block).params = params;
    }
}

/// What is needed.
struct Live {
    insts: Vec<bool>,
    values: Vec<bool>,
}

struct Marker<'f> {
    function: &'f Function,
    /// For each block what its parameters are given, by those who come.
    given: Vec<Vec<SmallVec<[Value; 2]>>>,
    live: Live,
    open: Vec<Value>,
}

impl<'f> Marker<'f> {
    fn new(function: &'f Function, order: &Order) -> Marker<'f> {
        let mut given: Vec<Vec<SmallVec<[Value; 2]>>> =
            function.blocks.iter().map(|block| none_each(block.params.len())).collect();
        let live =
            Live { insts: vec![false; function.insts.len()], values: vec![false; function.values.len()] };
        let mut open = Vec::with_capacity(function.values.len().min(512));
        for &block in &order.blocks {
            let end = &function.block(block).end;
            open.extend(end.condition());
            end.targets(|target| {
                for (all, &arg) in given[target.block.0 as usize].iter_mut().zip(&target.args) {
                    all.push(arg);
                }
            });
        }
        let mut marker = Marker { function, given, live, open };
        let blocks = order.blocks.iter();
        for &id in blocks.flat_map(|&block| &function.block(block).insts) {
            if has_effect(function, id) {
                marker.inst(id);
            }
        }
        marker
    }

    fn inst(&mut self, id: InstId) {
        if !std::mem::replace(&mut self.live.insts[id.0 as usize], true) {
            self.function.inst(id).uses(|value| self.open.push(value));
        }
    }

    fn mark(mut self) -> Live {
        while let Some(value) = self.open.pop() {
            if std::mem::replace(&mut self.live.values[value.0 as usize], true) {
                continue;
            }
            match self.function.def(value) {
                Def::Inst(id, _) => self.inst(id),
                Def::Param(block, place) => {
                    let given = std::mem::take(&mut self.given[block.0 as usize][usize::from(place)]);
                    self.open.extend(given);
                }
                Def::Gone => {}
            }
        }
        self.live
    }
}

fn has_effect(function: &Function, id: InstId) -> bool {
    let op = &function.inst(id).op;
    match op {
        Op::Call(number) => !alias::is_pure_call(function, *number),
        op => op.has_effect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::compile::ssa::parse::check;
    use crate::compile::ssa::verify::Stage;

    #[test]
    fn what_feeds_only_itself_goes() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = const 1
  v2: i32 = load.global.4 v0
  jump b1(v1, v2, v1)
b1(v3: i32, v4: i32, v5: i32):
  v6: i32 = add.s32 v3, v1
  v7: i32 = add.s32 v4, v1
  v8: i1 = compare.lt.s32 v7, v1
  branch v8, b1(v6, v7, v5), b2
b2:
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = const 1
  v2: i32 = load.global.4 v0
  jump b1(v2)
b1(v4: i32):
  v7: i32 = add.s32 v4, v1
  v8: i1 = compare.lt.s32 v7, v1
  branch v8, b1(v7), b2
b2:
  exit",
        );
    }

    #[test]
    fn what_an_atomic_found_goes_where_nobody_asks() {
        check(
            Stage::Threads,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = const 1
  v2: i32 = atomic.global.4.add v0, v1, v1
  v3: i32 = atomic.global.4.add v0 + 4, v1, v1
  store.global.4 v0 + 8, v3
  exit",
            super::run,
            "function k
b0:
  v0: i64 = const 0
  v1: i32 = const 1
  atomic.global.4.add v0, v1, v1
  v3: i32 = atomic.global.4.add v0 + 4, v1, v1
  store.global.4 v0 + 8, v3
  exit",
        );
    }
}

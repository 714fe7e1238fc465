//! What nobody needs goes.

use crate::compile::pass::alias;
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{Def, End, Function, InstId, Op, Target, Value};

/// Takes out insts without effect whose results nobody uses, and parameters nobody reads, in circles too. Atomics whose
/// results nobody uses have none: lanes need not come one after the other then.
pub fn run(function: &mut Function) {
    let order = Order::new(function);
    let live = Marker::new(function, &order).mark();
    for &block in &order.blocks {
        let mut insts = std::mem::take(&mut function.block_mut(block).insts);
        insts.retain(|id| live.insts[id.0 as usize]);
        for &id in &insts {
            if matches!(function.inst(id).op, Op::Atomic { .. } | Op::AtomicLanes { .. })
                && function.inst(id).results.iter().all(|result| !live.values[result.0 as usize])
            {
                for result in std::mem::take(&mut function.inst_mut(id).results) {
                    function.values[result.0 as usize].1 = Def::Gone;
                }
            }
        }
        function.block_mut(block).insts = insts;
    }
    let is_live = |param: &Value| live.values[param.0 as usize];
    // For each block whether some of its parameters go.
    let less: Vec<bool> = function.blocks.iter().map(|block| !block.params.iter().all(is_live)).collect();
    if !less.contains(&true) {
        return;
    }
    for &block in &order.blocks {
        let mut end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
        end.targets_mut(|target| {
            if less[target.block.0 as usize] {
                let mut params = function.block(target.block).params.iter();
                target.args.retain(|_| params.next().is_some_and(is_live));
            }
        });
        function.block_mut(block).end = end;
    }
    for &block in order.blocks.iter().filter(|block| less[block.0 as usize]) {
        let mut params = std::mem::take(&mut function.block_mut(block).params);
        params.retain(|param| is_live(param));
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

/// No edge.
const NONE: u32 = u32::MAX;

struct Marker<'f> {
    function: &'f Function,
    /// For each block one of the edges to it.
    into: Vec<u32>,
    /// Edges, and for each of them another one to the same block.
    edges: Vec<(&'f Target, u32)>,
    live: Live,
    open: Vec<Value>,
}

impl<'f> Marker<'f> {
    fn new(function: &'f Function, order: &Order) -> Marker<'f> {
        let mut into = vec![NONE; function.blocks.len()];
        let mut edges = Vec::with_capacity(order.blocks.len() * 2);
        let live =
            Live { insts: vec![false; function.insts.len()], values: vec![false; function.values.len()] };
        let mut open = Vec::with_capacity(function.values.len().min(512));
        for &block in &order.blocks {
            let end = &function.block(block).end;
            open.extend(end.condition());
            end.targets(|target| {
                let number = edges.len() as u32;
                edges.push((target, std::mem::replace(&mut into[target.block.0 as usize], number)));
            });
        }
        let mut marker = Marker { function, into, edges, live, open };
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
            let inst = self.function.inst(id);
            self.open.extend_from_slice(&inst.args);
            self.open.extend(inst.mask);
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
                    let mut edge = self.into[block.0 as usize];
                    while let Some(&(target, next)) = self.edges.get(edge as usize) {
                        self.open.push(target.args[usize::from(place)]);
                        edge = next;
                    }
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

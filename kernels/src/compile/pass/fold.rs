//! Constants, algebra and what the block size says.
//!
//! One walk in reverse post-order knows of each value the greatest number it can be. Ops become simpler ops or other values;
//! branches on constants become jumps. What an op reads is simple before the op is looked at, so another walk is made only
//! where an end changed, or an op was made that was not looked at; a few at most.

mod algebra;
mod bound;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::compile::Shape;
use crate::compile::ssa::edit::{self, Renames};
use crate::compile::ssa::meaning;
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{BlockId, Def, End, Function, InstId, Op, Target, Type, Value};
use crate::interp::lanes::WARP;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Special;

/// Walks at most.
const ROUNDS: usize = 4;

/// Folds what can be folded. `shape` is that of the launch.
pub fn run(function: &mut Function, shape: &Shape) {
    let mut again = true;
    for _ in 0..ROUNDS {
        let copied = edit::remove_copied_params(function);
        if !again && !copied {
            return;
        }
        let mut folder = Folder::new(function, shape);
        folder.walk();
        if !folder.changed && !copied {
            return;
        }
        again = folder.again;
    }
}

/// What becomes of an op.
enum Change {
    /// Its result is another value.
    Same(Value),
    /// It is a number.
    Number(u64),
    /// It is another op with other arguments.
    Other(Op, Vec<Value>),
}

/// One walk.
struct Folder<'f> {
    function: &'f mut Function,
    shape: &'f Shape,
    /// What values are replaced with.
    renames: Renames,
    /// The greatest number a value can be.
    most: Vec<u64>,
    /// The insts of the block so far.
    insts: Vec<InstId>,
    line: u32,
    /// Something is simpler now.
    changed: bool,
    /// Another walk may find more.
    again: bool,
}

impl<'f> Folder<'f> {
    fn new(function: &'f mut Function, shape: &'f Shape) -> Folder<'f> {
        let most = function.values.iter().map(|&(ty, _)| bound::of_type(ty)).collect();
        let renames = Renames::new(function);
        Folder { function, shape, renames, most, insts: Vec::new(), line: 0, changed: false, again: false }
    }

    fn walk(&mut self) {
        let order = Order::new(self.function).blocks;
        for &id in &order {
            let insts = std::mem::take(&mut self.function.block_mut(id).insts);
            self.insts = Vec::with_capacity(insts.len());
            for inst in insts {
                self.inst(inst);
            }
            self.function.block_mut(id).insts = std::mem::take(&mut self.insts);
            self.end(id);
        }
        // What was replaced after it was read, over back edges.
        self.renames.apply(self.function);
    }

    fn rename_inst(&mut self, id: InstId) {
        if !self.renames.is_empty() {
            self.function.inst_mut(id).uses_mut(|value| *value = self.renames.get(*value));
        }
    }

    /// What stands for a value.
    fn find(&mut self, value: Value) -> Value {
        self.renames.get(value)
    }

    fn replace(&mut self, old: Value, new: Value) {
        if old != new {
            self.renames.set(old, new);
            self.changed = true;
        }
    }

    fn note(&mut self, value: Value, most: u64) {
        let at = value.0 as usize;
        if self.most.len() <= at {
            self.most.resize(at + 1, u64::MAX);
        }
        self.most[at] = most;
    }

    fn inst(&mut self, id: InstId) {
        self.rename_inst(id);
        self.line = self.function.inst(id).line;
        if self.function.inst(id).mask.is_some_and(|mask| self.is_everybody(mask)) {
            self.function.inst_mut(id).mask = None;
            self.changed = true;
        }
        for round in 0..8 {
            self.again |= round == 7;
            match self.simplify(id) {
                Some(Change::Same(value)) => return self.replace(self.function.inst(id).results[0], value),
                Some(Change::Number(number)) => {
                    self.become_op(id, Op::Const(number), &[]);
                    break;
                }
                Some(Change::Other(op, args)) => self.become_op(id, op, &args),
                None => break,
            }
        }
        self.insts.push(id);
        self.bound(id);
    }

    /// A mask that leaves nobody out.
    fn is_everybody(&self, mask: Value) -> bool {
        let all = match self.function.ty(mask) {
            Type::M { lanes } => u64::MAX >> (64 - u32::from(lanes)),
            _ => 1,
        };
        self.number(mask).is_some_and(|number| number & all == all)
    }

    fn become_op(&mut self, id: InstId, op: Op, args: &[Value]) {
        let inst = self.function.inst_mut(id);
        inst.op = op;
        inst.args = SmallVec::from_slice(args);
        self.changed = true;
    }

    fn bound(&mut self, id: InstId) {
        let inst = self.function.inst(id);
        // Of others nobody asks.
        if let [result] = *inst.results
            && self.function.ty(result).is_scalar()
        {
            let most = bound::of_inst(
                inst,
                self.function.ty(result),
                |value| self.most[value.0 as usize],
                self.shape,
            );
            self.note(result, most.min(bound::of_type(self.function.ty(result))));
        }
    }

    /// The number a value is.
    fn number(&self, value: Value) -> Option<u64> {
        self.function.constant(value)
    }

    fn most(&self, value: Value) -> u64 {
        self.most[value.0 as usize]
    }

    /// A new constant before the inst that is looked at.
    fn constant(&mut self, ty: Type, number: u64) -> Value {
        self.make(Op::Const(number), &[], ty)
    }

    /// A new op before it.
    fn make(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        self.again |= !matches!(op, Op::Const(_));
        let id = self.function.add_inst(op, args, None, &[ty], self.line);
        self.insts.push(id);
        let result = self.function.inst(id).results[0];
        self.note(result, bound::of_type(ty));
        self.bound(id);
        result
    }

    fn simplify(&mut self, id: InstId) -> Option<Change> {
        let inst = self.function.inst(id);
        match inst.op {
            Op::Compute(compute) => {
                let ty = self.function.ty(inst.results[0]);
                if !ty.is_scalar() {
                    return None;
                }
                let args: SmallVec<[Value; 4]> = SmallVec::from_slice(&inst.args);
                self.compute(compute, &args, ty)
            }
            Op::Special(special) => self.special(special),
            Op::Any => self.number(inst.args[0]).map(Change::Number),
            _ => None,
        }
    }

    fn special(&self, special: Special) -> Option<Change> {
        let side = |at: u8| self.shape.block[usize::from(at.min(2))];
        match special {
            Special::NTid(at) => Some(Change::Number(side(at).into())),
            Special::Tid(at) if side(at) == 1 => Some(Change::Number(0)),
            Special::NWarpId => Some(Change::Number(self.shape.threads().div_ceil(WARP as u32).into())),
            _ => None,
        }
    }

    fn compute(&mut self, compute: Compute, args: &[Value], ty: Type) -> Option<Change> {
        if compute == Compute::Copy {
            return Some(Change::Same(args[0]));
        }
        let numbers: Option<SmallVec<[u64; 4]>> = args.iter().map(|&arg| self.number(arg)).collect();
        if let Some(number) = numbers.and_then(|numbers| meaning::of(compute, &numbers)) {
            return Some(Change::Number(number & bound::of_type(ty)));
        }
        algebra::simplify(self, compute, args, ty)
    }

    fn end(&mut self, id: BlockId) {
        let mut end = std::mem::replace(&mut self.function.block_mut(id).end, End::Exit);
        end.values_mut(|value| *value = self.find(*value));
        let folded = match &end {
            End::Branch(condition, a, b) => match self.number(*condition) {
                Some(0) => Some(b.clone()),
                Some(_) => Some(a.clone()),
                None if a == b => Some(a.clone()),
                None => None,
            },
            End::Switch(index, targets) => self.chosen(*index, targets),
            _ => None,
        };
        self.changed |= folded.is_some();
        self.again |= folded.is_some();
        let end = folded.map_or(end, End::Jump);
        let end = self.without_not(end);
        self.function.block_mut(id).end = end;
    }

    fn chosen(&self, index: Value, targets: &[Target]) -> Option<Target> {
        let number = usize::try_from(self.number(index)?).ok()?;
        targets.get(number.min(targets.len().checked_sub(1)?)).cloned()
    }

    /// A branch on what is not: the targets change places.
    fn without_not(&mut self, end: End) -> End {
        if let End::Branch(condition, a, b) = &end
            && let Some(inst) = self.function.maker(*condition)
            && inst.op == Op::Compute(Compute::Int(Int::Not, crate::ir::Type::Pred))
        {
            self.changed = true;
            return End::Branch(inst.args[0], b.clone(), a.clone());
        }
        end
    }

    /// The op that makes a value, with its arguments.
    fn made_by(&self, value: Value) -> Option<(Compute, [Value; 3])> {
        let Def::Inst(id, 0) = self.function.def(value) else { return None };
        let inst = self.function.inst(id);
        let Op::Compute(compute) = inst.op else { return None };
        let at = |place: usize| inst.args.get(place).copied().unwrap_or(value);
        Some((compute, [at(0), at(1), at(2)]))
    }
}

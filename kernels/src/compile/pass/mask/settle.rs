//! Tidies what `emit` wrote: values that do not reach their uses on every way, choices that are none, conditions that are
//! not the same for the gang.

use super::emit::Marks;
use crate::compile::Shape as Launch;
use crate::compile::pass::range::Ranges;
use crate::compile::pass::reach;
use crate::compile::pass::shape::{Shape, Shapes, Uniform};
use crate::compile::ssa::edit::{Builder, Renames, remove_copied_params};
use crate::compile::ssa::order::Order;
use crate::compile::ssa::{End, Function, InstId, Op, Target, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Int};

pub(super) fn run(function: &mut Function, marks: &Marks, launch: &Launch, lanes: u8) {
    reach::run(function);
    // A choice that is none makes a parameter a copy, and the other way round.
    while simplify(function, marks) {
        remove_copied_params(function);
    }
    remove_copied_params(function);
    agree(function, marks, launch, lanes);
}

/// Choices and sums of masks that need not be made. True if there were any.
fn simplify(function: &mut Function, marks: &Marks) -> bool {
    let order = Order::new(function);
    let mut renames = Renames::new(function);
    for &block in &order.blocks {
        let mut insts = std::mem::take(&mut function.block_mut(block).insts);
        insts.retain(|&id| {
            if (id.0 as usize) < marks.first_inst {
                return true;
            }
            function.inst_mut(id).uses_mut(|value| *value = renames.get(*value));
            let simpler = simpler(function, marks, id);
            if let Some(value) = simpler {
                renames.set(function.inst(id).results[0], value);
            }
            simpler.is_none()
        });
        function.block_mut(block).insts = insts;
    }
    let any = !renames.is_empty();
    renames.apply(function);
    any
}

/// What a new inst comes to without being done.
fn simpler(function: &Function, marks: &Marks, id: InstId) -> Option<Value> {
    let inst = function.inst(id);
    let result = *inst.results.first()?;
    let nothing = |value| marks.variables.is_nothing(value);
    let value = match inst.op {
        Op::Compute(Compute::Select) => match inst.args[..] {
            [yes, no, _] if yes == no || nothing(no) => yes,
            [yes, no, _] if nothing(yes) => no,
            _ => return None,
        },
        Op::Compute(Compute::Int(Int::Or, Kind::Pred)) => {
            let (a, b) = (inst.args[0], inst.args[1]);
            if a == b || function.constant(b) == Some(0) {
                a
            } else if function.constant(a) == Some(0) {
                b
            } else {
                whole(function, a, b)?
            }
        }
        _ => return None,
    };
    (value != result).then_some(value)
}

/// Threads of a mask with a condition and without it are all of them.
fn whole(function: &Function, a: Value, b: Value) -> Option<Value> {
    let part = |value| {
        let inst = function.maker(value)?;
        let and = matches!(inst.op, Op::Compute(Compute::Int(Int::And, Kind::Pred)));
        and.then(|| (inst.args[0], inst.args[1]))
    };
    let is_not = |a: Value, b: Value| {
        function.maker(a).is_some_and(|inst| {
            matches!(inst.op, Op::Compute(Compute::Int(Int::Not, Kind::Pred))) && inst.args[0] == b
        })
    };
    let ((a, x), (b, y)) = (part(a)?, part(b)?);
    (a == b && (is_not(x, y) || is_not(y, x))).then_some(a)
}

/// A condition that threads decide together but that is not the same outside of the block's mask counts for its threads.
fn agree(function: &mut Function, marks: &Marks, launch: &Launch, lanes: u8) {
    if marks.kept.is_empty() {
        return;
    }
    let mut uniform = Uniform::new(function, launch, lanes);
    // For those that are not the same at first sight.
    let mut shapes = None;
    let order = Order::new(function);
    for &(block, mask) in marks.kept.iter().filter(|&&(block, _)| order.has(block)) {
        let Some(condition) = function.block(block).end.condition() else { continue };
        if uniform.is_sure(function, condition) {
            continue;
        }
        let all =
            |function: &Function| Shapes::of_masked(function, launch, lanes, &Ranges::new(function, launch));
        if shapes.get_or_insert_with(|| all(function)).of(condition) == Shape::Uniform {
            continue;
        }
        let end = std::mem::replace(&mut function.block_mut(block).end, End::Exit);
        let line = function.block(block).line;
        let mut builder = Builder::new(function, block, line);
        match end {
            End::Switch(index, targets) => switch(builder, index, mask, targets),
            End::Branch(condition, yes, no) => {
                let own = builder.and(mask, condition);
                let any = builder.op(Op::Any, &[own], Type::I1);
                builder.end(End::Branch(any, yes, no));
            }
            other => builder.end(other),
        }
    }
}

/// A choice of many, one after the other.
fn switch(mut builder: Builder, index: Value, mask: Value, targets: Vec<Target>) {
    let mut left = targets.into_iter().enumerate();
    let Some((_, last)) = left.next_back() else { return };
    for (number, target) in left {
        let constant = builder.constant(Type::I32, number as u64);
        let is = builder.compare(Comparison::Eq, Kind::U32, index, constant);
        let own = builder.and(mask, is);
        let any = builder.op(Op::Any, &[own], Type::I1);
        let rest = builder.function.add_block(builder.line);
        builder.end(End::Branch(any, target, Target::to(rest)));
        builder.block = rest;
    }
    builder.end(End::Jump(last));
}

//! Blocks, edges, and that every value is made before it is used.

use super::Stage;
use crate::compile::ssa::order::{Dominators, Order};
use crate::compile::ssa::{BlockId, Def, End, Function, Target, Type, Value};

struct Flow<'f> {
    function: &'f Function,
    stage: Stage,
    order: &'f Order,
    dominators: Dominators,
    /// Of each inst its block and its place there.
    places: Vec<Option<(BlockId, u32)>>,
}

/// The first rule that is broken.
pub fn verify(function: &Function, stage: Stage) -> Result<(), String> {
    for id in function.block_ids() {
        let mut missing = None;
        function.block(id).end.targets(|to| {
            if to.block.0 as usize >= function.blocks.len() {
                missing = Some(to.block);
            }
        });
        if let Some(to) = missing {
            return Err(format!("{id}: {}: {to} does not exist", function.block(id).end));
        }
    }
    roots(function)?;
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let places = places(function, &order)?;
    let flow = Flow { function, stage, order: &order, dominators, places };
    order.blocks.iter().try_for_each(|&id| flow.block(id))
}

fn roots(function: &Function) -> Result<(), String> {
    if function.resumes.first().is_some_and(|&first| first != BlockId(0)) {
        return Err(format!("the first resume is {}, not the entry", function.resumes[0]));
    }
    for &root in function.resumes.iter().chain(&[BlockId(0)]) {
        let Some(block) = function.blocks.get(root.0 as usize) else {
            return Err(format!("{root} does not exist"));
        };
        if !block.params.is_empty() {
            return Err(format!("{root}: nobody gives it its parameters"));
        }
    }
    Ok(())
}

/// Where each inst is; an error if it is in two places or its results do not know it.
fn places(function: &Function, order: &Order) -> Result<Vec<Option<(BlockId, u32)>>, String> {
    let mut places = vec![None; function.insts.len()];
    for &id in &order.blocks {
        let block = function.block(id);
        for (place, &param) in block.params.iter().enumerate() {
            if function.values.get(param.0 as usize).map(|value| value.1)
                != Some(Def::Param(id, place as u16))
            {
                return Err(format!("{id}: {param} is not its parameter {place}"));
            }
        }
        for (at, &inst) in (0..).zip(&block.insts) {
            let Some(place) = places.get_mut(inst.0 as usize) else {
                return Err(format!("{id}: inst {} does not exist", inst.0));
            };
            if place.replace((id, at)).is_some() {
                return Err(format!("{id}: {} is there twice", function.inst(inst)));
            }
            for (place, &result) in (0..).zip(&function.inst(inst).results) {
                let def = function.values.get(result.0 as usize).map(|value| value.1);
                if def != Some(Def::Inst(inst, place)) {
                    return Err(format!("{id}: {result} is not the result of {}", function.inst(inst)));
                }
            }
        }
    }
    Ok(places)
}

impl Flow<'_> {
    fn block(&self, id: BlockId) -> Result<(), String> {
        let block = self.function.block(id);
        for (at, &inst) in (0..).zip(&block.insts) {
            let inst = self.function.inst(inst);
            let mut result = Ok(());
            inst.uses(|value| {
                if result.is_ok() {
                    result = self.made(value, id, at);
                }
            });
            result.map_err(|what| format!("{id}: {inst}: {what}"))?;
        }
        self.end(id).map_err(|what| format!("{id}: {}: {what}", block.end))
    }

    /// Whether a value is there for an inst.
    fn made(&self, value: Value, block: BlockId, at: u32) -> Result<(), String> {
        let Some(&(_, def)) = self.function.values.get(value.0 as usize) else {
            return Err(format!("{value} does not exist"));
        };
        let home = match def {
            Def::Inst(inst, _) => match self.places.get(inst.0 as usize).copied().flatten() {
                Some((home, place)) if home == block => {
                    return if place < at { Ok(()) } else { Err(format!("{value} is made later")) };
                }
                Some((home, _)) => home,
                None => return Err(format!("{value} is made by an inst that is in no block")),
            },
            Def::Param(home, _) if self.order.has(home) => home,
            Def::Param(home, _) => return Err(format!("{value} is of {home}, which nobody reaches")),
            Def::Gone => return Err(format!("{value} is gone")),
        };
        if self.dominators.dominates(home, block) {
            return Ok(());
        }
        Err(format!("{value} of {home} is not made on all ways here"))
    }

    fn end(&self, id: BlockId) -> Result<(), String> {
        let end = &self.function.block(id).end;
        let last = u32::MAX;
        if let Some(value) = end.condition() {
            self.made(value, id, last)?;
            let want = if matches!(end, End::Branch(..)) { Type::I1 } else { Type::I32 };
            if self.function.ty(value) != want {
                return Err(format!("{value} is {}, not {want}", self.function.ty(value)));
            }
        }
        let fine = match end {
            End::Jump(_) | End::Branch(..) => true,
            End::Switch(_, targets) => !targets.is_empty(),
            End::Exit => self.stage != Stage::Vectors,
            End::Yield(number) => {
                self.stage == Stage::Masked && (*number as usize) < self.function.resumes.len()
            }
            End::Return(_) => self.stage == Stage::Vectors,
        };
        if !fine {
            return Err(format!("not in the stage {:?}", self.stage));
        }
        let mut result = Ok(());
        end.targets(|to| {
            if result.is_ok() {
                result = self.target(id, to);
            }
        });
        result
    }

    fn target(&self, id: BlockId, to: &Target) -> Result<(), String> {
        if to.block == BlockId(0) {
            return Err("a way back to the entry".to_owned());
        }
        let params = &self.function.block(to.block).params;
        if params.len() != to.args.len() {
            return Err(format!("{} arguments for {} of {}", to.args.len(), params.len(), to.block));
        }
        for (&arg, &param) in to.args.iter().zip(params) {
            self.made(arg, id, u32::MAX)?;
            let (have, want) = (self.function.ty(arg), self.function.ty(param));
            if have != want {
                return Err(format!("{arg} is {have}, {param} is {want}"));
            }
        }
        Ok(())
    }
}

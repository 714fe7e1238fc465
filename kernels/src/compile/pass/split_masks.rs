//! The masks of an inst in vector code.

use super::super::ssa::{Inst, Type, Value};
use super::split::Split;
use super::split_value::{Rep, Unit, Values};
use crate::ir::compute::Int;

/// Lanes for which an inst has an effect.
#[derive(Clone, Debug)]
pub struct Masks {
    /// A mask for each vector.
    pub each: Values,
    /// At least one lane is set whenever the inst is come to.
    pub filled: bool,
}

impl Split<'_> {
    /// Those of an inst of masked code.
    pub fn masks_of(&mut self, inst: &Inst) -> Masks {
        self.masks(inst.mask)
    }

    /// Those of a mask of masked code; `None`: all threads that exist.
    pub fn masks(&mut self, mask: Option<Value>) -> Masks {
        match mask {
            Some(mask) => {
                let filled = self.facts.holds(self.from, self.block, mask);
                Masks { each: self.full(mask), filled }
            }
            None => {
                let each = match self.loops.entered.clone() {
                    Some(Rep::Full(each)) => each,
                    Some(Rep::Bases(bases, _)) => {
                        bases.iter().map(|&base| self.build.broadcast(base, self.plan.lanes)).collect()
                    }
                    _ => {
                        let all = self.build.same(Type::M { lanes: self.plan.lanes }, u64::MAX);
                        std::iter::repeat_n(all, self.plan.vectors as usize).collect()
                    }
                };
                Masks { each, filled: true }
            }
        }
    }

    /// Whether any lane is set.
    pub fn any_of(&mut self, masks: &Masks) -> Value {
        if masks.filled {
            return self.build.same(Type::I1, 1);
        }
        self.build.any(&masks.each)
    }

    /// Whether all lanes of all vectors are known to be set.
    pub fn is_full(&self, masks: &Masks) -> bool {
        masks.each.iter().all(|&mask| self.is_ones(mask))
    }

    /// Whether all lanes of a mask are known to be set.
    pub fn is_ones(&self, mask: Value) -> bool {
        let lanes = super::split_build::lanes(self.build.ty(mask));
        self.build.constant(mask).is_some_and(|bits| bits == u64::MAX >> (64 - u32::from(lanes)))
    }

    /// The mask of a unit; `None`: all its lanes.
    pub fn mask_of(&mut self, masks: &Masks, unit: Unit) -> Option<Value> {
        let whole = masks.each[unit.vector() as usize];
        let mask = match unit {
            Unit::Whole(_) => whole,
            Unit::Half(half) => self.build.half(whole, (half % 2) as u8),
        };
        (!self.is_ones(mask)).then_some(mask)
    }

    /// The same for other masks: lanes that are not in them.
    pub fn outside(&mut self, masks: &[Value]) -> Values {
        masks.iter().map(|&mask| self.build.logic(Int::Not, &[mask])).collect()
    }
}

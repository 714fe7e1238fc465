//! Whether all threads surely share a value, by what it is made of alone: far less work than all shapes.

use smallvec::SmallVec;

use super::{Shape, rules};
use crate::compile::Shape as Launch;
use crate::compile::pass::range::Ranges;
use crate::compile::ssa::order::{Few, Order, predecessors};
use crate::compile::ssa::{Def, Function, Op, Value};

/// Looks at values of a masked function.
pub struct Uniform<'f> {
    launch: &'f Launch,
    lanes: u8,
    predecessors: Vec<Few>,
    ranges: Ranges,
    /// Values that are the same for all threads if all others of these are.
    seen: Vec<bool>,
}

impl<'f> Uniform<'f> {
    /// For a function to which only blocks, insts and values may be added, and ends changed to others that lead to the same blocks.
    pub fn new(function: &Function, launch: &'f Launch, lanes: u8) -> Uniform<'f> {
        let predecessors = predecessors(function, &Order::new(function));
        let seen = vec![false; function.values.len()];
        Uniform { launch, lanes, predecessors, ranges: Ranges::none(), seen }
    }

    /// False: it may be the same all the same.
    pub fn is_sure(&mut self, function: &Function, value: Value) -> bool {
        let mut done = Vec::new();
        let sure = self.follow(function, value, &mut done);
        if !sure {
            done.iter().for_each(|value: &Value| self.seen[value.0 as usize] = false);
        }
        sure
    }

    fn follow(&mut self, function: &Function, value: Value, done: &mut Vec<Value>) -> bool {
        let mut open: SmallVec<[Value; 16]> = SmallVec::from_slice(&[value]);
        let facts = rules::Facts { function, launch: self.launch, lanes: self.lanes, ranges: &self.ranges };
        while let Some(value) = open.pop() {
            match self.seen.get_mut(value.0 as usize) {
                Some(seen) if !*seen => *seen = true,
                Some(_) => continue,
                None => return false,
            }
            done.push(value);
            match function.def(value) {
                Def::Inst(id, place) => {
                    let inst = function.inst(id);
                    let args: SmallVec<[Shape; 4]> = inst.args.iter().map(|_| Shape::Uniform).collect();
                    let is_kept = matches!(inst.op, Op::Save(_) | Op::Restore(_));
                    if is_kept || facts.result(inst, place.into(), &args, None) != Shape::Uniform {
                        return false;
                    }
                    open.extend_from_slice(&inst.args);
                }
                Def::Param(block, place) => {
                    for &from in &self.predecessors[block.0 as usize] {
                        function.block(from).end.targets(|to| {
                            if to.block == block {
                                open.push(to.args[usize::from(place)]);
                            }
                        });
                    }
                }
                Def::Gone => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::parse::parse;

    #[test]
    fn what_is_made_of_what_all_share_is_the_same_around_loops_too() {
        let function = parse(
            "function f
            b0:
            v0: i32 = special.ctaid.0
            v1: i32 = special.tid.0
            v2: i32 = const 1
            jump b1(v0, v0)
            b1(v3: i32, v4: i32):
            v5: i32 = add.s32 v3, v2
            v6: i32 = add.s32 v4, v1
            v7: i1 = compare.lt.s32 v5, v2
            v8: i1 = compare.lt.s32 v6, v2
            branch v7, b1(v5, v6), b2
            b2:
            exit",
        );
        let launch = Launch { block: [64, 1, 1], small_grid: true };
        let mut uniform = Uniform::new(&function, &launch, 16);
        let sure: Vec<u32> = (0..9).filter(|&value| uniform.is_sure(&function, Value(value))).collect();
        assert_eq!(sure, [0, 2, 3, 5, 7]);
    }
}

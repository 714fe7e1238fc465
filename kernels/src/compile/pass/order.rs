//! Moves insts within their blocks so that fewer registers are in use: masks are made where they are needed, and what
//! a loop carries is read before its next value is made.

use smallvec::SmallVec;

use crate::compile::ssa::order::none_each;
use crate::compile::ssa::quick::Set;
use crate::compile::ssa::{BlockId, Def, Function, InstId, Op, Type, Value};

/// Reorders all blocks.
pub fn run(function: &mut Function) {
    let carried = carried(function);
    let homes = Homes::new(function);
    let mut uses = Uses {
        open: vec![Open::No; function.insts.len()],
        readers: none_each(function.values.len()),
        left: vec![0; function.values.len()],
    };
    let mut places = vec![0; function.insts.len()];
    for block in function.block_ids() {
        let before = std::mem::take(&mut function.block_mut(block).insts);
        let read = read_first(function, block, before, &carried, &mut places);
        let holds = read.iter().any(|&id| is_held(function, id));
        function.block_mut(block).insts = match holds {
            true => Masks::new(function, &homes, &carried, &mut uses, block, &read).run(&read),
            false => read,
        };
    }
}

/// For each value the parameters it becomes.
type Carried = Vec<SmallVec<[Value; 2]>>;

/// Where values are made and used.
struct Homes {
    /// Of each value its block.
    of: Vec<Option<BlockId>>,
    /// Of each value whether another block uses it, or the end of its own.
    lives_on: Vec<bool>,
}

impl Homes {
    fn new(function: &Function) -> Homes {
        let count = function.values.len();
        let mut homes = Homes { of: vec![None; count], lives_on: vec![false; count] };
        for id in function.block_ids() {
            let block = function.block(id);
            let made = block.insts.iter().flat_map(|&inst| &function.inst(inst).results).chain(&block.params);
            made.for_each(|value| homes.of[value.0 as usize] = Some(id));
        }
        for id in function.block_ids() {
            let block = function.block(id);
            let mut end = |value: Value| homes.lives_on[value.0 as usize] = true;
            block.end.condition().into_iter().for_each(&mut end);
            block.end.targets(|target| target.args.iter().copied().for_each(&mut end));
            for &inst in &block.insts {
                function.inst(inst).uses(|value| {
                    homes.lives_on[value.0 as usize] |= homes.of[value.0 as usize] != Some(id);
                });
            }
        }
        homes
    }
}

/// For each value that is given to a block the parameters it becomes.
fn carried(function: &Function) -> Carried {
    let mut carried: Carried = none_each(function.values.len());
    for block in &function.blocks {
        block.end.targets(|target| {
            for (&arg, &param) in target.args.iter().zip(&function.block(target.block).params) {
                carried[arg.0 as usize].push(param);
            }
        });
    }
    carried
}

/// Readers of a parameter go in front of the inst that makes the parameter's next value, where they can: then both
/// values have the same register.
fn read_first(
    function: &Function,
    block: BlockId,
    mut insts: Vec<InstId>,
    carried: &Carried,
    places: &mut [u32],
) -> Vec<InstId> {
    let params: Vec<(InstId, Value)> = insts
        .iter()
        .flat_map(|&id| function.inst(id).results.iter().map(move |&result| (id, result)))
        .flat_map(|(id, result)| carried[result.0 as usize].iter().map(move |&param| (id, param)))
        .filter(|&(_, param)| matches!(function.ty(param), Type::V { .. }))
        .collect();
    if params.is_empty() {
        return insts;
    }
    let place_all = |insts: &[InstId], places: &mut [u32]| {
        (0..).zip(insts).for_each(|(place, id)| places[id.0 as usize] = place);
    };
    place_all(&insts, places);
    let readers = readers(function, &insts);
    for (next, param) in params {
        let at = places[next.0 as usize];
        let mut behind: SmallVec<[InstId; 8]> = SmallVec::new();
        let first = readers.partition_point(|&(value, _)| value < param);
        let own = readers[first..].iter().take_while(|&&(value, _)| value == param);
        behind.extend(own.map(|&(_, id)| id).filter(|id| places[id.0 as usize] > at));
        if behind.is_empty() || is_given(function, block, param) {
            continue;
        }
        behind.sort_unstable_by_key(|id| places[id.0 as usize]);
        behind.dedup();
        let at = at as usize;
        // Behind the next value and in this block: not there yet.
        let late: Set<Value> =
            insts[at..].iter().flat_map(|&id| function.inst(id).results.iter().copied()).collect();
        let ready = |id: InstId| {
            let inst = function.inst(id);
            inst.op.is_pure() && !inst.args.iter().any(|arg| late.contains(arg))
        };
        // All of them or none: one that stays keeps the old value anyway.
        if !behind.iter().all(|&id| ready(id)) {
            continue;
        }
        for (place, id) in (at..).zip(behind) {
            insts.retain(|&other| other != id);
            insts.insert(place, id);
        }
        place_all(&insts, places);
    }
    insts
}

/// Who reads which parameter of a vector type, ascending by parameters.
fn readers(function: &Function, insts: &[InstId]) -> Vec<(Value, InstId)> {
    let mut readers = Vec::with_capacity(insts.len());
    for &id in insts {
        function.inst(id).uses(|value| {
            if let (Type::V { .. }, Def::Param(..)) = function.values[value.0 as usize] {
                readers.push((value, id));
            }
        });
    }
    readers.sort_unstable();
    readers
}

fn uses(function: &Function, id: InstId, value: Value) -> bool {
    let inst = function.inst(id);
    inst.args.contains(&value) || inst.mask == Some(value)
}

/// Whether the end of the block gives the value to somebody.
fn is_given(function: &Function, block: BlockId, value: Value) -> bool {
    let mut given = false;
    function.block(block).end.targets(|target| given |= target.args.contains(&value));
    given
}

/// Pure insts that make masks, held back until somebody needs them.
struct Masks<'f> {
    function: &'f Function,
    carried: &'f Carried,
    uses: &'f mut Uses,
    /// Masks that the block uses.
    masks: Vec<Value>,
    done: Vec<InstId>,
}

/// What a block does with values; of no other block anything is left in here.
struct Uses {
    /// For each inst: whether it is one of the block's that have no place yet, and whether those are held back.
    open: Vec<Open>,
    /// Of each mask the held insts that read it, and all its uses in the block that are still to come; one that lives
    /// on has one more.
    readers: Vec<SmallVec<[InstId; 2]>>,
    left: Vec<u32>,
}

/// Whether an inst waits for its place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// It has one, or belongs to another block.
    No,
    /// It comes when its turn comes.
    InTurn,
    /// It is held back until somebody needs it.
    Held,
}

impl<'f> Masks<'f> {
    fn new(
        function: &'f Function,
        homes: &Homes,
        carried: &'f Carried,
        uses: &'f mut Uses,
        block: BlockId,
        insts: &[InstId],
    ) -> Masks<'f> {
        let mut masks = Vec::new();
        for &id in insts {
            let inst = function.inst(id);
            let held = is_held(function, id);
            uses.open[id.0 as usize] = if held { Open::Held } else { Open::InTurn };
            inst.uses(|value| {
                if !is_mask(function, value) {
                    return;
                }
                let at = value.0 as usize;
                if uses.left[at] == 0 {
                    masks.push(value);
                    uses.left[at] = u32::from(homes.lives_on[at] || homes.of[at] != Some(block));
                }
                uses.left[at] += 1;
                if held {
                    uses.readers[at].push(id);
                }
            });
        }
        Masks { function, carried, uses, masks, done: Vec::with_capacity(insts.len()) }
    }

    fn run(mut self, insts: &[InstId]) -> Vec<InstId> {
        for &id in insts {
            if self.uses.open[id.0 as usize] == Open::InTurn {
                self.place(id);
            }
        }
        for &id in insts {
            if self.is_open(id) {
                self.place(id);
            }
        }
        for mask in self.masks {
            self.uses.left[mask.0 as usize] = 0;
            self.uses.readers[mask.0 as usize].clear();
        }
        self.done
    }

    fn is_open(&self, id: InstId) -> bool {
        self.uses.open[id.0 as usize] != Open::No
    }

    /// Puts an inst here, after the held ones that it needs; then those that make nothing live longer.
    fn place(&mut self, id: InstId) {
        let function = self.function;
        let inst = function.inst(id);
        inst.uses(|value| {
            if let Def::Inst(maker, _) = function.def(value)
                && self.is_open(maker)
            {
                self.place(maker);
            }
        });
        // Behind what it needs it may have come to its place already.
        if !self.is_open(id) {
            return;
        }
        self.uses.open[id.0 as usize] = Open::No;
        self.done.push(id);
        let mut touched: SmallVec<[Value; 8]> = SmallVec::new();
        inst.uses(|value| touched.push(value));
        for value in &touched {
            if is_mask(function, *value) {
                self.uses.left[value.0 as usize] -= 1;
            }
        }
        touched.extend_from_slice(&inst.results);
        for value in touched.into_iter().filter(|&value| is_mask(function, value)) {
            // Readers never change: by number, since placing one looks at them too.
            for at in 0..self.uses.readers[value.0 as usize].len() {
                let reader = self.uses.readers[value.0 as usize][at];
                if self.is_open(reader) && self.ends_one(reader) {
                    self.place(reader);
                }
            }
        }
    }

    /// Whether all that a held inst needs is there, and one of its sources has no other use.
    fn ends_one(&self, id: InstId) -> bool {
        let inst = self.function.inst(id);
        let mut ready = true;
        let mut ends = false;
        inst.uses(|value| {
            let waits = match self.function.def(value) {
                Def::Inst(maker, _) => self.is_open(maker),
                _ => false,
            };
            ready &= !waits;
            ends |= self.uses.left[value.0 as usize] == 1;
        });
        // The next value of a parameter comes last of those who read it.
        let last = self.carried[inst.results[0].0 as usize].iter().all(|&param| {
            let own = u32::from(uses(self.function, id, param));
            self.uses.left[param.0 as usize] <= own
        });
        ready && ends && last
    }
}

/// Whether an inst makes a mask, which is done when somebody needs it.
fn is_held(function: &Function, id: InstId) -> bool {
    let inst = function.inst(id);
    let makes = inst.results.len() == 1 && is_mask(function, inst.results[0]);
    makes && inst.op.is_pure() && !matches!(inst.op, Op::Const(_))
}

fn is_mask(function: &Function, value: Value) -> bool {
    matches!(function.ty(value), Type::M { .. })
}

#[cfg(test)]
mod tests;

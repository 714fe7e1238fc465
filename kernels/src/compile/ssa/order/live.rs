//! Which values are still needed at the start and end of each block.

use super::{Few, Order, none_each, predecessors};
use crate::compile::ssa::{BlockId, Def, Function, Type, Value};

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BitSet {
    words: Vec<u64>,
}

impl BitSet {
    /// For numbers below this.
    pub fn new(count: usize) -> BitSet {
        BitSet { words: vec![0; count.div_ceil(64)] }
    }

    /// Adds one; true if it is new.
    pub fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (&mut self.words[number as usize / 64], 1 << (number % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    /// Takes one out.
    pub fn remove(&mut self, number: u32) {
        self.words[number as usize / 64] &= !(1 << (number % 64));
    }

    /// Whether it is in there.
    pub fn contains(&self, number: u32) -> bool {
        self.words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.words).flat_map(|(at, &word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }
}

/// Live values, block by block. A block's parameters are made in it: they are not live at its start. What it gives to
/// others' parameters is used at its end, but is not live there unless somebody behind uses the value itself.
///
/// Most values live in few blocks, so these are lists: they take as much room as there is life.
#[derive(Clone, Debug)]
pub struct Liveness {
    /// Values that are live where the block starts, each once.
    pub live_in: Vec<Vec<Value>>,
    /// Values that are live where it ends.
    pub live_out: Vec<Vec<Value>>,
}

impl Liveness {
    /// Follows each value from its uses back to where it is made.
    pub fn new(function: &Function, order: &Order) -> Liveness {
        Liveness::of(function, order, |_| true)
    }

    /// The same of some values only.
    pub fn of(function: &Function, order: &Order, wanted: impl Fn(Type) -> bool) -> Liveness {
        let count = function.blocks.len();
        let predecessors = predecessors(function, order);
        let home = homes(function, order);
        let uses = uses(function, order, &home);
        // Most blocks have no more than this, so that lists need not grow.
        let lists = || (0..count).map(|_| Vec::with_capacity(64)).collect();
        let mut result = Liveness { live_in: lists(), live_out: lists() };
        // The last value that was noted for a block: values are done one after the other.
        let (mut last_in, mut last_out) = (vec![u32::MAX; count], vec![u32::MAX; count]);
        for (value, blocks) in uses.iter().enumerate() {
            if !wanted(function.values[value].0) {
                continue;
            }
            let (value, home) = (Value(value as u32), home[value]);
            let mut open = Few::from_slice(blocks);
            while let Some(block) = open.pop() {
                let at = block.0 as usize;
                if Some(block) == home || last_in[at] == value.0 {
                    continue;
                }
                last_in[at] = value.0;
                result.live_in[at].push(value);
                for &from in &predecessors[at] {
                    if last_out[from.0 as usize] != value.0 {
                        last_out[from.0 as usize] = value.0;
                        result.live_out[from.0 as usize].push(value);
                        open.push(from);
                    }
                }
            }
        }
        result
    }
}

/// The block that makes each value, if one does.
pub fn homes(function: &Function, order: &Order) -> Vec<Option<BlockId>> {
    let mut of_inst = vec![None; function.insts.len()];
    for &block in &order.blocks {
        function.block(block).insts.iter().for_each(|inst| of_inst[inst.0 as usize] = Some(block));
    }
    let home = |&(_, def): &(_, Def)| match def {
        Def::Inst(inst, _) => of_inst[inst.0 as usize],
        Def::Param(block, _) => order.has(block).then_some(block),
        Def::Gone => None,
    };
    function.values.iter().map(home).collect()
}

/// For each value the blocks that use it and do not make it, in which each is once.
fn uses(function: &Function, order: &Order, home: &[Option<BlockId>]) -> Vec<Few> {
    let mut uses: Vec<Few> = none_each(function.values.len());
    for &block in &order.blocks {
        let mut note = |value: Value| {
            let own = &mut uses[value.0 as usize];
            if home[value.0 as usize] != Some(block) && own.last() != Some(&block) {
                own.push(block);
            }
        };
        let body = function.block(block);
        body.insts.iter().for_each(|&inst| function.inst(inst).uses(&mut note));
        body.end.condition().into_iter().for_each(&mut note);
        body.end.targets(|to| to.args.iter().for_each(|&arg| note(arg)));
    }
    uses
}

//! One variable with several definitions becomes values again: block parameters where definitions meet, and only where
//! somebody asks.

use crate::compile::ssa::order::{Dominators, Few, Order, frontiers, predecessors};
use crate::compile::ssa::{BlockId, Function, Type, Value};

/// What is known of a function's flow; good for any number of variables as long as blocks and edges stay.
#[derive(Debug)]
pub struct Repair {
    order: Order,
    dominators: Dominators,
    frontiers: Vec<Vec<BlockId>>,
    predecessors: Vec<Few>,
    /// Of the variable that is being looked at: per block what is known. Stamps save clearing it.
    state: Vec<State>,
    stamp: u32,
}

#[derive(Clone, Copy, Debug)]
struct State {
    stamp: u32,
    /// Definitions meet here.
    meets: bool,
    /// Its value where the block starts, if it was asked for.
    start: Option<Value>,
    /// Its value where it ends: given, or found.
    end: Option<Value>,
}

const UNKNOWN: State = State { stamp: 0, meets: false, start: None, end: None };

impl Repair {
    /// Looks at a function.
    pub fn new(function: &Function) -> Repair {
        let order = Order::new(function);
        let dominators = Dominators::new(function, &order);
        let frontiers = frontiers(function, &order, &dominators);
        let predecessors = predecessors(function, &order);
        let state = vec![UNKNOWN; function.blocks.len()];
        Repair { order, dominators, frontiers, predecessors, state, stamp: 0 }
    }

    /// A variable that these blocks define: the value it has at the end of each. Blocks that nobody reaches do not count.
    pub fn variable(&mut self, ty: Type, definitions: &[(BlockId, Value)]) -> Reaching<'_> {
        self.stamp += 1;
        let mut open = Vec::new();
        for &(block, value) in definitions {
            if self.order.has(block) {
                self.of(block).end = Some(value);
                open.push(block);
            }
        }
        while let Some(block) = open.pop() {
            for at in 0..self.frontiers[block.0 as usize].len() {
                let meeting = self.frontiers[block.0 as usize][at];
                let state = self.of(meeting);
                if !std::mem::replace(&mut state.meets, true) && state.end.is_none() {
                    open.push(meeting);
                }
            }
        }
        Reaching { repair: self, ty, open: Vec::new(), undefined: Vec::new() }
    }

    fn of(&mut self, block: BlockId) -> &mut State {
        let state = &mut self.state[block.0 as usize];
        if state.stamp != self.stamp {
            *state = State { stamp: self.stamp, ..UNKNOWN };
        }
        state
    }
}

/// One variable. Ask for its values, then [`Reaching::finish`].
#[derive(Debug)]
pub struct Reaching<'r> {
    repair: &'r mut Repair,
    ty: Type,
    /// Blocks that got a parameter nobody gives a value yet.
    open: Vec<BlockId>,
    /// Zeros that stand for no value.
    undefined: Vec<Value>,
}

impl Reaching<'_> {
    /// The variable's value where a block starts, before anything it does.
    pub fn at_start(&mut self, function: &mut Function, block: BlockId) -> Value {
        // Up the tree to a block that knows, then down again to tell the others.
        let mut way = vec![block];
        let value = loop {
            let at = way[way.len() - 1];
            if let Some(value) = self.repair.of(at).start {
                break value;
            }
            if self.repair.of(at).meets {
                self.open.push(at);
                break function.add_param(at, self.ty);
            }
            match self.repair.dominators.parent[at.0 as usize] {
                None => {
                    let zero = super::constant_at_start(function, at, self.ty, 0);
                    self.undefined.push(zero);
                    break zero;
                }
                Some(parent) => match self.repair.of(parent).end {
                    Some(value) => break value,
                    None => way.push(parent),
                },
            }
        };
        let asked = way[0];
        for block in way {
            let state = self.repair.of(block);
            state.start = Some(value);
            // On the way up only blocks without a definition of their own were passed.
            if block != asked {
                state.end = Some(value);
            }
        }
        value
    }

    /// The variable's value where a block ends. One that was never defined on a way is 0 there.
    pub fn at_end(&mut self, function: &mut Function, block: BlockId) -> Value {
        if let Some(value) = self.repair.of(block).end {
            return value;
        }
        let value = self.at_start(function, block);
        self.repair.of(block).end = Some(value);
        value
    }

    /// Gives the new parameters their values. Returns the zeros that were made because nothing was defined on a way.
    pub fn finish(mut self, function: &mut Function) -> Vec<Value> {
        while let Some(block) = self.open.pop() {
            let mut last = None;
            for at in 0..self.repair.predecessors[block.0 as usize].len() {
                let from = self.repair.predecessors[block.0 as usize][at];
                // One with two edges here stands there twice and gives to both at once.
                if last.replace(from) == Some(from) {
                    continue;
                }
                let value = self.at_end(function, from);
                function.block_mut(from).end.targets_mut(|target| {
                    if target.block == block {
                        target.args.push(value);
                    }
                });
            }
        }
        self.undefined
    }
}

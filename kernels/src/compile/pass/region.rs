//! The loop nest as regions without cycles: what a loop holds itself, with each inner loop as one node.
//!
//! Nodes are in an order in which each comes before those it leads to, and all that a node dominates comes right behind
//! it. Only for reducible functions.

use crate::compile::ssa::order::{Dominators, Few, Loops, Order, predecessors};
use crate::compile::ssa::{BlockId, End, Function, Op};

/// In a set of targets: the thread's end.
pub const LEFT: BlockId = BlockId(u32::MAX);

/// The place of targets outside of a region.
pub const OUTSIDE: u32 = u32::MAX;

/// A step of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// A block.
    Block(BlockId),
    /// An inner loop, by the index of its region.
    Loop(u32),
}

/// The whole function (region 0), or a loop.
#[derive(Clone, Debug)]
pub struct Region {
    /// Where it is entered: the first node.
    pub header: BlockId,
    /// The region around it.
    pub parent: Option<u32>,
    /// In order.
    pub nodes: Vec<Node>,
    /// For each node the place of the nearest one that dominates it; the first one: its own.
    pub dominator: Vec<u32>,
    /// For each node: all threads that come to its dominator come to it, in the same round.
    pub rejoins: Vec<bool>,
    /// Where edges out of the region lead, each once.
    pub exits: Vec<BlockId>,
}

/// All regions of a function.
#[derive(Clone, Debug)]
pub struct Regions {
    /// Blocks in order.
    pub order: Order,
    /// Who dominates whom.
    pub dominators: Dominators,
    /// For each block those that lead to it.
    pub predecessors: Vec<Few>,
    /// Outer ones come before inner ones.
    pub all: Vec<Region>,
    /// For each block the innermost region that holds it.
    pub inner: Vec<u32>,
    /// For each block its place in the region where it is a node, or leads one.
    place: Vec<u32>,
}

impl Regions {
    /// Finds them; `None` if a cycle has two ways in.
    pub fn new(function: &Function) -> Option<Regions> {
        let order = Order::new(function);
        let dominators = Dominators::new(function, &order);
        let loops = Loops::new(function, &order, &dominators);
        if !loops.reducible {
            return None;
        }
        let count = function.blocks.len();
        let region = |header, parent| Region {
            header,
            parent,
            nodes: Vec::new(),
            dominator: Vec::new(),
            rejoins: Vec::new(),
            exits: Vec::new(),
        };
        let mut all = vec![region(BlockId(0), None)];
        all.extend(
            loops.all.iter().map(|one| region(one.header, Some(one.parent.map_or(0, |parent| parent + 1)))),
        );
        let inner = loops.of.iter().map(|of| of.map_or(0, |number| number + 1)).collect();
        let predecessors = predecessors(function, &order);
        let place = vec![0; count];
        let mut regions = Regions { order, dominators, predecessors, all, inner, place };
        regions.arrange();
        for number in (0..regions.all.len() as u32).rev() {
            regions.find_exits(function, number);
        }
        for number in 0..regions.all.len() as u32 {
            regions.find_rejoins(function, number);
        }
        Some(regions)
    }

    /// A region.
    pub fn region(&self, number: u32) -> &Region {
        &self.all[number as usize]
    }

    /// The block that leads a node.
    pub fn leader(&self, node: Node) -> BlockId {
        match node {
            Node::Block(block) => block,
            Node::Loop(region) => self.region(region).header,
        }
    }

    /// The region in which a block is a node or leads one.
    pub fn home(&self, block: BlockId) -> u32 {
        let inner = self.inner[block.0 as usize];
        match self.region(inner) {
            Region { header, parent: Some(parent), .. } if *header == block => *parent,
            _ => inner,
        }
    }

    /// The place of a leading block among the nodes of the region that is its home.
    pub fn place_at_home(&self, block: BlockId) -> u32 {
        self.place[block.0 as usize]
    }

    /// The place of a target as seen from inside a region: of a node, behind the last one for the way back to the header, or
    /// [`OUTSIDE`].
    pub fn place(&self, region: u32, target: BlockId) -> u32 {
        if target == LEFT {
            OUTSIDE
        } else if self.home(target) == region {
            self.place_at_home(target)
        } else if self.region(region).header == target {
            self.region(region).nodes.len() as u32
        } else {
            OUTSIDE
        }
    }

    /// Whether a region holds a block.
    pub fn contains(&self, region: u32, block: BlockId) -> bool {
        self.chain(block).any(|one| one == region)
    }

    /// The regions around a block, the innermost first.
    pub fn chain(&self, block: BlockId) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(self.inner[block.0 as usize]), |&one| self.region(one).parent)
    }

    /// The place of the node of a region that holds a block.
    fn node_place(&self, region: u32, block: BlockId) -> Option<u32> {
        let mut below = None;
        for one in self.chain(block) {
            if one == region {
                let leader = below.map_or(block, |inner| self.region(inner).header);
                let first = leader == self.region(region).header;
                return Some(if first { 0 } else { self.place_at_home(leader) });
            }
            below = Some(one);
        }
        None
    }

    /// Nodes of all regions, by walking down the tree of dominators.
    fn arrange(&mut self) {
        let children = self.dominators.children();
        let mut open = vec![BlockId(0)];
        while let Some(block) = open.pop() {
            let home = self.home(block);
            let inner = self.inner[block.0 as usize];
            let parent = self.dominators.parent[block.0 as usize];
            if inner != home {
                self.add(inner, Node::Block(block), None);
                self.add(home, Node::Loop(inner), parent);
            } else {
                self.add(home, Node::Block(block), parent);
            }
            // The last one of the list is next.
            let mut next = children[block.0 as usize].clone();
            next.sort_by_key(|&child| std::cmp::Reverse(self.order.of(child)));
            open.extend(next);
        }
    }

    fn add(&mut self, region: u32, node: Node, dominator: Option<BlockId>) {
        let place = self.region(region).nodes.len() as u32;
        let dominator = dominator.and_then(|block| self.node_place(region, block)).unwrap_or(place);
        let leader = self.leader(node);
        if self.home(leader) == region {
            self.place[leader.0 as usize] = place;
        }
        let own = &mut self.all[region as usize];
        own.nodes.push(node);
        own.dominator.push(dominator);
    }

    fn find_exits(&mut self, function: &Function, number: u32) {
        let mut exits = Vec::new();
        for at in 0..self.region(number).nodes.len() {
            for target in self.successors(function, self.region(number).nodes[at]) {
                let outside = self.place(number, target) == OUTSIDE;
                if outside && !exits.contains(&target) {
                    exits.push(target);
                }
            }
        }
        self.all[number as usize].exits = exits;
    }

    /// Where a node leads.
    pub fn successors(&self, function: &Function, node: Node) -> Vec<BlockId> {
        match node {
            Node::Block(block) => targets(function, block),
            Node::Loop(region) => self.region(region).exits.clone(),
        }
    }

    fn find_rejoins(&mut self, function: &Function, number: u32) {
        let region = self.region(number);
        let count = region.nodes.len() as u32;
        // For each node the nearest one that all threads come to from there; `count`: none.
        let mut behind = vec![count; count as usize + 1];
        for at in (0..count).rev() {
            let places: Vec<u32> = self
                .successors(function, region.nodes[at as usize])
                .into_iter()
                .map(|target| self.place(number, target).min(count))
                .collect();
            let meet = |mut a: u32, mut b: u32| {
                while a != b {
                    let lower = if a < b { &mut a } else { &mut b };
                    *lower = behind[*lower as usize];
                }
                a
            };
            behind[at as usize] = places.into_iter().reduce(meet).unwrap_or(count);
        }
        let rejoins = (0..count).map(|at| {
            let mut from = region.dominator[at as usize];
            while from < at {
                from = behind[from as usize];
            }
            at > 0 && from == at
        });
        self.all[number as usize].rejoins = rejoins.collect();
    }
}

/// Where a block leads; blocks that only end the thread are [`LEFT`].
pub fn targets(function: &Function, block: BlockId) -> Vec<BlockId> {
    let mut all = Vec::new();
    function.block(block).end.targets(|to| all.push(destination(function, to.block)));
    if all.is_empty() {
        all.push(LEFT);
    }
    all
}

/// A block, or [`LEFT`] if it does nothing but end the thread.
pub fn destination(function: &Function, block: BlockId) -> BlockId {
    let body = function.block(block);
    let idle = |op: &Op| op.is_pure();
    match body.end {
        End::Exit if body.insts.iter().all(|&inst| idle(&function.inst(inst).op)) => LEFT,
        _ => block,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::ssa::{Target, Type};

    /// A function of these edges; the condition of branches is block 0's first value.
    fn graph(edges: &[&[u32]]) -> Function {
        let mut function = Function::default();
        for _ in edges {
            function.add_block(0);
        }
        let inst = function.add_inst(Op::Const(1), &[], None, &[Type::I1], 0);
        function.block_mut(BlockId(0)).insts.push(inst);
        let condition = function.inst(inst).results[0];
        for (from, to) in (0..).zip(edges) {
            function.block_mut(BlockId(from)).end = match **to {
                [] => End::Exit,
                [one] => End::Jump(Target::to(BlockId(one))),
                [one, two] => End::Branch(condition, Target::to(BlockId(one)), Target::to(BlockId(two))),
                _ => unreachable!(),
            };
        }
        function
    }

    fn nodes(regions: &Regions, number: u32) -> Vec<String> {
        regions.region(number).nodes.iter().map(|node| format!("{node:?}")).collect()
    }

    #[test]
    fn a_loop_is_one_node_and_leaves_by_its_exits() {
        // 0 → 1 ⇄ 2, 1 → 3
        let regions = Regions::new(&graph(&[&[1], &[2, 3], &[1], &[]])).unwrap();
        assert_eq!(nodes(&regions, 0), ["Block(BlockId(0))", "Loop(1)", "Block(BlockId(3))"]);
        assert_eq!(nodes(&regions, 1), ["Block(BlockId(1))", "Block(BlockId(2))"]);
        assert_eq!(regions.region(1).exits, [LEFT]);
        assert_eq!(regions.region(0).rejoins, [false, true, false]);
        assert_eq!(regions.region(1).rejoins, [false, false]);
        assert_eq!(regions.place(1, BlockId(1)), 2);
    }

    #[test]
    fn what_a_node_dominates_comes_right_behind_it() {
        // 0 → 1 | 2, 1 → 3 | 4, both → 5, 2 → 5
        let regions = Regions::new(&graph(&[&[2, 1], &[3, 4], &[5], &[5], &[5], &[6], &[6]]))
            .unwrap_or_else(|| panic!());
        let all = nodes(&regions, 0);
        let at =
            |number: u32| all.iter().position(|one| *one == format!("Block(BlockId({number}))")).unwrap();
        assert_eq!(at(3).max(at(4)) - at(1), 2);
        assert!(regions.region(0).rejoins[at(5)] && !regions.region(0).rejoins[at(2)]);
    }

    #[test]
    fn two_ways_into_a_cycle_are_no_region() {
        assert!(Regions::new(&graph(&[&[1, 2], &[2], &[1, 3], &[]])).is_none());
    }
}

//! Walks the skeleton and writes masked code: edges, masks, skips, and the rounds of loops.

use std::collections::BTreeMap;

use super::body::Kept;
use super::plan::{Plan, Set, next};
use super::variable::{Key, Variables};
use crate::compile::pass::region::{LEFT, Node, Regions};
use crate::compile::pass::shape::Shapes;
use crate::compile::ssa::edit::{Builder, Renames};
use crate::compile::ssa::{BlockId, Def, End, Function, Op, Target, Type, Value};

/// What [`super::settle`] needs to know.
pub(super) struct Marks {
    /// Insts from this one on are new.
    pub(super) first_inst: usize,
    /// Blocks whose threads decide together how they go on, with the block's mask (as a copy of it).
    pub(super) kept: Vec<(BlockId, Value)>,
    /// Variables; by now only for what is nothing.
    pub(super) variables: Variables,
}

/// A way out of a region: a block whose jump is still open, and the targets of its threads.
type Way = (BlockId, Set);

/// A mask that is part of another one.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) of: Value,
    pub(super) condition: Value,
    pub(super) negated: bool,
}

pub(super) struct Emitter<'f> {
    pub(super) function: &'f mut Function,
    pub(super) regions: &'f Regions,
    pub(super) plan: &'f Plan,
    pub(super) shapes: &'f Shapes,
    pub(super) together: &'f [bool],
    pub(super) variables: Variables,
    pub(super) renames: Renames,
    pub(super) kept: Kept,
    /// For each block its mask.
    pub(super) mask: Vec<Option<Value>>,
    /// For each region the block in front of it, and the mask there.
    pub(super) front: Vec<Option<(BlockId, Value)>>,
    /// For each block whether its mask cannot be empty.
    pub(super) occupied: Vec<bool>,
    /// Masks of edges: by source and number.
    pub(super) edges: BTreeMap<(BlockId, usize), Value>,
    pub(super) parts: BTreeMap<Value, Part>,
    /// For each region and place the blocks that jump there.
    waiting: BTreeMap<(u32, u32), Vec<BlockId>>,
    pub(super) marks: Vec<(BlockId, Value)>,
}

/// Writes the masked function. Its shape is final but for blocks that do nothing.
pub(super) fn run(
    function: &mut Function,
    regions: &Regions,
    plan: &Plan,
    shapes: &Shapes,
    together: &[bool],
) -> Marks {
    let first_inst = function.insts.len();
    let blocks = function.blocks.len();
    let kept = Kept::new(function, regions, plan);
    let renames = Renames::new(function);
    let root = function.add_inst(Op::Entered, &[], None, &[Type::I1], 0);
    function.block_mut(BlockId(0)).insts.insert(0, root);
    let root = function.inst(root).results[0];
    let mut mask = vec![None; blocks];
    mask[0] = Some(root);
    let mut occupied = vec![false; blocks];
    occupied[0] = true;
    let mut emitter = Emitter {
        function,
        regions,
        plan,
        shapes,
        together,
        variables: Variables::default(),
        renames,
        kept,
        mask,
        front: vec![None; regions.all.len()],
        occupied,
        edges: BTreeMap::new(),
        parts: BTreeMap::new(),
        waiting: BTreeMap::new(),
        marks: Vec::new(),
    };
    for (block, _) in emitter.region(0) {
        emitter.function.block_mut(block).end = End::Exit;
    }
    let Emitter { mut variables, mut renames, marks, .. } = emitter;
    variables.resolve(function, &mut renames);
    renames.apply(function);
    let marks = marks.into_iter().map(|(block, mask)| (block, renames.get(mask))).collect();
    Marks { first_inst, kept: marks, variables }
}

impl Emitter<'_> {
    /// All nodes of a region; the ways out of it are left open.
    fn region(&mut self, region: u32) -> Vec<Way> {
        let mut ways = Vec::new();
        for place in 0..self.regions.region(region).nodes.len() as u32 {
            let node = self.regions.region(region).nodes[place as usize];
            let sources = self.waiting.remove(&(region, place)).unwrap_or_default();
            // The header is entered by whoever runs the region.
            if place > 0 && sources.is_empty() {
                continue;
            }
            match node {
                Node::Block(block) => {
                    if place > 0 {
                        let top = self.enter(region, place, block, sources, &mut ways);
                        self.take_params(block, top);
                    }
                    self.body(block);
                    self.end(region, place, block, &mut ways);
                }
                Node::Loop(inner) => self.rounds(region, place, inner, sources, &mut ways),
            }
        }
        ways
    }

    /// Leads those who come to a node to a block, past a test whether anybody comes at all if that pays. Gives the
    /// first block.
    fn enter(
        &mut self,
        region: u32,
        place: u32,
        to: BlockId,
        sources: Vec<BlockId>,
        ways: &mut Vec<Way>,
    ) -> BlockId {
        let leader = self.regions.leader(self.regions.region(region).nodes[place as usize]);
        let line = self.function.block(leader).line;
        let skip = !self.is_occupied(region, place) && self.pays(region, place);
        let top = if skip { self.function.add_block(line) } else { to };
        for source in sources {
            self.function.block_mut(source).end = End::Jump(Target::to(top));
        }
        let mask = self.mask_of_node(region, place, top);
        self.mask[leader.0 as usize] = Some(mask);
        self.occupied[leader.0 as usize] = skip || self.is_occupied(region, place);
        if skip {
            let past = self.function.add_block(line);
            let mut builder = Builder::new(self.function, top, line);
            let any = builder.op(Op::Any, &[mask], Type::I1);
            builder.end(End::Branch(any, Target::to(to), Target::to(past)));
            self.route(region, place, past, Set::new(), ways);
        }
        top
    }

    /// Sends a block's jump to the next of its targets and those that wait at a place of the region.
    pub(super) fn route(
        &mut self,
        region: u32,
        place: u32,
        source: BlockId,
        mut set: Set,
        ways: &mut Vec<(BlockId, Set)>,
    ) {
        set.extend(&self.plan.deferred[region as usize][place as usize]);
        match next(self.regions, region, &set) {
            None => ways.push((source, set)),
            Some((place, _)) => self.waiting.entry((region, place)).or_default().push(source),
        }
    }

    /// Parameters of a block become what the variables hold.
    fn take_params(&mut self, block: BlockId, top: BlockId) {
        let params = std::mem::take(&mut self.function.block_mut(block).params);
        for (place, param) in (0..).zip(params) {
            let value = self.read_param(block, place, param, top);
            self.function.values[param.0 as usize].1 = Def::Gone;
            self.renames.set(param, value);
        }
    }

    fn read_param(&mut self, block: BlockId, place: u16, param: Value, at: BlockId) -> Value {
        let key = Key::Param(block, place);
        if !self.variables.is_declared(key) {
            // Nobody wrote it: nobody comes.
            let ty = self.function.ty(param);
            return self.variables.nothing(self.function, ty);
        }
        self.variables.read(self.function, key, at)
    }

    /// A loop: what is in front of it, its body, the way back, and the ways out.
    fn rounds(&mut self, region: u32, place: u32, inner: u32, sources: Vec<BlockId>, ways: &mut Vec<Way>) {
        let header = self.regions.region(inner).header;
        let line = self.function.block(header).line;
        let front = self.function.add_block(line);
        let top = self.enter(region, place, front, sources, ways);
        let outer = self.mask[header.0 as usize].expect("a node that was entered has a mask");
        self.front[inner as usize] = Some((front, outer));
        let params = self.function.block(header).params.clone();
        let mut first: Vec<Value> =
            (0..).zip(&params).map(|(at, &param)| self.read_param(header, at, param, top)).collect();
        let pending = self.plan.pending[inner as usize].clone();
        if !pending.is_empty() {
            first.push(outer);
            let own = self.function.add_param(header, Type::I1);
            self.mask[header.0 as usize] = Some(own);
        }
        self.function.block_mut(front).end = End::Jump(Target::with(header, &first));
        for (at, &param) in (0..).zip(&params) {
            let ty = self.function.ty(param);
            self.variables.declare(Key::Next(header, at), ty, [header; 2]);
        }
        self.variables.declare(Key::Again(header), Type::I1, [header; 2]);

        let occupied = std::mem::replace(&mut self.occupied[header.0 as usize], true);
        let mut inside = self.region(inner);
        self.occupied[header.0 as usize] = occupied;
        inside.extend(self.way_back(inner, params.len() as u16, &pending));
        // To those around, the loop has the mask it was entered with.
        self.mask[header.0 as usize] = Some(outer);
        for (source, mut set) in inside {
            set.extend(&pending);
            self.route(region, place, source, set, ways);
        }
    }

    /// The end of a round. If threads leave one by one: goes on as long as anybody stays, and else out of the loop.
    fn way_back(&mut self, inner: u32, params: u16, pending: &Set) -> Option<Way> {
        let header = self.regions.region(inner).header;
        let end = self.regions.region(inner).nodes.len() as u32;
        let sources = self.waiting.remove(&(inner, end)).unwrap_or_default();
        let line = self.function.block(header).line;
        let back = self.function.add_block(line);
        for source in sources {
            self.function.block_mut(source).end = End::Jump(Target::to(back));
        }
        let mut args: Vec<Value> =
            (0..params).map(|at| self.variables.read(self.function, Key::Next(header, at), back)).collect();
        if pending.is_empty() {
            self.function.block_mut(back).end = End::Jump(Target::with(header, &args));
            return None;
        }
        let mask = self.variables.read(self.function, Key::Again(header), back);
        args.push(mask);
        let out = self.function.add_block(line);
        let mut builder = Builder::new(self.function, back, line);
        let any = builder.op(Op::Any, &[mask], Type::I1);
        builder.end(End::Branch(any, Target::with(header, &args), Target::to(out)));
        Some((out, Set::new()))
    }

    /// The mask of a node as it is entered.
    fn mask_of_node(&mut self, region: u32, place: u32, at: BlockId) -> Value {
        let leader = self.regions.leader(self.regions.region(region).nodes[place as usize]);
        match self.source_of_mask(region, place) {
            Source::Dominator => self.mask_of_dominator(region, place),
            Source::Edge(from, number) => self.edges[&(from, number)],
            Source::Variable if self.variables.is_declared(Key::Mask(leader)) => {
                self.variables.read(self.function, Key::Mask(leader), at)
            }
            Source::Variable => self.variables.nothing(self.function, Type::I1),
        }
    }

    /// The mask of the node that dominates another one.
    pub(super) fn mask_of_dominator(&self, region: u32, place: u32) -> Value {
        let own = self.regions.region(region);
        let leader = self.regions.leader(own.nodes[own.dominator[place as usize] as usize]);
        self.mask[leader.0 as usize].expect("a dominator comes first")
    }

    /// Where a node's mask comes from.
    pub(super) fn source_of_mask(&self, region: u32, place: u32) -> Source {
        let own = self.regions.region(region);
        if own.rejoins[place as usize] {
            return Source::Dominator;
        }
        let leader = self.regions.leader(own.nodes[place as usize]);
        let inner = match own.nodes[place as usize] {
            Node::Loop(inner) => Some(inner),
            Node::Block(_) => None,
        };
        let mut from = self.regions.predecessors[leader.0 as usize]
            .iter()
            .filter(|&&from| inner.is_none_or(|inner| !self.regions.contains(inner, from)));
        match (from.next(), from.next()) {
            (Some(&from), None) if self.regions.inner[from.0 as usize] == region => {
                let number = self.kept.targets[from.0 as usize].iter().position(|&to| to == leader);
                number.map_or(Source::Variable, |number| Source::Edge(from, number))
            }
            _ => Source::Variable,
        }
    }

    /// Whether a node's mask cannot be empty when it runs.
    fn is_occupied(&self, region: u32, place: u32) -> bool {
        if self.plan.deferred[region as usize][place as usize].is_empty() {
            return true;
        }
        let own = self.regions.region(region);
        match self.source_of_mask(region, place) {
            Source::Dominator => {
                let leader = self.regions.leader(own.nodes[own.dominator[place as usize] as usize]);
                self.occupied[leader.0 as usize]
            }
            Source::Edge(from, _) => self.together[from.0 as usize] && self.occupied[from.0 as usize],
            Source::Variable => false,
        }
    }

    /// Where a block leads, once its insts are done.
    fn end(&mut self, region: u32, place: u32, block: BlockId, ways: &mut Vec<Way>) {
        let end = std::mem::replace(&mut self.function.block_mut(block).end, End::Exit);
        let end = self.kept_in_end(block, end);
        let mask = self.mask[block.0 as usize].expect("a block that was entered has a mask");
        let mut all: Vec<Target> = Vec::new();
        end.targets(|to| all.push(to.clone()));
        let goal = |emitter: &Self, to: &Target| emitter.goal(to.block);
        if all.is_empty() {
            self.route(region, place, block, Set::from([LEFT]), ways);
        } else if all.len() == 1 {
            self.assign(block, (block, 0), &all[0], mask);
            let set = Set::from([goal(self, &all[0])]);
            self.route(region, place, block, set, ways);
        } else if self.together[block.0 as usize] {
            self.part_together(region, place, block, end, ways);
        } else {
            let masks = self.edge_masks(block, &end, mask);
            for (number, (to, mask)) in all.iter().zip(masks).enumerate() {
                self.assign(block, (block, number), to, mask);
            }
            let set = all.iter().map(|to| goal(self, to)).collect();
            self.route(region, place, block, set, ways);
        }
    }

    /// A branch that stays: each of its edges gets a block for what is written there.
    fn part_together(&mut self, region: u32, place: u32, block: BlockId, mut end: End, ways: &mut Vec<Way>) {
        let mask = self.mask[block.0 as usize].expect("a block that was entered has a mask");
        let line = self.function.block(block).line;
        let mut between = Vec::new();
        end.targets_mut(|to| {
            let new = self.function.add_block(line);
            between.push((new, std::mem::replace(to, Target::to(new))));
        });
        self.function.block_mut(block).end = end;
        let copy = Op::Compute(crate::ir::Compute::Copy);
        let copy = Builder::new(self.function, block, line).op(copy, &[mask], Type::I1);
        self.marks.push((block, copy));
        for (number, (new, to)) in between.into_iter().enumerate() {
            self.assign(new, (block, number), &to, mask);
            let set = Set::from([self.goal(to.block)]);
            self.route(region, place, new, set, ways);
        }
    }

    /// A target, or [`LEFT`].
    pub(super) fn goal(&self, to: BlockId) -> BlockId {
        if self.kept.ends[to.0 as usize] { LEFT } else { to }
    }
}

/// Where a mask comes from.
pub(super) enum Source {
    /// All threads of the node above come here.
    Dominator,
    /// The only edge, by source and number.
    Edge(BlockId, usize),
    /// Edges add to it.
    Variable,
}

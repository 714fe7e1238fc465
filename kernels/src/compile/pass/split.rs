//! From one value a thread to k vectors: masked code becomes the machine's.

use super::super::ssa::quick::{Map, Set};

use super::super::context::Context;
use super::super::ssa::order::{self, Dominators, Few, Order};
use super::super::ssa::{BlockId, End, Function, Inst, Op, Target as To, Type, Value};
use super::super::{Options, Refusal, Shape as Launch, Target};
use super::claims::{self, Claim};
use super::range::Ranges;
use super::shape::Shapes;
use super::split_build::Builder;
use super::split_facts::Facts;
use super::split_fast::Fast;
use super::split_float;
use super::split_loops::Loops;
use super::split_origin;
use super::split_plan::Plan;
use super::split_sink;
use super::split_steps::Steps;
use super::split_value::{Rep, Values};
use super::steps;
use crate::ir::compute::{Compute, Float};

/// Vector code, and what those who run it must know.
#[derive(Clone, Debug)]
pub struct Vectors {
    /// It.
    pub function: Function,
    /// Gangs and their frames.
    pub plan: Plan,
}

/// The work in progress.
pub struct Split<'f> {
    /// The masked function.
    pub from: &'f Function,
    /// How its values differ from thread to thread.
    pub shapes: Shapes,
    /// Between which numbers they lie.
    pub ranges: Ranges,
    /// What blocks make sure of before they start.
    pub claims: Vec<Claim>,
    /// How far apart vectors are.
    pub steps: Steps,
    /// Gangs and their frames.
    pub plan: Plan,
    /// The vector code.
    pub build: Builder,
    /// What became of each value.
    pub reps: Vec<Option<Rep>>,
    /// Of vectors whose values may be no run of numbers: those of the first lanes.
    pub firsts: Map<Value, Values>,
    /// Parameters of blocks whose lanes are always as far apart as those of a value outside.
    pub origins: Map<Value, Value>,
    /// Uniform values that are floats: they are vectors, as float arithmetic is.
    pub floats: Vec<bool>,
    /// Masks that are not empty.
    pub facts: Facts,
    /// The block of the masked function that is taken.
    pub block: BlockId,
    /// What is around the code of the kernel.
    pub loops: Loops,
    /// Fields of the context that are read at the start, by offset.
    pub fields: Map<usize, Value>,
    /// The masked function's blocks.
    pub blocks: Map<BlockId, BlockId>,
    /// Its blocks in order.
    pub order: Order,
    /// Which blocks can only be come to through which.
    pub dominators: Dominators,
    /// Who leads to each block.
    pub predecessors: Vec<Few>,
    /// Loops that are there twice, by their first blocks.
    pub fast: Map<BlockId, Fast>,
    /// Parameters that are masks with all threads of the gang.
    pub full: Set<Value>,
    /// Numbers that do not wrap around from the first thread of the gang to the last, as signed numbers or not.
    pub sure: Set<(Value, bool)>,
    /// The loop whose code without masks is made, and the first block of its ordinary code.
    pub inside: Option<(BlockId, BlockId)>,
    /// Of each block how many branches lead to it behind which code is there twice; `u8::MAX`: nothing more shall be.
    pub once: Vec<u8>,
    /// Of how many of them the code without masks is being made.
    pub inside_twice: u8,
}

/// The gangs that a masked function will have, and what is known of it as it is. Before it is decided which values live over
/// barriers: with one gang none have to.
pub fn plan(
    function: &Function,
    launch: &Launch,
    target: &Target,
    options: &Options,
) -> Result<(Plan, Known), Refusal> {
    let known = Known::new(function, launch, target, options);
    Ok((Plan::new(function, &known.shapes, launch, target, options)?, known))
}

/// Where all threads of each gang exist, nobody need ask who entered.
pub fn all_enter(function: &mut Function) {
    for inst in &mut function.insts {
        if inst.op == Op::Entered {
            inst.op = Op::Const(1);
        }
    }
}

/// What there is to know of the values of a masked function.
#[derive(Debug)]
pub struct Known {
    claims: Vec<Claim>,
    ranges: Ranges,
    shapes: Shapes,
}

impl Known {
    fn new(function: &Function, launch: &Launch, target: &Target, options: &Options) -> Known {
        let ranges = Ranges::new(function, launch);
        let shapes = Shapes::of_masked(function, launch, target.lanes, &ranges);
        // Checked accesses are slow anyway.
        let claims = if options.check { Vec::new() } else { claims::of(function, launch, &shapes, &ranges) };
        if claims.is_empty() {
            return Known { claims, ranges, shapes };
        }
        let ranges = Ranges::claimed(function, launch, &claims);
        let shapes = Shapes::of_masked(function, launch, target.lanes, &ranges);
        Known { claims, ranges, shapes }
    }

    /// How they differ from thread to thread.
    pub fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

/// Makes vector code of a masked function.
pub fn run(
    function: &Function,
    launch: &Launch,
    target: &Target,
    options: &Options,
) -> Result<Vectors, Refusal> {
    run_known(function, launch, target, options, Known::new(function, launch, target, options))
}

/// The same where all is known of the function already.
pub fn run_known(
    function: &Function,
    launch: &Launch,
    target: &Target,
    options: &Options,
    known: Known,
) -> Result<Vectors, Refusal> {
    let Known { claims, ranges, shapes } = known;
    let plan = Plan::new(function, &shapes, launch, target, options)?;
    let forms = steps::of(function, &claims, &shapes, &ranges, &plan);
    let order = Order::new(function);
    let dominators = Dominators::new(function, &order);
    let mut split = Split {
        from: function,
        fast: Map::default(),
        full: Set::default(),
        sure: Set::default(),
        inside: None,
        ranges,
        steps: Steps::default(),
        claims,
        floats: floats(function, &order),
        facts: Facts::new(function, &order, &dominators),
        predecessors: order::predecessors(function, &order),
        once: vec![0; function.blocks.len()],
        inside_twice: 0,
        dominators,
        reps: vec![None; function.values.len()],
        firsts: Map::default(),
        origins: split_origin::all(function, &shapes, &order),
        shapes,
        build: Builder::new(&function.name),
        block: BlockId(0),
        loops: Loops::default(),
        fields: Map::default(),
        blocks: Map::default(),
        plan,
        order,
    };
    split.build.to.local_bytes = function.local_bytes;
    split.open()?;
    split.make_places()?;
    split.learn_steps(forms)?;
    split.fast = split.fast_loops();
    split.ways_of_slots();
    split.all_blocks()?;
    split_sink::run(&mut split.build.to);
    Ok(Vectors { function: split.build.to, plan: split.plan })
}

impl Split<'_> {
    /// The blocks of the kernel.
    fn all_blocks(&mut self) -> Result<(), Refusal> {
        let all = self.order.blocks.clone();
        all.iter().for_each(|&id| self.add_block(id));
        self.add_fast();
        self.enter();
        all.iter().try_for_each(|&id| {
            self.fast_loop(id)?;
            self.one_block(id)
        })
    }

    /// A block of vector code for one of the kernel.
    pub fn add_block(&mut self, id: BlockId) {
        self.build.line = self.from.block(id).line;
        let block = self.build.block();
        self.blocks.insert(id, block);
        for &param in &self.from.block(id).params {
            if self.full.contains(&param) {
                continue;
            }
            for ty in self.passed_types(self.way(param), self.from.ty(param)) {
                self.build.to.add_param(block, ty);
            }
        }
        self.receive(id);
    }

    /// The parameters of a block of the kernel are those of its block in vector code.
    pub fn receive(&mut self, id: BlockId) {
        let mark = self.build.mark();
        let here = std::mem::replace(&mut self.build.at, self.blocks[&id]);
        let mut values = &self.build.to.block(self.blocks[&id]).params.clone()[..];
        for &param in &self.from.block(id).params {
            if self.full.contains(&param) {
                let all = self.build.same(Type::I1, 1);
                self.set(param, Rep::Scalar(all));
                continue;
            }
            let way = self.way(param);
            let (own, rest) = values.split_at(self.passed_types(way, self.from.ty(param)).len());
            values = rest;
            let rep = self.received(way, own);
            self.set(param, rep);
        }
        self.build.forget(mark);
        self.build.at = here;
    }

    /// What a block of the kernel does.
    pub fn one_block(&mut self, id: BlockId) -> Result<(), Refusal> {
        let mark = self.build.mark();
        self.build.at = self.blocks[&id];
        self.block = id;
        for &inst in &self.from.block(id).insts {
            self.build.line = self.from.inst(inst).line;
            self.one_inst(self.from.inst(inst))?;
        }
        self.build.line = self.from.block(id).line;
        self.end_of(id)?;
        self.build.forget(mark);
        Ok(())
    }

    /// What an inst of the kernel does.
    pub fn one_inst(&mut self, inst: &Inst) -> Result<(), Refusal> {
        match &inst.op {
            Op::Const(number) => {
                let scalar = self.build.same(self.from.ty(inst.results[0]), *number);
                self.set(inst.results[0], Rep::Scalar(scalar));
                Ok(())
            }
            Op::Compute(compute) => self.compute(inst, *compute),
            op if split_float::is_one(op) => {
                self.float_op(inst);
                Ok(())
            }
            Op::Special(special) => self.special(inst.results[0], *special),
            Op::Load(access) => self.load(inst, access),
            Op::Store(access) => self.store(inst, access),
            Op::Atomic { access, op, align } => self.atomic(inst, access, *op, *align),
            Op::Fence => {
                self.build.effect(Op::Fence, &[], None, &[]);
                Ok(())
            }
            // Lanes of a gang are together anyway.
            Op::WarpBarrier => Ok(()),
            Op::Barrier | Op::BarrierReduce { .. } => self.barrier(inst),
            Op::Shuffle(_) | Op::Vote { .. } | Op::Match { .. } | Op::Reduce(..) | Op::ActiveMask => {
                self.warp(inst)
            }
            Op::IsSpace(space) => self.is_space(inst, *space),
            Op::ToGeneric(space) => self.to_generic(inst, *space, false),
            Op::FromGeneric(space) => self.to_generic(inst, *space, true),
            Op::Runtime(_) | Op::Matrix(_) | Op::Trap | Op::NoTarget => self.runtime(inst),
            Op::Entered => {
                self.entered(inst.results[0]);
                Ok(())
            }
            Op::Any => {
                let any = match self.rep(inst.args[0]).clone() {
                    Rep::Scalar(scalar) => scalar,
                    _ => {
                        let masks = self.full(inst.args[0]);
                        self.build.any(&masks)
                    }
                };
                self.set(inst.results[0], Rep::Scalar(any));
                Ok(())
            }
            Op::Count => {
                let masks = self.full(inst.args[0]);
                let sum = self.count_lanes(&masks);
                self.set(inst.results[0], Rep::Scalar(sum));
                Ok(())
            }
            Op::Total(slot) => {
                self.total(inst.results[0], *slot);
                Ok(())
            }
            Op::Save(slot) => {
                self.save(inst.args[0], *slot);
                Ok(())
            }
            Op::Restore(slot) => {
                self.restore(inst.results[0], *slot);
                Ok(())
            }
            other => Err(Refusal::new(inst.line, format!("{other} in masked code"))),
        }
    }

    /// The end of a block of the kernel.
    fn end_of(&mut self, id: BlockId) -> Result<(), Refusal> {
        if self.fast_end(id)? {
            return Ok(());
        }
        let block = self.from.block(id);
        let mut back = false;
        block.end.targets(|to| back |= self.order.of(to.block) <= self.order.of(id));
        let end = match &block.end {
            End::Jump(to) => End::Jump(self.target(to)?),
            End::Branch(condition, yes, no) => {
                self.twice(id, *condition, yes)?;
                let condition = self.scalar(*condition);
                let (yes, no) = (self.target(yes)?, self.target(no)?);
                self.build.choose(condition, yes, no)
            }
            End::Switch(index, all) => {
                let index = self.scalar(*index);
                End::Switch(index, all.iter().map(|to| self.target(to)).collect::<Result<_, _>>()?)
            }
            End::Exit => self.exit(),
            End::Yield(number) => {
                let to = self.from.resumes.get(*number as usize);
                let to = *to.ok_or_else(|| Refusal::new(block.line, "a barrier leads nowhere"))?;
                back |= self.plan.gangs == 1 && self.order.of(to) <= self.order.of(id);
                self.wait(*number, to)
            }
            End::Return(_) => return Err(Refusal::new(block.line, "masked code does not return")),
        };
        if back {
            self.build.effect(Op::Poll, &[], None, &[]);
        }
        self.build.end(end);
        Ok(())
    }

    /// Where a jump goes, with what its block wants.
    pub fn target(&mut self, to: &To) -> Result<To, Refusal> {
        Ok(self.fast_target(to)?.unwrap_or_else(|| self.plain_target(to)))
    }

    /// The same, if nobody chooses between a loop with and one without masks.
    pub fn plain_target(&mut self, to: &To) -> To {
        let params = &self.from.block(to.block).params;
        let mut args = smallvec::SmallVec::new();
        for (&param, &arg) in params.iter().zip(&to.args) {
            if self.full.contains(&param) {
                continue;
            }
            let way = self.way(param);
            args.extend(self.passed(way, arg));
        }
        To { block: self.blocks[&to.block], args }
    }

    /// A field of the context that does not change while the kernel runs, read once.
    pub fn field(&mut self, offset: usize, bytes: u8) -> Value {
        if let Some(&value) = self.fields.get(&offset) {
            return value;
        }
        let here = std::mem::replace(&mut self.build.at, BlockId(0));
        let value = self.build.field(self.loops.context, offset, bytes);
        self.build.at = here;
        self.fields.insert(offset, value);
        value
    }

    /// Where a space starts.
    pub fn start_of(&mut self, field: Field) -> Value {
        self.field(field.offset(), 8)
    }

    /// Runs `body` if a condition holds; its values then, or else the others.
    pub fn when(
        &mut self,
        condition: Value,
        body: impl FnOnce(&mut Self) -> Result<Values, Refusal>,
        otherwise: impl FnOnce(&mut Self) -> Result<Values, Refusal>,
    ) -> Result<Values, Refusal> {
        match self.build.constant(condition) {
            Some(0) => return otherwise(self),
            Some(_) => return body(self),
            None => {}
        }
        let (yes, no, join) = (self.build.block(), self.build.block(), self.build.block());
        self.build.end(End::Branch(condition, To::to(yes), To::to(no)));
        let mark = self.build.mark();
        self.build.at = yes;
        let given = body(self)?;
        self.build.end(End::Jump(To::with(join, &given)));
        self.build.forget(mark);
        self.build.at = no;
        let others = otherwise(self)?;
        self.build.end(End::Jump(To::with(join, &others)));
        self.build.forget(mark);
        self.build.at = join;
        let types: Vec<Type> = given.iter().map(|&value| self.build.ty(value)).collect();
        Ok(types.into_iter().map(|ty| self.build.to.add_param(join, ty)).collect())
    }

    /// The same for what gives no values.
    pub fn only_when(
        &mut self,
        condition: Value,
        body: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let nothing = |_: &mut Self| Ok(Values::new());
        self.when(condition, |split| body(split).map(|()| Values::new()), nothing).map(|_| ())
    }
}

/// Addresses in the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    Parameters,
    Shared,
    SharedBytes,
    Local,
    LocalStride,
    Frames,
}

impl Field {
    fn offset(self) -> usize {
        match self {
            Field::Parameters => std::mem::offset_of!(Context, parameters),
            Field::Shared => std::mem::offset_of!(Context, shared),
            Field::SharedBytes => std::mem::offset_of!(Context, shared_bytes),
            Field::Local => std::mem::offset_of!(Context, local),
            Field::LocalStride => std::mem::offset_of!(Context, local_stride),
            Field::Frames => std::mem::offset_of!(Context, frames),
        }
    }
}

/// Which values are floats by who makes them: results of float arithmetic, and what is chosen from those.
fn floats(function: &Function, order: &Order) -> Vec<bool> {
    let mut floats = vec![false; function.values.len()];
    let mut again = true;
    while again {
        again = false;
        for &id in &order.blocks {
            let block = function.block(id);
            for &inst in &block.insts {
                let inst = function.inst(inst);
                let chosen = |floats: &[bool]| inst.args.iter().take(2).any(|arg| floats[arg.0 as usize]);
                let float = match inst.op {
                    Op::Compute(Compute::Float(op, ..)) => !is_test(op),
                    Op::Compute(Compute::Convert(to)) => to.to.float(),
                    Op::Compute(Compute::Copy | Compute::Select | Compute::SelectSign(..)) => chosen(&floats),
                    ref op => split_float::is_one(op),
                };
                if !float {
                    continue;
                }
                let own = &mut floats[inst.results[0].0 as usize];
                again |= float && !std::mem::replace(own, float);
            }
            block.end.targets(|to| {
                for (&param, arg) in function.block(to.block).params.iter().zip(&to.args) {
                    let float = floats[arg.0 as usize] && function.ty(param) != Type::I1;
                    again |= float && !std::mem::replace(&mut floats[param.0 as usize], true);
                }
            });
        }
    }
    floats
}

fn is_test(op: Float) -> bool {
    use Float::{IsFinite, IsInfinite, IsNan, IsNormal, IsNumber, IsSubnormal};
    matches!(op, IsFinite | IsInfinite | IsNumber | IsNan | IsNormal | IsSubnormal)
}

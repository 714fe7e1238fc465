//! The walk over a function from its end to its start, and the result of selection.

use iced_x86::Code;
use regalloc2::{Block, Operand, VReg};
use smallvec::{SmallVec, smallvec};

use super::super::ssa::{BlockId, End, Function, InstId, Op, Type, Value};
use super::super::{Refusal, Target};
use super::layout::{self, Layout};
use super::machine::{Machine, RDX, RSI, VECTOR, View};
use super::pool::Pool;
use super::select::{Body, Node, Select};
use super::{atomic, flow, lanes, memory, scalar, vector, vector_special};

/// A function of machine instructions.
#[derive(Debug)]
pub struct Selected {
    /// In the order of the code.
    pub blocks: Vec<MachineBlock>,
    /// In order.
    pub nodes: Vec<Node>,
    /// Registers given out.
    pub registers: u32,
    /// Constants.
    pub pool: Pool,
    /// Targets of each table of a switch.
    pub tables: Vec<Vec<u32>>,
    /// Bytes of the frame that bundles use.
    pub scratch_bytes: u32,
}

/// A block of them.
#[derive(Debug, Default)]
pub struct MachineBlock {
    /// The first of its nodes.
    pub first: u32,
    /// The one behind its last.
    pub end: u32,
    /// Registers that those who come here give.
    pub params: Vec<VReg>,
    /// Where it goes.
    pub successors: SmallVec<[Block; 2]>,
    /// What it gives to each of them.
    pub args: SmallVec<[Vec<VReg>; 2]>,
    /// Who comes here.
    pub predecessors: Vec<Block>,
    /// Loops around it.
    pub depth: u32,
}

/// Selects all that is needed.
pub fn run(function: &Function, target: &Target) -> Result<Selected, Refusal> {
    let layout = layout::run(function);
    let mut s = Select::new(function, target);
    number(&mut s, &layout);
    let mut blocks: Vec<MachineBlock> = layout.order.iter().map(|_| MachineBlock::default()).collect();
    let mut reversed = Vec::with_capacity(layout.order.len() + count_insts(function, &layout));
    for (at, &id) in layout.order.iter().enumerate().rev() {
        s.home = at as u32;
        let block = &mut blocks[at];
        block.depth = layout.depth[id.0 as usize];
        s.depth = block.depth;
        block.end = reversed.len() as u32;
        select_end(&mut s, &layout, id, block)?;
        for &inst in function.block(id).insts.iter().rev() {
            s.epoch = s.epochs[inst.0 as usize];
            select(&mut s, inst)?;
            s.finish_inst();
        }
        block.params = function.block(id).params.iter().map(|&param| s.result(param)).collect();
        s.finish_block(&mut reversed);
        if at == 0 {
            reversed.push(entry(&mut s));
        }
        blocks[at].first = reversed.len() as u32;
    }
    let count = reversed.len() as u32;
    reversed.reverse();
    for at in 0..blocks.len() {
        let block = &mut blocks[at];
        (block.first, block.end) = (count - block.first, count - block.end);
        for successor in std::mem::take(&mut block.successors) {
            blocks[successor.index()].predecessors.push(Block::new(at));
            blocks[at].successors.push(successor);
        }
    }
    let Select { pool, tables, scratch_bytes, count: registers, .. } = s;
    Ok(Selected { blocks, nodes: reversed, registers, pool, tables, scratch_bytes })
}

fn count_insts(function: &Function, layout: &Layout) -> usize {
    layout.order.iter().map(|&id| function.block(id).insts.len()).sum()
}

/// Counts uses, and numbers places by what was written before them.
fn number(s: &mut Select<'_>, layout: &Layout) {
    let function = s.function;
    let mut epoch = 0;
    for &id in &layout.order {
        epoch += 1;
        let block = function.block(id);
        for &inst in &block.insts {
            s.epochs[inst.0 as usize] = epoch;
            s.homes[inst.0 as usize] = layout.place[id.0 as usize];
            let inst = function.inst(inst);
            let writes = !matches!(inst.op, Op::Load(_) | Op::Gather { .. }) && inst.op.touches_memory();
            epoch += u32::from(writes);
            if inst.results.len() == 1 && s.is_copy(inst.results[0]) {
                continue;
            }
            inst.uses(|value| s.count_use(value));
        }
        let mut used = |value| s.count_use(value);
        block.end.condition().into_iter().for_each(&mut used);
        block.end.targets(|target| target.args.iter().copied().for_each(&mut used));
        s.ends.push(epoch);
        let made = block.insts.iter().flat_map(|&inst| &function.inst(inst).results).chain(&block.params);
        made.for_each(|value| s.depths[value.0 as usize] = layout.depth[id.0 as usize]);
        block.end.targets(|target| {
            for (arg, &param) in target.args.iter().zip(&function.block(target.block).params) {
                let arg = s.origin(*arg);
                s.becomes[arg.0 as usize] = Some(param);
            }
        });
    }
}

fn select_end(
    s: &mut Select<'_>,
    layout: &Layout,
    id: BlockId,
    block: &mut MachineBlock,
) -> Result<(), Refusal> {
    s.epoch = s.ends[layout.place[id.0 as usize] as usize];
    let source = s.function.block(id);
    let mut copies = Vec::new();
    source.end.targets(|target| {
        block.successors.push(Block::new(layout.place[target.block.0 as usize] as usize));
        let mut give = |&arg: &Value| {
            if !leaves_loop(s, id, layout, arg) {
                return s.reg(arg);
            }
            copies.push((arg, s.fresh(VECTOR)));
            copies[copies.len() - 1].1
        };
        block.args.push(target.args.iter().map(&mut give).collect());
    });
    match &source.end {
        End::Jump(_) => s.push_node(Node { body: Body::Jump, operands: smallvec![], calls: false }),
        End::Branch(condition, ..) => flow::branch(s, *condition),
        End::Switch(index, _) => flow::switch(s, *index, block),
        End::Return(value) => flow::leave(s, *value),
        End::Exit | End::Yield(_) => return Err(Refusal::new(source.line, "no vector code")),
    }
    s.finish_inst();
    for (arg, to) in copies {
        let from = s.reg(arg);
        s.push(Machine::new(Code::EVEX_Vmovdqa64_zmm_k1z_zmmm512).def(View::Z, to).reg(View::Z, from));
    }
    s.finish_inst();
    Ok(())
}

/// Whether a jump that leaves a loop gives a vector of the loop to somebody. It goes in a register of its own then: the
/// allocator would keep it in one place with what becomes of it behind the loop, and if registers are scarce there, that place
/// is in memory for the loop too. A copy costs an instruction of no time.
fn leaves_loop(s: &Select<'_>, id: BlockId, layout: &Layout, arg: Value) -> bool {
    let jumps = matches!(s.function.block(id).end, End::Jump(_));
    let whole = matches!(s.ty(arg), Type::V { .. });
    jumps && whole && s.depths[s.origin(arg).0 as usize] > layout.depth[id.0 as usize]
}

/// Where the arguments come in; one that nobody asked for needs no register.
fn entry(s: &mut Select<'_>) -> Node {
    let places = [RSI, RDX];
    let given = s.arguments.iter().zip(places);
    let operands = given.filter_map(|(register, place)| Some(Operand::reg_fixed_def((*register)?, place)));
    Node { body: Body::Entry, operands: operands.collect(), calls: false }
}

fn select(s: &mut Select<'_>, id: InstId) -> Result<(), Refusal> {
    let inst = s.inst(id);
    if !inst.op.has_effect() && !inst.results.iter().any(|&result| s.is_wanted(result)) {
        return Ok(());
    }
    let scalar = |s: &Select<'_>| inst.args.iter().chain(&inst.results).all(|&value| s.ty(value).is_scalar());
    match &inst.op {
        Op::Compute(compute) if scalar(s) => scalar::compute(s, id, *compute),
        Op::Compute(compute) => vector::compute(s, id, *compute),
        Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_) => {
            vector_special::select(s, id)
        }
        Op::Load(access) => memory::load(s, id, access),
        Op::Store(access) => memory::store(s, id, access),
        Op::Gather { .. } | Op::Scatter { .. } => memory::lanes(s, id),
        Op::Atomic { .. } | Op::AtomicLanes { .. } | Op::Fence => atomic::select(s, id),
        Op::Call(call) => flow::call(s, id, *call),
        Op::Poll => {
            flow::poll(s);
            Ok(())
        }
        Op::Prefetch(writes) => {
            memory::prefetch(s, id, *writes);
            Ok(())
        }
        Op::Broadcast | Op::Extract(_) | Op::Half(_) | Op::Join | Op::MaskBits | Op::BitsMask => {
            lanes::select(s, id)
        }
        Op::MaskAny | Op::MaskAll | Op::Permute | Op::Permute2 => lanes::select(s, id),
        other => Err(s.refuse(id, format_args!("{other:?}"))),
    }
}

/// Lanes of a vector or a mask.
pub fn lanes_of(ty: Type) -> u8 {
    match ty {
        Type::V { lanes, .. } | Type::M { lanes } => lanes,
        _ => 1,
    }
}

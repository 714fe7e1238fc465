//! Registers for machine instructions, by regalloc2.

use std::cell::RefCell;

use regalloc2::{
    Algorithm, Block, Ctx, Function, Inst, InstRange, MachineEnv, Operand, Output, PReg, PRegSet,
    RegAllocError, RegClass, RegallocOptions, VReg,
};

use super::machine::{INT, MASK, VECTOR};
use super::select::Body;
use super::walk::Selected;

/// Nodes above which the quick algorithm is taken: the other one's time grows faster than the code.
pub const MANY: usize = 20_000;

/// Nodes above which the memory that was worked in is given back.
const LARGE: usize = 4_000;

/// General registers that a called function keeps.
pub const KEPT: [usize; 6] = [3, 5, 12, 13, 14, 15];

/// r15, the context.
pub const CONTEXT: usize = 15;

/// rsp.
const STACK: usize = 4;

impl Function for Selected {
    fn num_insts(&self) -> usize {
        self.nodes.len()
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        let block = &self.blocks[block.index()];
        InstRange::new(Inst::new(block.first as usize), Inst::new(block.end as usize))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].successors
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].predecessors
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.blocks[block.index()].params
    }

    fn is_ret(&self, inst: Inst) -> bool {
        matches!(self.nodes[inst.index()].body, Body::Return)
    }

    fn is_branch(&self, inst: Inst) -> bool {
        matches!(self.nodes[inst.index()].body, Body::Jump | Body::Branch(_) | Body::Table)
    }

    fn branch_blockparams(&self, block: Block, _: Inst, successor: usize) -> &[VReg] {
        &self.blocks[block.index()].args[successor]
    }

    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        &self.nodes[inst.index()].operands
    }

    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        if !self.nodes[inst.index()].calls {
            return PRegSet::empty();
        }
        let mut set = PRegSet::empty();
        // rax is the call's result.
        (1..16).filter(|at| *at != STACK && !KEPT.contains(at)).for_each(|at| set.add(PReg::new(at, INT)));
        (0..32).for_each(|at| set.add(PReg::new(at, VECTOR)));
        (1..8).for_each(|at| set.add(PReg::new(at, MASK)));
        set
    }

    fn num_vregs(&self) -> usize {
        self.registers as usize
    }

    fn spillslot_size(&self, class: RegClass) -> usize {
        if class == VECTOR { 8 } else { 1 }
    }
}

/// The registers there are.
pub fn environment() -> MachineEnv {
    let set = |class, all: &[usize]| {
        all.iter().fold(PRegSet::empty(), |mut set, &at| {
            set.add(PReg::new(at, class));
            set
        })
    };
    let free: Vec<usize> = (0..16).filter(|at| *at != STACK && !KEPT.contains(at)).collect();
    let kept: Vec<usize> = KEPT.iter().copied().filter(|&at| at != CONTEXT).collect();
    let vectors: Vec<usize> = (0..32).collect();
    let masks: Vec<usize> = (1..8).collect();
    MachineEnv {
        preferred_regs_by_class: [set(INT, &free), set(MASK, &masks), set(VECTOR, &vectors)],
        non_preferred_regs_by_class: [set(INT, &kept), PRegSet::empty(), PRegSet::empty()],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    }
}

thread_local! {
    /// What the allocator works in, from one function to the next: asking for memory again takes a tenth of its time.
    static ROOM: RefCell<Ctx> = RefCell::default();
}

/// Gives every operand its place, well or quickly.
pub fn run(selected: &Selected, quick: bool) -> Result<Output, RegAllocError> {
    let algorithm = if quick { Algorithm::Fastalloc } else { Algorithm::Ion };
    let options = RegallocOptions { verbose_log: false, validate_ssa: cfg!(debug_assertions), algorithm };
    let environment = environment();
    let output = ROOM.with_borrow_mut(|room| {
        let done = regalloc2::run_with_ctx(selected, &environment, &options, room).map(|_| ());
        let output = std::mem::take(&mut room.output);
        if done.is_err() || selected.nodes.len() > LARGE {
            *room = Ctx::default();
        }
        done.map(|()| output)
    })?;
    if cfg!(debug_assertions) {
        check(selected, &environment, &output);
    }
    Ok(output)
}

/// Panics if an operand would not hold the value it should.
fn check(selected: &Selected, environment: &MachineEnv, output: &Output) {
    let mut checker = regalloc2::checker::Checker::new(selected, environment);
    checker.prepare(output);
    checker.run().expect("the allocator keeps values apart");
}

//! The whole function as bytes: prologue, blocks with the allocator's moves, ways out, fix-ups of faults, constants.

use std::mem::offset_of;

use iced_x86::{Code as Opcode, Instruction, OpKind, Register};
use regalloc2::{Allocation, Edit, Inst, InstPosition, Output, ProgPoint};

use super::super::code::{Left, Site};
use super::super::context::Context;
use super::encode::{Assembler, Danger, Lanes, Place};
use super::frame::Frame;
use super::machine::Step;
use super::select::Body;
use super::walk::Selected;

/// What the heads of loops are aligned to.
const LOOP_ALIGN: u32 = 32;

/// `mov eax, imm32`
const MOV_EAX: u8 = 0xb8;
/// `mov ecx, imm32`
const MOV_ECX: u8 = 0xb9;

/// The bytes of a function and what is known of them.
pub struct Assembled {
    /// Code and constants.
    pub bytes: Vec<u8>,
    /// What may fault.
    pub sites: Vec<Site>,
    /// How many instructions, without the ways out.
    pub instructions: u32,
}

struct State<'a> {
    code: Assembler,
    selected: &'a Selected,
    output: &'a Output,
    frame: &'a Frame,
    /// The place of the first block.
    blocks: Place,
    /// Where each block's code really is: behind those that are empty.
    forward: Vec<u32>,
    /// Of each way out the code that sets the result.
    leaves: [Option<Place>; 4],
    epilogue: Place,
    /// Moves not made yet.
    edit: usize,
}

/// Encodes it all; the reason if an instruction cannot be.
pub fn run(selected: &Selected, output: &Output, frame: &Frame) -> Result<Assembled, String> {
    let mut code = Assembler::new(selected.nodes.len());
    let blocks = code.places(selected.blocks.len());
    let epilogue = code.place();
    code.constants = (0..selected.pool.len()).map(|_| code.place()).collect();
    code.tables = selected.tables.iter().map(|_| code.place()).collect();
    let forward = forward(selected, output);
    let leaves = [None; 4];
    let mut state = State { code, selected, output, frame, blocks, forward, leaves, epilogue, edit: 0 };
    state.prologue();
    for block in 0..selected.blocks.len() {
        state.block(block);
    }
    let instructions = state.code.count;
    let sites = state.ways_out();
    state.tables();
    let State { mut code, .. } = state;
    selected.pool.place(&mut code);
    match code.error.take() {
        Some(error) => Err(error),
        None => Ok(Assembled { bytes: code.finish(), sites, instructions }),
    }
}

/// Of each block the one that it only jumps to, or itself.
fn forward(selected: &Selected, output: &Output) -> Vec<u32> {
    let moves = |at: u32| {
        let point = |(point, _): &(ProgPoint, Edit)| point.inst().index() < at as usize;
        let first = output.edits.partition_point(point);
        output.edits.get(first).is_some_and(|(point, _)| point.inst().index() == at as usize)
    };
    let mut forward: Vec<u32> = (0..selected.blocks.len() as u32).collect();
    for (at, block) in selected.blocks.iter().enumerate().rev() {
        let alone = block.end - block.first == 1;
        let jumps = alone && matches!(selected.nodes[block.first as usize].body, Body::Jump);
        let Some(to) = block.successors.first().map(|to| to.index()).filter(|_| jumps) else { continue };
        // Backwards only to where something is done, so that a loop of nothing stays one.
        let target = &selected.blocks[to];
        if !moves(block.first) && (to > at || target.end - target.first > 1) {
            forward[at] = forward[to];
        }
    }
    forward
}

impl State<'_> {
    fn prologue(&mut self) {
        for &register in &self.frame.kept {
            self.simple(Opcode::Push_r64, &[register]);
        }
        self.simple(Opcode::Mov_r64_rm64, &[Register::R15, Register::RDI]);
        self.store_context(Opcode::Mov_rm64_r64, offset_of!(Context, stack), Register::RSP);
        if self.frame.bytes > 0 {
            self.number(
                Opcode::Sub_rm64_imm32,
                Register::RSP,
                OpKind::Immediate32to64,
                self.frame.bytes.into(),
            );
        }
        self.number(Opcode::And_rm64_imm8, Register::RSP, OpKind::Immediate8to64, -64);
    }

    fn simple(&mut self, code: Opcode, registers: &[Register]) {
        let mut instruction = Instruction::default();
        instruction.set_code(code);
        for (at, &register) in (0..).zip(registers) {
            instruction.set_op_register(at, register);
        }
        self.code.instruction(&instruction);
    }

    fn number(&mut self, code: Opcode, register: Register, form: OpKind, number: i64) {
        let mut instruction = Instruction::default();
        instruction.set_code(code);
        instruction.set_op0_register(register);
        instruction.set_op1_kind(form);
        super::encode::set_immediate(&mut instruction, form, number);
        self.code.instruction(&instruction);
    }

    fn context(&mut self, code: Opcode, operand: u32, offset: usize, other: Register) {
        let mut instruction = Instruction::default();
        instruction.set_code(code);
        instruction.set_op_kind(operand, OpKind::Memory);
        instruction.set_memory_base(Register::R15);
        instruction.set_memory_displ_size(1);
        instruction.set_memory_displacement64(offset as u64);
        instruction.set_op_register(1 - operand, other);
        self.code.instruction(&instruction);
    }

    fn store_context(&mut self, code: Opcode, offset: usize, from: Register) {
        self.context(code, 0, offset, from);
    }

    /// The place of a block's code.
    fn to(&self, block: usize) -> Place {
        Place(self.blocks.0 + self.forward[block])
    }

    fn block(&mut self, at: usize) {
        if self.forward[at] != at as u32 {
            return;
        }
        let block = &self.selected.blocks[at];
        if block.predecessors.iter().any(|from| from.index() >= at) {
            self.code.align(LOOP_ALIGN);
        }
        let place = self.to(at);
        self.code.here(place);
        for node in block.first..block.end {
            let inst = Inst::new(node as usize);
            self.moves(ProgPoint::new(inst, InstPosition::Before));
            self.node(at, inst);
            self.moves(ProgPoint::new(inst, InstPosition::After));
        }
    }

    fn moves(&mut self, until: ProgPoint) {
        while let Some((point, Edit::Move { from, to })) = self.output.edits.get(self.edit) {
            if *point > until {
                break;
            }
            self.code.transfer(*from, *to, self.frame);
            self.edit += 1;
        }
    }

    fn node(&mut self, block: usize, inst: Inst) {
        let (selected, output) = (self.selected, self.output);
        let places = output.inst_allocs(inst);
        let successors = &selected.blocks[block].successors;
        let (forward, blocks) = (&self.forward, self.blocks);
        let next = || (block + 1..forward.len()).find(|&at| forward[at] == at as u32);
        let follows = |place: Place| next().is_some_and(|at| Place(blocks.0 + at as u32) == place);
        match &selected.nodes[inst.index()].body {
            Body::Entry => {}
            Body::Plain(plain) => self.code.plain(plain, places),
            Body::Bundle(steps) => self.bundle(steps, places),
            Body::Jump => {
                let to = self.to(successors[0].index());
                if !follows(to) {
                    self.code.jump(None, to);
                }
            }
            Body::Branch(condition) => {
                let (yes, no) = (self.to(successors[0].index()), self.to(successors[1].index()));
                if follows(yes) {
                    self.code.jump(Some(condition.opposite()), no);
                } else {
                    let falls = follows(no);
                    self.code.jump(Some(*condition), yes);
                    if !falls {
                        self.code.jump(None, no);
                    }
                }
            }
            Body::Table => {
                let register = places[0].as_reg().map_or(0, |register| register.hw_enc());
                self.simple(Opcode::Jmp_rm64, &[super::machine::View::Quad.register(register)]);
            }
            // The end stands behind the last block.
            Body::Return if next().is_none() => {}
            Body::Return => {
                let epilogue = self.epilogue;
                self.code.jump(None, epilogue);
            }
        }
    }

    fn bundle(&mut self, steps: &[Step], places: &[Allocation]) {
        let labels = steps.iter().filter(|step| matches!(step, Step::Label(_))).count();
        let first = self.code.places(labels.max(16)).0;
        for step in steps {
            match step {
                Step::Plain(plain) => self.code.plain(plain, places),
                Step::Label(label) => self.code.here(Place(first + u32::from(label.0))),
                Step::Jump(condition, label) => self.code.jump(*condition, Place(first + u32::from(label.0))),
                Step::Leave(condition, left) => {
                    let place = match self.leaves[*left as usize] {
                        Some(place) => place,
                        None => self.code.place(),
                    };
                    self.leaves[*left as usize] = Some(place);
                    self.code.jump(*condition, place);
                }
            }
        }
    }

    /// Behind the blocks: the end itself, reasons to leave before it, faults.
    fn ways_out(&mut self) -> Vec<Site> {
        let epilogue = self.epilogue;
        self.code.here(epilogue);
        self.simple(Opcode::VEX_Vzeroupper, &[]);
        self.context(Opcode::Mov_r64_rm64, 1, offset_of!(Context, stack), Register::RSP);
        for &register in self.frame.kept.iter().rev() {
            self.simple(Opcode::Pop_r64, &[register]);
        }
        self.simple(Opcode::Retnq, &[]);
        for left in [Left::Call, Left::Stopped, Left::Fault, Left::Done] {
            if let Some(place) = self.leaves[left as usize] {
                self.code.here(place);
                self.leave(left as u32);
            }
        }
        let dangers = std::mem::take(&mut self.code.dangers);
        let fault = self.code.place();
        if !dangers.is_empty() {
            self.code.here(fault);
            self.store_context(Opcode::Mov_rm64_r64, offset_of!(Context, fault_mask), Register::RAX);
            self.store_context(Opcode::Mov_rm32_r32, offset_of!(Context, fault_site), Register::ECX);
            self.simple(Opcode::Xor_r32_rm32, &[Register::EAX, Register::EAX]);
            self.store_context(Opcode::Mov_rm32_r32, offset_of!(Context, fault_thread), Register::EAX);
            self.leave(Left::Fault as u32);
        }
        (0..).zip(&dangers).map(|(at, danger)| self.site(at, danger, fault)).collect()
    }

    fn leave(&mut self, result: u32) {
        self.number(Opcode::Mov_r32_imm32, Register::EAX, OpKind::Immediate32, result.into());
        let epilogue = self.epilogue;
        self.code.jump(None, epilogue);
    }

    /// A number into a register, in the bytes of the instruction: there are two of them for each access.
    fn load(&mut self, opcode: u8, number: u32) {
        self.code.raw(&[opcode]);
        self.code.raw(&number.to_le_bytes());
    }

    /// The code that a fault of an instruction goes on at.
    fn site(&mut self, number: u32, danger: &Danger, fault: Place) -> Site {
        let fixup = self.code.at;
        match danger.lanes {
            Lanes::Known(lanes) => self.load(MOV_EAX, lanes as u32),
            Lanes::Mask(mask, lanes) => {
                let code = if lanes == 8 { Opcode::VEX_Kmovb_r32_kr } else { Opcode::VEX_Kmovw_r32_kr };
                self.simple(code, &[Register::EAX, mask]);
            }
            Lanes::Number(lane) => {
                self.simple(Opcode::Mov_r32_rm32, &[Register::ECX, lane]);
                self.load(MOV_EAX, 1);
                self.simple(Opcode::Shl_rm32_CL, &[Register::EAX, Register::CL]);
            }
        }
        self.load(MOV_ECX, number);
        self.code.jump(None, fault);
        Site {
            at: danger.at,
            fixup,
            line: danger.line,
            bytes: danger.bytes,
            write: danger.write,
            place: danger.source,
        }
    }

    /// Tables of switches.
    fn tables(&mut self) {
        for (at, targets) in self.selected.tables.iter().enumerate() {
            self.code.align(4);
            let table = self.code.tables[at];
            self.code.here(table);
            for &target in targets {
                let place = self.to(target as usize);
                self.code.distance(table, place);
            }
        }
    }
}

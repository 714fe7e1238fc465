//! Machine code by hand, for tests.

use std::mem::offset_of;

use iced_x86::{Code as Form, Encoder, Instruction, MemoryOperand, Register};
use stream_hal_kernels::compile::code::{Place, Site};
use stream_hal_kernels::compile::{Code, Context};

/// A place to jump to.
#[derive(Clone, Copy, PartialEq)]
pub struct Label(usize);

enum Item {
    Plain(Instruction),
    Jump(Form, Label),
    Label(Label),
    /// The next instruction may fault; its fix-up, line, bytes and place.
    Site(Label, u32, u8, Place),
}

/// Collects instructions.
#[derive(Default)]
pub struct Assembler {
    items: Vec<Item>,
    labels: usize,
}

/// A field of the context.
pub fn field(offset: usize) -> MemoryOperand {
    MemoryOperand::with_base_displ(Register::R15, offset as i64)
}

impl Assembler {
    /// A function that keeps what its caller wants kept, with the context in its register.
    pub fn function() -> Assembler {
        let mut this = Assembler::default();
        for register in [Register::RBX, Register::R12, Register::R15] {
            this.push(Instruction::with1(Form::Push_r64, register));
        }
        this.two(Form::Mov_r64_rm64, Register::R15, Register::RDI);
        this.push(Instruction::with2(Form::Mov_rm64_r64, field(offset_of!(Context, stack)), Register::RSP));
        this
    }

    pub fn push(&mut self, made: Result<Instruction, iced_x86::IcedError>) {
        self.items.push(Item::Plain(made.unwrap()));
    }

    pub fn two(&mut self, form: Form, to: Register, from: Register) {
        self.push(Instruction::with2(form, to, from));
    }

    /// Reads 8 bytes.
    pub fn load(&mut self, to: Register, from: MemoryOperand) {
        self.push(Instruction::with2(Form::Mov_r64_rm64, to, from));
    }

    /// Writes a number of 32 bits into a field of the context.
    pub fn note(&mut self, offset: usize, number: u32) {
        self.push(Instruction::with2(Form::Mov_rm32_imm32, field(offset), number));
    }

    pub fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    pub fn here(&mut self, label: Label) {
        self.items.push(Item::Label(label));
    }

    pub fn jump(&mut self, form: Form, to: Label) {
        self.items.push(Item::Jump(form, to));
    }

    pub fn site(&mut self, fixup: Label, line: u32, bytes: u8, place: Place) {
        self.items.push(Item::Site(fixup, line, bytes, place));
    }

    /// Leaves with this, from wherever the stack is.
    pub fn leave(&mut self, with: u32) {
        self.push(Instruction::with2(Form::Mov_r32_imm32, Register::EAX, with));
        self.leave_with_eax();
    }

    pub fn leave_with_eax(&mut self) {
        self.load(Register::RSP, field(offset_of!(Context, stack)));
        for register in [Register::R15, Register::R12, Register::RBX] {
            self.push(Instruction::with1(Form::Pop_r64, register));
        }
        self.push(Ok(Instruction::with(Form::Retnq)));
    }

    /// Calls the runtime; the stack is as it should be for that.
    pub fn call(&mut self, number: u32) {
        self.two(Form::Mov_r64_rm64, Register::RDI, Register::R15);
        self.push(Instruction::with2(Form::Mov_r32_imm32, Register::ESI, number));
        self.push(Instruction::with1(Form::Call_rm64, field(offset_of!(Context, runtime))));
    }

    pub fn finish(self) -> Code {
        let mut labels = vec![0u64; self.labels];
        // All jumps are long, so places do not depend on where they go.
        self.encode(&mut labels);
        let (bytes, sites) = self.encode(&mut labels);
        let instructions = self.items.len() as u32;
        Code { bytes, sites, instructions, vectors: 1, gang: 16, gangs: 1, ..Code::default() }
    }

    fn encode(&self, labels: &mut [u64]) -> (Vec<u8>, Vec<Site>) {
        let mut encoder = Encoder::new(64);
        let (mut at, mut sites) = (0u64, Vec::new());
        for item in &self.items {
            let instruction = match item {
                Item::Plain(instruction) => *instruction,
                Item::Jump(form, to) => Instruction::with_branch(*form, labels[to.0]).unwrap(),
                Item::Label(label) => {
                    labels[label.0] = at;
                    continue;
                }
                &Item::Site(label, line, bytes, place) => {
                    let fixup = labels[label.0] as u32;
                    sites.push(Site { at: at as u32, fixup, line, bytes, write: true, place });
                    continue;
                }
            };
            at += encoder.encode(&instruction, at).unwrap() as u64;
        }
        (encoder.take_buffer(), sites)
    }
}

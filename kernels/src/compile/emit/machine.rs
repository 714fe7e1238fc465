//! Machine instructions before they have registers: an x86 opcode with operands, and bundles of them.
//!
//! An instruction is built by value and handed to [`super::select::Select::push`] or [`Bundle::push`]:
//!
//! ```text
//! s.push(Machine::new(Code::EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32).def(View::Z, d).reg(View::Z, a).source(View::Z, &b))
//! ```
//!
//! Operands are given in the order of the opcode's name (destination first); each of `def`, `reg`, `tied`, `memory`,
//! `source` and `immediate` adds one. Write masks, rounding and fixed registers are no operands of their own.

use iced_x86::{Code, OpKind, Register, RoundingControl};
use regalloc2::{Operand, OperandConstraint, OperandKind, OperandPos, PReg, RegClass, VReg};
use smallvec::SmallVec;

use super::super::code::Left;

/// General registers.
pub const INT: RegClass = RegClass::Int;
/// xmm, ymm, zmm.
pub const VECTOR: RegClass = RegClass::Vector;
/// k1 to k7. The allocator has three classes with given names; this one is free for masks.
pub const MASK: RegClass = RegClass::Float;

/// rax.
pub const RAX: PReg = PReg::new(0, INT);
/// rcx.
pub const RCX: PReg = PReg::new(1, INT);
/// rdx.
pub const RDX: PReg = PReg::new(2, INT);
/// rsi.
pub const RSI: PReg = PReg::new(6, INT);
/// rdi.
pub const RDI: PReg = PReg::new(7, INT);

/// How much of a register an instruction looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The low 8 bits of a general register.
    Byte,
    /// 16 bits.
    Word,
    /// 32 bits. Writing them clears the upper half.
    Double,
    /// 64 bits.
    Quad,
    /// xmm.
    X,
    /// ymm.
    Y,
    /// zmm.
    Z,
    /// k.
    K,
}

impl View {
    /// The register of this number.
    pub fn register(self, number: usize) -> Register {
        match self {
            View::Byte if number >= 4 => Register::SPL + (number as u32 - 4),
            View::Byte => Register::AL + number as u32,
            View::Word => Register::AX + number as u32,
            View::Double => Register::EAX + number as u32,
            View::Quad => Register::RAX + number as u32,
            View::X => Register::XMM0 + number as u32,
            View::Y => Register::YMM0 + number as u32,
            View::Z => Register::ZMM0 + number as u32,
            View::K => Register::K0 + number as u32,
        }
    }
}

/// What an address counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing.
    None,
    /// A register.
    Register(VReg),
    /// The [`super::super::Context`].
    Context,
    /// The bundles' part of the stack frame, see [`super::select::Select::scratch`].
    Scratch,
    /// A constant of the pool behind the code.
    Pool(u32),
    /// The table of a switch: where each of its targets is, counted from the table's start.
    Table(u32),
}

/// Which lanes an access that faults was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of so many.
    All(u8),
    /// Those of so many that are in a mask register.
    Mask(VReg, u8),
    /// Those of so many that are left in the instruction's own mask.
    Left(u8),
    /// This one.
    One(u8),
    /// The one whose number is in a general register.
    Lane(VReg),
}

impl Asked {
    /// The register that it names.
    pub fn register(self) -> Option<VReg> {
        match self {
            Asked::Mask(register, _) | Asked::Lane(register) => Some(register),
            _ => None,
        }
    }
}

/// What is to be known of an access to memory that may fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The line of the PTX text.
    pub line: u32,
    /// Bytes of an element.
    pub bytes: u8,
    /// A write.
    pub write: bool,
    /// For which lanes.
    pub asked: Asked,
}

/// A memory operand: base + index · scale + offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Counted from.
    pub base: Base,
    /// Added, times `scale`. `View::Quad`, or a vector for gathers and scatters.
    pub index: Option<(View, VReg)>,
    /// 1, 2, 4 or 8.
    pub scale: u8,
    /// Added.
    pub offset: i32,
    /// One element for all lanes.
    pub broadcast: bool,
    /// `None`: it cannot fault (the context, the frame, the pool).
    pub access: Option<Access>,
}

impl Memory {
    /// At a base.
    pub fn at(base: Base, offset: i32) -> Memory {
        Memory { base, index: None, scale: 1, offset, broadcast: false, access: None }
    }
}

/// A source operand: a register or, folded into the instruction, what it would be loaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a register.
    Register(VReg),
    /// In memory. [`Memory::broadcast`] says whether it is one element for all lanes.
    Memory(Memory),
}

/// An operand of the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A register, by its place among the allocator's operands.
    Register(View, u8),
    /// This very register.
    Fixed(Register),
    /// The instruction's memory operand.
    Memory,
    /// The instruction's immediate, of this form.
    Immediate(OpKind),
}

/// A memory operand whose registers are places among the allocator's operands.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// `Base::Register` holds no meaningful register here; `base_place` has it.
    pub base: Base,
    /// Place of the base.
    pub base_place: u8,
    /// Place of the index.
    pub index: Option<(View, u8)>,
    /// See [`Memory`].
    pub scale: u8,
    /// See [`Memory`].
    pub offset: i32,
    /// See [`Memory`].
    pub broadcast: bool,
    /// See [`Memory`].
    pub access: Option<Access>,
    /// Place of the register that [`Access::asked`] names.
    pub asked_place: u8,
}

/// An x86 instruction; registers are places among the operands that the allocator sees.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// The opcode.
    pub code: Code,
    /// Its operands.
    pub args: [Arg; 5],
    /// How many.
    pub count: u8,
    /// Its memory operand.
    pub memory: Option<Address>,
    /// Its immediate.
    pub immediate: i64,
    /// Place of its write mask.
    pub mask: Option<u8>,
    /// Lanes outside of the mask become zero; else they stay.
    pub zeroed: bool,
    /// Rounding in the instruction; register forms only.
    pub rounding: RoundingControl,
    /// Exceptions are not reported; register forms of instructions without rounding.
    pub quiet: bool,
    /// `lock` prefix.
    pub locked: bool,
}

/// An instruction with the operands the allocator sees.
#[derive(Clone, Debug)]
pub struct Machine {
    /// What is encoded.
    pub plain: Plain,
    /// What the allocator sees.
    pub operands: SmallVec<[Operand; 7]>,
}

impl Machine {
    /// Without operands yet.
    pub fn new(code: Code) -> Machine {
        let plain = Plain {
            code,
            args: [Arg::Memory; 5],
            count: 0,
            memory: None,
            immediate: 0,
            mask: None,
            zeroed: false,
            rounding: RoundingControl::None,
            quiet: false,
            locked: false,
        };
        Machine { plain, operands: SmallVec::new() }
    }

    fn arg(&mut self, arg: Arg) {
        self.plain.args[self.plain.count as usize] = arg;
        self.plain.count += 1;
    }

    /// Shows an operand to the allocator; its place.
    fn show(&mut self, operand: Operand) -> u8 {
        self.operands.push(operand);
        self.operands.len() as u8 - 1
    }

    /// Writes a register, after all sources are read.
    pub fn def(mut self, view: View, register: VReg) -> Machine {
        let place = self.show(Operand::reg_def(register));
        self.arg(Arg::Register(view, place));
        self
    }

    /// Writes a register before all sources are read: it is none of theirs.
    pub fn early(mut self, view: View, register: VReg) -> Machine {
        let place = self.show(Operand::reg_def_at_start(register));
        self.arg(Arg::Register(view, place));
        self
    }

    /// Reads a register.
    pub fn reg(mut self, view: View, register: VReg) -> Machine {
        let place = self.show(Operand::reg_use(register));
        self.arg(Arg::Register(view, place));
        self
    }

    /// One operand that is read and written: `def` gets the register in which `from` was. If `from` is needed later as well,
    /// the allocator copies it. With both the same (in bundles only) it is changed in place.
    pub fn tied(mut self, view: View, def: VReg, from: VReg) -> Machine {
        let used = self.show(Operand::reg_use(from));
        let place = self.show(Operand::reg_reuse_def(def, used.into()));
        self.arg(Arg::Register(view, place));
        self
    }

    /// A memory operand; one an instruction.
    pub fn memory(mut self, memory: Memory) -> Machine {
        debug_assert!(self.plain.memory.is_none());
        let mut address = Address {
            base: memory.base,
            base_place: 0,
            index: None,
            scale: memory.scale,
            offset: memory.offset,
            broadcast: memory.broadcast,
            access: memory.access,
            asked_place: 0,
        };
        if let Base::Register(base) = memory.base {
            address.base_place = self.show(Operand::reg_use(base));
        }
        if let Some((view, index)) = memory.index {
            address.index = Some((view, self.show(Operand::reg_use(index))));
        }
        if let Some(register) = memory.access.and_then(|access| access.asked.register()) {
            address.asked_place = self.show(Operand::reg_use(register));
        }
        self.plain.memory = Some(address);
        self.arg(Arg::Memory);
        self
    }

    /// A register or a folded memory operand.
    pub fn source(self, view: View, source: &Source) -> Machine {
        match *source {
            Source::Register(register) => self.reg(view, register),
            Source::Memory(memory) => self.memory(memory),
        }
    }

    /// The same register once more, at the place of this operand of the opcode: `xor d, d` of something not yet written.
    pub fn again(mut self, operand: usize) -> Machine {
        self.arg(self.plain.args[operand]);
        self
    }

    /// An immediate of 8 bits (`imm8`); one an instruction.
    pub fn immediate(self, immediate: u8) -> Machine {
        self.number(OpKind::Immediate8, immediate.into())
    }

    /// An immediate of another form.
    pub fn number(mut self, form: OpKind, immediate: i64) -> Machine {
        self.plain.immediate = immediate;
        self.arg(Arg::Immediate(form));
        self
    }

    /// This very register as an operand, one that the allocator knows nothing of or that is shown by `use_at`/`def_at`.
    pub fn fixed(mut self, register: Register) -> Machine {
        self.arg(Arg::Fixed(register));
        self
    }

    /// Reads a register that the opcode does not name, which must be this one.
    pub fn use_at(mut self, register: VReg, place: PReg) -> Machine {
        self.show(Operand::reg_fixed_use(register, place));
        self
    }

    /// Writes a register that the opcode does not name, which must be this one.
    pub fn def_at(mut self, register: VReg, place: PReg) -> Machine {
        self.show(Operand::reg_fixed_def(register, place));
        self
    }

    /// A write mask: lanes outside of it become zero. (Compares into masks: the result is and-ed with it.)
    pub fn masked(mut self, mask: VReg) -> Machine {
        self.plain.mask = Some(self.show(Operand::reg_use(mask)));
        self.plain.zeroed = true;
        self
    }

    /// A write mask: lanes outside of it keep what was in the destination, which must be `tied` to where that comes from.
    pub fn merged(mut self, mask: VReg) -> Machine {
        self.plain.mask = Some(self.show(Operand::reg_use(mask)));
        self
    }

    /// The write mask of a gather or scatter, which clears bits of it: `left` gets the register in which `mask` was.
    pub fn consumes(mut self, left: VReg, mask: VReg) -> Machine {
        let used = self.show(Operand::reg_use(mask));
        self.plain.mask = Some(self.show(Operand::reg_reuse_def(left, used.into())));
        self
    }

    /// Rounding in the instruction. It must have no memory operand.
    pub fn rounded(mut self, rounding: RoundingControl) -> Machine {
        self.plain.rounding = rounding;
        self
    }

    /// A `lock` prefix.
    pub fn locked(mut self) -> Machine {
        self.plain.locked = true;
        self
    }
}

/// A place within a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(pub u8);

/// A condition on flags, by its number in the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Condition {
    Overflow = 0,
    NotOverflow = 1,
    Below = 2,
    AboveEqual = 3,
    Equal = 4,
    NotEqual = 5,
    BelowEqual = 6,
    Above = 7,
    Sign = 8,
    NotSign = 9,
    Parity = 10,
    NotParity = 11,
    Less = 12,
    GreaterEqual = 13,
    LessEqual = 14,
    Greater = 15,
}

impl Condition {
    /// The opposite.
    pub fn opposite(self) -> Condition {
        Condition::of(self as u8 ^ 1)
    }

    /// Of this number.
    pub fn of(number: u8) -> Condition {
        use Condition::{
            Above, AboveEqual, Below, BelowEqual, Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual,
            NotOverflow, NotParity, NotSign, Overflow, Parity, Sign,
        };
        const ALL: [Condition; 16] = [
            Overflow,
            NotOverflow,
            Below,
            AboveEqual,
            Equal,
            NotEqual,
            BelowEqual,
            Above,
            Sign,
            NotSign,
            Parity,
            NotParity,
            Less,
            GreaterEqual,
            LessEqual,
            Greater,
        ];
        ALL[number as usize & 15]
    }
}

/// A step of a bundle.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// An instruction.
    Plain(Plain),
    /// Here is a label.
    Label(Label),
    /// On to a label, always or on a condition.
    Jump(Option<Condition>, Label),
    /// Out of the function.
    Leave(Option<Condition>, Left),
}

/// Several instructions that the allocator sees as one, so that they may jump among themselves. All registers are
/// declared first: inputs keep their values until the end, outputs and temporaries are registers of their own from the start.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// What the allocator sees.
    pub operands: Vec<Operand>,
    /// In order.
    pub steps: Vec<Step>,
    /// All registers that a called function may change are lost.
    pub calls: bool,
    labels: u8,
}

impl Bundle {
    /// A value that is read.
    pub fn input(&mut self, register: VReg) {
        if !self.operands.iter().any(|operand| operand.vreg() == register) {
            self.operands.push(Operand::reg_use_at_end(register));
        }
    }

    /// A value that is read, in this very register, which is not kept: an output may be in the same.
    pub fn input_at(&mut self, register: VReg, place: PReg) {
        self.operands.push(Operand::reg_fixed_use(register, place));
    }

    /// A result, or a temporary: it may be written before the inputs are read.
    pub fn output(&mut self, register: VReg) {
        self.operands.push(Operand::reg_def_at_start(register));
    }

    /// The same in this very register, written after an [`Bundle::input_at`] of the same place was read.
    pub fn output_at(&mut self, register: VReg, place: PReg) {
        let late = OperandPos::Late;
        let constraint = OperandConstraint::FixedReg(place);
        self.operands.push(Operand::new(register, constraint, OperandKind::Def, late));
    }

    /// A result that starts as a copy of a value: `tied` of both changes it in place.
    pub fn output_from(&mut self, register: VReg, from: VReg) {
        self.operands.push(Operand::reg_use(from));
        let place = self.operands.len() - 1;
        self.operands.push(Operand::reg_reuse_def(register, place));
    }

    /// Adds an instruction. Whether its registers are read or written is as declared here.
    pub fn push(&mut self, machine: Machine) {
        let place = |place: u8| self.place_of(machine.operands[place as usize].vreg());
        let mut plain = machine.plain;
        for arg in &mut plain.args[..plain.count as usize] {
            if let Arg::Register(_, at) = arg {
                *at = place(*at);
            }
        }
        plain.mask = plain.mask.map(place);
        if let Some(memory) = &mut plain.memory {
            if let Base::Register(_) = memory.base {
                memory.base_place = place(memory.base_place);
            }
            memory.index = memory.index.map(|(view, at)| (view, place(at)));
            if memory.access.is_some_and(|access| access.asked.register().is_some()) {
                memory.asked_place = place(memory.asked_place);
            }
        }
        self.steps.push(Step::Plain(plain));
    }

    /// Where a register is among the operands: what [`Bundle::output_from`] starts from only if nothing else is declared.
    fn place_of(&self, register: VReg) -> u8 {
        let mut found = None;
        for (at, operand) in self.operands.iter().enumerate().filter(|(_, one)| one.vreg() == register) {
            if operand.kind() == OperandKind::Def || operand.pos() == OperandPos::Late {
                return at as u8;
            }
            found.get_or_insert(at);
        }
        found.expect("a bundle declares its registers") as u8
    }

    /// A new label, to be placed once.
    pub fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    /// The label is here.
    pub fn place(&mut self, label: Label) {
        self.steps.push(Step::Label(label));
    }

    /// On to a label.
    pub fn jump(&mut self, condition: Option<Condition>, label: Label) {
        self.steps.push(Step::Jump(condition, label));
    }

    /// Out of the function.
    pub fn leave(&mut self, condition: Option<Condition>, left: Left) {
        self.steps.push(Step::Leave(condition, left));
    }
}

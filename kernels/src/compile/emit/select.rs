//! What an op may ask while it is selected: registers, sources that are folded, constants.
//!
//! An inst is selected only if somebody asked for one of its results, or if it has an effect; so whoever folds an inst into
//! its own simply does not ask for its register. README.md has the rules.

use std::fmt;

use iced_x86::{Code, OpKind};
use regalloc2::{Operand, OperandConstraint, OperandKind, OperandPos, RegClass, VReg};
use smallvec::SmallVec;

use super::super::ssa::{self, Def, Function, InstId, Op, Type, Value};
use super::super::{Refusal, Target};
use super::copies;
use super::machine::{
    Base, Bundle, Condition, INT, MASK, Machine, Memory, Plain, Source, Step, VECTOR, View,
};
use super::pool::Pool;

/// What a node is encoded as.
#[derive(Clone, Debug)]
pub enum Body {
    /// Where the arguments of the function come in.
    Entry,
    /// One instruction.
    Plain(Plain),
    /// Several.
    Bundle(Vec<Step>),
    /// On to the only successor.
    Jump,
    /// To the first successor on a condition, else to the second.
    Branch(Condition),
    /// To the address in a register: one of the successors.
    Table,
    /// Out, with the first operand in eax.
    Return,
}

/// What the allocator sees as one instruction.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is encoded.
    pub body: Body,
    /// Registers.
    pub operands: SmallVec<[Operand; 7]>,
    /// All registers that a called function may change are lost.
    pub calls: bool,
}

/// Which memory operands an instruction can take in place of a vector register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// 64 bytes, or one element of the type's lanes for all lanes (`…b32`, `…b64` in the opcode's name).
    Broadcast,
    /// 64 bytes.
    Whole,
    /// 32 bytes: for instructions that widen.
    Half,
}

/// What is made where it is needed instead of being kept: once a block, or again when the last use is far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fixed {
    Scalar(u64),
    /// Bits of a lane, and what is in each.
    Splat(u32, u64),
    Mask(u64),
    /// Its number, and bits of a lane.
    Table(u32, u32),
    Context,
}

/// One of them that has a register.
#[derive(Debug)]
struct Live {
    what: Fixed,
    register: VReg,
    /// How many nodes of the block, from its end, come after the place where it must be made; `None`: the inst that is
    /// selected asked for it.
    used: Option<usize>,
}

/// Nodes between two uses beyond which a fixed value is made again.
const FAR: usize = 48;

/// The state of the selection: see the methods for what an op may use.
pub struct Select<'a> {
    /// What is selected.
    pub function: &'a Function,
    /// For whom.
    pub target: &'a Target,
    /// Constants in memory.
    pub pool: Pool,
    /// Targets of each [`Base::Table`], as machine blocks.
    pub tables: Vec<Vec<u32>>,
    /// Bytes of the frame that bundles use.
    pub scratch_bytes: u32,
    /// Registers given out.
    pub count: u32,
    /// Of each inst a number that changes after every inst that writes memory, and from block to block.
    pub epochs: Vec<u32>,
    /// The same of the end of each block, in the order of the code.
    pub ends: Vec<u32>,
    /// The number of the place that is selected.
    pub epoch: u32,
    /// Of each inst its block, by its place in the code.
    pub homes: Vec<u32>,
    /// The block that is selected.
    pub home: u32,
    /// Of each value how often it is used, copies looked through.
    pub uses: Vec<u32>,
    /// Of each value how many loops are around where it is made.
    pub depths: Vec<u32>,
    /// The same of the place that is selected.
    pub depth: u32,
    /// Of each value the parameter of a block that it becomes, if it is given to one.
    pub becomes: Vec<Option<Value>>,
    /// Of each value the one that it is a mere copy of, or itself.
    copies: Vec<Value>,
    /// Registers of the function's arguments.
    pub arguments: [Option<VReg>; 2],
    /// Register of each value that somebody asked for.
    registers: Vec<Option<VReg>>,
    /// Nodes of the inst that is selected, in order.
    nodes: Vec<Node>,
    /// Nodes of the block, from its end.
    block: Vec<Node>,
    /// Fixed values of the block in use.
    live: Vec<Live>,
    /// Nodes that make fixed values, by how many nodes from the end of the block come after them.
    made: Vec<(usize, Node)>,
    /// Of each register whether what it holds lives in this block only, becomes no parameter and shares no place yet.
    alone: Vec<bool>,
    /// Registers that were given out before the selected inst.
    before: u32,
}

impl<'a> Select<'a> {
    /// At the start.
    pub fn new(function: &'a Function, target: &'a Target) -> Select<'a> {
        Select {
            function,
            target,
            pool: Pool::default(),
            tables: Vec::new(),
            scratch_bytes: 0,
            count: 0,
            epochs: vec![0; function.insts.len()],
            ends: Vec::new(),
            homes: vec![0; function.insts.len()],
            home: 0,
            epoch: 0,
            uses: vec![0; function.values.len()],
            depths: vec![0; function.values.len()],
            depth: 0,
            becomes: vec![None; function.values.len()],
            copies: copies::all(function),
            arguments: [None; 2],
            registers: vec![None; function.values.len()],
            nodes: Vec::new(),
            block: Vec::new(),
            live: Vec::new(),
            made: Vec::new(),
            alone: Vec::new(),
            before: 0,
        }
    }

    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.function.ty(value)
    }

    /// An inst.
    pub fn inst(&self, id: InstId) -> &'a ssa::Inst {
        self.function.inst(id)
    }

    /// Why an inst cannot be selected.
    pub fn refuse(&self, id: InstId, what: impl fmt::Display) -> Refusal {
        Refusal::new(self.function.inst(id).line, format!("no instruction for {what}"))
    }

    /// A new register of a class ([`INT`], [`VECTOR`], [`MASK`]) for what lies between nodes.
    pub fn fresh(&mut self, class: RegClass) -> VReg {
        self.count += 1;
        self.alone.push(true);
        VReg::new(self.count as usize - 1, class)
    }

    /// The register of a value that is read here. Asking means that its inst will be selected.
    pub fn reg(&mut self, value: Value) -> VReg {
        let value = self.origin(value);
        // What is made where it is needed never has one of its own.
        if let Some(register) = self.registers[value.0 as usize] {
            return register;
        }
        if let Some(fixed) = self.fixed(value) {
            return self.fixed_register(fixed);
        }
        if let Some(ssa::Inst { op: Op::Argument(number), .. }) = self.function.maker(value) {
            let number = usize::from(*number);
            let register = self.arguments[number].unwrap_or_else(|| self.fresh(INT));
            self.arguments[number] = Some(register);
            return register;
        }
        self.result(value)
    }

    /// The register of a value that the selected inst writes.
    pub fn result(&mut self, value: Value) -> VReg {
        if let Some(register) = self.registers[value.0 as usize] {
            return register;
        }
        let register = self.fresh(class(self.ty(value)));
        self.registers[value.0 as usize] = Some(register);
        self.alone[register.vreg()] = match self.function.def(value) {
            Def::Inst(id, _) => {
                self.homes[id.0 as usize] == self.home && self.becomes[value.0 as usize].is_none()
            }
            _ => false,
        };
        register
    }

    /// A scalar constant in a register.
    pub fn number(&mut self, number: u64) -> VReg {
        self.fixed_register(Fixed::Scalar(number))
    }

    /// A vector with a number in every lane, in a register.
    pub fn splat_register(&mut self, bits: u32, number: u64) -> VReg {
        self.fixed_register(Fixed::Splat(bits, number))
    }

    /// A mask of all lanes in a register.
    pub fn all_lanes(&mut self) -> VReg {
        self.fixed_register(Fixed::Mask(0xffff))
    }

    /// Whether somebody asked for the value.
    pub fn is_wanted(&self, value: Value) -> bool {
        self.registers[value.0 as usize].is_some()
    }

    /// Whether nobody behind the selected inst reads the value, so that its register may be overwritten. Ask before
    /// [`Select::reg`] of any source.
    pub fn dies(&self, value: Value) -> bool {
        let origin = self.origin(value);
        let at = origin.0 as usize;
        self.registers[at].is_none() && self.depths[at] == self.depth && self.fixed(origin).is_none()
    }

    /// Which of these sources is best overwritten by a result: one that dies, best if the result takes its place in a loop.
    pub fn overwritten(&self, result: Value, sources: &[Value]) -> usize {
        let score = |value: Value| match self.becomes[result.0 as usize] {
            _ if !self.dies(value) => {
                u8::from(self.is_single(value) && self.fixed(self.origin(value)).is_none())
            }
            Some(param) if param == self.origin(value) => 3,
            _ => 2,
        };
        // The first of the best.
        let best = (0..sources.len()).rev().max_by_key(|&at| score(sources[at]));
        best.unwrap_or(0)
    }

    /// Whether the value is used once in all, copies looked through: whoever uses it may overwrite its register, or fold its inst.
    pub fn is_single(&self, value: Value) -> bool {
        self.uses[self.origin(value).0 as usize] == 1
    }

    /// The inst that makes a value, if it is used once only, computes only, and stands in this block (what stands before a
    /// loop is not done anew in it): what may be folded.
    pub fn single(&self, value: Value) -> Option<&'a ssa::Inst> {
        let inst = self.single_anywhere(value)?;
        let Def::Inst(id, _) = self.function.def(self.origin(value)) else { return None };
        (self.homes[id.0 as usize] == self.home).then_some(inst)
    }

    /// The same of any block, for what costs as much as a look at its result.
    pub fn single_anywhere(&self, value: Value) -> Option<&'a ssa::Inst> {
        let origin = self.origin(value);
        if self.uses[origin.0 as usize] != 1 {
            return None;
        }
        self.function.maker(origin).filter(|inst| inst.op.is_pure())
    }

    /// The value that this one is a mere copy of: [`Compute::Copy`], lower halves, conversions that change no bit of a register.
    pub fn origin(&self, mut value: Value) -> Value {
        loop {
            let from = self.copies[value.0 as usize];
            if from == value {
                return value;
            }
            value = from;
        }
    }

    /// Notes a use of a value, before anything is selected.
    pub fn count_use(&mut self, value: Value) {
        let origin = self.origin(value);
        self.uses[origin.0 as usize] += 1;
    }

    /// Whether a value is a mere copy of another one.
    pub fn is_copy(&self, value: Value) -> bool {
        self.copies[value.0 as usize] != value
    }

    /// The number of a constant scalar.
    pub fn constant(&self, value: Value) -> Option<u64> {
        self.function.constant(self.origin(value))
    }

    /// The number in every lane, of a vector that is the same in all.
    pub fn splat(&self, value: Value) -> Option<u64> {
        let inst = self.function.maker(self.origin(value))?;
        match inst.op {
            Op::Const(number) => Some(number),
            Op::Broadcast => self.constant(inst.args[0]),
            _ => None,
        }
    }

    /// The mask of an access: `None` if all lanes are in it.
    pub fn lanes(&self, mask: Option<Value>) -> Option<Value> {
        let mask = mask?;
        let all = match self.ty(mask) {
            Type::M { lanes } => (1u64 << lanes) - 1,
            _ => 1,
        };
        let number = match self.function.maker(self.origin(mask)) {
            Some(ssa::Inst { op: Op::Const(number), .. }) => Some(*number),
            Some(ssa::Inst { op: Op::Broadcast, args, .. }) => {
                self.constant(args[0]).map(|bit| if bit == 0 { 0 } else { all })
            }
            _ => None,
        };
        (number.map(|number| number & all) != Some(all)).then_some(mask)
    }

    /// Memory at a constant of the pool.
    pub fn in_pool(&mut self, bytes: &[u8]) -> Memory {
        Memory::at(Base::Pool(self.pool.add(bytes)), 0)
    }

    /// At least so many bytes of the frame are free for a bundle, at [`Base::Scratch`], aligned to 64.
    pub fn scratch(&mut self, bytes: u32) {
        self.scratch_bytes = self.scratch_bytes.max(bytes.next_multiple_of(64));
    }

    /// Adds an instruction to those of the selected inst, behind what was added before.
    pub fn push(&mut self, machine: Machine) {
        let Machine { plain, operands } = machine;
        self.push_node(Node { body: Body::Plain(plain), operands, calls: false });
    }

    /// Adds a bundle.
    pub fn push_bundle(&mut self, bundle: Bundle) {
        let Bundle { operands, steps, calls, .. } = bundle;
        self.push_node(Node { body: Body::Bundle(steps), operands: operands.into(), calls });
    }

    /// Adds a node.
    pub fn push_node(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// A vector to read: in a register, or folded if the instruction can take it so. Ask once a value and instruction.
    pub fn source(&mut self, value: Value, fold: Fold) -> Source {
        match self.folded(value, fold) {
            Some(memory) => Source::Memory(memory),
            None => Source::Register(self.reg(value)),
        }
    }

    /// The nodes of the selected inst are complete.
    pub fn finish_inst(&mut self) {
        self.share_places();
        self.before = self.count;
        let start = self.block.len();
        self.block.append(&mut self.nodes);
        self.block[start..].reverse();
        for live in &mut self.live {
            live.used.get_or_insert(self.block.len());
        }
    }

    /// Vectors that end here give their register to what is made of them, two and two: the allocator looks for one place
    /// instead of two. Longer chains are hard to place.
    fn share_places(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let (nodes, later) = self.nodes.split_at_mut(at + 1);
            let node = &mut nodes[at];
            let [result, sources @ ..] = &node.operands[..] else { continue };
            let is = |operand: &Operand, kind, place| {
                operand.kind() == kind
                    && operand.pos() == place
                    && operand.class() == VECTOR
                    && operand.constraint() == OperandConstraint::Reg
                    && self.alone[operand.vreg().vreg()]
            };
            let plain = matches!(node.body, Body::Plain(_));
            let only = |operand: &Operand| operand.kind() == OperandKind::Use;
            if !plain || !is(result, OperandKind::Def, OperandPos::Late) || !sources.iter().all(only) {
                continue;
            }
            // Nobody behind asked for it, and it is none of the values that are made once for many.
            let ends = |source: &Operand| {
                source.vreg().vreg() >= self.before as usize
                    && is(source, OperandKind::Use, OperandPos::Early)
                    && !later.iter().any(|node| node.operands.iter().any(|one| one.vreg() == source.vreg()))
            };
            if let Some(place) = sources.iter().position(ends) {
                self.alone[sources[place].vreg().vreg()] = false;
                node.operands[0] = Operand::reg_reuse_def(result.vreg(), place + 1);
            }
        }
    }

    /// The block's insts are done: adds its nodes, from its end.
    pub fn finish_block(&mut self, all: &mut Vec<Node>) {
        for live in std::mem::take(&mut self.live) {
            self.make(&live);
        }
        if self.made.is_empty() {
            return all.append(&mut self.block);
        }
        self.made.sort_by_key(|(place, _)| *place);
        let mut made = self.made.drain(..).peekable();
        for (place, node) in self.block.drain(..).enumerate() {
            while let Some((_, node)) = made.next_if(|(at, _)| *at <= place) {
                all.push(node);
            }
            all.push(node);
        }
        all.extend(made.map(|(_, node)| node));
    }

    fn fixed(&self, value: Value) -> Option<Fixed> {
        let inst = self.function.maker(value)?;
        Some(match (&inst.op, self.ty(value)) {
            (&Op::Const(number), Type::V { bits, .. }) => Fixed::Splat(bits.into(), number),
            (&Op::Const(number), Type::M { .. }) => Fixed::Mask(number),
            (&Op::Const(number), Type::I64) => Fixed::Scalar(number),
            (&Op::Const(number), Type::I32) => Fixed::Scalar(number & 0xffff_ffff),
            (&Op::Const(number), Type::I1) => Fixed::Scalar(number & 1),
            (Op::Table(table), ty) => Fixed::Table(*table, ty.bits()),
            (Op::Context, _) => Fixed::Context,
            (Op::Broadcast, Type::V { bits, .. }) => Fixed::Splat(bits.into(), self.constant(inst.args[0])?),
            (Op::Broadcast, _) => Fixed::Mask(if self.constant(inst.args[0])? == 0 { 0 } else { 0xffff }),
            _ => return None,
        })
    }

    fn fixed_register(&mut self, what: Fixed) -> VReg {
        let at = self.live.iter().rposition(|live| live.what == what);
        if let Some(at) = at {
            if self.live[at].used.is_none_or(|used| self.block.len() < used + FAR) {
                self.live[at].used = None;
                return self.live[at].register;
            }
            let live = self.live.swap_remove(at);
            self.make(&live);
        }
        let class = match what {
            Fixed::Scalar(_) | Fixed::Context => INT,
            Fixed::Splat(..) | Fixed::Table(..) => VECTOR,
            Fixed::Mask(_) => MASK,
        };
        let register = self.fresh(class);
        self.alone[register.vreg()] = false;
        self.live.push(Live { what, register, used: None });
        register
    }

    /// The nodes that make a fixed value, for the place where it must be.
    fn make(&mut self, live: &Live) {
        let place = live.used.unwrap_or(self.block.len());
        let selected = std::mem::take(&mut self.nodes);
        match live.what {
            Fixed::Scalar(number) => self.make_scalar(live.register, number),
            Fixed::Splat(bits, number) => self.make_splat(live.register, bits, number),
            Fixed::Mask(number) => self.make_mask(live.register, number),
            Fixed::Table(table, bits) => {
                let memory = self.table(table, bits);
                let load = Code::EVEX_Vmovdqa64_zmm_k1z_zmmm512;
                self.push(Machine::new(load).def(View::Z, live.register).memory(memory));
            }
            Fixed::Context => {
                let context = iced_x86::Register::R15;
                self.push(Machine::new(Code::Mov_r64_rm64).def(View::Quad, live.register).fixed(context));
            }
        }
        let made = std::mem::replace(&mut self.nodes, selected);
        self.made.extend(made.into_iter().rev().map(|node| (place, node)));
    }

    /// A number into a register. Changes flags.
    pub fn make_scalar(&mut self, register: VReg, number: u64) {
        self.push(match number {
            0 => Machine::new(Code::Xor_r32_rm32).def(View::Double, register).again(0),
            1..=0xffff_ffff => {
                let machine = Machine::new(Code::Mov_r32_imm32).def(View::Double, register);
                machine.number(OpKind::Immediate32, number as i64)
            }
            _ if i32::try_from(number as i64).is_ok() => {
                let machine = Machine::new(Code::Mov_rm64_imm32).def(View::Quad, register);
                machine.number(OpKind::Immediate32to64, number as i64)
            }
            _ => {
                let machine = Machine::new(Code::Mov_r64_imm64).def(View::Quad, register);
                machine.number(OpKind::Immediate64, number as i64)
            }
        });
    }

    fn make_splat(&mut self, register: VReg, bits: u32, number: u64) {
        let ones = if bits == 64 { u64::MAX } else { u32::MAX.into() };
        if number == 0 {
            let xor = Machine::new(Code::EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32).def(View::Z, register);
            return self.push(xor.again(0).again(0));
        }
        if number & ones == ones {
            let code = Code::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8;
            return self.push(Machine::new(code).def(View::Z, register).again(0).again(0).immediate(0xff));
        }
        let memory = self.element(bits, number);
        let code = match bits {
            64 => Code::EVEX_Vpbroadcastq_zmm_k1z_xmmm64,
            _ => Code::EVEX_Vpbroadcastd_zmm_k1z_xmmm32,
        };
        self.push(Machine::new(code).def(View::Z, register).memory(memory));
    }

    fn make_mask(&mut self, register: VReg, number: u64) {
        let number = number & 0xffff;
        if number == 0 {
            return self
                .push(Machine::new(Code::VEX_Kxorw_kr_kr_kr).def(View::K, register).again(0).again(0));
        }
        if number == 0xffff {
            return self
                .push(Machine::new(Code::VEX_Kxnorw_kr_kr_kr).def(View::K, register).again(0).again(0));
        }
        let bits = self.fresh(INT);
        self.make_scalar(bits, number);
        self.push(Machine::new(Code::VEX_Kmovw_kr_r32).def(View::K, register).reg(View::Double, bits));
    }

    /// A number of 32 or 64 bits in the pool.
    pub fn element(&mut self, bits: u32, number: u64) -> Memory {
        self.in_pool(&number.to_le_bytes()[..bits as usize / 8])
    }

    /// A table in the pool, as 64 bytes.
    pub fn table(&mut self, table: u32, bits: u32) -> Memory {
        let mut bytes: Vec<u8> = Vec::with_capacity(64);
        for number in &self.function.tables[table as usize] {
            bytes.extend(&number.to_le_bytes()[..bits as usize / 8]);
        }
        bytes.resize(64, 0);
        self.in_pool(&bytes)
    }
}

/// The class of the registers that hold values of a type.
pub fn class(ty: Type) -> RegClass {
    match ty {
        Type::V { .. } => VECTOR,
        Type::M { .. } => MASK,
        Type::I1 | Type::I32 | Type::I64 => INT,
    }
}

/// How instructions look at a value: 8 lanes of 32 bits as zmm, too.
pub fn view(ty: Type) -> View {
    match ty {
        Type::I1 | Type::I32 => View::Double,
        Type::I64 => View::Quad,
        Type::M { .. } => View::K,
        Type::V { .. } => View::Z,
    }
}

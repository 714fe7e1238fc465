//! Level 1 to SSA: registers become values, guards masks or selections, operands numbers. Calls: see `inline`.

mod access;
mod compute;
mod exchange;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::inline::Instance;
use super::ssa::edit::{self, Builder};
use super::ssa::quick::Map;
use super::ssa::{BlockId, End, Function, Op, Target, Type, Value};
use super::{Refusal, Shape};
use crate::interp::decode::Source;
use crate::ir::compute::Comparison;
use crate::ir::op::{Callee, Guard};
use crate::ir::{self, Operand, Reg, Type as Kind};
use variables::Variables;

/// Most instructions of a kernel with all calls inlined. Longer ones take longer to compile than they save.
const MOST_INSTRUCTIONS: usize = 1 << 18;

/// A kernel and all it calls as one function, in the stage `Threads`.
pub fn build(source: &Source<'_>, shape: &Shape) -> Result<Function, Refusal> {
    let mut build = Build {
        source,
        shape: *shape,
        function: Function::default(),
        block: BlockId(0),
        line: 0,
        at: 0,
        instances: Vec::new(),
        open: Vec::new(),
        local_top: 0,
        size: 0,
        variables: Variables::default(),
        constants: HashMap::default(),
        not: Map::default(),
    };
    build.kernel()?;
    while let Some(instance) = build.open.pop() {
        build.instance(instance)?;
    }
    let Build { mut function, variables, local_top, .. } = build;
    function.local_bytes = local_top.next_multiple_of(16);
    variables.finish(&mut function);
    edit::remove_unreachable(&mut function);
    edit::remove_copied_params(&mut function);
    edit::join_blocks(&mut function);
    Ok(function)
}

/// A kernel while it is built.
pub struct Build<'s, 'a> {
    /// Level 1.
    pub source: &'s Source<'a>,
    shape: Shape,
    /// What there is so far.
    pub function: Function,
    /// The block that grows.
    pub block: BlockId,
    /// The line of what is built.
    pub line: u32,
    /// The instance that is built, by its place in the list.
    pub at: usize,
    /// The kernel and each call of a function.
    pub instances: Vec<Instance>,
    /// Those that are yet to be built.
    pub open: Vec<usize>,
    /// Where local memory that nobody has yet starts.
    pub local_top: u32,
    /// Instructions so far.
    size: usize,
    /// Registers of all instances.
    pub variables: Variables,
    /// Numbers that the block has made.
    constants: HashMap<(Type, u64), Value, RandomState>,
    /// Opposites that the block has made.
    not: Map<Value, Value>,
}

impl Build<'_, '_> {
    /// What cannot be compiled.
    pub fn refuse<T>(&self, what: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::new(self.line, what))
    }

    /// Adds insts to the block.
    pub fn add(&mut self) -> Builder<'_> {
        Builder::new(&mut self.function, self.block, self.line)
    }

    /// Ends the block.
    pub fn end(&mut self, end: End) {
        self.add().end(end);
        self.variables.end_block(self.block);
    }

    /// Goes on in a block that has nothing yet.
    pub fn start(&mut self, block: BlockId) {
        self.block = block;
        self.constants.clear();
        self.not.clear();
        self.variables.start_block();
    }

    /// A new block.
    pub fn fresh_block(&mut self) -> BlockId {
        self.function.add_block(self.line)
    }

    /// The instance that is built.
    pub fn instance_here(&self) -> &Instance {
        &self.instances[self.at]
    }

    /// The blocks of one instance, in the order of the text.
    fn instance(&mut self, at: usize) -> Result<(), Refusal> {
        self.at = at;
        let source = self.source;
        let code = source.functions[self.instances[at].function].1;
        // Most become one inst or two.
        let count = code.blocks.iter().map(|block| block.insts.len()).sum::<usize>() * 2;
        self.function.insts.reserve(count);
        self.function.values.reserve(count);
        for (index, block) in code.blocks.iter().enumerate() {
            let Some(start) = self.instances[at].blocks[index] else { continue };
            self.start(start);
            self.size += block.insts.len() + 1;
            if self.size > MOST_INSTRUCTIONS {
                return self.refuse("too much code");
            }
            for inst in &block.insts {
                self.line = inst.line;
                self.inst(inst)?;
            }
            self.line = block.line;
            self.end_of(&block.end)?;
        }
        Ok(())
    }

    fn end_of(&mut self, end: &ir::End) -> Result<(), Refusal> {
        let to = |build: &Self, index: u32| {
            let block = build.instance_here().blocks[index as usize];
            Target::to(block.expect("what is reached has a block"))
        };
        match end {
            ir::End::Jump(block) => self.end(End::Jump(to(self, *block))),
            ir::End::Branch(guard, yes, no) => {
                let condition = self.register(guard.reg);
                let (yes, no) = if guard.negated { (no, yes) } else { (yes, no) };
                self.end(End::Branch(condition, to(self, *yes), to(self, *no)));
            }
            ir::End::Table(index, targets) => {
                let index = self.operand(*index, Type::I32);
                let beyond = self.fresh_block();
                let mut targets: Vec<Target> = targets.iter().map(|&target| to(self, target)).collect();
                targets.push(Target::to(beyond));
                self.end(End::Switch(index, targets));
                self.start(beyond);
                self.add().effect(Op::NoTarget, &[], None);
                self.end(End::Exit);
            }
            ir::End::Return => match self.instance_here().back {
                Some(back) => self.end(End::Jump(Target::to(back))),
                None => self.end(End::Exit),
            },
            ir::End::Exit => self.end(End::Exit),
            ir::End::Trap => self.trap(),
        }
        Ok(())
    }

    fn trap(&mut self) {
        self.add().effect(Op::Trap, &[], None);
        self.end(End::Exit);
    }

    fn inst(&mut self, inst: &ir::Inst) -> Result<(), Refusal> {
        let guard = inst.guard;
        match &inst.op {
            ir::Op::Compute { compute, to, from } => self.compute(*compute, *to, from, guard),
            ir::Op::Special { special, to } => self.special(*special, *to, guard),
            ir::Op::Load { .. } | ir::Op::Store { .. } | ir::Op::Atomic { .. } | ir::Op::Copy { .. } => {
                self.access(&inst.op, guard)
            }
            ir::Op::IsSpace { .. } | ir::Op::ToGeneric { .. } | ir::Op::FromGeneric { .. } => {
                self.space(&inst.op, guard)
            }
            ir::Op::Call { callee: Callee::Runtime(runtime), arguments, results } => {
                self.runtime(*runtime, arguments, results, guard)
            }
            ir::Op::Call { callee: Callee::Function(function), arguments, results } => {
                self.inline(*function, arguments, results, guard)
            }
            ir::Op::Call { callee: Callee::Pointer(_), .. } => self.refuse("a call through a pointer"),
            ir::Op::AtomicWide { .. } => self.refuse("an atomic of 16 bytes"),
            ir::Op::Mbarrier { .. } => self.refuse("an mbarrier"),
            ir::Op::Alloca { .. } | ir::Op::StackSave { .. } | ir::Op::StackRestore { .. } => {
                self.refuse("a stack that grows")
            }
            ir::Op::MatrixLoad { .. } | ir::Op::MatrixStore { .. } | ir::Op::MatrixTranspose { .. } => {
                self.refuse("matrices in memory")
            }
            ir::Op::Sleep => self.refuse("a thread that sleeps"),
            _ => self.exchange(&inst.op, guard),
        }
    }

    /// The type that a register has as a value.
    pub fn type_of(&self, reg: Reg) -> Type {
        let code = self.source.functions[self.instance_here().function].1;
        Type::of_register(code.registers[reg.0 as usize].into())
    }

    /// What is in a register.
    pub fn register(&mut self, reg: Reg) -> Value {
        let variable = self.instance_here().variables + reg.0;
        self.variables.read(&mut self.function, self.block, variable)
    }

    /// Writes a register, for those that pass the guard. What others keep is the old value.
    pub fn set(&mut self, reg: Reg, value: Value, guard: Option<Guard>) {
        let value = self.coerce(value, self.type_of(reg));
        let variable = self.instance_here().variables + reg.0;
        let Some(guard) = guard else { return self.variables.write(variable, value) };
        let old = self.register(reg);
        let condition = self.register(guard.reg);
        let (yes, no) = if guard.negated { (old, value) } else { (value, old) };
        let chosen = self.add().select(condition, yes, no);
        self.variables.write_selected(variable, chosen, value, old);
    }

    /// The mask of a guard.
    pub fn mask(&mut self, guard: Option<Guard>) -> Option<Value> {
        let guard = guard?;
        let flag = self.register(guard.reg);
        if !guard.negated {
            return Some(flag);
        }
        if let Some(&not) = self.not.get(&flag) {
            return Some(not);
        }
        let not = self.add().not(flag);
        self.not.insert(flag, not);
        Some(not)
    }

    /// A number.
    pub fn constant(&mut self, ty: Type, number: u64) -> Value {
        let number = match ty {
            Type::I1 => u64::from(number != 0),
            Type::I32 => number & 0xffff_ffff,
            _ => number,
        };
        if let Some(&value) = self.constants.get(&(ty, number)) {
            return value;
        }
        let value = self.add().constant(ty, number);
        self.constants.insert((ty, number), value);
        value
    }

    /// An operand as a value of a type.
    pub fn operand(&mut self, operand: Operand, want: Type) -> Value {
        match self.number(operand) {
            Err(reg) => {
                let value = self.register(reg);
                self.coerce(value, want)
            }
            Ok(number) => self.constant(want, number),
        }
    }

    /// The number an operand is, unless it is a register.
    pub fn number(&self, operand: Operand) -> Result<u64, Reg> {
        let instance = self.instance_here();
        Ok(match operand {
            Operand::Reg(reg) => return Err(reg),
            Operand::Imm(number) => number,
            Operand::Global(index, offset) => {
                let address = self.source.addresses.get(index as usize).copied().unwrap_or(0);
                address.wrapping_add(offset as u64)
            }
            Operand::Function(index) => crate::interp::code::function_address(index as usize),
            Operand::Frame(offset) => instance.frame.place(offset).into(),
            Operand::Shared(index, offset) => {
                let places = &self.source.shared[instance.function];
                u64::from(places.get(index as usize).copied().unwrap_or(0)).wrapping_add(offset as u64)
            }
            Operand::DynamicShared(offset) => {
                u64::from(self.source.dynamic_start).wrapping_add(offset as u64)
            }
        })
    }

    /// A value as another type: cut, or extended by zeros.
    pub fn coerce(&mut self, value: Value, want: Type) -> Value {
        let have = self.function.ty(value);
        match (have, want) {
            _ if have == want => value,
            (Type::I1, _) => {
                let (one, zero) = (self.constant(want, 1), self.constant(want, 0));
                self.add().select(value, one, zero)
            }
            (_, Type::I1) => {
                let zero = self.constant(have, 0);
                let ty = if have == Type::I64 { Kind::B64 } else { Kind::B32 };
                self.add().compare(Comparison::Ne, ty, value, zero)
            }
            (_, Type::I64) => self.add().convert(Kind::U64, Kind::U32, value),
            _ => self.add().convert(Kind::U32, Kind::U64, value),
        }
    }

    /// The kernel's block size.
    pub fn threads(&self) -> u32 {
        self.shape.threads()
    }
}

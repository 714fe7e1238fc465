//! One function: declarations, statements, and what it comes to.

use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::super::ast::{
    Body as Tree, Formal, Header, Instruction, Operand as Written, Registers, Statement, Table, Variable,
    VariableSpace,
};
use super::super::forms::{Build, Found, Seen};
use super::block::Blocks;
use super::names::{Binding, Labels, Names};
use super::step::Step;
use super::{Lowered, Refusal, Scope, error_at};
use crate::ir::compute::{Comparison, Compute};
use crate::ir::op::Passed;
use crate::ir::{End, Function, Guard, Inst, Op, Operand, Reg, Shared, Type, verify};
use crate::module::{Error, MOST_SHARED, Unsupported};

/// No variable in local memory is aligned to more: the reader takes no more.
const MOST_ALIGN: u32 = 4096;
/// Local memory of a thread is at most this.
const MOST_LOCAL: u64 = 512 << 10;
/// No more complaints than these are listed.
const MOST_ERRORS: usize = 50;

/// A function in the making.
pub struct Body<'s, 'm, 'a> {
    /// The module.
    pub scope: &'s Scope<'a>,
    /// A kernel.
    pub kernel: bool,
    /// Names of the function.
    pub names: Names<'a>,
    labels: Labels<'a>,
    label_scope: u32,
    /// Widths.
    pub registers: Vec<u8>,
    /// The code.
    pub blocks: Blocks,
    /// Frame size so far.
    pub frame_bytes: u32,
    frame_align: u32,
    /// What lies in the frame.
    variables: Vec<Passed>,
    shared: Vec<Shared>,
    /// Which of them those of the module are.
    module_shared: HashMap<u32, u32, RandomState>,
    dynamic_align: u32,
    forms: &'s mut Seen<'a>,
    /// Headers of functions that are called.
    headers: HashMap<u32, Rc<Header<'a>>, RandomState>,
    /// As written.
    tree: &'m Tree<'a>,
    /// Prototypes and branch tables in scope.
    pub tables: Vec<&'m Table<'a>>,
    /// How many targets all branches by tables have.
    pub targets: usize,
    results: Vec<Passed>,
    /// Results that lie in registers and are stored on return: register, frame slot.
    result_registers: Vec<(Reg, Type, u32)>,
    /// The carry flag.
    carry: Option<Reg>,
}

fn add_register(registers: &mut Vec<u8>, bits: u32) -> Reg {
    let reg = Reg(registers.len() as u32);
    registers.push(bits.min(64) as u8);
    if bits > 64 {
        registers.push(64);
    }
    reg
}

/// Lowers a function; errors are added to the list.
pub fn lower<'a>(
    scope: &Scope<'a>,
    forms: &mut Seen<'a>,
    (header, tree): &(Header<'a>, Tree<'a>),
    errors: &mut Vec<Error>,
) -> Option<Lowered> {
    let mut body = Body {
        scope,
        kernel: header.kernel,
        names: Names::default(),
        labels: Labels::default(),
        label_scope: 0,
        registers: Vec::new(),
        blocks: Blocks::default(),
        frame_bytes: 0,
        frame_align: 16,
        variables: Vec::new(),
        shared: Vec::new(),
        module_shared: HashMap::default(),
        dynamic_align: 1,
        forms,
        headers: HashMap::default(),
        tree,
        tables: Vec::new(),
        targets: 0,
        results: Vec::new(),
        result_registers: Vec::new(),
        carry: None,
    };
    let before = errors.len();
    let parameters = match body.formals(header) {
        Ok(parameters) => parameters,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    body.find_labels(&tree.statements, errors);
    let unsupported = body.statements(&tree.statements, errors);
    if errors.len() > before {
        return None;
    }
    Some(body.finish(header, parameters, unsupported))
}

impl<'m, 'a> Body<'_, 'm, 'a> {
    /// Operands as written.
    pub fn operands(&self, start: u32, end: u32) -> &'m [Written<'a>] {
        &self.tree.operands[start as usize..end as usize]
    }

    /// A new register; the first of two for 128 bits.
    pub fn fresh(&mut self, bits: u32) -> Reg {
        add_register(&mut self.registers, bits)
    }

    /// The carry flag.
    pub fn carry(&mut self) -> Reg {
        match self.carry {
            Some(reg) => reg,
            None => {
                let reg = self.fresh(1);
                self.carry = Some(reg);
                reg
            }
        }
    }

    /// Space in the frame.
    pub fn slot(&mut self, bytes: u64, align: u32) -> Option<u32> {
        let align = align.clamp(1, MOST_ALIGN);
        self.frame_align = self.frame_align.max(align);
        let offset = self.frame_bytes.next_multiple_of(align);
        let end = u64::from(offset).saturating_add(bytes);
        if end > MOST_LOCAL {
            return None;
        }
        self.frame_bytes = end as u32;
        self.variables.push(Passed { frame: offset, bytes: bytes as u32 });
        Some(offset)
    }

    fn formals(&mut self, tree: &Header<'a>) -> Result<Vec<Passed>, Error> {
        if self.kernel {
            let mut offset = 0u64;
            for formal in &tree.parameters {
                let (bytes, align) = formal.layout();
                offset = offset.next_multiple_of(u64::from(align.max(1)));
                if let Formal::Param(variable) = formal {
                    let binding = Binding::Param(offset as u32);
                    self.names.bind_array(variable.name, binding, variable.stride);
                }
                offset += bytes;
            }
            return Ok(Vec::new());
        }
        let parameters = self.passed(&tree.parameters, false, tree)?;
        self.results = self.passed(&tree.returns, true, tree)?;
        Ok(parameters)
    }

    fn passed(
        &mut self,
        formals: &[Formal<'a>],
        results: bool,
        tree: &Header<'a>,
    ) -> Result<Vec<Passed>, Error> {
        let mut list = Vec::new();
        for formal in formals {
            let (bytes, align) = formal.layout();
            let frame = self.slot(bytes, align).ok_or_else(|| {
                error_at(tree.place, format!("parameters of '{}' are too large", tree.name))
            })?;
            let passed = Passed { frame, bytes: bytes as u32 };
            list.push(passed);
            match formal {
                Formal::Param(v) => {
                    self.names.bind_array(v.name, Binding::Frame(frame, bytes as u32, true), v.stride);
                }
                Formal::Register(ty, name) => {
                    let reg = self.fresh(ty.bits());
                    self.names.bind(name, Binding::Reg(reg, *ty));
                    if results {
                        self.result_registers.push((reg, *ty, frame));
                    } else {
                        self.take_formal((reg, *ty, frame), None, tree.place.0);
                    }
                }
            }
        }
        Ok(list)
    }

    fn find_labels(&mut self, statements: &'m [Statement<'a>], errors: &mut Vec<Error>) {
        let labels = || {
            statements.iter().filter_map(|statement| match statement {
                Statement::Label(name, place) => Some((name, *place)),
                _ => None,
            })
        };
        self.labels = Labels::with_room(labels().count());
        let mut scope = self.labels.scope(0);
        let mut outer = Vec::new();
        let first = self.blocks.count();
        for statement in statements {
            match statement {
                Statement::Open => {
                    outer.push(scope);
                    scope = self.labels.scope(scope);
                }
                Statement::Close => scope = outer.pop().unwrap_or(0),
                Statement::Label(name, _) => self.labels.define(scope, name, self.blocks.reserve()),
                _ => {}
            }
        }
        // Labels have their blocks in order.
        for block in self.labels.sort().into_iter().take(MOST_ERRORS) {
            if let Some((name, place)) = labels().nth((block - first) as usize) {
                errors.push(error_at(place, format!("label '{name}' is defined twice")));
            }
        }
    }

    /// The block of a label that is seen from here.
    pub fn label(&self, name: &'a str) -> Option<u32> {
        self.labels.find(self.label_scope, name)
    }

    fn statements(&mut self, statements: &'m [Statement<'a>], errors: &mut Vec<Error>) -> Vec<Unsupported> {
        let mut unsupported = Vec::new();
        let mut refuse = |form: String, line| {
            if unsupported.len() < MOST_ERRORS {
                unsupported.push(Unsupported { form, line });
            }
        };
        let mut outer = Vec::new();
        let mut scopes = 0;
        for statement in statements {
            let result = match statement {
                Statement::Open => {
                    self.names.open();
                    outer.push(self.label_scope);
                    scopes += 1;
                    self.label_scope = scopes;
                    Ok(())
                }
                Statement::Close => {
                    self.names.close();
                    self.label_scope = outer.pop().unwrap_or(0);
                    Ok(())
                }
                Statement::Label(name, place) => {
                    if let Some(block) = self.label(name) {
                        self.blocks.start(block, place.0);
                    }
                    Ok(())
                }
                Statement::Registers(registers) => self.declare_registers(registers),
                Statement::Variable(variable) => self.declare_variable(variable),
                Statement::Table(table) => self.declare_table(table),
                Statement::Instruction(instruction) => match self.instruction(instruction) {
                    Err(Refusal::Unsupported) => {
                        refuse(instruction.form.to_owned(), instruction.line);
                        Ok(())
                    }
                    Err(Refusal::Call(what)) => {
                        refuse(format!("{} {what}", instruction.form), instruction.line);
                        Ok(())
                    }
                    Err(Refusal::Error(error)) => Err(error),
                    Ok(()) => Ok(()),
                },
            };
            if let (Err(error), true) = (result, errors.len() < MOST_ERRORS) {
                errors.push(error);
            }
        }
        unsupported
    }

    fn declare_registers(&mut self, registers: &Registers<'a>) -> Result<(), Error> {
        let bits = registers.ty.bits();
        match (registers.vector, registers.count) {
            (1, Some(count)) => self.names.bind_family(registers.name, count, registers.ty),
            (1, None) => {
                let reg = self.fresh(bits);
                self.names.bind(registers.name, Binding::Reg(reg, registers.ty));
            }
            (_, None) if bits > 64 => {
                let what = "there are no vectors of .b128 registers".to_owned();
                return Err(error_at(registers.place, what));
            }
            (count, None) => {
                let first = self.fresh(bits);
                for _ in 1..count {
                    self.fresh(bits);
                }
                self.names.bind(registers.name, Binding::Vector(first, count, registers.ty));
            }
            (_, Some(_)) => {
                let what = "numbered vector registers are not supported".to_owned();
                return Err(error_at(registers.place, what));
            }
        }
        Ok(())
    }

    fn declare_variable(&mut self, variable: &'m Variable<'a>) -> Result<(), Error> {
        let too_large = || error_at(variable.place, format!("'{}' is too large", variable.name));
        let binding = match variable.space {
            VariableSpace::Global | VariableSpace::Const => {
                let index = self.scope.declared.inner.get(&variable.place);
                let lost =
                    || error_at(variable.place, format!("'{}' cannot be declared here", variable.name));
                Binding::Global(*index.ok_or_else(lost)?)
            }
            VariableSpace::Local | VariableSpace::Param => {
                let frame = self.slot(variable.bytes, variable.align).ok_or_else(too_large)?;
                Binding::Frame(frame, variable.bytes as u32, variable.space == VariableSpace::Param)
            }
            VariableSpace::Shared if variable.bytes == 0 => {
                self.dynamic_align = self.dynamic_align.max(variable.align);
                Binding::DynamicShared
            }
            VariableSpace::Shared => {
                let named = (variable.name, None, variable.bytes, variable.align);
                Binding::Shared(self.add_shared(named).ok_or_else(too_large)?)
            }
        };
        self.names.bind_array(variable.name, binding, variable.stride);
        Ok(())
    }

    fn declare_table(&mut self, table: &'m Table<'a>) -> Result<(), Error> {
        let (Table::Prototype(name, ..) | Table::Targets(name, _) | Table::Callees(name, _)) = table;
        self.names.bind(name, Binding::Table(self.tables.len() as u32));
        self.tables.push(table);
        Ok(())
    }

    /// A variable in shared memory: name, number in the module, size and alignment.
    fn add_shared(&mut self, named: (&str, Option<u32>, u64, u32)) -> Option<u32> {
        let (name, of_module, bytes, align) = named;
        let bytes = u32::try_from(bytes).ok().filter(|&bytes| bytes <= MOST_SHARED)?;
        self.shared.push(Shared { name: name.to_owned(), of_module, bytes, align: align.max(1) });
        Some(self.shared.len() as u32 - 1)
    }

    /// A name that is no register.
    pub fn symbol(&mut self, name: &'a str) -> Option<Binding> {
        let binding = self.names.get(name).or_else(|| self.scope.symbol(name))?;
        let Binding::ModuleShared(number) = binding else { return Some(binding) };
        let index = match self.module_shared.get(&number) {
            Some(&index) => index,
            None => {
                let shared = &self.scope.declared.shared[number as usize];
                let index = self.add_shared((&shared.name, Some(number), shared.bytes, shared.align))?;
                self.module_shared.insert(number, index);
                index
            }
        };
        Some(Binding::Shared(index))
    }

    /// From one element of a variable to the next, in bytes; 0 where that is not known.
    pub fn stride(&self, name: &str) -> u64 {
        let outside = || self.scope.declared.strides.get(name).copied();
        self.names.stride(name).or_else(outside).unwrap_or(0)
    }

    /// A name as a register.
    pub fn register(&mut self, name: &'a str) -> Option<(Reg, Type)> {
        if let Some(binding) = self.names.get(name) {
            return if let Binding::Reg(reg, ty) = binding { Some((reg, ty)) } else { None };
        }
        let member = self.names.member(name)?;
        let registers = &mut self.registers;
        let reg = self.names.member_reg(member, || add_register(registers, member.ty.bits()));
        Some((reg, member.ty))
    }

    fn instruction(&mut self, instruction: &Instruction<'a>) -> Result<(), Refusal> {
        let place = (instruction.line, instruction.column);
        let guard = match instruction.guard {
            None => None,
            Some((name, negated)) => match self.register(name) {
                Some((reg, Type::Pred)) => Some(Guard { reg, negated }),
                Some(_) => return Err(error_at(place, format!("'{name}' is no predicate")).into()),
                None => return Err(error_at(place, format!("'{name}' is not declared")).into()),
            },
        };
        let operands = self.operands(instruction.operands.start, instruction.operands.end);
        let (found, form) = self.forms.find(instruction.form);
        let opcode = form.opcode;
        let mut step = Step::new(self, form, operands, place, guard);
        match found {
            Found::Row(known) if known.shape.takes(operands.len()) => match known.build() {
                Build::By(build) => build(&mut step),
                Build::Int(op) => step.int_by_shape(op, &known.shape),
                Build::Refuse => Err(Refusal::Unsupported),
            },
            Found::Row(_) => step.error(format!("'{opcode}' with {} operands", operands.len())),
            Found::Opcode => Err(Refusal::Unsupported),
            Found::Nothing => step.error(format!("unknown instruction '{opcode}'")),
        }
    }

    /// The header of a function, read once for all that a body calls it.
    pub fn header(&mut self, index: u32) -> Result<Rc<Header<'a>>, Error> {
        if let Some(header) = self.headers.get(&index) {
            return Ok(header.clone());
        }
        let header = Rc::new(self.scope.header(index)?);
        self.headers.insert(index, header.clone());
        Ok(header)
    }

    /// Reads a value that was passed in the frame. Predicates are passed as bytes.
    pub fn take_formal(&mut self, (reg, ty, frame): (Reg, Type, u32), guard: Option<Guard>, line: u32) {
        let (to, ty) = if ty == Type::Pred { (self.fresh(16), Type::U8) } else { (reg, ty) };
        let (targets, ty) = match ty {
            Type::B128 => (vec![Some(to), Some(Reg(to.0 + 1))], Type::B64),
            _ => (vec![Some(to)], ty),
        };
        let op = Op::Load {
            space: crate::ir::op::Space::Local,
            ty,
            to: targets,
            address: Operand::Frame(frame),
            offset: 0,
            shared_with_others: false,
        };
        self.blocks.push(Inst { op, guard, line });
        if to != reg {
            let compute = Compute::Compare(Comparison::Ne, Type::U16, false);
            let from = [Operand::Reg(to), Operand::Imm(0), Operand::Imm(0), Operand::Imm(0)];
            self.blocks.push(Inst { op: Op::Compute { compute, to: reg, from }, guard, line });
        }
    }

    /// Puts a value into the frame to be passed.
    pub fn give_formal(&mut self, (value, ty, frame): (Operand, Type, u32), guard: Option<Guard>, line: u32) {
        let (mut value, mut stored) = (value, ty);
        if ty == Type::Pred {
            let to = self.fresh(16);
            let from = [Operand::Imm(1), Operand::Imm(0), value, Operand::Imm(0)];
            let op = Op::Compute { compute: Compute::Select, to, from };
            self.blocks.push(Inst { op, guard, line });
            (value, stored) = (Operand::Reg(to), Type::U8);
        }
        let (from, stored) = match (stored, value) {
            (Type::B128, Operand::Reg(low)) => (vec![value, Operand::Reg(Reg(low.0 + 1))], Type::B64),
            (Type::B128, _) => (vec![value, Operand::Imm(0)], Type::B64),
            _ => (vec![value], stored),
        };
        let op = Op::Store {
            space: crate::ir::op::Space::Local,
            ty: stored,
            from,
            address: Operand::Frame(frame),
            offset: 0,
            shared_with_others: false,
        };
        self.blocks.push(Inst { op, guard, line });
    }

    /// Ends the block with a return; results in registers go to their places first.
    pub fn end_return(&mut self, line: u32) {
        for index in 0..self.result_registers.len() {
            let (reg, ty, frame) = self.result_registers[index];
            self.give_formal((Operand::Reg(reg), ty, frame), None, line);
        }
        self.blocks.end(End::Return, line);
    }

    fn finish(
        mut self,
        tree: &Header<'a>,
        parameters: Vec<Passed>,
        mut unsupported: Vec<Unsupported>,
    ) -> Lowered {
        self.end_return(tree.place.0);
        let registers =
            self.registers.iter().map(|&bits| if bits > 32 { 2 } else { u32::from(bits > 1) }).sum();
        let function = Function {
            name: tree.name.to_owned(),
            kernel: tree.kernel,
            registers: self.registers,
            blocks: self.blocks.finish(tree.place.0),
            parameters,
            results: self.results,
            frame_bytes: self.frame_bytes.next_multiple_of(16),
            frame_align: self.frame_align,
            variables: self.variables,
            shared: self.shared,
        };
        let (mentions, indirect) = super::mentions(&function);
        if let (true, Err(form)) = (unsupported.is_empty(), verify::verify(&function)) {
            unsupported.push(Unsupported { form, line: tree.place.0 });
        }
        let dynamic_align = self.dynamic_align;
        Lowered { function, unsupported, registers, dynamic_align, mentions, indirect }
    }
}

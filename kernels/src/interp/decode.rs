//! From IR to steps, once per program.

mod access;

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::code::{
    Call, Code, Entry, KernelCode, LINK_SLOTS, Matrix, Program, Slot, Step, Target, TileAccess,
    function_address,
};
use super::code::{LOCAL_WINDOW, PARAM_WINDOW, SHARED_WINDOW};
use super::lanes::{Meaning, WARP};
use super::meaning::meaning;
use super::product::Multiply;
use super::slots;
use crate::ir::compute::{Compute, Int};
use crate::ir::matrix::Product;
use crate::ir::op::{BarrierKind, Callee, Space, Special};
use crate::ir::{Block, End, Function, Inst, Op, Operand, Reg, Type};

/// What decoding needs to know of a kernel.
pub struct Source<'a> {
    /// The kernel and all functions it may reach: their numbers in the module, ascending, and their code.
    pub functions: Vec<(u32, &'a Function)>,
    /// The kernel's number.
    pub kernel: u32,
    /// Addresses of the module's variables.
    pub addresses: &'a [u64],
    /// Where those in constant memory lie, ascending: first byte and the one behind the last.
    pub constants: Vec<(u64, u64)>,
    /// For each function where its shared variables lie.
    pub shared: &'a [Vec<u32>],
    /// Where dynamic shared memory starts.
    pub dynamic_start: u32,
}

/// Decodes a kernel and what it reaches.
pub fn decode(source: &Source<'_>) -> Program {
    let program = Program { constants: source.constants.clone(), ..Program::default() };
    let mut decoder = Decoder { program, constants: HashMap::default(), products: HashMap::new(), source };
    for at in 0..source.functions.len() {
        let entry = decoder.function(at);
        decoder.program.entries.push(entry);
    }
    decoder.program.numbers = source.functions.iter().map(|&(number, _)| number).collect();
    let function = decoder.program.entry_of(source.kernel).unwrap_or(0);
    let depth = depth(&source.functions, function, |at| decoder.program.entries[at as usize].slots);
    decoder.program.kernel = KernelCode {
        function,
        slots: depth.slots,
        local_bytes: depth.local_bytes,
        unbounded: depth.unbounded,
        dynamic_start: source.dynamic_start,
    };
    decoder.program
}

/// The program so far.
pub struct Decoder<'s, 'a> {
    program: Program,
    constants: HashMap<u64, u32, RandomState>,
    products: HashMap<Product, u32>,
    source: &'s Source<'a>,
}

/// What the deepest call takes.
#[derive(Clone, Copy, Default)]
pub struct Depth {
    /// Registers of all frames.
    slots: u32,
    /// Local memory of all frames.
    pub local_bytes: u32,
    /// Calls may go deeper.
    unbounded: bool,
}

/// One function while it is decoded.
pub struct Frame<'f> {
    function: &'f Function,
    /// Where its shared variables lie.
    shared: &'f [u32],
    slots: Vec<u32>,
    used: u32,
    /// Block starts, once known.
    starts: Vec<u32>,
    /// Slots for addresses that are made just before they are used.
    scratch: u32,
    line: u32,
}

impl Decoder<'_, '_> {
    /// A function's place in the list of those that are decoded, by its number in the module.
    fn at(&self, number: u32) -> u32 {
        let at = self.source.functions.binary_search_by_key(&number, |&(number, _)| number);
        at.expect("all that is called was reached") as u32
    }

    fn push(&mut self, code: Code, line: u32) {
        self.program.steps.push(Step { code, guard: Slot::NONE, negated: false });
        self.program.lines.push(line);
    }

    /// A constant of the pool.
    pub fn constant(&mut self, value: u64) -> Slot {
        let pool = &mut self.program.pool;
        let index = *self.constants.entry(value).or_insert_with(|| {
            pool.push([value; WARP]);
            pool.len() as u32 - 1
        });
        Slot(index | Slot::CONSTANT)
    }

    fn function(&mut self, at: usize) -> Entry {
        let function = self.source.functions[at].1;
        let (slots, used) = slots::assign(function, LINK_SLOTS);
        let mut frame = Frame {
            function,
            shared: &self.source.shared[at],
            slots,
            used,
            starts: Vec::with_capacity(function.blocks.len()),
            scratch: 0,
            line: 0,
        };
        let entered = entered(function);
        let pc = self.program.steps.len() as u32;
        for (index, block) in function.blocks.iter().enumerate() {
            frame.starts.push(self.program.steps.len() as u32);
            self.block(&mut frame, index as u32, block, &entered);
        }
        self.fix_targets(&frame, pc);
        Entry {
            pc,
            slots: frame.used + frame.scratch,
            frame_bytes: function.frame_bytes,
            frame_align: function.frame_align,
            parameters: function.parameters.clone(),
            results: function.results.clone(),
        }
    }

    fn block(&mut self, frame: &mut Frame<'_>, index: u32, block: &Block, entered: &[u32]) {
        for inst in &block.insts {
            frame.line = inst.line;
            self.inst(frame, inst);
        }
        frame.line = block.line;
        match &block.end {
            // Alone on the way, the next block needs no meeting point.
            End::Jump(to) if *to == index + 1 && entered[*to as usize] == 1 => {}
            End::Jump(to) => self.push(Code::Jump(*to), block.line),
            End::Branch(guard, yes, no) => {
                let (slot, negated) = (frame.slot(guard.reg), guard.negated);
                self.push(Code::Branch { guard: slot, negated, yes: *yes, no: *no }, block.line);
            }
            End::Table(at, targets) => {
                let at = self.operand(frame, *at, 0);
                self.program.tables.push(targets.clone());
                self.push(Code::Table(at, self.program.tables.len() as u32 - 1), block.line);
            }
            End::Return if frame.function.kernel => self.push(Code::Exit, block.line),
            End::Return => self.push(Code::Return, block.line),
            End::Exit => self.push(Code::Exit, block.line),
            End::Trap => self.push(Code::Trap, block.line),
        }
    }

    /// Targets were block numbers until all starts were known.
    fn fix_targets(&mut self, frame: &Frame<'_>, from: u32) {
        let start = |block: u32| frame.starts[block as usize];
        for step in &mut self.program.steps[from as usize..] {
            match &mut step.code {
                Code::Jump(to) => *to = start(*to),
                Code::Branch { yes, no, .. } => (*yes, *no) = (start(*yes), start(*no)),
                Code::Table(_, table) => {
                    self.program.tables[*table as usize].iter_mut().for_each(|to| *to = start(*to));
                }
                _ => {}
            }
        }
    }

    /// The slot of an operand. `place` tells apart the made addresses of one instruction.
    pub fn operand(&mut self, frame: &mut Frame<'_>, operand: Operand, place: u32) -> Slot {
        match operand {
            Operand::Reg(reg) => frame.slot(reg),
            Operand::Imm(value) => self.constant(value),
            Operand::Global(index, offset) => {
                let address = self.source.addresses.get(index as usize).copied().unwrap_or(0);
                self.constant(address.wrapping_add(offset as u64))
            }
            Operand::Function(index) => self.constant(function_address(index as usize)),
            Operand::Frame(offset) if frame.function.kernel => self.constant(u64::from(offset)),
            Operand::Frame(offset) => {
                let to = frame.scratch(place);
                self.push(Code::FrameAddress(to, offset), frame.line);
                to
            }
            Operand::Shared(index, offset) => {
                let at = frame.shared.get(index as usize).copied().unwrap_or(0);
                self.constant(u64::from(at).wrapping_add(offset as u64))
            }
            Operand::DynamicShared(offset) => {
                let to = frame.scratch(place);
                self.push(Code::DynamicShared(to, offset), frame.line);
                to
            }
        }
    }

    fn optional(&mut self, frame: &mut Frame<'_>, operand: &Option<Operand>, place: u32) -> Slot {
        operand.map_or(Slot::NONE, |operand| self.operand(frame, operand, place))
    }

    fn inst(&mut self, frame: &mut Frame<'_>, inst: &Inst) {
        let code = self.op(frame, &inst.op);
        let guard = inst.guard.map_or(Slot::NONE, |guard| frame.slot(guard.reg));
        let negated = inst.guard.is_some_and(|guard| guard.negated);
        self.program.steps.push(Step { code, guard, negated });
        self.program.lines.push(inst.line);
    }

    fn op(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        match op {
            Op::Compute { compute, to, from } => self.compute(frame, *compute, *to, from),
            Op::Special { special, to } => {
                self.program.reserved |= matches!(special, Special::ReservedShared(_));
                Code::Special(*special, frame.slot(*to))
            }
            Op::Load { .. } | Op::Store { .. } => self.load_or_store(frame, op),
            Op::Atomic { .. } | Op::AtomicWide { .. } => self.atomic(frame, op),
            Op::Copy { .. } | Op::Mbarrier { .. } => self.shared_op(frame, op),
            Op::Alloca { to, bytes, align } => {
                Code::Alloca(frame.slot(*to), self.operand(frame, *bytes, 0), *align)
            }
            Op::StackSave { to } => Code::StackSave(frame.slot(*to)),
            Op::StackRestore { from } => Code::StackRestore(self.operand(frame, *from, 0)),
            Op::Fence => Code::Fence,
            Op::Barrier { id, count, kind } => self.barrier(frame, *id, count, kind),
            Op::Call { callee, arguments, results } => self.call(frame, *callee, arguments, results),
            Op::Sleep => Code::Sleep,
            Op::IsSpace { space, to, address } => {
                Code::IsSpace(*space, frame.slot(*to), self.operand(frame, *address, 0))
            }
            Op::ToGeneric { space, to, address } => self.window(frame, Int::Add, *space, *to, *address),
            Op::FromGeneric { space, to, address } => self.window(frame, Int::Sub, *space, *to, *address),
            _ => self.exchange(frame, op),
        }
    }

    fn exchange(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        let target = |frame: &Frame<'_>, reg: &Option<Reg>| reg.map_or(Slot::NONE, |reg| frame.slot(reg));
        match op {
            Op::Matrix { .. }
            | Op::MatrixLoad { .. }
            | Op::MatrixStore { .. }
            | Op::MatrixTranspose { .. } => self.matrix(frame, op),
            Op::WarpBarrier { mask } => Code::WarpBarrier(self.operand(frame, *mask, 0)),
            Op::Shuffle { mode, to, valid, value, lane, clamp, mask } => Code::Shuffle {
                mode: *mode,
                to: frame.slot(*to),
                valid: target(frame, valid),
                value: self.operand(frame, *value, 0),
                lane: self.operand(frame, *lane, 1),
                clamp: self.operand(frame, *clamp, 2),
                mask: self.optional(frame, mask, 3),
            },
            Op::Vote { mode, to, value, negated, mask } => Code::Vote {
                mode: *mode,
                to: frame.slot(*to),
                value: self.operand(frame, *value, 0),
                negated: *negated,
                mask: self.optional(frame, mask, 1),
            },
            Op::Match { all, to, valid, value, mask } => Code::Match {
                all: *all,
                to: frame.slot(*to),
                valid: target(frame, valid),
                value: self.operand(frame, *value, 0),
                mask: self.operand(frame, *mask, 1),
            },
            Op::Reduce { op, ty, to, value, mask } => Code::Reduce {
                op: *op,
                ty: *ty,
                to: frame.slot(*to),
                value: self.operand(frame, *value, 0),
                mask: self.operand(frame, *mask, 1),
            },
            Op::ActiveMask { to } => Code::ActiveMask(frame.slot(*to)),
            _ => Code::Unsupported,
        }
    }

    fn matrix(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        let targets = |frame: &Frame<'_>, to: &[Reg]| to.iter().map(|&reg| frame.slot(reg)).collect();
        let access = |this: &mut Self, frame: &mut Frame<'_>, space, tiles, address, offset, stride| {
            let narrow = frame.narrow(space, address);
            let (address, stride) = (this.operand(frame, address, 0), this.operand(frame, stride, 1));
            TileAccess { space, tiles, address, offset, narrow, stride }
        };
        let matrix = match op {
            Op::Matrix { product, to, from } => {
                let from = self.places(frame, from);
                Matrix::Product(self.product(product), targets(frame, to), from)
            }
            Op::MatrixLoad { space, tiles, to, address, offset, stride } => {
                let access = access(self, frame, *space, *tiles, *address, *offset, *stride);
                Matrix::Load(access, targets(frame, to))
            }
            Op::MatrixStore { space, tiles, from, address, offset, stride } => {
                let access = access(self, frame, *space, *tiles, *address, *offset, *stride);
                Matrix::Store(access, self.places(frame, from))
            }
            Op::MatrixTranspose { to, from } => {
                Matrix::Transpose(frame.slot(*to), self.operand(frame, *from, 0))
            }
            _ => return Code::Unsupported,
        };
        self.program.matrices.push(matrix);
        Code::Matrix(self.program.matrices.len() as u32 - 1)
    }

    /// The slots of many operands; the first two places belong to an address and a stride.
    fn places(&mut self, frame: &mut Frame<'_>, from: &[Operand]) -> Vec<Slot> {
        (2..).zip(from).map(|(place, &operand)| self.operand(frame, operand, place)).collect()
    }

    /// The index of a product: all steps of its kind share one.
    fn product(&mut self, product: &Product) -> u32 {
        let products = &mut self.program.products;
        *self.products.entry(*product).or_insert_with(|| {
            products.push(Multiply::new(product));
            products.len() as u32 - 1
        })
    }

    fn compute(&mut self, frame: &mut Frame<'_>, compute: Compute, to: Reg, from: &[Operand; 4]) -> Code {
        let Some(meaning) = meaning(compute) else { return Code::Unsupported };
        let mut sources = [Slot::NONE; 4];
        for (place, source) in from[..compute.sources()].iter().enumerate() {
            sources[place] = self.operand(frame, *source, place as u32);
        }
        Code::from((meaning, frame.slot(to), sources))
    }

    fn window(&mut self, frame: &mut Frame<'_>, op: Int, space: Space, to: Reg, address: Operand) -> Code {
        let window = match space {
            Space::Shared => SHARED_WINDOW,
            Space::Local => LOCAL_WINDOW,
            Space::Param => PARAM_WINDOW,
            Space::Generic | Space::Global | Space::Const => 0,
        };
        let address = self.operand(frame, address, 0);
        let window = self.constant(window);
        match meaning(Compute::Int(op, Type::U64)) {
            Some(Meaning::Two(run)) => Code::Two(run, frame.slot(to), [address, window]),
            _ => Code::Unsupported,
        }
    }

    fn barrier(
        &mut self,
        frame: &mut Frame<'_>,
        id: Operand,
        count: &Option<Operand>,
        kind: &BarrierKind,
    ) -> Code {
        let id = self.operand(frame, id, 0);
        let count = self.optional(frame, count, 1);
        match *kind {
            BarrierKind::Sync => Code::Barrier(id, count),
            BarrierKind::Arrive => Code::Arrive(id, count),
            BarrierKind::Reduce { op, to, value, negated } => {
                let value = self.operand(frame, value, 2);
                Code::BarrierReduce { id, count, op, value, negated, to: frame.slot(to) }
            }
        }
    }

    fn call(
        &mut self,
        frame: &mut Frame<'_>,
        callee: Callee,
        arguments: &[crate::ir::op::Passed],
        results: &[crate::ir::op::Passed],
    ) -> Code {
        let target = match callee {
            Callee::Function(number) => Target::Function(self.at(number)),
            Callee::Pointer(address) => Target::Pointer(self.operand(frame, address, 0)),
            Callee::Runtime(runtime) => Target::Runtime(runtime),
        };
        let call = Call { target, arguments: arguments.to_vec(), results: results.to_vec() };
        self.program.calls.push(call);
        Code::Call(self.program.calls.len() as u32 - 1)
    }
}

/// What the deepest call of a kernel takes in local memory.
pub fn deepest(functions: &[(u32, &Function)], kernel: u32) -> Depth {
    let root = functions.binary_search_by_key(&kernel, |&(number, _)| number).unwrap_or(0);
    depth(functions, root as u32, |_| 0)
}

/// What a function and all it calls take, by their places in the list. Functions on the way are marked, so recursion is
/// seen; no host stack is used however deep calls nest.
fn depth(functions: &[(u32, &Function)], root: u32, slots: impl Fn(u32) -> u32) -> Depth {
    let mut known: HashMap<u32, Depth> = HashMap::new();
    let mut open: Vec<(u32, Vec<u32>, Depth)> = Vec::new();
    let mut on_the_way = std::collections::HashSet::new();
    let (below, depth) = callees(functions, root);
    on_the_way.insert(root);
    open.push((root, below, depth));
    loop {
        let Some((function, below, depth)) = open.last_mut() else { return Depth::default() };
        match below.pop() {
            Some(callee) if on_the_way.contains(&callee) => depth.unbounded = true,
            Some(callee) => match known.get(&callee) {
                Some(below) => depth.include(below),
                None => {
                    let (below, depth) = callees(functions, callee);
                    on_the_way.insert(callee);
                    open.push((callee, below, depth));
                }
            },
            None => {
                let function = *function;
                let frame = functions[function as usize].1;
                // The caller's frame may end where this one must not start.
                let whole = Depth {
                    slots: depth.slots.saturating_add(slots(function)),
                    local_bytes: depth.local_bytes.saturating_add(frame.frame_bytes + frame.frame_align - 16),
                    unbounded: depth.unbounded,
                };
                on_the_way.remove(&function);
                known.insert(function, whole);
                open.pop();
                match open.last_mut() {
                    Some((_, _, caller)) => caller.include(&whole),
                    None => return whole,
                }
            }
        }
    }
}

fn callees(functions: &[(u32, &Function)], function: u32) -> (Vec<u32>, Depth) {
    let mut callees = Vec::new();
    let mut depth = Depth::default();
    for inst in functions[function as usize].1.blocks.iter().flat_map(|block| &block.insts) {
        match inst.op {
            Op::Call { callee: Callee::Function(callee), .. } => {
                callees.extend(
                    functions.binary_search_by_key(&callee, |&(number, _)| number).map(|at| at as u32),
                );
            }
            Op::Call { callee: Callee::Pointer(_), .. } | Op::Alloca { .. } => depth.unbounded = true,
            _ => {}
        }
    }
    callees.sort_unstable();
    callees.dedup();
    (callees, depth)
}

impl Depth {
    fn include(&mut self, below: &Depth) {
        self.slots = self.slots.max(below.slots);
        self.local_bytes = self.local_bytes.max(below.local_bytes);
        self.unbounded |= below.unbounded;
    }
}

impl Frame<'_> {
    /// Where a register is.
    pub fn slot(&self, reg: Reg) -> Slot {
        Slot(self.slots[reg.0 as usize])
    }

    /// How wide it is.
    pub fn width(&self, reg: Reg) -> u32 {
        u32::from(self.function.registers[reg.0 as usize])
    }

    /// Whether an address comes round at 32 bits: that of a block's or thread's own memory in a register of 32 bits. Programs
    /// make such ones below 0 where their offset brings them back.
    pub fn narrow(&self, space: Space, address: Operand) -> bool {
        let own = matches!(space, Space::Shared | Space::Local);
        own && matches!(address, Operand::Reg(reg) if self.width(reg) == 32)
    }

    fn scratch(&mut self, place: u32) -> Slot {
        self.scratch = self.scratch.max(place + 1);
        Slot(self.used + place)
    }
}

/// How many ways lead into each block.
fn entered(function: &Function) -> Vec<u32> {
    let mut entered = vec![0; function.blocks.len()];
    entered[0] = 1;
    for block in &function.blocks {
        block.end.successors(|to| entered[to as usize] += 1);
    }
    entered
}

//! Calls: the callee's code in the caller's place.
//!
//! Each call has registers and a frame of its own. Frames lie in the thread's local memory, each at a place of its own
//! as long as there is room, so that no two accesses of different calls meet and `promote` makes values of them.
//! Arguments and results are not copied: the callee's places for them are the caller's.

use super::Refusal;
use super::build::Build;
use super::ssa::{Access, BlockId, End, Op, Target, Type};
use crate::ir::op::{Guard, Operand, Passed, Space};
use crate::ir::{self, Block};

/// Local memory up to which frames have places of their own; beyond it they lie as on a stack.
const ROOMY: u32 = 8192;
/// Most local memory of a thread.
const MOST_LOCAL: u32 = 512 << 10;
/// Most calls in a kernel.
const MOST_CALLS: usize = 1 << 14;

/// One call of a function, or the kernel.
#[derive(Debug)]
pub struct Instance {
    /// The function, by its place in the source.
    pub function: usize,
    /// Who calls.
    parent: Option<usize>,
    /// The number of its first register among all variables.
    pub variables: u32,
    /// Where its blocks start, those that are reached.
    pub blocks: Vec<Option<BlockId>>,
    /// Where a return goes; `None`: the thread ends.
    pub back: Option<BlockId>,
    /// Where its frame lies.
    pub frame: Frame,
}

/// A frame, and the parts of it that are others'.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    start: u32,
    bytes: u32,
    /// Parts that lie in the caller's frame: from, bytes, where in local memory.
    lent: Vec<(u32, u32, u32)>,
}

impl Frame {
    /// Where in local memory an offset in the frame is.
    pub fn place(&self, offset: u32) -> u32 {
        let part = self.lent.iter().find(|(from, bytes, _)| (*from..from + bytes).contains(&offset));
        part.map_or(self.start + offset, |(from, _, to)| to + (offset - from))
    }

    /// The same if all of so many bytes lie there side by side.
    fn run(&self, offset: u32, bytes: u32) -> Option<u32> {
        let start = self.place(offset);
        let together = bytes == 0 || self.place(offset + bytes - 1) == start + bytes - 1;
        let starts =
            |&&(from, size, _): &&(u32, u32, u32)| size > 0 && from > offset && from < offset + bytes;
        (together && !self.lent.iter().any(|part| starts(&part))).then_some(start)
    }
}

impl Build<'_, '_> {
    /// The kernel itself, from a block of its own on.
    pub fn kernel(&mut self) -> Result<(), Refusal> {
        let kernel = self.source.functions.binary_search_by_key(&self.source.kernel, |&(number, _)| number);
        let Ok(function) = kernel else { return self.refuse("the kernel has no code") };
        let code = self.source.functions[function].1;
        self.function.name.clone_from(&code.name);
        let entry = self.fresh_block();
        let frame = Frame { start: 0, bytes: code.frame_bytes, lent: Vec::new() };
        self.local_top = code.frame_bytes;
        let first = self.instantiate(function, None, None, frame)?;
        self.start(entry);
        self.end(End::Jump(Target::to(first)));
        Ok(())
    }

    /// A new instance, to be built later; gives its first block.
    fn instantiate(
        &mut self,
        function: usize,
        parent: Option<usize>,
        back: Option<BlockId>,
        frame: Frame,
    ) -> Result<BlockId, Refusal> {
        if self.instances.len() >= MOST_CALLS {
            return self.refuse("too many calls");
        }
        if self.local_top > MOST_LOCAL {
            return self.refuse("too much local memory");
        }
        let code = self.source.functions[function].1;
        let types = code.registers.iter().map(|&bits| Type::of_register(bits.into()));
        let variables = self.variables.add(types);
        let mut blocks = Vec::with_capacity(code.blocks.len());
        for (block, reached) in code.blocks.iter().zip(reached(&code.blocks)) {
            blocks.push(reached.then(|| self.function.add_block(block.line)));
        }
        let Some(&Some(first)) = blocks.first() else { return self.refuse("a function without code") };
        self.open.push(self.instances.len());
        self.instances.push(Instance { function, parent, variables, blocks, back, frame });
        Ok(first)
    }

    /// A call of a function by its number.
    pub fn inline(
        &mut self,
        number: u32,
        arguments: &[Passed],
        results: &[Passed],
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        let found = self.source.functions.binary_search_by_key(&number, |&(number, _)| number);
        let Ok(function) = found else { return self.refuse("a call of a function without code") };
        let mut above = Some(self.at);
        while let Some(at) = above {
            if self.instances[at].function == function {
                return self.refuse("recursion");
            }
            above = self.instances[at].parent;
        }
        let code = self.source.functions[function].1;
        if !fits(arguments, &code.parameters) || !fits(results, &code.results) {
            return self.refuse("a call of a function with other parameters");
        }
        // Lanes that come by different calls meet in there; here each call is a place of its own.
        let again = self.instances.iter().any(|one| one.function == function);
        if again && code.blocks.iter().flat_map(|block| &block.insts).any(|inst| is_of_warp(&inst.op)) {
            return self.refuse("a warp operation in a function that is called from several places");
        }
        let after = match guard {
            Some(guard) => self.branch_around(guard),
            None => self.fresh_block(),
        };
        let mut frame = self.own_frame(code);
        let lent = self.lent(arguments, results, code);
        // A place that is given twice, or given and got back, is copied: the callee may write one of them.
        let copies = lent.is_none();
        frame.lent = lent.unwrap_or_default();
        let returned: Vec<(u32, u32, u32)> = (code.results.iter().zip(results))
            .map(|(from, to)| (frame.place(from.frame), self.instance_here().frame.place(to.frame), to.bytes))
            .collect();
        if copies {
            for (from, to) in arguments.iter().zip(&code.parameters) {
                let from_place = self.instance_here().frame.place(from.frame);
                self.copy_local(from_place, frame.place(to.frame), from.bytes);
            }
        }
        let back = self.fresh_block();
        let first = self.instantiate(function, Some(self.at), Some(back), frame)?;
        self.end(End::Jump(Target::to(first)));
        self.start(back);
        if copies {
            for (from, to, bytes) in returned {
                self.copy_local(from, to, bytes);
            }
        }
        self.end(End::Jump(Target::to(after)));
        self.start(after);
        Ok(())
    }

    /// Room for a frame.
    fn own_frame(&mut self, code: &ir::Function) -> Frame {
        let caller = &self.instance_here().frame;
        let on_stack = (caller.start + caller.bytes).max(ROOMY);
        let align = code.frame_align.max(16);
        let roomy = self.local_top.next_multiple_of(align);
        let start = if roomy + code.frame_bytes <= ROOMY { roomy } else { on_stack.next_multiple_of(align) };
        self.local_top = self.local_top.max(start + code.frame_bytes);
        Frame { start, bytes: code.frame_bytes, lent: Vec::new() }
    }

    /// The parts of the caller's frame that are the callee's arguments and results, if they do not overlap and the callee
    /// leaves its arguments as they are.
    fn lent(
        &self,
        arguments: &[Passed],
        results: &[Passed],
        code: &ir::Function,
    ) -> Option<Vec<(u32, u32, u32)>> {
        if !code.parameters.iter().all(|own| keeps(code, own)) {
            return None;
        }
        let caller = &self.instance_here().frame;
        let mut lent = Vec::with_capacity(arguments.len() + results.len());
        let pairs = arguments.iter().zip(&code.parameters).chain(results.iter().zip(&code.results));
        for (given, own) in pairs {
            lent.push((own.frame, own.bytes, caller.run(given.frame, given.bytes)?));
        }
        let apart = |start: fn(&(u32, u32, u32)) -> u32| {
            let mut sorted: Vec<(u32, u32)> = lent.iter().map(|part| (start(part), part.1)).collect();
            sorted.sort_unstable();
            sorted.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0)
        };
        (apart(|part| part.0) && apart(|part| part.2)).then_some(lent)
    }

    /// Copies bytes of local memory.
    fn copy_local(&mut self, from: u32, to: u32, bytes: u32) {
        let mut done = 0;
        while done < bytes {
            let both = (from + done) | (to + done) | 8;
            let piece = (1 << both.trailing_zeros()).min(1 << (bytes - done).ilog2());
            let access = |place: u32| Access {
                space: Space::Local,
                bytes: piece as u8,
                signed: false,
                ordered: false,
                offset: place.into(),
            };
            let zero = self.constant(Type::I32, 0);
            let ty = if piece == 8 { Type::I64 } else { Type::I32 };
            let value = self.add().op(Op::Load(access(from + done)), &[zero], ty);
            self.add().effect(Op::Store(access(to + done)), &[zero, value], None);
            done += piece;
        }
    }
}

/// Lanes of a warp take part in it together.
fn is_of_warp(op: &ir::Op) -> bool {
    matches!(
        op,
        ir::Op::Shuffle { .. }
            | ir::Op::Vote { .. }
            | ir::Op::Match { .. }
            | ir::Op::Reduce { .. }
            | ir::Op::WarpBarrier { .. }
            | ir::Op::ActiveMask { .. }
            | ir::Op::Matrix { .. }
            | ir::Op::MatrixLoad { .. }
            | ir::Op::MatrixStore { .. }
            | ir::Op::MatrixTranspose { .. }
    )
}

fn fits(given: &[Passed], wanted: &[Passed]) -> bool {
    given.len() == wanted.len() && given.iter().zip(wanted).all(|(a, b)| a.bytes == b.bytes)
}

/// Whether a function only loads from a part of its frame, so that nobody can tell whose it is.
fn keeps(code: &ir::Function, own: &Passed) -> bool {
    let part = i64::from(own.frame)..i64::from(own.frame + own.bytes);
    let within = |base: Operand, offset: i64| match base {
        Operand::Frame(at) => part.contains(&i64::from(at)) || part.contains(&(i64::from(at) + offset)),
        _ => false,
    };
    code.blocks.iter().flat_map(|block| &block.insts).all(|inst| match &inst.op {
        ir::Op::Load { .. } => true,
        ir::Op::Store { address, offset, from, .. } => {
            !within(*address, *offset) && !from.iter().any(|&value| within(value, 0))
        }
        op => {
            let mut kept = true;
            op.sources(|source| kept &= !within(source, 0));
            if let ir::Op::Call { results, .. } = op {
                kept &= !results.iter().any(|to| {
                    let (start, end) = (i64::from(to.frame), i64::from(to.frame + to.bytes));
                    start < part.end && part.start < end
                });
            }
            kept
        }
    })
}

/// Which blocks of a function are reached from its first.
fn reached(blocks: &[Block]) -> Vec<bool> {
    let mut reached = vec![false; blocks.len()];
    let mut open = vec![0];
    while let Some(block) = open.pop() {
        let new = reached.get_mut(block as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        if new {
            blocks[block as usize].end.successors(|to| open.push(to));
        }
    }
    reached
}

//! Functions grown from a seed, with every kind of control flow: what a thread does alone and in a masked gang must leave the
//! same memory. This is what proves the pass.

mod trial;

use crate::compile::ssa::edit::Builder;
use crate::compile::ssa::{Access, BlockId, End, Function, Op, Target, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::{Reduction, Space, Special};
use crate::memory::AtomicOp;

/// Registers: two that start the same for all threads, four that do not, and a counter for each depth of loops.
const REGISTERS: usize = 10;
const VARYING: usize = 2;
const COUNTERS: usize = 6;

/// Bytes of global memory that are each thread's own.
const OWN: u64 = 64;
/// Where they start: before are numbers to read and counters to add to.
const START: u64 = 256;

/// Grows a function.
pub struct Garden {
    pub function: Function,
    rng: fastrand::Rng,
    block: BlockId,
    registers: Vec<Value>,
    thread: Value,
    own: Value,
    global: Value,
    /// Of each loop around: header, exit.
    loops: Vec<(BlockId, BlockId)>,
    /// So many may be around each other.
    most_loops: usize,
    /// Statements that may still be made.
    budget: u32,
}

impl Garden {
    pub fn new(seed: u64) -> Garden {
        let mut function = Function { name: "random".to_owned(), ..Function::default() };
        let block = function.add_block(0);
        let none = Value(0);
        let rng = fastrand::Rng::with_seed(seed);
        let mut garden = Garden {
            function,
            rng,
            block,
            registers: Vec::new(),
            thread: none,
            own: none,
            global: none,
            loops: Vec::new(),
            most_loops: REGISTERS - COUNTERS,
            budget: 0,
        };
        garden.start();
        garden
    }

    fn builder(&mut self) -> Builder<'_> {
        Builder::new(&mut self.function, self.block, 0)
    }

    fn constant(&mut self, number: u64) -> Value {
        self.builder().constant(Type::I32, number)
    }

    fn int(&mut self, op: Int, args: &[Value]) -> Value {
        self.builder().int(op, Kind::U32, args)
    }

    /// The thread's number, its place in memory, and the registers.
    fn start(&mut self) {
        let mut sum = self.constant(0);
        for axis in [2, 1, 0] {
            let size = self.builder().op(Op::Special(Special::NTid(axis)), &[], Type::I32);
            let own = self.builder().op(Op::Special(Special::Tid(axis)), &[], Type::I32);
            sum = self.int(Int::MadLow, &[sum, size, own]);
        }
        self.thread = sum;
        let zero = self.builder().constant(Type::I64, 0);
        let access = Access { space: Space::Param, bytes: 8, signed: false, ordered: false, offset: 0 };
        self.global = self.builder().op(Op::Load(access), &[zero], Type::I64);
        let size = self.constant(OWN);
        let offset = self.int(Int::MulWide, &[sum, size]);
        let global = self.global;
        self.own = self.builder().int(Int::Add, Kind::U64, &[offset, global]);
        for at in 0..REGISTERS {
            let value = if at < VARYING {
                let access =
                    Access { space: Space::Param, bytes: 4, signed: false, ordered: false, offset: 8 };
                let same = self.builder().op(Op::Load(access), &[zero], Type::I32);
                let number = self.constant(at as u64 * 3 + 1);
                self.int(Int::Add, &[same, number])
            } else if at < COUNTERS {
                let number = self.constant([1, 7, 0x9e37_79b9, 3][at - VARYING]);
                let value = self.int(Int::MulLow, &[sum, number]);
                let by = self.constant([0, 1, 27, 0][at - VARYING]);
                self.int(Int::Shr, &[value, by])
            } else {
                self.constant(0)
            };
            self.registers.push(value);
        }
    }

    /// A block that gets all registers.
    fn new_block(&mut self) -> BlockId {
        let block = self.function.add_block(0);
        for _ in 0..REGISTERS {
            self.function.add_param(block, Type::I32);
        }
        block
    }

    fn go_on_in(&mut self, block: BlockId) {
        self.block = block;
        self.registers = self.function.block(block).params.clone();
    }

    fn target(&self, block: BlockId) -> Target {
        Target::with(block, &self.registers)
    }

    fn end(&mut self, end: End) {
        self.function.block_mut(self.block).end = end;
    }

    fn jump(&mut self, to: BlockId) {
        let target = self.target(to);
        self.end(End::Jump(target));
    }

    fn branch(&mut self, condition: Value, yes: BlockId, no: BlockId) {
        let end = End::Branch(condition, self.target(yes), self.target(no));
        self.end(end);
    }

    /// A condition: often one that may differ.
    fn condition(&mut self) -> Value {
        let (op, mask, than) = (
            [Comparison::Lt, Comparison::Eq, Comparison::Ge, Comparison::Ne][self.rng.usize(..4)],
            [1, 3, 7, 15, 255][self.rng.usize(..5)],
            self.rng.u64(..4),
        );
        let value = match self.rng.u32(..6) {
            0 | 1 => self.registers[self.rng.usize(..VARYING)],
            // The same for a vector, of some blocks.
            2 => {
                let by = self.constant(4);
                let thread = self.thread;
                self.int(Int::Shr, &[thread, by])
            }
            _ => self.registers[self.rng.usize(..REGISTERS)],
        };
        let mask = self.constant(mask);
        let value = self.int(Int::And, &[value, mask]);
        let than = self.constant(than);
        self.builder().compare(op, Kind::U32, value, than)
    }

    /// Something without control flow.
    fn simple(&mut self) {
        let (a, b) = (self.rng.usize(..REGISTERS), self.rng.usize(..REGISTERS));
        let (a, b) = (self.registers[a], self.registers[b]);
        let to = self.rng.usize(..COUNTERS);
        match self.rng.u32(..10) {
            0..=4 => {
                let op = [Int::Add, Int::Sub, Int::Xor, Int::MulLow, Int::Min][self.rng.usize(..5)];
                self.registers[to] = self.int(op, &[a, b]);
            }
            5 => {
                let number = self.rng.u64(..100);
                self.registers[to] = self.constant(number);
            }
            6 => self.store(),
            7 => self.load(to),
            8 => {
                let condition = self.condition();
                self.registers[to] = self.builder().select(condition, a, b);
            }
            _ => {
                let access =
                    Access { space: Space::Global, bytes: 4, signed: false, ordered: false, offset: 128 };
                let (global, guard) = (self.global, self.guard());
                self.builder().effect(
                    Op::Atomic { access, op: AtomicOp::Add, align: 4 },
                    &[global, a, a],
                    guard,
                );
            }
        }
    }

    fn guard(&mut self) -> Option<Value> {
        (self.rng.u32(..3) == 0).then(|| self.condition())
    }

    fn place(&mut self) -> i64 {
        START as i64 + 4 * self.rng.i64(0..OWN as i64 / 4)
    }

    fn store(&mut self) {
        let (guard, offset) = (self.guard(), self.place());
        let value = self.registers[self.rng.usize(..REGISTERS)];
        let access = Access { space: Space::Global, bytes: 4, signed: false, ordered: false, offset };
        let own = self.own;
        self.builder().effect(Op::Store(access), &[own, value], guard);
    }

    /// From the thread's own place, or from one of all threads.
    fn load(&mut self, to: usize) {
        let guard = self.guard();
        let own = self.rng.bool();
        let offset = if own { self.place() } else { 4 * self.rng.i64(0..16) };
        let access = Access { space: Space::Global, bytes: 4, signed: false, ordered: false, offset };
        let address = if own { self.own } else { self.global };
        let inst = self.builder().inst(Op::Load(access), &[address], guard, &[Type::I32]);
        let loaded = self.function.inst(inst).results[0];
        let old = self.registers[to];
        self.registers[to] = match guard {
            Some(guard) if self.rng.bool() => self.builder().select(guard, loaded, old),
            _ => loaded,
        };
    }

    /// Statements. False if none can follow.
    fn body(&mut self, depth: u32) -> bool {
        for _ in 0..self.rng.u32(1..5) {
            if !self.statement(depth) {
                return false;
            }
        }
        true
    }

    fn statement(&mut self, depth: u32) -> bool {
        if self.budget == 0 || depth > 4 {
            self.simple();
            return true;
        }
        self.budget -= 1;
        match self.rng.u32(..16) {
            0..=4 => self.simple(),
            5..=7 => self.choice(depth),
            8..=10 if self.loops.len() < self.most_loops => self.rounds(depth),
            11 => self.switch(depth),
            12 | 13 if !self.loops.is_empty() => return self.leave_loop(),
            14 => return self.leave(),
            _ => self.simple(),
        }
        true
    }

    fn choice(&mut self, depth: u32) {
        let (yes, no, join) = (self.new_block(), self.new_block(), self.new_block());
        let condition = self.condition();
        self.branch(condition, yes, no);
        self.go_on_in(yes);
        if self.body(depth + 1) {
            self.jump(join);
        }
        self.go_on_in(no);
        if self.rng.bool() || self.body(depth + 1) {
            self.jump(join);
        }
        self.go_on_in(join);
    }

    fn switch(&mut self, depth: u32) {
        let join = self.new_block();
        let count = self.rng.usize(2..5);
        let all: Vec<BlockId> = (0..count).map(|_| self.new_block()).collect();
        let index = self.registers[self.rng.usize(..REGISTERS)];
        let mask = self.constant(3);
        let index = self.int(Int::And, &[index, mask]);
        let targets = all.iter().map(|&block| self.target(block)).collect();
        self.end(End::Switch(index, targets));
        for (at, &block) in all.iter().enumerate() {
            self.go_on_in(block);
            if self.body(depth + 1) {
                // Some fall into the next one.
                let next = all.get(at + 1).copied().filter(|_| self.rng.u32(..3) == 0);
                self.jump(next.unwrap_or(join));
            }
        }
        self.go_on_in(join);
    }

    /// A loop of a few rounds, with its test at either end.
    fn rounds(&mut self, depth: u32) {
        let counter = COUNTERS + self.loops.len();
        let (header, body, exit) = (self.new_block(), self.new_block(), self.new_block());
        self.registers[counter] = self.constant(0);
        self.jump(header);
        self.go_on_in(header);
        let late = self.rng.bool();
        let one = self.constant(1);
        let count = self.registers[counter];
        self.registers[counter] = self.int(Int::Add, &[count, one]);
        let limit = match self.rng.u32(..3) {
            0 => self.rng.u64(1..4),
            same => {
                let register = if same == 1 { self.rng.usize(..VARYING) } else { self.rng.usize(..COUNTERS) };
                let mask = self.constant(3);
                let value = self.registers[register];
                let value = self.int(Int::And, &[value, mask]);
                return self.rounds_to(depth, [header, body, exit], counter, late, value);
            }
        };
        let limit = self.constant(limit);
        self.rounds_to(depth, [header, body, exit], counter, late, limit);
    }

    fn rounds_to(
        &mut self,
        depth: u32,
        [header, body, exit]: [BlockId; 3],
        counter: usize,
        late: bool,
        limit: Value,
    ) {
        let count = self.registers[counter];
        let more = self.builder().compare(Comparison::Le, Kind::U32, count, limit);
        // However the rest changes, there are not many rounds.
        let most = self.constant(5);
        let few = self.builder().compare(Comparison::Le, Kind::U32, count, most);
        let more = self.builder().and(more, few);
        self.branch(more, body, exit);
        self.go_on_in(body);
        self.loops.push((header, exit));
        if self.body(depth + 1) {
            if late {
                let condition = self.condition();
                self.branch(condition, header, exit);
            } else {
                self.jump(header);
            }
        }
        self.loops.pop();
        self.go_on_in(exit);
    }

    /// Out of one of the loops, or to its next round.
    fn leave_loop(&mut self) -> bool {
        let (header, exit) = self.loops[self.rng.usize(..self.loops.len())];
        let to = if self.rng.u32(..3) == 0 { header } else { exit };
        if self.rng.u32(..5) == 0 {
            self.jump(to);
            return false;
        }
        let (condition, next) = (self.condition(), self.new_block());
        self.branch(condition, to, next);
        self.go_on_in(next);
        true
    }

    /// The thread's end.
    fn leave(&mut self) -> bool {
        let (condition, out, next) = (self.condition(), self.new_block(), self.new_block());
        self.branch(condition, out, next);
        self.go_on_in(out);
        if self.rng.bool() {
            self.store();
        }
        self.end(End::Exit);
        self.go_on_in(next);
        true
    }

    /// All registers go to memory.
    fn finish(&mut self) {
        for at in 0..REGISTERS {
            let offset = START as i64 + 4 * at as i64;
            let access = Access { space: Space::Global, bytes: 4, signed: false, ordered: false, offset };
            let (own, value) = (self.own, self.registers[at]);
            self.builder().effect(Op::Store(access), &[own, value], None);
        }
        self.end(End::Exit);
    }

    /// Loops, choices and ways out of them.
    pub fn structured(mut self) -> Function {
        self.budget = self.rng.u32(2..25);
        while self.budget > 0 && self.body(0) {}
        self.finish();
        trial::tidy(self.function)
    }

    /// Threads that wait for each other, in control flow that all decide together; between barriers anything.
    pub fn waiting(mut self) -> Function {
        self.most_loops = 2;
        for _ in 0..self.rng.u32(1..4) {
            self.phase(0);
        }
        self.finish();
        trial::tidy(self.function)
    }

    /// A condition that all threads of the block agree on.
    fn agreed(&mut self) -> Value {
        let zero = self.builder().constant(Type::I64, 0);
        let access = Access { space: Space::Param, bytes: 4, signed: false, ordered: false, offset: 8 };
        let same = self.builder().op(Op::Load(access), &[zero], Type::I32);
        let than = self.rng.u64(0..5);
        let than = self.constant(than);
        self.builder().compare(Comparison::Le, Kind::U32, same, than)
    }

    fn phase(&mut self, depth: u32) {
        self.budget = self.rng.u32(0..5);
        match self.rng.u32(..if depth < 2 { 7 } else { 4 }) {
            0 => {
                self.body(3);
            }
            1 => self.exchange(),
            2 => self.reduce(),
            3 => {
                self.leave();
            }
            4 => {
                let (yes, no, join) = (self.new_block(), self.new_block(), self.new_block());
                let condition = self.agreed();
                self.branch(condition, yes, no);
                for side in [yes, no] {
                    self.go_on_in(side);
                    self.phase(depth + 1);
                    self.jump(join);
                }
                self.go_on_in(join);
            }
            _ => self.rounds_of_phases(depth),
        }
    }

    fn rounds_of_phases(&mut self, depth: u32) {
        let counter = REGISTERS - 1 - depth as usize;
        let (header, exit) = (self.new_block(), self.new_block());
        self.registers[counter] = self.constant(0);
        self.jump(header);
        self.go_on_in(header);
        for _ in 0..self.rng.u32(1..3) {
            self.phase(depth + 1);
        }
        let one = self.constant(1);
        let count = self.registers[counter];
        let count = self.int(Int::Add, &[count, one]);
        self.registers[counter] = count;
        let limit = self.rng.u64(1..4);
        let limit = self.constant(limit);
        let more = self.builder().compare(Comparison::Lt, Kind::U32, count, limit);
        self.branch(more, header, exit);
        self.go_on_in(exit);
    }

    /// Each thread gets what another one gives.
    fn exchange(&mut self) {
        let access = Access { space: Space::Shared, bytes: 4, signed: false, ordered: false, offset: 0 };
        let (four, far) = (self.constant(4), self.rng.u64(1..40));
        let (thread, far) = (self.thread, self.constant(far * 4));
        let own = self.int(Int::MulLow, &[thread, four]);
        let value = self.registers[self.rng.usize(..COUNTERS)];
        self.builder().effect(Op::Store(access), &[own, value], None);
        self.builder().effect(Op::Barrier, &[], None);
        let other = self.int(Int::Xor, &[own, far]);
        let to = self.rng.usize(..COUNTERS);
        self.registers[to] = self.builder().op(Op::Load(access), &[other], Type::I32);
        self.builder().effect(Op::Barrier, &[], None);
    }

    fn reduce(&mut self) {
        let op = [Reduction::And, Reduction::Or, Reduction::Popc][self.rng.usize(..3)];
        let ty = if op == Reduction::Popc { Type::I32 } else { Type::I1 };
        let (says, negated) = (self.condition(), self.rng.bool());
        let result = self.builder().op(Op::BarrierReduce { op, negated }, &[says], ty);
        let to = self.rng.usize(..COUNTERS);
        let (old, thread) = (self.registers[to], self.thread);
        self.registers[to] = match ty {
            Type::I1 => self.builder().select(result, old, thread),
            _ => result,
        };
    }

    /// Blocks that lead anywhere. Who goes back has a counter that runs out.
    pub fn tangled(mut self) -> Function {
        let count = self.rng.usize(2..14);
        let all: Vec<BlockId> = (0..count).map(|_| self.new_block()).collect();
        let last = REGISTERS - 1;
        let fuel = self.rng.u64(3..12);
        self.registers[last] = self.constant(fuel);
        if self.rng.bool() {
            let mask = self.constant(3);
            let thread = self.thread;
            let some = self.int(Int::And, &[thread, mask]);
            let fuel = self.registers[last];
            self.registers[last] = self.int(Int::Add, &[some, fuel]);
        }
        self.jump(all[0]);
        for at in 0..count {
            self.go_on_in(all[at]);
            for _ in 0..self.rng.u32(..4) {
                self.simple();
            }
            if at + 1 == count || self.rng.u32(..12) == 0 {
                self.finish();
                continue;
            }
            let ahead = |garden: &mut Garden| all[garden.rng.usize(at + 1..count)];
            let (next, other) = (ahead(&mut self), ahead(&mut self));
            match self.rng.u32(..6) {
                0 => self.jump(next),
                1 => {
                    let condition = self.condition();
                    self.branch(condition, next, other);
                }
                2 => {
                    let index = self.registers[self.rng.usize(..REGISTERS)];
                    let third = ahead(&mut self);
                    let targets = [next, other, third].map(|block| self.target(block)).into();
                    self.end(End::Switch(index, targets));
                }
                _ => {
                    let back = all[self.rng.usize(..=at)];
                    let (one, zero) = (self.constant(1), self.constant(0));
                    let left = self.registers[last];
                    let left = self.int(Int::Sub, &[left, one]);
                    self.registers[last] = left;
                    let some = self.builder().compare(Comparison::Gt, Kind::S32, left, zero);
                    let condition = self.condition();
                    let condition = self.builder().and(some, condition);
                    self.branch(condition, back, next);
                }
            }
        }
        trial::tidy(self.function)
    }
}

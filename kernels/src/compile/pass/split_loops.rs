//! What is around the code of a kernel: the loops over blocks and gangs, barriers between gangs, and their frames.

use super::super::Refusal;
use super::super::context::Context;
use super::super::ssa::{Access, BlockId, End, Inst, Op, Target, Type, Value};
use super::shape::Shape;
use super::split::{Field, Split};
use super::split_build::constant_access;
use super::split_plan::has_barriers;
use super::split_rows;
use super::split_value::{Rep, Values, Way};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::{Reduction, Space};

/// The loops' own values and blocks.
#[derive(Clone, Debug)]
pub struct Loops {
    /// The address of the context.
    pub context: Value,
    /// The block's place in the grid.
    pub place: [Value; 3],
    /// The first thread of the gang.
    pub thread: Value,
    /// Which threads exist; `None`: all do.
    pub entered: Option<Rep>,
    /// Blocks left, this one included.
    pub left: Value,
    /// Where blocks are done gang by gang: how many, and the column behind them.
    pub run: Option<(Value, Value)>,
    /// Where all gangs start, with the number they go on at.
    phase: BlockId,
    /// The gang's number.
    gang: Value,
    /// The number that gangs before this one wait to go on at.
    next: Value,
    /// Where a gang comes when it is done or waits.
    pub gang_end: BlockId,
    /// Where a block comes when it is done.
    block_end: BlockId,
    /// Gangs wait for each other.
    waits: bool,
    /// How the slots of a frame are kept.
    slots: Vec<Way>,
}

impl Default for Loops {
    fn default() -> Self {
        let (value, block) = (Value(0), BlockId(0));
        Loops {
            context: value,
            place: [value; 3],
            thread: value,
            entered: None,
            left: value,
            run: None,
            phase: block,
            gang: value,
            next: value,
            gang_end: block,
            block_end: block,
            waits: false,
            slots: Vec::new(),
        }
    }
}

/// In a gang's frame: not 0 once it has exited.
const DONE: Access = frame_access(0, 4);

const fn frame_access(offset: i64, bytes: u8) -> Access {
    Access { space: Space::Local, bytes, signed: false, ordered: false, offset }
}

impl Split<'_> {
    /// The entry, the loop over blocks, and the loop over gangs as far as its head.
    pub fn open(&mut self) -> Result<(), Refusal> {
        self.loops.waits = self.plan.gangs > 1 && has_barriers(self.from);
        self.loops.context = self.build.pure(Op::Context, &[], Type::I64);
        let first = self.build.pure(Op::Argument(0), &[], Type::I64);
        let count = self.build.pure(Op::Argument(1), &[], Type::I64);
        let start = self.place_of(first);
        let (head, out) = (self.build.block(), self.build.block());
        let none = self.build.long(0);
        let empty = self.build.compare(Comparison::Eq, Kind::U64, count, none);
        let args = [count, start[0], start[1], start[2]];
        self.note_row(&start);
        self.build.end(End::Branch(empty, Target::to(out), Target::with(head, &args)));
        self.leave(out);
        self.loops.left = self.build.to.add_param(head, Type::I64);
        self.loops.place = [0, 1, 2].map(|_| self.build.to.add_param(head, Type::I32));
        self.build.at = head;
        self.note(std::mem::offset_of!(Context, block), self.loops.place[0]);
        self.loops.block_end = self.build.block();
        let rows = split_rows::are_better(self.from, &self.plan, &self.shapes, &self.claims, &self.order);
        if !rows {
            self.close_block(head, out);
        }
        self.make_sure()?;
        match (self.plan.gangs, self.loops.waits) {
            (1, _) => {
                self.loops.thread = self.build.word(0);
                self.loops.gang = self.loops.thread;
                self.note(std::mem::offset_of!(Context, thread), self.loops.thread);
            }
            (_, false) if rows => {
                self.open_rows()?;
                self.close_block(head, out);
            }
            (_, false) => self.open_gangs(),
            (_, true) => self.open_phases(),
        }
        self.loops.entered = self.existing();
        Ok(())
    }

    fn leave(&mut self, out: BlockId) {
        self.build.at = out;
        let mark = self.build.mark();
        let done = self.build.word(0);
        self.build.end(End::Return(done));
        self.build.forget(mark);
    }

    /// Where a block lies in the grid, by its number.
    fn place_of(&mut self, first: Value) -> [Value; 3] {
        let mut rest = first;
        let mut place = [first; 3];
        for (axis, own) in place.iter_mut().enumerate() {
            if axis == 2 {
                *own = self.build.narrow(rest);
                break;
            }
            let size = self.side(axis);
            let size = self.build.widen(size, false);
            let at = self.build.int(Int::Rem, Kind::U64, &[rest, size]);
            *own = self.build.narrow(at);
            rest = self.build.int(Int::Div, Kind::U64, &[rest, size]);
        }
        place
    }

    /// Writes a number into the context.
    pub fn note(&mut self, offset: usize, value: Value) {
        self.build.effect(Op::Store(constant_access(offset, 4)), &[self.loops.context, value], None, &[]);
    }

    /// The row of the grid that blocks follow each other in.
    fn note_row(&mut self, place: &[Value; 3]) {
        for axis in [1, 2] {
            self.note(std::mem::offset_of!(Context, block) + axis * 4, place[axis]);
        }
    }

    /// On to the next block, or out. Most have their successor in the same row.
    fn close_block(&mut self, head: BlockId, out: BlockId) {
        let mark = self.build.mark();
        let here = std::mem::replace(&mut self.build.at, self.loops.block_end);
        let left = match self.loops.run {
            None => self.build.add_number(self.loops.left, -1),
            Some((count, _)) => {
                let count = self.build.widen(count, false);
                self.build.int(Int::Sub, Kind::U64, &[self.loops.left, count])
            }
        };
        let none = self.build.long(0);
        let over = self.build.compare(Comparison::Eq, Kind::U64, left, none);
        let again = self.build.block();
        self.build.end(End::Branch(over, Target::to(out), Target::to(again)));
        self.build.at = again;
        let [x, y, z] = self.loops.place;
        let (width, height) = (self.side(0), self.side(1));
        let next = match self.loops.run {
            None => self.build.add_number(x, 1),
            Some((_, behind)) => behind,
        };
        let ends = self.build.compare(Comparison::Eq, Kind::U32, next, width);
        let row = self.build.block();
        self.build.effect(Op::Poll, &[], None, &[]);
        let same = Target::with(head, &[left, next, y, z]);
        self.build.end(End::Branch(ends, Target::to(row), same));
        self.build.at = row;
        let (zero, one) = (self.build.word(0), self.build.word(1));
        let below = self.build.add(y, one);
        let ends = self.build.compare(Comparison::Eq, Kind::U32, below, height);
        let below = self.build.select(ends, zero, below);
        let carry = self.build.select(ends, one, zero);
        let behind = self.build.add(z, carry);
        self.note_row(&[zero, below, behind]);
        self.build.end(End::Jump(Target::with(head, &[left, zero, below, behind])));
        self.build.forget(mark);
        self.build.at = here;
    }

    /// How many blocks the grid has along an axis.
    pub fn side(&mut self, axis: usize) -> Value {
        self.field(std::mem::offset_of!(Context, grid) + axis * 4, 4)
    }

    /// The loop over gangs, where none waits for another.
    pub fn open_gangs(&mut self) {
        let head = self.build.block();
        let zero = self.build.word(0);
        self.build.end(End::Jump(Target::with(head, &[zero])));
        let thread = self.build.to.add_param(head, Type::I32);
        self.loops.gang_end = self.build.block();
        let mark = self.build.mark();
        self.build.at = self.loops.gang_end;
        let next = self.build.add_number(thread, self.plan.gang.into());
        let end = self.build.word(self.plan.threads);
        let more = self.build.compare(Comparison::Lt, Kind::U32, next, end);
        let to_end = Target::to(self.loops.block_end);
        self.build.end(End::Branch(more, Target::with(head, &[next]), to_end));
        self.build.forget(mark);
        self.build.at = head;
        self.loops.thread = thread;
        self.note(std::mem::offset_of!(Context, thread), thread);
    }

    /// The loop over gangs inside of one over barriers: all gangs go to the same barrier, or exit, one after the other.
    fn open_phases(&mut self) {
        let (phase, head) = (self.build.block(), self.build.block());
        let (zero, over) = (self.build.word(0), self.build.word(self.from.resumes.len() as u32));
        self.build.end(End::Jump(Target::with(phase, &[zero])));
        self.build.to.add_param(phase, Type::I32);
        self.build.at = phase;
        self.build.end(End::Jump(Target::with(head, &[zero, over])));
        self.loops.phase = phase;
        self.loops.gang = self.build.to.add_param(head, Type::I32);
        self.loops.next = self.build.to.add_param(head, Type::I32);
        self.loops.gang_end = self.build.block();
        let mark = self.build.mark();
        self.build.at = self.loops.gang_end;
        let waits = self.build.to.add_param(self.loops.gang_end, Type::I32);
        let gang = self.build.add_number(self.loops.gang, 1);
        let gangs = self.build.word(self.plan.gangs);
        let more = self.build.compare(Comparison::Lt, Kind::U32, gang, gangs);
        let met = self.build.block();
        self.build.end(End::Branch(more, Target::with(head, &[gang, waits]), Target::to(met)));
        self.build.at = met;
        let nobody = self.build.compare(Comparison::Eq, Kind::U32, waits, over);
        self.build.effect(Op::Poll, &[], None, &[]);
        let to_end = Target::to(self.loops.block_end);
        self.build.end(End::Branch(nobody, to_end, Target::with(phase, &[waits])));
        self.build.forget(mark);
        self.build.at = head;
        self.loops.thread = self.build.multiply_number(self.loops.gang, self.plan.gang.into());
        self.note(std::mem::offset_of!(Context, thread), self.loops.thread);
    }

    /// From the heads of the loops into the kernel's code.
    pub fn enter(&mut self) {
        let first = self.blocks[&BlockId(0)];
        if !self.loops.waits {
            self.build.end(End::Jump(Target::to(first)));
            return;
        }
        let number = self.build.to.block(self.loops.phase).params[0];
        let frame = self.frame();
        let head = self.build.at;
        let mut targets = Vec::new();
        let mark = self.build.mark();
        for (number, resume) in self.from.resumes.clone().into_iter().enumerate() {
            let check = self.build.block();
            targets.push(Target::to(check));
            self.build.at = check;
            let to = Target::to(self.blocks[&resume]);
            if number == 0 {
                let no = self.build.word(0);
                self.build.effect(Op::Store(DONE), &[frame, no], None, &[]);
                for slot in self.summed() {
                    let offset = i64::from(self.plan.slots[slot as usize]);
                    self.build.effect(Op::Store(frame_access(offset, 4)), &[frame, no], None, &[]);
                }
                self.build.end(End::Jump(to));
            } else {
                let done = self.build.read(Op::Load(DONE), &[frame], None, Type::I32);
                let no = self.build.word(0);
                let done = self.build.compare(Comparison::Ne, Kind::U32, done, no);
                let past = Target::with(self.loops.gang_end, &[self.loops.next]);
                self.build.end(End::Branch(done, past, to));
            }
            self.build.forget(mark);
        }
        self.build.at = head;
        self.build.end(End::Switch(number, targets));
    }

    /// Slots whose numbers are summed up over gangs: one that ends before it saves anything counts 0.
    fn summed(&self) -> Vec<u32> {
        let all = self.from.blocks.iter().flat_map(|block| &block.insts);
        let slots = all.filter_map(|&id| match self.from.inst(id).op {
            Op::Total(slot) => Some(slot),
            _ => None,
        });
        slots.collect()
    }

    /// The gang is done.
    pub fn exit(&mut self) -> End {
        match (self.plan.gangs, self.loops.waits) {
            (1, _) => End::Jump(Target::to(self.loops.block_end)),
            (_, false) => End::Jump(Target::to(self.loops.gang_end)),
            (_, true) => {
                let frame = self.frame();
                let yes = self.build.word(1);
                self.build.effect(Op::Store(DONE), &[frame, yes], None, &[]);
                End::Jump(Target::with(self.loops.gang_end, &[self.loops.next]))
            }
        }
    }

    /// The gang waits for others, to go on at a block.
    pub fn wait(&mut self, number: u32, to: BlockId) -> End {
        if !self.loops.waits {
            return End::Jump(Target::to(self.blocks[&to]));
        }
        let number = self.build.word(number);
        End::Jump(Target::with(self.loops.gang_end, &[number]))
    }

    /// A barrier that stayed in the code: there is nobody to wait for but the gang itself.
    pub fn barrier(&mut self, inst: &Inst) -> Result<(), Refusal> {
        if self.plan.gangs > 1 {
            return Err(Refusal::new(inst.line, "a barrier of several gangs without a place to go on"));
        }
        let Op::BarrierReduce { op, negated } = inst.op else { return Ok(()) };
        let votes = self.votes(inst, inst.args[0], negated);
        let result = match op {
            Reduction::Or => self.build.any(&votes.set),
            Reduction::And => {
                let unset = votes.unset(self);
                let any = self.build.any(&unset);
                self.build.logic(Int::Not, &[any])
            }
            _ => self.count_lanes(&votes.set),
        };
        self.set(inst.results[0], Rep::Scalar(result));
        Ok(())
    }

    /// How many lanes masks have in all.
    pub fn count_lanes(&mut self, masks: &[Value]) -> Value {
        let mut sum = self.build.word(0);
        for &mask in masks {
            let bits = self.build.bits(mask);
            let count = self.build.int(Int::Popc, Kind::B32, &[bits]);
            sum = self.build.add(sum, count);
        }
        sum
    }

    /// The sum of a slot over the frames of all gangs.
    pub fn total(&mut self, value: Value, slot: u32) {
        let frames = self.start_of(Field::Frames);
        let mut sum = self.build.word(0);
        for gang in 0..self.plan.gangs {
            let offset = i64::from(self.plan.slots[slot as usize] + gang * self.plan.frame_bytes);
            let one = self.build.read(Op::Load(frame_access(offset, 4)), &[frames], None, Type::I32);
            sum = self.build.add(sum, one);
        }
        self.set(value, Rep::Scalar(sum));
    }

    /// Which threads exist, where not all do.
    fn existing(&mut self) -> Option<Rep> {
        if self.plan.is_full() {
            return None;
        }
        let lanes = self.plan.lanes;
        let end = self.build.word(self.plan.threads);
        let whole = self.plan.threads.is_multiple_of(lanes.into());
        let rest = self.build.int(Int::Sub, Kind::U32, &[end, self.loops.thread]);
        let steps = self.steps(Type::v32(lanes), 0, 1);
        let mut all = Values::new();
        for vector in 0..self.plan.vectors {
            let start = self.build.word(vector * u32::from(lanes));
            if whole {
                all.push(self.build.compare(Comparison::Gt, Kind::U32, rest, start));
                continue;
            }
            let rest = self.build.int(Int::Sub, Kind::U32, &[rest, start]);
            let rest = self.build.broadcast(rest, lanes);
            all.push(self.build.compare(Comparison::Gt, Kind::S32, rest, steps));
        }
        Some(if whole { Rep::Bases(all, 0) } else { Rep::Full(all) })
    }

    /// The root of all masks.
    pub fn entered(&mut self, result: Value) {
        let rep = match &self.loops.entered {
            Some(rep) => rep.clone(),
            None => Rep::Scalar(self.build.same(Type::I1, 1)),
        };
        self.set(result, rep);
    }

    /// The gang's frame.
    fn frame(&mut self) -> Value {
        let frames = self.start_of(Field::Frames);
        let gang = self.build.widen(self.loops.gang, false);
        let before = self.build.multiply_number(gang, self.plan.frame_bytes.into());
        self.build.add(frames, before)
    }

    /// Keeps a value in the frame.
    pub fn save(&mut self, value: Value, slot: u32) {
        let way = self.loops.slots[slot as usize];
        let parts = self.passed(way, value);
        let frame = self.frame();
        let mut offset = i64::from(self.plan.slots[slot as usize]);
        for mut part in parts {
            part = match self.build.ty(part) {
                Type::M { .. } => self.build.bits(part),
                Type::I1 => {
                    let (one, zero) = (self.build.word(1), self.build.word(0));
                    self.build.select(part, one, zero)
                }
                _ => part,
            };
            let ty = self.build.ty(part);
            let access = frame_access(offset, (ty.bits() / 8) as u8);
            self.build.effect(Op::Store(access), &[frame, part], None, &[]);
            offset += bytes_of(ty);
        }
    }

    /// Reads a value back from the frame.
    pub fn restore(&mut self, value: Value, slot: u32) {
        let way = self.loops.slots[slot as usize];
        let types = self.passed_types(way, self.from.ty(value));
        let frame = self.frame();
        let mut offset = i64::from(self.plan.slots[slot as usize]);
        let mut parts = Values::new();
        for ty in types {
            let kept = if matches!(ty, Type::I1 | Type::M { .. }) { Type::I32 } else { ty };
            let access = frame_access(offset, (kept.bits() / 8) as u8);
            let mut part = self.build.read(Op::Load(access), &[frame], None, kept);
            offset += bytes_of(kept);
            part = match ty {
                Type::M { lanes } => self.build.mask(part, lanes),
                Type::I1 => {
                    let zero = self.build.word(0);
                    self.build.compare(Comparison::Ne, Kind::U32, part, zero)
                }
                _ => part,
            };
            parts.push(part);
        }
        let rep = self.received(way, &parts);
        self.set(value, rep);
    }

    /// How each slot's value lies in the frame: the one who saves it and those who read it must agree.
    pub fn ways_of_slots(&mut self) {
        let mut ways: Vec<Option<Way>> = vec![None; self.from.slots.len()];
        for block in &self.from.blocks {
            for &id in &block.insts {
                let inst = self.from.inst(id);
                let (slot, value) = match inst.op {
                    Op::Save(slot) => (slot, inst.args[0]),
                    Op::Restore(slot) => (slot, inst.results[0]),
                    _ => continue,
                };
                let way = match self.shape(value) {
                    _ if self.stepped_way(value).is_some() => self.way(value),
                    Shape::Uniform => Way::Scalar,
                    Shape::VectorUniform => Way::Bases(0),
                    Shape::Affine(stride) => Way::Bases(stride),
                    _ => Way::Full,
                };
                let Some(own) = ways.get_mut(slot as usize) else { continue };
                *own = Some(match (*own, way) {
                    (None, way) => way,
                    (Some(one), other) if one == other => one,
                    (Some(Way::Scalar | Way::Bases(0)), Way::Scalar | Way::Bases(0)) => Way::Bases(0),
                    (Some(one), other) => match (in_row(one), in_row(other)) {
                        (Some(one), Some(other)) if one == other => Way::Bases(one),
                        _ => Way::Full,
                    },
                });
            }
        }
        self.loops.slots = ways.into_iter().map(|way| way.unwrap_or(Way::Full)).collect();
    }
}

/// How much more each lane of a vector has, if that is known.
fn in_row(way: Way) -> Option<i64> {
    match way {
        Way::Bases(stride) | Way::Stepped(_, stride) => Some(stride),
        _ => None,
    }
}

fn bytes_of(ty: Type) -> i64 {
    let lanes = match ty {
        Type::V { lanes, .. } => i64::from(lanes),
        _ => 1,
    };
    lanes * i64::from(ty.bits() / 8)
}

#[cfg(test)]
mod tests;

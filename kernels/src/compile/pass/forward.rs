//! What was stored to shared memory is not read from there: a row of words that were stored one by one is put together in
//! registers, and what is overwritten before anybody reads it is not stored.
//!
//! A processor that reads what it has just written waits until the cache has all of it, if no single write covers it.

use smallvec::SmallVec;

use super::alias;
use crate::compile::ssa::edit::{Builder, Renames};
use crate::compile::ssa::quick::Set;
use crate::compile::ssa::{Access, BlockId, Function, Inst, InstId, Op, Type, Value};
use crate::ir::compute::Compute;
use crate::ir::op::Space;

/// The most vectors and words that a row is put together from.
const PARTS: usize = 16;

/// Looks at each block by itself.
pub fn run(function: &mut Function) {
    let stores = |&id: &InstId| matches!(&function.inst(id).op, Op::Store(access) if is_plain(access));
    let some: Vec<BlockId> = function
        .block_ids()
        .filter(|&block| function.block(block).insts.iter().filter(|inst| stores(inst)).count() > 1)
        .collect();
    if some.is_empty() {
        return;
    }
    let mut renames = Renames::new(function);
    for block in some {
        let insts = std::mem::take(&mut function.block_mut(block).insts);
        let build = Builder::new(function, block, 0);
        let mut forward = Forward { build, renames: &mut renames, known: Vec::new(), dead: Set::default() };
        (1..).zip(&insts).for_each(|(next, &id)| forward.take(id, &insts[next..]));
        let dead = forward.dead;
        function.block_mut(block).insts.retain(|id| !dead.contains(id));
    }
    renames.apply(function);
}

fn is_plain(access: &Access) -> bool {
    access.space == Space::Shared && !access.ordered
}

/// What lies at a place.
struct Stored {
    inst: InstId,
    base: Value,
    start: i64,
    /// Of an element.
    bytes: i64,
    count: i64,
    value: Value,
    /// Somebody may have read it.
    read: bool,
}

impl Stored {
    fn end(&self) -> i64 {
        self.start + self.bytes * self.count
    }
}

/// Lanes of a vector and the lanes that they go to.
struct Part {
    value: Value,
    lanes: SmallVec<[(u64, u64); 16]>,
}

struct Forward<'b, 'f> {
    build: Builder<'f>,
    renames: &'b mut Renames,
    known: Vec<Stored>,
    /// Stores that nobody reads.
    dead: Set<InstId>,
}

impl Forward<'_, '_> {
    /// An inst, and those behind it.
    fn take(&mut self, id: InstId, rest: &[InstId]) {
        let inst = self.build.function.inst(id).clone();
        self.build.line = inst.line;
        match &inst.op {
            Op::Load(access) if is_plain(access) => {
                if let Some(value) = self.loaded(&inst, access, rest) {
                    self.renames.set(inst.results[0], value);
                    return;
                }
                self.reads();
            }
            Op::Store(access) if is_plain(access) => self.store(id, &inst, access),
            _ if alias::writes(self.build.function, &inst) & alias::SHARED != 0 => {
                self.reads();
                self.known.clear();
            }
            _ if reads(&inst) => self.reads(),
            _ => {}
        }
        self.build.keep(id);
    }

    /// All that is known may be read.
    fn reads(&mut self) {
        self.known.iter_mut().for_each(|stored| stored.read = true);
    }

    fn store(&mut self, id: InstId, inst: &Inst, access: &Access) {
        let [base, value] = inst.args[..] else {
            self.reads();
            return self.known.clear();
        };
        let (bits, count) = element(self.build.function.ty(value));
        let new = Stored {
            inst: id,
            base,
            start: access.offset,
            bytes: access.bytes.into(),
            count,
            value,
            read: false,
        };
        let whole = inst.mask.is_none();
        let dead = &mut self.dead;
        self.known.retain(|old| {
            let apart = old.base == base && (old.end() <= new.start || new.end() <= old.start);
            let covers = old.base == base && new.start <= old.start && old.end() <= new.end();
            if whole && covers && !old.read {
                dead.insert(old.inst);
            }
            apart
        });
        if whole && bits == 8 * u32::from(access.bytes) {
            self.known.push(new);
        }
    }

    /// What a load reads, made of what was stored; `None`: it is better read.
    fn loaded(&mut self, inst: &Inst, access: &Access, rest: &[InstId]) -> Option<Value> {
        let [result] = inst.results[..] else { return None };
        let ty = self.build.function.ty(result);
        let (bits, count) = element(ty);
        if bits != 8 * u32::from(access.bytes) {
            return None;
        }
        let Type::V { lanes, .. } = ty else {
            let same = |stored: &&Stored| {
                (stored.base, stored.start, stored.count) == (inst.args[0], access.offset, 1)
                    && stored.bytes == i64::from(access.bytes)
            };
            return self.known.iter().find(same).map(|stored| stored.value).filter(|_| inst.mask.is_none());
        };
        let end = access.offset + count * i64::from(access.bytes);
        let overlaps = |stored: &Stored| {
            stored.base == inst.args[0] && access.offset < stored.end() && stored.start < end
        };
        if !self.known.iter().any(overlaps) {
            return None;
        }
        let all = u64::MAX >> (64 - u32::from(lanes));
        let wanted = inst.mask.map_or(Some(all), |mask| self.build.function.constant(mask))?;
        let mut parts = self.parts(inst.args[0], access, count, wanted)?;
        if let [Part { value, lanes }] = &parts[..] {
            // One write covers it: that is forwarded by the processor, but for nothing at all.
            let same = self.build.function.ty(*value) == ty && lanes.iter().all(|(from, to)| from == to);
            return (same && wanted == all).then_some(*value);
        }
        // Else all of them are stored anyway, and to wait once is not dearer than to put them together.
        if !self.overwritten(inst.args[0], access.offset, end, rest) {
            return None;
        }
        for part in &mut parts {
            self.whole(part, ty);
        }
        let value = self.join(parts, ty);
        if wanted == all {
            return Some(value);
        }
        let zero = self.build.constant(ty, 0);
        Some(self.build.op(Op::Compute(Compute::Select), &[value, zero, inst.mask?], ty))
    }

    /// Whether what was stored in a range is overwritten before anybody reads it.
    fn overwritten(&self, base: Value, start: i64, end: i64, rest: &[InstId]) -> bool {
        let function = &self.build.function;
        let overlaps = |stored: &&Stored| stored.base == base && start < stored.end() && stored.start < end;
        let some = || self.known.iter().filter(overlaps);
        let first = some().map(|stored| stored.start).min().unwrap_or(start);
        let last = some().map(Stored::end).max().unwrap_or(end);
        for &id in rest {
            let inst = function.inst(id);
            match &inst.op {
                Op::Store(access) if is_plain(access) => {
                    let [to, value] = inst.args[..] else { return false };
                    let bytes = i64::from(access.bytes) * element(function.ty(value)).1;
                    let covers = access.offset <= first && last <= access.offset + bytes;
                    if to == base && covers && inst.mask.is_none() {
                        return true;
                    }
                }
                _ if reads(inst) || alias::writes(function, inst) & alias::SHARED != 0 => return false,
                _ => {}
            }
        }
        false
    }

    /// What the lanes of a row were stored from; `None`: not all of it is known.
    fn parts(&self, base: Value, access: &Access, count: i64, wanted: u64) -> Option<Vec<Part>> {
        let bytes = i64::from(access.bytes);
        let mut parts: Vec<Part> = Vec::new();
        let mut last = 0;
        for lane in (0..count).filter(|lane| wanted >> lane & 1 == 1) {
            let at = access.offset + lane * bytes;
            let holds = |stored: &&Stored| {
                stored.base == base
                    && stored.bytes == bytes
                    && (stored.start..stored.end()).contains(&at)
                    && (at - stored.start) % bytes == 0
            };
            // The same one holds lane by lane.
            if self.known.get(last).filter(holds).is_none() {
                last = self.known.iter().position(|stored| holds(&stored))?;
            }
            let stored = &self.known[last];
            // A word is mostly a lane of a vector.
            let (value, from) = match self.build.function.maker(stored.value) {
                Some(Inst { op: Op::Extract(from), args, .. }) => self.source(args[0], u64::from(*from)),
                _ => (stored.value, ((at - stored.start) / bytes) as u64),
            };
            match parts.iter_mut().find(|part| part.value == value) {
                Some(part) => part.lanes.push((from, lane as u64)),
                None => parts.push(Part { value, lanes: SmallVec::from_slice(&[(from, lane as u64)]) }),
            }
        }
        let fits = |part: &Part| {
            let ty = self.build.function.ty(part.value);
            ty.is_scalar() || element(ty) == (8 * u32::from(access.bytes), count)
        };
        (!parts.is_empty() && parts.len() <= PARTS && parts.iter().all(fits)).then_some(parts)
    }

    /// Where a lane was before permutations.
    fn source(&self, mut value: Value, mut lane: u64) -> (Value, u64) {
        let function = &self.build.function;
        while let Some(Inst { op: Op::Permute | Op::Permute2, args, .. }) = function.maker(value) {
            let Some(Inst { op: Op::Table(table), .. }) = function.maker(args[0]) else { break };
            let index = &function.tables[*table as usize];
            let count = index.len() as u64;
            let from = index[lane as usize] % (count * (args.len() as u64 - 1));
            (value, lane) = (args[1 + (from / count) as usize], from % count);
        }
        (value, lane)
    }

    /// A scalar becomes a vector.
    fn whole(&mut self, part: &mut Part, ty: Type) {
        if self.build.function.ty(part.value).is_scalar() {
            part.value = self.build.op(Op::Broadcast, &[part.value], ty);
        }
    }

    /// Pairs, and pairs of those. Until the last one lanes go to the front, so that pairs have the same index.
    fn join(&mut self, mut parts: Vec<Part>, ty: Type) -> Value {
        let (_, count) = element(ty);
        while parts.len() > 1 {
            let last = parts.len() == 2;
            let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
            let mut left = parts.into_iter();
            while let Some(first) = left.next() {
                let Some(second) = left.next() else {
                    pairs.push(first);
                    break;
                };
                let mut index = vec![0; count as usize];
                let mut lanes = SmallVec::new();
                let upper = second.lanes.iter().map(|&(from, to)| (from + count as u64, to));
                for (front, (from, to)) in (0..).zip(first.lanes.iter().copied().chain(upper)) {
                    let place = if last { to } else { front };
                    index[place as usize] = from;
                    lanes.push((place, to));
                }
                let table = self.table(index);
                let index = self.build.op(Op::Table(table), &[], ty);
                let value = self.build.op(Op::Permute2, &[index, first.value, second.value], ty);
                pairs.push(Part { value, lanes });
            }
            parts = pairs;
        }
        parts[0].value
    }

    /// The number of a table, a new one if there is none like it.
    fn table(&mut self, numbers: Vec<u64>) -> u32 {
        let tables = &mut self.build.function.tables;
        let place = tables.iter().position(|table| *table == numbers);
        place.unwrap_or_else(|| {
            tables.push(numbers);
            tables.len() - 1
        }) as u32
    }
}

/// Whether an inst may read shared memory.
fn reads(inst: &Inst) -> bool {
    let writes_only = matches!(inst.op, Op::Store(_) | Op::Scatter { .. });
    (inst.op.touches_memory() || inst.op.has_effect())
        && !writes_only
        && alias::only_reads(inst).is_none_or(|kinds| kinds & alias::SHARED != 0)
}

/// Bits of an element, and how many there are.
fn element(ty: Type) -> (u32, i64) {
    match ty {
        Type::V { bits, lanes } => (bits.into(), lanes.into()),
        ty => (ty.bits(), 1),
    }
}

#[cfg(test)]
mod tests;

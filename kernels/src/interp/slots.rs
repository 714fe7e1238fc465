//! Which slot of the frame each virtual register gets: registers that never live together share one.
//!
//! Small frames keep a warp's registers in the cache. A register's life is taken as one interval of the text from
//! liveness at block boundaries, so loops are covered; a guarded write does not end what was there before.

use crate::ir::{Function, Reg};

/// Larger products of registers and blocks are not analysed: each register gets its own slot.
const MOST_BITS: usize = 1 << 26;

/// The slot of each register, and how many slots there are. Slots start at `first`.
pub fn assign(function: &Function, first: u32) -> (Vec<u32>, u32) {
    let count = function.registers.len();
    if count.saturating_mul(function.blocks.len()) > MOST_BITS {
        return ((0..count as u32).map(|reg| reg + first).collect(), first + count as u32);
    }
    let intervals = intervals(function);
    let mut order: Vec<u32> =
        (0..count as u32).filter(|&reg| intervals[reg as usize].0 != u32::MAX).collect();
    order.sort_by_key(|&reg| intervals[reg as usize].0);
    let mut slots = vec![first; count];
    let mut busy: std::collections::BinaryHeap<std::cmp::Reverse<(u32, u32)>> =
        std::collections::BinaryHeap::new();
    let mut free: Vec<u32> = Vec::new();
    let mut used = first;
    for reg in order {
        let (start, end) = intervals[reg as usize];
        while let Some(&std::cmp::Reverse((last, slot))) = busy.peek() {
            if last >= start {
                break;
            }
            free.push(slot);
            busy.pop();
        }
        let slot = free.pop().unwrap_or_else(|| {
            used += 1;
            used - 1
        });
        slots[reg as usize] = slot;
        busy.push(std::cmp::Reverse((end, slot)));
    }
    (slots, used.max(first + 1))
}

/// Sets of registers, one a block.
struct Sets {
    words: usize,
    bits: Vec<u64>,
}

impl Sets {
    fn new(count: usize, registers: usize) -> Self {
        let words = registers.div_ceil(64);
        Sets { words, bits: vec![0; words * count] }
    }

    fn row(&self, index: usize) -> &[u64] {
        &self.bits[index * self.words..(index + 1) * self.words]
    }

    fn has(&self, index: usize, reg: Reg) -> bool {
        self.row(index)[reg.0 as usize / 64] >> (reg.0 % 64) & 1 == 1
    }

    fn add(&mut self, index: usize, reg: Reg) {
        self.bits[index * self.words + reg.0 as usize / 64] |= 1 << (reg.0 % 64);
    }
}

/// First and last position of each register's life; `u32::MAX` first for one that is never named.
fn intervals(function: &Function) -> Vec<(u32, u32)> {
    let live_in = liveness(function);
    let mut lives = vec![(u32::MAX, 0u32); function.registers.len()];
    let mut touch = |reg: usize, at: u32| {
        let life = &mut lives[reg];
        *life = (life.0.min(at), life.1.max(at));
    };
    let mut at = 0;
    for (index, block) in function.blocks.iter().enumerate() {
        mark(live_in.row(index), at, &mut touch);
        for inst in &block.insts {
            at += 1;
            inst.reads(|reg| touch(reg.0 as usize, at));
            inst.op.targets(|reg| touch(reg.0 as usize, at));
        }
        at += 1;
        block.end.reads(|reg| touch(reg.0 as usize, at));
        block.end.successors(|to| mark(live_in.row(to as usize), at, &mut touch));
        at += 1;
    }
    lives
}

fn mark(row: &[u64], at: u32, touch: &mut impl FnMut(usize, u32)) {
    for (word, &bits) in row.iter().enumerate() {
        let mut bits = bits;
        while bits != 0 {
            touch(word * 64 + bits.trailing_zeros() as usize, at);
            bits &= bits - 1;
        }
    }
}

/// What is live where each block starts.
fn liveness(function: &Function) -> Sets {
    let (count, registers) = (function.blocks.len(), function.registers.len());
    let mut live = Sets::new(count, registers);
    let mut killed = Sets::new(count, registers);
    for (index, block) in function.blocks.iter().enumerate() {
        for inst in &block.insts {
            inst.reads(|reg| {
                if !killed.has(index, reg) {
                    live.add(index, reg);
                }
            });
            if inst.guard.is_none() {
                inst.op.targets(|reg| killed.add(index, reg));
            }
        }
        block.end.reads(|reg| {
            if !killed.has(index, reg) {
                live.add(index, reg);
            }
        });
    }
    flow(function, &mut live, &killed);
    live
}

/// Takes what is live at the start of a block to the blocks before it, until nothing is new. A block is looked at again
/// only when one behind it has changed: blocks may follow each other against the order of the text.
fn flow(function: &Function, live: &mut Sets, killed: &Sets) {
    let count = function.blocks.len();
    let before = before(function);
    let mut waiting: Vec<u32> = (0..count as u32).collect();
    let mut waits = vec![true; count];
    let mut out = vec![0u64; live.words];
    while let Some(index) = waiting.pop() {
        let index = index as usize;
        waits[index] = false;
        out.fill(0);
        function.blocks[index].end.successors(|to| {
            out.iter_mut().zip(live.row(to as usize)).for_each(|(out, bits)| *out |= bits);
        });
        let mut changed = false;
        for (word, &bits) in out.iter().enumerate() {
            let at = index * live.words + word;
            let more = live.bits[at] | bits & !killed.bits[at];
            changed |= more != live.bits[at];
            live.bits[at] = more;
        }
        if !changed {
            continue;
        }
        for &from in &before[index] {
            if !std::mem::replace(&mut waits[from as usize], true) {
                waiting.push(from);
            }
        }
    }
}

/// For each block those that lead to it.
fn before(function: &Function) -> Vec<Vec<u32>> {
    let mut before = vec![Vec::new(); function.blocks.len()];
    for (from, block) in (0..).zip(&function.blocks) {
        block.end.successors(|to| before[to as usize].push(from));
    }
    before
}

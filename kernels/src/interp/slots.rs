//! Which slot of the frame each virtual register gets: registers that never live together share one.
//!
//! Small frames keep a warp's registers in the cache. A register's life is taken as one interval of the text from
//! liveness at block boundaries, so loops are covered; a guarded write does not end what was there before.

use crate::ir::{Block, Function, Reg};

/// Larger products of registers and ways between blocks are not analysed: each register gets its own slot.
const MOST_BITS: usize = 1 << 27;
/// The same holds where liveness does not settle. A sweep goes against the order of the text, so what compilers write
/// takes about one for each loop around another.
const MOST_SWEEPS: u32 = 64;

/// The slot of each register, and how many slots there are. Slots start at `first`.
pub fn assign(function: &Function, first: u32) -> (Vec<u32>, u32) {
    let count = function.registers.len();
    let mut ways = function.blocks.len();
    function.blocks.iter().for_each(|block| block.end.successors(|_| ways += 1));
    let live = if count.saturating_mul(ways) > MOST_BITS { None } else { liveness(function) };
    let Some(live) = live else {
        return ((0..count as u32).map(|reg| reg + first).collect(), first + count as u32);
    };
    let intervals = intervals(function, &live);
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

    /// What is live where a block ends: all that is live where one of those that may follow starts.
    fn leaving(&self, block: &Block, into: &mut [u64]) {
        into.fill(0);
        block.end.successors(|to| {
            into.iter_mut().zip(self.row(to as usize)).for_each(|(into, bits)| *into |= bits);
        });
    }

    fn add(&mut self, index: usize, reg: Reg) {
        self.bits[index * self.words + reg.0 as usize / 64] |= 1 << (reg.0 % 64);
    }
}

/// First and last position of each register's life; `u32::MAX` first for one that is never named.
fn intervals(function: &Function, live_in: &Sets) -> Vec<(u32, u32)> {
    let mut leaving = vec![0u64; live_in.words];
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
        live_in.leaving(block, &mut leaving);
        mark(&leaving, at, &mut touch);
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

/// What is live where each block starts, if that is soon known.
fn liveness(function: &Function) -> Option<Sets> {
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
    settle(function, &mut live, &killed).then_some(live)
}

/// Adds to each block what is live behind it, until nothing changes; false if that takes too long.
fn settle(function: &Function, live: &mut Sets, killed: &Sets) -> bool {
    let words = live.words;
    let mut leaving = vec![0u64; words];
    for _ in 0..MOST_SWEEPS {
        let mut changed = false;
        for (index, block) in function.blocks.iter().enumerate().rev() {
            live.leaving(block, &mut leaving);
            for (word, &bits) in leaving.iter().enumerate() {
                let at = index * words + word;
                let more = live.bits[at] | bits & !killed.bits[at];
                changed |= more != live.bits[at];
                live.bits[at] = more;
            }
        }
        if !changed {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Compute, End, Inst, Op, Operand};

    /// Blocks that lead to each other against the order of the text, between one that writes register 0 and one that
    /// reads it. There two more registers live, one after the other.
    fn chain(length: u32) -> Function {
        let copy = |to, from| Inst {
            op: Op::Compute { compute: Compute::Copy, to: Reg(to), from: [from; 4] },
            guard: None,
            line: 1,
        };
        let block = |insts, end| Block { insts, end, line: 1 };
        let mut blocks = vec![block(vec![copy(0, Operand::Imm(1))], End::Jump(length))];
        for at in 1..=length {
            let to = if at == 1 { length + 1 } else { at - 1 };
            blocks.push(block(Vec::new(), End::Jump(to)));
        }
        let last = [copy(1, Operand::Imm(2)), copy(0, Operand::Reg(Reg(1))), copy(2, Operand::Reg(Reg(0)))];
        blocks.push(block(last.into_iter().chain([copy(0, Operand::Reg(Reg(2)))]).collect(), End::Exit));
        blocks[length as usize + 1].insts.insert(0, copy(1, Operand::Reg(Reg(0))));
        Function {
            name: "chain".to_owned(),
            kernel: true,
            registers: vec![32; 3],
            blocks,
            parameters: Vec::new(),
            results: Vec::new(),
            frame_bytes: 0,
            frame_align: 16,
            variables: Vec::new(),
            shared: Vec::new(),
        }
    }

    #[test]
    fn registers_share_slots_unless_that_takes_too_long() {
        let (slots, used) = assign(&chain(5), 4);
        assert_eq!((slots[1], used), (slots[2], 6), "{slots:?}");
        assert_ne!(slots[0], slots[1]);
        assert_eq!(assign(&chain(2 * MOST_SWEEPS), 4), (vec![4, 5, 6], 7));
    }
}

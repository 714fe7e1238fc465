//! The stack frame: what is kept for the caller, the bundles' part, the spilled registers.
//!
//! ```text
//! Context::stack → registers of the caller
//!                  up to 56 bytes to align
//!                  spilled registers
//!            rsp → the bundles' part, aligned to 64
//! ```

use iced_x86::Register;
use regalloc2::{Allocation, Edit, Output, SpillSlot};

use super::allocate::{CONTEXT, KEPT};
use super::machine::{INT, View};

/// Bytes of a spill slot's unit.
const UNIT: i32 = 8;

/// Where things are on the stack.
#[derive(Debug)]
pub struct Frame {
    /// Registers of the caller that are used here.
    pub kept: Vec<Register>,
    /// Bytes from rsp to the end of the spilled registers, a multiple of 64.
    pub bytes: u32,
    scratch_bytes: u32,
}

impl Frame {
    /// For the allocator's output.
    pub fn new(output: &Output, scratch_bytes: u32) -> Frame {
        let mut used = [false; 16];
        used[CONTEXT] = true;
        let mut note = |allocation: &Allocation| {
            if let Some(register) = allocation.as_reg().filter(|register| register.class() == INT) {
                used[register.hw_enc()] = true;
            }
        };
        output.allocs.iter().for_each(&mut note);
        for (_, Edit::Move { from, to }) in &output.edits {
            note(from);
            note(to);
        }
        let kept = KEPT.iter().filter(|&&at| used[at]).map(|&at| View::Quad.register(at)).collect();
        let bytes = scratch_bytes + output.num_spillslots as u32 * UNIT as u32;
        Frame { kept, bytes: bytes.next_multiple_of(64), scratch_bytes }
    }

    /// Where a spill slot is, from rsp.
    pub fn slot(&self, slot: SpillSlot) -> i32 {
        self.scratch_bytes as i32 + slot.index() as i32 * UNIT
    }

    /// Stack it takes in all, without what it calls.
    pub fn stack_bytes(&self) -> u32 {
        self.bytes + 64 + 8 * (self.kept.len() as u32 + 2)
    }
}

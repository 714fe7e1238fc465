//! A warp: its registers, and its threads as groups that run together. See README.md, "Groups".

use super::code::Slot;
use super::lanes::{Lanes, WARP};

/// Back edges and calls the groups of a warp may take before one ends its turn. Kept from slice to slice, so that loops
/// which wait for others each time round (barriers, shuffles) use it up too.
pub const FUEL: i32 = 4096;
/// What a back edge costs when the loop touched memory that others may change: it may be waiting for them.
pub const SPIN_COST: i32 = 64;

/// Why a group does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It may run.
    Ready,
    /// For a block barrier.
    Barrier(u8),
    /// For other lanes of the warp, at a step that needs this mask; the flag: a plain warp barrier.
    Lanes(u32, bool),
}

/// Threads of a warp at the same place of the same call.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The next step.
    pub pc: u32,
    /// Where its frame starts in the registers.
    pub base: u32,
    /// Where its frame starts in local memory.
    pub stack: u32,
    /// Its lanes.
    pub mask: u32,
    /// Groups of a lower turn go first.
    pub turn: u32,
    /// Whether it may run.
    pub wait: Wait,
    /// The current loop touched memory that others may change.
    pub spins: bool,
}

/// A warp.
#[derive(Debug, Default)]
pub struct Warp {
    /// Its number in the block.
    pub index: u32,
    /// Lanes that exist.
    pub present: u32,
    /// Lanes that have exited.
    pub exited: u32,
    /// Groups that do not run now.
    pub groups: Vec<Group>,
    /// Slots of all frames.
    pub registers: Vec<Lanes>,
    /// Local memory, lane after lane.
    pub local: Vec<u8>,
    /// Of one lane.
    pub local_bytes: u32,
    /// Where the free part of local memory ends, lane by lane. See `stack.rs`.
    pub tops: [u32; WARP],
    /// Some lane's is not at the end.
    pub adds: bool,
    /// Thread index in x, y and z.
    pub tid: [Lanes; 3],
    /// Back edges and calls left.
    pub fuel: i32,
    /// Turns that ended in this slice.
    pub expired: usize,
}

impl Warp {
    /// Lanes that exist and have not exited.
    pub fn live(&self) -> u32 {
        self.present & !self.exited
    }

    /// A register or constant.
    pub fn lanes<'a>(&'a self, pool: &'a [Lanes], base: u32, slot: Slot) -> &'a Lanes {
        match slot.0 & Slot::CONSTANT {
            0 => &self.registers[(base + slot.0) as usize],
            _ => &pool[(slot.0 & !Slot::CONSTANT) as usize],
        }
    }

    /// Writes a register in the lanes of a mask.
    pub fn set(&mut self, base: u32, slot: Slot, mask: u32, value: &Lanes) {
        let to = &mut self.registers[(base + slot.0) as usize];
        if mask == u32::MAX {
            *to = *value;
            return;
        }
        for lane in 0..WARP {
            if mask >> lane & 1 == 1 {
                to[lane] = value[lane];
            }
        }
    }

    /// Puts a group aside, together with one at the same place if there is one.
    pub fn park(&mut self, group: Group) {
        let same = self
            .groups
            .iter_mut()
            .find(|other| (other.pc, other.base, other.stack) == (group.pc, group.base, group.stack));
        let Some(other) = same else { return self.groups.push(group) };
        // Block barriers count their arrivals: who has arrived is kept apart from who has not.
        if matches!(other.wait, Wait::Barrier(_)) || matches!(group.wait, Wait::Barrier(_)) {
            if other.wait != group.wait {
                return self.groups.push(group);
            }
        } else if other.wait != group.wait {
            other.wait = Wait::Ready;
        }
        other.mask |= group.mask;
        other.turn = other.turn.max(group.turn);
        other.spins |= group.spins;
    }

    /// Takes the group that goes next: lowest turn, then deepest call, then lowest place.
    pub fn pick(&mut self) -> Option<Group> {
        let ready = self.groups.iter().enumerate().filter(|(_, group)| group.wait == Wait::Ready);
        let best = ready.min_by_key(|(_, group)| (group.turn, std::cmp::Reverse(group.base), group.pc))?.0;
        Some(self.groups.swap_remove(best))
    }

    /// How many groups could run besides the one that does.
    pub fn others_ready(&self) -> usize {
        self.groups.iter().filter(|group| group.wait == Wait::Ready).count()
    }

    /// Ends a group's turn: others go first from now on. True if all groups that can run had theirs.
    pub fn expire(&mut self, group: &mut Group) -> bool {
        self.fuel = FUEL;
        let last = self.groups.iter().map(|group| group.turn).max().unwrap_or(0);
        group.turn = last.max(group.turn) + 1;
        self.expired += 1;
        self.expired > self.others_ready()
    }

    /// Lanes that exit: groups that wait for them look again.
    pub fn exit(&mut self, mask: u32) {
        self.exited |= mask;
        for group in &mut self.groups {
            if matches!(group.wait, Wait::Lanes(..)) {
                group.wait = Wait::Ready;
            }
        }
    }

    /// When nothing can run: lanes that met at different warp barriers of one mask go on.
    pub fn release_lanes(&mut self) -> bool {
        let live = self.live();
        for index in 0..self.groups.len() {
            let Wait::Lanes(members, true) = self.groups[index].wait else { continue };
            let wait = self.groups[index].wait;
            let met =
                self.groups.iter().filter(|group| group.wait == wait).fold(0, |all, group| all | group.mask);
            if members & live & !met != 0 {
                continue;
            }
            let (there, rest): (Vec<Group>, Vec<Group>) =
                self.groups.iter().partition(|group| group.wait == wait);
            self.groups = rest;
            for mut group in there {
                group.pc += 1;
                group.wait = Wait::Ready;
                self.park(group);
            }
            return true;
        }
        false
    }
}

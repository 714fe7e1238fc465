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
    /// For a block barrier, where its lanes have arrived.
    Barrier(u8),
    /// To arrive at a block barrier again: an earlier arrival of the same lanes is not counted yet.
    Again(u8),
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
    /// Some loop since its last turn did.
    pub waits: bool,
    /// How often it went on when its turn was over, as it waits for nobody.
    pub kept: u8,
}

impl Group {
    /// At the same place of the same call.
    fn beside(&self, other: &Group) -> bool {
        (self.pc, self.base, self.stack) == (other.pc, other.base, other.stack)
    }

    fn join(&mut self, other: &Group) {
        self.mask |= other.mask;
        self.turn = self.turn.max(other.turn);
        self.spins |= other.spins;
        self.waits |= other.waits;
        self.kept = self.kept.max(other.kept);
    }
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

    /// Puts a group aside, together with one at the same place if there is one. Those that wait stay apart from those
    /// that do not, and from those that wait for something else.
    pub fn park(&mut self, group: Group) {
        let same = self.groups.iter_mut().find(|other| other.beside(&group) && other.wait == group.wait);
        match same {
            Some(other) => other.join(&group),
            None => self.groups.push(group),
        }
    }

    /// Those that wait at the group's place for other lanes of the warp join it.
    pub fn gather(&mut self, group: &mut Group) {
        self.groups.retain(|other| {
            let joins = matches!(other.wait, Wait::Lanes(..)) && other.beside(group);
            if joins {
                group.join(other);
            }
            !joins
        });
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

    /// Whether a group that has used up the fuel goes on all the same: it seems to wait for nobody, and those who wait
    /// for it where paths meet should not run without it.
    pub fn keeps_turn(&mut self, group: &mut Group) -> bool {
        let keeps = !group.waits && group.kept < u8::MAX;
        if keeps {
            self.fuel = FUEL;
            group.kept += 1;
        }
        keeps
    }

    /// Ends a group's turn: others go first from now on. True if all groups that can run had theirs.
    pub fn expire(&mut self, group: &mut Group) -> bool {
        self.fuel = FUEL;
        (group.waits, group.spins, group.kept) = (false, false, 0);
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

    /// Those that wait for this may run.
    pub fn wake(&mut self, wait: Wait) {
        for group in &mut self.groups {
            if group.wait == wait {
                group.wait = Wait::Ready;
            }
        }
    }
}

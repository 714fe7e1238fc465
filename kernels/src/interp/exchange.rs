//! What lanes of a warp do together. See README.md, "Steps that need other lanes".

use std::borrow::Cow;

use super::code::{Code, Slot};
use super::lanes::{Lanes, WARP, each};
use super::run::{Flow, Machine, lanes_with};
use super::trouble::{Outcome, first, trouble};
use super::warp::{Group, Wait, Warp};
use crate::fault::FaultKind;
use crate::ir::Type;
use crate::ir::op::{Reduction, Shuffle, Vote};

/// Where a step has its member mask, and whether it is a plain warp barrier.
fn members_of(code: &Code) -> (Slot, bool) {
    match *code {
        Code::WarpBarrier(members) => (members, true),
        Code::Shuffle { mask, .. } | Code::Vote { mask, .. } => (mask, false),
        Code::Match { mask, .. } | Code::Reduce { mask, .. } => (mask, false),
        _ => (Slot::NONE, false),
    }
}

impl Machine<'_> {
    /// A step that looks at several lanes. One with a member mask waits until all of them are here.
    pub fn exchange(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        let (slot, barrier) = members_of(code);
        if slot == Slot::NONE {
            let alone = Group { mask, ..*group };
            self.exchange_among(warp, &[alone], code)?;
            group.pc += 1;
            return Ok(Flow::Next);
        }
        warp.gather(group);
        let lanes = warp.lanes(&self.program.pool, group.base, slot);
        let members = lanes[first(group.mask) as usize];
        let agree = slot.uniform() || lanes_with(lanes, members, group.mask) == group.mask;
        if !agree || members as u32 & warp.live() != group.mask {
            let lanes = *lanes;
            return self.exchange_apart(warp, group, code, &lanes, barrier);
        }
        self.exchange_among(warp, &[*group], code)?;
        group.pc += 1;
        Ok(Flow::Next)
    }

    /// Lanes with different member masks go apart: each part does the step by itself, or waits for those it names.
    fn exchange_apart(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        code: &Code,
        lanes: &Lanes,
        barrier: bool,
    ) -> Outcome<Flow> {
        let mut left = group.mask;
        while left != 0 {
            let lane = first(left);
            let members = lanes[lane as usize] as u32;
            let same = lanes_with(lanes, lanes[lane as usize], left);
            left &= !same;
            let strangers = same & !members;
            if strangers != 0 && !barrier {
                let words = format!("not in its member mask {members:#x}");
                return trouble(FaultKind::IllegalInstruction, first(strangers), words);
            }
            if strangers != 0 {
                // Nobody waits for them, and they for nobody.
                warp.park(Group { mask: strangers, pc: group.pc + 1, ..*group });
            }
            let mut part = Group { mask: same & members, ..*group };
            if part.mask == 0 {
                continue;
            }
            if members & warp.live() == part.mask {
                self.exchange_among(warp, &[part], code)?;
                part.pc += 1;
            } else {
                part.wait = Wait::Lanes(members, barrier);
            }
            warp.park(part);
        }
        Ok(Flow::Left)
    }

    /// When nothing else of a warp can run: those that wait for each other in different calls of a function do the step
    /// together, and lanes that wait at different warp barriers of one mask go on. True if there were any.
    pub fn meet(&mut self, warp: &mut Warp) -> bool {
        for index in 0..warp.groups.len() {
            let Group { pc, wait, .. } = warp.groups[index];
            let Wait::Lanes(members, barrier) = wait else { continue };
            // Matrices take the lanes of one call.
            if matches!(self.program.steps[pc as usize].code, Code::Matrix(_)) {
                continue;
            }
            let with = |other: &Group| other.wait == wait && (barrier || other.pc == pc);
            let met = warp.groups.iter().filter(|other| with(other)).fold(0, |all, other| all | other.mask);
            if met != members & warp.live() {
                continue;
            }
            let (there, rest): (Vec<Group>, Vec<Group>) = warp.groups.iter().partition(|other| with(other));
            warp.groups = rest;
            let code = &self.program.steps[pc as usize].code;
            // Only steps that are no exchange refuse, and those do not wait.
            let _ = self.exchange_among(warp, &there, code);
            for group in there {
                warp.park(Group { pc: group.pc + 1, wait: Wait::Ready, ..group });
            }
            return true;
        }
        false
    }

    /// The step for all lanes of these groups, which are at the same step in different calls.
    fn exchange_among(&mut self, warp: &mut Warp, groups: &[Group], code: &Code) -> Outcome<()> {
        let among = groups.iter().fold(0, |all, group| all | group.mask);
        match *code {
            Code::WarpBarrier(_) => {}
            Code::ActiveMask(to) => write(warp, groups, to, &[u64::from(among); WARP]),
            Code::Shuffle { .. } => self.shuffle(warp, groups, code, among),
            Code::Vote { mode, to, value, negated, .. } => {
                let mut ballot = 0;
                for group in groups {
                    ballot |= self.bits(warp, group, value, negated) & group.mask;
                }
                write(warp, groups, to, &[voted(mode, ballot, among); WARP]);
            }
            Code::Match { all, to, valid, value, .. } => {
                let (result, same) = matched(all, &self.values(warp, groups, value), among);
                write(warp, groups, to, &result);
                write(warp, groups, valid, &[u64::from(same); WARP]);
            }
            Code::Reduce { op, ty, to, value, .. } => {
                let result = reduced(op, ty, &self.values(warp, groups, value), among);
                write(warp, groups, to, &[result; WARP]);
            }
            Code::IsSpace(space, to, address) => {
                let addresses = self.values(warp, groups, address);
                let mut result = [0; WARP];
                for at in each(among) {
                    result[at] = u64::from(self.is_in(addresses[at], space));
                }
                write(warp, groups, to, &result);
            }
            _ => return trouble(FaultKind::IllegalInstruction, first(among), "an unknown step"),
        }
        Ok(())
    }

    fn shuffle(&self, warp: &mut Warp, groups: &[Group], code: &Code, among: u32) {
        let Code::Shuffle { mode, to, valid, value, lane, clamp, .. } = *code else { return };
        let values = self.values(warp, groups, value);
        let (lanes, clamps) = (self.values(warp, groups, lane), self.values(warp, groups, clamp));
        let (result, in_range) = shuffled(mode, &values, &lanes, &clamps, among);
        write(warp, groups, to, &result);
        write(warp, groups, valid, &in_range);
    }

    /// A register of all groups, each lane's from its own call.
    fn values<'w>(&'w self, warp: &'w Warp, groups: &[Group], slot: Slot) -> Cow<'w, Lanes> {
        let pool = &self.program.pool;
        if let [only] = groups {
            return Cow::Borrowed(warp.lanes(pool, only.base, slot));
        }
        let mut all = [0; WARP];
        for group in groups {
            let lanes = warp.lanes(pool, group.base, slot);
            each(group.mask).for_each(|at| all[at] = lanes[at]);
        }
        Cow::Owned(all)
    }
}

/// Writes a register of all groups, if there is one.
fn write(warp: &mut Warp, groups: &[Group], slot: Slot, value: &Lanes) {
    if slot != Slot::NONE {
        groups.iter().for_each(|group| warp.set(group.base, slot, group.mask, value));
    }
}

/// What each lane of a mask gets, and whether it is from a lane in range.
pub fn shuffled(mode: Shuffle, values: &Lanes, lanes: &Lanes, clamps: &Lanes, among: u32) -> (Lanes, Lanes) {
    let mut result = [0; WARP];
    let mut in_range = [0; WARP];
    for at in each(among) {
        let (source, valid) = source_lane(mode, at as u32, lanes[at] as u32, clamps[at] as u32);
        // What a lane gets from one that is not there is not defined; it keeps its own.
        result[at] = if among >> source & 1 == 1 { values[source as usize] } else { values[at] };
        in_range[at] = u64::from(valid);
    }
    (result, in_range)
}

/// What the lanes of a mask agree on.
pub fn voted(mode: Vote, ballot: u32, among: u32) -> u64 {
    match mode {
        Vote::Ballot => u64::from(ballot),
        Vote::All => u64::from(ballot == among),
        Vote::Any => u64::from(ballot != 0),
        Vote::Uniform => u64::from(ballot == 0 || ballot == among),
    }
}

/// For each lane of a mask those that hold the same, or all or none; and whether all do.
pub fn matched(all: bool, values: &Lanes, among: u32) -> (Lanes, bool) {
    let mut result = [0; WARP];
    for at in each(among) {
        result[at] = u64::from(lanes_with(values, values[at], among));
    }
    let same = result[first(among) as usize] == u64::from(among);
    if all {
        result = [if same { u64::from(among) } else { 0 }; WARP];
    }
    (result, same)
}

/// The values of all lanes of a mask reduced.
pub fn reduced(op: Reduction, ty: Type, values: &Lanes, among: u32) -> u64 {
    let reduced = each(among).map(|at| values[at] as u32).reduce(|a, b| reduce(op, ty, a, b));
    let mut result = reduced.unwrap_or(0);
    if ty == Type::F32 {
        // One value alone is made canonical as a result of two is.
        result = reduce(op, ty, result, result);
    }
    u64::from(result)
}

/// The lane a value comes from, and whether it is in range; out of range is the lane itself.
pub fn source_lane(mode: Shuffle, lane: u32, by: u32, clamp: u32) -> (u32, bool) {
    let (limit, segment) = (clamp & 31, clamp >> 8 & 31);
    let last = lane & segment | limit & !segment;
    let first = lane & segment;
    let by = by & 31;
    let (source, valid) = match mode {
        Shuffle::Up => (lane.wrapping_sub(by), lane as i32 - by as i32 >= last as i32),
        Shuffle::Down => (lane + by, lane + by <= last),
        Shuffle::Butterfly => (lane ^ by, lane ^ by <= last),
        Shuffle::Index => {
            let source = first | by & !segment;
            (source, source <= last)
        }
    };
    if valid { (source & 31, true) } else { (lane, false) }
}

/// Two values reduced.
pub fn reduce(op: Reduction, ty: Type, a: u32, b: u32) -> u32 {
    if ty == Type::F32 {
        return reduce_floats(op, f32::from_bits(a), f32::from_bits(b)).to_bits();
    }
    let signed = ty.signed();
    match op {
        Reduction::Add | Reduction::Popc => a.wrapping_add(b),
        Reduction::Min if signed => (a as i32).min(b as i32) as u32,
        Reduction::Max if signed => (a as i32).max(b as i32) as u32,
        Reduction::Min | Reduction::MinNan => a.min(b),
        Reduction::Max | Reduction::MaxNan => a.max(b),
        Reduction::And => a & b,
        Reduction::Or => a | b,
        Reduction::Xor => a ^ b,
    }
}

/// Smallest or largest: zeros have an order, NaN is left out or wins.
fn reduce_floats(op: Reduction, a: f32, b: f32) -> f32 {
    let less = matches!(op, Reduction::Min | Reduction::MinNan);
    let strict = matches!(op, Reduction::MinNan | Reduction::MaxNan);
    let nan = f32::from_bits(0x7fff_ffff);
    match (a.is_nan(), b.is_nan()) {
        (true, true) => nan,
        (true, _) | (_, true) if strict => nan,
        (true, false) => b,
        (false, true) => a,
        _ if (a.total_cmp(&b) == std::cmp::Ordering::Less) == less => a,
        _ => b,
    }
}

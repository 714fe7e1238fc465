//! What lanes of a warp do together.

use super::code::{Code, Slot};
use super::lanes::{Lanes, WARP};
use super::run::{Flow, Machine, lanes_with};
use super::trouble::{Outcome, first, trouble};
use super::warp::{Group, Warp};
use crate::fault::FaultKind;
use crate::ir::op::{Reduction, Shuffle, Vote};

/// Lanes of a mask, ascending.
fn each(mask: u32) -> impl Iterator<Item = usize> {
    (0..WARP).filter(move |&lane| mask >> lane & 1 == 1)
}

impl Machine<'_> {
    /// A step that looks at several lanes. One with a member mask waits until all of them are here.
    pub fn exchange(&mut self, warp: &mut Warp, group: &mut Group, code: &Code, mask: u32) -> Outcome<Flow> {
        let (members, barrier) = match *code {
            Code::WarpBarrier(members) => (members, true),
            Code::Shuffle { mask, .. } | Code::Vote { mask, .. } => (mask, false),
            Code::Match { mask, .. } | Code::Reduce { mask, .. } => (mask, false),
            _ => (Slot::NONE, false),
        };
        let mut among = mask;
        if members != Slot::NONE {
            let lanes = warp.lanes(&self.program.pool, group.base, members);
            let members = lanes[first(mask) as usize] as u32;
            if each(mask).any(|lane| lanes[lane] as u32 != members) {
                return self.exchange_apart(warp, group, code, mask, *lanes);
            }
            if !self.assembled(warp, group, members, barrier) {
                warp.park(*group);
                return Ok(Flow::Left);
            }
            among &= members;
            if mask & !members != 0 && !barrier {
                let lane = first(mask & !members);
                return trouble(
                    FaultKind::IllegalInstruction,
                    lane,
                    format!("not in its member mask {members:#x}"),
                );
            }
        }
        self.exchange_now(warp, group, code, mask, among)?;
        group.pc += 1;
        Ok(Flow::Next)
    }

    /// Lanes with different member masks go apart; each part does the step by itself.
    fn exchange_apart(
        &mut self,
        warp: &mut Warp,
        group: &mut Group,
        code: &Code,
        mask: u32,
        members: Lanes,
    ) -> Outcome<Flow> {
        let mut left = mask;
        while left != 0 {
            let lane = first(left);
            let same = lanes_with(&members, members[lane as usize], left);
            left &= !same;
            let part = members[lane as usize] as u32;
            if part & warp.live() & !same != 0 || same & !part != 0 {
                let words =
                    format!("lanes {same:#x} ask for {part:#x} while others here ask for other lanes");
                return trouble(FaultKind::IllegalInstruction, lane, words);
            }
            self.exchange_now(warp, group, code, same, same)?;
        }
        group.pc += 1;
        Ok(Flow::Next)
    }

    fn shuffle(&self, warp: &mut Warp, base: u32, code: &Code, mask: u32) {
        let Code::Shuffle { mode, to, valid, value, lane, clamp, .. } = *code else { return };
        let pool = &self.program.pool;
        let values = warp.lanes(pool, base, value);
        let (lanes, clamps) = (warp.lanes(pool, base, lane), warp.lanes(pool, base, clamp));
        let mut result = [0; WARP];
        let mut in_range = [0; WARP];
        for at in each(mask) {
            let (source, valid) = source_lane(mode, at as u32, lanes[at] as u32, clamps[at] as u32);
            result[at] = values[source as usize];
            in_range[at] = u64::from(valid);
        }
        warp.set(base, to, mask, &result);
        if valid != Slot::NONE {
            warp.set(base, valid, mask, &in_range);
        }
    }

    fn exchange_now(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        code: &Code,
        mask: u32,
        among: u32,
    ) -> Outcome<()> {
        let base = group.base;
        let pool = &self.program.pool;
        match *code {
            Code::WarpBarrier(_) => {}
            Code::ActiveMask(to) => warp.set(base, to, mask, &[u64::from(group.mask); WARP]),
            Code::Shuffle { .. } => self.shuffle(warp, base, code, mask),
            Code::Vote { mode, to, value, negated, .. } => {
                let ballot = self.bits(warp, group, value, negated) & among;
                let result = match mode {
                    Vote::Ballot => u64::from(ballot),
                    Vote::All => u64::from(ballot == among),
                    Vote::Any => u64::from(ballot != 0),
                    Vote::Uniform => u64::from(ballot == 0 || ballot == among),
                };
                warp.set(base, to, mask, &[result; WARP]);
            }
            Code::Match { all, to, valid, value, .. } => {
                let values = *warp.lanes(pool, base, value);
                let mut result = [0; WARP];
                for at in each(mask) {
                    result[at] = u64::from(lanes_with(&values, values[at], among));
                }
                let same = result[first(mask) as usize] == u64::from(among);
                if all {
                    result = [if same { u64::from(among) } else { 0 }; WARP];
                }
                warp.set(base, to, mask, &result);
                if valid != Slot::NONE {
                    warp.set(base, valid, mask, &[u64::from(same); WARP]);
                }
            }
            Code::Reduce { op, signed, to, value, .. } => {
                let values = warp.lanes(pool, base, value);
                let reduced = each(among).map(|at| values[at] as u32).reduce(|a, b| reduce(op, signed, a, b));
                warp.set(base, to, mask, &[u64::from(reduced.unwrap_or(0)); WARP]);
            }
            Code::IsSpace(space, to, address) => {
                let addresses = warp.lanes(pool, base, address);
                let mut result = [0; WARP];
                for at in each(mask) {
                    result[at] = u64::from(self.is_in(addresses[at], space));
                }
                warp.set(base, to, mask, &result);
            }
            _ => return trouble(FaultKind::IllegalInstruction, first(mask), "an unknown step"),
        }
        Ok(())
    }
}

/// The lane a value comes from, and whether it is in range; out of range is the lane itself.
fn source_lane(mode: Shuffle, lane: u32, by: u32, clamp: u32) -> (u32, bool) {
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
pub fn reduce(op: Reduction, signed: bool, a: u32, b: u32) -> u32 {
    match op {
        Reduction::Add | Reduction::Popc => a.wrapping_add(b),
        Reduction::Min if signed => (a as i32).min(b as i32) as u32,
        Reduction::Max if signed => (a as i32).max(b as i32) as u32,
        Reduction::Min => a.min(b),
        Reduction::Max => a.max(b),
        Reduction::And => a & b,
        Reduction::Or => a | b,
        Reduction::Xor => a ^ b,
    }
}

//! Mbarriers: words of shared memory that count arrivals and bytes, phase after phase.
//!
//! A phase is over when no arrival is pending and all bytes that were announced have come; the next one starts at once.
//! Two phases are told apart by a parity. The state that an arrival gives is the word before it.

use super::access::resolve;
use super::code::{Access, Slot};
use super::lanes::WARP;
use super::run::{Flow, Machine};
use super::trouble::{Outcome, bad_access, trouble};
use super::warp::{Group, Warp};
use crate::fault::FaultKind;
use crate::ir::op::{MbarrierKind, Space};

/// Most arrivals of a phase, and most bytes announced.
const MOST: i64 = (1 << 20) - 1;

/// The word taken apart: 20 bits of arrivals pending (also what `mbarrier.pending_count` reads), 20 bits of arrivals of
/// a phase, 21 bits of bytes announced and not there, signed, and the parity.
#[derive(Clone, Copy)]
struct State {
    pending: i64,
    expected: i64,
    bytes: i64,
    odd: bool,
}

impl State {
    fn of(word: u64) -> State {
        State {
            pending: word as i64 & MOST,
            expected: (word >> 20) as i64 & MOST,
            bytes: (word << 3) as i64 >> 43,
            odd: word >> 61 & 1 == 1,
        }
    }

    fn word(self) -> u64 {
        let bytes = (self.bytes as u64 & 0x1f_ffff) << 40;
        self.pending as u64 | (self.expected as u64) << 20 | bytes | u64::from(self.odd) << 61
    }

    /// Begins the next phase if this one is over.
    fn settle(mut self) -> State {
        if self.pending == 0 && self.bytes == 0 {
            self.pending = self.expected;
            self.odd = !self.odd;
        }
        self
    }

    /// What is left of an op, or why it cannot be done.
    fn after(mut self, kind: MbarrierKind, value: i64) -> Result<State, String> {
        match kind {
            MbarrierKind::Init if (1..=MOST).contains(&value) => {
                Ok(State { pending: value, expected: value, bytes: 0, odd: false })
            }
            MbarrierKind::Init => Err(format!("an mbarrier for {value} arrivals of 1 to {MOST}")),
            MbarrierKind::Invalidate => Ok(State::of(0)),
            MbarrierKind::Arrive | MbarrierKind::ArriveDrop => {
                if value < 1 || value > self.pending {
                    return Err(format!("{value} arrivals at an mbarrier that awaits {}", self.pending));
                }
                self.pending -= value;
                if kind == MbarrierKind::ArriveDrop {
                    self.expected = (self.expected - value).max(0);
                }
                Ok(self.settle())
            }
            MbarrierKind::Expect | MbarrierKind::Complete => {
                let change = if kind == MbarrierKind::Expect { value } else { -value };
                self.bytes += change;
                if self.bytes.abs() > MOST {
                    return Err(format!("{} bytes announced at an mbarrier, more than {MOST}", self.bytes));
                }
                Ok(if kind == MbarrierKind::Expect { self } else { self.settle() })
            }
            _ => Ok(self),
        }
    }
}

/// An op on one.
#[derive(Clone, Debug)]
pub struct Mbarrier {
    /// What.
    pub kind: MbarrierKind,
    /// Where, and its operand and result.
    pub access: Access,
}

impl Machine<'_> {
    /// An op on the mbarriers of all lanes, one after the other.
    pub fn mbarrier(
        &mut self,
        warp: &mut Warp,
        group: &mut Group,
        op: &Mbarrier,
        mask: u32,
    ) -> Outcome<Flow> {
        let Mbarrier { kind, access } = op;
        let addresses = self.addresses(warp, group, access, mask)?;
        let values = *warp.lanes(&self.program.pool, group.base, access.values[1]);
        let mut results = [0; WARP];
        let mut waits = false;
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            let at = lane as usize;
            let (space, offset) = match access.space {
                Space::Generic => resolve(addresses[at]),
                space => (space, addresses[at]),
            };
            if space != Space::Shared {
                return bad_access(lane, addresses[at], 8, false);
            }
            let word = self.read(warp, space, lane, offset, 8)?;
            let state = State::of(word);
            let over = match kind {
                MbarrierKind::Test | MbarrierKind::Try => Some(State::of(values[at]).odd != state.odd),
                MbarrierKind::TestParity | MbarrierKind::TryParity => {
                    Some((values[at] & 1 == 1) != state.odd)
                }
                _ => None,
            };
            if let Some(over) = over {
                waits |= !over;
                results[at] = u64::from(over);
                continue;
            }
            match state.after(*kind, i64::from(values[at] as u32)) {
                Ok(state) => self.write(warp, space, lane, offset, 8, state.word())?,
                Err(words) => return trouble(FaultKind::IllegalInstruction, lane, words),
            }
            results[at] = word;
        }
        if access.values[0] != Slot::NONE {
            warp.set(group.base, access.values[0], mask, &results);
        }
        group.pc += 1;
        group.spins |= waits;
        // A try lets those run who may end the phase, then it is over; the program asks again.
        let tries = matches!(kind, MbarrierKind::Try | MbarrierKind::TryParity);
        Ok(if waits && tries { Flow::Expire } else { Flow::Next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_it_was_made_of() {
        for (pending, expected) in [(0, 0), (1, 7), (MOST, MOST)] {
            for bytes in [0, 1, -1, MOST, -MOST] {
                for odd in [false, true] {
                    let state = State::of(State { pending, expected, bytes, odd }.word());
                    assert_eq!(
                        (state.pending, state.expected, state.bytes, state.odd),
                        (pending, expected, bytes, odd)
                    );
                }
            }
        }
    }
}

//! Copies between spaces of bytes that each lane counts itself.

use super::access::resolve;
use super::code::Access;
use super::code::Slot;
use super::run::Machine;
use super::trouble::{Outcome, bad_access, memory_fault, trouble};
use super::warp::{Group, Warp};
use crate::fault::FaultKind;
use crate::ir::op::Space;

/// Bytes that are moved at a time.
const PIECE: usize = 4096;

/// A copy.
#[derive(Clone, Debug)]
pub struct Copy {
    /// Where to.
    pub to: Access,
    /// Where from.
    pub from: Access,
    /// Bytes to read.
    pub read: Slot,
    /// Bytes to write; those beyond what was read are zero.
    pub write: Slot,
}

impl Machine<'_> {
    /// A copy of all lanes, one after the other.
    pub fn copy(&mut self, warp: &mut Warp, group: &Group, copy: &Copy, mask: u32) -> Outcome<()> {
        let pool = &self.program.pool;
        let reads = *warp.lanes(pool, group.base, copy.read);
        let writes = *warp.lanes(pool, group.base, copy.write);
        let to = self.addresses(warp, group, &copy.to, mask)?;
        // Where nothing is read the address may be anything.
        let reading = (0..32).filter(|&lane| reads[lane] != 0).fold(0, |all, lane| all | 1 << lane);
        let from = self.addresses(warp, group, &copy.from, mask & reading)?;
        let align = u64::from(copy.to.align);
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            let at = lane as usize;
            let (read, write) = (reads[at], writes[at]);
            if read > write || write % align != 0 {
                let words = format!("a copy of {read} bytes to {write}, multiples of {align} are possible");
                return trouble(FaultKind::IllegalInstruction, lane, words);
            }
            self.copy_lane(warp, lane, (copy.to.space, to[at], write), (copy.from.space, from[at], read))?;
        }
        Ok(())
    }

    fn copy_lane(
        &mut self,
        warp: &mut Warp,
        lane: u32,
        (to_space, to, write): (Space, u64, u64),
        (from_space, from, read): (Space, u64, u64),
    ) -> Outcome<()> {
        let mut buffer = [0; PIECE];
        let mut done = 0;
        while done < write {
            let count = (write - done).min(PIECE as u64);
            let given = read.saturating_sub(done).min(count) as usize;
            let piece = &mut buffer[..count as usize];
            self.run_in(warp, lane, from_space, from.wrapping_add(done), &mut piece[..given])?;
            piece[given..].fill(0);
            self.run_out(warp, lane, to_space, to.wrapping_add(done), piece)?;
            done += count;
        }
        Ok(())
    }

    /// Reads a run of bytes of one lane.
    pub fn run_in(
        &self,
        warp: &mut Warp,
        lane: u32,
        space: Space,
        address: u64,
        into: &mut [u8],
    ) -> Outcome<()> {
        if into.is_empty() {
            return Ok(());
        }
        let (space, offset) = if space == Space::Generic { resolve(address) } else { (space, address) };
        let range = offset as usize..(offset as usize).saturating_add(into.len());
        let bytes = match space {
            Space::Shared => self.shared.get(range),
            Space::Local => warp.local_of(lane).get(range),
            Space::Param => self.launch.parameters.get(range),
            _ => return self.memory.read(offset, into).map_err(|fault| memory_fault(lane, fault)),
        };
        match bytes {
            Some(bytes) => {
                into.copy_from_slice(bytes);
                Ok(())
            }
            None => bad_access(lane, address, into.len() as u32, false),
        }
    }

    fn run_out(
        &mut self,
        warp: &mut Warp,
        lane: u32,
        space: Space,
        address: u64,
        from: &[u8],
    ) -> Outcome<()> {
        let (space, offset) = if space == Space::Generic { resolve(address) } else { (space, address) };
        let range = offset as usize..(offset as usize).saturating_add(from.len());
        let bytes = match space {
            Space::Shared => self.shared.get_mut(range),
            Space::Local => warp.local_of(lane).get_mut(range),
            Space::Param => None,
            _ => return self.memory.write(offset, from).map_err(|fault| memory_fault(lane, fault)),
        };
        match bytes {
            Some(bytes) => {
                bytes.copy_from_slice(from);
                Ok(())
            }
            None => bad_access(lane, address, from.len() as u32, false),
        }
    }
}

//! Loads and stores of all lanes of a group.

use super::code::{Access, LOCAL_WINDOW, PARAM_WINDOW, SHARED_WINDOW, Slot};
use super::lanes::{Lanes, WARP};
use super::run::Machine;
use super::trouble::{Outcome, bad_access, first, memory_fault};
use super::warp::{Group, Warp};
use crate::ir::op::Space;

/// The space of a generic address and the offset in it.
pub fn resolve(address: u64) -> (Space, u64) {
    match address >> 56 {
        1 => (Space::Shared, address - SHARED_WINDOW),
        2 => (Space::Local, address - LOCAL_WINDOW),
        3 => (Space::Param, address - PARAM_WINDOW),
        _ => (Space::Global, address),
    }
}

fn take(bytes: &[u8], offset: u64, count: u32) -> Option<u64> {
    let start = usize::try_from(offset).ok()?;
    let bytes = bytes.get(start..start.checked_add(count as usize)?)?;
    Some(match *bytes {
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => return None,
    })
}

fn place(bytes: &mut [u8], offset: u64, count: u32, value: u64) -> Option<()> {
    let start = usize::try_from(offset).ok()?;
    let bytes = bytes.get_mut(start..start.checked_add(count as usize)?)?;
    bytes.copy_from_slice(&value.to_le_bytes()[..count as usize]);
    Some(())
}

/// The bits of an address that count.
pub fn counted(narrow: bool) -> u64 {
    if narrow { u64::from(u32::MAX) } else { u64::MAX }
}

impl Warp {
    /// Local memory of one lane.
    pub fn local_of(&mut self, lane: u32) -> &mut [u8] {
        let size = self.local_bytes as usize;
        &mut self.local[lane as usize * size..(lane as usize + 1) * size]
    }
}

impl Machine<'_> {
    /// One element of one lane.
    pub fn read(&self, warp: &mut Warp, space: Space, lane: u32, address: u64, bytes: u32) -> Outcome<u64> {
        let (space, offset) = if space == Space::Generic { resolve(address) } else { (space, address) };
        let value = match space {
            Space::Shared => take(self.shared, offset, bytes),
            Space::Local => take(warp.local_of(lane), offset, bytes),
            Space::Param => take(self.launch.parameters, offset, bytes),
            Space::Global | Space::Generic | Space::Const => {
                return self.memory.load(offset, bytes).map_err(|fault| memory_fault(lane, fault));
            }
        };
        value.map_or_else(|| bad_access(lane, address, bytes, false), Ok)
    }

    /// One element of one lane.
    pub fn write(
        &mut self,
        warp: &mut Warp,
        space: Space,
        lane: u32,
        address: u64,
        bytes: u32,
        value: u64,
    ) -> Outcome<()> {
        let (space, offset) = if space == Space::Generic { resolve(address) } else { (space, address) };
        let done = match space {
            Space::Shared => place(self.shared, offset, bytes, value),
            Space::Local => place(warp.local_of(lane), offset, bytes, value),
            Space::Param => None,
            Space::Global | Space::Generic | Space::Const => {
                return self.memory.store(offset, bytes, value).map_err(|fault| memory_fault(lane, fault));
            }
        };
        done.map_or_else(|| bad_access(lane, address, bytes, false), Ok)
    }

    /// Whether a generic address is in a space. Parameters are a part of global memory, constants are not.
    pub fn is_in(&self, address: u64, space: Space) -> bool {
        let there = resolve(address).0;
        let constants = &self.program.constants;
        let constant = || {
            let at = constants.partition_point(|&(start, _)| start <= address);
            at > 0 && address < constants[at - 1].1
        };
        match space {
            Space::Generic => true,
            Space::Const => there == Space::Global && constant(),
            Space::Global => there == Space::Param || (there == Space::Global && !constant()),
            space => there == space,
        }
    }

    /// The address of each lane, checked for alignment in the lanes of the mask.
    pub fn addresses(&self, warp: &Warp, group: &Group, access: &Access, mask: u32) -> Outcome<Lanes> {
        let stack = if access.frame { u64::from(group.stack) } else { 0 };
        let added = (access.offset as u64).wrapping_add(stack);
        let mut addresses = *warp.lanes(&self.program.pool, group.base, access.address);
        let size = u64::from(access.align);
        let (mut low_bits, counted) = (0, counted(access.narrow));
        for (lane, address) in addresses.iter_mut().enumerate() {
            *address = address.wrapping_add(added) & counted;
            low_bits |= if mask >> lane & 1 == 1 { *address } else { 0 };
        }
        if low_bits & (size - 1) == 0 {
            return Ok(addresses);
        }
        let lane = (0..WARP as u32)
            .find(|&lane| mask >> lane & 1 == 1 && addresses[lane as usize] & (size - 1) != 0);
        let lane = lane.unwrap_or(0);
        bad_access(lane, addresses[lane as usize], size as u32, true)
    }

    /// All lanes side by side in global memory: where the run starts.
    fn run_of(addresses: &Lanes, access: &Access, mask: u32) -> Option<u64> {
        let first = addresses[0];
        let global = match access.space {
            Space::Global => true,
            Space::Generic => first >> 56 == 0,
            _ => false,
        };
        if mask != u32::MAX || !global || access.others {
            return None;
        }
        let step = u64::from(access.bytes) * u64::from(access.count);
        let together = addresses.iter().enumerate().fold(true, |together, (lane, &address)| {
            together & (address == first.wrapping_add(step * lane as u64))
        });
        together.then_some(first)
    }

    /// All lanes at one address that is the same memory for all: one read will do.
    fn same(addresses: &Lanes, access: &Access, mask: u32) -> bool {
        let own = access.space == Space::Local || (access.space == Space::Generic && addresses[0] >> 56 == 2);
        let whole = mask == u32::MAX || access.space == Space::Param;
        whole && !own && !access.others && addresses.iter().all(|&address| address == addresses[0])
    }

    /// A load.
    pub fn load(&mut self, warp: &mut Warp, group: &Group, access: &Access, mask: u32) -> Outcome<()> {
        let [a, b, ..] = access.values;
        match access.count {
            1 => self.load_elements(warp, group, access, &[a], mask),
            2 => self.load_elements(warp, group, access, &[a, b], mask),
            _ => self.load_elements(warp, group, access, &access.values, mask),
        }
    }

    /// A load of as many elements as there are slots.
    pub fn load_elements<const N: usize>(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        access: &Access,
        slots: &[Slot; N],
        mask: u32,
    ) -> Outcome<()> {
        let addresses = self.addresses(warp, group, access, mask)?;
        let bytes = u32::from(access.bytes);
        let mut values = [[0; WARP]; N];
        if self.load_run(&addresses, access, mask, &mut values) {
        } else if Self::same(&addresses, access, mask) {
            for (element, values) in values.iter_mut().enumerate() {
                let address = addresses[0].wrapping_add(element as u64 * u64::from(bytes));
                *values = [self.read(warp, access.space, first(mask), address, bytes)?; WARP];
            }
        } else if access.space != Space::Shared || !self.load_shared(&addresses, access, mask, &mut values) {
            self.load_each(warp, &addresses, access, mask, &mut values)?;
        }
        for (value, &slot) in values.iter_mut().zip(slots) {
            if slot == Slot::NONE {
                continue;
            }
            if access.sign_shift != 0 {
                let keep = u64::MAX >> (64 - u32::from(access.keep_bits));
                for value in value.iter_mut() {
                    *value = ((*value << access.sign_shift) as i64 >> access.sign_shift) as u64 & keep;
                }
            }
            warp.set(group.base, slot, mask, value);
        }
        Ok(())
    }

    /// Lane after lane.
    fn load_each(
        &self,
        warp: &mut Warp,
        addresses: &Lanes,
        access: &Access,
        mask: u32,
        values: &mut [Lanes],
    ) -> Outcome<()> {
        let bytes = u32::from(access.bytes);
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            for (element, values) in values.iter_mut().enumerate() {
                let address = addresses[lane as usize].wrapping_add(element as u64 * u64::from(bytes));
                values[lane as usize] = self.read(warp, access.space, lane, address, bytes)?;
            }
        }
        Ok(())
    }

    /// Words of shared memory, the most frequent of all loads. False if it is none, or one is outside.
    fn load_shared(&self, addresses: &Lanes, access: &Access, mask: u32, values: &mut [Lanes]) -> bool {
        if access.bytes != 4 {
            return false;
        }
        for (element, values) in values.iter_mut().enumerate() {
            for (lane, (value, &address)) in values.iter_mut().zip(addresses).enumerate() {
                let start = (address as usize).wrapping_add(element * 4);
                let word = self.shared.get(start..).and_then(|bytes| bytes.first_chunk::<4>());
                match word {
                    Some(word) => *value = u64::from(u32::from_le_bytes(*word)),
                    None if mask >> lane & 1 == 1 => return false,
                    None => {}
                }
            }
        }
        true
    }

    /// All lanes side by side: one read. False if it was not so, or failed: then lane by lane finds out whose fault.
    fn load_run(&self, addresses: &Lanes, access: &Access, mask: u32, values: &mut [Lanes]) -> bool {
        let Some(start) = Self::run_of(addresses, access, mask) else { return false };
        let (bytes, count) = (usize::from(access.bytes), usize::from(access.count));
        let mut buffer = [0u8; WARP * 32];
        let buffer = &mut buffer[..WARP * bytes * count];
        if self.memory.read(start, buffer).is_err() {
            return false;
        }
        for (lane, element) in buffer.chunks_exact(bytes * count).enumerate() {
            for (index, value) in element.chunks_exact(bytes).enumerate() {
                values[index][lane] = take(value, 0, bytes as u32).unwrap_or(0);
            }
        }
        true
    }

    /// A store.
    pub fn store(&mut self, warp: &mut Warp, group: &Group, access: &Access, mask: u32) -> Outcome<()> {
        let [a, b, ..] = access.values;
        match access.count {
            1 => self.store_elements(warp, group, access, &[a], mask),
            2 => self.store_elements(warp, group, access, &[a, b], mask),
            _ => self.store_elements(warp, group, access, &access.values, mask),
        }
    }

    /// A store of as many elements as there are slots.
    pub fn store_elements<const N: usize>(
        &mut self,
        warp: &mut Warp,
        group: &Group,
        access: &Access,
        slots: &[Slot; N],
        mask: u32,
    ) -> Outcome<()> {
        let addresses = self.addresses(warp, group, access, mask)?;
        let (bytes, count) = (usize::from(access.bytes), N);
        let mut values = [[0; WARP]; N];
        for (value, &slot) in values.iter_mut().zip(slots) {
            *value = *warp.lanes(&self.program.pool, group.base, slot);
        }
        if let Some(start) = Self::run_of(&addresses, access, mask) {
            let mut buffer = [0u8; WARP * 32];
            let buffer = &mut buffer[..WARP * bytes * count];
            for (lane, element) in buffer.chunks_exact_mut(bytes * count).enumerate() {
                for (index, value) in element.chunks_exact_mut(bytes).enumerate() {
                    value.copy_from_slice(&values[index][lane].to_le_bytes()[..bytes]);
                }
            }
            if self.memory.write(start, buffer).is_ok() {
                return Ok(());
            }
        }
        let mut left = mask;
        while left != 0 {
            let lane = left.trailing_zeros();
            left &= left - 1;
            for (element, value) in values.iter().enumerate() {
                let address = addresses[lane as usize].wrapping_add((element * bytes) as u64);
                self.write(warp, access.space, lane, address, bytes as u32, value[lane as usize])?;
            }
        }
        Ok(())
    }
}

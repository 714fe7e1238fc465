//! What all lanes of a warp do together with matrices: multiply, read, write, transpose.

use super::access::{counted, resolve};
use super::code::{Matrix, Slot, TileAccess};
use super::lanes::{Lanes, WARP};
use super::run::{Flow, Machine};
use super::trouble::{Outcome, bad_access, first, trouble};
use super::warp::{Group, Wait, Warp};
use crate::fault::FaultKind;
use crate::ir::matrix::{Fragment, Layout, Role, Tiles};
use crate::ir::op::Space;

/// Rows and columns of a matrix whose rows have an address each.
const EDGE: usize = 8;
/// Bytes of such a row.
const ROW_BYTES: u32 = 16;

type Square = [[u16; EDGE]; EDGE];

/// A square out of a register: four lanes hold a row, two elements each.
fn square(register: &Lanes) -> Square {
    let mut square = Square::default();
    for (lane, &pair) in register.iter().enumerate() {
        square[lane / 4][lane % 4 * 2] = pair as u16;
        square[lane / 4][lane % 4 * 2 + 1] = (pair >> 16) as u16;
    }
    square
}

/// A register out of a square.
fn register(square: &Square) -> Lanes {
    std::array::from_fn(|lane| {
        let [low, high] = [0, 1].map(|at| u64::from(square[lane / 4][lane % 4 * 2 + at]));
        low | high << 16
    })
}

fn transposed(square: &Square) -> Square {
    std::array::from_fn(|row| std::array::from_fn(|column| square[column][row]))
}

/// Base address and stride of each lane.
struct Places {
    addresses: Lanes,
    strides: Lanes,
}

impl Machine<'_> {
    /// A step of the whole warp: it waits until all live lanes are here. One that is gone is a fault.
    pub fn matrix(&mut self, warp: &mut Warp, group: &mut Group, index: u32) -> Outcome<Flow> {
        warp.gather(group);
        if group.mask != warp.live() {
            warp.park(Group { wait: Wait::Lanes(u32::MAX, false), ..*group });
            return Ok(Flow::Left);
        }
        let mask = group.mask;
        if mask != u32::MAX {
            let words = format!("a matrix instruction in lanes {mask:#x} only");
            return trouble(FaultKind::IllegalInstruction, first(mask), words);
        }
        let program = self.program;
        let base = group.base;
        match &program.matrices[index as usize] {
            Matrix::Product(product, to, from) => {
                self.gather(warp, base, from);
                if !program.products[*product as usize].run(self.room) {
                    return trouble(FaultKind::Unsupported, 0, "a product that is not supported");
                }
                self.scatter(warp, base, to);
            }
            Matrix::Load(access, to) => {
                self.load_tiles(warp, base, access, to.len())?;
                self.scatter(warp, base, to);
            }
            Matrix::Store(access, from) => {
                self.gather(warp, base, from);
                self.store_tiles(warp, base, access)?;
            }
            Matrix::Transpose(to, from) => {
                let result = register(&transposed(&square(warp.lanes(&program.pool, base, *from))));
                warp.set(base, *to, mask, &result);
            }
        }
        group.pc += 1;
        Ok(Flow::Next)
    }

    fn gather(&mut self, warp: &Warp, base: u32, from: &[Slot]) {
        self.room.sources.clear();
        self.room.sources.extend(from.iter().map(|&slot| *warp.lanes(&self.program.pool, base, slot)));
    }

    fn scatter(&self, warp: &mut Warp, base: u32, to: &[Slot]) {
        to.iter().zip(&self.room.results).for_each(|(&slot, result)| warp.set(base, slot, u32::MAX, result));
    }

    fn places(&self, warp: &Warp, base: u32, access: &TileAccess) -> Places {
        let lanes = warp.lanes(&self.program.pool, base, access.address);
        let counted = counted(access.narrow);
        let addresses = lanes.map(|address| address.wrapping_add(access.offset as u64) & counted);
        Places { addresses, strides: *warp.lanes(&self.program.pool, base, access.stride) }
    }

    fn load_tiles(&mut self, warp: &mut Warp, base: u32, access: &TileAccess, count: usize) -> Outcome<()> {
        let places = self.places(warp, base, access);
        self.room.results.clear();
        for at in 0..count {
            let mut result = [0; WARP];
            match access.tiles {
                Tiles::Rows { transposed } => {
                    result = self.load_square(warp, access.space, &places.addresses, at, transposed)?;
                }
                Tiles::One(fragment, layout) => {
                    for (lane, value) in (0..).zip(&mut result) {
                        for (element, address, bytes) in runs(&fragment, layout, &places, lane, at)? {
                            let part = self.read(warp, access.space, lane, address, bytes)?;
                            *value |= part << (element * bytes * 8);
                        }
                    }
                }
            }
            self.room.results.push(result);
        }
        Ok(())
    }

    fn store_tiles(&mut self, warp: &mut Warp, base: u32, access: &TileAccess) -> Outcome<()> {
        let places = self.places(warp, base, access);
        for at in 0..self.room.sources.len() {
            let source = self.room.sources[at];
            match access.tiles {
                Tiles::Rows { transposed } => {
                    self.store_square(warp, access.space, &places.addresses, at, transposed, &source)?;
                }
                Tiles::One(fragment, layout) => {
                    for (lane, value) in (0..).zip(source) {
                        for (element, address, bytes) in runs(&fragment, layout, &places, lane, at)? {
                            let part = value >> (element * bytes * 8);
                            self.write(warp, access.space, lane, address, bytes, part)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn load_square(
        &self,
        warp: &mut Warp,
        space: Space,
        addresses: &Lanes,
        at: usize,
        across: bool,
    ) -> Outcome<Lanes> {
        let mut whole = Square::default();
        for (lane, row) in ((at * EDGE) as u32..).zip(&mut whole) {
            let start = row_start(space, lane, addresses[lane as usize])?;
            for (word, pair) in (0..).zip(row.chunks_exact_mut(2)) {
                let both = self.read(warp, Space::Shared, lane, start + word * 4, 4)?;
                pair.copy_from_slice(&[both as u16, (both >> 16) as u16]);
            }
        }
        Ok(register(&if across { transposed(&whole) } else { whole }))
    }

    fn store_square(
        &mut self,
        warp: &mut Warp,
        space: Space,
        addresses: &Lanes,
        at: usize,
        across: bool,
        source: &Lanes,
    ) -> Outcome<()> {
        let held = square(source);
        let whole = if across { transposed(&held) } else { held };
        for (lane, row) in ((at * EDGE) as u32..).zip(&whole) {
            let start = row_start(space, lane, addresses[lane as usize])?;
            for (word, pair) in (0..).zip(row.chunks_exact(2)) {
                let both = u64::from(pair[0]) | u64::from(pair[1]) << 16;
                self.write(warp, Space::Shared, lane, start + word * 4, 4, both)?;
            }
        }
        Ok(())
    }
}

/// Where a row starts in shared memory, which is the only place for it.
fn row_start(space: Space, lane: u32, address: u64) -> Outcome<u64> {
    let (space, start) = if space == Space::Generic { resolve(address) } else { (space, address) };
    // The end of a row far up would come round to the start.
    if space != Space::Shared || start.checked_add(u64::from(ROW_BYTES)).is_none() {
        return bad_access(lane, address, ROW_BYTES, false);
    }
    if !start.is_multiple_of(u64::from(ROW_BYTES)) {
        bad_access(lane, address, ROW_BYTES, true)
    } else {
        Ok(start)
    }
}

/// What one lane reads or writes for one register: how far up in it in accesses, address, bytes. A register whose
/// elements are neighbours in memory takes one access.
fn runs(
    fragment: &Fragment,
    layout: Layout,
    places: &Places,
    lane: u32,
    register: usize,
) -> Outcome<impl Iterator<Item = (u32, u64, u32)>> {
    let at = lane as usize;
    let (bits, per) = (u64::from(fragment.element.bits()), fragment.element.per_register());
    let along = if fragment.role == Role::B { Layout::Col } else { Layout::Row };
    let whole = layout == along || per == 1;
    let bytes = if whole { fragment.element.register_bits() / 8 } else { fragment.element.bits() / 8 };
    let mut found: [(u32, u64, u32); 4] = [(0, 0, bytes); 4];
    let count = if whole { 1 } else { per.min(4) };
    for (element, found) in (0..).zip(&mut found[..count]) {
        let place = fragment.place(at, register, element);
        let (apart, along) = match layout {
            Layout::Row => (place.row, place.column),
            Layout::Col => (place.column, place.row),
        };
        let index = (apart as u64).wrapping_mul(places.strides[at]).wrapping_add(along as u64);
        let offset = index.wrapping_mul(bits);
        let address = places.addresses[at].wrapping_add(offset / 8);
        if !offset.is_multiple_of(8) || !address.is_multiple_of(u64::from(bytes)) {
            return bad_access(lane, address, bytes, true);
        }
        *found = (element as u32, address, bytes);
    }
    Ok(found.into_iter().take(count))
}

//! Steps that touch memory.

use super::super::atomic::WideAtomic;
use super::super::code::{Access, Code, Eight, Slot};
use super::super::copy::Copy;
use super::super::mbarrier::Mbarrier;
use super::{Decoder, Frame};
use crate::ir::op::Space;
use crate::ir::{Op, Operand, Type};

impl Decoder<'_, '_> {
    /// A load or store.
    pub fn load_or_store(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        match op {
            Op::Load { space, ty, to, address, offset, shared_with_others } => {
                let mut access = self.access(frame, *space, *ty, (*address, *offset), *shared_with_others);
                let mut values = [Slot::NONE; 8];
                for (slot, to) in values.iter_mut().zip(to) {
                    *slot = to.map_or(Slot::NONE, |reg| frame.slot(reg));
                }
                let width = to.iter().flatten().map(|reg| frame.width(*reg)).max().unwrap_or(0);
                if ty.signed() && width > ty.bits() {
                    access.sign_shift = (64 - ty.bits()) as u8;
                    access.keep_bits = width as u8;
                }
                match access.elements(to.len(), &values) {
                    Some(eight) => Code::LoadEight(eight),
                    None => Code::Load(access),
                }
            }
            Op::Store { space, ty, from, address, offset, shared_with_others } => {
                let mut access = self.access(frame, *space, *ty, (*address, *offset), *shared_with_others);
                let mut values = [Slot::NONE; 8];
                for (place, (slot, from)) in values.iter_mut().zip(from).enumerate() {
                    *slot = self.operand(frame, *from, 1 + place as u32);
                }
                match access.elements(from.len(), &values) {
                    Some(eight) => Code::StoreEight(eight),
                    None => Code::Store(access),
                }
            }
            _ => Code::Unsupported,
        }
    }

    /// An atomic.
    pub fn atomic(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        match op {
            Op::Atomic { space, op, bytes, align, to, address, offset, operand, compare } => {
                let ty = match bytes {
                    8 => Type::B64,
                    2 => Type::B16,
                    _ => Type::B32,
                };
                let mut access = self.access(frame, *space, ty, (*address, *offset), true);
                access.align = *align as u8;
                access.values[0] = to.map_or(Slot::NONE, |reg| frame.slot(reg));
                access.values[1] = self.operand(frame, *operand, 1);
                access.values[2] = self.operand(frame, *compare, 2);
                Code::Atomic(*op, access)
            }
            Op::AtomicWide { space, to, address, offset, operand, compare } => {
                let mut access = self.access(frame, *space, Type::B64, (*address, *offset), true);
                access.align = 16;
                let to = to.map_or([Slot::NONE; 2], |to| to.map(|reg| frame.slot(reg)));
                let [low, high] = *operand;
                let operand = [self.operand(frame, low, 1), self.operand(frame, high, 2)];
                let compare = match compare {
                    Some([low, high]) => [self.operand(frame, *low, 3), self.operand(frame, *high, 4)],
                    None => [Slot::NONE; 2],
                };
                Code::AtomicWide(Box::new(WideAtomic { access, to, operand, compare }))
            }
            _ => Code::Unsupported,
        }
    }

    /// A copy or an op on an mbarrier.
    pub fn shared_op(&mut self, frame: &mut Frame<'_>, op: &Op) -> Code {
        match op {
            Op::Copy { to, from, read, write, align } => {
                let mut target = self.access(frame, to.0, Type::B8, (to.1, to.2), false);
                target.align = *align as u8;
                // Made addresses of one step must not share a place.
                let address = self.operand(frame, from.1, 1);
                let mut source = self.access(frame, from.0, Type::B8, (Operand::Imm(0), from.2), false);
                (source.address, source.align) = (address, *align as u8);
                source.narrow = frame.narrow(from.0, from.1);
                let (read, write) = (self.operand(frame, *read, 2), self.operand(frame, *write, 3));
                Code::Copy(Box::new(Copy { to: target, from: source, read, write }))
            }
            Op::Mbarrier { kind, to, space, address, offset, value } => {
                let mut access = self.access(frame, *space, Type::B64, (*address, *offset), true);
                access.values[0] = to.map_or(Slot::NONE, |reg| frame.slot(reg));
                access.values[1] = self.operand(frame, *value, 1);
                Code::Mbarrier(Box::new(Mbarrier { kind: *kind, access }))
            }
            _ => Code::Unsupported,
        }
    }

    fn access(
        &mut self,
        frame: &mut Frame<'_>,
        space: Space,
        ty: Type,
        (address, offset): (Operand, i64),
        others: bool,
    ) -> Access {
        let narrow = frame.narrow(space, address);
        let (address, offset, in_frame) = match (address, space) {
            (Operand::Frame(at), Space::Local) => {
                (self.constant(0), offset.wrapping_add(i64::from(at)), true)
            }
            _ => (self.operand(frame, address, 0), offset, false),
        };
        Access {
            space,
            bytes: ty.bytes() as u8,
            count: 1,
            align: ty.bytes() as u8,
            sign_shift: 0,
            keep_bits: 64,
            frame: in_frame,
            narrow,
            others,
            address,
            offset,
            values: [Slot::NONE; 4],
        }
    }
}

impl Access {
    /// Sets the number of elements and their slots; eight have a place of their own.
    fn elements(&mut self, count: usize, values: &[Slot; 8]) -> Option<Box<Eight>> {
        self.count = count as u8;
        self.align = (u32::from(self.bytes) * count as u32) as u8;
        self.values.copy_from_slice(&values[..4]);
        (count > 4).then(|| Box::new(Eight { access: *self, values: *values }))
    }
}

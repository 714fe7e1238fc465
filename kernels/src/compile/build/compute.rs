//! Ops of one thread without memory.

use super::Build;
use crate::compile::Refusal;
use crate::compile::ssa::signature::{self, Slot};
use crate::compile::ssa::{Op, Type, Value};
use crate::interp::{RESERVED_BYTES, meaning};
use crate::ir::compute::{Comparison, Compute, Int};
use crate::ir::op::{Guard, Space, Special};
use crate::ir::{self, Operand, Reg, Type as Kind};
use crate::libdevice;

impl Build<'_, '_> {
    /// A pure op.
    pub fn compute(
        &mut self,
        compute: Compute,
        to: Reg,
        from: &[Operand; 4],
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        let want = self.type_of(to);
        if compute == Compute::Copy {
            let value = self.operand(from[0], want);
            self.set(to, value, guard);
            return Ok(());
        }
        if meaning(compute).is_none() {
            return self.refuse(format!("{compute} has no meaning"));
        }
        let signature = signature::of(compute);
        let whole = self.natural(compute, 0, from[0], want);
        let mut args = Vec::with_capacity(4);
        for (place, slot) in signature.args.iter().enumerate() {
            let ty = match slot {
                Slot::Is(ty) => *ty,
                // Bits are taken out of the whole value.
                Slot::Same if compute == Compute::Extract => whole,
                Slot::Same => want,
                Slot::Free => self.natural(compute, place, from[place], want),
            };
            args.push(self.operand(from[place], ty));
        }
        let ty = match signature.result {
            Slot::Is(ty) => ty,
            Slot::Same if compute == Compute::Extract => whole,
            Slot::Free if want == Type::I1 => Type::I32,
            Slot::Same | Slot::Free => want,
        };
        let value = self.add().op(Op::Compute(compute), &args, ty);
        self.set(to, value, guard);
        Ok(())
    }

    /// The type of a source that may be of any.
    fn natural(&self, compute: Compute, place: usize, operand: Operand, result: Type) -> Type {
        let number = match self.number(operand) {
            Err(reg) if self.type_of(reg) == Type::I64 => return Type::I64,
            Err(_) => return Type::I32,
            Ok(number) => number,
        };
        let long = match compute {
            Compute::External(external) => {
                let kind = external.row().parameters().nth(place);
                matches!(kind, Some(libdevice::Kind::Long | libdevice::Kind::Double))
            }
            _ => result == Type::I64,
        };
        if long || number > u64::from(u32::MAX) { Type::I64 } else { Type::I32 }
    }

    /// A special register.
    pub fn special(&mut self, special: Special, to: Reg, guard: Option<Guard>) -> Result<(), Refusal> {
        let value = match special {
            Special::ReservedShared(_) => return self.refuse("shared memory of the system"),
            Special::Workspace(_) => return self.refuse("a grid whose blocks wait for each other"),
            Special::AggregateSharedSize => {
                let reserved = self.constant(Type::I32, RESERVED_BYTES.into());
                let total = self.add().op(Op::Special(Special::TotalSharedSize), &[], Type::I32);
                self.add().int(Int::Add, Kind::U32, &[total, reserved])
            }
            _ => self.add().op(Op::Special(special), &[], signature::of_special(special)),
        };
        self.set(to, value, guard);
        Ok(())
    }

    /// Generic addresses and those of a space.
    pub fn space(&mut self, op: &ir::Op, guard: Option<Guard>) -> Result<(), Refusal> {
        let (to, value) = match *op {
            ir::Op::IsSpace { space, to, address } => {
                let address = self.operand(address, Type::I64);
                (to, self.is_space(space, address))
            }
            ir::Op::ToGeneric { space, to, address } => {
                let address = self.operand(address, Type::I64);
                (to, self.moved(space, Op::ToGeneric(space), address))
            }
            ir::Op::FromGeneric { space, to, address } => {
                let address = self.operand(address, Type::I64);
                (to, self.moved(space, Op::FromGeneric(space), address))
            }
            _ => return self.refuse("an unknown op"),
        };
        self.set(to, value, guard);
        Ok(())
    }

    /// An address of a space that is not one's own is a generic address already.
    fn moved(&mut self, space: Space, op: Op, address: Value) -> Value {
        match space {
            Space::Shared | Space::Local | Space::Param => self.add().op(op, &[address], Type::I64),
            Space::Generic | Space::Global | Space::Const => address,
        }
    }

    /// Constants lie in global memory, at known places, and are no part of it.
    fn is_space(&mut self, space: Space, address: Value) -> Value {
        match space {
            Space::Generic => self.constant(Type::I1, 1),
            Space::Const => self.is_constant(address),
            Space::Global => {
                let constant = self.is_constant(address);
                let mut add = self.add();
                let global = add.op(Op::IsSpace(Space::Global), &[address], Type::I1);
                let other = add.not(constant);
                add.and(global, other)
            }
            Space::Shared | Space::Local | Space::Param => {
                self.add().op(Op::IsSpace(space), &[address], Type::I1)
            }
        }
    }

    fn is_constant(&mut self, address: Value) -> Value {
        let source = self.source;
        let mut found = self.constant(Type::I1, 0);
        for &(start, end) in &source.constants {
            let (start, bytes) = (self.constant(Type::I64, start), self.constant(Type::I64, end - start));
            let mut add = self.add();
            let offset = add.int(Int::Sub, Kind::U64, &[address, start]);
            let inside = add.compare(Comparison::Lt, Kind::U64, offset, bytes);
            found = add.or(found, inside);
        }
        found
    }
}

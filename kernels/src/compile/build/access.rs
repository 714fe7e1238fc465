//! Loads, stores, atomics and copies.

use super::Build;
use crate::compile::Refusal;
use crate::compile::ssa::{Access, End, Op, Target, Type, Value};
use crate::ir::compute::{Comparison, Int};
use crate::ir::op::{Guard, Space};
use crate::ir::{self, Operand, Reg, Type as Kind};

/// Most bytes of a copy. Longer ones are for loops.
const MOST_COPIED: u64 = 64;

/// The type that holds so many bytes.
pub fn wide(bytes: u8) -> Type {
    if bytes > 4 { Type::I64 } else { Type::I32 }
}

impl Build<'_, '_> {
    /// An address and an offset. Offsets in a block's or a thread's own memory have 32 bits.
    pub fn place(&mut self, space: Space, address: Operand, offset: i64) -> (Value, i64) {
        let (ty, own) = match space {
            Space::Shared | Space::Local => (Type::I32, true),
            Space::Param => (Type::I64, true),
            Space::Generic | Space::Global | Space::Const => (Type::I64, false),
        };
        match self.number(address) {
            Ok(number) if own => {
                let sum = offset.wrapping_add(number as i64);
                let sum = if ty == Type::I32 { i64::from(sum as i32) } else { sum };
                (self.constant(ty, 0), sum)
            }
            _ => (self.operand(address, ty), offset),
        }
    }

    /// A load, store, atomic or copy.
    pub fn access(&mut self, op: &ir::Op, guard: Option<Guard>) -> Result<(), Refusal> {
        match op {
            ir::Op::Load { space, ty, to, address, offset, shared_with_others } => {
                let place = self.place(*space, *address, *offset);
                let access = self.plain(*space, *ty, place.1, *shared_with_others)?;
                self.load(access, *ty, to, place.0, guard);
            }
            ir::Op::Store { space, ty, from, address, offset, shared_with_others } => {
                let place = self.place(*space, *address, *offset);
                let access = self.plain(*space, *ty, place.1, *shared_with_others)?;
                let mut args = vec![place.0];
                for &from in from {
                    let value = self.stored(from, access.bytes);
                    args.push(value);
                }
                let mask = self.mask(guard);
                self.add().effect(Op::Store(access), &args, mask);
            }
            ir::Op::Atomic { space, op, bytes, align, to, address, offset, operand, compare } => {
                let (address, offset) = self.place(*space, *address, *offset);
                let bytes = *bytes as u8;
                let access = Access { space: *space, bytes, signed: false, ordered: true, offset };
                let ty = wide(bytes);
                let args = [address, self.operand(*operand, ty), self.operand(*compare, ty)];
                let mask = self.mask(guard);
                let types = if to.is_some() { &[ty][..] } else { &[] };
                let op = Op::Atomic { access, op: *op, align: *align as u8 };
                let inst = self.add().inst(op, &args, mask, types);
                if let Some(to) = to {
                    let old = self.function.inst(inst).results[0];
                    self.set(*to, old, guard);
                }
            }
            ir::Op::Copy { to, from, read, write, align } => {
                return self.copy(*to, *from, (*read, *write), *align, guard);
            }
            _ => return self.refuse("an unknown access"),
        }
        Ok(())
    }

    fn plain(&self, space: Space, ty: Kind, offset: i64, ordered: bool) -> Result<Access, Refusal> {
        match ty.bytes() {
            bytes @ (1 | 2 | 4 | 8) => {
                Ok(Access { space, bytes: bytes as u8, signed: false, ordered, offset })
            }
            bytes => self.refuse(format!("elements of {bytes} bytes")),
        }
    }

    /// A value of which so many bytes are written: as wide as it is, if it is a register.
    fn stored(&mut self, from: Operand, bytes: u8) -> Value {
        match self.number(from) {
            Err(reg) if self.type_of(reg).bits() >= u32::from(bytes) * 8 && self.type_of(reg) != Type::I1 => {
                self.register(reg)
            }
            _ => self.operand(from, wide(bytes)),
        }
    }

    fn load(&mut self, access: Access, ty: Kind, to: &[Option<Reg>], address: Value, guard: Option<Guard>) {
        let code = self.source.functions[self.instance_here().function].1;
        let bits = |reg: Reg| u32::from(code.registers[reg.0 as usize]);
        let width = to.iter().flatten().map(|&reg| bits(reg)).max().unwrap_or(0);
        let signed = ty.signed() && width > ty.bits();
        let access = Access { signed, ..access };
        let types: Vec<Type> = (to.iter())
            .map(|to| match to {
                Some(reg) if self.type_of(*reg) == Type::I64 => Type::I64,
                _ => wide(access.bytes),
            })
            .collect();
        let mask = self.mask(guard);
        let inst = self.add().inst(Op::Load(access), &[address], mask, &types);
        for (place, &to) in to.iter().enumerate() {
            let Some(to) = to else { continue };
            let mut value = self.function.inst(inst).results[place];
            if signed && bits(to) < 32 {
                let ones = self.constant(Type::I32, (1 << bits(to)) - 1);
                value = self.add().int(Int::And, Kind::B32, &[value, ones]);
            }
            self.set(to, value, guard);
        }
    }

    /// A copy of few bytes. Fewer may be read than are written: the rest is zero.
    fn copy(
        &mut self,
        to: (Space, Operand, i64),
        from: (Space, Operand, i64),
        (read, write): (Operand, Operand),
        align: u32,
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        let bytes = match self.number(write) {
            Ok(bytes) if bytes <= MOST_COPIED && bytes % u64::from(align.max(1)) == 0 => bytes,
            _ => return self.refuse("a copy of many bytes"),
        };
        let after = guard.map(|guard| self.branch_around(guard));
        let (to_address, to_offset) = self.place(to.0, to.1, to.2);
        let (from_address, from_offset) = self.place(from.0, from.1, from.2);
        let piece = align.clamp(1, 8) as u8;
        let access = |space, offset, bytes| Access { space, bytes, signed: false, ordered: false, offset };
        let pieces = |build: &mut Self, piece: u8, read: Option<Value>| {
            for at in (0..bytes as i64).step_by(piece.into()) {
                let mask = read.map(|read| {
                    let at = build.constant(Type::I64, at as u64);
                    build.add().compare(Comparison::Lt, Kind::U64, at, read)
                });
                let ty = wide(piece);
                let load = Op::Load(access(from.0, from_offset.wrapping_add(at), piece));
                let inst = build.add().inst(load, &[from_address], mask, &[ty]);
                let value = build.function.inst(inst).results[0];
                let store = Op::Store(access(to.0, to_offset.wrapping_add(at), piece));
                build.add().effect(store, &[to_address, value], None);
            }
        };
        match self.number(read) {
            Ok(read) if read == bytes => pieces(self, piece, None),
            _ => {
                let read = self.operand(read, Type::I64);
                let whole = self.constant(Type::I64, bytes);
                let all = self.add().compare(Comparison::Eq, Kind::U64, read, whole);
                let [large, small, done] = std::array::from_fn(|_| self.fresh_block());
                self.end(End::Branch(all, Target::to(large), Target::to(small)));
                self.start(large);
                pieces(self, piece, None);
                self.end(End::Jump(Target::to(done)));
                self.start(small);
                pieces(self, 1, Some(read));
                self.end(End::Jump(Target::to(done)));
                self.start(done);
            }
        }
        if let Some(after) = after {
            self.end(End::Jump(Target::to(after)));
            self.start(after);
        }
        Ok(())
    }

    /// What follows is for those that pass the guard; the block it gives is for all again.
    pub fn branch_around(&mut self, guard: Guard) -> crate::compile::ssa::BlockId {
        let condition = self.register(guard.reg);
        let (inside, after) = (self.fresh_block(), self.fresh_block());
        let (yes, no) = if guard.negated { (after, inside) } else { (inside, after) };
        self.end(End::Branch(condition, Target::to(yes), Target::to(no)));
        self.start(inside);
        after
    }
}

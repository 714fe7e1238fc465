//! Memory operands: addresses taken apart, loads folded into those who use them.

use super::super::ssa::{self, Op, Type, Value};
use super::machine::{Access, Asked, Base, Memory, View};
use super::select::{Fold, Select};
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Space;

/// Sums that more than so many use are computed once instead of in every address.
const SHARED_SUM: u32 = 2;

impl Select<'_> {
    /// The memory operand at an address (I64) and an offset.
    pub fn address(&mut self, value: Value, offset: i64, access: Option<Access>) -> Memory {
        let (mut base, mut offset) = self.strip(value, offset);
        let mut index = None;
        if i32::try_from(offset).is_err() {
            // Too far for the instruction.
            (base, offset) = (value, 0);
        } else if let Some((left, right)) = self.sum(base) {
            let (term, scale, kept) = match self.scaled(right) {
                Some((term, scale)) => (term, scale, left),
                None => match self.scaled(left) {
                    Some((term, scale)) => (term, scale, right),
                    None => (right, 1, left),
                },
            };
            let (kept, with_kept) = self.strip(kept, offset);
            let (term, with_term) = self.strip(term, 0);
            let all = with_kept.wrapping_add(with_term.wrapping_mul(scale.into()));
            if i32::try_from(all).is_ok() {
                (base, offset, index) = (kept, all, Some((term, scale)));
            }
        }
        let mut memory = Memory::at(self.base(base), offset as i32);
        if let Some((term, scale)) = index {
            memory.index = Some((View::Quad, self.reg(term)));
            memory.scale = scale;
        }
        memory.access = access;
        memory
    }

    /// A sum as an address, for `lea`.
    pub fn address_of(&mut self, a: Value, b: Value) -> Memory {
        let (index, scale, base) = match (self.scaled(a), self.scaled(b)) {
            (_, Some((index, scale))) => (index, scale, a),
            (Some((index, scale)), _) => (index, scale, b),
            _ => (b, 1, a),
        };
        let base = Base::Register(self.reg(base));
        let index = Some((View::Quad, self.reg(index)));
        Memory { index, scale, ..Memory::at(base, 0) }
    }

    /// The memory operand at an address without an index, for gathers and scatters.
    pub fn plain_address(&mut self, value: Value, offset: i64, access: Option<Access>) -> Memory {
        let (base, all) = self.strip(value, offset);
        let (base, offset) = match i32::try_from(all) {
            Ok(all) => (base, all),
            Err(_) => (value, offset as i32),
        };
        Memory { access, ..Memory::at(self.base(base), offset) }
    }

    fn base(&mut self, value: Value) -> Base {
        match self.function.maker(self.origin(value)) {
            Some(ssa::Inst { op: Op::Context, .. }) => Base::Context,
            _ => Base::Register(self.reg(value)),
        }
    }

    /// Takes constant terms out of a sum.
    fn strip(&self, mut value: Value, mut offset: i64) -> (Value, i64) {
        while let Some((from, constant)) = self.constant_term(value) {
            let all = offset.wrapping_add(constant);
            if i32::try_from(all).is_err() {
                break;
            }
            (value, offset) = (from, all);
        }
        (value, offset)
    }

    fn constant_term(&self, value: Value) -> Option<(Value, i64)> {
        let inst = self.function.maker(self.origin(value))?;
        let Op::Compute(Compute::Int(op, ty)) = inst.op else { return None };
        if ty.bits() != 64 {
            return None;
        }
        let constant = |at: usize| self.constant(inst.args[at]).map(|number| number as i64);
        match op {
            Int::Add => match constant(1) {
                Some(number) => Some((inst.args[0], number)),
                None => Some((inst.args[1], constant(0)?)),
            },
            Int::Sub => Some((inst.args[0], constant(1)?.wrapping_neg())),
            _ => None,
        }
    }

    /// Both terms of a sum that may be taken apart.
    fn sum(&self, value: Value) -> Option<(Value, Value)> {
        let origin = self.origin(value);
        let inst = self.function.maker(origin)?;
        let sum = matches!(inst.op, Op::Compute(Compute::Int(Int::Add, ty)) if ty.bits() == 64);
        (sum && self.uses[origin.0 as usize] <= SHARED_SUM).then(|| (inst.args[0], inst.args[1]))
    }

    /// Whether a value is another one times 2, 4 or 8.
    pub fn is_scaled(&self, value: Value) -> bool {
        self.scaled(value).is_some()
    }

    /// A value times 2, 4 or 8.
    fn scaled(&self, value: Value) -> Option<(Value, u8)> {
        let inst = self.function.maker(self.origin(value))?;
        let Op::Compute(Compute::Int(op, ty)) = inst.op else { return None };
        if ty.bits() != 64 || inst.args.len() != 2 {
            return None;
        }
        let number = self.constant(inst.args[1])?;
        let scale = match op {
            Int::Shl if number <= 3 => 1 << number,
            Int::MulLow if matches!(number, 2 | 4 | 8) => number as u8,
            _ => return None,
        };
        Some((inst.args[0], scale))
    }

    /// The memory operand of [`Select::source`], if there is one: to decide which of two sources is folded.
    pub fn folded(&mut self, value: Value, fold: Fold) -> Option<Memory> {
        let (ty, origin) = (self.ty(value), self.origin(value));
        let Type::V { bits, .. } = ty else { return None };
        let inst = self.function.maker(origin)?;
        match inst.op {
            Op::Const(number) => self.folded_splat(bits.into(), number, fold),
            Op::Table(table) if fold != Fold::Half => Some(self.table(table, ty.bits())),
            Op::Broadcast => match self.constant(inst.args[0]) {
                Some(number) => self.folded_splat(bits.into(), number, fold),
                None if fold == Fold::Broadcast && self.is_single(origin) => {
                    let memory = self.folded_load(inst.args[0], bits / 8)?;
                    Some(Memory { broadcast: true, ..memory })
                }
                None => None,
            },
            Op::Load(access) => {
                let Type::V { lanes, .. } = self.ty(origin) else { return None };
                let bytes = u32::from(access.bytes) * u32::from(lanes);
                let fits = bytes == if fold == Fold::Half { 32 } else { 64 };
                if fits && ty == self.ty(origin) { self.folded_load(value, bits / 8) } else { None }
            }
            _ => None,
        }
    }

    fn folded_splat(&mut self, bits: u32, number: u64, fold: Fold) -> Option<Memory> {
        // Zero costs nothing in a register.
        if number == 0 {
            return None;
        }
        if fold == Fold::Broadcast {
            return Some(Memory { broadcast: true, ..self.element(bits, number) });
        }
        let element = &number.to_le_bytes()[..bits as usize / 8];
        let bytes = if fold == Fold::Half { 32 } else { 64 };
        Some(self.in_pool(&element.repeat(bytes / element.len())))
    }

    /// The memory operand of a load, scalar or vector, of elements of so many bytes, if it may be done here.
    pub fn folded_load(&mut self, value: Value, bytes: u8) -> Option<Memory> {
        let origin = self.origin(value);
        let ssa::Def::Inst(id, _) = self.function.def(origin) else { return None };
        let inst = self.function.inst(id);
        let Op::Load(access) = inst.op else { return None };
        let moves = self.epochs[id.0 as usize] == self.epoch && self.epoch != 0;
        let alone = self.is_single(origin) && inst.results.len() == 1 && self.lanes(inst.mask).is_none();
        if !alone || access.ordered || access.bytes != bytes || !(moves || access.space == Space::Param) {
            return None;
        }
        let lanes = match self.ty(origin) {
            Type::V { lanes, .. } => lanes,
            _ => 1,
        };
        let access_line = Access { line: inst.line, bytes, write: false, asked: Asked::All(lanes) };
        Some(self.address(inst.args[0], access.offset, Some(access_line)))
    }

    /// A scalar to read as a memory operand of its own size, if it is loaded for this use only.
    pub fn folded_scalar(&mut self, value: Value) -> Option<Memory> {
        let bytes = match self.ty(value) {
            Type::I32 => 4,
            Type::I64 => 8,
            _ => return None,
        };
        // A free extension reads more than was loaded.
        if self.ty(value) != self.ty(self.origin(value)) {
            return None;
        }
        self.folded_load(value, bytes)
    }
}

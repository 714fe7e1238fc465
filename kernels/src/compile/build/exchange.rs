//! What threads do together, and what the runtime does for them.

use super::Build;
use super::access::wide;
use crate::compile::Refusal;
use crate::compile::ssa::{Access, Op, Type, Value};
use crate::ir::matrix::Role;
use crate::ir::op::{BarrierKind, Guard, Passed, Reduction, Runtime, Space, Vote};
use crate::ir::{self, Operand, Reg};

/// The mask of all lanes, where none was written.
const ALL: Operand = Operand::Imm(0xffff_ffff);

impl Build<'_, '_> {
    /// Barriers, fences and ops of a warp.
    pub fn exchange(&mut self, op: &ir::Op, guard: Option<Guard>) -> Result<(), Refusal> {
        match op {
            ir::Op::Fence => self.add().effect(Op::Fence, &[], None),
            ir::Op::WarpBarrier { .. } => self.add().effect(Op::WarpBarrier, &[], None),
            ir::Op::Barrier { id, count, kind } => return self.barrier(*id, *count, *kind, guard),
            ir::Op::Shuffle { mode, to, valid, value, lane, clamp, .. } => {
                let args = [*value, *lane, *clamp].map(|operand| self.operand(operand, Type::I32));
                let targets = [Some(*to), *valid];
                self.together(Op::Shuffle(*mode), &args, &[Type::I32, Type::I1], &targets, guard);
            }
            ir::Op::Vote { mode, to, value, negated, mask } => {
                let args = [self.operand(*value, Type::I1), self.operand(mask.unwrap_or(ALL), Type::I32)];
                let ty = if *mode == Vote::Ballot { Type::I32 } else { Type::I1 };
                let op = Op::Vote { mode: *mode, negated: *negated };
                self.together(op, &args, &[ty], &[Some(*to)], guard);
            }
            ir::Op::Match { all, to, valid, value, mask } => {
                let ty = match self.number(*value) {
                    Err(reg) => self.type_of(reg),
                    Ok(number) if number > u64::from(u32::MAX) => Type::I64,
                    Ok(_) => Type::I32,
                };
                let args = [self.operand(*value, ty), self.operand(*mask, Type::I32)];
                let types = if *all { &[Type::I32, Type::I1][..] } else { &[Type::I32] };
                self.together(Op::Match { all: *all }, &args, types, &[Some(*to), *valid], guard);
            }
            ir::Op::Reduce { op, ty, to, value, mask } => {
                let args = [self.operand(*value, Type::I32), self.operand(*mask, Type::I32)];
                self.together(Op::Reduce(*op, *ty), &args, &[Type::I32], &[Some(*to)], guard);
            }
            ir::Op::ActiveMask { to } => {
                self.together(Op::ActiveMask, &[], &[Type::I32], &[Some(*to)], guard);
            }
            ir::Op::Matrix { product, to, from } => {
                let mut args = Vec::with_capacity(from.len());
                let roles = [Role::A, Role::B, Role::C].into_iter();
                let types = roles.flat_map(|role| {
                    let fragment = product.fragment(role);
                    let ty = Type::of_register(fragment.element.register_bits());
                    std::iter::repeat_n(ty, fragment.registers())
                });
                for (&operand, ty) in from.iter().zip(types) {
                    args.push(self.operand(operand, ty));
                }
                let ty = Type::of_register(product.fragment(Role::D).element.register_bits());
                let targets: Vec<Option<Reg>> = to.iter().copied().map(Some).collect();
                self.together(Op::Matrix(product.clone()), &args, &vec![ty; to.len()], &targets, guard);
            }
            _ => return self.refuse("an unknown op"),
        }
        Ok(())
    }

    /// An op with a mask, and registers for its results.
    fn together(
        &mut self,
        op: Op,
        args: &[Value],
        types: &[Type],
        targets: &[Option<Reg>],
        guard: Option<Guard>,
    ) {
        let mask = self.mask(guard);
        let inst = self.add().inst(op, args, mask, types);
        for (place, target) in targets.iter().enumerate() {
            if let (Some(target), Some(&result)) = (target, self.function.inst(inst).results.get(place)) {
                self.set(*target, result, guard);
            }
        }
    }

    /// A barrier of the whole block. Which of the sixteen it is makes no difference then.
    fn barrier(
        &mut self,
        id: Operand,
        count: Option<Operand>,
        kind: BarrierKind,
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        let whole = self.threads().next_multiple_of(32);
        let all = match count.map(|count| self.number(count)) {
            None => true,
            Some(Ok(count)) => count == u64::from(whole) || count == u64::from(self.threads()),
            Some(Err(_)) => false,
        };
        match self.number(id) {
            Ok(0..16) if all => {}
            Ok(16..) => return self.refuse("a barrier that there is not"),
            _ => return self.refuse("a barrier of a part of the block"),
        }
        match kind {
            BarrierKind::Sync => {
                let mask = self.mask(guard);
                self.add().effect(Op::Barrier, &[], mask);
            }
            BarrierKind::Arrive => return self.refuse("a barrier that is not waited at"),
            BarrierKind::Reduce { op, to, value, negated } => {
                let value = self.operand(value, Type::I1);
                let ty = if op == Reduction::Popc { Type::I32 } else { Type::I1 };
                self.together(Op::BarrierReduce { op, negated }, &[value], &[ty], &[Some(to)], guard);
            }
        }
        Ok(())
    }

    /// A function of the runtime: arguments come out of the frame, the result goes there.
    pub fn runtime(
        &mut self,
        runtime: Runtime,
        arguments: &[Passed],
        results: &[Passed],
        guard: Option<Guard>,
    ) -> Result<(), Refusal> {
        let mask = self.mask(guard);
        let mut args = Vec::with_capacity(arguments.len());
        for passed in arguments {
            let Some(access) = self.in_frame(passed) else {
                return self.refuse(format!("an argument of {} bytes", passed.bytes));
            };
            let zero = self.constant(Type::I32, 0);
            args.push(self.add().op(Op::Load(access), &[zero], wide(access.bytes)));
        }
        let Some(result) = results.first() else {
            self.add().effect(Op::Runtime(runtime), &args, mask);
            return Ok(());
        };
        let Some(access) = self.in_frame(result) else {
            return self.refuse(format!("a result of {} bytes", result.bytes));
        };
        let inst = self.add().inst(Op::Runtime(runtime), &args, mask, &[wide(access.bytes)]);
        let value = self.function.inst(inst).results[0];
        let zero = self.constant(Type::I32, 0);
        self.add().effect(Op::Store(access), &[zero, value], mask);
        Ok(())
    }

    fn in_frame(&self, passed: &Passed) -> Option<Access> {
        let bytes = u8::try_from(passed.bytes).ok().filter(|bytes| matches!(bytes, 1 | 2 | 4 | 8))?;
        let offset = self.instance_here().frame.place(passed.frame).into();
        Some(Access { space: Space::Local, bytes, signed: false, ordered: false, offset })
    }
}

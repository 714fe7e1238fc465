//! One instruction while it is lowered: its operands by type, and where its ops go.

use super::super::ast::Operand as Written;
use super::super::forms::shape::Shape;
use super::form::Form;
use super::function::Body;
use super::{Refusal, error_at};
use crate::interp;
use crate::ir::compute::{Compute, Int};
use crate::ir::op::Space;
use crate::ir::{End, Guard, Inst, Op, Operand, Reg, Type};

/// What builders return.
pub type Done = Result<(), Refusal>;

/// An instruction and the function it belongs to.
pub struct Step<'b, 's, 'm, 'a> {
    /// The function.
    pub body: &'b mut Body<'s, 'm, 'a>,
    /// Opcode and modifiers.
    pub form: Form<'a>,
    /// As written.
    pub operands: &'m [Written<'a>],
    /// Line and column.
    pub place: (u32, u32),
    /// For whom.
    pub guard: Option<Guard>,
}

impl<'b, 's, 'm, 'a> Step<'b, 's, 'm, 'a> {
    /// An instruction.
    pub fn new(
        body: &'b mut Body<'s, 'm, 'a>,
        form: Form<'a>,
        operands: &'m [Written<'a>],
        place: (u32, u32),
        guard: Option<Guard>,
    ) -> Self {
        Step { body, form, operands, place, guard }
    }

    /// An error at this instruction.
    pub fn error<T>(&self, what: impl Into<String>) -> Result<T, Refusal> {
        Err(error_at(self.place, what.into()).into())
    }

    /// Complains unless the number of operands is in the range.
    pub fn count(&self, least: usize, most: usize) -> Done {
        let count = self.operands.len();
        if (least..=most).contains(&count) {
            return Ok(());
        }
        self.error(format!("'{}' with {count} operands", self.form.opcode))
    }

    /// Adds an op under the instruction's guard.
    pub fn emit(&mut self, op: Op) {
        let guard = self.guard;
        if let Some(Guard { reg, negated }) = guard {
            let mut written = false;
            op.targets(|target| written |= target == reg);
            // What comes later of the instruction is still for those who started it.
            if written {
                let kept = self.body.fresh(1);
                let from = [Operand::Reg(reg), Operand::Imm(0), Operand::Imm(0), Operand::Imm(0)];
                self.emit_always(Op::Compute { compute: Compute::Copy, to: kept, from });
                self.guard = Some(Guard { reg: kept, negated });
            }
        }
        self.body.blocks.push(Inst { op, guard, line: self.place.0 });
    }

    /// Adds an op that always runs: for values nobody else sees.
    pub fn emit_always(&mut self, op: Op) {
        self.body.blocks.push(Inst { op, guard: None, line: self.place.0 });
    }

    /// Adds a pure op.
    pub fn compute(&mut self, compute: Compute, to: Reg, sources: &[Operand]) -> Done {
        if interp::meaning(compute).is_none() {
            return Err(Refusal::Unsupported);
        }
        let mut from = [Operand::Imm(0); 4];
        from[..sources.len()].copy_from_slice(sources);
        self.emit(Op::Compute { compute, to, from });
        Ok(())
    }

    /// Adds an integer op.
    pub fn int(&mut self, op: Int, ty: Type, to: Reg, sources: &[Operand]) -> Done {
        self.compute(Compute::Int(op, ty), to, sources)
    }

    /// A pure op on integers or bits, whose operands are as the shape says.
    pub fn int_by_shape(&mut self, op: Int, shape: &Shape) -> Done {
        let Some(&ty) = self.form.types.first() else { return Err(Refusal::Unsupported) };
        self.by_shape(Compute::Int(op, ty), shape)
    }

    /// A pure op whose operands are as the shape says: the result, then the sources.
    pub fn by_shape(&mut self, compute: Compute, shape: &Shape) -> Done {
        let types = self.form.types.clone();
        let ty = |at: usize| shape.operands.get(at).and_then(|operand| operand.kind.ty(&types));
        let to = self.target(0, ty(0).ok_or(Refusal::Unsupported)?)?;
        let mut from = [Operand::Imm(0); 4];
        for at in 1..self.operands.len().min(5) {
            from[at - 1] = self.source(at, ty(at).ok_or(Refusal::Unsupported)?)?;
        }
        self.compute(compute, to, &from)
    }

    /// Loads one element into a new register of its width, which it gives.
    pub fn load(&mut self, space: Space, ty: Type, address: Operand, offset: i64, shared: bool) -> Operand {
        let reg = self.body.fresh(ty.bits());
        let to = vec![Some(reg)];
        self.emit(Op::Load { space, ty, to, address, offset, shared_with_others: shared });
        Operand::Reg(reg)
    }

    /// Stores one element.
    pub fn store(&mut self, space: Space, ty: Type, address: Operand, value: Operand) {
        let from = vec![value];
        self.emit(Op::Store { space, ty, from, address, offset: 0, shared_with_others: false });
    }

    /// A pure op into a new register of a width, which it gives.
    pub fn value(&mut self, compute: Compute, bits: u32, sources: &[Operand]) -> Result<Operand, Refusal> {
        let to = self.body.fresh(bits);
        self.compute(compute, to, sources)?;
        Ok(Operand::Reg(to))
    }

    /// Closes the block; without its guard the instruction falls through to what follows.
    pub fn end(&mut self, end: End) {
        let line = self.place.0;
        match self.guard {
            None => self.body.blocks.end(end, line),
            Some(guard) => {
                let taken = self.body.blocks.reserve();
                let next = self.body.blocks.reserve();
                self.body.blocks.end(End::Branch(guard, taken, next), line);
                self.body.blocks.start(taken, line);
                self.body.blocks.end(end, line);
                self.body.blocks.start(next, line);
            }
        }
    }

    /// Runs `build` so that only lanes of the guard come through it.
    pub fn guarded(&mut self, build: impl FnOnce(&mut Self) -> Done) -> Done {
        let Some(guard) = self.guard.take() else { return build(self) };
        let line = self.place.0;
        let taken = self.body.blocks.reserve();
        let next = self.body.blocks.reserve();
        self.body.blocks.end(End::Branch(guard, taken, next), line);
        self.body.blocks.start(taken, line);
        let done = build(self);
        self.body.blocks.start(next, line);
        done
    }
}

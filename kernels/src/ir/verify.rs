//! Checks that a function keeps the rules every reader of IR relies on.

use super::compute::{Compute, Int};
use super::matrix::{Product, Role, Tiles};
use super::op::{BarrierKind, End, Guard, Inst, MbarrierKind, Op, Operand, Reg, Shuffle, Vote};
use super::{Function, Type};

/// The first rule that is broken, in words, or nothing.
pub fn verify(function: &Function) -> Result<(), String> {
    let check = Check { function };
    if function.blocks.is_empty() {
        return Err("no blocks".to_owned());
    }
    for (index, block) in function.blocks.iter().enumerate() {
        for inst in &block.insts {
            check.inst(inst).map_err(|what| format!("b{index}: {inst}: {what}"))?;
        }
        check.end(&block.end).map_err(|what| format!("b{index}: {}: {what}", block.end))?;
    }
    for passed in function.parameters.iter().chain(&function.results) {
        check.inside(passed.frame, passed.bytes)?;
    }
    Ok(())
}

struct Check<'a> {
    function: &'a Function,
}

impl Check<'_> {
    fn width(&self, reg: Reg) -> Result<u32, String> {
        let width = self.function.registers.get(reg.0 as usize).copied();
        width.map(u32::from).ok_or_else(|| format!("{reg} does not exist"))
    }

    fn reg(&self, reg: Reg, want: u32) -> Result<(), String> {
        let width = self.width(reg)?;
        if width == want { Ok(()) } else { Err(format!("{reg} has {width} bits, not {want}")) }
    }

    fn operand(&self, operand: Operand, want: u32) -> Result<(), String> {
        match operand {
            Operand::Reg(reg) => self.reg(reg, want),
            Operand::Imm(value) if want < 64 && value >> want != 0 => {
                Err(format!("{value:#x} does not fit {want} bits"))
            }
            Operand::Frame(offset) => self.inside(offset, 0),
            Operand::Shared(index, _) if index as usize >= self.function.shared.len() => {
                Err(format!("shared{index} does not exist"))
            }
            _ => Ok(()),
        }
    }

    fn inside(&self, offset: u32, bytes: u32) -> Result<(), String> {
        let end = u64::from(offset) + u64::from(bytes);
        let inside = end <= u64::from(self.function.frame_bytes);
        if inside { Ok(()) } else { Err(format!("frame+{offset} of {bytes} bytes is outside of the frame")) }
    }

    fn guard(&self, guard: Guard) -> Result<(), String> {
        self.reg(guard.reg, 1)
    }

    fn end(&self, end: &End) -> Result<(), String> {
        match end {
            End::Branch(guard, ..) => self.guard(*guard)?,
            End::Table(index, _) => self.operand(*index, 32)?,
            _ => {}
        }
        let mut missing = None;
        end.successors(|to| {
            if to as usize >= self.function.blocks.len() {
                missing = Some(to);
            }
        });
        missing.map_or(Ok(()), |to| Err(format!("b{to} does not exist")))
    }

    fn inst(&self, inst: &Inst) -> Result<(), String> {
        if let Some(guard) = inst.guard {
            self.guard(guard)?;
        }
        let mut result = Ok(());
        inst.op.targets(|reg| {
            if let Err(what) = self.width(reg) {
                result = Err(what);
            }
        });
        inst.reads(|reg| {
            if let Err(what) = self.width(reg) {
                result = Err(what);
            }
        });
        result?;
        self.op(&inst.op)
    }

    fn op(&self, op: &Op) -> Result<(), String> {
        match op {
            Op::Compute { compute, to, from } => self.compute(*compute, *to, from),
            Op::Load { ty, to, .. } => self.load(*ty, to),
            Op::Store { ty, from, .. } => {
                from.iter().try_for_each(|&operand| self.at_least(operand, ty.bits()))?;
                self.elements(from.len())
            }
            Op::Atomic { bytes, to, operand, compare, .. } => {
                to.iter().try_for_each(|&reg| self.reg(reg, bytes * 8))?;
                self.operand(*operand, bytes * 8)?;
                self.operand(*compare, bytes * 8)
            }
            Op::AtomicWide { to, operand, compare, .. } => {
                to.iter().flatten().try_for_each(|&reg| self.reg(reg, 64))?;
                operand.iter().chain(compare.iter().flatten()).try_for_each(|&a| self.operand(a, 64))
            }
            Op::Mbarrier { kind, to, value, .. } => self.mbarrier(*kind, *to, *value),
            Op::StackSave { to } => self.reg(*to, 64),
            Op::StackRestore { from } => self.operand(*from, 64),
            Op::Barrier { id, count, kind } => {
                self.operand(*id, 32)?;
                count.iter().try_for_each(|&count| self.operand(count, 32))?;
                match kind {
                    BarrierKind::Reduce { value, .. } => self.operand(*value, 1),
                    _ => Ok(()),
                }
            }
            Op::Shuffle { mode, to, valid, value, lane, clamp, .. } => {
                let _: Shuffle = *mode;
                self.reg(*to, 32)?;
                valid.iter().try_for_each(|&reg| self.reg(reg, 1))?;
                [value, lane, clamp].into_iter().try_for_each(|&operand| self.operand(operand, 32))
            }
            Op::Vote { mode, to, value, .. } => {
                self.reg(*to, if *mode == Vote::Ballot { 32 } else { 1 })?;
                self.operand(*value, 1)
            }
            Op::IsSpace { to, .. } => self.reg(*to, 1),
            Op::Matrix { product, to, from } => self.product(product, to, from),
            Op::MatrixLoad { tiles, to, stride, .. } => {
                self.operand(*stride, 32)?;
                to.iter().try_for_each(|&reg| self.reg(reg, tile_bits(tiles)))?;
                tile_count(tiles, to.len())
            }
            Op::MatrixStore { tiles, from, stride, .. } => {
                self.operand(*stride, 32)?;
                from.iter().try_for_each(|&operand| self.operand(operand, tile_bits(tiles)))?;
                tile_count(tiles, from.len())
            }
            Op::MatrixTranspose { to, from } => {
                self.reg(*to, 32)?;
                self.operand(*from, 32)
            }
            Op::Call { arguments, results, .. } => {
                arguments.iter().chain(results).try_for_each(|passed| self.inside(passed.frame, passed.bytes))
            }
            _ => Ok(()),
        }
    }

    fn product(&self, product: &Product, to: &[Reg], from: &[Operand]) -> Result<(), String> {
        if !product.exists() {
            return Err("there is no such product".to_owned());
        }
        let mut rest = from;
        for role in [Role::A, Role::B, Role::C] {
            let fragment = product.fragment(role);
            let Some((own, others)) = rest.split_at_checked(fragment.registers()) else {
                return Err(format!("{} sources", from.len()));
            };
            own.iter().try_for_each(|&operand| self.operand(operand, fragment.element.register_bits()))?;
            rest = others;
        }
        let fragment = product.fragment(Role::D);
        to.iter().try_for_each(|&reg| self.reg(reg, fragment.element.register_bits()))?;
        let whole = rest.is_empty() && to.len() == fragment.registers();
        if whole { Ok(()) } else { Err(format!("{} sources, {} targets", from.len(), to.len())) }
    }

    fn mbarrier(&self, kind: MbarrierKind, to: Option<Reg>, value: Operand) -> Result<(), String> {
        let (result, source) = match kind {
            MbarrierKind::Test | MbarrierKind::Try => (1, 64),
            MbarrierKind::TestParity | MbarrierKind::TryParity => (1, 32),
            _ => (64, 32),
        };
        to.iter().try_for_each(|&reg| self.reg(reg, result))?;
        self.operand(value, source)
    }

    fn at_least(&self, operand: Operand, bits: u32) -> Result<(), String> {
        let Operand::Reg(reg) = operand else { return Ok(()) };
        let width = self.width(reg)?;
        if width >= bits { Ok(()) } else { Err(format!("{reg} has {width} bits, less than {bits}")) }
    }

    fn elements(&self, count: usize) -> Result<(), String> {
        if matches!(count, 1 | 2 | 4 | 8) { Ok(()) } else { Err(format!("{count} elements")) }
    }

    fn load(&self, ty: Type, to: &[Option<Reg>]) -> Result<(), String> {
        self.elements(to.len())?;
        to.iter().flatten().try_for_each(|&reg| self.at_least(Operand::Reg(reg), ty.bits()))
    }

    fn compute(&self, compute: Compute, to: Reg, from: &[Operand; 4]) -> Result<(), String> {
        match compute {
            Compute::Int(op, ty) => self.int(op, ty, to, from),
            Compute::Float(_, ty, _) => {
                from[..compute.sources()].iter().try_for_each(|&a| self.operand(a, ty.bits()))
            }
            Compute::Compare(_, ty, _) => {
                self.reg(to, 1)?;
                from[..2].iter().try_for_each(|&a| self.operand(a, ty.bits()))
            }
            Compute::Select => {
                let bits = self.width(to)?;
                self.operand(from[0], bits)?;
                self.operand(from[1], bits)?;
                self.operand(from[2], 1)
            }
            Compute::Copy => {
                let bits = self.width(to)?;
                self.operand(from[0], bits)
            }
            Compute::Spread(ty) => {
                self.reg(to, ty.bits())?;
                self.operand(from[0], 1)
            }
            _ => Ok(()),
        }
    }

    fn int(&self, op: Int, ty: Type, to: Reg, from: &[Operand; 4]) -> Result<(), String> {
        let bits = ty.bits();
        match op {
            Int::Add | Int::Sub | Int::MulLow | Int::MulHigh | Int::Div | Int::Rem | Int::Min | Int::Max => {
                self.reg(to, bits)?;
                from[..2].iter().try_for_each(|&a| self.operand(a, bits))
            }
            Int::And | Int::Or | Int::Xor => {
                self.reg(to, bits)?;
                from[..2].iter().try_for_each(|&a| self.operand(a, bits))
            }
            Int::MulWide => {
                self.reg(to, bits * 2)?;
                from[..2].iter().try_for_each(|&a| self.operand(a, bits))
            }
            Int::Neg | Int::Abs | Int::Not | Int::Brev => {
                self.reg(to, bits)?;
                self.operand(from[0], bits)
            }
            Int::Shl | Int::Shr => {
                self.reg(to, bits)?;
                self.operand(from[0], bits)
            }
            _ => Ok(()),
        }
    }
}

fn tile_bits(tiles: &Tiles) -> u32 {
    match tiles {
        Tiles::One(fragment, _) => fragment.element.register_bits(),
        Tiles::Rows { .. } => 32,
    }
}

fn tile_count(tiles: &Tiles, registers: usize) -> Result<(), String> {
    if tiles.exists(registers) { Ok(()) } else { Err(format!("{registers} registers of {tiles}")) }
}

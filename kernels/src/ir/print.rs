//! IR as text: one op a line, for people and for tests.

use std::fmt::{self, Display, Formatter};

use super::op::{BarrierKind, Callee, End, Guard, Inst, Op, Operand, Passed, Reg};
use super::{Block, Function};

impl Display for Reg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Reg(reg) => write!(f, "{reg}"),
            Operand::Imm(value) if *value < 4096 => write!(f, "{value}"),
            Operand::Imm(value) => write!(f, "{value:#x}"),
            Operand::Global(index, offset) => write!(f, "global{index}{offset:+}"),
            Operand::Frame(offset) => write!(f, "frame+{offset}"),
            Operand::Shared(index, offset) => write!(f, "shared{index}{offset:+}"),
            Operand::DynamicShared(offset) => write!(f, "dynamic{offset:+}"),
            Operand::Function(index) => write!(f, "function{index}"),
        }
    }
}

impl Display for Guard {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "!" } else { "" }, self.reg)
    }
}

impl Display for Passed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "frame+{}:{}", self.frame, self.bytes)
    }
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}

fn name(value: &dyn fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}

fn optional(operand: &Option<Operand>) -> String {
    operand.map_or_else(|| "-".to_owned(), |operand| operand.to_string())
}

fn targets(to: Reg, valid: &Option<Reg>) -> String {
    valid.map_or_else(|| to.to_string(), |valid| format!("{to}, {valid}"))
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Op::Compute { compute, to, from } => {
                write!(f, "{to} = {compute} {}", list(&from[..compute.sources()]))
            }
            Op::Special { special, to } => write!(f, "{to} = special {}", name(special)),
            Op::Load { space, ty, to, address, offset, shared_with_others } => {
                let to = to.iter().map(|to| to.map_or("_".to_owned(), |reg| reg.to_string()));
                let others = if *shared_with_others { ".shared" } else { "" };
                write!(f, "{} = load{others}.{}.{ty} [{address}{offset:+}]", list(to), name(space))
            }
            Op::Store { space, ty, from, address, offset, shared_with_others } => {
                let others = if *shared_with_others { ".shared" } else { "" };
                write!(f, "store{others}.{}.{ty} [{address}{offset:+}], {}", name(space), list(from))
            }
            Op::Atomic { space, op, bytes, to, address, offset, operand, compare, .. } => {
                let to = to.map_or("_".to_owned(), |reg| reg.to_string());
                write!(f, "{to} = atomic.{}.{}.{bytes} ", name(space), name(op))?;
                write!(f, "[{address}{offset:+}], {operand}, {compare}")
            }
            Op::AtomicWide { .. } | Op::Copy { .. } | Op::Mbarrier { .. } => wide(f, self),
            Op::Alloca { to, bytes, align } => write!(f, "{to} = alloca {bytes}, {align}"),
            Op::StackSave { to } => write!(f, "{to} = stacksave"),
            Op::StackRestore { from } => write!(f, "stackrestore {from}"),
            Op::Fence => write!(f, "fence"),
            Op::Barrier { id, count, kind } => barrier(f, id, count, kind),
            Op::WarpBarrier { mask } => write!(f, "warpbarrier {mask}"),
            Op::Shuffle { mode, to, valid, value, lane, clamp, mask } => {
                write!(f, "{} = shuffle.{} ", targets(*to, valid), name(mode))?;
                write!(f, "{value}, {lane}, {clamp}, {}", optional(mask))
            }
            Op::Vote { mode, to, value, negated, mask } => {
                let not = if *negated { "!" } else { "" };
                write!(f, "{to} = vote.{} {not}{value}, {}", name(mode), optional(mask))
            }
            Op::Match { all, to, valid, value, mask } => {
                let how = if *all { "all" } else { "any" };
                write!(f, "{} = match.{how} {value}, {mask}", targets(*to, valid))
            }
            Op::Reduce { op, ty, to, value, mask } => {
                write!(f, "{to} = reduce.{}.{ty} {value}, {mask}", name(op))
            }
            Op::ActiveMask { to } => write!(f, "{to} = activemask"),
            Op::IsSpace { space, to, address } => write!(f, "{to} = isspace.{} {address}", name(space)),
            Op::ToGeneric { space, to, address } => write!(f, "{to} = togeneric.{} {address}", name(space)),
            Op::FromGeneric { space, to, address } => {
                write!(f, "{to} = fromgeneric.{} {address}", name(space))
            }
            Op::Call { callee, arguments, results } => {
                let callee = match callee {
                    Callee::Function(index) => format!("function{index}"),
                    Callee::Pointer(address) => format!("[{address}]"),
                    Callee::Runtime(runtime) => name(runtime),
                };
                write!(f, "call ({}) {callee} ({})", list(results), list(arguments))
            }
            Op::Matrix { product, to, from } => write!(f, "{} = {product} {}", list(to), list(from)),
            Op::MatrixLoad { space, tiles, to, address, offset, stride } => {
                write!(f, "{} = load.{tiles}.{} [{address}{offset:+}], {stride}", list(to), name(space))
            }
            Op::MatrixStore { space, tiles, from, address, offset, stride } => {
                write!(f, "store.{tiles}.{} [{address}{offset:+}], {stride}, {}", name(space), list(from))
            }
            Op::MatrixTranspose { to, from } => write!(f, "{to} = transpose {from}"),
            Op::Sleep => write!(f, "sleep"),
        }
    }
}

/// Accesses of many operands.
fn wide(f: &mut Formatter<'_>, op: &Op) -> fmt::Result {
    match op {
        Op::AtomicWide { space, to, address, offset, operand, compare } => {
            let to = to.map_or("_".to_owned(), list);
            write!(f, "{to} = atomic.{}.16 [{address}{offset:+}], {}", name(space), list(operand))?;
            compare.map_or(Ok(()), |compare| write!(f, ", {}", list(compare)))
        }
        Op::Copy { to, from, read, write, align } => {
            let (to_space, to, to_offset) = to;
            let (from_space, from, from_offset) = from;
            write!(f, "copy.{}.{} [{to}{to_offset:+}], ", name(to_space), name(from_space))?;
            write!(f, "[{from}{from_offset:+}], {read}, {write}, {align}")
        }
        Op::Mbarrier { kind, to, space, address, offset, value } => {
            let to = to.map_or("_".to_owned(), |reg| reg.to_string());
            write!(f, "{to} = mbarrier.{}.{} [{address}{offset:+}], {value}", name(kind), name(space))
        }
        _ => Ok(()),
    }
}

fn barrier(f: &mut Formatter<'_>, id: &Operand, count: &Option<Operand>, kind: &BarrierKind) -> fmt::Result {
    let count = optional(count);
    match kind {
        BarrierKind::Sync => write!(f, "barrier {id}, {count}"),
        BarrierKind::Arrive => write!(f, "barrier.arrive {id}, {count}"),
        BarrierKind::Reduce { op, to, value, negated } => {
            let not = if *negated { "!" } else { "" };
            write!(f, "{to} = barrier.{} {id}, {count}, {not}{value}", name(op))
        }
    }
}

impl Display for Inst {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(guard) = self.guard {
            write!(f, "if {guard}: ")?;
        }
        write!(f, "{}", self.op)
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            End::Jump(to) => write!(f, "jump b{to}"),
            End::Branch(guard, a, b) => write!(f, "branch {guard}, b{a}, b{b}"),
            End::Table(index, targets) => {
                write!(f, "table {index}, {}", list(targets.iter().map(|to| format!("b{to}"))))
            }
            End::Return => write!(f, "return"),
            End::Exit => write!(f, "exit"),
            End::Trap => write!(f, "trap"),
        }
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for inst in &self.insts {
            writeln!(f, "    {inst}  ; {}", inst.line)?;
        }
        writeln!(f, "    {}", self.end)
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let kind = if self.kernel { "kernel" } else { "function" };
        writeln!(
            f,
            "{kind} {} ({}) -> ({}) frame {}",
            self.name,
            list(&self.parameters),
            list(&self.results),
            self.frame_bytes
        )?;
        for (index, block) in self.blocks.iter().enumerate() {
            write!(f, "b{index}:\n{block}")?;
        }
        Ok(())
    }
}

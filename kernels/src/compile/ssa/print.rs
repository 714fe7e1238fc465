//! SSA as text, an inst a line: for people and for tests. `parse` reads the same text back.

use std::fmt::{self, Display, Formatter};

use super::{Access, Block, BlockId, End, Function, Inst, Op, Target, Type, Value};
use crate::compile::call::{Call, What};
use crate::ir::Compute;
use crate::ir::op::Space;

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl Display for BlockId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Type::I1 => write!(f, "i1"),
            Type::I32 => write!(f, "i32"),
            Type::I64 => write!(f, "i64"),
            Type::V { bits, lanes } => write!(f, "v{lanes}x{bits}"),
            Type::M { lanes } => write!(f, "m{lanes}"),
        }
    }
}

/// A number, in the form that is shorter to read.
struct Number(u64);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            small @ 0..4096 => write!(f, "{small}"),
            large => write!(f, "{large:#x}"),
        }
    }
}

/// What is added to an address, if anything.
struct Offset(i64);

impl Display for Offset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            above @ 1.. => write!(f, " + {above}"),
            below => write!(f, " - {}", below.unsigned_abs()),
        }
    }
}

/// The space of an access a lane, if it promises anything.
struct Promise(Space);

impl Display for Promise {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Space::Generic => Ok(()),
            space => write!(f, "{}.", name(&space)),
        }
    }
}

/// The name of a variant, its number behind a dot.
pub fn name(value: &dyn fmt::Debug) -> String {
    let text = format!("{value:?}").to_lowercase();
    text.trim_end_matches(')').replace('(', ".")
}

fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(", ")
}

/// The name of a pure op, all its parts told.
pub fn compute(compute: &Compute) -> String {
    match compute {
        Compute::SelectSign(ty, true) => format!("selectsign.ftz.{ty}"),
        other => other.to_string(),
    }
}

fn flag(set: bool, text: &'static str) -> &'static str {
    if set { text } else { "" }
}

impl Display for Access {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", name(&self.space), self.bytes)?;
        write!(f, "{}{}", flag(self.signed, ".signed"), flag(self.ordered, ".ordered"))
    }
}

/// An op's name with all that belongs to it but address parts.
impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Op::Const(number) => write!(f, "const {}", Number(*number)),
            Op::Compute(op) => write!(f, "{}", compute(op)),
            Op::Special(special) => write!(f, "special.{}", name(special)),
            Op::Load(access) => write!(f, "load.{access}"),
            Op::Store(access) => write!(f, "store.{access}"),
            Op::Atomic { access, op, align } if *align == access.bytes => {
                write!(f, "atomic.{access}.{}", name(op))
            }
            Op::Atomic { access, op, align } => write!(f, "atomic.{access}.{}.{align}", name(op)),
            Op::BarrierReduce { op, negated } => {
                write!(f, "barrierreduce.{}{}", name(op), flag(*negated, ".not"))
            }
            Op::Shuffle(mode) => write!(f, "shuffle.{}", name(mode)),
            Op::Vote { mode, negated } => write!(f, "vote.{}{}", name(mode), flag(*negated, ".not")),
            Op::Match { all } => write!(f, "match.{}", if *all { "all" } else { "any" }),
            Op::Reduce(op, ty) => write!(f, "reduce.{}.{ty}", name(op)),
            Op::IsSpace(space) => write!(f, "isspace.{}", name(space)),
            Op::ToGeneric(space) => write!(f, "togeneric.{}", name(space)),
            Op::FromGeneric(space) => write!(f, "fromgeneric.{}", name(space)),
            Op::Runtime(runtime) => write!(f, "runtime.{}", name(runtime)),
            Op::Matrix(product) => write!(f, "matrix.{product}"),
            Op::Total(slot) => write!(f, "total.{slot}"),
            Op::Restore(slot) => write!(f, "restore.{slot}"),
            Op::Save(slot) => write!(f, "save.{slot}"),
            Op::Argument(number) => write!(f, "argument.{number}"),
            Op::Table(number) => write!(f, "table.{number}"),
            Op::Extract(lane) => write!(f, "lane.{lane}"),
            Op::Half(half) => write!(f, "half.{half}"),
            Op::Gather { space, bytes, .. } => write!(f, "gather.{}{bytes}", Promise(*space)),
            Op::Scatter { space, bytes, .. } => write!(f, "scatter.{}{bytes}", Promise(*space)),
            Op::AtomicLanes { space, bytes, op, locked, .. } => {
                let locked = flag(*locked, ".locked");
                write!(f, "atomiclanes.{}{bytes}.{}{locked}", Promise(*space), name(op))
            }
            Op::Call(number) => write!(f, "call.{number}"),
            plain => write!(f, "{}", name(plain)),
        }
    }
}

impl Display for Inst {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        for (place, arg) in self.args.iter().enumerate() {
            write!(f, "{} {arg}", flag(place > 0, ","))?;
            match self.op {
                Op::Load(access) | Op::Store(access) | Op::Atomic { access, .. } if place == 0 => {
                    write!(f, "{}", Offset(access.offset))?;
                }
                Op::Gather { scale, offset, .. }
                | Op::Scatter { scale, offset, .. }
                | Op::AtomicLanes { scale, offset, .. }
                    if place == 1 =>
                {
                    write!(f, " * {scale}{}", Offset(offset.into()))?;
                }
                _ => {}
            }
        }
        self.mask.map_or(Ok(()), |mask| write!(f, " [{mask}]"))
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.args.is_empty() {
            true => write!(f, "{}", self.block),
            false => write!(f, "{}({})", self.block, list(&self.args)),
        }
    }
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            End::Jump(to) => write!(f, "jump {to}"),
            End::Branch(condition, yes, no) => write!(f, "branch {condition}, {yes}, {no}"),
            End::Switch(index, targets) => write!(f, "switch {index}, [{}]", list(targets)),
            End::Exit => write!(f, "exit"),
            End::Yield(number) => write!(f, "yield {number}"),
            End::Return(value) => write!(f, "return {value}"),
        }
    }
}

/// The line of the PTX text, if there is one.
struct Line(u32);

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " @{}", self.0) }
    }
}

impl Display for What {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            What::Compute(op) => write!(f, "compute {}", compute(op)),
            What::Special(special) => write!(f, "special {}", name(special)),
            What::Runtime(runtime) => write!(f, "runtime {}", name(runtime)),
            What::Atomic(op, bytes) => write!(f, "atomic {} {bytes}", name(op)),
            What::Shuffle(mode) => write!(f, "shuffle {}", name(mode)),
            What::Vote(mode, negated) => write!(f, "vote {} {negated}", name(mode)),
            What::Match(all) => write!(f, "match {all}"),
            What::Reduce(op, ty) => write!(f, "reduce {} {ty}", name(op)),
            What::Matrix(product) => write!(f, "matrix {product}"),
            What::Check { bytes, align, write } => write!(f, "check {bytes} {align} {write}"),
            What::Trap => write!(f, "trap"),
            What::NoTarget => write!(f, "notarget"),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} lanes{}{}", self.what, self.lanes, flag(self.masked, ", masked"), Line(self.line))
    }
}

impl Function {
    /// A value with its type, as where it is made.
    fn typed(&self, value: Value) -> String {
        format!("{value}: {}", self.ty(value))
    }

    fn write_block(&self, f: &mut Formatter<'_>, id: BlockId, block: &Block) -> fmt::Result {
        let params = list(block.params.iter().map(|&param| self.typed(param)));
        if params.is_empty() {
            writeln!(f, "{id}:")?;
        } else {
            writeln!(f, "{id}({params}):")?;
        }
        for &inst in &block.insts {
            let inst = self.inst(inst);
            write!(f, "  ")?;
            if !inst.results.is_empty() {
                write!(f, "{} = ", list(inst.results.iter().map(|&result| self.typed(result))))?;
            }
            writeln!(f, "{inst}{}", Line(inst.line))?;
        }
        writeln!(f, "  {}{}", block.end, Line(block.line))
    }
}

/// Blocks that nobody reaches are left out.
impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "function {}", self.name)?;
        if self.local_bytes != 0 {
            writeln!(f, "local {}", self.local_bytes)?;
        }
        if !self.resumes.is_empty() {
            writeln!(f, "resumes {}", list(&self.resumes))?;
        }
        if !self.slots.is_empty() {
            writeln!(f, "slots {}", list(&self.slots))?;
        }
        for table in &self.tables {
            writeln!(f, "table {}", list(table.iter().map(|&number| Number(number))))?;
        }
        for call in &self.calls {
            writeln!(f, "call {call}")?;
        }
        let reached = super::order::reached(self);
        for id in self.block_ids().filter(|&id| reached[id.0 as usize]) {
            self.write_block(f, id, self.block(id))?;
        }
        Ok(())
    }
}

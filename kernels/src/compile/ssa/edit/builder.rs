//! Adds insts at the end of a block, with types worked out.

use crate::compile::ssa::signature::{self, Slot};
use crate::compile::ssa::{BlockId, End, Function, InstId, Op, Type, Value};
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode};
use crate::ir::{Type as Kind, op::Space};

/// Where insts go: the end of a block, with a line of the PTX text.
///
/// A pass that rewrites a block takes its insts away, then puts each one back ([`Builder::keep`]) or others in its place.
pub struct Builder<'f> {
    /// The function.
    pub function: &'f mut Function,
    /// The block.
    pub block: BlockId,
    /// The line.
    pub line: u32,
}

impl<'f> Builder<'f> {
    /// At the end of a block.
    pub fn new(function: &'f mut Function, block: BlockId, line: u32) -> Builder<'f> {
        Builder { function, block, line }
    }

    /// An inst that is there already.
    pub fn keep(&mut self, inst: InstId) {
        self.function.block_mut(self.block).insts.push(inst);
    }

    /// Any inst.
    pub fn inst(&mut self, op: Op, args: &[Value], mask: Option<Value>, types: &[Type]) -> InstId {
        let inst = self.function.add_inst(op, args, mask, types, self.line);
        self.keep(inst);
        inst
    }

    /// One with one result and no mask.
    pub fn op(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        let inst = self.inst(op, args, None, &[ty]);
        self.function.inst(inst).results[0]
    }

    /// One without a result.
    pub fn effect(&mut self, op: Op, args: &[Value], mask: Option<Value>) {
        self.inst(op, args, mask, &[]);
    }

    /// A number: of a scalar, in every lane of a vector, or the bits of a mask.
    pub fn constant(&mut self, ty: Type, number: u64) -> Value {
        self.op(Op::Const(number), &[], ty)
    }

    /// A pure op. Its type follows from those of its arguments; that of a function of the device library does not: take
    /// [`Builder::op`] for these.
    pub fn compute(&mut self, compute: Compute, args: &[Value]) -> Value {
        let like = self.function.ty(args[0]);
        let ty = match signature::of(compute).result {
            Slot::Is(scalar) => with_lanes(scalar, like),
            Slot::Same | Slot::Free => like,
        };
        self.op(Op::Compute(compute), args, ty)
    }

    /// An integer op.
    pub fn int(&mut self, op: Int, ty: Kind, args: &[Value]) -> Value {
        self.compute(Compute::Int(op, ty), args)
    }

    /// A float op.
    pub fn float(&mut self, op: Float, ty: Kind, mode: Mode, args: &[Value]) -> Value {
        self.compute(Compute::Float(op, ty, mode), args)
    }

    /// A comparison.
    pub fn compare(&mut self, op: Comparison, ty: Kind, a: Value, b: Value) -> Value {
        self.compute(Compute::Compare(op, ty, false), &[a, b])
    }

    /// condition ? yes : no
    pub fn select(&mut self, condition: Value, yes: Value, no: Value) -> Value {
        self.compute(Compute::Select, &[yes, no, condition])
    }

    /// A conversion without clamps, rounded to nearest.
    pub fn convert(&mut self, to: Kind, from: Kind, value: Value) -> Value {
        let conversion = Conversion { to, from, mode: Mode::default(), integral: false, finite: false };
        self.compute(Compute::Convert(conversion), &[value])
    }

    /// Both of two predicates or masks.
    pub fn and(&mut self, a: Value, b: Value) -> Value {
        self.int(Int::And, Kind::Pred, &[a, b])
    }

    /// Either of two predicates or masks.
    pub fn or(&mut self, a: Value, b: Value) -> Value {
        self.int(Int::Or, Kind::Pred, &[a, b])
    }

    /// The opposite of a predicate or mask.
    pub fn not(&mut self, a: Value) -> Value {
        self.int(Int::Not, Kind::Pred, &[a])
    }

    /// A plain load of one element.
    pub fn load(&mut self, space: Space, bytes: u8, address: Value, offset: i64, ty: Type) -> Value {
        let access = crate::compile::ssa::Access { space, bytes, signed: false, ordered: false, offset };
        self.op(Op::Load(access), &[address], ty)
    }

    /// Ends the block.
    pub fn end(&mut self, end: End) {
        let block = self.function.block_mut(self.block);
        (block.end, block.line) = (end, self.line);
    }

    /// A new block, in which the builder goes on.
    pub fn start_block(&mut self) -> BlockId {
        self.block = self.function.add_block(self.line);
        self.block
    }
}

/// A scalar type as lanes of a value like another.
fn with_lanes(scalar: Type, like: Type) -> Type {
    let lanes = match like {
        Type::V { lanes, .. } | Type::M { lanes } => lanes,
        _ => return scalar,
    };
    match scalar {
        Type::I1 => Type::M { lanes },
        Type::I64 => Type::v64(lanes),
        _ => Type::v32(lanes),
    }
}

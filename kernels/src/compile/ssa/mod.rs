//! IR level 2: SSA with block parameters. The compiler's passes read and write it, from one thread's view down to vectors.
//!
//! The stages of a function (what is allowed in each, and what a value means) are in the compiler's README.md.

pub mod edit;
pub mod equal;
#[doc(hidden)]
pub mod eval;
pub mod meaning;
pub mod order;
#[doc(hidden)]
pub mod parse;
pub mod print;
pub mod quick;
pub mod signature;
pub mod verify;

use smallvec::SmallVec;

use crate::ir::Compute;
use crate::ir::op::{Reduction, Runtime, Shuffle, Space, Special, Vote};
use crate::ir::{Type as Kind, matrix};
use crate::memory::AtomicOp;

/// A value: the result of an inst or the parameter of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub u32);

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstId(pub u32);

/// A basic block. The first one is the entry; it has no predecessors and no parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// 0 or 1.
    I1,
    /// 32 bits. Narrower registers of level 1 are this as well, the rest of the bits zero.
    I32,
    /// 64 bits.
    I64,
    /// A vector register: so many lanes of 32 or 64 bits.
    V {
        /// 32 or 64.
        bits: u8,
        /// Lanes.
        lanes: u8,
    },
    /// A mask register of so many lanes.
    M {
        /// Lanes.
        lanes: u8,
    },
}

/// What an inst does. Arguments and results are in [`Inst`]; each op says which.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A number: of a scalar, of every lane of a vector, or the bits of a mask.
    Const(u64),
    /// The offset in local memory of a byte of the thread's frame (I32 or I64). `promote` leaves a number of it.
    Frame(u32),
    /// A pure op. Arguments: its sources. Result: one. Of vectors: lane by lane, all of the same number of lanes;
    /// predicates are masks then.
    Compute(Compute),
    /// A special register. No arguments.
    Special(Special),
    /// Reads neighbouring elements. Arguments: address. Results: one an element, extended to its type. With a mask, lanes
    /// outside of it read nothing and get zero. In vector code: a scalar, or of a vector type consecutive elements.
    Load(Access),
    /// Writes neighbouring elements. Arguments: address, then one value an element. No results.
    Store(Access),
    /// One indivisible read-modify-write. Arguments: address, operand, compare. Results: the old value, or none.
    Atomic {
        /// Where, and how wide: 2, 4 or 8 bytes.
        access: Access,
        /// What.
        op: AtomicOp,
        /// What the address is a multiple of: all bytes of a vector of which this is the first element. Only checks ask.
        align: u8,
    },
    /// A fence.
    Fence,
    /// Lanes of a warp wait for each other. They run in lock step, so this is an order of memory and no instruction:
    /// what touches memory is not moved over it.
    WarpBarrier,
    /// All threads of the block wait for each other.
    Barrier,
    /// The same, and all of them get a reduction of a predicate. Arguments: it. Result: one.
    BarrierReduce {
        /// And, Or or Popc.
        op: Reduction,
        /// The predicate counts inverted.
        negated: bool,
    },
    /// Lanes of a warp exchange a value. Arguments: value, lane, clamp. Results: the value, and whether it came from a
    /// lane in range (I1).
    Shuffle(Shuffle),
    /// Lanes of a warp agree on a predicate. Arguments: predicate, members (I32). Result: I1, I32 for ballot.
    Vote {
        /// How.
        mode: Vote,
        /// The predicate counts inverted.
        negated: bool,
    },
    /// Which lanes hold the same value. Arguments: value, members. Results: the mask, and for all: whether (I1).
    Match {
        /// All or none.
        all: bool,
    },
    /// A reduction over lanes of a warp. Arguments: value, members. Result: one.
    Reduce(Reduction, Kind),
    /// The lanes of the warp that are here. Result: I32.
    ActiveMask,
    /// Whether a generic address is in a space. Arguments: address. Result: I1.
    IsSpace(Space),
    /// Offset in a space to generic address. Arguments: offset (I64). Result: I64.
    ToGeneric(Space),
    /// Generic address to offset in a space.
    FromGeneric(Space),
    /// A function of the runtime. Arguments: its arguments as scalars, those of `vprintf` as two addresses. Results: 0 or 1.
    Runtime(Runtime),
    /// A product of matrices by a warp. Arguments: A, B, C. Results: D.
    Matrix(Box<matrix::Product>),
    /// The thread's fault.
    Trap,
    /// The same, because a table of targets has none for its index.
    NoTarget,

    // Pure float ops that level 1 does not have, of `f32` or `f64`, made by `expand` and `nan`.
    /// NaN takes its one form. Arguments: a float. Result: one.
    Canonical(Kind),
    /// a · 2^⌊b⌋, rounded once; b may be infinite (but not with a NaN: then nothing is said). Arguments: a, b.
    Scale(Kind),
    /// ⌊log₂ |a|⌋ as a float, of denormals too; -∞ of zeros, ∞ of infinities.
    Exponent(Kind),
    /// a, or b with a's sign where that is closer to zero or a is NaN. Of a signalling NaN nothing is said. Arguments: a, and b > 0.
    Bound(Kind),
    /// a over a power of two, with its sign and a size in [¾, 1½); ±1 of zeros and infinities.
    Mantissa(Kind),

    // Of masked code.
    /// Whether the gang's thread exists: the mask everything starts from. No arguments. Result: I1.
    Entered,
    /// Whether any thread of the gang says so. Arguments: I1. Result: I1, the same for the whole gang.
    Any,
    /// How many threads of the gang say so. Arguments: I1. Result: I32, the same for the whole gang.
    Count,
    /// The sum of what all gangs of the block saved last in a slot of numbers; a gang that saved nothing counts 0.
    /// Arguments: none. Result: I32.
    Total(u32),
    /// Reads what [`Op::Save`] put into a slot of the gang's frame. No arguments. Result: one.
    Restore(u32),
    /// Keeps a value over a barrier. Arguments: it.
    Save(u32),

    // Of vector code.
    /// The address of the [`super::context::Context`]. Result: I64.
    Context,
    /// An argument of the compiled function: 0: the first block, 1: how many (I64).
    Argument(u8),
    /// A vector of [`Function::tables`].
    Table(u32),
    /// A scalar in every lane: I32 or I64 to vector, I1 to mask.
    Broadcast,
    /// The value of one lane as a scalar. Arguments: a vector.
    Extract(u8),
    /// The lower (0) or upper (1) half of the lanes of a vector of 32 bits or a mask.
    Half(u8),
    /// The lanes of two halves, the lower one first.
    Join,
    /// A mask as a number (I32).
    MaskBits,
    /// The low bits of a number (I32) as a mask.
    BitsMask,
    /// Whether any lane of a mask is set (I1).
    MaskAny,
    /// Whether all lanes of a mask are set (I1).
    MaskAll,
    /// Lane i of the result is lane `index[i]` (modulo the lanes) of the second. Arguments: index, vector.
    Permute,
    /// The same of two vectors behind each other. Arguments: index, first, second.
    Permute2,
    /// Reads an element a lane. Arguments: base (I64), index (32-bit indexes are signed). Result: a vector. Lanes outside of the mask get zero.
    Gather {
        /// Where, as in [`Access::space`].
        space: Space,
        /// 4 or 8, the lanes of the result; narrower ones are made of these.
        bytes: u8,
        /// What the index is multiplied with: 1, 2, 4 or 8.
        scale: u8,
        /// Added.
        offset: i32,
    },
    /// Writes an element a lane, those of higher lanes last. Arguments: base, index, value.
    Scatter {
        /// Where.
        space: Space,
        /// 1, 2, 4 or 8: the low bytes of the lanes of the value.
        bytes: u8,
        /// As above.
        scale: u8,
        /// Added.
        offset: i32,
    },
    /// Read-modify-writes lane by lane, ascending. Arguments: base (I64), index, operand, compare. Results: old values, or none.
    AtomicLanes {
        /// Where.
        space: Space,
        /// 2, 4 or 8.
        bytes: u8,
        /// As above.
        scale: u8,
        /// Added.
        offset: i32,
        /// What.
        op: AtomicOp,
        /// Other threads of the machine may do so as well.
        locked: bool,
    },
    /// Calls the runtime, by the index in [`Function::calls`]. Arguments and results as that says.
    Call(u32),
    /// Leaves the function if somebody asked for that.
    Poll,
    /// Brings memory near that will be read, or written (true), soon. Any address will do: nothing faults, nothing changes.
    /// Arguments: address (I64). No results.
    Prefetch(bool),
}

/// An access as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// Where. In vector code addresses are the machine's own, and this is a promise of what cannot overlap: parameters, what
    /// only one thread of the machine touches (`Shared`, `Local`), and the rest (`Global`); `Generic` promises nothing.
    pub space: Space,
    /// Bytes of an element: 1, 2, 4 or 8.
    pub bytes: u8,
    /// Loads: the sign is extended.
    pub signed: bool,
    /// Others may touch it meanwhile: neither moved nor merged.
    pub ordered: bool,
    /// Added to the address.
    pub offset: i64,
}

/// An instruction.
#[derive(Debug, PartialEq)]
pub struct Inst {
    /// What.
    pub op: Op,
    /// The sources.
    pub args: SmallVec<[Value; 4]>,
    /// Threads, or lanes, for which it has an effect; `None`: all that are here. A pure op has none.
    pub mask: Option<Value>,
    /// What it makes.
    pub results: SmallVec<[Value; 2]>,
    /// The line of the PTX text; 0: none.
    pub line: u32,
}

/// Where a jump goes, and the values of the block's parameters.
#[derive(Debug, PartialEq)]
pub struct Target {
    /// The block.
    pub block: BlockId,
    /// One for each parameter.
    pub args: SmallVec<[Value; 4]>,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// On to a block.
    Jump(Target),
    /// To the first if the condition (I1) is set, else to the second.
    Branch(Value, Target, Target),
    /// To the one of this number (I32), or the last if there are fewer.
    Switch(Value, Vec<Target>),
    /// The thread's end. In masked code: that of the gang.
    Exit,
    /// Of masked code: the gang waits at a barrier; it goes on at the block of this number in [`Function::resumes`].
    Yield(u32),
    /// Of vector code: the compiled function returns this (I32).
    Return(Value),
}

/// A basic block.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Values given by those who come here.
    pub params: Vec<Value>,
    /// In order.
    pub insts: Vec<InstId>,
    /// What comes then.
    pub end: End,
    /// The line of the end.
    pub line: u32,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Def {
    /// A result of an inst, by its place among the results.
    Inst(InstId, u8),
    /// A parameter of a block, by its place.
    Param(BlockId, u16),
    /// Nobody makes it any more.
    Gone,
}

/// A kernel on its way.
#[derive(Clone, Debug, Default)]
pub struct Function {
    /// The kernel's symbol.
    pub name: String,
    /// Blocks; those that nobody reaches are ignored.
    pub blocks: Vec<Block>,
    /// Instructions; those in no block are ignored.
    pub insts: Vec<Inst>,
    /// Of each value its type and where it comes from.
    pub values: Vec<(Type, Def)>,
    /// Bytes of local memory of a thread.
    pub local_bytes: u32,
    /// What lies there: first byte and size. They do not overlap.
    pub variables: Vec<(u32, u32)>,
    /// Where gangs go on after [`End::Yield`]; the first one is the entry.
    pub resumes: Vec<BlockId>,
    /// Types of the slots of a gang's frame.
    pub slots: Vec<Type>,
    /// Vectors of constants, a number a lane.
    pub tables: Vec<Vec<u64>>,
    /// What [`Op::Call`] calls.
    pub calls: Vec<super::call::Call>,
}

impl Type {
    /// A vector of 32-bit lanes.
    pub const fn v32(lanes: u8) -> Type {
        Type::V { bits: 32, lanes }
    }

    /// A vector of 64-bit lanes.
    pub const fn v64(lanes: u8) -> Type {
        Type::V { bits: 64, lanes }
    }

    /// Bits of a scalar or of a lane.
    pub fn bits(self) -> u32 {
        match self {
            Type::I1 | Type::M { .. } => 1,
            Type::I32 => 32,
            Type::I64 => 64,
            Type::V { bits, .. } => bits.into(),
        }
    }

    /// Neither vector nor mask.
    pub fn is_scalar(self) -> bool {
        matches!(self, Type::I1 | Type::I32 | Type::I64)
    }

    /// The type of a level-1 register of so many bits.
    pub fn of_register(bits: u32) -> Type {
        match bits {
            1 => Type::I1,
            64 => Type::I64,
            _ => Type::I32,
        }
    }
}

// Written out because lists of plain numbers are copied as a whole then, not one by one.
impl Clone for Inst {
    fn clone(&self) -> Inst {
        let (args, results) = (SmallVec::from_slice(&self.args), SmallVec::from_slice(&self.results));
        Inst { op: self.op.clone(), args, mask: self.mask, results, line: self.line }
    }
}

impl Clone for Target {
    fn clone(&self) -> Target {
        Target::with(self.block, &self.args)
    }
}

impl Target {
    /// Without arguments.
    pub fn to(block: BlockId) -> Target {
        Target { block, args: SmallVec::new() }
    }

    /// With arguments.
    pub fn with(block: BlockId, args: &[Value]) -> Target {
        Target { block, args: SmallVec::from_slice(args) }
    }
}

impl Op {
    /// Two of them with the same arguments give the same result, and nobody notices if it is left out or done once more.
    /// Loads are not pure, though most may be merged.
    pub fn is_pure(&self) -> bool {
        match self {
            Op::Const(_)
            | Op::Frame(_)
            | Op::Compute(_)
            | Op::IsSpace(_)
            | Op::ToGeneric(_)
            | Op::FromGeneric(_) => true,
            Op::Canonical(_) | Op::Scale(_) | Op::Bound(_) | Op::Exponent(_) | Op::Mantissa(_) => true,
            Op::Special(special) => !signature::is_clock(*special),
            Op::Count => true,
            Op::Entered | Op::Any | Op::Context | Op::Argument(_) | Op::Table(_) | Op::Broadcast => true,
            Op::Extract(_) | Op::Half(_) | Op::Join | Op::MaskBits | Op::BitsMask => true,
            Op::MaskAny | Op::MaskAll | Op::Permute | Op::Permute2 => true,
            _ => false,
        }
    }

    /// It must stay even if nobody wants its results.
    pub fn has_effect(&self) -> bool {
        match self {
            Op::Load(access) => access.ordered,
            Op::Gather { .. } | Op::Restore(_) | Op::Total(_) | Op::ActiveMask => false,
            Op::Shuffle(_) | Op::Vote { .. } | Op::Match { .. } | Op::Reduce(..) | Op::Matrix(_) => false,
            Op::Special(_) => false,
            _ => !self.is_pure(),
        }
    }

    /// It reads or writes memory, or waits for those who do.
    pub fn touches_memory(&self) -> bool {
        matches!(
            self,
            Op::Load(_)
                | Op::Store(_)
                | Op::Atomic { .. }
                | Op::Fence
                | Op::WarpBarrier
                | Op::Barrier
                | Op::BarrierReduce { .. }
                | Op::Runtime(_)
                | Op::Gather { .. }
                | Op::Scatter { .. }
                | Op::AtomicLanes { .. }
                | Op::Call(_)
        )
    }
}

impl End {
    /// Calls `visit` with each target.
    pub fn targets<'e>(&'e self, mut visit: impl FnMut(&'e Target)) {
        match self {
            End::Jump(to) => visit(to),
            End::Branch(_, a, b) => {
                visit(a);
                visit(b);
            }
            End::Switch(_, all) => all.iter().for_each(visit),
            End::Exit | End::Yield(_) | End::Return(_) => {}
        }
    }

    /// The same to change them.
    pub fn targets_mut(&mut self, mut visit: impl FnMut(&mut Target)) {
        match self {
            End::Jump(to) => visit(to),
            End::Branch(_, a, b) => {
                visit(a);
                visit(b);
            }
            End::Switch(_, all) => all.iter_mut().for_each(visit),
            End::Exit | End::Yield(_) | End::Return(_) => {}
        }
    }

    /// The value it decides by.
    pub fn condition(&self) -> Option<Value> {
        match self {
            End::Branch(value, ..) | End::Switch(value, _) | End::Return(value) => Some(*value),
            _ => None,
        }
    }

    /// Calls `visit` with every value it uses, to change it.
    pub fn values_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        if let End::Branch(value, ..) | End::Switch(value, _) | End::Return(value) = self {
            visit(value);
        }
        self.targets_mut(|target| target.args.iter_mut().for_each(&mut visit));
    }
}

impl Inst {
    /// Calls `visit` with every value it uses, the mask last.
    pub fn uses(&self, mut visit: impl FnMut(Value)) {
        self.args.iter().for_each(|&value| visit(value));
        self.mask.into_iter().for_each(visit);
    }

    /// The same to change them.
    pub fn uses_mut(&mut self, mut visit: impl FnMut(&mut Value)) {
        self.args.iter_mut().for_each(&mut visit);
        self.mask.iter_mut().for_each(visit);
    }
}

impl Function {
    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.values[value.0 as usize].0
    }

    /// Where a value comes from.
    pub fn def(&self, value: Value) -> Def {
        self.values[value.0 as usize].1
    }

    /// The inst that makes a value, if one does.
    pub fn maker(&self, value: Value) -> Option<&Inst> {
        match self.def(value) {
            Def::Inst(id, _) => Some(self.inst(id)),
            _ => None,
        }
    }

    /// The number a value is, if it is a constant.
    pub fn constant(&self, value: Value) -> Option<u64> {
        match self.maker(value)?.op {
            Op::Const(number) => Some(number),
            _ => None,
        }
    }

    /// An inst.
    pub fn inst(&self, id: InstId) -> &Inst {
        &self.insts[id.0 as usize]
    }

    /// An inst to change.
    pub fn inst_mut(&mut self, id: InstId) -> &mut Inst {
        &mut self.insts[id.0 as usize]
    }

    /// A block.
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id.0 as usize]
    }

    /// A block to change.
    pub fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.0 as usize]
    }

    /// All blocks' numbers.
    pub fn block_ids(&self) -> impl Iterator<Item = BlockId> + use<> {
        (0..self.blocks.len() as u32).map(BlockId)
    }

    /// A new block that exits.
    pub fn add_block(&mut self, line: u32) -> BlockId {
        self.blocks.push(Block { params: Vec::new(), insts: Vec::new(), end: End::Exit, line });
        BlockId(self.blocks.len() as u32 - 1)
    }

    /// A new parameter of a block; who comes there must give it a value.
    pub fn add_param(&mut self, block: BlockId, ty: Type) -> Value {
        let place = self.block(block).params.len() as u16;
        let value = self.add_value(ty, Def::Param(block, place));
        self.block_mut(block).params.push(value);
        value
    }

    /// A new inst with new results of these types, in no block yet.
    pub fn add_inst(
        &mut self,
        op: Op,
        args: &[Value],
        mask: Option<Value>,
        types: &[Type],
        line: u32,
    ) -> InstId {
        let id = InstId(self.insts.len() as u32);
        let mut results = SmallVec::new();
        for (place, &ty) in (0..).zip(types) {
            results.push(self.add_value(ty, Def::Inst(id, place)));
        }
        self.insts.push(Inst { op, args: SmallVec::from_slice(args), mask, results, line });
        id
    }

    fn add_value(&mut self, ty: Type, def: Def) -> Value {
        self.values.push((ty, def));
        Value(self.values.len() as u32 - 1)
    }
}

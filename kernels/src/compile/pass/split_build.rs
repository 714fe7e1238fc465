//! Vector code as it grows: insts go to the end of a block, folded and shared while they are made.

use smallvec::SmallVec;

use super::super::ssa::equal::{self, Equal};
use super::super::ssa::quick::Map;
use super::super::ssa::{Access, BlockId, End, Function, InstId, Op, Target, Type, Value};
use super::split_fold::{self, Number};
use crate::ir::compute::{Comparison, Compute, Conversion, Int, Mode};
use crate::ir::{Type as Kind, op::Space};

/// Insts that there is room for from the start.
const INSTS: usize = 1024;

/// The function under construction, and where it grows.
#[derive(Debug)]
pub struct Builder {
    /// It.
    pub to: Function,
    /// The block that insts are added to.
    pub at: BlockId,
    /// Their line.
    pub line: u32,
    known: Equal,
    tables: Map<Vec<u64>, u32>,
}

impl Builder {
    /// An empty function with its entry as the current block.
    pub fn new(name: &str) -> Builder {
        let insts = Vec::with_capacity(INSTS);
        let values = Vec::with_capacity(INSTS);
        let mut to = Function { name: name.to_owned(), insts, values, ..Function::default() };
        let at = to.add_block(0);
        Builder { to, at, line: 0, known: Equal::with_room(INSTS / 2), tables: Map::default() }
    }

    /// A new block; it is not the current one yet.
    pub fn block(&mut self) -> BlockId {
        self.to.add_block(self.line)
    }

    /// Ends the current block.
    pub fn end(&mut self, end: End) {
        let line = self.line;
        let block = self.to.block_mut(self.at);
        (block.end, block.line) = (end, line);
    }

    /// Ends the current block with a branch, or a jump where the condition is a constant.
    pub fn branch(&mut self, condition: Value, yes: Target, no: Target) {
        let end = self.choose(condition, yes, no);
        self.end(end);
    }

    /// A branch, or a jump where the condition is a constant.
    pub fn choose(&self, condition: Value, yes: Target, no: Target) -> End {
        match self.constant(condition) {
            Some(0) => End::Jump(no),
            Some(_) => End::Jump(yes),
            None => End::Branch(condition, yes, no),
        }
    }

    /// Ends the current block with a jump without arguments and goes on at its target.
    pub fn go(&mut self, block: BlockId) {
        self.end(End::Jump(Target::to(block)));
        self.at = block;
    }

    /// What is known at this place; to be given to [`Builder::forget`] where what was made since is not there any more.
    pub fn mark(&self) -> usize {
        self.known.count()
    }

    /// Values made since the mark are not shared with what comes.
    pub fn forget(&mut self, mark: usize) {
        self.known.forget(mark);
    }

    /// A value's type.
    pub fn ty(&self, value: Value) -> Type {
        self.to.ty(value)
    }

    /// An inst with effects, or one that reads memory.
    pub fn effect(&mut self, op: Op, args: &[Value], mask: Option<Value>, types: &[Type]) -> InstId {
        let id = self.to.add_inst(op, args, mask, types, self.line);
        self.to.block_mut(self.at).insts.push(id);
        id
    }

    /// The same with one result. What is read for no lane is zero.
    pub fn read(&mut self, op: Op, args: &[Value], mask: Option<Value>, ty: Type) -> Value {
        if matches!(op, Op::Load(_) | Op::Gather { .. })
            && mask.is_some_and(|mask| self.constant(mask) == Some(0))
        {
            return self.same(ty, 0);
        }
        let id = self.effect(op, args, mask, &[ty]);
        self.to.inst(id).results[0]
    }

    /// A pure op: what it comes to, the one that is there already, or a new one.
    pub fn pure(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        match *args {
            [a, b] if split_fold::commutes(&op) && self.is_number(a) => self.simple(op, &[b, a], ty),
            _ => self.simple(op, args, ty),
        }
    }

    /// The same where arguments need not change places.
    fn simple(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        match split_fold::simpler(self, &op, args, ty) {
            Some(value) => value,
            None => self.shared(op, args, ty),
        }
    }

    /// A pure op that comes to nothing simpler: the one that is there already, or a new one.
    fn shared(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        let hash = equal::hash(&op, args, None);
        let is_same = |id: InstId| {
            let inst = self.to.inst(id);
            inst.op == op && inst.args[..] == *args && self.to.ty(inst.results[0]) == ty
        };
        let id = match self.known.find(hash, is_same) {
            Some(id) => id,
            None => {
                let id = self.effect(op, args, None, &[ty]);
                self.known.add(hash, id);
                id
            }
        };
        self.to.inst(id).results[0]
    }

    /// Whether a value is a number or numbers.
    pub fn is_number(&self, value: Value) -> bool {
        self.to.maker(value).is_some_and(|inst| matches!(inst.op, Op::Const(_) | Op::Table(_)))
    }

    /// The number or numbers a value is.
    pub fn number(&self, value: Value) -> Option<Number<'_>> {
        match self.to.maker(value)?.op {
            Op::Const(number) => Some(Number::Same(number)),
            Op::Table(table) => Some(Number::Each(&self.to.tables[table as usize])),
            _ => None,
        }
    }

    /// A scalar constant's number.
    pub fn constant(&self, value: Value) -> Option<u64> {
        self.to.constant(value)
    }

    /// The op and arguments of the inst behind a value.
    pub fn made_by(&self, value: Value) -> Option<(&Op, &[Value])> {
        self.to.maker(value).map(|inst| (&inst.op, &inst.args[..]))
    }

    /// A constant: of a scalar, of every lane, or the bits of a mask.
    pub fn same(&mut self, ty: Type, number: u64) -> Value {
        let bits = match ty {
            Type::M { lanes } => lanes.into(),
            ty => ty.bits(),
        };
        let number = if bits < 64 { number & ((1 << bits) - 1) } else { number };
        self.shared(Op::Const(number), &[], ty)
    }

    /// A constant of 32 bits.
    pub fn word(&mut self, number: u32) -> Value {
        self.same(Type::I32, number.into())
    }

    /// A constant of 64 bits.
    pub fn long(&mut self, number: u64) -> Value {
        self.same(Type::I64, number)
    }

    /// A vector of constants.
    pub fn each(&mut self, ty: Type, numbers: Vec<u64>) -> Value {
        self.table(ty, &numbers)
    }

    fn table(&mut self, ty: Type, numbers: &[u64]) -> Value {
        if numbers.iter().all(|&number| number == numbers[0]) {
            return self.same(ty, numbers[0]);
        }
        let table = match self.tables.get(numbers) {
            Some(&table) => table,
            None => {
                let table = self.to.tables.len() as u32;
                self.to.tables.push(numbers.to_vec());
                self.tables.insert(numbers.to_vec(), table);
                table
            }
        };
        self.shared(Op::Table(table), &[], ty)
    }

    /// A constant of numbers that may differ from lane to lane; bits for a mask.
    pub fn constant_of(&mut self, ty: Type, numbers: Vec<u64>) -> Value {
        self.constants(ty, &numbers)
    }

    /// The same of numbers that are somebody's.
    pub fn constants(&mut self, ty: Type, numbers: &[u64]) -> Value {
        match ty {
            Type::M { .. } => {
                let bits = (0..).zip(numbers).fold(0, |bits, (lane, &number)| bits | (number & 1) << lane);
                self.same(ty, bits)
            }
            ty => self.table(ty, numbers),
        }
    }

    /// A `Compute` op.
    pub fn compute(&mut self, compute: Compute, args: &[Value], ty: Type) -> Value {
        self.pure(Op::Compute(compute), args, ty)
    }

    /// An integer op of the result's own type.
    pub fn int(&mut self, op: Int, kind: Kind, args: &[Value]) -> Value {
        let ty = self.ty(args[0]);
        self.compute(Compute::Int(op, kind), args, ty)
    }

    /// The sum of two of the same type, 32 or 64 bits wide.
    pub fn add(&mut self, a: Value, b: Value) -> Value {
        self.int(Int::Add, unsigned(self.ty(a)), &[a, b])
    }

    /// The low bits of a product.
    pub fn multiply(&mut self, a: Value, b: Value) -> Value {
        self.int(Int::MulLow, unsigned(self.ty(a)), &[a, b])
    }

    /// A sum with a constant.
    pub fn add_number(&mut self, a: Value, number: i64) -> Value {
        if number == 0 {
            return a;
        }
        let ty = self.ty(a);
        // At once what the algebra of sums comes to.
        let (a, number) = match self.made_by(a) {
            Some((Op::Compute(Compute::Int(Int::Add, kind)), &[inner, last])) if *kind == unsigned(ty) => {
                match self.constant(last) {
                    Some(more) => (inner, more.wrapping_add(number as u64)),
                    None => (a, number as u64),
                }
            }
            _ => (a, number as u64),
        };
        let number = self.same(ty, number);
        self.add(a, number)
    }

    /// How much more the second of two scalars is than the first, if that is known.
    pub fn distance(&self, from: Value, to: Value) -> Option<i64> {
        let parts = |value: Value| -> (Option<Value>, u64) {
            if let Some(number) = self.constant(value) {
                return (None, number);
            }
            match self.made_by(value) {
                Some((Op::Compute(Compute::Int(Int::Add, _)), &[inner, last])) => match self.constant(last) {
                    Some(number) => (Some(inner), number),
                    None => (Some(value), 0),
                },
                _ => (Some(value), 0),
            }
        };
        let ((from_base, from_number), (to_base, to_number)) = (parts(from), parts(to));
        let distance = to_number.wrapping_sub(from_number);
        let distance = if self.ty(from) == Type::I32 { i64::from(distance as i32) } else { distance as i64 };
        (from_base == to_base).then_some(distance)
    }

    /// A product with a constant.
    pub fn multiply_number(&mut self, a: Value, number: u64) -> Value {
        let ty = self.ty(a);
        let number = self.same(ty, number);
        self.multiply(a, number)
    }

    /// Logic on predicates or masks.
    pub fn logic(&mut self, op: Int, args: &[Value]) -> Value {
        self.int(op, Kind::Pred, args)
    }

    /// Both.
    pub fn and(&mut self, a: Value, b: Value) -> Value {
        self.logic(Int::And, &[a, b])
    }

    /// A comparison of integers.
    pub fn compare(&mut self, comparison: Comparison, kind: Kind, a: Value, b: Value) -> Value {
        let ty = flag_of(self.ty(a));
        self.compute(Compute::Compare(comparison, kind, false), &[a, b], ty)
    }

    /// `condition ? a : b`.
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let ty = self.ty(a);
        self.compute(Compute::Select, &[a, b, condition], ty)
    }

    /// A conversion between integers, to a type of as many lanes.
    pub fn convert(&mut self, to: Kind, from: Kind, value: Value) -> Value {
        let ty = with_bits(self.ty(value), to.bits().max(32) as u8);
        let conversion = Conversion { to, from, mode: Mode::default(), integral: false, finite: false };
        self.compute(Compute::Convert(conversion), &[value], ty)
    }

    /// 64 bits of 32, or as it is.
    pub fn widen(&mut self, value: Value, signed: bool) -> Value {
        match (self.ty(value).bits(), signed) {
            (32, true) => self.convert(Kind::S64, Kind::S32, value),
            (32, false) => self.convert(Kind::U64, Kind::U32, value),
            _ => value,
        }
    }

    /// The low 32 bits of 64, or as it is.
    pub fn narrow(&mut self, value: Value) -> Value {
        if self.ty(value).bits() == 64 { self.convert(Kind::U32, Kind::U64, value) } else { value }
    }

    /// A scalar in so many lanes.
    pub fn broadcast(&mut self, value: Value, lanes: u8) -> Value {
        let ty = vector_of(self.ty(value), lanes);
        self.pure(Op::Broadcast, &[value], ty)
    }

    /// A half of the lanes.
    pub fn half(&mut self, value: Value, half: u8) -> Value {
        let ty = with_lanes(self.ty(value), lanes(self.ty(value)) / 2);
        self.pure(Op::Half(half), &[value], ty)
    }

    /// Two halves.
    pub fn join(&mut self, low: Value, high: Value) -> Value {
        let ty = with_lanes(self.ty(low), lanes(self.ty(low)) * 2);
        self.pure(Op::Join, &[low, high], ty)
    }

    /// The scalar in a lane of a vector.
    pub fn extract(&mut self, value: Value, lane: u8) -> Value {
        let ty = scalar_of(self.ty(value));
        self.pure(Op::Extract(lane), &[value], ty)
    }

    /// Lanes as an index says.
    pub fn permute(&mut self, index: Value, value: Value) -> Value {
        let ty = self.ty(value);
        self.pure(Op::Permute, &[index, value], ty)
    }

    /// Lanes of two vectors as an index says.
    pub fn permute2(&mut self, index: Value, first: Value, second: Value) -> Value {
        let ty = self.ty(first);
        self.pure(Op::Permute2, &[index, first, second], ty)
    }

    /// A mask as a number.
    pub fn bits(&mut self, mask: Value) -> Value {
        self.pure(Op::MaskBits, &[mask], Type::I32)
    }

    /// A number as a mask.
    pub fn mask(&mut self, bits: Value, lanes: u8) -> Value {
        self.pure(Op::BitsMask, &[bits], Type::M { lanes })
    }

    /// Whether a lane of any of these masks is set.
    pub fn any(&mut self, masks: &[Value]) -> Value {
        let scalar = |mask: &Value| match self.made_by(*mask) {
            Some((Op::Broadcast, args)) => Some(args[0]),
            _ => None,
        };
        if let Some(scalars) = masks.iter().map(scalar).collect::<Option<Vec<_>>>() {
            return self.either(&scalars);
        }
        let all = self.either(masks);
        self.pure(Op::MaskAny, &[all], Type::I1)
    }

    /// The union of masks or predicates.
    pub fn either(&mut self, flags: &[Value]) -> Value {
        let mut all: SmallVec<[Value; 16]> = SmallVec::from_slice(flags);
        all.dedup();
        while all.len() > 1 {
            for at in 0..all.len().div_ceil(2) {
                all[at] = match all[at * 2..] {
                    [a, b, ..] => self.logic(Int::Or, &[a, b]),
                    _ => all[at * 2],
                };
            }
            all.truncate(all.len().div_ceil(2));
        }
        all[0]
    }

    /// A scalar load of memory that nobody changes: a field of the context.
    pub fn field(&mut self, context: Value, offset: usize, bytes: u8) -> Value {
        let ty = if bytes == 8 { Type::I64 } else { Type::I32 };
        self.read(Op::Load(constant_access(offset, bytes)), &[context], None, ty)
    }
}

/// An access to a field of the context. Nobody but the runtime looks at what compiled code writes there.
pub fn constant_access(offset: usize, bytes: u8) -> Access {
    Access { space: Space::Param, bytes, signed: false, ordered: false, offset: offset as i64 }
}

/// The unsigned kind of a type's lanes.
pub fn unsigned(ty: Type) -> Kind {
    if ty.bits() == 64 { Kind::U64 } else { Kind::U32 }
}

/// Lanes of a vector or mask, 1 of a scalar.
pub fn lanes(ty: Type) -> u8 {
    match ty {
        Type::V { lanes, .. } | Type::M { lanes } => lanes,
        _ => 1,
    }
}

/// The type of one lane.
pub fn scalar_of(ty: Type) -> Type {
    match ty {
        Type::V { bits: 64, .. } => Type::I64,
        Type::V { .. } => Type::I32,
        Type::M { .. } => Type::I1,
        scalar => scalar,
    }
}

/// So many lanes of a scalar.
pub fn vector_of(ty: Type, lanes: u8) -> Type {
    match ty {
        Type::I1 => Type::M { lanes },
        Type::I32 => Type::v32(lanes),
        Type::I64 => Type::v64(lanes),
        other => other,
    }
}

fn with_lanes(ty: Type, lanes: u8) -> Type {
    vector_of(scalar_of(ty), lanes)
}

fn with_bits(ty: Type, bits: u8) -> Type {
    let scalar = if bits == 64 { Type::I64 } else { Type::I32 };
    if ty.is_scalar() { scalar } else { vector_of(scalar, lanes(ty)) }
}

/// The predicate or mask that fits a type.
pub fn flag_of(ty: Type) -> Type {
    if ty.is_scalar() { Type::I1 } else { Type::M { lanes: lanes(ty) } }
}

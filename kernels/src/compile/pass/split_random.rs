//! Masked functions grown from a seed, for tests: every op that vector code is made of, on values of every shape.

use super::super::ssa::{Access, BlockId, End, Function, Op, Target, Type, Value};
use crate::ir::Type as Kind;
use crate::ir::compute::{Comparison, Compute, Conversion, Float, Int, Mode};
use crate::ir::op::{Reduction, Shuffle, Space, Special, Vote};
use crate::memory::AtomicOp;

/// Bytes of global memory that loads, atomics and stray stores go to.
pub const DATA_BYTES: u64 = 2048;
/// Bytes of results that each thread writes.
pub const RESULT_BYTES: u64 = 64;

/// Grows one.
pub struct Grower {
    function: Function,
    block: BlockId,
    state: u64,
    words: Vec<Value>,
    longs: Vec<Value>,
    flags: Vec<Value>,
    entered: Value,
    data: Value,
    warps: bool,
}

/// A function of a seed for blocks of so many threads in x and y. Parameters: data, results. `warps`: with operations of warps.
pub fn grow(seed: u64, block: [u32; 3], warps: bool) -> Function {
    let mut function = Function { name: format!("seed{seed}"), local_bytes: 64, ..Function::default() };
    let entry = function.add_block(0);
    let mut grower = Grower {
        function,
        block: entry,
        state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        words: Vec::new(),
        longs: Vec::new(),
        flags: Vec::new(),
        entered: Value(0),
        data: Value(0),
        warps,
    };
    grower.start();
    for _ in 0..12 {
        grower.step();
    }
    grower.looped();
    for _ in 0..6 {
        grower.step();
    }
    grower.results(block);
    grower.function.block_mut(grower.block).end = End::Exit;
    grower.function
}

impl Grower {
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % end
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn put(&mut self, op: Op, args: &[Value], mask: Option<Value>, types: &[Type]) -> Vec<Value> {
        let id = self.function.add_inst(op, args, mask, types, 1);
        self.function.block_mut(self.block).insts.push(id);
        self.function.inst(id).results.to_vec()
    }

    fn one(&mut self, op: Op, args: &[Value], ty: Type) -> Value {
        self.put(op, args, None, &[ty])[0]
    }

    fn number(&mut self, ty: Type, number: u64) -> Value {
        self.one(Op::Const(number), &[], ty)
    }

    fn keep(&mut self, value: Value) {
        match self.function.ty(value) {
            Type::I1 => self.flags.push(value),
            Type::I32 => self.words.push(value),
            _ => self.longs.push(value),
        }
    }

    fn word(&mut self) -> Value {
        // Late ones more often than early ones.
        let back = self.below(self.words.len()).min(self.below(self.words.len()));
        self.words[self.words.len() - 1 - back]
    }

    fn long(&mut self) -> Value {
        let back = self.below(self.longs.len()).min(self.below(self.longs.len()));
        self.longs[self.longs.len() - 1 - back]
    }

    fn flag(&mut self) -> Value {
        let back = self.below(self.flags.len()).min(self.below(self.flags.len()));
        self.flags[self.flags.len() - 1 - back]
    }

    fn any(&mut self, ty: Type) -> Value {
        match ty {
            Type::I1 => self.flag(),
            Type::I32 => self.word(),
            _ => self.long(),
        }
    }

    fn start(&mut self) {
        self.entered = self.one(Op::Entered, &[], Type::I1);
        self.flags.push(self.entered);
        for special in [
            Special::Tid(0),
            Special::Tid(1),
            Special::Tid(2),
            Special::CtaId(0),
            Special::LaneId,
            Special::WarpId,
            Special::LaneMaskLt,
            Special::LaneMaskGe,
            Special::NTid(0),
        ] {
            let value = self.one(Op::Special(special), &[], Type::I32);
            self.words.push(value);
        }
        for number in [0, 1, 4, 7, 31, 0xffff_fff0, 0x3f80_0000] {
            let value = self.number(Type::I32, number);
            self.words.push(value);
        }
        for number in [0, 3, 1 << 40, 0x3ff0 << 48] {
            let value = self.number(Type::I64, number);
            self.longs.push(value);
        }
        let zero = self.number(Type::I64, 0);
        self.data = self.one(Op::Load(access(Space::Param, 8, false)), &[zero], Type::I64);
        let flag = self.one(
            Op::Compute(Compute::Compare(Comparison::Lt, Kind::S32, false)),
            &[self.words[0], self.words[1]],
            Type::I1,
        );
        self.flags.push(flag);
        // What lies in there at the start is nobody's business.
        let address = self.number(Type::I32, 0);
        for space in [Space::Shared, Space::Local] {
            for at in 0..16 {
                let access = Access { offset: at * 4, ..access(space, 4, false) };
                self.put(Op::Store(access), &[address, address], None, &[]);
            }
        }
    }

    fn step(&mut self) {
        match self.below(20) {
            0..4 => self.integer(),
            4 => self.long_integer(),
            5 | 6 => self.float(),
            7 => self.convert(),
            8 => self.compare(),
            9 => self.select(),
            10..13 => self.load(),
            13 => self.store(),
            14 => self.space(),
            15 | 16 => self.atomic(),
            17 => self.affine(),
            _ if self.warps => self.warp(),
            _ => self.integer(),
        }
    }

    fn integer(&mut self) {
        use Int::{
            Abs, Add, And, Clz, Div, Max, Min, MulHigh, MulLow, Neg, Not, Or, Popc, Rem, Shl, Shr, Sub, Xor,
        };
        let op = self.of(&[
            Add, Add, Sub, MulLow, MulHigh, And, Or, Xor, Min, Max, Shl, Shr, Not, Neg, Abs, Popc, Clz, Div,
            Rem,
        ]);
        let kind = self.of(&[Kind::U32, Kind::S32]);
        let count = Compute::Int(op, kind).sources();
        let args: Vec<Value> = (0..count).map(|_| self.word()).collect();
        let value = self.one(Op::Compute(Compute::Int(op, kind)), &args, Type::I32);
        self.keep(value);
    }

    fn long_integer(&mut self) {
        let kind = self.of(&[Kind::U64, Kind::S64]);
        let op = self.of(&[
            Int::Add,
            Int::Sub,
            Int::MulLow,
            Int::Xor,
            Int::Max,
            Int::Shl,
            Int::Shr,
            Int::Popc,
            Int::Div,
        ]);
        let count = Compute::Int(op, kind).sources();
        let mut args: Vec<Value> = (0..count).map(|_| self.long()).collect();
        if matches!(op, Int::Shl | Int::Shr) {
            args[1] = self.word();
        }
        let ty = if op == Int::Popc { Type::I32 } else { Type::I64 };
        let value = self.one(Op::Compute(Compute::Int(op, kind)), &args, ty);
        self.keep(value);
    }

    fn float(&mut self) {
        let op = self.of(&[Float::Add, Float::Mul, Float::Fma, Float::Min, Float::Neg, Float::Ex2]);
        let wide = op != Float::Ex2 && self.below(4) == 0;
        let (kind, ty) = if wide { (Kind::F64, Type::I64) } else { (Kind::F32, Type::I32) };
        let compute = Compute::Float(op, kind, Mode::default());
        let args: Vec<Value> = (0..compute.sources()).map(|_| self.any(ty)).collect();
        let value = self.one(Op::Compute(compute), &args, ty);
        self.keep(value);
    }

    fn convert(&mut self) {
        let pairs = [
            (Kind::S64, Kind::S32),
            (Kind::U64, Kind::U32),
            (Kind::U32, Kind::U64),
            (Kind::S32, Kind::S8),
            (Kind::U32, Kind::U16),
            (Kind::F32, Kind::S32),
            (Kind::F64, Kind::U32),
            (Kind::S32, Kind::F32),
            (Kind::F32, Kind::F64),
            (Kind::F64, Kind::F32),
            (Kind::S64, Kind::F32),
        ];
        let (to, from) = self.of(&pairs);
        let arg = self.any(Type::of_register(from.bits()));
        let mode = match (to.float(), from.float()) {
            (false, true) => Mode { rounding: crate::ir::Rounding::Zero, ..Mode::default() },
            _ => Mode::default(),
        };
        let conversion = Conversion { to, from, mode, integral: false, finite: false };
        let value = self.one(Op::Compute(Compute::Convert(conversion)), &[arg], Type::of_register(to.bits()));
        self.keep(value);
    }

    fn compare(&mut self) {
        let kind = self.of(&[Kind::U32, Kind::S32, Kind::U64, Kind::F32, Kind::F64]);
        let order = self.of(&[Comparison::Eq, Comparison::Ne, Comparison::Lt, Comparison::Ge]);
        let ty = Type::of_register(kind.bits());
        let args = [self.any(ty), self.any(ty)];
        let value = self.one(Op::Compute(Compute::Compare(order, kind, false)), &args, Type::I1);
        self.keep(value);
    }

    fn select(&mut self) {
        let ty = self.of(&[Type::I1, Type::I32, Type::I32, Type::I64]);
        let args = [self.any(ty), self.any(ty), self.flag()];
        let value = self.one(Op::Compute(Compute::Select), &args, ty);
        self.keep(value);
    }

    /// Sums and products that lanes in a row make.
    fn affine(&mut self) {
        let tid = self.words[0];
        let factor = self.of(&[1, 1, 4, 8, 12, 0xffff_ffff]);
        let factor = self.number(Type::I32, factor);
        let product = self.one(Op::Compute(Compute::Int(Int::MulLow, Kind::U32)), &[tid, factor], Type::I32);
        let other = self.word();
        let sum = self.one(Op::Compute(Compute::Int(Int::Add, Kind::U32)), &[product, other], Type::I32);
        self.keep(product);
        self.keep(sum);
    }

    /// A mask, or none; then all threads that exist.
    fn mask(&mut self) -> Option<Value> {
        if self.below(3) == 0 {
            return None;
        }
        let flag = self.flag();
        Some(self.one(Op::Compute(Compute::Int(Int::And, Kind::Pred)), &[self.entered, flag], Type::I1))
    }

    /// What a masked op gave, and something else outside of the mask: what it gives there is nobody's business.
    fn inside(&mut self, results: &[Value], mask: Option<Value>) {
        for &result in results {
            let mut value = result;
            if let Some(mask) = mask {
                let ty = self.function.ty(result);
                let other = self.any(ty);
                value = self.one(Op::Compute(Compute::Select), &[result, other, mask], ty);
            }
            self.keep(value);
        }
    }

    /// An offset below an end that suits so many bytes, in one of several forms.
    fn offset(&mut self, bytes: u64, end: u64) -> Value {
        let index = if self.below(3) == 0 { self.words[0] } else { self.word() };
        let mask = self.number(Type::I32, end / bytes / 2 - 1);
        let index = self.one(Op::Compute(Compute::Int(Int::And, Kind::B32)), &[index, mask], Type::I32);
        let index = if self.below(2) == 0 { self.words[0] } else { index };
        match self.below(3) {
            0 => {
                let size = self.number(Type::I32, bytes);
                let kind = self.of(&[Kind::U32, Kind::S32]);
                self.one(Op::Compute(Compute::Int(Int::MulWide, kind)), &[index, size], Type::I64)
            }
            1 => {
                let wide = self.widened(index);
                let amount = self.number(Type::I32, bytes.trailing_zeros().into());
                self.one(Op::Compute(Compute::Int(Int::Shl, Kind::B64)), &[wide, amount], Type::I64)
            }
            _ => {
                let size = self.number(Type::I32, bytes);
                let index =
                    self.one(Op::Compute(Compute::Int(Int::MulLow, Kind::U32)), &[index, size], Type::I32);
                self.widened(index)
            }
        }
    }

    fn widened(&mut self, value: Value) -> Value {
        let (to, from) = self.of(&[(Kind::S64, Kind::S32), (Kind::U64, Kind::U32)]);
        let conversion = Conversion { to, from, mode: Mode::default(), integral: false, finite: false };
        self.one(Op::Compute(Compute::Convert(conversion)), &[value], Type::I64)
    }

    /// An address in the data, that of one element.
    fn address(&mut self, bytes: u64) -> Value {
        let offset = self.offset(bytes, DATA_BYTES);
        self.one(Op::Compute(Compute::Int(Int::Add, Kind::U64)), &[self.data, offset], Type::I64)
    }

    fn load(&mut self) {
        let bytes = self.of(&[1, 2, 4, 4, 4, 8]);
        let count = if bytes < 4 { self.of(&[1, 1, 4 / u64::from(bytes)]) } else { self.of(&[1, 1, 2, 4]) };
        let address = self.address(u64::from(bytes) * count);
        let wide = bytes == 8 || self.below(6) == 0;
        let ty = if wide { Type::I64 } else { Type::I32 };
        let signed = bytes < 8 && self.below(2) == 0;
        let mask = self.mask();
        let types = vec![ty; count as usize];
        let op = Op::Load(access(Space::Global, bytes, signed));
        let results = self.put(op, &[address], mask, &types);
        self.inside(&results, mask);
    }

    fn store(&mut self) {
        let bytes = self.of(&[1, 2, 4, 4, 8]);
        let count = if self.below(3) == 0 { self.of(&[1, 1, 2, 4]) } else { 1 };
        let count = if bytes < 4 && count > 1 { 4 / u64::from(bytes) } else { count };
        let mut args = vec![self.address(u64::from(bytes) * count)];
        for _ in 0..count {
            args.push(if bytes == 8 || self.below(6) == 0 { self.long() } else { self.word() });
        }
        let mask = self.mask();
        self.put(Op::Store(access(Space::Global, bytes, false)), &args, mask, &[]);
    }

    /// Shared or local memory: 64 bytes of it.
    fn space(&mut self) {
        let space = self.of(&[Space::Shared, Space::Local]);
        let index = self.word();
        let mask = self.number(Type::I32, 0x3c);
        let mut offset = self.one(Op::Compute(Compute::Int(Int::And, Kind::B32)), &[index, mask], Type::I32);
        if self.below(3) == 0 {
            offset = self.number(Type::I32, 8);
        }
        if self.below(3) == 0 {
            offset = self.widened(offset);
        }
        let mask = self.mask();
        if self.below(2) == 0 {
            let value = self.word();
            self.put(Op::Store(access(space, 4, false)), &[offset, value], mask, &[]);
            return;
        }
        let results = self.put(Op::Load(access(space, 4, false)), &[offset], mask, &[Type::I32]);
        self.inside(&results, mask);
    }

    fn atomic(&mut self) {
        let op = self.of(&[
            AtomicOp::Add,
            AtomicOp::Add,
            AtomicOp::And,
            AtomicOp::Xor,
            AtomicOp::MinSigned,
            AtomicOp::MaxUnsigned,
            AtomicOp::Exchange,
            AtomicOp::CompareExchange,
            AtomicOp::AddFloat,
            AtomicOp::AddHalf,
        ]);
        let bytes = if op == AtomicOp::AddHalf { 4 } else { self.of(&[4, 4, 8]) };
        let ty = if bytes == 8 { Type::I64 } else { Type::I32 };
        let (space, address) = match self.below(3) {
            0 => (Space::Global, self.data),
            1 => (Space::Global, self.address(bytes.into())),
            _ => (Space::Shared, self.number(Type::I32, 16)),
        };
        let args = [address, self.any(ty), self.any(ty)];
        let mask = self.mask();
        let types: &[Type] = if self.below(2) == 0 { &[] } else { &[ty] };
        let op = Op::Atomic { access: access(space, bytes, false), op, align: bytes };
        let results = self.put(op, &args, mask, types);
        self.inside(&results, mask);
    }

    fn warp(&mut self) {
        let mask = self.mask();
        let all = self.number(Type::I32, 0xffff_ffff);
        let results = match self.below(8) {
            0..4 => {
                let mode = self.of(&[Shuffle::Up, Shuffle::Down, Shuffle::Butterfly, Shuffle::Index]);
                let clamp = self.of(&[0x1f, 0x1f, 0, 0x181f, 0x1c03, 0x1000]);
                let clamp = self.number(Type::I32, clamp);
                let by = self.of(&[1, 2, 4, 8, 16, 5]);
                let by = if self.below(3) == 0 { self.word() } else { self.number(Type::I32, by) };
                let value = self.word();
                self.put(Op::Shuffle(mode), &[value, by, clamp], mask, &[Type::I32, Type::I1])
            }
            4 => {
                let mode = self.of(&[Vote::All, Vote::Any, Vote::Uniform, Vote::Ballot]);
                let ty = if mode == Vote::Ballot { Type::I32 } else { Type::I1 };
                let (negated, flag) = (self.below(2) == 0, self.flag());
                self.put(Op::Vote { mode, negated }, &[flag, all], mask, &[ty])
            }
            5 => {
                let op = self.of(&[Reduction::Add, Reduction::Min, Reduction::Max, Reduction::Xor]);
                let (kind, value) = (self.of(&[Kind::U32, Kind::S32]), self.word());
                self.put(Op::Reduce(op, kind), &[value, all], mask, &[Type::I32])
            }
            6 => {
                let value = self.word();
                self.put(Op::Match { all: false }, &[value, all], mask, &[Type::I32])
            }
            _ => self.put(Op::ActiveMask, &[], mask, &[Type::I32]),
        };
        self.inside(&results, mask);
    }

    /// A loop that all threads run as often, with a part that is left out if no thread wants it.
    fn looped(&mut self) {
        let (head, out) = (self.function.add_block(1), self.function.add_block(1));
        let zero = self.number(Type::I32, 0);
        let carried: Vec<Value> = vec![self.word(), self.word(), self.long(), self.flag()];
        let first: Vec<Value> = [&[zero], &carried[..]].concat();
        self.function.block_mut(self.block).end = End::Jump(Target::with(head, &first));
        let types: Vec<Type> = first.iter().map(|&value| self.function.ty(value)).collect();
        let params: Vec<Value> = types.iter().map(|&ty| self.function.add_param(head, ty)).collect();
        self.block = head;
        let pools = (self.words.len(), self.longs.len(), self.flags.len());
        params[1..].iter().for_each(|&param| self.keep(param));
        for _ in 0..5 {
            self.step();
        }
        self.skipped();
        let one = self.number(Type::I32, 1);
        let next = self.one(Op::Compute(Compute::Int(Int::Add, Kind::U32)), &[params[0], one], Type::I32);
        let end = self.number(Type::I32, 3);
        let more = Op::Compute(Compute::Compare(Comparison::Lt, Kind::U32, false));
        let more = self.one(more, &[next, end], Type::I1);
        let again: Vec<Value> =
            [&[next], &types[1..].iter().map(|&ty| self.any(ty)).collect::<Vec<_>>()[..]].concat();
        let given: Vec<Value> = again[1..].to_vec();
        self.function.block_mut(self.block).end =
            End::Branch(more, Target::with(head, &again), Target::with(out, &given));
        self.block = out;
        self.words.truncate(pools.0);
        self.longs.truncate(pools.1);
        self.flags.truncate(pools.2);
        for &ty in &types[1..] {
            let param = self.function.add_param(out, ty);
            self.keep(param);
        }
    }

    fn skipped(&mut self) {
        let flag = self.flag();
        let and = Op::Compute(Compute::Int(Int::And, Kind::Pred));
        let mask = self.one(and, &[self.entered, flag], Type::I1);
        let any = self.one(Op::Any, &[mask], Type::I1);
        let (body, join) = (self.function.add_block(1), self.function.add_block(1));
        let before = [self.word(), self.long()];
        self.function.block_mut(self.block).end =
            End::Branch(any, Target::to(body), Target::with(join, &before));
        let pools = (self.words.len(), self.longs.len(), self.flags.len());
        self.block = body;
        let address = self.address(4);
        let value = self.put(Op::Load(access(Space::Global, 4, false)), &[address], Some(mask), &[Type::I32]);
        self.inside(&value, Some(mask));
        let uniform =
            self.put(Op::Load(access(Space::Global, 4, false)), &[self.data], Some(mask), &[Type::I32]);
        self.inside(&uniform, Some(mask));
        let value = self.word();
        self.put(Op::Store(access(Space::Global, 4, false)), &[self.data, value], Some(mask), &[]);
        self.step();
        let new = [self.word(), self.long()];
        let select = Op::Compute(Compute::Select);
        let after = [
            self.one(select.clone(), &[new[0], before[0], mask], Type::I32),
            self.one(select, &[new[1], before[1], mask], Type::I64),
        ];
        self.function.block_mut(self.block).end = End::Jump(Target::with(join, &after));
        self.block = join;
        self.words.truncate(pools.0);
        self.longs.truncate(pools.1);
        self.flags.truncate(pools.2);
        for ty in [Type::I32, Type::I64] {
            let param = self.function.add_param(join, ty);
            self.keep(param);
        }
    }

    /// Each thread writes some of its values.
    fn results(&mut self, block: [u32; 3]) {
        let int = |op| Op::Compute(Compute::Int(op, Kind::U32));
        let mut thread = self.number(Type::I32, 0);
        for axis in [3, 2, 1, 0] {
            let (special, size) = match axis {
                3 => (Special::CtaId(0), 1),
                axis => (Special::Tid(axis), block[usize::from(axis)]),
            };
            let own = self.one(Op::Special(special), &[], Type::I32);
            let size = self.number(Type::I32, size.into());
            thread = self.one(int(Int::MulLow), &[thread, size], Type::I32);
            thread = self.one(int(Int::Add), &[thread, own], Type::I32);
        }
        let size = self.number(Type::I32, RESULT_BYTES);
        let offset = self.one(Op::Compute(Compute::Int(Int::MulWide, Kind::U32)), &[thread, size], Type::I64);
        let zero = self.number(Type::I64, 0);
        let parameter = Access { offset: 8, ..access(Space::Param, 8, false) };
        let results = self.one(Op::Load(parameter), &[zero], Type::I64);
        let address = self.one(Op::Compute(Compute::Int(Int::Add, Kind::U64)), &[results, offset], Type::I64);
        for at in 0..6 {
            let (zero, one) = (self.number(Type::I32, 0), self.number(Type::I32, 1));
            let (value, bytes) = match at {
                0..3 => (self.word(), 4),
                3 => {
                    let flag = self.flag();
                    (self.one(Op::Compute(Compute::Select), &[one, zero, flag], Type::I32), 4)
                }
                _ => (self.long(), 8),
            };
            let access = Access { offset: at * 8, ..access(Space::Global, bytes, false) };
            self.put(Op::Store(access), &[address, value], None, &[]);
        }
    }
}

fn access(space: Space, bytes: u8, signed: bool) -> Access {
    Access { space, bytes, signed, ordered: false, offset: 0 }
}

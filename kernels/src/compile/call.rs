//! What compiled code asks of the runtime: descriptions of calls, the same as the interpreter would make.
//!
//! **The buffer.** Arguments lie in [`super::context::Context::buffer`] one behind the other, results are left from its start. A value
//! is what all lanes of the call have, however many vectors it takes: its parts lie one behind the other, lower lanes first, and the
//! next value starts at the next multiple of 8 bytes. [`Form`] says how each lies; [`Call::lay_out`] gives the offset of every part.
//! Results in lanes outside of the mask are zero.

use super::context::BUFFER_BYTES;
use super::ssa::{Function, Inst, Type, Value};
use crate::ir::Compute;
use crate::ir::op::{Reduction, Runtime, Shuffle, Special, Vote};
use crate::ir::{Type as Kind, matrix};
use crate::memory::AtomicOp;

/// One call in the code.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What.
    pub what: What,
    /// Lanes: those of the gang, or 1 for a scalar.
    pub lanes: u32,
    /// The line of the PTX text.
    pub line: u32,
    /// The first argument says for which lanes: a mask, a number with a bit a lane, or a flag for all of them. Without it all
    /// lanes are there.
    pub masked: bool,
    /// How each argument lies in the buffer.
    pub arguments: Vec<Form>,
    /// How each result does.
    pub results: Vec<Form>,
}

/// What is called. Arguments and results are those of the op of the same name, a value a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A pure op.
    Compute(Compute),
    /// A special register that only the runtime knows (clocks).
    Special(Special),
    /// Device functions of the runtime.
    Runtime(Runtime),
    /// Read-modify-writes of addresses: bytes. Arguments: address, operand, and compare if it matters. Lanes ascend.
    Atomic(AtomicOp, u32),
    /// Warp operations that are no register ops. Arguments: value, lane, clamp; results: the value, and whether in range.
    Shuffle(Shuffle),
    /// Agreements among members. Arguments: predicate, members. The flag: the predicate counts inverted.
    Vote(Vote, bool),
    /// Equal values. Arguments: value, members; results: the mask and, for all, whether.
    Match(bool),
    /// Reductions among members. Arguments: value, members.
    Reduce(Reduction, Kind),
    /// Products of matrices. Arguments: the registers of A, B and C; results: those of D.
    Matrix(Box<matrix::Product>),
    /// Checks accesses against the table of allocations. Argument: the address.
    Check {
        /// So many bytes.
        bytes: u32,
        /// What the address has to be a multiple of.
        align: u32,
        /// They are written.
        write: bool,
    },
    /// The thread's fault.
    Trap,
    /// The same, because a table of targets has none for its index.
    NoTarget,
}

/// How a value lies in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A bit a lane, lane 0 the lowest of the first byte; as many words of 8 bytes as it takes. Bits above the lanes do not count.
    Mask,
    /// 4 bytes a lane.
    Lanes32,
    /// 8 bytes a lane.
    Lanes64,
    /// One number for all lanes, of 1, 32 or 64 bits, in 8 bytes. What is above its bits does not count.
    Scalar(u8),
}

impl Form {
    /// The bytes it takes with so many lanes, a multiple of 8.
    pub fn bytes(self, lanes: u32) -> u32 {
        match self {
            Form::Mask => lanes.div_ceil(64) * 8,
            Form::Lanes32 => (lanes * 4).next_multiple_of(8),
            Form::Lanes64 => lanes * 8,
            Form::Scalar(_) => 8,
        }
    }

    /// Of a value of vector code, and how many lanes one has.
    fn of(ty: Type) -> (Form, Option<u8>) {
        match ty {
            Type::V { bits: 64, lanes } => (Form::Lanes64, Some(lanes)),
            Type::V { lanes, .. } => (Form::Lanes32, Some(lanes)),
            Type::M { lanes } => (Form::Mask, Some(lanes)),
            Type::I1 => (Form::Scalar(1), None),
            Type::I32 => (Form::Scalar(32), None),
            Type::I64 => (Form::Scalar(64), None),
        }
    }
}

/// Where the arguments and results of an inst lie in the buffer: the offset of each in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// One for each argument of the inst.
    pub arguments: Vec<u32>,
    /// One for each result.
    pub results: Vec<u32>,
}

impl Call {
    /// A call whose values are not laid out yet.
    pub fn new(what: What, lanes: u32, line: u32, masked: bool) -> Call {
        Call { what, lanes, line, masked, arguments: Vec::new(), results: Vec::new() }
    }

    /// Notes how the arguments and results of an inst of vector code lie in the buffer, and says where. Parts of one value
    /// follow each other until the lanes are all there. `None` if they do not add up, or there is no room.
    pub fn lay_out(&mut self, arguments: &[Type], results: &[Type]) -> Option<Layout> {
        let (forms, arguments) = lay_out(self.lanes, arguments)?;
        self.arguments = forms;
        let (forms, results) = lay_out(self.lanes, results)?;
        self.results = forms;
        let mask = self.arguments.first();
        let fits = match mask {
            _ if !self.masked => true,
            Some(Form::Mask | Form::Scalar(1)) => true,
            Some(Form::Scalar(bits)) => self.lanes <= u32::from(*bits),
            _ => false,
        };
        fits.then_some(Layout { arguments, results })
    }
}

impl Function {
    /// The call that an inst of vector code makes, laid out. `None` if its values do not add up, or have no room.
    pub fn call_of(&self, inst: &Inst, number: u32) -> Option<(Call, Layout)> {
        let mut call = self.calls.get(number as usize)?.clone();
        let types = |values: &[Value]| values.iter().map(|&value| self.ty(value)).collect::<Vec<Type>>();
        let layout = call.lay_out(&types(&inst.args), &types(&inst.results))?;
        Some((call, layout))
    }
}

fn lay_out(lanes: u32, types: &[Type]) -> Option<(Vec<Form>, Vec<u32>)> {
    let (mut forms, mut offsets, mut start) = (Vec::new(), Vec::new(), 0);
    let mut rest = types.iter();
    while let Some(&ty) = rest.next() {
        let (form, part) = Form::of(ty);
        offsets.push(start);
        let mut have = part.map_or(lanes, u32::from);
        while have < lanes {
            let (same, more) = Form::of(*rest.next()?);
            let bits = if form == Form::Mask { have } else { 0 };
            if same != form || !bits.is_multiple_of(8) {
                return None;
            }
            offsets.push(start + part_offset(form, have));
            have += u32::from(more?);
        }
        if have != lanes {
            return None;
        }
        forms.push(form);
        start += form.bytes(lanes);
    }
    (start as usize <= BUFFER_BYTES).then_some((forms, offsets))
}

/// Where a part starts behind so many lanes.
fn part_offset(form: Form, lanes: u32) -> u32 {
    match form {
        Form::Mask => lanes / 8,
        Form::Lanes32 => lanes * 4,
        Form::Lanes64 => lanes * 8,
        Form::Scalar(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(lanes: u32, types: &[Type]) -> Option<(Vec<Form>, Vec<u32>)> {
        lay_out(lanes, types)
    }

    #[test]
    fn parts_of_a_value_lie_one_behind_the_other() {
        let (v32, v64, m16, m8) = (Type::v32(16), Type::v64(8), Type::M { lanes: 16 }, Type::M { lanes: 8 });
        use Form::{Lanes32, Lanes64, Mask, Scalar};
        for (lanes, types, forms, offsets) in [
            (16, vec![v32, v32], vec![Lanes32, Lanes32], vec![0, 64]),
            (16, vec![m16, v64, v64, v32], vec![Mask, Lanes64, Lanes32], vec![0, 8, 72, 136]),
            (32, vec![m16, m16, Type::I32, v32, v32], vec![Mask, Scalar(32), Lanes32], vec![0, 2, 8, 16, 80]),
            (16, vec![m8, m8, Type::I1], vec![Mask, Scalar(1)], vec![0, 1, 8]),
            (80, vec![m16; 5], vec![Mask], vec![0, 2, 4, 6, 8]),
            (80, [vec![m16; 5], vec![Type::I64]].concat(), vec![Mask, Scalar(64)], vec![0, 2, 4, 6, 8, 16]),
            (
                1,
                vec![Type::I1, Type::I64, Type::I32],
                vec![Scalar(1), Scalar(64), Scalar(32)],
                vec![0, 8, 16],
            ),
            (16, vec![Type::v32(8), Type::v32(8)], vec![Lanes32], vec![0, 32]),
        ] {
            assert_eq!(laid(lanes, &types), Some((forms, offsets)), "{types:?}");
        }
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        let (v32, v64) = (Type::v32(16), Type::v64(8));
        for (lanes, types) in [
            (32, vec![v32]),
            (32, vec![v32, v64, v64]),
            (16, vec![v32, v64]),
            (8, vec![v32]),
            (32, vec![v32, Type::I32]),
            (1, vec![v32]),
            (256, vec![v32; 16 * 17]),
        ] {
            assert_eq!(laid(lanes, &types), None, "{types:?}");
        }
        let mut call = Call::new(What::Trap, 16, 1, true);
        assert_eq!(call.lay_out(&[v32], &[]), None, "a mask comes first");
        assert!(call.lay_out(&[Type::M { lanes: 16 }], &[]).is_some());
    }
}

//! One instruction of vectors as a plan: what it reads, which of that may be memory, and how its result is written.

use iced_x86::{Code, RoundingControl};
use regalloc2::VReg;
use smallvec::SmallVec;

use super::machine::{Machine, Memory, Source, View};
use super::select::{Fold, Select};
use super::vector_codes::Row;
use crate::compile::ssa::{Inst, Type, Value};
use crate::ir::Rounding;

/// What an instruction reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A value.
    Value(Value),
    /// A register between instructions.
    Register(VReg),
    /// This number in every lane.
    Splat(u64),
}

/// Whether two sources may change places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swap {
    /// No.
    Never,
    /// Yes.
    Free,
    /// Yes, with this immediate then.
    Immediate(u8),
}

/// An instruction that writes a register of its own.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The opcode.
    pub code: Code,
    /// How the destination is seen.
    pub to: View,
    /// How the sources are seen.
    pub from: View,
    /// The type of the sources.
    pub ty: Type,
    /// The sources in the opcode's order.
    pub inputs: SmallVec<[Input; 2]>,
    /// What the last source may be.
    pub fold: Option<Fold>,
    /// Of two sources.
    pub swap: Swap,
    /// The last operand.
    pub immediate: Option<u8>,
    /// In the instruction.
    pub rounding: RoundingControl,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// All lanes.
    All,
    /// Those of the mask, zero elsewhere.
    Zero(VReg),
    /// Those of the mask; elsewhere what this register holds.
    Merge(VReg, VReg),
    /// All: the mask says from which source.
    Blend(VReg),
}

/// How a vector register is seen by instructions of this type's size.
pub fn view(ty: Type) -> View {
    match ty {
        Type::V { bits: 32, lanes: 8 } => View::Y,
        Type::M { .. } => View::K,
        _ => View::Z,
    }
}

/// Rounding as instructions have it.
pub fn control(rounding: Rounding) -> Option<RoundingControl> {
    match rounding {
        Rounding::Nearest => Some(RoundingControl::RoundToNearest),
        Rounding::Zero => Some(RoundingControl::RoundTowardZero),
        Rounding::Down => Some(RoundingControl::RoundDown),
        Rounding::Up => Some(RoundingControl::RoundUp),
        Rounding::Away => None,
    }
}

/// The inst of a value that may be done as a part of another one.
pub fn inner<'a>(s: &Select<'a>, value: Value) -> Option<&'a Inst> {
    let whole = s.ty(s.origin(value)) == s.ty(value);
    s.single(value).filter(|_| whole)
}

impl Plan {
    /// Of these sources, all of one type; the last may be memory or one element of it.
    pub fn new(row: Row, ty: Type, inputs: &[Input]) -> Option<Plan> {
        let (code, view) = (row.of(ty)?, view(ty));
        Some(Plan {
            code,
            to: view,
            from: view,
            ty,
            inputs: inputs.into(),
            fold: Some(Fold::Broadcast),
            swap: Swap::Never,
            immediate: None,
            rounding: RoundingControl::None,
        })
    }

    /// Of values.
    pub fn of(row: Row, ty: Type, values: &[Value]) -> Option<Plan> {
        let inputs: SmallVec<[Input; 2]> = values.iter().map(|&value| Input::Value(value)).collect();
        Plan::new(row, ty, &inputs)
    }

    /// With an opcode that the table of rows does not have.
    pub fn odd(code: Code, to: View, from: View, ty: Type, input: Input) -> Plan {
        Plan {
            code,
            to,
            from,
            ty,
            inputs: SmallVec::from_slice(&[input]),
            fold: None,
            swap: Swap::Never,
            immediate: None,
            rounding: RoundingControl::None,
        }
    }

    /// The result is a mask.
    pub fn into_mask(mut self) -> Plan {
        self.to = View::K;
        self
    }

    /// The two sources may change places.
    pub fn commutes(mut self) -> Plan {
        self.swap = Swap::Free;
        self
    }

    /// With a last operand.
    pub fn immediate(mut self, immediate: u8) -> Plan {
        self.immediate = Some(immediate);
        self
    }

    /// Which memory the last source may be.
    pub fn fold(mut self, fold: Option<Fold>) -> Plan {
        self.fold = fold;
        self
    }

    /// Rounds otherwise than to nearest. That is for registers of 64 bytes only, so it takes the form for those.
    pub fn round(mut self, rounding: Rounding, wide: Code) -> Option<Plan> {
        if rounding != Rounding::Nearest {
            self.rounding = control(rounding)?;
            if self.code != wide {
                self.code = wide;
                (self.to, self.from) = (View::Z, View::Z);
            }
            self.fold = None;
        }
        Some(self)
    }

    /// Emits it.
    pub fn emit(mut self, s: &mut Select<'_>, to: VReg, write: Write) {
        let folded = self.folded(s);
        let mut machine = start(self.code, self.to, to, write);
        let kept = self.inputs.len() - usize::from(folded.is_some());
        for &input in &self.inputs[..kept] {
            machine = machine.reg(self.from, register(s, input, self.ty));
        }
        if let Some(memory) = folded {
            machine = machine.memory(memory);
        }
        s.push(self.end(machine));
    }

    /// Emits it into a register of its own.
    pub fn fresh(self, s: &mut Select<'_>) -> VReg {
        let class = if self.to == View::K { super::machine::MASK } else { super::machine::VECTOR };
        let to = s.fresh(class);
        self.emit(s, to, Write::All);
        to
    }

    fn end(&self, mut machine: Machine) -> Machine {
        if let Some(immediate) = self.immediate {
            machine = machine.immediate(immediate);
        }
        if self.rounding == RoundingControl::None { machine } else { machine.rounded(self.rounding) }
    }

    /// Memory in place of the last source, after a change of places if the first one can be memory.
    fn folded(&mut self, s: &mut Select<'_>) -> Option<Memory> {
        let fold = self.fold?;
        let last = *self.inputs.last()?;
        if let Some(memory) = folded(s, last, self.ty, fold) {
            return Some(memory);
        }
        let [first, last] = self.inputs[..] else { return None };
        let immediate = match self.swap {
            Swap::Never => return None,
            Swap::Free => self.immediate,
            Swap::Immediate(other) => Some(other),
        };
        let memory = folded(s, first, self.ty, fold)?;
        self.inputs = SmallVec::from_slice(&[last, first]);
        self.immediate = immediate;
        Some(memory)
    }
}

/// An instruction with its destination, written as told.
pub fn start(code: Code, view: View, to: VReg, write: Write) -> Machine {
    let machine = Machine::new(code);
    match write {
        Write::All => machine.def(view, to),
        Write::Zero(mask) => machine.def(view, to).masked(mask),
        Write::Merge(mask, old) => machine.tied(view, to, old).merged(mask),
        Write::Blend(mask) => machine.def(view, to).merged(mask),
    }
}

/// An instruction that changes a register, whose other lanes stay or become zero.
pub fn change(code: Code, view: View, to: VReg, from: VReg, write: Write) -> Machine {
    let machine = Machine::new(code).tied(view, to, from);
    match write {
        Write::All => machine,
        Write::Zero(mask) => machine.masked(mask),
        Write::Merge(mask, _) | Write::Blend(mask) => machine.merged(mask),
    }
}

/// An input in a register.
pub fn register(s: &mut Select<'_>, input: Input, ty: Type) -> VReg {
    match input {
        Input::Value(value) => s.reg(value),
        Input::Register(register) => register,
        Input::Splat(number) => s.splat_register(ty.bits(), number),
    }
}

/// An input as memory, if it can be.
pub fn folded(s: &mut Select<'_>, input: Input, ty: Type, fold: Fold) -> Option<Memory> {
    match input {
        // 8 lanes of 32 bits are 32 bytes.
        Input::Value(value) if view(ty) == View::Y => {
            let one = if fold == Fold::Broadcast { s.folded(value, fold) } else { None };
            one.or_else(|| s.folded(value, Fold::Half))
        }
        Input::Value(value) => s.folded(value, fold),
        Input::Splat(number) if fold == Fold::Broadcast && number != 0 => Some(splat(s, ty.bits(), number)),
        Input::Splat(_) | Input::Register(_) => None,
    }
}

/// A value as memory, whole or one element of it.
pub fn memory(s: &mut Select<'_>, value: Value) -> Option<Memory> {
    let ty = s.ty(value);
    folded(s, Input::Value(value), ty, Fold::Broadcast)
}

/// A number of the pool for all lanes.
pub fn splat(s: &mut Select<'_>, bits: u32, number: u64) -> Memory {
    Memory { broadcast: true, ..s.element(bits, number) }
}

/// A value as memory or in a register.
pub fn source(s: &mut Select<'_>, value: Value) -> Source {
    match memory(s, value) {
        Some(memory) => Source::Memory(memory),
        None => Source::Register(s.reg(value)),
    }
}

//! Bytes of instructions, and the places they jump and refer to.

use iced_x86::{Code, Encoder, Instruction, OpKind, Register, RoundingControl};
use regalloc2::{Allocation, RegClass};

use super::super::code::Place as Source;
use super::allocate::CONTEXT;
use super::frame::Frame;
use super::machine::{Access, Address, Arg, Asked, Base, Condition, INT, Plain, VECTOR, View};

/// A place in the code or behind it, known sooner or later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u32);

/// Not known yet.
const NOWHERE: u32 = u32::MAX;

/// For which lanes an access was made, as registers.
#[derive(Clone, Copy, Debug)]
pub enum Lanes {
    /// These.
    Known(u64),
    /// Those in a mask register, of so many.
    Mask(Register, u8),
    /// The one of this number, of 32 bits.
    Number(Register),
}

/// An instruction that may fault.
#[derive(Clone, Copy, Debug)]
pub struct Danger {
    /// Where it starts.
    pub at: u32,
    /// The line of the PTX text.
    pub line: u32,
    /// Bytes of an element.
    pub bytes: u8,
    /// A write.
    pub write: bool,
    /// For whom.
    pub lanes: Lanes,
    /// Where its address comes from.
    pub source: Source,
}

/// A displacement of 32 bits that is filled in at the end.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    at: u32,
    /// What it counts from.
    from: u32,
    place: Place,
}

/// Code in the making.
pub struct Assembler {
    encoder: Encoder,
    /// Bytes so far.
    pub at: u32,
    /// Instructions so far.
    pub count: u32,
    places: Vec<u32>,
    fixups: Vec<Fixup>,
    /// Where the last instruction starts.
    start: u32,
    /// What may fault, ascending.
    pub dangers: Vec<Danger>,
    /// The first thing that could not be encoded.
    pub error: Option<String>,
    /// Where constants and tables will be.
    pub constants: Vec<Place>,
    /// See there.
    pub tables: Vec<Place>,
}

/// Where the address of an access comes from.
fn source(memory: &Address, access: &Access, places: &[Allocation]) -> Source {
    let base = match memory.base {
        Base::Register(_) => Some(number(places, memory.base_place) as u8),
        Base::Context => Some(CONTEXT as u8),
        Base::None => None,
        Base::Scratch | Base::Pool(_) | Base::Table(_) => return Source::Unknown,
    };
    let index = match memory.index {
        Some((View::Quad, place)) => Some(number(places, place) as u8),
        Some(_) => return Source::Lanes,
        None => None,
    };
    let one = memory.broadcast || matches!(access.asked, Asked::All(1) | Asked::One(_) | Asked::Lane(_));
    let step = if one { 0 } else { access.bytes };
    Source::Near { base, index, scale: memory.scale, displacement: memory.offset, step }
}

impl Assembler {
    /// Empty, for about so many instructions.
    pub fn new(count: usize) -> Assembler {
        Assembler {
            encoder: Encoder::try_with_capacity(64, count * 8).unwrap_or_else(|_| Encoder::new(64)),
            at: 0,
            count: 0,
            places: Vec::new(),
            fixups: Vec::new(),
            start: 0,
            dangers: Vec::new(),
            error: None,
            constants: Vec::new(),
            tables: Vec::new(),
        }
    }

    /// A new place.
    pub fn place(&mut self) -> Place {
        self.places.push(NOWHERE);
        Place(self.places.len() as u32 - 1)
    }

    /// So many new places, numbered upwards.
    pub fn places(&mut self, count: usize) -> Place {
        self.places.resize(self.places.len() + count, NOWHERE);
        Place((self.places.len() - count) as u32)
    }

    /// The place is here.
    pub fn here(&mut self, place: Place) {
        self.set(place, self.at);
    }

    /// The place is there.
    pub fn set(&mut self, place: Place, at: u32) {
        self.places[place.0 as usize] = at;
    }

    /// Where a place is.
    pub fn offset(&self, place: Place) -> u32 {
        self.places[place.0 as usize]
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.encoder.write_u8(byte));
        self.at += bytes.len() as u32;
    }

    /// An instruction without a label in it.
    pub fn instruction(&mut self, instruction: &Instruction) {
        self.start = self.at;
        match self.encoder.encode(instruction, self.at.into()) {
            Ok(bytes) => self.at += bytes as u32,
            Err(error) => {
                self.error.get_or_insert_with(|| format!("{:?}: {error}", instruction.code()));
            }
        }
        self.count += 1;
    }

    /// A jump, short where that is known to reach.
    pub fn jump(&mut self, condition: Option<Condition>, to: Place) {
        self.count += 1;
        let target = self.offset(to);
        if target != NOWHERE
            && let Ok(near) = i8::try_from(i64::from(target) - i64::from(self.at) - 2)
        {
            let code = condition.map_or(0xeb, |condition| 0x70 | condition as u8);
            return self.raw(&[code, near as u8]);
        }
        match condition {
            Some(condition) => self.raw(&[0x0f, 0x80 | condition as u8]),
            None => self.raw(&[0xe9]),
        }
        self.fixups.push(Fixup { at: self.at, from: self.at + 4, place: to });
        self.raw(&[0; 4]);
    }

    /// A 32-bit number: the distance from a place to another.
    pub fn distance(&mut self, from: Place, to: Place) {
        let from = self.offset(from);
        self.fixups.push(Fixup { at: self.at, from, place: to });
        self.raw(&[0; 4]);
    }

    /// Up to the next multiple of a power of two with instructions that do nothing.
    pub fn align(&mut self, to: u32) {
        const NOTHING: [&[u8]; 9] = [
            &[0x90],
            &[0x66, 0x90],
            &[0x0f, 0x1f, 0],
            &[0x0f, 0x1f, 0x40, 0],
            &[0x0f, 0x1f, 0x44, 0, 0],
            &[0x66, 0x0f, 0x1f, 0x44, 0, 0],
            &[0x0f, 0x1f, 0x80, 0, 0, 0, 0],
            &[0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
            &[0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
        ];
        while !self.at.is_multiple_of(to) {
            let left = (self.at.next_multiple_of(to) - self.at).min(9);
            self.raw(NOTHING[left as usize - 1]);
        }
    }

    /// An instruction whose registers are known.
    pub fn plain(&mut self, plain: &Plain, places: &[Allocation]) {
        let mut instruction = Instruction::default();
        instruction.set_code(plain.code);
        let mut target = None;
        for (at, arg) in (0..).zip(&plain.args[..plain.count.into()]) {
            match *arg {
                Arg::Register(view, place) => {
                    instruction.set_op_register(at, view.register(number(places, place)));
                }
                Arg::Fixed(register) => instruction.set_op_register(at, register),
                Arg::Immediate(form) => {
                    instruction.set_op_kind(at, form);
                    set_immediate(&mut instruction, form, plain.immediate);
                }
                Arg::Memory => {
                    instruction.set_op_kind(at, OpKind::Memory);
                    if let Some(memory) = &plain.memory {
                        target = self.memory(&mut instruction, memory, places);
                    }
                }
            }
        }
        if let Some(mask) = plain.mask {
            instruction.set_op_mask(View::K.register(number(places, mask)));
            instruction.set_zeroing_masking(plain.zeroed && !writes_mask(plain));
        }
        if plain.rounding != RoundingControl::None {
            instruction.set_rounding_control(plain.rounding);
        }
        if plain.quiet {
            instruction.set_suppress_all_exceptions(true);
        }
        instruction.set_has_lock_prefix(plain.locked);
        self.note(plain, places);
        self.instruction(&instruction);
        if let Some(place) = target {
            let offsets = self.encoder.get_constant_offsets();
            let at = self.start + offsets.displacement_offset() as u32;
            self.fixups.push(Fixup { at, from: self.at, place });
        }
    }

    /// Sets a memory operand; the place it refers to, if it is one of the code's own.
    fn memory(
        &mut self,
        instruction: &mut Instruction,
        memory: &Address,
        places: &[Allocation],
    ) -> Option<Place> {
        let mut target = None;
        let base = match memory.base {
            Base::None => Register::None,
            Base::Register(_) => View::Quad.register(number(places, memory.base_place)),
            Base::Context => View::Quad.register(CONTEXT),
            Base::Scratch => Register::RSP,
            Base::Pool(constant) => {
                target = Some(self.constants[constant as usize]);
                Register::RIP
            }
            Base::Table(table) => {
                target = Some(self.tables[table as usize]);
                Register::RIP
            }
        };
        instruction.set_memory_base(base);
        if let Some((view, place)) = memory.index {
            instruction.set_memory_index(view.register(number(places, place)));
            instruction.set_memory_index_scale(memory.scale.into());
        }
        if target.is_none() {
            instruction.set_memory_displ_size(u32::from(memory.offset != 0));
            instruction.set_memory_displacement64(memory.offset as i64 as u64);
        }
        instruction.set_is_broadcast(memory.broadcast);
        target
    }

    /// Notes an instruction that may fault.
    fn note(&mut self, plain: &Plain, places: &[Allocation]) {
        let Some(memory) = &plain.memory else { return };
        let Some(access) = memory.access else { return };
        let asked = || number(places, memory.asked_place);
        let lanes = match access.asked {
            Asked::All(lanes) => Lanes::Known(u64::MAX >> (64 - lanes.clamp(1, 64))),
            Asked::One(lane) => Lanes::Known(1 << lane),
            Asked::Mask(_, lanes) => Lanes::Mask(View::K.register(asked()), lanes),
            Asked::Left(lanes) => {
                let mask = plain.mask.map_or(0, |mask| number(places, mask));
                Lanes::Mask(View::K.register(mask), lanes)
            }
            Asked::Lane(_) => Lanes::Number(View::Double.register(asked())),
        };
        let (line, bytes, write) = (access.line, access.bytes, access.write);
        let source = source(memory, &access, places);
        self.dangers.push(Danger { at: self.at, line, bytes, write, lanes, source });
    }

    /// A move that the allocator asked for.
    pub fn transfer(&mut self, from: Allocation, to: Allocation, frame: &Frame) {
        let mut instruction = Instruction::default();
        let class = from.as_reg().or(to.as_reg()).map_or(RegClass::Int, |register| register.class());
        let (load, store, view) = match class {
            INT => (Code::Mov_r64_rm64, Code::Mov_rm64_r64, View::Quad),
            VECTOR => (Code::EVEX_Vmovdqa64_zmm_k1z_zmmm512, Code::EVEX_Vmovdqa64_zmmm512_k1z_zmm, View::Z),
            _ => (Code::VEX_Kmovw_kr_km16, Code::VEX_Kmovw_m16_kr, View::K),
        };
        let slot = |instruction: &mut Instruction, operand, place: Allocation| {
            let Some(slot) = place.as_stack() else { return };
            instruction.set_op_kind(operand, OpKind::Memory);
            instruction.set_memory_base(Register::RSP);
            let offset = frame.slot(slot);
            instruction.set_memory_displ_size(u32::from(offset != 0));
            instruction.set_memory_displacement64(offset as u64);
        };
        instruction.set_code(if to.is_stack() { store } else { load });
        match to.as_reg() {
            Some(register) => instruction.set_op0_register(view.register(register.hw_enc())),
            None => slot(&mut instruction, 0, to),
        }
        match from.as_reg() {
            Some(register) => instruction.set_op1_register(view.register(register.hw_enc())),
            None => slot(&mut instruction, 1, from),
        }
        if from.is_stack() && to.is_stack() {
            self.error.get_or_insert_with(|| "a move from stack to stack".into());
        }
        self.instruction(&instruction);
    }

    /// The bytes, with all places filled in that are known by now.
    pub fn finish(mut self) -> Vec<u8> {
        let mut bytes = self.encoder.take_buffer();
        for fixup in &self.fixups {
            let distance = self.places[fixup.place.0 as usize].wrapping_sub(fixup.from);
            let at = fixup.at as usize;
            bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
        }
        bytes
    }
}

/// The number of the register at a place among the operands.
fn number(places: &[Allocation], place: u8) -> usize {
    places[usize::from(place)].as_reg().map_or(0, |register| register.hw_enc())
}

/// Whether the result is a mask: then there is nothing to be zeroed.
fn writes_mask(plain: &Plain) -> bool {
    matches!(plain.args[0], Arg::Register(View::K, _)) || matches!(plain.args[0], Arg::Memory)
}

/// Sets the immediate of an instruction.
pub fn set_immediate(instruction: &mut Instruction, form: OpKind, number: i64) {
    match form {
        OpKind::Immediate8 => instruction.set_immediate8(number as u8),
        OpKind::Immediate16 => instruction.set_immediate16(number as u16),
        OpKind::Immediate32 => instruction.set_immediate32(number as u32),
        OpKind::Immediate64 => instruction.set_immediate64(number as u64),
        OpKind::Immediate8to32 => instruction.set_immediate8to32(number as i32),
        OpKind::Immediate8to64 => instruction.set_immediate8to64(number),
        _ => instruction.set_immediate32to64(number),
    }
}

//! Decoded programs: one array of steps for all functions, registers resolved to slots of a frame.

use super::atomic::WideAtomic;
use super::copy::Copy;
use super::lanes::{Lanes, Meaning};
use super::mbarrier::Mbarrier;
use super::product::Multiply;
use crate::ir::Type;
use crate::ir::compute::Compute;
use crate::ir::matrix::Tiles;
use crate::ir::op::{Passed, Reduction, Runtime, Shuffle, Space, Special, Vote};
use crate::memory::AtomicOp;

/// Where a value is: a slot of the frame, or with the top bit a constant of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub u32);

impl Slot {
    /// Marks a constant.
    pub const CONSTANT: u32 = 1 << 31;
    /// No slot.
    pub const NONE: Slot = Slot(u32::MAX);

    /// Whether it is surely the same in all lanes: a constant, or none.
    pub fn uniform(self) -> bool {
        self.0 & Slot::CONSTANT != 0
    }
}

/// The first slots of a called function's frame hold, lane by lane, where it returns to.
pub const LINK_SLOTS: u32 = 2;

/// Generic addresses of shared memory have this and the offset.
pub const SHARED_WINDOW: u64 = 1 << 56;
/// Generic addresses of local memory have this and the offset.
pub const LOCAL_WINDOW: u64 = 1 << 57;
/// Generic addresses of a kernel's parameters have this and the offset.
pub const PARAM_WINDOW: u64 = 3 << 56;
/// Addresses of functions have this and sixteen times their index plus one.
pub const CODE_WINDOW: u64 = 1 << 58;

/// The address of a function.
pub fn function_address(index: usize) -> u64 {
    CODE_WINDOW | (index as u64 + 1) << 4
}

/// A load or store.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Where.
    pub space: Space,
    /// Of an element: 1, 2, 4 or 8.
    pub bytes: u8,
    /// Elements: 1, 2 or 4; 8 if the slots lie elsewhere.
    pub count: u8,
    /// What the address must be a multiple of.
    pub align: u8,
    /// Loads: shift left and arithmetically right by so much to extend the sign; 0 for none.
    pub sign_shift: u8,
    /// Loads: the width to cut an extended value to.
    pub keep_bits: u8,
    /// The address is relative to the frame.
    pub frame: bool,
    /// Address and offset make 32 bits.
    pub narrow: bool,
    /// Others may touch it meanwhile.
    pub others: bool,
    /// Base address.
    pub address: Slot,
    /// Added to it.
    pub offset: i64,
    /// Targets or sources.
    pub values: [Slot; 4],
}

/// A load or store of eight elements. Few are, so that they do not make every step larger.
#[derive(Clone, Debug)]
pub struct Eight {
    /// Where.
    pub access: Access,
    /// Targets or sources.
    pub values: [Slot; 8],
}

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function's index, or the slot of its address.
    pub target: Target,
    /// Copied into the callee's frame.
    pub arguments: Vec<Passed>,
    /// Copied out of it.
    pub results: Vec<Passed>,
}

/// What is called.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// A function.
    Function(u32),
    /// A function by address.
    Pointer(Slot),
    /// The runtime.
    Runtime(Runtime),
}

/// Where matrices lie in memory.
#[derive(Clone, Copy, Debug)]
pub struct TileAccess {
    /// The space.
    pub space: Space,
    /// How they lie there.
    pub tiles: Tiles,
    /// Base address.
    pub address: Slot,
    /// Added to it.
    pub offset: i64,
    /// Address and offset make 32 bits.
    pub narrow: bool,
    /// Elements from one row or column to the next.
    pub stride: Slot,
}

/// What all lanes do together with matrices.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// Multiply, by the index in [`Program::products`]: targets, and sources of A, B and C.
    Product(u32, Vec<Slot>, Vec<Slot>),
    /// Read into registers.
    Load(TileAccess, Vec<Slot>),
    /// Write from registers.
    Store(TileAccess, Vec<Slot>),
    /// Transpose 8 × 8 elements.
    Transpose(Slot, Slot),
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Code {
    /// A pure op.
    One(fn(&mut Lanes, &Lanes), Slot, Slot),
    /// A pure op.
    Two(fn(&mut Lanes, &Lanes, &Lanes), Slot, [Slot; 2]),
    /// A pure op.
    Three(fn(&mut Lanes, &Lanes, &Lanes, &Lanes), Slot, [Slot; 3]),
    /// A pure op.
    Four(fn(&mut Lanes, &Lanes, &Lanes, &Lanes, &Lanes), Slot, [Slot; 4]),
    /// A pure op, lane by lane; sources it has not are its first.
    Each(Compute, Slot, [Slot; 3]),
    /// A special register.
    Special(Special, Slot),
    /// The offset in local memory of a place in the frame.
    FrameAddress(Slot, u32),
    /// Where dynamic shared memory starts, plus an offset.
    DynamicShared(Slot, i64),
    /// A load.
    Load(Access),
    /// A store.
    Store(Access),
    /// An atomic: operand and compare in `values[1..3]`, target in `values[0]`.
    Atomic(AtomicOp, Access),
    /// A load of eight elements.
    LoadEight(Box<Eight>),
    /// A store of eight elements.
    StoreEight(Box<Eight>),
    /// An atomic of 16 bytes.
    AtomicWide(Box<WideAtomic>),
    /// A copy.
    Copy(Box<Copy>),
    /// An op on an mbarrier: operand in `values[1]`, target in `values[0]`.
    Mbarrier(Box<Mbarrier>),
    /// More local memory: target, size, alignment.
    Alloca(Slot, Slot, u32),
    /// Where added local memory ends.
    StackSave(Slot),
    /// Gives added local memory back.
    StackRestore(Slot),
    /// A fence.
    Fence,
    /// Wait at a block barrier: id, count.
    Barrier(Slot, Slot),
    /// Arrive at one.
    Arrive(Slot, Slot),
    /// Wait and reduce: id, count, op, value (negated), target.
    BarrierReduce { id: Slot, count: Slot, op: Reduction, value: Slot, negated: bool, to: Slot },
    /// Wait for lanes of a mask.
    WarpBarrier(Slot),
    /// Exchange.
    Shuffle { mode: Shuffle, to: Slot, valid: Slot, value: Slot, lane: Slot, clamp: Slot, mask: Slot },
    /// Agree.
    Vote { mode: Vote, to: Slot, value: Slot, negated: bool, mask: Slot },
    /// Compare values.
    Match { all: bool, to: Slot, valid: Slot, value: Slot, mask: Slot },
    /// Reduce values.
    Reduce { op: Reduction, ty: Type, to: Slot, value: Slot, mask: Slot },
    /// Lanes that run together.
    ActiveMask(Slot),
    /// Whether a generic address is in a space.
    IsSpace(Space, Slot, Slot),
    /// What all lanes do together with matrices, by its index in [`Program::matrices`].
    Matrix(u32),
    /// A call, by its index in [`Program::calls`].
    Call(u32),
    /// Let others run.
    Sleep,
    /// On to a step.
    Jump(u32),
    /// Lanes that pass go to the first, others to the second.
    Branch { guard: Slot, negated: bool, yes: u32, no: u32 },
    /// The target at an index of [`Program::tables`].
    Table(Slot, u32),
    /// Back to the caller.
    Return,
    /// The thread's end.
    Exit,
    /// A fault.
    Trap,
    /// A form that is not implemented.
    Unsupported,
}

/// A step with its guard.
#[derive(Clone, Debug)]
pub struct Step {
    /// What.
    pub code: Code,
    /// For lanes where this is not 0 (or is, if negated); [`Slot::NONE`]: for all.
    pub guard: Slot,
    /// The guard counts inverted.
    pub negated: bool,
}

/// A function's place in the array.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its first step.
    pub pc: u32,
    /// Registers of its frame.
    pub slots: u32,
    /// Local memory of its frame.
    pub frame_bytes: u32,
    /// Where it may start.
    pub frame_align: u32,
    /// Where arguments go.
    pub parameters: Vec<Passed>,
    /// Where results are.
    pub results: Vec<Passed>,
}

/// A kernel.
#[derive(Clone, Debug, Default)]
pub struct KernelCode {
    /// The entry of its function.
    pub function: u32,
    /// Registers of all frames of the deepest call.
    pub slots: u32,
    /// Local memory of the deepest call; without recursion exact.
    pub local_bytes: u32,
    /// Calls may go deeper than that.
    pub unbounded: bool,
    /// Static shared memory, rounded up to where dynamic starts.
    pub dynamic_start: u32,
}

/// A kernel with all it may reach: steps, constants and entries.
#[derive(Debug, Default)]
pub struct Program {
    /// Steps of all functions.
    pub steps: Vec<Step>,
    /// The line of each step.
    pub lines: Vec<u32>,
    /// Constants, the same in all lanes.
    pub pool: Vec<Lanes>,
    /// The kernel's function and those it may reach, in the order of their numbers.
    pub entries: Vec<Entry>,
    /// Their numbers in the module.
    pub numbers: Vec<u32>,
    /// The kernel.
    pub kernel: KernelCode,
    /// Calls.
    pub calls: Vec<Call>,
    /// What is done with matrices.
    pub matrices: Vec<Matrix>,
    /// Products, each kind once.
    pub products: Vec<Multiply>,
    /// Branch tables.
    pub tables: Vec<Vec<u32>>,
    /// Where constants lie: first byte and the one behind the last, ascending.
    pub constants: Vec<(u64, u64)>,
    /// Some function asks where the reserved shared memory is.
    pub reserved: bool,
}

impl Program {
    /// The entry of a function, by its number in the module.
    pub fn entry_of(&self, number: u32) -> Option<u32> {
        self.numbers.binary_search(&number).ok().map(|at| at as u32)
    }
}

impl From<(Meaning, Slot, [Slot; 4])> for Code {
    fn from((meaning, to, [a, b, c, d]): (Meaning, Slot, [Slot; 4])) -> Code {
        match meaning {
            Meaning::One(run) => Code::One(run, to, a),
            Meaning::Two(run) => Code::Two(run, to, [a, b]),
            Meaning::Three(run) => Code::Three(run, to, [a, b, c]),
            Meaning::Four(run) => Code::Four(run, to, [a, b, c, d]),
            Meaning::Each(compute) => {
                Code::Each(compute, to, [a, b, c].map(|slot| if slot == Slot::NONE { a } else { slot }))
            }
        }
    }
}

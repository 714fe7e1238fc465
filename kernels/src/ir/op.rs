//! Ops that touch memory, other threads or control, and what they are made of.

use super::Type;
use super::compute::Compute;
use super::matrix::{Product, Tiles};
use crate::memory::AtomicOp;

/// A virtual register of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reg(pub u32);

/// A source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A register's value.
    Reg(Reg),
    /// A number.
    Imm(u64),
    /// The address of a variable of the module (its index) plus an offset.
    Global(u32, i64),
    /// The offset in local memory of a byte of the function's frame.
    Frame(u32),
    /// The offset in shared memory of a variable (its index in the function's list) plus an offset.
    Shared(u32, i64),
    /// Where dynamic shared memory starts, plus an offset.
    DynamicShared(i64),
    /// The address of a function (its index).
    Function(u32),
}

/// Where an access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Space {
    Generic,
    Global,
    Shared,
    Local,
    /// The kernel's parameters.
    Param,
    /// Constants. They lie in global memory and are read there; only [`Op::IsSpace`] tells them apart.
    Const,
}

/// The special registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Special {
    Tid(u8),
    NTid(u8),
    CtaId(u8),
    NCtaId(u8),
    LaneId,
    WarpId,
    NWarpId,
    LaneMaskEq,
    LaneMaskLe,
    LaneMaskLt,
    LaneMaskGe,
    LaneMaskGt,
    Clock,
    ClockHigh,
    Clock64,
    GlobalTimer,
    GlobalTimerLow,
    GlobalTimerHigh,
    SmId,
    NSmId,
    GridId,
    DynamicSharedSize,
    TotalSharedSize,
    /// With what the system keeps for itself.
    AggregateSharedSize,
    /// The place in shared memory so many bytes behind the start of the system's part.
    ReservedShared(u32),
    /// Halves of the address of the cooperative workspace.
    Workspace(u8),
}

/// How lanes exchange a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Shuffle {
    Up,
    Down,
    Butterfly,
    Index,
}

/// How lanes agree on a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Vote {
    All,
    Any,
    Uniform,
    Ballot,
}

/// How values of lanes or threads are reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Reduction {
    Add,
    Min,
    Max,
    /// Of floats: NaN if any is.
    MinNan,
    MaxNan,
    And,
    Or,
    Xor,
    Popc,
}

/// Device functions that the runtime provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Runtime {
    Vprintf,
    AssertFail,
    Malloc,
    Free,
    SetConditional,
}

impl Runtime {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Runtime> {
        Some(match name {
            "vprintf" => Runtime::Vprintf,
            "__assertfail" => Runtime::AssertFail,
            "malloc" => Runtime::Malloc,
            "free" => Runtime::Free,
            "cudaGraphSetConditional" => Runtime::SetConditional,
            _ => return None,
        })
    }
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of the module (its index).
    Function(u32),
    /// A function by its address.
    Pointer(Operand),
    /// The runtime.
    Runtime(Runtime),
}

/// Bytes that a call moves between the caller's frame and the callee's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Offset in the caller's frame.
    pub frame: u32,
    /// Size in bytes.
    pub bytes: u32,
}

/// What is done with an mbarrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MbarrierKind {
    /// Sets it up for a count of arrivals.
    Init,
    /// Ends its use.
    Invalidate,
    /// So many arrivals.
    Arrive,
    /// The same, and as many fewer are expected from the next phase on.
    ArriveDrop,
    /// So many more bytes must come before the phase is over.
    Expect,
    /// So many bytes came.
    Complete,
    /// Whether the phase of a state is over.
    Test,
    /// Whether the phase of a parity is over.
    TestParity,
    /// The same as `Test`; others run if it is not.
    Try,
    /// The same as `TestParity`; others run if it is not.
    TryParity,
}

/// A block barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarrierKind {
    /// Wait for all.
    Sync,
    /// Count and go on.
    Arrive,
    /// Wait for all and reduce a predicate into a register.
    Reduce {
        /// And, Or or Popc.
        op: Reduction,
        /// Where the result goes.
        to: Reg,
        /// The predicate.
        value: Operand,
        /// It counts inverted.
        negated: bool,
    },
}

/// An op.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A pure op; sources beyond its number are `Imm(0)`.
    Compute {
        /// Which.
        compute: Compute,
        /// The result.
        to: Reg,
        /// The sources.
        from: [Operand; 4],
    },
    /// Reads a special register.
    Special {
        /// Which.
        special: Special,
        /// The result.
        to: Reg,
    },
    /// Reads one to eight neighbouring elements.
    Load {
        /// Where.
        space: Space,
        /// Of an element; narrower ones are extended to the register.
        ty: Type,
        /// One each; `None` is read and dropped.
        to: Vec<Option<Reg>>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// Other threads may write it meanwhile: volatile, relaxed, acquire.
        shared_with_others: bool,
    },
    /// Writes one to eight neighbouring elements.
    Store {
        /// Where.
        space: Space,
        /// Of an element.
        ty: Type,
        /// One each.
        from: Vec<Operand>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// Other threads may read it meanwhile.
        shared_with_others: bool,
    },
    /// One indivisible read-modify-write.
    Atomic {
        /// Where.
        space: Space,
        /// What.
        op: AtomicOp,
        /// 2, 4 or 8.
        bytes: u32,
        /// What the address without the offset must be a multiple of: the size of the vector it is an element of.
        align: u32,
        /// The old value, unless nobody wants it.
        to: Option<Reg>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// The operand.
        operand: Operand,
        /// Compare-exchange: what the old value must be.
        compare: Operand,
    },
    /// One indivisible exchange of 16 bytes. Values are low and high halves.
    AtomicWide {
        /// Where.
        space: Space,
        /// The old value, unless nobody wants it.
        to: Option<[Reg; 2]>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// The new value.
        operand: [Operand; 2],
        /// What the old value must be for it, if that matters.
        compare: Option<[Operand; 2]>,
    },
    /// Copies bytes that each lane counts itself; what is written beyond them is zero.
    Copy {
        /// Where to: space, base address, offset.
        to: (Space, Operand, i64),
        /// Where from.
        from: (Space, Operand, i64),
        /// Bytes to read.
        read: Operand,
        /// Bytes to write, at least as many.
        write: Operand,
        /// What addresses and sizes must be multiples of.
        align: u32,
    },
    /// An op on an mbarrier, a word of 8 bytes in shared memory.
    Mbarrier {
        /// What.
        kind: MbarrierKind,
        /// The state before an arrival, or whether a phase is over.
        to: Option<Reg>,
        /// Shared or generic.
        space: Space,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// A count, a state or a parity, 64 bits wide for a state, else 32.
        value: Operand,
    },
    /// More local memory for the frame, until the function returns.
    Alloca {
        /// Its offset in local memory.
        to: Reg,
        /// How much, 32 or 64 bits wide.
        bytes: Operand,
        /// A power of two.
        align: u32,
    },
    /// Where local memory that was added ends.
    StackSave {
        /// A number for [`Op::StackRestore`].
        to: Reg,
    },
    /// Gives back what was added since.
    StackRestore {
        /// A number of [`Op::StackSave`].
        from: Operand,
    },
    /// A memory fence.
    Fence,
    /// A block barrier.
    Barrier {
        /// Which of the 16.
        id: Operand,
        /// Threads expected; `None`: all of the block.
        count: Option<Operand>,
        /// What happens there.
        kind: BarrierKind,
    },
    /// Lanes of the mask wait for each other.
    WarpBarrier {
        /// Member mask.
        mask: Operand,
    },
    /// Lanes exchange a value. Without a mask: those that happen to run together.
    Shuffle {
        /// How.
        mode: Shuffle,
        /// The result.
        to: Reg,
        /// Whether the source lane was in range.
        valid: Option<Reg>,
        /// The value given.
        value: Operand,
        /// Lane, distance or lane mask.
        lane: Operand,
        /// Clamp and segment mask.
        clamp: Operand,
        /// Member mask.
        mask: Option<Operand>,
    },
    /// Lanes agree on a predicate.
    Vote {
        /// How.
        mode: Vote,
        /// The result: a predicate, or a mask for ballot.
        to: Reg,
        /// The predicate.
        value: Operand,
        /// It counts inverted.
        negated: bool,
        /// Member mask.
        mask: Option<Operand>,
    },
    /// Which lanes hold the same value.
    Match {
        /// All lanes or none.
        all: bool,
        /// The mask.
        to: Reg,
        /// All: whether they do.
        valid: Option<Reg>,
        /// The value.
        value: Operand,
        /// Member mask.
        mask: Operand,
    },
    /// A reduction over lanes.
    Reduce {
        /// How.
        op: Reduction,
        /// U32, S32, B32 or F32.
        ty: Type,
        /// The result.
        to: Reg,
        /// The value.
        value: Operand,
        /// Member mask.
        mask: Operand,
    },
    /// Which lanes run together now.
    ActiveMask {
        /// The mask.
        to: Reg,
    },
    /// Which space a generic address is in: 0 or 1.
    IsSpace {
        /// The space.
        space: Space,
        /// The result.
        to: Reg,
        /// The address.
        address: Operand,
    },
    /// Offset in a space to generic address.
    ToGeneric {
        /// The space.
        space: Space,
        /// The result.
        to: Reg,
        /// The offset.
        address: Operand,
    },
    /// Generic address to offset in a space.
    FromGeneric {
        /// The space.
        space: Space,
        /// The result.
        to: Reg,
        /// The address.
        address: Operand,
    },
    /// A call. Arguments are copied from the caller's frame, results into it.
    Call {
        /// What.
        callee: Callee,
        /// In order.
        arguments: Vec<Passed>,
        /// In order.
        results: Vec<Passed>,
    },
    /// All lanes together multiply two matrices and add a third.
    Matrix {
        /// Of what.
        product: Box<Product>,
        /// D.
        to: Vec<Reg>,
        /// A, B and C.
        from: Vec<Operand>,
    },
    /// All lanes together read matrices.
    MatrixLoad {
        /// Where.
        space: Space,
        /// How they lie there.
        tiles: Tiles,
        /// The registers of the fragment.
        to: Vec<Reg>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// Elements from one row or column to the next.
        stride: Operand,
    },
    /// All lanes together write matrices.
    MatrixStore {
        /// Where.
        space: Space,
        /// How they lie there.
        tiles: Tiles,
        /// The registers of the fragment.
        from: Vec<Operand>,
        /// Base address.
        address: Operand,
        /// Added to it.
        offset: i64,
        /// Elements from one row or column to the next.
        stride: Operand,
    },
    /// All lanes together transpose 8 × 8 elements of 16 bits.
    MatrixTranspose {
        /// Columns.
        to: Reg,
        /// Rows.
        from: Operand,
    },
    /// Lets others run for a while.
    Sleep,
}

/// Executed only by lanes whose predicate says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The predicate.
    pub reg: Reg,
    /// Lanes where it is 0.
    pub negated: bool,
}

/// An op with its guard and its line in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Inst {
    /// What.
    pub op: Op,
    /// For whom.
    pub guard: Option<Guard>,
    /// From 1.
    pub line: u32,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// On to a block.
    Jump(u32),
    /// Lanes that pass the guard go to the first block, others to the second.
    Branch(Guard, u32, u32),
    /// The target at an index; beyond the last is a fault.
    Table(Operand, Vec<u32>),
    /// Back to the caller; from a kernel, the thread's end.
    Return,
    /// The thread's end.
    Exit,
    /// A fault.
    Trap,
}

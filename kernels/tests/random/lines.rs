//! A function as a list of lines: what is printed as PTX and what threads walk through. Nothing is nested any more.

use super::tree::{Callee, Class, Function, Guard, Kernel, Reg, Source, Space};

/// Bytes of the output that belong to a thread; the registers at its end go to the later part.
pub const OUT_BYTES: u32 = 512;
/// Bytes of it that statements use.
pub const OUT_USED: u32 = 128;
pub const IN_BYTES: u32 = 1024;
pub const LOCAL_BYTES: u32 = 64;
/// Where shared slots, one word a thread, start; cells of 8 bytes lie before them.
pub const SLOTS: u32 = 8 * CELLS;
/// Cells of atomics.
pub const CELLS: u32 = 12;

/// What a special register tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Lane,
    Thread,
    Global,
    Warp,
    BlockIndex,
    Scalar,
}

/// What threads do together at a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// A mask of those with a true predicate.
    Ballot,
    All,
    Any,
    Same,
    /// Mode, distance or lane, clamp with segment.
    Shuffle(u8),
    MatchAny(Class),
    MatchAll(Class),
    Reduce(u8),
    /// `bar.warp.sync`
    Meet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    Wait,
    Pass,
    /// `popc`, `and`, `or`.
    Reduce(u8, Reg, Reg),
}

#[derive(Clone, Debug)]
pub enum Line {
    Label(usize),
    Do {
        form: usize,
        to: Vec<Reg>,
        from: Vec<Source>,
        guard: Option<Guard>,
    },
    Tell(Reg, What),
    /// `at` is an offset in the space; `store` or load.
    Move {
        store: bool,
        space: Space,
        element: usize,
        regs: Vec<Reg>,
        at: Source,
        style: u8,
        guard: Option<Guard>,
    },
    Atomic {
        shared: bool,
        cell: usize,
        value: Reg,
        style: u8,
        guard: Option<Guard>,
    },
    Jump {
        to: usize,
        guard: Option<Guard>,
        uniform: bool,
    },
    Table {
        on: Reg,
        labels: Vec<usize>,
    },
    /// Arguments: three registers, depth, mask.
    Call {
        callee: Callee,
        from: [Source; 5],
        to: [Reg; 2],
        guard: Option<Guard>,
    },
    Return(Option<Guard>),
    Exit(Option<Guard>, bool),
    Barrier {
        id: u8,
        count: Option<u32>,
        kind: Arrival,
        style: u8,
        guard: Option<Guard>,
    },
    Warp {
        op: Together,
        mask: Source,
        to: Reg,
        valid: Option<Reg>,
        from: [Source; 3],
    },
}

/// A kernel's or function's lines.
pub struct Routine {
    pub lines: Vec<Line>,
    /// The line of each label.
    pub labels: Vec<usize>,
    /// Registers by class.
    pub counts: [u16; 6],
}

/// Where the first argument registers are, and the results.
pub const ARGUMENTS: [Reg; 5] = [Reg(Class::R, 3), Reg(Class::R, 4), Reg(Class::D, 0), Reg::DEPTH, Reg::MASK];
pub const RESULTS: [Reg; 2] = [Reg(Class::R, 3), Reg(Class::D, 0)];

/// The kernel's routine, then those of its functions.
pub fn lower(kernel: &Kernel) -> Vec<Routine> {
    let all = std::iter::once(None).chain((0..kernel.functions.len()).map(Some));
    all.map(|function| super::lower::routine(kernel, function)).collect()
}

/// The function that a routine is of.
pub fn function(kernel: &Kernel, routine: usize) -> Option<&Function> {
    routine.checked_sub(1).map(|at| &kernel.functions[at])
}

//! A random kernel as data: registers, statements, functions. Any tree means something, so that parts may be left out.

/// What a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 16 bits.
    H,
    /// 32 bits.
    R,
    /// 64 bits.
    D,
    /// A predicate.
    P,
    /// `f32`
    F,
    /// `f64`
    G,
}

pub const CLASSES: [Class; 6] = [Class::H, Class::R, Class::D, Class::P, Class::F, Class::G];

impl Class {
    pub fn mask(self) -> u64 {
        match self {
            Class::H => 0xffff,
            Class::R | Class::F => 0xffff_ffff,
            Class::D | Class::G => u64::MAX,
            Class::P => 1,
        }
    }

    pub fn bytes(self) -> u32 {
        match self {
            Class::H => 2,
            Class::R | Class::F => 4,
            Class::D | Class::G => 8,
            Class::P => 1,
        }
    }

    /// The letter of its registers.
    pub fn letter(self) -> char {
        ['h', 'r', 'd', 'p', 'f', 'g'][self as usize]
    }

    /// How many registers a tree may name.
    pub fn pool(self) -> u16 {
        [4, 10, 5, 6, 5, 4][self as usize]
    }
}

/// A register. The first numbers of a class may be named in trees; those behind belong to the lowering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reg(pub Class, pub u16);

impl Reg {
    pub const LANE: Reg = Reg(Class::R, 10);
    /// The number in the block.
    pub const THREAD: Reg = Reg(Class::R, 11);
    /// The number in the grid.
    pub const GLOBAL: Reg = Reg(Class::R, 12);
    pub const WARP: Reg = Reg(Class::R, 13);
    /// How deep a function may still call itself.
    pub const DEPTH: Reg = Reg(Class::R, 14);
    /// The lanes that run the function together.
    pub const MASK: Reg = Reg(Class::R, 15);
    /// True for all but the first lane of a warp.
    pub const LATER: Reg = Reg(Class::P, 6);
    /// A register that nobody reads.
    pub const TRASH: [Reg; 2] = [Reg(Class::R, 16), Reg(Class::D, 5)];

    /// The first number of a class for the lowering's own.
    pub fn first_own(class: Class) -> u16 {
        [4, 17, 6, 7, 5, 4][class as usize]
    }

    /// Has the same value in all threads of a block.
    pub fn uniform(self) -> bool {
        self.1 < Reg::uniforms(self.0)
    }

    /// How many of a class are uniform.
    pub fn uniforms(class: Class) -> u16 {
        match class {
            Class::R => 3,
            Class::P => 2,
            _ => 0,
        }
    }
}

/// A source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Reg(Reg),
    /// The bits.
    Number(u64),
}

impl Source {
    pub fn uniform(self) -> bool {
        match self {
            Source::Reg(reg) => reg.uniform(),
            Source::Number(_) => true,
        }
    }
}

/// `@p` or `@!p`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    pub reg: Reg,
    pub negated: bool,
}

/// How many threads agree on a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// All of the block, if the condition is uniform.
    Uniform,
    /// Each lane decides, and all know who comes along: warp operations go on inside.
    Tracked,
    /// Each lane decides, and nobody asks.
    Loose,
}

/// Where a thread goes early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Its end; the flag: by `ret` if that is the same.
    Exit(bool),
    /// Back to the caller.
    Return,
    /// Out of so many loops besides the innermost.
    Break(usize),
    Continue,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    Direct(usize),
    /// The function at an index of the table.
    Pointer(Reg),
    /// The function itself, if it may go deeper.
    Myself,
}

/// Memory a thread reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Its own bytes of the output.
    Out,
    /// Read-only bytes.
    In,
    /// Local memory of the function.
    Local,
    /// Shared memory; used by the lowering only.
    Shared,
}

/// A load or store of one or more elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    pub space: Space,
    /// A row of [`super::forms::ELEMENTS`].
    pub element: usize,
    /// Each with its class.
    pub regs: Vec<Reg>,
    /// The offset before it is cut to the region and aligned.
    pub at: Source,
    /// Picks a spelling.
    pub style: u8,
}

/// What lanes of a warp do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarpOp {
    Ballot,
    All,
    Any,
    Same,
    /// Mode (`up`, `down`, `bfly`), distance, log2 of the segment.
    Shuffle(u8, u8, u8),
    /// From the lane that the second source says.
    ShuffleFrom,
    MatchAny(Class),
    MatchAll(Class),
    /// A row of [`super::forms::REDUCTIONS`].
    Reduce(u8),
    /// The same among lanes with an equal second source.
    ReduceGroups(u8),
    /// Through shared memory with `bar.warp.sync`.
    Exchange,
}

/// What threads of a block do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockOp {
    /// `bar.sync` under a uniform guard or none.
    Sync,
    /// A value through shared memory, from the thread that the second source says.
    Exchange,
    /// `popc`, `and`, `or`.
    Reduce(u8),
    /// What atomics have made of a shared cell.
    ReadCell(u8),
    /// Even warps arrive, odd ones wait and read.
    Handshake,
    /// The first warps among themselves, with a count.
    FirstWarps,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    /// A pure instruction: a row of the table of forms.
    Op {
        form: usize,
        to: Vec<Reg>,
        from: Vec<Source>,
        guard: Option<Guard>,
    },
    Load(Access, Option<Guard>),
    Store(Access, Option<Guard>),
    /// On a cell of shared or global memory, with the cell's own operation.
    Atomic {
        shared: bool,
        cell: usize,
        value: Reg,
        style: u8,
        guard: Option<Guard>,
    },
    If {
        on: Guard,
        way: Way,
        then: Vec<Stmt>,
        other: Vec<Stmt>,
    },
    /// As often as the lower bits of a value say, at most.
    Loop {
        count: Source,
        bits: u8,
        way: Way,
        bottom: bool,
        body: Vec<Stmt>,
    },
    Switch {
        on: Reg,
        table: Vec<usize>,
        way: Way,
        arms: Vec<Vec<Stmt>>,
    },
    Leave {
        on: Guard,
        what: Leave,
    },
    Call {
        callee: Callee,
        from: [Reg; 3],
        depth: Reg,
        to: [Reg; 2],
        guard: Option<Guard>,
    },
    Warp {
        op: WarpOp,
        to: Reg,
        valid: Reg,
        from: [Source; 2],
    },
    Block {
        op: BlockOp,
        id: u8,
        style: u8,
        to: Reg,
        from: [Source; 2],
        on: Guard,
    },
    /// A barrier that the two arms of a branch reach at different places.
    Split {
        on: Guard,
        id: u8,
        before: [Vec<Stmt>; 2],
        after: [Vec<Stmt>; 2],
    },
}

/// What a function may hold, and so who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing that needs others.
    Loose,
    /// Warp operations; lanes come together and bring their mask.
    Warp,
    /// Barriers; all threads of the block come.
    Block,
}

/// How arguments travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Params,
    /// All in one array of bytes.
    Packed,
    Registers,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub kind: Kind,
    pub style: Style,
    pub body: Vec<Stmt>,
}

/// A kernel with what it needs to run. Functions call those behind them, or themselves to a bounded depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    pub block: [u32; 3],
    pub grid: u32,
    pub functions: Vec<Function>,
    /// Functions called by address: loose ones of one style.
    pub table: Vec<usize>,
    pub body: Vec<Stmt>,
    /// The first lane of a warp never exits early, so that barriers with counts work.
    pub keeps_first: bool,
    /// Slots lie in dynamic shared memory.
    pub dynamic: bool,
    /// A parameter, the same for all.
    pub scalar: u32,
    pub input_seed: u64,
}

impl Kernel {
    pub fn threads(&self) -> u32 {
        self.block.iter().product()
    }

    pub fn warps(&self) -> u32 {
        self.threads().div_ceil(32)
    }
}

//! An op: one stream operation as plain data, 64 bytes, printed on one line.
//!
//! Ops hold keys and offsets, never pointers to our own objects. Variable-sized parameters lie
//! beside the ops in a byte arena; an op refers to them by [`Args`].

use std::fmt;

/// A device or host address as the program sees it. Unified: the same number on host and device.
pub type Address = u64;

/// Where the variable-sized parameters of an op lie in the byte arena of its DAG or batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Offset in bytes from the start of the arena. Always a multiple of 16.
    pub start: u32,
    /// Length in bytes.
    pub bytes: u32,
}

impl Args {
    /// No parameters.
    pub const NONE: Args = Args { start: 0, bytes: 0 };
}

/// One stream operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Orders other ops and does nothing itself.
    Empty,
    /// A kernel launch.
    Launch(Launch),
    /// A linear copy.
    Copy(Copy),
    /// A linear copy whose source bytes travel in the arguments (staged pageable host memory).
    Write(Write),
    /// A copy of a box of rows, in up to three dimensions; a [`Rect`] lies in the arguments.
    CopyRect(Args),
    /// A fill of one row or of a pitched rectangle.
    Fill(Fill),
    /// A call of a host function of the program.
    Host(Host),
    /// An event is recorded: takes a time stamp into `stamp` unless that is [`Op::NO_STAMP`].
    EventRecord {
        /// The event's handle.
        event: u64,
        /// The index of the time stamp to set.
        stamp: u32,
    },
    /// Wait for an event. In a live lane and in a captured DAG the order is in the edges; as an
    /// explicit graph node it names an event that is looked up at each launch.
    EventWait {
        /// The event's handle.
        event: u64,
    },
    /// A whole graph as one op: a launched exec in a live lane, a child graph in a DAG.
    Graph {
        /// In a live lane the exec's handle; in a DAG the index of the child in [`crate`]'s DAG.
        graph: u64,
        /// The number of nodes in it, for printing.
        nodes: u64,
    },
}

/// A kernel launch. The kernel's parameters keep the layout the kernel declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The function's handle, for printing and for queries.
    pub function: u64,
    /// The backend's index of the code, given when the module was loaded.
    pub code: u32,
    /// Blocks in x, y and z; each at least 1.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z; each at least 1 and at most 1,024.
    pub block: [u16; 3],
    /// Launch-time attributes: [`Launch::COOPERATIVE`].
    pub flags: u16,
    /// Dynamic shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// The packed parameters.
    pub args: Args,
}

impl Launch {
    /// All blocks run at once and may synchronise with each other.
    pub const COOPERATIVE: u16 = 1;
}

/// A linear copy between two addresses, host or device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The first byte written.
    pub to: Address,
    /// The first byte read.
    pub from: Address,
    /// How many bytes.
    pub bytes: u64,
    /// The direction as the program named it, for queries and drawings.
    pub direction: Direction,
}

/// A copy out of the op's own arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// The first byte written.
    pub to: Address,
    /// Where the program had the bytes, for printing. Never read.
    pub from: Address,
    /// The bytes.
    pub args: Args,
}

/// A copy's direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Host to host.
    HostToHost,
    /// Host to device.
    HostToDevice,
    /// Device to host.
    DeviceToHost,
    /// Device to device.
    DeviceToDevice,
    /// Between two devices' contexts.
    PeerToPeer,
    /// To be told from the addresses.
    #[default]
    Unified,
}

/// A copy of `depth` slices of `height` rows of `width_bytes` bytes each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// The first byte written.
    pub to: Address,
    /// Bytes from one destination row to the next.
    pub to_pitch: u64,
    /// Bytes from one destination slice to the next.
    pub to_slice: u64,
    /// The first byte read.
    pub from: Address,
    /// Bytes from one source row to the next.
    pub from_pitch: u64,
    /// Bytes from one source slice to the next.
    pub from_slice: u64,
    /// Bytes of a row.
    pub width_bytes: u64,
    /// Rows of a slice.
    pub height: u64,
    /// Slices.
    pub depth: u64,
}

impl Rect {
    /// The size of the encoded form in bytes.
    pub const BYTES: usize = 72;

    /// The words in order, little endian, as they lie in an op's arguments.
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let words = [
            self.to,
            self.to_pitch,
            self.to_slice,
            self.from,
            self.from_pitch,
            self.from_slice,
            self.width_bytes,
            self.height,
            self.depth,
        ];
        let mut bytes = [0; Self::BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The inverse of [`Rect::encode`]; `None` if the length is wrong.
    pub fn decode(bytes: &[u8]) -> Option<Rect> {
        if bytes.len() != Self::BYTES {
            return None;
        }
        let word = |i: usize| -> Option<u64> {
            Some(u64::from_le_bytes(bytes.get(i * 8..i * 8 + 8)?.try_into().ok()?))
        };
        Some(Rect {
            to: word(0)?,
            to_pitch: word(1)?,
            to_slice: word(2)?,
            from: word(3)?,
            from_pitch: word(4)?,
            from_slice: word(5)?,
            width_bytes: word(6)?,
            height: word(7)?,
            depth: word(8)?,
        })
    }
}

/// A fill of `height` rows of `width` elements with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The first byte written.
    pub to: Address,
    /// Bytes from one row to the next; unused when `height` is 1.
    pub pitch: u64,
    /// Elements of a row.
    pub width: u64,
    /// Rows.
    pub height: u64,
    /// The value; only the lowest `element_bytes` bytes count.
    pub value: u32,
    /// 1, 2 or 4.
    pub element_bytes: u8,
}

/// A host function `void (*)(void *)` and its argument, as the program gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The function's address.
    pub function: Address,
    /// The argument passed to it.
    pub data: u64,
    /// How it is called; see [`Host::PLAIN`].
    pub form: u32,
    /// What the second form passes besides: the stream's handle.
    pub stream: u64,
}

impl Host {
    /// `function(data)`: host functions and host nodes.
    pub const PLAIN: u32 = 0;
    /// `function(stream, status, data)`: the older stream callbacks.
    pub const CALLBACK: u32 = 1;
}

impl Op {
    /// No time stamp is taken.
    pub const NO_STAMP: u32 = u32::MAX;

    /// Where this op's variable-sized parameters lie.
    pub fn args(&self) -> Args {
        match self {
            Op::Launch(launch) => launch.args,
            Op::Write(write) => write.args,
            Op::CopyRect(args) => *args,
            _ => Args::NONE,
        }
    }

    /// The same op with its parameters elsewhere.
    pub fn with_args(mut self, args: Args) -> Op {
        match &mut self {
            Op::Launch(launch) => launch.args = args,
            Op::Write(write) => write.args = args,
            Op::CopyRect(rect) => *rect = args,
            _ => {}
        }
        self
    }

    /// The kind in one word, as used in drawings and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Op::Empty => "empty",
            Op::Launch(_) => "kernel",
            Op::Copy(_) | Op::Write(_) | Op::CopyRect(_) => "copy",
            Op::Fill(_) => "fill",
            Op::Host(_) => "host",
            Op::EventRecord { .. } => "event record",
            Op::EventWait { .. } => "event wait",
            Op::Graph { .. } => "graph",
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Empty => write!(f, "empty"),
            Op::Launch(l) => write!(
                f,
                "kernel {:#x} grid {}x{}x{} block {}x{}x{} shared {} parameters {}",
                l.function,
                l.grid[0],
                l.grid[1],
                l.grid[2],
                l.block[0],
                l.block[1],
                l.block[2],
                l.shared_bytes,
                l.args.bytes
            ),
            Op::Copy(c) => write!(f, "copy {} bytes {:#x} -> {:#x}", c.bytes, c.from, c.to),
            Op::Write(w) => write!(f, "copy {} bytes {:#x} -> {:#x} staged", w.args.bytes, w.from, w.to),
            Op::CopyRect(_) => write!(f, "copy rows"),
            Op::Fill(l) => write!(
                f,
                "fill {:#x} value {:#x} of {} x {} x {} bytes",
                l.to, l.value, l.height, l.width, l.element_bytes
            ),
            Op::Host(h) => write!(f, "host {:#x}({:#x})", h.function, h.data),
            Op::EventRecord { event, .. } => write!(f, "event record {event:#x}"),
            Op::EventWait { event } => write!(f, "event wait {event:#x}"),
            Op::Graph { graph, nodes } => write!(f, "graph {graph:#x} of {nodes} nodes"),
        }
    }
}

/// An op fills one cache line at most; the arenas rely on it.
const _: () = assert!(size_of::<Op>() <= 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rect_survives_its_encoding() {
        let rect = Rect {
            to: 1,
            to_pitch: 2,
            to_slice: 3,
            from: 4,
            from_pitch: 5,
            from_slice: 6,
            width_bytes: 7,
            height: 8,
            depth: 9,
        };
        assert_eq!(Rect::decode(&rect.encode()), Some(rect));
        assert_eq!(Rect::decode(&rect.encode()[1..]), None);
    }

    #[test]
    fn ops_print_on_one_line() {
        let fill = Op::Fill(Fill { to: 16, pitch: 0, width: 4, height: 1, value: 7, element_bytes: 4 });
        assert_eq!(fill.to_string(), "fill 0x10 value 0x7 of 1 x 4 x 4 bytes");
    }
}

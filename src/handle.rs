//! Handles: keys with a kind and a generation for everything a program holds.
//!
//! A handle is bit 62 (so that it is never an address) | kind, 4 bits | generation, 34 bits |
//! index, 24 bits. A node's is bit 62 | kind | its graph's generation, 12 bits | its graph's
//! index, 20 bits | its number, 26 bits. Nothing a program hands in is ever dereferenced: it is
//! taken apart, compared with one word, and found or refused.
//!
//! Looking up takes no lock, no fence and no atomic read-modify-write; see `handle/readers.rs` for why an
//! object that is destroyed during use is dropped only after the last use.

mod readers;
mod slot;

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::chunks::{self, Chunks};
use super::sync;
use readers::{Readers, Seat};
use slot::Slot;

pub use readers::Reading;

/// What a handle names. The number is the kind's in the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A linker's state or a program of the run-time compiler.
    Program = 0,
    /// A context.
    Context = 1,
    /// A stream.
    Stream = 2,
    /// An event.
    Event = 3,
    /// A module.
    Module = 4,
    /// A function of a module.
    Function = 5,
    /// A library.
    Library = 6,
    /// A kernel of a library.
    Kernel = 7,
    /// A graph that can be edited.
    Graph = 8,
    /// An instantiated graph.
    GraphExec = 9,
    /// A node of a graph.
    Node = 10,
    /// A memory pool.
    MemPool = 11,
    /// A user object that graphs keep alive.
    UserObject = 12,
    /// An array, plain or mipmapped, or a texture or surface on one.
    Array = 13,
    /// Physical memory that can be mapped.
    Memory = 14,
    /// External memory or an external semaphore.
    External = 15,
}

impl Kind {
    const ALL: [Kind; 16] = [
        Kind::Program,
        Kind::Context,
        Kind::Stream,
        Kind::Event,
        Kind::Module,
        Kind::Function,
        Kind::Library,
        Kind::Kernel,
        Kind::Graph,
        Kind::GraphExec,
        Kind::Node,
        Kind::MemPool,
        Kind::UserObject,
        Kind::Array,
        Kind::Memory,
        Kind::External,
    ];

    /// What kind of handle this is, or was once; `None` if it is none of ours.
    pub fn of(handle: u64) -> Option<Kind> {
        (handle >> 62 == 1).then(|| Kind::ALL[(handle >> KIND_SHIFT & 15) as usize])
    }

    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Program => "program",
            Kind::Context => "context",
            Kind::Stream => "stream",
            Kind::Event => "event",
            Kind::Module => "module",
            Kind::Function => "function",
            Kind::Library => "library",
            Kind::Kernel => "kernel",
            Kind::Graph => "graph",
            Kind::GraphExec => "executable graph",
            Kind::Node => "graph node",
            Kind::MemPool => "memory pool",
            Kind::UserObject => "user object",
            Kind::Array => "array",
            Kind::Memory => "memory handle",
            Kind::External => "external object",
        }
    }

    const fn tag(self) -> u64 {
        1 << 62 | (self as u64) << KIND_SHIFT
    }
}

/// [`chunks::LIMIT`] indices fit.
const INDEX_BITS: u32 = 24;
const KIND_SHIFT: u32 = 58;
const GENERATION_BITS: u32 = 34;
const LAST_GENERATION: u64 = (1 << GENERATION_BITS) - 1;

const NUMBER_BITS: u32 = 26;
const OWNER_BITS: u32 = 20;
const OWNER_GENERATION_BITS: u32 = 12;

/// Why a handle is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// It is 0.
    #[error("the handle is null")]
    Null,
    /// No handle of ours looks like this.
    #[error("this is no handle: it may be an address or was never set")]
    Foreign,
    /// It names something else.
    #[error("the handle is that of a {}", found.name())]
    WrongKind {
        /// What it names, or named.
        found: Kind,
    },
    /// The object was destroyed.
    #[error("the object was destroyed")]
    Stale,
}

/// A table, or the numbers of a graph's nodes, ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are too many {}s", .0.name())]
pub struct Full(pub Kind);

/// Enters a call: what this thread looks up stays until the result is dropped. Calls may nest.
/// Hold none across a wait; take what you need (an `Arc`, a ticket) and drop it first.
/// may: no RMW, no fence (where membarrier is), no lock, no alloc, no syscall; a thread's first call may all
#[inline]
pub fn enter() -> Reading {
    match SEAT.get() {
        Some(seat) => seat.enter(),
        None => take_seat().enter(),
    }
}

/// Drops destroyed objects that were still in use when they were destroyed and are not any more.
/// Every call that destroys something does so when it is left; this is for moments without one.
pub fn collect() {
    readers().collect(SEAT.get());
}

thread_local! {
    // Without a destructor, so that reading it is one load, also while the thread ends.
    static SEAT: Cell<Option<&'static Seat>> = const { Cell::new(None) };
    static VACATE: Vacate = const { Vacate };
}

fn readers() -> &'static Readers {
    static READERS: OnceLock<Readers> = OnceLock::new();
    READERS.get_or_init(Readers::default)
}

#[cold]
fn take_seat() -> &'static Seat {
    let seat = readers().seat();
    SEAT.set(Some(seat));
    // A thread that calls while it ends keeps its seat: one lost line.
    let _ = VACATE.try_with(|_| ());
    seat
}

struct Vacate;

impl Drop for Vacate {
    fn drop(&mut self) {
        if let Some(seat) = SEAT.take() {
            readers().vacate(seat);
        }
    }
}

/// A slot rests until this many others are free, so that one handle's number does not come back
/// at once, and a node's 12 generation bits not for 2^18 graphs.
const REST: usize = 64;

/// All objects of one kind. Tables live as long as the process.
pub struct Table<T: 'static> {
    kind: Kind,
    slots: Chunks<Slot<T>>,
    free: Mutex<Free>,
}

struct Free {
    resting: VecDeque<u32>,
    /// No slot from here on was ever used.
    fresh: u32,
}

impl<T: Send + Sync + 'static> Table<T> {
    /// An empty table.
    pub const fn new(kind: Kind) -> Table<T> {
        Table { kind, slots: Chunks::new(), free: Mutex::new(Free { resting: VecDeque::new(), fresh: 0 }) }
    }

    /// Puts an object in and gives its handle.
    /// may: 1 lock, alloc
    pub fn insert(&self, object: T) -> Result<u64, Full> {
        self.insert_with(|_| object)
    }

    /// Puts in an object that knows its own handle.
    pub fn insert_with(&self, object: impl FnOnce(u64) -> T) -> Result<u64, Full> {
        let index = self.vacancy()?;
        let slot = self.slots.get_or_make(index, Slot::new);
        let (generation, _) = slot.state();
        let handle = self.kind.tag() | generation << INDEX_BITS | u64::from(index);
        // SAFETY: the index came from `vacancy`, which gives an empty slot to one caller.
        unsafe { slot.fill(object(handle)) };
        Ok(handle)
    }

    /// The object a handle names, for as long as the call lasts.
    /// may: no RMW, no lock, no alloc, no syscall
    #[inline]
    pub fn get<'r>(&'r self, handle: u64, reading: &'r Reading) -> Result<&'r T, HandleError> {
        let (index, generation) = self.parts(handle)?;
        self.slots.get(index).and_then(|slot| slot.get(generation, reading)).ok_or(HandleError::Stale)
    }

    /// Takes the object out: its handle is stale from now on, and the object is dropped when no
    /// thread inside a call can use it any more, at the earliest when this call is left.
    /// may: 1 RMW, 2 locks, alloc; leaving the call then 1 syscall if other threads made calls too
    pub fn remove(&'static self, handle: u64, reading: &Reading) -> Result<(), HandleError> {
        let (index, generation) = self.parts(handle)?;
        let slot = self.slots.get(index).ok_or(HandleError::Stale)?;
        if !slot.kill(generation) {
            return Err(HandleError::Stale);
        }
        readers().retire(reading, Box::new(move || self.bury(index)));
        Ok(())
    }

    /// All objects, with their handles, in no particular order. One put in or taken out meanwhile
    /// may be missed or seen.
    pub fn iter<'r>(&'r self, reading: &'r Reading) -> impl Iterator<Item = (u64, &'r T)> + 'r {
        (0..).zip(self.slots.iter()).filter_map(move |(index, slot): (u64, _)| {
            let (generation, _) = slot.state();
            let object = slot.get(generation, reading)?;
            Some((self.kind.tag() | generation << INDEX_BITS | index, object))
        })
    }

    #[inline]
    fn parts(&self, handle: u64) -> Result<(u32, u64), HandleError> {
        if handle >> KIND_SHIFT != self.kind.tag() >> KIND_SHIFT {
            return Err(explain(handle));
        }
        let index = handle & ((1 << INDEX_BITS) - 1);
        Ok((index as u32, handle >> INDEX_BITS & LAST_GENERATION))
    }

    /// The index of an empty slot, for the caller alone.
    fn vacancy(&self) -> Result<u32, Full> {
        let mut free = self.free.lock();
        if free.resting.len() > REST || free.fresh == self.limit() {
            return free.resting.pop_front().ok_or(Full(self.kind));
        }
        free.fresh += 1;
        Ok(free.fresh - 1)
    }

    fn limit(&self) -> u32 {
        if self.kind == Kind::Graph { 1 << OWNER_BITS } else { chunks::LIMIT }
    }

    /// Drops a removed object and gives its slot to the next, unless its generations ran out.
    fn bury(&'static self, index: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        // SAFETY: `remove` killed the object once and passed the burial to the graveyard, which
        // calls it once, after all readings that may have found it. The slot becomes free below.
        unsafe { slot.clear() };
        if slot.state().0 < LAST_GENERATION {
            self.free.lock().resting.push_back(index);
        }
    }
}

#[cold]
fn explain(handle: u64) -> HandleError {
    match Kind::of(handle) {
        _ if handle == 0 => HandleError::Null,
        None => HandleError::Foreign,
        Some(found) => HandleError::WrongKind { found },
    }
}

/// The handle of a graph's node. `graph` is the handle of a graph.
pub fn node_handle(graph: u64, number: u32) -> Result<u64, Full> {
    if number >> NUMBER_BITS != 0 {
        return Err(Full(Kind::Node));
    }
    let owner = graph & ((1 << OWNER_BITS) - 1);
    let generation = graph >> INDEX_BITS & ((1 << OWNER_GENERATION_BITS) - 1);
    let upper = generation << OWNER_BITS | owner;
    Ok(Kind::Node.tag() | upper << NUMBER_BITS | u64::from(number))
}

impl<G: Send + Sync + 'static> Table<G> {
    /// The graph a node's handle belongs to, and the node's number in it. `self` is the table of
    /// graphs. Whether the node is still there is the graph's to say.
    pub fn owner(&self, node: u64) -> Result<(u64, u32), HandleError> {
        if node >> KIND_SHIFT != Kind::Node.tag() >> KIND_SHIFT {
            return Err(explain(node));
        }
        let number = (node & ((1 << NUMBER_BITS) - 1)) as u32;
        let index = (node >> NUMBER_BITS & ((1 << OWNER_BITS) - 1)) as u32;
        let generation = node >> (NUMBER_BITS + OWNER_BITS) & ((1 << OWNER_GENERATION_BITS) - 1);
        let (present, alive) = self.slots.get(index).ok_or(HandleError::Stale)?.state();
        if !alive || present & ((1 << OWNER_GENERATION_BITS) - 1) != generation {
            return Err(HandleError::Stale);
        }
        Ok((self.kind.tag() | present << INDEX_BITS | u64::from(index), number))
    }
}

#[cfg(test)]
mod tests;

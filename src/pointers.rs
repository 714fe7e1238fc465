//! Which allocation a pointer lies in: an interval map that readers search without a lock.
//!
//! A B+ tree of nodes of 16 keys, all of it atomics in memory that never moves, behind one version
//! word: writers hold the lock and make the version odd while they change the tree; a reader
//! walks, then looks whether the version is still the same even number, and walks again if not.
//! Whatever a reader meets in between are valid indices, so a torn walk is wasted, not wrong.
//! A subtree's key is exactly its smallest base, so the allocation before an address is always in
//! the leaf that the walk ends in.
//!
//! A hint a page, shared by all readers, saves most walks: the record that an address of this page
//! was last found in. A hint is never wrong, only useless: what it points to is taken only if it
//! holds the address, and a record that is not in use holds none.

mod node;

use std::sync::OnceLock;

use parking_lot::Mutex;
use stream_hal_backends::device::Place;

use super::chunks::{self, Chunks};
use super::error::{Error, Result, What};
use super::sync::{AtomicU32, AtomicU64, Ordering, fence};
use node::{KEYS, NO_KEY, Node};

/// A piece of memory that the runtime knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The first byte.
    pub base: u64,
    /// How many bytes; at least 1.
    pub bytes: u64,
    /// The number of its device.
    pub device: u32,
    /// Device or host memory.
    pub place: Place,
    /// The handle of the context it was made in.
    pub context: u64,
    /// Whether it is the program's own memory, registered.
    pub registered: bool,
    /// Whether the program asked for managed memory.
    pub managed: bool,
    /// The flags the program asked for it with; bits 4 to 27 are not kept.
    pub flags: u32,
    /// Different for every allocation there ever was; given by [`Pointers::insert`].
    pub generation: u64,
}

impl Default for Allocation {
    fn default() -> Allocation {
        let place = Place::Device;
        Allocation {
            base: 0,
            bytes: 0,
            device: 0,
            place,
            context: 0,
            registered: false,
            managed: false,
            flags: 0,
            generation: 0,
        }
    }
}

/// The process's allocations.
#[inline]
pub fn pointers() -> &'static Pointers {
    static POINTERS: Pointers = Pointers::new();
    &POINTERS
}

/// The map.
pub struct Pointers {
    /// Odd while a writer is at work.
    version: AtomicU64,
    root: AtomicU32,
    /// Levels above the leaves.
    depth: AtomicU32,
    nodes: Chunks<Node>,
    records: Chunks<Record>,
    hints: OnceLock<Box<[AtomicU64]>>,
    writer: Mutex<Writer>,
}

/// One hint: the low 40 bits of the page's number | the record's index, 24 bits.
const HINT_BITS: u32 = 16;
const PAGE_BITS: u32 = 12;
const RECORD_BITS: u32 = 24;

struct Writer {
    nodes: Indices,
    records: Indices,
    generation: u64,
    count: usize,
}

/// Indices that are not in use.
struct Indices {
    free: Vec<u32>,
    fresh: u32,
}

/// A level takes eight times as many insertions to come about as the one below it.
const MOST_LEVELS: usize = 24;

#[repr(align(64))]
struct Record {
    base: AtomicU64,
    bytes: AtomicU64,
    generation: AtomicU64,
    context: AtomicU64,
    device: AtomicU32,
    /// [`ON_HOST`], [`REGISTERED`], [`MANAGED`], and the flags that are kept.
    bits: AtomicU32,
}

const ON_HOST: u32 = 1;
const REGISTERED: u32 = 2;
const MANAGED: u32 = 4;
/// The lowest four flags lie from this bit on, the highest four where they are.
const LOW_FLAGS: u32 = 4;
const HIGH_FLAGS: u32 = 0xf000_0000;

/// A reader that met this many writers waits for the lock.
const TRIES: u32 = 16;

/// The way from the root to a leaf: each node with the place of the link that was followed.
struct Path {
    steps: [(u32, usize); MOST_LEVELS],
    length: usize,
}

impl Default for Pointers {
    fn default() -> Pointers {
        Pointers::new()
    }
}

impl Pointers {
    /// An empty map.
    pub const fn new() -> Pointers {
        Pointers {
            version: AtomicU64::new(0),
            root: AtomicU32::new(0),
            depth: AtomicU32::new(0),
            nodes: Chunks::new(),
            records: Chunks::new(),
            hints: OnceLock::new(),
            writer: Mutex::new(Writer {
                nodes: Indices { free: Vec::new(), fresh: 1 },
                records: Indices { free: Vec::new(), fresh: 0 },
                generation: 0,
                count: 0,
            }),
        }
    }

    /// How many allocations there are.
    pub fn len(&self) -> usize {
        self.writer.lock().count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The allocation that the address lies in.
    /// may: no RMW, no alloc, no syscall; 1 lock if 16 writers in a row came in between
    #[inline]
    pub fn find(&self, address: u64) -> Option<Allocation> {
        for _ in 0..TRIES {
            let version = self.version.load(Ordering::Acquire);
            if version.is_multiple_of(2) {
                let found = self.look(address);
                fence(Ordering::Acquire);
                if self.version.load(Ordering::Relaxed) == version {
                    return found;
                }
            }
            std::hint::spin_loop();
        }
        let _writer = self.writer.lock();
        self.look(address)
    }

    /// The allocation that the whole range lies in. A range of no bytes is where it starts.
    /// may: as [`Pointers::find`]
    #[inline]
    pub fn find_range(&self, address: u64, bytes: u64) -> Option<Allocation> {
        self.find(address).filter(|found| bytes <= found.bytes - (address - found.base))
    }

    /// Adds an allocation and gives it a generation of its own; refused if it overlaps one that is there.
    pub fn insert(&self, allocation: Allocation) -> Result {
        let Allocation { base, bytes, .. } = allocation;
        if bytes == 0 || base.checked_add(bytes).is_none() {
            return Err(Error::value("ptr", "the range is empty or wraps around"));
        }
        let mut writer = self.writer.lock();
        let path = self.path(base);
        if let Some(other) = self.neighbours(&path, base).find(|other| overlaps(other, base, bytes)) {
            let other = format!("the allocation at {:#x} of {} bytes", other.base, other.bytes);
            return Err(Error::value("ptr", format!("the range overlaps {other}")));
        }
        // Room for every split comes first, so that nothing fails half done.
        if !writer.nodes.has(path.length + 1) || !writer.records.has(1) {
            return Err(Error::new(What::OutOfMemory, "there are too many allocations"));
        }
        writer.generation += 1;
        writer.count += 1;
        let record = writer.records.take();
        let generation = writer.generation;
        self.change(|| {
            self.record(record).set(&Allocation { generation, ..allocation });
            self.insert_link(&mut writer, &path, base, record);
        });
        Ok(())
    }

    /// Takes out the allocation that starts at `base`.
    pub fn remove(&self, base: u64) -> Result {
        match self.take(base) {
            Some(_) => Ok(()),
            None => Err(Error::value("ptr", format!("no allocation starts at {base:#x}"))),
        }
    }

    /// Takes out the allocation that starts at `base`, if there is one.
    pub fn take(&self, base: u64) -> Option<Allocation> {
        let mut writer = self.writer.lock();
        let path = self.path(base);
        let (leaf, at) = path.leaf();
        let node = self.node(leaf);
        if node.key(at) != base || at >= node.count() {
            return None;
        }
        let record = node.link(at);
        let allocation = self.record(record).get();
        self.change(|| {
            self.record(record).bytes.store(0, Ordering::Relaxed);
            self.remove_link(&mut writer, &path);
        });
        writer.records.free.push(record);
        writer.count -= 1;
        Some(allocation)
    }

    /// All allocations by ascending base, at one moment.
    pub fn all(&self) -> Vec<Allocation> {
        let writer = self.writer.lock();
        let mut all = Vec::with_capacity(writer.count);
        let mut base = 0;
        while let Some(found) = self.first_from(base) {
            all.push(found);
            base = found.base + 1;
        }
        all
    }

    /// Runs a change of the tree so that readers notice. The caller holds the lock.
    fn change(&self, change: impl FnOnce()) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        change();
        self.version.store(version + 2, Ordering::Release);
    }

    #[inline]
    fn look(&self, address: u64) -> Option<Allocation> {
        let hints = self.hints.get_or_init(|| (0..1 << HINT_BITS).map(|_| AtomicU64::new(0)).collect());
        let page = address >> PAGE_BITS;
        // The golden ratio spreads pages that differ in any bits.
        let hint = &hints[(page.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - HINT_BITS)) as usize];
        let known = hint.load(Ordering::Relaxed);
        if known >> RECORD_BITS == page & (u64::MAX >> RECORD_BITS)
            && let Some(found) = self.hold((known & ((1 << RECORD_BITS) - 1)) as u32, address)
        {
            return Some(found);
        }
        let record = self.walk(address)?;
        let found = self.hold(record, address)?;
        hint.store(page << RECORD_BITS | u64::from(record), Ordering::Relaxed);
        Some(found)
    }

    /// The record's allocation, if the address lies in it.
    #[inline]
    fn hold(&self, record: u32, address: u64) -> Option<Allocation> {
        let record = self.records.get(record)?;
        let base = record.base.load(Ordering::Relaxed);
        let inside = address.wrapping_sub(base) < record.bytes.load(Ordering::Relaxed);
        inside.then(|| record.get())
    }

    /// The record of the last allocation that starts at or before the address.
    fn walk(&self, address: u64) -> Option<u32> {
        if address == NO_KEY {
            return None;
        }
        let mut node = self.nodes.get(self.root.load(Ordering::Relaxed))?;
        for _ in 0..self.depth.load(Ordering::Relaxed) {
            node = self.nodes.get(node.link(node.rank(address).max(1) - 1))?;
        }
        Some(node.link(node.rank(address).checked_sub(1)?))
    }

    /// The way to the last key that is at most `base`; in the leaf place 0 if there is none.
    fn path(&self, base: u64) -> Path {
        let mut path = Path { steps: [(0, 0); MOST_LEVELS], length: 0 };
        let mut index = self.root.load(Ordering::Relaxed);
        for level in 0..=self.depth.load(Ordering::Relaxed) as usize {
            let node = self.node(index);
            path.steps[level] = (index, node.rank(base).max(1) - 1);
            index = node.link(path.steps[level].1);
            path.length = level + 1;
        }
        path
    }

    /// The allocations next to a base, before (or at) and after it.
    fn neighbours(&self, path: &Path, base: u64) -> impl Iterator<Item = Allocation> {
        let (leaf, at) = path.leaf();
        let node = self.node(leaf);
        let before = (at < node.count()).then(|| self.record(node.link(at)).get());
        [before, self.after(path, base)].into_iter().flatten()
    }

    /// The allocation with the smallest base that is not below this one.
    fn first_from(&self, base: u64) -> Option<Allocation> {
        self.after(&self.path(base), base)
    }

    /// The same, with the path to the base.
    fn after(&self, path: &Path, base: u64) -> Option<Allocation> {
        let (leaf, at) = path.leaf();
        let node = self.node(leaf);
        let from = at + usize::from(node.key(at) < base);
        if from < node.count() {
            return Some(self.record(node.link(from)).get());
        }
        // The next leaf hangs on the lowest step that has a link further right.
        let level = (0..path.length - 1).rev().find(|&level| {
            let (index, at) = path.steps[level];
            at + 1 < self.node(index).count()
        })?;
        let (index, at) = path.steps[level];
        let mut next = self.node(index).link(at + 1);
        for _ in level + 1..path.length - 1 {
            next = self.node(next).link(0);
        }
        Some(self.record(self.node(next).link(0)).get())
    }

    /// Puts a key into the leaf of the path, splitting full nodes upwards.
    fn insert_link(&self, writer: &mut Writer, path: &Path, base: u64, record: u32) {
        let (mut key, mut link) = (base, record);
        for level in (0..path.length).rev() {
            let (index, at) = path.steps[level];
            let node = self.node(index);
            let at = if node.count() == 0 || key < node.key(at) { at } else { at + 1 };
            let right = (node.count() == KEYS).then(|| {
                // Split at the end when keys come in ascending order, so that nodes stay full.
                let keep = if at == KEYS { KEYS } else { KEYS / 2 };
                (writer.nodes.take(), keep)
            });
            let Some((right_index, keep)) = right else {
                node.insert(at, key, link);
                if at == 0 {
                    self.lower_keys(path, level, key);
                }
                return;
            };
            let right = self.node(right_index);
            right.count.store(0, Ordering::Relaxed);
            node.move_tail(keep, right);
            if at < keep {
                node.insert(at, key, link)
            } else {
                right.insert(at - keep, key, link)
            }
            if at == 0 {
                self.lower_keys(path, level, key);
            }
            (key, link) = (right.key(0), right_index);
        }
        self.grow_root(writer, key, link);
    }

    /// The old root was split: a new one above it and its right half.
    fn grow_root(&self, writer: &mut Writer, key: u64, right: u32) {
        let (left, root) = (self.root.load(Ordering::Relaxed), writer.nodes.take());
        let node = self.node(root);
        node.count.store(0, Ordering::Relaxed);
        node.insert(0, self.node(left).key(0), left);
        node.insert(1, key, right);
        self.root.store(root, Ordering::Relaxed);
        self.depth.store(self.depth.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Takes the path's key out of its leaf, and empty nodes out of theirs.
    fn remove_link(&self, writer: &mut Writer, path: &Path) {
        for level in (0..path.length).rev() {
            let (index, at) = path.steps[level];
            let node = self.node(index);
            node.remove(at);
            if node.count() > 0 {
                if at == 0 {
                    self.lower_keys(path, level, node.key(0));
                }
                break;
            }
            if level > 0 {
                writer.nodes.free.push(index);
            }
        }
        self.shrink_root(writer);
    }

    /// A root with a single child is not needed; one without any becomes a leaf.
    fn shrink_root(&self, writer: &mut Writer) {
        while self.depth.load(Ordering::Relaxed) > 0 {
            let root = self.root.load(Ordering::Relaxed);
            match self.node(root).count() {
                0 => self.depth.store(0, Ordering::Relaxed),
                1 => {
                    self.root.store(self.node(root).link(0), Ordering::Relaxed);
                    self.depth.store(self.depth.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
                    writer.nodes.free.push(root);
                }
                _ => return,
            }
        }
    }

    /// The smallest key of the node at `level` is now this one: so says its parent, and so on
    /// for as long as it is the first child.
    fn lower_keys(&self, path: &Path, level: usize, key: u64) {
        for &(index, at) in path.steps[..level].iter().rev() {
            self.node(index).keys[at].store(key, Ordering::Relaxed);
            if at != 0 {
                return;
            }
        }
    }

    fn node(&self, index: u32) -> &Node {
        self.nodes.get_or_make(index, Node::new)
    }

    fn record(&self, index: u32) -> &Record {
        self.records.get_or_make(index, Record::new)
    }
}

fn overlaps(other: &Allocation, base: u64, bytes: u64) -> bool {
    other.base < base + bytes && base < other.base + other.bytes
}

impl Path {
    fn leaf(&self) -> (u32, usize) {
        self.steps[self.length - 1]
    }
}

impl Indices {
    fn has(&self, wanted: usize) -> bool {
        self.free.len() + (chunks::LIMIT - self.fresh) as usize >= wanted
    }

    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.fresh += 1;
            self.fresh - 1
        })
    }
}

impl Record {
    fn new() -> Record {
        Record {
            base: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            generation: AtomicU64::new(0),
            context: AtomicU64::new(0),
            device: AtomicU32::new(0),
            bits: AtomicU32::new(0),
        }
    }

    fn set(&self, allocation: &Allocation) {
        self.base.store(allocation.base, Ordering::Relaxed);
        self.bytes.store(allocation.bytes, Ordering::Relaxed);
        self.generation.store(allocation.generation, Ordering::Relaxed);
        self.context.store(allocation.context, Ordering::Relaxed);
        self.device.store(allocation.device, Ordering::Relaxed);
        let on_host = if allocation.place == Place::Host { ON_HOST } else { 0 };
        let registered = if allocation.registered { REGISTERED } else { 0 };
        let managed = if allocation.managed { MANAGED } else { 0 };
        let flags = (allocation.flags & 0xf) << LOW_FLAGS | allocation.flags & HIGH_FLAGS;
        self.bits.store(on_host | registered | managed | flags, Ordering::Relaxed);
    }

    #[inline]
    fn get(&self) -> Allocation {
        let bits = self.bits.load(Ordering::Relaxed);
        Allocation {
            base: self.base.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            generation: self.generation.load(Ordering::Relaxed),
            context: self.context.load(Ordering::Relaxed),
            device: self.device.load(Ordering::Relaxed),
            place: if bits & ON_HOST != 0 { Place::Host } else { Place::Device },
            registered: bits & REGISTERED != 0,
            managed: bits & MANAGED != 0,
            flags: bits >> LOW_FLAGS & 0xf | bits & HIGH_FLAGS,
        }
    }
}

#[cfg(test)]
mod tests;

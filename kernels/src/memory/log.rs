//! A log of what kernels read, write and update in global memory, as ranges of bytes.
//!
//! A device that wants one hands [`Logged`] to its blocks in place of its memory, one for each thread that runs them,
//! all with the same [`AccessLog`]. Without one nothing is paid. A log's size is bounded: where ranges are too many
//! those with the smallest gaps between them become one, and the log says that it is coarse.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{AtomicOp, Memory, MemoryFault};

/// Ranges of which a set keeps no more.
const MOST_RANGES: usize = 1 << 16;
/// Ranges that are collected before they are sorted in.
const PENDING: usize = 512;

/// A set of bytes: disjoint half-open ranges, ascending and apart from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    sorted: Vec<(u64, u64)>,
    pending: Vec<(u64, u64)>,
    coarse: bool,
}

impl Ranges {
    /// Adds bytes from an address on.
    pub fn add(&mut self, address: u64, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let end = address.saturating_add(bytes);
        // Neighbours come one after the other: most accesses only make the last range longer.
        if let Some(last) = self.pending.last_mut()
            && address <= last.1
            && end >= last.0
        {
            *last = (last.0.min(address), last.1.max(end));
            return;
        }
        self.pending.push((address, end));
        if self.pending.len() >= PENDING {
            self.settle(MOST_RANGES);
        }
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: &Ranges) {
        for &(start, end) in other.sorted.iter().chain(&other.pending) {
            self.add(start, end - start);
        }
        self.coarse |= other.coarse;
    }

    /// The ranges: first byte and the one behind the last.
    pub fn ranges(&mut self) -> &[(u64, u64)] {
        self.settle(MOST_RANGES);
        &self.sorted
    }

    /// Bytes were added that nobody asked for, so that the set stays small.
    pub fn is_coarse(&self) -> bool {
        self.coarse
    }

    /// Sorts in what is pending and keeps at most so many ranges.
    fn settle(&mut self, most: usize) {
        if self.pending.is_empty() {
            return;
        }
        self.sorted.append(&mut self.pending);
        // What was sorted stays one run, which a merge sort finds.
        self.sorted.sort();
        close_gaps(&mut self.sorted, 0);
        if self.sorted.len() > most {
            self.coarse = true;
            let mut gaps: Vec<u64> = self.sorted.windows(2).map(|pair| pair[1].0 - pair[0].1).collect();
            // Half of the gaps go, so that this is rare.
            let middle = gaps.len() / 2;
            let (_, &mut gap, _) = gaps.select_nth_unstable(middle);
            close_gaps(&mut self.sorted, gap);
        }
    }
}

/// Makes one of neighbours that are at most `gap` bytes apart.
fn close_gaps(sorted: &mut Vec<(u64, u64)>, gap: u64) {
    sorted.dedup_by(|next, kept| {
        let together = next.0 <= kept.1.saturating_add(gap);
        if together {
            kept.1 = kept.1.max(next.1);
        }
        together
    });
}

/// What was accessed, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Kinds {
    reads: Ranges,
    writes: Ranges,
    atomics: Ranges,
}

/// What the kernels of one node accessed in global memory. Loads and stores count by themselves and an atomic
/// read-modify-write as an update only. Accesses that fault are not there.
#[derive(Debug, Default)]
pub struct AccessLog {
    kinds: Mutex<Kinds>,
}

impl AccessLog {
    /// An empty log.
    pub fn new() -> Self {
        AccessLog::default()
    }

    /// Bytes that were read.
    pub fn reads(&self) -> Vec<(u64, u64)> {
        lock(&self.kinds).reads.ranges().to_vec()
    }

    /// Bytes that were written.
    pub fn writes(&self) -> Vec<(u64, u64)> {
        lock(&self.kinds).writes.ranges().to_vec()
    }

    /// Bytes that were updated by atomics.
    pub fn atomics(&self) -> Vec<(u64, u64)> {
        lock(&self.kinds).atomics.ranges().to_vec()
    }

    /// The ranges are too many to be told apart: some bytes are listed that were not accessed.
    pub fn is_coarse(&self) -> bool {
        let kinds = lock(&self.kinds);
        kinds.reads.coarse || kinds.writes.coarse || kinds.atomics.coarse
    }
}

/// A panic elsewhere leaves sets that are whole: they only grow.
fn lock(kinds: &Mutex<Kinds>) -> MutexGuard<'_, Kinds> {
    kinds.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Memory whose accesses are logged. What it saw is in the log when it is dropped.
pub struct Logged<'m> {
    memory: &'m dyn Memory,
    log: &'m AccessLog,
    seen: Mutex<Kinds>,
}

impl<'m> Logged<'m> {
    /// Logs what one thread does to a memory.
    pub fn new(memory: &'m dyn Memory, log: &'m AccessLog) -> Self {
        Logged { memory, log, seen: Mutex::default() }
    }
}

impl Drop for Logged<'_> {
    fn drop(&mut self) {
        let seen = std::mem::take(&mut *lock(&self.seen));
        let mut all = lock(&self.log.kinds);
        all.reads.merge(&seen.reads);
        all.writes.merge(&seen.writes);
        all.atomics.merge(&seen.atomics);
    }
}

impl Memory for Logged<'_> {
    fn load(&self, address: u64, bytes: u32) -> Result<u64, MemoryFault> {
        let value = self.memory.load(address, bytes)?;
        lock(&self.seen).reads.add(address, u64::from(bytes));
        Ok(value)
    }

    fn store(&self, address: u64, bytes: u32, value: u64) -> Result<(), MemoryFault> {
        self.memory.store(address, bytes, value)?;
        lock(&self.seen).writes.add(address, u64::from(bytes));
        Ok(())
    }

    fn atomic(
        &self,
        address: u64,
        bytes: u32,
        op: AtomicOp,
        operand: u64,
        compare: u64,
    ) -> Result<u64, MemoryFault> {
        let old = self.memory.atomic(address, bytes, op, operand, compare)?;
        lock(&self.seen).atomics.add(address, u64::from(bytes));
        Ok(old)
    }

    fn exchange_wide(&self, address: u64, operand: u128, compare: Option<u128>) -> Result<u128, MemoryFault> {
        let old = self.memory.exchange_wide(address, operand, compare)?;
        lock(&self.seen).atomics.add(address, 16);
        Ok(old)
    }

    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), MemoryFault> {
        self.memory.read(address, into)?;
        lock(&self.seen).reads.add(address, into.len() as u64);
        Ok(())
    }

    fn write(&self, address: u64, from: &[u8]) -> Result<(), MemoryFault> {
        self.memory.write(address, from)?;
        lock(&self.seen).writes.add(address, from.len() as u64);
        Ok(())
    }

    fn fence(&self) {
        self.memory.fence();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn bytes(ranges: &[(u64, u64)]) -> BTreeSet<u64> {
        ranges.iter().flat_map(|&(start, end)| start..end).collect()
    }

    fn check_form(ranges: &[(u64, u64)]) {
        assert!(ranges.iter().all(|&(start, end)| start < end), "{ranges:?}");
        assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:?}");
    }

    #[test]
    fn random_ranges_are_the_set_of_their_bytes() {
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            let reach = [50, 3000, 40_000][seed as usize % 3];
            for _ in 0..random.usize(1..3000) {
                let (at, count) = (random.u64(0..reach), random.u64(0..20));
                ranges.add(at, count);
                set.extend(at..at + count);
                if random.u32(0..400) == 0 {
                    check_form(ranges.ranges());
                }
            }
            check_form(ranges.ranges());
            assert_eq!(bytes(ranges.ranges()), set, "seed {seed}");
            assert!(!ranges.is_coarse());
        }
    }

    #[test]
    fn the_ends_of_the_address_space_are_no_trouble() {
        let mut ranges = Ranges::default();
        ranges.add(u64::MAX - 3, 100);
        ranges.add(0, 1);
        ranges.add(u64::MAX - 9, 2);
        assert_eq!(ranges.ranges(), [(0, 1), (u64::MAX - 9, u64::MAX - 7), (u64::MAX - 3, u64::MAX)]);
    }

    #[test]
    fn too_many_ranges_become_coarse_and_stay_few() {
        let mut random = fastrand::Rng::with_seed(1);
        let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
        for _ in 0..2000 {
            let at = random.u64(0..1 << 20);
            ranges.add(at, 1);
            set.insert(at);
        }
        ranges.settle(100);
        assert!(ranges.is_coarse());
        check_form(&ranges.sorted);
        let kept = bytes(&ranges.sorted);
        assert!(set.is_subset(&kept), "nothing that was accessed is lost");
        assert!(ranges.sorted.len() <= 1100, "{}", ranges.sorted.len());
        assert_eq!((kept.first(), kept.last()), (set.first(), set.last()));
    }
}

//! Queues of the null backend: what was submitted waits until somebody asks, then it is walked.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use smallvec::SmallVec;
use stream_hal_capture::Op;
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::clock::{now_ns, stamps};
use stream_hal_scheduler::{Delta, Prepared, Ticket, Work};

use super::encode;

/// Queues in the first chunk; each further chunk holds twice as many.
const FIRST: u32 = 32;
const CHUNKS: usize = 26;

/// All queues by number, in chunks that never move, so that finding one takes no lock. Numbers are
/// not used again.
#[derive(Default)]
pub(super) struct Queues {
    chunks: [OnceLock<Box<Table>>; CHUNKS],
    opened: AtomicU32,
}

#[derive(Default)]
struct Queue {
    /// A closed queue is through with everything.
    open: bool,
    submitted: u64,
    walked: u64,
    pending: VecDeque<Piece>,
    /// Ops and waits of the pending pieces; emptied when all are walked.
    ops: Vec<Op>,
    waits: Vec<Ticket>,
    /// How many ops of each kind were visited, so that a visit is not for nothing.
    counts: [u64; 10],
}

enum Piece {
    Ops { ops: Range<usize>, waits: Range<usize> },
    Exec { prepared: Arc<dyn Prepared>, deltas: Vec<Delta>, waits: Range<usize> },
}

type Table = [Mutex<Queue>];

impl Queues {
    pub(super) fn open(&self) -> u32 {
        let queue = self.opened.fetch_add(1, Ordering::Relaxed);
        let (chunk, offset) = place(queue);
        let count = (FIRST as usize) << chunk;
        let queues = self.chunks[chunk].get_or_init(|| (0..count).map(|_| Mutex::default()).collect());
        queues[offset].lock().open = true;
        queue
    }

    /// What is pending is walked first; afterwards all values of the queue are reached.
    pub(super) fn close(&self, queue: u32) {
        self.walk(queue, u64::MAX);
        if let Some(lane) = self.get(queue) {
            *lane.lock() = Queue::default();
        }
    }

    #[inline]
    fn get(&self, queue: u32) -> Option<&Mutex<Queue>> {
        let (chunk, offset) = place(queue);
        self.chunks.get(chunk)?.get()?.get(offset)
    }

    /// may: 2 RMW (the queue's lock)
    pub(super) fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        let Some(mut lane) = self.get(queue).map(Mutex::lock).filter(|lane| lane.open) else {
            return Err(Error::Invalid(format!("queue {queue} is not open")));
        };
        let (ops_start, waits_start) = (lane.ops.len(), lane.waits.len());
        let piece = match work {
            Work::Ops { ops, waits, .. } => {
                lane.ops.extend_from_slice(ops);
                lane.waits.extend_from_slice(waits);
                Piece::Ops { ops: ops_start..lane.ops.len(), waits: waits_start..lane.waits.len() }
            }
            Work::Exec { prepared, deltas, waits } => {
                encode::of(prepared)?;
                lane.waits.extend_from_slice(waits);
                Piece::Exec { prepared: prepared.clone(), deltas, waits: waits_start..lane.waits.len() }
            }
        };
        lane.pending.push_back(piece);
        lane.submitted += 1;
        Ok(Ticket { queue, value: lane.submitted })
    }

    /// Walks what is pending and says how far the queue is; a closed queue is through.
    pub(super) fn completed(&self, queue: u32) -> u64 {
        self.walk(queue, u64::MAX);
        self.get(queue).map_or(u64::MAX, |lane| lane.lock().reached())
    }

    /// Walks a queue up to a value, and first what that waits for; no recursion.
    pub(super) fn walk(&self, queue: u32, value: u64) {
        let mut stack = SmallVec::<[Ticket; 8]>::from_elem(Ticket { queue, value }, 1);
        while let Some(&ticket) = stack.last() {
            match self.walk_one(ticket) {
                Some(first) => stack.push(first),
                None => drop(stack.pop()),
            }
        }
    }

    /// Walks one queue as far as its waits allow; returns the first that is not reached.
    fn walk_one(&self, target: Ticket) -> Option<Ticket> {
        let mut lane = self.get(target.queue)?.lock();
        while lane.walked < target.value {
            let waits = match lane.pending.front() {
                None => break,
                Some(Piece::Ops { waits, .. } | Piece::Exec { waits, .. }) => waits.clone(),
            };
            // A queue's own earlier values are reached when their successor is in front.
            let unreached = |ticket: &&Ticket| {
                ticket.queue != target.queue
                    && self.get(ticket.queue).is_some_and(|other| match other.try_lock() {
                        // Somebody else walks it: as good as not reached.
                        None => true,
                        Some(other) => other.reached() < ticket.value && !other.pending.is_empty(),
                    })
            };
            if let Some(&ticket) = lane.waits[waits].iter().find(unreached) {
                return Some(ticket);
            }
            lane.walk_front();
        }
        None
    }
}

/// The chunk of a queue and its place there.
#[inline]
fn place(queue: u32) -> (usize, usize) {
    let shifted = u64::from(queue) + u64::from(FIRST);
    let chunk = shifted.ilog2() - FIRST.ilog2();
    (chunk as usize, (shifted - (u64::from(FIRST) << chunk)) as usize)
}

impl Queue {
    fn reached(&self) -> u64 {
        if self.open { self.walked } else { u64::MAX }
    }

    fn walk_front(&mut self) {
        match self.pending.pop_front() {
            None => return,
            Some(Piece::Ops { ops, .. }) => visit(&self.ops[ops], &mut self.counts),
            Some(Piece::Exec { prepared, deltas, .. }) => {
                if let Ok(exec) = encode::of(&prepared) {
                    if !deltas.is_empty() && exec.patch(&deltas).is_err() {
                        tracing::error!("a change names a place outside of its plan");
                    }
                    visit(&exec.ops.lock(), &mut self.counts);
                }
            }
        }
        self.walked += 1;
        if self.pending.is_empty() {
            self.ops.clear();
            self.waits.clear();
        }
    }
}

/// Looks at each op once.
fn visit(ops: &[Op], counts: &mut [u64; 10]) {
    for op in ops {
        let kind = match op {
            Op::Empty => 0,
            Op::Launch(_) => 1,
            Op::Copy(_) => 2,
            Op::Write(_) => 3,
            Op::CopyRect(_) => 4,
            Op::Fill(_) => 5,
            Op::Host(_) => 6,
            Op::EventRecord { stamp, .. } => {
                if *stamp != Op::NO_STAMP {
                    stamps().set(*stamp, now_ns());
                }
                7
            }
            Op::EventWait { .. } => 8,
            Op::Graph { .. } => 9,
        };
        counts[kind] += 1;
    }
}

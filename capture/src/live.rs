//! The live DAG of one stream: what was recorded and is not known to be finished.
//!
//! A stream is a chain, so each node has an edge from the one before it. What it waits for on other
//! lanes are points, kept as data: a lane never looks into another lane's DAG. Only the recorder uses
//! this; the executor reads nothing of it.

use std::collections::VecDeque;

use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use smallvec::SmallVec;

use crate::op::{Args, Op};
use crate::parameters::{Block, Parameters};

/// How many finished ops a history keeps.
pub const HISTORY: usize = 4096;

/// A point of another lane: reached when the lane's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// The lane.
    pub lane: u32,
    /// Its value.
    pub value: u64,
}

/// An op of a live DAG, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<'a> {
    /// Its number on its stream, from 1.
    pub sequence: u64,
    /// The lane value that is reached when it is done.
    pub value: u64,
    /// The op; its `Args` are offsets into `args`.
    pub op: &'a Op,
    /// Its parameters.
    pub args: &'a [u8],
}

struct Slot {
    op: Op,
    value: u64,
    block: Block,
    place: NodeIndex,
}

/// A finished op in the history.
struct Finished {
    sequence: u64,
    value: u64,
    op: Op,
    args: Vec<u8>,
    after: SmallVec<[Point; 2]>,
}

/// The live DAG of one stream.
#[derive(Default)]
pub struct Live {
    graph: StableDiGraph<u32, ()>,
    /// The pending ops, oldest first; the front one has the number `finished + 1`.
    slots: VecDeque<Slot>,
    parameters: Parameters,
    /// The points that pending ops come after, with the ops' numbers. Most ops have none.
    after: VecDeque<(u64, Point)>,
    finished: u64,
    history: Option<VecDeque<Finished>>,
}

impl Live {
    /// A stream without ops.
    pub fn new() -> Live {
        Live::default()
    }

    /// Adds an op behind all others of the stream, and after points of other lanes. `value` is what the
    /// stream's lane reaches when the op is done; it never falls from one op to the next.
    /// Gives the op's number, from 1.
    ///
    /// may: no RMW, no lock, no syscall, no allocation in steady state.
    #[inline]
    pub fn record(&mut self, op: Op, args: &[u8], value: u64, after: &[Point]) -> u64 {
        let sequence = self.recorded() + 1;
        let place = self.graph.add_node(sequence as u32);
        if let Some(last) = self.slots.back() {
            self.graph.add_edge(last.place, place, ());
        }
        let block = self.parameters.push(args);
        let op = op.with_args(Args { start: 0, bytes: args.len() as u32 });
        self.slots.push_back(Slot { op, value, block, place });
        if !after.is_empty() {
            self.after.extend(after.iter().map(|&point| (sequence, point)));
        }
        sequence
    }

    /// Takes out all ops whose lane value is reached.
    #[inline]
    pub fn retire(&mut self, completed: u64) {
        if self.slots.front().is_some_and(|slot| slot.value <= completed) {
            self.retire_some(completed);
        }
    }

    fn retire_some(&mut self, completed: u64) {
        while let Some(slot) = self.slots.front()
            && slot.value <= completed
        {
            self.finished += 1;
            if self.history.is_some() {
                self.remember();
            }
            if let Some(slot) = self.slots.pop_front() {
                self.graph.remove_node(slot.place);
            }
            while self.after.front().is_some_and(|(sequence, _)| *sequence <= self.finished) {
                self.after.pop_front();
            }
        }
        match self.slots.front() {
            Some(slot) => self.parameters.release_before(slot.block),
            None => {
                // The ring begins again where it is still in cache.
                self.slots.clear();
                self.parameters.release_all();
            }
        }
    }

    /// The number of the last op; 0 if there was none.
    #[inline]
    pub fn recorded(&self) -> u64 {
        self.finished + self.slots.len() as u64
    }

    /// How many ops are known to be finished.
    pub fn finished(&self) -> u64 {
        self.finished
    }

    /// How many ops are not known to be finished.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether all ops are known to be finished.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many edges there are between pending ops.
    pub fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// The ops that are not known to be finished, oldest first.
    pub fn pending(&self) -> impl Iterator<Item = Entry<'_>> {
        self.slots.iter().zip(self.finished + 1..).map(|(slot, sequence)| Entry {
            sequence,
            value: slot.value,
            op: &slot.op,
            args: self.parameters.get(slot.block),
        })
    }

    /// Whether finished ops are kept, up to [`HISTORY`] of them. Forgets them when turned off.
    pub fn keep_history(&mut self, keep: bool) {
        if !keep {
            self.history = None;
        } else if self.history.is_none() {
            self.history = Some(VecDeque::with_capacity(HISTORY));
        }
    }

    /// The kept finished ops, oldest first.
    pub fn history(&self) -> impl Iterator<Item = Entry<'_>> {
        self.history.iter().flatten().map(|done| Entry {
            sequence: done.sequence,
            value: done.value,
            op: &done.op,
            args: &done.args,
        })
    }

    /// The points of other lanes that a pending or kept op comes after.
    pub fn after(&self, sequence: u64) -> SmallVec<[Point; 2]> {
        if sequence > self.finished {
            let first = self.after.partition_point(|(number, _)| *number < sequence);
            return self.after.range(first..).take_while(|(n, _)| *n == sequence).map(|(_, p)| *p).collect();
        }
        let Some(history) = &self.history else { return SmallVec::new() };
        let first = history.partition_point(|done| done.sequence < sequence);
        match history.get(first) {
            Some(done) if done.sequence == sequence => done.after.clone(),
            _ => SmallVec::new(),
        }
    }

    /// Copies the front op into the history, over the oldest one if that is full.
    fn remember(&mut self) {
        let (Some(history), Some(slot)) = (&mut self.history, self.slots.front()) else { return };
        let mut args = match history.len() {
            HISTORY => history.pop_front().map_or(Vec::new(), |oldest| oldest.args),
            _ => Vec::new(),
        };
        args.clear();
        args.extend_from_slice(self.parameters.get(slot.block));
        let sequence = self.finished;
        let after = self.after.iter().take_while(|(n, _)| *n == sequence).map(|(_, p)| *p).collect();
        history.push_back(Finished { sequence, value: slot.value, op: slot.op, args, after });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Host;

    type Row = (u64, u64, Op, Vec<u8>, Vec<Point>);

    fn rows<'a>(live: &Live, entries: impl Iterator<Item = Entry<'a>>) -> Vec<Row> {
        entries
            .map(|e| (e.sequence, e.value, *e.op, e.args.to_vec(), live.after(e.sequence).to_vec()))
            .collect()
    }

    fn op(number: u64) -> Op {
        Op::Host(Host { function: number, data: 0, form: Host::PLAIN, stream: 0 })
    }

    #[test]
    fn a_live_dag_is_the_queue_of_what_is_not_finished() {
        for seed in 0..40 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut live = Live::new();
            live.keep_history(true);
            let (mut all, mut value, mut completed): (Vec<Row>, u64, u64) = (Vec::new(), 1, 0);
            for step in 0..random.u64(..2000) {
                value = (value + random.u64(..2)).max(completed + 1);
                let args = vec![step as u8; random.usize(..80)];
                let points = random.usize(..8).saturating_sub(5);
                let after: Vec<Point> =
                    (0..points).map(|_| Point { lane: random.u32(..9), value: random.u64(..99) }).collect();
                assert_eq!(live.record(op(step), &args, value, &after), step + 1);
                all.push((step + 1, value, op(step), args, after));
                if random.u8(..) < 20 {
                    completed = random.u64(completed..=value);
                    live.retire(completed);
                }
                let done = all.partition_point(|row| row.1 <= completed);
                assert_eq!((live.finished(), live.len()), (done as u64, all.len() - done), "seed {seed}");
                assert_eq!(live.edge_count(), live.len().saturating_sub(1), "seed {seed}");
            }
            let done = all.partition_point(|row| row.1 <= completed);
            assert_eq!(rows(&live, live.pending()), all[done..], "seed {seed}");
            assert_eq!(rows(&live, live.history()), all[..done], "seed {seed}");
        }
    }

    #[test]
    fn the_history_is_bounded_and_off_by_default() {
        let mut live = Live::new();
        for i in 0..10_000u64 {
            live.record(op(i), &i.to_le_bytes(), i, &[Point { lane: 1, value: i }]);
            live.retire(i);
            if i == 2_000 {
                assert_eq!(live.history().count(), 0);
                live.keep_history(true);
            }
        }
        assert_eq!(
            live.history().map(|e| e.sequence).collect::<Vec<_>>(),
            (5905..=10_000).collect::<Vec<_>>()
        );
        assert!(live.history().all(|e| e.args == (e.sequence - 1).to_le_bytes()));
        assert_eq!(live.after(5905)[..], [Point { lane: 1, value: 5904 }]);
        assert!(live.after(5904).is_empty() && live.after(20_000).is_empty());
        live.keep_history(false);
        assert_eq!(live.history().count(), 0);
    }
}

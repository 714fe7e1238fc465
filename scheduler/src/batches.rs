//! From ops on lanes to steps: where batches begin and end, and the barriers within them.
//!
//! A batch ends behind an op that another lane waits for, and before one that waits itself.

use smallvec::SmallVec;

use crate::flatten::Flat;
use crate::lanes::{EMPTY, Lanes};
use crate::plan::{Batch, Plan, Point, Step};

const NONE: u32 = u32::MAX;

/// The plan of a flat graph over several lanes, or with host steps.
pub(crate) fn cut(flat: Flat, lanes: usize, split_host: bool) -> Plan {
    if !split_host {
        let count = flat.len() as u32;
        return cut_sequence(flat, || 0..count, lanes, false);
    }
    let sequence = by_host_depth(&flat);
    cut_sequence(flat, || sequence.iter().copied(), lanes, true)
}

fn cut_sequence<S: Iterator<Item = u32>>(
    flat: Flat,
    sequence: impl Fn() -> S,
    lanes: usize,
    split_host: bool,
) -> Plan {
    let all = Lanes::assign(&flat, sequence(), lanes, split_host);
    let names = names(&all);
    let mut cut = Cut::default();
    cut.split(&all, sequence(), &names);
    cut.add_waits(&all, &names);
    let (items, steps) = cut.arrange(sequence());
    let barriers = barriers(&all, &items, &steps);
    Plan {
        lanes: names.iter().filter(|&&name| name != NONE).count() as u32,
        order: items.iter().map(|&item| flat.places[item as usize]).collect(),
        steps,
        barriers,
        paths: flat.paths,
    }
}

/// Items by how many host ops stand on the longest way to them, else as they are. So what does not
/// depend on a host op stands before what does, and need not wait with it.
fn by_host_depth(flat: &Flat) -> Vec<u32> {
    let mut depth: Vec<u32> = Vec::with_capacity(flat.len());
    let mut counts = vec![0u32];
    for item in 0..flat.len() {
        let after = |&from: &u32| {
            let is_host = flat.kinds[from as usize] == crate::flatten::Kind::Host;
            depth[from as usize] + u32::from(is_host)
        };
        let own = flat.dependencies(item).iter().map(after).max().unwrap_or(0);
        depth.push(own);
        counts.resize(counts.len().max(own as usize + 1), 0);
        counts[own as usize] += 1;
    }
    let mut start = 0;
    for count in &mut counts {
        start += std::mem::replace(count, start);
    }
    let mut sequence = vec![0; flat.len()];
    for (item, own) in depth.iter().enumerate() {
        let next = &mut counts[*own as usize];
        sequence[*next as usize] = item as u32;
        *next += 1;
    }
    sequence
}

/// The plan's number of each lane that is used.
fn names(all: &Lanes) -> Vec<u32> {
    let mut used = 0;
    let name = |items: &Vec<u32>| {
        if items.is_empty() {
            return NONE;
        }
        used += 1;
        used - 1
    };
    all.lanes.iter().map(name).collect()
}

/// Batches on the way of being made.
#[derive(Default)]
struct Cut {
    batches: Vec<Batch>,
    is_host: Vec<bool>,
    /// By item: its batch.
    batch: Vec<u32>,
}

impl Cut {
    /// Says which batch each item belongs to; a batch's `nodes` count its items for now.
    fn split(&mut self, all: &Lanes, sequence: impl Iterator<Item = u32>, names: &[u32]) {
        self.batch = vec![NONE; all.items.len()];
        let mut open = vec![NONE; all.lanes.len()];
        let mut signals = vec![0; all.lanes.len()];
        for item in sequence {
            let at = &all.items[item as usize];
            let lane = at.lane as usize;
            if at.lane == EMPTY {
                continue;
            }
            if open[lane] == NONE || at.is_waiter {
                open[lane] = self.batches.len() as u32;
                signals[lane] += 1;
                let (name, signal) = (names[lane], signals[lane]);
                self.batches.push(Batch { lane: name, nodes: 0..0, waits: SmallVec::new(), signal });
                self.is_host.push(all.is_host(lane));
            }
            self.batch[item as usize] = open[lane];
            self.batches[open[lane] as usize].nodes.end += 1;
            if at.is_awaited || all.is_host(lane) {
                open[lane] = NONE;
            }
        }
    }

    /// A wait for an op is a wait for the batch that ends with it.
    fn add_waits(&mut self, all: &Lanes, names: &[u32]) {
        for wait in &all.waits {
            let target = all.at(wait.lane as usize, wait.spot);
            let value = self.batches[self.batch[target] as usize].signal;
            let waiter = &mut self.batches[self.batch[wait.item as usize] as usize];
            waiter.waits.push(Point { lane: names[wait.lane as usize], value });
        }
    }

    /// Gives each batch its range; the items in the order of the steps.
    fn arrange(mut self, sequence: impl Iterator<Item = u32>) -> (Vec<u32>, Vec<Step>) {
        let mut total = 0;
        for batch in &mut self.batches {
            let count = batch.nodes.end;
            batch.nodes = total..total;
            total += count;
        }
        let mut items = vec![0; total as usize];
        for item in sequence {
            let batch = self.batch[item as usize];
            if batch == NONE {
                continue;
            }
            let range = &mut self.batches[batch as usize].nodes;
            items[range.end as usize] = item;
            range.end += 1;
        }
        let step = |(batch, is_host)| if is_host { Step::Host(batch) } else { Step::Batch(batch) };
        (items, self.batches.into_iter().zip(self.is_host).map(step).collect())
    }
}

/// A barrier before each op that depends on one of its batch behind the last barrier.
fn barriers(all: &Lanes, items: &[u32], steps: &[Step]) -> Vec<u32> {
    let mut barriers = Vec::new();
    for step in steps {
        let (Step::Batch(batch) | Step::Host(batch)) = step;
        let mut since = all.items[items[batch.nodes.start as usize] as usize].spot;
        for place in batch.nodes.clone() {
            let item = &all.items[items[place as usize] as usize];
            if item.own >= since {
                since = item.spot;
                barriers.push(place);
            }
        }
    }
    barriers
}

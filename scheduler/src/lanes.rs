//! Which lane each op goes to, and the waits between lanes that this makes necessary.
//!
//! An op follows the first of its dependencies that nobody follows yet, so that chains stay on
//! their lane; else it opens a lane, else it goes where least stands. Each lane keeps a clock: how
//! far it knows every lane to be done. A wait is made only where the clock, and the clocks that the
//! op's other waits bring, do not show the dependency done already; so none can be dropped.

use std::ops::Range;

use smallvec::SmallVec;

use crate::flatten::{Flat, Kind};

/// Lanes for host ops that the backend does not call itself.
const HOST_LANES: usize = 8;

/// A spot of a lane: how many of its ops are done. 0 is before the first.
pub(crate) type Spot = u32;

/// An op begins after a spot of another lane.
pub(crate) struct Wait {
    pub item: u32,
    pub lane: u8,
    pub spot: Spot,
}

/// Where an item goes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Item {
    /// The spot it completes; for an empty item the index of its needs.
    pub spot: Spot,
    /// The last spot of its own lane that it depends on.
    pub own: Spot,
    /// Which of the clocks its lane had.
    epoch: u32,
    /// [`EMPTY`] for an empty item.
    pub lane: u8,
    /// There is a wait in front of it.
    pub is_waiter: bool,
    /// Another lane waits for it.
    pub is_awaited: bool,
    /// Somebody follows it on its lane.
    has_heir: bool,
}

/// The lane of an item that needs none.
pub(crate) const EMPTY: u8 = u8::MAX;

/// Where each item of a flat graph goes.
pub(crate) struct Lanes {
    pub items: Vec<Item>,
    /// In the order of the items' assignment.
    pub waits: Vec<Wait>,
    /// By lane: the items on it. Lanes for device ops come first.
    pub lanes: Vec<Vec<u32>>,
    device: usize,

    /// Rows of one spot a lane. Row 0 is the beginning.
    clocks: Vec<Spot>,
    /// By lane: its present row.
    present: Vec<u32>,
    /// What empty items stand for: rows of (lane, spot), and their ends.
    joined: Vec<(u8, Spot)>,
    ends: Vec<u32>,
    /// What the item at hand needs, by lane, and the lanes it needs.
    need: Vec<Spot>,
    touched: SmallVec<[u8; 32]>,
}

impl Lanes {
    /// Assigns the items in the order of `sequence`, which must be topological. Host items get lanes
    /// of their own if `split_host`.
    pub fn assign(flat: &Flat, sequence: impl Iterator<Item = u32>, lanes: usize, split_host: bool) -> Lanes {
        let width = if split_host { lanes + HOST_LANES } else { lanes };
        let mut all = Lanes {
            items: vec![Item::default(); flat.len()],
            waits: Vec::new(),
            lanes: vec![Vec::new(); width],
            device: lanes,
            clocks: vec![0; width],
            present: vec![0; width],
            joined: Vec::new(),
            ends: vec![0],
            need: vec![0; width],
            touched: SmallVec::new(),
        };
        for item in sequence {
            let dependencies = flat.dependencies(item as usize);
            let pool = match flat.kinds[item as usize] {
                Kind::Empty => {
                    all.gather(dependencies);
                    all.join(item);
                    continue;
                }
                Kind::Host if split_host => lanes..width,
                Kind::Host | Kind::Device => 0..lanes,
            };
            if let [from] = *dependencies
                && all.follow(item, from, &pool)
            {
                continue;
            }
            all.gather(dependencies);
            all.place(item, pool);
        }
        all
    }

    /// The common case: the item follows its one dependency, which nobody follows yet.
    #[inline]
    fn follow(&mut self, item: u32, from: u32, pool: &Range<usize>) -> bool {
        let before = &mut self.items[from as usize];
        let Item { lane, spot, .. } = *before;
        if before.has_heir || !pool.contains(&(lane as usize)) {
            return false;
        }
        before.has_heir = true;
        self.push(item, lane as usize, spot);
        true
    }

    #[inline]
    fn push(&mut self, item: u32, lane: usize, own: Spot) {
        let on_lane = &mut self.lanes[lane];
        on_lane.push(item);
        let entry = &mut self.items[item as usize];
        entry.spot = on_lane.len() as Spot;
        entry.own = own;
        entry.epoch = self.present[lane];
        entry.lane = lane as u8;
    }

    /// Whether a lane holds the host ops that the backend does not call itself.
    pub fn is_host(&self, lane: usize) -> bool {
        lane >= self.device
    }

    /// What an item needs, by lane.
    fn gather(&mut self, dependencies: &[u32]) {
        for &from in dependencies {
            let Item { lane, spot, .. } = self.items[from as usize];
            if lane != EMPTY {
                raise(&mut self.need, &mut self.touched, lane, spot);
                continue;
            }
            let row = spot as usize;
            for i in self.ends[row]..self.ends[row + 1] {
                let (lane, spot) = self.joined[i as usize];
                raise(&mut self.need, &mut self.touched, lane, spot);
            }
        }
    }

    /// An empty item keeps what it needs for those that depend on it.
    fn join(&mut self, item: u32) {
        for lane in self.touched.drain(..) {
            self.joined.push((lane, std::mem::take(&mut self.need[lane as usize])));
        }
        let entry = &mut self.items[item as usize];
        entry.lane = EMPTY;
        entry.spot = self.ends.len() as u32 - 1;
        self.ends.push(self.joined.len() as u32);
    }

    fn place(&mut self, item: u32, pool: Range<usize>) {
        let lane = self.pick(pool);
        let own = self.need[lane];
        if own > 0 {
            let heir_of = self.at(lane, own);
            self.items[heir_of].has_heir = true;
        }
        self.wait(item, lane);
        self.push(item, lane, own);
        for lane in self.touched.drain(..) {
            self.need[lane as usize] = 0;
        }
    }

    /// The item that completes a spot of a lane.
    pub fn at(&self, lane: usize, spot: Spot) -> usize {
        self.lanes[lane][spot as usize - 1] as usize
    }

    fn pick(&self, pool: Range<usize>) -> usize {
        let heir = self
            .touched
            .iter()
            .map(|&lane| lane as usize)
            .filter(|&lane| pool.contains(&lane) && !self.items[self.at(lane, self.need[lane])].has_heir);
        // The end of a lane before its middle: what stands between would be waited for in vain.
        if let Some(lane) =
            heir.min_by_key(|&lane| (self.need[lane] as usize != self.lanes[lane].len(), lane))
        {
            return lane;
        }
        pool.min_by_key(|&lane| self.lanes[lane].len()).expect("a pool has a lane")
    }

    /// Makes the waits of an item that goes to `lane`.
    fn wait(&mut self, item: u32, lane: usize) {
        let row = self.row(self.present[lane]);
        let unknown: SmallVec<[(u8, Spot); 8]> = self
            .touched
            .iter()
            .map(|&other| (other, self.need[other as usize]))
            .filter(|&(other, spot)| other as usize != lane && spot > self.clocks[row + other as usize])
            .collect();
        if unknown.is_empty() {
            return;
        }
        let width = self.need.len();
        let next = self.clocks.len();
        self.clocks.extend_from_within(row..row + width);
        for &(other, spot) in &unknown {
            let covered = unknown.iter().any(|&by| by.0 != other && self.known(by, other) >= spot);
            if covered {
                continue;
            }
            let target = self.at(other as usize, spot);
            self.waits.push(Wait { item, lane: other, spot });
            self.items[target].is_awaited = true;
            let brought = self.row(self.items[target].epoch);
            for i in 0..width {
                self.clocks[next + i] = self.clocks[next + i].max(self.clocks[brought + i]);
            }
            let known = &mut self.clocks[next + other as usize];
            *known = spot.max(*known);
        }
        self.items[item as usize].is_waiter = true;
        self.present[lane] = (next / width) as u32;
    }

    /// How far `lane` is known to be done once a spot of another lane is reached.
    fn known(&self, (at, spot): (u8, Spot), lane: u8) -> Spot {
        let item = self.items[self.at(at as usize, spot)];
        self.clocks[self.row(item.epoch) + lane as usize]
    }

    fn row(&self, epoch: u32) -> usize {
        epoch as usize * self.need.len()
    }
}

#[inline]
fn raise(need: &mut [Spot], touched: &mut SmallVec<[u8; 32]>, lane: u8, spot: Spot) {
    let entry = &mut need[lane as usize];
    if *entry == 0 {
        touched.push(lane);
    }
    *entry = spot.max(*entry);
}

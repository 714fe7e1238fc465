//! Which lane each op goes to, and the waits between lanes that this makes necessary.
//!
//! An op follows the first of its dependencies that nobody follows yet, so that chains stay on
//! their lane; else it opens a lane, else it goes where least stands. Each lane keeps a clock: how
//! far it knows every lane to be done. A wait is made only where the clock, and the clocks that the
//! op's other waits bring, do not show the dependency done already; so none can be dropped.

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

/// Where each item of a flat graph goes.
pub(crate) struct Lanes {
    /// By item; an empty item has no lane.
    pub lane: Vec<u8>,
    /// By item: the spot it completes; for an empty item the index of its needs.
    pub spot: Vec<Spot>,
    /// By item: the last spot of its own lane that it depends on.
    pub own: Vec<Spot>,
    /// By item: a wait in front of it.
    pub is_waiter: Vec<bool>,
    /// By item: another lane waits for it.
    pub is_awaited: Vec<bool>,
    /// In the order of the items' assignment.
    pub waits: Vec<Wait>,
    /// By lane: its items. Lanes for device ops come first.
    pub items: Vec<Vec<u32>>,
    device: usize,

    /// By item: somebody follows it on its lane.
    has_heir: Vec<bool>,
    /// By item: which of `clocks` its lane had.
    epoch: Vec<u32>,
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
        let count = flat.len();
        let mut all = Lanes {
            lane: vec![u8::MAX; count],
            spot: vec![0; count],
            own: vec![0; count],
            is_waiter: vec![false; count],
            is_awaited: vec![false; count],
            waits: Vec::new(),
            items: vec![Vec::new(); width],
            device: lanes,
            has_heir: vec![false; count],
            epoch: vec![0; count],
            clocks: vec![0; width],
            present: vec![0; width],
            joined: Vec::new(),
            ends: vec![0],
            need: vec![0; width],
            touched: SmallVec::new(),
        };
        for item in sequence {
            all.gather(flat.dependencies(item as usize));
            match flat.kinds[item as usize] {
                Kind::Empty => all.join(item),
                Kind::Host if split_host => all.place(item, lanes..width),
                Kind::Host | Kind::Device => all.place(item, 0..lanes),
            }
            for lane in all.touched.drain(..) {
                all.need[lane as usize] = 0;
            }
        }
        all
    }

    /// Whether a lane holds the host ops that the backend does not call itself.
    pub fn is_host(&self, lane: usize) -> bool {
        lane >= self.device
    }

    /// What an item needs, by lane.
    fn gather(&mut self, dependencies: &[u32]) {
        for &from in dependencies {
            let from = from as usize;
            if self.lane[from] != u8::MAX {
                raise(&mut self.need, &mut self.touched, self.lane[from], self.spot[from]);
                continue;
            }
            let row = self.spot[from] as usize;
            for i in self.ends[row]..self.ends[row + 1] {
                let (lane, spot) = self.joined[i as usize];
                raise(&mut self.need, &mut self.touched, lane, spot);
            }
        }
    }

    /// An empty item keeps what it needs for those that depend on it.
    fn join(&mut self, item: u32) {
        for &lane in &self.touched {
            self.joined.push((lane, self.need[lane as usize]));
        }
        self.spot[item as usize] = self.ends.len() as u32 - 1;
        self.ends.push(self.joined.len() as u32);
    }

    fn place(&mut self, item: u32, pool: std::ops::Range<usize>) {
        let lane = self.pick(pool);
        let own = self.need[lane];
        if own > 0 {
            let heir_of = self.items[lane][own as usize - 1];
            self.has_heir[heir_of as usize] = true;
        }
        self.wait(item, lane);
        self.items[lane].push(item);
        let item = item as usize;
        self.lane[item] = lane as u8;
        self.spot[item] = self.items[lane].len() as Spot;
        self.own[item] = own;
        self.epoch[item] = self.present[lane];
    }

    fn pick(&self, pool: std::ops::Range<usize>) -> usize {
        let heir = self.touched.iter().map(|&lane| lane as usize).filter(|&lane| {
            pool.contains(&lane) && !self.has_heir[self.items[lane][self.need[lane] as usize - 1] as usize]
        });
        // The end of a lane before its middle: what stands between would be waited for in vain.
        if let Some(lane) =
            heir.min_by_key(|&lane| (self.need[lane] as usize != self.items[lane].len(), lane))
        {
            return lane;
        }
        pool.min_by_key(|&lane| self.items[lane].len()).expect("a pool has a lane")
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
            let target = self.items[other as usize][spot as usize - 1];
            self.waits.push(Wait { item, lane: other, spot });
            self.is_awaited[target as usize] = true;
            let brought = self.row(self.epoch[target as usize]);
            for i in 0..width {
                self.clocks[next + i] = self.clocks[next + i].max(self.clocks[brought + i]);
            }
            let known = &mut self.clocks[next + other as usize];
            *known = spot.max(*known);
        }
        self.is_waiter[item as usize] = true;
        self.present[lane] = (next / width) as u32;
    }

    /// How far `lane` is known to be done once a spot of another lane is reached.
    fn known(&self, (at, spot): (u8, Spot), lane: u8) -> Spot {
        let item = self.items[at as usize][spot as usize - 1];
        self.clocks[self.row(self.epoch[item as usize]) + lane as usize]
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

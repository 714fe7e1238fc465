//! Finds insts that do the same: a table of insts by what they do, that can be taken back to what it was before.

use std::hash::{Hash, Hasher};

use super::{InstId, Op, Value};

/// Insts by hashes. Whether two of them are equal is for the asker to say.
#[derive(Debug, Default)]
pub struct Equal {
    /// One more than a place in `all`, at the hash or behind it; 0: free. A power of two, at least twice as many as `all`.
    slots: Vec<u32>,
    /// In the order they came.
    all: Vec<(u32, InstId)>,
}

/// Mixes a few short words, one multiplication each.
#[derive(Default)]
struct Mix(u64);

impl Mix {
    fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.word(byte.into()));
    }

    fn write_u8(&mut self, number: u8) {
        self.word(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.word(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.word(number);
    }

    fn write_i64(&mut self, number: i64) {
        self.word(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.word(number as u64);
    }

    // What kind an op is comes as one of these.
    fn write_isize(&mut self, number: isize) {
        self.word(number as u64);
    }
}

/// A number for what an inst does, the same for equal ones.
pub fn hash(op: &Op, args: &[Value], mask: Option<Value>) -> u32 {
    let mut mix = Mix::default();
    op.hash(&mut mix);
    for arg in args {
        mix.word(arg.0.into());
    }
    if let Some(mask) = mask {
        mix.word((!mask.0).into());
    }
    // High bits hang on all words.
    (mix.0 >> 32) as u32
}

impl Equal {
    /// With room for so many, so that it need not grow.
    pub fn with_room(count: usize) -> Equal {
        Equal { slots: vec![0; (count * 2).next_power_of_two().max(64)], all: Vec::with_capacity(count) }
    }

    /// The first one with this hash that the asker takes, in no order that means something.
    pub fn find(&self, hash: u32, mut takes: impl FnMut(InstId) -> bool) -> Option<InstId> {
        let last = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & last;
        loop {
            let place = *self.slots.get(at)?;
            if place == 0 {
                return None;
            }
            let (other, id) = self.all[place as usize - 1];
            if other == hash && takes(id) {
                return Some(id);
            }
            at = (at + 1) & last;
        }
    }

    /// Adds one.
    pub fn add(&mut self, hash: u32, id: InstId) {
        self.all.push((hash, id));
        if self.all.len() * 2 > self.slots.len() {
            self.slots = vec![0; (self.slots.len() * 2).max(64)];
            for place in 0..self.all.len() {
                self.put(place);
            }
        } else {
            self.put(self.all.len() - 1);
        }
    }

    fn put(&mut self, place: usize) {
        let at = self.free(self.all[place].0);
        self.slots[at] = place as u32 + 1;
    }

    fn free(&self, hash: u32) -> usize {
        self.slot(hash, |place| place == 0)
    }

    fn slot(&self, hash: u32, is: impl Fn(u32) -> bool) -> usize {
        let last = self.slots.len() - 1;
        let mut at = hash as usize & last;
        while !is(self.slots[at]) {
            at = (at + 1) & last;
        }
        at
    }

    /// How many there are: to be given to [`Equal::forget`].
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Forgets all but the first ones. The last one that came blocks nobody's way, so its place is just free again.
    pub fn forget(&mut self, count: usize) {
        while self.all.len() > count {
            let Some((hash, _)) = self.all.pop() else { return };
            let place = self.all.len() as u32 + 1;
            let at = self.slot(hash, |other| other == place);
            self.slots[at] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_after_a_mark_is_forgotten_and_the_rest_is_found() {
        let mut table = Equal::default();
        // Few hashes, so that many stand in each other's way.
        let hash = |number: u32| number % 7;
        for round in 0..3 {
            (0..100).for_each(|number| table.add(hash(number), InstId(number)));
            assert_eq!(table.count(), 100, "round {round}");
            table.forget(40);
            for number in 0..100 {
                let found = table.find(hash(number), |id| id.0 == number);
                assert_eq!(found.is_some(), number < 40, "{number}");
            }
            table.forget(0);
            assert_eq!(table.find(0, |_| true), None);
        }
        assert_eq!(Equal::default().find(3, |_| true), None);
    }

    #[test]
    fn the_mask_counts() {
        let op = Op::Broadcast;
        assert_ne!(hash(&op, &[Value(1), Value(2)], None), hash(&op, &[Value(1)], Some(Value(2))));
        assert_eq!(hash(&op, &[Value(1)], None), hash(&op.clone(), &[Value(1)], None));
    }
}

//! The map against a plain ordered map, with writers and readers at once, and its speed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;

fn allocation(base: u64, bytes: u64) -> Allocation {
    let place = if base.is_multiple_of(64) { Place::Host } else { Place::Device };
    let registered = base.is_multiple_of(3);
    let (managed, flags) = (base.is_multiple_of(5), base as u32 & 0xf | (base as u32 & 0x3) << 30);
    Allocation { base, bytes, generation: 0, context: base ^ 1, device: 3, place, registered, managed, flags }
}

#[test]
fn every_byte_of_an_allocation_finds_it_and_its_neighbours_do_not() {
    let map = Pointers::new();
    map.insert(allocation(100, 10)).expect("the map is empty");
    let expect = Allocation { generation: 1, ..allocation(100, 10) };
    for address in [0, 99, 110, 111, u64::MAX, u64::MAX - 1] {
        assert_eq!(map.find(address), None, "{address}");
    }
    for address in 100..110 {
        assert_eq!(map.find(address), Some(expect));
        assert_eq!(map.find_range(address, 110 - address), Some(expect));
        assert_eq!(map.find_range(address, 111 - address), None);
        assert_eq!(map.find_range(address, u64::MAX), None);
    }
    assert!(map.remove(101).is_err());
    assert_eq!(map.take(100), Some(expect));
    assert!(map.remove(100).is_err());
    assert_eq!(map.find(100), None);
    assert!(map.is_empty());
}

#[test]
fn ranges_that_cannot_be_are_refused() {
    let map = Pointers::new();
    map.insert(allocation(100, 10)).expect("the map is empty");
    for (base, bytes) in [(100, 10), (99, 2), (109, 1), (90, 30), (104, 2)] {
        let refused = map.insert(allocation(base, bytes)).expect_err("they overlap").to_string();
        assert!(refused.contains("overlaps the allocation at 0x64 of 10 bytes"), "{refused}");
    }
    for (base, bytes) in [(200, 0), (u64::MAX, 1), (8, u64::MAX)] {
        assert!(map.insert(allocation(base, bytes)).is_err(), "{base} {bytes}");
    }
    assert!(map.insert(allocation(90, 10)).is_ok());
    assert!(map.insert(allocation(110, 1)).is_ok());
    assert_eq!(map.len(), 3);
}

/// The same calls on the map and on the model.
struct Twin {
    map: Pointers,
    model: BTreeMap<u64, Allocation>,
    generation: u64,
}

impl Twin {
    fn insert(&mut self, base: u64, bytes: u64) {
        let before = self.model.range(..base + bytes).next_back();
        let clash = before.is_some_and(|(_, other)| other.base + other.bytes > base);
        assert_eq!(self.map.insert(allocation(base, bytes)).is_err(), clash, "{base:#x} {bytes}");
        if !clash {
            self.generation += 1;
            let generation = self.generation;
            self.model.insert(base, Allocation { generation, ..allocation(base, bytes) });
        }
    }

    fn remove(&mut self, base: u64) {
        assert_eq!(self.map.take(base), self.model.remove(&base));
    }

    fn find(&self, address: u64) {
        let before = self.model.range(..=address).next_back().map(|(_, &found)| found);
        let expect = before.filter(|found| address - found.base < found.bytes);
        assert_eq!(self.map.find(address), expect, "{address:#x}");
    }

    fn compare(&self) {
        assert_eq!(self.map.all(), self.model.values().copied().collect::<Vec<_>>());
        assert_eq!(self.map.len(), self.model.len());
    }
}

#[test]
fn any_sequence_of_calls_agrees_with_an_ordered_map() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..40 {
        let mut twin = Twin { map: Pointers::new(), model: BTreeMap::new(), generation: 0 };
        // Small worlds clash often; large ones have deep trees.
        let space = [64, 1_000, 50_000, 1 << 40][round % 4];
        for step in 0..6_000 {
            // Waves: mostly growing, then mostly shrinking, to the last one.
            let growing = step % 2_000 < 1_000;
            let any = |random: &mut fastrand::Rng| random.u64(..space);
            let base = any(&mut random);
            match random.u32(..8) {
                0..=4 if growing => twin.insert(base, random.u64(1..=space / 16 + 1).min(4_096)),
                0..=4 => {
                    let key = twin.model.range(base..).next().map_or(base, |(&key, _)| key);
                    twin.remove(key);
                }
                5 => twin.remove(base),
                _ => twin.find(base),
            }
        }
        twin.compare();
        while let Some((&base, _)) = twin.model.first_key_value() {
            twin.remove(base);
        }
        twin.compare();
    }
}

#[test]
fn orders_that_trees_dislike() {
    const COUNT: u64 = 5_000;
    let ascending: Vec<u64> = (0..COUNT).collect();
    let descending: Vec<u64> = (0..COUNT).rev().collect();
    let outside_in: Vec<u64> =
        (0..COUNT).map(|i| if i % 2 == 0 { i / 2 } else { COUNT - 1 - i / 2 }).collect();
    for inserts in [&ascending, &descending, &outside_in] {
        for removes in [&ascending, &descending, &outside_in] {
            let mut twin = Twin { map: Pointers::new(), model: BTreeMap::new(), generation: 0 };
            inserts.iter().for_each(|&i| twin.insert(0x10_0000 + i * 512, 512));
            twin.compare();
            for &i in removes {
                twin.remove(0x10_0000 + i * 512);
                twin.find(0x10_0000 + i * 512 + 511);
            }
            twin.compare();
            assert!(twin.map.is_empty());
            assert_eq!(twin.map.depth.load(Ordering::Relaxed), 0);
        }
    }
}

/// Half of the allocations stay for the whole test: readers must find them at every moment,
/// whole, while writers put the other half in and out around them.
#[test]
fn readers_see_whole_allocations_while_writers_work() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let map = Pointers::new();
    for i in 0..1_000 {
        map.insert(allocation(0x1000 + i * 64, 32)).expect("they are apart");
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for reader in 0..2 {
            let (map, done) = (&map, &done);
            let mut random = fastrand::Rng::with_seed(seed + 100 + reader);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let (i, offset) = (random.u64(..1_000), random.u64(..64));
                    let found = map.find(0x1000 + i * 64 + offset);
                    let base = 0x1000 + i * 64 + offset / 32 * 32;
                    if let Some(found) = found {
                        let generation = found.generation;
                        assert_eq!(found, Allocation { generation, ..allocation(base, 32) });
                    } else {
                        assert!(offset >= 32, "a lasting allocation was missed");
                    }
                }
            });
        }
        let mut random = fastrand::Rng::with_seed(seed);
        for _ in 0..60_000 {
            let base = 0x1000 + random.u64(..1_000) * 64 + 32;
            if map.take(base).is_none() {
                map.insert(allocation(base, 32)).expect("it was not there");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Prints nanoseconds a call; run with `--release -- --ignored --nocapture pointers`.
#[test]
#[ignore = "a measurement, not a check"]
fn speed() {
    const COUNT: usize = 10_000;
    let mut random = fastrand::Rng::with_seed(0x1234_5678);
    let scattered: Vec<u64> =
        (0..COUNT).map(|_| random.u64(0x1_0000_0000..0x7000_0000_0000) & !0xffff).collect();
    let packed: Vec<u64> = (0..COUNT as u64).map(|i| 0x7f00_0000_0000 + i * 4_096).collect();
    for (name, mut bases) in [("scattered", scattered), ("packed", packed)] {
        let map = Pointers::new();
        let insert_all = || {
            for &base in &bases {
                map.insert(allocation(base, 4_096)).expect("they are apart");
            }
        };
        // Once to have the memory.
        insert_all();
        bases.iter().for_each(|&base| assert!(map.take(base).is_some()));
        let start = Instant::now();
        insert_all();
        let insert = start.elapsed().as_nanos() as f64 / COUNT as f64;
        random.shuffle(&mut bases);
        let mut best = f64::MAX;
        for _ in 0..50 {
            let start = Instant::now();
            let hits = bases.iter().filter(|&&base| map.find(base + 1_000).is_some()).count();
            best = best.min(start.elapsed().as_nanos() as f64 / COUNT as f64);
            assert_eq!(hits, COUNT);
        }
        let start = Instant::now();
        bases.iter().for_each(|&base| assert!(map.take(base).is_some()));
        let remove = start.elapsed().as_nanos() as f64 / COUNT as f64;
        println!("{name}: insert {insert:.1} ns, random hit {best:.1} ns, random remove {remove:.1} ns");
    }
}

//! A block of threads: each runs until it stops, then those that stopped for each other go on. All blocks make a grid.

use super::forms::REDUCTIONS;
use super::lines::{Arrival, IN_BYTES, Line, OUT_BYTES, Routine, Together};
use super::text;
use super::thread::{Memory, Stop, Thread, arrival, cut};
use super::tree::{Kernel, Source};

/// What a launch leaves.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    pub out: Vec<u8>,
    pub cells: Vec<u8>,
}

/// The read-only bytes of a kernel: small numbers, floats of all kinds, extremes.
pub fn input(kernel: &Kernel) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(kernel.input_seed);
    let mut bytes = Vec::new();
    while bytes.len() < IN_BYTES as usize {
        let word = match random.u32(..8) {
            0 => u64::from(random.u32(..16)) << 32 | u64::from(random.u32(..16)),
            1 => (random.i32(-1000..1000) as f64 / 8.0).to_bits(),
            2 => {
                let single = |random: &mut fastrand::Rng| (random.i32(-1000..1000) as f32 / 8.0).to_bits();
                u64::from(single(&mut random)) << 32 | u64::from(single(&mut random))
            }
            3 => *random.choice(&EXTREMES).expect("there are some"),
            _ => random.u64(..),
        };
        bytes.extend(word.to_le_bytes());
    }
    bytes
}

const EXTREMES: [u64; 6] = [
    0x8000_0000_7fff_ffff,
    0x7f80_0000_ff80_0000,
    0x7ff0_0000_0000_0000,
    0x0000_0001_807f_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// Runs a whole grid. An error: the kernel has no meaning (its threads wait for ever, or take too long).
pub fn run(kernel: &Kernel, routines: &[Routine]) -> Result<Outcome, String> {
    let out = vec![0; (kernel.threads() * kernel.grid * OUT_BYTES) as usize];
    let cells = vec![0; super::lines::SLOTS as usize];
    let mut memory = Memory { out, input: input(kernel), cells, shared: Vec::new() };
    let mut steps = 0;
    for index in 0..kernel.grid {
        memory.shared = vec![0; text::shared_bytes(kernel) as usize];
        let threads = (0..kernel.threads()).map(|number| Thread::new(kernel, routines, index, number));
        let mut block = Block { threads: threads.collect(), arrived: vec![Vec::new(); 16] };
        while block.threads.iter().any(|thread| thread.stop != Some(Stop::Done)) {
            for thread in &mut block.threads {
                thread.run(&mut memory, &mut steps)?;
            }
            let any = block.pass() | block.meet_warps()? | block.release()?;
            if !any && block.threads.iter().any(|thread| thread.stop != Some(Stop::Done)) {
                return Err("threads wait for ever".to_owned());
            }
        }
    }
    Ok(Outcome { out: memory.out, cells: memory.cells })
}

struct Block<'k> {
    threads: Vec<Thread<'k>>,
    /// Who has arrived at each barrier without waiting.
    arrived: Vec<Vec<u32>>,
}

impl Block<'_> {
    /// Threads that need not wait at their barrier.
    fn pass(&mut self) -> bool {
        let mut any = false;
        for thread in &mut self.threads {
            let (Some(Stop::Barrier(id, _)), Some((line, _))) = (thread.stop, thread.line()) else {
                continue;
            };
            if arrival(line) == Arrival::Pass {
                self.arrived[id as usize].push(thread.number);
                thread.resume();
                any = true;
            }
        }
        any
    }

    fn done(&self, number: u32) -> bool {
        self.threads[number as usize].stop == Some(Stop::Done)
    }

    /// Barriers that are complete. Whole warps count, without those that have exited.
    fn release(&mut self) -> Result<bool, String> {
        let mut any = false;
        for id in 0..16 {
            let waits = |thread: &Thread<'_>| match thread.stop {
                Some(Stop::Barrier(at, count)) if at == id => Some(count),
                _ => None,
            };
            let Some(count) = self.threads.iter().find_map(waits) else { continue };
            if self.threads.iter().filter_map(waits).any(|other| other != count) {
                return Err("counts differ".to_owned());
            }
            let here = |number: u32| {
                waits(&self.threads[number as usize]).is_some() || self.arrived[id as usize].contains(&number)
            };
            let all = self.threads.len() as u32;
            let complete = match count {
                None => (0..all).all(|number| here(number) || self.done(number)),
                Some(count) => {
                    let whole = |warp: &u32| {
                        let mut lanes = warp * 32..all.min(warp * 32 + 32);
                        lanes.clone().any(here) && lanes.all(|number| here(number) || self.done(number))
                    };
                    (0..all.div_ceil(32)).filter(whole).count() as u32 * 32 >= count
                }
            };
            if complete {
                self.arrived[id as usize].clear();
                self.go_on(id);
                any = true;
            }
        }
        Ok(any)
    }

    fn go_on(&mut self, id: u8) {
        let mut waiting = Vec::new();
        let mut given = Vec::new();
        for (at, thread) in self.threads.iter().enumerate() {
            let (Some(Stop::Barrier(here, _)), Some((line, _))) = (thread.stop, thread.line()) else {
                continue;
            };
            if here == id {
                waiting.push(at);
                if let Arrival::Reduce(_, _, value) = arrival(line) {
                    given.push(thread.get(Source::Reg(value)) == 1);
                }
            }
        }
        let count = given.iter().filter(|&&yes| yes).count();
        for at in waiting {
            let thread = &mut self.threads[at];
            if let Some((line, _)) = thread.line()
                && let Arrival::Reduce(op, to, _) = arrival(line)
            {
                let value = [count, usize::from(count == given.len()), usize::from(count > 0)][op as usize];
                thread.set(to, value as u64);
            }
            thread.resume();
        }
    }

    /// Lanes whose whole mask stands at the same line with the same mask.
    fn meet_warps(&mut self) -> Result<bool, String> {
        let mut any = false;
        for first in (0..self.threads.len()).step_by(32) {
            let last = self.threads.len().min(first + 32);
            for at in first..last {
                let Some((Line::Warp { mask, .. }, place)) = self.waiting(at) else { continue };
                let members = self.threads[at].get(*mask) as u32;
                if members >> (at - first) & 1 == 0 {
                    return Err("a lane is not in its mask".to_owned());
                }
                let named = (first..last).filter(|other| members >> (other - first) & 1 == 1);
                let live: Vec<usize> = named.filter(|&other| !self.done(other as u32)).collect();
                let met = live.iter().all(|&other| match self.waiting(other) {
                    Some((Line::Warp { mask, .. }, there)) => {
                        there == place && self.threads[other].get(*mask) as u32 == members
                    }
                    _ => false,
                });
                if met {
                    self.together(&live, first);
                    any = true;
                }
            }
        }
        Ok(any)
    }

    fn waiting(&self, at: usize) -> Option<(&Line, (usize, usize, usize))> {
        let thread = &self.threads[at];
        if thread.stop == Some(Stop::Warp) { thread.line() } else { None }
    }

    fn together(&mut self, lanes: &[usize], first: usize) {
        let Some((Line::Warp { op, to, valid, from, .. }, _)) = self.waiting(lanes[0]) else { return };
        let (op, to, valid, from) = (*op, *to, *valid, *from);
        let get = |at: usize, index: usize| self.threads[at].get(from[index]);
        let bit = |at: usize| 1u64 << (at - first);
        let mask = |test: &dyn Fn(usize) -> bool| {
            lanes.iter().filter(|&&at| test(at)).fold(0, |all, &at| all | bit(at))
        };
        let everyone = mask(&|_| true);
        let results: Vec<(u64, u64)> = lanes
            .iter()
            .map(|&at| {
                let ballot = mask(&|other| get(other, 0) == 1);
                match op {
                    Together::Ballot => (ballot, 0),
                    Together::All => (u64::from(ballot == everyone), 0),
                    Together::Any => (u64::from(ballot != 0), 0),
                    Together::Same => (u64::from(ballot == 0 || ballot == everyone), 0),
                    Together::MatchAny(class) => {
                        (mask(&|other| cut(class, get(other, 0)) == cut(class, get(at, 0))), 0)
                    }
                    Together::MatchAll(class) => {
                        let same = lanes
                            .iter()
                            .all(|&other| cut(class, get(other, 0)) == cut(class, get(lanes[0], 0)));
                        if same { (everyone, 1) } else { (0, 0) }
                    }
                    Together::Reduce(row) => {
                        let values = lanes.iter().map(|&other| get(other, 0) as u32);
                        (values.reduce(REDUCTIONS[row as usize].1).unwrap_or(0).into(), 0)
                    }
                    Together::Shuffle(mode) => {
                        let (lane, by, clamp) = ((at - first) as i64, get(at, 1) as i64, get(at, 2) as i64);
                        let (source, valid) = shuffled(mode, lane, by, clamp);
                        let there = lanes.contains(&(first + source as usize));
                        // What comes from a lane that takes no part must not matter.
                        let poison = 0xdead_0000 | lane as u64;
                        (if there { get(first + source as usize, 0) } else { poison }, u64::from(valid))
                    }
                    Together::Meet => (0, 0),
                }
            })
            .collect();
        for (&at, (value, second)) in lanes.iter().zip(results) {
            let thread = &mut self.threads[at];
            if op != Together::Meet {
                thread.set(to, value);
            }
            if let Some(valid) = valid {
                thread.set(valid, second);
            }
            thread.resume();
        }
    }
}

/// The lane that a shuffle reads, and whether it is in range: as the manual writes it.
fn shuffled(mode: u8, lane: i64, by: i64, clamp: i64) -> (i64, bool) {
    let (by, limit, segment) = (by & 31, clamp & 31, clamp >> 8 & 31);
    let most = (lane & segment) | (limit & !segment);
    let least = lane & segment;
    let (source, valid) = match mode {
        0 => (lane - by, lane - by >= most),
        1 => (lane + by, lane + by <= most),
        2 => (lane ^ by, lane ^ by <= most),
        _ => {
            let source = least | (by & !segment);
            (source, source <= most)
        }
    };
    if valid { (source, true) } else { (lane, false) }
}

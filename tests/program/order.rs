//! The ordering rules of the API, as vector clocks: the oracle, which knows nothing of the runtime.

use super::effect::CELLS;

/// How many streams a program has. Stream 0 is the legacy stream where there is one.
pub const STREAMS: usize = 5;

/// How much of each stream's work comes before.
pub type Clock = [u32; STREAMS];

pub fn join(into: &mut Clock, other: &Clock) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a = (*a).max(*b));
}

/// Who touched a cell: stream and count.
type Touch = (usize, u32);

#[derive(Clone, Default)]
struct Cell {
    writer: Option<Touch>,
    readers: Vec<Touch>,
}

pub struct Order {
    blocking: [bool; STREAMS],
    legacy: bool,
    pub clocks: [Clock; STREAMS],
    pub host: Clock,
    cells: Vec<Cell>,
}

impl Order {
    pub fn new(blocking: [bool; STREAMS], legacy: bool) -> Order {
        let cells = vec![Cell::default(); CELLS as usize];
        Order { blocking, legacy, clocks: Default::default(), host: Default::default(), cells }
    }

    /// The clock that an op recorded on `stream` now would have.
    fn next(&self, stream: usize) -> Clock {
        let mut clock = self.clocks[stream];
        join(&mut clock, &self.host);
        if self.legacy && stream == 0 {
            (1..STREAMS).filter(|&s| self.blocking[s]).for_each(|s| join(&mut clock, &self.clocks[s]));
        } else if self.legacy && self.blocking[stream] {
            join(&mut clock, &self.clocks[0]);
        }
        clock[stream] += 1;
        clock
    }

    /// A stream whose work an access would race with.
    pub fn conflict(&self, stream: usize, reads: &[u32], writes: &[u32]) -> Option<usize> {
        let clock = self.next(stream);
        let before = |touch: &&Touch| touch.1 > clock[touch.0];
        let writer = |c: &u32| self.cells[*c as usize].writer.as_ref().filter(before).map(|t| t.0);
        let reader = |c: &u32| self.cells[*c as usize].readers.iter().find(before).map(|t| t.0);
        reads.iter().find_map(writer).or_else(|| writes.iter().find_map(|c| writer(c).or_else(|| reader(c))))
    }

    pub fn touch(&mut self, stream: usize, reads: &[u32], writes: &[u32]) {
        let clock = self.next(stream);
        self.clocks[stream] = clock;
        let touch = (stream, clock[stream]);
        reads.iter().for_each(|&c| self.cells[c as usize].readers.push(touch));
        for &c in writes {
            self.cells[c as usize] = Cell { writer: Some(touch), readers: Vec::new() };
        }
    }

    /// The host waited for all work of a stream.
    pub fn synchronized(&mut self, stream: usize) {
        let clock = self.clocks[stream];
        join(&mut self.host, &clock);
    }
}

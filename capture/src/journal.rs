//! The last calls of a capture session, kept to say which call broke it.

use std::fmt;

/// How many calls are kept.
pub const CALLS: usize = 64;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was asked.
    Done,
    /// It was refused, for this reason.
    Refused(&'static str),
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The how manieth call of the session it is, from 1.
    pub number: u64,
    /// The symbol.
    pub call: &'static str,
    /// The handle of the stream it was made on.
    pub stream: u64,
    /// How it ended.
    pub outcome: Outcome,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}: {} on stream {:#x}: ", self.number, self.call, self.stream)?;
        match self.outcome {
            Outcome::Done => write!(f, "done"),
            Outcome::Refused(why) => write!(f, "refused: {why}"),
        }
    }
}

/// A ring of the last [`CALLS`] calls. Noting one allocates nothing.
#[derive(Clone, Debug)]
pub struct Journal {
    calls: Box<[Call; CALLS]>,
    noted: u64,
}

impl Default for Journal {
    fn default() -> Journal {
        let none = Call { number: 0, call: "", stream: 0, outcome: Outcome::Done };
        Journal { calls: Box::new([none; CALLS]), noted: 0 }
    }
}

impl Journal {
    /// Notes a call; the oldest of [`CALLS`] is forgotten.
    #[inline]
    pub fn note(&mut self, call: &'static str, stream: u64, outcome: Outcome) {
        let place = (self.noted % CALLS as u64) as usize;
        self.noted += 1;
        self.calls[place] = Call { number: self.noted, call, stream, outcome };
    }

    /// The kept calls, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let kept = self.noted.min(CALLS as u64);
        (self.noted - kept..self.noted).map(|number| &self.calls[(number % CALLS as u64) as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_calls_are_kept_in_order() {
        for noted in [0, 1, 63, 64, 65, 128, 200] {
            let mut journal = Journal::default();
            for i in 0..noted {
                journal.note("cuLaunchKernel", i, Outcome::Done);
            }
            let streams: Vec<u64> = journal.calls().map(|call| call.stream).collect();
            assert_eq!(streams, (noted.saturating_sub(64)..noted).collect::<Vec<_>>(), "{noted} calls");
        }
    }

    #[test]
    fn a_call_prints_on_one_line() {
        let mut journal = Journal::default();
        journal.note("cuLaunchKernel", 0x10, Outcome::Done);
        journal.note("cuCtxSynchronize", 0, Outcome::Refused("a stream of the context is capturing"));
        let lines: Vec<String> = journal.calls().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "call 1: cuLaunchKernel on stream 0x10: done",
                "call 2: cuCtxSynchronize on stream 0x0: refused: a stream of the context is capturing"
            ]
        );
    }
}

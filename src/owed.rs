//! The order that the API's rules owe to the program, kept apart from how the runtime keeps it: a
//! second oracle for the checker backend. It knows calls and streams, no DAG and no lane.
//!
//! A call owes order behind calls that had returned when it began; calls side by side owe nothing
//! to each other. So a call looks up what it owes first and says where it went at its end.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_hal_backends::checker::Checker;
use stream_hal_scheduler::Ticket;

use crate::stream::Kind;

/// The rules, and the checker that is told what they demand.
pub struct Owed {
    checker: Arc<Checker>,
    calls: Mutex<HashMap<u32, Calls>>,
}

/// What a stream, named by its queue, was told so far.
struct Calls {
    context: u64,
    kind: Kind,
    last: Option<Ticket>,
    /// Events waited for since the last op.
    waits: Vec<Ticket>,
}

impl Calls {
    fn all(&self) -> impl Iterator<Item = Ticket> + '_ {
        self.waits.iter().copied().chain(self.last)
    }
}

/// Who makes a call.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub context: u64,
    pub kind: Kind,
    pub queue: u32,
}

impl Owed {
    /// Rules for the streams of a checker.
    pub(crate) fn new(checker: Arc<Checker>) -> Owed {
        Owed { checker, calls: Mutex::default() }
    }

    /// What an op recorded now comes behind.
    pub(crate) fn begin(&self, caller: Caller) -> Vec<Ticket> {
        let calls = self.calls.lock();
        let own = calls.get(&caller.queue).into_iter();
        // The legacy stream waits for all blocking streams of its context, and they for it.
        let others = calls.iter().filter(|(queue, other)| {
            **queue != caller.queue
                && other.context == caller.context
                && match caller.kind {
                    Kind::Legacy => matches!(other.kind, Kind::Blocking | Kind::PerThread),
                    Kind::Blocking | Kind::PerThread => other.kind == Kind::Legacy,
                    Kind::NonBlocking => false,
                }
        });
        own.chain(others.map(|(_, other)| other)).flat_map(Calls::all).collect()
    }

    /// The op went there.
    pub(crate) fn end(&self, caller: Caller, before: &[Ticket], op: Ticket) {
        for &before in before {
            self.checker.expect(before, op);
        }
        let mut calls = self.calls.lock();
        let own = calls.entry(caller.queue).or_insert_with(|| Calls::of(caller));
        own.waits.retain(|wait| !before.contains(wait));
        if own.last.is_none_or(|last| last.value < op.value) {
            own.last = Some(op);
        }
    }

    /// The stream was told to wait for an event that was recorded there.
    pub(crate) fn wait(&self, caller: Caller, event: Ticket) {
        let mut calls = self.calls.lock();
        calls.entry(caller.queue).or_insert_with(|| Calls::of(caller)).waits.push(event);
    }

    /// The stream is gone; its queue may get another.
    pub(crate) fn forget(&self, queue: u32) {
        self.calls.lock().remove(&queue);
    }
}

impl Calls {
    fn of(caller: Caller) -> Calls {
        Calls { context: caller.context, kind: caller.kind, last: None, waits: Vec::new() }
    }
}

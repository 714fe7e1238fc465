//! What is ordered before what, told from submissions alone: a vector clock for each.
//!
//! A submission comes after the one before it on its queue, after its waits, and after everything
//! that the host has seen done when it is made. That it happened to run later counts for nothing.

use std::collections::{BTreeMap, HashMap};

use crate::backend::Ticket;

/// By queue, the value known to be reached.
type Row = BTreeMap<u32, u64>;

/// The submissions to the queues of one backend.
#[derive(Default)]
pub struct Trace {
    queues: HashMap<u32, Queue>,
    /// What the host has seen done.
    seen: Row,
}

#[derive(Default)]
struct Queue {
    submitted: u64,
    /// What is known to be done when a submission begins; by its value, where it grew. Those behind
    /// one that the host has seen done are forgotten.
    rows: BTreeMap<u64, Row>,
}

impl Trace {
    /// A queue is opened whose next submission has the value after `value`.
    pub fn open(&mut self, queue: u32, value: u64) {
        self.queues.insert(queue, Queue { submitted: value, rows: BTreeMap::new() });
        self.see(Ticket { queue, value });
    }

    /// The value of the last submission; 0 for an unknown queue.
    pub fn submitted(&self, queue: u32) -> u64 {
        self.queues.get(&queue).map_or(0, |queue| queue.submitted)
    }

    /// The next submission to a queue waits for `waits`; gives its ticket.
    pub fn submit(&mut self, queue: u32, waits: &[Ticket]) -> Ticket {
        let own = self.queues.entry(queue).or_default();
        let before = own.rows.values().next_back();
        let mut row = before.cloned().unwrap_or_default();
        for wait in waits {
            raise(&mut row, wait.queue, wait.value);
            if let Some(brought) = self.row(*wait) {
                brought.iter().for_each(|(&queue, &value)| raise(&mut row, queue, value));
            }
        }
        self.seen.iter().for_each(|(&queue, &value)| raise(&mut row, queue, value));
        let own = self.queues.entry(queue).or_default();
        own.submitted += 1;
        if own.rows.values().next_back() != Some(&row) {
            own.rows.insert(own.submitted, row);
        }
        Ticket { queue, value: own.submitted }
    }

    /// The last submission to a queue was refused after all.
    pub fn withdraw(&mut self, ticket: Ticket) {
        if let Some(queue) = self.queues.get_mut(&ticket.queue)
            && queue.submitted == ticket.value
        {
            queue.rows.remove(&ticket.value);
            queue.submitted -= 1;
        }
    }

    /// The host has seen that a ticket is reached; later submissions come after it, and after all that
    /// it came after.
    pub fn see(&mut self, ticket: Ticket) {
        if self.seen.get(&ticket.queue).is_some_and(|&value| value >= ticket.value) {
            return;
        }
        let brought = self.row(ticket).cloned().unwrap_or_default();
        raise(&mut self.seen, ticket.queue, ticket.value);
        brought.iter().for_each(|(&queue, &value)| raise(&mut self.seen, queue, value));
        if let Some(queue) = self.queues.get_mut(&ticket.queue)
            && let Some((&last, _)) = queue.rows.range(..=ticket.value).next_back()
        {
            queue.rows = queue.rows.split_off(&last);
        }
    }

    /// Whether the host has seen that a ticket is reached.
    pub fn is_seen(&self, ticket: Ticket) -> bool {
        ticket.value == 0 || self.seen.get(&ticket.queue).is_some_and(|&value| value >= ticket.value)
    }

    /// Whether `after`, which must be submitted, begins only when `before` is reached.
    pub fn is_before(&self, before: Ticket, after: Ticket) -> bool {
        if before.queue == after.queue {
            return before.value < after.value;
        }
        let row = self.row(after);
        before.value == 0
            || row.and_then(|row| row.get(&before.queue)).is_some_and(|&value| value >= before.value)
    }

    fn row(&self, ticket: Ticket) -> Option<&Row> {
        self.queues.get(&ticket.queue)?.rows.range(..=ticket.value).next_back().map(|(_, row)| row)
    }
}

fn raise(row: &mut Row, queue: u32, value: u64) {
    let entry = row.entry(queue).or_insert(0);
    *entry = value.max(*entry);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(queue: u32, value: u64) -> Ticket {
        Ticket { queue, value }
    }

    #[test]
    fn order_comes_from_queues_waits_and_what_the_host_saw() {
        let mut trace = Trace::default();
        let a = trace.submit(0, &[]);
        let b = trace.submit(1, &[]);
        assert!(!trace.is_before(a, b) && !trace.is_before(b, a));
        let c = trace.submit(1, &[a]);
        assert!(trace.is_before(a, c) && trace.is_before(b, c) && !trace.is_before(a, b));
        // What it waited for counts further down its queue, and for whoever waits for it.
        let d = trace.submit(1, &[]);
        let e = trace.submit(2, &[d]);
        assert!(trace.is_before(a, d) && trace.is_before(a, e) && trace.is_before(b, e));
        let later = trace.submit(0, &[]);
        assert!(!trace.is_before(later, e));
        // What the host saw done holds for what is submitted from then on, with all it came after.
        let before = trace.submit(3, &[]);
        trace.see(e);
        let after = trace.submit(3, &[]);
        assert!(!trace.is_before(e, before) && trace.is_before(e, after) && trace.is_before(a, after));
        assert!(trace.is_seen(d) && !trace.is_seen(later));
    }

    #[test]
    fn what_the_host_saw_done_is_forgotten() {
        let mut trace = Trace::default();
        for i in 1..1000 {
            let a = trace.submit(0, &[]);
            let b = trace.submit(1, &[a]);
            trace.see(b);
            let c = trace.submit(2, &[]);
            assert!(trace.is_before(at(0, i), c));
        }
        assert!(trace.queues.values().all(|queue| queue.rows.len() < 1010));
        assert!(trace.queues[&1].rows.len() < 3);
    }
}

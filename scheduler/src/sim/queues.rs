//! The simulator's queues: what is submitted, what can run, what is reached.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use stream_hal_capture::Op;

use super::{Launch, Ready};
use crate::backend::{Health, Ticket};

/// By queue, up to which value somebody needs it.
pub(super) type Needs = BTreeMap<u32, u64>;

#[derive(Default)]
pub(super) struct Queues {
    all: Vec<Queue>,
    free: Vec<u32>,
}

struct Queue {
    health: Arc<Health>,
    submitted: u64,
    completed: u64,
    pending: VecDeque<Submission>,
    is_closed: bool,
}

struct Submission {
    value: u64,
    waits: Vec<Ticket>,
    body: Body,
}

pub(super) enum Body {
    Ops {
        ops: Vec<Op>,
        args: Vec<u8>,
        /// Ops done.
        done: usize,
        is_running: bool,
    },
    Exec(Box<Launch>),
}

impl Body {
    pub fn ops(ops: Vec<Op>, args: Vec<u8>) -> Body {
        Body::Ops { ops, args, done: 0, is_running: false }
    }
}

impl Queues {
    pub fn open(&mut self, health: Arc<Health>) -> u32 {
        if let Some(queue) = self.free.pop() {
            let reused = &mut self.all[queue as usize];
            reused.health = health;
            reused.is_closed = false;
            return queue;
        }
        let pending = VecDeque::new();
        self.all.push(Queue { health, submitted: 0, completed: 0, pending, is_closed: false });
        self.all.len() as u32 - 1
    }

    pub fn close(&mut self, queue: u32) {
        self.all[queue as usize].is_closed = true;
        self.free_if_done(queue);
    }

    pub fn submit(&mut self, queue: u32, body: Body, waits: Vec<Ticket>) -> u64 {
        let own = &mut self.all[queue as usize];
        own.submitted += 1;
        let value = own.submitted;
        own.pending.push_back(Submission { value, waits, body });
        self.settle();
        value
    }

    pub fn completed(&self, queue: u32) -> u64 {
        self.all.get(queue as usize).map_or(0, |queue| queue.completed)
    }

    pub fn is_busy(&self, queue: u32) -> bool {
        self.all.get(queue as usize).is_some_and(|queue| !queue.pending.is_empty())
    }

    pub fn health(&self, queue: u32) -> &Arc<Health> {
        &self.all[queue as usize].health
    }

    /// What must be done before the ticket is reached.
    pub fn needs(&self, ticket: Ticket) -> Needs {
        let mut needs = Needs::new();
        let mut todo = vec![ticket];
        while let Some(Ticket { queue, value }) = todo.pop() {
            let known = needs.entry(queue).or_insert(0);
            if *known >= value {
                continue;
            }
            let before = std::mem::replace(known, value);
            let Some(queue) = self.all.get(queue as usize) else { continue };
            for submission in queue.pending.iter().filter(|s| s.value > before && s.value <= value) {
                todo.extend(submission.waits.iter().filter(|wait| !self.is_reached(wait)));
            }
        }
        needs
    }

    /// What must be done before all of a queue is.
    pub fn needs_of(&self, queue: u32) -> Needs {
        self.needs(Ticket { queue, value: self.all[queue as usize].submitted })
    }

    /// The queues that have an op that can begin.
    pub fn ready(&self, needs: Option<&Needs>) -> Vec<u32> {
        let is_needed = |queue: u32, value: u64| {
            needs.is_none_or(|needs| needs.get(&queue).is_some_and(|&need| need >= value))
        };
        let can_begin = |&queue: &u32| {
            let head = self.all[queue as usize].pending.front();
            head.is_some_and(|head| {
                is_needed(queue, head.value)
                    && head.waits.iter().all(|wait| self.is_reached(wait))
                    && match &head.body {
                        Body::Ops { ops, done, is_running, .. } => !is_running && *done < ops.len(),
                        Body::Exec(launch) => launch.is_ready(),
                    }
            })
        };
        (0..self.all.len() as u32).filter(can_begin).collect()
    }

    /// Takes an op out of a queue that is ready: its lane in a launch, the op, whether it is enabled.
    pub fn take(&mut self, queue: u32, rng: &mut fastrand::Rng) -> (Option<u32>, Op, Vec<u8>, bool) {
        let head = self.all[queue as usize].pending.front_mut();
        match &mut head.expect("a queue that is ready has a head").body {
            Body::Ops { ops, args, done, is_running } => {
                *is_running = true;
                (None, ops[*done], args.clone(), true)
            }
            Body::Exec(launch) => {
                let Ready { lane, op, args, is_enabled } = launch.take(rng);
                (Some(lane), op, args, is_enabled)
            }
        }
    }

    /// An op that was taken out is done.
    pub fn done(&mut self, queue: u32, lane: Option<u32>) {
        let head = self.all[queue as usize].pending.front_mut();
        match &mut head.expect("a queue keeps its head while an op of it runs").body {
            Body::Ops { done, is_running, .. } => {
                *is_running = false;
                *done += 1;
            }
            Body::Exec(launch) => launch.done(lane.unwrap_or(0)),
        }
        self.settle();
    }

    /// Ends what has nothing left to do, until nothing more ends by it.
    fn settle(&mut self) {
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for i in 0..self.all.len() {
                while self.is_head_over(i) {
                    let queue = &mut self.all[i];
                    queue.completed += 1;
                    queue.pending.pop_front();
                    has_changed = true;
                    self.free_if_done(i as u32);
                }
            }
        }
    }

    /// Begins the launch at the head of a queue once it can, and says whether the head is over.
    fn is_head_over(&mut self, i: usize) -> bool {
        let Some(head) = self.all[i].pending.front() else { return false };
        if !head.waits.iter().all(|wait| self.is_reached(wait)) {
            return false;
        }
        let Queue { pending, health, .. } = &mut self.all[i];
        match &mut pending[0].body {
            Body::Ops { ops, done, .. } => *done == ops.len(),
            Body::Exec(launch) => {
                if let Err(fault) = launch.begin() {
                    health.break_with(fault);
                }
                launch.is_over()
            }
        }
    }

    fn is_reached(&self, ticket: &Ticket) -> bool {
        self.completed(ticket.queue) >= ticket.value
    }

    fn free_if_done(&mut self, queue: u32) {
        let own = &self.all[queue as usize];
        if own.is_closed && own.pending.is_empty() {
            self.free.push(queue);
        }
    }
}

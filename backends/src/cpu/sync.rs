//! The engine: lanes, submission, waiting, and who executes what when. The protocol is in README.md.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use smallvec::SmallVec;
use stream_hal_capture::Op;
use stream_hal_scheduler::backend::Error;
use stream_hal_scheduler::{Health, Ticket, Work};

use super::code::CodeTable;
use super::encode::Exec;
use super::execute::{self, Site};
use super::lane::{Claim, Lane};
use super::memory::Memory;
use super::native;
use super::pool::{Lanes, Pool};
use super::protocol::{self, Release};
use super::replay;
use super::ring::{Asked, Launched, Record};
use crate::accesses::Accesses;

/// Lanes open at one time, at most.
pub(super) const MOST_LANES: usize = 1 << 16;
const CHUNK: usize = 64;
/// Looks of a waiting thread before it sleeps: about 2 µs.
const SPINS: u32 = 64;
/// Bytes of a copy or fill, or threads of a launch, worth waking a napping worker; nanoseconds, where those are known.
const HURRY_BYTES: u64 = 128 << 10;
const HURRY_THREADS: u64 = 256;
const HURRY_NS: u64 = 10_000;

/// Everything the workers and the callers share.
pub(super) struct Engine {
    lanes: Box<[OnceLock<Box<[Lane]>>]>,
    numbers: Mutex<Numbers>,
    pub(super) pool: Pool,
    pub(super) code: CodeTable,
    /// One a device.
    pub(super) memories: Vec<Memory>,
    pub(super) launches: AtomicU64,
    /// Who is told what kernels accessed.
    pub(super) accesses: Option<Accesses>,
    pub(super) compiler: native::Compiler,
}

#[derive(Default)]
struct Numbers {
    fresh: u32,
    closed: Vec<u32>,
}

/// How far an execution of a lane went.
enum Ran {
    /// To the value asked for, or there is no more work.
    Through,
    /// To a piece of work that waits for this.
    Blocked(Ticket),
}

impl Engine {
    pub(super) fn new(
        threads: u32,
        memories: Vec<Memory>,
        accesses: Option<Accesses>,
        compiler: native::Compiler,
    ) -> Engine {
        Engine {
            lanes: (0..MOST_LANES / CHUNK).map(|_| OnceLock::new()).collect(),
            numbers: Mutex::default(),
            pool: Pool::new(threads, MOST_LANES),
            code: CodeTable::default(),
            memories,
            launches: AtomicU64::new(0),
            accesses,
            compiler,
        }
    }

    /// Ends the workers: no kernel of this engine runs when it returns.
    pub(super) fn stop(&self) {
        self.pool.announce_stop();
        native::abandon(self);
        self.pool.stop();
    }

    #[inline]
    fn lane(&self, slot: u32) -> Option<&Lane> {
        let chunk = self.lanes.get(slot as usize / CHUNK)?.get()?;
        chunk.get(slot as usize % CHUNK)
    }

    /// A lane for a new queue.
    pub(super) fn open_queue(&self, health: Arc<Health>) -> Result<u32, Error> {
        let mut numbers = self.numbers.lock();
        let queue = match numbers.closed.pop() {
            Some(queue) => queue,
            None if numbers.fresh as usize == MOST_LANES => {
                return Err(Error::OutOfMemory(format!("{MOST_LANES} queues are open")));
            }
            None => {
                numbers.fresh += 1;
                numbers.fresh - 1
            }
        };
        drop(numbers);
        let chunk = &self.lanes[queue as usize / CHUNK];
        let lanes = chunk.get_or_init(|| (0..CHUNK).map(|_| Lane::default()).collect());
        lanes[queue as usize % CHUNK].open(health);
        Ok(queue)
    }

    /// Closes a queue; its number is free once its work is done.
    pub(super) fn close_queue(&self, queue: u32) {
        let Some(lane) = self.lane(queue).filter(|lane| lane.word.is_open()) else { return };
        lane.word.close();
        if let Some(claim) = lane.claim() {
            self.release(claim, queue, true);
        }
    }

    /// may: 1 RMW, no lock, no alloc, no syscall; two more RMW and perhaps a wake when the lane was idle.
    #[inline]
    pub(super) fn submit(&self, queue: u32, work: Work<'_>) -> Result<Ticket, Error> {
        let Some(lane) = self.lane(queue).filter(|lane| lane.word.is_open()) else {
            return Err(Error::Invalid(format!("queue {queue} is not open")));
        };
        // SAFETY: submissions to one queue come from one thread at a time: the contract of the trait.
        let (producer, shared) = unsafe { lane.producer() };
        let (pushed, hurry) = match work {
            Work::Ops { ops, args, waits } => {
                if ops.iter().any(|op| matches!(op, Op::Graph { .. })) {
                    return Err(Error::Invalid("a graph that was not prepared".into()));
                }
                (producer.push_ops(shared, waits, ops, args), ops.iter().any(|op| self.is_heavy(op)))
            }
            Work::Exec { prepared, deltas, waits } => {
                let Some(exec) = prepared.as_any().downcast_ref::<Exec>() else {
                    return Err(Error::Invalid("a plan prepared by another backend".into()));
                };
                exec.check(self, &deltas)?;
                let launched = Launched { prepared: prepared.clone(), deltas };
                (producer.push_exec(shared, waits, launched), exec.is_heavy())
            }
        };
        pushed.ok_or_else(|| Error::Invalid("more than 4 GiB in one submission".into()))?;
        let (value, before) = lane.word.publish();
        if protocol::is_unattended(before) && lane.word.queue() {
            self.pool.offer(queue);
        }
        if hurry && !protocol::is_claimed(before) {
            self.pool.hurry();
        }
        Ok(Ticket { queue, value })
    }

    /// Worth waking a worker that naps.
    #[inline]
    fn is_heavy(&self, op: &Op) -> bool {
        match op {
            Op::Launch(launch) => {
                let product = |sides: &[u64]| sides.iter().fold(1u64, |all, &side| all.saturating_mul(side));
                let blocks = product(&launch.grid.map(u64::from));
                blocks.saturating_mul(product(&launch.block.map(u64::from))) >= HURRY_THREADS
                    && native::expected_ns(self, launch).is_none_or(|time| time >= HURRY_NS)
            }
            Op::Copy(copy) => copy.bytes >= HURRY_BYTES,
            Op::Fill(fill) => fill.width.saturating_mul(fill.height) >= HURRY_BYTES,
            _ => false,
        }
    }

    /// One acquire load.
    #[inline]
    pub(super) fn completed(&self, queue: u32) -> u64 {
        // A number that was never given out has nothing to wait for.
        self.lane(queue).map_or(u64::MAX, |lane| lane.progress.completed())
    }

    fn is_reached(&self, ticket: Ticket) -> bool {
        self.completed(ticket.queue) >= ticket.value
    }

    /// Returns when the ticket is reached; executes what it depends on as far as nobody else does.
    pub(super) fn wait(&self, ticket: Ticket) {
        if self.is_reached(ticket) {
            return;
        }
        // Lanes this thread has claimed, each waiting for the next; no recursion.
        let mut claims: SmallVec<[(Claim<'_>, Ticket); 4]> = SmallVec::new();
        let mut target = Some(ticket);
        loop {
            if let Some(wanted) = target.take().filter(|&wanted| !self.is_reached(wanted)) {
                let Some(lane) = self.lane(wanted.queue) else { return };
                match lane.claim() {
                    Some(claim) => claims.push((claim, wanted)),
                    None => sleep_on(lane, wanted),
                }
            }
            let Some((claim, wanted)) = claims.last_mut() else { return };
            match self.run(claim, wanted.value) {
                Ran::Blocked(ticket) => target = Some(ticket),
                Ran::Through => {
                    let (claim, wanted) = claims.pop().expect("it was the last just now");
                    self.release(claim, wanted.queue, true);
                    if !self.is_reached(wanted) {
                        // The value was not submitted yet.
                        self.lane(wanted.queue).into_iter().for_each(|lane| sleep_on(lane, wanted));
                    }
                }
            }
        }
    }

    /// Executes a claimed lane up to a value.
    fn run(&self, claim: &mut Claim<'_>, until: u64) -> Ran {
        let lane = claim.lane;
        let mut done = lane.progress.completed();
        let mut published = lane.published();
        while done < until {
            if done == published {
                published = lane.published();
                if done == published {
                    break;
                }
            }
            let (executor, shared) = claim.executor();
            // SAFETY: more records are published than completed.
            let record = unsafe { executor.ring.front(shared) };
            let blocked = record.waits.iter().copied().find(|&ticket| !self.is_reached(ticket));
            // Before something that may take long, nobody may be left waiting for what is done.
            if (blocked.is_some() || may_take_long(&record)) && lane.progress.is_due(done) {
                lane.serve(|slot| self.requeue(slot));
            }
            if let Some(ticket) = blocked {
                return Ran::Blocked(ticket);
            }
            self.execute(record, &executor.health);
            // SAFETY: `front` was called for it.
            unsafe { executor.ring.pop() };
            done += 1;
            if lane.progress.reach(done) {
                lane.serve(|slot| self.requeue(slot));
            }
        }
        Ran::Through
    }

    #[inline]
    fn execute(&self, record: Record<'_>, health: &Health) {
        let site = Site { engine: self, health, node: None };
        let done = execute::guarded(|| match record.asked {
            Asked::Ops { ops, args } => {
                let mut ops = ops.iter().take_while(|_| health.is_whole());
                ops.try_for_each(|op| execute::execute(op, args, &site))
            }
            Asked::Exec(launched) => {
                replay::launch(launched, &site);
                Ok(())
            }
        });
        if let Err(fault) = done {
            site.report(fault);
        }
    }

    /// Gives a claim up; with `stop` even if there is more work, which others then do.
    fn release(&self, claim: Claim<'_>, slot: u32, stop: bool) -> Option<Release> {
        match claim.lane.release(stop, |slot| self.requeue(slot)) {
            Release::Free => None,
            Release::Requeue => {
                self.pool.offer(slot);
                None
            }
            Release::Closed => {
                claim.lane.retire();
                self.numbers.lock().closed.push(slot);
                None
            }
            other => Some(other),
        }
    }

    /// A parked lane's wait ended.
    fn requeue(&self, slot: u32) {
        if self.lane(slot).is_some_and(|lane| lane.word.unpark()) {
            self.pool.offer(slot);
        }
    }

    /// Executes a lane that a worker claimed until it is empty or parked.
    fn drain(&self, mut claim: Claim<'_>, slot: u32) {
        loop {
            match self.run(&mut claim, u64::MAX) {
                Ran::Through => {
                    let lane = claim.lane;
                    if self.release(claim, slot, false).is_none() {
                        return;
                    }
                    claim = Claim { lane };
                }
                Ran::Blocked(ticket) => {
                    let Some(awaited) = self.lane(ticket.queue) else { continue };
                    if !awaited.park_until(ticket.value, slot) {
                        continue;
                    }
                    if claim.lane.park(|slot| self.requeue(slot)) == Release::Free {
                        return;
                    }
                }
            }
        }
    }
}

impl Lanes for Engine {
    fn run_lane(&self, slot: u32, claimed: &mut dyn FnMut()) -> bool {
        let Some(claim) = self.lane(slot).and_then(Lane::take_queued) else { return false };
        claimed();
        self.drain(claim, slot);
        true
    }

    fn pool(&self) -> &Pool {
        &self.pool
    }
}

/// Somebody else executes the lane: a short look, then sleep.
fn sleep_on(lane: &Lane, wanted: Ticket) {
    for _ in 0..SPINS {
        if lane.progress.completed() >= wanted.value {
            return;
        }
        std::hint::spin_loop();
    }
    lane.sleep_until(wanted.value);
}

fn may_take_long(record: &Record<'_>) -> bool {
    match &record.asked {
        Asked::Exec(_) => true,
        Asked::Ops { ops, .. } => ops.iter().any(|op| match op {
            Op::Launch(_) | Op::Host(_) => true,
            Op::Copy(copy) => copy.bytes > 1 << 16,
            Op::Fill(fill) => fill.width > 1 << 14 || fill.height > 64,
            Op::CopyRect(_) => true,
            _ => false,
        }),
    }
}

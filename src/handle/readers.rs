//! Who is inside a call: seats that readers mark with plain stores, and the graveyard whose dead
//! wait until every reader that could still see them has left.
//!
//! # The protocol
//!
//! A thread's seat counts its turns: odd while the thread is inside a call, even outside. Entering
//! is a plain store and a *light* barrier, then the reader looks objects up. A remover first makes
//! an object unfindable (its slot's word), then runs a *heavy* barrier, then reads all seats.
//! The two barriers together order each pair (store, load) against the other thread's pair: either
//! the reader's look-up sees that the object is gone, or the remover sees the odd turn. In the
//! second case the object stays until that seat shows another turn. Leaving is a release store and
//! the remover's read an acquire load, so all that the reader did comes before the drop.
//!
//! A seat taken after the remover read the list cannot find the object either: both happen under
//! the list's lock.
//!
//! Nothing here blocks: the dead are dropped by whoever leaves a call in which it removed
//! something, after the call and outside of any lock. A thread that stays inside a call for long
//! only delays drops; hold no [`Reading`] across a wait.

use std::marker::PhantomData;

use super::sync::{self, AtomicU32, AtomicU64, Mutex, Ordering};

/// What is left to do for a dead object: drop it, and give its slot back.
pub type Burial = Box<dyn FnOnce() + Send>;

/// All seats and the graveyard. One a process.
#[derive(Default)]
pub struct Readers {
    seats: Mutex<Seats>,
    yard: Mutex<Yard>,
}

#[derive(Default)]
struct Seats {
    all: Vec<&'static Seat>,
    vacant: Vec<&'static Seat>,
}

#[derive(Default)]
struct Yard {
    /// Dead, with seats not looked at yet.
    fresh: Vec<Burial>,
    waiting: Vec<Batch>,
}

/// The dead of one look at the seats, and the turns they wait for to end.
struct Batch {
    turns: Vec<(&'static Seat, u64)>,
    dead: Vec<Burial>,
}

/// A thread's mark. Lines of their own, so that readers do not disturb each other.
#[repr(align(128))]
pub struct Seat {
    /// Odd while inside.
    turn: AtomicU64,
    /// Nested calls. Only the seat's thread uses this and the fields below.
    depth: AtomicU32,
    /// Something was removed since the last look at the graveyard.
    owes: AtomicU32,
    /// The graveyard is being looked at on this thread.
    settling: AtomicU32,
    /// Heavy barriers reach this process, so light ones suffice.
    asymmetric: bool,
    home: &'static Readers,
}

/// Proof that this thread is inside a call: what it looks up stays until this is dropped.
#[must_use]
pub struct Reading {
    seat: &'static Seat,
    _here: PhantomData<*const ()>,
}

impl Readers {
    /// A seat for the calling thread; it must give it back with [`Readers::vacate`]. Seats are kept
    /// for the next thread and never freed.
    pub fn seat(&'static self) -> &'static Seat {
        let mut seats = self.seats.lock();
        if let Some(seat) = seats.vacant.pop() {
            return seat;
        }
        let seat: &'static Seat = Box::leak(Box::new(Seat {
            turn: AtomicU64::new(0),
            depth: AtomicU32::new(0),
            owes: AtomicU32::new(0),
            settling: AtomicU32::new(0),
            asymmetric: sync::asymmetric(),
            home: self,
        }));
        seats.all.push(seat);
        seat
    }

    /// The thread is gone, and so is every [`Reading`] it had.
    pub fn vacate(&'static self, seat: &'static Seat) {
        if seat.depth.load(Ordering::Relaxed) != 0 {
            seat.depth.store(0, Ordering::Relaxed);
            seat.next_turn(Ordering::Release);
        }
        self.seats.lock().vacant.push(seat);
    }

    /// Buries a dead object when no reader can see it any more. It must be unfindable already.
    /// The calling thread looks at the graveyard when it leaves its call.
    pub fn retire(&self, reading: &Reading, burial: Burial) {
        self.yard.lock().fresh.push(burial);
        reading.seat.owes.store(1, Ordering::Relaxed);
    }

    /// Drops what no reader can see any more, on this thread, outside of any lock.
    pub fn collect(&'static self, seat: Option<&'static Seat>) {
        let fresh = std::mem::take(&mut self.yard.lock().fresh);
        if !fresh.is_empty() {
            self.lay_out(fresh, seat);
        }
        let unseen = self.yard.lock().take_unseen();
        for burial in unseen.into_iter().flat_map(|batch| batch.dead) {
            burial();
        }
    }

    /// Notes who is inside a call now, for the dead that became unfindable before.
    fn lay_out(&'static self, dead: Vec<Burial>, own: Option<&'static Seat>) {
        if !self.is_alone(own) && !sync::heavy_barrier() {
            // Without the barrier the seats say nothing; the dead wait for a better time.
            self.yard.lock().fresh.extend(dead);
            return;
        }
        let turn = |seat: &&'static Seat| (*seat, seat.turn.load(Ordering::Acquire));
        let inside = |(_, turn): &(&'static Seat, u64)| turn % 2 == 1;
        let turns = self.seats.lock().all.iter().map(turn).filter(inside).collect();
        self.yard.lock().waiting.push(Batch { turns, dead });
    }

    /// Whether the seat's thread is the only one seated. One seated later comes after the removal.
    fn is_alone(&self, own: Option<&'static Seat>) -> bool {
        let seats = self.seats.lock();
        own.is_some() && seats.all.len() - seats.vacant.len() == 1
    }
}

impl Yard {
    fn take_unseen(&mut self) -> Vec<Batch> {
        self.waiting
            .extract_if(.., |batch| {
                batch.turns.retain(|(seat, turn)| seat.turn.load(Ordering::Acquire) == *turn);
                batch.turns.is_empty()
            })
            .collect()
    }
}

impl Seat {
    /// Enters a call, or a call within a call. Only for the seat's own thread.
    /// may: no RMW, no fence (where membarrier is), no lock, no alloc, no syscall
    #[inline]
    pub fn enter(&'static self) -> Reading {
        let depth = self.depth.load(Ordering::Relaxed);
        self.depth.store(depth + 1, Ordering::Relaxed);
        if depth == 0 {
            self.next_turn(Ordering::Relaxed);
            if self.asymmetric { sync::light_barrier() } else { sync::fence(Ordering::SeqCst) }
        }
        Reading { seat: self, _here: PhantomData }
    }

    #[inline]
    fn next_turn(&self, ordering: Ordering) {
        self.turn.store(self.turn.load(Ordering::Relaxed) + 1, ordering);
    }

    /// Looks at the graveyard until nothing new died meanwhile. A burial may itself enter calls
    /// and remove objects; those are left to the outermost loop.
    #[cold]
    fn settle(&'static self) {
        if self.settling.load(Ordering::Relaxed) != 0 {
            return;
        }
        self.settling.store(1, Ordering::Relaxed);
        // Also after a drop that panics: the next call settles what is left.
        let _settled = Settled(self);
        while self.owes.load(Ordering::Relaxed) != 0 {
            self.owes.store(0, Ordering::Relaxed);
            self.home.collect(Some(self));
        }
    }
}

struct Settled(&'static Seat);

impl Drop for Settled {
    fn drop(&mut self) {
        self.0.settling.store(0, Ordering::Relaxed);
    }
}

impl Drop for Reading {
    #[inline]
    fn drop(&mut self) {
        let seat = self.seat;
        let depth = seat.depth.load(Ordering::Relaxed);
        seat.depth.store(depth - 1, Ordering::Relaxed);
        if depth == 1 {
            seat.next_turn(Ordering::Release);
            if seat.owes.load(Ordering::Relaxed) != 0 {
                seat.settle();
            }
        }
    }
}

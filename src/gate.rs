//! The Gate: the one word that guards a recording target.
//!
//! Taking a free gate is one atomic read-modify-write and leaving it a plain store, half of what
//! a lock costs, because nobody parks: a thread that finds the gate taken spins, then yields,
//! then naps. Gates are held for the length of one record or submit, so that happens rarely.

use std::ops::{Deref, DerefMut};

use super::sync::{self, AtomicU32, Ordering};

const FREE: u32 = 0;
const TAKEN: u32 = 1;

/// How often a taken gate is looked at before the thread gives up its core.
const SPINS: u32 = 64;
/// How often the thread gives up its core before it naps.
const YIELDS: u32 = 64;
/// The first nap; each is twice the last, up to [`LONGEST_NAP_US`].
const FIRST_NAP_US: u64 = 20;
const LONGEST_NAP_US: u64 = 640;

/// A recording target behind one atomic word.
#[derive(Debug, Default)]
pub struct Gate<T> {
    word: AtomicU32,
    guarded: std::cell::UnsafeCell<T>,
}

// SAFETY: the word lets one thread at a time reach the guarded value, which may move between threads.
unsafe impl<T: Send> Send for Gate<T> {}
// SAFETY: as above: `&Gate<T>` gives out `T` to one thread at a time only.
unsafe impl<T: Send> Sync for Gate<T> {}

/// The right to use what a [`Gate`] guards; ends when it is dropped.
#[must_use]
pub struct GateGuard<'a, T> {
    gate: &'a Gate<T>,
    /// Leaving from another thread would be fine for the word, but not for the reader.
    _here: std::marker::PhantomData<*const ()>,
}

impl<T> Gate<T> {
    /// A free gate around a value.
    pub fn new(guarded: T) -> Gate<T> {
        Gate { word: AtomicU32::new(FREE), guarded: std::cell::UnsafeCell::new(guarded) }
    }

    /// Waits until the gate is free and takes it. A thread must not take a gate it holds.
    /// may: 1 RMW, no lock, no alloc, no syscall (while no other thread holds it)
    #[inline]
    pub fn lock(&self) -> GateGuard<'_, T> {
        if !self.take() {
            self.lock_slowly();
        }
        self.guard()
    }

    /// Takes the gate if it is free.
    /// may: 1 RMW, no lock, no alloc, no syscall
    #[inline]
    pub fn try_lock(&self) -> Option<GateGuard<'_, T>> {
        self.take().then(|| self.guard())
    }

    /// The value, without the gate: nobody else can hold it.
    pub fn get_mut(&mut self) -> &mut T {
        self.guarded.get_mut()
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.guarded.into_inner()
    }

    #[inline]
    fn take(&self) -> bool {
        self.word.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn guard(&self) -> GateGuard<'_, T> {
        GateGuard { gate: self, _here: std::marker::PhantomData }
    }

    #[cold]
    fn lock_slowly(&self) {
        let mut tries = 0;
        let mut nap_us = FIRST_NAP_US;
        loop {
            // Looking does not take the line from the holder; only a free gate is reached for.
            if self.word.load(Ordering::Relaxed) == FREE && self.take() {
                return;
            }
            tries += 1;
            if tries <= SPINS {
                sync::spin();
            } else if tries <= SPINS + YIELDS {
                sync::yield_now();
            } else {
                sync::nap(nap_us);
                nap_us = (nap_us * 2).min(LONGEST_NAP_US);
            }
        }
    }
}

impl<T> Deref for GateGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this guard exists, so the word is taken by it and no other guard can be made.
        unsafe { &*self.gate.guarded.get() }
    }
}

impl<T> DerefMut for GateGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and `&mut self` rules out other references from this guard.
        unsafe { &mut *self.gate.guarded.get() }
    }
}

impl<T> Drop for GateGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.gate.word.store(FREE, Ordering::Release);
    }
}

//! A slot: one object and the word that says which handle finds it.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use super::readers::Reading;
use super::sync::{AtomicU64, Ordering};

/// Memory for one object at a time. The word is twice the generation, plus one while an object is
/// there; generations only grow, so an old handle never matches again.
pub struct Slot<T> {
    word: AtomicU64,
    object: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: objects are put in and dropped on any thread (`Send`) and shared in between (`Sync`);
// who may do which is the contract of `fill` and `clear`.
unsafe impl<T: Send + Sync> Sync for Slot<T> {}

impl<T> Slot<T> {
    /// An empty slot of generation 0.
    pub fn new() -> Slot<T> {
        Slot { word: AtomicU64::new(0), object: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// The present generation and whether an object is there.
    #[inline]
    pub fn state(&self) -> (u64, bool) {
        let word = self.word.load(Ordering::Acquire);
        (word >> 1, word & 1 == 1)
    }

    /// Puts an object in and makes it findable.
    ///
    /// # Safety
    /// The slot is empty and the caller is the only one who fills it.
    pub unsafe fn fill(&self, object: T) {
        let place = self.object.get().cast::<T>();
        // SAFETY: the word says empty, so no reader makes a reference, and no other thread fills.
        unsafe { place.write(object) };
        self.word.store(self.word.load(Ordering::Relaxed) | 1, Ordering::Release);
    }

    /// The object, if this generation's is there.
    /// may: no RMW, no lock, no alloc, no syscall
    #[inline]
    pub fn get<'r>(&'r self, generation: u64, _reading: &'r Reading) -> Option<&'r T> {
        if self.word.load(Ordering::Acquire) != generation << 1 | 1 {
            return None;
        }
        let place = self.object.get().cast::<T>();
        // SAFETY: the word said an object is there, so `fill` is done. `clear` is not called before
        // this reading, which began before the word was read, has ended.
        Some(unsafe { &*place })
    }

    /// Makes this generation's object unfindable; false if it is not there (any more). The caller
    /// for whom this is true must see to [`Slot::clear`].
    pub fn kill(&self, generation: u64) -> bool {
        let (alive, dead) = (generation << 1 | 1, (generation + 1) << 1);
        self.word.compare_exchange(alive, dead, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Drops a killed object.
    ///
    /// # Safety
    /// Called once for each [`Slot::kill`] that was true, after every reading that may have found
    /// the object has ended, and before the slot is filled again.
    pub unsafe fn clear(&self) {
        let place = self.object.get().cast::<T>();
        // SAFETY: the object was there when it was killed, nobody sees it any more, and it is
        // dropped once.
        unsafe { place.drop_in_place() };
    }
}

//! The lock-free protocols of `src`, every interleaving of small programs: the Gate, and a
//! look-up against a removal. The very files of `src` are compiled here against loom's atomics.
//!
//! The asymmetric barriers are modelled as what they promise, a pair of full fences. The same
//! programs without them must fail, else these tests would show nothing.

// loom checks each of the accesses that these blocks make.
#![allow(clippy::undocumented_unsafe_blocks)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use loom::cell::UnsafeCell;

/// loom's side of `src/sync.rs`.
macro_rules! sync_module {
    ($barrier:expr) => {
        pub mod sync {
            pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

            #[derive(Default)]
            pub struct Mutex<T>(loom::sync::Mutex<T>);

            impl<T> Mutex<T> {
                pub fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
                    self.0.lock().expect("a model stops at its first panic")
                }
            }

            pub fn spin() {
                loom::thread::yield_now();
            }

            pub fn yield_now() {
                loom::thread::yield_now();
            }

            pub fn nap(_microseconds: u64) {
                loom::thread::yield_now();
            }

            pub fn asymmetric() -> bool {
                true
            }

            pub fn light_barrier() {
                $barrier;
            }

            pub fn heavy_barrier() -> bool {
                $barrier;
                true
            }
        }
    };
}

#[allow(dead_code, unused_imports, clippy::duplicate_mod)]
#[path = "../src"]
mod sound {
    sync_module!(fence(Ordering::SeqCst));

    #[path = "gate.rs"]
    pub mod gate;
    #[path = "handle/readers.rs"]
    pub mod readers;
    #[path = "handle/slot.rs"]
    pub mod slot;
}

#[allow(dead_code, unused_imports, clippy::duplicate_mod)]
#[path = "../src"]
mod without_barriers {
    sync_module!(std::hint::black_box(()));

    #[path = "handle/readers.rs"]
    pub mod readers;
    #[path = "handle/slot.rs"]
    pub mod slot;
}

/// Every order of up to three forced switches of threads finds what there is to find here.
fn model(program: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(program);
}

#[test]
fn two_threads_never_hold_one_gate() {
    model(|| {
        let gate = Arc::new(sound::gate::Gate::new(UnsafeCell::new(0)));
        let other = gate.clone();
        let thread = loom::thread::spawn(move || {
            // loom's cell fails if anybody else is in it.
            other.lock().with_mut(|value| unsafe { *value += 1 });
        });
        gate.lock().with_mut(|value| unsafe { *value += 1 });
        thread.join().expect("a model stops at its first panic");
        let value = gate.lock().with(|value| unsafe { *value });
        assert_eq!(value, 2);
    });
}

#[test]
fn a_refused_try_leaves_the_gate_alone() {
    model(|| {
        let gate = Arc::new(sound::gate::Gate::new(UnsafeCell::new(0)));
        let other = gate.clone();
        let thread = loom::thread::spawn(move || {
            other.try_lock().map(|guard| guard.with_mut(|value| unsafe { *value += 1 })).is_some()
        });
        gate.lock().with_mut(|value| unsafe { *value += 1 });
        let both = thread.join().expect("a model stops at its first panic");
        let value = gate.lock().with(|value| unsafe { *value });
        assert_eq!(value, 1 + u32::from(both));
    });
}

/// A reader looks an object up and uses it while another thread removes it; the drop writes what
/// the reader reads, so loom sees it if the two can meet.
macro_rules! lookup_against_removal {
    ($protocol:ident) => {{
        struct Object(UnsafeCell<u32>, Arc<AtomicUsize>);
        unsafe impl Sync for Object {}
        impl Drop for Object {
            fn drop(&mut self) {
                self.0.with_mut(|value| unsafe { *value = 0 });
                self.1.fetch_add(1, Relaxed);
            }
        }
        let drops = Arc::new(AtomicUsize::new(0));
        let readers: &'static $protocol::readers::Readers = Box::leak(Box::default());
        let slot: &'static $protocol::slot::Slot<Object> = Box::leak(Box::new($protocol::slot::Slot::new()));
        unsafe { slot.fill(Object(UnsafeCell::new(7), drops.clone())) };
        let reader = loom::thread::spawn(move || {
            let seat = readers.seat();
            {
                let reading = seat.enter();
                if let Some(object) = slot.get(0, &reading) {
                    assert_eq!(object.0.with(|value| unsafe { *value }), 7);
                }
            }
            readers.vacate(seat);
        });
        let seat = readers.seat();
        {
            let reading = seat.enter();
            assert!(slot.kill(0));
            assert!(!slot.kill(0));
            readers.retire(&reading, Box::new(move || unsafe { slot.clear() }));
        }
        readers.vacate(seat);
        reader.join().expect("a model stops at its first panic");
        readers.collect(None);
        assert_eq!(drops.load(Relaxed), 1);
    }};
}

#[test]
fn an_object_is_dropped_once_and_after_its_readers() {
    model(|| lookup_against_removal!(sound));
}

#[test]
#[should_panic]
fn the_model_finds_the_race_when_the_barriers_are_missing() {
    model(|| lookup_against_removal!(without_barriers));
}

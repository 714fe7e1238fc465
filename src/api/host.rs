//! Host functions as Rust closures: each has a key, and one C function calls the closure of a key.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use stream_hal_capture::Op;
use stream_hal_capture::op::Host;

type Closure = dyn Fn() + Send + Sync;

fn closures() -> &'static Mutex<HashMap<u64, Arc<Closure>>> {
    static CLOSURES: std::sync::OnceLock<Mutex<HashMap<u64, Arc<Closure>>>> = std::sync::OnceLock::new();
    CLOSURES.get_or_init(Mutex::default)
}

/// Keeps a closure callable.
pub(super) struct Key(u64);

impl Key {
    pub(super) fn new(closure: impl Fn() + Send + Sync + 'static) -> Key {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        closures().lock().insert(key, Arc::new(closure));
        Key(key)
    }

    /// The op that calls the closure.
    pub(super) fn op(&self) -> Op {
        let function = call as extern "C" fn(*mut c_void) as usize as u64;
        Op::Host(Host { function, data: self.0, form: Host::PLAIN, stream: 0 })
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        closures().lock().remove(&self.0);
    }
}

/// The host function of all closures; `data` is a key.
extern "C" fn call(data: *mut c_void) {
    let closure = closures().lock().get(&(data as u64)).cloned();
    let Some(closure) = closure else { return };
    if std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| closure())).is_err() {
        tracing::error!("a host function panicked");
    }
}

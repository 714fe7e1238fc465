//! What happens once, at the first call of a program, and what is still done when it ends.

use std::panic::catch_unwind;
use std::sync::Once;

use stream_hal::dot;
use stream_hal::settings::settings;

use crate::log;

/// Starts the log, and sees to it that streams are drawn at the end where the settings ask for it.
#[cold]
pub(crate) fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::start();
        if settings().dot.is_some() {
            // SAFETY: the function takes and gives nothing, and unwinds into nobody.
            unsafe { libc::atexit(at_exit) };
        }
    });
}

extern "C" fn at_exit() {
    // A panic of ours must not change how the program ends.
    let _ = catch_unwind(dot::write_all);
}

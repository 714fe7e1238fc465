//! The log of the C library: to standard error, as loud as `STREAM_HAL_LOG_LEVEL` says.

use stream_hal::settings::settings;
use tracing::level_filters::LevelFilter;

/// Starts the log unless the program set one up itself.
#[cold]
pub(crate) fn start() {
    let level = match settings().log_level {
        0 => return,
        1 | 2 => LevelFilter::WARN,
        3 => LevelFilter::INFO,
        4 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level);
    // A program that links the library as a crate may have a log of its own: that one stays.
    log.try_init().ok();
}

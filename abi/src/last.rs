//! HIP's last error of a thread, as a number.

use std::cell::Cell;
use std::ffi::c_int;

use stream_hal::rules::LastError;

use crate::code;

thread_local! {
    /// The last error, and the result of the last call whatever it was.
    static LAST: Cell<(c_int, c_int)> = const { Cell::new((0, 0)) };
}

/// Stores a call's result. Success and "not ready" leave a sticky last error as it is.
pub(crate) fn store(rule: LastError, number: c_int) {
    let (error, _) = LAST.get();
    let keep = rule == LastError::Sticky && matches!(number, 0 | code::NOT_READY);
    LAST.set((if keep { error } else { number }, number));
}

/// The last error.
pub(crate) fn peek() -> c_int {
    LAST.get().0
}

/// The last error, forgotten.
pub(crate) fn take() -> c_int {
    let (error, _) = LAST.replace((0, 0));
    error
}

/// The result of the last call, success too, forgotten.
pub(crate) fn latest() -> c_int {
    let (error, latest) = LAST.get();
    LAST.set((error, 0));
    latest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sticky_error_survives_success_until_it_is_fetched() {
        store(LastError::Sticky, 1);
        store(LastError::Sticky, 0);
        store(LastError::Sticky, 600);
        assert_eq!((peek(), take(), take()), (1, 1, 0));
    }

    #[test]
    fn every_call_overwrites_where_the_rule_says_so() {
        store(LastError::EveryCall, 1);
        store(LastError::EveryCall, 600);
        assert_eq!(peek(), 600);
        store(LastError::EveryCall, 0);
        assert_eq!(peek(), 0);
    }
}

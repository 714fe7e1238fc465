//! Whether a capture session is still whole: one word that any thread may set to broken.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The kinds of reasons for which a capture breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A call that is not possible while its stream is in a capture.
    ForbiddenCall,
    /// A potentially unsafe call of another thread.
    OtherThread,
    /// A call that would synchronise with, or wait on, the legacy default stream.
    Implicit,
    /// An event that was recorded in a capture was queried, synchronised or waited for outside of it.
    CapturedEvent,
    /// Two captures would have become one.
    Merge,
    /// Captured work would have depended on work outside of the capture.
    Isolation,
    /// A stream or event of the capture was destroyed.
    Destroyed,
    /// An operation could not be recorded.
    Failed,
}

impl Cause {
    /// What happened, in words.
    pub fn words(self) -> &'static str {
        match self {
            Cause::ForbiddenCall => "a call that is not possible during a capture",
            Cause::OtherThread => "a potentially unsafe call of another thread",
            Cause::Implicit => "an implicit dependency on the legacy default stream",
            Cause::CapturedEvent => "a use of a captured event outside of its capture",
            Cause::Merge => "a dependency between two captures",
            Cause::Isolation => "a dependency on work outside of the capture",
            Cause::Destroyed => "the destruction of something the capture uses",
            Cause::Failed => "an operation that could not be recorded",
        }
    }
}

/// Why a capture is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Of which kind.
    pub cause: Cause,
    /// The symbol that was called.
    pub call: &'static str,
    /// More words: which thread, stream or argument. May be empty.
    pub words: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cause.words(), self.call)?;
        if self.words.is_empty() { Ok(()) } else { write!(f, ": {}", self.words) }
    }
}

/// Whole until the first [`Status::break_with`], broken for ever after.
#[derive(Debug, Default)]
pub struct Status {
    broken: AtomicBool,
    reason: OnceLock<Reason>,
}

impl Status {
    /// Breaks the session. The first reason stays, later ones are dropped.
    pub fn break_with(&self, reason: Reason) {
        self.reason.get_or_init(|| reason);
        self.broken.store(true, Ordering::Release);
    }

    /// One relaxed load.
    #[inline]
    pub fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// The first reason; there is one whenever [`Status::is_broken`] was true.
    pub fn reason(&self) -> Option<&Reason> {
        // Pairs with the release in `break_with`, which the relaxed load does not.
        if self.broken.load(Ordering::Acquire) { self.reason.get() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(words: &str) -> Reason {
        Reason { cause: Cause::OtherThread, call: "cuMemAlloc_v2", words: words.to_owned() }
    }

    #[test]
    fn the_first_reason_stays_whoever_breaks_it() {
        let status = Status::default();
        assert!(!status.is_broken());
        assert_eq!(status.reason(), None);
        std::thread::scope(|scope| {
            for thread in ["1", "2", "3"] {
                let status = &status;
                scope.spawn(move || status.break_with(reason(thread)));
            }
        });
        assert!(status.is_broken());
        let first = status.reason().cloned();
        status.break_with(reason("4"));
        assert_eq!(status.reason().cloned(), first);
        assert_ne!(first, Some(reason("4")));
    }

    #[test]
    fn a_reason_prints_on_one_line() {
        assert_eq!(
            reason("thread 7").to_string(),
            "a potentially unsafe call of another thread (cuMemAlloc_v2): thread 7"
        );
        assert_eq!(reason("").to_string(), "a potentially unsafe call of another thread (cuMemAlloc_v2)");
    }
}

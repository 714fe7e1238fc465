//! Capture modes: which calls a thread may make while captures are open.

/// How strict a capture is, and how strict a thread is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Potentially unsafe calls are forbidden to every thread.
    #[default]
    Global,
    /// They are forbidden to the thread that began the capture.
    ThreadLocal,
    /// They are forbidden to nobody.
    Relaxed,
}

/// What kind of call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Never forbidden by a mode.
    Safe,
    /// May synchronise or order work behind the capture's back, as an allocation does.
    PotentiallyUnsafe,
}

/// How many captures are open, by the mode they began with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Begun as [`Mode::Global`].
    pub global: u32,
    /// Begun as [`Mode::ThreadLocal`].
    pub thread_local: u32,
    /// Begun as [`Mode::Relaxed`].
    pub relaxed: u32,
}

/// Whether a call is allowed, else whose captures forbid it; those are broken by the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No mode forbids it.
    Allowed,
    /// The calling thread's own captures that are not relaxed forbid it.
    ForbiddenByOwn,
    /// Global captures of other threads forbid it.
    ForbiddenByOthers,
    /// Both do.
    ForbiddenByBoth,
}

/// Whether a thread held to `mode` may make a call, given the captures that it has begun itself and
/// those that other threads have begun.
///
/// Calls that cannot be made during a capture at all, such as a query of a captured event, are
/// refused in every mode; that is not decided here.
pub fn allowed(mode: Mode, safety: Safety, own: Open, others: Open) -> Verdict {
    let own = own.global + own.thread_local > 0;
    let others = others.global > 0;
    match (safety, mode, own, others) {
        (Safety::Safe, ..) => Verdict::Allowed,
        (_, Mode::Relaxed, ..) => Verdict::Allowed,
        (_, _, true, false) => Verdict::ForbiddenByOwn,
        (_, Mode::ThreadLocal, true, true) => Verdict::ForbiddenByOwn,
        (_, Mode::Global, true, true) => Verdict::ForbiddenByBoth,
        (_, Mode::Global, false, true) => Verdict::ForbiddenByOthers,
        (_, _, false, _) => Verdict::Allowed,
    }
}

/// Whether a capture begun with `mode` may be ended by a thread that did not begin it.
pub fn ends_anywhere(mode: Mode) -> bool {
    mode == Mode::Relaxed
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Open = Open { global: 0, thread_local: 0, relaxed: 0 };
    const GLOBAL: Open = Open { global: 1, ..NONE };
    const LOCAL: Open = Open { thread_local: 1, ..NONE };
    const RELAXED: Open = Open { relaxed: 1, ..NONE };
    const OPENS: [(&str, Open); 4] =
        [("none", NONE), ("global", GLOBAL), ("local", LOCAL), ("relaxed", RELAXED)];

    /// One letter a cell: `.` allowed, `o` own, `x` others, `b` both. The thread's own captures go
    /// down, those of other threads across, both in the order of [`OPENS`].
    fn table(mode: Mode, safety: Safety) -> Vec<String> {
        let letter = |verdict| match verdict {
            Verdict::Allowed => '.',
            Verdict::ForbiddenByOwn => 'o',
            Verdict::ForbiddenByOthers => 'x',
            Verdict::ForbiddenByBoth => 'b',
        };
        let cell = |own, others| letter(allowed(mode, safety, own, others));
        OPENS.iter().map(|&(_, own)| OPENS.iter().map(|&(_, others)| cell(own, others)).collect()).collect()
    }

    #[test]
    fn every_cell_of_the_table() {
        const ALLOWED: [&str; 4] = ["....", "....", "....", "...."];
        for mode in [Mode::Global, Mode::ThreadLocal, Mode::Relaxed] {
            assert_eq!(table(mode, Safety::Safe), ALLOWED, "{mode:?}");
        }
        assert_eq!(table(Mode::Global, Safety::PotentiallyUnsafe), [".x..", "oboo", "oboo", ".x.."]);
        assert_eq!(table(Mode::ThreadLocal, Safety::PotentiallyUnsafe), ["....", "oooo", "oooo", "...."]);
        assert_eq!(table(Mode::Relaxed, Safety::PotentiallyUnsafe), ALLOWED);
    }

    #[test]
    fn only_relaxed_captures_end_on_another_thread() {
        let modes = [Mode::Global, Mode::ThreadLocal, Mode::Relaxed];
        assert_eq!(modes.map(ends_anywhere), [false, false, true]);
    }
}

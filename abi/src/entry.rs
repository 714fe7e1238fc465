//! What every exported function shares: which symbol was called, what it answers, what it leaves behind.
//!
//! `entries!` makes one exported function for each symbol that an entry lists. The body says what
//! the call does in terms of `stream_hal`; everything else happens here, once.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use stream_hal::error::{Error, Result, What};
use stream_hal::rules::{self, Api, LastError, Rules};
use stream_hal::settings::settings;

use crate::{code, last, start};

/// An exported name and what it tells about its caller.
pub(crate) struct Symbol {
    /// As exported.
    pub name: &'static str,
    /// Whose function it is.
    pub api: Api,
    /// Stream 0 means the calling thread's default stream (`_ptsz`, `_ptds`, `_spt`).
    pub per_thread: bool,
}

impl Symbol {
    /// The symbol of a name, told from its first and last letters.
    pub const fn new(name: &'static str) -> Symbol {
        let bytes = name.as_bytes();
        let api = if bytes[0] == b'c' && bytes[1] == b'u' { Api::Cuda } else { Api::Hip };
        let per_thread =
            ends_with(bytes, b"_ptsz") || ends_with(bytes, b"_ptds") || ends_with(bytes, b"_spt");
        Symbol { name, api, per_thread }
    }
}

const fn ends_with(bytes: &[u8], end: &[u8]) -> bool {
    let mut left = end.len();
    if bytes.len() < left {
        return false;
    }
    while left != 0 {
        if bytes[bytes.len() - left] != end[end.len() - left] {
            return false;
        }
        left -= 1;
    }
    true
}

/// A call in progress, as its body sees it.
pub(crate) struct Cx {
    /// The symbol it came through.
    pub symbol: &'static Symbol,
    /// The rules of its API.
    pub rules: &'static Rules,
}

impl Cx {
    #[inline]
    fn of(symbol: &'static Symbol) -> Cx {
        let rules = match symbol.api {
            Api::Cuda => &rules::CUDA,
            Api::Hip => hip_rules(),
        };
        Cx { symbol, rules }
    }
}

/// HIP at the level that the settings name.
#[inline]
pub(crate) fn hip_rules() -> &'static Rules {
    static RULES: OnceLock<&'static Rules> = OnceLock::new();
    RULES.get_or_init(|| {
        start::start();
        if settings().hip_abi == 6 { &rules::HIP_6 } else { &rules::HIP_7 }
    })
}

/// An exported name with its address.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    /// As exported.
    pub name: &'static str,
    /// Where the function is.
    pub address: *const (),
}

impl Row {
    /// One row of an object's table.
    pub const fn new(name: &'static str, address: *const ()) -> Row {
        Row { name, address }
    }
}

/// Runs a body and turns its result into the API's number.
///
/// may: nothing but the body, when it succeeds
#[inline]
pub(crate) fn run(symbol: &'static Symbol, body: impl Fn(&Cx) -> Result) -> c_int {
    tracing::trace!(target: "stream_hal::api", "{}", symbol.name);
    #[cfg(feature = "mute")]
    if mute::is_muted(symbol.name) {
        return 0;
    }
    let cx = Cx::of(symbol);
    // The number is made inside: a result that was just written piece by piece and is then moved as a
    // whole waits for its own stores.
    let number = catch_unwind(AssertUnwindSafe(|| match body(&cx) {
        Ok(()) if cx.rules.last_error == LastError::Sticky => 0,
        result => finish(&cx, &result),
    }));
    number.unwrap_or_else(|_| panicked(&cx))
}

#[cold]
fn finish(cx: &Cx, result: &Result) -> c_int {
    let number = code::of(cx.symbol.api, result);
    if let Err(error) = result
        && error.what != What::NotReady
    {
        tracing::debug!(target: "stream_hal::api", "{}: {error}", cx.symbol.name);
        stream_hal::thread::remember(error);
    }
    if cx.symbol.api == Api::Hip {
        last::store(cx.rules.last_error, number);
    }
    number
}

#[cold]
fn panicked(cx: &Cx) -> c_int {
    tracing::error!(target: "stream_hal::api", "{}: a fault of ours, see the message above", cx.symbol.name);
    finish(cx, &Err(Error::new(What::Unknown, "a fault inside the library")))
}

/// Runs a body whose answer is no error number: a refusal is logged and answers nothing.
pub(crate) fn guard<T: Default>(name: &str, body: impl FnOnce() -> Result<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            tracing::error!(target: "stream_hal::api", "{name}: {error}");
            T::default()
        }
        Err(_) => {
            tracing::error!(target: "stream_hal::api", "{name}: a fault of ours, see the message above");
            T::default()
        }
    }
}

/// A refusal without a body: a name that has no meaning yet.
#[cold]
pub(crate) fn refuse(symbol: &'static Symbol) -> c_int {
    finish(&Cx::of(symbol), &Err(Error::new(What::NotSupported, "this function is not implemented")))
}

/// For tests of tests: one entry, named in the environment, succeeds and does nothing.
#[cfg(feature = "mute")]
mod mute {
    use std::sync::OnceLock;

    pub(super) fn is_muted(name: &str) -> bool {
        static NAME: OnceLock<Option<String>> = OnceLock::new();
        NAME.get_or_init(|| std::env::var("STREAM_HAL_MUTE").ok()).as_deref() == Some(name)
    }
}

/// Exports functions, and lists them in `TABLE`.
///
/// An entry names every symbol of one meaning, then `cx` and its typed arguments:
/// `fn cuStreamQuery | hipStreamQuery (cx, stream: Handle) { … }`. Its body is safe and gives a
/// `Result<()>`.
macro_rules! entries {
    ($(fn $($symbol:ident)|+ ($($arguments:tt)*) $body:block)*) => {
        $($crate::entry::symbols! { [$($symbol)+] ($($arguments)*) $body })*

        /// The functions of this file by name.
        pub(crate) const TABLE: &[$crate::entry::Row] = &[$($(
            $crate::entry::Row::new(stringify!($symbol), $symbol as *const ()),
        )+)*];
    };
}

/// One entry: the same body under each of its symbols.
macro_rules! symbols {
    ([$($symbol:ident)+] $arguments:tt $body:tt) => {
        $($crate::entry::symbol! { $symbol $arguments $body })+
    };
}

/// One exported function.
macro_rules! symbol {
    ($symbol:ident ($cx:ident $(, $argument:ident: $type:ty)* $(,)?) $body:tt) => {
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $symbol($($argument: $type),*) -> ::std::ffi::c_int {
            static SYMBOL: $crate::entry::Symbol = $crate::entry::Symbol::new(stringify!($symbol));
            $crate::entry::run(&SYMBOL, |$cx| $body)
        }
    };
}

pub(crate) use {entries, symbol, symbols};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_knows_its_api_and_its_default_stream() {
        let check = |name, api, per_thread| {
            let symbol = Symbol::new(name);
            assert_eq!((symbol.api, symbol.per_thread), (api, per_thread), "{name}");
        };
        check("cuInit", Api::Cuda, false);
        check("cuStreamQuery_ptsz", Api::Cuda, true);
        check("cuMemcpyHtoD_v2_ptds", Api::Cuda, true);
        check("hipStreamQuery", Api::Hip, false);
        check("hipMemcpy_spt", Api::Hip, true);
        check("__hipRegisterFatBinary", Api::Hip, false);
    }

    #[test]
    fn a_panic_becomes_the_unknown_error() {
        static SYMBOL: Symbol = Symbol::new("cuTest");
        let silent = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let number = run(&SYMBOL, |_| panic!("on purpose"));
        std::panic::set_hook(silent);
        assert_eq!(number, 999);
    }
}
